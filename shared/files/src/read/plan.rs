//! How the records of a file become accounts.

use chrono::NaiveDate;
use rollcall_domain::{
    Fields, Invalid, Violation, ViolationCode, account::AccountType, column::Column, fields::FromField,
    file_format::SourceFormat, profile::ProfilePatch,
};
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::{
    recognise::{Form, Place, Recognised, RecognisedColumn},
    sources::Part,
    transform::Transform,
};

/// What somebody says of the columns instead of what was recognised.
#[derive(Clone, Debug, PartialEq, ToSchema)]
pub struct Mapping {
    /// The columns that are imported.
    #[schema(min_items = 1, max_items = 100)]
    pub columns: Vec<MappedColumn>,
    /// Values that are the same for all accounts.
    #[schema(value_type = Option<Object>)]
    pub constants: Map<String, Value>,
}

/// A column that is imported.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ToSchema)]
pub struct MappedColumn {
    /// The column's place, as it was recognised.
    pub index: usize,
    /// The field.
    pub field: Column,
    /// How values are changed.
    pub transform: Option<Transform>,
}

/// The maximum number of columns of a mapping.
const MAX_MAPPED: usize = 100;

impl Mapping {
    /// Reads `{columns, constants}`. Returns `None` only after reporting a violation.
    pub fn read(fields: &mut Fields) -> Option<Self> {
        let columns = fields.list("columns", MAX_MAPPED);
        let constants = fields.optional::<Constants>("constants").map(|constants| constants.0).unwrap_or_default();
        Some(Self { columns: columns?, constants })
    }
}

/// An object of any fields. They are checked when the plan is made.
struct Constants(Map<String, Value>);

impl FromField for Constants {
    fn from_field(value: &Value) -> Result<Self, Invalid> {
        let wrong_type = || Invalid::new(ViolationCode::WrongType, "must be an object");
        value.as_object().cloned().map(Self).ok_or_else(wrong_type)
    }
}

impl FromField for MappedColumn {
    fn from_field(value: &Value) -> Result<Self, Invalid> {
        let read = Fields::of(value.clone()).parse(|fields| {
            let (index, field) = (fields.required::<u32>("index"), fields.required("field"));
            let transform = fields.optional("transform");
            Some(Self { index: usize::try_from(index?).ok()?, field: field?, transform })
        });
        read.map_err(|refusal| match refusal.violations.first() {
            Some(violation) => {
                let place = violation.pointer().unwrap_or_default();
                Invalid::new(violation.code(), format!("{place} {}", violation.detail()))
            }
            None => Invalid::new(ViolationCode::BadFormat, refusal.detail),
        })
    }
}

/// How the records of a file become accounts.
#[derive(Clone, Debug)]
pub struct Plan {
    pub(super) form: Form,
    format: SourceFormat,
    pub(super) fields: Vec<PlannedField>,
    pub(super) constants: Map<String, Value>,
}

/// A field and the columns that have its value.
#[derive(Clone, Debug)]
pub(super) struct PlannedField {
    pub(super) field: Column,
    pub(super) columns: Vec<PlannedColumn>,
}

/// A column that has the value of a field, or a part of it.
#[derive(Clone, Debug)]
pub(super) struct PlannedColumn {
    pub(super) index: usize,
    pub(super) name: String,
    pub(super) place: Place,
    pub(super) part: Part,
    /// Of the columns of one field, the lowest comes first.
    priority: usize,
    pub(super) transform: Option<Transform>,
    pub(super) is_lenient: bool,
}

impl Plan {
    /// The plan as it was recognised, or as the mapping says. The violations are of a body `{mapping}`.
    pub fn new(recognised: &Recognised, mapping: Option<&Mapping>, today: NaiveDate) -> Result<Self, Vec<Violation>> {
        let (mut columns, mut violations) = match mapping {
            None => (recognised.columns.iter().filter_map(recognised_column).collect(), Vec::new()),
            Some(mapping) => mapping.columns(recognised),
        };
        columns.sort_by_key(|(_, column)| column.priority);
        if violations.is_empty() && !columns.iter().any(|(field, _)| *field == Column::UserId) {
            let rule = "must have a column for user_id";
            violations.push(Violation::at("/mapping/columns", ViolationCode::Required, rule));
        }
        let constants = mapping.map(|mapping| mapping.constants.clone()).unwrap_or_default();
        violations.extend(violations_of(&constants, &columns, today));
        if !violations.is_empty() {
            return Err(violations);
        }
        Ok(Self { form: recognised.form.clone(), format: recognised.format, fields: by_field(columns), constants })
    }

