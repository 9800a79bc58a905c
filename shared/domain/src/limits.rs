//! Every quota and lifetime of the system, each with its reason.

use std::time::Duration;

const KIB: usize = 1024;
const MINUTE: Duration = Duration::from_mins(1);
const HOUR: Duration = Duration::from_hours(1);
const DAY: Duration = Duration::from_hours(24);

/// Admin accounts of one application: the cap of the chat product whose directory this is.
pub const MAX_ADMINS_PER_APP: usize = 10;

/// Accounts one deletion batch may name. 100 keeps a batch at two transactions and a person able to read it.
pub const MAX_ACCOUNTS_PER_DELETION: usize = 100;

/// Deletes of one transaction: half a full batch. DynamoDB allows 100 items a transaction, and the application's
/// lock, the audit record and the idempotency record need places too.
pub const MAX_DELETES_PER_TRANSACTION: usize = MAX_ACCOUNTS_PER_DELETION / 2;

/// Accounts one export at once may name: 1,000 of at most 4 KB stay below Lambda's 6 MB reply.
pub const MAX_ACCOUNTS_PER_SELECTION: usize = 1_000;

/// Bytes of a request body. The largest honest body (a deletion of 100 ids) is under 5 KiB.
pub const MAX_BODY_BYTES: usize = 64 * KIB;

/// Nesting of a JSON body, counting the outermost container. The deepest honest body has 3 levels.
pub const MAX_BODY_NESTING: usize = 16;

/// Characters of an `Idempotency-Key`.
pub const MAX_IDEMPOTENCY_KEY_CHARS: usize = 128;

/// How long an `Idempotency-Key` is remembered.
pub const IDEMPOTENCY_LIFETIME: Duration = DAY;

/// Items of a list page where the caller names no `limit`.
pub const DEFAULT_PAGE: usize = 50;

/// Items of a list page at most: one `BatchGetItem` holds 100 keys.
pub const MAX_PAGE: usize = 100;

/// How long a list cursor is honoured.
pub const CURSOR_LIFETIME: Duration = HOUR;

/// Wall-clock budget of one request: API Gateway callers see a clear 503 before the promised 5 s.
pub const REQUEST_DEADLINE: Duration = Duration::from_millis(4_500);

/// Budget of opening one connection to a dependency.
pub const CONNECT_TIMEOUT: Duration = Duration::from_secs(1);

/// Budget of one attempt at a dependency: three of them fit into [`REQUEST_DEADLINE`].
pub const ATTEMPT_TIMEOUT: Duration = Duration::from_millis(1_500);

/// Attempts at one database request when it throttles, conflicts or fails.
///
/// Waits double from [`RETRY_BASE`] with full jitter, so that eight attempts wait under 1.3 s on average and the
/// request's deadline stays the outer bound.
pub const MAX_ATTEMPTS: u32 = 8;

/// First wait between two attempts, before jitter.
pub const RETRY_BASE: Duration = Duration::from_millis(20);

/// How often a change that lost against another is decided anew before the caller is told 409 `conflict`.
pub const MAX_CONFLICT_RETRIES: u32 = 4;

/// What callers are told to wait when a dependency failed.
pub const RETRY_AFTER_FAULT: Duration = Duration::from_secs(1);

/// Lifetimes of a session: how long it may rest and how old it may grow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SessionLifetime {
    /// Time without a request after which the session is over.
    pub idle: Duration,
    /// Time since sign-in after which the session is over.
    pub age: Duration,
}

/// Sessions of members. NIST SP 800-63B-4 asks for at most 24 h and 1 h at AAL2.
pub const MEMBER_SESSION: SessionLifetime = SessionLifetime { idle: HOUR, age: DAY };

/// Sessions of the admin types: OWASP's range for high-value applications.
pub const ADMIN_SESSION: SessionLifetime =
    SessionLifetime { idle: Duration::from_mins(15), age: Duration::from_hours(12) };

/// `last_seen_at` of a session is rewritten when older than this: at most one write unit a minute and session. What is
/// not written counts as rest, so a session may end up to this much early, and never late.
pub const SESSION_TOUCH_INTERVAL: Duration = MINUTE;

/// Bytes of a `User-Agent` that a session remembers: enough to recognise a device, too little to abuse.
pub const MAX_USER_AGENT_BYTES: usize = 256;

