//! The parameters of AlgorithmIdentifiers, read strictly and written as DER: RFC 4055 (PSS, OAEP), RFC 5084 (GCM), RFC 3370 (RC2), RFC 5753 (key wrap).
//!
//! Malformed parameters are an error, never a default. What algorithm means what is in `algorithm`.
use super::{
    Digest, Error, KeyWrap, Result,
    algorithm::{KDF3, Kdf3, Kem, RsaKemComponents, unsupported},
};
use crate::asn1::{Tag, cursor::Cursor, oid::Oid, write};
use spki::AlgorithmIdentifierOwned;
use spki::der::{Any, Decode, Encode};

const MGF1: Oid = Oid::new_unwrap("1.2.840.113549.1.1.8");
const P_SPECIFIED: Oid = Oid::new_unwrap("1.2.840.113549.1.1.9");
/// No modulus that is accepted leaves room for a longer salt.
const MAX_SALT: u64 = 2048;

/// RSASSA-PSS-params (RFC 4055 §3.1):
/// `SEQUENCE { [0] hash DEFAULT sha1, [1] mgf DEFAULT mgf1SHA1, [2] saltLength DEFAULT 20, [3] trailerField DEFAULT 1 }`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Pss {
    pub(super) digest: Digest,
    pub(super) mgf: Digest,
    pub(super) salt: usize,
}
impl Pss {
    pub(super) fn identifier(self, oid: Oid) -> AlgorithmIdentifierOwned {
        let salt = u32::try_from(self.salt).unwrap_or(u32::MAX);
        let salt = match self.salt {
            20 => Vec::new(),
            _ => write::tlv(Tag::context(2), &write::integer(salt)),
        };
        let hash = hash_fields(self.digest, self.mgf);
        with(oid, &write::sequence(&[&hash, &salt]))
    }
}
pub(super) fn pss(identifier: &AlgorithmIdentifierOwned) -> Result<Pss> {
    let bad = |what| Error::Parameters {
        algorithm: "rsa-pss",
        what,
    };
    let malformed = || bad("malformed RSASSA-PSS-params");
    let der = present(identifier, "rsa-pss")?;
    let mut fields = sole_sequence(&der).ok_or_else(malformed)?;
    let (digest, mgf) = read_hash_fields(&mut fields, malformed)?;
    let mut number = |tag, default| match explicit(&mut fields, tag) {
        None => Ok(default),
        Some(content) => content
            .and_then(|der| sole(der, Tag::INTEGER))
            .and_then(small_integer)
            .ok_or_else(malformed),
    };
    let (salt, trailer) = (number(2, 20)?, number(3, 1)?);
    fields.finish().map_err(|_| malformed())?;
    if trailer != 1 {
        return Err(bad("a trailerField other than 1"));
    }
    // RFC 8702 §3.2.1: with SHAKE there are OIDs of their own, whose mask is no MGF1
    if [digest, mgf]
        .iter()
        .any(|d| matches!(d, Digest::Shake128 | Digest::Shake256))
    {
        return Err(bad("SHAKE has an identifier of its own"));
    }
    match usize::try_from(salt) {
        Ok(size) if salt <= MAX_SALT => Ok(Pss {
            digest,
            mgf,
            salt: size,
        }),
        _ => Err(bad("the salt is too long")),
    }
}

