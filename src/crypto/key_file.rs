//! Private keys as files hold them: PKCS#8 (plain, PBES2), PKCS#1, SEC1, in PEM or DER (RFC 5958, 8017, 5915), and the encrypted PEM of old OpenSSL.
//!
//! Opens no file: octets come from `store::files`.
use super::{
    ContentCipher, Digest, Error, Hasher, Result, Secret, SoftwareKey, content, parameters,
    password::{self, Cost},
};
use crate::{
    asn1::{Tag, cursor::Cursor, pem},
    encoding::hex,
};
use zeroize::Zeroizing;

/// Parses one private key from DER of any of these forms. `password` opens encrypted ones.
pub fn from_der(der: &[u8], password: Option<&str>, max: Cost) -> Result<SoftwareKey> {
    match Form::of(der)? {
        Form::Pkcs1 => SoftwareKey::from_pkcs1(der),
        Form::Pkcs8 => SoftwareKey::from_pkcs8(der),
        Form::Sec1 => SoftwareKey::from_sec1(der, None),
        Form::Encrypted => from_encrypted(der, password, max),
    }
}
/// Parses the private key of a PEM block (`PRIVATE KEY`, `ENCRYPTED PRIVATE KEY`, `RSA PRIVATE KEY`, `EC PRIVATE KEY`); `None` for other labels.
pub fn from_pem(
    block: &pem::Block,
    password: Option<&str>,
    max: Cost,
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
        return Some(from_der(&block.der, password, max));
    }
    let Some(password) = password else {
        return Some(Err(Error::PasswordNeeded));
    };
    let der = decrypt_traditional(&block.der, header("DEK-Info"), password);
    Some(der.and_then(|der| match Form::of(der.expose()) {
        Ok(Form::Pkcs1 | Form::Pkcs8 | Form::Sec1) => from_der(der.expose(), None, max),
        // One wrong password in 256 leaves good padding, but no key.
        Ok(Form::Encrypted) | Err(_) => Err(Error::Password),
    }))
}
/// Opens EncryptedPrivateKeyInfo (RFC 5958 §3): `SEQUENCE { encryptionAlgorithm AlgorithmIdentifier, encryptedData OCTET STRING }`.
pub fn from_encrypted(der: &[u8], password: Option<&str>, max: Cost) -> Result<SoftwareKey> {
    const MALFORMED: Error = Error::Key("a malformed EncryptedPrivateKeyInfo");
    let mut fields = parameters::sole_sequence(der).ok_or(MALFORMED)?;
    let algorithm = fields.expect(Tag::SEQUENCE).map_err(|_| MALFORMED)?;
    let encrypted = fields.expect(Tag::OCTET_STRING).map_err(|_| MALFORMED)?;
    fields.finish().map_err(|_| MALFORMED)?;
    let algorithm = parameters::algorithm_identifier(algorithm.raw).ok_or(MALFORMED)?;
    let password = password.ok_or(Error::PasswordNeeded)?;
    let der = password::decrypt(&algorithm, password, encrypted.content, max)?;
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

#[cfg(test)]
pub(super) mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]
    use super::*;
    use crate::crypto::{PrivateKey, public_key::KeyKind};
    use proptest::prelude::*;

    const fn cost(iterations: u32) -> Cost {
        Cost {
            iterations,
            memory: 64 << 20,
        }
    }

    /// Returns a key of `fixtures/keys.pem`, which OpenSSL 3.0 wrote (the password is `secret`), or of `fixtures/signature-keys.pem`.
    pub(in super::super) fn block(name: &str) -> pem::Block {
        let all = include_str!("fixtures/keys.pem");
        let more = include_str!("fixtures/signature-keys.pem");
        let heading = format!("# {name}\n");
        let found = all
            .split_once(&heading)
            .or_else(|| more.split_once(&heading));
        pem::blocks(found.unwrap().1.as_bytes()).unwrap().remove(0)
    }
    /// Returns the signature that OpenSSL made with the key of this name over `message` (`fixtures/signatures.pem`).
    pub(in super::super) fn signature(name: &str) -> Vec<u8> {
        let all = include_str!("fixtures/signatures.pem");
        let (_, text) = all.split_once(&format!("# {name}\n")).unwrap();
        pem::blocks(text.as_bytes()).unwrap().remove(0).der.to_vec()
    }
    pub(in super::super) fn key(name: &str) -> SoftwareKey {
        from_pem(&block(name), None, cost(0)).unwrap().unwrap()
    }
    fn same(name: &str, other: &str) -> bool {
        let opened = from_pem(&block(other), Some("secret"), cost(200_000))
            .unwrap()
            .unwrap();
        opened.public_key().spki() == key(name).public_key().spki()
    }

    #[test]
    fn every_form_of_every_kind_is_read() {
        let kinds = [
            (
                "rsa",
                KeyKind::Rsa {
                    bits: 2048,
                    restricted_to_pss: false,
                },
            ),
            (
                "rsa-pss",
                KeyKind::Rsa {
                    bits: 1024,
                    restricted_to_pss: true,
                },
            ),
            ("p256", KeyKind::P256),
            ("p384", KeyKind::P384),
            ("p521", KeyKind::P521),
            ("brainpool-p256", KeyKind::BrainpoolP256),
            ("brainpool-p384", KeyKind::BrainpoolP384),
            ("brainpool-p512", KeyKind::BrainpoolP512),
            ("ed25519", KeyKind::Ed25519),
            ("x25519", KeyKind::X25519),
        ];
        for (name, kind) in kinds {
            assert_eq!(key(name).public_key().kind(), kind);
        }
        assert!(same("rsa", "rsa-pkcs1"));
        assert!(same("p256", "p256-sec1"));
        assert!(same("p256", "p256-sec1-without-public"));
        assert!(same("p256", "p256-explicit"));
        assert!(same("p384", "p384-explicit"));
        assert!(same("p521", "p521-explicit"));
    }

    const ENCRYPTED: [&str; 20] = [
        "scrypt",
        "PBE-MD5-DES",
        "PBE-MD5-RC2-64",
        "PBE-SHA1-DES",
        "PBE-SHA1-RC2-64",
        "traditional-aes128",
        "traditional-aes192",
        "traditional-aes256",
        "traditional-des3",
        "pbes2-hmacWithSHA1",
        "pbes2-hmacWithSHA224",
        "pbes2-hmacWithSHA256",
        "pbes2-hmacWithSHA384",
        "pbes2-hmacWithSHA512",
        "pbes2-aes128",
        "pbes2-des3",
        "PBE-SHA1-3DES",
        "PBE-SHA1-2DES",
        "PBE-SHA1-RC2-40",
        "PBE-SHA1-RC2-128",
    ];
    #[test]
    fn every_encryption_is_opened_by_its_password_only() {
        for name in ENCRYPTED.map(|name| format!("p256-{name}")) {
            assert!(same("p256", &name), "{name}");
            let wrong = from_pem(&block(&name), Some("secreT"), cost(200_000)).unwrap();
            assert!(matches!(wrong, Err(Error::Password)), "{name}");
            let none = from_pem(&block(&name), None, cost(200_000)).unwrap();
            assert!(matches!(none, Err(Error::PasswordNeeded)), "{name}");
        }
        let empty = from_pem(&block("p256-PBE-empty"), Some(""), cost(200_000)).unwrap();
        assert_eq!(empty.unwrap().public_key().kind(), KeyKind::P256);
    }

    #[test]
    fn cost_is_capped_before_it_is_paid() {
        for (name, count) in [("pbes2-hmacWithSHA256", 2048), ("PBE-SHA1-3DES", 2048)] {
            let block = block(&format!("p256-{name}"));
            assert!(
                from_pem(&block, Some("secret"), cost(count))
                    .unwrap()
                    .is_ok()
            );
            match from_pem(&block, Some("secret"), cost(count - 1)).unwrap() {
                Err(Error::Limit { found, limit, .. }) => assert_eq!((found, limit), (2048, 2047)),
                other => panic!("{other:?}"),
            }
        }
    }

    #[test]
    fn what_cannot_be_used_is_said_so() {
        let open = |block: &pem::Block| from_pem(block, Some("secret"), cost(200_000));
        assert!(matches!(
            open(&block("secp256k1-explicit")),
            Some(Err(Error::Parameters { .. }))
        ));
        let unsupported = open(&block("p256-PBE-SHA1-RC4-128"));
        assert!(matches!(unsupported, Some(Err(Error::Unsupported(_)))));
        let mut other = block("p256");
        other.label = "CERTIFICATE".to_owned();
        assert!(open(&other).is_none());
        let mut unknown = block("p256-traditional-des3");
        for dek in [
            "DES-CBC,0011223344556677",
            "AES-128-CBC",
            "AES-128-CBC,00",
            "AES-128-CBC,xy",
        ] {
            unknown.headers[1].1 = dek.to_owned();
            assert!(matches!(
                open(&unknown),
                Some(Err(Error::Unsupported(_) | Error::Parameters { .. }))
            ));
        }
        assert!(from_der(b"", None, cost(0)).is_err());
    }

    #[test]
    fn a_key_beside_another_public_key_is_refused() {
        // the public half of P-256 stands at the end of the DER
        let mut altered = block("p256").der;
        let last = altered.len() - 1;
        altered[last] ^= 1;
        assert!(matches!(
            from_der(&altered, None, cost(0)),
            Err(Error::Key(_))
        ));
        // a prime of RSA
        let mut altered = block("rsa-pkcs1").der;
        altered[700] ^= 2;
        assert!(matches!(
            from_der(&altered, None, cost(0)),
            Err(Error::Key(_))
        ));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(16))]
        #[test]
        fn any_change_is_read_or_refused(at in 0_usize..2000, octet in any::<u8>()) {
            for name in ["p256", "p256-sec1", "ed25519", "p256-PBE-SHA1-3DES", "p256-pbes2-aes128"] {
                let mut block = block(name);
                let at = at % block.der.len();
                block.der[at] = octet;
                let _ = from_pem(&block, Some("secret"), cost(2048));
                block.der.truncate(at);
                let _ = from_pem(&block, Some("secret"), cost(2048));
            }
        }
    }
}
