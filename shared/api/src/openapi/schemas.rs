//! What `utoipa` cannot say of schemas, or says in a way that generated clients misread.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::{events, members};

/// Where references to schemas point.
pub(super) const SCHEMAS: &str = "#/components/schemas/";

/// How `utoipa` names the list of `X`: `List_X`.
const LIST: &str = "List_";

/// Completes all schemas of the document.
pub(super) fn complete(document: &mut Value) {
    let mut schemas = document["components"]["schemas"].as_object_mut().map(std::mem::take).unwrap_or_default();
    name_lists(document, &mut schemas);
    let unmerged = schemas.clone();
    schemas.values_mut().for_each(|schema| merge_parts(schema, &unmerged));
    let bodies = bodies(document, &schemas);
    for (name, schema) in &mut schemas {
        complete_object(schema, bodies.contains(name));
    }
    divide_alternatives(&mut schemas);
    events::divide(&mut schemas);
    let used = reachable(&document["paths"], &schemas);
    schemas.retain(|name, _| used.contains(name));
    document["components"]["schemas"] = Value::Object(schemas);
    for (_, item) in members(&mut document["paths"]) {
        for (_, operation) in members(item) {
            let parameters = operation.get_mut("parameters").and_then(Value::as_array_mut);
            parameters.into_iter().flatten().for_each(|parameter| remove_null(&mut parameter["schema"]));
        }
    }
    visit(document, &mut |object| {
        // A schema of OpenAPI 3.1 has `examples`; `example` is deprecated.
        if let Some(example) = object.remove("example") {
            object.insert("examples".to_owned(), json!([example]));
        }
    });
}

/// Names the list of `App` `AppList`, and lets it refer to that schema, which `utoipa` copies into it.
fn name_lists(document: &mut Value, schemas: &mut Map<String, Value>) {
    let lists: Vec<_> = schemas.keys().filter_map(|name| name.strip_prefix(LIST).map(str::to_owned)).collect();
    for item in lists {
        if let Some(mut list) = schemas.remove(&format!("{LIST}{item}")) {
            list["properties"]["items"]["items"] = json!({"$ref": format!("{SCHEMAS}{item}")});
            schemas.insert(format!("{item}List"), list);
        }
    }
    visit(document, &mut |object| {
        let item =
            object.get("$ref").and_then(Value::as_str).and_then(|to| to.strip_prefix(SCHEMAS)?.strip_prefix(LIST));
        if let Some(item) = item.map(str::to_owned) {
            object.insert("$ref".to_owned(), json!(format!("{SCHEMAS}{item}List")));
        }
    });
}

/// Merges the parts of a flattened object. As parts, they could not refuse unknown fields.
fn merge_parts(schema: &mut Value, schemas: &Map<String, Value>) {
    let Some(Value::Array(parts)) = schema.as_object_mut().and_then(|schema| schema.remove("allOf")) else { return };
    let (mut properties, mut required) = (Map::new(), Vec::new());
    for part in parts {
        let part = referenced(&part).and_then(|name| schemas.get(name)).unwrap_or(&part);
        properties.extend(part["properties"].as_object().cloned().unwrap_or_default());
        required.extend(part["required"].as_array().cloned().unwrap_or_default());
    }
    schema["type"] = json!("object");
    schema["properties"] = Value::Object(properties);
    if !required.is_empty() {
        schema["required"] = json!(required);
    }
}

/// Completes the fields of an object. A request body takes no other fields; a field that a reply may lack is never
/// null.
fn complete_object(schema: &mut Value, is_body: bool) {
    if !schema["properties"].is_object() {
        return;
    }
    if is_body {
        schema["additionalProperties"] = json!(false);
    }
    let required = schema["required"].as_array().cloned().unwrap_or_default();
    for (name, property) in members(&mut schema["properties"]) {
        complete_property(property);
        if !is_body && !required.contains(&json!(name)) {
            remove_null(property);
        }
    }
}

/// Moves the description of a nullable field to where generators look for it, and replaces the default: generated
/// clients would send it in every change. A default of `""` marks a field for which that is the same as null.
fn complete_property(property: &mut Value) {
    let Some(object) = property.as_object_mut() else { return };
    let default = object.remove("default");
    let Some(Value::Array(mut alternatives)) = object.remove("oneOf") else { return };
    let description = alternatives.iter_mut().find_map(|one| one.as_object_mut()?.remove("description"));
    let mut description = description.or(object.remove("description")).unwrap_or_default();
    if default == Some(json!("")) {
        // Some of the types take `""` themselves, so that more than one alternative can match.
        alternatives.push(json!({"type": "string", "const": ""}));
        object.insert("anyOf".to_owned(), json!(alternatives));
        let text = description.as_str().unwrap_or_default();
        description = json!(format!("{text} `\"\"` is the same as null.").trim());
    } else {
        object.insert("oneOf".to_owned(), json!(alternatives));
    }
    object.insert("description".to_owned(), description);
}

