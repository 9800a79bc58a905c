//! Selects users, teams, roles and other things by number. Ids differ between runs, so things are listed by name or in
//! the order of their creation; the same numbers then select the same things in every run.

use std::collections::BTreeMap;

use rollcall_domain::{
    id::{AppId, CustomRoleId, InvitationId, TeamId, UserId},
    permission::{Permission, Preset, UserType},
    role_id::RoleId,
};

use super::{
    intent::LOGINS,
    state::{Permissions, State, UserState},
};
use crate::support::UNKNOWN_ID;

const NAMES: [&str; 5] = ["Northwind", "Southwind", "Eastwind", "Westwind", "Doldrums"];

/// What was created since the start, in that order.
#[derive(Debug, Default)]
pub struct Created {
    pub roles: Vec<(TeamId, RoleId)>,
    pub invitations: Vec<InvitationId>,
    pub apps: Vec<AppId>,
    pub codes: BTreeMap<InvitationId, String>,
}

/// A state and the numbers that select from it.
pub struct Choice<'a> {
    pub state: &'a State,
    pub created: &'a Created,
    pub numbers: [usize; 3],
}

impl Choice<'_> {
    fn pick<T: Clone>(&self, number: usize, of: &[T], otherwise: T) -> T {
        let index = self.numbers[number].checked_rem(of.len());
        index.map_or(otherwise, |index| of[index].clone())
    }

    pub fn team(&self) -> TeamId {
        let mut teams: Vec<_> = self.state.teams.iter().map(|(team_id, team)| (&team.name, *team_id)).collect();
        teams.sort_unstable();
        let teams: Vec<_> = teams.into_iter().map(|(_, team_id)| team_id).collect();
        self.pick(0, &teams, TeamId::parse(UNKNOWN_ID).unwrap())
    }

    /// A team to own an application, or sometimes the platform.
    pub fn owner(&self) -> Option<TeamId> {
        (!self.numbers[1].is_multiple_of(4)).then(|| self.team())
    }

    pub fn name(&self) -> String {
        NAMES[self.numbers[2] % NAMES.len()].to_owned()
    }

    /// The logins of the users in a team.
    pub fn logins_in(&self, team: Option<TeamId>) -> Vec<&'static str> {
        let is_in = |login: &&&str| {
            let user = self.state.named(login).map(|(_, user)| user);
            user.zip(team).is_some_and(|(user, team)| user.teams.contains_key(&team))
        };
        LOGINS.iter().filter(is_in).copied().collect()
    }

    fn users(&self, of: impl Fn(&UserState) -> bool) -> Vec<UserId> {
        let of = self.state.users.iter().filter(|(_, user)| of(user));
        let mut users: Vec<_> = of.map(|(user_id, user)| (&user.login, *user_id)).collect();
        users.sort_unstable();
        users.into_iter().map(|(_, user_id)| user_id).collect()
    }

    pub fn user(&self) -> UserId {
        self.pick(2, &self.users(|_| true), unknown_user())
    }

    /// A disabled user, or sometimes any user.
    pub fn disabled_user(&self) -> UserId {
        let disabled = self.users(|user| !user.is_enabled);
        self.pick(2, &[disabled.clone(), disabled, vec![self.user()]].concat(), unknown_user())
    }

    /// A member who is in few teams, or sometimes any user.
    pub fn user_to_add(&self) -> UserId {
        let free = self.users(|user| !user.user_type.is_admin() && user.teams.len() < 2);
        self.pick(2, &[free.clone(), free, self.users(|_| true)].concat(), unknown_user())
    }

    /// A member, or sometimes any user.
    pub fn member(&self, team: TeamId) -> UserId {
        let members = self.users(|user| user.teams.contains_key(&team));
        self.pick(2, &[members.clone(), members, vec![self.user()]].concat(), unknown_user())
    }

    /// A free login, or sometimes one that is taken.
    pub fn login(&self) -> String {
        let free = LOGINS.iter().filter(|login| self.state.named(login).is_none());
        let logins: Vec<_> = free.chain(&LOGINS[..1]).map(ToString::to_string).collect();
        self.pick(1, &logins, LOGINS[0].to_owned())
    }

    pub fn bound_login(&self) -> Option<String> {
        (self.numbers[1].is_multiple_of(3)).then(|| LOGINS[self.numbers[1] / 3 % LOGINS.len()].to_owned())
    }

    fn custom_roles(&self, team: TeamId) -> Vec<RoleId> {
        let roles =
            self.created.roles.iter().filter(|(of, role)| *of == team && self.state.role(team, *role).is_some());
        roles.map(|(_, role)| *role).collect()
    }

    /// A preset or a custom role, or sometimes one that does not exist.
    pub fn role(&self, team: TeamId) -> RoleId {
        let custom_roles = self.custom_roles(team);
        let presets = Preset::ALL.iter().map(|preset| RoleId::from(*preset)).collect();
        self.pick(
            1,
            &[presets, custom_roles.clone(), custom_roles.clone(), custom_roles, vec![unknown_role()]].concat(),
            unknown_role(),
        )
    }

    pub fn custom_role(&self, team: TeamId) -> RoleId {
        let custom_roles = self.custom_roles(team);
        self.pick(
            1,
            &[custom_roles.clone(), custom_roles.clone(), custom_roles, vec![Preset::Reviewer.into()]].concat(),
            unknown_role(),
        )
    }

    pub fn permissions(&self) -> Permissions {
        use Permission::{
            AccountsAdmin, AccountsDelete, AccountsRead, AccountsWrite, AppsManage, AuditRead, MembersManage,
            RolesManage, TeamEdit, TeamRead,
        };
        let sets: [&[Permission]; 7] = [
            &[TeamRead],
            &[TeamRead, MembersManage, RolesManage],
            &[TeamRead, MembersManage, RolesManage, AppsManage, AuditRead],
            &[TeamRead, AccountsRead, AccountsWrite, AccountsAdmin, AppsManage],
            &[AccountsDelete, AuditRead],
            &[TeamEdit, TeamRead, AuditRead],
            Permission::ALL,
        ];
        sets[self.numbers[2] % sets.len()].iter().copied().collect()
    }

    /// An invitation, the newest ones more often.
    pub fn invitation(&self, team: Option<TeamId>) -> InvitationId {
        let invitations = self.created.invitations.iter().rev();
        let is_current = |id: &&InvitationId| {
            let invitation = self.state.invitations.get(*id);
            invitation.is_some_and(|invitation| team.is_none_or(|team| invitation.team_id == team))
        };
        let invitations: Vec<_> = invitations.filter(is_current).copied().collect();
        let newest: Vec<_> = invitations.iter().take(2).copied().collect();
        let unknown = InvitationId::parse(UNKNOWN_ID).unwrap();
        self.pick(1, &[newest.clone(), newest, invitations, vec![unknown]].concat(), unknown)
    }

    pub fn app(&self) -> AppId {
        let apps: Vec<_> = self.created.apps.iter().filter(|app| self.state.apps.contains_key(app)).copied().collect();
        self.pick(2, &apps, AppId::parse(UNKNOWN_ID).unwrap())
    }

    pub fn account(&self) -> String {
        format!("a{}", self.numbers[1] % 12)
    }

    pub fn user_type(&self) -> UserType {
        [UserType::Member, UserType::Member, UserType::PlatformAdmin, UserType::SuperAdmin][self.numbers[2] % 4]
    }
}

pub fn unknown_user() -> UserId {
    UserId::parse(UNKNOWN_ID).unwrap()
}

fn unknown_role() -> RoleId {
    RoleId::Custom(CustomRoleId::parse(UNKNOWN_ID).unwrap())
}
