//! What a signature's attributes say, for programs: keys in alphabetical order, there only when there is something to say.
use super::{Typed, Verb, person, signature};
use serde_json::{Map, Value, json};
use smime::{
    cms::{
        ess::{Expansion, Receipt, ReceiptPolicy, ReceiptsFrom, SecurityLabel, Service},
        signer_info::CertificateId,
    },
    encoding::hex,
    smime::report::{Signature, TimeStamp},
    x509::certificate::serial_text,
};

/// Returns the keys of a signature beside those that each has.
pub(super) fn beside(typed: &Typed, of: &Signature) -> [(&'static str, Option<Value>); 4] {
    let list = |values: Vec<Value>| (!values.is_empty()).then_some(Value::Array(values));
    let countersignatures = of.countersignatures.iter();
    let stamps = of.time_stamps.iter();
    [
        ("attributes", attributes(of)),
        (
            "countersignatures",
            list(countersignatures.map(|it| signature(typed, it)).collect()),
        ),
        (
            "time_stamps",
            list(stamps.map(|it| time_stamp(typed, it)).collect()),
        ),
        (
            "proven_time",
            of.proven_time.map(|it| it.to_string().into()),
        ),
    ]
}

/// Returns what a signed receipt says.
pub(super) fn receipt(receipt: &Receipt) -> Value {
    json!({
        "content_type": receipt.content_type.to_string(),
        "identifier": hex::encode(&receipt.identifier),
        "signature": hex::encode(&receipt.signature),
    })
}

fn attributes(signature: &Signature) -> Option<Value> {
    let mut object = Map::new();
    if let Some(capabilities) = &signature.capabilities {
        object.insert("capabilities".into(), json!(capabilities.names()));
    }
    for service in &signature.services {
        let (key, value) = match service {
            Service::ContentHints {
                description,
                content_type,
            } => (
                "content_hints",
                json!({ "description": description, "content_type": content_type.to_string() }),
            ),
            Service::ContentIdentifier(identifier) => {
                ("content_identifier", hex::encode(identifier).into())
            }
            Service::ContentReference {
                content_type,
                identifier,
                signature,
            } => (
                "content_reference",
                json!({
                    "content_type": content_type.to_string(),
                    "identifier": hex::encode(identifier),
                    "signature": hex::encode(signature),
                }),
            ),
            Service::EncryptionKeyPreference(id) => {
                ("encryption_key_preference", certificate_id(id))
            }
            Service::EquivalentLabels(labels) => {
                ("equivalent_labels", labels.iter().map(label).collect())
            }
            Service::ExpansionHistory(history) => (
                "ml_expansion_history",
                history.iter().map(expansion).collect(),
            ),
            Service::ReceiptRequest(request) => (
                "receipt_request",
                json!({
                    "identifier": hex::encode(&request.identifier),
                    "from": match &request.from {
                        ReceiptsFrom::All => json!("all"),
                        ReceiptsFrom::FirstTier => json!("first-tier"),
                        ReceiptsFrom::List(list) => json!(list),
                    },
                    "to": request.to,
                }),
            ),
            Service::SecurityLabel(it) => ("security_label", label(it)),
            _ => continue,
        };
        object.insert(key.into(), value);
    }
    (!object.is_empty()).then_some(Value::Object(object))
}

fn label(label: &SecurityLabel) -> Value {
    json!({
        "policy": label.policy.to_string(),
        "classification": label.classification,
        "classification_name": label.classification_name(),
        "privacy_mark": label.privacy_mark,
        "categories": label.categories.iter().map(ToString::to_string).collect::<Vec<_>>(),
    })
}

fn expansion(expansion: &Expansion) -> Value {
    let policy = expansion.policy.as_ref().map(|policy| match policy {
        ReceiptPolicy::Nobody => json!("none"),
        ReceiptPolicy::InsteadOf(names) => json!({ "instead_of": names }),
        ReceiptPolicy::InAdditionTo(names) => json!({ "in_addition_to": names }),
    });
    json!({
        "list": certificate_id(&expansion.list),
        "time": expansion.time.to_string(),
        "receipt_policy": policy,
    })
}

fn certificate_id(id: &CertificateId) -> Value {
    match id {
        CertificateId::IssuerSerial { issuer, serial } => {
            json!({ "issuer": issuer.to_string(), "serial": serial_text(serial) })
        }
        CertificateId::KeyIdentifier(identifier) => {
            json!({ "key_identifier": hex::encode(identifier) })
        }
    }
}

/// A token is a signature of its authority's; without anchors for such it has no verdict.
fn time_stamp(typed: &Typed, stamp: &TimeStamp) -> Value {
    let unjudged = Typed::bare(Verb::Inspect);
    let typed = if stamp.judged { typed } else { &unjudged };
    let mut object = json!({
        "time": stamp.info.time.to_string(),
        "accuracy_microseconds": stamp.info.accuracy,
        "policy": stamp.info.policy.to_string(),
        "serial": serial_text(&stamp.info.serial),
    });
    if let (Value::Object(object), Value::Object(token)) =
        (&mut object, signature(typed, &stamp.token))
    {
        for key in [
            "verdict",
            "integrity",
            "trust",
            "revocation",
            "digest",
            "algorithm",
            "path",
            "findings",
        ] {
            if let Some(value) = token.get(key) {
                object.insert(key.into(), value.clone());
            }
        }
        object.insert(
            "signer".into(),
            stamp.token.signer.as_ref().map(person).into(),
        );
    }
    object
}
