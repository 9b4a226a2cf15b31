//! Encrypted layers: EnvelopedData and AuthEnvelopedData (RFC 8551 §3.3, §3.4).
use super::{Goal, Peeler, Wire};
use crate::{
    asn1,
    cms::{
        self,
        recipient_info::{Kind, Recipient},
        signer_info::CertificateId,
    },
    crypto::{self, ContentCipher, PrivateKey, Secret},
    encoding::hex,
    policy::{Finding, Policy, Rule, strength},
    smime::{
        Error,
        layer::Label,
        plaintext::{End, Plaintext},
        report::{Container, EncryptedLayer, Layer, RecipientSummary},
        source::CHUNK,
    },
    store::Identities,
    x509::certificate::serial_text,
};
use std::{
    io::{self, BufReader, Read},
    sync::Arc,
};

impl Peeler<'_> {
    pub(super) fn encrypted(
        &mut self,
        reader: cms::enveloped_data::Reader<Wire<'_>>,
        container: Container,
        label: Option<Label>,
    ) -> Result<(), Error> {
        if self.goal == Goal::Verify {
            self.absent();
            return Ok(());
        }
        let slot = self.report.layers.len();
        let mut layer = describe(&reader, container);
        layer
            .findings
            .extend(self.mislabelled(label, Label::Encrypted));
        let cipher = reader.cipher();
        if let Ok((cipher, _)) = &cipher {
            self.grade_cipher(*cipher, container, &mut layer.findings);
        }
        if self.goal == Goal::Inspect || Policy::denies(&layer.findings) {
            self.report.layers.push(Layer::Encrypted(layer));
            return Ok(());
        }
        // the algorithm and its container are judged by now; only now is a private key used
        let (cipher, iv) = cipher.map_err(Error::Crypto)?;
        if !reader.has_content {
            return Err(Error::Cms(cms::Error::Malformed {
                what: "there is no encrypted content",
                offset: 0,
            }));
        }
        layer.findings.extend(self.not_opened(reader.content_type));
        let content_type = reader.content_type;
        let mut plaintext = if container == Container::Encrypted {
            let key = self.keys.as_ref().and_then(|keys| keys.secret_key);
            let key = key.ok_or_else(|| Error::NoKey {
                recipients: Vec::new(),
            })?;
            Plaintext::new(reader, cipher, key, &iv)
        } else {
            let (index, content_key) =
                self.content_key(&reader.recipients, cipher.key_size(), &layer.recipients)?;
            layer.opened_by = Some(index);
            Plaintext::new(reader, cipher, &content_key, &iv)
        }
        .map_err(Error::Crypto)?;
        let before = (self.report.findings.len(), self.froms.len());
        let inside = self.inside(
            &content_type,
            &mut BufReader::with_capacity(CHUNK, &mut plaintext),
        );
        match plaintext.end() {
            End::Proven(wire) => {
                inside?;
                layer.findings.extend(self.nothing_follows(wire)?);
            }
            End::Failed => {
                // whatever was seen inside is not what was encrypted
                self.report.layers.truncate(slot);
                self.report.findings.truncate(before.0);
                self.froms.truncate(before.1);
                layer.opened_by = None;
                layer.findings.push(self.policy.finding(
                    Rule::DecryptionFailed,
                    "the content could not be decrypted, or is not what was encrypted",
                ));
            }
            End::Broken(Some(error)) => return Err(error.into()),
            End::Broken(None) => {
                inside?;
                return Err(Error::Read(io::ErrorKind::UnexpectedEof.into()));
            }
        }
        self.report.layers.insert(slot, Layer::Encrypted(layer));
        Ok(())
    }

    pub(super) fn grade_cipher(
        &self,
        cipher: ContentCipher,
        container: Container,
        findings: &mut Vec<Finding>,
    ) {
        if cipher.is_aead() != (container == Container::AuthEnveloped) {
            let container = match container {
                Container::AuthEnveloped => "AuthEnvelopedData",
                Container::Enveloped => "EnvelopedData",
                Container::Encrypted => "EncryptedData",
            };
            findings.push(self.policy.finding(
                Rule::WrongContainer,
                format!("{} does not belong in {container}", cipher.name()),
            ));
        }
        if strength::is_weak_cipher(cipher) {
            findings.push(self.policy.finding(
                Rule::WeakCipher,
                format!("the content is encrypted with {}", cipher.name()),
            ));
        }
        if !cipher.is_aead() {
            findings.push(self.policy.finding(
                Rule::UnauthenticatedCiphertext,
                format!(
                    "{} does not protect the content against changes",
                    cipher.name()
                ),
            ));
        }
    }

    /// Recovers the content key with the first key that the message names. There is no second try with another: the answer to one is not to depend
    /// on secrets (RFC 3218).
    pub(super) fn content_key(
        &mut self,
        recipients: &[Recipient],
        size: usize,
        summaries: &[RecipientSummary],
    ) -> Result<(usize, Secret), Error> {
        let no_key = || Error::NoKey {
            recipients: summaries.to_vec(),
        };
        let Some(keys) = &mut self.keys else {
            return Err(no_key());
        };
        let named = |recipient: &Recipient| key_for(keys.identities, recipient.rid.as_ref()?);
        let (index, recipient, key) = recipients
            .iter()
            .enumerate()
            .find_map(|(i, r)| Some((i, r, named(r)?)))
            .ok_or_else(no_key)?;
        // one of two for the same certificate could be a probe
        let twins = recipients.iter().filter(|other| other.rid == recipient.rid);
        if twins.count() > 1 {
            return Err(Error::Cms(cms::Error::Malformed {
                what: "two recipient infos name the same recipient",
                offset: 0,
            }));
        }
        recipient.key_encryption().map_err(Error::Crypto)?;
        let content_key = match recipient.content_key(&*key, size, keys.rng) {
            Ok(content_key) => content_key,
            // go on with a random key: the same work and the same answer for every way to fail
            Err(crypto::Error::Decryption) => Secret::random(size, keys.rng),
            Err(public) => return Err(Error::Crypto(public)),
        };
        Ok((index, content_key))
    }
}

