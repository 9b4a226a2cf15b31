//! What is wrong with a recipient or a cipher, row by row: the right answer, soon, nothing to be kept, and no private key used where the fault is public.
//!
//! Messages of ours are taken apart, altered and put together again; the library judges them in this process.
use crate::support::*;
use rand_chacha::{ChaCha8Rng, rand_core::SeedableRng};
use smime::{
    asn1::{Tag, cursor::Cursor as Der, write},
    cms::{content_type, enveloped_data, recipient_info},
    crypto::{
        self, ContentCipher, ContentEncryption, CryptoRng, Kem, KeySize, KeyTransport, PrivateKey,
        PublicKey, Secret, SignatureAlgorithm,
    },
    policy::{Limits, Policy, PolicyName, Rule},
    smime::{Decryptor, Report, Source, error::Class, report::Verdict},
    store::{Identities, SharedKey, files},
    x509::Certificate,
};
use spki::der::Encode;
use std::{
    io::{Cursor, Write},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

/// Issue of a wrong message, at its quickest of three, unoptimised builds apart.
pub(crate) const SOON: Duration =
    Duration::from_millis(if cfg!(debug_assertions) { 3_000 } else { 100 });
const CONTENT: &[u8] = b"Content-Type: text/plain\r\n\r\nlunch at noon?\r\n";
const PASSWORD: &[u8] = b"correct horse battery staple";

fn rng() -> ChaCha8Rng {
    ChaCha8Rng::seed_from_u64(7)
}

// ------------------------------------------------------------------------------------------------------------------- keys

/// A card that counts.
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
        encrypted: &[u8],
        size: KeySize,
        rng: &mut dyn CryptoRng,
    ) -> crypto::Result<Secret> {
        self.used.fetch_add(1, Ordering::Relaxed);
        self.key.decrypt_key(algorithm, encrypted, size, rng)
    }
    fn agree(&self, peer: &PublicKey) -> crypto::Result<Secret> {
        self.used.fetch_add(1, Ordering::Relaxed);
        self.key.agree(peer)
    }
    fn decapsulate(
        &self,
        kem: Kem,
        ciphertext: &[u8],
        rng: &mut dyn CryptoRng,
    ) -> crypto::Result<Secret> {
        self.used.fetch_add(1, Ordering::Relaxed);
        self.key.decapsulate(kem, ciphertext, rng)
    }
}

/// To whom a message goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum To {
    Bob,
    RsaKem,
    X448,
    Brainpool,
    MlKem,
    Kek,
    Password,
}
impl To {
    const ALL: [Self; 7] = [
        Self::Bob,
        Self::RsaKem,
        Self::X448,
        Self::Brainpool,
        Self::MlKem,
        Self::Kek,
        Self::Password,
    ];
    fn identity(self) -> Option<std::path::PathBuf> {
        Some(match self {
            Self::Bob | Self::RsaKem => fixture("identities/bob.pem"),
            Self::X448 => fixture("recipients/x448.pem"),
            Self::Brainpool => fixture("recipients/brainpool-p256.pem"),
            Self::MlKem => fixture("recipients/ml-kem-768.pem"),
            Self::Kek | Self::Password => return None,
        })
    }
}
fn kek() -> Secret {
    Secret::new((0..32).collect())
}
fn loaded(to: To) -> Identities {
    let mut pool = Identities::default();
    if let Some(path) = to.identity() {
        files::identities(&path, &Limits::default(), &mut |_| None, &mut pool).unwrap();
    }
    pool
}
/// Everything that opens such a message, private keys on a card; and how often that was used.
fn means(to: To) -> (Identities, Arc<AtomicUsize>) {
    let used = Arc::new(AtomicUsize::new(0));
    let software = loaded(to);
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
    pool.add_shared_key(SharedKey {
        name: b"name".to_vec(),
        key: Arc::new(kek()),
    });
    pool.set_password(Secret::new(PASSWORD.to_vec()));
    (pool, used)
}
fn certificate(to: To) -> Certificate {
    loaded(to).pairs().remove(0).certificate
}

// --------------------------------------------------------------------------------------------------------------- messages

const ITERATIONS: u32 = 1000;

