//! Broken rules of a request: which rule, where in the request, and how to mend it.

use std::borrow::Cow;

use serde::Serialize;
use utoipa::ToSchema;

/// What is wrong with one field or parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ViolationCode {
    /// It must be there.
    Required,
    /// It has the wrong JSON type.
    WrongType,
    /// It has too few characters or entries.
    TooShort,
    /// It has too many characters, bytes or entries.
    TooLong,
    /// It is not written the way it must be.
    BadFormat,
    /// The value is not one of those that are allowed here.
    NotAllowed,
    /// The number or date lies outside its range.
    OutOfRange,
    /// It differs from what it must equal.
    Mismatch,
    /// The password is too easy to guess.
    WeakPassword,
    /// The request has no such field.
    UnknownField,
    /// The field never changes.
    ImmutableField,
    /// The id names nothing, or nothing the caller may name.
    UnknownReference,
    /// The current password is wrong.
    Incorrect,
}

/// Why a password is too weak.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum WeakPasswordReason {
    /// It contains the login, the username or the name in the email address.
    ContainsName,
    /// It lacks upper case, lower case, digits or symbols, all of which this installation requires.
    MissingClasses,
    /// It is a common password or similar to one.
    Common,
    /// It can be guessed in few attempts: a word, a name, a date, a sequence, a repetition or a keyboard pattern.
    Guessable,
}

/// Why a value is refused, before it is known where it stood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invalid {
    /// Which kind of rule it breaks.
    pub code: ViolationCode,
    /// The rule, and so how to mend it.
    pub detail: Cow<'static, str>,
    /// Why a password is weak; `None` for every other rule.
    pub reason: Option<WeakPasswordReason>,
}

impl Invalid {
    /// A broken rule and its sentence.
    pub fn new(code: ViolationCode, detail: impl Into<Cow<'static, str>>) -> Self {
        Self { code, detail: detail.into(), reason: None }
    }

    /// A password that is too weak.
    pub fn weak_password(reason: WeakPasswordReason, detail: impl Into<Cow<'static, str>>) -> Self {
        Self { reason: Some(reason), ..Self::new(ViolationCode::WeakPassword, detail) }
    }

    pub(crate) fn wrong_type(expected: &'static str) -> Self {
        Self::new(ViolationCode::WrongType, format!("must be {expected}"))
    }
}

/// Where a violation is: in the body, or in the query.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Place {
    Pointer(String),
    Parameter(String),
}

/// One broken rule: where, which, and how to mend it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Violation {
    #[serde(flatten)]
    place: Place,
    code: ViolationCode,
    detail: Cow<'static, str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<WeakPasswordReason>,
}

impl Violation {
    /// A violation in the body, at an RFC 6901 pointer.
    pub fn at(pointer: impl Into<String>, code: ViolationCode, detail: impl Into<Cow<'static, str>>) -> Self {
        Self { place: Place::Pointer(pointer.into()), code, detail: detail.into(), reason: None }
    }

    /// A violation in the body, at an RFC 6901 pointer.
    pub(crate) fn from_invalid(pointer: String, invalid: Invalid) -> Self {
        let Invalid { code, detail, reason } = invalid;
        Self { place: Place::Pointer(pointer), code, detail, reason }
    }

    /// A violation of a query parameter.
    pub fn of_parameter(name: impl Into<String>, code: ViolationCode, detail: impl Into<Cow<'static, str>>) -> Self {
        Self { place: Place::Parameter(name.into()), code, detail: detail.into(), reason: None }
    }

    /// The violation of an object that stands under a name of its own.
    pub(crate) fn under(self, name: &str) -> Self {
        let place = match self.place {
            Place::Pointer(pointer) => Place::Pointer(format!("/{name}{pointer}")),
            Place::Parameter(parameter) => Place::Parameter(parameter),
        };
        Self { place, ..self }
    }

    pub(crate) fn place(&self) -> &Place {
        &self.place
    }

    pub(crate) fn detail(&self) -> &str {
        &self.detail
    }

    /// What kind of rule was broken.
    pub fn code(&self) -> ViolationCode {
        self.code
    }
}
