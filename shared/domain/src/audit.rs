//! The audit log: who changed what, from where, and the state before and after.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

use crate::{
    choice::choices,
    id::{ApiKeyId, AppId, AuditId, InvitationId, TeamId, UserId, WebhookId},
    role_id::RoleId,
    text::Login,
    time::Timestamp,
};

choices! {
    /// A kind of change, or of access that is recorded like one, as `noun.verb`.
    Action {
        /// An application was created.
        AppCreate "app.create",
        /// An application was renamed or moved.
        AppEdit "app.edit",
        /// An application was deleted. The deletion can be undone for a minute.
        AppDelete "app.delete",
        /// The deletion of an application was undone, because an account had been created during it.
        AppRestore "app.restore",
        /// A deletion lock was turned on.
        AppLock "app.lock",
        /// A deletion lock was turned off.
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
        /// Accounts were created or changed by the rows of a file.
        AccountImport "account.import",
        /// Accounts were exported as a file.
        AccountExport "account.export",
        /// A user signed in.
        UserSignIn "user.sign_in",
        /// A user registered.
        UserRegister "user.register",
        /// A user was created.
        UserCreate "user.create",
        /// A user's name, type, status or address was changed.
        UserEdit "user.edit",
        /// A user was deleted.
        UserDelete "user.delete",
        /// A password was changed, or reset by mail.
        UserSetPassword "user.set_password",
        /// A user verified an email address.
        UserSetEmail "user.set_email",
        /// A user's email address was removed.
        UserUnbindEmail "user.unbind_email",
        /// A second factor was turned on.
        UserBindTotp "user.bind_totp",
        /// A second factor was turned off.
        UserUnbindTotp "user.unbind_totp",
        /// A user's sessions were ended.
        UserEndSessions "user.end_sessions",
        /// The super admin's password was reset by invoking the bootstrap function.
        UserBreakGlass "user.break_glass",
        /// A team was created.
        TeamCreate "team.create",
        /// A team was renamed.
        TeamEdit "team.edit",
        /// A team was deleted.
        TeamDelete "team.delete",
        /// A user became a member of a team.
        MemberAdd "member.add",
        /// A member was given another role, or their membership another end.
        MemberEdit "member.edit",
        /// A member was removed from a team, or their user was deleted or became an admin of the platform.
        MemberRemove "member.remove",
        /// A member left a team.
        MemberLeave "member.leave",
        /// A membership came to its end.
        MemberExpire "member.expire",
        /// A custom role was created.
        RoleCreate "role.create",
        /// A custom role was edited.
        RoleEdit "role.edit",
        /// A custom role was deleted.
        RoleDelete "role.delete",
        /// An invitation was issued.
        InvitationIssue "invitation.issue",
        /// An invitation was revoked and issued again.
        InvitationReissue "invitation.reissue",
        /// An invitation was revoked.
        InvitationRevoke "invitation.revoke",
        /// A user joined a team with an invitation.
        InvitationRedeem "invitation.redeem",
        /// An invitation expired.
        InvitationExpire "invitation.expire",
        /// A webhook was created.
        WebhookCreate "webhook.create",
        /// A webhook was edited.
        WebhookEdit "webhook.edit",
        /// A webhook was deleted.
        WebhookDelete "webhook.delete",
        /// A webhook was given a new secret.
        WebhookRotate "webhook.rotate",
        /// A webhook is sent events again.
        WebhookResend "webhook.resend",
        /// A webhook was paused, because it did not accept an event for three days, or answered 410.
        WebhookPause "webhook.pause",
        /// A test of one webhook. It is sent at once, and the log has no record of it.
        WebhookTest "webhook.test",
        /// An API key was created.
        KeyCreate "key.create",
        /// An API key was renamed.
        KeyEdit "key.edit",
        /// An API key got a new secret.
        KeyRotate "key.rotate",
        /// An API key was revoked, or ended with a change of its owner's role.
        KeyRevoke "key.revoke",
    }
}

/// The user who made a change. A change by the system has none.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AuditActor {
    /// Identifies the user.
    pub user_id: UserId,
    /// The user's login at that time.
    pub login: Login,
    /// The API key of the request; absent if it had none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key_id: Option<ApiKeyId>,
}

/// The kind of object that was changed.
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
    /// A webhook.
    Webhook,
    /// An API key.
    Key,
}

