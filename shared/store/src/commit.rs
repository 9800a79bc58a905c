//! What a change writes: items with their guards, all or nothing.

use std::{borrow::Cow, collections::HashMap};

use aws_sdk_dynamodb::types::{
    AttributeValue, ConditionCheck, Delete, Put, ReturnValuesOnConditionCheckFailure, TransactWriteItem, Update,
};
use rollcall_domain::Code;

use crate::{
    item::{Item, number},
    keys::Key,
};

/// The values an expression refers to, as `:name`.
pub(crate) type Values = Vec<(&'static str, AttributeValue)>;

/// What happens to an item if its guard holds.
#[derive(Clone, Debug)]
pub(crate) enum WriteKind {
    Put(Item),
    Update(Cow<'static, str>),
    Delete,
    Check,
}

/// One item of a commit: what to do with it, the guard, and what the guard's failure means.
#[derive(Clone, Debug)]
pub struct Write {
    pub(crate) key: Key,
    pub(crate) action: WriteKind,
    pub(crate) guard: Option<Cow<'static, str>>,
    pub(crate) values: Values,
    pub(crate) aliases: Vec<(&'static str, String)>,
    pub(crate) meaning: Meaning,
}

/// What the failure of a guard means, by the item that was found instead.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Meaning {
    Always(Code),
    ByItem(fn(Option<&Item>) -> Code),
}

impl Meaning {
    pub(crate) fn of(self, found: Option<&Item>) -> Code {
        match self {
            Self::Always(code) => code,
            Self::ByItem(decide) => decide(found),
        }
    }
}

impl Write {
    fn new(key: Key, action: WriteKind) -> Self {
        Self {
            key,
            action,
            guard: None,
            values: Vec::new(),
            aliases: Vec::new(),
            meaning: Meaning::Always(Code::Conflict),
        }
    }

    pub(crate) fn put(item: Item) -> Self {
        Self::new(crate::item::key_of(&item), WriteKind::Put(item))
    }

    /// `expression` names attributes as `#name` and values as `:name`; the names are found in its text.
    pub(crate) fn update(key: Key, expression: impl Into<Cow<'static, str>>, values: Values) -> Self {
        Self { values, ..Self::new(key, WriteKind::Update(expression.into())) }
    }

    pub(crate) fn delete(key: Key) -> Self {
        Self::new(key, WriteKind::Delete)
    }

    pub(crate) fn check(key: Key) -> Self {
        Self::new(key, WriteKind::Check)
    }

    /// Guards the write by a condition in the notation of [`Write::update`].
    pub(crate) fn only_if(mut self, condition: impl Into<Cow<'static, str>>, values: Values, meaning: Meaning) -> Self {
        self.guard = Some(condition.into());
        self.values.extend(values);
        self.meaning = meaning;
        self
    }

    /// Lets `#name` stand for an attribute whose own name no expression can hold.
    pub(crate) fn naming(mut self, name: &'static str, attribute: String) -> Self {
        self.aliases.push((name, attribute));
        self
    }

    /// Guards the write by a check of the same item, too. A value that both name is of one attribute: where they differ,
    /// nothing is written, since the check's was read before.
    fn also_only_if(&mut self, check: Self) {
        self.guard = match (self.guard.take(), check.guard) {
            (Some(own), Some(other)) if own != other => Some(format!("({own}) AND ({other})").into()),
            (own, other) => own.or(other),
        };
        self.values.retain(|(name, _)| !check.values.iter().any(|(other, _)| name == other));
        self.values.extend(check.values);
        self.aliases.extend(check.aliases);
    }

    /// Marks a write that no right covers and no audit record describes.
    pub(crate) fn bookkeeping(self) -> Bookkeeping {
        Bookkeeping(self)
    }

    pub(crate) fn only_if_absent(self, code: Code) -> Self {
        self.only_if("attribute_not_exists(#pk)", Vec::new(), Meaning::Always(code))
    }

    pub(crate) fn only_if_present(self, code: Code) -> Self {
        self.only_if("attribute_exists(#pk)", Vec::new(), Meaning::Always(code))
    }

    /// What was decided on must still be what is stored.
    pub(crate) fn only_if_version(self, version: u64) -> Self {
        self.only_if("#version = :guarded", vec![(":guarded", number(version))], Meaning::Always(Code::Conflict))
    }

    /// The attribute names that the write's expressions use: every `#name` in their text.
    pub(crate) fn names(&self) -> Option<HashMap<String, String>> {
        let update = match &self.action {
            WriteKind::Update(expression) => expression.as_ref(),
            WriteKind::Put(_) | WriteKind::Delete | WriteKind::Check => "",
        };
        let mut names = names_in([update, self.guard.as_deref().unwrap_or_default()]);
        for (name, attribute) in &self.aliases {
            names.get_or_insert_default().insert((*name).to_owned(), attribute.clone());
        }
        names
    }

    pub(crate) fn values(&self) -> Option<HashMap<String, AttributeValue>> {
        values_of(&self.values)
    }

    /// The write as an item of a transaction.
    pub(crate) fn to_transact_item(
        &self,
        table: &str,
    ) -> Result<TransactWriteItem, aws_sdk_dynamodb::error::BuildError> {
        // The item that was found is asked for only where the meaning of the failure depends on it.
        let old = match self.meaning {
            Meaning::Always(_) => None,
            Meaning::ByItem(_) => Some(ReturnValuesOnConditionCheckFailure::AllOld),
        };
        let (key, names, values) = (Some(self.key.to_item()), self.names(), self.values());
        let condition = self.guard.as_deref().map(str::to_owned);
        let item = TransactWriteItem::builder();
        Ok(match &self.action {
            WriteKind::Put(attributes) => item.put(
                Put::builder()
                    .table_name(table)
                    .set_item(Some(attributes.clone()))
                    .set_condition_expression(condition)
                    .set_expression_attribute_names(names)
                    .set_expression_attribute_values(values)
                    .set_return_values_on_condition_check_failure(old)
                    .build()?,
            ),
            WriteKind::Update(expression) => item.update(
                Update::builder()
                    .table_name(table)
                    .set_key(key)
                    .update_expression(expression.as_ref())
                    .set_condition_expression(condition)
                    .set_expression_attribute_names(names)
                    .set_expression_attribute_values(values)
                    .set_return_values_on_condition_check_failure(old)
                    .build()?,
            ),
            WriteKind::Delete => item.delete(
                Delete::builder()
                    .table_name(table)
                    .set_key(key)
                    .set_condition_expression(condition)
                    .set_expression_attribute_names(names)
                    .set_expression_attribute_values(values)
                    .set_return_values_on_condition_check_failure(old)
                    .build()?,
            ),
            WriteKind::Check => item.condition_check(
                ConditionCheck::builder()
                    .table_name(table)
                    .set_key(key)
                    .set_condition_expression(condition)
                    .set_expression_attribute_names(names)
                    .set_expression_attribute_values(values)
                    .set_return_values_on_condition_check_failure(old)
                    .build()?,
            ),
        }
        .build())
    }
}

/// A write of bookkeeping: throttles, steps of a flow, sessions, outgoing mail, remembered replies.
///
/// No right covers it and the audit log does not record it, so it may be written on its own. Every other [`Write`] is a
/// change of a resource: it reaches the table only as part of a [`Commit`].
#[derive(Clone, Debug)]
pub struct Bookkeeping(Write);

impl From<Bookkeeping> for Write {
    fn from(bookkeeping: Bookkeeping) -> Self {
        bookkeeping.0
    }
}

/// The names that expressions use: every `#name` in their text, so that no word is reserved.
pub(crate) fn names_in<'a>(expressions: impl IntoIterator<Item = &'a str>) -> Option<HashMap<String, String>> {
    let mut names = HashMap::new();
    for expression in expressions {
        for rest in expression.split('#').skip(1) {
            let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(rest.len());
            names.insert(format!("#{}", &rest[..end]), rest[..end].to_owned());
        }
    }
    (!names.is_empty()).then_some(names)
}

pub(crate) fn values_of(values: &Values) -> Option<HashMap<String, AttributeValue>> {
    let values: HashMap<_, _> = values.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
    (!values.is_empty()).then_some(values)
}

/// All that one change writes: every guard holds and everything is written, or nothing is.
#[derive(Clone, Debug, Default)]
pub struct Commit {
    pub(crate) writes: Vec<Write>,
}

impl Commit {
    /// A commit of these writes.
    pub fn new(writes: impl IntoIterator<Item = impl Into<Write>>) -> Self {
        Self::default().extended(writes)
    }

    /// Whether there is nothing to write.
    pub fn is_empty(&self) -> bool {
        self.writes.is_empty()
    }

    /// The commit with more writes.
    #[must_use]
    pub fn extended(mut self, writes: impl IntoIterator<Item = impl Into<Write>>) -> Self {
        self.extend(writes);
        self
    }

    /// The commit with one more write.
    #[must_use]
    pub fn and(self, write: impl Into<Write>) -> Self {
        self.extended([write])
    }

    /// The commit with condition checks. A transaction takes one action per item, so a check of an item that is written
    /// here becomes part of that write's condition.
    #[must_use]
    pub fn checking(mut self, checks: impl IntoIterator<Item = Write>) -> Self {
        for check in checks {
            match self.writes.iter_mut().find(|write| write.key == check.key) {
                Some(write) => write.also_only_if(check),
                None => self.writes.push(check),
            }
        }
        self
    }
}

impl IntoIterator for Commit {
    type Item = Write;
    type IntoIter = std::vec::IntoIter<Write>;

    fn into_iter(self) -> Self::IntoIter {
        self.writes.into_iter()
    }
}

impl<W: Into<Write>> Extend<W> for Commit {
    fn extend<T: IntoIterator<Item = W>>(&mut self, writes: T) {
        self.writes.extend(writes.into_iter().map(Into::into));
    }
}
