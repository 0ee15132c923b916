//! I/O threads: helpers that write a part of the final sweep.
//!
//! Redis: the threads of 6.0 to 7.4 (`IOThreadMain`), writes only. Commands
//! never leave the one thread, and nothing is shared with it: a helper is
//! *given* its [`Load`] (the turns, with their reply buffers and their
//! sockets) and gives it back when it is done. While any load is out, the one
//! thread carries its own share and then waits, so there is no moment at which
//! two threads could touch the same client, and the compiler knows.
//!
//! # Parked, not spinning
//!
//! Redis's helpers spin for work, up to a million turns, and the one thread
//! spins until they are done, which is why "idle" servers with `io-threads`
//! burn whole cores. Here both ends are channels: a helper without work is
//! parked in the kernel and costs nothing, and the price is a wake-up, a few
//! microseconds, per helper and shared sweep. The rule when to share (two
//! clients for each thread) is Redis's and does not know what the replies
//! weigh, so for small replies on an idle machine the hand-over can cost more
//! than it saves; for large ones it is lost in the copy.
//!
//! # Ends
//!
//! - A turn that panics (our own bug) ends its connection, as an error of the
//!   kernel would: what was written was written once, nothing follows it. The
//!   helper goes on with its next turn.
//! - A helper that is no longer there is not given anything: the one thread
//!   carries its share, and says so.
//! - A load always comes back, since nothing but its turns can panic. If one
//!   does not, its sockets are gone with it, and the loop ends with a panic
//!   rather than wait for ever.
//! - Dropping the threads lets them finish and joins them.

use super::{Found, Handle, Tcp, since, write_stream};
use crate::net::batch::write_with;
use crate::net::{Fd, Net, Outgoing, WriteJob, WriteOutcome};
use mio::net::TcpStream;
use std::any::Any;
use std::fmt;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, SendError, SyncSender, sync_channel};
use std::thread::JoinHandle;
use std::time::Instant;

/// One turn, and all that it needs.
struct Errand<S> {
    /// The job's place in the batch.
    index: usize,
    job: WriteJob<S>,
    stream: TcpStream,
    found: Found,
}

/// What one helper carries in one sweep.
struct Load<S> {
    errands: Vec<Errand<S>>,
    /// How many are done.
    done: usize,
    /// Zero of the loop's clock, if the turns are to be timed.
    clock: Option<Instant>,
}

/// A [`Load`] of whatever the replies are made of.
trait Carry: Any + Send {
    /// The turns that are not done yet, in order.
    fn carry(&mut self);
    /// The turn that is under way panicked.
    fn give_up_turn(&mut self);
}

impl<S> Default for Load<S> {
    fn default() -> Load<S> {
        Load { errands: Vec::new(), done: 0, clock: None }
    }
}

impl<S: Outgoing> Load<S> {
    fn finish_turn(&mut self) {
        if let (Some(errand), Some(clock)) = (self.errands.get_mut(self.done), self.clock) {
            errand.job.done_at = since(clock);
        }
        self.done += 1;
    }
}

impl<S: Outgoing> Carry for Load<S> {
    fn carry(&mut self) {
        while let Some(Errand { job, stream, found, .. }) = self.errands.get_mut(self.done) {
            write_with(job, |_, pieces| {
                let result;
                (result, *found) = write_stream(stream, pieces);
                result
            });
            self.finish_turn();
        }
    }

    fn give_up_turn(&mut self) {
        if let Some(errand) = self.errands.get_mut(self.done) {
            errand.job.outcome = WriteOutcome::Reset;
            errand.found = Found::Broken;
        }
        self.finish_turn();
    }
}

/// One helper, seen from the one thread.
struct IoThread {
    loads: SyncSender<Box<dyn Carry>>,
    back: Receiver<Box<dyn Carry>>,
    thread: JoinHandle<()>,
    /// The load of the last sweep, emptied: kept for its allocation.
    spare: Option<Box<dyn Carry>>,
    /// Has a load.
    is_out: bool,
}

/// See the module documentation.
#[derive(Default)]
pub(super) struct IoThreads(Vec<IoThread>);

impl fmt::Debug for IoThreads {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("IoThreads").field(&self.0.len()).finish()
    }
}

