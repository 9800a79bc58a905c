//! Device marks: a device that signed in before is throttled on its own, so that strangers who guess at a login do not
//! lock out its owner.

use rollcall_domain::{Timestamp, credential::Credential, id::DeviceId, limits::DEVICE_LIFETIME, text::Login};
use serde::{Deserialize, Serialize};

use crate::{call::PublicRequest, context::Context, keyring::KeyPurpose, problem::Problem, token};

/// A device's mark, decrypted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mark {
    /// The device.
    pub device_id: DeviceId,
    marked_at: Timestamp,
}

impl Mark {
    /// Reads the mark that was sent in the body or else as the cookie, if it is one of this login and has not expired.
    pub async fn read(
        context: &Context,
        request: &PublicRequest,
        sent: Option<&str>,
        login: &Login,
    ) -> Result<Option<Self>, Problem> {
        let cookie = token::cookie(&request.headers, token::DEVICE_COOKIE);
        let Some(text) = sent.or(cookie.as_deref()) else { return Ok(None) };
        let opened = context.keyring().await?.open(KeyPurpose::Device, login.key().as_bytes(), text);
        let mark: Option<Self> = opened.and_then(|json| serde_json::from_slice(&json).ok());
        Ok(mark.filter(|mark| request.now < mark.marked_at + DEVICE_LIFETIME))
    }

    /// Whether no password reset has ended the mark.
    pub fn is_valid_for(&self, credential: Option<&Credential>) -> bool {
        credential.is_some_and(|credential| self.marked_at >= credential.devices_since)
    }
}

/// The encrypted mark for a device that signs in now, known or new.
pub async fn mark(context: &Context, device_id: DeviceId, login: &Login, now: Timestamp) -> Result<String, Problem> {
    let mark = serde_json::to_vec(&Mark { device_id, marked_at: now });
    let mark = mark.map_err(|error| Problem::Internal(error.to_string()))?;
    context.keyring().await?.seal(KeyPurpose::Device, login.key().as_bytes(), &mark)
}
