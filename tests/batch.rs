//! Many messages: every verb, every kind of input, and that nothing about one message changes what becomes of another.
use crate::support::*;
use std::{
    collections::BTreeMap,
    ffi::OsString,
    fs,
    os::unix::fs::symlink,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::{Duration, Instant},
};

/// `smime batch VERB` with its options, into a directory.
fn batch(verb: &str, options: &[OsString], to: &Path, inputs: Vec<OsString>) -> Call {
    smime(join(&[
        &args!["batch", verb],
        options,
        &args!["-o", to],
        &inputs,
    ]))
}

fn encrypting() -> Vec<OsString> {
    join(&[
        &args![
            "-r",
            fixture("certs/carol.pem"),
            "-c",
            fixture("certs/intermediate.pem")
        ],
        &trusting(),
    ])
}

fn as_carol() -> Vec<OsString> {
    args!["-i", fixture("identities/carol.pem")]
}

fn mail(number: usize) -> String {
    format!(
        "From: alice@example.com\nTo: bob@example.com\nSubject: {number}\nContent-Type: text/plain\n\nThis is number {number}.\n"
    )
}

/// So many messages, in two directories.
fn mails(dir: &Dir, number: usize) -> PathBuf {
    let root = dir.file("mail");
    fs::create_dir_all(root.join("deep/er")).unwrap();
    for number in 0..number {
        let place = if number % 3 == 0 { "deep/er/" } else { "" };
        fs::write(root.join(format!("{place}{number:04}.eml")), mail(number)).unwrap();
    }
    root
}

/// Every file below a directory, by its name.
fn files(root: &Path) -> BTreeMap<String, Vec<u8>> {
    fn collect(root: &Path, at: &Path, found: &mut BTreeMap<String, Vec<u8>>) {
        for entry in fs::read_dir(at).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                collect(root, &path, found);
            } else {
                let name = path.strip_prefix(root).unwrap().display().to_string();
                found.insert(name, fs::read(&path).unwrap());
            }
        }
    }
    let mut found = BTreeMap::new();
    if root.exists() {
        collect(root, root, &mut found);
    }
    found
}

fn names(root: &Path) -> Vec<String> {
    files(root).into_keys().collect()
}

