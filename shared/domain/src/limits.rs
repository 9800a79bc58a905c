//! The limits, quotas and lifetimes of the system, with the reason for each number.

use std::time::Duration;

const KIB: usize = 1024;
const MINUTE: Duration = Duration::from_mins(1);
const HOUR: Duration = Duration::from_hours(1);
const DAY: Duration = Duration::from_hours(24);

/// The maximum number of admin accounts of an application. The chat product has the same limit.
pub const MAX_ADMINS_PER_APP: usize = 10;

/// The maximum number of accounts in a batch deletion: two transactions, and few enough for a person to check.
pub const MAX_ACCOUNTS_PER_DELETION: usize = 100;

/// The maximum number of deletions in a transaction: half of a batch. DynamoDB allows 100 items per transaction, and
/// the application's lock, the audit record and the idempotency record need some of them.
pub const MAX_DELETES_PER_TRANSACTION: usize = MAX_ACCOUNTS_PER_DELETION / 2;

/// The maximum number of accounts in an export: 1,000 accounts of at most 4 KB stay below the 6 MB limit of a Lambda
/// reply.
pub const MAX_ACCOUNTS_PER_SELECTION: usize = 1_000;

/// The maximum number of accounts on a sheet of an XLSX file. A sheet has room for 1,048,576 rows; with this number,
/// people can tell how many accounts there are from the number of sheets.
pub const MAX_ACCOUNTS_PER_SHEET: u32 = 1_000_000;

/// The maximum number of sheets of an XLSX file: hardly any spreadsheet opens more of this size.
pub const MAX_SHEETS_PER_FILE: u32 = 5;

/// The maximum size of an XLSX file that is read, in bytes. It must be read from several places, unlike other formats,
/// so it is stored as a whole.
pub const MAX_WORKBOOK_BYTES: u64 = 50 * 1024 * 1024;

/// The maximum size of a record of a file that is read, in bytes of UTF-8. An account takes less than 4 KiB.
pub const MAX_RECORD_BYTES: usize = 64 * KIB;

/// The maximum size of a request body, in bytes. The largest legitimate body, a deletion of 100 accounts, is below 5
/// KiB.
pub const MAX_BODY_BYTES: usize = 64 * KIB;

/// The maximum nesting of a JSON body, including the outermost container. The deepest legitimate body has 3 levels.
pub const MAX_BODY_NESTING: usize = 16;

/// The number of violations that a reply lists: more than a person corrects at once. Without it, the reply to a body
/// full of unknown fields is eight times as large as the body.
pub const MAX_VIOLATIONS: usize = 100;

/// The maximum number of characters of an `Idempotency-Key`.
pub const MAX_IDEMPOTENCY_KEY_CHARS: usize = 128;

/// How long the reply for an `Idempotency-Key` is stored.
pub const IDEMPOTENCY_LIFETIME: Duration = DAY;

/// The number of items on a list page if the request has no `limit`.
pub const DEFAULT_PAGE: usize = 50;

/// The maximum number of items on a list page: one `BatchGetItem` reads 100 keys.
pub const MAX_PAGE: usize = 100;

/// How long the cursor of a list is valid.
pub const CURSOR_LIFETIME: Duration = HOUR;

/// The deadline of a request, in wall-clock time: callers get a 503 before the documented 5 s.
pub const REQUEST_DEADLINE: Duration = Duration::from_millis(4_500);

/// The timeout for connecting to a dependency.
pub const CONNECT_TIMEOUT: Duration = Duration::from_secs(1);

/// The timeout of one attempt at a dependency: [`REQUEST_DEADLINE`] has room for three.
pub const ATTEMPT_TIMEOUT: Duration = Duration::from_millis(1_500);

/// The timeout of one attempt to write a part of a file, or to read a piece of it: 8 MiB at 1.1 Mbit/s.
pub const OBJECT_ATTEMPT_TIMEOUT: Duration = MINUTE;

