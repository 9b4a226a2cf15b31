//! Private keys as files hold them: PKCS#8 (plain, PBES2), PKCS#1, SEC1, in PEM or DER (RFC 5958, 8017, 5915).
use super::{Result, SoftwareKey};
/// Parses one private key from DER of any of these forms. `password` opens encrypted ones.
pub fn from_der(_der: &[u8], _password: Option<&str>, _max_iterations: u32) -> Result<SoftwareKey> {
    todo!()
}
/// Parses the private key of a PEM block (`PRIVATE KEY`, `ENCRYPTED PRIVATE KEY`, `RSA PRIVATE KEY`, `EC PRIVATE KEY`); `None` for other labels.
pub fn from_pem(
    _block: &crate::asn1::pem::Block,
    _password: Option<&str>,
    _max_iterations: u32,
) -> Option<Result<SoftwareKey>> {
    todo!()
}
