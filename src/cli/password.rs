//! The password that opens keys: from a file's first line, or asked on the terminal. Never an argument, never shown, zeroized.
use super::error::Problem;
use std::{
    fs::File,
    io::{self, Read},
    path::Path,
};
use zeroize::Zeroizing;

/// Octets of a password, at most.
const LENGTH: usize = 4096;

/// Where passwords come from.
pub(crate) enum Passwords {
    /// one for every file
    Given(Zeroizing<String>),
    /// asked for each file, if there is a terminal
    Terminal,
}

impl Passwords {
    /// Reads the first line of `--password-file`, if there is one.
    pub(crate) fn from(file: Option<&Path>) -> anyhow::Result<Self> {
        let Some(path) = file else {
            return Ok(Self::Terminal);
        };
        let opened = if path == Path::new("-") {
            super::output::standard_input()
        } else {
            File::open(path)
        };
        let line = opened
            .and_then(|mut file| first_line(&mut file))
            .map_err(|source| Problem::Password {
                path: path.to_owned(),
                source,
            })?;
        Ok(Self::Given(line))
    }

    /// Returns the password for a file; `None` if there is nobody to ask.
    pub(crate) fn ask(&mut self, file: &Path) -> Option<Zeroizing<String>> {
        match self {
            Self::Given(password) => Some(password.clone()),
            Self::Terminal => {
                let file = super::escape::escape(&file.display().to_string());
                rpassword::prompt_password(format!("Password for {file}: "))
                    .ok()
                    .map(Zeroizing::new)
            }
        }
    }
}

/// Asks on the terminal for a password that opens no file; twice where it is to be a new one. `None`: there is nobody to ask, or the two differ.
pub(crate) fn for_message(passwords: &Passwords, is_new: bool) -> Option<Zeroizing<String>> {
    let ask = |prompt: &str| rpassword::prompt_password(prompt).ok().map(Zeroizing::new);
    match passwords {
        Passwords::Given(password) => Some(password.clone()),
        Passwords::Terminal => {
            let password = ask("Password of the message: ")?;
            match is_new {
                true => ask("The same again: ").filter(|again| *again == password),
                false => Some(password),
            }
        }
    }
}

/// Reads octet by octet, so that what follows the line in a pipe is left to who reads it next.
fn first_line(source: &mut dyn Read) -> io::Result<Zeroizing<String>> {
    let mut line = Zeroizing::new(String::with_capacity(LENGTH));
    let mut octets = Zeroizing::new(Vec::with_capacity(LENGTH));
    let mut octet = Zeroizing::new([0]);
    loop {
        match source.read(octet.as_mut_slice()) {
            Ok(0) => break,
            Ok(_) if octet.as_slice() == b"\n" => break,
            Ok(_) if octets.len() == LENGTH => {
                let message = format!("the first line is longer than {LENGTH} bytes");
                return Err(io::Error::new(io::ErrorKind::InvalidData, message));
            }
            Ok(_) => octets.extend_from_slice(octet.as_slice()),
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(e) => return Err(e),
        }
    }
    let text = octets.strip_suffix(b"\r").unwrap_or(&octets);
    let text = std::str::from_utf8(text)
        .map_err(|_| io::Error::new(io::ErrorKind::InvalidData, "the first line is not UTF-8"))?;
    line.push_str(text);
    Ok(line)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn the_first_line_is_the_password() {
        for (text, password) in [
            ("secret\nrest", "secret"),
            ("secret\r\n", "secret"),
            ("secret", "secret"),
            (" with space \n", " with space "),
            ("", ""),
            ("\n", ""),
        ] {
            let mut source = text.as_bytes();
            assert_eq!(first_line(&mut source).unwrap().as_str(), password);
        }
        let mut source = &b"one\ntwo"[..];
        first_line(&mut source).unwrap();
        assert_eq!(source, b"two");
    }

    #[test]
    fn no_password_is_that_long() {
        assert!(first_line(&mut "x".repeat(LENGTH).as_bytes()).is_ok());
        assert!(first_line(&mut "x".repeat(LENGTH + 1).as_bytes()).is_err());
        assert!(first_line(&mut &b"\xff\n"[..]).is_err());
    }
}
