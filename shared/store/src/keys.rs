//! Every key of the table.
//!
//! | Item | `pk` | `sk` | `gsi1pk` / `gsi1sk` | `ttl` |
//! |---|---|---|---|---|
//! | user | `USER#<user id>` | `USER` | `USERS` / user id | |
//! | credential | `LOGIN#<login, lower-case>` | `CREDENTIAL` | | |
//! | marker of a verified email address | `EMAIL#<canonical address>` | `EMAIL` | | |
//! | set of super admins | `PLATFORM` | `SUPER_ADMINS` | | |
//! | id of the master key | `PLATFORM` | `MASTER_KEY` | | |
//! | session | `SESSIONS#<user id>` | session id | | yes |
//! | API key | `SESSIONS#<user id>` | `KEY#<key id>` | `KEYS` / key id | 30 d after its end |
//! | active API keys of a user | `SESSIONS#<user id>` | `KEYS` | | |
//! | reminder of an API key's end | `SESSIONS#<user id>` | `REMINDER#<key id>` | `DUE#<hour>` / `<due_at>#<key id>` | yes |
//! | verification, sign-in ticket | `FLOW#<flow id>` | `FLOW` | | minutes |
//! | enrolment of a second factor | `FLOW#<user id>` | `TOTP` | | 10 min |
//! | throttle | `LANE#<kind>#<hash>` | `LANE` | | yes |
//! | recent mails to an address for a purpose | `MAILINGS#<hash>` | `MAILINGS` | | 24 h |
//! | app | `APP#<app id>` | `APP` | `APPS` / app id | |
//! | app being deleted | same | same | `DUE#<hour>` / `<deleting_at>#<app id>` | |
//! | team | `TEAM#<team id>` | `TEAM` | `TEAMS` / team id | |
//! | team being deleted | same | same | `DUE#<hour>` / `<deleting_at>#<team id>` | |
//! | marker of a team's name | `TEAMNAME#<comparison key of the name>` | `TEAMNAME` | | |
//! | member | `TEAM#<team id>` | `MEMBER#<user id>` | | |
//! | member with an end | same | same | `DUE#<hour>` / `<due_at>#<team id>#<user id>` | |
//! | custom role | `TEAM#<team id>` | `ROLE#<role id>` | | |
//! | live invitation | `TEAM#<team id>` | `INVITATION#<id>` | `DUE#<hour>` / `<expires_at>#<id>` | |
//! | ended invitation | same | same | | 31 d |
//! | invitation code | `CODE#<hash>` | `CODE` | | 24 h |
//! | breaker | `BREAKER` | `BREAKER` | | |
//! | app of a team | `TEAM#<team id>` | `APP#<app id>` | | |
//! | account | `APP#<app id>` | `ACCOUNT#<user_id>` | | |
//! | job | `APP#<app id>` | `JOB#<job id>` | `DUE#<hour>` / `<due_at>#<job id>` | 30 d |
//! | signal that a job is to be worked on | `APP#<app id>` | `WAKE#<job id>` | | 24 h |
//! | unfinished jobs of an app | `APP#<app id>` | `JOBS` | | |
//! | rejected rows of an import | `ROWS#<job id>#<run>` | `<position>` | | 3 d |
//! | webhook | `WEBHOOK#<webhook id>` | `WEBHOOK` | `WEBHOOKS` / webhook id | |
//! | attempt to deliver an event | `WEBHOOK#<webhook id>` | `DELIVERY#<delivery id>` | | 7 d |
//! | webhooks of an owner | `TEAM#<team id>` or `PLATFORM` | `WEBHOOKS` | | |
//! | progress of the event bus | `EVENT_BUS` | `EVENT_BUS` | | |
//! | mail to send | `OUTBOX#<mail id>` | `OUTBOX` | `DUE#<hour>` / `<due_at>#<mail id>` | 24 h |
//! | failed mail (dead letter) | same | same | | same |
//! | idempotency record | `IDEMPOTENCY#<hash>` | `IDEMPOTENCY` | | 24 h |
//! | audit record | `AUDIT#<team id or PLATFORM>#<day>` | audit id | `AUDIT#<day>#<0–7>` / audit id | 400 d |
//! | cleanup state | `CLEANUP` | `CLEANUP` | | |
//!
//! The index `gsi1` holds keys only and is eventually consistent. A hit is a candidate: its item is read from the table
//! before anything is decided.
//!
//! DynamoDB may delete an item days after its `ttl`. Readers compare the item's own expiry with the clock.
//!
//! The prefix of throttles is `LANE#` because existing tables store them under it: another prefix would forget every
//! counted failure.

