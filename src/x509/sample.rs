//! Certificates for tests: a small builder of DER, signed with P-256 keys that a seed makes. Says anything it is told to, right or wrong.
#![allow(clippy::unwrap_used, clippy::panic)]
use super::{Certificate, Crl, OcspResponse, TrustAnchor, TrustAnchors, name::Name};
use crate::{
    asn1::{Tag, Time, oid::Oid, write},
    crypto::{Digest, PrivateKey, PublicKey, SignatureAlgorithm, SoftwareKey},
    encoding::hex,
    policy::Limits,
};
use const_oid::db::rfc5280 as oids;
use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng as _};
use spki::der::Encode as _;
use std::{collections::BTreeMap, sync::Mutex};

/// The middle of the validity of every certificate that does not say otherwise.
pub(crate) fn now() -> Time {
    time("2026-11-01")
}

pub(crate) fn time(text: &str) -> Time {
    Time::from_rfc3339(text).unwrap()
}

/// Returns the P-256 key number `seed`.
pub(crate) fn key(seed: u64) -> SoftwareKey {
    // the base point, as a public key whose kind is wanted
    let like = hex::decode(concat!(
        "3059301306072a8648ce3d020106082a8648ce3d03010703420004",
        "6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296",
        "4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5"
    ));
    let like = PublicKey::from_spki(&like.unwrap()).unwrap();
    SoftwareKey::ephemeral(&like, &mut ChaCha20Rng::seed_from_u64(seed)).unwrap()
}

/// Returns the SubjectPublicKeyInfo of a key, with the numbers of P-256 in place of the name.
pub(crate) fn explicit_curve(key: &SoftwareKey) -> Vec<u8> {
    let number = |hexadecimal: &str| hex::decode(hexadecimal).unwrap();
    let integer = |hexadecimal: &str| write::tlv(Tag::INTEGER, &number(hexadecimal));
    let octets = |hexadecimal: &str| write::tlv(Tag::OCTET_STRING, &number(hexadecimal));
    let prime = "ffffffff00000001000000000000000000000000ffffffffffffffffffffffff";
    let prime_field = write::tlv(Tag::OID, &number("2a8648ce3d0101"));
    let parameters = write::sequence(&[
        &[2, 1, 1],
        &write::sequence(&[&prime_field, &integer(&format!("00{prime}"))]),
        &write::sequence(&[
            &octets("ffffffff00000001000000000000000000000000fffffffffffffffffffffffc"),
            &octets("5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604b"),
        ]),
        &octets(concat!(
            "04",
            "6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296",
            "4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5"
        )),
        &integer("00ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551"),
        &[2, 1, 1],
    ]);
    let algorithm = write::sequence(&[
        &write::tlv(Tag::OID, &number("2a8648ce3d0201")),
        &parameters,
    ]);
    let octets = super::certificate::public_key_octets(key.public_key().spki()).unwrap();
    let bits = write::tlv(Tag::BIT_STRING, &[&[0], octets].concat());
    write::sequence(&[&algorithm, &bits])
}

/// Returns the DER of a name: `CN=…`, `O=…`, `E=…`, `DC=…` separated by commas, first RDN first.
pub(crate) fn name(text: &str) -> Vec<u8> {
    let rdns = text.split(',').filter(|pair| !pair.is_empty()).map(|pair| {
        let (kind, value) = pair.split_once('=').unwrap();
        let (oid, tag) = match kind {
            "CN" => (const_oid::db::rfc4519::CN, 0x0c),
            "O" => (const_oid::db::rfc4519::O, 0x13),
            "DC" => (const_oid::db::rfc4519::DC, 0x16),
            "E" => (const_oid::db::rfc3280::EMAIL_ADDRESS, 0x16),
            _ => panic!("unknown attribute {kind}"),
        };
        rdn(&oid, tag, value.as_bytes())
    });
    write::tlv(Tag::SEQUENCE, &rdns.collect::<Vec<_>>().concat())
}

