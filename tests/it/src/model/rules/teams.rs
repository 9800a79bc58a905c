//! Teams, their members and their roles.

use std::collections::BTreeMap;

use rollcall_domain::{
    Code,
    id::{CustomRoleId, TeamId, UserId},
    permission::{Permission, Preset, UserType},
    role_id::RoleId,
};

use super::{Attempt, Outcome};
use crate::model::{
    operation::Operation,
    state::{Permissions, TeamState, UserState},
};

impl Attempt<'_> {
    pub(super) fn team_outcome(self, operation: &Operation, new_id: &str) -> Outcome {
        let mut after = self.state.clone();
        match operation {
            Operation::CreateTeam { name, admin } => {
                if !self.is_admin() {
                    return Err(Code::Forbidden);
                }
                let team = TeamId::parse(new_id).unwrap();
                if let Some(admin) = admin {
                    let person = after.users.get_mut(admin).ok_or(Code::ValidationFailed)?;
                    self.state.check_can_join(*admin, team)?;
                    person.teams.insert(team, Preset::Admin.into());
                }
                if self.state.has_name(name) {
                    return Err(Code::TeamNameTaken);
                }
                after.teams.insert(team, TeamState { name: name.clone(), roles: BTreeMap::new() });
            }
            Operation::RenameTeam { team, name } => {
                self.permit(Permission::TeamEdit, *team)?;
                let team_state = after.teams.get_mut(team).unwrap();
                if team_state.name != *name && self.state.has_name(name) {
                    return Err(Code::TeamNameTaken);
                }
                team_state.name.clone_from(name);
            }
            Operation::DeleteTeam { team } => {
                self.permit(Permission::TeamRead, *team)?;
                if !self.is_admin() {
                    return Err(Code::Forbidden);
                }
                if self.state.apps.values().any(|app| app.team_id == Some(*team)) {
                    return Err(Code::TeamNotEmpty);
                }
                after.remove_team(*team);
            }
            _ => unreachable!("{operation:?} is about something else"),
        }
        Ok(after)
    }

    pub(super) fn member_outcome(self, operation: &Operation, new_id: &str) -> Outcome {
        let mut after = self.state.clone();
        match operation {
            Operation::Add { team, user, role } => {
                self.permit(Permission::MembersManage, *team)?;
                self.check_role_in_body(*team, *role)?;
                let person = after.users.get_mut(user).ok_or(Code::ValidationFailed)?;
                self.state.check_can_join(*user, *team)?;
                person.teams.insert(*team, *role);
                let login = person.login.clone();
                after.end_bound(*team, &login);
            }
            Operation::AddNew { team, login, role } => {
                self.permit(Permission::MembersManage, *team)?;
                self.check_role_in_body(*team, *role)?;
                if self.state.named(login).is_some() {
                    return Err(Code::LoginTaken);
                }
                let person = UserState::create(login, UserType::Member, [(*team, *role)].into());
                after.users.insert(UserId::parse(new_id).unwrap(), person);
                after.end_bound(*team, login);
            }
            Operation::Move { team, user, role } => {
                self.permit(Permission::TeamRead, *team)?;
                let old = self.role_of(*team, *user).ok_or(Code::NotFound)?;
                self.permit(Permission::MembersManage, *team)?;
                if *user == self.user {
                    return Err(Code::Forbidden);
                }
                self.check_role_in_body(*team, old)?;
                self.check_role_in_body(*team, *role)?;
                if old != *role {
                    self.check_last_admin(*team, old)?;
                }
                after.users.get_mut(user).unwrap().teams.insert(*team, *role);
            }
            Operation::Remove { team, user } => {
                let is_own = *user == self.user;
                if !is_own {
                    self.permit(Permission::TeamRead, *team)?;
                }
                let role = self.role_of(*team, *user).ok_or(Code::NotFound)?;
                if !is_own {
                    self.permit(Permission::MembersManage, *team)?;
                    self.check_role_in_body(*team, role)?;
                }
                self.check_last_admin(*team, role)?;
                after.users.get_mut(user).unwrap().teams.remove(team);
            }
            _ => unreachable!("{operation:?} is about something else"),
        }
        Ok(after)
    }

    pub(super) fn role_outcome(self, operation: &Operation, new_id: &str) -> Outcome {
        let mut after = self.state.clone();
        match operation {
            Operation::CreateRole { team, permissions } => {
                self.permit(Permission::RolesManage, *team)?;
                let role = RoleId::Custom(CustomRoleId::parse(new_id).unwrap());
                self.check_may_change(*team, role, permissions)?;
                after.teams.get_mut(team).unwrap().roles.insert(role, permissions.clone());
            }
            Operation::EditRole { team, role, permissions } => {
                self.check_custom_role(*team, *role)?;
                self.check_may_change(*team, *role, permissions)?;
                after.teams.get_mut(team).unwrap().roles.insert(*role, permissions.clone());
            }
            Operation::DeleteRole { team, role } => {
                self.check_custom_role(*team, *role)?;
                if self.state.is_used(*team, *role) {
                    return Err(Code::RoleInUse);
                }
                after.teams.get_mut(team).unwrap().roles.remove(role);
            }
            _ => unreachable!("{operation:?} is about something else"),
        }
        Ok(after)
    }

    fn role_of(self, team: TeamId, user: UserId) -> Option<RoleId> {
        self.state.users.get(&user)?.teams.get(&team).copied()
    }

    fn check_last_admin(self, team: TeamId, role: RoleId) -> Result<(), Code> {
        let admins = self.state.members(team).filter(|(_, role)| role.is_admin()).count();
        if role.is_admin() && admins == 1 && !self.is_admin() { Err(Code::LastTeamAdmin) } else { Ok(()) }
    }

    fn check_custom_role(self, team: TeamId, role: RoleId) -> Result<(), Code> {
        self.permit(Permission::TeamRead, team)?;
        let allowed = self.state.role(team, role).ok_or(Code::NotFound)?;
        self.check_may_change(team, role, &allowed)?;
        if role.custom().is_some() { Ok(()) } else { Err(Code::Forbidden) }
    }

    fn check_may_change(self, team: TeamId, role: RoleId, allowed: &Permissions) -> Result<(), Code> {
        let is_own = self.person.teams.get(&team) == Some(&role);
        let may = self.may(Permission::RolesManage, Some(team)) && self.is_within_grant_bound(team, role, allowed);
        if may && !is_own { Ok(()) } else { Err(Code::Forbidden) }
    }
}