fn sealed(to: To, content_key: &Secret) -> Vec<u8> {
    let rng = &mut rng();
    match to {
        To::Kek => {
            recipient_info::seal_under_key(b"name", &kek(), content_key)
                .unwrap()
                .0
        }
        To::Password => {
            recipient_info::seal_under_password(PASSWORD, ITERATIONS, content_key, rng).unwrap()
        }
        to => {
            let certificate = certificate(to);
            let key = certificate.public_key().unwrap();
            let size = content_key.expose().len();
            let default = |rsa| recipient_info::Method::for_key(&key, rsa, size).unwrap();
            let method = match to {
                To::RsaKem => default(recipient_info::ToRsa::Kem),
                _ => default(recipient_info::ToRsa::Oaep),
            };
            recipient_info::seal(
                &certificate,
                recipient_info::Naming::default(),
                method,
                content_key,
                rng,
            )
            .unwrap()
        }
    }
}
fn message_to(
    recipients: &[Vec<u8>],
    encryption: &ContentEncryption,
    content_key: &Secret,
) -> Vec<u8> {
    let mut writer = enveloped_data::Writer::new(
        Vec::new(),
        recipients,
        content_type::DATA,
        encryption,
        content_key,
    )
    .unwrap();
    writer.write_all(CONTENT).unwrap();
    writer.finish().unwrap()
}
fn content_key(cipher: ContentCipher) -> Secret {
    Secret::new(vec![0x42; cipher.key_size()])
}
fn message(to: To, cipher: ContentCipher) -> Vec<u8> {
    let encryption = ContentEncryption::new(cipher, vec![3; cipher.iv_size()], false);
    let key = content_key(cipher);
    message_to(&[sealed(to, &key)], &encryption, &key)
}

/// DER, taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Node {
    pub(crate) tag: u8,
    pub(crate) content: Vec<u8>,
    pub(crate) children: Vec<Node>,
}
impl Node {
    pub(crate) fn read(der: &[u8]) -> Self {
        let value = Der::new(der, 0).any().unwrap();
        let mut node = Self {
            tag: value.tag.0,
            content: value.content.to_vec(),
            children: Vec::new(),
        };
        if node.tag & 0x20 != 0 {
            let mut inside = value.inside();
            while !inside.is_empty() {
                node.children.push(Self::read(inside.any().unwrap().raw));
            }
        }
        node
    }
    pub(crate) fn write(&self) -> Vec<u8> {
        if self.tag & 0x20 == 0 {
            return write::tlv(Tag(self.tag), &self.content);
        }
        let children: Vec<Vec<u8>> = self.children.iter().map(Self::write).collect();
        write::tlv(Tag(self.tag), &children.concat())
    }
    pub(crate) fn at(&mut self, path: &[usize]) -> &mut Self {
        path.iter()
            .fold(self, |node, place| &mut node.children[*place])
    }
}
/// Ways into a message with one recipient.
const RECIPIENT: &[usize] = &[1, 0, 1, 0];
const CIPHER: &[usize] = &[1, 0, 2, 1];
fn inside(recipient: &[usize]) -> Vec<usize> {
    [RECIPIENT, recipient].concat()
}
/// The message with the value at `path` changed.
pub(crate) fn altered(message: &[u8], path: &[usize], change: impl FnOnce(&mut Node)) -> Vec<u8> {
    let mut node = Node::read(message);
    change(node.at(path));
    node.write()
}
pub(crate) fn oid(dotted: &str) -> Vec<u8> {
    smime::asn1::oid::Oid::new(dotted)
        .unwrap()
        .as_bytes()
        .to_vec()
}

// ---------------------------------------------------------------------------------------------------------------- judging

/// What a message comes to, as the program's exit status.
fn judge(to: To, message: &[u8]) -> (u8, usize, String) {
    let (identities, used) = means(to);
    let policy = Policy::named(PolicyName::Standard);
    let mut best = Duration::MAX;
    let mut answer = (0, String::new());
    for _ in 0..3 {
        used.store(0, Ordering::Relaxed);
        let mut out = Vec::new();
        let start = Instant::now();
        let result = Decryptor::new(&identities, &policy).decrypt(
            Source::Seekable(&mut Cursor::new(message)),
            &mut out,
            &mut rng(),
        );
        best = best.min(start.elapsed());
        answer = status(result, &out);
    }
    assert!(best < SOON, "{best:?}: {answer:?}");
    (answer.0, used.load(Ordering::Relaxed), answer.1)
}
fn status(result: Result<Report, smime::smime::Error>, out: &[u8]) -> (u8, String) {
    match result {
        Ok(report) if report.verdict() == Verdict::Pass => {
            assert_eq!(out, CONTENT);
            (0, String::new())
        }
        Ok(report) => (
            1,
            format!(
                "{:?}",
                report
                    .all_findings()
                    .map(|f| &f.message)
                    .collect::<Vec<_>>()
            ),
        ),
        Err(error) => match error.class() {
            Class::Input => (3, error.to_string()),
            Class::Key => (4, error.to_string()),
            Class::Environment => (5, error.to_string()),
        },
    }
}
/// Is refused for a fault that everybody can see: no private key is used.
#[track_caller]
fn refused(to: To, message: &[u8], exit: u8) {
    let (found, used, why) = judge(to, message);
    assert_eq!((found, used), (exit, 0), "{why}");
}
/// Cannot be decrypted, and nothing tells why.
#[track_caller]
fn fails(to: To, message: &[u8]) -> String {
    let (found, _, why) = judge(to, message);
    assert_eq!(found, 1, "{why}");
    assert!(why.contains("could not be decrypted"), "{why}");
    why
}
#[track_caller]
fn opens(to: To, message: &[u8]) {
    let (found, _, why) = judge(to, message);
    assert_eq!(found, 0, "{why}");
}

