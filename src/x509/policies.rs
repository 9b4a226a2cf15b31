//! Certificate policies of one path: RFC 5280 §6.1 with the valid_policy_graph of RFC 9618, which grows with the certificates and not, as the
//! tree did, with the power of their number.
//!
//! A graph without a node at the depth reached is NULL. Nodes that have lost all their children are not deleted one by one: nothing below
//! depends on them, and one walk upwards from the last certificate leaves them out at the end. Qualifiers are not processed.
use super::{
    Certificate,
    extension::{self, PolicyConstraints, oid_number},
    path::{Budget, BudgetExceeded},
    validate::{Refusal, read, refuse},
};
use crate::policy::{PolicyInputs, Reason};
use const_oid::db::rfc5280::{
    ANY_POLICY, ID_CE_CERTIFICATE_POLICIES, ID_CE_INHIBIT_ANY_POLICY, ID_CE_POLICY_CONSTRAINTS,
    ID_CE_POLICY_MAPPINGS,
};
use std::collections::{BTreeMap, BTreeSet};

/// The most policies that a message names.
const SHOWN: usize = 4;

/// The certificate policies that a path is valid for, as numbers with dots, in order; `2.5.29.32.0` (anyPolicy): all there are.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ValidPolicies {
    /// authority_constrained_policy_set: those that the CAs vouch for
    pub authority: Vec<String>,
    /// user_constrained_policy_set: of those, the ones that were asked for
    pub user: Vec<String>,
}

/// The content octets of a policy's OID.
type PolicyId<'a> = &'a [u8];

/// One node: its valid_policy is its key in the [`Depth`].
#[derive(Debug, Default)]
struct Node<'a> {
    /// expected_policy_set
    expected: BTreeSet<PolicyId<'a>>,
    /// the valid_policy of each parent
    parents: Vec<PolicyId<'a>>,
}

/// All nodes of one depth by their valid_policy.
type Depth<'a> = BTreeMap<PolicyId<'a>, Node<'a>>;

/// Where a certificate stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Position {
    /// it issued another
    Above,
    /// it is the last one
    Last,
}

/// The state variables (a), (d), (e) and (f) of §6.1.2, and what explains a refusal.
#[derive(Debug)]
pub(super) struct PolicyState<'a> {
    inputs: &'a PolicyInputs,
    /// valid_policy_graph, depth by depth; empty: NULL
    graph: Vec<Depth<'a>>,
    explicit_policy: u64,
    policy_mapping: u64,
    inhibit_any_policy: u64,
    /// the certificate whose requireExplicitPolicy is in force; none: the user's
    required_by: Option<&'a Certificate>,
    /// the certificate that made the graph NULL, and how
    ended: Option<(&'a Certificate, String)>,
}

impl<'a> PolicyState<'a> {
    /// Initializes (§6.1.2) for a path of `length` certificates.
    pub(super) fn new(inputs: &'a PolicyInputs, length: usize) -> Self {
        let unless = |inhibited| match inhibited {
            true => 0,
            false => u64::try_from(length).unwrap_or(u64::MAX).saturating_add(1),
        };
        let root = Node {
            expected: BTreeSet::from([ANY_POLICY.as_bytes()]),
            parents: Vec::new(),
        };
        Self {
            inputs,
            graph: vec![BTreeMap::from([(ANY_POLICY.as_bytes(), root)])],
            explicit_policy: unless(inputs.require_explicit),
            policy_mapping: unless(inputs.inhibit_mapping),
            inhibit_any_policy: unless(inputs.inhibit_any),
            required_by: None,
            ended: None,
        }
    }

