//! The report for programs: schema 1 of the command line's contract, keys in its order.
//!
//! Knows names and order of keys; judges nothing. Keys may be added; removing or renaming one raises [`SCHEMA`].
mod attributes;
mod headers;
mod parts;

use super::{
    Answer, Checked, Named,
    advice::{Typed, hint_for},
    args::Verb,
    certificate,
    error::Failure,
    escape::escape_json,
};
use serde_json::{Map, Value, json};
use smime::{
    crypto::public_key::KeyKind,
    encoding::hex,
    policy::Finding,
    smime::acquaintance::Choice,
    smime::report::{
        BlindCopy, Container, EncryptedLayer, Form, Integrity, Kept, Layer, RecipientSummary,
        Sender, Signature, SignedLayer, Trust, Verdict,
    },
    x509::{Certificate, RevocationStatus, certificate::serial_text, extension::KeyUsage},
};
use std::path::Path;

/// The number of the schema.
const SCHEMA: u32 = 1;
/// Keys that every document begins with.
const HEAD: usize = 4;

/// Returns the document of an answer.
pub(crate) fn answer(typed: &Typed, answer: &Answer, exit: u8) -> String {
    text(answer_document(typed, answer, exit))
}

/// A message among many, as its line names it.
pub(crate) struct OneOfMany<'a> {
    /// the file that it is in
    pub(crate) input: &'a Path,
    /// its number, if that is an mbox
    pub(crate) number: Option<u64>,
    /// where its result is, if there is one
    pub(crate) output: Option<&'a Path>,
}

/// Returns the line of an answer about one message of many.
pub(crate) fn answer_line(
    typed: &Typed,
    answer: &Answer,
    exit: u8,
    message: &OneOfMany<'_>,
) -> String {
    line(answer_document(typed, answer, exit), message)
}

/// Returns the line of an error with one message of many.
pub(crate) fn failure_line(
    verb: Option<Verb>,
    failure: &Failure,
    message: &OneOfMany<'_>,
) -> String {
    line(failure_document(verb, failure), message)
}

fn line(document: Map<String, Value>, message: &OneOfMany<'_>) -> String {
    let shown = |path: &Path| Value::from(path.display().to_string());
    let mut line = Map::new();
    let mut document = document.into_iter();
    line.extend(document.by_ref().take(HEAD));
    line.insert("input".into(), shown(message.input));
    if let Some(number) = message.number {
        line.insert("number".into(), number.into());
    }
    line.insert("output".into(), message.output.map(shown).into());
    line.extend(document);
    escape_json(&format!("{}\n", Value::Object(line)))
}

fn answer_document(typed: &Typed, answer: &Answer, exit: u8) -> Map<String, Value> {
    let verb = typed.verb();
    let mut document = head(Some(verb), verdict(answer.verdict()), exit);
    match answer {
        Answer::Message(report) => {
            let mut layers: Vec<Value> = report.layers.iter().map(|l| layer(typed, l)).collect();
            let is_encrypted = |layer: &Layer| matches!(layer, Layer::Encrypted(_));
            let encrypted = report.layers.iter().position(is_encrypted);
            let encrypted = encrypted.and_then(|place| layers.get_mut(place));
            if let (Some(layer), Some(choice)) = (encrypted, &report.choice) {
                let unknown = match choice {
                    Choice::Default { unknown, .. } => Some(unknown.as_str().into()),
                    _ => None,
                };
                let more = [
                    ("cipher_choice", Some(choice.name().into())),
                    ("unknown_recipient", unknown),
                ];
                extend(layer, more);
            }
            if let Some(part) = &report.part {
                document.insert("part".into(), part.as_str().into());
            }
            document.insert("layers".into(), Value::Array(layers));
            if !report.copies.is_empty() {
                let copies = report.copies.iter().map(copy).collect();
                document.insert("copies".into(), Value::Array(copies));
            }
            if let Some(headers) = &report.headers {
                document.insert("header_protection".into(), headers::scheme(headers));
                if !report.described {
                    document.insert("headers".into(), headers::fields(headers));
                }
            }
            document.insert("findings".into(), findings(typed, &report.findings));
            if !report.parts.is_empty() {
                let parts = report.parts.iter().map(|it| parts::part(typed, it));
                document.insert("parts".into(), parts.collect());
            }
            if !report.learned.is_empty() {
                let kept = report.learned.iter().map(kept).collect();
                document.insert("learned".into(), Value::Array(kept));
            }
        }
        Answer::Certificates { certificates, crls } => {
            let shown = certificates.iter().map(named).collect();
            document.insert("certificates".into(), Value::Array(shown));
            if !crls.is_empty() {
                let shown = crls.iter().map(|(file, crl)| {
                    let mut object = Map::new();
                    object.insert("file".into(), file.display().to_string().into());
                    if let Value::Object(rest) = certificate::crl(crl) {
                        object.extend(rest);
                    }
                    Value::Object(object)
                });
                document.insert("crls".into(), shown.collect());
            }
        }
        Answer::Paths(paths) => {
            let checked = paths.iter().map(|c| checked(typed, c)).collect();
            document.insert("certificates".into(), Value::Array(checked));
        }
    }
    document
}

