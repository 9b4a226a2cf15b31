//! What a received message says of its header: the scheme, and the fields inside and outside (RFC 9788 §4.1, §4.2, §4.10; its appendix F.3).
//!
//! Only the root of the Cryptographic Payload is asked, whatever else in the message says the same words.
use super::{
    HP_OUTER, HeaderScheme, Headers, STEERING, USER_FACING, is_added_in_transit, is_blind,
};
use crate::{
    mime::header::{Field, Header},
    smime::{
        layer::{self, Announced},
        sender,
    },
};

use std::collections::HashSet;

/// What the walk through a message saw of headers.
#[derive(Debug, Default)]
pub(in crate::smime) struct Seen {
    /// the Outer Header Section; `None`: the message is a bare CMS object
    pub(in crate::smime) outer: Option<Vec<Field>>,
    /// what is inside of all signatures and encryption, as far as that was reached
    pub(in crate::smime) payload: Option<Payload>,
}

/// The root of the Cryptographic Payload.
#[derive(Debug)]
pub(in crate::smime) struct Payload {
    /// how its header is protected
    pub(in crate::smime) scheme: Option<HeaderScheme>,
    /// its fields but those of MIME
    pub(in crate::smime) fields: Vec<Field>,
    /// their names, in lower case: a header may have a hundred thousand
    pub(in crate::smime) names: HashSet<String>,
    /// what it says is outside (HP-Outer)
    pub(in crate::smime) said: Vec<Field>,
    /// what is wrong with what it says of its protection
    pub(in crate::smime) fault: Option<String>,
    /// the protected message is what is inside of this part (RFC 8551 §3.1)
    pub(in crate::smime) wrapped: bool,
}

impl Seen {
    /// Takes in the root of the payload; `message` is the header of what is in it, where it is message/rfc822.
    pub(in crate::smime) fn reach(&mut self, root: &Header, message: Option<&Header>) {
        let (scheme, fault) = scheme(root);
        let message = message.filter(|_| scheme.is_none() && fault.is_none());
        let wrapped = message.filter(|it| self.is_wrapped(it));
        let own = |f: &&Field| !f.is_mime();
        let header = wrapped.unwrap_or(root);
        let (said, fields): (Vec<Field>, Vec<Field>) = header
            .fields
            .iter()
            .filter(own)
            .cloned()
            .partition(|f| f.is(HP_OUTER));
        let names = fields.iter().map(|f| f.name().to_ascii_lowercase());
        let names = names.collect();
        self.payload = Some(Payload {
            scheme: scheme.or(wrapped.map(|_| HeaderScheme::Rfc8551)),
            fields,
            names,
            said,
            fault,
            wrapped: wrapped.is_some(),
        });
    }

    /// Returns whether a message in the payload is the message itself (RFC 9788 §4.10.1), and not one that is forwarded: that one is from
    /// somebody else, or says so no less than the message around it does.
    fn is_wrapped(&self, message: &Header) -> bool {
        let layered = !matches!(layer::announced(message), Ok(Announced::Nothing));
        let marked = !matches!(scheme(message), (None, None));
        let outer = self.outer.as_deref().unwrap_or_default();
        !layered && !marked && sender::same_from(outer, &message.fields)
    }

    /// Returns whether a field from outside may stand in what comes out. Beside a protected header one that people see, or that says where an
    /// answer goes, may be anybody's (RFC 9788 §4, §6.2); From stays, since there must be one.
    pub(in crate::smime) fn survives(&self, outer: &Field) -> bool {
        let Some(payload) = self.payload.as_ref().filter(|it| it.scheme.is_some()) else {
            return true;
        };
        let inside = payload.has(outer);
        let steers = is_composed(outer) && !outer.is("From");
        inside || !(steers || outer.is(HP_OUTER))
    }

    /// Returns how the root of the payload says that its header is protected; whether it is was not judged.
    pub(in crate::smime) fn announced(&self) -> Option<Headers> {
        let scheme = self.payload.as_ref()?.scheme?;
        Some(Headers {
            scheme: Some(scheme),
            fields: Vec::new(),
        })
    }

    /// Returns whether the header of the payload was protected.
    pub(in crate::smime) fn was_protected(&self) -> bool {
        self.payload.as_ref().is_some_and(|it| it.scheme.is_some())
    }
}

impl Payload {
    /// Returns whether a field has a namesake inside.
    pub(in crate::smime) fn has(&self, field: &Field) -> bool {
        self.names.contains(&field.name().to_ascii_lowercase())
    }
}

/// What people see or what says where an answer goes: whoever composes a message writes these.
pub(super) fn composed() -> impl Iterator<Item = &'static str> {
    USER_FACING.iter().chain(STEERING).copied()
}

/// Returns whether a field is one of them.
pub(super) fn is_composed(field: &Field) -> bool {
    composed().any(|name| field.is(name))
}

/// Fields of which neither copy says anything about the other.
pub(super) fn is_apart(field: &Field) -> bool {
    field.is_mime() || is_added_in_transit(field) || is_blind(field)
}

/// Reads the parameters that say how a header is protected, and what is wrong with them.
fn scheme(root: &Header) -> (Option<HeaderScheme>, Option<String>) {
    let content_type = match root.content_type() {
        Ok(Some(content_type)) => content_type,
        Ok(None) => return (None, None),
        Err(error) => return (None, mentions_hp(root).then(|| error.to_string())),
    };
    match content_type.parameter("hp") {
        Some("clear") => (Some(HeaderScheme::Clear), None),
        Some("cipher") => (Some(HeaderScheme::Cipher), None),
        Some(other) => (None, Some(format!("hp=\"{other}\" is not defined"))),
        None if content_type.parameter("protected-headers") == Some("v1") => {
            (Some(HeaderScheme::Autocrypt), None)
        }
        None => (None, None),
    }
}

/// A media type that cannot be read says nothing; that it was to say something is told.
fn mentions_hp(root: &Header) -> bool {
    root.all("Content-Type").any(|field| {
        let value = field.value().to_ascii_lowercase();
        memchr::memmem::find(&value, b"hp=").is_some()
    })
}
