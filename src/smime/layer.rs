//! What an entity means: which layer of protection its header announces (RFC 8551 §3.2, §3.5, §3.9).
use super::Error;
use crate::mime::{
    content_type::ContentType,
    header::{Header, decoded_words},
    transfer::TransferEncoding,
};

/// What a header announces.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Announced {
    /// multipart/signed with a PKCS#7 signature
    ClearSigned {
        /// boundary
        boundary: String,
        /// micalg, as it stands
        micalg: Option<String>,
    },
    /// a CMS object
    Cms {
        /// what the label says it is
        label: Option<Label>,
        /// how its octets are written
        encoding: TransferEncoding,
    },
    /// no protection
    Nothing,
}

/// What `smime-type` says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Label {
    /// signed-data, signed-receipt
    Signed,
    /// certs-only
    Certificates,
    /// enveloped-data, authEnveloped-data
    Encrypted,
    /// compressed-data
    Compressed,
    /// anything else
    Other,
}

impl Label {
    /// Returns what the label says, in a word of ours; `None` where that contradicts nothing.
    pub(super) const fn says(self) -> Option<&'static str> {
        match self {
            Self::Signed => Some("signed"),
            Self::Certificates => Some("certificates only"),
            Self::Encrypted => Some("encrypted"),
            Self::Compressed => Some("compressed"),
            Self::Other => None,
        }
    }
}

/// Reads what a header announces.
pub(super) fn announced(header: &Header) -> Result<Announced, Error> {
    let Some(content_type) = header.content_type().map_err(Error::Mime)? else {
        return Ok(Announced::Nothing);
    };
    if content_type.is("multipart", "signed") {
        return clear_signed(&content_type);
    }
    if !is_cms(&content_type, header) {
        return Ok(Announced::Nothing);
    }
    let label = content_type.parameter("smime-type").map(label);
    Ok(Announced::Cms {
        label,
        encoding: header.transfer_encoding().map_err(Error::Mime)?,
    })
}

/// A multipart/signed whose protocol is another (OpenPGP's) is no S/MIME.
fn clear_signed(content_type: &ContentType) -> Result<Announced, Error> {
    let protocol = content_type
        .parameter("protocol")
        .map(str::to_ascii_lowercase);
    if protocol
        .as_deref()
        .is_some_and(|p| !SIGNATURE_TYPES.contains(&p))
    {
        return Ok(Announced::Nothing);
    }
    let Some(boundary) = content_type.parameter("boundary") else {
        return Err(Error::Mime(crate::mime::Error::Malformed {
            name: "Content-Type",
            what: "multipart/signed has no boundary",
        }));
    };
    Ok(Announced::ClearSigned {
        boundary: boundary.to_owned(),
        micalg: content_type.parameter("micalg").map(str::to_owned),
    })
}

/// The media types of a signature part (RFC 8551 §3.5.3.2; `x-` by old mailers).
pub(super) const SIGNATURE_TYPES: [&str; 2] = [
    "application/pkcs7-signature",
    "application/x-pkcs7-signature",
];

/// application/pkcs7-mime under its names, or any octets that are called so (RFC 8551 §3.2.1).
fn is_cms(content_type: &ContentType, header: &Header) -> bool {
    if content_type.kind != "application" {
        return false;
    }
    match content_type.subtype.as_str() {
        "pkcs7-mime" | "x-pkcs7-mime" | "pkcs7-signature" | "x-pkcs7-signature" => true,
        "octet-stream" => names(content_type, header)
            .into_iter()
            .flatten()
            .any(|name| {
                [".p7m", ".p7s", ".p7c", ".p7z"]
                    .iter()
                    .any(|end| name.to_ascii_lowercase().ends_with(end))
            }),
        _ => false,
    }
}

/// The names of a file that a header gives: in Content-Disposition (RFC 2183 §2.3) and, of old, in Content-Type. Some mailers write encoded
/// words where RFC 2047 §5 forbids them.
fn names(content_type: &ContentType, header: &Header) -> [Option<String>; 2] {
    let disposition = header.sole("Content-Disposition").ok().flatten();
    let disposition =
        disposition.and_then(|f| ContentType::parse(&[b"x/", f.value().as_slice()].concat()).ok());
    let disposition = disposition.as_ref();
    [
        disposition.and_then(|it| it.parameter("filename")),
        content_type.parameter("name"),
    ]
    .map(|name| name.map(decoded_words))
}

/// Returns the name of the file that an entity is, as its header says.
pub(super) fn file_name(header: &Header) -> Option<String> {
    let content_type = header.content_type().ok().flatten();
    let content_type = content_type.or_else(|| ContentType::parse(b"text/plain").ok())?;
    names(&content_type, header).into_iter().flatten().next()
}

fn label(smime_type: &str) -> Label {
    match smime_type.to_ascii_lowercase().as_str() {
        "signed-data" | "signed-receipt" => Label::Signed,
        "certs-only" => Label::Certificates,
        "compressed-data" => Label::Compressed,
        "enveloped-data" | "authenveloped-data" => Label::Encrypted,
        _ => Label::Other,
    }
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
    use crate::mime::header::Limits;

    fn of(text: &str) -> Result<Announced, Error> {
        announced(
            &Header::read(
                &mut text.as_bytes(),
                Limits {
                    block: 10_000,
                    line: 1_000,
                    fields: 1000,
                },
            )
            .unwrap(),
        )
    }

    #[test]
    fn labels() {
        let cms = |label| Announced::Cms {
            label,
            encoding: TransferEncoding::Base64,
        };
        let base64 = "Content-Transfer-Encoding: base64\n\n";
        assert_eq!(
            of(&format!(
                "Content-Type: application/pkcs7-mime; smime-type=enveloped-data\n{base64}"
            ))
            .unwrap(),
            cms(Some(Label::Encrypted))
        );
        assert_eq!(
            of(&format!(
                "Content-Type: application/x-pkcs7-mime; name=smime.p7m\n{base64}"
            ))
            .unwrap(),
            cms(None)
        );
        assert_eq!(
            of(&format!(
                "Content-Type: application/octet-stream; name=\"SMIME.P7M\"\n{base64}"
            ))
            .unwrap(),
            cms(None)
        );
        let disposed = "Content-Type: application/octet-stream\nContent-Disposition: attachment; filename=smime.p7m\n";
        assert_eq!(of(&format!("{disposed}{base64}")).unwrap(), cms(None));
        assert_eq!(
            of(&format!(
                "Content-Type: application/octet-stream; name=a.bin\n{base64}"
            ))
            .unwrap(),
            Announced::Nothing
        );
        assert_eq!(of("Subject: x\n\n").unwrap(), Announced::Nothing);
    }

    #[test]
    fn clear_signed_needs_a_boundary_and_our_protocol() {
        assert!(
            of("Content-Type: multipart/signed; protocol=\"application/pkcs7-signature\"\n\n")
                .is_err()
        );
        let pgp = "Content-Type: multipart/signed; boundary=b; protocol=\"application/pgp-signature\"\n\n";
        assert_eq!(of(pgp).unwrap(), Announced::Nothing);
        let ours = "Content-Type: multipart/signed; boundary=b; micalg=sha-256; protocol=\"application/PKCS7-signature\"\n\n";
        assert_eq!(
            of(ours).unwrap(),
            Announced::ClearSigned {
                boundary: "b".into(),
                micalg: Some("sha-256".into())
            }
        );
    }
}
