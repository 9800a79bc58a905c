//! A team and the roles its members hold.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    id::TeamId,
    permission::{Permission, Preset},
    text::TeamName,
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
