//! Lists, page by page, with cursors that only their list takes back.

use data_encoding::BASE64URL_NOPAD;
use rollcall_domain::{
    Code, Invalid, Refusal, ViolationCode,
    limits::{CURSOR_LIFETIME, DEFAULT_PAGE, MAX_PAGE},
};
use serde::Serialize;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use utoipa::ToSchema;

use crate::{Call, Context, Parameters, Problem, Reply, keyring::KeyPurpose};

/// One page of a list.
#[derive(Debug, Serialize, ToSchema)]
pub struct List<T> {
    /// The items of this page.
    pub items: Vec<T>,
    /// Where the next page starts; null exactly when nothing follows.
    #[schema(required)]
    pub next_cursor: Option<String>,
}

/// Which page of a list is asked for.
#[derive(Debug)]
pub struct PageRequest {
    /// Items at most.
    pub limit: usize,
    /// The position after which the page starts.
    pub after: Option<String>,
    /// What the cursors of this list are bound to: the user, the path, and every filter.
    scope: [u8; 32],
}

/// Bytes of the authentication code in a cursor.
const TAG_BYTES: usize = 16;

impl PageRequest {
    /// Reads `limit` and `cursor` after the list's own filters, and ends the reading of the query.
    pub async fn read(context: &Context, call: &Call, mut parameters: Parameters) -> Result<Self, Problem> {
        let scope = scope(call);
        let limit = parameters.optional("limit", |text| {
            let number = Some(text)
                .filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()))
                .and_then(|text| text.parse().ok());
            number.filter(|number| (1..=MAX_PAGE).contains(number)).ok_or_else(|| {
                Invalid::new(ViolationCode::OutOfRange, format!("takes a whole number from 1 to {MAX_PAGE}"))
            })
        });
        let cursor = parameters.optional("cursor", |text| Ok(text.to_owned()));
        parameters.finish().map_err(Refusal::invalid)?;
        let after = match cursor {
            None => None,
            Some(cursor) => Some(position_of(context, call, &cursor, &scope).await?),
        };
        Ok(Self { limit: limit.unwrap_or(DEFAULT_PAGE), after, scope })
    }

    /// The reply with a page's items and the cursor of the position it ended at.
    pub async fn reply<T: Serialize>(
        &self,
        context: &Context,
        call: &Call,
        items: Vec<T>,
        next: Option<String>,
    ) -> Result<Reply, Problem> {
        let next_cursor = match next {
            None => None,
            Some(position) => Some(self.cursor(context, call, &position).await?),
        };
        Reply::ok(&List { items, next_cursor })
    }

    /// The page of a list that is in memory as a whole, in order, each item with its position, which says its order.
    pub fn cut<T>(&self, items: Vec<(String, T)>) -> (Vec<T>, Option<String>) {
        let rest =
            items.into_iter().skip_while(|(position, _)| self.after.as_ref().is_some_and(|after| position <= after));
        let mut page: Vec<_> = rest.take(self.limit + 1).collect();
        let more = page.len() > self.limit;
        page.truncate(self.limit);
        let next = page.last().filter(|_| more).map(|(position, _)| position.clone());
        (page.into_iter().map(|(_, item)| item).collect(), next)
    }

    /// A cursor: the second it ends, its authentication code, the position, and before them the id of the key.
    async fn cursor(&self, context: &Context, call: &Call, position: &str) -> Result<String, Problem> {
        let keyring = context.keyring().await?;
        let expires = (call.now() + CURSOR_LIFETIME).unix_seconds().to_be_bytes();
        let id = keyring.current_id();
        let tag = tag(keyring, id, &self.scope, expires, position).ok_or(Code::Internal)?;
        Ok(format!("{id}.{}", BASE64URL_NOPAD.encode(&[&expires, tag.as_slice(), position.as_bytes()].concat())))
    }
}

async fn position_of(context: &Context, call: &Call, cursor: &str, scope: &[u8; 32]) -> Result<String, Problem> {
    let invalid = || Refusal::from(Code::InvalidCursor);
    let keyring = context.keyring().await?;
    let (id, text) = cursor.split_once('.').ok_or_else(invalid)?;
    let bytes = BASE64URL_NOPAD.decode(text.as_bytes()).map_err(|_| invalid())?;
    let (expires, rest) = bytes.split_first_chunk::<8>().ok_or_else(invalid)?;
    let (given, position) = rest.split_first_chunk::<TAG_BYTES>().ok_or_else(invalid)?;
    let position = String::from_utf8(position.to_vec()).map_err(|_| invalid())?;
    let expected = tag(keyring, id, scope, *expires, &position).ok_or_else(invalid)?;
    let is_ours = bool::from(expected.as_slice().ct_eq(given));
    let is_over = i64::from_be_bytes(*expires) <= call.now().unix_seconds();
    if is_ours && !is_over { Ok(position) } else { Err(invalid().into()) }
}

fn tag(
    keyring: &crate::keyring::Keyring,
    id: &str,
    scope: &[u8; 32],
    expires: [u8; 8],
    position: &str,
) -> Option<[u8; TAG_BYTES]> {
    let mac = keyring.mac(id, KeyPurpose::Cursor, &[scope, expires.as_slice(), position.as_bytes()].concat())?;
    mac.first_chunk().copied()
}

/// The user, the path and the filters in any order; the page's size may change between pages.
fn scope(call: &Call) -> [u8; 32] {
    let query = call.request.uri.query().unwrap_or_default();
    let mut filters: Vec<_> = form_urlencoded::parse(query.as_bytes())
        .filter(|(name, _)| !matches!(name.as_ref(), "limit" | "cursor"))
        .collect();
    filters.sort_unstable();
    let mut hash = Sha256::new();
    hash.update(call.actor.user.user_id.as_bytes());
    hash.update(call.request.uri.path());
    for (name, value) in filters {
        // Line feeds end the parts: encoded again, neither name nor value holds one.
        let pair = form_urlencoded::Serializer::new(String::new()).append_pair(&name, &value).finish();
        hash.update(format!("\n{pair}"));
    }
    hash.finalize().into()
}
