//! Every key of the table, on one page.
//!
//! | Item | `pk` | `sk` | `gsi1pk` / `gsi1sk` | `ttl` |
//! |---|---|---|---|---|
//! | user | `USER#<user id>` | `USER` | `USERS` / user id | |
//! | credential | `LOGIN#<login, lower-case>` | `CREDENTIAL` | | |
//! | email marker | `EMAIL#<canonical address>` | `EMAIL` | | |
//! | super admins | `PLATFORM` | `SUPER_ADMINS` | | |
//! | session | `SESSIONS#<user id>` | session id | | yes |
//! | verification, ticket | `FLOW#<flow id>` | `FLOW` | | minutes |
//! | second factor to be bound | `FLOW#<user id>` | `TOTP` | | 10 min |
//! | throttle lane | `LANE#<kind>#<hash>` | `LANE` | | yes |
//! | mails somebody caused | `MAILINGS#<hash>` | `MAILINGS` | | 24 h |
//! | app | `APP#<app id>` | `APP` | `APPS` / app id | |
//! | app being deleted | the same | the same | `DUE#<hour>` / `<deleting_at>#<app id>` | |
//! | team | `TEAM#<team id>` | `TEAM` | `TEAMS` / team id | |
//! | team being deleted | the same | the same | `DUE#<hour>` / `<deleting_at>#<team id>` | |
//! | team name marker | `TEAMNAME#<name, lower-case>` | `TEAMNAME` | | |
//! | member | `TEAM#<team id>` | `MEMBER#<user id>` | | |
//! | custom role | `TEAM#<team id>` | `ROLE#<role id>` | | |
//! | live invitation | `TEAM#<team id>` | `INVITATION#<invitation id>` | `DUE#<hour>` / `<expires_at>#<invitation id>` | 31 d |
//! | ended invitation | the same | the same | | the same |
//! | invitation code | `CODE#<hash>` | `CODE` | | 24 h |
//! | breaker | `BREAKER` | `BREAKER` | | |
//! | app of a team | `TEAM#<team id>` | `APP#<app id>` | | |
//! | account | `APP#<app id>` | `ACCOUNT#<user_id>` | | |
//! | mail on its way | `OUTBOX#<mail id>` | `OUTBOX` | `DUE#<hour>` / `<due_at>#<mail id>` | 24 h |
//! | mail given up | the same | the same | | the same |
//! | idempotency record | `IDEMPOTENCY#<hash>` | `IDEMPOTENCY` | | 24 h |
//! | audit record | `AUDIT#<team id or PLATFORM>#<day>` | audit id | `AUDIT#<day>#<0–7>` / audit id | 400 d |
//! | cleanup state | `CLEANUP` | `CLEANUP` | | |
//!
//! The index holds keys only: a hit is a candidate that is read from the table before anything is decided on it.
//! `ttl` is housekeeping and may act days late; whoever reads a thing that ends compares its own end with the clock.

use chrono::NaiveDate;
use rollcall_domain::{
    Timestamp,
    id::{AppId, AuditId, CustomRoleId, FlowId, InvitationId, MailId, SessionId, TeamId, UserId},
    text::{AccountId, Login, TeamName},
    throttle::ThrottleKind,
};

/// The sparse index of everything that is listed across partitions or falls due.
pub(crate) const INDEX: &str = "gsi1";

/// The partition of all applications in the index.
pub(crate) const APPS: &str = "APPS";

/// The partition of all teams in the index.
pub(crate) const TEAMS: &str = "TEAMS";

/// Sort keys of a team's members start so.
pub(crate) const MEMBER: &str = "MEMBER#";

/// Sort keys of a team's custom roles start so.
pub(crate) const ROLE: &str = "ROLE#";

/// Sort keys of a team's invitations start so.
pub(crate) const INVITATION: &str = "INVITATION#";

/// Sort keys of a team's applications start so.
pub(crate) const TEAM_APP: &str = "APP#";

/// Sort keys of an application's accounts start so.
pub(crate) const ACCOUNT: &str = "ACCOUNT#";

/// Partitions of mails on their way start so.
pub(crate) const OUTBOX: &str = "OUTBOX#";

/// The table's key of one item.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Key {
    pub(crate) pk: String,
    pub(crate) sk: String,
}

impl Key {
    fn new(pk: impl Into<String>, sk: impl Into<String>) -> Self {
        Self { pk: pk.into(), sk: sk.into() }
    }
}

pub(crate) fn user(user_id: UserId) -> Key {
    Key::new(format!("USER#{user_id}"), "USER")
}

/// The partition of all users in the index.
pub(crate) const USERS: &str = "USERS";

pub(crate) fn users_index(user_id: UserId) -> (String, String) {
    (USERS.to_owned(), user_id.to_string())
}

/// A login that could not exist has the one key that no login has.
pub(crate) fn credential(login: Option<&Login>) -> Key {
    Key::new(format!("LOGIN#{}", login.map(Login::key).unwrap_or_default()), "CREDENTIAL")
}

pub(crate) fn super_admins() -> Key {
    Key::new("PLATFORM", "SUPER_ADMINS")
}

