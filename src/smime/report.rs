//! What an operation found: separate answers to separate questions, and one verdict.
use super::{acquaintance::Choice, headers::Headers, part::Part};
use crate::{
    asn1::{Time, oid::Oid},
    cms::{
        capabilities::Capabilities,
        ess::{Receipt, Service},
        time_stamp::TstInfo,
    },
    crypto::Digest,
    mime::mailbox::Address,
    policy::{Finding, Level, Policy, Rule},
    x509::Certificate,
};
use std::collections::BTreeSet;

/// The answer as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// everything asked for holds
    Pass,
    /// the answer is no
    Fail,
}

/// What an operation on a message found, outermost layer first.
#[derive(Debug, Default)]
pub struct Report {
    /// layers of protection
    pub layers: Vec<Layer>,
    /// what concerns the message as a whole
    pub findings: Vec<Finding>,
    /// why it is encrypted with this cipher
    pub choice: Option<Choice>,
    /// number of the part that was taken for the message, where one was named
    pub part: Option<String>,
    /// the message part by part, where it was only described
    pub parts: Vec<Part>,
    /// nothing was judged, only described: there is no answer to be no
    pub described: bool,
    /// the copies for those in Bcc
    pub copies: Vec<BlindCopy>,
    /// what is kept of senders now
    pub learned: Vec<Kept>,
    /// how the header was protected, of a message that was opened or verified; of one that was described, how it says that it is, and no fields
    pub headers: Option<Headers>,
}

impl Report {
    /// Returns `Pass` if there is a layer, every signature in it is intact and nothing found anywhere is denied; and for what was only described.
    pub fn verdict(&self) -> Verdict {
        if self.described {
            return Verdict::Pass;
        }
        let intact = |layer: &Layer| match layer {
            Layer::Signed(layer) => {
                !layer.signatures.is_empty()
                    && layer.counted().all(|s| s.integrity == Integrity::Intact)
            }
            // what is wrong with these is denied by a finding
            Layer::Encrypted(_)
            | Layer::Certificates(_)
            | Layer::Compressed(_)
            | Layer::Digested(_)
            | Layer::Authenticated(_) => true,
        };
        let denied = self.all_findings().any(|f| f.level == Level::Deny);
        if !self.layers.is_empty() && self.layers.iter().all(intact) && !denied {
            Verdict::Pass
        } else {
            Verdict::Fail
        }
    }

    /// Sets how many signers of each signed layer must have a signature that passes; `None`: all.
    pub(super) fn require(&mut self, required: Option<usize>) {
        for layer in &mut self.layers {
            if let Layer::Signed(layer) = layer {
                layer.required = required;
            }
        }
    }

    /// Finds the signed layers, all of them judged, in which fewer signers than required have a signature that passes; a message without a
    /// signed layer has none.
    pub(super) fn find_too_few_signers(&mut self, required: Option<usize>, policy: &Policy) {
        let signed = |layer: &Layer| matches!(layer, Layer::Signed(_));
        if let Some(required) = required
            && !self.layers.iter().any(signed)
        {
            let message = format!("signers wanted: {required}, and nobody signed the message");
            let finding = policy.finding(Rule::TooFewSigners, message);
            self.findings.push(finding);
        }
        for layer in &mut self.layers {
            if let Layer::Signed(layer) = layer
                && let Some(required) = layer.required
                && layer.passing_signers() < required
            {
                let found = layer.passing_signers();
                let message =
                    format!("{required} signers must have a signature that passes, {found} have");
                let finding = policy.finding(Rule::TooFewSigners, message);
                layer.findings.push(finding);
            }
        }
    }

    /// Returns every finding: of the message, of its layers, of their signatures.
    pub fn all_findings(&self) -> impl Iterator<Item = &Finding> {
        self.findings
            .iter()
            .chain(self.layers.iter().flat_map(Layer::all_findings))
    }
}

/// One layer of protection.
#[derive(Debug)]
pub enum Layer {
    /// multipart/signed or SignedData
    Signed(SignedLayer),
    /// EnvelopedData, AuthEnvelopedData or EncryptedData
    Encrypted(EncryptedLayer),
    /// CompressedData
    Compressed(CompressedLayer),
    /// DigestedData
    Digested(DigestedLayer),
    /// AuthenticatedData
    Authenticated(AuthenticatedLayer),
    /// SignedData without content or signer: a bag of certificates
    Certificates(Vec<Certificate>),
}

impl Layer {
    /// Returns the layer of what was signed here.
    pub(super) fn made_signed(form: Form, signature: Signature) -> Self {
        Self::Signed(SignedLayer::new(form, vec![signature], Vec::new()))
    }

    /// Returns the layer of what was compressed here.
    pub(super) fn made_compressed() -> Self {
        Self::Compressed(CompressedLayer {
            algorithm: "zlib",
            findings: Vec::new(),
        })
    }

