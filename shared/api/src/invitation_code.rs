//! Invitation codes: eight digits drawn uniformly, stored only as keyed hashes.

use data_encoding::HEXLOWER;
use rollcall_domain::{Code, digits::EightDigits, limits::MAX_CODE_DRAWS};

use crate::{clock::random, context::Context, keyring::KeyPurpose, problem::Problem};

/// Draws a new code. Returns it with the hash under which it is stored.
pub async fn draw(context: &Context) -> Result<(EightDigits, String), Problem> {
    for _ in 0..MAX_CODE_DRAWS {
        if let Some(code) = EightDigits::from_random(u32::from_be_bytes(random()?)) {
            let hash = hashes(context, &code).await?.into_iter().next().ok_or(Code::Internal)?;
            return Ok((code, hash));
        }
    }
    Err(Problem::Unavailable("the random number generator repeats itself".to_owned()))
}

/// The hashes of a code under every master key, the current one first.
pub(crate) async fn hashes(context: &Context, code: &EightDigits) -> Result<Vec<String>, Problem> {
    let keyring = context.keyring().await?;
    let hash = |id| keyring.mac(id, KeyPurpose::InvitationCode, code.as_str().as_bytes());
    Ok(keyring.ids().filter_map(hash).map(|mac| HEXLOWER.encode(&mac)).collect())
}
