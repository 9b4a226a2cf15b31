//! The table as one list, for whoever prints or grades it: every algorithm, of every kind.
//!
//! Algorithms that have a row of their own say what it says; here are besides the rows of what is named by a key, by a scheme around a digest,
//! or by no one identifier: key kinds, signature schemes, key transport and agreement, MACs, derivations, encryption of key files.
//! Must not know what is weak: that is policy.
use super::{
    AgreementKdf, ContentCipher, Digest, HKDF, Kdf3, Kem, KemKdf, KeyAgreement, KeyEncryption,
    KeyTransport, KeyWrap, MlDsa, PasswordWrap, SignatureAlgorithm, SlhDsa,
};
use crate::crypto::{MacAlgorithm, mac, public_key::KeyKind};

/// An algorithm of the table. Where parameters do not matter to what the table says, one set stands for all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Algorithm {
    /// digests
    Digest(Digest),
    /// kinds of keys, and curves
    Key(KeyKind),
    /// signature schemes
    Signature(SignatureAlgorithm),
    /// what brings a content key to a recipient
    KeyEncryption(KeyEncryption),
    /// key derivations of KEM recipients
    KemKdf(KemKdf),
    /// content ciphers
    Cipher(ContentCipher),
    /// MACs
    Mac(MacAlgorithm),
    /// all others
    Other(Other),
}

/// What is named by no type of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "their names are in their lines")]
pub enum Other {
    CekHkdfSha256,
    Pbkdf2,
    Scrypt,
    Pbes2,
    Pbes1,
    Pkcs12Pbe,
    Pbmac1,
    Zlib,
}
impl Other {
    const ALL: [Self; 8] = [
        Self::CekHkdfSha256,
        Self::Pbkdf2,
        Self::Scrypt,
        Self::Pbes2,
        Self::Pbes1,
        Self::Pkcs12Pbe,
        Self::Pbmac1,
        Self::Zlib,
    ];
    #[rustfmt::skip]
    const fn line(self) -> (&'static str, &'static str, bool, Option<u16>, &'static str) {
        match self {
            Self::CekHkdfSha256 => ("key derivation", "cek-hkdf-sha256", true, None, "RFC 9709"),
            Self::Pbkdf2 => ("key derivation", "pbkdf2", true, None, "RFC 8018 §5.2"),
            Self::Scrypt => ("key derivation", "scrypt", false, None, "RFC 7914"),
            Self::Pbes2 => ("key file", "pbes2", false, None, "RFC 8018 §6.2"),
            Self::Pbes1 => ("key file", "pbes1", false, Some(56), "RFC 8018 §6.1"),
            Self::Pkcs12Pbe => ("key file", "pkcs12-pbe", false, Some(40), "RFC 7292 appendix C"),
            Self::Pbmac1 => ("key file", "pbmac1", false, None, "RFC 8018 §7.1, RFC 9879"),
            Self::Zlib => ("compression", "zlib", true, None, "RFC 1950, RFC 3274 §2"),
        }
    }
}

/// What the table says of an algorithm, to people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// what it is for
    pub family: &'static str,
    /// its name
    pub name: String,
    /// whether it is written; otherwise it is only read
    pub written: bool,
    /// security strength in bits; `None`: that of the key, password or cipher it is used with
    pub strength: Option<u16>,
    /// the standards that define it and its use
    pub standard: &'static str,
}

impl Algorithm {
    /// Returns every algorithm, family by family.
    pub fn all() -> Vec<Self> {
        let mut all: Vec<Self> = Digest::ALL.map(Self::Digest).into();
        all.extend(keys().into_iter().map(Self::Key));
        all.extend(signatures().into_iter().map(Self::Signature));
        all.extend(key_encryptions().into_iter().map(Self::KeyEncryption));
        all.extend(ContentCipher::ALL.map(Self::Cipher));
        all.extend(mac::digests().map(|digest| Self::Mac(MacAlgorithm(digest))));
        all.extend(HKDF.map(|(digest, _)| Self::KemKdf(KemKdf::Hkdf(digest))));
        all.push(Self::KemKdf(KemKdf::Kdf3(Kdf3(Digest::Sha256))));
        all.extend(Other::ALL.map(Self::Other));
        all
    }