/// Returns an RDN of one attribute.
pub(crate) fn rdn(oid: &Oid, tag: u8, value: &[u8]) -> Vec<u8> {
    let pair = write::sequence(&[
        &write::tlv(Tag::OID, oid.as_bytes()),
        &write::tlv(Tag(tag), value),
    ]);
    write::set_of(&[pair])
}

pub(crate) fn parsed(text: &str) -> Name {
    Name::from_der(&name(text)).unwrap()
}

/// Returns an Extension.
pub(crate) fn extension(oid: &Oid, critical: bool, value: &[u8]) -> Vec<u8> {
    let critical: &[u8] = if critical { &[1, 1, 0xff] } else { &[] };
    write::sequence(&[
        &write::tlv(Tag::OID, oid.as_bytes()),
        critical,
        &write::tlv(Tag::OCTET_STRING, value),
    ])
}

pub(crate) fn basic_constraints(ca: bool, path_length: Option<u32>) -> Vec<u8> {
    let ca: &[u8] = if ca { &[1, 1, 0xff] } else { &[] };
    let length = path_length.map(write::integer).unwrap_or_default();
    let value = write::sequence(&[ca, &length]);
    extension(&oids::ID_CE_BASIC_CONSTRAINTS, true, &value)
}

/// Returns keyUsage with these bits, the first one highest.
pub(crate) fn key_usage(bits: u8) -> Vec<u8> {
    let unused = if bits == 0 { 0 } else { bits.trailing_zeros() };
    let value = [3, 2, u8::try_from(unused).unwrap(), bits];
    extension(&oids::ID_CE_KEY_USAGE, true, &value)
}

pub(crate) fn extended_key_usage(purposes: &[Oid]) -> Vec<u8> {
    let purposes = purposes
        .iter()
        .map(|oid| write::tlv(Tag::OID, oid.as_bytes()));
    let value = write::tlv(Tag::SEQUENCE, &purposes.collect::<Vec<_>>().concat());
    extension(&oids::ID_CE_EXT_KEY_USAGE, false, &value)
}

/// Returns a GeneralName: `email:`, `dns:`, `uri:`, `dir:` (as [`name`]), `ip:` (hexadecimal), `utf8:` (SmtpUTF8Mailbox), `other:`, `upn:`,
/// `id:` (registeredID), `x400:`, `edi:`.
pub(crate) fn general_name(text: &str) -> Vec<u8> {
    let (form, value) = text.split_once(':').unwrap();
    let other = |kind: &[u8], value: &str| {
        let value = write::tlv(Tag(0x0c), value.as_bytes());
        let explicit = write::tlv(Tag::context(0), &value);
        let oid = write::tlv(Tag::OID, kind);
        write::constructed(Tag::context(0), &[&oid, &explicit])
    };
    match form {
        "email" => write::tlv(Tag::context_primitive(1), value.as_bytes()),
        "dns" => write::tlv(Tag::context_primitive(2), value.as_bytes()),
        "dir" => write::tlv(Tag::context(4), &name(value)),
        "uri" => write::tlv(Tag::context_primitive(6), value.as_bytes()),
        "ip" => write::tlv(Tag::context_primitive(7), &hex::decode(value).unwrap()),
        "utf8" => other(&[0x2b, 6, 1, 5, 5, 7, 8, 9], value),
        "other" => other(&[0x2a, 3, 4], value),
        "upn" => other(&[0x2b, 6, 1, 4, 1, 0x82, 0x37, 20, 2, 3], value),
        "id" => {
            let oid = Oid::new(value).unwrap();
            write::tlv(Tag::context_primitive(8), oid.as_bytes())
        }
        "x400" => write::tlv(Tag::context(3), &[0x30, 0]),
        "edi" => write::tlv(Tag::context(5), &[0x81, 0]),
        _ => panic!("unknown form {form}"),
    }
}

pub(crate) fn general_names(names: &[&str]) -> Vec<u8> {
    let names: Vec<_> = names.iter().map(|name| general_name(name)).collect();
    write::tlv(Tag::SEQUENCE, &names.concat())
}

pub(crate) fn alternative_names(names: &[&str]) -> Vec<u8> {
    extension(&oids::ID_CE_SUBJECT_ALT_NAME, false, &general_names(names))
}

