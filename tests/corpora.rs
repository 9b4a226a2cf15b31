//! The corpora beside a checkout (`../shared/corpora`), where they are: others' messages with the verdict that each deserves.
//!
//! Every case must be right; `python3 ../shared/corpora/run.py --smime target/release/smime` says more of one that is not.
//! `SMIME_ALL_CORPORA=1` runs every set, as CI does with the release build; without it, only those that a debug build runs in seconds.
use crate::support::*;
use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

/// Sets that a debug build runs in seconds.
const QUICK: &[&str] = &[
    "rfc4134",
    "mimekit",
    "nss",
    "bc-cms",
    "asn1crypto",
    "johnny",
    "gnupg-cms",
    "protected-headers",
    "rfc9788-9216",
];

fn corpora() -> Option<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    ["../shared/corpora", "../../shared/corpora"]
        .map(|dir| root.join(dir))
        .into_iter()
        .find(|dir| dir.join("run.py").exists())
}

#[test]
fn every_case_is_right() {
    let Some(corpora) = corpora() else {
        return say("left out: the corpora: there is no ../shared/corpora beside this checkout");
    };
    if Peer::X25519.version().is_none() {
        return left_out("the corpora", "python3 is not here");
    }
    let dir = Dir::new();
    let results = dir.file("results.json");
    let mut line = args![corpora.join("run.py"), "--smime", SMIME, "--json", &results];
    if std::env::var_os("SMIME_ALL_CORPORA").is_none() {
        for set in QUICK {
            line.extend(args!["--set", set]);
        }
    }
    let run = Call::new("python3", line).run();
    assert!(matches!(run.code, 0 | 1), "{run:?}");
    let results: serde_json::Value = serde_json::from_slice(&dir.read("results.json")).unwrap();
    let mut wrong = Vec::new();
    let mut counts: BTreeMap<(String, String), usize> = BTreeMap::new();
    for case in results.as_array().unwrap() {
        let text = |key: &str| case[key].as_str().unwrap_or_default().to_owned();
        let (set, class) = (text("set"), text("class"));
        if class != "right" {
            wrong.push(format!("{class}: {case}"));
        }
        *counts.entry((set, class)).or_default() += 1;
    }
    let mut table = String::from("\nThe corpora");
    for ((set, class), count) in counts {
        table += &format!("\n{set:20} {class:14} {count:4}");
    }
    say(&table);
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// What OpenSSL's fuzzers kept: each input is done with within a second and 64 MiB.
#[test]
fn inputs_of_fuzzers_are_cheap() {
    let Some(corpora) = corpora() else {
        return say("left out: the corpora: there is no ../shared/corpora beside this checkout");
    };
    if Peer::X25519.version().is_none() {
        return left_out("the corpora", "python3 is not here");
    }
    let script = "import sys; sys.path.insert(0, sys.argv[1]); del sys.argv[1]; import run; \
                  run.LIMIT_S, run.LIMIT_RSS_KIB = 1, 64 << 10; sys.exit(run.main())";
    let line = args![
        "-c",
        script,
        corpora,
        "--smime",
        SMIME,
        "--set",
        "fuzz-corpora"
    ];
    Call::new("python3", line).run().expect(0);
}
