//! The whole verify. What passes must be a sample's signature over that sample's content, whatever was changed; or, where the attributes
//! are signed by Alice herself, must be over the content that they digest.
#![no_main]
use libfuzzer_sys::{fuzz_mutator, fuzz_target};
use smime::{
    asn1::{Tag, oid, write},
    cms::{content_type, signed_data::Writer},
    crypto::{Digest, SignatureAlgorithm, digest::digest},
    mime::canonical::Canonicalizer,
    policy::{Level, Rule},
    smime::{Encoding, Report, Source, Verifier, report::Form, report::Layer},
};
use smime_fuzz::{
    bounds::within,
    choice, mutate, piece, reports,
    samples::{self, HEADER, How},
    world::{AT, rng, world},
};
use std::{
    collections::HashSet,
    io::{Cursor, Write as _},
    sync::OnceLock,
};

/// Verifies, holds the reports to what they promise, and returns what passed: the content and who signed it.
fn verify(message: &[u8], part: Option<&str>) -> Option<(Vec<u8>, Vec<[u8; 32]>)> {
    let (result, content) = verified(message, part);
    let signers = result.as_ref().map(signers).unwrap_or_default();
    reports::check("verify", result).then_some((content, signers))
}

fn verified(message: &[u8], part: Option<&str>) -> (Result<Report, smime::smime::Error>, Vec<u8>) {
    let world = world();
    let mut verifier = Verifier::new(&world.anchors, &world.repository, &world.policy, &[]);
    if let Some(part) = part {
        verifier = verifier.part(part.parse().expect("the number of a part"));
    }
    let mut content = Vec::new();
    let mut source = Cursor::new(message);
    let result = verifier.verify(Source::Seekable(&mut source), None, &mut content, AT);
    (result, content)
}

fn signers(report: &Report) -> Vec<[u8; 32]> {
    let mut signers = Vec::new();
    for layer in &report.layers {
        if let Layer::Signed(layer) = layer {
            signers.extend(
                layer
                    .signatures
                    .iter()
                    .filter_map(|s| Some(s.signer.as_ref()?.sha256())),
            );
        }
    }
    signers
}

fn canonical(content: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut canonicalizer = Canonicalizer::new();
    canonicalizer.push(content, &mut out);
    out
}

/// What may pass: content in canonical form, and a signer of it.
fn genuine() -> &'static HashSet<(Vec<u8>, [u8; 32])> {
    static GENUINE: OnceLock<HashSet<(Vec<u8>, [u8; 32])>> = OnceLock::new();
    GENUINE.get_or_init(|| {
        let mut genuine = HashSet::new();
        let messages = [samples::signed(), samples::fixtures("messages", ".eml")].concat();
        for message in &messages {
            if let Some((content, signers)) = verify(message, None) {
                genuine.extend(
                    signers
                        .into_iter()
                        .map(|signer| (canonical(&content), signer)),
                );
            }
        }
        assert!(genuine.len() > 10, "{}", genuine.len());
        genuine
    })
}

fn check_genuine(message: &[u8], part: Option<&str>) {
    if let Some((content, signers)) = verify(message, part) {
        assert!(!signers.is_empty(), "passed without a signer");
        let content = canonical(&content);
        for signer in signers {
            assert!(
                genuine().contains(&(content.clone(), signer)),
                "passed with other content: {:?}",
                String::from_utf8_lossy(&content)
            );
        }
    }
}

/// A clear-signed message of a content and the DER of SignedData.
fn clear(content: &[u8], der: &[u8]) -> Vec<u8> {
    let mut mail = HEADER.to_vec();
    mail.extend_from_slice(b"MIME-Version: 1.0\r\nContent-Type: multipart/signed; protocol=\"application/pkcs7-signature\"; micalg=sha-512; boundary=\"=fuzz=\"\r\n\r\n--=fuzz=\r\n");
    mail.extend_from_slice(content);
    mail.extend_from_slice(b"\r\n--=fuzz=\r\nContent-Type: application/pkcs7-signature; name=smime.p7s\r\nContent-Transfer-Encoding: base64\r\n\r\n");
    for line in data_encoding::BASE64.encode(der).as_bytes().chunks(64) {
        mail.extend_from_slice(line);
        mail.extend_from_slice(b"\r\n");
    }
    mail.extend_from_slice(b"--=fuzz=--\r\n");
    mail
}

