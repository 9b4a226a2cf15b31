//! `smime encrypt`.
use super::{
    Outcome,
    args::{self, HideHeaders},
    conclude,
    error::Problem,
    output::{Destination, Leave},
    prepare::{self, Ground, Input, Randomness},
    refused,
};
use anyhow::Context;
use smime::{
    asn1::Time,
    cms::recipient_info::{Naming, ToRsa},
    crypto::ContentCipher,
    mime::mailbox::Address,
    policy::{Finding, Level, Limits, Policy, Rule},
    smime::{
        Acquaintance, Encoding, EncryptOptions, Encryptor, HeaderConfidentiality, Learned,
        Recipient, Report, Verifier,
    },
    store::files,
    x509::{Catalogue, Collection, TrustAnchors},
};
use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
    sync::Arc,
};

/// Encrypts a message.
pub(crate) fn run(encrypt: &args::Encrypt, rng: &mut Randomness) -> anyhow::Result<Outcome> {
    let ready = Ready::of(encrypt)?;
    if let Some(outcome) = refused(&ready.findings) {
        return Ok(outcome);
    }
    let message = &encrypt.message.message;
    let mut input = Input::open(message, encrypt.common.is_silent())?;
    let to = Destination::of(&encrypt.output);
    let encryptor = ready.encryptor();
    ready.perform(&encryptor, message, &mut input, &to, ready.ground.at, rng)
}

/// Everything that is needed to encrypt, for one message or many.
pub(crate) struct Ready<'a> {
    typed: &'a args::Encrypt,
    pub(crate) ground: Ground,
    options: EncryptOptions,
    anchors: TrustAnchors,
    repository: Catalogue,
    acquaintances: Vec<Acquaintance>,
    recipients: Vec<Recipient>,
    pub(crate) findings: Vec<Finding>,
}

impl<'a> Ready<'a> {
    /// Reads certificates, anchors, revocation lists and shared secrets.
    pub(crate) fn of(typed: &'a args::Encrypt) -> anyhow::Result<Self> {
        let by_certificate = !typed.recipient.is_empty() || typed.to_header;
        let shared = &typed.shared;
        if !by_certificate && shared.kek.is_empty() && !shared.password_recipient {
            return Err(Problem::usage_with(
                "no recipient was named",
                "name recipients with -r FILE, -r ADDRESS, --to-header, --kek NAME:FILE or --password-recipient",
            )
            .into());
        }
        let options = options(typed)?;
        let trust = &typed.trust;
        let ground = prepare::ground(&typed.common, Some(trust))?;
        let Ground { policy, at } = &ground;
        // Without certificates there is nothing to trust.
        let anchors = match by_certificate {
            true => prepare::anchors(trust, policy)?,
            false => TrustAnchors::default(),
        };
        let mut findings = Vec::new();
        let mut messages = Messages::look(&typed.common.certs, &policy.limits)?;
        if !by_certificate {
            messages.files.clear();
        }
        let mut repository = prepare::repository(&messages.others, &trust.crls, &policy.limits)?;
        let given = repository.clone();
        let learning = Learning {
            verifier: Verifier::new(&anchors, &given, policy, &[]),
            policy,
            at: *at,
        };
        let mut acquaintances = Vec::new();
        for file in &messages.files {
            match learning.from(file)? {
                Learned::Nothing => {}
                Learned::Refused(report) => {
                    findings.push(learning.refusal(file, &report));
                }
                Learned::Acquaintances(known) => acquaintances.extend(known),
            }
        }
        let mut recipients = Vec::new();
        for who in &typed.recipient {
            let recipient = recipient(who, &learning, &mut acquaintances, &mut repository)?;
            recipients.push(recipient);
        }
        let keys = prepare::shared_keys(shared, policy, &mut findings)?;
        recipients.extend(keys.into_iter().map(Recipient::SharedKey));
        if shared.password_recipient {
            let password = prepare::message_password(typed.password_file.as_deref(), true)?;
            recipients.push(Recipient::Password(Arc::new(password)));
        }
        Ok(Self {
            typed,
            options,
            anchors,
            repository: Catalogue::from(repository),
            acquaintances,
            recipients,
            findings,
            ground,
        })
    }

    /// Makes the encryptor, which judges each recipient once.
    pub(crate) fn encryptor(&self) -> Encryptor<'_> {
        Encryptor::new(
            &self.recipients,
            &self.anchors,
            &self.repository,
            &self.ground.policy,
            self.options.clone(),
        )
        .knowing(&self.acquaintances)
        .watched(prepare::watch())
    }

    /// Encrypts one message.
    pub(crate) fn perform(
        &self,
        encryptor: &Encryptor<'_>,
        message: &Path,
        input: &mut Input,
        to: &Destination<'_>,
        at: Time,
        rng: &mut Randomness,
    ) -> anyhow::Result<Outcome> {
        let mut output = to.open(Leave::AsWritten, rng)?;
        prepare::not_to_people(self.typed.made.format, &output)?;
        let report = encryptor
            .encrypt(input.source(), &mut output, at, rng)
            .with_context(|| prepare::at(message))?;
        Ok(conclude(report, self.findings.clone(), output))
    }
}

