//! Does the time that a decryption by RSA takes tell good padding from bad? For the engine it is built with, it measures what the library does with a content
//! key, by the processor time of the thread: good messages and random numbers in random order, so many of each. Welch's t-test is over all samples and
//! over those below the 90th percentile (the rest is the machine's); above 4.5 a difference is taken to be seen. SECURITY.md has the figures.
//!
//!     cargo bench --bench padding --no-run    then, on one core:    taskset -c 0 target/release/deps/padding-… [SAMPLES] [OAEP|PKCS]
#![allow(clippy::unwrap_used, clippy::print_stdout, clippy::indexing_slicing)]
mod alice;
mod clock;

use rand_chacha::{
    ChaCha20Rng,
    rand_core::{Rng, SeedableRng},
};
use smime::crypto::{KeySize, KeyTransport, PrivateKey, Secret, SoftwareKey, key_transport};
use std::hint::black_box;

/// Different messages of each class
const POOL: usize = 256;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let asked = arguments.iter().find_map(|argument| argument.parse().ok());
    let samples: usize = asked.unwrap_or(100_000);
    let mut names = arguments
        .iter()
        .filter(|it| it.starts_with(char::is_uppercase));
    let chosen = names.next().map_or("", String::as_str);
    let engine = match cfg!(feature = "aws-lc") {
        true => "aws-lc",
        false => "rust alone",
    };
    let (key, oaep) = (alice::key(), alice::oaep());
    println!("{samples} samples a class, RSA-2048, engine {engine}");
    for (name, algorithm) in [("OAEP", oaep), ("PKCS#1 v1.5", KeyTransport::RsaPkcs1)] {
        if !name.starts_with(chosen) {
            continue;
        }
        measure(name, &key, &algorithm, samples);
    }
}

fn measure(name: &str, key: &SoftwareKey, algorithm: &KeyTransport, samples: usize) {
    let mut rng = ChaCha20Rng::from_seed([1; 32]);
    let mut good = || {
        let secret = Secret::random(32, &mut rng);
        key_transport::encrypt_key(key.public_key(), algorithm, &secret, &mut rng).unwrap()
    };
    let good: Vec<Vec<u8>> = (0..POOL).map(|_| good()).collect();
    // below the modulus, whose first octet is not zero
    let mut bad = || {
        let mut number = vec![0; good[0].len()];
        rng.fill_bytes(&mut number[1..]);
        number
    };
    let bad: Vec<Vec<u8>> = (0..POOL).map(|_| bad()).collect();
    let pools = [good, bad];
    let mut times = [Vec::new(), Vec::new()];
    while times.iter().any(|class| class.len() < samples) {
        let draw = rng.next_u64();
        let class = usize::from(draw & 1 == 1);
        if times[class].len() == samples {
            continue;
        }
        let encrypted = &pools[class][usize::try_from(draw >> 8).unwrap() % POOL];
        let start = clock::now();
        let _ = black_box(key.decrypt_key(
            algorithm,
            black_box(encrypted),
            KeySize::Exactly(32),
            &mut rng,
        ));
        times[class].push((clock::now() - start).as_nanos() as f64);
    }
    let mut all = times.concat();
    all.sort_by(f64::total_cmp);
    let bound = all[all.len() / 10 * 9];
    let below = |class: &Vec<f64>| -> Vec<f64> {
        class.iter().copied().filter(|time| *time < bound).collect()
    };
    for (which, [good, bad]) in [
        ("all", times.clone()),
        (
            "below the 90th percentile",
            [below(&times[0]), below(&times[1])],
        ),
    ] {
        let ((a, va), (b, vb)) = (moments(&good), moments(&bad));
        let error = (va / good.len() as f64 + vb / bad.len() as f64).sqrt();
        println!(
            "{name}, {which}: good {:.2} µs, bad {:.2} µs, difference {:+.3} µs, t = {:+.2}",
            a / 1e3,
            b / 1e3,
            (b - a) / 1e3,
            (b - a) / error
        );
    }
}
/// Returns mean and variance.
fn moments(times: &[f64]) -> (f64, f64) {
    let count = times.len() as f64;
    let mean = times.iter().sum::<f64>() / count;
    let squares = times.iter().map(|time| (time - mean).powi(2));
    (mean, squares.sum::<f64>() / (count - 1.0))
}
