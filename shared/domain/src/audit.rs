//! What is remembered of every change: who, from where, what, on what, before and after.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

use crate::{
    choice::choices,
    id::{AppId, AuditId, InvitationId, TeamId, UserId},
    role_id::RoleId,
    text::Login,
    time::Timestamp,
};

choices! {
    /// A kind of change, as `noun.verb`.
    Action {
        /// An application was created.
        AppCreate "app.create",
        /// An application was renamed or moved.
        AppEdit "app.edit",
        /// An application was deleted; its tombstone is revertible for a minute.
        AppDelete "app.delete",
        /// A deletion was reverted, since an account had slipped in.
        AppRestore "app.restore",
        /// The deletion lock was put back.
        AppLock "app.lock",
        /// The deletion lock was lifted.
        AppUnlock "app.unlock",
        /// An account was created.
        AccountCreate "account.create",
        /// An account's profile was edited.
        AccountEdit "account.edit",
        /// Accounts were deleted.
        AccountDelete "account.delete",
        /// An account became an admin.
        AccountSetAdmin "account.set_admin",
        /// An account is no longer an admin.
        AccountCancelAdmin "account.cancel_admin",
        /// Somebody registered.
        UserRegister "user.register",
        /// A user was created.
        UserCreate "user.create",
        /// A user's name, type, status or address was changed.
        UserEdit "user.edit",
        /// A user was deleted.
        UserDelete "user.delete",
        /// A password was changed, or reset by mail.
        UserSetPassword "user.set_password",
        /// A user proved an address.
        UserSetEmail "user.set_email",
        /// An address was taken off a user.
        UserUnbindEmail "user.unbind_email",
        /// A second factor was bound.
        UserBindTotp "user.bind_totp",
        /// A second factor was taken off.
        UserUnbindTotp "user.unbind_totp",
        /// Sessions of a user were ended.
        UserEndSessions "user.end_sessions",
        /// The super admin's password was reset by invocation.
        UserBreakGlass "user.break_glass",
        /// A team was created.
        TeamCreate "team.create",
        /// A team was renamed.
        TeamEdit "team.edit",
        /// A team was deleted; its members left it.
        TeamDelete "team.delete",
        /// A user became a member of a team.
        MemberAdd "member.add",
        /// A member was given another role.
        MemberEdit "member.edit",
        /// A member was removed from a team, or its user deleted or promoted.
        MemberRemove "member.remove",
        /// A member left a team.
        MemberLeave "member.leave",
        /// A custom role was created.
        RoleCreate "role.create",
        /// A custom role was edited.
        RoleEdit "role.edit",
        /// A custom role was deleted.
        RoleDelete "role.delete",
        /// An invitation was issued.
        InvitationIssue "invitation.issue",
        /// An invitation was revoked and issued anew.
        InvitationReissue "invitation.reissue",
        /// An invitation was revoked.
        InvitationRevoke "invitation.revoke",
        /// Somebody joined a team by an invitation.
        InvitationRedeem "invitation.redeem",
        /// An invitation ran out.
        InvitationExpire "invitation.expire",
    }
}

/// Who changed something; the system itself has no actor.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AuditActor {
    /// The user's key.
    pub user_id: UserId,
    /// What it signs in with.
    pub login: Login,
}

/// A kind of thing that changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum TargetKind {
    /// An application.
    App,
    /// An account of an application.
    Account,
    /// A console user.
    User,
    /// A team.
    Team,
    /// A user as a member of a team.
    Member,
    /// A custom role of a team.
    Role,
    /// An invitation into a team.
    Invitation,
}

/// What was changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Target {
    /// What kind of thing it is.
    pub kind: TargetKind,
    /// Its id: an account's `user_id`, everything else's UUID.
    pub id: String,
    /// The application of an account, without which its id says nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub app_id: Option<AppId>,
}

impl Target {
    /// An application.
    pub fn app(app_id: AppId) -> Self {
        Self { kind: TargetKind::App, id: app_id.to_string(), app_id: None }
    }

    /// An account of an application.
    pub fn account(app_id: AppId, user_id: &impl ToString) -> Self {
        Self { kind: TargetKind::Account, id: user_id.to_string(), app_id: Some(app_id) }
    }

    /// A console user.
    pub fn user(user_id: UserId) -> Self {
        Self { kind: TargetKind::User, id: user_id.to_string(), app_id: None }
    }

    /// A team.
    pub fn team(team_id: TeamId) -> Self {
        Self { kind: TargetKind::Team, id: team_id.to_string(), app_id: None }
    }

    /// A member of a team.
    pub fn member(user_id: UserId) -> Self {
        Self { kind: TargetKind::Member, id: user_id.to_string(), app_id: None }
    }

    /// A role of a team.
    pub fn role(role_id: RoleId) -> Self {
        Self { kind: TargetKind::Role, id: role_id.to_string(), app_id: None }
    }

    /// An invitation into a team.
    pub fn invitation(invitation_id: InvitationId) -> Self {
        Self { kind: TargetKind::Invitation, id: invitation_id.to_string(), app_id: None }
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
pub struct AuditRecord {
    /// The record's key.
    pub audit_id: AuditId,
    /// When it happened.
    pub at: Timestamp,
    /// Who did it; null for the system itself.
    pub actor: Option<AuditActor>,
    /// From which network address.
    #[schema(value_type = Option<String>)]
    pub address: Option<IpAddr>,
    /// What was done.
    pub action: Action,
    /// To what.
    pub target: Target,
    /// Whose thing it is.
    pub team_id: Option<TeamId>,
    /// The changed fields as they were; null for something new.
    #[serde(default)]
    pub before: Value,
    /// The changed fields as they are; null for something gone.
    #[serde(default)]
    pub after: Value,
    /// The `X-Request-Id` of the reply.
    pub request_id: String,
}

impl AuditRecord {
    /// Whether this is the thing that was changed, one of those that a batch names, or who joined by an invitation.
    pub fn concerns(&self, id: &str) -> bool {
        let batch = || self.before.get("user_ids").and_then(Value::as_array);
        let is = |value: &Value| value.as_str() == Some(id);
        self.target.id == id
            || batch().is_some_and(|ids| ids.iter().any(is))
            || self.after.pointer("/redeemed_by/user_id").is_some_and(is)
    }
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
