//! The half that encrypts: CCM, X448, ML-KEM. ChaCha20-Poly1305 and the brainpool curves are not among the files at hand.
use super::*;
use crate::crypto::{Kem, private_key::SoftwareKey, public_key::X448};

#[test]
fn ccm() {
    run("aes_ccm", |group, test| {
        let cipher = match (size(&group["keySize"]), size(&group["tagSize"])) {
            (128, 128) => ContentCipher::Aes128Ccm,
            (192, 128) => ContentCipher::Aes192Ccm,
            (256, 128) => ContentCipher::Aes256Ccm,
            _ => return Outcome::LeftOut("a tag that is not 16 octets"),
        };
        let field = |name: &str| octets(&test[name]);
        let key = Secret::new(field("key"));
        let Ok(mut decryption) = content::Decryption::new(cipher, &key, &field("iv")) else {
            return Outcome::Refused;
        };
        let mut out = Vec::new();
        for chunk in field("ct").chunks(7) {
            decryption.update(chunk, &mut out).unwrap();
        }
        assert!(out.is_empty());
        let good = decryption.finish(&field("aad"), &field("tag"), &mut out);
        assert!(good.is_ok() || out.is_empty());
        accepted(good.is_ok() && out == field("msg"))
    });
}

#[test]
fn x448() {
    run("x448", |_, test| {
        if is_spared(test) {
            return SPARED;
        }
        let private = write::tlv(Tag::OCTET_STRING, &octets(&test["private"]));
        let algorithm = parameters::encoded(&parameters::without(X448));
        let private = write::tlv(Tag::OCTET_STRING, &private);
        let ours = write::sequence(&[&write::integer(0), &algorithm, &private]);
        let ours = SoftwareKey::from_pkcs8(&ours).unwrap();
        let theirs = parameters::without(X448);
        let Ok(theirs) = PublicKey::from_parts(&theirs, &octets(&test["public"])) else {
            return Outcome::Refused;
        };
        match ours.agree(&theirs) {
            Ok(shared) => {
                assert_eq!(shared.expose(), octets(&test["shared"]), "{}", test["tcId"]);
                Outcome::Accepted
            }
            Err(_) => {
                assert!(octets(&test["shared"]).iter().all(|octet| *octet == 0));
                Outcome::Refused
            }
        }
    });
}

/// Returns the private key whose CHOICE of RFC 9935 holds `value`.
fn ml_kem_key(kem: Kem, tag: Tag, value: &[u8]) -> Result<SoftwareKey> {
    let private = write::tlv(Tag::OCTET_STRING, &write::tlv(tag, value));
    let algorithm = parameters::encoded(&kem.identifier());
    SoftwareKey::from_pkcs8(&write::sequence(&[
        &write::integer(0),
        &algorithm,
        &private,
    ]))
}
fn decapsulated(key: Result<SoftwareKey>, kem: Kem, test: &Value) -> Outcome {
    let Ok(key) = key else {
        return Outcome::Refused;
    };
    if let Some(public) = test.get("ek") {
        let public = octets(public);
        let stated = PublicKey::from_parts(&kem.identifier(), &public).unwrap();
        assert!(stated.is_same_key(key.public_key()) || test["result"] == "invalid");
    }
    match key.decapsulate(kem, &octets(&test["c"]), &mut rng()) {
        Ok(shared) => accepted(shared.expose() == octets(&test["K"])),
        Err(_) => Outcome::Refused,
    }
}
#[test]
fn ml_kem() {
    for (size, kem) in [
        (512, Kem::MlKem512),
        (768, Kem::MlKem768),
        (1024, Kem::MlKem1024),
    ] {
        run(&format!("mlkem_{size}"), |_, test| {
            let seed = octets(&test["seed"]);
            decapsulated(ml_kem_key(kem, Tag::context_primitive(0), &seed), kem, test)
        });
        if size == 1024 {
            continue; // there is no such file
        }
        run(&format!("mlkem_{size}_semi_expanded_decaps"), |_, test| {
            let expanded = octets(&test["dk"]);
            decapsulated(ml_kem_key(kem, Tag::OCTET_STRING, &expanded), kem, test)
        });
    }
}
