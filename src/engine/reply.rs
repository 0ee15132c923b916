//! The heat rack: reply bytes of one client that have not left yet.
//!
//! First a private buffer of 16 KB, then a list of blocks; a write takes from
//! the front. The buffer is lent by the server while there is something in it,
//! so an idle client has none.

use crate::net::{MAX_SLICES, Outgoing, WRITE_BUDGET_BYTES};
use std::collections::VecDeque;
use std::io::IoSlice;

/// `PROTO_REPLY_CHUNK_BYTES`: size of the buffer, and the least that is asked
/// for when a block is made.
pub const REPLY_CHUNK_BYTES: usize = 16 * 1024;

/// What the smallest block holds. Redis asks for 16 KB and a header of 16 bytes
/// and uses all that its allocator gives it (`zmalloc_usable`); jemalloc, which
/// Redis is built with on Linux, has 20 KB next. So four blocks make a write of
/// 81,856 bytes, as strace shows of a redis-server.
const BLOCK_BYTES: usize = 20 * 1024 - 16;

/// `sizeof(listNode) + sizeof(clientReplyBlock)`: what a block costs besides
/// its bytes when the output limit is measured.
pub const BLOCK_OVERHEAD_BYTES: u64 = 40;

/// A large payload's block has room for the line end behind it. Redis has it
/// from its allocator, which rounds up.
const BLOCK_SLACK_BYTES: usize = 16;

/// What waits to leave to one client; nothing but a word while nothing does.
#[derive(Debug, Default)]
pub struct Reply {
    pending: Option<Box<Pending>>,
}

/// `client->buf`, `client->reply` and `client->sentlen`.
#[derive(Debug)]
struct Pending {
    /// Always of [`REPLY_CHUNK_BYTES`].
    buffer: Vec<u8>,
    list: VecDeque<Vec<u8>>,
    /// Blocks of the smallest size that have left, for [`Reply::recycle`].
    spent: Vec<Vec<u8>>,
    /// Sum of the blocks' capacities (`reply_bytes`).
    list_capacity_bytes: u64,
    /// How much of the first piece has left already.
    sent: u32,
}

/// Spare reply buffers and blocks, last returned first (it is the one still
/// warm in the cache). An allocator that gets megabytes of them back at the end
/// of each sweep returns them to the kernel, and each page is a fault when it
/// is wanted again.
#[derive(Debug, Default)]
pub struct BufferPool {
    #[expect(clippy::vec_box, reason = "they are lent and returned in their boxes")]
    spare: Vec<Box<Pending>>,
    /// The fewest there were since the last [`BufferPool::give_back`]: so many
    /// are not needed.
    idle: usize,
    /// The same for blocks of the smallest size, empty.
    blocks: Vec<Vec<u8>>,
    idle_blocks: usize,
}

impl BufferPool {
    /// More than this many stay allocated only while in use.
    const KEEP: usize = 64;
    const KEEP_BLOCKS: usize = 256;

    fn lend(&mut self) -> Box<Pending> {
        match self.spare.pop() {
            Some(pending) => {
                self.idle = self.idle.min(self.spare.len());
                pending
            }
            None => Box::new(Pending {
                buffer: Vec::with_capacity(REPLY_CHUNK_BYTES),
                list: VecDeque::new(),
                spent: Vec::new(),
                list_capacity_bytes: 0,
                sent: 0,
            }),
        }
    }

    fn lend_block(&mut self) -> Vec<u8> {
        let Some(block) = self.blocks.pop() else { return Vec::with_capacity(BLOCK_BYTES) };
        self.idle_blocks = self.idle_blocks.min(self.blocks.len());
        block
    }

    fn take_back_blocks(&mut self, spent: &mut Vec<Vec<u8>>) {
        let room = BufferPool::KEEP_BLOCKS - self.blocks.len();
        self.blocks.extend(spent.drain(..).take(room));
    }

