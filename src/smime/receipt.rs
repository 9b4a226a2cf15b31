//! Verifying signed receipts (RFC 2634 §2.6): is this one for that message?
use super::{
    Error, Report, Source, Verifier,
    report::{Integrity, Layer, Signature, SignedLayer},
};
use crate::{asn1::Time, cms::ess::Service, crypto::digest::digest, policy::Rule};
use std::io;

impl Verifier<'_> {
    /// Verifies a signed receipt as any message, and that it is one for `original`, which asked for it and must be intact.
    pub fn verify_receipt(
        &self,
        receipt: Source<'_>,
        original: Source<'_>,
        at: Time,
    ) -> Result<Report, Error> {
        let mut report = self.verify(receipt, None, &mut io::sink(), at)?;
        let original = self.verify(original, None, &mut io::sink(), at)?;
        if let Err(what) = compare(&report, &original) {
            let finding = self.policy().finding(Rule::Receipt, what);
            report.findings.push(finding);
        }
        Ok(report)
    }
}

fn outermost(report: &Report) -> Option<&SignedLayer> {
    match report.layers.first()? {
        Layer::Signed(layer) => Some(layer),
        _ => None,
    }
}

/// Returns why a receipt is none for a message, if it is not.
fn compare(receipt: &Report, original: &Report) -> Result<(), &'static str> {
    let layer = outermost(receipt).ok_or("it is no signed receipt")?;
    let receipt = layer.receipt.as_ref().ok_or("it is no signed receipt")?;
    let original = outermost(original).ok_or("the original is not signed")?;
    let is_meant = |it: &&Signature| it.essence.signature == receipt.signature;
    let meant = original
        .signatures
        .iter()
        .find(is_meant)
        .ok_or("it is the receipt for another message")?;
    if meant.integrity != Integrity::Intact {
        return Err("the original is not what was signed");
    }
    let mut requests = meant.services.iter().filter_map(|service| match service {
        Service::ReceiptRequest(request) => Some(request),
        _ => None,
    });
    let request = requests.next().ok_or("the original asks for no receipt")?;
    if request.identifier != receipt.identifier {
        return Err("it names another content than the original");
    }
    if meant.essence.content_type != Some(receipt.content_type) {
        return Err("it names another content type than the original");
    }
    let Some(hash) = meant.essence.digest else {
        return Err("the digest of the original is not known");
    };
    let wanted = digest(hash, &meant.essence.attributes);
    let all = layer
        .signatures
        .iter()
        .all(|it| it.essence.message_signature_digest.as_ref() == Some(&wanted));
    match all && !layer.signatures.is_empty() {
        true => Ok(()),
        false => Err("its msgSigDigest is not that of the original"),
    }
}
