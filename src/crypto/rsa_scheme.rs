//! The schemes of RSA (RFC 8017): PKCS#1 v1.5, PSS and OAEP, over the arithmetic of the `rsa` crate.
//!
//! Verification builds the encoded message and compares; it parses nothing that an attacker wrote. Sizes are checked before any arithmetic.
use super::{
    CryptoRng, Digest, Error, Hasher, KeyTransport, Result, Secret,
    digest::{digest, with_digest},
    key_agreement, parameters,
};
use crate::asn1::{Tag, write};
use rsa::{
    BoxedUint, Oaep, Pkcs1v15Encrypt, Pkcs1v15Sign, PrivateKey, Pss, PublicKey,
    traits::{PrivateKeyParts, PublicKeyParts},
};
use subtle::{ConditionallySelectable, ConstantTimeEq};
use zeroize::Zeroizing;

const MIN_BITS: usize = 512;
/// The largest modulus accepted, in bits.
pub(super) const MAX_BITS: usize = 16384;

/// Makes a public key of the content octets of two INTEGERs: modulus of 512 to 16384 bits, exponent odd, 3 to 2^64.
pub(super) fn public_key(modulus: &[u8], exponent: &[u8]) -> Result<PublicKey> {
    let modulus = unsigned(modulus).ok_or(Error::Key("an RSA modulus that is not positive"))?;
    let exponent = unsigned(exponent).ok_or(Error::Key("an RSA exponent that is not positive"))?;
    let bits = bit_length(modulus);
    if !(MIN_BITS..=MAX_BITS).contains(&bits) {
        return Err(Error::Key(
            "an RSA modulus that is not 512 to 16384 bits long",
        ));
    }
    let odd = |number: &[u8]| number.last().is_some_and(|octet| octet & 1 == 1);
    if !odd(modulus) || !odd(exponent) {
        return Err(Error::Key("an RSA modulus or exponent that is even"));
    }
    if exponent.len() > 8 || matches!(exponent, [1]) {
        return Err(Error::Key("an RSA exponent that is not 3 to 2^64"));
    }
    Ok(PublicKey::new_unchecked(
        BoxedUint::from_be_slice_vartime(modulus),
        BoxedUint::from_be_slice_vartime(exponent),
    ))
}
/// Returns the octets of a positive INTEGER without its sign octet; `None` for zero, negative and padded ones.
pub(super) fn unsigned(content: &[u8]) -> Option<&[u8]> {
    match content {
        [0, rest @ ..] if rest.first().is_some_and(|octet| *octet >= 0x80) => Some(rest),
        [1..=0x7f, ..] => Some(content),
        _ => None,
    }
}
fn bit_length(number: &[u8]) -> usize {
    let zeros = number.first().map_or(0, |octet| octet.leading_zeros());
    let zeros = usize::try_from(zeros).unwrap_or(0);
    number.len().saturating_mul(8).saturating_sub(zeros)
}
/// Returns the length of the modulus in bits.
pub(super) fn bits(key: &PublicKey) -> usize {
    bit_length(&key.n_bytes())
}

/// Returns RSAVP1 of a signature as long as the modulus (RFC 8017 §5.2.2), in as many octets.
fn recover(key: &PublicKey, signature: &[u8]) -> Option<Vec<u8>> {
    let size = key.size();
    if signature.len() != size {
        return None;
    }
    let representative = BoxedUint::from_be_slice(signature, key.n_bits_precision()).ok()?;
    if representative >= **key.n() {
        return None;
    }
    let message = rsa::hazmat::rsa_encrypt(key, &representative).ok()?;
    let octets = message.to_be_bytes();
    let start = octets.len().checked_sub(size)?;
    octets.get(start..).map(<[u8]>::to_vec)
}

