//! The records of a file of any format.

use flate2::read::MultiGzDecoder;

use super::{
    csv::CsvRecords,
    decoded::{Decoded, Source},
    json::{Entries, Lines},
    recognise::{Form, Marks, Recognised},
    record::Record,
    unreadable::Unreadable,
    xlsx::{Extent, SheetRecords, Workbook, unpacked_workbook},
};
use crate::guard::unguard;
use rollcall_domain::file_format::{Delimiter, SourceFormat};

/// The records of a file, one after another. Their memory does not grow with the file, but for
/// the shared texts of a workbook.
pub struct Records<'a> {
    kind: Kind<'a>,
    form: Form,
}

enum Kind<'a> {
    Csv(Box<CsvRecords<'a>>),
    Lines(Lines<'a>),
    Entries(Entries<'a>),
    Sheet(Box<SheetRecords<'a>>),
}

impl<'a> Records<'a> {
    /// Reads a text file of the recognised form from its first byte.
    pub fn open(stream: Source<'a>, recognised: &Recognised) -> Result<Self, Unreadable> {
        let form = recognised.form.clone();
        let stream: Source<'a> = if form.is_gzip { Box::new(MultiGzDecoder::new(stream)) } else { stream };
        let text = Decoded::new(stream, form.encoding.0, false);
        let mut records = Self::of_text(text, recognised.format, recognised.delimiter, form)?;
        records.skip_header(recognised.has_header)?;
        Ok(records)
    }

    /// Reads a workbook.
    pub fn open_workbook(file: Box<dyn Workbook + 'a>, recognised: &Recognised) -> Result<Self, Unreadable> {
        let form = recognised.form.clone();
        let file = if form.is_gzip { Box::new(unpacked_workbook(file)?) } else { file };
        let mut records = Self { kind: Kind::Sheet(SheetRecords::open(file, Extent::Whole)?.into()), form };
        records.skip_header(recognised.has_header)?;
        Ok(records)
    }

    pub(super) fn of_text(
        text: Decoded<'a>,
        format: SourceFormat,
        delimiter: Option<Delimiter>,
        form: Form,
    ) -> Result<Self, Unreadable> {
        let kind = match format {
            SourceFormat::Csv => Kind::Csv(CsvRecords::new(text, delimiter.unwrap_or(Delimiter::Comma)).into()),
            SourceFormat::Ndjson => Kind::Lines(Lines::new(text)),
            SourceFormat::Json => Kind::Entries(Entries::begin(text)?),
            SourceFormat::Xlsx => return Err(Unreadable::UnknownFormat),
        };
        Ok(Self { kind, form })
    }

    pub(super) fn of_sheet(sheet: SheetRecords<'a>, form: Form) -> Self {
        Self { kind: Kind::Sheet(sheet.into()), form }
    }

    /// Reads the next record. Returns whether there was one. Records without any value are left out: spreadsheets add
    /// them.
    pub fn read(&mut self, record: &mut Record) -> Result<bool, Unreadable> {
        while self.read_raw(record)? {
            if !record.text.is_empty() {
                self.form.apply(record);
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn read_raw(&mut self, record: &mut Record) -> Result<bool, Unreadable> {
        match &mut self.kind {
            Kind::Csv(records) => records.read(record),
            Kind::Lines(records) => records.read(record),
            Kind::Entries(records) => records.read(record),
            Kind::Sheet(records) => records.read(record),
        }
    }

    fn skip_header(&mut self, has_header: bool) -> Result<(), Unreadable> {
        if has_header {
            self.read_raw(&mut Record::default())?;
        }
        Ok(())
    }
}

impl Form {
    /// Takes away what our own files add to a record.
    pub(super) fn apply(&self, record: &mut Record) {
        if self.marks == Marks::Ours && record.text.contains('\'') {
            record.map(unguard);
        }
        record.skip(self.leading);
        if self.is_json_in_cell {
            record.ends.clear();
        }
    }
}
