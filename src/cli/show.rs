//! The report for people: the answer first, in words of ours alone; then who, who vouches, when, and what is wrong, each on its own line.
//!
//! Every string that came from a message or a certificate is escaped, and stands on a line that begins with our word for it.
mod attributes;
mod headers;
mod parts;
mod summary;

use self::summary::{Line, Weight};
use super::{Answer, Checked, args::Verb, certificate, escape::escape};
use smime::{
    policy::{Finding, Level, Rule},
    smime::{
        Report,
        acquaintance::Choice,
        report::{
            AuthenticatedLayer, BlindCopy, Container, EncryptedLayer, Form, Integrity, Layer,
            RecipientSummary, Sender, Signature, SignedLayer, Trust, Verdict,
        },
    },
    x509::{Certificate, certificate::serial_text},
};
use std::{collections::BTreeSet, path::Path};

/// Recipients that are listed before the rest is counted.
const RECIPIENTS: usize = 10;

/// Returns the report as text, every line ended.
pub(crate) fn text(verb: Verb, answer: &Answer) -> String {
    let mut page = Page::default();
    match answer {
        Answer::Message(report) => {
            page.message(verb, report);
            // whoever only looks is shown all
            if verb != Verb::Inspect {
                page.lines = summary::folded(page.lines);
            }
        }
        Answer::Certificates { certificates, crls } => {
            for named in certificates {
                page.shown(&named.file, certificate::facts(&named.certificate));
            }
            for (file, crl) in crls {
                page.shown(file, certificate::crl_facts(crl));
            }
        }
        Answer::Paths(checked) => {
            for checked in checked {
                page.path(checked);
            }
        }
    }
    page.text()
}

/// Returns what was denied, in one line: `not verified: untrusted, sender-mismatch`.
pub(crate) fn denial(verb: Verb, answer: &Answer) -> String {
    let rules: BTreeSet<_> = answer.denied().map(|f| f.rule).collect();
    let names: Vec<_> = rules.iter().map(|r| r.name()).collect();
    format!("{}: {}", refusal(verb), names.join(", "))
}

fn refusal(verb: Verb) -> &'static str {
    match verb {
        Verb::Sign => "not signed",
        Verb::Encrypt => "not encrypted",
        Verb::Decrypt => "not decrypted",
        Verb::Open => "not opened",
        Verb::Verify => "not verified",
        Verb::Inspect | Verb::CertShow => "not accepted",
        Verb::Receipt => "no receipt made",
        Verb::CertBundle => "not bundled",
        Verb::CertCheck => "not valid",
    }
}

/// Returns how a message names a recipient.
pub(crate) fn recipient(recipient: &RecipientSummary) -> String {
    let who = match (
        &recipient.issuer,
        &recipient.serial,
        &recipient.key_identifier,
    ) {
        (Some(issuer), Some(serial), _) => format!("serial {serial} of {issuer}"),
        (_, _, Some(identifier)) => format!("key identifier {identifier}"),
        _ => recipient.kind.to_owned(),
    };
    format!("{who} ({})", recipient.algorithm)
}

#[derive(Default)]
struct Page {
    lines: Vec<Line>,
}

impl Page {
    fn text(self) -> String {
        self.lines.into_iter().map(|it| it.text + "\n").collect()
    }

    /// The answer to all that was asked: words of ours.
    fn verdict(&mut self, words: &str) {
        self.line(Weight::Verdict, words.to_owned());
    }

    /// The answer about one layer: words of ours.
    fn headline(&mut self, words: &str) {
        // the only answer, or one of no, is the one to be read
        let first = self.lines.is_empty() || words.contains("NOT ") || words.contains("BAD ");
        let weight = if first {
            Weight::Verdict
        } else {
            Weight::Layer
        };
        self.line(weight, words.to_owned());
    }

    /// A fact: our word for it, and what may be anybody's.
    fn fact(&mut self, label: &str, what: &str) {
        let weight = match label {
            "denied" => Weight::Denied,
            "warning" => Weight::Warning,
            "signed" | "claims" => Weight::Signer,
            "trusted" | "untrusted" => Weight::Trust,
            _ => Weight::Detail,
        };
        let text = format!("  {label:8} {}", escape(what));
        self.line(weight, text.trim_end().to_owned());
    }

    fn line(&mut self, weight: Weight, text: String) {
        let rule = None;
        self.lines.push(Line { weight, text, rule });
    }

