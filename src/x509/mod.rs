//! Certificates and their paths (RFC 5280, RFC 8550).
#[cfg(test)]
mod case;
pub mod certificate;
mod constraints;
pub mod crl;
pub mod extension;
pub mod general_name;
pub mod name;
pub mod path;
mod policies;
mod preparation;
mod profile;
pub mod repository;
mod revocation;
#[cfg(test)]
pub(crate) mod sample;
pub mod trust;
mod usage;
mod validate;

pub use certificate::Certificate;
pub use crl::Crl;
pub use path::{PathBuilder, PathReport, Purpose, RevocationStatus, Watch};
pub use policies::ValidPolicies;
pub use repository::{Catalogue, Collection, Repository};
pub use trust::{TrustAnchor, TrustAnchors};

/// Why bytes are no certificate or CRL.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Not X.509.
    #[error("not a certificate: {0}")]
    Malformed(&'static str),
    /// Not ASN.1.
    #[error(transparent)]
    Asn1(#[from] crate::asn1::Error),
}