    /// Processes the policies of a certificate (§6.1.3 (d) to (f)).
    pub(super) fn certificate(
        &mut self,
        certificate: &'a Certificate,
        position: Position,
        budget: &mut Budget,
    ) -> Result<(), Refusal> {
        let value = certificate.extension(&ID_CE_CERTIFICATE_POLICIES);
        let policies = value.map(extension::certificate_policies).transpose();
        match (
            read(certificate, "certificatePolicies", policies)?,
            self.graph.last(),
        ) {
            // §4.2.1.4: no policy MUST appear twice. A list that breaks the rule stands for nothing.
            (Some(policies), Some(_)) if has_duplicates(&policies) => {
                self.end(
                    certificate,
                    "its certificatePolicies name a policy twice".to_owned(),
                );
            }
            (Some(policies), Some(above)) => {
                let any_counts = self.inhibit_any_policy > 0
                    || (position == Position::Above && certificate.is_self_issued());
                let depth = grow(above, &policies, any_counts, budget)?;
                if depth.is_empty() {
                    let found = format!(
                        "its certificatePolicies are {}, where the path above permits {}",
                        list(policies),
                        list(above.values().flat_map(|node| &node.expected).copied()),
                    );
                    self.end(certificate, found);
                } else {
                    self.graph.push(depth);
                }
            }
            (None, Some(_)) => self.end(certificate, "it has no certificatePolicies".to_owned()),
            (_, None) => {}
        }
        if self.explicit_policy == 0 && self.graph.is_empty() {
            return self.refuse(certificate);
        }
        Ok(())
    }

    /// Prepares for the next certificate (§6.1.4 (a), (b), (h) to (j)).
    pub(super) fn issuer(
        &mut self,
        certificate: &'a Certificate,
        budget: &mut Budget,
    ) -> Result<(), Refusal> {
        self.map(certificate, budget)?;
        if !certificate.is_self_issued() {
            for counter in [
                &mut self.explicit_policy,
                &mut self.policy_mapping,
                &mut self.inhibit_any_policy,
            ] {
                *counter = counter.saturating_sub(1);
            }
        }
        let constraints = constraints(certificate)?;
        if let Some(skip) = constraints.require_explicit_policy
            && skip < self.explicit_policy
        {
            self.explicit_policy = skip;
            self.required_by = Some(certificate);
        }
        if let Some(skip) = constraints.inhibit_policy_mapping {
            self.policy_mapping = self.policy_mapping.min(skip);
        }
        let value = certificate.extension(&ID_CE_INHIBIT_ANY_POLICY);
        let skip = value.map(extension::inhibit_any_policy).transpose();
        if let Some(skip) = read(certificate, "inhibitAnyPolicy", skip)? {
            self.inhibit_any_policy = self.inhibit_any_policy.min(skip);
        }
        Ok(())
    }

    /// Applies a CA's policyMappings (§6.1.4 (a), (b)).
    fn map(&mut self, certificate: &'a Certificate, budget: &mut Budget) -> Result<(), Refusal> {
        let value = certificate.extension(&ID_CE_POLICY_MAPPINGS);
        let mappings = value.map(extension::policy_mappings).transpose();
        let Some(mappings) = read(certificate, "policyMappings", mappings)? else {
            return Ok(());
        };
        let any = ANY_POLICY.as_bytes();
        if mappings
            .iter()
            .any(|it| it.issuer == any || it.subject == any)
        {
            let found = "it maps anyPolicy";
            return refuse(certificate, Reason::PolicyMapping, found);
        }
        let Some(depth) = self.graph.last_mut() else {
            return Ok(());
        };
        budget.policy_nodes(mappings.len())?;
        let mut mapped: BTreeMap<_, BTreeSet<_>> = BTreeMap::new();
        for mapping in mappings {
            let expected = mapped.entry(mapping.issuer).or_default();
            expected.insert(mapping.subject);
        }
        if self.policy_mapping == 0 {
            depth.retain(|policy, _| !mapped.contains_key(policy));
            if depth.is_empty() {
                let found = format!("it maps {}, which is inhibited", list(mapped.into_keys()));
                self.end(certificate, found);
            }
            return Ok(());
        }
        let from_any = depth.contains_key(any);
        for (policy, expected) in mapped {
            if let Some(node) = depth.get_mut(policy) {
                node.expected = expected;
            } else if from_any {
                let parents = vec![any];
                depth.insert(policy, Node { expected, parents });
            }
        }
        Ok(())
    }

