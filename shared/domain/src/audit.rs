//! What is remembered of every change: who, from where, what, on what, before and after.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

use crate::{
    id::{AppId, AuditId, TeamId, UserId},
    text::Login,
    time::Timestamp,
};

/// Declares the actions that are audited, by their `noun.verb` on the wire.
macro_rules! actions {
    ($($action:ident $name:tt $doc:literal;)*) => {
        /// A kind of change, as `noun.verb`.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
        pub enum Action {
            $(#[doc = $doc] #[serde(rename = $name)] $action,)*
        }
    };
}

#[rustfmt::skip]
actions! {
    AppCreate          "app.create"           "An application was created.";
    AppEdit            "app.edit"             "An application was renamed or moved.";
    AppDelete          "app.delete"           "An application was deleted; its tombstone is revertible for a minute.";
    AppRestore         "app.restore"          "A deletion was reverted, since an account had slipped in.";
    AppLock            "app.lock"             "The deletion lock was put back.";
    AppUnlock          "app.unlock"           "The deletion lock was lifted.";
    AccountCreate      "account.create"       "An account was created.";
    AccountEdit        "account.edit"         "An account's profile was edited.";
    AccountDelete      "account.delete"       "Accounts were deleted.";
    AccountSetAdmin    "account.set_admin"    "An account became an admin.";
    AccountCancelAdmin "account.cancel_admin" "An account is no longer an admin.";
    UserRegister       "user.register"        "Somebody registered.";
    UserCreate         "user.create"          "A user was created.";
    UserEdit           "user.edit"            "A user's name, type, status or address was changed.";
    UserDelete         "user.delete"          "A user was deleted.";
    UserSetPassword    "user.set_password"    "A password was changed, or reset by mail.";
    UserSetEmail       "user.set_email"       "A user proved an address.";
    UserUnbindEmail    "user.unbind_email"    "An address was taken off a user.";
    UserBindTotp       "user.bind_totp"       "A second factor was bound.";
    UserUnbindTotp     "user.unbind_totp"     "A second factor was taken off.";
    UserEndSessions    "user.end_sessions"    "Sessions of a user were ended.";
    UserBreakGlass     "user.break_glass"     "The super admin's password was reset by invocation.";
}

/// Who changed something; the system itself has no actor.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Actor {
    /// The user's key.
    pub user_id: UserId,
    /// What it signs in with.
    pub login: Login,
}

/// A kind of thing that changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// An application.
    App,
    /// An account of an application.
    Account,
    /// A console user.
    User,
}

/// What was changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Target {
    /// What kind of thing it is.
    pub kind: Kind,
    /// Its id: an account's `user_id`, everything else's UUID.
    pub id: String,
    /// The application of an account, without which its id says nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub app_id: Option<AppId>,
}

impl Target {
    /// An application.
    pub fn app(app_id: AppId) -> Self {
        Self { kind: Kind::App, id: app_id.to_string(), app_id: None }
    }

    /// An account of an application.
    pub fn account(app_id: AppId, user_id: &impl ToString) -> Self {
        Self { kind: Kind::Account, id: user_id.to_string(), app_id: Some(app_id) }
    }

    /// A console user.
    pub fn user(user_id: UserId) -> Self {
        Self { kind: Kind::User, id: user_id.to_string(), app_id: None }
    }
}

/// One change of one thing, before it is known who made it and when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// What was done.
    pub action: Action,
    /// To what.
    pub target: Target,
    /// Whose thing it is; the platform's where none.
    pub team_id: Option<TeamId>,
    /// The changed fields as they were; null for something new.
    pub before: Value,
    /// The changed fields as they are; null for something gone.
    pub after: Value,
}

impl Change {
    /// The change from one state of a thing to another, reduced to the fields that differ.
    ///
    /// `updated_at` and `version` always differ and say nothing the record does not say itself.
    pub fn between<T: Serialize>(
        action: Action,
        target: Target,
        team_id: Option<TeamId>,
        before: Option<&T>,
        after: Option<&T>,
    ) -> Self {
        let (before, after) = (fields_of(before), fields_of(after));
        let differing = |one: &Option<Map<String, Value>>, other: &Option<Map<String, Value>>| {
            one.clone().map_or(Value::Null, |mut fields| {
                fields.retain(|name, value| {
                    let was = other.as_ref().and_then(|other| other.get(name)).unwrap_or(&Value::Null);
                    was != value && !matches!(name.as_str(), "updated_at" | "version")
                });
                Value::Object(fields)
            })
        };
        Self { action, target, team_id, before: differing(&before, &after), after: differing(&after, &before) }
    }
}

/// The fields of a state, or none for a state that is not one.
fn fields_of<T: Serialize>(state: Option<&T>) -> Option<Map<String, Value>> {
    match serde_json::to_value(state?) {
        Ok(Value::Object(fields)) => Some(fields),
        Ok(_) | Err(_) => None,
    }
}

/// The record of a change, as stored and as shown. It never holds a secret: the states it compares hold none.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Record {
    /// The record's key.
    pub audit_id: AuditId,
    /// When it happened.
    pub at: Timestamp,
    /// Who did it; null for the system itself.
    pub actor: Option<Actor>,
    /// From which network address.
    #[schema(value_type = Option<String>)]
    pub address: Option<IpAddr>,
    /// What was done.
    pub action: Action,
    /// To what.
    pub target: Target,
    /// Whose thing it is.
    pub team_id: Option<TeamId>,
    /// The changed fields as they were.
    pub before: Value,
    /// The changed fields as they are.
    pub after: Value,
    /// The `X-Request-Id` of the reply.
    pub request_id: String,
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn change(before: Option<&Value>, after: Option<&Value>) -> (Value, Value) {
        let app = AppId::from_bytes([7; 16]);
        let change = Change::between(Action::AccountEdit, Target::account(app, &"mina"), None, before, after);
        (change.before, change.after)
    }

    #[test]
    fn only_what_differs_is_recorded() {
        let before = json!({"nickname": "Mina", "level": 1, "location": null, "version": 1});
        let after = json!({"nickname": "Mina", "level": 2, "location": "Busan", "version": 2});
        let (was, is) = change(Some(&before), Some(&after));
        assert_eq!(was, json!({"level": 1, "location": null}));
        assert_eq!(is, json!({"level": 2, "location": "Busan"}));
    }

    #[test]
    fn something_new_has_no_before_and_something_gone_no_after() {
        let state = json!({"nickname": "Mina", "location": null, "version": 1});
        assert_eq!(change(None, Some(&state)), (Value::Null, json!({"nickname": "Mina"})));
        assert_eq!(change(Some(&state), None), (json!({"nickname": "Mina"}), Value::Null));
    }
}
