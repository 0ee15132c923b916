//! What no well-behaved client sends: wrong arguments, and bytes that are
//! almost requests.

use super::dice::Dice;
use super::script::{Order, Word};
use super::values::junk;

/// Makes one thing about the arguments wrong.
pub fn damage(order: &mut Order, dice: &mut Dice) {
    let words = &mut order.words;
    let at = dice.below(words.len());
    let from_first = at.max(1);
    match dice.below(6) {
        0 if words.len() > 1 => {
            words.remove(from_first);
        }
        1 => words.insert(from_first, Word::Bytes(junk(dice))),
        2 => words.push(Word::Bytes(junk(dice))),
        3 if words.len() > 1 => words[from_first] = Word::Bytes(junk(dice)),
        4 if words.len() > 2 => {
            let other = 1 + dice.below(words.len() - 1);
            words.swap(from_first, other);
        }
        5 => {
            let again = words[at].clone();
            words.push(again);
        }
        _ => words.truncate(1 + dice.below(words.len())),
    }
}

/// Requests by themselves wrong, each in its own way.
const MALFORMED: [&[u8]; 44] = [
    b"\r\n",
    b"\n",
    b"\r\n\r\n\r\n",
    b"*0\r\n",
    b"*-1\r\n",
    b"*-2147483648\r\n",
    b"*\r\n",
    b"*x\r\n",
    b"* 1\r\n",
    b"*+1\r\n",
    b"*01\r\n$4\r\nPING\r\n",
    b"*2147483647\r\n",
    b"*2147483648\r\n",
    b"*9223372036854775808\r\n",
    b"*1\n$4\r\nPING\r\n",
    b"*1\r\n+PING\r\n",
    b"*1\r\n:1\r\n",
    b"*1\r\n$-1\r\n",
    b"*1\r\n$-2\r\n",
    b"*1\r\n$\r\n",
    b"*1\r\n$x\r\n",
    b"*1\r\n$536870913\r\n",
    b"*1\r\n$99999999999999999999\r\n",
    b"*1\r\n$0\r\n\r\n",
    b"*1\r\n$04\r\nPING\r\n",
    b"*1\r\n$4\r\nPINGxx",
    b"*1\r\n$4\r\nPING\n\n",
    b"*2\r\n$4\r\nECHO\r\nx\r\n",
    b"*1\r\n\r\n",
    b"*1\r\n$4\rxPING\r\n",
    b"PING\n",
    b"PING\r\n",
    b"  PING  \r\n",
    b"PING \"a\r\n",
    b"PING \"a\"b\r\n",
    b"PING 'a\\'b'\r\n",
    b"PING \"\\x41\\n\\r\\t\\a\\b\\q\"\r\n",
    b"PING \"\\xzz\"\r\n",
    b"'PING'\r\n",
    b"\"\"\r\n",
    b"ECHO ''\r\n",
    b"PING\0\r\n",
    b"GET / HTTP/1.1\r\n",
    b"\xff\xfe\r\n",
];

/// Bytes that may or may not be requests, for a parser to make sense of.
pub fn raw(valid: &[u8], dice: &mut Dice) -> Vec<u8> {
    let mut bytes = match dice.below(10) {
        0..=3 => dice.pick(&MALFORMED).to_vec(),
        4 => [dice.pick(&MALFORMED), valid, dice.pick(&MALFORMED)].concat(),
        5 => long_line(dice),
        6 => (0..dice.below(40)).map(|_| dice.byte()).collect(),
        _ => mutated(valid, dice),
    };
    if dice.chance(20) {
        bytes = mutated(&bytes, dice);
    }
    bytes
}

/// Around the 64 KB that a line may have, in all its forms. A line that ends
/// just beyond them is too long or not depending on how much of it comes with
/// one read, and that is not for us to say.
fn long_line(dice: &mut Dice) -> Vec<u8> {
    let start = dice.pick(&[&b""[..], b"*", b"*1\r\n$", b"PING ", b"*1\r\n", b"\"", b"\0"]);
    let filler = dice.pick(b"1 xa\"");
    let end = dice.pick(&[&b""[..], b"\r\n", b"\n", b"\r"]);
    let len = match dice.below(3) {
        0 if end.is_empty() => 65_536 - 20 + dice.below(40),
        1 => 200_000,
        _ => 65_536 - 200 + dice.below(100),
    };
    [start, &vec![filler; len], end].concat()
}

fn mutated(bytes: &[u8], dice: &mut Dice) -> Vec<u8> {
    const TELLING: &[u8] = b"*$+-:\r\n\0 0123456789\"'\\x";
    let mut bytes = bytes.to_vec();
    for _ in 0..1 + dice.below(3) {
        if bytes.is_empty() {
            return bytes;
        }
        let at = dice.below(bytes.len());
        let new = if dice.chance(70) { dice.pick(TELLING) } else { dice.byte() };
        match dice.below(4) {
            0 => bytes[at] = new,
            1 => bytes.insert(at, new),
            2 => {
                bytes.remove(at);
            }
            _ => bytes.truncate(at),
        }
    }
    bytes
}