    /// What is wrong, the worst first, with the section that says so; what concerns several certificates alike is said once.
    fn findings(&mut self, findings: &[Finding]) {
        for (level, label) in [(Level::Deny, "denied"), (Level::Warn, "warning")] {
            let kind = |f: &Finding| (f.rule, f.objection.as_ref().map(|o| o.reason));
            let mut said = Vec::new();
            for finding in findings.iter().filter(|f| f.level == level) {
                if said.contains(&kind(finding)) {
                    continue;
                }
                said.push(kind(finding));
                let alike = findings
                    .iter()
                    .filter(|f| f.level == level && kind(f) == kind(finding));
                let more = match alike.count() {
                    0 | 1 => String::new(),
                    n => format!(" (and {} more)", n - 1),
                };
                let name = finding.rule.name();
                let source = source(finding);
                self.fact(label, &format!("{name}: {}{more}{source}", finding.message));
                if let Some(line) = self.lines.last_mut() {
                    line.rule = Some(name);
                }
            }
        }
    }

    fn message(&mut self, verb: Verb, report: &Report) {
        let answers: usize = report
            .layers
            .iter()
            .map(|layer| match layer {
                Layer::Signed(signed) => signed.signatures.len().max(1),
                _ => 1,
            })
            .sum();
        let failed = report.verdict() == Verdict::Fail;
        // a good answer about a layer is not the one about the message
        let hidden = failed && !report.layers.iter().any(says_no);
        if verb != Verb::Inspect && (answers > 1 || report.layers.is_empty() || hidden) {
            if failed {
                self.verdict(&refusal(verb).replacen("not ", "NOT ", 1));
            } else {
                self.verdict("everything asked for holds");
            }
        } else if report.layers.is_empty() {
            self.headline("not protected: neither signed nor encrypted");
        }
        for layer in &report.layers {
            self.layer(verb, layer);
            if let (Layer::Encrypted(_), Some(choice)) = (layer, &report.choice) {
                self.choice(choice);
            }
        }
        for copy in &report.copies {
            self.copy(copy);
        }
        for kept in &report.learned {
            let as_new = if kept.new { "" } else { ", as new already" };
            let who = name(&kept.signer);
            self.fact("learned", &format!("{who}, in {}{as_new}", kept.place));
        }
        if let Some(headers) = &report.headers {
            let line = match report.described {
                true => headers::announced(headers),
                false => headers::line(headers),
            };
            if let Some(line) = line {
                self.fact("headers", &line);
            }
        }
        self.findings(&report.findings);
        for line in parts::tree(report).lines() {
            self.line(Weight::Detail, line.to_owned());
        }
    }

    /// Why it is encrypted with this cipher.
    fn choice(&mut self, choice: &Choice) {
        let why = match choice {
            Choice::AskedFor => "as asked for".to_owned(),
            Choice::KnownToAll => "the best that every recipient is known to read".to_owned(),
            Choice::Default {
                unknown,
                other: false,
            } => format!("by default: what else {unknown} reads is not known"),
            Choice::Default { unknown, .. } => {
                format!("by default: the capabilities of {unknown} list no cipher that is written")
            }
        };
        self.fact("cipher", &why);
    }

    fn layer(&mut self, verb: Verb, layer: &Layer) {
        match layer {
            Layer::Signed(signed) => self.signed(verb, signed),
            Layer::Encrypted(encrypted) => self.encrypted(verb, encrypted),
            Layer::Compressed(layer) => {
                self.headline(&format!("compressed, {}", layer.algorithm));
                self.findings(&layer.findings);
            }
            Layer::Digested(layer) => {
                // the words must not sound like somebody's word
                let says = match layer.integrity {
                    Integrity::Broken => "digest does NOT match",
                    Integrity::Intact => "digest matches, which anybody could have made",
                    Integrity::Undetermined => "under a digest, which anybody can make",
                };
                self.headline(&format!("{says}, {}", escape(&layer.digest)));
                self.findings(&layer.findings);
            }
            Layer::Authenticated(layer) => self.authenticated(layer),
            Layer::Certificates(certificates) => {
                self.headline(&format!(
                    "certificates only, {}",
                    count(certificates.len(), "certificate")
                ));
                for certificate in certificates {
                    self.fact("holds", &name(certificate));
                }
            }
        }
    }

