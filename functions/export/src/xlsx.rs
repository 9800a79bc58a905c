//! XLSX: one sheet of texts and numbers, without formulas and links.

use std::io::{self, Write};

use rollcall_domain::{Timestamp, account::Account};
use rust_xlsxwriter::{ColNum, DocProperties, ExcelDateTime, RowNum, Workbook, Worksheet, XlsxError};

use crate::{
    column::{COLUMNS, Cell},
    encoder::Encoder,
};

/// An XLSX file being written. Its rows are kept in an unnamed temporary file, which is gone with the process.
pub(crate) struct Xlsx<Sink> {
    workbook: Workbook,
    sheet: Worksheet,
    rows: RowNum,
    sink: Sink,
}

impl<Sink> Xlsx<Sink> {
    /// Starts a workbook and writes the header row.
    ///
    /// The constant-memory mode is needed for correctness, too: every other mode of the library keeps texts in a table
    /// of shared strings, where a text from `<r>` to `</r>` is taken for markup and written as XML.
    pub(crate) fn begin(sink: Sink, as_of: Timestamp) -> io::Result<Self> {
        let mut workbook = Workbook::new();
        let created = ExcelDateTime::from_timestamp(as_of.unix_seconds()).map_err(io::Error::other)?;
        workbook.set_properties(&DocProperties::new().set_creation_datetime(&created));
        let mut sheet = workbook.new_worksheet_with_constant_memory().map_err(io::Error::other)?;
        let named = sheet.set_name("accounts").and_then(|sheet| sheet.set_freeze_panes(1, 0));
        named.map_err(io::Error::other)?;
        let mut xlsx = Self { workbook, sheet, rows: 0, sink };
        xlsx.write_row(COLUMNS.map(|(name, _)| Cell::Text(name.into()))).map_err(io::Error::other)?;
        Ok(xlsx)
    }

    /// Uses the writers for one type: the general one would interpret texts as links or formulas.
    fn write_row<'a>(&mut self, cells: impl IntoIterator<Item = Cell<'a>>) -> Result<(), XlsxError> {
        for (column, cell) in (0 as ColNum..).zip(cells) {
            match cell {
                Cell::Empty => {}
                Cell::Text(text) => {
                    self.sheet.write_string(self.rows, column, text.into_owned())?;
                }
                Cell::Number(number) => {
                    self.sheet.write_number(self.rows, column, number)?;
                }
            }
        }
        self.rows += 1;
        Ok(())
    }
}

impl<Sink: Write + Send> Encoder<Sink> for Xlsx<Sink> {
    fn write(&mut self, account: &Account) -> io::Result<()> {
        self.write_row(COLUMNS.map(|(_, cell)| cell(account))).map_err(io::Error::other)
    }

    fn finish(self: Box<Self>) -> io::Result<Sink> {
        let Self { mut workbook, sheet, mut sink, .. } = *self;
        workbook.push_worksheet(sheet);
        workbook.save_to_writer(&mut sink).map_err(io::Error::other)?;
        Ok(sink)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::column::tests::{account, bare};
    use rstest::rstest;
    use serde_json::json;
    use std::io::{Cursor, Read};
    use zip::ZipArchive;

    fn file(accounts: &[Account]) -> Vec<u8> {
        let as_of = serde_json::from_value(json!("2026-11-20T12:00:00.000Z")).unwrap();
        let mut xlsx = Box::new(Xlsx::begin(Vec::new(), as_of).unwrap());
        for account in accounts {
            xlsx.write(account).unwrap();
        }
        xlsx.finish().unwrap()
    }

    fn part(file: &[u8], name: &str) -> String {
        let mut text = String::new();
        let mut archive = ZipArchive::new(Cursor::new(file)).unwrap();
        archive.by_name(name).unwrap().read_to_string(&mut text).unwrap();
        text
    }

    fn sheet(accounts: &[Account]) -> String {
        part(&file(accounts), "xl/worksheets/sheet1.xml")
    }

    fn text_cell(cell: &str, text: &str) -> String {
        format!(r#"<c r="{cell}" t="inlineStr"><is><t>{text}</t></is></c>"#)
    }

    #[test]
    fn texts_are_written_as_texts_and_numbers_as_numbers() {
        let sheet = sheet(&[account(json!({})), bare("a")]);
        for (cell, text) in [("A1", "user_id"), ("P1", "updated_at"), ("A2", "harbor.pilot"), ("F2", "1994-05-17")] {
            assert!(sheet.contains(&text_cell(cell, text)), "{sheet}");
        }
        assert!(sheet.contains(&text_cell("O2", "2026-11-20T12:00:00.000Z")), "{sheet}");
        assert!(
            sheet.contains(r#"<c r="J2"><v>82</v></c>"#) && sheet.contains(r#"<c r="M2"><v>4294967295</v></c>"#),
            "{sheet}"
        );
        assert!(sheet.contains(&text_cell("A3", "a")) && !sheet.contains(r#""B3""#), "{sheet}");
    }

    #[rstest]
    #[case("=1+1", "=1+1")]
    #[case("'quoted", "'quoted")]
    #[case("＠SUM(A1)", "＠SUM(A1)")]
    #[case("https://a.example", "https://a.example")]
    #[case("1994-05-17", "1994-05-17")]
    #[case("<b>&", "&lt;b&gt;&amp;")]
    #[case("<r><t>x</t></r>", "&lt;r&gt;&lt;t&gt;x&lt;/t&gt;&lt;/r&gt;")]
    #[case("_x0041_", "_x005F_x0041_")]
    #[case("\u{ffff}", "_xFFFF_")]
    #[case("two\nlines", "two\nlines")]
    fn a_text_never_becomes_a_formula_link_or_markup(#[case] text: &str, #[case] written: &str) {
        let sheet = sheet(&[account(json!({"nickname": text}))]);
        assert!(sheet.contains(&text_cell("B2", written)), "{sheet}");
        assert!(!sheet.contains("<f>") && !sheet.contains("hyperlink"), "{sheet}");
    }

    #[test]
    fn spaces_at_the_ends_are_kept() {
        let sheet = sheet(&[account(json!({"nickname": " a "}))]);
        assert!(sheet.contains(r#"<t xml:space="preserve"> a </t>"#), "{sheet}");
    }

    #[test]
    fn the_longest_text_fits_a_cell() {
        let longest = "é".repeat(250);
        assert!(sheet(&[account(json!({"whats_up": longest}))]).contains(&text_cell("H2", &longest)));
    }

    #[test]
    fn equal_accounts_and_times_give_equal_files() {
        let accounts = [account(json!({})), bare("a")];
        assert!(file(&accounts) == file(&accounts));
        assert!(part(&file(&accounts), "docProps/core.xml").contains("2026-11-20T12:00:00Z"));
    }
}
