//! CSV for spreadsheets: RFC 4180 in UTF-8 with a byte order mark, every cell quoted, formulas disarmed.

use std::{
    fmt::Write as _,
    io::{self, Write},
};

use ::csv::{QuoteStyle, Terminator, Writer, WriterBuilder};
use rollcall_domain::{
    account::Account,
    column::{Cell, Column},
    file_format::Delimiter,
};

use super::encoder::Encoder;
use crate::guard::guard;

/// The byte order mark. Without it, spreadsheets assume the local eight-bit encoding.
const BYTE_ORDER_MARK: &str = "\u{feff}";

/// Writes records of guarded cells.
pub(crate) struct CsvWriter<Sink: Write> {
    writer: Writer<Sink>,
}

impl<Sink: Write> CsvWriter<Sink> {
    pub(crate) fn begin(mut sink: Sink, delimiter: Delimiter) -> io::Result<Self> {
        sink.write_all(BYTE_ORDER_MARK.as_bytes())?;
        Ok(Self::resume(sink, delimiter))
    }

    /// Goes on after the end of a record.
    pub(crate) fn resume(sink: Sink, delimiter: Delimiter) -> Self {
        // Every cell is quoted, because readers split by other separators than the file's, too.
        let mut builder = WriterBuilder::new();
        builder.delimiter(delimiter.as_byte()).quote_style(QuoteStyle::Always).flexible(true);
        Self { writer: builder.terminator(Terminator::CRLF).from_writer(sink) }
    }

    pub(crate) fn cell(&mut self, text: &str) -> io::Result<()> {
        Ok(self.writer.write_field(guard(text).as_bytes())?)
    }

    /// Ends the record.
    pub(crate) fn end(&mut self) -> io::Result<()> {
        Ok(self.writer.write_record(None::<&[u8]>)?)
    }

    pub(crate) fn finish(self) -> io::Result<Sink> {
        self.writer.into_inner().map_err(|error| io::Error::from(error.error().kind()))
    }
}

/// A CSV file of accounts being written.
pub(crate) struct Csv<Sink: Write> {
    writer: CsvWriter<Sink>,
    columns: Vec<Column>,
    /// The text of the current cell. It is kept for its memory.
    text: String,
}

impl<Sink: Write> Csv<Sink> {
    /// Writes the header row.
    pub(crate) fn begin(sink: Sink, delimiter: Delimiter, columns: Vec<Column>) -> io::Result<Self> {
        let mut writer = CsvWriter::begin(sink, delimiter)?;
        columns.iter().try_for_each(|column| writer.cell(column.name()))?;
        writer.end()?;
        Ok(Self { writer, columns, text: String::new() })
    }

    /// Goes on after the end of a record, without a header.
    pub(crate) fn resume(sink: Sink, delimiter: Delimiter, columns: Vec<Column>) -> Self {
        Self { writer: CsvWriter::resume(sink, delimiter), columns, text: String::new() }
    }

    fn formatted(&mut self, value: impl std::fmt::Display) -> io::Result<()> {
        self.text.clear();
        write!(self.text, "{value}").map_err(io::Error::other)?;
        self.writer.cell(&self.text)
    }
}

impl<Sink: Write> Encoder<Sink> for Csv<Sink> {
    fn write(&mut self, account: &Account) -> io::Result<()> {
        for index in 0..self.columns.len() {
            match self.columns[index].cell(account) {
                Cell::Empty => self.writer.cell(""),
                Cell::Text(text) => self.writer.cell(text),
                Cell::Number(number) => self.formatted(number),
                Cell::Date(date) => self.formatted(date),
                Cell::Time(time) => self.formatted(time),
            }?;
        }
        self.writer.end()
    }

    fn finish(self: Box<Self>) -> io::Result<Sink> {
        self.writer.finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        guard::unguard,
        samples::{account, bare},
    };
    use ::csv::{ReaderBuilder, StringRecord};
    use proptest::prelude::*;
    use rstest::rstest;
    use serde_json::json;

    fn file_with(delimiter: Delimiter, accounts: &[Account]) -> String {
        let mut csv = Box::new(Csv::begin(Vec::new(), delimiter, Column::ALL.to_vec()).unwrap());
        for account in accounts {
            csv.write(account).unwrap();
        }
        String::from_utf8(csv.finish().unwrap()).unwrap()
    }

    fn file(accounts: &[Account]) -> String {
        file_with(Delimiter::Comma, accounts)
    }

    fn records(file: &str, delimiter: u8) -> Vec<StringRecord> {
        let text = file.strip_prefix(BYTE_ORDER_MARK).unwrap();
        let mut builder = ReaderBuilder::new();
        let mut reader = builder.has_headers(false).flexible(true).delimiter(delimiter).from_reader(text.as_bytes());
        reader.records().collect::<Result<_, _>>().unwrap()
    }

