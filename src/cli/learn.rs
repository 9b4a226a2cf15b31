//! `--learn DIR`: what is kept of the senders of mail that passes, a file for each key. `encrypt -c DIR` reads it.
//!
//! Names of files are made of keys: nothing that a message says becomes a path.
use super::{
    error::Problem,
    output::{Leave, Output},
    prepare::Randomness,
};
use rustix::fs::{FlockOperation, flock};
use smime::{
    asn1::Time,
    policy::{Policy, Rule},
    smime::{
        Record, Report,
        record::Refusal,
        report::{Kept, Verdict},
    },
};
use std::{
    fs::{DirBuilder, File},
    io::{self, Read, Write},
    os::unix::fs::DirBuilderExt,
    path::Path,
};

/// Keeps what may be kept of those who signed; a message that does not pass changes nothing.
pub(super) fn learn(
    directory: &Path,
    report: &mut Report,
    at: Time,
    policy: &Policy,
    rng: &mut Randomness,
) -> anyhow::Result<()> {
    if report.verdict() != Verdict::Pass {
        return Ok(());
    }
    let records = match Record::all(report, at, policy) {
        Ok(records) => records,
        Err(why) => {
            report.findings.push(not_learned(why, policy));
            return Ok(());
        }
    };
    let failed = |path: &Path| {
        let path = path.to_owned();
        move |source: io::Error| Problem::Output { path, source }
    };
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(directory)
        .map_err(failed(directory))?;
    // between the look at what is kept and its replacement nobody else may replace it
    let lock = File::open(directory).map_err(failed(directory))?;
    flock(&lock, FlockOperation::LockExclusive).map_err(|e| failed(directory)(e.into()))?;
    for record in records {
        let path = directory.join(record.file_name());
        let known = known(&path, policy).map_err(failed(&path))?;
        let new = known.is_none_or(|known| known < record.signed);
        if new {
            let mut output = Output::open(Some(&path), Leave::AsWritten, false, rng)?;
            output
                .write_all(record.to_text().as_bytes())
                .map_err(failed(&path))?;
            output.commit()?;
        }
        report.learned.push(Kept {
            signer: record.signer,
            place: path.display().to_string(),
            new,
        });
    }
    Ok(())
}

/// Returns when the signer of what is kept already signed it; `None`: nothing is, or it is no record.
fn known(path: &Path, policy: &Policy) -> io::Result<Option<Time>> {
    let file = match File::open(path) {
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(None),
        file => file?,
    };
    let most = u64::try_from(policy.limits.key_file_bytes).unwrap_or(u64::MAX);
    let mut text = Vec::new();
    file.take(most).read_to_end(&mut text)?;
    Ok(Record::signing_time(&text, policy))
}

fn not_learned(why: Refusal, policy: &Policy) -> smime::policy::Finding {
    policy.finding(Rule::NotLearned, format!("nothing is kept: {why}"))
}
