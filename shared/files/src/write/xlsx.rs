//! XLSX: sheets of texts, numbers and dates, without formulas and links.
//!
//! The workbook is written from its first byte to its last. A library would need a temporary file of the size of the
//! unpacked sheets, about 1 KB per account: more than a function has, for the largest files.

mod parts;
mod row;

use std::io::{self, Write};

use rollcall_domain::{
    Timestamp,
    account::Account,
    column::Column,
    limits::{MAX_ACCOUNTS_PER_SHEET, MAX_SHEETS_PER_FILE},
};
use zip::{
    ZipWriter,
    write::{SimpleFileOptions, StreamWriter},
};

use super::encoder::Encoder;
use row::Row;

/// The maximum size of the XML of a sheet, in bytes: beyond 4 GiB it would need a form of archive that some
/// spreadsheets cannot open. Only a sheet of the longest possible texts would become larger.
const MAX_SHEET_BYTES: u64 = 3 << 30;

/// An XLSX file being written.
pub(crate) struct Xlsx<Sink: Write> {
    archive: ZipWriter<StreamWriter<Sink>>,
    columns: Vec<Column>,
    as_of: Timestamp,
    rows_per_sheet: u32,
    sheets: u32,
    /// The number of rows of the current sheet, header included, and the size of its XML.
    rows: u32,
    bytes: u64,
    row: Row,
}

impl<Sink: Write> Xlsx<Sink> {
    /// Starts a workbook and its first sheet.
    pub(crate) fn begin(sink: Sink, columns: Vec<Column>, as_of: Timestamp) -> io::Result<Self> {
        Self::with_rows_per_sheet(sink, columns, as_of, MAX_ACCOUNTS_PER_SHEET)
    }

    fn with_rows_per_sheet(
        sink: Sink,
        columns: Vec<Column>,
        as_of: Timestamp,
        rows_per_sheet: u32,
    ) -> io::Result<Self> {
        let archive = ZipWriter::new_stream(sink);
        let row = Row::default();
        let mut xlsx = Self { archive, columns, as_of, rows_per_sheet, sheets: 0, rows: 0, bytes: 0, row };
        // Programs tell a workbook from other archives by its first part.
        xlsx.part("[Content_Types].xml", parts::CONTENT_TYPES)?;
        xlsx.begin_sheet()?;
        Ok(xlsx)
    }

    fn part(&mut self, name: &str, content: &str) -> io::Result<()> {
        self.archive.start_file(name, SimpleFileOptions::default())?;
        self.archive.write_all(content.as_bytes())
    }

    fn begin_sheet(&mut self) -> io::Result<()> {
        self.sheets += 1;
        let head = parts::sheet_head(&self.columns, self.sheets == 1);
        self.part(&format!("xl/worksheets/sheet{}.xml", self.sheets), &head)?;
        self.row.begin(1);
        self.columns.iter().for_each(|column| self.row.header(column.name()));
        (self.rows, self.bytes) = (0, 0);
        self.end_row()
    }

    fn end_row(&mut self) -> io::Result<()> {
        let xml = self.row.end();
        self.archive.write_all(xml.as_bytes())?;
        self.rows += 1;
        self.bytes += xml.len() as u64;
        Ok(())
    }

    fn end_sheet(&mut self) -> io::Result<()> {
        self.archive.write_all(parts::sheet_tail(self.columns.len(), self.rows).as_bytes())
    }

    fn is_sheet_full(&self) -> bool {
        self.rows > self.rows_per_sheet || self.bytes > MAX_SHEET_BYTES
    }
}

impl<Sink: Write> Encoder<Sink> for Xlsx<Sink> {
    fn write(&mut self, account: &Account) -> io::Result<()> {
        if self.is_sheet_full() {
            if self.sheets == MAX_SHEETS_PER_FILE {
                let message = format!("an XLSX file has at most {MAX_SHEETS_PER_FILE} sheets");
                return Err(io::Error::new(io::ErrorKind::FileTooLarge, message));
            }
            self.end_sheet()?;
            self.begin_sheet()?;
        }
        self.row.begin(self.rows + 1);
        self.columns.iter().for_each(|column| self.row.cell(column.cell(account)));
        self.end_row()
    }

