//! The schemes of RSA (RFC 8017): PKCS#1 v1.5, PSS and OAEP, over the arithmetic of the `rsa` crate; what the other engine does of them, it does.
//!
//! Verification builds the encoded message and compares; it parses nothing that an attacker wrote. Sizes are checked before any arithmetic.
use super::{
    CryptoRng, Digest, Error, Hasher, KeySize, KeyTransport, Result, Secret,
    digest::{digest, extended, with_digest},
    engine, key_agreement, parameters,
};
use crate::asn1::{Tag, write};
use rsa::{
    BoxedUint, Oaep, Pkcs1v15Encrypt,
    pkcs1::DecodeRsaPrivateKey,
    traits::{PrivateKeyParts, PublicKeyParts},
};
use spki::AlgorithmIdentifierOwned;
use std::sync::OnceLock;
use subtle::{Choice, ConditionallySelectable, ConstantTimeEq};
use zeroize::Zeroizing;

const MIN_BITS: usize = 512;
/// The largest modulus accepted, in bits.
pub(super) const MAX_BITS: usize = 16384;

/// A private key for both engines, each of which makes its own of the numbers when it is first needed.
pub(super) struct PrivateKey {
    numbers: Numbers,
    engine: engine::RsaKey,
}
impl PrivateKey {
    /// Reads RSAPrivateKey (RFC 8017 appendix A.1.2), whose numbers must belong together.
    pub(super) fn from_pkcs1_der(der: &[u8]) -> Result<Self> {
        Ok(Self {
            numbers: Numbers::read(der)?,
            engine: engine::RsaKey::default(),
        })
    }
}
/// The numbers of a private key as they were read. What the `rsa` crate makes of them takes four times as long as the check that they belong together.
pub(super) struct Numbers {
    /// RSAPrivateKey
    der: Secret,
    made: OnceLock<Option<rsa::PrivateKey>>,
}
impl Numbers {
    /// Takes RSAPrivateKey. What is not seen to belong together is left to the crate's judgement.
    pub(super) fn read(der: &[u8]) -> Result<Self> {
        let numbers = Self {
            der: Secret::new(der.to_vec()),
            made: OnceLock::new(),
        };
        if belong_together(der) != Some(true) {
            numbers.made()?;
        }
        Ok(numbers)
    }
    /// Returns RSAPrivateKey as it was read.
    pub(super) fn der(&self) -> &[u8] {
        self.der.expose()
    }
    /// Returns what the crate makes of them.
    pub(super) fn made(&self) -> Result<&rsa::PrivateKey> {
        let make = || rsa::PrivateKey::from_pkcs1_der(self.der()).ok();
        self.made.get_or_init(make).as_ref().ok_or(Error::Key(
            "an RSA key whose numbers do not belong together",
        ))
    }
}
/// The largest public exponent of a private key that either engine takes, in bits.
const EXPONENT_BITS: usize = 33;
/// Returns whether an RSAPrivateKey has two different primes (taken to be that), each half as long as the modulus, which is their product, and
/// whether the private exponent, below the modulus, undoes the public one (RFC 8017 §3.2); `None` where that is not to be seen here.
fn belong_together(der: &[u8]) -> Option<bool> {
    let mut fields = parameters::sole_sequence(der)?;
    let version = fields.expect(Tag::INTEGER).ok()?;
    let mut integer = || unsigned(fields.expect(Tag::INTEGER).ok()?.content);
    let (modulus, public, private) = (integer()?, integer()?, integer()?);
    let (p, q) = (integer()?, integer()?);
    // what is derived from them is made anew, or checked by the engine
    for _ in ["exponent1", "exponent2", "coefficient"] {
        integer()?;
    }
    fields.finish().ok()?;
    let half = modulus.len() / 2;
    let long = |prime| bit_length(prime) > bit_length(modulus).div_ceil(2);
    let takes = bit_length(public) <= EXPONENT_BITS && !long(p) && !long(q);
    if version.content != [0] || [p.len(), q.len()] != [half, half] || !takes {
        return None;
    }
    let bits = |octets: usize| u32::try_from(octets.checked_mul(8)?).ok();
    let number = |octets: &[u8], size| {
        let number = BoxedUint::from_be_slice(octets, bits(size)?).ok()?;
        Some(Zeroizing::new(number))
    };
    let (whole, wide) = (modulus.len(), modulus.len() + size_of::<u64>());
    let (n, d) = (number(modulus, whole)?, number(private, whole)?);
    let (wide_p, wide_d) = (number(p, whole)?, number(private, wide)?);
    let (e, p, q) = (
        number(public, size_of::<u64>())?,
        number(p, half)?,
        number(q, half)?,
    );
    // in the width of the first factor, which holds both products
    let product = Zeroizing::new(wide_p.wrapping_mul(&*q));
    let exponents = Zeroizing::new(wide_d.wrapping_mul(&*e));
    let one = BoxedUint::one_with_precision(bits(half)?);
    let undoes = |prime: &BoxedUint| {
        let less: Option<_> = prime.wrapping_sub(&one).into_nz().into();
        let (quotient, rest) = exponents.div_rem(&Zeroizing::new(less?));
        // of it the other prime can be made
        drop(Zeroizing::new(quotient));
        Some(bool::from(Zeroizing::new(rest).is_one()))
    };
    Some(*p != *q && *d < *n && *product == *n && undoes(&p)? && undoes(&q)?)
}

