//! Everything that is told of an answer, as it would be, for the fuzz targets under tests/fuzz. No part of the program.
use super::{
    Answer, Checked, Named,
    advice::{self, Typed},
    args::Verb,
    error::Failure,
    escape::escape,
    json, show,
};
use smime::{
    smime::{Error, Report},
    x509::{Certificate, Crl, PathReport},
};

/// A report for programs, and the one for people with the lines on standard error.
pub(crate) struct Documents {
    pub(crate) json: String,
    pub(crate) text: String,
}

fn verb(name: &str) -> Verb {
    let named = |verb: &Verb| verb.name() == name;
    Verb::ALL.into_iter().find(named).unwrap_or(Verb::Inspect)
}

fn answer(verb: Verb, answer: &Answer, exit: u8) -> Documents {
    let typed = Typed::bare(verb);
    let mut text = show::text(verb, answer);
    for finding in answer.denied() {
        let hint = advice::hint_for(finding, &typed).unwrap_or_default();
        text.push_str(&escape(&hint));
        text.push('\n');
    }
    text.push_str(&show::denial(verb, answer));
    Documents {
        json: json::answer(&typed, answer, exit),
        text,
    }
}

/// What is told of a message.
pub(crate) fn message(name: &str, report: Report, exit: u8) -> Documents {
    answer(verb(name), &Answer::Message(report), exit)
}

/// What is told where there is no answer, and the exit status.
pub(crate) fn error(name: &str, error: Error) -> (u8, Documents) {
    let verb = verb(name);
    let failure = Failure::of(&error.into(), Some(&Typed::bare(verb)));
    let mut text = format!("smime: error: {}\n", escape(&failure.line()));
    for hint in &failure.hints {
        text.push_str(&format!("smime: hint: {}\n", escape(hint)));
    }
    let json = json::failure(Some(verb), &failure);
    (failure.exit, Documents { json, text })
}

/// What `cert show` tells.
pub(crate) fn shown(certificates: Vec<Certificate>, crls: Vec<Crl>) -> Documents {
    let named = |certificate| Named {
        file: "FILE".into(),
        certificate,
    };
    let shown = Answer::Certificates {
        certificates: certificates.into_iter().map(named).collect(),
        crls: crls.into_iter().map(|crl| ("FILE".into(), crl)).collect(),
    };
    answer(Verb::CertShow, &shown, 0)
}

/// What `cert check` tells.
pub(crate) fn path(certificate: Certificate, report: PathReport) -> Documents {
    let named = Named {
        file: "FILE".into(),
        certificate,
    };
    let answered = Answer::Paths(vec![Checked { named, report }]);
    let exit = u8::from(answered.denied().next().is_some());
    answer(Verb::CertCheck, &answered, exit)
}
