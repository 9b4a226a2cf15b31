//! README.md: every command in it is run, by a shell, in a copy of the fixtures.
//!
//! Blocks marked `sh` are run whole, in order, in one directory; a line that ends in `# exit N` must exit with N, the others with 0.
//! Of the table for those who come from OpenSSL, our column is run with the files and options that the row leaves out.
use crate::support::*;
use std::path::Path;

fn readme() -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md")).unwrap()
}

/// The commands of the blocks marked `sh`; a command goes on after a backslash at the end of a line.
fn commands(text: &str) -> Vec<String> {
    let mut commands = Vec::new();
    let mut inside = false;
    let mut pending = String::new();
    for line in text.lines() {
        if line.starts_with("```") {
            inside = line == "```sh";
            continue;
        }
        if !inside || line.trim().is_empty() || line.trim_start().starts_with('#') {
            continue;
        }
        if let Some(start) = line.strip_suffix('\\') {
            pending += start;
            continue;
        }
        commands.push(std::mem::take(&mut pending) + line);
    }
    commands
}

fn shell(dir: &Dir, command: &str) -> Run {
    let path = format!(
        "{}:{}",
        Path::new(SMIME).parent().unwrap().display(),
        std::env::var("PATH").unwrap()
    );
    // the binary that was just built is what cargo would run
    let command = command
        .replace("cargo run --release --locked -- ", "smime ")
        .replace("cargo run --locked -- ", "smime ");
    let call = Call::new("bash", args!["-c", format!("set -o pipefail\n{command}")]);
    call.dir(dir.path()).env("PATH", path).run()
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}

#[test]
fn every_command_works() {
    let dir = Dir::new();
    copy(&fixture(""), &dir.file("fixtures"));
    let commands = commands(&readme());
    assert!(commands.len() >= 10, "{commands:?}");
    assert!(commands.iter().any(|c| c.contains("welcome.eml")));
    for command in commands {
        let (line, expected) = match command.rsplit_once("# exit ") {
            Some((line, code)) => (line, code.trim().parse().unwrap()),
            None => (command.as_str(), 0),
        };
        if line.contains("python3") && Peer::X25519.version().is_none() {
            left_out(line, "python3 is not here");
            continue;
        }
        let run = shell(&dir, line);
        assert_eq!(run.code, expected, "{command}: {run:?}");
    }
}

#[test]
fn the_demonstration_shows_the_message() {
    let dir = Dir::new();
    copy(&fixture(""), &dir.file("fixtures"));
    let command = commands(&readme())
        .into_iter()
        .find(|c| c.contains("welcome.eml"))
        .unwrap();
    let run = shell(&dir, &command);
    assert!(run.text().contains("if you can read this"), "{run:?}");
    assert!(run.stderr.contains("alice@example.com"), "{run:?}");
}

#[test]
fn the_commands_for_those_who_come_from_openssl_work() {
    let text = readme();
    let table = text
        .split("## Coming from OpenSSL")
        .nth(1)
        .unwrap()
        .split("\n## ")
        .next()
        .unwrap();
    let rows: Vec<&str> = table.lines().filter(|l| l.contains("`smime ")).collect();
    assert!(rows.len() >= 10, "{table}");
    for row in rows {
        let ours = row
            .split('`')
            .find(|cell| cell.starts_with("smime "))
            .unwrap();
        let dir = Dir::new();
        let file = |from: &str, to: &str| drop(dir.write(to, fixture_bytes(from)));
        file("certs/alice.pem", "c.pem");
        file("keys/alice.pem", "k.pem");
        file("certs/intermediate.pem", "ca.pem");
        file("certs/intermediate.pem", "more.pem");
        file("trust/root.pem", "root.pem");
        file("crls/intermediate.pem", "crls.pem");
        file("certs/bob.pem", "bob.pem");
        file("certs/carol.pem", "carol.pem");
        file("messages/plain.eml", "f");
        // a key in hexadecimal digits, and a line that will do for a password
        dir.write("FILE", "0f".repeat(32));
        let made = |line: &str| shell(&dir, line).expect(0);
        made(
            "smime sign -q --binary --detached --format der -i c.pem -i k.pem -c ca.pem -o s.p7s f",
        );
        let verb = ours.split_whitespace().nth(1).unwrap();
        let asked =
            "smime sign -q --request-receipt alice@example.com -i c.pem -i k.pem -c ca.pem -o m f";
        match verb {
            "verify" if ours.contains("--receipt-for") => {
                made(asked);
                made("smime receipt -q -i c.pem -i k.pem -t root.pem -o r m");
            }
            "receipt" => drop(made(asked)),
            "sign" if ours.contains("--add") => file("messages/clear.eml", "m"),
            "verify" => file("messages/clear.eml", "m"),
            "decrypt" => {
                made("smime encrypt -q -t root.pem -c ca.pem -r c.pem -o m f");
            }
            _ => file("messages/plain.eml", "m"),
        }
        let mut line = ours.to_owned();
        let mut add = |unless: &str, what: &str| {
            if !line.contains(unless) {
                line += what;
            }
        };
        match verb {
            "sign" => add(" -i ", " -i c.pem -i k.pem"),
            "verify" | "encrypt" | "cert" => {
                if !row.contains("cert show") && !row.contains("cert bundle") {
                    add(
                        if verb == "verify" {
                            "untrusted"
                        } else {
                            " -t "
                        },
                        if ours.contains(" -t ") {
                            ""
                        } else {
                            " -t root.pem"
                        },
                    );
                    add(" -c ", " -c ca.pem");
                }
                if verb == "encrypt" {
                    add(" -r ", " -r bob.pem");
                }
            }
            _ => {}
        }
        if !line.split_whitespace().any(|w| matches!(w, "m" | "s.p7s")) && verb != "cert" {
            line += " m";
        }
        let run = shell(&dir, &line);
        assert_eq!(run.code, 0, "{line}: {run:?}");
    }
}

#[test]
fn commands_are_found_in_blocks() {
    let text =
        "a\n```sh\nsmime x \\\n  y # exit 1\n\n# a comment\nsmime z\n```\n```text\nno\n```\n";
    assert_eq!(commands(text), ["smime x   y # exit 1", "smime z"]);
}
