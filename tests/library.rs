//! The library as an outsider uses it: the two joints implemented by test doubles, time and randomness as arguments, sources that
//! give a few octets at a time.
use crate::support::*;
use rand_chacha::{
    ChaCha8Rng,
    rand_core::{Rng, SeedableRng},
};
use smime::{
    asn1::Time,
    cms::recipient_info::Naming,
    crypto::{
        self, CryptoRng, KeySize, KeyTransport, PrivateKey, PublicKey, Secret, SignatureAlgorithm,
    },
    mime::mailbox::Address,
    policy::{Level, Limits, Policy, Rule},
    smime::{
        BlindCopies, Content, Decryptor, Encoding, EncryptOptions, Encryptor, Include, Opener,
        Recipient, Report, SignOptions, Signer, Source, Verifier, inspect,
        report::{Form, Verdict},
    },
    store::{Identities, files},
    x509::{Certificate, Collection, Crl, Repository, TrustAnchors, name::Name},
};
use std::{
    io::{self, Cursor, Read},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

/// 2026-12-01T00:00:00Z
const AT: Time = Time(1_796_083_200);

fn rng(seed: u64) -> ChaCha8Rng {
    ChaCha8Rng::seed_from_u64(seed)
}

fn anchors() -> TrustAnchors {
    files::trust_anchors(&fixture("trust"), &Limits::default()).unwrap()
}

fn repository() -> Collection {
    files::certificates(&fixture("certs"), &Limits::default()).unwrap()
}

fn identities(who: &str) -> Identities {
    let mut pool = Identities::default();
    let path = fixture(&format!("identities/{who}.pem"));
    files::identities(&path, &Limits::default(), &mut |_| None, &mut pool).unwrap();
    pool
}

fn options(form: Form) -> SignOptions {
    SignOptions {
        request_receipt: None,
        form,
        content: Content::Message,
        encoding: Encoding::Smime,
        digest: None,
        pss: false,
        include: Include::Chain,
        compress: false,
        protect_headers: None,
    }
}

fn signed(identities: &Identities, form: Form, seed: u64) -> Vec<u8> {
    let policy = Policy::default();
    let options = options(form);
    let mut out = Vec::new();
    let mail = fixture_bytes("messages/plain.eml");
    let mut input = Cursor::new(mail);
    let report = Signer::new(identities, &policy, options)
        .sign(Source::Seekable(&mut input), &mut out, AT, &mut rng(seed))
        .unwrap();
    assert_eq!(report.verdict(), Verdict::Pass);
    out
}

/// A smart card: it holds the key, does what it is asked, and counts.
struct Card {
    key: Arc<dyn PrivateKey>,
    used: Arc<AtomicUsize>,
}

impl PrivateKey for Card {
    fn public_key(&self) -> &PublicKey {
        self.key.public_key()
    }
    fn sign(
        &self,
        algorithm: &SignatureAlgorithm,
        message: &[u8],
        rng: &mut dyn CryptoRng,
    ) -> crypto::Result<Vec<u8>> {
        self.used.fetch_add(1, Ordering::Relaxed);
        self.key.sign(algorithm, message, rng)
    }
    fn decrypt_key(
        &self,
        algorithm: &KeyTransport,
        encrypted_key: &[u8],
        size: KeySize,
        rng: &mut dyn CryptoRng,
    ) -> crypto::Result<Secret> {
        self.used.fetch_add(1, Ordering::Relaxed);
        self.key.decrypt_key(algorithm, encrypted_key, size, rng)
    }
    fn agree(&self, peer: &PublicKey) -> crypto::Result<Secret> {
        self.used.fetch_add(1, Ordering::Relaxed);
        self.key.agree(peer)
    }
}

/// The identity with its key on a card, and how often the card was used.
fn on_card(who: &str) -> (Identities, Arc<AtomicUsize>) {
    let software = identities(who);
    let used = Arc::new(AtomicUsize::new(0));
    let mut pool = Identities::default();
    for key in software.keys() {
        pool.add_key(Arc::new(Card {
            key: Arc::clone(key),
            used: Arc::clone(&used),
        }));
    }
    for certificate in software.certificates() {
        pool.add_certificate(certificate.clone());
    }
    (pool, used)
}

fn decrypted(
    identities: &Identities,
    policy: &Policy,
    message: &[u8],
) -> (Result<Report, smime::smime::Error>, Vec<u8>) {
    let mut out = Vec::new();
    let mut input = Cursor::new(message);
    let report = Decryptor::new(identities, policy).decrypt(
        Source::Seekable(&mut input),
        &mut out,
        &mut rng(1),
    );
    (report, out)
}

#[test]
fn a_smart_card_is_a_private_key() {
    let (card, used) = on_card("alice");
    let message = signed(&card, Form::Clear, 1);
    assert_eq!(used.load(Ordering::Relaxed), 1);
    assert_eq!(message, signed(&identities("alice"), Form::Clear, 1));
    for (who, message) in [
        ("bob", "encrypted-rsa-gcm"),
        ("carol", "encrypted-p256-cbc"),
        ("frank", "encrypted-x25519-hkdf-sha256"),
    ] {
        let (card, used) = on_card(who);
        let message = fixture_bytes(&format!("messages/{message}.eml"));
        let (report, out) = decrypted(&card, &Policy::default(), &message);
        assert_eq!(report.unwrap().verdict(), Verdict::Pass);
        assert_eq!(used.load(Ordering::Relaxed), 1);
        let (_, software) = decrypted(&identities(who), &Policy::default(), &message);
        assert_eq!(out, software);
    }
}

#[test]
fn no_key_is_used_for_what_the_policy_refuses() {
    let (card, used) = on_card("bob");
    for message in ["encrypted-3des", "encrypted-rc2", "encrypted-rc2-40"] {
        let message = fixture_bytes(&format!("messages/{message}.eml"));
        let (report, out) = decrypted(&card, &Policy::default(), &message);
        assert_eq!(report.unwrap().verdict(), Verdict::Fail);
        assert!(out.is_empty());
    }
    let mut strict = Policy::default();
    strict
        .set(Rule::UnauthenticatedCiphertext, Level::Deny)
        .unwrap();
    let (report, out) = decrypted(
        &card,
        &strict,
        &fixture_bytes("messages/encrypted-rsa-cbc.eml"),
    );
    assert_eq!(report.unwrap().verdict(), Verdict::Fail);
    assert!(out.is_empty());
    assert_eq!(used.load(Ordering::Relaxed), 0);
}

/// Whoever asks about a padding of RSA learns nothing from how often the key was used (RFC 3218), and nobody has it used for nothing.
#[test]
fn each_question_is_one_use_of_the_key() {
    let cases = String::from_utf8(fixture_bytes("negative/cases.jsonl")).unwrap();
    let (mut asked, mut refused) = (0, 0);
    for line in cases.lines() {
        let case: serde_json::Value = serde_json::from_str(line).unwrap();
        let id = case["id"].as_str().unwrap();
        let is_question = case["alike"] == "rsa-cbc";
        // judged before a key is used
        let is_refused = case["rows"][0] == "A7"
            && (case["exit"] == 3 || case["denied"][0] == "wrong-container")
            && id != "a7-mac-missing"
            && id != "a7-attributes-twice";
        let key = case["args"][1].as_str().unwrap_or_default();
        if case["verb"] != "decrypt" || !(is_question || is_refused) {
            continue;
        }
        let (card, used) = on_card(&format!("../negative/{}", key.trim_end_matches(".pem")));
        let message = fixture_bytes(&format!("negative/{}", case["input"].as_str().unwrap()));
        let (report, out) = decrypted(&card, &Policy::default(), &message);
        assert!(!report.is_ok_and(|report| report.verdict() == Verdict::Pass));
        let times = used.load(Ordering::Relaxed);
        assert_eq!(times, usize::from(is_question), "{id}");
        // what was made of a wrong key stays with the caller, who is told no
        assert!(is_question || out.is_empty(), "{id}");
        if is_question {
            asked += 1;
        } else {
            refused += 1;
        }
    }
    assert!(asked >= 18 && refused >= 25, "{asked} {refused}");
}

/// A directory server that knows everyone, one certificate at a time.
struct Directory(Collection, AtomicUsize);

impl Repository for Directory {
    fn by_subject(&self, subject: &Name) -> Vec<Certificate> {
        self.1.fetch_add(1, Ordering::Relaxed);
        self.0.by_subject(subject)
    }
    fn by_issuer_serial(&self, issuer: &Name, serial: &[u8]) -> Vec<Certificate> {
        self.1.fetch_add(1, Ordering::Relaxed);
        self.0.by_issuer_serial(issuer, serial)
    }
    fn by_key_identifier(&self, identifier: &[u8]) -> Vec<Certificate> {
        self.0.by_key_identifier(identifier)
    }
    fn by_address(&self, address: &Address) -> Vec<Certificate> {
        self.1.fetch_add(1, Ordering::Relaxed);
        self.0.by_address(address)
    }
    fn crls(&self, issuer: &Name) -> Vec<Crl> {
        self.0.crls(issuer)
    }
}

#[test]
fn a_directory_server_is_a_repository() {
    let directory = Directory(repository(), AtomicUsize::new(0));
    let (anchors, policy) = (anchors(), Policy::default());
    let message = fixture_bytes("messages/clear-nocerts.eml");
    let mut input = Cursor::new(message);
    let report = Verifier::new(&anchors, &directory, &policy, &[])
        .verify(Source::Seekable(&mut input), None, &mut io::sink(), AT)
        .unwrap();
    assert_eq!(report.verdict(), Verdict::Pass);
    let asked = directory.1.load(Ordering::Relaxed);
    assert!(asked >= 2, "signer and issuer: {asked}");

    let carol = [Recipient::Address(
        Address::parse("carol@example.com").unwrap(),
    )];
    let options = EncryptOptions {
        content: Content::Message,
        encoding: Encoding::Smime,
        cipher: None,
        rsa: None,
        naming: Naming::default(),
        to_header: false,
        blind: BlindCopies::Each,
        compress: false,
        protect_headers: None,
    };
    let mut out = Vec::new();
    let mut input = Cursor::new(fixture_bytes("messages/plain.eml"));
    let report = Encryptor::new(&carol, &anchors, &directory, &policy, options)
        .encrypt(Source::Seekable(&mut input), &mut out, AT, &mut rng(1))
        .unwrap();
    assert_eq!(report.verdict(), Verdict::Pass);
    assert!(directory.1.load(Ordering::Relaxed) > asked);
    let (report, plain) = decrypted(&identities("carol"), &policy, &out);
    assert_eq!(report.unwrap().verdict(), Verdict::Pass);
    assert_eq!(plain, fixture_bytes("messages/plain.eml"));
}

#[test]
fn the_same_time_and_randomness_make_the_same_message() {
    for form in [Form::Clear, Form::Opaque] {
        let alice = identities("alice");
        assert_eq!(signed(&alice, form, 7), signed(&alice, form, 7));
    }
    let clear = |seed| signed(&identities("alice"), Form::Clear, seed);
    assert_ne!(clear(7), clear(8), "the boundary is random");
}

/// Gives between one and nine octets at a time.
struct Chaos<'a>(&'a [u8], ChaCha8Rng);

