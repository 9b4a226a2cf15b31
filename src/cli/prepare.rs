//! What was typed, made into what the library takes: files opened, clock read, randomness seeded, policy and trust put together.
//!
//! The one place that reads the clock, the environment and the system's randomness; judges nothing, writes nothing.
use super::{
    args,
    error::Problem,
    output::{is_seekable, standard_input},
    password::Passwords,
};
use getrandom::SysRng;
use rand::{TryRng, rand_core::UnwrapErr};
use smime::{
    asn1::{Time, oid::Oid},
    crypto::Secret,
    mime::{
        mailbox::Address,
        mbox::{Quoting, Span, Unquoted},
    },
    policy::{Finding, Level, Limits, Policy, PolicyInputs, PolicyName, Revocation, Rule},
    smime::{ExpectedSigner, Source},
    store::{Identities, SharedKey, files},
    x509::{Certificate, Collection, TrustAnchor, TrustAnchors, Watch},
};
use std::{
    collections::HashSet,
    env,
    fs::File,
    io::{self, BufReader, Cursor, IsTerminal, Read, Seek, SeekFrom},
    os::unix::fs::FileExt,
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

/// The system's randomness.
pub(crate) type Randomness = UnwrapErr<SysRng>;

/// Octets read from a message at once.
const BUFFER: usize = 64 << 10;

/// What every verb stands on.
pub(crate) struct Ground {
    pub(crate) policy: Policy,
    pub(crate) at: Time,
}

/// Returns the system's randomness, once it has shown that there is any.
pub(crate) fn randomness() -> anyhow::Result<Randomness> {
    SysRng
        .try_next_u64()
        .map_err(|e| Problem::Randomness(e.to_string()))?;
    Ok(UnwrapErr(SysRng))
}

/// Puts policy and time together.
pub(crate) fn ground(common: &args::Common, trust: Option<&args::Trust>) -> anyhow::Result<Ground> {
    let mut policy = Policy::named(match common.policy {
        args::PolicyName::Standard => PolicyName::Standard,
        args::PolicyName::Modern => PolicyName::Modern,
        args::PolicyName::Archive => PolicyName::Archive,
    });
    if let Some(trust) = trust {
        policy.certificate_policies = policy_inputs(trust)?;
        policy.revocation = match trust.revocation {
            args::Revocation::Off => Revocation::Off,
            args::Revocation::Soft => Revocation::Soft,
            args::Revocation::Hard => Revocation::Hard,
        };
    }
    policy.overlap = common.overlap();
    set_levels(&mut policy, common)?;
    let at = match &common.at {
        Some(text) => Time::from_rfc3339(text).ok_or_else(|| {
            Problem::usage_with(
                format!("--at: '{text}' is not a time"),
                "a time is written --at 2026-01-31T12:00:00Z, a day --at 2026-01-31",
            )
        })?,
        None => now(),
    };
    Ok(Ground { policy, at })
}

fn set_levels(policy: &mut Policy, common: &args::Common) -> anyhow::Result<()> {
    let options = [
        ("--allow", Level::Allow, &common.allow),
        ("--warn", Level::Warn, &common.warn),
        ("--deny", Level::Deny, &common.deny),
    ];
    let mut set: Vec<(Rule, Level)> = Vec::new();
    for (option, level, names) in options {
        for name in names {
            let rule = Rule::from_name(name).ok_or_else(|| {
                Problem::usage_with(
                    format!("{option}: there is no rule '{name}'"),
                    "smime help rules lists them",
                )
            })?;
            if set.iter().any(|(r, l)| *r == rule && *l != level) {
                return Err(Problem::usage(format!(
                    "{option}: the rule {name} is given two levels"
                ))
                .into());
            }
            policy
                .set(rule, level)
                .map_err(|e| Problem::usage(format!("{option}: {e}")))?;
            set.push((rule, level));
        }
    }
    Ok(())
}

/// Reads what is asked of certificate policies.
fn policy_inputs(trust: &args::Trust) -> anyhow::Result<PolicyInputs> {
    let policies = trust.policy_oid.iter().map(|text| {
        Oid::new(text).map_err(|_| {
            Problem::usage_with(
                format!("--policy-oid: '{text}' is no object identifier"),
                "an object identifier is written --policy-oid 2.16.840.1.101.3.2.1.48.1",
            )
        })
    });
    Ok(PolicyInputs {
        policies: policies.collect::<Result<_, _>>()?,
        inhibit_mapping: trust.inhibit_policy_mapping,
        require_explicit: trust.require_explicit_policy,
        inhibit_any: trust.inhibit_any_policy,
    })
}

/// Returns the time that was given, else that of the clock: what takes long is not judged by when it began.
pub(crate) fn moment(common: &args::Common, given: Time) -> Time {
    match common.at {
        Some(_) => given,
        None => now(),
    }
}

/// Reads the clock.
fn now() -> Time {
    let now = SystemTime::now();
    let seconds = match now.duration_since(UNIX_EPOCH) {
        Ok(since) => i64::try_from(since.as_secs()).unwrap_or(i64::MAX),
        Err(before) => i64::try_from(before.duration().as_secs()).map_or(i64::MIN, |s| -s),
    };
    Time(seconds)
}

/// A message, opened.
pub(crate) struct Input {
    source: Opened,
    /// where the message begins, if it can be read again
    beginning: Option<u64>,
}

enum Opened {
    File(BufReader<File>),
    /// all of a small file
    Whole(Cursor<Vec<u8>>),
    /// one of an mbox
    Part(Unquoted<BufReader<Section>>),
}

impl Input {
    /// Opens a file, or standard input for `-`.
    pub(crate) fn open(path: &Path, quiet: bool) -> anyhow::Result<Self> {
        let failed = |source| Problem::Open {
            path: path.to_owned(),
            source,
        };
        let file = if path == Path::new("-") {
            let file = standard_input().map_err(failed)?;
            if file.is_terminal() && !quiet {
                super::output::to_standard_error(
                    "smime: hint: reading the message from the terminal, until Ctrl-D\n",
                );
            }
            file
        } else {
            let file = File::open(path).map_err(failed)?;
            if file.metadata().is_ok_and(|m| m.is_dir()) {
                return Err(failed(rustix::io::Errno::ISDIR.into()).into());
            }
            file
        };
        let seekable = is_seekable(&file);
        let mut file = BufReader::with_capacity(BUFFER, file);
        Ok(Self {
            beginning: file.stream_position().ok().filter(|_| seekable),
            source: Opened::File(file),
        })
    }

    /// Takes a regular file of this size that was opened and not read. What is small is read here, once, however often it is gone through.
    pub(crate) fn regular(file: File, size: u64) -> Self {
        let source = match whole(&file, size) {
            Some(octets) => Opened::Whole(Cursor::new(octets)),
            None => Opened::File(BufReader::with_capacity(BUFFER, file)),
        };
        Self {
            beginning: Some(0),
            source,
        }
    }

    /// Takes a message of an mbox.
    pub(crate) fn part(mbox: Arc<File>, span: Span, quoting: Quoting) -> Self {
        let section = Section {
            file: mbox,
            span,
            position: 0,
        };
        let section = BufReader::with_capacity(buffer(span.length), section);
        Self {
            beginning: Some(0),
            source: Opened::Part(Unquoted::new(section, quoting)),
        }
    }

    /// Goes back to the beginning; false where that is not possible.
    pub(crate) fn again(&mut self) -> bool {
        let beginning = self.beginning.map(SeekFrom::Start);
        beginning.is_some_and(|place| match &mut self.source {
            Opened::File(file) => file.seek(place).is_ok(),
            Opened::Whole(octets) => octets.seek(place).is_ok(),
            Opened::Part(part) => part.seek(place).is_ok(),
        })
    }

    /// Returns it as the library takes it.
    pub(crate) fn source(&mut self) -> Source<'_> {
        match (&mut self.source, self.beginning) {
            (Opened::File(file), None) => Source::Stream(file),
            (Opened::File(file), Some(_)) => Source::Seekable(file),
            (Opened::Whole(octets), _) => Source::Seekable(octets),
            (Opened::Part(part), _) => Source::Seekable(part),
        }
    }
}

