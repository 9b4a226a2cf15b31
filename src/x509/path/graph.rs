//! The certificates that a search has met, and what is known of them: who may have issued whom, whose signature holds, what speaks against one
//! in every path, and whose names another's constraints refuse. Everything is found out when it is asked for, and once.
use super::budget::{Budget, BudgetExceeded, Watch};
use crate::{
    asn1::Tag,
    crypto::{PublicKey, SignatureAlgorithm, public_key::KeyKind},
    policy::Level,
    x509::{
        Certificate, Repository, TrustAnchor,
        extension::sequence,
        general_name::GeneralName,
        memory::Memory,
        name::Name,
        validate::{self, Place, Question, Refusal},
    },
};
use const_oid::db::rfc5280::{ID_CE_AUTHORITY_KEY_IDENTIFIER, ID_CE_NAME_CONSTRAINTS};
use std::{
    collections::{HashMap, HashSet, hash_map::Entry},
    rc::Rc,
    sync::Arc,
};

/// A certificate in the graph. Certificates and keys are numbered, so that equal ones are told at a glance.
#[derive(Debug)]
pub(super) struct Node {
    pub(super) id: usize,
    pub(super) key: usize,
    pub(super) certificate: Certificate,
    /// where it came from, if it is an anchor
    pub(super) anchor: Option<String>,
    /// no path through it is valid
    pub(super) flawed: bool,
    /// what every path through it is denied for
    pub(super) denials: u32,
    /// it is neither self-issued nor an anchor: it counts for path lengths, and name constraints bind it
    pub(super) counts: bool,
    /// pathLenConstraint
    pub(super) path_length: Option<u64>,
    /// whether its key takes parameters from its issuer's, so that it verifies nothing before the path above is known
    pub(super) inherits: bool,
    /// number of its nameConstraints; others may have the same
    pub(super) constraints: Option<usize>,
    key_identifier: Option<Box<[u8]>>,
    /// what a signature by this key is made with
    kind: Option<KeyKind>,
}

/// Certificates of one name and one key.
#[derive(Debug)]
pub(super) struct Namesakes {
    pub(super) key: usize,
    pub(super) members: Vec<Rc<Node>>,
}

/// What a certificate says of its issuer (RFC 5280 §4.2.1.1).
#[derive(Debug, Default)]
pub(super) struct Announced<'a> {
    algorithm: Option<SignatureAlgorithm>,
    key_identifier: Option<&'a [u8]>,
    /// names and serial number of the issuer's certificate
    certificate: Option<(Vec<GeneralName<'a>>, &'a [u8])>,
}

/// How well a certificate fits what another says of its issuer; none of it is binding (RFC 4158 §3.5.12).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Fit {
    /// it is the one named
    Named,
    /// nothing tells
    Silent,
    /// another one is named
    Another,
}

/// Whether a signature holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Checked {
    Holds,
    Fails,
    /// why it cannot be told
    Unknown(String),
}

pub(super) struct Graph<'a> {
    anchors: &'a [TrustAnchor],
    repositories: [&'a dyn Repository; 2],
    question: Question<'a>,
    /// pays for comparisons made in advance, so that they take nothing from those that decide
    trial: Budget,
    /// how many certificates were met
    met: usize,
    keys: HashMap<Box<[u8]>, usize>,
    by_name: HashMap<Name, Rc<[Namesakes]>>,
    checked: HashMap<(usize, usize), Checked>,
    signed: HashSet<usize>,
    /// for each nameConstraints, the first certificate that has them
    pub(super) constraining: Vec<Rc<Node>>,
    constraints: HashMap<Box<[u8]>, usize>,
    /// by constraints and certificate below
    refused: HashMap<(usize, usize), bool>,
    /// by certificate: among how many constraints it was asked, and the answer
    refusals: HashMap<usize, (usize, Refusals)>,
}

