//! Certificates and their paths (RFC 5280, RFC 8550).
#[cfg(test)]
mod case;
pub mod certificate;
mod constraints;
pub mod crl;
pub mod description;
pub mod distribution_point;
pub mod extension;
pub mod general_name;
pub mod memory;
pub mod name;
pub mod ocsp;
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
pub use memory::Memory;
pub use ocsp::OcspResponse;
pub use path::{Allowance, PathBuilder, PathReport, Purpose, RevocationStatus, Watch};
pub use policies::ValidPolicies;
pub use repository::{Catalogue, Collection, Repository};
pub use trust::{TrustAnchor, TrustAnchors};

/// Why bytes are no certificate, CRL or OCSP response, or one that tells nothing.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Not a CRL.
    #[error("not a certificate revocation list: {0}")]
    Crl(&'static str),
    /// Not an OCSP response.
    #[error("not an OCSP response: {0}")]
    Ocsp(&'static str),
    /// An OCSP response without an answer.
    #[error("the OCSP responder gave no answer, but said {0}")]
    NoAnswer(&'static str),
    /// An OCSP response is larger than the limit.
    #[error("an OCSP response is larger than {limit} bytes")]
    OcspTooLarge {
        /// limit
        limit: usize,
    },
    /// More of something than the limit.
    #[error("it has more than {limit} {what}")]
    TooMany {
        /// "names", "attributes in a name"
        what: &'static str,
        /// limit
        limit: usize,
    },
    /// Not X.509.
    #[error("not a certificate: {0}")]
    Malformed(&'static str),
    /// Not ASN.1.
    #[error(transparent)]
    Asn1(#[from] crate::asn1::Error),
}
