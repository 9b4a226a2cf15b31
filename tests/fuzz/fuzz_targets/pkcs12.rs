//! PKCS#12 and key files, as they are, and with what is inside under a MAC and a cipher made here: so that more is reached than the MAC.
#![no_main]
use aes::cipher::{BlockModeEncrypt as _, KeyIvInit as _, block_padding::Pkcs7};
use hmac::{KeyInit as _, Mac as _};
use libfuzzer_sys::{fuzz_mutator, fuzz_target};
use smime::{
    asn1::{Tag, oid, oid::Oid, pem, write},
    crypto::{PrivateKey as _, SoftwareKey, key_file},
    store::pkcs12,
    x509::Certificate,
};
use smime_fuzz::{
    bounds::within,
    choice, mutate, piece,
    world::{PASSWORD, limits, world},
};

const SALT: &[u8] = b"saltsalt";
const ITERATIONS: u32 = 1;

fn object(dotted: &str) -> Vec<u8> {
    oid::to_der(&Oid::new_unwrap(dotted))
}

fn octets(content: &[u8]) -> Vec<u8> {
    write::tlv(Tag::OCTET_STRING, content)
}

fn hmac_sha256() -> Vec<u8> {
    write::sequence(&[&object("1.2.840.113549.2.9"), &[5, 0]])
}

fn pbkdf2(length: u32) -> Vec<u8> {
    write::sequence(&[
        &object("1.2.840.113549.1.5.12"),
        &write::sequence(&[
            &octets(SALT),
            &write::integer(ITERATIONS),
            &write::integer(length),
            &hmac_sha256(),
        ]),
    ])
}

fn derived<const N: usize>() -> [u8; N] {
    pbkdf2::pbkdf2_hmac_array::<sha2::Sha256, N>(PASSWORD.as_bytes(), SALT, ITERATIONS)
}

/// ContentInfo of id-data.
fn data(content: &[u8]) -> Vec<u8> {
    write::sequence(&[
        &object("1.2.840.113549.1.7.1"),
        &write::constructed(Tag::context(0), &[&octets(content)]),
    ])
}

/// PFX with a PBMAC1 over what it protects.
fn pfx(safe: &[u8]) -> Vec<u8> {
    let mut mac =
        hmac::Hmac::<sha2::Sha256>::new_from_slice(&derived::<32>()).expect("a key of any length");
    mac.update(safe);
    let algorithm = write::sequence(&[
        &object("1.2.840.113549.1.5.14"),
        &write::sequence(&[&pbkdf2(32), &hmac_sha256()]),
    ]);
    let digest = write::sequence(&[&algorithm, &octets(&mac.finalize().into_bytes())]);
    write::sequence(&[
        &write::integer(3),
        &data(safe),
        &write::sequence(&[&digest, &octets(SALT), &write::integer(1)]),
    ])
}

/// PBES2 with AES-128-CBC.
fn pbes2(content: &[u8]) -> (Vec<u8>, Vec<u8>) {
    let iv = [9; 16];
    let algorithm = write::sequence(&[
        &object("1.2.840.113549.1.5.13"),
        &write::sequence(&[
            &pbkdf2(16),
            &write::sequence(&[&object("2.16.840.1.101.3.4.1.2"), &octets(&iv)]),
        ]),
    ]);
    let cipher = cbc::Encryptor::<aes::Aes128>::new(&derived::<16>().into(), &iv.into());
    (algorithm, cipher.encrypt_padded_vec::<Pkcs7>(content))
}

/// ContentInfo of EncryptedData.
fn encrypted(content: &[u8]) -> Vec<u8> {
    let (algorithm, ciphertext) = pbes2(content);
    let info = write::sequence(&[
        &object("1.2.840.113549.1.7.1"),
        &algorithm,
        &write::tlv(Tag::context_primitive(0), &ciphertext),
    ]);
    write::sequence(&[
        &object("1.2.840.113549.1.7.6"),
        &write::constructed(
            Tag::context(0),
            &[&write::sequence(&[&write::integer(0), &info])],
        ),
    ])
}

fn shrouded(key: &[u8]) -> Vec<u8> {
    let (algorithm, ciphertext) = pbes2(key);
    write::sequence(&[&algorithm, &octets(&ciphertext)])
}

fn bag(kind: u32, value: &[u8], attributes: &[u8]) -> Vec<u8> {
    write::sequence(&[
        &object(&format!("1.2.840.113549.1.12.10.1.{kind}")),
        &write::constructed(Tag::context(0), &[value]),
        attributes,
    ])
}

fn open(file: &[u8]) -> bool {
    let _ = pkcs12::looks_like_pkcs12(file);
    let Ok(contents) = pkcs12::open(file, Some(PASSWORD), &limits()) else {
        return false;
    };
    contents.keys.iter().for_each(uses);
    for der in &contents.certificates {
        let _ = Certificate::from_der(der);
    }
    true
}

/// A key that was read has a public half that is read.
fn uses(key: &SoftwareKey) {
    let spki = key.public_key().spki();
    assert!(
        smime::crypto::PublicKey::from_spki(spki).is_ok(),
        "a key's public half is not read"
    );
    let shown = format!("{key:?}");
    assert!(shown.len() < 200, "a key shows itself");
}

fn one(data_: &[u8]) {
    let Some((how, rest)) = choice(data_) else {
        return;
    };
    let cost = limits().key_cost();
    match how % 8 {
        0 => {
            open(rest);
            let _ = pkcs12::open(rest, None, &limits());
        }
        1 => drop(open(&pfx(rest))),
        2 => drop(open(&pfx(&write::sequence(&[&data(rest)])))),
        3 => drop(open(&pfx(&write::sequence(&[
            &encrypted(rest),
            &data(&write::sequence(&[])),
        ])))),
        4 => {
            let (key, attributes) = piece(rest);
            let bags = write::sequence(&[&bag(2, &shrouded(key), attributes)]);
            let opened = open(&pfx(&write::sequence(&[&data(&bags)])));
            let alone = key_file::from_encrypted(&shrouded(key), Some(PASSWORD), cost);
            assert!(!opened || alone.is_ok(), "a key is read in a bag only");
            let wrong = key_file::from_encrypted(&shrouded(key), Some("other"), cost);
            assert!(wrong.is_err(), "another password opens a key");
        }
        5 => {
            if let Ok(key) = key_file::from_der(rest, Some(PASSWORD), cost) {
                uses(&key);
            }
        }
        6 => {
            if let Ok(key) = SoftwareKey::from_pkcs8(rest) {
                uses(&key);
            }
        }
        _ => {
            for block in pem::blocks(rest).unwrap_or_default() {
                if let Some(Ok(key)) = key_file::from_pem(&block, Some(PASSWORD), cost) {
                    uses(&key);
                }
            }
        }
    }
}

fuzz_target!(init: { world(); }, |data: &[u8]| within(|| one(data)));

fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    mutate::mutate(data, size, max_size, seed, 1)
});
