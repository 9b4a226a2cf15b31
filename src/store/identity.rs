//! Identities: private keys with their certificates, paired by public key. Knows nothing of files and of who is trusted.
use crate::{
    crypto::{Digest, PrivateKey, PublicKey, Secret, digest::digest, public_key::KeyKind},
    x509::{Certificate, certificate::public_key_octets, name::Name},
};
use std::sync::{Arc, OnceLock};

/// A private key and its certificate.
#[derive(Clone)]
pub struct Identity {
    /// the key
    pub key: Arc<dyn PrivateKey>,
    /// its certificate
    pub certificate: Certificate,
}

/// A key-encryption key that sender and recipient share, and its name (RFC 5652 §6.2.3).
#[derive(Debug, Clone)]
pub struct SharedKey {
    /// KEKIdentifier's keyIdentifier
    pub name: Vec<u8>,
    /// the key
    pub key: Arc<Secret>,
}

/// All keys and certificates given, pooled.
#[derive(Default)]
pub struct Identities {
    shared: Vec<SharedKey>,
    password: Option<Arc<Secret>>,
    keys: Vec<Arc<dyn PrivateKey>>,
    certificates: Vec<Certificate>,
    /// found when they are asked for, and once
    pairs: OnceLock<Vec<Identity>>,
}

impl Identities {
    /// Adds a key (a duplicate is left out).
    pub fn add_key(&mut self, key: Arc<dyn PrivateKey>) {
        let spki = key.public_key().spki();
        if !self
            .keys
            .iter()
            .any(|known| known.public_key().spki() == spki)
        {
            self.keys.push(key);
            self.pairs = OnceLock::new();
        }
    }

    /// Adds a certificate (a duplicate is left out).
    pub fn add_certificate(&mut self, certificate: Certificate) {
        if !self.certificates.contains(&certificate) {
            self.certificates.push(certificate);
            self.pairs = OnceLock::new();
        }
    }

    /// Adds a shared key; of several of one name the first counts.
    pub fn add_shared_key(&mut self, key: SharedKey) {
        self.shared.push(key);
    }

    /// Gives the password that opens password recipients.
    pub fn set_password(&mut self, password: Secret) {
        self.password = Some(Arc::new(password));
    }

    /// Returns the shared key of this name.
    pub fn shared_key(&self, name: &[u8]) -> Option<Arc<Secret>> {
        let found = self.shared.iter().find(|shared| shared.name == name);
        found.map(|shared| Arc::clone(&shared.key))
    }

    /// Returns the password for password recipients, if there is one.
    pub fn password(&self) -> Option<Arc<Secret>> {
        self.password.clone()
    }

    /// Returns every pair of key and certificate, by SubjectPublicKeyInfo, in the order in which the certificates were added.
    pub fn pairs(&self) -> Vec<Identity> {
        self.paired().to_vec()
    }

    /// Returns all certificates given.
    pub fn certificates(&self) -> &[Certificate] {
        &self.certificates
    }

    /// Returns all keys given, certificates or not.
    pub fn keys(&self) -> &[Arc<dyn PrivateKey>] {
        &self.keys
    }

    /// Returns the identity with this issuer and serial.
    pub fn by_issuer_serial(&self, issuer: &Name, serial: &[u8]) -> Option<Identity> {
        self.matching(|certificate| certificate.is(issuer, serial))
            .next()
    }

    /// Returns the identity with this subjectKeyIdentifier (of its certificate, or SHA-1 of its public key when the certificate has none;
    /// RFC 5280 §4.2.1.2 (1)).
    pub fn by_key_identifier(&self, identifier: &[u8]) -> Option<Identity> {
        self.matching(|certificate| match certificate.key_identifier() {
            Some(own) => own == identifier,
            None => public_key_octets(certificate.spki())
                .is_some_and(|key| digest(Digest::Sha1, key) == identifier),
        })
        .next()
    }

    fn matching(&self, wanted: impl Fn(&Certificate) -> bool) -> impl Iterator<Item = Identity> {
        let pairs = self.paired().iter();
        let found = pairs.filter(move |it| wanted(&it.certificate));
        found.cloned()
    }

    fn paired(&self) -> &[Identity] {
        self.pairs.get_or_init(|| {
            let certificates = self.certificates.iter();
            let pair = |certificate: &Certificate| {
                let mut keys = self.keys.iter();
                let key = keys.find(|key| is_of(key.public_key(), certificate))?;
                Some(Identity {
                    key: Arc::clone(key),
                    certificate: certificate.clone(),
                })
            };
            certificates.filter_map(pair).collect()
        })
    }
}

