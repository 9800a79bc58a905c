//! Custom roles of teams. Presets are the same everywhere and read from nowhere.

use std::collections::BTreeMap;

use rollcall_domain::{
    Code, Timestamp,
    id::{CustomRoleId, TeamId},
    limits::MAX_ROLES_PER_TEAM,
    role::Role,
    role_id::RoleId,
    user::User,
};

use crate::{
    commit::{Commit, Meaning, Write},
    count::Step,
    error::Fault,
    item::{from_item, is_zero, key_of, number, to_item, value},
    keys,
    table::Store,
    team::living,
    tombstone::unless_gone,
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
        let items = self.of_team(team_id, keys::ROLE, MAX_ROLES_PER_TEAM).await?;
        items.into_iter().map(from_item).collect()
    }

    /// Those of these roles of a team that it has.
    pub async fn roles(
        &self,
        team_id: TeamId,
        role_ids: impl IntoIterator<Item = RoleId>,
    ) -> Result<BTreeMap<RoleId, Role>, Fault> {
        let found = self.roles_at(role_ids.into_iter().map(|role_id| (team_id, role_id))).await?;
        Ok(found.into_iter().map(|((_, role_id), role)| (role_id, role)).collect())
    }

    /// The role of a user in each of its teams, one that the team no longer has left out.
    pub async fn roles_of(&self, user: &User) -> Result<BTreeMap<TeamId, Role>, Fault> {
        let held = user.teams.iter().map(|(team_id, role_id)| (*team_id, *role_id));
        let mut roles = self.roles_at(held.clone()).await?;
        Ok(held.filter_map(|held| Some((held.0, roles.remove(&held)?))).collect())
    }

    async fn roles_at(
        &self,
        roles: impl Iterator<Item = (TeamId, RoleId)>,
    ) -> Result<BTreeMap<(TeamId, RoleId), Role>, Fault> {
        let mut found = BTreeMap::new();
        let mut custom = BTreeMap::new();
        for (team_id, role_id) in roles {
            match role_id {
                RoleId::Preset(preset) => drop(found.insert((team_id, role_id), preset.into())),
                RoleId::Custom(id) => drop(custom.insert(keys::role(team_id, id), (team_id, role_id))),
            }
        }
        if custom.is_empty() {
            return Ok(found);
        }
        for item in self.batch_get(&custom.keys().cloned().collect::<Vec<_>>()).await? {
            let key = key_of(&item);
            if let Some(place) = custom.get(&key) {
                found.insert(*place, from_item(item)?);
            }
        }
        Ok(found)
    }
}

/// A new custom role.
pub fn create_role(team_id: TeamId, role_id: CustomRoleId, role: &Role, now: Timestamp) -> Result<Commit, Fault> {
    let mut item = to_item(&keys::role(team_id, role_id), role)?;
    item.insert("uses".to_owned(), number(0));
    let step = Step { roles: 1, ..Step::default() };
    Ok(Commit::new([
        Write::put(item).only_if_absent(Code::Conflict),
        step.write(team_id, now, |found| unless_gone(found, |_| Code::TooManyRoles)),
    ]))
}

/// The step from one state of a custom role to the next, for everyone who has it.
pub fn change_role(team_id: TeamId, role_id: CustomRoleId, before: &Role, after: &Role) -> Result<Commit, Fault> {
    let values = vec![
        (":name", value(&after.name)?),
        (":permissions", value(&after.permissions)?),
        (":next", number(after.version)),
    ];
    let update = "SET #name = :name, #permissions = :permissions, #version = :next";
    let update = Write::update(keys::role(team_id, role_id), update, values);
    Ok(Commit::new([update.only_if_version(before.version), living(team_id)]))
}

/// The end of a custom role that nobody has and no live invitation gives.
pub fn delete_role(team_id: TeamId, role_id: CustomRoleId, role: &Role, now: Timestamp) -> Commit {
    let unused = vec![(":version", number(role.version)), (":zero", number(0))];
    let meaning = Meaning::ByItem(|found| match found {
        None => Code::NotFound,
        Some(item) if is_zero(item, "uses") => Code::Conflict,
        Some(_) => Code::RoleInUse,
    });
    let delete = Write::delete(keys::role(team_id, role_id));
    let step = Step { roles: -1, ..Step::default() };
    Commit::new([
        delete.only_if("#version = :version AND #uses = :zero", unused, meaning),
        step.write(team_id, now, |found| unless_gone(found, |_| Code::Conflict)),
    ])
}

/// The end of a custom role of a team that was deleted.
pub fn forget_role(team_id: TeamId, role_id: CustomRoleId) -> Write {
    Write::delete(keys::role(team_id, role_id))
}

/// One more or one less that uses a custom role, which must be just as it was read; nothing but that for none.
pub(crate) fn use_role(team_id: TeamId, role: &Role, uses: i64) -> Option<Write> {
    let key = keys::role(team_id, role.role_id.custom()?);
    let write = match uses {
        0 => Write::check(key),
        uses => Write::update(key, "ADD #uses :uses", vec![(":uses", number(uses))]),
    };
    Some(write.only_if_version(role.version))
}
