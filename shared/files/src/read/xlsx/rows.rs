//! The rows of a sheet.

use chrono::{NaiveTime, TimeDelta};
use quick_xml::events::{BytesStart, Event};
use rollcall_domain::limits::MAX_RECORD_BYTES;

use super::{
    MAX_ROWS,
    book::Book,
    strings::CellText,
    xml::{Xml, word},
};
use crate::{
    read::{MAX_COLUMNS, decoded::Source, record::Record, unreadable::Unreadable},
    xlsx::EPOCH,
};

/// From this number on, spreadsheets have lost digits.
const FIRST_ROUNDED: f64 = 1e15;

/// The days between 1899-12-30 and 1904-01-01.
const DAYS_TO_1904: f64 = 1462.0;

/// The rows of a sheet, as they are unpacked.
pub(super) struct Rows<'a> {
    xml: Xml<Source<'a>>,
    book: Book,
    row: u64,
    /// The column after the last cell.
    next: usize,
    text: CellText,
    cell: Cell,
}

/// The current cell.
#[derive(Default)]
struct Cell {
    column: usize,
    kind: Kind,
}

/// What the value of a cell is.
#[derive(Clone, Copy, Default)]
enum Kind {
    #[default]
    Number,
    Date,
    Boolean,
    /// The number of a shared text.
    Shared,
    Text,
}

impl<'a> Rows<'a> {
    pub(super) fn new(xml: Xml<Source<'a>>, book: Book) -> Self {
        Self { xml, book, row: 0, next: 0, text: CellText::default(), cell: Cell::default() }
    }

    /// Reads the next row that has a value. Returns whether there was one.
    pub(super) fn read(&mut self, record: &mut Record) -> Result<bool, Unreadable> {
        loop {
            match self.xml.next()? {
                Event::Start(tag) => match tag.local_name().as_ref() {
                    "row" => {
                        let number = word(&tag, "r")?.and_then(|number| number.parse().ok());
                        self.row = number.unwrap_or(self.row + 1);
                        if self.row > MAX_ROWS {
                            return Err(Unreadable::TooLarge("more than 1,000,000 rows"));
                        }
                        record.begin(self.row);
                        self.next = 0;
                    }
                    "c" => {
                        self.cell = Cell::of(&tag, &self.book, self.next)?;
                        self.next = self.cell.column + 1;
                        self.text.take();
                    }
                    _ => self.text.add(&Event::Start(tag))?,
                },
                Event::End(tag) => match tag.local_name().as_ref() {
                    "c" => self.end_cell(record)?,
                    "row" if !record.text.is_empty() => return Ok(true),
                    "sheetData" => return Ok(false),
                    _ => self.text.add(&Event::End(tag))?,
                },
                Event::Eof => return Err(Unreadable::Damaged),
                event => self.text.add(&event)?,
            }
        }
    }

    fn end_cell(&mut self, record: &mut Record) -> Result<(), Unreadable> {
        let text = self.text.take();
        // A cell may have nothing but a format.
        if text.is_empty() {
            return Ok(());
        }
        let too_long = || Unreadable::RecordTooLong { line: self.row };
        if self.cell.column >= MAX_COLUMNS {
            return Err(too_long());
        }
        while record.len() < self.cell.column {
            record.push("");
        }
        match self.cell.kind {
            Kind::Number => record.push(&number(text)),
            Kind::Date => record.push(&date(text, self.book.from_1904)),
            Kind::Boolean => record.push(if text == "1" { "TRUE" } else { "FALSE" }),
            Kind::Shared => record.push(self.book.strings.get(text)?),
            Kind::Text => record.push(text),
        }
        if record.text.len() > MAX_RECORD_BYTES { Err(too_long()) } else { Ok(()) }
    }
}

