//! Every bit of a message flipped, and every prefix of it: never a pass with other content, and from the program never a byte of output.
//!
//! Tens of thousands of variants are judged by the library, in this process; a sample of the refused ones by the program. Flips that pass with the
//! content unchanged are harmless; each must belong to a class that says why, and the classes are printed.
use crate::support::*;
use rand_chacha::{ChaCha8Rng, rand_core::SeedableRng};
use smime::{
    asn1::Time,
    policy::{Limits, Policy},
    smime::{Decryptor, Opener, Report, Source, Verifier, report::Verdict},
    store::{Identities, files},
    x509::{Collection, TrustAnchors},
};
use std::{collections::BTreeMap, io::Cursor};

/// 2026-12-01T00:00:00Z
const AT: Time = Time(1_796_083_200);

/// What a variant of a message came to.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Outcome {
    Refused,
    /// passed, with this content
    Passed(Vec<u8>),
}

/// Keeps what passes.
fn passing(
    result: Result<Report, smime::smime::Error>,
    content: Vec<u8>,
) -> Option<(Report, Vec<u8>)> {
    let report = result.ok()?;
    (report.verdict() == Verdict::Pass).then_some((report, content))
}

fn outcome(passed: Option<(Report, Vec<u8>)>) -> Outcome {
    passed.map_or(Outcome::Refused, |(_, content)| Outcome::Passed(content))
}

pub(crate) struct Verifying {
    anchors: TrustAnchors,
    repository: Collection,
    policy: Policy,
}

impl Verifying {
    fn new() -> Self {
        Self::knowing("certs")
    }

    /// Knows these certificates beside the message.
    pub(crate) fn knowing(certificates: &str) -> Self {
        let limits = Limits::default();
        Self {
            anchors: files::trust_anchors(&fixture("trust"), &limits).unwrap(),
            repository: files::certificates(&fixture(certificates), &limits).unwrap(),
            policy: Policy::default(),
        }
    }

    /// The report and the content, if it passes.
    pub(crate) fn passing(&self, message: &[u8]) -> Option<(Report, Vec<u8>)> {
        let verifier = Verifier::new(&self.anchors, &self.repository, &self.policy, &[]);
        let mut content = Vec::new();
        let mut source = Cursor::new(message);
        let result = verifier.verify(Source::Seekable(&mut source), None, &mut content, AT);
        passing(result, content)
    }

    fn judge(&self, message: &[u8]) -> Outcome {
        outcome(self.passing(message))
    }

    /// The same of every layer.
    pub(crate) fn opened(
        &self,
        decrypting: &Decrypting,
        message: &[u8],
    ) -> Option<(Report, Vec<u8>)> {
        let identities = &decrypting.identities;
        let verifier = Verifier::new(&self.anchors, &self.repository, &self.policy, &[]);
        let opener = Opener::new(identities, verifier);
        let mut content = Vec::new();
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        let mut source = Cursor::new(message);
        let result = opener.open(Source::Seekable(&mut source), &mut content, AT, &mut rng);
        passing(result, content)
    }
}

pub(crate) struct Decrypting {
    identities: Identities,
    policy: Policy,
}

impl Decrypting {
    pub(crate) fn new(who: &str) -> Self {
        let mut identities = Identities::default();
        let file = fixture(&format!("identities/{who}.pem"));
        files::identities(&file, &Limits::default(), &mut |_| None, &mut identities).unwrap();
        Self {
            identities,
            policy: Policy::default(),
        }
    }

    /// The report and the content, if it passes.
    pub(crate) fn passing(&self, message: &[u8]) -> Option<(Report, Vec<u8>)> {
        let decryptor = Decryptor::new(&self.identities, &self.policy);
        let mut content = Vec::new();
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        let mut source = Cursor::new(message);
        let result = decryptor.decrypt(Source::Seekable(&mut source), &mut content, &mut rng);
        passing(result, content)
    }

    fn judge(&self, message: &[u8]) -> Outcome {
        outcome(self.passing(message))
    }
}

/// The message with the bit of this number flipped.
pub(crate) fn flipped(message: &[u8], bit: usize) -> Vec<u8> {
    let mut message = message.to_vec();
    message[bit / 8] ^= 1 << (bit % 8);
    message
}

