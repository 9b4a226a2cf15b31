//! Encrypting (RFC 8551 §3.3, §3.4): to every recipient or to none; signed before, or before and after, in the same pass (§3.7,
//! RFC 2634 §1.1); for those in Bcc in copies of their own.
mod circle;
mod sealing;

use super::{
    Acquaintance, Content, Encoding, Error, HeaderConfidentiality, HeaderProtection, Report,
    Signer, Source,
    acquaintance::Known,
    exit::Exit,
    headers::is_blind,
    outgoing::{Outgoing, Transport},
    place::Place,
    report::{BlindCopy, Form, Layer, Signature},
    sign::{Prepared, Signing, transport_of},
    verify::require_anchor,
};
use crate::{
    asn1::Time,
    cms::recipient_info::{Naming, ToRsa},
    crypto::{ContentCipher, CryptoRng, Secret},
    mime::mailbox::Address,
    policy::{Finding, Policy},
    store::SharedKey,
    x509::{Certificate, Collection, Repository, TrustAnchors, Watch},
};
use circle::{Circle, Circles};
use sealing::{Copying, Sealing};
use std::{
    collections::HashMap,
    io::{self, Write},
    sync::{Arc, Mutex},
};

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

impl Recipient {
    const fn has_certificate(&self) -> bool {
        matches!(self, Self::Certificate(_) | Self::Address(_))
    }
}

/// What becomes of recipients that Bcc names and neither To nor Cc does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum BlindCopies {
    /// each gets a copy to himself
    #[default]
    Each,
    /// they get one copy together, and see each other in it
    Group,
    /// there shall be none
    Refuse,
}

/// Where copies for blind recipients are written.
pub trait Copies {
    /// Makes a place for each of so many copies. What is written there counts only with the message itself.
    fn places(&mut self, copies: usize) -> io::Result<Vec<&mut (dyn Write + Send)>>;
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
    /// what becomes of those in Bcc
    pub blind: BlindCopies,
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
    /// who signs it, and whether around the encryption, too
    signer: Option<(&'a Signer<'a>, bool)>,
    judged: Mutex<HashMap<Certificate, Judged>>,
}

