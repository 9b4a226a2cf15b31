//! Both directions with every peer: each signature algorithm × form, each kind of recipient × cipher, and OpenSSL's options.
//!
//! The table at the end says which peer covered each cell. `SMIME_MATRIX=text` runs only the cells whose name holds the text.
use crate::support::*;
use std::{
    collections::BTreeMap,
    ffi::OsString,
    path::{Path, PathBuf},
};

// ---------------------------------------------------------------------------------------------------------------- signing

/// How a signature stands to its content and how it is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Clear,
    Opaque,
    OpaqueDer,
    OpaquePem,
    DetachedDer,
    DetachedPem,
}

impl Form {
    const ALL: [Self; 6] = [
        Self::Clear,
        Self::Opaque,
        Self::OpaqueDer,
        Self::OpaquePem,
        Self::DetachedDer,
        Self::DetachedPem,
    ];

    fn name(self) -> &'static str {
        match self {
            Self::Clear => "clear",
            Self::Opaque => "opaque",
            Self::OpaqueDer => "opaque-der",
            Self::OpaquePem => "opaque-pem",
            Self::DetachedDer => "detached-der",
            Self::DetachedPem => "detached-pem",
        }
    }
    fn is_mail(self) -> bool {
        matches!(self, Self::Clear | Self::Opaque)
    }
    fn is_detached(self) -> bool {
        matches!(self, Self::DetachedDer | Self::DetachedPem)
    }
    /// as OpenSSL calls it
    fn encoding(self) -> &'static str {
        match self {
            Self::Clear | Self::Opaque => "SMIME",
            Self::OpaqueDer | Self::DetachedDer => "DER",
            Self::OpaquePem | Self::DetachedPem => "PEM",
        }
    }
    fn our_options(self) -> Vec<OsString> {
        match self {
            Self::Clear => args![],
            Self::Opaque => args!["--opaque"],
            Self::OpaqueDer => args!["--binary", "--format", "der", "--opaque"],
            Self::OpaquePem => args!["--binary", "--format", "pem", "--opaque"],
            Self::DetachedDer => args!["--binary", "--format", "der", "--detached"],
            Self::DetachedPem => args!["--binary", "--format", "pem", "--detached"],
        }
    }
    fn openssl_options(self) -> Vec<OsString> {
        let mut options = args!["-outform", self.encoding()];
        if !self.is_mail() {
            options.push("-binary".into());
        }
        if matches!(self, Self::Opaque | Self::OpaqueDer | Self::OpaquePem) {
            options.push("-nodetach".into());
        }
        options
    }
}

/// A row of the table of signatures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Signature {
    algorithm: &'static str,
    digest: &'static str,
    who: &'static str,
}

fn signatures() -> Vec<Signature> {
    let mut rows = Vec::new();
    for (algorithm, who) in [
        ("rsa-pkcs1", "alice"),
        ("rsa-pss", "alice"),
        ("ecdsa-p256", "carol"),
        ("ecdsa-p384", "dave"),
        ("ecdsa-p521", "gina"),
    ] {
        for digest in ["sha-256", "sha-384", "sha-512"] {
            rows.push(Signature {
                algorithm,
                digest,
                who,
            });
        }
    }
    rows.push(Signature {
        algorithm: "ed25519",
        digest: "sha-512",
        who: "erin",
    });
    rows
}

impl Signature {
    fn is_pss(self) -> bool {
        self.algorithm == "rsa-pss"
    }

    /// Which peers verify what we sign. GnuPG 2.2 aborts on PSS and wants a digest of the curve's size; OpenSSL 3.0 has no Ed25519 in CMS.
    fn verifiers(self, form: Form) -> Vec<Peer> {
        let mut peers = vec![if self.algorithm == "ed25519" {
            Peer::Openssl4
        } else {
            Peer::Openssl
        }];
        if !form.is_mail() {
            if self.algorithm == "rsa-pkcs1"
                || matches!(
                    (self.algorithm, self.digest),
                    ("ecdsa-p256", "sha-256") | ("ecdsa-p384", "sha-384")
                )
            {
                peers.push(Peer::Gpgsm);
            }
            if self.algorithm != "ed25519" && matches!(form, Form::OpaqueDer | Form::DetachedDer) {
                peers.push(Peer::Nss);
            }
        }
        peers
    }

    /// Which peers make signatures that we verify.
    fn signers(self, form: Form) -> Vec<Peer> {
        let mut peers = self.verifiers(form);
        if self.algorithm != "rsa-pkcs1" {
            peers.retain(|p| *p != Peer::Gpgsm); // its import of EC keys ends in a segmentation fault
        }
        if self.is_pss() {
            peers.retain(|p| *p != Peer::Nss);
        }
        peers
    }
}

/// The mail that is signed and encrypted, as from `who`; CRLF, 7-bit, several parts, spaces at line ends, no line end at the end.
fn mail(who: &str) -> (Vec<u8>, Vec<u8>) {
    let entity = b"Content-Type: multipart/mixed; boundary=\"=_parts\"\r\n\r\n\
        This is a message of several parts.\r\n--=_parts\r\nContent-Type: text/plain; charset=us-ascii\r\n\r\n\
        Dear Bob,\r\n\r\nspaces at the end of a line:   \r\nFrom the start of a line.\r\n.\r\n- a dash\r\n-- \r\nyours\r\n\r\n\
        --=_parts\r\nContent-Type: application/octet-stream\r\nContent-Transfer-Encoding: base64\r\n\r\n\
        AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8gISIjJCUmJygpKissLS4v\r\n--=_parts--\r\n"
        .to_vec();
    let mut message =
        format!("From: {who} <{who}@example.com>\r\nTo: bob@example.com\r\nSubject: matrix\r\n")
            .into_bytes();
    message.extend_from_slice(&entity);
    (message, entity)
}

/// What is signed and encrypted as bare CMS: any octets.
fn octets() -> Vec<u8> {
    noise(1, 3001)
}

