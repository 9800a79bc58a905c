//! Reads a JSON object field by field and collects every violation.
//!
//! A derived `Deserialize` would stop at the first mistake. Callers get all of them at once.

use serde_json::{Map, Value};

use crate::{
    error::{Code, Refusal},
    patch::{PatchDefault, PatchOptional},
    violation::{Invalid, Violation, ViolationCode},
};

/// A type that can be parsed from the value of a JSON field.
pub trait FromField: Sized {
    /// Parses the value, or returns the rule that it violates.
    fn from_field(value: &Value) -> Result<Self, Invalid>;
}

impl FromField for String {
    fn from_field(value: &Value) -> Result<Self, Invalid> {
        value.as_str().map(str::to_owned).ok_or_else(|| Invalid::wrong_type("a string"))
    }
}

impl FromField for bool {
    fn from_field(value: &Value) -> Result<Self, Invalid> {
        value.as_bool().ok_or_else(|| Invalid::wrong_type("true or false"))
    }
}

impl FromField for u32 {
    fn from_field(value: &Value) -> Result<Self, Invalid> {
        let out_of_range = || Invalid::new(ViolationCode::OutOfRange, "must be between 0 and 4294967295");
        if let Some(number) = value.as_u64() {
            return Self::try_from(number).map_err(|_| out_of_range());
        }
        if value.is_i64() {
            return Err(out_of_range());
        }
        Err(Invalid::wrong_type("a whole number without fraction or exponent"))
    }
}

/// The unread fields of a request body, and the violations found so far.
#[derive(Clone, Debug)]
pub struct Fields {
    object: Map<String, Value>,
    violations: Vec<Violation>,
    /// If the body is not an object, missing fields are not reported as well.
    is_object: bool,
}

impl Fields {
    /// Starts reading `body`. If it is not an object, [`Fields::finish`] reports that and nothing else.
    pub fn of(body: Value) -> Self {
        match body {
            Value::Object(object) => Self { object, violations: Vec::new(), is_object: true },
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => {
                let violation = Violation::at("", ViolationCode::WrongType, "must be an object");
                Self { object: Map::new(), violations: vec![violation], is_object: false }
            }
        }
    }

    /// Adds the violations of the request's query, so that they are reported together with those of the body.
    #[must_use]
    pub fn with_violations(mut self, violations: Vec<Violation>) -> Self {
        self.violations.extend(violations);
        self
    }

    /// Whether a field is present and unread. For permissions that depend on it.
    pub fn has(&self, name: &str) -> bool {
        self.object.contains_key(name)
    }

    /// The fields that are unread: before the first is read, the whole body.
    pub fn unread(&self) -> &Map<String, Value> {
        &self.object
    }

    /// Whether a field is present, unread and not null. For rules over several fields.
    pub fn has_value(&self, name: &str) -> bool {
        self.object.get(name).is_some_and(|value| !value.is_null())
    }

    /// Whether a field is unread and has this text. For permissions that depend on it.
    pub fn has_text(&self, name: &str, text: &str) -> bool {
        self.object.get(name).and_then(Value::as_str) == Some(text)
    }

    /// The value of an unread field if it is valid. The field stays unread, so its reader still reports its violation.
    /// For permissions and references, which are checked before the body is read.
    pub fn peek<T: FromField>(&self, name: &str) -> Option<T> {
        self.object.get(name).and_then(|value| T::from_field(value).ok())
    }

    /// Reads a field that must be present. Returns `None` only after reporting a violation.
    pub fn required<T: FromField>(&mut self, name: &str) -> Option<T> {
        match self.object.remove(name) {
            None | Some(Value::Null) => {
                self.violation(name, Invalid::new(ViolationCode::Required, "is required"));
                None
            }
            Some(value) => self.parsed(name, T::from_field(&value)),
        }
    }

    /// Reads a field that may be absent or null.
    pub fn optional<T: FromField>(&mut self, name: &str) -> Option<T> {
        match self.object.remove(name) {
            None | Some(Value::Null) => None,
            Some(value) => self.parsed(name, T::from_field(&value)),
        }
    }