impl<'a> Graph<'a> {
    pub(super) fn new(
        anchors: &'a [TrustAnchor],
        repositories: [&'a dyn Repository; 2],
        question: Question<'a>,
        watch: Option<&Arc<dyn Watch>>,
    ) -> Self {
        Self {
            anchors,
            repositories,
            question,
            trial: Budget::new(question.policy.limits).tenth().watched(watch),
            met: 0,
            keys: HashMap::new(),
            by_name: HashMap::new(),
            checked: HashMap::new(),
            signed: HashSet::new(),
            constraining: Vec::new(),
            constraints: HashMap::new(),
            refused: HashMap::new(),
            refusals: HashMap::new(),
        }
    }

    /// Returns the end of the path. An anchor it is only if the very certificate is trusted: name and key alone would not do, for what else
    /// it says is relied on too.
    pub(super) fn leaf(&mut self, certificate: &Certificate) -> Rc<Node> {
        let mut anchors = self.anchors.iter();
        let itself = anchors.find(|anchor| anchor.certificate == *certificate);
        let anchor = itself.map(|anchor| anchor.source.clone());
        // it may be met again as an issuer, where it is judged otherwise: it is numbered apart
        Rc::new(self.node(0, certificate.clone(), anchor, Place::Leaf))
    }

    /// Returns all certificates of a name, anchors and others, each once, grouped by key.
    pub(super) fn named(&mut self, name: &Name) -> Rc<[Namesakes]> {
        if let Some(known) = self.by_name.get(name) {
            return Rc::clone(known);
        }
        let mut groups: Vec<Namesakes> = Vec::new();
        let mut places: HashMap<usize, usize> = HashMap::new();
        let mut seen = HashSet::new();
        for (certificate, anchor) in self.look_up(name) {
            if !seen.insert(certificate.clone()) {
                continue;
            }
            self.met += 1;
            let place = match anchor {
                Some(_) => Place::Anchor,
                None => Place::Intermediate,
            };
            let node = Rc::new(self.node(self.met, certificate, anchor, place));
            if node.constraints == Some(self.constraining.len()) {
                self.constraining.push(Rc::clone(&node));
            }
            let at = *places.entry(node.key).or_insert(groups.len());
            match groups.get_mut(at) {
                Some(group) => group.members.push(node),
                None => groups.push(Namesakes {
                    key: node.key,
                    members: vec![node],
                }),
            }
        }
        let groups: Rc<[Namesakes]> = groups.into();
        self.by_name.insert(name.clone(), Rc::clone(&groups));
        groups
    }

    /// Finds the certificates of a name and, of anchors, where they came from; anchors first.
    fn look_up(&self, name: &Name) -> Vec<(Certificate, Option<String>)> {
        let anchors = self.anchors.iter();
        let anchors = anchors.filter(|anchor| anchor.certificate.subject() == name);
        let mut found: Vec<_> = anchors
            .map(|anchor| (anchor.certificate.clone(), Some(anchor.source.clone())))
            .collect();
        for repository in self.repositories {
            let certificates = repository.by_subject(name).into_iter();
            found.extend(certificates.map(|certificate| (certificate, None)));
        }
        found
    }

    fn node(
        &mut self,
        id: usize,
        certificate: Certificate,
        anchor: Option<String>,
        place: Place,
    ) -> Node {
        let next = self.keys.len();
        let key = *self.keys.entry(certificate.spki().into()).or_insert(next);
        let key_of = certificate.public_key().ok();
        let alone = validate::alone(&certificate, place, self.question);
        let findings = alone.as_deref().unwrap_or_default();
        let denied = findings.iter().filter(|it| it.level == Level::Deny).count();
        let basic = certificate.basic_constraints().ok().flatten();
        let constraints = certificate.extension(&ID_CE_NAME_CONSTRAINTS);
        let constraints = constraints.filter(|_| place != Place::Leaf && alone.is_ok());
        let unmet = self.constraints.len();
        let constraints =
            constraints.map(|der| *self.constraints.entry(der.into()).or_insert(unmet));
        Node {
            id,
            key,
            flawed: alone.is_err(),
            denials: u32::try_from(denied).unwrap_or(u32::MAX),
            counts: place == Place::Intermediate && !certificate.is_self_issued(),
            path_length: basic.and_then(|basic| basic.path_length),
            constraints,
            key_identifier: certificate.key_identifier().map(Box::from),
            inherits: key_of.as_ref().is_some_and(PublicKey::needs_parameters),
            kind: key_of.map(|key| key.kind()),
            anchor,
            certificate,
        }
    }

    /// Returns whether `issuer`'s key made the signature of `child`: known already, or to be paid for. A key that lacks parameters is taken to
    /// have made it, until the whole path is there: see [`complete`].
    pub(super) fn check(
        &mut self,
        child: &Node,
        issuer: &Node,
        budget: &mut Budget,
    ) -> Result<Checked, BudgetExceeded> {
        if issuer.inherits {
            return Ok(Checked::Holds);
        }
        let entry = match self.checked.entry((child.id, issuer.key)) {
            Entry::Occupied(known) => return Ok(known.get().clone()),
            Entry::Vacant(entry) => entry,
        };
        budget.check_signature()?;
        let [repository, _] = self.repositories;
        let (memory, issuer) = (repository.memory(), &issuer.certificate);
        let checked = match Memory::certificate(memory, &child.certificate, issuer) {
            Ok(true) => {
                self.signed.insert(child.id);
                Checked::Holds
            }
            Ok(false) => Checked::Fails,
            Err(error) => Checked::Unknown(error.to_string()),
        };
        Ok(entry.insert(checked).clone())
    }

    /// Returns what is known already of the signature of `child` by a key.
    pub(super) fn known(&self, child: &Node, key: usize) -> Option<&Checked> {
        self.checked.get(&(child.id, key))
    }

    /// Returns whether the key that made the signature of a certificate was met.
    pub(super) fn is_signed(&self, child: &Node) -> bool {
        self.signed.contains(&child.id)
    }

    /// Returns whether the constraints of `issuer` refuse a name of `below`; `None` for want of budget: whoever validates the path will tell.
    pub(super) fn refuses(&mut self, issuer: &Node, below: &Node) -> Option<bool> {
        let constraints = issuer.constraints?;
        if let Some(known) = self.refused.get(&(constraints, below.id)) {
            return Some(*known);
        }
        let answer = validate::constrain(&issuer.certificate, &below.certificate, &mut self.trial);
        let refused = match answer {
            Ok(()) => false,
            Err(Refusal::Invalid(_)) => true,
            Err(Refusal::Budget(_)) => return None,
        };
        self.refused.insert((constraints, below.id), refused);
        Some(refused)
    }

    /// Returns which of the constraints met so far refuse, or may refuse, a name of an intermediate.
    pub(super) fn refusals(&mut self, node: &Node) -> Refusals {
        let met = self.constraining.len();
        match self.refusals.get(&node.id) {
            Some((then, known)) if *then == met => return known.clone(),
            _ => {}
        }
        let mut refusals = Refusals::default();
        for (index, issuer) in self.constraining.clone().iter().enumerate() {
            if self.refuses(issuer, node).unwrap_or(true) {
                refusals.insert(index);
            }
        }
        self.refusals.insert(node.id, (met, refusals.clone()));
        refusals
    }
}

/// A set of constraints, by number.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Refusals(Vec<u64>);

impl Refusals {
    fn insert(&mut self, index: usize) {
        let word = index / 64;
        if self.0.len() <= word {
            self.0.resize(word + 1, 0);
        }
        if let Some(word) = self.0.get_mut(word) {
            *word |= 1 << (index % 64);
        }
    }

