//! Writes the inputs that a target's corpus begins with: `seeds TARGET DIRECTORY [CORPORA]`.
//!
//! They are made of the samples, of the project's fixtures and, where it is there, of a directory of corpora.
use data_encoding::BASE64_MIME_PERMISSIVE;
use smime::{asn1::pem, mime::header};
use smime_fuzz::{
    pieces, samples,
    seal::To,
    world::{self, world},
};
use std::{
    hash::{DefaultHasher, Hash, Hasher},
    path::{Path, PathBuf},
};

/// Larger ones teach nothing more.
const LARGEST: usize = 16 << 10;

fn main() {
    let mut arguments = std::env::args().skip(1);
    let (Some(target), Some(directory)) = (arguments.next(), arguments.next()) else {
        eprintln!("usage: seeds TARGET DIRECTORY [CORPORA]");
        std::process::exit(2);
    };
    let corpora = arguments.next().map(PathBuf::from).filter(|p| p.is_dir());
    let inputs = match target.as_str() {
        "message" => message(corpora.as_deref()),
        "seven_bit" => seven_bit(corpora.as_deref()),
        "cms" => cms(corpora.as_deref()),
        "certificates" => certificates(corpora.as_deref()),
        "pkcs12" => pkcs12(corpora.as_deref()),
        "verify" => verify(corpora.as_deref()),
        "decrypt_x25519" => decrypt(To::X25519, corpora.as_deref()),
        "decrypt_kek" => decrypt(To::Kek, corpora.as_deref()),
        _ => Vec::new(),
    };
    if matches!(target.as_str(), "verify" | "decrypt_x25519" | "decrypt_kek") {
        forget_other_samples(Path::new(&directory));
    }
    std::fs::create_dir_all(&directory).expect("a directory for seeds");
    let mut written = 0;
    for input in inputs.iter().filter(|input| input.len() <= LARGEST) {
        let mut hasher = DefaultHasher::new();
        input.hash(&mut hasher);
        let path = Path::new(&directory).join(format!("seed-{:016x}", hasher.finish()));
        if !path.exists() {
            std::fs::write(path, input).expect("a seed is written");
            written += 1;
        }
    }
    println!("{target}: {written} new seeds of {}", inputs.len());
}

/// A corpus with messages of Alice's that are no samples any more would be full of forgeries.
fn forget_other_samples(directory: &Path) {
    let mut hasher = DefaultHasher::new();
    samples::signed().hash(&mut hasher);
    samples::insides().hash(&mut hasher);
    let samples = format!("{:016x}", hasher.finish());
    let file = directory.with_extension("samples");
    if std::fs::read_to_string(&file).ok().as_ref() != Some(&samples) {
        let _ = std::fs::remove_dir_all(directory);
        std::fs::create_dir_all(directory).expect("a directory for seeds");
        std::fs::write(file, samples).expect("a note of the samples");
    }
}

/// The input with each of these choices in front.
fn chosen(choices: &[u8], inputs: &[Vec<u8>]) -> Vec<Vec<u8>> {
    let with = |choice: &u8, input: &Vec<u8>| [&[*choice], &input[..]].concat();
    inputs
        .iter()
        .flat_map(|input| choices.iter().map(move |choice| with(choice, input)))
        .collect()
}

/// Every file of a set of corpora, the ones in directories below too.
fn corpus(corpora: Option<&Path>, sets: &[&str]) -> Vec<Vec<u8>> {
    fn walk(directory: &Path, files: &mut Vec<PathBuf>) {
        for entry in std::fs::read_dir(directory).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() {
                walk(&path, files);
            } else if entry.metadata().is_ok_and(|m| m.len() <= LARGEST as u64) {
                files.push(path);
            }
        }
    }
    let mut files = Vec::new();
    for set in sets {
        if let Some(corpora) = corpora {
            walk(&corpora.join(set), &mut files);
        }
    }
    files.sort();
    files
        .iter()
        .filter_map(|path| std::fs::read(path).ok())
        .collect()
}

