//! Our primitives beside those of `openssl speed`, one after the other: `cargo bench --bench primitives [-- PATTERN]`. OpenSSL is `openssl`, or what
//! `SMIME_OPENSSL4` names (tests/peers/openssl4.sh); rates are the best of several runs, and ratios above 1 are in our favour.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::indexing_slicing,
    clippy::type_complexity
)]
mod clock;

use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng};
use smime::crypto::{
    ContentCipher, Digest, Hasher, KeySize, KeyTransport, PrivateKey, PublicKey, Secret,
    SignatureAlgorithm, SoftwareKey,
    content::{Decryption, Encryption},
    key_transport,
    public_key::Signed,
};
use std::{hint::black_box, process::Command, time::Duration};

/// Octets that pass at once, as in `cli`.
const CHUNK: usize = 64 << 10;

/// Runs of which the best counts.
const ROUNDS: usize = 2;

/// A row: its name, octets in one call (0: calls are counted), what `openssl speed` calls it, which figure of its answer, and the work.
struct Row {
    name: &'static str,
    octets: usize,
    speed: Vec<&'static str>,
    figure: usize,
    work: Box<dyn FnMut()>,
}

fn main() {
    let pattern = std::env::args().skip(1).find(|a| !a.starts_with('-'));
    let pattern = pattern.unwrap_or_default();
    println!("{:<32}{:>12}{:>12}{:>8}", "", "smime", "openssl", "ratio");
    let mut rows = rows();
    rows.retain(|row| row.name.contains(&pattern));
    // one answer of OpenSSL serves the rows that stand beside it
    for rows in rows.chunk_by_mut(|one, next| one.speed == next.speed) {
        let mut ours = vec![0.0_f64; rows.len()];
        let mut theirs = Vec::new();
        for _ in 0..ROUNDS {
            for (best, row) in ours.iter_mut().zip(rows.iter_mut()) {
                *best = best.max(clock::rate(Duration::from_millis(500), &mut row.work));
            }
            let figures = openssl(&rows[0].speed);
            theirs.resize(figures.len(), 0.0_f64);
            for (best, figure) in theirs.iter_mut().zip(figures) {
                *best = best.max(figure);
            }
        }
        for (row, ours) in rows.iter().zip(ours) {
            let theirs = theirs.get(row.figure).copied();
            show(row, ours, theirs);
        }
    }
}
fn show(row: &Row, ours: f64, theirs: Option<f64>) {
    // OpenSSL counts octets where we count calls
    let (ours, theirs, unit) = match row.octets {
        0 => (ours, theirs, "/s"),
        octets => (
            ours * octets as f64 / 1e6,
            theirs.map(|octets| octets / 1e6),
            "MB/s",
        ),
    };
    print!("{:<32}{ours:>12.0}", row.name);
    match theirs {
        Some(theirs) => println!("{theirs:>12.0}{:>8.2} {unit}", ours / theirs),
        None => println!("{:>12}{:>8} {unit}", "-", ""),
    }
}
/// Returns what `openssl speed` measured, by the user time of its process: of ciphers and digests octets in a second; of RSA how often it signs,
/// verifies, encrypts and decrypts (PKCS#1 v1.5; 3.0 does the first two), of other signatures the first two, of agreements how often it agrees.
fn openssl(arguments: &[&str]) -> Vec<f64> {
    if arguments.is_empty() {
        return Vec::new();
    }
    let program = std::env::var("SMIME_OPENSSL4").unwrap_or_else(|_| "openssl".into());
    let mut command = Command::new(program);
    command.args(["speed", "-mr", "-seconds", "1", "-bytes", "65536"]);
    let output = command.args(arguments).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let line = text.lines().find(|line| line.starts_with("+F"));
    // numbers of things and names have no fraction
    let fields = line.unwrap_or_default().split(':');
    let figures = fields.filter(|field| field.contains('.'));
    figures.map(|figure| figure.parse().unwrap()).collect()
}