// ------------------------------------------------------------------------------------------------------------------ tests

#[test]
fn what_is_not_altered_opens() {
    for to in To::ALL {
        for cipher in [
            ContentCipher::Aes128Cbc,
            ContentCipher::Aes256Gcm,
            ContentCipher::ChaCha20Poly1305,
        ] {
            let message = message(to, cipher);
            opens(to, &message);
            assert_eq!(Node::read(&message).write(), message);
        }
    }
}

/// The place of the wrapped or encrypted content key.
fn encrypted_key(to: To) -> Vec<usize> {
    match to {
        To::Bob => inside(&[3]),
        To::X448 | To::Brainpool => inside(&[3, 0, 1]),
        To::MlKem | To::RsaKem => inside(&[1, 7]),
        To::Kek | To::Password => inside(&[3]),
    }
}
#[test]
fn wrapped_keys_of_every_length_are_one_answer() {
    for to in To::ALL {
        let message = message(to, ContentCipher::Aes256Gcm);
        let mut answers: Vec<String> = (0..=64)
            .map(|size| {
                altered(&message, &encrypted_key(to), |key| {
                    key.content = vec![0x5a; size];
                })
            })
            .map(|message| fails(to, &message))
            .collect();
        // the right length, another key
        answers.push(fails(
            to,
            &altered(&message, &encrypted_key(to), |key| key.content[0] ^= 1),
        ));
        answers.dedup();
        assert_eq!(answers.len(), 1, "{to:?}: {answers:#?}");
    }
}

#[test]
fn fields_that_are_missing() {
    for to in To::ALL {
        let message = message(to, ContentCipher::Aes256Gcm);
        let fields: &[Vec<usize>] = match to {
            To::MlKem | To::RsaKem => &[vec![1]],
            _ => &[vec![]],
        };
        let path = inside(&fields[0]);
        let count = Node::read(&message).at(&path).children.len();
        for field in 0..count {
            let without = altered(&message, &path, |node| drop(node.children.remove(field)));
            let (exit, used, why) = judge(to, &without);
            assert!(
                exit == 3 && used == 0,
                "{to:?} without field {field}: {exit} {why}"
            );
        }
        let more = altered(&message, &path, |node| {
            node.children.push(Node::read(&[5, 0]));
        });
        refused(to, &more, 3);
        if fields[0] == [1] {
            let set = altered(&message, &path, |node| node.tag = 0x31);
            refused(to, &set, 3);
        }
    }
}

#[test]
fn shared_keys() {
    let good = message(To::Kek, ContentCipher::Aes128Cbc);
    let other_name = altered(&good, &inside(&[1, 0]), |name| {
        name.content = b"nome".to_vec();
    });
    refused(To::Kek, &other_name, 4);
    // a key of 32 octets for a wrap with 16
    let other_wrap = altered(&good, &inside(&[2, 0]), |wrap| {
        wrap.content = oid("2.16.840.1.101.3.4.1.5");
    });
    refused(To::Kek, &other_wrap, 4);
    let unknown = altered(&good, &inside(&[2, 0]), |wrap| wrap.content = oid("1.2.3"));
    refused(To::Kek, &unknown, 3);
    let transport = altered(&good, &inside(&[2, 0]), |wrap| {
        wrap.content = oid("1.2.840.113549.1.1.1");
    });
    refused(To::Kek, &transport, 3);
    let parameters = altered(&good, &inside(&[2]), |wrap| {
        wrap.children.push(Node::read(&[2, 1, 0]));
    });
    refused(To::Kek, &parameters, 3);
    // two of one name could be a probe
    let twice = altered(&good, &[1, 0, 1], |set| {
        let twin = set.children[0].clone();
        set.children.push(twin);
    });
    refused(To::Kek, &twice, 3);
}

