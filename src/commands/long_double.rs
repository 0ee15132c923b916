//! The number INCRBYFLOAT adds with: x86's `long double`, 64 bits of
//! precision, in whole numbers only.
//!
//! With `f64` the sum of 0.1 and 0.2 would come out as 0.30000000000000004,
//! which no client of Redis has ever seen; and what a C compiler makes of
//! `long double` differs between machines. Parsing and printing are exact,
//! the sum is rounded once, to the nearest, ties to even.

use std::ops::Add;

/// `mantissa * 2^exponent`; the mantissa's top bit is set unless it is zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum LongDouble {
    Finite {
        negative: bool,
        mantissa: u64,
        exponent: i32,
    },
    /// An infinity, or what came of one.
    NotFinite,
}

/// From here on a normalised number is infinite.
const EXPONENT_LIMIT: i32 = 16_384 - 63;
/// Below this even the smallest subnormal is zero.
const EXPONENT_MIN: i32 = -16_445 - 64;
/// `MAX_LONG_DOUBLE_CHARS`: longer text is not a number.
const TEXT_LIMIT: usize = 5 * 1024;
/// More decimal places than any finite number has before or behind its point.
const DECIMAL_LIMIT: i64 = 11_000;
/// Places behind the point in the answer.
const PLACES: u32 = 17;

impl LongDouble {
    /// Redis: `string2ld` (`strtold`), *faithful*. What overflows, or is not
    /// zero but too small to tell, is not a number.
    pub(super) fn parse(text: &[u8]) -> Option<LongDouble> {
        if text.len() >= TEXT_LIMIT {
            return None;
        }
        let (negative, text) = match text {
            [b'-', rest @ ..] => (true, rest),
            [b'+', rest @ ..] => (false, rest),
            rest => (false, rest),
        };
        if text.eq_ignore_ascii_case(b"inf") || text.eq_ignore_ascii_case(b"infinity") {
            return Some(LongDouble::NotFinite);
        }
        let number = match text {
            [b'0', b'x' | b'X', digits @ ..] => parse_hexadecimal(negative, digits)?,
            digits => Decimal::parse(digits)?.round(negative)?,
        };
        match number {
            LongDouble::Finite { exponent, .. } if exponent >= EXPONENT_MIN => Some(number),
            _ => None,
        }
    }

    /// `factor` times as much, as a whole number: seconds in milliseconds.
    /// Rounded up, so that nobody waits less than asked for. `None` if it is
    /// more than 63 bits hold.
    pub(super) fn times_up(self, factor: u32) -> Option<i64> {
        let LongDouble::Finite { negative, mantissa, exponent } = self else { return None };
        let product =
            LongDouble::rounded(negative, u128::from(mantissa) * u128::from(factor), exponent);
        let LongDouble::Finite { mantissa, exponent, .. } = product else { return None };
        if mantissa == 0 {
            return Some(0);
        }
        // Too large for 63 bits either way: far below zero is just negative.
        let beyond = if negative { Some(i64::MIN) } else { None };
        if exponent >= 0 {
            return beyond;
        }
        let shift = exponent.unsigned_abs();
        let whole = mantissa.checked_shr(shift).unwrap_or(0);
        let exact = shift < 64 && whole << shift == mantissa;
        let up = whole + u64::from(!exact && !negative);
        match i64::try_from(up) {
            Ok(value) => Some(if negative { -value } else { value }),
            Err(_) => beyond,
        }
    }

    /// `mantissa * 2^exponent`, rounded. A lowest bit that is set may stand for
    /// any number of bits below it, as long as it is not needed itself.
    fn rounded(negative: bool, mantissa: u128, exponent: i32) -> LongDouble {
        if mantissa == 0 {
            return LongDouble::Finite { negative: false, mantissa: 0, exponent: 0 };
        }
        let bits = (128 - mantissa.leading_zeros()).cast_signed();
        let drop = bits - 64;
        let mut exponent = exponent + drop;
        let kept = if drop <= 0 {
            (mantissa << -drop) as u64
        } else {
            let lost = mantissa & ((1 << drop) - 1);
            let half = 1 << (drop - 1);
            let kept = (mantissa >> drop) as u64;
            let up = lost > half || (lost == half && kept & 1 == 1);
            match kept.checked_add(u64::from(up)) {
                Some(kept) => kept,
                None => {
                    exponent += 1;
                    1 << 63
                }
            }
        };
        if exponent >= EXPONENT_LIMIT {
            return LongDouble::NotFinite;
        }
        LongDouble::Finite { negative, mantissa: kept, exponent }
    }

