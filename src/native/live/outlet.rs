//! The loop's end of it: what happens leaves here, and the loop never waits.
//!
//! While nobody watches, a half-cycle costs a look at one number. While
//! somebody does, the facts of a half-cycle go into a bounded queue; if the
//! other side is slower than the loop, facts are dropped and counted, and once
//! there is room again it is said how many, and how things stand.

use super::metrics::Snapshot;
use crate::engine::Engine;
use crate::event::Stamped;
use crate::net::Timeout;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

/// Most facts between the loop and the thread that tells them.
pub const QUEUE_LIMIT_FACTS: u64 = 65_536;
/// Most half-cycles.
const QUEUE_LIMIT_BATCHES: usize = 8_192;
/// Most of what came in; with more, it is kept for nobody any longer.
const QUEUE_LIMIT_INPUT_BYTES: u64 = 32 * 1024 * 1024;

/// What the loop is asked for, as bits of one number.
const WATCH: u8 = 1;
const STANDING: u8 = 2;
const METRICS: u8 = 4;
/// The loop's own notes beside them: it collects facts, so it must come by
/// once more when they are not wanted any longer;
const FLOWING: u8 = 8;
/// it has something to look after in any case.
const ALWAYS: u8 = 16;

/// What both sides see.
#[derive(Debug, Default)]
pub struct Wishes {
    bits: AtomicU8,
    /// Facts in the queue.
    queued: AtomicU64,
    /// Bytes of inputs in the queue.
    queued_input_bytes: AtomicU64,
    /// Facts that found no room, since the start.
    dropped: AtomicU64,
    snapshot: Mutex<Option<Snapshot>>,
    taken: Condvar,
    without_engine: AtomicBool,
}

impl Wishes {
    /// Facts are wanted, or not any more.
    pub fn watch(&self, on: bool) {
        if on {
            self.bits.fetch_or(WATCH, Ordering::Relaxed);
        } else {
            self.bits.fetch_and(!(WATCH | STANDING), Ordering::Relaxed);
        }
    }

    /// Whether facts are wanted.
    #[must_use]
    pub fn is_watched(&self) -> bool {
        self.bits.load(Ordering::Relaxed) & WATCH != 0
    }

    /// Whether the loop need not do anything for anybody.
    #[inline]
    #[must_use]
    pub fn is_idle(&self) -> bool {
        self.bits.load(Ordering::Relaxed) == 0
    }

    /// From now on there is always something to do.
    pub fn never_idle(&self) {
        self.bits.fetch_or(ALWAYS, Ordering::Relaxed);
    }

    /// How things stand is wanted, once.
    pub fn ask_standing(&self) {
        self.bits.fetch_or(STANDING, Ordering::Relaxed);
    }

    /// The counters of this moment: of the next time the loop comes by, which
    /// its own timer sees to. `None` if it does not within `patience`.
    pub fn ask_metrics(&self, patience: Duration) -> Option<Snapshot> {
        if self.without_engine.load(Ordering::Relaxed) {
            return None;
        }
        let mut slot = self.snapshot.lock().ok()?;
        *slot = None;
        self.bits.fetch_or(METRICS, Ordering::Relaxed);
        let waiting = |slot: &mut Option<Snapshot>| slot.is_none();
        let (slot, _) = self.taken.wait_timeout_while(slot, patience, waiting).ok()?;
        slot.clone()
    }

    /// Facts that found no room in the queue.
    #[must_use]
    pub fn dropped(&self) -> u64 {
        self.dropped.load(Ordering::Relaxed)
    }

    /// Facts that wait in the queue.
    #[must_use]
    pub fn queued(&self) -> u64 {
        self.queued.load(Ordering::Relaxed)
    }

    /// The other side has taken so many facts and bytes of inputs out.
    pub fn took(&self, facts: u64, input_bytes: u64) {
        self.queued.fetch_sub(facts, Ordering::Relaxed);
        self.queued_input_bytes.fetch_sub(input_bytes, Ordering::Relaxed);
    }
}

/// The facts of a half-cycle, on their way.
#[derive(Debug)]
pub struct Batch {
    /// The number of the first.
    pub first: u64,
    /// Before them, so many found no room.
    pub lost: u64,
    /// They state how things stand.
    pub standing: bool,
    pub facts: Vec<Stamped>,
    /// What came in since the batch before; `None` if that is not kept (any
    /// longer).
    pub inputs: Option<String>,
}

/// See the module documentation.
#[derive(Debug)]
pub struct Outlet {
    wishes: Arc<Wishes>,
    queue: SyncSender<Batch>,
    /// The next fact's number. How things stand takes numbers, too.
    next: u64,
    /// Facts that found no room since the last batch that did.
    lost: u64,
    capacity: u64,
    /// What came in and found no batch yet: of it nothing is ever dropped, or
    /// all.
    inputs: Option<String>,
}

/// What a half-cycle ended with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum After {
    /// `before_poll`: the thread goes to sleep, for this long at most.
    BeforePoll(Timeout),
    /// `after_poll`.
    AfterPoll,
}

impl Outlet {
    /// An outlet, and where its facts come out.
    #[must_use]
    pub fn new() -> (Outlet, Receiver<Batch>, Arc<Wishes>) {
        Outlet::with_capacity(QUEUE_LIMIT_FACTS)
    }

    /// The same with room for so many facts.
    #[must_use]
    pub fn with_capacity(capacity: u64) -> (Outlet, Receiver<Batch>, Arc<Wishes>) {
        let (queue, batches) = sync_channel(QUEUE_LIMIT_BATCHES);
        let wishes = Arc::new(Wishes::default());
        let outlet = Outlet {
            wishes: Arc::clone(&wishes),
            queue,
            next: 0,
            lost: 0,
            capacity,
            inputs: Some(String::new()),
        };
        (outlet, batches, wishes)
    }

