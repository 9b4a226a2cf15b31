//! `fixtures/negative`: a thousand messages, files of keys and certificates with one fault each, and what must be said of them.
//!
//! Every case is run twice, into a file and into a pipe. Where it is refused, nothing comes out: no file, no octet. Exit status and error code, or the
//! rules denied (these and no others), are those of `cases.jsonl`; what is said holds no control character.
use crate::support::*;
use serde_json::Value;
use std::{
    collections::{BTreeMap, BTreeSet},
    ffi::OsString,
    net::TcpListener,
    time::{Duration, Instant},
};

/// One line of `cases.jsonl`.
#[derive(Debug)]
struct Case(Value);

impl Case {
    fn text(&self, key: &str) -> Option<&str> {
        self.0[key].as_str()
    }

    fn texts(&self, key: &str) -> Option<Vec<&str>> {
        let list = self.0[key].as_array()?;
        Some(list.iter().map(|it| it.as_str().unwrap()).collect())
    }

    fn id(&self) -> &str {
        self.text("id").unwrap()
    }

    fn exit(&self) -> i32 {
        i32::try_from(self.0["exit"].as_i64().unwrap()).unwrap()
    }

    fn rows(&self) -> Vec<&str> {
        self.texts("rows").unwrap()
    }

    /// The message: a file, or made by a recipe of pieces and how often each stands there.
    fn input(&self) -> Vec<u8> {
        let name = self.text("input").unwrap();
        let bytes = fixture_bytes(&format!("negative/{name}"));
        if !name.ends_with(".recipe") {
            return bytes;
        }
        let pieces: Vec<Value> = serde_json::from_slice(&bytes).unwrap();
        let mut message = Vec::new();
        for piece in pieces {
            // each character stands for the octet of its number
            let octets = piece["octets"].as_str().unwrap().chars();
            let octets: Vec<u8> = octets
                .map(|c| u8::try_from(u32::from(c)).unwrap())
                .collect();
            let times = usize::try_from(piece["times"].as_u64().unwrap()).unwrap();
            message.extend(octets.repeat(times));
        }
        message
    }

    fn line(&self) -> Vec<OsString> {
        let verb = self.text("verb").unwrap().split(' ');
        let arguments = self.texts("args").unwrap();
        verb.chain(arguments).map(Into::into).collect()
    }
}

fn cases() -> Vec<Case> {
    let lines = String::from_utf8(fixture_bytes("negative/cases.jsonl")).unwrap();
    lines
        .lines()
        .map(|line| Case(serde_json::from_str(line).unwrap()))
        .collect()
}

/// The rules of a report's findings at this level; what is said of countersignatures and time-stamps is not said of the message.
fn rules(report: &Value, level: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut open = vec![report];
    while let Some(value) = open.pop() {
        match value {
            Value::Object(fields) => {
                if value["level"] == *level
                    && let Some(rule) = value["rule"].as_str()
                {
                    found.insert(rule.to_owned());
                }
                let below = fields
                    .iter()
                    .filter(|(key, _)| !["countersignatures", "time_stamps"].contains(&&***key));
                open.extend(below.map(|(_, value)| value));
            }
            Value::Array(list) => open.extend(list),
            _ => {}
        }
    }
    found
}

/// What is wrong with what was told to people.
fn unescaped(text: &str) -> Option<char> {
    let bidi = |c: char| matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}');
    text.chars().find(|c| {
        let tag = ('\u{e0000}'..='\u{e007f}').contains(c);
        (c.is_control() && *c != '\n') || bidi(*c) || tag
    })
}

/// How an answer reads: exit status, standard output and error.
type Answer = (i32, Vec<u8>, String);