/// DER of everything: as it is, of PEM, of the longest stretch of base64 after a blank line.
fn ders(inputs: &[Vec<u8>]) -> Vec<Vec<u8>> {
    let mut ders = Vec::new();
    for input in inputs {
        if input.first() == Some(&0x30) {
            ders.push(input.clone());
        }
        for block in pem::blocks(input).unwrap_or_default() {
            ders.push(block.der.to_vec());
        }
        let lf: Vec<u8> = input.iter().copied().filter(|o| *o != b'\r').collect();
        for part in String::from_utf8_lossy(&lf).split("\n\n") {
            let text = part.split("\n--").next().unwrap_or_default();
            if text.len() > 100
                && let Ok(der) = BASE64_MIME_PERMISSIVE.decode(text.as_bytes())
                && der.first() == Some(&0x30)
            {
                ders.push(der);
            }
        }
    }
    ders
}

fn mail(corpora: Option<&Path>) -> Vec<Vec<u8>> {
    let mut mail = samples::signed();
    mail.extend(samples::sealed(To::X25519));
    mail.extend(samples::sealed(To::Kek));
    mail.extend(samples::fixtures("messages", ".eml"));
    mail.extend(corpus(
        corpora,
        &[
            "johnny",
            "protected-headers",
            "rfc9788-9216",
            "mimekit",
            "openssl",
            "rfc4134",
            "gnupg-cms",
            "bc-cms",
        ],
    ));
    mail
}

fn message(corpora: Option<&Path>) -> Vec<Vec<u8>> {
    let mail = mail(corpora);
    let mut inputs = chosen(&[0, 5, 6, 12, 4], &mail);
    let limits = header::Limits {
        block: 1 << 20,
        line: 1 << 16,
        fields: 1000,
    };
    for message in &mail {
        let mut rest = &message[..];
        let Ok(header) = header::Header::read(&mut rest, limits) else {
            continue;
        };
        for field in &header.fields {
            if field.is("Content-Type") {
                inputs.push([&[1], &field.value()[..]].concat());
            }
            if field.is("From") || field.is("To") || field.is("Cc") {
                inputs.push([&[2], &field.value()[..]].concat());
            }
        }
    }
    let body = b"preamble\r\n--\"\"\"\r\nContent-Type: text/plain\r\n\r\none\r\n--\"\"\" \t\r\n\r\ntwo\n--\"\"\"x\n--\"\"\"--\r\nepilogue";
    inputs.push([&[3], &pieces(&[1, 1, 1], body)[..]].concat());
    inputs.push([&[11], &pieces(&[1], b"--\"\n--\"--")[..]].concat());
    for text in [
        "multipart/signed; protocol*0*=us-ascii'en'application%2F; protocol*1=pkcs7-signature; boundary=\"a\\\"b\"",
        "application/pkcs7-mime (comment (nested)); smime-type=signed-data; name*=utf-8''%e2%82%ac.p7m",
    ] {
        inputs.push([&[1], text.as_bytes()].concat());
    }
    for text in [
        "\"a\\\"b\"@example.com, Bob <bob@example.com>, group: a@b.example, c@d.example;",
        "=?utf-8?q?x?= <\u{e4}\u{f6}@b\u{fc}cher.example>",
        "(comment) a . b @ c . d (e)",
    ] {
        inputs.push([&[2], text.as_bytes()].concat());
    }
    inputs
}

fn seven_bit(corpora: Option<&Path>) -> Vec<Vec<u8>> {
    let mut entities = mail(corpora);
    entities.extend(samples::entities());
    for text in [
        "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\ncaf\u{e9}\r\n",
        "Content-Type: multipart/mixed; boundary=b\n\n\u{e9}\n--b\nContent-Transfer-Encoding: binary\n\n\0\r\u{e9}\n--b\nContent-Type: message/rfc822\n\nSubject: x\n\n\u{e9}\n--b\nContent-Type: multipart/signed; boundary=c\n\n--c\n\n\u{e9}\n--c--\n--b--\n",
        "Content-Type: multipart/digest; boundary=\"b b\"\n\n--b b\n\nSubject: x\n\n\u{e9}\n--b b--\n",
        "Content-Type: text/plain; charset=utf-16\nContent-Transfer-Encoding: base64\n\n//5hAA==junk\n",
    ] {
        entities.push(text.as_bytes().to_vec());
    }
    entities.push(
        [
            b"Content-Type: text/plain\n\n",
            &b"long".repeat(400)[..],
            b"\nFrom here\n.\n",
        ]
        .concat(),
    );
    chosen(&[0, 40], &entities)
}

