//! A JSON record with its keys in the order of the file.

use std::fmt;

use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{Error, MapAccess, Visitor},
};
use serde_json::Value;

use super::MAX_COLUMNS;

/// The name of the column of a record that is a bare text: an id, as in lists of the chat product.
const BARE_TEXT: &str = "UserID";

/// The fields of a JSON record.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Object(pub(crate) Vec<(String, Value)>);

impl Object {
    /// The value at a key, or at `key.key` of an object in the object.
    pub(crate) fn get(&self, path: &str) -> Option<&Value> {
        let at = |key: &str| self.0.iter().find(|(name, _)| name == key).map(|(_, value)| value);
        at(path).or_else(|| path.split_once('.').and_then(|(outer, inner)| at(outer)?.get(inner)))
    }

    /// The paths of its values, where an object in the object has one for each of its own.
    pub(crate) fn paths(&self) -> impl Iterator<Item = String> {
        self.0.iter().flat_map(|(name, value)| match value {
            Value::Object(inner) if !inner.is_empty() => inner.keys().map(|key| format!("{name}.{key}")).collect(),
            _ => vec![name.clone()],
        })
    }
}

impl<'de> Deserialize<'de> for Object {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ObjectVisitor)
    }
}

impl Serialize for Object {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, value)| (name, value)))
    }
}

struct ObjectVisitor;

impl<'de> Visitor<'de> for ObjectVisitor {
    type Value = Object;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object or an id")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Object, E> {
        Ok(Object(vec![(BARE_TEXT.to_owned(), text.into())]))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Object, A::Error> {
        let mut object = Object::default();
        while let Some((name, value)) = entries.next_entry::<String, Value>()? {
            if object.0.len() == MAX_COLUMNS {
                return Err(A::Error::custom(format!("there are more than {MAX_COLUMNS} keys")));
            }
            if object.0.iter().any(|(known, _)| *known == name) {
                return Err(A::Error::custom(format!("the key {name} is there twice")));
            }
            object.0.push((name, value));
        }
        Ok(object)
    }
}
