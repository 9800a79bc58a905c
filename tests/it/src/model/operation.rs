//! One operation of a user, of the clock or of the cleanup, and its request.

use std::time::Duration;

use axum::http::Method;
use rollcall_domain::{
    id::{AppId, InvitationId, TeamId, UserId},
    permission::UserType,
    role_id::RoleId,
};
use serde_json::{Value, json};

use super::state::Permissions;

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Operation {
    CreateUser {
        login: String,
        user_type: UserType,
    },
    SetStatus {
        user: UserId,
        is_enabled: bool,
    },
    SetType {
        user: UserId,
        user_type: UserType,
    },
    DeleteUser {
        user: UserId,
    },
    CreateTeam {
        name: String,
        admin: Option<UserId>,
    },
    RenameTeam {
        team: TeamId,
        name: String,
    },
    DeleteTeam {
        team: TeamId,
    },
    Add {
        team: TeamId,
        user: UserId,
        role: RoleId,
    },
    AddNew {
        team: TeamId,
        login: String,
        role: RoleId,
    },
    Move {
        team: TeamId,
        user: UserId,
        role: RoleId,
    },
    Remove {
        team: TeamId,
        user: UserId,
    },
    CreateRole {
        team: TeamId,
        permissions: Permissions,
    },
    EditRole {
        team: TeamId,
        role: RoleId,
        permissions: Permissions,
    },
    DeleteRole {
        team: TeamId,
        role: RoleId,
    },
    Issue {
        team: TeamId,
        role: RoleId,
        login: Option<String>,
    },
    Reissue {
        team: TeamId,
        invitation: InvitationId,
    },
    Revoke {
        team: TeamId,
        invitation: InvitationId,
    },
    Redeem {
        invitation: InvitationId,
        code: String,
    },
    CreateApp {
        team: Option<TeamId>,
    },
    MoveApp {
        app: AppId,
        team: Option<TeamId>,
    },
    DeleteApp {
        app: AppId,
    },
    CreateAdmin {
        app: AppId,
        account: String,
    },
    SetAdmin {
        app: AppId,
        account: String,
        is_admin: bool,
    },
    /// The clock moves on. No user is involved.
    Wait {
        by: Duration,
    },
    /// The scheduled cleanup runs. No user is involved.
    CleanUp,
}

impl Operation {
    /// The request, if the operation is a user's.
    pub fn request(&self) -> Option<(Method, String, Value)> {
        let user = |user: &UserId| format!("/v1/users/{user}");
        let team = |team: &TeamId, rest: &str| format!("/v1/teams/{team}{rest}");
        let app = |app: &AppId, rest: &str| format!("/v1/apps/{app}{rest}");
        Some(match self {
            Self::CreateUser { login, user_type } => {
                let body = json!({"username": login, "login": login, "type": user_type, "generate_password": true});
                (Method::POST, "/v1/users".to_owned(), body)
            }
            Self::SetStatus { user: id, is_enabled } => {
                let status = if *is_enabled { "enabled" } else { "disabled" };
                (Method::PATCH, user(id), json!({"status": status}))
            }
            Self::SetType { user: id, user_type } => (Method::PATCH, user(id), json!({"type": user_type})),
            Self::DeleteUser { user: id } => (Method::DELETE, user(id), Value::Null),
            Self::CreateTeam { name, admin } => {
                (Method::POST, "/v1/teams".to_owned(), json!({"name": name, "admin_user_id": admin}))
            }
            Self::RenameTeam { team: id, name } => (Method::PATCH, team(id, ""), json!({"name": name})),
            Self::DeleteTeam { team: id } => (Method::DELETE, team(id, ""), Value::Null),
            Self::Add { team: id, user, role } => {
                (Method::POST, team(id, "/members"), json!({"user_id": user, "role_id": role}))
            }
            Self::AddNew { team: id, login, role } => {
                let new = json!({"username": login, "login": login, "generate_password": true});
                (Method::POST, team(id, "/members"), json!({"new_user": new, "role_id": role}))
            }
            Self::Move { team: id, user, role } => {
                (Method::PATCH, team(id, &format!("/members/{user}")), json!({"role_id": role}))
            }
            Self::Remove { team: id, user } => (Method::DELETE, team(id, &format!("/members/{user}")), Value::Null),
            Self::CreateRole { team: id, permissions } => {
                (Method::POST, team(id, "/roles"), json!({"name": "Some role", "permissions": permissions}))
            }
            Self::EditRole { team: id, role, permissions } => {
                (Method::PATCH, team(id, &format!("/roles/{role}")), json!({"permissions": permissions}))
            }
            Self::DeleteRole { team: id, role } => (Method::DELETE, team(id, &format!("/roles/{role}")), Value::Null),
            Self::Issue { team: id, role, login } => {
                (Method::POST, team(id, "/invitations"), json!({"role_id": role, "login": login}))
            }
            Self::Reissue { team: id, invitation } => {
                (Method::POST, team(id, &format!("/invitations/{invitation}/reissue")), Value::Null)
            }
            Self::Revoke { team: id, invitation } => {
                (Method::DELETE, team(id, &format!("/invitations/{invitation}")), Value::Null)
            }
            Self::Redeem { code, .. } => (Method::POST, "/v1/invitations/redeem".to_owned(), json!({"code": code})),
            Self::CreateApp { team } => (Method::POST, "/v1/apps".to_owned(), json!({"name": "App", "team_id": team})),
            Self::MoveApp { app: id, team } => (Method::PATCH, app(id, ""), json!({"team_id": team})),
            Self::DeleteApp { app: id } => (Method::DELETE, app(id, ""), Value::Null),
            Self::CreateAdmin { app: id, account } => {
                (Method::POST, app(id, "/accounts"), json!({"user_id": account, "type": "admin"}))
            }
            Self::SetAdmin { app: id, account, is_admin } => {
                let method = if *is_admin { Method::PUT } else { Method::DELETE };
                (method, app(id, &format!("/accounts/{account}/admin")), Value::Null)
            }
            Self::Wait { .. } | Self::CleanUp => return None,
        })
    }

    /// The id of what the operation created, as the reply gives it.
    pub fn created_id(&self, reply: &Value) -> Option<String> {
        let id = match self {
            Self::CreateUser { .. } => &reply["user"]["user_id"],
            Self::AddNew { .. } => &reply["member"]["user_id"],
            Self::CreateTeam { .. } => &reply["team_id"],
            Self::CreateRole { .. } => &reply["role_id"],
            Self::Issue { .. } | Self::Reissue { .. } => &reply["invitation"]["invitation_id"],
            Self::CreateApp { .. } => &reply["app_id"],
            _ => return None,
        };
        id.as_str().map(str::to_owned)
    }
}
