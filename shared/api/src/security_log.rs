//! The security log: one structured line for every sign-in, wrong code, refusal by rights, throttled request, changed
//! secret and use of break-glass. Nothing else writes such lines, so none has another form, and none contains a secret.

use std::{
    net::IpAddr,
    sync::{Arc, Mutex, PoisonError},
};

use rollcall_domain::{
    Code, Refusal, ViolationCode,
    audit::{Action, AuditRecord},
    id::{ApiKeyId, UserId},
};

use crate::throttle::network_of;

/// The target of the lines, for filters of the log.
pub const TARGET: &str = "rollcall::security";

/// Declares the events and their table.
macro_rules! events {
    ($($variant:ident $name:literal $meaning:literal;)*) => {
        /// What happened, by the name that OWASP's logging vocabulary has for it.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum SecurityEvent {
            $(#[doc = $meaning] $variant,)*
        }

        impl SecurityEvent {
            /// Every event, in the order of the table.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// The name in the log.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// When it is written, as one sentence.
            pub const fn meaning(self) -> &'static str {
                match self { $(Self::$variant => $meaning,)* }
            }
        }
    };
}

#[rustfmt::skip]
events! {
    LoginSuccess   "authn_login_success"        "A sign-in was completed.";
    LoginFail      "authn_login_fail"           "A login, password, second factor or current password was wrong.";
    CodeFail       "input_validation_fail"      "A mailed code or an invitation code was wrong.";
    LoginLock      "authn_login_lock"           "A sign-in was refused because its login or network has to wait.";
    TokenCreated   "authn_token_created"        "An API key or a webhook was created, or got a new secret.";
    TokenRevoked   "authn_token_revoked"        "An API key was revoked.";
    PasswordChange "authn_password_change"      "A password was changed or reset.";
    UserUpdated    "user_updated"               "A verified address or a second factor was set or removed.";
    AuthzFail      "authz_fail"                 "A request was refused with status 403.";
    AuthzAdmin     "authz_admin"                "The break-glass reset of a super admin was used.";
    RateLimit      "excess_rate_limit_exceeded" "Any other request was refused with status 429.";
}

/// What a request has revealed about its sender. Handlers add to it, and the log line is written when the request ends.
#[derive(Clone, Debug, Default)]
pub struct Requester(Arc<Mutex<Revealed>>);

#[derive(Clone, Debug, Default)]
struct Revealed {
    user_id: Option<UserId>,
    key_id: Option<ApiKeyId>,
    login_hash: Option<String>,
    is_disabled: bool,
    address: Option<IpAddr>,
}

impl Requester {
    /// The request comes from this address.
    pub(crate) fn locate(&self, address: IpAddr) {
        self.change(|revealed| revealed.address = Some(address));
    }

    /// The request is that of this user, or tries to sign in as them.
    pub fn identify(&self, user_id: UserId) {
        self.change(|revealed| revealed.user_id = Some(user_id));
    }

    /// The request carries this API key.
    pub(crate) fn carries_key(&self, key_id: ApiKeyId) {
        self.change(|revealed| revealed.key_id = Some(key_id));
    }

    /// The user and the API key of the request, as far as it has revealed them.
    pub(crate) fn identified(&self) -> (Option<UserId>, Option<ApiKeyId>) {
        let revealed = self.revealed();
        (revealed.user_id, revealed.key_id)
    }

    /// The request tries to sign in with a login that has this keyed hash. The login itself is not logged before it is
    /// proved: people type passwords into that field.
    pub fn attempt_login(&self, login_hash: &str) {
        self.change(|revealed| revealed.login_hash = Some(login_hash.to_owned()));
    }

    /// The password was right, but the user is disabled. The reply does not tell, the log does.
    pub fn found_disabled(&self) {
        self.change(|revealed| revealed.is_disabled = true);
    }

