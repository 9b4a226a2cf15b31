//! Encrypted layers: EnvelopedData and AuthEnvelopedData (RFC 8551 §3.3, §3.4).
use super::{Goal, Peeler, Wire};
use crate::{
    asn1,
    cms::{
        self,
        recipient_info::{Kind, Recipient},
        signer_info::CertificateId,
    },
    crypto::{
        self, ContentCipher, ContentEncryption, CryptoRng, KeySize, Secret, algorithm::Mode,
        public_key::KeyKind,
    },
    encoding::hex,
    policy::{Finding, Policy, Rule, strength},
    smime::{
        Error,
        error::Class,
        layer::Label,
        plaintext::{End, Plaintext},
        report::{Container, EncryptedLayer, Layer, RecipientSummary},
        source::Buffered,
    },
    store::{Identities, Identity},
    x509::certificate::serial_text,
};
use std::{
    io::{self, Read},
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
        let encryption = reader.encryption();
        if let Ok(encryption) = &encryption {
            self.grade_cipher(encryption.cipher, container, &mut layer.findings);
        }
        self.grade_key_encryption(&reader.recipients, &mut layer.findings);
        if self.goal == Goal::Inspect || Policy::denies(&layer.findings) {
            self.report.layers.push(Layer::Encrypted(layer));
            return Ok(());
        }
        // the algorithm and its container are judged by now; only now is a private key used
        let encryption = encryption.map_err(Error::Crypto)?;
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
            Plaintext::new(reader, &encryption, key)
        } else {
            let size = KeySize::Exactly(encryption.cipher.key_size());
            let found = self.content_key(&reader.recipients, size, &layer.recipients)?;
            layer.opened_by = Some(found.recipient);
            Plaintext::new(reader, &encryption, &found.key)
                .map(|plaintext| plaintext.without_hope_if(found.made_up))
        }
        .map_err(Error::Crypto)?;
        let before = (self.report.findings.len(), self.froms.len());
        self.covered = false;
        let inside = self.inside(&content_type, &mut Buffered::new(&mut plaintext));
        // nothing authenticates what was made of a CBC ciphertext: how far it could be read is not told, as whether its padding held is not.
        // What is over a limit is: up to there it was read without a fault, and how large a message may be is no secret.
        let is_unproven = |error: &Error| {
            !encryption.cipher.is_aead() && error.class() == Class::Input && !error.is_of_a_limit()
        };
        let end = match (plaintext.end(), &inside) {
            (End::Proven { .. }, Err(error)) if is_unproven(error) => End::Failed,
            (end, _) => end,
        };
        match end {
            End::Proven { rest, type_is_safe } => {
                inside?;
                layer.authenticated = encryption.cipher.is_aead();
                layer.findings.extend(self.nothing_follows(rest)?);
                if !type_is_safe {
                    layer.findings.push(self.policy.finding(
                        Rule::UnprotectedContentType,
                        "what kind of content it is, is not authenticated",
                    ));
                }
            }
            End::Failed => {
                // whatever was seen inside is not what was encrypted
                self.report.layers.truncate(slot);
                self.report.findings.truncate(before.0);
                self.froms.truncate(before.1);
                self.headers.payload = None;
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
        if cipher.mode() == Mode::Gcm && container == Container::Enveloped {
            findings.push(self.policy.finding(
                Rule::MisplacedTag,
                format!(
                    "{} belongs in AuthEnvelopedData; here it counts if the tag after its ciphertext is right",
                    cipher.name()
                ),
            ));
        } else if cipher.is_aead() != (container == Container::AuthEnveloped) {
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

    /// Grades how the content key was sent to the recipient whose key we hold.
    pub(super) fn grade_key_encryption(
        &self,
        recipients: &[Recipient],
        findings: &mut Vec<Finding>,
    ) {
        let identities = self.keys.as_ref().map(|keys| keys.identities);
        let ours = |recipient: &&Recipient| {
            identities.is_some_and(|identities| means_for(identities, recipient).is_some())
        };
        let sent = recipients.iter().find(ours).map(Recipient::key_encryption);
        if let Some(Ok(encryption)) = sent
            && strength::is_weak_key_encryption(&encryption)
        {
            findings.push(
                self.policy
                    .finding(Rule::WeakCipher, "the content key is encrypted with 3DES"),
            );
        }
    }

    /// Recovers the content key of this size with the first key that the message names. There is no second try with another: the answer to
    /// one is not to depend on secrets (RFC 3218). Password recipients have no names, so that all of them are tried, whichever fits.
    pub(super) fn content_key(
        &mut self,
        recipients: &[Recipient],
        size: KeySize,
        summaries: &[RecipientSummary],
    ) -> Result<ContentKey, Error> {
        let no_key = || Error::NoKey {
            recipients: summaries.to_vec(),
        };
        let Some(keys) = &mut self.keys else {
            return Err(no_key());
        };
        let (index, recipient, means) = recipients
            .iter()
            .enumerate()
            .find_map(|(i, r)| Some((i, r, means_for(keys.identities, r)?)))
            .ok_or_else(no_key)?;
        if let Means::Password(password) = &means {
            let limit = self.policy.limits.key_iterations;
            return by_password(recipients, password, size, limit, keys.rng);
        }
        // one of two for the same certificate could be a probe
        let is_twin = |other: &&Recipient| match &recipient.rid {
            Some(_) => other.rid == recipient.rid,
            None => other.kek_identifier == recipient.kek_identifier,
        };
        if recipients.iter().filter(is_twin).count() > 1 {
            return Err(Error::Cms(cms::Error::Malformed {
                what: "two recipient infos name the same recipient",
                offset: 0,
            }));
        }
        recipient.key_encryption().map_err(Error::Crypto)?;
        let found = match &means {
            Means::Private(identity) => {
                self.opened_by = identity.certificate.addresses();
                require_permitted(identity, recipient)?;
                recipient.content_key(&*identity.key, size, keys.rng)
            }
            Means::Shared(kek) | Means::Password(kek) => recipient.content_key_under(kek, size),
        };
        ContentKey::or_made_up(index, found, size, keys.rng)
    }
}

/// What a recipient info gives.
pub(super) struct ContentKey {
    /// which of them
    pub(super) recipient: usize,
    pub(super) key: Secret,
    /// None was found, and this one stands for it: the same work and the same answer for every way to fail. One random key in 256 seems to fit a
    /// CBC padding, so that the answer is no whatever comes of it. (Where a padding of RSA was wrong, nobody but the key's mathematics knows, and
    /// what those give in its place counts as found: the answer must not tell.)
    pub(super) made_up: bool,
}

impl ContentKey {
    fn or_made_up(
        recipient: usize,
        found: crypto::Result<Secret>,
        size: KeySize,
        rng: &mut dyn CryptoRng,
    ) -> Result<Self, Error> {
        let (key, made_up) = match found {
            Ok(key) => (key, false),
            Err(crypto::Error::Decryption) => (Secret::random(size.octets(), rng), true),
            Err(public) => return Err(Error::Crypto(public)),
        };
        Ok(Self {
            recipient,
            key,
            made_up,
        })
    }
}

/// Tries a password with every password recipient. What they cost together is bounded, as one alone.
fn by_password(
    recipients: &[Recipient],
    password: &Secret,
    size: KeySize,
    limit: u32,
    rng: &mut dyn CryptoRng,
) -> Result<ContentKey, Error> {
    let mut cost = 0_u64;
    let mut found = None;
    let named = || {
        let recipients = recipients.iter().enumerate();
        recipients.filter(|(_, recipient)| recipient.kind == Kind::Password)
    };
    for (_, recipient) in named() {
        let (derivation, _) = recipient.derivation(limit).map_err(Error::Crypto)?;
        cost = cost.saturating_add(derivation.iterations().into());
    }
    if cost > limit.into() {
        return Err(Error::Crypto(crypto::Error::Limit {
            what: "iterations of the password recipients' key derivations together",
            found: cost,
            limit: limit.into(),
        }));
    }
    for (index, recipient) in named() {
        match recipient.content_key_by_password(password.expose(), size, limit) {
            Ok(key) if found.is_none() => found = Some((index, key)),
            Ok(_) | Err(crypto::Error::Decryption) => {}
            Err(public) => return Err(Error::Crypto(public)),
        }
    }
    let first = named().map(|(index, _)| index).next().unwrap_or(0);
    let (index, found) = match found {
        Some((index, key)) => (index, Ok(key)),
        None => (first, Err(crypto::Error::Decryption)),
    };
    ContentKey::or_made_up(index, found, size, rng)
}

/// What opens a recipient info.
enum Means {
    Private(Identity),
    Shared(Arc<Secret>),
    Password(Arc<Secret>),
}
/// Finds what we hold for a recipient info.
fn means_for(identities: &Identities, recipient: &Recipient) -> Option<Means> {
    match recipient.kind {
        Kind::KeyTransport | Kind::KeyAgreement | Kind::Kem => {
            key_for(identities, recipient.rid.as_ref()?).map(Means::Private)
        }
        Kind::Kek => identities
            .shared_key(recipient.kek_identifier.as_ref()?)
            .map(Means::Shared),
        Kind::Password => identities.password().map(Means::Password),
        Kind::Other => None,
    }
}

/// Requires that a certificate which keeps its key for RSA-KEM is not sent anything by key transport (RFC 9690 §2.3), even where the key file knows
/// nothing of it: the key would be open to the attacks on that which it was to be spared.
fn require_permitted(identity: &Identity, recipient: &Recipient) -> Result<(), Error> {
    let kind = identity.certificate.public_key().map(|key| key.kind());
    match (kind, recipient.kind) {
        (Ok(kind @ KeyKind::RsaKem { .. }), Kind::KeyTransport) => {
            Err(Error::Crypto(crypto::Error::KeyType {
                key: kind.name(),
                what: "receive content keys by key transport",
            }))
        }
        _ => Ok(()),
    }
}

/// Finds the private key that a recipient info is for, and the certificate.
fn key_for(identities: &Identities, rid: &CertificateId) -> Option<Identity> {
    match rid {
        CertificateId::IssuerSerial { issuer, serial } => {
            identities.by_issuer_serial(issuer, serial)
        }
        CertificateId::KeyIdentifier(identifier) => identities.by_key_identifier(identifier),
    }
}

/// Returns what an encrypted object says of itself, nothing judged.
fn describe<R>(reader: &cms::enveloped_data::Reader<R>, container: Container) -> EncryptedLayer
where
    R: Read,
{
    let (cipher, authenticated) = match reader.encryption() {
        Ok(encryption) => (
            encryption.cipher.name().to_owned(),
            encryption.cipher.is_aead() && reader.authenticated,
        ),
        Err(_) => (asn1::oid::name(&reader.algorithm.oid), reader.authenticated),
    };
    EncryptedLayer {
        container,
        cipher,
        authenticated,
        bound_key: reader.algorithm.oid == ContentEncryption::BOUND,
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
        None => (
            None,
            None,
            recipient.kek_identifier.as_deref().map(hex::encode),
        ),
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
