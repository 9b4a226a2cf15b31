//! What the machine does at best of what an operation is made of, for `tests/bench/run.py` to set the operation beside:
//!
//!     cargo bench --bench bare -- stages FILE    seconds that each stage takes alone with the content of FILE: read, canonical form, digest, ciphers, base64, write
//!     cargo bench --bench bare -- keys N         RSA-2048 signatures and decryptions (OAEP) in a second, of N threads at once
//!
//! Chunks and primitives are the program's. A line of the answer is a name and a number.
#![allow(clippy::unwrap_used, clippy::print_stdout, clippy::indexing_slicing)]
mod alice;

use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng};
use smime::{
    crypto::{
        ContentCipher, Digest, Hasher, KeySize, PrivateKey, Secret, SignatureAlgorithm,
        content::Encryption, key_transport,
    },
    encoding::base64,
    mime::canonical::Canonicalizer,
};
use std::{
    fs::File,
    hint::black_box,
    io::{self, Read, Write},
    path::Path,
    time::{Duration, Instant},
};

/// Octets that pass at once, as in `smime`.
const CHUNK: usize = 64 << 10;
/// Times that each stage runs; the median counts.
const RUNS: usize = 5;

fn main() {
    let arguments: Vec<String> = std::env::args()
        .skip(1)
        .filter(|a| a != "--bench")
        .collect();
    match &arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["stages", file] => stages(Path::new(file)),
        ["keys", threads] => keys(threads.parse().unwrap()),
        // `cargo bench` alone, or to have it built
        _ => {}
    }
}

fn stages(path: &Path) {
    let chunks = |each: &mut dyn FnMut(&[u8])| {
        let (mut file, mut chunk) = (File::open(path).unwrap(), vec![0; CHUNK]);
        loop {
            let length = file.read(&mut chunk).unwrap();
            if length == 0 {
                break;
            }
            each(&chunk[..length]);
        }
    };
    report("read", || {
        chunks(&mut |chunk| {
            black_box(chunk);
        });
    });
    // the stages after it work on the canonical form, of which one chunk is enough: they take as long for each octet whatever it is
    let mut octets = 0;
    let mut sample = Vec::new();
    let mut canonicalizer = Canonicalizer::new();
    let mut out = Vec::with_capacity(2 * CHUNK);
    chunks(&mut |chunk| {
        out.clear();
        canonicalizer.push(chunk, &mut out);
        octets += out.len();
        if sample.is_empty() {
            sample.clone_from(&out);
        }
    });
    sample.truncate(CHUNK);
    let passes = |each: &mut dyn FnMut(&[u8])| {
        let mut left = octets;
        while left > 0 {
            let length = left.min(sample.len());
            each(black_box(&sample[..length]));
            left -= length;
        }
    };
    report("digest", || {
        let mut hasher = Hasher::new(Digest::Sha256);
        passes(&mut |chunk| hasher.update(chunk));
        black_box(hasher.finish());
    });
    for (name, cipher) in [
        ("cipher CBC", ContentCipher::Aes256Cbc),
        ("cipher GCM", ContentCipher::Aes256Gcm),
    ] {
        report(name, || {
            let key = Secret::new(vec![1; cipher.key_size()]);
            let iv = vec![2; cipher.iv_size()];
            let mut encryption = Encryption::new(cipher, &key, &iv, b"").unwrap();
            let mut out = Vec::with_capacity(2 * CHUNK);
            passes(&mut |chunk| {
                out.clear();
                encryption.update(chunk, &mut out).unwrap();
                black_box(&out);
            });
        });
    }
    report("base64", || {
        let mut encoder = base64::Encoder::new(io::sink(), "\n");
        passes(&mut |chunk| encoder.write_all(chunk).unwrap());
        encoder.finish().unwrap();
    });
    // what the forms are written as: the content as it came, and base64 of its canonical form with line ends
    let read = usize::try_from(path.metadata().unwrap().len()).unwrap();
    for (name, octets) in [("write", read), ("write base64", octets / 48 * 65)] {
        report(name, || {
            let mut file = tempfile::tempfile().unwrap();
            let mut left = octets;
            while left > 0 {
                let length = left.min(sample.len());
                file.write_all(&sample[..length]).unwrap();
                left -= length;
            }
        });
    }
}
fn report(name: &str, mut stage: impl FnMut()) {
    let mut times: Vec<f64> = (0..RUNS)
        .map(|_| {
            let start = Instant::now();
            stage();
            start.elapsed().as_secs_f64()
        })
        .collect();
    times.sort_by(f64::total_cmp);
    println!("{name} {:.6}", times[RUNS / 2]);
}

fn keys(threads: usize) {
    let (key, oaep) = (alice::key(), alice::oaep());
    let mut rng = ChaCha20Rng::from_seed([1; 32]);
    let secret = Secret::random(32, &mut rng);
    let sent = key_transport::encrypt_key(key.public_key(), &oaep, &secret, &mut rng).unwrap();
    let algorithm = SignatureAlgorithm::RsaPkcs1(Digest::Sha256);
    let rate = |work: &(dyn Fn() + Sync)| -> f64 {
        let count = || {
            let (start, mut calls) = (Instant::now(), 0_u32);
            while start.elapsed() < Duration::from_secs(2) {
                work();
                calls += 1;
            }
            f64::from(calls) / start.elapsed().as_secs_f64()
        };
        std::thread::scope(|scope| {
            let running: Vec<_> = (0..threads).map(|_| scope.spawn(count)).collect();
            running.into_iter().map(|it| it.join().unwrap()).sum()
        })
    };
    let signatures = rate(&|| {
        let mut rng = ChaCha20Rng::from_seed([2; 32]);
        drop(black_box(
            key.sign(&algorithm, b"message", &mut rng).unwrap(),
        ));
    });
    println!("sign {signatures:.0}");
    let decryptions = rate(&|| {
        let mut rng = ChaCha20Rng::from_seed([2; 32]);
        let size = KeySize::Exactly(32);
        black_box(key.decrypt_key(&oaep, &sent, size, &mut rng).unwrap());
    });
    println!("decrypt {decryptions:.0}");
}
