//! PKCS#12 files (RFC 7292) as OpenSSL, Windows and others write them, in BER or DER, protected by a password.
//!
//! The MAC is checked before anything is decrypted, and all iterations of a file together stay under one limit.
//! Certificates are handed on unread. Files protected by signatures and public keys (RFC 7292 §4) are not read: nothing writes them.
use crate::{
    asn1::{Tag, cursor::Cursor, normal, oid::Oid},
    crypto::{
        self, Digest, Secret, SoftwareKey, key_file,
        password::{self, Cost},
    },
    policy::Limits,
};
use der::Decode;
use spki::AlgorithmIdentifierOwned;
use std::borrow::Cow;

const DATA: Oid = Oid::new_unwrap("1.2.840.113549.1.7.1");
const ENCRYPTED_DATA: Oid = Oid::new_unwrap("1.2.840.113549.1.7.6");
const KEY_BAG: Oid = Oid::new_unwrap("1.2.840.113549.1.12.10.1.1");
const SHROUDED_KEY_BAG: Oid = Oid::new_unwrap("1.2.840.113549.1.12.10.1.2");
const CERT_BAG: Oid = Oid::new_unwrap("1.2.840.113549.1.12.10.1.3");
const SAFE_CONTENTS_BAG: Oid = Oid::new_unwrap("1.2.840.113549.1.12.10.1.6");
const X509_CERTIFICATE: Oid = Oid::new_unwrap("1.2.840.113549.1.9.22.1");

/// More bags than the largest bundles of CA certificates.
const MAX_BAGS: u32 = 1000;
/// SafeContents inside SafeContents; none was ever seen.
const MAX_NESTING: u32 = 8;

