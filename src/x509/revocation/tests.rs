//! What CRLs and OCSP responses say, and whose word counts.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]
use super::*;
use crate::{
    asn1::{Tag, write},
    crypto::{Digest, SoftwareKey},
    policy::{Limits, Revocation as How},
    x509::{
        Collection, PathBuilder, PathReport, Purpose,
        sample::{
            self, CrlTemplate, OcspTemplate, Template, alternative_names, anchors,
            authority_key_identifier, basic_constraints, extended_key_usage, extension,
            general_name, key, key_usage, now, reason, revoked, time,
        },
    },
};
use RevocationStatus::{Good, Revoked, Unchecked, Unknown};
use const_oid::db::{rfc5280 as oids, rfc6960::ID_PKIX_OCSP_NOCHECK};

/// Root 1, CA 2, Alice 3 with serial 02, what is at hand, and how it is judged.
struct Case {
    ca: Template,
    alice: Template,
    at: Time,
    policy: Policy,
    at_hand: Collection,
}

fn case() -> Case {
    // the root's word on the CA, which most tests are not about
    let roots = list("CN=Root", 1).sign(&key(1));
    let mut at_hand = Collection::default();
    at_hand.add_crl(roots);
    Case {
        ca: Template::ca("CN=CA", &key(2), "CN=Root").serial(&[7]),
        alice: Template::new("CN=Alice", &key(3), "CN=CA").serial(&[2]),
        at: now(),
        policy: Policy::default(),
        at_hand,
    }
}

/// A list of now.
fn list(issuer: &str, number: u32) -> CrlTemplate {
    CrlTemplate::new(issuer, "2026-10-20", "2026-11-20").number(number)
}

/// The CA's list of now.
fn cas() -> CrlTemplate {
    list("CN=CA", 5)
}

/// An answer about Alice, signed by the CA.
fn answered(status: &[u8]) -> OcspTemplate {
    let id = OcspTemplate::id(Digest::Sha1, &ca(), &[2]);
    let next = Some("2026-11-02");
    OcspTemplate::new("CN=CA").answer(&id, status, "2026-10-31", next, &[])
}

fn ca() -> Certificate {
    case().ca.sign(&key(1))
}

/// A certificate of a responder, issued by the CA.
fn responder(key: &SoftwareKey) -> Template {
    Template::new("CN=Responder", key, "CN=CA")
        .serial(&[9])
        .with(extended_key_usage(&[oids::ID_KP_OCSP_SIGNING]))
}

fn nocheck() -> Vec<u8> {
    extension(&ID_PKIX_OCSP_NOCHECK, false, &[5, 0])
}

fn flag(number: u8) -> [u8; 3] {
    [0x80 | number, 1, 0xff]
}

/// distributionPoint with a fullName.
fn point(name: &str) -> Vec<u8> {
    write::constructed(
        Tag::context(0),
        &[&write::tlv(Tag::context(0), &general_name(name))],
    )
}

/// cRLDistributionPoints with one point of these fields.
fn points(fields: &[&[u8]]) -> Vec<u8> {
    let value = write::sequence(&[&write::sequence(fields)]);
    extension(&oids::ID_CE_CRL_DISTRIBUTION_POINTS, false, &value)
}

fn crl_issuer(name: &str) -> Vec<u8> {
    write::tlv(Tag::context(2), &general_name(name))
}

fn certificate_issuer(name: &str) -> Vec<u8> {
    let names = sample::general_names(&[name]);
    extension(&oids::ID_CE_CERTIFICATE_ISSUER, true, &names)
}

impl Case {
    fn with(mut self, crl: &CrlTemplate, signer: u64) -> Self {
        self.at_hand.add_crl(crl.sign(&key(signer)));
        self
    }

    fn answer(mut self, response: &OcspTemplate, signer: u64) -> Self {
        let response = response.sign(&key(signer));
        self.at_hand.add_ocsp_response(response);
        self
    }

    fn certificate(mut self, certificate: Certificate) -> Self {
        self.at_hand.add_certificate(certificate);
        self
    }

    fn at(mut self, at: &str) -> Self {
        self.at = time(at);
        self
    }

    fn try_report(&self) -> Result<PathReport, BudgetExceeded> {
        let root = Template::ca("CN=Root", &key(1), "CN=Root").sign(&key(1));
        let (anchors, repository) = (anchors(&[&root]), Collection::default());
        let mut extra = self.at_hand.clone();
        extra.add_certificate(self.ca.sign(&key(1)));
        let builder = PathBuilder::new(&anchors, &repository, &self.policy);
        let alice = self.alice.sign(&key(2));
        builder.judge(&alice, &extra, Purpose::Sign, self.at, None)
    }

    fn report(&self) -> PathReport {
        let report = self.try_report().unwrap();
        assert!(report.trusted, "{:?}", report.findings);
        report
    }

    fn status(&self) -> RevocationStatus {
        self.report().revocation
    }

    /// Why it is not good: of the first finding.
    #[track_caller]
    fn why(&self) -> (Reason, String) {
        let report = self.report();
        assert_ne!(report.revocation, Good);
        let objection = report.findings[0].objection.clone().unwrap();
        assert_eq!(objection.certificate.subject, "CN=Alice");
        (objection.reason, objection.found)
    }

    #[track_caller]
    fn reason(&self) -> Reason {
        self.why().0
    }
}