/// The object that was changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Target {
    /// Its kind.
    pub kind: TargetKind,
    /// Its id: an account's `user_id`, the name of a preset role, or a UUID.
    pub id: String,
    /// The application of an account. An account's id is unique only there.
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

    /// An API key.
    pub fn key(key_id: ApiKeyId) -> Self {
        Self { kind: TargetKind::Key, id: key_id.to_string(), app_id: None }
    }

    /// An invitation into a team.
    pub fn invitation(invitation_id: InvitationId) -> Self {
        Self { kind: TargetKind::Invitation, id: invitation_id.to_string(), app_id: None }
    }

    /// A webhook.
    pub fn webhook(webhook_id: WebhookId) -> Self {
        Self { kind: TargetKind::Webhook, id: webhook_id.to_string(), app_id: None }
    }
}

/// A change of one object, without who made it and when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// The kind of change.
    pub action: Action,
    /// The object.
    pub target: Target,
    /// The team that owns the object; `None` if the platform does.
    pub team_id: Option<TeamId>,
    /// The changed fields before the change; null if the object is new.
    pub before: Value,
    /// The changed fields after the change; null if the object was deleted.
    pub after: Value,
}

impl Change {
    /// The change from one state of an object to another: the fields that differ.
    ///
    /// `updated_at` and `version` are left out: they always differ, and the record has its own time.
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

/// The fields of a state; `None` if there is no state.
fn fields_of<T: Serialize>(state: Option<&T>) -> Option<Map<String, Value>> {
    match serde_json::to_value(state?) {
        Ok(Value::Object(fields)) => Some(fields),
        Ok(_) | Err(_) => None,
    }
}

/// The record of a change, as stored and as replies show it. It has no secrets, because the compared states have none.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AuditRecord {
    /// Identifies the record.
    pub audit_id: AuditId,
    /// When the change was made.
    pub at: Timestamp,
    /// The user who made the change; null if the system did.
    #[schema(required)]
    pub actor: Option<AuditActor>,
    /// The network address of the request, of IPv4 or IPv6; null if it is unknown or the system made the change.
    #[schema(value_type = Option<String>, required, max_length = 45, example = "203.0.113.7")]
    pub address: Option<IpAddr>,
    /// The kind of change.
    pub action: Action,
    /// The object.
    pub target: Target,
    /// The team that owns the object; null if the platform does.
    #[schema(required)]
    pub team_id: Option<TeamId>,
    /// The changed fields before the change; null if the object is new.
    #[serde(default)]
    #[schema(required, value_type = Option<Object>)]
    pub before: Value,
    /// The changed fields after the change; null if the object was deleted.
    #[serde(default)]
    #[schema(required, value_type = Option<Object>)]
    pub after: Value,
    /// The `X-Request-Id` of the reply.
    pub request_id: String,
}

impl AuditRecord {
    /// Whether `id` is the changed object, one of the accounts of a batch, or the user who redeemed an invitation.
    pub fn concerns(&self, id: &str) -> bool {
        let batch = |state: &Value| state.get("user_ids").and_then(Value::as_array).cloned().unwrap_or_default();
        let is = |value: &Value| value.as_str() == Some(id);
        self.target.id == id
            || [&self.before, &self.after].into_iter().any(|state| batch(state).iter().any(is))
            || self.after.get("outcomes").is_some_and(|outcomes| outcomes.get(id).is_some())
            || self.after.pointer("/redeemed_by/user_id").is_some_and(is)
    }
}

/// The request that caused a change: what its audit record says about it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RequestOrigin {
    /// The client's address, where it is known.
    pub address: Option<IpAddr>,
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
    fn only_changed_fields_are_recorded() {
        let before = json!({"nickname": "Mina", "level": 1, "location": null, "version": 1});
        let after = json!({"nickname": "Mina", "level": 2, "location": "Busan", "version": 2});
        let (was, is) = change(Some(&before), Some(&after));
        assert_eq!(was, json!({"level": 1, "location": null}));
        assert_eq!(is, json!({"level": 2, "location": "Busan"}));
    }

    #[test]
    fn a_new_object_has_no_before_and_a_deleted_one_no_after() {
        let state = json!({"nickname": "Mina", "location": null, "version": 1});
        assert_eq!(change(None, Some(&state)), (Value::Null, json!({"nickname": "Mina"})));
        assert_eq!(change(Some(&state), None), (json!({"nickname": "Mina"}), Value::Null));
    }
}
