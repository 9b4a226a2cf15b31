//! The grammar of `batch`: that of a verb, with a directory in place of its output, and many inputs in place of its message.
use super::{Command, Decrypt, Encrypt, Open, Sign, VERB_HELP, Verify};
use clap::{
    Arg, ArgAction, ArgMatches, Args, Error, FromArgMatches, builder::ValueParser, error::ErrorKind,
};
use std::{num::NonZeroU64, path::PathBuf, str::FromStr};

/// The page that `smime batch --help` prints.
const HELP: &str = "\
Does to many messages what a verb does to one

Usage: smime batch VERB [OPTIONS] -o DIR INPUT...

  sign     sign messages
  encrypt  encrypt messages to recipients
  decrypt  remove the outer encryption layers
  open     remove every layer
  verify   check the outermost signatures, and write what was verified

INPUT is a file, a directory (with all below it), a Maildir (flags are kept), an
mbox, or - for a list of them on standard input. Results have the names of their
messages, below DIR: an INPUT's file name, in a directory what follows it, of the
third message in an mbox NAME/000003.eml. Messages that fail have none, and stop
nothing. Keys, anchors and lists are read once.

The report has a line for each message, in the order of the inputs: verdict, name,
why; with --json a document. The exit status is the worst of any message's, this
the order: 5, 75, 4, 3, 1, 0.

  --resume        leaves out messages whose results are there: results appear
                  whole, so that a run that was killed goes on where it was
  --shard K/N     takes every message whose name falls to share K of N, for
                  several machines with one DIR or many
  --threads N     works on N messages at once; default: one for each core

Examples:
  smime batch verify -t root.pem -o verified Maildir
  smime batch encrypt -r bob.pem -t root.pem -o sealed --json --resume drafts
";

/// Does to many messages what a verb does to one.
#[derive(Debug)]
pub(crate) struct Batch {
    /// the verb and its options; its output is the directory, its message stands for nothing
    pub(crate) command: Box<Command>,
    pub(crate) inputs: Vec<PathBuf>,
    pub(crate) how: How,
}

/// What `batch` takes besides.
#[derive(Debug, Args)]
pub(crate) struct How {
    /// Leave out messages whose results are there
    #[arg(long)]
    pub(crate) resume: bool,
    /// Share K of N, by the messages' names
    #[arg(long, value_name = "K/N")]
    pub(crate) shard: Option<Shard>,
    /// The list on standard input has NUL for line ends
    #[arg(short = '0', long)]
    pub(crate) null: bool,
}

/// One share of the messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Shard {
    pub(crate) number: u64,
    pub(crate) of: NonZeroU64,
}

impl FromStr for Shard {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const WRONG: &str = "a share is written --shard 1/8, up to 8/8";
        let (number, of) = text.split_once('/').ok_or(WRONG)?;
        let number: NonZeroU64 = number.parse().map_err(|_| WRONG)?;
        let of: NonZeroU64 = of.parse().map_err(|_| WRONG)?;
        match number <= of {
            true => Ok(Self {
                number: number.get(),
                of,
            }),
            false => Err(WRONG),
        }
    }
}

/// Returns the grammar of a verb for many messages.
fn many<V: Args>(name: &'static str, about: &'static str, examples: &'static str) -> clap::Command {
    let verb = V::augment_args(clap::Command::new(name));
    How::augment_args(verb)
        .about(about)
        .help_template(VERB_HELP)
        .after_help(examples)
        .mut_arg("output", |it: Arg| {
            it.required(true)
                .value_name("DIR")
                .help("Write the results into DIR, by their names")
        })
        .mut_arg("message", |it: Arg| {
            it.required(true)
                .value_name("INPUT")
                .num_args(1..)
                .action(ArgAction::Append)
                .value_parser(ValueParser::path_buf())
                .default_value(None::<&str>)
                .help("Files, directories, Maildirs, mboxes, or - for a list of them")
        })
        .mut_arg("json", |it| {
            it.help("Report each message as a line of JSON")
        })
        .mut_arg("report", |it| {
            it.help("Write the lines of JSON to FILE besides")
        })
}

