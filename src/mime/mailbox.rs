//! Mail addresses, strictly (RFC 5322 §3.4, RFC 6531, RFC 6532): who a From field names.
//!
//! Knows the grammar of addresses and the forms of domain names (RFC 5890); not which address a certificate names.
//! Of the obsolete syntax only empty list members and the dot in a display name are read; routes, domain literals, white
//! space or comments between the dots of an addr-spec are refused, since mail clients disagree about them.
use super::{
    header::Header,
    lexer::{Lexer, is_atom},
};
use idna::uts46::{AsciiDenyList, DnsLength, Hyphens, Uts46};
use std::fmt;

/// Octets of a local part, and of a whole address (RFC 5321 §4.5.3.1.1, §4.5.3.1.3).
const LOCAL: usize = 64;
const ADDRESS: usize = 254;

/// An addr-spec. Compared with [`Address::same_as`]: local part octet for octet, domain case-folded as A-labels.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Address {
    /// unquoted local part
    pub local: String,
    /// domain, lower case, A-labels
    pub domain: String,
}

impl Address {
    /// Parses a bare addr-spec (`user@example.com`), nothing around it; comments, routes, NUL, control characters and a trailing dot are refused.
    pub fn parse(text: &str) -> Option<Self> {
        let mut lexer = Lexer::new(text.as_bytes())?;
        let local = local_part(&mut lexer)?;
        lexer.expect(b'@')?;
        let domain = dot_atom(&mut lexer)?;
        lexer.is_at_end().then(|| Self::new(local, &domain))?
    }

    /// Returns whether both name the same mailbox.
    pub fn same_as(&self, other: &Self) -> bool {
        self.local == other.local && self.domain.eq_ignore_ascii_case(&other.domain)
    }

    fn new(local: String, domain: &str) -> Option<Self> {
        let domain = a_labels(domain)?;
        let fits =
            !local.is_empty() && local.len() <= LOCAL && local.len() + 1 + domain.len() <= ADDRESS;
        // a C1 control, a byte order mark (RFC 9598 §3), or an encoded word (RFC 2047 §5: not within an addr-spec) that some would decode
        let clean =
            !local.contains(|c: char| c.is_control() || c == '\u{feff}') && !local.contains("=?");
        (fits && clean).then_some(Self { local, domain })
    }
}

impl fmt::Display for Address {
    /// The addr-spec, local part quoted where needed, domain in A-label form.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let is_dot_atom = self
            .local
            .split('.')
            .all(|a| !a.is_empty() && a.bytes().all(is_atom));
        if is_dot_atom {
            return write!(f, "{}@{}", self.local, self.domain);
        }
        let quoted = self.local.replace('\\', "\\\\").replace('"', "\\\"");
        write!(f, "\"{quoted}\"@{}", self.domain)
    }
}

/// Why a From field does not name exactly one mailbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FromError {
    /// more than one From field
    #[error("the message has more than one From field")]
    Repeated,
    /// no mailbox
    #[error("the From field names no mailbox")]
    Empty,
    /// several mailboxes
    #[error("the From field names more than one mailbox")]
    Several,
    /// group syntax
    #[error("the From field names a group")]
    Group,
    /// not RFC 5322
    #[error("the From field is malformed")]
    Malformed,
}

/// Returns the one mailbox that the From field names; `Ok(None)` if there is no From field, an error if there are two. Display names,
/// comments and folds are understood and ignored; an encoded word inside an addr-spec, NUL, bare CR are malformed.
pub fn sole_from(header: &Header) -> Result<Option<Address>, FromError> {
    let mut fields = header.all("From");
    let Some(field) = fields.next() else {
        return Ok(None);
    };
    if fields.next().is_some() {
        return Err(FromError::Repeated);
    }
    let list = address_list(&field.value()).ok_or(FromError::Malformed)?;
    match <[Address; 1]>::try_from(list.mailboxes) {
        _ if list.has_group => Err(FromError::Group),
        Ok(_) if list.has_empty_member => Err(FromError::Malformed),
        Ok([address]) => Ok(Some(address)),
        Err(mailboxes) if mailboxes.is_empty() => Err(FromError::Empty),
        Err(_) => Err(FromError::Several),
    }
}

