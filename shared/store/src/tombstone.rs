//! Things that are deleted at once and ended later: until then they stand there, dated, and count as gone.

use rollcall_domain::Code;

use crate::item::Item;

/// A thing as it stands now must exist and not be on its way out.
pub(crate) const LIVING: &str = "attribute_exists(#pk) AND attribute_not_exists(#deleting_at)";

/// Why a guard on a thing failed, where it was not the thing's end.
pub(crate) fn unless_gone(found: Option<&Item>, otherwise: fn(&Item) -> Code) -> Code {
    match found {
        Some(item) if !item.contains_key("deleting_at") => otherwise(item),
        Some(_) | None => Code::NotFound,
    }
}
