//! A record as the fields of an account.

use std::borrow::Cow;

use chrono::NaiveDate;
use rollcall_domain::{
    Code, Fields, Refusal, Timestamp, Violation, ViolationCode,
    account::{Account, AccountType, NewAccount},
    column::Column,
    profile::Gender,
};
use serde_json::{Map, Value};

use super::{
    object::Object,
    plan::{Plan, PlannedColumn, PlannedField},
    recognise::Place,
    record::Record,
    sources::Part,
    transform::{full_name, is_shortened_number, iso_date},
};

/// The fields that a record sets. A field that is null is cleared, and one that is absent is kept.
#[derive(Clone, Debug)]
pub struct Row {
    /// Where the record begins, as in [`Record::line`].
    pub line: u64,
    /// The fields, as in the body of a request.
    pub fields: Map<String, Value>,
    /// Faults that the rules of the fields would not find.
    violations: Vec<Violation>,
}

/// Why a record is not imported.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rejection {
    /// The file's name of the column with the first fault; empty if the record as a whole is at fault.
    pub column: String,
    /// An error code of the API.
    pub code: Cow<'static, str>,
    /// All faults.
    pub detail: String,
}

impl Rejection {
    fn of_record(code: &'static str, detail: impl Into<String>) -> Self {
        Self { column: String::new(), code: code.into(), detail: detail.into() }
    }
}

impl Plan {
    /// The fields that a record sets.
    pub fn row(&self, record: &Record) -> Result<Row, Rejection> {
        let object = if self.has_json() { object(record)? } else { Object::default() };
        if !self.has_json() {
            self.check_width(record)?;
        }
        let mut row = Row { line: record.line, fields: self.constants.clone(), violations: Vec::new() };
        for planned in &self.fields {
            if let Some(value) = planned.value(self, record, &object) {
                row.fields.insert(planned.field.name().to_owned(), value);
            }
        }
        row.refuse_shortened_id(self);
        Ok(row)
    }

    /// A refusal of a row, with the column of its first fault.
    pub fn rejection(&self, refusal: &Refusal) -> Rejection {
        if refusal.violations.is_empty() {
            let is_of_type = matches!(refusal.code, Code::AdminLimitReached | Code::Forbidden);
            let field = if is_of_type { Column::Type } else { Column::UserId };
            let code = refusal.code.as_str().into();
            return Rejection { column: self.place(field).1, code, detail: refusal.detail.clone().into_owned() };
        }
        let mut faults: Vec<_> = (refusal.violations.iter())
            .map(|violation| {
                let field = violation.pointer().and_then(|pointer| Column::parse(pointer.trim_start_matches('/')));
                (field.map_or((usize::MAX, String::new()), |field| self.place(field)), violation)
            })
            .collect();
        faults.sort_by_key(|((index, _), _)| *index);
        let details = faults.iter().map(|((_, column), violation)| format!("{column} {}", violation.detail()));
        let detail = details.collect::<Vec<_>>().join("; ");
        let ((_, column), violation) = faults.swap_remove(0);
        Rejection { column, code: name(violation.code()).into(), detail }
    }

    /// The place and name of the column that has a field's value; what no column has comes last, under its own name.
    fn place(&self, field: Column) -> (usize, String) {
        let column = self.column_of(field).map(|column| (column.index, column.name.clone()));
        column.unwrap_or_else(|| (usize::MAX, field.name().to_owned()))
    }

    /// Values of a record with another number of cells would be in other columns than they seem. Empty ones at the end
    /// are in none.
    fn check_width(&self, record: &Record) -> Result<(), Rejection> {
        let width = self.form.width;
        let has_more = record.cells().skip(width).any(|cell| !cell.is_empty());
        let has_fewer = record.len() < width && self.has_all_cells();
        if !has_more && !has_fewer {
            return Ok(());
        }
        let detail = format!("The record has {} cells instead of {width}.", record.len());
        Err(Rejection::of_record("bad_format", detail))
    }
}

impl Row {
    /// The account to create, by the rules of a request that creates one.
    pub fn new_account(&self, today: NaiveDate) -> Result<NewAccount, Refusal> {
        let mut fields = self.fields.clone();
        let account_type = fields.entry("type").or_insert(Value::Null);
        if account_type.is_null() {
            *account_type = AccountType::General.as_str().into();
        }
        let fields = Fields::of(fields.into()).with_violations(self.violations.clone());
        fields.parse(|fields| NewAccount::read(fields, today))
    }

