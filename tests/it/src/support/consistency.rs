//! Invariants between the items of the table, which hold after any requests in any order.

use std::collections::{BTreeMap, BTreeSet};

use rollcall_domain::{
    account::{Account, AccountType},
    app::App,
    breaker::Breaker,
    credential::Credential,
    id::{AppId, TeamId, UserId},
    invitation::{Invitation, InvitationStatus},
    limits::{MAX_ADMINS_PER_APP, MAX_TEAMS_PER_USER},
    permission::Preset,
    role::Role,
    role_id::RoleId,
    team::{Member, Team},
    text::AccountId,
    user::{Status, User},
};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::support::World;

/// All items of a table at one moment, read without the API.
pub struct Items {
    /// As stored, including the kinds that have no field here.
    pub stored: Vec<Value>,
    pub users: Vec<User>,
    /// Tombstones included.
    pub teams: Vec<Team>,
    pub members: Vec<(TeamId, Member)>,
    pub roles: Vec<(TeamId, Role)>,
    pub invitations: Vec<Invitation>,
    /// Tombstones included.
    pub apps: Vec<App>,
    pub accounts: Vec<(AppId, Account)>,
}

/// Reads the table and asserts all invariants.
pub async fn assert_consistent(world: &World) -> Items {
    let items = Items::of(world).await;
    items.assert_consistent();
    items
}

impl Items {
    pub async fn of(world: &World) -> Self {
        let items = world.dump().await;
        let team = |pk: &str| TeamId::parse(pk).unwrap();
        Self {
            users: all(&items, "USER#", "USER").map(|(_, user)| user).collect(),
            teams: all(&items, "TEAM#", "TEAM").map(|(_, team)| team).collect(),
            members: all(&items, "TEAM#", "MEMBER#").map(|(pk, member)| (team(pk), member)).collect(),
            roles: all(&items, "TEAM#", "ROLE#").map(|(pk, role)| (team(pk), role)).collect(),
            invitations: all(&items, "TEAM#", "INVITATION#").map(|(_, invitation)| invitation).collect(),
            apps: all(&items, "APP#", "APP").map(|(_, app)| app).collect(),
            accounts: all(&items, "APP#", "ACCOUNT#")
                .map(|(pk, account)| (AppId::parse(pk).unwrap(), account))
                .collect(),
            stored: items,
        }
    }

    /// Asserts all invariants.
    pub fn assert_consistent(&self) {
        self.super_admins_match_their_set();
        self.apps_match_their_accounts_and_teams();
        self.memberships_match_users();
        self.team_counters_match();
        self.role_counters_match();
        self.codes_match_live_invitations();
        self.markers_match_their_owners();
        self.index_entries_match_states();
    }

    /// The audit records of one request.
    pub fn records_of(&self, request_id: &str) -> usize {
        let of_request = |item: &&Value| {
            item["pk"].as_str().is_some_and(|pk| pk.starts_with("AUDIT#")) && item["request_id"] == request_id
        };
        self.stored.iter().filter(of_request).count()
    }

    pub fn living(&self) -> impl Iterator<Item = &Team> {
        self.teams.iter().filter(|team| team.deleting_at.is_none())
    }

    /// The invitations whose stored status is live, whether or not they have expired.
    fn live(&self) -> impl Iterator<Item = &Invitation> {
        self.invitations.iter().filter(|invitation| invitation.status == InvitationStatus::Live)
    }

    fn item(&self, pk: &str, sk: &str) -> Option<&Value> {
        self.stored.iter().find(|item| item["pk"] == pk && item["sk"] == sk)
    }

    fn super_admins_match_their_set(&self) {
        let enabled = self.users.iter().filter(|user| user.is_enabled_super_admin());
        let enabled: BTreeSet<_> = enabled.map(|user| user.user_id.to_string()).collect();
        let set: BTreeSet<String> =
            self.item("PLATFORM", "SUPER_ADMINS").map(|item| read(&item["user_ids"])).unwrap_or_default();
        let is_set_up = self.item("PLATFORM", "SUPER_ADMINS").is_some();
        assert!(!is_set_up || !enabled.is_empty(), "at least one super admin is enabled");
        assert_eq!(set, enabled, "the set of super admins lists the enabled ones");
    }

