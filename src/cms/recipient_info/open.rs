//! Recovering the content key: with a private key, a key-encryption key or a password. Everything secret that goes wrong is one error; what is public
//! (algorithms, their parameters, costs) is looked at before a key is used.
use super::{Encapsulation, Kind, Originator, Recipient};
use crate::{
    asn1::{Tag, cursor::Cursor, oid, write},
    cms::{algorithm, algorithm_to_der},
    crypto::{
        self, CryptoRng, Kem, KeyEncryption, KeySize, KeyWrap, PrivateKey, PublicKey, Secret,
        algorithm::{KemKdf, PasswordWrap},
        kem, key_agreement, key_wrap,
        password_wrap::{self, Derivation},
        public_key::KeyKind,
    },
};
use spki::AlgorithmIdentifierOwned;

impl Recipient {
    /// Returns the key-encryption algorithm, or why it is not supported.
    pub fn key_encryption(&self) -> crypto::Result<KeyEncryption> {
        let algorithm = KeyEncryption::from_identifier(&self.algorithm)?;
        match (self.kind, &algorithm) {
            (Kind::KeyTransport, KeyEncryption::Transport(_))
            | (Kind::KeyAgreement, KeyEncryption::Agreement(_))
            | (Kind::Kek, KeyEncryption::Wrap(_))
            | (Kind::Password, KeyEncryption::Password(_)) => Ok(algorithm),
            (Kind::Kem, KeyEncryption::Kem(_)) => {
                self.kem_wrap()?;
                Ok(algorithm)
            }
            _ => Err(self.unsupported()),
        }
    }

    /// Recovers the content key of this size with the recipient's private key. For RSA PKCS#1 v1.5 never fails on padding (implicit rejection).
    /// Everything secret that goes wrong is `crypto::Error::Decryption`.
    pub fn content_key(
        &self,
        key: &dyn PrivateKey,
        size: KeySize,
        rng: &mut dyn CryptoRng,
    ) -> crypto::Result<Secret> {
        let content_key = match self.key_encryption()? {
            KeyEncryption::Transport(transport) => {
                key.decrypt_key(&transport, &self.encrypted_key, size, rng)?
            }
            KeyEncryption::Agreement(agreement) => {
                let peer = self.peer(key.public_key())?;
                let shared = key.agree(&peer)?;
                let kek = key_agreement::derive(&self.algorithm, &shared, self.ukm.as_deref())?;
                key_wrap::unwrap(agreement.wrap, &kek, &self.encrypted_key)?
            }
            KeyEncryption::Kem(kem) => {
                let (encapsulation, wrap) = self.kem_wrap()?;
                // as with an agreement on another curve
                let fits = match key.public_key().kind() {
                    KeyKind::MlKem(own) => own == kem,
                    KeyKind::Rsa { .. } | KeyKind::RsaKem { .. } => matches!(kem, Kem::Rsa { .. }),
                    _ => false,
                };
                if !fits {
                    return Err(crypto::Error::Decryption);
                }
                let kem = kem.for_key_of(wrap.key_size());
                let shared = key.decapsulate(kem, &encapsulation.ciphertext, rng)?;
                let ukm = self.ukm.as_deref();
                let kek = kem::derive(&encapsulation.kdf, &encapsulation.wrap, &shared, ukm)?;
                key_wrap::unwrap(wrap, &kek, &self.encrypted_key)?
            }
            KeyEncryption::Wrap(_) | KeyEncryption::Password(_) => {
                return Err(self.unsupported());
            }
        };
        of_size(&content_key, size)
    }

    /// Recovers the content key with the key-encryption key that this recipient names, which must be one of the wrap's.
    pub fn content_key_under(&self, kek: &Secret, size: KeySize) -> crypto::Result<Secret> {
        let KeyEncryption::Wrap(wrap) = self.key_encryption()? else {
            return Err(self.unsupported());
        };
        if kek.expose().len() != wrap.key_size() {
            return Err(crypto::Error::Key(
                "a key-encryption key whose length is not that of the message's key wrap",
            ));
        }
        let content_key = key_wrap::unwrap(wrap, kek, &self.encrypted_key)?;
        of_size(&content_key, size)
    }

