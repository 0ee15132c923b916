//! Commands without a network: exact replies, facts, and models.
//!
//! The `.txt` files are conversations. `> words` is a request, split as an
//! inline request is; the line after it is the whole reply, with `|` for each
//! CRLF but the last. `~ ms` lets time pass, `#` is a comment.

mod admission;
mod caller;
mod clients;
mod facts;
mod introspection;
mod models;

use caller::Caller;
use onechef::resp::inline::split_args;

/// Plays a conversation and compares every reply.
fn check(name: &str, script: &str) {
    let mut caller = Caller::new();
    let mut request: Option<(usize, &str)> = None;
    let mut wrong = Vec::new();
    for (number, line) in script.lines().enumerate() {
        match (line.as_bytes(), request.take()) {
            ([b'>', b' ', ..], None) => request = Some((number + 1, &line[2..])),
            ([b'~', b' ', ms @ ..], None) => {
                caller.wait_ms(std::str::from_utf8(ms).unwrap().parse().unwrap());
            }
            ([] | [b'#', ..], None) => {}
            (_, None) => panic!("{name}:{}: a reply to nothing", number + 1),
            (_, Some((asked_at, words))) => {
                let said = show(&caller.call(&split(words)));
                if said != line {
                    wrong.push(format!("{name}:{asked_at}: {words}\n  want {line}\n  said {said}"));
                }
            }
        }
    }
    assert!(request.is_none(), "{name}: the last request has no reply");
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

fn split(words: &str) -> Vec<&'static [u8]> {
    let mut bytes = Vec::new();
    let mut ranges = Vec::new();
    split_args(words.as_bytes(), &mut ranges, &mut bytes).expect("balanced quotes");
    // A test's requests may live as long as the test.
    let bytes: &'static [u8] = bytes.leak();
    ranges.into_iter().map(|range| &bytes[range]).collect()
}

fn show(reply: &[u8]) -> String {
    let body = reply.strip_suffix(b"\r\n").unwrap_or(reply);
    let mut text = String::new();
    let mut rest = body;
    while let [first, tail @ ..] = rest {
        match rest {
            [b'\r', b'\n', tail @ ..] => {
                text.push('|');
                rest = tail;
                continue;
            }
            [0x20..=0x7e, ..] => text.push(char::from(*first)),
            _ => text.push_str(&format!("\\x{first:02x}")),
        }
        rest = tail;
    }
    text
}

macro_rules! conversations {
    ($($name:ident),*) => {$(
        #[test]
        fn $name() {
            let file = concat!(stringify!($name), ".txt");
            check(file, include_str!(concat!(stringify!($name), ".txt")));
        }
    )*};
}

conversations!(strings, numbers, lists, moves, keys, expiry, expired, connection, server);
