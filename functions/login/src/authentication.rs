//! Trying a password: the same throttles, reads and hash for whoever asks, by whatever path.

use rollcall_api::{
    Call, Context, Problem, PublicRequest,
    device::Mark,
    password::{self, Verdict},
    throttle::{self, Attempt},
};
use rollcall_domain::{
    Refusal, Violation, ViolationCode, credential::Credential, id::DeviceId, password::Password, text::Login,
    throttle::ThrottleKind,
};
use rollcall_store::Commit;

/// What is tried, and at whose login.
pub(crate) struct PasswordAttempt<'a> {
    /// The login as it is counted: also of one that could not exist.
    pub(crate) subject: &'a str,
    /// The login, if it could exist.
    pub(crate) login: Option<&'a Login>,
    /// The device's mark in the body; else its cookie counts.
    pub(crate) device_token: Option<&'a str>,
    /// What was typed.
    pub(crate) password: Password,
}

/// A password that was tried.
pub(crate) struct PasswordCheck {
    pub(crate) credential: Option<Credential>,
    /// The device, if it signed in before.
    pub(crate) device_id: Option<DeviceId>,
    pub(crate) attempt: Attempt,
    pub(crate) verdict: Verdict,
}

impl PasswordAttempt<'_> {
    /// Counts the try and computes one hash, whatever is there. A known device is counted on its own.
    pub(crate) async fn make(self, context: &Context, guest: &PublicRequest) -> Result<PasswordCheck, Problem> {
        let mark = match self.login {
            Some(login) => Mark::of(context, guest, self.device_token, login).await?,
            None => None,
        };
        let network = throttle::network_throttle(context, guest.address).await?;
        let strangers = throttle::id(context, ThrottleKind::Password, self.subject, None).await?;
        let mut throttles = vec![network, strangers];
        if let Some(mark) = mark {
            throttles.push(throttle::id(context, ThrottleKind::Password, self.subject, Some(mark.device_id)).await?);
        }
        let (credential, mut found) = context.store.credential_and_throttles(self.login, &throttles).await?;
        let device_id = mark.filter(|mark| mark.stands(credential.as_ref())).map(|mark| mark.device_id);
        // Of the lane of strangers and the device's, one is touched.
        let unused = if device_id.is_some() { 1 } else { 2 };
        if unused < throttles.len() {
            throttles.remove(unused);
            found.remove(unused);
        }
        let attempt = Attempt::reserve(context, throttles, found, guest.now).await?;
        let stored = credential.as_ref().map(|credential| &credential.password);
        let verdict = password::verify(context, self.password, stored).await?;
        Ok(PasswordCheck { credential, device_id, attempt, verdict })
    }
}

/// The caller's credential, once its current password was right.
pub(crate) async fn reauthenticate(context: &Context, call: &Call, password: Password) -> Result<Credential, Problem> {
    let login = &call.actor.user.login;
    let subject = login.key();
    let tried = PasswordAttempt { subject: &subject, login: Some(login), device_token: None, password };
    let tried = tried.make(context, &call.request).await?;
    match (tried.verdict, tried.credential) {
        (Verdict::Right | Verdict::RightButDated, Some(credential)) => {
            context.store.commit(Commit::new(tried.attempt.succeeded())).await?;
            Ok(credential)
        }
        (Verdict::Wrong, _) | (_, None) => {
            let wrong = "is not the current password";
            Err(Refusal::from(Violation::at("/current_password", ViolationCode::Incorrect, wrong)).into())
        }
    }
}
