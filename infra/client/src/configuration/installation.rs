//! What an installation has, as far as a configuration names it.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use reqwest::{Response, header::DATE};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Map, Value, json};

use super::{
    contents::Contents,
    file::{AccountType, AppEntry, MemberEntry, PlatformAccountEntry, RoleEntry, TeamAccountEntry, WebhookEntry},
    object::{Key, Kind, List, Object, ObjectName, folded},
    row::{AppRow, MeRow, MemberRow, RoleRow, TeamRow, UserRow, WebhookRow},
};
use crate::{failure::Failure, server::Server};

/// The largest page of a list.
const PAGE: u64 = 100;

/// What of an installation is read.
#[derive(Clone, Copy, Debug)]
pub(super) enum Selection<'a> {
    All,
    /// The lists of a file.
    Named(&'a Contents),
}

impl Selection<'_> {
    /// Whether a kind is read in a team or in the platform.
    fn has(self, kind: Kind, team: Option<&str>) -> bool {
        match self {
            Self::All => true,
            Self::Named(contents) => contents.lists.contains(&(kind, team.map(str::to_owned))),
        }
    }

    /// Whether a kind is read anywhere.
    fn has_any(self, kind: Kind) -> bool {
        match self {
            Self::All => true,
            Self::Named(contents) => contents.lists.iter().any(|(listed, _)| *listed == kind),
        }
    }
}

/// The id of an object, and its version when it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Identity {
    pub(super) id: String,
    pub(super) version: u64,
    /// The version of the user, where `version` is that of a membership.
    pub(super) user_version: u64,
}

/// An object that exists.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Existing {
    pub(super) object: Object,
    pub(super) identity: Identity,
}

/// What exists, and who reads it.
#[derive(Debug)]
pub(super) struct Installation {
    /// The time of the server.
    pub(super) now: DateTime<Utc>,
    /// Whether the requests carry a session, and not an API key.
    pub(super) has_session: bool,
    /// The objects by their names. There is more than one where the installation does not tell two apart by name.
    pub(super) objects: BTreeMap<Key, Vec<Existing>>,
    /// The users whose logins the file names beyond those objects.
    pub(super) users: BTreeMap<String, UserRow>,
}

impl Installation {
    /// Reads what the selection asks for. The caller must be an admin of the platform: who sees a part only would take
    /// the rest for missing.
    pub(super) async fn read(server: &Server<'_>, selection: Selection<'_>) -> Result<Self, Failure> {
        let reply = server.send_values("get_me", Map::new()).await?;
        let now = date(&reply)?;
        let me: MeRow = reply.json().await.map_err(Failure::connection)?;
        if !me.user.is_admin() {
            let reason = "a configuration is read and applied by an admin of the platform or a service account with \
                          the type platform_service, since others do not see all of it";
            return Err(Failure::refused(format!(
                "{reason}; the caller is the {} {:?}",
                me.user.user_type, me.user.login
            )));
        }
        let mut found =
            Self { now, has_session: me.session.is_some(), objects: BTreeMap::new(), users: BTreeMap::new() };
        let accounts = found.read_accounts(server, selection).await?;
        let teams: Vec<TeamRow> = list(server, "list_teams", Map::new()).await?;
        for team in &teams {
            let identity = Identity::new(&team.team_id, team.version);
            found.insert(Object::named(Kind::Team, None, &team.name), identity);
            found.read_team(server, selection, team, &accounts).await?;
        }
        found.read_owned(server, selection, &teams).await?;
        if let Selection::Named(contents) = selection {
            found.read_users(server, contents).await?;
        }
        Ok(found)
    }

    /// Reads the service accounts, adds those of the platform, and returns the versions of all.
    async fn read_accounts(
        &mut self,
        server: &Server<'_>,
        selection: Selection<'_>,
    ) -> Result<BTreeMap<String, u64>, Failure> {
        let mut versions = BTreeMap::new();
        if !selection.has_any(Kind::ServiceAccount) {
            return Ok(versions);
        }
        for account_type in [AccountType::Service, AccountType::PlatformService] {
            let filter = Map::from_iter([("type".to_owned(), json!(account_type))]);
            for UserRow { user_id, login, username, home_team_id, version, .. } in
                list::<UserRow>(server, "list_users", filter).await?
            {
                versions.insert(user_id.clone(), version);
                if home_team_id.is_none() {
                    let entry = PlatformAccountEntry { login, username, account_type };
                    self.add(Kind::ServiceAccount, None, &entry, Identity::new(&user_id, version));
                }
            }
        }
        Ok(versions)
    }