    fn take_back(&mut self, mut pending: Box<Pending>) {
        self.take_back_blocks(&mut pending.spent);
        if self.spare.len() < Self::KEEP {
            pending.buffer.clear();
            if pending.list.capacity() > 0 {
                pending.list = VecDeque::new();
            }
            pending.list_capacity_bytes = 0;
            pending.sent = 0;
            self.spare.push(pending);
        }
    }

    /// Frees the spares that nobody needed since the last time, but for one.
    pub fn give_back(&mut self) {
        let needed = self.spare.len() - self.idle;
        self.spare.truncate(needed.max(1));
        self.idle = self.spare.len();
        self.blocks.truncate(self.blocks.len() - self.idle_blocks);
        self.idle_blocks = self.blocks.len();
    }
}

impl Reply {
    /// Appends; returns true if a new block had to be added, which is when
    /// the output limit is checked.
    ///
    /// Redis: `_addReplyToBufferOrList`, *faithful*: the buffer is used only
    /// while the list is empty, so bytes stay in order.
    #[inline]
    pub fn push(&mut self, bytes: &[u8], pool: &mut BufferPool) -> bool {
        let pending = self.pending.get_or_insert_with(|| pool.lend());
        if !pending.list.is_empty() {
            return pending.push_block(bytes, pool);
        }
        let room = REPLY_CHUNK_BYTES - pending.buffer.len();
        if bytes.len() <= room {
            pending.buffer.extend_from_slice(bytes);
            return false;
        }
        let (now, later) = bytes.split_at(room);
        pending.buffer.extend_from_slice(now);
        pending.push_block(later, pool)
    }

    /// Where the next bytes go, if `bytes` more fit there.
    #[inline]
    pub fn room(&mut self, bytes: usize, pool: &mut BufferPool) -> Option<&mut Vec<u8>> {
        let pending = self.pending.get_or_insert_with(|| pool.lend());
        if pending.list.is_empty() {
            let room = REPLY_CHUNK_BYTES - pending.buffer.len();
            return (bytes <= room).then_some(&mut pending.buffer);
        }
        let last = pending.list.back_mut()?;
        (bytes <= last.capacity() - last.len()).then_some(last)
    }

    /// Everything that has not left.
    #[must_use]
    pub fn len(&self) -> u64 {
        self.appended() - u64::from(self.sent())
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.pending.as_ref().is_none_or(|p| p.buffer.is_empty() && p.list.is_empty())
    }

    /// Bytes in the private buffer, sent or not (`bufpos`).
    #[must_use]
    pub fn buffered(&self) -> u64 {
        self.pending.as_ref().map_or(0, |pending| pending.buffer.len() as u64)
    }

    /// Used bytes of the list's blocks.
    #[must_use]
    pub fn listed_bytes(&self) -> u64 {
        self.pending.as_ref().map_or(0, |p| p.list.iter().map(|block| block.len() as u64).sum())
    }

    #[must_use]
    pub fn blocks(&self) -> u32 {
        self.pending.as_ref().map_or(0, |pending| pending.list.len() as u32)
    }

    #[must_use]
    pub fn has_blocks(&self) -> bool {
        self.blocks() > 0
    }

    /// What has not left, in the buffer and in the list.
    #[must_use]
    pub fn waiting_split(&self) -> (u64, u64) {
        let sent = u64::from(self.sent());
        match self.buffered() {
            0 => (0, self.listed_bytes() - sent),
            buffered => (buffered - sent, self.listed_bytes()),
        }
    }

    /// How much of the front piece has left (`sentlen`).
    #[must_use]
    pub fn sent(&self) -> u32 {
        self.pending.as_ref().map_or(0, |pending| pending.sent)
    }

    /// What the output limit measures (`getClientOutputBufferMemoryUsage`):
    /// the blocks' capacities and their overhead, not the private buffer.
    #[must_use]
    pub fn limit_usage_bytes(&self) -> u64 {
        let Some(pending) = &self.pending else { return 0 };
        pending.list_capacity_bytes + pending.list.len() as u64 * BLOCK_OVERHEAD_BYTES
    }

