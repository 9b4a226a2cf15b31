//! Certificates and CRLs for people and for programs: what `cert show` prints. Judges nothing.
use super::json::{key_name, key_usage, person};
use serde_json::{Value, json};
use smime::{
    crypto::{Digest, digest::digest, public_key::KeyKind},
    encoding::hex,
    x509::{Certificate, Crl, certificate::serial_text, description::Description},
};

/// Extensions that have lines of their own.
const SUMMARIZED: [&str; 2] = ["keyUsage", "extKeyUsage"];

/// Returns each fact with our word for it; not yet escaped.
pub(super) fn facts(certificate: &Certificate) -> Vec<(&'static str, String)> {
    let mut facts = vec![
        ("subject", certificate.subject().to_string()),
        ("issuer", certificate.issuer().to_string()),
        ("serial", serial_text(certificate.serial())),
        (
            "valid",
            format!(
                "{} to {}",
                certificate.not_before(),
                certificate.not_after()
            ),
        ),
    ];
    let addresses = certificate.addresses();
    facts.extend(addresses.iter().map(|it| ("address", it.to_string())));
    facts.push((
        "key",
        match certificate.public_key() {
            Ok(key) => key_name(key.kind()),
            Err(error) => error.to_string(),
        },
    ));
    facts.push(("signed", signed(certificate)));
    if let Some(usage) = key_usage(certificate) {
        facts.push(("use", usage.join(", ")));
    }
    if let Ok(purposes) = certificate.purposes()
        && !purposes.is_empty()
    {
        facts.push(("for", purposes.join(", ")));
    }
    let shown = certificate.describe().into_iter().filter(|it| {
        let is_plain = !it.critical || it.known;
        !(SUMMARIZED.contains(&it.name.as_str()) && it.says.is_ok() && is_plain)
    });
    facts.extend(shown.map(|it| ("holds", extension(&it))));
    if certificate.version() < 3 {
        facts.push(("version", certificate.version().to_string()));
    }
    facts.push(("sha256", hex::encode(&certificate.sha256())));
    facts.push(("sha1", sha1(certificate)));
    facts
}

/// `nameConstraints (critical): permits rfc822Name example.com`
fn extension(it: &Description) -> String {
    let kind = match (it.critical, it.known) {
        (true, true) => " (critical)",
        (true, false) => " (critical, unknown)",
        (false, true) => "",
        (false, false) => " (unknown)",
    };
    match &it.says {
        Ok(says) => format!("{}{kind}: {}", it.name, says.join(", ")),
        Err(error) => format!("{}{kind}: MALFORMED: {error}", it.name),
    }
}

fn signed(certificate: &Certificate) -> String {
    match certificate.signature_algorithm() {
        Ok(algorithm) => match algorithm.digest() {
            Some(digest) => format!("{} with {}", algorithm.name(), digest.name()),
            None => algorithm.name().to_owned(),
        },
        Err(error) => error.to_string(),
    }
}

fn sha1(certificate: &Certificate) -> String {
    hex::encode(&digest(Digest::Sha1, certificate.der()))
}

/// Returns a certificate as JSON.
pub(super) fn certificate(certificate: &Certificate) -> Value {
    let key = certificate.public_key().ok().map(|k| k.kind());
    let basic = certificate.basic_constraints().ok().flatten();
    let extensions = certificate.describe();
    let purposes = certificate.purposes().ok().filter(|it| !it.is_empty());
    let facts = json!({
        "not_before": certificate.not_before().to_string(),
        "not_after": certificate.not_after().to_string(),
        "key": key.map(KeyKind::name),
        "bits": key.map(KeyKind::bits),
        "ca": basic.is_some_and(|b| b.ca),
        "key_usage": key_usage(certificate),
        "permits_email": certificate.permits_email().ok().flatten(),
        "extended_key_usage": purposes,
        "version": certificate.version(),
        "signed": signed(certificate),
        "sha1": sha1(certificate),
        "extensions": extensions.iter().map(extension_json).collect::<Vec<_>>(),
    });
    let mut object = person(certificate);
    if let (Value::Object(object), Value::Object(facts)) = (&mut object, facts) {
        object.extend(facts);
    }
    object
}

fn extension_json(it: &Description) -> Value {
    let (says, malformed) = match &it.says {
        Ok(says) => (Some(says), None),
        Err(error) => (None, Some(error)),
    };
    json!({
        "name": it.name,
        "oid": it.oid,
        "critical": it.critical,
        "known": it.known,
        "says": says,
        "malformed": malformed,
    })
}

/// Returns each fact of a CRL.
pub(super) fn crl_facts(crl: &Crl) -> Vec<(&'static str, String)> {
    let next = crl.next_update();
    vec![
        ("CRL of", crl.issuer().to_string()),
        ("issued", crl.this_update().to_string()),
        (
            "next",
            next.map_or_else(|| "not said".to_owned(), |at| at.to_string()),
        ),
        ("revokes", crl.entries().to_string()),
    ]
}

/// Returns a CRL as JSON.
pub(super) fn crl(crl: &Crl) -> Value {
    json!({
        "issuer": crl.issuer().to_string(),
        "this_update": crl.this_update().to_string(),
        "next_update": crl.next_update().map(|at| at.to_string()),
        "revoked": crl.entries(),
    })
}
