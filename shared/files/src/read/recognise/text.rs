//! The format of a text, and the separator of a CSV file.

use encoding_rs::UTF_8;
use serde::de::IgnoredAny;

use super::Form;
use crate::read::{
    decoded::Decoded,
    encoding::TextEncoding,
    json::LIST_KEYS,
    object::Object,
    record::Record,
    records::Records,
    sources::{is_known, plain_name},
    unreadable::Unreadable,
};
use rollcall_domain::file_format::{Delimiter, SourceFormat};

/// The number of records that are looked at.
const INSPECTED: usize = 1_000;

/// How files begin that are often uploaded by mistake and have more text than control characters.
const OTHER_FORMATS: [&str; 6] = ["%PDF-", "PK\u{3}", "PK\u{5}", "PAR1", "SQLite format", "<"];

/// A text may have a control character by accident, but no second one in so many bytes.
const MIN_BYTES_PER_CONTROL: usize = 20;

/// The start of a text file.
pub(super) struct Head<'a> {
    pub(super) text: &'a str,
    /// Whether it began with the byte order mark of UTF-8.
    pub(super) has_mark: bool,
    /// Whether more follows.
    pub(super) is_cut: bool,
}

impl Head<'_> {
    /// The first records. A record that is cut is left out.
    pub(super) fn records(&self, format: SourceFormat, delimiter: Delimiter) -> Result<Vec<Record>, Unreadable> {
        let text = Decoded::new(Box::new(self.text.as_bytes()), UTF_8, self.is_cut);
        let form = Form::of(TextEncoding(UTF_8), false);
        let mut records = Records::of_text(text, format, Some(delimiter), form)?;
        let (mut record, mut all) = (Record::default(), Vec::new());
        while all.len() < INSPECTED {
            match records.read(&mut record) {
                Ok(true) => all.push(record.clone()),
                Ok(false) if self.is_cut && all.len() > 1 => {
                    all.pop();
                    break;
                }
                Err(Unreadable::NotAList { entries: 1.. } | Unreadable::UnclosedQuote { .. }) if self.is_cut => break,
                Ok(false) => break,
                Err(error) => return Err(error),
            }
        }
        Ok(all)
    }
}

/// The text of these bytes.
pub(super) fn decode(bytes: &[u8], encoding: TextEncoding, is_cut: bool) -> Result<String, Unreadable> {
    let mut decoded = Decoded::new(Box::new(bytes), encoding.0, is_cut);
    let mut text = Vec::with_capacity(bytes.len());
    loop {
        let piece = decoded.fill()?;
        if piece.is_empty() {
            return String::from_utf8(text).map_err(|_| Unreadable::Damaged);
        }
        text.extend_from_slice(piece);
        let length = piece.len();
        decoded.consume(length);
    }
}

/// The format of a text.
pub(super) fn format(text: &str, is_cut: bool) -> Result<SourceFormat, Unreadable> {
    let controls = text.chars().filter(|c| c.is_control() && !c.is_whitespace()).count();
    if OTHER_FORMATS.iter().any(|start| text.starts_with(start)) || controls > 1 + text.len() / MIN_BYTES_PER_CONTROL {
        return Err(Unreadable::UnknownFormat);
    }
    match text.trim_start().chars().next() {
        None => Err(if is_cut { Unreadable::Blank } else { Unreadable::Empty }),
        Some('[') => Ok(SourceFormat::Json),
        Some('{') => Ok(if is_one_object(text, is_cut) { SourceFormat::Json } else { SourceFormat::Ndjson }),
        Some(_) => Ok(SourceFormat::Csv),
    }
}

/// Whether a text is an object with a list of accounts, and not one object per line.
fn is_one_object(text: &str, is_cut: bool) -> bool {
    let first_line = text.trim_start().lines().next().unwrap_or_default();
    if let Ok(object) = serde_json::from_str::<Object>(first_line) {
        return LIST_KEYS.iter().any(|key| object.get(key).is_some_and(serde_json::Value::is_array));
    }
    match serde_json::Deserializer::from_str(text).into_iter::<IgnoredAny>().next() {
        None => false,
        Some(Ok(_)) => true,
        Some(Err(error)) => error.is_eof() && (is_cut || text.trim_start().lines().nth(1).is_some()),
    }
}

/// The separator of a CSV file: that with most known names in the first record, then that with which most records have
/// as many cells as the first, then that with most cells.
pub(super) fn delimiter(head: &Head<'_>) -> Delimiter {
    let score = |delimiter| {
        let records = head.records(SourceFormat::Csv, delimiter).unwrap_or_default();
        let Some(first) = records.first().filter(|first| first.len() > 1) else { return (0, 0, 0) };
        let known = first.cells().filter(|cell| is_known(&plain_name(cell))).count();
        let alike = records.iter().filter(|record| record.len() == first.len()).count();
        (known, alike * 100 / records.len(), first.len())
    };
    // Of equals, `max_by_key` takes the last.
    Delimiter::ALL.into_iter().rev().max_by_key(|delimiter| score(*delimiter)).unwrap_or(Delimiter::Comma)
}