/// RSAES-OAEP-params (RFC 4055 §4.1): `SEQUENCE { [0] hash DEFAULT sha1, [1] mgf DEFAULT mgf1SHA1, [2] pSource DEFAULT pSpecifiedEmpty }`.
pub(super) fn oaep(identifier: &AlgorithmIdentifierOwned) -> Result<(Digest, Digest, Vec<u8>)> {
    let bad = |what| Error::Parameters {
        algorithm: "rsa-oaep",
        what,
    };
    let malformed = || bad("malformed RSAES-OAEP-params");
    let der = present(identifier, "rsa-oaep")?;
    let mut fields = sole_sequence(&der).ok_or_else(malformed)?;
    let (digest, mgf) = read_hash_fields(&mut fields, malformed)?;
    let mut label = Vec::new();
    if let Some(source) = explicit(&mut fields, 2) {
        let source = source
            .and_then(algorithm_identifier)
            .ok_or_else(malformed)?;
        if source.oid != P_SPECIFIED {
            return Err(bad("a label source other than pSpecified"));
        }
        let source = source.parameters.ok_or_else(malformed)?;
        let source = source.to_der().map_err(|_| malformed())?;
        let octets = sole(&source, Tag::OCTET_STRING).ok_or_else(malformed)?;
        label.extend_from_slice(octets);
    }
    fields.finish().map_err(|_| malformed())?;
    Ok((digest, mgf, label))
}
pub(super) fn oaep_identifier(
    oid: Oid,
    digest: Digest,
    mgf: Digest,
    label: &[u8],
) -> AlgorithmIdentifierOwned {
    let source = match label {
        [] => Vec::new(),
        _ => {
            let label = write::tlv(Tag::OCTET_STRING, label);
            write::tlv(Tag::context(2), &encoded(&with(P_SPECIFIED, &label)))
        }
    };
    with(oid, &write::sequence(&[&hash_fields(digest, mgf), &source]))
}

/// Reads `[0]` hash and `[1]` mask generation function, which PSS and OAEP begin with.
fn read_hash_fields(
    fields: &mut Cursor<'_>,
    malformed: impl Fn() -> Error,
) -> Result<(Digest, Digest)> {
    let digest = match explicit(fields, 0) {
        None => Digest::Sha1,
        Some(hash) => {
            Digest::from_identifier(&hash.and_then(algorithm_identifier).ok_or_else(&malformed)?)?
        }
    };
    let mgf = match explicit(fields, 1) {
        None => Digest::Sha1,
        Some(mgf) => {
            let mgf = mgf.and_then(algorithm_identifier).ok_or_else(&malformed)?;
            if mgf.oid != MGF1 {
                return Err(unsupported(&mgf));
            }
            let hash = mgf.parameters.and_then(|p| p.to_der().ok());
            let hash = hash.as_deref().and_then(algorithm_identifier);
            Digest::from_identifier(&hash.ok_or_else(&malformed)?)?
        }
    };
    Ok((digest, mgf))
}
/// Writes `[0]` hash and `[1]` MGF1, defaults left out. RFC 4055 §2.1 writes the hashes inside with NULL, and so do we.
fn hash_fields(digest: Digest, mgf: Digest) -> Vec<u8> {
    let null = |digest: Digest| encoded(&with_null(digest.row().oid));
    let mut out = Vec::new();
    if digest != Digest::Sha1 {
        out.extend(write::tlv(Tag::context(0), &null(digest)));
    }
    if mgf != Digest::Sha1 {
        let mgf = encoded(&with(MGF1, &null(mgf)));
        out.extend(write::tlv(Tag::context(1), &mgf));
    }
    out
}

/// GCMParameters and CCMParameters (RFC 5084 §3.1, §3.2): `SEQUENCE { nonce OCTET STRING, icvLen INTEGER DEFAULT 12 }`.
pub(super) fn nonce_and_tag(
    identifier: &AlgorithmIdentifierOwned,
    name: &'static str,
    sizes: std::ops::RangeInclusive<usize>,
) -> Result<Vec<u8>> {
    let bad = |what| Error::Parameters {
        algorithm: name,
        what,
    };
    let malformed = || bad("malformed parameters");
    let der = present(identifier, name)?;
    let mut fields = sole_sequence(&der).ok_or_else(malformed)?;
    let nonce = fields.expect(Tag::OCTET_STRING).map_err(|_| malformed())?;
    let tag_size = match fields.optional(Tag::INTEGER).map_err(|_| malformed())? {
        None => 12,
        Some(value) => small_integer(value.content).ok_or_else(malformed)?,
    };
    fields.finish().map_err(|_| malformed())?;
    if !sizes.contains(&nonce.content.len()) {
        return Err(bad("a nonce of a length that is not allowed"));
    }
    if tag_size != 16 {
        return Err(bad("an authentication tag that is not 16 bytes"));
    }
    Ok(nonce.content.to_vec())
}
pub(super) fn with_nonce_and_tag(oid: Oid, nonce: &[u8]) -> AlgorithmIdentifierOwned {
    let nonce = write::tlv(Tag::OCTET_STRING, nonce);
    with(oid, &write::sequence(&[&nonce, &write::integer(16)]))
}

