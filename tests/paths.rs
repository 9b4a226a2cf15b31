//! Paths: a valid one is found whenever there is one, never when there is none, and whatever an attacker adds, an answer comes in time.
//!
//! Random PKIs are judged a second time by a model that knows nothing of the library: rules over plain values, and every way to go tried.
use crate::pki::{self, Template, anchors, key, now, oid};
use rand_chacha::{
    ChaCha8Rng,
    rand_core::{Rng as _, SeedableRng as _},
};
use smime::{
    asn1::{Tag, write},
    policy::{Policy, Reason, Rule},
    x509::{
        Catalogue, Certificate, Collection, Crl, PathBuilder, PathReport, Purpose, Watch,
        path::BudgetExceeded,
    },
};
use std::{
    sync::Arc,
    time::{Duration, Instant},
};

/// Random numbers.
struct Dice(ChaCha8Rng);

impl Dice {
    fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.0.next_u64() % bound as u64).unwrap()
    }
    /// True once in `n`.
    fn once_in(&mut self, n: usize) -> bool {
        self.below(n) == 0
    }
}

// ------------------------------------------------------------------------------------------------------------- the model

/// A certificate in plain values.
#[derive(Debug, Clone)]
struct Plain {
    serial: u32,
    /// number of the CA whose name it bears; `None`: Alice
    ca: Option<usize>,
    key: u32,
    issuer: usize,
    signer: u32,
    expired: bool,
    /// basicConstraints: cA and pathLenConstraint
    basic: Option<(bool, Option<u32>)>,
    may_sign: bool,
    for_mail: bool,
    unknown_critical: bool,
    revoked: bool,
    /// organizations, by number
    permitted: Vec<usize>,
    excluded: Vec<usize>,
    /// hosts, by number
    permitted_hosts: Vec<usize>,
    /// whether it is issued under the one certificate policy there is
    under_policy: bool,
    identified: bool,
}

/// CA number `n` is of organization `n % ORGANIZATIONS`; Alice is of 0, at host 0.
const ORGANIZATIONS: usize = 4;

struct Pki {
    certificates: Vec<Plain>,
    /// indices into them
    anchors: Vec<usize>,
    alice: Plain,
    /// whether the user requires a policy
    policy_required: bool,
}

fn organization(ca: Option<usize>) -> usize {
    ca.map_or(0, |ca| ca % ORGANIZATIONS)
}

fn name_of(ca: Option<usize>) -> String {
    match ca {
        Some(number) => format!("O=Org{},CN=CA {number}", organization(ca)),
        None => "O=Org0,CN=Alice".to_owned(),
    }
}

impl Plain {
    fn is_self_issued(&self) -> bool {
        self.ca == Some(self.issuer)
    }

    fn template(&self) -> Template {
        let mut template = Template::new(&name_of(self.ca), &name_of(Some(self.issuer)));
        template = template.serial(self.serial);
        if self.expired {
            template.valid.1 = pki::at("2026-01-01");
        }
        if let Some((ca, path_length)) = self.basic {
            template = template.with(pki::basic_constraints(ca, path_length));
        }
        if self.ca.is_some() {
            template = template.with(pki::key_usage(if self.may_sign { 0x06 } else { 0x02 }));
        }
        if !self.for_mail {
            template = template.with(pki::extended_key_usage(oid::SERVER_AUTH));
        }
        if self.unknown_critical {
            template = template.with(pki::extension(&[0x2a, 3, 4], true, &[5, 0]));
        }
        let organizations = |numbers: &[usize]| -> Vec<String> {
            numbers.iter().map(|it| format!("dir:O=Org{it}")).collect()
        };
        let mut permitted = organizations(&self.permitted);
        let hosts = self.permitted_hosts.iter();
        permitted.extend(hosts.map(|it| format!("email:h{it}.example")));
        let excluded = organizations(&self.excluded);
        if !permitted.is_empty() || !excluded.is_empty() {
            template = template.with(pki::name_constraints(&permitted, &excluded));
        }
        if self.under_policy {
            let policies = write::sequence(&[&write::sequence(&[&[6, 2, 0x2a, 3]])]);
            template = template.with(pki::extension(oid::CERTIFICATE_POLICIES, false, &policies));
        }
        if self.identified {
            template = template
                .with(pki::key_identifier(&self.key.to_be_bytes()))
                .with(pki::authority_key_identifier(&self.signer.to_be_bytes()));
        }
        if self.ca.is_none() {
            template = template.with(pki::alternative_names(&[
                "email:alice@h0.example".to_owned()
            ]));
        }
        template
    }

