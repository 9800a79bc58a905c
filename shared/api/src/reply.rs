//! A handler's reply: status, representation, version and location.

use axum::{
    body::Body,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};

use crate::problem::Problem;

/// A reply in a form that can be stored under an `Idempotency-Key`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reply {
    status: u16,
    etag: Option<u64>,
    location: Option<String>,
    /// JSON, in the order in which the representation declares its fields.
    body: Option<String>,
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
        Ok(Self { status: 201, location: Some(location), ..Self::ok(body)? })
    }

    /// 202 with what was started.
    pub fn accepted(body: &impl Serialize) -> Result<Self, Problem> {
        Ok(Self { status: 202, ..Self::ok(body)? })
    }

    /// 204.
    pub fn no_content() -> Self {
        Self { status: 204, etag: None, location: None, body: None, replayed: false }
    }

    /// The reply with the version of its representation, as its `ETag`.
    #[must_use]
    pub fn at_version(self, version: u64) -> Self {
        Self { etag: Some(version), ..self }
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
