//! The second factor: codes of six digits that change every 30 seconds (RFC 6238), and recovery codes.

use serde_json::Value;
use totp_rs::{Builder, Secret, Totp};
use unicode_normalization::UnicodeNormalization;
use utoipa::ToSchema;
use zeroize::ZeroizeOnDrop;

use crate::{
    digits,
    fields::{Fields, FromField},
    limits::TOTP_SECRET_BYTES,
    text::Login,
    time::Timestamp,
    violation::{Invalid, ViolationCode},
};

/// The name that authenticator apps show with the login.
const ISSUER: &str = "Rollcall";

/// The secret that the user's authenticator app shares. It is not printed, and its memory is wiped when it is dropped.
#[derive(Clone, ZeroizeOnDrop)]
pub struct TotpSecret([u8; TOTP_SECRET_BYTES]);

impl TotpSecret {
    /// A secret of random bytes.
    pub const fn new(random: [u8; TOTP_SECRET_BYTES]) -> Self {
        Self(random)
    }

    /// The bytes, for encryption and for the user's app.
    pub const fn expose(&self) -> &[u8; TOTP_SECRET_BYTES] {
        &self.0
    }

    /// The time step that the code belongs to: the current one, or one before or after it. `None` if the code is wrong.
    pub fn step_of(&self, code: &TotpCode, now: Timestamp) -> Option<u64> {
        self.totp(None).check(&code.0, u64::try_from(now.unix_seconds()).ok()?)
    }

    /// The `otpauth://` URI that authenticator apps read.
    #[expect(clippy::missing_panics_doc, reason = "a login is a valid account name")]
    pub fn uri(&self, login: &Login) -> String {
        self.totp(Some(login)).to_url().expect("a login is not empty and has no colon")
    }

    /// SHA-1, six digits, 30 seconds, one step of tolerance: all apps support this.
    fn totp(&self, login: Option<&Login>) -> Totp {
        let builder = Builder::new().with_secret(Secret::from(self.0.to_vec())).with_issuer(Some(ISSUER));
        let builder = builder.with_account_name(login.map(Login::as_str).unwrap_or_default());
        builder.build().expect("the secret has 160 bits and the names have no colon")
    }
}

impl std::fmt::Debug for TotpSecret {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("TotpSecret(…)")
    }
}

/// A code of six digits from an authenticator app.
#[derive(Clone, Debug, PartialEq, Eq, ToSchema)]
#[schema(value_type = String, pattern = "^[0-9]{6}$", example = "012345")]
pub struct TotpCode(String);

impl FromField for TotpCode {
    fn from_field(value: &Value) -> Result<Self, Invalid> {
        digits::parse(value, 6).map(Self)
    }
}

/// What a user enters as their second factor.
#[derive(Clone, Debug)]
pub enum SecondFactorInput {
    /// The code that the authenticator app shows.
    Code(TotpCode),
    /// A recovery code, in upper case, in half width and without separators.
    RecoveryCode(String),
}

impl SecondFactorInput {
    /// Reads `code` or `recovery_code`. Returns `None` only after reporting a violation.
    pub fn read(fields: &mut Fields) -> Option<Self> {
        if !fields.has("recovery_code") {
            return fields.required("code").map(Self::Code);
        }
        let typed: Option<String> = fields.required("recovery_code");
        if fields.optional::<TotpCode>("code").is_some() {
            let rule = "takes either code or recovery_code";
            fields.violation("recovery_code", Invalid::new(ViolationCode::NotAllowed, rule));
        }
        let bare = typed?.nfkc().filter(char::is_ascii_alphanumeric).collect::<String>().to_ascii_uppercase();
        Some(Self::RecoveryCode(bare))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use serde_json::json;

    fn code(text: &str) -> TotpCode {
        TotpCode::from_field(&json!(text)).unwrap()
    }

    /// The test vectors of RFC 6238, appendix B: the last six of their eight digits.
    #[test]
    fn codes_match_the_test_vectors_of_the_standard() {
        let secret = TotpSecret::new(*b"12345678901234567890");
        let at = |seconds| Timestamp::new("1970-01-01T00:00:00Z".parse().unwrap()) + Duration::from_secs(seconds);
        for (seconds, digits) in [(59, "287082"), (1_111_111_109, "081804"), (2_000_000_000, "279037")] {
            assert_eq!(secret.step_of(&code(digits), at(seconds)), Some(seconds / 30));
        }
    }

    /// The clock of an app may be off by one step, at any point of the server's step.
    #[test]
    fn codes_of_neighbouring_steps_are_accepted_and_no_others() {
        let secret = TotpSecret::new(*b"12345678901234567890");
        let start = Timestamp::new("2005-03-18T01:58:00Z".parse().unwrap());
        for into_step in 0..30 {
            let now = start + Duration::from_secs(into_step);
            for (off, taken) in [(29_i64, true), (61, false), (91, false)] {
                for sign in [1, -1] {
                    let shown_at = u64::try_from(now.unix_seconds() + sign * off).unwrap();
                    let shown = code(&secret.totp(None).generate(shown_at).to_string());
                    assert_eq!(secret.step_of(&shown, now).is_some(), taken, "{into_step} {off}");
                }
            }
            let shown = |at: i64| code(&secret.totp(None).generate(u64::try_from(at).unwrap()).to_string());
            assert_eq!(secret.step_of(&shown(now.unix_seconds() + 31), now).is_some(), into_step < 29);
            assert_eq!(secret.step_of(&shown(now.unix_seconds() - 31), now).is_some(), into_step > 0);
        }
    }

    #[test]
    fn codes_may_be_typed_in_full_width() {
        assert_eq!(code("２8７０８２"), code("287082"));
        let mut fields = Fields::of(json!({"recovery_code": "ａｂｃ２ー３Ｄ-４"}));
        let Some(SecondFactorInput::RecoveryCode(typed)) = SecondFactorInput::read(&mut fields) else { panic!() };
        assert_eq!(typed, "ABC23D4");
    }

    #[test]
    fn a_code_has_six_digits() {
        for bad in [json!("12345"), json!("1234567"), json!("12345a"), json!("١٢٣٤٥٦"), json!(" 12345"), json!(123_456)]
        {
            assert!(TotpCode::from_field(&bad).is_err(), "{bad}");
        }
    }
}