    fn certificate(&self) -> Certificate {
        self.template().sign(&key(self.key), &key(self.signer))
    }

    /// Whether the nameConstraints of this certificate let that one pass.
    fn lets_pass(&self, other: &Self) -> bool {
        let organization = organization(other.ca);
        (self.permitted.is_empty() || self.permitted.contains(&organization))
            && !self.excluded.contains(&organization)
            && (self.permitted_hosts.is_empty()
                || other.ca.is_some()
                || self.permitted_hosts.contains(&0))
    }
}

impl Pki {
    fn random(seed: u64) -> Self {
        let mut dice = Dice(ChaCha8Rng::seed_from_u64(seed));
        let most = [5, 12, 25, 60][dice.below(4)];
        let size = 1 + dice.below(most);
        // how often something is wrong, in one of so many certificates
        let harm = [3, 6, 15, 40][dice.below(4)];
        let cross = [0, 5, 10, 20, 40][dice.below(5)];
        let two_keys = [2, 8, 1000][dice.below(3)];
        let keys: Vec<Vec<u32>> = (0..size)
            .map(|ca| {
                let first = u32::try_from(2 * ca).unwrap() + 10;
                if dice.once_in(two_keys) {
                    vec![first, first + 1]
                } else {
                    vec![first]
                }
            })
            .collect();
        let mut certificates = Vec::new();
        let key_of = |dice: &mut Dice, ca: usize| keys[ca][dice.below(keys[ca].len())];
        let links = size + size * cross / 10;
        for link in 0..links {
            // every CA once at least, below one with a smaller number; then whoever below whomever
            let (ca, issuer) = match link {
                0 => (0, 0),
                _ if link < size => (link, dice.below(link)),
                _ => (dice.below(size), dice.below(size)),
            };
            let (key, signer) = (key_of(&mut dice, ca), key_of(&mut dice, issuer));
            let mut organizations = |often: usize| -> Vec<usize> {
                match dice.once_in(often * harm / 3) {
                    true => (0..1 + dice.below(2))
                        .map(|_| dice.below(ORGANIZATIONS))
                        .collect(),
                    false => Vec::new(),
                }
            };
            let (permitted, excluded) = (organizations(4), organizations(6));
            certificates.push(Plain {
                serial: u32::try_from(link).unwrap() + 2,
                ca: Some(ca),
                key,
                issuer,
                signer,
                expired: dice.once_in(2 * harm),
                basic: match dice.below(12 * harm) {
                    0 => None,
                    1 => Some((false, None)),
                    _ if dice.once_in(harm) => {
                        Some((true, Some(u32::try_from(dice.below(5)).unwrap())))
                    }
                    _ => Some((true, None)),
                },
                may_sign: !dice.once_in(6 * harm),
                for_mail: !dice.once_in(4 * harm),
                unknown_critical: dice.once_in(12 * harm),
                revoked: dice.once_in(3 * harm),
                permitted,
                excluded,
                permitted_hosts: match dice.once_in(3 * harm) {
                    true => vec![dice.below(2)],
                    false => Vec::new(),
                },
                under_policy: !dice.once_in(2 * harm),
                identified: dice.once_in(2),
            });
        }
        let mut anchors: Vec<usize> = (0..1 + dice.below(2))
            .map(|_| dice.below(certificates.len()))
            .collect();
        if !dice.once_in(3) {
            anchors.push(0);
        }
        let issuer = dice.below(size);
        let alice = Plain {
            serial: 1,
            ca: None,
            key: 1,
            issuer,
            signer: key_of(&mut dice, issuer),
            expired: false,
            basic: None,
            may_sign: true,
            for_mail: true,
            unknown_critical: false,
            revoked: false,
            permitted: Vec::new(),
            excluded: Vec::new(),
            permitted_hosts: Vec::new(),
            under_policy: true,
            identified: dice.once_in(2),
        };
        Self {
            certificates,
            anchors,
            alice,
            policy_required: dice.once_in(4),
        }
    }

