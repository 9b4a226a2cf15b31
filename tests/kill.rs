//! Death and full disks: the old file intact or the new one whole, nothing else left behind, nothing readable anywhere.
//!
//! A release build runs 50 kills of 200 MB an operation; a debug build fewer of less.
use crate::support::*;
use std::{
    ffi::OsString,
    os::unix::process::ExitStatusExt,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

const MEBIBYTES: usize = if cfg!(debug_assertions) { 8 } else { 200 };
const KILLS: u64 = if cfg!(debug_assertions) { 6 } else { 50 };
const MARK: &str = "CONFIDENTIAL: the wizard's recipe, page ";

/// A message of so many MiB, every line of which can be recognized.
fn big(dir: &Dir, mebibytes: usize) -> PathBuf {
    let mut message =
        b"From: alice@example.com\nTo: bob@example.com\nSubject: big\nContent-Type: text/plain\n\n"
            .to_vec();
    let mut page = 0;
    while message.len() < mebibytes << 20 {
        message.extend_from_slice(format!("{MARK}{page:032}\n").as_bytes());
        page += 1;
    }
    dir.write("big.eml", message)
}

struct Operation {
    name: &'static str,
    options: Vec<OsString>,
    input: PathBuf,
    /// what a finished output says of itself
    check: Vec<OsString>,
}

/// The four operations on a big message, with what they need made before.
fn operations(dir: &Dir, mebibytes: usize) -> Vec<Operation> {
    let plain = big(dir, mebibytes);
    let (signed, sealed) = (dir.file("signed.eml"), dir.file("sealed.eml"));
    let sign = join(&[&args!["sign", "-q"], &as_alice()]);
    let encrypt = join(&[
        &args![
            "encrypt",
            "-q",
            "-r",
            fixture("certs/carol.pem"),
            "-c",
            fixture("certs/intermediate.pem")
        ],
        &trusting(),
    ]);
    let decrypt = args!["decrypt", "-q", "-i", fixture("identities/carol.pem")];
    let verify = join(&[&args!["verify", "-q"], &trusting()]);
    smime(join(&[&sign, &args!["-o", &signed, &plain]]))
        .run()
        .expect(0);
    smime(join(&[&encrypt, &args!["-o", &sealed, &plain]]))
        .run()
        .expect(0);
    vec![
        Operation {
            name: "sign",
            options: sign,
            input: plain.clone(),
            check: verify.clone(),
        },
        Operation {
            name: "encrypt",
            options: encrypt,
            input: plain.clone(),
            check: decrypt.clone(),
        },
        Operation {
            name: "decrypt",
            options: decrypt,
            input: sealed,
            check: args![],
        },
        Operation {
            name: "verify",
            options: verify,
            input: signed,
            check: args![],
        },
    ]
}

fn start(operation: &Operation, output: Option<&Path>, tmp: &Path) -> Child {
    let mut command = Command::new(SMIME);
    command
        .args(&operation.options)
        .env("TMPDIR", tmp)
        .stderr(Stdio::null());
    match output {
        Some(file) => command
            .args(args!["-o", file, &operation.input])
            .stdin(Stdio::null())
            .stdout(Stdio::null()),
        // held back: decrypt to a pipe
        None => command
            .stdin(std::fs::File::open(&operation.input).unwrap())
            .stdout(Stdio::null()),
    };
    command.spawn().unwrap()
}

/// Runs to the end, to know how long that takes.
fn duration(operation: &Operation, output: Option<&Path>, tmp: &Path) -> Duration {
    let begin = Instant::now();
    assert!(
        start(operation, output, tmp).wait().unwrap().success(),
        "{}",
        operation.name
    );
    begin.elapsed()
}

#[test]
fn killed_at_any_moment() {
    let work = Dir::new();
    for operation in operations(&work, MEBIBYTES) {
        let (out_dir, tmp) = (Dir::new(), Dir::new());
        let out = out_dir.file("out");
        let whole = duration(&operation, Some(&out), tmp.path());
        let expected = std::fs::read(&out).unwrap();
        let (mut intact, mut complete) = (0, 0);
        for n in 0..KILLS {
            std::fs::write(&out, "old").unwrap();
            let mut child = start(&operation, Some(&out), tmp.path());
            // spread over the run, and a little beyond it; the last at its very end
            let random = u32::from_le_bytes(noise(n + 1, 4).try_into().unwrap());
            let share = if n + 1 == KILLS {
                0.98
            } else {
                f64::from(random) / f64::from(u32::MAX) * 1.05
            };
            std::thread::sleep(whole.mul_f64(share));
            let signal = if n % 5 == 4 { "TERM" } else { "KILL" };
            let id = child.id().to_string();
            // it may have ended
            let _ = Command::new("kill")
                .args(["-s", signal, &id])
                .stderr(Stdio::null())
                .status();
            let status = child.wait().unwrap();
            let now = std::fs::read(&out).unwrap();
            if now == b"old" {
                assert!(
                    status.signal().is_some() || !status.success(),
                    "{} ended well, but wrote nothing",
                    operation.name
                );
                intact += 1;
            } else {
                // signatures and content keys differ, sizes do not
                assert_eq!(
                    now.len(),
                    expected.len(),
                    "{}: a part of the output",
                    operation.name
                );
                if operation.check.is_empty() {
                    assert!(now == expected, "{}", operation.name);
                } else {
                    smime(join(&[&operation.check, &args!["-o", "/dev/null", &out]]))
                        .run()
                        .expect(0);
                }
                complete += 1;
            }
            assert_eq!(
                out_dir.entries(),
                ["out"],
                "{}: something was left beside the output",
                operation.name
            );
            assert!(
                tmp.entries().is_empty(),
                "{}: something was left in TMPDIR: {:?}",
                operation.name,
                tmp.entries()
            );
        }
        say(&format!(
            "killed {KILLS} times at {MEBIBYTES} MiB: {:8} old file intact {intact}, new file complete {complete}",
            operation.name
        ));
        assert!(intact > 0, "no kill came in time");
    }
}

#[test]
fn killed_while_content_is_held_back() {
    let work = Dir::new();
    let operations = operations(&work, MEBIBYTES);
    let decrypt = operations.iter().find(|o| o.name == "decrypt").unwrap();
    let tmp = Dir::new();
    let whole = duration(decrypt, None, tmp.path());
    for n in 0..KILLS.min(10) {
        let mut child = start(decrypt, None, tmp.path());
        std::thread::sleep(whole.mul_f64(f64::from(u32::try_from(n).unwrap()) / 10.0));
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(tmp.entries().is_empty(), "{:?}", tmp.entries());
    }
}

/// What is on the disk while content is held back is not readable.
#[test]
fn what_is_held_back_is_encrypted() {
    let work = Dir::new();
    let operations = operations(&work, 8);
    let decrypt = operations.iter().find(|o| o.name == "decrypt").unwrap();
    let tmp = Dir::new();
    let mut child = Command::new(SMIME)
        .args(&decrypt.options)
        .env("TMPDIR", tmp.path())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    // all but the end, so that it waits with everything held
    let message = std::fs::read(&decrypt.input).unwrap();
    let mut stdin = child.stdin.take().unwrap();
    std::io::Write::write_all(&mut stdin, &message[..message.len() - 100]).unwrap();
    std::thread::sleep(Duration::from_millis(500));
    let descriptors = format!("/proc/{}/fd", child.id());
    let mut held = 0;
    for entry in std::fs::read_dir(&descriptors).unwrap().flatten() {
        let target = std::fs::read_link(entry.path()).unwrap_or_default();
        if !target.starts_with(tmp.path()) {
            continue;
        }
        assert!(
            target.to_string_lossy().ends_with("(deleted)"),
            "{target:?} has a name"
        );
        let bytes = std::fs::read(entry.path()).unwrap();
        held += bytes.len();
        assert!(
            !bytes.windows(12).any(|w| w == b"CONFIDENTIAL"),
            "plaintext on the disk"
        );
    }
    assert!(held > 1 << 20, "{held} octets are held on the disk");
    drop(stdin); // and now it is cut short
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(3));
    assert!(
        output.stdout.is_empty(),
        "plaintext came out of a message cut short"
    );
}