/// The number of attempts at a database request that is throttled, conflicts or fails.
///
/// Waits double from [`RETRY_BASE`], with full jitter. Eight attempts wait less than 1.3 s on average, well within
/// [`REQUEST_DEADLINE`].
pub const MAX_ATTEMPTS: u32 = 8;

/// The first wait between two attempts, before jitter.
pub const RETRY_BASE: Duration = Duration::from_millis(20);

/// How often a change is attempted when it conflicts with others, before the caller gets 409 `conflict`.
pub const MAX_CONFLICT_RETRIES: u32 = 4;

/// The `Retry-After` of a reply after a dependency failed.
pub const RETRY_AFTER_FAULT: Duration = Duration::from_secs(1);

/// When a session expires.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SessionLifetime {
    /// The time without a request after which the session expires.
    pub idle: Duration,
    /// The time since sign-in after which the session expires.
    pub age: Duration,
}

/// The lifetime of members' sessions. NIST SP 800-63B-4 recommends at most 24 h, and 1 h of inactivity, at AAL2.
pub const MEMBER_SESSION: SessionLifetime = SessionLifetime { idle: HOUR, age: DAY };

/// The lifetime of the sessions of platform admins: the range that OWASP recommends for high-value applications.
pub const ADMIN_SESSION: SessionLifetime =
    SessionLifetime { idle: Duration::from_mins(15), age: Duration::from_hours(12) };

/// `last_seen_at` of a session is written again when it is older than this: at most one write per minute and session.
/// Therefore a session can expire up to a minute early, but never late.
pub const SESSION_TOUCH_INTERVAL: Duration = MINUTE;

/// The master key is read again after this time, so that a rotation reaches every function without a restart.
pub const KEYRING_LIFETIME: Duration = Duration::from_mins(5);

/// Data that names an unknown master key has it read again, at most this often: data that a client sends may be forged.
pub const KEYRING_RETRY: Duration = Duration::from_secs(10);

/// The last use of an API key is written again when it is older than this, as for sessions.
pub const KEY_TOUCH_INTERVAL: Duration = MINUTE;

/// The maximum number of active API keys of a user: one for each program and a few that are being replaced.
pub const MAX_KEYS_PER_USER: usize = 20;

/// The maximum lifetime of an API key, in days.
pub const MAX_KEY_DAYS: u32 = 365;

/// The maximum time for which the secret before a rotation still works, in hours: a week to replace it everywhere.
pub const MAX_KEY_OVERLAP_HOURS: u32 = 168;

/// The maximum number of networks of an API key.
pub const MAX_KEY_NETWORKS: usize = 20;

/// The maximum number of applications of an API key.
pub const MAX_KEY_APPS: usize = 100;

/// How long an API key that expired or was revoked is still listed.
pub const ENDED_KEY_LIFETIME: Duration = Duration::from_hours(30 * 24);

/// How long before the end of an API key its owner is reminded.
pub const KEY_REMINDERS: [Duration; 2] = [Duration::from_hours(14 * 24), Duration::from_hours(3 * 24)];

/// The number of a team's admins that are reminded of the end of its service account's key: they share one transaction.
pub const MAX_REMINDED_ADMINS: usize = 20;

/// The number of bytes of a `User-Agent` that a session stores: enough to recognise a device.
pub const MAX_USER_AGENT_BYTES: usize = 256;

/// The default minimum number of characters of a password. NIST recommends 15 without a second factor; we require 12
/// and a strength check.
pub const MIN_PASSWORD_CHARS: usize = 12;

/// The maximum number of characters of a password.
pub const MAX_PASSWORD_CHARS: usize = 256;

/// How long the deletion of an application can be undone: longer than any request that had read the application can
/// run.
pub const APP_TOMBSTONE: Duration = MINUTE;

/// The default for `AUDIT_RETENTION_DAYS`, in days: a year and a month.
pub const AUDIT_RETENTION_DAYS: u32 = 400;