/// Returns every mailbox of an address-list field (To, Cc, Bcc), groups flattened; `None` if it is malformed.
pub fn list(value: &[u8]) -> Option<Vec<Address>> {
    Some(address_list(value)?.mailboxes)
}

/// Returns the mailboxes of a mailbox-list; `None` if it is another, has a group or nothing where a mailbox should stand.
pub fn mailboxes(value: &[u8]) -> Option<Vec<Address>> {
    let list = address_list(value)?;
    (!list.has_group && !list.has_empty_member).then_some(list.mailboxes)
}

#[derive(Default)]
struct AddressList {
    mailboxes: Vec<Address>,
    has_group: bool,
    /// Nothing stands where a mailbox should (RFC 5322 §4.4).
    has_empty_member: bool,
}

/// Parses mailboxes and groups, separated by commas.
fn address_list(value: &[u8]) -> Option<AddressList> {
    // UTF-8 throughout (RFC 6532 §3.2): in another charset other octets may mean `<` or `"`
    std::str::from_utf8(value).ok()?;
    let mut lexer = Lexer::new(value)?;
    let mut list = AddressList::default();
    let mut in_group = false;
    loop {
        lexer.skip_cfws()?;
        match lexer.peek() {
            None | Some(b',' | b';') => list.has_empty_member = true,
            Some(_) => match member(&mut lexer)? {
                Member::Mailbox(address) => list.mailboxes.push(address),
                Member::GroupStart if in_group => return None,
                Member::GroupStart => {
                    list.has_group = true;
                    in_group = true;
                    continue;
                }
            },
        }
        lexer.skip_cfws()?;
        if in_group && lexer.accept(b';') {
            in_group = false;
            lexer.skip_cfws()?;
        }
        if lexer.is_at_end() {
            return (!in_group).then_some(list);
        }
        lexer.expect(b',')?;
    }
}

enum Member {
    Mailbox(Address),
    /// A group's name and colon.
    GroupStart,
}

/// Parses a mailbox, or the beginning of a group.
fn member(lexer: &mut Lexer<'_>) -> Option<Member> {
    let mut bare = *lexer;
    if let Some(address) = addr_spec(&mut bare)
        && matches!(bare.peek(), None | Some(b',' | b';'))
    {
        *lexer = bare;
        return Some(Member::Mailbox(address));
    }
    let has_name = skip_phrase(lexer)?;
    if has_name && lexer.accept(b':') {
        return Some(Member::GroupStart);
    }
    lexer.expect(b'<')?;
    let address = addr_spec(lexer)?;
    lexer.expect(b'>')?;
    Some(Member::Mailbox(address))
}

/// Skips a display name, with the dots that RFC 5322 §4.1 calls obsolete and everyone writes; tells whether there is one.
fn skip_phrase(lexer: &mut Lexer<'_>) -> Option<bool> {
    let mut has_name = false;
    loop {
        lexer.skip_cfws()?;
        match lexer.peek() {
            Some(b'"') => {
                lexer.quoted_string()?;
            }
            Some(b'.') if has_name => {
                lexer.accept(b'.');
            }
            Some(octet) if is_atom(octet) => {
                lexer.run(is_atom)?;
            }
            _ => return Some(has_name),
        }
        has_name = true;
    }
}

/// Parses an addr-spec with the comments that may stand around its two halves.
fn addr_spec(lexer: &mut Lexer<'_>) -> Option<Address> {
    lexer.skip_cfws()?;
    let local = local_part(lexer)?;
    lexer.skip_cfws()?;
    lexer.expect(b'@')?;
    lexer.skip_cfws()?;
    let domain = dot_atom(lexer)?;
    lexer.skip_cfws()?;
    Address::new(local, &domain)
}

