//! Teams: reads and commits.

use rollcall_domain::{
    Code, Timestamp,
    id::TeamId,
    team::{Member, Team},
};
use serde::Deserialize;

use crate::{
    commit::Commit,
    error::Fault,
    expression::Values,
    item::{Item, from_items, indexed, is_zero, number, string, timestamp, to_item, value, with_string_set},
    keys, member,
    query::{Page, Range},
    table::Store,
    tombstone::{EXISTS, not_found_or},
    write::{FailureCode, Write},
};

/// Where the marker of a team's name is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NameMarker {
    /// Under the key of its name.
    Own,
    /// Under a key of former rules. The key of its name is free or another team's.
    Elsewhere,
}

#[derive(Deserialize)]
struct StoredMarker {
    team_id: TeamId,
}

impl Store {
    /// The team of this id, unless it is deleted.
    pub async fn team(&self, team_id: TeamId) -> Result<Option<Team>, Fault> {
        Ok(self.team_or_tombstone(team_id).await?.filter(|team| team.deleting_at.is_none()))
    }

    /// Which team has the marker of this team's name. A team that was named when names were compared in another way has
    /// its marker elsewhere, and this one may be another team's.
    pub async fn name_marker(&self, team: &Team) -> Result<NameMarker, Fault> {
        let marker: Option<StoredMarker> = self.get(&keys::team_name(&team.name)).await?;
        let is_own = marker.is_some_and(|marker| marker.team_id == team.team_id);
        Ok(if is_own { NameMarker::Own } else { NameMarker::Elsewhere })
    }

    /// The team of this id, also if it is deleted.
    pub async fn team_or_tombstone(&self, team_id: TeamId) -> Result<Option<Team>, Fault> {
        self.get(&keys::team(team_id)).await
    }

    /// Those of these teams that are not deleted, by id.
    pub async fn teams(&self, team_ids: impl IntoIterator<Item = TeamId>) -> Result<Vec<Team>, Fault> {
        let mut teams = self.teams_or_tombstones(team_ids).await?;
        teams.retain(|team| team.deleting_at.is_none());
        Ok(teams)
    }

    /// These teams by id, also the deleted ones.
    pub async fn teams_or_tombstones(&self, team_ids: impl IntoIterator<Item = TeamId>) -> Result<Vec<Team>, Fault> {
        let keys: Vec<_> = team_ids.into_iter().map(keys::team).collect();
        let mut teams: Vec<Team> = from_items(self.batch_get(&keys).await?)?;
        teams.sort_unstable_by_key(|team| team.team_id);
        Ok(teams)
    }

    /// A page of all teams by id, after `after`.
    pub async fn all_teams(&self, after: Option<TeamId>, limit: usize) -> Result<Page<Team>, Fault> {
        let page = self.index_page(keys::TEAMS, after.map(|id| id.to_string()), limit).await?;
        let teams = self.teams(page.items.iter().filter_map(keys::Key::team_id)).await?;
        Ok(Page { items: teams, next: page.next })
    }

    /// The items of a team whose sort keys have this prefix, at most `limit` of them.
    pub(crate) async fn items_of_team(&self, team_id: TeamId, prefix: &str, limit: usize) -> Result<Vec<Item>, Fault> {
        let mut items = Vec::new();
        let mut after = None;
        loop {
            let range = Range::new(keys::team_partition(team_id), limit - items.len()).prefix(prefix).after(after);
            let page = self.query(range).await?;
            items.extend(page.items);
            after = page.next;
            if after.is_none() || items.len() >= limit {
                return Ok(items);
            }
        }
    }
}

