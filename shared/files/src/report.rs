//! The report of an import: the rows that were not imported, and why. A person can correct the rows and upload the
//! report without removing its extra columns.

use std::io::{self, Write};

use serde_json::Value;

use crate::{
    read::{Marks, Object, Recognised, Record, Rejection, is_secret, plain_name},
    write::CsvWriter,
};
use rollcall_domain::file_format::{Delimiter, SourceFormat};

/// The columns of the report before those of the file.
pub(crate) const LEADING_COLUMNS: [&str; 4] = ["line", "column", "code", "detail"];

/// The column of a record that is JSON.
pub(crate) const JSON_COLUMN: &str = "record";

/// A report being written.
pub struct Report<Sink: Write> {
    writer: CsvWriter<Sink>,
    rows: u64,
    /// Which cells are secret.
    secrets: Vec<bool>,
    has_json: bool,
    marks: Marks,
}

impl<Sink: Write> Report<Sink> {
    /// Writes the header: the report's columns, then the file's.
    pub fn begin(sink: Sink, file: &Recognised) -> io::Result<Self> {
        let has_json = file.form.is_json_in_cell || matches!(file.format, SourceFormat::Json | SourceFormat::Ndjson);
        let names: Vec<&str> = if has_json {
            vec![JSON_COLUMN]
        } else {
            file.columns.iter().take(file.form.width).map(|column| column.name.as_str()).collect()
        };
        let mut writer = CsvWriter::begin(sink, Delimiter::Comma)?;
        LEADING_COLUMNS.iter().chain(&names).try_for_each(|name| writer.cell(name))?;
        writer.end()?;
        let is_secret = |name: &&str| is_secret(&plain_name(name));
        let secrets = if has_json {
            vec![file.columns.iter().any(|column| is_secret(&column.name.as_str()))]
        } else {
            names.iter().map(is_secret).collect()
        };
        Ok(Self { writer, rows: 0, secrets, has_json, marks: file.form.marks })
    }

    /// Writes a row that was not imported.
    pub fn write(&mut self, record: &Record, rejection: &Rejection) -> io::Result<()> {
        self.rows += 1;
        let line = record.line.to_string();
        let leading = [&line, &rejection.column, &*rejection.code, &rejection.detail];
        leading.into_iter().try_for_each(|cell: &str| self.writer.cell(cell))?;
        if self.has_json {
            let is_secret = self.secrets[0];
            self.writer.cell(&if is_secret { without_secrets(&record.text) } else { record.text.clone() })?;
        } else {
            for (index, cell) in record.cells().enumerate() {
                let is_secret = self.secrets.get(index).copied().unwrap_or_default();
                self.writer.cell(if is_secret { "" } else { self.marks.text(cell) })?;
            }
        }
        self.writer.end()
    }

    /// Writes the end and returns the sink and the number of rows.
    pub fn finish(self) -> io::Result<(Sink, u64)> {
        Ok((self.writer.finish()?, self.rows))
    }
}

/// The JSON record with null for what is secret. A broken record is left out: what is secret in it cannot be told.
fn without_secrets(json: &str) -> String {
    let Ok(mut object) = serde_json::from_str::<Object>(json) else { return String::new() };
    for (name, value) in &mut object.0 {
        blank(name, value);
    }
    serde_json::to_string(&object).unwrap_or_default()
}

fn blank(name: &str, value: &mut Value) {
    if is_secret(&plain_name(name)) {
        *value = Value::Null;
    }
    match value {
        Value::Object(inner) => inner.iter_mut().for_each(|(name, value)| blank(name, value)),
        Value::Array(entries) => entries.iter_mut().for_each(|entry| blank("", entry)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}
