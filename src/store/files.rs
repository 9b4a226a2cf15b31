//! Reads files and directories: the only file in the library that opens any.
//!
//! Recognizes PEM with any blocks, mail of certificates alone, and the DER of certificates, CRLs, OCSP responses, PKCS#7 and CMS, PKCS#12 and
//! private keys. A file that is named must hold what it is named for; in a directory what cannot be used is passed over, unless the directory
//! is one of trust anchors or of revocation lists: what is missing there would change the answer without a word.
use super::{Error, Identities, pkcs12};
use crate::{
    asn1::{
        self, Tag,
        cursor::{Cursor, Value},
        normal,
        oid::Oid,
        pem::{self, Block},
    },
    crypto::{self, Secret, SoftwareKey, key_file},
    encoding::hex,
    mime::{header::Header, transfer},
    policy::Limits,
    x509::{self, Certificate, Collection, Crl, OcspResponse, TrustAnchor, TrustAnchors, ocsp},
};
use const_oid::db::rfc5280::{ANY_EXTENDED_KEY_USAGE, ID_KP_EMAIL_PROTECTION, ID_KP_TIME_STAMPING};
use std::{
    collections::HashSet,
    fs::{self, File},
    io::Read as _,
    path::{Path, PathBuf},
    sync::Arc,
};
use zeroize::Zeroizing;

/// Asked for the password of the file at this path, at most once a file, only when one is needed; `None`: there is none.
pub type AskPassword<'a> = dyn FnMut(&Path) -> Option<Zeroizing<String>> + 'a;

/// Levels of directories within a directory.
const DIRECTORY_DEPTH: usize = 16;

/// Reads certificates and CRLs from a file (PEM with any blocks, DER certificate or CRL, PKCS#7/CMS certificates-only in DER or PEM, PKCS#12 without asking) or,
/// recursively and in the order of names, from a directory (hidden files and files that are none of these are skipped; an explicitly named file must hold something).
pub fn certificates(path: &Path, limits: &Limits) -> Result<Collection, Error> {
    let mut collection = Collection::default();
    for file in files(path)? {
        let named = file == path;
        match contents(&file, limits, Wanted::Certificates) {
            Ok(contents) if named && contents.public.is_empty() => {
                return Err(contents.nothing(path, "certificate or CRL"));
            }
            Ok(contents) => collection.extend(contents.public),
            Err(error) if named => return Err(error),
            Err(_) => {}
        }
    }
    Ok(collection)
}

/// Reads trust anchors the same way, except that a directory must hold one at least, and that a file in it that cannot be used is an error
/// naming it (cli.md, `--trust`). A certificate that is in several files is one anchor, of the first file. One of OpenSSL's trusted certificates
/// that is rejected for mail, or trusted for other purposes only, is none.
pub fn trust_anchors(path: &Path, limits: &Limits) -> Result<TrustAnchors, Error> {
    anchors(path, limits, ID_KP_EMAIL_PROTECTION)
}

/// Reads trust anchors for time-stamping authorities the same way.
pub fn time_stamp_anchors(path: &Path, limits: &Limits) -> Result<TrustAnchors, Error> {
    anchors(path, limits, ID_KP_TIME_STAMPING)
}

fn anchors(path: &Path, limits: &Limits, purpose: Oid) -> Result<TrustAnchors, Error> {
    let mut seen = HashSet::new();
    let mut anchors = TrustAnchors::default();
    for file in files(path)? {
        let contents = contents(&file, limits, Wanted::Anchors(purpose))?;
        let found = &contents.public;
        // a file of CRLs may lie in a directory of anchors
        if found.certificates.is_empty() && (found.crls.is_empty() || file == path) {
            return Err(contents.nothing(&file, "certificate"));
        }
        for certificate in contents.public.certificates {
            if seen.insert(certificate.clone()) {
                anchors.anchors.push(TrustAnchor {
                    certificate,
                    source: file.display().to_string(),
                });
            }
        }
    }
    if anchors.anchors.is_empty() {
        return Err(nothing(path, "certificate"));
    }
    Ok(anchors)
}

/// Reads CRLs and OCSP responses the same way; an unreadable file in a directory is an error naming it (cli.md, `--crls`). Certificates
/// that come with them are left aside.
pub fn revocation(path: &Path, limits: &Limits) -> Result<Collection, Error> {
    let mut collection = Collection::default();
    for file in files(path)? {
        let found = contents(&file, limits, Wanted::Revocation)?.public;
        if found.crls.is_empty() && found.ocsp_responses.is_empty() {
            return Err(nothing(&file, "revocation list or OCSP response"));
        }
        collection.extend(Collection {
            certificates: Vec::new(),
            ..found
        });
    }
    Ok(collection)
}

/// Reads private keys and certificates from a file or directory into `pool`; returns those files whose mode lets group or others read a private key.
pub fn identities(
    path: &Path,
    limits: &Limits,
    ask: &mut AskPassword<'_>,
    pool: &mut Identities,
) -> Result<Vec<PathBuf>, Error> {
    let mut readable = Vec::new();
    let mut empty = true;
    for file in files(path)? {
        let contents = match contents(&file, limits, Wanted::Identities(ask)) {
            Ok(contents) => contents,
            Err(error) if file == path || is_about_password(&error) => return Err(error),
            Err(_) => continue,
        };
        empty &= contents.keys.is_empty() && contents.public.certificates.is_empty();
        if contents.others_may_read && !contents.keys.is_empty() {
            readable.push(file);
        }
        for key in contents.keys {
            pool.add_key(Arc::new(key));
        }
        for certificate in contents.public.certificates {
            pool.add_certificate(certificate);
        }
    }
    if empty {
        return Err(nothing(path, "private key or certificate"));
    }
    Ok(readable)
}