/// What a certificate was found to be, for as long as all that this rests on stays as it is: everything in an [`Encryptor`], and the time.
struct Judged {
    at: Time,
    /// findings name it
    origin: Option<String>,
    findings: Vec<Finding>,
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
            signer: None,
            judged: Mutex::default(),
        }
    }

    /// Takes into account what is known of recipients from mail that they signed. The certificates that came with it lead to anchors; only
    /// the one that each wants to be encrypted to is a recipient's.
    #[must_use]
    pub fn knowing(mut self, acquaintances: &'a [Acquaintance]) -> Self {
        self.known = Known(acquaintances);
        self.met = self.known.met();
        self.judged = Mutex::default();
        self
    }

    /// Signs each message, then encrypts it (RFC 8551 §3.7). The signer says how it signs; what is made is this one's matter.
    #[must_use]
    pub fn signing(mut self, signer: &'a Signer<'a>) -> Self {
        self.signer = Some((signer, false));
        self
    }

    /// Signs each message, encrypts it, and signs that: a triple wrap (RFC 2634 §1.1).
    #[must_use]
    pub fn wrapping(mut self, signer: &'a Signer<'a>) -> Self {
        self.signer = Some((signer, true));
        self
    }

    /// Returns whether some recipient is a key or password, of which nobody knows who reads with it.
    fn has_shared_secret(&self) -> bool {
        !self.recipients.iter().all(Recipient::has_certificate)
    }

    /// Keeps the limit of time for each certificate path, too: the library reads no clock by itself.
    #[must_use]
    pub fn watched(mut self, watch: Arc<dyn Watch>) -> Self {
        self.watch = Some(watch);
        self
    }

    /// Encrypts one message. A recipient whose certificate must not be used is a failing report, and nothing was written; so is a blind
    /// recipient, whose copy has no place here.
    pub fn encrypt(
        &self,
        source: Source<'_>,
        sink: &mut (dyn Write + Send),
        at: Time,
        rng: &mut dyn CryptoRng,
    ) -> Result<Report, Error> {
        self.encrypt_apart(source, sink, None, at, rng)
    }

    /// Encrypts one message, and copies of it for blind recipients where these can be written.
    pub fn encrypt_apart(
        &self,
        mut source: Source<'_>,
        sink: &mut (dyn Write + Send),
        copies: Option<&mut dyn Copies>,
        at: Time,
        rng: &mut dyn CryptoRng,
    ) -> Result<Report, Error> {
        if self.is_to_certificates() {
            require_anchor(self.anchors, self.policy)?;
        }
        let form = match self.signer {
            Some((signer, _)) => Some(signer.form_inside()?),
            None => None,
        };
        let compress = self.options.compress;
        let transport = form.map_or(Transport::Wrapped, |it| transport_of(it, compress));
        let protection = self.options.protect_headers.map(HeaderProtection::Cipher);
        let mut outgoing = Outgoing::new(
            &mut source,
            self.options.content,
            transport,
            protection,
            self.policy,
        )?;
        if self.options.compress {
            outgoing = outgoing.compressed();
        }
        let mut circles = self.circles(outgoing.header.as_ref(), copies.is_some(), at)?;
        let doubt = outgoing.doubt_protection(protection, self.policy);
        circles.findings.extend(doubt);
        let mut findings = Vec::new();
        let prepared = match self.signer {
            Some((signer, _)) => signer.ready(&mut outgoing, at, &mut findings)?,
            None => None,
        };
        if Policy::denies(&circles.findings) || Policy::denies(&findings) {
            findings.splice(0..0, circles.findings);
            return Ok(Report {
                findings,
                ..Report::default()
            });
        }
        for circle in circles.all() {
            self.require_unrestricted(&circle.certificates)?;
        }
        let signs = match (self.signer, form, prepared) {
            (Some((signer, around)), Some(form), Some(prepared)) => Some(Signs {
                signer,
                around,
                form,
                prepared,
                findings,
                at,
            }),
            _ => None,
        };
        let mut sinks: Vec<&mut (dyn Write + Send)> = Vec::with_capacity(1 + circles.blind.len());
        sinks.push(sink);
        if let Some(copies) = copies.filter(|_| !circles.blind.is_empty()) {
            sinks.extend(copies.places(circles.blind.len()).map_err(Error::Write)?);
        }
        self.write(outgoing, circles, sinks, signs, rng)
    }

    /// Writes a message and its copies, for which everything is settled: outermost first what stands before the content, then the content
    /// through the innermost signature into every encryption, then what stands after it, innermost first.
    fn write(
        &self,
        mut outgoing: Outgoing<'_>,
        circles: Circles,
        sinks: Vec<&mut (dyn Write + Send)>,
        mut signs: Option<Signs<'_>>,
        rng: &mut dyn CryptoRng,
    ) -> Result<Report, Error> {
        let mut outer = std::mem::take(&mut outgoing.outer);
        outer.retain(|field| !is_blind(field));
        let around = signs.as_ref().filter(|it| it.around);
        let mut exits: Vec<Exit<'_>> = sinks.into_iter().map(Exit::to).collect();
        let mut entrances: Vec<_> = exits.iter().map(Exit::entrance).collect();
        let mut outermost = Vec::with_capacity(exits.len());
        for entrance in &mut entrances {
            let place = Place {
                sink: entrance,
                encoding: self.options.encoding,
                outer: &outer,
                line_end: outgoing.line_end,
            };
            outermost.push(match around {
                Some(signs) => Outermost::Signature(Box::new(signs.begin_around(place, rng)?)),
                None => Outermost::Encryption(place),
            });
        }
        let mut sealings = Vec::with_capacity(outermost.len());
        for (circle, place) in circles.all().zip(&mut outermost) {
            sealings.push(self.seal(circle, place.inside(), rng)?);
        }
        let mut copying = Copying(sealings);
        let signature = match &mut signs {
            Some(signs) => Some(signs.sign_inside(outgoing, &mut copying, &mut exits, rng)?),
            None => {
                copying.take(outgoing, &mut exits)?;
                None
            }
        };
        let sealed = copying.0.into_iter().map(Sealing::finish);
        let mut sealed = sealed.collect::<Result<Vec<_>, _>>()?.into_iter();
        let mut layers = Vec::new();
        for place in outermost {
            if let (Outermost::Signature(signing), Some(signs)) = (place, &signs) {
                let (form, signature) = signs.end_around(*signing, rng)?;
                // of the message itself, which comes first
                if layers.is_empty() {
                    layers.push(Layer::made_signed(form, signature));
                }
            }
        }
        for exit in exits {
            exit.settle().map_err(Error::Write)?;
        }
        let (encrypted, choice) = sealed.next().unzip();
        layers.extend(encrypted.map(Layer::Encrypted));
        if let (Some(signature), Some(signs)) = (signature, signs) {
            layers.push(Layer::made_signed(signs.form, signature));
        }
        layers.extend(self.options.compress.then(Layer::made_compressed));
        let copies = circles.blind.into_iter().zip(sealed);
        let copy = |(circle, (layer, _)): (Circle, _)| BlindCopy {
            addresses: circle.addresses,
            layer,
            place: None,
        };
        Ok(Report {
            layers,
            findings: circles.findings,
            choice,
            copies: copies.map(copy).collect(),
            ..Report::default()
        })
    }

    fn is_to_certificates(&self) -> bool {
        self.options.to_header || self.recipients.iter().any(Recipient::has_certificate)
    }
}