#[test]
fn passwords() {
    let to = To::Password;
    let good = message(to, ContentCipher::Aes128Cbc);
    let (kdf, wrap) = (inside(&[1]), inside(&[2]));
    let iterations = [&kdf[..], &[1, 1]].concat();
    for (number, why) in [
        (vec![0x7f, 0xff, 0xff, 0xff], "2^31-1"),
        (vec![0x00, 0x98, 0x96, 0x81], "10,000,001"),
        (vec![1; 9], "many octets"),
        (vec![0], "none"),
        (vec![0xff], "negative"),
    ] {
        let (exit, _, text) = judge(to, &altered(&good, &iterations, |n| n.content = number));
        assert_eq!(exit, 3, "{why}: {text}");
    }
    // each is within the limit, both together are not
    let heavy = altered(&good, &iterations, |n| n.content = vec![0x5b, 0x8d, 0x80]);
    let both = altered(&heavy, &[1, 0, 1], |set| {
        let twin = set.children[0].clone();
        set.children.push(twin);
    });
    refused(to, &both, 3);
    refused(
        to,
        &altered(&good, RECIPIENT, |r| drop(r.children.remove(1))),
        3,
    );
    let other = altered(&good, &[&kdf[..], &[0]].concat(), |o| {
        o.content = oid("1.2.840.113549.1.5.13");
    });
    refused(to, &other, 3);
    let prf = altered(&good, &[&kdf[..], &[1, 2, 0]].concat(), |o| {
        o.content = oid("1.2.3");
    });
    refused(to, &prf, 3);
    // keyLength of 16 for AES-256
    let length = altered(&good, &[&kdf[..], &[1]].concat(), |p| {
        p.children.insert(2, Node::read(&[2, 1, 16]));
    });
    refused(to, &length, 3);
    // a stream of key bits, a key that is too short, no IV, a short one
    for cipher in [
        ContentCipher::Aes256Gcm,
        ContentCipher::Aes256Ccm,
        ContentCipher::ChaCha20Poly1305,
        ContentCipher::DesCbc,
        ContentCipher::Rc2Cbc { effective_bits: 40 },
    ] {
        let der = spki_der(&cipher.identifier(&vec![1; cipher.iv_size()]));
        refused(
            to,
            &altered(&good, &[&wrap[..], &[1]].concat(), |w| {
                *w = Node::read(&der);
            }),
            3,
        );
    }
    refused(
        to,
        &altered(&good, &[&wrap[..], &[1]].concat(), |w| {
            drop(w.children.pop());
        }),
        3,
    );
    refused(
        to,
        &altered(&good, &[&wrap[..], &[1, 1]].concat(), |iv| {
            iv.content.truncate(15);
        }),
        3,
    );
    refused(to, &altered(&good, &wrap, |w| drop(w.children.pop())), 3);
    // AES key wrap is no password's
    refused(
        to,
        &altered(&good, &[&wrap[..], &[0]].concat(), |o| {
            o.content = oid("2.16.840.1.101.3.4.1.45");
        }),
        3,
    );
    let mut pool = Identities::default();
    pool.set_password(Secret::new(b"incorrect".to_vec()));
    let policy = Policy::default();
    let mut out = Vec::new();
    let result = Decryptor::new(&pool, &policy).decrypt(
        Source::Seekable(&mut Cursor::new(&good)),
        &mut out,
        &mut rng(),
    );
    assert_eq!(status(result, &out).0, 1);
}
fn spki_der(identifier: &impl Encode) -> Vec<u8> {
    identifier.to_der().unwrap()
}

#[test]
fn the_one_of_several_passwords_that_fits() {
    let key = content_key(ContentCipher::Aes128Gcm);
    let other =
        recipient_info::seal_under_password(b"another", ITERATIONS, &key, &mut rng()).unwrap();
    let encryption = ContentEncryption::new(ContentCipher::Aes128Gcm, vec![3; 12], false);
    let ours = sealed(To::Password, &key);
    for recipients in [[other.clone(), ours.clone()], [ours, other]] {
        opens(To::Password, &message_to(&recipients, &encryption, &key));
    }
}

