//! S/MIME capabilities (RFC 8551 §2.5.2): what a sender can read, best first. Which ones to announce or believe is decided elsewhere.
use super::{Result, encode as to_der};
use crate::crypto::{ContentCipher, Digest, KeyEncryption, KeyTransport};
use der::Decode;
use spki::AlgorithmIdentifierOwned;

/// Returns the DER of SMIMECapabilities for these ciphers, in this order, and, last, RSAES-OAEP with SHA-256 if `oaep`
/// (RFC 3560 §5: with its parameters).
pub fn encode(ciphers: &[ContentCipher], oaep: bool) -> Result<Vec<u8>> {
    let cipher = |cipher: &ContentCipher| AlgorithmIdentifierOwned {
        oid: cipher.identifier(&vec![0; cipher.iv_size()]).oid,
        // RFC 3565 §4.1; for GCM likewise
        parameters: None,
    };
    let oaep = oaep.then(|| {
        let transport = KeyTransport::RsaOaep {
            digest: Digest::Sha256,
            mgf: Digest::Sha256,
            label: Vec::new(),
        };
        KeyEncryption::Transport(transport).identifier()
    });
    let capabilities: Vec<_> = ciphers.iter().map(cipher).chain(oaep).collect();
    to_der(&capabilities)
}

/// Parses the DER of SMIMECapabilities: SMIMECapability has the form of an AlgorithmIdentifier.
pub fn decode(der: &[u8]) -> Option<Vec<AlgorithmIdentifierOwned>> {
    Vec::from_der(der).ok()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::asn1::oid;
    use proptest::prelude::*;

    #[test]
    fn what_is_written_is_read() {
        let ciphers = [ContentCipher::Aes256Gcm, ContentCipher::Aes128Cbc];
        let capabilities = decode(&encode(&ciphers, true).unwrap()).unwrap();
        let names: Vec<String> = capabilities.iter().map(|c| oid::name(&c.oid)).collect();
        assert_eq!(names, ["id-aes256-GCM", "id-aes128-CBC", "id-RSAES-OAEP"]);
        let with: Vec<bool> = capabilities
            .iter()
            .map(|c| c.parameters.is_some())
            .collect();
        assert_eq!(with, [false, false, true]);
        assert_eq!(decode(&encode(&[], false).unwrap()).unwrap(), []);
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
            assert_eq!(decode(der), None, "{der:?}");
        }
    }

    proptest! {
        #[test]
        fn no_input_panics(input in proptest::collection::vec(any::<u8>(), 0..60)) {
            let _ = decode(&input);
        }
    }
}
