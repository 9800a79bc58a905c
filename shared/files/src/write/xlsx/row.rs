//! The XML of a row.

use std::fmt::Write as _;

use chrono::{NaiveDate, NaiveTime};
use rollcall_domain::{Timestamp, column::Cell};

use crate::xlsx::{EPOCH, FIRST_CERTAIN_DAY, column_letters};

/// Indexes of the cell formats in `styles.xml`.
const DATE: u32 = 1;
const TIME: u32 = 2;
const HEADER: u32 = 3;

/// A row being written. It is kept for its memory.
#[derive(Default)]
pub(super) struct Row {
    xml: String,
    number: u32,
    column: u32,
}

/// Writing to a string cannot fail.
macro_rules! push {
    ($row:ident, $($argument:tt)*) => { let _ = write!($row.xml, $($argument)*); };
}

impl Row {
    /// Starts the row of this number; the first is 1.
    pub(super) fn begin(&mut self, number: u32) {
        (self.number, self.column) = (number, 0);
        self.xml.clear();
        push!(self, r#"<row r="{number}">"#);
    }

    /// Adds a cell of the header.
    pub(super) fn header(&mut self, name: &str) {
        self.open(Some(HEADER));
        push!(self, r#" t="inlineStr"><is><t>{name}</t></is></c>"#);
    }

    /// Adds a cell.
    pub(super) fn cell(&mut self, cell: Cell<'_>) {
        match cell {
            Cell::Empty => self.column += 1,
            Cell::Text(text) => self.text(text),
            Cell::Number(number) => self.number(None, number),
            Cell::Date(date) if date < FIRST_CERTAIN_DAY => self.text(&date.to_string()),
            Cell::Date(date) => self.number(Some(DATE), days(date)),
            Cell::Time(time) => self.number(Some(TIME), serial(time)),
        }
    }

    /// The XML of the row.
    pub(super) fn end(&mut self) -> &str {
        self.xml.push_str("</row>");
        &self.xml
    }

    fn open(&mut self, style: Option<u32>) {
        self.xml.push_str(r#"<c r=""#);
        column_letters(&mut self.xml, self.column);
        push!(self, r#"{}""#, self.number);
        if let Some(style) = style {
            push!(self, r#" s="{style}""#);
        }
        self.column += 1;
    }

    fn number(&mut self, style: Option<u32>, value: impl std::fmt::Display) {
        self.open(style);
        push!(self, "><v>{value}</v></c>");
    }

    fn text(&mut self, text: &str) {
        self.open(None);
        let has_outer_space = text.starts_with(char::is_whitespace) || text.ends_with(char::is_whitespace);
        let space = if has_outer_space { r#" xml:space="preserve""# } else { "" };
        push!(self, r#" t="inlineStr"><is><t{space}>"#);
        escape(&mut self.xml, text);
        self.xml.push_str("</t></is></c>");
    }
}

/// Days since the epoch of spreadsheets.
fn days(date: NaiveDate) -> i64 {
    (date - EPOCH).num_days()
}

/// Days since the epoch of spreadsheets, with the time of day as their fraction.
fn serial(time: Timestamp) -> f64 {
    let milliseconds = (time.to_utc().naive_utc() - EPOCH.and_time(NaiveTime::MIN)).num_milliseconds();
    #[expect(clippy::cast_precision_loss, reason = "exact up to 2⁵³ milliseconds, which is the year 287396")]
    let milliseconds = milliseconds as f64;
    milliseconds / 86_400_000.0
}

/// Appends a text as XML. Characters that XML does not allow are written as `_xHHHH_`, and `_` is where it would be
/// taken for the start of such a mark.
fn escape(xml: &mut String, text: &str) {
    for (index, c) in text.char_indices() {
        match c {
            '&' => xml.push_str("&amp;"),
            '<' => xml.push_str("&lt;"),
            '>' => xml.push_str("&gt;"),
            '_' if is_mark(&text.as_bytes()[index..]) => xml.push_str("_x005F_"),
            // Readers turn a literal CR into LF.
            '\t' | '\n' => xml.push(c),
            '\0'..' ' | '\u{fffe}' | '\u{ffff}' => {
                let _ = write!(xml, "_x{:04X}_", u32::from(c));
            }
            _ => xml.push(c),
        }
    }
}

fn is_mark(text: &[u8]) -> bool {
    let Some([b'_', b'x', code @ .., b'_']) = text.first_chunk::<7>() else { return false };
    code.iter().all(u8::is_ascii_hexdigit)
}
