//! Untrusted text, made fit for a terminal: nothing in it moves the cursor, ends the line, turns the writing direction or hides.
//!
//! One function for everything that is printed: control characters (C0, C1, DEL), bidi controls, zero-width and other invisible characters,
//! unassigned and private ones become `\u{…}`.
use std::fmt::Write;

/// Characters of one untrusted string that are shown.
const LENGTH: usize = 2000;

/// Returns the text with everything escaped that is not plainly visible; what exceeds 2000 characters is cut off with `…`.
pub(crate) fn escape(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for (place, c) in text.chars().enumerate() {
        if place == LENGTH {
            shown.push('…');
            break;
        }
        // A combining mark at the start would sit on our own text.
        if is_visible(c, place > 0) {
            shown.push(c);
        } else {
            let _ = write!(shown, "{}", c.escape_unicode());
        }
    }
    shown
}

/// Returns JSON with every character escaped that is not plainly visible; it means the same.
pub(crate) fn escape_json(json: &str) -> String {
    let mut escaped = String::with_capacity(json.len());
    for c in json.chars() {
        // Outside of strings, JSON is ASCII, and its line ends are ours.
        if c == '\n' || is_visible(c, true) {
            escaped.push(c);
        } else {
            for unit in c.encode_utf16(&mut [0; 2]) {
                let _ = write!(escaped, "\\u{unit:04x}");
            }
        }
    }
    escaped
}

fn is_visible(c: char, may_combine: bool) -> bool {
    match c {
        ' '..='~' => true,
        // fillers, variation selectors and blanks that Unicode calls letters, marks or symbols
        '\u{34f}'
        | '\u{115f}'
        | '\u{1160}'
        | '\u{17b4}'
        | '\u{17b5}'
        | '\u{2800}'
        | '\u{3164}'
        | '\u{ffa0}'
        | '\u{fe00}'..='\u{fe0f}'
        | '\u{e0100}'..='\u{e01ef}' => false,
        // std knows what Unicode calls printable, and says so by not escaping it in debug text
        _ if may_combine => {
            let pair: String = ['a', c].iter().collect();
            pair.escape_debug().count() == 2
        }
        _ => c.escape_debug().count() == 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_text_stays() {
        for text in [
            "CN=Alice \"A\" O'Hara\\, Example",
            "Jürgen Größe",
            "Δημήτρης",
            "山田太郎",
            "e\u{301}",
            "",
        ] {
            assert_eq!(escape(text), text);
        }
    }

    #[test]
    fn what_deceives_is_escaped() {
        for c in ('\0'..=' ')
            .filter(|c| *c != ' ')
            .chain('\x7f'..='\u{a0}')
            .chain('\u{200b}'..='\u{200f}')
            .chain('\u{2028}'..='\u{202f}')
            .chain('\u{2060}'..='\u{206f}')
            .chain([
                '\u{ad}',
                '\u{feff}',
                '\u{3164}',
                '\u{fe0f}',
                '\u{e0041}',
                '\u{e000}',
                '\u{fffe}',
                '\u{180e}',
            ])
        {
            let shown = escape(&format!("a{c}b"));
            assert_eq!(shown, format!("a{}b", c.escape_unicode()));
            assert!(shown.is_ascii());
        }
        assert_eq!(escape("\u{301}x"), "\\u{301}x");
        assert_eq!(
            escape("good\nsmime: error: \x1b[2K"),
            "good\\u{a}smime: error: \\u{1b}[2K"
        );
    }

    #[test]
    fn names_that_deceive_are_seen_through() {
        for (name, shown) in [
            ("Alice\u{202e}moc.elpmaxe", "Alice\\u{202e}moc.elpmaxe"),
            ("\u{202d}Alice", "\\u{202d}Alice"),
            ("\u{202a}A\u{202c}", "\\u{202a}A\\u{202c}"),
            ("\u{202b}A", "\\u{202b}A"),
            ("\u{2066}A\u{2069}", "\\u{2066}A\\u{2069}"),
            ("\u{2067}A", "\\u{2067}A"),
            ("\u{2068}A", "\\u{2068}A"),
            ("A\u{200e}B", "A\\u{200e}B"),
            ("A\u{200f}B", "A\\u{200f}B"),
            ("A\u{61c}B", "A\\u{61c}B"),
            ("Al\u{200b}ice", "Al\\u{200b}ice"),
            ("Al\u{200c}ice", "Al\\u{200c}ice"),
            ("Al\u{200d}ice", "Al\\u{200d}ice"),
            ("Al\u{2060}ice", "Al\\u{2060}ice"),
            ("Al\u{feff}ice", "Al\\u{feff}ice"),
            ("Al\u{ad}ice", "Al\\u{ad}ice"),
            ("Al\u{180e}ice", "Al\\u{180e}ice"),
            ("Al\u{fe0f}ice", "Al\\u{fe0f}ice"),
            ("A\u{3164}B", "A\\u{3164}B"),
            ("A\u{2800}B", "A\\u{2800}B"),
            ("A\u{a0}B", "A\\u{a0}B"),
            ("A\u{2003}B", "A\\u{2003}B"),
            ("A\u{2028}smime: error", "A\\u{2028}smime: error"),
            ("A\nsmime: error", "A\\u{a}smime: error"),
            ("A\rsmime: error", "A\\u{d}smime: error"),
            ("A\tB", "A\\u{9}B"),
            ("A\u{8}B", "A\\u{8}B"),
            ("\u{1b}[2J\u{1b}[H", "\\u{1b}[2J\\u{1b}[H"),
            ("\u{9b}2J", "\\u{9b}2J"),
            ("\u{7f}", "\\u{7f}"),
            ("A\0B", "A\\u{0}B"),
            ("\u{e0041}", "\\u{e0041}"),
            ("\u{e000}", "\\u{e000}"),
        ] {
            assert_eq!(escape(name), shown);
        }
    }

    #[test]
    fn length_is_bounded() {
        assert_eq!(escape(&"x".repeat(1 << 20)).chars().count(), LENGTH + 1);
        assert_eq!(escape(&"x".repeat(LENGTH)).chars().count(), LENGTH);
    }

    #[test]
    fn json_means_the_same() {
        let text = "a\u{202e}\u{7f}\u{9b}31m\u{e0041}\n\"é\u{301}";
        let json = serde_json::to_string_pretty(&[text]).unwrap_or_default();
        let escaped = escape_json(&json);
        assert!(!escaped.contains('\u{202e}') && !escaped.contains('\u{9b}'));
        assert_eq!(
            serde_json::from_str::<Vec<String>>(&escaped).unwrap_or_default(),
            [text]
        );
    }
}