#[test]
fn says_good_revoked_and_unknown() {
    assert_eq!(case().with(&cas(), 2).status(), Good);
    assert_eq!(case().reason(), Reason::RevocationUnknown);
    let others = cas()
        .entry(&[3], "2026-10-01", &[])
        .entry(&[2, 2], "2026-10-01", &[]);
    assert_eq!(case().with(&others, 2).status(), Good);
    let since = extension(
        &oids::ID_CE_INVALIDITY_DATE,
        false,
        &sample::generalized("2026-09-01"),
    );
    let listed = others.entry(&[2], "2026-10-02", &[reason(1), since]);
    let mut case = case();
    let crl = listed.sign(&key(2)).from_origin(&"crls/ca.crl".into());
    case.at_hand.add_crl(crl);
    let report = case.report();
    assert_eq!(report.revocation, Revoked);
    assert_eq!(report.findings.len(), 1);
    let finding = &report.findings[0];
    assert_eq!((finding.rule, finding.level), (Rule::Revoked, Level::Deny));
    assert_eq!(
        case.why().1,
        "it was revoked on 2026-10-02T00:00:00Z (keyCompromise; its key is suspected since 2026-09-01T00:00:00Z), \
         says the CRL of CN=CA (number 5, from crls/ca.crl)"
    );
}

#[test]
fn every_certificate_but_the_anchor_counts_and_the_worst_is_said() {
    let mut unknown = case().with(&cas(), 2);
    unknown.at_hand.crls.remove(0);
    let report = unknown.report();
    assert_eq!(report.revocation, Unknown);
    let of = |report: &PathReport, index: usize| {
        let objection = report.findings[index].objection.clone().unwrap();
        (objection.certificate.subject, objection.reason)
    };
    assert_eq!(of(&report, 0), ("CN=CA".into(), Reason::RevocationUnknown));
    let revoked = list("CN=Root", 2).entry(&[7], "2026-10-01", &[reason(2)]);
    let report = case().with(&revoked, 1).report();
    assert_eq!(report.revocation, Revoked);
    assert_eq!(
        of(&report, 0),
        ("CN=Alice".into(), Reason::RevocationUnknown)
    );
    assert_eq!(of(&report, 1), ("CN=CA".into(), Reason::Revoked));
}

#[test]
fn silence_weighs_as_the_policy_says() {
    let of = |how| {
        let mut case = case();
        case.policy.revocation = how;
        let report = case.report();
        (
            report.revocation,
            report.findings.first().map(|finding| finding.level),
        )
    };
    assert_eq!(of(How::Off), (Unchecked, None));
    assert_eq!(of(How::Soft), (Unknown, Some(Level::Warn)));
    assert_eq!(of(How::Hard), (Unknown, Some(Level::Deny)));
}

#[test]
fn only_the_issuers_word_counts() {
    let listed = cas().entry(&[2], "2026-10-01", &[]);
    assert_eq!(case().with(&listed, 9).reason(), Reason::CrlSignature);
    let mut other = listed.clone();
    other.issuer = sample::name("CN=Other");
    assert_eq!(case().with(&other, 2).reason(), Reason::RevocationUnknown);
    let mut no_usage = case().with(&listed, 2);
    no_usage.ca = Template::new("CN=CA", &key(2), "CN=Root")
        .with(basic_constraints(true, None))
        .with(key_usage(0x04));
    assert_eq!(no_usage.reason(), Reason::NoCrlSign);
    no_usage.ca.extensions.pop();
    assert_eq!(
        no_usage.status(),
        Revoked,
        "without keyUsage everything is permitted"
    );
}

#[test]
fn silence_counts_only_while_it_is_current() {
    let on = |this: &str, next: &str| CrlTemplate::new("CN=CA", this, next);
    let at = "2026-11-01T00:00:00Z";
    for (this, next, wanted) in [
        ("2026-10-01", "2026-11-01T00:00:00Z", None),
        (
            "2026-10-01",
            "2026-10-31T23:59:59Z",
            Some(Reason::CrlExpired),
        ),
        ("2026-11-01T00:05:00Z", "2026-12-01", None),
        (
            "2026-11-01T00:05:01Z",
            "2026-12-01",
            Some(Reason::CrlNotYetValid),
        ),
    ] {
        let case = case().at(at).with(&on(this, next), 2);
        match wanted {
            None => assert_eq!(case.status(), Good, "{this} {next}"),
            Some(reason) => assert_eq!(case.reason(), reason, "{this} {next}"),
        }
        // what was said against somebody holds
        let listed = on(this, next).entry(&[2], "2026-09-01", &[]);
        assert_eq!(case.with(&listed, 2).status(), Revoked, "{this} {next}");
    }
    let stale = case().at(at).with(&on("2026-10-01", "2026-10-31"), 2);
    assert_eq!(
        stale.why().1,
        "the CRL of CN=CA expired at 2026-10-31T00:00:00Z"
    );
    let mut endless = cas();
    endless.next_update = None;
    assert_eq!(case().with(&endless, 2).reason(), Reason::CrlNoNextUpdate);
    // archive forgives much, but not this
    let mut archive = stale;
    archive.policy = Policy::named(policy::PolicyName::Archive);
    assert_eq!(archive.reason(), Reason::CrlExpired);
    archive.policy.revocation = How::Hard;
    assert!(Policy::denies(&archive.report().findings));
}

