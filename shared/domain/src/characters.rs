//! Which characters of a text people can see, and which texts look the same to them.
//!
//! The properties of characters come from ICU4X, as those that the encoder of international domains uses.

use caseless::Caseless;
use icu_properties::{
    CodePointMapData, CodePointSetData,
    props::{
        CanonicalCombiningClass, DefaultIgnorableCodePoint, ExtendedPictographic, GeneralCategory,
        GeneralCategoryGroup, JoiningType,
    },
};
use unicode_normalization::UnicodeNormalization;

/// Keeps two letters from joining.
const NON_JOINER: char = '\u{200c}';

/// Joins two letters, or several pictures into one.
const JOINER: char = '\u{200d}';

/// Shows the picture before it in colour. Keyboards add it to many emoji.
const EMOJI_STYLE: char = '\u{fe0f}';

/// Draws a key around the digit before it.
const KEYCAP: char = '\u{20e3}';

/// Characters that show nothing although they are not white space: the Braille pattern without dots, a musical note
/// without a head, a Khitan filler and two Egyptian blanks.
const BLANKS: [char; 5] = ['\u{2800}', '\u{1d159}', '\u{16fe4}', '\u{13441}', '\u{13442}'];

const HIDDEN_CATEGORIES: GeneralCategoryGroup = GeneralCategoryGroup::Control
    .union(GeneralCategoryGroup::Format)
    .union(GeneralCategoryGroup::PrivateUse)
    .union(GeneralCategoryGroup::LineSeparator)
    .union(GeneralCategoryGroup::ParagraphSeparator);

/// The form in which names are compared: Unicode's `NFKC_Casefold`. It ignores case, width, composition, and everything
/// that is hidden.
pub(crate) fn comparison_key(text: &str) -> String {
    let shown = text.chars().filter(|c| !is_ignorable(*c)).nfd();
    // Folding can undo the normal form and normalising can yield letters to fold, so the standard does both twice.
    shown.default_case_fold().nfkc().default_case_fold().nfkc().collect()
}

/// The text without blanks at its ends. If it then has no hidden character and is not empty, it shows something.
pub(crate) fn trimmed(text: &str) -> &str {
    text.trim_matches(is_blank)
}

/// The first character of the text that nobody can see. A joiner that changes how its neighbours look can be seen.
pub(crate) fn find_hidden(text: &str) -> Option<char> {
    let chars: Vec<char> = text.chars().collect();
    let is_seen = |at: usize| !is_hidden(chars[at]) || is_needed(&chars[..at], chars[at], &chars[at + 1..]);
    (0..chars.len()).find(|at| !is_seen(*at)).map(|at| chars[at])
}

/// Whether a character is hidden: a control, format or default-ignorable character, a line separator, a blank that is
/// no white space, or one without a meaning of its own. The characters that change the direction of a text are among
/// these.
pub(crate) fn is_hidden(c: char) -> bool {
    is_ignorable(c) || BLANKS.contains(&c) || HIDDEN_CATEGORIES.contains(category(c)) || is_noncharacter(c)
}

/// Whether a text has more than blanks and marks, which need a character to stand on.
pub(crate) fn has_base(text: &str) -> bool {
    text.chars().any(|c| !c.is_whitespace() && !is_hidden(c) && !GeneralCategoryGroup::Mark.contains(category(c)))
}

fn is_blank(c: char) -> bool {
    c.is_whitespace() || BLANKS.contains(&c)
}

/// One of the 66 code points that never become characters.
fn is_noncharacter(c: char) -> bool {
    u32::from(c) & 0xfffe == 0xfffe || ('\u{fdd0}'..='\u{fdef}').contains(&c)
}

/// Whether a character is a letter, a mark or a decimal digit of any script.
pub(crate) fn is_word(c: char) -> bool {
    GeneralCategoryGroup::Letter
        .union(GeneralCategoryGroup::Mark)
        .union(GeneralCategoryGroup::DecimalNumber)
        .contains(category(c))
}

fn category(c: char) -> GeneralCategory {
    CodePointMapData::<GeneralCategory>::new().get(c)
}

fn is_ignorable(c: char) -> bool {
    CodePointSetData::new::<DefaultIgnorableCodePoint>().contains(c)
}

/// Whether a hidden character changes what people see of the characters around it.
fn is_needed(before: &[char], c: char, after: &[char]) -> bool {
    match c {
        NON_JOINER => is_virama(before.last()) || separates_letters(before, after),
        JOINER => is_virama(before.last()) || is_virama(after.first()) || joins_pictures(before, after),
        EMOJI_STYLE => is_picture(before.last()) || after.first() == Some(&KEYCAP),
        _ => false,
    }
}

/// A sign of the Indic scripts that joins consonants, and does it differently beside a joiner.
fn is_virama(c: Option<&char>) -> bool {
    c.is_some_and(|c| CodePointMapData::<CanonicalCombiningClass>::new().get(*c) == CanonicalCombiningClass::Virama)
}

