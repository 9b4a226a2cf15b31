//! RSA-KEM as it is written (RFC 9690): for keys whose certificates keep them for it (id-rsa-kem-spki) and, when asked for, any RSA key.
//!
//! What is wrong with such a recipient is in `recipients`, the peer in `matrix_recipients`.
use crate::{
    pki::{self, Template},
    recipients::{Node, oid},
    support::*,
};
use smime::{
    asn1::{Tag, write},
    crypto::{PrivateKey as _, SoftwareKey},
    x509::Certificate,
};
use std::{ffi::OsString, path::PathBuf};

const MESSAGE: &[u8] = b"Content-Type: text/plain\r\n\r\nlunch at noon?\r\n";
const SPKI: &str = "1.2.840.113549.1.9.16.3.14";
const KEY_ENCIPHERMENT: u8 = 0x20;

/// Bob's PrivateKeyInfo.
fn private_key() -> Vec<u8> {
    let pem = std::fs::read_to_string(fixture("keys/bob.pem")).unwrap();
    let lines = pem.lines().filter(|line| !line.starts_with("-----"));
    let text: String = lines.collect();
    data_encoding::BASE64.decode(text.as_bytes()).unwrap()
}
/// The same, kept for RSA-KEM with these parameters.
fn kept(parameters: &[u8]) -> Vec<u8> {
    let mut node = Node::read(&private_key());
    let algorithm = write::sequence(&[&write::tlv(Tag::OID, &oid(SPKI)), parameters]);
    *node.at(&[1]) = Node::read(&algorithm);
    node.write()
}
fn algorithm(dotted: &str, parameters: &[u8]) -> Vec<u8> {
    write::sequence(&[&write::tlv(Tag::OID, &oid(dotted)), parameters])
}
/// GenericHybridParameters (RFC 9690 §2.4).
fn hybrid(kem: &str, kdf: &str, digest: &str, length: u8, wrap: &str) -> Vec<u8> {
    let kdf = algorithm(kdf, &algorithm(digest, &[]));
    let kem = algorithm(kem, &write::sequence(&[&kdf, &[2, 1, length]]));
    write::sequence(&[&kem, &algorithm(wrap, &[])])
}
const KEM_RSA: &str = "1.0.18033.2.2.4";
const KDF3: &str = "1.3.133.16.840.9.44.1.2";
const SHA256: &str = "2.16.840.1.101.3.4.2.1";
const SHA512: &str = "2.16.840.1.101.3.4.2.3";
const AES128_WRAP: &str = "2.16.840.1.101.3.4.1.5";
const AES256_WRAP: &str = "2.16.840.1.101.3.4.1.45";

/// A certificate under a root, and keys: one that knows its restriction, one that does not.
struct Holder {
    dir: Dir,
}
impl Holder {
    fn new(key: &[u8], usage: u8) -> Self {
        let dir = Dir::new();
        let root = Template::ca("CN=root", "CN=root").sign(&pki::key(1), &pki::key(1));
        dir.write("root.der", root.der());
        let holder = Self { dir };
        holder.dir.write("kept.der", key);
        holder.dir.write("plain.der", private_key());
        holder.certify("bob.der", key, usage);
        holder.dir.write("message", MESSAGE);
        holder
    }
    fn certify(&self, name: &str, key: &[u8], usage: u8) -> Certificate {
        let key = SoftwareKey::from_pkcs8(key).unwrap();
        let template = Template::new("CN=bob", "CN=root").serial(7);
        let template = template.with(pki::key_usage(usage));
        let certificate = template.sign(&key, &pki::key(1));
        self.dir.write(name, certificate.der());
        assert_eq!(
            certificate.public_key().unwrap().spki(),
            key.public_key().spki()
        );
        certificate
    }
    fn file(&self, name: &str) -> PathBuf {
        self.dir.file(name)
    }
    fn encrypt(&self, certificate: &str, more: Vec<OsString>) -> Run {
        let mut line = args![
            "encrypt",
            "--json",
            "--format",
            "der",
            "-t",
            self.file("root.der"),
            "-r",
            self.file(certificate),
            "--at",
            "2026-11-01T00:00:00Z",
            "-o",
            self.file("out")
        ];
        line.extend(more);
        line.push(self.file("message").into());
        smime(line).run()
    }
    fn decrypt(&self, key: &str) -> Run {
        let bob = self.file("bob.der");
        let line = args!["decrypt", "-i", bob, "-i", self.file(key), self.file("out")];
        smime(line).run()
    }
    #[track_caller]
    fn opens(&self) {
        for key in ["kept.der", "plain.der"] {
            assert_eq!(self.decrypt(key).expect(0).stdout, MESSAGE, "{key}");
        }
    }
    /// The fields of the KEMRecipientInfo.
    fn fields(&self) -> Vec<Node> {
        let mut message = Node::read(&self.dir.read("out"));
        message.at(&[1, 0, 1, 0, 1]).children.clone()
    }
}
fn recipient(run: &Run) -> (String, String) {
    let recipient = &run.json()["layers"][0]["recipients"][0];
    let text = |name: &str| recipient[name].as_str().unwrap().to_owned();
    (text("kind"), text("algorithm"))
}
fn rsa_kem() -> (String, String) {
    ("kem".to_owned(), "rsa-kem".to_owned())
}

