//! How each header field was protected, and what outside contradicts it (RFC 9788 §4.3, §4.4, §10.2, §11.3).
use super::{
    HeaderField, HeaderScheme, Headers, Protection,
    read::{Payload, Seen, composed, is_apart, is_composed},
};
use crate::{
    asn1::Time,
    mime::{
        header::Field,
        mailbox::{self, Address},
    },
    policy::{Policy, Rule},
    smime::report::{EncryptedLayer, Layer, Report, SignedLayer, Verdict},
};

use std::collections::{HashMap, HashSet, VecDeque};

/// Reports on the header of a message whose layers were judged. `opened_by`: whom the certificate names whose key opened it.
pub(in crate::smime) fn judge(
    report: &mut Report,
    seen: &Seen,
    opened_by: &[Address],
    policy: &Policy,
) {
    if seen.outer.is_none() && seen.payload.is_none() {
        return;
    }
    let outer: Vec<Field> = seen.outer.clone().unwrap_or_default();
    let payload = seen.payload.as_ref().filter(|it| it.scheme.is_some());
    let fields = payload.map_or(outer.as_slice(), |it| it.fields.as_slice());
    compare_times(report, fields, policy);
    seek_recipient(report, fields, opened_by, policy);
    if let Some(fault) = seen.payload.as_ref().and_then(|it| it.fault.as_ref()) {
        let message = format!("the header is not protected as it says: {fault}");
        report
            .findings
            .push(policy.finding(Rule::HeaderProtection, message));
    }
    let Some(payload) = payload else {
        let shown = outer.iter().filter(|f| is_composed(f));
        report.headers = Some(Headers {
            scheme: None,
            fields: shown
                .map(|f| described(f, Protection::Unprotected, Some(f)))
                .collect(),
        });
        return;
    };
    let encrypted = report
        .layers
        .iter()
        .any(|it| matches!(it, Layer::Encrypted(_)));
    doubt_intent(report, payload, encrypted, policy);
    if seen.outer.is_some() {
        contradict(report, payload, &outer, encrypted, policy);
        find_unprotected(report, payload, &outer, policy);
    }
    report.headers = Some(Headers {
        scheme: payload.scheme,
        fields: protections(payload, &outer, encrypted, is_signed(&report.layers)),
    });
}

/// Returns whether the payload is under a signature that holds: one with no ciphertext between.
fn is_signed(layers: &[Layer]) -> bool {
    let inside = layers
        .iter()
        .rev()
        .take_while(|layer| !matches!(layer, Layer::Encrypted(_)));
    let signed: Vec<&SignedLayer> = inside
        .filter_map(|layer| match layer {
            Layer::Signed(signed) => Some(signed),
            _ => None,
        })
        .collect();
    let holds = |layer: &&SignedLayer| {
        let mut counted = layer.counted().peekable();
        counted.peek().is_some()
            && counted.all(|it| it.verdict() == Verdict::Pass)
            && !Policy::denies(&layer.findings)
            && !layer
                .findings
                .iter()
                .any(|f| f.rule == Rule::CoversCiphertext)
    };
    !signed.is_empty() && signed.iter().all(holds)
}

/// RFC 9788 §4.3.1, field by field; then what stands outside alone.
fn protections(
    payload: &Payload,
    outer: &[Field],
    encrypted: bool,
    signed: bool,
) -> Vec<HeaderField> {
    // the older schemes do not say what was outside: it is inferred (§4.10.2)
    let said: HashSet<(String, Vec<u8>)> = match payload.scheme {
        Some(HeaderScheme::Cipher) => said(payload).into_iter().collect(),
        _ => outer.iter().map(record).collect(),
    };
    let hides = encrypted && payload.scheme != Some(HeaderScheme::Clear);
    let mut outside: HashMap<String, VecDeque<&Field>> = HashMap::new();
    for field in outer {
        let name = field.name().to_ascii_lowercase();
        outside.entry(name).or_default().push_back(field);
    }
    let inside = payload.fields.iter().map(|field| {
        let record = record(field);
        let protection = match (hides && !said.contains(&record), signed) {
            (true, true) => Protection::SignedAndEncrypted,
            (true, false) => Protection::EncryptedOnly,
            (false, true) => Protection::SignedOnly,
            (false, false) => Protection::Unprotected,
        };
        // the first stands for the first, and so on
        let namesake = outside.get_mut(&record.0).and_then(VecDeque::pop_front);
        described(field, protection, namesake)
    });
    let mut fields: Vec<HeaderField> = inside.collect();
    let alone = outer.iter().filter(|f| !is_apart(f) && !payload.has(f));
    fields.extend(alone.map(|f| described(f, Protection::Unprotected, Some(f))));
    fields
}

fn described(field: &Field, protection: Protection, outside: Option<&Field>) -> HeaderField {
    let text = |field: &Field| String::from_utf8_lossy(&field.value()).into_owned();
    HeaderField {
        name: field.name().to_owned(),
        value: text(field),
        protection,
        outer: outside.map(text),
    }
}

/// A name in lower case, and a value.
fn record(field: &Field) -> (String, Vec<u8>) {
    (field.name().to_ascii_lowercase(), normal(field))
}

/// What the author says he put outside: names and values (§4.2.1).
fn said(payload: &Payload) -> Vec<(String, Vec<u8>)> {
    let split = |field: &Field| {
        let value = normal(field);
        let colon = memchr::memchr(b':', &value)?;
        let (name, rest) = value.split_at_checked(colon)?;
        let name = std::str::from_utf8(name).ok()?.trim_end();
        let name = name.to_ascii_lowercase();
        Some((name, rest.get(1..)?.trim_ascii_start().to_vec()))
    };
    payload.said.iter().filter_map(split).collect()
}

