//! All integration tests in one binary, since links are what costs; the modules say what each covers.
//!
//! Most run the `smime` program as people do. Tests that need another program (`openssl`, `gpgsm`, `cmsutil`, …) say `left out: …` where
//! it is missing and pass, unless `SMIME_REQUIRE_PEERS=1` is set, as in CI.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::useless_vec, // what args! makes is a list of arguments, whoever takes it
    clippy::explicit_write // see support::say
)]

#[macro_use]
mod support;

mod batch;
mod corpora;
mod flips;
mod floors;
mod forms;
mod headers;
mod kill;
mod library;
mod limits;
mod matrix;
mod matrix_attributes;
mod matrix_content;
mod matrix_keys;
mod matrix_recipients;
mod matrix_signatures;
mod mutation;
mod negative;
mod outbox;
mod parts;
mod paths;
mod pki;
mod readme;
mod reasons;
mod recipients;
mod regressions;
mod revocation;
mod rsa_kem;
mod signers;
mod start;
mod tamper;
mod threads;
mod transport;
mod trust;
mod verbs;
