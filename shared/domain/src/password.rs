//! Passwords, and the rules for choosing one.

use std::fmt;

use serde_json::Value;
use unicode_normalization::UnicodeNormalization;
use utoipa::ToSchema;
use zeroize::Zeroizing;
use zxcvbn::{
    Score,
    feedback::{Feedback, Warning},
    zxcvbn,
};

use crate::{
    body::ReadElsewhere,
    fields::{Fields, FromField},
    limits::{MAX_PASSWORD_CHARS, MIN_PASSWORD_CHARS},
    request_body,
    violation::{Invalid, PasswordReason, ViolationCode},
};

/// A password as typed, in NFC. It is not printed, and its memory is wiped when it is dropped.
#[derive(Clone, ToSchema)]
#[schema(value_type = String, format = Password, example = "correct horse battery")]
pub struct Password(Zeroizing<String>);

impl Password {
    /// Normalises what was typed and cuts it after [`MAX_PASSWORD_CHARS`] + 1 characters: no longer password can be
    /// right.
    pub fn new(typed: &str) -> Self {
        Self(Zeroizing::new(typed.nfc().take(MAX_PASSWORD_CHARS + 1).collect()))
    }

    /// Checks that it is not the current password.
    pub fn check_changed(&self, current: &Self) -> Result<(), Invalid> {
        if self.0 == current.0 { Err(Invalid::unchanged_password()) } else { Ok(()) }
    }

    /// The bytes, for hashing.
    pub fn expose(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Password(…)")
    }
}

impl FromField for Password {
    fn from_field(value: &Value) -> Result<Self, Invalid> {
        String::from_field(value).map(|typed| Self::new(&typed))
    }
}

/// A password to set, in Unicode NFC. An installation can require more than 8 characters; by default it requires 12.
#[derive(ToSchema)]
#[schema(value_type = String, format = Password, min_length = 8, max_length = 256, example = "correct horse battery")]
#[expect(dead_code, reason = "describes a `Password` that must follow the `PasswordRule`")]
pub struct NewPassword(String);

/// A password that one user sets for another.
#[derive(Clone, Debug)]
pub enum InitialPassword {
    /// The user who sets it typed it.
    Typed(Password),
    /// It is generated, and shown once.
    Generated,
}

/// The rules for passwords that an installation can configure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PasswordRule {
    /// The minimum number of characters.
    pub min_chars: usize,
    /// Whether a password must have upper case, lower case, digits and symbols.
    pub require_classes: bool,
    /// Whether the strength of a password is estimated, which takes up to 50 ms.
    pub is_strength_estimated: bool,
}

impl Default for PasswordRule {
    fn default() -> Self {
        Self { min_chars: MIN_PASSWORD_CHARS, require_classes: false, is_strength_estimated: true }
    }
}

/// Shorter names occur in many good passwords by chance, so they are allowed.
const MIN_NAME_CHARS: usize = 3;

/// The number of characters whose strength is estimated. Further characters only add strength, and the estimate tries
/// all substitutions of digits and symbols for letters: for 256 chosen characters it would take seconds.
const ESTIMATED_CHARS: usize = 24;

request_body! {
    /// A password that an admin sets for another user, who must change it at the next sign-in.
    #[schema(as = PasswordReset, title = "password | generate_password: true")]
    pub struct PasswordResetBody from (fields, rule: &PasswordRule, names: &[&str]) {
        /// The password to set.
        #[schema(value_type = Option<NewPassword>)]
        password: InitialPassword = rule.read_initial(fields, names),
        /// Generates a password, which the reply shows once.
        #[schema(value_type = Option<bool>)]
        generate_password: ReadElsewhere,
    }
}

impl PasswordResetBody {
    /// The password to set.
    pub fn into_password(self) -> InitialPassword {
        self.password
    }
}

impl PasswordRule {
    /// The rule without the estimate of strength.
    #[must_use]
    pub fn without_estimate(self) -> Self {
        Self { is_strength_estimated: false, ..self }
    }

