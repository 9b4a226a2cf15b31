//! Name constraints (RFC 5280 §4.2.1.10, RFC 9598 §6).
//!
//! What is malformed, or of a form that is not understood, is decided against the certificate: such a name lies in no permitted subtree
//! and in every excluded one. Crate `x509-cert` would refuse such a certificate, and keeps no octets of names.
use super::{
    Error,
    extension::sequence,
    general_name::{GeneralName, mailbox},
    path::{Budget, BudgetExceeded},
};
use crate::{
    asn1::{Tag, cursor::Cursor},
    mime::mailbox::Address,
};

/// NameConstraints ::= SEQUENCE { permittedSubtrees [0] GeneralSubtrees OPTIONAL, excludedSubtrees [1] GeneralSubtrees OPTIONAL }
#[derive(Debug)]
pub(super) struct NameConstraints<'a> {
    permitted: Vec<GeneralName<'a>>,
    excluded: Vec<GeneralName<'a>>,
}

/// How a name offends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Violation {
    /// it lies in no permitted subtree of its form
    NotPermitted,
    /// it lies in an excluded subtree
    Excluded,
}

impl<'a> NameConstraints<'a> {
    /// Reads the extension's value.
    pub(super) fn read(der: &'a [u8]) -> Result<Self, Error> {
        let mut fields = sequence(der)?;
        let permitted = subtrees(&mut fields, Tag::context(0))?;
        let excluded = subtrees(&mut fields, Tag::context(1))?;
        fields.finish()?;
        Ok(Self {
            permitted,
            excluded,
        })
    }

    /// Judges one name of a certificate further down.
    pub(super) fn judge(
        &self,
        name: &GeneralName<'_>,
        budget: &mut Budget,
    ) -> Result<Option<Violation>, BudgetExceeded> {
        // read once, however many constraints there are
        let address = name.address();
        for base in &self.excluded {
            budget.compare_names()?;
            if is_same_form(name, base) && is_within(name, address.as_ref(), base, InDoubt::Within)
            {
                return Ok(Some(Violation::Excluded));
            }
        }
        let mut constrained = false;
        for base in &self.permitted {
            budget.compare_names()?;
            if is_same_form(name, base) {
                if is_within(name, address.as_ref(), base, InDoubt::Outside) {
                    return Ok(None);
                }
                constrained = true;
            }
        }
        Ok(constrained.then_some(Violation::NotPermitted))
    }
}

/// What to assume where it cannot be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum InDoubt {
    Within,
    Outside,
}

/// Reads GeneralSubtrees ::= SEQUENCE SIZE (1..MAX) OF SEQUENCE { base GeneralName, minimum [0] DEFAULT 0, maximum [1] OPTIONAL }.
fn subtrees<'a>(fields: &mut Cursor<'a>, tag: Tag) -> Result<Vec<GeneralName<'a>>, Error> {
    let mut bases = Vec::new();
    if fields.peek() != Some(tag) {
        return Ok(bases);
    }
    let mut list = fields.enter(tag)?;
    while !list.is_empty() {
        let mut subtree = list.enter(Tag::SEQUENCE)?;
        let base = GeneralName::read(&mut subtree)?;
        if let Some(minimum) = subtree.optional(Tag::context_primitive(0))?
            && minimum.content != [0]
        {
            return Err(Error::Malformed("a name constraint has a minimum"));
        }
        subtree
            .finish()
            .map_err(|_| Error::Malformed("a name constraint has a maximum"))?;
        if let GeneralName::Ip(range) = base
            && !is_range(range)
        {
            return Err(Error::Malformed("a range of IP addresses is malformed"));
        }
        bases.push(base);
    }
    Ok(bases)
}

/// Returns whether `range` is an IPv4 or IPv6 address with a mask of leading ones (RFC 4632 §5.1).
fn is_range(range: &[u8]) -> bool {
    let mask = match range {
        [_, _, _, _, mask @ ..] if mask.len() == 4 => mask,
        range if range.len() == 32 => range.get(16..).unwrap_or_default(),
        _ => return false,
    };
    let mut octets = mask.iter().skip_while(|octet| **octet == 0xff);
    let edge = octets.next().copied().unwrap_or(0);
    edge.leading_ones() == edge.count_ones() && octets.all(|octet| *octet == 0)
}

/// Returns whether a constraint of `base`'s form concerns `name`; SmtpUTF8Mailbox is constrained by rfc822Name (RFC 9598 §6), and every type
/// of otherName is a form of its own.
fn is_same_form(name: &GeneralName<'_>, base: &GeneralName<'_>) -> bool {
    let is_mailbox = |name: &GeneralName<'_>| {
        matches!(
            name,
            GeneralName::Rfc822(_) | GeneralName::SmtpUtf8Mailbox(_)
        )
    };
    if let (GeneralName::Other(name), GeneralName::Other(base)) = (name, base) {
        return type_of(name) == type_of(base);
    }
    (is_mailbox(name) && is_mailbox(base))
        || std::mem::discriminant(name) == std::mem::discriminant(base)
}