/// The largest file that is held in memory while it is gone through.
const WHOLE: u64 = 64 << 10;

/// Reads a file of this size, if it is small; `None` if not, if it is of another size by now, or cannot be read, which is left to whoever reads it
/// then, from where it stood.
fn whole(file: &File, size: u64) -> Option<Vec<u8>> {
    let length = usize::try_from(size).ok().filter(|_| size <= WHOLE)?;
    let mut octets = vec![0; length];
    file.read_exact_at(&mut octets, 0).ok()?;
    let ended = matches!(file.read_at(&mut [0], size), Ok(0));
    ended.then_some(octets)
}

/// For what is small, a buffer that it fits in; the end is seen without another.
fn buffer(size: u64) -> usize {
    usize::try_from(size).unwrap_or(BUFFER).clamp(512, BUFFER)
}

/// A part of a file that several read at once.
struct Section {
    file: Arc<File>,
    span: Span,
    position: u64,
}

impl Read for Section {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let left = self.span.length.saturating_sub(self.position);
        let room = usize::try_from(left).unwrap_or(usize::MAX).min(buf.len());
        let part = buf.get_mut(..room).unwrap_or_default();
        let read = self.file.read_at(part, self.span.start + self.position)?;
        self.position += read as u64;
        Ok(read)
    }
}