    /// `%.17Lf` without the zeros at its end; `None` if it is not finite.
    ///
    /// Redis: `ld2string` for humans, *faithful*.
    pub(super) fn to_text(self) -> Option<String> {
        let LongDouble::Finite { negative, mantissa, exponent } = self else { return None };
        let mut text = if exponent >= 0 {
            Big::from(mantissa).shifted_left(exponent.cast_unsigned()).to_decimal()
        } else {
            let scaled =
                round_shift(u128::from(mantissa) * 10_u128.pow(PLACES), exponent.unsigned_abs());
            let unit = 10_u128.pow(PLACES);
            // Both fit: a mantissa has 64 bits, and none of them is added.
            let (whole, part) = ((scaled / unit) as u64, (scaled % unit) as u64);
            let places = PLACES as usize;
            let text = format!("{whole}.{part:0places$}");
            text.trim_end_matches('0').trim_end_matches('.').to_owned()
        };
        if negative && text != "0" {
            text.insert(0, '-');
        }
        Some(text)
    }
}

/// `number / 2^shift`, to the nearest, ties to even. `number` has at most 127
/// bits.
fn round_shift(number: u128, shift: u32) -> u128 {
    if shift > 127 {
        return 0;
    }
    let (kept, lost) = (number >> shift, number & ((1 << shift) - 1));
    let half = 1 << (shift - 1);
    kept + u128::from(lost > half || (lost == half && kept & 1 == 1))
}

impl Add for LongDouble {
    type Output = LongDouble;

    fn add(self, other: LongDouble) -> LongDouble {
        use LongDouble::{Finite, NotFinite};
        let (Finite { exponent: a, mantissa: m, .. }, Finite { exponent: b, mantissa: n, .. }) =
            (self, other)
        else {
            return NotFinite;
        };
        // Zero's exponent says nothing, and the larger must come first.
        if m == 0 {
            return other;
        }
        if n != 0 && b > a {
            return other + self;
        }
        let (Finite { negative, .. }, Finite { negative: other_negative, .. }) = (self, other)
        else {
            return NotFinite;
        };
        // 62 guard bits: enough that one bit below stands for all that is lost.
        let large = u128::from(m) << 62;
        let distance = if n == 0 { 0 } else { a.abs_diff(b) };
        let small = match u128::from(n) << 62 {
            wide if distance >= 127 => u128::from(wide != 0),
            wide => {
                let lost = wide & ((1 << distance) - 1);
                (wide >> distance) | u128::from(lost != 0)
            }
        };
        let (negative, sum) = if negative == other_negative {
            (negative, large + small)
        } else if large >= small {
            (negative, large - small)
        } else {
            (other_negative, small - large)
        };
        LongDouble::rounded(negative, sum, a - 62)
    }
}

/// Digits and where their point is: `digits * 10^exponent`.
struct Decimal {
    digits: Big,
    exponent: i64,
}

impl Decimal {
    fn parse(text: &[u8]) -> Option<Decimal> {
        let split = text.iter().position(|b| matches!(b, b'e' | b'E'));
        let (number, mut exponent) = match split {
            Some(at) => (&text[..at], parse_exponent(&text[at + 1..])?),
            None => (text, 0),
        };
        let mut digits = Big::from(0);
        let (mut seen, mut point) = (false, false);
        for byte in number {
            match byte {
                b'0'..=b'9' => {
                    digits.multiply_add(10, u32::from(byte - b'0'));
                    seen = true;
                    exponent -= i64::from(point);
                }
                b'.' if !point => point = true,
                _ => return None,
            }
        }
        seen.then_some(Decimal { digits, exponent })
    }

    fn round(self, negative: bool) -> Option<LongDouble> {
        let Decimal { digits, exponent } = self;
        if digits.is_zero() {
            return Some(LongDouble::Finite { negative: false, mantissa: 0, exponent: 0 });
        }
        if exponent.abs() > DECIMAL_LIMIT {
            return None;
        }
        let (mut numerator, mut denominator) = (digits, Big::from(1));
        let scaled = if exponent > 0 { &mut numerator } else { &mut denominator };
        scaled.multiply_by_ten_to(exponent.unsigned_abs());
        // So far apart that the quotient has 66 or 67 bits: the precision, and
        // one to round by; all beyond is only whether there is a remainder.
        let shift = 66 - (numerator.bits() - denominator.bits());
        if shift >= 0 {
            numerator = numerator.shifted_left(shift as u32);
        } else {
            denominator = denominator.shifted_left(shift.unsigned_abs() as u32);
        }
        let (quotient, remainder) = numerator.divide(&denominator);
        // The remainder is the lowest bit of all.
        let mantissa = quotient << 1 | u128::from(remainder);
        Some(LongDouble::rounded(negative, mantissa, i32::try_from(-shift - 1).ok()?))
    }
}