    pub(super) fn add(&mut self, other: &Self) {
        self.0.resize(self.0.len().max(other.0.len()), 0);
        for (own, other) in self.0.iter_mut().zip(&other.0) {
            *own |= other;
        }
    }

    pub(super) fn is_within(&self, other: &Self) -> bool {
        let others = other.0.iter().copied().chain(std::iter::repeat(0));
        self.0
            .iter()
            .zip(others)
            .all(|(own, other)| own & !other == 0)
    }
}

impl<'a> Announced<'a> {
    /// Reads AuthorityKeyIdentifier ::= SEQUENCE { keyIdentifier [0] OPTIONAL, authorityCertIssuer [1] GeneralNames OPTIONAL,
    /// authorityCertSerialNumber [2] OPTIONAL }. What is malformed announces nothing.
    pub(super) fn by(child: &'a Certificate) -> Self {
        let extension = child.extension(&ID_CE_AUTHORITY_KEY_IDENTIFIER);
        let announced = extension.and_then(|der| Self::read(der).ok());
        Self {
            algorithm: child.signature_algorithm().ok(),
            ..announced.unwrap_or_default()
        }
    }

    fn read(der: &'a [u8]) -> Result<Self, crate::x509::Error> {
        let mut fields = sequence(der)?;
        let key_identifier = fields.optional(Tag::context_primitive(0))?;
        let mut names = Vec::new();
        if fields.peek() == Some(Tag::context(1)) {
            let mut list = fields.enter(Tag::context(1))?;
            while !list.is_empty() {
                names.push(GeneralName::read(&mut list)?);
            }
        }
        let serial = fields.optional(Tag::context_primitive(2))?;
        Ok(Self {
            algorithm: None,
            key_identifier: key_identifier.map(|value| value.content),
            certificate: serial.map(|serial| (names, serial.content)),
        })
    }

