//! One large message on one thread and on two: the same octets where nothing is left to chance, the same content and the same answer everywhere.
//! What both engines must write is held by its digest.
use crate::support::*;
use smime::{
    crypto::{Digest, digest::digest},
    mime::canonical::Canonicalizer,
};
use std::ffi::OsString;

/// So large that a second thread works: over 4 MiB (`ALONE` in `src/smime/relay.rs`) of what is made, over one of what is read.
const LARGE: usize = 6 << 20;

/// Messages whose line ends and lengths fall on every edge of a piece.
fn messages() -> Vec<(&'static str, Vec<u8>)> {
    let head = b"From: alice@example.com\nTo: bob@example.com\nSubject: large\n\n";
    let mut kinds = Vec::new();
    for (name, line) in [
        ("lf", &b"All that is gold does not glitter.\n"[..]),
        ("crlf", b"Not all those who wander are lost.\r\n"),
        ("mixed", b"one\ntwo\r\n\n\r\nthree and a half\n"),
        ("short", b"\n"),
        ("long", &[&[b'x'; 997][..], b"\n"].concat()),
    ] {
        let mut message = head.to_vec();
        while message.len() < LARGE {
            message.extend_from_slice(line);
        }
        message.extend_from_slice(b"the last line has no end");
        kinds.push((name, message));
    }
    kinds
}

/// The text of a message in canonical form.
fn body(message: &[u8]) -> Vec<u8> {
    // what `verify` writes may have no header at all
    let mut form = b"\r\n".to_vec();
    Canonicalizer::new().push(message, &mut form);
    let header = memchr::memmem::find(&form, b"\r\n\r\n").unwrap();
    form.split_off(header)
}

fn as_bob() -> Vec<OsString> {
    args!["-i", fixture("identities/bob.pem")]
}

fn to_bob() -> Vec<OsString> {
    let bob = args!["-r", fixture("certs/bob.pem"), "-c", fixture("certs")];
    join(&[&bob, &trusting()])
}

fn threads(number: &str) -> Vec<OsString> {
    args!["--threads", number]
}

#[test]
fn the_same_octets_on_one_thread_and_on_two() {
    let dir = Dir::new();
    let mut digests = String::new();
    for (name, message) in messages() {
        let input = dir.write(name, message);
        // RSASSA-PKCS1-v1_5 of a DER object at a given time: nothing in it is random
        for form in [
            &["--opaque"][..],
            &["--detached"],
            &["--opaque", "--compress"],
        ] {
            let signed = |number: &str| {
                let out = dir.file(&format!("{name}.{number}"));
                let options = args!["sign", "-q", "--at", "2026-06-01T00:00:00Z"];
                let more: Vec<OsString> = form.iter().map(OsString::from).collect();
                let place = args!["--format", "der", "-o", &out, &input];
                smime(join(&[
                    &options,
                    &as_alice(),
                    &more,
                    &threads(number),
                    &place,
                ]))
                .run()
                .expect(0);
                std::fs::read(out).unwrap()
            };
            let one = signed("1");
            assert!(one == signed("2"), "{name} {form:?}");
            let hash = digest(Digest::Sha256, &one);
            let hash: String = hash.iter().map(|octet| format!("{octet:02x}")).collect();
            digests.push_str(&format!("{name} {}: {hash}\n", form.join(" ")));
        }
    }
    let golden = fixture("threads/digests");
    if std::env::var_os("SMIME_BLESS").is_some() {
        std::fs::write(&golden, &digests).unwrap();
    }
    let golden = String::from_utf8(fixture_bytes("threads/digests")).unwrap();
    assert_eq!(digests, golden);
}

#[test]
fn the_same_content_and_answers() {
    let dir = Dir::new();
    let kinds = ["crlf", "mixed"];
    for (name, message) in messages().into_iter().filter(|it| kinds.contains(&it.0)) {
        let input = dir.write(name, message);
        let run = |verb: &[&str],
                   options: &[&[OsString]],
                   number: &str,
                   from: &std::path::Path,
                   to: &str| {
            let to = dir.file(to);
            let verb: Vec<OsString> = verb.iter().map(OsString::from).collect();
            let place = args!["-q", "-o", &to, from];
            smime(join(&[&verb, &join(options), &threads(number), &place]))
                .run()
                .expect(0);
            to
        };
        let mut contents = Vec::new();
        for number in ["1", "2"] {
            let to = format!("clear.{number}");
            let clear = run(&["sign"], &[&as_alice()], number, &input, &to);
            for reader in ["1", "2"] {
                let out = run(&["verify"], &[&trusting()], reader, &clear, "verified");
                contents.push(std::fs::read(out).unwrap());
            }
            for cipher in ["aes-256-cbc", "aes-256-gcm"] {
                let options = join(&[&args!["--cipher", cipher, "--sign"], &as_alice(), &to_bob()]);
                let sealed = run(&["encrypt"], &[&options], number, &input, "sealed");
                for reader in ["1", "2"] {
                    let keys = join(&[&as_bob(), &trusting()]);
                    let out = run(&["open"], &[&keys], reader, &sealed, "opened");
                    contents.push(std::fs::read(out).unwrap());
                }
            }
        }
        let whole = body(&std::fs::read(&input).unwrap());
        for content in contents {
            assert!(body(&content) == whole, "{name}");
        }
    }
}

