//! AWS-LC by way of `aws-lc-rs`: RSA, the curves of NIST, AES-CBC and AES-GCM. Its keys are wiped when they are freed.
use super::{
    super::{Digest, Error, KeyTransport, Secret, parameters, public_key, rsa_scheme},
    Block, InPlace,
};
use crate::asn1::oid::Oid;
use aws_lc_rs::{
    aead, agreement, cipher, digest,
    rsa::{
        OAEP_SHA1_MGF1SHA1, OAEP_SHA256_MGF1SHA256, OAEP_SHA384_MGF1SHA384, OAEP_SHA512_MGF1SHA512,
        OaepAlgorithm, OaepPrivateDecryptingKey, OaepPublicEncryptingKey, Pkcs1PublicEncryptingKey,
        PrivateDecryptingKey, PublicEncryptingKey, PublicKeyComponents,
    },
    signature::{self, RsaKeyPair, RsaParameters, RsaSignatureEncoding},
};
use rsa::{pkcs8::EncodePrivateKey, traits::PublicKeyParts};
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
    /// Signs a hash by RSASSA-PKCS1-v1_5.
    pub(in crate::crypto) fn sign_pkcs1(
        &self,
        key: &rsa::PrivateKey,
        kind: Digest,
        hash: &[u8],
    ) -> Option<Vec<u8>> {
        let encoding = match kind {
            Digest::Sha256 => &signature::RSA_PKCS1_SHA256,
            Digest::Sha384 => &signature::RSA_PKCS1_SHA384,
            Digest::Sha512 => &signature::RSA_PKCS1_SHA512,
            _ => return None,
        };
        self.sign(key, encoding, kind, hash)
    }
    /// Signs a hash by RSASSA-PSS.
    pub(in crate::crypto) fn sign_pss(
        &self,
        key: &rsa::PrivateKey,
        pss: parameters::Pss,
        hash: &[u8],
    ) -> Option<Vec<u8>> {
        let encoding = match of_one_digest(pss)? {
            Digest::Sha256 => &signature::RSA_PSS_SHA256,
            Digest::Sha384 => &signature::RSA_PSS_SHA384,
            Digest::Sha512 => &signature::RSA_PSS_SHA512,
            _ => return None,
        };
        self.sign(key, encoding, pss.digest, hash)
    }
    fn sign(
        &self,
        key: &rsa::PrivateKey,
        encoding: &'static RsaSignatureEncoding,
        kind: Digest,
        hash: &[u8],
    ) -> Option<Vec<u8>> {
        let load = || RsaKeyPair::from_pkcs8(key.to_pkcs8_der().ok()?.as_bytes()).ok();
        let pair = self.signing.get_or_init(load).as_ref()?;
        let mut signature = vec![0; pair.public_modulus_len()];
        let hash = imported(kind, hash)?;
        pair.sign_digest(encoding, &hash, &mut signature).ok()?;
        Some(signature)
    }
    /// Decrypts a content key sent by RSAES-OAEP; `Some(None)` if it is none. The choice of engine rests on the parameters and the size of the key.
    pub(in crate::crypto) fn decrypt_oaep(
        &self,
        key: &rsa::PrivateKey,
        (digest, mgf, label): (Digest, Digest, &[u8]),
        encrypted: &[u8],
    ) -> Option<Option<Secret>> {
        let algorithm = oaep(digest, mgf)?;
        let load = || {
            let der = key.to_pkcs8_der().ok()?;
            OaepPrivateDecryptingKey::new(PrivateDecryptingKey::from_pkcs8(der.as_bytes()).ok()?)
                .ok()
        };
        let key = self.decrypting.get_or_init(load).as_ref()?;
        let mut room = Zeroizing::new(vec![0; key.min_output_size()]);
        let message = key.decrypt(algorithm, encrypted, &mut room, Some(label));
        Some(message.ok().map(|message| Secret::new(message.to_vec())))
    }
}
/// RSASSA-PKCS1-v1_5, of a DigestInfo whose parameters are NULL.
pub(in crate::crypto) fn verify_pkcs1(
    key: &rsa::PublicKey,
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
    key: &rsa::PublicKey,
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
    key: &rsa::PublicKey,
    parameters: &'static RsaParameters,
    kind: Digest,
    hash: &[u8],
    signature: &[u8],
) -> Option<bool> {
    let bits = u32::try_from(rsa_scheme::bits(key)).ok()?;
    if !(parameters.min_modulus_len()..=parameters.max_modulus_len()).contains(&bits) {
        return None;
    }
    let hash = imported(kind, hash)?;
    // An exponent of more than 33 bits is no key there.
    let key = components(key).to_parsed_public_key(parameters).ok()?;
    Some(key.verify_digest_sig(&hash, signature).is_ok())
}
/// Encrypts a content key.
pub(in crate::crypto) fn encrypt_rsa(
    key: &rsa::PublicKey,
    algorithm: &KeyTransport,
    content_key: &Secret,
) -> Option<Vec<u8>> {
    let mut encrypted = vec![0; key.size()];
    let (key, message) = (components(key), content_key.expose());
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
fn components(key: &rsa::PublicKey) -> PublicKeyComponents<Box<[u8]>> {
    PublicKeyComponents {
        n: key.n_bytes(),
        e: key.e_bytes(),
    }
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
