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
    state::{Permissions, Person, Squad},
};

impl Attempt<'_> {
    pub(super) fn act_on_teams(self, operation: &Operation, made: &str) -> Outcome {
        let mut after = self.state.clone();
        match operation {
            Operation::CreateTeam { name, admin } => {
                if !self.is_admin() {
                    return Err(Code::Forbidden);
                }
                let team = TeamId::parse(made).unwrap();
                if let Some(admin) = admin {
                    let person = after.users.get_mut(admin).ok_or(Code::ValidationFailed)?;
                    self.state.check_may_join(*admin, team)?;
                    person.teams.insert(team, Preset::Admin.into());
                }
                if self.state.has_name(name) {
                    return Err(Code::TeamNameTaken);
                }
                after.teams.insert(team, Squad { name: name.clone(), roles: BTreeMap::new() });
            }
            Operation::RenameTeam { team, name } => {
                self.permit(Permission::TeamEdit, *team)?;
                let squad = after.teams.get_mut(team).unwrap();
                if squad.name != *name && self.state.has_name(name) {
                    return Err(Code::TeamNameTaken);
                }
                squad.name.clone_from(name);
            }
            Operation::DeleteTeam { team } => {
                self.permit(Permission::TeamRead, *team)?;
                if !self.is_admin() {
                    return Err(Code::Forbidden);
                }
                if self.state.apps.values().any(|app| app.team_id == Some(*team)) {
                    return Err(Code::TeamNotEmpty);
                }
                after.bury(*team);
            }
            _ => unreachable!("{operation:?} is about something else"),
        }
        Ok(after)
    }

    pub(super) fn act_on_members(self, operation: &Operation, made: &str) -> Outcome {
        let mut after = self.state.clone();
        match operation {
            Operation::Add { team, user, role } => {
                self.permit(Permission::MembersManage, *team)?;
                self.check_named(*team, *role)?;
                let person = after.users.get_mut(user).ok_or(Code::ValidationFailed)?;
                self.state.check_may_join(*user, *team)?;
                person.teams.insert(*team, *role);
            }
            Operation::AddNew { team, login, role } => {
                self.permit(Permission::MembersManage, *team)?;
                self.check_named(*team, *role)?;
                if self.state.named(login).is_some() {
                    return Err(Code::LoginTaken);
                }
                let person = Person::create(login, UserType::Member, [(*team, *role)].into());
                after.users.insert(UserId::parse(made).unwrap(), person);
            }
            Operation::Move { team, user, role } => {
                self.permit(Permission::TeamRead, *team)?;
                let old = self.held(*team, *user).ok_or(Code::NotFound)?;
                self.permit(Permission::MembersManage, *team)?;
                if *user == self.user {
                    return Err(Code::Forbidden);
                }
                self.check_named(*team, old)?;
                self.check_named(*team, *role)?;
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
                let role = self.held(*team, *user).ok_or(Code::NotFound)?;
                if !is_own {
                    self.permit(Permission::MembersManage, *team)?;
                    self.check_named(*team, role)?;
                }
                self.check_last_admin(*team, role)?;
                after.users.get_mut(user).unwrap().teams.remove(team);
            }
            _ => unreachable!("{operation:?} is about something else"),
        }
        Ok(after)
    }

    pub(super) fn act_on_roles(self, operation: &Operation, made: &str) -> Outcome {
        let mut after = self.state.clone();
        match operation {
            Operation::CreateRole { team, permissions } => {
                self.permit(Permission::RolesManage, *team)?;
                let role = RoleId::Custom(CustomRoleId::parse(made).unwrap());
                self.check_shape(*team, role, permissions)?;
                after.teams.get_mut(team).unwrap().roles.insert(role, permissions.clone());
            }
            Operation::EditRole { team, role, permissions } => {
                self.check_custom(*team, *role)?;
                self.check_shape(*team, *role, permissions)?;
                after.teams.get_mut(team).unwrap().roles.insert(*role, permissions.clone());
            }
            Operation::DeleteRole { team, role } => {
                self.check_custom(*team, *role)?;
                if self.state.is_used(*team, *role) {
                    return Err(Code::RoleInUse);
                }
                after.teams.get_mut(team).unwrap().roles.remove(role);
            }
            _ => unreachable!("{operation:?} is about something else"),
        }
        Ok(after)
    }

    fn held(self, team: TeamId, user: UserId) -> Option<RoleId> {
        self.state.users.get(&user)?.teams.get(&team).copied()
    }

    fn check_last_admin(self, team: TeamId, role: RoleId) -> Result<(), Code> {
        let admins = self.state.members(team).filter(|(_, role)| role.is_admin()).count();
        if role.is_admin() && admins == 1 && !self.is_admin() { Err(Code::LastTeamAdmin) } else { Ok(()) }
    }

    fn check_custom(self, team: TeamId, role: RoleId) -> Result<(), Code> {
        self.permit(Permission::TeamRead, team)?;
        let allowed = self.state.role(team, role).ok_or(Code::NotFound)?;
        self.check_shape(team, role, &allowed)?;
        if role.custom().is_some() { Ok(()) } else { Err(Code::Forbidden) }
    }

    fn check_shape(self, team: TeamId, role: RoleId, allowed: &Permissions) -> Result<(), Code> {
        let is_own = self.person.teams.get(&team) == Some(&role);
        let may = self.may(Permission::RolesManage, Some(team)) && self.reaches(team, role, allowed);
        if may && !is_own { Ok(()) } else { Err(Code::Forbidden) }
    }
}