    /// Returns what the table says of it.
    pub fn line(&self) -> Line {
        let (family, name, written, strength, standard) = match self {
            Self::Digest(digest) => return row("digest", digest.row()),
            Self::Key(kind) => return key(*kind),
            Self::Signature(scheme) => return signature(scheme),
            Self::KeyEncryption(encryption) => return key_encryption(encryption),
            Self::Cipher(cipher) => return cipher_line(*cipher),
            Self::KemKdf(KemKdf::Hkdf(digest)) => {
                let name = format!("hkdf-{}", digest.name().replace('-', ""));
                // what is written says RFC 9936 §2.1
                let written = *digest == Digest::Sha256;
                (
                    "key derivation",
                    name,
                    written,
                    None,
                    "RFC 5869, RFC 8619, RFC 9629 §5",
                )
            }
            Self::KemKdf(KemKdf::Kdf3(_)) => (
                "key derivation",
                "kdf3".to_owned(),
                true,
                None,
                "ANSI X9.44, RFC 9690",
            ),
            Self::Mac(mac) => {
                // as strong as its key, which is as long as the digest
                let strength = u16::try_from(mac.0.size() * 8).ok();
                (
                    "mac",
                    mac.name(),
                    false,
                    strength,
                    "RFC 2104, RFC 3370 §3.1, RFC 8018 appendix B.1.2",
                )
            }
            Self::Other(other) => {
                let (family, name, written, strength, standard) = other.line();
                (family, name.to_owned(), written, strength, standard)
            }
        };
        Line {
            family,
            name,
            written,
            strength,
            standard,
        }
    }
}

fn row(family: &'static str, row: super::Row) -> Line {
    Line {
        family,
        name: row.name.to_owned(),
        written: row.written,
        strength: row.strength,
        standard: row.standard,
    }
}

fn cipher_line(cipher: ContentCipher) -> Line {
    let mut line = row("content cipher", cipher.row());
    if let ContentCipher::Rc2Cbc { effective_bits } = cipher {
        line.name = format!("{} ({effective_bits} bits)", line.name);
    }
    line
}

/// RSA and DSA in the sizes that SP 800-57 part 1 §5.6.1 table 2 grades.
fn keys() -> Vec<KeyKind> {
    let rsa = |bits| KeyKind::Rsa {
        bits,
        restricted_to_pss: false,
    };
    let mut all = vec![rsa(1024), rsa(2048), rsa(3072), rsa(7680), rsa(15360)];
    all.extend([1024, 2048, 3072].map(|bits| KeyKind::Dsa { bits }));
    all.extend([KeyKind::P256, KeyKind::P384, KeyKind::P521]);
    all.extend([
        KeyKind::BrainpoolP256,
        KeyKind::BrainpoolP384,
        KeyKind::BrainpoolP512,
    ]);
    all.extend([
        KeyKind::Ed25519,
        KeyKind::Ed448,
        KeyKind::X25519,
        KeyKind::X448,
    ]);
    all.extend(MlDsa::ALL.map(KeyKind::MlDsa));
    all.extend(SlhDsa::ALL.iter().copied().map(KeyKind::SlhDsa));
    all.extend(Kem::ML_KEM.map(KeyKind::MlKem));
    all
}

#[rustfmt::skip]
fn key(kind: KeyKind) -> Line {
    let (written, strength, standard) = match kind {
        KeyKind::Rsa { bits, .. } => (bits >= 2048, Some(of_modulus(bits)), "RFC 8017, RFC 3279 §2.3.1, RFC 4055 §1.2"),
        KeyKind::RsaKem { bits } => (bits >= 2048, Some(of_modulus(bits)), "RFC 8017, RFC 9690 §2.3"),
        KeyKind::Dsa { bits } => (false, Some(of_modulus(bits)), "FIPS 186-4, RFC 3279 §2.3.2"),
        KeyKind::P256 => (true, Some(128), "SP 800-186, RFC 5480"),
        KeyKind::P384 => (true, Some(192), "SP 800-186, RFC 5480"),
        KeyKind::P521 => (true, Some(256), "SP 800-186, RFC 5480"),
        KeyKind::BrainpoolP256 => (true, Some(128), "RFC 5639"),
        KeyKind::BrainpoolP384 => (true, Some(192), "RFC 5639"),
        KeyKind::BrainpoolP512 => (true, Some(256), "RFC 5639"),
        KeyKind::Ed25519 => (true, Some(128), "RFC 8032, RFC 8410"),
        KeyKind::X25519 => (true, Some(128), "RFC 7748, RFC 8410"),
        KeyKind::Ed448 => (true, Some(224), "RFC 8032, RFC 8410"),
        KeyKind::X448 => (true, Some(224), "RFC 7748, RFC 8410"),
        KeyKind::MlDsa(set) => (true, set.row().strength, "FIPS 204, RFC 9881"),
        KeyKind::SlhDsa(set) => (true, set.row().strength, "FIPS 205, RFC 9909"),
        KeyKind::MlKem(set) => (true, set.row().strength, "FIPS 203, RFC 9935"),
    };
    let name = match kind {
        KeyKind::Rsa { bits, .. } | KeyKind::RsaKem { bits } | KeyKind::Dsa { bits } => format!("{} ({bits} bits)", kind.name()),
        _ => kind.name().to_owned(),
    };
    Line { family: "key", name, written, strength, standard }
}
/// SP 800-57 part 1 §5.6.1 table 2
fn of_modulus(bits: usize) -> u16 {
    match bits {
        ..=2047 => 80,
        2048..=3071 => 112,
        3072..=7679 => 128,
        7680..=15359 => 192,
        _ => 256,
    }
}