/// How long a run of the cleanup holds its lease: the timeout of the function.
pub const CLEANUP_LEASE: Duration = Duration::from_mins(5);

/// The maximum number of due entries that a run of the cleanup processes. The next run continues.
pub const MAX_DUE_PER_CLEANUP: usize = 1_000;

/// How long an hour of the due index may still get entries after its end, from hosts whose clocks are late.
pub const DUE_HOUR_GRACE: Duration = Duration::from_mins(10);

/// How long a mailed code is valid. Mail takes seconds; ten minutes leave time to find it.
pub const CODE_LIFETIME: Duration = Duration::from_mins(10);

/// The wait after each failed attempt to send a mail, until it is given up: minutes for a short failure, half a day for
/// an outage.
pub const MAIL_RETRIES: &[Duration] =
    &[MINUTE, Duration::from_mins(5), Duration::from_mins(15), HOUR, Duration::from_hours(4), Duration::from_hours(12)];

/// How long an unsent mail is stored: longer than all its attempts take.
pub const OUTBOX_LIFETIME: Duration = DAY;

/// The number of failed attempts at an authenticator of a login before callers have to wait: a person mistypes a few
/// times.
pub const FREE_FAILURES: i64 = 5;

/// The number of failed attempts from one network within [`NETWORK_WINDOW`] before callers have to wait: a whole office
/// may share an address.
pub const FREE_NETWORK_FAILURES: i64 = 10;

/// The window of [`FREE_NETWORK_FAILURES`].
pub const NETWORK_WINDOW: Duration = MINUTE;

/// The wait after the first failed attempt that is not free. It doubles with every further one.
pub const FIRST_WAIT: Duration = Duration::from_secs(1);

/// The longest wait between two attempts: at most 96 guesses a day, so [`MAX_FAILURES`] take more than a day.
pub const LONGEST_WAIT: Duration = Duration::from_mins(15);

/// The number of failed attempts in a row after which an authenticator is locked until it is recovered: a password for
/// unknown devices, a second factor for everybody. NIST SP 800-63B-4 allows at most 100.
pub const MAX_FAILURES: i64 = 100;

/// How long failed attempts are stored after the last one.
pub const THROTTLE_LIFETIME: Duration = Duration::from_hours(365 * 24);

/// How often counting an attempt is tried while concurrent attempts change the same throttle. After that it is refused.
pub const MAX_RESERVATIONS: u32 = 10;

/// How long the mark of a known device is valid.
pub const DEVICE_LIFETIME: Duration = Duration::from_hours(180 * 24);

/// The number of known devices of a user: more than a person signs in with. A further one replaces the oldest.
pub const MAX_DEVICES: usize = 10;

/// The number of attempts at a mailed code: a chance of 5 in 10⁸ per flow.
pub const MAX_CODE_TRIES: u32 = 5;

/// The number of refusals after a right code in one flow, such as a login that is taken. They do not count as attempts
/// at the code, so without this limit one mailed code could find out which logins exist.
pub const MAX_REFUSALS_AFTER_RIGHT_CODE: u32 = 20;

/// The time between two mails with a code to one address for one purpose. A mail that is requested earlier is sent at
/// the end of that time.
pub const RESEND_AFTER: Duration = MINUTE;

/// The limits on mails with a code to one address for one purpose: number and period, shortest period first. They also
/// bound the guesses at the address: each mail allows [`MAX_CODE_TRIES`].
pub const MAILS_PER_ADDRESS: &[(usize, Duration)] = &[(5, HOUR), (10, DAY)];

/// The longest period of [`MAILS_PER_ADDRESS`].
pub const MAILS_COUNTED_FOR: Duration = DAY;

/// How many of [`MAILS_PER_ADDRESS`] are kept for a known device of the address's owner and for networks that have not
/// asked within [`MAILS_COUNTED_FOR`]. Otherwise one stranger could use up all mails to an address.
pub const MAILS_KEPT: usize = 3;

