//! AWS-LC by way of `aws-lc-rs`: RSA, the curves of NIST, AES-CBC and AES-GCM. Its keys are wiped when they are freed.
use super::{
    super::{
        Digest, Error, KeyTransport, Secret, algorithm::RSA_ENCRYPTION, parameters, public_key,
        rsa_scheme,
    },
    Block, InPlace,
};
use crate::asn1::{Tag, oid::Oid, write};
use aws_lc_rs::{
    aead, agreement, cipher, digest,
    rsa::{
        OAEP_SHA1_MGF1SHA1, OAEP_SHA256_MGF1SHA256, OAEP_SHA384_MGF1SHA384, OAEP_SHA512_MGF1SHA512,
        OaepAlgorithm, OaepPrivateDecryptingKey, OaepPublicEncryptingKey, Pkcs1PublicEncryptingKey,
        PrivateDecryptingKey, PublicEncryptingKey, PublicKeyComponents,
    },
    signature::{self, RsaKeyPair, RsaParameters, RsaSignatureEncoding},
};
use rsa::pkcs8::EncodePrivateKey;
use std::sync::OnceLock;
use zeroize::Zeroizing;

// ------------------------------------------------------------------------------------------------------------------------ RSA

/// An RSA key as AWS-LC holds it, made when it is first needed, for each of its two purposes; `None` inside if its size is not 2048 to 8192 bits.
#[derive(Default)]
pub(in crate::crypto) struct RsaKey {
    signing: OnceLock<Option<RsaKeyPair>>,
    decrypting: OnceLock<Option<OaepPrivateDecryptingKey>>,
}
impl RsaKey {
    /// Makes the key of what was read. The engine refuses one whose exponents and coefficient do not go with its primes; the crate makes them anew,
    /// which takes longer than a signature: only then.
    fn load<K>(numbers: &rsa_scheme::Numbers, load: impl Fn(&[u8]) -> Option<K>) -> Option<K> {
        load(private_key_info(numbers.der()).expose())
            .or_else(|| load(numbers.made().ok()?.to_pkcs8_der().ok()?.as_bytes()))
    }
    /// Signs a hash by RSASSA-PKCS1-v1_5.
    pub(in crate::crypto) fn sign_pkcs1(
        &self,
        numbers: &rsa_scheme::Numbers,
        kind: Digest,
        hash: &[u8],
    ) -> Option<Vec<u8>> {
        let encoding = match kind {
            Digest::Sha256 => &signature::RSA_PKCS1_SHA256,
            Digest::Sha384 => &signature::RSA_PKCS1_SHA384,
            Digest::Sha512 => &signature::RSA_PKCS1_SHA512,
            _ => return None,
        };
        self.sign(numbers, encoding, kind, hash)
    }
    /// Signs a hash by RSASSA-PSS.
    pub(in crate::crypto) fn sign_pss(
        &self,
        numbers: &rsa_scheme::Numbers,
        pss: parameters::Pss,
        hash: &[u8],
    ) -> Option<Vec<u8>> {
        let encoding = match of_one_digest(pss)? {
            Digest::Sha256 => &signature::RSA_PSS_SHA256,
            Digest::Sha384 => &signature::RSA_PSS_SHA384,
            Digest::Sha512 => &signature::RSA_PSS_SHA512,
            _ => return None,
        };
        self.sign(numbers, encoding, pss.digest, hash)
    }
    fn sign(
        &self,
        numbers: &rsa_scheme::Numbers,
        encoding: &'static RsaSignatureEncoding,
        kind: Digest,
        hash: &[u8],
    ) -> Option<Vec<u8>> {
        let load = || Self::load(numbers, |der| RsaKeyPair::from_pkcs8(der).ok());
        let pair = self.signing.get_or_init(load).as_ref()?;
        let mut signature = vec![0; pair.public_modulus_len()];
        let hash = imported(kind, hash)?;
        pair.sign_digest(encoding, &hash, &mut signature).ok()?;
        Some(signature)
    }
    /// Decrypts a content key sent by RSAES-OAEP; `Some(None)` if it is none. The choice of engine rests on the parameters and the size of the key.
    pub(in crate::crypto) fn decrypt_oaep(
        &self,
        numbers: &rsa_scheme::Numbers,
        (digest, mgf, label): (Digest, Digest, &[u8]),
        encrypted: &[u8],
    ) -> Option<Option<Secret>> {
        let algorithm = oaep(digest, mgf)?;
        let load = || {
            let key = Self::load(numbers, |der| PrivateDecryptingKey::from_pkcs8(der).ok());
            OaepPrivateDecryptingKey::new(key?).ok()
        };
        let key = self.decrypting.get_or_init(load).as_ref()?;
        let mut room = Zeroizing::new(vec![0; key.min_output_size()]);
        let message = key.decrypt(algorithm, encrypted, &mut room, Some(label));
        Some(message.ok().map(|message| Secret::new(message.to_vec())))
    }
}
/// Returns PrivateKeyInfo (RFC 5208 §5) around RSAPrivateKey.
fn private_key_info(der: &[u8]) -> Secret {
    let version = write::integer(0);
    let algorithm = parameters::encoded(&parameters::with_null(RSA_ENCRYPTION));
    // header and content apart: no copy of the key is left unwiped
    let key = write::header(Tag::OCTET_STRING, der.len());
    Secret::new(write::sequence(&[&version, &algorithm, &key, der]))
}
/// RSASSA-PKCS1-v1_5, of a DigestInfo whose parameters are NULL.
pub(in crate::crypto) fn verify_pkcs1(
    key: &rsa_scheme::PublicKey,
    kind: Digest,
    hash: &[u8],
    signature: &[u8],
) -> Option<bool> {
    let parameters = match kind {
        Digest::Sha1 => &signature::RSA_PKCS1_1024_8192_SHA1_FOR_LEGACY_USE_ONLY,
        Digest::Sha256 => &signature::RSA_PKCS1_1024_8192_SHA256_FOR_LEGACY_USE_ONLY,
        Digest::Sha384 => &signature::RSA_PKCS1_2048_8192_SHA384,
        Digest::Sha512 => &signature::RSA_PKCS1_1024_8192_SHA512_FOR_LEGACY_USE_ONLY,
        _ => return None,
    };
    verify_rsa(key, parameters, kind, hash, signature)
}
/// RSASSA-PSS with a salt as long as the digest and one digest for both purposes.
pub(in crate::crypto) fn verify_pss(
    key: &rsa_scheme::PublicKey,
    pss: parameters::Pss,
    hash: &[u8],
    signature: &[u8],
) -> Option<bool> {
    let parameters = match of_one_digest(pss)? {
        Digest::Sha256 => &signature::RSA_PSS_2048_8192_SHA256,
        Digest::Sha384 => &signature::RSA_PSS_2048_8192_SHA384,
        Digest::Sha512 => &signature::RSA_PSS_2048_8192_SHA512,
        _ => return None,
    };
    verify_rsa(key, parameters, pss.digest, hash, signature)
}
fn verify_rsa(
    key: &rsa_scheme::PublicKey,
    parameters: &'static RsaParameters,
    kind: Digest,
    hash: &[u8],
    signature: &[u8],
) -> Option<bool> {
    let bits = u32::try_from(key.bits()).ok()?;
    if !(parameters.min_modulus_len()..=parameters.max_modulus_len()).contains(&bits) {
        return None;
    }
    let hash = imported(kind, hash)?;
    let key = components(key)?.to_parsed_public_key(parameters).ok()?;
    Some(key.verify_digest_sig(&hash, signature).is_ok())
}
/// Encrypts a content key.
pub(in crate::crypto) fn encrypt_rsa(
    key: &rsa_scheme::PublicKey,
    algorithm: &KeyTransport,
    content_key: &Secret,
) -> Option<Vec<u8>> {
    let mut encrypted = vec![0; key.size()];
    let (key, message) = (components(key)?, content_key.expose());
    let key = || -> Option<PublicEncryptingKey> { key.try_into().ok() };
    let written = match algorithm {
        KeyTransport::RsaPkcs1 => Pkcs1PublicEncryptingKey::new(key()?)
            .and_then(|key| Ok(key.encrypt(message, &mut encrypted)?.len())),
        KeyTransport::RsaOaep { digest, mgf, label } => {
            let algorithm = oaep(*digest, *mgf)?;
            OaepPublicEncryptingKey::new(key()?).and_then(|key| {
                let written = key.encrypt(algorithm, message, &mut encrypted, Some(label))?;
                Ok(written.len())
            })
        }
    };
    (written.ok()? == encrypted.len()).then_some(encrypted)
}
/// Returns the numbers of a key.
fn components(key: &rsa_scheme::PublicKey) -> Option<PublicKeyComponents<&[u8]>> {
    let (n, e) = (key.modulus(), key.exponent());
    takes(e).map(|()| PublicKeyComponents { n, e })
}
/// Of exponents AWS-LC takes no more than 33 bits.
fn takes(exponent: &[u8]) -> Option<()> {
    (exponent.len() <= 4).then_some(())
}
/// Returns the digest of PSS if mask and salt are those that go with it.
fn of_one_digest(pss: parameters::Pss) -> Option<Digest> {
    (pss.mgf == pss.digest && pss.salt == pss.digest.size()).then_some(pss.digest)
}
fn oaep(digest: Digest, mgf: Digest) -> Option<&'static OaepAlgorithm> {
    match (digest, mgf) {
        (Digest::Sha1, Digest::Sha1) => Some(&OAEP_SHA1_MGF1SHA1),
        (Digest::Sha256, Digest::Sha256) => Some(&OAEP_SHA256_MGF1SHA256),
        (Digest::Sha384, Digest::Sha384) => Some(&OAEP_SHA384_MGF1SHA384),
        (Digest::Sha512, Digest::Sha512) => Some(&OAEP_SHA512_MGF1SHA512),
        _ => None,
    }
}
fn imported(kind: Digest, hash: &[u8]) -> Option<digest::Digest> {
    let algorithm = match kind {
        Digest::Sha1 => &digest::SHA1_FOR_LEGACY_USE_ONLY,
        Digest::Sha256 => &digest::SHA256,
        Digest::Sha384 => &digest::SHA384,
        Digest::Sha512 => &digest::SHA512,
        _ => return None,
    };
    digest::Digest::import_less_safe(hash, algorithm).ok()
}