/// Returns the value of nameConstraints.
pub(crate) fn constraints(permitted: &[&str], excluded: &[&str]) -> Vec<u8> {
    let subtrees = |number, names: &[&str]| {
        let bases = names
            .iter()
            .map(|name| write::sequence(&[&general_name(name)]));
        let bases = bases.collect::<Vec<_>>().concat();
        match names {
            [] => Vec::new(),
            _ => write::tlv(Tag::context(number), &bases),
        }
    };
    write::sequence(&[&subtrees(0, permitted), &subtrees(1, excluded)])
}

pub(crate) fn name_constraints(permitted: &[&str], excluded: &[&str]) -> Vec<u8> {
    let value = constraints(permitted, excluded);
    extension(&oids::ID_CE_NAME_CONSTRAINTS, true, &value)
}

pub(crate) fn key_identifier(identifier: &[u8]) -> Vec<u8> {
    let value = write::tlv(Tag::OCTET_STRING, identifier);
    extension(&oids::ID_CE_SUBJECT_KEY_IDENTIFIER, false, &value)
}

pub(crate) fn authority_key_identifier(identifier: &[u8]) -> Vec<u8> {
    let value = write::sequence(&[&write::tlv(Tag::context_primitive(0), identifier)]);
    extension(&oids::ID_CE_AUTHORITY_KEY_IDENTIFIER, false, &value)
}

/// A certificate to be: of a person at first, valid for ten years around [`now`].
#[derive(Clone)]
pub(crate) struct Template {
    pub(crate) version: u8,
    pub(crate) serial: Vec<u8>,
    pub(crate) subject: Vec<u8>,
    pub(crate) issuer: Vec<u8>,
    pub(crate) not_before: Time,
    pub(crate) not_after: Time,
    pub(crate) spki: Vec<u8>,
    pub(crate) extensions: Vec<Vec<u8>>,
    pub(crate) inner_algorithm: Option<Vec<u8>>,
}

impl Template {
    pub(crate) fn new(subject: &str, key: &SoftwareKey, issuer: &str) -> Self {
        Self {
            version: 3,
            serial: vec![1],
            subject: name(subject),
            issuer: name(issuer),
            not_before: time("2021-11-01"),
            not_after: time("2031-11-01"),
            spki: key.public_key().spki().to_vec(),
            extensions: Vec::new(),
            inner_algorithm: None,
        }
    }

    /// A CA's certificate.
    pub(crate) fn ca(subject: &str, key: &SoftwareKey, issuer: &str) -> Self {
        Self::new(subject, key, issuer)
            .with(basic_constraints(true, None))
            .with(key_usage(0x06))
    }

    pub(crate) fn with(mut self, extension: Vec<u8>) -> Self {
        self.extensions.push(extension);
        self
    }

    pub(crate) fn serial(mut self, serial: &[u8]) -> Self {
        self.serial = serial.to_vec();
        self
    }

    pub(crate) fn valid(mut self, from: &str, to: &str) -> Self {
        self.not_before = time(from);
        self.not_after = time(to);
        self
    }

    /// Returns the DER of the certificate, signed.
    pub(crate) fn der(&self, signer: &SoftwareKey) -> Vec<u8> {
        let algorithm = SignatureAlgorithm::Ecdsa(Digest::Sha256);
        let identifier = algorithm.identifier().to_der().unwrap();
        signed(&self.tbs(&identifier), &identifier, &algorithm, signer)
    }

    fn tbs(&self, identifier: &[u8]) -> Vec<u8> {
        let version = match self.version {
            1 => Vec::new(),
            version => {
                write::constructed(Tag::context(0), &[&write::integer(u32::from(version) - 1)])
            }
        };
        let validity = write::sequence(&[&self.not_before.to_der(), &self.not_after.to_der()]);
        let extensions = match self.extensions.as_slice() {
            [] => Vec::new(),
            all => {
                let list = write::tlv(Tag::SEQUENCE, &all.concat());
                write::tlv(Tag::context(3), &list)
            }
        };
        write::sequence(&[
            &version,
            &write::tlv(Tag::INTEGER, &self.serial),
            self.inner_algorithm.as_deref().unwrap_or(identifier),
            &self.issuer,
            &validity,
            &self.subject,
            &self.spki,
            &extensions,
        ])
    }