/// Verified addresses only, in their canonical form.
pub(crate) fn email(canonical: &str) -> Key {
    Key::new(format!("EMAIL#{canonical}"), "EMAIL")
}

pub(crate) fn flow(flow_id: FlowId) -> Key {
    Key::new(format!("FLOW#{flow_id}"), "FLOW")
}

pub(crate) fn enrolment(user_id: UserId) -> Key {
    Key::new(format!("FLOW#{user_id}"), "TOTP")
}

pub(crate) fn throttle(kind: ThrottleKind, hash: &str) -> Key {
    Key::new(format!("LANE#{}#{hash}", kind.word()), "LANE")
}

pub(crate) fn mailings(hash: &str) -> Key {
    Key::new(format!("MAILINGS#{hash}"), "MAILINGS")
}

/// The partition of a user's sessions.
pub(crate) fn session_partition(user_id: UserId) -> String {
    format!("SESSIONS#{user_id}")
}

pub(crate) fn session(user_id: UserId, session_id: SessionId) -> Key {
    Key::new(session_partition(user_id), session_id.to_string())
}

pub(crate) fn app(app_id: AppId) -> Key {
    Key::new(app_partition(app_id), "APP")
}

/// The partition that holds an application and all its accounts.
pub(crate) fn app_partition(app_id: AppId) -> String {
    format!("APP#{app_id}")
}

pub(crate) fn apps_index(app_id: AppId) -> (String, String) {
    (APPS.to_owned(), app_id.to_string())
}

/// The partition that holds a team and what belongs to it.
pub(crate) fn team_partition(team_id: TeamId) -> String {
    format!("TEAM#{team_id}")
}

pub(crate) fn team(team_id: TeamId) -> Key {
    Key::new(team_partition(team_id), "TEAM")
}

pub(crate) fn teams_index(team_id: TeamId) -> (String, String) {
    (TEAMS.to_owned(), team_id.to_string())
}

pub(crate) fn team_name(name: &TeamName) -> Key {
    Key::new(format!("TEAMNAME#{}", name.key()), "TEAMNAME")
}

pub(crate) fn member(team_id: TeamId, user_id: UserId) -> Key {
    Key::new(team_partition(team_id), format!("{MEMBER}{user_id}"))
}

pub(crate) fn role(team_id: TeamId, role_id: CustomRoleId) -> Key {
    Key::new(team_partition(team_id), format!("{ROLE}{role_id}"))
}

pub(crate) fn invitation(team_id: TeamId, invitation_id: InvitationId) -> Key {
    Key::new(team_partition(team_id), format!("{INVITATION}{invitation_id}"))
}

pub(crate) fn code(hash: &str) -> Key {
    Key::new(format!("CODE#{hash}"), "CODE")
}

pub(crate) fn breaker() -> Key {
    Key::new("BREAKER", "BREAKER")
}

pub(crate) fn team_app(team_id: TeamId, app_id: AppId) -> Key {
    Key::new(team_partition(team_id), format!("{TEAM_APP}{app_id}"))
}

pub(crate) fn account(app_id: AppId, user_id: &AccountId) -> Key {
    Key::new(app_partition(app_id), format!("{ACCOUNT}{user_id}"))
}

pub(crate) fn mail(mail_id: MailId) -> Key {
    Key::new(format!("{OUTBOX}{mail_id}"), "OUTBOX")
}

pub(crate) fn idempotency(hash: &str) -> Key {
    Key::new(format!("IDEMPOTENCY#{hash}"), "IDEMPOTENCY")
}

pub(crate) fn audit(team_id: Option<TeamId>, day: NaiveDate, audit_id: AuditId) -> Key {
    Key::new(audit_partition(team_id, day), audit_id.to_string())
}

/// The partition of one day's records of a team, or of what is the platform's own.
pub(crate) fn audit_partition(team_id: Option<TeamId>, day: NaiveDate) -> String {
    let owner = team_id.map_or_else(|| "PLATFORM".to_owned(), |team_id| team_id.to_string());
    format!("AUDIT#{owner}#{day}")
}

/// Partitions a day in the index, so that the records of a busy platform never meet in one.
pub(crate) const AUDIT_SHARDS: u8 = 8;

pub(crate) fn audit_index(day: NaiveDate, audit_id: AuditId) -> (String, String) {
    (audit_shard(day, audit_id.as_bytes()[15] % AUDIT_SHARDS), audit_id.to_string())
}

/// One of the partitions of one day's records in the index.
pub(crate) fn audit_shard(day: NaiveDate, shard: u8) -> String {
    format!("AUDIT#{day}#{shard}")
}

pub(crate) fn cleanup() -> Key {
    Key::new("CLEANUP", "CLEANUP")
}

/// Everything that falls due within one hour, by its moment.
pub(crate) fn due_partition(hour: i64) -> String {
    format!("DUE#{hour}")
}

pub(crate) fn due_index(at: Timestamp, id: &impl ToString) -> (String, String) {
    (due_partition(at.unix_hours()), format!("{at}#{}", id.to_string()))
}