// --------------------------------------------------------------------------------------------------------------------- curves

struct Curve {
    oid: Oid,
    digest: &'static digest::Algorithm,
    signing: &'static signature::EcdsaSigningAlgorithm,
    verifying: &'static signature::EcdsaVerificationAlgorithm,
    agreeing: &'static agreement::Algorithm,
}
static CURVES: [Curve; 3] = [
    Curve {
        oid: public_key::P256,
        digest: &digest::SHA256,
        signing: &signature::ECDSA_P256_SHA256_ASN1_SIGNING,
        verifying: &signature::ECDSA_P256_SHA256_ASN1,
        agreeing: &agreement::ECDH_P256,
    },
    Curve {
        oid: public_key::P384,
        digest: &digest::SHA384,
        signing: &signature::ECDSA_P384_SHA384_ASN1_SIGNING,
        verifying: &signature::ECDSA_P384_SHA384_ASN1,
        agreeing: &agreement::ECDH_P384,
    },
    Curve {
        oid: public_key::P521,
        digest: &digest::SHA512,
        signing: &signature::ECDSA_P521_SHA512_ASN1_SIGNING,
        verifying: &signature::ECDSA_P521_SHA512_ASN1,
        agreeing: &agreement::ECDH_P521,
    },
];
impl Curve {
    fn of(oid: &Oid) -> Option<&'static Self> {
        CURVES.iter().find(|curve| curve.oid == *oid)
    }
    /// ECDSA takes a hash as a number, of at most as many bits as the order has (FIPS 186-5 §6.4.1): whichever digest it is of, it is the same
    /// number in as many octets as the digest of this curve has, cut on the right or filled up with zeros on the left.
    fn number(&self, hash: &[u8]) -> Option<digest::Digest> {
        let size = self.digest.output_len();
        let hash = hash.get(..size).unwrap_or(hash);
        let zeros = vec![0; size.checked_sub(hash.len())?];
        digest::Digest::import_less_safe(&[&zeros, hash].concat(), self.digest).ok()
    }
}
/// A private key on a curve of NIST.
pub(in crate::crypto) struct EcKey {
    curve: &'static Curve,
    agreeing: agreement::PrivateKey,
    signing: OnceLock<Option<signature::EcdsaKeyPair>>,
}
impl EcKey {
    /// Takes a scalar in as many octets as the field has.
    pub(in crate::crypto) fn new(curve: &Oid, scalar: &[u8]) -> Option<Self> {
        let curve = Curve::of(curve)?;
        let agreeing = agreement::PrivateKey::from_private_key(curve.agreeing, scalar).ok()?;
        Some(Self {
            curve,
            agreeing,
            signing: OnceLock::new(),
        })
    }
    /// Returns the public half, uncompressed.
    pub(in crate::crypto) fn public_point(&self) -> Option<Vec<u8>> {
        let public = self.agreeing.compute_public_key().ok()?;
        Some(public.as_ref().to_vec())
    }
    /// Signs a hash; the signature is DER. Scalar and point are this key's, in case that it has not signed yet.
    pub(in crate::crypto) fn sign(
        &self,
        scalar: &[u8],
        point: &[u8],
        hash: &[u8],
    ) -> Option<Vec<u8>> {
        let load = || {
            let curve = self.curve.signing;
            signature::EcdsaKeyPair::from_private_key_and_public_key(curve, scalar, point).ok()
        };
        let pair = self.signing.get_or_init(load).as_ref()?;
        let signature = pair.sign_digest(&self.curve.number(hash)?).ok()?;
        Some(signature.as_ref().to_vec())
    }
    /// ECDH: the X coordinate of the product with a point of the same curve.
    pub(in crate::crypto) fn agree(&self, point: &[u8]) -> Option<Secret> {
        let peer = agreement::UnparsedPublicKey::new(self.curve.agreeing, point);
        let shared = |secret: &[u8]| Ok(Secret::new(secret.to_vec()));
        agreement::agree(&self.agreeing, peer, (), shared).ok()
    }
}
/// Returns whether a signature in strict DER holds.
pub(in crate::crypto) fn verify_ecdsa(
    curve: &Oid,
    point: &[u8],
    hash: &[u8],
    signature: &[u8],
) -> Option<bool> {
    let curve = Curve::of(curve)?;
    let key = signature::ParsedPublicKey::new(curve.verifying, point).ok()?;
    let holds = key.verify_digest_sig(&curve.number(hash)?, signature);
    Some(holds.is_ok())
}

