//! Whom to trust, and the user's inputs: every form an anchor comes in, the operating system's store, and that each option means the same for
//! every verb that takes it.
use crate::support::*;
use std::{
    ffi::OsString,
    fs,
    os::unix::fs::symlink,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

/// A file of `fixtures/reasons/`.
fn reason(name: &str) -> PathBuf {
    fixture("reasons").join(name)
}

/// `cert check` of Alice's certificate with these options.
fn check(options: &[OsString]) -> Run {
    let base = args!["cert", "check", "--json", "-c", reason("ca.pem")];
    smime(join(&[&base, options, &args![reason("alice.pem")]])).run()
}

/// Who vouched, by subject and source.
fn vouched(run: &Run) -> (String, String) {
    let anchor = &run.json()["certificates"][0]["anchor"];
    let text = |key: &str| anchor[key].as_str().unwrap_or_default().to_owned();
    (text("subject"), text("source"))
}

fn pem(file: &Path) -> String {
    fs::read_to_string(file).unwrap()
}

fn der(file: &Path) -> Vec<u8> {
    smime::asn1::pem::blocks(pem(file).as_bytes()).unwrap()[0]
        .der
        .to_vec()
}

#[test]
fn an_anchor_comes_in_every_form_and_is_named() {
    let dir = Dir::new();
    let root = reason("root.pem");
    let tool = |args: Vec<OsString>| openssl(Peer::Openssl, args).run().expect(0).stdout;
    let mut files = vec![
        dir.write("root.pem", pem(&root)),
        dir.write("root.der", der(&root)),
        dir.write(
            "with text.pem",
            format!("# ours\n{}trailing text\n", pem(&root)).replace('\n', "\r\n"),
        ),
        dir.write(
            "many.pem",
            [pem(&fixture("trust/root.pem")), pem(&root)].concat(),
        ),
    ];
    if have(
        &[Peer::Openssl],
        "PKCS#7 and trusted certificates as anchors",
    ) {
        let bundle = |form: &str| {
            tool(args![
                "crl2pkcs7",
                "-nocrl",
                "-certfile",
                reason("root.pem"),
                "-certfile",
                fixture("trust/root.pem"),
                "-outform",
                form
            ])
        };
        files.push(dir.write("bundle.p7c", bundle("DER")));
        files.push(dir.write("bundle.p7b", bundle("PEM")));
        let trusted = tool(args![
            "x509",
            "-in",
            reason("root.pem"),
            "-trustout",
            "-addtrust",
            "emailProtection"
        ]);
        assert!(trusted.starts_with(b"-----BEGIN TRUSTED"));
        files.push(dir.write("trusted.pem", trusted));
    }
    for file in &files {
        let run = check(&args!["-t", file]).expect(0);
        let source = file.display().to_string();
        let subject = "CN=Example Root CA,O=Example".to_owned();
        assert_eq!(vouched(&run), (subject, source));
        // alone in a directory below one, too
        let alone = Dir::new();
        fs::create_dir_all(alone.file("a/b")).unwrap();
        let below = alone.file("a/b").join(file.file_name().unwrap());
        fs::copy(file, &below).unwrap();
        let run = check(&args!["-t", alone.path()]).expect(0);
        assert_eq!(vouched(&run).1, below.display().to_string());
    }
    assert_eq!(
        check(&args!["-t", fixture("trust")]).code,
        1,
        "another root vouches for nobody"
    );
    let run = smime(args![
        "verify",
        "-t",
        &files[0],
        reason("unsigned-text/mail.eml")
    ]);
    let text = run.run().expect(0).text();
    let wanted = format!(
        "trusted  by CN=Example Root CA,O=Example ({})",
        files[0].display()
    );
    assert!(text.contains(&wanted), "{text}");
}

/// OpenSSL's trusted certificates say for what; systems write down there whom they have ceased to trust.
#[test]
fn who_is_not_trusted_for_mail_is_no_anchor() {
    if !have(&[Peer::Openssl], "trusted certificates for other purposes") {
        return;
    }
    let dir = Dir::new();
    let trusted = |option: &str, purpose: &str| {
        let options = args![
            "x509",
            "-in",
            reason("root.pem"),
            "-trustout",
            option,
            purpose
        ];
        openssl(Peer::Openssl, options).run().expect(0).stdout
    };
    for (option, purpose, code) in [
        ("-addtrust", "emailProtection", 0),
        ("-addtrust", "anyExtendedKeyUsage", 0),
        ("-addtrust", "serverAuth", 4),
        ("-addreject", "serverAuth", 0),
        ("-addreject", "emailProtection", 4),
        ("-addreject", "anyExtendedKeyUsage", 4),
        ("-setalias", "Root", 0),
    ] {
        let file = dir.write("root.pem", trusted(option, purpose));
        let run = check(&args!["-t", &file]).expect(code);
        let error = run.json()["error"]["message"].to_string();
        assert_eq!(
            error.contains("marked as not trusted for this"),
            code == 4,
            "{option} {purpose}: {error}"
        );
    }
    // among others it is passed over
    let both = [
        trusted("-addreject", "emailProtection"),
        fs::read(fixture("trust/root.pem")).unwrap(),
    ];
    let file = dir.write("both.pem", both.concat());
    check(&args!["-t", &file]).expect(1);
}

#[test]
fn a_trust_directory_is_read_whole_and_says_what_it_cannot_use() {
    let dir = Dir::new();
    let first = dir.write("1.pem", pem(&reason("root.pem")));
    dir.write("2.der", der(&reason("root.pem")));
    dir.write(".hidden", "not looked at");
    fs::create_dir(dir.file(".git")).unwrap();
    dir.write(".git/config", "not looked at");
    symlink(reason("root.pem"), dir.file("link.pem")).unwrap();
    let trusting = || args!["-t", dir.path()];
    let run = check(&trusting()).expect(0);
    assert_eq!(
        vouched(&run).1,
        first.display().to_string(),
        "one anchor, of the first file"
    );
    for (content, says) in [
        (&b""[..], "it is empty"),
        (b"some text", "it is neither PEM nor DER of a known kind"),
        (
            &fs::read(reason("keys/ca.pem")).unwrap(),
            "it holds a PRIVATE KEY",
        ),
        (b"-----BEGIN CERTIFICATE-----\n", "no matching end line"),
        (&der(&reason("root.pem"))[..200], "bad.x"),
    ] {
        let bad = dir.write("bad.x", content);
        let run = check(&trusting()).expect(4);
        let error = run.json()["error"].clone();
        let message = error["message"].as_str().unwrap().to_owned();
        assert!(
            message.contains("bad.x") && message.contains(says),
            "{message}"
        );
        assert_eq!(error["file"].as_str().unwrap(), bad.display().to_string());
        assert!(
            error["hints"][0].as_str().unwrap().contains("bad.x"),
            "{error}"
        );
        fs::remove_file(bad).unwrap();
    }
    symlink("nowhere", dir.file("dangling.pem")).unwrap();
    let run = check(&trusting()).expect(4);
    assert!(
        run.json()["error"]["message"]
            .as_str()
            .unwrap()
            .contains("dangling.pem")
    );
}

#[test]
fn an_empty_trust_directory_is_no_trust() {
    let (home, dir) = (Dir::new(), Dir::new());
    let run = check(&args!["-t", dir.path()]).expect(4);
    let error = run.json()["error"].clone();
    assert!(
        error["message"]
            .as_str()
            .unwrap()
            .contains("holds no certificate")
    );
    assert!(
        error["hints"][0].as_str().unwrap().contains("-t FILE"),
        "{error}"
    );
    // the default directory, empty: as if it were not there
    let trust = home.file("smime/trust");
    fs::create_dir_all(&trust).unwrap();
    let default = || {
        let line = args!["cert", "check", "-c", reason("ca.pem"), reason("alice.pem")];
        smime(line).env("XDG_CONFIG_HOME", home.path()).run()
    };
    let run = default().expect(4);
    assert!(run.stderr.contains("no trust anchor was given"), "{run:?}");
    assert!(run.stderr.contains(trust.to_str().unwrap()), "{run:?}");
    fs::copy(reason("root.pem"), trust.join("root.pem")).unwrap();
    default().expect(0);
    // what cannot be used in it is no silent nothing
    fs::write(trust.join("notes"), "x").unwrap();
    let run = default().expect(4);
    assert!(
        run.stderr.contains("notes") && run.stderr.contains("begins with a dot"),
        "{run:?}"
    );
}

#[test]
fn the_systems_store_is_trusted_on_request() {
    let dir = Dir::new();
    let bundle = dir.write(
        "bundle.crt",
        [pem(&fixture("trust/root.pem")), pem(&reason("root.pem"))].concat(),
    );
    let with = |file: &Path, options: &[OsString]| {
        let base = args![
            "cert",
            "check",
            "--json",
            "-c",
            reason("ca.pem"),
            reason("alice.pem")
        ];
        smime(join(&[&base, options]))
            .env("SSL_CERT_FILE", file)
            .env("SSL_CERT_DIR", dir.file("none"))
            .run()
    };
    let run = with(&bundle, &args!["--trust-system"]).expect(0);
    assert_eq!(vouched(&run).1, "the system's store");
    // beside -t, which comes first
    let both = args!["--trust-system", "-t", reason("root.pem")];
    let run = with(&bundle, &both).expect(0);
    assert_eq!(vouched(&run).1, reason("root.pem").display().to_string());
    // not asked for, it does not count
    with(&bundle, &[]).expect(4);
    with(&bundle, &args!["-t", fixture("trust")]).expect(1);
    let run = with(&dir.file("missing.crt"), &args!["--trust-system"]).expect(4);
    assert_eq!(run.json()["error"]["code"], "no-system-store");
}

#[test]
fn a_large_store_is_no_burden() {
    let dir = Dir::new();
    // certificates that differ in one octet of their signature
    let root = der(&reason("root.pem"));
    for number in 0..300_u32 {
        let mut other = root.clone();
        let end = other.len() - 2;
        other[end..].copy_from_slice(&u16::try_from(number).unwrap().to_be_bytes());
        dir.write(&format!("{number:03}.der"), other);
    }
    let start = Instant::now();
    check(&args!["-t", dir.path()]).expect(0);
    assert!(
        start.elapsed() < Duration::from_secs(2),
        "{:?}",
        start.elapsed()
    );
}

/// The verbs that build paths, each with what it needs: `options` come in addition.
fn judge(verb: &str, case: &Policies, options: &[OsString]) -> i32 {
    let anchors = args!["-t", reason("root.pem")];
    let line = match verb {
        "verify" => args!["verify", "-q", &case.mail],
        "open" => args!["open", "-q", "-o", "/dev/null", &case.mail],
        "encrypt" => args![
            "encrypt",
            "-q",
            "-r",
            &case.certificate,
            "-c",
            &case.ca,
            "-o",
            "/dev/null",
            reason("plain.eml")
        ],
        _ => args!["cert", "check", "-q", "-c", &case.ca, &case.certificate],
    };
    let run = smime(join(&[&line, &anchors, options])).run();
    assert!(matches!(run.code, 0 | 1), "{run:?}");
    run.code
}

/// Alice under a CA, both with a certificate policy.
struct Policies {
    mail: PathBuf,
    certificate: PathBuf,
    ca: PathBuf,
}

const VERBS: [&str; 4] = ["verify", "open", "encrypt", "cert check"];

#[test]
fn the_time_to_judge_at_means_the_same_for_every_verb() {
    let case = Policies {
        mail: reason("unsigned-text/mail.eml"),
        certificate: reason("alice.pem"),
        ca: reason("ca.pem"),
    };
    for verb in VERBS {
        for (at, code) in [
            ("2030-01-01", 0),
            ("2019-12-31T23:59:59Z", 1),
            ("2020-01-01T00:00:00Z", 0),
            ("2120-01-01T00:00:00Z", 0),
            ("2120-01-01T00:00:01Z", 1),
        ] {
            assert_eq!(
                judge(verb, &case, &args!["--at", at]),
                code,
                "{verb} --at {at}"
            );
        }
        let allowed = args![
            "--at",
            "2121-01-01",
            "--warn",
            "expired",
            "--warn",
            "expired-since-signing"
        ];
        assert_eq!(judge(verb, &case, &allowed), 0, "{verb}");
    }
}

#[test]
fn policy_inputs_mean_the_same_for_every_verb() {
    let of = |name: &str| Policies {
        mail: reason("policies").join(format!("{name}.eml")),
        certificate: reason("policies").join(format!("{name}.pem")),
        ca: reason("policies").join(format!("{name}-ca.pem")),
    };
    let (explicit, mapped, any, none) = (of("one"), of("mapped"), of("any"), of("none"));
    let one = || args!["--policy-oid", "1.3.6.1.4.1.99999.1"];
    let two = || args!["--policy-oid", "1.3.6.1.4.1.99999.2"];
    let required = || args!["--require-explicit-policy"];
    let no_mapping = || args!["--inhibit-policy-mapping"];
    let no_any = || args!["--inhibit-any-policy"];
    for verb in VERBS {
        let judge = |case: &Policies, options: &[Vec<OsString>], code: i32| {
            assert_eq!(
                judge(verb, case, &options.concat()),
                code,
                "{verb} {options:?}"
            );
        };
        judge(&explicit, &[required()], 0);
        judge(&explicit, &[required(), one()], 0);
        judge(&explicit, &[required(), two()], 1);
        judge(&explicit, &[required(), two(), one()], 0);
        judge(&explicit, &[two()], 0);
        judge(&none, &[], 0);
        judge(&none, &[required()], 1);
        // the CA's policy 1 is the person's policy 2
        judge(&mapped, &[required(), one()], 0);
        judge(&mapped, &[required(), one(), no_mapping()], 1);
        judge(&any, &[required(), one()], 0);
        judge(&any, &[required(), one(), no_any()], 1);
    }
}

#[test]
fn cert_check_names_the_policies_of_a_path() {
    let check = |name: &str, options: &[OsString]| {
        let file = |end: &str| reason("policies").join(format!("{name}{end}.pem"));
        let paths = args![
            "-t",
            reason("root.pem"),
            "-c",
            file("-ca"),
            "--revocation",
            "off"
        ];
        let check = args!["cert", "check", "--json"];
        let run = smime(join(&[&check, &paths, options, &args![file("")]])).run();
        run.json()["certificates"][0]["policies"].clone()
    };
    let policies = |authority: &[&str], user: &[&str]| {
        let full = |short: &[&str]| -> Vec<String> {
            short
                .iter()
                .map(|it| format!("1.3.6.1.4.1.99999.{it}"))
                .collect()
        };
        serde_json::json!({ "authority": full(authority), "user": full(user) })
    };
    let asked = |policy: &str| args!["--policy-oid", format!("1.3.6.1.4.1.99999.{policy}")];
    assert_eq!(check("one", &[]), policies(&["1"], &["1"]));
    assert_eq!(check("one", &asked("2")), policies(&["1"], &[]));
    assert_eq!(check("mapped", &asked("1")), policies(&["1"], &["1"]));
    assert_eq!(check("any", &[]), policies(&["1"], &["1"]));
    assert_eq!(check("none", &[]), policies(&[], &[]));
    let required = join(&[&args!["--require-explicit-policy"], &asked("2")]);
    assert_eq!(
        check("one", &required),
        policies(&[], &[]),
        "no path, no policies"
    );
}
