//! What a file is, by its content and never by its name.

mod candidate;
mod columns;
mod text;

use std::io::{Cursor, Read, Seek};

use encoding_rs::UTF_8;
use flate2::read::MultiGzDecoder;
use rollcall_domain::{
    choices,
    column::Column,
    file_format::{Delimiter, SourceFormat},
};
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    HEAD_BYTES,
    encoding::{self, TextEncoding},
    plan::Mapping,
    record::Record,
    sources::Rule,
    transform::Transform,
    unreadable::Unreadable,
    xlsx::{Extent, SheetRecords, unpacked_workbook},
};
use crate::guard::without_foreign_mark;

/// What somebody says of a file because it was not recognised.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Given {
    /// The encoding.
    pub encoding: Option<TextEncoding>,
    /// What separates the cells.
    pub delimiter: Option<Delimiter>,
}

/// What a file is.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct Recognised {
    /// The format, whether the file is compressed or not.
    pub format: SourceFormat,
    /// The encoding's WHATWG name in lower case; null for workbooks.
    pub encoding: Option<String>,
    /// Whether the encoding is not a guess.
    pub encoding_certain: bool,
    /// What separates the cells of a CSV file.
    #[schema(value_type = Option<String>)]
    pub delimiter: Option<Delimiter>,
    /// Whether the first row has the names of the columns.
    pub has_header: bool,
    /// The columns of a table, or the keys of the JSON records.
    pub columns: Vec<RecognisedColumn>,
    /// The columns that are not imported.
    pub not_imported: Vec<NotImported>,
    /// The first records, for a preview.
    #[serde(skip)]
    pub first_records: Vec<Record>,
    #[serde(skip)]
    pub(crate) form: Form,
}

/// A column of a file.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct RecognisedColumn {
    /// Its place, from 0.
    pub index: usize,
    /// Its name in the file.
    pub name: String,
    /// The field that it is imported into, if any.
    pub field: Option<Column>,
    /// How its values are changed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub transform: Option<Transform>,
    /// Some of its values; none if they are secret.
    pub samples: Vec<String>,
    #[serde(skip)]
    pub(crate) place: Place,
    #[serde(skip)]
    pub(crate) rule: Rule,
    /// Of the columns of one field, the lowest comes first.
    #[serde(skip)]
    pub(crate) priority: usize,
    /// Why it is not imported if no field is its own.
    #[serde(skip)]
    pub(crate) reason: Reason,
}

/// Where a record has the values of a column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// In a cell.
    Cell(usize),
    /// At a path in JSON.
    Path(String),
    /// At a key of the JSON in a cell.
    InCell(usize, String),
}

choices! {
    /// Why a column is not imported.
    Reason {
        /// Nobody may read it: a hash, a salt, the key of a second factor.
        Secret "secret",
        /// The server sets it.
        SetByServer "set_by_server",
        /// A field of this name has another meaning here.
        OtherMeaning "other_meaning",
        /// No field has its values.
        NoField "no_field",
    }
}

/// A column that is not imported.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct NotImported {
    /// Its name in the file.
    pub name: String,
    /// Why.
    pub reason: Reason,
}

/// What reading the records of a file needs to know beyond its format.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Form {
    pub(crate) is_gzip: bool,
    pub(crate) encoding: TextEncoding,
    /// The number of columns of a table.
    pub(crate) width: usize,
    pub(crate) marks: Marks,
    /// Whether the file has exactly our columns, so that its ids are as we wrote them.
    pub(crate) is_ours: bool,
    /// The number of columns before those of the file, which our reports have.
    pub(crate) leading: usize,
    /// Whether the only other column of a report has JSON records.
    pub(crate) is_json_in_cell: bool,
}

/// Which texts have a `'` before them that marks them for spreadsheets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Marks {
    /// None: the file is no CSV.
    None,
    /// Those that we mark.
    Ours,
    /// Those that others mark.
    Foreign,
    /// All.
    EveryText,
}