    fn finish(mut self: Box<Self>) -> io::Result<Sink> {
        self.end_sheet()?;
        self.part("xl/workbook.xml", &parts::workbook(self.sheets))?;
        self.part("xl/_rels/workbook.xml.rels", &parts::workbook_relationships(self.sheets))?;
        self.part("xl/styles.xml", parts::STYLES)?;
        self.part("docProps/core.xml", &parts::properties(self.as_of))?;
        self.part("_rels/.rels", parts::RELATIONSHIPS)?;
        Ok(self.archive.finish()?.into_inner())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples::{account, as_of, bare};
    use rstest::rstest;
    use serde_json::json;
    use std::io::{Cursor, Read};
    use zip::ZipArchive;

    fn file(accounts: &[Account], rows_per_sheet: u32) -> Vec<u8> {
        let columns = Column::ALL.to_vec();
        let mut xlsx = Box::new(Xlsx::with_rows_per_sheet(Vec::new(), columns, as_of(), rows_per_sheet).unwrap());
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
        part(&file(accounts, MAX_ACCOUNTS_PER_SHEET), "xl/worksheets/sheet1.xml")
    }

    fn text_cell(cell: &str, text: &str) -> String {
        format!(r#"<c r="{cell}" t="inlineStr"><is><t>{text}</t></is></c>"#)
    }

    #[test]
    fn texts_numbers_and_dates_have_their_types() {
        let sheet = sheet(&[account(json!({})), bare("a")]);
        for expected in [
            &text_cell("A2", "harbor.pilot"),
            r#"<c r="F2" s="1"><v>34471</v></c>"#,
            r#"<c r="J2"><v>82</v></c>"#,
            r#"<c r="M2"><v>4294967295</v></c>"#,
            r#"<c r="O2" s="2"><v>46346.5</v></c>"#,
            &text_cell("A3", "a"),
        ] {
            assert!(sheet.contains(expected), "{expected} in {sheet}");
        }
        assert!(!sheet.contains(r#""B3""#), "{sheet}");
    }

    #[rstest]
    #[case("=1+1", "=1+1")]
    #[case("'quoted", "'quoted")]
    #[case("https://a.example", "https://a.example")]
    #[case("1994-05-17", "1994-05-17")]
    #[case("<b>&]]>", "&lt;b&gt;&amp;]]&gt;")]
    #[case("_x0041_", "_x005F_x0041_")]
    #[case("_x004", "_x004")]
    #[case("__x00e9_", "__x005F_x00e9_")]
    #[case("\u{ffff}\r\0", "_xFFFF__x000D__x0000_")]
    #[case("two\nlines", "two\nlines")]
    fn a_text_is_never_more_than_a_text(#[case] text: &str, #[case] written: &str) {
        let sheet = sheet(&[account(json!({"nickname": text}))]);
        assert!(sheet.contains(&text_cell("B2", written)), "{sheet}");
        assert!(!sheet.contains("<f>") && !sheet.contains("hyperlink"), "{sheet}");
    }

    #[test]
    fn spaces_at_the_ends_are_kept() {
        let sheet = sheet(&[account(json!({"nickname": " a "}))]);
        assert!(sheet.contains(r#"<t xml:space="preserve"> a </t>"#), "{sheet}");
    }

    #[rstest]
    #[case("1900-02-28", &text_cell("F2", "1900-02-28"))]
    #[case("1900-03-01", r#"<c r="F2" s="1"><v>61</v></c>"#)]
    fn a_day_on_which_spreadsheets_disagree_is_a_text(#[case] day: &str, #[case] expected: &str) {
        let sheet = sheet(&[account(json!({"birth_date": day}))]);
        assert!(sheet.contains(expected), "{sheet}");
    }

    #[test]
    fn a_full_sheet_is_followed_by_another_with_a_header_and_a_filter() {
        let file = file(&[bare("a"), bare("b"), bare("c")], 2);
        let (first, second) = (part(&file, "xl/worksheets/sheet1.xml"), part(&file, "xl/worksheets/sheet2.xml"));
        assert!(first.contains(&text_cell("A3", "b")) && !first.contains(r#"r="A4""#), "{first}");
        assert!(second.contains("<t>user_id</t>") && second.contains(&text_cell("A2", "c")), "{second}");
        assert!(first.contains(r#"<autoFilter ref="A1:P3"/>"#) && second.contains(r#"<autoFilter ref="A1:P2"/>"#));
        let workbook = part(&file, "xl/workbook.xml");
        assert!(workbook.contains(r#"name="accounts" "#) && workbook.contains(r#"name="accounts 2" "#), "{workbook}");
        let expected: Vec<_> = (1..=2).map(|number| format!("worksheets/sheet{number}.xml")).collect();
        let relationships = part(&file, "xl/_rels/workbook.xml.rels");
        assert!(expected.iter().all(|target| relationships.contains(target)), "{relationships}");
    }

    #[test]
    fn a_full_file_refuses_an_account_and_is_whole() {
        let mut xlsx = Box::new(Xlsx::with_rows_per_sheet(Vec::new(), Column::ALL.to_vec(), as_of(), 1).unwrap());
        for _ in 0..MAX_SHEETS_PER_FILE {
            xlsx.write(&bare("a")).unwrap();
        }
        assert_eq!(xlsx.write(&bare("b")).unwrap_err().kind(), io::ErrorKind::FileTooLarge);
        let last = part(&xlsx.finish().unwrap(), &format!("xl/worksheets/sheet{MAX_SHEETS_PER_FILE}.xml"));
        assert_eq!(last.matches("</worksheet>").count(), 1, "{last}");
        assert!(!last.contains(&text_cell("A3", "b")), "{last}");
    }

    #[test]
    fn the_same_accounts_at_the_same_moment_are_the_same_file() {
        let accounts = [account(json!({})), bare("a")];
        assert!(file(&accounts, 9) == file(&accounts, 9));
        assert!(part(&file(&accounts, 9), "docProps/core.xml").contains("2026-11-20T12:00:00Z"));
    }
}
