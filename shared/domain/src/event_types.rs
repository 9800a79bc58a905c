//! Types of events in request bodies.

use crate::{audit::Action, body::BodyField, fields::Fields, patch::PatchRequired};

/// Types of events: none stands for all.
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

/// A change of types: an absent field keeps them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PatchTypes(pub PatchRequired<Vec<Action>>);

impl BodyField for PatchTypes {
    fn read(fields: &mut Fields, name: &str) -> Option<Self> {
        if fields.has(name) {
            EventTypes::read(fields, name).map(|types| Self(PatchRequired::Set(types.0)))
        } else {
            Some(Self(PatchRequired::Keep))
        }
    }
}
