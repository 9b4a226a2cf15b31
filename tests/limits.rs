//! Limits: at each everything works, one past it is exit 3 with the limit's name, nothing written, in no time and little memory.
use crate::support::*;
use rand_chacha::rand_core::SeedableRng as _;
use smime::policy::Limits;
use std::{
    ffi::OsString,
    io::Write as _,
    time::{Duration, Instant},
};

/// A debug build on a busy machine is slow; hanging is another thing.
const SOON: Duration = Duration::from_secs(if cfg!(debug_assertions) { 60 } else { 10 });

fn inspect(message: Vec<u8>) -> Run {
    smime(args!["inspect", "--json"]).input(message).run()
}

/// Passes, soon.
#[track_caller]
fn passes(run: impl FnOnce() -> Run) -> Run {
    let start = Instant::now();
    let run = run().expect(0);
    assert!(start.elapsed() < SOON);
    run
}

/// Is over a limit: exit 3, quickly, with its value in the error.
#[track_caller]
fn over(limit: u64, run: impl FnOnce() -> Run) {
    let start = Instant::now();
    let run = run().expect(3);
    assert!(start.elapsed() < SOON);
    let text = format!("{}{}", run.stderr, run.text());
    assert!(
        text.contains(&limit.to_string()),
        "the limit {limit} is not named: {text}"
    );
}

fn value(n: usize) -> u64 {
    u64::try_from(n).unwrap()
}

#[test]
fn header_bytes() {
    let limit = Limits::default().header_bytes;
    let header = |octets: usize| {
        let mut message = b"From: alice@example.com\n".to_vec();
        let end = b"Content-Type: text/plain\n".len();
        while message.len() + end < octets {
            let n = (octets - end - message.len()).clamp(1, 900);
            // a field of n octets, its line end included
            let n = if octets - end - message.len() - n < 5 && octets - end - message.len() != n {
                n - 5
            } else {
                n
            };
            message.extend_from_slice(b"X: ");
            message.extend(std::iter::repeat_n(b'x', n.saturating_sub(4)));
            message.push(b'\n');
        }
        message.extend_from_slice(b"Content-Type: text/plain\n");
        message.extend_from_slice(b"\nbody\n");
        message
    };
    passes(|| inspect(header(limit - 1000)));
    over(value(limit), || inspect(header(limit + 1000)));
}

#[test]
fn header_line_bytes() {
    let limit = Limits::default().header_line_bytes;
    let message = |n: usize| {
        let mut message = b"From: alice@example.com\nX: ".to_vec();
        message.extend(std::iter::repeat_n(b'x', n - 3));
        message.extend_from_slice(b"\n\nbody\n");
        message
    };
    passes(|| inspect(message(limit - 2)));
    over(value(limit), || inspect(message(limit + 1)));
}

#[test]
fn header_fields() {
    let limit = Limits::default().header_fields;
    let message = |fields: usize| [b"a:\n".repeat(fields), b"\nbody\n".to_vec()].concat();
    passes(|| inspect(message(limit)));
    over(value(limit), || inspect(message(limit + 1)));
    // of the headers of all layers
    let layer = b"Content-Type: application/pkcs7-mime; name=smime.p7m\nContent-Transfer-Encoding: binary\n";
    let layers = |fields: usize| {
        let inner = [
            &b"b:\n".repeat(10)[..],
            layer,
            b"\n",
            &compressed(b"\nbody\n", 1),
        ]
        .concat();
        let outer = b"a:\n".repeat(fields - 14);
        [&outer[..], layer, b"\n", &compressed(&inner, 1)].concat()
    };
    passes(|| inspect(layers(limit)));
    over(value(limit), || inspect(layers(limit + 1)));
}

/// DER of a SEQUENCE in a SEQUENCE …, with indefinite lengths or not.
fn nested(depth: usize, indefinite: bool) -> Vec<u8> {
    if indefinite {
        return [[0x30, 0x80].repeat(depth), [0, 0].repeat(depth)].concat();
    }
    let mut der: Vec<u8> = Vec::new();
    for _ in 0..depth {
        let mut outer = vec![0x30];
        match der.len() {
            n @ 0..=127 => outer.push(u8::try_from(n).unwrap()),
            n => {
                outer.push(0x83);
                outer.extend_from_slice(&u32::try_from(n).unwrap().to_be_bytes()[1..]);
            }
        }
        outer.extend_from_slice(&der);
        der = outer;
    }
    der
}