    /// Wraps up after the last certificate (§6.1.5 (a), (b), (g)).
    pub(super) fn wrap_up(mut self, last: &'a Certificate) -> Result<ValidPolicies, Refusal> {
        self.explicit_policy = self.explicit_policy.saturating_sub(1);
        if constraints(last)?.require_explicit_policy == Some(0) && self.explicit_policy > 0 {
            self.explicit_policy = 0;
            self.required_by = Some(last);
        }
        let authority = self.authority_constrained();
        let any = ANY_POLICY.as_bytes();
        let asked: BTreeSet<_> = self
            .inputs
            .policies
            .iter()
            .map(|it| it.as_bytes())
            .collect();
        let user = match asked.is_empty() || asked.contains(any) {
            true => authority.clone(),
            false if authority.contains(any) => asked,
            false => authority.intersection(&asked).copied().collect(),
        };
        if self.explicit_policy == 0 && user.is_empty() {
            if self.ended.is_none() {
                let found = format!("its path is valid for {}", list(authority));
                self.end(last, found);
            }
            return self.refuse(last);
        }
        let shown = |set: BTreeSet<_>| set.into_iter().map(oid_number).collect();
        Ok(ValidPolicies {
            authority: shown(authority),
            user: shown(user),
        })
    }

    /// Calculates the authority_constrained_policy_set (RFC 9618 §5.5 (g)(1) to (4)): walks upwards along the nodes that reach the last
    /// certificate and gathers those that come from anyPolicy alone.
    fn authority_constrained(&self) -> BTreeSet<PolicyId<'a>> {
        let any = ANY_POLICY.as_bytes();
        let mut found = BTreeSet::new();
        let Some(last) = self.graph.last() else {
            return found;
        };
        if last.contains_key(any) {
            found.insert(any);
        }
        let mut alive: BTreeSet<_> = last.keys().copied().collect();
        for depth in self.graph.iter().rev() {
            let mut parents = BTreeSet::new();
            for policy in alive {
                let Some(node) = depth.get(policy) else {
                    continue;
                };
                if policy != any && node.parents == [any] {
                    found.insert(policy);
                }
                parents.extend(&node.parents);
            }
            alive = parents;
        }
        found
    }

    /// Makes the graph NULL, and remembers who did.
    fn end(&mut self, certificate: &'a Certificate, found: String) {
        self.graph.clear();
        self.ended.get_or_insert((certificate, found));
    }

    /// Refuses the path for want of a policy, naming the certificate that ended it rather than the one where it came to matter.
    fn refuse<T>(&mut self, here: &'a Certificate) -> Result<T, Refusal> {
        let no_policy = || (here, "its path is valid for no policy".to_owned());
        let (certificate, found) = self.ended.take().unwrap_or_else(no_policy);
        let asked = self.inputs.policies.iter().map(|policy| policy.as_bytes());
        let wanted = match self.inputs.policies.as_slice() {
            [] => "the path must be valid for a certificate policy".to_owned(),
            _ => format!(
                "the path must be valid for the certificate policy {}",
                list(asked)
            ),
        };
        let wanted = match self.required_by {
            Some(issuer) => format!("{wanted}, as {} requires", issuer.subject()),
            None => wanted,
        };
        let objection = certificate.objection(Reason::NoPolicy, found);
        Err(objection.wanting(wanted).into())
    }
}

/// Makes the nodes of the next depth (RFC 9618 §5.3, §6.1.3 (d)(1) and (2)).
fn grow<'a>(
    above: &Depth<'a>,
    policies: &[PolicyId<'a>],
    any_counts: bool,
    budget: &mut Budget,
) -> Result<Depth<'a>, BudgetExceeded> {
    let any = ANY_POLICY.as_bytes();
    let mut expecting: BTreeMap<PolicyId<'a>, Vec<PolicyId<'a>>> = BTreeMap::new();
    for (policy, node) in above {
        budget.policy_nodes(node.expected.len())?;
        for expected in &node.expected {
            expecting.entry(expected).or_default().push(policy);
        }
    }
    let child = |policy, parents| {
        let expected = BTreeSet::from([policy]);
        (policy, Node { expected, parents })
    };
    let mut depth = BTreeMap::new();
    budget.policy_nodes(policies.len())?;
    for policy in policies.iter().filter(|policy| **policy != any) {
        let parents = match expecting.get(policy) {
            Some(parents) => parents.clone(),
            None if above.contains_key(any) => vec![any],
            None => continue,
        };
        depth.extend([child(*policy, parents)]);
    }
    if any_counts && policies.contains(&any) {
        for (policy, parents) in expecting {
            if !depth.contains_key(policy) {
                depth.extend([child(policy, parents)]);
            }
        }
    }
    Ok(depth)
}

