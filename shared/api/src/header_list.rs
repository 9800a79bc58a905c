//! Header values that are comma-separated lists, with or without weights (RFC 9110, sections 5.6.1 and 12.4.2).

use axum::http::{HeaderMap, HeaderName};

/// The members of a list header, trimmed, over all its lines. Lines that are not text are skipped.
pub fn members<'a>(headers: &'a HeaderMap, name: &HeaderName) -> impl Iterator<Item = &'a str> {
    let lines = headers.get_all(name).into_iter().filter_map(|value| value.to_str().ok());
    lines.flat_map(|line| line.split(',')).map(str::trim)
}

/// The members of a list header with their weights: 1 where none is given. Members with an unreadable weight or a
/// weight of 0 are not acceptable and left out.
pub fn weighted<'a>(headers: &'a HeaderMap, name: &HeaderName) -> impl Iterator<Item = (&'a str, f32)> {
    members(headers, name).filter_map(|member| {
        let (value, weight) = member.split_once(';').unwrap_or((member, "q=1"));
        let weight = weight.trim().strip_prefix("q=").map_or(Ok(1.0), str::parse).ok()?;
        (weight > 0.0).then_some((value.trim(), weight))
    })
}