    /// Returns the certificate, signed with DSA over SHA-256 by `sign`.
    pub(crate) fn sign_dsa(&self, sign: impl Fn(&[u8]) -> Vec<u8>) -> Certificate {
        let identifier = SignatureAlgorithm::Dsa(Digest::Sha256).identifier();
        let identifier = identifier.to_der().unwrap();
        let tbs = self.tbs(&identifier);
        let bits = write::tlv(Tag::BIT_STRING, &[vec![0], sign(&tbs)].concat());
        Certificate::from_der(&write::sequence(&[&tbs, &identifier, &bits])).unwrap()
    }

    /// Returns the certificate with an empty signature: quick, where nobody comes to check it.
    pub(crate) fn unsigned(&self) -> Certificate {
        let identifier = SignatureAlgorithm::Ecdsa(Digest::Sha256).identifier();
        let identifier = identifier.to_der().unwrap();
        let tbs = self.tbs(&identifier);
        Certificate::from_der(&write::sequence(&[&tbs, &identifier, &[3, 1, 0]])).unwrap()
    }

    pub(crate) fn sign(&self, signer: &SoftwareKey) -> Certificate {
        Certificate::from_der(&self.der(signer)).unwrap()
    }
}

/// Returns a CRL of `issuer` that lists these serials.
pub(crate) fn crl(
    issuer: &str,
    signer: &SoftwareKey,
    this_update: &str,
    next_update: &str,
    serials: &[&[u8]],
    extensions: &[Vec<u8>],
) -> Crl {
    let list = CrlTemplate::new(issuer, this_update, next_update);
    let list = serials
        .iter()
        .fold(list, |list, serial| list.entry(serial, this_update, &[]));
    let list = extensions
        .iter()
        .fold(list, |list, extension| list.with(extension.clone()));
    list.sign(signer)
}

/// A CRL to be.
#[derive(Clone)]
pub(crate) struct CrlTemplate {
    pub(crate) issuer: Vec<u8>,
    pub(crate) this_update: Time,
    pub(crate) next_update: Option<Time>,
    pub(crate) entries: Vec<u8>,
    pub(crate) extensions: Vec<u8>,
}

impl CrlTemplate {
    pub(crate) fn new(issuer: &str, this_update: &str, next_update: &str) -> Self {
        Self {
            issuer: name(issuer),
            this_update: time(this_update),
            next_update: Some(time(next_update)),
            entries: Vec::new(),
            extensions: Vec::new(),
        }
    }

    pub(crate) fn entry(mut self, serial: &[u8], date: &str, extensions: &[Vec<u8>]) -> Self {
        let extensions = match extensions {
            [] => Vec::new(),
            all => write::tlv(Tag::SEQUENCE, &all.concat()),
        };
        let serial = write::tlv(Tag::INTEGER, serial);
        let entry = write::sequence(&[&serial, &time(date).to_der(), &extensions]);
        self.entries.extend(entry);
        self
    }

    pub(crate) fn with(mut self, extension: Vec<u8>) -> Self {
        self.extensions.extend(extension);
        self
    }

    pub(crate) fn number(self, number: u32) -> Self {
        self.with(extension(
            &oids::ID_CE_CRL_NUMBER,
            false,
            &write::integer(number),
        ))
    }

    /// A delta CRL.
    pub(crate) fn base(self, number: u32) -> Self {
        self.with(extension(
            &oids::ID_CE_DELTA_CRL_INDICATOR,
            true,
            &write::integer(number),
        ))
    }

    /// issuingDistributionPoint with these fields.
    pub(crate) fn scope(self, fields: &[&[u8]]) -> Self {
        let value = write::sequence(fields);
        self.with(extension(
            &oids::ID_CE_ISSUING_DISTRIBUTION_POINT,
            true,
            &value,
        ))
    }

