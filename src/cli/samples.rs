//! Made-up findings that the tests of `show` and `json` share.
#![allow(clippy::unwrap_used)]
use smime::{
    asn1::Time,
    policy::{Policy, Rule},
    smime::report::{
        Container, EncryptedLayer, Essence, Integrity, Layer, RecipientSummary, Sender, Signature,
        Trust,
    },
    x509::RevocationStatus,
};

/// A good signature whose certificate is elsewhere.
pub(crate) fn signature() -> Signature {
    Signature {
        integrity: Integrity::Intact,
        trust: Trust::Trusted,
        sender: Sender::Match,
        is_from: true,
        address: None,
        revocation: RevocationStatus::Unknown,
        signer: None,
        signer_id: "serial 0a1b of CN=Example CA".into(),
        digest: "sha-256".into(),
        algorithm: "rsa-pkcs1".into(),
        signing_time: Some(Time(1_793_523_600)),
        path: Vec::new(),
        anchor: Some("roots.pem".into()),
        services: Vec::new(),
        capabilities: None,
        countersignatures: Vec::new(),
        time_stamps: Vec::new(),
        proven_time: None,
        essence: Essence::default(),
        findings: vec![Policy::default().finding(Rule::RevocationUnknown, "no CRL at hand")],
    }
}

/// An encrypted layer that the second of two recipients opened.
pub(crate) fn encrypted() -> Layer {
    Layer::Encrypted(EncryptedLayer {
        container: Container::Enveloped,
        cipher: "aes-256-cbc".into(),
        authenticated: false,
        bound_key: false,
        recipients: vec![
            RecipientSummary {
                kind: "key-transport",
                algorithm: "rsa-oaep".into(),
                issuer: Some("CN=CA".into()),
                serial: Some("0a".into()),
                key_identifier: None,
            },
            RecipientSummary {
                kind: "key-agreement",
                algorithm: "ecdh-x963-sha256".into(),
                issuer: None,
                serial: None,
                key_identifier: Some("0c0d".into()),
            },
        ],
        opened_by: Some(1),
        findings: vec![Policy::default().finding(Rule::UnauthenticatedCiphertext, "CBC")],
    })
}