fn cms(corpora: Option<&Path>) -> Vec<Vec<u8>> {
    let mut all = mail(corpora);
    all.extend(corpus(corpora, &["nss", "asn1crypto", "pqc-cms-v3"]));
    let ders = ders(&all);
    let mut inputs = chosen(&[0, 7, 15], &ders);
    for der in &ders {
        // the parts of it, each for its reader
        let mut parts = Vec::new();
        if let Some(nodes) = smime_fuzz::der::parse(der) {
            flatten(&nodes, &mut parts);
        }
        for part in parts.into_iter().take(400) {
            let how: &[u8] = match part.first() {
                Some(0x30) if part.len() > 150 => &[5, 8, 9, 10, 13],
                Some(0xa1..=0xa4) => &[8],
                Some(0x30) => &[11, 14],
                _ => &[],
            };
            inputs.extend(chosen(how, &[part]));
        }
    }
    inputs.extend(chosen(&[12], &samples::fixtures("keys", ".pem")));
    inputs
}

fn flatten(nodes: &[smime_fuzz::der::Node], parts: &mut Vec<Vec<u8>>) {
    for node in nodes {
        if matches!(node.tag, 0x30 | 0xa1..=0xa4) {
            parts.push(smime_fuzz::der::write(std::slice::from_ref(node)));
        }
        if let Some(children) = node.children() {
            flatten(children, parts);
        }
    }
}

fn certificates(corpora: Option<&Path>) -> Vec<Vec<u8>> {
    let world = world();
    let own: Vec<Vec<u8>> = [world.signer(), world.recipient(), &world.ca, &world.root]
        .iter()
        .map(|it| it.der().to_vec())
        .collect();
    let mut inputs = chosen(&[0, 4, 5, 8, 10], &own);
    let crls: Vec<Vec<u8>> = world.crls.iter().map(|crl| crl.der().to_vec()).collect();
    inputs.extend(chosen(&[2, 6, 12], &crls));
    let ocsp = world.ocsp.der().to_vec();
    inputs.extend(chosen(&[3, 7], std::slice::from_ref(&ocsp)));
    let mut parts = Vec::new();
    flatten(&smime_fuzz::der::parse(&ocsp).expect("DER"), &mut parts);
    inputs.extend(chosen(&[14], &parts));
    let mut files = Vec::new();
    for directory in ["certs", "chains", "trust", "recipients"] {
        files.extend(samples::fixtures(directory, ""));
    }
    files.extend(corpus(
        corpora,
        &[
            "limbo",
            "pkits2004",
            "pqc-rfc",
            "rfc9881-mldsa",
            "asn1crypto",
        ],
    ));
    let ders = ders(&files);
    inputs.extend(chosen(&[0, 8, 10], &ders));
    let mut lists = ders_of(&["crls", "chains"]);
    lists.extend(
        ders.iter()
            .filter(|der| smime::x509::Crl::from_der(der).is_ok())
            .cloned(),
    );
    inputs.extend(chosen(&[2, 12], &lists));
    inputs.extend(chosen(&[3], &samples::fixtures("ocsp", ".der")));
    for der in own.iter().chain(ders.iter().take(60)) {
        let mut parts = Vec::new();
        flatten(&smime_fuzz::der::parse(der).unwrap_or_default(), &mut parts);
        inputs.extend(chosen(&[15], &parts));
    }
    inputs
}

fn ders_of(directories: &[&str]) -> Vec<Vec<u8>> {
    let files: Vec<Vec<u8>> = directories
        .iter()
        .flat_map(|d| samples::fixtures(d, ""))
        .collect();
    ders(&files)
}

fn pkcs12(corpora: Option<&Path>) -> Vec<Vec<u8>> {
    let mut files = samples::fixtures("identities", ".p12");
    files.extend(samples::files(&world::path("pki"), ".p12"));
    files.extend(corpus(corpora, &["asn1crypto"]));
    let mut inputs = chosen(&[0], &files);
    let keys: Vec<Vec<u8>> = ["keys", "recipients"]
        .iter()
        .flat_map(|d| samples::fixtures(d, ".pem"))
        .collect();
    inputs.extend(chosen(&[7], &keys));
    let mut ders = ders(&keys);
    ders.extend(samples::fixtures("keys", ".der"));
    inputs.extend(chosen(&[5, 6], &ders));
    for der in &ders {
        inputs.push([&[4], &pieces(der, &[0x31, 0])[..]].concat());
    }
    // SafeContents of a key in the open, one of a certificate, and one of these inside itself
    let key_bag = bag(1, &ders[0]);
    let certificate = smime::asn1::write::sequence(&[
        &smime::asn1::oid::to_der(&smime::asn1::oid::Oid::new_unwrap(
            "1.2.840.113549.1.9.22.1",
        )),
        &smime::asn1::write::constructed(
            smime::asn1::Tag::context(0),
            &[&smime::asn1::write::tlv(
                smime::asn1::Tag::OCTET_STRING,
                world().signer().der(),
            )],
        ),
    ]);
    let both = smime::asn1::write::sequence(&[&key_bag, &bag(3, &certificate)]);
    let nested = smime::asn1::write::sequence(&[&bag(6, &both)]);
    inputs.extend(chosen(&[2, 3], &[both, nested]));
    inputs
}

