//! A step: one request that makes an installation more like the file.

use std::{
    collections::BTreeMap,
    fmt::{self, Display},
};

use serde_json::{Value, json};

use super::{
    file::AccountType,
    installation::{Existing, Identity},
    object::{Kind, Object, ObjectName},
};
use crate::document::ApiDocument;

/// What a step does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Action {
    Create,
    Update,
    Delete,
}

/// The values of a field before and after a step; null where it is not set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Change {
    pub(super) from: Value,
    pub(super) to: Value,
}

/// One request of the plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Step {
    pub(super) action: Action,
    pub(super) name: ObjectName,
    pub(super) changes: BTreeMap<String, Change>,
    /// The object that is changed or deleted, as it was read.
    pub(super) target: Option<Identity>,
    pub(super) operation: &'static str,
    /// Whether the server refuses the step to keys, as far as the operation alone does not say it.
    is_for_people: bool,
}

impl Step {
    /// The step that makes an object.
    pub(super) fn create(object: &Object) -> Self {
        let change = |(field, to): (&String, &Value)| (field.clone(), Change { from: Value::Null, to: to.clone() });
        let operation = match (object.name.kind, &object.name.team) {
            (Kind::Team, _) => "create_team",
            (Kind::Role, _) => "create_role",
            (Kind::ServiceAccount, None) => "create_user",
            (Kind::ServiceAccount | Kind::Member, _) => "create_member",
            (Kind::App, _) => "create_app",
            (Kind::Webhook, _) => "create_webhook",
        };
        Self {
            action: Action::Create,
            name: object.name.clone(),
            changes: object.fields.iter().map(change).collect(),
            target: None,
            operation,
            is_for_people: is_platform_service(object),
        }
    }

    /// The steps that make an existing object equal to that of the file. The username of a team's service account is
    /// its user's, the rest its membership's.
    pub(super) fn updates(existing: &Existing, wanted: &Object) -> Vec<Self> {
        let before = &existing.object;
        let fields: Vec<&String> = before.fields.keys().chain(wanted.fields.keys()).collect();
        let value = |object: &Object, field: &str| object.fields.get(field).cloned().unwrap_or_default();
        let mut changes: BTreeMap<String, Change> = fields
            .into_iter()
            .map(|field| (field.clone(), Change { from: value(before, field), to: value(wanted, field) }))
            .filter(|(_, change)| change.from != change.to)
            .collect();
        if wanted.name.kind == Kind::Team && before.name.name != wanted.name.name {
            let change = Change { from: before.name.name.clone().into(), to: wanted.name.name.clone().into() };
            changes.insert("name".to_owned(), change);
        }
        let of_user = changes.remove("username").map(|change| BTreeMap::from([("username".to_owned(), change)]));
        let of_user =
            of_user.map(|changes| Self::update(existing, "update_user", changes, existing.identity.user_version));
        let operation = match wanted.name.kind {
            Kind::Team => "update_team",
            Kind::Role => "update_role",
            Kind::ServiceAccount | Kind::Member => "update_member",
            // It has no field but its name and its team, by which it is told apart.
            Kind::App => "update_app",
            Kind::Webhook => "update_webhook",
        };
        let rest = (!changes.is_empty()).then(|| Self::update(existing, operation, changes, existing.identity.version));
        of_user.into_iter().chain(rest).collect()
    }

    fn update(existing: &Existing, operation: &'static str, changes: BTreeMap<String, Change>, version: u64) -> Self {
        let kind = existing.object.name.kind;
        Self {
            action: Action::Update,
            name: existing.object.name.clone(),
            changes,
            target: Some(Identity { version, ..existing.identity.clone() }),
            operation,
            // A role has no other field than its permissions, and changing them gives a role.
            is_for_people: kind == Kind::Role || is_platform_service(&existing.object),
        }
    }

    /// The step that deletes an object.
    pub(super) fn delete(existing: &Existing) -> Self {
        let name = &existing.object.name;
        let operation = match (name.kind, &name.team) {
            (Kind::Team, _) => "delete_team",
            (Kind::Role, _) => "delete_role",
            (Kind::ServiceAccount, None) => "delete_user",
            (Kind::ServiceAccount | Kind::Member, _) => "delete_member",
            (Kind::App, _) => "delete_app",
            (Kind::Webhook, _) => "delete_webhook",
        };
        Self {
            action: Action::Delete,
            name: name.clone(),
            changes: BTreeMap::new(),
            target: Some(existing.identity.clone()),
            operation,
            is_for_people: is_platform_service(&existing.object),
        }
    }

    /// Whether no key may take the step, whatever its scopes.
    pub(super) fn needs_session(&self, document: &ApiDocument) -> bool {
        self.is_for_people || !document.operation(self.operation).takes_key
    }

    /// Where the step stands among those of other objects: admins are made before others cease to be admins for good, so
    /// that a team always has one, and what nothing refers to any more is deleted last.
    pub(super) fn phase(&self) -> u8 {
        let loses_role = self.changes.get("role").is_some_and(|change| change.from == "admin");
        let gets_end = self.changes.get("expires_at").is_some_and(|change| !change.to.is_null());
        let is_demotion = loses_role || (gets_end && self.action == Action::Update);
        match (self.action, self.name.kind) {
            (Action::Create | Action::Update, _) if !is_demotion => 0,
            (Action::Create | Action::Update, _) => 1,
            (Action::Delete, Kind::Webhook | Kind::Member) => 2,
            (Action::Delete, Kind::ServiceAccount | Kind::App) => 3,
            (Action::Delete, Kind::Role) => 4,
            (Action::Delete, Kind::Team) => 5,
        }
    }

    /// The step for programs.
    pub(super) fn to_json(&self, document: &ApiDocument) -> Value {
        let changes =
            self.changes.iter().map(|(field, change)| (field.clone(), json!({"from": change.from, "to": change.to})));
        json!({
            "action": match self.action {
                Action::Create => "create",
                Action::Update => "update",
                Action::Delete => "delete",
            },
            "kind": self.name.kind.id(),
            "team": self.name.team,
            "name": self.name.name,
            "changes": Value::Object(changes.collect()),
            "needs_session": self.needs_session(document),
        })
    }

    /// The first line of the step.
    pub(super) fn title(&self) -> String {
        let sign = match self.action {
            Action::Create => '+',
            Action::Update => '~',
            Action::Delete => '-',
        };
        format!("{sign} {}", self.name)
    }
}

/// The step for people: its title, and a line for each field.
impl Display for Step {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}", self.title())?;
        for (field, Change { from, to }) in &self.changes {
            let (from, to) = (shown(field, from), shown(field, to));
            match self.action {
                Action::Create => write!(formatter, "\n    {field}: {to}")?,
                Action::Update | Action::Delete => write!(formatter, "\n    {field}: {from} -> {to}")?,
            }
        }
        Ok(())
    }
}

fn shown(field: &str, value: &Value) -> String {
    match value {
        Value::Array(texts) => texts.iter().map(|text| shown(field, text)).collect::<Vec<_>>().join(", "),
        Value::String(text) => text.escape_debug().to_string(),
        Value::Null if field == "types" => "all".to_owned(),
        Value::Null => "none".to_owned(),
        value => value.to_string(),
    }
}

/// Whether it is a service account with the rights of a platform admin, which only a super admin's session may touch.
fn is_platform_service(object: &Object) -> bool {
    serde_json::to_value(AccountType::PlatformService).is_ok_and(|text| object.fields.get("type") == Some(&text))
}
