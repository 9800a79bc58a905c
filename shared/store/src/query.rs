//! Reading a partition in order, page by page.

use aws_sdk_dynamodb::{operation::query::builders::QueryFluentBuilder, types::Select};

use crate::{
    commit::{Values, names_in, values_of},
    error::Fault,
    item::{Item, key_of, string, text_of},
    keys::{INDEX, Key},
    table::{Store, unavailable},
};

/// Items in order, and where the next page starts.
#[derive(Debug)]
pub struct Page<T> {
    /// The items.
    pub items: Vec<T>,
    /// The sort key after which more may follow; none when nothing does.
    pub next: Option<String>,
}

/// The direction of a reading.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Order {
    Rising,
    Falling,
}

/// A range of one partition of the table.
#[derive(Debug)]
pub(crate) struct Range {
    /// The partition.
    pub(crate) pk: String,
    /// What the sort keys start with.
    pub(crate) prefix: String,
    /// The sort key after which to start.
    pub(crate) after: Option<String>,
    /// From which end.
    pub(crate) order: Order,
    /// Items looked at, at most.
    pub(crate) limit: usize,
    /// Which of them are wanted.
    pub(crate) filter: Option<(&'static str, Values)>,
}

impl Store {
    /// Reads a range of the table, consistently. `next` is set whenever something may follow.
    pub(crate) async fn query(&self, range: Range) -> Result<Page<Item>, Fault> {
        let (filter, mut values) = match range.filter {
            Some((filter, values)) => (Some(filter), values),
            None => (None, Values::new()),
        };
        let mut condition = "#pk = :pk".to_owned();
        values.push((":pk", string(&range.pk)));
        if !range.prefix.is_empty() {
            condition.push_str(" AND begins_with(#sk, :prefix)");
            values.push((":prefix", string(&range.prefix)));
        }
        let start = range.after.map(|sk| Key { pk: range.pk, sk }.to_item());
        let names = names_in([condition.as_str(), filter.unwrap_or_default()]);
        let request = (self.client().query().table_name(self.table()))
            .consistent_read(true)
            .scan_index_forward(range.order == Order::Rising)
            .set_expression_attribute_names(names)
            .set_expression_attribute_values(values_of(&values))
            .key_condition_expression(condition)
            .set_filter_expression(filter.map(str::to_owned))
            .set_exclusive_start_key(start)
            .limit(i32::try_from(range.limit).unwrap_or(i32::MAX));
        let (items, last) = self.run_query(request).await?;
        Ok(Page { items, next: last.map(|key| key_of(&key).sk) })
    }

    /// Reads keys of a partition of the index whose sort keys lie after `after` and not beyond `upto`.
    ///
    /// The index is eventually consistent: what it names is a candidate.
    pub(crate) async fn query_index(
        &self,
        pk: &str,
        after: &str,
        upto: Option<&str>,
        limit: usize,
    ) -> Result<Vec<(String, Key)>, Fault> {
        // BETWEEN includes its lower end, which the caller has seen; the space is less than any key character.
        let condition = match upto {
            Some(_) => "#gsi1pk = :pk AND #gsi1sk BETWEEN :after AND :upto",
            None => "#gsi1pk = :pk AND #gsi1sk > :after",
        };
        let mut values: Values = vec![(":pk", string(pk)), (":after", string(format!("{after} ")))];
        values.extend(upto.map(|upto| (":upto", string(upto))));
        let request = (self.client().query().table_name(self.table()))
            .index_name(INDEX)
            .select(Select::AllProjectedAttributes)
            .set_expression_attribute_names(names_in([condition]))
            .set_expression_attribute_values(values_of(&values))
            .key_condition_expression(condition)
            .limit(i32::try_from(limit).unwrap_or(i32::MAX));
        let (items, _) = self.run_query(request).await?;
        Ok(items.iter().map(|item| (text_of(item, "gsi1sk"), key_of(item))).collect())
    }

    /// Keys of a partition of the index, and the position after which more follow.
    pub(crate) async fn index_page(
        &self,
        pk: &str,
        after: Option<String>,
        limit: usize,
    ) -> Result<(Vec<Key>, Option<String>), Fault> {
        let mut found = self.query_index(pk, &after.unwrap_or_default(), None, limit + 1).await?;
        let more = found.len() > limit;
        found.truncate(limit);
        let next = found.last().filter(|_| more).map(|(id, _)| id.clone());
        Ok((found.into_iter().map(|(_, key)| key).collect(), next))
    }

    /// Keys of a partition of the index, from its end or from before `before` down.
    pub(crate) async fn index_from_end(&self, pk: &str, before: Option<&str>, limit: usize) -> Result<Vec<Key>, Fault> {
        let condition = match before {
            Some(_) => "#gsi1pk = :pk AND #gsi1sk < :before",
            None => "#gsi1pk = :pk",
        };
        let mut values: Values = vec![(":pk", string(pk))];
        values.extend(before.map(|before| (":before", string(before))));
        let request = (self.client().query().table_name(self.table()))
            .index_name(INDEX)
            .scan_index_forward(false)
            .select(Select::AllProjectedAttributes)
            .set_expression_attribute_names(names_in([condition]))
            .set_expression_attribute_values(values_of(&values))
            .key_condition_expression(condition)
            .limit(i32::try_from(limit).unwrap_or(i32::MAX));
        Ok(self.run_query(request).await?.0.iter().map(key_of).collect())
    }

    async fn run_query(&self, request: QueryFluentBuilder) -> Result<(Vec<Item>, Option<Item>), Fault> {
        let reply = self.retried(|| request.clone().send(), |_| false).await.map_err(unavailable("Query"))?;
        Ok((reply.items.unwrap_or_default(), reply.last_evaluated_key))
    }
}
