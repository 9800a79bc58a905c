//! Mailed codes: eight digits that are computed when the mail is sent and stored nowhere.

use rollcall_domain::{id::CodeId, mail::MailedCode};

use crate::{context::Context, keyring::KeyPurpose, problem::Problem};

/// The number of eight-digit codes.
const CODES: u64 = 100_000_000;

/// Draws a new code. Its id reveals nothing without the key.
pub async fn draw(context: &Context) -> Result<MailedCode, Problem> {
    Ok(MailedCode { code_id: CodeId::new(context.uuid()?), key_id: context.keyring().await?.current_id().to_owned() })
}

/// Computes the eight digits of a code.
pub async fn digits(context: &Context, code: &MailedCode) -> Result<String, Problem> {
    let mac =
        context.keyring_of(&code.key_id).await?.mac(&code.key_id, KeyPurpose::MailedCode, code.code_id.as_bytes());
    let mac =
        mac.ok_or_else(|| Problem::Unavailable(format!("the key {:?} of a mailed code is missing", code.key_id)))?;
    let number: [u8; 8] = std::array::from_fn(|byte| mac[byte]);
    // 2⁶⁴ is not a multiple of 10⁸, which favours some codes by less than one part in 10¹¹.
    Ok(format!("{:08}", u64::from_be_bytes(number) % CODES))
}
