//! The architecture, held: no room imports one above or beside it, external crates stay in their rooms, and the library touches nothing ambient.
//!
//! Reads `src/` as text; unit tests (`#[cfg(test)]` at the end of a file) are not looked at.
use std::{collections::BTreeSet, path::Path};

/// Rooms and floors: a room may import those with a smaller number.
const ROOMS: &[(&str, u8)] = &[
    ("encoding", 0), // below its two neighbours
    ("asn1", 1),
    ("mime", 1),
    ("crypto", 2),
    ("policy", 3),
    ("x509", 4),
    ("cms", 5),
    ("store", 6),
    ("smime", 7),
    ("cli", 8),
    ("batch", 9),
];

/// What a room must not import although it lies below.
const NEVER: &[(&str, &str)] = &[
    ("cms", "policy"), // it cannot decide
    ("cms", "mime"),   // and knows no mail
    ("crypto", "mime"),
];

/// Where each dependency may be named; `*`: everywhere. `main` is src/main.rs.
const CRATES: &[(&str, &[&str])] = &[
    ("cms", &["cms"]),
    ("x509_cert", &["x509", "cms"]),
    ("der", &["asn1", "crypto", "x509", "cms", "store"]),
    (
        "const_oid",
        &["asn1", "crypto", "policy", "x509", "cms", "store"],
    ),
    ("spki", &["asn1", "crypto", "x509", "cms", "store"]),
    ("time", &["asn1", "cli"]),
    ("stringprep", &["x509"]),
    ("unicode_normalization", &["x509"]),
    ("idna", &["mime", "x509"]),
    ("mail_parser", &["mime"]),
    ("mail_builder", &["mime"]),
    ("base64_simd", &["encoding"]),
    ("data_encoding", &["encoding"]),
    ("flate2", &["encoding"]),
    (
        "memchr",
        &["encoding", "asn1", "mime", "x509", "smime", "batch"],
    ),
    ("rsa", &["crypto"]),
    ("p256", &["crypto"]),
    ("p384", &["crypto"]),
    ("p521", &["crypto"]),
    ("bp256", &["crypto"]),
    ("bp384", &["crypto"]),
    ("ecdsa", &["crypto"]),
    ("elliptic_curve", &["crypto"]),
    ("primefield", &["crypto"]),
    ("primeorder", &["crypto"]),
    ("dsa", &["crypto"]),
    ("ed448_goldilocks", &["crypto"]),
    ("ml_dsa", &["crypto"]),
    ("slh_dsa", &["crypto"]),
    ("sha3", &["crypto"]),
    ("shake", &["crypto"]),
    ("ed25519_dalek", &["crypto"]),
    ("x25519_dalek", &["crypto"]),
    ("aes_kw", &["crypto"]),
    ("hkdf", &["crypto"]),
    ("hmac", &["crypto"]),
    ("pbkdf2", &["crypto"]),
    ("scrypt", &["crypto"]),
    ("aes", &["crypto"]),
    ("aes_gcm", &["crypto"]),
    ("cbc", &["crypto"]),
    ("ctr", &["crypto"]),
    ("ghash", &["crypto"]),
    ("aws_lc_rs", &["crypto"]),
    ("des", &["crypto"]),
    ("rc2", &["crypto"]),
    ("x448", &["crypto"]),
    ("ml_kem", &["crypto"]),
    ("ccm", &["crypto"]),
    ("chacha20", &["crypto"]),
    ("chacha20poly1305", &["crypto"]),
    ("md5", &["crypto"]),
    ("sha1", &["crypto"]),
    ("sha2", &["crypto"]),
    ("rand", &["crypto", "cli"]),
    ("subtle", &["crypto"]),
    ("zeroize", &["*"]),
    ("thiserror", &["*"]),
    ("anyhow", &["cli", "batch", "main"]),
    ("clap", &["cli", "main"]),
    ("getrandom", &["cli", "main"]),
    ("rpassword", &["cli"]),
    ("rustix", &["cli", "batch"]),
    ("rustls_native_certs", &["cli"]),
    ("serde_json", &["cli", "batch"]),
    ("indicatif", &["batch"]),
];

/// Paths that the library must not name, by their ends, and the one file that may.
const AMBIENT: &[(&str, Option<&str>)] = &[
    ("std::fs", Some("store/files.rs")),
    ("std::env", None),
    ("std::net", None),
    ("std::process", None),
    ("std::io::stdout", None),
    ("std::io::stderr", None),
    ("std::io::stdin", None),
    ("std::thread::sleep", None),
    ("SystemTime::now", None),
    ("Instant::now", None),
    ("OffsetDateTime::now_utc", None),
    ("OsRng", None),
    ("SysRng", None),
    ("thread_rng", None),
    ("rand::rng", None),
    ("process::exit", None),
    ("process::abort", None),
];