    fn apps_match_their_accounts_and_teams(&self) {
        let mut admins: BTreeMap<AppId, BTreeSet<AccountId>> =
            self.apps.iter().map(|app| (app.app_id, BTreeSet::new())).collect();
        for (app_id, account) in &self.accounts {
            let of_app =
                admins.get_mut(app_id).unwrap_or_else(|| panic!("an account without an application: {account:?}"));
            if account.account_type == AccountType::Admin {
                of_app.insert(account.user_id.clone());
            }
        }
        let sets: BTreeMap<_, _> = self.apps.iter().map(|app| (app.app_id, app.admins.clone())).collect();
        assert_eq!(sets, admins, "an application's set of admins lists its admin accounts");
        assert!(admins.values().all(|admins| admins.len() <= MAX_ADMINS_PER_APP), "{admins:?}");
        let listed: BTreeSet<_> = self.pointers().collect();
        let owned = self.apps.iter().filter(|app| app.deleting_at.is_none());
        let owned: BTreeSet<_> = owned.filter_map(|app| Some((app.team_id?, app.app_id))).collect();
        assert_eq!(listed, owned, "a team lists its applications");
        let living: BTreeSet<_> = self.living().map(|team| team.team_id).collect();
        assert!(owned.iter().all(|(team_id, _)| living.contains(team_id)), "an application's team exists");
    }

    fn pointers(&self) -> impl Iterator<Item = (TeamId, AppId)> {
        self.stored.iter().filter_map(|item| {
            let team_id = TeamId::parse(item["pk"].as_str()?.strip_prefix("TEAM#")?)?;
            Some((team_id, AppId::parse(item["sk"].as_str()?.strip_prefix("APP#")?)?))
        })
    }

    fn memberships_match_users(&self) {
        let of_user = |user: &User| -> Vec<_> {
            user.teams.stored().map(|(team_id, held)| (team_id, user.user_id, held)).collect()
        };
        let of_users: BTreeSet<_> = self.users.iter().flat_map(of_user).collect();
        let of_teams: BTreeSet<_> =
            self.members.iter().map(|(team_id, member)| (*team_id, member.user_id, member.held())).collect();
        assert_eq!(of_users, of_teams, "a membership has the same role and end in the user and in the team");
        let teams: BTreeSet<_> = self.teams.iter().map(|team| format!("TEAM#{}", team.team_id)).collect();
        for item in &self.stored {
            let pk = item["pk"].as_str().unwrap();
            assert!(!pk.starts_with("TEAM#") || teams.contains(pk), "left over from a deleted team: {item}");
        }
        for user in &self.users {
            assert!(
                user.teams.stored().next().is_none() || !user.user_type.is_admin(),
                "a platform admin in a team: {user:?}"
            );
            assert!(user.teams.stored().count() <= MAX_TEAMS_PER_USER, "{user:?}");
        }
    }

    fn team_counters_match(&self) {
        for team in self.living() {
            let team_id = team.team_id;
            let item = self.item(&format!("TEAM#{team_id}"), "TEAM").unwrap();
            let members: Vec<_> = self.members.iter().filter(|(of, _)| *of == team_id).collect();
            let has = json!({
                "members": members.len(),
                "live": self.live().filter(|invitation| invitation.team_id == team_id).count(),
                "bound": self.live().filter(|one| one.team_id == team_id && one.login.is_some()).count(),
                "roles": self.roles.iter().filter(|(of, _)| *of == team_id).count(),
                "apps": self.pointers().filter(|(of, _)| *of == team_id).count(),
            });
            let counts: BTreeMap<_, _> =
                ["members", "live", "bound", "roles", "apps"].map(|count| (count, item[count].clone())).into();
            assert_eq!(json!(counts), has, "{team:?} counts its items");
            let admins = members.iter().filter(|(_, member)| member.role_id == Preset::Admin.into());
            let (ending, lasting): (Vec<_>, Vec<_>) = admins.partition(|(_, member)| member.expires_at.is_some());
            let ids = |admins: Vec<&(TeamId, Member)>| -> BTreeSet<UserId> {
                admins.into_iter().map(|(_, member)| member.user_id).collect()
            };
            let sets = (&team.admins, &team.ending_admins);
            assert_eq!(sets, (&ids(lasting), &ids(ending)), "a team's sets of admins list its members with that role");
        }
    }

    fn role_counters_match(&self) {
        let mut uses: BTreeMap<(TeamId, RoleId), i64> =
            self.roles.iter().map(|(team_id, role)| ((*team_id, role.role_id), 0)).collect();
        let granted = self.members.iter().map(|(team_id, member)| (*team_id, member.role_id));
        let invited = self.live().map(|invitation| (invitation.team_id, invitation.role.role_id));
        for used in granted.chain(invited).filter(|(_, role_id)| role_id.custom().is_some()) {
            *uses
                .get_mut(&used)
                .unwrap_or_else(|| panic!("granted or in an invitation, but not a role of the team: {used:?}")) += 1;
        }
        // The counters of a deleted team are no longer kept.
        let living: BTreeSet<_> = self.living().map(|team| team.team_id).collect();
        uses.retain(|(team_id, _), _| living.contains(team_id));
        let count = |(team_id, role_id): &(TeamId, RoleId)| {
            self.item(&format!("TEAM#{team_id}"), &format!("ROLE#{role_id}")).unwrap()["uses"].as_i64().unwrap()
        };
        let counts: BTreeMap<_, _> = uses.keys().map(|role| (*role, count(role))).collect();
        assert_eq!(counts, uses, "a role counts its members and its live invitations");
    }

