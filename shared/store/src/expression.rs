//! Names and values of DynamoDB expressions.
//!
//! Expressions in this crate name every attribute as `#name` and every value as `:name`, so that no attribute name can
//! be a reserved word.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;

/// The values that an expression refers to, as `:name`.
pub(crate) type Values = Vec<(&'static str, AttributeValue)>;

/// Every `#name` in these expressions, and the attribute it stands for.
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

/// The values as a request takes them, which must not be an empty map.
pub(crate) fn values_of(values: &Values) -> Option<HashMap<String, AttributeValue>> {
    let values: HashMap<_, _> = values.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
    (!values.is_empty()).then_some(values)
}
