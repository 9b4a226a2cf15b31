//! Is the signer the sender? From against the certificate (RFC 8550 §3, RFC 9598).
//!
//! Every From field that a reader may be shown counts: the outer one and those of the entities inside. They must agree and the certificate must name them.
use super::report::{Layer, Report, Sender, Signature, Verdict};
use crate::{
    mime::{
        LineEnd,
        header::{Field, Header},
        mailbox::{Address, sole_from},
    },
    policy::{Finding, Policy, Reason, Rule},
    x509::Certificate,
};

/// Who must have signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ExpectedSigner {
    /// someone whose certificate names this address
    Address(Address),
    /// the holder of the certificate with this SHA-256
    Certificate([u8; 32]),
}

impl ExpectedSigner {
    fn is(&self, certificate: &Certificate) -> bool {
        match self {
            Self::Address(address) => names(certificate, address),
            Self::Certificate(sha256) => certificate.sha256() == *sha256,
        }
    }
}

impl std::fmt::Display for ExpectedSigner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Address(address) => address.fmt(f),
            Self::Certificate(sha256) => {
                write!(f, "sha256:{}", crate::encoding::hex::encode(sha256))
            }
        }
    }
}

/// Returns whether a certificate names an address.
pub(super) fn names(certificate: &Certificate, address: &Address) -> bool {
    certificate.addresses().iter().any(|a| a.same_as(address))
}

/// What the From fields of a message say together, outermost first.
#[derive(Debug, Default)]
pub(super) struct Froms(Vec<Result<Address, String>>);

impl Froms {
    /// Takes the From field of one header in, if it has one.
    pub(super) fn add(&mut self, header: &Header) {
        if header.fields.iter().any(|f| may_hide_a_field(&f.raw)) {
            let why = "a header field has a CR or NUL in it, which could hide a second From";
            self.0.push(Err(why.to_owned()));
        }
        if let Some(from) = sole_from(header).transpose() {
            self.0.push(from.map_err(|error| error.to_string()));
        }
    }

    /// Returns what the outermost From, if there is one, and that of a header further inside name, where these are not the same.
    pub(super) fn replaced_by(&self, header: &Header) -> Option<(Option<String>, String)> {
        let outer = self.0.first();
        let inner = sole_from(header).transpose()?;
        if matches!((outer, &inner), (Some(Ok(outer)), Ok(inner)) if outer.same_as(inner)) {
            return None;
        }
        let outer = outer.map(|it| it.as_ref().map_or("no one mailbox".to_owned(), shown));
        let inner = inner.as_ref().map_or("no one mailbox".to_owned(), shown);
        Some((outer, inner))
    }

    /// Returns how many were taken in.
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// Forgets all but the first `length`: what came later was not genuine.
    pub(super) fn truncate(&mut self, length: usize) {
        self.0.truncate(length);
    }

    /// Returns the one address they all name; `None` without any; or why they name none.
    pub(super) fn sole(&self) -> Result<Option<&Address>, String> {
        let mut sole: Option<&Address> = None;
        for from in &self.0 {
            match (from, sole) {
                (Err(why), _) => return Err(why.clone()),
                (Ok(address), Some(other)) if !address.same_as(other) => {
                    return Err(format!(
                        "the outer From field names {other}, an inner one {address}"
                    ));
                }
                (Ok(address), _) => sole = Some(address),
            }
        }
        Ok(sole)
    }
}

/// Returns whether two headers name one and the same sender.
pub(super) fn same_from(one: &[Field], other: &[Field]) -> bool {
    let sender = |fields: &[Field]| {
        let header = Header {
            fields: fields.iter().filter(|f| f.is("From")).cloned().collect(),
            line_end: LineEnd::Lf,
            terminated: true,
        };
        sole_from(&header).ok().flatten()
    };
    matches!((sender(one), sender(other)), (Some(one), Some(other)) if one.same_as(&other))
}

/// Returns why readers of these fields may disagree about who they say a message is from.
pub(super) fn ambiguity(fields: &[Field]) -> Option<&'static str> {
    if fields.iter().filter(|f| f.is("From")).count() > 1 {
        return Some("the header has more than one From field");
    }
    let hides = fields.iter().any(|f| may_hide_a_field(&f.raw));
    hides.then_some("a header field has a CR or NUL in it, which could hide a second From")
}

