//! What is acceptable: rules with levels, limits, preferences. Plain data; mechanism reports, policy grades.
//!
//! Mathematics has no level: the rules marked *fixed* are always denied.
pub mod extensions;
pub mod inputs;
pub mod limits;
pub mod preferences;
pub mod reasons;
pub mod rules;
pub mod strength;

pub use inputs::PolicyInputs;
pub use limits::Limits;
pub use preferences::Preferences;
pub use reasons::{Concerned, Objection, Reason};
pub use rules::Rule;

use std::collections::BTreeMap;

/// How much a finding weighs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Said in the JSON report only.
    Allow,
    /// Said to people, without changing the verdict.
    Warn,
    /// The answer is no.
    Deny,
}

impl Level {
    /// Returns `allow`, `warn` or `deny`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Allow => "allow",
            Self::Warn => "warn",
            Self::Deny => "deny",
        }
    }
}

/// Something that was found and graded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// which rule it touches
    pub rule: Rule,
    /// how much it weighs under the policy in force
    pub level: Level,
    /// what was found and what was wanted: one line, lower case, no full stop; untrusted text in it is not yet escaped
    pub message: String,
    /// the same in parts, where it is about a certificate or its path
    pub objection: Option<Box<Objection>>,
    /// which part it is about, where it is about one
    pub part: Option<Box<Part>>,
}

/// A part of the message that something was found about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// its number in the message
    pub number: String,
    /// its number in what comes out, where it stands inside a CMS object, so that no number of the message leads to it
    pub inside: Option<String>,
    /// whether it is encrypted
    pub encrypted: bool,
}

impl Finding {
    /// Says which part it is about.
    #[must_use]
    pub fn about(mut self, part: Part) -> Self {
        self.part = Some(Box::new(part));
        self
    }
}

/// Named starting points of a [`Policy`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum PolicyName {
    /// what today's mail needs
    #[default]
    Standard,
    /// as standard, and writes AES-GCM, OAEP and PSS
    Modern,
    /// reads old mail
    Archive,
}

/// Whether certificates' revocation is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Revocation {
    /// not at all
    Off,
    /// what is at hand is used; nothing at hand is a warning
    #[default]
    Soft,
    /// nothing at hand is denied
    Hard,
}

/// A rule whose level cannot be changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the rule {} is fixed: it is always denied", .0.name())]
pub struct FixedRule(pub Rule);

/// What is acceptable, and what is preferred.
#[derive(Debug, Clone)]
pub struct Policy {
    /// where it started from
    pub name: PolicyName,
    /// bounds on everything an attacker can make large
    pub limits: Limits,
    /// whether revocation is looked at
    pub revocation: Revocation,
    /// what is asked of certificate policies
    pub certificate_policies: PolicyInputs,
    /// what is written when there is a choice
    pub preferences: Preferences,
    /// whether another thread may help with one large message: what is written and found is the same
    pub overlap: bool,
    levels: BTreeMap<Rule, Level>,
}

impl Policy {
    /// Returns the policy of this name, unchanged.
    pub fn named(name: PolicyName) -> Self {
        Self {
            name,
            limits: Limits::default(),
            revocation: Revocation::default(),
            certificate_policies: PolicyInputs::default(),
            preferences: Preferences::of(name),
            overlap: true,
            levels: BTreeMap::new(),
        }
    }

    /// Returns the level of a rule.
    pub fn level(&self, rule: Rule) -> Level {
        if let Some(level) = self.levels.get(&rule) {
            return *level;
        }
        if rule == Rule::RevocationUnknown && self.revocation == Revocation::Hard {
            return Level::Deny;
        }
        rule.level(self.name)
    }

    /// Sets the level of a rule.
    pub fn set(&mut self, rule: Rule, level: Level) -> Result<(), FixedRule> {
        if rule.is_fixed() {
            return Err(FixedRule(rule));
        }
        self.levels.insert(rule, level);
        Ok(())
    }

    /// Grades something that was found.
    pub fn finding(&self, rule: Rule, message: impl Into<String>) -> Finding {
        Finding {
            rule,
            level: self.level(rule),
            message: message.into(),
            objection: None,
            part: None,
        }
    }

    /// Returns whether any of these findings is denied.
    pub fn denies(findings: &[Finding]) -> bool {
        findings.iter().any(|f| f.level == Level::Deny)
    }
}

impl Default for Policy {
    fn default() -> Self {
        Self::named(PolicyName::default())
    }
}