/// Macros that the library must not use.
const MACROS: &[&str] = &["println", "print", "eprintln", "eprint", "dbg"];

// ------------------------------------------------------------------------------------------------------------- the checker

/// Returns what is wrong with a file, each a line that begins with `file:line`.
fn check(file: &str, source: &str) -> Vec<String> {
    let tokens = tokens(source);
    let here = room_of(file);
    let is_library = !matches!(here, "cli" | "batch" | "main");
    let mut wrong = Vec::new();
    let mut uses = Vec::new();
    let mut local: BTreeSet<String> = BTreeSet::new();
    let mut inside_use = vec![false; tokens.len()];
    for (at, token) in tokens.iter().enumerate() {
        let next = tokens.get(at + 1).map(|t| t.text.as_str());
        match (token.text.as_str(), next) {
            // `use<'a>` in a return type is another thing
            ("use", next) if next != Some("<") => {
                let end = tree(&tokens, at + 1, &mut Vec::new(), &mut uses);
                inside_use[at..end].fill(true);
            }
            ("mod", Some(name)) => drop(local.insert(name.to_owned())),
            (name, Some("!")) if is_library && MACROS.contains(&name) => {
                wrong.push(format!("{file}:{} prints with {name}!", token.line));
            }
            _ => {}
        }
    }
    // `use crate::asn1::time;` makes `time::…` ours, not the crate's
    for (path, _) in &uses {
        if matches!(
            path.first().map(String::as_str),
            Some("crate" | "self" | "super" | "std" | "core")
        ) {
            local.extend(path.iter().rfind(|name| *name != "self").cloned());
        }
    }
    let mut paths = uses;
    let mut at = 0;
    while at < tokens.len() {
        let starts = !inside_use[at]
            && tokens[at].is_identifier()
            && (at < 2 || tokens[at - 1].text != "::");
        if !starts {
            at += 1;
            continue;
        }
        let (first, line) = (at, tokens[at].line);
        let mut path = vec![tokens[at].text.clone()];
        while tokens.get(at + 1).is_some_and(|t| t.text == "::")
            && tokens.get(at + 2).is_some_and(Token::is_identifier)
        {
            path.push(tokens[at + 2].text.clone());
            at += 2;
        }
        at += 1;
        if at - first > 1 || matches!(path[0].as_str(), "OsRng" | "SysRng") {
            paths.push((path, line));
        }
    }
    for (path, line) in paths {
        let first = path[0].as_str();
        if let Some(room) = imported_room(file, &path) {
            if room != here && !allowed(here, room) {
                wrong.push(format!("{file}:{line} imports {room}"));
            }
            continue;
        }
        if !local.contains(first)
            && let Some((name, rooms)) = CRATES.iter().find(|(name, _)| *name == first)
            && !rooms.contains(&"*")
            && !rooms.contains(&here)
        {
            wrong.push(format!(
                "{file}:{line} uses {name}, which belongs to {}",
                rooms.join(", ")
            ));
        }
        if is_library {
            let text = path.join("::");
            let named = |ambient: &str| {
                text == ambient
                    || text.starts_with(&format!("{ambient}::"))
                    || text.ends_with(&format!("::{ambient}"))
            };
            if let Some((ambient, exception)) = AMBIENT.iter().find(|(a, _)| named(a))
                && *exception != Some(file)
            {
                wrong.push(format!("{file}:{line} uses {ambient}"));
            }
        }
    }
    wrong
}

/// The room of a file: its directory under src/.
fn room_of(file: &str) -> &str {
    match file.split_once('/') {
        Some((room, _)) => room,
        None if file == "main.rs" => "main",
        None => file.trim_end_matches(".rs"),
    }
}

/// The room a path leads to, if to one of ours.
fn imported_room<'a>(file: &str, path: &'a [String]) -> Option<&'a str> {
    let name = match path[0].as_str() {
        // from the outside, the library is a crate like another
        "smime" if matches!(room_of(file), "cli" | "main") => path.get(1),
        "crate" => path.get(1),
        "super" => {
            // how far up this file's module is from the root
            let depth = file.split('/').count() - usize::from(file.ends_with("/mod.rs"));
            let ups = path.iter().take_while(|p| *p == "super").count();
            if ups < depth {
                return None;
            }
            path.get(ups)
        }
        _ => None,
    }?;
    ROOMS.iter().any(|(room, _)| room == name).then_some(name)
}