/// Every copy is whole: several ways out, with nothing, a signature inside, and one around it, too.
#[test]
fn copies_of_a_large_message() {
    let (_, message) = messages().remove(2);
    let message = [&b"Bcc: dave@example.com, frank@example.com\n"[..], &message].concat();
    let whole = body(&message);
    for how in [
        args![],
        join(&[&args!["--sign"], &as_alice()]),
        join(&[&args!["--triple-wrap"], &as_alice()]),
    ] {
        for number in ["1", "2"] {
            let dir = Dir::new();
            let input = dir.write("message", &message);
            let more = args!["--to-header", "-q", "-o", dir.file("m.eml"), &input];
            let encrypt = join(&[&args!["encrypt"], &how, &threads(number), &to_bob(), &more]);
            smime(encrypt).run().expect(0);
            for (file, reader) in [
                ("m.eml", "bob"),
                ("m.bcc-1.eml", "dave"),
                ("m.bcc-2.eml", "frank"),
            ] {
                let out = dir.file("out");
                let identity = fixture(&format!("identities/{reader}.pem"));
                let verb = if how.is_empty() { "decrypt" } else { "open" };
                let open = args![verb, "-q", "-i", identity, "-o", &out, dir.file(file)];
                let trust = if how.is_empty() { args![] } else { trusting() };
                smime(join(&[&open, &trust])).run().expect(0);
                assert!(
                    body(&std::fs::read(out).unwrap()) == whole,
                    "{how:?} {file}"
                );
            }
        }
    }
}

/// What nobody could survey, since it can be read once, is judged as it flows.
#[test]
fn what_comes_late_in_a_pipe_is_told_on_two_threads() {
    let head = "From: alice@example.com\nContent-Type: multipart/mixed; boundary=b\n\n";
    let text = "Not all those who wander are lost.\n".repeat(LARGE / 35);
    let end = "--b\n\ntext\n--b--\n";
    let plain = format!("From: alice@example.com\n\n{text}");
    for (rule, input) in [
        (
            "re-encoded",
            [plain.as_bytes(), b"a CR \r alone\n"].concat(),
        ),
        (
            "not-7bit",
            [
                head.as_bytes(),
                text.as_bytes(),
                b"caf\xe9\n",
                end.as_bytes(),
            ]
            .concat(),
        ),
        (
            "signing-time",
            [head.as_bytes(), text.as_bytes(), b"a\rb\n", end.as_bytes()].concat(),
        ),
    ] {
        let fine = [head.as_bytes(), text.as_bytes(), end.as_bytes()].concat();
        for number in ["1", "2"] {
            for (input, code) in [(&input, 3), (&fine, 0)] {
                let dir = Dir::new();
                let out = dir.file("out");
                let sign = args!["sign", "-q", "--deny", rule, "-o", &out];
                smime(join(&[&sign, &as_alice(), &threads(number)]))
                    .input(input.clone())
                    .run()
                    .expect(code);
                assert_eq!(out.exists(), code == 0, "{rule} {number}");
            }
        }
    }
}

/// What is wrong late in a large message is told all the same, and nothing is left.
#[test]
fn what_is_wrong_is_told_on_two_threads() {
    let dir = Dir::new();
    let (_, message) = messages().remove(0);
    let input = dir.write("message", &message);
    let sealed = dir.file("sealed");
    let seal = args![
        "encrypt",
        "-q",
        "--cipher",
        "aes-256-gcm",
        "-o",
        &sealed,
        &input
    ];
    smime(join(&[&seal, &to_bob()])).run().expect(0);
    let mut altered = std::fs::read(&sealed).unwrap();
    let place = altered.len() - 400;
    altered[place] = if altered[place] == b'A' { b'B' } else { b'A' };
    let altered = dir.write("altered", altered);
    let mut bare = message;
    bare.extend_from_slice(b"\na CR \r alone, at the end\n");
    let bare = dir.write("bare", bare);
    let before = dir.entries();
    for number in ["1", "2"] {
        let out = dir.file("out");
        let open = args!["decrypt", "-q", "-o", &out, &altered];
        smime(join(&[&open, &as_bob(), &threads(number)]))
            .run()
            .expect(1);
        let sign = args!["sign", "-q", "--deny", "re-encoded", "-o", &out, &bare];
        let run = smime(join(&[&sign, &as_alice(), &threads(number)])).run();
        run.expect(1);
        let full = args!["sign", "-q", "-o", "/dev/full", &input];
        smime(join(&[&full, &as_alice(), &threads(number)]))
            .run()
            .expect(5);
        assert_eq!(dir.entries(), before, "--threads {number}");
    }
}
