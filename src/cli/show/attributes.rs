//! What a signature's attributes say, for people.
use super::{Page, Verb, name};
use smime::{
    cms::{
        ess::{Receipt, ReceiptPolicy, ReceiptsFrom, SecurityLabel, Service},
        signer_info::CertificateId,
    },
    encoding::hex,
    smime::report::{Integrity, Signature, TimeStamp, Verdict},
    x509::certificate::serial_text,
};

impl Page {
    /// What concerns whoever reads the message is told by every verb that reads; the rest by `inspect`.
    pub(super) fn attributes(&mut self, verb: Verb, signature: &Signature) {
        if matches!(verb, Verb::Sign | Verb::Receipt) {
            return;
        }
        for service in &signature.services {
            self.service(verb, service);
        }
        if let Some(capabilities) = signature
            .capabilities
            .as_ref()
            .filter(|_| verb == Verb::Inspect)
        {
            self.fact("reads", &capabilities.names().join(", "));
        }
        for stamp in &signature.time_stamps {
            self.fact("stamped", &time_stamp(verb, stamp));
        }
        for over in &signature.countersignatures {
            let who = match &over.signer {
                Some(certificate) => name(certificate),
                None => over.signer_id.clone(),
            };
            let what = match verb {
                Verb::Inspect => "not judged",
                _ => judgement(over),
            };
            let time = over
                .signing_time
                .map(|it| format!(", {it}"))
                .unwrap_or_default();
            self.fact("counter", &format!("{who}{time}: {what}"));
            if !over.countersignatures.is_empty() {
                self.attributes(verb, over);
            }
        }
    }

    fn service(&mut self, verb: Verb, service: &Service) {
        match service {
            Service::SecurityLabel(it) => self.fact("label", &label(it)),
            Service::EquivalentLabels(labels) => {
                for it in labels {
                    self.fact("or label", &label(it));
                }
            }
            Service::ReceiptRequest(request) => {
                let from = match &request.from {
                    ReceiptsFrom::All => "everybody".to_owned(),
                    ReceiptsFrom::FirstTier => "whoever got it from no mailing list".to_owned(),
                    ReceiptsFrom::List(list) => names(list),
                };
                let to = names(&request.to);
                self.fact("receipt", &format!("wanted from {from}, to {to}"));
            }
            _ if verb != Verb::Inspect => {}
            Service::ContentHints {
                description,
                content_type,
            } => {
                let what = description.as_deref().unwrap_or("no description");
                self.fact("hint", &format!("{content_type}: {what}"));
            }
            Service::ContentIdentifier(identifier) => {
                self.fact("content", &hex::encode(identifier));
            }
            Service::ContentReference { identifier, .. } => {
                self.fact("refers to", &hex::encode(identifier));
            }
            Service::EncryptionKeyPreference(id) => self.fact("encrypt", &certificate_id(id)),
            Service::ExpansionHistory(history) => {
                for list in history {
                    let policy = match &list.policy {
                        None => String::new(),
                        Some(ReceiptPolicy::Nobody) => ", no receipts".to_owned(),
                        Some(ReceiptPolicy::InsteadOf(to)) => {
                            format!(", receipts to {} instead", names(to))
                        }
                        Some(ReceiptPolicy::InAdditionTo(to)) => {
                            format!(", receipts to {} too", names(to))
                        }
                    };
                    let id = certificate_id(&list.list);
                    self.fact("list", &format!("{id}, {}{policy}", list.time));
                }
            }
            _ => {}
        }
    }
}

/// Returns what a signed receipt is about.
pub(super) fn receipt(receipt: &Receipt) -> String {
    let identifier = String::from_utf8(receipt.identifier.clone());
    let identifier = identifier.unwrap_or_else(|e| hex::encode(e.as_bytes()));
    format!("for {identifier}")
}

fn label(label: &SecurityLabel) -> String {
    let class = match (label.classification_name(), label.classification) {
        (Some(name), _) => name.to_owned(),
        (None, Some(number)) => format!("classification {number}"),
        (None, None) => "no classification".to_owned(),
    };
    let mark = label.privacy_mark.as_deref();
    let mark = mark.map(|it| format!(", {it}")).unwrap_or_default();
    let more = match label.categories.len() {
        0 => String::new(),
        1 => ", 1 category".to_owned(),
        n => format!(", {n} categories"),
    };
    format!("{class} under policy {}{mark}{more}", label.policy)
}

fn names(list: &[Vec<String>]) -> String {
    let each: Vec<&str> = list.iter().flatten().map(String::as_str).collect();
    each.join(", ")
}

fn certificate_id(id: &CertificateId) -> String {
    match id {
        CertificateId::IssuerSerial { issuer, serial } => {
            format!("serial {} of {issuer}", serial_text(serial))
        }
        CertificateId::KeyIdentifier(identifier) => {
            format!("key identifier {}", hex::encode(identifier))
        }
    }
}

/// The answer about a countersignature: nothing rests on it, so that it is never called good.
fn judgement(over: &Signature) -> &'static str {
    match (over.verdict(), over.integrity) {
        (Verdict::Pass, _) => "holds",
        (Verdict::Fail, Integrity::Broken) => "does NOT hold",
        (Verdict::Fail, _) => "is NOT accepted",
    }
}

fn time_stamp(verb: Verb, stamp: &TimeStamp) -> String {
    let who = match &stamp.token.signer {
        Some(certificate) => name(certificate),
        None => stamp.token.signer_id.clone(),
    };
    let what = match (verb, stamp.judged, stamp.holds()) {
        (Verb::Inspect, _, _) | (_, false, _) => "not judged",
        (_, true, true) => "counts",
        (_, true, false) => "does NOT count",
    };
    format!("{} by {who}: {what}", stamp.info.time)
}