    /// Whether a path, Alice first and an anchor last, is valid: signatures, then RFC 5280 §6.1, rule by rule.
    fn is_valid(&self, path: &[&Plain]) -> bool {
        let (anchor, below) = path.split_last().unwrap();
        let signed = path
            .windows(2)
            .all(|it| Some(it[0].issuer) == it[1].ca && it[0].signer == it[1].key);
        let (alice, intermediates) = below.split_first().unwrap();
        let is_ca = |it: &Plain| matches!(it.basic, Some((true, _))) && it.may_sign;
        let sound = intermediates.iter().all(|it| {
            is_ca(it) && !it.expired && it.for_mail && !it.unknown_critical && !it.revoked
        });
        let under_policy = !self.policy_required || below.iter().all(|it| it.under_policy);
        if !signed || !is_ca(anchor) || !anchor.for_mail || !sound || alice.revoked || !under_policy
        {
            return false;
        }
        // from the anchor down: each issuer with all that is below it
        (1..path.len()).all(|at| {
            let issuer = path[at];
            let bound = path[1..at].iter().filter(|it| !it.is_self_issued());
            let count = u32::try_from(bound.clone().count()).unwrap();
            let short = match issuer.basic {
                Some((_, Some(length))) => count <= length,
                _ => true,
            };
            short && issuer.lets_pass(path[0]) && bound.clone().all(|it| issuer.lets_pass(it))
        })
    }

    /// Tries every way from the end of `path`; `None`: there are too many.
    fn any_valid<'a>(&'a self, path: &mut Vec<&'a Plain>, ways: &mut u32) -> Option<bool> {
        *ways = ways.checked_sub(1)?;
        let end = *path.last().unwrap();
        for (index, issuer) in self.certificates.iter().enumerate() {
            if issuer.ca != Some(end.issuer) || issuer.key != end.signer {
                continue;
            }
            path.push(issuer);
            if self.anchors.contains(&index) && self.is_valid(path) {
                return Some(true);
            }
            path.pop();
            if path
                .iter()
                .all(|it| it.ca != issuer.ca || it.key != issuer.key)
            {
                path.push(issuer);
                if self.any_valid(path, ways)? {
                    return Some(true);
                }
                path.pop();
            }
        }
        Some(false)
    }

    /// The lists of revoked certificates, one for each key that issued any.
    fn crls(&self) -> Vec<Crl> {
        let mut issuers: Vec<_> = self
            .certificates
            .iter()
            .map(|it| (it.issuer, it.signer))
            .collect();
        issuers.sort_unstable();
        issuers.dedup();
        let list = |(issuer, signer): (usize, u32)| {
            let by = |it: &&Plain| (it.issuer, it.signer) == (issuer, signer) && it.revoked;
            let serials: Vec<u32> = self
                .certificates
                .iter()
                .filter(by)
                .map(|it| it.serial)
                .collect();
            (!serials.is_empty()).then(|| pki::crl(&name_of(Some(issuer)), &key(signer), &serials))
        };
        issuers.into_iter().filter_map(list).collect()
    }
}

/// What random PKIs came to.
#[derive(Debug, Default, PartialEq, Eq)]
struct Tally {
    found: usize,
    none: usize,
    /// too many ways for the model
    unknown: usize,
    over_budget: usize,
    longest: Duration,
}

