//! Password-based encryption of keys: PBES2 and PBES1 (RFC 8018), and the schemes of PKCS#12 (RFC 7292 appendix B: PBE with 3DES and RC2, its KDF and MAC).
//!
//! Costs are compared with their limit before any work. What stands around the ciphertext is in `key_file` and `store::pkcs12`.
use super::mac::no_hmac;
use super::{
    ContentCipher, Digest, Error, Mac, MacAlgorithm, Result, Secret,
    algorithm::unsupported,
    content,
    digest::with_digest,
    parameters,
    scrypt::{SCRYPT, Scrypt},
};
use crate::asn1::{Tag, cursor::Cursor, oid::Oid};
use hmac::digest::Digest as _;
use spki::AlgorithmIdentifierOwned;
use zeroize::Zeroizing;

const PBES2: Oid = Oid::new_unwrap("1.2.840.113549.1.5.13");
pub(super) const PBKDF2: Oid = Oid::new_unwrap("1.2.840.113549.1.5.12");
const PBMAC1: Oid = Oid::new_unwrap("1.2.840.113549.1.5.14");
/// No standard recommends more than 64 octets of salt, and each is digested.
const MAX_SALT: usize = 1024;

/// What a file may ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cost {
    /// iterations, or what costs as much
    pub iterations: u32,
    /// octets held
    pub memory: u64,
}

/// Decrypts by the given EncryptionAlgorithm (PBES2, PBES1 or a PKCS#12 PBE). `max` caps the cost that the file may ask for.
/// A wrong password is `Error::Password`.
pub fn decrypt(
    algorithm: &AlgorithmIdentifierOwned,
    password: &str,
    ciphertext: &[u8],
    max: Cost,
) -> Result<Secret> {
    // what is encrypted is a SEQUENCE; one wrong password in 256 leaves good padding
    let tried = |cipher, key: Secret, iv: &[u8]| {
        let opened = content::decrypt(cipher, &key, iv, ciphertext).ok();
        opened
            .filter(|octets| octets.expose().first() == Some(&Tag::SEQUENCE.0))
            .ok_or(Error::Password)
    };
    if algorithm.oid == PBES2 {
        let (cipher, iv, derivation) = pbes2(algorithm, max)?;
        let key = derivation.derive(password.as_bytes(), cipher.key_size())?;
        return tried(cipher, key, &iv);
    }
    let max_iterations = max.iterations;
    if let Some(scheme) = Pbes1::from_oid(&algorithm.oid) {
        let (salt, iterations) = pbe_parameter(algorithm, max_iterations)?;
        let (key, iv) = scheme.derive(password.as_bytes(), &salt, iterations);
        return tried(scheme.cipher, key, iv.expose());
    }
    let scheme = Pkcs12Scheme::from_oid(&algorithm.oid).ok_or_else(|| unsupported(algorithm))?;
    let (salt, iterations) = pbe_parameter(algorithm, max_iterations)?;
    let derive =
        |id, password: &[u8], size| pkcs12_kdf(Digest::Sha1, id, password, &salt, iterations, size);
    let mut result = Err(Error::Password);
    for password in pkcs12_passwords(password) {
        let key = scheme.expand(derive(PURPOSE_KEY, &password, scheme.key_size));
        let iv = derive(PURPOSE_IV, &password, scheme.cipher.iv_size());
        result = tried(scheme.cipher, key, iv.expose());
        if result.is_ok() {
            break;
        }
    }
    result
}

/// Returns how many iterations [`decrypt`] or [`pbmac1_matches`] would take, without taking them; above `max` it is an error.
pub fn iterations(algorithm: &AlgorithmIdentifierOwned, max: Cost) -> Result<u32> {
    if algorithm.oid == PBES2 {
        return pbes2(algorithm, max).map(|(_, _, derivation)| derivation.iterations());
    }
    if algorithm.oid == PBMAC1 {
        return pbmac1(algorithm, max.iterations).map(|(kdf, _)| kdf.iterations);
    }
    if Pbes1::from_oid(&algorithm.oid).is_none() {
        Pkcs12Scheme::from_oid(&algorithm.oid).ok_or_else(|| unsupported(algorithm))?;
    }
    pbe_parameter(algorithm, max.iterations).map(|(_, iterations)| iterations)
}