    /// Returns the findings of this layer and its signatures.
    pub fn all_findings(&self) -> Box<dyn Iterator<Item = &Finding> + '_> {
        match self {
            Self::Signed(layer) => Box::new(
                layer
                    .findings
                    .iter()
                    .chain(layer.counted().flat_map(|s| s.findings.iter())),
            ),
            Self::Encrypted(layer) => Box::new(layer.findings.iter()),
            Self::Compressed(layer) => Box::new(layer.findings.iter()),
            Self::Digested(layer) => Box::new(layer.findings.iter()),
            Self::Authenticated(layer) => Box::new(layer.findings.iter()),
            Self::Certificates(_) => Box::new(std::iter::empty()),
        }
    }

    /// Returns the findings of this layer itself, to be changed.
    pub fn own_findings_mut(&mut self) -> Option<&mut Vec<Finding>> {
        match self {
            Self::Signed(layer) => Some(&mut layer.findings),
            Self::Encrypted(layer) => Some(&mut layer.findings),
            Self::Compressed(layer) => Some(&mut layer.findings),
            Self::Digested(layer) => Some(&mut layer.findings),
            Self::Authenticated(layer) => Some(&mut layer.findings),
            Self::Certificates(_) => None,
        }
    }
}

/// How a signature stands to its content.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// multipart/signed
    Clear,
    /// application/pkcs7-mime or bare CMS with the content inside
    Opaque,
    /// bare CMS whose content is elsewhere (`--content`)
    Detached,
}

/// A signed layer.
#[derive(Debug)]
pub struct SignedLayer {
    /// clear, opaque or detached
    pub form: Form,
    /// every signer, in order
    pub signatures: Vec<Signature>,
    /// what concerns all of them
    pub findings: Vec<Finding>,
    /// the certificates that came with them, as far as they can be read
    pub certificates: Vec<Certificate>,
    /// the content, where it is a signed receipt (RFC 2634 §2.8)
    pub receipt: Option<Receipt>,
    /// how many signers must have a signature that passes; `None`: all signatures must
    pub required: Option<usize>,
}

impl SignedLayer {
    /// Returns a layer with these signatures, all of which must pass.
    pub fn new(form: Form, signatures: Vec<Signature>, findings: Vec<Finding>) -> Self {
        Self {
            form,
            signatures,
            findings,
            certificates: Vec::new(),
            receipt: None,
            required: None,
        }
    }

    /// Returns how many signers have a signature that passes. Anybody can put a signature in twice, so that a key counts once.
    pub fn passing_signers(&self) -> usize {
        let signers = self.passing().filter_map(|it| it.signer.as_ref());
        signers
            .map(Certificate::spki)
            .collect::<BTreeSet<_>>()
            .len()
    }

    fn passing(&self) -> impl Iterator<Item = &Signature> {
        let signatures = self.signatures.iter();
        signatures.filter(|it| it.verdict() == Verdict::Pass)
    }

    /// Returns the signatures that the answer rests on: all, or those that pass where they are of as many signers as are required.
    pub fn counted(&self) -> impl Iterator<Item = &Signature> {
        let enough = self
            .required
            .is_some_and(|required| self.passing_signers() >= required);
        self.signatures
            .iter()
            .filter(move |it| !enough || it.verdict() == Verdict::Pass)
    }
}

/// Is the content what was signed?
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Integrity {
    /// digest and signature hold
    Intact,
    /// they do not
    Broken,
    /// it cannot be told (no certificate, unknown algorithm, not looked at)
    Undetermined,
}

/// Does an anchor vouch for the signer?
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trust {
    /// a path to an anchor holds
    Trusted,
    /// none does
    Untrusted,
    /// not looked at
    Unchecked,
}

/// Is the signer the sender?
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sender {
    /// the certificate names the address in From (or one named by `--signer`)
    Match,
    /// it does not, or From does not name exactly one
    Mismatch,
    /// the certificate names no address
    Absent,
    /// there is no From field
    Unchecked,
}

/// One signature.
#[derive(Debug)]
pub struct Signature {
    /// is it intact
    pub integrity: Integrity,
    /// who vouches
    pub trust: Trust,
    /// is it the sender
    pub sender: Sender,
    /// whether the certificate names the one address in From, whoever else was expected
    pub is_from: bool,
    /// which of the signer's addresses matched: the one in From, or one that was asked for
    pub address: Option<Address>,
    /// does anyone object
    pub revocation: crate::x509::RevocationStatus,
    /// the signer's certificate, if found
    pub signer: Option<Certificate>,
    /// how the message names the signer, for people (`serial 0a1b of CN=…` or `key identifier …`)
    pub signer_id: String,
    /// name of the digest, or its OID
    pub digest: String,
    /// name of the signature algorithm, or its OID
    pub algorithm: String,
    /// the claimed time
    pub signing_time: Option<Time>,
    /// leaf first, anchor last; empty if none was built
    pub path: Vec<Certificate>,
    /// where the anchor came from
    pub anchor: Option<String>,
    /// what the signed attributes say besides
    pub services: Vec<Service>,
    /// what the signer says that he can read
    pub capabilities: Option<Capabilities>,
    /// the signatures over this one; nothing rests on them
    pub countersignatures: Vec<Self>,
    /// the time-stamps over this one
    pub time_stamps: Vec<TimeStamp>,
    /// the time at which it existed, by a time-stamp that holds
    pub proven_time: Option<Time>,
    /// what a receipt is about
    pub essence: Essence,
    /// graded
    pub findings: Vec<Finding>,
}

