//! Attributes with their peers: signatures added, countersigned, time-stamped; receipts; what recipients are known to read.
//!
//! Tokens are made by `openssl ts` and put into the message here; countersignatures are what no OpenSSL makes, so that it only must not stumble
//! over them.
use crate::{matrix::denied_rules, support::*};
use smime::{
    asn1::{Tag, cursor::Cursor, normal, oid, write},
    cms::{self, signed_data::SignedData, signer_info},
    encoding::base64,
    smime::looks_like_mail,
};
use std::{
    ffi::OsString,
    io::Read,
    path::{Path, PathBuf},
};

const DEPTH: usize = 64;

/// Returns the octets of the CMS object of a message, the signature of a clear-signed one.
fn octets(message: &[u8]) -> Vec<u8> {
    if !looks_like_mail(&mut &message[..]) && !message.starts_with(b"-----") {
        return message.to_vec();
    }
    let text = String::from_utf8_lossy(message).replace("\r\n", "\n");
    let begin = match text.rfind("smime.p7") {
        Some(name) => name + text[name..].find("\n\n").expect("a header's end") + 2,
        None => text.find('\n').expect("the line of BEGIN") + 1,
    };
    let body: String = text[begin..]
        .lines()
        .take_while(|line| !line.is_empty() && !line.starts_with("--"))
        .collect();
    let mut octets = Vec::new();
    base64::Decoder::new(body.as_bytes())
        .read_to_end(&mut octets)
        .unwrap();
    octets
}

fn signed_data(octets: &[u8]) -> SignedData {
    let limits = cms::Limits {
        asn1_depth: DEPTH,
        structure_bytes: 1 << 20,
        certificates: 64,
        signers: 64,
        attributes: 1000,
        recipients: 1,
    };
    let cms::Object::Signed(mut reader) = cms::open(octets, limits).unwrap() else {
        panic!("no SignedData");
    };
    std::io::copy(&mut reader, &mut std::io::sink()).unwrap();
    reader.finish().unwrap().0
}

fn who(name: &str) -> Vec<OsString> {
    args!["-q", "-i", fixture(&format!("identities/{name}.pem"))]
}

fn openssl_verifies(file: &Path, more: &[OsString]) -> Run {
    let base = args![
        "cms",
        "-verify",
        "-in",
        file,
        "-purpose",
        "any",
        "-CAfile",
        fixture("trust/root.pem")
    ];
    openssl(Peer::Openssl, join(&[&base, more])).run()
}

// ---------------------------------------------------------------------------------------------------------- adding signatures

/// A signed message, and the options with which OpenSSL reads it.
fn to_add_to(dir: &Dir) -> Vec<(PathBuf, Vec<OsString>)> {
    let mut all: Vec<(PathBuf, Vec<OsString>)> = [
        "clear.eml",
        "clear-crlf.eml",
        "clear-keyid.eml",
        "clear-noattr.eml",
        "clear-p256.eml",
        "clear-two-signers.eml",
        "opaque.eml",
        "opaque-stream.eml",
    ]
    .iter()
    .map(|name| (fixture(&format!("messages/{name}")), args![]))
    .collect();
    for (format, inform) in [("der", "DER"), ("pem", "PEM")] {
        let file = dir.file(&format!("signed.{format}"));
        let mut options = args![
            "sign", "--binary", "--opaque", "--format", format, "-o", &file
        ];
        options.extend(who("alice"));
        options.push(fixture("messages/plain.eml").into());
        smime(options).run().expect(0);
        all.push((file, args!["-inform", inform, "-binary"]));
    }
    all
}

#[test]
fn a_signature_is_added_without_touching_what_is_there() {
    let dir = Dir::new();
    for (n, (message, reading)) in to_add_to(&dir).into_iter().enumerate() {
        // P-384: a digest that the message does not announce
        for (by, digest) in [("dave", "sha-384"), ("carol", "sha-256")] {
            let added = dir.file(&format!("added.{n}.{by}"));
            let mut options = args!["sign", "--add", "-o", &added];
            options.extend(who(by));
            options.push(message.clone().into());
            smime(options).run().expect(0);
            let (before, after) = (
                std::fs::read(&message).unwrap(),
                std::fs::read(&added).unwrap(),
            );
            let (old, new) = (signed_data(&octets(&before)), signed_data(&octets(&after)));
            assert_eq!(new.signers.len(), old.signers.len() + 1, "{message:?}");
            for signer in &old.received.signers {
                assert!(new.received.signers.contains(signer), "{message:?}");
            }
            for certificate in &old.received.certificates {
                assert!(
                    new.received.certificates.contains(certificate),
                    "{message:?}"
                );
            }
            let text = String::from_utf8_lossy(&after).to_lowercase();
            if text.contains("multipart/signed") {
                let micalg = text
                    .split("micalg=")
                    .nth(1)
                    .unwrap()
                    .split(';')
                    .next()
                    .unwrap();
                assert!(micalg.contains(digest), "{micalg}");
            }
            if have(&[Peer::Openssl], "OpenSSL reads what was added to") {
                let content = |file: &Path| openssl_verifies(file, &reading).expect(0).stdout;
                // without attributes OpenSSL 3.0 verifies, but what is signed is compared all the same
                assert_eq!(content(&message), content(&added), "{message:?}");
            }
            let judge = |more: &[OsString]| {
                let mut options = join(&[&args!["verify", "--json"], &trusting(), more]);
                options.push(added.clone().into());
                smime(options).run()
            };
            let report = judge(&[]).json();
            let signatures = report["layers"][0]["signatures"].as_array().unwrap();
            assert!(
                signatures.iter().all(|it| it["integrity"] == "intact"),
                "{message:?}"
            );
        }
    }
}