/// Characters of a password at least: NIST asks for 15 without a second factor; 12 with a strength check is our stated
/// deviation.
pub const MIN_PASSWORD_CHARS: usize = 12;

/// Characters of a password that are looked at. Longer ones cannot have been set, so they cannot be right.
pub const MAX_PASSWORD_CHARS: usize = 256;

/// How long a deleted application stays revertible. Longer than any request that had read it may still run.
pub const APP_TOMBSTONE: Duration = MINUTE;

/// How long an audit record is kept unless `AUDIT_RETENTION_DAYS` says otherwise: a year and a month's grace.
pub const AUDIT_RETENTION_DAYS: u32 = 400;

/// How long one run of the cleanup may hold its lease: as long as the function may run.
pub const CLEANUP_LEASE: Duration = Duration::from_mins(5);

/// Due entries one run of the cleanup takes; what is left is taken by the next run.
pub const MAX_DUE_PER_CLEANUP: usize = 1_000;

/// How long after its end an hour of the due index may still receive entries, by clocks that run behind.
pub const DUE_HOUR_GRACE: Duration = Duration::from_mins(10);

/// How long a mailed code is good for. Mail takes seconds; ten minutes leave time to find it.
pub const CODE_LIFETIME: Duration = Duration::from_mins(10);

/// How long a mail waits after each try that failed, until it is given up: minutes for a hiccup, half a day for an
/// outage.
pub const MAIL_RETRIES: &[Duration] =
    &[MINUTE, Duration::from_mins(5), Duration::from_mins(15), HOUR, Duration::from_hours(4), Duration::from_hours(12)];

/// How long an unsent mail is kept at most: longer than all its tries.
pub const OUTBOX_LIFETIME: Duration = DAY;

/// Wrong tries at one authenticator of one login before it makes callers wait: a person mistypes, a list does not stop.
pub const FREE_FAILURES: i64 = 5;

/// Wrong tries from one network within [`NETWORK_WINDOW`] before it makes callers wait: a whole office may sit behind
/// one address.
pub const FREE_NETWORK_FAILURES: i64 = 10;

/// The window of [`FREE_NETWORK_FAILURES`].
pub const NETWORK_WINDOW: Duration = MINUTE;

/// The wait after the last free failure; it doubles with every further one.
pub const FIRST_WAIT: Duration = Duration::from_secs(1);

/// The longest wait between two tries: 96 guesses a day at most, so NIST's hundred failures take over a day.
pub const LONGEST_WAIT: Duration = Duration::from_mins(15);

/// Failures in a row after which an authenticator is shut to devices that never signed in, until it is recovered: NIST
/// SP 800-63B-4 asks for at most 100.
pub const MAX_FAILURES: i64 = 100;

/// How long the failures at codes mailed to an address count after the last one, its wait included: ten mails of five tries
/// a day are no way to guess eight digits, and an address that nobody has yet has nobody to recover it.
pub const CODE_FAILURES_WINDOW: Duration = DAY;

/// How long failures are remembered after the last one. A year of waiting for a hundred more guesses pays nobody.
pub const THROTTLE_LIFETIME: Duration = Duration::from_hours(365 * 24);

/// How often a try is decided anew while others at the same lane are quicker; after that it is refused.
pub const MAX_RESERVATIONS: u32 = 10;

/// How long the mark of a device that signed in is honoured.
pub const DEVICE_LIFETIME: Duration = Duration::from_hours(180 * 24);

/// Wrong tries at one mailed code: 5 in 10⁸ per flow.
pub const MAX_CODE_TRIES: u32 = 5;

/// The least time between two mails of one flow.
pub const RESEND_AFTER: Duration = MINUTE;

/// Mails with a code to one address for one purpose: this many in this time.
pub const MAILS_PER_ADDRESS: &[(usize, Duration)] = &[(5, HOUR), (10, DAY)];

/// The same to an address that a user wants to bind, who may name one after the other and come back to the first.
pub const MAILS_PER_ADDRESS_TO_BIND: &[(usize, Duration)] = &[(1, RESEND_AFTER), (5, HOUR), (10, DAY)];

/// Mails with a code to one address for one purpose that one network may ask for.
pub const MAILS_PER_NETWORK_AND_ADDRESS: &[(usize, Duration)] = &[(5, DAY)];

/// How long the step between the password and the second factor may take.
pub const TICKET_LIFETIME: Duration = Duration::from_mins(5);

