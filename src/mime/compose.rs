//! New headers around a content: multipart/signed and application/pkcs7-mime (RFC 8551 §3.2 to 3.5), text and binary parts. Values through mail-builder where it serves.
use super::{LineEnd, header::Field};
/// Returns a boundary that RFC 2046 allows, made of 24 random bytes given by the caller.
pub fn boundary(_random: &[u8; 24]) -> String {
    todo!()
}
/// Returns MIME-Version and `multipart/signed; protocol="application/pkcs7-signature"; micalg=…; boundary=…`.
pub fn multipart_signed(_micalg: &str, _boundary: &str, _line_end: LineEnd) -> Vec<Field> {
    todo!()
}
/// Returns the fields of the signature part: `application/pkcs7-signature; name="smime.p7s"`, base64, attachment (no MIME-Version).
pub fn signature_part(_line_end: LineEnd) -> Vec<Field> {
    todo!()
}
/// Returns MIME-Version and the fields of `application/pkcs7-mime; smime-type=…; name="smime.p7m"` (or `.p7c`, `.p7z` as the type asks), base64, attachment.
pub fn pkcs7_mime(_smime_type: &str, _line_end: LineEnd) -> Vec<Field> {
    todo!()
}
/// Returns the fields of `text/plain; charset=utf-8` with this transfer encoding (no MIME-Version).
pub fn text_part(_encoding: super::transfer::TransferEncoding, _line_end: LineEnd) -> Vec<Field> {
    todo!()
}
/// Returns the fields of `application/octet-stream`, base64 (no MIME-Version).
pub fn binary_part(_line_end: LineEnd) -> Vec<Field> {
    todo!()
}
