//! What reading and writing workbooks have in common.

use chrono::NaiveDate;

/// The day that spreadsheets number 0.
pub(crate) const EPOCH: NaiveDate = day(1899, 12, 30);

/// The first day whose number is the same in all spreadsheets. Excel counts a 29 February 1900, and others do not.
pub(crate) const FIRST_CERTAIN_DAY: NaiveDate = day(1900, 3, 1);

const fn day(year: i32, month: u32, day: u32) -> NaiveDate {
    NaiveDate::from_ymd_opt(year, month, day).expect("a day of the calendar")
}

/// Appends the letters of a column: `A` for 0, `AA` for 26.
pub(crate) fn column_letters(text: &mut String, column: u32) {
    if column >= 26 {
        column_letters(text, column / 26 - 1);
    }
    text.push(char::from(b'A' + u8::try_from(column % 26).unwrap_or_default()));
}
