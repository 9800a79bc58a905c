//! Whole numbers between two bounds.

use serde_json::Value;

use crate::{
    fields::FromField,
    violation::{Invalid, ViolationCode},
};

/// A whole number from `MIN` to `MAX`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WholeNumber<const MIN: u32, const MAX: u32>(u32);

impl<const MIN: u32, const MAX: u32> WholeNumber<MIN, MAX> {
    /// The number.
    pub const fn get(self) -> u32 {
        self.0
    }
}

impl<const MIN: u32, const MAX: u32> FromField for WholeNumber<MIN, MAX> {
    fn from_field(value: &Value) -> Result<Self, Invalid> {
        let out_of_range = || Invalid::new(ViolationCode::OutOfRange, format!("must be between {MIN} and {MAX}"));
        match u32::from_field(value) {
            Ok(number) if (MIN..=MAX).contains(&number) => Ok(Self(number)),
            Err(invalid) if invalid.code != ViolationCode::OutOfRange => Err(invalid),
            Ok(_) | Err(_) => Err(out_of_range()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn only_whole_numbers_within_the_bounds_are_taken() {
        let read = |value: Value| WholeNumber::<1, 365>::from_field(&value).map(WholeNumber::get);
        assert_eq!((read(json!(1)).ok(), read(json!(365)).ok()), (Some(1), Some(365)));
        for value in [json!(0), json!(366), json!(-1), json!(5_000_000_000_u64)] {
            assert_eq!(read(value).unwrap_err().code, ViolationCode::OutOfRange);
        }
        assert_eq!(read(json!("1")).unwrap_err().code, ViolationCode::WrongType);
    }
}