/// Judges one random PKI by the library and by the model.
fn compare(seed: u64, tally: &mut Tally) {
    let pki = Pki::random(seed);
    let made: Vec<Certificate> = pki.certificates.iter().map(Plain::certificate).collect();
    let alice = pki.alice.certificate();
    let anchors = anchors(pki.anchors.iter().map(|it| &made[*it]));
    let mut extra = Collection::default();
    extra.certificates.clone_from(&made);
    extra.crls = pki.crls();
    let (repository, mut policy) = (Collection::default(), Policy::default());
    policy.certificate_policies.require_explicit = pki.policy_required;
    let builder = PathBuilder::new(&anchors, &repository, &policy);
    let start = Instant::now();
    let report = builder.judge(&alice, &extra, Purpose::Sign, now(), None);
    tally.longest = tally.longest.max(start.elapsed());
    let wanted = pki.any_valid(&mut vec![&pki.alice], &mut 20_000);
    let Ok(report) = report else {
        match wanted {
            // nor does the model know
            None => tally.unknown += 1,
            Some(_) => tally.over_budget += 1,
        }
        return;
    };
    let passes = report.trusted && !Policy::denies(&report.findings);
    if passes {
        // whatever was found is a path of the model
        let plain = |certificate: &Certificate| match made.iter().position(|it| it == certificate) {
            Some(index) => &pki.certificates[index],
            None => &pki.alice,
        };
        let path: Vec<&Plain> = report.path.iter().map(plain).collect();
        assert!(pki.is_valid(&path), "PKI {seed}: {report:#?}");
    }
    match wanted {
        None => tally.unknown += 1,
        Some(wanted) => {
            assert_eq!(passes, wanted, "PKI {seed}: {report:#?}");
            match wanted {
                true => tally.found += 1,
                false => tally.none += 1,
            }
        }
    }
}

#[test]
fn a_valid_path_is_found_whenever_there_is_one() {
    // SMIME_PKIS: how many, of which the first is number SMIME_PKIS_FROM
    let number = |name, usual| std::env::var(name).map_or(usual, |it| it.parse().unwrap());
    let (from, count) = (number("SMIME_PKIS_FROM", 0), number("SMIME_PKIS", 1_000));
    let mut tally = Tally::default();
    for seed in from..from + count {
        compare(seed, &mut tally);
    }
    crate::support::say(&format!("random PKIs from {from}: {tally:?}"));
    // both answers must come often, or this shows nothing
    let each = usize::try_from(count).unwrap() / 10;
    assert!(tally.found > each && tally.none > each, "{tally:?}");
    assert!(tally.unknown <= each, "{tally:?}");
    assert_eq!(tally.over_budget, 0, "{tally:?}");
}

// ------------------------------------------------------------------------------------------------------------- pathologies

/// What an attacker may make a path cost.
const PATIENCE: Duration = Duration::from_secs(2);

struct Since(Instant);

impl Watch for Since {
    fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }
}

/// Judges, and fails if that takes too long.
#[track_caller]
fn in_time(
    leaf: &Certificate,
    trusted: &[&Certificate],
    extra: Vec<Certificate>,
) -> Result<PathReport, BudgetExceeded> {
    let anchors = anchors(trusted.iter().copied());
    let extra = Catalogue::from(Collection {
        certificates: extra,
        ..Collection::default()
    });
    let (repository, policy) = (Collection::default(), Policy::default());
    let start = Instant::now();
    let watch: Arc<dyn Watch> = Arc::new(Since(start));
    let builder = PathBuilder::new(&anchors, &repository, &policy).watched(Some(watch));
    let report = builder.judge(leaf, &extra, Purpose::Sign, now(), None);
    assert!(start.elapsed() < PATIENCE, "{:?}", start.elapsed());
    report
}

/// Why there is no path, and whom that is about.
#[track_caller]
fn refusal(report: &PathReport) -> (Reason, &str) {
    assert!(!report.trusted, "{report:#?}");
    assert_eq!(report.findings[0].rule, Rule::Untrusted);
    let objection = report.findings[0].objection.as_deref().unwrap();
    (objection.reason, &objection.certificate.subject)
}

fn root() -> Certificate {
    Template::ca("CN=Root", "CN=Root").sign(&key(1), &key(1))
}

