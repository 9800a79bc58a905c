//! Query parameters, read one by one, with all violations reported together.

use axum::http::Uri;
use rollcall_domain::{FromField, Invalid, Refusal, Value, Violation, ViolationCode};

/// The query of a request.
#[derive(Debug)]
pub struct Parameters {
    pairs: Vec<(String, String)>,
    violations: Vec<Violation>,
}

impl Parameters {
    /// The parameters in the query of `uri`.
    pub(crate) fn of(uri: &Uri) -> Self {
        let pairs = form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes()).into_owned().collect();
        Self { pairs, violations: Vec::new() }
    }

    /// Reads a parameter that may be absent.
    pub fn optional<T>(&mut self, name: &str, parse: impl FnOnce(&str) -> Result<T, Invalid>) -> Option<T> {
        let value = self.take(name)?;
        parse(&value).map_err(|invalid| self.note(name, invalid)).ok()
    }

    /// Reads a parameter that may be absent, by the rule of its type.
    pub fn field<T: FromField>(&mut self, name: &str) -> Option<T> {
        self.optional(name, |text| T::from_field(&Value::from(text)))
    }

    /// Reads a required parameter. Returns `None` only if a violation was noted.
    pub fn required<T>(&mut self, name: &str, parse: impl FnOnce(&str) -> Result<T, Invalid>) -> Option<T> {
        if !self.pairs.iter().any(|(given, _)| given == name) {
            self.note(name, Invalid::new(ViolationCode::Required, "is required"));
        }
        self.optional(name, parse)
    }

    /// Ends the reading: every parameter that is left is unknown.
    pub(crate) fn finish(mut self) -> Result<(), Vec<Violation>> {
        for (name, _) in std::mem::take(&mut self.pairs) {
            self.note(&name, Invalid::new(ViolationCode::UnknownField, "is not a parameter of this request"));
        }
        if self.violations.is_empty() { Ok(()) } else { Err(self.violations) }
    }

    /// Ends the reading and builds the result if no violation was noted.
    pub fn finish_with<T>(self, whole: impl FnOnce() -> Option<T>) -> Result<T, Refusal> {
        self.finish().map_err(Refusal::invalid)?;
        whole().ok_or_else(|| rollcall_domain::Code::ValidationFailed.into())
    }

    fn take(&mut self, name: &str) -> Option<String> {
        let position = self.pairs.iter().position(|(given, _)| given == name)?;
        let (_, value) = self.pairs.remove(position);
        if self.pairs.iter().any(|(given, _)| given == name) {
            self.pairs.retain(|(given, _)| given != name);
            self.note(name, Invalid::new(ViolationCode::NotAllowed, "is given more than once"));
        }
        Some(value)
    }

    fn note(&mut self, name: &str, invalid: Invalid) {
        self.violations.push(Violation::of_parameter(name, invalid.code, invalid.detail));
    }
}
