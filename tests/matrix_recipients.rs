//! Both directions with the peers for every kind of recipient that has no certificate, and for the keys that only receive: KEK, password, OAEP with
//! every pair of digests, brainpool, X25519 and X448, ML-KEM; AES-CCM and ChaCha20-Poly1305; all of them in one message.
//!
//! `tests/matrix.rs` has the recipients of every day.
use crate::{matrix::denied_rules, support::*};
use smime::asn1::{Tag, cursor::Cursor, write};
use std::{
    ffi::OsString,
    path::{Path, PathBuf},
};

const ENTITY: &[u8] = b"Content-Type: text/plain\r\n\r\nlunch at noon?\r\n";
const PASSWORD: &str = "correct horse battery staple";

fn key(size: usize) -> String {
    (0..size).map(|i| format!("{i:02x}")).collect()
}

/// A directory with what is encrypted, the password, and keys of each size.
fn bench() -> Dir {
    let dir = Dir::new();
    dir.write("entity", ENTITY);
    dir.write("password", format!("{PASSWORD}\n"));
    for size in [16, 24, 32] {
        dir.write(&format!("key{size}"), key(size));
    }
    dir
}
fn kek(dir: &Dir, size: usize) -> Vec<OsString> {
    let file = dir.file(&format!("key{size}"));
    args!["--kek", format!("name:{}", file.display())]
}
fn by_password(dir: &Dir) -> Vec<OsString> {
    args![
        "--password-recipient",
        "--password-file",
        dir.file("password")
    ]
}
fn recipient(name: &str) -> (PathBuf, PathBuf) {
    (
        fixture(&format!("recipients/{name}.crt")),
        fixture(&format!("recipients/{name}.pem")),
    )
}

/// Encrypts the entity with ours.
#[track_caller]
fn ours(dir: &Dir, options: &[&[OsString]]) -> PathBuf {
    let out = dir.file("ours.der");
    let mut line = args!["encrypt", "-q", "--format", "der", "-o", &out];
    line.extend(options.concat());
    line.push(dir.file("entity").into());
    smime(line).run().expect(0);
    out
}
/// Decrypts with ours; the entity must come out.
#[track_caller]
fn decrypts(options: &[OsString], message: &Path) -> Run {
    let mut line = args!["decrypt", "--policy", "archive"];
    line.extend_from_slice(options);
    line.push(message.into());
    let run = smime(line).run().expect(0);
    assert_eq!(
        run.text(),
        String::from_utf8_lossy(ENTITY),
        "{}",
        run.stderr
    );
    run
}
/// Encrypts the entity with an OpenSSL.
#[track_caller]
fn theirs(dir: &Dir, peer: Peer, options: Vec<OsString>) -> PathBuf {
    let out = dir.file("theirs.der");
    let mut line = args![
        "cms",
        "-encrypt",
        "-binary",
        "-in",
        dir.file("entity"),
        "-outform",
        "DER",
        "-out",
        &out
    ];
    line.extend(options);
    openssl(peer, line).run().expect(0);
    out
}
/// Decrypts with an OpenSSL; the entity must come out.
#[track_caller]
fn opens(peer: Peer, message: &Path, options: Vec<OsString>) {
    let mut line = args![
        "cms", "-decrypt", "-binary", "-inform", "DER", "-in", message
    ];
    line.extend(options);
    assert_eq!(openssl(peer, line).run().expect(0).stdout, ENTITY);
}

// ---------------------------------------------------------------------------------------------- keys and passwords shared

#[test]
fn shared_keys() {
    if !have(&[Peer::Openssl], "shared keys with OpenSSL") {
        return;
    }
    let dir = bench();
    for size in [16, 24, 32] {
        let shared = args!["-secretkey", key(size), "-secretkeyid", "6e616d65"];
        for cipher in ["aes-128-cbc", "aes-256-cbc", "aes-256-gcm"] {
            let message = ours(&dir, &[&kek(&dir, size), &args!["--cipher", cipher]]);
            opens(Peer::Openssl, &message, shared.clone());
            let options = [shared.clone(), args![format!("-{cipher}")]].concat();
            let message = theirs(&dir, Peer::Openssl, options);
            let run = decrypts(&kek(&dir, size), &message);
            assert!(run.stderr.contains(&format!("aes-{}-wrap", size * 8)));
            let row = format!("kek aes-{}-wrap, {cipher}", size * 8);
            agreed("recipients", &row, Peer::Openssl.column(), &BOTH);
        }
    }
}