/// The number of mails with a code that one network gets within [`MAILS_WINDOW`], whatever the addresses: an office may
/// share a network.
pub const MAILS_PER_NETWORK: i64 = 30;

/// The number of mails with a code that one signed-in user gets within [`MAILS_WINDOW`], whatever the addresses.
pub const MAILS_PER_USER: i64 = 10;

/// The window of [`MAILS_PER_NETWORK`] and [`MAILS_PER_USER`].
pub const MAILS_WINDOW: Duration = HOUR;

/// The number of passwords whose strength is estimated for one network within [`ESTIMATES_WINDOW`] without a session.
/// An estimate takes up to 50 ms, so one network gets a twentieth of a processor.
pub const ESTIMATES_PER_NETWORK: i64 = 60;

/// The window of [`ESTIMATES_PER_NETWORK`].
pub const ESTIMATES_WINDOW: Duration = MINUTE;

/// The number of hashes, strength estimates and QR codes that wait for one processor, besides the one that runs: about
/// as many as it finishes within [`REQUEST_DEADLINE`].
pub const MAX_QUEUED_PER_PROCESSOR: usize = 128;

/// The maximum time between the two steps of a sign-in.
pub const TICKET_LIFETIME: Duration = Duration::from_mins(5);

/// The number of attempts at the second factor with one ticket.
pub const MAX_TICKET_TRIES: u32 = 5;

/// The number of bytes of a TOTP secret: RFC 4226 recommends 160 bits.
pub const TOTP_SECRET_BYTES: usize = 20;

/// How long a new TOTP secret waits for its first code.
pub const ENROLMENT_LIFETIME: Duration = Duration::from_mins(10);

/// The number of recovery codes of a user.
pub const RECOVERY_CODES: usize = 10;

/// The number of characters of a recovery code: 26 in base 32 have 130 bits.
pub const RECOVERY_CODE_CHARS: usize = 26;

/// The maximum number of characters of an account's `user_id`.
pub const MAX_ACCOUNT_ID_CHARS: usize = 32;

/// The maximum number of characters of a search text: no name is longer.
pub const MAX_SEARCH_CHARS: usize = 64;

/// How long a request searches accounts before it replies with what it found and a cursor.
pub const MAX_SEARCH_TIME: Duration = Duration::from_secs(1);

/// The maximum number of users that are read for a page of a filtered list, so that a rare match has a bounded cost.
/// The cursor continues from there.
pub const MAX_USERS_EXAMINED: usize = 500;

/// The allowed values of `PASSWORD_MIN_LENGTH`: a shorter password is never strong, a longer one is hard to remember.
pub const PASSWORD_MIN_LENGTH_RANGE: std::ops::RangeInclusive<usize> = 8..=64;

/// The timeout of one attempt to send a mail.
pub const MAIL_TIMEOUT: Duration = Duration::from_secs(10);

/// How long one call begins to deliver due mails: half of the function's timeout, so that the last mail can end,
/// however slowly it is sent.
pub const DUE_DELIVERY_TIME: Duration = Duration::from_secs(30);

/// How long after it is due the cleanup sends a mail. The stream triggers the mailer within seconds, and the cleanup
/// only what it missed.
pub const MAIL_OVERDUE: Duration = MINUTE;

/// The number of entries of the due index in one read.
pub const DUE_PAGE: usize = 100;

/// The maximum number of teams of a user: more than anybody works in, and few enough to be stored with the user.
pub const MAX_TEAMS_PER_USER: usize = 20;

/// The maximum number of members of a team. The list is sorted by the time of joining, so it is read as a whole.
pub const MAX_MEMBERS_PER_TEAM: usize = 1_000;

/// The maximum number of custom roles of a team: what a person can keep apart.
pub const MAX_ROLES_PER_TEAM: usize = 50;

/// The maximum number of live invitations of a team: every live code makes guessing easier.
pub const MAX_LIVE_INVITATIONS: usize = 100;

/// The maximum length in days of a membership that an invitation grants: ten years. Who stays longer needs no end.
pub const MAX_MEMBERSHIP_DAYS: u32 = 3_650;

