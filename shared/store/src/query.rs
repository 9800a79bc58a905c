//! Reads of a partition, in order and page by page.

use aws_sdk_dynamodb::{operation::query::builders::QueryFluentBuilder, types::Select};
use serde::de::DeserializeOwned;

use crate::{
    error::Fault,
    expression::{Values, names_in, values_of},
    flat_items,
    item::{Item, from_items, key_of, text_of},
    keys::{INDEX, Key},
    raw_reply::RawReply,
    retry::{unavailable, with_retries},
    sort_keys::SortKeys,
    table::Store,
};

/// One page of a list.
#[derive(Debug)]
pub struct Page<T> {
    /// The entries of the page.
    pub items: Vec<T>,
    /// The position after which the next page starts; none on the last page.
    pub next: Option<String>,
}

impl<T> Page<T> {
    /// The first `limit` of these entries. Callers read one entry more than a page holds: the surplus entry shows that
    /// there is a next page.
    pub fn cut(mut entries: Vec<T>, limit: usize, position: impl Fn(&T) -> String) -> Self {
        let has_next = entries.len() > limit;
        entries.truncate(limit);
        let next = entries.last().filter(|_| has_next).map(position);
        Self { items: entries, next }
    }
}

/// A range of one partition of the table: the items to read, and in which order.
#[derive(Clone, Debug)]
pub(crate) struct Range {
    pk: String,
    limit: usize,
    keys: SortKeys,
    after: Option<String>,
    is_descending: bool,
    is_consistent: bool,
    filter: Option<(&'static str, Values)>,
}

impl Range {
    /// The whole partition in ascending order, at most `limit` items at a time.
    pub(crate) fn new(pk: String, limit: usize) -> Self {
        let keys = SortKeys::default();
        Self { pk, limit, keys, after: None, is_descending: false, is_consistent: true, filter: None }
    }

    /// Only items whose sort keys have this prefix.
    pub(crate) fn prefix(self, prefix: impl Into<String>) -> Self {
        self.keys(SortKeys::of_prefix(prefix.into()))
    }

    /// Only items with these sort keys.
    pub(crate) fn keys(self, keys: SortKeys) -> Self {
        Self { keys, ..self }
    }

    /// Only items after this sort key, in the order of the range.
    pub(crate) fn after(self, sk: Option<String>) -> Self {
        Self { after: sk, ..self }
    }

    /// In descending order of the sort keys.
    pub(crate) fn descending(self) -> Self {
        Self { is_descending: true, ..self }
    }

    /// Read at half the price, possibly without the writes of the last second.
    pub(crate) fn eventually_consistent(self) -> Self {
        Self { is_consistent: false, ..self }
    }

    /// Only items that match this expression. The limit counts the items that are examined, not those that match.
    pub(crate) fn filter(self, expression: &'static str, values: Values) -> Self {
        Self { filter: Some((expression, values)), ..self }
    }
}

impl Store {
    /// Reads a range of the table. `next` is set whenever something may follow.
    pub(crate) async fn query(&self, range: Range) -> Result<Page<Item>, Fault> {
        let Some(request) = self.request(range) else { return Ok(Page { items: Vec::new(), next: None }) };
        let (items, last) = run(request).await?;
        Ok(Page { items, next: last.map(|key| key_of(&key).sk) })
    }

    /// [`Store::query`] for many items that are flat: several times as fast.
    pub(crate) async fn query_flat<T: DeserializeOwned>(&self, range: Range) -> Result<Page<T>, Fault> {
        let Some(request) = self.request(range.clone()) else { return Ok(Page { items: Vec::new(), next: None }) };
        let send = || {
            let reply = RawReply::default();
            let sent = request.clone().customize().interceptor(reply.clone()).send();
            async move { sent.await.map(|_| reply.take()) }
        };
        let body = with_retries(send).await.map_err(unavailable("Query"))?;
        if let Ok(page) = flat_items::page_of(&body) {
            return Ok(page);
        }
        // One of the items is corrupt. The other way names it.
        let page = self.query(range).await?;
        Ok(Page { items: from_items(page.items)?, next: page.next })
    }