fn we_sign(row: Signature, form: Form, peer: Peer, homes: &Homes) -> Result<(), String> {
    let dir = Dir::new();
    let (message, entity) = mail(row.who);
    let content = if form.is_mail() { message } else { octets() };
    let input = dir.write("input", &content);
    let output = dir.file("signed");
    let mut options = args![
        "sign",
        "-q",
        "-i",
        fixture(&format!("identities/{}.pem", row.who)),
        "--digest",
        row.digest,
        "-o",
        &output
    ];
    options.extend(form.our_options());
    if row.is_pss() {
        options.push("--pss".into());
    }
    options.push(input.clone().into());
    smime(options).run().ok()?;
    let got = peer_verifies(peer, form, &output, &input, &dir, homes)?;
    let expected = match form {
        Form::Clear => as_signed(&dir, &output)?,
        _ if form.is_mail() => entity,
        _ => content,
    };
    same(&got, &expected, form.is_mail())
}

/// Returns what was signed in clear: with other transfer encodings, for the sake of blanks at the end of a line and of the line that begins with From.
fn as_signed(dir: &Dir, message: &Path) -> Result<Vec<u8>, String> {
    let entity = dir.file("entity");
    let verify = args!["verify", "-q", "-t", fixture("trust"), "-o", &entity];
    smime(join(&[&verify, &args!["-c", fixture("certs"), message]]))
        .run()
        .ok()?;
    std::fs::read(entity).map_err(|e| e.to_string())
}

/// Returns the content that the peer verified.
fn peer_verifies(
    peer: Peer,
    form: Form,
    message: &Path,
    content: &Path,
    dir: &Dir,
    homes: &Homes,
) -> Result<Vec<u8>, String> {
    let out = dir.file("verified");
    let verified = || std::fs::read(&out).map_err(|e| e.to_string());
    match peer {
        Peer::Openssl | Peer::Openssl4 => {
            let mut options = args![
                "cms",
                "-verify",
                "-inform",
                form.encoding(),
                "-in",
                message,
                "-CAfile",
                fixture("trust/root.pem"),
                "-purpose",
                "smimesign",
                "-out",
                &out
            ];
            if !form.is_mail() {
                options.push("-binary".into());
            }
            if form.is_detached() {
                options.extend(args!["-content", content]);
            }
            openssl(peer, options).run().ok()?;
            verified()
        }
        Peer::Gpgsm => {
            if form.is_detached() {
                homes.gpgsm(args!["--verify", message, content])?;
                return std::fs::read(content).map_err(|e| e.to_string());
            }
            homes.gpgsm(args!["--output", &out, "--verify", message])?;
            verified()
        }
        Peer::Nss => {
            let mut options = args!["-D", "-i", message, "-o", &out];
            if form.is_detached() {
                options.extend(args!["-c", content]);
            }
            homes.cmsutil(options)?;
            if form.is_detached() {
                return std::fs::read(content).map_err(|e| e.to_string());
            }
            verified()
        }
        Peer::X25519 => Err("does not sign".to_owned()),
    }
}

fn they_sign(row: Signature, form: Form, peer: Peer, homes: &Homes) -> Result<(), String> {
    let dir = Dir::new();
    let (_, entity) = mail(row.who);
    let content = if form.is_mail() { entity } else { octets() };
    let input = dir.write("input", &content);
    let output = dir.file("signed");
    match peer {
        Peer::Openssl | Peer::Openssl4 => {
            let mut options = openssl_signs(row, &input, &output);
            options.extend(form.openssl_options());
            openssl(peer, options).run().ok()?;
        }
        Peer::Gpgsm => {
            let digest = row.digest.replace('-', "").to_uppercase();
            let mut options = args![
                "--digest-algo",
                digest,
                "--local-user",
                format!("{}@example.com", row.who),
                "--output",
                &output
            ];
            if form.encoding() == "PEM" {
                options.push("--armor".into());
            }
            options.extend(if form.is_detached() {
                args!["--detach-sign", &input]
            } else {
                args!["--sign", &input]
            });
            homes.gpgsm(options)?;
        }
        Peer::Nss => {
            let mut options = args![
                "-S",
                "-G",
                "-P",
                "-N",
                row.who,
                "-H",
                row.digest.replace('-', "").to_uppercase(),
                "-i",
                &input,
                "-o",
                &output
            ];
            if form.is_detached() {
                options.push("-T".into());
            }
            homes.cmsutil(options)?;
        }
        Peer::X25519 => return Err("does not sign".to_owned()),
    }
    if form.is_mail() {
        with_from(&output, row.who);
    }
    let detached = form.is_detached().then_some(input.as_path());
    let (report, got) = we_verify(&dir, &output, detached, &args![])
        .map_err(|r| r.ok().map(|_| ()).unwrap_err())?;
    let signature = &report["layers"][0]["signatures"][0];
    for (key, expected) in [
        ("integrity", "intact"),
        ("trust", "trusted"),
        ("sender", if form.is_mail() { "match" } else { "unchecked" }),
        ("digest", row.digest),
    ] {
        if signature[key] != expected {
            return Err(format!("{key} is {}", signature[key]));
        }
    }
    same(&got, &content, false)
}

fn openssl_signs(row: Signature, input: &Path, output: &Path) -> Vec<OsString> {
    let mut options = args![
        "cms",
        "-sign",
        "-in",
        input,
        "-out",
        output,
        "-md",
        row.digest.replace('-', "")
    ];
    options.extend(openssl_signer(row.who));
    options.extend(args!["-certfile", fixture("certs/intermediate.pem")]);
    if row.is_pss() {
        options.extend(args!["-keyopt", "rsa_padding_mode:pss"]);
    }
    options
}

fn openssl_signer(who: &str) -> Vec<OsString> {
    args![
        "-signer",
        fixture(&format!("certs/{who}.pem")),
        "-inkey",
        fixture(&format!("keys/{who}.pem"))
    ]
}

/// Puts a From field before what OpenSSL wrote.
fn with_from(message: &Path, who: &str) {
    let mut mail = format!("From: {who} <{who}@example.com>\n").into_bytes();
    mail.extend(std::fs::read(message).unwrap());
    std::fs::write(message, mail).unwrap();
}

/// Verifies; the report and the content, or what went wrong.
fn we_verify(
    dir: &Dir,
    message: &Path,
    content: Option<&Path>,
    more: &[OsString],
) -> Result<(serde_json::Value, Vec<u8>), Run> {
    let out = dir.file("ours");
    let mut options = args!["verify", "--json", "-t", fixture("trust"), "-o", &out];
    if let Some(content) = content {
        options.extend(args!["--content", content]);
    }
    options.extend_from_slice(more);
    options.push(message.into());
    let run = smime(options).run();
    if run.code != 0 {
        assert!(!out.exists(), "content came out of a message that failed");
        return Err(run);
    }
    Ok((run.json(), dir.read("ours")))
}

