//! Both directions with OpenSSL 4.0 for the signature algorithms that fixtures have no certificates of: a chain of each is made anew, by OpenSSL.
//!
//! `SMIME_MATRIX=text` runs only the rows whose name holds the text. What OpenSSL cannot do is said in each row.
use crate::support::*;
use std::{ffi::OsString, path::Path};

/// Which way OpenSSL 4.0 goes along.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Peers {
    Both,
    /// OpenSSL verifies what we sign
    TheyVerify,
    /// OpenSSL signs; we do not, by choice, and read it under `archive` only
    TheySign,
    /// OpenSSL does neither: we verify our own
    Ours,
}

/// A row: a kind of key, a digest, and what the report calls them.
struct Row {
    name: &'static str,
    /// how OpenSSL makes the key
    key: &'static [&'static str],
    /// digest of the content as we name it; empty: what the key demands
    digest: &'static str,
    algorithm: &'static str,
    peers: Peers,
}
const fn row(
    name: &'static str,
    key: &'static [&'static str],
    digest: &'static str,
    algorithm: &'static str,
    peers: Peers,
) -> Row {
    Row {
        name,
        key,
        digest,
        algorithm,
        peers,
    }
}
impl Row {
    /// Returns Java's name of the scheme, for those that Debian's OpenSSL and OpenSSL 4.0 do not both make and read.
    fn java_algorithm(&self) -> Option<&'static str> {
        match self.name {
            "brainpool-p256" => Some("SHA256withECDSA"),
            "brainpool-p384" => Some("SHA384withECDSA"),
            "brainpool-p512" => Some("SHA512withECDSA"),
            "ed448" => Some("Ed448"),
            _ => None,
        }
    }
}
macro_rules! ec {
    ($curve:literal) => {
        &[
            "EC",
            "-pkeyopt",
            concat!("ec_paramgen_curve:", $curve),
            "-pkeyopt",
            "ec_param_enc:named_curve",
        ]
    };
}
const ROWS: &[Row] = &[
    row(
        "brainpool-p256",
        ec!("brainpoolP256r1"),
        "sha-256",
        "ecdsa",
        Peers::Both,
    ),
    row(
        "brainpool-p384",
        ec!("brainpoolP384r1"),
        "sha-384",
        "ecdsa",
        Peers::Both,
    ),
    row(
        "brainpool-p512",
        ec!("brainpoolP512r1"),
        "sha-512",
        "ecdsa",
        Peers::Both,
    ),
    row(
        "p256-sha3-256",
        ec!("P-256"),
        "sha3-256",
        "ecdsa",
        Peers::Both,
    ),
    row(
        "p521-sha3-512",
        ec!("P-521"),
        "sha3-512",
        "ecdsa",
        Peers::Both,
    ),
    row(
        "rsa-sha3-384",
        &["RSA"],
        "sha3-384",
        "rsa-pkcs1",
        Peers::Both,
    ),
    // OpenSSL 4.0 has no default digest for Ed448 and takes none
    row("ed448", &["ED448"], "", "ed448", Peers::TheyVerify),
    row("ed25519", &["ED25519"], "", "ed25519", Peers::Both),
    row("ml-dsa-44", &["ML-DSA-44"], "", "ml-dsa-44", Peers::Both),
    row("ml-dsa-65", &["ML-DSA-65"], "", "ml-dsa-65", Peers::Both),
    row("ml-dsa-87", &["ML-DSA-87"], "", "ml-dsa-87", Peers::Both),
    row(
        "ml-dsa-44-sha-256",
        &["ML-DSA-44"],
        "sha-256",
        "ml-dsa-44",
        Peers::Both,
    ),
    row(
        "slh-dsa-sha2-128s",
        &["SLH-DSA-SHA2-128s"],
        "",
        "slh-dsa-sha2-128s",
        Peers::Both,
    ),
    row(
        "slh-dsa-sha2-128f",
        &["SLH-DSA-SHA2-128f"],
        "",
        "slh-dsa-sha2-128f",
        Peers::Both,
    ),
    row(
        "slh-dsa-sha2-192f",
        &["SLH-DSA-SHA2-192f"],
        "",
        "slh-dsa-sha2-192f",
        Peers::Both,
    ),
    row(
        "slh-dsa-sha2-256f",
        &["SLH-DSA-SHA2-256f"],
        "",
        "slh-dsa-sha2-256f",
        Peers::Both,
    ),
    row(
        "slh-dsa-shake-128f",
        &["SLH-DSA-SHAKE-128f"],
        "",
        "slh-dsa-shake-128f",
        Peers::Both,
    ),
    row(
        "slh-dsa-shake-192f",
        &["SLH-DSA-SHAKE-192f"],
        "",
        "slh-dsa-shake-192f",
        Peers::Both,
    ),
    row(
        "slh-dsa-shake-256f",
        &["SLH-DSA-SHAKE-256f"],
        "",
        "slh-dsa-shake-256f",
        Peers::Both,
    ),
    // OpenSSL 4.0 refuses SHAKE with ECDSA and RSA
    row(
        "p256-shake128",
        ec!("P-256"),
        "shake128",
        "ecdsa",
        Peers::Ours,
    ),
    row(
        "rsa-pss-shake256",
        &["RSA"],
        "shake256",
        "rsa-pss",
        Peers::Ours,
    ),
    row("dsa", &["DSA"], "sha-256", "dsa", Peers::TheySign),
];

