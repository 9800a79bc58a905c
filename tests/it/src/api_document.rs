//! What the API document promises to people and to generators of clients.

mod behaviour;

use std::collections::BTreeSet;

use serde_json::Value;

fn document() -> Value {
    rollcall::documented()
}

/// All objects in the document, each with its place.
fn objects(document: &Value) -> Vec<(String, &Value)> {
    let (mut found, mut open) = (Vec::new(), vec![(String::new(), document)]);
    while let Some((place, value)) = open.pop() {
        let members = value.as_object().into_iter().flatten().map(|(name, member)| (name.replace('/', "~1"), member));
        let entries = value.as_array().into_iter().flatten().enumerate();
        let entries = entries.map(|(index, entry)| (index.to_string(), entry));
        open.extend(members.chain(entries).map(|(name, member)| (format!("{place}/{name}"), member)));
        if value.is_object() {
            found.push((place, value));
        }
    }
    found
}

/// The properties of all schemas, each with its place.
fn properties(document: &Value) -> Vec<(String, &Value)> {
    let schemas = objects(document).into_iter().filter(|(_, schema)| schema["type"] == "object");
    let named = schemas.flat_map(|(place, schema)| {
        let properties = schema["properties"].as_object().into_iter().flatten();
        properties.map(move |(name, property)| (format!("{place}.{name}"), property))
    });
    named.collect()
}

/// The operations with method and path.
fn operations(document: &Value) -> Vec<(String, &Value)> {
    let items = document["paths"].as_object().unwrap().iter();
    let operations = items.flat_map(|(path, item)| {
        let operations = item.as_object().unwrap().iter();
        operations.map(move |(method, operation)| (format!("{method} {path}"), operation))
    });
    operations.collect()
}

/// The names of the schemas of request bodies, those within others included.
fn bodies(document: &Value) -> BTreeSet<String> {
    let roots = operations(document).into_iter().map(|(_, operation)| &operation["requestBody"]);
    let (mut found, mut open): (BTreeSet<String>, Vec<&Value>) = (BTreeSet::new(), roots.collect());
    while let Some(value) = open.pop() {
        for (_, object) in objects(value) {
            let name = object["$ref"].as_str().and_then(|reference| reference.rsplit('/').next());
            if let Some(name) = name.filter(|name| found.insert((*name).to_owned())) {
                open.push(&document["components"]["schemas"][name]);
            }
        }
    }
    found
}

#[test]
fn every_reference_leads_to_something() {
    let document = document();
    for (place, object) in objects(&document) {
        let Some(reference) = object["$ref"].as_str() else { continue };
        let target = document.pointer(reference.strip_prefix('#').unwrap());
        assert!(target.is_some(), "{place}: there is no {reference}");
    }
}

#[test]
fn every_property_parameter_and_header_has_a_description() {
    let document = document();
    let properties = properties(&document);
    assert!(properties.len() > 200);
    let operations = operations(&document);
    let parameters = operations.iter().flat_map(|(route, operation)| {
        let parameters = operation["parameters"].as_array().into_iter().flatten();
        parameters.map(move |parameter| (format!("{route} {}", parameter["name"]), parameter))
    });
    let headers = document["components"]["headers"].as_object().unwrap().iter();
    let headers = headers.map(|(name, header)| (name.clone(), header));
    for (place, described) in properties.into_iter().chain(parameters).chain(headers) {
        assert!(described["description"].as_str().is_some_and(|text| text.len() > 3), "{place} has no description");
    }
}

/// Generated clients send the defaults of a body with every change, and so overwrite what the caller meant to keep.
#[test]
fn no_property_has_a_default() {
    for (place, property) in properties(&document()) {
        assert!(property.get("default").is_none(), "{place} has a default");
    }
}

#[test]
fn request_bodies_refuse_unknown_fields() {
    let document = document();
    let bodies = bodies(&document);
    assert!(["AccountPatch", "NewAccount", "NewMembersUserWithPassword"].iter().all(|name| bodies.contains(*name)));
    for name in bodies {
        let schema = &document["components"]["schemas"][&name];
        assert!(schema["type"] != "object" || schema["additionalProperties"] == false, "{name} is open");
    }
}

/// A reply that lacks a field and a reply in which it is null are two different things: never both. Only an event has
/// both: it lacks what did not change.
#[test]
fn a_field_that_a_reply_may_lack_is_never_null() {
    let document = document();
    let bodies = bodies(&document);
    let schemas = document["components"]["schemas"].as_object().unwrap();
    for (name, schema) in schemas.iter().filter(|(name, _)| !name.starts_with("Changed")) {
        let required = schema["required"].as_array().cloned().unwrap_or_default();
        for (field, property) in schema["properties"].as_object().into_iter().flatten() {
            let is_required = required.iter().any(|required| required == field);
            let is_nullable = property.to_string().contains("\"null\"");
            assert!(is_required || !is_nullable || bodies.contains(name), "{name}.{field}");
        }
    }
}

