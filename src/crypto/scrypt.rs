//! scrypt (RFC 7914): the key derivation that costs memory. Both costs are compared with their limits before any is paid.
use super::{
    Error, Result, Secret, parameters,
    password::{Cost, check_salt, malformed},
};
use crate::asn1::{Tag, cursor::Cursor, oid::Oid};
use spki::AlgorithmIdentifierOwned;
use zeroize::Zeroizing;

/// id-scrypt (RFC 7914 §7)
pub(super) const SCRYPT: Oid = Oid::new_unwrap("1.3.6.1.4.1.11591.4.11");

/// scrypt-params: `SEQUENCE { salt OCTET STRING, costParameter INTEGER, blockSize INTEGER, parallelizationParameter INTEGER, keyLength INTEGER OPTIONAL }`.
pub(super) struct Scrypt {
    salt: Vec<u8>,
    parameters: scrypt::Params,
    iterations: u32,
    pub(super) key_length: Option<usize>,
}

impl Scrypt {
    /// Reads the parameters. N·r·p blocks are mixed, each of which costs about as much as an iteration of PBKDF2; 128·N·r octets are held.
    pub(super) fn read(algorithm: &AlgorithmIdentifierOwned, max: Cost) -> Result<Self> {
        let bad = || malformed("scrypt");
        let der = parameters::present(algorithm, "scrypt")?;
        let mut fields = parameters::sole_sequence(&der).ok_or_else(bad)?;
        let salt = fields.expect(Tag::OCTET_STRING).map_err(|_| bad())?;
        check_salt(salt.content)?;
        let (n, r, p) = (
            number(&mut fields)?,
            number(&mut fields)?,
            number(&mut fields)?,
        );
        let key_length = match fields.peek() {
            None => None,
            Some(_) => Some(usize::try_from(number(&mut fields)?).map_err(|_| bad())?),
        };
        fields.finish().map_err(|_| bad())?;
        for (what, count) in [
            ("memory of a key derivation", n),
            ("memory of a key derivation's parallel blocks", p),
        ] {
            let found = count.saturating_mul(r).saturating_mul(128);
            if found > max.memory {
                let limit = max.memory;
                return Err(Error::Limit { what, found, limit });
            }
        }
        let blocks = n.saturating_mul(r).saturating_mul(p);
        let iterations = u32::try_from(blocks).unwrap_or(u32::MAX);
        if blocks > max.iterations.into() {
            return Err(Error::Limit {
                what: "iterations of a key derivation",
                found: blocks,
                limit: max.iterations.into(),
            });
        }
        // N is a power of two above 1
        if !n.is_power_of_two() || n < 2 {
            return Err(bad());
        }
        let log_n = u8::try_from(n.ilog2()).map_err(|_| bad())?;
        let (r, p) = (u32::try_from(r), u32::try_from(p));
        let (Ok(r), Ok(p)) = (r, p) else {
            return Err(bad());
        };
        Ok(Self {
            salt: salt.content.to_vec(),
            parameters: scrypt::Params::new(log_n, r, p).map_err(|_| bad())?,
            iterations,
            key_length,
        })
    }

    /// Returns what it costs, in iterations.
    pub(super) fn iterations(&self) -> u32 {
        self.iterations
    }

    pub(super) fn derive(&self, password: &[u8], size: usize) -> Result<Secret> {
        let mut key = Zeroizing::new(vec![0; size]);
        scrypt::scrypt(password, &self.salt, &self.parameters, &mut key)
            .map_err(|_| malformed("scrypt"))?;
        Ok(Secret::new(std::mem::take(&mut *key)))
    }
}