/// How long before the end of a membership its member gets a mail: enough to ask for more time on a working day. A
/// membership with less time left when its end is set is not announced.
pub const MEMBERSHIP_NOTICE: Duration = Duration::from_hours(3 * 24);

/// How long an invitation is live.
pub const INVITATION_LIFETIME: Duration = DAY;

/// How long an invitation is listed after its expiry.
pub const INVITATION_HISTORY: Duration = Duration::from_hours(30 * 24);

/// The number of invitations or memberships that a request ends beside what it was sent for: expired ones that count
/// against a limit, or invitations that are bound to a login which has joined. The cleanup ends the others once they
/// have expired.
pub const MAX_ENDED_AT_ONCE: usize = 10;

/// How often a code is drawn if another invitation has the same one. With a million live invitations, the chance that
/// all draws collide is 1 in 10¹⁶.
pub const MAX_CODE_DRAWS: u32 = 8;

/// The number of wrong invitation codes of one redeemer within [`REDEEMER_WINDOW`]: a user, or the address that a
/// registration has proved.
pub const REDEEMER_FAILURES: i64 = 10;

/// The window of [`REDEEMER_FAILURES`].
pub const REDEEMER_WINDOW: Duration = DAY;

/// The number of wrong invitation codes from one network within [`REDEEMING_NETWORK_WINDOW`].
pub const REDEEMING_NETWORK_FAILURES: i64 = 20;

/// The window of [`REDEEMING_NETWORK_FAILURES`].
pub const REDEEMING_NETWORK_WINDOW: Duration = HOUR;

/// The circuit breaker opens when live unbound codes × wrong attempts within [`BREAKER_WINDOW`] exceed this: 2,740
/// guesses per day at one of 10⁸ codes have a chance of 1 % per year.
pub const BREAKER_PRODUCT: i64 = 2_740;

/// The number of wrong attempts that never open the circuit breaker, however many codes are live: people mistype.
pub const BREAKER_LEAST: i64 = 20;

/// The window in which the circuit breaker counts wrong attempts.
pub const BREAKER_WINDOW: Duration = DAY;

/// The maximum number of audit log partitions that are read for a page, so that a rare match has a bounded cost. The
/// cursor continues from there.
pub const MAX_AUDIT_PARTITIONS: usize = 400;

/// How far behind the clock the event feed ends. A record is visible later than the time in its id: its request has
/// [`REQUEST_DEADLINE`] to commit it, as has any other transaction, and the index shows it about a second after that. The
/// rest is for an index that lags and for clocks that differ.
pub const EVENT_HOLD_BACK: Duration = Duration::from_secs(10);

/// How much of the oldest part of the log `cursor=start` leaves out, so that no record expires while it is read.
pub const EVENT_START_MARGIN: Duration = HOUR;

/// The size of a page of events after which it ends, in bytes of JSON: a reply of Lambda has at most 6 MB, and the
/// record of a job's transaction up to 400 KB.
pub const MAX_EVENT_PAGE_BYTES: usize = 4 * 1024 * KIB;

/// The number of audit log partitions that are read concurrently.
pub const AUDIT_PARTITIONS_AT_ONCE: usize = 32;

/// The maximum number of members, invitations and roles of a deleted team that a run of the cleanup deletes. The next
/// run continues.
pub const TEAM_CLEANUP_STEPS: usize = 1_000;

/// The maximum number of unfinished jobs of an application: enough for a team, few enough to stay in view.
pub const MAX_JOBS_PER_APP: usize = 5;

/// How long a job waits for its file, or for its start.
pub const JOB_WAIT: Duration = Duration::from_hours(1);

/// How long whoever works on a job may be silent before somebody else takes it over.
pub const JOB_LEASE: Duration = Duration::from_mins(5);

/// How often a worker may begin without getting on before the job fails: some five hours on AWS, where a worker that
/// dies is replaced after a quarter of an hour.
pub const MAX_JOB_ATTEMPTS: u32 = 20;

