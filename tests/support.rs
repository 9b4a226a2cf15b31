//! Runs the program and its peers, in directories of their own, away from the configuration of whoever runs the tests.
use std::{
    ffi::{OsStr, OsString},
    io::{Read, Write},
    os::unix::process::ExitStatusExt,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::{Mutex, OnceLock},
};

/// A list of arguments of mixed kinds: strings and paths.
macro_rules! args {
    ($($arg:expr),* $(,)?) => { vec![$(std::ffi::OsString::from($arg)),*] };
}

/// Returns a file of `fixtures/`.
pub(crate) fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("fixtures")
        .join(name)
}

/// Reads a file of `fixtures/`.
pub(crate) fn fixture_bytes(name: &str) -> Vec<u8> {
    std::fs::read(fixture(name)).unwrap_or_else(|e| panic!("fixtures/{name}: {e}"))
}

/// A temporary directory.
pub(crate) struct Dir(tempfile::TempDir);

impl Dir {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }
    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }
    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.path().join(name)
    }
    pub(crate) fn write(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let file = self.file(name);
        std::fs::write(&file, bytes).unwrap();
        file
    }
    pub(crate) fn read(&self, name: &str) -> Vec<u8> {
        std::fs::read(self.file(name)).unwrap_or_else(|e| panic!("{name}: {e}"))
    }
    pub(crate) fn entries(&self) -> Vec<String> {
        let mut names: Vec<String> = std::fs::read_dir(self.path())
            .unwrap()
            .map(|e| e.unwrap().file_name().to_string_lossy().into_owned())
            .collect();
        names.sort();
        names
    }
}

/// What a program did.
#[derive(Debug)]
pub(crate) struct Run {
    /// exit status; 128 + n if signal n ended it
    pub(crate) code: i32,
    pub(crate) stdout: Vec<u8>,
    pub(crate) stderr: String,
    line: String,
}

impl Run {
    /// Fails the test unless the exit status is this.
    #[track_caller]
    pub(crate) fn expect(self, code: i32) -> Self {
        assert!(
            self.code == code,
            "{}: exit {} instead of {code}\n{}{}",
            self.line,
            self.code,
            self.stderr,
            String::from_utf8_lossy(&self.stdout[..self.stdout.len().min(2000)])
        );
        assert!(
            !self.stderr.contains("panicked"),
            "{}: {}",
            self.line,
            self.stderr
        );
        self
    }

    /// Returns the JSON document on standard output.
    #[track_caller]
    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.stdout).unwrap_or_else(|e| {
            panic!(
                "{}: no JSON: {e}\n{}{}",
                self.line,
                self.stderr,
                String::from_utf8_lossy(&self.stdout)
            )
        })
    }

    /// Returns standard output as text.
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.stdout).into_owned()
    }

    /// Ok if it exited with 0, else what it said.
    pub(crate) fn ok(self) -> Result<Self, String> {
        if self.code == 0 {
            Ok(self)
        } else {
            Err(format!(
                "{}: exit {}: {}{}",
                self.line,
                self.code,
                self.stderr.trim(),
                String::from_utf8_lossy(&self.stdout[..self.stdout.len().min(600)])
            ))
        }
    }
}

/// A program about to be run.
pub(crate) struct Call {
    pub(crate) command: Command,
    input: Vec<u8>,
}

impl Call {
    pub(crate) fn new(program: impl AsRef<OsStr>, args: Vec<OsString>) -> Self {
        let mut command = Command::new(program);
        command
            .args(args)
            .env("HOME", empty())
            .env("XDG_CONFIG_HOME", empty())
            .env("RUST_BACKTRACE", "0")
            .env("LC_ALL", "C.UTF-8")
            .env_remove("SMIME_CONFIG");
        Self {
            command,
            input: Vec::new(),
        }
    }
    pub(crate) fn input(mut self, bytes: impl Into<Vec<u8>>) -> Self {
        self.input = bytes.into();
        self
    }
    pub(crate) fn dir(mut self, dir: &Path) -> Self {
        self.command.current_dir(dir);
        self
    }
    pub(crate) fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.command.env(name, value);
        self
    }
    pub(crate) fn run(mut self) -> Run {
        let line = format!("{:?}", self.command);
        let mut child = self
            .command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap_or_else(|e| panic!("{line}: {e}"));
        let mut stdin = child.stdin.take().unwrap();
        let mut stdout = child.stdout.take().unwrap();
        let mut stderr = child.stderr.take().unwrap();
        let input = self.input;
        let (out, err) = std::thread::scope(|scope| {
            // a program that does not read its input to the end is no failure of the test
            scope.spawn(move || drop(stdin.write_all(&input)));
            let err = scope.spawn(move || {
                let mut bytes = Vec::new();
                stderr.read_to_end(&mut bytes).unwrap();
                bytes
            });
            let mut out = Vec::new();
            stdout.read_to_end(&mut out).unwrap();
            (out, err.join().unwrap())
        });
        let status = child.wait().unwrap();
        Run {
            code: status
                .code()
                .unwrap_or_else(|| 128 + status.signal().unwrap_or(0)),
            stdout: out,
            stderr: String::from_utf8_lossy(&err).into_owned(),
            line,
        }
    }
}