/// The IV of a CBC cipher (RFC 3370 §5.1, RFC 3565 §4.1): an OCTET STRING of exactly `size`.
pub(super) fn iv(
    identifier: &AlgorithmIdentifierOwned,
    name: &'static str,
    size: usize,
) -> Result<Vec<u8>> {
    let der = present(identifier, name)?;
    match sole(&der, Tag::OCTET_STRING) {
        Some(iv) if iv.len() == size => Ok(iv.to_vec()),
        _ => Err(Error::Parameters {
            algorithm: name,
            what: "an IV that is not one block",
        }),
    }
}
pub(super) fn with_iv(oid: Oid, iv: &[u8]) -> AlgorithmIdentifierOwned {
    with(oid, &write::tlv(Tag::OCTET_STRING, iv))
}

/// The versions of RC2CBCParameter that stand for effective key bits (RFC 2268 §6).
const RC2_VERSIONS: [(u16, u16); 3] = [(160, 40), (120, 64), (58, 128)];
/// RC2CBCParameter (RFC 3370 §5.2): `SEQUENCE { rc2ParameterVersion INTEGER, iv OCTET STRING }`.
pub(super) fn rc2(identifier: &AlgorithmIdentifierOwned) -> Result<(u16, Vec<u8>)> {
    let bad = |what| Error::Parameters {
        algorithm: "rc2-cbc",
        what,
    };
    let malformed = || bad("malformed RC2CBCParameter");
    let der = present(identifier, "rc2-cbc")?;
    let mut fields = sole_sequence(&der).ok_or_else(malformed)?;
    let version = fields.expect(Tag::INTEGER).map_err(|_| malformed())?;
    let iv = fields.expect(Tag::OCTET_STRING).map_err(|_| malformed())?;
    fields.finish().map_err(|_| malformed())?;
    let version = small_integer(version.content);
    let known = RC2_VERSIONS
        .iter()
        .find(|(v, _)| version == Some(u64::from(*v)));
    let (_, bits) =
        known.ok_or_else(|| bad("an effective key length that is not 40, 64 or 128 bits"))?;
    if iv.content.len() != 8 {
        return Err(bad("an IV that is not one block"));
    }
    Ok((*bits, iv.content.to_vec()))
}
pub(super) fn with_rc2(oid: Oid, bits: u16, iv: &[u8]) -> AlgorithmIdentifierOwned {
    let known = RC2_VERSIONS.iter().find(|(_, b)| *b == bits);
    // RFC 2268 §6: from 256 on the version is the number of bits itself.
    let version = write::integer(known.map_or(bits, |(v, _)| *v).into());
    let iv = write::tlv(Tag::OCTET_STRING, iv);
    with(oid, &write::sequence(&[&version, &iv]))
}

/// KeyWrapAlgorithm (RFC 5753 §7.1.4): the parameters of a key agreement are an AlgorithmIdentifier.
pub(super) fn key_wrap(identifier: &AlgorithmIdentifierOwned) -> Result<AlgorithmIdentifierOwned> {
    let der = present(identifier, "ecdh")?;
    algorithm_identifier(&der).ok_or(Error::Parameters {
        algorithm: "ecdh",
        what: "malformed KeyWrapAlgorithm",
    })
}
pub(super) fn with_key_wrap(oid: Oid, wrap: &AlgorithmIdentifierOwned) -> AlgorithmIdentifierOwned {
    with(oid, &encoded(wrap))
}

