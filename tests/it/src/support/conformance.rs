//! Holds every reply of every test to the API document: its status, its error code, its headers, and that a `Location`
//! can be read. The bodies are held to their schemas by `tests/scenario`.

use std::{collections::BTreeMap, sync::LazyLock};

use axum::http::Method;
use serde::Deserialize;
use serde_json::Value;

use super::Reply;

/// The part of the document that is compared. The rest is not parsed: each test is a process of its own.
#[derive(Deserialize)]
struct Document {
    paths: BTreeMap<String, BTreeMap<String, Operation>>,
    components: Components,
}

#[derive(Deserialize)]
struct Components {
    responses: BTreeMap<String, Response>,
}

#[derive(Deserialize)]
struct Operation {
    responses: BTreeMap<String, Response>,
}

#[derive(Deserialize)]
struct Response {
    #[serde(rename = "$ref")]
    reference: Option<String>,
    #[serde(default)]
    headers: BTreeMap<String, Value>,
    #[serde(default)]
    content: BTreeMap<String, Media>,
}

#[derive(Deserialize)]
struct Media {
    schema: Schema,
}

#[derive(Deserialize)]
struct Schema {
    #[serde(default)]
    properties: BTreeMap<String, Property>,
}

#[derive(Deserialize)]
struct Property {
    #[serde(rename = "enum", default)]
    words: Vec<String>,
}

static DOCUMENT: LazyLock<Document> = LazyLock::new(|| {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../functions/console/openapi.json");
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
});

/// Headers that only some replies of an operation have.
const OPTIONAL: [&str; 2] = ["Idempotency-Replayed", "Set-Cookie"];

const HELP: &str = "list the code in `x-codes` at its handler, then run this test's crate with UPDATE_OPENAPI=1";

/// Fails if the document does not describe this reply. Replies to what is no operation are not its subject.
#[track_caller]
pub(super) fn check(method: &Method, path: &str, reply: &Reply) {
    let Some(operation) = operation(method, path) else { return };
    let place = format!("{method} {path} -> {} {}", reply.status, reply.body["code"]);
    let response = operation.responses.get(&reply.status.to_string());
    let response = response.unwrap_or_else(|| panic!("{place} is not in the API document: {HELP}"));
    let shared = response.reference.as_ref().and_then(|reference| reference.rsplit('/').next());
    let response = shared.map_or(response, |name| &DOCUMENT.components.responses[name]);
    if let Some(problem) = response.content.get("application/problem+json") {
        let codes = &problem.schema.properties["code"].words;
        let code = reply.body["code"].as_str().unwrap();
        assert!(codes.iter().any(|known| known == code), "{place} is not in the API document: {HELP}");
    }
    for name in response.headers.keys().filter(|name| !OPTIONAL.contains(&name.as_str())) {
        assert!(reply.headers.contains_key(name), "{place} lacks the header {name} of the API document");
    }
    let location = reply.header("location");
    let is_readable = location.is_empty() || self::operation(&Method::GET, location).is_some();
    assert!(is_readable, "{place}: nothing can be read at {location}");
}

fn operation(method: &Method, path: &str) -> Option<&'static Operation> {
    let path = path.split('?').next()?;
    let method = method.as_str().to_ascii_lowercase();
    // A path without parameters comes before one with them: `{` sorts after letters.
    let mut items = DOCUMENT.paths.iter().filter(|(template, _)| fits(template, path));
    items.find_map(|(_, item)| item.get(&method))
}

fn fits(template: &str, path: &str) -> bool {
    let (parts, segments) = (template.split('/'), path.split('/'));
    parts.clone().count() == segments.clone().count()
        && parts.zip(segments).all(|(part, segment)| part == segment || part.starts_with('{') && !segment.is_empty())
}
