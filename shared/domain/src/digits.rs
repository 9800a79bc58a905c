//! Codes of a fixed number of digits.

use serde_json::Value;
use unicode_normalization::UnicodeNormalization;
use utoipa::ToSchema;

use crate::{
    fields::FromField,
    violation::{Invalid, ViolationCode},
};

/// An eight-digit code from a mail or an invitation, leading zeros kept.
#[derive(Clone, Debug, PartialEq, Eq, ToSchema)]
#[schema(value_type = String, pattern = "^[0-9]{8}$", example = "01234567")]
pub struct EightDigits(String);

impl EightDigits {
    /// The code for a uniformly random number, so that every code is equally likely. Returns `None` for numbers above
    /// the largest multiple of 100,000,000, which would favour low codes: draw again.
    pub fn from_random(random: u32) -> Option<Self> {
        const CODES: u32 = 100_000_000;
        const EVEN: u32 = u32::MAX / CODES * CODES;
        (random < EVEN).then(|| Self(format!("{:08}", random % CODES)))
    }

    /// The last two digits. Lists show them, so that people can tell codes apart.
    pub fn hint(&self) -> &str {
        &self.0[6..]
    }

    /// The digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromField for EightDigits {
    fn from_field(value: &Value) -> Result<Self, Invalid> {
        parse(value, 8).map(Self)
    }
}

/// Reads a string of exactly `count` digits. East Asian keyboards type them in full width, which NFKC makes ASCII.
pub(crate) fn parse(value: &Value, count: usize) -> Result<String, Invalid> {
    let text: String = String::from_field(value)?.nfkc().collect();
    if text.len() == count && text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Ok(text);
    }
    Err(Invalid::new(ViolationCode::BadFormat, format!("must be {count} digits")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn full_width_digits_are_those_of_ascii() {
        assert_eq!(EightDigits::from_field(&json!("０8３５１２0７")).unwrap().as_str(), "08351207");
        for bad in ["０8３５１２0", "０8３５１２0７９", "０8３５１２0ａ", "٠٨٣٥١٢٠٧"] {
            assert!(EightDigits::from_field(&json!(bad)).is_err(), "{bad}");
        }
    }

    #[test]
    fn leading_zeros_are_kept() {
        assert_eq!(EightDigits::from_field(&json!("00000001")).unwrap().as_str(), "00000001");
    }
}
