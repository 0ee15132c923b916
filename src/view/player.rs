//! The playhead: stepping, playing, stopping. Owns no clock and no records.
//!
//! At a playhead of `n`, record `n - 1` has just happened and its motion runs:
//! [`Player::progress`] goes from 0 to 1 during the record's *beat*
//! ([`beat_ms`]). At the end of each phase the picture then stands still for
//! a moment, so that a reader can take it in.

use super::beat::{SHORTEST_TWEEN_MS, beat_ms};
use super::frame::Motion;
use super::rest::{self, Ahead, Grain};
use crate::trace::Timeline;
use crate::trace::timeline::MarkKind;

/// Least and greatest speed, as powers of two: 1/1024 to 8.
pub const SPEED_MIN: i8 = -10;
pub const SPEED_MAX: i8 = 3;

/// How long the picture stands still at the end of a phase: at 1×, and at
/// least, whatever the speed.
const DWELL_MS: f64 = 360.0;
const DWELL_MIN_MS: f64 = 60.0;

/// Whoever follows what happens now is at most about so far behind.
const BEHIND_MS: f64 = 1_200.0;
/// As long as a step's motion is taken to last when that is reckoned with.
const USUAL_BEAT_MS: f64 = 240.0;
/// More than so many records behind, not every step can be shown.
const BEHIND_MAX: usize = 4_000;
/// Then it goes on so many before the end.
const BEHIND_RESUMED: usize = 400;

/// So many times faster than at 1×, steps are no longer shown one by one.
const HASTE: f64 = 4.0;

/// A page in the background is not called for a long time; that is a pause,
/// not time in which things happened unseen.
const TICK_MAX_MS: f64 = 100.0;

/// What to stop at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Breakpoints(u8);

impl Breakpoints {
    #[must_use]
    pub fn has(self, kind: MarkKind) -> bool {
        self.0 & bit(kind) != 0
    }

    pub fn set(&mut self, kind: MarkKind, on: bool) {
        self.0 = if on { self.0 | bit(kind) } else { self.0 & !bit(kind) };
    }

    /// How many are on.
    #[must_use]
    pub fn count(self) -> u32 {
        self.0.count_ones()
    }
}

fn bit(kind: MarkKind) -> u8 {
    match kind {
        MarkKind::Accept => 1,
        MarkKind::Partial => 2,
        MarkKind::Error => 4,
        MarkKind::WriteHandler => 8,
        MarkKind::Close => 16,
        MarkKind::Waited => 32,
    }
}

/// What a step did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    Moved,
    /// Push what the source has next, and ask again.
    NeedMore,
    /// Nothing lies beyond (or, going back, before).
    AtEnd,
}

/// What a tick did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tick {
    /// Not playing.
    Paused,
    /// The same record; its motion went on, or it rests.
    Moving,
    /// The playhead is at another record.
    Moved,
    /// The source must go on; still playing.
    NeedMore,
    /// The source has finished, and play with it. Playing again starts over:
    /// the caller seeks to 0 first.
    AtEnd,
    /// A breakpoint: paused, at rest after the record that hit it.
    StoppedAt(MarkKind),
}

/// See the module documentation.
#[derive(Clone, Debug, PartialEq)]
pub struct Player {
    playhead: usize,
    playing: bool,
    /// Log2.
    speed: i8,
    motion: Motion,
    /// Milliseconds of this record's beat and dwell that have passed;
    /// infinite at rest.
    elapsed_ms: f64,
    /// How many times faster than at 1× whoever follows is taken along.
    following: f64,
    pub breakpoints: Breakpoints,
}

impl Default for Player {
    fn default() -> Player {
        Player {
            playhead: 0,
            playing: false,
            speed: 0,
            motion: Motion::Full,
            elapsed_ms: f64::INFINITY,
            following: 0.0,
            breakpoints: Breakpoints::default(),
        }
    }
}

impl Player {
    /// Paused, before the first record, at 1×.
    #[must_use]
    pub fn new() -> Player {
        Player::default()
    }

