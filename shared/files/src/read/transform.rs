//! Changes of values on their way into accounts.

use std::borrow::Cow;

use chrono::NaiveDate;
use icu_properties::{CodePointMapData, props::Script};
use rollcall_domain::choices;

choices! {
    /// A change of each value of a column. It leaves a value alone that does not have the form.
    Transform {
        /// Removes what stands before the first `|`, and that: `auth0|5f7c` becomes `5f7c`.
        StripPrefix "strip_prefix",
        /// Removes the hyphens of a UUID.
        CompactUuid "compact_uuid",
        /// Maps to lower case.
        LowerCase "lower_case",
        /// Keeps what stands before the `@` of an address.
        LocalPart "local_part",
    }
}

impl Transform {
    /// The changed value.
    pub(crate) fn apply(self, value: &str) -> Cow<'_, str> {
        match self {
            Self::StripPrefix => value.split_once('|').map_or(value, |(_, rest)| rest).into(),
            Self::CompactUuid if is_hyphenated_uuid(value) => value.replace('-', "").into(),
            Self::CompactUuid => value.into(),
            Self::LowerCase => value.to_lowercase().into(),
            Self::LocalPart => value.rsplit_once('@').map_or(value, |(local, _)| local).into(),
        }
    }
}

fn is_hyphenated_uuid(value: &str) -> bool {
    let hyphens = [8, 13, 18, 23];
    value.len() == 36
        && value.bytes().enumerate().all(
            |(index, byte)| {
                if hyphens.contains(&index) { byte == b'-' } else { byte.is_ascii_hexdigit() }
            },
        )
}

/// The name of somebody with these two names. Chinese, Japanese and Korean names have the family name first, and no
/// space.
pub(crate) fn full_name(given: &str, family: &str) -> String {
    match (given, family) {
        ("", one) | (one, "") => one.to_owned(),
        _ if is_east_asian(given) && is_east_asian(family) => format!("{family}{given}"),
        _ => format!("{given} {family}"),
    }
}

fn is_east_asian(name: &str) -> bool {
    let scripts = [Script::Han, Script::Hangul, Script::Hiragana, Script::Katakana, Script::Bopomofo];
    // The mark of a long vowel belongs to several scripts.
    name.chars().all(|c| scripts.contains(&CodePointMapData::<Script>::new().get(c)) || c == 'ー')
}

/// The date of a text as `YYYY-MM-DD`, where it is one of that form or `MM/DD/YYYY`.
pub(crate) fn iso_date(text: &str) -> Option<String> {
    let date = ["%Y-%m-%d", "%m/%d/%Y"].iter().find_map(|format| NaiveDate::parse_from_str(text, format).ok())?;
    Some(date.to_string())
}

/// Whether a text is a number that a spreadsheet shortened, such as `1.2E+11`.
pub(crate) fn is_shortened_number(text: &str) -> bool {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let number = text.strip_prefix(['+', '-']).unwrap_or(text);
    let Some((mantissa, exponent)) = number.split_once(['E', 'e']) else { return false };
    let exponent = exponent.strip_prefix('+').unwrap_or(exponent);
    mantissa.split_once(['.', ',']).is_some_and(|(whole, fraction)| digits(whole) && digits(fraction))
        && digits(exponent)
        && exponent.parse().is_ok_and(|exponent: u32| exponent >= 6)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case(Transform::StripPrefix, "auth0|5f7c|x", "5f7c|x")]
    #[case(Transform::StripPrefix, "5f7c", "5f7c")]
    #[case(Transform::CompactUuid, "019aa0c4-7e00-7C3A-9d52-6b1f0a8e4d21", "019aa0c47e007C3A9d526b1f0a8e4d21")]
    #[case(Transform::CompactUuid, "019aa0c4-7e00", "019aa0c4-7e00")]
    #[case(Transform::CompactUuid, "----------------------------------é", "----------------------------------é")]
    #[case(Transform::LowerCase, "Mina", "mina")]
    #[case(Transform::LocalPart, "mina@example.com", "mina")]
    #[case(Transform::LocalPart, "mina", "mina")]
    fn a_transform_changes_what_has_its_form(
        #[case] transform: Transform,
        #[case] value: &str,
        #[case] expected: &str,
    ) {
        assert_eq!(transform.apply(value), expected);
    }

    #[rstest]
    #[case("Mina", "Park", "Mina Park")]
    #[case("하은", "김", "김하은")]
    #[case("太郎", "佐々木", "佐々木太郎")]
    #[case("Taro", "佐藤", "Taro 佐藤")]
    #[case("", "Park", "Park")]
    #[case("Mina", "", "Mina")]
    #[case("", "", "")]
    fn a_name_is_put_together_as_in_its_language(#[case] given: &str, #[case] family: &str, #[case] expected: &str) {
        assert_eq!(full_name(given, family), expected);
    }

    #[test]
    fn a_shortened_number_has_a_decimal_sign_and_a_large_exponent() {
        for shortened in ["1.2E+11", "1,2E+11", "8.20109E+12", "1.5e6", "-1.2E+07"] {
            assert!(is_shortened_number(shortened), "{shortened}");
        }
        for other in ["1E+11", "1.2E+5", "1.2E-11", "E", "a1.2E+11", "1.2E+11a", "1.2.3E+11", "12", ".2E+11"] {
            assert!(!is_shortened_number(other), "{other}");
        }
    }

    #[rstest]
    #[case("05/17/1994", Some("1994-05-17"))]
    #[case("1994-05-17", Some("1994-05-17"))]
    #[case("17.05.1994", None)]
    fn a_date_may_be_american(#[case] text: &str, #[case] expected: Option<&str>) {
        assert_eq!(iso_date(text).as_deref(), expected);
    }
}
