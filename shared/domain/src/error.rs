//! What the system answers instead of doing what was asked: one table of codes, one type of refusal.

use std::{borrow::Cow, fmt, time::Duration};

use crate::violation::{Violation, ViolationCode};

/// Writes the enumeration of codes and its columns from one table.
macro_rules! codes {
    ($($variant:ident $status:literal $code:literal $title:literal;)*) => {
        /// A refusal's kind: stable, for programs to branch on.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Code {
            $(#[doc = $title] $variant,)*
        }

        impl Code {
            /// Every code, in the order of the table.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// The status class of the reply, as HTTP numbers it.
            pub const fn status(self) -> u16 {
                match self { $(Self::$variant => $status,)* }
            }

            /// The name of the code on the wire.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $code,)* }
            }

            /// What happened, in one sentence that fits every occurrence.
            pub const fn title(self) -> &'static str {
                match self { $(Self::$variant => $title,)* }
            }
        }
    };
}

#[rustfmt::skip]
codes! {
    AmbiguousCredentials    400 "ambiguous_credentials"    "Send either the session cookie or a bearer token, not both.";
    MalformedJson           400 "malformed_json"           "The body is not one well-formed JSON value.";
    InvalidCursor           400 "invalid_cursor"           "The cursor is not one of this list or is over an hour old; start again without it.";
    InvalidIdempotencyKey   400 "invalid_idempotency_key"  "An Idempotency-Key has 1 to 128 printable ASCII characters.";
    InvalidIfMatch          400 "invalid_if_match"         "If-Match takes * or entity tags such as \"7\".";
    Unauthenticated         401 "unauthenticated"          "Sign in first: the session is missing, over or unknown.";
    InvalidCredentials      401 "invalid_credentials"      "Could not sign in with this login and password.";
    InvalidCode             401 "invalid_code"             "This code, or the sign-in it belongs to, is wrong, used or over.";
    CrossSiteRequest        403 "cross_site_request"       "A page of another site may not send this request.";
    PasswordChangeRequired  403 "password_change_required" "Change the password first: this session can do nothing else.";
    UseOwnRoute             403 "use_own_route"            "Change your own account under /v1/me, where you prove that it is you.";
    RegistrationClosed      403 "registration_closed"      "This installation takes no registrations; ask an admin for an account.";
    EmailNotVerified        403 "email_not_verified"       "Prove an email address first: invitations are for people who can be reached.";
    Forbidden               403 "forbidden"                "The caller may see this but not do that.";
    NotFound                404 "not_found"                "There is nothing here.";
    MethodNotAllowed        405 "method_not_allowed"       "This address does not take this method.";
    AccountDeletionLocked   409 "account_deletion_locked"  "Accounts of this application cannot be deleted while its deletion lock is on.";
    AccountExists           409 "account_exists"           "The application already has an account of this id.";
    AdminLimitReached       409 "admin_limit_reached"      "This application already has 10 admins. Cancel one first.";
    AlreadyMember           409 "already_member"           "This user is a member of the team already.";
    AppNotEmpty             409 "app_not_empty"            "An application is deleted only when it holds no account.";
    Conflict                409 "conflict"                 "Others changed this at the same time; read it again and retry.";
    IdempotencyInProgress   409 "idempotency_in_progress"  "A request with this Idempotency-Key is still running; retry in a moment.";
    InvitationEnded         409 "invitation_ended"         "This invitation was redeemed or revoked; issue another one.";
    LastSuperAdmin          409 "last_super_admin"         "This is the last enabled super admin; appoint another one first.";
    LastTeamAdmin           409 "last_team_admin"          "This is the team's last admin; appoint another one first, or ask a platform admin.";
    LoginTaken              409 "login_taken"              "Somebody has this login already; choose another one.";
    NotAMember              409 "not_a_member"             "Admins of the platform join no teams.";
    RoleInUse               409 "role_in_use"              "Members or live invitations have this role; give them another one first.";
    SuperAdminExists        409 "super_admin_exists"       "There is a super admin already; giving it a new password takes the break-glass.";
    TeamNameTaken           409 "team_name_taken"          "Another team has this name already; choose another one.";
    TeamNotEmpty            409 "team_not_empty"           "A team is deleted only when it owns no application.";
    TooManyInvitations      409 "too_many_invitations"     "This team has 100 live invitations; revoke one first.";
    TooManyMembers          409 "too_many_members"         "This team has 1,000 members.";
    TooManyRoles            409 "too_many_roles"           "This team has 50 custom roles; delete one first.";
    TooManyTeams            409 "too_many_teams"           "This user is a member of 20 teams; leave one first.";
    TotpEnabled             409 "totp_enabled"             "Two-factor is on already; take it off first.";
    VersionConflict         412 "version_conflict"         "The resource is no longer the version that If-Match names.";
    PayloadTooLarge         413 "payload_too_large"        "The body is larger than this address takes.";
    UnsupportedMediaType    415 "unsupported_media_type"   "A body is sent as Content-Type: application/json.";
    IdempotencyMismatch     422 "idempotency_mismatch"     "This Idempotency-Key was used with another body.";
    ImmutableField          422 "immutable_field"          "A field that never changes was sent.";
    UnknownField            422 "unknown_field"            "A field that this request does not have was sent.";
    ValidationFailed        422 "validation_failed"        "Some of what was sent breaks a rule.";
    InvitationInvalid       422 "invitation_invalid"       "This invitation code cannot be used.";
    VerificationFailed      422 "verification_failed"      "This code is wrong, used or over.";
    TooManyAttempts         429 "too_many_attempts"        "Too many wrong tries; wait before the next one.";
    TooManyRequests         429 "too_many_requests"        "Too many mails were asked for; wait before the next one.";
    Internal                500 "internal"                 "Something failed on our side.";
    Unavailable             503 "unavailable"              "Something we depend on does not answer; retry in a moment.";
}

/// A refusal: why the system does not do what was asked, and what would mend it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The kind, for programs.
    pub code: Code,
    /// The occurrence, for people.
    pub detail: Cow<'static, str>,
    /// Every broken rule of the request; empty but for 422.
    pub violations: Vec<Violation>,
    /// When to come back, where that is known.
    pub retry_after: Option<Duration>,
}

impl Refusal {
    /// A refusal that says more than its title.
    pub fn new(code: Code, detail: impl Into<Cow<'static, str>>) -> Self {
        Self { code, detail: detail.into(), violations: Vec::new(), retry_after: None }
    }

    /// The refusal of a request that breaks these rules. Unknown and immutable fields give it its code.
    pub fn invalid(violations: Vec<Violation>) -> Self {
        let any = |code| violations.iter().any(|violation| violation.code() == code);
        let code = if any(ViolationCode::UnknownField) {
            Code::UnknownField
        } else if any(ViolationCode::ImmutableField) {
            Code::ImmutableField
        } else {
            Code::ValidationFailed
        };
        Self { violations, ..code.into() }
    }
}

impl Refusal {
    /// The refusal of whoever has to wait.
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
        self.violations.iter().try_for_each(|violation| write!(formatter, "; {}", violation.detail()))
    }
}

impl std::error::Error for Refusal {}