/// Returns the document of an error.
pub(crate) fn failure(verb: Option<Verb>, failure: &Failure) -> String {
    text(failure_document(verb, failure))
}

fn failure_document(verb: Option<Verb>, failure: &Failure) -> Map<String, Value> {
    let mut error = Map::new();
    error.insert("code".into(), failure.code.into());
    error.insert("message".into(), failure.message.as_str().into());
    error.insert("hints".into(), json!(failure.hints));
    if let Some(part) = &failure.part {
        error.insert("part".into(), part.as_str().into());
    }
    if let Some(offset) = failure.offset {
        error.insert("offset".into(), offset.into());
    }
    if let Some(file) = &failure.file {
        error.insert("file".into(), file.display().to_string().into());
    }
    let mut document = head(verb, "error", failure.exit);
    document.insert("error".into(), Value::Object(error));
    let found = match verb {
        Some(Verb::CertShow | Verb::CertCheck) => &["certificates"][..],
        _ => &["layers", "findings"][..],
    };
    for key in found {
        document.insert((*key).into(), json!([]));
    }
    document
}

/// Returns `RSA 2048`, `P-256`, ….
pub(crate) fn key_name(kind: KeyKind) -> String {
    match kind {
        KeyKind::Rsa { bits, .. } | KeyKind::RsaKem { bits } => format!("{} {bits}", kind.name()),
        _ => kind.name().to_owned(),
    }
}

fn head(verb: Option<Verb>, verdict: &str, exit: u8) -> Map<String, Value> {
    let mut head = Map::new();
    head.insert("schema".into(), SCHEMA.into());
    head.insert("command".into(), verb.map(Verb::name).into());
    head.insert("verdict".into(), verdict.into());
    head.insert("exit".into(), exit.into());
    head
}

fn text(document: Map<String, Value>) -> String {
    let text = format!("{:#}\n", Value::Object(document));
    escape_json(&text)
}

fn verdict(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Pass => "pass",
        Verdict::Fail => "fail",
    }
}

fn findings(typed: &Typed, findings: &[Finding]) -> Value {
    findings.iter().map(|f| finding(typed, f)).collect()
}

fn finding(typed: &Typed, finding: &Finding) -> Value {
    let mut object = Map::new();
    object.insert("rule".into(), finding.rule.name().into());
    object.insert("level".into(), finding.level.name().into());
    object.insert("message".into(), finding.message.as_str().into());
    if let Some(part) = &finding.part {
        object.insert("part".into(), part.number.as_str().into());
    }
    match &finding.objection {
        None => {
            object.insert("source".into(), finding.rule.source().into());
        }
        Some(objection) => {
            let certificate = &objection.certificate;
            object.insert("source".into(), objection.reason.source().into());
            object.insert("reason".into(), objection.reason.name().into());
            object.insert("found".into(), objection.found.as_str().into());
            object.insert("wanted".into(), objection.wanted.as_ref().into());
            object.insert(
                "certificate".into(),
                json!({
                    "subject": certificate.subject,
                    "serial": certificate.serial,
                    "sha256": certificate.sha256,
                    "origin": certificate.origin,
                }),
            );
        }
    }
    if let Some(hint) = hint_for(finding, typed) {
        object.insert("hint".into(), hint.into());
    }
    Value::Object(object)
}

