//! The thread between the loop and the watchers: takes facts out of the
//! queue, masks them, writes them as lines, and keeps these in the ring.

use super::moment;
use super::outlet::{Batch, Wishes};
use super::ring::{Next, Piece, Place, RING_LIMIT_BYTES, Ring};
use crate::event::{Event, Stamped};
use crate::native::redact::Redactor;
use crate::time::Micros;
use crate::trace::Record;
use crate::trace::codec::record_line;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Facts go on for this long after the last watcher has gone, since a browser
/// whose connection broke comes back within a few seconds.
const GRACE: Duration = Duration::from_secs(10);
const GLANCE: Duration = Duration::from_millis(500);

/// What the teller and the watchers' threads share.
#[derive(Debug)]
pub struct Told {
    state: Mutex<State>,
    news: Condvar,
}

#[derive(Debug)]
struct State {
    ring: Ring,
    watchers: usize,
    /// Since when there is none.
    alone_since: Instant,
}

impl Default for Told {
    fn default() -> Told {
        let state =
            State { ring: Ring::new(RING_LIMIT_BYTES), watchers: 0, alone_since: moment::now() };
        Told { state: Mutex::new(state), news: Condvar::new() }
    }
}

impl Told {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// One watcher more, unless there are `most` already; at its mark, if it
    /// was here before.
    #[must_use]
    pub fn attach(&self, most: usize, mark: Option<&str>) -> Option<Place> {
        let mut state = self.lock();
        if state.watchers >= most {
            return None;
        }
        state.watchers += 1;
        Some(mark.and_then(|mark| state.ring.resume(mark)).unwrap_or_else(|| state.ring.enter()))
    }

    pub fn detach(&self) {
        let mut state = self.lock();
        state.watchers -= 1;
        state.alone_since = moment::now();
    }

    #[must_use]
    pub fn watchers(&self) -> usize {
        self.lock().watchers
    }

    #[must_use]
    pub fn ring_bytes(&self) -> usize {
        self.lock().ring.bytes()
    }

    /// What comes next at `place`; waits for it up to `patience`.
    pub fn next(&self, place: &mut Place, patience: Duration) -> Next {
        let state = self.lock();
        let mut next = state.ring.next(place);
        if matches!(next, Next::Wait) {
            let waited = self.news.wait_timeout(state, patience);
            let (state, _) = waited.unwrap_or_else(PoisonError::into_inner);
            next = state.ring.next(place);
        }
        next
    }

    /// Something else than records is new.
    pub fn wake(&self) {
        self.news.notify_all();
    }

    /// Waits a little for what was asked for.
    pub fn pause(&self, patience: Duration) {
        drop(self.news.wait_timeout(self.lock(), patience));
    }

    fn push(&self, piece: Piece) {
        self.lock().ring.push(piece);
        self.news.notify_all();
    }

    /// Lets the loop rest if nobody has watched for a while. Under the lock, so
    /// that nobody comes in between.
    fn rest(&self, wishes: &Wishes) {
        let mut state = self.lock();
        let alone = state.watchers == 0 && moment::now() >= state.alone_since + GRACE;
        if alone && wishes.is_watched() {
            state.ring.interrupt();
            wishes.watch(false);
        }
    }
}

/// Runs until the loop's end of the queue is gone.
pub fn tell(batches: &Receiver<Batch>, wishes: &Wishes, told: &Arc<Told>, mut redactor: Redactor) {
    loop {
        match batches.recv_timeout(GLANCE) {
            Ok(batch) => pieces(batch, wishes, &mut redactor, |piece| told.push(piece)),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return,
        }
        told.rest(wishes);
    }
}

/// The pieces that a batch becomes.
fn pieces(batch: Batch, wishes: &Wishes, redactor: &mut Redactor, mut put: impl FnMut(Piece)) {
    let Batch { first, lost, standing, mut facts } = batch;
    let at = facts.first().map_or(Micros::ZERO, |fact| fact.at);
    if lost > 0 {
        let dropped = Record { seq: first - lost, at, event: Event::Dropped { count: lost } };
        put(Piece {
            first: first - lost,
            end: first,
            opening: false,
            for_all: true,
            ordinal: 0,
            facts: lost,
            at,
            lines: lines(std::iter::once(dropped)),
        });
    }
    let count = facts.len() as u64;
    wishes.took(count);
    redactor.redact(&mut facts);
    let records = facts.into_iter().zip(first..).map(|(Stamped { at, event }, seq)| Record {
        seq,
        at,
        event,
    });
    put(Piece {
        first,
        end: first + count,
        opening: standing,
        for_all: !standing || lost > 0,
        ordinal: 0,
        facts: if standing { 0 } else { count },
        at,
        lines: lines(records),
    });
}

fn lines(records: impl Iterator<Item = Record>) -> Arc<[u8]> {
    let mut out = Vec::new();
    for record in records {
        out.extend_from_slice(b"data: ");
        out.extend_from_slice(record_line(&record).as_bytes());
    }
    out.into()
}

/// What one watcher alone has missed before `piece`, said just before it.
#[must_use]
pub fn missed_line(piece: &Piece, missed: u64) -> Vec<u8> {
    let event = Event::Dropped { count: missed };
    let record = Record { seq: piece.first.saturating_sub(1), at: piece.at, event };
    format!("data: {}", record_line(&record)).into_bytes()
}