#[test]
fn nothing_is_added_to_what_is_broken() {
    let dir = Dir::new();
    let clear = fixture_bytes("messages/clear.eml");
    let opaque = fixture_bytes("messages/opaque.eml");
    let tampered = String::from_utf8_lossy(&clear).replace("lunch at noon", "lunch at nine");
    let cases = [
        ("tampered.eml", tampered.into_bytes(), 1),
        ("plain.eml", fixture_bytes("messages/plain.eml"), 1),
        (
            "nocerts.eml",
            fixture_bytes("messages/clear-nocerts.eml"),
            1,
        ),
        (
            "encrypted.eml",
            fixture_bytes("messages/encrypted-rsa-cbc.eml"),
            1,
        ),
        ("cut.eml", opaque[..opaque.len() / 2].to_vec(), 3),
        ("half.eml", clear[..clear.len() / 2].to_vec(), 3),
    ];
    for what in ["--add", "--countersign"] {
        for (name, bytes, code) in &cases {
            let (message, output) = (dir.write(name, bytes), dir.file("output"));
            let mut options = args!["sign", what, "-o", &output];
            options.extend(who("carol"));
            options.push(message.into());
            smime(options).run().expect(*code);
            assert!(!output.exists(), "{what} {name}");
        }
    }
}

#[test]
fn a_detached_signature_is_added_to_beside_its_content() {
    let dir = Dir::new();
    let content = dir.write("content", noise(3, 5000));
    let (one, two) = (dir.file("one.p7s"), dir.file("two.p7s"));
    let detached = args![
        "sign",
        "--binary",
        "--detached",
        "--format",
        "der",
        "-o",
        &one
    ];
    let mut options = join(&[&detached, &who("alice")]);
    options.push(content.clone().into());
    smime(options).run().expect(0);
    let add = |more: &[OsString]| {
        let mut options = join(&[&args!["sign", "--add", "-o", &two], &who("carol"), more]);
        options.push(one.clone().into());
        smime(options).run()
    };
    add(&[]).expect(3);
    let other = dir.write("other", noise(4, 5000));
    add(&args!["--content", other]).expect(1);
    assert!(!two.exists());
    add(&args!["--content", &content]).expect(0);
    let judged = smime(join(&[
        &args!["verify", "--content", &content],
        &trusting(),
        &args![&two],
    ]));
    judged.run().expect(0);
    if have(&[Peer::Openssl], "OpenSSL reads what was added to") {
        openssl_verifies(
            &two,
            &args!["-inform", "DER", "-binary", "-content", &content],
        )
        .expect(0);
    }
}

#[test]
fn so_many_signatures_must_pass_as_are_required() {
    let dir = Dir::new();
    let added = dir.file("added.eml");
    let mut options = args!["sign", "--add", "-o", &added];
    options.extend(who("carol"));
    options.push(fixture("messages/clear.eml").into());
    smime(options).run().expect(0);
    let judge = |verb: &str, require: &[&str]| {
        let require: Vec<OsString> = require.iter().map(OsString::from).collect();
        let mut options = join(&[
            &args![verb, "--json", "-o", dir.file("out")],
            &trusting(),
            &require,
        ]);
        options.push(added.clone().into());
        smime(options).run()
    };
    for verb in ["verify", "open"] {
        let all = judge(verb, &[]).expect(1).json();
        assert_eq!(denied_rules(&all), ["sender-mismatch"]);
        let one = judge(verb, &["--require", "1"]).expect(0).json();
        let signatures = one["layers"][0]["signatures"].as_array().unwrap();
        let verdicts: Vec<_> = signatures
            .iter()
            .map(|it| it["verdict"].as_str().unwrap())
            .collect();
        assert!(verdicts.contains(&"pass") && verdicts.contains(&"fail"));
        judge(verb, &["--require", "2"]).expect(1);
        judge(verb, &["--require", "3"]).expect(1);
        judge(verb, &["--require", "0"]).expect(2);
        let signers = [
            "--signer",
            "alice@example.com",
            "--signer",
            "carol@example.com",
        ];
        judge(verb, &[&["--require", "2"], &signers[..]].concat()).expect(0);
        // one was enough, but who is named must have signed
        let others = ["--require", "1", "--signer", "bob@example.com"];
        judge(verb, &others).expect(1);
    }
}

