//! Device marks: a device that signed in before is throttled apart from strangers, so that strangers who guess at a
//! login do not lock out its owner.

use rollcall_domain::{
    Timestamp,
    id::{DeviceId, UserId},
    limits::DEVICE_LIFETIME,
    text::Login,
    user::User,
};
use serde::{Deserialize, Serialize};

use crate::{context::Context, keyring::KeyPurpose, problem::Problem, request::PublicRequest, token};

/// A device's mark, decrypted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mark {
    /// The device.
    pub device_id: DeviceId,
    /// The user who signed in from it.
    pub user_id: UserId,
    marked_at: Timestamp,
}

impl Mark {
    /// Reads the mark that was sent in the body or else as the cookie, if it is one of this login and has not expired.
    /// Whether the user still knows the device is another question: see [`Mark::is_of`].
    pub async fn read(
        context: &Context,
        request: &PublicRequest,
        sent: Option<&str>,
        login: Option<&Login>,
    ) -> Result<Option<Self>, Problem> {
        let cookie = token::cookie(&request.headers, token::DEVICE_COOKIE);
        let Some(text) = sent.or(cookie.as_deref()) else { return Ok(None) };
        let opened = context.keyring_of(text).await?.open(KeyPurpose::Device, bound_to(login).as_bytes(), text);
        let mark: Option<Self> = opened.and_then(|json| serde_json::from_slice(&json).ok());
        Ok(mark.filter(|mark| request.now < mark.marked_at + DEVICE_LIFETIME))
    }

    /// Whether it is the mark of a device that this user still knows.
    pub fn is_of(&self, user: Option<&User>) -> bool {
        user.is_some_and(|user| user.user_id == self.user_id && user.devices.contains(self.device_id))
    }
}

/// The encrypted mark for a device from which this user signs in now.
pub async fn mark(context: &Context, device_id: DeviceId, user: &User, now: Timestamp) -> Result<String, Problem> {
    let mark = serde_json::to_vec(&Mark { device_id, user_id: user.user_id, marked_at: now });
    let mark = mark.map_err(|error| Problem::Internal(error.to_string()))?;
    context.keyring().await?.seal(KeyPurpose::Device, bound_to(Some(&user.login)).as_bytes(), &mark)
}

/// What a mark is bound to. Without a login, an empty text, to which no mark is ever bound.
fn bound_to(login: Option<&Login>) -> String {
    login.map(Login::key).unwrap_or_default()
}