/// How long the files of a job remain after its end.
pub const JOB_FILES_LIFETIME: Duration = Duration::from_hours(24);

/// How long a job is listed.
pub const JOB_LIFETIME: Duration = Duration::from_hours(30 * 24);

/// How long a link to a file of a job lives.
pub const JOB_LINK_LIFETIME: Duration = Duration::from_mins(15);

/// The maximum size of an uploaded file: what S3 takes in one request.
pub const MAX_UPLOAD_BYTES: u64 = 5 * 1024 * 1024 * 1024;

/// The number of accounts that a job writes in one transaction. DynamoDB allows 100 items and 4 MB, and the audit
/// record, which holds each account before and after, 400 KB.
pub const JOB_CHUNK_ROWS: usize = 45;

/// The maximum number of webhooks of a team, and of the platform: each reads the feed whenever something is sent.
pub const MAX_WEBHOOKS: usize = 10;

/// The maximum length of a webhook's URL, in bytes: what most servers take.
pub const MAX_WEBHOOK_URL_BYTES: usize = 2_000;

/// The number of bytes of a webhook's secret: as many as HMAC-SHA256 puts out. Standard Webhooks takes 24 to 64.
pub const WEBHOOK_SECRET_BYTES: usize = 32;

/// For how many hours a webhook's events are signed with both secrets at most: a week, to change many receivers.
pub const MAX_SECRET_OVERLAP_HOURS: u32 = 168;

/// The timeout of a delivery: the receiver accepts an event and works on it later.
pub const WEBHOOK_TIMEOUT: Duration = Duration::from_secs(10);

/// The timeout of a test delivery: within [`REQUEST_DEADLINE`], with time for reading and recording.
pub const WEBHOOK_TEST_TIMEOUT: Duration = Duration::from_secs(3);

/// How much of a reply is read at most, in bytes: its status matters, and no more is kept.
pub const MAX_WEBHOOK_REPLY_BYTES: usize = 4 * KIB;

/// The wait after each failed attempt at an event: seconds for a restart, hours for an outage. The last one is repeated.
pub const WEBHOOK_RETRIES: &[Duration] = &[
    Duration::from_secs(5),
    MINUTE,
    Duration::from_mins(5),
    Duration::from_mins(15),
    HOUR,
    Duration::from_hours(4),
    Duration::from_hours(12),
];

/// The wait after each failed attempt at an event for the event bus. It is part of the installation, so nobody has to be
/// spared for hours. The last one is repeated.
pub const EVENT_BUS_RETRIES: &[Duration] = &[Duration::from_secs(5), MINUTE, Duration::from_mins(5)];

/// The part of a wait by which it is shortened at random at most.
pub const RETRY_JITTER: f64 = 0.1;

/// How long one event may fail before its webhook is paused: a weekend.
pub const WEBHOOK_PATIENCE: Duration = Duration::from_hours(72);

/// How long a delivery is listed.
pub const DELIVERY_LIFETIME: Duration = Duration::from_hours(7 * 24);

/// How long one call begins to deliver events: the function's timeout less an attempt that has begun and its recording.
pub const NOTIFIER_TIME: Duration = Duration::from_secs(40);

/// How long whoever sends a subscriber's events may be silent before somebody else goes on: longer than one attempt
/// and its recording.
pub const NOTIFIER_LEASE: Duration = MINUTE;

/// The number of subscribers that are sent events at once.
pub const SUBSCRIBERS_AT_ONCE: usize = 16;

/// The number of events that are read at a time for a subscriber.
pub const EVENTS_PER_READ: usize = 20;

/// The longest wait for a retry that the function spends running. It wakes up every minute anyway.
pub const LONGEST_IDLE: Duration = Duration::from_secs(10);

/// How far a position that no event moves may lie behind before it is stored: a subscriber without events reads at most
/// this much of the log again.
pub const POSITION_INTERVAL: Duration = HOUR;