#[test]
fn a_key_kept_for_rsa_kem_gets_it() {
    let holder = Holder::new(&kept(&[]), KEY_ENCIPHERMENT);
    for (cipher, wrap) in [("aes-128-cbc", AES128_WRAP), ("aes-256-gcm", AES256_WRAP)] {
        // the policy's wish for OAEP is for those who have the choice
        for policy in ["standard", "modern"] {
            let options = args!["--cipher", cipher, "--policy", policy];
            let run = holder.encrypt("bob.der", options).expect(0);
            assert_eq!(recipient(&run), rsa_kem());
            holder.opens();
            let fields = holder.fields();
            // RFC 9690 appendix C: no RsaKemParameters, KDF3 with SHA-256
            assert_eq!(fields[2].write(), algorithm(KEM_RSA, &[]));
            let kdf = algorithm(KDF3, &algorithm(SHA256, &[]));
            assert_eq!(fields[4].write(), kdf);
            assert_eq!(fields[6].write(), algorithm(wrap, &[]));
        }
    }
    let run = holder.encrypt("bob.der", args!["--rsa-kem"]).expect(0);
    assert_eq!(recipient(&run), rsa_kem());
    holder.opens();
    let shown = smime(args!["cert", "show", holder.file("bob.der")]).run();
    assert!(shown.expect(0).text().contains("RSA-KEM 3072"));
}

#[test]
fn what_a_kept_key_demands_is_done() {
    let parameters = hybrid(KEM_RSA, KDF3, SHA512, 16, AES128_WRAP);
    let holder = Holder::new(&kept(&parameters), KEY_ENCIPHERMENT);
    let run = holder
        .encrypt("bob.der", args!["--cipher", "aes-256-cbc"])
        .expect(0);
    assert_eq!(recipient(&run), rsa_kem());
    holder.opens();
    let fields = holder.fields();
    let kdf = algorithm(KDF3, &algorithm(SHA512, &[]));
    let kem = write::sequence(&[&kdf, &[2, 1, 16]]);
    assert_eq!(fields[2].write(), algorithm(KEM_RSA, &kem));
    assert_eq!(fields[4].write(), kdf);
    assert_eq!(fields[5].content, [16]);
    assert_eq!(fields[6].write(), algorithm(AES128_WRAP, &[]));
}

#[test]
fn parameters_that_say_nothing_sensible_make_no_key() {
    let read = |parameters: &[u8]| SoftwareKey::from_pkcs8(&kept(parameters));
    let good = hybrid(KEM_RSA, KDF3, SHA256, 32, AES256_WRAP);
    assert!(read(&good).is_ok());
    let more = [&good[2..], &[5, 0]].concat();
    let bare_kem = write::sequence(&[&algorithm(KEM_RSA, &[]), &algorithm(AES256_WRAP, &[])]);
    for bad in [
        vec![5, 0],
        vec![0x30, 0],
        write::tlv(Tag::SEQUENCE, &more),
        bare_kem,
        hybrid(SPKI, KDF3, SHA256, 32, AES256_WRAP),
        hybrid(KEM_RSA, "1.3.133.16.840.9.44.1.1", SHA256, 32, AES256_WRAP),
        hybrid(KEM_RSA, KDF3, "1.2.3", 32, AES256_WRAP),
        hybrid(KEM_RSA, KDF3, SHA256, 16, AES256_WRAP),
        hybrid(KEM_RSA, KDF3, SHA256, 32, "1.2.3"),
        // 3DES, which is not written
        hybrid(KEM_RSA, KDF3, SHA256, 24, "1.2.840.113549.1.9.16.3.6"),
    ] {
        assert!(read(&bad).is_err(), "{bad:02x?}");
    }
}