    /// A copy for those in Bcc: where it is, and for whom.
    fn copy(&mut self, copy: &BlindCopy) {
        let recipients = count(copy.layer.recipients.len(), "recipient");
        let cipher = escape(&copy.layer.cipher);
        self.headline(&format!("blind copy encrypted to {recipients}, {cipher}"));
        if let Some(place) = &copy.place {
            self.fact("file", place);
        }
        for address in &copy.addresses {
            self.fact("for", &address.to_string());
        }
    }

    fn signed(&mut self, verb: Verb, layer: &SignedLayer) {
        if verb == Verb::Inspect {
            let form = match layer.form {
                Form::Clear => "clear",
                Form::Opaque => "opaque",
                Form::Detached => "detached",
            };
            self.headline(&format!(
                "signed ({form}), {}",
                count(layer.signatures.len(), "signature")
            ));
        } else if layer.signatures.is_empty() {
            self.headline("NOT signed by anybody");
        }
        let around_ciphertext = layer
            .findings
            .iter()
            .any(|f| f.rule == Rule::CoversCiphertext);
        for signature in &layer.signatures {
            match verb {
                Verb::Inspect => {}
                Verb::Sign | Verb::Receipt | Verb::Encrypt => self.made_signature(signature),
                _ => self.headline(&judgement(signature, around_ciphertext)),
            }
            self.signature(verb, signature);
        }
        if let Some(receipt) = &layer.receipt {
            self.fact("receipt", &attributes::receipt(receipt));
        }
        if let Some(required) = layer.required {
            let good = layer.passing_signers();
            self.fact("required", &format!("{required}, {good} pass"));
        }
        self.findings(&layer.findings);
    }

    fn made_signature(&mut self, signature: &Signature) {
        if signature.verdict() == Verdict::Fail {
            self.headline("NOT signed");
        } else {
            self.headline(&format!("signed{}", address(" as ", signature)));
        }
    }

    fn signature(&mut self, verb: Verb, signature: &Signature) {
        let signer = match &signature.signer {
            Some(certificate) => name(certificate),
            None => signature.signer_id.clone(),
        };
        match verb {
            Verb::Inspect | Verb::Sign | Verb::Receipt | Verb::Encrypt => {
                self.fact("signer", &signer);
                if let Some(certificate) = &signature.signer {
                    self.fact("issuer", &certificate.issuer().to_string());
                }
                let how = format!("{} with {}", signature.algorithm, signature.digest);
                match signature.signing_time {
                    Some(time) => self.fact("signed", &format!("{time}, {how}")),
                    None => self.fact("signed", &how),
                }
            }
            _ => self.judged(signature, &signer),
        }
        self.attributes(verb, signature);
        self.encoded(&signature.findings);
        self.findings(&signature.findings);
    }

    /// Who signed and who vouches. Whoever vouches for the named signer does not vouch for what is not his.
    fn judged(&mut self, signature: &Signature, signer: &str) {
        let time = signature.signing_time.map(|time| format!(", {time}"));
        let time = time.unwrap_or_default();
        if signature.integrity != Integrity::Intact {
            self.fact("claims", &format!("to be {signer}{time}"));
            return;
        }
        self.fact("signed", &format!("by {signer}{time}"));
        if signature.trust == Trust::Trusted {
            let by = anchor(&signature.path, signature.anchor.as_deref());
            self.fact("trusted", &format!("by {}", by.unwrap_or_default()));
        } else if let Some(certificate) = &signature.signer {
            self.fact("untrusted", &format!("issuer {}", certificate.issuer()));
        }
    }

    /// Tells what was encoded for the transport, which is no complaint: in one line.
    fn encoded(&mut self, findings: &[Finding]) {
        let mut encoded = findings
            .iter()
            .filter(|f| f.rule == Rule::ReEncoded && f.level == Level::Allow);
        if let Some(first) = encoded.next() {
            let more = match encoded.count() {
                0 => String::new(),
                n => format!(" (and {n} more)"),
            };
            self.fact("encoded", &format!("{}{more}", first.message));
        }
    }

