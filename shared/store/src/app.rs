//! Applications: reads and commits.

use rollcall_domain::{
    Code,
    app::App,
    id::{AppId, TeamId},
};

use crate::{
    commit::Commit,
    counters::CounterUpdate,
    error::Fault,
    item::{Item, from_items, indexed, key_of, string, to_item, with_string_set},
    keys::{self, Key},
    query::{Page, Range},
    table::Store,
    write::Write,
};

impl Store {
    /// The application of this id, unless it is deleted.
    pub async fn app(&self, app_id: AppId) -> Result<Option<App>, Fault> {
        Ok(self.app_or_tombstone(app_id).await?.filter(|app| app.deleting_at.is_none()))
    }

    /// The application of this id, also if it is deleted.
    pub async fn app_or_tombstone(&self, app_id: AppId) -> Result<Option<App>, Fault> {
        self.get(&keys::app(app_id)).await
    }

    /// A page of all applications by id, after `after`.
    pub async fn apps(&self, after: Option<AppId>, limit: usize) -> Result<Page<App>, Fault> {
        let page = self.index_page(keys::APPS, after.map(|id| id.to_string()), limit).await?;
        Ok(Page { items: self.existing_apps(&page.items).await?, next: page.next })
    }

    /// A page of the applications of these teams by id, after `after`.
    pub async fn apps_of_teams(
        &self,
        teams: &[TeamId],
        after: Option<AppId>,
        limit: usize,
    ) -> Result<Page<App>, Fault> {
        let mut ids = Vec::new();
        for team_id in teams {
            let range = Range::new(keys::team_partition(*team_id), limit + 1)
                .prefix(keys::TEAM_APP)
                .after(after.map(|id| keys::team_app(*team_id, id).sk));
            let listed = self.query(range).await?.items;
            ids.extend(listed.iter().filter_map(|item| key_of(item).listed_app_id()));
        }
        ids.sort_unstable();
        let page = Page::cut(ids, limit, ToString::to_string);
        let keys: Vec<_> = page.items.into_iter().map(keys::app).collect();
        Ok(Page { items: self.existing_apps(&keys).await?, next: page.next })
    }

    async fn existing_apps(&self, keys: &[Key]) -> Result<Vec<App>, Fault> {
        let mut apps: Vec<App> = from_items(self.batch_get(keys).await?)?;
        apps.retain(|app| app.deleting_at.is_none());
        apps.sort_unstable_by_key(|app| app.app_id);
        Ok(apps)
    }

    /// Whether an application has any account.
    pub async fn has_accounts(&self, app_id: AppId) -> Result<bool, Fault> {
        let range = Range::new(keys::app_partition(app_id), 1).prefix(keys::ACCOUNT);
        Ok(!self.query(range).await?.items.is_empty())
    }
}

/// Creates an application.
pub fn create(app: &App) -> Result<Commit, Fault> {
    let commit = Commit::new([Write::put(item_of(app)?).only_if_absent(Code::Conflict)]);
    Ok(commit.extended(app.team_id.into_iter().flat_map(|team_id| list(team_id, app.app_id))))
}

/// Changes an application: an edit, its deletion lock, its deletion or restoration.
///
/// A deleted application leaves the lists of the platform and of its team, and enters the due index.
pub fn change(before: &App, after: &App) -> Result<Commit, Fault> {
    let listed_with = |app: &App| app.team_id.filter(|_| app.deleting_at.is_none());
    let mut commit = Commit::new([Write::put(item_of(after)?).only_if_version(before.version)]);
    if listed_with(before) != listed_with(after) {
        commit.extend(listed_with(before).into_iter().flat_map(|team_id| unlist(team_id, before.app_id)));
        commit.extend(listed_with(after).into_iter().flat_map(|team_id| list(team_id, after.app_id)));
    }
    Ok(commit)
}

/// Checks that an application still belongs to the team, or to the platform, that it belonged to when it was read.
pub fn still_owned(app: &App) -> Write {
    let check = Write::check(keys::app(app.app_id));
    match app.team_id {
        Some(team_id) => {
            check.only_if("#team_id = :owner", vec![(":owner", string(team_id.to_string()))], Code::Conflict)
        }
        None => check.only_if("attribute_exists(#pk) AND attribute_not_exists(#team_id)", Vec::new(), Code::Conflict),
    }
}

/// Removes a tombstone.
pub fn finalise(tombstone: &App) -> Commit {
    Commit::new([Write::delete(keys::app(tombstone.app_id)).only_if_version(tombstone.version)])
}

/// Lists an application with its team, which must exist. The team counts its applications, because only a team without
/// any can be deleted.
fn list(team_id: TeamId, app_id: AppId) -> [Write; 2] {
    let counters = CounterUpdate::new(team_id).add_app().write(Code::Conflict.into());
    [counters, Write::put(keys::team_app(team_id, app_id).to_item())]
}

fn unlist(team_id: TeamId, app_id: AppId) -> [Write; 2] {
    let counters = CounterUpdate::new(team_id).remove_app().write(Code::Conflict.into());
    [counters, Write::delete(keys::team_app(team_id, app_id))]
}

fn item_of(app: &App) -> Result<Item, Fault> {
    let item = with_string_set(to_item(&keys::app(app.app_id), app)?, "admins", &app.admins);
    let index = match app.deleting_at {
        Some(at) => keys::due_index(at, &app.app_id),
        None => keys::apps_index(app.app_id),
    };
    Ok(indexed(item, index))
}