/// Returns the OID at the beginning of an otherName; both have been read before.
fn type_of(other: &[u8]) -> Option<&[u8]> {
    let kind = Cursor::new(other, 0).expect(Tag::OID).ok()?;
    Some(kind.content)
}

/// Returns whether `name` lies in the subtree of `base`, both of the same form; `address` is the name's, if it is a mailbox.
///
/// RFC 5280 §4.2.1.10 defines no subtrees of otherName, x400Address, ediPartyName and registeredID: where one constrains, no name of the form
/// passes.
fn is_within(
    name: &GeneralName<'_>,
    address: Option<&Address>,
    base: &GeneralName<'_>,
    doubt: InDoubt,
) -> bool {
    let answer = match (name, base) {
        (GeneralName::Rfc822(_) | GeneralName::SmtpUtf8Mailbox(_), GeneralName::Rfc822(base)) => {
            address.and_then(|address| is_mailbox_within(address, base, doubt))
        }
        (GeneralName::Directory(name), GeneralName::Directory(base)) => name.is_within(base),
        (GeneralName::Dns(name), GeneralName::Dns(base)) => is_dns_name_within(name, base, doubt),
        (GeneralName::Uri(name), GeneralName::Uri(base)) => is_uri_within(name, base),
        (GeneralName::Ip(name), GeneralName::Ip(base)) => is_address_within(name, base),
        _ => None,
    };
    answer.unwrap_or(doubt == InDoubt::Within)
}

/// A mailbox, all mailboxes at a host, or (with a period in front) all at the hosts below a domain. Nothing at all means everything.
fn is_mailbox_within(address: &Address, base: &[u8], doubt: InDoubt) -> Option<bool> {
    if base.contains(&b'@') {
        let base = mailbox(base)?;
        // RFC 5280 §7.5: the local part matters to the letter. To keep away a mailbox means all spellings of it.
        let same = match doubt {
            InDoubt::Within => base.local.eq_ignore_ascii_case(&address.local),
            InDoubt::Outside => base.local == address.local,
        };
        return Some(same && base.domain == address.domain);
    }
    is_host_within(&address.domain, base)
}

/// A host, or (with a period in front) those below a domain (RFC 5280 §4.2.1.10, rfc822Name and URI).
fn is_host_within(host: &str, base: &[u8]) -> Option<bool> {
    let base = std::str::from_utf8(base).ok()?.to_ascii_lowercase();
    Some(match base.strip_prefix('.') {
        _ if base.is_empty() => true,
        Some(domain) => is_host(domain).then(|| is_below(host, domain))?,
        None => is_host(&base).then(|| host == base)?,
    })
}

/// A domain and everything below it; a period in front, which RFC 5280 does not foresee here, leaves the domain itself out.
fn is_dns_name_within(name: &[u8], base: &[u8], doubt: InDoubt) -> Option<bool> {
    let name = std::str::from_utf8(name).ok()?.to_ascii_lowercase();
    let base = std::str::from_utf8(base).ok()?.to_ascii_lowercase();
    let (host, wildcard) = match name.strip_prefix("*.") {
        Some(parent) => (parent, true),
        None => (name.as_str(), false),
    };
    if !is_host(host) {
        return None;
    }
    let (domain, itself) = match base.strip_prefix('.') {
        _ if base.is_empty() => return Some(true),
        Some(domain) => (domain, false),
        None => (base.as_str(), true),
    };
    if !is_host(domain) {
        return None;
    }
    // A wildcard names no host but those below its parent: all of them must be permitted, none may be excluded.
    Some(
        is_below(host, domain)
            || (host == domain && (itself || wildcard))
            || (wildcard && doubt == InDoubt::Within && is_below(domain, host)),
    )
}

/// The host of a URI as a mailbox's; a URI without a host name cannot be constrained and is refused.
fn is_uri_within(uri: &[u8], base: &[u8]) -> Option<bool> {
    let uri = std::str::from_utf8(uri).ok()?;
    let (_, rest) = uri.split_once("://")?;
    let authority = rest.split(['/', '?', '#']).next()?;
    let host = authority
        .rsplit_once('@')
        .map_or(authority, |(_, host)| host);
    let host = host.split_once(':').map_or(host, |(host, _)| host);
    let host = host.to_ascii_lowercase();
    let numeric = host
        .rsplit('.')
        .next()
        .is_some_and(|label| label.bytes().all(|octet| octet.is_ascii_digit()));
    (is_host(&host) && !numeric).then(|| is_host_within(&host, base))?
}

