//! The pages of `smime help`: verbs, algorithms, rules, reasons, exit statuses, limits. Printed from the tables they describe.
use super::{args::Arguments, error::Problem};
use clap::CommandFactory;
use smime::crypto::algorithm::Algorithm;
use smime::policy::{Limits, PolicyName, Reason, Rule, strength};
use std::fmt::Write;

/// Returns a page.
pub(crate) fn page(topic: &[String]) -> anyhow::Result<String> {
    let words: Vec<&str> = topic.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["rules"] => Ok(rules()),
        ["reasons"] => Ok(reasons()),
        ["exit-codes"] => Ok(EXIT_CODES.to_owned()),
        ["limits"] => Ok(limits()),
        ["algorithms"] => Ok(algorithms()),
        path => verb(path).ok_or_else(|| {
            Problem::usage_with(
                format!("there is no help on '{}'", path.join(" ")),
                "smime help algorithms, smime help rules, smime help reasons, smime help exit-codes, smime help limits, or a verb: smime help sign",
            )
            .into()
        }),
    }
}

const EXIT_CODES: &str = "\
code  meaning
   0  everything asked for holds, for the whole input
   1  understood, and the answer is no: a signature broken, untrusted, revoked,
      from another sender; not signed; decryption failed; a policy denial
   2  usage
   3  the input is not what it should be: malformed, not S/MIME, an unsupported
      algorithm, over a limit
   4  a key, certificate, trust anchor or password is missing or unusable
   5  the environment: a file cannot be read or written, disk full
  75  cannot tell now, try again (a directory, responder or token did not answer)

batch exits with the worst status of any message, this the order: 5, 75, 4, 3, 1, 0.
";

fn verb(path: &[&str]) -> Option<String> {
    let mut root = Arguments::command();
    // Usage lines name the whole command only after this.
    root.build();
    let mut command = &mut root;
    for word in path {
        command = command.find_subcommand_mut(word)?;
    }
    Some(command.render_help().to_string())
}

fn rules() -> String {
    let mut page = format!(
        "{:26}  {:8}  {:8}  {:8}  what it says (where from)\n",
        "rule", "standard", "modern", "archive"
    );
    for rule in Rule::ALL {
        let level = |policy| {
            if rule.is_fixed() {
                "always"
            } else {
                rule.level(policy).name()
            }
        };
        let _ = writeln!(
            page,
            "{:26}  {:8}  {:8}  {:8}  {} ({})",
            rule.name(),
            level(PolicyName::Standard),
            level(PolicyName::Modern),
            level(PolicyName::Archive),
            rule.meaning(),
            rule.source()
        );
    }
    page.push_str(
        "\nallow: said in the JSON report only; warn: said, the verdict stands; deny: the answer is no;\n\
         always: denied, whatever is asked. --allow RULE, --warn RULE and --deny RULE set a level.\n",
    );
    page
}

fn reasons() -> String {
    let mut page = format!(
        "{:31}  {:22}  what is wanted (where from)\n",
        "reason", "rule"
    );
    for reason in Reason::ALL {
        let _ = writeln!(
            page,
            "{:31}  {:22}  {} ({})",
            reason.name(),
            reason.rule().name(),
            reason.wanted(),
            reason.source()
        );
    }
    page.push_str(
        "\nWhy a certificate or its path is objected to, as the JSON report names it. The rule decides how much it\n\
         weighs; each finding says which certificate it is about, what was found, and what would help.\n",
    );
    page
}

fn limits() -> String {
    let mut page = format!("{:18}  {:>9}  of what (why so)\n", "limit", "value");
    for (name, value, meaning, source) in Limits::default().table() {
        let _ = writeln!(page, "{name:18}  {value:>9}  {meaning} ({source})");
    }
    page.push_str("\nWhat exceeds a limit is refused with exit 3; held-bytes refuses nothing.\n");
    page
}