fn layer(typed: &Typed, layer: &Layer) -> Value {
    match layer {
        Layer::Signed(layer) => signed(typed, layer),
        Layer::Encrypted(layer) => encrypted(typed, layer),
        Layer::Compressed(layer) => json!({
            "kind": "compressed",
            "algorithm": layer.algorithm,
            "findings": findings(typed, &layer.findings),
        }),
        Layer::Digested(layer) => json!({
            "kind": "digested",
            "digest": layer.digest,
            "integrity": integrity(layer.integrity),
            "findings": findings(typed, &layer.findings),
        }),
        Layer::Authenticated(layer) => json!({
            "kind": "authenticated",
            "mac": layer.mac,
            "integrity": integrity(layer.integrity),
            "recipients": layer.recipients.iter().map(recipient).collect::<Vec<_>>(),
            "opened_by": layer.opened_by,
            "findings": findings(typed, &layer.findings),
        }),
        Layer::Certificates(certificates) => json!({
            "kind": "certificates",
            "certificates": certificates.iter().map(certificate::certificate).collect::<Vec<_>>(),
        }),
    }
}

/// What is kept of a sender.
fn kept(kept: &Kept) -> Value {
    json!({ "file": kept.place, "new": kept.new, "signer": person(&kept.signer) })
}

/// A copy for those in Bcc.
fn copy(copy: &BlindCopy) -> Value {
    json!({
        "file": copy.place,
        "for": copy.addresses.iter().map(ToString::to_string).collect::<Vec<_>>(),
        "cipher": copy.layer.cipher,
        "recipients": copy.layer.recipients.iter().map(recipient).collect::<Vec<_>>(),
    })
}

fn signed(typed: &Typed, layer: &SignedLayer) -> Value {
    let mut object = json!({
        "kind": "signed",
        "form": match layer.form {
            Form::Clear => "clear",
            Form::Opaque => "opaque",
            Form::Detached => "detached",
        },
        "signatures": layer.signatures.iter().map(|s| signature(typed, s)).collect::<Vec<_>>(),
        "findings": findings(typed, &layer.findings),
    });
    let more = [
        ("required", layer.required.map(Value::from)),
        ("receipt", layer.receipt.as_ref().map(attributes::receipt)),
    ];
    extend(&mut object, more);
    object
}

/// Adds keys that are there only when there is something to say.
fn extend<const N: usize>(object: &mut Value, more: [(&str, Option<Value>); N]) {
    if let Value::Object(object) = object {
        for (key, value) in more {
            if let Some(value) = value {
                object.insert(key.into(), value);
            }
        }
    }
}

fn signature(typed: &Typed, signature: &Signature) -> Value {
    let mut object = Map::new();
    // Where nothing is judged there is no verdict that someone could read as one.
    if typed.verb() != Verb::Inspect {
        object.insert("verdict".into(), verdict(signature.verdict()).into());
    }
    let answers = json!({
        "integrity": integrity(signature.integrity),
        "trust": match signature.trust {
            Trust::Trusted => "trusted",
            Trust::Untrusted => "untrusted",
            Trust::Unchecked => "unchecked",
        },
        "sender": match signature.sender {
            Sender::Match => "match",
            Sender::Mismatch => "mismatch",
            Sender::Absent => "absent",
            Sender::Unchecked => "unchecked",
        },
        "revocation": revocation(signature.revocation),
        "signer": signature.signer.as_ref().map(person),
        "signer_id": signature.signer_id,
        "digest": signature.digest,
        "algorithm": signature.algorithm,
        "signing_time": signature.signing_time.map(|t| t.to_string()),
        "path": path(&signature.path),
        "anchor": anchor(&signature.path, signature.anchor.as_deref()),
        "findings": findings(typed, &signature.findings),
    });
    if let Value::Object(answers) = answers {
        object.extend(answers);
    }
    let mut object = Value::Object(object);
    extend(&mut object, attributes::beside(typed, signature));
    object
}