#[test]
fn passwords() {
    if !have(&[Peer::Openssl], "password recipients with OpenSSL") {
        return;
    }
    let dir = bench();
    let theirs_by_password = args!["-pwri_password", PASSWORD];
    for cipher in [
        "aes-128-cbc",
        "aes-192-cbc",
        "aes-256-cbc",
        "aes-128-gcm",
        "aes-256-gcm",
    ] {
        if cipher != "aes-192-cbc" && !cipher.ends_with("gcm") {
            let message = ours(&dir, &[&by_password(&dir), &args!["--cipher", cipher]]);
            opens(Peer::Openssl, &message, theirs_by_password.clone());
            let row = format!("password, {cipher}");
            agreed("recipients", &row, Peer::Openssl.column(), &[Way::Ours]);
        }
        // OpenSSL wraps with the content's cipher, and GCM wraps nothing
        if !cipher.ends_with("gcm") {
            let options = [theirs_by_password.clone(), args![format!("-{cipher}")]].concat();
            let message = theirs(&dir, Peer::Openssl, options);
            decrypts(&by_password(&dir), &message);
            let row = format!("password, {cipher}");
            agreed("recipients", &row, Peer::Openssl.column(), &[Way::Theirs]);
        }
    }
    let options = [theirs_by_password, args!["-des3"]].concat();
    decrypts(&by_password(&dir), &theirs(&dir, Peer::Openssl, options));
}

#[test]
fn passwords_with_gpgsm() {
    if !have(&[Peer::Gpgsm], "password recipients with gpgsm") {
        return;
    }
    let dir = bench();
    let home = dir.file("gnupg");
    std::fs::create_dir(&home).unwrap();
    let message = ours(&dir, &[&by_password(&dir)]);
    let line = args![
        "--homedir",
        &home,
        "--batch",
        "-q",
        "--pinentry-mode",
        "loopback",
        "--passphrase-fd",
        "0",
        "--decrypt",
        &message
    ];
    let run = Call::new("gpgsm", line).input(dir.read("password")).run();
    assert_eq!(run.expect(0).stdout, ENTITY);
    let gpgsm = Peer::Gpgsm.column();
    agreed("recipients", "password, aes-256-cbc", gpgsm, &[Way::Ours]);
    let _ = Call::new("gpgconf", args!["--homedir", &home, "--kill", "all"]).run();
}

// ------------------------------------------------------------------------------------------------------- key transport

#[test]
fn oaep_with_every_pair_of_digests() {
    if !have(&[Peer::Openssl], "RSAES-OAEP of OpenSSL") {
        return;
    }
    const DIGESTS: [&str; 5] = ["sha1", "sha224", "sha256", "sha384", "sha512"];
    let pairs: Vec<(&str, &str, bool)> = DIGESTS
        .iter()
        .flat_map(|digest| DIGESTS.iter().map(move |mgf| (*digest, *mgf)))
        .flat_map(|(digest, mgf)| [(digest, mgf, false), (digest, mgf, true)])
        .collect();
    parallel(&pairs, |(digest, mgf, labelled)| {
        let dir = bench();
        let mut options = args![
            "-aes128",
            "-recip",
            fixture("certs/bob.pem"),
            "-keyopt",
            "rsa_padding_mode:oaep",
            "-keyopt",
            format!("rsa_oaep_md:{digest}"),
            "-keyopt",
            format!("rsa_mgf1_md:{mgf}"),
        ];
        if *labelled {
            options.extend(args!["-keyopt", "rsa_oaep_label:00ff41"]);
        }
        let message = theirs(&dir, Peer::Openssl, options);
        decrypts(&args!["-i", fixture("identities/bob.pem")], &message);
    });
    let row = "rsa-oaep (every pair of SHA-1 and SHA-2 digests, with a label and without)";
    agreed("recipients", row, Peer::Openssl.column(), &[Way::Theirs]);
}

