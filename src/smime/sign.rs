//! Signing (RFC 8551 §3.5): clear, opaque, detached.
mod add;
mod receipt;
mod signing;

pub use add::Addition;
pub(super) use signing::Signing;

use super::{
    Content, Encoding, Error, HeaderProtection, Report, Source,
    exit::Exit,
    outgoing::{Outgoing, Piece, Transport},
    place::{Place, write_header},
    report::{Form, Integrity, Layer, Sender, Signature},
    sender,
    signature::{describe, may_be_signed_attributes},
    transport,
};
use crate::{
    asn1::{Time, oid::Oid},
    cms::{
        self, attribute, capabilities,
        ess::{self, ReceiptRequest},
        signed_data,
        signer_info::{self, Held, SignerInfo},
    },
    crypto::{self, CryptoRng, Digest, SignatureAlgorithm, public_key::KeyKind},
    encoding::hex,
    mime::mailbox::{Address, sole_from},
    policy::{Finding, Level, Policy, Rule},
    store::{Identities, Identity},
    x509::{Certificate, PathBuilder, Purpose},
};
use std::io::Write;

/// Which certificates go into the message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Include {
    /// the signer's
    Leaf,
    /// the signer's and its issuers, without the root
    #[default]
    Chain,
    /// the same with the root
    All,
    /// none
    None,
}

/// What is to be made.
#[derive(Debug, Clone)]
pub struct SignOptions {
    /// clear, opaque or detached; clear is opaque where the output is bare CMS
    pub form: Form,
    /// what the input is
    pub content: Content,
    /// how the output is written
    pub encoding: Encoding,
    /// the digest asked for
    pub digest: Option<Digest>,
    /// RSASSA-PSS asked for
    pub pss: bool,
    /// certificates to put in
    pub include: Include,
    /// where everybody who gets it shall send a signed receipt (RFC 2634 §2)
    pub request_receipt: Option<Address>,
    /// the content compressed first
    pub compress: bool,
    /// the header protected, too
    pub protect_headers: Option<HeaderProtection>,
}

/// Signs messages.
pub struct Signer<'a> {
    identities: &'a Identities,
    policy: &'a Policy,
    options: SignOptions,
}

/// Everything that a signature is made with, chosen before the first byte is written.
#[derive(Clone)]
pub(super) struct Prepared {
    identity: Identity,
    digest: Digest,
    algorithm: SignatureAlgorithm,
    certificates: Vec<Certificate>,
    /// signed attributes besides those that every signature has
    besides: Vec<Vec<u8>>,
}

impl<'a> Signer<'a> {
    /// Signs with one of these identities: the one whose certificate names the From address, or the only one. Issuers for the chain come from
    /// the identities' other certificates.
    pub fn new(identities: &'a Identities, policy: &'a Policy, options: SignOptions) -> Self {
        Self {
            identities,
            policy,
            options,
        }
    }

    /// Signs one message. A certificate that must not sign (expired, key usage, …) is a failing report, and nothing was written.
    pub fn sign(
        &self,
        mut source: Source<'_>,
        sink: &mut (dyn Write + Send),
        at: Time,
        rng: &mut dyn CryptoRng,
    ) -> Result<Report, Error> {
        let form = self.form()?;
        let mut outgoing = Outgoing::new(
            &mut source,
            self.options.content,
            transport_of(form, self.options.compress),
            self.options.protect_headers,
            self.policy,
        )?;
        if self.options.compress {
            outgoing = outgoing.compressed();
        }
        let mut findings = Vec::new();
        findings.extend(outgoing.doubt_protection(self.options.protect_headers, self.policy));
        if let Some(header) = &outgoing.header
            && let Some(why) = sender::ambiguity(&header.fields)
        {
            findings.push(self.policy.finding(Rule::AmbiguousFrom, why));
        }
        let Some(prepared) = self.ready(&mut outgoing, at, &mut findings)? else {
            return Ok(Report {
                findings,
                ..Report::default()
            });
        };
        let prepared = self.asking_for_receipt(prepared, at, rng);
        let outer = std::mem::take(&mut outgoing.outer);
        let place = |sink| Place {
            sink,
            encoding: self.options.encoding,
            outer: &outer,
            line_end: outgoing.line_end,
        };
        let mut signature = match form {
            // what stands in clear is written as it is: no need for it to be gathered
            Form::Clear => {
                let place = place(sink);
                let mut signing =
                    Signing::begin(&prepared, form, place, rng).map_err(Error::Write)?;
                self.pass(outgoing, &mut signing, &mut [], &mut findings)?;
                signing.finish(self, &prepared, at, rng)?
            }
            Form::Opaque | Form::Detached => {
                let mut exit = Exit::to(sink);
                let mut entrance = exit.entrance();
                let place = place(&mut entrance);
                let mut signing =
                    Signing::begin(&prepared, form, place, rng).map_err(Error::Write)?;
                let exits = std::slice::from_mut(&mut exit);
                self.pass(outgoing, &mut signing, exits, &mut findings)?;
                let signature = signing.finish(self, &prepared, at, rng)?;
                exit.settle().map_err(Error::Write)?;
                signature
            }
        };
        signature.findings = findings;
        let mut layers = vec![Layer::made_signed(form, signature)];
        layers.extend(self.options.compress.then(Layer::made_compressed));
        Ok(Report {
            layers,
            findings: Vec::new(),
            ..Report::default()
        })
    }