fn integrity(integrity: Integrity) -> &'static str {
    match integrity {
        Integrity::Intact => "intact",
        Integrity::Broken => "broken",
        Integrity::Undetermined => "undetermined",
    }
}

fn revocation(status: RevocationStatus) -> &'static str {
    match status {
        RevocationStatus::Good => "good",
        RevocationStatus::Revoked => "revoked",
        RevocationStatus::Unknown => "unknown",
        RevocationStatus::Unchecked => "unchecked",
    }
}

fn path(path: &[Certificate]) -> Value {
    path.iter().map(|c| hex::encode(&c.sha256())).collect()
}

/// The anchor that vouched; null where none did.
fn anchor(path: &[Certificate], source: Option<&str>) -> Value {
    source.map_or(Value::Null, |source| {
        let anchor = path.last();
        json!({
            "subject": anchor.map(|a| a.subject().to_string()),
            "sha256": anchor.map(|a| hex::encode(&a.sha256())),
            "source": source,
        })
    })
}

pub(super) fn person(certificate: &Certificate) -> Value {
    let addresses = certificate.addresses();
    json!({
        "subject": certificate.subject().to_string(),
        "emails": addresses.iter().map(ToString::to_string).collect::<Vec<_>>(),
        "issuer": certificate.issuer().to_string(),
        "serial": serial_text(certificate.serial()),
        "sha256": hex::encode(&certificate.sha256()),
    })
}

fn encrypted(typed: &Typed, layer: &EncryptedLayer) -> Value {
    let mut object = json!({
        "kind": "encrypted",
        "container": match layer.container {
            Container::Enveloped => "enveloped",
            Container::AuthEnveloped => "auth-enveloped",
            Container::Encrypted => "encrypted",
        },
        "cipher": layer.cipher,
        "authenticated": layer.authenticated,
        "recipients": layer.recipients.iter().map(recipient).collect::<Vec<_>>(),
        "opened_by": layer.opened_by,
        "findings": findings(typed, &layer.findings),
    });
    let bound = layer.bound_key.then(|| Value::Bool(true));
    extend(&mut object, [("bound_key", bound)]);
    object
}

fn recipient(recipient: &RecipientSummary) -> Value {
    let mut object = json!({
        "kind": recipient.kind,
        "algorithm": recipient.algorithm,
        "issuer": recipient.issuer,
        "serial": recipient.serial,
    });
    if let (Some(identifier), Value::Object(object)) = (&recipient.key_identifier, &mut object) {
        object.insert("key_identifier".into(), identifier.as_str().into());
    }
    object
}

/// Returns the names of RFC 5280 §4.2.1.3; `None` without the extension, or with a malformed one.
pub(crate) fn key_usage(certificate: &Certificate) -> Option<Vec<&'static str>> {
    let usage = certificate.key_usage().ok().flatten()?;
    let set = KeyUsage::NAMES
        .iter()
        .filter(|(bit, _)| usage.permits(*bit));
    Some(set.map(|(_, name)| *name).collect())
}

fn named(named: &Named) -> Value {
    let mut object = Map::new();
    object.insert("file".into(), named.file.display().to_string().into());
    if let Value::Object(rest) = certificate::certificate(&named.certificate) {
        object.extend(rest);
    }
    Value::Object(object)
}

