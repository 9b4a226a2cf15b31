//! What is kept of a sender who signed mail: his certificates and what he said of himself, as he signed it (RFC 8551 §2.5.3, §2.7.1).
//!
//! A record is the detached SignedData of his message: the SignerInfo without unsigned attributes, his certificates and those of the CAs on
//! the path that was judged, none of anybody else. The content is not in it: what says who he is, which key he wants to be encrypted to, what he reads and when that
//! was, are signed attributes, and whoever reads a record checks the signature over them, and the path, anew.
//!
//! Only a message whose verdict is `pass`, and only a signer whom an anchor vouches for and From names, leaves one.
use super::{
    Error, Report, acquaintance,
    report::{Layer, Signature, SignedLayer, Trust, Verdict},
    sign::written,
};
use crate::{
    asn1::{Time, pem},
    cms::{
        self, content_type,
        signed_data::{Tail, Writer},
    },
    crypto::Digest,
    crypto::digest::digest,
    encoding::hex,
    policy::{Policy, Rule},
    x509::Certificate,
};

/// What stands in a record before the PEM: no field and no base64, by which a reader would take the whole for something else.
const HEAD: &str = "Kept by smime of a sender of signed mail, for: smime encrypt -c";
/// What it is.
const LABEL: &str = "CMS";

/// What is kept of a sender.
#[derive(Debug)]
pub struct Record {
    /// with what he signs
    pub signer: Certificate,
    /// when he signed
    pub signed: Time,
    der: Vec<u8>,
}

impl Record {
    /// Takes from a report what may be kept of those who signed; where that is nothing, says why.
    pub fn all(report: &Report, at: Time, policy: &Policy) -> Result<Vec<Self>, Refusal> {
        if report.verdict() != Verdict::Pass {
            return Err(Refusal::Verdict);
        }
        if report.part.is_some() {
            return Err(Refusal::Part);
        }
        let mut records = Vec::new();
        let mut refusal = Refusal::NotSigned;
        for layer in &report.layers {
            let Layer::Signed(layer) = layer else {
                continue;
            };
            for signature in layer.counted() {
                match Self::of(signature, layer, at, policy) {
                    Ok(record) => records.push(record),
                    Err(why) => refusal = why,
                }
            }
        }
        match records.is_empty() {
            true => Err(refusal),
            false => Ok(records),
        }
    }

    fn of(
        signature: &Signature,
        layer: &SignedLayer,
        at: Time,
        policy: &Policy,
    ) -> Result<Self, Refusal> {
        let has = |rule| move |it: &crate::policy::Finding| it.rule == rule;
        let trusted = signature.verdict() == Verdict::Pass && signature.trust == Trust::Trusted;
        let signer = signature.signer.as_ref().filter(|_| trusted);
        let signer = signer.ok_or(Refusal::Untrusted)?;
        if !signature.is_from || layer.findings.iter().any(has(Rule::CoversCiphertext)) {
            return Err(Refusal::NotSender);
        }
        // a time that is not yet would keep all that is learned later from taking its place
        let in_future = signature.findings.iter().any(has(Rule::SigningTime));
        let signed = signature.signing_time.filter(|_| !in_future);
        let signed = signed.ok_or(Refusal::SigningTime)?;
        let recipient = acquaintance::recipient(signer, signature, layer, at, policy);
        let der = to_der(signer, recipient.as_ref(), signature);
        Ok(Self {
            signer: signer.clone(),
            signed,
            der: der.map_err(|_| Refusal::Untrusted)?,
        })
    }

    /// Returns a name for its file: of the signer's key, and of nothing that he chose.
    pub fn file_name(&self) -> String {
        let key = digest(Digest::Sha256, self.signer.spki());
        format!("{}.pem", hex::encode(&key))
    }

    /// Returns it as text.
    pub fn to_text(&self) -> String {
        format!("{HEAD}\n\n{}", pem::encode(LABEL, &self.der))
    }

    /// Returns when the signer of a record signed; `None`: it is none.
    pub fn signing_time(text: &[u8], policy: &Policy) -> Option<Time> {
        let blocks = pem::blocks(text).ok()?;
        let [block] = blocks.as_slice() else {
            return None;
        };
        let limits = super::peel::cms_limits(&policy.limits);
        let Ok(cms::Object::Signed(reader)) = cms::open(block.der.as_slice(), limits) else {
            return None;
        };
        let (signed, _) = reader.finish().ok()?;
        let [signer] = signed.signers.as_slice() else {
            return None;
        };
        signer.signed_attributes.as_ref()?.signing_time().ok()?
    }
}

/// Why nothing is kept of a signer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The verdict is no.
    #[error("the message does not pass")]
    Verdict,
    /// What was judged is a part: the message around it says who its sender is, and nobody signed that.
    #[error("a part was judged, not the message")]
    Part,
    /// Nobody signed.
    #[error("nobody signed the message")]
    NotSigned,
    /// No anchor vouches for the signer.
    #[error("no trust anchor vouches for the signer")]
    Untrusted,
    /// The signer is another than From names, or signed an envelope alone.
    #[error("the signer is not the one sender that From names")]
    NotSender,
    /// Without a time nothing tells old from new.
    #[error("the signer does not say when that was, or names a time in the future")]
    SigningTime,
}

fn to_der(
    signer: &Certificate,
    recipient: Option<&Certificate>,
    signature: &Signature,
) -> Result<Vec<u8>, Error> {
    let mut tail = Tail {
        signers: vec![signature.essence.signer_info.clone()],
        ..Tail::default()
    };
    // of the CAs those alone that were judged, and not the anchor
    let above = signature.path.len().saturating_sub(1);
    let cas = signature.path.get(1..above).unwrap_or_default();
    for certificate in [signer].into_iter().chain(recipient).chain(cas) {
        tail.add_certificate(certificate.der());
    }
    let digests: Vec<Digest> = signature.essence.digest.into_iter().collect();
    let writer = Writer::new(Vec::new(), &digests, content_type::DATA, true);
    writer.finish_with(&tail).map_err(written)
}
