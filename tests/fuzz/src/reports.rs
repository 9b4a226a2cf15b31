//! What the program would tell of an answer, and what must hold of it whatever the message says.
use crate::cli::told;
use smime::{
    smime::{Error, Report, report::Verdict},
    x509::{Certificate, Crl, PathReport},
};

/// Checks both reports of a message, and returns whether its verdict is a pass.
pub fn check(verb: &str, result: Result<Report, Error>) -> bool {
    let (exit, documents) = match result {
        Ok(report) => {
            let exit = u8::from(report.verdict() != Verdict::Pass);
            (exit, told::message(verb, report, exit))
        }
        Err(error) => told::error(verb, error),
    };
    hold(&documents, Some(exit));
    exit == 0
}

/// Checks what `cert show` says.
pub fn check_shown(certificates: Vec<Certificate>, crls: Vec<Crl>) {
    hold(&told::shown(certificates, crls), Some(0));
}

/// Checks what `cert check` says.
pub fn check_path(certificate: Certificate, report: PathReport) {
    hold(&told::path(certificate, report), None);
}

/// JSON is one document that says the same exit status; neither report has a character that moves, hides or deceives.
fn hold(documents: &told::Documents, exit: Option<u8>) {
    let json: serde_json::Value =
        serde_json::from_str(&documents.json).expect("the JSON report is JSON");
    if let Some(exit) = exit {
        assert_eq!(json["exit"], exit);
        let verdict = match exit {
            0 => "pass",
            1 => "fail",
            _ => "error",
        };
        assert_eq!(json["verdict"], verdict);
    }
    for document in [&documents.json, &documents.text] {
        let bad = document.chars().find(|c| *c != '\n' && deceives(*c));
        assert!(bad.is_none(), "{bad:?} in a report: {document:?}");
    }
    if exit.is_some_and(|exit| exit > 1) {
        assert!(
            documents.text.starts_with("smime: error: "),
            "{}",
            documents.text
        );
        assert!(
            documents
                .text
                .lines()
                .all(|line| line.starts_with("smime: "))
        );
    }
}

fn deceives(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{e0000}'..='\u{e0fff}')
}