// -------------------------------------------------------------------------------------------------------------------- ciphers

/// Encrypts whole blocks by AES-CBC, without padding.
pub(in crate::crypto) fn cbc_encryption(key: &Secret, iv: &[u8]) -> Option<InPlace> {
    /// It writes beside what it reads, so octets go by way of this many.
    const ROOM: usize = 4096;
    let algorithm = match key.expose().len() {
        16 => &cipher::AES_128,
        24 => &cipher::AES_192,
        _ => &cipher::AES_256,
    };
    let key = cipher::UnboundCipherKey::new(algorithm, key.expose()).ok()?;
    let iv = <[u8; 16]>::try_from(iv).ok()?;
    let context = cipher::EncryptionContext::Iv128(iv.into());
    // Its padding comes with `finish`, which is not called.
    let mut mode = cipher::StreamingEncryptingKey::less_safe_cbc_pkcs7(key, context).ok()?;
    let mut room = Zeroizing::new([0; ROOM]);
    Some(Box::new(move |octets| {
        for piece in octets.chunks_mut(ROOM) {
            let room = room.get_mut(..piece.len()).unwrap_or_default();
            room.copy_from_slice(piece);
            let written = mode.less_safe_update(room, piece);
            if !written.is_ok_and(|update| update.remainder().is_empty()) {
                return Err(Error::Key("it does not encrypt"));
            }
        }
        Ok(())
    }))
}

