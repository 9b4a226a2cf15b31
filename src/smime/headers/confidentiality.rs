//! Header confidentiality policies (RFC 9788 §3.2): what stands outside an encrypted message in place of each field.
use crate::{
    asn1::Time,
    mime::{LineEnd, header::Field, mailbox},
};

/// Which header fields are hidden when a message is encrypted with its header.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum HeaderConfidentiality {
    /// hcp_baseline: Subject is obscured, Keywords and Comments are removed
    #[default]
    Baseline,
    /// hcp_shy: besides, addresses without the names beside them, and Date without the time zone
    Shy,
    /// hcp_no_confidentiality: nothing is hidden
    None,
}

impl HeaderConfidentiality {
    /// Every policy, as `--hide-headers` names it.
    pub const ALL: [(Self, &'static str); 3] = [
        (Self::Baseline, "baseline"),
        (Self::Shy, "shy"),
        (Self::None, "none"),
    ];

    /// Finds a policy by its name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find_map(|(policy, its)| (its == name).then_some(policy))
    }

    /// Returns what stands outside for a field of the message; `None`: nothing does.
    pub(super) fn outside(self, field: &Field, line_end: LineEnd) -> Option<Field> {
        if self == Self::None {
            return Some(field.clone());
        }
        if field.is("Keywords") || field.is("Comments") {
            return None;
        }
        let hidden = match self {
            _ if field.is("Subject") => Some(OBSCURED.to_owned()),
            Self::Shy if field.is("From") => addresses(field, 1),
            Self::Shy if field.is("To") || field.is("Cc") => addresses(field, usize::MAX),
            Self::Shy if field.is("Date") => in_utc(field),
            _ => None,
        };
        let value = hidden.filter(|it| it.as_bytes() != field.value());
        Some(match value {
            Some(value) => Field::new(field.name(), &folded(&value, line_end), line_end),
            None => field.clone(),
        })
    }
}

/// RFC 9788 §3.2.1.
const OBSCURED: &str = "[...]";

/// The addr-specs of a mailbox-list of at most so many; `None` for anything else, which the policy leaves alone, and where an address is not
/// ASCII, as RFC 9788 §3.1 wants what is put outside to be.
fn addresses(field: &Field, most: usize) -> Option<String> {
    let list = mailbox::mailboxes(&field.value())?;
    let list: Vec<String> = list.iter().map(ToString::to_string).collect();
    let plain = list.iter().all(|it| it.is_ascii());
    (plain && !list.is_empty() && list.len() <= most).then(|| list.join(", "))
}

fn in_utc(field: &Field) -> Option<String> {
    let value = field.value();
    Time::from_mail(std::str::from_utf8(&value).ok()?)?.to_mail()
}

/// Folds between addresses, where a line would be longer than RFC 5322 §2.1.1 likes.
fn folded(value: &str, line_end: LineEnd) -> String {
    match value.len() > LINE {
        true => value.replace(", ", &format!(",{} ", line_end.as_str())),
        false => value.to_owned(),
    }
}

/// 78 characters, less the longest name.
const LINE: usize = 78 - "Subject: ".len();

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn outside(policy: HeaderConfidentiality, name: &str, value: &str) -> Option<String> {
        let field = Field::new(name, value, LineEnd::Lf);
        let outside = policy.outside(&field, LineEnd::Lf)?;
        assert_eq!(outside.name(), name);
        Some(String::from_utf8(outside.value()).unwrap())
    }

    #[test]
    fn policies_of_rfc_9788() {
        use HeaderConfidentiality::{Baseline, None as Nothing, Shy};
        let long = "Alice <alice@example.com>, ".repeat(4) + "b@example.com";
        let bare = "alice@example.com, ".repeat(4) + "b@example.com";
        for (name, value, baseline, shy) in [
            ("Subject", "secret", Some("[...]"), Some("[...]")),
            ("subJECT", "", Some("[...]"), Some("[...]")),
            ("Keywords", "a, b", None, None),
            ("Comments", "c", None, None),
            ("X-Mailer", "x", Some("x"), Some("x")),
            (
                "From",
                "Alice <alice@Example.com>",
                Some("Alice <alice@Example.com>"),
                Some("alice@example.com"),
            ),
            (
                "From",
                "A <a@example.com>, B <b@example.com>",
                Some("A <a@example.com>, B <b@example.com>"),
                Some("A <a@example.com>, B <b@example.com>"),
            ),
            ("To", &long, Some(&long), Some(&bare)),
            (
                "Cc",
                "us: a@example.com;",
                Some("us: a@example.com;"),
                Some("us: a@example.com;"),
            ),
            (
                "Cc",
                "Ä <ä@example.com>",
                Some("Ä <ä@example.com>"),
                Some("Ä <ä@example.com>"),
            ),
            ("To", "", Some(""), Some("")),
            (
                "Reply-To",
                "A <a@example.com>",
                Some("A <a@example.com>"),
                Some("A <a@example.com>"),
            ),
            (
                "Date",
                "Wed, 11 Jan 2023 16:08:43 -0500",
                Some("Wed, 11 Jan 2023 16:08:43 -0500"),
                Some("Wed, 11 Jan 2023 21:08:43 +0000"),
            ),
            ("Date", "soon", Some("soon"), Some("soon")),
        ] {
            assert_eq!(
                outside(Baseline, name, value).as_deref(),
                baseline,
                "{name}: {value}"
            );
            assert_eq!(outside(Shy, name, value).as_deref(), shy, "{name}: {value}");
            assert_eq!(outside(Nothing, name, value).as_deref(), Some(value));
        }
    }

    #[test]
    fn long_lists_are_folded() {
        let long = "Alice <alice@example.com>,".repeat(4) + "b@example.com";
        let field = Field::new("To", &long, LineEnd::CrLf);
        let outside = HeaderConfidentiality::Shy
            .outside(&field, LineEnd::CrLf)
            .unwrap();
        let lines = outside.raw.split(|o| *o == b'\n');
        assert!(lines.into_iter().all(|line| line.len() < 78));
    }
}
