//! What is remembered of signatures that were checked, so that the same is not checked for every message again.
//!
//! Knows that one key made one signature over certain octets, or did not: mathematics, which holds for ever and whoever asks. Must not know whom
//! anybody trusts, what was a path at what time, or where a certificate came from: nothing that one message brings can be found here by another,
//! and who is told what is known already has found the certificates for himself and pays for the check as if it were made.
use super::{Certificate, Crl};
use crate::crypto::{self, Digest, digest::digest};
use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

/// Signatures that are remembered; a forgotten one is checked again. Each takes some 50 octets.
const REMEMBERED: usize = 20_000;

/// Signatures that were checked.
#[derive(Default)]
pub struct Memory {
    /// by key and what it signed, signature included
    known: Mutex<HashMap<[u8; 32], bool>>,
}

impl Memory {
    /// Returns whether a certificate's key signed another certificate.
    pub(super) fn certificate(
        memory: Option<&Self>,
        child: &Certificate,
        issuer: &Certificate,
    ) -> crypto::Result<bool> {
        let check = || child.is_signed_by(&issuer.public_key()?);
        match memory.filter(|_| issuer.has_whole_key()) {
            Some(memory) => memory.recall(issuer.spki(), &child.sha256(), check),
            None => check(),
        }
    }

    /// Returns whether a certificate's key signed a revocation list.
    pub(super) fn crl(
        memory: Option<&Self>,
        crl: &Crl,
        issuer: &Certificate,
    ) -> crypto::Result<bool> {
        let check = || crl.is_signed_by(&issuer.public_key()?);
        match memory.filter(|_| issuer.has_whole_key()) {
            Some(memory) => memory.recall(issuer.spki(), &crl.sha256(), check),
            None => check(),
        }
    }

    /// Why a signature could not be checked is not remembered.
    fn recall(
        &self,
        key: &[u8],
        signed: &[u8; 32],
        check: impl FnOnce() -> crypto::Result<bool>,
    ) -> crypto::Result<bool> {
        // the key is DER, and ends where it says
        let entry = digest(Digest::Sha256, &[key, signed].concat());
        let entry = entry.first_chunk().copied().unwrap_or_default();
        let lock = || self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(holds) = lock().get(&entry) {
            return Ok(*holds);
        }
        let holds = check()?;
        let mut known = lock();
        // whoever sends many certificates makes others be checked again, and no more
        if known.len() >= REMEMBERED {
            known.clear();
        }
        known.insert(entry, holds);
        Ok(holds)
    }
}

impl std::fmt::Debug for Memory {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Memory").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::x509::sample::{CrlTemplate, Template, key};

    /// As `Certificate::is_signed_by` says, asked before and after.
    #[track_caller]
    fn expect(memory: &Memory, child: &Certificate, issuer: &Certificate, holds: bool) {
        for _ in 0..2 {
            let found = Memory::certificate(Some(memory), child, issuer);
            assert_eq!(found.unwrap(), holds);
            assert_eq!(Memory::certificate(None, child, issuer).unwrap(), holds);
        }
    }

    #[test]
    fn what_is_remembered_is_what_is_so() {
        let memory = Memory::default();
        let ca = Template::ca("CN=CA", &key(1), "CN=Root").sign(&key(9));
        let namesake = Template::ca("CN=CA", &key(2), "CN=Root").sign(&key(9));
        let child = Template::new("CN=Alice", &key(3), "CN=CA").sign(&key(1));
        expect(&memory, &child, &ca, true);
        expect(&memory, &child, &namesake, false);
        expect(&memory, &child, &ca, true);
        // the same in all but its signature: what is known of the one says nothing of the other
        let mut forged = child.der().to_vec();
        *forged.last_mut().unwrap() ^= 1;
        let forged = Certificate::from_der(&forged).unwrap();
        expect(&memory, &forged, &ca, false);
        // the same in all but what was signed
        let mut other = child.der().to_vec();
        let at = other.windows(5).position(|it| it == b"Alice").unwrap();
        *other.get_mut(at).unwrap() = b'M';
        let other = Certificate::from_der(&other).unwrap();
        expect(&memory, &other, &ca, false);
        // another certificate of the same key knows it too
        let renewed = Template::ca("CN=CA", &key(1), "CN=Other").sign(&key(8));
        expect(&memory, &child, &renewed, true);
        assert_eq!(memory.known.lock().unwrap().len(), 4);
    }

    #[test]
    fn a_revocation_list_is_no_certificate() {
        let memory = Memory::default();
        let ca = Template::ca("CN=CA", &key(1), "CN=Root").sign(&key(9));
        let list = CrlTemplate::new("CN=CA", "2026-10-20", "2026-11-20").sign(&key(1));
        let forged = CrlTemplate::new("CN=CA", "2026-10-20", "2026-11-20").sign(&key(2));
        for _ in 0..2 {
            assert!(Memory::crl(Some(&memory), &list, &ca).unwrap());
            assert!(!Memory::crl(Some(&memory), &forged, &ca).unwrap());
        }
    }

    #[test]
    fn it_does_not_grow_beyond_its_bound() {
        let memory = Memory::default();
        let known = |number: usize| {
            let signed = digest(Digest::Sha256, &number.to_be_bytes());
            let signed = signed.first_chunk().unwrap();
            memory.recall(b"", signed, || Ok(true)).unwrap();
            memory.known.lock().unwrap().len()
        };
        let most = (0..REMEMBERED).map(known).max();
        assert_eq!(most, Some(REMEMBERED));
        assert_eq!(known(REMEMBERED), 1);
    }

    #[test]
    fn what_could_not_be_checked_is_not_remembered() {
        let memory = Memory::default();
        let signed = [7; 32];
        let fails = || Err(crypto::Error::Unsupported("x".into()));
        assert!(memory.recall(b"", &signed, fails).is_err());
        assert!(memory.recall(b"", &signed, || Ok(true)).unwrap());
        assert!(memory.recall(b"", &signed, || Ok(false)).unwrap());
    }
}