const CONFIGURATION: &str = "
[req]
distinguished_name = name
prompt = no
[name]
CN = nobody
[root]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
[alice]
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = emailProtection
subjectAltName = email:alice@example.com
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
";

fn peer(arguments: Vec<OsString>) -> Result<(), String> {
    openssl(Peer::Openssl4, arguments).run().ok().map(|_| ())
}

/// Makes root and Alice, keys and certificates, both with keys of this row.
fn make_chain(row: &Row, dir: &Dir) -> Result<(), String> {
    let configuration = dir.write("openssl.cnf", CONFIGURATION);
    let (root, alice) = (dir.file("root.pem"), dir.file("alice.pem"));
    let key = |name: &str| dir.file(&format!("{name}.key"));
    for name in ["root", "alice"] {
        let out = key(name);
        if row.key == ["DSA"] {
            let parameters = dir.file("parameters");
            if !parameters.exists() {
                let bits = "dsa_paramgen_bits:2048";
                peer(args![
                    "genpkey",
                    "-quiet",
                    "-genparam",
                    "-algorithm",
                    "DSA",
                    "-pkeyopt",
                    bits,
                    "-out",
                    &parameters
                ])?;
            }
            peer(args![
                "genpkey",
                "-quiet",
                "-paramfile",
                parameters,
                "-out",
                out
            ])?;
            continue;
        }
        let mut arguments = args!["genpkey", "-quiet", "-out", out, "-algorithm"];
        arguments.extend(row.key.iter().map(OsString::from));
        peer(arguments)?;
    }
    let request = dir.file("request");
    // the digest goes into the certificates too, where OpenSSL takes one
    let digest: Vec<OsString> = match (row.digest, row.peers) {
        ("", _) | (_, Peers::Ours) => args![],
        _ if row.algorithm.starts_with("ml-dsa") => args![],
        (digest, _) => args![format!("-{}", openssl_name(digest))],
    };
    let with_digest = |arguments: Vec<OsString>| join(&[&arguments, &digest]);
    peer(with_digest(args![
        "req",
        "-x509",
        "-new",
        "-key",
        key("root"),
        "-subj",
        "/CN=Root",
        "-config",
        &configuration,
        "-extensions",
        "root",
        "-days",
        "36500",
        "-out",
        &root
    ]))?;
    peer(with_digest(args![
        "req",
        "-new",
        "-key",
        key("alice"),
        "-subj",
        "/CN=Alice",
        "-config",
        &configuration,
        "-out",
        &request
    ]))?;
    peer(with_digest(args![
        "x509",
        "-req",
        "-in",
        request,
        "-CA",
        &root,
        "-CAkey",
        key("root"),
        "-extfile",
        configuration,
        "-extensions",
        "alice",
        "-days",
        "36500",
        "-out",
        &alice
    ]))
}
/// Returns a digest's name as OpenSSL spells it.
fn openssl_name(digest: &str) -> String {
    match digest.strip_prefix("sha-") {
        Some(size) => format!("sha{size}"),
        None => digest.to_owned(),
    }
}

const ENTITY: &[u8] = b"Content-Type: text/plain\r\n\r\nHello,\r\n\r\nthis is signed.\r\n";

