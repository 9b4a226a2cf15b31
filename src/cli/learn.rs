//! `--learn DIR`: what is kept of the senders of mail that passes, a file for each key. `encrypt -c DIR` reads it.
//!
//! Names of files are made of keys: nothing that a message says becomes a path.
use super::{
    args,
    error::Problem,
    folder::{Folder, Slot},
    output::{Destination, Leave},
    prepare::{self, Randomness},
    transaction,
};
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
    io::{self, Read, Write},
    path::{Path, PathBuf},
    time::Duration,
};

/// How long others may be at it: who may read the directory can keep it locked.
const PATIENCE: Duration = Duration::from_secs(5);

/// Refuses a directory where what senders wrote would be taken for trust anchors, now or without `-t`.
pub(super) fn is_apart(
    directory: Option<&Path>,
    trust: &args::Trust,
    signers: &args::Signers,
) -> anyhow::Result<()> {
    let default = prepare::trust_directory();
    let anchors = trust.trust.iter().chain(&signers.timestamp_trust);
    for (directory, anchors) in directory.into_iter().flat_map(|it| {
        anchors
            .clone()
            .chain(&default)
            .map(move |anchors| (it, anchors))
    }) {
        let [kept, trusted] = [directory, anchors].map(transaction::real);
        if kept.starts_with(&trusted) || trusted.starts_with(&kept) {
            let message = format!(
                "--learn: {} is not apart from the trust anchors in {}",
                directory.display(),
                anchors.display()
            );
            return Err(
                Problem::usage_with(message, "--learn takes a directory of its own").into(),
            );
        }
    }
    Ok(())
}

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
    let folder = Folder::open(directory).map_err(failed(directory))?;
    // between the look at what is kept and its replacement nobody else may replace it
    folder.lock(PATIENCE).map_err(failed(directory))?;
    for record in records {
        let name = PathBuf::from(record.file_name());
        let path = folder.shown(&name);
        let slot = folder.slot(&name).map_err(failed(&path))?;
        let known = known(&slot, policy).map_err(failed(&path))?;
        let new = known.is_none_or(|known| known < record.signed);
        if new {
            let to = Destination::Slot {
                slot: &slot,
                shown: &path,
                sync: false,
            };
            let mut output = to.open(Leave::AsWritten, rng)?;
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
fn known(slot: &Slot, policy: &Policy) -> io::Result<Option<Time>> {
    let Some(file) = slot.read()? else {
        return Ok(None);
    };
    let most = u64::try_from(policy.limits.key_file_bytes).unwrap_or(u64::MAX);
    let mut text = Vec::new();
    file.take(most).read_to_end(&mut text)?;
    Ok(Record::signing_time(&text, policy))
}

fn not_learned(why: Refusal, policy: &Policy) -> smime::policy::Finding {
    policy.finding(Rule::NotLearned, format!("nothing is kept: {why}"))
}
