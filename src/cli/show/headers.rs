//! How the header was protected, in one line.
use smime::smime::{Headers, Protection};

/// Returns how a header says that it is protected.
pub(super) fn announced(headers: &Headers) -> Option<String> {
    let scheme = headers.scheme?;
    Some(format!("said to be protected ({})", scheme.name()))
}

/// Returns which fields that people see were protected, and how; `None` where the header was not protected.
pub(super) fn line(headers: &Headers) -> Option<String> {
    headers.scheme?;
    let said = Protection::ALL.into_iter().filter_map(|protection| {
        let names = headers.shown(protection);
        let how = match protection {
            Protection::SignedAndEncrypted => "signed and encrypted",
            Protection::SignedOnly => "signed",
            Protection::EncryptedOnly => "encrypted",
            Protection::Unprotected => "NOT protected",
        };
        (!names.is_empty()).then(|| format!("{how}: {}", names.join(", ")))
    });
    Some(said.collect::<Vec<_>>().join("; ")).filter(|said| !said.is_empty())
}