fn local_part(lexer: &mut Lexer<'_>) -> Option<String> {
    if lexer.peek() == Some(b'"') {
        return String::from_utf8(lexer.quoted_string()?).ok();
    }
    dot_atom(lexer)
}

fn dot_atom(lexer: &mut Lexer<'_>) -> Option<String> {
    let text = lexer.run(|o| is_atom(o) || o == b'.')?;
    let text = std::str::from_utf8(text).ok()?;
    text.split('.')
        .all(|a| !a.is_empty())
        .then(|| text.to_owned())
}

/// Returns `domain` in lower case with A-labels; `None` if it is no domain name of letters, digits and hyphens, or has
/// U-labels in another than their normal form (RFC 5890 §2.3.2.1), which would be mapped to who knows what.
fn a_labels(domain: &str) -> Option<String> {
    if domain.len() > 4 * ADDRESS {
        // punycode takes quadratic time, and no U-label is four times as long as its A-label
        return None;
    }
    let uts46 = Uts46::new();
    for label in domain.split('.').filter(|l| !l.is_ascii()) {
        let (normal, result) =
            uts46.to_unicode(label.as_bytes(), AsciiDenyList::STD3, Hyphens::Check);
        result.ok()?;
        if normal != label.to_lowercase() {
            return None;
        }
    }
    uts46
        .to_ascii(
            domain.as_bytes(),
            AsciiDenyList::STD3,
            Hyphens::CheckFirstLast,
            DnsLength::Verify,
        )
        .ok()
        .map(|d| d.into_owned())
}

