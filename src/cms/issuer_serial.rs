//! IssuerAndSerialNumber (RFC 5652 §10.2.4) in what is written: octet for octet that of the certificate, as receivers compare it.
use super::{Result, encode};
use crate::{
    asn1::{Tag, normal, write},
    x509::name::Name,
};
use cms::cert::IssuerAndSerialNumber;
use der::{Decode, Encode};
use x509_cert::{name::Name as Values, serial_number::SerialNumber};

/// Returns the DER of what `build` makes of issuer and serial (content octets of the INTEGER). `at`: the way to the identifier in it,
/// an index into each level.
///
/// Crate `cms` holds values, not octets. The few that do not come out as they went in (a serial number of more than 21 octets, or not
/// minimal; a name with a type of string the crate does not know) are put in as they are.
pub(super) fn encode_within<T: Encode>(
    at: &[usize],
    issuer: &Name,
    serial: &[u8],
    build: impl FnOnce(IssuerAndSerialNumber) -> T,
) -> Result<Vec<u8>> {
    let octets = write::sequence(&[issuer.der(), &write::tlv(Tag::INTEGER, serial)]);
    // by the rules of BER, as those of DER would sort the sets in the name
    match IssuerAndSerialNumber::from_ber(&octets) {
        Ok(id) if id.to_der().is_ok_and(|der| der == octets) => encode(&build(id)),
        _ => {
            let stand_in = IssuerAndSerialNumber {
                issuer: Values::default(),
                serial_number: SerialNumber::from(0_u8),
            };
            replace(&encode(&build(stand_in))?, at, &octets)
        }
    }
}

/// Returns the DER value `der` with the one that lies at `at` replaced.
fn replace(der: &[u8], at: &[usize], with: &[u8]) -> Result<Vec<u8>> {
    // what is written is less deep than this
    const DEPTH: usize = 64;
    let (Some(tag), Some((index, rest))) = (der.first(), at.split_first()) else {
        return Ok(with.to_vec());
    };
    let mut parts = normal::children(der, DEPTH)?;
    let replaced;
    if let Some(part) = parts.get_mut(*index) {
        replaced = replace(part, rest, with)?;
        *part = &replaced;
    }
    Ok(write::constructed(Tag(*tag), &parts))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)]
    use super::{super::specimen::*, *};
    use der::asn1::ContextSpecific;

    /// Returns what is written two levels down, and whether it stood there from the first.
    fn written(issuer: &Name, serial: &[u8]) -> (Vec<u8>, bool) {
        let mut was_value = false;
        let der = encode_within(&[0, 1], issuer, serial, |id| {
            was_value = !id.issuer.is_empty();
            ContextSpecific {
                tag_number: der::TagNumber(1),
                tag_mode: der::TagMode::Explicit,
                value: vec![id.clone(), id],
            }
        });
        (der.unwrap(), was_value)
    }

    #[test]
    fn octets_are_those_of_the_certificate() {
        let mut values = Vec::new();
        for certificate in odd_certificates() {
            let (der, was_value) = written(certificate.issuer(), certificate.serial());
            let list = normal::children(&der, 64).unwrap();
            let [list] = list.as_slice() else { panic!() };
            let serial = write::tlv(Tag::INTEGER, certificate.serial());
            let wanted = write::sequence(&[certificate.issuer().der(), &serial]);
            assert_eq!(normal::children(list, 64).unwrap().get(1), Some(&&*wanted));
            values.push(was_value);
        }
        assert_eq!(values, [true, false, false, true, true, false, false]);
    }
}
