//! Between states and items: an item is a state's fields plus its keys.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use rollcall_domain::Timestamp;
use serde::{Serialize, de::DeserializeOwned};

use crate::{error::Fault, keys::Key};

/// The attributes of one item.
pub(crate) type Item = HashMap<String, AttributeValue>;

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

/// A string set, whose members the database adds, removes and counts atomically. It has no empty one.
pub(crate) fn string_set(members: impl IntoIterator<Item = String>) -> AttributeValue {
    AttributeValue::Ss(members.into_iter().collect())
}

/// One field of a state.
pub(crate) fn value<T: Serialize>(field: &T) -> Result<AttributeValue, Fault> {
    let key = Key { pk: String::new(), sk: String::new() };
    serde_dynamo::to_attribute_value(field).map_err(|error| Fault::Corrupt { key, reason: error.to_string() })
}

/// The item of a state, under its key. What is null is left out: it reads back the same and costs nothing.
pub(crate) fn to_item<T: Serialize>(key: &Key, state: &T) -> Result<Item, Fault> {
    let mut item: Item =
        serde_dynamo::to_item(state).map_err(|error| Fault::Corrupt { key: key.clone(), reason: error.to_string() })?;
    item.retain(|_, value| !value.is_null());
    item.extend(key.to_item());
    Ok(item)
}

/// The state of an item. A row that cannot be read names itself in the fault.
pub(crate) fn from_item<T: DeserializeOwned>(item: Item) -> Result<T, Fault> {
    let key = key_of(&item);
    serde_dynamo::from_item(item).map_err(|error| Fault::Corrupt { key, reason: error.to_string() })
}

/// The key attributes of an item.
pub(crate) fn key_of(item: &Item) -> Key {
    Key { pk: text_of(item, "pk"), sk: text_of(item, "sk") }
}

/// A string attribute, empty where the item has none.
pub(crate) fn text_of(item: &Item, name: &str) -> String {
    item.get(name).and_then(|value| value.as_s().ok()).cloned().unwrap_or_default()
}

/// Whether a count is nothing, or missing.
pub(crate) fn is_zero(item: &Item, name: &str) -> bool {
    item.get(name).and_then(|value| value.as_n().ok()).is_none_or(|count| count == "0")
}

/// Places an item in the index.
pub(crate) fn indexed(mut item: Item, (pk, sk): (String, String)) -> Item {
    item.insert("gsi1pk".to_owned(), string(pk));
    item.insert("gsi1sk".to_owned(), string(sk));
    item
}

/// Lets the database remove an item some time after its end.
pub(crate) fn ending(mut item: Item, at: Timestamp) -> Item {
    item.insert("ttl".to_owned(), number(at.unix_seconds()));
    item
}
