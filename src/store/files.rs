//! Reads files and directories: the only file in the library that opens any.
use super::{Error, Identities};
use crate::{
    policy::Limits,
    x509::{Certificate, Collection, TrustAnchors},
};
use std::path::Path;
/// Asked for the password of the file at this path, at most once a file, only when one is needed; `None`: there is none.
pub type AskPassword<'a> = dyn FnMut(&Path) -> Option<zeroize::Zeroizing<String>> + 'a;
/// Reads certificates and CRLs from a file (PEM with any blocks, DER certificate or CRL, PKCS#7/CMS certificates-only in DER or PEM, PKCS#12 without asking) or,
/// recursively and in the order of names, from a directory (hidden files and files that are none of these are skipped; an explicitly named file must hold something).
pub fn certificates(_path: &Path, _limits: &Limits) -> Result<Collection, Error> {
    todo!()
}
/// Reads trust anchors the same way, except that an unreadable file in a directory is an error naming it (cli.md, `--trust`).
pub fn trust_anchors(_path: &Path, _limits: &Limits) -> Result<TrustAnchors, Error> {
    todo!()
}
/// Reads private keys and certificates from a file or directory into `pool`; returns those files whose mode lets group or others read a private key.
pub fn identities(
    _path: &Path,
    _limits: &Limits,
    _ask: &mut AskPassword<'_>,
    _pool: &mut Identities,
) -> Result<Vec<std::path::PathBuf>, Error> {
    todo!()
}
/// Reads a file that must hold one certificate (first of several is the recipient; the rest are returned too).
pub fn recipient(_path: &Path, _limits: &Limits) -> Result<(Certificate, Vec<Certificate>), Error> {
    todo!()
}
