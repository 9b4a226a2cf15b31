//! DSA (FIPS 186-4 §4), read only, over the crate `dsa`: keys with parameters of their own or inherited ones (RFC 3279 §2.3.2).
use super::{Error, Result, parameters, rsa_scheme::unsigned};
use crate::asn1::Tag;
use ::dsa::{BoxedUint, Components, Signature, VerifyingKey, signature::hazmat::PrehashVerifier};
use spki::AlgorithmIdentifierOwned;

/// The pairs of lengths of p and q (FIPS 186-4 §4.2).
const SIZES: [(usize, usize); 4] = [(1024, 160), (2048, 224), (2048, 256), (3072, 256)];

/// A public key.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct PublicKey {
    /// bits of p; 0 as long as there are no parameters
    pub(super) bits: usize,
    /// the content of the INTEGER
    y: Vec<u8>,
    key: Option<VerifyingKey>,
}
impl PublicKey {
    /// Reads DSAPublicKey (an INTEGER) and Dss-Parms `SEQUENCE { p INTEGER, q INTEGER, g INTEGER }`; absent ones are the issuer's.
    pub(super) fn read(algorithm: &AlgorithmIdentifierOwned, octets: &[u8]) -> Result<Self> {
        const MALFORMED: Error = Error::Key("a malformed DSAPublicKey");
        let y = parameters::sole(octets, Tag::INTEGER).and_then(unsigned);
        let y = y.ok_or(MALFORMED)?;
        // RFC 3279 §2.3.2 says absent; NULL is meant for it by some
        if parameters::absent_or_null(algorithm, "dsa").is_ok() {
            return Ok(Self {
                bits: 0,
                y: y.to_vec(),
                key: None,
            });
        }
        let (bits, components) = components(&parameters::present(algorithm, "dsa")?)?;
        Self::join(bits, components, y)
    }
    fn join(bits: usize, components: Components, y: &[u8]) -> Result<Self> {
        const NO_KEY: Error = Error::Key("a DSA key that is not in the group of its parameters");
        if y.len() > bits / 8 {
            return Err(NO_KEY);
        }
        let precision = components.p().bits_precision();
        let number = BoxedUint::from_be_slice(y, precision).map_err(|_| NO_KEY)?;
        if number >= **components.p() {
            return Err(NO_KEY);
        }
        let key = VerifyingKey::from_components(components, number).map_err(|_| NO_KEY)?;
        Ok(Self {
            bits,
            y: y.to_vec(),
            key: Some(key),
        })
    }
    pub(super) fn needs_parameters(&self) -> bool {
        self.key.is_none()
    }
    /// Returns the key with the parameters of its issuer's.
    pub(super) fn inheriting(&self, issuer: &Self) -> Result<Self> {
        let issued = issuer.key.as_ref().ok_or(MISSING)?;
        Self::join(issuer.bits, issued.components().clone(), &self.y)
    }
    /// Returns whether a signature `SEQUENCE { r INTEGER, s INTEGER }` (RFC 3279 §2.2.2) holds over a hash.
    pub(super) fn verify(&self, hash: &[u8], signature: &[u8]) -> Result<bool> {
        let key = self.key.as_ref().ok_or(MISSING)?;
        // a header and two numbers of at most 33 octets
        if signature.len() > 72 {
            return Ok(false);
        }
        let signature = Signature::try_from(signature);
        Ok(signature.is_ok_and(|signature| key.verify_prehash(hash, &signature).is_ok()))
    }
}
const MISSING: Error = Error::Parameters {
    algorithm: "dsa",
    what: "they are missing, and there is no issuer to inherit them from",
};

/// Reads Dss-Parms. Sizes are checked before any arithmetic; that the numbers are prime is its owner's concern: they forge for himself only.
fn components(der: &[u8]) -> Result<(usize, Components)> {
    let bad = |what| Error::Parameters {
        algorithm: "dsa",
        what,
    };
    let malformed = || bad("malformed Dss-Parms");
    let mut fields = parameters::sole_sequence(der).ok_or_else(malformed)?;
    let mut number = || {
        let value = fields.expect(Tag::INTEGER).ok()?;
        unsigned(value.content)
    };
    let numbers = (number(), number(), number());
    let (Some(p), Some(q), Some(g)) = numbers else {
        return Err(malformed());
    };
    fields.finish().map_err(|_| malformed())?;
    let bits = |number: &[u8]| match number.first() {
        Some(0x80..) => number.len().saturating_mul(8),
        _ => 0,
    };
    let sizes = (bits(p), bits(q));
    if !SIZES.contains(&sizes) {
        return Err(bad("p and q are not of a standard size"));
    }
    let is_odd = |number: &[u8]| number.last().is_some_and(|octet| octet & 1 == 1);
    if !is_odd(p) || !is_odd(q) || g.len() > p.len() || matches!(g, [1]) {
        return Err(bad("p, q or g cannot be such numbers"));
    }
    let number = |octets: &[u8], size: usize| {
        let precision = u32::try_from(size).unwrap_or(0).next_multiple_of(64);
        BoxedUint::from_be_slice(octets, precision).map_err(|_| malformed())
    };
    let (p, q, g) = (
        number(p, sizes.0)?,
        number(q, sizes.1)?,
        number(g, sizes.0)?,
    );
    let components = Components::from_components(p, q, g);
    Ok((sizes.0, components.map_err(|_| malformed())?))
}

