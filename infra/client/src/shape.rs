//! Which JSON values a field takes, and how they are written on a command line.

use std::collections::BTreeSet;

use serde_json::Value;

/// The values that a schema takes, as far as it decides how a value is written.
#[derive(Clone, Debug, Default)]
pub(crate) struct Shape {
    /// The names of JSON Schema's types.
    pub(crate) types: BTreeSet<String>,
    /// Whether any text is a value of its own. Otherwise only `choices` are.
    pub(crate) is_free_text: bool,
    /// The texts that are listed.
    pub(crate) choices: BTreeSet<String>,
    /// The texts that are listed for the elements of a list.
    pub(crate) items: BTreeSet<String>,
}

impl Shape {
    /// The value that is written as this text: JSON, but text as it is, so that it needs no second pair of quotes.
    ///
    /// Whether the value keeps the field's rules is for the server to say.
    pub(crate) fn value(&self, text: &str) -> Result<Value, String> {
        if self.is_free_text {
            return Ok(text.into());
        }
        let json = serde_json::from_str(text).ok().filter(|value| self.types.contains(type_of(value)));
        match json {
            Some(value) if !value.is_string() => Ok(value),
            _ if self.types.contains("string") => Ok(text.into()),
            _ => Err(format!("it takes {}", self.expected())),
        }
    }

    /// Whether it takes true and false, so that the option alone can stand for true.
    pub(crate) fn is_boolean(&self) -> bool {
        self.types.contains("boolean")
    }

    /// The name of its values in a usage line.
    pub(crate) fn value_name(&self) -> &'static str {
        match self.main_type() {
            "boolean" => "BOOLEAN",
            "integer" | "number" => "NUMBER",
            "array" | "object" => "JSON",
            _ => "TEXT",
        }
    }

    /// Its values in words.
    fn expected(&self) -> &'static str {
        match self.main_type() {
            "boolean" => "true or false",
            "integer" => "a whole number",
            "number" => "a number",
            "array" => "a list as JSON, such as [\"a\", \"b\"]",
            _ => "an object as JSON, such as {\"name\": \"value\"}",
        }
    }

    fn main_type(&self) -> &str {
        self.types.iter().map(String::as_str).find(|name| *name != "null").unwrap_or_default()
    }
}

/// JSON Schema's name of a value's type.
fn type_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(number) if number.is_f64() => "number",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn shape(types: &[&str], is_free_text: bool) -> Shape {
        Shape { types: types.iter().map(|name| (*name).to_owned()).collect(), is_free_text, ..Shape::default() }
    }

    #[test]
    fn text_is_taken_as_it_is() {
        let text = shape(&["string", "null"], true);
        for written in ["", "null", "7", "true", "[1]", "\"quoted\""] {
            assert_eq!(text.value(written), Ok(json!(written)));
        }
    }

    #[test]
    fn a_choice_is_text_and_can_be_null() {
        let choice = shape(&["string", "null"], false);
        assert_eq!(choice.value("male"), Ok(json!("male")));
        assert_eq!(choice.value("7"), Ok(json!("7")));
        assert_eq!(choice.value("null"), Ok(Value::Null));
    }

    #[test]
    fn other_values_are_json_of_the_right_type() {
        let cases = [
            (shape(&["integer", "null"], false), "7", json!(7), "seven", "a whole number"),
            (shape(&["integer", "null"], false), "null", Value::Null, "7.5", "a whole number"),
            (shape(&["boolean"], false), "true", json!(true), "yes", "true or false"),
            (shape(&["array"], false), "[\"a\"]", json!(["a"]), "a", "a list as JSON"),
            (shape(&["object"], false), "{\"a\": 1}", json!({"a": 1}), "[]", "an object as JSON"),
        ];
        for (shape, written, value, wrong, expected) in cases {
            assert_eq!(shape.value(written), Ok(value));
            let error = shape.value(wrong).unwrap_err();
            assert!(error.contains(expected), "{error}");
        }
    }
}
