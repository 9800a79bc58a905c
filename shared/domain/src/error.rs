//! Refusals: the table of error codes, and the type that carries one to the caller.

use std::{borrow::Cow, fmt, time::Duration};

use utoipa::{
    PartialSchema, ToSchema,
    openapi::{ObjectBuilder, RefOr, Schema, Type},
};

use crate::{
    limits::MAX_VIOLATIONS,
    violation::{Violation, ViolationCode},
};

/// Declares the error codes and the columns of their table.
macro_rules! codes {
    ($($variant:ident $status:literal $code:literal $title:literal;)*) => {
        /// An error code: stable, for programs to branch on.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Code {
            $(#[doc = $title] $variant,)*
        }

        impl Code {
            /// Every code, in the order of the table.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// The code with this name.
            pub fn parse(name: &str) -> Option<Self> {
                match name { $($code => Some(Self::$variant),)* _ => None }
            }

            /// The HTTP status of the reply.
            pub const fn status(self) -> u16 {
                match self { $(Self::$variant => $status,)* }
            }

            /// The name of the code on the wire.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $code,)* }
            }

            /// One sentence that fits every occurrence of the error.
            pub const fn title(self) -> &'static str {
                match self { $(Self::$variant => $title,)* }
            }
        }
    };
}

#[rustfmt::skip]
codes! {
    AmbiguousCredentials 400 "ambiguous_credentials"
        "The request has both a session cookie and a bearer token. Send only one of them.";
    MalformedJson 400 "malformed_json"
        "The body is not a well-formed JSON value.";
    InvalidCursor 400 "invalid_cursor"
        "The cursor is not from this list or is more than an hour old. Start again without a cursor.";
    InvalidIdempotencyKey 400 "invalid_idempotency_key"
        "The Idempotency-Key is invalid. Use 1 to 128 printable ASCII characters.";
    InvalidIfMatch 400 "invalid_if_match"
        "If-Match is invalid. Use * or entity tags such as \"7\".";
    Unauthenticated 401 "unauthenticated"
        "The session or API key is missing, expired or unknown. Sign in again, or use another key.";
    InvalidCredentials 401 "invalid_credentials"
        "Cannot sign in with this login and password.";
    InvalidCode 401 "invalid_code"
        "The code or its sign-in is wrong, used or expired. Try the newest code or sign in again.";
    CrossSiteRequest 403 "cross_site_request"
        "The request comes from a page of another site. Send it from the console.";
    PasswordChangeRequired 403 "password_change_required"
        "The password must be changed before this session can do anything else.";
    KeyNotAllowed 403 "key_not_allowed"
        "API keys cannot do this. Sign in to do it.";
    InsufficientScope 403 "insufficient_scope"
        "The API key does not have the scope for this. Use a key that has it.";
    UseOwnRoute 403 "use_own_route"
        "Use the routes under /v1/me to change your own user.";
    RegistrationClosed 403 "registration_closed"
        "Registration is closed. Ask an admin to create a user for you.";
    EmailNotVerified 403 "email_not_verified"
        "Redeeming an invitation requires a verified email address. Verify yours first.";
    Forbidden 403 "forbidden"
        "You do not have the permission for this.";
    NotFound 404 "not_found"
        "The resource does not exist, or you may not see it.";
    MethodNotAllowed 405 "method_not_allowed"
        "This path does not support the method.";
    AccountDeletionLocked 409 "account_deletion_locked"
        "The application's deletion lock is on. Turn it off to delete accounts.";
    AccountExists 409 "account_exists"
        "The application already has an account with this id.";
    AdminLimitReached 409 "admin_limit_reached"
        "The application already has 10 admins. Remove one first.";
    AlreadyMember 409 "already_member"
        "The user is already a member of the team.";
    AppNotEmpty 409 "app_not_empty"
        "The application still has accounts. Delete them first.";
    Conflict 409 "conflict"
        "The resource was changed at the same time. Read it again and retry.";
    IdempotencyInProgress 409 "idempotency_in_progress"
        "A request with this Idempotency-Key is still running. Retry in a moment.";
    InvitationEnded 409 "invitation_ended"
        "The invitation was redeemed or revoked. Issue a new one.";
    KeyNotActive 409 "key_not_active"
        "The API key has expired or was revoked. Create a new one.";
    LastSuperAdmin 409 "last_super_admin"
        "This is the last enabled super admin. Appoint another one first.";
    LastTeamAdmin 409 "last_team_admin"
        "This is the team's last admin. Appoint another one first, or ask a platform admin.";
    LoginTaken 409 "login_taken"
        "The login is already taken. Choose another one.";
    MatchedDiffers 409 "matched_differs"
        "The job concerns another number of accounts. Look at it again, and start it with its `matched`.";
    NotAMember 409 "not_a_member"
        "Platform admins, and service accounts of another team, cannot be members of this team.";
    RoleInUse 409 "role_in_use"
        "Members or live invitations have this role. Give them another role first.";
    SuperAdminExists 409 "super_admin_exists"
        "A super admin already exists. To reset their password, request it explicitly (break-glass).";
    TeamNameTaken 409 "team_name_taken"
        "Another team already has this name. Choose another one.";
    TeamNotEmpty 409 "team_not_empty"
        "The team still owns applications. Delete or move them first.";
    TooManyJobs 409 "too_many_jobs"
        "The application already has 5 unfinished jobs. Wait for one, or end one.";
    TooManyKeys 409 "too_many_keys"
        "The user already has 20 active API keys. Revoke one first.";
    TooManyInvitations 409 "too_many_invitations"
        "The team already has 100 live invitations. Revoke one first.";
    TooManyMembers 409 "too_many_members"
        "The team already has 1,000 members. Remove one first.";
    TooManyRoles 409 "too_many_roles"
        "The team already has 50 custom roles. Delete one first.";
    TooManyTeams 409 "too_many_teams"
        "The user is already a member of 20 teams. They must leave one first.";
    TooManyWebhooks 409 "too_many_webhooks"
        "The team or the platform already has 10 webhooks. Delete one first.";
    TotpEnabled 409 "totp_enabled"
        "Two-factor authentication is already on. Turn it off first.";
    WrongStatus 409 "wrong_status"
        "The job's status does not allow this. Read the job.";
    CursorExpired 410 "cursor_expired"
        "The log no longer reaches back to this cursor. Begin again with `cursor=start`.";
    VersionConflict 412 "version_conflict"
        "The resource no longer has the version in If-Match. Read it again and retry.";
    PayloadTooLarge 413 "payload_too_large"
        "The body is too large.";
    UnsupportedMediaType 415 "unsupported_media_type"
        "The body is not JSON. Send it with Content-Type: application/json.";
    IdempotencyMismatch 422 "idempotency_mismatch"
        "The Idempotency-Key was already used for a different request. Use a new key.";
    ImmutableField 422 "immutable_field"
        "The body changes a field that cannot be changed. Remove the field.";
    UnknownField 422 "unknown_field"
        "The request has an unknown field or parameter. Remove it.";
    UnreadableFile 422 "unreadable_file"
        "The file cannot be read. See detail.";
    ValidationFailed 422 "validation_failed"
        "Some fields or parameters are invalid. See errors.";
    InvitationInvalid 422 "invitation_invalid"
        "The invitation code is wrong, used, expired, or for someone else. Ask for a new invitation.";
    VerificationFailed 422 "verification_failed"
        "The code is wrong, used or expired. Request a new one.";
    TooManyAttempts 429 "too_many_attempts"
        "Too many failed attempts. Wait as long as Retry-After says.";
    TooManyRequests 429 "too_many_requests"
        "Too many mails were requested. Wait as long as Retry-After says.";
    Internal 500 "internal"
        "The server failed to process the request.";
    Unavailable 503 "unavailable"
        "A dependency is not available. Retry in a moment.";
}