/// A thousand CAs in groups of ten; within a group all sign each other, and the first of each signs the first of the next.
fn a_thousand_crossed() -> Vec<Certificate> {
    let mut made = Vec::new();
    let ca = |number: u32| format!("CN=CA {number}");
    let keys: Vec<_> = (0..1_000).map(|number| key(100 + number)).collect();
    for subject in 0..1_000_u32 {
        let group = subject / 10 * 10;
        let mut issuers: Vec<u32> = (group..group + 10).filter(|it| *it != subject).collect();
        if subject % 10 == 0 {
            issuers.push((subject + 990) % 1_000);
        }
        for issuer in issuers {
            let template = Template::ca(&ca(subject), &ca(issuer)).serial(issuer + 1);
            made.push(template.sign(&keys[subject as usize], &keys[issuer as usize]));
        }
    }
    made
}

#[test]
fn a_thousand_crossed_cas() {
    let root = root();
    let crossed = a_thousand_crossed();
    let alice = Template::new("CN=Alice", "CN=CA 555").sign(&key(2), &key(655));
    // nobody vouches for any of them: they are all looked through, as far as a path may be long
    let clear = |exceeded: BudgetExceeded| {
        assert!(matches!(exceeded.what, "certificates" | "milliseconds"));
    };
    clear(in_time(&alice, &[&root], crossed.clone()).unwrap_err());
    // somebody vouches for one of the same group, of a near one, and of one too far away
    for (far, found) in [(555, true), (552, true), (521, true), (565, false)] {
        let template = Template::ca(&format!("CN=CA {far}"), "CN=Root").serial(5_000);
        let way_out = template.sign(&key(100 + far), &key(1));
        let mut extra = crossed.clone();
        extra.push(way_out);
        let report = in_time(&alice, &[&root], extra);
        match found {
            true => assert!(report.unwrap().trusted, "{far}"),
            false => clear(report.unwrap_err()),
        }
    }
    // and all that lead to the anchor are refused: its constraints exclude Alice
    let strict = Template::ca("CN=Root", "CN=Root")
        .with(pki::name_constraints(&[], &["dir:CN=Alice".to_owned()]))
        .sign(&key(1), &key(1));
    let mut extra = crossed;
    for ca in (0..1_000).step_by(10) {
        let template = Template::ca(&format!("CN=CA {ca}"), "CN=Root").serial(5_000);
        extra.push(template.sign(&key(100 + ca), &key(1)));
    }
    let report = in_time(&alice, &[&strict], extra);
    match report {
        Ok(report) => assert_eq!(refusal(&report), (Reason::NameExcluded, "CN=Alice")),
        Err(exceeded) => clear(exceeded),
    }
}

#[test]
fn fifteen_cas_that_all_sign_each_other() {
    let (root, ca) = (root(), |number: u32| format!("CN=CA {number}"));
    let mut made = Vec::new();
    for subject in 0..15 {
        for issuer in (0..15).filter(|it| *it != subject) {
            // each excludes a name of its own, so that it matters which of them a path goes through
            let excluded = format!("dir:CN=CA {}", (subject + 7) % 15);
            let template = Template::ca(&ca(subject), &ca(issuer)).serial(issuer + 1);
            let template = template.with(pki::name_constraints(&[], &[excluded]));
            made.push(template.sign(&key(100 + subject), &key(100 + issuer)));
        }
    }
    let alice = Template::new("CN=Alice", "CN=CA 0").sign(&key(2), &key(100));
    let report = in_time(&alice, &[&root], made.clone());
    // either answer is clear
    match report {
        Ok(report) => assert_eq!(refusal(&report).0, Reason::NotAnchored),
        Err(exceeded) => assert!(matches!(exceeded.what, "steps" | "milliseconds")),
    }
    made.push(Template::ca("CN=CA 3", "CN=Root").sign(&key(103), &key(1)));
    assert!(in_time(&alice, &[&root], made).unwrap().trusted);
}

