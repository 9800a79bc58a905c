//! Password hashing: Argon2id, then HMAC with a pepper that is not in the table.

use std::sync::{LazyLock, Mutex};

use argon2::{
    Algorithm, Argon2, Block, Params, Version,
    password_hash::phc::{Output, ParamsString, PasswordHash, Salt},
};
use rollcall_domain::limits::MAX_PASSWORD_CHARS;
use rollcall_store::user::Credential;
use subtle::ConstantTimeEq;
use tokio::sync::Semaphore;
use unicode_normalization::UnicodeNormalization;
use zeroize::Zeroizing;

use crate::{
    Context, Problem,
    clock::random,
    keyring::{Keyring, Purpose},
};

/// OWASP's first choice for Argon2id: 19 MiB, two passes, one lane.
const MEMORY_KIB: u32 = 19_456;
const PASSES: u32 = 2;
const LANES: u32 = 1;
const HASH_BYTES: usize = 32;
const SALT_BYTES: usize = 16;

/// Memory of hashes that are done, for those to come: fresh pages cost a hash a fifth of its time.
static ARENAS: Mutex<Vec<Vec<Block>>> = Mutex::new(Vec::new());

/// One hash a processor at a time: more would only hold memory, and keep everything else waiting for its turn.
static TURNS: LazyLock<Semaphore> =
    LazyLock::new(|| Semaphore::new(std::thread::available_parallelism().map_or(1, std::num::NonZero::get)));

/// A password as typed, in NFC. It cannot be printed, and its memory is wiped.
pub struct Password(Zeroizing<String>);

impl Password {
    /// Takes what was typed. Longer than any password that could have been set, it is cut: it cannot be right.
    pub fn new(typed: &str) -> Self {
        Self(Zeroizing::new(typed.nfc().take(MAX_PASSWORD_CHARS + 1).collect()))
    }
}

impl std::fmt::Debug for Password {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Password(…)")
    }
}

/// Hashes a new password under the current pepper: the PHC string and the pepper's id.
pub async fn hash(context: &Context, password: Password) -> Result<(String, String), Problem> {
    let keyring = context.keyring().await?;
    let salt = random::<SALT_BYTES>()?;
    let params = current_params();
    let raw = argon2id(password, salt.to_vec(), params.clone()).await?;
    let pepper = keyring.current_id().to_owned();
    let peppered = peppered(keyring, &pepper, &raw)?;
    let phc = PasswordHash {
        algorithm: argon2::ARGON2ID_IDENT,
        version: Some(Version::V0x13.into()),
        params: ParamsString::try_from(&params).map_err(|error| unusable(&error))?,
        salt: Some(Salt::new(&salt).map_err(|error| unusable(&error))?),
        hash: Some(Output::new(&peppered).map_err(|error| unusable(&error))?),
    };
    Ok((phc.to_string(), pepper))
}

/// Whether the password is the credential's. One hash is computed whatever happens: without a credential, of a fixed
/// salt, so that a login nobody has costs what a wrong password costs.
pub async fn verify(context: &Context, password: Password, credential: Option<&Credential>) -> Result<bool, Problem> {
    let keyring = context.keyring().await?;
    let (salt, params, expected, pepper) = match credential {
        None => (vec![0; SALT_BYTES], current_params(), vec![0; HASH_BYTES], keyring.current_id()),
        Some(credential) => {
            let phc = PasswordHash::new(&credential.password_hash).map_err(|error| unusable(&error))?;
            let params = Params::try_from(&phc).map_err(|error| unusable(&error))?;
            let (Some(salt), Some(hash)) = (phc.salt, phc.hash) else {
                return Err(Problem::Internal("a stored password hash has no salt or no hash".to_owned()));
            };
            (salt.to_vec(), params, hash.as_bytes().to_vec(), credential.pepper.as_str())
        }
    };
    let raw = argon2id(password, salt, params).await?;
    let is_equal = bool::from(peppered(keyring, pepper, &raw)?.as_slice().ct_eq(&expected));
    Ok(is_equal && credential.is_some())
}

fn current_params() -> Params {
    Params::new(MEMORY_KIB, PASSES, LANES, Some(HASH_BYTES)).expect("the constants are valid parameters")
}

/// The hash itself, on a thread of its own: 20 ms of pure computing would hold up everything else.
async fn argon2id(password: Password, salt: Vec<u8>, params: Params) -> Result<Zeroizing<[u8; HASH_BYTES]>, Problem> {
    let turn = TURNS.acquire().await.map_err(|error| unusable(&error))?;
    let hashed = tokio::task::spawn_blocking(move || {
        let taken = ARENAS.lock().ok().and_then(|mut arenas| arenas.pop());
        let mut arena = taken.unwrap_or_default();
        arena.resize(params.block_count().max(arena.len()), Block::default());
        let mut hash = Zeroizing::new([0; HASH_BYTES]);
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        let done = argon2.hash_password_into_with_memory(password.0.as_bytes(), &salt, hash.as_mut(), &mut arena);
        tracing::debug!(target: "rollcall::password", "hashed");
        if let Ok(mut arenas) = ARENAS.lock() {
            arenas.push(arena);
        }
        done.map(|()| hash)
    });
    let hash = hashed.await.map_err(|error| unusable(&error))?.map_err(|error| unusable(&error));
    drop(turn);
    hash
}

fn peppered(keyring: &Keyring, id: &str, raw: &[u8; HASH_BYTES]) -> Result<[u8; HASH_BYTES], Problem> {
    // Without its pepper a hash proves nothing: that is a fault of ours, and never a hash without pepper.
    (keyring.mac(id, Purpose::Pepper, raw))
        .ok_or_else(|| Problem::Unavailable(format!("the pepper key {id:?} is gone")))
}

fn unusable(error: &dyn std::fmt::Display) -> Problem {
    Problem::Internal(format!("hashing failed: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The memory of the hash before is neither fresh nor empty, and makes no difference.
    #[tokio::test]
    async fn a_hash_reuses_the_memory_of_the_one_before() {
        let mut first_arena = None;
        for (password, salt) in [("correct horse battery", [1; 16]), ("staple", [2; 16]), ("correct horse", [3; 16])] {
            let hash = argon2id(Password::new(password), salt.to_vec(), current_params()).await.unwrap();
            let mut expected = [0; HASH_BYTES];
            let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, current_params());
            argon2.hash_password_into(password.as_bytes(), &salt, &mut expected).unwrap();
            assert_eq!(*hash, expected);
            let arenas = ARENAS.lock().unwrap();
            assert_eq!(arenas.len(), 1);
            assert_eq!(*first_arena.get_or_insert(arenas[0].as_ptr()), arenas[0].as_ptr());
        }
    }

    /// A9: composed and decomposed are the same password; what is longer than any password is cut, not refused.
    #[test]
    fn a_password_is_taken_in_nfc_and_cut_beyond_its_longest() {
        assert_eq!(*Password::new("e\u{301}").0, "é");
        assert_eq!(Password::new(&"é".repeat(300)).0.chars().count(), MAX_PASSWORD_CHARS + 1);
        assert_eq!(format!("{:?}", Password::new("secret")), "Password(…)");
    }
}
