//! The API document, as far as the commands need it: which operations there are, and what each of them takes.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use crate::{
    field::{Field, Place},
    operation::Operation,
    shape::Shape,
};

/// The API document, OpenAPI 3.1.
#[derive(Debug)]
pub struct ApiDocument(Value);

impl ApiDocument {
    /// Reads the document, which is part of the binary.
    ///
    /// # Panics
    ///
    /// If the text is not JSON.
    pub fn parse(text: &str) -> Self {
        Self(serde_json::from_str(text).expect("the API document is JSON"))
    }

    /// Every operation, in the order of the document.
    pub(crate) fn operations(&self) -> impl Iterator<Item = Operation> {
        self.described().map(|(path, method, value)| self.read(path, method, value))
    }

    /// The operation that the commands call by this id. A test calls each of them.
    pub(crate) fn operation(&self, id: &str) -> Operation {
        let found = self.described().find(|(_, _, value)| value["operationId"] == id);
        let (path, method, value) = found.unwrap_or_else(|| panic!("the API document has no operation {id}"));
        self.read(path, method, value)
    }

    /// Each operation with its path and its method.
    fn described(&self) -> impl Iterator<Item = (&String, &String, &Value)> {
        let paths = members(&self.0["paths"]);
        paths.flat_map(|(path, item)| members(item).map(move |(method, value)| (path, method, value)))
    }

    /// The fields of a body by the name of its schema.
    pub(crate) fn fields_of(&self, schema: &str) -> Vec<Field> {
        self.body_fields(&self.0["components"]["schemas"][schema])
    }

    /// Which values a schema takes.
    pub(crate) fn shape(&self, schema: &Value) -> Shape {
        let mut shape = Shape::default();
        self.add_to(&mut shape, schema);
        shape
    }

    /// What is wrong with a text by its schema, as far as that says it by a list of values or by lengths.
    pub(crate) fn check_text(&self, schema: &str, text: &str) -> Result<(), String> {
        let schema = &self.0["components"]["schemas"][schema];
        let (choices, length) = (self.shape(schema).choices, text.chars().count());
        let limit = |name: &str| schema[name].as_u64().and_then(|limit| usize::try_from(limit).ok());
        if !choices.is_empty() && !choices.contains(text) {
            return Err(format!("is none of {}", choices.into_iter().collect::<Vec<_>>().join(", ")));
        }
        match (limit("minLength"), limit("maxLength")) {
            (Some(least), _) if length < least => Err(format!("is too short; it takes at least {least} characters")),
            (_, Some(most)) if length > most => Err(format!("is too long; it takes at most {most} characters")),
            (_, _) => Ok(()),
        }
    }

    fn read(&self, path: &str, method: &str, operation: &Value) -> Operation {
        let body = &operation["requestBody"]["content"]["application/json"];
        let mut fields: Vec<Field> = elements(&operation["parameters"]).map(|field| self.parameter(field)).collect();
        fields.extend(self.body_fields(&body["schema"]));
        let successes = members(&operation["responses"]).filter(|(status, _)| status.starts_with('2'));
        Operation {
            id: text(&operation["operationId"]),
            summary: text(&operation["summary"]),
            description: text(&operation["description"]),
            method: method.to_uppercase(),
            path: path.to_owned(),
            fields,
            has_body: body.is_object(),
            is_public: elements(&operation["security"]).next().is_none(),
            takes_key: elements(&operation["security"]).any(|way| way["key"].is_array()),
            replies: successes
                .flat_map(|(_, reply)| members(&reply["content"]))
                .map(|(media_type, _)| media_type.clone())
                .collect(),
        }
    }

    fn parameter(&self, parameter: &Value) -> Field {
        Field {
            name: text(&parameter["name"]),
            place: match parameter["in"].as_str() {
                Some("path") => Place::Path,
                Some("header") => Place::Header,
                Some(_) | None => Place::Query,
            },
            shape: self.shape(&parameter["schema"]),
            is_required: parameter["required"] == true,
            description: text(&parameter["description"]),
        }
    }

    /// The fields of all alternatives of a body. One that is in several takes the values of each.
    fn body_fields(&self, schema: &Value) -> Vec<Field> {
        let schema = self.resolve(schema);
        let mut fields: Vec<Field> = Vec::new();
        let alternatives = elements(&schema["oneOf"]).map(|alternative| self.resolve(alternative)).collect();
        let alternatives: Vec<&Value> = if schema["oneOf"].is_array() { alternatives } else { vec![schema] };
        for alternative in &alternatives {
            for (name, property) in members(&alternative["properties"]) {
                if let Some(known) = fields.iter_mut().find(|field| field.name == *name) {
                    self.add_to(&mut known.shape, property);
                    continue;
                }
                let is_required = |body: &&Value| elements(&body["required"]).any(|required| required == name);
                fields.push(Field {
                    name: name.clone(),
                    place: Place::Body,
                    shape: self.shape(property),
                    is_required: alternatives.iter().all(is_required),
                    description: text(&property["description"]),
                });
            }
        }
        fields
    }

