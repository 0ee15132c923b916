//! Who is told what the loop does: a file, watchers, both or nobody.
//!
//! Facts are collected only while somebody wants them. Without anybody, a
//! half-cycle costs the loop a look at one number.

use super::live::Live;
use super::live::gate::Stop;
use super::live::outlet::{After, Wishes};
use super::recorder::Recorder;
use super::taping::Drivable;
use crate::engine::Engine;
use crate::event::Stamped;
use crate::net::Fired;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// See the module documentation.
#[derive(Default)]
pub struct Watching {
    recorder: Option<(Recorder, PathBuf)>,
    live: Option<Live>,
    /// Those of the watchers; without any, nobody's.
    wishes: Arc<Wishes>,
    /// The process must end: nobody is held any longer.
    stop: Arc<AtomicBool>,
    facts: Vec<Stamped>,
}

/// The recording cannot go on.
pub struct RecordError(pub PathBuf, pub io::Error);

impl Watching {
    #[must_use]
    pub fn new(
        recorder: Option<(Recorder, PathBuf)>,
        live: Option<Live>,
        stop: Arc<AtomicBool>,
    ) -> Watching {
        let wishes = live.as_ref().map(|live| Arc::clone(live.outlet.wishes())).unwrap_or_default();
        let has_gate = live.as_ref().is_some_and(|live| live.gate.is_some());
        if recorder.is_some() || has_gate {
            wishes.never_idle();
        }
        Watching { recorder, live, wishes, stop, facts: Vec::new() }
    }

    /// Where it can be watched.
    #[must_use]
    pub fn address(&self) -> Option<&str> {
        self.live.as_ref().map(|live| live.address.as_str())
    }

    /// A half-cycle is over.
    ///
    /// # Errors
    /// If the recording cannot be written.
    #[inline]
    pub fn half_cycle<N: Drivable>(
        &mut self,
        engine: &mut Engine,
        net: &mut N,
        after: After,
    ) -> Result<(), RecordError> {
        if self.wishes.is_idle() {
            return Ok(());
        }
        self.tell(engine, net, after)?;
        let stop = match after {
            After::BeforePoll(_) => Stop::AboutToSleep,
            After::AfterPoll => {
                Stop::BeforeSleep { pending_writes: engine.server().pending_write.len() }
            }
        };
        self.hold(engine, stop, &[]);
        Ok(())
    }

    /// The poll has returned.
    #[inline]
    pub fn woken(&self, engine: &Engine, fired: &[Fired]) {
        if !self.wishes.is_idle() {
            self.hold(engine, Stop::Woken { fired: fired.len() }, fired);
        }
    }

    #[cold]
    fn tell<N: Drivable>(
        &mut self,
        engine: &mut Engine,
        net: &mut N,
        after: After,
    ) -> Result<(), RecordError> {
        let wanted = self.wishes.is_watched() || self.recorder.is_some();
        if wanted != engine.server().tap.is_on() {
            net.note_facts(wanted);
            engine.watch_events(net, wanted);
        }
        engine.take_events(&mut self.facts);
        let inputs = if wanted { net.take_inputs() } else { String::new() };
        if let Some((recorder, path)) = &mut self.recorder {
            let written = recorder.write(&self.facts, &inputs).and_then(|()| match after {
                After::BeforePoll(timeout) if recorder.is_full() => {
                    recorder.rotate()?;
                    recorder.write(&engine.standing_asleep(timeout), "")
                }
                _ => Ok(()),
            });
            written.map_err(|error| RecordError(path.clone(), error))?;
        }
        if let Some(live) = &mut self.live {
            live.outlet.half_cycle(engine, &mut self.facts, &inputs, after);
        }
        self.facts.clear();
        Ok(())
    }

    #[cold]
    fn hold(&self, engine: &Engine, stop: Stop, fired: &[Fired]) {
        if let Some(live) = &self.live
            && let Some(gate) = &live.gate
            && gate.is_armed()
        {
            let over = || self.stop.load(Ordering::Relaxed);
            gate.pass(engine, stop, fired, || live.wake_watchers(), over);
        }
    }

    /// The loop has ended: what is left is written, and told to watchers.
    ///
    /// # Errors
    /// If the recording cannot be written.
    pub fn finish<N: Drivable>(
        mut self,
        engine: &mut Engine,
        net: &mut N,
    ) -> Result<(), RecordError> {
        self.tell(engine, net, After::AfterPoll)?;
        let written = match self.recorder {
            None => Ok(()),
            Some((recorder, path)) => recorder.finish().map_err(|error| RecordError(path, error)),
        };
        if let Some(live) = self.live {
            live.finish();
        }
        written
    }
}