/// Reads a file that must hold one certificate (first of several is the recipient; the rest are returned too).
pub fn recipient(path: &Path, limits: &Limits) -> Result<(Certificate, Vec<Certificate>), Error> {
    let mut contents = contents(path, limits, Wanted::Certificates)?;
    let certificates = std::mem::take(&mut contents.public.certificates);
    let mut certificates = certificates.into_iter();
    match certificates.next() {
        Some(first) => Ok((first, certificates.collect())),
        None => Err(contents.nothing(path, "certificate")),
    }
}

/// Reads a key-encryption key, which must have 16, 24 or 32 octets; returns also whether group or others may read the file.
pub fn shared_key(path: &Path, limits: &Limits) -> Result<(Secret, bool), Error> {
    let (key, metadata) = symmetric_key(path, limits)?;
    match key.expose().len() {
        16 | 24 | 32 => Ok((key, others_may_read(&metadata))),
        _ => Err(nothing(path, "key of 16, 24 or 32 bytes")),
    }
}

/// Reads a key that was agreed on, of any size; returns also whether group or others may read the file.
pub fn secret_key(path: &Path, limits: &Limits) -> Result<(Secret, bool), Error> {
    symmetric_key(path, limits).map(|(key, metadata)| (key, others_may_read(&metadata)))
}

/// Reads a file of a key's octets, or of an even number of hexadecimal digits and white space.
fn symmetric_key(path: &Path, limits: &Limits) -> Result<(Secret, fs::Metadata), Error> {
    let (octets, metadata) = octets(path, ("key-file-bytes", limits.key_file_bytes))?;
    let digits: Zeroizing<Vec<u8>> = Zeroizing::new(
        octets
            .iter()
            .copied()
            .filter(|octet| !octet.is_ascii_whitespace())
            .collect(),
    );
    let text = std::str::from_utf8(&digits).ok();
    let key = text
        .and_then(hex::decode)
        .unwrap_or_else(|| octets.to_vec());
    if key.is_empty() {
        return Err(nothing(path, "key"));
    }
    Ok((Secret::new(key), metadata))
}

/// What is looked for in a file.
enum Wanted<'a, 'b> {
    Certificates,
    /// trusted for this purpose, as far as the file says
    Anchors(Oid),
    Revocation,
    Identities(&'a mut AskPassword<'b>),
}

/// What a file holds.
#[derive(Default)]
struct Contents {
    public: Collection,
    keys: Vec<SoftwareKey>,
    others_may_read: bool,
    /// whether it has no octet
    is_empty: bool,
    /// whether it has a certificate that it says is not trusted for what it was wanted for
    rejects: bool,
    /// labels of its PEM blocks
    labels: Vec<String>,
}

impl Contents {
    /// Says that what was wanted is not in it, and what is.
    fn nothing(&self, path: &Path, wanted: &'static str) -> Error {
        let held = if self.is_empty {
            "it is empty".to_owned()
        } else if self.rejects {
            "it holds one that is marked as not trusted for this".to_owned()
        } else if !self.public.crls.is_empty() {
            "it holds a CRL".to_owned()
        } else if !self.public.certificates.is_empty() {
            "it holds a certificate".to_owned()
        } else if let Some(label) = self.labels.first() {
            format!("it holds a {label}")
        } else {
            "it is neither PEM nor DER of a known kind".to_owned()
        };
        Error::Nothing {
            path: path.to_owned(),
            wanted,
            held: Some(held),
        }
    }
}

/// Returns the files that [`certificates`] reads, in that order.
pub fn listing(path: &Path) -> Result<Vec<PathBuf>, Error> {
    files(path)
}

/// Returns `path`, or if it is a directory the files in it and below, in the order of names. Hidden files are left out, and so is what is
/// no file: links to directories (they may lead back here), pipes, devices.
fn files(path: &Path) -> Result<Vec<PathBuf>, Error> {
    let mut found = Vec::new();
    if fs::metadata(path).map_err(io(path))?.is_dir() {
        directory(path, DIRECTORY_DEPTH, &mut found)?;
    } else {
        found.push(path.to_owned());
    }
    Ok(found)
}

fn directory(path: &Path, depth: usize, found: &mut Vec<PathBuf>) -> Result<(), Error> {
    let Some(depth) = depth.checked_sub(1) else {
        return Err(Error::TooDeep {
            path: path.to_owned(),
            limit: DIRECTORY_DEPTH,
        });
    };
    let entries: Result<Vec<_>, _> = fs::read_dir(path).map_err(io(path))?.collect();
    let mut entries = entries.map_err(io(path))?;
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        let path = entry.path();
        let kind = entry.file_type().map_err(io(&path))?;
        if entry.file_name().as_encoded_bytes().starts_with(b".") {
            continue;
        } else if kind.is_dir() {
            directory(&path, depth, found)?;
        } else if kind.is_file()
            || (kind.is_symlink() && fs::metadata(&path).map_err(io(&path))?.is_file())
        {
            found.push(path);
        }
    }
    Ok(())
}