fn allowed(here: &str, room: &str) -> bool {
    let floor = |name: &str| {
        ROOMS
            .iter()
            .find(|(r, _)| *r == name)
            .map_or(u8::MAX, |(_, f)| *f)
    };
    floor(room) < floor(here) && !NEVER.contains(&(here, room))
}

/// A word, `::`, or one other character.
#[derive(Debug)]
struct Token {
    text: String,
    line: usize,
}

impl Token {
    fn is_identifier(&self) -> bool {
        self.text
            .starts_with(|c: char| c.is_alphabetic() || c == '_')
    }
}

/// Splits source text; comments, strings, characters, lifetimes and the unit tests at the end are left out.
fn tokens(source: &str) -> Vec<Token> {
    let text: Vec<char> = source.chars().collect();
    let (mut at, mut line) = (0, 1);
    let mut out: Vec<Token> = Vec::new();
    while at < text.len() {
        let rest = &text[at..];
        let skip = match rest {
            ['/', '/', ..] => rest.iter().position(|c| *c == '\n').unwrap_or(rest.len()),
            ['/', '*', ..] => comment(rest),
            ['"', ..] => string(rest),
            ['r', '"', ..] | ['r', '#', '"' | '#', ..] => raw_string(rest, 1),
            ['b', 'r', '"', ..] | ['b', 'r', '#', ..] => raw_string(rest, 2),
            ['b', '"', ..] => 1 + string(&rest[1..]),
            ['\'', '\\', ..] => 3 + rest[3..].iter().position(|c| *c == '\'').unwrap_or(0),
            ['\'', _, '\'', ..] => 3,
            ['\'', ..] => {
                1 + rest[1..]
                    .iter()
                    .take_while(|c| c.is_alphanumeric() || **c == '_')
                    .count()
            }
            [c, ..] if c.is_whitespace() => 1,
            _ => 0,
        };
        if skip > 0 {
            line += rest[..skip].iter().filter(|c| **c == '\n').count();
            at += skip;
            continue;
        }
        let length = match rest {
            [c, ..] if c.is_alphanumeric() || *c == '_' => rest
                .iter()
                .take_while(|c| c.is_alphanumeric() || **c == '_')
                .count(),
            [':', ':', ..] => 2,
            _ => 1,
        };
        out.push(Token {
            text: rest[..length].iter().collect(),
            line,
        });
        at += length;
    }
    // the unit tests end a file
    let end = test_modules(&out).find_map(|(at, _, inline)| inline.then_some(at));
    if let Some(at) = end {
        out.truncate(at);
    }
    out
}

/// Where modules of tests are declared, their names, and whether they are in this file.
fn test_modules(tokens: &[Token]) -> impl Iterator<Item = (usize, &str, bool)> {
    let declared = ["#", "[", "cfg", "(", "test", ")", "]", "mod"];
    tokens
        .windows(10)
        .enumerate()
        .filter_map(move |(at, window)| {
            let found = window
                .iter()
                .zip(declared)
                .all(|(token, text)| token.text == text);
            found.then(|| (at, window[8].text.as_str(), window[9].text == "{"))
        })
}

fn comment(text: &[char]) -> usize {
    let (mut depth, mut at) = (0, 0);
    while at < text.len() {
        match text[at..] {
            ['/', '*', ..] => {
                depth += 1;
                at += 2;
            }
            ['*', '/', ..] => {
                depth -= 1;
                at += 2;
                if depth == 0 {
                    return at;
                }
            }
            _ => at += 1,
        }
    }
    at
}

fn string(text: &[char]) -> usize {
    let mut at = 1;
    while at < text.len() && text[at] != '"' {
        at += if text[at] == '\\' { 2 } else { 1 };
    }
    (at + 1).min(text.len())
}

fn raw_string(text: &[char], prefix: usize) -> usize {
    let hashes = text[prefix..].iter().take_while(|c| **c == '#').count();
    if text.get(prefix + hashes) != Some(&'"') {
        return 0; // r#type
    }
    let end: Vec<char> = std::iter::once('"')
        .chain(std::iter::repeat_n('#', hashes))
        .collect();
    let start = prefix + hashes + 1;
    text[start..]
        .windows(end.len())
        .position(|w| w == end)
        .map_or(text.len(), |n| start + n + end.len())
}

