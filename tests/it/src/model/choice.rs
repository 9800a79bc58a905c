//! What there is to choose from, by numbers. Ids are in no order, so everything is told by its name or by its making.

use std::collections::BTreeMap;

use rollcall_domain::{
    id::{AppId, CustomRoleId, InvitationId, TeamId, UserId},
    permission::{Permission, Preset, UserType},
    role_id::RoleId,
};

use super::{
    intent::CAST,
    state::{Permissions, Person, State},
};

const NAMES: [&str; 5] = ["Northwind", "Southwind", "Eastwind", "Westwind", "Doldrums"];

/// An id of nothing.
pub const NOTHING: &str = "019aa0c4-7e00-7c3a-9d52-6b1f0a8e4d21";

/// What was made since the beginning, in that order, for there is no order in ids.
#[derive(Debug, Default)]
pub struct Made {
    pub roles: Vec<(TeamId, RoleId)>,
    pub invitations: Vec<InvitationId>,
    pub apps: Vec<AppId>,
    pub codes: BTreeMap<InvitationId, String>,
}

/// What there is to choose from.
pub struct Choice<'a> {
    pub state: &'a State,
    pub made: &'a Made,
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
        self.pick(0, &teams, TeamId::parse(NOTHING).unwrap())
    }

    /// A team to own an application, or now and then the platform.
    pub fn owner(&self) -> Option<TeamId> {
        (!self.numbers[1].is_multiple_of(4)).then(|| self.team())
    }

    pub fn name(&self) -> String {
        NAMES[self.numbers[2] % NAMES.len()].to_owned()
    }

    /// Those of the cast who are in a team.
    pub fn cast_of(&self, team: Option<TeamId>) -> Vec<&'static str> {
        let is_in = |login: &&&str| {
            let person = self.state.named(login).map(|(_, person)| person);
            person.zip(team).is_some_and(|(person, team)| person.teams.contains_key(&team))
        };
        CAST.iter().filter(is_in).copied().collect()
    }

    fn users(&self, of: impl Fn(&Person) -> bool) -> Vec<UserId> {
        let of = self.state.users.iter().filter(|(_, person)| of(person));
        let mut users: Vec<_> = of.map(|(user_id, person)| (&person.login, *user_id)).collect();
        users.sort_unstable();
        users.into_iter().map(|(_, user_id)| user_id).collect()
    }

    pub fn user(&self) -> UserId {
        self.pick(2, &self.users(|_| true), nobody())
    }

    /// A disabled user, or now and then any.
    pub fn disabled(&self) -> UserId {
        let disabled = self.users(|person| !person.is_enabled);
        self.pick(2, &[disabled.clone(), disabled, vec![self.user()]].concat(), nobody())
    }

    /// A member who is in few teams, or now and then somebody else.
    pub fn joiner(&self) -> UserId {
        let free = self.users(|person| !person.user_type.is_admin() && person.teams.len() < 2);
        self.pick(2, &[free.clone(), free, self.users(|_| true)].concat(), nobody())
    }

    /// A member, or now and then somebody else.
    pub fn member(&self, team: TeamId) -> UserId {
        let members = self.users(|person| person.teams.contains_key(&team));
        self.pick(2, &[members.clone(), members, vec![self.user()]].concat(), nobody())
    }

    /// A login that is free, or now and then one that is not.
    pub fn login(&self) -> String {
        let free = CAST.iter().filter(|login| self.state.named(login).is_none());
        let logins: Vec<_> = free.chain(&CAST[..1]).map(ToString::to_string).collect();
        self.pick(1, &logins, CAST[0].to_owned())
    }

    pub fn bound(&self) -> Option<String> {
        (self.numbers[1].is_multiple_of(3)).then(|| CAST[self.numbers[1] / 3 % CAST.len()].to_owned())
    }

    fn customs(&self, team: TeamId) -> Vec<RoleId> {
        let roles = self.made.roles.iter().filter(|(of, role)| *of == team && self.state.role(team, *role).is_some());
        roles.map(|(_, role)| *role).collect()
    }

    /// A preset or a custom role, or now and then one that is none.
    pub fn role(&self, team: TeamId) -> RoleId {
        let customs = self.customs(team);
        let presets = Preset::ALL.iter().map(|preset| RoleId::from(*preset)).collect();
        self.pick(1, &[presets, customs.clone(), customs.clone(), customs, vec![no_role()]].concat(), no_role())
    }

    pub fn custom(&self, team: TeamId) -> RoleId {
        let customs = self.customs(team);
        self.pick(1, &[customs.clone(), customs.clone(), customs, vec![Preset::Reviewer.into()]].concat(), no_role())
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

    /// One of the newest more often than another.
    pub fn invitation(&self, team: Option<TeamId>) -> InvitationId {
        let offers = self.made.invitations.iter().rev();
        let is_there = |id: &&InvitationId| {
            let offer = self.state.invitations.get(*id);
            offer.is_some_and(|offer| team.is_none_or(|team| offer.team_id == team))
        };
        let offers: Vec<_> = offers.filter(is_there).copied().collect();
        let newest: Vec<_> = offers.iter().take(2).copied().collect();
        let nothing = InvitationId::parse(NOTHING).unwrap();
        self.pick(1, &[newest.clone(), newest, offers, vec![nothing]].concat(), nothing)
    }

    pub fn app(&self) -> AppId {
        let apps: Vec<_> = self.made.apps.iter().filter(|app| self.state.apps.contains_key(app)).copied().collect();
        self.pick(2, &apps, AppId::parse(NOTHING).unwrap())
    }

    pub fn account(&self) -> String {
        format!("a{}", self.numbers[1] % 12)
    }

    pub fn user_type(&self) -> UserType {
        [UserType::Member, UserType::Member, UserType::PlatformAdmin, UserType::SuperAdmin][self.numbers[2] % 4]
    }
}

pub fn nobody() -> UserId {
    UserId::parse(NOTHING).unwrap()
}

fn no_role() -> RoleId {
    RoleId::Custom(CustomRoleId::parse(NOTHING).unwrap())
}
