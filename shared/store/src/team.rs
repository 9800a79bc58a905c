//! Teams: reads and commits.

use rollcall_domain::{
    Code, Timestamp,
    id::TeamId,
    team::{Member, Team},
};

use crate::{
    commit::{Commit, Meaning, Values, Write},
    error::Fault,
    item::{Item, from_item, indexed, is_zero, number, string, string_set, to_item, value},
    keys,
    query::{Order, Page, Range},
    table::Store,
    tombstone::{LIVING, unless_gone},
};

impl Store {
    /// The team of this id, unless it was deleted.
    pub async fn team(&self, team_id: TeamId) -> Result<Option<Team>, Fault> {
        Ok(self.team_or_tombstone(team_id).await?.filter(|team| team.deleting_at.is_none()))
    }

    /// The team of this id, its deletion included.
    pub async fn team_or_tombstone(&self, team_id: TeamId) -> Result<Option<Team>, Fault> {
        self.get(&keys::team(team_id)).await
    }

    /// The teams of these ids that were not deleted, by id.
    pub async fn teams(&self, team_ids: impl IntoIterator<Item = TeamId>) -> Result<Vec<Team>, Fault> {
        let mut teams = self.teams_or_tombstones(team_ids).await?;
        teams.retain(|team| team.deleting_at.is_none());
        Ok(teams)
    }

    /// The teams of these ids, by id.
    pub async fn teams_or_tombstones(&self, team_ids: impl IntoIterator<Item = TeamId>) -> Result<Vec<Team>, Fault> {
        let keys: Vec<_> = team_ids.into_iter().map(keys::team).collect();
        let items = self.batch_get(&keys).await?;
        let mut teams = items.into_iter().map(from_item).collect::<Result<Vec<Team>, _>>()?;
        teams.sort_unstable_by_key(|team| team.team_id);
        Ok(teams)
    }

    /// Teams of the whole platform by id, after `after`.
    pub async fn all_teams(&self, after: Option<TeamId>, limit: usize) -> Result<Page<Team>, Fault> {
        let (keys, next) = self.index_page(keys::TEAMS, after.map(|id| id.to_string()), limit).await?;
        let ids = keys.iter().filter_map(|key| TeamId::parse(key.pk.strip_prefix("TEAM#")?));
        Ok(Page { items: self.teams(ids).await?, next })
    }

    /// What a team has under this prefix, at most `limit` of it.
    pub(crate) async fn of_team(&self, team_id: TeamId, prefix: &str, limit: usize) -> Result<Vec<Item>, Fault> {
        let mut items = Vec::new();
        let mut after = None;
        loop {
            let range = Range {
                pk: keys::team_partition(team_id),
                prefix: prefix.to_owned(),
                after,
                order: Order::Rising,
                limit: limit - items.len(),
                filter: None,
            };
            let page = self.query(range).await?;
            items.extend(page.items);
            after = page.next;
            if after.is_none() || items.len() >= limit {
                return Ok(items);
            }
        }
    }
}

/// A new team, whose name no other has, and its first admin, if it has one. The user's side of that membership is the
/// change of the user.
pub fn create(team: &Team, first: Option<&Member>) -> Result<Commit, Fault> {
    let mut item = indexed(to_item(&keys::team(team.team_id), team)?, keys::teams_index(team.team_id));
    // A string set, so that who is an admin and how many are is the database's own atomic operation; it has no empty one.
    item.remove("admins");
    if !team.admins.is_empty() {
        item.insert("admins".to_owned(), string_set(team.admins.iter().map(ToString::to_string)));
    }
    for (count, first) in [("members", team.admins.len()), ("roles", 0), ("live", 0), ("apps", 0)] {
        item.insert(count.to_owned(), number(first));
    }
    let commit = Commit::new([Write::put(item).only_if_absent(Code::Conflict), take_name(team)?]);
    let first = first.map(|member| to_item(&keys::member(team.team_id, member.user_id), member)).transpose()?;
    Ok(commit.extended(first.map(Write::put)))
}

/// The team under another name.
pub fn rename(before: &Team, after: &Team) -> Result<Commit, Fault> {
    let values = vec![
        (":name", value(&after.name)?),
        (":now", string(after.updated_at.to_string())),
        (":next", number(after.version)),
    ];
    let update =
        Write::update(keys::team(after.team_id), "SET #name = :name, #updated_at = :now, #version = :next", values);
    let same = vec![(":version", number(before.version))];
    let guard = format!("{LIVING} AND #version = :version");
    let mut commit = Commit::new([update.only_if(guard, same, Meaning::Always(Code::Conflict))]);
    if before.name.key() != after.name.key() {
        commit.extend([Write::delete(keys::team_name(&before.name)), take_name(after)?]);
    }
    Ok(commit)
}

/// The tombstone of a team that owns no application: its name is free, and what is left of it falls due.
pub fn bury(team: &Team, now: Timestamp) -> Commit {
    const BURY: &str =
        "SET #deleting_at = :now, #updated_at = :now, #version = #version + :one, #gsi1pk = :hour, #gsi1sk = :place";
    let (hour, place) = keys::due_index(now, &team.team_id);
    let values = vec![
        (":now", string(now.to_string())),
        (":one", number(1)),
        (":hour", string(hour)),
        (":place", string(place)),
    ];
    let empty = vec![(":version", number(team.version)), (":zero", number(0))];
    let meaning = Meaning::ByItem(|found| {
        unless_gone(found, |item| if is_zero(item, "apps") { Code::Conflict } else { Code::TeamNotEmpty })
    });
    let tombstone = Write::update(keys::team(team.team_id), BURY, values);
    let guard = format!("{LIVING} AND #version = :version AND #apps = :zero");
    Commit::new([tombstone.only_if(guard, empty, meaning), Write::delete(keys::team_name(&team.name))])
}

/// The end of a tombstone of which nothing is left.
pub fn finalise(tombstone: &Team) -> Commit {
    Commit::new([Write::delete(keys::team(tombstone.team_id)).only_if_version(tombstone.version)])
}

/// A check that a team was not deleted.
pub(crate) fn living(team_id: TeamId) -> Write {
    Write::check(keys::team(team_id)).only_if(LIVING, Values::new(), Meaning::Always(Code::NotFound))
}

fn take_name(team: &Team) -> Result<Write, Fault> {
    let mut marker = keys::team_name(&team.name).to_item();
    marker.insert("team_id".to_owned(), value(&team.team_id)?);
    Ok(Write::put(marker).only_if_absent(Code::TeamNameTaken))
}
