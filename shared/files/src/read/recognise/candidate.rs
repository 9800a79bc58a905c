//! The columns that a file has, before they have a use.

use rollcall_domain::column::Column;
use serde_json::Value;

use super::{Place, Reason, RecognisedColumn};
use crate::read::{
    MAX_COLUMNS,
    object::Object,
    sources::{Rule, Source, is_secret, part, plain_name},
};

/// The number of values that are shown of a column, and of characters of each.
const SAMPLES: usize = 5;
const SAMPLE_CHARS: usize = 100;

/// A column with its values in the first records.
pub(super) struct Candidate {
    pub(super) name: String,
    pub(super) place: Place,
    pub(super) values: Vec<String>,
}

impl Candidate {
    /// A column for each key of the JSON objects in this one's cells.
    pub(super) fn nested(&self) -> Vec<Self> {
        let Place::Cell(index) = self.place else { return Vec::new() };
        let objects: Vec<Object> = (self.values.iter().filter(|value| value.starts_with('{')))
            .filter_map(|value| serde_json::from_str(value).ok())
            .collect();
        let keys = distinct(objects.iter().flat_map(|object| &object.0).map(|(key, _)| key.as_str()));
        let column = |key: &str| Self {
            name: format!("{}.{key}", self.name),
            place: Place::InCell(index, key.to_owned()),
            values: objects.iter().map(|object| text_of(object.get(key))).collect(),
        };
        keys.into_iter().map(column).collect()
    }

    pub(super) fn column(&self, index: usize, source: &Source) -> RecognisedColumn {
        let shown = self.values.iter().filter(|value| !value.is_empty()).take(SAMPLES);
        let shown = shown.map(|value| value.chars().take(SAMPLE_CHARS).collect());
        RecognisedColumn {
            index,
            name: self.name.clone(),
            field: None,
            transform: None,
            samples: if is_secret(&plain_name(&self.name)) { Vec::new() } else { shown.collect() },
            place: self.place.clone(),
            rule: Rule { part: part(&plain_name(&self.name)), transform: None, is_lenient: false },
            priority: 0,
            reason: Reason::of(&plain_name(&self.name), source),
        }
    }
}

impl Reason {
    /// Why a column of this plain name is not imported unless the source has a field for it.
    fn of(name: &str, source: &Source) -> Self {
        match name {
            name if is_secret(name) => Self::Secret,
            "createdat" | "updatedat" | "version" => Self::SetByServer,
            name if source.is_foreign && Column::ALL.iter().any(|column| plain_name(column.name()) == name) => {
                Self::OtherMeaning
            }
            _ => Self::NoField,
        }
    }
}

/// The names in the order of their first occurrence: at most as many as a table has columns, since a hostile file has
/// as many as its size allows.
pub(super) fn distinct<Name: PartialEq>(names: impl Iterator<Item = Name>) -> Vec<Name> {
    let mut distinct = Vec::new();
    for name in names {
        if distinct.len() == MAX_COLUMNS {
            break;
        }
        if !distinct.contains(&name) {
            distinct.push(name);
        }
    }
    distinct
}

/// A value of JSON as the text of a cell.
pub(super) fn text_of(value: Option<&Value>) -> String {
    match value {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    }
}
