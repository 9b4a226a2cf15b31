//! Streaming codecs, tolerant in, strict out: base64, quoted-printable (RFC 2045 §6), hexadecimal.

pub mod base64;
pub mod hex;
pub mod quoted_printable;