#[test]
fn revoked_after_the_time_judged_is_revoked_and_says_so() {
    let listed = cas().entry(&[2], "2026-10-15", &[reason(5)]);
    let case = case().at("2026-10-10").with(&listed, 2);
    let (reason, found) = case.why();
    assert_eq!(reason, Reason::Revoked);
    assert!(
        found.contains("2026-10-15") && found.contains("after the time judged"),
        "{found}"
    );
}

#[test]
fn only_a_hold_is_lifted_and_only_by_a_later_word() {
    let before = |code| {
        CrlTemplate::new("CN=CA", "2026-09-01", "2026-10-01")
            .number(1)
            .entry(&[2], "2026-09-01", &[reason(code)])
    };
    let after = cas();
    assert_eq!(case().with(&before(6), 2).status(), Revoked);
    assert_eq!(case().with(&before(6), 2).with(&after, 2).status(), Good);
    assert_eq!(case().with(&before(1), 2).with(&after, 2).status(), Revoked);
    // the later word is somebody else's, or no longer current
    assert_eq!(case().with(&before(6), 2).with(&after, 9).status(), Revoked);
    let stale = CrlTemplate::new("CN=CA", "2026-09-20", "2026-10-20");
    assert_eq!(case().with(&before(6), 2).with(&stale, 2).status(), Revoked);
    // or earlier
    let earlier = CrlTemplate::new("CN=CA", "2026-08-01", "2026-12-01");
    assert_eq!(
        case().with(&before(6), 2).with(&earlier, 2).status(),
        Revoked
    );
    // an OCSP response will do
    let good = answered(&OcspTemplate::GOOD);
    assert_eq!(case().with(&before(6), 2).answer(&good, 2).status(), Good);
}

#[test]
fn critical_extensions_must_be_understood() {
    let odd = |critical| {
        extension(
            &const_oid::ObjectIdentifier::new_unwrap("1.2.3"),
            critical,
            &[5, 0],
        )
    };
    for (critical, wanted) in [(true, Unknown), (false, Good)] {
        assert_eq!(case().with(&cas().with(odd(critical)), 2).status(), wanted);
        let entry = cas().entry(&[3], "2026-10-01", &[odd(critical)]);
        assert_eq!(
            case().with(&entry, 2).status(),
            wanted,
            "of another's entry"
        );
    }
    // whom such an entry names is revoked, and so is whoever else is named
    for revoked in [
        cas().entry(&[2], "2026-10-01", &[odd(true)]),
        cas()
            .entry(&[3], "2026-10-01", &[odd(true)])
            .entry(&[2], "2026-10-01", &[]),
    ] {
        assert_eq!(case().with(&revoked, 2).status(), Revoked);
    }
    let listed = cas().entry(&[2], "2026-10-01", &[]).with(odd(true));
    assert_eq!(
        case().with(&listed, 2).reason(),
        Reason::CrlCriticalExtension
    );
    // the scope is understood, if it can be read
    let empty = cas().scope(&[&flag(1)]);
    assert_eq!(case().with(&empty, 2).status(), Good);
    let broken = cas().scope(&[&[5, 0]]);
    assert_eq!(case().with(&broken, 2).reason(), Reason::CrlMalformed);
}

#[test]
fn a_list_must_cover_the_certificate() {
    for (number, wanted) in [(1, Good), (2, Unknown), (5, Unknown)] {
        let scoped = cas().scope(&[&flag(number)]);
        assert_eq!(case().with(&scoped, 2).status(), wanted, "{number}");
    }
    let scoped = |name| cas().scope(&[&point(name)]);
    let mut with_points = case();
    with_points.alice = with_points.alice.with(points(&[&point("uri:http://x/a")]));
    let with_points = |name| {
        let mut case = case();
        case.alice = case.alice.with(points(&[&point("uri:http://x/a")]));
        case.with(&scoped(name), 2)
    };
    assert_eq!(with_points("uri:http://x/a").status(), Good);
    assert_eq!(with_points("uri:http://x/b").reason(), Reason::CrlScope);
    assert_eq!(
        case().with(&scoped("uri:http://x/a"), 2).reason(),
        Reason::CrlScope
    );
}

#[test]
fn every_reason_must_be_covered() {
    // keyCompromise and cACompromise; the rest
    let some = cas().scope(&[&[0x83, 2, 5, 0x60]]);
    let rest = list("CN=CA", 6).scope(&[&[0x83, 3, 7, 0x1f, 0x80]]);
    let (reason, found) = case().with(&some, 2).why();
    assert_eq!(reason, Reason::CrlReasons);
    assert_eq!(
        found,
        "the CRLs at hand cover only keyCompromise, cACompromise"
    );
    assert_eq!(case().with(&rest, 2).reason(), Reason::CrlReasons);
    assert_eq!(case().with(&some, 2).with(&rest, 2).status(), Good);
    assert_eq!(
        case().with(&some, 2).with(&rest, 9).reason(),
        Reason::CrlReasons
    );
    let listed = rest.entry(&[2], "2026-10-01", &[]);
    assert_eq!(case().with(&some, 2).with(&listed, 2).status(), Revoked);
}