impl Seek for Section {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let position = match to {
            SeekFrom::Start(position) => Some(position),
            SeekFrom::Current(by) => self.position.checked_add_signed(by),
            SeekFrom::End(by) => self.span.length.checked_add_signed(by),
        };
        self.position = position.ok_or(io::ErrorKind::InvalidInput)?;
        Ok(self.position)
    }
}

/// Private keys and certificates, pooled, and what was found about their files.
pub(crate) struct Keys {
    pub(crate) identities: Identities,
    pub(crate) findings: Vec<Finding>,
}

/// Reads the keys of `-i`, the certificates of `-c` to go with them, and what opens recipients that have neither.
pub(crate) fn decryption_keys(
    keys: &args::Keys,
    shared: &args::Shared,
    certs: &[PathBuf],
    policy: &Policy,
) -> anyhow::Result<Keys> {
    let mut found = self::keys(keys, certs, policy)?;
    for key in shared_keys(shared, policy, &mut found.findings)? {
        found.identities.add_shared_key(key);
    }
    if shared.password_recipient {
        let password = message_password(keys.password_file.as_deref(), false)?;
        found.identities.set_password(password);
    }
    Ok(found)
}

/// Understands `--kek NAME:FILE` and reads the keys. A name is text, or octets written `0x` and hexadecimal digits.
pub(crate) fn shared_keys(
    shared: &args::Shared,
    policy: &Policy,
    findings: &mut Vec<Finding>,
) -> anyhow::Result<Vec<SharedKey>> {
    let mut keys: Vec<SharedKey> = Vec::new();
    for text in &shared.kek {
        let split = text.split_once(':');
        let (name, path) = split
            .filter(|(name, path)| !name.is_empty() && !path.is_empty())
            .ok_or_else(|| {
                Problem::usage_with(
                    format!("--kek: '{text}' is no name and file"),
                    "a shared key is given --kek NAME:FILE, with NAME as the message has it (or 0x and hexadecimal digits)",
                )
            })?;
        let octets = name
            .strip_prefix("0x")
            .and_then(smime::encoding::hex::decode);
        let name = octets.unwrap_or_else(|| name.as_bytes().to_vec());
        if keys.iter().any(|key| key.name == name) {
            return Err(Problem::usage("--kek: two keys of one name").into());
        }
        let path = Path::new(path);
        let (key, readable) = files::shared_key(path, &policy.limits)?;
        if readable {
            let message = format!("{} can be read by others", path.display());
            findings.push(policy.finding(Rule::KeyFileReadable, message));
        }
        keys.push(SharedKey {
            name,
            key: Arc::new(key),
        });
    }
    Ok(keys)
}

