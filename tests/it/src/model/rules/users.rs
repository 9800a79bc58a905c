//! Users: who may create, change and delete whom.

use rollcall_domain::{Code, id::UserId, permission::UserType};

use super::{Attempt, Outcome};
use crate::model::{
    operation::Operation,
    state::{State, UserState},
};

impl Attempt<'_> {
    pub(super) fn user_outcome(self, operation: &Operation, new_id: &str) -> Outcome {
        if !self.is_admin() {
            return Err(Code::NotFound);
        }
        let is_super = self.person.user_type == UserType::SuperAdmin;
        let mut after = self.state.clone();
        match operation {
            Operation::CreateUser { login, user_type } => {
                if *user_type == UserType::SuperAdmin && !is_super {
                    return Err(Code::Forbidden);
                }
                if self.state.named(login).is_some() {
                    return Err(Code::LoginTaken);
                }
                after.users.insert(UserId::parse(new_id).unwrap(), UserState::create(login, *user_type, [].into()));
            }
            Operation::SetStatus { user, is_enabled } => {
                self.check_target(*user)?;
                let person = after.users.get_mut(user).unwrap();
                let is_disabled_now = person.is_enabled && !is_enabled;
                person.is_enabled = *is_enabled;
                person.epoch += u32::from(is_disabled_now);
            }
            Operation::SetType { user, user_type } => {
                self.check_target(*user)?;
                if !is_super {
                    return Err(Code::Forbidden);
                }
                let person = after.users.get_mut(user).unwrap();
                person.epoch += u32::from(person.user_type != *user_type);
                person.user_type = *user_type;
                if user_type.is_admin() {
                    person.teams.clear();
                }
            }
            Operation::DeleteUser { user } => {
                self.check_target(*user)?;
                after.users.remove(user);
            }
            _ => unreachable!("{operation:?} is about something else"),
        }
        let is_any_left = after.users.values().any(UserState::is_enabled_super_admin);
        if is_any_left { Ok(after) } else { Err(Code::LastSuperAdmin) }
    }

    /// The target exists, is not the caller, and does not outrank them.
    fn check_target(self, user: UserId) -> Result<(), Code> {
        let target = self.state.users.get(&user).ok_or(Code::NotFound)?;
        if user == self.user {
            return Err(Code::UseOwnRoute);
        }
        let is_super = self.person.user_type == UserType::SuperAdmin;
        if is_super || target.user_type == UserType::Member { Ok(()) } else { Err(Code::Forbidden) }
    }
}

impl State {
    /// The user may become a member of the team: they are of the type member and not in the team yet.
    pub(super) fn check_can_join(&self, user: UserId, team: rollcall_domain::id::TeamId) -> Result<(), Code> {
        let person = &self.users[&user];
        if person.user_type.is_admin() {
            return Err(Code::NotAMember);
        }
        if person.teams.contains_key(&team) { Err(Code::AlreadyMember) } else { Ok(()) }
    }
}