use chrono::NaiveDate;
use rollcall_domain::{
    Timestamp,
    id::{
        ApiKeyId, AppId, AuditId, CustomRoleId, DeliveryId, FlowId, InvitationId, JobId, MailId, SessionId, TeamId,
        UserId, WebhookId,
    },
    text::{AccountId, Login, TeamName},
    throttle::ThrottleKind,
};

/// The sparse index of items that are listed across partitions or fall due.
pub(crate) const INDEX: &str = "gsi1";

/// The index partition of all applications.
pub(crate) const APPS: &str = "APPS";

/// The index partition of all teams.
pub(crate) const TEAMS: &str = "TEAMS";

/// The index partition of all users.
pub(crate) const USERS: &str = "USERS";

/// The index partition of all webhooks.
pub(crate) const WEBHOOKS: &str = "WEBHOOKS";

const APP: &str = "APP#";

const TEAM: &str = "TEAM#";

/// Prefix of the sort keys of a team's members.
pub(crate) const MEMBER: &str = "MEMBER#";

/// Prefix of the sort keys of a team's custom roles.
pub(crate) const ROLE: &str = "ROLE#";

/// Prefix of the sort keys of a team's invitations.
pub(crate) const INVITATION: &str = "INVITATION#";

/// Prefix of the sort keys of a team's applications.
pub(crate) const TEAM_APP: &str = "APP#";

/// The index partition of all API keys.
pub(crate) const API_KEYS: &str = "KEYS";

const SESSIONS: &str = "SESSIONS#";

/// Prefix of the sort keys of a user's API keys.
pub(crate) const API_KEY: &str = "KEY#";

const KEY_REMINDER: &str = "REMINDER#";

/// Prefix of the sort keys of an application's accounts.
pub(crate) const ACCOUNT: &str = "ACCOUNT#";

/// Prefix of the sort keys of an application's jobs.
pub(crate) const JOB: &str = "JOB#";

/// Prefix of the sort keys of the signals that jobs are to be worked on.
pub(crate) const WAKE: &str = "WAKE#";

const WEBHOOK: &str = "WEBHOOK#";

/// Prefix of the sort keys of a webhook's deliveries.
pub(crate) const DELIVERY: &str = "DELIVERY#";

/// Prefix of the partition keys of audit records.
pub(crate) const AUDIT: &str = "AUDIT#";