/// Returns whether a PKCS#12 MAC over `content` is right.
pub fn pkcs12_mac_matches(
    digest: Digest,
    password: &str,
    salt: &[u8],
    iterations: u32,
    content: &[u8],
    mac: &[u8],
) -> Result<bool> {
    check_salt(salt)?;
    for password in &pkcs12_passwords(password) {
        let key = pkcs12_kdf(
            digest,
            PURPOSE_MAC,
            password,
            salt,
            iterations,
            digest.size(),
        );
        if hmac_matches(digest, &key, content, mac)? {
            return Ok(true);
        }
    }
    Ok(false)
}
/// Returns whether a PBMAC1 (RFC 9879) over `content` is right; `None` if `algorithm` is not PBMAC1.
pub fn pbmac1_matches(
    algorithm: &AlgorithmIdentifierOwned,
    password: &str,
    content: &[u8],
    mac: &[u8],
    max_iterations: u32,
) -> Option<Result<bool>> {
    let matches = || {
        let (kdf, prf) = pbmac1(algorithm, max_iterations)?;
        let key = kdf.derive(password.as_bytes(), prf.size())?;
        hmac_matches(prf, &key, content, mac)
    };
    (algorithm.oid == PBMAC1).then(matches)
}

/// PBMAC1-params (RFC 8018 appendix A.5): `SEQUENCE { keyDerivationFunc, messageAuthScheme }`.
fn pbmac1(algorithm: &AlgorithmIdentifierOwned, max_iterations: u32) -> Result<(Kdf, Digest)> {
    let malformed = || malformed("pbmac1");
    let der = parameters::present(algorithm, "pbmac1")?;
    let mut fields = parameters::sole_sequence(&der).ok_or_else(malformed)?;
    let kdf = Kdf::read(&mut fields, max_iterations)?;
    let scheme = fields.expect(Tag::SEQUENCE).map_err(|_| malformed())?;
    fields.finish().map_err(|_| malformed())?;
    let scheme = parameters::algorithm_identifier(scheme.raw).ok_or_else(malformed)?;
    let prf = read_prf(&scheme)?;
    // RFC 9879 §4: keyLength must be there. A short key would make forgeries cheap, so it is as long as the digest.
    if kdf.key_length != Some(prf.size()) {
        return Err(Error::Parameters {
            algorithm: "pbmac1",
            what: "a key length that is not the digest's",
        });
    }
    Ok((kdf, prf))
}

/// PBES2-params (RFC 8018 appendix A.4): `SEQUENCE { keyDerivationFunc, encryptionScheme }`.
fn pbes2(
    algorithm: &AlgorithmIdentifierOwned,
    max: Cost,
) -> Result<(ContentCipher, Vec<u8>, Derivation)> {
    let malformed = || malformed("pbes2");
    let der = parameters::present(algorithm, "pbes2")?;
    let mut fields = parameters::sole_sequence(&der).ok_or_else(malformed)?;
    let derivation = Derivation::read(&mut fields, max)?;
    let scheme = fields.expect(Tag::SEQUENCE).map_err(|_| malformed())?;
    fields.finish().map_err(|_| malformed())?;
    let scheme = parameters::algorithm_identifier(scheme.raw).ok_or_else(malformed)?;
    let (cipher, iv) = ContentCipher::from_identifier(&scheme)?;
    if cipher.is_aead() {
        return Err(unsupported(&scheme));
    }
    if derivation
        .key_length()
        .is_some_and(|length| length != cipher.key_size())
    {
        return Err(Error::Parameters {
            algorithm: "pbes2",
            what: "a key length that is not the cipher's",
        });
    }
    Ok((cipher, iv, derivation))
}

/// The key derivations of PBES2.
enum Derivation {
    Pbkdf2(Kdf),
    Scrypt(Scrypt),
}
impl Derivation {
    fn read(fields: &mut Cursor<'_>, max: Cost) -> Result<Self> {
        let mut ahead = fields.clone();
        let algorithm = ahead.expect(Tag::SEQUENCE).ok();
        let algorithm = algorithm.and_then(|value| parameters::algorithm_identifier(value.raw));
        match algorithm {
            Some(algorithm) if algorithm.oid == SCRYPT => {
                *fields = ahead;
                Scrypt::read(&algorithm, max).map(Self::Scrypt)
            }
            _ => Kdf::read(fields, max.iterations).map(Self::Pbkdf2),
        }
    }
    fn iterations(&self) -> u32 {
        match self {
            Self::Pbkdf2(kdf) => kdf.iterations,
            Self::Scrypt(scrypt) => scrypt.iterations(),
        }
    }
    fn key_length(&self) -> Option<usize> {
        match self {
            Self::Pbkdf2(kdf) => kdf.key_length,
            Self::Scrypt(scrypt) => scrypt.key_length,
        }
    }
    fn derive(&self, password: &[u8], size: usize) -> Result<Secret> {
        match self {
            Self::Pbkdf2(kdf) => kdf.derive(password, size),
            Self::Scrypt(scrypt) => scrypt.derive(password, size),
        }
    }
}