/// What a PKCS#12 file holds, in the order of the file.
#[derive(Debug, Default)]
pub struct Contents {
    /// private keys
    pub keys: Vec<SoftwareKey>,
    /// certificates, DER as found (not parsed here)
    pub certificates: Vec<Vec<u8>>,
}
/// Why a PKCS#12 file cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The file is malformed, or damaged after its MAC was checked.
    #[error("not a valid PKCS#12 file: {0}")]
    Malformed(&'static str),
    /// The MAC does not match: the password is wrong.
    #[error("the password does not open the file")]
    WrongPassword,
    /// A key in it cannot be used, an algorithm is unknown or a cost above its limit.
    #[error(transparent)]
    Crypto(#[from] crypto::Error),
}
/// Returns whether `octets` begin as a PKCS#12 file in BER or DER does: SEQUENCE, version 3, contentInfo. Cheap, and says nothing about the rest.
pub fn looks_like_pkcs12(octets: &[u8]) -> bool {
    let ([0x30, ..=0x80, content @ ..]
    | [0x30, 0x81, _, content @ ..]
    | [0x30, 0x82, _, _, content @ ..]
    | [0x30, 0x83, _, _, _, content @ ..]
    | [0x30, 0x84, _, _, _, _, content @ ..]) = octets
    else {
        return false;
    };
    content.starts_with(&[0x02, 0x01, 0x03, 0x30])
}
/// Opens a PKCS#12 file, BER or DER, of at most `limits.key_file_bytes` (the caller's care); costs are capped by `limits.key_iterations`.
/// `None` for `password` tries the two encodings of no password; a file that needs one is then `Error::WrongPassword`.
pub fn open(octets: &[u8], password: Option<&str>, limits: &Limits) -> Result<Contents, Error> {
    const NO_PFX: Error = Error::Malformed("it is no PFX of version 3");
    let der = normal::to_der(octets, limits.asn1_depth).map_err(|_| NO_PFX)?;
    // PFX (§4): SEQUENCE { version 3, authSafe ContentInfo, macData OPTIONAL }
    let mut fields = sequence(&der, NO_PFX)?;
    let version = fields.expect(Tag::INTEGER).map_err(|_| NO_PFX)?;
    let safe = fields.enter(Tag::SEQUENCE).map_err(|_| NO_PFX)?;
    let mac = fields.optional(Tag::SEQUENCE).map_err(|_| NO_PFX)?;
    fields.finish().map_err(|_| NO_PFX)?;
    if version.content != [3] {
        return Err(NO_PFX);
    }
    let Some(content) = data(safe)? else {
        return Err(Error::Malformed(
            "it is protected by a signature, not by a password",
        ));
    };
    let mut reader = Reader {
        password: password.unwrap_or(""),
        limits,
        iterations: limits.key_iterations,
        bags: MAX_BAGS,
        authentic: false,
        contents: Contents::default(),
    };
    if let Some(mac) = mac {
        reader.check_mac(Cursor::new(mac.content, mac.offset), content)?;
    }
    reader.authenticated_safe(content)?;
    Ok(reader.contents)
}

struct Reader<'a> {
    password: &'a str,
    limits: &'a Limits,
    /// how many iterations may still be spent
    iterations: u32,
    /// how many bags may still come
    bags: u32,
    authentic: bool,
    contents: Contents,
}
impl Reader<'_> {
    /// MacData (§4): `SEQUENCE { mac DigestInfo, macSalt OCTET STRING, iterations INTEGER DEFAULT 1 }`.
    fn check_mac(&mut self, mut fields: Cursor<'_>, content: &[u8]) -> Result<(), Error> {
        const MALFORMED: Error = Error::Malformed("malformed MacData");
        let mut info = fields.enter(Tag::SEQUENCE).map_err(|_| MALFORMED)?;
        let algorithm = info.expect(Tag::SEQUENCE).map_err(|_| MALFORMED)?;
        let mac = info.expect(Tag::OCTET_STRING).map_err(|_| MALFORMED)?;
        info.finish().map_err(|_| MALFORMED)?;
        let salt = fields.expect(Tag::OCTET_STRING).map_err(|_| MALFORMED)?;
        let iterations = fields.optional(Tag::INTEGER).map_err(|_| MALFORMED)?;
        fields.finish().map_err(|_| MALFORMED)?;
        let algorithm = AlgorithmIdentifierOwned::from_der(algorithm.raw).map_err(|_| MALFORMED)?;
        let modern = password::pbmac1_matches(
            &algorithm,
            self.password,
            content,
            mac.content,
            self.iterations,
        );
        let matches = match modern {
            Some(matches) => {
                let matches = matches?;
                self.spend(password::iterations(&algorithm, self.left())?);
                matches
            }
            None => {
                let digest = Digest::from_identifier(&algorithm)?;
                let count = match iterations {
                    None => 1,
                    Some(count) => password::check_iterations(count.content, self.iterations)?,
                };
                self.spend(count);
                let password = self.password;
                password::pkcs12_mac_matches(
                    digest,
                    password,
                    salt.content,
                    count,
                    content,
                    mac.content,
                )?
            }
        };
        self.authentic = matches;
        matches.then_some(()).ok_or(Error::WrongPassword)
    }
    /// What may still be spent.
    fn left(&self) -> Cost {
        Cost {
            iterations: self.iterations,
            ..self.limits.key_cost()
        }
    }
    fn spend(&mut self, iterations: u32) {
        self.iterations = self.iterations.saturating_sub(iterations);
    }
    /// AuthenticatedSafe (§4.1): SEQUENCE OF ContentInfo.
    fn authenticated_safe(&mut self, octets: &[u8]) -> Result<(), Error> {
        const MALFORMED: Error = Error::Malformed("malformed AuthenticatedSafe");
        let der = self.normal(octets, MALFORMED)?;
        let mut infos = sequence(&der, MALFORMED)?;
        while !infos.is_empty() {
            let info = infos.enter(Tag::SEQUENCE).map_err(|_| MALFORMED)?;
            self.count_bag()?;
            match data(info.clone())? {
                Some(content) => self.safe_contents(content, MAX_NESTING)?,
                None => {
                    let content = self.encrypted_data(info)?;
                    self.safe_contents(content.expose(), MAX_NESTING)?;
                }
            }
        }
        Ok(())
    }
    /// EncryptedData (RFC 5652 §8): `SEQUENCE { version, SEQUENCE { contentType, contentEncryptionAlgorithm, encryptedContent [0] IMPLICIT }, … }`.
    fn encrypted_data(&mut self, mut info: Cursor<'_>) -> Result<Secret, Error> {
        const MALFORMED: Error = Error::Malformed("malformed EncryptedData");
        let kind = oid(&mut info).ok_or(MALFORMED)?;
        if kind != ENCRYPTED_DATA {
            return Err(Error::Malformed(
                "a part of it is neither plain nor encrypted with a password",
            ));
        }
        let mut content = info.enter(Tag::context(0)).map_err(|_| MALFORMED)?;
        let mut fields = content.enter(Tag::SEQUENCE).map_err(|_| MALFORMED)?;
        fields.expect(Tag::INTEGER).map_err(|_| MALFORMED)?;
        let mut fields = fields.enter(Tag::SEQUENCE).map_err(|_| MALFORMED)?;
        fields.expect(Tag::OID).map_err(|_| MALFORMED)?;
        let algorithm = fields.expect(Tag::SEQUENCE).map_err(|_| MALFORMED)?;
        let algorithm = AlgorithmIdentifierOwned::from_der(algorithm.raw).map_err(|_| MALFORMED)?;
        let octets = fields.any().map_err(|_| MALFORMED)?;
        if octets.tag.primitive() != Tag::context_primitive(0) {
            return Err(MALFORMED);
        }
        let octets = normal::octets(&octets).map_err(|_| MALFORMED)?;
        self.may_decrypt()?;
        self.spend(password::iterations(&algorithm, self.left())?);
        password::decrypt(&algorithm, self.password, &octets, self.limits.key_cost())
            .map_err(after_mac)
    }
    /// SafeContents (§4.2): `SEQUENCE OF SEQUENCE { bagId, bagValue [0] EXPLICIT, bagAttributes SET OPTIONAL }`.
    fn safe_contents(&mut self, octets: &[u8], nesting: u32) -> Result<(), Error> {
        const MALFORMED: Error = Error::Malformed("malformed SafeContents");
        let nesting = nesting
            .checked_sub(1)
            .ok_or(Error::Malformed("its contents are nested too deep"))?;
        // keys may lie open in it
        let der = Secret::new(self.normal(octets, MALFORMED)?.into_owned());
        let mut bags = sequence(der.expose(), MALFORMED)?;
        while !bags.is_empty() {
            self.count_bag()?;
            let mut bag = bags.enter(Tag::SEQUENCE).map_err(|_| MALFORMED)?;
            let kind = oid(&mut bag).ok_or(MALFORMED)?;
            let value = bag.expect(Tag::context(0)).map_err(|_| MALFORMED)?;
            bag.optional(Tag::SET).map_err(|_| MALFORMED)?;
            bag.finish().map_err(|_| MALFORMED)?;
            match kind {
                KEY_BAG => self
                    .contents
                    .keys
                    .push(SoftwareKey::from_pkcs8(value.content)?),
                SHROUDED_KEY_BAG => self.shrouded_key(value.content)?,
                CERT_BAG => self.certificate(value.content)?,
                SAFE_CONTENTS_BAG => self.safe_contents(value.content, nesting)?,
                // CRLs, secrets and what others may have invented
                _ => {}
            }
        }
        Ok(())
    }
    fn shrouded_key(&mut self, der: &[u8]) -> Result<(), Error> {
        const MALFORMED: Error = Error::Malformed("a malformed encrypted key");
        self.may_decrypt()?;
        let algorithm = sequence(der, MALFORMED)?.expect(Tag::SEQUENCE);
        let algorithm = algorithm.map_err(|_| MALFORMED)?;
        let algorithm = AlgorithmIdentifierOwned::from_der(algorithm.raw).map_err(|_| MALFORMED)?;
        self.spend(password::iterations(&algorithm, self.left())?);
        let key = key_file::from_encrypted(der, Some(self.password), self.limits.key_cost());
        self.contents.keys.push(key.map_err(after_mac)?);
        Ok(())
    }
    /// CertBag (§4.2.3): `SEQUENCE { certId, certValue [0] EXPLICIT OCTET STRING }`; SDSI certificates are passed over.
    fn certificate(&mut self, der: &[u8]) -> Result<(), Error> {
        const MALFORMED: Error = Error::Malformed("a malformed CertBag");
        let mut fields = sequence(der, MALFORMED)?;
        if oid(&mut fields).ok_or(MALFORMED)? != X509_CERTIFICATE {
            return Ok(());
        }
        let mut value = fields.enter(Tag::context(0)).map_err(|_| MALFORMED)?;
        let certificate = value.expect(Tag::OCTET_STRING).map_err(|_| MALFORMED)?;
        value.finish().map_err(|_| MALFORMED)?;
        self.contents
            .certificates
            .push(certificate.content.to_vec());
        Ok(())
    }
    /// Requires that a MAC has shown the password to be right: else padding would have to, and everything tried would be free to forge.
    fn may_decrypt(&self) -> Result<(), Error> {
        const NO_MAC: Error = Error::Malformed("it is encrypted but has no MAC");
        self.authentic.then_some(()).ok_or(NO_MAC)
    }
    fn count_bag(&mut self) -> Result<(), Error> {
        let left = self.bags.checked_sub(1);
        self.bags = left.ok_or(crypto::Error::Limit {
            what: "bags of a PKCS#12 file",
            found: u64::from(MAX_BAGS).saturating_add(1),
            limit: MAX_BAGS.into(),
        })?;
        Ok(())
    }
    /// Octets inside octets may be BER of their own.
    fn normal<'o>(&self, octets: &'o [u8], error: Error) -> Result<Cow<'o, [u8]>, Error> {
        normal::to_der(octets, self.limits.asn1_depth).map_err(|_| error)
    }
}