    /// Reads `password`, which must be strong enough for a user with these names, and `password_confirmation`, which
    /// must equal it.
    pub fn read_twice(&self, fields: &mut Fields, names: &[&str]) -> Option<Password> {
        let password: Option<Password> = fields.required("password");
        let confirmation: Option<Password> = fields.required("password_confirmation");
        if let (Some(password), Some(confirmation)) = (&password, &confirmation)
            && password.expose() != confirmation.expose()
        {
            let invalid = Invalid::new(ViolationCode::Mismatch, "must equal password");
            fields.violation("password_confirmation", invalid);
        }
        self.checked(fields, password?, names).filter(|_| confirmation.is_some())
    }

    /// Reads either `password`, which must be strong enough for a user with these names, or `generate_password`.
    pub fn read_initial(&self, fields: &mut Fields, names: &[&str]) -> Option<InitialPassword> {
        let generate = fields.optional("generate_password").unwrap_or(false);
        match (generate, fields.has("password")) {
            (true, false) => Some(InitialPassword::Generated),
            (true, true) => {
                let rule = "takes either password or generate_password";
                fields.violation("generate_password", Invalid::new(ViolationCode::NotAllowed, rule));
                fields.optional::<Password>("password").map(InitialPassword::Typed)
            }
            (false, _) => {
                let password = fields.required("password")?;
                self.checked(fields, password, names).map(InitialPassword::Typed)
            }
        }
    }

    /// Returns the password, or reports why it is too weak.
    fn checked(&self, fields: &mut Fields, password: Password, names: &[&str]) -> Option<Password> {
        let judged = self.check(&password, names).map_err(|invalid| fields.violation("password", invalid));
        judged.ok().map(|()| password)
    }

    /// Checks that a password is strong enough for a user with these names.
    pub fn check(&self, password: &Password, names: &[&str]) -> Result<(), Invalid> {
        if password.0.chars().any(char::is_control) {
            let rule =
                "takes no control characters such as a tab or a line feed, which nobody can type when they sign in";
            return Err(Invalid::new(ViolationCode::BadFormat, rule));
        }
        let chars = password.0.chars().count();
        if let Some(invalid) = Invalid::of_size(chars, self.min_chars, MAX_PASSWORD_CHARS, "characters") {
            return Err(invalid);
        }
        let lower = password.0.to_lowercase();
        let names: Vec<_> = names.iter().copied().filter(|name| name.chars().count() >= MIN_NAME_CHARS).collect();
        if names.iter().any(|name| lower.contains(&name.to_lowercase())) {
            let rule = "must not contain the login, the username or the name in the email address";
            return Err(Invalid::weak_password(PasswordReason::ContainsName, rule));
        }
        if self.require_classes && !has_all_classes(&password.0) {
            let rule = "must have upper case, lower case, digits and symbols";
            return Err(Invalid::weak_password(PasswordReason::MissingClasses, rule));
        }
        if !self.is_strength_estimated {
            return Ok(());
        }
        let estimated = Zeroizing::new(password.0.chars().take(ESTIMATED_CHARS).collect::<String>());
        let estimate = zxcvbn(&estimated, &names);
        if estimate.score() >= Score::Three {
            return Ok(());
        }
        let warning = estimate.feedback().and_then(Feedback::warning);
        let rule = warning.map_or_else(
            || "is too easy to guess: add one or two words".to_owned(),
            |warning| format!("is too easy to guess: {warning}"),
        );
        Err(Invalid::weak_password(warning.map_or(PasswordReason::Guessable, reason_of), rule))
    }
}

fn reason_of(warning: Warning) -> PasswordReason {
    match warning {
        Warning::ThisIsATop10Password
        | Warning::ThisIsATop100Password
        | Warning::ThisIsACommonPassword
        | Warning::ThisIsSimilarToACommonlyUsedPassword => PasswordReason::Common,
        Warning::StraightRowsOfKeysAreEasyToGuess
        | Warning::ShortKeyboardPatternsAreEasyToGuess
        | Warning::RepeatsLikeAaaAreEasyToGuess
        | Warning::RepeatsLikeAbcAbcAreOnlySlightlyHarderToGuess
        | Warning::SequencesLikeAbcAreEasyToGuess
        | Warning::RecentYearsAreEasyToGuess
        | Warning::AWordByItselfIsEasyToGuess
        | Warning::DatesAreOftenEasyToGuess
        | Warning::NamesAndSurnamesByThemselvesAreEasyToGuess
        | Warning::CommonNamesAndSurnamesAreEasyToGuess => PasswordReason::Guessable,
    }
}