/// RSASSA-PKCS1-v1_5 (§8.2.2). The DigestInfo may hold NULL or no parameters (§9.2 note 1): each is encoded and compared whole.
pub(super) fn verify_pkcs1(key: &PublicKey, kind: Digest, hash: &[u8], signature: &[u8]) -> bool {
    let Some(message) = recover(key, signature) else {
        return false;
    };
    let oid = kind.row().oid;
    [parameters::with_null(oid), parameters::without(oid)]
        .iter()
        .any(|identifier| {
            let hash = write::tlv(Tag::OCTET_STRING, hash);
            let info = write::sequence(&[&parameters::encoded(identifier), &hash]);
            emsa_pkcs1(&info, message.len()).is_some_and(|wanted| wanted == message)
        })
}
/// EMSA-PKCS1-v1_5 (§9.2): 0x00, 0x01, at least eight 0xff, 0x00, DigestInfo.
fn emsa_pkcs1(info: &[u8], size: usize) -> Option<Vec<u8>> {
    let padding = size.checked_sub(info.len())?.checked_sub(3)?;
    let padding = Some(padding).filter(|count| *count >= 8)?;
    Some([&[0, 1], vec![0xff; padding].as_slice(), &[0], info].concat())
}

/// RSASSA-PSS (§8.1.2) with any pair of digests and exactly this salt length.
pub(super) fn verify_pss(
    key: &PublicKey,
    pss: parameters::Pss,
    hash: &[u8],
    signature: &[u8],
) -> bool {
    let encoded_bits = bits(key).saturating_sub(1);
    recover(key, signature)
        .and_then(|message| emsa_pss(&message, encoded_bits, pss, hash))
        .unwrap_or(false)
}
/// EMSA-PSS-VERIFY (§9.1.2); `None` where an early step finds it inconsistent.
fn emsa_pss(message: &[u8], bits: usize, pss: parameters::Pss, hash: &[u8]) -> Option<bool> {
    let size = bits.div_ceil(8);
    let (surplus, message) = message.split_at_checked(message.len().checked_sub(size)?)?;
    if surplus.iter().any(|octet| *octet != 0) || message.last() != Some(&0xbc) {
        return None;
    }
    let masked_size = size.checked_sub(pss.digest.size())?.checked_sub(1)?;
    let zeros = masked_size.checked_sub(pss.salt)?.checked_sub(1)?;
    let (masked, rest) = message.split_at_checked(masked_size)?;
    let found = rest.get(..pss.digest.size())?;
    // The bits that are there only because octets have eight must be zero.
    let spare = size.checked_mul(8)?.checked_sub(bits)?;
    let allowed = 0xff_u8.checked_shr(u32::try_from(spare).ok()?)?;
    if masked.first()? & !allowed != 0 {
        return None;
    }
    let mask = mgf1(pss.mgf, found, masked_size);
    let mut block: Vec<u8> = masked.iter().zip(&mask).map(|(a, b)| a ^ b).collect();
    *block.first_mut()? &= allowed;
    let (padding, salt) = block.split_at_checked(zeros.checked_add(1)?)?;
    let (one, padding) = padding.split_last()?;
    if *one != 1 || padding.iter().any(|octet| *octet != 0) {
        return None;
    }
    let wanted = digest(pss.digest, &[&[0; 8], hash, salt].concat());
    Some(wanted == found)
}
/// MGF1 (appendix B.2.1).
fn mgf1(kind: Digest, seed: &[u8], size: usize) -> Vec<u8> {
    let mut mask = Vec::new();
    for counter in 0_u32.. {
        if mask.len() >= size {
            break;
        }
        let mut hasher = Hasher::new(kind);
        hasher.update(seed);
        hasher.update(&counter.to_be_bytes());
        mask.extend(hasher.finish());
    }
    mask.truncate(size);
    mask
}

