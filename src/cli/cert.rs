//! `smime cert show` and `smime cert check`.
use super::{
    Answer, Checked, Named, Outcome, args, conclude,
    error::Problem,
    output::{Leave, Output},
    prepare::{self, Ground, Randomness},
};
use smime::{
    policy::Limits,
    smime::Error,
    store::files,
    x509::{Catalogue, Certificate, Collection, PathBuilder, Purpose},
};
use std::path::{Path, PathBuf};

/// Prints every certificate and CRL of every file.
pub(crate) fn show(show: &args::CertShow) -> anyhow::Result<Answer> {
    let Ground { policy, at: _ } = prepare::ground(&show.common, None)?;
    let (mut certificates, mut crls) = (Vec::new(), Vec::new());
    for file in &show.files {
        let found = read_any(file, &policy.limits)?;
        if found.is_empty() {
            return Err(nothing(file).into());
        }
        certificates.extend(found.certificates.into_iter().map(|certificate| Named {
            file: file.clone(),
            certificate,
        }));
        crls.extend(found.crls.into_iter().map(|crl| (file.clone(), crl)));
    }
    Ok(Answer::Certificates { certificates, crls })
}

/// Validates the path of every certificate of every file. What else a file holds may serve as intermediate, and a certificate that issued
/// another one of its file is there as that one's issuer: its path is validated, a person's use is not asked of it.
pub(crate) fn check(check: &args::CertCheck) -> anyhow::Result<Answer> {
    let Ground { policy, at } = prepare::ground(&check.common, Some(&check.trust))?;
    let anchors = prepare::anchors(&check.trust, &policy)?;
    let repository = prepare::repository(&check.common.certs, &check.trust.crls, &policy.limits)?;
    let repository = Catalogue::from(repository);
    let purpose = match check.purpose {
        args::Purpose::Sign => Purpose::Sign,
        args::Purpose::Encrypt => Purpose::Encrypt,
        args::Purpose::Any => Purpose::Any,
    };
    let builder = PathBuilder::new(&anchors, &repository, &policy).watched(Some(prepare::watch()));
    let mut checked = Vec::new();
    for file in &check.files {
        let found = read(file, &policy.limits)?;
        let mut signatures = policy.limits.message_signatures;
        for certificate in &found.certificates {
            let purpose = if issued_another(certificate, &found, &mut signatures) {
                Purpose::Any
            } else {
                purpose
            };
            let report = builder
                .judge(certificate, &found, purpose, at, None)
                .map_err(Error::from)?;
            checked.push(Checked {
                named: Named {
                    file: file.clone(),
                    certificate: certificate.clone(),
                },
                report,
            });
        }
    }
    Ok(Answer::Paths(checked))
}

/// Writes every certificate of every file into one.
pub(crate) fn bundle(bundle: &args::CertBundle, rng: &mut Randomness) -> anyhow::Result<Outcome> {
    let Ground { policy, at: _ } = prepare::ground(&bundle.common, None)?;
    let mut certificates = Vec::new();
    for file in &bundle.files {
        certificates.extend(read(file, &policy.limits)?.certificates);
    }
    let mut output = Output::open(
        bundle.output.output.as_deref(),
        Leave::AsWritten,
        bundle.output.sync,
        rng,
    )?;
    prepare::not_to_people(bundle.format, &output)?;
    let report =
        smime::smime::bundle(&certificates, prepare::encoding(bundle.format), &mut output)?;
    Ok(conclude(report, Vec::new(), output))
}

/// Whether a CA's certificate signed another one of the same file: a name alone anybody can claim. Past the budget of signature checks nothing
/// is anybody's issuer, which is the stricter answer.
fn issued_another(issuer: &Certificate, file: &Collection, signatures: &mut u32) -> bool {
    let is_ca = issuer
        .basic_constraints()
        .is_ok_and(|found| found.is_some_and(|constraints| constraints.ca));
    let Some(key) = issuer.public_key().ok().filter(|_| is_ca) else {
        return false;
    };
    file.certificates
        .iter()
        .filter(|other| *other != issuer && other.issuer() == issuer.subject())
        .map_while(|other| {
            *signatures = signatures.checked_sub(1)?;
            Some(other)
        })
        .any(|other| other.is_signed_by(&key).unwrap_or(false))
}

/// Reads a file that must hold certificates.
fn read(file: &Path, limits: &Limits) -> anyhow::Result<Collection> {
    let found = read_any(file, limits)?;
    match found.certificates.is_empty() {
        true => Err(nothing(file).into()),
        false => Ok(found),
    }
}

fn read_any(file: &Path, limits: &Limits) -> anyhow::Result<Collection> {
    let standard_input = PathBuf::from("/dev/stdin");
    let path = if file == Path::new("-") {
        &standard_input
    } else {
        file
    };
    Ok(files::certificates(path, limits).map_err(Problem::Certificates)?)
}

fn nothing(file: &Path) -> Problem {
    Problem::Certificates(smime::store::Error::Nothing {
        path: file.to_owned(),
        wanted: "certificate",
        held: None,
    })
}