#[test]
fn a_delta_needs_its_base() {
    let base =
        |number: u32, next: &str| CrlTemplate::new("CN=CA", "2026-10-01", next).number(number);
    let delta = |from: u32, number: u32| list("CN=CA", number).base(from);
    assert_eq!(case().with(&delta(1, 5), 2).reason(), Reason::DeltaBase);
    // the base is no longer current, the delta is
    let old = base(3, "2026-10-02");
    assert_eq!(case().with(&old, 2).reason(), Reason::CrlExpired);
    assert_eq!(case().with(&old, 2).with(&delta(3, 5), 2).status(), Good);
    assert_eq!(case().with(&old, 2).with(&delta(2, 5), 2).status(), Good);
    let (reason, found) = case().with(&old, 2).with(&delta(4, 5), 2).why();
    assert_eq!(reason, Reason::DeltaBase);
    assert_eq!(
        found,
        "the delta CRL of CN=CA (number 5) updates CRLs from number 4 on; the one at hand is number 3"
    );
    assert_eq!(
        case().with(&old, 2).with(&delta(3, 3), 2).status(),
        Unknown,
        "not later"
    );
    assert_eq!(
        case().with(&old, 2).with(&delta(3, 5), 9).status(),
        Unknown,
        "another key"
    );
    // of another scope
    let scoped = delta(3, 5).scope(&[&flag(1)]);
    assert_eq!(case().with(&old, 2).with(&scoped, 2).status(), Unknown);
    // no longer current either
    let mut late = delta(3, 5);
    late.next_update = Some(time("2026-10-30"));
    assert_eq!(
        case().with(&old, 2).with(&late, 2).reason(),
        Reason::CrlExpired
    );
}

#[test]
fn a_delta_adds_and_removes() {
    let base = |code: Option<u8>| {
        let base = CrlTemplate::new("CN=CA", "2026-10-01", "2026-12-01").number(3);
        match code {
            None => base,
            Some(code) => base.entry(&[2], "2026-10-01", &[reason(code)]),
        }
    };
    let delta = |code: u8| {
        list("CN=CA", 5)
            .base(3)
            .entry(&[2], "2026-10-19", &[reason(code)])
    };
    let judged =
        |base: CrlTemplate, delta: CrlTemplate| case().with(&base, 2).with(&delta, 2).status();
    assert_eq!(judged(base(None), delta(1)), Revoked);
    assert_eq!(judged(base(None), delta(6)), Revoked);
    assert_eq!(judged(base(Some(6)), delta(8)), Good);
    assert_eq!(judged(base(Some(6)), list("CN=CA", 5).base(3)), Revoked);
    assert_eq!(judged(base(None), delta(8)), Good);
    // in a complete list there is nothing to be removed from
    assert_eq!(case().with(&base(Some(8)), 2).status(), Revoked);
    assert_eq!(judged(base(Some(8)), list("CN=CA", 5).base(3)), Revoked);
    assert_eq!(judged(base(Some(8)), delta(8)), Good);
    // one that does not fit lifts nothing, but still revokes
    let other = |code: u8| {
        list("CN=CA", 9)
            .base(8)
            .entry(&[2], "2026-10-19", &[reason(code)])
    };
    assert_eq!(judged(base(Some(6)), other(8)), Revoked);
    assert_eq!(judged(base(None), other(1)), Revoked);
    // of two that fit, the later counts
    let earlier = CrlTemplate::new("CN=CA", "2026-10-10", "2026-12-01")
        .number(4)
        .base(3);
    let earlier = earlier.entry(&[2], "2026-10-10", &[reason(6)]);
    let both = case()
        .with(&base(None), 2)
        .with(&earlier, 2)
        .with(&delta(8), 2);
    assert_eq!(both.status(), Good);
}

#[test]
fn an_indirect_list_speaks_for_whom_it_names() {
    let silent = Template::new("CN=Lists", &key(4), "CN=Root").serial(&[8]);
    let lists = silent.clone().with(key_usage(0x02));
    let named = |lists: Template, list: &CrlTemplate| {
        let mut case = case().certificate(lists.sign(&key(1))).with(list, 4);
        let issuer = crl_issuer("dir:CN=Lists");
        case.alice = case
            .alice
            .with(points(&[&point("uri:http://x/a"), &issuer]));
        case
    };
    let indirect = list("CN=Lists", 1).scope(&[&flag(4)]);
    assert_eq!(named(lists.clone(), &indirect).status(), Good);
    assert_eq!(
        named(lists.clone(), &list("CN=Lists", 1)).reason(),
        Reason::CrlScope
    );
    // entries are of the CRL's issuer until one says otherwise, and then of that one
    let entry = |list: CrlTemplate, serial: u8, of: Option<&str>| {
        let of: Vec<_> = of.map(certificate_issuer).into_iter().collect();
        list.entry(&[serial], "2026-10-01", &of)
    };
    let own = entry(indirect.clone(), 2, None);
    assert_eq!(named(lists.clone(), &own).status(), Good);
    let theirs = entry(indirect.clone(), 2, Some("dir:CN=CA"));
    assert_eq!(named(lists.clone(), &theirs).status(), Revoked);
    let carried = entry(entry(indirect.clone(), 3, Some("dir:CN=CA")), 2, None);
    assert_eq!(named(lists.clone(), &carried).status(), Revoked);
    let back = entry(
        entry(indirect.clone(), 3, Some("dir:CN=CA")),
        2,
        Some("dir:CN=Root"),
    );
    assert_eq!(named(lists.clone(), &back).status(), Good);
    // who is not named speaks for nobody
    let mut unnamed = named(lists.clone(), &theirs);
    unnamed.alice.extensions.clear();
    assert_eq!(unnamed.reason(), Reason::RevocationUnknown);
    // whose certificate may not sign lists, or is revoked
    let other_use = silent.with(key_usage(0x80));
    assert_eq!(named(other_use, &indirect).reason(), Reason::NoCrlSign);
    let revoked = list("CN=Root", 2).entry(&[8], "2026-10-01", &[]);
    let case = named(lists, &indirect).with(&revoked, 1);
    assert_eq!(case.reason(), Reason::CrlIssuer);
}

