//! ECParameters: a named curve, or explicit numbers that are those of one (ANSI X9.62, SEC 1 appendix C.2).
//!
//! Such keys were written by old tools. Every number counts, the generator before all: whoever chooses the generator of a CA's key makes up a
//! private key that fits (CVE-2020-0601). RFC 5480 §2.1.1 wants names in certificates; that these have none is for policy to weigh.
use super::{
    Error, Result, parameters,
    public_key::{P256, P384, P521},
    rsa_scheme::unsigned,
};
use crate::{
    asn1::{
        Tag,
        cursor::{Cursor, Value},
        oid::Oid,
    },
    encoding::hex,
};

/// prime-field (RFC 3279 §2.3.5)
const PRIME_FIELD: Oid = Oid::new_unwrap("1.2.840.10045.1.1");

/// The numbers of a curve (FIPS 186-4 appendix D.1.2) in hexadecimal, without leading zeros but for those of the coordinates; cofactors are 1.
struct Curve {
    oid: Oid,
    prime: &'static str,
    a: &'static str,
    b: &'static str,
    x: &'static str,
    y: &'static str,
    order: &'static str,
}
#[rustfmt::skip]
const CURVES: [Curve; 3] = [
    Curve {
        oid: P256,
        prime: "ffffffff00000001000000000000000000000000ffffffffffffffffffffffff",
        a: "ffffffff00000001000000000000000000000000fffffffffffffffffffffffc",
        b: "5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604b",
        x: "6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296",
        y: "4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5",
        order: "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551",
    },
    Curve {
        oid: P384,
        prime: "fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffeffffffff0000000000000000ffffffff",
        a: "fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffeffffffff0000000000000000fffffffc",
        b: "b3312fa7e23ee7e4988e056be3f82d19181d9c6efe8141120314088f5013875ac656398d8a2ed19d2a85c8edd3ec2aef",
        x: "aa87ca22be8b05378eb1c71ef320ad746e1d3b628ba79b9859f741e082542a385502f25dbf55296c3a545e3872760ab7",
        y: "3617de4a96262c6f5d9e98bf9292dc29f8f41dbd289a147ce9da3113b5f0b8c00a60b1ce1d7e819d7a431d7c90ea0e5f",
        order: "ffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973",
    },
    Curve {
        oid: P521,
        prime: "01ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
        a: "01fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc",
        b: "51953eb9618e1c9a1f929a21a0b68540eea2da725b99b315f3b8b489918ef109e156193951ec7e937b1652c0bd3bb1bf073573df883d2c34f1ef451fd46b503f00",
        x: "00c6858e06b70404e9cd9e3ecb662395b4429c648139053fb521f828af606b4d3dbaa14b5e77efe75928fe1dc127a2ffa8de3348b3c1856a429bf97e7e31c2e5bd66",
        y: "011839296a789a3bc0045c8a5fb42c7d1bd998f54449579b446817afbd17273e662c97ee72995ef42640c550b9013fad0761353c7086a272c24088be94769fd16650",
        order: "01fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffa51868783bf2f966b7fcc0148f709a5d03bb5c9b8899c47aebb6fb71e91386409",
    },
];

/// Returns the curve that ECParameters name or spell out.
pub(super) fn curve(der: &[u8]) -> Result<Oid> {
    if let Some(name) = parameters::sole(der, Tag::OID) {
        return Oid::from_bytes(name).map_err(|_| MALFORMED);
    }
    let found = Explicit::read(der).ok_or(MALFORMED)?;
    let known = CURVES.iter().find(|curve| found.is(curve));
    known.map(|curve| curve.oid).ok_or(Error::Parameters {
        algorithm: "id-ecPublicKey",
        what: "the curve is spelled out, and is not P-256, P-384 or P-521",
    })
}
/// Returns the curve that the ECParameters of a public key spell out, the cofactor too.
pub(super) fn spelled_out(der: &[u8]) -> Option<Oid> {
    let found = Explicit::read(der).filter(|found| found.cofactor.is_some())?;
    let known = CURVES.iter().find(|curve| found.is(curve))?;
    Some(known.oid)
}
const MALFORMED: Error = Error::Parameters {
    algorithm: "id-ecPublicKey",
    what: "malformed ECParameters",
};