    /// How many records have happened.
    #[must_use]
    pub fn playhead(&self) -> usize {
        self.playhead
    }

    #[must_use]
    pub fn is_playing(&self) -> bool {
        self.playing
    }

    /// As a power of two.
    #[must_use]
    pub fn speed(&self) -> i8 {
        self.speed
    }

    /// Kept between [`SPEED_MIN`] and [`SPEED_MAX`].
    pub fn set_speed(&mut self, log2: i8) {
        self.speed = log2.clamp(SPEED_MIN, SPEED_MAX);
    }

    pub fn set_motion(&mut self, motion: Motion) {
        self.motion = motion;
    }

    /// How far the last record's motion has got: 0 just happened, 1 at rest.
    /// Always 1 with reduced motion, in haste, and for motions too short to be
    /// seen.
    #[must_use]
    pub fn progress(&self, timeline: &Timeline) -> f64 {
        let beat = self.beat_ms(timeline);
        if self.motion == Motion::Reduced || beat < SHORTEST_TWEEN_MS || self.is_in_haste() {
            return 1.0;
        }
        (self.elapsed_ms / beat).min(1.0)
    }

    /// Whether anything will move without the reader: the page asks for
    /// frames only while it does.
    #[must_use]
    pub fn is_moving(&self, timeline: &Timeline) -> bool {
        self.playing || self.progress(timeline) < 1.0
    }

    /// Whether steps go by faster than they can be shown one by one: see
    /// [`Pictures`](super::pictures::Pictures).
    #[must_use]
    pub fn is_in_haste(&self) -> bool {
        let pace = if self.playing { self.factor() } else { self.following };
        pace >= HASTE
    }

    /// Goes on from here. At the end the next tick says so.
    pub fn play(&mut self) {
        self.playing = true;
    }

    /// Stops where it is, in mid-motion too: an exact moment to look at.
    pub fn pause(&mut self) {
        self.playing = false;
    }

    /// Forward by one step of `grain`: pauses, and rests.
    pub fn forward(&mut self, grain: Grain, timeline: &Timeline) -> Step {
        self.playing = false;
        match rest::after(timeline, grain, self.playhead) {
            Ahead::Rest(count) => {
                self.rest_at(count);
                Step::Moved
            }
            Ahead::Unknown => Step::NeedMore,
            Ahead::End => {
                self.rest_at(self.playhead);
                Step::AtEnd
            }
        }
    }

    /// Back by one step of `grain`: pauses, and rests. In mid-motion the
    /// record that is moving is undone first, like any other.
    pub fn back(&mut self, grain: Grain, timeline: &Timeline) -> Step {
        self.playing = false;
        let moved = self.playhead > 0;
        self.rest_at(rest::before(timeline, grain, self.playhead));
        if moved { Step::Moved } else { Step::AtEnd }
    }

    /// To the step at or before `count` records; keeps playing if it was.
    pub fn seek(&mut self, count: usize, timeline: &Timeline) {
        self.rest_at(rest::at_or_before(timeline, count));
    }

    /// To where a slider was moved. Its keys move it by one record: forward of
    /// a step that is the next step, though only book-keeping lies there.
    pub fn scrub(&mut self, count: usize, timeline: &Timeline) {
        let before = self.playhead;
        self.seek(count, timeline);
        if count > before
            && self.playhead == before
            && let Some(next) = rest::next_step(timeline, before)
        {
            self.rest_at(next);
        }
    }

    fn rest_at(&mut self, playhead: usize) {
        self.playhead = playhead;
        self.elapsed_ms = f64::INFINITY;
        self.following = 0.0;
    }