impl Read for Chaos<'_> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let n = (1 + self.1.next_u32() as usize % 9)
            .min(buf.len())
            .min(self.0.len());
        let (now, later) = self.0.split_at(n);
        buf[..n].copy_from_slice(now);
        self.0 = later;
        Ok(n)
    }
}

#[test]
fn nothing_depends_on_how_a_source_is_read() {
    let (anchors, repository, policy) = (anchors(), repository(), Policy::default());
    let mut pool = Identities::default();
    let all = fixture("identities");
    for who in ["bob", "carol", "frank"] {
        let path = all.join(format!("{who}.pem"));
        files::identities(&path, &Limits::default(), &mut |_| None, &mut pool).unwrap();
    }
    let mut messages: Vec<_> = std::fs::read_dir(fixture("messages"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|e| e == "eml"))
        .collect();
    messages.push(fixture("welcome.eml"));
    assert!(messages.len() > 20);
    for path in messages {
        let message = std::fs::read(&path).unwrap();
        let opened = |source: Source<'_>| {
            let mut out = Vec::new();
            let verifier = Verifier::new(&anchors, &repository, &policy, &[]);
            let report = Opener::new(&pool, verifier).open(source, &mut out, AT, &mut rng(3));
            let answer = match report {
                Ok(report) => {
                    let rules: Vec<_> = report
                        .all_findings()
                        .map(|f| (f.rule, f.level, f.message.clone()))
                        .collect();
                    Ok((report.verdict(), rules, report.layers.len()))
                }
                Err(error) => Err(error.to_string()),
            };
            (answer, out)
        };
        let at_once = opened(Source::Seekable(&mut Cursor::new(&message)));
        let in_bits = opened(Source::Stream(&mut Chaos(&message, rng(5))));
        assert_eq!(at_once, in_bits, "{}", path.display());
        let inspected = |source: Source<'_>| inspect(source, &policy).map(|r| r.layers.len()).ok();
        assert_eq!(
            inspected(Source::Seekable(&mut Cursor::new(&message))),
            inspected(Source::Stream(&mut Chaos(&message, rng(6)))),
        );
    }
}

