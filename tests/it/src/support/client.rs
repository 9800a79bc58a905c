//! A client of the routes and the replies it gets, without a socket between.

use std::net::IpAddr;

use axum::{
    Router,
    body::Body,
    http::{HeaderMap, Method, Request, header},
};
use http_body_util::BodyExt;
use rollcall_api::ClientAddress;
use rollcall_domain::Code;
use serde_json::{Value, json};
use tower::ServiceExt;

use super::{PASSWORD, conformance, faults::as_function};
use crate::wiring;

/// Sends requests with its own headers from its own address.
#[derive(Clone)]
pub struct Client {
    pub(super) service: Router,
    pub headers: HeaderMap,
    pub address: IpAddr,
}

impl Client {
    /// Signs in with [`PASSWORD`] and returns a client with the new session.
    pub async fn sign_in(&self, login: &str) -> Self {
        let signed_in = self.post("/v1/login", &json!({"login": login, "password": PASSWORD})).await;
        self.bearing(&signed_in)
    }

    /// The same client with the session of this sign-in.
    #[track_caller]
    pub fn bearing(&self, signed_in: &Reply) -> Self {
        let token = signed_in.is(200).body["token"].as_str().unwrap();
        self.with_only("authorization", &format!("Bearer {token}"))
    }

    /// The same client at another address.
    pub fn at(&self, address: &str) -> Self {
        Self { address: address.parse().unwrap(), ..self.clone() }
    }

    /// The same client with one more header.
    pub fn with(&self, name: &str, value: &str) -> Self {
        let mut client = self.clone();
        client.headers.append(header::HeaderName::try_from(name).unwrap(), value.parse().unwrap());
        client
    }

    /// The same client with this header in place of all others of its name.
    pub fn with_only(&self, name: &str, value: &str) -> Self {
        let mut client = self.clone();
        client.headers.remove(name);
        client.with(name, value)
    }

    pub async fn get(&self, path: &str) -> Reply {
        self.send(Method::GET, path, None).await
    }

    pub async fn post(&self, path: &str, body: &Value) -> Reply {
        self.send(Method::POST, path, Some(body.to_string())).await
    }

    pub async fn put(&self, path: &str, body: &Value) -> Reply {
        self.send(Method::PUT, path, Some(body.to_string())).await
    }

    pub async fn patch(&self, path: &str, body: &Value) -> Reply {
        self.send(Method::PATCH, path, Some(body.to_string())).await
    }

    pub async fn delete(&self, path: &str) -> Reply {
        self.send(Method::DELETE, path, None).await
    }

    /// [`Client::send`] with a body, as a future that borrows nothing and can be spawned.
    pub fn send_owned(&self, method: Method, path: &str, body: String) -> impl Future<Output = Reply> + use<> {
        let (client, path) = (self.clone(), path.to_owned());
        async move { client.send(method, &path, Some(body)).await }
    }

    /// Sends a request. The body is sent as it is; its type is JSON unless the client has a `content-type`.
    pub async fn send(&self, method: Method, path: &str, body: Option<String>) -> Reply {
        let mut request = Request::builder().method(&method).uri(path);
        *request.headers_mut().unwrap() = self.headers.clone();
        if body.is_some() && !self.headers.contains_key("content-type") {
            request = request.header("content-type", "application/json");
        }
        let mut request = request.body(body.map_or_else(Body::empty, Body::from)).unwrap();
        request.extensions_mut().insert(ClientAddress(self.address));
        let answered = async {
            let (parts, body) = self.service.clone().oneshot(request).await.unwrap().into_parts();
            (parts, body.collect().await.unwrap().to_bytes())
        };
        let (parts, bytes) = match wiring::function_of(&method, path) {
            Some(function) => as_function(function, answered).await,
            None => answered.await,
        };
        let body = serde_json::from_slice(&bytes).unwrap_or(Value::Null);
        let reply = Reply { status: parts.status.as_u16(), headers: parts.headers, body, bytes: bytes.to_vec() };
        conformance::check(&method, path, &reply);
        reply
    }
}

/// A reply to a request.
#[derive(Debug)]
pub struct Reply {
    pub status: u16,
    pub headers: HeaderMap,
    /// The body as JSON; null if it is not JSON.
    pub body: Value,
    pub bytes: Vec<u8>,
}

impl Reply {
    /// A header; empty if it is missing.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map(|value| value.to_str().unwrap()).unwrap_or_default()
    }

    /// The cookie of this name that the reply sets, as `name=value`.
    #[track_caller]
    pub fn cookie(&self, name: &str) -> &str {
        let cookies = self.headers.get_all("set-cookie").iter().map(|cookie| cookie.to_str().unwrap());
        let mut pairs = cookies.filter_map(|cookie| cookie.split(';').next());
        let is_named = |pair: &&str| pair.split_once('=').is_some_and(|(given, _)| given == name);
        pairs.find(is_named).unwrap_or_else(|| panic!("no cookie {name}: {self:?}"))
    }

    /// Asserts that this is the problem with this code, complete and with the status that belongs to the code.
    #[track_caller]
    pub fn is_problem(&self, code: Code) -> &Self {
        assert_eq!(self.body["code"], code.as_str(), "{self:?}");
        assert_eq!(self.status, code.status());
        assert_eq!(self.header("content-type"), "application/problem+json");
        assert_eq!(self.body["type"], format!("urn:problem:{}", code.as_str()));
        assert_eq!(self.body["request_id"], self.header("x-request-id"));
        self
    }

    /// Asserts the status.
    #[track_caller]
    pub fn is(&self, status: u16) -> &Self {
        assert_eq!(self.status, status, "{self:?}");
        self
    }

    /// The violations, as `[pointer or parameter, code]`.
    pub fn violations(&self) -> Vec<Value> {
        let errors = self.body["errors"].as_array().cloned().unwrap_or_default();
        let place = |error: &Value| error.get("pointer").or(error.get("parameter")).cloned();
        errors.iter().map(|error| json!([place(error), error["code"]])).collect()
    }
}