/// Runs a case; returns its answer, or what is wrong with it.
fn judge(case: &Case) -> Result<Answer, String> {
    let mut wrong = Vec::new();
    let mut check = |holds: bool, what: String| {
        if !holds {
            wrong.push(what);
        }
    };
    let input = case.input();
    let dir = Dir::new();
    let (message, out, report) = (
        dir.write("message", &input),
        dir.file("out"),
        dir.file("report"),
    );
    let into_file = args!["--report", &report, "-o", &out, &message];
    let started = Instant::now();
    let run = smime(join(&[&case.line(), &into_file]))
        .dir(&fixture("negative"))
        .run();
    let took = started.elapsed();
    let refused = case.exit() != 0;
    check(run.code == case.exit(), format!("exit {}", run.code));
    check(out.exists() != refused, "the output".to_owned());
    check(
        dir.entries().len() == if refused { 2 } else { 3 },
        format!("{:?}", dir.entries()),
    );
    let said = run.text() + &run.stderr;
    check(!said.contains("panicked"), said.clone());
    check(
        unescaped(&said).is_none(),
        format!("{:?}", unescaped(&said)),
    );
    // as it is shipped; a build without optimization has its own pace
    let limit = if cfg!(debug_assertions) { 20 } else { 1 };
    check(took < Duration::from_secs(limit), format!("{took:?}"));

    let json: Value = serde_json::from_slice(&dir.read("report")).unwrap_or_default();
    let code = json["error"]["code"].as_str();
    check(code == case.text("error"), format!("error {code:?}"));
    let denied = rules(&json, "deny");
    if let Some(wanted) = case.texts("denied") {
        check(
            denied.iter().map(String::as_str).eq(wanted),
            format!("denied {denied:?}"),
        );
    }
    let warned = rules(&json, "warn");
    for wanted in case.texts("warned").unwrap_or_default() {
        check(warned.contains(wanted), format!("warned {warned:?}"));
    }
    if let Some(text) = case.text("says") {
        check(json.to_string().contains(text), json.to_string());
    }

    if let Some(text) = case.text("lacks") {
        let out = String::from_utf8_lossy(&dir.read("out")).into_owned();
        check(!out.contains(text) && !out.is_empty(), out);
    }

    // once more, into a pipe; usage is judged before the message is read
    let run = smime(join(&[&case.line(), &args!["-o", "-", "-"]]))
        .dir(&fixture("negative"))
        .input(input)
        .run();
    let wanted = case.0["piped"].as_i64().unwrap_or(case.exit().into());
    check(
        i64::from(run.code) == wanted,
        format!("exit {} to a pipe", run.code),
    );
    if refused {
        check(
            run.stdout.is_empty(),
            format!("{} octets to a pipe", run.stdout.len()),
        );
    }
    check(unescaped(&run.stderr).is_none(), "to a pipe".to_owned());
    if wrong.is_empty() {
        Ok((run.code, run.stdout, run.stderr))
    } else {
        let fault = case.text("fault").unwrap();
        Err(format!("{} ({fault}): {}", case.id(), wrong.join("; ")))
    }
}