    /// What is asked of the loop.
    #[must_use]
    pub fn wishes(&self) -> &Arc<Wishes> {
        &self.wishes
    }

    /// Nobody will ever hand over an engine's numbers: nobody is to wait for
    /// them.
    pub fn has_no_engine(&mut self) {
        self.wishes.without_engine.store(true, Ordering::Relaxed);
    }

    /// A half-cycle is over; `facts` are its facts, which are taken, `inputs`
    /// what came in since the last time.
    pub fn half_cycle(
        &mut self,
        engine: &Engine,
        facts: &mut Vec<Stamped>,
        inputs: &str,
        after: After,
    ) {
        self.keep(inputs);
        if self.wishes.bits.load(Ordering::Relaxed) & METRICS != 0 {
            self.hand_over_metrics(engine);
        }
        let standing = match after {
            After::BeforePoll(timeout) => Some(move || engine.standing_asleep(timeout)),
            After::AfterPoll => None,
        };
        self.pass(facts, standing);
    }

    /// Takes `facts` if they are wanted; `standing` says how things stand after
    /// them, where that can be said.
    pub fn pass(
        &mut self,
        facts: &mut Vec<Stamped>,
        standing: Option<impl FnOnce() -> Vec<Stamped>>,
    ) {
        let bits = self.wishes.bits.load(Ordering::Relaxed);
        if bits & WATCH == 0 {
            self.wishes.bits.fetch_and(!FLOWING, Ordering::Relaxed);
            return;
        }
        if bits & FLOWING == 0 {
            self.wishes.bits.fetch_or(FLOWING, Ordering::Relaxed);
            // What was stated while turning the facts on is part of what
            // stands; a number is left out, so that nobody resumes across.
            facts.clear();
            self.next += 1;
        }
        if self.lost > 0 {
            self.lose(facts);
        } else if !facts.is_empty() {
            self.send(false, std::mem::take(facts));
        }
        let Some(standing) = standing else { return };
        let room = self.wishes.queued() < self.capacity / 2;
        if bits & STANDING != 0 || (self.lost > 0 && room) {
            self.wishes.bits.fetch_and(!STANDING, Ordering::Relaxed);
            self.send(true, standing());
        }
    }

    /// The loop has ended, and may wait now: what found no room is told as
    /// missed, since no half-cycle follows that would do so.
    pub fn finish(self) {
        if self.lost > 0 {
            let (first, lost) = (self.next, self.lost);
            let last = Batch { first, lost, standing: false, facts: Vec::new(), inputs: None };
            // Nobody is left to tell if it cannot be sent.
            drop(self.queue.send(last));
        }
    }

    fn keep(&mut self, inputs: &str) {
        let queued = self.wishes.queued_input_bytes.load(Ordering::Relaxed);
        if let Some(kept) = &mut self.inputs {
            kept.push_str(inputs);
            if queued + kept.len() as u64 > QUEUE_LIMIT_INPUT_BYTES {
                self.inputs = None;
            }
        }
    }

    /// How things stand is let through whatever its size: it comes when there
    /// is room, or once for somebody who asked.
    fn send(&mut self, standing: bool, mut facts: Vec<Stamped>) {
        let count = facts.len() as u64;
        if !standing && self.wishes.queued() + count > self.capacity {
            return self.lose(&mut facts);
        }
        let inputs = self.inputs.as_mut().map(std::mem::take);
        let input_bytes = inputs.as_ref().map_or(0, |inputs| inputs.len() as u64);
        let batch = Batch { first: self.next, lost: self.lost, standing, facts, inputs };
        match self.queue.try_send(batch) {
            Ok(()) => {
                self.wishes.queued.fetch_add(count, Ordering::Relaxed);
                self.wishes.queued_input_bytes.fetch_add(input_bytes, Ordering::Relaxed);
                self.next += count;
                self.lost = 0;
            }
            Err(TrySendError::Full(batch) | TrySendError::Disconnected(batch)) => {
                self.inputs = batch.inputs;
                if standing {
                    self.wishes.ask_standing();
                } else {
                    self.lose_count(count);
                }
            }
        }
    }

    fn lose(&mut self, facts: &mut Vec<Stamped>) {
        self.lose_count(facts.len() as u64);
        facts.clear();
    }

    fn lose_count(&mut self, count: u64) {
        self.lost += count;
        self.next += count;
        self.wishes.dropped.fetch_add(count, Ordering::Relaxed);
    }

    #[cold]
    fn hand_over_metrics(&self, engine: &Engine) {
        // Whoever asks holds the lock only for a moment; if it is this one,
        // the next half-cycle will do.
        if let Ok(mut slot) = self.wishes.snapshot.try_lock() {
            self.wishes.bits.fetch_and(!METRICS, Ordering::Relaxed);
            *slot = Some(Snapshot::of(engine));
            self.wishes.taken.notify_all();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Event;
    use crate::time::Micros;

    /// Protects: nothing is dropped uncounted, not even at the end.
    #[test]
    fn what_found_no_room_is_told_as_missed_when_the_loop_ends() {
        let (mut outlet, batches, wishes) = Outlet::with_capacity(1);
        wishes.watch(true);
        let nothing = None::<fn() -> Vec<Stamped>>;
        outlet.pass(&mut Vec::new(), nothing);
        let mut facts = vec![Stamped { at: Micros::ZERO, event: Event::Shutdown }; 2];
        outlet.pass(&mut facts, nothing);
        assert!(batches.try_recv().is_err(), "two facts have no room");
        outlet.finish();
        let last = batches.recv().expect("a last word");
        assert_eq!((last.lost, last.facts.len()), (2, 0));
        assert!(batches.recv().is_err(), "and the end");
    }
}