/// What follows `0x`: digits, perhaps with a point, perhaps `p` and a power of
/// two.
fn parse_hexadecimal(negative: bool, text: &[u8]) -> Option<LongDouble> {
    let split = text.iter().position(|b| matches!(b, b'p' | b'P'));
    let (number, mut exponent) = match split {
        Some(at) => (&text[..at], parse_exponent(&text[at + 1..])?),
        None => (text, 0),
    };
    let (mut mantissa, mut seen, mut point) = (0_u128, false, false);
    for byte in number {
        let Some(digit) = char::from(*byte).to_digit(16) else {
            if *byte != b'.' || point {
                return None;
            }
            point = true;
            continue;
        };
        seen = true;
        if mantissa >> 120 == 0 {
            mantissa = mantissa << 4 | u128::from(digit);
            exponent -= 4 * i64::from(point);
        } else {
            // Beyond what is kept only whether anything is there counts.
            mantissa |= u128::from(digit != 0);
            exponent += 4 * i64::from(!point);
        }
    }
    let exponent = i32::try_from(exponent).ok()?;
    seen.then(|| LongDouble::rounded(negative, mantissa, exponent))
}

/// An exponent; absurd ones come out as merely too large.
fn parse_exponent(text: &[u8]) -> Option<i64> {
    let (sign, digits) = match text {
        [b'-', digits @ ..] => (-1, digits),
        [b'+', digits @ ..] => (1, digits),
        digits => (1, digits),
    };
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let value = digits
        .iter()
        .fold(0_i64, |sum, digit| (sum * 10 + i64::from(digit - b'0')).min(10 * DECIMAL_LIMIT));
    Some(sign * value)
}

/// A natural number of any size, lowest word first, no zero on top.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Big(Vec<u32>);

impl From<u64> for Big {
    fn from(number: u64) -> Big {
        let mut big = Big(vec![number as u32, (number >> 32) as u32]);
        big.trim();
        big
    }
}

impl Big {
    fn trim(&mut self) {
        while self.0.last() == Some(&0) {
            self.0.pop();
        }
    }

    fn is_zero(&self) -> bool {
        self.0.is_empty()
    }

    fn bits(&self) -> i64 {
        let top = self.0.last().map_or(0, |word| 32 - word.leading_zeros());
        (self.0.len() as i64 - 1).max(0) * 32 + i64::from(top)
    }

    fn multiply_add(&mut self, factor: u32, more: u32) {
        let mut carry = u64::from(more);
        for word in &mut self.0 {
            carry += u64::from(*word) * u64::from(factor);
            *word = carry as u32;
            carry >>= 32;
        }
        if carry > 0 {
            self.0.push(carry as u32);
        }
    }

    fn multiply_by_ten_to(&mut self, power: u64) {
        for _ in 0..power / 9 {
            self.multiply_add(1_000_000_000, 0);
        }
        for _ in 0..power % 9 {
            self.multiply_add(10, 0);
        }
    }

    fn shifted_left(&self, bits: u32) -> Big {
        let mut words = vec![0; bits as usize / 32];
        let bits = bits % 32;
        let mut carry = 0_u64;
        for word in &self.0 {
            carry |= u64::from(*word) << bits;
            words.push(carry as u32);
            carry >>= 32;
        }
        words.push(carry as u32);
        let mut big = Big(words);
        big.trim();
        big
    }

    fn halve(&mut self) {
        let mut carry = 0;
        for word in self.0.iter_mut().rev() {
            let low = *word & 1;
            *word = *word >> 1 | carry << 31;
            carry = low;
        }
        self.trim();
    }

    fn at_least(&self, other: &Big) -> bool {
        match self.0.len().cmp(&other.0.len()) {
            std::cmp::Ordering::Equal => self.0.iter().rev().ge(other.0.iter().rev()),
            longer => longer.is_gt(),
        }
    }

    fn subtract(&mut self, other: &Big) {
        let mut borrow = false;
        for (i, word) in self.0.iter_mut().enumerate() {
            let (less, under) = word.overflowing_sub(other.0.get(i).copied().unwrap_or(0));
            let (less, under_too) = less.overflowing_sub(u32::from(borrow));
            (*word, borrow) = (less, under || under_too);
        }
        self.trim();
    }

    /// Quotient, and whether there is a remainder. The quotient must have at
    /// most 68 bits: it is found bit by bit.
    fn divide(mut self, divisor: &Big) -> (u128, bool) {
        let mut quotient = 0;
        let mut step = divisor.shifted_left(67);
        for _ in 0..=67 {
            quotient <<= 1;
            if self.at_least(&step) {
                self.subtract(&step);
                quotient |= 1;
            }
            step.halve();
        }
        (quotient, !self.is_zero())
    }

