//! The requests of `infra/example.http`.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use super::text;

/// One request of `infra/example.http`.
struct Example {
    method: String,
    path: String,
    parameters: Vec<String>,
    headers: BTreeMap<String, String>,
    body: Option<Map<String, Value>>,
}

impl Example {
    /// Reads the text between two `###`: a title, the request line, headers, and after an empty line the body.
    fn parse(block: &str) -> Self {
        let (head, body) =
            block.trim().split_once("\n\n").map_or((block.trim(), None), |(head, body)| (head, Some(body)));
        let mut lines = head.lines().skip(1);
        let (method, url) = lines.next().unwrap().split_once(' ').unwrap();
        let url = url.strip_prefix("{{host}}").unwrap();
        let (path, query) = url.split_once('?').unwrap_or((url, ""));
        let name = |pair: &str| pair.split('=').next().unwrap().to_owned();
        Self {
            method: method.to_owned(),
            path: path.to_owned(),
            parameters: query.split('&').filter(|pair| !pair.is_empty()).map(name).collect(),
            headers: lines.map(|line| line.split_once(": ").unwrap()).map(|(k, v)| (k.into(), v.into())).collect(),
            body: body.map(|body| serde_json::from_str(body).unwrap()),
        }
    }
}

fn examples() -> Vec<Example> {
    text("infra/example.http").split("\n### ").skip(1).map(Example::parse).collect()
}

/// The operations of the API document: method, path, and what the document says of it.
fn operations(document: &Value) -> Vec<(String, &str, &Value)> {
    let paths = document["paths"].as_object().unwrap().iter();
    let operations = paths.flat_map(|(path, item)| item.as_object().unwrap().iter().map(move |pair| (path, pair)));
    operations.map(|(path, (method, operation))| (method.to_uppercase(), path.as_str(), operation)).collect()
}

/// A path without the names of its parameters, which the examples write as `{{name}}` and the document as `{name}`.
fn normalised(path: &str) -> Vec<&str> {
    path.split('/').map(|segment| if segment.starts_with('{') { "{}" } else { segment }).collect()
}

#[test]
fn every_operation_has_one_example_in_the_order_of_the_api_document() {
    let document: Value = serde_json::from_str(&text("functions/console/openapi.json")).unwrap();
    let (examples, operations) = (examples(), operations(&document));
    let line = |method: &str, path: &str| format!("{method} {}", normalised(path).join("/"));
    let written: Vec<_> = examples.iter().map(|example| line(&example.method, &example.path)).collect();
    let documented: Vec<_> = operations.iter().map(|(method, path, _)| line(method, path)).collect();
    assert_eq!(written, documented);
}

#[test]
fn examples_send_only_what_their_operation_takes() {
    let document: Value = serde_json::from_str(&text("functions/console/openapi.json")).unwrap();
    for (example, (method, path, operation)) in examples().iter().zip(operations(&document)) {
        let parameters = operation["parameters"].as_array().into_iter().flatten();
        let known: BTreeSet<_> = parameters.filter_map(|parameter| parameter["name"].as_str()).collect();
        for name in &example.parameters {
            assert!(known.contains(name.as_str()), "{method} {path} takes no parameter {name}");
        }
        for name in example.headers.keys().filter(|name| !["Authorization", "Content-Type"].contains(&name.as_str())) {
            assert!(known.contains(name.as_str()), "{method} {path} takes no header {name}");
        }
        let schema = operation.pointer("/requestBody/content/application~1json/schema");
        assert_eq!(example.body.is_some(), schema.is_some(), "{method} {path}: the body");
        let (Some(body), Some(schema)) = (&example.body, schema) else { continue };
        assert_eq!(example.headers.get("Content-Type").map(String::as_str), Some("application/json"), "{path}");
        let fits = |alternative: &&Value| {
            let known = alternative["properties"].as_object().unwrap();
            let mut required = alternative["required"].as_array().into_iter().flatten();
            body.keys().all(|field| known.contains_key(field))
                && required.all(|field| body.contains_key(field.as_str().unwrap()))
        };
        let alternatives = alternatives(&document, schema);
        assert!(alternatives.iter().any(fits), "{method} {path} takes other fields than {:?}", body.keys());
    }
}

/// The alternatives of a body, or the body itself if there are none, with references resolved.
fn alternatives<'a>(document: &'a Value, schema: &'a Value) -> Vec<&'a Value> {
    let reference = schema["$ref"].as_str().and_then(|name| document.pointer(name.trim_start_matches('#')));
    let schema = reference.unwrap_or(schema);
    match schema["oneOf"].as_array() {
        Some(alternatives) => alternatives.iter().flat_map(|one| self::alternatives(document, one)).collect(),
        None => vec![schema],
    }
}