/// Reads the octets of one file, at most as many as the limit of this name says, and tells what the system knows of it.
fn octets(
    path: &Path,
    (name, limit): (&'static str, usize),
) -> Result<(Zeroizing<Vec<u8>>, fs::Metadata), Error> {
    let file = File::open(path).map_err(io(path))?;
    let metadata = file.metadata().map_err(io(path))?;
    // A length is no reason to allocate; what is held is what was read. A growing Vec leaves copies of secrets behind, so it starts out large enough.
    let expected = usize::try_from(metadata.len()).unwrap_or(limit).min(limit);
    let mut octets = Zeroizing::new(Vec::with_capacity(expected.saturating_add(1)));
    let most = u64::try_from(limit).unwrap_or(u64::MAX);
    file.take(most.saturating_add(1))
        .read_to_end(&mut octets)
        .map_err(io(path))?;
    if octets.len() > limit {
        return Err(Error::TooLarge {
            path: path.to_owned(),
            name,
            limit,
        });
    }
    Ok((octets, metadata))
}

/// Reads one file.
fn contents(path: &Path, limits: &Limits, wanted: Wanted<'_, '_>) -> Result<Contents, Error> {
    let (octets, metadata) = octets(
        path,
        match wanted {
            Wanted::Revocation => ("crl-bytes", limits.crl_bytes),
            Wanted::Certificates | Wanted::Anchors(_) | Wanted::Identities(_) => {
                ("key-file-bytes", limits.key_file_bytes)
            }
        },
    )?;
    let mut reading = Reading {
        path,
        origin: Arc::from(path.display().to_string()),
        limits,
        wants_keys: matches!(wanted, Wanted::Identities(_)),
        purpose: match wanted {
            Wanted::Anchors(purpose) => Some(purpose),
            _ => None,
        },
        ask: match wanted {
            Wanted::Certificates | Wanted::Anchors(_) | Wanted::Revocation => None,
            Wanted::Identities(ask) => Some(ask),
        },
        password: None,
        contents: Contents {
            others_may_read: others_may_read(&metadata),
            is_empty: octets.is_empty(),
            ..Contents::default()
        },
    };
    let blocks = pem::blocks(&octets).map_err(|source| Error::Pem {
        path: path.to_owned(),
        source,
    })?;
    if blocks.is_empty() {
        match mailed(&octets, limits) {
            Some(cms) => reading.cms(&cms)?,
            None => reading.der(&octets)?,
        }
    }
    for block in &blocks {
        reading.contents.labels.push(block.label.clone());
        reading.block(block)?;
    }
    reading.contents.public.remove_duplicates();
    Ok(reading.contents)
}

/// Returns the object that a mail consists of: certificates are also sent so (RFC 8551 §3.8).
fn mailed(octets: &[u8], limits: &Limits) -> Option<Vec<u8>> {
    let mut rest = octets;
    let header = Header::read(&mut rest, limits.header()).ok()?;
    let content_type = header.content_type().ok()??;
    let is_cms = ["pkcs7-mime", "x-pkcs7-mime"]
        .iter()
        .any(|subtype| content_type.is("application", subtype));
    let mut cms = Vec::new();
    transfer::Decoder::new(header.transfer_encoding().ok().filter(|_| is_cms)?, rest)
        .read_to_end(&mut cms)
        .ok()?;
    Some(cms)
}

/// One file being read.
struct Reading<'a, 'b, 'c> {
    path: &'a Path,
    /// the same, as certificates remember it
    origin: Arc<str>,
    limits: &'a Limits,
    wants_keys: bool,
    /// what anchors are wanted for
    purpose: Option<Oid>,
    /// who knows the password, until asked
    ask: Option<&'b mut AskPassword<'c>>,
    password: Option<Zeroizing<String>>,
    contents: Contents,
}