/// Returns a directory that is and stays empty.
fn empty() -> &'static Path {
    static EMPTY: OnceLock<tempfile::TempDir> = OnceLock::new();
    EMPTY.get_or_init(|| tempfile::tempdir().unwrap()).path()
}

/// The program under test.
pub(crate) const SMIME: &str = env!("CARGO_BIN_EXE_smime");

/// Returns the program under test with these arguments.
pub(crate) fn smime(args: Vec<OsString>) -> Call {
    Call::new(SMIME, args)
}

/// A program that is not ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Peer {
    /// OpenSSL 3.0 or later
    Openssl,
    /// OpenSSL 4.0 or later: Ed25519 in CMS
    Openssl4,
    /// GnuPG's S/MIME
    Gpgsm,
    /// NSS, which Thunderbird uses
    Nss,
    /// `tests/peers/x25519.py`: RFC 8418, which no other peer here can do
    X25519,
}

impl Peer {
    pub(crate) const ALL: [Self; 5] = [
        Self::Openssl,
        Self::Openssl4,
        Self::Gpgsm,
        Self::Nss,
        Self::X25519,
    ];

    /// Returns the column of `tests/matrix.txt` that it fills.
    pub(crate) fn column(self) -> &'static str {
        match self {
            Self::Openssl => "OpenSSL 3",
            Self::Openssl4 => "OpenSSL 4",
            Self::Gpgsm => "gpgsm",
            Self::Nss => "NSS",
            Self::X25519 => OTHER,
        }
    }

    /// Returns its name and version, if it is here.
    pub(crate) fn version(self) -> Option<&'static str> {
        static FOUND: [OnceLock<Option<String>>; 5] = [const { OnceLock::new() }; 5];
        FOUND[self as usize].get_or_init(|| self.look()).as_deref()
    }

    fn look(self) -> Option<String> {
        let ask = |program: &OsStr, args: &[&str]| {
            let mut command = Command::new(program);
            command
                .env("OPENSSL_CONF", openssl_configuration())
                .stdin(Stdio::null());
            let output = command.args(args).output().ok()?;
            let text = if output.stdout.is_empty() {
                output.stderr
            } else {
                output.stdout
            };
            Some(String::from_utf8_lossy(&text).into_owned())
        };
        let words = |text: String, n: usize| {
            Some(
                text.split_whitespace()
                    .take(n)
                    .collect::<Vec<_>>()
                    .join(" "),
            )
        };
        match self {
            // LibreSSL calls itself so: another program
            Self::Openssl => words(ask("openssl".as_ref(), &["version"])?, 2)
                .filter(|v| v.starts_with("OpenSSL ") && !v.starts_with("OpenSSL 1")),
            Self::Openssl4 => {
                words(ask(&openssl4(), &["version"])?, 2).filter(|v| v.starts_with("OpenSSL 4"))
            }
            Self::Gpgsm => {
                let version = ask("gpgsm".as_ref(), &["--version"])?;
                Some(format!(
                    "gpgsm {}",
                    version.lines().next()?.split_whitespace().last()?
                ))
            }
            Self::Nss => {
                ask("certutil".as_ref(), &["-H"])?;
                ask("pk12util".as_ref(), &["-H"])?;
                ask("cmsutil".as_ref(), &["-H"]).map(|_| "NSS cmsutil".to_owned())
            }
            Self::X25519 => {
                Self::Openssl.version()?;
                ask("python3".as_ref(), &["--version"])?
                    .starts_with("Python 3")
                    .then(|| "x25519.py".to_owned())
            }
        }
    }
}

fn openssl4() -> OsString {
    std::env::var_os("SMIME_OPENSSL4").unwrap_or_else(|| "/opt/openssl4/bin/openssl".into())
}

fn openssl_configuration() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/peers/openssl.cnf")
}

/// Returns an OpenSSL with these arguments.
pub(crate) fn openssl(peer: Peer, args: Vec<OsString>) -> Call {
    let program = match peer {
        Peer::Openssl4 => openssl4(),
        _ => "openssl".into(),
    };
    Call::new(program, args).env("OPENSSL_CONF", openssl_configuration())
}

/// Returns the peer for X25519 with these arguments.
pub(crate) fn x25519(args: Vec<OsString>) -> Call {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/peers/x25519.py");
    let mut call =
        Call::new("python3", vec![script.into()]).env("OPENSSL_CONF", openssl_configuration());
    call.command.args(args);
    call
}

/// Returns Bouncy Castle as a peer, with these arguments; see `tests/peers/bouncycastle.sh`.
pub(crate) fn bouncy_castle_call(args: Vec<OsString>) -> Call {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/peers/bouncycastle.sh");
    let mut call = Call::new(script, args);
    // what it compiles is kept where the user's caches are
    for name in ["HOME", "XDG_CACHE_HOME"] {
        if let Some(value) = std::env::var_os(name) {
            call = call.env(name, value);
        }
    }
    call
}

