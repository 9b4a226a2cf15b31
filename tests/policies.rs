//! Certificate policies as users ask for them (RFC 5280 §6.1.1 (c), (e) to (g)): every verb that builds paths takes the same options to the same
//! effect.
use crate::support::*;
use std::{ffi::OsString, path::PathBuf};

const ONE: &str = "2.16.840.1.101.3.2.1.48.1";
const TWO: &str = "2.16.840.1.101.3.2.1.48.2";

fn certificate(name: &str) -> PathBuf {
    fixture(&format!("policies/{name}.pem"))
}

/// Runs each verb on Alice's certificate `alice`, issued by `ca`, and returns its exit status: cert check, encrypt, verify, open.
fn statuses(alice: &str, ca: &str, options: &[OsString]) -> [i32; 4] {
    let dir = Dir::new();
    let (alice, signed) = (certificate(alice), dir.file("signed.eml"));
    let sign = args![
        "sign",
        "-i",
        fixture("keys/alice.pem"),
        "-i",
        &alice,
        "-o",
        &signed
    ];
    let plain = fixture("messages/plain.eml");
    smime(join(&[&sign, &args![&plain]])).run().expect(0);
    let paths = join(&[
        &args![
            "-t",
            certificate("root"),
            "-c",
            certificate(ca),
            "--revocation",
            "off"
        ],
        options,
    ]);
    let run = |verb: &[OsString], last: &[OsString]| {
        let out = args!["-o", dir.file("out")];
        smime(join(&[verb, &paths, &out, last])).run().code
    };
    [
        smime(join(&[&args!["cert", "check"], &paths, &args![&alice]]))
            .run()
            .code,
        run(&args!["encrypt", "-r", &alice], &args![&plain]),
        run(&args!["verify"], &args![&signed]),
        run(&args!["open"], &args![&signed]),
    ]
}

#[test]
fn every_verb_takes_the_inputs_alike() {
    let explicit = args!["--require-explicit-policy"];
    let asked = |policy: &str| args!["--require-explicit-policy", "--policy-oid", policy];
    for (alice, ca, options, wanted) in [
        ("alice", "ca", args![], 0),
        ("alice", "ca", explicit.clone(), 0),
        ("alice", "ca", asked(ONE), 0),
        // two is the name of one further down only
        ("alice", "ca", asked(TWO), 1),
        (
            "alice",
            "ca",
            join(&[&asked(TWO), &args!["--policy-oid", ONE]]),
            0,
        ),
        ("alice", "ca", args!["--policy-oid", TWO], 0),
        (
            "alice",
            "ca",
            join(&[&explicit, &args!["--inhibit-policy-mapping"]]),
            1,
        ),
        ("alice", "ca", args!["--inhibit-policy-mapping"], 0),
        (
            "alice",
            "ca",
            join(&[&explicit, &args!["--inhibit-any-policy"]]),
            0,
        ),
        ("alice-without", "ca", args![], 0),
        ("alice-without", "ca", explicit.clone(), 1),
        // the CA requires what it did not map
        ("alice", "requiring", args![], 1),
        ("alice-without", "requiring", args![], 1),
    ] {
        let found = statuses(alice, ca, &options);
        assert_eq!(found, [wanted; 4], "{alice} {ca} {options:?}");
    }
}

#[test]
fn the_report_names_the_policies_and_who_ended_them() {
    let check = |ca: &str, options: &[OsString]| {
        let paths = args![
            "-t",
            certificate("root"),
            "-c",
            certificate(ca),
            "--revocation",
            "off"
        ];
        smime(join(&[
            &args!["cert", "check", "--json"],
            &paths,
            options,
            &args![certificate("alice")],
        ]))
        .run()
        .json()["certificates"][0]
            .clone()
    };
    let found = check("ca", &args!["--policy-oid", TWO]);
    assert_eq!(found["verdict"], "pass");
    assert_eq!(found["policies"]["authority"], serde_json::json!([ONE]));
    assert_eq!(found["policies"]["user"], serde_json::json!([]));

    let found = check("requiring", &args![]);
    let finding = &found["findings"][0];
    assert_eq!(finding["rule"], "untrusted");
    assert_eq!(finding["reason"], "no-policy");
    let message = finding["message"].as_str().unwrap();
    for part in [
        "CN=Alice",
        &format!("its certificatePolicies are {TWO}, where the path above permits {ONE}"),
        "the path must be valid for a certificate policy, as CN=Policy CA requires",
    ] {
        assert!(message.contains(part), "{message}");
    }
    assert_eq!(found["policies"]["authority"], serde_json::json!([]));
}

#[test]
fn an_identifier_that_is_none_is_a_usage_error() {
    let check = args![
        "cert",
        "check",
        "-t",
        certificate("root"),
        certificate("alice")
    ];
    for bad in ["one", "2.16.840.1.101.3.2.1.48.", "", "9.9"] {
        let run = smime(join(&[&check, &args!["--policy-oid", bad]])).run();
        let text = run.expect(2).stderr;
        assert!(text.contains("is no object identifier"), "{text}");
    }
}