// ------------------------------------------------------------------------------------------------------- key agreement

#[test]
fn brainpool() {
    if !have(&[Peer::Openssl], "ECDH on brainpool curves with OpenSSL") {
        return;
    }
    let kdfs: &[&[&str]] = &[
        &[],
        &["ecdh_kdf_md:sha1"],
        &["ecdh_kdf_md:sha224"],
        &["ecdh_kdf_md:sha256"],
        &["ecdh_kdf_md:sha384"],
        &["ecdh_kdf_md:sha512"],
        &["ecdh_kdf_md:sha256", "ecdh_cofactor_mode:1"],
    ];
    let jobs: Vec<(&str, &[&str])> = ["brainpool-p256", "brainpool-p384", "brainpool-p512"]
        .into_iter()
        .flat_map(|curve| kdfs.iter().map(move |kdf| (curve, *kdf)))
        .collect();
    parallel(&jobs, |(curve, kdf)| {
        let dir = bench();
        let (certificate, identity) = recipient(curve);
        let own = args!["-i", &identity];
        for wrap in ["-aes128-wrap", "-aes192-wrap", "-aes256-wrap"] {
            let mut options = args!["-aes-256-cbc", wrap, "-recip", &certificate];
            for option in *kdf {
                options.extend(args!["-keyopt", option]);
            }
            decrypts(&own, &theirs(&dir, Peer::Openssl, options));
            let row = format!("ecdh-{curve}, aes-256-cbc");
            agreed("recipients", &row, Peer::Openssl.column(), &[Way::Theirs]);
        }
        if kdf.is_empty() {
            for cipher in ["aes-128-gcm", "aes-256-cbc"] {
                let to = args!["-r", &certificate, "--cipher", cipher];
                let message = ours(&dir, &[&to, &trusting()]);
                decrypts(&own, &message);
                opens(
                    Peer::Openssl,
                    &message,
                    args!["-inkey", &identity, "-recip", &certificate],
                );
                let row = format!("ecdh-{curve}, {cipher}");
                agreed("recipients", &row, Peer::Openssl.column(), &[Way::Ours]);
            }
        }
    });
}

/// RSA-KEM, whose mathematics Bouncy Castle has.
#[test]
fn rsa_kem() {
    if !have_bouncy_castle("RSA-KEM") {
        return;
    }
    let (certificate, identity) = (fixture("certs/bob.pem"), fixture("identities/bob.pem"));
    let ciphers = [
        "aes-128-cbc",
        "aes-192-cbc",
        "aes-256-cbc",
        "aes-128-gcm",
        "aes-256-gcm",
        "chacha20-poly1305",
    ];
    parallel(&ciphers, |cipher| {
        let dir = bench();
        let issuers = args!["-c", fixture("certs/intermediate.pem")];
        let to = args!["-r", &certificate, "--rsa-kem", "--cipher", cipher];
        let message = std::fs::read(ours(&dir, &[&to, &issuers, &trusting()])).unwrap();
        let run = bouncy_castle_call(args!["decrypt", &certificate, &identity])
            .input(message)
            .run();
        assert_eq!(run.expect(0).stdout, ENTITY);
        let run = bouncy_castle_call(args!["encrypt", &certificate, cipher, "rsa-kem"])
            .input(ENTITY)
            .run();
        let message = dir.write("theirs.der", &run.expect(0).stdout);
        decrypts(&args!["-i", &identity], &message);
        agreed("recipients", &format!("rsa-kem, {cipher}"), JAVA, &BOTH);
    });
}