#[cfg(test)]
mod tests {
    #![allow(
        clippy::unwrap_used,
        clippy::indexing_slicing,
        clippy::panic,
        clippy::expect_used
    )]
    use super::*;
    use crate::mime::header::Limits;
    use proptest::prelude::*;

    fn from(header: &[u8]) -> Result<Option<String>, FromError> {
        let limits = Limits {
            block: 100_000,
            line: 100_000,
            fields: 1000,
        };
        let header = Header::read(&mut &header[..], limits).unwrap();
        sole_from(&header).map(|a| a.map(|a| a.to_string()))
    }

    fn from_value(value: &str) -> Result<Option<String>, FromError> {
        from(format!("From: {value}\r\n\r\n").as_bytes())
    }

    #[test]
    fn finds_the_one_mailbox() {
        for (value, address) in [
            ("alice@example.com", "alice@example.com"),
            ("<alice@example.com>", "alice@example.com"),
            ("Alice <Alice@EXAMPLE.com>", "Alice@example.com"),
            ("\"Eve, \\\"<x@y>\" <eve@example.com>", "eve@example.com"),
            (
                "\"alice@good.example\" <eve@evil.example>",
                "eve@evil.example",
            ),
            (
                "=?utf-8?q?alice=40good.example?= <eve@evil.example>",
                "eve@evil.example",
            ),
            ("John Q. Public. <j@example.com> (c)", "j@example.com"),
            ("Jörg <j@example.com>", "j@example.com"),
            (
                "(a) alice (b (c)\\)) @ (d) example.com (alice@good.example)",
                "alice@example.com",
            ),
            ("A <(a) alice@example.com (b)>", "alice@example.com"),
            ("\"alice\"@example.com", "alice@example.com"),
            (
                "\"a b\\\"@\\\\\"@example.com",
                "\"a b\\\"@\\\\\"@example.com",
            ),
            ("\"a..b\"@example.com", "\"a..b\"@example.com"),
            ("a.b+c=d@example.com", "a.b+c=d@example.com"),
            (
                "δοκιμή@παράδειγμα.δοκιμή",
                "δοκιμή@xn--hxajbheg2az3al.xn--jxalpdlp",
            ),
            ("a@BÜCHER.example", "a@xn--bcher-kva.example"),
            ("a@XN--bcher-kva.example", "a@xn--bcher-kva.example"),
            ("Alice\r\n <alice@\r\n example.com>", "alice@example.com"),
        ] {
            assert_eq!(from_value(value), Ok(Some(address.to_owned())), "{value}");
        }
        assert_eq!(from(b"Sender: a@b\n\n"), Ok(None));
        assert_eq!(
            from(b"FROM : a@b.example\n\n"),
            Ok(Some("a@b.example".into()))
        );
        let folded = "(c)\r\n ".repeat(2000) + "alice@example.com";
        assert_eq!(from_value(&folded), Ok(Some("alice@example.com".into())));
    }

    #[test]
    fn tells_why_there_is_not_one() {
        use FromError::*;
        for (value, error) in [
            ("", Empty),
            ("(only a comment)", Empty),
            (",", Empty),
            ("a@b.example, c@d.example", Several),
            ("A <a@b.example>, a@b.example", Several),
            (
                "=?utf-8?Q?<alice@good.example>,?= <eve@evil.example>",
                Several,
            ),
            ("Friends: a@b.example;", Group),
            ("Friends:;", Group),
            ("a@b.example, Friends: c@d.example;", Group),
        ] {
            assert_eq!(from_value(value), Err(error), "{value}");
        }
        assert_eq!(
            from(b"From: a@b.example\nfrom: a@b.example\n\n"),
            Err(Repeated)
        );
        assert_eq!(from(b"From: a@b.example\nFROM:\n\n"), Err(Repeated));
    }

    #[test]
    fn refuses_what_is_malformed() {
        for value in [
            "alice",
            "Alice Example",
            "<>",
            "Alice <>",
            "Alice <alice>",
            "alice@",
            "@example.com",
            "alice@example.com.",
            "alice@.example.com",
            "alice@example..com",
            ".alice@example.com",
            "alice.@example.com",
            "alice . b@example.com",
            "alice@example (c).com",
            "alice @example. com",
            "\"alice\".b@example.com",
            "\"\"@example.com",
            "alice@[192.0.2.1]",
            "<@relay.example:alice@example.com>",
            "<@relay.example,@b.example:alice@example.com>",
            "alice@good.example <eve@evil.example>",
            "<alice@good.example> <eve@evil.example>",
            "<alice@good.example> eve@evil.example",
            "Alice <alice@example.com> x",
            "Alice <alice@example.com",
            "Alice alice@example.com>",
            "alice@good.example@evil.example",
            "alice@example.com,",
            ",alice@example.com",
            "alice@example.com;",
            "A: b@c.example",
            "A: B: c@d.example;;",
            ": c@d.example;",
            "=?utf-8?q?alice=40good.example?=",
            "=?utf-8?q?alice?=@example.com",
            "\"=?utf-8?q?alice?=\"@example.com",
            "alice@=?utf-8?q?example.com?=",
            "<=?utf-8?q?alice=40example.com?=>",
            "\"Alice <alice@example.com>",
            "Alice (c <alice@example.com>",
            "Alice) <alice@example.com>",
            "al\0ice@example.com",
            "al\rice@example.com",
            "\"al\rice\"@example.com",
            "Alice\u{7} <alice@example.com>",
            "al\u{85}ice@example.com",
            "\u{feff}alice@example.com",
            "alice@exam_ple.com",
            "alice@-example.com",
            "alice@example-.com",
            "alice@xn--a.example",
            "alice@ｅxample.com",
            "alice@example。com",
            "alice@exa\u{ad}mple.com",
            "alice@ex\u{200b}ample.com",
            "alice@bu\u{308}cher.example",
        ] {
            assert_eq!(from_value(value), Err(FromError::Malformed), "{value:?}");
        }
        assert_eq!(
            from(b"From: J\xf6rg <j@example.com>\n\n"),
            Err(FromError::Malformed)
        );
    }

    #[test]
    fn bounds_comments_and_lengths() {
        let commented = |n: usize| format!("{}{} a@b.example", "(".repeat(n), ")".repeat(n));
        assert!(from_value(&commented(16)).is_ok());
        assert!(from_value(&commented(17)).is_err());
        let local = |n: usize| Address::parse(&format!("{}@b.example", "a".repeat(n)));
        assert!(local(LOCAL).is_some());
        assert!(local(LOCAL + 1).is_none());
        let domain = |n: usize| {
            let labels = "a.".repeat(125);
            Address::parse(&format!("{}@{labels}bc", "x".repeat(n)))
        };
        assert!(domain(1).is_some());
        assert!(domain(2).is_none());
        assert!(Address::parse(&format!("a@{}.example", "b".repeat(63))).is_some());
        assert!(Address::parse(&format!("a@{}.example", "b".repeat(64))).is_none());
    }

    #[test]
    fn parses_a_bare_address_only() {
        let parsed = Address::parse("\"a@b\"@C.example").unwrap();
        assert_eq!(
            (parsed.local.as_str(), parsed.domain.as_str()),
            ("a@b", "c.example")
        );
        for text in [
            "",
            " a@b.example",
            "a@b.example ",
            "a @b.example",
            "(c)a@b.example",
            "<a@b.example>",
            "A <a@b.example>",
            "a@b.example.",
            "a@b.example\0",
            "a@b.example\n",
            "a@b@c.example",
            "a@[1.2.3.4]",
            "*@b.example\0.evil",
            "a@*.example",
        ] {
            assert_eq!(Address::parse(text), None, "{text:?}");
        }
    }

    #[test]
    fn compares_local_parts_exactly_and_domains_folded() {
        let same = |a: &str, b: &str| {
            Address::parse(a)
                .unwrap()
                .same_as(&Address::parse(b).unwrap())
        };
        assert!(same("a@Example.com", "a@eXAMPLE.COM"));
        assert!(same("\"a\"@b.example", "a@b.example"));
        assert!(same("a@BÜcher.example", "a@xn--BCHER-kva.example"));
        assert!(!same("A@b.example", "a@b.example"));
        assert!(!same("a@b.example", "a@c.example"));
        assert!(!same("é@b.example", "e\u{301}@b.example"));
    }

    #[test]
    fn flattens_lists() {
        let addresses = |value: &str| {
            list(value.as_bytes()).map(|l| l.iter().map(Address::to_string).collect::<Vec<_>>())
        };
        assert_eq!(
            addresses("a@b.example, F: C <c@d.example>, e@f.example; , \"x,y\" <g@h.example>,,")
                .unwrap(),
            ["a@b.example", "c@d.example", "e@f.example", "g@h.example"]
        );
        assert_eq!(addresses("undisclosed-recipients:;").unwrap(), [""; 0]);
        assert_eq!(addresses("").unwrap(), [""; 0]);
        for value in [
            "a@b.example c@d.example",
            "a@b.example;",
            "F: a@b.example",
            "F: a@b.example;; ",
            "a",
        ] {
            assert_eq!(addresses(value), None, "{value}");
        }
    }

    proptest! {
        #[test]
        fn never_panics(value in "[ab.@<>():;,\"\\\\= ?é\\t\\[\\]-]{0,40}") {
            for address in list(value.as_bytes()).unwrap_or_default() {
                prop_assert_eq!(Address::parse(&address.to_string()), Some(address));
            }
        }

        #[test]
        fn never_panics_on_octets(value in proptest::collection::vec(any::<u8>(), 0..60)) {
            let _ = list(&value);
        }

        #[test]
        fn reads_back_what_it_shows(local in "[ -~é]{1,20}", domain in "[A-Za-z0-9]{1,9}(\\.[a-z]{2,5}){0,3}") {
            let address = Address { local, domain: domain.to_ascii_lowercase() };
            if !address.local.contains("=?") {
                prop_assert_eq!(Address::parse(&address.to_string()), Some(address));
            }
        }
    }
}
