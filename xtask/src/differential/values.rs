//! What arguments are drawn from: small pools, so that commands meet each
//! other's keys, and the values at which servers go wrong.

use super::dice::Dice;
use super::script::{Guest, Word};

/// Who sits at the table while an order is drawn.
pub struct Table {
    pub guests: usize,
    pub password: Option<&'static str>,
}

pub const KEYS: [&str; 6] = ["k", "k2", "list", "n", "", "key:with:colons"];
pub const DATABASES: usize = 16;
const CHANNELS: [&str; 5] = ["news", "news.uk", "n", "", "a*b"];
const PATTERNS: [&str; 12] =
    ["*", "k*", "?", "[kn]", "[^k]", "[a-z]?", "\\*", "news*", "*ew*", "[", "k[", "**a**b**"];
/// No number below 2³² that guests make up is larger.
pub const MADE_UP_MAX: u64 = 99;
/// Numbers at whose edges parsers and sums break, and what is nearly a number.
const INTEGERS: [&str; 30] = [
    "0",
    "1",
    "-1",
    "2",
    "7",
    "10",
    "-5",
    "99",
    "9223372036854775807",
    "-9223372036854775808",
    "9223372036854775806",
    "-9223372036854775807",
    "9223372036854775808",
    "-9223372036854775809",
    "18446744073709551615",
    "18446744073709551616",
    "4294967296",
    "-2147483649",
    "",
    " 1",
    "1 ",
    "+1",
    "01",
    "-0",
    "00",
    "1.0",
    "1e3",
    "0x10",
    "abc",
    "--1",
];
const FLOATS: [&str; 36] = [
    "0",
    "1",
    "-1",
    "0.1",
    "-0.1",
    "1.5",
    "3.0e3",
    "5.0e3",
    "200",
    "1e-5",
    "1e17",
    "1e18",
    "-1e19",
    "123456789.123456789",
    "0.000000000000000001",
    "3.141592653589793238",
    "1e308",
    "-1e308",
    "1e400",
    "1e4932",
    "1e5000",
    "1e-400",
    "inf",
    "-inf",
    "+inf",
    "infinity",
    "nan",
    "-nan",
    "0x10",
    "0x1p3",
    " 1",
    "1 ",
    "",
    "abc",
    "1.2.3",
    "-0",
];
const TEXTS: [&str; 14] = [
    "v",
    "hello",
    "",
    "10",
    "-3",
    "007",
    "3.5",
    "a b",
    "\r\n",
    "\"quoted\"",
    "\u{e9}",
    "OK",
    "12345678901234567890123456789012345678901234",
    "123456789012345678901234567890123456789012345",
];

/// Directives that both servers have, with their defaults.
pub const DIRECTIVES: [(&str, &str); 14] = [
    ("timeout", "0"),
    ("hz", "10"),
    ("dynamic-hz", "yes"),
    ("tcp-keepalive", "300"),
    ("active-expire-effort", "1"),
    ("slowlog-log-slower-than", "10000"),
    ("slowlog-max-len", "128"),
    ("latency-monitor-threshold", "0"),
    ("latency-tracking", "yes"),
    ("busy-reply-threshold", "5000"),
    ("proto-max-bulk-len", "536870912"),
    ("client-query-buffer-limit", "1073741824"),
    ("maxmemory-clients", "0"),
    (
        "client-output-buffer-limit",
        "normal 0 0 0 slave 268435456 67108864 60 pubsub 33554432 8388608 60",
    ),
];
const MEMORY: [&str; 15] = [
    "",
    "kb",
    "99999999999999999999",
    "1mb",
    "2MB",
    "1gb",
    "512mb",
    "1048576",
    "1048575",
    "1000k",
    "0",
    "-1",
    "x",
    "1.5mb",
    "5%",
];
const LIMITS: [&str; 12] = [
    "normal 0 0 0",
    "pubsub 32mb 8mb 60",
    "slave 256mb 64mb 60",
    "replica 1gb 0 0",
    "normal 0 0",
    "nobody 0 0 0",
    "normal x 0 0",
    "normal 0 0 -1",
    "normal 0 0 0 pubsub 0 0 0",
    "",
    "normal 0 0 0 x",
    "master 0 0 0",
];