/// One good signature is not two, nor is the same one twice: anybody can put a copy of a SignerInfo beside it.
#[test]
fn a_signer_counts_once_among_those_required() {
    let dir = Dir::new();
    let single = dir.file("single.der");
    let mut options = args![
        "sign", "--binary", "--opaque", "--format", "der", "-o", &single
    ];
    options.extend(who("alice"));
    options.push(fixture("messages/plain.eml").into());
    smime(options).run().expect(0);
    let der = dir.read("single.der");
    let mut inside = Cursor::new(&der, 0).enter(Tag::SEQUENCE).unwrap();
    let kind = inside.any().unwrap().raw;
    let mut fields = inside.enter(Tag::context(0)).unwrap();
    let mut fields = fields.enter(Tag::SEQUENCE).unwrap();
    let mut members = Vec::new();
    while !fields.is_empty() {
        members.push(fields.any().unwrap());
    }
    let signers = members.pop().unwrap();
    let before: Vec<u8> = members.iter().flat_map(|it| it.raw).copied().collect();
    let twice = write::tlv(Tag::SET, &[signers.content, signers.content].concat());
    let data = write::sequence(&[&before, &twice]);
    let data = write::constructed(Tag::context(0), &[&data]);
    let double = dir.write("double.der", write::sequence(&[kind, &data]));
    let judge = |file: &Path, require: &str| {
        let options = args!["--json", "--require", require, file];
        smime(join(&[&args!["verify"], &trusting(), &options])).run()
    };
    for file in [single.as_path(), double.as_path()] {
        judge(file, "1").expect(0);
        let refused = judge(file, "2").expect(1).json();
        assert_eq!(denied_rules(&refused), ["too-few-signers"]);
    }
}

#[test]
fn whoever_is_expected_must_have_a_signature_that_passes() {
    // alice's own is broken by a bit; carol's is not, and is not enough when both are named
    let dir = Dir::new();
    let added = dir.file("added.der");
    let signed = dir.file("signed.der");
    let opaque = args![
        "sign", "--binary", "--opaque", "--format", "der", "-o", &signed
    ];
    let mut options = join(&[&opaque, &who("alice")]);
    options.push(fixture("messages/plain.eml").into());
    smime(options).run().expect(0);
    let mut options = args!["sign", "--add", "-o", &added];
    options.extend(who("carol"));
    options.push(signed.into());
    smime(options).run().expect(0);
    let mut bytes = dir.read("added.der");
    let data = signed_data(&bytes);
    let rsa = data
        .signers
        .iter()
        .find(|it| it.signature.len() == 256)
        .unwrap();
    let at = bytes
        .windows(256)
        .position(|it| it == rsa.signature)
        .unwrap();
    bytes[at + 100] ^= 1;
    let broken = dir.write("broken.der", bytes);
    let judge = |signers: &[&str]| {
        let signers: Vec<OsString> = signers
            .iter()
            .flat_map(|it| args!["--signer", it])
            .collect();
        let mut options = join(&[&args!["verify", "--require", "1"], &trusting(), &signers]);
        options.push(broken.clone().into());
        smime(options).run()
    };
    judge(&["carol@example.com"]).expect(0);
    judge(&["alice@example.com"]).expect(1);
    judge(&["alice@example.com", "carol@example.com"]).expect(1);
}

#[test]
fn openssl_signs_again_what_we_signed_and_the_reverse() {
    if !have(&[Peer::Openssl], "OpenSSL -resign") {
        return;
    }
    let dir = Dir::new();
    let ours = dir.file("ours.eml");
    let mut options = args!["sign", "--opaque", "-o", &ours];
    options.extend(who("alice"));
    options.push(fixture("messages/plain.eml").into());
    smime(options).run().expect(0);
    let theirs = dir.file("theirs.eml");
    let carol = fixture("identities/carol.pem");
    let resign = args![
        "cms",
        "-resign",
        "-in",
        &ours,
        "-signer",
        &carol,
        "-nodetach",
        "-out",
        &theirs
    ];
    openssl(Peer::Openssl, resign).run().expect(0);
    let both = dir.file("both.eml");
    let mut options = args!["sign", "--add", "-o", &both];
    options.extend(who("dave"));
    options.push(theirs.into());
    smime(options).run().expect(0);
    openssl_verifies(&both, &[]).expect(0);
    let row = "a signature added (sign --add, cms -resign)";
    agreed("attributes", row, Peer::Openssl.column(), &BOTH);
    let mut options = join(&[&args!["verify", "--json"], &trusting()]);
    for signer in ["alice", "carol", "dave"] {
        options.extend(args!["--signer", format!("{signer}@example.com")]);
    }
    options.push(both.into());
    let report = smime(options).run().expect(0).json();
    assert_eq!(
        report["layers"][0]["signatures"].as_array().unwrap().len(),
        3
    );
}