/// Returns the password of a message: from `--password-file`, or asked for.
pub(crate) fn message_password(file: Option<&Path>, is_new: bool) -> anyhow::Result<Secret> {
    let passwords = Passwords::from(file)?;
    let password = super::password::for_message(&passwords, is_new);
    let password = password.ok_or(Problem::PasswordNeeded)?;
    if password.is_empty() {
        return Err(Problem::usage("the password of the message is empty").into());
    }
    Ok(Secret::new(password.as_bytes().to_vec()))
}

/// Reads the keys of `-i`, and the certificates of `-c` to go with them.
pub(crate) fn keys(keys: &args::Keys, certs: &[PathBuf], policy: &Policy) -> anyhow::Result<Keys> {
    let mut passwords = Passwords::from(keys.password_file.as_deref())?;
    let mut identities = Identities::default();
    let mut findings = Vec::new();
    for path in &keys.identity {
        let readable = files::identities(
            path,
            &policy.limits,
            &mut |file| passwords.ask(file),
            &mut identities,
        )?;
        findings.extend(readable.iter().map(|file| {
            let message = format!("{} can be read by others", file.display());
            policy.finding(Rule::KeyFileReadable, message)
        }));
    }
    for certificate in repository(certs, &[], &policy.limits)?.certificates {
        identities.add_certificate(certificate);
    }
    Ok(Keys {
        identities,
        findings,
    })
}

/// Reads the key of `--secret-key`.
pub(crate) fn secret_key(
    option: &args::SecretKey,
    policy: &Policy,
    findings: &mut Vec<Finding>,
) -> anyhow::Result<Option<Secret>> {
    let Some(path) = &option.secret_key else {
        return Ok(None);
    };
    let (key, readable) = files::secret_key(path, &policy.limits)?;
    if readable {
        let message = format!("{} can be read by others", path.display());
        findings.push(policy.finding(Rule::KeyFileReadable, message));
    }
    Ok(Some(key))
}

/// Reads the trust anchors; an error if there are none and they matter.
pub(crate) fn anchors(trust: &args::Trust, policy: &Policy) -> anyhow::Result<TrustAnchors> {
    let anchors = anchors_if_any(trust, &policy.limits)?;
    if anchors.anchors.is_empty() && policy.level(Rule::Untrusted) == Level::Deny {
        return Err(smime::smime::Error::NoTrustAnchor.into());
    }
    Ok(anchors)
}

/// Reads the trust anchors: those of `-t` and `--trust-system`, else those of the default directory.
pub(crate) fn anchors_if_any(trust: &args::Trust, limits: &Limits) -> anyhow::Result<TrustAnchors> {
    let mut anchors = TrustAnchors::default();
    if trust.trust.is_empty() && !trust.trust_system {
        if let Some(directory) = trust_directory().filter(|d| exists(d)) {
            match files::trust_anchors(&directory, limits) {
                Ok(found) => anchors = found,
                Err(smime::store::Error::Nothing { path, .. }) if path == directory => {}
                Err(e) => return Err(e.into()),
            }
        }
        return Ok(anchors);
    }
    let mut known = HashSet::new();
    for path in &trust.trust {
        let found = files::trust_anchors(path, limits)?.anchors;
        let new = found
            .into_iter()
            .filter(|it| known.insert(it.certificate.clone()));
        anchors.anchors.extend(new);
    }
    if trust.trust_system {
        let new = system_anchors()?
            .into_iter()
            .filter(|it| known.insert(it.certificate.clone()));
        anchors.anchors.extend(new);
    }
    Ok(anchors)
}