/// A public key: its numbers. What the `rsa` crate makes of them takes as long as a signature's check by the other engine, and is made where it is needed.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct PublicKey {
    modulus: Box<[u8]>,
    exponent: Box<[u8]>,
}
impl PublicKey {
    /// Takes the content octets of two INTEGERs: modulus of 512 to 16384 bits, exponent odd, 3 to 2^64.
    pub(super) fn new(modulus: &[u8], exponent: &[u8]) -> Result<Self> {
        let modulus = unsigned(modulus).ok_or(Error::Key("an RSA modulus that is not positive"))?;
        let exponent =
            unsigned(exponent).ok_or(Error::Key("an RSA exponent that is not positive"))?;
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
        Ok(Self::of(modulus, exponent))
    }
    pub(super) fn of(modulus: &[u8], exponent: &[u8]) -> Self {
        Self {
            modulus: modulus.into(),
            exponent: exponent.into(),
        }
    }
    /// Returns the modulus, without leading zeros.
    pub(super) fn modulus(&self) -> &[u8] {
        &self.modulus
    }
    /// Returns the exponent, without leading zeros.
    pub(super) fn exponent(&self) -> &[u8] {
        &self.exponent
    }
    /// Returns the length of the modulus in octets.
    pub(super) fn size(&self) -> usize {
        self.modulus.len()
    }
    /// Returns the length of the modulus in bits.
    pub(super) fn bits(&self) -> usize {
        bit_length(self.modulus())
    }
    fn numbers(&self) -> rsa::PublicKey {
        rsa::PublicKey::new_unchecked(
            BoxedUint::from_be_slice_vartime(self.modulus()),
            BoxedUint::from_be_slice_vartime(self.exponent()),
        )
    }
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

/// Returns RSAVP1 of a signature as long as the modulus (RFC 8017 §5.2.2), in as many octets.
fn recover(key: &PublicKey, signature: &[u8]) -> Option<Vec<u8>> {
    let size = key.size();
    if signature.len() != size {
        return None;
    }
    let key = key.numbers();
    let representative = BoxedUint::from_be_slice(signature, key.n_bits_precision()).ok()?;
    if representative >= **key.n() {
        return None;
    }
    let message = rsa::hazmat::rsa_encrypt(&key, &representative).ok()?;
    let octets = message.to_be_bytes();
    let start = octets.len().checked_sub(size)?;
    octets.get(start..).map(<[u8]>::to_vec)
}

/// RSASSA-PKCS1-v1_5 (§8.2.2). The DigestInfo may hold NULL or no parameters (§9.2 note 1): each is encoded and compared whole.
pub(super) fn verify_pkcs1(key: &PublicKey, kind: Digest, hash: &[u8], signature: &[u8]) -> bool {
    // The engine takes NULL alone, so what it refuses is looked at here.
    if engine::verify_pkcs1(key, kind, hash, signature) == Some(true) {
        return true;
    }
    let Some(message) = recover(key, signature) else {
        return false;
    };
    let oid = kind.row().oid;
    [parameters::with_null(oid), parameters::without(oid)]
        .iter()
        .any(|identifier| {
            let wanted = emsa_pkcs1(&digest_info(identifier, hash), message.len());
            wanted.is_some_and(|wanted| wanted == message)
        })
}
fn digest_info(identifier: &AlgorithmIdentifierOwned, hash: &[u8]) -> Vec<u8> {
    let hash = write::tlv(Tag::OCTET_STRING, hash);
    write::sequence(&[&parameters::encoded(identifier), &hash])
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
    if let Some(verdict) = engine::verify_pss(key, pss, hash, signature) {
        return verdict;
    }
    let encoded_bits = key.bits().saturating_sub(1);
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
    let mask = mask(pss.mgf, found, masked_size);
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
/// MGF1 (appendix B.2.1), or SHAKE itself (RFC 8702 §3.2.1).
fn mask(kind: Digest, seed: &[u8], size: usize) -> Vec<u8> {
    if let Some(mask) = extended(kind, seed, size) {
        return mask;
    }
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

/// Signs a hash by RSASSA-PKCS1-v1_5.
pub(super) fn sign_pkcs1(
    key: &PrivateKey,
    kind: Digest,
    hash: &[u8],
    rng: &mut dyn CryptoRng,
) -> Result<Vec<u8>> {
    let PrivateKey { numbers, engine } = key;
    if let Some(signature) = engine.sign_pkcs1(numbers, kind, hash) {
        return Ok(signature);
    }
    let key = numbers.made()?;
    // NULL: RFC 8017 §9.2 note 1
    let info = digest_info(&parameters::with_null(kind.row().oid), hash);
    let message = emsa_pkcs1(&info, key.size()).ok_or(TOO_SMALL)?;
    sign_encoded(key, &message, rng)
}
/// Signs a hash by RSASSA-PSS.
pub(super) fn sign_pss(
    key: &PrivateKey,
    pss: parameters::Pss,
    hash: &[u8],
    rng: &mut dyn CryptoRng,
) -> Result<Vec<u8>> {
    let PrivateKey { numbers, engine } = key;
    if let Some(signature) = engine.sign_pss(numbers, pss, hash) {
        return Ok(signature);
    }
    let key = numbers.made()?;
    let mut salt = vec![0; pss.salt];
    rng.fill_bytes(&mut salt);
    let encoded_bits = bit_length(&key.n_bytes()).saturating_sub(1);
    let message = encode_pss(encoded_bits, pss, hash, &salt).ok_or(TOO_SMALL)?;
    sign_encoded(key, &message, rng)
}
/// EMSA-PSS-ENCODE (§9.1.1).
fn encode_pss(bits: usize, pss: parameters::Pss, hash: &[u8], salt: &[u8]) -> Option<Vec<u8>> {
    let size = bits.div_ceil(8);
    let masked_size = size.checked_sub(pss.digest.size())?.checked_sub(1)?;
    let zeros = masked_size.checked_sub(salt.len())?.checked_sub(1)?;
    let hash = digest(pss.digest, &[&[0; 8], hash, salt].concat());
    let block = [vec![0; zeros].as_slice(), &[1], salt].concat();
    let mask = mask(pss.mgf, &hash, masked_size);
    let mut masked: Vec<u8> = block.iter().zip(&mask).map(|(a, b)| a ^ b).collect();
    let spare = size.checked_mul(8)?.checked_sub(bits)?;
    *masked.first_mut()? &= 0xff_u8.checked_shr(u32::try_from(spare).ok()?)?;
    Some([masked.as_slice(), &hash, &[0xbc]].concat())
}
/// RSASP1 (§5.2.1), blinded, and checked, for one wrong result of the arithmetic with two primes gives the key away.
fn sign_encoded(key: &rsa::PrivateKey, message: &[u8], rng: &mut dyn CryptoRng) -> Result<Vec<u8>> {
    const UNSIGNED: Error = Error::Key("an RSA key that does not sign");
    let message =
        BoxedUint::from_be_slice(message, key.n_bits_precision()).map_err(|_| UNSIGNED)?;
    let signature = rsa::hazmat::rsa_decrypt_and_check(key, Some(rng), &message);
    let octets = signature.map_err(|_| UNSIGNED)?.to_be_bytes();
    let start = octets.len().checked_sub(key.size()).ok_or(UNSIGNED)?;
    octets.get(start..).map(<[u8]>::to_vec).ok_or(UNSIGNED)
}
const TOO_SMALL: Error = Error::Key("an RSA modulus too small for the digest or content key");

/// Encrypts a content key.
pub(super) fn encrypt(
    key: &PublicKey,
    algorithm: &KeyTransport,
    content_key: &Secret,
    rng: &mut dyn CryptoRng,
) -> Result<Vec<u8>> {
    if let Some(encrypted) = engine::encrypt_rsa(key, algorithm, content_key) {
        return Ok(encrypted);
    }
    let (key, content_key) = (key.numbers(), content_key.expose());
    let encrypted = match algorithm {
        KeyTransport::RsaPkcs1 => key.encrypt(rng, Pkcs1v15Encrypt, content_key),
        KeyTransport::RsaOaep { digest, mgf, label } => {
            with_digest!(digest, D => with_digest!(mgf, M => {
                let scheme = Oaep::<D, M>::new_with_mgf_hash_and_label(label.as_slice());
                key.encrypt(rng, scheme, content_key)
            }, else return Err(no_oaep(*mgf))), else return Err(no_oaep(*digest)))
        }
    };
    encrypted.map_err(|_| TOO_SMALL)
}
fn no_oaep(digest: Digest) -> Error {
    Error::Unsupported(format!("rsa-oaep with {}", digest.name()))
}
/// Decrypts a content key, blinded; see [`super::PrivateKey::decrypt_key`] for what fails and what does not.
pub(super) fn decrypt(
    key: &PrivateKey,
    algorithm: &KeyTransport,
    encrypted: &[u8],
    size: KeySize,
    rng: &mut dyn CryptoRng,
) -> Result<Secret> {
    let PrivateKey { numbers, engine } = key;
    match algorithm {
        KeyTransport::RsaPkcs1 => {
            let key = numbers.made()?;
            // The crate itself answers bad padding with a made-up message (draft-irtf-cfrg-rsa-guidance §7.2).
            let message = key.decrypt_blinded(rng, Pkcs1v15Encrypt, encrypted);
            let message = Zeroizing::new(message.map_err(|_| Error::Decryption)?);
            let fallback = fallback_key(key, encrypted, size.octets())?;
            Ok(of_size(&message, size, fallback))
        }
        KeyTransport::RsaOaep { digest, mgf, label } => {
            if let Some(message) = engine.decrypt_oaep(numbers, (*digest, *mgf, label), encrypted) {
                let message = message.ok_or(Error::Decryption)?;
                return size.fit(message.expose()).ok_or(Error::Decryption);
            }
            if let Some(other) = [*digest, *mgf]
                .into_iter()
                .find(|kind| *kind > Digest::Sha512)
            {
                return Err(no_oaep(other));
            }
            let encoded = private(numbers.made()?, encrypted, rng)?;
            let message = decode_oaep(encoded.expose(), (*digest, *mgf, label));
            message
                .and_then(|message| size.fit(message.expose()))
                .ok_or(Error::Decryption)
        }
    }
}
/// EME-OAEP decoding (§7.1.2 step 3): one answer to all its conditions, none of which is branched upon before. The crate's leaves the first octet
/// unseen.
fn decode_oaep(encoded: &[u8], (kind, mgf, label): (Digest, Digest, &[u8])) -> Option<Secret> {
    let unmasked = |masked: &[u8], seed: &[u8]| {
        let mask = Zeroizing::new(mask(mgf, seed, masked.len()));
        let octets = masked.iter().zip(mask.iter()).map(|(a, b)| a ^ b);
        Zeroizing::new(octets.collect::<Vec<u8>>())
    };
    let (first, rest) = encoded.split_first()?;
    let (masked_seed, masked_block) = rest.split_at_checked(kind.size())?;
    let seed = unmasked(masked_seed, masked_block);
    let block = unmasked(masked_block, &seed);
    let (hash, padded) = block.split_at_checked(kind.size())?;
    let mut good = first.ct_eq(&0) & hash.ct_eq(&digest(kind, label));
    let mut padding = Choice::from(1);
    let mut start = 0;
    for (after, octet) in (1_u64..).zip(padded) {
        let one = octet.ct_eq(&1);
        good &= !padding | one | octet.ct_eq(&0);
        start.conditional_assign(&after, padding & one);
        padding &= !one;
    }
    good &= !padding;
    // What follows shows whether it was good; nothing before it did.
    if !bool::from(good) {
        return None;
    }
    let message = padded.get(usize::try_from(start).ok()?..)?;
    Some(Secret::new(message.to_vec()))
}
/// RSA-KEM (ISO/IEC 18033-2 §11.5.3): encrypts a random number below the modulus; both are as long as the modulus.
pub(super) fn encapsulate(key: &PublicKey, rng: &mut dyn CryptoRng) -> Result<(Vec<u8>, Secret)> {
    let mut octets = Zeroizing::new(vec![0; key.size()]);
    let spare = octets.len().saturating_mul(8).saturating_sub(key.bits());
    let key = key.numbers();
    let allowed = u32::try_from(spare)
        .ok()
        .and_then(|spare| 0xff_u8.checked_shr(spare));
    let number = loop {
        rng.fill_bytes(&mut octets);
        if let Some(first) = octets.first_mut() {
            *first &= allowed.unwrap_or(0);
        }
        let number = BoxedUint::from_be_slice(&octets, key.n_bits_precision());
        let number = number.map_err(|_| TOO_SMALL)?;
        if number < **key.n() {
            break number;
        }
    };
    let encrypted = rsa::hazmat::rsa_encrypt(&key, &number).map_err(|_| TOO_SMALL)?;
    let encrypted = as_long_as(&key, &encrypted).ok_or(TOO_SMALL)?;
    Ok((encrypted, Secret::new(std::mem::take(&mut *octets))))
}
/// Decrypts the number of an RSA-KEM, blinded. Every number below the modulus is one: there is nothing to check.
pub(super) fn decapsulate(
    key: &PrivateKey,
    ciphertext: &[u8],
    rng: &mut dyn CryptoRng,
) -> Result<Secret> {
    private(key.numbers.made()?, ciphertext, rng)
}
/// RSADP (§5.1.2) of octets as many as the modulus has, blinded and checked; the result has as many.
fn private(key: &rsa::PrivateKey, ciphertext: &[u8], rng: &mut dyn CryptoRng) -> Result<Secret> {
    let public = key.as_public_key();
    if ciphertext.len() != public.size() {
        return Err(Error::Decryption);
    }
    let number = BoxedUint::from_be_slice(ciphertext, public.n_bits_precision());
    let number = number.map_err(|_| Error::Decryption)?;
    if number >= **public.n() {
        return Err(Error::Decryption);
    }
    let number = rsa::hazmat::rsa_decrypt_and_check(key, Some(rng), &number);
    let number = Zeroizing::new(number.map_err(|_| Error::Decryption)?);
    let octets = as_long_as(public, &number).ok_or(Error::Decryption)?;
    Ok(Secret::new(octets))
}
/// Returns a number in as many octets as the modulus has.
fn as_long_as(key: &rsa::PublicKey, number: &BoxedUint) -> Option<Vec<u8>> {
    let octets = Zeroizing::new(number.to_be_bytes().into_vec());
    let start = octets.len().checked_sub(key.size())?;
    octets.get(start..).map(<[u8]>::to_vec)
}
/// Derives the content key that stands in for a message of another size. It depends on key and ciphertext alone: were it new each time,
/// asking twice would tell the stand-in from the real one.
fn fallback_key(key: &rsa::PrivateKey, encrypted: &[u8], size: usize) -> Result<Secret> {
    let exponent = Secret::new(key.d().to_be_bytes().into_vec());
    key_agreement::hkdf(
        Digest::Sha256,
        Some(encrypted),
        &exponent,
        b"content key",
        size,
    )
}
/// Returns `message` (with zeros after it) if it is of this size, else `fallback`: octet by octet, without a branch on which.
fn of_size(message: &[u8], size: KeySize, fallback: Secret) -> Secret {
    let fits = size.takes(message.len());
    let message = message.iter().chain(std::iter::repeat(&0));
    let selected = fallback.expose().iter().zip(message);
    Secret::new(
        selected
            .map(|(other, octet)| u8::conditional_select(other, octet, fits))
            .collect(),
    )
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]
    use super::*;
    use crate::crypto::key_file::tests::block;
    use parameters::Pss as Parameters;
    use rand::SeedableRng;

    fn key() -> rsa::PrivateKey {
        rsa::PrivateKey::from_pkcs1_der(&block("rsa-pkcs1").der).unwrap()
    }
    fn public(key: &rsa::PrivateKey) -> PublicKey {
        PublicKey::of(&key.n_bytes(), &key.e_bytes())
    }
    fn rng() -> rand_chacha::ChaCha20Rng {
        rand_chacha::ChaCha20Rng::from_seed([5; 32])
    }
    /// Returns the content octets of the nine INTEGERs of an RSAPrivateKey.
    fn integers(der: &[u8]) -> Vec<Vec<u8>> {
        let mut fields = parameters::sole_sequence(der).unwrap();
        let integer = |_| fields.expect(Tag::INTEGER).unwrap().content.to_vec();
        (0..9).map(integer).collect()
    }
    fn of_integers(integers: &[Vec<u8>]) -> Vec<u8> {
        let integers: Vec<_> = integers
            .iter()
            .map(|it| write::tlv(Tag::INTEGER, it))
            .collect();
        write::sequence(&integers.iter().map(Vec::as_slice).collect::<Vec<_>>())
    }

    #[test]
    fn numbers_that_do_not_belong_together_are_refused_when_they_are_read() {
        let der = block("rsa-pkcs1").der;
        let integers = integers(&der);
        assert_eq!(of_integers(&integers), *der);
        assert_eq!(belong_together(&der), Some(true));
        // the crate is not asked
        assert!(Numbers::read(&der).unwrap().made.get().is_none());
        // version, modulus, exponents, primes, what is derived from them
        for (place, (seen, refused)) in [
            (None, true),
            (Some(false), true),
            (Some(false), true),
            (Some(false), true),
            (Some(false), true),
            (Some(false), true),
            (Some(true), false),
            (Some(true), false),
            (Some(true), false),
        ]
        .into_iter()
        .enumerate()
        {
            let mut changed = integers.clone();
            let middle = changed[place].len() / 2;
            changed[place][middle] ^= 4;
            let changed = of_integers(&changed);
            assert_eq!(belong_together(&changed), seen, "{place}");
            assert_eq!(Numbers::read(&changed).is_err(), refused, "{place}");
            let theirs = rsa::PrivateKey::from_pkcs1_der(&changed);
            assert_eq!(theirs.is_err(), refused, "{place}");
        }
        // a private exponent that undoes the public one, but is not below the modulus; one prime twice; something after the last
        let number = |place: usize| BoxedUint::from_be_slice_vartime(&integers[place]);
        let one = BoxedUint::one();
        let phi = number(1)
            .wrapping_sub(number(4))
            .wrapping_sub(number(5))
            .wrapping_add(&one);
        let mut large = number(3);
        while large < number(1) {
            large = large.wrapping_add(&phi);
        }
        let mut beyond = integers.clone();
        beyond[3] = content(&large);
        // it undoes the public exponent for the prime whose square the modulus is
        let mut twice = integers.clone();
        let prime = unsigned(&integers[4]).unwrap();
        let bits = u32::try_from(16 * prime.len()).unwrap();
        let wide = BoxedUint::from_be_slice(prime, bits).unwrap();
        twice[1] = content(&wide.wrapping_mul(number(4)));
        twice[3] = integers[6].clone();
        twice[5] = twice[4].clone();
        let mut more = integers.clone();
        more.push(vec![1]);
        for changed in [beyond, twice, more] {
            let changed = of_integers(&changed);
            assert_ne!(belong_together(&changed), Some(true));
            assert!(Numbers::read(&changed).is_err());
        }
    }

    /// Returns the content octets of an INTEGER.
    fn content(number: &BoxedUint) -> Vec<u8> {
        let octets = [&[0], &*number.to_be_bytes()].concat();
        let zeros = octets.iter().take_while(|octet| **octet == 0).count();
        octets[zeros - usize::from(octets[zeros] >= 0x80)..].to_vec()
    }

    /// What the crate would refuse to compute with is not taken for good: a prime that has more bits than half the modulus, if no more octets, and a
    /// public exponent of more than 33 bits.
    #[test]
    fn what_the_crate_refuses_is_refused_when_it_is_read() {
        const P: &str = "c3e31aa784124450f96cd7ecf0b3f2a54016061d2ae36aae987230c2dc85f6df";
        for (e, d, q, taken) in [
            (
                0x10001_u64,
                "2f823397db6e3471fe435a65521fd11317126b387580fb18be7fe13552c8b00721606a8da40f1c13aecb31da9cef3120ed7507edcc386ac0be6db73ada5c6b5d",
                "6f4d05b203c4c5ee8833aab3f8ce876bd29ce87cbfba49fd109ae94e0ec6132f",
                true,
            ),
            (
                0x10001_u64,
                "1d7623a647c5a7437c57bd7d3f93fdc2bd7ef4132abbcbd4f59b2c7823fbcca4b3d4cf2e11d459cc9e72eea550dc7c8a1ced70674fb33c001de91d4f5d406a81",
                "359b1c0106f0a2b2d8b6594031e1bdafd93044f94e5e49b9e673df328618318b",
                false,
            ),
            (
                0x100000001_u64,
                "3c7813f29ffdcf1de5a5ef72ed7fa0ede6ad94b0a6deb8e19b386ba4e554d6276057d5463e2ef19915051278d3f211a39aa25ef7dd4aa1f20bfe3263e5af9435",
                "6f4d05b203c4c5ee8833aab3f8ce876bd29ce87cbfba49fd109ae94e0ec6132f",
                true,
            ),
            (
                0x200000001_u64,
                "068e906a89f2a9881e7bc8510481d29ffe914cdf018552075bee16ed09a3184fc8c5cbd758e5c1cefa5859e6b120b48b184a71ea99bbca9cfa423903ef3489b1",
                "6f4d05b203c4c5ee8833aab3f8ce876bd29ce87cbfba49fd109ae94e0ec6132f",
                false,
            ),
        ] {
            let number = |hex: &str| {
                let octets = data_encoding::HEXLOWER.decode(hex.as_bytes()).unwrap();
                BoxedUint::from_be_slice(&octets, 512).unwrap()
            };
            let (p, q) = (number(P), number(q));
            let one = content(&BoxedUint::one());
            let der = of_integers(&[
                vec![0],
                content(&p.wrapping_mul(&q)),
                content(&BoxedUint::from(e)),
                content(&number(d)),
                content(&p),
                content(&q),
                one.clone(),
                one.clone(),
                one,
            ]);
            assert_eq!(belong_together(&der).is_some(), taken, "{e}");
            assert_eq!(Numbers::read(&der).is_ok(), taken, "{e}");
            assert_eq!(rsa::PrivateKey::from_pkcs1_der(&der).is_ok(), taken, "{e}");
        }
    }

    /// Returns RSASP1 of an encoded message.
    fn raw(key: &rsa::PrivateKey, message: &[u8]) -> Vec<u8> {
        let message = BoxedUint::from_be_slice(message, key.n_bits_precision()).unwrap();
        let signature = rsa::hazmat::rsa_decrypt(Some(&mut rng()), key, &message).unwrap();
        let octets = signature.to_be_bytes();
        octets[octets.len() - key.size()..].to_vec()
    }

    #[test]
    fn digest_infos_with_null_or_nothing_verify_and_no_others() {
        let key = key();
        let hash = digest(Digest::Sha256, b"message");
        let verify = |message: &[u8]| {
            let signature = raw(&key, message);
            verify_pkcs1(&public(&key), Digest::Sha256, &hash, &signature)
        };
        let oid = write::tlv(Tag::OID, Digest::Sha256.row().oid.as_bytes());
        let octets = write::tlv(Tag::OCTET_STRING, &hash);
        let info = |parameters: &[u8], more: &[u8]| {
            let identifier = write::sequence(&[&oid, parameters]);
            write::sequence(&[&identifier, &octets, more])
        };
        for parameters in [&[5, 0][..], &[]] {
            assert!(verify(&emsa_pkcs1(&info(parameters, b""), 256).unwrap()));
        }
        for (parameters, more) in [
            (&[5, 0, 5, 0][..], &b""[..]),
            (&[4, 0], b""),
            (&[5, 0], &[5, 0]),
            (b"", &[0]),
        ] {
            assert!(!verify(&emsa_pkcs1(&info(parameters, more), 256).unwrap()));
        }
        let good = emsa_pkcs1(&info(&[5, 0], b""), 256).unwrap();
        for at in 0..256 - hash.len() {
            let mut altered = good.clone();
            altered[at] ^= 1;
            assert!(at == 0 || !verify(&altered), "{at}");
        }
        // the forgery against small exponents: short padding, garbage behind
        let short = [&[0, 1], &[0xff; 8][..], &[0], &info(&[5, 0], b"")].concat();
        let garbage = [short.as_slice(), &vec![0x41; 256 - short.len()]].concat();
        assert!(!verify(&garbage));
        assert!(emsa_pkcs1(&[0; 245], 256).is_some() && emsa_pkcs1(&[0; 246], 256).is_none());
    }

    #[test]
    fn pss_with_any_digests_and_salt() {
        let key = key();
        for (digest_kind, mgf, salt) in [
            (Digest::Sha256, Digest::Sha256, 32),
            (Digest::Sha256, Digest::Sha1, 0),
            (Digest::Sha512, Digest::Sha256, 20),
            (Digest::Sha1, Digest::Sha512, 234),
            (Digest::Sha3_256, Digest::Sha3_512, 32),
            (Digest::Shake128, Digest::Shake128, 32),
            (Digest::Shake256, Digest::Shake256, 64),
        ] {
            let pss = Parameters {
                digest: digest_kind,
                mgf,
                salt,
            };
            let hash = digest(digest_kind, b"message");
            let message = encode_pss(2047, pss, &hash, &vec![0x5a; salt]).unwrap();
            let verify =
                |pss, message: &[u8]| verify_pss(&public(&key), pss, &hash, &raw(&key, message));
            assert!(verify(pss, &message));
            let other = |salt| Parameters { salt, ..pss };
            assert!(!verify(other(salt + 1), &message) && !verify(other(2048), &message));
            assert!(salt == 0 || !verify(other(salt - 1), &message));
            for at in [0, 1, 100, 255 - digest_kind.size(), 254, 255] {
                let mut altered = message.clone();
                altered[at] ^= 0x01;
                assert!(!verify(pss, &altered), "{at}");
            }
            let mut spare_bit = message.clone();
            spare_bit[0] |= 0x80;
            assert_eq!(emsa_pss(&spare_bit, 2047, pss, &hash), None);
        }
    }
    #[test]
    fn pss_where_the_message_is_an_octet_shorter_than_the_modulus() {
        // of 2041 bits, 2040 are encoded: the first octet must be zero
        let pss = Parameters {
            digest: Digest::Sha256,
            mgf: Digest::Sha256,
            salt: 32,
        };
        let hash = digest(Digest::Sha256, b"message");
        let message = encode_pss(2040, pss, &hash, &vec![0x5a; pss.salt]).unwrap();
        let with = |first: u8| [&[first], message.as_slice()].concat();
        assert_eq!(emsa_pss(&with(0), 2040, pss, &hash), Some(true));
        assert_eq!(emsa_pss(&with(1), 2040, pss, &hash), None);
    }

    #[test]
    fn what_replaces_a_key_is_chosen_without_looking() {
        let other = || Secret::new(vec![9; 4]);
        let chosen = |message: &[u8], size| of_size(message, size, other());
        let (exactly, up_to) = (KeySize::Exactly(4), KeySize::UpTo(4));
        for size in [exactly, up_to] {
            assert_eq!(chosen(&[1, 2, 3, 4], size).expose(), [1, 2, 3, 4]);
            for message in [&[][..], &[1, 2, 3, 4, 5]] {
                assert_eq!(chosen(message, size).expose(), [9; 4]);
                assert!(size.fit(message).is_none());
            }
        }
        assert_eq!(chosen(&[1, 2, 3], exactly).expose(), [9; 4]);
        assert_eq!(chosen(&[1, 2, 3], up_to).expose(), [1, 2, 3, 0]);
        assert_eq!(up_to.fit(&[1]).unwrap().expose(), [1, 0, 0, 0]);
    }
}