/// A small file system in memory.
struct SmallDisk(Dir);

impl SmallDisk {
    fn new() -> Option<Self> {
        let dir = Dir::new();
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", "size=2m", "tmpfs"])
            .arg(dir.path())
            .stderr(Stdio::null())
            .status()
            .is_ok_and(|s| s.success());
        mounted.then_some(Self(dir))
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(self.0.path()).status();
    }
}

#[test]
fn a_full_disk() {
    let Some(disk) = SmallDisk::new() else {
        return say("left out: the full disk: only root can mount a small one");
    };
    let disk = &disk.0;
    let work = Dir::new();
    for operation in operations(&work, 8) {
        for old in [true, false] {
            let out = disk.file("out");
            if old {
                std::fs::write(&out, "old").unwrap();
            }
            let run = smime(join(&[
                &operation.options,
                &args!["-o", &out, &operation.input],
            ]))
            .run()
            .expect(5);
            assert!(run.stdout.is_empty());
            if old {
                assert_eq!(disk.read("out"), b"old", "{}", operation.name);
                std::fs::remove_file(&out).unwrap();
            }
            assert!(
                disk.entries().is_empty(),
                "{}: {:?}",
                operation.name,
                disk.entries()
            );
        }
        if operation.name == "decrypt" {
            // nowhere to hold it back
            let run = smime(operation.options)
                .env("TMPDIR", disk.path())
                .input(std::fs::read(&operation.input).unwrap())
                .run()
                .expect(5);
            assert!(run.stdout.is_empty());
            assert!(disk.entries().is_empty());
        }
    }
}