/// Where the parts of a message begin.
struct Map<'a> {
    message: &'a [u8],
    /// names of regions and where each ends
    regions: Vec<(&'static str, usize)>,
    /// the last region of base64, decoded
    der: Vec<u8>,
}

impl<'a> Map<'a> {
    fn find(message: &[u8], from: usize, what: &str) -> usize {
        from + message[from..]
            .windows(what.len())
            .position(|w| w == what.as_bytes())
            .unwrap_or_else(|| panic!("no {what:?}"))
    }

    /// A clear-signed message of ours, in LF.
    fn of_clear(message: &'a [u8]) -> Self {
        let head = Self::find(message, 0, "\n\n") + 2;
        let text = std::str::from_utf8(&message[..head]).unwrap();
        let boundary = text
            .split("boundary=")
            .nth(1)
            .unwrap()
            .trim_start_matches('"');
        let boundary: String = boundary
            .chars()
            .take_while(|c| !matches!(c, '"' | ';' | '\n'))
            .collect();
        let delimiter = format!("--{boundary}\n");
        let content = Self::find(message, head, &delimiter) + delimiter.len();
        let content_end = Self::find(message, content, &format!("\n{delimiter}"));
        let label = content_end + 1 + delimiter.len();
        let signature = Self::find(message, label, "\n\n") + 2;
        let end = Self::find(message, signature, &format!("--{boundary}--"));
        Self {
            message,
            regions: vec![
                ("outer header", head),
                ("delimiter", content),
                ("content", content_end),
                ("delimiter", label),
                ("label of the signature", signature),
                ("signature", end),
                ("closing delimiter", message.len()),
            ],
            der: decode(&message[signature..end]),
        }
    }

    /// A message of base64 under a header.
    fn of_base64(message: &'a [u8]) -> Self {
        let head = Self::find(message, 0, "\n\n") + 2;
        Self {
            message,
            regions: vec![("outer header", head), ("base64", message.len())],
            der: decode(&message[head..]),
        }
    }

    /// The class of a flip: the region, and within base64 which field of which structure was hit, if any.
    fn class(&self, bit: usize) -> String {
        let at = bit / 8;
        let (index, (region, end)) = self
            .regions
            .iter()
            .enumerate()
            .find(|(_, (_, end))| at < *end)
            .unwrap();
        if !matches!(*region, "signature" | "base64") {
            return (*region).to_owned();
        }
        let start = self.regions[index - 1].1;
        if decode(&flipped(self.message, bit)[start..*end]) == self.der
            || !is_alphabet(self.message[at])
        {
            return format!("{region}: line end or padding");
        }
        let before = self.message[start..at]
            .iter()
            .filter(|b| is_alphabet(**b))
            .count();
        // the character's six bits, of which bit 5 is the first
        let offset = before * 6 / 8;
        format!("{region}: {}", field(&self.der, offset))
    }
}

pub(crate) fn is_alphabet(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/')
}

/// Decodes base64 as far as it is base64.
pub(crate) fn decode(text: &[u8]) -> Vec<u8> {
    let mut digits: Vec<u8> = text.iter().copied().filter(|b| is_alphabet(*b)).collect();
    digits.truncate(
        digits.len() / 4 * 4
            + if digits.len() % 4 == 1 {
                0
            } else {
                digits.len() % 4
            },
    );
    let mut encoding = data_encoding::BASE64_NOPAD.specification();
    encoding.check_trailing_bits = false;
    encoding.encoding().unwrap().decode(&digits).unwrap()
}

/// The path to the element of DER or BER that holds an offset: indices from the outside in, and its tag.
pub(crate) fn field(der: &[u8], offset: usize) -> String {
    let (mut at, mut end, mut path) = (0, der.len(), Vec::new());
    loop {
        // siblings from `at` to `end`
        let (mut index, mut next) = (0, at);
        loop {
            let Some((header, length)) = element(&der[next..end]) else {
                return format!("{} (between)", path.join("."));
            };
            if offset < next + header + length {
                let tag = der[next];
                path.push(index.to_string());
                if offset < next + header || tag & 0x20 == 0 {
                    let what = if offset < next + header {
                        "header"
                    } else {
                        "value"
                    };
                    return format!("{} {what} of tag {tag:02x}", path.join("."));
                }
                at = next + header;
                end = next + header + length;
                break;
            }
            next += header + length;
            index += 1;
        }
    }
}

