//! Cursors: positions in a list that a client hands back. They are authenticated, and bound to user, path and filters.

use data_encoding::BASE64URL_NOPAD;
use rollcall_domain::{Code, Refusal, Timestamp};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use crate::{
    call::Call,
    context::Context,
    keyring::{KeyPurpose, Keyring},
    problem::Problem,
};

/// Bytes of the authentication code in a cursor.
const TAG_BYTES: usize = 16;

/// What the cursors of a list are bound to: a hash of user, path and filters.
#[derive(Clone, Copy, Debug)]
pub struct CursorScope([u8; 32]);

impl CursorScope {
    /// The scope of a request. The order of the filters does not count; `limit` may change between pages.
    pub fn of(call: &Call) -> Self {
        let query = call.request.uri.query().unwrap_or_default();
        let mut filters: Vec<_> = form_urlencoded::parse(query.as_bytes())
            .filter(|(name, _)| !matches!(name.as_ref(), "limit" | "cursor"))
            .collect();
        filters.sort_unstable();
        let mut hash = Sha256::new();
        hash.update(call.actor.user.user_id.as_bytes());
        hash.update(call.request.uri.path());
        for (name, value) in filters {
            // A line feed ends each part. Form-encoded, neither name nor value contains one.
            let pair = form_urlencoded::Serializer::new(String::new()).append_pair(&name, &value).finish();
            hash.update(format!("\n{pair}"));
        }
        Self(hash.finalize().into())
    }

    /// A cursor that is valid until `expires`, or without end: the id of the key, then, encoded, the second it expires,
    /// its authentication code and the position.
    pub async fn seal(&self, context: &Context, expires: Option<Timestamp>, position: &str) -> Result<String, Problem> {
        let keyring = context.keyring().await?;
        let expires = expires.map_or(i64::MAX, Timestamp::unix_seconds).to_be_bytes();
        let id = keyring.current_id();
        let tag = self.tag(&keyring, id, expires, position).ok_or(Code::Internal)?;
        Ok(format!("{id}.{}", BASE64URL_NOPAD.encode(&[&expires, tag.as_slice(), position.as_bytes()].concat())))
    }

    /// The position in a cursor that this list issued and that has not expired.
    pub async fn open(&self, context: &Context, cursor: &str, now: Timestamp) -> Result<String, Problem> {
        let invalid = || Refusal::from(Code::InvalidCursor);
        let keyring = context.keyring_of(cursor).await?;
        let (id, text) = cursor.split_once('.').ok_or_else(invalid)?;
        let bytes = BASE64URL_NOPAD.decode(text.as_bytes()).map_err(|_| invalid())?;
        let (expires, rest) = bytes.split_first_chunk::<8>().ok_or_else(invalid)?;
        let (given, position) = rest.split_first_chunk::<TAG_BYTES>().ok_or_else(invalid)?;
        let position = String::from_utf8(position.to_vec()).map_err(|_| invalid())?;
        let expected = self.tag(&keyring, id, *expires, &position).ok_or_else(invalid)?;
        let is_authentic = bool::from(expected.as_slice().ct_eq(given));
        let has_expired = i64::from_be_bytes(*expires) <= now.unix_seconds();
        if is_authentic && !has_expired { Ok(position) } else { Err(invalid().into()) }
    }

    fn tag(&self, keyring: &Keyring, id: &str, expires: [u8; 8], position: &str) -> Option<[u8; TAG_BYTES]> {
        let message = [&self.0, expires.as_slice(), position.as_bytes()].concat();
        keyring.mac(id, KeyPurpose::Cursor, &message)?.first_chunk().copied()
    }
}