    fn encrypted(&mut self, verb: Verb, layer: &EncryptedLayer) {
        let cipher = escape(&layer.cipher);
        let recipients = match layer.container {
            Container::Encrypted => "whoever has the key".to_owned(),
            _ => count(layer.recipients.len(), "recipient"),
        };
        let denied = layer.findings.iter().any(|f| f.level == Level::Deny);
        let opened = layer
            .opened_by
            .and_then(|place| Some((place, layer.recipients.get(place)?)));
        match verb {
            Verb::Encrypt if denied => self.headline("NOT encrypted"),
            Verb::Encrypt => self.headline(&format!("encrypted to {recipients}, {cipher}")),
            Verb::Inspect | Verb::Verify | Verb::Sign => {
                self.headline(&format!("encrypted to {recipients}, {cipher}"));
            }
            _ if denied => self.headline(&format!("NOT decrypted, {cipher}")),
            _ if layer.opened_by.is_some() || layer.container == Container::Encrypted => {
                self.headline(&format!("decrypted, {cipher}"));
            }
            _ => self.headline(&format!("encrypted, {cipher}")),
        }
        match opened {
            Some((place, by)) if verb != Verb::Encrypt => self.fact(
                "key",
                &format!(
                    "recipient {} of {}, {}",
                    place + 1,
                    layer.recipients.len(),
                    recipient(by)
                ),
            ),
            _ => {
                for one in layer.recipients.iter().take(RECIPIENTS) {
                    self.fact("to", &recipient(one));
                }
                let more = layer.recipients.len().saturating_sub(RECIPIENTS);
                if more > 0 {
                    self.fact("to", &format!("{more} more"));
                }
            }
        }
        self.findings(&layer.findings);
    }

    fn authenticated(&mut self, layer: &AuthenticatedLayer) {
        let mac = escape(&layer.mac);
        let recipients = count(layer.recipients.len(), "recipient");
        self.headline(&match layer.integrity {
            Integrity::Broken => format!("NOT authentic, {mac}"),
            Integrity::Intact => {
                format!("from a holder of the key of {recipients}, {mac}; no signature")
            }
            Integrity::Undetermined => {
                format!("authenticated to {recipients}, {mac}; no signature")
            }
        });
        for one in layer.recipients.iter().take(RECIPIENTS) {
            self.fact("to", &recipient(one));
        }
        let more = layer.recipients.len().saturating_sub(RECIPIENTS);
        if more > 0 {
            self.fact("to", &format!("{more} more"));
        }
        self.findings(&layer.findings);
    }

