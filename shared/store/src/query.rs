//! Reads of a partition, in order and page by page.

use aws_sdk_dynamodb::{operation::query::builders::QueryFluentBuilder, types::Select};

use crate::{
    error::Fault,
    expression::{Values, names_in, values_of},
    item::{Item, key_of, string, text_of},
    keys::{INDEX, Key},
    retry::{unavailable, with_retries},
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
    pub(crate) fn cut(mut entries: Vec<T>, limit: usize, position: impl Fn(&T) -> String) -> Self {
        let has_next = entries.len() > limit;
        entries.truncate(limit);
        let next = entries.last().filter(|_| has_next).map(position);
        Self { items: entries, next }
    }
}

/// A range of one partition of the table: the items to read, and in which order.
#[derive(Debug)]
pub(crate) struct Range {
    pk: String,
    limit: usize,
    prefix: String,
    after: Option<String>,
    is_descending: bool,
    is_consistent: bool,
    filter: Option<(&'static str, Values)>,
}

impl Range {
    /// The whole partition in ascending order, at most `limit` items at a time.
    pub(crate) fn new(pk: String, limit: usize) -> Self {
        Self { pk, limit, prefix: String::new(), after: None, is_descending: false, is_consistent: true, filter: None }
    }

    /// Only items whose sort keys have this prefix.
    pub(crate) fn prefix(self, prefix: impl Into<String>) -> Self {
        Self { prefix: prefix.into(), ..self }
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
        let (filter, mut values) =
            range.filter.map_or((None, Values::new()), |(filter, values)| (Some(filter), values));
        let mut condition = "#pk = :pk";
        values.push((":pk", string(&range.pk)));
        if !range.prefix.is_empty() {
            condition = "#pk = :pk AND begins_with(#sk, :prefix)";
            values.push((":prefix", string(&range.prefix)));
        }
        let start = range.after.map(|sk| Key { pk: range.pk, sk }.to_item());
        let request = (self.client().query().table_name(self.table()))
            .consistent_read(range.is_consistent)
            .scan_index_forward(!range.is_descending)
            .set_expression_attribute_names(names_in([condition, filter.unwrap_or_default()]))
            .set_expression_attribute_values(values_of(&values))
            .key_condition_expression(condition)
            .set_filter_expression(filter.map(str::to_owned))
            .set_exclusive_start_key(start)
            .limit(request_limit(range.limit));
        let (items, last) = run(request).await?;
        Ok(Page { items, next: last.map(|key| key_of(&key).sk) })
    }

    /// The positions and keys in an index partition whose positions are after `after` and at most `upto`.
    pub(crate) async fn query_index(
        &self,
        pk: &str,
        after: &str,
        upto: Option<&str>,
        limit: usize,
    ) -> Result<Vec<(String, Key)>, Fault> {
        // BETWEEN includes its lower bound, which the caller has seen. The space makes the bound the next position.
        let mut values: Values = vec![(":pk", string(pk)), (":after", string(format!("{after} ")))];
        let condition = match upto {
            Some(_) => "#gsi1pk = :pk AND #gsi1sk BETWEEN :after AND :upto",
            None => "#gsi1pk = :pk AND #gsi1sk > :after",
        };
        values.extend(upto.map(|upto| (":upto", string(upto))));
        let (items, _) = run(self.index_request(condition, &values, limit)).await?;
        Ok(items.iter().map(|item| (text_of(item, "gsi1sk"), key_of(item))).collect())
    }

    /// A page of the keys in an index partition, after the position `after`.
    pub(crate) async fn index_page(&self, pk: &str, after: Option<String>, limit: usize) -> Result<Page<Key>, Fault> {
        let entries = self.query_index(pk, &after.unwrap_or_default(), None, limit + 1).await?;
        let Page { items, next } = Page::cut(entries, limit, |(position, _)| position.clone());
        Ok(Page { items: items.into_iter().map(|(_, key)| key).collect(), next })
    }

    /// The last keys of an index partition in descending order, or the last ones before the position `before`.
    pub(crate) async fn last_in_index(&self, pk: &str, before: Option<&str>, limit: usize) -> Result<Vec<Key>, Fault> {
        let mut values: Values = vec![(":pk", string(pk))];
        let condition = match before {
            Some(_) => "#gsi1pk = :pk AND #gsi1sk < :before",
            None => "#gsi1pk = :pk",
        };
        values.extend(before.map(|before| (":before", string(before))));
        let request = self.index_request(condition, &values, limit).scan_index_forward(false);
        let (items, _) = run(request).await?;
        Ok(items.iter().map(key_of).collect())
    }

    fn index_request(&self, condition: &str, values: &Values, limit: usize) -> QueryFluentBuilder {
        (self.client().query().table_name(self.table()))
            .index_name(INDEX)
            .select(Select::AllProjectedAttributes)
            .key_condition_expression(condition)
            .set_expression_attribute_names(names_in([condition]))
            .set_expression_attribute_values(values_of(values))
            .limit(request_limit(limit))
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
