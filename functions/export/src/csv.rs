//! CSV for spreadsheets: RFC 4180 in UTF-8 with a byte order mark, with formulas disarmed.

use std::{
    borrow::Cow,
    io::{self, Write},
};

use ::csv::{Terminator, Writer, WriterBuilder};
use rollcall_domain::account::Account;

use crate::{
    column::{COLUMNS, Cell},
    encoder::Encoder,
};

/// The byte order mark. Without it, spreadsheets assume the local eight-bit encoding.
const BYTE_ORDER_MARK: &str = "\u{feff}";

/// A CSV file being written.
pub(crate) struct Csv<Sink: Write> {
    writer: Writer<Sink>,
}

impl<Sink: Write> Csv<Sink> {
    /// Writes the header row.
    pub(crate) fn begin(mut sink: Sink) -> io::Result<Self> {
        sink.write_all(BYTE_ORDER_MARK.as_bytes())?;
        let mut writer = WriterBuilder::new().terminator(Terminator::CRLF).from_writer(sink);
        writer.write_record(COLUMNS.map(|(name, _)| name))?;
        Ok(Self { writer })
    }
}

impl<Sink: Write> Encoder<Sink> for Csv<Sink> {
    fn write(&mut self, account: &Account) -> io::Result<()> {
        for (_, cell) in COLUMNS {
            let text = match cell(account) {
                Cell::Empty => Cow::Borrowed(""),
                Cell::Text(text) => guarded(text),
                Cell::Number(number) => number.to_string().into(),
            };
            self.writer.write_field(text.as_bytes())?;
        }
        // Writing no further field ends the record.
        Ok(self.writer.write_record(None::<&[u8]>)?)
    }

    fn finish(self: Box<Self>) -> io::Result<Sink> {
        self.writer.into_inner().map_err(|error| io::Error::from(error.error().kind()))
    }
}

/// Disarms a text that a spreadsheet would run as a formula: a leading `'` marks it as text.
///
/// A text that itself begins with `'` gets one more, so removing one leading `'` from every cell restores the text.
fn guarded(text: Cow<'_, str>) -> Cow<'_, str> {
    if text.starts_with(is_guarded) { format!("'{text}").into() } else { text }
}

/// The first characters that need a mark: those that begin a formula (`= + - @`), the mark itself, those that
/// spreadsheets skip (tab, CR, LF, NUL), and full-width forms, which East Asian editions treat as ASCII.
fn is_guarded(first: char) -> bool {
    matches!(first, '=' | '+' | '-' | '@' | '\'' | '\t' | '\r' | '\n' | '\0' | '＝' | '＋' | '－' | '＠' | '＇')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::column::tests::{account, bare};
    use ::csv::{ReaderBuilder, StringRecord};
    use proptest::prelude::*;
    use rstest::rstest;
    use serde_json::json;

    fn file(accounts: &[Account]) -> String {
        let mut csv = Box::new(Csv::begin(Vec::new()).unwrap());
        for account in accounts {
            csv.write(account).unwrap();
        }
        String::from_utf8(csv.finish().unwrap()).unwrap()
    }

    fn records(file: &str) -> Vec<StringRecord> {
        let text = file.strip_prefix(BYTE_ORDER_MARK).unwrap();
        let mut reader = ReaderBuilder::new().has_headers(false).from_reader(text.as_bytes());
        reader.records().collect::<Result<_, _>>().unwrap()
    }

    #[test]
    fn a_file_has_a_byte_order_mark_column_names_and_line_ends() {
        let expected = "\u{feff}user_id,nickname,type,photo_url,gender,birth_date,location,whats_up,\
            friend_verification,language,message_settings,friending,level,role,created_at,updated_at\r\n\
            harbor.pilot,Harbor Pilot,admin,https://img.example.com/p/42.png,female,1994-05-17,부산,On deck until six,\
            allow_any,82,1,forbidden,4294967295,7,2026-11-20T12:00:00.000Z,2026-11-20T12:00:00.042Z\r\n\
            a,,general,,unknown,,,,need_confirm,0,0,allowed,0,0,2026-11-20T12:00:00.000Z,2026-11-20T12:00:00.000Z\r\n";
        assert_eq!(file(&[account(json!({})), bare("a")]), expected);
    }

    #[test]
    fn a_file_without_accounts_has_the_column_names() {
        assert_eq!(records(&file(&[])).len(), 1);
    }

    #[rstest]
    #[case("plain", "plain")]
    #[case("a,b", "\"a,b\"")]
    #[case("say \"hi\"", "\"say \"\"hi\"\"\"")]
    #[case("two\nlines", "\"two\nlines\"")]
    #[case("two\rlines", "\"two\rlines\"")]
    #[case(" kept ", " kept ")]
    #[case("a;b", "a;b")]
    #[case("\"", "\"\"\"\"")]
    #[case("=A1,\"x\"", "\"'=A1,\"\"x\"\"\"")]
    fn a_cell_is_quoted_if_necessary(#[case] text: &str, #[case] written: &str) {
        let file = file(&[account(json!({"whats_up": text}))]);
        assert!(file.contains(&format!(",부산,{written},allow_any,")), "{file}");
    }

    #[rstest]
    fn a_cell_that_would_run_as_a_formula_gets_an_apostrophe(
        #[values(
            "=", "+", "-", "@", "'", "\t", "\r", "\n", "\0", "\u{ff1d}", "\u{ff0b}", "\u{ff0d}", "\u{ff20}", "\u{ff07}"
        )]
        first: &str,
    ) {
        for text in [first.to_owned(), format!("{first}1+1"), first.repeat(2)] {
            let records = records(&file(&[account(json!({"nickname": text, "location": format!("x{text}")}))]));
            assert_eq!(records[1][1], format!("'{text}"));
            assert_eq!(records[1][6], format!("x{text}"));
        }
    }

    #[rstest]
    fn an_id_that_would_run_as_a_formula_gets_an_apostrophe(#[values("=1+1", "+1", "-1", "@a", "'a")] user_id: &str) {
        assert_eq!(records(&file(&[bare(user_id)]))[1][0], format!("'{user_id}"));
    }

    #[rstest]
    fn other_cells_are_unchanged(#[values("0", " =1", "1=1", "\u{a0}=1", "\"=1\"", "”", "−1", "|cmd")] text: &str) {
        assert_eq!(records(&file(&[account(json!({"nickname": text}))]))[1][1], *text);
    }

    /// Texts of characters with a meaning in CSV or in a spreadsheet, and of any others.
    fn texts() -> impl Strategy<Value = String> {
        let awkward = "[=+\\-@'\\t\\r\\n\\x00＝＋－＠＇,;\"\u{feff} a]{1,8}";
        prop_oneof![awkward, "(?s).{1,24}"]
    }

    proptest! {
        #[test]
        fn written_accounts_are_read_back_unchanged(cells in prop::collection::vec((texts(), texts(), texts()), 0..5)) {
            let accounts: Vec<_> = (cells.iter())
                .map(|(id, nickname, whats_up)| account(json!({"user_id": id, "nickname": nickname, "whats_up": whats_up})))
                .collect();
            let records = records(&file(&accounts));
            prop_assert_eq!(records.len(), cells.len() + 1);
            for ((id, nickname, whats_up), record) in cells.iter().zip(&records[1..]) {
                let unguarded = |cell: usize| record[cell].strip_prefix('\'').unwrap_or(&record[cell]);
                prop_assert_eq!([unguarded(0), unguarded(1), unguarded(7)], [id, nickname, whats_up]);
            }
        }
    }
}