/// The files of `--certs`: those that may be signed messages, and the paths that are read for certificates.
struct Messages {
    files: Vec<PathBuf>,
    others: Vec<PathBuf>,
}

impl Messages {
    fn look(certs: &[PathBuf], limits: &Limits) -> anyhow::Result<Self> {
        let mut found = Self {
            files: Vec::new(),
            others: Vec::new(),
        };
        for path in certs {
            let listed = files::listing(path)?;
            // a message that is named holds no certificate as such, and is no error for it
            let is_message = listed.first() == Some(path)
                && matches!(
                    files::certificates(path, limits),
                    Err(smime::store::Error::Nothing { .. })
                )
                && smime::smime::looks_like_mail(&mut Input::open(path, true)?.source());
            if !is_message {
                found.others.push(path.clone());
            }
            found.files.extend(listed);
        }
        Ok(found)
    }
}

/// How signed mail is learned from.
struct Learning<'a> {
    verifier: Verifier<'a>,
    policy: &'a Policy,
    at: Time,
}

impl Learning<'_> {
    fn from(&self, file: &Path) -> anyhow::Result<Learned> {
        let mut input = Input::open(file, true)?;
        let mut learned = self
            .verifier
            .learn(input.source(), self.at)
            .with_context(|| prepare::at(file))?;
        if let Learned::Acquaintances(known) = &mut learned {
            let origin = file.display().to_string().into();
            for one in known {
                one.recipient = one.recipient.take().map(|it| it.from_origin(&origin));
            }
        }
        Ok(learned)
    }

    fn refusal(&self, file: &Path, report: &Report) -> Finding {
        let denied = report.all_findings().filter(|f| f.level == Level::Deny);
        let rules: BTreeSet<_> = denied.map(|f| f.rule.name()).collect();
        let rules = Vec::from_iter(rules).join(", ");
        let message = format!("{} does not verify: {rules}", file.display());
        self.policy.finding(Rule::NotLearned, message)
    }
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
        rsa: match (encrypt.oaep, encrypt.rsa_kem) {
            (false, false) => None,
            (true, _) => Some(ToRsa::Oaep),
            (false, true) => Some(ToRsa::Kem),
        },
        naming: if encrypt.key_identifier {
            Naming::SubjectKeyIdentifier
        } else {
            Naming::IssuerAndSerialNumber
        },
        to_header: encrypt.to_header,
        compress: encrypt.made.compress,
        protect_headers: protect_headers(&encrypt.headers, encoding)?,
    })
}

/// Returns how much of the header is hidden, if it is protected at all: naming a policy asks for that, too.
fn protect_headers(
    headers: &args::Headers,
    encoding: Encoding,
) -> anyhow::Result<Option<HeaderConfidentiality>> {
    let policy = match headers.hide_headers {
        None if !headers.protect_headers => return Ok(None),
        None | Some(HideHeaders::Baseline) => HeaderConfidentiality::Baseline,
        Some(HideHeaders::Shy) => HeaderConfidentiality::Shy,
        Some(HideHeaders::None) => HeaderConfidentiality::None,
    };
    // inside is written what stands outside, and then something must
    if encoding != Encoding::Smime {
        return Err(Problem::usage_with(
            "--protect-headers makes a message, with a header: --format der and pem have none",
            "leave --format out",
        )
        .into());
    }
    Ok(Some(policy))
}

/// What reads as an address is one: a file that somebody put into the working directory under that name must not take its place, and is
/// written with a `/`. Any other file holds the recipient's certificate, and perhaps others that lead to an anchor, or is a message that the
/// recipient signed.
fn recipient(
    who: &str,
    learning: &Learning<'_>,
    acquaintances: &mut Vec<Acquaintance>,
    others: &mut Collection,
) -> anyhow::Result<Recipient> {
    if !who.contains('/')
        && let Some(address) = Address::parse(who)
    {
        return Ok(Recipient::Address(address));
    }
    let path = Path::new(who);
    if path.exists() {
        return match learning.from(path)? {
            Learned::Nothing => {
                let (certificate, rest) = files::recipient(path, &learning.policy.limits)?;
                others.certificates.extend(rest);
                Ok(Recipient::Certificate(certificate))
            }
            Learned::Refused(report) => {
                let refusal = learning.refusal(path, &report);
                Err(Problem::Refused(refusal.message).into())
            }
            Learned::Acquaintances(known) => {
                let [one] = known.as_slice() else {
                    let what = format!("-r: {who} is signed by several people");
                    return Err(Problem::usage(what).into());
                };
                let Some(certificate) = one.recipient.clone() else {
                    let what = format!("{who} came with no certificate to encrypt to");
                    return Err(Problem::Refused(what).into());
                };
                acquaintances.push(one.clone());
                Ok(Recipient::Certificate(certificate))
            }
        };
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