/// Reads the operating system's store, or what SSL_CERT_FILE and SSL_CERT_DIR name instead. A certificate in it that cannot be read vouches for
/// nobody, and is left out.
fn system_anchors() -> anyhow::Result<Vec<TrustAnchor>> {
    let found = rustls_native_certs::load_native_certs();
    if found.certs.is_empty() {
        let why = found.errors.first().map(ToString::to_string);
        return Err(Problem::NoSystemStore(why).into());
    }
    let source = "the system's store";
    let origin = Arc::from(source);
    let read = found.certs.iter().filter_map(|der| {
        let certificate = Certificate::from_der(der).ok()?.from_origin(&origin);
        let source = source.to_owned();
        Some(TrustAnchor {
            certificate,
            source,
        })
    });
    Ok(read.collect())
}

/// Returns the files that are read where this is named: of a directory those in it.
pub(crate) fn members(path: &Path) -> Vec<PathBuf> {
    files::listing(path).unwrap_or_else(|_| vec![path.to_owned()])
}

/// Whether something is there. What cannot be looked at is: reading it then says why not.
fn exists(path: &Path) -> bool {
    !matches!(path.try_exists(), Ok(false))
}

/// Returns the default directory of trust anchors: `$XDG_CONFIG_HOME/smime/trust`, else `~/.config/smime/trust`.
pub(crate) fn trust_directory() -> Option<PathBuf> {
    let absolute = |name| {
        env::var_os(name)
            .map(PathBuf::from)
            .filter(|p| p.is_absolute())
    };
    absolute("XDG_CONFIG_HOME")
        .or_else(|| absolute("HOME").map(|home| home.join(".config")))
        .map(|config| config.join("smime/trust"))
}

/// Returns a watch, for the limit of time on certificate paths.
pub(crate) fn watch() -> Arc<dyn Watch> {
    struct Started(Instant);
    impl Watch for Started {
        fn elapsed(&self) -> Duration {
            self.0.elapsed()
        }
    }
    Arc::new(Started(Instant::now()))
}

/// Reads other certificates and revocation lists.
pub(crate) fn repository(
    certs: &[PathBuf],
    crls: &[PathBuf],
    limits: &Limits,
) -> anyhow::Result<Collection> {
    let mut repository = Collection::default();
    for path in certs {
        let found = files::certificates(path, limits)?;
        repository.certificates.extend(found.certificates);
        repository.crls.extend(found.crls);
        repository.ocsp_responses.extend(found.ocsp_responses);
    }
    for path in crls {
        repository.extend(files::revocation(path, limits)?);
    }
    Ok(repository)
}

/// Reads the anchors of `--timestamp-trust`; `None` without that option.
pub(crate) fn time_stamp_anchors(
    signers: &args::Signers,
    limits: &Limits,
) -> anyhow::Result<Option<TrustAnchors>> {
    let mut anchors = TrustAnchors::default();
    for path in &signers.timestamp_trust {
        anchors
            .anchors
            .extend(files::time_stamp_anchors(path, limits)?.anchors);
    }
    Ok((!signers.timestamp_trust.is_empty()).then_some(anchors))
}

/// Understands `--signer`.
pub(crate) fn signers(signers: &args::Signers) -> anyhow::Result<Vec<ExpectedSigner>> {
    let understand = |who: &String| {
        let understood = match who.strip_prefix("sha256:") {
            Some(hex) => smime::encoding::hex::decode(hex)
                .and_then(|octets| octets.try_into().ok())
                .map(ExpectedSigner::Certificate),
            None => Address::parse(who).map(ExpectedSigner::Address),
        };
        understood.ok_or_else(|| {
            Problem::usage_with(
                format!("--signer: '{who}' is neither a mail address nor sha256: and 64 hexadecimal digits"),
                "smime cert show FILE prints both",
            )
            .into()
        })
    };
    signers.signer.iter().map(understand).collect()
}

