//! Conversion between states and items. An item is the fields of a state plus its keys.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use rollcall_domain::Timestamp;
use serde::{Serialize, de::DeserializeOwned};

use crate::{error::Fault, keys::Key};

/// The attributes of one item.
pub(crate) type Item = HashMap<String, AttributeValue>;

/// Items that were read in one request, by key.
pub(crate) struct ItemsByKey(HashMap<Key, Item>);

impl ItemsByKey {
    pub(crate) fn new(items: Vec<Item>) -> Self {
        Self(items.into_iter().map(|item| (key_of(&item), item)).collect())
    }

    /// The state of the item with this key, if it was found.
    pub(crate) fn get<T: DeserializeOwned>(&self, key: &Key) -> Result<Option<T>, Fault> {
        self.0.get(key).cloned().map(from_item).transpose()
    }

    /// A string attribute of the item with this key, if there is one.
    pub(crate) fn text(&self, key: &Key, name: &str) -> Option<&str> {
        self.0.get(key)?.get(name)?.as_s().ok().map(String::as_str)
    }

    pub(crate) fn contains(&self, key: &Key) -> bool {
        self.0.contains_key(key)
    }
}

impl Key {
    /// The key as attributes.
    pub(crate) fn to_item(&self) -> Item {
        Item::from([("pk".to_owned(), string(&self.pk)), ("sk".to_owned(), string(&self.sk))])
    }
}

pub(crate) fn string(value: impl Into<String>) -> AttributeValue {
    AttributeValue::S(value.into())
}

pub(crate) fn number(value: impl std::fmt::Display) -> AttributeValue {
    AttributeValue::N(value.to_string())
}

/// A timestamp. Its text sorts by time, so expressions can compare it.
pub(crate) fn timestamp(value: Timestamp) -> AttributeValue {
    string(value.to_string())
}

/// A string set. DynamoDB adds, removes and counts its members atomically, and has no empty one.
pub(crate) fn string_set(members: impl IntoIterator<Item = impl ToString>) -> AttributeValue {
    AttributeValue::Ss(members.into_iter().map(|member| member.to_string()).collect())
}

/// Stores a field as a string set, which leaves out the attribute if the set is empty.
pub(crate) fn with_string_set(mut item: Item, name: &str, members: impl IntoIterator<Item = impl ToString>) -> Item {
    item.remove(name);
    let mut members = members.into_iter().peekable();
    if members.peek().is_some() {
        item.insert(name.to_owned(), string_set(members));
    }
    item
}

/// One field of a state.
pub(crate) fn value<T: Serialize>(field: &T) -> Result<AttributeValue, Fault> {
    let key = Key { pk: String::new(), sk: String::new() };
    serde_dynamo::to_attribute_value(field).map_err(|error| Fault::Corrupt { key, reason: error.to_string() })
}

/// The item of a state, under its key. Null fields are left out: they read back the same and take no space.
pub(crate) fn to_item<T: Serialize>(key: &Key, state: &T) -> Result<Item, Fault> {
    let mut item: Item =
        serde_dynamo::to_item(state).map_err(|error| Fault::Corrupt { key: key.clone(), reason: error.to_string() })?;
    item.retain(|_, value| !value.is_null());
    item.extend(key.to_item());
    Ok(item)
}

/// The state of an item. The fault of an unreadable item names its key.
pub(crate) fn from_item<T: DeserializeOwned>(item: Item) -> Result<T, Fault> {
    let key = key_of(&item);
    serde_dynamo::from_item(item).map_err(|error| Fault::Corrupt { key, reason: error.to_string() })
}

/// The states of items, in their order.
pub(crate) fn from_items<T: DeserializeOwned>(items: Vec<Item>) -> Result<Vec<T>, Fault> {
    items.into_iter().map(from_item).collect()
}

/// The key of an item.
pub(crate) fn key_of(item: &Item) -> Key {
    Key { pk: text_of(item, "pk"), sk: text_of(item, "sk") }
}

/// A string attribute; empty if the item does not have it.
pub(crate) fn text_of(item: &Item, name: &str) -> String {
    item.get(name).and_then(|value| value.as_s().ok()).cloned().unwrap_or_default()
}

/// Whether a counter is zero or missing.
pub(crate) fn is_zero(item: &Item, name: &str) -> bool {
    item.get(name).and_then(|value| value.as_n().ok()).is_none_or(|count| count == "0")
}

/// Adds the item's keys in the index.
pub(crate) fn indexed(mut item: Item, (pk, sk): (String, String)) -> Item {
    item.insert("gsi1pk".to_owned(), string(pk));
    item.insert("gsi1sk".to_owned(), string(sk));
    item
}

/// Adds the time after which DynamoDB deletes the item.
pub(crate) fn with_ttl(mut item: Item, at: Timestamp) -> Item {
    item.insert("ttl".to_owned(), number(at.unix_seconds()));
    item
}