#[test]
fn each_fault_is_refused_as_it_should_be() {
    let cases = cases();
    let refused = cases.iter().filter(|case| case.exit() != 0).count();
    assert!(refused >= 300, "{refused}");
    let results = parallel(&cases, judge);
    let mut alike: BTreeMap<&str, BTreeMap<&Answer, Vec<&str>>> = BTreeMap::new();
    for (case, result) in cases.iter().zip(&results) {
        if let (Some(group), Ok(answer)) = (case.text("alike"), result) {
            let answers = alike.entry(group).or_default();
            answers.entry(answer).or_default().push(case.id());
        }
    }
    let mut wrong: Vec<String> = results.iter().filter_map(|it| it.clone().err()).collect();
    for (group, answers) in alike {
        if answers.len() > 1 {
            wrong.push(format!(
                "{group} has {} answers: {answers:?}",
                answers.len()
            ));
        }
    }
    say(&format!(
        "{} negative messages and their twins, {refused} refused, {} wrong",
        cases.len(),
        wrong.len()
    ));
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn each_case_is_made_of_one_that_passes() {
    let cases = cases();
    let by_id: BTreeMap<&str, &Case> = cases.iter().map(|case| (case.id(), case)).collect();
    assert_eq!(by_id.len(), cases.len());
    for case in &cases {
        match case.text("of") {
            Some(twin) => assert_eq!(by_id[twin].exit(), 0, "{}", case.id()),
            None => assert!(case.id().starts_with("twin-"), "{}", case.id()),
        }
    }
}

/// The table in README.md says how many cases each row has, or where else it is tested.
#[test]
fn each_row_has_its_cases() {
    let cases = cases();
    let readme = String::from_utf8(fixture_bytes("negative/README.md")).unwrap();
    let rows = (1..=17)
        .map(|n| format!("A{n}"))
        .chain((1..=29).map(|n| format!("B{n}")))
        .chain((1..=10).map(|n| format!("D{n}")))
        .chain((1..=9).map(|n| format!("E{n}")));
    let mut tests = String::new();
    for entry in std::fs::read_dir(fixture("../tests")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|it| it == "rs") {
            tests += &std::fs::read_to_string(path).unwrap();
        }
    }
    for row in rows {
        let count = cases
            .iter()
            .filter(|case| case.rows().contains(&row.as_str()))
            .count();
        let line = readme
            .lines()
            .find(|line| line.starts_with(&format!("| {row} |")));
        let line = line.unwrap_or_else(|| panic!("{row} is not in the table"));
        let columns: Vec<&str> = line.split('|').map(str::trim).collect();
        assert_eq!(columns[3], count.to_string(), "{row}");
        let elsewhere: Vec<&str> = columns[4].split('`').skip(1).step_by(2).collect();
        assert!(
            count > 0 || !elsewhere.is_empty(),
            "{row} is tested nowhere"
        );
        for named in elsewhere {
            let function = named.rsplit("::").next().unwrap();
            assert!(tests.contains(&format!("fn {function}(")), "{row}: {named}");
        }
    }
}

/// The certificates and messages of row A3 name this address.
#[test]
fn nobody_is_asked() {
    let Ok(listener) = TcpListener::bind("127.0.0.1:47813") else {
        left_out("that no URL is fetched", "port 47813 is taken");
        return;
    };
    listener.set_nonblocking(true).unwrap();
    let cases = cases();
    let asking: Vec<&Case> = cases
        .iter()
        .filter(|case| case.rows().contains(&"A3"))
        .collect();
    assert!(asking.len() > 4);
    for case in asking {
        judge(case).unwrap();
    }
    let error = listener.accept().unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::WouldBlock);
}

/// No sixteen octets of what was encrypted stand in the message, its object, or beside it.
#[test]
fn no_plaintext_is_beside_the_ciphertext() {
    let secret = noise(5, 4096);
    let text: String = secret.iter().map(|octet| format!("{octet:02x}")).collect();
    let body: Vec<&str> = text
        .as_bytes()
        .chunks(64)
        .map(|line| std::str::from_utf8(line).unwrap())
        .collect();
    let body = body.join("\r\n");
    let windows: BTreeSet<&[u8]> = body.as_bytes().windows(16).collect();
    let dir = Dir::new();
    let message = dir.write(
        "message",
        format!("From: alice@example.com\r\n\r\n{body}\r\n"),
    );
    let recipient = fixture("negative/people/to-bob.pem");
    for cipher in ["aes-256-cbc", "aes-256-gcm", "chacha20-poly1305"] {
        for format in ["smime", "der"] {
            let root = fixture("negative/people/root.pem");
            let to = args!["encrypt", "-r", &recipient, "-t", root, "--cipher", cipher];
            let run = smime(join(&[&to, &args!["--format", format, &message]]))
                .env("TMPDIR", dir.path())
                .run()
                .expect(0);
            let found = run.stdout.windows(16).any(|it| windows.contains(it));
            assert!(
                !found && run.stdout.len() > secret.len(),
                "{cipher} {format}"
            );
            assert_eq!(dir.entries(), ["message"]);
        }
    }
}

/// The generator makes what is committed.
#[test]
fn the_generator_makes_these_files() {
    if !have(&[Peer::X25519], "the generator of fixtures/negative") {
        return;
    }
    let script = fixture("negative/make.py");
    let run = Call::new("python3", args![script, "--check"]).run();
    assert_eq!(run.code, 0, "{}", run.stderr);
}