/// Header and content length of the element at the start; indefinite lengths reach to the end.
fn element(der: &[u8]) -> Option<(usize, usize)> {
    let first = *der.get(1)?;
    match first {
        0x80 => Some((2, der.len() - 2)),
        0..=0x7f => Some((2, usize::from(first))),
        _ => {
            let n = usize::from(first & 0x7f);
            let length = der
                .get(2..2 + n)?
                .iter()
                .fold(0, |l, b| l << 8 | usize::from(*b));
            Some((2 + n, length))
        }
    }
}

/// Flips every bit, and cuts at every octet. Classes of harmless flips by number; panics on anything that passes with other content.
fn try_everything(
    name: &str,
    message: &[u8],
    class: impl Fn(usize) -> String + Sync,
    judge: impl Fn(&[u8]) -> Outcome + Sync,
    is_original: impl Fn(&[u8]) -> bool + Sync,
) -> (BTreeMap<String, usize>, Vec<Vec<u8>>) {
    assert!(
        matches!(judge(message), Outcome::Passed(c) if is_original(&c)),
        "{name} does not pass untouched"
    );
    let bits: Vec<usize> = (0..message.len() * 8).collect();
    let results = parallel(&bits, |bit| match judge(&flipped(message, *bit)) {
        Outcome::Refused => None,
        Outcome::Passed(content) => Some(if is_original(&content) {
            Ok(class(*bit))
        } else {
            Err(format!(
                "octet {}, bit {}, {}",
                bit / 8,
                bit % 8,
                class(*bit)
            ))
        }),
    });
    let mut harmless: BTreeMap<String, usize> = BTreeMap::new();
    let mut wrong = Vec::new();
    let mut refused = Vec::new();
    for (bit, result) in results.into_iter().enumerate() {
        match result {
            None if bit % 97 == 5 => refused.push(flipped(message, bit)),
            None => {}
            Some(Ok(class)) => *harmless.entry(class).or_default() += 1,
            Some(Err(what)) => wrong.push(what),
        }
    }
    let lengths: Vec<usize> = (0..message.len()).collect();
    for (length, result) in parallel(&lengths, |n| judge(&message[..*n]))
        .into_iter()
        .enumerate()
    {
        match result {
            Outcome::Refused if length % 193 == 7 => refused.push(message[..length].to_vec()),
            Outcome::Refused => {}
            Outcome::Passed(content) if is_original(&content) => {
                *harmless
                    .entry("cut short: after the end of what counts".to_owned())
                    .or_default() += 1;
            }
            Outcome::Passed(_) => wrong.push(format!("the first {length} octets")),
        }
    }
    let mut text = format!(
        "\n{name}: {} octets, {} variants, harmless:",
        message.len(),
        bits.len() + lengths.len()
    );
    for (class, count) in &harmless {
        text += &format!("\n{count:7} {class}");
    }
    say(&text);
    assert!(
        wrong.is_empty(),
        "{name}: passed with other content:\n{}",
        wrong.join("\n")
    );
    (harmless, refused)
}