impl Reading<'_, '_, '_> {
    /// Takes in a PEM block; unknown labels are passed over.
    fn block(&mut self, block: &Block) -> Result<(), Error> {
        match block.label.as_str() {
            "CERTIFICATE" | "X509 CERTIFICATE" => self.certificate(&block.der),
            // OpenSSL's own: the certificate, then what it is trusted for
            "TRUSTED CERTIFICATE" => {
                let (certificate, rejected) =
                    trusted(&block.der, self.purpose).map_err(self.malformed())?;
                self.contents.rejects |= rejected;
                match rejected {
                    true => Ok(()),
                    false => self.certificate(certificate),
                }
            }
            "X509 CRL" => self.crl(&block.der),
            "OCSP RESPONSE" => self.ocsp_response(&block.der),
            "PKCS7" | "CMS" => self.cms(&block.der),
            "PKCS12" => self.pkcs12(&block.der),
            label if self.wants_keys && label.ends_with("PRIVATE KEY") => {
                let cost = self.limits.key_cost();
                self.key(|password| key_file::from_pem(block, password, cost))
            }
            _ => Ok(()),
        }
    }

    /// Takes in a file that is no PEM, by what its outermost SEQUENCE begins with; anything else is passed over.
    fn der(&mut self, octets: &[u8]) -> Result<(), Error> {
        // The length may be indefinite here (PKCS#7 in BER), so only the first octets count.
        let first = match octets {
            [0x30, length @ 0x81..=0x88, rest @ ..] => {
                rest.get(usize::from(*length & 0x7f)).copied()
            }
            [0x30, _, first, ..] => Some(*first),
            _ => None,
        };
        match first.map(Tag) {
            Some(Tag::OID) => self.cms(octets),
            Some(Tag::INTEGER) if pkcs12::looks_like_pkcs12(octets) => self.pkcs12(octets),
            Some(Tag::INTEGER) if self.wants_keys => self.key_in_der(octets),
            Some(Tag::SEQUENCE) if is_encrypted_key(octets) => {
                if self.wants_keys {
                    self.key_in_der(octets)?;
                }
                Ok(())
            }
            // responseStatus ENUMERATED
            Some(Tag(0x0a)) => self.ocsp_response(octets),
            Some(Tag::SEQUENCE) if looks_like_crl(octets) => self.crl(octets),
            Some(Tag::SEQUENCE) => self.certificate(octets),
            _ => Ok(()),
        }
    }

    fn certificate(&mut self, der: &[u8]) -> Result<(), Error> {
        let certificate = Certificate::from_der(der).map_err(self.unusable())?;
        let certificate = certificate.from_origin(&self.origin);
        self.contents.public.certificates.push(certificate);
        Ok(())
    }

    fn crl(&mut self, der: &[u8]) -> Result<(), Error> {
        let crl = Crl::from_der(der).map_err(self.unusable())?;
        let crl = crl.from_origin(&self.origin);
        self.contents.public.crls.push(crl);
        Ok(())
    }

    fn ocsp_response(&mut self, der: &[u8]) -> Result<(), Error> {
        let response = OcspResponse::from_der(der, self.limits).map_err(self.unusable())?;
        let response = response.from_origin(&self.origin);
        self.contents.public.ocsp_responses.push(response);
        Ok(())
    }

    /// Takes certificates, CRLs and OCSP responses out of a SignedData, BER or DER (RFC 5652 §5.1, RFC 2315, RFC 5940).
    fn cms(&mut self, octets: &[u8]) -> Result<(), Error> {
        let der = normal::to_der(octets, self.limits.asn1_depth).map_err(self.malformed())?;
        let [certificates, crls, signers] = signed_data(&der).map_err(self.malformed())?;
        // who signs chooses what comes with it: a message, or what `--learn` keeps of one, makes no anchor
        if self.purpose.is_some() && !signers.is_empty() {
            return Err(Error::Nothing {
                path: self.path.to_owned(),
                wanted: "trust anchor",
                held: Some("the certificates in it came with a signature".to_owned()),
            });
        }
        for certificate in certificates.iter().filter(|it| it.tag == Tag::SEQUENCE) {
            self.certificate(certificate.raw)?;
        }
        for choice in crls {
            match (choice.tag, ocsp::in_revocation_info(choice.raw)) {
                (Tag::SEQUENCE, _) => self.crl(choice.raw)?,
                (_, Some(response)) => self.ocsp_response(response)?,
                _ => {}
            }
        }
        Ok(())
    }

    /// Takes in a PKCS#12 file: without a password if it can be, else with the one asked for.
    fn pkcs12(&mut self, octets: &[u8]) -> Result<(), Error> {
        let opened = match pkcs12::open(octets, None, self.limits) {
            Err(pkcs12::Error::WrongPassword) => {
                let password = self.password()?;
                pkcs12::open(octets, Some(&password), self.limits)
            }
            opened => opened,
        };
        let path = || self.path.to_owned();
        let opened = opened.map_err(|error| match error {
            pkcs12::Error::Malformed(what) => Error::Pkcs12 { path: path(), what },
            pkcs12::Error::WrongPassword => Error::WrongPassword { path: path() },
            pkcs12::Error::Crypto(source) => Error::Key {
                path: path(),
                source,
            },
        })?;
        if self.wants_keys {
            self.contents.keys.extend(opened.keys);
        }
        opened
            .certificates
            .iter()
            .try_for_each(|der| self.certificate(der))
    }

    fn key_in_der(&mut self, octets: &[u8]) -> Result<(), Error> {
        let cost = self.limits.key_cost();
        self.key(|password| Some(key_file::from_der(octets, password, cost)))
    }

    /// Takes in a key: `read` is tried without a password, then with the one asked for.
    fn key(
        &mut self,
        read: impl Fn(Option<&str>) -> Option<crypto::Result<SoftwareKey>>,
    ) -> Result<(), Error> {
        let key = match read(None) {
            Some(Err(crypto::Error::PasswordNeeded)) => {
                let password = self.password()?;
                read(Some(&password))
            }
            key => key,
        };
        match key {
            Some(Ok(key)) => self.contents.keys.push(key),
            Some(Err(crypto::Error::Password)) => {
                return Err(Error::WrongPassword {
                    path: self.path.to_owned(),
                });
            }
            Some(Err(source)) => {
                return Err(Error::Key {
                    path: self.path.to_owned(),
                    source,
                });
            }
            None => {}
        }
        Ok(())
    }

    /// Returns the password of the file, asking for it once.
    fn password(&mut self) -> Result<Zeroizing<String>, Error> {
        if let Some(ask) = self.ask.take() {
            self.password = ask(self.path);
        }
        self.password.clone().ok_or_else(|| Error::PasswordNeeded {
            path: self.path.to_owned(),
        })
    }

    fn unusable(&self) -> impl FnOnce(x509::Error) -> Error + use<> {
        let path = self.path.to_owned();
        |source| Error::Certificate { path, source }
    }

    fn malformed(&self) -> impl FnOnce(asn1::Error) -> Error + use<> {
        let unusable = self.unusable();
        |source| unusable(source.into())
    }
}