/// Compares to the byte, or but for line ends.
fn same(got: &[u8], expected: &[u8], but_for_line_ends: bool) -> Result<(), String> {
    let equal = if but_for_line_ends {
        without_cr(got) == without_cr(expected)
    } else {
        got == expected
    };
    if equal {
        return Ok(());
    }
    let at = got.iter().zip(expected).take_while(|(a, b)| a == b).count();
    Err(format!(
        "other content: {} octets instead of {}, from octet {at}: {:?} instead of {:?}",
        got.len(),
        expected.len(),
        String::from_utf8_lossy(&got[at..got.len().min(at + 40)]),
        String::from_utf8_lossy(&expected[at..expected.len().min(at + 40)]),
    ))
}

// ------------------------------------------------------------------------------------------------------------- encrypting

/// A row of the table of recipients.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Recipient {
    kind: &'static str,
    who: &'static str,
    /// what OpenSSL must be told to make it; none: it is not OpenSSL's doing
    openssl: Option<&'static [&'static str]>,
    /// whether we make it
    ours: bool,
}

const RECIPIENTS: &[Recipient] = &[
    Recipient {
        kind: "rsa-pkcs1",
        who: "bob",
        openssl: Some(&[]),
        ours: true,
    },
    Recipient {
        kind: "rsa-oaep",
        who: "bob",
        openssl: Some(&[
            "-keyopt",
            "rsa_padding_mode:oaep",
            "-keyopt",
            "rsa_oaep_md:sha256",
        ]),
        ours: true,
    },
    Recipient {
        kind: "rsa-oaep (SHA-1)",
        who: "bob",
        openssl: Some(&["-keyopt", "rsa_padding_mode:oaep"]),
        ours: false,
    },
    Recipient {
        kind: "rsa-oaep (SHA-512, MGF SHA-256)",
        who: "bob",
        openssl: Some(&[
            "-keyopt",
            "rsa_padding_mode:oaep",
            "-keyopt",
            "rsa_oaep_md:sha512",
            "-keyopt",
            "rsa_mgf1_md:sha256",
        ]),
        ours: false,
    },
    Recipient {
        kind: "ecdh-p256",
        who: "carol",
        openssl: Some(&["-keyopt", "ecdh_kdf_md:sha256"]),
        ours: true,
    },
    Recipient {
        kind: "ecdh-p256 (SHA-1 KDF)",
        who: "carol",
        openssl: Some(&[]),
        ours: false,
    },
    Recipient {
        kind: "ecdh-p256 (cofactor)",
        who: "carol",
        openssl: Some(&[
            "-keyopt",
            "ecdh_cofactor_mode:1",
            "-keyopt",
            "ecdh_kdf_md:sha256",
        ]),
        ours: false,
    },
    Recipient {
        kind: "ecdh-p384",
        who: "dave",
        openssl: Some(&["-keyopt", "ecdh_kdf_md:sha384"]),
        ours: true,
    },
    Recipient {
        kind: "ecdh-p521",
        who: "gina",
        openssl: Some(&["-keyopt", "ecdh_kdf_md:sha512"]),
        ours: true,
    },
    Recipient {
        kind: "x25519",
        who: "frank",
        openssl: None,
        ours: true,
    },
    Recipient {
        kind: "x25519 (X9.63)",
        who: "frank",
        openssl: None,
        ours: false,
    },
];

const CIPHERS: &[&str] = &[
    "aes-128-cbc",
    "aes-192-cbc",
    "aes-256-cbc",
    "aes-128-gcm",
    "aes-256-gcm",
];

impl Recipient {
    /// Which peers decrypt what we encrypt, as mail or bare.
    fn decrypters(self, cipher: &str, der: bool) -> Vec<Peer> {
        if self.openssl.is_none() {
            return if der { vec![Peer::X25519] } else { vec![] };
        }
        let mut peers = vec![Peer::Openssl];
        if self.kind == "rsa-pkcs1" && cipher.ends_with("cbc") && der {
            peers.extend([Peer::Gpgsm, Peer::Nss]); // neither knows AuthEnvelopedData, OAEP, or ECDH keys that can be imported
        }
        peers
    }

    /// Which peers encrypt what we decrypt.
    fn encrypters(self, cipher: &str, der: bool) -> Vec<Peer> {
        let mut peers = self.decrypters(cipher, der);
        if cipher != "aes-128-cbc" {
            peers.retain(|p| *p != Peer::Nss); // which leaves no choice
        }
        peers
    }
}

fn we_encrypt(
    row: Recipient,
    cipher: &str,
    der: bool,
    peer: Peer,
    homes: &Homes,
) -> Result<(), String> {
    let dir = Dir::new();
    let (message, entity) = mail("alice");
    let (content, expected) = if der {
        (octets(), octets())
    } else {
        (message, entity)
    };
    let input = dir.write("input", &content);
    let output = dir.file("encrypted");
    let mut options = args![
        "encrypt",
        "-q",
        "-t",
        fixture("trust"),
        "-c",
        fixture("certs/intermediate.pem"),
        "-r",
        fixture(&format!("certs/{}.pem", row.who)),
        "--cipher",
        cipher,
        "-o",
        &output
    ];
    if row.kind == "rsa-oaep" {
        options.push("--oaep".into());
    }
    if der {
        options.extend(args!["--binary", "--format", "der"]);
    }
    options.push(input.into());
    smime(options).run().ok()?;
    let got = peer_decrypts(peer, row.who, der, &output, &dir, homes)?;
    same(&got, &expected, !der)
}

