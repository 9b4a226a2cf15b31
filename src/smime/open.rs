//! Opening: every layer, outermost first (RFC 8551 §3.7).
use super::{
    Error, Report, Source, Verifier,
    peel::{Goal, Keys},
    report::Layer,
    signature::COVERS_CIPHERTEXT,
};
use crate::{
    asn1::Time,
    crypto::{CryptoRng, Secret},
    policy::{Policy, Rule},
    store::Identities,
};
use std::io::Write;

/// Opens messages.
pub struct Opener<'a> {
    identities: &'a Identities,
    verifier: Verifier<'a>,
    secret_key: Option<&'a Secret>,
}

impl<'a> Opener<'a> {
    /// Decrypts with these identities, and judges signatures, or one part of the message, as this verifier does.
    pub fn new(identities: &'a Identities, verifier: Verifier<'a>) -> Self {
        Self {
            identities,
            verifier,
            secret_key: None,
        }
    }

    /// Opens EncryptedData with this key, which was agreed on elsewhere.
    #[must_use]
    pub fn secret_key(mut self, key: &'a Secret) -> Self {
        self.secret_key = Some(key);
        self
    }

    /// Opens one message: what is left when every layer is peeled goes to `sink`.
    pub fn open(
        &self,
        source: Source<'_>,
        sink: &mut dyn Write,
        at: Time,
        rng: &mut dyn CryptoRng,
    ) -> Result<Report, Error> {
        let mut peeler = self.verifier.peeler(Goal::Open, sink, at);
        peeler.keys = Some(Keys {
            identities: self.identities,
            secret_key: self.secret_key,
            rng,
        });
        peeler.walk(source)?;
        let signed = |layer: &Layer| matches!(layer, Layer::Signed(_));
        if peeler.report.layers.iter().any(signed) {
            self.verifier.require_anchor()?;
        }
        mark_envelopes(&mut peeler.report.layers, self.verifier.policy());
        Ok(self.verifier.judged(peeler))
    }
}

/// A signature with nothing but signatures between it and an encrypted layer is around ciphertext.
fn mark_envelopes(layers: &mut [Layer], policy: &Policy) {
    let mut inside_is_encrypted = false;
    for layer in layers.iter_mut().rev() {
        match layer {
            Layer::Encrypted(_) => inside_is_encrypted = true,
            Layer::Certificates(_) => inside_is_encrypted = false,
            Layer::Compressed(_) | Layer::Digested(_) | Layer::Authenticated(_) => {}
            Layer::Signed(signed) => {
                let known = signed
                    .findings
                    .iter()
                    .any(|f| f.rule == Rule::CoversCiphertext);
                if inside_is_encrypted && !known {
                    signed
                        .findings
                        .push(policy.finding(Rule::CoversCiphertext, COVERS_CIPHERTEXT));
                }
            }
        }
    }
}