/// Returns a certificate of OpenSSL's, and whether what stands behind it rejects it for a purpose (X509_check_trust).
///
/// ```text
/// CertAux ::= SEQUENCE { trust SEQUENCE OF OBJECT IDENTIFIER OPTIONAL, reject [0] SEQUENCE OF OBJECT IDENTIFIER OPTIONAL, … }
/// ```
fn trusted(der: &[u8], purpose: Option<Oid>) -> asn1::Result<(&[u8], bool)> {
    let mut outer = Cursor::new(der, 0);
    let certificate = outer.any()?.raw;
    let Some(purpose) = purpose.filter(|_| !outer.is_empty()) else {
        return Ok((certificate, false));
    };
    let mut fields = outer.enter(Tag::SEQUENCE)?;
    outer.finish()?;
    let names_it = |list: Value<'_>| -> asn1::Result<bool> {
        let (mut list, mut found) = (list.inside(), false);
        while !list.is_empty() {
            let oid = list.expect(Tag::OID)?.content;
            found |= [purpose, ANY_EXTENDED_KEY_USAGE]
                .iter()
                .any(|it| it.as_bytes() == oid);
        }
        Ok(found)
    };
    let trust = fields.optional(Tag::SEQUENCE)?.map(names_it).transpose()?;
    let reject = fields
        .optional(Tag::context(0))?
        .map(names_it)
        .transpose()?;
    Ok((certificate, reject == Some(true) || trust == Some(false)))
}

/// Returns certificates, revocation information and signers of a ContentInfo, in all their forms; other contents are passed over.
fn signed_data(der: &[u8]) -> asn1::Result<[Vec<Value<'_>>; 3]> {
    let mut outer = Cursor::new(der, 0);
    let mut info = outer.enter(Tag::SEQUENCE)?;
    let mut lists = [Vec::new(), Vec::new(), Vec::new()];
    if info.expect(Tag::OID)?.content != const_oid::db::rfc5911::ID_SIGNED_DATA.as_bytes() {
        return Ok(lists);
    }
    let mut fields = info.enter(Tag::context(0))?.enter(Tag::SEQUENCE)?;
    fields.expect(Tag::INTEGER)?;
    fields.expect(Tag::SET)?;
    fields.expect(Tag::SEQUENCE)?;
    for (tag, list) in [Tag::context(0), Tag::context(1), Tag::SET]
        .into_iter()
        .zip(&mut lists)
    {
        if let Some(set) = fields.optional(tag)? {
            let mut set = set.inside();
            while !set.is_empty() {
                list.push(set.any()?);
            }
        }
    }
    Ok(lists)
}

/// Returns whether this is a CRL rather than a certificate: the first field of a TBSCertList that is no INTEGER is its signature's algorithm,
/// then come a name and a time; a TBSCertificate has [0] or a serial number, the algorithm, one name and a SEQUENCE.
fn looks_like_crl(der: &[u8]) -> bool {
    let parse = || {
        let mut fields = Cursor::new(der, 0)
            .enter(Tag::SEQUENCE)?
            .enter(Tag::SEQUENCE)?;
        fields.optional(Tag::INTEGER)?;
        fields.expect(Tag::SEQUENCE)?;
        fields.expect(Tag::SEQUENCE)?;
        asn1::Result::Ok(matches!(fields.peek(), Some(Tag(0x17 | 0x18))))
    };
    parse().unwrap_or(false)
}

/// Returns whether this is EncryptedPrivateKeyInfo ::= SEQUENCE { encryptionAlgorithm SEQUENCE, encryptedData OCTET STRING } (RFC 5958 §3).
fn is_encrypted_key(der: &[u8]) -> bool {
    let parse = || {
        let mut fields = Cursor::new(der, 0).enter(Tag::SEQUENCE)?;
        fields.expect(Tag::SEQUENCE)?;
        fields.expect(Tag::OCTET_STRING)?;
        fields.finish()
    };
    parse().is_ok()
}

fn is_about_password(error: &Error) -> bool {
    matches!(
        error,
        Error::PasswordNeeded { .. } | Error::WrongPassword { .. }
    )
}

/// Returns whether group or others may read a file.
#[cfg(unix)]
fn others_may_read(metadata: &fs::Metadata) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    metadata.is_file() && metadata.permissions().mode() & 0o044 != 0
}

/// Returns false: there is no mode to look at.
#[cfg(not(unix))]
fn others_may_read(_metadata: &fs::Metadata) -> bool {
    false
}

fn io(path: &Path) -> impl FnOnce(std::io::Error) -> Error + use<> {
    let path = path.to_owned();
    |source| Error::Io { path, source }
}

