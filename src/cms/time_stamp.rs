//! Time-stamp tokens (RFC 3161, RFC 5816): TSTInfo, what a time-stamping authority signs. Whether its token holds is decided elsewhere.
use super::{Error, Result, attribute::Attribute};
use crate::{
    asn1::{
        Tag, Time,
        cursor::Cursor,
        oid::{self, Oid},
    },
    crypto::Digest,
    x509::{Certificate, general_name::GeneralName},
};
use spki::AlgorithmIdentifierOwned;

/// id-ct-TSTInfo, the content type of a token
pub const CONTENT_TYPE: Oid = Oid::new_unwrap("1.2.840.113549.1.9.16.1.4");
/// id-aa-timeStampToken
const TIME_STAMP_TOKEN: Oid = Oid::new_unwrap("1.2.840.113549.1.9.16.2.14");

/// ```text
/// TSTInfo ::= SEQUENCE {
///   version INTEGER { v1 (1) }, policy OBJECT IDENTIFIER,
///   messageImprint SEQUENCE { hashAlgorithm AlgorithmIdentifier, hashedMessage OCTET STRING },
///   serialNumber INTEGER, genTime GeneralizedTime,
///   accuracy SEQUENCE { seconds INTEGER OPTIONAL, millis [0] INTEGER (1..999) OPTIONAL, micros [1] INTEGER (1..999) OPTIONAL } OPTIONAL,
///   ordering BOOLEAN DEFAULT FALSE, nonce INTEGER OPTIONAL, tsa [0] GeneralName OPTIONAL, extensions [1] IMPLICIT Extensions OPTIONAL }
/// ```
#[derive(Debug, Clone)]
pub struct TstInfo {
    /// policy
    pub policy: Oid,
    /// hashAlgorithm of messageImprint
    pub hash_algorithm: AlgorithmIdentifierOwned,
    /// hashedMessage of messageImprint
    pub imprint: Vec<u8>,
    /// serialNumber: content octets
    pub serial: Vec<u8>,
    /// genTime, a fraction of a second dropped
    pub time: Time,
    /// whether genTime has a fraction of a second
    fraction: bool,
    /// accuracy in microseconds; `None`: not said
    pub accuracy: Option<u64>,
    /// DER of tsa, a GeneralName
    tsa: Option<Vec<u8>>,
    /// an extension is critical, which none that is known is
    pub critical: bool,
}

impl TstInfo {
    /// Parses the content of a token.
    pub fn from_der(der: &[u8]) -> Result<Self> {
        let mut outer = Cursor::new(der, 0);
        let mut fields = outer.enter(Tag::SEQUENCE)?;
        outer.finish()?;
        let version = fields.expect(Tag::INTEGER)?;
        if version.content != [1] {
            return Err(malformed("a time-stamp of another version", version.offset));
        }
        let policy = oid::from_value(&fields.expect(Tag::OID)?)?;
        let mut imprint = fields.enter(Tag::SEQUENCE)?;
        let hash_algorithm = super::algorithm(&imprint.expect(Tag::SEQUENCE)?)?;
        let hash = imprint.expect(Tag::OCTET_STRING)?.content.to_vec();
        imprint.finish()?;
        let serial = fields.expect(Tag::INTEGER)?.content.to_vec();
        let time = fields.expect(Tag(0x18))?;
        let (moment, fraction) = gen_time(time.content)
            .ok_or_else(|| malformed("genTime is not as RFC 3161 wants it", time.offset))?;
        let accuracy = match fields.optional(Tag::SEQUENCE)? {
            None => None,
            Some(value) => {
                Some(accuracy(value.inside()).ok_or_else(|| malformed("accuracy", value.offset))?)
            }
        };
        if let Some(ordering) = fields.optional(Tag::BOOLEAN)?
            && !matches!(ordering.content, [0x00 | 0xff])
        {
            return Err(malformed("ordering is no BOOLEAN", ordering.offset));
        }
        fields.optional(Tag::INTEGER)?;
        let tsa = match fields.optional(Tag::context(0))? {
            None => None,
            Some(value) => {
                // explicit, as GeneralName is a CHOICE
                let mut inside = value.inside();
                let name = inside.any()?;
                inside.finish()?;
                Some(name.raw.to_vec())
            }
        };
        let mut critical = false;
        if let Some(extensions) = fields.optional(Tag::context(1))? {
            let mut extensions = extensions.inside();
            while !extensions.is_empty() {
                let mut extension = extensions.enter(Tag::SEQUENCE)?;
                extension.expect(Tag::OID)?;
                critical |= extension
                    .optional(Tag::BOOLEAN)?
                    .is_some_and(|it| it.content != [0]);
                extension.expect(Tag::OCTET_STRING)?;
                extension.finish()?;
            }
        }
        fields.finish()?;
        Ok(Self {
            policy,
            hash_algorithm,
            imprint: hash,
            serial,
            time: moment,
            fraction,
            accuracy,
            tsa,
            critical,
        })
    }