/// An address within a range of the same version.
fn is_address_within(address: &[u8], range: &[u8]) -> Option<bool> {
    if !matches!(address.len(), 4 | 16) || !matches!(range.len(), 8 | 32) {
        return None;
    }
    let (network, mask) = range.split_at_checked(range.len() / 2)?;
    let mut octets = address.iter().zip(network).zip(mask);
    Some(
        network.len() == address.len()
            && octets.all(|((octet, network), mask)| octet & mask == network & mask),
    )
}

/// Returns whether `host` is a proper subdomain of `domain`.
fn is_below(host: &str, domain: &str) -> bool {
    host.strip_suffix(domain)
        .is_some_and(|front| front.ends_with('.'))
}

/// Returns whether these are labels of letters, digits, hyphens (and underscores, which are found).
fn is_host(text: &str) -> bool {
    text.split('.').all(|label| {
        !label.is_empty()
            && label
                .bytes()
                .all(|octet| octet.is_ascii_alphanumeric() || matches!(octet, b'-' | b'_'))
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::{
        policy::Limits,
        x509::sample::{constraints, general_name},
    };

    fn judged(permitted: &[&str], excluded: &[&str], name: &str) -> Option<Violation> {
        let der = constraints(permitted, excluded);
        let constraints = NameConstraints::read(&der).unwrap();
        let name = general_name(name);
        let name = GeneralName::read(&mut Cursor::new(&name, 0)).unwrap();
        constraints
            .judge(&name, &mut Budget::new(Limits::default()))
            .unwrap()
    }

    /// Each base with names inside and outside of its subtree; a name in neither list cannot be told and is refused either way.
    fn table(base: &str, inside: &[&str], outside: &[&str], unclear: &[&str]) {
        for name in inside {
            assert_eq!(judged(&[base], &[], name), None, "{name} in {base}");
            assert_eq!(
                judged(&[], &[base], name),
                Some(Violation::Excluded),
                "{name} in {base}"
            );
        }
        for name in outside {
            assert_eq!(
                judged(&[base], &[], name),
                Some(Violation::NotPermitted),
                "{name} not in {base}"
            );
            assert_eq!(judged(&[], &[base], name), None, "{name} not in {base}");
        }
        for name in unclear {
            assert_eq!(
                judged(&[base], &[], name),
                Some(Violation::NotPermitted),
                "{name}, {base}"
            );
            assert_eq!(
                judged(&[], &[base], name),
                Some(Violation::Excluded),
                "{name}, {base}"
            );
        }
    }

    #[test]
    fn mailboxes() {
        let malformed = [
            "email:a@b@example.com",
            "email:a@example.com.",
            "email:example.com",
            "email:a\0@example.com",
            "email:ä@example.com",
            "email:a@example..com",
        ];
        table(
            "email:example.com",
            &[
                "email:a@example.com",
                "email:a@EXAMPLE.com",
                "email:\"a@b\"@example.com",
                "utf8:ä@example.com",
            ],
            &[
                "email:a@sub.example.com",
                "email:a@badexample.com",
                "email:a@example.org",
                "email:\"a@example.com\"@evil.org",
                "utf8:ä@example.org",
            ],
            &malformed,
        );
        table(
            "email:.example.com",
            &["email:a@sub.example.com", "email:a@x.sub.EXAMPLE.com"],
            &["email:a@example.com", "email:a@xexample.com"],
            &malformed,
        );
        table(
            "email:alice@example.com",
            &["email:alice@example.com", "email:alice@Example.COM"],
            &["email:bob@example.com", "email:alice@sub.example.com"],
            &["email:ALICE@example.com", "email:a@b@example.com"],
        );
        table("email:", &["email:a@example.com"], &[], &["email:nobody"]);
        table(
            "email:*.example.com",
            &[],
            &[],
            &["email:a@example.com", "email:a@b.example.com"],
        );
        table("email:example.com.", &[], &[], &["email:a@example.com"]);
    }

    #[test]
    fn names_of_directories() {
        table(
            "dir:O=Example",
            &["dir:O=Example", "dir:O=EXAMPLE,CN=Alice"],
            &["dir:O=Other", "dir:CN=Alice,O=Example", "dir:"],
            &[],
        );
        // U+1F389 is younger than the tables that names are compared by: nobody knows whether case counts beside it. And where the
        // sample writes a PrintableString, it is none
        for attribute in ["CN", "O"] {
            let of = |text: &str| format!("dir:{attribute}={text}");
            table(
                &of("Example \u{1f389}"),
                &[&of("Example \u{1f389}"), &of("Example \u{1f389},CN=Alice")],
                &[&of("Example"), &of("Alice,O=Example \u{1f389}"), "dir:"],
                &[&of("EXAMPLE \u{1f389}"), &of("EXAMPLE \u{1f389},CN=Alice")],
            );
        }
    }

    #[test]
    fn names_of_hosts() {
        table(
            "dns:example.com",
            &[
                "dns:example.com",
                "dns:a.EXAMPLE.com",
                "dns:*.example.com",
                "dns:*.a.example.com",
            ],
            &["dns:badexample.com", "dns:example.org"],
            &["dns:example.com.", "dns:a..example.com", "dns:*.com"],
        );
        table(
            "dns:.example.com",
            &["dns:a.example.com", "dns:*.example.com"],
            &["dns:example.com"],
            &[],
        );
        table("dns:", &["dns:example.com"], &[], &[]);
        table("dns:*.example.com", &[], &[], &["dns:a.example.com"]);
    }

    #[test]
    fn resources() {
        table(
            "uri:example.com",
            &[
                "uri:https://example.com/a",
                "uri:ldap://a@EXAMPLE.com:389/x",
            ],
            &[
                "uri:https://a.example.com/",
                "uri:https://example.com@evil.org/",
            ],
            &[
                "uri:urn:a:b",
                "uri:https://192.0.2.1/",
                "uri:https:///a",
                "uri:https://[::1]/",
            ],
        );
        table(
            "uri:.example.com",
            &["uri:https://a.example.com"],
            &["uri:https://example.com"],
            &[],
        );
    }

    #[test]
    fn addresses_of_hosts() {
        table(
            "ip:c0000200ffffff00",
            &["ip:c0000201", "ip:c00002ff"],
            &["ip:c0000301", "ip:00000000000000000000000000000001"],
            &["ip:c00002", "ip:c0000200ffffff00"],
        );
        for bad in [
            "ip:c0000200",
            "ip:c0000200ff00ff00",
            "ip:c0000200ffffff",
            "ip:c0000200fffffeff",
        ] {
            assert!(
                NameConstraints::read(&constraints(&[bad], &[])).is_err(),
                "{bad}"
            );
        }
    }

    #[test]
    fn forms_that_are_not_understood_are_refused_where_they_are_constrained() {
        table("other:x", &[], &[], &["other:x", "other:y"]);
        table("upn:@example.com", &[], &[], &["upn:alice@example.com"]);
        table("id:1.2.3", &[], &[], &["id:1.2.3", "id:1.2.3.4"]);
        table("x400:", &[], &[], &["x400:"]);
        table("edi:", &[], &[], &["edi:"]);
        // another type of otherName is another form
        assert_eq!(
            judged(&["other:x"], &["other:x"], "upn:alice@example.com"),
            None
        );
        assert_eq!(
            judged(&["other:x"], &["other:y"], "email:a@example.com"),
            None
        );
        table(
            "utf8:ä@example.com",
            &[],
            &[],
            &["utf8:ä@example.com", "email:a@example.com"],
        );
    }

    #[test]
    fn other_forms_are_free() {
        assert_eq!(
            judged(&["email:example.com"], &["email:evil.org"], "dns:evil.org"),
            None
        );
        assert_eq!(judged(&["dns:example.com"], &[], "dir:O=Other"), None);
    }

    #[test]
    fn exclusion_wins_and_one_permission_suffices() {
        let permitted = ["email:example.com", "email:example.org"];
        assert_eq!(judged(&permitted, &[], "email:a@example.org"), None);
        assert_eq!(
            judged(
                &permitted,
                &["email:bad@example.org"],
                "email:bad@example.org"
            ),
            Some(Violation::Excluded)
        );
    }

    #[test]
    fn refuses_distances_and_what_is_malformed() {
        let subtree = |rest: &[u8]| {
            let base = general_name("email:example.com");
            let content = crate::asn1::write::sequence(&[&base, rest]);
            crate::asn1::write::sequence(&[&crate::asn1::write::tlv(Tag::context(0), &content)])
        };
        assert!(NameConstraints::read(&subtree(&[])).is_ok());
        assert!(NameConstraints::read(&subtree(&[0x80, 1, 0])).is_ok());
        assert!(NameConstraints::read(&subtree(&[0x80, 1, 1])).is_err());
        assert!(NameConstraints::read(&subtree(&[0x81, 1, 0])).is_err());
        assert!(NameConstraints::read(&[0x30, 1]).is_err());
    }

    #[test]
    fn comparisons_are_counted() {
        let der = constraints(&["email:example.com", "email:example.org"], &[]);
        let constraints = NameConstraints::read(&der).unwrap();
        let name = GeneralName::Rfc822(b"a@example.org");
        let mut budget = Budget::new(Limits {
            name_comparisons: 3,
            ..Limits::default()
        });
        assert_eq!(constraints.judge(&name, &mut budget), Ok(None));
        let exceeded = constraints.judge(&name, &mut budget).unwrap_err();
        assert_eq!(
            exceeded,
            BudgetExceeded {
                what: "name comparisons",
                limit: 3
            }
        );
    }
}
