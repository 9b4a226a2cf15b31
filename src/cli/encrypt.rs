//! `smime encrypt`.
use super::{
    Outcome, args, conclude,
    error::Problem,
    output::{Leave, Output},
    prepare::{self, Ground, Input, Randomness},
    refused,
};
use anyhow::Context;
use smime::{
    crypto::ContentCipher,
    mime::mailbox::Address,
    policy::Limits,
    smime::{EncryptOptions, Encryptor, Recipient},
    store::files,
    x509::{Catalogue, Collection, TrustAnchors},
};
use std::{path::Path, sync::Arc};

/// Encrypts a message.
pub(crate) fn run(encrypt: &args::Encrypt, rng: &mut Randomness) -> anyhow::Result<Outcome> {
    let by_certificate = !encrypt.recipient.is_empty() || encrypt.to_header;
    let shared = &encrypt.shared;
    if !by_certificate && shared.kek.is_empty() && !shared.password_recipient {
        return Err(Problem::usage_with(
            "no recipient was named",
            "name recipients with -r FILE, -r ADDRESS, --to-header, --kek NAME:FILE or --password-recipient",
        )
        .into());
    }
    let options = options(encrypt)?;
    let trust = &encrypt.trust;
    let Ground { policy, at } = prepare::ground(&encrypt.common, Some(trust))?;
    // Without certificates there is nothing to trust.
    let anchors = match by_certificate {
        true => prepare::anchors(trust, &policy)?,
        false => TrustAnchors::default(),
    };
    let mut findings = Vec::new();
    let mut repository = prepare::repository(&encrypt.common.certs, &trust.crls, &policy.limits)?;
    let mut recipients = Vec::new();
    for who in &encrypt.recipient {
        recipients.push(recipient(who, &policy.limits, &mut repository)?);
    }
    let keys = prepare::shared_keys(shared, &policy, &mut findings)?;
    recipients.extend(keys.into_iter().map(Recipient::SharedKey));
    if shared.password_recipient {
        let password = prepare::message_password(encrypt.password_file.as_deref(), true)?;
        recipients.push(Recipient::Password(Arc::new(password)));
    }
    if let Some(outcome) = refused(&findings) {
        return Ok(outcome);
    }
    let message = &encrypt.message.message;
    let mut input = Input::open(message, encrypt.common.is_silent())?;
    let mut output = Output::open(
        encrypt.output.output.as_deref(),
        Leave::AsWritten,
        encrypt.output.sync,
        rng,
    )?;
    prepare::not_to_people(encrypt.made.format, &output)?;
    let repository = Catalogue::from(repository);
    let report = Encryptor::new(&recipients, &anchors, &repository, &policy, options)
        .watched(prepare::watch())
        .encrypt(input.source(), &mut output, at, rng)
        .with_context(|| prepare::at(message))?;
    Ok(conclude(report, findings, output))
}

fn options(encrypt: &args::Encrypt) -> anyhow::Result<EncryptOptions> {
    let (content, encoding) = prepare::made(&encrypt.made);
    let cipher = match encrypt.cipher.as_deref() {
        None => None,
        Some(name) => Some(ContentCipher::from_name(name).ok_or_else(|| {
            Problem::usage_with(
                format!("--cipher: '{name}' is no cipher to encrypt with"),
                "--cipher takes aes-256-cbc, aes-192-cbc, aes-128-cbc, aes-256-gcm, aes-128-gcm or chacha20-poly1305",
            )
        })?),
    };
    Ok(EncryptOptions {
        content,
        encoding,
        cipher,
        oaep: encrypt.oaep,
        to_header: encrypt.to_header,
        compress: encrypt.made.compress,
    })
}

/// What reads as an address is one: a file that somebody put into the working directory under that name must not take its place, and is
/// written with a `/`. Any other file holds the recipient's certificate, and perhaps others that lead to an anchor.
fn recipient(who: &str, limits: &Limits, others: &mut Collection) -> anyhow::Result<Recipient> {
    if !who.contains('/')
        && let Some(address) = Address::parse(who)
    {
        return Ok(Recipient::Address(address));
    }
    let path = Path::new(who);
    if path.exists() {
        let (certificate, rest) = files::recipient(path, limits)?;
        others.certificates.extend(rest);
        return Ok(Recipient::Certificate(certificate));
    }
    if !who.contains('@') {
        let who = who.to_owned();
        return Err(Problem::NoSuchRecipient { who }.into());
    }
    Err(Problem::usage_with(
        format!("-r: '{who}' is neither a file nor a mail address"),
        "an address is written -r bob@example.com, without name or brackets",
    )
    .into())
}
