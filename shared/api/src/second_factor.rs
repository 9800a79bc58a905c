//! Checking a second factor, and using it up.

use data_encoding::{BASE32_NOPAD, HEXLOWER};
use rollcall_domain::{
    Refusal, Timestamp,
    credential::{Credential, Totp},
    id::UserId,
    limits::{RECOVERY_CODE_CHARS, RECOVERY_CODES},
    text::Login,
    throttle::{Throttle, ThrottleKind, check_total},
    totp::{SecondFactorInput, TotpCode, TotpSecret},
};
use rollcall_store::{
    Bookkeeping, Write,
    credential::{recovery_code_is_unused, totp_step_is_unused, use_recovery_code, use_totp_step},
    throttle::ThrottleId,
};
use sha2::{Digest, Sha256};

use crate::{
    Context, Problem,
    clock::random,
    keyring::{KeyPurpose, Keyring},
    throttle::{Attempt, LoginThrottles},
};

/// A second factor that was right and has not been used before.
pub enum RightFactor {
    /// A code: the factor before and after its use.
    Code(Totp, Totp),
    /// A recovery code: its hash, and how many are left after its use.
    RecoveryCode(String, usize),
}

impl RightFactor {
    /// The write that uses it up.
    pub fn used_up(&self, login: &Login) -> Result<Bookkeeping, Problem> {
        match self {
            Self::Code(before, after) => Ok(use_totp_step(login, before, after)?),
            Self::RecoveryCode(hash, _) => Ok(use_recovery_code(login, hash)),
        }
    }

    /// The condition that it has not been used meanwhile.
    pub fn still_unused(&self, login: &Login) -> Write {
        match self {
            Self::Code(before, after) => totp_step_is_unused(login, before, after.last_step),
            Self::RecoveryCode(hash, _) => recovery_code_is_unused(login, hash),
        }
    }

    /// The number of recovery codes left, if one is used.
    pub fn recovery_codes_left(&self) -> Option<usize> {
        match self {
            Self::Code(..) => None,
            Self::RecoveryCode(_, left) => Some(*left),
        }
    }
}

/// An attempt at the second factor of a login that is about to be counted, and the credential that was read with the
/// throttles.
pub struct PendingAttempt {
    /// The credential of the login, if there is one.
    pub credential: Option<Credential>,
    throttles: Vec<ThrottleId>,
    found: Vec<Option<Throttle>>,
    /// The throttle of the login's other devices, which count towards the total.
    others: Option<Throttle>,
}

impl PendingAttempt {
    /// Reads what an attempt is counted in: the throttle of the login and, if given, that of a network.
    pub async fn read(
        context: &Context,
        login: &Login,
        is_known_device: bool,
        network: Option<ThrottleId>,
    ) -> Result<Self, Problem> {
        let LoginThrottles { unknown_devices, known_devices } =
            LoginThrottles::of(context, ThrottleKind::Totp, &login.key()).await?;
        let (own, others) =
            if is_known_device { (known_devices, unknown_devices) } else { (unknown_devices, known_devices) };
        let mut throttles: Vec<_> = network.into_iter().chain([own, others]).collect();
        let state = context.store.sign_in_state(Some(login), None, &throttles).await?;
        let (credential, mut found) = (state.credential, state.throttles);
        throttles.pop();
        let others = found.pop().flatten();
        Ok(Self { credential, throttles, found, others })
    }

    /// Counts the attempt.
    pub async fn count(self, context: &Context, now: Timestamp) -> Result<Attempt, Problem> {
        let own = self.found.last().and_then(Option::as_ref);
        let total = check_total(own.into_iter().chain(&self.others));
        total.map_err(|wait| Refusal::wait(ThrottleKind::Totp.refusal(), wait))?;
        Attempt::reserve(context, self.throttles, self.found, now).await
    }
}

/// Checks what was typed. Returns `None` if it is wrong or was used before.
pub async fn check(
    context: &Context,
    typed: &SecondFactorInput,
    credential: &Credential,
    now: Timestamp,
) -> Result<Option<RightFactor>, Problem> {
    let Some(totp) = &credential.totp else { return Ok(None) };
    match typed {
        SecondFactorInput::Code(code) => {
            let keyring = context.keyring_of(&totp.secret).await?;
            let after = stepped(&keyring, credential.user_id, totp, code, now)?;
            Ok(after.map(|after| RightFactor::Code(totp.clone(), after)))
        }
        SecondFactorInput::RecoveryCode(code) => {
            let (hash, codes) = (hashed(code), &credential.recovery_codes);
            let is_right = codes.contains(&hash);
            Ok(is_right.then(|| RightFactor::RecoveryCode(hash, codes.len() - 1)))
        }
    }
}

/// The factor after the use of this code, encrypted again so that it moves to the current key. Returns `None` if the
/// code is wrong, or not newer than the last one.
fn stepped(
    keyring: &Keyring,
    user_id: UserId,
    totp: &Totp,
    code: &TotpCode,
    now: Timestamp,
) -> Result<Option<Totp>, Problem> {
    let secret = opened(keyring, user_id, &totp.secret)?;
    let step = secret.step_of(code, now).filter(|step| *step > totp.last_step);
    step.map(|last_step| Ok(Totp { secret: sealed(keyring, user_id, &secret)?, last_step })).transpose()
}

/// Encrypts a secret, bound to its user.
pub fn sealed(keyring: &Keyring, user_id: UserId, secret: &TotpSecret) -> Result<String, Problem> {
    keyring.seal(KeyPurpose::Totp, user_id.as_bytes(), secret.expose())
}

/// Decrypts a user's secret.
pub fn opened(keyring: &Keyring, user_id: UserId, sealed: &str) -> Result<TotpSecret, Problem> {
    let bytes = keyring.open(KeyPurpose::Totp, user_id.as_bytes(), sealed);
    let secret = bytes.and_then(|bytes| bytes.try_into().ok()).map(TotpSecret::new);
    secret.ok_or_else(|| Problem::Unavailable("a two-factor secret cannot be decrypted: its key is missing".to_owned()))
}

/// New recovery codes in two halves, for their owner, with their hashes. 130 random bits need no slow hash.
pub fn recovery_codes() -> Result<Vec<(String, String)>, Problem> {
    let draw = || {
        let code = BASE32_NOPAD.encode(&random::<17>()?)[..RECOVERY_CODE_CHARS].to_owned();
        let (one, other) = code.split_at(RECOVERY_CODE_CHARS / 2);
        Ok((format!("{one}-{other}"), hashed(&code)))
    };
    (0..RECOVERY_CODES).map(|_| draw()).collect()
}

fn hashed(code: &str) -> String {
    HEXLOWER.encode(&Sha256::digest(code))
}
