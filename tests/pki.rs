//! Certificates and revocation lists for tests, made on the spot with Ed25519 keys of small numbers. They say anything they are told to.
use rand_chacha::{ChaCha8Rng, rand_core::SeedableRng as _};
use smime::{
    asn1::{Tag, Time, write},
    crypto::{PrivateKey as _, SignatureAlgorithm, SoftwareKey},
    x509::{Certificate, Crl, TrustAnchor, TrustAnchors},
};

/// The time at which everything here is judged, and what lies before and after it.
pub(crate) fn at(text: &str) -> Time {
    Time::from_rfc3339(text).unwrap()
}

pub(crate) fn now() -> Time {
    at("2026-11-01")
}

/// Content octets of OIDs.
pub(crate) mod oid {
    pub(crate) const COMMON_NAME: &[u8] = &[0x55, 4, 3];
    pub(crate) const ORGANIZATION: &[u8] = &[0x55, 4, 10];
    pub(crate) const SUBJECT_KEY_IDENTIFIER: &[u8] = &[0x55, 29, 14];
    pub(crate) const KEY_USAGE: &[u8] = &[0x55, 29, 15];
    pub(crate) const SUBJECT_ALT_NAME: &[u8] = &[0x55, 29, 17];
    pub(crate) const BASIC_CONSTRAINTS: &[u8] = &[0x55, 29, 19];
    pub(crate) const NAME_CONSTRAINTS: &[u8] = &[0x55, 29, 30];
    pub(crate) const CERTIFICATE_POLICIES: &[u8] = &[0x55, 29, 32];
    pub(crate) const POLICY_MAPPINGS: &[u8] = &[0x55, 29, 33];
    pub(crate) const AUTHORITY_KEY_IDENTIFIER: &[u8] = &[0x55, 29, 35];
    pub(crate) const EXT_KEY_USAGE: &[u8] = &[0x55, 29, 37];
    pub(crate) const SERVER_AUTH: &[u8] = &[0x2b, 6, 1, 5, 5, 7, 3, 1];
    pub(crate) const ED25519: &[u8] = &[0x2b, 0x65, 0x70];
}

/// Returns the key of this number.
pub(crate) fn key(number: u32) -> SoftwareKey {
    let mut seed = [7; 32];
    seed[..4].copy_from_slice(&number.to_be_bytes());
    let octets = write::tlv(Tag::OCTET_STRING, &seed);
    let der = write::sequence(&[
        &write::integer(0),
        &algorithm(),
        &write::tlv(Tag::OCTET_STRING, &octets),
    ]);
    SoftwareKey::from_pkcs8(&der).unwrap()
}

fn algorithm() -> Vec<u8> {
    write::sequence(&[&write::tlv(Tag::OID, oid::ED25519)])
}

/// Returns the DER of a name: `O=…,CN=…`, first RDN first.
pub(crate) fn name(text: &str) -> Vec<u8> {
    let rdns = text.split(',').filter(|pair| !pair.is_empty()).map(|pair| {
        let (kind, value) = pair.split_once('=').unwrap();
        let kind = match kind {
            "CN" => oid::COMMON_NAME,
            "O" => oid::ORGANIZATION,
            _ => panic!("unknown attribute {kind}"),
        };
        let value = write::tlv(Tag(0x0c), value.as_bytes());
        write::set_of(&[write::sequence(&[&write::tlv(Tag::OID, kind), &value])])
    });
    write::tlv(Tag::SEQUENCE, &rdns.collect::<Vec<_>>().concat())
}

/// Returns an Extension.
pub(crate) fn extension(oid: &[u8], critical: bool, value: &[u8]) -> Vec<u8> {
    let critical: &[u8] = if critical { &[1, 1, 0xff] } else { &[] };
    write::sequence(&[
        &write::tlv(Tag::OID, oid),
        critical,
        &write::tlv(Tag::OCTET_STRING, value),
    ])
}

pub(crate) fn basic_constraints(ca: bool, path_length: Option<u32>) -> Vec<u8> {
    let ca: &[u8] = if ca { &[1, 1, 0xff] } else { &[] };
    let length = path_length.map(write::integer).unwrap_or_default();
    extension(
        oid::BASIC_CONSTRAINTS,
        true,
        &write::sequence(&[ca, &length]),
    )
}

/// keyUsage with these bits, the first one highest.
pub(crate) fn key_usage(bits: u8) -> Vec<u8> {
    let unused = u8::try_from(bits.trailing_zeros()).unwrap();
    extension(oid::KEY_USAGE, true, &[3, 2, unused, bits])
}

pub(crate) fn extended_key_usage(purpose: &[u8]) -> Vec<u8> {
    let value = write::sequence(&[&write::tlv(Tag::OID, purpose)]);
    extension(oid::EXT_KEY_USAGE, false, &value)
}

/// A GeneralName: `email:…` or `dir:…`.
fn general_name(text: &str) -> Vec<u8> {
    match text.split_once(':').unwrap() {
        ("email", value) => write::tlv(Tag::context_primitive(1), value.as_bytes()),
        ("dir", value) => write::tlv(Tag::context(4), &name(value)),
        _ => panic!("unknown form {text}"),
    }
}

pub(crate) fn alternative_names(names: &[String]) -> Vec<u8> {
    let names: Vec<_> = names.iter().map(|name| general_name(name)).collect();
    let value = write::tlv(Tag::SEQUENCE, &names.concat());
    extension(oid::SUBJECT_ALT_NAME, false, &value)
}