/// Returns whether `key` is the one in `certificate`. The same key has several encodings: with or without NULL parameters, restricted to
/// RSASSA-PSS or RSA-KEM or not, with a compressed point or not.
fn is_of(key: &PublicKey, certificate: &Certificate) -> bool {
    if key.spki() == certificate.spki() {
        return true;
    }
    let Ok(other) = certificate.public_key() else {
        return false;
    };
    let same_type = match (key.kind(), other.kind()) {
        (
            KeyKind::Rsa { .. } | KeyKind::RsaKem { .. },
            KeyKind::Rsa { .. } | KeyKind::RsaKem { .. },
        ) => true,
        (one, other) => one == other,
    };
    let octets = (
        public_key_octets(key.spki()),
        public_key_octets(other.spki()),
    );
    same_type
        && matches!(octets, (Some(one), Some(other)) if one == other || is_same_point(one, other))
}

/// Returns whether two encodings of a point on one curve (SEC 1 §2.3.3) are the same point: X alike, and Y by its parity.
fn is_same_point(one: &[u8], other: &[u8]) -> bool {
    match (compressed(one), compressed(other)) {
        (Some(one), Some(other)) => one == other,
        _ => false,
    }
}

/// Returns the sign octet and X of a point.
fn compressed(point: &[u8]) -> Option<(u8, &[u8])> {
    match point {
        [sign @ (2 | 3), x @ ..] => Some((*sign, x)),
        [4, coordinates @ .., last] => {
            let (x, _) = coordinates.split_at_checked(coordinates.len().div_ceil(2))?;
            Some((2 | (last & 1), x))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]
    use super::*;
    use crate::{
        asn1::{Tag, write},
        x509::sample::{Template, key, key_identifier, parsed},
    };

    fn pool() -> Identities {
        let mut pool = Identities::default();
        for seed in [1, 2, 1] {
            pool.add_key(Arc::new(key(seed)));
        }
        let template = |seed: u64| Template::new("CN=Alice", &key(seed), "CN=CA");
        let certificates = [
            template(1).serial(&[1]),
            template(1).serial(&[2]).with(key_identifier(b"two")),
            template(1).serial(&[1]),
            template(3).serial(&[3]).with(key_identifier(b"three")),
        ];
        for certificate in certificates {
            pool.add_certificate(certificate.sign(&key(9)));
        }
        pool
    }

    #[test]
    fn pairs_keys_with_all_their_certificates() {
        let pool = pool();
        assert_eq!((pool.keys().len(), pool.certificates().len()), (2, 3));
        let serials: Vec<u8> = pool
            .pairs()
            .iter()
            .map(|it| it.certificate.serial()[0])
            .collect();
        assert_eq!(serials, [1, 2]);
        for pair in pool.pairs() {
            assert_eq!(pair.key.public_key().spki(), pair.certificate.spki());
        }
    }

    #[test]
    fn finds_identities_as_messages_name_them() {
        let (pool, ca) = (pool(), parsed("CN=ca"));
        let serial = |found: Option<Identity>| found.map(|it| it.certificate.serial()[0]);
        assert_eq!(serial(pool.by_issuer_serial(&ca, &[2])), Some(2));
        assert_eq!(
            serial(pool.by_issuer_serial(&ca, &[3])),
            None,
            "its key is not here"
        );
        assert_eq!(
            serial(pool.by_issuer_serial(&parsed("CN=Other"), &[2])),
            None
        );
        assert_eq!(serial(pool.by_key_identifier(b"two")), Some(2));
        assert_eq!(serial(pool.by_key_identifier(b"three")), None);
        let octets = public_key_octets(key(1).public_key().spki())
            .unwrap()
            .to_vec();
        let hash = digest(Digest::Sha1, &octets);
        assert_eq!(
            serial(pool.by_key_identifier(&hash)),
            Some(1),
            "the other one has an identifier"
        );
    }

    #[test]
    fn a_compressed_point_is_the_same_key() {
        let spki = key(1).public_key().spki().to_vec();
        let point = public_key_octets(&spki).unwrap().to_vec();
        let algorithm = spki[2..spki.len() - point.len() - 3].to_vec();
        let with = |sign: u8| {
            let bits = [&[0, sign], &point[1..33]].concat();
            let spki = write::sequence(&[&algorithm, &write::tlv(Tag::BIT_STRING, &bits)]);
            let template = Template {
                spki,
                ..Template::new("CN=Alice", &key(1), "CN=CA")
            };
            let mut pool = Identities::default();
            pool.add_key(Arc::new(key(1)));
            pool.add_certificate(template.sign(&key(9)));
            pool.pairs().len()
        };
        let right = 2 | (point[64] & 1);
        assert_eq!((with(right), with(right ^ 1)), (1, 0));
    }
}