/// X25519 and X448, RFC 8418, and the ciphers that OpenSSL does not have, with Bouncy Castle.
#[test]
fn bouncy_castle() {
    if !have_bouncy_castle("X25519, X448, AES-CCM, ChaCha20-Poly1305") {
        return;
    }
    let x25519 = (fixture("certs/frank.pem"), fixture("identities/frank.pem"));
    let mut jobs = Vec::new();
    for (name, (certificate, identity)) in [("x25519", x25519), ("x448", recipient("x448"))] {
        for (scheme, cipher, more) in [
            ("hkdf-sha256", "aes-256-cbc", args!["ukm"]),
            ("hkdf-sha512", "aes-128-gcm", args!["attributes"]),
            ("x963-sha256", "aes-128-ccm", args![]),
            ("hkdf-sha384", "aes-192-ccm", args!["attributes", "ukm"]),
            ("x963-sha512", "aes-256-ccm", args!["attributes"]),
            ("hkdf-sha256", "chacha20-poly1305", args![]),
            ("hkdf-sha512", "chacha20-poly1305", args!["attributes"]),
        ] {
            jobs.push((
                name,
                certificate.clone(),
                identity.clone(),
                cipher,
                Some((scheme, more)),
            ));
        }
        for cipher in [
            "aes-128-cbc",
            "aes-256-cbc",
            "aes-128-gcm",
            "aes-256-gcm",
            "chacha20-poly1305",
        ] {
            jobs.push((name, certificate.clone(), identity.clone(), cipher, None));
        }
    }
    // Bouncy Castle's own recipient, and back
    let (certificate, identity) = recipient("brainpool-p384");
    for cipher in ["aes-256-cbc", "aes-256-ccm"] {
        let scheme = Some(("ecdh-sha256", args![]));
        jobs.push((
            "brainpool",
            certificate.clone(),
            identity.clone(),
            cipher,
            scheme,
        ));
    }
    jobs.push(("brainpool", certificate, identity, "aes-256-gcm", None));
    parallel(&jobs, |(name, certificate, identity, cipher, scheme)| {
        let dir = bench();
        let own = args!["-i", identity];
        let name = name.replace("brainpool", "ecdh-brainpool-p384");
        let row = format!("{name}, {cipher}");
        let Some((scheme, more)) = scheme else {
            let to = args![
                "-r",
                certificate,
                "-c",
                fixture("certs/intermediate.pem"),
                "--cipher",
                cipher
            ];
            let message = std::fs::read(ours(&dir, &[&to, &trusting()])).unwrap();
            let run = bouncy_castle_call(args!["decrypt", certificate, identity])
                .input(message)
                .run();
            assert_eq!(run.expect(0).stdout, ENTITY);
            agreed("recipients", &row, JAVA, &[Way::Ours]);
            return;
        };
        let mut line = args!["encrypt", certificate, cipher, scheme];
        line.extend(more.clone());
        let message = bouncy_castle_call(line)
            .input(ENTITY)
            .run()
            .expect(0)
            .stdout;
        let message = dir.write("theirs.der", message);
        let run = decrypts(&own, &message);
        assert!(run.stderr.contains(cipher), "{}", run.stderr);
        agreed("recipients", &row, JAVA, &[Way::Theirs]);
    });
}

// -------------------------------------------------------------------------------------------------- key encapsulation

#[test]
fn ml_kem() {
    if !have(&[Peer::Openssl4], "ML-KEM with OpenSSL 4.0") {
        return;
    }
    let jobs: Vec<(&str, &str)> = ["ml-kem-512", "ml-kem-768", "ml-kem-1024"]
        .into_iter()
        .flat_map(|set| {
            ["aes-128-cbc", "aes-256-cbc", "aes-128-gcm", "aes-256-gcm"].map(|cipher| (set, cipher))
        })
        .collect();
    parallel(&jobs, |(set, cipher)| {
        let dir = bench();
        let (certificate, identity) = recipient(set);
        let to = args!["-r", &certificate, "--cipher", cipher];
        let message = ours(&dir, &[&to, &trusting()]);
        opens(
            Peer::Openssl4,
            &message,
            args!["-inkey", &identity, "-recip", &certificate],
        );
        let options = args![format!("-{cipher}"), "-recip", &certificate];
        let message = theirs(&dir, Peer::Openssl4, options);
        let run = decrypts(&args!["-i", &identity], &message);
        assert!(run.stderr.contains(set), "{}", run.stderr);
        let row = format!("{set}, {cipher}");
        agreed("recipients", &row, Peer::Openssl4.column(), &BOTH);
    });
}

