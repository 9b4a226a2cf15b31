//! Who is trusted and who has keys: the PKI under `pki/`, read once.
use rand_chacha::{ChaCha8Rng, rand_core::SeedableRng as _};
use smime::{
    asn1::{Time, pem},
    crypto::Secret,
    policy::{Limits, Policy},
    store::{Identities, files, identity::SharedKey},
    x509::{Certificate, Collection, Crl, OcspResponse, TrustAnchors},
};
use std::{
    hash::{DefaultHasher, Hash as _, Hasher as _},
    path::PathBuf,
    sync::{Arc, OnceLock},
};

/// 2026-12-01T00:00:00Z
pub const AT: Time = Time(1_796_083_200);

/// The key of the KEK recipient, and its name.
pub const KEK: [u8; 16] = *b"sixteen octets--";
pub const KEK_NAME: &[u8] = b"kek";
pub const PASSWORD: &str = "fuzz";

pub struct World {
    pub anchors: TrustAnchors,
    /// intermediates
    pub repository: Collection,
    /// Alice, who signs
    pub alice: Identities,
    /// Bob, who has an X25519 key
    pub bob: Identities,
    /// who has the shared key and knows the password
    pub shared: Identities,
    pub root: Certificate,
    pub ca: Certificate,
    /// the keys of root and CA, with which anything can be signed again
    pub authorities: Identities,
    pub crls: Vec<Crl>,
    pub ocsp: OcspResponse,
    pub policy: Policy,
}

pub fn path(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(name)
}

/// A file of this package.
pub fn file(name: &str) -> Vec<u8> {
    std::fs::read(path(name)).unwrap_or_else(|e| panic!("{name}: {e}"))
}

/// Limits that keep one input cheap; everything else is as it always is.
pub fn limits() -> Limits {
    let mut limits = Limits::default();
    limits.key_iterations = 1_000;
    limits.key_memory_bytes = 1 << 20;
    limits
}

fn identities(names: &[&str]) -> Identities {
    let mut pool = Identities::default();
    for name in names {
        let path = path(&format!("pki/{name}.pem"));
        files::identities(&path, &limits(), &mut |_| None, &mut pool).unwrap();
    }
    pool
}

fn certificate(name: &str) -> Certificate {
    let blocks = pem::blocks(&file(&format!("pki/{name}.pem"))).unwrap();
    let block = blocks.iter().find(|b| b.label == "CERTIFICATE").unwrap();
    Certificate::from_der(&block.der).unwrap()
}

pub fn world() -> &'static World {
    static WORLD: OnceLock<World> = OnceLock::new();
    WORLD.get_or_init(|| {
        let mut policy = Policy::default();
        policy.limits = limits();
        let ca = certificate("ca");
        let mut anchors = files::trust_anchors(&path("pki/root.pem"), &limits()).unwrap();
        anchors.anchors.extend(
            files::trust_anchors(&path("../../fixtures/trust"), &limits())
                .unwrap()
                .anchors,
        );
        let mut shared = Identities::default();
        shared.add_shared_key(SharedKey {
            name: KEK_NAME.to_vec(),
            key: Arc::new(Secret::new(KEK.to_vec())),
        });
        shared.set_password(Secret::new(PASSWORD.into()));
        let crl = |name: &str| {
            let blocks = pem::blocks(&file(name)).unwrap();
            Crl::from_der(&blocks[0].der).unwrap()
        };
        World {
            anchors,
            repository: Collection {
                certificates: vec![ca.clone()],
                ..Collection::default()
            },
            alice: identities(&["alice"]),
            bob: identities(&["bob"]),
            shared,
            root: certificate("root"),
            ca,
            authorities: identities(&["root", "ca"]),
            crls: vec![crl("pki/ca.crl.pem"), crl("pki/root.crl.pem")],
            ocsp: OcspResponse::from_der(&file("pki/alice.ocsp.der"), &limits()).unwrap(),
            policy,
        }
    })
}

impl World {
    pub fn signer(&self) -> &Certificate {
        &self.alice.certificates()[0]
    }

    pub fn recipient(&self) -> &Certificate {
        &self.bob.certificates()[0]
    }
}

/// Randomness, the same each time.
pub fn rng() -> ChaCha8Rng {
    ChaCha8Rng::seed_from_u64(1)
}

/// Randomness that is the same for the same octets: a boundary drawn for others does not turn up in them.
pub fn rng_of(octets: &[u8]) -> ChaCha8Rng {
    let mut hasher = DefaultHasher::new();
    octets.hash(&mut hasher);
    ChaCha8Rng::seed_from_u64(hasher.finish())
}
