//! The whole decrypt and the whole open, with the right key: what comes in is a message, or what is inside of one, which is encrypted here.
use crate::{
    choice, piece, reports, samples,
    seal::{To, encrypted},
    world::{AT, rng, world},
};
use smime::{
    asn1::oid::Oid,
    cms::content_type,
    crypto::ContentCipher,
    policy::Rule,
    smime::{
        Decryptor, Opener, Report, Source, Verifier,
        report::{Layer, Verdict},
    },
    store::Identities,
};
use std::{collections::HashSet, io::Cursor, sync::OnceLock};

fn identities(to: To) -> &'static Identities {
    match to {
        To::X25519 => &world().bob,
        To::Kek | To::Password => &world().shared,
    }
}

/// What came of a message: its content if its verdict is a pass, and what was found.
struct Outcome {
    content: Option<Vec<u8>>,
    /// every encrypted layer is authenticated
    authenticated: bool,
    layers: usize,
}

fn outcome(verb: &str, result: Result<Report, smime::smime::Error>, content: Vec<u8>) -> Outcome {
    let mut authenticated = true;
    let mut layers = 0;
    if let Ok(report) = &result {
        layers = report.layers.len();
        for layer in &report.layers {
            if let Layer::Encrypted(layer) = layer
                && !layer.authenticated
            {
                authenticated = false;
                let said = layer
                    .findings
                    .iter()
                    .any(|f| f.rule == Rule::UnauthenticatedCiphertext);
                assert!(
                    said || report.verdict() == Verdict::Fail,
                    "nobody is told that the ciphertext is not authenticated"
                );
            }
        }
    }
    let passed = reports::check(verb, result);
    Outcome {
        content: passed.then_some(content),
        authenticated,
        layers,
    }
}

fn decrypt(to: To, message: &[u8]) -> Outcome {
    let world = world();
    let mut content = Vec::new();
    let decryptor = Decryptor::new(identities(to), &world.policy);
    let mut source = Cursor::new(message);
    let result = decryptor.decrypt(Source::Seekable(&mut source), &mut content, &mut rng());
    outcome("decrypt", result, content)
}

fn open(to: To, message: &[u8]) -> Outcome {
    let world = world();
    let mut content = Vec::new();
    let verifier = Verifier::new(&world.anchors, &world.repository, &world.policy, &[]);
    let opener = Opener::new(identities(to), verifier);
    let mut source = message;
    let result = opener.open(Source::Stream(&mut source), &mut content, AT, &mut rng());
    outcome("open", result, content)
}

/// What may come out of a message that is no sample, if it was authenticated: what is in a sample.
fn genuine(to: To) -> &'static HashSet<Vec<u8>> {
    static GENUINE: OnceLock<HashSet<Vec<u8>>> = OnceLock::new();
    GENUINE.get_or_init(|| {
        let recipients = if to == To::X25519 {
            vec![to]
        } else {
            vec![To::Kek, To::Password]
        };
        let mut genuine = HashSet::new();
        for to in recipients {
            for message in samples::sealed(to) {
                let body = decrypt(to, &message)
                    .content
                    .expect("a sample is decrypted");
                genuine.insert(tail(&body));
            }
        }
        genuine
    })
}

/// What comes out is what was inside. What the header says of its protection (RFC 9788 §2.1, §2.2), a legacy display (§4.5.3) and the header of a wrapped
/// message (RFC 8551 §3.1) are no part of it.
fn check_content(content: &[u8], inside: &[u8]) {
    let says = |what: &[u8]| {
        inside
            .windows(what.len())
            .any(|w| w.eq_ignore_ascii_case(what))
    };
    if content == inside
        || says(b"hp-legacy-display")
        || says(b"protected-headers")
        || says(b"message/rfc822")
    {
        return;
    }
    assert!(
        says(b"hp"),
        "other content: {:?}",
        String::from_utf8_lossy(content)
    );
    if inside.windows(2).any(|w| w == b"\n\n") || inside.windows(4).any(|w| w == b"\r\n\r\n") {
        assert_eq!(tail(content), tail(inside));
    }
}

/// The body: what is after the header, which outer fields are part of.
fn tail(content: &[u8]) -> Vec<u8> {
    let lf = content
        .iter()
        .copied()
        .filter(|o| *o != b'\r')
        .collect::<Vec<u8>>();
    let at = lf
        .windows(2)
        .position(|w| w == b"\n\n")
        .map_or(0, |at| at + 2);
    lf[at..].to_vec()
}

/// One input for this recipient.
pub fn one(to: To, data: &[u8]) {
    let Some((how, rest)) = choice(data) else {
        return;
    };
    let to = match to {
        To::Kek if how & 0x80 != 0 => To::Password,
        to => to,
    };
    let cipher = match how & 8 {
        0 => ContentCipher::Aes128Gcm,
        _ => ContentCipher::Aes128Cbc,
    };
    match how % 8 {
        // a message
        0 | 1 => {
            let out = if how & 1 == 0 {
                decrypt(to, rest)
            } else {
                open(to, rest)
            };
            if how & 1 == 0
                && out.authenticated
                && let Some(content) = out.content
            {
                assert!(
                    genuine(to).contains(&tail(&content)),
                    "authenticated, but of no sample: {:?}",
                    String::from_utf8_lossy(&content)
                );
            }
        }
        // what is inside, whatever it is: it comes out as it is, or not at all
        2 => {
            let der = encrypted(to, cipher, content_type::DATA, rest);
            let out = decrypt(to, &der);
            if let Some(content) = out.content {
                check_content(&content, rest);
                assert_eq!(out.authenticated, cipher == ContentCipher::Aes128Gcm);
            }
        }
        3 | 4 => {
            let out = open(to, &encrypted(to, cipher, content_type::DATA, rest));
            if let Some(content) = out.content
                && out.layers == 1
            {
                check_content(&content, rest);
            }
        }
        // what is inside is a CMS object itself
        5 => {
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
            let inner = TYPES[how >> 4 & 7];
            open(to, &encrypted(to, cipher, inner, rest));
        }
        // a header around it
        6 => {
            let (header, inside) = piece(rest);
            let der = encrypted(to, cipher, content_type::DATA, inside);
            let mail = samples::wrapped("enveloped-data", &der);
            let message = [header, b"\r\n", &mail].concat();
            open(to, &message);
            decrypt(to, &message);
        }
        // twice
        _ => {
            let inner = encrypted(to, cipher, content_type::DATA, rest);
            let name = if cipher == ContentCipher::Aes128Gcm {
                "authEnveloped-data"
            } else {
                "enveloped-data"
            };
            let mail = samples::wrapped(name, &inner);
            open(
                to,
                &encrypted(to, ContentCipher::Aes128Gcm, content_type::DATA, &mail),
            );
        }
    }
}

/// Makes what every input needs.
pub fn prepare(to: To) {
    genuine(to);
}