    /// Reads an optional text: null and `""` count as absent.
    pub fn text<T: FromField>(&mut self, name: &str) -> Option<T> {
        self.patch(name, T::from_field).and_then(|patch| patch.apply(None))
    }

    /// Reads a merge patch of an optional text. Returns `None` only after reporting a violation.
    pub(crate) fn patch<T>(
        &mut self,
        name: &str,
        parse: impl FnOnce(&Value) -> Result<T, Invalid>,
    ) -> Option<PatchOptional<T>> {
        match self.object.remove(name) {
            None => Some(PatchOptional::Keep),
            Some(Value::Null) => Some(PatchOptional::Clear),
            Some(Value::String(text)) if text.is_empty() => Some(PatchOptional::Clear),
            Some(value) => self.parsed(name, parse(&value)).map(PatchOptional::Set),
        }
    }

    /// Reads a merge patch of a value with a default. Returns `None` only after reporting a violation.
    pub(crate) fn patch_default<T: FromField + Default>(&mut self, name: &str) -> Option<PatchDefault<T>> {
        match self.object.remove(name) {
            None => Some(PatchDefault::Keep),
            Some(Value::Null) => Some(PatchDefault::Set(T::default())),
            Some(value) => self.parsed(name, T::from_field(&value)).map(PatchDefault::Set),
        }
    }

    /// Reads a nested object that may be absent or null. Its violations are reported under `name`.
    pub fn object<T>(&mut self, name: &str, read: impl FnOnce(&mut Self) -> Option<T>) -> Option<T> {
        let value = self.object.remove(name).filter(|value| !value.is_null())?;
        let mut fields = Self::of(value);
        let whole = read(&mut fields);
        fields.finish(|| Some(())).map_or_else(
            |refusal| {
                self.violations.extend(refusal.violations.into_iter().map(|violation| violation.under(name)));
                None
            },
            |()| whole,
        )
    }

    /// Leaves fields out that are known, but cannot be judged.
    pub fn forget(&mut self, names: &[&str]) {
        self.object.retain(|name, _| !names.contains(&name.as_str()));
    }

    /// Reads a list of 1 to `max` entries that must be present.
    pub fn list<T: FromField>(&mut self, name: &str, max: usize) -> Option<Vec<T>> {
        let entries = match self.object.remove(name) {
            None | Some(Value::Null) => Err(Invalid::new(ViolationCode::Required, "is required")),
            Some(Value::Array(entries)) => Invalid::of_size(entries.len(), 1, max, "entries").map_or(Ok(entries), Err),
            Some(_) => Err(Invalid::wrong_type("a list")),
        };
        let entries = self.parsed(name, entries)?;
        let read: Vec<_> = (entries.iter().enumerate())
            .filter_map(|(index, entry)| self.parsed(&format!("{name}/{index}"), T::from_field(entry)))
            .collect();
        (read.len() == entries.len()).then_some(read)
    }

    /// Refuses a field that cannot be changed, whatever its value.
    pub fn immutable(&mut self, name: &str) {
        if self.object.remove(name).is_some() {
            self.violation(name, Invalid::new(ViolationCode::ImmutableField, "cannot be changed"));
        }
    }

    /// Reports a violation of a rule over several fields, or over what a field refers to.
    pub fn violation(&mut self, pointer: &str, invalid: Invalid) {
        let violation = Violation::from_invalid(format!("/{pointer}"), invalid);
        // One violation per field is enough: a rule over several fields adds nothing to a field that is invalid itself.
        if self.is_object && !self.violations.iter().any(|found| found.place() == violation.place()) {
            self.violations.push(violation);
        }
    }

    /// Reads the whole body, or refuses it with all violations.
    pub fn parse<T>(mut self, read: impl FnOnce(&mut Self) -> Option<T>) -> Result<T, Refusal> {
        let body = read(&mut self);
        self.finish(|| body)
    }