#[test]
fn many_constraints_and_many_names() {
    let names = |count: u32, of: fn(u32) -> String| -> Vec<String> { (0..count).map(of).collect() };
    let of = |constraints: u32, alternatives: u32| {
        let excluded = names(constraints, |n| format!("email:x{n}.example.com"));
        let root = Template::ca("CN=Root", "CN=Root")
            .with(pki::name_constraints(&[], &excluded))
            .sign(&key(1), &key(1));
        let addresses = names(alternatives, |n| format!("email:a@h{n}.example.com"));
        let alice = Template::new("CN=Alice", "CN=Root")
            .with(pki::alternative_names(&addresses))
            .sign(&key(2), &key(1));
        in_time(&alice, &[&root], Vec::new())
    };
    // a build for debugging, on a machine with much to do, may be out of time before
    let exceeded = of(2_048, 2_048).unwrap_err();
    let limits = [("name comparisons", 250_000), ("milliseconds", 1_500)];
    assert!(
        limits.contains(&(exceeded.what, exceeded.limit)),
        "{exceeded}"
    );
    assert!(of(2_048, 10).unwrap().trusted);
    assert!(of(10, 2_048).unwrap().trusted);
}

#[test]
fn policy_mappings_do_not_explode() {
    let policy = |number: u8| write::tlv(Tag::OID, &[0x2a, 3, number]);
    let list = |items: Vec<Vec<u8>>| write::tlv(Tag::SEQUENCE, &items.concat());
    let bomb = |width: u8, depth: u32| {
        let policies = list(
            (0..width)
                .map(|it| write::sequence(&[&policy(it)]))
                .collect(),
        );
        let pairs = (0..width).flat_map(|a| (0..width).map(move |b| (a, b)));
        let mappings = list(
            pairs
                .map(|(a, b)| write::sequence(&[&policy(a), &policy(b)]))
                .collect(),
        );
        let mut made = vec![root()];
        for level in 1..=depth {
            let issuer = if level == 1 {
                "CN=Root".to_owned()
            } else {
                format!("CN={}", level - 1)
            };
            let template = Template::ca(&format!("CN={level}"), &issuer)
                .with(pki::extension(oid::CERTIFICATE_POLICIES, false, &policies))
                .with(pki::extension(oid::POLICY_MAPPINGS, true, &mappings));
            made.push(template.sign(&key(level + 1), &key(level)));
        }
        let alice = Template::new("CN=Alice", &format!("CN={depth}"))
            .with(pki::extension(oid::CERTIFICATE_POLICIES, false, &policies))
            .sign(&key(1_000), &key(depth + 1));
        in_time(&alice, &[&made[0]], made.clone())
    };
    assert!(bomb(2, 32).unwrap().trusted);
    let exceeded = bomb(30, 30).unwrap_err();
    assert_eq!(exceeded.what, "nodes of a policy graph");
}

#[test]
fn a_thousand_namesakes() {
    let root = root();
    let alice = Template::new("CN=Alice", "CN=CA").sign(&key(3), &key(2));
    let of = |number: u32| {
        Template::ca("CN=CA", "CN=Root")
            .serial(number)
            .sign(&key(1_000 + number), &key(1))
    };
    let mut namesakes: Vec<_> = (0..1_000).map(of).collect();
    let exceeded = in_time(&alice, &[&root], namesakes.clone()).unwrap_err();
    assert_eq!((exceeded.what, exceeded.limit), ("signature checks", 100));
    // who is named is found among them
    let right = Template::ca("CN=CA", "CN=Root").with(pki::key_identifier(&[1]));
    namesakes.push(right.sign(&key(2), &key(1)));
    let alice = Template::new("CN=Alice", "CN=CA")
        .with(pki::authority_key_identifier(&[1]))
        .sign(&key(3), &key(2));
    assert!(in_time(&alice, &[&root], namesakes).unwrap().trusted);
}

#[test]
fn long_chains() {
    let chain = |length: u32| {
        let mut made = vec![root()];
        for level in 1..length {
            let issuer = if level == 1 {
                "CN=Root".to_owned()
            } else {
                format!("CN={}", level - 1)
            };
            let subject = format!("CN={level}");
            let template = match level + 1 == length {
                true => Template::new(&subject, &issuer),
                false => Template::ca(&subject, &issuer),
            };
            made.push(template.sign(&key(level + 1), &key(level)));
        }
        in_time(&made.last().unwrap().clone(), &[&made[0].clone()], made)
    };
    assert!(chain(64).unwrap().trusted);
    let exceeded = chain(65).unwrap_err();
    assert_eq!((exceeded.what, exceeded.limit), ("certificates", 64));
}