impl Recognised {
    /// Shows what the mapping says of the columns instead of what was recognised.
    pub fn map(&mut self, mapping: &Mapping) {
        for column in &mut self.columns {
            let mapped = mapping.columns.iter().find(|mapped| mapped.index == column.index);
            column.field = mapped.map(|mapped| mapped.field);
            column.transform = mapped.and_then(|mapped| mapped.transform);
        }
        self.list_not_imported();
    }

    /// Lists the columns that are not imported.
    fn list_not_imported(&mut self) {
        let left_out = self.columns.iter().filter(|column| column.field.is_none());
        let named = left_out.map(|column| NotImported { name: column.name.clone(), reason: column.reason });
        self.not_imported = named.collect();
    }
}

impl Form {
    /// A file that is no CSV of ours.
    fn of(encoding: TextEncoding, is_gzip: bool) -> Self {
        Self { is_gzip, encoding, width: 0, marks: Marks::None, is_ours: false, leading: 0, is_json_in_cell: false }
    }
}

impl Marks {
    /// The text of a cell that others wrote.
    pub(crate) fn text(self, cell: &str) -> &str {
        match self {
            Self::None | Self::Ours => cell,
            Self::Foreign => without_foreign_mark(cell),
            Self::EveryText => cell.strip_prefix('\'').unwrap_or(cell),
        }
    }
}

/// How a workbook begins.
const WORKBOOK_START: &[u8] = b"PK\x03\x04";

/// Recognises a file. Of a text file, it reads the first [`HEAD_BYTES`], and the file may end there. Of a workbook, it
/// unpacks no more of a part than a request can wait for.
pub fn recognise(mut file: impl Read + Seek + Send, given: &Given) -> Result<Recognised, Unreadable> {
    let mut head = Vec::new();
    file.by_ref().take(HEAD_BYTES as u64).read_to_end(&mut head)?;
    match head.as_slice() {
        [] => Err(Unreadable::Empty),
        workbook if workbook.starts_with(WORKBOOK_START) => {
            let form = Form::of(TextEncoding(UTF_8), false);
            columns::of_sheet(SheetRecords::open(Box::new(file), Extent::Start)?, form)
        }
        [0x1f, 0x8b, ..] => {
            let (content, is_cut) = unpacked(&head)?;
            if !content.starts_with(WORKBOOK_START) {
                return recognise_text(&content, is_cut, true, given);
            }
            file.rewind()?;
            let form = Form::of(TextEncoding(UTF_8), true);
            columns::of_sheet(SheetRecords::open(Box::new(unpacked_workbook(file)?), Extent::Start)?, form)
        }
        text => recognise_text(text, text.len() == HEAD_BYTES, false, given),
    }
}

/// The start of a compressed file, and whether more follows.
fn unpacked(head: &[u8]) -> Result<(Vec<u8>, bool), Unreadable> {
    let mut text = Vec::new();
    match MultiGzDecoder::new(Cursor::new(head)).take(HEAD_BYTES as u64).read_to_end(&mut text) {
        Ok(length) => Ok((text, length == HEAD_BYTES)),
        Err(error) if error.kind() == std::io::ErrorKind::UnexpectedEof && head.len() == HEAD_BYTES => Ok((text, true)),
        Err(error) => Err(error.into()),
    }
}

fn recognise_text(bytes: &[u8], is_cut: bool, is_gzip: bool, given: &Given) -> Result<Recognised, Unreadable> {
    if bytes.is_empty() {
        return Err(Unreadable::Empty);
    }
    let (encoding, certain) =
        given.encoding.map_or_else(|| encoding::detect(bytes, is_cut), |encoding| (encoding, true));
    let text = text::decode(bytes, encoding, is_cut)?;
    let format = text::format(&text, is_cut)?;
    let head = text::Head { text: &text, has_mark: bytes.starts_with(b"\xef\xbb\xbf"), is_cut };
    let mut recognised = columns::of_text(&head, format, given.delimiter, Form::of(encoding, is_gzip))?;
    recognised.encoding_certain = certain;
    Ok(recognised)
}