/// Reads a positive number; one of more than eight octets is as good as infinite.
fn number(fields: &mut Cursor<'_>) -> Result<u64> {
    let value = fields.expect(Tag::INTEGER);
    let content = value.map_err(|_| malformed("scrypt"))?.content;
    match (content.first(), parameters::small_integer(content)) {
        (None | Some(0x80..), _) | (_, Some(0)) => Err(malformed("scrypt")),
        (_, found) => Ok(found.unwrap_or(u64::MAX)),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]
    use super::*;
    use crate::{asn1::write, encoding::hex};
    use spki::der::{Any, Decode};

    fn algorithm(salt: &[u8], numbers: &[&[u8]]) -> AlgorithmIdentifierOwned {
        let numbers: Vec<u8> = numbers
            .iter()
            .flat_map(|n| write::tlv(Tag::INTEGER, n))
            .collect();
        let salt = write::tlv(Tag::OCTET_STRING, salt);
        let parameters = write::sequence(&[&salt, &numbers]);
        AlgorithmIdentifierOwned {
            oid: SCRYPT,
            parameters: Some(Any::from_der(&parameters).unwrap()),
        }
    }
    const MAX: Cost = Cost {
        iterations: 10_000_000,
        memory: 256 << 20,
    };
    fn read(numbers: &[&[u8]], max: Cost) -> Result<Scrypt> {
        Scrypt::read(&algorithm(b"SodiumChloride", numbers), max)
    }

    /// RFC 7914 §12, the second and the third vector.
    #[test]
    fn vectors_of_the_rfc() {
        let scrypt = Scrypt::read(&algorithm(b"NaCl", &[&[4, 0], &[8], &[16]]), MAX).unwrap();
        let key = scrypt.derive(b"password", 64).unwrap();
        assert_eq!(
            hex::encode(key.expose()),
            "fdbabe1c9d3472007856e7190d01e9fe7c6ad7cbc8237830e77376634b3731622eaf30d92e22a3886ff109279d9830dac727afb94a83ee6d8360cbdfa2cc0640"
        );
        let scrypt = read(&[&[0x40, 0], &[8], &[1]], MAX).unwrap();
        let key = scrypt.derive(b"pleaseletmein", 64).unwrap();
        assert_eq!(
            hex::encode(key.expose()),
            "7023bdcb3afd7348461c06cd81fd38ebfda8fbba904f8e3ea9b543f6545da1f2d5432955613f0fcf62d49705242a9af9e61e85dc0d651e40dfcf017b45575887"
        );
    }

    #[test]
    fn costs_are_capped_at_their_limits() {
        // 2^14 · 8 · 1, and 16 MiB
        let numbers: [&[u8]; 3] = [&[0x40, 0], &[8], &[1]];
        let exact = Cost {
            iterations: 1 << 17,
            memory: 16 << 20,
        };
        assert_eq!(read(&numbers, exact).unwrap().iterations(), 1 << 17);
        let iterations = Cost {
            iterations: (1 << 17) - 1,
            ..exact
        };
        let memory = Cost {
            memory: (16 << 20) - 1,
            ..exact
        };
        for past in [iterations, memory] {
            assert!(matches!(read(&numbers, past), Err(Error::Limit { .. })));
        }
        // N, r or p beyond everything
        let huge: &[u8] = &[0x7f; 20];
        for numbers in [
            [huge, &[8], &[1]],
            [&[2], huge, &[1]],
            [&[2], &[8], huge],
            [&[1, 0, 0, 0, 0], &[1], &[1]],
        ] {
            let refused = read(&numbers, MAX);
            assert!(matches!(refused, Err(Error::Limit { .. })), "{numbers:?}");
        }
    }

    #[test]
    fn what_is_too_large_is_named() {
        let limit = MAX.memory;
        for (numbers, what, found) in [
            (
                [&[0x40, 0, 0][..], &[8], &[1]],
                "memory of a key derivation",
                1 << 32,
            ),
            (
                [&[2], &[1], &[0x40, 0, 0]],
                "memory of a key derivation's parallel blocks",
                1 << 29,
            ),
        ] {
            let expected = Error::Limit { what, found, limit };
            let refused = read(&numbers, MAX).err().unwrap();
            assert_eq!(refused.to_string(), expected.to_string());
        }
    }

    #[test]
    fn malformed_parameters() {
        for numbers in [
            &[&[2][..], &[1]][..],
            &[&[3], &[1], &[1]],
            &[&[1], &[1], &[1]],
            &[&[0], &[1], &[1]],
            &[&[0xff], &[1], &[1]],
            &[&[2], &[0], &[1]],
            &[&[2], &[1], &[0]],
            &[&[], &[1], &[1]],
            &[&[2], &[1], &[1], &[0]],
            &[&[2], &[1], &[1], &[32], &[1]],
        ] {
            let refused = read(numbers, MAX);
            assert!(
                matches!(refused, Err(Error::Parameters { .. })),
                "{numbers:?}"
            );
        }
        assert!(Scrypt::read(&algorithm(b"", &[&[2], &[1], &[1]]), MAX).is_err());
        assert_eq!(
            read(&[&[2], &[1], &[1], &[32]], MAX).unwrap().key_length,
            Some(32)
        );
    }
}
