//! From a shared secret to a key-encryption key: X9.63 and HKDF over ECC-CMS-SharedInfo (RFC 5753 §7.2, RFC 8418 §2).
use super::{
    Digest, Error, Hasher, KeyEncryption, Result, Secret,
    algorithm::{AgreementKdf, unsupported},
    digest::with_digest,
    parameters,
};
use crate::asn1::{Tag, write};
use spki::AlgorithmIdentifierOwned;
use zeroize::Zeroizing;

/// Derives the key-encryption key of a keyEncryptionAlgorithm from the shared secret and the optional ukm (entityUInfo).
pub fn derive(
    identifier: &AlgorithmIdentifierOwned,
    shared: &Secret,
    ukm: Option<&[u8]>,
) -> Result<Secret> {
    let KeyEncryption::Agreement(algorithm) = KeyEncryption::from_identifier(identifier)? else {
        return Err(unsupported(identifier));
    };
    let size = algorithm.wrap.key_size();
    let info = shared_info(&parameters::present(identifier, "ecdh")?, size, ukm);
    match algorithm.kdf {
        AgreementKdf::X963(digest) => Ok(x963(digest, shared, &info, size)),
        // RFC 8418 §2.2: the ukm is the salt as well.
        AgreementKdf::Hkdf(digest) => hkdf(digest, ukm, shared, &info, size),
    }
}