fn checked(typed: &Typed, checked: &Checked) -> Value {
    json!({
        "file": checked.named.file.display().to_string(),
        "subject": checked.named.certificate.subject().to_string(),
        "verdict": verdict(checked.verdict()),
        "trust": if checked.report.trusted { "trusted" } else { "untrusted" },
        "revocation": revocation(checked.report.revocation),
        "path": path(&checked.report.path),
        "anchor": anchor(&checked.report.path, checked.report.anchor.as_deref()),
        "policies": {
            "authority": checked.report.policies.authority,
            "user": checked.report.policies.user,
        },
                "findings": findings(typed, &checked.report.findings),
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]
    use super::*;
    use crate::cli::samples;
    use smime::smime::Report;

    fn sample() -> Answer {
        Answer::Message(Report {
            layers: vec![
                samples::encrypted(),
                Layer::Signed(SignedLayer::new(
                    Form::Clear,
                    vec![samples::signature()],
                    Vec::new(),
                )),
            ],
            ..Report::default()
        })
    }

    #[test]
    fn the_schema() {
        let compact = |text: &str| text.split_whitespace().collect::<String>();
        assert_eq!(
            compact(&answer(&Typed::bare(Verb::Open), &sample(), 0)),
            compact(
                r#"{ "schema": 1, "command": "open", "verdict": "pass", "exit": 0, "layers": [
                { "kind": "encrypted", "container": "enveloped", "cipher": "aes-256-cbc", "authenticated": false,
                  "recipients": [
                    { "kind": "key-transport", "algorithm": "rsa-oaep", "issuer": "CN=CA", "serial": "0a" },
                    { "kind": "key-agreement", "algorithm": "ecdh-x963-sha256", "issuer": null, "serial": null, "key_identifier": "0c0d" } ],
                  "opened_by": 1,
                  "findings": [ { "rule": "unauthenticated-ciphertext", "level": "warn", "message": "CBC", "source": "RFC 8551 §6" } ] },
                { "kind": "signed", "form": "clear", "signatures": [
                  { "verdict": "pass", "integrity": "intact", "trust": "trusted", "sender": "match", "revocation": "unknown",
                    "signer": null, "signer_id": "serial 0a1b of CN=Example CA",
                    "digest": "sha-256", "algorithm": "rsa-pkcs1", "signing_time": "2026-11-01T09:00:00Z", "path": [],
                    "anchor": { "subject": null, "sha256": null, "source": "roots.pem" },
                    "findings": [ { "rule": "revocation-unknown", "level": "warn", "message": "no CRL at hand", "source": "RFC 5280 §6.3" } ] } ],
                  "findings": [] } ],
                "findings": [] }"#
            )
        );
    }

    #[test]
    fn inspecting_judges_nothing() {
        let text = answer(&Typed::bare(Verb::Inspect), &sample(), 0);
        let document: Value = serde_json::from_str(&text).unwrap();
        assert!(
            document["layers"][1]["signatures"][0]
                .get("verdict")
                .is_none()
        );
    }

    #[test]
    fn errors_live_in_it_too() {
        let mut error = Failure::usage("no such option", vec!["smime sign --help".into()]);
        error.offset = Some(3107);
        error.file = Some("m.eml".into());
        let document: Value =
            serde_json::from_str(&failure(Some(Verb::CertCheck), &error)).unwrap();
        assert_eq!(
            document,
            json!({ "schema": 1, "command": "cert check", "verdict": "error", "exit": 2,
                "error": { "code": "usage", "message": "no such option", "hints": ["smime sign --help"], "offset": 3107, "file": "m.eml" },
                "certificates": [] })
        );
    }

    #[test]
    fn untrusted_text_is_escaped() {
        let mut signature = samples::signature();
        signature.signer_id = "\u{9b}2J\u{202e}\n{\"verdict\": \"pass\"}".into();
        let answer = answer(
            &Typed::bare(Verb::Verify),
            &Answer::Message(Report {
                layers: vec![Layer::Signed(SignedLayer::new(
                    Form::Opaque,
                    vec![signature],
                    Vec::new(),
                ))],
                ..Report::default()
            }),
            0,
        );
        assert!(answer.chars().all(|c| c.is_ascii() || c == '§'));
        assert_eq!(answer.matches("\"verdict\": \"pass\"").count(), 2);
    }
}