#[test]
fn cades_both_ways() {
    for peer in [Peer::Openssl, Peer::Openssl4] {
        if !have(&[peer], "OpenSSL -cades") {
            continue;
        }
        let dir = Dir::new();
        for (who_signs, digest) in [("alice", "sha256"), ("alice", "sha512"), ("dave", "sha384")] {
            let (identity, theirs) = (
                fixture(&format!("identities/{who_signs}.pem")),
                dir.file("theirs.eml"),
            );
            let sign = args![
                "cms",
                "-sign",
                "-cades",
                "-in",
                fixture("messages/plain.eml"),
                "-signer",
                &identity,
                "-md",
                digest,
                "-certfile",
                fixture("certs/intermediate.pem"),
                "-out",
                &theirs,
            ];
            openssl(peer, sign).run().expect(0);
            let signer = format!("{who_signs}@example.com");
            let judged = join(&[
                &args!["verify", "--signer", signer],
                &trusting(),
                &args![&theirs],
            ]);
            smime(judged).run().expect(0);
        }
        let ours = dir.file("ours.eml");
        let mut options = args!["sign", "-o", &ours];
        options.extend(who("alice"));
        options.push(fixture("messages/plain.eml").into());
        smime(options).run().expect(0);
        let verify = args![
            "cms",
            "-verify",
            "-cades",
            "-in",
            &ours,
            "-purpose",
            "any",
            "-CAfile",
            fixture("trust/root.pem"),
            "-out",
            dir.file("out"),
        ];
        openssl(peer, verify).run().expect(0);
        let row = "signingCertificate, V2 (CAdES)";
        agreed("attributes", row, peer.column(), &BOTH);
    }
}

// ---------------------------------------------------------------------------------------------------------- countersignatures

#[test]
fn a_message_is_countersigned_and_still_what_it_was() {
    let dir = Dir::new();
    for (n, (message, reading)) in to_add_to(&dir).into_iter().enumerate() {
        let output = dir.file(&format!("countersigned.{n}"));
        let mut options = args!["sign", "--countersign", "-o", &output];
        options.extend(who("carol"));
        options.push(message.clone().into());
        smime(options).run().expect(0);
        let (before, after) = (
            std::fs::read(&message).unwrap(),
            std::fs::read(&output).unwrap(),
        );
        let (old, new) = (signed_data(&octets(&before)), signed_data(&octets(&after)));
        for signer in &old.signers {
            let same = new
                .signers
                .iter()
                .find(|it| it.signature == signer.signature)
                .unwrap();
            let attributes = |it: &signer_info::SignerInfo| {
                it.signed_attributes.as_ref().map(|a| a.received.clone())
            };
            assert_eq!(attributes(same), attributes(signer), "{message:?}");
        }
        if have(&[Peer::Openssl], "OpenSSL reads a countersigned message") {
            let content = |file: &Path| openssl_verifies(file, &reading).expect(0).stdout;
            assert_eq!(content(&message), content(&output), "{message:?}");
        }
        let mut options = join(&[&args!["verify", "--json"], &trusting()]);
        options.push(output.into());
        let report = smime(options).run().json();
        for signature in report["layers"][0]["signatures"].as_array().unwrap() {
            let over = signature["countersignatures"].as_array().unwrap();
            assert_eq!(
                (over.len(), &over[0]["verdict"]),
                (1, &"pass".into()),
                "{message:?}"
            );
            assert_eq!(over[0]["signer"]["emails"][0], "carol@example.com");
        }
    }
}

// --------------------------------------------------------------------------------------------------------------- time-stamps

/// A time-stamping authority of OpenSSL's.
pub(crate) struct Clock {
    pub(crate) dir: Dir,
}

pub(crate) const CONFIGURATION: &str = "
[req]
distinguished_name = dn
[dn]
[ca]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign, cRLSign
[good]
keyUsage = digitalSignature
extendedKeyUsage = critical, timeStamping
[lax]
extendedKeyUsage = timeStamping
[mail]
extendedKeyUsage = critical, timeStamping, emailProtection
[person]
keyUsage = digitalSignature
subjectAltName = email:alice@example.com
[tsa]
default_tsa = clock
[clock]
serial = serial
crypto_device = builtin
signer_digest = sha256
default_policy = 1.2.3.4
digests = sha256, sha512
accuracy = secs:1, millisecs:500
tsa_name = yes
ess_cert_id_alg = sha256
";

impl Clock {
    pub(crate) fn new() -> Self {
        let clock = Self { dir: Dir::new() };
        clock.dir.write("conf", CONFIGURATION);
        clock.dir.write("serial", "01\n");
        clock.run(args![
            "req",
            "-x509",
            "-config",
            "conf",
            "-extensions",
            "ca",
            "-subj",
            "/CN=Time",
            "-days",
            "3650",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:P-256",
            "-nodes",
            "-keyout",
            "ca.key",
            "-out",
            "ca.pem"
        ]);
        clock
    }

    fn run(&self, args: Vec<OsString>) {
        let call = openssl(Peer::Openssl, args).dir(self.dir.path());
        call.run().expect(0);
    }