#[test]
fn ml_kem_keys_in_every_form() {
    let dir = bench();
    let (certificate, identity) = recipient("ml-kem-768");
    let message = ours(&dir, &[&args!["-r", &certificate], &trusting()]);
    decrypts(&args!["-i", identity], &message);
    for form in ["seed", "expanded"] {
        let key = fixture(&format!("recipients/ml-kem-768.{form}.pem"));
        decrypts(&args!["-i", key, "-c", &certificate], &message);
    }
    // the seed of one, the expanded form of another
    let block = |name: &str| {
        let text = String::from_utf8(fixture_bytes(name)).unwrap();
        let base64: String = text
            .lines()
            .skip(1)
            .take_while(|l| !l.starts_with('-'))
            .collect();
        data_encoding_base64(&base64)
    };
    let mut mixed = block("recipients/ml-kem-768.pem");
    let last = mixed.len() - 1;
    mixed[last] ^= 1;
    let key = dir.write("mixed.der", &mixed);
    let run = smime(args!["decrypt", "-i", key, "-c", &certificate, &message])
        .run()
        .expect(4);
    assert!(
        run.stdout.is_empty() && run.stderr.contains("two keys"),
        "{}",
        run.stderr
    );
}
fn data_encoding_base64(text: &str) -> Vec<u8> {
    let mut decoder = std::process::Command::new("base64")
        .arg("-d")
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    std::io::Write::write_all(&mut decoder.stdin.take().unwrap(), text.as_bytes()).unwrap();
    decoder.wait_with_output().unwrap().stdout
}

// -------------------------------------------------------------------------------------------------------- all together

#[test]
fn everybody_opens_one_message() {
    let dir = bench();
    let certificates = [
        (fixture("certs/bob.pem"), fixture("identities/bob.pem")),
        (fixture("certs/carol.pem"), fixture("identities/carol.pem")),
        (fixture("certs/frank.pem"), fixture("identities/frank.pem")),
        recipient("x448"),
        recipient("brainpool-p512"),
        recipient("ml-kem-512"),
        recipient("ml-kem-1024"),
    ];
    for cipher in ["aes-256-cbc", "aes-256-gcm", "chacha20-poly1305"] {
        let mut to = args![
            "--oaep",
            "--cipher",
            cipher,
            "-c",
            fixture("certs/intermediate.pem")
        ];
        for (certificate, _) in &certificates {
            to.extend(args!["-r", certificate]);
        }
        let shared = [kek(&dir, 32), by_password(&dir)].concat();
        let message = ours(&dir, &[&to, &trusting(), &shared]);
        let mut kinds: Vec<String> = smime(args!["inspect", "--json", &message])
            .run()
            .expect(0)
            .json()["layers"][0]["recipients"]
            .as_array()
            .unwrap()
            .iter()
            .map(|r| r["kind"].as_str().unwrap().to_owned())
            .collect();
        // DER has them in the order of their octets
        kinds.sort();
        let mut wanted = vec!["key-transport", "kek", "password", "kem", "kem"];
        wanted.extend(["key-agreement"; 4]);
        wanted.sort_unstable();
        assert_eq!(kinds, wanted);
        let mut means: Vec<Vec<OsString>> = certificates
            .iter()
            .map(|(_, identity)| args!["-i", identity])
            .collect();
        means.push(kek(&dir, 32));
        means.push(by_password(&dir));
        for means in &means {
            let run = decrypts(means, &message);
            assert!(run.stderr.contains(" of 9, "), "{}", run.stderr);
        }
        // a peer finds its own among the others: version and order are right
        if cipher != "chacha20-poly1305" && have(&[Peer::Openssl4], "a message to everybody") {
            let (certificate, identity) = recipient("ml-kem-1024");
            opens(
                Peer::Openssl4,
                &message,
                args!["-inkey", identity, "-recip", certificate],
            );
            opens(Peer::Openssl4, &message, args!["-pwri_password", PASSWORD]);
            opens(
                Peer::Openssl4,
                &message,
                args!["-secretkey", key(32), "-secretkeyid", "6e616d65"],
            );
            let row = format!("nine recipients of five kinds, {cipher}");
            agreed("recipients", &row, Peer::Openssl4.column(), &[Way::Ours]);
        }
        // RFC 5652 §6.1: 3, for the password and the KEMs; RFC 5083 §2.1: 0
        let octets = dir.read("ours.der");
        let version = octets.windows(3).find(|w| w[..2] == [2, 1]).unwrap()[2];
        assert_eq!(version, if cipher == "aes-256-cbc" { 3 } else { 0 });
    }
}