/// Returns whether Bouncy Castle is here; if not, says what is left out, as `have` does.
pub(crate) fn have_bouncy_castle(what: &str) -> bool {
    static FOUND: OnceLock<bool> = OnceLock::new();
    let found = FOUND.get_or_init(|| bouncy_castle_call(Vec::new()).run().code == 0);
    if !found {
        left_out(what, "Bouncy Castle is not here");
    }
    *found
}

/// The columns of `tests/matrix.txt` that no [`Peer`] fills: Bouncy Castle and the JDK; second implementations in `tests/peers`, vectors of RFCs.
pub(crate) const JAVA: &str = "Java";
pub(crate) const OTHER: &str = "other";

/// Which way a message went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    /// the peer read what we wrote
    Ours,
    /// we read what the peer wrote
    Theirs,
    /// there is no peer: an RFC's vector
    Vector,
}
pub(crate) const BOTH: [Way; 2] = [Way::Ours, Way::Theirs];

/// Records that a message was understood, or by no `ways` that no peer would, for `tests/matrix.py`, which makes `tests/matrix.txt` of it.
pub(crate) fn agreed(section: &str, row: &str, column: &str, ways: &[Way]) {
    let Some(file) = std::env::var_os("SMIME_MATRIX_RECORD") else {
        return;
    };
    let line = |way| format!("{section}\t{row}\t{column}\t{way:?}\n");
    let lines: String = match ways {
        [] => format!("{section}\t{row}\t\t\n"),
        _ => ways.iter().map(line).collect(),
    };
    let file = std::fs::OpenOptions::new()
        .create(true)
        .append(true)
        .open(file);
    // at once: others write too
    file.unwrap().write_all(lines.as_bytes()).unwrap();
}

/// Returns whether all of these are here; if not, says what is left out for want of them, which fails where peers are required.
pub(crate) fn have(peers: &[Peer], what: &str) -> bool {
    let missing: Vec<String> = peers
        .iter()
        .filter(|p| p.version().is_none())
        .map(|p| format!("{p:?}").to_lowercase())
        .collect();
    if missing.is_empty() {
        return true;
    }
    left_out(what, &format!("{} is not here", missing.join(", ")));
    false
}

/// Says that something is left out and why, which fails where peers are required.
pub(crate) fn left_out(what: &str, why: &str) {
    assert!(
        std::env::var_os("SMIME_REQUIRE_PEERS").is_none_or(|v| v != "1"),
        "SMIME_REQUIRE_PEERS=1, but {why}, so that this would be left out: {what}"
    );
    say(&format!("left out: {what}: {why}"));
}

/// Writes a line past the test harness, which would swallow it.
pub(crate) fn say(text: &str) {
    writeln!(std::io::stderr(), "{text}").unwrap();
}

/// Runs jobs on as many threads as there are processors; results in the order of the jobs.
pub(crate) fn parallel<J: Sync, R: Send>(jobs: &[J], work: impl Fn(&J) -> R + Sync) -> Vec<R> {
    let next = std::sync::atomic::AtomicUsize::new(0);
    let results: Vec<Mutex<Option<R>>> = jobs.iter().map(|_| Mutex::new(None)).collect();
    let threads = std::thread::available_parallelism().map_or(2, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                loop {
                    let at = next.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
                    let Some(job) = jobs.get(at) else { break };
                    *results[at].lock().unwrap() = Some(work(job));
                }
            });
        }
    });
    results
        .into_iter()
        .map(|r| r.into_inner().unwrap().unwrap())
        .collect()
}

/// Returns the bytes with CRLF line ends made LF.
pub(crate) fn without_cr(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len());
    for (i, &b) in bytes.iter().enumerate() {
        if b != b'\r' || bytes.get(i + 1) != Some(&b'\n') {
            out.push(b);
        }
    }
    out
}

/// Returns the bytes with LF line ends made CRLF.
pub(crate) fn with_cr(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len() + bytes.len() / 40);
    for b in without_cr(bytes) {
        if b == b'\n' {
            out.push(b'\r');
        }
        out.push(b);
    }
    out
}

/// Octets that are always the same and look like noise (xorshift64*).
pub(crate) fn noise(seed: u64, n: usize) -> Vec<u8> {
    let mut state = seed | 1;
    let mut out = Vec::with_capacity(n + 8);
    while out.len() < n {
        state ^= state >> 12;
        state ^= state << 25;
        state ^= state >> 27;
        out.extend_from_slice(&state.wrapping_mul(0x2545_F491_4F6C_DD1D).to_le_bytes());
    }
    out.truncate(n);
    out
}

/// The options with which Alice signs.
pub(crate) fn as_alice() -> Vec<OsString> {
    args!["-i", fixture("identities/alice.pem")]
}

/// The options that name the trust anchor.
pub(crate) fn trusting() -> Vec<OsString> {
    args!["-t", fixture("trust")]
}

/// Joins lists of arguments.
pub(crate) fn join(lists: &[&[OsString]]) -> Vec<OsString> {
    lists.concat()
}