/// Whether the letters on both sides would join, as in Arabic (RFC 5892, appendix A.1). Marks on them do not matter.
fn separates_letters(before: &[char], after: &[char]) -> bool {
    let joining = |c: &char| CodePointMapData::<JoiningType>::new().get(*c);
    let is_letter = |joining: &JoiningType| *joining != JoiningType::Transparent;
    let left = before.iter().rev().map(joining).find(is_letter);
    let right = after.iter().map(joining).find(is_letter);
    matches!(left, Some(JoiningType::LeftJoining | JoiningType::DualJoining))
        && matches!(right, Some(JoiningType::RightJoining | JoiningType::DualJoining))
}

fn joins_pictures(before: &[char], after: &[char]) -> bool {
    let is_modifier = |c: &char| *c == EMOJI_STYLE || ('\u{1f3fb}'..='\u{1f3ff}').contains(c);
    is_picture(before.iter().rev().find(|c| !is_modifier(c))) && is_picture(after.first())
}

fn is_picture(c: Option<&char>) -> bool {
    c.is_some_and(|c| CodePointSetData::new::<ExtendedPictographic>().contains(*c))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_nobody_can_see_is_hidden() {
        let hidden = "\0\n\u{7f}\u{85}\u{ad}\u{34f}\u{600}\u{61c}\u{115f}\u{1160}\u{17b4}\u{180b}\u{180e}\u{200b}\
            \u{200c}\u{200d}\u{200e}\u{200f}\u{2028}\u{2029}\u{202a}\u{202e}\u{2060}\u{2066}\u{2069}\
            \u{3164}\u{e000}\u{fdd0}\u{fffe}\u{10ffff}\u{fe00}\u{fe0f}\u{feff}\u{ffa0}\u{fff9}\u{1d173}\u{e0001}\u{e0041}\u{e0100}";
        for hidden in hidden.chars() {
            assert_eq!(find_hidden(&format!("a{hidden}b")), Some(hidden), "{hidden:?}");
            assert_eq!(find_hidden(&hidden.to_string()), Some(hidden), "{hidden:?}");
        }
        assert_eq!(find_hidden("a b\u{a0}c é e\u{301} 선 \u{3000} 👍🏽 🇰🇷"), None);
    }

    #[test]
    fn a_joiner_is_needed_by_some_scripts_and_pictures() {
        for needed in [
            "می\u{200c}خواهم",
            "علی\u{200c}رضا",
            "ශ්\u{200d}රී",
            "क्\u{200d}ष",
            "क्\u{200c}ष",
            "র\u{200d}্যাব",
            "👩\u{200d}💻",
            "👩🏽\u{200d}💻",
            "❤\u{fe0f}\u{200d}🔥",
            "🏴\u{200d}☠\u{fe0f}",
            "⚓\u{fe0f} Harbor",
            "1\u{fe0f}\u{20e3}",
        ] {
            assert_eq!(find_hidden(needed), None, "{needed}");
        }
        for (idle, hidden) in [
            ("Mi\u{200d}na", '\u{200d}'),
            ("Mi\u{200c}na", '\u{200c}'),
            ("김\u{200d}지수", '\u{200d}'),
            ("می\u{200c}", '\u{200c}'),
            ("\u{200c}می", '\u{200c}'),
            ("می\u{200c}\u{200c}خواهم", '\u{200c}'),
            ("👩\u{200d}", '\u{200d}'),
            ("👩\u{200d}a", '\u{200d}'),
            ("1\u{fe0f}", '\u{fe0f}'),
            ("a\u{fe0f}", '\u{fe0f}'),
        ] {
            assert_eq!(find_hidden(idle), Some(hidden), "{idle:?}");
        }
    }

    #[test]
    fn marks_alone_are_no_text() {
        assert!(has_base("e\u{301}") && has_base("!") && !has_base("\u{301} \u{301}") && !has_base(""));
        assert!(!has_base("\u{94d}\u{200d}") && !has_base("\u{94d}\u{200d}\u{94d}"));
    }

    #[test]
    fn blanks_are_trimmed_even_if_they_are_no_white_space() {
        assert_eq!(trimmed(" \t\u{a0}\u{3000}\u{2800}⠓⠊\u{2800}⠓⠊\u{2800} \n"), "⠓⠊\u{2800}⠓⠊");
        assert_eq!(trimmed("\u{2800} \u{1d159}"), "");
    }

    #[test]
    fn texts_that_look_the_same_have_one_key() {
        for (one, other) in [
            ("Northwind", "nORTHWIND"),
            ("Northwind 1", "Ｎｏｒｔｈｗｉｎｄ\u{3000}①"),
            ("North\u{200b}wind", "Northwind"),
            ("Équipe Ä", "e\u{301}QUIPE a\u{308}"),
            ("Straße", "STRASSE"),
            ("οδοσ", "ΟΔΟΣ"),
            ("ﬁne", "FINE"),
            ("한", "\u{1112}\u{1161}\u{11ab}"),
            ("ｶﾞ", "ガ"),
            ("\u{390}", "\u{1fd3}"),
        ] {
            assert_eq!(comparison_key(one), comparison_key(other), "{one} {other}");
        }
        assert_ne!(comparison_key("Northwind"), comparison_key("Northwlnd"));
        assert_eq!(comparison_key(&comparison_key("ᾳ\u{345}İΌΣ")), comparison_key("ᾳ\u{345}İΌΣ"));
    }
}