#[test]
fn key_encapsulation() {
    let to = To::MlKem;
    let good = message(to, ContentCipher::Aes256Gcm);
    let field = |n: usize| inside(&[1, n]);
    let size = Node::read(&good).at(&field(3)).content.len();
    assert_eq!(size, 1088);
    for wrong in [0, 1, size - 1, size + 1, 768, 1568] {
        fails(
            to,
            &altered(&good, &field(3), |c| c.content = vec![7; wrong]),
        );
    }
    fails(
        to,
        &altered(&good, &field(3), |c| c.content = vec![0; size]),
    );
    fails(to, &altered(&good, &field(3), |c| c.content[0] ^= 1));
    // another parameter set than the key's
    for other in ["2.16.840.1.101.3.4.4.1", "2.16.840.1.101.3.4.4.3"] {
        fails(
            to,
            &altered(&good, &[&field(2)[..], &[0]].concat(), |o| {
                o.content = oid(other);
            }),
        );
    }
    refused(
        to,
        &altered(&good, &[&field(2)[..], &[0]].concat(), |o| {
            o.content = oid("1.2.3");
        }),
        3,
    );
    refused(
        to,
        &altered(&good, &field(2), |kem| {
            kem.children.push(Node::read(&[5, 0]));
        }),
        3,
    );
    // RFC 8619: no parameters; RFC 9629: kekLength is the wrap's
    refused(
        to,
        &altered(&good, &field(4), |kdf| {
            kdf.children.push(Node::read(&[5, 0]));
        }),
        3,
    );
    refused(
        to,
        &altered(&good, &[&field(4)[..], &[0]].concat(), |o| {
            o.content = oid("1.2.3");
        }),
        3,
    );
    for length in [vec![16], vec![0], vec![0xff], vec![33], vec![1, 0]] {
        refused(to, &altered(&good, &field(5), |n| n.content = length), 3);
    }
    refused(
        to,
        &altered(&good, &[&field(6)[..], &[0]].concat(), |o| {
            o.content = oid("1.2.3");
        }),
        3,
    );
    // another wrap of the same kekLength does not exist; another KDF is another key
    let other = altered(&good, &[&field(4)[..], &[0]].concat(), |o| {
        o.content = oid("1.2.840.113549.1.9.16.3.29");
    });
    fails(to, &other);
    // a ukm that was not there
    let ukm = Node::read(&write::tlv(Tag::context(0), &[4, 1, 1]));
    fails(
        to,
        &altered(&good, &inside(&[1]), |r| r.children.insert(6, ukm)),
    );
}

#[test]
fn rsa_kem() {
    let to = To::RsaKem;
    let good = message(to, ContentCipher::Aes256Gcm);
    let field = |n: usize| inside(&[1, n]);
    let size = Node::read(&good).at(&field(3)).content.len();
    for wrong in [0, 1, size - 1, size + 1] {
        fails(
            to,
            &altered(&good, &field(3), |c| c.content = vec![7; wrong]),
        );
    }
    for octet in [0, 1, 0xff] {
        fails(
            to,
            &altered(&good, &field(3), |c| c.content = vec![octet; size]),
        );
    }
    // RsaKemParameters: the same as without them, NULL, another KDF, a shared secret of no octets, of 15, of 65
    let parameters = |oid_of_kdf: &str, size: u8| {
        let sha256 = write::sequence(&[&write::tlv(Tag::OID, &oid("2.16.840.1.101.3.4.2.1"))]);
        let kdf = write::sequence(&[&write::tlv(Tag::OID, &oid(oid_of_kdf)), &sha256]);
        Node::read(&write::sequence(&[&kdf, &[2, 1, size]]))
    };
    let with = |parameters: Node| altered(&good, &field(2), |kem| kem.children.push(parameters));
    let kdf3 = "1.3.133.16.840.9.44.1.2";
    opens(to, &with(parameters(kdf3, 32)));
    fails(to, &with(parameters(kdf3, 16)));
    refused(to, &with(Node::read(&[5, 0])), 3);
    refused(to, &with(parameters("1.2.3", 32)), 3);
    for length in [0, 15, 65] {
        refused(to, &with(parameters(kdf3, length)), 3);
    }
    // the derivation of the key-encryption key: of another digest, without one, another one
    let derivation = |change: fn(&mut Node)| altered(&good, &field(4), change);
    fails(
        to,
        &derivation(|kdf| kdf.at(&[1, 0]).content = oid("2.16.840.1.101.3.4.2.2")),
    );
    refused(to, &derivation(|kdf| drop(kdf.children.pop())), 3);
    for other in ["1.2.840.113549.1.9.16.3.28", "1.3.133.16.840.9.44.1.1"] {
        let other = altered(&good, &[&field(4)[..], &[0]].concat(), |kdf| {
            kdf.content = oid(other);
        });
        refused(to, &other, 3);
    }
    // the wrap: too short a key for kekLength, none at all; with its kekLength, which the shared secret follows
    let wrap = [&field(6)[..], &[0]].concat();
    let wrapped = |dotted: &str| altered(&good, &wrap, |wrap| wrap.content = oid(dotted));
    let aes128 = wrapped("2.16.840.1.101.3.4.1.5");
    refused(to, &aes128, 3);
    refused(to, &wrapped("1.2.3"), 3);
    let shorter = altered(&aes128, &field(5), |length| length.content = vec![16]);
    fails(to, &shorter);
    // another derivation than what is written
    let certificate = certificate(to);
    let key = content_key(ContentCipher::Aes256Gcm);
    let method = recipient_info::Method::Encapsulation {
        kem: Kem::RSA,
        kdf: crypto::algorithm::KemKdf::Hkdf(crypto::Digest::Sha384),
        wrap: crypto::KeyWrap::Aes256,
    };
    let recipient = recipient_info::seal(
        &certificate,
        recipient_info::Naming::default(),
        method,
        &key,
        &mut rng(),
    )
    .unwrap();
    let encryption = ContentEncryption::new(ContentCipher::Aes256Gcm, vec![3; 12], false);
    opens(to, &message_to(&[recipient], &encryption, &key));
}