fn has_all_classes(password: &str) -> bool {
    let has = |class: fn(char) -> bool| password.chars().any(class);
    has(char::is_uppercase) && has(char::is_lowercase) && has(char::is_numeric) && has(|c| !c.is_alphanumeric())
}

#[cfg(test)]
mod tests {
    use super::*;
    use ViolationCode::{BadFormat, NotAllowed, TooLong, TooShort, WeakPassword};

    fn checked(password: &str) -> Option<ViolationCode> {
        let names = ["mina.park", "Mina_P", "mp"];
        PasswordRule::default().check(&Password::new(password), &names).err().map(|invalid| invalid.code)
    }

    #[test]
    fn a_password_has_12_to_256_visible_characters_in_nfc() {
        assert_eq!(checked("tq7 vXk 2pL"), Some(TooShort));
        assert_eq!(checked("tq7 vXk 2pLw"), None);
        assert_eq!(checked(&"tq7 vXk 2pLw🦀é ".repeat(16)), None);
        assert_eq!(checked(&format!("{}z", "tq7 vXk 2pLw🦀 é~".repeat(16))), Some(TooLong));
        assert_eq!(Password::new("e\u{301}").expose(), "é".as_bytes());
        assert_eq!(checked(&"e\u{301}".repeat(11)), Some(TooShort));
        assert_eq!(format!("{:?}", Password::new("secret")), "Password(…)");
    }

    #[test]
    fn a_password_that_nobody_can_type_is_refused() {
        for bad in ["tq7 vXk 2pLw\n", "tq7\tvXk 2pLw", "tq7 vXk 2pLw\0", "tq7 vXk\u{85} 2pLw", "\t"] {
            assert_eq!(checked(bad), Some(BadFormat), "{bad:?}");
        }
    }

    #[test]
    fn the_current_password_is_no_new_one() {
        let current = Password::new("tq7 vXk caf\u{e9}");
        let invalid = Password::new("tq7 vXk cafe\u{301}").check_changed(&current).unwrap_err();
        assert_eq!((invalid.code, invalid.reason), (NotAllowed, Some(PasswordReason::Unchanged)));
        assert_eq!(Password::new("tq7 vXk cafe").check_changed(&current), Ok(()));
    }

    #[test]
    fn a_common_password_or_one_with_a_name_is_refused() {
        for weak in
            ["password1234", "qwertyuiop12", "aaaaaaaaaaaaaa", "abcdefghijkl", "xx MINA.PARK tq7v", "tq7vX mina_p 2pLw"]
        {
            assert_eq!(checked(weak), Some(WeakPassword), "{weak}");
        }
        // A name of two letters is too short to matter.
        assert_eq!(checked("tq7 vXmp 2pLw"), None);
        let reason = PasswordRule::default().check(&Password::new("password1234"), &[]).unwrap_err().detail;
        assert!(reason.starts_with("is too easy to guess: "), "{reason}");
    }

    #[test]
    fn a_weak_password_has_its_reason_as_a_code() {
        let strict = PasswordRule { require_classes: true, ..PasswordRule::default() };
        for (rule, password, reason) in [
            (strict, "tq7 vXk mina_p", PasswordReason::ContainsName),
            (strict, "tq7 vxk 2plw", PasswordReason::MissingClasses),
            (PasswordRule::default(), "password1234", PasswordReason::Common),
            (PasswordRule::default(), "abcdefghijkl", PasswordReason::Guessable),
        ] {
            let invalid = rule.check(&Password::new(password), &["Mina_P"]).unwrap_err();
            assert_eq!((invalid.code, invalid.reason), (WeakPassword, Some(reason)), "{password}");
        }
    }

    #[test]
    fn an_installation_can_require_more() {
        let strict = PasswordRule { min_chars: 15, require_classes: true, ..PasswordRule::default() };
        let checked = |password| strict.check(&Password::new(password), &[]).err().map(|invalid| invalid.code);
        assert_eq!(checked("tq7 vXk 2pLw"), Some(TooShort));
        assert_eq!(checked("tq7 vxk 2plw 9d"), Some(WeakPassword));
        assert_eq!(checked("tq7 vXk 2pLw 9d"), None);
    }
}
