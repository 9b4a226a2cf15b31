//! Runs the vectors of Project Wycheproof through this room when they are at hand (`../shared/corpora/wycheproof`), and prints what was left out.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stderr
)]
mod encryption;

use super::*;
use crate::asn1::{Tag, write};
use crate::crypto::public_key::Signed;
use serde_json::Value;
use std::{collections::BTreeMap, path::Path, process::Command};

/// What a vector came to: accepted (with the right result), refused, or left out and why.
pub(super) enum Outcome {
    Accepted,
    Refused,
    LeftOut(&'static str),
}
pub(super) fn accepted(yes: bool) -> Outcome {
    if yes {
        Outcome::Accepted
    } else {
        Outcome::Refused
    }
}
/// Runs a file; `check` gets each test with its group.
pub(super) fn run(name: &str, check: impl Fn(&Value, &Value) -> Outcome) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let file = format!("shared/corpora/wycheproof/{name}_test.json.gz");
    let places = [root.join("..").join(&file), root.join("../..").join(&file)];
    let Some(path) = places.iter().find(|path| path.exists()) else {
        eprintln!("wycheproof: {name} is not at hand");
        return;
    };
    let unpacked = Command::new("gzip").arg("-dc").arg(path).output().unwrap();
    let suite: Value = serde_json::from_slice(&unpacked.stdout).unwrap();
    let (mut run, mut left_out, mut wrong) = (0, BTreeMap::new(), Vec::new());
    for group in suite["testGroups"].as_array().unwrap() {
        for test in group["tests"].as_array().unwrap() {
            run += 1;
            match (check(group, test), test["result"].as_str().unwrap()) {
                (Outcome::LeftOut(why), _) => *left_out.entry(why).or_insert(0) += 1,
                (Outcome::Accepted, "invalid") | (Outcome::Refused, "valid") => {
                    wrong.push(format!("{} {}", test["tcId"], test["comment"]));
                }
                _ => {}
            }
        }
    }
    eprintln!("wycheproof: {name}: {run} tests, left out {left_out:?}");
    assert!(wrong.is_empty(), "{name}: {wrong:#?}");
}
pub(super) fn octets(value: &Value) -> Vec<u8> {
    data_encoding::HEXLOWER
        .decode(value.as_str().unwrap().as_bytes())
        .unwrap()
}
fn size(value: &Value) -> u64 {
    value.as_u64().unwrap()
}
fn digest_of(value: &Value) -> Digest {
    Digest::from_name(value.as_str().unwrap()).unwrap()
}
fn rng() -> impl CryptoRng {
    use rand::SeedableRng;
    rand_chacha::ChaCha20Rng::from_seed([7; 32])
}
/// Returns whether this is one of seven in eight slow tests that an unoptimised build leaves out; what is invalid always runs.
fn is_spared(test: &Value) -> bool {
    cfg!(debug_assertions) && test["result"] != "invalid" && !size(&test["tcId"]).is_multiple_of(8)
}
const SPARED: Outcome =
    Outcome::LeftOut("seven of eight that are not invalid: this is no release build");
fn verified(group: &Value, test: &Value, algorithm: &SignatureAlgorithm) -> Outcome {
    let key = PublicKey::from_spki(&octets(&group["publicKeyDer"])).unwrap();
    let message = octets(&test["msg"]);
    let signature = octets(&test["sig"]);
    let whole = key
        .verify(algorithm, Signed::Message(&message), &signature)
        .unwrap();
    if let Some(kind) = algorithm.digest() {
        let hash = digest::digest(kind, &message);
        let prehashed = key.verify(algorithm, Signed::Prehash(kind, &hash), &signature);
        assert_eq!(prehashed.unwrap(), whole);
    }
    accepted(whole)
}

