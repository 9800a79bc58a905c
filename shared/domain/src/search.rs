//! Search texts, and the form in which texts are compared with them.

use caseless::default_case_fold_str;
use serde_json::Value;
use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};

use crate::{
    fields::FromField,
    limits::MAX_SEARCH_CHARS,
    violation::{Invalid, ViolationCode},
};

/// A text to search for, folded: 1–64 characters, at least one of which is more than a mark.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SearchText(String);

impl SearchText {
    /// Folds a text to search for.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        if !(1..=MAX_SEARCH_CHARS).contains(&text.chars().count()) {
            let detail = format!("takes 1 to {MAX_SEARCH_CHARS} characters");
            return Err(Invalid::new(ViolationCode::OutOfRange, detail));
        }
        let folded = fold(text);
        if folded.is_empty() || folded.contains(char::is_control) {
            return Err(Invalid::new(
                ViolationCode::BadFormat,
                "takes text without control characters, not only marks",
            ));
        }
        Ok(Self(folded))
    }

    /// The folded text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether a text contains it, after folding.
    pub fn is_in(&self, text: &str) -> bool {
        fold(text).contains(&self.0)
    }
}

impl FromField for SearchText {
    fn from_field(value: &Value) -> Result<Self, Invalid> {
        Self::parse(&String::from_field(value)?)
    }
}

/// Folds a text for search: compatibility forms, case and marks make no difference, so that `jose` finds `José`.
///
/// What is left is recomposed, so that `기` does not find `김`. The voiced sound marks of Japanese stay: they make other
/// letters.
pub fn fold(text: &str) -> String {
    let folded = default_case_fold_str(&without_marks(text));
    // Folding the case of a letter may yield a mark: `İ` becomes `i` and a dot.
    without_marks(&folded).nfc().collect()
}

fn without_marks(text: &str) -> String {
    text.nfkd().filter(|c| !is_combining_mark(*c) || matches!(c, '\u{3099}' | '\u{309a}')).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn width_case_and_marks_make_no_difference() {
        for (wanted, text) in [
            ("jose", "José"),
            ("JOSE\u{301}", "jose"),
            ("김", "김하은"),
            ("full", "ｆｕｌｌ"),
            ("strasse", "Straße"),
            ("istanbul", "İstanbul"),
            ("σοφος", "ΣΟΦΌΣ"),
            ("fi", "ﬁn"),
        ] {
            assert!(SearchText::parse(wanted).unwrap().is_in(text), "{wanted} in {text}");
        }
        for (wanted, text) in [("기", "김"), ("か", "が"), ("b", "a")] {
            assert!(!SearchText::parse(wanted).unwrap().is_in(text), "{wanted} in {text}");
        }
    }

    #[test]
    fn a_search_text_has_one_to_64_characters_and_more_than_marks() {
        let code = |text: &str| SearchText::parse(text).map_err(|invalid| invalid.code);
        assert!(code(&"é".repeat(64)).is_ok());
        assert_eq!(code(&"x".repeat(65)), Err(ViolationCode::OutOfRange));
        assert_eq!(code(""), Err(ViolationCode::OutOfRange));
        assert_eq!(code("\u{301}"), Err(ViolationCode::BadFormat));
        assert_eq!(code("a\nb"), Err(ViolationCode::BadFormat));
    }

    proptest! {
        #[test]
        fn folding_twice_changes_nothing_further(text in "\\PC{0,20}") {
            let folded = fold(&text);
            prop_assert_eq!(fold(&folded), folded);
        }
    }
}
