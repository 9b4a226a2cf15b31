//! Encrypting (RFC 8551 §3.3, §3.4): to every recipient or to none.
use super::{
    Acquaintance, Content, Encoding, Error, HeaderConfidentiality, HeaderProtection, Report,
    Source,
    acquaintance::Known,
    outgoing::{CmsSink, Outgoing, Transport},
    report::{Container, EncryptedLayer, Layer, RecipientSummary},
    sender::{ambiguity, names},
    sign::written,
    verify::require_anchor,
};
use crate::{
    asn1::Time,
    cms::{
        content_type, enveloped_data,
        recipient_info::{self, Method, Naming, ToRsa},
    },
    crypto::{ContentCipher, ContentEncryption, CryptoRng, Secret, public_key::KeyKind},
    encoding::hex,
    mime::{
        header::Header,
        mailbox::{self, Address},
    },
    policy::{Finding, Policy, Rule},
    store::SharedKey,
    x509::{
        Certificate, Collection, PathBuilder, Purpose, Repository, TrustAnchors, Watch,
        certificate::serial_text,
    },
};
use std::{io::Write, sync::Arc};

/// Whom to encrypt to.
#[derive(Debug, Clone)]
pub enum Recipient {
    /// the holder of this certificate
    Certificate(Certificate),
    /// whoever has this address, by a certificate found in the repository
    Address(Address),
    /// whoever has this key, too
    SharedKey(SharedKey),
    /// whoever knows this password
    Password(Arc<Secret>),
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
    /// what was asked for to RSA recipients
    pub rsa: Option<ToRsa>,
    /// how recipients are named
    pub naming: Naming,
    /// also everyone in To, Cc and Bcc
    pub to_header: bool,
    /// the content compressed first
    pub compress: bool,
    /// the header protected, too, and hidden outside as this policy has it
    pub protect_headers: Option<HeaderConfidentiality>,
}