/// Understands how `sign` and `encrypt` are to take their input and write their output.
pub(crate) fn made(made: &args::Made) -> (smime::smime::Content, smime::smime::Encoding) {
    use smime::smime::Content;
    let content = if made.text {
        Content::Text
    } else if made.binary {
        Content::Binary
    } else {
        Content::Message
    };
    (content, encoding(made.format))
}

/// Understands how output is written.
pub(crate) fn encoding(format: args::Format) -> smime::smime::Encoding {
    use smime::smime::Encoding;
    match format {
        args::Format::Smime => Encoding::Smime,
        args::Format::Der => Encoding::Der,
        args::Format::Pem => Encoding::Pem,
    }
}

/// Refuses to show DER to people.
pub(crate) fn not_to_people(
    format: args::Format,
    output: &super::output::Output,
) -> anyhow::Result<()> {
    if format == args::Format::Der && output.is_terminal() {
        return Err(Problem::usage_with(
            "DER is not written to a terminal",
            "-o FILE writes it to a file, --format pem writes text",
        )
        .into());
    }
    Ok(())
}

/// Says what file an operation's error is about.
pub(crate) fn at(message: &Path) -> super::error::At {
    super::error::At {
        message: (message != Path::new("-")).then(|| message.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use clap::Parser;
    use std::io::Write;

    fn common(arguments: &[&str]) -> args::Arguments {
        args::Arguments::try_parse_from(["smime", "inspect"].iter().chain(arguments)).unwrap()
    }

    fn policy(arguments: &[&str]) -> anyhow::Result<Policy> {
        let parsed = common(arguments);
        ground(parsed.command.common().unwrap(), None).map(|g| g.policy)
    }

    /// At the largest size and one past it; and files that are not of the size that was told.
    #[test]
    fn small_files_are_read_whole() {
        let octets: Vec<u8> = (0..WHOLE + 1).map(|at| at.to_le_bytes()[0]).collect();
        for (length, told, is_whole) in [
            (0, 0, true),
            (WHOLE, WHOLE, true),
            (WHOLE + 1, WHOLE + 1, false),
            (7, 8, false),
            (8, 7, false),
        ] {
            let content = octets.get(..usize::try_from(length).unwrap()).unwrap();
            let mut file = tempfile::tempfile().unwrap();
            file.write_all(content).unwrap();
            file.rewind().unwrap();
            let mut input = Input::regular(file, told);
            assert_eq!(matches!(input.source, Opened::Whole(_)), is_whole);
            for _ in 0..2 {
                let mut read = Vec::new();
                input.source().read_to_end(&mut read).unwrap();
                assert!(read == content, "{length} {told}");
                assert!(input.again());
            }
        }
    }

    #[test]
    fn levels_are_set() {
        let found = policy(&["--allow", "expired", "--deny", "no-from"]).unwrap();
        assert_eq!(found.level(Rule::Expired), Level::Allow);
        assert_eq!(found.level(Rule::NoFrom), Level::Deny);
        assert!(policy(&["--allow", "digest-mismatch"]).is_err());
        assert!(policy(&["--warn", "nonsense"]).is_err());
        assert!(policy(&["--warn", "expired", "--deny", "expired"]).is_err());
        assert!(policy(&["--warn", "expired", "--warn", "expired"]).is_ok());
    }

    #[test]
    fn a_message_that_is_a_file_can_be_read_twice() {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(b"x").unwrap();
        let mut input = Input::open(file.path(), true).unwrap();
        assert!(matches!(input.source(), Source::Seekable(_)));
        assert!(Input::open(Path::new("/nowhere"), true).is_err());
        assert!(Input::open(Path::new("/"), true).is_err());
        let mut null = Input::open(Path::new("/dev/null"), true).unwrap();
        assert!(matches!(null.source(), Source::Stream(_)));
    }
}