impl Cell {
    /// The cell of this tag. Where it does not say its column, it is the next one.
    fn of(tag: &BytesStart<'_>, book: &Book, next: usize) -> Result<Self, Unreadable> {
        let column = word(tag, "r")?.and_then(|name| column(&name)).unwrap_or(next);
        let style = word(tag, "s")?.and_then(|style| style.parse::<usize>().ok()).unwrap_or_default();
        if column < next {
            return Err(Unreadable::Damaged);
        }
        let kind = match word(tag, "t")?.as_deref() {
            None | Some("n") if book.is_date.get(style) == Some(&true) => Kind::Date,
            None | Some("n") => Kind::Number,
            Some("b") => Kind::Boolean,
            Some("s") => Kind::Shared,
            Some(_) => Kind::Text,
        };
        Ok(Self { column, kind })
    }
}

/// The column of a cell such as `AB12`, from 0.
fn column(name: &str) -> Option<usize> {
    let letters = name.bytes().take_while(u8::is_ascii_uppercase);
    letters
        .map(|letter| usize::from(letter - b'A') + 1)
        .try_fold(0_usize, |number, letter| number.checked_mul(26)?.checked_add(letter))?
        .checked_sub(1)
}

/// A number as people would type it. One that has lost digits is shown as spreadsheets show it, so that it is not taken
/// for an id.
fn number(text: &str) -> String {
    match text.parse::<f64>() {
        Ok(number) if number.abs() >= FIRST_ROUNDED => format!("{number:.14E}").replace('E', "E+"),
        Ok(number) => number.to_string(),
        Err(_) => text.to_owned(),
    }
}

/// A number of days as `YYYY-MM-DD`, with the time of day if there is one. Other numbers are returned unchanged.
fn date(text: &str, from_1904: bool) -> String {
    let number = text.parse().ok().map(|number: f64| if from_1904 { number + DAYS_TO_1904 } else { number });
    number.and_then(date_of).unwrap_or_else(|| text.to_owned())
}

fn date_of(number: f64) -> Option<String> {
    // Excel counts a 29 February 1900 as day 60.
    let days = number.floor() + if number < 60.0 { 1.0 } else { 0.0 };
    let milliseconds = ((number - number.floor()) * 86_400_000.0).round();
    #[expect(clippy::cast_possible_truncation, reason = "casts of floats saturate, and what is too large has no date")]
    let time = EPOCH
        .and_time(NaiveTime::MIN)
        .checked_add_signed(TimeDelta::try_days(days as i64)?)?
        .checked_add_signed(TimeDelta::milliseconds(milliseconds as i64))?;
    let format = if time.time() == NaiveTime::MIN { "%Y-%m-%d" } else { "%Y-%m-%d %H:%M:%S%.3f" };
    Some(time.format(format).to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("82", "82")]
    #[case("82.0", "82")]
    #[case("4.294967295E9", "4294967295")]
    #[case("120000000000", "120000000000")]
    #[case("1.5", "1.5")]
    #[case("-1", "-1")]
    #[case("1234567890123456", "1.23456789012346E+15")]
    #[case("x", "x")]
    fn a_number_is_shown_as_typed(#[case] stored: &str, #[case] expected: &str) {
        assert_eq!(number(stored), expected);
    }

    #[rstest]
    #[case("34471", false, "1994-05-17")]
    #[case("1", false, "1900-01-01")]
    #[case("61", false, "1900-03-01")]
    #[case("33009", true, "1994-05-17")]
    #[case("46346.500000486111", false, "2026-11-20 12:00:00.042")]
    #[case("1e300", false, "1e300")]
    #[case("", false, "")]
    fn a_number_of_days_is_a_date(#[case] stored: &str, #[case] from_1904: bool, #[case] expected: &str) {
        assert_eq!(date(stored, from_1904), expected);
    }

    #[rstest]
    #[case("A1", Some(0))]
    #[case("AB12", Some(27))]
    #[case("12", None)]
    fn a_column_is_found_by_its_letters(#[case] name: &str, #[case] expected: Option<usize>) {
        assert_eq!(column(name), expected);
    }
}
