//! Replies, in RESP2 or RESP3.

/// Which dialect a client speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    Resp2,
    Resp3,
}

/// Where encoded bytes go.
pub trait Sink {
    fn put(&mut self, bytes: &[u8]);
    /// An error reply is about to be put.
    fn note_error(&mut self) {}
}

impl Sink for Vec<u8> {
    fn put(&mut self, bytes: &[u8]) {
        self.extend_from_slice(bytes);
    }
}

/// Writes one reply after the other.
pub struct Encoder<S> {
    sink: S,
    protocol: Protocol,
}

impl<S: Sink> Encoder<S> {
    pub fn new(sink: S, protocol: Protocol) -> Encoder<S> {
        Encoder { sink, protocol }
    }
}