    /// Issues a certificate with these extensions.
    pub(crate) fn issue(&self, name: &str, extensions: &str, days: &str) {
        let (key, csr, pem) = (
            format!("{name}.key"),
            format!("{name}.csr"),
            format!("{name}.pem"),
        );
        self.run(args![
            "req",
            "-new",
            "-config",
            "conf",
            "-subj",
            format!("/CN={name}"),
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:P-256",
            "-nodes",
            "-keyout",
            &key,
            "-out",
            &csr
        ]);
        self.run(args![
            "x509",
            "-req",
            "-in",
            &csr,
            "-CA",
            "ca.pem",
            "-CAkey",
            "ca.key",
            "-CAcreateserial",
            "-days",
            days,
            "-extfile",
            "conf",
            "-extensions",
            extensions,
            "-out",
            &pem
        ]);
    }

    /// Stamps octets, and returns the token.
    fn stamp(&self, name: &str, what: &[u8]) -> Vec<u8> {
        self.dir.write("what", what);
        self.run(args![
            "ts", "-query", "-data", "what", "-sha256", "-cert", "-out", "query"
        ]);
        let key = self.dir.file(&format!("{name}.key"));
        self.run(args![
            "ts",
            "-reply",
            "-config",
            "conf",
            "-section",
            "clock",
            "-queryfile",
            "query",
            "-signer",
            format!("{name}.pem"),
            "-inkey",
            key,
            "-chain",
            "ca.pem",
            "-token_out",
            "-out",
            "token"
        ]);
        self.dir.read("token")
    }
}

/// Returns the rules that a signature itself is denied by; a token has findings of its own.
fn denied_of(signature: &serde_json::Value) -> Vec<String> {
    let findings = signature["findings"].as_array().unwrap().iter();
    let denied = findings.filter(|it| it["level"] == "deny");
    denied
        .map(|it| it["rule"].as_str().unwrap().to_owned())
        .collect()
}

/// Puts a token into the unsigned attributes of the first signer of a SignedData in DER.
fn with_token(message: &[u8], token: &[u8]) -> Vec<u8> {
    let id = oid::to_der(&oid::Oid::new("1.2.840.113549.1.9.16.2.14").unwrap());
    let attribute = write::sequence(&[&id, &write::constructed(Tag::SET, &[token])]);
    let content_info = normal::children(message, DEPTH).unwrap();
    let inside = normal::children(content_info[1], DEPTH).unwrap();
    let mut fields = normal::children(inside[0], DEPTH).unwrap();
    let signers = normal::children(fields.pop().unwrap(), DEPTH).unwrap();
    let stamped = signer_info::with_unsigned(signers[0], DEPTH, &attribute).unwrap();
    let signers = write::set_of(&[stamped]);
    fields.push(&signers);
    let data = write::constructed(Tag::context(0), &[&write::sequence(&fields)]);
    write::sequence(&[content_info[0], &data])
}

#[test]
fn time_stamps_of_openssl_prove_when_a_signature_existed() {
    if !have(&[Peer::Openssl], "openssl ts") {
        return;
    }
    let clock = Clock::new();
    clock.issue("good", "good", "3000");
    clock.issue("alice", "person", "2");
    let dir = &clock.dir;
    let identity = [dir.read("alice.key"), dir.read("alice.pem")].concat();
    let identity = dir.write("identity.pem", identity);
    let signed = dir.file("signed.der");
    let options = args![
        "sign",
        "-q",
        "--binary",
        "--opaque",
        "--format",
        "der",
        "-i",
        identity,
        "-o",
        &signed,
        fixture("messages/plain.eml")
    ];
    smime(options).run().expect(0);
    let bytes = dir.read("signed.der");
    let value = signed_data(&bytes).signers[0].signature.clone();
    let stamped = dir.write(
        "stamped.der",
        with_token(&bytes, &clock.stamp("good", &value)),
    );
    // long after the end of the signer's certificate, and before that of the authority's
    let judge = |message: &Path, more: &[OsString]| {
        let base = args![
            "verify",
            "--json",
            "--revocation",
            "off",
            "--at",
            "2028-01-01",
            "-t",
            dir.file("ca.pem")
        ];
        let mut options = join(&[&base, more]);
        options.push(message.into());
        smime(options).run()
    };
    let trust = args!["--timestamp-trust", dir.file("ca.pem")];
    let report = judge(&stamped, &trust).expect(0).json();
    let signature = &report["layers"][0]["signatures"][0];
    assert_eq!(signature["time_stamps"][0]["verdict"], "pass", "{report:#}");
    let row = "time-stamp tokens (RFC 3161)";
    agreed("attributes", row, Peer::Openssl.column(), &[Way::Theirs]);
    assert_eq!(
        signature["time_stamps"][0]["accuracy_microseconds"],
        1_500_000
    );
    assert!(signature["proven_time"].is_string());
    // nobody named to trust, no token, a token over something else, anchors of another
    let rule = "expired-since-signing";
    let denied_rules =
        |report: &serde_json::Value| denied_of(&report["layers"][0]["signatures"][0]);
    assert_eq!(denied_rules(&judge(&stamped, &[]).expect(1).json()), [rule]);
    assert_eq!(
        denied_rules(&judge(&signed, &trust).expect(1).json()),
        [rule]
    );
    let other = dir.write(
        "other.der",
        with_token(&bytes, &clock.stamp("good", b"else")),
    );
    assert_eq!(
        denied_rules(&judge(&other, &trust).expect(1).json()),
        [rule]
    );
    let elsewhere = args!["--timestamp-trust", fixture("trust/root.pem")];
    assert_eq!(
        denied_rules(&judge(&stamped, &elsewhere).expect(1).json()),
        [rule]
    );
    // when the authority's certificate has ended too
    let late = judge(&stamped, &join(&[&trust, &args!["--policy", "standard"]]));
    late.expect(0);
    let base = args![
        "verify",
        "--json",
        "--revocation",
        "off",
        "--at",
        "2040-01-01",
        "-t",
        dir.file("ca.pem"),
        &stamped
    ];
    assert!(
        denied_rules(&smime(join(&[&base, &trust])).run().expect(1).json())
            .contains(&rule.to_owned())
    );
    // shown, and not judged
    let shown = smime(args!["inspect", "--json", &stamped])
        .run()
        .expect(0)
        .json();
    let token = &shown["layers"][0]["signatures"][0]["time_stamps"][0];
    // an authority's certificate that is not for it, which no OpenSSL signs with, is in src/smime/signature/over.rs
    assert!(token["time"].is_string() && token.get("verdict").is_none());
}

