//! Things that are deleted at once and ended later: until then they stand there, dated, and count as gone.

use rollcall_domain::Code;

use crate::item::Item;

/// A thing as it stands now must exist and not be on its way out.
pub(crate) const LIVING: &str = "attribute_exists(#pk) AND attribute_not_exists(#deleting_at)";

/// Why a guard on a thing failed, where it was not the thing's end.
pub(crate) fn unless_gone(found: Option<&Item>, otherwise: fn(&Item) -> Code) -> Code {
    living(found).map_or(Code::NotFound, otherwise)
}

/// A thing that was found, if it is not on its way out.
pub(crate) fn living(found: Option<&Item>) -> Option<&Item> {
    found.filter(|item| !item.contains_key("deleting_at"))
}