    pub(crate) fn der(&self, signer: &SoftwareKey) -> Vec<u8> {
        let algorithm = SignatureAlgorithm::Ecdsa(Digest::Sha256);
        let identifier = algorithm.identifier().to_der().unwrap();
        let entries = match self.entries.as_slice() {
            [] => Vec::new(),
            all => write::tlv(Tag::SEQUENCE, all),
        };
        let extensions = match self.extensions.as_slice() {
            [] => Vec::new(),
            all => write::tlv(Tag::context(0), &write::tlv(Tag::SEQUENCE, all)),
        };
        let tbs = write::sequence(&[
            &write::integer(1),
            &identifier,
            &self.issuer,
            &self.this_update.to_der(),
            &self.next_update.map(Time::to_der).unwrap_or_default(),
            &entries,
            &extensions,
        ]);
        signed(&tbs, &identifier, &algorithm, signer)
    }

    pub(crate) fn sign(&self, signer: &SoftwareKey) -> Crl {
        Crl::from_der(&self.der(signer)).unwrap()
    }
}

/// reasonCode of a CRL entry.
pub(crate) fn reason(code: u8) -> Vec<u8> {
    extension(&oids::ID_CE_CRL_REASONS, false, &[0x0a, 1, code])
}

/// Returns GeneralizedTime.
pub(crate) fn generalized(text: &str) -> Vec<u8> {
    let digits: String = time(text).to_string();
    let digits: String = digits.chars().filter(char::is_ascii_digit).collect();
    write::tlv(Tag(0x18), format!("{digits}Z").as_bytes())
}

/// An OCSP response to be, with answers about certificates of one issuer; by the issuer's name unless it says otherwise.
#[derive(Clone)]
pub(crate) struct OcspTemplate {
    pub(crate) responder: Vec<u8>,
    pub(crate) produced_at: String,
    pub(crate) answers: Vec<Vec<u8>>,
    pub(crate) extensions: Vec<u8>,
    pub(crate) certificates: Vec<Certificate>,
}

impl OcspTemplate {
    pub(crate) const GOOD: [u8; 2] = [0x80, 0];
    pub(crate) const UNKNOWN: [u8; 2] = [0x82, 0];

    pub(crate) fn new(responder: &str) -> Self {
        Self {
            responder: write::tlv(Tag::context(1), &name(responder)),
            produced_at: "2026-10-31".to_owned(),
            answers: Vec::new(),
            extensions: Vec::new(),
            certificates: Vec::new(),
        }
    }

    pub(crate) fn by_key(key: &SoftwareKey) -> Self {
        let octets = super::certificate::public_key_octets(key.public_key().spki()).unwrap();
        let hash = crate::crypto::digest::digest(Digest::Sha1, octets);
        Self {
            responder: write::tlv(Tag::context(2), &write::tlv(Tag::OCTET_STRING, &hash)),
            ..Self::new("CN=x")
        }
    }

    /// CertID over this digest.
    pub(crate) fn id(digest: Digest, issuer: &Certificate, serial: &[u8]) -> [Vec<u8>; 4] {
        let hash = |octets| {
            let hash = crate::crypto::digest::digest(digest, octets);
            write::tlv(Tag::OCTET_STRING, &hash)
        };
        let key = super::certificate::public_key_octets(issuer.spki()).unwrap();
        [
            digest.identifier().to_der().unwrap(),
            hash(issuer.subject().der()),
            hash(key),
            write::tlv(Tag::INTEGER, serial),
        ]
    }

    /// SingleResponse; extensions are a list of them.
    pub(crate) fn answer(
        mut self,
        id: &[Vec<u8>; 4],
        status: &[u8],
        this_update: &str,
        next_update: Option<&str>,
        extensions: &[u8],
    ) -> Self {
        let next = next_update.map(|next| write::tlv(Tag::context(0), &generalized(next)));
        let extensions = match extensions {
            [] => Vec::new(),
            list => write::tlv(Tag::context(1), &write::tlv(Tag::SEQUENCE, list)),
        };
        self.answers.push(write::sequence(&[
            &write::tlv(Tag::SEQUENCE, &id.concat()),
            status,
            &generalized(this_update),
            &next.unwrap_or_default(),
            &extensions,
        ]));
        self
    }

