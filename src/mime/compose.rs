//! New headers around a content: multipart/signed and application/pkcs7-mime (RFC 8551 §3.2 to 3.5), text and binary parts.
//!
//! Knows names of media types and parameters; values are folded by mail-builder. What is put in them is the caller's.
use super::{LineEnd, header::Field, transfer::TransferEncoding};
use mail_builder::headers::{Header as _, content_type::ContentType};

/// Returns a boundary that RFC 2046 allows, made of 24 random bytes given by the caller. It begins with `=_`, which neither base64 nor
/// quoted-printable can contain (RFC 2045 §6.7).
pub fn boundary(random: &[u8; 24]) -> String {
    format!("=_{}", crate::encoding::hex::encode(random))
}

/// Returns MIME-Version and `multipart/signed; protocol="application/pkcs7-signature"; micalg=…; boundary=…`.
pub fn multipart_signed(micalg: &str, boundary: &str, line_end: LineEnd) -> Vec<Field> {
    let value = ContentType::new("multipart/signed")
        .attribute("protocol", "application/pkcs7-signature")
        .attribute("micalg", micalg)
        .attribute("boundary", boundary);
    vec![
        mime_version(line_end),
        field("Content-Type", value, line_end),
    ]
}

/// Returns the fields of the signature part: `application/pkcs7-signature; name="smime.p7s"`, base64, attachment (no MIME-Version).
pub fn signature_part(line_end: LineEnd) -> Vec<Field> {
    attachment(
        ContentType::new("application/pkcs7-signature"),
        "smime.p7s",
        line_end,
    )
}

/// Returns MIME-Version and the fields of `application/pkcs7-mime; smime-type=…; name="smime.p7m"` (or `.p7c`, `.p7z` as the type asks,
/// RFC 8551 §3.2.1), base64, attachment.
pub fn pkcs7_mime(smime_type: &str, line_end: LineEnd) -> Vec<Field> {
    let name = match smime_type {
        "certs-only" => "smime.p7c",
        "compressed-data" => "smime.p7z",
        _ => "smime.p7m",
    };
    let value = ContentType::new("application/pkcs7-mime").attribute("smime-type", smime_type);
    let mut fields = vec![mime_version(line_end)];
    fields.extend(attachment(value, name, line_end));
    fields
}

/// Returns the fields of `text/plain; charset=utf-8` with this transfer encoding (no MIME-Version).
pub fn text_part(encoding: TransferEncoding, line_end: LineEnd) -> Vec<Field> {
    let value = ContentType::new("text/plain").attribute("charset", "utf-8");
    vec![
        field("Content-Type", value, line_end),
        transfer_encoding(encoding, line_end),
    ]
}

/// Returns the fields of `application/octet-stream`, base64 (no MIME-Version).
pub fn binary_part(line_end: LineEnd) -> Vec<Field> {
    let value = ContentType::new("application/octet-stream");
    vec![
        field("Content-Type", value, line_end),
        transfer_encoding(TransferEncoding::Base64, line_end),
    ]
}

fn attachment(value: ContentType<'_>, name: &'static str, line_end: LineEnd) -> Vec<Field> {
    let disposition = ContentType::new("attachment").attribute("filename", name);
    vec![
        field("Content-Type", value.attribute("name", name), line_end),
        transfer_encoding(TransferEncoding::Base64, line_end),
        field("Content-Disposition", disposition, line_end),
    ]
}

fn mime_version(line_end: LineEnd) -> Field {
    Field::new("MIME-Version", "1.0", line_end)
}

fn transfer_encoding(encoding: TransferEncoding, line_end: LineEnd) -> Field {
    Field::new("Content-Transfer-Encoding", encoding.name(), line_end)
}

/// Makes a field of a media type or disposition, folded to lines of 78.
fn field(name: &str, value: ContentType<'_>, line_end: LineEnd) -> Field {
    let mut folded = Vec::new();
    value.write_header(&mut folded, name.len() + ": ".len());
    let folded = String::from_utf8_lossy(&folded);
    let value = folded.trim_end().replace("\r\n", line_end.as_str());
    Field::new(name, &value, line_end)
}