fn nothing(path: &Path, wanted: &'static str) -> Error {
    Error::Nothing {
        path: path.to_owned(),
        wanted,
        held: None,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]
    use super::*;
    use crate::{
        asn1::write,
        x509::sample::{Template, crl, key},
    };
    use tempfile::TempDir;

    struct Place(TempDir);

    impl Place {
        fn new() -> Self {
            Self(tempfile::tempdir().unwrap())
        }

        fn path(&self, name: &str) -> PathBuf {
            self.0.path().join(name)
        }

        fn file(&self, name: &str, octets: impl AsRef<[u8]>) -> PathBuf {
            let path = self.path(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(&path, octets).unwrap();
            path
        }
    }

    fn certificate(serial: u8) -> Certificate {
        let template = Template::new("CN=Alice", &key(1), "CN=CA");
        template.serial(&[serial]).sign(&key(2))
    }

    fn list() -> Crl {
        crl("CN=CA", &key(2), "2026-10-01", "2026-12-01", &[&[1]], &[])
    }

    fn bundle(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
        let data = write::sequence(&[&write::tlv(Tag::OID, &[0x2a, 3])]);
        let signed = write::sequence(&[
            &write::integer(1),
            &write::tlv(Tag::SET, &[]),
            &data,
            &write::tlv(Tag(tag), &parts.concat()),
            &write::tlv(Tag::SET, &[]),
        ]);
        write::sequence(&[
            &write::tlv(Tag::OID, const_oid::db::rfc5911::ID_SIGNED_DATA.as_bytes()),
            &write::tlv(Tag::context(0), &signed),
        ])
    }

    fn serials(path: &Path) -> Vec<u8> {
        let collection = certificates(path, &Limits::default()).unwrap();
        let serials = collection.certificates.iter().map(|it| it.serial()[0]);
        serials.collect()
    }

    #[test]
    fn reads_every_form_of_certificates() {
        let (place, one, two) = (Place::new(), certificate(1), certificate(2));
        let pem = [1, 2]
            .map(|n| pem::encode("CERTIFICATE", certificate(n).der()))
            .concat();
        let text = format!("Subject: CN=Alice\r\n{}", pem.replace('\n', "\r\n"));
        assert_eq!(serials(&place.file("der", one.der())), [1]);
        assert_eq!(serials(&place.file("pem", &pem)), [1, 2]);
        assert_eq!(serials(&place.file("text", text)), [1, 2]);
        assert_eq!(
            serials(&place.file("twice", [pem.clone(), pem].concat())),
            [1, 2]
        );
        let p7 = bundle(0xa0, &[one.der(), two.der(), &[0xa1, 0]]);
        assert_eq!(serials(&place.file("p7b", &p7)), [1, 2]);
        assert_eq!(
            serials(&place.file("p7", pem::encode("PKCS7", &p7))),
            [1, 2]
        );
        let indefinite = [&[0x30, 0x80], &p7[4..], &[0, 0]].concat();
        assert_eq!(serials(&place.file("ber", indefinite)), [1, 2]);
        let trusted = [one.der(), &[0x30, 0]].concat();
        let trusted = pem::encode("TRUSTED CERTIFICATE", &trusted);
        assert_eq!(serials(&place.file("trusted", trusted)), [1]);
    }

    #[test]
    fn reads_revocation_lists() {
        let (place, list) = (Place::new(), list());
        let files = [
            place.file("der", list.der()),
            place.file("pem", pem::encode("X509 CRL", list.der())),
            place.file("p7", bundle(0xa1, &[list.der()])),
        ];
        for file in files {
            let found = certificates(&file, &Limits::default()).unwrap();
            assert_eq!(found.crls, std::slice::from_ref(&list));
            assert!(found.certificates.is_empty());
        }
    }

    #[test]
    fn a_named_file_must_hold_something_and_all_of_it_must_do() {
        let place = Place::new();
        let good = pem::encode("CERTIFICATE", certificate(1).der());
        let bad = pem::encode("CERTIFICATE", b"bad");
        let limits = Limits::default();
        let read = |name: &str, octets: &[u8]| {
            let error = certificates(&place.file(name, octets), &limits).unwrap_err();
            assert!(error.to_string().contains(name), "{error}");
            error
        };
        assert!(matches!(read("empty", b""), Error::Nothing { .. }));
        assert!(matches!(read("text", b"hello"), Error::Nothing { .. }));
        assert!(matches!(
            read("mixed", (good.clone() + &bad).as_bytes()),
            Error::Certificate { .. }
        ));
        assert!(matches!(
            read("cut", &certificate(1).der()[..100]),
            Error::Certificate { .. }
        ));
        assert!(matches!(
            read("half", &good.as_bytes()[..100]),
            Error::Pem { .. }
        ));
        let missing = certificates(&place.path("missing"), &limits).unwrap_err();
        assert!(matches!(missing, Error::Io { .. }) && missing.to_string().contains("missing"));
    }

    #[test]
    fn a_directory_is_read_in_the_order_of_names_and_what_is_of_no_use_is_passed_over() {
        let place = Place::new();
        place.file("b/2.der", certificate(2).der());
        place.file(
            "b/1/x.pem",
            pem::encode("CERTIFICATE", certificate(1).der()),
        );
        place.file("b/3.txt", "hello");
        place.file("b/4.pem", pem::encode("CERTIFICATE", b"bad"));
        place.file("b/.hidden.der", certificate(9).der());
        place.file("b/.git/8.der", certificate(8).der());
        place.file("c.der", certificate(3).der());
        assert_eq!(serials(place.0.path()), [1, 2, 3]);
        let empty = Place::new();
        assert!(serials(empty.0.path()).is_empty());
    }

    #[cfg(unix)]
    #[test]
    fn links_to_files_are_followed_and_links_to_directories_are_not() {
        use std::os::unix::fs::symlink;
        let (place, elsewhere) = (Place::new(), Place::new());
        let file = elsewhere.file("a/1.der", certificate(1).der());
        symlink(&file, place.path("link.der")).unwrap();
        symlink(elsewhere.path("a"), place.path("directory")).unwrap();
        symlink(place.0.path(), place.path("loop")).unwrap();
        assert_eq!(serials(place.0.path()), [1]);
        assert_eq!(serials(&place.path("directory")), [1], "named, it is read");
        symlink("nowhere", place.path("broken")).unwrap();
        let error = certificates(place.0.path(), &Limits::default()).unwrap_err();
        assert!(matches!(error, Error::Io { .. }));
    }

    #[test]
    fn the_depth_of_directories_has_a_limit() {
        let place = Place::new();
        place.file(
            &format!("{}1.der", "d/".repeat(DIRECTORY_DEPTH - 1)),
            certificate(1).der(),
        );
        assert_eq!(serials(place.0.path()), [1]);
        place.file(
            &format!("{}2.der", "d/".repeat(DIRECTORY_DEPTH)),
            certificate(2).der(),
        );
        let error = certificates(place.0.path(), &Limits::default()).unwrap_err();
        assert!(matches!(error, Error::TooDeep { .. }));
    }

    #[test]
    fn the_size_of_a_file_has_a_limit() {
        let (place, mut limits) = (Place::new(), Limits::default());
        let file = place.file("a.der", certificate(1).der());
        limits.key_file_bytes = certificate(1).der().len();
        assert!(certificates(&file, &limits).is_ok());
        limits.key_file_bytes -= 1;
        let error = certificates(&file, &limits).unwrap_err();
        assert!(matches!(error, Error::TooLarge { .. }));
    }

    #[test]
    fn a_directory_of_anchors_holds_nothing_else() {
        let (place, limits) = (Place::new(), Limits::default());
        let file = place.file("a/1.pem", pem::encode("CERTIFICATE", certificate(1).der()));
        place.file("b.crl", list().der());
        place.file("c.der", certificate(1).der());
        let anchors = trust_anchors(place.0.path(), &limits).unwrap().anchors;
        assert_eq!(anchors.len(), 1);
        assert_eq!(anchors[0].source, file.display().to_string());
        place.file("d.txt", "hello");
        let error = trust_anchors(place.0.path(), &limits).unwrap_err();
        assert!(
            error.to_string().contains("d.txt holds no certificate"),
            "{error}"
        );
        let error = trust_anchors(&place.path("b.crl"), &limits).unwrap_err();
        assert!(matches!(error, Error::Nothing { .. }));
    }

    #[test]
    fn the_first_certificate_is_the_recipient() {
        let place = Place::new();
        let pem = [2, 1]
            .map(|n| pem::encode("CERTIFICATE", certificate(n).der()))
            .concat();
        let (first, rest) = recipient(&place.file("a", pem), &Limits::default()).unwrap();
        assert_eq!((first, rest), (certificate(2), vec![certificate(1)]));
        let none = recipient(&place.file("b", list().der()), &Limits::default());
        assert!(matches!(none, Err(Error::Nothing { .. })));
    }

    fn fixture(name: &str) -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("fixtures")
            .join(name)
    }

    /// Reads `path` and returns how many keys, certificates and pairs there are, and how often the password was asked for.
    fn pool(path: &Path, password: Option<&str>) -> Result<([usize; 3], usize), Error> {
        let mut asked = 0;
        let mut pool = Identities::default();
        let mut ask = |_: &Path| {
            asked += 1;
            password.map(|password| Zeroizing::new(password.to_owned()))
        };
        identities(path, &Limits::default(), &mut ask, &mut pool)?;
        let counts = [
            pool.keys().len(),
            pool.certificates().len(),
            pool.pairs().len(),
        ];
        Ok((counts, asked))
    }

    #[test]
    fn reads_every_form_of_private_keys() {
        for file in [
            "alice.pem",
            "alice.der",
            "alice.pkcs1.pem",
            "alice.pkcs1.der",
            "carol.sec1.pem",
            "carol.sec1.der",
        ] {
            let path = fixture("keys").join(file);
            assert_eq!(pool(&path, None).unwrap(), ([1, 0, 0], 0), "{file}");
        }
        for file in [
            "alice.pem",
            "carol.pem",
            "dave.pem",
            "erin.pem",
            "frank.pem",
        ] {
            let ([keys, certificates, pairs], asked) =
                pool(&fixture("identities").join(file), None).unwrap();
            assert!(
                keys == 1 && certificates >= 1 && pairs == 1 && asked == 0,
                "{file}"
            );
        }
    }

    #[test]
    fn asks_for_a_password_once_and_only_when_there_is_need() {
        let password = fs::read_to_string(fixture("password")).unwrap();
        let password = password.trim_end();
        for file in ["alice.encrypted.pem", "alice.encrypted.der"] {
            let path = fixture("keys").join(file);
            assert_eq!(pool(&path, Some(password)).unwrap(), ([1, 0, 0], 1));
            assert!(matches!(
                pool(&path, Some("wrong")),
                Err(Error::WrongPassword { .. })
            ));
            assert!(matches!(
                pool(&path, None),
                Err(Error::PasswordNeeded { .. })
            ));
        }
        let place = Place::new();
        let block = fs::read(fixture("keys/alice.encrypted.pem")).unwrap();
        let twice = place.file("twice.pem", block.repeat(2));
        assert_eq!(pool(&twice, Some(password)).unwrap(), ([1, 0, 0], 1));
        // nobody who only wants certificates is asked
        let with = [
            &block[..],
            pem::encode("CERTIFICATE", certificate(1).der()).as_bytes(),
        ]
        .concat();
        assert_eq!(serials(&place.file("with.pem", with)), [1]);
    }

    #[test]
    fn a_directory_of_identities_passes_over_what_it_cannot_use() {
        let place = Place::new();
        place.file("a.pem", fs::read(fixture("identities/alice.pem")).unwrap());
        place.file("b.pem", pem::encode("PRIVATE KEY", b"bad"));
        place.file("c.txt", "hello");
        let ([keys, _, pairs], _) = pool(place.0.path(), None).unwrap();
        assert_eq!((keys, pairs), (1, 1));
        assert!(matches!(
            pool(&place.path("b.pem"), None),
            Err(Error::Key { .. })
        ));
        assert!(matches!(
            pool(&place.path("c.txt"), None),
            Err(Error::Nothing { .. })
        ));
        let empty = Place::new();
        assert!(matches!(
            pool(empty.0.path(), None),
            Err(Error::Nothing { .. })
        ));
    }

    #[cfg(unix)]
    #[test]
    fn says_which_private_keys_others_may_read() {
        use std::os::unix::fs::PermissionsExt as _;
        let place = Place::new();
        let key = place.file("key.pem", fs::read(fixture("keys/carol.pem")).unwrap());
        let public = place.file("cert.der", certificate(1).der());
        for (mode, open) in [
            (0o600, false),
            (0o640, true),
            (0o604, true),
            (0o644, true),
            (0o400, false),
        ] {
            for file in [&key, &public] {
                fs::set_permissions(file, fs::Permissions::from_mode(mode)).unwrap();
            }
            let mut pool = Identities::default();
            let found =
                identities(place.0.path(), &Limits::default(), &mut |_| None, &mut pool).unwrap();
            assert_eq!(
                found,
                if open { vec![key.clone()] } else { vec![] },
                "{mode:o}"
            );
        }
    }

    #[test]
    fn reads_every_form_of_revocation() {
        use crate::x509::sample::OcspTemplate;
        let place = Place::new();
        let ca = Template::ca("CN=CA", &key(2), "CN=Root").unsigned();
        let id = OcspTemplate::id(crypto::Digest::Sha1, &ca, &[2]);
        let good = OcspTemplate::GOOD;
        let response = OcspTemplate::new("CN=CA").answer(&id, &good, "2026-10-31", None, &[]);
        let response = response.der(&key(2));
        let info = write::constructed(
            Tag::context(1),
            &[&[6, 8, 0x2b, 6, 1, 5, 5, 7, 16, 2], &response],
        );
        let both = [
            pem::encode("OCSP RESPONSE", &response),
            pem::encode("X509 CRL", list().der()),
        ];
        for (name, octets, wanted) in [
            ("crl.der", list().der().to_vec(), (1, 0)),
            (
                "crl.pem",
                pem::encode("X509 CRL", list().der()).into(),
                (1, 0),
            ),
            ("ocsp.der", response.clone(), (0, 1)),
            ("both.pem", both.concat().into(), (1, 1)),
            ("ocsp.p7", bundle(0xa1, &[&info]), (0, 1)),
            ("both.p7", bundle(0xa1, &[&info, list().der()]), (1, 1)),
        ] {
            let found = revocation(&place.file(name, octets), &Limits::default()).unwrap();
            let counts = (found.crls.len(), found.ocsp_responses.len());
            assert_eq!(counts, wanted, "{name}");
            let crls = found.crls.iter().map(ToString::to_string);
            let responses = found.ocsp_responses.iter().map(ToString::to_string);
            assert!(crls.chain(responses).all(|text| text.contains(name)));
        }
        // all of them together, each once
        let all = revocation(place.0.path(), &Limits::default()).unwrap();
        assert_eq!((all.crls.len(), all.ocsp_responses.len()), (1, 1));
        // one that cannot be read is no reason to look away
        for broken in [&b"x"[..], &list().der()[1..], certificate(1).der()] {
            let file = place.file("x.crl", broken);
            let error = revocation(place.0.path(), &Limits::default()).unwrap_err();
            assert!(error.to_string().contains("x.crl"), "{error}");
            fs::remove_file(file).unwrap();
        }
    }

    #[test]
    fn lists_have_a_limit_of_their_own() {
        let place = Place::new();
        let file = place.file("crl.der", list().der());
        let mut limits = Limits {
            crl_bytes: list().der().len(),
            key_file_bytes: 1,
            ..Limits::default()
        };
        assert_eq!(revocation(&file, &limits).unwrap().crls.len(), 1);
        limits.crl_bytes -= 1;
        let error = revocation(&file, &limits).unwrap_err();
        assert!(matches!(
            error,
            Error::TooLarge {
                name: "crl-bytes",
                ..
            }
        ));
    }
}