/// ECC-CMS-SharedInfo (RFC 5753 §7.2):
/// `SEQUENCE { keyInfo AlgorithmIdentifier, entityUInfo [0] EXPLICIT OCTET STRING OPTIONAL, suppPubInfo [2] EXPLICIT OCTET STRING }`.
/// keyInfo is the DER of the key wrap as the message names it: some write NULL where others write no parameters, and both derive from what they
/// wrote. suppPubInfo is the length of its key in bits, here given in octets.
fn shared_info(key_info: &[u8], key_size: usize, ukm: Option<&[u8]>) -> Vec<u8> {
    let octets = |octets: &[u8]| write::tlv(Tag::OCTET_STRING, octets);
    let entity = ukm.map(|ukm| write::tlv(Tag::context(0), &octets(ukm)));
    let bits = u32::try_from(key_size).unwrap_or(0).saturating_mul(8);
    write::sequence(&[
        key_info,
        &entity.unwrap_or_default(),
        &write::tlv(Tag::context(2), &octets(&bits.to_be_bytes())),
    ])
}
/// The KDF of ANSI X9.63 (SEC 1 §3.6.1): digests of secret, counter and info, one after the other.
fn x963(digest: Digest, shared: &Secret, info: &[u8], size: usize) -> Secret {
    let mut key = Zeroizing::new(Vec::with_capacity(size.saturating_add(digest.size())));
    for counter in 1_u32.. {
        if key.len() >= size {
            break;
        }
        let mut hasher = Hasher::new(digest);
        hasher.update(shared.expose());
        hasher.update(&counter.to_be_bytes());
        hasher.update(info);
        key.extend_from_slice(&Zeroizing::new(hasher.finish()));
    }
    key.truncate(size);
    Secret::new(std::mem::take(&mut *key))
}
/// HKDF (RFC 5869), extract and expand.
pub(super) fn hkdf(
    digest: Digest,
    salt: Option<&[u8]>,
    secret: &Secret,
    info: &[u8],
    size: usize,
) -> Result<Secret> {
    let mut key = Zeroizing::new(vec![0; size]);
    let too_long = |_| Error::Key("a derived key that is too long");
    with_digest!(digest, D => {
        hkdf::Hkdf::<D>::new(salt, secret.expose()).expand(info, &mut key).map_err(too_long)?;
    }, else return Err(Error::Unsupported(format!("hkdf with {}", digest.name()))));
    Ok(Secret::new(std::mem::take(&mut *key)))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::crypto::{KeyAgreement, KeyWrap};
    use spki::der::{self, Any};

    #[test]
    fn shared_info_is_der_of_rfc_5753() {
        let hex = |octets: Vec<u8>| data_encoding::HEXLOWER.encode(&octets);
        let info = |wrap: KeyWrap, ukm| {
            let key_info = parameters::encoded(&wrap.identifier());
            shared_info(&key_info, wrap.key_size(), ukm)
        };
        assert_eq!(
            hex(info(KeyWrap::Aes128, None)),
            "3015300b060960864801650304010 5a206040400000080".replace(' ', "")
        );
        assert_eq!(
            hex(info(KeyWrap::Aes256, Some(b"ukm"))),
            "301c300b060960864801650304012da005040375 6b6da206040400000100".replace(' ', "")
        );
        // 3DES: NULL, and 192 bits
        assert_eq!(
            hex(info(KeyWrap::TripleDes, None)),
            "3019300f060b2a864886f70d0109100306 0500a2060404000000c0".replace(' ', "")
        );
    }

    #[test]
    fn x963_is_that_of_the_standard() {
        // NIST CAVP ansx963_2001, SHA-256, shared secret 192 bits, no info, 128 bits of key
        let hex = |text: &str| data_encoding::HEXLOWER.decode(text.as_bytes()).unwrap();
        let shared = Secret::new(hex("96c05619d56c328ab95fe84b18264b08725b85e33fd34f08"));
        let key = x963(Digest::Sha256, &shared, b"", 16);
        assert_eq!(key.expose(), hex("443024c3dae66b95e6f5670601558f71"));
        // longer than a digest: the beginning is the same
        let long = x963(Digest::Sha256, &shared, b"", 70);
        assert_eq!(long.expose().len(), 70);
        assert!(long.expose().starts_with(key.expose()));
    }

    fn agreement(kdf: AgreementKdf, wrap: KeyWrap) -> KeyEncryption {
        KeyEncryption::Agreement(KeyAgreement {
            kdf,
            cofactor: false,
            wrap,
        })
    }

    #[test]
    fn the_wrap_is_hashed_as_received() {
        let secret = Secret::new(vec![5; 32]);
        let kdf = AgreementKdf::X963(Digest::Sha256);
        for wrap in KeyWrap::ALL {
            let written = agreement(kdf, wrap).identifier();
            let oid = wrap.row().oid;
            let with = |wrap| parameters::with_key_wrap(written.oid, &wrap);
            let [absent, null] = [
                with(parameters::without(oid)),
                with(parameters::with_null(oid)),
            ];
            let key = |identifier| {
                let key = derive(identifier, &secret, None).unwrap();
                key.expose().to_vec()
            };
            assert_ne!(key(&absent), key(&null));
            // RFC 3565 §2.3.2, RFC 3370 §4.3.1
            let ours = match wrap {
                KeyWrap::TripleDes => &null,
                _ => &absent,
            };
            assert_eq!((&written, key(&written)), (ours, key(ours)));
            let zero = AlgorithmIdentifierOwned {
                oid,
                parameters: Any::new(der::Tag::Integer, [0]).ok(),
            };
            for refused in [with(zero), wrap.identifier()] {
                assert!(derive(&refused, &secret, None).is_err());
            }
        }
    }

    #[test]
    fn each_input_changes_the_key() {
        let secret = Secret::new(vec![5; 32]);
        let with = |kdf, wrap, ukm: Option<&[u8]>| {
            let identifier = agreement(kdf, wrap).identifier();
            let key = derive(&identifier, &secret, ukm).unwrap();
            key.expose().to_vec()
        };
        let mut all = Vec::new();
        for digest in Digest::ALL.into_iter().take(6).skip(1) {
            let mut kdfs = vec![AgreementKdf::X963(digest)];
            if digest >= Digest::Sha256 {
                kdfs.push(AgreementKdf::Hkdf(digest));
            }
            for kdf in kdfs {
                for wrap in KeyWrap::ALL {
                    for ukm in [None, Some(&b""[..]), Some(b"x")] {
                        let key = with(kdf, wrap, ukm);
                        assert_eq!(key.len(), wrap.key_size());
                        all.push(key);
                    }
                }
            }
        }
        let count = all.len();
        all.sort();
        all.dedup();
        assert_eq!(all.len(), count);
    }
}
