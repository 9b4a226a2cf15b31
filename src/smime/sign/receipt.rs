//! Signed receipts (RFC 2634 §2.5): who got a message says so, in a signature over the signature he got. Whether the message is genuine was
//! judged before; whether a receipt is one for a message is judged in `smime::receipt`.
use super::Signer;
use crate::{
    asn1::Time,
    cms::{
        content_type,
        ess::{
            Expansion, Receipt, ReceiptPolicy, ReceiptRequest, ReceiptsFrom, Service,
            message_signature_digest_attribute,
        },
        signed_data,
    },
    crypto::{CryptoRng, digest::digest},
    mime::{LineEnd, header::Field, mailbox::Address},
    policy::{Policy, Rule},
    smime::{
        Error, Report,
        cms_sink::CmsSink,
        report::{Form, Layer, Signature, SignedLayer, Verdict},
    },
    x509::{Certificate, PathBuilder, Purpose},
};
use std::io::Write;

impl Signer<'_> {
    /// Makes the receipt that a message asks for, of which this is the report. Where the message is not genuine, or asks for none of this identity,
    /// the report is a failing one, and nothing was written.
    pub fn receipt(
        &self,
        message: &Report,
        sink: &mut dyn Write,
        at: Time,
        rng: &mut dyn CryptoRng,
    ) -> Result<Report, Error> {
        let failed = |findings| {
            Ok(Report {
                findings,
                ..Report::default()
            })
        };
        let identity = self.sole_identity(at)?;
        let certificate = &identity.certificate;
        let mut findings = PathBuilder::judge_alone(certificate, Purpose::Sign, at, self.policy);
        if message.verdict() != Verdict::Pass {
            let what = "the message was not verified";
            findings.push(self.policy.finding(Rule::Receipt, what));
        }
        let asked = match asked(message, certificate) {
            Ok(asked) => asked,
            Err(what) => {
                findings.push(self.policy.finding(Rule::Receipt, what));
                return failed(findings);
            }
        };
        if Policy::denies(&findings) {
            return failed(findings);
        }
        let (Some(hash), Some(content_type)) =
            (asked.over.essence.digest, asked.over.essence.content_type)
        else {
            let what = "a signature without signed attributes asks for nothing";
            return failed(vec![self.policy.finding(Rule::Receipt, what)]);
        };
        let receipt = Receipt {
            content_type,
            identifier: asked.request.identifier.clone(),
            signature: asked.over.essence.signature.clone(),
        };
        let (of_content, algorithm) = self.algorithm(identity.key.public_key().kind())?;
        let mut prepared = self.prepared(identity.clone(), of_content, algorithm, at);
        let message_digest = digest(hash, &asked.over.essence.attributes);
        let attribute = message_signature_digest_attribute(&message_digest);
        prepared.besides.push(attribute);

        let line_end = LineEnd::CrLf;
        let header = header(certificate, &asked.to, line_end);
        let encoding = self.options.encoding;
        let to = CmsSink::begin(sink, encoding, &header, "signed-receipt", line_end)
            .map_err(Error::Write)?;
        let kind = content_type::RECEIPT;
        let mut writer = signed_data::Writer::new(to, &[of_content], kind, false);
        let content = receipt.to_der();
        writer.write_all(&content).map_err(Error::Write)?;
        let over = digest(of_content, &content);
        let (mut signature, signer) = self.signature(&prepared, Some(kind), &over, at, rng)?;
        super::finish(writer, &prepared, signer)?
            .finish()
            .map_err(Error::Write)?;
        signature.findings = findings;
        let mut layer = SignedLayer::new(Form::Opaque, vec![signature], Vec::new());
        layer.receipt = Some(receipt);
        Ok(Report {
            layers: vec![Layer::Signed(layer)],
            ..Report::default()
        })
    }
}

/// What is asked of whom.
struct Asked<'m> {
    over: &'m Signature,
    request: &'m ReceiptRequest,
    to: Vec<Address>,
}

/// Finds the request in a message, and whether it is one to the holder of this certificate (RFC 2634 §2.3).
fn asked<'m>(report: &'m Report, of: &Certificate) -> Result<Asked<'m>, &'static str> {
    // what a signature that does not count asks for is nobody's wish
    let signatures = || {
        let layers = report.layers.iter();
        layers.flat_map(|layer| match layer {
            Layer::Signed(layer) => layer.counted().collect(),
            _ => Vec::new(),
        })
    };
    let mut requests = signatures()
        .flat_map(|signature| signature.services.iter().map(move |it| (signature, it)))
        .filter_map(|(signature, service)| match service {
            Service::ReceiptRequest(request) => Some((signature, request)),
            _ => None,
        });
    let (over, request) = requests.next().ok_or("the message asks for no receipt")?;
    if requests.any(|(_, other)| other != request) {
        return Err("the signers of the message ask for different receipts");
    }
    let own = of.addresses();
    let names = |names: &[Vec<String>]| {
        let mut named = names.iter().flatten().filter_map(|it| Address::parse(it));
        named.any(|it| own.iter().any(|own| own.same_as(&it)))
    };
    let expansions: Vec<&Expansion> = signatures()
        .flat_map(|signature| &signature.services)
        .filter_map(|service| match service {
            Service::ExpansionHistory(history) => Some(history),
            _ => None,
        })
        .flatten()
        .collect();
    match &request.from {
        ReceiptsFrom::All => {}
        ReceiptsFrom::FirstTier if expansions.is_empty() => {}
        ReceiptsFrom::FirstTier => {
            return Err("a receipt is asked only of who got it from no mailing list");
        }
        ReceiptsFrom::List(list) if names(list) => {}
        ReceiptsFrom::List(_) => return Err("the receipt is asked of others"),
    }
    let mut to: Vec<&String> = request.to.iter().flatten().collect();
    match expansions
        .iter()
        .filter_map(|it| it.policy.as_ref())
        .next_back()
    {
        None => {}
        Some(ReceiptPolicy::Nobody) => return Err("the mailing list wants no receipts"),
        Some(ReceiptPolicy::InsteadOf(others)) => to = others.iter().flatten().collect(),
        Some(ReceiptPolicy::InAdditionTo(others)) => to.extend(others.iter().flatten()),
    }
    Ok(Asked {
        over,
        request,
        to: to.into_iter().filter_map(|it| Address::parse(it)).collect(),
    })
}

/// The header of the message that the receipt is: from whom, to whom.
fn header(of: &Certificate, to: &[Address], line_end: LineEnd) -> Vec<Field> {
    let list = |addresses: &[Address]| {
        let texts: Vec<String> = addresses.iter().map(ToString::to_string).collect();
        texts.join(&format!(",{} ", line_end.as_str()))
    };
    let own: Vec<Address> = of.addresses().into_iter().take(1).collect();
    [("From", list(&own)), ("To", list(to))]
        .into_iter()
        .filter(|(_, value)| !value.is_empty())
        .map(|(name, value)| Field::new(name, &value, line_end))
        .chain([Field::new("Subject", "Signed receipt", line_end)])
        .collect()
}
