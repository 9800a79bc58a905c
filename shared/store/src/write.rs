//! One write of a commit: what happens to an item, and its guard.
//!
//! A guard is the condition of a write, with the error code to report if the condition does not hold.

use std::{borrow::Cow, collections::HashMap};

use aws_sdk_dynamodb::{
    error::BuildError,
    types::{
        AttributeValue, ConditionCheck, Delete, Put, ReturnValuesOnConditionCheckFailure, TransactWriteItem, Update,
    },
};
use rollcall_domain::Code;

use crate::{
    expression::{Values, names_in, values_of},
    item::{Item, key_of, number},
    keys::Key,
};

/// What happens to an item if the condition holds.
#[derive(Clone, Debug)]
pub(crate) enum WriteKind {
    Put(Item),
    Update(Cow<'static, str>),
    Delete,
    Check,
}

/// A write of one item, with its guard.
#[derive(Clone, Debug)]
pub struct Write {
    pub(crate) key: Key,
    pub(crate) kind: WriteKind,
    pub(crate) condition: Option<Cow<'static, str>>,
    values: Values,
    aliases: Vec<(&'static str, String)>,
    pub(crate) failure: FailureCode,
}

/// The error code of a failed condition.
#[derive(Clone, Copy, Debug)]
pub(crate) enum FailureCode {
    /// Always this one.
    Fixed(Code),
    /// It depends on the item that was found. Only transactions return that item.
    ByItem(fn(Option<&Item>) -> Code),
}

impl FailureCode {
    pub(crate) fn of(self, found: Option<&Item>) -> Code {
        match self {
            Self::Fixed(code) => code,
            Self::ByItem(decide) => decide(found),
        }
    }
}

impl From<Code> for FailureCode {
    fn from(code: Code) -> Self {
        Self::Fixed(code)
    }
}

impl Write {
    fn new(key: Key, kind: WriteKind) -> Self {
        let failure = Code::Conflict.into();
        Self { key, kind, condition: None, values: Vec::new(), aliases: Vec::new(), failure }
    }

    pub(crate) fn put(item: Item) -> Self {
        Self::new(key_of(&item), WriteKind::Put(item))
    }

    pub(crate) fn update(key: Key, expression: impl Into<Cow<'static, str>>, values: Values) -> Self {
        Self { values, ..Self::new(key, WriteKind::Update(expression.into())) }
    }

    pub(crate) fn delete(key: Key) -> Self {
        Self::new(key, WriteKind::Delete)
    }

    /// Writes nothing: only the condition is checked.
    pub(crate) fn check(key: Key) -> Self {
        Self::new(key, WriteKind::Check)
    }

    /// Sets the guard of the write.
    pub(crate) fn only_if(
        mut self,
        condition: impl Into<Cow<'static, str>>,
        values: Values,
        failure: impl Into<FailureCode>,
    ) -> Self {
        self.condition = Some(condition.into());
        self.values.extend(values);
        self.failure = failure.into();
        self
    }

    pub(crate) fn only_if_absent(self, code: Code) -> Self {
        self.only_if("attribute_not_exists(#pk)", Vec::new(), code)
    }

    pub(crate) fn only_if_present(self, code: Code) -> Self {
        self.only_if("attribute_exists(#pk)", Vec::new(), code)
    }

    /// The item still has the version that the change was decided on.
    pub(crate) fn only_if_version(self, version: u64) -> Self {
        self.only_if("#version = :guarded", vec![(":guarded", number(version))], Code::Conflict)
    }

    /// Lets `#name` in the expressions stand for an attribute that is known only at run time, such as an id in a map.
    pub(crate) fn naming(mut self, name: &'static str, attribute: String) -> Self {
        self.aliases.push((name, attribute));
        self
    }

    /// Requires the condition of a check of the same item, too.
    ///
    /// A value name that both conditions use is the value of one attribute at two reads. The check's value wins: it was
    /// read first, so if the values differ, the attribute has changed since and the combined condition fails, as it
    /// must.
    pub(crate) fn require(&mut self, check: Self) {
        self.condition = match (self.condition.take(), check.condition) {
            (Some(own), Some(other)) if own != other => Some(format!("({own}) AND ({other})").into()),
            (own, other) => own.or(other),
        };
        self.values.retain(|(name, _)| !check.values.iter().any(|(other, _)| name == other));
        self.values.extend(check.values);
        self.aliases.extend(check.aliases);
    }

    /// The write as bookkeeping.
    pub(crate) fn bookkeeping(self) -> Bookkeeping {
        Bookkeeping(self)
    }

    /// The attribute names that the expressions use.
    pub(crate) fn names(&self) -> Option<HashMap<String, String>> {
        let update = match &self.kind {
            WriteKind::Update(expression) => expression.as_ref(),
            WriteKind::Put(_) | WriteKind::Delete | WriteKind::Check => "",
        };
        let mut names = names_in([update, self.condition.as_deref().unwrap_or_default()]);
        for (name, attribute) in &self.aliases {
            names.get_or_insert_default().insert((*name).to_owned(), attribute.clone());
        }
        names
    }

    /// The values that the expressions use.
    pub(crate) fn values(&self) -> Option<HashMap<String, AttributeValue>> {
        values_of(&self.values)
    }

    /// The write as an item of a transaction.
    pub(crate) fn to_transact_item(&self, table: &str) -> Result<TransactWriteItem, BuildError> {
        let found_item = match self.failure {
            FailureCode::Fixed(_) => None,
            FailureCode::ByItem(_) => Some(ReturnValuesOnConditionCheckFailure::AllOld),
        };
        // The SDK's builders have the same setters but no common trait.
        macro_rules! conditional {
            ($builder:expr) => {
                $builder
                    .table_name(table)
                    .set_condition_expression(self.condition.as_deref().map(str::to_owned))
                    .set_expression_attribute_names(self.names())
                    .set_expression_attribute_values(self.values())
                    .set_return_values_on_condition_check_failure(found_item)
                    .build()?
            };
        }
        let key = Some(self.key.to_item());
        let item = TransactWriteItem::builder();
        let item = match &self.kind {
            WriteKind::Put(attributes) => item.put(conditional!(Put::builder().set_item(Some(attributes.clone())))),
            WriteKind::Update(expression) => {
                item.update(conditional!(Update::builder().set_key(key).update_expression(expression.as_ref())))
            }
            WriteKind::Delete => item.delete(conditional!(Delete::builder().set_key(key))),
            WriteKind::Check => item.condition_check(conditional!(ConditionCheck::builder().set_key(key))),
        };
        Ok(item.build())
    }
}

/// A write of bookkeeping: throttles, steps of a flow, sessions, mails to send, remembered replies.
///
/// It needs no permission and the audit log does not record it, so it may be written on its own. Every other [`Write`]
/// changes a resource and reaches the table only as part of a `Commit`.
#[derive(Clone, Debug)]
pub struct Bookkeeping(Write);

impl From<Bookkeeping> for Write {
    fn from(bookkeeping: Bookkeeping) -> Self {
        bookkeeping.0
    }
}
