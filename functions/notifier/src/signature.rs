//! Signatures as Standard Webhooks defines them: HMAC-SHA256 over id, time and body.

use std::fmt;

use data_encoding::BASE64;
use hmac::{Hmac, KeyInit, Mac};
use rollcall_domain::limits::WEBHOOK_SECRET_BYTES;
use sha2::Sha256;

/// What secrets begin with, so that people and scanners recognise them.
const SECRET_PREFIX: &str = "whsec_";

/// A webhook's secret. It is never printed.
#[derive(Clone)]
pub struct SecretKey(Vec<u8>);

impl SecretKey {
    /// A secret of these random bytes.
    pub fn new(bytes: [u8; WEBHOOK_SECRET_BYTES]) -> Self {
        Self(bytes.to_vec())
    }

    /// The secret that was encrypted as these bytes.
    pub fn of_bytes(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }

    /// The bytes, to be encrypted.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The secret as receivers are given it.
    pub fn reveal(&self) -> String {
        format!("{SECRET_PREFIX}{}", BASE64.encode(&self.0))
    }
}

impl fmt::Debug for SecretKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("SecretKey")
    }
}

/// The value of `webhook-signature`: one signature for each secret.
pub(crate) fn sign<'a>(keys: impl IntoIterator<Item = &'a SecretKey>, id: &str, seconds: i64, body: &[u8]) -> String {
    let signatures = keys.into_iter().map(|key| {
        let mut mac = Hmac::<Sha256>::new_from_slice(&key.0).expect("HMAC takes keys of any length");
        mac.update(format!("{id}.{seconds}.").as_bytes());
        mac.update(body);
        format!("v1,{}", BASE64.encode(&mac.finalize().into_bytes()))
    });
    signatures.collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of the specification of Standard Webhooks.
    #[test]
    fn a_signature_is_that_of_the_specification() {
        let key = SecretKey::of_bytes(BASE64.decode(b"MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap());
        let signature = sign([&key], "msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, br#"{"test": 2432232314}"#);
        assert_eq!(signature, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
        assert_eq!(key.reveal(), "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
        let both = sign([&key, &key], "msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, br#"{"test": 2432232314}"#);
        assert_eq!(both, format!("{signature} {signature}"));
        assert_eq!(format!("{key:?}"), "SecretKey");
    }
}