#[test]
fn ten_thousand_intermediates() {
    let root = root();
    let ca = |number: u32| format!("CN=CA {number}");
    let mut extra: Vec<_> = (0..10_000)
        .map(|number| {
            Template::ca(&ca(number), "CN=Root")
                .serial(number)
                .unsigned(&key(number))
        })
        .collect();
    extra.push(
        Template::ca(&ca(7), "CN=Root")
            .serial(20_000)
            .sign(&key(20_000), &key(1)),
    );
    let alice = Template::new("CN=Alice", &ca(7)).sign(&key(3), &key(20_000));
    assert!(in_time(&alice, &[&root], extra.clone()).unwrap().trusted);
    // and where none of them is of any use
    let lost = Template::new("CN=Alice", "CN=Nobody").sign(&key(3), &key(4));
    let report = in_time(&lost, &[&root], extra).unwrap();
    assert_eq!(refusal(&report), (Reason::NoIssuer, "CN=Alice"));
    // a chain of them is followed as far as a path may be long
    let chain = (1..10_000).map(|number| {
        Template::ca(&ca(number), &ca(number + 1)).sign(&key(number), &key(number + 1))
    });
    let alice = Template::new("CN=Alice", &ca(1)).sign(&key(3), &key(1));
    let exceeded = in_time(&alice, &[&root], chain.collect()).unwrap_err();
    assert_eq!((exceeded.what, exceeded.limit), ("certificates", 64));
}

// ------------------------------------------------------------------------------------------------------------- which path, which reason

/// A certificate of the CA below the root with something about it, and Alice below that.
fn with_ca(change: impl Fn(Template) -> Template) -> (Certificate, Certificate) {
    let ca = change(Template::ca("CN=CA", "CN=Root")).sign(&key(2), &key(1));
    (
        ca,
        Template::new("CN=Alice", "CN=CA").sign(&key(3), &key(2)),
    )
}

#[test]
fn a_good_path_is_not_hidden_by_bad_ones() {
    let root = root();
    let (good, alice) = with_ca(|ca| ca.serial(100));
    let expired = |mut ca: Template| {
        ca.valid.1 = pki::at("2026-01-01");
        ca
    };
    let bad = [
        with_ca(expired).0,
        with_ca(|ca| ca.serial(2).with(pki::extended_key_usage(oid::SERVER_AUTH))).0,
        with_ca(|ca| {
            ca.serial(3)
                .with(pki::name_constraints(&[], &["dir:CN=Alice".to_owned()]))
        })
        .0,
        with_ca(|ca| {
            ca.serial(4)
                .with(pki::extension(&[0x2a, 3, 4], true, &[5, 0]))
        })
        .0,
        with_ca(|ca| ca.serial(5)).0, // revoked
        Template::new("CN=CA", "CN=Root")
            .serial(6)
            .sign(&key(2), &key(1)),
        Template::ca("CN=CA", "CN=Root")
            .serial(7)
            .sign(&key(2), &key(9)),
        Template::ca("CN=CA", "CN=Root")
            .serial(8)
            .sign(&key(9), &key(1)),
        Template::ca("CN=CA", "CN=Nobody")
            .serial(9)
            .sign(&key(2), &key(9)),
    ];
    let crl = pki::crl("CN=Root", &key(1), &[5]);
    let anchors = anchors([&root]);
    let (repository, policy) = (Collection::default(), Policy::default());
    let builder = PathBuilder::new(&anchors, &repository, &policy);
    let judge = |certificates: Vec<Certificate>| {
        let extra = Collection {
            certificates,
            crls: vec![crl.clone()],
            ..Collection::default()
        };
        builder
            .judge(&alice, &extra, Purpose::Sign, now(), None)
            .unwrap()
    };
    for (index, one) in bad.iter().enumerate() {
        let report = judge(vec![one.clone(), good.clone()]);
        assert_eq!(
            report.path,
            [alice.clone(), good.clone(), root.clone()],
            "{index}"
        );
        assert!(
            report.trusted && !Policy::denies(&report.findings),
            "{index}"
        );
        let report = judge(vec![one.clone()]);
        assert!(
            !report.trusted || Policy::denies(&report.findings),
            "{index}"
        );
    }
    let all = bad.iter().cloned().chain([good.clone()]).collect();
    assert_eq!(judge(all).path[1], good);
}

