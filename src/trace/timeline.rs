//! All records of a run, with keyframes, so that any moment is near.
//!
//! Rewinding never runs the engine: it takes the nearest keyframe before the
//! moment and folds from there. Keyframes are thinned as the run grows, so
//! that both their number and the way from one to the next stay bounded; see
//! [`Timeline::footprint`].

use super::{Record, World};
use crate::event::{AcceptEnd, ClientId, Event, LimitKind};
use crate::net::Mask;
use crate::time::Micros;
use std::cell::RefCell;
use std::fmt;
use std::net::SocketAddr;
use std::rc::Rc;

/// What a cycle's strip shows.
///
/// Cycles share out the records: each owns those from its `PollReturn` up to
/// the next one, so the sleep that follows a cycle is drawn after it but
/// counted as [`slept`](CycleSummary::slept) of the next.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CycleSummary {
    pub cycle: u64,
    /// Index of its first record (`CycleBegin`'s `PollReturn`) and one past its last.
    pub first: usize,
    pub end: usize,
    pub began: Micros,
    /// When the thread went to sleep again; while it has not, the last moment
    /// at which a fact said what it did.
    pub ended: Micros,
    /// Asleep before it.
    pub slept: Micros,
    /// Time awake, by kind of work: taking and parsing; executing; writing.
    pub read: Micros,
    pub cook: Micros,
    pub serve: Micros,
    /// The rest of the time awake: timers and the loop's own work. The four
    /// add up to `ended - began`.
    pub cron: Micros,
    pub commands: u32,
    pub marks: Vec<Mark>,
}

/// A thing worth a sign above its cycle.
#[derive(Clone, Debug, PartialEq)]
pub struct Mark {
    pub kind: MarkKind,
    /// Index of the record.
    pub record: usize,
    pub client: Option<ClientId>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MarkKind {
    Accept,
    Partial,
    Error,
    WriteHandler,
    Close,
    /// A command that others waited for: no fact says so by itself, see
    /// [`Timeline::mark_wait`].
    Waited,
}

impl MarkKind {
    pub const ALL: [MarkKind; 6] = [
        MarkKind::Waited,
        MarkKind::Accept,
        MarkKind::Partial,
        MarkKind::Error,
        MarkKind::WriteHandler,
        MarkKind::Close,
    ];

    /// The sign that a fact deserves. A connection that ends has its sign
    /// where it ends (`ClientFreed`), exactly once, however it came to that.
    #[must_use]
    pub fn of(event: &Event) -> Option<MarkKind> {
        match event {
            Event::Accept { .. } => Some(MarkKind::Accept),
            Event::Incomplete { .. } => Some(MarkKind::Partial),
            Event::ProtocolError { .. }
            | Event::CommandRejected { .. }
            | Event::CommandEnd { error: true, .. }
            | Event::AcceptRefused { .. }
            | Event::AcceptEnd { why: AcceptEnd::Failed(_), .. } => Some(MarkKind::Error),
            Event::Limit { kind, .. } => match kind {
                LimitKind::QueryBuffer | LimitKind::OutputHard | LimitKind::OutputSoftExpired => {
                    Some(MarkKind::Error)
                }
                LimitKind::OutputSoftStarted
                | LimitKind::OutputSoftCleared
                | LimitKind::MaxClients
                | LimitKind::WriteBudget => None,
            },
            Event::Watch { mask, .. } if mask.has(Mask::WRITABLE) => Some(MarkKind::WriteHandler),
            Event::ClientFreed { .. } => Some(MarkKind::Close),
            _ => None,
        }
    }
}

/// The part of a cycle's time awake that led to a fact.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Read,
    Cook,
    Serve,
    Cron,
}

