//! Every bit of every certificate and CRL of valid chains flipped, anchors excepted: a changed certificate never leads to a trusted verdict, and
//! a changed CRL never to one where revocation must be known.
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
    x509::{Certificate, Collection, Crl, PathBuilder, Purpose},
};

/// A valid chain, its end first.
struct Chain {
    name: String,
    certificates: Vec<Certificate>,
    /// each of them needed
    crls: Vec<Crl>,
}

fn chains() -> Vec<Chain> {
    let mut files: Vec<_> = std::fs::read_dir(fixture("chains"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|it| it == "pem"))
        .collect();
    files.sort();
    let chain = |path: &std::path::PathBuf| {
        let blocks = pem::blocks(&std::fs::read(path).unwrap()).unwrap();
        let mut chain = Chain {
            name: path.file_stem().unwrap().to_string_lossy().into_owned(),
            certificates: Vec::new(),
            crls: Vec::new(),
        };
        for block in &blocks {
            match block.label.as_str() {
                "X509 CRL" => chain.crls.push(Crl::from_der(&block.der).unwrap()),
                _ => chain
                    .certificates
                    .push(Certificate::from_der(&block.der).unwrap()),
            }
        }
        chain
    };
    files.iter().map(chain).collect()
}

/// Whether a chain is trusted, its last certificate being the anchor.
fn is_trusted(chain: &[Certificate], crls: &[Crl], revocation: Revocation) -> bool {
    let (leaf, above) = chain.split_first().unwrap();
    let anchors = anchors(above.last());
    let mut extra = Collection::default();
    extra
        .certificates
        .extend(above.iter().rev().skip(1).cloned());
    extra.crls.extend_from_slice(crls);
    let mut policy = Policy::default();
    policy.revocation = revocation;
    let repository = Collection::default();
    let builder = PathBuilder::new(&anchors, &repository, &policy);
    let report = builder.judge(leaf, &extra, Purpose::Sign, now(), None);
    // a limit would be no answer, and no flip of a bit comes near one
    let report = report.unwrap();
    report.trusted && !Policy::denies(&report.findings)
}

/// What is changed of a chain, by its place.
#[derive(Debug, Clone, Copy)]
enum Part {
    Certificate(usize),
    Crl(usize),
}

impl Chain {
    fn parts(&self) -> impl Iterator<Item = Part> {
        let certificates = (0..self.certificates.len() - 1).map(Part::Certificate);
        certificates.chain((0..self.crls.len()).map(Part::Crl))
    }

    fn der(&self, part: Part) -> &[u8] {
        match part {
            Part::Certificate(at) => self.certificates[at].der(),
            Part::Crl(at) => self.crls[at].der(),
        }
    }

    /// Whether it is trusted with one bit flipped; `None`: what was changed cannot be read any more.
    fn flipped(&self, part: Part, bit: usize) -> Option<bool> {
        let mut der = self.der(part).to_vec();
        der[bit / 8] ^= 1 << (bit % 8);
        Some(match part {
            Part::Certificate(at) => {
                let mut certificates = self.certificates.clone();
                certificates[at] = Certificate::from_der(&der).ok()?;
                is_trusted(&certificates, &[], Revocation::Off)
            }
            Part::Crl(at) => {
                let mut crls = self.crls.clone();
                crls[at] = Crl::from_der(&der).ok()?;
                is_trusted(&self.certificates, &crls, Revocation::Hard)
            }
        })
    }
}

#[test]
fn no_flipped_bit_is_trusted() {
    let chains = chains();
    assert!(chains.len() >= 20, "{}", chains.len());
    let all = !cfg!(debug_assertions) || std::env::var_os("SMIME_ALL_BITS").is_some();
    let mut jobs = Vec::new();
    for chain in &chains {
        let without = is_trusted(&chain.certificates, &chain.crls[1..], Revocation::Hard);
        assert!(!without, "{}: not every CRL counts", chain.name);
        for how in [Revocation::Off, Revocation::Hard] {
            let trusted = is_trusted(&chain.certificates, &chain.crls, how);
            assert!(trusted, "{}", chain.name);
        }
        for part in chain.parts() {
            let bits = chain.der(part).len() * 8;
            // a prime, so that every bit of an octet has its turn
            let step = if all { 1 } else { 101 };
            jobs.extend((0..bits).step_by(step).map(|bit| (chain, part, bit)));
        }
    }
    let outcomes = parallel(&jobs, |(chain, part, bit)| chain.flipped(*part, *bit));
    let wrong: Vec<String> = jobs
        .iter()
        .zip(&outcomes)
        .filter(|(_, outcome)| **outcome == Some(true))
        .map(|((chain, part, bit), _)| {
            format!(
                "{}: {part:?}, octet {}, bit {}",
                chain.name,
                bit / 8,
                bit % 8
            )
        })
        .collect();
    let unreadable = outcomes.iter().filter(|it| it.is_none()).count();
    say(&format!(
        "{} chains, {} bits flipped: {unreadable} cannot be read any more, {} trusted",
        chains.len(),
        jobs.len(),
        wrong.len()
    ));
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