/// Removes null from the values of a schema.
fn remove_null(schema: &mut Value) {
    let Some(object) = schema.as_object_mut() else { return };
    if let Some(Value::Array(types)) = object.get_mut("type") {
        types.retain(|name| name != "null");
        if let [only] = types.as_slice() {
            let only = only.clone();
            object.insert("type".to_owned(), only);
        }
    }
    if let Some(Value::Array(mut alternatives)) = object.remove("oneOf") {
        alternatives.retain(|one| one["type"] != "null");
        match alternatives.as_slice() {
            [Value::Object(only)] => only.iter().for_each(|(name, value)| {
                object.entry(name.clone()).or_insert_with(|| value.clone());
            }),
            _ => drop(object.insert("oneOf".to_owned(), json!(alternatives))),
        }
    }
}

/// Divides bodies with an exclusive choice into one closed schema for each alternative.
///
/// The code declares the choice as the body's title, alternatives divided by ` | `, each a list of fields that it
/// requires, some with the only value that they take: `locked: true | locked: false, risks_acknowledged: true`.
fn divide_alternatives(schemas: &mut Map<String, Value>) {
    let mut divided = Vec::new();
    for (name, schema) in schemas.iter_mut() {
        let Some(Value::String(title)) = schema.as_object_mut().and_then(|schema| schema.remove("title")) else {
            continue;
        };
        let alternatives: Vec<_> = title.split(" | ").map(alternative).collect();
        let choices: BTreeSet<_> = alternatives.iter().flatten().map(|(field, _)| *field).collect();
        let mut references = Vec::new();
        for fields in &alternatives {
            let part = format!("{name}With{}", fields.first().map(part_name).unwrap_or_default());
            references.push(json!({"$ref": format!("{SCHEMAS}{part}")}));
            divided.push((part, only(schema.clone(), &choices, fields)));
        }
        *schema = json!({"description": schema["description"], "oneOf": references});
    }
    schemas.extend(divided);
}

/// The fields of an alternative, each with its only value if it has one.
fn alternative(text: &str) -> Vec<(&str, Option<Value>)> {
    let fields = text.split(", ").map(|field| match field.split_once(": ") {
        Some((name, value)) => (name, serde_json::from_str(value).ok()),
        None => (field, None),
    });
    fields.collect()
}

/// An alternative's name after its first field: `generate_password: true` is `GeneratePassword`, and
/// `type: "platform_service"` is `TypePlatformService`.
fn part_name((field, value): &(&str, Option<Value>)) -> String {
    let value = value.as_ref().filter(|value| **value != json!(true));
    let value = value.map(|value| value.as_str().map_or_else(|| value.to_string(), str::to_owned));
    let capital =
        |word: &str| word.chars().enumerate().map(|(at, c)| if at == 0 { c.to_ascii_uppercase() } else { c }).collect();
    let words = field.split('_').chain(value.iter().flat_map(|value| value.split('_')));
    words.map(capital).collect::<Vec<String>>().concat()
}

/// A body with these of its choices, and without the others.
fn only(mut schema: Value, choices: &BTreeSet<&str>, fields: &[(&str, Option<Value>)]) -> Value {
    let mut required = schema["required"].as_array().cloned().unwrap_or_default();
    if let Some(properties) = schema["properties"].as_object_mut() {
        properties.retain(|name, _| !choices.contains(name.as_str()) || fields.iter().any(|(field, _)| field == name));
    }
    for (field, value) in fields {
        let property = &mut schema["properties"][*field];
        remove_null(property);
        if let Some(value) = value {
            property["const"] = value.clone();
        }
        required.extend(Some(json!(field)).filter(|field| !required.contains(field)));
    }
    schema["required"] = json!(required);
    schema
}

/// The names of the objects in request bodies, those within others included.
fn bodies(document: &mut Value, schemas: &Map<String, Value>) -> BTreeSet<String> {
    let items = members(&mut document["paths"]);
    let roots: Vec<_> = items.flat_map(|(_, item)| members(item)).map(|(_, one)| one["requestBody"].clone()).collect();
    reachable(&json!(roots), schemas)
}

/// The names of the schemas that `root` refers to, those that they refer to included.
fn reachable(root: &Value, schemas: &Map<String, Value>) -> BTreeSet<String> {
    let (mut found, mut open) = (BTreeSet::new(), vec![root]);
    while let Some(value) = open.pop() {
        let inner = value.as_object().into_iter().flat_map(Map::values);
        open.extend(inner.chain(value.as_array().into_iter().flatten()));
        if let Some(name) = referenced(value)
            && found.insert(name.to_owned())
        {
            open.extend(schemas.get(name));
        }
    }
    found
}

/// The name of the schema that a reference names.
fn referenced(value: &Value) -> Option<&str> {
    value.get("$ref")?.as_str()?.strip_prefix(SCHEMAS)
}

/// Calls `change` with every object, inner ones first.
fn visit(value: &mut Value, change: &mut impl FnMut(&mut Map<String, Value>)) {
    match value {
        Value::Array(entries) => entries.iter_mut().for_each(|entry| visit(entry, change)),
        Value::Object(object) => {
            object.values_mut().for_each(|member| visit(member, change));
            change(object);
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}