impl Kind {
    /// `None`: the fact says nothing about what the thread was doing (a far
    /// end moved meanwhile), so its time belongs to the next one that does.
    fn of(event: &Event) -> Option<Kind> {
        match event {
            Event::Fire { .. }
            | Event::FireSkipped { .. }
            | Event::Accept { .. }
            | Event::AcceptRefused { .. }
            | Event::AcceptEnd { .. }
            | Event::ClientCreated { .. }
            | Event::Read { .. }
            | Event::Parsed { .. }
            | Event::Incomplete { .. }
            | Event::ProtocolError { .. }
            | Event::QueryTrimmed { .. }
            | Event::Unrecorded { .. } => Some(Kind::Read),
            Event::CommandBegin { .. }
            | Event::CommandEnd { .. }
            | Event::CommandRejected { .. }
            | Event::ClientChanged { .. }
            | Event::Key { .. }
            | Event::Flushed { .. }
            | Event::ReplyQueued { .. }
            | Event::PendingWriteQueued { .. }
            | Event::Blocked { .. }
            | Event::Transaction { .. }
            | Event::Subscription { .. }
            | Event::Published { .. }
            | Event::Monitoring { .. } => Some(Kind::Cook),
            Event::PendingWriteTaken { .. }
            | Event::Write { .. }
            | Event::SweepBegin { .. }
            | Event::SweepEnd { .. } => Some(Kind::Serve),
            Event::CycleBegin { .. }
            | Event::CycleEnd { .. }
            | Event::PhaseEnter { .. }
            | Event::PhaseLeave { .. }
            | Event::PollEnter { .. }
            | Event::TimerAdded { .. }
            | Event::TimerFired { .. }
            | Event::TimerRearmed { .. }
            | Event::ClientsCron { .. }
            | Event::ExpireCycle { .. } => Some(Kind::Cron),
            Event::PollReturn { .. }
            | Event::Listen { .. }
            | Event::Config { .. }
            | Event::CloseAfterReply { .. }
            | Event::CloseAsap { .. }
            | Event::ClientFreed { .. }
            | Event::Watch { .. }
            | Event::Unblocked { .. }
            | Event::Paused { .. }
            | Event::ClientMemory { .. }
            | Event::Limit { .. }
            | Event::Shutdown
            | Event::Pipe { .. }
            | Event::Dropped { .. }
            | Event::Standing { .. } => None,
        }
    }
}

/// The timeline holds as many records as it may. What it has stays; the
/// source must be paused, or recorded to a file instead.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Full;

impl fmt::Display for Full {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a timeline holds at most {} records", Timeline::RECORD_LIMIT)
    }
}

impl std::error::Error for Full {}

/// What a timeline holds, and the bounds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Footprint {
    pub records: usize,
    pub keyframes: usize,
    /// Records from one keyframe to the next: no seek folds more than this.
    pub spacing: usize,
    /// What the keyframes weigh together; see [`World::weight`].
    pub keyframe_bytes: u64,
    pub record_limit: usize,
    pub keyframe_limit: usize,
    pub keyframe_bytes_limit: u64,
}

/// See the module documentation.
#[derive(Debug)]
pub struct Timeline {
    records: Vec<Record>,
    /// The state after all records.
    head: World,
    /// `keyframes[i]` is the state after the first `(i + 1) * spacing` records.
    keyframes: Vec<World>,
    spacing: usize,
    keyframe_limit: usize,
    /// Of all keyframes together.
    keyframe_bytes: u64,
    cycles: Vec<CycleSummary>,
    /// Time awake that no fact has explained yet.
    unexplained: Micros,
    /// From the first `PollEnter` after a cycle's begin, the thread sleeps.
    asleep_since: Option<Micros>,
    finished: bool,
    /// Whom the reader plays in this run, if anybody: no record says so.
    you: Option<SocketAddr>,
    /// The moment asked for last: stepping forward folds one record more.
    cursor: RefCell<Rc<World>>,
}

impl Default for Timeline {
    fn default() -> Timeline {
        Timeline::with_keyframes(Timeline::FIRST_SPACING, Timeline::KEYFRAME_LIMIT)
    }
}

impl Timeline {
    /// Most records; with each one's size capped by the previews in it, this
    /// bounds the memory of a source that never ends.
    pub const RECORD_LIMIT: usize = 1_000_000;
    /// Most keyframes: beyond it every other one goes and the spacing doubles.
    pub const KEYFRAME_LIMIT: usize = 1_024;
    /// Most that they may weigh together, to the same end. A house of few
    /// guests can thus afford many keyframes, a full one fewer.
    pub const KEYFRAME_BYTES_LIMIT: u64 = 32 << 20;
    const FIRST_SPACING: usize = 64;

