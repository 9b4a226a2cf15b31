//! S/MIME capabilities (RFC 8551 §2.5.2): what a sender can read, best first. Which ones to announce or believe is decided elsewhere.
use super::{Result, encode as to_der};
use crate::{
    asn1::{
        Tag,
        cursor::Cursor,
        oid::{self, Oid},
    },
    crypto::{ContentCipher, ContentEncryption, Digest, KeyEncryption, KeyTransport, PublicKey},
    x509::Certificate,
};
use der::Decode;
use spki::AlgorithmIdentifierOwned;

/// How many are read, as the limit `capabilities` says.
pub const MOST: usize = 200;

/// smimeCapabilities, as an extension (RFC 4262 §2)
const ID_SMIME_CAPABILITIES: Oid = Oid::new_unwrap("1.2.840.113549.1.9.15");

/// Returns the DER of SMIMECapabilities for these ciphers, in this order, and, if `keys`, how content keys may come besides: bound to their
/// cipher (RFC 9709 §4), by RSAES-OAEP with SHA-256 (RFC 3560 §5: with its parameters), by RSA-KEM (RFC 9690 §2.4: without).
pub fn encode(ciphers: &[ContentCipher], keys: bool) -> Result<Vec<u8>> {
    let cipher = |cipher: &ContentCipher| AlgorithmIdentifierOwned {
        oid: cipher_oid(*cipher),
        // RFC 3565 §4.1; for GCM likewise
        parameters: None,
    };
    let without = |oid| AlgorithmIdentifierOwned {
        oid,
        parameters: None,
    };
    let keys = keys.then(|| {
        [
            without(ContentEncryption::BOUND),
            oaep().identifier(),
            without(PublicKey::RSA_KEM),
        ]
    });
    let keys = keys.into_iter().flatten();
    let capabilities: Vec<_> = ciphers.iter().map(cipher).chain(keys).collect();
    to_der(&capabilities)
}

fn cipher_oid(cipher: ContentCipher) -> Oid {
    cipher.identifier(&vec![0; cipher.iv_size()]).oid
}

fn oaep() -> KeyEncryption {
    KeyEncryption::Transport(KeyTransport::RsaOaep {
        digest: Digest::Sha256,
        mgf: Digest::Sha256,
        label: Vec::new(),
    })
}

/// What someone can read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Capabilities(Vec<AlgorithmIdentifierOwned>);

impl Capabilities {
    /// Parses the DER of SMIMECapabilities: SMIMECapability has the form of an AlgorithmIdentifier. More than [`MOST`] are
    /// refused before they are read.
    pub fn from_der(der: &[u8]) -> Option<Self> {
        let mut list = Cursor::new(der, 0).enter(Tag::SEQUENCE).ok()?;
        for _ in 0..MOST {
            if list.is_empty() {
                break;
            }
            list.any().ok()?;
        }
        if !list.is_empty() {
            return None;
        }
        Vec::from_der(der).ok().map(Self)
    }

    /// Returns those of a certificate's extension (RFC 4262), if it has it.
    pub fn of_certificate(certificate: &Certificate) -> Option<Self> {
        certificate
            .extension(&ID_SMIME_CAPABILITIES)
            .and_then(Self::from_der)
    }

    /// Returns whether this cipher is among them.
    pub fn reads(&self, cipher: ContentCipher) -> bool {
        let oid = cipher_oid(cipher);
        self.0.iter().any(|capability| capability.oid == oid)
    }

    /// Returns whether content keys that are bound to their cipher are (RFC 9709 §4).
    pub fn reads_bound_keys(&self) -> bool {
        let is = |capability: &AlgorithmIdentifierOwned| capability.oid == ContentEncryption::BOUND;
        self.0.iter().any(is)
    }

    /// Returns whether RSAES-OAEP as it is written here is: with SHA-256 for both (RFC 4055 §4.1).
    pub fn reads_oaep(&self) -> bool {
        let wanted = oaep();
        self.0.iter().any(|capability| {
            matches!(KeyEncryption::from_identifier(capability), Ok(found) if found == wanted)
        })
    }

    /// Returns their names, best first, for people; an OID where there is no name.
    pub fn names(&self) -> Vec<String> {
        self.0
            .iter()
            .map(|capability| match capability.oid {
                ContentEncryption::BOUND => "id-alg-cek-hkdf-sha256".to_owned(),
                PublicKey::RSA_KEM => "id-rsa-kem-spki".to_owned(),
                oid => oid::name(&oid),
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_is_written_is_read() {
        let ciphers = [ContentCipher::Aes256Gcm, ContentCipher::Aes128Cbc];
        let capabilities = Capabilities::from_der(&encode(&ciphers, true).unwrap()).unwrap();
        let names = [
            "id-aes256-GCM",
            "id-aes128-CBC",
            "id-alg-cek-hkdf-sha256",
            "id-RSAES-OAEP",
            "id-rsa-kem-spki",
        ];
        assert_eq!(capabilities.names(), names);
        let with: Vec<bool> = capabilities
            .0
            .iter()
            .map(|c| c.parameters.is_some())
            .collect();
        assert_eq!(with, [false, false, false, true, false]);
        assert!(capabilities.reads_bound_keys());
        for (cipher, reads) in [
            (ContentCipher::Aes256Gcm, true),
            (ContentCipher::Aes128Cbc, true),
            (ContentCipher::Aes256Cbc, false),
        ] {
            assert_eq!(capabilities.reads(cipher), reads);
        }
        assert!(capabilities.reads_oaep());
        let none = Capabilities::from_der(&encode(&[], false).unwrap()).unwrap();
        assert!(none.names().is_empty() && !none.reads_oaep() && !none.reads_bound_keys());
    }

    #[test]
    fn oaep_of_other_digests_is_not_what_is_written() {
        let sha1 = AlgorithmIdentifierOwned {
            oid: oaep().identifier().oid,
            parameters: None,
        };
        assert!(!Capabilities(vec![sha1]).reads_oaep());
        assert!(Capabilities(vec![oaep().identifier()]).reads_oaep());
    }

    #[test]
    fn so_many_and_not_one_more() {
        let limit = MOST;
        let many =
            |n| Capabilities::from_der(&encode(&vec![ContentCipher::Aes256Gcm; n], false).unwrap());
        assert_eq!(many(limit).unwrap().names().len(), limit);
        assert_eq!(many(limit + 1), None);
    }

    #[test]
    fn malformed() {
        for der in [
            &[][..],
            &[0x31, 0],
            &[0x30, 2, 5, 0],
            &[0x30, 2, 0x30, 0],
            &[0x30, 0, 0],
        ] {
            assert_eq!(Capabilities::from_der(der), None, "{der:?}");
        }
    }

    proptest! {
        #[test]
        fn no_input_panics(input in proptest::collection::vec(any::<u8>(), 0..60)) {
            let _ = Capabilities::from_der(&input);
        }
    }
}