fn has_duplicates(policies: &[PolicyId<'_>]) -> bool {
    let mut seen = BTreeSet::new();
    !policies.iter().all(|policy| seen.insert(policy))
}

fn constraints(certificate: &Certificate) -> Result<PolicyConstraints, Refusal> {
    let value = certificate.extension(&ID_CE_POLICY_CONSTRAINTS);
    let constraints = value.map(PolicyConstraints::read).transpose();
    Ok(read(certificate, "policyConstraints", constraints)?.unwrap_or_default())
}

/// Names policies for people: `1.2.3, 1.2.4`, or `none`.
fn list<'a>(policies: impl IntoIterator<Item = PolicyId<'a>>) -> String {
    let all: BTreeSet<_> = policies.into_iter().collect();
    let mut names: Vec<_> = all.iter().take(SHOWN).map(|it| oid_number(it)).collect();
    if all.len() > SHOWN {
        names.push("…".to_owned());
    }
    match names.is_empty() {
        true => "none".to_owned(),
        false => names.join(", "),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]
    use super::*;
    use crate::{
        asn1::{Tag, oid::Oid, write},
        policy::{Limits, Policy},
        x509::{
            path::Purpose,
            sample::{Template, extension, key, now},
            validate::{self, Question, Valid},
        },
    };
    use proptest::prelude::*;
    use std::time::{Duration, Instant};

    /// `any`, or the policy 1.2.3.N
    fn policy(text: &str) -> Oid {
        match text {
            "any" => ANY_POLICY,
            _ => Oid::new(&format!("1.2.3.{text}")).unwrap(),
        }
    }

    fn oid(text: &str) -> Vec<u8> {
        write::tlv(Tag::OID, policy(text).as_bytes())
    }

    fn skip(number: u8, text: &str) -> Vec<u8> {
        write::tlv(Tag::context_primitive(number), &[text.parse().unwrap()])
    }

    /// Adds what one word says: `policies:1,2`, `maps:1>2,any>3`, `require:0`, `inhibit-mapping:0`, `inhibit-any:0`.
    fn with(template: Template, word: &str) -> Template {
        let (kind, value) = word.split_once(':').unwrap();
        let list = |items: Vec<Vec<u8>>| write::tlv(Tag::SEQUENCE, &items.concat());
        let (id, value) = match kind {
            "policies" => {
                let policies = value.split(',').map(|it| write::sequence(&[&oid(it)]));
                (ID_CE_CERTIFICATE_POLICIES, list(policies.collect()))
            }
            "maps" => {
                let pairs = value.split(',').map(|pair| {
                    let (from, to) = pair.split_once('>').unwrap();
                    write::sequence(&[&oid(from), &oid(to)])
                });
                (ID_CE_POLICY_MAPPINGS, list(pairs.collect()))
            }
            "require" => (ID_CE_POLICY_CONSTRAINTS, list(vec![skip(0, value)])),
            "inhibit-mapping" => (ID_CE_POLICY_CONSTRAINTS, list(vec![skip(1, value)])),
            "inhibit-any" => {
                let skip = write::integer(value.parse().unwrap());
                (ID_CE_INHIBIT_ANY_POLICY, skip)
            }
            "malformed-policies" => (ID_CE_CERTIFICATE_POLICIES, vec![0x30, 0]),
            _ => panic!("{kind}"),
        };
        template.with(extension(&id, true, &value))
    }

    /// Makes a path below an anchor from a description of each certificate, the first CA first. A description that begins with `self` is of a
    /// certificate with the name of its issuer.
    fn path(certificates: &[&str]) -> Vec<Certificate> {
        let mut issuer = "CN=Root".to_owned();
        let mut path = vec![Template::ca(&issuer, &key(1), &issuer).unsigned()];
        for (place, words) in certificates.iter().enumerate() {
            let last = place + 1 == certificates.len();
            let words: Vec<_> = words.split_whitespace().collect();
            let subject = match words.first() {
                Some(&"self") => issuer.clone(),
                _ if last => "CN=Alice".to_owned(),
                _ => format!("CN=CA {}", place + 1),
            };
            let mut template = match last {
                true => Template::new(&subject, &key(2), &issuer),
                false => Template::ca(&subject, &key(2), &issuer),
            };
            for word in words.iter().filter(|word| **word != "self") {
                template = with(template, word);
            }
            path.insert(0, template.unsigned());
            issuer = subject;
        }
        path
    }

    fn validated(path: &[Certificate], inputs: &PolicyInputs) -> Result<Valid, Refusal> {
        let mut policy = Policy::default();
        policy.certificate_policies = inputs.clone();
        let question = Question {
            purpose: Purpose::Sign,
            at: now(),
            signing_time: None,
            policy: &policy,
        };
        validate::validate(path, question, &mut Budget::new(Limits::default()))
    }

    /// Returns `authority / user`, or the reason of the refusal.
    fn outcome(inputs: &PolicyInputs, certificates: &[&str]) -> String {
        match validated(&path(certificates), inputs) {
            Ok(Valid { policies, .. }) => {
                let short = |all: &[String]| {
                    let all = all.iter().map(|it| match it.as_str() {
                        "2.5.29.32.0" => "any",
                        it => it.strip_prefix("1.2.3.").unwrap(),
                    });
                    all.collect::<Vec<_>>().join(",")
                };
                format!("{} / {}", short(&policies.authority), short(&policies.user))
            }
            Err(Refusal::Invalid(objection)) => objection.reason.name().to_owned(),
            Err(Refusal::Budget(exceeded)) => exceeded.to_string(),
        }
    }

    fn any() -> PolicyInputs {
        PolicyInputs::default()
    }

    fn explicit() -> PolicyInputs {
        PolicyInputs {
            require_explicit: true,
            ..any()
        }
    }

    fn asked(policies: &[&str]) -> PolicyInputs {
        PolicyInputs {
            policies: policies.iter().map(|it| policy(it)).collect(),
            ..explicit()
        }
    }

    #[test]
    fn a_policy_holds_where_every_certificate_has_it() {
        let all = ["policies:1,2", "policies:2,3"];
        assert_eq!(outcome(&explicit(), &all), "2 / 2");
        assert_eq!(outcome(&asked(&["2", "9"]), &all), "2 / 2");
        assert_eq!(outcome(&asked(&["1"]), &all), "no-policy");
        assert_eq!(outcome(&asked(&["any"]), &all), "2 / 2");
        for none in [
            ["policies:1", "policies:2"],
            ["policies:1", ""],
            ["", "policies:1"],
        ] {
            assert_eq!(outcome(&explicit(), &none), "no-policy");
            assert_eq!(outcome(&any(), &none), " / ");
        }
    }

    #[test]
    fn what_is_asked_for_refuses_only_where_a_policy_is_required() {
        let mut asked = asked(&["1"]);
        asked.require_explicit = false;
        assert_eq!(outcome(&asked, &["policies:2", "policies:2"]), "2 / ");
        assert_eq!(
            outcome(&asked, &["policies:2 require:0", "policies:2"]),
            "no-policy"
        );
        assert_eq!(
            outcome(&asked, &["policies:1 require:0", "policies:1"]),
            "1 / 1"
        );
    }

    #[test]
    fn any_policy_stands_for_all() {
        assert_eq!(
            outcome(&explicit(), &["policies:any", "policies:1"]),
            "1 / 1"
        );
        assert_eq!(
            outcome(&explicit(), &["policies:1", "policies:any"]),
            "1 / 1"
        );
        assert_eq!(
            outcome(&explicit(), &["policies:any", "policies:any"]),
            "any / any"
        );
        assert_eq!(
            outcome(&asked(&["7"]), &["policies:any", "policies:any"]),
            "any / 7"
        );
        assert_eq!(
            outcome(&asked(&["7"]), &["policies:any", "policies:1"]),
            "no-policy"
        );
    }

    #[test]
    fn any_policy_may_be_inhibited() {
        let inhibited = PolicyInputs {
            inhibit_any: true,
            ..explicit()
        };
        assert_eq!(
            outcome(&inhibited, &["policies:any", "policies:1"]),
            "no-policy"
        );
        assert_eq!(outcome(&inhibited, &["policies:1", "policies:1"]), "1 / 1");
        let by_ca = |skip| format!("policies:1 inhibit-any:{skip}");
        assert_eq!(
            outcome(&explicit(), &[&by_ca(0), "policies:any"]),
            "no-policy"
        );
        assert_eq!(outcome(&explicit(), &[&by_ca(1), "policies:any"]), "1 / 1");
        assert_eq!(
            outcome(&explicit(), &[&by_ca(1), "policies:1", "policies:any"]),
            "no-policy"
        );
        // a self-issued CA may still say anyPolicy, and does not use up what is left; a self-issued end may not
        let self_issued = [&by_ca(0), "self policies:any", "policies:1"];
        assert_eq!(outcome(&explicit(), &self_issued), "1 / 1");
        assert_eq!(
            outcome(&explicit(), &[&by_ca(1), "self policies:1", "policies:any"]),
            "1 / 1"
        );
        assert_eq!(
            outcome(&explicit(), &[&by_ca(0), "self policies:any"]),
            "no-policy"
        );
    }

    #[test]
    fn a_ca_may_require_a_policy() {
        let with = |skip: &str, rest: &[&str]| {
            let first = format!("policies:1 require:{skip}");
            outcome(&any(), &[&[first.as_str()], rest].concat())
        };
        assert_eq!(with("0", &["policies:1"]), "1 / 1");
        assert_eq!(with("0", &[""]), "no-policy");
        // the last certificate takes one more off (§6.1.5 (a))
        assert_eq!(with("1", &[""]), "no-policy");
        assert_eq!(with("2", &[""]), " / ");
        assert_eq!(with("2", &["policies:1", ""]), "no-policy");
        // self-issued issuers take nothing off, a self-issued end does
        assert_eq!(with("2", &["self policies:1", ""]), " / ");
        assert_eq!(with("1", &["self policies:1", "self"]), "no-policy");
        assert_eq!(with("3", &["", ""]), " / ");
        // of the last certificate only zero counts (§6.1.5 (b))
        assert_eq!(outcome(&any(), &["", "require:0"]), "no-policy");
        assert_eq!(outcome(&any(), &["", "require:1"]), " / ");
        assert_eq!(
            outcome(&any(), &["policies:1", "policies:1 require:0"]),
            "1 / 1"
        );
    }

    #[test]
    fn policies_are_mapped() {
        let mapped = ["policies:1 maps:1>2", "policies:2"];
        assert_eq!(outcome(&explicit(), &mapped), "1 / 1");
        assert_eq!(outcome(&asked(&["1"]), &mapped), "1 / 1");
        assert_eq!(outcome(&asked(&["2"]), &mapped), "no-policy");
        let not = ["policies:1 maps:1>2", "policies:1"];
        assert_eq!(outcome(&explicit(), &not), "no-policy");
        let several = ["policies:1,2 maps:1>3,2>3,2>4", "policies:3"];
        assert_eq!(outcome(&explicit(), &several), "1,2 / 1,2");
        let from_any = ["policies:any maps:1>2", "policies:2"];
        assert_eq!(outcome(&explicit(), &from_any), "1 / 1");
        let two_steps = ["policies:1 maps:1>2", "policies:2 maps:2>3", "policies:3"];
        assert_eq!(outcome(&asked(&["1"]), &two_steps), "1 / 1");
        let of_another = ["policies:1 maps:5>2", "policies:2"];
        assert_eq!(outcome(&explicit(), &of_another), "no-policy");
        let met_by_any = ["policies:1 maps:1>2,1>3", "policies:any"];
        assert_eq!(outcome(&explicit(), &met_by_any), "1 / 1");
    }

    #[test]
    fn mapping_may_be_inhibited() {
        let inhibited = PolicyInputs {
            inhibit_mapping: true,
            ..explicit()
        };
        let mapped = ["policies:1 maps:1>2", "policies:2"];
        assert_eq!(outcome(&inhibited, &mapped), "no-policy");
        assert_eq!(outcome(&inhibited, &["policies:1", "policies:1"]), "1 / 1");
        let others = ["policies:1,3 maps:1>2", "policies:2,3"];
        assert_eq!(outcome(&inhibited, &others), "3 / 3");
        let by_ca = |skip: &str, between: &str| {
            let first = format!("policies:1 inhibit-mapping:{skip}");
            outcome(
                &explicit(),
                &[&first, between, "policies:1 maps:1>2", "policies:2"],
            )
        };
        assert_eq!(by_ca("0", "policies:1"), "no-policy");
        assert_eq!(by_ca("1", "policies:1"), "no-policy");
        assert_eq!(by_ca("2", "policies:1"), "1 / 1");
        assert_eq!(by_ca("1", "self policies:1"), "1 / 1");
    }

    #[test]
    fn any_policy_is_never_mapped() {
        for maps in ["maps:any>1", "maps:1>any"] {
            let ca = format!("policies:1,any {maps}");
            assert_eq!(outcome(&any(), &[&ca, "policies:1"]), "policy-mapping");
        }
    }

    #[test]
    fn malformed_policies_refuse_and_repeated_ones_stand_for_nothing() {
        assert_eq!(
            outcome(&any(), &["malformed-policies:", ""]),
            "malformed-extension"
        );
        assert_eq!(
            outcome(&any(), &["", "malformed-policies:"]),
            "malformed-extension"
        );
        for twice in [
            ["policies:1,1", "policies:1"],
            ["policies:1", "policies:1,1"],
        ] {
            assert_eq!(outcome(&explicit(), &twice), "no-policy");
            assert_eq!(outcome(&any(), &twice), " / ");
        }
    }

    #[test]
    fn a_refusal_names_what_was_wanted_and_who_ended_it() {
        let text = |inputs: &PolicyInputs, certificates: &[&str]| match validated(
            &path(certificates),
            inputs,
        ) {
            Err(Refusal::Invalid(objection)) => objection.to_string(),
            other => panic!("{other:?}"),
        };
        assert_eq!(
            text(&asked(&["9"]), &["policies:1", "policies:1"]),
            "certificate CN=Alice (serial 01): its path is valid for 1.2.3.1; the path must be valid for the certificate policy 1.2.3.9"
        );
        assert_eq!(
            text(
                &any(),
                &["require:0 policies:1,2", "policies:3", "policies:3"]
            ),
            "certificate CN=CA 2 (serial 01): its certificatePolicies are 1.2.3.3, where the path above permits 1.2.3.1, 1.2.3.2; \
             the path must be valid for a certificate policy, as CN=CA 1 requires"
        );
        assert_eq!(
            text(&explicit(), &["policies:1", ""]),
            "certificate CN=Alice (serial 01): it has no certificatePolicies; the path must be valid for a certificate policy"
        );
    }

    #[test]
    fn mappings_do_not_explode() {
        // 32 levels that double the tree of RFC 5280 each time: the graph has two nodes a level
        let level = "policies:1,2 maps:1>1,1>2,2>1,2>2";
        let mut bomb = vec![level; 32];
        bomb.push("policies:1");
        let start = Instant::now();
        assert_eq!(outcome(&explicit(), &bomb), "1,2 / 1,2");
        assert!(start.elapsed() < Duration::from_secs(2));
    }

    #[test]
    fn a_graph_has_a_limit() {
        let wide = |policies: usize| {
            let all: Vec<_> = (0..policies).map(|it| it.to_string()).collect();
            format!("policies:{}", all.join(","))
        };
        // every certificate costs its policies, and those that its issuer expects
        let outcome = |first, second| outcome(&any(), &[&wide(first), &wide(second)]);
        let start = Instant::now();
        let fits = outcome(4_000, 1_999);
        assert_eq!(fits.matches(',').count(), 2 * 1_998);
        assert_eq!(
            outcome(4_000, 2_000),
            "building the certificate path took more than 10000 nodes of a policy graph"
        );
        assert!(start.elapsed() < Duration::from_secs(2));
    }

    #[test]
    fn an_anchor_by_itself_is_judged_too() {
        let alone = |word: &str| {
            let template = Template::new("CN=Alice", &key(1), "CN=Alice");
            let alice = match word {
                "" => template,
                word => with(template, word),
            };
            validated(&[alice.unsigned()], &explicit()).is_ok()
        };
        assert!(alone("policies:1"));
        assert!(!alone(""));
    }

    /// The tree of RFC 5280 §6.1 as it stood before RFC 9618, without pruning: its leaves at the depth reached, each by its valid_policy, its
    /// expected policies, and the first policy on its way down that is not anyPolicy.
    mod tree {
        use std::collections::BTreeSet;

        /// One certificate: its policies, and its mappings.
        pub(super) type Level = (Vec<u8>, Vec<(u8, u8)>);
        /// stands for anyPolicy
        pub(super) const ANY: u8 = 0;

        #[derive(Clone)]
        struct Leaf {
            policy: u8,
            expected: BTreeSet<u8>,
            first: u8,
        }

        /// Returns the policies below anyPolicy whose branches reach the last certificate, in the order of their numbers.
        pub(super) fn authority_constrained(path: &[Level]) -> Vec<u8> {
            let expected = BTreeSet::from([ANY]);
            let root = Leaf {
                policy: ANY,
                expected,
                first: ANY,
            };
            let mut leaves = vec![root];
            for (place, (policies, mappings)) in path.iter().enumerate() {
                leaves = children(&leaves, policies);
                if place + 1 < path.len() {
                    map(&mut leaves, mappings);
                }
            }
            let found: BTreeSet<_> = leaves.iter().map(|leaf| leaf.first).collect();
            found.into_iter().collect()
        }

        fn child(parent: &Leaf, policy: u8) -> Leaf {
            let first = if parent.first == ANY {
                policy
            } else {
                parent.first
            };
            Leaf {
                policy,
                expected: BTreeSet::from([policy]),
                first,
            }
        }

        /// §6.1.3 (d) (1) and (2)
        fn children(above: &[Leaf], policies: &[u8]) -> Vec<Leaf> {
            let mut below = Vec::new();
            let named: BTreeSet<_> = policies.iter().filter(|it| **it != ANY).collect();
            for policy in named {
                let mut parents: Vec<_> = above
                    .iter()
                    .filter(|it| it.expected.contains(policy))
                    .collect();
                if parents.is_empty() {
                    parents = above.iter().filter(|it| it.policy == ANY).collect();
                }
                below.extend(parents.into_iter().map(|parent| child(parent, *policy)));
            }
            if policies.contains(&ANY) {
                for parent in above {
                    let missing = parent
                        .expected
                        .iter()
                        .filter(|it| !policies.contains(it) || **it == ANY);
                    below.extend(missing.map(|policy| child(parent, *policy)));
                }
            }
            below
        }

        /// §6.1.4 (b) (1)
        fn map(leaves: &mut Vec<Leaf>, mappings: &[(u8, u8)]) {
            let from: BTreeSet<_> = mappings.iter().map(|(from, _)| *from).collect();
            for policy in from {
                let expected: BTreeSet<_> = mappings
                    .iter()
                    .filter(|it| it.0 == policy)
                    .map(|it| it.1)
                    .collect();
                let mut any = None;
                let mut there = false;
                for leaf in leaves.iter_mut() {
                    if leaf.policy == policy {
                        leaf.expected.clone_from(&expected);
                        there = true;
                    } else if leaf.policy == ANY {
                        any = Some(leaf.clone());
                    }
                }
                if let (false, Some(any)) = (there, any) {
                    let first = if any.first == ANY { policy } else { any.first };
                    leaves.push(Leaf {
                        policy,
                        expected,
                        first,
                    });
                }
            }
        }
    }

    fn level() -> impl Strategy<Value = tree::Level> {
        let policies = proptest::collection::btree_set(0_u8..5, 1..4);
        let mappings = proptest::collection::vec((1_u8..5, 1_u8..5), 0..4);
        (policies, mappings)
            .prop_map(|(policies, mappings)| (policies.into_iter().collect(), mappings))
    }

    proptest! {
        /// RFC 9618 §3: the graph says what the tree said.
        #[test]
        fn the_graph_says_what_the_tree_said(levels in proptest::collection::vec(level(), 1..6)) {
            let name = |policy: &u8| match *policy {
                tree::ANY => "any".to_owned(),
                policy => policy.to_string(),
            };
            let described: Vec<String> = levels.iter().enumerate().map(|(place, (policies, mappings))| {
                let policies: Vec<_> = policies.iter().map(name).collect();
                let pairs: Vec<_> = mappings.iter().map(|(from, to)| format!("{from}>{to}")).collect();
                match pairs.is_empty() || place + 1 == levels.len() {
                    true => format!("policies:{}", policies.join(",")),
                    false => format!("policies:{} maps:{}", policies.join(","), pairs.join(",")),
                }
            }).collect();
            let described: Vec<_> = described.iter().map(String::as_str).collect();
            let mut wanted: Vec<_> = tree::authority_constrained(&levels).iter().map(name).collect();
            // the octets of anyPolicy come last
            wanted.sort_by_key(|it| it == "any");
            let wanted = match wanted.is_empty() {
                true => "no-policy".to_owned(),
                false => format!("{0} / {0}", wanted.join(",")),
            };
            prop_assert_eq!(outcome(&explicit(), &described), wanted, "{:?}", described);
        }
    }
}