/// How a message is signed that is encrypted.
struct Signs<'a> {
    signer: &'a Signer<'a>,
    /// whether the encryption is signed, too
    around: bool,
    form: Form,
    prepared: Prepared,
    findings: Vec<Finding>,
    at: Time,
}

impl Signs<'_> {
    /// Signs a content and passes the signed entity on.
    fn sign_inside(
        &mut self,
        outgoing: Outgoing<'_>,
        sink: &mut (dyn Write + Send),
        exits: &mut [Exit<'_>],
        rng: &mut dyn CryptoRng,
    ) -> Result<Signature, Error> {
        let Self { signer, at, .. } = *self;
        let prepared = signer.asking_for_receipt(self.prepared.clone(), at, rng);
        let place = Place::inside(sink);
        let mut signing = Signing::begin(&prepared, self.form, place, rng).map_err(Error::Write)?;
        signer.pass(outgoing, &mut signing, exits, &mut self.findings)?;
        let mut signature = signing.finish(signer, &prepared, at, rng)?;
        signature.findings.append(&mut self.findings);
        Ok(signature)
    }

    /// Begins a signature around what is encrypted.
    fn begin_around<'s>(
        &self,
        place: Place<'s>,
        rng: &mut dyn CryptoRng,
    ) -> Result<Signing<'s>, Error> {
        let form = self.form_around(place.encoding);
        Signing::begin(&self.prepared, form, place, rng).map_err(Error::Write)
    }

    fn end_around(
        &self,
        signing: Signing<'_>,
        rng: &mut dyn CryptoRng,
    ) -> Result<(Form, Signature), Error> {
        let form = signing.form();
        let signature = signing.finish(self.signer, &self.prepared, self.at, rng)?;
        Ok((form, signature))
    }

    /// A bare CMS object has no clear form.
    fn form_around(&self, encoding: Encoding) -> Form {
        match encoding {
            Encoding::Smime => self.form,
            Encoding::Der | Encoding::Pem => Form::Opaque,
        }
    }
}

/// What a message is outermost.
enum Outermost<'s> {
    Encryption(Place<'s>),
    Signature(Box<Signing<'s>>),
}

impl Outermost<'_> {
    /// Returns where the encryption is written.
    fn inside(&mut self) -> Place<'_> {
        match self {
            Self::Encryption(place) => Place {
                sink: &mut *place.sink,
                ..*place
            },
            Self::Signature(signing) => Place::inside(&mut **signing),
        }
    }
}