#[test]
fn a_kept_key_is_for_nothing_else() {
    let holder = Holder::new(&kept(&[]), KEY_ENCIPHERMENT);
    let run = holder.encrypt("bob.der", args!["--oaep"]).expect(2);
    assert_eq!(run.json()["error"]["code"], "only-rsa-kem");
    assert!(!holder.file("out").exists());
    // signing
    for options in [args![], args!["--pss"]] {
        let mut line = args![
            "sign",
            "-i",
            holder.file("bob.der"),
            "-i",
            holder.file("kept.der"),
            "-o",
            holder.file("out")
        ];
        line.extend(options);
        line.push(holder.file("message").into());
        let run = smime(line).run();
        assert!([1, 2, 4].contains(&run.code), "{run:?}");
        assert!(!holder.file("out").exists());
    }
    // key transport by who did not heed it: a certificate of the same name without the restriction
    holder.certify("heedless.der", &private_key(), KEY_ENCIPHERMENT);
    for (options, algorithm) in [(args![], "rsa-pkcs1"), (args!["--oaep"], "rsa-oaep")] {
        let run = holder.encrypt("heedless.der", options).expect(0);
        assert_eq!(recipient(&run).1, algorithm);
        for key in ["kept.der", "plain.der"] {
            let run = holder.decrypt(key).expect(4);
            assert!(run.stdout.is_empty());
            assert!(run.stderr.contains("RSA-KEM"), "{}", run.stderr);
        }
    }
    // and RSA-KEM to the other certificate opens: the key is the same
    let run = holder.encrypt("heedless.der", args!["--rsa-kem"]).expect(0);
    assert_eq!(recipient(&run), rsa_kem());
    holder.opens();
}

#[test]
fn a_kept_key_needs_key_encipherment() {
    // digitalSignature, keyAgreement
    for usage in [0x80, 0x08] {
        let holder = Holder::new(&kept(&[]), usage);
        let run = holder.encrypt("bob.der", args![]).expect(1);
        assert!(run.text().contains("keyEncipherment"), "{}", run.text());
        assert!(!holder.file("out").exists());
    }
}

#[test]
fn any_rsa_key_gets_rsa_kem_when_asked_for() {
    let holder = Holder::new(&private_key(), KEY_ENCIPHERMENT);
    let run = holder.encrypt("bob.der", args!["--rsa-kem"]).expect(0);
    assert_eq!(recipient(&run), rsa_kem());
    assert_eq!(holder.decrypt("plain.der").expect(0).stdout, MESSAGE);
    let inspected = smime(args!["inspect", "--json", holder.file("out")]).run();
    assert_eq!(recipient(&inspected.expect(0)), rsa_kem());
    let run = holder.encrypt("bob.der", args![]).expect(0);
    assert_eq!(recipient(&run).1, "rsa-pkcs1");
    let run = holder.encrypt("bob.der", args!["--rsa-kem", "--policy", "modern"]);
    assert_eq!(recipient(&run.expect(0)), rsa_kem());
    let run = holder.encrypt("bob.der", args!["--rsa-kem", "--oaep"]);
    assert_eq!(run.expect(2).json()["error"]["code"], "usage");
    // it says nothing about other keys
    let dir = Dir::new();
    let line = args![
        "encrypt",
        "--json",
        "--rsa-kem",
        "-t",
        fixture("trust"),
        "-c",
        fixture("certs/intermediate.pem"),
        "-r",
        fixture("certs/carol.pem"),
        "-o",
        dir.file("out")
    ];
    let run = smime(line).input(MESSAGE).run().expect(0);
    assert_eq!(recipient(&run).0, "key-agreement");
}
