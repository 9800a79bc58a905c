//! Lists in pages, with authenticated cursors.

use rollcall_domain::{
    Invalid, Refusal, ViolationCode,
    limits::{CURSOR_LIFETIME, DEFAULT_PAGE, MAX_PAGE},
};
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};

use crate::{
    call::Call, context::Context, cursor::CursorScope, parameters::Parameters, problem::Problem, reply::Reply,
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
    /// What the cursors of this list are bound to.
    scope: CursorScope,
}

/// Reads `limit`, the maximum number of items on a page.
pub fn read_limit(parameters: &mut Parameters) -> usize {
    let limit = parameters.optional("limit", |text| {
        let number =
            Some(text).filter(|text| text.bytes().all(|byte| byte.is_ascii_digit())).and_then(|text| text.parse().ok());
        number.filter(|number| (1..=MAX_PAGE).contains(number)).ok_or_else(|| {
            Invalid::new(ViolationCode::OutOfRange, format!("takes a whole number from 1 to {MAX_PAGE}"))
        })
    });
    limit.unwrap_or(DEFAULT_PAGE)
}

impl PageRequest {
    /// Reads `limit` and `cursor` after the list's own filters. Any other parameter is refused.
    pub async fn read(context: &Context, call: &Call, mut parameters: Parameters) -> Result<Self, Problem> {
        let scope = CursorScope::of(call);
        let limit = read_limit(&mut parameters);
        let cursor = parameters.optional("cursor", |text| Ok(text.to_owned()));
        parameters.finish().map_err(Refusal::invalid)?;
        let after = match cursor {
            None => None,
            Some(cursor) => Some(scope.open(context, &cursor, call.now()).await?),
        };
        Ok(Self { limit, after, scope })
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
            Some(position) => Some(self.scope.seal(context, Some(call.now() + CURSOR_LIFETIME), &position).await?),
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
}
