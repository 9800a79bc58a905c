//! What there is, as everybody sees it: without what was deleted, and with the clock's word on invitations.

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
    pub users: BTreeMap<UserId, Person>,
    pub teams: BTreeMap<TeamId, Squad>,
    pub invitations: BTreeMap<InvitationId, Offer>,
    pub apps: BTreeMap<AppId, Directory>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    pub login: String,
    pub user_type: UserType,
    pub is_enabled: bool,
    pub epoch: u32,
    pub is_proved: bool,
    pub must_change_password: bool,
    pub teams: BTreeMap<TeamId, RoleId>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Squad {
    pub name: String,
    /// The custom ones.
    pub roles: BTreeMap<RoleId, Permissions>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offer {
    pub team_id: TeamId,
    pub role_id: RoleId,
    /// What the role allowed at issue.
    pub allowed: Permissions,
    pub login: Option<String>,
    pub issuer: UserId,
    pub status: InvitationStatus,
    pub expires_at: Timestamp,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Directory {
    pub team_id: Option<TeamId>,
    /// Whether each account is an admin.
    pub accounts: BTreeMap<String, bool>,
}

impl Person {
    /// Somebody whom somebody else has just created.
    pub fn create(login: &str, user_type: UserType, teams: BTreeMap<TeamId, RoleId>) -> Self {
        let login = login.to_owned();
        Self { login, user_type, is_enabled: true, epoch: 0, is_proved: false, must_change_password: true, teams }
    }

    pub fn is_enabled_super_admin(&self) -> bool {
        self.is_enabled && self.user_type == UserType::SuperAdmin
    }
}

impl Directory {
    pub fn admins(&self) -> usize {
        self.accounts.values().filter(|is_admin| **is_admin).count()
    }
}

impl State {
    /// What a table says there is by now.
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
            state.teams.insert(team.team_id, Squad { name: team.name.to_string(), roles });
        }
        for user in &items.users {
            let mut teams = user.teams.clone();
            teams.retain(|team_id, _| state.teams.contains_key(team_id));
            let person = Person {
                login: user.login.to_string(),
                user_type: user.user_type,
                is_enabled: user.status == Status::Enabled,
                epoch: user.epoch,
                is_proved: user.verified_email().is_some(),
                must_change_password: user.password_change_required,
                teams,
            };
            state.users.insert(user.user_id, person);
        }
        for it in items.invitations.iter().filter(|it| state.teams.contains_key(&it.team_id)) {
            let offer = Offer {
                team_id: it.team_id,
                role_id: it.role.role_id,
                allowed: it.role.permissions.clone(),
                login: it.login.as_ref().map(ToString::to_string),
                issuer: it.issued_by.user_id,
                status: it.status_at(now),
                expires_at: it.expires_at,
            };
            state.invitations.insert(it.invitation_id, offer);
        }
        for app in items.apps.iter().filter(|app| app.deleting_at.is_none()) {
            let accounts = items.accounts.iter().filter(|(app_id, _)| *app_id == app.app_id);
            let is_admin = |it: &rollcall_domain::account::Account| it.account_type == AccountType::Admin;
            let accounts = accounts.map(|(_, account)| (account.user_id.to_string(), is_admin(account))).collect();
            state.apps.insert(app.app_id, Directory { team_id: app.team_id, accounts });
        }
        state
    }

    /// Who has this login.
    pub fn named(&self, login: &str) -> Option<(UserId, &Person)> {
        self.users.iter().find(|(_, person)| person.login == login).map(|(user_id, person)| (*user_id, person))
    }

    /// What a role of a team allows, if the team has it.
    pub fn role(&self, team_id: TeamId, role_id: RoleId) -> Option<Permissions> {
        match role_id {
            RoleId::Preset(preset) => Some(preset.permissions()),
            RoleId::Custom(_) => self.teams.get(&team_id)?.roles.get(&role_id).cloned(),
        }
    }

    pub fn members(&self, team_id: TeamId) -> impl Iterator<Item = (UserId, RoleId)> {
        self.users.iter().filter_map(move |(user_id, person)| Some((*user_id, *person.teams.get(&team_id)?)))
    }

    pub fn has_name(&self, name: &str) -> bool {
        self.teams.values().any(|team| team.name == name)
    }

    /// Whether a member has a role, or a live invitation gives it.
    pub fn is_used(&self, team_id: TeamId, role_id: RoleId) -> bool {
        let is_live = |offer: &&Offer| offer.status == InvitationStatus::Live && offer.team_id == team_id;
        self.members(team_id).any(|(_, held)| held == role_id)
            || self.invitations.values().filter(is_live).any(|offer| offer.role_id == role_id)
    }

    /// The team is gone, and all that is left of it.
    pub fn bury(&mut self, team_id: TeamId) {
        self.teams.remove(&team_id);
        for person in self.users.values_mut() {
            person.teams.remove(&team_id);
        }
        self.invitations.retain(|_, offer| offer.team_id != team_id);
    }

    /// The clock moves on, and ends what runs out.
    pub fn wait(&mut self, by: std::time::Duration) {
        self.now = self.now + by;
        for offer in self.invitations.values_mut() {
            if offer.status == InvitationStatus::Live && self.now >= offer.expires_at {
                offer.status = InvitationStatus::Expired;
            }
        }
    }
}
