//! Reading a JSON body, bounded in size and nesting and stricter than `serde_json`.

use std::fmt;

use axum::{
    body::{Body, Bytes, HttpBody},
    extract::Request,
    http::{HeaderMap, Method, header},
};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use rollcall_domain::{
    Code, Refusal,
    limits::{MAX_BODY_BYTES, MAX_BODY_NESTING},
};
use serde::de::{self, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

use crate::problem::Problem;

/// The media type of bodies.
const JSON: &str = "application/json";

/// The media types of a patch. Both are read as a merge patch (RFC 7396).
pub(crate) const PATCH_TYPES: [&str; 2] = [JSON, "application/merge-patch+json"];

/// Reads the whole body. Refuses one that is too large as soon as that is known.
pub(crate) async fn read(headers: &HeaderMap, body: Body) -> Result<Bytes, Problem> {
    let too_large = || Refusal::new(Code::PayloadTooLarge, format!("A body may have at most {MAX_BODY_BYTES} bytes."));
    let declared = headers.get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
    if declared.is_some_and(|length| length > MAX_BODY_BYTES) {
        return Err(too_large().into());
    }
    match Limited::new(body, MAX_BODY_BYTES).collect().await {
        Ok(body) => Ok(body.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => Err(too_large().into()),
        Err(error) => Err(ended_early(&error)),
    }
}

/// Waits for a body whose declared length is permitted. If a request was refused before its body is read, the rest of
/// the body would stay on the connection, which then could not be used for further requests.
pub(crate) async fn buffered(request: Request) -> Result<Request, Problem> {
    let is_small = request.body().size_hint().upper().is_some_and(|length| length <= MAX_BODY_BYTES as u64);
    if !is_small {
        return Ok(request);
    }
    let (parts, body) = request.into_parts();
    let bytes = body.collect().await.map_err(|error| ended_early(&error))?.to_bytes();
    Ok(Request::from_parts(parts, bytes.into()))
}

fn ended_early(error: &dyn fmt::Display) -> Problem {
    Refusal::new(Code::MalformedJson, format!("The body ended early: {error}")).into()
}

/// Parses a body; `None` if it is empty.
pub(crate) fn parse(method: &Method, headers: &HeaderMap, bytes: &[u8]) -> Result<Option<Value>, Refusal> {
    if bytes.is_empty() {
        return Ok(None);
    }
    let types: &[&str] = if method == Method::PATCH { &PATCH_TYPES } else { &[JSON] };
    let content_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let mut parts = content_type.split(';').map(str::trim);
    let is_json = parts.next().is_some_and(|media| types.iter().any(|known| media.eq_ignore_ascii_case(known)));
    // JSON is always UTF-8 (RFC 8259), so a parameter that says so is harmless.
    let is_utf8 =
        parts.all(|parameter| parameter.is_empty() || parameter.replace('"', "").eq_ignore_ascii_case("charset=utf-8"));
    if !is_json || !is_utf8 {
        return Err(Code::UnsupportedMediaType.into());
    }
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    let value = Strict { depth: 0 }.deserialize(&mut deserializer);
    let value = value.and_then(|value| deserializer.end().map(|()| value));
    value.map(Some).map_err(|error| {
        Refusal::new(Code::MalformedJson, format!("The body is not one well-formed JSON value: {error}."))
    })
}

/// Deserialises a value and refuses what `serde_json::Value` accepts: duplicate keys and deep nesting.
#[derive(Clone, Copy)]
struct Strict {
    depth: usize,
}

impl Strict {
    fn deeper<E: de::Error>(self) -> Result<Self, E> {
        if self.depth == MAX_BODY_NESTING {
            return Err(E::custom(format_args!("nested deeper than {MAX_BODY_NESTING} levels")));
        }
        Ok(Self { depth: self.depth + 1 })
    }
}

impl<'de> DeserializeSeed<'de> for Strict {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict {
    type Value = Value;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(Number::from_f64(value).map_or(Value::Null, Value::Number))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(Value::String(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let inner = self.deeper()?;
        let mut list = Vec::new();
        while let Some(entry) = entries.next_element_seed(inner)? {
            list.push(entry);
        }
        Ok(Value::Array(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let inner = self.deeper()?;
        let mut object = Map::new();
        while let Some(key) = entries.next_key::<String>()? {
            if object.contains_key(&key) {
                return Err(de::Error::custom(format_args!("the key {key:?} is given twice")));
            }
            object.insert(key, entries.next_value_seed(inner)?);
        }
        Ok(Value::Object(object))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(text: &str) -> Result<Option<Value>, Code> {
        let headers = [(header::CONTENT_TYPE, "application/json".parse().unwrap())].into_iter().collect();
        parse(&Method::POST, &headers, text.as_bytes()).map_err(|refusal| refusal.code)
    }

    #[test]
    fn a_body_nests_sixteen_levels_and_no_more() {
        let nested = |levels: usize| "[".repeat(levels) + &"]".repeat(levels);
        assert!(read(&nested(16)).is_ok());
        assert_eq!(read(&nested(17)), Err(Code::MalformedJson));
        assert_eq!(read(&nested(10_000)), Err(Code::MalformedJson));
        assert_eq!(read(&"{\"a\":".repeat(10_000)), Err(Code::MalformedJson));
    }

    #[test]
    fn malformed_json_is_refused() {
        for text in [
            "{\"a\":1,\"a\":2}",
            "{\"a\":{\"b\":1,\"\\u0062\":2}}",
            "NaN",
            "[1,]",
            "{}{}",
            "{'a':1}",
            "\"\\ud800\"",
            "\u{feff}{}",
            " ",
        ] {
            assert_eq!(read(text), Err(Code::MalformedJson), "{text}");
        }
        assert_eq!(read(""), Ok(None));
    }

    #[test]
    fn only_json_in_utf_8_is_accepted() {
        let parsed = |content_type: &str| {
            let headers = [(header::CONTENT_TYPE, content_type.parse().unwrap())].into_iter().collect();
            parse(&Method::POST, &headers, b"{}").map_err(|refusal| refusal.code)
        };
        assert!(parsed("application/json").is_ok() && parsed("Application/JSON; charset=\"UTF-8\"").is_ok());
        for bad in [
            "",
            "text/plain",
            "application/json; charset=latin1",
            "application/jsonp",
            "application/merge-patch+json",
            "application/x-www-form-urlencoded",
        ] {
            assert_eq!(parsed(bad), Err(Code::UnsupportedMediaType), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_parsed_as_serde_json_does_or_refused(text in ".{0,200}") {
            let strict = read(&text);
            if let Ok(Some(value)) = strict {
                prop_assert_eq!(Some(value), serde_json::from_str(&text).ok());
            }
        }
    }
}
