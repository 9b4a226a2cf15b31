//! Certificates, CRLs and OCSP responses as anybody may make them: read, described, and in a path. One that was changed is never trusted and
//! never tells of revocation; one that the CA signed, whatever is in it, is answered in time.
#![no_main]
use libfuzzer_sys::{fuzz_mutator, fuzz_target};
use smime::{
    asn1::{Tag, cursor::Cursor, write},
    crypto::{PrivateKey, SignatureAlgorithm},
    policy::{Policy, Revocation},
    x509::{
        Certificate, Collection, Crl, OcspResponse, PathBuilder, PathReport, Purpose,
        RevocationStatus, distribution_point::DistributionPoint, general_name::GeneralName,
        name::Name,
    },
};
use smime_fuzz::{
    bounds::within,
    choice, mutate, reports,
    world::{AT, rng, world},
};
use std::sync::OnceLock;

fn read_certificate(der: &[u8]) -> Option<Certificate> {
    let it = Certificate::from_der(der).ok()?;
    assert_eq!(it.der(), der);
    let _ = (it.basic_constraints(), it.key_usage(), it.permits_email());
    let _ = (
        it.is_for_time_stamping(),
        it.purposes(),
        it.key_identifier(),
    );
    let _ = (
        it.authority_key_identifier(),
        it.crl_locations(),
        it.issuer_locations(),
    );
    let _ = (
        it.alternative_names().is_ok(),
        it.check_size(&world().policy.limits),
    );
    let _ = (it.public_key().is_ok(), it.signature_algorithm());
    for address in it.addresses() {
        let text = address.to_string();
        let again = smime::mime::mailbox::Address::parse(&text);
        assert!(
            again.is_some_and(|again| again.same_as(&address)),
            "{text:?} is not read again"
        );
    }
    let _ = it.extensions().map(|e| e.name()).count();
    let _ = it.describe();
    let _ = DistributionPoint::all(&it);
    assert!(it.is(it.issuer(), it.serial()));
    Some(it)
}

fn read_crl(der: &[u8]) -> Option<Crl> {
    let it = Crl::from_der(der).ok()?;
    assert_eq!(it.der(), der);
    let _ = (
        it.unknown_critical_extension(),
        it.number(),
        it.is_delta(),
        it.base(),
        it.signature_algorithm(),
    );
    let _ = it.entry(it.issuer(), &[0x55]).map(|r| r.to_string());
    let _ = (it.to_string(), it.entries());
    Some(it)
}

fn read_ocsp(der: &[u8]) -> Option<OcspResponse> {
    let it = OcspResponse::from_der(der, &world().policy.limits).ok()?;
    let _ = (
        it.to_string(),
        it.unknown_critical_extension(),
        it.signature_algorithm(),
    );
    for answer in it.answers() {
        let _ = answer.is_about(world().signer(), &world().ca);
    }
    let _ = it.certificates().count();
    Some(it)
}

/// Judges a path from this certificate, with what came beside it.
fn judge(
    leaf: &Certificate,
    beside: &Collection,
    revocation: Revocation,
    with_ca: bool,
) -> Option<PathReport> {
    static POLICIES: OnceLock<[Policy; 3]> = OnceLock::new();
    let policies = POLICIES.get_or_init(|| {
        [Revocation::Off, Revocation::Soft, Revocation::Hard].map(|revocation| {
            let mut policy = world().policy.clone();
            policy.revocation = revocation;
            policy
        })
    });
    static NOTHING: OnceLock<Collection> = OnceLock::new();
    let known = if with_ca {
        &world().repository
    } else {
        NOTHING.get_or_init(Collection::default)
    };
    let builder = PathBuilder::new(&world().anchors, known, &policies[revocation as usize]);
    builder.judge(leaf, beside, Purpose::Sign, AT, None).ok()
}

fn passes(report: &PathReport) -> bool {
    report.trusted && !Policy::denies(&report.findings)
}

/// The same structure with what is signed, which may be anything, signed anew.
fn signed_again(tbs: &[u8], by: &dyn PrivateKey) -> Vec<u8> {
    let algorithm = [0x30, 5, 6, 3, 0x2b, 0x65, 0x70];
    let signature = by
        .sign(&SignatureAlgorithm::Ed25519, tbs, &mut rng())
        .expect("a signature");
    let bits = [&[0], &signature[..]].concat();
    write::sequence(&[tbs, &algorithm, &write::tlv(Tag::BIT_STRING, &bits)])
}

/// The key of the CA or of the root.
fn authority(certificate: &Certificate) -> &'static dyn PrivateKey {
    let spki = certificate.spki();
    let key = world()
        .authorities
        .keys()
        .iter()
        .find(|k| k.public_key().spki() == spki);
    key.expect("the key of an authority").as_ref()
}

/// What is signed of a certificate, CRL or basic OCSP response: its first field, or else all of it.
fn to_be_signed(der: &[u8]) -> &[u8] {
    let first = || {
        Cursor::new(der, 0)
            .enter(Tag::SEQUENCE)
            .ok()?
            .any()
            .ok()
            .map(|v| v.raw)
    };
    first().unwrap_or(der)
}

/// ResponseData of an OCSP response (RFC 6960 §4.2.1).
fn signed_of_ocsp(der: &[u8]) -> &[u8] {
    let find = || {
        let mut response = Cursor::new(der, 0).enter(Tag::SEQUENCE).ok()?;
        response.any().ok()?;
        let mut bytes = response
            .enter(Tag::context(0))
            .ok()?
            .enter(Tag::SEQUENCE)
            .ok()?;
        bytes.any().ok()?;
        let basic = bytes.expect(Tag::OCTET_STRING).ok()?.content;
        Some(to_be_signed(basic))
    };
    find().expect("an OCSP response")
}

