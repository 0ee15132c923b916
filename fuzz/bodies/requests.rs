//! Requests: however the bytes are cut, the same requests come out.

use onechef::resp::{Limits, Progress, RequestParser};

/// What a stream of bytes asks for, and how it ends.
#[derive(Debug, PartialEq)]
struct Understood {
    requests: Vec<Vec<Vec<u8>>>,
    /// What is told to whom sent it.
    error: Option<Vec<u8>>,
    /// Bytes of what is not complete.
    left: usize,
}

/// The first byte says whether a password is missing, the second how the rest
/// is cut.
///
/// # Panics
/// If the parser depends on the cuts, or says what cannot be.
pub fn hold(data: &[u8]) {
    let [first, step, bytes @ ..] = data else { return };
    let limits = Limits { max_bulk_len: 1 << 20, authenticated: first & 1 == 0 };
    let whole = understand(bytes, bytes.len().max(1), &limits);
    // A line that is too long is noticed sooner in smaller pieces.
    if bytes.len() <= 64 * 1024 {
        let step = usize::from(*step).max(1);
        assert_eq!(understand(bytes, step, &limits), whole, "in pieces of {step}");
    }
}

/// Feeds the parser as the loop does: what is understood leaves the buffer.
fn understand(bytes: &[u8], step: usize, limits: &Limits) -> Understood {
    let mut parser = RequestParser::default();
    let mut buffer = Vec::new();
    let mut understood = Understood { requests: Vec::new(), error: None, left: 0 };
    for piece in bytes.chunks(step) {
        buffer.extend_from_slice(piece);
        loop {
            let consumed = match parser.parse(&buffer, limits) {
                Progress::Complete { consumed } => {
                    let args = parser.args(&buffer);
                    assert!(!args.is_empty(), "a request has a name");
                    understood.requests.push(args.iter().map(<[u8]>::to_vec).collect());
                    consumed
                }
                Progress::Empty { consumed } => consumed,
                Progress::Incomplete => {
                    assert!(parser.position() <= buffer.len());
                    break;
                }
                Progress::Error { error, at } => {
                    assert!(at <= buffer.len());
                    understood.error = Some(error.text());
                    return understood;
                }
            };
            assert!((1..=buffer.len()).contains(&consumed), "something, and not too much");
            buffer.drain(..consumed);
            parser.reset();
            if buffer.is_empty() {
                break;
            }
        }
    }
    understood.left = buffer.len();
    understood
}