#[test]
fn asn1_depth() {
    for depth in [65, 1000, 100_000] {
        for indefinite in [false, true] {
            if depth == 100_000 && !indefinite {
                continue; // takes longer to make than to refuse
            }
            // in place of signedAttrs, of certificates, of the whole
            let run = inspect(nested(depth, indefinite)).expect(3);
            assert!(run.json()["error"]["code"].is_string());
        }
    }
}

#[test]
fn a_declared_length_allocates_nothing() {
    for header in [
        "3084 7fffffff",
        "3088 7fffffffffffffff",
        "30 84 ffffffff 0609 2a864886f70d010702 a0 84 fffffff0",
        "24 84 7fffffff 04 84 7ffffff0",
    ] {
        let text = header.replace(' ', "");
        let mut der = data_encoding::HEXLOWER.decode(text.as_bytes()).unwrap();
        der.extend(noise(1, 20));
        let script = format!("ulimit -v 200000; exec {SMIME} inspect --json");
        let run = Call::new("sh", args!["-c", script]).input(der).run();
        assert_eq!(run.code, 3, "{header}: {run:?}");
    }
}

/// A multipart with this many parts, or this deep.
fn multipart(parts: usize, depth: usize) -> Vec<u8> {
    let mut message = b"From: alice@example.com\n".to_vec();
    for n in 0..depth {
        message.extend_from_slice(
            format!("Content-Type: multipart/mixed; boundary=b{n}\n\n--b{n}\n").as_bytes(),
        );
    }
    message.extend_from_slice(b"Content-Type: text/plain\n\nx\n");
    for _ in 1..parts {
        message.extend_from_slice(format!("--b{}\n\nx\n", depth - 1).as_bytes());
    }
    for n in (0..depth).rev() {
        message.extend_from_slice(format!("--b{n}--\n").as_bytes());
    }
    message
}

#[test]
fn parts_and_their_nesting() {
    // whatever is done with what is too deep or too many, it ends soon and cleanly
    for message in [
        multipart(10_000, 1),
        multipart(20_000, 1),
        multipart(1, 100),
        multipart(1, 1_000),
        multipart(1, 5000),
    ] {
        let start = Instant::now();
        let run = inspect(message);
        assert!(matches!(run.code, 0 | 3), "{run:?}");
        assert!(start.elapsed() < SOON);
    }
    passes(|| inspect(multipart(100, 8)));
}

/// Wraps a message in opaque signatures of Alice's, as many as asked for.
fn wrapped(layers: usize) -> Vec<u8> {
    let mut message = b"From: alice@example.com\nContent-Type: text/plain\n\nx\n".to_vec();
    for _ in 0..layers {
        message = smime(join(&[
            &args!["sign", "-q", "--opaque", "--include", "leaf"],
            &as_alice(),
        ]))
        .input(message)
        .run()
        .expect(0)
        .stdout;
    }
    message
}

#[test]
fn layers() {
    let limit = Limits::default().layers;
    let open = |message: Vec<u8>| {
        smime(join(&[
            &args!["open", "-q", "-c", fixture("certs/intermediate.pem")],
            &trusting(),
        ]))
        .input(message)
        .run()
    };
    let message = wrapped(limit);
    passes(|| open(message.clone()));
    let message = smime(join(&[
        &args!["sign", "-q", "--opaque", "--include", "leaf"],
        &as_alice(),
    ]))
    .input(message)
    .run()
    .expect(0)
    .stdout;
    let run = open(message);
    assert!(run.stdout.is_empty());
    over(value(limit), || run);
}

