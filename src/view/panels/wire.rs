//! What a typed command becomes on the wire.

use crate::resp::inline::split_args;
use crate::view::Node;
use crate::view::text::line;
use crate::view::transcript::visible;
use std::fmt;

/// A command line, encoded.
#[derive(Clone, Debug, PartialEq)]
pub struct WireView {
    pub args: Vec<Vec<u8>>,
    /// The request, exactly: a multibulk of `args`.
    pub bytes: Vec<u8>,
    /// The first part ends before this byte. It may cut a CRLF in two, which is
    /// allowed and instructive.
    pub cut: usize,
    /// The bytes with `\r\n` made visible and a dashed cut.
    pub node: Node,
}

/// Why a typed line is no command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Offset in the typed text, in bytes.
    pub at: usize,
    pub kind: FaultKind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FaultKind {
    /// Nothing but spaces.
    Empty,
    /// The quote that opens here is never closed, or something sticks to the
    /// quote that closes it.
    UnbalancedQuote,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&match self.kind {
            FaultKind::Empty => line!("wire.empty"),
            FaultKind::UnbalancedQuote => line!("wire.quote", self.at),
        })
    }
}

impl std::error::Error for Fault {}

/// Splits a command line as `redis-cli` does and encodes it. Without a cut
/// that lies inside, it is cut in half, rounded down.
///
/// # Errors
/// If there is no command in the line, or its quotes do not balance.
pub fn wire(command_line: &str, cut: Option<usize>) -> Result<WireView, Fault> {
    let args = split(command_line)?;
    let bytes = encode(&args);
    let inside = cut.filter(|cut| (1..bytes.len()).contains(cut));
    let cut = inside.unwrap_or(bytes.len() / 2);
    let node = show(&bytes, cut);
    Ok(WireView { args, bytes, cut, node })
}

/// Bytes that can be cut before, one by one; the others are shown only.
const CUTTABLE_BYTES: usize = 256;

/// The bytes of a request, with the cut. `data-cut` is where a click on a byte
/// moves it to.
fn show(bytes: &[u8], cut: usize) -> Node {
    let mut code = Node::new("code");
    let (single, rest) = bytes.split_at(bytes.len().min(CUTTABLE_BYTES));
    for (at, byte) in single.iter().enumerate() {
        if at == cut {
            code.push(Node::new("u").attr("aria-hidden", "true"));
        }
        let shown = visible(std::slice::from_ref(byte));
        code.push(Node::new("span").attr("data-cut", at.to_string()).text(shown));
    }
    if !rest.is_empty() {
        code.push(Node::new("span").text(visible(rest)));
    }
    code
}

fn encode(args: &[Vec<u8>]) -> Vec<u8> {
    let mut out = format!("*{}\r\n", args.len()).into_bytes();
    for arg in args {
        out.extend_from_slice(format!("${}\r\n", arg.len()).as_bytes());
        out.extend_from_slice(arg);
        out.extend_from_slice(b"\r\n");
    }
    out
}

fn split(line: &str) -> Result<Vec<Vec<u8>>, Fault> {
    let (mut ranges, mut scratch) = (Vec::new(), Vec::new());
    split_args(line.as_bytes(), &mut ranges, &mut scratch)
        .map_err(|error| Fault { at: error.at, kind: FaultKind::UnbalancedQuote })?;
    if ranges.is_empty() {
        return Err(Fault { at: 0, kind: FaultKind::Empty });
    }
    Ok(ranges.into_iter().map(|range| scratch[range].to_vec()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_becomes_a_multibulk_and_half_of_it_is_rounded_down() {
        let view = wire("SET price 42", None).expect("a command");
        assert_eq!(view.bytes, b"*3\r\n$3\r\nSET\r\n$5\r\nprice\r\n$2\r\n42\r\n");
        assert_eq!((view.bytes.len(), view.cut), (32, 16));
        assert_eq!(wire("PING", None).expect("a command").cut, 7);
        let markup = view.node.to_markup();
        let around = "<span data-cut=\"15\">\\r</span><u aria-hidden=\"true\"></u>\
                      <span data-cut=\"16\">\\n</span>";
        assert!(markup.contains(around), "{markup}");
    }

    #[test]
    fn a_cut_lies_between_two_bytes_or_is_none() {
        let cut = |at| wire("PING", Some(at)).expect("a command").cut;
        assert_eq!([cut(1), cut(13)], [1, 13]);
        assert_eq!([cut(0), cut(14), cut(usize::MAX)], [7, 7, 7]);
    }

    #[test]
    fn quotes_hold_spaces_and_any_byte() {
        let args = wire(r#"SET "a b" '\x00' "\x00""#, None).expect("a command").args;
        assert_eq!(args, [b"SET".to_vec(), b"a b".to_vec(), b"\\x00".to_vec(), b"\0".to_vec()]);
    }

    #[test]
    fn a_fault_says_where_in_the_typed_text() {
        let fault = |line| wire(line, None).expect_err("a fault");
        assert_eq!(fault("GET \"a"), Fault { at: 4, kind: FaultKind::UnbalancedQuote });
        assert_eq!(fault("é 'a'b"), Fault { at: 3, kind: FaultKind::UnbalancedQuote });
        assert_eq!(fault("  "), Fault { at: 0, kind: FaultKind::Empty });
        assert!(fault("x \"").to_string().contains("byte 2"));
    }
}