/// ```text
/// SpecifiedECDomain ::= SEQUENCE {
///   version INTEGER, fieldID SEQUENCE { fieldType OID, prime INTEGER },
///   curve SEQUENCE { a OCTET STRING, b OCTET STRING, seed BIT STRING OPTIONAL },
///   base OCTET STRING, order INTEGER, cofactor INTEGER OPTIONAL }
/// ```
/// The seed, from which b once came, is not looked at: b is.
struct Explicit<'a> {
    prime: &'a [u8],
    a: &'a [u8],
    b: &'a [u8],
    base: &'a [u8],
    order: &'a [u8],
    cofactor: Option<&'a [u8]>,
}
impl<'a> Explicit<'a> {
    fn read(der: &'a [u8]) -> Option<Self> {
        let content = |value: Value<'a>| value.content;
        let mut fields = parameters::sole_sequence(der)?;
        let version = fields.expect(Tag::INTEGER).ok()?.content;
        let mut field = fields.enter(Tag::SEQUENCE).ok()?;
        let kind = field.expect(Tag::OID).ok()?.content;
        let prime = unsigned(field.expect(Tag::INTEGER).ok()?.content)?;
        field.finish().ok()?;
        let mut curve = fields.enter(Tag::SEQUENCE).ok()?;
        let number = |cursor: &mut Cursor<'a>| cursor.expect(Tag::OCTET_STRING).map(content).ok();
        let (a, b) = (number(&mut curve)?, number(&mut curve)?);
        curve.optional(Tag::BIT_STRING).ok()?;
        curve.finish().ok()?;
        let base = number(&mut fields)?;
        let order = unsigned(fields.expect(Tag::INTEGER).ok()?.content)?;
        let cofactor = fields.optional(Tag::INTEGER).ok()?.map(content);
        fields.finish().ok()?;
        (matches!(version, [1..=3]) && kind == PRIME_FIELD.as_bytes()).then_some(Self {
            prime,
            a,
            b,
            base,
            order,
            cofactor,
        })
    }
    fn is(&self, curve: &Curve) -> bool {
        let number = |hexadecimal| hex::decode(hexadecimal).unwrap_or_default();
        let (x, y) = (number(curve.x), number(curve.y));
        let sign = y.last().map_or(0, |octet| octet & 1);
        // SEC 1 §2.3.3
        let base = match self.base {
            [4, coordinates @ ..] => coordinates == [x, y].concat(),
            [form @ (2 | 3), coordinate @ ..] => *form == 2 | sign && coordinate == x,
            _ => false,
        };
        base && self.prime == number(curve.prime)
            && significant(self.a) == number(curve.a)
            && significant(self.b) == number(curve.b)
            && self.order == number(curve.order)
            && self.cofactor.is_none_or(|cofactor| cofactor == [1])
    }
}
/// Returns a number without the leading zeros, which some leave out and some do not.
fn significant(number: &[u8]) -> &[u8] {
    let zeros = number.iter().take_while(|octet| **octet == 0).count();
    number.get(zeros..).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]
    use super::*;
    use crate::{
        asn1::write,
        crypto::{PublicKey, SoftwareKey},
    };
    use proptest::prelude::*;

    /// The fields of explicit ECParameters, to be altered.
    #[derive(Clone)]
    struct Fields {
        version: u32,
        kind: Oid,
        prime: Vec<u8>,
        a: Vec<u8>,
        b: Vec<u8>,
        after_b: Vec<u8>,
        base: Vec<u8>,
        order: Vec<u8>,
        after_order: Vec<u8>,
    }
    impl Fields {
        fn of(curve: &Curve) -> Self {
            let number = |text| hex::decode(text).unwrap();
            Self {
                version: 1,
                kind: PRIME_FIELD,
                prime: number(curve.prime),
                a: number(curve.a),
                b: number(curve.b),
                after_b: Vec::new(),
                base: [vec![4], number(curve.x), number(curve.y)].concat(),
                order: number(curve.order),
                after_order: write::integer(1),
            }
        }
        fn der(&self) -> Vec<u8> {
            let octets = |octets: &[u8]| write::tlv(Tag::OCTET_STRING, octets);
            let positive = |number: &[u8]| {
                let sign: &[u8] = if number[0] < 0x80 { &[] } else { &[0] };
                write::tlv(Tag::INTEGER, &[sign, number].concat())
            };
            let kind = write::tlv(Tag::OID, self.kind.as_bytes());
            write::sequence(&[
                &write::integer(self.version),
                &write::sequence(&[&kind, &positive(&self.prime)]),
                &write::sequence(&[&octets(&self.a), &octets(&self.b), &self.after_b]),
                &octets(&self.base),
                &positive(&self.order),
                &self.after_order,
            ])
        }
        fn altered(&self, alter: impl Fn(&mut Self)) -> Vec<u8> {
            let mut fields = self.clone();
            alter(&mut fields);
            fields.der()
        }
    }

    #[test]
    fn numbers_of_a_named_curve_are_its_name() {
        for curve in &CURVES {
            let fields = Fields::of(curve);
            let size = fields.base.len() / 2;
            let sign = fields.base.last().unwrap() & 1;
            for right in [
                write::tlv(Tag::OID, curve.oid.as_bytes()),
                fields.der(),
                fields.altered(|f| f.version = 2),
                fields.altered(|f| f.after_order.clear()),
                fields.altered(|f| f.after_b = write::tlv(Tag::BIT_STRING, &[0, 7])),
                fields.altered(|f| f.b.insert(0, 0)),
                fields.altered(|f| {
                    f.base.truncate(size + 1);
                    f.base[0] = 2 | sign;
                }),
            ] {
                assert_eq!(super::curve(&right).unwrap(), curve.oid);
            }
            let flip = |number: &mut Vec<u8>| *number.last_mut().unwrap() ^= 2;
            for (i, wrong) in [
                fields.altered(|f| f.version = 4),
                fields.altered(|f| f.kind = Oid::new_unwrap("1.2.840.10045.1.2")),
                fields.altered(|f| flip(&mut f.prime)),
                fields.altered(|f| flip(&mut f.a)),
                fields.altered(|f| flip(&mut f.b)),
                fields.altered(|f| flip(&mut f.base)),
                fields.altered(|f| f.base[2] ^= 1),
                fields.altered(|f| f.base[0] = 6 | sign),
                fields.altered(|f| f.base.push(0)),
                fields.altered(|f| {
                    f.base.truncate(size + 1);
                    f.base[0] = 3 ^ sign;
                }),
                fields.altered(|f| f.base = vec![0]),
                fields.altered(|f| f.base.clear()),
                fields.altered(|f| flip(&mut f.order)),
                fields.altered(|f| f.after_order = write::integer(2)),
                fields.altered(|f| f.after_order.extend([5, 0])),
                fields.altered(|f| f.after_b = write::integer(1)),
                vec![5, 0],
                [fields.der(), vec![0]].concat(),
                Vec::new(),
            ]
            .iter()
            .enumerate()
            {
                assert!(super::curve(wrong).is_err(), "{i}");
            }
        }
        let [first, second, _] = CURVES.map(|curve| Fields::of(&curve));
        let mixed = first.altered(|f| f.base.clone_from(&second.base));
        assert!(curve(&mixed).is_err());
    }

    #[test]
    fn the_generators_and_orders_are_those_of_the_crates() {
        for curve in &CURVES {
            let order = hex::decode(curve.order).unwrap();
            let generator = Fields::of(curve).base;
            let key = |scalar: &[u8]| {
                let scalar = write::tlv(Tag::OCTET_STRING, scalar);
                let der = write::sequence(&[&write::integer(1), &scalar]);
                SoftwareKey::from_sec1(&der, Some(curve.oid))
            };
            use crate::crypto::PrivateKey as _;
            let mut one = vec![0; order.len()];
            *one.last_mut().unwrap() = 1;
            assert!(key(&one).unwrap().public_key().spki().ends_with(&generator));
            assert!(key(&order).is_err());
            let mut last = order;
            *last.last_mut().unwrap() -= 1;
            assert!(key(&last).is_ok());
        }
    }

    #[test]
    fn public_keys_that_spell_out_their_curve_are_told_from_others() {
        for curve in &CURVES {
            let fields = Fields::of(curve);
            let read = |parameters: &[u8]| {
                let algorithm = write::sequence(&[
                    &write::tlv(Tag::OID, crate::crypto::algorithm::EC_PUBLIC_KEY.as_bytes()),
                    parameters,
                ]);
                let bits = write::tlv(Tag::BIT_STRING, &[&[0], fields.base.as_slice()].concat());
                PublicKey::from_spki(&write::sequence(&[&algorithm, &bits]))
            };
            let named = read(&write::tlv(Tag::OID, curve.oid.as_bytes())).unwrap();
            assert!(!named.has_explicit_curve());
            let explicit = read(&fields.der()).unwrap();
            assert!(explicit.has_explicit_curve());
            assert!(explicit.is_same_key(&named));
            let without_cofactor = fields.altered(|fields| fields.after_order.clear());
            assert!(read(&without_cofactor).is_err());
            // CVE-2020-0601: another generator, which is a point of the curve, makes another private key fit
            let mut other = Fields::of(curve);
            let last = other.base.last_mut().unwrap();
            *last ^= 1;
            assert!(read(&other.der()).is_err());
        }
    }

    proptest! {
        #[test]
        fn any_octets_are_a_curve_or_not(octets in prop::collection::vec(any::<u8>(), 0..99), at in 0_usize..999, octet in any::<u8>()) {
            let _ = curve(&octets);
            for known in &CURVES {
                let mut der = Fields::of(known).der();
                let at = at % der.len();
                let same = der[at] == octet;
                der[at] = octet;
                // only another version changes nothing
                prop_assert_eq!(curve(&der).is_ok(), same || at == version_at(&der) && (1..=3).contains(&octet));
                der.truncate(at);
                prop_assert!(curve(&der).is_err());
            }
        }
    }
    /// Returns where the version stands: after the header of the SEQUENCE and its own.
    fn version_at(der: &[u8]) -> usize {
        der.len()
            - parameters::sole(der, Tag::SEQUENCE)
                .unwrap_or_default()
                .len()
            + 2
    }
}
