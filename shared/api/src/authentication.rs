//! Checking a password: the same throttles, reads and hash on every path that asks for one.

use rollcall_domain::{
    Code, Refusal, Violation, ViolationCode, credential::Credential, id::DeviceId, password::Password, text::Login,
    throttle::ThrottleKind, user::User,
};
use rollcall_store::throttle::SignInState;

use crate::{
    call::SessionCall,
    context::Context,
    device::Mark,
    password::{self, Verdict},
    problem::Problem,
    request::PublicRequest,
    throttle::{self, Attempt, LoginThrottles},
};

/// A password to be checked, and the login it is for.
pub struct PasswordAttempt<'a> {
    /// The login in the form that is throttled, even if no user could have it.
    pub subject: &'a str,
    /// The login, if it is a valid one.
    pub login: Option<&'a Login>,
    /// What shows the device.
    pub device: DeviceEvidence<'a>,
    /// The password as typed.
    pub password: Password,
}

/// What shows from which device an attempt comes.
#[derive(Clone, Copy)]
pub enum DeviceEvidence<'a> {
    /// The mark in the body; without one that of the cookie.
    Mark(Option<&'a str>),
    /// A session, on this known device or on an unknown one.
    Session(Option<DeviceId>),
}

/// A password that was checked.
pub struct PasswordCheck {
    /// The credential of the login, if somebody has it.
    pub credential: Option<Credential>,
    /// The device, if it is a known one.
    pub device_id: Option<DeviceId>,
    /// The counted attempt.
    pub attempt: Attempt,
    /// Whether the password was right.
    pub verdict: Verdict,
}

impl PasswordAttempt<'_> {
    /// Counts the attempt and computes exactly one hash, whether or not the login exists.
    pub async fn make(self, context: &Context, request: &PublicRequest) -> Result<PasswordCheck, Problem> {
        let (credential, device_id, attempt) = self.count(context, request).await?;
        let stored = credential.as_ref().and_then(|credential| credential.password.as_ref());
        match password::verify(context, self.password, stored).await {
            Ok(verdict) => Ok(PasswordCheck { credential, device_id, attempt, verdict }),
            // Nothing was verified, so nothing was guessed.
            Err(fault) => attempt.undo_unless_done(context, Err(fault)).await,
        }
    }

    /// Counts the attempt. Returns it with the credential of the login and the device, if it is a known one.
    async fn count(
        &self,
        context: &Context,
        request: &PublicRequest,
    ) -> Result<(Option<Credential>, Option<DeviceId>, Attempt), Problem> {
        let network = throttle::of_network(context, ThrottleKind::Network, request.address).await?;
        let LoginThrottles { unknown_devices, known_devices } =
            LoginThrottles::of(context, ThrottleKind::Password, self.subject).await?;
        request.requester.attempt_login(&unknown_devices.hash);
        let (mark, of_login) = match self.device {
            DeviceEvidence::Session(None) => (None, vec![unknown_devices]),
            DeviceEvidence::Session(Some(_)) => (None, vec![known_devices]),
            // Whether the user still knows the device of a mark shows only when both are read.
            DeviceEvidence::Mark(sent) => match Mark::read(context, request, sent, self.login).await? {
                Some(mark) => (Some(mark), vec![unknown_devices, known_devices]),
                None => (None, vec![unknown_devices]),
            },
        };
        let ids = [vec![network], of_login].concat();
        let user_id = mark.map(|mark| mark.user_id);
        let SignInState { credential, user, throttles } =
            context.store.sign_in_state(self.login, user_id, &ids).await?;
        if let Some(credential) = &credential {
            request.requester.identify(credential.user_id);
        }
        let device_id = match self.device {
            DeviceEvidence::Session(device_id) => device_id,
            DeviceEvidence::Mark(_) => mark.filter(|mark| mark.is_of(user.as_ref())).map(|mark| mark.device_id),
        };
        let is_known_device = device_id.is_some();
        let mut read = ids.into_iter().zip(throttles);
        let network = read.next().map(|(id, found)| (id.for_device(is_known_device), found));
        // Count the attempt against the known devices if it comes from one, otherwise against the unknown ones.
        let of_login = if is_known_device { read.next_back() } else { read.next() };
        let (ids, found) = network.into_iter().chain(of_login).unzip();
        Ok((credential, device_id, Attempt::reserve(context, ids, found, request.now).await?))
    }
}

/// The caller's current password, proved in this request.
pub struct PasswordProof(Credential);

impl PasswordProof {
    /// Checks that the proof holds for the caller as they were read now. The commit is conditional on this user's
    /// epoch, which every new password raises: so of concurrent requests with one password, only those before its
    /// change succeed.
    pub async fn check(&self, context: &Context, user: &User) -> Result<(), Problem> {
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
pub async fn reauthenticate(
    context: &Context,
    call: &SessionCall,
    password: Password,
) -> Result<PasswordProof, Problem> {
    let login = &call.actor.user.login;
    let subject = login.key();
    let device = DeviceEvidence::Session(call.actor.known_device());
    let tried = PasswordAttempt { subject: &subject, login: Some(login), device, password };
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
