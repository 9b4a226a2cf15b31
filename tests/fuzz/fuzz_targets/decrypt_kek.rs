//! The whole decrypt and open, for a recipient with a shared key or a password.
#![no_main]
use libfuzzer_sys::{fuzz_mutator, fuzz_target};
use smime_fuzz::{bounds::within, decrypt, mutate, seal::To};

fuzz_target!(init: decrypt::prepare(To::Kek), |data: &[u8]| within(|| decrypt::one(To::Kek, data)));

fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    mutate::mutate(data, size, max_size, seed, 1)
});