/// Some readers end a line at a CR alone, some at a NUL.
fn may_hide_a_field(raw: &[u8]) -> bool {
    let bare = |pair: &[u8]| matches!(pair, [b'\r', other] if *other != b'\n');
    raw.contains(&0) || raw.windows(2).any(bare) || raw.ends_with(b"\r")
}

/// Compares every signature of a report with the sender, or with those who were expected to sign.
pub(super) fn judge(
    report: &mut Report,
    froms: &Froms,
    expected: &[ExpectedSigner],
    policy: &Policy,
) {
    let mut seen = vec![false; expected.len()];
    for layer in &mut report.layers {
        let Layer::Signed(layer) = layer else {
            continue;
        };
        // who signed an envelope has not signed what is in it
        let envelope = layer
            .findings
            .iter()
            .any(|f| f.rule == Rule::CoversCiphertext);
        for signature in &mut layer.signatures {
            if let (Ok(Some(from)), Some(signer)) = (froms.sole(), &signature.signer) {
                signature.is_from = names(signer, from);
            }
            if expected.is_empty() {
                compare(signature, froms, policy);
            } else {
                let mut of_envelope = seen.clone();
                let seen = if envelope {
                    &mut of_envelope
                } else {
                    &mut seen
                };
                // where not all need to pass, who is named must be among those that do
                let counts = layer.required.is_none() || signature.verdict() == Verdict::Pass;
                let mut unseen = seen.clone();
                let seen = if counts { seen } else { &mut unseen };
                compare_expected(signature, froms, expected, seen, policy);
            }
        }
    }
    for (signer, _) in expected.iter().zip(seen).filter(|(_, seen)| !seen) {
        report
            .findings
            .push(policy.finding(Rule::SenderMismatch, format!("{signer} did not sign")));
    }
}

fn compare(signature: &mut Signature, froms: &Froms, policy: &Policy) {
    let (sender, finding) = match (froms.sole(), &signature.signer) {
        (Err(why), _) => (
            Sender::Mismatch,
            Some(policy.finding(Rule::SenderMismatch, why)),
        ),
        (Ok(None), _) => (
            Sender::Unchecked,
            Some(policy.finding(
                Rule::NoFrom,
                "there is no From field to compare the signer with",
            )),
        ),
        // without the certificate there is nothing to compare; its absence is a finding already
        (Ok(Some(_)), None) => (Sender::Unchecked, None),
        (Ok(Some(from)), Some(certificate)) => against(certificate, from, policy),
    };
    if sender == Sender::Match {
        signature.address = froms.sole().ok().flatten().cloned();
    }
    signature.sender = sender;
    signature.findings.extend(finding);
}

fn against(
    certificate: &Certificate,
    from: &Address,
    policy: &Policy,
) -> (Sender, Option<Finding>) {
    let named = certificate.addresses();
    if named.iter().any(|a| a.same_as(from)) {
        return (Sender::Match, None);
    }
    let wanted = format!("it must name the sender, who is {} in From", shown(from));
    let (sender, reason, found) = if named.is_empty() {
        let found = no_address(certificate);
        (Sender::Absent, Reason::SenderAbsent, found)
    } else {
        let found = format!("it names {}", all_shown(&named));
        (Sender::Mismatch, Reason::SenderMismatch, found)
    };
    let objection = certificate.objection(reason, found).wanting(wanted);
    (sender, Some(policy.object(objection)))
}

/// Says why a certificate names no address.
fn no_address(certificate: &Certificate) -> String {
    let Ok(names) = certificate.alternative_names() else {
        return "its subjectAltName is malformed".to_owned();
    };
    match names.unwrap_or_default().iter().find(|name| name.is_mail()) {
        Some(name) => format!("it names a malformed mail address, {name}"),
        None => "it names no mail address".to_owned(),
    }
}

/// Addresses of one certificate that are shown before the rest is counted.
const SHOWN: usize = 4;

fn all_shown(addresses: &[Address]) -> String {
    let mut text: Vec<String> = addresses.iter().take(SHOWN).map(shown).collect();
    let more = addresses.len().saturating_sub(SHOWN);
    if more > 0 {
        text.push(format!("{more} more"));
    }
    text.join(", ")
}