    fn change(&self, change: impl FnOnce(&mut Revealed)) {
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner));
    }

    fn revealed(&self) -> Revealed {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// Writes the line of a refused request, if it is one that the log is about.
pub(crate) fn refused(requester: &Requester, path: &str, refusal: &Refusal, request_id: &str) {
    let Some(event) = event_of_refusal(refusal, path) else { return };
    let Revealed { user_id, key_id: _, login_hash, is_disabled, address } = requester.revealed();
    let outcome = match event {
        SecurityEvent::LoginFail if is_disabled => "disabled",
        SecurityEvent::LoginFail | SecurityEvent::CodeFail => "wrong",
        SecurityEvent::LoginLock | SecurityEvent::RateLimit => "waited",
        _ => "refused",
    };
    tracing::warn!(
        target: TARGET,
        event = event.as_str(),
        outcome,
        code = refusal.code.as_str(),
        user_id = user_id.map(tracing::field::display),
        login_hash,
        network = network_of(address),
        request_id,
        "refused"
    );
}

/// The event of a refused request, if the log is about it.
pub(crate) fn event_of_refusal(refusal: &Refusal, path: &str) -> Option<SecurityEvent> {
    let is_incorrect = refusal.violations.iter().any(|violation| violation.code() == ViolationCode::Incorrect);
    match refusal.code {
        Code::InvalidCredentials | Code::InvalidCode => Some(SecurityEvent::LoginFail),
        _ if is_incorrect => Some(SecurityEvent::LoginFail),
        Code::VerificationFailed if path.starts_with("/v1/me/totp") => Some(SecurityEvent::LoginFail),
        Code::VerificationFailed | Code::InvitationInvalid => Some(SecurityEvent::CodeFail),
        Code::TooManyAttempts if path.starts_with("/v1/login") => Some(SecurityEvent::LoginLock),
        code if code.status() == 429 => Some(SecurityEvent::RateLimit),
        code if code.status() == 403 => Some(SecurityEvent::AuthzFail),
        _ => None,
    }
}

/// The changes that the log is about.
const EVENTS_OF_CHANGES: [(Action, SecurityEvent); 12] = [
    (Action::UserSignIn, SecurityEvent::LoginSuccess),
    (Action::UserSetPassword, SecurityEvent::PasswordChange),
    (Action::UserSetEmail, SecurityEvent::UserUpdated),
    (Action::UserUnbindEmail, SecurityEvent::UserUpdated),
    (Action::UserBindTotp, SecurityEvent::UserUpdated),
    (Action::UserUnbindTotp, SecurityEvent::UserUpdated),
    (Action::UserBreakGlass, SecurityEvent::AuthzAdmin),
    (Action::WebhookCreate, SecurityEvent::TokenCreated),
    (Action::WebhookRotate, SecurityEvent::TokenCreated),
    (Action::KeyCreate, SecurityEvent::TokenCreated),
    (Action::KeyRotate, SecurityEvent::TokenCreated),
    (Action::KeyRevoke, SecurityEvent::TokenRevoked),
];

fn event_of_change(record: &AuditRecord) -> Option<SecurityEvent> {
    // An edit by an admin removes the proof of an address, or the address.
    if record.action == Action::UserEdit && record.before["email_verified"] == true {
        return Some(SecurityEvent::UserUpdated);
    }
    EVENTS_OF_CHANGES.iter().find(|(action, _)| *action == record.action).map(|(_, event)| *event)
}

/// Writes the line of a committed change, if it is one that the log is about.
pub(crate) fn committed(record: &AuditRecord) {
    let Some(event) = event_of_change(record) else { return };
    let actor = record.actor.as_ref();
    tracing::info!(
        target: TARGET,
        event = event.as_str(),
        outcome = "success",
        action = record.action.as_str(),
        user_id = actor.map(|actor| tracing::field::display(actor.user_id)),
        login = actor.map(|actor| actor.login.as_str()),
        target_id = record.target.id,
        network = network_of(record.address),
        request_id = record.request_id,
        "changed"
    );
}
