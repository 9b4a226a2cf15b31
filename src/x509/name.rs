//! Distinguished names: compared by RFC 5280 §7.1, shown by RFC 4514.
/// A name as received. `Display` is RFC 4514 (`CN=Alice,O=Example`), bounded and linear in time; untrusted characters are not yet escaped for a terminal.
#[derive(Debug, Clone)]
pub struct Name {
    der: Vec<u8>,
}
impl Name {
    /// Takes the DER of a Name.
    pub fn from_der(_der: &[u8]) -> Result<Self, super::Error> {
        todo!()
    }
    /// Returns the DER as received.
    pub fn der(&self) -> &[u8] {
        &self.der
    }
    /// Returns whether there is no RDN.
    pub fn is_empty(&self) -> bool {
        todo!()
    }
}
impl PartialEq for Name {
    fn eq(&self, _other: &Self) -> bool {
        todo!()
    }
}
impl Eq for Name {}
impl std::fmt::Display for Name {
    fn fmt(&self, _f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        todo!()
    }
}
