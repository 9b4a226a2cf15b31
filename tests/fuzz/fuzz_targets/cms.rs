//! Every reader of CMS and of what is in it, and the BER under them. What is read in pieces is what is read at once, and what DER says is
//! what its BER said.
#![no_main]
use libfuzzer_sys::{fuzz_mutator, fuzz_target};
use smime::{
    asn1::{self, Tag, cursor::Cursor, normal, oid::Oid, pem},
    cms::{
        self, Limits, Object,
        attribute::{self, Attribute},
        capabilities::Capabilities,
        content_type, enveloped_data,
        ess::{self, Receipt, Service},
        recipient_info::{self, Recipient},
        signer_info::SignerInfo,
        time_stamp::{self, TstInfo},
    },
    crypto::{ContentEncryption, KeyEncryption, PublicKey},
    x509::{Certificate, Crl, ocsp},
};
use smime_fuzz::{Trickle, bounds::within, choice, mutate, world::world};
use std::io::Read;

const LIMITS: Limits = Limits {
    asn1_depth: 64,
    structure_bytes: 1 << 20,
    certificates: 16,
    signers: 16,
    attributes: 100,
    recipients: 100,
};

/// What was read of an object: its content, and what can be compared of the rest.
#[derive(PartialEq, Eq, Debug)]
struct Seen {
    content: Vec<u8>,
    rest: String,
}

/// Reads an object to its end, and everything in it.
fn object(opened: cms::Result<Object<impl Read>>) -> Option<Seen> {
    let mut object = opened.ok()?;
    let mut content = Vec::new();
    let reader: &mut dyn Read = match &mut object {
        Object::Data(it) => it,
        Object::Signed(it) => it,
        Object::Enveloped(it) | Object::Encrypted(it) => it,
        Object::Digested(it) => it,
        Object::Authenticated(it) => it,
        Object::Compressed(it) => it,
    };
    // of a small input never more than zlib's ratio
    reader.take(8 << 20).read_to_end(&mut content).ok()?;
    let rest = match object {
        Object::Data(it) => {
            it.finish().ok()?;
            String::new()
        }
        Object::Signed(it) => {
            let head = format!(
                "{:?} {:?} {} {}",
                it.digest_algorithms,
                it.content_type,
                it.has_content,
                it.was_damaged()
            );
            let (data, _) = it.finish().ok()?;
            for der in &data.certificates {
                let _ = Certificate::from_der(der);
            }
            for der in &data.crls {
                let _ = Crl::from_der(der);
            }
            for der in &data.other_revocation {
                let _ = ocsp::in_revocation_info(der);
            }
            data.signers.iter().for_each(signer);
            format!(
                "{head} {:?} {:?} {}",
                data.certificates,
                data.crls,
                data.signers.len()
            )
        }
        Object::Enveloped(it) | Object::Encrypted(it) => {
            let _ = it.encryption();
            it.recipients.iter().for_each(recipient);
            let head = format!("{:?} {:?}", it.content_type, it.has_content);
            let (enveloped_data::Tail { aad, mac, .. }, _) = it.finish().ok()?;
            format!("{head} {aad:?} {mac:?}")
        }
        Object::Digested(it) => {
            let _ = it.digest();
            let (digest, _) = it.finish().ok()?;
            format!("{digest:?}")
        }
        Object::Authenticated(it) => {
            let _ = (it.digest(), it.mac_algorithm());
            it.recipients.iter().for_each(recipient);
            let check = it.check(&smime::crypto::Secret::new(vec![1; 16]));
            let (tail, _) = it.finish().ok()?;
            if let Ok(check) = check {
                assert!(!check.holds(&tail), "a MAC under a key that was not there");
            }
            String::new()
        }
        Object::Compressed(it) => {
            it.finish().ok()?;
            String::new()
        }
    };
    Some(Seen { content, rest })
}

fn signer(signer: &SignerInfo) {
    let _ = (signer.digest(), signer.algorithm());
    signer.sid.names(world().signer());
    if let Some(attributes) = &signer.signed_attributes {
        let _ = attributes.content_type();
        let _ = attributes.message_digest();
        let _ = attributes.signing_time();
        let _ = attributes.capabilities().map(|it| it.map(|it| it.names()));
        let _ = attributes.check_unique();
        let _ = attributes.permits_in_path(world().signer());
        let _ = attributes.signing_certificate_is(world().signer());
    }
    unsigned(&signer.unsigned_attributes);
}

fn unsigned(attributes: &[Attribute]) {
    for it in attributes {
        let _ = Service::read(it);
    }
    let _ = ess::message_signature_digest(attributes);
    for der in attribute::countersignatures(attributes).take(4) {
        let _ = SignerInfo::parse(der, 16);
    }
    for der in time_stamp::tokens(attributes).take(4) {
        let _ = cms::open(&der[..], LIMITS);
    }
}