    /// The last `n` bytes appended, at most `cap` of them from their start;
    /// for previews.
    #[must_use]
    pub fn tail_from(&self, start: u64, cap: usize) -> Vec<u8> {
        let mut skip = usize::try_from(start).unwrap_or(usize::MAX);
        let mut out = Vec::new();
        for piece in self.pending.iter().flat_map(|pending| pending.pieces()) {
            let from = skip.min(piece.len());
            skip -= from;
            out.extend(piece[from..].iter().take(cap - out.len()));
            if out.len() == cap {
                break;
            }
        }
        out
    }

    /// Bytes ever appended since the reply was last empty: the start of the
    /// next append, for [`Reply::tail_from`].
    #[must_use]
    pub fn appended(&self) -> u64 {
        self.buffered() + self.listed_bytes()
    }

    /// Gives blocks back that have left.
    pub fn recycle(&mut self, pool: &mut BufferPool) {
        if let Some(pending) = &mut self.pending {
            pool.take_back_blocks(&mut pending.spent);
        }
    }

    /// Gives the buffer back once everything has left, or drops what waits.
    pub fn release(&mut self, pool: &mut BufferPool) {
        if let Some(pending) = self.pending.take() {
            pool.take_back(pending);
        }
    }
}

impl Pending {
    /// Front to back.
    fn pieces(&self) -> impl Iterator<Item = &Vec<u8>> {
        std::iter::once(&self.buffer).chain(&self.list)
    }

    fn push_block(&mut self, bytes: &[u8], pool: &mut BufferPool) -> bool {
        let mut rest = bytes;
        if let Some(last) = self.list.back_mut() {
            let room = last.capacity() - last.len();
            let (now, later) = rest.split_at(room.min(rest.len()));
            last.extend_from_slice(now);
            rest = later;
        }
        if rest.is_empty() {
            return false;
        }
        let mut block = if rest.len() <= BLOCK_BYTES {
            pool.lend_block()
        } else {
            Vec::with_capacity(rest.len() + BLOCK_SLACK_BYTES)
        };
        block.extend_from_slice(rest);
        self.list_capacity_bytes += block.capacity() as u64;
        self.list.push_back(block);
        true
    }

    /// The first `written` bytes have left.
    fn advance(&mut self, written: usize) {
        let mut gone = self.sent as usize + written;
        if !self.buffer.is_empty() {
            if gone < self.buffer.len() {
                self.sent = gone as u32;
                return;
            }
            gone -= self.buffer.len();
            self.buffer.clear();
        }
        while let Some(front) = self.list.front() {
            if gone < front.len() {
                break;
            }
            gone -= front.len();
            self.list_capacity_bytes -= front.capacity() as u64;
            if let Some(mut block) = self.list.pop_front()
                && block.capacity() == BLOCK_BYTES
            {
                block.clear();
                self.spent.push(block);
            }
        }
        self.sent = gone as u32;
    }
}

impl Outgoing for Reply {
    fn gather<'a>(&'a self, slices: &mut [IoSlice<'a>; MAX_SLICES]) -> usize {
        let mut skip = self.sent() as usize;
        let (mut filled, mut bytes) = (0, 0);
        for piece in self.pending.iter().flat_map(|pending| pending.pieces()) {
            if filled == MAX_SLICES || bytes >= WRITE_BUDGET_BYTES {
                break;
            }
            let from = skip.min(piece.len());
            skip -= from;
            if from < piece.len() {
                slices[filled] = IoSlice::new(&piece[from..]);
                filled += 1;
                bytes += piece.len() - from;
            }
        }
        filled
    }

    fn one_piece(&self) -> Option<&[u8]> {
        let pending = self.pending.as_ref().filter(|pending| pending.list.is_empty())?;
        Some(&pending.buffer[pending.sent as usize..])
    }

    fn advance(&mut self, written: usize) {
        if let Some(pending) = &mut self.pending {
            pending.advance(written);
        }
    }