#[test]
fn certificates() {
    let limit = Limits::default().certificates;
    if !have(&[Peer::Openssl], "messages with too many certificates") {
        return;
    }
    let dir = Dir::new();
    let other = |n: usize| {
        // certificates that are in nobody's way, all different
        let mut pem = Vec::new();
        for i in 0..n {
            let line = args![
                "req",
                "-x509",
                "-newkey",
                "ec",
                "-pkeyopt",
                "ec_paramgen_curve:P-256",
                "-nodes",
                "-keyout",
                "/dev/null",
                "-subj",
                format!("/CN={i}")
            ];
            pem.extend(openssl(Peer::Openssl, line).run().expect(0).stdout);
        }
        pem
    };
    let message = |n: usize| {
        // the signer's and the intermediate's, and others
        let more = dir.write(
            "more.pem",
            [fixture_bytes("certs/intermediate.pem"), other(n - 2)].concat(),
        );
        let line = args![
            "cms",
            "-sign",
            "-signer",
            fixture("certs/alice.pem"),
            "-inkey",
            fixture("keys/alice.pem"),
            "-certfile",
            more
        ];
        let signed = openssl(Peer::Openssl, line)
            .input("Content-Type: text/plain\n\nx\n")
            .run()
            .expect(0)
            .stdout;
        [b"From: alice@example.com\n", &signed[..]].concat()
    };
    let verify = |message: Vec<u8>| {
        smime(join(&[&args!["verify", "--json"], &trusting()]))
            .input(message)
            .run()
    };
    let at = message(limit);
    passes(|| verify(at));
    let past = message(limit + 1);
    over(value(limit), || verify(past));
}

#[test]
fn signers() {
    let limit = Limits::default().signers;
    if !have(&[Peer::Openssl], "messages with too many signers") {
        return;
    }
    let message = |n: usize| {
        let mut line = args!["cms", "-sign", "-nocerts"];
        for _ in 0..n {
            line.extend(args![
                "-signer",
                fixture("certs/carol.pem"),
                "-inkey",
                fixture("keys/carol.pem")
            ]);
        }
        let signed = openssl(Peer::Openssl, line)
            .input("Content-Type: text/plain\n\nx\n")
            .run()
            .expect(0)
            .stdout;
        [b"From: carol@example.com\n", &signed[..]].concat()
    };
    let verify = |message: Vec<u8>| {
        smime(join(&[
            &args!["verify", "--json", "-c", fixture("certs")],
            &trusting(),
        ]))
        .input(message)
        .run()
    };
    let at = message(limit);
    passes(|| verify(at));
    let past = message(limit + 1);
    over(value(limit), || verify(past));
}

#[test]
fn key_iterations() {
    let limit = Limits::default().key_iterations;
    if !have(&[Peer::Openssl], "keys with too many iterations") {
        return;
    }
    let dir = Dir::new();
    let sign = |key: &std::path::Path| {
        let line: Vec<OsString> = args![
            "sign",
            "-q",
            "-i",
            key,
            "-i",
            fixture("certs/alice.pem"),
            "--password-file",
            fixture("password")
        ];
        smime(line).input("From: alice@example.com\n\nx\n").run()
    };
    let made = |iterations: &str| {
        let file = dir.file("key.pem");
        let line = args![
            "pkcs8",
            "-topk8",
            "-in",
            fixture("keys/alice.pem"),
            "-v2",
            "aes-256-cbc",
            "-iter",
            iterations,
            "-passout",
            "pass:x",
            "-out",
            &file
        ];
        openssl(Peer::Openssl, line).run().expect(0);
        file
    };
    // the count is judged before the work is done: the password does not matter
    let start = Instant::now();
    let file = made("20000");
    let pem = String::from_utf8(std::fs::read(&file).unwrap()).unwrap();
    let base64: String = pem.lines().filter(|l| !l.starts_with('-')).collect();
    let mut der = data_encoding::BASE64.decode(base64.as_bytes()).unwrap();
    let at = der
        .windows(4)
        .position(|w| w == [2, 2, 0x4e, 0x20])
        .unwrap();
    // an INTEGER of two octets becomes one of four: every length around it grows by two
    der.splice(
        at..at + 4,
        [2, 4].into_iter().chain((limit + 1).to_be_bytes()),
    );
    grow(&mut der, at, 2);
    let file = dir.write("key.der", &der);
    let run = sign(&file);
    assert!(matches!(run.code, 3 | 4), "{run:?}");
    assert!(start.elapsed() < SOON);
    assert!(run.stdout.is_empty());
    assert!(
        run.stderr.contains("iterations") || run.stderr.contains("key-iterations"),
        "{}",
        run.stderr
    );
}