    /// Whether records are JSON.
    pub(super) fn has_json(&self) -> bool {
        self.form.is_json_in_cell || matches!(self.format, SourceFormat::Json | SourceFormat::Ndjson)
    }

    /// Whether a record has a cell for each column. A sheet has none at the end of a row where there are no values.
    pub(super) fn has_all_cells(&self) -> bool {
        self.format == SourceFormat::Csv
    }

    /// The first column that has a field's value.
    pub(super) fn column_of(&self, field: Column) -> Option<&PlannedColumn> {
        self.fields.iter().find(|planned| planned.field == field)?.columns.first()
    }
}

impl Mapping {
    /// The columns, and the violations of those that cannot be.
    fn columns(&self, recognised: &Recognised) -> (Vec<(Column, PlannedColumn)>, Vec<Violation>) {
        let (mut columns, mut violations) = (Vec::new(), Vec::new());
        for (index, mapped) in self.columns.iter().enumerate() {
            match mapped.planned(recognised) {
                Ok(column) => columns.push((mapped.field, column)),
                Err((key, invalid)) => {
                    violations.push(Violation::from_invalid(format!("/mapping/columns/{index}/{key}"), invalid));
                }
            }
        }
        (columns, violations)
    }
}

impl MappedColumn {
    fn planned(self, recognised: &Recognised) -> Result<PlannedColumn, (&'static str, Invalid)> {
        let out_of_range = || Invalid::new(ViolationCode::OutOfRange, "must be the index of a column of the file");
        let column = recognised.columns.get(self.index).ok_or_else(|| ("index", out_of_range()))?;
        if matches!(self.field, Column::CreatedAt | Column::UpdatedAt) {
            return Err(("field", Invalid::new(ViolationCode::NotAllowed, "must be a field that an import can set")));
        }
        // A column that is mapped as it was recognised is read as it was recognised.
        let is_lenient = column.rule.is_lenient && column.field == Some(self.field);
        Ok(planned(column, is_lenient, self.transform))
    }
}

fn recognised_column(column: &RecognisedColumn) -> Option<(Column, PlannedColumn)> {
    Some((column.field?, planned(column, column.rule.is_lenient, column.transform)))
}

fn planned(column: &RecognisedColumn, is_lenient: bool, transform: Option<Transform>) -> PlannedColumn {
    PlannedColumn {
        index: column.index,
        name: column.name.clone(),
        place: column.place.clone(),
        part: column.rule.part,
        priority: column.priority,
        transform,
        is_lenient,
    }
}

fn by_field(columns: Vec<(Column, PlannedColumn)>) -> Vec<PlannedField> {
    let mut fields: Vec<PlannedField> = Vec::new();
    for (field, column) in columns {
        match fields.iter_mut().find(|planned| planned.field == field) {
            Some(planned) => planned.columns.push(column),
            None => fields.push(PlannedField { field, columns: vec![column] }),
        }
    }
    fields
}

/// The violations of constants: they are values of an account, but not its id, and of fields that no column has.
fn violations_of(
    constants: &Map<String, Value>,
    columns: &[(Column, PlannedColumn)],
    today: NaiveDate,
) -> Vec<Violation> {
    let read = Fields::of(constants.clone().into()).parse(|fields| {
        fields.optional::<AccountType>("type");
        let profile = ProfilePatch::read(fields, today);
        // An id cannot be a constant in any case: it is reported as a field that is not known.
        for (field, _) in columns.iter().filter(|(field, _)| *field != Column::UserId) {
            if constants.contains_key(field.name()) {
                fields.violation(field.name(), Invalid::new(ViolationCode::NotAllowed, "is a column of the file"));
            }
        }
        profile
    });
    let found = read.map_or_else(|refusal| refusal.violations, |_| Vec::new());
    let moved = found.into_iter().map(|violation| {
        let pointer = format!("/mapping/constants{}", violation.pointer().unwrap_or_default());
        Violation::at(pointer, violation.code(), violation.detail().to_owned())
    });
    moved.collect()
}
