//! Checking a second factor, and using it up.

use data_encoding::{BASE32_NOPAD, HEXLOWER};
use rollcall_api::{
    Context, Problem,
    clock::random,
    keyring::{KeyPurpose, Keyring},
};
use rollcall_domain::{
    Timestamp,
    credential::{Credential, Totp},
    id::UserId,
    limits::{RECOVERY_CODE_CHARS, RECOVERY_CODES},
    text::Login,
    totp::{SecondFactorInput, TotpCode, TotpSecret},
};
use rollcall_store::{
    Bookkeeping,
    credential::{use_recovery_code, use_totp_step},
};
use sha2::{Digest, Sha256};

/// A second factor that was right: the write that uses it up and, for a recovery code, how many are left.
pub(crate) struct Used {
    pub(crate) write: Bookkeeping,
    pub(crate) recovery_codes_left: Option<usize>,
}

/// Checks what was typed. Returns `None` if it is wrong or was used before.
pub(crate) async fn check(
    context: &Context,
    typed: &SecondFactorInput,
    credential: &Credential,
    login: &Login,
    now: Timestamp,
) -> Result<Option<Used>, Problem> {
    let Some(totp) = &credential.totp else { return Ok(None) };
    match typed {
        SecondFactorInput::Code(code) => {
            let keyring = context.keyring().await?;
            let Some(after) = stepped(keyring, credential.user_id, totp, code, now)? else { return Ok(None) };
            Ok(Some(Used { write: use_totp_step(login, totp, &after)?, recovery_codes_left: None }))
        }
        SecondFactorInput::RecoveryCode(code) => {
            let hash = hashed(code);
            if !credential.recovery_codes.contains(&hash) {
                return Ok(None);
            }
            let left = credential.recovery_codes.len() - 1;
            Ok(Some(Used { write: use_recovery_code(login, &hash), recovery_codes_left: Some(left) }))
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
pub(crate) fn sealed(keyring: &Keyring, user_id: UserId, secret: &TotpSecret) -> Result<String, Problem> {
    keyring.seal(KeyPurpose::Totp, user_id.as_bytes(), secret.expose())
}

/// Decrypts a user's secret.
pub(crate) fn opened(keyring: &Keyring, user_id: UserId, sealed: &str) -> Result<TotpSecret, Problem> {
    let bytes = keyring.open(KeyPurpose::Totp, user_id.as_bytes(), sealed);
    let secret = bytes.and_then(|bytes| bytes.try_into().ok()).map(TotpSecret::new);
    secret.ok_or_else(|| Problem::Unavailable("a two-factor secret cannot be decrypted: its key is missing".to_owned()))
}

/// New recovery codes in two halves, for their owner, with their hashes. 130 random bits need no slow hash.
pub(crate) fn recovery_codes() -> Result<Vec<(String, String)>, Problem> {
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
