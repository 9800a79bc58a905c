//! What operations have in common: security, parameters, headers, media types and problems.

use serde_json::{Value, json};

use super::members;
use crate::body;

/// Descriptions of path parameters.
const PATH_PARAMETERS: [(&str, &str); 11] = [
    ("app_id", "The application."),
    ("invitation_id", "The invitation."),
    ("job_id", "The job."),
    ("key_id", "The API key."),
    ("registration_id", "The registration, as its start replied."),
    ("reset_id", "The reset, as its start replied."),
    ("role_id", "The role: a preset's name or a custom role's UUID."),
    ("session_id", "The session."),
    ("team_id", "The team."),
    ("user_id", "The user or, below an application, the account."),
    ("webhook_id", "The webhook."),
];

/// The extension in which a handler that takes API keys lists the scopes of which a key needs one, in
/// `#[utoipa::path]`; an empty list if it needs none.
const SCOPES: &str = "x-scopes";

/// What an operation is about, by its tag, as far as that decides what it takes and how it is refused.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Area {
    /// It takes no session.
    Public,
    /// It concerns the caller alone, and takes no right.
    OwnIdentity,
    /// It replies with a file.
    Files,
    /// It takes a right.
    Other,
}

/// What decides what an operation takes and how it can be refused.
pub(super) struct Traits {
    pub(super) area: Area,
    /// The scopes of which an API key needs one; `None` if API keys are refused.
    pub(super) scopes: Option<Vec<Value>>,
    pub(super) takes_idempotency_key: bool,
    pub(super) takes_if_match: bool,
}

/// The headers of replies, with what they mean.
pub(super) fn headers() -> Value {
    let header = |text: &str, schema: Value| json!({"description": text, "schema": schema});
    let text = || json!({"type": "string"});
    json!({
        "Accept-Patch": header("The media types of patches of this resource.", text()),
        "Content-Disposition": header("The name of the file.", text()),
        "ETag": header(
            "The version of the representation, for `If-Match`.",
            json!({"type": "string", "pattern": "^\"[1-9][0-9]*\"$", "examples": ["\"7\""]}),
        ),
        "Idempotency-Replayed": header(
            "Present if this is the stored reply to an earlier request with the same `Idempotency-Key`.",
            json!({"type": "string", "const": "true"}),
        ),
        "Location": header(
            "Where what was created can be read.",
            json!({"type": "string", "format": "uri-reference"}),
        ),
        "Retry-After": header("After how many seconds to retry.", json!({"type": "integer", "minimum": 1})),
        "Set-Cookie": header("The cookies of session and device; only with the transport `cookie`.", text()),
        "WWW-Authenticate": header("How to authenticate.", json!({"type": "string", "const": "Bearer"})),
        "X-Request-Id": header(
            "The request's id, as in logs and audit records.",
            json!({"type": "string", "format": "uuid"}),
        ),
    })
}

/// References to headers by their names.
pub(super) fn header_references<'a>(names: impl IntoIterator<Item = &'a str>) -> Value {
    let reference = |name: &str| (name.to_owned(), json!({"$ref": format!("#/components/headers/{name}")}));
    Value::Object(names.into_iter().map(reference).collect())
}

/// Completes an operation, but for its problems. `takes_patch` is whether its path also takes PATCH.
pub(super) fn complete(method: &str, takes_patch: bool, operation: &mut Value) -> Traits {
    let is_tagged = |name: &str| operation["tags"].as_array().is_some_and(|tags| tags.contains(&json!(name)));
    let areas = [("public", Area::Public), ("own identity", Area::OwnIdentity), ("files", Area::Files)];
    let area = areas.into_iter().find(|(tag, _)| is_tagged(tag)).map_or(Area::Other, |(_, area)| area);
    let mut parameters = operation["parameters"].as_array().into_iter().flatten();
    let declares_key = parameters.any(|parameter| parameter["name"] == "Idempotency-Key");
    let scopes = operation.as_object_mut().and_then(|operation| operation.remove(SCOPES));
    let traits = Traits {
        area,
        scopes: scopes.and_then(|scopes| scopes.as_array().cloned()),
        takes_idempotency_key: method == "post" && (declares_key || !matches!(area, Area::Public | Area::Files)),
        takes_if_match: matches!(method, "put" | "patch" | "delete"),
    };
    operation["security"] = security(&traits);
    complete_texts(operation);
    complete_parameters(&traits, operation);
    let content = &mut operation["requestBody"]["content"];
    if method == "patch" {
        let schema = content["application/json"].clone();
        *content = body::PATCH_TYPES.iter().map(|media| ((*media).to_owned(), schema.clone())).collect();
    } else if content.is_null() {
        operation.as_object_mut().and_then(|operation| operation.remove("requestBody"));
    }
    let accept_patch = takes_patch.then_some("Accept-Patch");
    for (status, response) in members(&mut operation["responses"]) {
        complete_response(status, &traits, accept_patch, response);
    }
    traits
}