/// Encrypts messages.
pub struct Encryptor<'a> {
    recipients: &'a [Recipient],
    anchors: &'a TrustAnchors,
    repository: &'a dyn Repository,
    policy: &'a Policy,
    options: EncryptOptions,
    watch: Option<Arc<dyn Watch>>,
    known: Known<'a>,
    /// what came with their mail
    met: Collection,
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
            watch: None,
            known: Known(&[]),
            met: Collection::default(),
        }
    }

    /// Takes into account what is known of recipients from mail that they signed. The certificates that came with it lead to anchors; only
    /// the one that each wants to be encrypted to is a recipient's.
    #[must_use]
    pub fn knowing(mut self, acquaintances: &'a [Acquaintance]) -> Self {
        self.known = Known(acquaintances);
        self.met = self.known.met();
        self
    }

    /// Returns whether some recipient is a key or password, of which nobody knows who reads with it.
    fn has_shared_secret(&self) -> bool {
        let is_other =
            |it: &Recipient| !matches!(it, Recipient::Certificate(_) | Recipient::Address(_));
        self.recipients.iter().any(is_other)
    }

    /// Keeps the limit of time for each certificate path, too: the library reads no clock by itself.
    #[must_use]
    pub fn watched(mut self, watch: Arc<dyn Watch>) -> Self {
        self.watch = Some(watch);
        self
    }

    /// Encrypts one message. A recipient whose certificate must not be used is a failing report, and nothing was written.
    pub fn encrypt(
        &self,
        mut source: Source<'_>,
        sink: &mut dyn Write,
        at: Time,
        rng: &mut dyn CryptoRng,
    ) -> Result<Report, Error> {
        if self.is_to_certificates() {
            require_anchor(self.anchors, self.policy)?;
        }
        let mut outgoing = Outgoing::new(
            &mut source,
            self.options.content,
            Transport::Wrapped,
            self.options.protect_headers.map(HeaderProtection::Cipher),
            self.policy,
        )?;
        if self.options.compress {
            outgoing = outgoing.compressed();
        }
        let (certificates, mut findings) = self.certificates(outgoing.header.as_ref(), at)?;
        if let Some(header) = &outgoing.header
            && let Some(why) = ambiguity(&header.fields)
        {
            findings.push(self.policy.finding(Rule::AmbiguousFrom, why));
        }
        if Policy::denies(&findings) {
            return Ok(Report {
                findings,
                ..Report::default()
            });
        }
        self.require_unrestricted(&certificates)?;
        let (cipher, choice) = self.known.cipher(
            &certificates,
            self.has_shared_secret(),
            self.options.cipher,
            &self.policy.preferences,
        );
        // every recipient has a valid certificate: only now is there a content key
        let content_key = Secret::random(cipher.key_size(), rng);
        let mut iv = vec![0; cipher.iv_size()];
        rng.fill_bytes(&mut iv);
        let bound = self.policy.preferences.bound_content_key;
        let encryption = ContentEncryption::new(cipher, iv, bound);
        let mut sealed = Vec::with_capacity(certificates.len());
        let mut recipients = Vec::with_capacity(certificates.len());
        for certificate in &certificates {
            let key = certificate.public_key().map_err(Error::Crypto)?;
            let rsa = self.to_rsa(certificate);
            let method =
                Method::for_key(&key, rsa, content_key.expose().len()).map_err(Error::Crypto)?;
            sealed.push(recipient_info::seal(
                certificate,
                self.options.naming,
                method.clone(),
                &content_key,
                rng,
            )?);
            recipients.push(summary(certificate, self.options.naming, &method));
        }
        for recipient in self.recipients {
            if let Some((der, summary)) =
                self.seal_without_certificate(recipient, &content_key, rng)?
            {
                sealed.push(der);
                recipients.push(summary);
            }
        }

        let smime_type = if cipher.is_aead() {
            "authEnveloped-data"
        } else {
            "enveloped-data"
        };
        let outer = std::mem::take(&mut outgoing.outer);
        let to = CmsSink::begin(
            sink,
            self.options.encoding,
            &outer,
            smime_type,
            outgoing.line_end,
        )
        .map_err(Error::Write)?;
        let mut writer =
            enveloped_data::Writer::new(to, &sealed, content_type::DATA, &encryption, &content_key)
                .map_err(written)?;
        outgoing.flow(|chunk, _| writer.write_all(chunk).map_err(Error::Write))?;
        writer
            .finish()
            .map_err(written)?
            .finish()
            .map_err(Error::Write)?;
        let layer = EncryptedLayer {
            container: if cipher.is_aead() {
                Container::AuthEnveloped
            } else {
                Container::Enveloped
            },
            cipher: cipher.name().to_owned(),
            authenticated: cipher.is_aead(),
            recipients,
            opened_by: None,
            findings: Vec::new(),
        };
        let mut layers = vec![Layer::Encrypted(layer)];
        layers.extend(self.options.compress.then(Layer::made_compressed));
        Ok(Report {
            layers,
            findings,
            choice: Some(choice),
            ..Report::default()
        })
    }

    /// How to encrypt to this certificate if its key is an RSA key: as asked, else as the holder is known to read.
    fn to_rsa(&self, certificate: &Certificate) -> ToRsa {
        let reads_oaep = || {
            let known = self.known.capabilities(certificate);
            known.is_some_and(|it| it.reads_oaep())
        };
        match self.options.rsa {
            Some(asked) => asked,
            None if self.policy.preferences.oaep || reads_oaep() => ToRsa::Oaep,
            None => ToRsa::Pkcs1,
        }
    }

    /// Refuses to be asked for what a certificate's key must not be used for: nothing else is done instead.
    fn require_unrestricted(&self, certificates: &[Certificate]) -> Result<(), Error> {
        if matches!(self.options.rsa, None | Some(ToRsa::Kem)) {
            return Ok(());
        }
        for certificate in certificates {
            let key = certificate.public_key().map_err(Error::Crypto)?;
            if let KeyKind::RsaKem { .. } = key.kind() {
                return Err(Error::OnlyRsaKem(Box::new(certificate.concerned())));
            }
        }
        Ok(())
    }

    fn is_to_certificates(&self) -> bool {
        let by_certificate = |recipient: &Recipient| {
            matches!(recipient, Recipient::Certificate(_) | Recipient::Address(_))
        };
        self.options.to_header || self.recipients.iter().any(by_certificate)
    }

    /// Encrypts the content key to who has no certificate; `None` for who has one.
    fn seal_without_certificate(
        &self,
        recipient: &Recipient,
        content_key: &Secret,
        rng: &mut dyn CryptoRng,
    ) -> Result<Option<(Vec<u8>, RecipientSummary)>, Error> {
        match recipient {
            Recipient::Certificate(_) | Recipient::Address(_) => Ok(None),
            Recipient::SharedKey(SharedKey { name, key }) => {
                let (sealed, wrap) = recipient_info::seal_under_key(name, key, content_key)?;
                let summary = RecipientSummary {
                    kind: "kek",
                    algorithm: wrap.name().to_owned(),
                    issuer: None,
                    serial: None,
                    key_identifier: Some(hex::encode(name)),
                };
                Ok(Some((sealed, summary)))
            }
            Recipient::Password(password) => {
                let iterations = self.policy.preferences.password_iterations;
                let sealed = recipient_info::seal_under_password(
                    password.expose(),
                    iterations,
                    content_key,
                    rng,
                )?;
                let summary = RecipientSummary {
                    kind: "password",
                    algorithm: "pwri-kek".to_owned(),
                    issuer: None,
                    serial: None,
                    key_identifier: None,
                };
                Ok(Some((sealed, summary)))
            }
        }
    }

    /// Finds and judges a certificate for everyone.
    fn certificates(
        &self,
        header: Option<&Header>,
        at: Time,
    ) -> Result<(Vec<Certificate>, Vec<Finding>), Error> {
        let mut wanted = self.recipients.to_vec();
        let mut findings = Vec::new();
        if self.options.to_header {
            let open = addressees(header, &["To", "Cc"])?;
            let blind = addressees(header, &["Bcc"])?;
            findings.extend(blind.first().map(|one| self.sees_blind_copies(one)));
            wanted.extend(open.into_iter().chain(blind).map(Recipient::Address));
        }
        let mut chosen: Vec<Certificate> = Vec::new();
        let mut others = 0;
        for recipient in &wanted {
            let (certificate, found) = match recipient {
                Recipient::Certificate(certificate) => {
                    (certificate.clone(), self.judge(certificate, at)?)
                }
                Recipient::Address(address) => self.by_address(address, at)?,
                Recipient::SharedKey(_) | Recipient::Password(_) => {
                    others += 1;
                    continue;
                }
            };
            if !chosen.contains(&certificate) {
                chosen.push(certificate);
                findings.extend(found);
            }
        }
        match chosen.len() + others {
            0 => Err(Error::NoRecipient),
            n if n > self.policy.limits.recipients => Err(Error::Limit {
                name: "recipients",
                what: "recipients",
                limit: u64::try_from(self.policy.limits.recipients).unwrap_or(u64::MAX),
            }),
            _ => Ok((chosen, findings)),
        }
    }

    /// Every recipient can read for whom a message is encrypted, and so who got it as a blind copy.
    fn sees_blind_copies(&self, one: &Address) -> Finding {
        let message = format!("Bcc names {one}: every recipient would see a recipient more");
        self.policy.finding(Rule::BlindCopy, message)
    }

    /// Of the certificates that name an address, one that was given as a recipient's, else the valid one; two valid ones with different keys
    /// leave the choice to the user, wherever they are from: a signed message must not take the place of a certificate that was given.
    fn by_address(
        &self,
        address: &Address,
        at: Time,
    ) -> Result<(Certificate, Vec<Finding>), Error> {
        for recipient in self.recipients {
            if let Recipient::Certificate(certificate) = recipient
                && names(certificate, address)
            {
                return Ok((certificate.clone(), self.judge(certificate, at)?));
            }
        }
        let mut judged = Vec::new();
        let mut named = Collection::default();
        let given = self.repository.by_address(address).into_iter();
        let given = given.filter(|it| names(it, address));
        for certificate in given.chain(self.known.recipients(address).cloned()) {
            named.add_certificate(certificate);
        }
        for certificate in named.certificates {
            let findings = self.judge(&certificate, at)?;
            judged.push((certificate, findings));
        }
        let (mut valid, refused): (Vec<_>, Vec<_>) = judged
            .into_iter()
            .partition(|(_, findings)| !Policy::denies(findings));
        if valid
            .iter()
            .any(|(c, _)| valid.iter().any(|(other, _)| c.spki() != other.spki()))
        {
            return Err(Error::AmbiguousRecipient {
                address: address.clone(),
                candidates: valid.iter().map(|(c, _)| c.concerned()).collect(),
            });
        }
        // one key, several certificates: the one that lasts longest
        valid.sort_by_key(|(c, _)| c.not_after());
        valid
            .pop()
            .or_else(|| refused.into_iter().next())
            .ok_or_else(|| Error::NoRecipientCertificate(address.clone()))
    }

    fn judge(&self, certificate: &Certificate, at: Time) -> Result<Vec<Finding>, Error> {
        let paths = PathBuilder::new(self.anchors, self.repository, self.policy);
        let paths = paths.watched(self.watch.clone());
        Ok(paths
            .judge(certificate, &self.met, Purpose::Encrypt, at, None)?
            .findings)
    }
}

/// Everyone in these fields.
fn addressees(header: Option<&Header>, fields: &[&'static str]) -> Result<Vec<Address>, Error> {
    let mut all = Vec::new();
    for &name in fields {
        for field in header.into_iter().flat_map(|h| h.all(name)) {
            let list = mailbox::list(&field.value()).ok_or(Error::Mime(
                crate::mime::Error::Malformed {
                    name,
                    what: "it is no list of addresses",
                },
            ))?;
            all.extend(list);
        }
    }
    Ok(all)
}

fn summary(certificate: &Certificate, naming: Naming, method: &Method) -> RecipientSummary {
    let by_identifier = naming == Naming::SubjectKeyIdentifier;
    let identifier = certificate.key_identifier().filter(|_| by_identifier);
    RecipientSummary {
        kind: match method {
            Method::Transport(_) => "key-transport",
            Method::Agreement(_) => "key-agreement",
            Method::Encapsulation { .. } => "kem",
        },
        algorithm: method.key_encryption().name(),
        issuer: (!by_identifier).then(|| certificate.issuer().to_string()),
        serial: (!by_identifier).then(|| serial_text(certificate.serial())),
        key_identifier: identifier.map(hex::encode),
    }
}