/// Finds the private key that a recipient info is for.
fn key_for(identities: &Identities, rid: &CertificateId) -> Option<Arc<dyn PrivateKey>> {
    match rid {
        CertificateId::IssuerSerial { issuer, serial } => {
            identities.by_issuer_serial(issuer, serial)
        }
        CertificateId::KeyIdentifier(identifier) => identities.by_key_identifier(identifier),
    }
    .map(|identity| identity.key)
}

/// Returns what an encrypted object says of itself, nothing judged.
fn describe<R>(reader: &cms::enveloped_data::Reader<R>, container: Container) -> EncryptedLayer
where
    R: Read,
{
    let (cipher, authenticated) = match reader.cipher() {
        Ok((cipher, _)) => (
            cipher.name().to_owned(),
            cipher.is_aead() && reader.authenticated,
        ),
        Err(_) => (asn1::oid::name(&reader.algorithm.oid), reader.authenticated),
    };
    EncryptedLayer {
        container,
        cipher,
        authenticated,
        recipients: reader.recipients.iter().map(summary).collect(),
        opened_by: None,
        findings: Vec::new(),
    }
}

pub(super) fn summary(recipient: &Recipient) -> RecipientSummary {
    let (issuer, serial, key_identifier) = match &recipient.rid {
        Some(CertificateId::IssuerSerial { issuer, serial }) => {
            (Some(issuer.to_string()), Some(serial_text(serial)), None)
        }
        Some(CertificateId::KeyIdentifier(identifier)) => {
            (None, None, Some(hex::encode(identifier)))
        }
        None => (None, None, None),
    };
    RecipientSummary {
        kind: match recipient.kind {
            Kind::KeyTransport => "key-transport",
            Kind::KeyAgreement => "key-agreement",
            Kind::Kek => "kek",
            Kind::Password => "password",
            Kind::Kem => "kem",
            Kind::Other => "other",
        },
        algorithm: recipient
            .key_encryption()
            .map_or_else(|_| asn1::oid::name(&recipient.algorithm.oid), |a| a.name()),
        issuer,
        serial,
        key_identifier,
    }
}