#[cfg(test)]
mod tests {
    #![allow(
        clippy::unwrap_used,
        clippy::indexing_slicing,
        clippy::panic,
        clippy::expect_used
    )]
    use super::*;
    use crate::mime::header::{Header, Limits};

    fn read_back(fields: &[Field], line_end: LineEnd) -> (String, Header) {
        let text: Vec<u8> = fields.iter().flat_map(|f| f.raw.clone()).collect();
        let text = String::from_utf8(text).unwrap();
        assert_eq!(text.contains('\r'), line_end == LineEnd::CrLf);
        assert!(text.lines().all(|l| l.len() <= 78), "{text}");
        let limits = Limits {
            block: 10_000,
            line: 998,
            fields: 1000,
        };
        let header = Header::read(&mut text.as_bytes(), limits).unwrap();
        assert_eq!(header.fields.len(), fields.len());
        (text, header)
    }

    #[test]
    fn makes_a_boundary() {
        let boundary = boundary(&[0xab; 24]);
        assert_eq!(boundary, format!("=_{}", "ab".repeat(24)));
        assert!(boundary.len() <= 70);
    }

    #[test]
    fn writes_what_the_strict_parser_reads() {
        for line_end in [LineEnd::Lf, LineEnd::CrLf] {
            let boundary = boundary(&[7; 24]);
            let fields = multipart_signed("sha-256, sha-512", &boundary, line_end);
            let (text, header) = read_back(&fields, line_end);
            assert!(text.starts_with("MIME-Version: 1.0"));
            let media_type = header.content_type().unwrap().unwrap();
            assert!(media_type.is("multipart", "signed"));
            assert_eq!(
                media_type.parameter("protocol"),
                Some("application/pkcs7-signature")
            );
            assert_eq!(media_type.parameter("micalg"), Some("sha-256, sha-512"));
            assert_eq!(media_type.parameter("boundary"), Some(boundary.as_str()));

            let (_, header) = read_back(&signature_part(line_end), line_end);
            let media_type = header.content_type().unwrap().unwrap();
            assert!(media_type.is("application", "pkcs7-signature"));
            assert_eq!(media_type.parameter("name"), Some("smime.p7s"));
            assert!(header.sole("MIME-Version").unwrap().is_none());

            for (smime_type, name) in [
                ("enveloped-data", "smime.p7m"),
                ("signed-data", "smime.p7m"),
                ("authEnveloped-data", "smime.p7m"),
                ("certs-only", "smime.p7c"),
                ("compressed-data", "smime.p7z"),
            ] {
                let (_, header) = read_back(&pkcs7_mime(smime_type, line_end), line_end);
                let media_type = header.content_type().unwrap().unwrap();
                assert!(media_type.is("application", "pkcs7-mime"));
                assert_eq!(media_type.parameter("smime-type"), Some(smime_type));
                assert_eq!(media_type.parameter("name"), Some(name));
                assert_eq!(
                    header.transfer_encoding().unwrap(),
                    TransferEncoding::Base64
                );
                let disposition = header.sole("Content-Disposition").unwrap().unwrap();
                assert_eq!(
                    disposition.value(),
                    format!("attachment; filename=\"{name}\"").as_bytes()
                );
            }

            let (_, header) = read_back(
                &text_part(TransferEncoding::QuotedPrintable, line_end),
                line_end,
            );
            let media_type = header.content_type().unwrap().unwrap();
            assert_eq!(media_type.parameter("charset"), Some("utf-8"));
            assert_eq!(
                header.transfer_encoding().unwrap(),
                TransferEncoding::QuotedPrintable
            );
            let (_, header) = read_back(&binary_part(line_end), line_end);
            assert!(
                header
                    .content_type()
                    .unwrap()
                    .unwrap()
                    .is("application", "octet-stream")
            );
        }
    }
}