/// A file whose second reading gives something else.
struct Swapped {
    first: Cursor<Vec<u8>>,
    then: Vec<u8>,
}

impl Read for Swapped {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.first.read(buf)
    }
}

impl io::Seek for Swapped {
    fn seek(&mut self, to: io::SeekFrom) -> io::Result<u64> {
        if matches!(to, io::SeekFrom::Start(_)) {
            self.first = Cursor::new(self.then.clone());
        }
        self.first.seek(to)
    }
}

#[test]
fn what_changed_after_the_survey_is_judged_all_the_same() {
    let identities = identities("alice");
    let safe = fixture_bytes("messages/plain.eml");
    let mut policy = Policy::default();
    policy.set(Rule::NotSevenBit, Level::Deny).unwrap();
    for (end, denied) in [(&b"ascii\n"[..], false), (b"caf\xe9\n", true)] {
        let mut input = Swapped {
            first: Cursor::new(safe.clone()),
            then: [&safe, end].concat(),
        };
        let (source, mut out) = (Source::Seekable(&mut input), Vec::new());
        let result = Signer::new(&identities, &policy, options(Form::Clear)).sign(
            source,
            &mut out,
            AT,
            &mut rng(1),
        );
        let is_denied = matches!(result, Err(smime::smime::Error::NotSevenBit));
        assert_eq!(is_denied, denied);
        assert_eq!(memchr::memmem::find(&out, b"ascii\n").is_some(), !denied);
    }
}