/// Returns an address with the code points of what is not ASCII in it, which may look like something else.
fn shown(address: &Address) -> String {
    let foreign = address.local.chars().filter(|c| !c.is_ascii());
    let foreign: Vec<String> = foreign
        .take(SHOWN)
        .map(|c| format!("U+{:04X}", u32::from(c)))
        .collect();
    if foreign.is_empty() {
        address.to_string()
    } else {
        format!("{address} (with {})", foreign.join(", "))
    }
}

fn compare_expected(
    signature: &mut Signature,
    froms: &Froms,
    expected: &[ExpectedSigner],
    seen: &mut [bool],
    policy: &Policy,
) {
    let Some(certificate) = &signature.signer else {
        return;
    };
    let mut any = false;
    for (signer, seen) in expected.iter().zip(seen) {
        if signer.is(certificate) {
            any = true;
            *seen = true;
            if let (ExpectedSigner::Address(address), None) = (signer, &signature.address) {
                signature.address = Some(address.clone());
            }
        }
    }
    signature.sender = if any { Sender::Match } else { Sender::Mismatch };
    if !any {
        let named = certificate.addresses();
        let found = match named.is_empty() {
            true => no_address(certificate),
            false => format!("it names {}", all_shown(&named)),
        };
        let names: Vec<String> = expected.iter().map(ToString::to_string).collect();
        let wanted = format!("only {} was to sign", names.join(" or "));
        let objection = certificate.objection(Reason::SignerUnexpected, found);
        signature
            .findings
            .push(policy.object(objection.wanting(wanted)));
        return;
    }
    let message = match froms.sole() {
        Ok(Some(from)) if !signature.is_from => {
            format!(
                "From names {}, for whom this signer does not stand",
                shown(from)
            )
        }
        Ok(_) => return,
        Err(why) => why,
    };
    signature.sender = Sender::Mismatch;
    let finding = policy.finding(Rule::SignerNotSender, message);
    signature.findings.push(finding);
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::x509::sample::{Template, alternative_names, key};

    /// What a certificate with this subject and these alternative names says to this From.
    fn judged(subject: &str, names: &[&str], from: &str) -> (Sender, String) {
        let mut template = Template::new(subject, &key(1), "CN=CA");
        if !names.is_empty() {
            template = template.with(alternative_names(names));
        }
        let from = Address::parse(from).unwrap();
        let (sender, finding) = against(&template.sign(&key(2)), &from, &Policy::default());
        let denied = finding
            .as_ref()
            .is_some_and(|f| Policy::denies(std::slice::from_ref(f)));
        assert_eq!(denied, sender != Sender::Match, "{names:?} {from}");
        (sender, finding.map(|f| f.message).unwrap_or_default())
    }

    #[test]
    fn a_certificate_names_the_sender_or_not() {
        use Sender::{Absent, Match, Mismatch};
        let alice = "alice@example.com";
        for (subject, names, from, wanted) in [
            ("CN=x", &["email:alice@example.com"][..], alice, Match),
            ("CN=x", &["email:alice@EXAMPLE.com"], alice, Match),
            (
                "CN=x",
                &["email:alice@example.com"],
                "alice@Example.COM",
                Match,
            ),
            (
                "CN=x",
                &["email:bob@example.com", "email:alice@example.com"],
                alice,
                Match,
            ),
            (
                "CN=x",
                &["dns:example.com", "email:alice@example.com"],
                alice,
                Match,
            ),
            (
                "CN=x",
                &["email:broken@", "email:alice@example.com"],
                alice,
                Match,
            ),
            // local parts are compared to the octet (RFC 5321 §2.4)
            ("CN=x", &["email:Alice@example.com"], alice, Mismatch),
            ("CN=x", &["email:alice+x@example.com"], alice, Mismatch),
            ("CN=x", &["email:a.lice@example.com"], alice, Mismatch),
            ("CN=x", &["email:\"alice\"@example.com"], alice, Match),
            (
                "CN=x",
                &["email:\"a@b\"@example.com"],
                "\"a@b\"@example.com",
                Match,
            ),
            (
                "CN=x",
                &["email:\"alice@example.com\"@evil.example"],
                alice,
                Mismatch,
            ),
            // domains as A-labels (RFC 5280 §7.5, RFC 9598 §5)
            (
                "CN=x",
                &["email:a@xn--bcher-kva.example"],
                "a@bücher.example",
                Match,
            ),
            (
                "CN=x",
                &["email:a@XN--BCHER-KVA.example"],
                "a@BÜCHER.example",
                Match,
            ),
            (
                "CN=x",
                &["email:a@xn--bcher-kva.example"],
                "a@bucher.example",
                Mismatch,
            ),
            (
                "CN=x",
                &["utf8:ä@bücher.example"],
                "ä@xn--bcher-kva.example",
                Match,
            ),
            (
                "CN=x",
                &["utf8:ä@xn--bcher-kva.example"],
                "ä@bücher.example",
                Match,
            ),
            ("CN=x", &["utf8:ä@example.com"], "ä@EXAMPLE.com", Match),
            ("CN=x", &["utf8:Ä@example.com"], "ä@example.com", Mismatch),
            (
                "CN=x",
                &["utf8:a\u{308}@example.com"],
                "ä@example.com",
                Mismatch,
            ),
            ("CN=x", &["utf8:аlice@example.com"], alice, Mismatch),
            // a SmtpUTF8Mailbox that RFC 9598 §3 forbids
            ("CN=x", &["utf8:alice@example.com"], alice, Absent),
            // other domains, other forms
            ("CN=x", &["email:alice@sub.example.com"], alice, Mismatch),
            ("CN=x", &["email:alice@example.co"], alice, Mismatch),
            ("CN=x", &["email:alice@xexample.com"], alice, Mismatch),
            ("CN=x", &["dns:example.com"], alice, Absent),
            ("CN=x", &["dns:alice@example.com"], alice, Absent),
            ("CN=x", &["other:alice@example.com"], alice, Absent),
            ("CN=x", &["uri:mailto:alice@example.com"], alice, Absent),
            ("CN=x", &["dir:E=alice@example.com"], alice, Absent),
            // malformed addresses match nothing
            ("CN=x", &["email:alice@example.com."], alice, Absent),
            ("CN=x", &["email:alice@example.com\0"], alice, Absent),
            (
                "CN=x",
                &["email:alice@example.com\0@evil.example"],
                alice,
                Absent,
            ),
            ("CN=x", &["email:alice@example.com "], alice, Absent),
            ("CN=x", &["email:<alice@example.com>"], alice, Absent),
            ("CN=x", &["email:Alice <alice@example.com>"], alice, Absent),
            (
                "CN=x",
                &["email:alice@example.com,bob@example.com"],
                alice,
                Absent,
            ),
            ("CN=x", &["email:*@example.com"], alice, Mismatch),
            ("CN=x", &["email:alice@*"], alice, Absent),
            ("CN=x", &["email:example.com"], alice, Absent),
            ("CN=x", &["email:@example.com"], alice, Absent),
            // the subject's address counts where the SAN names no mail (RFC 8550 §3)
            ("E=alice@example.com", &[], alice, Match),
            ("E=ALICE@example.com", &[], alice, Mismatch),
            ("E=alice@example.com", &["dns:example.com"], alice, Match),
            (
                "E=alice@example.com",
                &["email:bob@example.com"],
                alice,
                Mismatch,
            ),
            ("E=alice@example.com", &["email:broken@"], alice, Absent),
            ("E=alice@example.com.", &[], alice, Absent),
            ("CN=alice@example.com", &[], alice, Absent),
            ("CN=x", &[], alice, Absent),
        ] {
            assert_eq!(
                judged(subject, names, from).0,
                wanted,
                "{subject} {names:?} {from}"
            );
        }
    }

    #[test]
    fn what_looks_alike_is_told_apart() {
        let (_, message) = judged("CN=x", &["utf8:аlice@example.com"], "alice@example.com");
        assert!(
            message.contains("it names аlice@example.com (with U+0430)"),
            "{message}"
        );
        let (_, message) = judged("CN=x", &["email:a@xn--bcher-kva.example"], "a@b.example");
        assert!(message.contains("a@xn--bcher-kva.example"), "{message}");
        let (_, message) = judged("CN=x", &["email:alice@example.com."], "a@b.example");
        assert!(message.contains("malformed mail address"), "{message}");
        let many: Vec<String> = (0..9).map(|n| format!("email:{n}@example.com")).collect();
        let many: Vec<&str> = many.iter().map(String::as_str).collect();
        let (_, message) = judged("CN=x", &many, "a@b.example");
        assert!(message.contains("3@example.com, 5 more;"), "{message}");
    }
}