/// The digests are any.
fn signatures() -> Vec<SignatureAlgorithm> {
    let digest = Digest::Sha256;
    let mut all = vec![
        SignatureAlgorithm::RsaPkcs1(digest),
        SignatureAlgorithm::RsaPss {
            digest,
            mgf: digest,
            salt: digest.size(),
        },
        SignatureAlgorithm::Ecdsa(digest),
        SignatureAlgorithm::Dsa(digest),
        SignatureAlgorithm::Ed25519,
        SignatureAlgorithm::Ed448,
    ];
    all.extend(MlDsa::ALL.map(SignatureAlgorithm::MlDsa));
    all.extend(SlhDsa::ALL.iter().copied().map(SignatureAlgorithm::SlhDsa));
    all
}

#[rustfmt::skip]
fn signature(scheme: &SignatureAlgorithm) -> Line {
    let (written, strength, standard) = match scheme {
        SignatureAlgorithm::RsaPkcs1(_) => (true, None, "RFC 8017 §8.2, RFC 3370 §3.2, RFC 5754 §3.2, RFC 9688 §3.1"),
        SignatureAlgorithm::RsaPss { .. } => (true, None, "RFC 8017 §8.1, RFC 4056, RFC 8702 §3.2.1"),
        SignatureAlgorithm::Ecdsa(_) => (true, None, "FIPS 186-5, RFC 5753 §2.1, RFC 8702 §3.2.2, RFC 9688 §3.2"),
        SignatureAlgorithm::Dsa(_) => (false, None, "FIPS 186-4, RFC 3370 §3.1, RFC 5754 §3.1"),
        SignatureAlgorithm::Ed25519 => (true, key(KeyKind::Ed25519).strength, "RFC 8032, RFC 8419"),
        SignatureAlgorithm::Ed448 => (true, key(KeyKind::Ed448).strength, "RFC 8032, RFC 8419"),
        SignatureAlgorithm::MlDsa(set) => return row("signature", set.row()),
        SignatureAlgorithm::SlhDsa(set) => return row("signature", set.row()),
    };
    Line { family: "signature", name: scheme.name().to_owned(), written, strength, standard }
}

fn key_encryptions() -> Vec<KeyEncryption> {
    let digest = Digest::Sha256;
    let oaep = KeyTransport::RsaOaep {
        digest,
        mgf: digest,
        label: Vec::new(),
    };
    let mut all = vec![
        KeyEncryption::Transport(KeyTransport::RsaPkcs1),
        KeyEncryption::Transport(oaep),
    ];
    let agreement = |kdf| {
        KeyEncryption::Agreement(KeyAgreement {
            kdf,
            cofactor: false,
            wrap: KeyWrap::Aes128,
        })
    };
    let with = |scheme: fn(Digest) -> bool| Digest::ALL.into_iter().filter(move |d| scheme(*d));
    all.extend(
        with(|d| d.schemes().standard_dh.is_some()).map(|d| agreement(AgreementKdf::X963(d))),
    );
    all.extend(with(|d| d.schemes().hkdf.is_some()).map(|d| agreement(AgreementKdf::Hkdf(d))));
    all.extend(Kem::ML_KEM.map(KeyEncryption::Kem));
    all.push(KeyEncryption::Kem(Kem::RSA));
    all.extend(KeyWrap::ALL.map(KeyEncryption::Wrap));
    all.push(KeyEncryption::Password(PasswordWrap {
        cipher: ContentCipher::Aes256Cbc,
        iv: Vec::new(),
    }));
    all
}

#[rustfmt::skip]
fn key_encryption(encryption: &KeyEncryption) -> Line {
    let (family, written, standard) = match encryption {
        KeyEncryption::Transport(KeyTransport::RsaPkcs1) => ("key transport", true, "RFC 8017 §7.2, RFC 3370 §4.2.1"),
        KeyEncryption::Transport(KeyTransport::RsaOaep { .. }) => ("key transport", true, "RFC 8017 §7.1, RFC 3560"),
        KeyEncryption::Agreement(KeyAgreement { kdf: AgreementKdf::X963(digest), .. }) =>
            ("key agreement", digest.row().written, "RFC 5753 §3.1, RFC 8418 §2.1"),
        KeyEncryption::Agreement(KeyAgreement { kdf: AgreementKdf::Hkdf(digest), .. }) =>
            // X25519's and X448's
            ("key agreement", *digest != Digest::Sha384, "RFC 8418 §2.2"),
        KeyEncryption::Password(_) => ("key wrap", true, "RFC 3211 §2.3, RFC 3370 §4.3"),
        KeyEncryption::Wrap(wrap) => return row("key wrap", wrap.row()),
        KeyEncryption::Kem(kem) => return row("key encapsulation", kem.row()),
    };
    Line { family, name: encryption.name(), written, strength: None, standard }
}