fn we_sign(row: &Row, dir: &Dir) -> Result<(), String> {
    let mail = [b"From: alice@example.com\r\n", ENTITY].concat();
    let (input, signed) = (dir.write("mail", mail), dir.file("ours"));
    let mut arguments = args![
        "sign",
        "-q",
        "-i",
        dir.file("alice.key"),
        "-i",
        dir.file("alice.pem"),
        "-o",
        &signed
    ];
    if !row.digest.is_empty() {
        arguments.extend(args!["--digest", row.digest]);
    }
    if row.algorithm == "rsa-pss" {
        arguments.push("--pss".into());
    }
    arguments.push(input.into());
    smime(arguments).run().ok()?;
    if row.peers != Peers::Ours {
        let (root, content) = (dir.file("root.pem"), dir.file("content"));
        peer(args![
            "cms",
            "-verify",
            "-in",
            &signed,
            "-CAfile",
            root,
            "-purpose",
            "smimesign",
            "-out",
            &content
        ])?;
        if without_cr(&dir.read("content")) != without_cr(ENTITY) {
            return Err("OpenSSL verified other content".to_owned());
        }
    }
    we_verify(row, &signed, dir)
}

fn they_sign(row: &Row, dir: &Dir) -> Result<(), String> {
    let (input, signed) = (dir.write("entity", ENTITY), dir.file("theirs"));
    let mut arguments = args![
        "cms",
        "-sign",
        "-in",
        input,
        "-signer",
        dir.file("alice.pem"),
        "-inkey",
        dir.file("alice.key"),
        "-out",
        &signed
    ];
    if !row.digest.is_empty() {
        arguments.extend(args!["-md", openssl_name(row.digest)]);
    }
    peer(arguments)?;
    let mail = [b"From: alice@example.com\n".to_vec(), dir.read("theirs")].concat();
    we_verify(row, &dir.write("theirs.eml", mail), dir)
}

/// RFC 8419 §3.2, RFC 9882 §3.3, RFC 9814 §4: without signed attributes the content itself is signed, which is held while it is small.
fn they_sign_without_attributes(dir: &Dir) -> Result<(), String> {
    for (size, exit) in [(1, 0), (65_535, 0), (65_536, 1)] {
        let (input, signed) = (dir.write("content", noise(5, size)), dir.file("bare.der"));
        let base = args![
            "cms",
            "-sign",
            "-noattr",
            "-binary",
            "-nodetach",
            "-outform",
            "DER"
        ];
        let files = args!["-in", input, "-out", &signed];
        let who = args![
            "-signer",
            dir.file("alice.pem"),
            "-inkey",
            dir.file("alice.key")
        ];
        peer(join(&[&base, &files, &who]))?;
        let verify = |policy: &str, message: &Path| {
            let trust = args!["-t", dir.file("root.pem"), message];
            smime(join(&[&args!["verify", "--policy", policy], &trust])).run()
        };
        let is_answer = |run: &Run, exit: i32, word: &str| {
            let fits = run.code == exit && run.text().contains(word);
            fits.then_some(())
                .ok_or(format!("{size} octets: exit {}: {}", run.code, run.text()))
        };
        let word = if exit == 0 {
            ""
        } else {
            "too large to be held"
        };
        is_answer(&verify("archive", &signed), exit, word)?;
        is_answer(&verify("standard", &signed), 1, "no-signed-attributes")?;
        if size > 1 && exit == 0 {
            let mut altered = dir.read("bare.der");
            altered[size / 2] ^= 1;
            let altered = dir.write("altered.der", altered);
            is_answer(&verify("archive", &altered), 1, "signature-invalid")?;
        }
    }
    Ok(())
}

/// Bouncy Castle verifies what we sign, and we what it signs, as SignedData without MIME around.
fn java_signs(row: &Row, algorithm: &str, dir: &Dir) -> Result<(), String> {
    let (entity, ours) = (dir.write("entity", ENTITY), dir.file("ours.der"));
    let (key, certificate) = (dir.file("alice.key"), dir.file("alice.pem"));
    let form = args!["sign", "-q", "--binary", "--opaque", "--format", "der"];
    let who = args!["-i", &key, "-i", &certificate, "-o", &ours, entity];
    smime(join(&[&form, &who])).run().ok()?;
    let verify = args!["verify", &certificate];
    let run = bouncy_castle_call(verify)
        .input(dir.read("ours.der"))
        .run()
        .ok()?;
    if run.stdout != ENTITY {
        return Err("Bouncy Castle verified other content".to_owned());
    }
    let sign = args!["sign", &certificate, key, algorithm];
    let theirs = bouncy_castle_call(sign).input(ENTITY).run().ok()?.stdout;
    we_verify_from(row, &dir.write("theirs.der", theirs), "unchecked", dir)
}