#[test]
fn a_hundred_thousand_time_stamps_are_refused_at_once() {
    let dir = Dir::new();
    let signed = dir.file("signed.der");
    let opaque = args![
        "sign", "--binary", "--opaque", "--format", "der", "-o", &signed
    ];
    let mut options = join(&[&opaque, &who("alice")]);
    options.push(fixture("messages/plain.eml").into());
    smime(options).run().expect(0);
    let many = [0x30, 0].repeat(100_000);
    let message = dir.write("many.der", with_token(&dir.read("signed.der"), &many));
    let trust = args!["--timestamp-trust", fixture("trust/root.pem")];
    for verb in [
        args!["inspect"],
        join(&[&args!["verify"], &trusting(), &trust]),
    ] {
        let began = std::time::Instant::now();
        let mut options = verb;
        options.push(message.clone().into());
        smime(options).run().expect(3);
        assert!(began.elapsed().as_millis() < 2000);
    }
}

// ------------------------------------------------------------------------------------------------------------------ receipts

/// Bob's receipt for a message, by us.
fn our_receipt(by: &str, message: &Path, output: &Path) -> Run {
    let mut options = join(&[&args!["receipt", "-o", output], &who(by), &trusting()]);
    options.push(message.into());
    smime(options).run()
}

fn receipt_verdict(original: &Path, receipt: &Path) -> Run {
    let mut options = join(&[
        &args!["verify", "--json", "--receipt-for", original],
        &trusting(),
    ]);
    options.push(receipt.into());
    smime(options).run()
}

/// Where alice's signature alone is what counts, nothing is done that carol's beside it asks for.
#[test]
fn a_signature_that_does_not_count_gets_no_receipt() {
    let dir = Dir::new();
    let (asked, added) = (dir.file("asked.der"), dir.file("added.der"));
    let ask = args![
        "sign",
        "--opaque",
        "--format",
        "der",
        "-o",
        &asked,
        "--request-receipt",
        "carol@example.com"
    ];
    let text = dir.write("text", "Content-Type: text/plain\n\nhello\n");
    smime(join(&[&ask, &who("carol"), &args![text]]))
        .run()
        .expect(0);
    let add = args!["sign", "--add", "-o", &added, &asked];
    smime(join(&[&add, &who("alice")])).run().expect(0);
    let receipt = |more: &[OsString]| {
        let receipt = args!["receipt", "--signer", "alice@example.com", &added];
        smime(join(&[&receipt, &who("bob"), &trusting(), more])).run()
    };
    receipt(&args!["--signer", "carol@example.com"]).expect(0);
    let refused = receipt(&args!["--require", "1"]).expect(1);
    assert!(refused.stdout.is_empty());
}