fn bag(kind: u32, value: &[u8]) -> Vec<u8> {
    let oid = format!("1.2.840.113549.1.12.10.1.{kind}");
    smime::asn1::write::sequence(&[
        &smime::asn1::oid::to_der(&smime::asn1::oid::Oid::new_unwrap(&oid)),
        &smime::asn1::write::constructed(smime::asn1::Tag::context(0), &[value]),
    ])
}

fn verify(corpora: Option<&Path>) -> Vec<Vec<u8>> {
    let mut messages = samples::signed();
    messages.extend(samples::fixtures("messages", ".eml"));
    messages.extend(samples::fixtures("ocsp", ".eml"));
    messages.extend(corpus(
        corpora,
        &["johnny", "rfc9788-9216", "protected-headers"],
    ));
    let mut inputs = chosen(&[0], &messages);
    for message in samples::signed().iter().step_by(3) {
        // a signed message in another, and beside something else
        let forwarded = [
            samples::HEADER,
            b"Content-Type: message/rfc822\r\n\r\n",
            message,
        ]
        .concat();
        let beside = [samples::HEADER, b"Content-Type: multipart/mixed; boundary=o\r\n\r\n--o\r\n\r\nlook\r\n--o\r\nContent-Type: message/rfc822\r\n\r\n", message, b"\r\n--o--\r\n"].concat();
        inputs.extend(chosen(&[0x20, 0], &[forwarded]));
        inputs.extend(chosen(&[0x30, 0x50, 0], &[beside]));
    }
    for message in &messages {
        for der in ders(std::slice::from_ref(message)) {
            for entity in samples::entities() {
                inputs.push([&[1], &pieces(&der, &entity)[..]].concat());
            }
            // the signed attributes of it, to be signed again
            let mut parts = Vec::new();
            every(
                &smime_fuzz::der::parse(&der).unwrap_or_default(),
                &mut parts,
            );
            for set in parts {
                for entity in samples::entities().iter().take(2) {
                    for how in [2, 6] {
                        let rest = pieces(&set, &pieces(&[], entity));
                        inputs.push([&[how], &rest[..]].concat());
                    }
                }
            }
        }
    }
    inputs.extend(chosen(&[3, 7, 11, 15, 23], &samples::entities()));
    inputs
}

/// The content of every [0] that may be signed attributes.
fn every(nodes: &[smime_fuzz::der::Node], sets: &mut Vec<Vec<u8>>) {
    for node in nodes {
        let Some(children) = node.children() else {
            continue;
        };
        if node.tag == 0xa0 && children.len() > 1 && children.iter().all(|c| c.tag == 0x30) {
            sets.push(smime_fuzz::der::write(children));
        }
        every(children, sets);
    }
}

fn decrypt(to: To, corpora: Option<&Path>) -> Vec<Vec<u8>> {
    let choices: &[u8] = if to == To::Kek {
        &[0, 0x80, 1]
    } else {
        &[0, 1]
    };
    let mut inputs = chosen(choices, &samples::sealed(to));
    if to == To::Kek {
        inputs.extend(chosen(&[0x80, 0x81], &samples::sealed(To::Password)));
    }
    let mut insides = samples::insides();
    insides.extend(samples::fixtures("messages", ".eml"));
    insides.extend(corpus(
        corpora,
        &["johnny", "rfc9788-9216", "protected-headers"],
    ));
    inputs.extend(chosen(&[2, 3, 11, 7], &insides));
    for inside in samples::insides() {
        inputs.push([&[6], &pieces(samples::HEADER, &inside)[..]].concat());
    }
    for (number, der) in ders(&samples::signed()).iter().enumerate() {
        // SignedData without its ContentInfo, and in it
        inputs.push([&[5], &der[..]].concat());
        if number % 2 == 0 {
            inputs.push([&[5 | 0x60], &der[..]].concat());
        }
    }
    inputs
}