/// What tells a signature from every other: a receipt repeats it.
#[derive(Debug, Clone, Default)]
pub struct Essence {
    /// signature value
    pub signature: Vec<u8>,
    /// DER of the signed attributes
    pub attributes: Vec<u8>,
    /// the content type among them
    pub content_type: Option<Oid>,
    /// the digest used
    pub digest: Option<Digest>,
    /// msgSigDigest, in a receipt
    pub message_signature_digest: Option<Vec<u8>>,
    /// the SignerInfo as received, without unsigned attributes
    pub signer_info: Vec<u8>,
}

/// A time-stamp token (RFC 3161).
#[derive(Debug)]
pub struct TimeStamp {
    /// what it says
    pub info: TstInfo,
    /// the signature of the time-stamping authority
    pub token: Signature,
    /// whether anchors for such authorities were given; otherwise it is only shown
    pub judged: bool,
}

impl TimeStamp {
    /// Returns whether it was judged and holds.
    pub fn holds(&self) -> bool {
        self.judged && self.token.verdict() == Verdict::Pass
    }
}

impl Signature {
    /// Returns how many signatures this is with all those over it.
    pub(super) fn count(&self) -> usize {
        let countersignatures = self.countersignatures.iter().map(Self::count);
        let time_stamps = self.time_stamps.iter().map(|it| it.token.count());
        1 + countersignatures.sum::<usize>() + time_stamps.sum::<usize>()
    }

    /// Returns `Pass` if it is intact and no finding is denied.
    pub fn verdict(&self) -> Verdict {
        if self.integrity == Integrity::Intact && !Policy::denies(&self.findings) {
            Verdict::Pass
        } else {
            Verdict::Fail
        }
    }
}

/// What a ciphertext stands in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Container {
    /// EnvelopedData
    Enveloped,
    /// AuthEnvelopedData
    AuthEnveloped,
    /// EncryptedData, whose key was agreed on elsewhere: it has no recipients
    Encrypted,
}

/// An encrypted layer.
#[derive(Debug)]
pub struct EncryptedLayer {
    /// EnvelopedData, AuthEnvelopedData or EncryptedData
    pub container: Container,
    /// name of the cipher, or its OID
    pub cipher: String,
    /// whether the cipher authenticates
    pub authenticated: bool,
    /// whether its key is bound to it (RFC 9709)
    pub bound_key: bool,
    /// to whom, in order
    pub recipients: Vec<RecipientSummary>,
    /// index of the recipient whose key opened it; `None` if it was not opened
    pub opened_by: Option<usize>,
    /// graded
    pub findings: Vec<Finding>,
}

/// What is kept of a sender, to encrypt to him.
#[derive(Debug)]
pub struct Kept {
    /// with what he signs
    pub signer: Certificate,
    /// where it is kept
    pub place: String,
    /// false: what was kept already is as new
    pub new: bool,
}

/// A copy of an encrypted message, for those in Bcc.
#[derive(Debug)]
pub struct BlindCopy {
    /// for whom it is
    pub addresses: Vec<Address>,
    /// its encryption; other layers are as in the message
    pub layer: EncryptedLayer,
    /// where it was written, for whoever knows
    pub place: Option<String>,
}

/// A compressed layer.
#[derive(Debug)]
pub struct CompressedLayer {
    /// name of the method: `zlib`
    pub algorithm: &'static str,
    /// graded
    pub findings: Vec<Finding>,
}

/// A layer under a digest. Whoever changes the content can change the digest: it says nothing about anybody.
#[derive(Debug)]
pub struct DigestedLayer {
    /// name of the digest, or its OID
    pub digest: String,
    /// is the content what was digested
    pub integrity: Integrity,
    /// graded
    pub findings: Vec<Finding>,
}

/// A layer under a MAC. Every recipient has its key: it is no signature, and nobody's.
#[derive(Debug)]
pub struct AuthenticatedLayer {
    /// name of the MAC algorithm, or its OID
    pub mac: String,
    /// is the content what was authenticated
    pub integrity: Integrity,
    /// to whom, in order
    pub recipients: Vec<RecipientSummary>,
    /// index of the recipient whose key checked it; `None` if it was not checked
    pub opened_by: Option<usize>,
    /// graded
    pub findings: Vec<Finding>,
}

/// One recipient, as reports show it.
#[derive(Debug, Clone)]
pub struct RecipientSummary {
    /// `key-transport`, `key-agreement`, `kek`, `password`, `kem`
    pub kind: &'static str,
    /// name of the key-encryption algorithm, or its OID
    pub algorithm: String,
    /// issuer of the certificate, if named so
    pub issuer: Option<String>,
    /// serial number in hexadecimal, if named so
    pub serial: Option<String>,
    /// key identifier in hexadecimal, if named so
    pub key_identifier: Option<String>,
}