#[test]
fn another_key_of_the_issuer_needs_a_path_of_its_own() {
    let signed = |certificate: Certificate| case().certificate(certificate).with(&cas(), 4);
    let lists = Template::new("CN=CA", &key(4), "CN=Root")
        .serial(&[8])
        .with(key_usage(0x02));
    assert_eq!(signed(lists.sign(&key(1))).status(), Good);
    assert_eq!(signed(lists.sign(&key(9))).reason(), Reason::CrlIssuer);
    // it has expired
    let old = lists.clone().valid("2020-01-01", "2025-01-01");
    assert_eq!(signed(old.sign(&key(1))).reason(), Reason::CrlIssuer);
    // issued by the CA to itself, which only that key vouches for
    let own = Template::new("CN=CA", &key(4), "CN=CA")
        .serial(&[8])
        .with(key_usage(0x02));
    assert_eq!(signed(own.sign(&key(2))).reason(), Reason::RevocationLoop);
    // the other key vouches for it
    let both = signed(own.sign(&key(2))).with(&list("CN=CA", 6), 2);
    assert_eq!(both.status(), Good);
    // of two, the announced one is tried first
    let announced = cas().with(authority_key_identifier(&[4]));
    let named = lists.with(sample::key_identifier(&[4])).sign(&key(1));
    assert_eq!(case().certificate(named).with(&announced, 4).status(), Good);
}

/// Another CA under the same root gives Mallory a certificate in the CA's name: it is no CA's, and nothing in it says CRLs.
#[test]
fn a_namesake_that_is_no_ca_signs_no_lists() {
    let other = Template::ca("CN=Other", &key(4), "CN=Root")
        .serial(&[8])
        .sign(&key(1));
    let mallory = Template::new("CN=CA", &key(5), "CN=Other").serial(&[9]);
    let signed = |mallory: &Template| {
        case()
            .certificate(other.clone())
            .certificate(mallory.sign(&key(4)))
            .with(&list("CN=Other", 1), 4)
            .with(&cas(), 5)
    };
    assert_eq!(signed(&mallory).reason(), Reason::NoCrlSign);
    let purpose = extended_key_usage(&[oids::ID_KP_EMAIL_PROTECTION]);
    assert_eq!(
        signed(&mallory.clone().with(purpose)).reason(),
        Reason::NoCrlSign
    );
    // RFC 5280 asks no more than this of who issues CRLs
    let lists = mallory.with(key_usage(0x02));
    assert_eq!(signed(&lists).status(), Good);
}

#[test]
fn issuers_that_depend_on_one_another_are_limited() {
    // L0 issues Alice's list; the list for Ln is Ln+1's
    let chain = |length: u64| {
        let mut case = case();
        let named = |n: u64| crl_issuer(&format!("dir:CN=L{n}"));
        case.alice = case.alice.with(points(&[&named(0)]));
        for n in 0..length {
            let mut lists =
                Template::new(&format!("CN=L{n}"), &key(20 + n), "CN=CA").with(key_usage(0x02));
            lists.serial = vec![0x20 + u8::try_from(n).unwrap()];
            if n + 1 < length {
                lists = lists.with(points(&[&named(n + 1)]));
            }
            let list = list(&format!("CN=L{n}"), 1).scope(&[&flag(4)]);
            case = case.certificate(lists.sign(&key(2))).with(&list, 20 + n);
        }
        case
    };
    let limit = u64::try_from(Limits::default().crl_issuers).unwrap();
    assert_eq!(chain(limit).status(), Unknown);
    let exceeded = chain(limit + 1).try_report().unwrap_err();
    assert_eq!(u64::from(exceeded.limit), limit);
    assert!(exceeded.what.contains("CRLs"));
}

#[test]
fn an_ocsp_response_of_the_issuer_is_enough() {
    assert_eq!(
        case().answer(&answered(&OcspTemplate::GOOD), 2).status(),
        Good
    );
    let by_key = OcspTemplate {
        answers: answered(&OcspTemplate::GOOD).answers,
        ..OcspTemplate::by_key(&key(2))
    };
    assert_eq!(case().answer(&by_key, 2).status(), Good);
    let mut case = case();
    let response = answered(&revoked("2026-10-30", Some(4))).sign(&key(2));
    case.at_hand
        .add_ocsp_response(response.from_origin(&"r.der".into()));
    assert_eq!(
        case.why(),
        (
            Reason::Revoked,
            "it was revoked on 2026-10-30T00:00:00Z (superseded), says the OCSP response of CN=CA (from r.der)".into()
        )
    );
}