impl PartialSchema for Code {
    fn schema() -> RefOr<Schema> {
        let names = Self::ALL.iter().map(|code| code.as_str());
        ObjectBuilder::new()
            .schema_type(Type::String)
            .enum_values(Some(names))
            .description(Some("An error code."))
            .into()
    }
}

impl ToSchema for Code {
    fn name() -> Cow<'static, str> {
        "ErrorCode".into()
    }
}

impl serde::Serialize for Code {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

/// Why a request is refused, and how the caller can fix it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The error code, for programs.
    pub code: Code,
    /// What happened in this case, for people.
    pub detail: Cow<'static, str>,
    /// The violations of the request; empty for any status but 422.
    pub violations: Vec<Violation>,
    /// After how long to retry, if known.
    pub retry_after: Option<Duration>,
}

impl Refusal {
    /// A refusal with a sentence of its own instead of the title.
    pub fn new(code: Code, detail: impl Into<Cow<'static, str>>) -> Self {
        Self { code, detail: detail.into(), violations: Vec::new(), retry_after: None }
    }

    /// The refusal of a request with these violations. Its code is that of an unknown field if there is one, then that
    /// of an immutable field. It lists at most [`MAX_VIOLATIONS`] and says how many more there are.
    pub fn invalid(mut violations: Vec<Violation>) -> Self {
        let any = |code| violations.iter().any(|violation| violation.code() == code);
        let code = if any(ViolationCode::UnknownField) {
            Code::UnknownField
        } else if any(ViolationCode::ImmutableField) {
            Code::ImmutableField
        } else {
            Code::ValidationFailed
        };
        let more = violations.len().saturating_sub(MAX_VIOLATIONS);
        violations.truncate(MAX_VIOLATIONS);
        let refusal = Self { violations, ..code.into() };
        if more == 0 {
            return refusal;
        }
        Self { detail: format!("{} {more} more violations are not listed.", refusal.detail).into(), ..refusal }
    }

    /// Whether one of the violations is at this RFC 6901 pointer, or is about the body as a whole.
    pub fn concerns(&self, pointer: &str) -> bool {
        self.violations.iter().any(|violation| violation.is_at(pointer) || violation.is_at(""))
    }

    /// A refusal that tells the caller after how long to retry.
    pub fn wait(code: Code, retry_after: Duration) -> Self {
        Self { retry_after: Some(retry_after), ..code.into() }
    }
}

impl From<Code> for Refusal {
    fn from(code: Code) -> Self {
        Self::new(code, code.title())
    }
}

impl From<Violation> for Refusal {
    fn from(violation: Violation) -> Self {
        Self::invalid(vec![violation])
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: {}", self.code.as_str(), self.detail)?;
        self.violations.iter().try_for_each(|violation| write!(formatter, "; {violation}"))
    }
}

impl std::error::Error for Refusal {}
