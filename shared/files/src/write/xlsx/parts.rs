//! The parts of a workbook around its rows.

use std::fmt::Write as _;

use rollcall_domain::{Timestamp, column::Column};

use crate::xlsx::column_letters;

const DECLARATION: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n";

/// The type of each part. Whatever is not listed is a sheet, so that this part can be written before their number is
/// known.
pub(super) const CONTENT_TYPES: &str = r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">
<Default Extension="rels"
    ContentType="application/vnd.openxmlformats-package.relationships+xml"/>
<Default Extension="xml"
    ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/>
<Override PartName="/xl/workbook.xml"
    ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/>
<Override PartName="/xl/styles.xml"
    ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.styles+xml"/>
<Override PartName="/docProps/core.xml"
    ContentType="application/vnd.openxmlformats-package.core-properties+xml"/>
</Types>"#;

/// What the package consists of.
pub(super) const RELATIONSHIPS: &str = r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">
<Relationship Id="rId1" Target="xl/workbook.xml"
    Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument"/>
<Relationship Id="rId2" Target="docProps/core.xml"
    Type="http://schemas.openxmlformats.org/package/2006/relationships/metadata/core-properties"/>
</Relationships>"#;

/// The cell formats, in this order: general, a day, a moment, the header.
pub(super) const STYLES: &str = r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<styleSheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">
<numFmts count="2">
    <numFmt numFmtId="164" formatCode="yyyy\-mm\-dd"/>
    <numFmt numFmtId="165" formatCode="yyyy\-mm\-dd\ hh:mm:ss.000"/>
</numFmts>
<fonts count="2">
    <font><sz val="11"/><name val="Calibri"/></font>
    <font><b/><sz val="11"/><name val="Calibri"/></font>
</fonts>
<fills count="2">
    <fill><patternFill patternType="none"/></fill>
    <fill><patternFill patternType="gray125"/></fill>
</fills>
<borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders>
<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs>
<cellXfs count="4">
    <xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/>
    <xf numFmtId="164" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/>
    <xf numFmtId="165" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/>
    <xf numFmtId="0" fontId="1" fillId="0" borderId="0" xfId="0" applyFont="1"/>
</cellXfs>
<cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles>
</styleSheet>"#;

/// The start of a sheet, up to its rows: the header stays in view, and the columns have their widths.
pub(super) fn sheet_head(columns: &[Column], is_first: bool) -> String {
    let selected = if is_first { r#" tabSelected="1""# } else { "" };
    let mut xml = format!(
        concat!(
            "{}",
            r#"<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">"#,
            r#"<sheetViews><sheetView{} workbookViewId="0">"#,
            r#"<pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/>"#,
            "</sheetView></sheetViews><cols>",
        ),
        DECLARATION, selected,
    );
    for (number, column) in (1..).zip(columns) {
        let width = column.width();
        let _ = write!(xml, r#"<col min="{number}" max="{number}" width="{width}" customWidth="1"/>"#);
    }
    xml.push_str("</cols><sheetData>");
    xml
}

/// The end of a sheet of this many columns and rows: the header filters.
pub(super) fn sheet_tail(columns: usize, rows: u32) -> String {
    format!(r#"</sheetData><autoFilter ref="A1:{}{rows}"/></worksheet>"#, last_column(columns))
}

/// The list of sheets.
pub(super) fn workbook(sheets: u32) -> String {
    let mut xml = format!(
        concat!(
            "{}",
            r#"<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" "#,
            r#"xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships">"#,
            "<bookViews><workbookView/></bookViews><sheets>",
        ),
        DECLARATION,
    );
    for number in 1..=sheets {
        let name = if number == 1 { "accounts".to_owned() } else { format!("accounts {number}") };
        let _ = write!(xml, r#"<sheet name="{name}" sheetId="{number}" r:id="rId{number}"/>"#);
    }
    xml.push_str("</sheets></workbook>");
    xml
}

/// Where the sheets and the cell formats are.
pub(super) fn workbook_relationships(sheets: u32) -> String {
    const TYPE: &str = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
    let mut xml = DECLARATION.to_owned();
    xml.push_str(r#"<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">"#);
    for number in 1..=sheets {
        let _ = write!(
            xml,
            r#"<Relationship Id="rId{number}" Type="{TYPE}/worksheet" Target="worksheets/sheet{number}.xml"/>"#
        );
    }
    let styles = sheets + 1;
    let _ = write!(xml, r#"<Relationship Id="rId{styles}" Type="{TYPE}/styles" Target="styles.xml"/></Relationships>"#);
    xml
}

/// When the accounts were as they are in the file.
pub(super) fn properties(as_of: Timestamp) -> String {
    let moment = as_of.to_utc().format("%Y-%m-%dT%H:%M:%SZ");
    format!(
        concat!(
            "{}",
            r#"<cp:coreProperties xmlns:cp="http://schemas.openxmlformats.org/package/2006/metadata/core-properties" "#,
            r#"xmlns:dcterms="http://purl.org/dc/terms/" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">"#,
            r#"<dcterms:created xsi:type="dcterms:W3CDTF">{}</dcterms:created></cp:coreProperties>"#,
        ),
        DECLARATION, moment,
    )
}

fn last_column(columns: usize) -> String {
    let mut letters = String::new();
    column_letters(&mut letters, u32::try_from(columns.saturating_sub(1)).unwrap_or(u32::MAX));
    letters
}
