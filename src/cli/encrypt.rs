//! `smime encrypt`.
pub(super) mod copies;

use super::{
    Outcome,
    args::{self, HideHeaders},
    conclude,
    error::Problem,
    output::{Destination, Leave, Output},
    prepare::{self, Ground, Input, Keys, Randomness},
    refused, sign,
};
use anyhow::Context;
use copies::Beside;
use smime::{
    asn1::Time,
    cms::recipient_info::{Naming, ToRsa},
    crypto::ContentCipher,
    mime::mailbox::Address,
    policy::{Finding, Level, Policy, Rule},
    smime::{
        Acquaintance, BlindCopies, Copies, Encoding, EncryptOptions, Encryptor,
        HeaderConfidentiality, Learned, Recipient, Report, SignOptions, Signer, Verifier,
        report::{Form, Layer},
    },
    store::{Identities, files},
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
    let to = Destination::of(&encrypt.output, &encrypt.common);
    let output = ready.output(&to, rng)?;
    let signer = ready.signer();
    let encryptor = ready.encryptor(signer.as_ref());
    let file = encrypt.output.output.as_deref();
    let beside = file
        .filter(|_| output.is_file())
        .map(|file| Beside::new(file, encrypt))
        .transpose()?;
    let at = ready.ground.at;
    ready.finish(&encryptor, message, &mut input, (output, beside), at, rng)
}

/// Everything that is needed to encrypt, for one message or many.
pub(crate) struct Ready<'a> {
    typed: &'a args::Encrypt,
    pub(crate) ground: Ground,
    options: EncryptOptions,
    signing: Option<SignOptions>,
    anchors: TrustAnchors,
    repository: Catalogue,
    acquaintances: Vec<Acquaintance>,
    recipients: Vec<Recipient>,
    /// to sign with
    identities: Identities,
    pub(crate) findings: Vec<Finding>,
}

impl<'a> Ready<'a> {
    /// Reads certificates, anchors, revocation lists, shared secrets and keys.
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
        let signing = signing(typed)?;
        let trust = &typed.trust;
        let ground = prepare::ground(&typed.common, Some(trust))?;
        let Ground { policy, at } = &ground;
        // Without certificates there is nothing to trust.
        let anchors = match by_certificate {
            true => prepare::anchors(trust, policy)?,
            false => TrustAnchors::default(),
        };
        let mut findings = Vec::new();
        let mut given = Given::read(&typed.common.certs, policy)?;
        if !by_certificate {
            given.messages.clear();
        }
        let crls = prepare::repository(&[], &trust.crls, &policy.limits)?;
        given.certificates.extend(crls);
        let mut repository = given.certificates.clone();
        let learning = Learning {
            verifier: Verifier::new(&anchors, &given.certificates, policy, &[]),
            policy,
            at: *at,
        };
        let mut acquaintances = Vec::new();
        for file in &given.messages {
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
            let password = prepare::message_password(typed.keys.password_file.as_deref(), true)?;
            recipients.push(Recipient::Password(Arc::new(password)));
        }
        let mut identities = Identities::default();
        if signing.is_some() {
            let found = signing_keys(typed, &given.certificates, policy)?;
            findings.extend(found.findings);
            identities = found.identities;
        }
        Ok(Self {
            typed,
            options,
            signing,
            anchors,
            repository: Catalogue::from(repository),
            acquaintances,
            recipients,
            identities,
            findings,
            ground,
        })
    }

    /// Makes the signer, where messages are signed, too.
    pub(crate) fn signer(&self) -> Option<Signer<'_>> {
        let options = self.signing.clone()?;
        Some(Signer::new(&self.identities, &self.ground.policy, options))
    }

    /// Makes the encryptor, which judges each recipient once.
    pub(crate) fn encryptor<'r>(&'r self, signer: Option<&'r Signer<'r>>) -> Encryptor<'r> {
        let encryptor = Encryptor::new(
            &self.recipients,
            &self.anchors,
            &self.repository,
            &self.ground.policy,
            self.options.clone(),
        )
        .knowing(&self.acquaintances)
        .watched(prepare::watch());
        match signer {
            Some(signer) if self.typed.triple_wrap => encryptor.wrapping(signer),
            Some(signer) => encryptor.signing(signer),
            None => encryptor,
        }
    }

    /// Encrypts one message of many; copies of it have no place beside it.
    pub(crate) fn perform(
        &self,
        encryptor: &Encryptor<'_>,
        message: &Path,
        input: &mut Input,
        to: &Destination<'_>,
        at: Time,
        rng: &mut Randomness,
    ) -> anyhow::Result<Outcome> {
        let output = self.output(to, rng)?;
        self.finish(encryptor, message, input, (output, None), at, rng)
    }

    fn output(&self, to: &Destination<'_>, rng: &mut Randomness) -> anyhow::Result<Output> {
        let output = to.open(Leave::AsWritten, rng)?;
        prepare::not_to_people(self.typed.made.format, &output)?;
        Ok(output)
    }

    fn finish(
        &self,
        encryptor: &Encryptor<'_>,
        message: &Path,
        input: &mut Input,
        (mut output, mut beside): (Output, Option<Beside<'_>>),
        at: Time,
        rng: &mut Randomness,
    ) -> anyhow::Result<Outcome> {
        let copies = beside.as_mut().map(|it| it as &mut dyn Copies);
        let made = encryptor.encrypt_apart(input.source(), &mut output, copies, at, rng);
        let (outputs, places, failure) = beside.map(Beside::made).unwrap_or_default();
        if let Some(failure) = failure {
            return Err(failure);
        }
        let mut report = made.with_context(|| prepare::at(message))?;
        for (copy, place) in report.copies.iter_mut().zip(places) {
            copy.place = Some(place);
        }
        let mut outcome = conclude(report, self.findings.clone(), output);
        outcome.outputs.splice(0..0, outputs);
        Ok(outcome)
    }
}

