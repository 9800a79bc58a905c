//! The expected outcome of an operation without concurrent ones: a second, simpler implementation of the rules.

mod apps;
mod invitations;
mod teams;
mod users;

use rollcall_domain::{
    Code, Timestamp,
    id::{TeamId, UserId},
    permission::{Permission, Preset},
    role_id::RoleId,
};

use super::{
    operation::Operation,
    state::{Permissions, Person, State},
};

/// Sessions are over after this at the latest, if nothing is done by them. No operation waits for a part of it.
const SESSION: std::time::Duration = std::time::Duration::from_mins(15);

/// Who does something, by a session that began as this.
#[derive(Clone, Copy, Debug)]
pub struct Actor {
    pub user: Option<UserId>,
    pub epoch: u32,
    pub since: Timestamp,
}

/// What comes of it: how things are then, or why they stay as they are.
pub type Outcome = Result<State, Code>;

/// Somebody who does something, and how things are.
#[derive(Clone, Copy)]
struct Attempt<'a> {
    state: &'a State,
    user: UserId,
    person: &'a Person,
}

impl State {
    /// What comes of an operation. What it makes has the id `made`.
    pub fn after(&self, actor: &Actor, operation: &Operation, made: &str) -> Outcome {
        if let Operation::Wait { by } = operation {
            let mut after = self.clone();
            after.wait(*by);
            return Ok(after);
        }
        if *operation == Operation::CleanUp {
            return Ok(self.clone());
        }
        let user = actor.user.ok_or(Code::Unauthenticated)?;
        let person = self.users.get(&user).filter(|person| person.is_enabled && person.epoch == actor.epoch);
        let person = person.filter(|_| self.now < actor.since + SESSION).ok_or(Code::Unauthenticated)?;
        if person.must_change_password {
            return Err(Code::PasswordChangeRequired);
        }
        Attempt { state: self, user, person }.act(operation, made)
    }
}

impl Attempt<'_> {
    fn act(self, operation: &Operation, made: &str) -> Outcome {
        match operation {
            Operation::CreateUser { .. }
            | Operation::SetStatus { .. }
            | Operation::SetType { .. }
            | Operation::DeleteUser { .. } => self.act_on_users(operation, made),
            Operation::CreateTeam { .. } | Operation::RenameTeam { .. } | Operation::DeleteTeam { .. } => {
                self.act_on_teams(operation, made)
            }
            Operation::Add { .. } | Operation::AddNew { .. } | Operation::Move { .. } | Operation::Remove { .. } => {
                self.act_on_members(operation, made)
            }
            Operation::CreateRole { .. } | Operation::EditRole { .. } | Operation::DeleteRole { .. } => {
                self.act_on_roles(operation, made)
            }
            Operation::Issue { .. }
            | Operation::Reissue { .. }
            | Operation::Revoke { .. }
            | Operation::Redeem { .. } => self.act_on_invitations(operation, made),
            Operation::CreateApp { .. }
            | Operation::MoveApp { .. }
            | Operation::DeleteApp { .. }
            | Operation::CreateAdmin { .. }
            | Operation::TurnAdmin { .. } => self.act_on_apps(operation, made),
            Operation::Wait { .. } | Operation::CleanUp => Ok(self.state.clone()),
        }
    }

    fn is_admin(self) -> bool {
        self.person.user_type.is_admin()
    }

    /// Whether somebody may do this in a team, by its rank or by its role.
    fn may(self, permission: Permission, team_id: Option<TeamId>) -> bool {
        let held = team_id.and_then(|team_id| Some((team_id, *self.person.teams.get(&team_id)?)));
        let allowed = held.and_then(|(team_id, role_id)| self.state.role(team_id, role_id));
        self.is_admin() || allowed.is_some_and(|allowed| allowed.contains(&permission))
    }

    /// The team is there for somebody, and it may do this in it.
    fn permit(self, permission: Permission, team_id: TeamId) -> Result<(), Code> {
        if !self.may(Permission::TeamRead, Some(team_id)) || !self.state.teams.contains_key(&team_id) {
            return Err(Code::NotFound);
        }
        if self.may(permission, Some(team_id)) { Ok(()) } else { Err(Code::Forbidden) }
    }

    /// The table of who may grant what, beside the permission to grant at all.
    fn reaches(self, team_id: TeamId, role_id: RoleId, allowed: &Permissions) -> bool {
        let Some(held) = self.person.teams.get(&team_id) else { return self.is_admin() };
        let own = self.state.role(team_id, *held).unwrap_or_default();
        let beyond: Permissions = allowed.difference(&own).copied().collect();
        let manages = [Permission::MembersManage, Permission::RolesManage].iter().any(|one| allowed.contains(one));
        let mut presets = [Preset::SeniorDeveloper, Preset::Developer, Preset::Operator, Preset::Reviewer].iter();
        let is_within = beyond.is_empty() || (!manages && presets.any(|one| beyond.is_subset(&one.permissions())));
        held.is_admin() || (!role_id.is_admin() && is_within)
    }

    fn may_grant(self, team_id: TeamId, role_id: RoleId, allowed: &Permissions) -> bool {
        self.may(Permission::MembersManage, Some(team_id)) && self.reaches(team_id, role_id, allowed)
    }

    /// A role that a body names must be there, and must be the caller's to give.
    fn check_named(self, team_id: TeamId, role_id: RoleId) -> Result<(), Code> {
        let allowed = self.state.role(team_id, role_id).ok_or(Code::ValidationFailed)?;
        if self.may_grant(team_id, role_id, &allowed) { Ok(()) } else { Err(Code::Forbidden) }
    }
}
