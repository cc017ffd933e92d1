//! Texts that one person writes and another one reads: which characters they may contain, and how long they may be. Pure,
//! for every layer.

mod bounded;

pub use bounded::{Text, TextError, bounded};

use unicode_properties::{GeneralCategory, UnicodeGeneralCategory};

/// Whether a character is not allowed in a name or any other text of one line: control characters, line breaks, and
/// invisible characters that change how the text looks. With U+202E a name reads backwards, and with U+200B two names
/// look alike.
pub fn is_hidden(character: char) -> bool {
    let by_category = matches!(
        character.general_category(),
        // Format: bidirectional controls and isolates, zero-width characters, soft hyphen, tags.
        GeneralCategory::Control
            | GeneralCategory::Format
            | GeneralCategory::LineSeparator
            | GeneralCategory::ParagraphSeparator
            | GeneralCategory::PrivateUse
            | GeneralCategory::Unassigned
    );
    // Letters and marks by their category that show nothing: the combining grapheme joiner, and fillers of Hangul, Khmer
    // and Braille.
    by_category
        || matches!(
            character,
            '\u{34F}' | '\u{115F}' | '\u{1160}' | '\u{17B4}' | '\u{17B5}' | '\u{180B}'
                ..='\u{180F}' | '\u{2800}' | '\u{3164}' | '\u{FFA0}'
        )
}

/// The same for text of several lines: line breaks and tabs are allowed, and so are the marks of direction, which long
/// text in two scripts needs.
pub fn is_hidden_in_lines(character: char) -> bool {
    character.is_control() && !matches!(character, '\n' | '\r' | '\t')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hidden_characters_have_no_place_in_a_name() {
        let bidirectional = "\u{61C}\u{200E}\u{200F}\u{202A}\u{202B}\u{202C}\u{202D}\u{202E}\u{2066}\u{2067}\u{2068}\u{2069}";
        let zero_width = "\u{200B}\u{200C}\u{200D}\u{2060}\u{2061}\u{2064}\u{FEFF}\u{180E}\u{34F}\u{3164}\u{115F}\u{2800}";
        let others = "\0\n\r\t\u{7F}\u{85}\u{AD}\u{2028}\u{2029}\u{E0001}\u{E0041}\u{E000}\u{FFFF}\u{10FFFF}";
        for character in [bidirectional, zero_width, others].concat().chars() {
            assert!(is_hidden(character), "{character:?}");
        }
    }

    #[test]
    fn names_of_the_world_are_taken() {
        for name in [
            "Ada Lovelace",
            "Åsa Öberg-Müller",
            "O'Brien, Ltd. №5",
            "محمد علي",
            "דוד",
            "山田 太郎",
            "김철수",
            "श्री राम",
            "Nguyễn Thị Minh",
            "e\u{301}clair",
            "I ❤\u{FE0F} mugs 🎉",
        ] {
            assert!(!name.contains(is_hidden), "{name}");
        }
    }

    #[test]
    fn several_lines_may_have_breaks_and_directions() {
        assert!(!"a\r\n\tb\u{200F}c".contains(is_hidden_in_lines));
        assert!("a\0".contains(is_hidden_in_lines));
    }
}
