//! Keys and certificates at rest: files and directories of PEM, DER, PKCS#7, PKCS#12.
pub mod files;
pub mod identity;
pub mod pkcs12;
pub mod spool;

pub use identity::{Identities, Identity, SharedKey};
pub use spool::Spool;

/// Why a key or certificate cannot be used; carries the file.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A file cannot be read.
    #[error("cannot read {}: {source}", .path.display())]
    Io {
        /// file
        path: std::path::PathBuf,
        /// why
        source: std::io::Error,
    },
    /// A file is larger than the limit.
    #[error("{} is larger than {limit} bytes", .path.display())]
    TooLarge {
        /// file
        path: std::path::PathBuf,
        /// name of the limit
        name: &'static str,
        /// limit
        limit: usize,
    },
    /// Directories are nested too deeply.
    #[error("directories are nested deeper than {limit} levels at {}", .path.display())]
    TooDeep {
        /// directory
        path: std::path::PathBuf,
        /// limit
        limit: usize,
    },
    /// Its text begins a PEM block and is none.
    #[error("{}: {source}", .path.display())]
    Pem {
        /// file
        path: std::path::PathBuf,
        /// why
        source: crate::asn1::pem::Error,
    },
    /// A file holds nothing that was looked for.
    #[error("{} holds no {wanted}{}", .path.display(), match .held { Some(held) => format!(": {held}"), None => String::new() })]
    Nothing {
        /// file or directory
        path: std::path::PathBuf,
        /// "certificate", "private key", …
        wanted: &'static str,
        /// what it holds instead: `it is empty`
        held: Option<String>,
    },
    /// A certificate in it cannot be read.
    #[error("{}: {source}", .path.display())]
    Certificate {
        /// file
        path: std::path::PathBuf,
        /// why
        source: crate::x509::Error,
    },
    /// A key in it cannot be used.
    #[error("{}: {source}", .path.display())]
    Key {
        /// file
        path: std::path::PathBuf,
        /// why
        source: crate::crypto::Error,
    },
    /// A PKCS#12 file is malformed.
    #[error("{} is not a valid PKCS#12 file: {what}", .path.display())]
    Pkcs12 {
        /// file
        path: std::path::PathBuf,
        /// what is wrong
        what: &'static str,
    },
    /// It is encrypted and no password was given.
    #[error("{} is encrypted", .path.display())]
    PasswordNeeded {
        /// file
        path: std::path::PathBuf,
    },
    /// The password does not open it.
    #[error("the password does not open {}", .path.display())]
    WrongPassword {
        /// file
        path: std::path::PathBuf,
    },
}
