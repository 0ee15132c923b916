//! Integers on the wire: the one strict reading that requests and replies
//! share. Values have the same rule, in [`crate::store::parse_integer`].

/// Reads a decimal integer the way Redis does (`string2ll`, *faithful*): an
/// optional `-`, no `+`, no leading zeros, no spaces, nothing left over, and
/// within 64 bits. `-0` is refused.
#[must_use]
pub fn parse_i64(text: &[u8]) -> Option<i64> {
    let (negative, digits) = match text {
        [b'-', rest @ ..] => (true, rest),
        _ => (false, text),
    };
    match digits {
        [b'0'] if !negative => return Some(0),
        [b'1'..=b'9', ..] => {}
        _ => return None,
    }
    // Summed below zero, where one more number has its place than above.
    let mut value: i64 = 0;
    for &digit in digits {
        if !digit.is_ascii_digit() {
            return None;
        }
        value = value.checked_mul(10)?.checked_sub(i64::from(digit - b'0'))?;
    }
    if negative { Some(value) } else { value.checked_neg() }
}

#[cfg(test)]
mod tests {
    use super::parse_i64;

    #[test]
    fn only_the_canonical_spelling_is_a_number() {
        for good in [0, 1, -1, 10, 2_147_483_648, i64::MAX, i64::MIN] {
            assert_eq!(parse_i64(good.to_string().as_bytes()), Some(good));
        }
        for bad in ["", "-", "+1", "01", "00", "-0", "-01", " 1", "1 ", "1a", "abc", "0x1", "1.0"] {
            assert_eq!(parse_i64(bad.as_bytes()), None, "{bad:?}");
        }
        for beyond in ["9223372036854775808", "-9223372036854775809", "99999999999999999999"] {
            assert_eq!(parse_i64(beyond.as_bytes()), None, "{beyond}");
        }
    }
}
