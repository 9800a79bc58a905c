//! How a request ends that does not do what it asked.

use std::fmt;

use axum::response::{IntoResponse, Response};
use rollcall_domain::{Code, Refusal, Violation, ViolationCode, limits::RETRY_AFTER_FAULT};
use rollcall_store::{CommitError, Fault};
use serde::Serialize;
use utoipa::ToSchema;

/// A refusal, a reply that stands already, or a failure of ours that is told to the log and not to the caller.
#[derive(Debug)]
pub enum Problem {
    /// What was asked is refused, and why.
    Refused(Refusal),
    /// Something we depend on failed; the text is for the log.
    Unavailable(String),
    /// We failed; the text is for the log.
    Internal(String),
    /// The request was answered before and gets the same answer again.
    Replayed(Box<crate::Reply>),
}

impl Problem {
    /// What the caller is told.
    fn refusal(&self) -> Refusal {
        match self {
            Self::Refused(refusal) => refusal.clone(),
            Self::Unavailable(_) => Refusal { retry_after: Some(RETRY_AFTER_FAULT), ..Code::Unavailable.into() },
            Self::Internal(_) | Self::Replayed(_) => Code::Internal.into(),
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
            Self::Replayed(_) => formatter.write_str("replayed"),
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

/// The body of a problem, as RFC 9457 has it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Problem)]
pub(crate) struct ProblemBody {
    /// `urn:problem:` and the code.
    #[serde(rename = "type")]
    problem_type: String,
    /// The kind, in one sentence.
    title: &'static str,
    /// The status of the reply.
    status: u16,
    /// The kind, for programs.
    code: &'static str,
    /// The occurrence, and how to mend it.
    detail: String,
    /// The reply's `X-Request-Id`.
    request_id: String,
    /// Every broken rule of the request; only with 422.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(value_type = Option<Vec<ViolationBody>>)]
    errors: Vec<Violation>,
}

/// One broken rule.
#[derive(Debug, ToSchema)]
#[schema(as = Violation)]
#[expect(dead_code, reason = "describes `domain::Violation`, whose place is one of two fields")]
pub(crate) struct ViolationBody {
    /// Where in the body, by RFC 6901.
    pointer: Option<String>,
    /// Which query parameter.
    parameter: Option<String>,
    /// Which kind of rule.
    code: ViolationCode,
    /// The rule.
    detail: String,
}

impl ProblemBody {
    pub(crate) fn new(refusal: Refusal, request_id: &str) -> Self {
        Self {
            problem_type: format!("urn:problem:{}", refusal.code.as_str()),
            title: refusal.code.title(),
            status: refusal.code.status(),
            code: refusal.code.as_str(),
            detail: refusal.detail.into_owned(),
            request_id: request_id.to_owned(),
            errors: refusal.violations,
        }
    }
}

/// What the outermost layer renders, since only it knows the request's id.
#[derive(Clone, Debug)]
pub(crate) struct RefusalExtension(pub(crate) Refusal);

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        match self {
            Self::Replayed(reply) => reply.into_replayed(),
            Self::Refused(_) | Self::Unavailable(_) | Self::Internal(_) => {
                // A fault is logged once, here; a refusal is the caller's business.
                match &self {
                    Self::Unavailable(reason) => tracing::error!(reason, "unavailable"),
                    Self::Internal(reason) => tracing::error!(reason, "internal"),
                    Self::Refused(_) | Self::Replayed(_) => {}
                }
                let mut response = Response::default();
                response.extensions_mut().insert(RefusalExtension(self.refusal()));
                response
            }
        }
    }
}
