//! Workbooks of other programs.

use std::io::Write;

use rstest::rstest;
use zip::{ZipWriter, write::SimpleFileOptions};

use super::*;

const RELATIONSHIPS: &str = r#"<Relationships>
    <Relationship Id="rId1" Type="http://example.com/relationships/officeDocument" Target="/xl/workbook.xml"/>
    </Relationships>"#;
const PARTS: &str = r#"<Relationships>
    <Relationship Id="rId3" Type="http://example.com/relationships/worksheet" Target="worksheets/sheet1.xml"/>
    <Relationship Id="rId4" Type="http://example.com/relationships/sharedStrings" Target="sharedStrings.xml"/>
    <Relationship Id="rId5" Type="http://example.com/relationships/styles" Target="styles.xml"/></Relationships>"#;
const BOOK: &str = r#"<workbook xmlns:r="http://example.com/relationships">
    <workbookPr/><sheets><sheet name="People" sheetId="1" r:id="rId3"/></sheets></workbook>"#;
const STYLES: &str = r#"<styleSheet><numFmts><numFmt numFmtId="170" formatCode="d\.m\.yyyy"/></numFmts>
    <cellStyleXfs><xf numFmtId="14"/></cellStyleXfs>
    <cellXfs><xf numFmtId="0"/><xf numFmtId="14"/><xf numFmtId="170"/></cellXfs></styleSheet>"#;
const STRINGS: &str = r#"<sst><si><t>user_id</t></si><si><t>nickname</t></si><si><t>birth_date</t></si>
    <si><r><t>Mi</t></r><r><t xml:space="preserve">na &amp; Co </t></r><rPh sb="0" eb="1"><t>ミナ</t></rPh></si></sst>"#;

fn workbook(parts: &[(&str, &str)]) -> Vec<u8> {
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in parts {
        archive.start_file(*name, SimpleFileOptions::default()).unwrap();
        archive.write_all(content.as_bytes()).unwrap();
    }
    archive.finish().unwrap().into_inner()
}

fn with_sheet(rows: &str) -> Vec<u8> {
    with_sheet_and_texts(rows, STRINGS)
}

fn with_sheet_and_texts(rows: &str, texts: &str) -> Vec<u8> {
    let sheet = format!("<worksheet><sheetData>{rows}</sheetData></worksheet>");
    workbook(&[
        ("_rels/.rels", RELATIONSHIPS),
        ("xl/_rels/workbook.xml.rels", PARTS),
        ("xl/workbook.xml", BOOK),
        ("xl/styles.xml", STYLES),
        ("xl/sharedStrings.xml", texts),
        ("xl/worksheets/sheet1.xml", &sheet),
    ])
}

const HEADER: &str =
    r#"<row r="1"><c r="A1" t="s"><v>0</v></c><c r="B1" t="s"><v>1</v></c><c r="C1" t="s"><v>2</v></c></row>"#;

#[test]
fn a_sheet_is_read_with_its_texts_numbers_and_dates() {
    let rows = format!(
        r#"{HEADER}
        <row r="2"><c r="A2"><v>1001</v></c><c r="B2" t="s"><v>3</v></c><c r="C2" s="1"><v>34471</v></c></row>
        <row r="3"/><row r="4"><c r="A4" s="1"/><c r="XFD4" t="s"/></row>
        <row r="5"><c r="A5" t="inlineStr"><is><t>b</t></is></c><c r="C5" s="2"><v>34471</v></c></row>
        <row r="6"><c r="A6" t="str"><f>"c"</f><v>c</v></c></row>
        <row><c t="str"><v>d_x000A_</v></c><c t="b"><v>1</v></c></row>"#
    );
    let file = File::read(&with_sheet(&rows));
    let expected = [
        json!({"user_id": "1001", "nickname": "Mina & Co ", "birth_date": "1994-05-17"}),
        json!({"user_id": "b", "birth_date": "1994-05-17"}),
        json!({"user_id": "c"}),
        json!({"user_id": "d\n", "nickname": "TRUE"}),
    ];
    assert_eq!(file.fields(), expected);
    let lines: Vec<_> = file.records.iter().map(|(record, _)| record.line).collect();
    assert_eq!(lines, [2, 5, 6, 7]);
}

