//! Types of events in request bodies.

use crate::{audit::Action, body::BodyField, fields::Fields};

/// Types of events in a request body. Absent, null and `[]` mean all types.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventTypes(pub Vec<Action>);

impl BodyField for EventTypes {
    fn read(fields: &mut Fields, name: &str) -> Option<Self> {
        let is_empty = fields.unread().get(name).is_some_and(|value| value.as_array().is_some_and(Vec::is_empty));
        if is_empty || !fields.has_value(name) {
            fields.forget(&[name]);
            return Some(Self(Vec::new()));
        }
        let mut types: Vec<Action> = fields.list(name, Action::ALL.len())?;
        types.sort_unstable();
        types.dedup();
        Some(Self(types))
    }
}