fn recipient(it: &Recipient) {
    let _ = KeyEncryption::from_identifier(&it.algorithm);
    if let Some(rid) = &it.rid {
        rid.names(world().recipient());
    }
}

fn tag_of(input: &[u8]) -> Option<Tag> {
    Cursor::new(input, 0).peek()
}

const TYPES: [Oid; 8] = [
    content_type::SIGNED_DATA,
    content_type::ENVELOPED_DATA,
    content_type::AUTH_ENVELOPED_DATA,
    content_type::ENCRYPTED_DATA,
    content_type::DIGESTED_DATA,
    content_type::AUTHENTICATED_DATA,
    content_type::COMPRESSED_DATA,
    content_type::RECEIPT,
];

/// BER that has a DER: the DER is its own, and the object in it the same.
fn in_der(input: &[u8]) {
    let Ok(der) = normal::to_der(input, 64) else {
        return;
    };
    let again = normal::to_der(&der, 64);
    // joined strings may lie one level less deep, never deeper
    assert_eq!(
        again.as_deref().ok(),
        Some(&der[..]),
        "DER is not its own DER"
    );
    let _ = normal::children(&der, 64).map(|children| {
        let inside: usize = children.iter().map(|c| c.len()).sum();
        assert!(inside <= der.len());
    });
}

fn one(data: &[u8]) {
    let Some((how, rest)) = choice(data) else {
        return;
    };
    match how % 16 {
        0..=4 => {
            let whole = object(cms::open(rest, LIMITS));
            let trickled = object(cms::open(Trickle(rest, 1 + how / 16), LIMITS));
            assert_eq!(whole, trickled, "reading in pieces changes what is read");
            let _ = cms::is_content_info(rest);
        }
        5 | 6 => {
            let kind = TYPES[how / 16 % 8];
            let whole = object(cms::open_content(rest, kind, LIMITS));
            let trickled = object(cms::open_content(Trickle(rest, 7), kind, LIMITS));
            assert_eq!(whole, trickled);
        }
        7 => in_der(rest),
        8 => {
            if let Ok(recipients) = recipient_info::parse(rest, 64, 100) {
                assert!(recipients.len() <= 100);
                recipients.iter().for_each(recipient);
            }
        }
        9 => {
            if let Ok(it) = SignerInfo::parse_within(rest, 64, 100) {
                signer(&it);
                assert!(tag_of(rest) == Some(Tag::SEQUENCE));
            }
        }
        10 => {
            if let Ok(info) = TstInfo::from_der(rest) {
                let _ = (info.digest(), info.latest(), info.names(world().signer()));
            }
        }
        11 => {
            if let Ok(receipt) = Receipt::from_der(rest) {
                assert_eq!(
                    receipt.to_der(),
                    rest,
                    "a receipt is written as it was read"
                );
            }
            let _ = Capabilities::from_der(rest).map(|it| it.names());
        }
        12 => {
            if let Ok(blocks) = pem::blocks(rest) {
                for block in blocks {
                    let text = pem::encode(&block.label, &block.der);
                    let again = pem::blocks(text.as_bytes()).expect("PEM of ours is read");
                    assert_eq!(again[0].der, block.der);
                }
            }
        }
        13 => {
            attribute::looks_like_signed_attributes(rest);
            let _ = PublicKey::from_spki(rest);
        }
        14 => {
            if let Ok(identifier) = spki(rest) {
                let _ = KeyEncryption::from_identifier(&identifier);
                let _ = smime::crypto::SignatureAlgorithm::from_identifier(&identifier, None);
                if let Ok(encryption) = ContentEncryption::from_identifier(&identifier) {
                    let again = ContentEncryption::from_identifier(&encryption.identifier());
                    assert!(again.is_ok_and(
                        |again| again.iv == encryption.iv && again.cipher == encryption.cipher
                    ));
                }
            }
        }
        _ => {
            // the stream reader, over elements of any kind
            let mut reader = asn1::stream::Reader::new(rest, 64);
            while let Ok(Some(_)) = reader.peek() {
                match reader.element(1 << 16) {
                    Ok(element) => in_der(&element),
                    Err(_) => return,
                }
            }
        }
    }
}

fn spki(der: &[u8]) -> Result<spki::AlgorithmIdentifierOwned, der::Error> {
    der::Decode::from_der(der)
}

fuzz_target!(init: { world(); }, |data: &[u8]| within(|| one(data)));

fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    mutate::mutate(data, size, max_size, seed, 1)
});
