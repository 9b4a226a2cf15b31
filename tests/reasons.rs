//! Every reason to refuse, as a new user meets it: what the program says, word for word, and whether its advice alone leads to the fix.
//!
//! `fixtures/reasons/NAME/` is what a user has; its file `case` says what is typed (`make.sh` explains it), `expected.txt` and `expected.json`
//! are what must come. `SMIME_BLESS=1` writes them anew.
use crate::support::*;
use smime::policy::{Reason, Rule};
use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

/// Reasons without a case here, and why.
const ELSEWHERE: &[(Reason, &str)] = &[
    (
        Reason::MissingExtension,
        "only basicConstraints is refused for its absence, which has a reason of its own",
    ),
    (Reason::CrlNoNextUpdate, "OpenSSL writes no CRL without it"),
    (
        Reason::RevocationLoop,
        "needs two CAs that vouch for each other's lists; src/x509/revocation/ has it",
    ),
    (
        Reason::OcspCriticalExtension,
        "OpenSSL writes no response with one that is unknown",
    ),
    (
        Reason::SmallExponent,
        "it only warns; tests/regressions.rs has it",
    ),
    (
        Reason::NotForTimeStamping,
        "it is said of a time-stamping authority, in the token, which only warns of the message",
    ),
];
/// What lists and responses may lack has one way out, another list or response: the cases are in `x509::revocation::tests` and
/// One directory.
struct Case {
    name: String,
    /// what is typed after `smime`
    run: String,
    /// the reason, rule or error that must be named
    says: String,
    exit: i32,
    /// words of the advice and what a user puts for them, one a step
    filled: Vec<(String, String)>,
    /// why no advice can help
    hopeless: Option<String>,
}

impl Case {
    fn read(directory: &Path) -> Self {
        let text = fs::read_to_string(directory.join("case")).unwrap();
        let mut case = Self {
            name: directory.file_name().unwrap().to_str().unwrap().to_owned(),
            run: String::new(),
            says: String::new(),
            exit: 1,
            filled: Vec::new(),
            hopeless: None,
        };
        for line in text.lines() {
            let (word, rest) = line.split_once(' ').unwrap();
            match word {
                "run" => case.run = rest.to_owned(),
                "says" => case.says = rest.to_owned(),
                "exit" => case.exit = rest.parse().unwrap(),
                "FILE" | "PATH" | "ADDRESS" => case.filled.push((word.to_owned(), rest.to_owned())),
                "fix" => case.hopeless = Some(rest.strip_prefix("none ").unwrap().to_owned()),
                _ => panic!("{}: {line}", case.name),
            }
        }
        case
    }
}