/// PBES1 (RFC 8018 §6.1): DES or RC2 under a key of PBKDF1. MD2, which nothing has written for decades, is not read.
struct Pbes1 {
    digest: Digest,
    cipher: ContentCipher,
}
impl Pbes1 {
    fn from_oid(oid: &Oid) -> Option<Self> {
        const MD5_DES: Oid = Oid::new_unwrap("1.2.840.113549.1.5.3");
        const MD5_RC2: Oid = Oid::new_unwrap("1.2.840.113549.1.5.6");
        const SHA1_DES: Oid = Oid::new_unwrap("1.2.840.113549.1.5.10");
        const SHA1_RC2: Oid = Oid::new_unwrap("1.2.840.113549.1.5.11");
        let rc2 = ContentCipher::Rc2Cbc { effective_bits: 64 };
        let (digest, cipher) = match *oid {
            MD5_DES => (Digest::Md5, ContentCipher::TripleDesCbc),
            MD5_RC2 => (Digest::Md5, rc2),
            SHA1_DES => (Digest::Sha1, ContentCipher::TripleDesCbc),
            SHA1_RC2 => (Digest::Sha1, rc2),
            _ => return None,
        };
        Some(Self { digest, cipher })
    }
    /// PBKDF1 (§5.1): the digest of the digest of … password and salt; eight octets of it are the key, the next eight the IV. DES is 3DES with
    /// three times the same key.
    fn derive(&self, password: &[u8], salt: &[u8], iterations: u32) -> (Secret, Secret) {
        let digest = |octets: &[u8]| Zeroizing::new(super::digest::digest(self.digest, octets));
        let first = digest(&Zeroizing::new([password, salt].concat()));
        let last = (1..iterations).fold(first, |octets, _| digest(&octets));
        let (key, rest) = last.split_at_checked(8).unwrap_or_default();
        let iv = rest.get(..8).unwrap_or_default();
        let key = key.iter().copied().cycle().take(self.cipher.key_size());
        (Secret::new(key.collect()), Secret::new(iv.to_vec()))
    }
}

/// The digest of an HMAC as pseudo-random function (RFC 8018 appendix B.1.2).
fn read_prf(identifier: &AlgorithmIdentifierOwned) -> Result<Digest> {
    MacAlgorithm::from_identifier(identifier).map(|mac| mac.0)
}

/// PBKDF2-params (RFC 8018 appendix A.2): `SEQUENCE { salt OCTET STRING, iterationCount INTEGER, keyLength INTEGER OPTIONAL, prf DEFAULT hmacWithSHA1 }`.
pub(super) struct Kdf {
    salt: Vec<u8>,
    iterations: u32,
    key_length: Option<usize>,
    prf: Digest,
}
impl Kdf {
    /// Reads an AlgorithmIdentifier, which must be PBKDF2's.
    pub(super) fn read(fields: &mut Cursor<'_>, max_iterations: u32) -> Result<Self> {
        let malformed = || malformed("pbkdf2");
        let algorithm = fields.expect(Tag::SEQUENCE).map_err(|_| malformed())?;
        let algorithm = parameters::algorithm_identifier(algorithm.raw).ok_or_else(malformed)?;
        if algorithm.oid != PBKDF2 {
            return Err(unsupported(&algorithm));
        }
        let der = parameters::present(&algorithm, "pbkdf2")?;
        let mut fields = parameters::sole_sequence(&der).ok_or_else(malformed)?;
        let salt = fields.expect(Tag::OCTET_STRING).map_err(|_| malformed())?;
        let iterations = read_iterations(&mut fields, max_iterations)?;
        let key_length = match fields.optional(Tag::INTEGER).map_err(|_| malformed())? {
            None => None,
            Some(length) => {
                let length = parameters::small_integer(length.content);
                let length = length.and_then(|length| usize::try_from(length).ok());
                Some(length.ok_or_else(malformed)?)
            }
        };
        let prf = match fields.optional(Tag::SEQUENCE).map_err(|_| malformed())? {
            None => Digest::Sha1,
            Some(prf) => {
                read_prf(&parameters::algorithm_identifier(prf.raw).ok_or_else(malformed)?)?
            }
        };
        fields.finish().map_err(|_| malformed())?;
        check_salt(salt.content)?;
        Ok(Self {
            salt: salt.content.to_vec(),
            iterations,
            key_length,
            prf,
        })
    }
    pub(super) fn iterations(&self) -> u32 {
        self.iterations
    }
    pub(super) fn key_length(&self) -> Option<usize> {
        self.key_length
    }
    #[cfg(test)]
    pub(super) fn for_test(salt: &[u8], iterations: u32, prf: Digest) -> Self {
        Self {
            salt: salt.to_vec(),
            iterations,
            key_length: None,
            prf,
        }
    }
    pub(super) fn derive(&self, password: &[u8], size: usize) -> Result<Secret> {
        let mut key = Zeroizing::new(vec![0; size]);
        with_digest!(self.prf, D => {
            pbkdf2::pbkdf2_hmac::<D>(password, &self.salt, self.iterations, &mut key);
        }, else return Err(no_hmac(self.prf)));
        Ok(Secret::new(std::mem::take(&mut *key)))
    }
}

