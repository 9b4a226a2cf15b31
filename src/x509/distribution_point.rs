//! Distribution points: where a certificate says its CRLs are (RFC 5280 §4.2.1.13), what part of them a CRL says it is (§5.2.5), and
//! whether one fits the other (§6.3.3 (b), (d)). Only reads and compares; whose word a CRL is, `revocation` knows.
use super::{
    Certificate, Error,
    extension::{boolean_content, sequence},
    general_name::GeneralName,
    name::Name,
};
use crate::asn1::{
    Tag,
    cursor::{Cursor, Value},
    write,
};
use const_oid::db::rfc5280::{ID_CE_CRL_DISTRIBUTION_POINTS, ID_CE_ISSUER_ALT_NAME};

/// A set of reasons for revocation, as ReasonFlags count them: the first bit highest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Reasons(u16);

impl Reasons {
    /// Every legal reason but `unspecified` (§6.3.2 (a)).
    pub const ALL: Self = Self(0x7f80);
    /// certificateHold (6)
    pub const HOLD: Self = Self(0x0200);

    const NAMES: [(u16, &'static str); 8] = [
        (0x4000, "keyCompromise"),
        (0x2000, "cACompromise"),
        (0x1000, "affiliationChanged"),
        (0x0800, "superseded"),
        (0x0400, "cessationOfOperation"),
        (0x0200, "certificateHold"),
        (0x0100, "privilegeWithdrawn"),
        (0x0080, "aACompromise"),
    ];

    /// Reads the content octets of ReasonFlags ::= BIT STRING; bits without a meaning mean nothing.
    fn read(content: &[u8]) -> Result<Self, Error> {
        match content {
            [0..=7, flags @ ..] => {
                let octet = |index| flags.get(index).copied().unwrap_or(0);
                Ok(Self(u16::from_be_bytes([octet(0), octet(1)]) & Self::ALL.0))
            }
            _ => Err(Error::Malformed("reasons are no BIT STRING")),
        }
    }

    /// Returns the reasons in both.
    #[must_use]
    pub const fn both(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// Returns the reasons in either.
    #[must_use]
    pub const fn either(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Returns whether every reason of `other` is in it.
    pub const fn covers(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// Returns those that it lacks.
    #[must_use]
    pub const fn missing(self) -> Self {
        Self(Self::ALL.0 & !self.0)
    }

    /// Returns whether there is none.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }
}

/// `keyCompromise, superseded`
impl std::fmt::Display for Reasons {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let set = Self::NAMES.iter().filter(|(bit, _)| self.0 & bit != 0);
        let names: Vec<_> = set.map(|(_, name)| *name).collect();
        f.write_str(match names.is_empty() {
            true => "no reason",
            false => return f.write_str(&names.join(", ")),
        })
    }
}

/// DistributionPoint ::= SEQUENCE { distributionPoint \[0\] DistributionPointName OPTIONAL, reasons \[1\] ReasonFlags OPTIONAL,
///      cRLIssuer \[2\] GeneralNames OPTIONAL } (§4.2.1.13)
#[derive(Debug, Clone)]
pub struct DistributionPoint<'a> {
    names: Option<Vec<GeneralName<'a>>>,
    reasons: Option<Reasons>,
    issuer: Option<Vec<GeneralName<'a>>>,
}

impl<'a> DistributionPoint<'a> {
    /// Returns the distribution points of a certificate, and the one that §6.3.3 assumes beside them: any CRL of the issuer under its own
    /// name. What cannot be read is left out: a distribution point only adds CRLs that may be used to those of the assumed one.
    pub fn all(certificate: &'a Certificate) -> Vec<Self> {
        let mut points = certificate
            .extension(&ID_CE_CRL_DISTRIBUTION_POINTS)
            .and_then(|der| Self::read_all(der, certificate.issuer()).ok())
            .unwrap_or_default();
        let mut names = vec![GeneralName::Directory(certificate.issuer().clone())];
        let others = certificate.extension(&ID_CE_ISSUER_ALT_NAME);
        names.extend(
            others
                .and_then(|der| GeneralName::read_all(der).ok())
                .unwrap_or_default(),
        );
        points.push(Self {
            names: Some(names),
            reasons: None,
            issuer: None,
        });
        points
    }

    /// Reads CRLDistributionPoints ::= SEQUENCE SIZE (1..MAX) OF DistributionPoint.
    fn read_all(der: &'a [u8], certificate_issuer: &Name) -> Result<Vec<Self>, Error> {
        let mut list = sequence(der)?;
        let mut points = Vec::new();
        while !list.is_empty() {
            let mut fields = list.enter(Tag::SEQUENCE)?;
            let name = fields.optional(Tag::context(0))?;
            let reasons = fields.optional(Tag::context_primitive(1))?;
            let issuer = fields.optional(Tag::context(2))?;
            fields.finish()?;
            let issuer = issuer
                .map(|names| GeneralName::read_list(names.inside()))
                .transpose()?;
            // a relative name is one below the CRL's issuer, of which there must then be one
            let above = match issuer.as_deref() {
                None => Some(certificate_issuer),
                Some([GeneralName::Directory(name)]) => Some(name),
                Some(_) => None,
            };
            points.push(Self {
                names: name.map(|name| point_names(name, above)).transpose()?,
                reasons: reasons
                    .map(|flags| Reasons::read(flags.content))
                    .transpose()?,
                issuer,
            });
        }
        Ok(points)
    }

    /// Returns the names under which the CRLs of this point may be issued, if they are not the certificate's issuer's.
    pub fn crl_issuers(&self) -> impl Iterator<Item = &Name> {
        let names = self.issuer.iter().flatten();
        names.filter_map(|name| match name {
            GeneralName::Directory(name) => Some(name),
            _ => None,
        })
    }
}

/// The scope of a CRL (§5.2.5); that of one without the extension is everything its issuer issued.
///
/// ```text
/// IssuingDistributionPoint ::= SEQUENCE { distributionPoint [0] DistributionPointName OPTIONAL, onlyContainsUserCerts [1] BOOLEAN,
///      onlyContainsCACerts [2] BOOLEAN, onlySomeReasons [3] ReasonFlags OPTIONAL, indirectCRL [4] BOOLEAN,
///      onlyContainsAttributeCerts [5] BOOLEAN }
/// ```
#[derive(Debug, Clone, Default)]
pub struct Scope<'a> {
    names: Option<Vec<GeneralName<'a>>>,
    only_users: bool,
    only_authorities: bool,
    only_attributes: bool,
    reasons: Option<Reasons>,
    indirect: bool,
}

impl<'a> Scope<'a> {
    /// Reads the value of issuingDistributionPoint in a CRL of `issuer`.
    pub fn read(der: &'a [u8], issuer: &Name) -> Result<Self, Error> {
        let mut fields = sequence(der)?;
        let name = fields.optional(Tag::context(0))?;
        let mut flag = |number| {
            let value = fields.optional(Tag::context_primitive(number))?;
            value.map_or(Ok(false), |value| boolean_content(value.content))
        };
        let (only_users, only_authorities) = (flag(1)?, flag(2)?);
        let reasons = fields.optional(Tag::context_primitive(3))?;
        let mut flag = |number| {
            let value = fields.optional(Tag::context_primitive(number))?;
            value.map_or(Ok(false), |value| boolean_content(value.content))
        };
        let (indirect, only_attributes) = (flag(4)?, flag(5)?);
        fields.finish()?;
        let scope = Self {
            names: name
                .map(|name| point_names(name, Some(issuer)))
                .transpose()?,
            only_users,
            only_authorities,
            only_attributes,
            reasons: reasons
                .map(|flags| Reasons::read(flags.content))
                .transpose()?,
            indirect,
        };
        match [only_users, only_authorities, only_attributes]
            .iter()
            .filter(|only| **only)
            .count()
        {
            0 | 1 => Ok(scope),
            _ => Err(Error::Malformed(
                "issuingDistributionPoint excludes everything",
            )),
        }
    }

