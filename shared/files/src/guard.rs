//! Marks in CSV cells that keep spreadsheets from running a text as a formula.
//!
//! A `'` stands before each character that could begin a formula where a cell begins. That is the start of the text,
//! and any place after a separator or a line end: a reader may split by another separator than the file's, and some go
//! on splitting after an inner quotation mark, so quoting a cell does not keep it whole.

use std::borrow::Cow;

/// The text with its marks.
pub(crate) fn guard(text: &str) -> Cow<'_, str> {
    let mut guarded = String::new();
    let mut copied = 0;
    let mut place = Place::Start;
    for (index, c) in text.char_indices() {
        if place.needs_mark(c) {
            guarded.push_str(&text[copied..index]);
            guarded.push('\'');
            copied = index;
        }
        place = Place::after(c);
    }
    if guarded.is_empty() {
        return text.into();
    }
    guarded.push_str(&text[copied..]);
    guarded.into()
}

/// The text without its marks: the inverse of [`guard`].
pub(crate) fn unguard(cell: &str) -> Cow<'_, str> {
    if !cell.contains('\'') {
        return cell.into();
    }
    let mut text = String::with_capacity(cell.len());
    let mut place = Place::Start;
    let mut rest = cell.chars().peekable();
    while let Some(mut c) = rest.next() {
        if c == '\'' {
            c = rest.next_if(|next| place.needs_mark(*next)).unwrap_or(c);
        }
        text.push(c);
        place = Place::after(c);
    }
    text.into()
}

/// The text of a cell that somebody else wrote, without its leading `'` if that is a mark. Many names begin with `'`
/// (`'t Hooft`), so it is one only before a character that needs it.
pub(crate) fn without_foreign_mark(cell: &str) -> &str {
    let marked = |rest: &&str| rest.starts_with(|c| c == '\'' || is_trigger(c));
    cell.strip_prefix('\'').filter(marked).unwrap_or(cell)
}

/// Where a character stands in a text.
#[derive(Clone, Copy)]
enum Place {
    Start,
    AfterSeparator,
    Within,
}

impl Place {
    fn after(c: char) -> Self {
        if matches!(c, ',' | ';' | '\t' | '|' | '\n' | '\r') { Self::AfterSeparator } else { Self::Within }
    }

    fn needs_mark(self, c: char) -> bool {
        match self {
            // Spreadsheets skip a line feed at the start of a cell.
            Self::Start => is_trigger(c) || matches!(c, '\'' | '"' | '\n' | '＇'),
            Self::AfterSeparator => is_trigger(c) || matches!(c, '\'' | '"'),
            Self::Within => false,
        }
    }
}

/// The characters that begin a formula, those that spreadsheets skip before one, and full-width forms, which East Asian
/// editions treat as ASCII.
fn is_trigger(c: char) -> bool {
    matches!(c, '=' | '+' | '-' | '@' | '\t' | '\r' | '\0' | '＝' | '＋' | '－' | '＠')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rstest::rstest;

    #[rstest]
    #[case("=1+1", "'=1+1")]
    #[case("'t Hooft", "''t Hooft")]
    #[case("\"x\"", "'\"x\"")]
    #[case("\n=1", "'\n'=1")]
    #[case("＇a", "'＇a")]
    #[case("x;=1+1", "x;'=1+1")]
    #[case("x,+1|-1\t@a", "x,'+1|'-1\t'@a")]
    #[case("l1\n=1+1", "l1\n'=1+1")]
    #[case("l1\r=1+1", "l1\r'=1+1")]
    #[case("a;\"=1", "a;'\"=1")]
    #[case("a;'b", "a;''b")]
    #[case("\t\t", "'\t'\t")]
    #[case("a,＝1", "a,'＝1")]
    #[case("two\n\nlines", "two\n\nlines")]
    #[case("a=1;b-c", "a=1;b-c")]
    #[case(" =1", " =1")]
    fn a_mark_stands_wherever_a_formula_could_begin(#[case] text: &str, #[case] guarded: &str) {
        assert_eq!(guard(text), guarded);
    }

    #[rstest]
    #[case("'=1+1", "=1+1")]
    #[case("''x", "'x")]
    #[case("'t Hooft", "'t Hooft")]
    #[case("'", "'")]
    #[case("x;'=1", "x;'=1")]
    fn of_a_foreign_cell_only_a_leading_mark_goes(#[case] cell: &str, #[case] text: &str) {
        assert_eq!(without_foreign_mark(cell), text);
    }

    proptest! {
        #[test]
        fn marks_are_taken_away_exactly(text in "[=+\\-@'\"\\t\\r\\n\\x00＝＋－＠＇,;| a]{0,12}|(?s).{0,24}") {
            let guarded = guard(&text).into_owned();
            prop_assert_eq!(unguard(&guarded), text);
        }
    }
}