#[test]
fn numbers_without_sign_and_with_32_bits_have_their_range() {
    let document = document();
    let schemas = &document["components"]["schemas"];
    assert_eq!(schemas["Uint32"]["format"], "int64");
    assert_eq!((&schemas["Uint32"]["minimum"], &schemas["Uint32"]["maximum"]), (&0.into(), &u32::MAX.into()));
    for field in ["language", "message_settings", "level", "role"] {
        assert_eq!(schemas["Account"]["properties"][field]["$ref"], "#/components/schemas/Uint32");
    }
}

#[test]
fn lists_refer_to_their_items() {
    let document = document();
    let schemas = document["components"]["schemas"].as_object().unwrap();
    let lists: Vec<_> =
        schemas.iter().filter(|(_, schema)| schema["properties"].get("next_cursor").is_some()).collect();
    assert!(lists.len() >= 9);
    for (name, list) in lists {
        let item = list["properties"]["items"]["items"]["$ref"].as_str().unwrap().rsplit('/').next().unwrap();
        assert_eq!(*name, format!("{item}List"));
    }
}

#[test]
fn operation_ids_are_a_verb_and_a_noun() {
    let document = document();
    let operations = operations(&document);
    let ids: BTreeSet<_> = operations.iter().map(|(_, operation)| operation["operationId"].as_str().unwrap()).collect();
    assert_eq!(ids.len(), operations.len());
    assert!(["list_apps", "create_app", "get_app", "update_app", "delete_app"].iter().all(|id| ids.contains(id)));
    for id in ids {
        let words: Vec<_> = id.split('_').collect();
        let is_plain = words.iter().all(|word| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_lowercase()));
        assert!(words.len() >= 2 && is_plain, "{id}");
    }
}

/// Names of what programming languages and browsers already have.
#[test]
fn no_schema_has_the_name_of_a_language_s_own_type() {
    let document = document();
    let schemas = document["components"]["schemas"].as_object().unwrap();
    for name in ["Record", "Location", "Object", "Error", "Date"] {
        assert!(!schemas.contains_key(name), "{name}");
    }
}

#[test]
fn public_operations_take_no_session_and_all_others_do() {
    for (route, operation) in operations(&document()) {
        let is_public = operation["tags"].as_array().unwrap().iter().any(|tag| tag == "public");
        let security = operation["security"].as_array().unwrap();
        assert_eq!(security.is_empty(), is_public, "{route}");
        assert_eq!(operation["responses"]["401"].is_null(), is_public && !route.contains("/v1/login"), "{route}");
    }
}

#[test]
fn every_error_code_of_an_operation_is_listed_under_its_status() {
    let document = document();
    let operations = operations(&document);
    let responses = operations.iter().flat_map(|(_, operation)| operation["responses"].as_object().unwrap());
    for (status, response) in responses.filter(|(status, _)| status.starts_with(['4', '5'])) {
        let shared = response["$ref"].as_str().map(|reference| reference.strip_prefix('#').unwrap());
        let response = shared.map_or(response, |reference| document.pointer(reference).unwrap());
        let schema = &response["content"]["application/problem+json"]["schema"];
        assert_eq!(schema["properties"]["status"]["const"].to_string(), *status);
        assert!(!schema["properties"]["code"]["enum"].as_array().unwrap().is_empty());
    }
    let create = &document["paths"]["/v1/apps/{app_id}/accounts"]["post"]["responses"]["409"];
    let codes = &create["content"]["application/problem+json"]["schema"]["properties"]["code"]["enum"];
    let expected = ["account_exists", "admin_limit_reached", "conflict", "idempotency_in_progress"];
    assert_eq!(codes, &Value::from(expected.to_vec()));
}

#[test]
fn exclusive_choices_are_alternatives() {
    let document = document();
    let schemas = &document["components"]["schemas"];
    let alternatives = |name: &str| {
        let alternatives = schemas[name]["oneOf"].as_array().unwrap().iter();
        let names = alternatives.map(|one| one["$ref"].as_str().unwrap().rsplit('/').next().unwrap());
        names.collect::<Vec<_>>()
    };
    assert_eq!(alternatives("NewMember"), ["NewMemberWithUserId", "NewMemberWithLogin", "NewMemberWithNewUser"]);
    assert_eq!(
        alternatives("NewUser"),
        [
            "NewUserWithPassword",
            "NewUserWithGeneratePassword",
            "NewUserWithTypeService",
            "NewUserWithTypePlatformService"
        ]
    );
    assert_eq!(alternatives("PasswordReset"), ["PasswordResetWithPassword", "PasswordResetWithGeneratePassword"]);
    assert_eq!(alternatives("SecondStep"), ["SecondStepWithCode", "SecondStepWithRecoveryCode"]);
    assert_eq!(alternatives("LockTurn"), ["LockTurnWithLocked", "LockTurnWithLockedFalse"]);
    let unlocking = &schemas["LockTurnWithLockedFalse"];
    assert_eq!(unlocking["properties"]["risks_acknowledged"]["const"], true);
    assert_eq!(unlocking["required"], Value::from(vec!["locked", "risks_acknowledged"]));
}
