//! String preparation for the comparison of attribute values (RFC 4518, which RFC 5280 §7.1 asks for): equal results, matching values. Knows
//! nothing of names, and keeps what it makes from everybody else: it is for comparing only.
use stringprep::tables::{
    case_fold_for_nfkc, non_character_code_point, private_use, unassigned_code_point,
};
use unicode_normalization::UnicodeNormalization as _;

/// Prepares a value that is compared without regard to case; `None` where it holds what RFC 4518 §2.4 prohibits, so that nothing can be said.
pub(super) fn prepared(text: &str) -> Option<String> {
    let mapped = text.chars().filter_map(map);
    if text.is_ascii() {
        // nothing to normalize, nothing prohibited
        let folded: String = mapped
            .map(|character| character.to_ascii_lowercase())
            .collect();
        return Some(single_spaced(&folded));
    }
    let normalized: String = mapped.flat_map(case_fold_for_nfkc).nfkc().collect();
    let allowed = !normalized.chars().any(is_prohibited);
    allowed.then(|| single_spaced(&normalized))
}

/// Maps to nothing, to a space, or leaves as it is (§2.2).
fn map(character: char) -> Option<char> {
    match character {
        // controls that separate, and everything of category Z
        '\t'..='\r'
        | '\u{85}'
        | '\u{a0}'
        | '\u{1680}'
        | '\u{2000}'..='\u{200a}'
        | '\u{2028}'
        | '\u{2029}'
        | '\u{202f}'
        | '\u{205f}'
        | '\u{3000}' => Some(' '),
        // other controls, soft hyphens, joiners, selectors of variants
        '\0'..='\u{1f}'
        | '\u{7f}'..='\u{9f}'
        | '\u{ad}'
        | '\u{34f}'
        | '\u{6dd}'
        | '\u{70f}'
        | '\u{1806}'
        | '\u{180b}'..='\u{180e}'
        | '\u{200b}'..='\u{200f}'
        | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{2063}'
        | '\u{206a}'..='\u{206f}'
        | '\u{fe00}'..='\u{fe0f}'
        | '\u{feff}'
        | '\u{fff9}'..='\u{fffc}'
        | '\u{1d173}'..='\u{1d17a}'
        | '\u{e0001}'
        | '\u{e0020}'..='\u{e007f}' => None,
        _ => Some(character),
    }
}

/// Unassigned (in Unicode 3.2, whose tables these are), for private use, no character, or the sign of a character lost (§2.4).
fn is_prohibited(character: char) -> bool {
    unassigned_code_point(character)
        || private_use(character)
        || non_character_code_point(character)
        || character == '\u{fffd}'
}

/// Removes insignificant spaces (§2.6.1): one between words, where the RFC writes two, and none around them, where it writes one.
fn single_spaced(text: &str) -> String {
    let mut spaced = String::with_capacity(text.len());
    for word in text.split(' ').filter(|word| !word.is_empty()) {
        if !spaced.is_empty() {
            spaced.push(' ');
        }
        spaced.push_str(word);
    }
    spaced
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Option<String> {
        prepared(text)
    }

    #[test]
    fn case_and_spaces_do_not_count() {
        for (text, wanted) in [
            ("Alice Example", "alice example"),
            ("  Alice\t \r\nExample ", "alice example"),
            ("\u{3000}Alice\u{a0}Example", "alice example"),
            ("STRASSE", "strasse"),
            ("Straße", "strasse"),
            ("ΣΊΣΥΦΟΣ", "σίσυφοσ"),
            ("Σίσυφος", "σίσυφοσ"),
            ("", ""),
            ("   ", ""),
        ] {
            assert_eq!(of(text).as_deref(), Some(wanted), "{text:?}");
        }
    }

    #[test]
    fn compatible_forms_are_one() {
        // composed and decomposed, ligature, full width, superscript
        assert_eq!(of("\u{e9}"), of("e\u{301}"));
        assert_eq!(of("\u{fb01}n").as_deref(), Some("fin"));
        assert_eq!(of("\u{ff21}\u{ff42}").as_deref(), Some("ab"));
        assert_eq!(of("x\u{b2}").as_deref(), Some("x2"));
        assert_ne!(of("é"), of("e"));
        // a look-alike of another script is another letter
        assert_ne!(of("\u{430}"), of("a"));
    }

    #[test]
    fn what_is_not_seen_does_not_count() {
        assert_eq!(of("Al\0ice").as_deref(), Some("alice"));
        assert_eq!(
            of("Al\u{ad}i\u{200b}c\u{feff}e\u{fe0f}").as_deref(),
            Some("alice")
        );
        assert_eq!(of("\u{202e}ecila").as_deref(), Some("ecila"));
    }

    #[test]
    fn what_is_prohibited_cannot_be_compared() {
        for text in ["a\u{fffd}", "\u{e000}", "\u{fdd0}", "\u{10ffff}", "\u{221}"] {
            assert_eq!(of(text), None, "{text:?}");
        }
    }

    #[test]
    fn preparing_twice_changes_nothing() {
        for text in ["Straße  X", "ﬁ É", "\u{3d2}\u{301}", "ǅ", "İstanbul"] {
            let once = of(text).unwrap_or_default();
            assert_eq!(of(&once), Some(once.clone()), "{text:?}");
        }
    }
}
