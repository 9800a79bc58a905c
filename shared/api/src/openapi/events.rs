//! The schemas of events: one for the events about each kind of object, with the fields that may have changed.

use rollcall_domain::audit::Action;
use serde_json::{Map, Value, json};

use super::schemas::SCHEMAS;

/// The objects that events are about: the first word of the types of these events, their name, and the schema of the
/// object.
const OBJECTS: [(&str, &str, &str); 9] = [
    ("app", "App", "App"),
    ("account", "Account", "Account"),
    ("user", "User", "User"),
    ("team", "Team", "Team"),
    ("member", "Member", "Member"),
    ("role", "Role", "Role"),
    ("invitation", "Invitation", "Invitation"),
    ("webhook", "Webhook", "Webhook"),
    ("key", "Key", "ApiKey"),
];

/// Fields that the audit log leaves out of changes.
const LEFT_OUT: [&str; 2] = ["updated_at", "version"];

/// Divides the schema of an event into one for the events about each kind of object, told apart by `type`.
pub(super) fn divide(schemas: &mut Map<String, Value>) {
    let Some(event) = schemas.remove("Event") else { return };
    let (mut alternatives, mut mapping) = (Vec::new(), Map::new());
    for (noun, name, object) in OBJECTS {
        let own_types = |action: &&Action| action.as_str().split('.').next() == Some(noun);
        let types: Vec<_> = Action::ALL.iter().filter(own_types).map(|action| action.as_str()).collect();
        let (changed, divided) = (format!("Changed{name}"), format!("{name}Event"));
        let mut fields = schemas[object]["properties"].as_object().cloned().unwrap_or_default();
        fields.retain(|field, _| !LEFT_OUT.contains(&field.as_str()));
        fields.extend(further_fields(noun));
        schemas.insert(
            changed.clone(),
            json!({"type": "object", "description": "The fields that changed.", "properties": fields}),
        );
        let mut one = event.clone();
        one["description"] = json!(format!("An event whose `type` begins with `{noun}.`."));
        one["properties"]["type"] = json!({"type": "string", "enum": types, "description": "What happened."});
        one["properties"]["data"] = data(&changed);
        let reference = format!("{SCHEMAS}{divided}");
        mapping.extend(types.into_iter().map(|name| (name.to_owned(), json!(reference))));
        alternatives.push(json!({"$ref": reference}));
        schemas.insert(divided, one);
    }
    let event = json!({
        "description": event["description"],
        "oneOf": alternatives,
        "discriminator": {"propertyName": "type", "mapping": mapping},
    });
    schemas.insert("Event".to_owned(), event);
}

/// What changed, with the fields of a schema.
fn data(changed: &str) -> Value {
    let state = |description| {
        let alternatives = json!([{"$ref": format!("{SCHEMAS}{changed}")}, {"type": "null"}]);
        json!({"oneOf": alternatives, "description": description})
    };
    json!({
        "type": "object",
        "description": "What changed.",
        "required": ["before", "after"],
        "properties": {
            "before": state("The changed fields before; null if the object is new."),
            "after": state("The changed fields after; null if the object was deleted."),
        },
    })
}

/// The fields of these events that the object does not have.
fn further_fields(noun: &str) -> Map<String, Value> {
    let schema = |name: &str, description| json!({"$ref": format!("{SCHEMAS}{name}"), "description": description});
    let fields = match noun {
        "account" => json!({
            "user_ids": {
                "type": "array",
                "items": {"$ref": format!("{SCHEMAS}AccountId")},
                "description": "The accounts that one request deleted or exported.",
            },
            "format": schema("Format", "The format in which one request exported them."),
            "job_id": schema("JobId", "The job of which this is a step."),
            "request": {"type": "object", "description": "What a job exports: the body that created it, without `kind`."},
            "first_row": {"type": "integer", "minimum": 1, "description": "The first row or account of the step."},
            "outcomes": {
                "type": "object",
                "additionalProperties": {"type": "string"},
                "description": "What became of each account of the step, by its `user_id`.",
            },
            "accounts": {
                "type": "object",
                "additionalProperties": {"$ref": format!("{SCHEMAS}ChangedAccount")},
                "description": "The changed fields of each account of the step, by its `user_id`.",
            },
        }),
        "user" => json!({"session_id": schema("SessionId", "The session that began.")}),
        "member" => json!({"role_id": schema("RoleId", "The role of the member.")}),
        "invitation" => json!({"role_id": schema("RoleId", "The role that the redeemer was given.")}),
        "webhook" => json!({"from": schema("Timestamp", "The time from which on events are sent again.")}),
        _ => json!({}),
    };
    fields.as_object().cloned().unwrap_or_default()
}