impl IoThreads {
    /// As many helpers as there are threads besides the one.
    ///
    /// Redis: `initThreadedIO`.
    ///
    /// # Errors
    /// If the system gives no more threads; those already started are joined.
    pub fn start(io_threads: u32) -> io::Result<IoThreads> {
        let mut all = IoThreads::default();
        for number in 1..io_threads {
            let (loads, given) = sync_channel(1);
            let (give, back) = sync_channel(1);
            let name = format!("io-thread {number}");
            let thread =
                std::thread::Builder::new().name(name).spawn(move || run(&given, &give))?;
            all.0.push(IoThread { loads, back, thread, spare: None, is_out: false });
        }
        Ok(all)
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// A helper's life. Between two loads it is parked.
fn run(given: &Receiver<Box<dyn Carry>>, give: &SyncSender<Box<dyn Carry>>) {
    for mut load in given {
        while catch_unwind(AssertUnwindSafe(|| load.carry())).is_err() {
            load.give_up_turn();
        }
        if give.send(load).is_err() {
            return;
        }
    }
}

impl Drop for IoThreads {
    fn drop(&mut self) {
        for IoThread { loads, back, thread, .. } in self.0.drain(..) {
            drop((loads, back));
            // Its turns' panics were caught; there is nothing left to tell.
            _ = thread.join();
        }
    }
}

impl Tcp {
    /// The sweep, shared out: fan-out, the own share, fan-in.
    ///
    /// Redis: `handleClientsWithPendingWritesUsingThreads`, the part between
    /// distributing the clients and installing the handlers.
    pub(super) fn write_batch_threaded<S: Outgoing>(
        &mut self,
        jobs: &mut [WriteJob<S>],
        timed: bool,
    ) {
        let mut threads = std::mem::take(&mut self.io_threads);
        for job in jobs.iter_mut().filter(|job| usize::from(job.carried_by) > threads.0.len()) {
            job.carried_by = 0;
        }
        for (number, thread) in (1..).zip(&mut threads.0) {
            self.fan_out(number, thread, jobs, timed);
        }
        for job in jobs.iter_mut().filter(|job| job.carried_by == 0) {
            write_with(job, |fd, pieces| self.write(fd, pieces));
            if timed {
                job.done_at = self.now();
            }
        }
        for thread in threads.0.iter_mut().filter(|thread| thread.is_out) {
            self.fan_in(thread, jobs);
        }
        self.io_threads = threads;
    }

    /// Gives a helper its share; if it is gone, the share stays here.
    fn fan_out<S: Outgoing>(
        &mut self,
        number: u8,
        thread: &mut IoThread,
        jobs: &mut [WriteJob<S>],
        timed: bool,
    ) {
        let mut load = thread.spare.take().and_then(load_of).unwrap_or_default();
        load.clock = timed.then_some(self.started);
        for (index, job) in jobs.iter_mut().enumerate() {
            if job.carried_by == number {
                let stand_in =
                    WriteJob { carried_by: number, ..WriteJob::new(job.fd, S::default()) };
                let stream = self.take_stream(job.fd);
                let job = std::mem::replace(job, stand_in);
                load.errands.push(Errand { index, job, stream, found: Found::Room });
            }
        }
        if load.errands.is_empty() {
            thread.spare = Some(load);
            return;
        }
        match thread.loads.send(load) {
            Ok(()) => thread.is_out = true,
            Err(SendError(load)) => {
                self.unload(load, jobs);
                for job in jobs.iter_mut().filter(|job| job.carried_by == number) {
                    job.carried_by = 0;
                }
            }
        }
    }

    /// # Panics
    /// If the helper is gone with its load; see the module documentation.
    fn fan_in<S: Outgoing>(&mut self, thread: &mut IoThread, jobs: &mut [WriteJob<S>]) {
        thread.is_out = false;
        match thread.back.recv() {
            Ok(load) => thread.spare = Some(self.unload(load, jobs)),
            Err(_) => panic!("an I/O thread ended with clients in its hands"),
        }
    }

    /// Jobs and sockets go back to their places.
    fn unload<S: Outgoing>(
        &mut self,
        load: Box<dyn Carry>,
        jobs: &mut [WriteJob<S>],
    ) -> Box<Load<S>> {
        let mut load: Box<Load<S>> = load_of(load).expect("the load that was given");
        load.done = 0;
        for Errand { index, job, stream, found } in load.errands.drain(..) {
            let fd = job.fd;
            self.places[fd.0 as usize].handle = Some(Handle::Stream(stream));
            self.note(fd, found);
            jobs[index] = job;
        }
        load
    }

    /// # Panics
    /// As [`Tcp::stream`].
    fn take_stream(&mut self, fd: Fd) -> TcpStream {
        match self.places.get_mut(fd.0 as usize).map(|place| place.handle.take()) {
            Some(Some(Handle::Stream(stream))) => stream,
            _ => panic!("descriptor {fd} is not an open connection"),
        }
    }
}

fn load_of<S: Outgoing>(load: Box<dyn Carry>) -> Option<Box<Load<S>>> {
    (load as Box<dyn Any>).downcast().ok()
}

#[cfg(test)]
mod tests;