/// One value of a class.
///
/// # Panics
/// If there is no such class: a mistake in the menu.
pub fn draw(class: &str, table: &Table, dice: &mut Dice) -> Word {
    let guest = |dice: &mut Dice| -> Guest { dice.below(table.guests) };
    Word::Bytes(match class {
        "key" => text(dice.pick(&KEYS)),
        "value" => value(dice),
        "integer" => text(dice.pick(&INTEGERS)),
        "small" => number(dice.between(-3, 9)),
        "count" => number(dice.between(0, 5)),
        "float" => text(dice.pick(&FLOATS)),
        "decimal" => decimal(dice),
        "index" if dice.chance(80) => number(dice.between(-7, 7)),
        "index" => text(dice.pick(&INTEGERS)),
        "offset" if dice.chance(80) => number(dice.between(0, 40)),
        "offset" => text(dice.pick(&["-1", "536870912", "9223372036854775807", "x", "4294967296"])),
        // Far enough away that both servers say nearly the same for minutes.
        "seconds" if dice.chance(80) => number(dice.between(200, 9_000)),
        "milliseconds" if dice.chance(80) => number(dice.between(200_000, 9_000_000)),
        "at" if dice.chance(80) => {
            text(dice.pick(&["4102444800", "4102444801", "5000000000", "1", "1000"]))
        }
        "atms" if dice.chance(80) => {
            text(dice.pick(&["4102444800000", "4102444800999", "4102444800500", "1", "1000"]))
        }
        "seconds" | "milliseconds" | "at" | "atms" => text(dice.pick(&INTEGERS)),
        "soon" => number(dice.between(1, 4)),
        "timeout" if dice.chance(70) => text("0"),
        "timeout" => text(dice.pick(&[
            "1000",
            "100.5",
            "-1",
            "-0",
            "x",
            "",
            "1e400",
            "9223372036854775807",
            "nan",
            "inf",
            "1e10",
            "0x0",
        ])),
        "pattern" => text(dice.pick(&PATTERNS)),
        "channel" => text(dice.pick(&CHANNELS)),
        "database" if dice.chance(85) => number(dice.between(0, 3)),
        "database" => {
            text(dice.pick(&["15", "16", "-1", "x", "9223372036854775807", "4294967296", "65536"]))
        }
        "password" => text(table.password.unwrap_or("sesame")),
        "directive" => text(dice.pick(&DIRECTIVES).0),
        "memory" => text(dice.pick(&MEMORY)),
        "limits" => text(dice.pick(&LIMITS)),
        "junk" => junk(dice),
        "id" => return Word::IdOf(guest(dice)),
        "address" => return Word::AddressOf(guest(dice)),
        other => panic!("no such class of values: {other}"),
    })
}

fn text(text: &str) -> Vec<u8> {
    text.as_bytes().to_vec()
}

fn number(number: i64) -> Vec<u8> {
    number.to_string().into_bytes()
}

fn value(dice: &mut Dice) -> Vec<u8> {
    match dice.below(20) {
        0 => vec![dice.byte(); dice.below(200)],
        1 => (0..dice.below(12)).map(|_| dice.byte()).collect(),
        2 if dice.chance(20) => vec![b'x'; 20_000 + dice.below(60_000)],
        3..=6 => text(dice.pick(&INTEGERS)),
        7 | 8 => text(dice.pick(&FLOATS)),
        9 => decimal(dice),
        _ => text(dice.pick(&TEXTS)),
    }
}

/// A number with a point, of any length: what sums of floats are about.
fn decimal(dice: &mut Dice) -> Vec<u8> {
    let sign = if dice.chance(30) { "-" } else { "" };
    let mut digits = |most: usize| -> String {
        (0..=dice.below(most)).map(|_| char::from(b'0' + dice.below(10) as u8)).collect()
    };
    let (whole, fraction) = (digits(12), digits(19));
    let exponent =
        if dice.chance(20) { format!("e{}", dice.between(-30, 30)) } else { String::new() };
    format!("{sign}{whole}.{fraction}{exponent}").into_bytes()
}

/// What no option or number looks like, mostly.
pub fn junk(dice: &mut Dice) -> Vec<u8> {
    match dice.below(4) {
        0 => text(dice.pick(&INTEGERS)),
        1 => text(dice.pick(&FLOATS)),
        2 => text(dice.pick(&[
            "NX", "XX", "EX", "PX", "GET", "LIMIT", "COUNT", "LEFT", "*", "KEEPTTL", "ON",
        ])),
        _ => value(dice),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Protects: nobody is called by a number that is made up and happens to be
    /// that of a connection on one server, of another or none on the other.
    #[test]
    fn what_is_made_up_is_nobody_s_number() {
        let made_up = INTEGERS.iter().filter_map(|text| text.parse::<u64>().ok());
        let could_be_somebody = made_up.filter(|number| *number < 1 << 32);
        assert_eq!(could_be_somebody.max(), Some(MADE_UP_MAX));
    }
}
