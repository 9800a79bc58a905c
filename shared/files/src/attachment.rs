//! The name of a file, and how a reply tells it.

use std::fmt::Write as _;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use rollcall_domain::{Timestamp, text::AppName};

/// The characters that Windows does not allow in the name of a file, or that separate folders. Browsers would replace
/// them, each in its own way.
const NOT_IN_A_FILE_NAME: [char; 9] = ['/', '\\', ':', '*', '?', '"', '<', '>', '|'];

/// The name of a file of accounts: the application, what was selected, and the day.
pub fn file_name(app: &AppName, selection: &str, as_of: Timestamp, extension: &str) -> String {
    format!("{app} - {selection} - {}.{extension}", as_of.date()).replace(NOT_IN_A_FILE_NAME, "_")
}

/// The characters that an extended value cannot contain unencoded: all but RFC 8187's `attr-char`.
const NOT_IN_AN_EXTENDED_VALUE: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'!')
    .remove(b'#')
    .remove(b'$')
    .remove(b'&')
    .remove(b'+')
    .remove(b'-')
    .remove(b'.')
    .remove(b'^')
    .remove(b'_')
    .remove(b'`')
    .remove(b'|')
    .remove(b'~');

/// The `Content-Disposition` of a download of this name (RFC 6266).
///
/// `filename` has only characters that are safe in every browser, proxy and file system. If that changes the name, the
/// exact one is added as `filename*`.
pub fn attachment(name: &str) -> String {
    let plain: String = name.chars().map(|c| if is_plain(c) { c } else { '_' }).collect();
    let mut disposition = format!("attachment; filename=\"{plain}\"");
    if plain != name {
        // Writing to a string cannot fail.
        let _ = write!(disposition, "; filename*=UTF-8''{}", utf8_percent_encode(name, NOT_IN_AN_EXTENDED_VALUE));
    }
    disposition
}

fn is_plain(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.')
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("mina.csv", "filename=\"mina.csv\"")]
    #[case("account-...xlsx", "filename=\"account-...xlsx\"")]
    #[case("a b.csv", "filename=\"a_b.csv\"; filename*=UTF-8''a%20b.csv")]
    #[case(
        "!$&'()*+,;=:@._~-.csv",
        "filename=\"_____________.__-.csv\"; filename*=UTF-8''!$&%27%28%29%2A+%2C%3B%3D%3A%40._~-.csv"
    )]
    #[case("\"\r\n/\\%é.csv", "filename=\"_______.csv\"; filename*=UTF-8''%22%0D%0A%2F%5C%25%C3%A9.csv")]
    fn a_name_with_special_characters_is_sent_in_two_forms(#[case] name: &str, #[case] expected: &str) {
        assert_eq!(attachment(name), format!("attachment; {expected}"));
    }
}