    /// Returns how well a certificate fits.
    pub(super) fn fit(&self, issuer: &Node) -> Fit {
        let named = self.certificate.as_ref().map(|(names, serial)| {
            let issuer = &issuer.certificate;
            let is_issuer = |name: &GeneralName<'_>| matches!(name, GeneralName::Directory(name) if name == issuer.issuer());
            issuer.serial() == *serial && names.iter().any(is_issuer)
        });
        match (self.key_identifier, issuer.key_identifier.as_deref(), named) {
            (Some(announced), Some(own), _) if announced == own => Fit::Named,
            (_, _, Some(true)) => Fit::Named,
            (Some(_), Some(_), _) | (_, _, Some(false)) => Fit::Another,
            _ => Fit::Silent,
        }
    }

    /// Returns whether a key of this kind may make such a signature, as far as both are known.
    pub(super) fn may_be_of(&self, issuer: &Node) -> bool {
        use SignatureAlgorithm::{Ecdsa, Ed25519, RsaPkcs1, RsaPss};
        let Some(kind) = issuer.kind else { return true };
        let is_rsa = matches!(kind, KeyKind::Rsa { .. });
        match self.algorithm {
            Some(RsaPkcs1(_) | RsaPss { .. }) => is_rsa,
            Some(Ecdsa(_)) => !is_rsa && !matches!(kind, KeyKind::Ed25519 | KeyKind::X25519),
            Some(Ed25519) => kind == KeyKind::Ed25519,
            _ => true,
        }
    }
}

/// Returns the certificates of a path, the parameters of DSA keys handed down (RFC 5280 §6.1.4 (d) to (f)).
pub(super) fn complete(path: &[Rc<Node>]) -> Vec<Certificate> {
    let mut complete: Vec<Certificate> = Vec::with_capacity(path.len());
    for node in path.iter().rev() {
        let mut certificate = node.certificate.clone();
        if node.inherits
            && let Some(Ok(key)) = complete.last().map(Certificate::public_key)
        {
            certificate = certificate.inheriting(key);
        }
        complete.push(certificate);
    }
    complete.reverse();
    complete
}
