//! Codes that prove an address: eight digits that stand in a mail and nowhere else.

use rollcall_domain::{id::CodeId, mail::MailedCode};

use crate::{Context, Problem, keyring::KeyPurpose};

/// What a code is drawn from: all numbers of eight digits.
const CODES: u64 = 100_000_000;

/// A new code: who knows its id and not the key knows nothing.
pub async fn draw(context: &Context) -> Result<MailedCode, Problem> {
    Ok(MailedCode { code_id: CodeId::new(context.uuid()?), key_id: context.keyring().await?.current_id().to_owned() })
}

/// The eight digits of a code.
pub async fn digits(context: &Context, code: &MailedCode) -> Result<String, Problem> {
    let mac = context.keyring().await?.mac(&code.key_id, KeyPurpose::MailedCode, code.code_id.as_bytes());
    let mac = mac.ok_or_else(|| Problem::Unavailable(format!("the key {:?} of a mailed code is gone", code.key_id)))?;
    let number: [u8; 8] = std::array::from_fn(|byte| mac[byte]);
    // 2⁶⁴ is so many times 10⁸ that no code is likelier than another by more than one in 10¹¹.
    Ok(format!("{:08}", u64::from_be_bytes(number) % CODES))
}