/// RsaKemParameters (RFC 9690 appendix B): `SEQUENCE { keyDerivationFunction AlgorithmIdentifier, keyLength INTEGER (1..MAX) }`.
pub(super) fn rsa_kem(identifier: &AlgorithmIdentifierOwned) -> Result<Kem> {
    /// Octets of a shared secret: no cipher has a longer key.
    const MAX_SECRET: u64 = 64;
    let malformed = || Error::Parameters {
        algorithm: "rsa-kem",
        what: "malformed RsaKemParameters",
    };
    if identifier.parameters.is_none() {
        return Ok(Kem::RSA);
    }
    let der = present(identifier, "rsa-kem")?;
    let mut fields = sole_sequence(&der).ok_or_else(malformed)?;
    let kdf = fields.expect(Tag::SEQUENCE).map_err(|_| malformed())?;
    let size = fields.expect(Tag::INTEGER).map_err(|_| malformed())?;
    fields.finish().map_err(|_| malformed())?;
    let kdf = kdf3(&algorithm_identifier(kdf.raw).ok_or_else(malformed)?)?;
    match small_integer(size.content) {
        Some(size @ 16..=MAX_SECRET) => Ok(Kem::Rsa {
            kdf,
            size: usize::try_from(size).ok(),
        }),
        _ => Err(Error::Parameters {
            algorithm: "rsa-kem",
            what: "a shared secret that is not 16 to 64 bytes long",
        }),
    }
}
pub(super) fn with_rsa_kem(oid: Oid, kdf: Kdf3, size: usize) -> AlgorithmIdentifierOwned {
    let size = write::integer(u32::try_from(size).unwrap_or(u32::MAX));
    with(oid, &write::sequence(&[&encoded(&kdf.identifier()), &size]))
}
/// GenericHybridParameters of an id-rsa-kem-spki key (RFC 9690 §2.4): `SEQUENCE { kem AlgorithmIdentifier, dem AlgorithmIdentifier }`, id-kem-rsa with
/// RsaKemParameters and the key wrap. 3DES is not written, so that no key can demand it.
pub(super) fn rsa_kem_components(
    identifier: &AlgorithmIdentifierOwned,
) -> Result<RsaKemComponents> {
    let bad = |what| Error::Parameters {
        algorithm: "rsa-kem",
        what,
    };
    let malformed = || bad("malformed GenericHybridParameters");
    let der = present(identifier, "rsa-kem")?;
    let mut fields = sole_sequence(&der).ok_or_else(malformed)?;
    let kem = fields.expect(Tag::SEQUENCE).map_err(|_| malformed())?;
    let dem = fields.expect(Tag::SEQUENCE).map_err(|_| malformed())?;
    fields.finish().map_err(|_| malformed())?;
    let kem = algorithm_identifier(kem.raw).ok_or_else(malformed)?;
    let dem = algorithm_identifier(dem.raw).ok_or_else(malformed)?;
    if kem.oid != Kem::RSA.row().oid {
        return Err(unsupported(&kem));
    }
    let wrap = KeyWrap::from_identifier(&dem)?;
    if !wrap.row().written {
        return Err(unsupported(&dem));
    }
    match rsa_kem(&kem)? {
        Kem::Rsa {
            kdf,
            size: Some(size),
        } if size == wrap.key_size() => Ok(RsaKemComponents { kdf, wrap }),
        Kem::Rsa { size: Some(_), .. } => {
            Err(bad("keyLength is not the length of the key wrap's key"))
        }
        _ => Err(malformed()),
    }
}
/// id-kdf-kdf3, whose parameter is a digest.
pub(super) fn kdf3(identifier: &AlgorithmIdentifierOwned) -> Result<Kdf3> {
    if identifier.oid != KDF3 {
        return Err(unsupported(identifier));
    }
    let der = present(identifier, "kdf3")?;
    let digest = algorithm_identifier(&der).ok_or(Error::Parameters {
        algorithm: "kdf3",
        what: "malformed parameters",
    })?;
    Digest::from_identifier(&digest).map(Kdf3)
}

/// Requires 512, the length of the output in bits (RFC 8419 §2.3).
pub(super) fn shake256_len(identifier: &AlgorithmIdentifierOwned) -> Result<()> {
    let der = present(identifier, "shake256-len")?;
    match sole(&der, Tag::INTEGER).and_then(small_integer) {
        Some(512) => Ok(()),
        _ => Err(Error::Parameters {
            algorithm: "shake256-len",
            what: "an output that is not 512 bits",
        }),
    }
}
pub(super) fn with_number(oid: Oid, number: u32) -> AlgorithmIdentifierOwned {
    with(oid, &write::integer(number))
}