/// Understands how a message is signed that is encrypted; `None`: it is not.
fn signing(encrypt: &args::Encrypt) -> anyhow::Result<Option<SignOptions>> {
    if encrypt.sign || encrypt.triple_wrap {
        let form = match encrypt.signature.opaque {
            true => Form::Opaque,
            false => Form::Clear,
        };
        return sign::signing(&encrypt.signature, &encrypt.made, form).map(Some);
    }
    let identity = (!encrypt.keys.identity.is_empty()).then_some("-i");
    match encrypt.signature.given().or(identity) {
        Some(option) => Err(Problem::usage_with(
            format!("{option} goes with --sign and --triple-wrap"),
            "encrypt --sign signs first, then encrypts; -r FILE names a recipient",
        )
        .into()),
        None => Ok(None),
    }
}

/// Reads the keys to sign with. The password of the message is not theirs: it is told to others.
fn signing_keys(
    encrypt: &args::Encrypt,
    issuers: &Collection,
    policy: &Policy,
) -> anyhow::Result<Keys> {
    let keys = args::Keys {
        identity: encrypt.keys.identity.clone(),
        password_file: match encrypt.shared.password_recipient {
            true => None,
            false => encrypt.keys.password_file.clone(),
        },
    };
    let mut keys = prepare::keys(&keys, &[], policy)?;
    for certificate in &issuers.certificates {
        keys.identities.add_certificate(certificate.clone());
    }
    Ok(keys)
}

/// What `--certs` gives: signed messages, or records of them, whose certificates count as far as they verify; and certificates that are
/// given as such.
struct Given {
    messages: Vec<PathBuf>,
    certificates: Collection,
}

impl Given {
    fn read(certs: &[PathBuf], policy: &Policy) -> anyhow::Result<Self> {
        let mut given = Self {
            messages: Vec::new(),
            certificates: Collection::default(),
        };
        for path in certs {
            for file in files::listing(path)? {
                if is_signed(&file, policy)? {
                    given.messages.push(file);
                    continue;
                }
                let named = file == *path;
                match files::certificates(&file, &policy.limits) {
                    Ok(found) => given.certificates.extend(found),
                    // a message holds no certificate as such, and is no error for it
                    Err(smime::store::Error::Nothing { .. })
                        if smime::smime::looks_like_mail(
                            &mut Input::open(&file, true)?.source(),
                        ) => {}
                    Err(error) if named => return Err(error.into()),
                    // of a directory what can be used is used
                    Err(_) => {}
                }
            }
        }
        given.certificates.remove_duplicates();
        Ok(given)
    }
}

/// Whether a file is signed outermost, by whomever: then what is in it counts only if it verifies.
fn is_signed(file: &Path, policy: &Policy) -> anyhow::Result<bool> {
    let described = smime::smime::inspect(Input::open(file, true)?.source(), policy);
    let signed = |it: &Layer| matches!(it, Layer::Signed(layer) if !layer.signatures.is_empty());
    Ok(described.is_ok_and(|it| it.layers.first().is_some_and(signed)))
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
        blind: match encrypt.bcc {
            args::Bcc::Each => BlindCopies::Each,
            args::Bcc::Group => BlindCopies::Group,
            args::Bcc::Refuse => BlindCopies::Refuse,
        },
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