    /// `dt_ms` of the reader's time have passed.
    ///
    /// At 1× and slower each step is shown in at least one tick, however long
    /// the tick; faster than that, several may pass in one.
    pub fn tick(&mut self, dt_ms: f64, timeline: &Timeline) -> Tick {
        if !self.playing {
            return Tick::Paused;
        }
        let mut budget_ms = dt_ms.clamp(0.0, TICK_MAX_MS);
        let mut moved = false;
        loop {
            let due = self.beat_ms(timeline) + self.dwell_ms(timeline);
            let left = (due - self.elapsed_ms).max(0.0);
            if budget_ms < left {
                self.elapsed_ms += budget_ms;
                return if moved { Tick::Moved } else { Tick::Moving };
            }
            budget_ms -= left;
            match rest::after(timeline, Grain::Event, self.playhead) {
                Ahead::Rest(count) => self.playhead = count,
                Ahead::Unknown => {
                    self.elapsed_ms = due;
                    return Tick::NeedMore;
                }
                Ahead::End => {
                    self.rest_at(self.playhead);
                    self.playing = false;
                    return Tick::AtEnd;
                }
            }
            if let Some(kind) = self.breakpoint(timeline) {
                self.rest_at(self.playhead);
                self.playing = false;
                return Tick::StoppedAt(kind);
            }
            moved = true;
            self.elapsed_ms = 0.0;
            if self.speed <= 0 {
                self.elapsed_ms = budget_ms.min(self.beat_ms(timeline));
                return Tick::Moved;
            }
        }
    }

    /// Takes whoever follows what happens now along, after `dt_ms` of its time:
    /// every step with its motion, the faster the more there is to catch up
    /// with. How many records it had to pass over, since there were too many.
    pub fn follow(&mut self, dt_ms: f64, timeline: &Timeline) -> usize {
        self.playing = false;
        let mut passed_over = 0;
        if self.motion == Motion::Reduced {
            self.seek(timeline.len(), timeline);
        }
        if timeline.len() - self.playhead > BEHIND_MAX {
            let before = self.playhead;
            self.seek(timeline.len() - BEHIND_RESUMED, timeline);
            passed_over = self.playhead - before;
        }
        let behind = (timeline.len() - self.playhead) as f64;
        let haste = (behind * USUAL_BEAT_MS / BEHIND_MS).max(1.0);
        // Without motion it jumps to what is now, however often that changes.
        self.following = if self.motion == Motion::Reduced { HASTE } else { haste };
        let mut budget_ms = dt_ms.clamp(0.0, TICK_MAX_MS) * haste;
        loop {
            let left = (self.beat_ms(timeline) - self.elapsed_ms).max(0.0);
            if budget_ms < left {
                self.elapsed_ms += budget_ms;
                return passed_over;
            }
            budget_ms -= left;
            let next = rest::next_step(timeline, self.playhead);
            let Some(next) = next else {
                self.elapsed_ms = f64::INFINITY;
                return passed_over;
            };
            self.playhead = next;
            self.elapsed_ms = 0.0;
        }
    }

    /// Whether [`Player::follow`] has anything left to show.
    #[must_use]
    pub fn is_behind(&self, timeline: &Timeline) -> bool {
        self.progress(timeline) < 1.0 || rest::next_step(timeline, self.playhead).is_some()
    }

    fn breakpoint(&self, timeline: &Timeline) -> Option<MarkKind> {
        let here = self.playhead.checked_sub(1)?;
        let marks = &timeline.cycles().get(timeline.cycle_of(here)?)?.marks;
        let of_here = marks.iter().filter(|mark| mark.record == here);
        of_here.map(|mark| mark.kind).find(|kind| self.breakpoints.has(*kind))
    }

    /// The beat of the record at the playhead, at this speed.
    fn beat_ms(&self, timeline: &Timeline) -> f64 {
        let beat = timeline.now(self.playhead).map_or(0.0, |r| beat_ms(&r.event, self.motion));
        beat / self.factor()
    }

    fn dwell_ms(&self, timeline: &Timeline) -> f64 {
        if self.playhead > 0 && rest::is_rest(timeline, Grain::Phase, self.playhead) {
            (DWELL_MS / self.factor()).max(DWELL_MIN_MS)
        } else {
            0.0
        }
    }

    fn factor(&self) -> f64 {
        f64::from(self.speed).exp2()
    }
}
