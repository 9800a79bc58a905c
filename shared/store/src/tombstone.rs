//! Tombstones: deleted items that carry `deleting_at` until the cleanup removes them. They count as not found.

use rollcall_domain::Code;

use crate::item::Item;

/// Condition: the item exists and is not deleted.
pub(crate) const EXISTS: &str = "attribute_exists(#pk) AND attribute_not_exists(#deleting_at)";

/// The error code of a failed guard: not found if the item is missing or deleted, else that of `otherwise`.
pub(crate) fn not_found_or(found: Option<&Item>, otherwise: impl Fn(&Item) -> Code) -> Code {
    existing(found).map_or(Code::NotFound, otherwise)
}

/// The item, unless it is deleted.
pub(crate) fn existing(found: Option<&Item>) -> Option<&Item> {
    found.filter(|item| !item.contains_key("deleting_at"))
}