    /// Returns the digest of messageImprint; unknown: an error.
    pub fn digest(&self) -> crate::crypto::Result<Digest> {
        Digest::from_identifier(&self.hash_algorithm)
    }

    /// Returns the latest moment at which the token can have been made: genTime and its accuracy, to the next full second.
    pub fn latest(&self) -> Time {
        let microseconds = self.accuracy.unwrap_or(0) + if self.fraction { 999_999 } else { 0 };
        let seconds = i64::try_from(microseconds.div_ceil(1_000_000)).unwrap_or(i64::MAX);
        Time(self.time.0.saturating_add(seconds))
    }

    /// Returns whether `tsa`, if it is there, is one of the names of this certificate (RFC 3161 §2.4.2).
    pub fn names(&self, certificate: &Certificate) -> bool {
        let Some(der) = &self.tsa else {
            return true;
        };
        let Ok(name) = GeneralName::read(&mut Cursor::new(der, 0)) else {
            return false;
        };
        if matches!(&name, GeneralName::Directory(name) if name == certificate.subject()) {
            return true;
        }
        let alternative = certificate.alternative_names();
        alternative.is_ok_and(|names| names.is_some_and(|names| names.contains(&name)))
    }
}

/// Returns the tokens among unsigned attributes, each a ContentInfo in DER.
pub fn tokens(unsigned: &[Attribute]) -> impl Iterator<Item = &Vec<u8>> {
    unsigned
        .iter()
        .filter(|attribute| attribute.oid == TIME_STAMP_TOKEN)
        .flat_map(|attribute| &attribute.values)
}

/// RFC 3161 §2.4.2: `YYYYMMDDhhmmss[.s...]Z`, a fraction without zeros at its end. Returns the time, and whether there is a fraction.
fn gen_time(content: &[u8]) -> Option<(Time, bool)> {
    let text = content.strip_suffix(b"Z")?;
    let (whole, fraction) = text.split_at_checked(14)?;
    let fine = match fraction {
        [] => true,
        [b'.', digits @ .., b'1'..=b'9'] => digits.iter().all(u8::is_ascii_digit),
        _ => false,
    };
    let digits = whole.iter().all(u8::is_ascii_digit);
    let time = Time::from_asn1(Tag(0x18), content)?;
    (fine && digits).then_some((time, !fraction.is_empty()))
}

/// Returns microseconds.
fn accuracy(mut fields: Cursor<'_>) -> Option<u64> {
    let mut sum: u64 = 0;
    for (tag, unit, most) in [
        (Tag::INTEGER, 1_000_000, u64::from(u32::MAX)),
        (Tag::context_primitive(0), 1_000, 999),
        (Tag::context_primitive(1), 1, 999),
    ] {
        if let Some(value) = fields.optional(tag).ok()? {
            let number = match value.content {
                [0x80..=0xff, ..] | [] => return None,
                content => content.iter().try_fold(0_u64, |sum, octet| {
                    sum.checked_mul(256)?.checked_add(u64::from(*octet))
                })?,
            };
            if number > most || (most == 999 && number == 0) {
                return None;
            }
            sum = sum.checked_add(number.checked_mul(unit)?)?;
        }
    }
    fields.finish().ok()?;
    Some(sum)
}