    /// Returns the form in which it signs: a bare CMS object has no clear one.
    pub(super) fn form(&self) -> Result<Form, Error> {
        match (self.options.form, self.options.encoding) {
            (Form::Clear, Encoding::Der | Encoding::Pem) => Ok(Form::Opaque),
            (Form::Detached, Encoding::Smime) => Err(Error::Unsuitable(
                "a detached signature is bare CMS: DER or PEM",
            )),
            (form, _) => Ok(form),
        }
    }

    /// Returns the form in which it signs what is encrypted then, whatever the encryption is written as.
    pub(super) const fn form_inside(&self) -> Result<Form, Error> {
        match self.options.form {
            Form::Detached => Err(Error::Unsuitable(
                "what is encrypted goes with its signature: none is detached",
            )),
            form => Ok(form),
        }
    }

    /// Settles everything that a signature over a message is made with; `None` where what was found denies it.
    pub(super) fn ready(
        &self,
        outgoing: &mut Outgoing<'_>,
        at: Time,
        findings: &mut Vec<Finding>,
    ) -> Result<Option<Prepared>, Error> {
        if may_be_signed_attributes(&outgoing.head()?) {
            return Err(Error::PassesForAttributes);
        }
        let identity = self.identity(outgoing, at, findings)?;
        findings.extend(PathBuilder::judge_alone(
            &identity.certificate,
            Purpose::Sign,
            at,
            self.policy,
        ));
        if let Some(outcome) = &outgoing.ahead {
            findings.extend(transport::findings(outcome, self.policy));
        }
        let (digest, algorithm) = self.algorithm(identity.key.public_key().kind())?;
        if Policy::denies(findings) {
            return Ok(None);
        }
        Ok(Some(self.prepared(identity, digest, algorithm, at)))
    }

    /// Adds the request for signed receipts, if they were asked for: to the innermost signature alone (RFC 2634 §1.3.4).
    pub(super) fn asking_for_receipt(
        &self,
        mut prepared: Prepared,
        at: Time,
        rng: &mut dyn CryptoRng,
    ) -> Prepared {
        if let Some(address) = &self.options.request_receipt {
            let identifier = content_identifier(&prepared.identity.certificate, at, rng);
            let request = ReceiptRequest::to_attribute(&identifier, &address.to_string());
            prepared.besides.push(request);
        }
        prepared
    }

