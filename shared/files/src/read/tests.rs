//! Whole files, as people and services make them.

mod encodings;
mod ours;
mod reports;
mod services;
mod tables;
mod workbooks;

use std::io::Cursor;

use chrono::NaiveDate;
use serde_json::{Map, Value, json};

use super::{Given, Plan, Recognised, Record, Records, Rejection, Row, Unreadable, recognise, recognise::Reason};
use rollcall_domain::file_format::SourceFormat;

fn today() -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, 11, 30).unwrap()
}

/// A file that was read as it was recognised.
struct File {
    recognised: Recognised,
    plan: Plan,
    records: Vec<(Record, Result<Row, Rejection>)>,
}

impl File {
    fn read(bytes: &[u8]) -> Self {
        Self::try_read(bytes).unwrap()
    }

    fn try_read(bytes: &[u8]) -> Result<Self, Unreadable> {
        Self::read_as(bytes, &Given::default())
    }

    fn read_as(bytes: &[u8], given: &Given) -> Result<Self, Unreadable> {
        let recognised = recognise(Cursor::new(bytes), given)?;
        let plan = Plan::new(&recognised, None, today()).expect("the file has an id column");
        let mut records = match recognised.format {
            SourceFormat::Xlsx => Records::open_workbook(Box::new(Cursor::new(bytes)), &recognised)?,
            _ => Records::open(Box::new(bytes), &recognised)?,
        };
        let (mut record, mut all) = (Record::default(), Vec::new());
        while records.read(&mut record)? {
            all.push((record.clone(), plan.row(&record)));
        }
        Ok(Self { recognised, plan, records: all })
    }

    /// The fields of each record that has a value. All records are rows.
    fn fields(&self) -> Vec<Value> {
        let fields = |row: &Row| {
            let set = row.fields.clone().into_iter().filter(|(_, value)| !value.is_null());
            Value::Object(set.collect::<Map<_, _>>())
        };
        self.records.iter().map(|(_, row)| fields(row.as_ref().unwrap())).collect()
    }

    /// What a report says of each record that cannot be an account: line, column and code.
    fn faults(&self) -> Vec<(u64, String, String)> {
        let fault = |(record, row): &(Record, Result<Row, Rejection>)| {
            let rejection = match row {
                Ok(row) => self.plan.rejection(&row.new_account(today()).err()?),
                Err(rejection) => rejection.clone(),
            };
            Some((record.line, rejection.column, rejection.code.into_owned()))
        };
        self.records.iter().filter_map(fault).collect()
    }

    fn reason(&self, name: &str) -> Option<Reason> {
        let found = self.recognised.not_imported.iter().find(|column| column.name == name);
        found.map(|column| column.reason)
    }
}