    /// Ends the reading: unread fields are unknown, and any violation refuses the body.
    ///
    /// `whole` builds the result. It is called only if there is no violation, so every [`Fields::required`] was `Some`.
    pub fn finish<T>(mut self, whole: impl FnOnce() -> Option<T>) -> Result<T, Refusal> {
        for name in self.object.keys() {
            let pointer = format!("/{}", name.replace('~', "~0").replace('/', "~1"));
            self.violations.push(Violation::at(pointer, ViolationCode::UnknownField, "is not a field of this request"));
        }
        if !self.violations.is_empty() {
            return Err(Refusal::invalid(self.violations));
        }
        whole().ok_or_else(|| Code::ValidationFailed.into())
    }

    fn parsed<T>(&mut self, pointer: &str, read: Result<T, Invalid>) -> Option<T> {
        read.map_err(|invalid| self.violation(pointer, invalid)).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn codes(refusal: &Refusal) -> Vec<Value> {
        let violations = serde_json::to_value(&refusal.violations).unwrap();
        violations.as_array().unwrap().iter().map(|v| json!([v["pointer"], v["code"]])).collect()
    }

    #[test]
    fn every_violation_is_reported_at_once() {
        let mut fields = Fields::of(json!({"a": 1, "n": 1.5, "big": 4_294_967_296_u64, "l": ["x", 2], "~/": 0}));
        let a: Option<String> = fields.required("a");
        let b: Option<bool> = fields.required("b");
        assert_eq!((a, b), (None, None));
        assert_eq!(fields.patch_default::<u32>("n"), None);
        assert_eq!(fields.patch_default::<u32>("big"), None);
        assert_eq!(fields.list::<String>("l", 3), None);
        let refusal = fields.finish(|| Some(())).unwrap_err();
        assert_eq!(refusal.code, Code::UnknownField);
        assert_eq!(
            codes(&refusal),
            [
                json!(["/a", "wrong_type"]),
                json!(["/b", "required"]),
                json!(["/n", "wrong_type"]),
                json!(["/big", "out_of_range"]),
                json!(["/l/1", "wrong_type"]),
                json!(["/~0~1", "unknown_field"]),
            ]
        );
    }

    #[test]
    fn violations_of_a_nested_object_have_its_pointer() {
        let mut fields = Fields::of(json!({"inner": {"a": 1, "b/c": 2}, "list": []}));
        assert_eq!(fields.object("inner", |inner| inner.required::<String>("a")), None);
        assert_eq!(fields.object("list", |inner| inner.required::<String>("a")), None);
        assert_eq!(fields.object("absent", |inner| inner.required::<String>("a")), None);
        let refusal = fields.finish(|| Some(())).unwrap_err();
        let expected = [
            json!(["/inner/a", "wrong_type"]),
            json!(["/inner/b~1c", "unknown_field"]),
            json!(["/list", "wrong_type"]),
        ];
        assert_eq!(codes(&refusal), expected);
    }

    #[test]
    fn a_merge_patch_keeps_clears_and_sets() {
        let mut fields = Fields::of(json!({"null": null, "empty": "", "set": "new", "number": null}));
        assert_eq!(fields.text::<String>("absent"), None);
        assert_eq!(fields.text::<String>("null"), None);
        assert_eq!(fields.text::<String>("empty"), None);
        assert_eq!(fields.text("set"), Some("new".to_owned()));
        assert_eq!(fields.patch_default("number"), Some(PatchDefault::Set(0_u32)));
        assert_eq!(fields.patch_default::<u32>("absent"), Some(PatchDefault::Keep));
        assert_eq!(fields.finish(|| Some(())), Ok(()));
    }

    #[test]
    fn an_immutable_field_sets_the_code_of_the_refusal() {
        let mut fields = Fields::of(json!({"user_id": "x"}));
        fields.immutable("user_id");
        assert_eq!(fields.finish(|| Some(())).unwrap_err().code, Code::ImmutableField);
    }
}
