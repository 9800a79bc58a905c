//! Teams and their members.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    audit::{Action, Change, Target},
    error::Refusal,
    fields::Fields,
    held_role::HeldRole,
    id::{TeamId, UserId},
    limits::MEMBERSHIP_NOTICE,
    patch::PatchRequired,
    request_body,
    role::{Rights, Role, RoleView},
    role_id::RoleId,
    text::{Login, TeamName},
    time::Timestamp,
    user::{Status, User, UserRef},
};

/// A team, as stored. Its item also counts members, custom roles, live invitations and applications; `store::counters`
/// updates those.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Team {
    /// The team's key.
    pub team_id: TeamId,
    /// The name that people read.
    pub name: TeamName,
    /// The members with the role `admin` whose membership lasts. The last one of them is protected.
    #[serde(default)]
    pub admins: BTreeSet<UserId>,
    /// The members with the role `admin` whose membership has an end, also if it has passed.
    #[serde(default)]
    pub ending_admins: BTreeSet<UserId>,
    /// The number of live invitations that are bound to a login, counted by `store::counters`, too.
    #[serde(default)]
    pub bound: u32,
    /// When it was deleted, if it was. It is hidden from everyone, and the cleanup deletes what it contains.
    #[serde(default)]
    pub deleting_at: Option<Timestamp>,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// Starts at 1 and grows with every change of the name or the admins.
    pub version: u64,
}

impl Team {
    /// Creates a team without members.
    pub fn create(team_id: TeamId, name: TeamName, now: Timestamp) -> Self {
        Self {
            team_id,
            name,
            admins: BTreeSet::new(),
            ending_admins: BTreeSet::new(),
            bound: 0,
            deleting_at: None,
            created_at: now,
            updated_at: now,
            version: 1,
        }
    }

    /// The users whom [`TeamView::new`] needs.
    pub fn admin_ids(&self) -> impl Iterator<Item = UserId> {
        self.admins.union(&self.ending_admins).copied()
    }

    /// Changes the name. If it is the same, so is the version.
    pub fn edited(self, fields: Fields, now: Timestamp) -> Result<Self, Refusal> {
        let patch = fields.parse(TeamPatch::read)?;
        let name = patch.name.apply(self.name.clone());
        let is_same = name == self.name;
        Ok(if is_same { self } else { Self { name, version: self.version + 1, updated_at: now, ..self } })
    }
}

request_body! {
    /// A change of a team.
    pub struct TeamPatch {
        /// The name that people read. No two teams have the same.
        name: PatchRequired<TeamName>,
    }
}

/// The change from one state of a team to another, for the audit log.
pub fn change(action: Action, before: Option<&Team>, after: Option<&Team>) -> Change {
    #[derive(Serialize)]
    struct Named<'a> {
        name: &'a TeamName,
    }
    let team_id = before.or(after).map_or(TeamId::from_bytes([0; 16]), |team| team.team_id);
    let (before, after) = (before.map(|team| Named { name: &team.name }), after.map(|team| Named { name: &team.name }));
    Change::between(action, Target::team(team_id), Some(team_id), before.as_ref(), after.as_ref())
}

/// A team, as replies show it.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Team)]
pub struct TeamView {
    /// Identifies the team.
    team_id: TeamId,
    /// The name that people read. No two teams have the same.
    name: TeamName,
    /// The members with the role `admin`. Empty if the last one's user was deleted or became an admin of the platform.
    #[schema(max_items = 1_000)]
    admins: Vec<UserRef>,
    /// When it was created.
    created_at: Timestamp,
    /// When it last changed.
    updated_at: Timestamp,
    /// Starts at 1 and grows with every change of the name or the admins.
    version: u64,
}

impl TeamView {
    /// The view of a team at `now`. `users` should include its admins; those that are missing are left out.
    pub fn new(team: Team, users: &BTreeMap<UserId, User>, now: Timestamp) -> Self {
        let is_admin = |user: &&User| user.teams.role_at(team.team_id, now).is_some_and(|held| held.role_id.is_admin());
        let admins = team.admin_ids().filter_map(|user_id| users.get(&user_id));
        let admins = admins.filter(is_admin).map(User::to_ref).collect();
        let Team { team_id, name, created_at, updated_at, version, .. } = team;
        Self { team_id, name, admins, created_at, updated_at, version }
    }
}

/// A membership, as stored with the team. The user's side is [`User::teams`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Member {
    /// The user.
    pub user_id: UserId,
    /// Their role in the team.
    pub role_id: RoleId,
    /// When the membership ends; `None` if it lasts.
    #[serde(default)]
    pub expires_at: Option<Timestamp>,
    /// When the member is to be reminded of the end; `None` if they were, or are not to be.
    #[serde(default)]
    pub remind_at: Option<Timestamp>,
    /// When they joined.
    pub joined_at: Timestamp,
    /// Starts at 1 and grows with every change.
    pub version: u64,
}