#[test]
fn a_response_must_be_for_the_certificate_by_all_four_fields() {
    let of = |digest, issuer: &Certificate, serial: &[u8]| {
        let id = OcspTemplate::id(digest, issuer, serial);
        let next = Some("2026-11-02");
        let good = OcspTemplate::GOOD;
        case().answer(
            &OcspTemplate::new("CN=CA").answer(&id, &good, "2026-10-31", next, &[]),
            2,
        )
    };
    for digest in [Digest::Sha1, Digest::Sha256, Digest::Sha512] {
        assert_eq!(of(digest, &ca(), &[2]).status(), Good, "{digest:?}");
    }
    assert_eq!(
        of(Digest::Sha1, &ca(), &[3]).reason(),
        Reason::RevocationUnknown
    );
    let name = Template::ca("CN=Other", &key(2), "CN=Root").sign(&key(1));
    assert_eq!(of(Digest::Sha1, &name, &[2]).reason(), Reason::OcspOther);
    let other_key = Template::ca("CN=CA", &key(9), "CN=Root").sign(&key(1));
    assert_eq!(
        of(Digest::Sha1, &other_key, &[2]).reason(),
        Reason::OcspOther
    );
    let mut id = OcspTemplate::id(Digest::Sha1, &ca(), &[2]);
    id[0] = OcspTemplate::id(Digest::Sha256, &ca(), &[2])[0].clone();
    let mixed =
        OcspTemplate::new("CN=CA").answer(&id, &OcspTemplate::GOOD, "2026-10-31", None, &[]);
    assert_eq!(case().answer(&mixed, 2).reason(), Reason::OcspOther);
}

#[test]
fn the_right_answer_counts_wherever_it_stands() {
    let (mine, others) = (
        OcspTemplate::id(Digest::Sha1, &ca(), &[2]),
        OcspTemplate::id(Digest::Sha1, &ca(), &[3]),
    );
    let bad = revoked("2026-10-30", None);
    for (first, second) in [
        ((&mine, &bad[..]), (&others, &[0x80, 0][..])),
        ((&others, &[0x80, 0]), (&mine, &bad)),
    ] {
        let mut response = OcspTemplate::new("CN=CA");
        for (id, status) in [first, second] {
            response = response.answer(id, status, "2026-10-31", Some("2026-11-02"), &[]);
        }
        assert_eq!(case().answer(&response, 2).status(), Revoked);
        let mut response = OcspTemplate::new("CN=CA");
        for (id, _) in [first, second] {
            let status = if id == &mine { &[0x80, 0][..] } else { &bad };
            response = response.answer(id, status, "2026-10-31", Some("2026-11-02"), &[]);
        }
        assert_eq!(case().answer(&response, 2).status(), Good);
    }
}

#[test]
fn responses_have_their_time() {
    let of = |this: &str, next: Option<&str>, produced: &str| {
        let id = OcspTemplate::id(Digest::Sha1, &ca(), &[2]);
        let mut response =
            OcspTemplate::new("CN=CA").answer(&id, &OcspTemplate::GOOD, this, next, &[]);
        response.produced_at = produced.to_owned();
        case().at("2026-11-01T00:00:00Z").answer(&response, 2)
    };
    let before = "2026-10-31";
    assert_eq!(of(before, Some("2026-11-01"), before).status(), Good);
    let past = of(before, Some("2026-10-31T23:59:59Z"), before);
    assert_eq!(past.reason(), Reason::OcspExpired);
    // without nextUpdate: a day
    assert_eq!(of("2026-10-31T00:00:00Z", None, before).status(), Good);
    let (reason, found) = of("2026-10-30T23:59:59Z", None, before).why();
    assert_eq!(reason, Reason::OcspExpired);
    assert!(found.contains("86400 seconds"), "{found}");
    // ahead, within the skew and beyond
    assert_eq!(of("2026-11-01T00:05:00Z", None, before).status(), Good);
    for late in [
        of("2026-11-01T00:05:01Z", None, before),
        of(before, None, "2026-11-01T00:05:01Z"),
    ] {
        assert_eq!(late.reason(), Reason::OcspNotYetValid);
    }
}

#[test]
fn a_responder_must_be_authorized_by_the_issuer_itself() {
    let answer = |responder: &Certificate, signer: u64| {
        let mut response = answered(&OcspTemplate::GOOD);
        response.responder = write::tlv(Tag::context(1), &sample::name("CN=Responder"));
        response.certificates = vec![responder.clone()];
        case().answer(&response, signer)
    };
    let good = responder(&key(5)).with(nocheck());
    assert_eq!(answer(&good.sign(&key(2)), 5).status(), Good);
    assert_eq!(
        answer(&good.sign(&key(2)), 6).reason(),
        Reason::OcspSignature
    );
    assert_eq!(
        answer(&good.sign(&key(9)), 5).reason(),
        Reason::OcspResponder,
        "not by the CA's key"
    );
    let mut elsewhere = good.clone();
    elsewhere.issuer = sample::name("CN=Root");
    assert_eq!(
        answer(&elsewhere.sign(&key(1)), 5).reason(),
        Reason::OcspResponder,
        "by its issuer's"
    );
    let mut no_purpose = good.clone();
    no_purpose.extensions.remove(0);
    assert_eq!(
        answer(&no_purpose.sign(&key(2)), 5).reason(),
        Reason::OcspResponder
    );
    let any = no_purpose.with(extended_key_usage(&[oids::ANY_EXTENDED_KEY_USAGE]));
    assert_eq!(
        answer(&any.sign(&key(2)), 5).reason(),
        Reason::OcspResponder,
        "any is not OCSPSigning"
    );
    let expired = good.clone().valid("2020-01-01", "2025-01-01");
    assert_eq!(
        answer(&expired.sign(&key(2)), 5).reason(),
        Reason::OcspResponder
    );
    let usage = good.clone().with(key_usage(0x20));
    assert_eq!(
        answer(&usage.sign(&key(2)), 5).reason(),
        Reason::OcspResponder
    );
    let odd = extension(
        &const_oid::ObjectIdentifier::new_unwrap("1.2.3"),
        true,
        &[5, 0],
    );
    assert_eq!(
        answer(&good.with(odd).sign(&key(2)), 5).reason(),
        Reason::OcspResponder
    );
}