fn cases() -> Vec<Case> {
    let mut found: Vec<PathBuf> = fs::read_dir(fixture("reasons"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.join("case").is_file())
        .collect();
    found.sort();
    found.iter().map(|path| Case::read(path)).collect()
}

/// A copy of the fixtures, private keys private.
fn copy() -> Dir {
    let dir = Dir::new();
    let script = format!(
        "cp -R '{}/.' . && find . -type f -exec chmod 600 {{}} +",
        fixture("reasons").display()
    );
    Call::new("sh", args!["-c", script])
        .dir(dir.path())
        .run()
        .expect(0);
    dir
}

/// Types a line in the directory of a case.
fn type_in(dir: &Dir, case: &Case, line: &str) -> Run {
    let program = Path::new(SMIME).parent().unwrap();
    let path = std::env::var("PATH").unwrap();
    Call::new("sh", args!["-c", line])
        .env("XDG_CONFIG_HOME", "/home/alice/.config")
        .env("PATH", format!("{}:{path}", program.display()))
        .dir(&dir.path().join(&case.name))
        .run()
}

/// Returns the command that the first hint with one gives.
fn advised(stderr: &str) -> Option<String> {
    let hints = stderr
        .lines()
        .filter_map(|l| l.strip_prefix("smime: hint: "));
    hints
        .filter_map(|hint| hint.rfind(": smime ").map(|at| hint[at + 2..].to_owned()))
        .next()
}

/// Compares with a file of the case, or writes it.
fn compare(case: &Case, file: &str, found: &str, wrong: &mut Vec<String>) {
    let path = fixture("reasons").join(&case.name).join(file);
    if std::env::var_os("SMIME_BLESS").is_some() {
        fs::write(&path, found).unwrap();
        return;
    }
    let expected = fs::read_to_string(&path).unwrap_or_default();
    if expected != found {
        wrong.push(format!(
            "{}: {file} is\n{found}\ninstead of\n{expected}",
            case.name
        ));
    }
}

#[test]
fn every_refusal_says_what_it_should_and_its_advice_leads_on() {
    let dir = copy();
    let cases = cases();
    let wrong = parallel(&cases, |case| {
        let mut wrong = Vec::new();
        let line = format!("smime {}", case.run);
        let run = type_in(&dir, case, &line);
        let shown = format!("$ {line}\n{}{}exit {}\n", run.text(), run.stderr, run.code);
        compare(case, "expected.txt", &shown, &mut wrong);
        if run.code != case.exit {
            wrong.push(format!("{}: exit {}\n{shown}", case.name, run.code));
        }
        if case.exit != 0 {
            wrong.extend(leads_on(&dir, case, &run));
        }

        let json = type_in(&dir, case, &format!("{line} --json"));
        // the report is on standard error where standard output may take a message
        let document = format!("{}{}", json.text(), json.stderr);
        compare(case, "expected.json", &document, &mut wrong);
        let says = [
            format!("\"reason\": \"{}\"", case.says),
            format!("\"rule\": \"{}\"", case.says),
            format!("\"code\": \"{}\"", case.says),
        ];
        let is_said = says.iter().any(|says| document.contains(says));
        let allowed = case.exit == 0 && document.contains(&case.says);
        if !is_said && !allowed {
            wrong.push(format!("{}: no {} in {document}", case.name, case.says));
        }
        if json.code != run.code {
            wrong.push(format!("{}: with --json exit {}", case.name, json.code));
        }
        wrong
    });
    let wrong = wrong.concat();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Does what the hints say until it works; returns what is wrong.
fn leads_on(dir: &Dir, case: &Case, run: &Run) -> Option<String> {
    let mut filled = case.filled.iter();
    let mut stderr = run.stderr.clone();
    let mut done = String::new();
    if let Some(why) = &case.hopeless {
        let advice = advised(&stderr);
        return advice.map(|a| format!("{}: no advice could help ({why}), but: {a}", case.name));
    }
    // as patient as users are
    for _ in 0..3 {
        let Some(advice) = advised(&stderr) else {
            return Some(format!("{}: no advice after{done}\n{stderr}", case.name));
        };
        let words: Vec<String> = advice
            .split(' ')
            .map(|word| match word {
                "FILE" | "PATH" | "ADDRESS" => {
                    let value = filled.next().filter(|(kind, _)| kind == word);
                    value.map_or_else(|| word.to_owned(), |(_, value)| value.clone())
                }
                _ => word.to_owned(),
            })
            .collect();
        let line = words.join(" ");
        let run = type_in(dir, case, &line);
        if run.code == 0 {
            let unused = filled.next();
            return unused.map(|(kind, value)| format!("{}: no use of {kind} {value}", case.name));
        }
        done.push_str(&format!("\n{line}"));
        stderr = run.stderr;
    }
    Some(format!("{}: no success after{done}\n{stderr}", case.name))
}

#[test]
fn no_reason_is_without_a_case() {
    let cases = cases();
    assert!(cases.len() >= 45, "{}", cases.len());
    let said: BTreeSet<&str> = cases.iter().map(|case| case.says.as_str()).collect();
    for reason in Reason::ALL {
        let here = said.contains(reason.name());
        let elsewhere = ELSEWHERE.iter().find(|(other, _)| other == reason);
        match elsewhere {
            None => assert!(here, "no case of {}", reason.name()),
            Some(_) => assert!(!here, "{} has a case after all", reason.name()),
        }
    }
    for rule in [
        Rule::SignerCertificate,
        Rule::WeakKey,
        Rule::WeakDigest,
        Rule::WeakCipher,
        Rule::SenderMismatch,
        Rule::SenderAbsent,
        Rule::NoFrom,
        Rule::NoSignedAttributes,
        Rule::DigestMismatch,
        Rule::UnauthenticatedCiphertext,
    ] {
        assert!(said.contains(rule.name()), "no case of {}", rule.name());
    }
}
