//! Mail addresses, strictly (RFC 5322 §3.4.1, RFC 6531): who a From field names.
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
    pub fn parse(_text: &str) -> Option<Self> {
        todo!()
    }
    /// Returns whether both name the same mailbox.
    pub fn same_as(&self, _other: &Self) -> bool {
        todo!()
    }
}
impl std::fmt::Display for Address {
    /// The addr-spec, local part quoted where needed, domain in A-label form.
    fn fmt(&self, _f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        todo!()
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
/// Returns the one mailbox that all From fields together name; `Ok(None)` if there is no From field. Display names, comments and folds are
/// understood and ignored; an encoded word inside an addr-spec, NUL, bare CR are malformed.
pub fn sole_from(_header: &super::header::Header) -> Result<Option<Address>, FromError> {
    todo!()
}
/// Returns every mailbox of an address-list field (To, Cc, Bcc), groups flattened; `None` if it is malformed.
pub fn list(_value: &[u8]) -> Option<Vec<Address>> {
    todo!()
}