/// The lines of JSON.
fn lines(run: &Run) -> Vec<serde_json::Value> {
    let text = run.text();
    let lines = text.lines();
    lines
        .map(|line| serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {line}")))
        .collect()
}

/// The words that lines of text begin with: verdict and name.
fn verdicts(run: &Run) -> Vec<(String, String)> {
    let text = run.text();
    let (told, _summary) = text.trim_end().rsplit_once('\n').unwrap_or_default();
    told.lines()
        .map(|line| {
            let (verdict, rest) = line.split_once(' ').unwrap();
            let name = rest.trim_start().split(": ").next().unwrap();
            (verdict.to_owned(), name.to_owned())
        })
        .collect()
}

fn signed(dir: &Dir, number: usize) -> PathBuf {
    let to = dir.file("signed");
    batch("sign", &as_alice(), &to, args![mails(dir, number)])
        .run()
        .expect(0);
    to
}

// ------------------------------------------------------------------------------------------------------------- every verb

#[test]
fn every_verb_is_done_to_many() {
    let dir = Dir::new();
    let mail = mails(&dir, 7);
    let expected = names(&mail);
    let to = |name: &str| dir.file(name);
    let run = |verb: &str, options: &[OsString], from: &Path, name: &str| {
        let run = batch(verb, options, &to(name), args![from]).run().expect(0);
        assert_eq!(names(&to(name)), expected, "{verb}");
        let told: Vec<_> = verdicts(&run).into_iter().map(|(_, name)| name).collect();
        assert_eq!(told, expected, "{verb}");
        assert!(
            run.text().ends_with("7 messages: 7 pass\n"),
            "{verb}: {}",
            run.text()
        );
    };
    run("sign", &as_alice(), &mail, "signed");
    run("encrypt", &encrypting(), &to("signed"), "sealed");
    run("decrypt", &as_carol(), &to("sealed"), "clear");
    run("verify", &trusting(), &to("clear"), "verified");
    run("verify", &trusting(), &to("signed"), "also");
    run(
        "open",
        &join(&[&as_carol(), &trusting()]),
        &to("sealed"),
        "opened",
    );
    assert_eq!(files(&to("verified")), files(&to("also")));
    for (name, content) in files(&to("opened")) {
        // one by one the same comes out
        let alone = to("alone.eml");
        smime(join(&[
            &args!["open", "-o", &alone],
            &as_carol(),
            &trusting(),
            &args![to("sealed").join(&name)],
        ]))
        .run()
        .expect(0);
        assert_eq!(content, fs::read(&alone).unwrap(), "{name}");
    }
}

#[test]
fn a_maildir_stays_one() {
    let dir = Dir::new();
    for file in [
        "in/cur/1:2,S",
        "in/cur/2:2,FRS",
        "in/new/3.host",
        "in/tmp/4",
        "in/.Sent/cur/5:2,S",
        "in/.Sent/new/",
        "in/.Sent/tmp/",
    ] {
        let path = dir.file(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        match file.ends_with('/') {
            true => fs::create_dir_all(&path).unwrap(),
            false => fs::write(&path, mail(1)).unwrap(),
        }
    }
    dir.write("in/dovecot.index", "\0\0");
    let to = dir.file("out");
    let run = batch("sign", &as_alice(), &to, args![dir.file("in")]).run();
    let run = run.expect(0);
    let expected = [".Sent/cur/5:2,S", "cur/1:2,S", "cur/2:2,FRS", "new/3.host"];
    assert_eq!(names(&to), expected);
    let told: Vec<_> = verdicts(&run).into_iter().map(|(_, name)| name).collect();
    assert_eq!(told, expected);
    for part in ["cur", "new", "tmp", ".Sent/cur", ".Sent/new", ".Sent/tmp"] {
        assert!(to.join(part).is_dir(), "{part}");
    }
}

#[test]
fn an_mbox_is_taken_apart_and_signed_content_stays_intact() {
    let dir = Dir::new();
    let sign = |body: &str| {
        let mail = format!("{}{body}", mail(0));
        let run = smime(join(&[&args!["sign", "-q"], &as_alice()]));
        run.input(mail).run().expect(0).text()
    };
    let plain = sign("");
    let marked = sign(">From the start\n>>From the end\n");
    assert!(marked.contains("\n>From the start\n"));
    let quote = |text: &str| text.replace("\n>", "\n>>");
    let separator = "From alice@example.com Thu Nov 26 00:07:38 2026\n";
    let mbox: String = [
        plain.clone(),
        quote(&marked),
        marked.clone(),
        plain.replace("number 0", "number 1"),
    ]
    .iter()
    .map(|text| format!("{separator}{text}\n"))
    .collect();
    let mbox = dir.write("all.mbox", mbox);
    let to = dir.file("out");
    let options = join(&[&trusting(), &args!["--json"]]);
    let run = batch("verify", &options, &to, args![&mbox]).run().expect(1);
    let told = lines(&run);
    let verdicts: Vec<_> = told.iter().map(|it| it["verdict"].as_str()).collect();
    let pass = Some("pass");
    assert_eq!(verdicts, [pass, pass, pass, Some("fail")]);
    for (number, line) in (1..).zip(&told) {
        assert_eq!(line["number"], number);
        assert_eq!(line["input"], mbox.to_str().unwrap());
        let read_otherwise = line["findings"]
            .as_array()
            .unwrap()
            .iter()
            .any(|it| it["rule"] == "mbox-quoting");
        assert_eq!(read_otherwise, number == 3, "{line}");
    }
    assert_eq!(
        names(&to),
        [
            "all.mbox/000001.eml",
            "all.mbox/000002.eml",
            "all.mbox/000003.eml"
        ]
    );
    let alone = dir.file("alone");
    for (number, text) in [(1, &plain), (2, &marked), (3, &marked)] {
        let verify = join(&[&args!["verify", "-q", "-o", &alone], &trusting()]);
        smime(verify).input(text.as_str()).run().expect(0);
        let found = fs::read(to.join(format!("all.mbox/{number:06}.eml"))).unwrap();
        assert!(found == fs::read(&alone).unwrap(), "{number}");
    }
    // and denied where that is asked for
    let strict = join(&[&options, &args!["--deny", "mbox-quoting"]]);
    let run = batch("verify", &strict, &dir.file("strict"), args![&mbox]).run();
    assert_eq!(lines(&run.expect(1))[2]["verdict"], "fail");
}

#[test]
fn a_list_comes_on_standard_input() {
    let dir = Dir::new();
    mails(&dir, 5);
    let list = ["./mail/0001.eml", "mail/deep", "", "mail/0002.eml"];
    for (end, option) in [("\n", None), ("\r\n", None), ("\0", Some("-0"))] {
        let to = dir.file(&format!(
            "out{}",
            end.len() + usize::from(option.is_some()) * 2
        ));
        let mut options = as_alice();
        options.extend(option.map(OsString::from));
        batch("sign", &options, &to, args!["-"])
            .dir(dir.path())
            .input(list.join(end))
            .run()
            .expect(0);
        assert_eq!(
            names(&to),
            [
                "mail/0001.eml",
                "mail/0002.eml",
                "mail/deep/er/0000.eml",
                "mail/deep/er/0003.eml"
            ]
        );
    }
    let run = batch("sign", &as_alice(), &dir.file("up"), args!["-"])
        .dir(dir.path())
        .input("mail/0001.eml\nmail/../mail/0002.eml\n")
        .run()
        .expect(2);
    assert!(
        run.stderr.contains("has no place below DIR"),
        "{}",
        run.stderr
    );
    assert!(!dir.file("up").exists());
}

// ----------------------------------------------------------------------------------------------------------------- reports

#[test]
fn a_line_of_json_is_what_the_verb_says_of_one() {
    let dir = Dir::new();
    let from = dir.file("in");
    fs::create_dir(&from).unwrap();
    for name in ["clear", "clear-other-address", "plain"] {
        let content = fixture_bytes(&format!("messages/{name}.eml"));
        fs::write(from.join(format!("{name}.eml")), content).unwrap();
    }
    fs::write(from.join("empty.eml"), "").unwrap();
    let to = dir.file("out");
    let report = dir.file("report.json");
    let options = join(&[&trusting(), &args!["--json", "--report", &report]]);
    let run = batch("verify", &options, &to, args![&from]).run().expect(3);
    let told = lines(&run);
    assert_eq!(fs::read_to_string(&report).unwrap(), run.text());
    assert_eq!(told.len(), 4);
    for line in &told {
        let input = line["input"].as_str().unwrap();
        let alone = smime(join(&[
            &args!["verify", "--json"],
            &trusting(),
            &args![input],
        ]))
        .run();
        assert_eq!(line["exit"], alone.code, "{input}");
        let passed = alone.code == 0;
        let name = Path::new(input).file_name().unwrap();
        assert_eq!(line["output"].is_string(), passed);
        assert_eq!(to.join(name).exists(), passed);
        let mut expected = alone.json();
        let mut found = line.clone();
        for it in [&mut expected, &mut found] {
            let it = it.as_object_mut().unwrap();
            it.remove("input");
            it.remove("output");
            without_hints(it);
        }
        assert_eq!(found, expected, "{input}");
    }
    let summary: serde_json::Value = serde_json::from_str(&run.stderr).unwrap();
    assert_eq!(summary["messages"], 4);
    assert_eq!((&summary["pass"], &summary["exit"]), (&1.into(), &3.into()));

    /// The hint of a finding repeats the command, which differs.
    fn without_hints(object: &mut serde_json::Map<String, serde_json::Value>) {
        object.remove("hint");
        object.remove("hints");
        for value in object.values_mut() {
            match value {
                serde_json::Value::Object(inner) => without_hints(inner),
                serde_json::Value::Array(list) => {
                    for inner in list.iter_mut().filter_map(|it| it.as_object_mut()) {
                        without_hints(inner);
                    }
                }
                _ => {}
            }
        }
    }
}

#[test]
fn text_says_why_and_ends_with_the_worst_status() {
    let dir = Dir::new();
    let from = dir.file("in");
    fs::create_dir(&from).unwrap();
    let add = |name: &str, content: Vec<u8>| fs::write(from.join(name), content).unwrap();
    add("1.eml", fixture_bytes("messages/clear.eml"));
    let run = |code| {
        let to = dir.file("out");
        let run = batch("verify", &trusting(), &to, args![&from]).run();
        run.expect(code)
    };
    assert_eq!(run(0).text(), "pass  1.eml\n1 message: 1 pass\n");
    add(
        "2\n\u{202e}.eml",
        fixture_bytes("messages/clear-other-address.eml"),
    );
    let told = run(1);
    assert!(
        told.text().contains("not verified: sender-mismatch"),
        "{}",
        told.text()
    );
    assert_eq!(told.text().lines().count(), 3, "{}", told.text());
    assert!(
        told.stderr
            .starts_with("smime: error: 1 of 2 messages have no result\nsmime: hint: ")
    );
    add("3.eml", b"Content-Type: multipart/signed\n\nx".to_vec());
    let told = run(3);
    assert!(told.text().contains("\nerror 3.eml: "), "{}", told.text());
    fs::create_dir(from.join("4.eml")).unwrap();
    symlink("1.eml", from.join("5.eml")).unwrap();
    assert!(
        run(3)
            .text()
            .ends_with("1 fail, 1 error; 1 left out (links, and what is no file)\n")
    );
    let quiet = join(&[&trusting(), &args!["-q"]]);
    let told = batch("verify", &quiet, &dir.file("out"), args![&from])
        .run()
        .expect(3);
    assert_eq!(told.text(), "");
    assert!(
        told.stderr.contains("smime: error: 3.eml: "),
        "{}",
        told.stderr
    );
    assert!(!told.stderr.contains("1.eml"));
    let missing = dir.file("nothing.eml");
    let told = batch(
        "verify",
        &trusting(),
        &dir.file("out"),
        args![&missing, &from],
    )
    .run();
    assert!(
        told.expect(5)
            .text()
            .starts_with("error nothing.eml: cannot read ")
    );
}

#[test]
fn what_is_wrong_with_the_command_is_said_before() {
    let dir = Dir::new();
    let mail = mails(&dir, 2);
    let inside = mail.join("out");
    let one = mail.join("0001.eml");
    let to = dir.file("out");
    for (options, to, inputs, code) in [
        (as_alice(), &inside, args![&mail], 2),
        (as_alice(), &mail, args![&mail], 2),
        (as_alice(), &to, args![&mail, &mail], 2),
        (as_alice(), &to, args![&one, &one], 2),
        (as_alice(), &to, args!["-", &one], 2),
        (as_alice(), &"-".into(), args![&one], 2),
        (
            join(&[&as_alice(), &args!["--content", &one, "--add"]]),
            &to,
            args![&one],
            2,
        ),
        (
            join(&[&as_alice(), &args!["--shard", "3/2"]]),
            &to,
            args![&one],
            2,
        ),
        (
            join(&[&as_alice(), &args!["--threads", "0"]]),
            &to,
            args![&one],
            2,
        ),
        (args!["-i", dir.file("none.pem")], &to, args![&one], 4),
    ] {
        let run = batch("sign", &options, to, inputs).run();
        let run = run.expect(code);
        assert!(run.stderr.starts_with("smime: error: "), "{}", run.stderr);
        assert!(!dir.file("out").exists(), "{}", run.stderr);
        assert!(!inside.exists());
    }
    // in JSON it is the document of the verb
    let options = join(&[&as_alice(), &args!["--json"]]);
    let run = batch("sign", &options, &mail, args![&mail]).run().expect(2);
    assert_eq!(run.json()["error"]["code"], "usage");
}

#[test]
fn results_stay_in_their_directory() {
    let dir = Dir::new();
    let mail = mails(&dir, 4);
    let (to, outside) = (dir.file("out"), dir.file("outside"));
    fs::create_dir(&outside).unwrap();
    fs::create_dir(&to).unwrap();
    fs::write(outside.join("file"), "old").unwrap();
    symlink("../outside", to.join("deep")).unwrap();
    symlink("../outside/file", to.join("0001.eml")).unwrap();
    let run = batch("sign", &as_alice(), &to, args![&mail])
        .run()
        .expect(5);
    let told = verdicts(&run);
    let failed: Vec<_> = told.iter().filter(|(it, _)| it == "error").collect();
    assert_eq!(failed.len(), 2, "{}", run.text());
    assert!(failed.iter().all(|(_, name)| name.starts_with("deep/")));
    assert_eq!(names(&outside), ["file"]);
    assert_eq!(fs::read(outside.join("file")).unwrap(), b"old");
    assert!(!to.join("0001.eml").is_symlink());
}

#[test]
fn no_result_takes_the_place_of_a_message() {
    let dir = Dir::new();
    fs::create_dir_all(dir.file("mail/mail")).unwrap();
    fs::create_dir(dir.file("out")).unwrap();
    let key = fixture_bytes("identities/alice.pem");
    fs::write(dir.file("alice.pem"), key).unwrap();
    fs::write(dir.file("mail/alice.pem"), mail(1)).unwrap();
    let message = fixture_bytes("messages/clear.eml");
    for name in ["mail/x.eml", "mail/mail/x.eml"] {
        fs::write(dir.file(name), &message).unwrap();
    }
    fs::hard_link(dir.file("mail/x.eml"), dir.file("out/x.eml")).unwrap();
    let before = files(dir.path());
    let all = "mail/x.eml\n";
    let absolute = dir.file("mail/x.eml").display().to_string();
    for (verb, options, to, inputs, list, code) in [
        ("verify", trusting(), ".", args!["-"], all, 2),
        ("verify", trusting(), ".", args!["-"], "./mail/\n", 2),
        ("verify", trusting(), "/", args!["-"], absolute.as_str(), 2),
        ("verify", trusting(), "mail", args!["mail/x.eml"], "", 2),
        // of another, and of a key
        ("verify", trusting(), ".", args!["mail"], "", 2),
        (
            "sign",
            args!["-i", "alice.pem"],
            ".",
            args!["mail/alice.pem"],
            "",
            2,
        ),
        // one file by two names
        ("verify", trusting(), "out", args!["mail/x.eml"], "", 5),
    ] {
        for resume in [args!["--resume"], args![]] {
            let options = join(&[&options, &resume]);
            let run = batch(verb, &options, Path::new(to), inputs.clone());
            let run = run.dir(dir.path()).input(list).run().expect(code);
            let text = format!("{}{}", run.text(), run.stderr);
            let why = match code {
                2 => "would take the place of what is read",
                _ => "cannot write out/x.eml: it is the message itself",
            };
            assert!(text.contains(why), "{text}");
            assert!(files(dir.path()) == before, "{to} {inputs:?}");
        }
    }
}

/// Neither is a file of which a link tells that it is trusted.
#[test]
fn no_result_takes_the_place_of_an_anchor() {
    let dir = Dir::new();
    for made in ["mail", "out", "trust"] {
        fs::create_dir(dir.file(made)).unwrap();
    }
    let root = fs::read_dir(fixture("trust")).unwrap().next().unwrap();
    let root = fs::read(root.unwrap().path()).unwrap();
    fs::write(dir.file("out/1.eml"), root).unwrap();
    symlink("../out/1.eml", dir.file("trust/root.pem")).unwrap();
    fs::write(dir.file("mail/1.eml"), fixture_bytes("messages/clear.eml")).unwrap();
    let before = files(dir.path());
    let options = join(&[&args!["-t", dir.file("trust")], &trusting()]);
    let run = batch(
        "verify",
        &options,
        &dir.file("out"),
        args![dir.file("mail")],
    );
    let why = "would take the place of what is read";
    let run = run.run().expect(2);
    assert!(run.stderr.contains(why), "{}", run.stderr);
    assert!(files(dir.path()) == before);
    // the directory of what is always trusted
    let trust = dir.file("config/smime/trust");
    fs::create_dir_all(&trust).unwrap();
    let run = batch("verify", &trusting(), &trust, args![dir.file("mail")]);
    let run = run.env("XDG_CONFIG_HOME", dir.file("config")).run();
    let run = run.expect(2);
    assert!(run.stderr.contains(why), "{}", run.stderr);
    assert!(names(&trust).is_empty());
}

#[test]
fn a_report_takes_the_place_of_nothing() {
    let dir = Dir::new();
    let mail = mails(&dir, 2);
    let (to, none) = (dir.file("out"), dir.file("none.pem"));
    fs::create_dir(&to).unwrap();
    symlink("mail/0001.eml", dir.file("link")).unwrap();
    let before = files(dir.path());
    let one = mail.join("0001.eml");
    let list = format!("{}\n", one.display());
    let nothing = args!["-i", none];
    let nonsense = join(&[&args!["--nonsense"], &as_alice()]);
    for (options, report, inputs) in [
        (as_alice(), one.clone(), args![&mail]),
        (as_alice(), mail.join("new.json"), args![&mail]),
        (as_alice(), dir.file("link"), args![&mail]),
        (as_alice(), one.clone(), args![&one]),
        (as_alice(), one.clone(), args!["-"]),
        (as_alice(), to.join("0001.eml"), args![&mail]),
        (as_alice(), to.join("0001.eml"), args![&one]),
        // whatever else is wrong
        (nothing, one.clone(), args![&mail]),
        (nonsense, one.clone(), args![&mail]),
    ] {
        let options = join(&[&options, &args!["--report", &report]]);
        let run = batch("sign", &options, &to, inputs)
            .input(list.as_str())
            .run();
        let run = run.expect(2);
        assert!(run.stderr.starts_with("smime: error: "), "{}", run.stderr);
        assert!(files(dir.path()) == before, "{}", report.display());
    }
    let options = join(&[&as_alice(), &args!["--report", dir.file("report")]]);
    let run = batch("sign", &options, &to, args![&mail]);
    run.run().expect(0);
    assert_eq!(names(&to).len(), 2);
}

/// What would help with one message may turn off for all what protects them.
#[test]
fn hints_of_one_message_are_not_for_all() {
    let dir = Dir::new();
    let from = dir.file("in");
    fs::create_dir(&from).unwrap();
    let sign = |mail: &str, options: &[OsString]| {
        let sign = join(&[&args!["sign", "-q"], options, &as_alice()]);
        smime(sign).input(mail).run().expect(0).stdout
    };
    let other = mail(1).replace("From: alice", "From: mallory");
    let warn = args!["--warn", "sender-mismatch"];
    fs::write(from.join("other.eml"), sign(&other, &warn)).unwrap();
    let apart = args!["--detached", "--format", "der"];
    fs::write(from.join("apart.p7s"), sign(&mail(1), &apart)).unwrap();
    let to = dir.file("out");
    let run = batch("verify", &trusting(), &to, args![&from]).run();
    for (option, name) in [
        ("--signer ADDRESS", "other.eml"),
        ("--content FILE", "apart.p7s"),
    ] {
        let path = from.join(name);
        let hint = format!("smime verify {option} … {}", path.display());
        assert!(run.stderr.contains(&hint), "{}", run.stderr);
    }
    assert!(!run.stderr.contains("batch verify --signer"));
}

// ------------------------------------------------------------------------------------------- one message and all the others

#[test]
fn what_a_message_carries_is_of_no_use_to_another() {
    let dir = Dir::new();
    let from = dir.file("in");
    fs::create_dir(&from).unwrap();
    let sign = |include: &str| {
        let sign = join(&[&args!["sign", "-q", "--include", include], &as_alice()]);
        smime(sign).input(mail(1)).run().expect(0).stdout
    };
    // the one has the certificate between that the other lacks
    let (whole, lacking) = (sign("chain"), sign("leaf"));
    for number in 0..40 {
        let content = if number % 2 == 0 { &whole } else { &lacking };
        fs::write(from.join(format!("{number:02}.eml")), content).unwrap();
    }
    for threads in ["1", "2"] {
        let options = args!["-t", fixture("trust"), "--threads", threads];
        let to = dir.file(threads);
        let run = batch("verify", &options, &to, args![&from]).run().expect(1);
        for (number, (verdict, name)) in verdicts(&run).iter().enumerate() {
            assert_eq!(*name, format!("{number:02}.eml"));
            let expected = if number % 2 == 0 { "pass" } else { "fail" };
            assert_eq!(verdict, expected, "{name}");
        }
        assert_eq!(names(&to).len(), 20);
    }
}

/// Copies for those in Bcc have no place among results that have the names of their messages.
#[test]
fn blind_copies_are_for_one_message() {
    let dir = Dir::new();
    let from = dir.file("in");
    fs::create_dir(&from).unwrap();
    let head = "From: alice@example.com\nTo: bob@example.com\n";
    fs::write(
        from.join("1.eml"),
        format!("{head}Bcc: carol@example.com\n\nx\n"),
    )
    .unwrap();
    fs::write(from.join("2.eml"), format!("{head}\nx\n")).unwrap();
    let options = join(&[&args!["--to-header", "-c", fixture("certs")], &trusting()]);
    let to = dir.file("out");
    let run = batch("encrypt", &options, &to, args![&from])
        .run()
        .expect(1);
    assert!(
        run.text()
            .starts_with("fail  1.eml: not encrypted: blind-copy\n")
    );
    assert_eq!(names(&to), ["2.eml"]);
    let hint = "hint: batch has no place for copies; by itself, with the same options: smime encrypt -o FILE … ";
    assert!(run.stderr.contains(hint), "{}", run.stderr);
    let help = smime(args!["batch", "encrypt", "--help"]).run().expect(0);
    let refused = "Copies for those in Bcc have no place in DIR: such messages are refused";
    assert!(help.text().contains(refused), "{}", help.text());
}

#[test]
fn threads_make_no_difference() {
    let dir = Dir::new();
    let signed = signed(&dir, 60);
    // every tenth was changed on its way
    for number in (0..60).step_by(10) {
        let place = if number % 3 == 0 { "deep/er/" } else { "" };
        let path = signed.join(format!("{place}{number:04}.eml"));
        let text = fs::read_to_string(&path).unwrap();
        fs::write(&path, text.replace("This is", "That is")).unwrap();
    }
    let told = |threads: &str| {
        let options = join(&[&trusting(), &args!["--threads", threads]]);
        let to = dir.file(&format!("out{threads}"));
        let run = batch("verify", &options, &to, args![&signed]).run();
        (run.expect(1).text(), files(&to))
    };
    let one = told("1");
    assert_eq!(one.1.len(), 54);
    for threads in ["2", "7"] {
        assert!(told(threads) == one, "{threads}");
    }
}

#[test]
fn shares_are_a_partition() {
    let dir = Dir::new();
    let mail = mails(&dir, 30);
    let separator = "From alice@example.com Thu Nov 26 00:07:38 2026\n";
    let many: String = (0..10)
        .map(|n| format!("{separator}{}\n", self::mail(n)))
        .collect();
    fs::write(mail.join("box"), many).unwrap();
    let run = |to: &str, more: Vec<OsString>| {
        let options = join(&[&as_alice(), &more]);
        batch("sign", &options, &dir.file(to), args![&mail])
            .run()
            .expect(0);
        names(&dir.file(to))
    };
    let all = run("all", args![]);
    assert_eq!(all.len(), 40);
    let mut shares = Vec::new();
    for number in 1..=3 {
        let share = run(
            &format!("share{number}"),
            args!["--shard", format!("{number}/3")],
        );
        assert!(!share.is_empty() && share.len() < 30);
        shares.extend(share);
    }
    shares.sort();
    assert_eq!(shares, all);
}

// -------------------------------------------------------------------------------------------------------- ends and beginnings

#[test]
fn what_is_done_is_left_out() {
    let dir = Dir::new();
    let signed = signed(&dir, 6);
    fs::write(signed.join("0001.eml"), "no message").unwrap();
    let to = dir.file("out");
    let options = join(&[&trusting(), &args!["--resume"]]);
    let run = || {
        batch("verify", &options, &to, args![&signed])
            .run()
            .expect(3)
    };
    let first = run();
    assert!(
        first.text().ends_with("6 messages: 5 pass, 1 error\n"),
        "{}",
        first.text()
    );
    // what is there is not made again, and what failed fails again
    fs::write(to.join("0002.eml"), "mark").unwrap();
    fs::remove_file(to.join("0004.eml")).unwrap();
    let again = run();
    assert_eq!(verdicts(&again).len(), 2);
    assert!(
        again
            .text()
            .ends_with("6 messages: 1 pass, 1 error, 4 done before\n"),
        "{}",
        again.text()
    );
    assert_eq!(fs::read(to.join("0002.eml")).unwrap(), b"mark");
    assert_eq!(names(&to).len(), 5);
    // without it an old result is replaced
    batch("verify", &trusting(), &to, args![&signed])
        .run()
        .expect(3);
    assert_ne!(fs::read(to.join("0002.eml")).unwrap(), b"mark");
}

#[test]
fn killed_and_resumed_it_leaves_what_an_undisturbed_run_does() {
    let number = if cfg!(debug_assertions) { 300 } else { 4_000 };
    let dir = Dir::new();
    let signed = signed(&dir, number);
    for bad in (0..number).step_by(17) {
        let place = if bad % 3 == 0 { "deep/er/" } else { "" };
        fs::write(signed.join(format!("{place}{bad:04}.eml")), "x").unwrap();
    }
    let options = trusting();
    let whole = dir.file("whole");
    let begin = Instant::now();
    batch("verify", &options, &whole, args![&signed])
        .run()
        .expect(3);
    let duration = begin.elapsed();
    let expected = files(&whole);
    let mut cut = 0;
    for tenth in [1_u32, 3, 5, 7] {
        let to = dir.file(&format!("killed{tenth}"));
        let arguments = join(&[
            &args!["batch", "verify"],
            &options,
            &args!["-o", &to, &signed],
        ]);
        let mut child = Command::new(SMIME)
            .args(arguments)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        std::thread::sleep(duration * tenth / 10);
        child.kill().unwrap();
        child.wait().unwrap();
        let left = files(&to);
        // each is there whole or not at all
        assert!(
            left.iter()
                .all(|(name, content)| expected.get(name) == Some(content))
        );
        cut += usize::from(!left.is_empty() && left.len() < expected.len());
        let resume = join(&[&options, &args!["--resume"]]);
        batch("verify", &resume, &to, args![&signed])
            .run()
            .expect(3);
        assert!(files(&to) == expected, "killed after {tenth} tenths");
    }
    assert!(cut > 0, "no run was killed in the middle");
}

/// What was made to hurt, as far as a message of the fixtures or a few lines make it.
fn hostile() -> Vec<Vec<u8>> {
    let clear = String::from_utf8(fixture_bytes("messages/clear.eml")).unwrap();
    let header = "From: alice@example.com\n";
    let multipart = |boundary: &str, body: &str| {
        format!("{header}Content-Type: multipart/signed; protocol=\"application/pkcs7-signature\"; boundary=\"{boundary}\"\n\n{body}").into_bytes()
    };
    let mut deep = vec![
        0x30, 0x80, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x02,
    ];
    deep.extend([0xa0, 0x80].repeat(2_000_000));
    vec![
        Vec::new(),
        b"\0".repeat(1 << 20),
        format!("{header}X: {}\n\n", "x".repeat(8 << 20)).into_bytes(),
        format!("{}\n\n", "A: b\n".repeat(1 << 20)).into_bytes(),
        multipart("x", &"--x\n".repeat(1 << 20)),
        multipart("x", "--x\n\nno end"),
        clear
            .replace("lunch", "dinner")
            .replace("Lunch", "Dinner")
            .replace("noon", "one")
            .into_bytes(),
        format!(
            "{header}Content-Type: application/pkcs7-mime\nContent-Transfer-Encoding: base64\n\n{}",
            "AAAA\n".repeat(1 << 20)
        )
        .into_bytes(),
        deep,
        fixture_bytes("messages/encrypted-rsa-cbc.eml"),
    ]
}

#[test]
fn hostile_messages_cost_the_others_nothing() {
    let number = if cfg!(debug_assertions) { 100 } else { 1_000 };
    let dir = Dir::new();
    let signed = signed(&dir, number);
    let run = |to: &str, from: &Path| {
        let begin = Instant::now();
        let run = batch("verify", &trusting(), &dir.file(to), args![from]).run();
        (run, begin.elapsed())
    };
    let (clean, _) = run("first", &signed);
    clean.expect(0);
    let (clean, clean_time) = run("clean", &signed);
    clean.expect(0);
    let all = names(&signed);
    let step = number / 10;
    let mut replaced = Vec::new();
    for (place, content) in hostile().into_iter().enumerate() {
        let name = &all[place * step + step / 2];
        fs::write(signed.join(name), content).unwrap();
        replaced.push(name.clone());
    }
    let (run, time) = run("mixed", &signed);
    let told = verdicts(&run.expect(3));
    assert_eq!(told.len(), number);
    for (verdict, name) in told {
        let is_bad = replaced.contains(&name);
        assert_eq!(verdict != "pass", is_bad, "{name}: {verdict}");
    }
    assert_eq!(names(&dir.file("mixed")).len(), number - 10);
    if !cfg!(debug_assertions) {
        let most = clean_time * 2 + Duration::from_millis(50);
        assert!(time <= most, "{time:?}, and {clean_time:?} without them");
    }
}

// -------------------------------------------------------------------------------------------------------------------- help

#[test]
fn the_examples_of_the_help_work() {
    for verb in ["sign", "encrypt", "decrypt", "open", "verify", ""] {
        let line = args!["batch", verb, "--help"];
        let line = line.into_iter().filter(|word| !word.is_empty()).collect();
        let text = smime(line).run().expect(0).text();
        // of the verbs' own options src/cli/help.rs
        let is_short = |line: &str| line.chars().count() <= 90;
        assert!(!verb.is_empty() || text.lines().all(is_short), "{text}");
        let (_, examples) = text.split_once("Examples:\n").unwrap();
        assert_eq!(examples.trim_end().lines().count(), 2, "{text}");
        for example in examples.trim_end().lines() {
            let dir = Dir::new();
            let copy = |from: &str, to: &str| {
                let path = dir.file(to);
                fs::create_dir_all(path.parent().unwrap()).unwrap();
                fs::write(path, fixture_bytes(from)).unwrap();
            };
            for name in ["alice.pem", "alice.p12", "bob.pem"] {
                copy(&format!("identities/{name}"), name);
            }
            copy("trust/root.pem", "root.pem");
            copy("password", "password");
            copy("certs/bob.pem", "certs/bob.pem");
            copy("certs/carol.pem", "certs/carol.pem");
            copy("certs/intermediate.pem", "certs/intermediate.pem");
            let subject = match verb {
                "decrypt" | "open" => "messages/encrypted-three.eml",
                "verify" | "" => "messages/clear.eml",
                _ => "messages/plain.eml",
            };
            for place in [
                "drafts/1.eml",
                "mail/1.eml",
                "Maildir/cur/1:2,S",
                "Maildir/new/2",
            ] {
                copy(subject, place);
            }
            fs::create_dir(dir.file("Maildir/tmp")).unwrap();
            for name in ["archive.mbox", "outbox.mbox"] {
                let message = String::from_utf8(fixture_bytes(subject)).unwrap();
                dir.write(
                    name,
                    format!("From a Thu Nov 26 00:07:38 2026\n{message}\n"),
                );
            }
            let path = format!(
                "{}:{}",
                Path::new(SMIME).parent().unwrap().display(),
                std::env::var("PATH").unwrap()
            );
            if subject == "messages/encrypted-three.eml" {
                let encrypt = args![
                    "encrypt",
                    "-q",
                    "-r",
                    "alice.pem",
                    "-c",
                    "certs",
                    "-t",
                    "root.pem"
                ];
                let input = fixture_bytes("messages/clear.eml");
                let sealed = smime(encrypt).dir(dir.path()).input(input).run().expect(0);
                for place in ["mail/1.eml", "Maildir/cur/1:2,S", "Maildir/new/2"] {
                    dir.write(place, &sealed.stdout);
                }
            }
            let line = example.trim();
            // the certificate between is in the examples' own directories
            let line = match line.contains(" encrypt ") && !line.contains(" -c ") {
                true => format!("{line} -c certs"),
                false => line.to_owned(),
            };
            let call = Call::new("bash", args!["-c", &line]);
            let run = call.dir(dir.path()).env("PATH", path).run();
            assert!(run.code == 0, "{line}: {run:?}");
        }
    }
}