    fn is_drained(&self) -> bool {
        self.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Writes like a kernel that takes `room` bytes.
    fn write(reply: &mut Reply, room: usize, out: &mut Vec<u8>) {
        let before = out.len();
        let mut slices = [IoSlice::new(&[]); MAX_SLICES];
        let filled = reply.gather(&mut slices);
        if let Some(piece) = reply.one_piece() {
            let gathered = slices[..filled].iter().flat_map(|slice| slice.iter());
            assert!(gathered.eq(piece), "what is one piece is all there is");
        }
        for slice in &slices[..filled] {
            let left = room - (out.len() - before);
            out.extend_from_slice(&slice[..left.min(slice.len())]);
        }
        let written = out.len() - before;
        reply.advance(written);
    }

    proptest! {
        /// Whatever is appended and however little is written at a time, the
        /// bytes leave in order and exactly once, and the counts agree.
        #[test]
        fn bytes_leave_in_order_exactly_once(
            steps in prop::collection::vec((0usize..40_000, 0usize..70_000, any::<u8>()), 1..30)
        ) {
            let mut pool = BufferPool::default();
            let mut reply = Reply::default();
            let (mut appended, mut left) = (Vec::new(), Vec::new());
            for (push, room, byte) in steps {
                let bytes: Vec<u8> = (0..push).map(|i| byte.wrapping_add(i as u8)).collect();
                reply.push(&bytes, &mut pool);
                appended.extend_from_slice(&bytes);
                write(&mut reply, room, &mut left);
                prop_assert_eq!(reply.len() as usize, appended.len() - left.len());
                let (buffered, listed) = reply.waiting_split();
                prop_assert_eq!(buffered + listed, reply.len());
                let blocks = reply.pending.iter().flat_map(|pending| &pending.list);
                let measured = blocks.map(|block| block.capacity() as u64 + BLOCK_OVERHEAD_BYTES);
                prop_assert_eq!(reply.limit_usage_bytes(), measured.sum::<u64>());
                if reply.is_drained() {
                    prop_assert_eq!(reply.len(), 0);
                    reply.release(&mut pool);
                }
            }
            while !reply.is_drained() {
                write(&mut reply, 9_000, &mut left);
            }
            prop_assert!(appended == left);
        }
    }

    #[test]
    fn the_buffer_comes_first_and_then_blocks() {
        let mut pool = BufferPool::default();
        let mut reply = Reply::default();
        assert!(!reply.push(&[1; REPLY_CHUNK_BYTES], &mut pool));
        assert!(reply.push(&[2; 10], &mut pool), "a block is added, so the limit is checked");
        assert!(!reply.push(&[3; 10], &mut pool), "the block has room");
        assert_eq!(reply.blocks(), 1);
        assert_eq!(reply.limit_usage_bytes(), BLOCK_BYTES as u64 + BLOCK_OVERHEAD_BYTES);
        let payload = vec![4; 100_000];
        assert!(reply.push(&payload, &mut pool));
        assert_eq!(reply.blocks(), 2, "one large payload is one block");
    }

    /// Protects: what a turn writes is what strace shows of a redis-server, for
    /// 64 values of a kilobyte and for 6 MB of a list.
    #[test]
    fn writes_are_as_large_as_in_redis() {
        let sizes = |bytes: usize, element: usize| {
            let (mut pool, mut reply) = (BufferPool::default(), Reply::default());
            for _ in 0..bytes / element {
                reply.push(&vec![b'x'; element], &mut pool);
            }
            let mut sizes = Vec::new();
            while !reply.is_drained() {
                let mut out = Vec::new();
                write(&mut reply, usize::MAX, &mut out);
                sizes.push(out.len());
            }
            sizes
        };
        assert_eq!(sizes(64 * 1_033, 1_033), [66_112]);
        let list = sizes(6_000 * 1_009, 1_009);
        assert_eq!(list[..3], [77_776, 81_856, 81_856]);
        assert_eq!(list.len(), 74 + 1);
    }

    /// What is written into the room is in order with what is pushed, and
    /// nothing grows behind the back of the limits.
    #[test]
    fn room_is_where_the_next_bytes_go() {
        let mut pool = BufferPool::default();
        let mut reply = Reply::default();
        let room = reply.room(REPLY_CHUNK_BYTES - 1, &mut pool).expect("it is empty");
        room.extend_from_slice(&[b'a'; REPLY_CHUNK_BYTES - 1]);
        assert!(reply.room(2, &mut pool).is_none(), "one byte is left");
        reply.push(b"bc", &mut pool);
        assert_eq!(reply.blocks(), 1);
        let usage = reply.limit_usage_bytes();
        reply.room(2, &mut pool).expect("a block has room").extend_from_slice(b"de");
        assert!(reply.room(BLOCK_BYTES, &mut pool).is_none());
        assert_eq!(reply.limit_usage_bytes(), usage);
        let mut out = Vec::new();
        while !reply.is_drained() {
            write(&mut reply, REPLY_CHUNK_BYTES, &mut out);
        }
        assert_eq!(out[REPLY_CHUNK_BYTES - 1..], *b"bcde");
    }

    #[test]
    fn an_idle_reply_holds_nothing_and_the_pool_lends_again() {
        let mut pool = BufferPool::default();
        let mut reply = Reply::default();
        reply.push(b"+PONG\r\n", &mut pool);
        let mut out = Vec::new();
        write(&mut reply, 100, &mut out);
        reply.release(&mut pool);
        assert!(reply.pending.is_none());
        assert_eq!(pool.spare.len(), 1);
        Reply::default().push(b"+OK\r\n", &mut pool);
        assert!(pool.spare.is_empty());
    }

    #[test]
    fn spares_that_nobody_needs_are_given_back() {
        let mut pool = BufferPool::default();
        let evening = |pool: &mut BufferPool, guests: usize| {
            let mut replies: Vec<Reply> = (0..guests).map(|_| Reply::default()).collect();
            replies.iter_mut().for_each(|reply| _ = reply.push(b"+OK\r\n", pool));
            replies.iter_mut().for_each(|reply| reply.release(pool));
        };
        evening(&mut pool, 10);
        pool.give_back();
        assert_eq!(pool.spare.len(), 10, "they were just needed");
        evening(&mut pool, 4);
        pool.give_back();
        assert_eq!(pool.spare.len(), 4);
        pool.give_back();
        assert_eq!(pool.spare.len(), 1);
    }

    /// Protects: a block serves again, and is not kept when nobody needs it.
    #[test]
    fn blocks_are_lent_again_and_given_back() {
        let mut pool = BufferPool::default();
        let mut reply = Reply::default();
        let mut send = |pool: &mut BufferPool, bytes: usize, taken: usize| {
            reply.push(&vec![b'x'; bytes], pool);
            let mut out = Vec::new();
            write(&mut reply, taken, &mut out);
            reply.recycle(pool);
            if reply.is_drained() {
                reply.release(pool);
            }
        };
        for element in [1_000; 60] {
            send(&mut pool, element, 0);
        }
        assert_eq!(pool.blocks.len(), 0, "three are in use");
        send(&mut pool, 1, 40_000);
        assert_eq!(pool.blocks.len(), 1, "one has left");
        send(&mut pool, 1, 40_000);
        assert_eq!(pool.blocks.len(), 3);
        send(&mut pool, 500_000, 500_000);
        assert_eq!(pool.blocks.len(), 3, "a large one is not kept");
        pool.give_back();
        assert_eq!(pool.blocks.len(), 3, "they were just needed");
        pool.give_back();
        assert_eq!(pool.blocks.len(), 0);
    }

    #[test]
    fn the_tail_is_what_was_appended_last() {
        let mut pool = BufferPool::default();
        let mut reply = Reply::default();
        reply.push(&[b'a'; REPLY_CHUNK_BYTES - 2], &mut pool);
        let start = reply.appended();
        reply.push(b"+PONG\r\n", &mut pool);
        assert_eq!(reply.tail_from(start, 64), b"+PONG\r\n");
        assert_eq!(reply.tail_from(start, 3), b"+PO");
    }
}
