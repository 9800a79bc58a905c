//! Completes the API document: what operations and schemas have in common is added to the collected ones in one place.
//!
//! The document is changed as JSON: `utoipa` has no types for much of OpenAPI 3.1, such as shared headers.

mod events;
mod operations;
mod problems;
mod schemas;

use serde_json::{Map, Value, json};
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{OpenApi, RefOr, Schema},
};

use crate::{
    problem::{ProblemBody, ViolationBody},
    token::SESSION_COOKIE,
};

/// The tags of operations, in the order in which readers need them.
///
/// `public`, `own identity` and `files` also decide what an operation takes and how it is refused. A public one takes
/// no session, and an `Idempotency-Key` only if it declares that header. The others take an `Idempotency-Key` on POST,
/// except for `files`. One on the caller's own identity takes no right.
const TAGS: [(&str, &str); 11] = [
    ("public", "What needs no session: signing in, registering, resetting a forgotten password, and this document."),
    ("own identity", "The caller's own user: profile, password, email address, second factor, sessions and API keys."),
    ("users", "Users and their API keys, for admins of the platform."),
    ("teams", "Teams, their members, the API keys of their service accounts, and their roles."),
    ("invitations", "Invitations into a team, by a code of eight digits."),
    ("apps", "Applications, each with one directory of accounts."),
    ("accounts", "Accounts of an application."),
    ("files", "Downloads of accounts as files."),
    ("jobs", "Jobs on many accounts: exports, imports, edits and deletions that go on after the request."),
    ("audit", "The log of all changes: as records, newest first, and as events, oldest first."),
    ("webhooks", "URLs that are sent events, signed as Standard Webhooks defines it."),
];

const DESCRIPTION: &str = "Accounts of applications, and the console users, teams and invitations that manage them.

Times are RFC 3339 in UTC with milliseconds. A list comes in pages: pass `next_cursor` as `cursor` until it is null. A
PATCH is a JSON merge patch (RFC 7396). `If-Match` with the `ETag` of a reply makes a change conditional on the version.
An error is a problem (RFC 9457), which a program tells apart by its `code`.";

/// The document of these routes.
#[expect(clippy::missing_panics_doc, reason = "maps with string keys always serialise")]
pub fn complete(document: OpenApi) -> Value {
    let mut document = serde_json::to_value(document).expect("a document has only strings as keys");
    document["info"] = json!({
        "title": "Rollcall",
        "version": "1",
        "description": DESCRIPTION,
        "license": {"name": "MIT OR Apache-2.0", "identifier": "MIT OR Apache-2.0"},
    });
    document["servers"] = json!([{"url": "/", "description": "The installation that serves this document."}]);
    document["tags"] = TAGS.iter().map(|(name, text)| json!({"name": name, "description": text})).collect();
    add_problem_schemas(&mut document["components"]["schemas"]);
    document["components"]["headers"] = operations::headers();
    document["components"]["securitySchemes"] = json!({
        "bearer": {"type": "http", "scheme": "bearer", "description": "The `token` of a sign-in."},
        "key": {
            "type": "http",
            "scheme": "bearer",
            "description": "An API key. It needs one of the scopes that the operation names.",
        },
        "cookie": {
            "type": "apiKey",
            "in": "cookie",
            "name": SESSION_COOKIE,
            "description": "The cookie of a sign-in with the transport `cookie`. Changes must then be same-origin.",
        },
    });
    let mut shared = Map::new();
    for (path, item) in members(&mut document["paths"]) {
        let takes_patch = item.get("patch").is_some();
        for (method, operation) in members(item) {
            let traits = operations::complete(method, takes_patch, operation);
            problems::add(path, method, &traits, operation, &mut shared);
        }
    }
    document["components"]["responses"] = Value::Object(shared);
    schemas::complete(&mut document);
    document
}

/// Adds the schemas of problems, which no handler names as its reply.
fn add_problem_schemas(schemas: &mut Value) {
    let mut added: Vec<(String, RefOr<Schema>)> = vec![
        (ProblemBody::name().into_owned(), ProblemBody::schema()),
        (ViolationBody::name().into_owned(), ViolationBody::schema()),
    ];
    ProblemBody::schemas(&mut added);
    ViolationBody::schemas(&mut added);
    for (name, schema) in added {
        schemas[name] = json!(schema);
    }
}

/// The members of an object; none if the value is not an object.
fn members(value: &mut Value) -> impl Iterator<Item = (&String, &mut Value)> {
    value.as_object_mut().into_iter().flat_map(Map::iter_mut)
}
