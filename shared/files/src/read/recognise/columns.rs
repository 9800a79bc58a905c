//! The columns of a file, and what they are for.

use rollcall_domain::{
    column::Column,
    file_format::{Delimiter, SourceFormat},
    text::AccountId,
};

use super::{
    Form, Marks, Place, Recognised, RecognisedColumn,
    candidate::{Candidate, distinct, text_of},
    text::Head,
};
use crate::{
    read::{
        object::Object,
        record::Record,
        records::Records,
        sources::{FIREBASE_COLUMNS, Source, is_auth0_id, is_known, plain_name, source},
        transform::Transform,
        unreadable::Unreadable,
        xlsx::SheetRecords,
    },
    report::{JSON_COLUMN, LEADING_COLUMNS},
};

/// The number of rows of a sheet that are looked at.
const INSPECTED_ROWS: usize = 200;

/// The number of records that are kept for a preview.
const FIRST_RECORDS: usize = 5;

/// Recognises the columns of a text file.
pub(super) fn of_text(
    head: &Head<'_>,
    format: SourceFormat,
    delimiter: Option<Delimiter>,
    form: Form,
) -> Result<Recognised, Unreadable> {
    let is_csv = format == SourceFormat::Csv;
    let delimiter = is_csv.then(|| delimiter.unwrap_or_else(|| super::text::delimiter(head)));
    let records = head.records(format, delimiter.unwrap_or(Delimiter::Comma))?;
    let mut table = Table { format, delimiter, form, has_header: false, names: Vec::new(), records };
    if !is_csv {
        return Ok(table.of_objects());
    }
    table.take_header();
    let is_ours = table.form.leading > 0 || table.form.is_ours || head.is_as_we_write(&table);
    table.form.marks = if is_ours { Marks::Ours } else { Marks::Foreign };
    Ok(table.applied())
}

/// Recognises the columns of a sheet.
pub(super) fn of_sheet(sheet: SheetRecords<'_>, form: Form) -> Result<Recognised, Unreadable> {
    let mut rows = Records::of_sheet(sheet, form.clone());
    let (mut record, mut records) = (Record::default(), Vec::new());
    while records.len() < INSPECTED_ROWS {
        match rows.read(&mut record) {
            Ok(true) => records.push(record.clone()),
            Ok(false) => break,
            // The rows before it tell what the columns are. Whoever reads all rows meets it again.
            Err(Unreadable::TooLarge(_)) if !records.is_empty() => break,
            Err(error) => return Err(error),
        }
    }
    if records.is_empty() {
        return Err(Unreadable::Empty);
    }
    let format = SourceFormat::Xlsx;
    let mut table = Table { format, delimiter: None, form, has_header: false, names: Vec::new(), records };
    table.take_header();
    if table.form.leading > 0 {
        // A spreadsheet that opens a report keeps its marks.
        table.form.marks = Marks::Ours;
    }
    Ok(table.applied())
}

impl Head<'_> {
    /// Whether the file begins as we write it: with a mark, and a header of our names in which every cell is quoted.
    fn is_as_we_write(&self, table: &Table) -> bool {
        let Some(delimiter) = table.delimiter else { return false };
        let header = format!("\"{}\"\r\n", table.names.join(&format!("\"{}\"", delimiter.as_str())));
        self.has_mark && table.names.iter().all(|name| Column::parse(name).is_some()) && self.text.starts_with(&header)
    }
}

/// The start of a file.
struct Table {
    format: SourceFormat,
    delimiter: Option<Delimiter>,
    form: Form,
    has_header: bool,
    names: Vec<String>,
    records: Vec<Record>,
}

impl Table {
    /// Finds the names of the columns of a table, and what kind of table it is.
    fn take_header(&mut self) {
        let Some(first) = self.records.first() else { return };
        self.form.width = first.len();
        let names: Vec<String> = first.cells().map(str::to_owned).collect();
        self.has_header = is_header(first);
        self.names = if self.has_header {
            self.records.remove(0);
            names
        } else if is_firebase(first) {
            FIREBASE_COLUMNS[..first.len()].iter().map(|name| (*name).to_owned()).collect()
        } else {
            (1..=first.len()).map(|number| format!("column {number}")).collect()
        };
        let leading: Vec<_> = self.names.iter().map(String::as_str).take(LEADING_COLUMNS.len()).collect();
        if leading == LEADING_COLUMNS && self.names.len() > leading.len() {
            self.form.leading = leading.len();
            self.names.drain(..LEADING_COLUMNS.len());
            self.form.width -= LEADING_COLUMNS.len();
            self.form.is_json_in_cell = self.names == [JSON_COLUMN];
        }
        self.form.is_ours = self.names == Column::ALL.map(Column::name);
    }

    /// What was recognised of a table whose form is known.
    fn applied(mut self) -> Recognised {
        for record in &mut self.records {
            self.form.apply(record);
        }
        if self.form.is_json_in_cell { self.of_objects() } else { self.of_cells() }
    }