#[test]
fn versions_are_those_of_rfc_5652() {
    let dir = bench();
    let bob = args![
        "-r",
        fixture("certs/bob.pem"),
        "-c",
        fixture("certs/intermediate.pem")
    ];
    let carol = args![
        "-r",
        fixture("certs/carol.pem"),
        "-c",
        fixture("certs/intermediate.pem")
    ];
    let kem = args!["-r", recipient("ml-kem-768").0];
    for (to, wanted) in [
        (bob, 0),
        (carol, 2),
        (kek(&dir, 16), 2),
        (by_password(&dir), 3),
        (kem, 3),
    ] {
        ours(&dir, &[&to, &trusting()]);
        let octets = dir.read("ours.der");
        let version = octets.windows(3).find(|w| w[..2] == [2, 1]).unwrap()[2];
        assert_eq!(version, wanted, "{to:?}");
    }
}

/// A renewed certificate of the same key opens what was encrypted to the old one; EnvelopedData is of version 2 then (RFC 5652 §6.1).
#[test]
fn by_key_identifier() {
    let dir = bench();
    let intermediate = fixture("certs/intermediate.pem");
    let by_identifier = args!["--key-identifier", "-c", intermediate];
    for (name, column) in [("bob", true), ("carol", true), ("ml-kem-768", false)] {
        let (certificate, identity) = match column {
            true => (
                fixture(&format!("certs/{name}.pem")),
                fixture(&format!("identities/{name}.pem")),
            ),
            false => recipient(name),
        };
        let message = ours(
            &dir,
            &[&args!["-r", &certificate], &by_identifier, &trusting()],
        );
        let run = decrypts(&args!["-i", &identity], &message);
        assert!(run.stderr.contains("key identifier"), "{}", run.stderr);
        let peer = match column {
            true => Peer::Openssl,
            false => Peer::Openssl4,
        };
        if have(&[peer], "recipients by key identifier") {
            opens(
                peer,
                &message,
                args!["-inkey", &identity, "-recip", &certificate],
            );
            agreed(
                "recipients",
                &format!("{name} by key identifier"),
                peer.column(),
                &[Way::Ours],
            );
        }
    }
    let octets = dir.read("ours.der");
    assert!(octets.windows(3).any(|w| w == [2, 1, 3]), "KEM: version 3");
}

/// RFC 9709: no peer here derives content keys (the derivation is held to the RFC's vectors in src/crypto/content_encryption.rs).
#[test]
fn modern_binds_the_content_key_to_the_cipher() {
    let dir = bench();
    let oid = [
        0x06, 0x0b, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x10, 0x03, 0x1f,
    ];
    for cipher in ["aes-256-gcm", "aes-128-cbc", "chacha20-poly1305"] {
        let to = args!["--policy", "modern", "--cipher", cipher];
        let message = ours(&dir, &[&to, &kek(&dir, 32)]);
        let octets = dir.read("ours.der");
        assert!(octets.windows(oid.len()).any(|w| w == oid));
        let run = decrypts(&kek(&dir, 32), &message);
        assert!(run.stderr.contains(cipher));
        let message = ours(&dir, &[&args!["--cipher", cipher], &kek(&dir, 32)]);
        let octets = std::fs::read(message).unwrap();
        assert!(!octets.windows(oid.len()).any(|w| w == oid));
    }
    // nobody's but the RFC's
    agreed(
        "recipients",
        "content key through HKDF (RFC 9709)",
        OTHER,
        &[Way::Vector],
    );
}

