//! Alice's key, RSA-2048, and how it is encrypted to.
use smime::crypto::{Digest, KeyTransport, SoftwareKey};

pub(crate) fn key() -> SoftwareKey {
    let pem = std::fs::read_to_string("fixtures/keys/alice.pem").unwrap();
    let base64: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
    let der = data_encoding::BASE64.decode(base64.as_bytes()).unwrap();
    SoftwareKey::from_pkcs8(&der).unwrap()
}

pub(crate) fn oaep() -> KeyTransport {
    KeyTransport::RsaOaep {
        digest: Digest::Sha256,
        mgf: Digest::Sha256,
        label: Vec::new(),
    }
}