/// Signs a hash by RSASSA-PKCS1-v1_5, blinded.
pub(super) fn sign_pkcs1(
    key: &PrivateKey,
    kind: Digest,
    hash: &[u8],
    rng: &mut dyn CryptoRng,
) -> Result<Vec<u8>> {
    let scheme = with_digest!(kind, D => Pkcs1v15Sign::new::<D>());
    key.sign_with_rng(rng, scheme, hash).map_err(|_| TOO_SMALL)
}
/// Signs a hash by RSASSA-PSS, blinded; both digests are the same.
pub(super) fn sign_pss(
    key: &PrivateKey,
    pss: parameters::Pss,
    hash: &[u8],
    rng: &mut dyn CryptoRng,
) -> Result<Vec<u8>> {
    if pss.digest != pss.mgf {
        return Err(Error::Unsupported(
            "rsa-pss with two digests for writing".to_owned(),
        ));
    }
    with_digest!(pss.digest, D => {
        key.sign_with_rng(rng, Pss::<D>::new_blinded_with_salt(pss.salt), hash)
    })
    .map_err(|_| TOO_SMALL)
}
const TOO_SMALL: Error = Error::Key("an RSA modulus too small for the digest or content key");

/// Encrypts a content key.
pub(super) fn encrypt(
    key: &PublicKey,
    algorithm: &KeyTransport,
    content_key: &Secret,
    rng: &mut dyn CryptoRng,
) -> Result<Vec<u8>> {
    let content_key = content_key.expose();
    let encrypted = match algorithm {
        KeyTransport::RsaPkcs1 => key.encrypt(rng, Pkcs1v15Encrypt, content_key),
        KeyTransport::RsaOaep { digest, mgf, label } => {
            with_digest!(digest, D => with_digest!(mgf, M => {
                let scheme = Oaep::<D, M>::new_with_mgf_hash_and_label(label.as_slice());
                key.encrypt(rng, scheme, content_key)
            }))
        }
    };
    encrypted.map_err(|_| TOO_SMALL)
}
/// Decrypts a content key, blinded; see [`super::PrivateKey::decrypt_key`] for what fails and what does not.
pub(super) fn decrypt(
    key: &PrivateKey,
    algorithm: &KeyTransport,
    encrypted: &[u8],
    expected_size: usize,
    rng: &mut dyn CryptoRng,
) -> Result<Secret> {
    match algorithm {
        KeyTransport::RsaPkcs1 => {
            // The crate itself answers bad padding with a made-up message (draft-irtf-cfrg-rsa-guidance §7.2).
            let message = key.decrypt_blinded(rng, Pkcs1v15Encrypt, encrypted);
            let message = Zeroizing::new(message.map_err(|_| Error::Decryption)?);
            let fallback = fallback_key(key, encrypted, expected_size)?;
            Ok(of_expected_size(&message, fallback))
        }
        KeyTransport::RsaOaep { digest, mgf, label } => {
            let message = with_digest!(digest, D => with_digest!(mgf, M => {
                let scheme = Oaep::<D, M>::new_with_mgf_hash_and_label(label.as_slice());
                key.decrypt_blinded(rng, scheme, encrypted)
            }));
            let message = Secret::new(message.map_err(|_| Error::Decryption)?);
            if message.expose().len() != expected_size {
                return Err(Error::Decryption);
            }
            Ok(message)
        }
    }
}
/// Derives the content key that stands in for a message of another size. It depends on key and ciphertext alone: were it new each time,
/// asking twice would tell the stand-in from the real one.
fn fallback_key(key: &PrivateKey, encrypted: &[u8], size: usize) -> Result<Secret> {
    let exponent = Secret::new(key.d().to_be_bytes().into_vec());
    key_agreement::hkdf(
        Digest::Sha256,
        Some(encrypted),
        &exponent,
        b"content key",
        size,
    )
}
/// Returns `message` if it is as long as `fallback`, else `fallback`: octet by octet, without a branch on which.
fn of_expected_size(message: &[u8], fallback: Secret) -> Secret {
    let fits = message.len().ct_eq(&fallback.expose().len());
    let message = message.iter().chain(std::iter::repeat(&0));
    let selected = fallback.expose().iter().zip(message);
    Secret::new(
        selected
            .map(|(other, octet)| u8::conditional_select(other, octet, fits))
            .collect(),
    )
}
