//! Private keys as files hold them: PKCS#8 (plain, PBES2), PKCS#1, SEC1, in PEM or DER (RFC 5958, 8017, 5915), and the encrypted PEM of old OpenSSL.
//!
//! Opens no file: octets come from `store::files`.
use super::{
    ContentCipher, Digest, Error, Hasher, Result, Secret, SoftwareKey, content, parameters,
    password,
};
use crate::{
    asn1::{Tag, cursor::Cursor, pem},
    encoding::hex,
};
use zeroize::Zeroizing;

/// Parses one private key from DER of any of these forms. `password` opens encrypted ones.
pub fn from_der(der: &[u8], password: Option<&str>, max_iterations: u32) -> Result<SoftwareKey> {
    match Form::of(der)? {
        Form::Pkcs1 => SoftwareKey::from_pkcs1(der),
        Form::Pkcs8 => SoftwareKey::from_pkcs8(der),
        Form::Sec1 => SoftwareKey::from_sec1(der, None),
        Form::Encrypted => from_encrypted(der, password, max_iterations),
    }
}
/// Parses the private key of a PEM block (`PRIVATE KEY`, `ENCRYPTED PRIVATE KEY`, `RSA PRIVATE KEY`, `EC PRIVATE KEY`); `None` for other labels.
pub fn from_pem(
    block: &pem::Block,
    password: Option<&str>,
    max_iterations: u32,
) -> Option<Result<SoftwareKey>> {
    let is_key = matches!(
        block.label.as_str(),
        "PRIVATE KEY" | "ENCRYPTED PRIVATE KEY" | "RSA PRIVATE KEY" | "EC PRIVATE KEY"
    );
    if !is_key {
        return None;
    }
    let header = |name: &str| {
        let found = block
            .headers
            .iter()
            .find(|(n, _)| n.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    };
    let encrypted = header("Proc-Type").is_some_and(|value| value.ends_with("ENCRYPTED"));
    if !encrypted {
        // The label is not asked for the form: there are PKCS#1 keys under `PRIVATE KEY`.
        return Some(from_der(&block.der, password, max_iterations));
    }
    let Some(password) = password else {
        return Some(Err(Error::PasswordNeeded));
    };
    let der = decrypt_traditional(&block.der, header("DEK-Info"), password);
    Some(der.and_then(|der| match Form::of(der.expose()) {
        Ok(Form::Pkcs1 | Form::Pkcs8 | Form::Sec1) => from_der(der.expose(), None, 0),
        // One wrong password in 256 leaves good padding, but no key.
        Ok(Form::Encrypted) | Err(_) => Err(Error::Password),
    }))
}
/// Opens EncryptedPrivateKeyInfo (RFC 5958 §3): `SEQUENCE { encryptionAlgorithm AlgorithmIdentifier, encryptedData OCTET STRING }`.
pub fn from_encrypted(
    der: &[u8],
    password: Option<&str>,
    max_iterations: u32,
) -> Result<SoftwareKey> {
    const MALFORMED: Error = Error::Key("a malformed EncryptedPrivateKeyInfo");
    let mut fields = parameters::sole_sequence(der).ok_or(MALFORMED)?;
    let algorithm = fields.expect(Tag::SEQUENCE).map_err(|_| MALFORMED)?;
    let encrypted = fields.expect(Tag::OCTET_STRING).map_err(|_| MALFORMED)?;
    fields.finish().map_err(|_| MALFORMED)?;
    let algorithm = parameters::algorithm_identifier(algorithm.raw).ok_or(MALFORMED)?;
    let password = password.ok_or(Error::PasswordNeeded)?;
    let der = password::decrypt(&algorithm, password, encrypted.content, max_iterations)?;
    match Form::of(der.expose()) {
        Ok(Form::Pkcs8) => SoftwareKey::from_pkcs8(der.expose()),
        Ok(_) | Err(_) => Err(Error::Password),
    }
}

/// What a SEQUENCE of a private key is, seen from the tags of its first values.
enum Form {
    Pkcs1,
    Pkcs8,
    Sec1,
    Encrypted,
}
impl Form {
    fn of(der: &[u8]) -> Result<Self> {
        const NO_KEY: Error = Error::Key("it has none of the forms of a private key");
        let mut fields = parameters::sole_sequence(der).ok_or(NO_KEY)?;
        let tag = |fields: &mut Cursor<'_>| fields.any().map(|value| value.tag).ok();
        let first = tag(&mut fields);
        match (first, tag(&mut fields)) {
            (Some(Tag::INTEGER), Some(Tag::INTEGER)) => Ok(Self::Pkcs1),
            (Some(Tag::INTEGER), Some(Tag::SEQUENCE)) => Ok(Self::Pkcs8),
            (Some(Tag::INTEGER), Some(Tag::OCTET_STRING)) => Ok(Self::Sec1),
            (Some(Tag::SEQUENCE), Some(Tag::OCTET_STRING)) => Ok(Self::Encrypted),
            _ => Err(NO_KEY),
        }
    }
}

/// Opens the encryption that OpenSSL before 1.0 wrote: RFC 1421 §4.6.1.3 headers, `DEK-Info: AES-256-CBC,IV`, a key of one MD5 iteration.
fn decrypt_traditional(octets: &[u8], dek: Option<&str>, password: &str) -> Result<Secret> {
    let malformed = || Error::Parameters {
        algorithm: "DEK-Info",
        what: "they are malformed",
    };
    let (name, iv) = dek
        .and_then(|dek| dek.split_once(','))
        .ok_or_else(malformed)?;
    let cipher = match name.trim().to_ascii_uppercase().as_str() {
        "AES-128-CBC" => ContentCipher::Aes128Cbc,
        "AES-192-CBC" => ContentCipher::Aes192Cbc,
        "AES-256-CBC" => ContentCipher::Aes256Cbc,
        "DES-EDE3-CBC" => ContentCipher::TripleDesCbc,
        _ => return Err(Error::Unsupported(name.trim().to_owned())),
    };
    let iv = hex::decode(iv.trim()).ok_or_else(malformed)?;
    let salt = iv.get(..8).ok_or_else(malformed)?;
    if iv.len() != cipher.iv_size() {
        return Err(malformed());
    }
    let key = bytes_to_key(password, salt, cipher.key_size());
    content::decrypt(cipher, &key, &iv, octets).map_err(|_| Error::Password)
}
/// EVP_BytesToKey of OpenSSL with MD5 and one iteration: D_i = MD5(D_(i-1) || password || salt).
fn bytes_to_key(password: &str, salt: &[u8], size: usize) -> Secret {
    let mut key = Zeroizing::new(Vec::with_capacity(size.saturating_add(16)));
    let mut last = Zeroizing::new(Vec::new());
    while key.len() < size {
        let mut hasher = Hasher::new(Digest::Md5);
        hasher.update(&last);
        hasher.update(password.as_bytes());
        hasher.update(salt);
        last = Zeroizing::new(hasher.finish());
        key.extend_from_slice(&last);
    }
    key.truncate(size);
    Secret::new(std::mem::take(&mut *key))
}
