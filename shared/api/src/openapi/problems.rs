//! The refusals of operations: every error code that an operation can reply with, by status.

use std::collections::{BTreeMap, BTreeSet};

use rollcall_domain::Code;
use serde_json::{Map, Value, json};

use super::operations::{Area, Traits, header_references};
use crate::call::OPEN_BEFORE_PASSWORD_CHANGE;

/// The extension in which a handler lists the codes of its own rules, in `#[utoipa::path]`. All others follow from what
/// the operation takes.
const OWN_CODES: &str = "x-codes";

/// Adds the problem replies of an operation. Those with a single code are the same for all operations, so they are
/// written once, to `shared`.
pub(super) fn add(path: &str, method: &str, traits: &Traits, operation: &mut Value, shared: &mut Map<String, Value>) {
    let mut codes = implied(path, method, traits, operation);
    let own = operation.as_object_mut().and_then(|operation| operation.remove(OWN_CODES)).unwrap_or_default();
    codes.extend(own.as_array().into_iter().flatten().filter_map(Value::as_str).filter_map(Code::parse));
    let mut by_status: BTreeMap<u16, Vec<Code>> = BTreeMap::new();
    for code in codes {
        by_status.entry(code.status()).or_default().push(code);
    }
    for (status, codes) in by_status {
        let takes_patch = method == "patch" && status == 415;
        let response = response(status, takes_patch, &codes);
        operation["responses"][status.to_string()] = match codes.as_slice() {
            [code] if !takes_patch => {
                let name = name_of(*code);
                let reference = json!({"$ref": format!("#/components/responses/{name}")});
                shared.insert(name, response);
                reference
            }
            _ => response,
        };
    }
}

/// The codes that follow from what an operation takes.
fn implied(path: &str, method: &str, traits: &Traits, operation: &Value) -> BTreeSet<Code> {
    let parameters = operation["parameters"].as_array().into_iter().flatten();
    let parameters: Vec<_> = parameters.map(|parameter| (&parameter["in"], &parameter["name"])).collect();
    let is_in = |place: &str| parameters.iter().any(|(place_of, _)| *place_of == place);
    let changes = method != "get";
    let is = |area: Area| traits.area == area;
    let (is_public, is_own, is_download) = (is(Area::Public), is(Area::OwnIdentity), is(Area::Files));
    let is_open_early =
        OPEN_BEFORE_PASSWORD_CHANGE.iter().any(|(open, at)| open.as_str().eq_ignore_ascii_case(method) && *at == path);
    // What is not taken is an unknown field or parameter, so that every operation can refuse it.
    let mut codes = BTreeSet::from([Code::UnknownField, Code::Internal, Code::Unavailable]);
    let mut add = |applies: bool, implied: &[Code]| codes.extend(implied.iter().filter(|_| applies));
    add(!is_public, &[Code::AmbiguousCredentials, Code::Unauthenticated]);
    add(!is_public && !is_open_early, &[Code::PasswordChangeRequired]);
    match &traits.scopes {
        None => add(!is_public, &[Code::KeyNotAllowed]),
        Some(scopes) => {
            add(true, &[Code::NotFound]);
            add(!scopes.is_empty(), &[Code::InsufficientScope]);
        }
    }
    add(!is_public && changes, &[Code::CrossSiteRequest]);
    add(!is_public && changes && !is_own, &[Code::Forbidden]);
    add(!is_public && changes && !is_download, &[Code::Conflict]);
    add(changes, &[Code::MalformedJson, Code::PayloadTooLarge, Code::UnsupportedMediaType]);
    add(changes || is_in("query"), &[Code::ValidationFailed]);
    add(is_in("path"), &[Code::NotFound]);
    add(parameters.iter().any(|(_, name)| *name == "cursor"), &[Code::InvalidCursor]);
    add(traits.takes_if_match, &[Code::InvalidIfMatch, Code::VersionConflict]);
    add(
        traits.takes_idempotency_key,
        &[Code::InvalidIdempotencyKey, Code::IdempotencyInProgress, Code::IdempotencyMismatch],
    );
    codes
}

/// The name of the reply with this code alone: `NotFound` of `not_found`.
fn name_of(code: Code) -> String {
    let words = code.as_str().split('_').filter_map(|word| word.split_at_checked(1));
    words.map(|(first, rest)| first.to_uppercase() + rest).collect()
}

/// The reply with one of these codes, which all have this status.
fn response(status: u16, takes_patch: bool, codes: &[Code]) -> Value {
    let sentences: Vec<_> = codes.iter().map(|code| format!("- `{}`: {}", code.as_str(), code.title())).collect();
    let special = match status {
        401 => Some("WWW-Authenticate"),
        415 if takes_patch => Some("Accept-Patch"),
        429 | 503 => Some("Retry-After"),
        _ => None,
    };
    let schema = json!({
        "allOf": [{"$ref": "#/components/schemas/Problem"}],
        "type": "object",
        "properties": {
            "status": {"type": "integer", "const": status, "description": "The HTTP status of the reply."},
            "code": {"type": "string", "enum": codes, "description": "The error code, for programs."},
        },
    });
    json!({
        "description": sentences.join("\n"),
        "headers": header_references(["X-Request-Id"].into_iter().chain(special)),
        "content": {"application/problem+json": {"schema": schema}},
    })
}