/// A value whose white space says nothing: what carries a message may fold it anew.
fn normal(field: &Field) -> Vec<u8> {
    let value = field.value();
    let words = value.split(|o| matches!(o, b' ' | b'\t' | b'\r'));
    words
        .filter(|word| !word.is_empty())
        .collect::<Vec<_>>()
        .join(&b' ')
}

/// The author's word for how he protected the message against the layers that it has (§10.2).
fn doubt_intent(report: &mut Report, payload: &Payload, encrypted: bool, policy: &Policy) {
    let finding = match (payload.scheme, encrypted) {
        (Some(HeaderScheme::Cipher), false) => policy.finding(
            Rule::HeaderProtection,
            "its author encrypted the message (hp=\"cipher\"), and it is not encrypted: somebody else could read it and sent it on",
        ),
        (Some(HeaderScheme::Clear), true) => policy.finding(
            Rule::EncryptionAdded,
            "its author did not mean the message to be encrypted (hp=\"clear\"): somebody else may have done that",
        ),
        _ => return,
    };
    report.findings.push(finding);
}

/// Names what stands outside and is not what the author put there.
fn contradict(
    report: &mut Report,
    payload: &Payload,
    outer: &[Field],
    encrypted: bool,
    policy: &Policy,
) {
    let inside = || payload.fields.iter().map(record).collect();
    let wanted: Vec<(String, Vec<u8>)> = match payload.scheme {
        Some(HeaderScheme::Cipher) => said(payload),
        Some(HeaderScheme::Clear) => inside(),
        // what these hide they do not say
        _ if encrypted => return,
        _ => inside(),
    };
    for name in composed() {
        let here = wanted
            .iter()
            .filter(|(it, _)| it.eq_ignore_ascii_case(name));
        let wanted: Vec<_> = here.map(|(_, value)| value.as_slice()).collect();
        let found: Vec<_> = outer.iter().filter(|f| f.is(name)).map(normal).collect();
        let known = !wanted.is_empty() || payload.names.contains(&name.to_ascii_lowercase());
        if !known || found == wanted {
            continue;
        }
        let said = match wanted.is_empty() {
            true => "nothing".to_owned(),
            false => shortened(&wanted.join(&b"; "[..])),
        };
        let found = match found.is_empty() {
            true => "missing".to_owned(),
            false => shortened(&found.join(&b"; "[..])),
        };
        let message = format!("{name} outside is {found}, and its author put {said} there");
        report
            .findings
            .push(policy.finding(Rule::HeaderMismatch, message));
    }
}

/// Names what people see and the protected header does not have.
fn find_unprotected(report: &mut Report, payload: &Payload, outer: &[Field], policy: &Policy) {
    let said: HashSet<String> = said(payload).into_iter().map(|it| it.0).collect();
    let known = |name: &str| {
        let name = name.to_ascii_lowercase();
        payload.names.contains(&name) || said.contains(&name)
    };
    let alone = |name: &&str| !known(name) && outer.iter().any(|f| f.is(name));
    let names: Vec<&str> = composed().filter(alone).collect();
    if !names.is_empty() {
        let message = format!(
            "outside alone, where anybody may have put it: {}",
            names.join(", ")
        );
        report
            .findings
            .push(policy.finding(Rule::UnprotectedHeader, message));
    }
}

/// Whoever signs when he writes has about the same time in both places (RFC 5652 §11.3).
fn compare_times(report: &mut Report, fields: &[Field], policy: &Policy) {
    let mut dates = fields.iter().filter(|f| f.is("Date"));
    let Some(date) = dates.next().and_then(|date| Time::from_mail(&date.text())) else {
        return;
    };
    for layer in &mut report.layers {
        let Layer::Signed(layer) = layer else {
            continue;
        };
        for signature in &mut layer.signatures {
            let Some(time) = signature.signing_time else {
                continue;
            };
            if date.0.abs_diff(time.0) > policy.limits.date_skew.into() {
                let message = format!("Date is {date}, and the signature says {time}");
                signature
                    .findings
                    .push(policy.finding(Rule::DateMismatch, message));
            }
        }
    }
}

/// Whoever could open a message and is not addressed in it got it as a blind copy or through a list, or it was meant for somebody else (§11.4).
fn seek_recipient(report: &mut Report, fields: &[Field], opened_by: &[Address], policy: &Policy) {
    let is_addressed = |field: &&Field| ["To", "Cc", "Bcc"].iter().any(|name| field.is(name));
    let opened = |layer: &Layer| {
        matches!(
            layer,
            Layer::Encrypted(EncryptedLayer {
                opened_by: Some(_),
                ..
            })
        )
    };
    let Some(reader) = opened_by
        .first()
        .filter(|_| report.layers.iter().any(opened))
    else {
        return;
    };
    let mut addressed = fields.iter().filter(is_addressed).peekable();
    if addressed.peek().is_none() {
        return;
    }
    let lists: Option<Vec<_>> = addressed.map(|f| mailbox::list(&f.value())).collect();
    // what cannot be read says neither
    let Some(lists) = lists else {
        return;
    };
    let named = |it: &Address| opened_by.iter().any(|own| own.same_as(it));
    if !lists.iter().flatten().any(named) {
        let message = format!("neither To nor Cc names {reader}, whose key opened the message");
        report
            .findings
            .push(policy.finding(Rule::RecipientAbsent, message));
    }
}

/// Characters of a value that are shown in a finding.
const SHOWN: usize = 60;

fn shortened(value: &[u8]) -> String {
    let text = String::from_utf8_lossy(value);
    let mut short: String = text.chars().take(SHOWN).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    format!("\"{short}\"")
}