fn peer_decrypts(
    peer: Peer,
    who: &str,
    der: bool,
    message: &Path,
    dir: &Dir,
    homes: &Homes,
) -> Result<Vec<u8>, String> {
    let out = dir.file("decrypted");
    let (cert, key) = (
        fixture(&format!("certs/{who}.pem")),
        fixture(&format!("keys/{who}.pem")),
    );
    match peer {
        Peer::Openssl | Peer::Openssl4 => {
            let form = if der { "DER" } else { "SMIME" };
            openssl(
                peer,
                args![
                    "cms", "-decrypt", "-binary", "-inform", form, "-in", message, "-recip", cert,
                    "-inkey", key, "-out", &out
                ],
            )
            .run()
            .ok()?;
        }
        Peer::Gpgsm => homes.gpgsm(args!["--output", &out, "--decrypt", message])?,
        Peer::Nss => homes.cmsutil(args!["-D", "-i", message, "-o", &out])?,
        Peer::X25519 => {
            let run = x25519(args!["decrypt", cert, key]).input(std::fs::read(message).unwrap());
            return Ok(run.run().ok()?.stdout);
        }
    }
    std::fs::read(&out).map_err(|e| e.to_string())
}

fn they_encrypt(
    row: Recipient,
    cipher: &str,
    der: bool,
    peer: Peer,
    homes: &Homes,
) -> Result<(), String> {
    let dir = Dir::new();
    let content = if der { octets() } else { mail("alice").1 };
    let input = dir.write("input", &content);
    let output = dir.file("encrypted");
    let cert = fixture(&format!("certs/{}.pem", row.who));
    match peer {
        Peer::Openssl | Peer::Openssl4 => {
            let form = if der { "DER" } else { "SMIME" };
            let mut options = args![
                "cms",
                "-encrypt",
                "-binary",
                format!("-{cipher}"),
                "-in",
                &input,
                "-outform",
                form,
                "-out",
                &output,
                "-recip",
                cert
            ];
            options.extend(row.openssl.unwrap_or_default().iter().map(OsString::from));
            openssl(peer, options).run().ok()?;
        }
        Peer::Gpgsm => homes.gpgsm(args![
            "--cipher-algo",
            match cipher {
                "aes-128-cbc" => "AES",
                "aes-192-cbc" => "AES192",
                _ => "AES256",
            },
            "--recipient",
            format!("{}@example.com", row.who),
            "--output",
            &output,
            "--encrypt",
            &input
        ])?,
        Peer::Nss => homes.cmsutil(args!["-E", "-r", row.who, "-i", &input, "-o", &output])?,
        Peer::X25519 => {
            let kdf = if row.kind == "x25519" {
                "hkdf-sha256"
            } else {
                "x963-sha256"
            };
            let run = x25519(args!["encrypt", cert, "--kdf", kdf, "--cipher", cipher])
                .input(content.clone());
            std::fs::write(&output, run.run().ok()?.stdout).unwrap();
        }
    }
    if !der {
        with_from(&output, "alice");
    }
    let got = we_decrypt(&dir, &output, row.who)?;
    if der {
        return same(&got, &content, false);
    }
    let mut expected = b"From: alice <alice@example.com>\n".to_vec();
    expected.extend(content);
    same(&got, &expected, true)
}

fn we_decrypt(dir: &Dir, message: &Path, who: &str) -> Result<Vec<u8>, String> {
    let out = dir.file("ours");
    let run = smime(args![
        "decrypt",
        "-q",
        "-i",
        fixture(&format!("identities/{who}.pem")),
        "-o",
        &out,
        message
    ])
    .run();
    if run.code != 0 {
        assert!(!out.exists(), "plaintext came out of a message that failed");
    }
    run.ok()?;
    std::fs::read(&out).map_err(|e| e.to_string())
}

// ------------------------------------------------------------------------------------------------------ OpenSSL's options