#[test]
fn who_is_revoked_by_one_path_is_so_by_all() {
    // two roots of one name and key, of which the second may not sign lists of revoked certificates
    let root = root();
    let silent = Template::new("CN=Root", "CN=Root")
        .with(pki::basic_constraints(true, None))
        .with(pki::key_usage(0x04))
        .serial(2)
        .sign(&key(1), &key(1));
    let (ca, alice) = with_ca(|ca| ca.serial(5));
    let extra = Collection {
        certificates: vec![ca],
        crls: vec![pki::crl("CN=Root", &key(1), &[5])],
        ..Collection::default()
    };
    let (repository, policy) = (Collection::default(), Policy::default());
    for given in [[&root, &silent], [&silent, &root]] {
        let anchors = anchors(given);
        let builder = PathBuilder::new(&anchors, &repository, &policy);
        let report = builder
            .judge(&alice, &extra, Purpose::Sign, now(), None)
            .unwrap();
        let mut findings = report.findings.iter();
        assert!(findings.any(|it| it.rule == Rule::Revoked), "{report:#?}");
        assert!(Policy::denies(&report.findings));
    }
}

#[test]
fn the_failure_that_says_most_is_reported() {
    let root = root();
    let (good, alice) = with_ca(|ca| ca);
    let invalid = with_ca(|ca| ca.with(pki::extension(&[0x2a, 3, 4], true, &[5, 0]))).0;
    let forged = Template::ca("CN=CA", "CN=Root")
        .serial(7)
        .sign(&key(2), &key(9));
    let namesake = Template::ca("CN=CA", "CN=Root")
        .serial(8)
        .sign(&key(9), &key(1));
    let lost = Template::ca("CN=CA", "CN=Nobody")
        .serial(9)
        .sign(&key(2), &key(9));
    let circle = Template::ca("CN=CA", "CN=CA")
        .serial(10)
        .sign(&key(2), &key(2));
    let table: [(&[&Certificate], (Reason, &str)); 11] = [
        (&[], (Reason::NoIssuer, "CN=Alice")),
        (&[&lost], (Reason::NoIssuer, "CN=CA")),
        (&[&circle], (Reason::NotAnchored, "CN=CA")),
        // the key of the only CA of this name did not make the signature
        (&[&namesake], (Reason::Signature, "CN=Alice")),
        // but that says nothing where it is known whose did
        (&[&namesake, &lost], (Reason::NoIssuer, "CN=CA")),
        (&[&forged], (Reason::Signature, "CN=CA")),
        (&[&forged, &lost], (Reason::Signature, "CN=CA")),
        (&[&forged, &namesake, &lost], (Reason::Signature, "CN=CA")),
        (&[&invalid], (Reason::UnknownCritical, "CN=CA")),
        (
            &[&invalid, &forged, &lost],
            (Reason::UnknownCritical, "CN=CA"),
        ),
        (
            &[&lost, &forged, &namesake, &circle, &invalid],
            (Reason::UnknownCritical, "CN=CA"),
        ),
    ];
    for (index, (extra, wanted)) in table.iter().enumerate() {
        let mut extra: Vec<Certificate> = extra.iter().map(|it| (*it).clone()).collect();
        for _ in 0..2 {
            let report = in_time(&alice, &[&root], extra.clone()).unwrap();
            assert_eq!(refusal(&report), *wanted, "{index}");
            extra.reverse();
        }
    }
    // an expired intermediate is no unknown one
    let (expired, alice) = with_ca(|mut ca| {
        ca.valid.1 = pki::at("2026-01-01");
        ca
    });
    let report = in_time(&alice, &[&root], vec![lost, expired]).unwrap();
    assert!(report.trusted);
    assert_eq!(
        report.findings[0].objection.as_deref().unwrap().reason,
        Reason::Expired
    );
    assert!(
        in_time(&alice, &[&root], vec![good])
            .unwrap()
            .findings
            .iter()
            .all(|it| it.rule == Rule::RevocationUnknown)
    );
}
