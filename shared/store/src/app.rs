//! Applications: reads and commits.

use rollcall_domain::{
    Code, Timestamp,
    app::App,
    id::{AppId, TeamId},
};

use crate::{
    commit::{Commit, Write},
    count::Step,
    error::Fault,
    item::{Item, from_item, indexed, string_set, text_of, to_item},
    keys::{self, Key},
    query::{Order, Page, Range},
    table::Store,
};

impl Store {
    /// The application of this id, unless it is being deleted: then it is gone for everyone.
    pub async fn app(&self, app_id: AppId) -> Result<Option<App>, Fault> {
        Ok(self.app_or_tombstone(app_id).await?.filter(|app| app.deleting_at.is_none()))
    }

    /// The application of this id, its deletion included.
    pub async fn app_or_tombstone(&self, app_id: AppId) -> Result<Option<App>, Fault> {
        self.get(&keys::app(app_id)).await
    }

    /// Applications of the whole platform by id, after `after`.
    pub async fn apps(&self, after: Option<AppId>, limit: usize) -> Result<Page<App>, Fault> {
        let (keys, next) = self.index_page(keys::APPS, after.map(|id| id.to_string()), limit).await?;
        let items = self.read_apps(keys).await?;
        Ok(Page { items, next })
    }

    /// Applications of these teams by id, after `after`.
    pub async fn apps_of_teams(
        &self,
        teams: &[TeamId],
        after: Option<AppId>,
        limit: usize,
    ) -> Result<Page<App>, Fault> {
        let mut ids = Vec::new();
        for team_id in teams {
            let range = Range {
                pk: keys::team_partition(*team_id),
                prefix: keys::TEAM_APP.to_owned(),
                after: after.map(|id| format!("{}{id}", keys::TEAM_APP)),
                order: Order::Rising,
                limit: limit + 1,
                filter: None,
            };
            let pointers = self.query(range).await?.items;
            ids.extend(
                pointers.iter().filter_map(|item| AppId::parse(text_of(item, "sk").strip_prefix(keys::TEAM_APP)?)),
            );
        }
        ids.sort_unstable();
        let more = ids.len() > limit;
        ids.truncate(limit);
        let next = ids.last().filter(|_| more).map(ToString::to_string);
        let items = self.read_apps(ids.into_iter().map(keys::app).collect()).await?;
        Ok(Page { items, next })
    }

    async fn read_apps(&self, keys: Vec<Key>) -> Result<Vec<App>, Fault> {
        let items = self.batch_get(&keys).await?;
        let mut apps = items.into_iter().map(from_item).collect::<Result<Vec<App>, _>>()?;
        apps.retain(|app| app.deleting_at.is_none());
        apps.sort_unstable_by_key(|app| app.app_id);
        Ok(apps)
    }

    /// Whether an application holds any account, consistently.
    pub async fn has_accounts(&self, app_id: AppId) -> Result<bool, Fault> {
        let range = Range {
            pk: keys::app_partition(app_id),
            prefix: keys::ACCOUNT.to_owned(),
            after: None,
            order: Order::Rising,
            limit: 1,
            filter: None,
        };
        Ok(!self.query(range).await?.items.is_empty())
    }
}

/// A new application.
pub fn create(app: &App) -> Result<Commit, Fault> {
    let commit = Commit::new([Write::put(app_item(app)?).only_if_absent(Code::Conflict)]);
    Ok(commit.extended(app.team_id.into_iter().flat_map(|team_id| list(team_id, app.app_id, app.created_at))))
}

/// The step from one state of an application to the next: an edit, a turn of the lock, a tombstone or its reversal.
///
/// A tombstone leaves the lists and enters the due index; the pointer of its team goes with it.
pub fn change(before: &App, after: &App) -> Result<Commit, Fault> {
    let listed = |app: &App| app.team_id.filter(|_| app.deleting_at.is_none());
    let mut commit = Commit::new([Write::put(app_item(after)?).only_if_version(before.version)]);
    if listed(before) != listed(after) {
        commit.extend(listed(before).into_iter().flat_map(|team_id| unlist(team_id, before.app_id, after.updated_at)));
        commit.extend(listed(after).into_iter().flat_map(|team_id| list(team_id, after.app_id, after.updated_at)));
    }
    Ok(commit)
}

/// The end of a tombstone.
pub fn finalise(tombstone: &App) -> Commit {
    Commit::new([Write::delete(keys::app(tombstone.app_id)).only_if_version(tombstone.version)])
}

/// Lists an application with its team, which must be there.
fn list(team_id: TeamId, app_id: AppId, now: Timestamp) -> [Write; 2] {
    [count(team_id, 1, now), Write::put(keys::team_app(team_id, app_id).to_item())]
}

fn unlist(team_id: TeamId, app_id: AppId, now: Timestamp) -> [Write; 2] {
    [count(team_id, -1, now), Write::delete(keys::team_app(team_id, app_id))]
}

/// A team counts its applications, so that it is deleted only without any. It is there as long as one is listed.
fn count(team_id: TeamId, apps: i64, now: Timestamp) -> Write {
    Step { apps, ..Step::default() }.write(team_id, now, |_| Code::Conflict)
}

fn app_item(app: &App) -> Result<Item, Fault> {
    let mut item = to_item(&keys::app(app.app_id), app)?;
    // A string set, so that adding, removing and counting are the database's own atomic operations; it has no empty one.
    item.remove("admins");
    if !app.admins.is_empty() {
        item.insert("admins".to_owned(), string_set(app.admins.iter().map(ToString::to_string)));
    }
    let place = match app.deleting_at {
        Some(at) => keys::due_index(at, &app.app_id),
        None => keys::apps_index(app.app_id),
    };
    Ok(indexed(item, place))
}
