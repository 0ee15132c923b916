//! The notepad's upper half: what a client has said and nobody has understood
//! to its end yet.
//!
//! One buffer is shared by all clients. Who leaves half a request behind keeps
//! a copy of just that, which returns to the shared buffer before the next
//! read, so that a thousand clients who are slow to speak take no more than
//! what they have said. Only a large rest keeps the buffer itself.

use crate::resp::RequestParser;

/// `PROTO_IOBUF_LEN`: the default size of a read.
pub const READ_BYTES: usize = 16 * 1024;
/// `SDS_MAX_PREALLOC`: below it a growing buffer doubles, above it grows by it.
const MAX_PREALLOCATION_BYTES: usize = 1024 * 1024;
/// A rest of at most this many bytes is copied out.
const SMALL_BYTES: usize = 4 * 1024;
/// A buffer that has grown larger is not shared any more.
const SHARED_BYTES: usize = 4 * READ_BYTES;

/// Raw input and how far it has been understood (`querybuf`, `qb_pos`,
/// `multibulklen`, `bulklen`, `argv` so far).
#[derive(Debug, Default)]
pub struct Query {
    /// Initialised throughout, so that a read needs no zeroing; only the
    /// first [`Query::filled`] bytes were received.
    pub buffer: Vec<u8>,
    pub filled: usize,
    /// What the buffer would measure if each client had its own
    /// (`sdsalloc`): how much the next read is offered follows from it.
    pub size: usize,
    pub parser: RequestParser,
}

impl Query {
    /// What Redis still has in `querybuf`: what is complete moved to `argv`.
    pub(crate) fn not_understood(&self) -> usize {
        self.filled - self.parser.position()
    }

    /// What is in it is too much to be copied out and in again, or about to be.
    pub(super) fn is_large(&self) -> bool {
        self.filled > SMALL_BYTES || self.parser.pending_bulk().is_some()
    }

    pub(super) fn may_be_shared(&self) -> bool {
        self.buffer.len() <= SHARED_BYTES
    }

    /// What waits, in a buffer of its size. What stays behind means nothing.
    pub(super) fn set_aside(&mut self) -> Box<Query> {
        Box::new(Query {
            buffer: self.buffer[..self.filled].to_vec(),
            filled: self.filled,
            size: self.size,
            parser: std::mem::take(&mut self.parser),
        })
    }

    /// Goes on with what had been set aside, if anything was.
    pub(super) fn take_up(&mut self, aside: Option<Box<Query>>) {
        let Some(aside) = aside else { return };
        self.filled = aside.filled;
        self.size = aside.size;
        if self.buffer.len() < self.filled {
            self.buffer.resize(self.filled, 0);
        }
        self.buffer[..self.filled].copy_from_slice(&aside.buffer[..aside.filled]);
        self.parser = aside.parser;
    }

    /// From now on it is one client's own, and no larger than if it had always
    /// been: what it had grown to for others is given back.
    pub(super) fn keep(&mut self) {
        if self.buffer.len() > self.size {
            self.buffer.truncate(self.size);
            self.buffer.shrink_to_fit();
        }
    }

    /// As if nothing had been received.
    pub(super) fn clear(&mut self) {
        self.filled = 0;
        self.size = 0;
        self.parser.reset();
    }

    /// Where the next read may put its bytes: 16 KB at first; a buffer that
    /// must grow does so greedily, and then all of it is offered.
    pub(super) fn room(&mut self) -> &mut [u8] {
        let wanted = match self.parser.pending_bulk() {
            // Exactly what is missing, so that the argument ends at the end of
            // the buffer; but never more than doubling what has arrived.
            Some(missing) => {
                let cap = self.filled.max(READ_BYTES);
                usize::try_from(missing).unwrap_or(cap).min(cap)
            }
            None => READ_BYTES,
        };
        let needed = self.filled + wanted;
        if self.size < needed {
            self.size = match (self.size, self.parser.pending_bulk()) {
                (0, _) | (_, Some(_)) => needed,
                _ if needed < MAX_PREALLOCATION_BYTES => needed * 2,
                _ => needed + MAX_PREALLOCATION_BYTES,
            };
        }
        if self.buffer.len() < self.size {
            self.buffer.resize(self.size, 0);
        }
        match self.parser.pending_bulk() {
            Some(_) => &mut self.buffer[self.filled..needed],
            None => &mut self.buffer[self.filled..self.size],
        }
    }

    /// A shared buffer that has grown is of the usual size again.
    pub(super) fn give_back(&mut self) {
        self.buffer.truncate(READ_BYTES);
        self.buffer.shrink_to(READ_BYTES);
        self.parser = RequestParser::default();
    }

    /// Gives free space back.
    pub(super) fn shrink(&mut self) {
        self.size = self.filled;
        self.buffer.truncate(self.filled);
        self.buffer.shrink_to_fit();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resp::request::{Limits, Progress};
    use proptest::prelude::*;

    fn read(query: &mut Query, bytes: &[u8]) -> usize {
        let room = query.room();
        let n = bytes.len().min(room.len());
        room[..n].copy_from_slice(&bytes[..n]);
        query.filled += n;
        n
    }

    proptest! {
        /// A buffer that is set aside and taken up between any two reads is
        /// offered the same room and comes to the same as one that is kept.
        #[test]
        fn setting_aside_changes_nothing(
            len in 0..9_000_usize,
            cuts in prop::collection::vec(1..3_000_usize, 0..12),
        ) {
            let limits = Limits { max_bulk_len: 1 << 29, authenticated: true };
            let mut rest = format!("*3\r\n$3\r\nSET\r\n${len}\r\n").into_bytes();
            rest.resize(rest.len() + len, b'x');
            rest.extend_from_slice(b"\r\n$1\r\nv\r\n");
            let (mut kept, mut shared) = (Query::default(), Box::new(Query::default()));
            let mut rest = &rest[..];
            for cut in cuts.into_iter().chain([usize::MAX]) {
                let piece = &rest[..cut.min(rest.len())];
                prop_assert_eq!(kept.room().len(), shared.room().len());
                let n = read(&mut kept, piece);
                prop_assert_eq!(read(&mut shared, piece), n);
                rest = &rest[n..];
                let progress = kept.parser.parse(&kept.buffer[..kept.filled], &limits);
                let same = shared.parser.parse(&shared.buffer[..shared.filled], &limits);
                prop_assert_eq!(progress, same);
                if matches!(progress, Progress::Complete { .. }) {
                    break;
                }
                let aside = shared.set_aside();
                prop_assert_eq!(aside.buffer.len(), aside.filled);
                // Somebody else uses it meanwhile.
                shared.clear();
                read(&mut shared, &[b'#'; 100]);
                shared.clear();
                shared.take_up(Some(aside));
            }
            prop_assert!(rest.is_empty());
        }
    }
}
