//! The server that the commands call: where it is, what is sent to it, and what it answers.

use std::{env::VarError, time::Duration};

use reqwest::{
    Client, Method, RequestBuilder, Response, StatusCode, Url,
    header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue, RETRY_AFTER},
    redirect,
};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Map, Value};
use url::Host;

use crate::{
    document::ApiDocument,
    failure::Failure,
    key,
    operation::{Operation, Request},
    progress,
};

/// The variable with the address.
pub(crate) const VARIABLE: &str = "ROLLCALL_URL";

/// Where `cargo run` listens.
const DEFAULT_URL: &str = "http://127.0.0.1:3000";

/// How long a connection may take.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// How long a call may take. The server replies within 5 s.
const CALL_TIMEOUT: Duration = Duration::from_secs(30);

/// How long a call waits in all for a server that asks to be called again later.
const PATIENCE: Duration = Duration::from_mins(1);

/// The shortest wait, if the server does not say how long.
const SHORTEST_WAIT: Duration = Duration::from_secs(1);

/// The name of the header that makes a POST safe to repeat.
const IDEMPOTENCY_KEY: &str = "Idempotency-Key";

/// A server, and the right to call it.
#[derive(Clone, Debug)]
pub(crate) struct Server<'a> {
    pub(crate) document: &'a ApiDocument,
    pub(crate) http: Client,
    origin: Url,
    authorization: Option<HeaderValue>,
}

/// A page of a list.
#[derive(Deserialize)]
struct Page<T> {
    items: Vec<T>,
    next_cursor: Option<String>,
}

impl<'a> Server<'a> {
    /// The server and the key that the environment names.
    pub(crate) fn from_environment(document: &'a ApiDocument) -> Result<Self, Failure> {
        let origin = origin(&environment(VARIABLE)?.unwrap_or_else(|| DEFAULT_URL.to_owned()))?;
        let authorization = key::authorization()?;
        // A redirect could lead the key to another server. The API has none.
        let client = Client::builder().connect_timeout(CONNECT_TIMEOUT).redirect(redirect::Policy::none());
        // What is not encrypted stays on this machine, so it goes through no proxy.
        let client = if origin.scheme() == "http" { client.no_proxy() } else { client };
        let http = client.build().map_err(Failure::connection)?;
        Ok(Self { document, http, origin, authorization })
    }

    /// Calls an operation by its id and reads its reply.
    pub(crate) async fn call<T: DeserializeOwned>(&self, id: &str, values: Map<String, Value>) -> Result<T, Failure> {
        self.send_values(id, values).await?.json().await.map_err(Failure::connection)
    }

    /// Calls an operation by its id.
    pub(crate) async fn send_values(&self, id: &str, values: Map<String, Value>) -> Result<Response, Failure> {
        let operation = self.document.operation(id);
        self.send(&operation, operation.request(&values, None)?).await
    }

    /// Reads all items of a list, page by page.
    pub(crate) async fn list<T: DeserializeOwned>(
        &self,
        id: &str,
        mut values: Map<String, Value>,
    ) -> Result<Vec<T>, Failure> {
        let mut items = Vec::new();
        loop {
            let page: Page<T> = self.call(id, values.clone()).await?;
            items.extend(page.items);
            match page.next_cursor {
                None => return Ok(items),
                Some(cursor) => drop(values.insert("cursor".to_owned(), cursor.into())),
            }
        }
    }

    /// The same server, called with the token of a session.
    pub(crate) fn with_token(&self, token: &str) -> Result<Self, Failure> {
        Ok(Self { authorization: Some(key::bearer(token, "the token of the session")?), ..self.clone() })
    }

    /// Sends the request of an operation and returns the reply if it is a success.
    pub(crate) async fn send(&self, operation: &Operation, mut request: Request) -> Result<Response, Failure> {
        let has_key = |request: &Request| request.headers.iter().any(|(name, _)| name == IDEMPOTENCY_KEY);
        if operation.takes_header(IDEMPOTENCY_KEY) && !has_key(&request) {
            request.headers.push((IDEMPOTENCY_KEY.to_owned(), idempotency_key()));
        }
        // A change that was made although the reply is 503 must not be made twice.
        let is_repeatable = operation.method == "GET" || has_key(&request);
        let mut waited = Duration::ZERO;
        loop {
            let response = self.request(operation, &request)?.send().await.map_err(Failure::connection)?;
            let is_over = match response.status() {
                StatusCode::TOO_MANY_REQUESTS => false,
                StatusCode::SERVICE_UNAVAILABLE => !is_repeatable,
                _ => true,
            };
            let wait = retry_after(&response);
            if is_over || waited + wait > PATIENCE {
                return self.check(operation, response).await;
            }
            progress::wait(wait).await;
            waited += wait;
        }
    }

