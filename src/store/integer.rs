//! The one rule for text that is a number.

/// Parses a decimal `i64` that is written in the only way the server itself
/// would write it: an optional `-`, no `+`, no leading zero, no space, not
/// `-0`.
///
/// Redis: `string2ll`, *faithful*. That every number has one spelling is what
/// lets a string be stored as an integer and come back byte for byte.
#[inline]
#[must_use]
pub fn parse_integer(text: &[u8]) -> Option<i64> {
    let (negative, digits) = match text {
        [b'-', digits @ ..] => (true, digits),
        digits => (false, digits),
    };
    match digits {
        [b'0'] if !negative => return Some(0),
        [b'1'..=b'9', ..] if digits.len() <= 19 => {}
        _ => return None,
    }
    // At most 19 digits: it cannot overflow 64 bits.
    let mut magnitude: u64 = 0;
    for digit in digits {
        if !digit.is_ascii_digit() {
            return None;
        }
        magnitude = magnitude * 10 + u64::from(digit - b'0');
    }
    if negative { 0_i64.checked_sub_unsigned(magnitude) } else { i64::try_from(magnitude).ok() }
}

#[cfg(test)]
mod tests {
    use super::parse_integer;
    use proptest::prelude::*;

    #[test]
    fn boundaries_are_exact() {
        assert_eq!(parse_integer(b"9223372036854775807"), Some(i64::MAX));
        assert_eq!(parse_integer(b"9223372036854775808"), None);
        assert_eq!(parse_integer(b"-9223372036854775808"), Some(i64::MIN));
        assert_eq!(parse_integer(b"-9223372036854775809"), None);
        assert_eq!(parse_integer(b"9999999999999999999"), None);
        assert_eq!(parse_integer(b"99999999999999999999"), None);
    }

    #[test]
    fn only_one_spelling_counts() {
        for text in ["", "-", "-0", "+1", "01", "-01", " 1", "1 ", "1.0", "1e3", "0x1", "00"] {
            assert_eq!(parse_integer(text.as_bytes()), None, "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn every_integer_survives(n: i64) {
            prop_assert_eq!(parse_integer(n.to_string().as_bytes()), Some(n));
        }

        /// What is taken for a number must print as it was written, or SET
        /// followed by GET would change a value.
        #[test]
        fn whatever_parses_prints_the_same(text in "-?[0-9]{0,21}") {
            if let Some(n) = parse_integer(text.as_bytes()) {
                prop_assert_eq!(n.to_string(), text);
            }
        }
    }
}