fn rows() -> Vec<Row> {
    let mut rows = Vec::new();
    let mut row = |name, octets, speed: &[&'static str], figure, work: Box<dyn FnMut()>| {
        let speed = speed.to_vec();
        rows.push(Row {
            name,
            octets,
            speed,
            figure,
            work,
        });
    };
    for (name, digest) in [("sha256", Digest::Sha256), ("sha512", Digest::Sha512)] {
        let content = vec![7; CHUNK];
        let mut hasher = Hasher::new(digest);
        let work = Box::new(move || hasher.update(black_box(&content)));
        row(name, CHUNK, &["-evp", name], 0, work);
    }
    for (name, speed, cipher) in [
        ("aes-128-cbc", "aes-128-cbc", ContentCipher::Aes128Cbc),
        ("aes-256-cbc", "aes-256-cbc", ContentCipher::Aes256Cbc),
        ("aes-128-gcm", "aes-128-gcm", ContentCipher::Aes128Gcm),
        ("aes-256-gcm", "aes-256-gcm", ContentCipher::Aes256Gcm),
        (
            "chacha20-poly1305",
            "chacha20-poly1305",
            ContentCipher::ChaCha20Poly1305,
        ),
    ] {
        for decrypt in [false, true] {
            let (key, iv) = (
                Secret::new(vec![1; cipher.key_size()]),
                vec![2; cipher.iv_size()],
            );
            let (content, mut out) = (vec![7; CHUNK], Vec::with_capacity(2 * CHUNK));
            let start = move || match decrypt {
                false => (Some(Encryption::new(cipher, &key, &iv, b"").unwrap()), None),
                true => (None, Some(Decryption::new(cipher, &key, &iv).unwrap())),
            };
            let (mut state, mut passed) = (start(), 0_u64);
            let work = Box::new(move || {
                out.clear();
                passed += 1;
                // below the limit of GCM
                if passed.is_multiple_of(1 << 19) {
                    state = start();
                }
                match &mut state {
                    (Some(encryption), _) => encryption.update(&content, &mut out).unwrap(),
                    (_, Some(decryption)) => decryption.update(&content, &mut out).unwrap(),
                    _ => {}
                }
                black_box(&out);
            });
            let arguments: &[&'static str] = match decrypt {
                false => &["-evp", speed],
                true => &["-evp", speed, "-decrypt"],
            };
            let name: &'static str = match decrypt {
                false => name,
                true => format!("{name} decryption").leak(),
            };
            row(name, CHUNK, arguments, 0, work);
        }
    }
    for bits in ["2048", "3072", "4096"] {
        let speed: &'static str = format!("rsa{bits}").leak();
        let options = [
            "-algorithm",
            "RSA",
            "-pkeyopt",
            format!("rsa_keygen_bits:{bits}").leak(),
        ];
        let algorithm = SignatureAlgorithm::RsaPkcs1(Digest::Sha256);
        let loaded = generate(&options);
        let der = loaded.clone();
        let load = Box::new(move || drop(black_box(SoftwareKey::from_pkcs8(&der).unwrap())));
        row(format!("{speed} key read").leak(), 0, &[], 0, load);
        signatures(&mut row, speed, speed, &options, algorithm);
        let oaep = KeyTransport::RsaOaep {
            digest: Digest::Sha256,
            mgf: Digest::Sha256,
            label: Vec::new(),
        };
        for (name, algorithm) in [("oaep", oaep), ("pkcs1", KeyTransport::RsaPkcs1)] {
            let key = SoftwareKey::from_pkcs8(&loaded).unwrap();
            let mut rng = ChaCha20Rng::from_seed([1; 32]);
            let secret = Secret::new(vec![7; 32]);
            let public = key.public_key().clone();
            let send =
                move |public: &PublicKey, algorithm: &KeyTransport, rng: &mut ChaCha20Rng| {
                    key_transport::encrypt_key(public, algorithm, &secret, rng).unwrap()
                };
            let sent = send(&public, &algorithm, &mut rng);
            let (same, mut other) = (algorithm.clone(), rng.clone());
            let work = Box::new(move || drop(black_box(send(&public, &same, &mut other))));
            row(
                format!("{speed} {name} encryption").leak(),
                0,
                &[speed],
                2,
                work,
            );
            let work = Box::new(move || {
                let size = KeySize::Exactly(32);
                black_box(key.decrypt_key(&algorithm, &sent, size, &mut rng).unwrap());
            });
            row(
                format!("{speed} {name} decryption").leak(),
                0,
                &[speed],
                3,
                work,
            );
        }
    }
    for (curve, digest) in [
        ("P-256", Digest::Sha256),
        ("P-384", Digest::Sha384),
        ("P-521", Digest::Sha512),
    ] {
        let options = [
            "-algorithm",
            "EC",
            "-pkeyopt",
            format!("ec_paramgen_curve:{curve}").leak(),
        ];
        let short = curve.to_lowercase().replace('-', "");
        let name: &'static str = format!("ecdsa {curve}").leak();
        let speed = format!("ecdsa{short}").leak();
        signatures(
            &mut row,
            name,
            speed,
            &options,
            SignatureAlgorithm::Ecdsa(digest),
        );
        agreement(
            &mut row,
            format!("ecdh {curve}").leak(),
            format!("ecdh{short}").leak(),
            &options,
        );
    }
    signatures(
        &mut row,
        "ed25519",
        "ed25519",
        &["-algorithm", "ED25519"],
        SignatureAlgorithm::Ed25519,
    );
    agreement(&mut row, "x25519", "ecdhx25519", &["-algorithm", "X25519"]);
    rows
}
type AddRow<'a> = &'a mut dyn FnMut(&'static str, usize, &[&'static str], usize, Box<dyn FnMut()>);

fn signatures(
    row: AddRow<'_>,
    name: &'static str,
    speed: &'static str,
    options: &[&str],
    algorithm: SignatureAlgorithm,
) {
    let key = SoftwareKey::from_pkcs8(&generate(options)).unwrap();
    let public = key.public_key().clone();
    let mut rng = ChaCha20Rng::from_seed([1; 32]);
    let signature = key.sign(&algorithm, b"message", &mut rng).unwrap();
    let same = algorithm.clone();
    let work = Box::new(move || drop(black_box(key.sign(&same, b"message", &mut rng).unwrap())));
    row(format!("{name} signature").leak(), 0, &[speed], 0, work);
    let work = Box::new(move || {
        let signed = Signed::Message(b"message");
        assert!(public.verify(&algorithm, signed, &signature).unwrap());
    });
    row(format!("{name} verification").leak(), 0, &[speed], 1, work);
}
fn agreement(row: AddRow<'_>, name: &'static str, speed: &'static str, options: &[&str]) {
    let key = SoftwareKey::from_pkcs8(&generate(options)).unwrap();
    let peer = SoftwareKey::from_pkcs8(&generate(options)).unwrap();
    let work = Box::new(move || drop(black_box(key.agree(peer.public_key()).unwrap())));
    row(name, 0, &[speed], 0, work);
}
/// Makes a key, DER of PKCS#8: what OpenSSL 3.0 writes in PEM, but not in DER.
fn generate(options: &[&str]) -> Vec<u8> {
    let mut command = Command::new("openssl");
    let output = command.args(["genpkey", "-quiet"]).args(options).output();
    let output = output.unwrap();
    let pem = String::from_utf8(output.stdout).unwrap();
    let base64: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
    assert!(
        !base64.is_empty(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    data_encoding::BASE64.decode(base64.as_bytes()).unwrap()
}
