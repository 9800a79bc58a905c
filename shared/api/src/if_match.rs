//! `If-Match`: which version of a resource the caller means to change (RFC 9110, section 13.1.1).

use axum::http::{HeaderMap, Method, header};
use rollcall_domain::Code;

/// The condition of an `If-Match` header.
#[derive(Debug)]
pub(crate) enum IfMatch {
    /// No header, or `*`.
    Any,
    /// These entity tags, quotes and weakness marks included.
    OneOf(Vec<String>),
}

impl IfMatch {
    /// Reads the header of a PUT, PATCH or DELETE. An entity tag may itself contain a comma, so the list is not simply
    /// split.
    pub(crate) fn read(method: &Method, headers: &HeaderMap) -> Result<Self, Code> {
        if !matches!(*method, Method::PUT | Method::PATCH | Method::DELETE) {
            return Ok(Self::Any);
        }
        let mut tags = Vec::new();
        for value in headers.get_all(header::IF_MATCH) {
            let text = value.to_str().map_err(|_| Code::InvalidIfMatch)?.trim();
            if text == "*" {
                return Ok(Self::Any);
            }
            tags.extend(entity_tags(text).filter(|tags| !tags.is_empty()).ok_or(Code::InvalidIfMatch)?);
        }
        Ok(if tags.is_empty() { Self::Any } else { Self::OneOf(tags) })
    }

    /// Refuses a version that the caller did not mean.
    pub(crate) fn check(&self, version: u64) -> Result<(), Code> {
        match self {
            Self::Any => Ok(()),
            Self::OneOf(tags) if tags.contains(&format!("\"{version}\"")) => Ok(()),
            Self::OneOf(_) => Err(Code::VersionConflict),
        }
    }
}

/// The entity tags of one header line, or `None` if it is not a list of them. A weak tag keeps its mark, so that it
/// equals no version.
fn entity_tags(text: &str) -> Option<Vec<String>> {
    let (mut tags, mut rest) = (Vec::new(), text);
    while !rest.is_empty() {
        let start = if rest.starts_with("W/") { 2 } else { 0 };
        let inner = rest[start..].strip_prefix('"')?;
        let end = start + 2 + inner.find('"')?;
        tags.push(rest[..end].to_owned());
        rest = rest[end..].trim_start();
        if !rest.is_empty() {
            rest = rest.strip_prefix(',')?.trim_start_matches([',', ' ', '\t']);
        }
    }
    Some(tags)
}