impl Args for Batch {
    fn augment_args(command: clap::Command) -> clap::Command {
        command
            .override_help(HELP)
            .arg_required_else_help(true)
            .subcommand_required(true)
            .disable_help_subcommand(true)
            .subcommand_value_name("VERB")
            .subcommand(many::<Sign>(
                "sign",
                "Signs many messages",
                "Examples:\n  smime batch sign -i alice.pem -o signed drafts\n  smime batch sign -i alice.p12 --password-file password -o signed outbox.mbox",
            ))
            .subcommand(many::<Encrypt>(
                "encrypt",
                "Encrypts many messages to recipients",
                "Copies for those in Bcc have no place in DIR: such messages are refused (blind-copy)\n\n\
                 Examples:\n  smime batch encrypt -r bob.pem -t root.pem -o sealed drafts\n  smime batch encrypt --to-header -c certs -t root.pem -o sealed --shard 1/4 drafts",
            ))
            .subcommand(many::<Decrypt>(
                "decrypt",
                "Removes the outer encryption layers of many messages",
                "Examples:\n  smime batch decrypt -i alice.pem -o clear Maildir\n  find mail -name '*.eml' -print0 | smime batch decrypt -i alice.pem -o clear -0 -",
            ))
            .subcommand(many::<Open>(
                "open",
                "Removes every layer of many messages",
                "Examples:\n  smime batch open -i alice.pem -t root.pem -o opened Maildir\n  smime batch open -i alice.pem -t root.pem -o opened --resume --json Maildir",
            ))
            .subcommand(many::<Verify>(
                "verify",
                "Checks the outermost signatures of many messages",
                "Examples:\n  smime batch verify -t root.pem -o verified Maildir archive.mbox\n  smime batch verify -t root.pem -o verified --json --threads 4 mail",
            ))
    }

    fn augment_args_for_update(command: clap::Command) -> clap::Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for Batch {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, Error> {
        let Some((verb, matches)) = matches.subcommand() else {
            return Err(Error::new(ErrorKind::MissingSubcommand));
        };
        let inputs = matches.get_many::<PathBuf>("message");
        let command = match verb {
            "sign" => Command::Sign(Sign::from_arg_matches(matches)?),
            "encrypt" => Command::Encrypt(Encrypt::from_arg_matches(matches)?),
            "decrypt" => Command::Decrypt(Decrypt::from_arg_matches(matches)?),
            "open" => Command::Open(Open::from_arg_matches(matches)?),
            "verify" => Command::Verify(Verify::from_arg_matches(matches)?),
            _ => return Err(Error::new(ErrorKind::InvalidSubcommand)),
        };
        Ok(Self {
            inputs: inputs.into_iter().flatten().cloned().collect(),
            how: How::from_arg_matches(matches)?,
            command: Box::new(command),
        })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)]
    use super::*;
    use crate::cli::args::{Arguments, Verb};
    use clap::Parser;
    use std::path::Path;

    fn batch(words: &[&str]) -> Result<Batch, Error> {
        let words = ["smime", "batch"].iter().chain(words);
        match Arguments::try_parse_from(words)?.command {
            Command::Batch(batch) => Ok(batch),
            _ => panic!("no batch"),
        }
    }

    #[test]
    fn a_verb_keeps_its_options_and_takes_many_messages() {
        let found = batch(&[
            "verify",
            "-t",
            "root.pem",
            "a",
            "--require",
            "2",
            "b",
            "-o",
            "out",
            "c",
            "--json",
            "--shard",
            "2/3",
        ])
        .unwrap();
        assert_eq!(found.inputs, ["a", "b", "c"].map(PathBuf::from));
        assert_eq!(found.command.verb(), Some(Verb::Verify));
        let Command::Verify(verify) = &*found.command else {
            panic!("another verb")
        };
        assert_eq!(verify.output.output.as_deref(), Some(Path::new("out")));
        assert_eq!(verify.signers.require.unwrap().get(), 2);
        assert!(verify.common.json && !found.how.resume);
        let shard = found.how.shard.unwrap();
        assert_eq!((shard.number, shard.of.get()), (2, 3));
        for name in ["sign", "encrypt", "decrypt", "open", "verify"] {
            let found = batch(&[name, "-o", "out", "-"]).unwrap();
            assert_eq!(found.command.verb().map(Verb::name), Some(name));
        }
    }

    #[test]
    fn a_directory_and_an_input_are_needed() {
        assert!(batch(&["verify", "a"]).is_err());
        assert!(batch(&["verify", "-o", "out"]).is_err());
        assert!(batch(&["inspect", "-o", "out", "a"]).is_err());
        assert!(batch(&[]).is_err());
    }

    #[test]
    fn a_share_is_one_of_so_many() {
        for (text, right) in [
            ("1/1", true),
            ("3/3", true),
            ("0/3", false),
            ("4/3", false),
            ("1", false),
            ("1/0", false),
            ("-1/2", false),
            ("", false),
        ] {
            assert_eq!(text.parse::<Shard>().is_ok(), right, "{text}");
        }
    }
}