    /// Returns the reasons for which a CRL of this scope, issued by `issuer`, would list `certificate` (§6.3.3 (b), (d)), over all its
    /// distribution points; or why it would not.
    pub fn covers(
        &self,
        certificate: &Certificate,
        points: &[DistributionPoint<'_>],
        issuer: &Name,
    ) -> Result<Reasons, Outside> {
        let authority = match certificate.basic_constraints() {
            Ok(basic) => basic.is_some_and(|basic| basic.ca),
            Err(_) => return Err(Outside::Undecided),
        };
        if self.only_attributes {
            return Err(Outside::Attributes);
        } else if self.only_users && authority {
            return Err(Outside::Users);
        } else if self.only_authorities && !authority {
            return Err(Outside::Authorities);
        }
        let mut reasons = None;
        let mut outside = Outside::Issuer;
        for point in points {
            let issued = match point.issuer {
                None => issuer == certificate.issuer(),
                Some(_) => self.indirect && point.crl_issuers().any(|name| name == issuer),
            };
            if !issued {
                continue;
            }
            if !self.is_at(point) {
                outside = Outside::Point;
                continue;
            }
            let here = point.reasons.unwrap_or(Reasons::ALL);
            reasons = Some(reasons.unwrap_or(Reasons::default()).either(here));
        }
        let reasons = reasons.ok_or(outside)?;
        Ok(reasons.both(self.reasons.unwrap_or(Reasons::ALL)))
    }

    /// Returns whether its name, if it has one, is one of a distribution point's (§6.3.3 (b) (2) (i)).
    fn is_at(&self, point: &DistributionPoint<'_>) -> bool {
        let Some(own) = &self.names else {
            return true;
        };
        let theirs = point.names.as_ref().or(point.issuer.as_ref());
        theirs.is_some_and(|theirs| own.iter().any(|name| theirs.contains(name)))
    }
}

/// Why a CRL is not about a certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outside {
    /// it may not speak for the certificate's issuer
    Issuer,
    /// it is for another distribution point
    Point,
    /// onlyContainsUserCerts
    Users,
    /// onlyContainsCACerts
    Authorities,
    /// onlyContainsAttributeCerts
    Attributes,
    /// it cannot be told what the certificate is
    Undecided,
}

impl Outside {
    /// Returns what a CRL is instead.
    pub const fn text(self) -> &'static str {
        match self {
            Self::Issuer => "may not speak for the issuer of the certificate",
            Self::Point => "is for another distribution point",
            Self::Users => "covers only certificates that are no CA's",
            Self::Authorities => "covers only CA certificates",
            Self::Attributes => "covers only attribute certificates",
            Self::Undecided => "cannot be matched with malformed basicConstraints",
        }
    }
}