    fn add_to(&self, shape: &mut Shape, schema: &Value) {
        let schema = self.resolve(schema);
        for alternative in ["oneOf", "anyOf", "allOf"].iter().flat_map(|name| elements(&schema[*name])) {
            self.add_to(shape, alternative);
        }
        let types: BTreeSet<String> = match &schema["type"] {
            Value::Array(types) => types.iter().map(text).collect(),
            name => name.as_str().into_iter().map(str::to_owned).collect(),
        };
        let choices = elements(&schema["enum"]).chain(schema.get("const")).filter_map(Value::as_str);
        let choices: Vec<String> = choices.map(str::to_owned).collect();
        shape.is_free_text |= types.contains("string") && choices.is_empty();
        shape.types.extend(types);
        shape.choices.extend(choices);
        if schema["items"].is_object() {
            shape.items.extend(self.shape(&schema["items"]).choices);
        }
    }

    fn resolve<'a>(&'a self, schema: &'a Value) -> &'a Value {
        let reference = schema["$ref"].as_str().and_then(|reference| reference.strip_prefix('#'));
        reference.and_then(|pointer| self.0.pointer(pointer)).map_or(schema, |target| self.resolve(target))
    }
}

fn members(value: &Value) -> impl Iterator<Item = (&String, &Value)> {
    value.as_object().into_iter().flat_map(Map::iter)
}

fn elements(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Command;
    use serde_json::json;

    /// A document with one operation, whose body is one of two.
    fn document() -> ApiDocument {
        let text = json!({"type": "string"});
        let parameter = |name: &str, place: &str| json!({"name": name, "in": place, "required": true, "schema": text});
        let one =
            json!({"properties": {"name": text, "is_new": {"const": true, "type": "boolean"}}, "required": ["name"]});
        let other = json!({"properties": {
            "name": {"oneOf": [{"enum": ["a", "b"], "type": "string"}, {"type": "null"}]},
            "list": {"type": ["array", "null"], "items": {"enum": ["x"], "type": "string"}},
        }, "required": ["name", "list"]});
        let operation = json!({
            "operationId": "change_thing",
            "parameters": [parameter("thing_id", "path"), parameter("q", "query"), parameter("If-Match", "header")],
            "requestBody": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Change"}}}},
            "responses": {"204": {}, "404": {"content": {"text/plain": {}}}},
            "security": [{"bearer": []}],
        });
        let schemas = json!({
            "Change": {"oneOf": [{"$ref": "#/components/schemas/One"}, {"$ref": "#/components/schemas/Other"}]},
            "One": one,
            "Other": other,
        });
        ApiDocument(json!({"paths": {"/things/{thing_id}": {"patch": operation}}, "components": {"schemas": schemas}}))
    }

    fn request(arguments: &[&str]) -> Result<crate::operation::Request, String> {
        let operation = document().operation("change_thing");
        let command = Command::new("test").args(operation.fields.iter().map(Field::option));
        let matches =
            command.try_get_matches_from(["test"].iter().chain(arguments)).map_err(|error| error.to_string())?;
        let values = crate::field::values(&operation.fields, &matches);
        operation.request(&values, None).map_err(|failure| format!("{failure:?}"))
    }

    #[test]
    fn an_operation_has_the_fields_of_all_alternatives() {
        let operation = document().operation("change_thing");
        let fields: Vec<_> = operation.fields.iter().map(|field| (field.name.as_str(), field.is_required)).collect();
        let parameters = [("thing_id", true), ("q", true), ("If-Match", true)];
        assert_eq!(fields, [parameters.as_slice(), &[("is_new", false), ("name", true), ("list", false)]].concat());
        assert!(!operation.is_public && operation.has_body && operation.replies.is_empty());
        assert!(operation.takes_header("If-Match") && !operation.takes_header("q"));
    }

    #[test]
    fn each_value_goes_where_the_document_says() {
        let arguments = ["--thing-id", "a/b c", "--q=-1", "--if_match", "\"7\"", "--list", "[\"x\"]", "--is-new"];
        let request = request(&arguments).unwrap();
        assert_eq!(request.path, "/things/a%2Fb%20c");
        assert_eq!(request.query, [("q".to_owned(), "-1".to_owned())]);
        assert_eq!(request.headers, [("If-Match".to_owned(), "\"7\"".to_owned())]);
        assert_eq!(request.body, Some(json!({"list": ["x"], "is_new": true})));
    }

    #[test]
    fn a_wrong_option_names_the_nearest_one() {
        let error = request(&["--thing-ids", "a"]).unwrap_err();
        assert!(error.contains("'--thing-id'"), "{error}");
    }

    #[test]
    fn a_segment_that_names_another_path_is_refused() {
        for id in ["", ".", ".."] {
            let error = request(&["--thing-id", id, "--q", "a", "--if-match", "b"]).unwrap_err();
            assert!(error.contains("part of the path"), "{error}");
        }
    }
}