fn hmac_matches(digest: Digest, key: &Secret, content: &[u8], mac: &[u8]) -> Result<bool> {
    let mut state = Mac::new(MacAlgorithm(digest), key)?;
    state.update(content);
    Ok(state.matches(mac))
}

/// The PBE schemes of PKCS#12 (RFC 7292 appendix C); those with RC4 are not read.
struct Pkcs12Scheme {
    cipher: ContentCipher,
    key_size: usize,
}
impl Pkcs12Scheme {
    fn from_oid(oid: &Oid) -> Option<Self> {
        const THREE_KEY: Oid = Oid::new_unwrap("1.2.840.113549.1.12.1.3");
        const TWO_KEY: Oid = Oid::new_unwrap("1.2.840.113549.1.12.1.4");
        const RC2_128: Oid = Oid::new_unwrap("1.2.840.113549.1.12.1.5");
        const RC2_40: Oid = Oid::new_unwrap("1.2.840.113549.1.12.1.6");
        let rc2 = |effective_bits| ContentCipher::Rc2Cbc { effective_bits };
        let (cipher, key_size) = match *oid {
            THREE_KEY => (ContentCipher::TripleDesCbc, 24),
            TWO_KEY => (ContentCipher::TripleDesCbc, 16),
            RC2_128 => (rc2(128), 16),
            RC2_40 => (rc2(40), 5),
            _ => return None,
        };
        Some(Self { cipher, key_size })
    }
    /// Makes the third key of two-key 3DES, which is the first.
    fn expand(&self, key: Secret) -> Secret {
        let key = key.expose();
        let missing = self.cipher.key_size().saturating_sub(key.len());
        Secret::new(
            key.iter()
                .chain(key.iter().take(missing))
                .copied()
                .collect(),
        )
    }
}
/// pkcs-12PbeParams (RFC 7292 appendix C): `SEQUENCE { salt OCTET STRING, iterations INTEGER }`.
fn pbe_parameter(
    algorithm: &AlgorithmIdentifierOwned,
    max_iterations: u32,
) -> Result<(Vec<u8>, u32)> {
    let malformed = || malformed("pkcs12-pbe");
    let der = parameters::present(algorithm, "pkcs12-pbe")?;
    let mut fields = parameters::sole_sequence(&der).ok_or_else(malformed)?;
    let salt = fields.expect(Tag::OCTET_STRING).map_err(|_| malformed())?;
    let iterations = read_iterations(&mut fields, max_iterations)?;
    fields.finish().map_err(|_| malformed())?;
    check_salt(salt.content)?;
    Ok((salt.content.to_vec(), iterations))
}
/// Reads an iteration count and compares it with its limit.
fn read_iterations(fields: &mut Cursor<'_>, max_iterations: u32) -> Result<u32> {
    let malformed = || malformed("key derivation");
    let count = fields.expect(Tag::INTEGER).map_err(|_| malformed())?;
    check_iterations(count.content, max_iterations)
}
/// Reads the content octets of an iteration count: at least 1, at most the limit.
pub fn check_iterations(content: &[u8], max_iterations: u32) -> Result<u32> {
    let negative = content.first().is_none_or(|octet| *octet >= 0x80);
    match parameters::small_integer(content) {
        Some(count @ 1..) if count <= u64::from(max_iterations) => {
            Ok(u32::try_from(count).unwrap_or(max_iterations))
        }
        None if negative => Err(malformed("key derivation")),
        Some(0) => Err(malformed("key derivation")),
        found => Err(Error::Limit {
            what: "iterations of a key derivation",
            found: found.unwrap_or(u64::MAX),
            limit: max_iterations.into(),
        }),
    }
}
/// Without salt there would be one key for a password, wherever it is used.
pub(super) fn check_salt(salt: &[u8]) -> Result<()> {
    if salt.is_empty() {
        return Err(Error::Parameters {
            algorithm: "key derivation",
            what: "there is no salt",
        });
    }
    if salt.len() > MAX_SALT {
        return Err(Error::Limit {
            what: "salt of a key derivation",
            found: u64::try_from(salt.len()).unwrap_or(u64::MAX),
            limit: u64::try_from(MAX_SALT).unwrap_or(u64::MAX),
        });
    }
    Ok(())
}
pub(super) fn malformed(algorithm: &'static str) -> Error {
    Error::Parameters {
        algorithm,
        what: "they are malformed",
    }
}

