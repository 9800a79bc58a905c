//! A team and the roles its members hold.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    id::TeamId,
    permission::{Permission, Preset},
    text::TeamName,
    user::User,
};

/// A team, as stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Team {
    /// The team's key.
    pub team_id: TeamId,
    /// What people call it.
    pub name: TeamName,
}

/// A role as its holders see it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = Role)]
pub struct RoleView {
    /// A preset's word.
    role_id: &'static str,
    /// What people call it.
    name: &'static str,
    /// Whether every team has it and nobody can edit it.
    preset: bool,
    /// What it allows.
    permissions: Vec<Permission>,
    /// Presets stay at 1.
    version: u64,
}

impl From<Preset> for RoleView {
    fn from(preset: Preset) -> Self {
        let permissions = Permission::ALL.iter().copied().filter(|permission| preset.allows(*permission)).collect();
        Self { role_id: preset.id(), name: preset.name(), preset: true, permissions, version: 1 }
    }
}

/// One of a user's teams and its role there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Membership {
    team_id: TeamId,
    name: TeamName,
    role: RoleView,
}

impl Membership {
    /// The memberships of a user in those of these teams where it holds a role.
    pub fn of(user: &User, teams: Vec<Team>) -> Vec<Self> {
        let membership = |team: Team| {
            let role = user.teams.get(&team.team_id).and_then(|id| Preset::of_id(id))?;
            Some(Self { team_id: team.team_id, name: team.name, role: role.into() })
        };
        teams.into_iter().filter_map(membership).collect()
    }
}