    #[test]
    fn a_file_has_a_byte_order_mark_column_names_and_line_ends() {
        let expected = "\u{feff}'user_id','nickname','type','photo_url','gender','birth_date','location','whats_up',\
            'friend_verification','language','message_settings','friending','level','role','created_at',\
            'updated_at'\r\n\
            'harbor.pilot','Harbor Pilot','admin','https://img.example.com/p/42.png','female','1994-05-17','부산',\
            'On deck until six','allow_any','82','1','forbidden','4294967295','7','2026-11-20T12:00:00.000Z',\
            '2026-11-20T12:00:00.042Z'\r\n\
            'a','','general','','unknown','','','','need_confirm','0','0','allowed','0','0','2026-11-20T12:00:00.000Z',\
            '2026-11-20T12:00:00.000Z'\r\n";
        assert_eq!(file(&[account(json!({})), bare("a")]), expected.replace('\'', "\""));
    }

    #[test]
    fn a_file_without_accounts_has_the_column_names() {
        assert_eq!(records(&file(&[]), b',').len(), 1);
    }

    #[rstest]
    #[case("say \"hi\"", "\"say \"\"hi\"\"\"")]
    #[case("two\nlines", "\"two\nlines\"")]
    #[case(" kept ", "\" kept \"")]
    #[case("\"", "\"'\"\"\"")]
    #[case("=A1,\"x\"", "\"'=A1,'\"\"x\"\"\"")]
    #[case("x;=1+1", "\"x;'=1+1\"")]
    fn a_cell_is_guarded_and_quoted(#[case] text: &str, #[case] written: &str) {
        let file = file(&[account(json!({"whats_up": text}))]);
        assert!(file.contains(&format!(",\"부산\",{written},\"allow_any\",")), "{file}");
    }

    #[rstest]
    fn an_id_that_would_run_as_a_formula_gets_an_apostrophe(#[values("=1+1", "+1", "-1", "@a", "'a")] user_id: &str) {
        assert_eq!(records(&file(&[bare(user_id)]), b',')[1][0], format!("'{user_id}"));
    }

    /// Texts of characters with a meaning in CSV or in a spreadsheet, and of any others.
    fn texts() -> impl Strategy<Value = String> {
        let awkward = "[=+\\-@'\\t\\r\\n\\x00＝＋－＠＇,;|\"\u{feff} a]{1,8}";
        prop_oneof![awkward, "(?s).{1,24}"]
    }

    fn runs(cell: &str) -> bool {
        cell.starts_with(['=', '+', '-', '@', '\t', '\r', '\0', '＝', '＋', '－', '＠'])
    }

    proptest! {
        #[test]
        fn written_accounts_are_read_back_unchanged(cells in prop::collection::vec((texts(), texts(), texts()), 0..5)) {
            let accounts: Vec<_> = (cells.iter())
                .map(|(id, nickname, line)| account(json!({"user_id": id, "nickname": nickname, "whats_up": line})))
                .collect();
            for delimiter in [Delimiter::Comma, Delimiter::Semicolon, Delimiter::Tab] {
                let records = records(&file_with(delimiter, &accounts), delimiter.as_byte());
                prop_assert_eq!(records.len(), cells.len() + 1);
                for ((id, nickname, whats_up), record) in cells.iter().zip(&records[1..]) {
                    let text = |cell: usize| unguard(&record[cell]).into_owned();
                    prop_assert_eq!([&text(0), &text(1), &text(7)], [id, nickname, whats_up]);
                }
            }
        }

        #[test]
        fn no_separator_makes_a_cell_that_runs(id in texts(), nickname in texts(), whats_up in texts()) {
            let account = account(json!({"user_id": id, "nickname": nickname, "whats_up": whats_up}));
            for delimiter in [Delimiter::Comma, Delimiter::Semicolon, Delimiter::Tab] {
                let file = file_with(delimiter, std::slice::from_ref(&account));
                // Where another separator splits, the file's own may stand before the next cell.
                let runs = |cell: &str| runs(cell.trim_start_matches(['"', delimiter.as_byte().into()]));
                for separator in [',', ';', '\t', '|'] {
                    // A reader that honours quotation marks.
                    for record in records(&file, separator as u8) {
                        prop_assert!(!record.iter().any(runs), "{:?} by {:?}", record, separator);
                    }
                    // A reader that does not know them, or that lost count of them.
                    for cell in file.split([separator, '\n']) {
                        prop_assert!(!runs(cell), "{:?} by {:?}", cell, separator);
                    }
                }
            }
        }
    }
}
