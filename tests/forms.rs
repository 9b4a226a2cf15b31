//! S/MIME as real clients, servers and mailing lists write it: every file of `fixtures/forms` with its verdict, and twins of each that passes.
//!
//! `fixtures/forms/make.py` makes the files and says what each form is; `cases` says what comes of it.
use crate::support::*;
use std::{ffi::OsString, fs, path::Path};

/// A line of `cases`.
struct Case {
    file: String,
    verb: String,
    exit: i32,
    word: String,
    options: Vec<OsString>,
}

fn cases() -> Vec<Case> {
    let text = fs::read_to_string(fixture("forms/cases")).unwrap();
    let case = |line: &str| {
        let mut words = line.split(' ').map(str::to_owned);
        let mut next = || words.next().unwrap();
        let (file, verb, exit, word) = (next(), next(), next().parse().unwrap(), next());
        let options = words.map(|word| match word.starts_with("certs/") {
            true => fixture(&word).into(),
            false => word.into(),
        });
        let options = options.collect();
        Case {
            file,
            verb,
            exit,
            word,
            options,
        }
    };
    text.lines().map(case).collect()
}

/// Runs a case on this message; returns what the program did, and what it wrote.
fn run(case: &Case, message: &[u8]) -> (Run, Option<Vec<u8>>) {
    let dir = Dir::new();
    let (message, out) = (dir.write("m.eml", message), dir.file("out"));
    let keys = args!["-i", fixture("identities/bob.pem")];
    let own = match case.verb.as_str() {
        "verify" => trusting(),
        "decrypt" => keys,
        "open" => join(&[&trusting(), &keys]),
        _ => Vec::new(),
    };
    let line = join(&[
        &args![case.verb.clone(), "--json", "-o", out.clone(), message],
        &own,
        &case.options,
    ]);
    let run = smime(line).run();
    (run, fs::read(out).ok())
}

fn replaced(message: &[u8], from: &[u8], to: &[u8]) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    let mut rest = message;
    while let Some(at) = rest.windows(from.len()).position(|w| w == from) {
        out.extend_from_slice(&rest[..at]);
        out.extend_from_slice(to);
        rest = &rest[at + from.len()..];
    }
    out.extend_from_slice(rest);
    (out != message).then_some(out)
}

/// Messages that are almost like one that passes, and must not.
fn twins(case: &Case, message: &[u8], signed: bool) -> Vec<(&'static str, Vec<u8>)> {
    // in the middle of the first CMS object, where that is to be seen
    let object = message.windows(3).position(|w| w == b"\nMI");
    let end = object.map_or(message.len() * 6 / 10, |at| at + 200);
    let mut twins = vec![("cut", message[..end].to_vec())];
    if !signed {
        return twins;
    }
    twins.extend(replaced(message, b"lunch", b"dinner").map(|it| ("changed", it)));
    let is_from = |line: &&[u8]| line.starts_with(b"From: ");
    let from = message
        .split(|o| *o == b'\n')
        .filter(is_from)
        .collect::<Vec<_>>();
    let signs = |from: &&&[u8]| from.windows(6).any(|w| w == b"alice@");
    let named = case.options.iter().any(|it| it == "--signer");
    let forged = from
        .iter()
        .filter(signs)
        .fold(None, |forged: Option<Vec<u8>>, line| {
            let other = replaced(line, b"alice@", b"mallory@").unwrap();
            replaced(forged.as_deref().unwrap_or(message), line, &other).or(forged)
        });
    twins.extend(forged.filter(|_| !named).map(|it| ("from another", it)));
    twins
}

#[test]
fn every_form_is_read_as_it_is_meant_and_its_twins_are_not() {
    let cases = cases();
    assert!(cases.len() >= 90, "{}", cases.len());
    let wrong = parallel(&cases, |case| {
        let name = format!("{} {} {:?}", case.file, case.verb, case.options);
        let message = fixture_bytes(&format!("forms/{}", case.file));
        let (run, out) = run(case, &message);
        let report = run.text();
        let mut wrong = Vec::new();
        let named = case.word == "-" || report.contains(&format!("\"{}\"", case.word));
        if run.code != case.exit || !named {
            wrong.push(format!("{name}: exit {}: {report}{}", run.code, run.stderr));
        }
        if case.verb == "inspect" {
            return wrong;
        }
        if out.is_some() != (run.code == 0) {
            wrong.push(format!("{name}: exit {}, written: {out:?}", run.code));
        }
        if case.exit != 0 {
            return wrong;
        }
        for (what, twin) in twins(case, &message, report.contains("\"signed\"")) {
            let (run, out) = self::run(case, &twin);
            if !matches!(run.code, 1 | 3) || out.is_some() {
                wrong.push(format!("{name}, {what}: exit {}: {}", run.code, run.text()));
            }
        }
        wrong
    });
    let wrong = wrong.concat();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_form_is_inspected_and_summed_up_in_six_lines() {
    let files = fs::read_dir(fixture("forms")).unwrap();
    let files: Vec<_> = files
        .map(|it| it.unwrap().path())
        .filter(|it| it.extension().is_some_and(|it| it == "eml"))
        .collect();
    assert!(files.len() >= 70);
    let wrong = parallel(&files, |file: &std::path::PathBuf| summed_up(file));
    assert!(wrong.concat().is_empty(), "{}", wrong.concat().join("\n"));
}

fn summed_up(file: &Path) -> Vec<String> {
    let mut wrong = Vec::new();
    for verb in ["verify", "open"] {
        let line = join(&[&args![verb, "-o", "/dev/null", file], &trusting()]);
        let run = smime(line).run();
        if run.text().lines().count() > 6 {
            wrong.push(format!("{verb}: {}", run.text()));
        }
    }
    let run = smime(args!["inspect", file]).run();
    let number = |line: &str| line.contains(" 1  ");
    if run.code == 0 && !run.text().lines().any(number) {
        wrong.push(format!("{}: {}", file.display(), run.text()));
    }
    wrong
}