fn one(data: &[u8]) {
    let Some((how, rest)) = choice(data) else {
        return;
    };
    let world = world();
    let alice = world.signer();
    match how % 16 {
        0 | 1 => {
            if let Some(it) = read_certificate(rest) {
                reports::check_shown(vec![it], Vec::new());
            }
        }
        2 => {
            if let Some(it) = read_crl(rest) {
                reports::check_shown(Vec::new(), vec![it]);
            }
        }
        3 => drop(read_ocsp(rest)),
        // changed, in the place of Alice's: never trusted
        4 => {
            let Some(leaf) = read_certificate(rest) else {
                return;
            };
            if let Some(report) = judge(&leaf, &Collection::default(), Revocation::Off, true) {
                let genuine = [alice, world.recipient(), &world.ca, &world.root];
                assert!(
                    !report.trusted || genuine.contains(&&leaf),
                    "a changed certificate is trusted"
                );
                reports::check_path(leaf, report);
            }
        }
        // changed, in the place of the CA's
        5 => {
            let Some(ca) = read_certificate(rest) else {
                return;
            };
            let mut beside = Collection::default();
            beside.add_certificate(ca.clone());
            if let Some(report) = judge(alice, &beside, Revocation::Off, false) {
                assert!(!report.trusted || ca == world.ca, "a changed CA is trusted");
            }
        }
        // changed, the CRL: tells nothing
        6 => {
            let Some(crl) = read_crl(rest) else { return };
            let genuine = world.crls.contains(&crl);
            let mut beside = Collection::default();
            beside.add_crl(crl);
            beside.add_crl(world.crls[1].clone());
            if let Some(report) = judge(alice, &beside, Revocation::Hard, true) {
                assert!(genuine || !passes(&report), "a changed CRL is believed");
                assert!(genuine || report.revocation != RevocationStatus::Revoked);
            }
        }
        7 => {
            let Some(response) = read_ocsp(rest) else {
                return;
            };
            // the certificates after the signature may be others: what is signed is not
            let signed = signed_of_ocsp(world.ocsp.der());
            let genuine = rest.windows(signed.len()).any(|w| w == signed);
            let mut beside = Collection::default();
            beside.add_ocsp_response(response);
            beside.add_crl(world.crls[1].clone());
            if let Some(report) = judge(alice, &beside, Revocation::Hard, true) {
                assert!(
                    genuine || !passes(&report),
                    "a changed response is believed"
                );
                assert!(report.revocation != RevocationStatus::Revoked);
            }
        }
        // signed by the CA, whatever it says
        8 | 9 => {
            let tbs = to_be_signed(rest);
            let Some(leaf) = read_certificate(&signed_again(tbs, authority(&world.ca))) else {
                return;
            };
            if let Some(report) = judge(&leaf, &Collection::default(), Revocation::Soft, true) {
                reports::check_path(leaf, report);
            }
        }
        // a CA signed by the root, whatever it says, above Alice
        10 | 11 => {
            let tbs = to_be_signed(rest);
            let Some(ca) = read_certificate(&signed_again(tbs, authority(&world.root))) else {
                return;
            };
            let mut beside = Collection::default();
            beside.add_certificate(ca);
            if let Some(report) = judge(alice, &beside, Revocation::Off, false) {
                reports::check_path(alice.clone(), report);
            }
        }
        12 | 13 => {
            let Some(crl) = read_crl(&signed_again(to_be_signed(rest), authority(&world.ca)))
            else {
                return;
            };
            let mut beside = Collection::default();
            beside.add_crl(crl);
            beside.add_crl(world.crls[1].clone());
            if let Some(report) = judge(alice, &beside, Revocation::Hard, true) {
                reports::check_path(alice.clone(), report);
            }
        }
        14 => {
            // ResponseData, signed
            let basic = signed_again(to_be_signed(rest), authority(&world.ca));
            let basic = write::sequence(&[
                &write::tlv(Tag::OID, &[0x2b, 6, 1, 5, 5, 7, 48, 1, 1]),
                &write::tlv(Tag::OCTET_STRING, &basic),
            ]);
            let response = write::sequence(&[
                &write::tlv(Tag(0x0a), &[0]),
                &write::constructed(Tag::context(0), &[&basic]),
            ]);
            let Some(response) = read_ocsp(&response) else {
                return;
            };
            let mut beside = Collection::default();
            beside.add_ocsp_response(response);
            beside.add_crl(world.crls[1].clone());
            if let Some(report) = judge(alice, &beside, Revocation::Hard, true) {
                reports::check_path(alice.clone(), report);
            }
        }
        _ => {
            if let Ok(name) = Name::from_der(rest) {
                let _ = (name.to_string(), name.email_addresses(), name.is_empty());
                assert!(name == name.clone());
                assert_eq!(
                    name.is_within(&name),
                    Some(true).filter(|_| name.is_within(&name).is_some())
                );
            }
            if let Ok(names) = GeneralName::read_all(rest) {
                for name in names {
                    let _ = (name.address(), name.text(), name.form(), name.to_string());
                }
            }
        }
    }
}

fuzz_target!(init: { world(); }, |data: &[u8]| within(|| one(data)));

fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    mutate::mutate(data, size, max_size, seed, 1)
});