#[test]
fn rsa_signatures() {
    for name in ["2048_sha256", "2048_sha512", "3072_sha256"] {
        run(&format!("rsa_signature_{name}"), |group, test| {
            verified(
                group,
                test,
                &SignatureAlgorithm::RsaPkcs1(digest_of(&group["sha"])),
            )
        });
    }
    for name in ["rsa_pss_2048_sha256_mgf1_32", "rsa_pss_misc"] {
        run(name, |group, test| {
            // with SHAKE the mask is SHAKE itself, and the digest alone is named
            let known = |field: &str| {
                let field = group[field].as_str().unwrap_or("");
                let field = if field.is_empty() {
                    group["mgf"].as_str().unwrap()
                } else {
                    field
                };
                Digest::from_name(field)
            };
            let (Some(digest), Some(mgf)) = (known("sha"), known("mgfSha")) else {
                return Outcome::LeftOut("a digest that is not ours");
            };
            let salt = usize::try_from(size(&group["sLen"])).unwrap();
            verified(
                group,
                test,
                &SignatureAlgorithm::RsaPss { digest, mgf, salt },
            )
        });
    }
}
#[test]
fn curve_signatures() {
    for name in ["secp256r1_sha256", "secp384r1_sha384", "secp521r1_sha512"] {
        run(&format!("ecdsa_{name}"), |group, test| {
            if is_spared(test) {
                return SPARED;
            }
            verified(
                group,
                test,
                &SignatureAlgorithm::Ecdsa(digest_of(&group["sha"])),
            )
        });
    }
    run("ed25519", |group, test| {
        verified(group, test, &SignatureAlgorithm::Ed25519)
    });
    run("ed448", |group, test| {
        verified(group, test, &SignatureAlgorithm::Ed448)
    });
    run("dsa_2048_256_sha256", |group, test| {
        if is_spared(test) {
            return SPARED;
        }
        verified(
            group,
            test,
            &SignatureAlgorithm::Dsa(digest_of(&group["sha"])),
        )
    });
}
#[test]
fn lattice_signatures() {
    for (level, set) in [44, 65, 87].into_iter().zip(MlDsa::ALL) {
        run(&format!("mldsa_{level}_verify"), |group, test| {
            let context = test.get("ctx").is_some_and(|context| context != "");
            // a context that is too long is one we have no way to give
            if context {
                return Outcome::LeftOut("a context, which nothing in CMS and X.509 has");
            }
            let public = octets(&group["publicKey"]);
            let algorithm = parameters::without(set.row().oid);
            let Ok(key) = PublicKey::from_parts(&algorithm, &public) else {
                return Outcome::Refused;
            };
            let message = octets(&test["msg"]);
            let algorithm = SignatureAlgorithm::MlDsa(set);
            let signed = Signed::Message(&message);
            accepted(
                key.verify(&algorithm, signed, &octets(&test["sig"]))
                    .unwrap(),
            )
        });
    }
}
#[test]
fn rsa_decryption() {
    let key = |group: &Value| SoftwareKey::from_pkcs8(&octets(&group["privateKeyPkcs8"])).unwrap();
    for name in [
        "sha1_mgf1sha1",
        "sha256_mgf1sha1",
        "sha256_mgf1sha256",
        "sha384_mgf1sha384",
        "sha512_mgf1sha512",
    ] {
        run(&format!("rsa_oaep_2048_{name}"), |group, test| {
            let algorithm = KeyTransport::RsaOaep {
                digest: digest_of(&group["sha"]),
                mgf: digest_of(&group["mgfSha"]),
                label: octets(&test["label"]),
            };
            let message = octets(&test["msg"]);
            let key = key(group).decrypt_key(
                &algorithm,
                &octets(&test["ct"]),
                KeySize::Exactly(message.len()),
                &mut rng(),
            );
            accepted(key.is_ok_and(|key| key.expose() == message))
        });
    }
    for name in ["rsa_pkcs1_2048", "rsa_pkcs1_3072"] {
        run(name, |group, test| {
            let (message, encrypted) = (octets(&test["msg"]), octets(&test["ct"]));
            let key = key(group);
            let decrypted = |size| {
                let key = key.decrypt_key(
                    &KeyTransport::RsaPkcs1,
                    &encrypted,
                    KeySize::Exactly(size),
                    &mut rng(),
                );
                key.ok().map(|key| key.expose().to_vec())
            };
            if test["result"] == "valid" {
                return accepted(decrypted(message.len()) == Some(message));
            }
            // Implicit rejection: a key all the same, always the same, unless the length is wrong, which everybody sees.
            let stand_in = decrypted(32);
            assert_eq!(stand_in, decrypted(32));
            let right_length =
                encrypted.len() * 8 == usize::try_from(size(&group["keySize"])).unwrap();
            if let Some(stand_in) = &stand_in {
                assert_eq!(stand_in.len(), 32);
                assert!(right_length);
            }
            Outcome::Refused
        });
    }
}
#[test]
fn agreement() {
    for (name, curve) in [
        ("secp256r1", public_key::P256),
        ("secp384r1", public_key::P384),
        ("secp521r1", public_key::P521),
    ] {
        run(&format!("ecdh_{name}"), |_, test| {
            if is_spared(test) {
                return SPARED;
            }
            let scalar = test["private"].as_str().unwrap();
            let even = if scalar.len() % 2 == 1 {
                format!("0{scalar}")
            } else {
                scalar.to_owned()
            };
            let scalar = write::tlv(Tag::OCTET_STRING, &octets(&even.into()));
            let ours = write::sequence(&[&write::integer(1), &scalar]);
            let ours = SoftwareKey::from_sec1(&ours, Some(curve)).unwrap();
            let Ok(theirs) = PublicKey::from_spki(&octets(&test["public"])) else {
                return Outcome::Refused;
            };
            let shared = ours.agree(&theirs);
            accepted(shared.is_ok_and(|shared| shared.expose() == octets(&test["shared"])))
        });
    }
    run("x25519", |_, test| {
        let private = write::tlv(Tag::OCTET_STRING, &octets(&test["private"]));
        let algorithm = parameters::encoded(&parameters::without(public_key::X25519));
        let private = write::tlv(Tag::OCTET_STRING, &private);
        let ours = write::sequence(&[&write::integer(0), &algorithm, &private]);
        let ours = SoftwareKey::from_pkcs8(&ours).unwrap();
        let theirs = parameters::without(public_key::X25519);
        let theirs = PublicKey::from_parts(&theirs, &octets(&test["public"])).unwrap();
        match ours.agree(&theirs) {
            Ok(shared) => {
                assert_eq!(shared.expose(), octets(&test["shared"]));
                Outcome::Accepted
            }
            Err(_) => {
                assert!(octets(&test["shared"]).iter().all(|octet| *octet == 0));
                Outcome::Refused
            }
        }
    });
}
#[test]
fn content_ciphers() {
    use content::{Decryption, Encryption};
    run("aes_gcm", |group, test| {
        let cipher = match (
            size(&group["keySize"]),
            size(&group["ivSize"]),
            size(&group["tagSize"]),
        ) {
            (128, 96, 128) => ContentCipher::Aes128Gcm,
            (192, 96, 128) => ContentCipher::Aes192Gcm,
            (256, 96, 128) => ContentCipher::Aes256Gcm,
            _ => return Outcome::LeftOut("a nonce that is not 12 octets or a tag that is not 16"),
        };
        let field = |name: &str| octets(&test[name]);
        let key = Secret::new(field("key"));
        let mut out = Vec::new();
        let mut decryption = Decryption::new(cipher, &key, &field("iv")).unwrap();
        decryption.update(&field("ct"), &mut out).unwrap();
        let good = decryption
            .finish(&field("aad"), &field("tag"), &mut out)
            .is_ok();
        if good {
            let mut made = Vec::new();
            let mut encryption =
                Encryption::new(cipher, &key, &field("iv"), &field("aad")).unwrap();
            encryption.update(&field("msg"), &mut made).unwrap();
            assert_eq!(encryption.finish(&mut made).unwrap(), field("tag"));
            assert_eq!(made, field("ct"));
        }
        accepted(good && out == field("msg"))
    });
    run("aes_cbc_pkcs5", |group, test| {
        let cipher = match size(&group["keySize"]) {
            128 => ContentCipher::Aes128Cbc,
            192 => ContentCipher::Aes192Cbc,
            _ => ContentCipher::Aes256Cbc,
        };
        let field = |name: &str| octets(&test[name]);
        let key = Secret::new(field("key"));
        let plain = content::decrypt(cipher, &key, &field("iv"), &field("ct"));
        accepted(plain.is_ok_and(|plain| plain.expose() == field("msg")))
    });
}
#[test]
fn wrapped_keys() {
    run("aes_wrap", |group, test| {
        let algorithm = match size(&group["keySize"]) {
            128 => KeyWrap::Aes128,
            192 => KeyWrap::Aes192,
            _ => KeyWrap::Aes256,
        };
        let field = |name: &str| octets(&test[name]);
        let kek = Secret::new(field("key"));
        let unwrapped = key_wrap::unwrap(algorithm, &kek, &field("ct"));
        let good = unwrapped.is_ok_and(|key| key.expose() == field("msg"));
        if good {
            let wrapped = key_wrap::wrap(algorithm, &kek, &Secret::new(field("msg")));
            assert_eq!(wrapped.unwrap(), field("ct"));
        }
        accepted(good)
    });
}
#[test]
fn derived_keys() {
    for (name, digest) in [
        ("hkdf_sha256", Digest::Sha256),
        ("hkdf_sha384", Digest::Sha384),
        ("hkdf_sha512", Digest::Sha512),
    ] {
        run(name, |_, test| {
            let field = |name: &str| octets(&test[name]);
            let length = usize::try_from(size(&test["size"])).unwrap();
            let secret = Secret::new(field("ikm"));
            let salt = field("salt");
            let key = key_agreement::hkdf(digest, Some(&salt), &secret, &field("info"), length);
            accepted(key.is_ok_and(|key| key.expose() == field("okm")))
        });
    }
}
