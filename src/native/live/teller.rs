//! The thread between the loop and the watchers: takes facts out of the
//! queue, masks them, writes them as lines, and keeps these in the ring.

use super::moment;
use super::outlet::{Batch, Wishes};
use super::ring::{Next, Piece, Place, RING_LIMIT_BYTES, Ring};
use crate::event::{Event, Stamped};
use crate::native::redact::Redactor;
use crate::native::taping::Inputs;
use crate::time::Micros;
use crate::trace::Record;
use crate::trace::codec::{record_line, record_line_with};
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
    /// All there will ever be is in the ring: nobody tells any more, or yet.
    over: bool,
    /// How often something else than records was new.
    calls: u64,
}

impl Default for Told {
    fn default() -> Told {
        let state = State {
            ring: Ring::new(RING_LIMIT_BYTES),
            watchers: 0,
            alone_since: moment::now(),
            over: true,
            calls: 0,
        };
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
        self.news.notify_all();
    }

    #[must_use]
    pub fn watchers(&self) -> usize {
        self.lock().watchers
    }

    #[must_use]
    pub fn ring_bytes(&self) -> usize {
        self.lock().ring.bytes()
    }

    /// What comes next at `place`; waits for it up to `patience`, or until
    /// [`Told::wake`] has been called more often than `calls`.
    pub fn next(&self, place: &mut Place, patience: Duration, calls: u64) -> Next {
        let state = self.lock();
        let mut next = state.ring.next(place);
        if matches!(next, Next::Wait) && state.calls == calls {
            let waited = self.news.wait_timeout(state, patience);
            let (state, _) = waited.unwrap_or_else(PoisonError::into_inner);
            next = state.ring.next(place);
        }
        next
    }

    /// Something else than records is new.
    pub fn wake(&self) {
        self.lock().calls += 1;
        self.news.notify_all();
    }

    /// How often [`Told::wake`] was called: asked before whoever waits looks
    /// at what else is new, it keeps a call in between from being missed.
    #[must_use]
    pub fn calls(&self) -> u64 {
        self.lock().calls
    }

    /// Waits a little for what was asked for.
    pub fn pause(&self, patience: Duration) {
        drop(self.news.wait_timeout(self.lock(), patience));
    }

    /// The teller is about to start.
    pub fn begin(&self) {
        self.lock().over = false;
    }

    /// Nothing more will come.
    fn close(&self) {
        self.lock().over = true;
        self.news.notify_all();
    }

    /// Whether nothing more will come.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.lock().over
    }

    /// Waits up to `patience` until everything is told and everybody has gone.
    pub fn wait_for_the_end(&self, patience: Duration) {
        let here = |state: &mut State| !state.over || state.watchers > 0;
        drop(self.news.wait_timeout_while(self.lock(), patience, here));
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
pub fn tell(batches: &Receiver<Batch>, wishes: &Wishes, told: &Arc<Told>, mut teller: Teller) {
    loop {
        match batches.recv_timeout(GLANCE) {
            Ok(batch) => {
                let input_bytes = batch.inputs.as_ref().map_or(0, String::len);
                wishes.took(batch.facts.len() as u64, input_bytes as u64);
                teller.pieces(batch, |piece| told.push(piece));
            }
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return told.close(),
        }
        told.rest(wishes);
    }
}

/// Makes batches into pieces.
#[derive(Debug)]
pub struct Teller {
    redactor: Redactor,
    /// All that came in since the server's start, for whoever comes; `None` if
    /// it is not kept, or was more than `inputs_limit_bytes`.
    inputs: Option<String>,
    inputs_limit_bytes: usize,
    /// What those who follow have not been told yet.
    untold: Inputs,
}

impl Teller {
    /// `inputs_limit_bytes`: how much of what came in is kept; 0 for nothing.
    #[must_use]
    pub fn new(redactor: Redactor, inputs_limit_bytes: usize) -> Teller {
        let inputs = (inputs_limit_bytes > 0).then(String::new);
        Teller { redactor, inputs, inputs_limit_bytes, untold: Inputs::default() }
    }

    fn take_inputs(&mut self, inputs: Option<String>) {
        let (Some(kept), Some(inputs)) = (&mut self.inputs, inputs) else {
            self.inputs = None;
            return;
        };
        kept.push_str(&inputs);
        self.untold.push(&inputs);
        if kept.len() > self.inputs_limit_bytes {
            self.inputs = None;
        }
    }

    fn pieces(&mut self, batch: Batch, mut put: impl FnMut(Piece)) {
        let Batch { first, lost, standing, mut facts, inputs } = batch;
        self.take_inputs(inputs);
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
                lines: lines(std::iter::once(dropped), &mut Inputs::default()),
            });
        }
        let count = facts.len() as u64;
        self.redactor.redact(&mut facts);
        let records = facts.into_iter().zip(first..).map(|(Stamped { at, event }, seq)| Record {
            seq,
            at,
            event,
        });
        // Whoever comes now is told all that came in, so those who follow must
        // not be told a part of it only afterwards.
        let for_all = !standing || lost > 0 || !self.untold.is_empty();
        let lines = if standing {
            let mut all = Inputs::default();
            all.push(self.inputs.as_deref().unwrap_or_default());
            self.untold = Inputs::default();
            lines(records, &mut all)
        } else {
            lines(records, &mut self.untold)
        };
        let facts = if standing { 0 } else { count };
        put(Piece {
            first,
            end: first + count,
            opening: standing,
            for_all,
            ordinal: 0,
            facts,
            at,
            lines,
        });
    }
}

fn lines(records: impl Iterator<Item = Record>, inputs: &mut Inputs) -> Arc<[u8]> {
    let mut out = Vec::new();
    for record in records {
        out.extend_from_slice(b"data: ");
        out.extend_from_slice(record_line_with(&record, &inputs.next_piece()).as_bytes());
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

#[cfg(test)]
mod tests {
    use super::*;

    /// A held loop was not told for five seconds, and then let go: the call
    /// came after the watcher had looked and before it waited.
    #[test]
    fn a_call_between_looking_and_waiting_is_not_missed() {
        let told = Told::default();
        let mut place = told.attach(1, None).expect("there is room for one");
        told.push(Piece {
            first: 0,
            end: 1,
            opening: true,
            for_all: true,
            ordinal: 0,
            facts: 1,
            at: Micros::ZERO,
            lines: Arc::default(),
        });
        assert!(matches!(told.next(&mut place, Duration::ZERO, 0), Next::Piece { .. }));
        let calls = told.calls();
        told.wake();
        let next = told.next(&mut place, Duration::from_secs(3600), calls);
        assert!(matches!(next, Next::Wait), "{next:?}");
    }
}