/// Prefix of the partition keys of mails.
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

    /// The application in whose partition the key lies.
    pub(crate) fn app_id(&self) -> Option<AppId> {
        AppId::parse(self.pk.strip_prefix(APP)?)
    }

    /// The team in whose partition the key lies.
    pub(crate) fn team_id(&self) -> Option<TeamId> {
        TeamId::parse(self.pk.strip_prefix(TEAM)?)
    }

    /// The invitation whose key this is.
    pub(crate) fn invitation_id(&self) -> Option<InvitationId> {
        InvitationId::parse(self.sk.strip_prefix(INVITATION)?)
    }

    /// The user whose membership has this key.
    pub(crate) fn member_id(&self) -> Option<UserId> {
        UserId::parse(self.sk.strip_prefix(MEMBER)?)
    }

    /// The job whose key this is.
    pub(crate) fn job_id(&self) -> Option<JobId> {
        JobId::parse(self.sk.strip_prefix(JOB)?)
    }

    /// The webhook whose key this is.
    pub(crate) fn webhook_id(&self) -> Option<WebhookId> {
        WebhookId::parse(self.pk.strip_prefix(WEBHOOK)?)
    }

    /// The user and the API key of whose end this is the reminder.
    pub(crate) fn key_reminder(&self) -> Option<(UserId, ApiKeyId)> {
        let user_id = UserId::parse(self.pk.strip_prefix(SESSIONS)?)?;
        Some((user_id, ApiKeyId::parse(self.sk.strip_prefix(KEY_REMINDER)?)?))
    }

    /// The application that this key lists with its team.
    pub(crate) fn listed_app_id(&self) -> Option<AppId> {
        AppId::parse(self.sk.strip_prefix(TEAM_APP)?)
    }
}

pub(crate) fn user(user_id: UserId) -> Key {
    Key::new(format!("USER#{user_id}"), "USER")
}

pub(crate) fn users_index(user_id: UserId) -> (String, String) {
    (USERS.to_owned(), user_id.to_string())
}

/// The key of a login's credential. Without a login, a key under which nothing is ever stored: looking up malformed
/// input costs the same read as a well-formed login.
pub(crate) fn credential(login: Option<&Login>) -> Key {
    Key::new(format!("LOGIN#{}", login.map(Login::key).unwrap_or_default()), "CREDENTIAL")
}

pub(crate) fn super_admins() -> Key {
    Key::new("PLATFORM", "SUPER_ADMINS")
}

pub(crate) fn master_key() -> Key {
    Key::new("PLATFORM", "MASTER_KEY")
}

/// The marker of a verified address, in its canonical form.
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

/// The partition of a user's sessions and API keys.
pub(crate) fn session_partition(user_id: UserId) -> String {
    format!("{SESSIONS}{user_id}")
}

pub(crate) fn session(user_id: UserId, session_id: SessionId) -> Key {
    Key::new(session_partition(user_id), session_id.to_string())
}

pub(crate) fn api_key(user_id: UserId, key_id: ApiKeyId) -> Key {
    Key::new(session_partition(user_id), format!("{API_KEY}{key_id}"))
}

pub(crate) fn api_keys_index(key_id: ApiKeyId) -> (String, String) {
    (API_KEYS.to_owned(), key_id.to_string())
}

/// The register of a user's active API keys.
pub(crate) fn key_register(user_id: UserId) -> Key {
    Key::new(session_partition(user_id), "KEYS")
}

pub(crate) fn key_reminder(user_id: UserId, key_id: ApiKeyId) -> Key {
    Key::new(session_partition(user_id), format!("{KEY_REMINDER}{key_id}"))
}

pub(crate) fn app(app_id: AppId) -> Key {
    Key::new(app_partition(app_id), "APP")
}

/// The partition of an application and all its accounts.
pub(crate) fn app_partition(app_id: AppId) -> String {
    format!("{APP}{app_id}")
}

pub(crate) fn apps_index(app_id: AppId) -> (String, String) {
    (APPS.to_owned(), app_id.to_string())
}

/// The partition of a team, its members, roles, invitations and the list of its applications.
pub(crate) fn team_partition(team_id: TeamId) -> String {
    format!("{TEAM}{team_id}")
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
    Key::new(app_partition(app_id), account_sk(user_id.as_str()))
}

/// The sort key of an account. All accounts whose ids start with `user_id` have sort keys that start with it.
pub(crate) fn account_sk(user_id: &str) -> String {
    format!("{ACCOUNT}{user_id}")
}

pub(crate) fn job(app_id: AppId, job_id: JobId) -> Key {
    Key::new(app_partition(app_id), format!("{JOB}{job_id}"))
}

