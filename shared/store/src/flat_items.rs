//! States from the JSON of a reply to a query, without attribute maps between. It reads flat items, whose attributes are
//! texts and numbers, as those of accounts are.

use std::borrow::Cow;

use serde::{
    Deserialize, Deserializer,
    de::{DeserializeOwned, DeserializeSeed, Error as _, IntoDeserializer, MapAccess, Visitor, value},
    forward_to_deserialize_any,
};

use crate::query::Page;

/// The states of a reply's items, and the sort key to continue after.
pub(crate) fn page_of<T: DeserializeOwned>(body: &[u8]) -> Result<Page<T>, serde_json::Error> {
    let reply: Reply<T> = serde_json::from_slice(body)?;
    let items = reply.items.into_iter().map(|Flat(state)| state).collect();
    Ok(Page { items, next: reply.last_evaluated_key.map(|Flat(key)| key.sk) })
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", bound = "T: DeserializeOwned")]
struct Reply<T> {
    items: Vec<Flat<T>>,
    last_evaluated_key: Option<Flat<LastKey>>,
}

#[derive(Deserialize)]
struct LastKey {
    sk: String,
}

/// A state, read from an item.
struct Flat<T>(T);

impl<'de, T: DeserializeOwned> Deserialize<'de> for Flat<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        T::deserialize(ItemDeserializer(deserializer)).map(Self)
    }
}

/// Reads an item as a map from names to plain values.
struct ItemDeserializer<D>(D);

impl<'de, D: Deserializer<'de>> Deserializer<'de> for ItemDeserializer<D> {
    type Error = D::Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
        self.0.deserialize_map(ItemVisitor(visitor))
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 u8 u16 u32 u64 f32 f64 char str string bytes byte_buf option unit unit_struct
        newtype_struct seq tuple tuple_struct map struct enum identifier ignored_any
    }
}

struct ItemVisitor<V>(V);

impl<'de, V: Visitor<'de>> Visitor<'de> for ItemVisitor<V> {
    type Value = V::Value;

    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.expecting(formatter)
    }

    fn visit_map<A: MapAccess<'de>>(self, attributes: A) -> Result<V::Value, A::Error> {
        self.0.visit_map(Attributes(attributes))
    }
}

struct Attributes<A>(A);

impl<'de, A: MapAccess<'de>> MapAccess<'de> for Attributes<A> {
    type Error = A::Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, A::Error> {
        self.0.next_key_seed(seed)
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, A::Error> {
        seed.deserialize(self.0.next_value::<Attribute<'de>>()?).map_err(A::Error::custom)
    }
}

/// The value of an attribute. `DynamoDB` writes numbers as texts.
#[derive(Deserialize)]
enum Attribute<'a> {
    S(#[serde(borrow)] Cow<'a, str>),
    N(#[serde(borrow)] Cow<'a, str>),
}

impl<'de> Deserializer<'de> for Attribute<'de> {
    type Error = value::Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, value::Error> {
        match self {
            Self::S(Cow::Borrowed(text)) => visitor.visit_borrowed_str(text),
            Self::S(Cow::Owned(text)) => visitor.visit_string(text),
            Self::N(number) => visitor.visit_u64(number.parse().map_err(value::Error::custom)?),
        }
    }

    /// A field that is null has no attribute.
    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, value::Error> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, value::Error> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, value::Error> {
        let (Self::S(name) | Self::N(name)) = self;
        visitor.visit_enum(name.into_deserializer())
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 u8 u16 u32 u64 f32 f64 char str string bytes byte_buf unit unit_struct
        seq tuple tuple_struct map struct identifier ignored_any
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{item::to_item, keys};
    use aws_sdk_dynamodb::types::AttributeValue;
    use rollcall_domain::{account::Account, id::AppId};
    use serde_json::{Map, Value, json};

    fn account() -> Account {
        let account = json!({
            "user_id": "mina", "type": "admin", "nickname": "\"Mina\"\n민아", "photo_url": null, "gender": "female",
            "birth_date": "1994-05-17", "location": null, "whats_up": "\\", "friend_verification": "allow_any",
            "language": 82, "message_settings": 0, "friending": "allowed", "level": 4_294_967_295_u32, "role": 0,
            "created_at": "2026-11-20T12:00:00.000Z", "updated_at": "2026-11-20T12:00:00.001Z", "version": 7,
        });
        serde_json::from_value(account).unwrap()
    }

    /// The item in the form of a reply. A field that is no text and no number would make every page slow.
    fn item(account: &Account) -> Value {
        let app_id = AppId::parse("01a1fb21-fb01-75d9-8551-bd613cefbc94").unwrap();
        let attributes = to_item(&keys::account(app_id, &account.user_id), account).unwrap().into_iter();
        let shown = attributes.map(|(name, value)| match value {
            AttributeValue::S(text) => (name, json!({"S": text})),
            AttributeValue::N(number) => (name, json!({"N": number})),
            other => panic!("{name} is {other:?}"),
        });
        shown.collect::<Map<_, _>>().into()
    }

    fn page(items: &[Value]) -> Result<Page<Account>, serde_json::Error> {
        let last = json!({"pk": {"S": "APP#1"}, "sk": {"S": "ACCOUNT#mina"}});
        let reply = json!({"Count": 1, "Items": items, "LastEvaluatedKey": last, "ScannedCount": 1});
        page_of(reply.to_string().as_bytes())
    }

    #[test]
    fn a_page_of_accounts_is_read() {
        let page = page(&[item(&account())]).unwrap();
        assert_eq!((page.items, page.next.as_deref()), (vec![account()], Some("ACCOUNT#mina")));
    }

    #[test]
    fn the_last_page_may_be_empty() {
        let page: Page<Account> = page_of(br#"{"Count":0,"Items":[],"ScannedCount":0}"#).unwrap();
        assert!(page.items.is_empty() && page.next.is_none());
    }

    #[test]
    fn what_is_no_account_is_an_error() {
        let wrong = [("level", json!({"N": "-1"})), ("level", json!({"BOOL": true})), ("type", json!({"S": ""}))];
        for (name, value) in wrong {
            let mut item = item(&account());
            item[name] = value;
            assert!(page(&[item.clone()]).is_err(), "{item}");
        }
    }
}