fn malformed(what: &'static str, offset: u64) -> Error {
    Error::Malformed { what, offset }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::asn1::write;
    use proptest::prelude::*;

    /// Returns the DER of a TSTInfo with these fields from genTime on.
    fn info(rest: &[&[u8]]) -> Result<TstInfo> {
        let policy = oid::to_der(&CONTENT_TYPE);
        let algorithm = write::sequence(&[&oid::to_der(&Digest::Sha256.row().oid)]);
        let imprint = write::sequence(&[&algorithm, &write::tlv(Tag::OCTET_STRING, &[7; 32])]);
        let head = [
            &write::integer(1)[..],
            &policy,
            &imprint,
            &write::integer(5),
        ];
        TstInfo::from_der(&write::sequence(&[&head[..], rest].concat()))
    }

    fn at(text: &str) -> Vec<u8> {
        write::tlv(Tag(0x18), text.as_bytes())
    }

    #[test]
    fn every_field_is_read() {
        let time = at("20261101000000Z");
        let plain = info(&[&time]).unwrap();
        assert_eq!(plain.time, Time::from_rfc3339("2026-11-01").unwrap());
        assert_eq!((plain.latest(), plain.accuracy), (plain.time, None));
        assert_eq!(plain.digest().unwrap(), Digest::Sha256);
        let accuracy = write::sequence(&[&write::integer(2), &[0x80, 1, 5], &[0x81, 1, 9]]);
        let name = write::constructed(Tag::context(0), &[&[0x82, 1, b'a']]);
        let extension = write::sequence(&[&[6, 1, 0x2a], &[4, 0]]);
        let extensions = write::constructed(Tag::context(1), &[&extension]);
        let full = info(&[
            &time,
            &accuracy,
            &[1, 1, 0xff],
            &write::integer(99),
            &name,
            &extensions,
        ])
        .unwrap();
        assert_eq!(full.accuracy, Some(2_005_009));
        assert_eq!(full.latest(), Time(full.time.0 + 3));
        assert!(!full.critical);
    }

    #[test]
    fn times_have_one_form() {
        for fine in [
            "20261101000000Z",
            "20261101000000.5Z",
            "20261101000000.123456Z",
        ] {
            assert!(info(&[&at(fine)]).is_ok(), "{fine}");
        }
        assert_eq!(
            info(&[&at("20261101000000.5Z")]).unwrap().latest(),
            Time::from_rfc3339("2026-11-01T00:00:01Z").unwrap()
        );
        for bad in [
            "202611010000Z",
            "20261101000000",
            "20261101000000+0100",
            "20261101000000.50Z",
            "20261101000000.Z",
            "20261101000000,5Z",
            "20261301000000Z",
            "",
        ] {
            assert!(info(&[&at(bad)]).is_err(), "{bad}");
        }
        assert!(info(&[&write::tlv(Tag(0x17), b"261101000000Z")]).is_err());
    }

    #[test]
    fn malformed() {
        let time = at("20261101000000Z");
        for rest in [
            &[][..],
            &[&time[..], &write::sequence(&[&[0x80, 1, 0]])],
            &[&time, &write::sequence(&[&[0x80, 2, 3, 0xe8]])],
            &[&time, &write::sequence(&[&[2, 1, 0xff]])],
            &[
                &time,
                &write::sequence(&[&[2, 9, 1, 0, 0, 0, 0, 0, 0, 0, 0]]),
            ],
            &[&time, &write::sequence(&[&[0x81, 1, 1], &[0x80, 1, 1]])],
            &[&time, &[1, 1, 5]],
            &[&time, &[0xa0, 0]],
            &[&time, &[0xa1, 2, 5, 0]],
            &[&time, &time],
            &[&time, &[5, 0]],
        ] {
            assert!(info(rest).is_err(), "{rest:?}");
        }
    }

    proptest! {
        #[test]
        fn no_input_panics(input in proptest::collection::vec(any::<u8>(), 0..60)) {
            let _ = TstInfo::from_der(&input);
            let _ = info(&[&at("20261101000000Z"), &input]);
        }
    }
}