#[test]
fn a_number_that_lost_digits_is_refused_as_an_id() {
    let rows = format!(
        r#"{HEADER}<row r="2"><c r="A2"><v>1.23456789012345E+17</v></c></row>
        <row r="3"><c r="A3"><v>123456789012</v></c></row>"#
    );
    let faults = File::read(&with_sheet(&rows)).faults();
    assert_eq!(faults, [(2, "user_id".to_owned(), "bad_format".to_owned())]);
}

#[rstest]
#[case("1.2E+11", true)]
#[case("'=1", false)]
fn a_text_of_a_sheet_is_as_it_is(#[case] id: &str, #[case] is_refused: bool) {
    let rows = format!(r#"{HEADER}<row r="2"><c r="A2" t="inlineStr"><is><t>{id}</t></is></c></row>"#);
    let file = File::read(&with_sheet(&rows));
    assert_eq!((file.fields()[0]["user_id"].as_str(), !file.faults().is_empty()), (Some(id), is_refused));
}

#[test]
fn a_sheet_has_at_most_a_million_rows_and_a_header() {
    let last = |row: u32| format!(r#"{HEADER}<row r="{row}"><c t="str"><v>a</v></c></row>"#);
    assert_eq!(File::read(&with_sheet(&last(1_000_001))).fields().len(), 1);
    let refused = File::try_read(&with_sheet(&last(1_000_002))).err();
    assert!(matches!(refused, Some(Unreadable::TooLarge(_))), "{refused:?}");
}

#[test]
fn a_small_file_that_unpacks_to_much_is_refused() {
    let bombs = [
        format!(r#"<row r="2"><c t="str"><v>{}</v></c></row>"#, "x".repeat(8 << 20)),
        format!("<!--{}-->", "x".repeat(8 << 20)),
        format!(r#"<row r="2">{}</row>"#, r#"<c t="str"><v>a</v></c>"#.repeat(20_000)),
    ];
    for bomb in bombs {
        let file = with_sheet(&format!("{HEADER}{bomb}"));
        assert!(file.len() < 100_000);
        let refused = File::try_read(&file).err();
        assert!(matches!(refused, Some(Unreadable::TooLarge(_) | Unreadable::RecordTooLong { .. })), "{refused:?}");
    }
}

/// A request that recognises a workbook cannot wait until all of it is unpacked.
#[test]
fn a_workbook_is_recognised_by_its_start() {
    let many = format!("{}{}</sst>", STRINGS.trim_end_matches("</sst>"), "<si><t>x</t></si>".repeat(1_100_000));
    let file = with_sheet_and_texts(&format!(r#"{HEADER}<row r="2"><c t="s"><v>1000000</v></c></row>"#), &many);
    let recognised = recognise(Cursor::new(&file), &Given::default()).unwrap();
    assert_eq!((recognised.columns.len(), recognised.first_records.len()), (3, 0));
    let behind = with_sheet_and_texts(r#"<row r="1"><c t="s"><v>1000000</v></c></row>"#, &many);
    let refused = recognise(Cursor::new(&behind), &Given::default());
    assert!(matches!(refused, Err(Unreadable::TooLarge(_))), "{refused:?}");
}

#[test]
fn a_text_in_many_pieces_is_bounded() {
    let pieces = format!("<r><t>{}</t></r>", "x".repeat(100_000)).repeat(3);
    let file = with_sheet(&format!(r#"{HEADER}<row r="2"><c t="inlineStr"><is>{pieces}</is></c></row>"#));
    let refused = File::try_read(&file).err();
    assert!(matches!(refused, Some(Unreadable::TooLarge(_))), "{refused:?}");
}

#[test]
fn what_is_an_archive_but_no_workbook_is_refused() {
    let refused = File::try_read(&workbook(&[("a.txt", "b")])).err();
    assert!(matches!(refused, Some(Unreadable::UnknownFormat)), "{refused:?}");
    let mut cut = with_sheet(HEADER);
    cut.truncate(cut.len() - 100);
    let refused = File::try_read(&cut).err();
    assert!(matches!(refused, Some(Unreadable::Damaged)), "{refused:?}");
}