fn algorithms() -> String {
    let mut page = format!(
        "{:21}  {:8}  {:5}  {:8}  standard\n",
        "algorithm", "read", "write", "strength"
    );
    let mut family = "";
    for algorithm in Algorithm::all() {
        let line = algorithm.line();
        if line.family != family {
            family = line.family;
            let _ = writeln!(page, "\n{family}");
        }
        let is_weak = strength::is_weak(&algorithm);
        let read = if strength::needs_archive(&algorithm) {
            "archive"
        } else {
            "yes"
        };
        let write = if line.written { "yes" } else { "no" };
        let bits = line
            .strength
            .map_or("-".to_owned(), |bits| bits.to_string());
        let weak = if is_weak { " weak" } else { "" };
        let _ = writeln!(
            page,
            "{:21}  {read:8}  {write:5}  {:8}  {}",
            line.name,
            format!("{bits}{weak}"),
            line.standard
        );
    }
    page.push_str(
        "\nread: yes, under every policy; archive, with --policy archive alone (digests: where they are signed), or where\n\
         --allow has the rule: weak-digest, weak-key, weak-algorithm, weak-cipher. strength: in bits (SP 800-57 part 1;\n\
         of a digest against collisions); -, that of what it is used with.\n",
    );
    page
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::cli::args::Verb;

    #[test]
    fn the_grammar_is_sound() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn every_page_is_there() {
        for rule in Rule::ALL {
            assert!(rules().contains(rule.name()));
        }
        for reason in Reason::ALL {
            assert!(reasons().contains(reason.name()));
        }
        assert!(limits().contains("held-bytes"));
        for topic in [
            "algorithms",
            "rules",
            "reasons",
            "exit-codes",
            "limits",
            "cert",
        ] {
            assert!(!page(&[topic.to_owned()]).unwrap().is_empty());
        }
        assert!(page(&["nonsense".to_owned()]).is_err());
    }

    #[test]
    fn every_algorithm_has_its_line() {
        let page = algorithms();
        let all = Algorithm::all();
        let lines = page.lines().filter(|line| line.contains("  "));
        // and the heading
        assert_eq!(lines.count(), all.len() + 1);
        for algorithm in &all {
            let expected = algorithm.line();
            let heading = format!("\n\n{}\n", expected.family);
            let (_, family) = page.split_once(&heading).unwrap();
            let mut lines = family.lines().take_while(|line| !line.is_empty());
            let start = format!("{}  ", expected.name);
            let line = lines.find(|line| line.starts_with(&start)).unwrap();
            assert!(line.ends_with(expected.standard), "{line}");
            assert_eq!(
                line.contains(" weak"),
                strength::is_weak(algorithm),
                "{line}"
            );
        }
        for line in [
            "sha-1                  archive   no     61 weak   FIPS 180-4",
            "aes-256-gcm            yes       yes    256       RFC 5084",
            "rsa-pkcs1              yes       yes    -         RFC 8017",
        ] {
            assert!(page.contains(&format!("\n{line}")), "{page}");
        }
    }

    #[test]
    fn the_first_page_fits_a_screen() {
        let first = page(&[]).unwrap();
        assert!(first.lines().count() <= 28, "{}", first.lines().count());
        assert!(first.lines().all(|l| l.chars().count() <= 80));
    }

    #[test]
    fn every_verb_ends_with_two_examples() {
        for verb in Verb::ALL {
            let words: Vec<String> = verb.name().split(' ').map(str::to_owned).collect();
            let page = page(&words).unwrap();
            let (options, examples) = page.split_once("Examples:\n").unwrap();
            assert_eq!(examples.trim_end().lines().count(), 2, "{page}");
            for example in examples.trim_end().lines() {
                assert!(example.starts_with(&format!("  smime {}", verb.name())));
            }
            for line in options.lines() {
                assert!(line.chars().count() <= 90, "{line}");
            }
        }
    }
}
