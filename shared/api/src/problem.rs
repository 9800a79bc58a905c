//! How a request fails: a refusal for the caller, or a fault for the log.

use std::fmt;

use axum::response::{IntoResponse, Response};
use rollcall_domain::{Code, Refusal, Violation, ViolationCode, limits::RETRY_AFTER_FAULT, violation::PasswordReason};
use rollcall_store::{CommitError, Fault};
use serde::Serialize;
use utoipa::ToSchema;

/// Why a request was not carried out.
#[derive(Debug)]
pub enum Problem {
    /// The request is refused; the caller gets the reason.
    Refused(Refusal),
    /// A dependency failed: 503. The text goes to the log only.
    Unavailable(String),
    /// A fault of ours: 500. The text goes to the log only.
    Internal(String),
}

impl Problem {
    /// What the caller gets to see.
    fn refusal(&self) -> Refusal {
        match self {
            Self::Refused(refusal) => refusal.clone(),
            Self::Unavailable(_) => Refusal { retry_after: Some(RETRY_AFTER_FAULT), ..Code::Unavailable.into() },
            Self::Internal(_) => Code::Internal.into(),
        }
    }

    /// Whether this is a refusal of this kind.
    pub fn is(&self, code: Code) -> bool {
        matches!(self, Self::Refused(refusal) if refusal.code == code)
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused(refusal) => refusal.fmt(formatter),
            Self::Unavailable(reason) | Self::Internal(reason) => formatter.write_str(reason),
        }
    }
}

impl std::error::Error for Problem {}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<Code> for Problem {
    fn from(code: Code) -> Self {
        Self::Refused(code.into())
    }
}

impl From<Fault> for Problem {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Unavailable { .. } => Self::Unavailable(fault.to_string()),
            Fault::Corrupt { .. } => Self::Internal(fault.to_string()),
        }
    }
}

impl From<CommitError> for Problem {
    fn from(error: CommitError) -> Self {
        match error {
            CommitError::Refused(refused) => refused.code().into(),
            CommitError::Fault(fault) => fault.into(),
        }
    }
}

impl From<getrandom::Error> for Problem {
    fn from(error: getrandom::Error) -> Self {
        Self::Unavailable(format!("no randomness: {error}"))
    }
}

/// The body of a problem reply, by RFC 9457.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Problem)]
pub(crate) struct ProblemBody {
    /// `urn:problem:` and the code.
    #[serde(rename = "type")]
    #[schema(pattern = "^urn:problem:[a-z_]+$", example = "urn:problem:not_found")]
    problem_type: String,
    /// What happened, in one sentence per code.
    title: &'static str,
    /// The HTTP status of the reply.
    #[schema(minimum = 400, maximum = 599)]
    status: u16,
    /// The error code, for programs.
    code: Code,
    /// What is wrong with this request, and how to mend it.
    detail: String,
    /// The same id as the reply's `X-Request-Id` header.
    #[schema(format = "uuid", pattern = "^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")]
    request_id: String,
    /// The violations in the request, at most 100; only with status 422. `detail` says how many more there are.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(value_type = Option<Vec<ViolationBody>>)]
    errors: Vec<Violation>,
}

/// One violation of a field's or parameter's rule.
#[derive(Debug, ToSchema)]
#[schema(as = Violation)]
#[expect(dead_code, reason = "describes `domain::Violation`, which serialises its place as one of two fields")]
pub(crate) struct ViolationBody {
    /// Where in the body, as an RFC 6901 pointer. Absent if the violation is in the query.
    pointer: Option<String>,
    /// Which query parameter. Absent if the violation is in the body.
    parameter: Option<String>,
    /// Which kind of rule is violated.
    code: ViolationCode,
    /// The rule, as a sentence for people.
    detail: String,
    /// Why a new password is refused; only with the code `weak_password`, or `not_allowed` for the current password.
    reason: Option<PasswordReason>,
}

impl ProblemBody {
    pub(crate) fn new(refusal: Refusal, request_id: &str) -> Self {
        Self {
            problem_type: format!("urn:problem:{}", refusal.code.as_str()),
            title: refusal.code.title(),
            status: refusal.code.status(),
            code: refusal.code,
            detail: refusal.detail.into_owned(),
            request_id: request_id.to_owned(),
            errors: refusal.violations,
        }
    }
}

/// A refusal on its way to the outermost layer, which renders it: only that layer knows the request's id.
#[derive(Clone, Debug)]
pub(crate) struct RefusalExtension(pub(crate) Refusal);

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        // A fault is logged once, here. A refusal is the caller's business.
        match &self {
            Self::Unavailable(reason) => tracing::error!(reason, "unavailable"),
            Self::Internal(reason) => tracing::error!(reason, "internal"),
            Self::Refused(_) => {}
        }
        let mut response = Response::default();
        response.extensions_mut().insert(RefusalExtension(self.refusal()));
        response
    }
}
