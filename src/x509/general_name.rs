//! GeneralName (RFC 5280 §4.2.1.6): every form typed or kept opaque; rfc822Name and SmtpUTF8Mailbox (RFC 9598) as addresses.
use super::{Error, name::Name};
use crate::{
    asn1::{Tag, cursor::Cursor, write},
    encoding::hex,
    mime::mailbox::Address,
};

/// OID of SmtpUTF8Mailbox, 1.3.6.1.5.5.7.8.9 (RFC 9598 §3).
const SMTP_UTF8_MAILBOX: &[u8] = &[0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x08, 0x09];

/// ```text
/// GeneralName ::= CHOICE {
///      otherName [0], rfc822Name [1] IA5String, dNSName [2] IA5String, x400Address [3], directoryName [4] Name,
///      ediPartyName [5], uniformResourceIdentifier [6] IA5String, iPAddress [7] OCTET STRING, registeredID [8] OID }
/// ```
/// The strings are as received: nothing says yet that they are well-formed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GeneralName<'a> {
    /// otherName of an unknown type
    Other(&'a [u8]),
    /// otherName of type SmtpUTF8Mailbox
    SmtpUtf8Mailbox(&'a [u8]),
    /// rfc822Name
    Rfc822(&'a [u8]),
    /// dNSName
    Dns(&'a [u8]),
    /// x400Address
    X400(&'a [u8]),
    /// directoryName
    Directory(Name),
    /// ediPartyName
    EdiParty(&'a [u8]),
    /// uniformResourceIdentifier
    Uri(&'a [u8]),
    /// iPAddress: address, or address and mask in a constraint
    Ip(&'a [u8]),
    /// registeredID
    RegisteredId(&'a [u8]),
}

impl<'a> GeneralName<'a> {
    /// Reads the next GeneralName.
    pub fn read(cursor: &mut Cursor<'a>) -> Result<Self, Error> {
        let value = cursor.any()?;
        Ok(match value.tag.0 {
            0xa0 => {
                let mut inside = value.inside();
                let kind = inside.expect(Tag::OID)?.content;
                let mut explicit = inside.enter(Tag::context(0))?;
                inside.finish()?;
                let other = explicit.any()?;
                explicit.finish()?;
                match (kind, other.tag) {
                    (SMTP_UTF8_MAILBOX, Tag(0x0c)) => Self::SmtpUtf8Mailbox(other.content),
                    (SMTP_UTF8_MAILBOX, _) => {
                        return Err(Error::Malformed("a SmtpUTF8Mailbox is no UTF8String"));
                    }
                    _ => Self::Other(value.content),
                }
            }
            0x81 => Self::Rfc822(value.content),
            0x82 => Self::Dns(value.content),
            0xa3 => Self::X400(value.content),
            // Name is a CHOICE, so its tag is explicit
            0xa4 => Self::Directory(Name::from_der(value.content)?),
            0xa5 => Self::EdiParty(value.content),
            0x86 => Self::Uri(value.content),
            0x87 => Self::Ip(value.content),
            0x88 => Self::RegisteredId(value.content),
            _ => return Err(Error::Malformed("a GeneralName has an unknown form")),
        })
    }

    /// Reads GeneralNames ::= SEQUENCE SIZE (1..MAX) OF GeneralName.
    pub fn read_all(der: &'a [u8]) -> Result<Vec<Self>, Error> {
        let mut outer = Cursor::new(der, 0);
        let list = outer.enter(Tag::SEQUENCE)?;
        outer.finish()?;
        Self::read_list(list)
    }

    /// Reads the members of GeneralNames, under whatever tag they stand.
    pub(super) fn read_list(mut list: Cursor<'a>) -> Result<Vec<Self>, Error> {
        let mut names = Vec::new();
        while !list.is_empty() {
            names.push(Self::read(&mut list)?);
        }
        if names.is_empty() {
            return Err(Error::Malformed("a list of names is empty"));
        }
        Ok(names)
    }

    /// Returns the mailbox that this names; `None` for another form, or if it is malformed: such an entry never matches anything.
    pub fn address(&self) -> Option<Address> {
        match self {
            Self::Rfc822(octets) => mailbox(octets),
            // RFC 9598 §3: MUST NOT be used where the local part is ASCII
            Self::SmtpUtf8Mailbox(octets) => {
                Address::parse(std::str::from_utf8(octets).ok()?).filter(|it| !it.local.is_ascii())
            }
            _ => None,
        }
    }

    /// Returns it for people: text where it is text, else its form. Untrusted, and not yet escaped.
    pub fn text(&self) -> String {
        match self {
            Self::Rfc822(octets)
            | Self::SmtpUtf8Mailbox(octets)
            | Self::Dns(octets)
            | Self::Uri(octets) => String::from_utf8_lossy(octets).into_owned(),
            Self::Directory(name) => name.to_string(),
            _ => self.form().to_owned(),
        }
    }

    /// Returns whether it is of a form that names mailboxes, well-formed or not.
    pub const fn is_mail(&self) -> bool {
        matches!(self, Self::Rfc822(_) | Self::SmtpUtf8Mailbox(_))
    }

    /// Returns the DER of the name of a mailbox: rfc822Name, or SmtpUTF8Mailbox where that has no room for the local part (RFC 9598 §3).
    pub fn mail(address: &str) -> Vec<u8> {
        if address.is_ascii() {
            return write::tlv(Tag::context_primitive(1), address.as_bytes());
        }
        let text = write::tlv(Tag(0x0c), address.as_bytes());
        write::constructed(
            Tag::context(0),
            &[
                &write::tlv(Tag::OID, SMTP_UTF8_MAILBOX),
                &write::constructed(Tag::context(0), &[&text]),
            ],
        )
    }

    /// Returns the name of the form, in RFC 5280's words.
    pub fn form(&self) -> &'static str {
        match self {
            Self::Other(_) => "otherName",
            Self::SmtpUtf8Mailbox(_) => "SmtpUTF8Mailbox",
            Self::Rfc822(_) => "rfc822Name",
            Self::Dns(_) => "dNSName",
            Self::X400(_) => "x400Address",
            Self::Directory(_) => "directoryName",
            Self::EdiParty(_) => "ediPartyName",
            Self::Uri(_) => "uniformResourceIdentifier",
            Self::Ip(_) => "iPAddress",
            Self::RegisteredId(_) => "registeredID",
        }
    }
}

/// `rfc822Name alice@example.com`; forms without a text of their own in hexadecimal, at most 64 octets.
impl std::fmt::Display for GeneralName<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.form())?;
        match self {
            Self::SmtpUtf8Mailbox(text)
            | Self::Rfc822(text)
            | Self::Dns(text)
            | Self::Uri(text) => {
                write!(f, " {}", String::from_utf8_lossy(text))
            }
            Self::Directory(name) => write!(f, " {name}"),
            Self::Ip(octets @ [a, b, c, d]) if octets.len() == 4 => write!(f, " {a}.{b}.{c}.{d}"),
            Self::Other(octets)
            | Self::X400(octets)
            | Self::EdiParty(octets)
            | Self::Ip(octets)
            | Self::RegisteredId(octets) => {
                write!(f, " {}", hex::encode(octets.get(..64).unwrap_or(octets)))
            }
        }
    }
}

/// Reads an rfc822Name strictly: printable ASCII only, then as every other address (RFC 5280 §4.2.1.6, RFC 5321 §4.1.2).
pub(super) fn mailbox(octets: &[u8]) -> Option<Address> {
    let text = std::str::from_utf8(octets).ok()?;
    text.bytes()
        .all(|octet| octet.is_ascii_graphic() || octet == b' ')
        .then(|| Address::parse(text))?
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::x509::sample::{general_name, general_names};

    fn address(name: &str) -> Option<String> {
        let der = general_name(name);
        let name = GeneralName::read(&mut Cursor::new(&der, 0)).unwrap();
        name.address().map(|address| address.to_string())
    }

    #[test]
    fn mailboxes_are_written_in_the_form_that_has_room_for_them() {
        for (address, form) in [
            ("alice@example.com", "rfc822Name"),
            ("ä@example.com", "SmtpUTF8Mailbox"),
        ] {
            let der = GeneralName::mail(address);
            let name = GeneralName::read(&mut Cursor::new(&der, 0)).unwrap();
            assert_eq!((name.form(), name.text()), (form, address.to_owned()));
            assert_eq!(name.address().unwrap().to_string(), address);
        }
    }

    #[test]
    fn addresses_are_read_strictly() {
        for (name, wanted) in [
            ("email:alice@example.com", "alice@example.com"),
            ("email:Alice@Example.COM", "Alice@example.com"),
            (
                "email:alice+tag@sub.example.com",
                "alice+tag@sub.example.com",
            ),
            ("email:\"a b\"@example.com", "\"a b\"@example.com"),
            ("email:\"a@b\"@example.com", "\"a@b\"@example.com"),
            ("email:a@xn--bcher-kva.example", "a@xn--bcher-kva.example"),
            ("utf8:ä@example.com", "ä@example.com"),
            ("utf8:ä@bücher.example", "ä@xn--bcher-kva.example"),
            ("utf8:ä@xn--bcher-kva.example", "ä@xn--bcher-kva.example"),
        ] {
            assert_eq!(address(name).as_deref(), Some(wanted), "{name}");
        }
        for name in [
            "email:",
            "email:alice",
            "email:@example.com",
            "email:alice@",
            "email:alice@example.com.",
            "email:alice@.example.com",
            "email:alice@example..com",
            "email:a@b@example.com",
            "email:alice@example.com\0.evil.org",
            "email:al\0ice@example.com",
            "email:alice @example.com",
            "email: alice@example.com",
            "email:alice@example.com ",
            "email:alice@exa mple.com",
            "email:alice@example.com\r\n",
            "email:Alice <alice@example.com>",
            "email:<alice@example.com>",
            "email:alice@example.com,bob@example.com",
            "email:alice@*.example.com",
            "email:*.example.com",
            "email:ä@example.com",
            "email:alice@bücher.example",
            "email:alice@exam_ple.com/",
            "email:.alice@example.com",
            "email:a..b@example.com",
            "utf8:ä@example.com\0",
            "utf8:a@example.com",
            "utf8:\u{feff}ä@example.com",
            "utf8:ä@bu\u{308}cher.example",
            "utf8:ä@-example.com",
            "utf8:ä@xn--a.example",
            "utf8:ä@example.com.",
            "dns:alice@example.com",
            "other:alice@example.com",
            "uri:mailto:alice@example.com",
        ] {
            assert_eq!(address(name), None, "{name:?}");
        }
        let long = "a".repeat(65);
        assert_eq!(address(&format!("email:{long}@example.com")), None);
        let long = "a.".repeat(127);
        assert_eq!(address(&format!("email:x@{long}example.com")), None);
    }

    #[test]
    fn every_form_is_read() {
        let forms = [
            (general_name("other:x"), "otherName"),
            (general_name("utf8:ä@x"), "SmtpUTF8Mailbox"),
            (general_name("email:x"), "rfc822Name"),
            (general_name("dns:x"), "dNSName"),
            (write::tlv(Tag::context(3), &[0x30, 0]), "x400Address"),
            (general_name("dir:CN=x"), "directoryName"),
            (write::tlv(Tag::context(5), &[]), "ediPartyName"),
            (general_name("uri:x"), "uniformResourceIdentifier"),
            (general_name("ip:"), "iPAddress"),
            (
                write::tlv(Tag::context_primitive(8), &[0x2a, 3]),
                "registeredID",
            ),
        ];
        for (der, form) in &forms {
            let mut cursor = Cursor::new(der, 0);
            assert_eq!(GeneralName::read(&mut cursor).unwrap().form(), *form);
            assert!(cursor.is_empty());
        }
        let all = forms.map(|(der, _)| der).concat();
        let all = write::tlv(Tag::SEQUENCE, &all);
        assert_eq!(GeneralName::read_all(&all).unwrap().len(), 10);
    }

    #[test]
    fn refuses_what_has_no_form() {
        for der in [
            &[0x89, 0][..],
            &[0x0c, 1, b'x'],
            &[0xa1, 0],
            &[0x84, 0],
            &[0xa4, 1, 0],
            &[0xa0, 2, 0x0c, 0],
            &[],
        ] {
            assert!(
                GeneralName::read(&mut Cursor::new(der, 0)).is_err(),
                "{der:x?}"
            );
        }
        assert!(GeneralName::read_all(&general_names(&[])).is_err());
        assert!(GeneralName::read_all(&general_names(&["dns:x"])).is_ok());
    }

    #[test]
    fn a_utf8_mailbox_of_another_type_is_malformed() {
        let mut der = general_name("utf8:a@b");
        let tag = der.iter().position(|octet| *octet == 0x0c).unwrap();
        *der.get_mut(tag).unwrap() = 0x16;
        assert!(GeneralName::read(&mut Cursor::new(&der, 0)).is_err());
    }
}