/// Adds to the lengths of all elements around an offset.
fn grow(der: &mut [u8], offset: usize, by: u8) {
    let mut at = 0;
    while at < offset {
        let header = match der[at + 1] {
            n @ 0x81..=0x84 => 2 + usize::from(n & 0x7f),
            _ => 2,
        };
        let length = if header == 2 {
            usize::from(der[at + 1])
        } else {
            der[at + 2..at + header]
                .iter()
                .fold(0, |l, b| l << 8 | usize::from(*b))
        };
        if offset < at + header + length {
            let last = at + header - 1;
            let (sum, carry) = der[last].overflowing_add(by);
            assert!(header > 2 || sum < 0x80);
            der[last] = sum;
            if carry {
                der[last - 1] += 1;
            }
            at += header; // into it
        } else {
            at += header + length; // past it
        }
    }
}

#[test]
fn key_file_bytes() {
    let limit = Limits::default().key_file_bytes;
    let dir = Dir::new();
    let padded = |octets: usize| {
        let mut pem = fixture_bytes("trust/root.pem");
        pem.resize(octets, b'\n');
        dir.write("root.pem", pem)
    };
    let verify = |trust: std::path::PathBuf| {
        smime(args![
            "verify",
            "--json",
            "-t",
            trust,
            fixture("messages/clear.eml")
        ])
        .run()
    };
    passes(|| verify(padded(limit)));
    let run = verify(padded(limit + 1));
    assert!(matches!(run.code, 3 | 4), "{run:?}");
}

#[test]
fn held_bytes() {
    // more than memory holds: the encrypted temporary file
    let limit = Limits::default().held_bytes;
    let dir = Dir::new();
    for octets in [limit - 1, limit, limit + 1, 5 * limit] {
        let content = noise(11, octets);
        let line = join(&[
            &args![
                "encrypt",
                "-q",
                "--binary",
                "--format",
                "der",
                "-r",
                fixture("certs/carol.pem"),
                "-c",
                fixture("certs/intermediate.pem")
            ],
            &trusting(),
        ]);
        let encrypted = smime(line).input(content.clone()).run().expect(0).stdout;
        let run = smime(args![
            "decrypt",
            "-q",
            "-i",
            fixture("identities/carol.pem")
        ])
        .env("TMPDIR", dir.path())
        .input(encrypted)
        .run()
        .expect(0);
        assert!(run.stdout == content, "{octets} octets");
        assert!(dir.entries().is_empty());
    }
}

/// A content in as many layers of CompressedData as asked for.
fn compressed(content: &[u8], layers: usize) -> Vec<u8> {
    use smime::cms::{compressed_data::Writer, content_type};
    let mut object = content.to_vec();
    for layer in 0..layers {
        let kind = match layer {
            0 => content_type::DATA,
            _ => content_type::COMPRESSED_DATA,
        };
        let mut writer = Writer::new(Vec::new(), kind);
        writer.write_all(&object).unwrap();
        object = writer.finish().unwrap();
    }
    object
}

/// Opens a compressed content under limits of its own, and says what came out or which limit was in the way.
fn uncompress(object: &[u8], limits: Limits) -> Result<Vec<u8>, &'static str> {
    use smime::{
        asn1::Time,
        policy::Policy,
        smime::{Error, Opener, Source, Verifier, report::Verdict},
        store::Identities,
        x509::{Collection, TrustAnchors},
    };
    let (identities, anchors, repository) = (
        Identities::default(),
        TrustAnchors::default(),
        Collection::default(),
    );
    let mut policy = Policy::default();
    policy.limits = limits;
    let verifier = Verifier::new(&anchors, &repository, &policy, &[]);
    let opener = Opener::new(&identities, verifier);
    let (mut out, mut input) = (Vec::new(), object);
    let mut rng = rand_chacha::ChaCha20Rng::seed_from_u64(1);
    match opener.open(Source::Stream(&mut input), &mut out, Time(0), &mut rng) {
        Ok(report) if report.verdict() == Verdict::Pass => Ok(out),
        Err(error) => match error.in_part() {
            (_, Error::Limit { name, .. }) => Err(name),
            other => panic!("{other:?}"),
        },
        other => panic!("{other:?}"),
    }
}

#[test]
fn uncompressed_bytes() {
    let content = noise(7, 200_000);
    for layers in 1..3 {
        let object = compressed(&content, layers);
        let mut limits = Limits::default();
        // what is around the inner object's content counts too
        let room = [0, 200][layers - 1];
        limits.uncompressed_bytes = value(content.len() + room);
        assert!(uncompress(&object, limits).unwrap() == content);
        limits.uncompressed_bytes = value(content.len() - 1);
        assert_eq!(uncompress(&object, limits), Err("uncompressed-bytes"));
    }
}

