//! Violations: which rule a request violates, where, and how to fix it.

use std::{borrow::Cow, fmt};

use serde::Serialize;
use utoipa::ToSchema;

/// Which kind of rule a field or parameter violates.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ViolationCode {
    /// It is missing.
    Required,
    /// It has the wrong JSON type.
    WrongType,
    /// It has too few characters or entries.
    TooShort,
    /// It has too many characters, bytes or entries.
    TooLong,
    /// Its format is wrong.
    BadFormat,
    /// The value is not allowed here.
    NotAllowed,
    /// The number or date is outside its range.
    OutOfRange,
    /// It differs from the field that it must equal.
    Mismatch,
    /// The password is too weak; `reason` says why.
    WeakPassword,
    /// The request has no such field.
    UnknownField,
    /// The field cannot be changed.
    ImmutableField,
    /// The id refers to nothing, or to something that the caller may not use.
    UnknownReference,
    /// The current password is wrong.
    Incorrect,
}

/// Why a password is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum PasswordReason {
    /// It contains the login, the username or the name in the email address.
    ContainsName,
    /// It lacks upper case, lower case, digits or symbols, all of which this installation requires.
    MissingClasses,
    /// It is a common password or similar to one.
    Common,
    /// It can be guessed in few attempts: a word, a name, a date, a sequence, a repetition or a keyboard pattern.
    Guessable,
    /// It is the current password.
    Unchanged,
}

/// A violation whose place in the request is not known yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invalid {
    /// Which kind of rule the value violates.
    pub code: ViolationCode,
    /// The rule, as a sentence fragment that follows the field's name: "must be …", "takes …".
    pub detail: Cow<'static, str>,
    /// Why a password is refused; `None` for every other rule.
    pub reason: Option<PasswordReason>,
}

impl Invalid {
    /// A violation of this kind.
    pub fn new(code: ViolationCode, detail: impl Into<Cow<'static, str>>) -> Self {
        Self { code, detail: detail.into(), reason: None }
    }

    /// A password that is too weak.
    pub fn weak_password(reason: PasswordReason, detail: impl Into<Cow<'static, str>>) -> Self {
        Self { reason: Some(reason), ..Self::new(ViolationCode::WeakPassword, detail) }
    }

    /// A new password that is the current one.
    pub(crate) fn unchanged_password() -> Self {
        let rule = "must differ from the current password";
        Self { reason: Some(PasswordReason::Unchanged), ..Self::new(ViolationCode::NotAllowed, rule) }
    }

    /// A value that is none of the allowed words.
    pub fn none_of(words: &[&str]) -> Self {
        Self::new(ViolationCode::NotAllowed, format!("takes one of: {}", words.join(", ")))
    }

    /// A text or a list that has fewer than `min` or more than `max` characters or entries; `None` if it has not.
    pub(crate) fn of_size(count: usize, min: usize, max: usize, unit: &str) -> Option<Self> {
        let code = match count {
            count if count < min => ViolationCode::TooShort,
            count if count > max => ViolationCode::TooLong,
            _ => return None,
        };
        Some(Self::new(code, format!("takes {min} to {max} {unit}")))
    }

    pub(crate) fn wrong_type(expected: &'static str) -> Self {
        Self::new(ViolationCode::WrongType, format!("must be {expected}"))
    }
}

/// Where a violation is: in the body (RFC 6901 pointer) or in the query (parameter name).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Place {
    Pointer(String),
    Parameter(String),
}

/// One violation of a request, as the reply shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Violation {
    #[serde(flatten)]
    place: Place,
    code: ViolationCode,
    detail: Cow<'static, str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<PasswordReason>,
}

impl Violation {
    /// A violation in the body, at an RFC 6901 pointer.
    pub fn at(pointer: impl Into<String>, code: ViolationCode, detail: impl Into<Cow<'static, str>>) -> Self {
        Self { place: Place::Pointer(pointer.into()), code, detail: detail.into(), reason: None }
    }

    /// The violation at this RFC 6901 pointer in the body.
    pub fn from_invalid(pointer: impl Into<String>, invalid: Invalid) -> Self {
        let Invalid { code, detail, reason } = invalid;
        Self { place: Place::Pointer(pointer.into()), code, detail, reason }
    }

    /// A violation of a query parameter.
    pub fn of_parameter(name: impl Into<String>, code: ViolationCode, detail: impl Into<Cow<'static, str>>) -> Self {
        Self { place: Place::Parameter(name.into()), code, detail: detail.into(), reason: None }
    }

    /// The violation of a nested object, seen from the object that holds it as `name`.
    pub(crate) fn under(self, name: &str) -> Self {
        let place = match self.place {
            Place::Pointer(pointer) => Place::Pointer(format!("/{name}{pointer}")),
            Place::Parameter(parameter) => Place::Parameter(parameter),
        };
        Self { place, ..self }
    }

    pub(crate) fn is_at(&self, pointer: &str) -> bool {
        matches!(&self.place, Place::Pointer(place) if place == pointer)
    }

    pub(crate) fn place(&self) -> &Place {
        &self.place
    }

    /// The rule, as a sentence fragment that follows the field's name.
    pub fn detail(&self) -> &str {
        &self.detail
    }

    /// Where in the body it is, as an RFC 6901 pointer; `None` for a query parameter.
    pub fn pointer(&self) -> Option<&str> {
        match &self.place {
            Place::Pointer(pointer) => Some(pointer),
            Place::Parameter(_) => None,
        }
    }

    /// Which kind of rule is violated.
    pub fn code(&self) -> ViolationCode {
        self.code
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (Place::Pointer(place) | Place::Parameter(place)) = &self.place;
        write!(formatter, "{place} {}", self.detail)
    }
}
