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
    state::{Permissions, State, UserState},
};

/// The idle lifetime of a session. `Operation::Wait` waits either a minute or more than a day.
const SESSION_IDLE: std::time::Duration = std::time::Duration::from_mins(15);

/// The caller of an operation and their session: the epoch it belongs to and its start.
#[derive(Clone, Copy, Debug)]
pub struct CallerSession {
    pub user: Option<UserId>,
    pub epoch: u32,
    pub signed_in_at: Timestamp,
}

/// The state after the operation, or the code of its refusal.
pub type Outcome = Result<State, Code>;

/// A caller and the state in which they try an operation.
#[derive(Clone, Copy)]
struct Attempt<'a> {
    state: &'a State,
    user: UserId,
    person: &'a UserState,
}

impl State {
    /// The outcome of an operation in this state. `new_id` is the id of what the operation creates.
    pub fn after(&self, actor: &CallerSession, operation: &Operation, new_id: &str) -> Outcome {
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
        let person = person.filter(|_| self.now < actor.signed_in_at + SESSION_IDLE).ok_or(Code::Unauthenticated)?;
        if person.must_change_password {
            return Err(Code::PasswordChangeRequired);
        }
        Attempt { state: self, user, person }.outcome(operation, new_id)
    }
}

impl Attempt<'_> {
    fn outcome(self, operation: &Operation, new_id: &str) -> Outcome {
        match operation {
            Operation::CreateUser { .. }
            | Operation::SetStatus { .. }
            | Operation::SetType { .. }
            | Operation::DeleteUser { .. } => self.user_outcome(operation, new_id),
            Operation::CreateTeam { .. } | Operation::RenameTeam { .. } | Operation::DeleteTeam { .. } => {
                self.team_outcome(operation, new_id)
            }
            Operation::Add { .. } | Operation::AddNew { .. } | Operation::Move { .. } | Operation::Remove { .. } => {
                self.member_outcome(operation, new_id)
            }
            Operation::CreateRole { .. } | Operation::EditRole { .. } | Operation::DeleteRole { .. } => {
                self.role_outcome(operation, new_id)
            }
            Operation::Issue { .. }
            | Operation::Reissue { .. }
            | Operation::Revoke { .. }
            | Operation::Redeem { .. } => self.invitation_outcome(operation, new_id),
            Operation::CreateApp { .. }
            | Operation::MoveApp { .. }
            | Operation::DeleteApp { .. }
            | Operation::CreateAdmin { .. }
            | Operation::SetAdmin { .. } => self.app_outcome(operation, new_id),
            Operation::Wait { .. } | Operation::CleanUp => Ok(self.state.clone()),
        }
    }

    fn is_admin(self) -> bool {
        self.person.user_type.is_admin()
    }

    /// Whether the caller has a permission in a team, by their user type or by their role.
    fn may(self, permission: Permission, team_id: Option<TeamId>) -> bool {
        let held = team_id.and_then(|team_id| Some((team_id, *self.person.teams.get(&team_id)?)));
        let allowed = held.and_then(|(team_id, role_id)| self.state.role(team_id, role_id));
        self.is_admin() || allowed.is_some_and(|allowed| allowed.contains(&permission))
    }

    /// The caller may see the team and has the permission in it.
    fn permit(self, permission: Permission, team_id: TeamId) -> Result<(), Code> {
        if !self.may(Permission::TeamRead, Some(team_id)) || !self.state.teams.contains_key(&team_id) {
            return Err(Code::NotFound);
        }
        if self.may(permission, Some(team_id)) { Ok(()) } else { Err(Code::Forbidden) }
    }

    /// Whether a role lies within what the caller may grant, once they hold the permission to grant at all.
    fn is_within_grant_bound(self, team_id: TeamId, role_id: RoleId, allowed: &Permissions) -> bool {
        let Some(held) = self.person.teams.get(&team_id) else { return self.is_admin() };
        let own = self.state.role(team_id, *held).unwrap_or_default();
        let beyond: Permissions = allowed.difference(&own).copied().collect();
        let manages = [Permission::MembersManage, Permission::RolesManage].iter().any(|one| allowed.contains(one));
        let mut presets = [Preset::SeniorDeveloper, Preset::Developer, Preset::Operator, Preset::Reviewer].iter();
        let is_within = beyond.is_empty() || (!manages && presets.any(|one| beyond.is_subset(&one.permissions())));
        held.is_admin() || (!role_id.is_admin() && is_within)
    }

    fn may_grant(self, team_id: TeamId, role_id: RoleId, allowed: &Permissions) -> bool {
        self.may(Permission::MembersManage, Some(team_id)) && self.is_within_grant_bound(team_id, role_id, allowed)
    }

    /// A role named in a body must exist, and the caller must be allowed to grant it.
    fn check_role_in_body(self, team_id: TeamId, role_id: RoleId) -> Result<(), Code> {
        let allowed = self.state.role(team_id, role_id).ok_or(Code::ValidationFailed)?;
        if self.may_grant(team_id, role_id, &allowed) { Ok(()) } else { Err(Code::Forbidden) }
    }
}