#[test]
fn receipts_are_asked_for_made_and_verified() {
    let dir = Dir::new();
    let ask = |name: &str, more: &[OsString]| {
        let file = dir.file(name);
        let mut options = join(&[
            &args![
                "sign",
                "-o",
                &file,
                "--request-receipt",
                "alice@example.com"
            ],
            &who("alice"),
            more,
        ]);
        options.push(fixture("messages/plain.eml").into());
        smime(options).run().expect(0);
        file
    };
    let (asked, again, opaque) = (
        ask("asked.eml", &[]),
        ask("again.eml", &[]),
        ask("opaque.eml", &args!["--opaque"]),
    );
    let receipt = dir.file("receipt.eml");
    for message in [&asked, &opaque] {
        our_receipt("bob", message, &receipt).expect(0);
        receipt_verdict(message, &receipt).expect(0);
        if have(&[Peer::Openssl], "OpenSSL verifies a receipt of ours") {
            let verify = args![
                "cms",
                "-verify_receipt",
                &receipt,
                "-in",
                message,
                "-purpose",
                "any",
                "-CAfile",
                fixture("trust/root.pem")
            ];
            openssl(Peer::Openssl, verify).run().expect(0);
        }
    }
    our_receipt("bob", &asked, &receipt).expect(0);
    // a receipt for another message, none for this one, no receipt, no request, an original that was changed
    for (original, receipt) in [
        (&again, &receipt),
        (&fixture("messages/clear.eml"), &receipt),
        (&asked, &asked),
        (
            &fixture("messages/clear.eml"),
            &fixture("messages/clear.eml"),
        ),
    ] {
        let report = receipt_verdict(original, receipt).expect(1).json();
        assert_eq!(
            denied_rules(&report),
            ["receipt"],
            "{original:?} {receipt:?}"
        );
    }
    let changed =
        String::from_utf8_lossy(&dir.read("asked.eml")).replace("lunch at noon", "lunch at nine");
    let changed = dir.write("changed.eml", changed);
    assert_eq!(
        denied_rules(&receipt_verdict(&changed, &receipt).expect(1).json()),
        ["receipt"]
    );
    let none = dir.file("none.eml");
    our_receipt("bob", &changed, &none).expect(1);
    our_receipt("bob", &fixture("messages/clear.eml"), &none).expect(1);
    assert!(!none.exists());
}

#[test]
fn receipts_of_openssl_both_ways() {
    for peer in [Peer::Openssl, Peer::Openssl4] {
        if !have(&[peer], "receipts of OpenSSL") {
            continue;
        }
        let dir = Dir::new();
        let (alice, bob, chain) = (
            fixture("identities/alice.pem"),
            fixture("identities/bob.pem"),
            fixture("certs/intermediate.pem"),
        );
        let asked = dir.file("asked.eml");
        let ask = |more: Vec<OsString>| {
            let base = args![
                "cms",
                "-sign",
                "-in",
                fixture("messages/plain.eml"),
                "-signer",
                &alice,
                "-certfile",
                &chain,
                "-receipt_request_to",
                "alice@example.com",
                "-out",
                &asked
            ];
            openssl(peer, join(&[&base, &more])).run().expect(0);
        };
        let receipt = dir.file("receipt.eml");
        for (more, bob_is_asked) in [
            (args!["-receipt_request_all"], true),
            (args!["-receipt_request_first"], true),
            (args!["-receipt_request_from", "bob@example.com"], true),
            (args!["-receipt_request_from", "carol@example.com"], false),
        ] {
            ask(more);
            our_receipt("bob", &asked, &receipt).expect(if bob_is_asked { 0 } else { 1 });
            if bob_is_asked {
                let verify = args![
                    "cms",
                    "-verify_receipt",
                    &receipt,
                    "-in",
                    &asked,
                    "-purpose",
                    "any",
                    "-CAfile",
                    fixture("trust/root.pem")
                ];
                openssl(peer, verify).run().expect(0);
            }
        }
        let ours = dir.file("ours.eml");
        let mut options = join(&[
            &args![
                "sign",
                "-o",
                &ours,
                "--request-receipt",
                "alice@example.com"
            ],
            &who("alice"),
        ]);
        options.push(fixture("messages/plain.eml").into());
        smime(options).run().expect(0);
        let theirs = dir.file("theirs.eml");
        let sign = args![
            "cms",
            "-sign_receipt",
            "-in",
            &ours,
            "-signer",
            &bob,
            "-certfile",
            &chain,
            "-out",
            &theirs
        ];
        openssl(peer, sign).run().expect(0);
        receipt_verdict(&ours, &theirs).expect(0);
        receipt_verdict(&asked, &theirs).expect(1);
        agreed(
            "attributes",
            "receipt requests and receipts",
            peer.column(),
            &BOTH,
        );
    }
}

// -------------------------------------------------------------------------------------------------------------- capabilities