    /// The request for a range; none if no key can be in it.
    fn request(&self, range: Range) -> Option<QueryFluentBuilder> {
        let keys = match range.after {
            None => range.keys,
            Some(after) if range.is_descending => range.keys.before(&after),
            Some(after) => range.keys.after(&after),
        };
        if keys.is_empty() {
            return None;
        }
        let (condition, mut values) = keys.condition(("pk", "sk"), &range.pk);
        let filter = range.filter.map(|(filter, filter_values)| {
            values.extend(filter_values);
            filter
        });
        let request = (self.client().query().table_name(self.table()))
            .consistent_read(range.is_consistent)
            .scan_index_forward(!range.is_descending)
            .set_expression_attribute_names(names_in([condition.as_str(), filter.unwrap_or_default()]))
            .set_expression_attribute_values(values_of(&values))
            .key_condition_expression(condition)
            .set_filter_expression(filter.map(str::to_owned))
            .limit(request_limit(range.limit));
        Some(request)
    }

    /// The positions and keys in an index partition whose positions are in this range, in ascending order.
    pub(crate) async fn query_index(
        &self,
        pk: &str,
        positions: SortKeys,
        limit: usize,
    ) -> Result<Vec<(String, Key)>, Fault> {
        let items = self.index_items(pk, positions, limit, true).await?;
        Ok(items.iter().map(|item| (text_of(item, "gsi1sk"), key_of(item))).collect())
    }

    /// A page of the keys in an index partition, after the position `after`.
    pub(crate) async fn index_page(&self, pk: &str, after: Option<String>, limit: usize) -> Result<Page<Key>, Fault> {
        let positions = after.map_or_else(SortKeys::default, |after| SortKeys::default().after(&after));
        let entries = self.query_index(pk, positions, limit + 1).await?;
        let Page { items, next } = Page::cut(entries, limit, |(position, _)| position.clone());
        Ok(Page { items: items.into_iter().map(|(_, key)| key).collect(), next })
    }

    /// The first keys of an index partition whose positions are in this range, in ascending order.
    pub(crate) async fn first_in_index(&self, pk: &str, positions: SortKeys, limit: usize) -> Result<Vec<Key>, Fault> {
        Ok(self.index_items(pk, positions, limit, true).await?.iter().map(key_of).collect())
    }

    /// The last keys of an index partition whose positions are in this range, in descending order.
    pub(crate) async fn last_in_index(&self, pk: &str, positions: SortKeys, limit: usize) -> Result<Vec<Key>, Fault> {
        Ok(self.index_items(pk, positions, limit, false).await?.iter().map(key_of).collect())
    }

    /// A page of the keys in an index partition at these positions, in descending order.
    pub(crate) async fn newest_of_index(
        &self,
        pk: &str,
        positions: SortKeys,
        limit: usize,
    ) -> Result<Page<Key>, Fault> {
        let items = self.index_items(pk, positions, limit + 1, false).await?;
        let Page { items, next } = Page::cut(items, limit, |item| text_of(item, "gsi1sk"));
        Ok(Page { items: items.iter().map(key_of).collect(), next })
    }

    async fn index_items(
        &self,
        pk: &str,
        positions: SortKeys,
        limit: usize,
        is_ascending: bool,
    ) -> Result<Vec<Item>, Fault> {
        if positions.is_empty() {
            return Ok(Vec::new());
        }
        let (condition, values) = positions.condition(("gsi1pk", "gsi1sk"), pk);
        let request = (self.client().query().table_name(self.table()))
            .index_name(INDEX)
            .select(Select::AllProjectedAttributes)
            .scan_index_forward(is_ascending)
            .set_expression_attribute_names(names_in([condition.as_str()]))
            .set_expression_attribute_values(values_of(&values))
            .key_condition_expression(condition)
            .limit(request_limit(limit));
        Ok(run(request).await?.0)
    }
}

fn request_limit(limit: usize) -> i32 {
    i32::try_from(limit).unwrap_or(i32::MAX)
}

/// Runs a query and returns its items, and the key to continue after.
async fn run(request: QueryFluentBuilder) -> Result<(Vec<Item>, Option<Item>), Fault> {
    let reply = with_retries(|| request.clone().send()).await.map_err(unavailable("Query"))?;
    Ok((reply.items.unwrap_or_default(), reply.last_evaluated_key))
}