/// Reads a tree of `use`, collecting its paths; returns where it ends.
fn tree(
    tokens: &[Token],
    mut at: usize,
    prefix: &mut Vec<String>,
    paths: &mut Vec<(Vec<String>, usize)>,
) -> usize {
    let depth = prefix.len();
    let mut line = tokens.get(at).map_or(0, |t| t.line);
    while let Some(token) = tokens.get(at) {
        match token.text.as_str() {
            "{" => {
                at += 1;
                while tokens.get(at).is_some_and(|t| t.text != "}") {
                    let item = at;
                    at = tree(tokens, at, prefix, paths);
                    if at == item {
                        at += 1; // a comma
                    }
                }
                prefix.truncate(depth);
                return at + 1;
            }
            "," | ";" | "}" => break,
            "as" => at += 1, // the name it is given does not matter
            "::" => {}
            _ => {
                line = token.line;
                prefix.push(token.text.clone());
            }
        }
        at += 1;
    }
    if prefix.len() > depth {
        paths.push((prefix.clone(), line));
    }
    prefix.truncate(depth);
    at
}

// --------------------------------------------------------------------------------------------------------------- the tests

#[test]
fn no_arrow_goes_up_and_nothing_is_ambient() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    collect(&src, &mut files);
    assert!(files.len() > 40, "src/ was not found");
    let sources: Vec<(String, String)> = files
        .iter()
        .map(|file| {
            let name = file.strip_prefix(&src).unwrap().to_str().unwrap();
            (
                name.replace('\\', "/"),
                std::fs::read_to_string(file).unwrap(),
            )
        })
        .collect();
    // files that are modules of tests, declared in the mod.rs beside them
    let mut tests = BTreeSet::new();
    for (name, source) in &sources {
        let room = name.rsplit_once('/').map_or("", |(room, _)| room);
        for (_, module, inline) in test_modules(&tokens(source)) {
            if !inline {
                tests.insert(format!("{room}/{module}.rs"));
            }
        }
    }
    let wrong: Vec<String> = sources
        .iter()
        .filter(|(name, _)| !tests.contains(name))
        .flat_map(|(name, source)| check(name, source))
        .collect();
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));

    fn collect(dir: &Path, files: &mut Vec<std::path::PathBuf>) {
        for entry in std::fs::read_dir(dir).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                collect(&path, files);
            } else if path.extension().is_some_and(|e| e == "rs") {
                files.push(path);
            }
        }
    }
}

#[test]
fn every_room_and_dependency_has_its_place() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for entry in std::fs::read_dir(root.join("src")).unwrap() {
        let entry = entry.unwrap();
        let name = entry.file_name().into_string().unwrap();
        if entry.path().is_dir() {
            assert!(
                ROOMS.iter().any(|(room, _)| *room == name),
                "src/{name} has no floor here"
            );
        }
    }
    let manifest = std::fs::read_to_string(root.join("Cargo.toml")).unwrap();
    let dependencies = manifest.split("\n[dependencies]\n").nth(1).unwrap();
    let dependencies = dependencies.split("\n[").next().unwrap();
    for line in dependencies.lines() {
        let Some((name, _)) = line.split_once(" = ") else {
            continue;
        };
        // the library of crate md-5 is called md5
        let name = name.trim().replace("md-5", "md5").replace('-', "_");
        assert!(
            CRATES.iter().any(|(c, _)| *c == name),
            "dependency {name} has no room here"
        );
    }
}

#[track_caller]
fn expect(file: &str, source: &str, wrong: &[&str]) {
    assert_eq!(check(file, source), wrong, "{file}: {source}");
}

