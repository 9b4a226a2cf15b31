//! The seam without an engine behind it: RustCrypto does everything.
use super::{
    super::{Digest, KeyTransport, Secret, parameters, rsa_scheme},
    Block, InPlace,
};
use crate::asn1::oid::Oid;

#[derive(Default)]
pub(in crate::crypto) struct RsaKey {}
impl RsaKey {
    pub(in crate::crypto) fn sign_pkcs1(
        &self,
        _: &rsa_scheme::Numbers,
        _: Digest,
        _: &[u8],
    ) -> Option<Vec<u8>> {
        None
    }
    pub(in crate::crypto) fn sign_pss(
        &self,
        _: &rsa_scheme::Numbers,
        _: parameters::Pss,
        _: &[u8],
    ) -> Option<Vec<u8>> {
        None
    }
    pub(in crate::crypto) fn decrypt_oaep(
        &self,
        _: &rsa_scheme::Numbers,
        _: (Digest, Digest, &[u8]),
        _: &[u8],
    ) -> Option<Option<Secret>> {
        None
    }
}
pub(in crate::crypto) fn verify_pkcs1(
    _: &rsa_scheme::PublicKey,
    _: Digest,
    _: &[u8],
    _: &[u8],
) -> Option<bool> {
    None
}
pub(in crate::crypto) fn verify_pss(
    _: &rsa_scheme::PublicKey,
    _: parameters::Pss,
    _: &[u8],
    _: &[u8],
) -> Option<bool> {
    None
}
pub(in crate::crypto) fn encrypt_rsa(
    _: &rsa_scheme::PublicKey,
    _: &KeyTransport,
    _: &Secret,
) -> Option<Vec<u8>> {
    None
}

/// There is none.
pub(in crate::crypto) enum EcKey {}
impl EcKey {
    pub(in crate::crypto) fn new(_: &Oid, _: &[u8]) -> Option<Self> {
        None
    }
    pub(in crate::crypto) fn public_point(&self) -> Option<Vec<u8>> {
        match *self {}
    }
    pub(in crate::crypto) fn sign(&self, _: &[u8], _: &[u8], _: &[u8]) -> Option<Vec<u8>> {
        match *self {}
    }
    pub(in crate::crypto) fn agree(&self, _: &[u8]) -> Option<Secret> {
        match *self {}
    }
}
pub(in crate::crypto) fn verify_ecdsa(_: &Oid, _: &[u8], _: &[u8], _: &[u8]) -> Option<bool> {
    None
}

pub(in crate::crypto) fn cbc_encryption(_: &Secret, _: &[u8]) -> Option<InPlace> {
    None
}
/// There is none.
pub(in crate::crypto) enum Gcm {}
impl Gcm {
    pub(in crate::crypto) fn new(_: &Secret) -> Option<Self> {
        None
    }
    pub(in crate::crypto) fn seal(&self, _: &[u8; 12], _: &mut Vec<u8>) -> Option<()> {
        match *self {}
    }
    pub(in crate::crypto) fn open(&self, _: &[u8; 12], _: &mut Vec<u8>) -> Option<bool> {
        match *self {}
    }
    pub(in crate::crypto) fn mac(&self, _: &[u8; 12], _: &[u8]) -> Option<Block> {
        match *self {}
    }
}