    /// Returns how a password opens this recipient; its cost is looked at, not paid. Without a derivation the key comes from elsewhere
    /// (RFC 5652 §6.2.4), and a password is none.
    pub fn derivation(&self, max_iterations: u32) -> crypto::Result<(Derivation, PasswordWrap)> {
        let KeyEncryption::Password(wrap) = self.key_encryption()? else {
            return Err(self.unsupported());
        };
        let derivation = self.derivation.as_ref().ok_or(crypto::Error::Parameters {
            algorithm: "pwri-kek",
            what: "the key derivation is missing",
        })?;
        let derivation = Derivation::from_identifier(derivation, max_iterations)?;
        Ok((derivation, wrap))
    }

    /// Recovers the content key with a password.
    pub fn content_key_by_password(
        &self,
        password: &[u8],
        size: KeySize,
        max_iterations: u32,
    ) -> crypto::Result<Secret> {
        let (derivation, wrap) = self.derivation(max_iterations)?;
        let kek = derivation.key(password, &wrap)?;
        password_wrap::unwrap(&wrap, &kek, &self.encrypted_key, size)
    }

    /// Returns the key wrap of a KEM recipient, whose key derivation is known and gives a key as long as the wrap's (RFC 9629 §3).
    fn kem_wrap(&self) -> crypto::Result<(&Encapsulation, KeyWrap)> {
        let encapsulation = self.encapsulation.as_ref();
        let encapsulation = encapsulation.ok_or_else(|| self.unsupported())?;
        KemKdf::from_identifier(&encapsulation.kdf)?;
        let wrap = KeyWrap::from_identifier(&encapsulation.wrap)?;
        match *encapsulation.kek_length {
            [length] if usize::from(length) == wrap.key_size() => Ok((encapsulation, wrap)),
            _ => Err(crypto::Error::Parameters {
                algorithm: "kem",
                what: "kekLength is not the length of the key wrap's key",
            }),
        }
    }

    fn unsupported(&self) -> crypto::Error {
        crypto::Error::Unsupported(oid::name(&self.algorithm.oid))
    }

    /// Returns the originator's public key, which must be on the recipient's curve.
    fn peer(&self, own: &PublicKey) -> crypto::Result<PublicKey> {
        let Some(Originator::PublicKey { algorithm, key }) = &self.originator else {
            return Err(crypto::Error::Unsupported(
                "static-static key agreement".to_owned(),
            ));
        };
        // RFC 5753 §7.1.2, §3.1.1: parameters are absent, NULL or the curve, which is the recipient's in each case
        let curve = algorithm_of(own).ok_or(crypto::Error::Decryption)?;
        let null_or_same = match &algorithm.parameters {
            None => true,
            Some(found) => found.is_null() || Some(found) == curve.parameters.as_ref(),
        };
        if algorithm.oid != curve.oid || !null_or_same {
            return Err(crypto::Error::Decryption);
        }
        let spki = write::sequence(&[
            &algorithm_to_der(&curve),
            &write::tlv(Tag::BIT_STRING, &[&[0], key.as_slice()].concat()),
        ]);
        PublicKey::from_spki(&spki).map_err(|_| crypto::Error::Decryption)
    }
}

fn of_size(content_key: &Secret, size: KeySize) -> crypto::Result<Secret> {
    size.fit(content_key.expose())
        .ok_or(crypto::Error::Decryption)
}

/// Returns the AlgorithmIdentifier of a public key.
pub(super) fn algorithm_of(key: &PublicKey) -> Option<AlgorithmIdentifierOwned> {
    let mut fields = Cursor::new(key.spki(), 0).enter(Tag::SEQUENCE).ok()?;
    algorithm(&fields.expect(Tag::SEQUENCE).ok()?).ok()
}