/// The program refuses these, and nothing comes out.
fn program_refuses(options: Vec<std::ffi::OsString>, variants: &[Vec<u8>]) {
    let failures: Vec<String> = parallel(variants, |message| {
        let dir = Dir::new();
        let file = dir.write("message", message);
        let out = dir.write("out", "old");
        let run = smime(join(&[&options, &args!["-q", "-o", &out, &file]])).run();
        let clean = matches!(run.code, 1 | 3 | 4)
            && run.stdout.is_empty()
            && dir.read("out") == b"old"
            && dir.entries() == ["message", "out"];
        (!clean).then(|| format!("{run:?}"))
    })
    .into_iter()
    .flatten()
    .collect();
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

/// 2 kB: a header, text, and what is put around it.
fn text(octets: usize) -> Vec<u8> {
    let mut message = b"From: Carol Example <carol@example.com>\nTo: bob@example.com\nSubject: tamper with this\nContent-Type: text/plain\n\n".to_vec();
    while message.len() < octets {
        message.extend_from_slice(
            b"All that is gold does not glitter; not all those who wander are lost.\n",
        );
    }
    message
}

fn sign(more: Vec<std::ffi::OsString>) -> Vec<u8> {
    let line = join(&[
        &args!["sign", "-q", "-i", fixture("identities/carol.pem")],
        &more,
    ]);
    smime(line).input(text(1000)).run().expect(0).stdout
}

fn encrypt(more: Vec<std::ffi::OsString>) -> Vec<u8> {
    let line = join(&[
        &args![
            "encrypt",
            "-q",
            "-r",
            fixture("certs/carol.pem"),
            "-c",
            fixture("certs/intermediate.pem")
        ],
        &trusting(),
        &more,
    ]);
    smime(line).input(text(1000)).run().expect(0).stdout
}

/// The content signed and encrypted above, as verify and decrypt give it.
fn entity(crlf: bool) -> Vec<u8> {
    let message = text(1000);
    let at = message
        .windows(12)
        .position(|w| w == b"Content-Type")
        .unwrap();
    if crlf {
        with_cr(&message[at..])
    } else {
        message[at..].to_vec()
    }
}

/// Fails unless each class is one of those that are known to be harmless.
fn only(harmless: &BTreeMap<String, usize>, known: &[(&str, &str)]) {
    let unknown: Vec<&String> = harmless
        .keys()
        .filter(|class| !known.iter().any(|(prefix, _)| class.starts_with(prefix)))
        .collect();
    assert!(
        unknown.is_empty(),
        "harmless for an unknown reason: {unknown:?}"
    );
}

#[test]
fn a_clear_signed_message() {
    let message = sign(args!["--include", "none"]);
    let map = Map::of_clear(&message);
    let verifying = Verifying::new();
    let original = entity(true);
    let (harmless, refused) = try_everything(
        "clear-signed",
        &message,
        |b| map.class(b),
        |m| verifying.judge(m),
        |c| c == original,
    );
    only(
        &harmless,
        &[
            (
                "outer header",
                "nothing but From is compared with the signature",
            ),
            ("delimiter", "white space after a delimiter"),
            ("label of the signature", "what the part is called"),
            (
                "signature: line end or padding",
                "base64 of the same octets",
            ),
            ("signature: 0.1.0.0 ", "SignedData's version"),
            (
                "signature: 0.1.0.1.",
                "digestAlgorithms: a hint for one pass; the signer's own is protected",
            ),
            ("signature: 0.1.0.3.0.0 ", "SignerInfo's version"),
            (
                "signature: 0.1.0.3.0.1.0.",
                "the issuer in the signer's identifier: compared without regard to case and string type; the serial number is not here",
            ),
            (
                "signature: 0.1.0.3.0.2.",
                "parameters of the digest algorithm, absent or NULL",
            ),
            ("closing delimiter", "what follows the last part"),
            ("cut short", "what follows the signature"),
        ],
    );
    program_refuses(
        join(&[&args!["verify", "-c", fixture("certs")], &trusting()]),
        &refused,
    );
}

#[test]
fn an_opaque_signed_message() {
    let message = sign(args!["--include", "none", "--opaque"]);
    let map = Map::of_base64(&message);
    let verifying = Verifying::new();
    let original = entity(true);
    let (harmless, refused) = try_everything(
        "opaque-signed",
        &message,
        |b| map.class(b),
        |m| verifying.judge(m),
        |c| c == original,
    );
    only(
        &harmless,
        &[
            (
                "outer header",
                "nothing but From is compared with the signature",
            ),
            ("base64: line end or padding", "base64 of the same octets"),
            ("base64: 0.1.0.0 ", "SignedData's version"),
            (
                "base64: 0.1.0.1.",
                "digestAlgorithms: a hint for one pass; the signer's own is protected",
            ),
            ("base64: 0.1.0.3.0.0 ", "SignerInfo's version"),
            (
                "base64: 0.1.0.3.0.1.0.",
                "the issuer in the signer's identifier: compared without regard to case and string type; the serial number is not here",
            ),
            (
                "base64: 0.1.0.3.0.2.",
                "parameters of the digest algorithm, absent or NULL",
            ),
            ("cut short", "what follows the signature"),
        ],
    );
    program_refuses(
        join(&[&args!["verify", "-c", fixture("certs")], &trusting()]),
        &refused,
    );
}

#[test]
fn a_gcm_encrypted_message() {
    let message = encrypt(args!["--cipher", "aes-256-gcm"]);
    let map = Map::of_base64(&message);
    let decrypting = Decrypting::new("carol");
    let original = entity(false);
    // the outer fields are no content: they are in front of it
    let (harmless, refused) = try_everything(
        "encrypted with AES-256-GCM",
        &message,
        |b| map.class(b),
        |m| decrypting.judge(m),
        |c| c.ends_with(&original) || c.ends_with(&with_cr(&original)),
    );
    only(
        &harmless,
        &[
            ("outer header", "the outer header is not protected"),
            ("base64: line end or padding", "base64 of the same octets"),
            ("base64: 0.1.0.0 ", "AuthEnvelopedData's version"),
            ("base64: 0.1.0.1.0.0 ", "the recipient's version"),
            (
                "base64: 0.1.0.1.0.3.0.0.0.",
                "the issuer in the recipient's identifier, likewise",
            ),
            (
                "base64: 0.1.0.2.0 ",
                "the content type, which is not authenticated without attributes",
            ),
            ("cut short", "what follows the tag"),
        ],
    );
    program_refuses(
        args!["decrypt", "-i", fixture("identities/carol.pem")],
        &refused,
    );
}

/// RSA takes its time in a debug build: one bit in every octet or so.
#[test]
fn rsa_recipients_and_signers() {
    let line = join(&[
        &args![
            "encrypt",
            "-q",
            "--binary",
            "--format",
            "der",
            "--cipher",
            "aes-128-gcm",
            "-r",
            fixture("certs/alice.pem"),
            "-c",
            fixture("certs/intermediate.pem")
        ],
        &trusting(),
    ]);
    let content = noise(5, 500);
    let message = smime(line).input(content.clone()).run().expect(0).stdout;
    let decrypting = Decrypting::new("alice");
    let bits: Vec<usize> = (0..message.len() * 8).step_by(11).collect();
    for (bit, result) in bits.iter().zip(parallel(&bits, |b| {
        decrypting.judge(&flipped(&message, *b))
    })) {
        assert!(
            matches!(&result, Outcome::Refused) || result == Outcome::Passed(content.clone()),
            "octet {}: {}",
            bit / 8,
            field(&message, bit / 8)
        );
    }
    let message = smime(join(&[
        &args!["sign", "-q", "--binary", "--format", "der"],
        &as_alice(),
    ]))
    .input(content.clone())
    .run()
    .expect(0)
    .stdout;
    let verifying = Verifying::new();
    let bits: Vec<usize> = (0..message.len() * 8).step_by(11).collect();
    for (bit, result) in bits
        .iter()
        .zip(parallel(&bits, |b| verifying.judge(&flipped(&message, *b))))
    {
        assert!(
            matches!(&result, Outcome::Refused) || result == Outcome::Passed(content.clone()),
            "octet {}: {}",
            bit / 8,
            field(&message, bit / 8)
        );
    }
}

/// CBC has no tag: flips of the ciphertext may pass `decrypt` with other content (`unauthenticated-ciphertext` warns of it), but not its padding.
#[test]
fn cbc_padding_is_checked() {
    let content = noise(6, 160); // whole blocks: the last block is padding
    let line = join(&[
        &args![
            "encrypt",
            "-q",
            "--binary",
            "--format",
            "der",
            "--cipher",
            "aes-128-cbc",
            "-r",
            fixture("certs/carol.pem"),
            "-c",
            fixture("certs/intermediate.pem")
        ],
        &trusting(),
    ]);
    let message = smime(line).input(content.clone()).run().expect(0).stdout;
    let decrypting = Decrypting::new("carol");
    assert_eq!(decrypting.judge(&message), Outcome::Passed(content.clone()));
    let at = message.windows(8).rposition(|w| w == [0; 8]); // end-of-contents octets after the ciphertext, if it was streamed
    let end = at.unwrap_or(message.len());
    for n in 1..16 {
        assert_eq!(
            decrypting.judge(&message[..end - n]),
            Outcome::Refused,
            "{n} octets less"
        );
    }
    let mut refused = 0;
    for bit in 0..8 {
        // the last octet of the block before the padding: 16 becomes another number
        let variant = flipped(&message, (end - 17) * 8 + bit);
        refused += usize::from(decrypting.judge(&variant) == Outcome::Refused);
    }
    assert!(refused >= 7, "{refused}");
}
