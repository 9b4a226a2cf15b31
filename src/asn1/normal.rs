//! One bounded BER element to DER (X.690 §8, §10): the one place where leniency about encodings lives.
use super::Result;
use std::borrow::Cow;
/// Returns the same value with definite minimal lengths, strings joined, BOOLEAN true as 0xff and minimal high bits;
/// the order of SET OF is kept. Borrowed when `ber` needed no change. `max_depth` bounds nesting.
/// Fails if bytes follow the element.
pub fn to_der(_ber: &[u8], _max_depth: usize) -> Result<Cow<'_, [u8]>> {
    todo!()
}
