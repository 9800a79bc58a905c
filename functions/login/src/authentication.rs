//! Checking a password: the same throttles, reads and hash on every path that asks for one.

use rollcall_api::{
    Call, Context, Problem, PublicRequest,
    device::Mark,
    password::{self, Verdict},
    throttle::{self, Attempt, LoginThrottles},
};
use rollcall_domain::{
    Code, Refusal, Violation, ViolationCode, credential::Credential, id::DeviceId, password::Password, text::Login,
    throttle::ThrottleKind, user::User,
};
use rollcall_store::throttle::SignInState;

/// A password to be checked, and the login it is for.
pub(crate) struct PasswordAttempt<'a> {
    /// The login in the form that is throttled, even if no user could have it.
    pub(crate) subject: &'a str,
    /// The login, if it is a valid one.
    pub(crate) login: Option<&'a Login>,
    /// The device mark from the body; without one the cookie counts.
    pub(crate) device_token: Option<&'a str>,
    /// Whether the attempt is made in a session on a known device.
    pub(crate) is_known_session: bool,
    /// The password as typed.
    pub(crate) password: Password,
}

/// A password that was checked.
pub(crate) struct PasswordCheck {
    pub(crate) credential: Option<Credential>,
    /// The device, if it is a known one.
    pub(crate) device_id: Option<DeviceId>,
    pub(crate) attempt: Attempt,
    pub(crate) verdict: Verdict,
}

impl PasswordAttempt<'_> {
    /// Counts the attempt and computes exactly one hash, whether or not the login exists.
    pub(crate) async fn make(self, context: &Context, request: &PublicRequest) -> Result<PasswordCheck, Problem> {
        let mark = Mark::read(context, request, self.device_token, self.login).await?;
        let network = throttle::of_network(context, ThrottleKind::Network, request.address).await?;
        let of_login = LoginThrottles::of(context, ThrottleKind::Password, self.subject).await?;
        request.requester.attempt_login(&of_login.unknown_devices.hash);
        let mut throttles = vec![network, of_login.unknown_devices];
        throttles.extend(mark.map(|_| of_login.known_devices));
        let user_id = mark.map(|mark| mark.user_id);
        let SignInState { credential, user, throttles: mut found } =
            context.store.sign_in_state(self.login, user_id, &throttles).await?;
        if let Some(credential) = &credential {
            request.requester.identify(credential.user_id);
        }
        let device_id = mark.filter(|mark| mark.is_of(user.as_ref())).map(|mark| mark.device_id);
        // Count the attempt against the known devices if it comes from one, otherwise against the unknown ones.
        let unused = if device_id.is_some() { 1 } else { 2 };
        if unused < throttles.len() {
            throttles.remove(unused);
            found.remove(unused);
        }
        throttles[0].is_known_device = self.is_known_session || device_id.is_some();
        let attempt = Attempt::reserve(context, throttles, found, request.now).await?;
        let stored = credential.as_ref().map(|credential| &credential.password);
        let verdict = password::verify(context, self.password, stored).await?;
        Ok(PasswordCheck { credential, device_id, attempt, verdict })
    }
}

/// The caller's current password, proved in this request.
pub(crate) struct PasswordProof(Credential);

impl PasswordProof {
    /// Whether the caller had a second factor when the password was checked.
    pub(crate) fn has_totp(&self) -> bool {
        self.0.totp.is_some()
    }

    /// Checks that the proof holds for the caller as they were read now. The commit is conditional on this user's
    /// epoch, which every new password raises: so of concurrent requests with one password, only those before its
    /// change succeed.
    pub(crate) async fn check(&self, context: &Context, user: &User) -> Result<(), Problem> {
        let Self(proved) = self;
        if user.epoch == proved.epoch {
            return Ok(());
        }
        match context.store.credential(&user.login).await? {
            // It changed between the two reads.
            Some(now) if now.epoch != user.epoch => Err(Code::Conflict.into()),
            // The epoch rose for another reason.
            Some(now) if now.password == proved.password => Ok(()),
            Some(_) | None => Err(incorrect()),
        }
    }
}

/// Checks the caller's current password.
pub(crate) async fn reauthenticate(
    context: &Context,
    call: &Call,
    password: Password,
) -> Result<PasswordProof, Problem> {
    let login = &call.actor.user.login;
    let subject = login.key();
    let is_known_session = call.actor.is_known_device();
    let tried =
        PasswordAttempt { subject: &subject, login: Some(login), device_token: None, is_known_session, password };
    let tried = tried.make(context, &call.request).await?;
    match (tried.verdict, tried.credential) {
        (Verdict::Right | Verdict::RightButOutdated, Some(credential)) => {
            context.record(tried.attempt.succeeded()).await?;
            Ok(PasswordProof(credential))
        }
        (Verdict::Wrong, _) | (_, None) => Err(incorrect()),
    }
}

fn incorrect() -> Problem {
    Refusal::from(Violation::at("/current_password", ViolationCode::Incorrect, "is not the current password")).into()
}
