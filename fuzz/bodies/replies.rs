//! Replies: however the bytes are cut, the strict reader reads the same.

use onechef::resp::{Protocol, ReplyParser, Value};

/// The first byte chooses the dialect, the second how the rest is cut.
///
/// # Panics
/// If the reader depends on the cuts.
pub fn hold(data: &[u8]) {
    let [dialect, step, bytes @ ..] = data else { return };
    let protocol = if dialect & 1 == 0 { Protocol::Resp2 } else { Protocol::Resp3 };
    let step = usize::from(*step).max(1);
    assert_eq!(read(bytes, step, protocol), read(bytes, bytes.len().max(1), protocol));
}

/// All values, as text since not every number equals itself, and whether an
/// error ended them.
fn read(bytes: &[u8], step: usize, protocol: Protocol) -> (Vec<String>, bool) {
    let mut parser = ReplyParser::new(protocol);
    let mut values = Vec::new();
    for piece in bytes.chunks(step) {
        parser.feed(piece);
        loop {
            match parser.next_reply() {
                Ok(Some(value)) => values.push(shown(&value)),
                Ok(None) => break,
                Err(_) => return (values, true),
            }
        }
    }
    (values, false)
}

fn shown(value: &Value) -> String {
    format!("{value:?}")
}