/// What is authenticated under 3DES is judged as what is encrypted under it: before the key is used.
#[test]
fn a_mac_key_under_3des_is_not_used_but_under_archive() {
    let dir = bench();
    let oid = |body: &[u8]| [&[6, u8::try_from(body.len()).unwrap()], body].concat();
    let pkcs9 =
        |more: &[u8]| oid(&[&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, 16], more].concat());
    let octets = |octets: &[u8]| write::tlv(Tag::OCTET_STRING, octets);
    let recipient = write::constructed(
        Tag::context(2),
        &[
            &write::integer(4),
            &write::sequence(&[&octets(b"name")]),
            // id-alg-CMS3DESwrap
            &write::sequence(&[&pkcs9(&[3, 6]), &[5, 0]]),
            &octets(&[7; 40]),
        ],
    );
    let hmac_sha224 = oid(&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 2, 8]);
    let data = oid(&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 7, 1]);
    let content = write::constructed(Tag::context(0), &[&octets(b"hello")]);
    let made = |name: &str, digest: &[u8]| {
        let authenticated = write::sequence(&[
            &write::integer(0),
            &write::set_of(std::slice::from_ref(&recipient)),
            &write::sequence(&[&hmac_sha224]),
            digest,
            &write::sequence(&[&data, &content]),
            &octets(&[0; 28]),
        ]);
        let inside = write::constructed(Tag::context(0), &[&authenticated]);
        dir.write(name, write::sequence(&[&pkcs9(&[1, 2]), &inside]))
    };
    let message = made("authenticated.der", &[]);
    let open = |more: &[OsString]| {
        let out = args!["open", "--json", "-o", dir.file("out"), &message];
        let run = smime(join(&[&out, &kek(&dir, 24), &trusting(), more])).run();
        denied_rules(&run.expect(1).json())
    };
    assert_eq!(open(&[]), ["weak-cipher"]);
    assert_eq!(open(&args!["--policy", "archive"]), ["mac-invalid"]);
    // a digest that is not known is found out before the key is looked for
    let unknown = write::constructed(Tag::context(1), &[&oid(&[0x2a, 3])]);
    let message = made("unknown.der", &unknown);
    let archive = args!["open", "--policy", "archive", &message];
    smime(join(&[&archive, &trusting()])).run().expect(3);
}

/// RFC 5083 §2.1: what is not id-data must say so among the authenticated attributes, or whoever passes it on can say otherwise.
#[test]
fn a_content_type_that_nothing_protects_is_told() {
    let dir = bench();
    let opaque = args!["sign", "-q", "--opaque", "--format", "der"];
    let signer = args!["-i", fixture("identities/alice.pem"), dir.file("entity")];
    let signed = smime(join(&[&opaque, &signer])).run().expect(0).stdout;
    let mut content = Cursor::new(&signed, 0).enter(Tag::SEQUENCE).unwrap();
    content.expect(Tag::OID).unwrap();
    let data = content.expect(Tag::context(0)).unwrap().content;
    let inner = dir.write("inner", data);
    let encrypt = args![
        "encrypt",
        "-q",
        "--binary",
        "--format",
        "der",
        "--cipher",
        "aes-256-gcm",
        &inner
    ];
    let encrypted = smime(join(&[&encrypt, &kek(&dir, 16)])).run().expect(0);
    let mut encrypted = encrypted.stdout;
    let id_data = [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 7, 1];
    let at = encrypted.windows(9).position(|it| it == id_data).unwrap();
    encrypted[at + 8] = 2;
    let message = dir.write("message.der", encrypted);
    let open = args!["open", "--json", "-o", dir.file("out"), &message];
    let open = smime(join(&[&open, &kek(&dir, 16), &trusting()])).run();
    let report = open.expect(0).json();
    let findings = report["layers"][0]["findings"].as_array().unwrap();
    let rules: Vec<_> = findings.iter().map(|it| &it["rule"]).collect();
    assert_eq!(rules, ["unprotected-content-type"]);
    assert_eq!(report["layers"][1]["kind"], "signed");
}
