//! The roles that a user holds in teams. A membership can have an end. From that moment on its role counts nowhere,
//! although it is stored until the cleanup removes it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{id::TeamId, role_id::RoleId, time::Timestamp};

/// A role that a user holds in a team, with the end of the membership if it has one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(from = "StoredRole", into = "StoredRole")]
pub struct HeldRole {
    /// The role.
    pub role_id: RoleId,
    /// When the membership ends; `None` if it lasts.
    pub expires_at: Option<Timestamp>,
}

/// A role that lasts is stored as its id alone, as all were before memberships could end.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum StoredRole {
    Lasting(RoleId),
    Ending { role_id: RoleId, expires_at: Timestamp },
}

impl From<StoredRole> for HeldRole {
    fn from(stored: StoredRole) -> Self {
        match stored {
            StoredRole::Lasting(role_id) => role_id.into(),
            StoredRole::Ending { role_id, expires_at } => Self { role_id, expires_at: Some(expires_at) },
        }
    }
}

impl From<HeldRole> for StoredRole {
    fn from(HeldRole { role_id, expires_at }: HeldRole) -> Self {
        expires_at.map_or(Self::Lasting(role_id), |expires_at| Self::Ending { role_id, expires_at })
    }
}

impl From<RoleId> for HeldRole {
    /// The role of a membership that lasts.
    fn from(role_id: RoleId) -> Self {
        Self { role_id, expires_at: None }
    }
}

impl HeldRole {
    /// Whether the membership has ended by `now`.
    pub fn has_ended(self, now: Timestamp) -> bool {
        self.expires_at.is_some_and(|end| now >= end)
    }
}

/// The roles that a user holds, one for each of their teams. They can only be read as of a moment, so that nobody
/// counts a membership that has ended.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct HeldRoles(BTreeMap<TeamId, HeldRole>);

impl FromIterator<(TeamId, RoleId)> for HeldRoles {
    /// The roles of memberships that last.
    fn from_iter<Roles: IntoIterator<Item = (TeamId, RoleId)>>(roles: Roles) -> Self {
        Self(roles.into_iter().map(|(team_id, role_id)| (team_id, role_id.into())).collect())
    }
}

impl HeldRoles {
    /// The role in one team, if the membership has not ended by `now`.
    pub fn role_at(&self, team_id: TeamId, now: Timestamp) -> Option<HeldRole> {
        self.0.get(&team_id).copied().filter(|held| !held.has_ended(now))
    }

    /// The roles whose memberships have not ended by `now`.
    pub fn at(&self, now: Timestamp) -> impl Iterator<Item = (TeamId, HeldRole)> {
        self.stored().filter(move |(_, held)| !held.has_ended(now))
    }

    /// The teams in which the membership has ended by `now` and is still stored.
    pub fn ended(&self, now: Timestamp) -> impl Iterator<Item = TeamId> {
        self.stored().filter(move |(_, held)| held.has_ended(now)).map(|(team_id, _)| team_id)
    }

    /// All roles that are stored, for whoever changes or removes what is stored.
    pub fn stored(&self) -> impl Iterator<Item = (TeamId, HeldRole)> {
        self.0.iter().map(|(team_id, held)| (*team_id, *held))
    }

    /// The stored role in one team. For whoever changes or removes it.
    pub fn stored_in(&self, team_id: TeamId) -> Option<HeldRole> {
        self.0.get(&team_id).copied()
    }

    /// The number of roles that are stored.
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// Adds or replaces the role in a team.
    pub fn insert(&mut self, team_id: TeamId, held: HeldRole) {
        self.0.insert(team_id, held);
    }

    pub(crate) fn remove(&mut self, team_id: TeamId) {
        self.0.remove(&team_id);
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::permission::Preset;
    use serde_json::json;

    const LASTING: TeamId = TeamId::from_bytes([1; 16]);
    const ENDING: TeamId = TeamId::from_bytes([2; 16]);

    fn noon() -> Timestamp {
        Timestamp::new("2026-11-20T12:00:00Z".parse().unwrap())
    }

    fn roles() -> HeldRoles {
        let mut roles = HeldRoles::from_iter([(LASTING, Preset::Developer.into())]);
        roles.insert(ENDING, HeldRole { role_id: Preset::Reviewer.into(), expires_at: Some(noon()) });
        roles
    }

    #[test]
    fn a_role_counts_until_the_millisecond_before_its_end() {
        let last = noon() - Duration::from_millis(1);
        assert_eq!(roles().role_at(ENDING, last).map(|held| held.role_id), Some(Preset::Reviewer.into()));
        assert_eq!(roles().role_at(ENDING, noon()), None);
        let teams = |now| roles().at(now).map(|(team_id, _)| team_id).collect::<Vec<_>>();
        assert_eq!((teams(last), teams(noon())), (vec![LASTING, ENDING], vec![LASTING]));
        assert_eq!((roles().ended(last).next(), roles().ended(noon()).next()), (None, Some(ENDING)));
    }

    #[test]
    fn a_lasting_role_is_stored_as_its_id_and_an_ending_one_with_its_end() {
        let stored = serde_json::to_value(roles()).unwrap();
        let ending = json!({"role_id": "reviewer", "expires_at": "2026-11-20T12:00:00.000Z"});
        assert_eq!(stored, json!({LASTING.to_string(): "developer", ENDING.to_string(): ending}));
        assert_eq!(serde_json::from_value::<HeldRoles>(stored).unwrap(), roles());
    }
}