#[test]
fn points_that_are_none() {
    let point = inside(&[1, 0, 1]);
    let change = |to, bits: Vec<u8>| {
        altered(&message(to, ContentCipher::Aes256Gcm), &point, |b| {
            b.content = bits;
        })
    };
    // X448: the shared secret would be zero (RFC 7748 §6.2), or the length is another
    let one = [&[0, 1][..], &[0; 55]].concat();
    for bits in [
        [&[0][..], &[0; 56]].concat(),
        one,
        vec![0],
        [&[0][..], &[9; 55]].concat(),
        [&[0][..], &[9; 57]].concat(),
    ] {
        fails(To::X448, &change(To::X448, bits));
    }
    // brainpool: off the curve, infinity, compressed to nothing, P-256's generator
    let good = Node::read(&message(To::Brainpool, ContentCipher::Aes256Gcm))
        .at(&point)
        .content
        .clone();
    let mut off = good.clone();
    *off.last_mut().unwrap() ^= 1;
    let hybrid = [&[0, 6], &good[2..]].concat();
    let generator = "046b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c2964fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5";
    let generator = (0..65).map(|i| u8::from_str_radix(&generator[2 * i..2 * i + 2], 16).unwrap());
    let generator: Vec<u8> = std::iter::once(0).chain(generator).collect();
    for bits in [
        off,
        hybrid,
        vec![0, 0],
        vec![0, 2],
        generator,
        good[..40].to_vec(),
    ] {
        fails(To::Brainpool, &change(To::Brainpool, bits));
    }
    // the curve spelt out, or another's
    let good = message(To::Brainpool, ContentCipher::Aes256Gcm);
    let algorithm = inside(&[1, 0, 0]);
    let p256 = Node::read(&write::tlv(Tag::OID, &oid("1.2.840.10045.3.1.7")));
    for parameters in [p256, Node::read(&[0x30, 3, 2, 1, 1])] {
        fails(
            To::Brainpool,
            &altered(&good, &algorithm, |a| a.children.push(parameters)),
        );
    }
}

