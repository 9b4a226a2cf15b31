//! Revocation as scripts see it: CRLs and OCSP responses at rest, made with OpenSSL, on every verb that builds a path.
use crate::{matrix::denied_rules, support::*};
use std::ffi::OsString;

/// The options under which the root vouches for the intermediate, and `file` tells of its people.
fn with(file: &str, at: &str, how: &str) -> Vec<OsString> {
    join(&[
        &trusting(),
        &args!["--at", at, "--revocation", how],
        &args!["--crls", fixture("ocsp/root-crl.pem")],
        &args!["--crls", fixture(file)],
    ])
}

/// The status of the signer of `message`, and the reason of the first finding.
fn verified(message: &str, options: Vec<OsString>, code: i32) -> (String, Option<String>) {
    let line = join(&[
        &args!["verify", "--json"],
        &options,
        &args![fixture(message)],
    ]);
    let report = smime(line).run().expect(code).json();
    let signature = &report["layers"][0]["signatures"][0];
    let text = |value: &serde_json::Value| value.as_str().map(str::to_owned);
    let findings = signature["findings"].as_array().unwrap();
    let reason = findings.iter().find_map(|finding| text(&finding["reason"]));
    (text(&signature["revocation"]).unwrap(), reason)
}

#[test]
fn ocsp_responses_of_openssl() {
    let later = "2027-01-01";
    for (file, status, reason) in [
        ("good.der", "good", None),
        ("good.pem", "good", None),
        ("good-by-key.der", "good", None),
        ("good-delegated.der", "good", None),
        ("alice-first.der", "good", None),
        ("alice-last.der", "good", None),
        ("revoked.der", "revoked", Some("revoked")),
        ("unknown.der", "unknown", Some("ocsp-unknown")),
        ("expired.der", "unknown", Some("ocsp-expired")),
        ("no-next-update.der", "unknown", Some("ocsp-expired")),
        ("other-serial.der", "unknown", Some("revocation-unknown")),
        ("no-eku.der", "unknown", Some("ocsp-responder")),
        ("elsewhere.der", "unknown", Some("ocsp-responder")),
    ] {
        let file = format!("ocsp/{file}");
        let hard = if status == "good" { 0 } else { 1 };
        let soft = if status == "revoked" { 1 } else { 0 };
        for (how, code) in [("hard", hard), ("soft", soft)] {
            let found = verified("messages/clear.eml", with(&file, later, how), code);
            assert_eq!(found, (status.into(), reason.map(str::to_owned)), "{file}");
        }
        let found = verified("messages/clear.eml", with(&file, later, "off"), 0);
        assert_eq!(found, ("unchecked".into(), None), "{file}");
    }
    // within its day, and before it was made
    for (at, status) in [("2026-11-26", "good"), ("2026-11-24", "unknown")] {
        let options = with("ocsp/no-next-update.der", at, "soft");
        assert_eq!(verified("messages/clear.eml", options, 0).0, status, "{at}");
    }
}

#[test]
fn an_ocsp_response_inside_the_message_counts() {
    let root = || with("ocsp/root-crl.pem", "2027-01-01", "hard");
    assert_eq!(verified("ocsp/opaque-good.eml", root(), 0).0, "good");
    assert_eq!(verified("ocsp/opaque-revoked.eml", root(), 1).0, "revoked");
    assert_eq!(verified("messages/opaque.eml", root(), 1).0, "unknown");
}

#[test]
fn whoever_is_revoked_is_refused_by_every_verb() {
    let options = || with("crls", "2027-01-01", "soft");
    let chain = || args!["-c", fixture("certs/intermediate.pem")];
    let dir = Dir::new();
    let out = dir.file("out");
    for (verb, rest) in [
        ("verify", args![fixture("messages/clear-revoked.eml")]),
        ("open", args![fixture("messages/clear-revoked.eml")]),
        (
            "encrypt",
            args![
                "-r",
                fixture("certs/revoked.pem"),
                fixture("messages/plain.eml")
            ],
        ),
    ] {
        let line = join(&[
            &args![verb, "--json", "-o", &out],
            &options(),
            &chain(),
            &rest,
        ]);
        let run = smime(line).run().expect(1);
        assert_eq!(denied_rules(&run.json()), ["revoked"], "{verb}");
        assert!(dir.entries().is_empty(), "{verb} wrote");
    }
    let line = join(&[
        &args!["cert", "check", "--json"],
        &options(),
        &chain(),
        &args![fixture("certs/revoked.pem")],
    ]);
    let report = smime(line).run().expect(1).json();
    let checked = &report["certificates"][0];
    assert_eq!(checked["revocation"], "revoked");
    let finding = &checked["findings"][0];
    assert_eq!(finding["reason"], "revoked");
    let found = finding["found"].as_str().unwrap();
    assert!(
        found.starts_with("it was revoked on 2024-01-01T00:00:00Z (keyCompromise), says the CRL of CN=Fixtures Intermediate CA,O=Smime Fixtures (number 1, from "),
        "{found}"
    );
    // and who is not, is not
    let line = join(&[
        &args!["cert", "check", "--json"],
        &with("crls", "2027-01-01", "hard"),
        &chain(),
        &args![fixture("certs/alice.pem")],
    ]);
    let report = smime(line).run().expect(0).json();
    assert_eq!(report["certificates"][0]["revocation"], "good");
}

#[test]
fn archive_forgives_no_stale_list() {
    let options = join(&[
        &args!["--policy", "archive"],
        &with("crls", "2120-01-02", "hard"),
    ]);
    let line = join(&[
        &args!["verify", "--json"],
        &options,
        &args![fixture("messages/clear.eml")],
    ]);
    let report = smime(line).run().expect(1).json();
    assert_eq!(denied_rules(&report), ["revocation-unknown"; 2]);
    let signature = &report["layers"][0]["signatures"][0];
    assert_eq!(signature["revocation"], "unknown");
    let findings = signature["findings"].as_array().unwrap();
    let stale = |finding: &&serde_json::Value| finding["reason"] == "crl-expired";
    assert_eq!(findings.iter().filter(stale).count(), 2);
}

#[test]
fn what_cannot_be_read_is_named() {
    let dir = Dir::new();
    std::fs::create_dir(dir.file("lists")).unwrap();
    dir.write("lists/good.der", fixture_bytes("ocsp/good.der"));
    let run = |path: &std::path::Path| {
        let line = join(&[
            &args!["verify"],
            &trusting(),
            &args!["--at", "2027-01-01", "--crls", path, "-o", dir.file("out")],
            &args![fixture("messages/clear.eml")],
        ]);
        smime(line).run()
    };
    run(&dir.file("lists")).expect(0);
    std::fs::remove_file(dir.file("out")).unwrap();
    let broken = dir.write("lists/later.der", fixture_bytes("ocsp/try-later.der"));
    for path in [&broken, &dir.file("lists")] {
        let error = run(path).expect(4).stderr;
        assert!(
            error.contains("later.der") && error.contains("tryLater"),
            "{error}"
        );
    }
    std::fs::write(&broken, fixture_bytes("certs/alice.der")).unwrap();
    let error = run(&broken).expect(4).stderr;
    assert!(
        error.contains("holds no revocation list or OCSP response"),
        "{error}"
    );
    run(&dir.file("nowhere")).expect(4);
    assert!(!dir.file("out").exists());
}