#[test]
fn compression_ratio() {
    // one of 200 octets is no zero
    let content: Vec<u8> = noise(9, 300_000)
        .chunks(2)
        .map(|o| if o[0] == 0 { o[1] } else { 0 })
        .collect();
    for layers in 1..4 {
        let object = compressed(&content, layers);
        let mut limits = Limits::default();
        limits.held_bytes = 1000;
        // what there is of the outermost object beside the content is some 60 octets; what comes out of each layer around another is about as long
        // as the object itself
        limits.compression_ratio = value(content.len() / (object.len() - 100) + layers);
        assert!(uncompress(&object, limits).unwrap() == content, "{layers}");
        limits.compression_ratio = value(content.len() / object.len()) - 1;
        assert_eq!(uncompress(&object, limits), Err("compression-ratio"));
        // it does not matter for what memory holds, of all layers together
        limits.held_bytes = content.len() + (layers - 1) * (object.len() + 200);
        assert!(uncompress(&object, limits).unwrap() == content);
    }
}

#[test]
fn compressed_bombs() {
    let ratio = Limits::default().compression_ratio;
    let zeros = vec![0; 10 << 20];
    let dir = Dir::new();
    for layers in 1..4 {
        let object = compressed(&zeros, layers);
        assert!(object.len() < 12_000, "{}", object.len());
        over(ratio, || inspect(object.clone()));
        let out = dir.file("out");
        let line = args!["open", "--json", "-o", out.clone()];
        over(ratio, || smime(line).input(object).run());
        assert!(!out.exists() && dir.entries().is_empty());
    }
    // what stays in memory is no bomb
    let small = compressed(&zeros[..Limits::default().held_bytes], 1);
    passes(|| smime(args!["open", "-q"]).input(small).run());
}

/// A message of so many parts, each of them compressed for itself.
fn compressed_parts(object: &[u8], parts: usize) -> Vec<u8> {
    let mut message =
        b"From: alice@example.com\nContent-Type: multipart/mixed; boundary=b\n\n".to_vec();
    for _ in 0..parts {
        message.extend_from_slice(
            b"--b\nContent-Type: application/pkcs7-mime; smime-type=compressed-data\n\
              Content-Transfer-Encoding: binary\n\n",
        );
        message.extend_from_slice(object);
        message.push(b'\n');
    }
    message.extend_from_slice(b"--b--\n");
    message
}

/// Each of them fits into memory; together they come to 10 GiB.
#[test]
fn compressed_bombs_beside_one_another() {
    const SOON: Duration = Duration::from_secs(if cfg!(debug_assertions) { 30 } else { 1 });
    let small = vec![0; Limits::default().held_bytes];
    let most = Limits::default().parts - 1;
    let unreadable = |run: &Run| run.text().matches("bytes from one compressed byte").count();
    for layers in 1..4 {
        let object = compressed(&small, layers);
        // the first of them is paid for by the octets that need not be
        let first = inspect(compressed_parts(&object, 1)).expect(0);
        assert_eq!(unreadable(&first), usize::from(layers > 1));
        let message = compressed_parts(&object, most);
        let start = Instant::now();
        let run = inspect(message.clone()).expect(0);
        assert!(start.elapsed() < SOON, "{:?}", start.elapsed());
        assert!(unreadable(&run) >= most - 1, "{}", unreadable(&run));
        // a layer around them gives them nothing
        let start = Instant::now();
        let run = inspect(compressed(&message, 1));
        assert!(matches!(run.code, 0 | 3), "{run:?}");
        assert!(start.elapsed() < SOON, "{:?}", start.elapsed());
    }
    // text beside text is none
    let text = compressed("a line of text, like any other\n".repeat(900).as_bytes(), 1);
    let run = passes(|| inspect(compressed_parts(&text, 30)));
    assert_eq!(unreadable(&run), 0);
}

#[test]
fn every_limit_is_in_the_help() {
    let text = smime(args!["help", "limits"]).run().expect(0).text();
    for (name, value, _, _) in Limits::default().table() {
        let line = text
            .lines()
            .find(|l| l.split_whitespace().next() == Some(name))
            .unwrap_or_else(|| panic!("{name} is missing: {text}"));
        let digits: String = line.chars().filter(|c| !matches!(c, ',' | '_')).collect();
        assert!(digits.contains(&value.to_string()), "{line}");
    }
}