#[test]
fn a_responders_key_must_be_safe() {
    let mut response = answered(&OcspTemplate::GOOD);
    response.responder = write::tlv(Tag::context(1), &sample::name("CN=Responder"));
    // the same key, the numbers of its curve spelled out
    let mut weak = responder(&key(5)).with(nocheck());
    weak.spki = sample::explicit_curve(&key(5));
    response.certificates = vec![weak.sign(&key(2))];
    let mut case = case().answer(&response, 5);
    let (reason, found) = case.why();
    assert_eq!(reason, Reason::OcspResponder);
    assert!(found.contains("spells out the numbers of P-256"), "{found}");
    case.policy.set(Rule::ExplicitCurve, Level::Warn).unwrap();
    let report = case.report();
    assert_eq!(report.revocation, Good);
    let objection = report.findings[0].objection.as_deref().unwrap();
    assert_eq!(objection.reason, Reason::ExplicitCurve);
    assert_eq!(objection.certificate.subject, "CN=Responder");
}

#[test]
fn a_responder_without_nocheck_must_not_be_revoked() {
    // Alice's own list is of no use here: it covers CAs only
    let mut response = answered(&OcspTemplate::GOOD);
    response.responder = write::tlv(Tag::context(1), &sample::name("CN=Responder"));
    response.certificates = vec![responder(&key(5)).sign(&key(2))];
    assert_eq!(case().answer(&response, 5).reason(), Reason::OcspResponder);
    let mut case = case().answer(&response, 5);
    let of = |serial: u8, list: CrlTemplate| list.entry(&[serial], "2026-10-01", &[]);
    // Alice is at a point of her own, the responder at another
    case.alice = case.alice.with(points(&[&point("uri:http://x/a")]));
    let mut responder = responder(&key(5)).with(points(&[&point("uri:http://x/r")]));
    response.certificates = vec![responder.sign(&key(2))];
    let case = |list: &CrlTemplate, response: &OcspTemplate| {
        self::case().answer(response, 5).with(list, 2)
    };
    let theirs = cas().scope(&[&point("uri:http://x/r")]);
    assert_eq!(case(&theirs, &response).status(), Good);
    assert_eq!(
        case(&of(9, theirs.clone()), &response).reason(),
        Reason::OcspResponder
    );
    assert_eq!(case(&of(8, theirs), &response).status(), Good);
    // no other response vouches for a responder
    responder.extensions.pop();
    response.certificates = vec![responder.sign(&key(2))];
    let id = OcspTemplate::id(Digest::Sha1, &ca(), &[9]);
    let vouching = OcspTemplate::new("CN=CA").answer(
        &id,
        &OcspTemplate::GOOD,
        "2026-10-31",
        Some("2026-11-02"),
        &[],
    );
    let vouched = self::case().answer(&response, 5).answer(&vouching, 2);
    assert_eq!(vouched.reason(), Reason::OcspResponder);
}

#[test]
fn a_response_may_not_know_or_not_be_understood() {
    assert_eq!(
        case().answer(&answered(&OcspTemplate::UNKNOWN), 2).reason(),
        Reason::OcspUnknown
    );
    assert_eq!(
        case().answer(&answered(&OcspTemplate::GOOD), 9).reason(),
        Reason::OcspSignature
    );
    let odd = |critical| {
        extension(
            &const_oid::ObjectIdentifier::new_unwrap("1.2.3"),
            critical,
            &[5, 0],
        )
    };
    let id = OcspTemplate::id(Digest::Sha1, &ca(), &[2]);
    for (critical, wanted) in [(true, Unknown), (false, Good)] {
        let mut response = answered(&OcspTemplate::GOOD);
        response.extensions = odd(critical);
        assert_eq!(case().answer(&response, 2).status(), wanted);
        let response = OcspTemplate::new("CN=CA").answer(
            &id,
            &OcspTemplate::GOOD,
            "2026-10-31",
            None,
            &odd(critical),
        );
        assert_eq!(
            case().at("2026-10-31").answer(&response, 2).status(),
            wanted
        );
    }
}

#[test]
fn lists_and_responses_add_up_and_revoked_wins() {
    let listed = cas().entry(&[2], "2026-10-01", &[]);
    let (good, bad) = (
        answered(&OcspTemplate::GOOD),
        answered(&revoked("2026-10-01", None)),
    );
    assert_eq!(case().with(&listed, 2).answer(&good, 2).status(), Revoked);
    assert_eq!(case().with(&cas(), 2).answer(&bad, 2).status(), Revoked);
    assert_eq!(case().with(&cas(), 2).answer(&good, 9).status(), Good);
    assert_eq!(case().with(&cas(), 9).answer(&good, 2).status(), Good);
    let unknown = answered(&OcspTemplate::UNKNOWN);
    assert_eq!(case().with(&cas(), 2).answer(&unknown, 2).status(), Good);
    // a response from before the hold does not lift it; one from after does
    let hold = cas().entry(&[2], "2026-10-20", &[reason(6)]);
    assert_eq!(case().with(&hold, 2).answer(&good, 2).status(), Good);
    let later = CrlTemplate::new("CN=CA", "2026-10-31T12:00:00Z", "2026-12-01").entry(
        &[2],
        "2026-10-31",
        &[reason(6)],
    );
    assert_eq!(case().with(&later, 2).answer(&good, 2).status(), Revoked);
}

