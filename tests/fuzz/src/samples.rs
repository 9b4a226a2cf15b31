//! Messages that are well made: what the corpora begin with, and what the targets compare with. The same in every run.
use crate::{
    seal::{To, encrypted},
    world::{AT, rng_of, world},
};
use data_encoding::BASE64;
use smime::{
    cms::content_type,
    crypto::ContentCipher,
    smime::{
        Content, Encoding, Include, SignOptions, Signer, Source, headers::HeaderProtection,
        report::Form,
    },
};

/// Entities: what is signed and encrypted.
pub fn entities() -> Vec<Vec<u8>> {
    let texts: [&str; 5] = [
        "Content-Type: text/plain; charset=utf-8\n\nLunch at noon?\n\nAlice\n",
        "Content-Type: text/plain\nContent-Transfer-Encoding: quoted-printable\n\ncaf=C3=A9 =\nau lait\n",
        "Content-Type: multipart/mixed; boundary=m\n\n--m\nContent-Type: text/plain\n\none\n--m\nContent-Type: application/octet-stream; name=x.bin\nContent-Transfer-Encoding: base64\n\nAAECAwQF\n--m--\n",
        "Content-Type: message/rfc822\n\nFrom: alice@example.com\nTo: bob@example.com\nSubject: inner\n\nforwarded\n",
        "Content-Type: text/plain; charset=utf-8; hp=\"cipher\"\nFrom: alice@example.com\nTo: bob@example.com\nSubject: secret\nHP-Outer: From: alice@example.com\nHP-Outer: Subject: [...]\n\nprotected header\n",
    ];
    texts
        .iter()
        .map(|text| text.replace('\n', "\r\n").into_bytes())
        .collect()
}

/// The header in front of what is made.
pub const HEADER: &[u8] =
    b"From: Alice <alice@example.com>\r\nTo: bob@example.com\r\nSubject: lunch\r\n";

fn message(entity: &[u8]) -> Vec<u8> {
    [HEADER, b"MIME-Version: 1.0\r\n", entity].concat()
}

/// What is done besides.
#[derive(Debug, Clone, Copy)]
pub struct How {
    pub compress: bool,
    pub protect: bool,
}

/// Signs a message as Alice.
pub fn sign(message: &[u8], form: Form, encoding: Encoding, how: How) -> Option<Vec<u8>> {
    let world = world();
    let options = SignOptions {
        form,
        content: Content::Message,
        encoding,
        digest: None,
        pss: false,
        include: Include::Leaf,
        request_receipt: None,
        compress: how.compress,
        protect_headers: how.protect.then_some(HeaderProtection::Clear),
    };
    let signer = Signer::new(&world.alice, &world.policy, options);
    let mut signed = Vec::new();
    let mut input = message;
    let report = signer.sign(
        Source::Stream(&mut input),
        &mut signed,
        AT,
        &mut rng_of(message),
    );
    report
        .is_ok_and(|r| r.verdict() == smime::smime::report::Verdict::Pass)
        .then_some(signed)
}

/// Signed messages in each form.
pub fn signed() -> Vec<Vec<u8>> {
    let mut made = Vec::new();
    for entity in entities() {
        for (form, encoding) in [
            (Form::Clear, Encoding::Smime),
            (Form::Opaque, Encoding::Smime),
            (Form::Opaque, Encoding::Der),
        ] {
            for (compress, protect) in [(false, false), (true, false), (false, true)] {
                // not every form is compressed
                made.extend(sign(
                    &message(&entity),
                    form,
                    encoding,
                    How { compress, protect },
                ));
            }
        }
    }
    assert!(made.len() >= 15, "signed samples: {}", made.len());
    made
}

/// Wraps a CMS object as mail.
pub fn wrapped(smime_type: &str, der: &[u8]) -> Vec<u8> {
    let mut mail = HEADER.to_vec();
    mail.extend_from_slice(
        format!("MIME-Version: 1.0\r\nContent-Type: application/pkcs7-mime; smime-type={smime_type}; name=smime.p7m\r\nContent-Transfer-Encoding: base64\r\n\r\n").as_bytes(),
    );
    for line in BASE64.encode(der).as_bytes().chunks(64) {
        mail.extend_from_slice(line);
        mail.extend_from_slice(b"\r\n");
    }
    mail
}

/// What is encrypted in [`sealed`]: entities, and signed messages' entities.
pub fn insides() -> Vec<Vec<u8>> {
    let mut insides = entities();
    for signed in signed().into_iter().step_by(2) {
        // without the outer header, as it would be encrypted
        if let Some(inside) = signed.strip_prefix(HEADER) {
            insides.push(inside.to_vec());
        }
    }
    insides
}

/// Encrypted messages, as DER and as mail.
pub fn sealed(to: To) -> Vec<Vec<u8>> {
    let mut made = Vec::new();
    for inside in insides() {
        for (cipher, name) in [
            (ContentCipher::Aes128Gcm, "authEnveloped-data"),
            (ContentCipher::Aes128Cbc, "enveloped-data"),
        ] {
            let der = encrypted(to, cipher, content_type::DATA, &inside);
            made.push(wrapped(name, &der));
            made.push(der);
        }
    }
    made
}

/// Files of the project's own fixtures, by directory and the end of their names.
pub fn fixtures(directory: &str, end: &str) -> Vec<Vec<u8>> {
    files(&crate::world::path("../../fixtures").join(directory), end)
}

/// Files of a directory, in the order of their names.
pub fn files(directory: &std::path::Path, end: &str) -> Vec<Vec<u8>> {
    let Ok(entries) = std::fs::read_dir(directory) else {
        return Vec::new();
    };
    let mut paths: Vec<_> = entries.flatten().map(|entry| entry.path()).collect();
    paths.sort();
    paths
        .iter()
        .filter(|path| path.to_string_lossy().ends_with(end))
        .filter_map(|path| std::fs::read(path).ok())
        .collect()
}