    /// The columns of a table, with the values as they are imported but for transforms.
    fn of_cells(mut self) -> Recognised {
        let mut columns: Vec<_> = (self.names.iter().enumerate())
            .map(|(index, name)| {
                let values = self.records.iter().map(|record| record.cell(index).to_owned()).collect();
                Candidate { name: name.clone(), place: Place::Cell(index), values }
            })
            .collect();
        let nested: Vec<_> = columns.iter().flat_map(Candidate::nested).collect();
        columns.extend(nested);
        let source = source_of(&columns);
        if self.form.marks == Marks::Foreign && source.marks_every_text && has_ids(&columns, |id| id.starts_with('\''))
        {
            self.form.marks = Marks::EveryText;
        }
        for value in columns.iter_mut().flat_map(|column| &mut column.values) {
            *value = self.form.marks.text(value).to_owned();
        }
        self.with_columns(&columns, source)
    }

    /// The columns of JSON records: the keys in the order of their first occurrence.
    fn of_objects(self) -> Recognised {
        let objects: Vec<Object> =
            self.records.iter().filter_map(|record| serde_json::from_str(&record.text).ok()).collect();
        let paths = distinct(objects.iter().flat_map(Object::paths));
        let columns = (paths.into_iter())
            .map(|path| {
                let values = objects.iter().map(|object| text_of(object.get(&path))).collect();
                Candidate { name: path.clone(), place: Place::Path(path), values }
            })
            .collect::<Vec<_>>();
        self.with_columns(&columns, source_of(&columns))
    }

    fn with_columns(mut self, candidates: &[Candidate], source: &Source) -> Recognised {
        let mut columns: Vec<_> =
            (candidates.iter().enumerate()).map(|(index, candidate)| candidate.column(index, source)).collect();
        assign(&mut columns, source);
        if let Some(id) = columns.iter_mut().find(|column| column.field == Some(Column::UserId)) {
            let is_free = id.transform.is_none() && !self.form.is_ours;
            id.transform = id.transform.or_else(|| is_free.then(|| proposed(&candidates[id.index].values))?);
        }
        let is_text = self.format != SourceFormat::Xlsx;
        self.records.truncate(FIRST_RECORDS);
        let mut recognised = Recognised {
            format: self.format,
            encoding: is_text.then(|| self.form.encoding.name()),
            encoding_certain: true,
            delimiter: self.delimiter,
            has_header: self.has_header,
            columns,
            not_imported: Vec::new(),
            first_records: self.records,
            form: self.form,
        };
        recognised.list_not_imported();
        recognised
    }
}

/// The source of a file with these columns.
fn source_of(columns: &[Candidate]) -> &'static Source {
    let names: Vec<_> = columns.iter().map(|column| plain_name(&column.name)).collect();
    source(&names, has_ids(columns, |id| is_auth0_id(id.trim_start_matches('\''))))
}

/// Whether a column that may have the ids of Auth0 has such values, and no others.
fn has_ids(columns: &[Candidate], is_such: impl Fn(&str) -> bool) -> bool {
    let id = columns.iter().find(|column| matches!(plain_name(&column.name).as_str(), "userid" | "id"));
    let values = id.map(|id| id.values.iter().filter(|value| !value.is_empty()));
    values.is_some_and(|mut values| values.clone().next().is_some() && values.all(|value| is_such(value)))
}

/// Gives the columns the fields that they have in files of this source.
fn assign(columns: &mut [RecognisedColumn], source: &Source) {
    for (priority, (name, field, rule)) in source.columns.iter().enumerate() {
        let is_taken = columns.iter().any(|column| column.field == Some(*field));
        if is_taken && !(source.is_foreign && *field == Column::Nickname) {
            continue;
        }
        let free = columns.iter_mut().find(|column| column.field.is_none() && plain_name(&column.name) == *name);
        if let Some(column) = free {
            (column.field, column.transform, column.rule) = (Some(*field), rule.transform, *rule);
            column.priority = priority;
        }
    }
}

/// The transform that makes ids of the most values, if they are not ids as they are.
fn proposed(values: &[String]) -> Option<Transform> {
    let ids = |change: Option<Transform>| {
        let changed = values.iter().map(|value| change.map_or(value.into(), |change| change.apply(value)));
        changed.filter(|value: &std::borrow::Cow<'_, str>| AccountId::parse(value).is_ok()).count()
    };
    let proposals = [Transform::LocalPart, Transform::CompactUuid, Transform::StripPrefix];
    let best = proposals.into_iter().max_by_key(|transform| ids(Some(*transform)))?;
    (ids(Some(best)) > ids(None)).then_some(best)
}

/// Whether a record has names of columns: known ones, or at least nothing that only values are.
fn is_header(first: &Record) -> bool {
    let is_value = |cell: &str| {
        cell.is_empty()
            || cell.contains(['@', '|', '/'])
            || cell.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-')
            || matches!(cell, "true" | "false" | "TRUE" | "FALSE")
    };
    first.cells().any(|cell| is_known(&plain_name(cell))) || !(is_firebase(first) || first.cells().any(is_value))
}

/// Whether a record is one of Firebase's CSV files: an id, an address, and whether that is verified.
fn is_firebase(first: &Record) -> bool {
    let lengths = [FIREBASE_COLUMNS.len() - 1, FIREBASE_COLUMNS.len()];
    lengths.contains(&first.len()) && matches!(first.cell(2), "true" | "false")
}
