//! How the records of a file become accounts.

use chrono::NaiveDate;
use rollcall_domain::{
    Fields, Invalid, Refusal, Violation, ViolationCode, fields::FromField, profile::Profile,
};
use serde_json::{Map, Value};

use super::{
    recognise::{Form, Place, Recognised, RecognisedColumn},
    sources::{Part, Rule},
    transform::Transform,
};
use crate::{column::Column, format::SourceFormat};

/// What somebody says of the columns instead of what was recognised.
#[derive(Clone, Debug, PartialEq)]
pub struct Mapping {
    /// The columns that are imported.
    pub columns: Vec<MappedColumn>,
    /// Values that are the same for all accounts.
    pub constants: Map<String, Value>,
}

/// A column that is imported.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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
    pub(super) has_json: bool,
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
    pub(super) name: String,
    pub(super) place: Place,
    pub(super) part: Part,
    pub(super) transform: Option<Transform>,
    pub(super) is_lenient: bool,
}

impl Plan {
    /// The plan as it was recognised, or as the mapping says. The violations are of a body `{mapping}`.
    pub fn new(recognised: &Recognised, mapping: Option<&Mapping>, today: NaiveDate) -> Result<Self, Vec<Violation>> {
        let mut violations = Vec::new();
        let mut columns: Vec<(Column, PlannedColumn, usize)> = Vec::new();
        match mapping {
            None => {
                let known = recognised.columns.iter().filter_map(|column| column.field.map(|field| (field, column)));
                columns.extend(known.map(|(field, column)| (field, planned(column, column.rule, column.transform), column.priority)));
            }
            Some(mapping) => {
                for (index, mapped) in mapping.columns.iter().enumerate() {
                    match mapped.planned(recognised) {
                        Ok(column) => columns.push(column),
                        Err((key, invalid)) => {
                            let pointer = format!("/mapping/columns/{index}/{key}");
                            violations.push(Violation::from_invalid(pointer, invalid));
                        }
                    }
                }
            }
        }
        columns.sort_by_key(|(.., priority)| *priority);
        if violations.is_empty() && !columns.iter().any(|(field, ..)| *field == Column::UserId) {
            let rule = "must have a column for user_id";
            violations.push(Violation::at("/mapping/columns", ViolationCode::Required, rule));
        }
        let constants = mapping.map(|mapping| mapping.constants.clone()).unwrap_or_default();
        violations.extend(violations_of(&constants, &columns, today));
        if !violations.is_empty() {
            return Err(violations);
        }
        let has_json =
            recognised.form.is_json_in_cell || matches!(recognised.format, SourceFormat::Json | SourceFormat::Ndjson);
        Ok(Self { form: recognised.form.clone(), has_json, fields: by_field(columns), constants })
    }

    /// The name of the first column that has a field's value, or the field's own name.
    pub(super) fn column_of(&self, field: Column) -> &str {
        let planned = self.fields.iter().find(|planned| planned.field == field);
        planned.and_then(|planned| planned.columns.first()).map_or(field.name(), |column| &column.name)
    }
}

impl MappedColumn {
    fn planned(self, recognised: &Recognised) -> Result<(Column, PlannedColumn, usize), (&'static str, Invalid)> {
        let out_of_range = || Invalid::new(ViolationCode::OutOfRange, "must be the index of a column of the file");
        let column = recognised.columns.get(self.index).ok_or_else(|| ("index", out_of_range()))?;
        if matches!(self.field, Column::CreatedAt | Column::UpdatedAt) {
            return Err(("field", Invalid::new(ViolationCode::NotAllowed, "must be a field that an import can set")));
        }
        // A column that is mapped as it was recognised is read as it was recognised.
        let is_lenient = column.rule.is_lenient && column.field == Some(self.field);
        let rule = Rule { is_lenient, ..column.rule };
        Ok((self.field, planned(column, rule, self.transform), column.priority))
    }
}

fn planned(column: &RecognisedColumn, rule: Rule, transform: Option<Transform>) -> PlannedColumn {
    PlannedColumn {
        name: column.name.clone(),
        place: column.place.clone(),
        part: rule.part,
        transform,
        is_lenient: rule.is_lenient,
    }
}

fn by_field(columns: Vec<(Column, PlannedColumn, usize)>) -> Vec<PlannedField> {
    let mut fields: Vec<PlannedField> = Vec::new();
    for (field, column, _) in columns {
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
    columns: &[(Column, PlannedColumn, usize)],
    today: NaiveDate,
) -> Vec<Violation> {
    let mut fields = Fields::of(constants.clone().into());
    fields.optional::<rollcall_domain::account::AccountType>("type");
    Profile::default().patched(&mut fields, today);
    for (field, ..) in columns {
        if constants.contains_key(field.name()) {
            let invalid = Invalid::new(ViolationCode::NotAllowed, "is a column of the file");
            fields.violation(field.name(), invalid);
        }
    }
    let refusal: Option<Refusal> = fields.finish(|| Some(())).err();
    let found = refusal.map(|refusal| refusal.violations).unwrap_or_default();
    let moved = found.into_iter().map(|violation| {
        let pointer = format!("/mapping/constants{}", violation.pointer().unwrap_or_default());
        Violation::at(pointer, violation.code(), violation.detail().to_owned())
    });
    moved.collect()
}
