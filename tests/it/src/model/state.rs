//! The state that users can see: without what was deleted, with invitations expired by the clock.

use std::collections::{BTreeMap, BTreeSet};

use rollcall_domain::{
    Timestamp,
    account::AccountType,
    id::{AppId, InvitationId, TeamId, UserId},
    invitation::InvitationStatus,
    permission::{Permission, UserType},
    role_id::RoleId,
    user::Status,
};

use crate::support::consistency::Items;

pub type Permissions = BTreeSet<Permission>;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct State {
    pub now: Timestamp,
    pub users: BTreeMap<UserId, UserState>,
    pub teams: BTreeMap<TeamId, TeamState>,
    pub invitations: BTreeMap<InvitationId, InvitationState>,
    pub apps: BTreeMap<AppId, AppState>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserState {
    pub login: String,
    pub user_type: UserType,
    pub is_enabled: bool,
    pub epoch: u32,
    pub has_verified_email: bool,
    pub must_change_password: bool,
    pub teams: BTreeMap<TeamId, RoleId>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TeamState {
    pub name: String,
    /// The custom roles.
    pub roles: BTreeMap<RoleId, Permissions>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvitationState {
    pub team_id: TeamId,
    pub role_id: RoleId,
    /// The permissions of the role when the invitation was issued.
    pub allowed: Permissions,
    pub login: Option<String>,
    pub issuer: UserId,
    pub status: InvitationStatus,
    pub expires_at: Timestamp,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AppState {
    pub team_id: Option<TeamId>,
    /// Whether each account is an admin.
    pub accounts: BTreeMap<String, bool>,
}

impl UserState {
    /// A user whom somebody else has just created.
    pub fn create(login: &str, user_type: UserType, teams: BTreeMap<TeamId, RoleId>) -> Self {
        let login = login.to_owned();
        Self {
            login,
            user_type,
            is_enabled: true,
            epoch: 0,
            has_verified_email: false,
            must_change_password: true,
            teams,
        }
    }

    pub fn is_enabled_super_admin(&self) -> bool {
        self.is_enabled && self.user_type == UserType::SuperAdmin
    }
}

impl AppState {
    pub fn admins(&self) -> usize {
        self.accounts.values().filter(|is_admin| **is_admin).count()
    }
}

impl State {
    /// The state that the table holds.
    pub fn read(items: &Items, now: Timestamp) -> Self {
        let mut state = Self {
            now,
            users: BTreeMap::new(),
            teams: BTreeMap::new(),
            invitations: BTreeMap::new(),
            apps: BTreeMap::new(),
        };
        for team in items.living() {
            let roles = items.roles.iter().filter(|(team_id, _)| *team_id == team.team_id);
            let roles = roles.map(|(_, role)| (role.role_id, role.permissions.clone())).collect();
            state.teams.insert(team.team_id, TeamState { name: team.name.to_string(), roles });
        }
        for user in &items.users {
            let teams = user.teams.stored().filter(|(team_id, _)| state.teams.contains_key(team_id));
            let teams = teams.map(|(team_id, held)| (team_id, held.role_id)).collect();
            let state_of_user = UserState {
                login: user.login.to_string(),
                user_type: user.user_type,
                is_enabled: user.status == Status::Enabled,
                epoch: user.epoch,
                has_verified_email: user.verified_email().is_some(),
                must_change_password: user.password_change_required,
                teams,
            };
            state.users.insert(user.user_id, state_of_user);
        }
        for it in items.invitations.iter().filter(|it| state.teams.contains_key(&it.team_id)) {
            let invitation = InvitationState {
                team_id: it.team_id,
                role_id: it.role.role_id,
                allowed: it.role.permissions.clone(),
                login: it.login.as_ref().map(ToString::to_string),
                issuer: it.issued_by.user_id,
                status: it.status_at(now),
                expires_at: it.expires_at,
            };
            state.invitations.insert(it.invitation_id, invitation);
        }
        for app in items.apps.iter().filter(|app| app.deleting_at.is_none()) {
            let accounts = items.accounts.iter().filter(|(app_id, _)| *app_id == app.app_id);
            let is_admin = |it: &rollcall_domain::account::Account| it.account_type == AccountType::Admin;
            let accounts = accounts.map(|(_, account)| (account.user_id.to_string(), is_admin(account))).collect();
            state.apps.insert(app.app_id, AppState { team_id: app.team_id, accounts });
        }
        state
    }

    /// Ends the live invitations of a team that are bound to a login, once it has joined.
    pub fn end_bound(&mut self, team_id: TeamId, login: &str) {
        let of_team = self.invitations.values_mut().filter(|invitation| invitation.team_id == team_id);
        let bound = of_team.filter(|invitation| invitation.login.as_deref() == Some(login));
        for invitation in bound.filter(|invitation| invitation.status == InvitationStatus::Live) {
            invitation.status = InvitationStatus::Revoked;
        }
    }

    /// The user with this login.
    pub fn named(&self, login: &str) -> Option<(UserId, &UserState)> {
        self.users.iter().find(|(_, user)| user.login == login).map(|(user_id, user)| (*user_id, user))
    }

    /// The permissions of a role, if the team has it.
    pub fn role(&self, team_id: TeamId, role_id: RoleId) -> Option<Permissions> {
        match role_id {
            RoleId::Preset(preset) => Some(preset.permissions()),
            RoleId::Custom(_) => self.teams.get(&team_id)?.roles.get(&role_id).cloned(),
        }
    }

    pub fn members(&self, team_id: TeamId) -> impl Iterator<Item = (UserId, RoleId)> {
        self.users.iter().filter_map(move |(user_id, user)| Some((*user_id, *user.teams.get(&team_id)?)))
    }

    pub fn has_name(&self, name: &str) -> bool {
        self.teams.values().any(|team| team.name == name)
    }

    /// Whether a member has a role, or a live invitation gives it.
    pub fn is_used(&self, team_id: TeamId, role_id: RoleId) -> bool {
        let is_live = |invitation: &&InvitationState| {
            invitation.status == InvitationStatus::Live && invitation.team_id == team_id
        };
        self.members(team_id).any(|(_, held)| held == role_id)
            || self.invitations.values().filter(is_live).any(|invitation| invitation.role_id == role_id)
    }

    /// Removes a team with its memberships and invitations.
    pub fn remove_team(&mut self, team_id: TeamId) {
        self.teams.remove(&team_id);
        for user in self.users.values_mut() {
            user.teams.remove(&team_id);
        }
        self.invitations.retain(|_, invitation| invitation.team_id != team_id);
    }

    /// Moves the clock on and expires invitations.
    pub fn wait(&mut self, by: std::time::Duration) {
        self.now = self.now + by;
        for invitation in self.invitations.values_mut() {
            if invitation.status == InvitationStatus::Live && self.now >= invitation.expires_at {
                invitation.status = InvitationStatus::Expired;
            }
        }
    }
}