/// What a derived octet string is for (RFC 7292 appendix B.3).
const PURPOSE_KEY: u8 = 1;
const PURPOSE_IV: u8 = 2;
const PURPOSE_MAC: u8 = 3;
/// Returns a password as BMPString with its final zero (RFC 7292 appendix B.1), and in other forms that are met: no password is written as that
/// zero or as nothing at all; OpenSSL before 1.1 took each octet of UTF-8 for a character.
fn pkcs12_passwords(password: &str) -> Vec<Zeroizing<Vec<u8>>> {
    let encoded = |units: &mut dyn Iterator<Item = u16>| {
        let size = password.len().saturating_add(1).saturating_mul(2);
        let mut octets = Zeroizing::new(Vec::with_capacity(size));
        for unit in units.chain([0]) {
            octets.extend_from_slice(&unit.to_be_bytes());
        }
        octets
    };
    let mut all = vec![encoded(&mut password.encode_utf16())];
    if password.is_empty() {
        all.push(Zeroizing::new(Vec::new()));
    }
    if !password.is_ascii() {
        all.push(encoded(&mut password.bytes().map(u16::from)));
    }
    all
}
/// The key derivation of PKCS#12 (RFC 7292 appendix B.2); names are those of the RFC.
fn pkcs12_kdf(
    digest: Digest,
    id: u8,
    password: &[u8],
    salt: &[u8],
    iterations: u32,
    size: usize,
) -> Secret {
    // v, the block of the compression function
    let block = match digest {
        Digest::Md5 | Digest::Sha1 | Digest::Sha224 | Digest::Sha256 => 64,
        Digest::Sha384 | Digest::Sha512 => 128,
        Digest::Sha3_224 => 144,
        Digest::Sha3_256 | Digest::Shake256 => 136,
        Digest::Sha3_384 => 104,
        Digest::Sha3_512 => 72,
        Digest::Shake128 => 168,
    };
    let filled = |octets: &[u8]| -> Zeroizing<Vec<u8>> {
        let length = octets.len().next_multiple_of(block);
        Zeroizing::new(octets.iter().copied().cycle().take(length).collect())
    };
    let mut input = Zeroizing::new([filled(salt).as_slice(), &filled(password)].concat());
    let mut out = Zeroizing::new(Vec::with_capacity(size.saturating_add(digest.size())));
    loop {
        let hash: Zeroizing<Vec<u8>> = with_digest!(digest, D => {
            let first = D::new().chain_update(vec![id; block]).chain_update(&*input);
            let last = (1..iterations).fold(first.finalize(), |hash, _| D::digest(hash));
            Zeroizing::new(last.to_vec())
        }, else {
            let first = super::digest::digest(digest, &[vec![id; block].as_slice(), &input].concat());
            let again = |hash: Vec<u8>, _| super::digest::digest(digest, &hash);
            Zeroizing::new((1..iterations).fold(first, again))
        });
        out.extend_from_slice(&hash);
        if out.len() >= size {
            out.truncate(size);
            return Secret::new(std::mem::take(&mut *out));
        }
        // I_j = (I_j + B + 1) mod 2^v
        for part in input.chunks_mut(block) {
            let mut carry = 1_u16;
            let added: Zeroizing<Vec<u8>> =
                Zeroizing::new(hash.iter().copied().cycle().take(block).collect());
            for (octet, added) in part.iter_mut().rev().zip(added.iter().rev()) {
                let sum = u16::from(*octet) + u16::from(*added) + carry;
                let [high, low] = sum.to_be_bytes();
                *octet = low;
                carry = high.into();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]
    use super::*;
    use crate::crypto::wycheproof::{Outcome, accepted, octets, run};

    fn hex(text: &str) -> Vec<u8> {
        data_encoding::HEXLOWER_PERMISSIVE
            .decode(text.as_bytes())
            .unwrap()
    }

    #[test]
    fn pbkdf2_is_that_of_rfc_8018() {
        for (name, digest) in [
            ("pbkdf2_hmacsha1", Digest::Sha1),
            ("pbkdf2_hmacsha256", Digest::Sha256),
        ] {
            run(name, |_, test| {
                let iterations = test["iterationCount"].as_u64().unwrap();
                if cfg!(debug_assertions) && iterations > 10_000 {
                    return Outcome::LeftOut("many iterations: this is no release build");
                }
                let size = usize::try_from(test["dkLen"].as_u64().unwrap()).unwrap();
                let kdf = Kdf {
                    salt: octets(&test["salt"]),
                    iterations: u32::try_from(iterations).unwrap(),
                    key_length: None,
                    prf: digest,
                };
                let key = kdf.derive(&octets(&test["password"]), size).unwrap();
                accepted(key.expose() == octets(&test["dk"]))
            });
        }
    }

    #[test]
    fn pkcs12_derivation_is_that_of_other_implementations() {
        // the vectors of Bouncy Castle and OpenSSL: password "smeg" and "queeg"
        let derive = |id, password, salt: &str, iterations, size| {
            let password = &pkcs12_passwords(password)[0];
            pkcs12_kdf(Digest::Sha1, id, password, &hex(salt), iterations, size)
                .expose()
                .to_vec()
        };
        let key = derive(PURPOSE_KEY, "smeg", "0A58CF64530D823F", 1, 24);
        assert_eq!(key, hex("8AAAE6297B6CB04642AB5B077851284EB7128F1A2A7FBCA3"));
        let iv = derive(PURPOSE_IV, "smeg", "0A58CF64530D823F", 1, 8);
        assert_eq!(iv, hex("79993DFE048D3B76"));
        let key = derive(PURPOSE_KEY, "queeg", "05DEC959ACFF72F7", 1000, 24);
        assert_eq!(key, hex("ED2034E36328830FF09DF1E1A07DD357185DAC0D4F9EB3D4"));
        let mac = derive(PURPOSE_MAC, "queeg", "05DEC959ACFF72F7", 1000, 20);
        assert_eq!(mac.len(), 20);
    }

    #[test]
    fn passwords_are_bmp_strings() {
        let encoded = |text| {
            pkcs12_passwords(text)
                .iter()
                .map(|p| p.to_vec())
                .collect::<Vec<_>>()
        };
        assert_eq!(encoded("Be"), [vec![0, 0x42, 0, 0x65, 0, 0]]);
        assert_eq!(
            encoded("B\u{e9}"),
            [
                vec![0, 0x42, 0, 0xe9, 0, 0],
                vec![0, 0x42, 0, 0xc3, 0, 0xa9, 0, 0]
            ]
        );
        assert_eq!(encoded("\u{1f511}")[0], [0xd8, 0x3d, 0xdd, 0x11, 0, 0]);
        assert_eq!(encoded(""), [vec![0, 0], vec![]]);
    }

    #[test]
    fn counts_are_positive_and_capped() {
        for (content, limit) in [
            (&[1][..], 1),
            (&[8, 0], 2048),
            (&[0, 0xff, 0xff, 0xff, 0xff], u32::MAX),
        ] {
            assert_eq!(check_iterations(content, limit).unwrap(), limit);
        }
        for content in [&[][..], &[0], &[0xff], &[0x80, 0, 0]] {
            assert!(
                matches!(check_iterations(content, 9), Err(Error::Parameters { .. })),
                "{content:?}"
            );
        }
        for content in [&[10][..], &[0x7f; 4], &[0x7f; 30]] {
            assert!(
                matches!(
                    check_iterations(content, 9),
                    Err(Error::Limit { limit: 9, .. })
                ),
                "{content:?}"
            );
        }
    }
}