    pub(crate) fn der(&self, signer: &SoftwareKey) -> Vec<u8> {
        let algorithm = SignatureAlgorithm::Ecdsa(Digest::Sha256);
        let identifier = algorithm.identifier().to_der().unwrap();
        let extensions = match self.extensions.as_slice() {
            [] => Vec::new(),
            list => write::tlv(Tag::context(1), &write::tlv(Tag::SEQUENCE, list)),
        };
        let tbs = write::sequence(&[
            &self.responder,
            &generalized(&self.produced_at),
            &write::tlv(Tag::SEQUENCE, &self.answers.concat()),
            &extensions,
        ]);
        let signature = signature(&tbs, &algorithm, signer);
        let bits = write::tlv(Tag::BIT_STRING, &[&[0], signature.as_slice()].concat());
        let certificates = self.certificates.iter().map(Certificate::der);
        let certificates = match self.certificates.as_slice() {
            [] => Vec::new(),
            _ => {
                let list = certificates.collect::<Vec<_>>().concat();
                write::tlv(Tag::context(0), &write::tlv(Tag::SEQUENCE, &list))
            }
        };
        let basic = write::sequence(&[&tbs, &identifier, &bits, &certificates]);
        let kind = const_oid::db::rfc6960::ID_PKIX_OCSP_BASIC;
        let bytes = write::sequence(&[
            &write::tlv(Tag::OID, kind.as_bytes()),
            &write::tlv(Tag::OCTET_STRING, &basic),
        ]);
        write::sequence(&[&[0x0a, 1, 0], &write::tlv(Tag::context(0), &bytes)])
    }

    pub(crate) fn sign(&self, signer: &SoftwareKey) -> OcspResponse {
        OcspResponse::from_der(&self.der(signer), &Limits::default()).unwrap()
    }
}

/// CertStatus revoked.
pub(crate) fn revoked(date: &str, reason: Option<u8>) -> Vec<u8> {
    let reason = reason.map(|code| write::tlv(Tag::context(0), &[0x0a, 1, code]));
    let fields = [generalized(date), reason.unwrap_or_default()];
    write::tlv(Tag::context(1), &fields.concat())
}

fn signed(
    tbs: &[u8],
    identifier: &[u8],
    algorithm: &SignatureAlgorithm,
    signer: &SoftwareKey,
) -> Vec<u8> {
    let signature = signature(tbs, algorithm, signer);
    let bits = write::tlv(Tag::BIT_STRING, &[&[0], signature.as_slice()].concat());
    write::sequence(&[tbs, identifier, &bits])
}

/// Signs once: who asks for a certificate a second time gets the same one, whichever engine signs and however random its signatures are.
fn signature(tbs: &[u8], algorithm: &SignatureAlgorithm, signer: &SoftwareKey) -> Vec<u8> {
    type Signed = BTreeMap<(Vec<u8>, String, Vec<u8>), Vec<u8>>;
    static SIGNED: Mutex<Signed> = Mutex::new(BTreeMap::new());
    let key = signer.public_key().spki().to_vec();
    let made = (key, format!("{algorithm:?}"), tbs.to_vec());
    let mut signed = SIGNED.lock().unwrap();
    signed
        .entry(made)
        .or_insert_with(|| {
            let mut rng = ChaCha20Rng::seed_from_u64(0);
            signer.sign(algorithm, tbs, &mut rng).unwrap()
        })
        .clone()
}

/// Returns anchors that came from a file named after their place in the list.
pub(crate) fn anchors(certificates: &[&Certificate]) -> TrustAnchors {
    let anchors = certificates.iter().enumerate();
    TrustAnchors {
        anchors: anchors
            .map(|(index, certificate)| TrustAnchor {
                certificate: (*certificate).clone(),
                source: format!("anchor-{index}.pem"),
            })
            .collect(),
    }
}
