//! S/MIME capabilities (RFC 8551 §2.5.2): what a sender can read, best first. Which ones to announce or believe is decided elsewhere.
use crate::{
    asn1::{
        Tag,
        cursor::Cursor,
        oid::{self, Oid},
        write,
    },
    crypto::{ContentCipher, Digest, KeyEncryption, KeyTransport},
};

/// One capability.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Capability {
    /// algorithm
    pub oid: Oid,
    /// DER of the parameters, if any
    pub parameters: Option<Vec<u8>>,
}

/// Returns the DER of SMIMECapabilities for these ciphers, in this order, and, last, RSAES-OAEP with SHA-256 if `oaep`
/// (RFC 3560 §5: with its parameters).
pub fn encode(ciphers: &[ContentCipher], oaep: bool) -> Vec<u8> {
    let mut capabilities: Vec<Vec<u8>> = ciphers
        .iter()
        .map(|cipher| {
            // RFC 3565 §4.1: without parameters; for GCM likewise
            let identifier = cipher.identifier(&vec![0; cipher.iv_size()]);
            write::sequence(&[&oid::to_der(&identifier.oid)])
        })
        .collect();
    if oaep {
        let transport = KeyTransport::RsaOaep {
            digest: Digest::Sha256,
            mgf: Digest::Sha256,
            label: Vec::new(),
        };
        let identifier = KeyEncryption::Transport(transport).identifier();
        capabilities.push(super::algorithm_to_der(&identifier));
    }
    let capabilities: Vec<&[u8]> = capabilities.iter().map(Vec::as_slice).collect();
    write::sequence(&capabilities)
}

/// Parses the DER of SMIMECapabilities.
pub fn decode(der: &[u8]) -> Option<Vec<Capability>> {
    let mut outer = Cursor::new(der, 0);
    let mut list = outer.enter(Tag::SEQUENCE).ok()?;
    outer.finish().ok()?;
    let mut capabilities = Vec::new();
    while !list.is_empty() {
        let mut fields = list.enter(Tag::SEQUENCE).ok()?;
        let oid = oid::from_value(&fields.expect(Tag::OID).ok()?).ok()?;
        let parameters = match fields.is_empty() {
            true => None,
            false => Some(fields.any().ok()?.raw.to_vec()),
        };
        fields.finish().ok()?;
        capabilities.push(Capability { oid, parameters });
    }
    Some(capabilities)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_is_written_is_read() {
        let ciphers = [ContentCipher::Aes256Gcm, ContentCipher::Aes128Cbc];
        let capabilities = decode(&encode(&ciphers, true)).unwrap();
        let names: Vec<String> = capabilities.iter().map(|c| oid::name(&c.oid)).collect();
        assert_eq!(names, ["id-aes256-GCM", "id-aes128-CBC", "id-RSAES-OAEP"]);
        let with: Vec<bool> = capabilities
            .iter()
            .map(|c| c.parameters.is_some())
            .collect();
        assert_eq!(with, [false, false, true]);
        assert_eq!(decode(&encode(&[], false)).unwrap(), []);
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