/// micalg may lie: a file is read again for the digest that was used; it must be the same file.
#[test]
fn a_digest_that_micalg_does_not_announce() {
    let (anchors, repository, policy) = (anchors(), repository(), Policy::default());
    let verified = |source: Source<'_>| {
        let mut out = Vec::new();
        let report =
            Verifier::new(&anchors, &repository, &policy, &[]).verify(source, None, &mut out, AT);
        (report, out)
    };
    let dave = String::from_utf8(fixture_bytes("messages/plain.eml")).unwrap();
    let dave = dave.replace("alice@example.com", "dave@example.com");
    let run = smime(args![
        "sign",
        "-q",
        "-c",
        fixture("certs/intermediate.pem"),
        "-i",
        fixture("identities/dave.pem")
    ])
    .input(dave.clone().into_bytes())
    .run()
    .expect(0);
    let message = String::from_utf8(run.stdout).unwrap();
    assert!(message.contains("sha-384"));
    let lying = message.replace("sha-384", "sha-256");
    let (report, out) = verified(Source::Seekable(&mut Cursor::new(lying.clone())));
    assert_eq!(report.unwrap().verdict(), Verdict::Pass);
    let once = String::from_utf8(out).unwrap();
    assert_eq!(once.matches("Content-Type").count(), 1, "written once");
    // a pipe cannot be read again
    let (report, _) = verified(Source::Stream(&mut lying.as_bytes()));
    let report = report.unwrap();
    assert_eq!(report.verdict(), Verdict::Fail);
    assert!(
        report
            .all_findings()
            .any(|f| f.rule == Rule::SignatureAlgorithm)
    );
    // a body that was forged before the first reading and put right for the second
    let forged = lying.replace("lunch", "LUNCH");
    assert_ne!(forged, lying, "the message speaks of lunch");
    let mut swapped = Swapped {
        first: Cursor::new(forged.into_bytes()),
        then: lying.into_bytes(),
    };
    let (report, _) = verified(Source::Seekable(&mut swapped));
    assert!(report.is_err());
}
