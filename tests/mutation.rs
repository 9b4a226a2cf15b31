//! Every bit of every certificate of valid chains flipped, anchors excepted: a changed certificate never leads to a trusted verdict.
//!
//! The chains are OpenSSL's (fixtures/chains/make.sh): each algorithm, and each extension that decides. All bits are flipped in a build for
//! release or with SMIME_ALL_BITS=1; else a sample of them. There are no harmless flips: the signature covers all but itself, and of each
//! signature one encoding is accepted.
use crate::{
    pki::{anchors, now},
    support::*,
};
use smime::{
    asn1::pem,
    policy::{Policy, Revocation},
    x509::{Certificate, Collection, PathBuilder, Purpose},
};

/// A valid chain, its end first.
struct Chain {
    name: String,
    certificates: Vec<Certificate>,
}

fn chains() -> Vec<Chain> {
    let mut files: Vec<_> = std::fs::read_dir(fixture("chains"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|it| it == "pem"))
        .collect();
    files.sort();
    let chain = |path: &std::path::PathBuf| Chain {
        name: path.file_stem().unwrap().to_string_lossy().into_owned(),
        certificates: pem::blocks(&std::fs::read(path).unwrap())
            .unwrap()
            .iter()
            .map(|block| Certificate::from_der(&block.der).unwrap())
            .collect(),
    };
    files.iter().map(chain).collect()
}

/// Whether a chain is trusted, its last certificate being the anchor.
fn is_trusted(chain: &[Certificate]) -> bool {
    let (leaf, above) = chain.split_first().unwrap();
    let anchors = anchors(above.last());
    let mut extra = Collection::default();
    extra
        .certificates
        .extend(above.iter().rev().skip(1).cloned());
    let mut policy = Policy::default();
    policy.revocation = Revocation::Off;
    let repository = Collection::default();
    let builder = PathBuilder::new(&anchors, &repository, &policy);
    let report = builder.judge(leaf, &extra, Purpose::Sign, now(), None);
    // a limit would be no answer, and no flip of a bit comes near one
    let report = report.unwrap();
    report.trusted && !Policy::denies(&report.findings)
}

#[test]
fn no_flipped_bit_is_trusted() {
    let chains = chains();
    assert!(chains.len() >= 20, "{}", chains.len());
    let all = !cfg!(debug_assertions) || std::env::var_os("SMIME_ALL_BITS").is_some();
    let mut jobs = Vec::new();
    for chain in &chains {
        assert!(is_trusted(&chain.certificates), "{}", chain.name);
        for at in 0..chain.certificates.len() - 1 {
            let bits = chain.certificates[at].der().len() * 8;
            // a prime, so that every bit of an octet has its turn
            let step = if all { 1 } else { 101 };
            jobs.extend((0..bits).step_by(step).map(|bit| (chain, at, bit)));
        }
    }
    let outcomes = parallel(&jobs, |(chain, at, bit)| {
        let mut der = chain.certificates[*at].der().to_vec();
        der[bit / 8] ^= 1 << (bit % 8);
        let mut changed = chain.certificates.clone();
        changed[*at] = Certificate::from_der(&der).ok()?;
        Some(is_trusted(&changed))
    });
    let wrong: Vec<String> = jobs
        .iter()
        .zip(&outcomes)
        .filter(|(_, outcome)| **outcome == Some(true))
        .map(|((chain, at, bit), _)| {
            format!(
                "{}: certificate {at}, octet {}, bit {}",
                chain.name,
                bit / 8,
                bit % 8
            )
        })
        .collect();
    let unreadable = outcomes.iter().filter(|it| it.is_none()).count();
    say(&format!(
        "{} chains, {} bits flipped: {unreadable} are no certificate any more, {} trusted",
        chains.len(),
        jobs.len(),
        wrong.len()
    ));
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