#[test]
fn the_cipher_is_the_best_that_all_are_known_to_read() {
    let dir = Dir::new();
    let sign = |who_signs: &str, from: &str| {
        let plain = String::from_utf8(fixture_bytes("messages/plain.eml")).unwrap();
        let plain = plain.replace(
            "From: Alice Example <alice@example.com>",
            &format!("From: {from}"),
        );
        let message = dir.write(&format!("{who_signs}.plain"), plain);
        let file = dir.file(&format!("{who_signs}.eml"));
        let mut options = join(&[&args!["sign", "-o", &file], &who(who_signs)]);
        options.push(message.into());
        smime(options).run().expect(0);
        file
    };
    let (alice, bob) = (
        sign("alice", "alice@example.com"),
        sign("bob", "bob@example.com"),
    );
    // OpenSSL's capabilities know no GCM
    let old = fixture("messages/clear.eml");
    let encrypt = |more: &[OsString]| {
        let mut options = join(&[
            &args!["encrypt", "--json", "-o", dir.file("out.eml")],
            &trusting(),
            more,
        ]);
        options.push(fixture("messages/plain.eml").into());
        smime(options).run()
    };
    let certificate = |name: &str| fixture(&format!("certs/{name}.pem"));
    for (more, cipher, choice, key) in [
        (
            args!["-r", &alice],
            "aes-256-gcm",
            "known-to-all",
            "rsa-oaep",
        ),
        (
            args!["-r", &alice, "-r", &bob],
            "aes-256-gcm",
            "known-to-all",
            "rsa-oaep",
        ),
        (
            args!["-r", "alice@example.com", "-c", &alice],
            "aes-256-gcm",
            "known-to-all",
            "rsa-oaep",
        ),
        (
            args!["-r", certificate("alice"), "-c", &alice],
            "aes-256-gcm",
            "known-to-all",
            "rsa-oaep",
        ),
        (
            args!["-r", &old],
            "aes-256-cbc",
            "known-to-all",
            "rsa-pkcs1",
        ),
        (
            args!["-r", &old, "-r", &bob],
            "aes-256-cbc",
            "known-to-all",
            "rsa-pkcs1",
        ),
        (
            args!["-r", &alice, "-r", certificate("bob")],
            "aes-256-cbc",
            "default",
            "rsa-oaep",
        ),
        (
            args!["-r", certificate("bob")],
            "aes-256-cbc",
            "default",
            "rsa-pkcs1",
        ),
        (
            args!["-r", &alice, "--cipher", "aes-128-cbc"],
            "aes-128-cbc",
            "asked-for",
            "rsa-oaep",
        ),
    ] {
        let more = join(&[&more, &args!["-c", certificate("intermediate")]]);
        let report = encrypt(&more).expect(0).json();
        let layer = &report["layers"][0];
        assert_eq!(layer["cipher"], cipher, "{more:?}");
        assert_eq!(layer["cipher_choice"], choice, "{more:?}");
        assert_eq!(layer["recipients"][0]["algorithm"], key, "{more:?}");
    }
    // nothing is learned from what does not verify
    let text = String::from_utf8_lossy(&dir.read("alice.eml")).into_owned();
    let changed = dir.write(
        "changed.eml",
        text.replace("lunch at noon", "lunch at nine"),
    );
    let from_bob = dir.write("from-bob.eml", text.replace("From: alice@", "From: bob@"));
    for message in [&changed, &from_bob, &fixture("messages/clear-expired.eml")] {
        encrypt(&args!["-r", message]).expect(4);
        let more = args![
            "-r",
            certificate("alice"),
            "-c",
            certificate("intermediate"),
            "-c",
            message
        ];
        let report = encrypt(&more).expect(0).json();
        assert_eq!(
            report["layers"][0]["cipher_choice"], "default",
            "{message:?}"
        );
        let learned = report["findings"]
            .as_array()
            .unwrap()
            .iter()
            .any(|f| f["rule"] == "not-learned");
        assert!(learned, "{report:#}");
    }
}

#[test]
fn a_signer_with_two_certificates_says_which_to_encrypt_to() {
    if !have(&[Peer::Openssl], "certificates of two uses") {
        return;
    }
    let clock = Clock::new();
    let dir = &clock.dir;
    let uses = "\n[signing]\nkeyUsage = digitalSignature\nsubjectAltName = email:alice@example.com\n\
        [sealing]\nkeyUsage = keyAgreement\nsubjectAltName = email:alice@example.com\n";
    dir.write("conf", [CONFIGURATION, uses].concat());
    clock.issue("signing", "signing", "30");
    clock.issue("sealing", "sealing", "30");
    let both = ["signing.key", "signing.pem", "sealing.key", "sealing.pem"].map(|it| dir.read(it));
    let identity = dir.write("identity.pem", both.concat());
    let signed = dir.file("signed.eml");
    let options = args![
        "sign",
        "-q",
        "-i",
        &identity,
        "-o",
        &signed,
        fixture("messages/plain.eml")
    ];
    smime(options).run().expect(0);
    let data = signed_data(&octets(&dir.read("signed.eml")));
    assert_eq!(data.certificates.len(), 2);
    let shown = smime(args!["inspect", "--json", &signed])
        .run()
        .expect(0)
        .json();
    let attributes = &shown["layers"][0]["signatures"][0]["attributes"];
    assert!(
        attributes["encryption_key_preference"]["serial"].is_string(),
        "{shown:#}"
    );
    let sealed = dir.file("sealed.eml");
    let seal = |recipient: OsString, more: Vec<OsString>| {
        let base = args![
            "encrypt",
            "-q",
            "-t",
            dir.file("ca.pem"),
            "-o",
            &sealed,
            "-r",
            recipient
        ];
        let mut options = join(&[&base, &more]);
        options.push(fixture("messages/plain.eml").into());
        smime(options).run().expect(0);
        smime(args![
            "decrypt",
            "-q",
            "-i",
            &identity,
            "-o",
            dir.file("opened"),
            &sealed
        ])
        .run()
        .expect(0);
    };
    seal(signed.clone().into(), args![]);
    seal("alice@example.com".into(), args!["-c", &signed]);
}
