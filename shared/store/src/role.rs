//! Custom roles of teams. Presets are part of the program and are not stored.

use std::collections::BTreeMap;

use rollcall_domain::{
    Code,
    id::{CustomRoleId, TeamId},
    limits::MAX_ROLES_PER_TEAM,
    role::Role,
    role_id::RoleId,
    user::User,
};

use crate::{
    commit::Commit,
    counters::CounterUpdate,
    error::Fault,
    item::{from_items, is_zero, number, to_item, value},
    keys,
    table::Store,
    team::check_exists,
    tombstone::not_found_or,
    write::{FailureCode, Write},
};

impl Store {
    /// The role of this id, if the team has it.
    pub async fn role(&self, team_id: TeamId, role_id: RoleId) -> Result<Option<Role>, Fault> {
        match role_id {
            RoleId::Preset(preset) => Ok(Some(preset.into())),
            RoleId::Custom(role_id) => self.get(&keys::role(team_id, role_id)).await,
        }
    }

    /// The custom roles of a team.
    pub async fn custom_roles(&self, team_id: TeamId) -> Result<Vec<Role>, Fault> {
        from_items(self.items_of_team(team_id, keys::ROLE, MAX_ROLES_PER_TEAM).await?)
    }

    /// Those of these roles that the team has, by id.
    pub async fn roles(
        &self,
        team_id: TeamId,
        role_ids: impl IntoIterator<Item = RoleId>,
    ) -> Result<BTreeMap<RoleId, Role>, Fault> {
        let found = self.roles_at(role_ids.into_iter().map(|role_id| (team_id, role_id))).await?;
        Ok(found.into_iter().map(|((_, role_id), role)| (role_id, role)).collect())
    }

    /// The stored role of a user in each of their teams. A role that its team no longer has is left out.
    pub async fn roles_of(&self, user: &User) -> Result<BTreeMap<TeamId, Role>, Fault> {
        let held = user.teams.stored().map(|(team_id, held)| (team_id, held.role_id));
        let roles = self.roles_at(held).await?;
        Ok(roles.into_iter().map(|((team_id, _), role)| (team_id, role)).collect())
    }

    async fn roles_at(
        &self,
        roles: impl Iterator<Item = (TeamId, RoleId)>,
    ) -> Result<BTreeMap<(TeamId, RoleId), Role>, Fault> {
        let mut found = BTreeMap::new();
        let mut custom = Vec::new();
        for (team_id, role_id) in roles {
            match role_id {
                RoleId::Preset(preset) => drop(found.insert((team_id, role_id), preset.into())),
                RoleId::Custom(id) => custom.push(((team_id, role_id), keys::role(team_id, id))),
            }
        }
        let items = self.items_by_key(custom.iter().map(|(_, key)| key.clone())).await?;
        for (id, key) in custom {
            if let Some(role) = items.get(&key)? {
                found.insert(id, role);
            }
        }
        Ok(found)
    }
}

/// Creates a custom role.
pub fn create_role(team_id: TeamId, role_id: CustomRoleId, role: &Role) -> Result<Commit, Fault> {
    let mut item = to_item(&keys::role(team_id, role_id), role)?;
    item.insert("uses".to_owned(), number(0));
    let failure = FailureCode::ByItem(|found| not_found_or(found, |_| Code::TooManyRoles));
    let counters = CounterUpdate::new(team_id).add_role().write(failure);
    Ok(Commit::new([Write::put(item).only_if_absent(Code::Conflict), counters]))
}

/// Changes a custom role for everyone who has it.
pub fn change_role(team_id: TeamId, role_id: CustomRoleId, before: &Role, after: &Role) -> Result<Commit, Fault> {
    let values = vec![
        (":name", value(&after.name)?),
        (":permissions", value(&after.permissions)?),
        (":next", number(after.version)),
    ];
    let update = "SET #name = :name, #permissions = :permissions, #version = :next";
    let update = Write::update(keys::role(team_id, role_id), update, values);
    Ok(Commit::new([update.only_if_version(before.version), check_exists(team_id)]))
}

/// Deletes a custom role that no member has and no live invitation grants.
pub fn delete_role(team_id: TeamId, role_id: CustomRoleId, role: &Role) -> Commit {
    let unused = vec![(":version", number(role.version)), (":zero", number(0))];
    let failure = FailureCode::ByItem(|found| match found {
        None => Code::NotFound,
        Some(item) if is_zero(item, "uses") => Code::Conflict,
        Some(_) => Code::RoleInUse,
    });
    let delete = Write::delete(keys::role(team_id, role_id));
    let delete = delete.only_if("#version = :version AND #uses = :zero", unused, failure);
    let team_gone = FailureCode::ByItem(|found| not_found_or(found, |_| Code::Conflict));
    Commit::new([delete, CounterUpdate::new(team_id).remove_role().write(team_gone)])
}

/// Removes a custom role of a deleted team.
pub fn purge_role(team_id: TeamId, role_id: CustomRoleId) -> Write {
    Write::delete(keys::role(team_id, role_id))
}

/// Adds to the number of members and live invitations that use a custom role. The role must not have changed since it
/// was read; zero only checks that. Presets are not counted.
pub(crate) fn count_use(team_id: TeamId, role: &Role, uses: i64) -> Option<Write> {
    let key = keys::role(team_id, role.role_id.custom()?);
    let write = match uses {
        0 => Write::check(key),
        uses => Write::update(key, "ADD #uses :uses", vec![(":uses", number(uses))]),
    };
    Some(write.only_if_version(role.version))
}