pub(crate) fn name_constraints(permitted: &[String], excluded: &[String]) -> Vec<u8> {
    let subtrees = |number, names: &[String]| {
        let bases = names
            .iter()
            .map(|base| write::sequence(&[&general_name(base)]));
        match names {
            [] => Vec::new(),
            _ => write::tlv(Tag::context(number), &bases.collect::<Vec<_>>().concat()),
        }
    };
    let value = write::sequence(&[&subtrees(0, permitted), &subtrees(1, excluded)]);
    extension(oid::NAME_CONSTRAINTS, true, &value)
}

pub(crate) fn key_identifier(identifier: &[u8]) -> Vec<u8> {
    let value = write::tlv(Tag::OCTET_STRING, identifier);
    extension(oid::SUBJECT_KEY_IDENTIFIER, false, &value)
}

pub(crate) fn authority_key_identifier(identifier: &[u8]) -> Vec<u8> {
    let value = write::sequence(&[&write::tlv(Tag::context_primitive(0), identifier)]);
    extension(oid::AUTHORITY_KEY_IDENTIFIER, false, &value)
}

/// A certificate to be, valid for ten years around [`now`].
#[derive(Debug, Clone)]
pub(crate) struct Template {
    pub(crate) serial: u32,
    pub(crate) subject: String,
    pub(crate) issuer: String,
    pub(crate) valid: (Time, Time),
    pub(crate) extensions: Vec<Vec<u8>>,
}

impl Template {
    pub(crate) fn new(subject: &str, issuer: &str) -> Self {
        Self {
            serial: 1,
            subject: subject.to_owned(),
            issuer: issuer.to_owned(),
            valid: (at("2021-11-01"), at("2031-11-01")),
            extensions: Vec::new(),
        }
    }

    pub(crate) fn ca(subject: &str, issuer: &str) -> Self {
        Self::new(subject, issuer)
            .with(basic_constraints(true, None))
            .with(key_usage(0x06))
    }

    pub(crate) fn with(mut self, extension: Vec<u8>) -> Self {
        self.extensions.push(extension);
        self
    }

    pub(crate) fn serial(mut self, serial: u32) -> Self {
        self.serial = serial;
        self
    }

    fn tbs(&self, key: &SoftwareKey) -> Vec<u8> {
        let extensions = match self.extensions.as_slice() {
            [] => Vec::new(),
            all => write::tlv(Tag::context(3), &write::tlv(Tag::SEQUENCE, &all.concat())),
        };
        write::sequence(&[
            &write::constructed(Tag::context(0), &[&write::integer(2)]),
            &write::integer(self.serial),
            &algorithm(),
            &name(&self.issuer),
            &write::sequence(&[&self.valid.0.to_der(), &self.valid.1.to_der()]),
            &name(&self.subject),
            key.public_key().spki(),
            &extensions,
        ])
    }

    pub(crate) fn sign(&self, key: &SoftwareKey, signer: &SoftwareKey) -> Certificate {
        Certificate::from_der(&signed(&self.tbs(key), signer)).unwrap()
    }

    /// With a signature that is none: quick, where it is not looked at or must not hold.
    pub(crate) fn unsigned(&self, key: &SoftwareKey) -> Certificate {
        let bits = write::tlv(Tag::BIT_STRING, &[0; 65]);
        let der = write::sequence(&[&self.tbs(key), &algorithm(), &bits]);
        Certificate::from_der(&der).unwrap()
    }
}

/// Returns a CRL that is current and lists these serials.
pub(crate) fn crl(issuer: &str, signer: &SoftwareKey, serials: &[u32]) -> Crl {
    let date = at("2026-10-30").to_der();
    let entries = serials
        .iter()
        .map(|serial| write::sequence(&[&write::integer(*serial), &date]));
    let entries = match serials {
        [] => Vec::new(),
        _ => write::tlv(Tag::SEQUENCE, &entries.collect::<Vec<_>>().concat()),
    };
    // a CRL number is what every list must have (RFC 5280 §5.2.3)
    let number = extension(&[0x55, 29, 20], false, &write::integer(1));
    let tbs = write::sequence(&[
        &write::integer(1),
        &algorithm(),
        &name(issuer),
        &date,
        &at("2026-11-10").to_der(),
        &entries,
        &write::tlv(Tag::context(0), &write::sequence(&[&number])),
    ]);
    Crl::from_der(&signed(&tbs, signer)).unwrap()
}

fn signed(tbs: &[u8], signer: &SoftwareKey) -> Vec<u8> {
    let mut rng = ChaCha8Rng::seed_from_u64(0);
    let signature = signer
        .sign(&SignatureAlgorithm::Ed25519, tbs, &mut rng)
        .unwrap();
    let bits = write::tlv(Tag::BIT_STRING, &[&[0], signature.as_slice()].concat());
    write::sequence(&[tbs, &algorithm(), &bits])
}

pub(crate) fn anchors<'a>(certificates: impl IntoIterator<Item = &'a Certificate>) -> TrustAnchors {
    let anchors = certificates.into_iter().enumerate();
    TrustAnchors {
        anchors: anchors
            .map(|(index, certificate)| TrustAnchor {
                certificate: certificate.clone(),
                source: format!("anchor-{index}.pem"),
            })
            .collect(),
    }
}