impl Member {
    /// A member who joins now.
    pub fn join(user_id: UserId, held: HeldRole, now: Timestamp) -> Self {
        let HeldRole { role_id, expires_at } = held;
        Self { user_id, role_id, expires_at, remind_at: reminder(expires_at, now), joined_at: now, version: 1 }
    }

    /// The role with the end, as the user's item has it.
    pub fn held(&self) -> HeldRole {
        HeldRole { role_id: self.role_id, expires_at: self.expires_at }
    }

    /// The member with another role or another end.
    #[must_use]
    pub fn with_role(self, held: HeldRole, now: Timestamp) -> Self {
        let HeldRole { role_id, expires_at } = held;
        let remind_at = if expires_at == self.expires_at { self.remind_at } else { reminder(expires_at, now) };
        Self { role_id, expires_at, remind_at, version: self.version + 1, ..self }
    }

    /// The member after the reminder. The version stays the same, since nothing changes that callers can see.
    #[must_use]
    pub fn reminded(self) -> Self {
        Self { remind_at: None, ..self }
    }

    /// When the cleanup has something to do with the membership: to remind the member of its end, or to remove it.
    pub fn due_at(&self) -> Option<Timestamp> {
        self.remind_at.or(self.expires_at)
    }
}

/// When to remind a member of an end that is set at `now`. An end that is too near takes no reminder.
fn reminder(expires_at: Option<Timestamp>, now: Timestamp) -> Option<Timestamp> {
    expires_at.map(|end| end - MEMBERSHIP_NOTICE).filter(|at| *at > now)
}

/// The change of a membership: the role and the end before and after, for the audit log.
pub fn membership_change(
    action: Action,
    team_id: TeamId,
    user: &User,
    before: Option<HeldRole>,
    after: Option<HeldRole>,
) -> Change {
    #[derive(Serialize)]
    struct Held<'a> {
        login: &'a Login,
        role_id: RoleId,
        expires_at: Option<Timestamp>,
    }
    let held = |HeldRole { role_id, expires_at }| Held { login: &user.login, role_id, expires_at };
    let (before, after) = (before.map(held), after.map(held));
    Change::between(action, Target::member(user.user_id), Some(team_id), before.as_ref(), after.as_ref())
}

/// A member, as replies show them.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Member)]
pub struct MemberView {
    /// Identifies the user.
    user_id: UserId,
    /// The name that people read and search for.
    username: crate::text::Username,
    /// The user's login.
    login: Login,
    /// The team that a service account belongs to; null if it is the platform's. Absent for people.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<TeamId>, required = false)]
    #[expect(clippy::option_option, reason = "absent for people, and null for a service account of the platform")]
    home_team_id: Option<Option<TeamId>>,
    /// Whether the user may sign in.
    status: Status,
    /// The user's role in the team.
    role: RoleView,
    /// When the user joined the team.
    joined_at: Timestamp,
    /// When the membership ends; null if it lasts.
    #[schema(required)]
    expires_at: Option<Timestamp>,
    /// Starts at 1 and grows with every change of the role or the end.
    version: u64,
}

impl MemberView {
    /// The view of a member, with their user and role.
    pub fn new(member: &Member, user: User, role: Role) -> Self {
        let home_team_id = user.is_service().then_some(user.home_team_id);
        let User { user_id, username, login, status, .. } = user;
        Self {
            user_id,
            username,
            login,
            home_team_id,
            status,
            role: role.into(),
            joined_at: member.joined_at,
            expires_at: member.expires_at,
            version: member.version,
        }
    }
}

/// One of a user's teams, with their role in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Membership {
    /// Identifies the team.
    team_id: TeamId,
    /// The team's name.
    name: TeamName,
    /// The user's role in the team.
    role: RoleView,
}

impl Membership {
    /// The memberships in those of `teams` in which `rights` include a role.
    pub fn of(rights: &Rights, teams: Vec<Team>) -> Vec<Self> {
        let membership = |team: Team| {
            let role = rights.role_in(team.team_id)?.clone().into();
            Some(Self { team_id: team.team_id, name: team.name, role })
        };
        teams.into_iter().filter_map(membership).collect()
    }
}

/// Whether a change may leave a team without admins. Only admins of the platform may do that.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LastAdmin {
    /// The last admin cannot be removed.
    Protected,
    /// The last admin can be removed, and the team is then shown without admins.
    Removable,
}

impl LastAdmin {
    /// What applies to a change by a user with these rights.
    pub fn under(rights: &Rights) -> Self {
        if rights.is_platform_admin() { Self::Removable } else { Self::Protected }
    }

    /// What applies to a change of a membership by a user with these rights. Nobody gives the last admin an end: the
    /// team would be left without admins by the clock, with nobody there to appoint another.
    pub fn under_change(rights: &Rights, after: HeldRole) -> Self {
        if after.role_id.is_admin() { Self::Protected } else { Self::under(rights) }
    }
}