/// What authenticates an operation.
fn security(traits: &Traits) -> Value {
    if traits.area == Area::Public {
        return json!([]);
    }
    let mut alternatives = vec![json!({"bearer": []}), json!({"cookie": []})];
    if let Some(scopes) = &traits.scopes {
        alternatives.extend(scopes.iter().map(|scope| json!({"key": [scope]})));
        alternatives.extend(scopes.is_empty().then(|| json!({"key": []})));
    }
    Value::Array(alternatives)
}

fn complete_parameters(traits: &Traits, operation: &mut Value) {
    let mut parameters = operation["parameters"].as_array().cloned().unwrap_or_default();
    parameters.retain(|parameter| parameter["name"] != "Idempotency-Key");
    for parameter in &mut parameters {
        if parameter["description"].is_null() {
            let known = PATH_PARAMETERS.iter().find(|(name, _)| parameter["name"] == *name);
            parameter["description"] = known.map(|(_, text)| json!(text)).unwrap_or_default();
        }
    }
    if traits.takes_idempotency_key {
        let text =
            "Names the request. The same key and body within 24 hours get the same reply, without further effect.";
        let schema = json!({"type": "string", "minLength": 1, "maxLength": 128, "pattern": "^[ -~]+$"});
        parameters.push(header_parameter("Idempotency-Key", text, &schema));
    }
    if traits.takes_if_match {
        let text = "The version that the change is meant for, as in the `ETag`. Any other version is refused.";
        parameters.push(header_parameter("If-Match", text, &json!({"type": "string", "examples": ["\"7\""]})));
    }
    if !parameters.is_empty() {
        operation["parameters"] = json!(parameters);
    }
}

fn header_parameter(name: &str, description: &str, schema: &Value) -> Value {
    json!({"name": name, "in": "header", "required": false, "description": description, "schema": schema})
}

/// The description is a handler's doc comment, without the method and path that it begins with. The summary is the
/// first sentence.
fn complete_texts(operation: &mut Value) {
    let comment = [&operation["summary"], &operation["description"]].map(|text| text.as_str().unwrap_or_default());
    let comment = comment.join("\n\n");
    let text = comment.split_once("`: ").map_or(comment.as_str(), |(_, text)| text).trim();
    let (first, rest) = text.split_at(text.chars().next().map_or(0, char::len_utf8));
    let text = format!("{}{rest}", first.to_uppercase());
    let summary = text.replace('\n', " ");
    operation["summary"] = json!(summary.split_once(". ").map_or(summary.trim_end_matches('.'), |(first, _)| first));
    operation["description"] = json!(text);
}

fn complete_response(status: &str, traits: &Traits, accept_patch: Option<&str>, response: &mut Value) {
    if response["description"].as_str().is_none_or(str::is_empty) {
        response["description"] = json!(match status {
            "200" => "The request succeeded.",
            "201" => "The resource was created.",
            "202" => "The request was accepted.",
            "204" => "The request succeeded; there is no content.",
            _ => "",
        });
    }
    let declared: Vec<_> = members(&mut response["headers"]).map(|(name, _)| name.clone()).collect();
    let replayed = traits.takes_idempotency_key.then_some("Idempotency-Replayed");
    let common = ["X-Request-Id"].into_iter().chain(replayed).chain(accept_patch);
    response["headers"] = header_references(declared.iter().map(String::as_str).chain(common));
}