/// Creates a team with a unique name, and its first admin if there is one. The caller adds the team to that user.
pub fn create(team: &Team, first_admin: Option<&Member>) -> Result<Commit, Fault> {
    let item = to_item(&keys::team(team.team_id), team)?;
    let item = with_string_set(item, "admins", &team.admins);
    let item = with_string_set(item, "ending_admins", &team.ending_admins);
    let mut item = indexed(item, keys::teams_index(team.team_id));
    for (counter, initial) in [("members", team.admins.len()), ("roles", 0), ("live", 0), ("apps", 0)] {
        item.insert(counter.to_owned(), number(initial));
    }
    let commit = Commit::new([Write::put(item).only_if_absent(Code::Conflict), put_name_marker(team)?]);
    let first_admin = first_admin.map(|member| member::item_of(team.team_id, member));
    Ok(commit.extended(first_admin.transpose()?.map(Write::put)))
}

/// Renames a team, of whose present name the marker is there.
pub fn rename(before: &Team, after: &Team, marker: NameMarker) -> Result<Commit, Fault> {
    let values =
        vec![(":name", value(&after.name)?), (":now", timestamp(after.updated_at)), (":next", number(after.version))];
    let update =
        Write::update(keys::team(after.team_id), "SET #name = :name, #updated_at = :now, #version = :next", values);
    let unchanged = vec![(":version", number(before.version))];
    let condition = format!("{EXISTS} AND #version = :version");
    let mut commit = Commit::new([update.only_if(condition, unchanged, Code::Conflict)]);
    match marker {
        NameMarker::Own if before.name.key() == after.name.key() => {}
        NameMarker::Own => commit.extend([delete_name_marker(before)?, put_name_marker(after)?]),
        NameMarker::Elsewhere => commit.extend([put_name_marker(after)?]),
    }
    Ok(commit)
}

/// Turns a team without applications into a tombstone: its name becomes free, and its remains fall due for removal.
pub fn delete(team: &Team, marker: NameMarker, now: Timestamp) -> Result<Commit, Fault> {
    const DELETE: &str =
        "SET #deleting_at = :now, #updated_at = :now, #version = #version + :one, #gsi1pk = :hour, #gsi1sk = :position";
    let (hour, position) = keys::due_index(now, &team.team_id);
    let values =
        vec![(":now", timestamp(now)), (":one", number(1)), (":hour", string(hour)), (":position", string(position))];
    let condition = format!("{EXISTS} AND #version = :version AND #apps = :zero");
    let empty = vec![(":version", number(team.version)), (":zero", number(0))];
    let failure = FailureCode::ByItem(|found| {
        not_found_or(found, |item| if is_zero(item, "apps") { Code::Conflict } else { Code::TeamNotEmpty })
    });
    let tombstone = Write::update(keys::team(team.team_id), DELETE, values).only_if(condition, empty, failure);
    let marker = match marker {
        NameMarker::Own => Some(delete_name_marker(team)?),
        NameMarker::Elsewhere => None,
    };
    Ok(Commit::new([tombstone]).extended(marker))
}

/// Removes the tombstone of a team of which nothing else is left.
pub fn finalise(tombstone: &Team) -> Commit {
    let team = Write::delete(keys::team(tombstone.team_id)).only_if_version(tombstone.version);
    // The set of its webhooks is empty by now.
    Commit::new([team, Write::delete(keys::webhooks(Some(tombstone.team_id)))])
}

/// Checks that a team exists and is not deleted.
pub(crate) fn check_exists(team_id: TeamId) -> Write {
    Write::check(keys::team(team_id)).only_if(EXISTS, Values::new(), Code::NotFound)
}

fn delete_name_marker(team: &Team) -> Result<Write, Fault> {
    let own = vec![(":team", value(&team.team_id)?)];
    Ok(Write::delete(keys::team_name(&team.name)).only_if("#team_id = :team", own, Code::Conflict))
}

fn put_name_marker(team: &Team) -> Result<Write, Fault> {
    let mut marker = keys::team_name(&team.name).to_item();
    marker.insert("team_id".to_owned(), value(&team.team_id)?);
    Ok(Write::put(marker).only_if_absent(Code::TeamNameTaken))
}
