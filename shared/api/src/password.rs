//! Password hashing: Argon2id, then HMAC with a pepper that is kept outside the table.

use std::sync::Mutex;

use argon2::{
    Algorithm, Argon2, Block, Params, Version,
    password_hash::phc::{Output, ParamsString, PasswordHash as Phc, Salt},
};
use data_encoding::BASE32_NOPAD;
use rollcall_domain::{
    Fields, Refusal, Violation,
    credential::{Credential, PasswordHash},
    id::UserId,
    password::{InitialPassword, Password, PasswordRule},
};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use crate::{
    clock::random,
    context::Context,
    keyring::{KeyPurpose, Keyring},
    problem::Problem,
    queue,
};

/// OWASP's recommendation for Argon2id: 19 MiB of memory, two passes, one lane.
const MEMORY_KIB: u32 = 19_456;
const PASSES: u32 = 2;
const LANES: u32 = 1;
const HASH_BYTES: usize = 32;
const SALT_BYTES: usize = 16;

/// Memory of finished hashes, reused by the next ones: faulting in fresh pages takes a fifth of a hash's time.
static ARENAS: Mutex<Vec<Vec<Block>>> = Mutex::new(Vec::new());

/// The result of comparing a password with a credential.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The password is wrong, or there is no credential.
    Wrong,
    /// The password is right.
    Right,
    /// The password is right, but its hash has weaker parameters or an older pepper than a new one would have.
    RightButOutdated,
}

/// Reads a body with a new password. Its strength is estimated in the queue of expensive computing.
pub async fn parse<T: Send + 'static>(
    context: &Context,
    fields: Fields,
    read: impl FnOnce(&mut Fields, &PasswordRule) -> Option<T> + Send + 'static,
) -> Result<T, Problem> {
    let rule = context.config.password;
    Ok(queue::run(move || fields.parse(|fields| read(fields, &rule))).await??)
}

/// Checks that a password is strong enough for a user with these names, like [`parse`].
pub async fn check(context: &Context, password: Password, names: &[&str]) -> Result<(), Problem> {
    let (rule, names) = (context.config.password, names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>());
    let checked = queue::run(move || {
        let names: Vec<_> = names.iter().map(String::as_str).collect();
        rule.check(&password, &names)
    });
    Ok(checked.await?.map_err(|invalid| Refusal::from(Violation::from_invalid("/password", invalid)))?)
}

/// Hashes a new password under the current pepper.
pub async fn hash(context: &Context, password: Password) -> Result<PasswordHash, Problem> {
    let keyring = context.keyring().await?;
    let salt = random::<SALT_BYTES>()?;
    let params = current_params();
    let raw = argon2id(password, salt.to_vec(), params.clone()).await?;
    let pepper = keyring.current_id().to_owned();
    let peppered = peppered(&keyring, &pepper, &raw)?;
    let phc = Phc {
        algorithm: argon2::ARGON2ID_IDENT,
        version: Some(Version::V0x13.into()),
        params: ParamsString::try_from(&params).map_err(|error| unusable(&error))?,
        salt: Some(Salt::new(&salt).map_err(|error| unusable(&error))?),
        hash: Some(Output::new(&peppered).map_err(|error| unusable(&error))?),
    };
    Ok(PasswordHash { phc: phc.to_string(), pepper })
}

/// Hashes a password that one person sets for another. Returns the password as well if it was generated.
pub async fn hash_initial(
    context: &Context,
    given: InitialPassword,
) -> Result<(PasswordHash, Option<String>), Problem> {
    let (password, generated) = match given {
        InitialPassword::Typed(password) => (password, None),
        InitialPassword::Generated => {
            // 128 random bits in 26 letters and digits.
            let generated = BASE32_NOPAD.encode(&random::<16>()?).to_lowercase();
            (Password::new(&generated), Some(generated))
        }
    };
    Ok((hash(context, password).await?, generated))
}

/// The credential of a new user, and the generated password if there is one. A service account has no password.
pub async fn initial_credential(
    context: &Context,
    user_id: UserId,
    given: Option<InitialPassword>,
) -> Result<(Credential, Option<String>), Problem> {
    let Some(given) = given else { return Ok((Credential::new(user_id, None), None)) };
    let (hash, generated) = hash_initial(context, given).await?;
    Ok((Credential::new(user_id, Some(hash)), generated))
}

/// Compares a password with a stored hash. Exactly one hash is computed in every case, with a fixed salt if there is no
/// stored one, so that an unknown login takes as long as a wrong password.
pub async fn verify(context: &Context, password: Password, stored: Option<&PasswordHash>) -> Result<Verdict, Problem> {
    let keyring = match stored {
        Some(stored) => context.keyring_of(&stored.pepper).await?,
        None => context.keyring().await?,
    };
    let (salt, params, expected, pepper) = match stored {
        None => (vec![0; SALT_BYTES], current_params(), vec![0; HASH_BYTES], keyring.current_id()),
        Some(stored) => {
            let phc = Phc::new(&stored.phc).map_err(|error| unusable(&error))?;
            let params = Params::try_from(&phc).map_err(|error| unusable(&error))?;
            let (Some(salt), Some(hash)) = (phc.salt, phc.hash) else {
                return Err(Problem::Internal("a stored password hash has no salt or no hash".to_owned()));
            };
            (salt.to_vec(), params, hash.as_bytes().to_vec(), stored.pepper.as_str())
        }
    };
    let is_outdated = pepper != keyring.current_id() || is_weaker(&params, &current_params());
    let raw = argon2id(password, salt, params).await?;
    let is_equal = bool::from(peppered(&keyring, pepper, &raw)?.as_slice().ct_eq(&expected));
    Ok(match (is_equal && stored.is_some(), is_outdated) {
        (false, _) => Verdict::Wrong,
        (true, false) => Verdict::Right,
        (true, true) => Verdict::RightButOutdated,
    })
}

fn is_weaker(params: &Params, than: &Params) -> bool {
    params.m_cost() < than.m_cost() || params.t_cost() < than.t_cost()
}

fn current_params() -> Params {
    Params::new(MEMORY_KIB, PASSES, LANES, Some(HASH_BYTES)).expect("the constants are valid parameters")
}

async fn argon2id(password: Password, salt: Vec<u8>, params: Params) -> Result<Zeroizing<[u8; HASH_BYTES]>, Problem> {
    let hashed = queue::run(move || {
        let taken = ARENAS.lock().ok().and_then(|mut arenas| arenas.pop());
        let mut arena = taken.unwrap_or_default();
        arena.resize(params.block_count().max(arena.len()), Block::default());
        let mut hash = Zeroizing::new([0; HASH_BYTES]);
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        let done = argon2.hash_password_into_with_memory(password.expose(), &salt, hash.as_mut(), &mut arena);
        tracing::debug!(target: "rollcall::password", "hashed");
        if let Ok(mut arenas) = ARENAS.lock() {
            arenas.push(arena);
        }
        done.map(|()| hash)
    });
    hashed.await?.map_err(|error| unusable(&error))
}

fn peppered(keyring: &Keyring, id: &str, raw: &[u8; HASH_BYTES]) -> Result<[u8; HASH_BYTES], Problem> {
    // A missing pepper is a fault (503). Never fall back to an unpeppered hash.
    (keyring.mac(id, KeyPurpose::Pepper, raw))
        .ok_or_else(|| Problem::Unavailable(format!("the pepper key {id:?} is missing")))
}

fn unusable(error: &dyn std::fmt::Display) -> Problem {
    Problem::Internal(format!("hashing failed: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Reused memory still holds the blocks of the previous hash. They do not influence the next one.
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
}