/// Tries at the second factor with one ticket.
pub const MAX_TICKET_TRIES: u32 = 5;

/// Bytes of a two-factor secret: RFC 4226 recommends 160 bits.
pub const TOTP_SECRET_BYTES: usize = 20;

/// How long a two-factor secret waits for its first code.
pub const ENROLMENT_LIFETIME: Duration = Duration::from_mins(10);

/// Recovery codes of one user.
pub const RECOVERY_CODES: usize = 10;

/// Characters of a recovery code: 26 of base 32 carry 130 bits.
pub const RECOVERY_CODE_CHARS: usize = 26;

/// Characters of a search text: no name is longer.
pub const MAX_SEARCH_CHARS: usize = 64;

/// Users that one page of a filtered list looks at, so that a rare match costs a bounded time; the cursor goes on.
pub const MAX_USERS_EXAMINED: usize = 500;

/// The bounds of `PASSWORD_MIN_LENGTH`: below 8 no check of strength helps, beyond 64 nobody remembers.
pub const PASSWORD_MIN_LENGTH_RANGE: std::ops::RangeInclusive<usize> = 8..=64;

/// How long one try to hand a mail on may take: mail servers that answer at all take seconds at most.
pub const MAIL_TIMEOUT: Duration = Duration::from_secs(10);

/// How long after its moment a mail is overdue: until then it is the stream's, which takes seconds.
pub const MAIL_OVERDUE: Duration = MINUTE;

/// Entries of the due index that are read at once.
pub const DUE_PAGE: usize = 100;

/// Teams one user may be a member of: more than anybody works in, and few enough to be read with the user.
pub const MAX_TEAMS_PER_USER: usize = 20;

/// Members of one team. The list is in the order of joining, for which it is read as a whole: 1,000 fit one read.
pub const MAX_MEMBERS_PER_TEAM: usize = 1_000;

/// Custom roles of one team: what a person can still tell apart.
pub const MAX_ROLES_PER_TEAM: usize = 50;

/// Live invitations of one team: they are what guesses are made at, and issuing them must not be a flood.
pub const MAX_LIVE_INVITATIONS: usize = 100;

/// How long an invitation is live.
pub const INVITATION_LIFETIME: Duration = DAY;

/// How long an invitation stays in the history after it could last be used.
pub const INVITATION_HISTORY: Duration = Duration::from_hours(30 * 24);

/// Invitations whose time ran out that one request ends where they stand in its way: the cleanup does the rest.
pub const MAX_EXPIRED_AT_ONCE: usize = 10;

/// How often a code is drawn anew because another invitation has it. With a million live ones the chance that this does
/// not do is one in 10¹⁶.
pub const MAX_CODE_DRAWS: u32 = 8;

/// Wrong invitation codes of one redeemer within [`REDEEMER_WINDOW`].
pub const REDEEMER_FAILURES: i64 = 10;

/// The window of [`REDEEMER_FAILURES`].
pub const REDEEMER_WINDOW: Duration = DAY;

/// Wrong invitation codes from one network within [`REDEEMING_NETWORK_WINDOW`].
pub const REDEEMING_NETWORK_FAILURES: i64 = 20;

/// The window of [`REDEEMING_NETWORK_FAILURES`].
pub const REDEEMING_NETWORK_WINDOW: Duration = HOUR;

/// Live unbound codes times wrong tries within [`BREAKER_WINDOW`] that the whole platform bears: 2,740 guesses a day at
/// one of 10⁸ codes are a chance of 1 % a year.
pub const BREAKER_PRODUCT: i64 = 2_740;

/// Wrong tries that never shut the breaker, however many codes are live: some people always mistype.
pub const BREAKER_LEAST: i64 = 20;

/// The window in which the breaker counts wrong tries.
pub const BREAKER_WINDOW: Duration = DAY;

/// Partitions of the audit log that one page looks at, so that a rare match costs a bounded time; the cursor goes on.
pub const MAX_AUDIT_PARTITIONS: usize = 400;

/// Partitions of the audit log that are read at once.
pub const AUDIT_PARTITIONS_AT_ONCE: usize = 32;

/// Members, invitations and roles of a deleted team that one run of the cleanup takes off; the next goes on.
pub const TEAM_CLEANUP_STEPS: usize = 1_000;