#[cfg(test)]
pub(crate) mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]
    use super::*;
    use crate::{
        asn1::write,
        crypto::{
            Digest, PublicKey as AnyKey, SignatureAlgorithm,
            digest::digest,
            key_file::tests,
            public_key::{KeyKind, Signed},
        },
    };

    const SHA256: SignatureAlgorithm = SignatureAlgorithm::Dsa(Digest::Sha256);

    /// Signs over SHA-256.
    pub(crate) type Sign = Box<dyn Fn(&[u8]) -> Vec<u8>>;

    /// Returns a DSA key that signs over SHA-256, and its SubjectPublicKeyInfo with parameters and without: the two `dsa-private-1` and `-2` share a group.
    pub(crate) fn signer(name: &str) -> (Sign, Vec<u8>, Vec<u8>) {
        use ::dsa::pkcs8::{DecodePrivateKey, EncodePublicKey};
        let key = ::dsa::SigningKey::from_pkcs8_der(&tests::block(name).der).unwrap();
        let whole = key.verifying_key().to_public_key_der().unwrap().into_vec();
        let mut fields = parameters::sole_sequence(&whole).unwrap();
        fields.expect(Tag::SEQUENCE).unwrap();
        let bits = fields.expect(Tag::BIT_STRING).unwrap().content.to_vec();
        let y = parameters::sole(&bits[1..], Tag::INTEGER).unwrap();
        let lacking = spki(&[], y);
        let sign = move |message: &[u8]| {
            use ::dsa::signature::{SignatureEncoding, hazmat::PrehashSigner};
            let signature = key.sign_prehash(&digest(Digest::Sha256, message)).unwrap();
            signature.to_vec()
        };
        (Box::new(sign), whole, lacking)
    }

    fn key(name: &str) -> AnyKey {
        AnyKey::from_spki(&tests::block(name).der).unwrap()
    }
    /// The fields of a SubjectPublicKeyInfo, to be altered: p, q, g, y.
    fn numbers(name: &str) -> [Vec<u8>; 4] {
        let der = tests::block(name).der.to_vec();
        let mut fields = parameters::sole_sequence(&der).unwrap();
        let algorithm = fields.expect(Tag::SEQUENCE).unwrap();
        let bits = fields.expect(Tag::BIT_STRING).unwrap().content;
        let identifier = parameters::algorithm_identifier(algorithm.raw).unwrap();
        let der = parameters::present(&identifier, "dsa").unwrap();
        let mut fields = parameters::sole_sequence(&der).unwrap();
        let mut next = || fields.expect(Tag::INTEGER).unwrap().content.to_vec();
        let (p, q, g) = (next(), next(), next());
        let y = parameters::sole(&bits[1..], Tag::INTEGER).unwrap().to_vec();
        [p, q, g, y]
    }
    fn spki(parameters: &[u8], y: &[u8]) -> Vec<u8> {
        let oid = write::tlv(Tag::OID, crate::crypto::algorithm::DSA.as_bytes());
        let algorithm = write::sequence(&[&oid, parameters]);
        let y = write::tlv(Tag::INTEGER, y);
        let bits = write::tlv(Tag::BIT_STRING, &[&[0], y.as_slice()].concat());
        write::sequence(&[&algorithm, &bits])
    }
    fn with(numbers: &[Vec<u8>; 4]) -> Result<AnyKey> {
        let integer = |number: &Vec<u8>| write::tlv(Tag::INTEGER, number);
        let [p, q, g, y] = numbers;
        let parameters = write::sequence(&[&integer(p), &integer(q), &integer(g)]);
        AnyKey::from_spki(&spki(&parameters, y))
    }

    const ALL: [(&str, usize); 4] = [
        ("dsa-1024-160", 1024),
        ("dsa-2048-224", 2048),
        ("dsa-2048-256", 2048),
        ("dsa-3072-256", 3072),
    ];

    #[test]
    fn what_openssl_signed_verifies_and_nothing_else() {
        for (name, bits) in ALL {
            let key = key(name);
            assert_eq!(key.kind(), KeyKind::Dsa { bits });
            assert!(!key.needs_parameters());
            let signature = tests::signature(name);
            let verify = |message, signature: &[u8]| {
                let signed = Signed::Message(message);
                key.verify(&SHA256, signed, signature).unwrap()
            };
            assert!(verify(b"message", &signature), "{name}");
            assert!(!verify(b"massage", &signature), "{name}");
            let hash = digest(Digest::Sha256, b"message");
            let prehashed = key.verify(&SHA256, Signed::Prehash(Digest::Sha256, &hash), &signature);
            assert!(prehashed.unwrap());
            let other = SignatureAlgorithm::Dsa(Digest::Sha1);
            assert!(
                !key.verify(&other, Signed::Message(b"message"), &signature)
                    .unwrap()
            );
            let ecdsa = SignatureAlgorithm::Ecdsa(Digest::Sha256);
            let verified = key.verify(&ecdsa, Signed::Message(b"message"), &signature);
            assert!(matches!(verified, Err(Error::KeyType { .. })));
        }
    }

    #[test]
    fn signatures_that_are_none_are_refused_at_once() {
        let key = key("dsa-3072-256");
        let [_, q, ..] = numbers("dsa-3072-256");
        let pair = |r: &[u8], s: &[u8]| {
            write::sequence(&[&write::tlv(Tag::INTEGER, r), &write::tlv(Tag::INTEGER, s)])
        };
        let more = [pair(&[1], &[1]), vec![0]].concat();
        for (bad, why) in [
            (vec![], "nothing"),
            (pair(&[0], &[1]), "r = 0"),
            (pair(&[1], &[0]), "s = 0"),
            (pair(&q, &[1]), "r = q"),
            (pair(&[1], &q), "s = q"),
            (pair(&[0xff], &[1]), "a negative r"),
            (pair(&[0, 1], &[1]), "a padded r"),
            (more, "something after"),
            (pair(&[1], &vec![1; 1 << 16]), "an s of 64 kB"),
        ] {
            let verified = key.verify(&SHA256, Signed::Message(b"message"), &bad);
            assert!(!verified.unwrap(), "{why}");
        }
    }

    #[test]
    fn numbers_that_make_no_key_are_refused_before_arithmetic() {
        let good = numbers("dsa-2048-256");
        assert!(with(&good).is_ok());
        let even = |number: &[u8]| {
            let mut number = number.to_vec();
            *number.last_mut().unwrap() &= 0xfe;
            number
        };
        let [p, q, g, y] = good.clone();
        let longer = [&[0x7f], &p[1..]].concat();
        let short = numbers("dsa-1024-160");
        let mut outside = y.clone();
        *outside.last_mut().unwrap() ^= 2;
        let cases: [(&str, [Vec<u8>; 4]); 13] = [
            ("an even p", [even(&p), q.clone(), g.clone(), y.clone()]),
            ("an even q", [p.clone(), even(&q), g.clone(), y.clone()]),
            ("p of 2047 bits", [longer, q.clone(), g.clone(), y.clone()]),
            (
                "q of another size",
                [p.clone(), short[1].clone(), g.clone(), y.clone()],
            ),
            (
                "p of 64 kB",
                [vec![0x7f; 1 << 16], q.clone(), g.clone(), y.clone()],
            ),
            ("g = 0", [p.clone(), q.clone(), vec![0], y.clone()]),
            ("g = 1", [p.clone(), q.clone(), vec![1], y.clone()]),
            ("g = p", [p.clone(), q.clone(), p.clone(), y.clone()]),
            (
                "a negative g",
                [p.clone(), q.clone(), vec![0xff], y.clone()],
            ),
            ("y = 0", [p.clone(), q.clone(), g.clone(), vec![0]]),
            ("y = 1", [p.clone(), q.clone(), g.clone(), vec![1]]),
            ("y = p", [p.clone(), q.clone(), g.clone(), p.clone()]),
            (
                "y outside of the group",
                [p.clone(), q.clone(), g.clone(), outside],
            ),
        ];
        for (why, numbers) in cases {
            assert!(with(&numbers).is_err(), "{why}");
        }
        for parameters in ["020101", "3000", "3003020103", "04020101"] {
            let der = crate::encoding::hex::decode(parameters).unwrap();
            let read = AnyKey::from_spki(&spki(&der, &y));
            assert!(
                matches!(read, Err(Error::Parameters { .. })),
                "{parameters}"
            );
        }
    }

    #[test]
    fn absent_parameters_are_the_issuers() {
        let name = "dsa-2048-256";
        let (whole, signature) = (key(name), tests::signature(name));
        let y = &numbers(name)[3];
        for nothing in [&[][..], &[5, 0]] {
            let lacking = || AnyKey::from_spki(&spki(nothing, y)).unwrap();
            assert!(lacking().needs_parameters());
            assert_eq!(lacking().kind(), KeyKind::Dsa { bits: 0 });
            let verify =
                |key: &AnyKey| key.verify(&SHA256, Signed::Message(b"message"), &signature);
            assert!(matches!(verify(&lacking()), Err(Error::Parameters { .. })));
            let inherited = lacking().inheriting(&whole).unwrap();
            assert!(!inherited.needs_parameters() && inherited.is_same_key(&whole));
            assert_eq!(inherited.spki(), lacking().spki());
            assert!(verify(&inherited).unwrap());
            // of another group, of an issuer that has none itself, of no DSA key
            assert!(lacking().inheriting(&key("dsa-1024-160")).is_err());
            assert!(lacking().inheriting(&lacking()).is_err());
            let rsa = tests::key("rsa");
            let none = crate::crypto::PrivateKey::public_key(&rsa);
            assert!(lacking().inheriting(none).unwrap().needs_parameters());
        }
        // who has parameters keeps them
        let kept = key("dsa-1024-160").inheriting(&whole).unwrap();
        assert!(kept.is_same_key(&key("dsa-1024-160")));
    }
}