    /// Passes a content through the signature that is made over it; what that writes leaves by these ways.
    pub(super) fn pass(
        &self,
        outgoing: Outgoing<'_>,
        signing: &mut Signing<'_>,
        exits: &mut [Exit<'_>],
        findings: &mut Vec<Finding>,
    ) -> Result<(), Error> {
        let clear = signing.form() == Form::Clear;
        let told = outgoing.ahead.is_some() || outgoing.header.is_none();
        let denied = self.policy.level(Rule::NotSevenBit) == Level::Deny;
        let has_local_lines = signing.has_local_lines();
        let (hasher, shape) = signing.halves();
        let mut digest = |piece: &mut Piece| {
            let seen = piece.seen();
            if has_local_lines && seen.bare_cr {
                return Err(Error::BareCr);
            }
            if clear && denied && seen.not_seven_bit {
                return Err(Error::NotSevenBit);
            }
            hasher.update(piece.form());
            Ok(())
        };
        let mut pass_on = |piece: &mut Piece| shape.take(piece).map_err(Error::Write);
        let outcome = outgoing.flow(&mut [&mut digest], &mut pass_on, exits)?;
        if clear && !told {
            findings.extend(transport::findings(&outcome, self.policy));
        }
        Ok(())
    }

    /// Chooses who signs where no From field names him: there must be one who can.
    fn sole_identity(&self, at: Time) -> Result<Identity, Error> {
        let mut able = self.identities.pairs();
        let fits = |identity: &Identity| {
            let leaf = &identity.certificate;
            let found = PathBuilder::judge_alone(leaf, Purpose::Sign, at, self.policy);
            can_sign(identity.key.public_key().kind()) && !Policy::denies(&found)
        };
        if able.len() > 1 && able.iter().any(fits) {
            able.retain(fits);
        }
        able.sort_by_key(|identity| std::cmp::Reverse(identity.certificate.not_after()));
        let Some(newest) = able.first() else {
            return Err(Error::NoIdentity { from: None });
        };
        let is_other = |it: &&Identity| it.certificate.spki() != newest.certificate.spki();
        match able.iter().filter(is_other).count() {
            0 => Ok(newest.clone()),
            _ => Err(Error::AmbiguousIdentity { count: able.len() }),
        }
    }

    /// Settles what a signature is made with.
    fn prepared(
        &self,
        identity: Identity,
        digest: Digest,
        algorithm: SignatureAlgorithm,
        at: Time,
    ) -> Prepared {
        let mut certificates = self.certificates(&identity.certificate);
        let mut besides = Vec::new();
        if let Some(preferred) = self.encryption_certificate(&identity.certificate, at) {
            besides.push(ess::key_preference_attribute(
                preferred.issuer(),
                preferred.serial(),
            ));
            if !certificates.is_empty() && !certificates.contains(&preferred) {
                certificates.push(preferred);
            }
        }
        Prepared {
            identity,
            digest,
            algorithm,
            certificates,
            besides,
        }
    }

    /// Finds the certificate to encrypt to, where the signer's own is not for that: of the identities one that names the same address, the one
    /// that lasts longest (RFC 8551 §2.5.3).
    fn encryption_certificate(&self, leaf: &Certificate, at: Time) -> Option<Certificate> {
        let encrypts = |certificate: &Certificate| {
            let found = PathBuilder::judge_alone(certificate, Purpose::Encrypt, at, self.policy);
            !Policy::denies(&found)
        };
        if encrypts(leaf) {
            return None;
        }
        let addresses = leaf.addresses();
        let pairs = self.identities.pairs().into_iter();
        pairs
            .map(|identity| identity.certificate)
            .filter(|it| addresses.iter().any(|address| sender::names(it, address)))
            .filter(encrypts)
            .max_by_key(Certificate::not_after)
    }

    /// Chooses who signs: whoever the From field names (RFC 8550 §3).
    fn identity(
        &self,
        outgoing: &Outgoing<'_>,
        at: Time,
        findings: &mut Vec<Finding>,
    ) -> Result<Identity, Error> {
        let from = outgoing.header.as_ref().map_or(Ok(None), sole_from);
        let able: Vec<Identity> = self.identities.pairs();
        let address = match from {
            Ok(address) => address,
            Err(error) => {
                findings.push(self.policy.finding(Rule::SenderMismatch, error.to_string()));
                None
            }
        };
        let mut named: Vec<Identity> = match &address {
            Some(address) => able
                .iter()
                .filter(|i| sender::names(&i.certificate, address))
                .cloned()
                .collect(),
            None => able.clone(),
        };
        if named.is_empty() {
            let Some(address) = address else {
                return Err(Error::NoIdentity { from: None });
            };
            let [only] = able.as_slice() else {
                return Err(Error::NoIdentity {
                    from: Some(address),
                });
            };
            findings.push(self.policy.finding(
                Rule::SenderMismatch,
                format!(
                    "From is {address}, which the certificate of {} does not name",
                    only.certificate.subject()
                ),
            ));
            return Ok(only.clone());
        }
        // an address often has one certificate to sign and one to encrypt, or an old and a new one
        let fits = |i: &Identity| {
            let kind = i.key.public_key().kind();
            let found = PathBuilder::judge_alone(&i.certificate, Purpose::Sign, at, self.policy);
            can_sign(kind) && !Policy::denies(&found)
        };
        if named.len() > 1 && named.iter().any(fits) {
            named.retain(fits);
        }
        // of several certificates for one key or several keys the newest is the renewed one
        named.sort_by_key(|i| {
            std::cmp::Reverse((i.certificate.not_after(), i.certificate.not_before()))
        });
        let Some(newest) = named.first() else {
            return Err(Error::NoIdentity { from: address });
        };
        let others = named
            .iter()
            .filter(|i| i.certificate.spki() != newest.certificate.spki())
            .count();
        if address.is_none() && others > 0 {
            return Err(Error::AmbiguousIdentity { count: named.len() });
        }
        Ok(newest.clone())
    }

    fn algorithm(&self, kind: KeyKind) -> Result<(Digest, SignatureAlgorithm), Error> {
        let wanted = self.options.digest;
        if wanted.is_some_and(|digest| !digest.row().written) {
            return Err(Error::Unsuitable(
                "MD5, SHA-1 and digests of 224 bits are not written",
            ));
        }
        let pss = self.options.pss || self.policy.preferences.pss;
        let preferred = wanted.unwrap_or(self.policy.preferences.digest);
        let algorithm = match kind {
            KeyKind::Rsa {
                restricted_to_pss, ..
            } if pss || restricted_to_pss => SignatureAlgorithm::RsaPss {
                digest: preferred,
                mgf: preferred,
                salt: preferred.size(),
            },
            KeyKind::Rsa { .. } if matches!(preferred, Digest::Shake128 | Digest::Shake256) => {
                return Err(Error::Unsuitable("SHAKE needs --pss with an RSA key"));
            }
            KeyKind::Rsa { .. } => SignatureAlgorithm::RsaPkcs1(preferred),
            _ if self.options.pss => return Err(Error::Unsuitable("RSASSA-PSS needs an RSA key")),
            KeyKind::P256 | KeyKind::BrainpoolP256 => SignatureAlgorithm::Ecdsa(preferred),
            KeyKind::P384 | KeyKind::BrainpoolP384 => {
                SignatureAlgorithm::Ecdsa(wanted.unwrap_or(Digest::Sha384))
            }
            KeyKind::P521 | KeyKind::BrainpoolP512 => {
                SignatureAlgorithm::Ecdsa(wanted.unwrap_or(Digest::Sha512))
            }
            KeyKind::Ed25519 => SignatureAlgorithm::Ed25519,
            KeyKind::Ed448 => SignatureAlgorithm::Ed448,
            KeyKind::MlDsa(set) => SignatureAlgorithm::MlDsa(set),
            KeyKind::SlhDsa(set) => SignatureAlgorithm::SlhDsa(set),
            KeyKind::RsaKem { .. }
            | KeyKind::X25519
            | KeyKind::X448
            | KeyKind::MlKem(_)
            | KeyKind::Dsa { .. } => {
                return Err(Error::Crypto(crypto::Error::KeyType {
                    key: kind.name(),
                    what: "sign",
                }));
            }
        };
        let digest = wanted.unwrap_or(algorithm.message_digest());
        if !algorithm.is_matched_by(digest) {
            return Err(Error::Unsuitable(match algorithm {
                SignatureAlgorithm::Ed25519 => "Ed25519 signs with SHA-512 only",
                SignatureAlgorithm::Ed448 => "Ed448 signs with SHAKE256 only",
                _ => "the digest is weaker than the key",
            }));
        }
        Ok((digest, algorithm))
    }

    /// The signer's certificate and the issuers at hand.
    fn certificates(&self, leaf: &Certificate) -> Vec<Certificate> {
        if self.options.include == Include::None {
            return Vec::new();
        }
        let mut chain = vec![leaf.clone()];
        while self.options.include != Include::Leaf && chain.len() < self.policy.limits.path_length
        {
            let Some(last) = chain.last().filter(|c| c.subject() != c.issuer()) else {
                break;
            };
            let Some(issuer) = self
                .identities
                .certificates()
                .iter()
                .find(|c| c.subject() == last.issuer() && !chain.contains(c))
            else {
                break;
            };
            if issuer.subject() == issuer.issuer() && self.options.include == Include::Chain {
                break;
            }
            chain.push(issuer.clone());
        }
        chain
    }

    /// Makes the SignerInfo over a content of this type (`None`: a countersignature), and checks it as a reader would.
    fn signature(
        &self,
        prepared: &Prepared,
        content_type: Option<Oid>,
        content_digest: &[u8],
        at: Time,
        rng: &mut dyn CryptoRng,
    ) -> Result<(Signature, Vec<u8>), Error> {
        let Prepared {
            identity,
            digest,
            algorithm,
            ..
        } = prepared;
        // whoever countersigns says nothing of what he reads (RFC 8551 §2.5.2: in a SignedData's own signatures)
        let announced = match content_type {
            Some(_) => capabilities::encode(&self.policy.preferences.capabilities, true)?,
            None => Vec::new(),
        };
        let besides = match content_type {
            Some(_) => prepared.besides.as_slice(),
            None => &[],
        };
        let attributes = attribute::Written {
            content_type,
            message_digest: content_digest,
            signing_time: at,
            certificate: &identity.certificate,
            capabilities: &announced,
            digest: *digest,
            signature: algorithm,
            besides,
        }
        .to_set()?;
        let sid = signer_info::issuer_serial(&identity.certificate);
        let der = signer_info::sign(&*identity.key, &sid, *digest, algorithm, &attributes, rng)?;
        let made = SignerInfo::parse(&der, self.policy.limits.asn1_depth)?;
        let key = identity.certificate.public_key().map_err(Error::Crypto)?;
        if made
            .check_signature(&key, content_digest, None)
            .map_err(Error::Crypto)?
            != Held::AsReceived
        {
            return Err(Error::Crypto(crypto::Error::Key(
                "what it signs does not verify with its certificate",
            )));
        }
        let mut signature = describe(&made);
        signature.integrity = Integrity::Intact;
        signature.sender = Sender::Unchecked;
        signature.signer = Some(identity.certificate.clone());
        Ok((signature, der))
    }
}

/// Returns how text must be written inside a signature of this form. What is compressed is base64, whatever is in it.
pub(super) const fn transport_of(form: Form, compressed: bool) -> Transport {
    match form {
        Form::Clear if !compressed => Transport::Clear,
        Form::Clear | Form::Opaque | Form::Detached => Transport::Wrapped,
    }
}

/// RFC 2634 §2.7: who, when, and a random number make an identifier unique.
fn content_identifier(certificate: &Certificate, at: Time, rng: &mut dyn CryptoRng) -> Vec<u8> {
    let mut random = [0; 16];
    rng.fill_bytes(&mut random);
    let who = certificate.addresses().into_iter().next();
    let who = who.map(|address| address.to_string()).unwrap_or_default();
    format!("{who} {at} {}", hex::encode(&random)).into_bytes()
}

const fn can_sign(kind: KeyKind) -> bool {
    !matches!(
        kind,
        KeyKind::RsaKem { .. }
            | KeyKind::X25519
            | KeyKind::X448
            | KeyKind::MlKem(_)
            | KeyKind::Dsa { .. }
    )
}

/// RFC 8551 §3.5.3.2 spells digests so, and the IANA registry of textual names those with SHAKE; SHA-3 stands in neither.
const fn micalg(digest: Digest) -> &'static str {
    match digest {
        Digest::Md5 => "md5",
        Digest::Sha1 => "sha-1",
        Digest::Sha224 => "sha-224",
        Digest::Sha256 => "sha-256",
        Digest::Sha384 => "sha-384",
        Digest::Sha512 => "sha-512",
        Digest::Sha3_224 => "sha3-224",
        Digest::Sha3_256 => "sha3-256",
        Digest::Sha3_384 => "sha3-384",
        Digest::Sha3_512 => "sha3-512",
        Digest::Shake128 => "shake128",
        Digest::Shake256 => "shake256",
    }
}

fn finish<W: Write>(
    writer: signed_data::Writer<W>,
    prepared: &Prepared,
    signer: Vec<u8>,
) -> Result<W, Error> {
    let certificates: Vec<&[u8]> = prepared.certificates.iter().map(Certificate::der).collect();
    writer.finish(&certificates, &[signer]).map_err(written)
}

/// An I/O error of a CMS writer is one of its sink.
pub(super) fn written(error: cms::Error) -> Error {
    match error {
        cms::Error::Io(error) => Error::Write(error),
        other => other.into(),
    }
}