/// With the right password nothing can fail to open but what is damaged, or encrypted with another password than the MAC's.
fn after_mac(error: crypto::Error) -> Error {
    match error {
        crypto::Error::Password => {
            Error::Malformed("a part of it does not open with the password of its MAC")
        }
        other => Error::Crypto(other),
    }
}
/// Returns the octets of a ContentInfo that is plain data, `None` for another content type.
fn data(mut info: Cursor<'_>) -> Result<Option<&[u8]>, Error> {
    const MALFORMED: Error = Error::Malformed("malformed ContentInfo");
    if oid(&mut info).ok_or(MALFORMED)? != DATA {
        return Ok(None);
    }
    let mut content = info.enter(Tag::context(0)).map_err(|_| MALFORMED)?;
    info.finish().map_err(|_| MALFORMED)?;
    let octets = content.expect(Tag::OCTET_STRING).map_err(|_| MALFORMED)?;
    content.finish().map_err(|_| MALFORMED)?;
    Ok(Some(octets.content))
}
fn oid(fields: &mut Cursor<'_>) -> Option<Oid> {
    let value = fields.expect(Tag::OID).ok()?;
    Oid::from_bytes(value.content).ok()
}
/// Enters the one SEQUENCE in `der`.
fn sequence(der: &[u8], error: Error) -> Result<Cursor<'_>, Error> {
    let mut cursor = Cursor::new(der, 0);
    match (cursor.enter(Tag::SEQUENCE), cursor.finish()) {
        (Ok(fields), Ok(())) => Ok(fields),
        _ => Err(error),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]
    use super::*;
    use crate::asn1::write;
    use crate::crypto::{PrivateKey, public_key::KeyKind};
    use proptest::prelude::*;

    /// Files that OpenSSL 3.0 wrote: one P-256 key, two certificates.
    const MODERN: &[u8] = include_bytes!("fixtures/modern.p12");
    const LEGACY: &[u8] = include_bytes!("fixtures/legacy.p12");
    const RC2_128: &[u8] = include_bytes!("fixtures/rc2-128.p12");
    const SHA_512: &[u8] = include_bytes!("fixtures/sha512.p12");
    const PLAIN: &[u8] = include_bytes!("fixtures/plain.p12");
    const NO_MAC: &[u8] = include_bytes!("fixtures/no-mac.p12");
    const NO_MAC_PLAIN: &[u8] = include_bytes!("fixtures/no-mac-plain.p12");
    const EMPTY_PASSWORD: &[u8] = include_bytes!("fixtures/empty.p12");
    const PASSWORD: Option<&str> = Some("s\u{e9}cret");

    fn with(octets: &[u8], password: Option<&str>) -> Result<Contents, Error> {
        open(octets, password, &Limits::default())
    }
    fn assert_whole(contents: &Contents, certificates: usize) {
        assert_eq!(contents.keys.len(), 1);
        assert_eq!(contents.keys[0].public_key().kind(), KeyKind::P256);
        assert_eq!(contents.certificates.len(), certificates);
        let spki = contents.keys[0].public_key().spki();
        let holds_key = |c: &Vec<u8>| c.windows(spki.len()).any(|window| window == spki);
        assert!(contents.certificates.iter().any(holds_key));
    }

    #[test]
    fn files_of_openssl_are_opened_by_their_password_only() {
        for file in [MODERN, LEGACY, RC2_128, SHA_512, PLAIN] {
            assert!(looks_like_pkcs12(file));
            assert_whole(&with(file, PASSWORD).unwrap(), 2);
            for wrong in [None, Some(""), Some("secret"), Some("S\u{e9}cret")] {
                assert!(
                    matches!(with(file, wrong), Err(Error::WrongPassword)),
                    "{wrong:?}"
                );
            }
        }
        for none in [None, Some("")] {
            assert_whole(&with(EMPTY_PASSWORD, none).unwrap(), 1);
        }
    }

    #[test]
    fn pbmac1_is_checked_with_a_key_as_long_as_its_digest() {
        // the safe of NO_MAC under a MAC of RFC 9879 that Python computed
        let right = include_bytes!("fixtures/pbmac1.p12");
        assert_whole(&with(right, PASSWORD).unwrap(), 2);
        assert!(matches!(with(right, None), Err(Error::WrongPassword)));
        let short = include_bytes!("fixtures/pbmac1-short-key.p12").as_slice();
        for wrong in [short, include_bytes!("fixtures/pbmac1-no-length.p12")] {
            let refused = with(wrong, PASSWORD);
            assert!(matches!(
                refused,
                Err(Error::Crypto(crypto::Error::Parameters { .. }))
            ));
        }
    }

    #[test]
    fn without_a_mac_only_plain_files_are_read() {
        assert!(matches!(
            with(NO_MAC, PASSWORD),
            Err(Error::Malformed("it is encrypted but has no MAC"))
        ));
        assert_whole(&with(NO_MAC_PLAIN, None).unwrap(), 2);
    }

    #[test]
    fn damage_is_told_from_a_wrong_password() {
        for end in [0, 1, 10, MODERN.len() - 1] {
            assert!(
                matches!(with(&MODERN[..end], PASSWORD), Err(Error::Malformed(_))),
                "{end}"
            );
        }
        let longer = [MODERN, &[0]].concat();
        assert!(matches!(with(&longer, PASSWORD), Err(Error::Malformed(_))));
        let mut altered = MODERN.to_vec();
        altered[300] ^= 1;
        assert!(with(&altered, PASSWORD).is_err());
    }

    #[test]
    fn cost_is_capped_over_the_whole_file() {
        // MAC 2048, certificates 2048, key 2048
        let limited = |iterations| {
            let limits = Limits {
                key_iterations: iterations,
                ..Limits::default()
            };
            open(MODERN, PASSWORD, &limits)
        };
        assert_whole(&limited(3 * 2048).unwrap(), 2);
        for count in [1, 2047, 2048, 4096, 3 * 2048 - 1] {
            assert!(
                matches!(
                    limited(count),
                    Err(Error::Crypto(crypto::Error::Limit { .. }))
                ),
                "{count}"
            );
        }
    }

    /// Wraps bags into a file without a MAC.
    fn file(bags: &[Vec<u8>]) -> Vec<u8> {
        let data = |octets: &[u8]| {
            let content = write::tlv(Tag::OCTET_STRING, octets);
            write::sequence(&[&oid(DATA), &write::tlv(Tag::context(0), &content)])
        };
        let bags = write::tlv(Tag::SEQUENCE, &bags.concat());
        let safe = data(&write::sequence(&[&data(&bags)]));
        write::sequence(&[&write::integer(3), &safe])
    }
    fn oid(oid: Oid) -> Vec<u8> {
        write::tlv(Tag::OID, oid.as_bytes())
    }
    fn bag(kind: Oid, value: &[u8]) -> Vec<u8> {
        write::sequence(&[&oid(kind), &write::tlv(Tag::context(0), value)])
    }
    fn certificate_bag() -> Vec<u8> {
        let octets = write::tlv(
            Tag::context(0),
            &write::tlv(Tag::OCTET_STRING, b"certificate"),
        );
        bag(
            CERT_BAG,
            &write::sequence(&[&oid(X509_CERTIFICATE), &octets]),
        )
    }

    #[test]
    fn nested_and_unknown_bags() {
        let nested = |depth| {
            (1..depth).fold(certificate_bag(), |bags, _| {
                bag(SAFE_CONTENTS_BAG, &write::sequence(&[&bags]))
            })
        };
        let secret = bag(
            Oid::new_unwrap("1.2.840.113549.1.12.10.1.5"),
            &write::integer(1),
        );
        let contents = with(
            &file(&[secret, nested(1), nested(2), nested(MAX_NESTING)]),
            None,
        )
        .unwrap();
        assert_eq!(contents.certificates, vec![b"certificate".to_vec(); 3]);
        assert!(matches!(
            with(&file(&[nested(MAX_NESTING + 1)]), None),
            Err(Error::Malformed(_))
        ));
    }

    /// A file whose MAC is made as `algorithm` says, with this salt and these iterations.
    fn with_mac(algorithm: &[u8], salt: &[u8], iterations: &[u8]) -> Vec<u8> {
        let plain = file(&[certificate_bag()]);
        let mut fields = Cursor::new(&plain, 0).enter(Tag::SEQUENCE).unwrap();
        let (version, safe) = (fields.any().unwrap().raw, fields.any().unwrap().raw);
        let mac = write::tlv(Tag::OCTET_STRING, &[7; 32]);
        let mac = write::sequence(&[
            &write::sequence(&[algorithm, &mac]),
            &write::tlv(Tag::OCTET_STRING, salt),
            &write::tlv(Tag::INTEGER, iterations),
        ]);
        write::sequence(&[version, safe, &mac])
    }
    fn sha_256() -> Vec<u8> {
        write::sequence(&[&oid(Oid::new_unwrap("2.16.840.1.101.3.4.2.1"))])
    }
    /// PBMAC1 with PBKDF2 and HMAC-SHA-256 twice; `key_length` is the DER of an INTEGER, or nothing.
    fn pbmac1(salt: &[u8], iterations: &[u8], key_length: &[u8]) -> Vec<u8> {
        let hmac = write::sequence(&[&oid(Oid::new_unwrap("1.2.840.113549.2.9"))]);
        let kdf = write::sequence(&[
            &write::tlv(Tag::OCTET_STRING, salt),
            &write::tlv(Tag::INTEGER, iterations),
            key_length,
            &hmac,
        ]);
        let kdf = write::sequence(&[&oid(Oid::new_unwrap("1.2.840.113549.1.5.12")), &kdf]);
        let parameters = write::sequence(&[&kdf, &hmac]);
        write::sequence(&[&oid(Oid::new_unwrap("1.2.840.113549.1.5.14")), &parameters])
    }

    #[test]
    fn what_a_mac_may_ask_for() {
        enum Refused {
            Wrong,
            Parameters,
            Limit,
        }
        let (salt, most): (&[u8], &[u8]) = (b"a salt..", &[0x7f, 0xff, 0xff, 0xff]);
        let right = write::integer(32);
        let modern = |salt, iterations, key_length: &[u8]| {
            with_mac(&pbmac1(salt, iterations, key_length), b"NOT USED", &[1])
        };
        for (file, refused) in [
            (with_mac(&sha_256(), salt, &[8, 0]), Refused::Wrong),
            (with_mac(&sha_256(), salt, &[0]), Refused::Parameters),
            (with_mac(&sha_256(), salt, &[0xff]), Refused::Parameters),
            (with_mac(&sha_256(), salt, most), Refused::Limit),
            (with_mac(&sha_256(), &[], &[8, 0]), Refused::Parameters),
            (with_mac(&sha_256(), &[1; 2000], &[8, 0]), Refused::Limit),
            (modern(salt, &[8, 0], &right), Refused::Wrong),
            (modern(salt, &[0], &right), Refused::Parameters),
            (modern(salt, most, &right), Refused::Limit),
            (modern(&[], &[8, 0], &right), Refused::Parameters),
            (modern(salt, &[8, 0], &[]), Refused::Parameters),
            (
                modern(salt, &[8, 0], &write::integer(1)),
                Refused::Parameters,
            ),
            (
                modern(salt, &[8, 0], &write::integer(20)),
                Refused::Parameters,
            ),
            (
                modern(salt, &[8, 0], &write::integer(64)),
                Refused::Parameters,
            ),
            (
                modern(salt, &[8, 0], &write::integer(1 << 31)),
                Refused::Parameters,
            ),
            (
                modern(salt, &[8, 0], &write::tlv(Tag::INTEGER, &[0x7f; 9])),
                Refused::Parameters,
            ),
        ] {
            let found = with(&file, PASSWORD);
            let fits = match refused {
                Refused::Wrong => matches!(found, Err(Error::WrongPassword)),
                Refused::Parameters => {
                    matches!(found, Err(Error::Crypto(crypto::Error::Parameters { .. })))
                }
                Refused::Limit => matches!(found, Err(Error::Crypto(crypto::Error::Limit { .. }))),
            };
            assert!(fits, "{found:?}");
        }
    }

    /// RFC 9579 appendix A.1, and the three of its files that are no good: A.4, A.5, A.6.
    #[test]
    fn pbmac1_of_rfc_9579() {
        let password = Some("1234");
        let right = with(include_bytes!("fixtures/rfc9579-a1.p12"), password).unwrap();
        assert_eq!((right.keys.len(), right.certificates.len()), (1, 1));
        for file in [
            include_bytes!("fixtures/rfc9579-a4.p12").as_slice(),
            include_bytes!("fixtures/rfc9579-a5.p12"),
        ] {
            assert!(matches!(with(file, password), Err(Error::WrongPassword)));
        }
        let no_length = with(include_bytes!("fixtures/rfc9579-a6.p12"), password);
        assert!(matches!(
            no_length,
            Err(Error::Crypto(crypto::Error::Parameters { .. }))
        ));
    }

    /// The same of a file of our own: another iteration count, another salt.
    #[test]
    fn a_pbmac1_that_was_changed_is_refused() {
        let right = include_bytes!("fixtures/pbmac1.p12").as_slice();
        let kdf = oid(Oid::new_unwrap("1.2.840.113549.1.5.12"));
        let mut places = right.windows(kdf.len()).enumerate();
        let (at, _) = places.rfind(|(_, window)| *window == kdf).unwrap();
        // OID, SEQUENCE, salt OCTET STRING, iterations INTEGER
        let salt = at + kdf.len() + 2 + 2;
        let iterations = salt + usize::from(right[salt - 1]) + 2;
        for place in [salt, iterations] {
            let mut altered = right.to_vec();
            altered[place] ^= 1;
            let found = with(&altered, PASSWORD);
            assert!(matches!(found, Err(Error::WrongPassword)), "{found:?}");
        }
    }

    #[test]
    fn odd_attributes_are_passed_over() {
        let name = oid(Oid::new_unwrap("1.2.840.113549.1.9.20"));
        let value = |tag: u8, content: &[u8]| {
            let values = write::tlv(Tag::SET, &write::tlv(Tag(tag), content));
            write::tlv(Tag::SET, &write::sequence(&[&name, &values]))
        };
        let plain = certificate_bag();
        let mut fields = Cursor::new(&plain, 0).enter(Tag::SEQUENCE).unwrap();
        let (kind, content) = (fields.any().unwrap().raw, fields.any().unwrap().raw);
        for attributes in [
            value(0x1e, b"\0a\xd8"),
            value(0x1e, b""),
            value(0x0c, &[0xff; 3]),
            value(0x02, &[1]),
            write::tlv(Tag::SET, b""),
        ] {
            let bag = write::sequence(&[kind, content, &attributes]);
            let contents = with(&file(&[bag]), None).unwrap();
            assert_eq!(contents.certificates, [b"certificate"]);
        }
    }

    #[test]
    fn bags_are_counted() {
        let most = usize::try_from(MAX_BAGS).unwrap() - 1;
        assert_eq!(
            with(&file(&vec![certificate_bag(); most]), None)
                .unwrap()
                .certificates
                .len(),
            most
        );
        let more = with(&file(&vec![certificate_bag(); most + 1]), None);
        assert!(matches!(
            more,
            Err(Error::Crypto(crypto::Error::Limit { .. }))
        ));
    }

    #[test]
    fn ber_is_read() {
        // indefinite lengths and octet strings in pieces, on every level
        fn pieces(tag: Tag, octets: &[u8]) -> Vec<u8> {
            let parts: Vec<u8> = octets
                .chunks(50)
                .flat_map(|part| write::tlv(Tag::OCTET_STRING, part))
                .collect();
            indefinite(tag.constructed(), &parts)
        }
        fn indefinite(tag: Tag, content: &[u8]) -> Vec<u8> {
            [&[tag.0, 0x80], content, &[0, 0]].concat()
        }
        let data = |octets: &[u8]| {
            let content = indefinite(Tag::context(0), &pieces(Tag::OCTET_STRING, octets));
            indefinite(Tag::SEQUENCE, &[oid(DATA), content].concat())
        };
        let bags = indefinite(Tag::SEQUENCE, &certificate_bag());
        let safe = data(&indefinite(Tag::SEQUENCE, &data(&bags)));
        let ber = indefinite(Tag::SEQUENCE, &[write::integer(3), safe].concat());
        assert!(looks_like_pkcs12(&ber));
        assert_eq!(with(&ber, None).unwrap().certificates, [b"certificate"]);
    }

    #[test]
    fn other_files_do_not_look_like_it() {
        for other in [
            &b""[..],
            b"-----BEGIN",
            b"0",
            &[0x30, 0x82],
            &[0x30, 3, 2, 1, 3],
            &[0x30, 0x82, 1, 1, 0x30, 0x82],
            &[0x30, 5, 2, 1, 0, 0x30, 0],
        ] {
            assert!(!looks_like_pkcs12(other));
            assert!(matches!(with(other, None), Err(Error::Malformed(_))));
        }
    }

    #[test]
    fn files_of_others_are_opened() {
        let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
        let places = ["../shared/corpora", "../../shared/corpora"].map(|place| root.join(place));
        let Some(corpora) = places.iter().find(|place| place.exists()) else {
            return;
        };
        let mut opened = 0;
        for (directory, password) in [
            ("pkits2004/pkcs12", "password"),
            ("mimekit/smime", "no.secret"),
        ] {
            for entry in std::fs::read_dir(corpora.join(directory))
                .into_iter()
                .flatten()
                .take(40)
            {
                let path = entry.unwrap().path();
                if path.extension().is_some_and(|e| e == "p12" || e == "pfx") {
                    let contents = with(&std::fs::read(&path).unwrap(), Some(password));
                    let contents =
                        contents.unwrap_or_else(|error| panic!("{}: {error}", path.display()));
                    assert!(!contents.keys.is_empty() && !contents.certificates.is_empty());
                    opened += 1;
                }
            }
        }
        assert!(opened > 0);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn any_change_is_read_or_refused(at in 0_usize..2000, octet in any::<u8>()) {
            for file in [MODERN, LEGACY, NO_MAC_PLAIN] {
                let mut altered = file.to_vec();
                let at = at % altered.len();
                altered[at] = octet;
                let _ = with(&altered, PASSWORD);
                let _ = with(&altered[..at], PASSWORD);
            }
        }
    }
}