    fn codes_match_live_invitations(&self) {
        let codes: BTreeSet<_> = all::<Value>(&self.stored, "CODE#", "CODE")
            .map(|(hash, code)| {
                json!([hash, code["team_id"], code["invitation_id"], code["role_id"], code["login"]]).to_string()
            })
            .collect();
        let live: BTreeSet<_> = self
            .live()
            .map(|live| {
                let (team_id, invitation_id) = (live.team_id, live.invitation_id);
                json!([live.code_hash, team_id, invitation_id, live.role.role_id, live.login]).to_string()
            })
            .collect();
        assert_eq!(codes, live, "each live invitation has exactly one code item");
        let breaker: Breaker = self.item("BREAKER", "BREAKER").map(read).unwrap_or_default();
        let unbound = self.live().filter(|invitation| invitation.login.is_none()).count();
        assert_eq!(
            usize::try_from(breaker.live),
            Ok(unbound),
            "the breaker counts the live codes that are not bound to a login"
        );
    }

    fn markers_match_their_owners(&self) {
        let logins = all::<Credential>(&self.stored, "LOGIN#", "CREDENTIAL");
        let logins: BTreeSet<_> =
            logins.map(|(login, it)| (login.to_owned(), it.user_id, it.enabled, it.epoch)).collect();
        let users = self.users.iter();
        let users = users.map(|it| (it.login.key(), it.user_id, it.status == Status::Enabled, it.epoch));
        assert_eq!(logins, users.collect(), "each credential matches its user");
        let emails: BTreeSet<_> = self.owners("EMAIL#", "EMAIL", "user_id").collect();
        let proved =
            self.users.iter().filter_map(|it| Some((it.verified_email()?.canonical(), it.user_id.to_string())));
        assert_eq!(emails, proved.collect(), "each verified address has a marker");
        let names: BTreeSet<_> = self.owners("TEAMNAME#", "TEAMNAME", "team_id").collect();
        let teams = self.living().map(|team| (team.name.key(), team.team_id.to_string()));
        assert_eq!(names, teams.collect(), "each live team has a name marker");
    }

    fn owners(
        &self,
        pk: &'static str,
        sk: &'static str,
        owner: &'static str,
    ) -> impl Iterator<Item = (String, String)> {
        all::<Value>(&self.stored, pk, sk).map(move |(key, it)| (key.to_owned(), read(&it[owner])))
    }

    fn index_entries_match_states(&self) {
        let place = |pk: String, sk: String| {
            let item = self.item(&pk, &sk).unwrap_or_else(|| panic!("{pk} {sk}"));
            item["gsi1pk"].as_str().unwrap_or_default().split('#').next().unwrap().to_owned()
        };
        for team in &self.teams {
            let expected = if team.deleting_at.is_some() { "DUE" } else { "TEAMS" };
            assert_eq!(place(format!("TEAM#{}", team.team_id), "TEAM".to_owned()), expected, "{team:?}");
        }
        for app in &self.apps {
            let expected = if app.deleting_at.is_some() { "DUE" } else { "APPS" };
            assert_eq!(place(format!("APP#{}", app.app_id), "APP".to_owned()), expected, "{app:?}");
        }
        for (team_id, member) in &self.members {
            let expected = if member.expires_at.is_some() { "DUE" } else { "" };
            assert_eq!(place(format!("TEAM#{team_id}"), format!("MEMBER#{}", member.user_id)), expected, "{member:?}");
        }
        for it in &self.invitations {
            let expected = if it.status == InvitationStatus::Live { "DUE" } else { "" };
            let sk = format!("INVITATION#{}", it.invitation_id);
            assert_eq!(place(format!("TEAM#{}", it.team_id), sk), expected, "{it:?}");
        }
    }
}

/// The items whose keys have these prefixes: the rest of the partition key, and the item.
fn all<'a, T: DeserializeOwned>(items: &'a [Value], pk: &str, sk: &str) -> impl Iterator<Item = (&'a str, T)> {
    let of_kind = move |item: &'a Value| {
        let key = item["pk"].as_str()?.strip_prefix(pk)?;
        item["sk"].as_str()?.starts_with(sk).then(|| (key, read(item)))
    };
    items.iter().filter_map(of_kind)
}

#[track_caller]
fn read<T: DeserializeOwned>(value: &Value) -> T {
    serde_json::from_value(value.clone()).unwrap_or_else(|error| panic!("{error}: {value}"))
}
