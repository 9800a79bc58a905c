//! Passwords: what is taken for one, and which may be chosen.

use std::fmt;

use serde_json::Value;
use unicode_normalization::UnicodeNormalization;
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
    violation::{Invalid, ViolationCode, WeakPasswordReason},
};

/// A password as typed, in NFC. It cannot be printed, and its memory is wiped.
#[derive(Clone)]
pub struct Password(Zeroizing<String>);

impl Password {
    /// Takes what was typed. Longer than any password that could have been set, it is cut: it cannot be right.
    pub fn new(typed: &str) -> Self {
        Self(Zeroizing::new(typed.nfc().take(MAX_PASSWORD_CHARS + 1).collect()))
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

/// A password that somebody sets for somebody else.
#[derive(Clone, Debug)]
pub enum InitialPassword {
    /// This one.
    Typed(Password),
    /// One that is drawn, and told once.
    Generated,
}

/// Which passwords may be chosen, beyond what holds for all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PasswordRule {
    /// Characters at least.
    pub min_chars: usize,
    /// Whether upper case, lower case, digits and symbols must all be there.
    pub require_classes: bool,
}

impl Default for PasswordRule {
    fn default() -> Self {
        Self { min_chars: MIN_PASSWORD_CHARS, require_classes: false }
    }
}

/// Names shorter than this stand in too many good passwords by chance to be looked for.
const MIN_NAME_CHARS: usize = 3;

/// Characters of a password whose strength is estimated. Strength only grows with what follows, and the estimate tries
/// every reading of digits and symbols as letters: of 256 well-chosen characters it would take seconds.
const ESTIMATED_CHARS: usize = 24;

request_body! {
    /// A password that an admin sets for another user, who must change it at the next sign-in.
    #[schema(as = PasswordReset)]
    pub struct PasswordResetBody from (fields, rule: &PasswordRule, names: &[&str]) {
        /// Either this or `generate_password`.
        #[schema(value_type = Option<String>)]
        password: InitialPassword = rule.read_initial(fields, names),
        /// Whether to generate a password, which the reply shows once.
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
    /// Reads `password`, which must be good for a user of these names, and `password_confirmation`, which must equal it.
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

    /// Reads either `password`, which must be good for a user of these names, or `generate_password`.
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

    /// The password, unless a rule over it was broken and noted.
    fn checked(&self, fields: &mut Fields, password: Password, names: &[&str]) -> Option<Password> {
        let judged = self.check(&password, names).map_err(|invalid| fields.violation("password", invalid));
        judged.ok().map(|()| password)
    }

    /// Whether a password is good enough for a user of these names; if not, why.
    pub fn check(&self, password: &Password, names: &[&str]) -> Result<(), Invalid> {
        let (least, most) = (self.min_chars, MAX_PASSWORD_CHARS);
        match password.0.chars().count() {
            count if count < least => {
                return Err(Invalid::new(ViolationCode::TooShort, format!("takes {least} to {most} characters")));
            }
            count if count > most => {
                return Err(Invalid::new(ViolationCode::TooLong, format!("takes {least} to {most} characters")));
            }
            _ => {}
        }
        let lower = password.0.to_lowercase();
        let names: Vec<_> = names.iter().copied().filter(|name| name.chars().count() >= MIN_NAME_CHARS).collect();
        if names.iter().any(|name| lower.contains(&name.to_lowercase())) {
            let rule = "must not contain the login, the username or the name in the email address";
            return Err(Invalid::weak_password(WeakPasswordReason::ContainsName, rule));
        }
        if self.require_classes && !has_all_classes(&password.0) {
            let rule = "must have upper case, lower case, digits and symbols";
            return Err(Invalid::weak_password(WeakPasswordReason::MissingClasses, rule));
        }
        let estimated = Zeroizing::new(password.0.chars().take(ESTIMATED_CHARS).collect::<String>());
        let estimate = zxcvbn(&estimated, &names);
        if estimate.score() >= Score::Three {
            return Ok(());
        }
        let warning = estimate.feedback().and_then(Feedback::warning);
        let rule = warning.map_or_else(
            || "is too easy to guess: add a word or two".to_owned(),
            |warning| format!("is too easy to guess: {warning}"),
        );
        Err(Invalid::weak_password(warning.map_or(WeakPasswordReason::Guessable, reason_of), rule))
    }
}

fn reason_of(warning: Warning) -> WeakPasswordReason {
    match warning {
        Warning::ThisIsATop10Password
        | Warning::ThisIsATop100Password
        | Warning::ThisIsACommonPassword
        | Warning::ThisIsSimilarToACommonlyUsedPassword => WeakPasswordReason::Common,
        Warning::StraightRowsOfKeysAreEasyToGuess
        | Warning::ShortKeyboardPatternsAreEasyToGuess
        | Warning::RepeatsLikeAaaAreEasyToGuess
        | Warning::RepeatsLikeAbcAbcAreOnlySlightlyHarderToGuess
        | Warning::SequencesLikeAbcAreEasyToGuess
        | Warning::RecentYearsAreEasyToGuess
        | Warning::AWordByItselfIsEasyToGuess
        | Warning::DatesAreOftenEasyToGuess
        | Warning::NamesAndSurnamesByThemselvesAreEasyToGuess
        | Warning::CommonNamesAndSurnamesAreEasyToGuess => WeakPasswordReason::Guessable,
    }
}

fn has_all_classes(password: &str) -> bool {
    let has = |class: fn(char) -> bool| password.chars().any(class);
    has(char::is_uppercase) && has(char::is_lowercase) && has(char::is_numeric) && has(|c| !c.is_alphanumeric())
}

#[cfg(test)]
mod tests {
    use super::*;
    use ViolationCode::{TooLong, TooShort, WeakPassword};

    fn checked(password: &str) -> Option<ViolationCode> {
        let names = ["mina.park", "Mina_P", "mp"];
        PasswordRule::default().check(&Password::new(password), &names).err().map(|invalid| invalid.code)
    }

    /// A9.
    #[test]
    fn a_password_has_12_to_256_characters_of_any_kind_in_nfc() {
        assert_eq!(checked("tq7 vXk 2pL"), Some(TooShort));
        assert_eq!(checked("tq7 vXk 2pLw"), None);
        assert_eq!(checked(&"tq7 vXk 2pLw🦀\0é".repeat(16)), None);
        assert_eq!(checked(&format!("{}z", "tq7 vXk 2pLw🦀\0é~".repeat(16))), Some(TooLong));
        assert_eq!(Password::new("e\u{301}").expose(), "é".as_bytes());
        assert_eq!(checked(&"e\u{301}".repeat(11)), Some(TooShort));
        assert_eq!(format!("{:?}", Password::new("secret")), "Password(…)");
    }

    #[test]
    fn a_password_that_is_common_or_about_its_user_is_refused_with_the_reason() {
        for weak in
            ["password1234", "qwertyuiop12", "aaaaaaaaaaaaaa", "abcdefghijkl", "xx MINA.PARK tq7v", "tq7vX mina_p 2pLw"]
        {
            assert_eq!(checked(weak), Some(WeakPassword), "{weak}");
        }
        // Two letters of an email address are no reason.
        assert_eq!(checked("tq7 vXmp 2pLw"), None);
        let reason = PasswordRule::default().check(&Password::new("password1234"), &[]).unwrap_err().detail;
        assert!(reason.starts_with("is too easy to guess: "), "{reason}");
    }

    #[test]
    fn a_weak_password_has_its_reason_as_a_code() {
        let strict = PasswordRule { require_classes: true, ..PasswordRule::default() };
        for (rule, password, reason) in [
            (strict, "tq7 vXk mina_p", WeakPasswordReason::ContainsName),
            (strict, "tq7 vxk 2plw", WeakPasswordReason::MissingClasses),
            (PasswordRule::default(), "password1234", WeakPasswordReason::Common),
            (PasswordRule::default(), "abcdefghijkl", WeakPasswordReason::Guessable),
        ] {
            let invalid = rule.check(&Password::new(password), &["Mina_P"]).unwrap_err();
            assert_eq!((invalid.code, invalid.reason), (WeakPassword, Some(reason)), "{password}");
        }
    }

    #[test]
    fn an_operator_may_ask_for_more() {
        let strict = PasswordRule { min_chars: 15, require_classes: true };
        let checked = |password| strict.check(&Password::new(password), &[]).err().map(|invalid| invalid.code);
        assert_eq!(checked("tq7 vXk 2pLw"), Some(TooShort));
        assert_eq!(checked("tq7 vxk 2plw 9d"), Some(WeakPassword));
        assert_eq!(checked("tq7 vXk 2pLw 9d"), None);
    }
}