/// Requires that there are no parameters.
pub(super) fn absent(identifier: &AlgorithmIdentifierOwned, name: &'static str) -> Result<()> {
    match identifier.parameters {
        None => Ok(()),
        Some(_) => Err(Error::Parameters {
            algorithm: name,
            what: "there must be none",
        }),
    }
}
/// Requires that parameters are absent or NULL.
pub(super) fn absent_or_null(
    identifier: &AlgorithmIdentifierOwned,
    name: &'static str,
) -> Result<()> {
    match &identifier.parameters {
        Some(parameters) if parameters.is_null() => Ok(()),
        _ => absent(identifier, name),
    }
}
/// Returns the DER of parameters that must be there.
pub(super) fn present(
    identifier: &AlgorithmIdentifierOwned,
    name: &'static str,
) -> Result<Vec<u8>> {
    let der = identifier.parameters.as_ref().and_then(|p| p.to_der().ok());
    der.ok_or(Error::Parameters {
        algorithm: name,
        what: "they are missing",
    })
}
/// Returns an AlgorithmIdentifier without parameters.
pub(super) fn without(oid: Oid) -> AlgorithmIdentifierOwned {
    AlgorithmIdentifierOwned {
        oid,
        parameters: None,
    }
}
/// Returns an AlgorithmIdentifier with NULL.
pub(super) fn with_null(oid: Oid) -> AlgorithmIdentifierOwned {
    AlgorithmIdentifierOwned {
        oid,
        parameters: Some(Any::null()),
    }
}
/// Returns an AlgorithmIdentifier with parameters of our own encoding.
pub(super) fn with(oid: Oid, parameters: &[u8]) -> AlgorithmIdentifierOwned {
    AlgorithmIdentifierOwned {
        oid,
        parameters: Any::from_der(parameters).ok(),
    }
}
/// Returns the DER of an AlgorithmIdentifier.
pub(super) fn encoded(identifier: &AlgorithmIdentifierOwned) -> Vec<u8> {
    let oid = write::tlv(Tag::OID, identifier.oid.as_bytes());
    let parameters = identifier.parameters.as_ref();
    let parameters = parameters.and_then(|p| p.to_der().ok()).unwrap_or_default();
    write::sequence(&[&oid, &parameters])
}
/// Reads one AlgorithmIdentifier and nothing after it.
pub(super) fn algorithm_identifier(der: &[u8]) -> Option<AlgorithmIdentifierOwned> {
    AlgorithmIdentifierOwned::from_der(der).ok()
}
/// Returns the content of `[tag]`, `Some(None)` when its encoding is broken.
fn explicit<'a>(fields: &mut Cursor<'a>, tag: u8) -> Option<Option<&'a [u8]>> {
    match fields.optional(Tag::context(tag)) {
        Ok(None) => None,
        Ok(Some(value)) => Some(Some(value.content)),
        Err(_) => Some(None),
    }
}
/// Returns the content of the one value in `der`, which must have this tag.
pub(super) fn sole(der: &[u8], tag: Tag) -> Option<&[u8]> {
    let mut cursor = Cursor::new(der, 0);
    let value = cursor.expect(tag).ok()?;
    cursor.finish().ok()?;
    Some(value.content)
}
/// Enters the one SEQUENCE in `der`.
pub(super) fn sole_sequence(der: &[u8]) -> Option<Cursor<'_>> {
    sole(der, Tag::SEQUENCE).map(|content| Cursor::new(content, 0))
}
/// Reads the content octets of a minimal INTEGER that is not negative and fits.
pub(super) fn small_integer(content: &[u8]) -> Option<u64> {
    let (first, rest) = content.split_first()?;
    let redundant = *first == 0 && rest.first().is_some_and(|b| *b < 0x80);
    if *first >= 0x80 || redundant || content.len() > 9 {
        return None;
    }
    content.iter().try_fold(0_u64, |value, octet| {
        Some(value.checked_mul(256)? | u64::from(*octet))
    })
}