#[test]
fn ciphers_are_judged_before_a_private_key_is_used() {
    for to in To::ALL {
        let aead = message(to, ContentCipher::Aes256Gcm);
        let cbc = message(to, ContentCipher::Aes128Cbc);
        let gcm_with = |nonce: usize, tag: Option<u8>| {
            let tag = tag.map(|tag| [2, 1, tag].to_vec()).unwrap_or_default();
            let nonce = write::tlv(Tag::OCTET_STRING, &vec![3; nonce]);
            let parameters = Node::read(&write::tlv(Tag::SEQUENCE, &[nonce, tag].concat()));
            move |algorithm: &mut Node| algorithm.children[1] = parameters
        };
        for (nonce, tag) in [
            (12, None),
            (12, Some(12)),
            (12, Some(4)),
            (12, Some(1)),
            (12, Some(0)),
            (12, Some(17)),
            (0, Some(16)),
            (11, Some(16)),
            (13, Some(16)),
            (16, Some(16)),
        ] {
            refused(to, &altered(&aead, CIPHER, gcm_with(nonce, tag)), 3);
        }
        let named = |dotted: &str| {
            let dotted = oid(dotted);
            move |algorithm: &mut Node| algorithm.children[0].content = dotted
        };
        // CCM has the same parameters; its nonces are of 7 to 13 octets
        for nonce in [6, 14] {
            let message = altered(&aead, CIPHER, gcm_with(nonce, Some(16)));
            refused(
                to,
                &altered(&message, CIPHER, named("2.16.840.1.101.3.4.1.47")),
                3,
            );
        }
        let message = altered(&aead, CIPHER, gcm_with(12, Some(12)));
        refused(
            to,
            &altered(&message, CIPHER, named("2.16.840.1.101.3.4.1.47")),
            3,
        );
        // ChaCha20-Poly1305: an OCTET STRING of 12
        let chacha = message_with_chacha(to);
        for nonce in [0, 8, 11, 13, 24] {
            refused(
                to,
                &altered(&chacha, CIPHER, |a| a.children[1].content = vec![1; nonce]),
                3,
            );
        }
        refused(to, &altered(&chacha, CIPHER, |a| drop(a.children.pop())), 3);
        refused(to, &altered(&aead, CIPHER, named("1.2.3")), 3);
        // what does not belong into the container
        let iv = Node::read(&write::tlv(Tag::OCTET_STRING, &[3; 16]));
        let cbc_in_auth = altered(&aead, CIPHER, |a| {
            a.children[0].content = oid("2.16.840.1.101.3.4.1.42");
            a.children[1] = iv;
        });
        refused(to, &cbc_in_auth, 1);
        let nonce = write::tlv(Tag::OCTET_STRING, &[3; 12]);
        let aead_in_enveloped = altered(&cbc, CIPHER, |a| {
            a.children[0].content = oid("1.2.840.113549.1.9.16.3.18");
            a.children[1] = Node::read(&nonce);
        });
        refused(to, &aead_in_enveloped, 1);
        // RFC 9709 around nothing, around itself, around a tag of 12
        let bound = |inner: Option<Node>| {
            move |algorithm: &mut Node| {
                let name = Node::read(&write::tlv(Tag::OID, &oid("1.2.840.113549.1.9.16.3.31")));
                algorithm.children = std::iter::once(name).chain(inner).collect();
            }
        };
        refused(to, &altered(&aead, CIPHER, bound(None)), 3);
        let mut inner = Node::read(&aead).at(CIPHER).clone();
        let twice = {
            let mut once = inner.clone();
            bound(Some(inner.clone()))(&mut once);
            once
        };
        refused(to, &altered(&aead, CIPHER, bound(Some(twice))), 3);
        gcm_with(12, Some(12))(&mut inner);
        refused(to, &altered(&aead, CIPHER, bound(Some(inner))), 3);
    }
}
fn message_with_chacha(to: To) -> Vec<u8> {
    message(to, ContentCipher::ChaCha20Poly1305)
}

#[test]
fn tags_that_are_wrong() {
    let to = To::Kek;
    for cipher in [ContentCipher::Aes128Gcm, ContentCipher::ChaCha20Poly1305] {
        let good = message(to, cipher);
        let mac = [1, 0, 3];
        for size in [0, 1, 4, 12, 15, 17] {
            fails(to, &altered(&good, &mac, |m| m.content.resize(size, 0)));
        }
        fails(to, &altered(&good, &mac, |m| m.content[15] ^= 1));
        fails(to, &altered(&good, &[1, 0, 2, 2], |c| c.content[0] ^= 1));
        // no tag at all; attributes that were not there
        refused(
            to,
            &altered(&good, &[1, 0], |data| drop(data.children.pop())),
            3,
        );
        let attribute = write::sequence(&[&write::tlv(Tag::OID, &oid("1.2.3")), &[0x31, 2, 5, 0]]);
        let attributes = Node::read(&write::tlv(Tag::context(1), &attribute));
        fails(
            to,
            &altered(&good, &[1, 0], |data| data.children.insert(3, attributes)),
        );
    }
}

#[test]
fn a_bound_key_is_of_its_cipher_alone() {
    let to = To::Kek;
    let key = content_key(ContentCipher::Aes256Gcm);
    let encryption = ContentEncryption::new(ContentCipher::Aes256Gcm, vec![3; 12], true);
    let good = message_to(&[sealed(to, &key)], &encryption, &key);
    opens(to, &good);
    // without the derivation, or with another nonce
    let inner = Node::read(&good).at(CIPHER).children[1].clone();
    fails(to, &altered(&good, CIPHER, |algorithm| *algorithm = inner));
    fails(
        to,
        &altered(&good, &[CIPHER, &[1, 1, 0]].concat(), |nonce| {
            nonce.content[0] ^= 1;
        }),
    );
}