/// AES-GCM of octets in memory.
pub(in crate::crypto) struct Gcm(aead::LessSafeKey);
impl Gcm {
    pub(in crate::crypto) fn new(key: &Secret) -> Option<Self> {
        let algorithm = match key.expose().len() {
            16 => &aead::AES_128_GCM,
            24 => &aead::AES_192_GCM,
            _ => &aead::AES_256_GCM,
        };
        let key = aead::UnboundKey::new(algorithm, key.expose()).ok()?;
        Some(Self(aead::LessSafeKey::new(key)))
    }
    /// Encrypts in place and appends the tag.
    pub(in crate::crypto) fn seal(&self, nonce: &[u8; 12], buffer: &mut Vec<u8>) -> Option<()> {
        let nonce = aead::Nonce::assume_unique_for_key(*nonce);
        let sealed = self
            .0
            .seal_in_place_separate_tag(nonce, aead::Aad::empty(), buffer);
        buffer.extend_from_slice(sealed.ok()?.as_ref());
        Some(())
    }
    /// Decrypts in place and takes the tag off; if it is wrong nothing is left.
    pub(in crate::crypto) fn open(&self, nonce: &[u8; 12], buffer: &mut Vec<u8>) -> Option<bool> {
        let nonce = aead::Nonce::assume_unique_for_key(*nonce);
        let opened = self.0.open_in_place(nonce, aead::Aad::empty(), buffer);
        let size = opened.map(|plaintext| plaintext.len());
        buffer.truncate(size.unwrap_or(0));
        Some(size.is_ok())
    }
    /// Returns the tag of additional data alone: GMAC (NIST SP 800-38D §3).
    pub(in crate::crypto) fn mac(&self, nonce: &[u8; 12], data: &[u8]) -> Option<Block> {
        let nonce = aead::Nonce::assume_unique_for_key(*nonce);
        let data = aead::Aad::from(data);
        let tag = self.0.seal_in_place_separate_tag(nonce, data, &mut []);
        tag.ok()?.as_ref().try_into().ok()
    }
}

