//! What is read of the replies that list an installation's objects.

use std::collections::BTreeSet;

use serde::Deserialize;
use serde_json::Value;

use super::file::Moment;

/// The caller.
#[derive(Debug, Deserialize)]
pub(super) struct MeRow {
    pub(super) user: UserRow,
    pub(super) session: Option<Value>,
}

/// A user, as the commands need them.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct UserRow {
    pub(super) user_id: String,
    pub(super) login: String,
    pub(super) username: String,
    #[serde(rename = "type")]
    pub(super) user_type: String,
    pub(super) home_team_id: Option<String>,
    pub(super) version: u64,
}

/// A team.
#[derive(Debug, Deserialize)]
pub(super) struct TeamRow {
    pub(super) team_id: String,
    pub(super) name: String,
    pub(super) version: u64,
}

/// A role of a team.
#[derive(Debug, Deserialize)]
pub(super) struct RoleRow {
    pub(super) role_id: String,
    pub(super) name: String,
    pub(super) preset: bool,
    pub(super) permissions: BTreeSet<String>,
    pub(super) version: u64,
}

/// A member of a team.
#[derive(Debug, Deserialize)]
pub(super) struct MemberRow {
    pub(super) user_id: String,
    pub(super) username: String,
    pub(super) login: String,
    pub(super) role: RoleRow,
    pub(super) expires_at: Option<Moment>,
    pub(super) home_team_id: Option<String>,
    pub(super) version: u64,
}

/// An application.
#[derive(Debug, Deserialize)]
pub(super) struct AppRow {
    pub(super) app_id: String,
    pub(super) name: String,
    pub(super) team_id: Option<String>,
    pub(super) version: u64,
}

/// A webhook.
#[derive(Debug, Deserialize)]
pub(super) struct WebhookRow {
    pub(super) webhook_id: String,
    pub(super) url: String,
    pub(super) types: BTreeSet<String>,
    pub(super) team_id: Option<String>,
    pub(super) description: Option<String>,
    pub(super) version: u64,
}

impl UserRow {
    /// Whether the user is an admin of the platform, or a service account with the same rights.
    pub(super) fn is_admin(&self) -> bool {
        matches!(self.user_type.as_str(), "super_admin" | "platform_admin" | "platform_service")
    }
}