/// A name and what must hold.
type Case = (&'static str, fn(&Dir) -> Result<(), String>);

/// Signs as Alice (or whom the options name) with OpenSSL and these options, From Alice.
fn signed_by_openssl(dir: &Dir, options: &[&str]) -> Result<PathBuf, String> {
    let input = dir.write("input", mail("alice").1);
    let output = dir.file("message");
    let mut line = args!["cms", "-sign", "-in", input, "-out", &output];
    line.extend(openssl_signer("alice"));
    line.extend(options.iter().map(|o| match o.strip_prefix("fixtures/") {
        Some(name) => fixture(name).into_os_string(),
        None => OsString::from(o),
    }));
    openssl(Peer::Openssl, line).run().ok()?;
    with_from(&output, "alice");
    Ok(output)
}

const CHAIN: [&str; 2] = ["-certfile", "fixtures/certs/intermediate.pem"];

fn signs_with(dir: &Dir, options: &[&str], ours: &[OsString]) -> Result<(), String> {
    let message = signed_by_openssl(dir, &[options, &CHAIN[..]].concat())?;
    let (_, got) =
        we_verify(dir, &message, None, ours).map_err(|r| r.ok().map(|_| ()).unwrap_err())?;
    same(&got, &mail("alice").1, false)
}

/// Expects exit 1 with a finding of this rule, denied.
fn refused(result: Result<(serde_json::Value, Vec<u8>), Run>, rule: &str) -> Result<(), String> {
    let Err(run) = result else {
        return Err("accepted".to_owned());
    };
    let report = run.json();
    if run.code == 1 && denied_rules(&report).contains(&rule.to_owned()) {
        Ok(())
    } else {
        Err(format!(
            "exit {} for {:?}: {}",
            run.code,
            denied_rules(&report),
            run.stderr
        ))
    }
}

/// Returns the names of the rules that denied something in a report.
pub(crate) fn denied_rules(report: &serde_json::Value) -> Vec<String> {
    let mut rules = Vec::new();
    collect(report, &mut rules);
    return rules;

    fn collect(value: &serde_json::Value, rules: &mut Vec<String>) {
        match value {
            serde_json::Value::Array(items) => items.iter().for_each(|v| collect(v, rules)),
            serde_json::Value::Object(map) => {
                if let (Some("deny"), Some(rule)) = (
                    map.get("level").and_then(|v| v.as_str()),
                    map.get("rule").and_then(|v| v.as_str()),
                ) {
                    rules.push(rule.to_owned());
                }
                map.values().for_each(|v| collect(v, rules));
            }
            _ => {}
        }
    }
}

/// Flips the last bit of the DER inside a mail of OpenSSL's: the signature of the last signer, in the order of DER.
fn break_last_signature(dir: &Dir, message: &Path) -> PathBuf {
    let text = std::fs::read_to_string(message).unwrap();
    let (head, body) = text.split_once("\n\n").unwrap();
    let mut der = data_encoding::BASE64
        .decode(body.replace('\n', "").as_bytes())
        .unwrap();
    *der.last_mut().unwrap() ^= 1;
    dir.write(
        "broken",
        format!("{head}\n\n{}\n", data_encoding::BASE64.encode(&der)),
    )
}

const OPTIONS: &[Case] = &[
    ("sign -stream", |dir| {
        signs_with(dir, &["-stream"], &args![])
    }),
    ("sign -nodetach", |dir| {
        signs_with(dir, &["-nodetach"], &args![])
    }),
    ("sign -nodetach -stream (BER)", |dir| {
        signs_with(dir, &["-nodetach", "-stream"], &args![])
    }),
    ("sign -nodetach -indef -outform DER", |dir| {
        let input = dir.write("input", octets());
        let output = dir.file("message");
        let mut line = args![
            "cms",
            "-sign",
            "-binary",
            "-nodetach",
            "-indef",
            "-outform",
            "DER",
            "-in",
            input,
            "-out",
            &output,
            "-certfile",
            fixture("certs/intermediate.pem")
        ];
        line.extend(openssl_signer("alice"));
        openssl(Peer::Openssl, line).run().ok()?;
        let (_, got) =
            we_verify(dir, &output, None, &args![]).map_err(|r| r.ok().map(|_| ()).unwrap_err())?;
        same(&got, &octets(), false)
    }),
    ("sign -keyid", |dir| signs_with(dir, &["-keyid"], &args![])),
    ("sign -crlfeol", |dir| {
        signs_with(dir, &["-crlfeol"], &args![])
    }),
    ("sign -nosmimecap", |dir| {
        signs_with(dir, &["-nosmimecap"], &args![])
    }),
    ("sign -cades", |dir| signs_with(dir, &["-cades"], &args![])),
    ("sign -nocerts, with -c", |dir| {
        let message = signed_by_openssl(dir, &["-nocerts"])?;
        let ours = args![
            "-c",
            fixture("certs/alice.pem"),
            "-c",
            fixture("certs/intermediate.pem")
        ];
        we_verify(dir, &message, None, &ours)
            .map(|_| ())
            .map_err(|r| r.ok().map(|_| ()).unwrap_err())
    }),
    ("sign -nocerts, with -c DIRECTORY", |dir| {
        let message = signed_by_openssl(dir, &["-nocerts"])?;
        let ours = args!["-c", fixture("certs")];
        we_verify(dir, &message, None, &ours)
            .map(|_| ())
            .map_err(|r| r.ok().map(|_| ()).unwrap_err())
    }),
    ("sign -nocerts, without: refused", |dir| {
        let message = signed_by_openssl(dir, &["-nocerts"])?;
        refused(
            we_verify(dir, &message, None, &args![]),
            "signer-certificate",
        )
    }),
    ("sign without the intermediate: refused", |dir| {
        let message = signed_by_openssl(dir, &[])?;
        refused(we_verify(dir, &message, None, &args![]), "untrusted")
    }),
    ("sign -noattr: refused", |dir| {
        let message = signed_by_openssl(dir, &[&CHAIN[..], &["-noattr"]].concat())?;
        refused(
            we_verify(dir, &message, None, &args![]),
            "no-signed-attributes",
        )
    }),
    ("sign -noattr, allowed", |dir| {
        signs_with(dir, &["-noattr"], &args!["--allow", "no-signed-attributes"])
    }),
    ("sign -noattr, --policy archive", |dir| {
        signs_with(dir, &["-noattr"], &args!["--policy", "archive"])
    }),
    ("sign -md sha1: refused", |dir| {
        let message = signed_by_openssl(dir, &[&CHAIN[..], &["-md", "sha1"]].concat())?;
        refused(we_verify(dir, &message, None, &args![]), "weak-digest")
    }),
    ("sign -md sha1, --policy archive", |dir| {
        signs_with(dir, &["-md", "sha1"], &args!["--policy", "archive"])
    }),
    ("sign, two signers of one person", |dir| {
        // the same address in both certificates: the revoked one is not known to be revoked without its CRL
        signs_with(
            dir,
            &[
                "-signer",
                "fixtures/certs/revoked.pem",
                "-inkey",
                "fixtures/keys/revoked.pem",
            ],
            &args![],
        )
    }),
    ("sign, two signers, --signer for both", |dir| {
        let ours = args![
            "--signer",
            "alice@example.com",
            "--signer",
            "carol@example.com"
        ];
        signs_with(
            dir,
            &[
                "-signer",
                "fixtures/certs/carol.pem",
                "-inkey",
                "fixtures/keys/carol.pem",
            ],
            &ours,
        )
    }),
    (
        "sign, two signers, one of another address: refused",
        |dir| {
            let message = signed_by_openssl(
                dir,
                &[
                    &CHAIN[..],
                    &[
                        "-signer",
                        "fixtures/certs/carol.pem",
                        "-inkey",
                        "fixtures/keys/carol.pem",
                    ],
                ]
                .concat(),
            )?;
            refused(we_verify(dir, &message, None, &args![]), "sender-mismatch")
        },
    ),
    ("sign, two signers, one expired: refused", |dir| {
        let message = signed_by_openssl(
            dir,
            &[
                &CHAIN[..],
                &[
                    "-signer",
                    "fixtures/certs/expired.pem",
                    "-inkey",
                    "fixtures/keys/expired.pem",
                ],
            ]
            .concat(),
        )?;
        refused(we_verify(dir, &message, None, &args![]), "expired")
    }),
    ("sign, two signers, one signature broken: refused", |dir| {
        let message = signed_by_openssl(
            dir,
            &[
                &CHAIN[..],
                &[
                    "-nodetach",
                    "-signer",
                    "fixtures/certs/revoked.pem",
                    "-inkey",
                    "fixtures/keys/revoked.pem",
                ],
            ]
            .concat(),
        )?;
        let broken = break_last_signature(dir, &message);
        refused(we_verify(dir, &broken, None, &args![]), "signature-invalid")
    }),
    ("encrypt -stream", |dir| {
        decrypts_with(dir, &["-stream", "-aes-256-cbc"], "bob")
    }),
    ("encrypt -stream, GCM", |dir| {
        decrypts_with(dir, &["-stream", "-aes-256-gcm"], "bob")
    }),
    ("encrypt -keyid", |dir| {
        decrypts_with(dir, &["-keyid", "-aes-256-cbc"], "bob")
    }),
    ("encrypt, default cipher (3DES): --policy archive", |dir| {
        let message = encrypted_by_openssl(dir, &["-des3"], &["bob"])?;
        let out = dir.file("ours");
        let options = |more: &[&str]| {
            let mut line = args![
                "decrypt",
                "-q",
                "-i",
                fixture("identities/bob.pem"),
                "-o",
                &out
            ];
            line.extend(more.iter().map(OsString::from));
            line.push(message.clone().into());
            smime(line).run()
        };
        let run = options(&[]);
        if run.code != 1 || out.exists() {
            return Err(format!("exit {} without archive: {}", run.code, run.stderr));
        }
        options(&["--policy", "archive"]).ok()?;
        same(
            &dir.read("ours"),
            &[b"From: alice <alice@example.com>\n", &mail("alice").1[..]].concat(),
            true,
        )
    }),
    ("encrypt, -aes128-wrap", |dir| {
        decrypts_with(dir, &["-aes128-wrap", "-aes-128-cbc"], "carol")
    }),
    ("encrypt, several recipients, each alone", |dir| {
        let everybody = ["bob", "carol", "dave", "gina", "alice"];
        let message = encrypted_by_openssl(dir, &["-aes-256-cbc"], &everybody)?;
        for who in everybody {
            let got = we_decrypt(dir, &message, who)?;
            same(
                &got,
                &[b"From: alice <alice@example.com>\n", &mail("alice").1[..]].concat(),
                true,
            )?;
        }
        Ok(())
    }),
    ("encrypt, not to us: exit 4 or 1", |dir| {
        let message = encrypted_by_openssl(dir, &["-aes-256-cbc"], &["bob", "carol"])?;
        let out = dir.file("ours");
        let run = smime(args![
            "decrypt",
            "-q",
            "-i",
            fixture("identities/alice.pem"),
            "-o",
            &out,
            message
        ])
        .run();
        if matches!(run.code, 1 | 4) && !out.exists() {
            Ok(())
        } else {
            Err(format!("exit {}", run.code))
        }
    }),
    ("we encrypt to several, each decrypts with OpenSSL", |dir| {
        let (message, entity) = mail("alice");
        let input = dir.write("input", message);
        let output = dir.file("encrypted");
        let everybody = ["bob", "carol", "dave", "gina", "alice"];
        let mut line = args![
            "encrypt",
            "-q",
            "-t",
            fixture("trust"),
            "-c",
            fixture("certs"),
            "-o",
            &output
        ];
        for who in everybody {
            line.extend(args!["-r", format!("{who}@example.com")]);
        }
        line.push(input.into());
        // `expired`, `revoked`, … name Alice's address too: she is given by her certificate
        let alice = line.iter().position(|a| a == "alice@example.com").unwrap();
        line[alice] = fixture("certs/alice.pem").into();
        smime(line).run().ok()?;
        for who in everybody {
            let got = openssl(
                Peer::Openssl,
                args![
                    "cms",
                    "-decrypt",
                    "-in",
                    &output,
                    "-recip",
                    fixture(&format!("certs/{who}.pem")),
                    "-inkey",
                    fixture(&format!("keys/{who}.pem"))
                ],
            )
            .run()
            .ok()?
            .stdout;
            same(&got, &entity, true)?;
        }
        Ok(())
    }),
    (
        "we sign and encrypt, OpenSSL decrypts and verifies",
        |dir| {
            let (message, _) = mail("alice");
            let signed = smime(join(&[&args!["sign", "-q"], &as_alice()]))
                .input(message)
                .run()
                .ok()?
                .stdout;
            let entity = as_signed(dir, &dir.write("signed", &signed))?;
            let line = args![
                "encrypt",
                "-q",
                "-t",
                fixture("trust"),
                "-c",
                fixture("certs/intermediate.pem"),
                "-r",
                fixture("certs/bob.pem")
            ];
            let sealed = smime(line).input(signed).run().ok()?.stdout;
            let sealed = dir.write("sealed", sealed);
            let inner = openssl(
                Peer::Openssl,
                args![
                    "cms",
                    "-decrypt",
                    "-in",
                    sealed,
                    "-recip",
                    fixture("certs/bob.pem"),
                    "-inkey",
                    fixture("keys/bob.pem")
                ],
            )
            .run()
            .ok()?
            .stdout;
            let got = openssl(
                Peer::Openssl,
                args!["cms", "-verify", "-CAfile", fixture("trust/root.pem")],
            )
            .input(inner)
            .run()
            .ok()?
            .stdout;
            same(&got, &entity, true)
        },
    ),
    ("OpenSSL signs and encrypts, we open", |dir| {
        let signed = signed_by_openssl(dir, &CHAIN)?;
        let sealed = dir.file("sealed");
        openssl(
            Peer::Openssl,
            args![
                "cms",
                "-encrypt",
                "-aes-256-gcm",
                "-in",
                signed,
                "-out",
                &sealed,
                fixture("certs/bob.pem")
            ],
        )
        .run()
        .ok()?;
        with_from(&sealed, "alice");
        let out = dir.file("ours");
        let run = smime(args![
            "open",
            "--json",
            "-i",
            fixture("identities/bob.pem"),
            "-t",
            fixture("trust"),
            "-o",
            &out,
            sealed
        ])
        .run()
        .ok()?;
        let report = run.json();
        if report["layers"][0]["kind"] != "encrypted"
            || report["layers"][1]["signatures"][0]["sender"] != "match"
        {
            return Err(report.to_string());
        }
        same(
            &dir.read("ours"),
            &[b"From: alice <alice@example.com>\n", &mail("alice").1[..]].concat(),
            true,
        )
    }),
];

fn encrypted_by_openssl(dir: &Dir, options: &[&str], to: &[&str]) -> Result<PathBuf, String> {
    let input = dir.write("input", mail("alice").1);
    let output = dir.file("message");
    let mut line = args!["cms", "-encrypt", "-in", input, "-out", &output];
    line.extend(options.iter().map(OsString::from));
    line.extend(
        to.iter()
            .map(|who| fixture(&format!("certs/{who}.pem")).into_os_string()),
    );
    openssl(Peer::Openssl, line).run().ok()?;
    with_from(&output, "alice");
    Ok(output)
}

fn decrypts_with(dir: &Dir, options: &[&str], to: &str) -> Result<(), String> {
    let message = encrypted_by_openssl(dir, options, &[to])?;
    let got = we_decrypt(dir, &message, to)?;
    same(
        &got,
        &[b"From: alice <alice@example.com>\n", &mail("alice").1[..]].concat(),
        true,
    )
}

// ------------------------------------------------------------------------------------------------- where peers keep keys

/// What gpgsm and NSS need to have been told.
pub(crate) struct Homes {
    dir: Dir,
}

const PASSWORD: &str = "x";

impl Homes {
    pub(crate) fn new() -> Self {
        let homes = Self { dir: Dir::new() };
        if Peer::Openssl.version().is_some() && Peer::Gpgsm.version().is_some() {
            homes.make_gpgsm();
        }
        if Peer::Openssl.version().is_some() && Peer::Nss.version().is_some() {
            homes.make_nss();
        }
        homes
    }

    fn make_gpgsm(&self) {
        let home = self.dir.file("gnupg");
        std::fs::create_dir(&home).unwrap();
        std::fs::set_permissions(&home, std::os::unix::fs::PermissionsExt::from_mode(0o700))
            .unwrap();
        let line = args![
            "x509",
            "-in",
            fixture("trust/root.pem"),
            "-noout",
            "-fingerprint",
            "-sha1"
        ];
        let fingerprint = openssl(Peer::Openssl, line).run().expect(0).text();
        let fingerprint = fingerprint.trim().split('=').next_back().unwrap();
        std::fs::write(
            home.join("trustlist.txt"),
            format!("{fingerprint} S relax\n"),
        )
        .unwrap();
        std::fs::write(
            home.join("gpgsm.conf"),
            "disable-crl-checks\ndisable-policy-checks\n",
        )
        .unwrap();
        std::fs::write(home.join("gpg-agent.conf"), "allow-loopback-pinentry\n").unwrap();
        let mut certificates = args![
            "--import",
            fixture("trust/root.pem"),
            fixture("certs/intermediate.pem")
        ];
        certificates.extend(
            ["carol", "dave", "gina"].map(|who| fixture(&format!("certs/{who}.pem")).into()),
        );
        self.gpgsm(certificates).unwrap();
        for who in ["alice", "bob"] {
            let file = self.pkcs12(who, &["-legacy"]); // which is what GnuPG 2.2 reads
            self.gpgsm(args!["--import", file]).unwrap();
        }
    }

    fn make_nss(&self) {
        let home = self.dir.file("nss");
        std::fs::create_dir(&home).unwrap();
        let base = self.nss_directory();
        let tool = |program: &str, line: Vec<OsString>| {
            Call::new(program, join(&[&args!["-d", &base], &line]))
                .run()
                .expect(0);
        };
        tool("certutil", args!["-N", "--empty-password"]);
        tool(
            "certutil",
            args![
                "-A",
                "-n",
                "root",
                "-t",
                "CT,C,C",
                "-a",
                "-i",
                fixture("trust/root.pem")
            ],
        );
        tool(
            "certutil",
            args![
                "-A",
                "-n",
                "intermediate",
                "-t",
                ",,",
                "-a",
                "-i",
                fixture("certs/intermediate.pem")
            ],
        );
        for who in ["alice", "bob", "carol", "dave", "gina"] {
            let file = self.pkcs12(who, &[]);
            tool("pk12util", args!["-i", file, "-W", PASSWORD, "-K", ""]);
        }
    }

    fn pkcs12(&self, who: &str, more: &[&str]) -> PathBuf {
        let file = self.dir.file(&format!("{who}.p12"));
        let mut line = args![
            "pkcs12",
            "-export",
            "-inkey",
            fixture(&format!("keys/{who}.pem")),
            "-in",
            fixture(&format!("certs/{who}.pem")),
            "-name",
            who,
            "-passout",
            format!("pass:{PASSWORD}"),
            "-out",
            &file
        ];
        line.extend(more.iter().map(OsString::from));
        openssl(Peer::Openssl, line).run().expect(0);
        file
    }

    fn nss_directory(&self) -> OsString {
        let mut base = OsString::from("sql:");
        base.push(self.dir.file("nss"));
        base
    }

    pub(crate) fn gpgsm(&self, args: Vec<OsString>) -> Result<(), String> {
        let line = join(&[
            &args![
                "--batch",
                "--yes",
                "--pinentry-mode",
                "loopback",
                "--passphrase-fd",
                "0"
            ],
            &args,
        ]);
        let call = Call::new("gpgsm", line).env("GNUPGHOME", self.dir.file("gnupg"));
        call.input(format!("{PASSWORD}\n")).run().ok().map(|_| ())
    }

    fn cmsutil(&self, args: Vec<OsString>) -> Result<(), String> {
        let line = join(&[&args[..1], &args!["-d", self.nss_directory()], &args[1..]]);
        Call::new("cmsutil", line).run().ok().map(|_| ())
    }
}

impl Drop for Homes {
    fn drop(&mut self) {
        let home = self.dir.file("gnupg");
        if home.exists() {
            // its agent, which gpgsm left running
            let _ = std::process::Command::new("gpgconf")
                .env("GNUPGHOME", home)
                .args(["--kill", "all"])
                .output();
        }
    }
}

// --------------------------------------------------------------------------------------------------------------- the table

/// A cell: a section and row of the table, a column, and what fills it.
struct Cell {
    section: &'static str,
    row: String,
    column: String,
    peer: Peer,
    what: What,
}

enum What {
    Sign(Signature, Form),
    Verify(Signature, Form),
    Encrypt(Recipient, &'static str, bool),
    Decrypt(Recipient, &'static str, bool),
    Option(fn(&Dir) -> Result<(), String>),
}

fn cells() -> Vec<Cell> {
    let mut cells = Vec::new();
    for signature in signatures() {
        for form in Form::ALL {
            let row = format!("{} {}", signature.algorithm, signature.digest);
            let mut add = |section, peer, what| {
                cells.push(Cell {
                    section,
                    row: row.clone(),
                    column: form.name().to_owned(),
                    peer,
                    what,
                });
            };
            for peer in signature.verifiers(form) {
                add("we sign, they verify", peer, What::Sign(signature, form));
            }
            for peer in signature.signers(form) {
                add("they sign, we verify", peer, What::Verify(signature, form));
            }
        }
    }
    for recipient in RECIPIENTS.iter().copied() {
        for cipher in CIPHERS.iter().copied() {
            for der in [false, true] {
                let mut add = |section, peer, what| {
                    cells.push(Cell {
                        section,
                        row: recipient.kind.to_owned(),
                        column: cipher.to_owned(),
                        peer,
                        what,
                    });
                };
                if recipient.ours {
                    for peer in recipient.decrypters(cipher, der) {
                        add(
                            "we encrypt, they decrypt",
                            peer,
                            What::Encrypt(recipient, cipher, der),
                        );
                    }
                }
                for peer in recipient.encrypters(cipher, der) {
                    add(
                        "they encrypt, we decrypt",
                        peer,
                        What::Decrypt(recipient, cipher, der),
                    );
                }
            }
        }
    }
    for (name, option) in OPTIONS {
        cells.push(Cell {
            section: "openssl's options",
            row: (*name).to_owned(),
            column: "result".to_owned(),
            peer: Peer::Openssl,
            what: What::Option(*option),
        });
    }
    if let Ok(only) = std::env::var("SMIME_MATRIX") {
        cells.retain(|c| {
            format!("{}: {} {} {:?}", c.section, c.row, c.column, c.peer).contains(&only)
        });
    }
    cells
}

/// Prints a section: a line a row, a column a form or cipher, in each the peers that agreed (or did not).
fn print(section: &str, cells: &[&(Cell, Option<Result<(), String>>)]) {
    let mut rows: Vec<&str> = Vec::new();
    let mut columns: Vec<&str> = Vec::new();
    let mut table: BTreeMap<(&str, &str), BTreeMap<char, char>> = BTreeMap::new();
    for (cell, result) in cells {
        if !rows.contains(&cell.row.as_str()) {
            rows.push(&cell.row);
        }
        if !columns.contains(&cell.column.as_str()) {
            columns.push(&cell.column);
        }
        let letter = match cell.peer {
            Peer::Openssl => 'O',
            Peer::Openssl4 => '4',
            Peer::Gpgsm => 'G',
            Peer::Nss => 'N',
            Peer::X25519 => 'P',
        };
        let mark = match result {
            None => '?',
            Some(Ok(())) => '+',
            Some(Err(_)) => '!',
        };
        let marks = table.entry((&cell.row, &cell.column)).or_default();
        let worst = marks.entry(letter).or_insert(mark);
        if mark != '+' {
            *worst = mark;
        }
    }
    let width = rows.iter().map(|r| r.len()).max().unwrap_or(0);
    let mut text = format!("\n{section}\n{:width$}", "");
    for column in &columns {
        text += &format!("  {column:>12}");
    }
    for row in rows {
        text += &format!("\n{row:width$}");
        for column in &columns {
            let marks = table.get(&(row, *column));
            let cell: String = marks.map_or("-".to_owned(), |m| {
                m.iter()
                    .flat_map(|(peer, mark)| {
                        if *mark == '+' {
                            vec![*peer]
                        } else {
                            vec![*peer, *mark]
                        }
                    })
                    .collect()
            });
            text += &format!("  {cell:>12}");
        }
    }
    say(&text);
}

#[test]
fn every_peer_in_both_directions() {
    let cells = cells();
    let homes = Homes::new();
    let wanted: std::collections::BTreeSet<Peer> = cells.iter().map(|c| c.peer).collect();
    for peer in wanted {
        have(&[peer], &format!("the cells of {peer:?} in the matrix"));
    }
    let results = parallel(&cells, |cell| {
        cell.peer.version()?;
        Peer::Openssl.version()?; // keys for the others are made with it
        Some(match cell.what {
            What::Sign(row, form) => we_sign(row, form, cell.peer, &homes),
            What::Verify(row, form) => they_sign(row, form, cell.peer, &homes),
            What::Encrypt(row, cipher, der) => we_encrypt(row, cipher, der, cell.peer, &homes),
            What::Decrypt(row, cipher, der) => they_encrypt(row, cipher, der, cell.peer, &homes),
            What::Option(case) => case(&Dir::new()),
        })
    });
    if results.iter().all(Option::is_none) {
        return;
    }
    let cells: Vec<_> = cells.into_iter().zip(results).collect();
    for (cell, _) in cells
        .iter()
        .filter(|(_, result)| matches!(result, Some(Ok(()))))
    {
        let row = format!("{}, {}", cell.row, cell.column);
        let (section, row, ways) = match cell.what {
            What::Sign(..) => ("signatures", &cell.row, &[Way::Ours][..]),
            What::Verify(..) => ("signatures", &cell.row, &[Way::Theirs][..]),
            What::Encrypt(..) => ("recipients", &row, &[Way::Ours][..]),
            What::Decrypt(..) => ("recipients", &row, &[Way::Theirs][..]),
            What::Option(_) => continue,
        };
        agreed(section, row, cell.peer.column(), ways);
    }
    let mut sections: Vec<&str> = cells.iter().map(|(c, _)| c.section).collect();
    sections.dedup();
    sections.sort_unstable();
    sections.dedup();
    let versions: Vec<&str> = Peer::ALL.iter().filter_map(|p| p.version()).collect();
    say(&format!(
        "\nThe matrix, with {}\nO openssl, 4 openssl 4, G gpgsm, N NSS, P x25519.py (RFC 8418, a second implementation); ! failed, ? not here, - none of these can",
        versions.join(", ")
    ));
    for section in sections {
        let these: Vec<_> = cells.iter().filter(|(c, _)| c.section == section).collect();
        print(section, &these);
    }
    let failures: Vec<String> = cells
        .iter()
        .filter_map(|(cell, result)| {
            let why = result.as_ref()?.as_ref().err()?;
            Some(format!(
                "{}: {} {} {:?}: {why}",
                cell.section, cell.row, cell.column, cell.peer
            ))
        })
        .collect();
    assert!(
        failures.is_empty(),
        "{} of {} cells failed:\n{}",
        failures.len(),
        cells.len(),
        failures.join("\n")
    );
}
