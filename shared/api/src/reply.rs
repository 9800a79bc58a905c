//! A handler's reply: status, representation, version and location.

use axum::{
    body::Body,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use rollcall_domain::Code;
use serde::{Deserialize, Serialize};

use crate::{problem::Problem, replay_right::ReplayRight};

/// A reply in a form that can be stored under an `Idempotency-Key`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reply {
    status: u16,
    etag: Option<u64>,
    location: Option<String>,
    /// JSON, in the order in which the representation declares its fields.
    body: Option<String>,
    /// The right that a replay of the stored reply requires; `None` if it has no secret.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    replay_right: Option<ReplayRight>,
    /// Whether this is the stored reply to an earlier request with the same key.
    #[serde(skip)]
    replayed: bool,
}

impl Reply {
    /// 200 with a representation.
    pub fn ok(body: &impl Serialize) -> Result<Self, Problem> {
        let body = serde_json::to_string(body).map_err(|error| Problem::Internal(error.to_string()))?;
        Ok(Self { status: 200, body: Some(body), ..Self::no_content() })
    }

    /// 201 with a representation and its location.
    pub fn created(location: String, body: &impl Serialize) -> Result<Self, Problem> {
        Ok(Self { status: 201, ..Self::ok(body)?.at(location) })
    }

    /// 202 with what was started.
    pub fn accepted(body: &impl Serialize) -> Result<Self, Problem> {
        Ok(Self { status: 202, ..Self::ok(body)? })
    }

    /// The reply with the location of what it represents.
    #[must_use]
    pub fn at(self, location: String) -> Self {
        Self { location: Some(location), ..self }
    }

    /// 204.
    pub fn no_content() -> Self {
        Self { status: 204, etag: None, location: None, body: None, replay_right: None, replayed: false }
    }

    /// The reply with the version of its representation, as its `ETag`.
    #[must_use]
    pub fn at_version(self, version: u64) -> Self {
        Self { etag: Some(version), ..self }
    }

    /// The reply with a secret in it, which is sent once more only to a caller who still has this right; without a
    /// right a reply that has no secret after all.
    #[must_use]
    pub fn with_secret(self, right: Option<ReplayRight>) -> Self {
        Self { replay_right: right, ..self }
    }

    /// The right that a caller needs to be sent this stored reply.
    pub(crate) fn replay_right(&self) -> Option<ReplayRight> {
        self.replay_right
    }

    /// Whether this stored reply may replace the refusal of a concurrent copy of its request. A refusal for lack of
    /// rights stays if the reply has a secret.
    pub(crate) fn may_replace(&self, refusal: Code) -> bool {
        self.replay_right.is_none() || !matches!(refusal.status(), 401 | 403 | 404)
    }

    /// The stored reply of an earlier request, sent once more.
    pub(crate) fn replayed(self) -> Self {
        Self { replayed: true, ..self }
    }
}

impl IntoResponse for Reply {
    fn into_response(self) -> Response {
        let has_body = self.body.is_some();
        let mut response = Response::new(self.body.map_or_else(Body::empty, Body::from));
        *response.status_mut() = StatusCode::from_u16(self.status).unwrap_or_default();
        let headers = response.headers_mut();
        if has_body {
            headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        }
        if let Some(etag) = self.etag.and_then(|version| HeaderValue::try_from(format!("\"{version}\"")).ok()) {
            headers.insert(header::ETAG, etag);
        }
        if let Some(location) = self.location.and_then(|location| HeaderValue::try_from(location).ok()) {
            headers.insert(header::LOCATION, location);
        }
        if self.replayed {
            headers.insert("idempotency-replayed", HeaderValue::from_static("true"));
        }
        response
    }
}
