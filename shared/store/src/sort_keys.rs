//! A range of sort keys, as one condition on the key.
//!
//! Every reading states both its ends in one condition. An exclusive start key beside a condition would be a second
//! bound on the same side: the embedded database searches the index by one of them and steps over what lies between,
//! so that a page would cost more the deeper it lies.

use crate::{expression::Values, item::string};

/// A character before every character of a sort key: sort keys are printable ASCII without spaces.
const FIRST: char = ' ';

/// A character after every character of a sort key.
const LAST: char = '\u{7f}';

/// The sort keys between two ends, both of them included.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct SortKeys {
    first: Option<String>,
    last: Option<String>,
}

impl SortKeys {
    /// All sort keys with this prefix.
    pub(crate) fn of_prefix(prefix: String) -> Self {
        let last = format!("{prefix}{LAST}");
        Self { first: Some(prefix), last: Some(last) }
    }

    /// Of these, the ones from `key`.
    pub(crate) fn from(self, key: String) -> Self {
        Self { first: self.first.max(Some(key)), ..self }
    }

    /// Of these, the ones up to `key`, which may have more characters.
    pub(crate) fn up_to(self, key: String) -> Self {
        let last = self.last.map_or(key.clone(), |last| last.min(key));
        Self { last: Some(last), ..self }
    }

    /// Of these, the ones after `key`.
    pub(crate) fn after(self, key: &str) -> Self {
        self.from(format!("{key}{FIRST}"))
    }

    /// Of these, the ones before `key`.
    pub(crate) fn before(self, key: &str) -> Self {
        let mut last = key.to_owned();
        if let Some(before) = last.pop().and_then(|end| ('\0'..end).next_back()) {
            last.extend([before, LAST]);
        }
        self.up_to(last)
    }

    /// Whether there is none. DynamoDB refuses a condition whose ends are in the wrong order.
    pub(crate) fn is_empty(&self) -> bool {
        self.first.as_ref().zip(self.last.as_ref()).is_some_and(|(first, last)| first > last)
    }

    /// The condition that an item is in the partition `:pk` and in this range, with its values. `pk` and `sk` name the
    /// attributes.
    pub(crate) fn condition(self, (pk, sk): (&str, &str), partition: &str) -> (String, Values) {
        let range = match (&self.first, &self.last) {
            (Some(_), Some(_)) => format!(" AND #{sk} BETWEEN :first AND :last"),
            (Some(_), None) => format!(" AND #{sk} >= :first"),
            (None, Some(_)) => format!(" AND #{sk} <= :last"),
            (None, None) => String::new(),
        };
        let mut values: Values = vec![(":pk", string(partition))];
        values.extend(self.first.map(|first| (":first", string(first))));
        values.extend(self.last.map(|last| (":last", string(last))));
        (format!("#{pk} = :pk{range}"), values)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn has(keys: &SortKeys, key: &str) -> bool {
        keys.first.as_deref().is_none_or(|first| first <= key) && keys.last.as_deref().is_none_or(|last| key <= last)
    }

    #[test]
    fn a_range_has_exactly_the_keys_between_its_ends() {
        let all = ["A", "A!", "A#", "A#!", "A#a", "A#a!", "A#a~", "A#b", "A#~", "A#~~", "A$", "B"];
        let prefixed = SortKeys::of_prefix("A#".to_owned());
        for end in all {
            for key in all {
                assert_eq!(has(&SortKeys::default().after(end), key), key > end, "{key} after {end}");
                assert_eq!(has(&SortKeys::default().before(end), key), key < end, "{key} before {end}");
                let is_inside = key.starts_with("A#");
                assert_eq!(has(&prefixed.clone().after(end), key), is_inside && key > end, "{key} after {end}");
                assert_eq!(has(&prefixed.clone().before(end), key), is_inside && key < end, "{key} before {end}");
                let window = SortKeys::default().from(end.to_owned()).before("A#~");
                assert_eq!(has(&window, key), key >= end && key < "A#~", "{key} from {end}");
                assert!(!has(&window, key) || !window.is_empty());
            }
        }
        assert!(SortKeys::default().from("b".to_owned()).before("b").is_empty());
        assert!(!SortKeys::default().is_empty());
    }
}