    #[must_use]
    pub fn new() -> Timeline {
        Timeline::default()
    }

    /// From where the reader comes as a guest of this run.
    #[must_use]
    pub fn you(&self) -> Option<SocketAddr> {
        self.you
    }

    /// From now on the reader plays the guest that comes from there, or nobody:
    /// who is told of the run is spoken to as that guest.
    pub fn play_as(&mut self, you: Option<SocketAddr>) {
        self.you = you;
    }

    /// A timeline with other bounds: a keyframe every `spacing` records until
    /// there are `keyframe_limit` of them. Both are at least 1.
    #[must_use]
    pub fn with_keyframes(spacing: usize, keyframe_limit: usize) -> Timeline {
        Timeline {
            records: Vec::new(),
            head: World::default(),
            keyframes: Vec::new(),
            spacing: spacing.max(1),
            keyframe_limit: keyframe_limit.max(1),
            keyframe_bytes: 0,
            cycles: Vec::new(),
            unexplained: Micros::ZERO,
            asleep_since: None,
            finished: false,
            you: None,
            cursor: RefCell::default(),
        }
    }

    /// Appends the newest record.
    ///
    /// # Errors
    /// [`Full`] at [`Timeline::RECORD_LIMIT`] records; nothing changes then.
    pub fn push(&mut self, record: Record) -> Result<(), Full> {
        if self.records.len() == Timeline::RECORD_LIMIT {
            return Err(Full);
        }
        self.summarize(&record);
        self.head.fold(&record);
        self.records.push(record);
        if self.records.len().is_multiple_of(self.spacing) {
            let weight = self.head.weight();
            if self.keyframes.len() == self.keyframe_limit
                || self.keyframe_bytes.saturating_add(weight) > Timeline::KEYFRAME_BYTES_LIMIT
            {
                self.thin();
            }
            // Thinning may have doubled the spacing past this very place.
            if self.records.len().is_multiple_of(self.spacing) {
                self.keyframe_bytes += weight;
                self.keyframes.push(self.head.clone());
            }
        }
        Ok(())
    }

    fn thin(&mut self) {
        let mut index = 0;
        self.keyframes.retain(|_| {
            index += 1;
            index % 2 == 0
        });
        self.keyframe_bytes = self.keyframes.iter().map(World::weight).sum();
        self.spacing *= 2;
    }

    /// The source has no more: a recording ends here. (A simulation never
    /// ends; its timer goes on.)
    pub fn finish(&mut self) {
        self.finished = true;
    }

    #[must_use]
    pub fn is_finished(&self) -> bool {
        self.finished
    }

    #[must_use]
    pub fn len(&self) -> usize {
        self.records.len()
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.records.is_empty()
    }

    #[must_use]
    pub fn record(&self, index: usize) -> Option<&Record> {
        self.records.get(index)
    }

    #[must_use]
    pub fn records(&self) -> &[Record] {
        &self.records
    }

    /// The record that led to the state after the first `count`.
    #[must_use]
    pub fn now(&self, count: usize) -> Option<&Record> {
        self.records.get(count.checked_sub(1)?)
    }

    /// The state after all records.
    #[must_use]
    pub fn head(&self) -> &World {
        &self.head
    }

    /// The state after the first `count` records (all of them if there are
    /// fewer). Asking for a moment at or shortly after the last one asked for
    /// folds only what lies between.
    #[must_use]
    pub fn world_at(&self, count: usize) -> Rc<World> {
        let count = count.min(self.records.len());
        let mut cursor = self.cursor.borrow_mut();
        let here = position(&cursor);
        let keyframe = self.keyframe_before(count);
        if here > count || here < keyframe {
            *cursor = Rc::new(match keyframe / self.spacing {
                0 => World::default(),
                nth => self.keyframes[nth - 1].clone(),
            });
        }
        let from = position(&cursor);
        if from < count {
            // In place, unless somebody still holds the earlier moment.
            let world = Rc::make_mut(&mut cursor);
            self.records[from..count].iter().for_each(|record| world.fold(record));
        }
        Rc::clone(&cursor)
    }

