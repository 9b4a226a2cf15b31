//! From a shared secret to a key-encryption key: X9.63 and HKDF over ECC-CMS-SharedInfo (RFC 5753 §7.2, RFC 8418 §2).
use super::{
    Digest, Error, Hasher, KeyAgreement, KeyWrap, Result, Secret, algorithm::AgreementKdf,
    digest::with_digest, parameters,
};
use crate::asn1::{Tag, write};
use zeroize::Zeroizing;

/// Derives the key-encryption key of `algorithm` from the shared secret and the optional ukm (entityUInfo).
pub fn derive(algorithm: &KeyAgreement, shared: &Secret, ukm: Option<&[u8]>) -> Result<Secret> {
    let info = shared_info(algorithm.wrap, ukm);
    let size = algorithm.wrap.key_size();
    match algorithm.kdf {
        AgreementKdf::X963(digest) => Ok(x963(digest, shared, &info, size)),
        // RFC 8418 §2.2: the ukm is the salt as well.
        AgreementKdf::Hkdf(digest) => hkdf(digest, ukm, shared, &info, size),
    }
}

/// ECC-CMS-SharedInfo (RFC 5753 §7.2):
/// `SEQUENCE { keyInfo AlgorithmIdentifier, entityUInfo [0] EXPLICIT OCTET STRING OPTIONAL, suppPubInfo [2] EXPLICIT OCTET STRING }`.
/// keyInfo is the key wrap: AES without parameters, 3DES with NULL; suppPubInfo the length of its key in bits.
fn shared_info(wrap: KeyWrap, ukm: Option<&[u8]>) -> Vec<u8> {
    let octets = |octets: &[u8]| write::tlv(Tag::OCTET_STRING, octets);
    let entity = ukm.map(|ukm| write::tlv(Tag::context(0), &octets(ukm)));
    let bits = u32::try_from(wrap.key_size())
        .unwrap_or(0)
        .saturating_mul(8);
    write::sequence(&[
        &parameters::encoded(&wrap.identifier()),
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
    });
    Ok(Secret::new(std::mem::take(&mut *key)))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn shared_info_is_der_of_rfc_5753() {
        let hex = |octets: Vec<u8>| data_encoding::HEXLOWER.encode(&octets);
        assert_eq!(
            hex(shared_info(KeyWrap::Aes128, None)),
            "3015300b060960864801650304010 5a206040400000080".replace(' ', "")
        );
        assert_eq!(
            hex(shared_info(KeyWrap::Aes256, Some(b"ukm"))),
            "301c300b060960864801650304012da005040375 6b6da206040400000100".replace(' ', "")
        );
        // 3DES: NULL, and 192 bits
        assert_eq!(
            hex(shared_info(KeyWrap::TripleDes, None)),
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

    #[test]
    fn each_input_changes_the_key() {
        let secret = Secret::new(vec![5; 32]);
        let with = |kdf, wrap, ukm: Option<&[u8]>| {
            let algorithm = KeyAgreement {
                kdf,
                cofactor: false,
                wrap,
            };
            derive(&algorithm, &secret, ukm).unwrap().expose().to_vec()
        };
        let mut all = Vec::new();
        for digest in [Digest::Sha1, Digest::Sha256, Digest::Sha384, Digest::Sha512] {
            for kdf in [AgreementKdf::X963(digest), AgreementKdf::Hkdf(digest)] {
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