#[test]
fn gcm_in_enveloped_data_counts_with_its_tag_alone() {
    let to = To::Kek;
    let good = message(to, ContentCipher::Aes256Gcm);
    let misplaced = |with_tag: bool| {
        let mut node = Node::read(&good);
        node.at(&[0]).content = oid("1.2.840.113549.1.7.3");
        let data = node.at(&[1, 0]);
        let tag = data.children.pop().unwrap();
        if with_tag {
            data.children[2].children[2].content.extend(tag.content);
        }
        node
    };
    let whole = misplaced(true).write();
    opens(to, &whole);
    let (identities, _) = means(to);
    let policy = Policy::default();
    let report = Decryptor::new(&identities, &policy)
        .decrypt(
            Source::Seekable(&mut Cursor::new(&whole)),
            &mut Vec::new(),
            &mut rng(),
        )
        .unwrap();
    assert!(report.all_findings().any(|f| f.rule == Rule::MisplacedTag));
    fails(to, &misplaced(false).write());
    let ciphertext = [1, 0, 2, 2];
    for size in [0, 1, 15, 16, 17] {
        fails(
            to,
            &altered(&whole, &ciphertext, |c| c.content.truncate(size)),
        );
    }
    let last = Node::read(&whole).at(&ciphertext).content.len() - 1;
    for at in [0, last - 16, last] {
        fails(to, &altered(&whole, &ciphertext, |c| c.content[at] ^= 1));
    }
}

/// Old mail: single DES under `archive` alone.
#[test]
fn des_is_old() {
    if !have(&[Peer::Openssl], "DES of OpenSSL") {
        return;
    }
    let dir = Dir::new();
    let (entity, out) = (dir.write("entity", CONTENT), dir.file("message.der"));
    let line = args![
        "cms",
        "-encrypt",
        "-binary",
        "-provider",
        "legacy",
        "-provider",
        "default",
        "-des-cbc",
        "-in",
        entity,
        "-outform",
        "DER",
        "-out",
        &out,
        fixture("certs/bob.pem")
    ];
    openssl(Peer::Openssl, line).run().expect(0);
    let own = args!["-i", fixture("identities/bob.pem")];
    let run = smime(join(&[&args!["decrypt"], &own, &args![&out]]))
        .run()
        .expect(1);
    assert!(
        run.stdout.is_empty() && run.stderr.contains("weak-cipher"),
        "{}",
        run.stderr
    );
    let run = smime(join(&[
        &args!["decrypt", "--policy", "archive"],
        &own,
        &args![&out],
    ]))
    .run()
    .expect(0);
    assert_eq!(run.stdout, CONTENT);
}

/// The program: no output, the exit status of the contract, and a word of advice.
#[test]
fn the_program_says_what_is_missing() {
    let dir = Dir::new();
    let entity = dir.write("entity", CONTENT);
    let key = dir.write("key", [7; 16]);
    let kek =
        |name: &str, file: &std::path::Path| args!["--kek", format!("{name}:{}", file.display())];
    let out = dir.file("message.der");
    let line = join(&[
        &args!["encrypt", "-q", "--format", "der", "-o", &out],
        &kek("name", &key),
        &args![entity],
    ]);
    smime(line).run().expect(0);
    let decrypt =
        |options: Vec<std::ffi::OsString>| smime(join(&[&args!["decrypt", &out], &options])).run();
    assert_eq!(decrypt(kek("name", &key)).expect(0).stdout, CONTENT);
    let short = dir.write("short", [7; 15]);
    let long = dir.write("long", [7; 32]);
    let wrong = dir.write("wrong", [8; 16]);
    let password = dir.write("password", "x\n");
    let empty = dir.write("empty", "\n");
    for (options, exit) in [
        (args![], 4),
        (kek("other", &key), 4),
        (kek("name", &short), 4),
        (kek("name", &long), 4),
        (kek("name", &wrong), 1),
        (kek("name", &dir.file("nowhere")), 4),
        (args!["--kek", "name"], 2),
        (args!["--kek", "name:"], 2),
        (
            args!["--password-recipient", "--password-file", password],
            4,
        ),
        (args!["--password-recipient", "--password-file", empty], 2),
        (args!["--password-recipient"], 4),
        (join(&[&kek("name", &key), &kek("name", &wrong)]), 2),
    ] {
        let run = decrypt(options.clone()).expect(exit);
        assert!(run.stdout.is_empty(), "{options:?}");
    }
}