/// Verifies a message, sees that the report says what was used, and that one altered octet is found.
fn we_verify(row: &Row, message: &Path, dir: &Dir) -> Result<(), String> {
    we_verify_from(row, message, "match", dir)
}
fn we_verify_from(row: &Row, message: &Path, sender: &str, dir: &Dir) -> Result<(), String> {
    let policy = if row.peers == Peers::TheySign {
        "archive"
    } else {
        "standard"
    };
    let verify = |policy: &str, message: &Path| {
        let out = dir.file("verified");
        let trust = dir.file("root.pem");
        smime(args![
            "verify", "--json", "--policy", policy, "-t", trust, "-o", out, message
        ])
        .run()
    };
    let run = verify(policy, message);
    if run.code != 0 {
        return run.ok().map(|_| ());
    }
    let report = run.json();
    let signature = &report["layers"][0]["signatures"][0];
    for (key, expected) in [
        ("integrity", "intact"),
        ("trust", "trusted"),
        ("sender", sender),
        ("algorithm", row.algorithm),
    ] {
        if signature[key] != expected {
            return Err(format!("{key} is {}", signature[key]));
        }
    }
    if !row.digest.is_empty() && signature["digest"] != row.digest {
        return Err(format!("digest is {}", signature["digest"]));
    }
    if row.peers == Peers::TheySign && verify("standard", message).code != 1 {
        return Err("the standard policy accepts it".to_owned());
    }
    let mut altered = std::fs::read(message).map_err(|error| error.to_string())?;
    let place = altered.windows(6).position(|window| window == b"Hello,");
    altered[place.ok_or("no content")?] = b'h';
    match verify(policy, &dir.write("altered", altered)).code {
        1 => Ok(()),
        code => Err(format!("altered content: exit {code}")),
    }
}

#[test]
fn signatures_of_every_kind_with_openssl_4() {
    if !have(&[Peer::Openssl4], "signature algorithms with OpenSSL 4.0") {
        return;
    }
    let wanted = std::env::var("SMIME_MATRIX").unwrap_or_default();
    let rows: Vec<&Row> = ROWS
        .iter()
        .filter(|row| row.name.contains(&wanted))
        .collect();
    let failures = parallel(&rows, |row| {
        let dir = Dir::new();
        let mut failures = Vec::new();
        let mut note =
            |name: &str, what: &str, column: &str, ways: &[Way], result: Result<(), String>| {
                match result {
                    Ok(()) => agreed("signatures", name, column, ways),
                    Err(why) => failures.push(format!("{} {what}: {why}", row.name)),
                }
            };
        let four = Peer::Openssl4.column();
        if let Err(why) = make_chain(row, &dir) {
            return vec![format!("{}: no certificates: {why}", row.name)];
        }
        if row.peers != Peers::TheySign {
            let (column, ways) = match row.peers {
                Peers::Ours => (OTHER, &[][..]),
                _ => (four, &[Way::Ours][..]),
            };
            note(row.name, "signed by us", column, ways, we_sign(row, &dir));
        }
        if matches!(row.peers, Peers::Both | Peers::TheySign) {
            note(
                row.name,
                "signed by OpenSSL",
                four,
                &[Way::Theirs],
                they_sign(row, &dir),
            );
        }
        if ["ed25519", "ml-dsa-65", "slh-dsa-sha2-128f"].contains(&row.name) {
            let what = "without signed attributes, the content itself";
            let result = they_sign_without_attributes(&dir);
            note(what, what, four, &[Way::Theirs], result);
        }
        if let Some(algorithm) = row.java_algorithm()
            && have_bouncy_castle("Ed448 and ECDSA on brainpool curves with Bouncy Castle")
        {
            note(
                row.name,
                "with Bouncy Castle",
                JAVA,
                &BOTH,
                java_signs(row, algorithm, &dir),
            );
        }
        failures
    });
    let failures: Vec<String> = failures.into_iter().flatten().collect();
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}
