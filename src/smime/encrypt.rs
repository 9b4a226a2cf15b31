//! Encrypting (RFC 8551 §3.3, §3.4): to every recipient or to none.
use super::{Content, Encoding, Error, Report, Source};
use crate::{
    asn1::Time,
    crypto::{ContentCipher, CryptoRng},
    mime::mailbox::Address,
    policy::Policy,
    x509::{Certificate, Repository, TrustAnchors},
};
use std::io::Write;

/// Whom to encrypt to.
#[derive(Debug, Clone)]
pub enum Recipient {
    /// the holder of this certificate
    Certificate(Certificate),
    /// whoever has this address, by a certificate found in the repository
    Address(Address),
}

/// What is to be made.
#[derive(Debug, Clone)]
pub struct EncryptOptions {
    /// what the input is
    pub content: Content,
    /// how the output is written
    pub encoding: Encoding,
    /// the cipher asked for
    pub cipher: Option<ContentCipher>,
    /// RSAES-OAEP asked for
    pub oaep: bool,
    /// also everyone in To, Cc and Bcc
    pub to_header: bool,
}

/// Encrypts messages.
pub struct Encryptor<'a> {
    recipients: &'a [Recipient],
    anchors: &'a TrustAnchors,
    repository: &'a dyn Repository,
    policy: &'a Policy,
    options: EncryptOptions,
}

impl<'a> Encryptor<'a> {
    /// Encrypts to these recipients, whose certificates must be valid under these anchors.
    pub fn new(
        recipients: &'a [Recipient],
        anchors: &'a TrustAnchors,
        repository: &'a dyn Repository,
        policy: &'a Policy,
        options: EncryptOptions,
    ) -> Self {
        Self {
            recipients,
            anchors,
            repository,
            policy,
            options,
        }
    }

    /// Encrypts one message. A recipient whose certificate must not be used is a failing report, and nothing was written.
    pub fn encrypt(
        &self,
        _source: Source<'_>,
        _sink: &mut dyn Write,
        _at: Time,
        _rng: &mut dyn CryptoRng,
    ) -> Result<Report, Error> {
        let _ = (
            self.recipients,
            self.anchors,
            self.repository,
            self.policy,
            &self.options,
        );
        todo!()
    }
}