#[test]
fn a_thousand_lists_cost_one_signature_or_end_in_the_budget() {
    let mut many = case();
    let mut last = None;
    for number in 0..1_000 {
        let mut list = list("CN=CA", number);
        list.this_update = Time(time("2026-10-01").0 + i64::from(number));
        last = Some(list.clone());
        many = many.with(&list, 2);
    }
    many.policy.limits.path_signatures = 6;
    assert_eq!(many.status(), Good);
    // the newest lists her
    let many = many.with(&last.unwrap().entry(&[2], "2026-10-01", &[]), 2);
    assert_eq!(many.status(), Revoked);
    // each claims to
    let mut bad = case();
    for number in 0..1_000 {
        let list = list("CN=CA", number)
            .entry(&[2], "2026-10-01", &[])
            .sign(&key(2));
        let mut der = list.der().to_vec();
        *der.last_mut().unwrap() ^= 1;
        bad.at_hand.crls.extend(Crl::from_der(&der));
    }
    let exceeded = bad.try_report().unwrap_err();
    assert_eq!(exceeded.what, "signature checks");
}

#[test]
fn a_list_of_a_million_entries_is_walked_not_kept() {
    let mut huge = cas();
    let entry = write::sequence(&[
        &[2, 9, 1, 1, 1, 1, 1, 1, 1, 1, 1],
        &time("2026-10-01").to_der(),
        &write::sequence(&[&reason(1)]),
    ]);
    huge.entries = entry.repeat(1_000_000);
    assert!(huge.entries.len() > 38_000_000);
    let crl = huge.sign(&key(2));
    assert!(crl.entry(crl.issuer(), &[2]).is_none());
    let mut case = case();
    case.at_hand.add_crl(crl);
    assert_eq!(case.status(), Good);
    let case = case.with(&huge.entry(&[2], "2026-10-01", &[]), 2);
    assert_eq!(case.status(), Revoked);
}

/// Every bit of what says good, flipped, leaves nothing that says good.
#[test]
fn no_changed_bit_makes_good() {
    let root = Template::ca("CN=Root", &key(1), "CN=Root").sign(&key(1));
    let alice = case().alice.sign(&key(2));
    let above = [ca(), root];
    let is_good = |at_hand: Collection| {
        let (extra, policy) = (Collection::default(), Policy::default());
        let sources = Sources {
            anchors: &[],
            repository: &at_hand,
            extra: &extra,
            path: &|_, _, _| Ok(None),
        };
        let mut inquiry = Inquiry::new(&sources, now(), &policy);
        let mut budget = Budget::new(policy.limits);
        let status = inquiry.status(&alice, &above, &mut budget).unwrap();
        matches!(status, Status::Good)
    };
    let with_crl = |der: &[u8]| {
        let mut at_hand = Collection::default();
        at_hand.add_crl(Crl::from_der(der).ok()?);
        Some(at_hand)
    };
    let with_response = |der: &[u8]| {
        let mut at_hand = Collection::default();
        let response = OcspResponse::from_der(der, &Limits::default());
        at_hand.add_ocsp_response(response.ok()?);
        Some(at_hand)
    };
    let list = cas().entry(&[3], "2026-10-01", &[reason(1)]).der(&key(2));
    let mut response = answered(&OcspTemplate::GOOD);
    response.responder = write::tlv(Tag::context(1), &sample::name("CN=Responder"));
    response.certificates = vec![responder(&key(5)).with(nocheck()).sign(&key(2))];
    let response = response.der(&key(5));
    type Read<'a> = &'a dyn Fn(&[u8]) -> Option<Collection>;
    let lists: Read<'_> = &with_crl;
    let responses: Read<'_> = &with_response;
    for (der, read) in [(&list, lists), (&response, responses)] {
        assert!(is_good(read(der).unwrap()));
        let mut readable = 0;
        for changed in flips(der) {
            if let Some(at_hand) = read(&changed) {
                assert!(!is_good(at_hand));
                readable += 1;
            }
        }
        assert!(readable > 100);
    }
}

fn flips(der: &[u8]) -> impl Iterator<Item = Vec<u8>> {
    (0..der.len() * 8).map(|bit| {
        let mut der = der.to_vec();
        der[bit / 8] ^= 1 << (bit % 8);
        der
    })
}

#[test]
fn an_alternative_name_of_the_issuer_is_a_distribution_point() {
    let names = alternative_names(&["uri:http://ca/"]);
    let mut case = case().with(&cas().scope(&[&point("uri:http://ca/")]), 2);
    assert_eq!(case.reason(), Reason::CrlScope);
    let value = sample::general_names(&["uri:http://ca/"]);
    let issuer = extension(&oids::ID_CE_ISSUER_ALT_NAME, false, &value);
    case.alice = case.alice.with(names).with(issuer);
    assert_eq!(case.status(), Good);
}