    fn shown(&mut self, file: &Path, facts: Vec<(&'static str, String)>) {
        self.headline(&escape(&file.display().to_string()));
        for (label, what) in facts {
            self.fact(label, &what);
        }
    }

    fn path(&mut self, checked: &Checked) {
        self.headline(match (checked.verdict(), checked.report.trusted) {
            (Verdict::Pass, true) => "good certificate",
            (Verdict::Pass, false) => "NOT trusted, and allowed",
            (Verdict::Fail, true) => "NOT valid: a path to an anchor, but not good enough",
            (Verdict::Fail, false) => "NOT valid",
        });
        self.fact("file", &checked.named.file.display().to_string());
        self.fact("subject", &name(&checked.named.certificate));
        let report = &checked.report;
        let issuers = report.path.iter().skip(1);
        let anchors = usize::from(report.anchor.is_some());
        let between = report.path.len().saturating_sub(1 + anchors);
        for issuer in issuers.take(between) {
            self.fact("under", &issuer.subject().to_string());
        }
        let by = anchor(&report.path, report.anchor.as_deref());
        if let Some(by) = by.filter(|_| report.anchor.is_some()) {
            self.fact("anchor", &by);
        }
        self.findings(&checked.report.findings);
    }
}

/// Whether the answer about a layer is no.
fn says_no(layer: &Layer) -> bool {
    match layer {
        Layer::Signed(it) => {
            it.signatures.is_empty() || it.counted().any(|s| s.verdict() == Verdict::Fail)
        }
        other => other.all_findings().any(|f| f.level == Level::Deny),
    }
}

/// The anchor that vouched: the last of the path, and where it came from.
fn anchor(path: &[Certificate], source: Option<&str>) -> Option<String> {
    let anchor = path.last().map(|a| a.subject().to_string());
    match (anchor.filter(|name| !name.is_empty()), source) {
        (Some(name), Some(source)) => Some(format!("{name} ({source})")),
        (Some(name), None) => Some(name),
        (None, source) => source.map(str::to_owned),
    }
}

/// The answer about one signature, in words of ours; an address joins them only where it can deceive nobody. Whoever signed ciphertext has not
/// signed what was in it: his signature is not called good.
fn judgement(signature: &Signature, around_ciphertext: bool) -> String {
    let good = if around_ciphertext {
        format!("signature around ciphertext{}", address(", by ", signature))
    } else {
        format!("good signature{}", address(" of ", signature))
    };
    match (signature.verdict(), signature.integrity, signature.trust) {
        (Verdict::Fail, Integrity::Broken, _) => "BAD signature".to_owned(),
        (Verdict::Fail, _, _) => {
            let rules: BTreeSet<_> = signature
                .findings
                .iter()
                .filter(|f| f.level == Level::Deny)
                .map(|f| f.rule)
                .collect();
            let names: Vec<_> = rules.iter().map(|r| r.name()).collect();
            format!("signature NOT accepted: {}", names.join(", "))
        }
        (Verdict::Pass, Integrity::Intact, Trust::Trusted) => match signature.sender {
            Sender::Match => good,
            Sender::Unchecked => format!("{good}, compared with no sender"),
            Sender::Mismatch | Sender::Absent => {
                format!("{good}, but not shown to be the sender's")
            }
        },
        (Verdict::Pass, Integrity::Intact, _) => {
            "intact signature, but nobody you trust vouches for the signer".to_owned()
        }
        (Verdict::Pass, _, _) => "signature NOT checked".to_owned(),
    }
}

/// The signer's address after a word, if it is plain: letters, digits and what addresses commonly hold. The one that matched; where none
/// was compared, the first he has. Letters that are not ASCII, which may look like others, are followed by their code points.
fn address(word: &str, signature: &Signature) -> String {
    let addresses = match &signature.address {
        Some(matched) => vec![matched.clone()],
        None => signature
            .signer
            .iter()
            .flat_map(Certificate::addresses)
            .collect(),
    };
    let plain = addresses.iter().map(ToString::to_string).find(|a| {
        a.len() <= 128
            && a.chars()
                .all(|c| c.is_alphanumeric() || "@.-_+=".contains(c))
    });
    let Some(plain) = plain else {
        return String::new();
    };
    let foreign = plain.chars().filter(|c| !c.is_ascii());
    let foreign: Vec<String> = foreign
        .take(CODE_POINTS)
        .map(|c| format!("U+{:04X}", u32::from(c)))
        .collect();
    match foreign.is_empty() {
        true => format!("{word}{plain}"),
        false => format!("{word}{plain} (with {})", foreign.join(", ")),
    }
}

/// Code points that are told of an address.
const CODE_POINTS: usize = 4;

/// ` [RFC 8550 §4.4.4]`
fn source(finding: &Finding) -> String {
    let source = match &finding.objection {
        Some(objection) => objection.reason.source(),
        None => finding.rule.source(),
    };
    match source.contains('§') {
        true => format!(" [{source}]"),
        false => String::new(),
    }
}

fn name(certificate: &Certificate) -> String {
    format!(
        "{} (serial {})",
        certificate.subject(),
        serial_text(certificate.serial())
    )
}

fn count(number: usize, what: &str) -> String {
    match number {
        0 => format!("no {what}"),
        1 => format!("1 {what}"),
        n => format!("{n} {what}s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::samples::{encrypted, signature};
    use smime::{mime::mailbox::Address, policy::Policy};

    fn shown(verb: Verb, layers: Vec<Layer>) -> String {
        let report = Report {
            layers,
            ..Report::default()
        };
        text(verb, &Answer::Message(report))
    }
    fn signed(signatures: Vec<Signature>) -> Layer {
        Layer::Signed(SignedLayer::new(Form::Clear, signatures, Vec::new()))
    }

    #[test]
    fn a_good_signature() {
        assert_eq!(
            shown(Verb::Verify, vec![signed(vec![signature()])]),
            "good signature\n\
             \x20 signed   by serial 0a1b of CN=Example CA, 2026-11-01T09:00:00Z\n\
             \x20 trusted  by roots.pem\n\
             \x20 warning  revocation-unknown: no CRL at hand [RFC 5280 §6.3]\n"
        );
    }

    #[test]
    fn the_address_that_matched_is_the_one_shown() {
        for (address, wanted) in [
            ("bob@example.com", "good signature of bob@example.com\n"),
            (
                "ä@example.com",
                "good signature of ä@example.com (with U+00E4)\n",
            ),
            ("\"a b\"@example.com", "good signature\n"),
            ("a\u{202e}@example.com", "good signature\n"),
        ] {
            let mut matched = signature();
            matched.address = Address::parse(address);
            let text = shown(Verb::Verify, vec![signed(vec![matched])]);
            assert!(text.starts_with(wanted), "{text}");
        }
    }

    #[test]
    fn a_signature_around_ciphertext() {
        for verb in [Verb::Verify, Verb::Open] {
            let around = Layer::Signed(SignedLayer::new(
                Form::Clear,
                vec![signature()],
                vec![Policy::default().finding(Rule::CoversCiphertext, "x")],
            ));
            let text = shown(verb, vec![around]);
            assert!(text.starts_with("signature around ciphertext\n"), "{text}");
            assert!(!text.contains("good signature"), "{text}");
        }
    }

    #[test]
    fn a_broken_signature() {
        let mut broken = signature();
        broken.integrity = Integrity::Broken;
        broken.signer_id = "serial 1 of CN=\x1b[2Kgood signature".into();
        broken.findings = vec![Policy::default().finding(Rule::DigestMismatch, "changed")];
        assert_eq!(
            shown(Verb::Verify, vec![signed(vec![broken])]),
            "BAD signature\n\
             \x20 claims   to be serial 1 of CN=\\u{1b}[2Kgood signature, 2026-11-01T09:00:00Z\n\
             \x20 denied   digest-mismatch: changed [RFC 5652 §5.4]\n"
        );
    }

    #[test]
    fn a_signature_that_is_not_accepted() {
        let mut other = signature();
        other.trust = Trust::Untrusted;
        other.findings = vec![
            Policy::default().finding(Rule::SenderMismatch, "b"),
            Policy::default().finding(Rule::Untrusted, "a"),
        ];
        let text = shown(Verb::Verify, vec![signed(vec![other])]);
        assert!(text.starts_with("signature NOT accepted: untrusted, sender-mismatch\n"));
    }

    #[test]
    fn findings_alike_are_said_once() {
        let mut many = signature();
        let policy = Policy::default();
        many.findings = vec![
            policy.finding(Rule::RevocationUnknown, "leaf"),
            policy.finding(Rule::RevocationUnknown, "issuer"),
            policy.finding(Rule::Micalg, "allowed"),
            policy.finding(Rule::Expired, "late"),
        ];
        let text = shown(Verb::Verify, vec![signed(vec![many])]);
        assert!(text.ends_with(
            "  denied   expired: late [RFC 5280 §6.1.3 (a)(2)]\n  warning  revocation-unknown: leaf (and 1 more) [RFC 5280 §6.3]\n"
        ));
        assert!(!text.contains("allowed"));
    }

    #[test]
    fn several_answers_have_one_in_front() {
        let text = shown(Verb::Open, vec![encrypted(), signed(vec![signature()])]);
        assert_eq!(
            text,
            "everything asked for holds\n\
             decrypted, aes-256-cbc\n\
             good signature\n\
             \x20 signed   by serial 0a1b of CN=Example CA, 2026-11-01T09:00:00Z\n\
             \x20 warning  unauthenticated-ciphertext, revocation-unknown: --json\n\
             \x20 and 2 more lines: --json\n"
        );
        let mut denied = signature();
        denied.findings = vec![Policy::default().finding(Rule::Untrusted, "x")];
        let text = shown(Verb::Open, vec![encrypted(), signed(vec![denied])]);
        assert!(text.starts_with("NOT opened\ndecrypted"));
    }

    #[test]
    fn what_a_message_is() {
        assert_eq!(
            shown(Verb::Inspect, vec![]),
            "not protected: neither signed nor encrypted\n"
        );
        let text = shown(Verb::Inspect, vec![signed(vec![signature()])]);
        assert!(text.starts_with("signed (clear), 1 signature\n  signer   serial 0a1b"));
        assert!(!text.contains("good"));
    }

    #[test]
    fn a_denial_without_a_layer() {
        let report = Report {
            findings: vec![Policy::default().finding(Rule::NotSigned, "there is no signature")],
            ..Report::default()
        };
        let answer = Answer::Message(report);
        assert_eq!(
            text(Verb::Verify, &answer),
            "NOT verified\n  denied   not-signed: there is no signature [RFC 8551 §3.5]\n"
        );
        assert_eq!(denial(Verb::Verify, &answer), "not verified: not-signed");
    }
}