    fn request(&self, operation: &Operation, request: &Request) -> Result<RequestBuilder, Failure> {
        let mut url = self.origin.clone();
        url.set_path(&request.path);
        if !request.query.is_empty() {
            url.query_pairs_mut().extend_pairs(&request.query);
        }
        let method =
            Method::from_bytes(operation.method.as_bytes()).map_err(|error| Failure::usage(error.to_string()))?;
        let mut call = self.http.request(method, url).timeout(CALL_TIMEOUT);
        for (name, value) in &request.headers {
            let value = HeaderValue::from_str(value);
            call = call.header(name, value.map_err(|_| Failure::usage(format!("{name} has characters of no header")))?);
        }
        if let Some(authorization) = self.authorization.as_ref().filter(|_| !operation.is_public) {
            call = call.header(AUTHORIZATION, authorization);
        }
        Ok(match &request.body {
            Some(body) => call.header(CONTENT_TYPE, "application/json").body(body.to_string()),
            None => call,
        })
    }

    /// The reply if it is one that the document promises; its problem otherwise.
    async fn check(&self, operation: &Operation, response: Response) -> Result<Response, Failure> {
        let status = response.status();
        let media_type = media_type(&response);
        if status == StatusCode::NO_CONTENT || status.is_success() && operation.replies.contains(&media_type) {
            return Ok(response);
        }
        if media_type != "application/problem+json" {
            let origin = self.origin.origin().ascii_serialization();
            return Err(Failure::no_server(format!("{origin} is not Rollcall: it answers {status} '{media_type}'")));
        }
        let failure = Failure::problem(&response.json().await.map_err(Failure::connection)?);
        let needs_key = status == StatusCode::UNAUTHORIZED && !operation.is_public && self.authorization.is_none();
        Err(if needs_key {
            failure.advise(&format!("No key was sent. Set {}, or write it to ~/{}.", key::VARIABLE, key::FILE))
        } else {
            failure
        })
    }
}

/// A variable of the environment. An empty one counts as not set.
pub(crate) fn environment(name: &str) -> Result<Option<String>, Failure> {
    match std::env::var(name) {
        Ok(value) => Ok(Some(value).filter(|value| !value.is_empty())),
        Err(VarError::NotPresent) => Ok(None),
        Err(VarError::NotUnicode(_)) => Err(Failure::usage(format!("{name} is not UTF-8"))),
    }
}

/// A server's address: an origin that is encrypted, or on this machine.
fn origin(text: &str) -> Result<Url, Failure> {
    let url = Url::parse(text).ok().filter(|url| matches!(url.scheme(), "http" | "https"));
    let is_origin = |url: &Url| url.path() == "/" && url.query().is_none() && url.fragment().is_none();
    let url = url.filter(|url| is_origin(url) && url.username().is_empty() && url.password().is_none());
    let Some(url) = url else {
        return Err(Failure::usage(format!("{VARIABLE} is not an origin, such as https://console.example.com")));
    };
    check_encrypted(&url)?;
    Ok(url)
}

/// Refuses plain http beyond this machine, where others could read the key or the accounts on the way.
pub(crate) fn check_encrypted(url: &Url) -> Result<(), Failure> {
    let is_loopback = match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    };
    if url.scheme() == "https" || url.scheme() == "http" && is_loopback {
        return Ok(());
    }
    Err(Failure::refused(format!("{} is not encrypted; use https", url.origin().ascii_serialization())))
}

/// How long the server asks to wait.
fn retry_after(response: &Response) -> Duration {
    let seconds = response.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok()?.parse().ok());
    seconds.map_or(SHORTEST_WAIT, Duration::from_secs).max(SHORTEST_WAIT)
}

/// The media type of a reply, without its parameters.
pub(crate) fn media_type(response: &Response) -> String {
    let value = response.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

#[expect(clippy::disallowed_methods, reason = "the rule is for the functions, whose chance the tests choose")]
fn idempotency_key() -> String {
    uuid::Uuid::new_v4().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_is_an_origin_that_is_encrypted_or_on_this_machine() {
        for url in [
            "https://a.example",
            "https://a.example:8443/",
            "http://127.0.0.1:3000",
            "http://[::1]",
            "http://localhost:1",
        ] {
            assert!(origin(url).is_ok(), "{url}");
        }
        for url in [
            "",
            "a.example",
            "ftp://a.example",
            "https://a.example/v1",
            "https://a.example?b",
            "https://user@a.example",
        ] {
            assert!(format!("{:?}", origin(url)).contains("is not an origin"), "{url}");
        }
        for url in ["http://a.example", "http://192.0.2.1", "http://localhost.example", "http://[::ffff:127.0.0.1]"] {
            assert!(format!("{:?}", origin(url)).contains("not encrypted"), "{url}");
        }
    }
}
