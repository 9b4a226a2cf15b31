//! Encrypts to the known keys, cheaply: recipients and content key are made once, so that what is inside is what is fuzzed.
use crate::world::{KEK, KEK_NAME, PASSWORD, rng, world};
use smime::{
    asn1::oid::Oid,
    cms::{
        enveloped_data::Writer,
        recipient_info::{Method, Naming, ToRsa, seal, seal_under_key, seal_under_password},
    },
    crypto::{ContentCipher, ContentEncryption, Secret},
};
use std::{io::Write as _, sync::OnceLock};

/// To whom.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum To {
    X25519,
    Kek,
    Password,
}

const CONTENT_KEY: [u8; 16] = [7; 16];

fn recipient(to: To) -> &'static [u8] {
    static MADE: OnceLock<[Vec<u8>; 3]> = OnceLock::new();
    let made = MADE.get_or_init(|| {
        let key = Secret::new(CONTENT_KEY.to_vec());
        let bob = world().recipient();
        let method = Method::for_key(&bob.public_key().unwrap(), ToRsa::Oaep, 16).unwrap();
        let x25519 = seal(bob, Naming::default(), method, &key, &mut rng());
        let kek = seal_under_key(KEK_NAME, &Secret::new(KEK.to_vec()), &key);
        let password = seal_under_password(PASSWORD.as_bytes(), 10, &key, &mut rng());
        [x25519.unwrap(), kek.unwrap().0, password.unwrap()]
    });
    &made[match to {
        To::X25519 => 0,
        To::Kek => 1,
        To::Password => 2,
    }]
}

/// Returns a ContentInfo around this content.
pub fn encrypted(to: To, cipher: ContentCipher, content_type: Oid, content: &[u8]) -> Vec<u8> {
    let key = Secret::new(CONTENT_KEY.to_vec());
    let iv = match cipher {
        ContentCipher::Aes128Gcm => vec![3; 12],
        _ => vec![3; 16],
    };
    let encryption = ContentEncryption::new(cipher, iv, false);
    let recipients = [recipient(to).to_vec()];
    let mut writer = Writer::new(Vec::new(), &recipients, content_type, &encryption, &key).unwrap();
    writer.write_all(content).unwrap();
    writer.finish().unwrap()
}
