//! From a shared secret to a key-encryption key: X9.63 and HKDF over ECC-CMS-SharedInfo (RFC 5753 §7.2, RFC 8418 §2).
use super::{KeyAgreement, Result, Secret};
/// Derives the key-encryption key of `algorithm` from the shared secret and the optional ukm (entityUInfo).
pub fn derive(_algorithm: &KeyAgreement, _shared: &Secret, _ukm: Option<&[u8]>) -> Result<Secret> {
    todo!()
}