    /// Reads the roles and members of a team. Members name their roles, so both are read for either.
    async fn read_team(
        &mut self,
        server: &Server<'_>,
        selection: Selection<'_>,
        team: &TeamRow,
        account_versions: &BTreeMap<String, u64>,
    ) -> Result<(), Failure> {
        let (key, name) = (folded(&team.name), Some(team.name.as_str()));
        let has_members = [Kind::Member, Kind::ServiceAccount].iter().any(|kind| selection.has(*kind, Some(&key)));
        if !has_members && !selection.has(Kind::Role, Some(&key)) {
            return Ok(());
        }
        let in_team = Map::from_iter([("team_id".to_owned(), json!(team.team_id))]);
        for row in list::<RoleRow>(server, "list_roles", in_team.clone()).await?.into_iter().filter(|row| !row.preset) {
            let identity = Identity::new(&row.role_id, row.version);
            self.add(Kind::Role, name, &RoleEntry { name: row.name, permissions: row.permissions }, identity);
        }
        if !has_members {
            return Ok(());
        }
        for row in list::<MemberRow>(server, "list_members", in_team).await? {
            let MemberRow { user_id, username, login, role, expires_at, home_team_id, version } = row;
            let role = if role.preset { role.role_id } else { role.name };
            let identity = Identity::new(&user_id, version);
            if home_team_id.as_ref() == Some(&team.team_id) {
                // Without a version it was created a moment ago; no user has the version 0.
                let user_version = account_versions.get(&user_id).copied().unwrap_or_default();
                let entry = TeamAccountEntry { login, username, role, expires_at };
                self.add(Kind::ServiceAccount, name, &entry, Identity { user_version, ..identity });
            } else {
                self.add(Kind::Member, name, &MemberEntry { login, role, expires_at }, identity);
            }
        }
        Ok(())
    }

    /// Reads applications and webhooks. Those of a team that was created after the teams were read are left out.
    async fn read_owned(
        &mut self,
        server: &Server<'_>,
        selection: Selection<'_>,
        teams: &[TeamRow],
    ) -> Result<(), Failure> {
        let names: BTreeMap<&str, &str> = teams.iter().map(|team| (&*team.team_id, &*team.name)).collect();
        let owner = |team_id: Option<&String>| match team_id {
            None => Some(None),
            Some(team_id) => names.get(team_id.as_str()).copied().map(Some),
        };
        if selection.has_any(Kind::App) {
            for row in list::<AppRow>(server, "list_apps", Map::new()).await? {
                let Some(team) = owner(row.team_id.as_ref()) else { continue };
                self.add(Kind::App, team, &AppEntry { name: row.name }, Identity::new(&row.app_id, row.version));
            }
        }
        if selection.has_any(Kind::Webhook) {
            for row in list::<WebhookRow>(server, "list_webhooks", Map::new()).await? {
                let Some(team) = owner(row.team_id.as_ref()) else { continue };
                let entry = WebhookEntry { url: row.url, types: row.types, description: row.description };
                self.add(Kind::Webhook, team, &entry, Identity::new(&row.webhook_id, row.version));
            }
        }
        Ok(())
    }

    /// Looks up the logins of a file that the objects do not have.
    async fn read_users(&mut self, server: &Server<'_>, contents: &Contents) -> Result<(), Failure> {
        let names = contents.objects.iter().map(|wanted| &wanted.object.name);
        let logins = names.filter(|name| matches!(name.kind, Kind::Member | Kind::ServiceAccount));
        let unknown: BTreeSet<String> =
            logins.filter(|name| !self.objects.contains_key(&name.key())).map(|name| folded(&name.name)).collect();
        for login in unknown {
            let filter = Map::from_iter([("q".to_owned(), json!(login))]);
            let found = list::<UserRow>(server, "list_users", filter).await?;
            let user = found.into_iter().find(|user| folded(&user.login) == login);
            self.users.extend(user.map(|user| (login, user)));
        }
        Ok(())
    }

    /// The objects of this name.
    pub(super) fn find(&self, name: &ObjectName) -> &[Existing] {
        self.objects.get(&name.key()).map(Vec::as_slice).unwrap_or_default()
    }

    /// The objects of a list, by name.
    pub(super) fn list(&self, kind: Kind, team: Option<&str>) -> impl Iterator<Item = &Existing> {
        let list: List = (kind, team.map(folded));
        let objects = self.objects.range(Key::before(list.clone())..);
        objects.take_while(move |(key, _)| key.list == list).flat_map(|(_, objects)| objects)
    }

    fn add<T: Serialize>(&mut self, kind: Kind, team: Option<&str>, entry: &T, identity: Identity) {
        self.insert(Object::of(kind, team, entry), identity);
    }

    pub(super) fn insert(&mut self, object: Object, identity: Identity) {
        self.objects.entry(object.name.key()).or_default().push(Existing { object, identity });
    }
}

impl Identity {
    pub(super) fn new(id: &str, version: u64) -> Self {
        Self { id: id.to_owned(), version, user_version: version }
    }
}

async fn list<T: DeserializeOwned>(
    server: &Server<'_>,
    operation: &str,
    mut values: Map<String, Value>,
) -> Result<Vec<T>, Failure> {
    values.insert("limit".to_owned(), PAGE.into());
    server.list(operation, values).await
}

/// The time at which the server replied.
fn date(reply: &Response) -> Result<DateTime<Utc>, Failure> {
    let date = reply.headers().get(DATE).and_then(|date| DateTime::parse_from_rfc2822(date.to_str().ok()?).ok());
    Ok(date.ok_or_else(|| Failure::no_server("the server's reply has no Date"))?.to_utc())
}