#[test]
fn the_checker_sees_what_it_must_see() {
    expect(
        "cms/signed_data.rs",
        "//! x\nuse crate::asn1::Oid;\n\nuse crate::policy::Level;\n",
        &["cms/signed_data.rs:4 imports policy"],
    );
    expect(
        "cms/x.rs",
        "use crate::{\n    asn1::Oid,\n    x509::{Certificate, name::Name},\n    mime::header,\n};",
        &["cms/x.rs:4 imports mime"],
    );
    expect(
        "asn1/x.rs",
        "fn f() { crate::crypto::sha256() }",
        &["asn1/x.rs:1 imports crypto"],
    );
    expect(
        "mime/x.rs",
        "use crate::asn1;",
        &["mime/x.rs:1 imports asn1"],
    );
    expect(
        "asn1/x.rs",
        "use crate::mime;",
        &["asn1/x.rs:1 imports mime"],
    );
    expect(
        "encoding/x.rs",
        "use crate::asn1::Oid;",
        &["encoding/x.rs:1 imports asn1"],
    );
    expect(
        "policy/x.rs",
        "use super::super::smime::Report;",
        &["policy/x.rs:1 imports smime"],
    );
    expect(
        "policy/mod.rs",
        "use super::smime::Report;",
        &["policy/mod.rs:1 imports smime"],
    );
    expect(
        "policy/x.rs",
        "type T = super::super::store::Spool;",
        &["policy/x.rs:1 imports store"],
    );
    expect(
        "smime/x.rs",
        "use rsa::RsaPrivateKey;",
        &["smime/x.rs:1 uses rsa, which belongs to crypto"],
    );
    expect(
        "mime/x.rs",
        "fn f() -> cms::content_info::ContentInfo {}",
        &["mime/x.rs:1 uses cms, which belongs to cms"],
    );
    expect(
        "cms/x.rs",
        "use mail_parser::Message;",
        &["cms/x.rs:1 uses mail_parser, which belongs to mime"],
    );
    expect(
        "smime/x.rs",
        "fn f() -> anyhow::Result<()> {}",
        &["smime/x.rs:1 uses anyhow, which belongs to cli, batch, main"],
    );
    expect(
        "smime/x.rs",
        "use std::{fs, io};",
        &["smime/x.rs:1 uses std::fs"],
    );
    expect(
        "smime/x.rs",
        "use std::fs::File;",
        &["smime/x.rs:1 uses std::fs"],
    );
    expect(
        "store/spool.rs",
        "let f = std::fs::File::open(p);",
        &["store/spool.rs:1 uses std::fs"],
    );
    expect(
        "smime/x.rs",
        "let t = std::time::SystemTime::now();",
        &["smime/x.rs:1 uses SystemTime::now"],
    );
    expect(
        "smime/x.rs",
        "use std::time::Instant;\nlet t = Instant::now();",
        &["smime/x.rs:2 uses Instant::now"],
    );
    expect(
        "crypto/x.rs",
        "let r = rand::rng();",
        &["crypto/x.rs:1 uses rand::rng"],
    );
    expect(
        "crypto/x.rs",
        "use rand::rngs::SysRng;",
        &["crypto/x.rs:1 uses SysRng"],
    );
    expect(
        "smime/x.rs",
        "fn f() { println!(\"x\"); eprintln!(); }",
        &[
            "smime/x.rs:1 prints with println!",
            "smime/x.rs:1 prints with eprintln!",
        ],
    );
    expect(
        "lib.rs",
        "fn f() { std::process::exit(1) }",
        &["lib.rs:1 uses std::process"],
    );
    expect(
        "x509/x.rs",
        "let e = std::env::var(\"HOME\");",
        &["x509/x.rs:1 uses std::env"],
    );
    expect(
        "x509/x.rs",
        "use std::net::TcpStream;",
        &["x509/x.rs:1 uses std::net"],
    );
}

#[test]
fn the_checker_sees_nothing_else() {
    expect(
        "cms/x.rs",
        "use crate::{asn1, crypto::Digest, x509};\nuse super::attribute;\nuse cms::signed_data::SignerInfo;",
        &[],
    );
    expect(
        "cms/x.rs",
        "// use crate::policy::Level;\n/* crate::mime /* nested */ crate::mime */ const S: &str = \"crate::policy println!()\";",
        &[],
    );
    expect(
        "cms/x.rs",
        "const S: &str = r#\"crate::policy::X \"quoted\"\"#; const C: char = '\"'; fn f<'a>(x: &'a str) {}",
        &[],
    );
    expect(
        "asn1/mod.rs",
        "pub mod time;\npub use time::Time;\nfn f() { time::parse() }",
        &[],
    );
    expect(
        "x509/x.rs",
        "use crate::asn1::time;\nfn f() { time::parse() }",
        &[],
    );
    expect(
        "smime/x.rs",
        "use crate::{cms::{self, Object}};\nfn f() { cms::open() }",
        &[],
    );
    expect(
        "smime/x.rs",
        "fn f(x: &str) -> impl Iterator<Item = u8> + use<'_> { x.bytes() }",
        &[],
    );
    expect("store/files.rs", "use std::fs::File;", &[]);
    expect(
        "cli/x.rs",
        "use std::{env, fs, process::exit};\nfn f() { println!(\"x\") }\nuse smime::smime::Verifier;",
        &[],
    );
    expect(
        "main.rs",
        "fn main() -> std::process::ExitCode { smime::store::x(); println!() }",
        &[],
    );
    expect(
        "smime/x.rs",
        "fn f() {}\n#[cfg(test)]\nmod tests { use std::fs; fn g() { println!(\"x\") } }",
        &[],
    );
    expect(
        "smime/report.rs",
        "use crate::{policy::{Finding, Level}, x509::Certificate};\nuse super::Error;",
        &[],
    );
    expect(
        "x509/mod.rs",
        "pub mod name;\nuse self::name::Name;\nuse crate::mime::mailbox::Address;",
        &[],
    );
}
