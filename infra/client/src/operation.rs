//! An operation of the API, and the request that calls it with some values.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Map, Value};

use crate::{
    failure::Failure,
    field::{Field, Place},
};

/// All characters but RFC 3986's `unreserved`.
const NOT_IN_A_SEGMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// An operation, as the API document describes it.
#[derive(Debug)]
pub(crate) struct Operation {
    pub(crate) id: String,
    pub(crate) summary: String,
    pub(crate) description: String,
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) fields: Vec<Field>,
    pub(crate) has_body: bool,
    /// Whether it is called without a key.
    pub(crate) is_public: bool,
    /// Whether an API key may call it, if it has the scopes. Otherwise it takes a session.
    pub(crate) takes_key: bool,
    /// The media types of its replies; empty if they have no content.
    pub(crate) replies: Vec<String>,
}

/// What is sent to call an operation.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Request {
    pub(crate) path: String,
    pub(crate) query: Vec<(String, String)>,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Option<Value>,
}

impl Operation {
    /// Puts each value where the document says. A `body` takes the place of the values of a body.
    pub(crate) fn request(&self, values: &Map<String, Value>, body: Option<Value>) -> Result<Request, Failure> {
        let mut request = Request { path: self.path.clone(), ..Request::default() };
        let mut members = Map::new();
        for field in &self.fields {
            let Some(value) = values.get(&field.name) else { continue };
            let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            match field.place {
                Place::Path => {
                    let segment = segment(&field.name, &text)?;
                    request.path = request.path.replace(&format!("{{{}}}", field.name), &segment);
                }
                Place::Query => request.query.push((field.name.clone(), text)),
                Place::Header => request.headers.push((field.name.clone(), text)),
                Place::Body => drop(members.insert(field.name.clone(), value.clone())),
            }
        }
        request.body = self.has_body.then(|| body.unwrap_or(Value::Object(members)));
        Ok(request)
    }

    /// Whether it takes a header.
    pub(crate) fn takes_header(&self, name: &str) -> bool {
        self.fields.iter().any(|field| field.place == Place::Header && field.name == name)
    }
}

/// One segment of a path. URLs resolve `.` and `..` even when they are encoded, so they would name another path.
fn segment(name: &str, text: &str) -> Result<String, Failure> {
    if matches!(text, "" | "." | "..") {
        return Err(Failure::usage(format!("{name} is part of the path, so it cannot be '{text}'")));
    }
    Ok(utf8_percent_encode(text, NOT_IN_A_SEGMENT).to_string())
}
