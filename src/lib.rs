//! S/MIME mail: sign, encrypt, verify and decrypt, at constant memory (RFC 8551, RFC 8550, RFC 5652, RFC 5280).
//!
//! The rooms, from bytes at the bottom to people at the top; no arrow goes up, none sideways within a floor
//! (`tests/floors.rs` holds this):
//!
//! | room | floor | subject |
//! | --- | --- | --- |
//! | [`encoding`] | 0 | base64, quoted-printable, hexadecimal |
//! | [`asn1`] | 0 | bytes and ASN.1 |
//! | [`mime`] | 0 | bytes and MIME |
//! | [`crypto`] | 1 | names, keys, mathematics |
//! | [`policy`] | 2 | what is acceptable |
//! | [`x509`] | 3 | certificates and their paths |
//! | [`cms`] | 4 | the Cryptographic Message Syntax |
//! | [`store`] | 5 | keys and certificates at rest |
//! | [`smime`] | 6 | the operations on messages |
//!
//! The library reads no clock, no randomness, no environment and no network, prints nothing and exits nothing.

pub mod asn1;
pub mod cms;
pub mod crypto;
pub mod encoding;
pub mod mime;
pub mod policy;
pub mod smime;
pub mod store;
pub mod x509;