/// The signal that a job is to be worked on. The table's stream reports keys only, so the job's status is no signal.
pub(crate) fn wake(app_id: AppId, job_id: JobId) -> Key {
    Key::new(app_partition(app_id), format!("{WAKE}{job_id}"))
}

/// The set of an application's unfinished jobs.
pub(crate) fn jobs(app_id: AppId) -> Key {
    Key::new(app_partition(app_id), "JOBS")
}

/// The partition of the rejected rows of a run of an import.
pub(crate) fn rows_partition(job_id: JobId, run: u32) -> String {
    format!("ROWS#{job_id}#{run}")
}

/// The rejected rows of a chunk that begins at this position. Positions sort as texts.
pub(crate) fn rows(job_id: JobId, run: u32, position: u64) -> Key {
    Key::new(rows_partition(job_id, run), format!("{position:020}"))
}

/// The partition of a webhook and its deliveries.
pub(crate) fn webhook_partition(webhook_id: WebhookId) -> String {
    format!("{WEBHOOK}{webhook_id}")
}

pub(crate) fn webhook(webhook_id: WebhookId) -> Key {
    Key::new(webhook_partition(webhook_id), "WEBHOOK")
}

pub(crate) fn webhooks_index(webhook_id: WebhookId) -> (String, String) {
    (WEBHOOKS.to_owned(), webhook_id.to_string())
}

pub(crate) fn delivery(webhook_id: WebhookId, delivery_id: DeliveryId) -> Key {
    Key::new(webhook_partition(webhook_id), format!("{DELIVERY}{delivery_id}"))
}

/// The set of a team's webhooks or, without a team, of the platform's.
pub(crate) fn webhooks(owner: Option<TeamId>) -> Key {
    Key::new(owner.map_or_else(|| "PLATFORM".to_owned(), team_partition), "WEBHOOKS")
}

/// How far the event bus was sent the feed.
pub(crate) fn event_bus() -> Key {
    Key::new("EVENT_BUS", "EVENT_BUS")
}

pub(crate) fn mail(mail_id: MailId) -> Key {
    Key::new(format!("{OUTBOX}{mail_id}"), "OUTBOX")
}

/// The mail whose partition key this is.
pub(crate) fn mail_id(pk: &str) -> Option<MailId> {
    MailId::parse(pk.strip_prefix(OUTBOX)?)
}

pub(crate) fn idempotency(hash: &str) -> Key {
    Key::new(format!("IDEMPOTENCY#{hash}"), "IDEMPOTENCY")
}

pub(crate) fn audit(team_id: Option<TeamId>, day: NaiveDate, audit_id: AuditId) -> Key {
    Key::new(audit_partition(team_id, day), audit_id.to_string())
}

/// The partition of one day's audit records of a team or, without a team, of the platform.
pub(crate) fn audit_partition(team_id: Option<TeamId>, day: NaiveDate) -> String {
    let owner = team_id.map_or_else(|| "PLATFORM".to_owned(), |team_id| team_id.to_string());
    format!("{AUDIT}{owner}#{day}")
}

/// Index partitions of one day's audit records, so that no single one takes all writes.
pub(crate) const AUDIT_SHARDS: u8 = 8;

pub(crate) fn audit_index(day: NaiveDate, audit_id: AuditId) -> (String, String) {
    (audit_shard(day, audit_id.as_bytes()[15] % AUDIT_SHARDS), audit_id.to_string())
}

/// One of the index partitions of one day's audit records.
pub(crate) fn audit_shard(day: NaiveDate, shard: u8) -> String {
    format!("{AUDIT}{day}#{shard}")
}

pub(crate) fn cleanup() -> Key {
    Key::new("CLEANUP", "CLEANUP")
}

/// The index partition of everything that falls due within one hour.
pub(crate) fn due_partition(hour: i64) -> String {
    format!("DUE#{hour}")
}

pub(crate) fn due_index(at: Timestamp, id: &impl ToString) -> (String, String) {
    (due_partition(at.unix_hours()), format!("{at}#{}", id.to_string()))
}