/// Reads the inside of DistributionPointName ::= CHOICE { fullName [0] GeneralNames, nameRelativeToCRLIssuer [1] RelativeDistinguishedName }.
fn point_names<'a>(name: Value<'a>, above: Option<&Name>) -> Result<Vec<GeneralName<'a>>, Error> {
    let mut choice = name.inside();
    let value = choice.any()?;
    choice.finish()?;
    match value.tag {
        Tag(0xa0) => GeneralName::read_list(value.inside()),
        Tag(0xa1) => {
            let above = above.ok_or(Error::Malformed("a relative name has several issuers"))?;
            Ok(vec![GeneralName::Directory(below(above, value.content)?)])
        }
        _ => Err(Error::Malformed("a DistributionPointName has another form")),
    }
}

/// Returns a name with one more RDN.
fn below(above: &Name, rdn: &[u8]) -> Result<Name, Error> {
    let rdns = Cursor::new(above.der(), 0).expect(Tag::SEQUENCE)?.content;
    let rdn = write::tlv(Tag::SET, rdn);
    Name::from_der(&write::sequence(&[rdns, &rdn]))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::x509::sample::{
        Template, basic_constraints, extension, general_name, key, name, parsed, rdn,
    };

    fn full(names: &[&str]) -> Vec<u8> {
        let names: Vec<_> = names.iter().map(|name| general_name(name)).collect();
        write::constructed(
            Tag::context(0),
            &[&write::tlv(Tag::context(0), &names.concat())],
        )
    }

    fn relative(value: &str) -> Vec<u8> {
        let set = rdn(&const_oid::db::rfc4519::CN, 0x0c, value.as_bytes());
        let inside = Cursor::new(&set, 0).any().unwrap().content.to_vec();
        write::constructed(Tag::context(0), &[&write::tlv(Tag::context(1), &inside)])
    }

    fn issuer(names: &[&str]) -> Vec<u8> {
        let names: Vec<_> = names.iter().map(|name| general_name(name)).collect();
        write::tlv(Tag::context(2), &names.concat())
    }

    /// Alice of CN=CA with these distribution points; or a CA.
    fn certificate(points: &[&[&[u8]]], authority: bool) -> Certificate {
        let mut template = Template::new("CN=Alice", &key(1), "CN=CA");
        if !points.is_empty() {
            let points: Vec<_> = points.iter().map(|parts| write::sequence(parts)).collect();
            let value = write::tlv(Tag::SEQUENCE, &points.concat());
            let point = extension(&ID_CE_CRL_DISTRIBUTION_POINTS, false, &value);
            template = template.with(point);
        }
        if authority {
            template = template.with(basic_constraints(true, None));
        }
        template.unsigned()
    }

    fn covered(
        certificate: &Certificate,
        scope: &[&[u8]],
        issuer: &str,
    ) -> Result<Reasons, Outside> {
        let der = write::sequence(scope);
        let issuer = parsed(issuer);
        let scope = match scope {
            [] => Scope::default(),
            _ => Scope::read(&der, &issuer).unwrap(),
        };
        scope.covers(certificate, &DistributionPoint::all(certificate), &issuer)
    }

    #[test]
    fn a_crl_without_scope_covers_what_its_issuer_issued() {
        let uri = full(&["uri:http://x/a"]);
        for alice in [
            certificate(&[], false),
            certificate(&[&[&uri]], false),
            certificate(&[], true),
        ] {
            assert_eq!(covered(&alice, &[], "CN=CA"), Ok(Reasons::ALL));
            assert_eq!(covered(&alice, &[], "CN=Other"), Err(Outside::Issuer));
        }
    }

    #[test]
    fn every_distribution_point_counts() {
        let (a, b, c) = (
            full(&["uri:http://x/a"]),
            full(&["uri:http://x/b"]),
            full(&["uri:http://x/c"]),
        );
        let alice = certificate(&[&[&a], &[&b]], false);
        assert_eq!(covered(&alice, &[&a], "CN=CA"), Ok(Reasons::ALL));
        assert_eq!(covered(&alice, &[&b], "CN=CA"), Ok(Reasons::ALL));
        assert_eq!(covered(&alice, &[&c], "CN=CA"), Err(Outside::Point));
        // the assumed one: the issuer's name
        assert_eq!(
            covered(&alice, &[&full(&["dir:CN=ca"])], "CN=CA"),
            Ok(Reasons::ALL)
        );
        let both = full(&["uri:http://x/c", "uri:http://x/b"]);
        assert_eq!(covered(&alice, &[&both], "CN=CA"), Ok(Reasons::ALL));
    }

    #[test]
    fn relative_names_are_below_the_issuer_of_the_crl() {
        let whole = full(&["dir:CN=CA,CN=one"]);
        let alice = certificate(&[&[&relative("one")]], false);
        assert_eq!(covered(&alice, &[&whole], "CN=CA"), Ok(Reasons::ALL));
        assert_eq!(
            covered(&alice, &[&relative("One")], "CN=CA"),
            Ok(Reasons::ALL)
        );
        assert_eq!(
            covered(&alice, &[&relative("two")], "CN=CA"),
            Err(Outside::Point)
        );
        let alice = certificate(&[&[&whole]], false);
        assert_eq!(
            covered(&alice, &[&relative("one")], "CN=CA"),
            Ok(Reasons::ALL)
        );
        // two issuers: below which?
        let two = issuer(&["dir:CN=X", "dir:CN=Y"]);
        let point = write::sequence(&[&write::sequence(&[&relative("one"), &two])]);
        assert!(DistributionPoint::read_all(&point, &parsed("CN=CA")).is_err());
    }

    #[test]
    fn who_issues_for_another_must_be_named_and_say_so() {
        let named = issuer(&["dir:CN=Lists"]);
        let indirect: &[u8] = &[0x84, 1, 0xff];
        let alice = certificate(&[&[&full(&["uri:http://x/a"]), &named]], false);
        assert_eq!(covered(&alice, &[indirect], "CN=Lists"), Ok(Reasons::ALL));
        assert_eq!(covered(&alice, &[], "CN=Lists"), Err(Outside::Issuer));
        assert_eq!(
            covered(&alice, &[indirect], "CN=Other"),
            Err(Outside::Issuer)
        );
        // the CA's own CRL is still the CA's
        assert_eq!(covered(&alice, &[], "CN=CA"), Ok(Reasons::ALL));
        assert_eq!(
            covered(&certificate(&[], false), &[indirect], "CN=Lists"),
            Err(Outside::Issuer)
        );
        // without a name of its own, a point is where its issuer is
        let alice = certificate(&[&[&named]], false);
        let here = full(&["dir:CN=Lists"]);
        let there = full(&["dir:CN=Elsewhere"]);
        assert_eq!(
            covered(&alice, &[&here, indirect], "CN=Lists"),
            Ok(Reasons::ALL)
        );
        assert_eq!(
            covered(&alice, &[&there, indirect], "CN=Lists"),
            Err(Outside::Point)
        );
    }

    #[test]
    fn kinds_of_certificates() {
        let (alice, ca) = (certificate(&[], false), certificate(&[], true));
        for (number, user, authority) in [
            (1, Ok(Reasons::ALL), Err(Outside::Users)),
            (2, Err(Outside::Authorities), Ok(Reasons::ALL)),
            (5, Err(Outside::Attributes), Err(Outside::Attributes)),
        ] {
            let flag = [0x80 | number, 1, 0xff];
            assert_eq!(covered(&alice, &[&flag], "CN=CA"), user);
            assert_eq!(covered(&ca, &[&flag], "CN=CA"), authority);
        }
        let both = write::sequence(&[&[0x81, 1, 0xff], &[0x82, 1, 0xff]]);
        assert!(Scope::read(&both, &parsed("CN=CA")).is_err());
    }

    #[test]
    fn reasons_are_those_of_point_and_crl_together() {
        let a = full(&["uri:http://x/a"]);
        let point: &[u8] = &[0x81, 2, 5, 0x60];
        let crl: &[u8] = &[0x83, 2, 5, 0x48];
        let some = certificate(&[&[&a, point]], false);
        let all = certificate(&[&[&a]], false);
        let text = |reasons: Result<Reasons, Outside>| reasons.unwrap().to_string();
        assert_eq!(
            text(covered(&some, &[&a], "CN=CA")),
            "keyCompromise, cACompromise"
        );
        assert_eq!(text(covered(&some, &[&a, crl], "CN=CA")), "keyCompromise");
        assert_eq!(
            text(covered(&all, &[&a, crl], "CN=CA")),
            "keyCompromise, superseded"
        );
        // the assumed point has no reasons
        assert_eq!(covered(&some, &[], "CN=CA"), Ok(Reasons::ALL));
        let reasons = Reasons::read(&[7, 0x7f, 0x80]).unwrap();
        assert!(reasons == Reasons::ALL && reasons.missing().is_empty());
        assert_eq!(Reasons::read(&[0]).unwrap().to_string(), "no reason");
        assert!(Reasons::read(&[]).is_err() && Reasons::read(&[8, 0]).is_err());
    }

    #[test]
    fn malformed_ones_add_nothing() {
        let value = extension(&ID_CE_CRL_DISTRIBUTION_POINTS, false, &[5, 0]);
        let alice = Template::new("CN=Alice", &key(1), "CN=CA").with(value);
        let alice = alice.unsigned();
        assert_eq!(DistributionPoint::all(&alice).len(), 1);
        assert_eq!(covered(&alice, &[], "CN=CA"), Ok(Reasons::ALL));
        let issuer = Name::from_der(&name("CN=CA")).unwrap();
        for bad in [&[0x30, 2, 0xa0, 0][..], &[0x30, 3, 0x81, 1, 1], &[5, 0]] {
            assert!(Scope::read(bad, &issuer).is_err(), "{bad:x?}");
        }
    }
}