    /// The count of the last keyframe at or before `count`; 0 is the start.
    fn keyframe_before(&self, count: usize) -> usize {
        (count / self.spacing).min(self.keyframes.len()) * self.spacing
    }

    #[must_use]
    pub fn footprint(&self) -> Footprint {
        Footprint {
            records: self.records.len(),
            keyframes: self.keyframes.len(),
            spacing: self.spacing,
            keyframe_bytes: self.keyframe_bytes,
            record_limit: Timeline::RECORD_LIMIT,
            keyframe_limit: self.keyframe_limit,
            keyframe_bytes_limit: Timeline::KEYFRAME_BYTES_LIMIT,
        }
    }

    /// All cycles so far, the running one included.
    #[must_use]
    pub fn cycles(&self) -> &[CycleSummary] {
        &self.cycles
    }

    /// Which of [`Timeline::cycles`] owns the record at `index`; `None` before
    /// the first poll has returned and past the end.
    #[must_use]
    pub fn cycle_of(&self, index: usize) -> Option<usize> {
        if index >= self.records.len() {
            return None;
        }
        self.cycles.partition_point(|cycle| cycle.first <= index).checked_sub(1)
    }

    /// Every mark, in order.
    pub fn marks(&self) -> impl Iterator<Item = &Mark> {
        self.cycles.iter().flat_map(|cycle| &cycle.marks)
    }

    /// Marks the end of a command that others waited for, if it is not yet.
    /// Who waited for what is known to those who follow requests.
    pub fn mark_wait(&mut self, record: usize) {
        let client = self.record(record).and_then(|record| record.event.client());
        let cycle = self.cycle_of(record).and_then(|at| self.cycles.get_mut(at));
        let mark = Mark { kind: MarkKind::Waited, record, client };
        if let Some(cycle) = cycle.filter(|cycle| !cycle.marks.contains(&mark)) {
            let at = cycle.marks.partition_point(|before| before.record <= record);
            cycle.marks.insert(at, mark);
        }
    }

    fn summarize(&mut self, record: &Record) {
        let index = self.records.len();
        let at = record.at.max(self.head.at);
        if let Event::PollReturn { .. } = record.event {
            let before = self.cycles.last().map_or(0, |cycle| cycle.cycle);
            self.cycles.push(CycleSummary {
                cycle: before.saturating_add(1),
                first: index,
                began: at,
                slept: self.asleep_since.map_or(Micros::ZERO, |since| at.saturating_sub(since)),
                ..CycleSummary::default()
            });
            self.asleep_since = None;
            self.unexplained = Micros::ZERO;
        }
        let awake = at.saturating_sub(self.head.at);
        if let Some(cycle) = self.cycles.last_mut() {
            cycle.end = index + 1;
            if self.asleep_since.is_none() {
                cycle.account(record, at, awake, &mut self.unexplained);
            }
            if let Some(kind) = MarkKind::of(&record.event) {
                let client = record.event.client();
                cycle.marks.push(Mark { kind, record: index, client });
            }
        }
        if let Event::PollEnter { .. } = record.event {
            self.asleep_since = Some(at);
        }
    }
}

/// How many records a world has folded.
fn position(world: &World) -> usize {
    usize::try_from(world.records).unwrap_or(usize::MAX)
}

impl CycleSummary {
    fn account(&mut self, record: &Record, at: Micros, awake: Micros, unexplained: &mut Micros) {
        match &record.event {
            Event::CycleBegin { cycle } => self.cycle = *cycle,
            Event::CommandEnd { .. } => self.commands = self.commands.saturating_add(1),
            _ => {}
        }
        // Its own begin: the time before it was sleep.
        if matches!(record.event, Event::PollReturn { .. }) {
            self.ended = at;
            return;
        }
        *unexplained = unexplained.saturating_add(awake);
        let Some(kind) = Kind::of(&record.event) else { return };
        let sum = match kind {
            Kind::Read => &mut self.read,
            Kind::Cook => &mut self.cook,
            Kind::Serve => &mut self.serve,
            Kind::Cron => &mut self.cron,
        };
        *sum = sum.saturating_add(std::mem::take(unexplained));
        self.ended = at;
    }
}
