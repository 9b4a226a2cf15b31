//! Numbers of parts, as people name them: the message is 1, and what stands in a part has that part's number, a dot and its place in it.
//!
//! Knows numbers; what a part is, and what stands in it, is known elsewhere.
use std::{fmt, str::FromStr};

/// The number of a part: `1`, `1.2`, `1.2.1`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartNumber {
    /// places below the message, outermost first
    below: Vec<usize>,
}

/// What was given is no number of a part.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("it is no part number such as 1.2, where 1 is the message")]
pub struct NotAPartNumber;

impl PartNumber {
    /// Returns the number of the message itself.
    pub const fn message() -> Self {
        Self { below: Vec::new() }
    }

    /// Returns whether it is that of the message itself.
    pub fn is_message(&self) -> bool {
        self.below.is_empty()
    }

    /// Returns how many parts are around it.
    pub fn depth(&self) -> usize {
        self.below.len()
    }

    /// Returns the places to go to from the message on.
    pub fn places(&self) -> &[usize] {
        &self.below
    }

    /// Returns the number that the part has where that one is the message; `None` if it does not stand in that one.
    pub fn from(&self, message: &Self) -> Option<Self> {
        let below = self.below.strip_prefix(message.below.as_slice())?;
        Some(Self {
            below: below.to_vec(),
        })
    }

    /// Goes to a place in the part; the first is 1.
    pub fn enter(&mut self, place: usize) {
        self.below.push(place);
    }

    /// Goes back to the part around.
    pub fn leave(&mut self) {
        self.below.pop();
    }
}

impl fmt::Display for PartNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("1")?;
        self.below
            .iter()
            .try_for_each(|place| write!(f, ".{place}"))
    }
}

impl FromStr for PartNumber {
    type Err = NotAPartNumber;

    fn from_str(text: &str) -> Result<Self, NotAPartNumber> {
        let mut places = text.split('.').map(|place| {
            let number: usize = place.parse().map_err(|_| NotAPartNumber)?;
            // one number has one spelling: no sign, no zeros before it
            match number > 0 && number.to_string() == place {
                true => Ok(number),
                false => Err(NotAPartNumber),
            }
        });
        if places.next() != Some(Ok(1)) {
            return Err(NotAPartNumber);
        }
        let below = places.collect::<Result<_, _>>()?;
        Ok(Self { below })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn numbers_are_read_as_they_are_written() {
        for text in ["1", "1.2", "1.1.2", "1.10000.1"] {
            let number: PartNumber = text.parse().unwrap();
            assert_eq!(number.to_string(), text);
        }
        for text in [
            "",
            "0",
            "2",
            "2.1",
            "1.",
            ".1",
            "1.0",
            "1.01",
            "1..2",
            "1.+2",
            "1.-2",
            " 1",
            "1.2 ",
            "1,2",
            "1.a",
            "1.99999999999999999999999",
        ] {
            assert_eq!(text.parse::<PartNumber>(), Err(NotAPartNumber), "{text}");
        }
    }

    #[test]
    fn going_down_and_up() {
        let mut here = PartNumber::message();
        assert!(here.is_message());
        here.enter(1);
        let content = here.clone();
        here.enter(3);
        assert_eq!((here.to_string().as_str(), here.depth()), ("1.1.3", 2));
        assert_eq!(here.from(&content).unwrap().to_string(), "1.3");
        assert_eq!(content.from(&here), None);
        here.leave();
        assert_eq!(here, content);
    }
}