    /// The account after the row's change, by the rules of a request that changes one.
    pub fn edited(&self, account: Account, now: Timestamp) -> Result<Account, Refusal> {
        let mut fields = self.fields.clone();
        fields.remove("user_id");
        let same_type = Value::from(account.account_type.as_str());
        if fields.get("type").is_some_and(|given| given.is_null() || *given == same_type) {
            fields.remove("type");
        }
        account.edited(Fields::of(fields.into()).with_violations(self.violations.clone()), now)
    }

    /// The id, if it is a text.
    pub fn user_id(&self) -> Option<&str> {
        self.fields.get("user_id")?.as_str()
    }

    /// A spreadsheet shortened a long number to this form and saved it. The rules of the field would take it for an id.
    fn refuse_shortened_id(&mut self, plan: &Plan) {
        if !plan.has_json() && !plan.form.is_ours && self.user_id().is_some_and(is_shortened_number) {
            let rule = "is a number that a spreadsheet has shortened. Format the column as text there, and save again";
            self.violations.push(Violation::at("/user_id", ViolationCode::BadFormat, rule));
        }
    }
}

impl PlannedField {
    /// The field's value; `None` if the record does not have it.
    fn value(&self, plan: &Plan, record: &Record, object: &Object) -> Option<Value> {
        let values = self.columns.iter().filter_map(|column| Some((column, column.value(plan, record, object)?)));
        let mut values: Vec<(&PlannedColumn, Value)> = values.collect();
        if values.len() < 2 {
            let (column, value) = values.pop()?;
            return Some(self.typed(column, value));
        }
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let whole = values.iter().find(|(column, value)| column.part == Part::Whole && !text(value).is_empty());
        let name = whole.map_or_else(
            || {
                let part = |part: Part| {
                    let texts = values.iter().filter(|(column, _)| column.part == part).map(|(_, value)| text(value));
                    texts.filter(|text| !text.is_empty()).collect::<Vec<_>>().join(" ")
                };
                full_name(&part(Part::Given), &part(Part::Family))
            },
            |(_, value)| text(value),
        );
        Some(if name.is_empty() { Value::Null } else { name.into() })
    }

    /// The value as the field takes it: numbers are texts in cells.
    fn typed(&self, column: &PlannedColumn, value: Value) -> Value {
        let Value::String(text) = value else { return value };
        match self.field {
            Column::Language | Column::MessageSettings | Column::Level | Column::Role
                if matches!(column.place, Place::Cell(_)) =>
            {
                number(text)
            }
            Column::Gender if column.is_lenient => {
                Gender::parse(&text.to_lowercase()).map_or(Value::Null, |gender| gender.as_str().into())
            }
            Column::BirthDate if column.is_lenient => iso_date(&text).map_or(Value::Null, Value::from),
            _ => text.into(),
        }
    }
}

impl PlannedColumn {
    /// The column's value; `None` if the record does not have it. An empty cell is null.
    fn value(&self, plan: &Plan, record: &Record, object: &Object) -> Option<Value> {
        let value = match &self.place {
            Place::Cell(index) => Value::from(plan.form.marks.text(record.cell(*index))),
            Place::Path(path) => object.get(path)?.clone(),
            Place::InCell(index, key) => {
                let object: Object =
                    serde_json::from_str(plan.form.marks.text(record.cell(*index))).unwrap_or_default();
                object.get(key).cloned().unwrap_or_default()
            }
        };
        Some(match value {
            Value::String(text) if text.is_empty() => Value::Null,
            Value::String(text) => self.transform.map_or(Cow::Borrowed(&*text), |change| change.apply(&text)).into(),
            other => other,
        })
    }
}

fn object(record: &Record) -> Result<Object, Rejection> {
    serde_json::from_str(&record.text).map_err(|error| {
        if error.is_data() {
            return Rejection::of_record("wrong_type", "The record must be a JSON object.");
        }
        Rejection::of_record("malformed_json", format!("{} {error}.", Code::MalformedJson.title()))
    })
}

/// The whole number of a cell, or else its text, which the field then refuses.
fn number(text: String) -> Value {
    let number = text.parse::<u64>().map(Value::from).or_else(|_| text.parse::<i64>().map(Value::from));
    number.unwrap_or_else(|_| text.into())
}

fn name(code: ViolationCode) -> String {
    // A unit variant is a text.
    serde_json::to_value(code).ok().and_then(|name| name.as_str().map(str::to_owned)).unwrap_or_default()
}
