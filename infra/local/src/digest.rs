//! A digest of the items of a table, the same in whatever order they are read.

use std::{
    collections::{BTreeMap, HashMap},
    fmt,
};

use aws_sdk_dynamodb::types::AttributeValue;
use data_encoding::{BASE64, HEXLOWER};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

/// The attributes of an item.
pub(crate) type Item = HashMap<String, AttributeValue>;

/// The number of items, and the exclusive or of their SHA-256.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Digest {
    items: u64,
    hash: [u8; 32],
}

impl Digest {
    /// Adds an item. No two items of a table are equal, so none cancels another out.
    pub(crate) fn add(&mut self, item: &Item) {
        self.items += 1;
        let hash = Sha256::digest(object(item).to_string());
        self.hash.iter_mut().zip(hash).for_each(|(byte, other)| *byte ^= other);
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} items with the hash {}", self.items, HEXLOWER.encode(&self.hash))
    }
}

/// An item as JSON whose members are sorted.
fn object(item: &Item) -> Value {
    json!(item.iter().map(|(name, value)| (name, json(value))).collect::<BTreeMap<_, _>>())
}

fn json(value: &AttributeValue) -> Value {
    let sorted = |mut texts: Vec<String>| {
        texts.sort_unstable();
        texts
    };
    match value {
        AttributeValue::S(text) => json!({"S": text}),
        AttributeValue::N(number) => json!({"N": number}),
        AttributeValue::B(bytes) => json!({"B": BASE64.encode(bytes.as_ref())}),
        AttributeValue::Bool(value) => json!({"BOOL": value}),
        AttributeValue::Null(value) => json!({"NULL": value}),
        AttributeValue::L(values) => json!({"L": values.iter().map(json).collect::<Vec<_>>()}),
        AttributeValue::M(fields) => json!({"M": object(fields)}),
        AttributeValue::Ss(texts) => json!({"SS": sorted(texts.clone())}),
        AttributeValue::Ns(numbers) => json!({"NS": sorted(numbers.clone())}),
        AttributeValue::Bs(values) => {
            json!({"BS": sorted(values.iter().map(|value| BASE64.encode(value.as_ref())).collect())})
        }
        // Later kinds of values are compared as they are printed.
        other => json!(format!("{other:?}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item(fields: &[(&str, AttributeValue)]) -> Item {
        fields.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect()
    }

    fn digest(items: &[&Item]) -> Digest {
        let mut digest = Digest::default();
        for item in items {
            digest.add(item);
        }
        digest
    }

    #[test]
    fn the_order_of_items_fields_and_sets_does_not_count() {
        let set = |texts: [&str; 2]| AttributeValue::Ss(texts.map(str::to_owned).to_vec());
        let one = item(&[("pk", AttributeValue::S("a".into())), ("types", set(["x", "y"]))]);
        let same = item(&[("types", set(["y", "x"])), ("pk", AttributeValue::S("a".into()))]);
        let other = item(&[("pk", AttributeValue::S("b".into()))]);
        assert_eq!(digest(&[&one, &other]), digest(&[&other, &same]));
    }

    #[test]
    fn whatever_differs_counts() {
        let of = |value| item(&[("pk", value)]);
        let values = [
            AttributeValue::S("1".into()),
            AttributeValue::N("1".into()),
            AttributeValue::S("2".into()),
            AttributeValue::L(vec![]),
            AttributeValue::M(HashMap::new()),
            AttributeValue::Null(true),
        ];
        for (at, one) in values.iter().enumerate() {
            for other in &values[at + 1..] {
                assert_ne!(digest(&[&of(one.clone())]), digest(&[&of(other.clone())]), "{one:?} {other:?}");
            }
        }
        assert_ne!(digest(&[]), digest(&[&of(values[0].clone())]));
    }
}