/// SignedData with these attributes (content octets of the SET), signed by Alice as they stand.
fn signed_by_alice(attributes: &[u8], unsigned: &[u8], content: &[u8], detached: bool) -> Vec<u8> {
    let world = world();
    let signer = world.signer();
    let key = world.alice.keys().first().expect("Alice's key");
    let set = write::tlv(Tag::SET, attributes);
    let algorithm = SignatureAlgorithm::Ed25519;
    let signature = key.sign(&algorithm, &set, &mut rng()).expect("a signature");
    let digest = write::sequence(&[&oid::to_der(&Digest::Sha512.identifier().oid)]);
    let info = write::sequence(&[
        &write::integer(1),
        &write::sequence(&[
            signer.issuer().der(),
            &write::tlv(Tag::INTEGER, signer.serial()),
        ]),
        &digest,
        &write::retag(Tag::context(0), set),
        &write::sequence(&[&oid::to_der(&algorithm.identifier().oid)]),
        &write::tlv(Tag::OCTET_STRING, &signature),
        unsigned,
    ]);
    let mut writer = Writer::new(Vec::new(), &[Digest::Sha512], content_type::DATA, detached);
    if !detached {
        writer.write_all(content).expect("content");
    }
    writer.finish(&[signer.der()], &[info]).expect("SignedData")
}

fn one(data: &[u8]) {
    let Some((how, rest)) = choice(data) else {
        return;
    };
    match how % 4 {
        0 => {
            // a part of the message, if its number is named
            let parts = [
                None,
                Some("1"),
                Some("1.1"),
                Some("1.2"),
                Some("1.1.1"),
                Some("1.2.1"),
            ];
            check_genuine(rest, *parts.get(how >> 4).unwrap_or(&None));
        }
        1 => {
            let (der, content) = piece(rest);
            check_genuine(&clear(content, der), None);
        }
        2 => {
            // whatever attributes Alice signs: only the content that they digest
            let (attributes, rest) = piece(rest);
            let (unsigned, content) = piece(rest);
            let detached = how & 4 != 0;
            let der = signed_by_alice(attributes, unsigned, content, detached);
            let message = if detached { clear(content, &der) } else { der };
            if let Some((passed, _)) = verify(&message, None) {
                let wanted = [canonical(&passed), passed].map(|it| digest(Digest::Sha512, &it));
                let said = |wanted: &Vec<u8>| attributes.windows(wanted.len()).any(|w| w == wanted);
                assert!(wanted.iter().any(said), "passed with another digest");
            }
        }
        _ => {
            // what is signed verifies, and is what it was
            let form = if how & 4 != 0 {
                Form::Clear
            } else {
                Form::Opaque
            };
            let message = [HEADER, rest].concat();
            let besides = How {
                compress: how & 8 != 0,
                protect: how & 16 != 0,
            };
            let Some(signed) = samples::sign(&message, form, Encoding::Smime, besides) else {
                return;
            };
            let (result, content) = verified(&signed, None);
            // a limit is one of reading, and a signature is a part around parts
            if result.as_ref().is_err_and(|error| error.code() == "limit") {
                return;
            }
            let report = result.expect("what was signed is read");
            assert_eq!(signers(&report).len(), 1);
            // only this may be amiss: a signed message has a From of its own inside, which the signer need not be
            let denied = report
                .all_findings()
                .find(|f| f.level == Level::Deny && f.rule != Rule::SenderMismatch);
            assert!(
                denied.is_none(),
                "what was signed does not verify: {denied:?}"
            );
            let again = samples::sign(&message, form, Encoding::Smime, besides);
            assert_eq!(again, Some(signed));
            assert_eq!(canonical(&content), content, "the content is not canonical");
        }
    }
}

fuzz_target!(init: { genuine(); }, |data: &[u8]| within(|| one(data)));

fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    mutate::mutate(data, size, max_size, seed, 1)
});