    fn to_decimal(&self) -> String {
        const CHUNK: u64 = 1_000_000_000;
        let mut rest = self.clone();
        let mut chunks = Vec::new();
        while !rest.is_zero() {
            let mut remainder = 0_u64;
            for word in rest.0.iter_mut().rev() {
                let number = remainder << 32 | u64::from(*word);
                *word = (number / CHUNK) as u32;
                remainder = number % CHUNK;
            }
            rest.trim();
            chunks.push(remainder);
        }
        let mut text = chunks.pop().unwrap_or(0).to_string();
        for chunk in chunks.iter().rev() {
            text.push_str(&format!("{chunk:09}"));
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn sum(a: &str, b: &str) -> Option<String> {
        (LongDouble::parse(a.as_bytes())? + LongDouble::parse(b.as_bytes())?).to_text()
    }

    /// Each line was answered by redis-server on x86-64.
    #[test]
    fn sums_are_those_of_redis() {
        for (a, b, answer) in [
            ("0.1", "0.2", "0.3"),
            ("10.50", "0.1", "10.6"),
            ("5.0e3", "2.0e2", "5200"),
            ("3", "-3", "0"),
            ("-0.5", "0.25", "-0.25"),
            ("0", "1e-17", "0.00000000000000001"),
            ("0", "1e-18", "0"),
            ("1e20", "0.1", "100000000000000000000"),
            ("0", "3.141592653589793238462643", "3.14159265358979324"),
            ("12345678.12345678", "0.00000001", "12345678.12345679000009113"),
            ("1e-4940", "0", "0"),
            ("0", "-1e-19", "0"),
            ("0", "123456789012345678901234567890", "123456789012345678899921813504"),
            ("9223372036854775807", "1", "9223372036854775808"),
            ("0", "0.00000000000000000000001", "0"),
            ("0", "1.7976931348623157", "1.7976931348623157"),
            ("100", "-0.000000001", "99.999999999"),
            ("0", ".5", "0.5"),
            ("0", "5.", "5"),
            ("0", "+1", "1"),
            ("0", "0x10", "16"),
            ("0", "-0X1.8p1", "-3"),
            ("0", "0x.8p+1", "1"),
            ("0", "0xffffffffffffffffffffffffffffffff", "340282366920938463463374607431768211456"),
            ("0", "0x0000000000000000000000000000000000000000000000001.", "1"),
        ] {
            assert_eq!(sum(a, b).as_deref(), Some(answer), "{a} + {b}");
        }
    }

    #[test]
    fn large_numbers_are_written_out_in_full() {
        // 10^300, rounded to 64 bits.
        let text = sum("0", "1e300").unwrap();
        assert_eq!(
            text,
            "10000000000000000000089973240795591938705239442732907479382600823212656465961809357558\
             49152083750497190350372508614274835903592556184672983913096260520748646287327135641843\
             65329408425510760601678972665293237003055138294762099454029477278188962060617926761162\
             7097410650567187386105690089424915104006144"
        );
        let text = sum("1e4931", "9e4931").unwrap();
        assert!(text.starts_with("99999999999999999994152347579092696572945640945264707774"));
        assert_eq!(text.len(), 4_932);
    }

    #[test]
    fn what_strtold_refuses_is_refused() {
        for text in [
            "",
            " 1",
            "1 ",
            "abc",
            "1e",
            "1e+",
            ".",
            "1.2.3",
            "--1",
            "nan",
            "1e5000",
            "1e-5000",
            "e5",
            "0x",
            "0x.",
            "0x1p",
            "0x1.2.3",
            "0x1g",
            "x1",
            "0x1p20000",
            "0x1p-20000",
        ] {
            assert_eq!(LongDouble::parse(text.as_bytes()), None, "{text:?}");
        }
        assert_eq!(sum("inf", "1"), None);
        assert_eq!(sum("1e4932", "1e4932").map(|text| text.len()), None);
    }

    proptest! {
        /// Doubles have fewer bits: their sums in whole numbers must be exact.
        #[test]
        fn whole_numbers_are_exact(a in -(1_i64 << 52)..1 << 52, b in -(1_i64 << 52)..1 << 52) {
            prop_assert_eq!(sum(&a.to_string(), &b.to_string()), Some((a + b).to_string()));
        }

        /// Below fifty, 64 bits tell 17 places apart.
        #[test]
        fn short_decimals_are_exact(whole in 0..50_u32, part in 0..1_000_000_000_000_000_u64) {
            let text = format!("{whole}.{part:015}");
            let short = text.trim_end_matches('0').trim_end_matches('.');
            prop_assert_eq!(sum(&text, "0"), Some(short.to_owned()));
        }

        #[test]
        fn any_text_is_safe(text in "[-+0-9.eEinfx]{0,12}") {
            if let Some(number) = LongDouble::parse(text.as_bytes()) {
                number.to_text();
            }
        }
    }
}
