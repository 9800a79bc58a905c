//! Lists in pages, with authenticated cursors.

use data_encoding::BASE64URL_NOPAD;
use rollcall_domain::{
    Code, Invalid, Refusal, ViolationCode,
    limits::{CURSOR_LIFETIME, DEFAULT_PAGE, MAX_PAGE},
};
use serde::Serialize;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use utoipa::{IntoParams, ToSchema};

use crate::{
    call::Call,
    context::Context,
    keyring::{KeyPurpose, Keyring},
    parameters::Parameters,
    problem::Problem,
    reply::Reply,
};

/// One page of a list.
#[derive(Debug, Serialize, ToSchema)]
pub struct List<T> {
    /// The items of this page, as many as `limit` at most.
    #[schema(max_items = 100)]
    pub items: Vec<T>,
    /// The `cursor` of the next page; null exactly when nothing follows.
    #[schema(required)]
    pub next_cursor: Option<String>,
}

/// The parameters of every list, for the API document.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes what `PageRequest::read` reads")]
pub struct PageParameters {
    /// The maximum number of items. A page can have fewer although more follow.
    #[param(minimum = 1, maximum = 100, default = 50)]
    limit: Option<u8>,
    /// The `next_cursor` of the page before; without it the list begins at its start. A cursor means nothing to anyone
    /// but the server. It is valid for an hour, for the same user, path and filters.
    cursor: Option<String>,
}

// A schema attribute takes a literal only.
const _: () = assert!(MAX_PAGE == 100 && DEFAULT_PAGE == 50);

/// Which page of a list the caller asks for.
#[derive(Debug)]
pub struct PageRequest {
    /// The maximum number of items.
    pub limit: usize,
    /// The position after which the page starts.
    pub after: Option<String>,
    /// Hash of what the cursors of this list are bound to: user, path and filters.
    scope: [u8; 32],
}

/// Bytes of the authentication code in a cursor.
const TAG_BYTES: usize = 16;

impl PageRequest {
    /// Reads `limit` and `cursor` after the list's own filters. Any other parameter is refused.
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

    /// The reply with the items of a page, and a cursor if the page ended at the position `next`.
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

    /// Cuts the page out of a whole list in memory. Each item comes with its position, by which the list is sorted.
    pub fn cut<T>(&self, items: Vec<(String, T)>) -> (Vec<T>, Option<String>) {
        let rest =
            items.into_iter().skip_while(|(position, _)| self.after.as_ref().is_some_and(|after| position <= after));
        let mut page: Vec<_> = rest.take(self.limit + 1).collect();
        let more = page.len() > self.limit;
        page.truncate(self.limit);
        let next = page.last().filter(|_| more).map(|(position, _)| position.clone());
        (page.into_iter().map(|(_, item)| item).collect(), next)
    }

    /// A cursor: the id of the key, then, encoded, the second it expires, its authentication code and the position.
    async fn cursor(&self, context: &Context, call: &Call, position: &str) -> Result<String, Problem> {
        let keyring = context.keyring().await?;
        let expires = (call.now() + CURSOR_LIFETIME).unix_seconds().to_be_bytes();
        let id = keyring.current_id();
        let tag = tag(keyring, id, &self.scope, expires, position).ok_or(Code::Internal)?;
        Ok(format!("{id}.{}", BASE64URL_NOPAD.encode(&[&expires, tag.as_slice(), position.as_bytes()].concat())))
    }
}

/// The position in a cursor that this list issued and that has not expired.
async fn position_of(context: &Context, call: &Call, cursor: &str, scope: &[u8; 32]) -> Result<String, Problem> {
    let invalid = || Refusal::from(Code::InvalidCursor);
    let keyring = context.keyring().await?;
    let (id, text) = cursor.split_once('.').ok_or_else(invalid)?;
    let bytes = BASE64URL_NOPAD.decode(text.as_bytes()).map_err(|_| invalid())?;
    let (expires, rest) = bytes.split_first_chunk::<8>().ok_or_else(invalid)?;
    let (given, position) = rest.split_first_chunk::<TAG_BYTES>().ok_or_else(invalid)?;
    let position = String::from_utf8(position.to_vec()).map_err(|_| invalid())?;
    let expected = tag(keyring, id, scope, *expires, &position).ok_or_else(invalid)?;
    let is_authentic = bool::from(expected.as_slice().ct_eq(given));
    let has_expired = i64::from_be_bytes(*expires) <= call.now().unix_seconds();
    if is_authentic && !has_expired { Ok(position) } else { Err(invalid().into()) }
}

fn tag(keyring: &Keyring, id: &str, scope: &[u8; 32], expires: [u8; 8], position: &str) -> Option<[u8; TAG_BYTES]> {
    let mac = keyring.mac(id, KeyPurpose::Cursor, &[scope, expires.as_slice(), position.as_bytes()].concat())?;
    mac.first_chunk().copied()
}

/// The hash of user, path and filters. The order of the filters does not count; `limit` may change between pages.
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
        // A line feed ends each part. Form-encoded, neither name nor value contains one.
        let pair = form_urlencoded::Serializer::new(String::new()).append_pair(&name, &value).finish();
        hash.update(format!("\n{pair}"));
    }
    hash.finalize().into()
}