/// What it does is what RustCrypto does; the vectors of every primitive run through both besides, with the feature and without.
#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]
    use super::*;
    use crate::crypto::{CryptoRng, ec_key::EcKey as Pair, ecdsa_scheme, key_file::tests::block};
    use ecdsa::signature::hazmat::{PrehashVerifier, RandomizedPrehashSigner};
    use rand::SeedableRng;
    use rsa::{Oaep, Pkcs1v15Encrypt, Pkcs1v15Sign, PrivateKey, Pss, traits::PublicKeyParts};
    use rsa_scheme::Numbers;
    use sha2::{Sha256, Sha384, Sha512};

    fn rng() -> impl CryptoRng {
        rand_chacha::ChaCha20Rng::from_seed([8; 32])
    }
    fn rsa_key() -> (PrivateKey, Numbers, RsaKey) {
        let numbers = Numbers::read(&block("rsa-pkcs1").der).unwrap();
        (numbers.made().unwrap().clone(), numbers, RsaKey::default())
    }
    fn public(key: &PrivateKey) -> rsa_scheme::PublicKey {
        rsa_scheme::PublicKey::of(&key.n_bytes(), &key.e_bytes())
    }
    fn altered(octets: &[u8]) -> Vec<u8> {
        let mut altered = octets.to_vec();
        altered[octets.len() / 2] ^= 1;
        altered
    }

    #[test]
    fn rsa_signatures_are_those_of_the_crate() {
        let (key, numbers, engine) = rsa_key();
        let public = public(&key);
        macro_rules! both {
            ($($kind:ident $type:ty),*) => { $({
                let (kind, hash) = (Digest::$kind, crate::crypto::digest::digest(Digest::$kind, b"message"));
                // deterministic: the same octets
                let scheme = || Pkcs1v15Sign::new::<$type>();
                let theirs = key.sign(scheme(), &hash).unwrap();
                assert_eq!(engine.sign_pkcs1(&numbers, kind, &hash).unwrap(), theirs);
                assert_eq!(verify_pkcs1(&public, kind, &hash, &theirs), Some(true));
                assert_eq!(verify_pkcs1(&public, kind, &hash, &altered(&theirs)), Some(false));
                let pss = parameters::Pss { digest: kind, mgf: kind, salt: kind.size() };
                let ours = engine.sign_pss(&numbers, pss, &hash).unwrap();
                key.to_public_key().verify(Pss::<$type>::new(), &hash, &ours).unwrap();
                let theirs = key.sign_with_rng(&mut rng(), Pss::<$type>::new(), &hash).unwrap();
                assert_eq!(verify_pss(&public, pss, &hash, &theirs), Some(true));
                assert_eq!(verify_pss(&public, pss, &hash, &altered(&theirs)), Some(false));
                // other salts and masks are not its own
                for other in [
                    parameters::Pss { salt: 20, ..pss },
                    parameters::Pss { mgf: Digest::Sha1, ..pss },
                ] {
                    assert_eq!(verify_pss(&public, other, &hash, &theirs), None);
                    assert_eq!(engine.sign_pss(&numbers, other, &hash), None);
                }
            })* };
        }
        both!(Sha256 Sha256, Sha384 Sha384, Sha512 Sha512);
        assert_eq!(engine.sign_pkcs1(&numbers, Digest::Sha1, &[0; 20]), None);
        assert_eq!(
            verify_pkcs1(&public, Digest::Md5, &[0; 16], &[0; 256]),
            None
        );
    }

    #[test]
    fn an_rsa_key_is_taken_as_it_was_read_or_with_its_numbers_mended() {
        let der = block("rsa-pkcs1").der;
        let mut wrong = der.to_vec();
        // the coefficient, which comes last
        *wrong.last_mut().unwrap() ^= 1;
        let hash = [7; 32];
        let signatures = [der.as_slice(), &wrong].map(|der| {
            let (numbers, engine) = (Numbers::read(der).unwrap(), RsaKey::default());
            let key = numbers.made().unwrap();
            let signature = engine.sign_pkcs1(&numbers, Digest::Sha256, &hash).unwrap();
            let algorithm = KeyTransport::RsaOaep {
                digest: Digest::Sha256,
                mgf: Digest::Sha256,
                label: Vec::new(),
            };
            let secret = Secret::new(hash.to_vec());
            let encrypted = encrypt_rsa(&public(key), &algorithm, &secret).unwrap();
            let scheme = (Digest::Sha256, Digest::Sha256, &b""[..]);
            let opened = engine.decrypt_oaep(&numbers, scheme, &encrypted).unwrap();
            assert_eq!(opened.unwrap().expose(), hash);
            let taken = RsaKeyPair::from_pkcs8(private_key_info(der).expose()).is_ok();
            (signature, taken)
        });
        let [(signature, taken), (mended, mended_taken)] = signatures;
        assert_eq!(signature, mended);
        assert_eq!((taken, mended_taken), (true, false));
    }

    #[test]
    fn rsa_keys_of_other_sizes_are_left_to_the_crate() {
        let of = rsa_scheme::PublicKey::of;
        let public = public(&rsa_key().0);
        let (hash, modulus) = ([0; 32], public.modulus());
        let verify =
            |key: &rsa_scheme::PublicKey| verify_pkcs1(key, Digest::Sha256, &hash, &[1; 256]);
        assert_eq!(verify(&public), Some(false));
        // 1016 and 8200 bits at most, and an exponent of 34
        assert_eq!(verify(&of(&modulus[129..], &[3])), None);
        assert_eq!(
            verify(&of(&[&[0xff], modulus.repeat(4).as_slice()].concat(), &[3])),
            None
        );
        assert_eq!(verify(&of(modulus, &[3, 0, 0, 0, 1])), None);
        let sent = |key: &rsa_scheme::PublicKey| {
            encrypt_rsa(key, &KeyTransport::RsaPkcs1, &Secret::new(vec![7; 32])).is_some()
        };
        assert!(sent(&public) && !sent(&of(&modulus[1..], &[3])));
    }

    #[test]
    fn content_keys_cross_between_the_engines() {
        let (key, numbers, engine) = rsa_key();
        let (public, secret) = (public(&key), Secret::new(vec![7; 32]));
        let pkcs1 = encrypt_rsa(&public, &KeyTransport::RsaPkcs1, &secret).unwrap();
        assert_eq!(key.decrypt(Pkcs1v15Encrypt, &pkcs1).unwrap(), [7; 32]);
        for label in [&b""[..], b"label"] {
            let kind = Digest::Sha384;
            let algorithm = KeyTransport::RsaOaep {
                digest: kind,
                mgf: kind,
                label: label.to_vec(),
            };
            let scheme = || Oaep::<Sha384>::new_with_label(label);
            let ours = encrypt_rsa(&public, &algorithm, &secret).unwrap();
            assert_eq!(key.decrypt(scheme(), &ours).unwrap(), [7; 32]);
            let theirs = key.to_public_key();
            let theirs = theirs.encrypt(&mut rng(), scheme(), &[7; 32]).unwrap();
            let open = |label, encrypted: &[u8]| {
                let opened = engine
                    .decrypt_oaep(&numbers, (kind, kind, label), encrypted)
                    .unwrap();
                opened.map(|secret| secret.expose().to_vec())
            };
            assert_eq!(open(label, &theirs), Some(vec![7; 32]));
            assert_eq!(open(b"other", &theirs), None);
            assert_eq!(open(label, &altered(&theirs)), None);
            assert_eq!(open(label, &theirs[1..]), None);
            let mixed = engine.decrypt_oaep(&numbers, (kind, Digest::Sha1, label), &theirs);
            assert!(mixed.is_none());
        }
        let long = Secret::new(vec![7; 250]);
        assert!(encrypt_rsa(&public, &KeyTransport::RsaPkcs1, &long).is_none());
    }

    /// A hash of any length is the number that FIPS 186-5 makes of it.
    #[test]
    fn curves_are_those_of_the_crates() {
        macro_rules! both {
            ($($name:ident $size:literal),*) => { $({
                let scalar = elliptic_curve::SecretKey::<$name>::from_slice(&[0x01; $size]).unwrap();
                let pair = Pair::new(scalar.clone());
                let point = ecdsa_scheme::uncompressed(&scalar.public_key());
                assert_eq!(pair.public_point(), point);
                let oid = <$name as elliptic_curve::pkcs8::AssociatedOid>::OID;
                let engine = EcKey::new(&oid, &scalar.to_bytes()).unwrap();
                let signing = ecdsa::SigningKey::<$name>::from(&scalar);
                for size in [20, 28, 32, 48, 64] {
                    let mut hash = vec![0xe5; size];
                    hash[size - 1] = 0x5a;
                    let ours = engine.sign(&scalar.to_bytes(), &point, &hash).unwrap();
                    let signature = ecdsa::Signature::<$name>::from_der(&ours).unwrap();
                    signing.verifying_key().verify_prehash(&hash, &signature).unwrap();
                    let theirs: ecdsa::Signature<$name> = signing.sign_prehash_with_rng(&mut rng(), &hash).unwrap();
                    assert_eq!(verify_ecdsa(&oid, &point, &hash, theirs.to_der().as_bytes()), Some(true));
                    let other = [&[0xe4], &hash[1..]].concat();
                    assert_eq!(verify_ecdsa(&oid, &point, &hash, &ours), Some(true));
                    assert_eq!(verify_ecdsa(&oid, &point, &other, &ours), Some(false));
                    assert_eq!(verify_ecdsa(&oid, &point, &hash, &altered(&ours)), Some(false));
                    assert_eq!(verify_ecdsa(&oid, &point, &hash, &[ours.as_slice(), &[0]].concat()), Some(false));
                }
                let other = elliptic_curve::SecretKey::<$name>::from_slice(&[0x02; $size]).unwrap();
                let shared = elliptic_curve::ecdh::diffie_hellman(scalar.to_nonzero_scalar(), other.public_key().as_affine());
                let agreed = engine.agree(&ecdsa_scheme::uncompressed(&other.public_key())).unwrap();
                assert_eq!(agreed.expose(), shared.raw_secret_bytes().as_slice());
            })* };
        }
        use {p256::NistP256, p384::NistP384, p521::NistP521};
        both!(NistP256 32, NistP384 48, NistP521 65);
        assert!(EcKey::new(&public_key::BRAINPOOL_P256, &[1; 32]).is_none());
    }
}
