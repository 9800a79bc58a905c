//! Numbers in base 62, with a fixed number of digits: the form of API keys, which a double click selects as a whole.

const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// Encodes a big-endian number with `N` digits, which must be enough for it.
pub(crate) fn encode<const N: usize>(bytes: &[u8]) -> String {
    let mut number = bytes.to_vec();
    let mut digits = [b'0'; N];
    for digit in digits.iter_mut().rev() {
        let mut remainder = 0;
        for byte in &mut number {
            let dividend = remainder << 8 | usize::from(*byte);
            *byte = u8::try_from(dividend / DIGITS.len()).unwrap_or_default();
            remainder = dividend % DIGITS.len();
        }
        *digit = DIGITS[remainder];
    }
    digits.iter().map(|digit| char::from(*digit)).collect()
}

/// Decodes a number into `N` bytes, big-endian. `None` for other characters and for numbers that are too large.
pub(crate) fn decode<const N: usize>(text: &str) -> Option<[u8; N]> {
    let mut number = [0; N];
    for digit in text.bytes() {
        let mut carry = DIGITS.iter().position(|known| *known == digit)?;
        for byte in number.iter_mut().rev() {
            let value = usize::from(*byte) * DIGITS.len() + carry;
            *byte = u8::try_from(value & 0xff).unwrap_or_default();
            carry = value >> 8;
        }
        if carry > 0 {
            return None;
        }
    }
    Some(number)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::{prelude::any, prop_assert_eq, proptest};

    proptest! {
        #[test]
        fn what_was_encoded_is_decoded(bytes in any::<[u8; 32]>()) {
            let text = encode::<43>(&bytes);
            prop_assert_eq!(text.len(), 43);
            prop_assert_eq!(decode::<32>(&text), Some(bytes));
        }
    }

    #[test]
    fn digits_are_those_of_the_number_with_leading_zeros() {
        assert_eq!(encode::<6>(&61_u32.to_be_bytes()), "00000z");
        assert_eq!(encode::<6>(&62_u32.to_be_bytes()), "000010");
        assert_eq!(encode::<6>(&u32::MAX.to_be_bytes()), "4gfFC3");
    }

    #[test]
    fn numbers_that_are_too_large_and_other_characters_are_refused() {
        assert_eq!(decode::<4>("4gfFC4"), None);
        assert_eq!(decode::<4>("4gfFC3"), Some(u32::MAX.to_be_bytes()));
        assert!(decode::<4>("-00001").is_none() && decode::<4>("00000é").is_none());
    }
}
