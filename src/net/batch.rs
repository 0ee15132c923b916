//! The way out, seen from the seam: one client's turn, and a batch of turns.
//!
//! A turn is Redis's `writeToClient`: the same calls with the same sizes,
//! whoever makes them. Who makes them is written on the job
//! ([`WriteJob::carried_by`]): the loop shares the turns out, and a network
//! either has helpers for that or the one thread takes all turns by itself,
//! and says so.

use super::{Fd, Net, NetError};
use crate::time::Micros;
use std::io::IoSlice;

/// At most this many bytes per client and write event
/// (`NET_MAX_WRITES_PER_EVENT`), checked after each system call.
pub const WRITE_BUDGET_BYTES: usize = 64 * 1024;

/// Most pieces that one gathered write may have (`IOV_MAX` on Linux is 1024;
/// blocks are so large that the byte limit is reached long before).
pub const MAX_SLICES: usize = 64;

/// Bytes waiting to be written to one client. The engine's reply buffers
/// implement it; the network sees nothing else of a client.
///
/// The default is "nothing waits": what stands in its place while a helper
/// has the reply in hand.
pub trait Outgoing: Send + Default + 'static {
    /// Puts the next pieces into `slices`, oldest first, until
    /// [`WRITE_BUDGET_BYTES`] are gathered or the pieces or the places end.
    /// Returns how many places were filled.
    fn gather<'a>(&'a self, slices: &mut [IoSlice<'a>; MAX_SLICES]) -> usize;
    /// All that waits, if it lies in one piece, as it nearly always does; then
    /// there is nothing to gather.
    fn one_piece(&self) -> Option<&[u8]> {
        None
    }
    /// The first `written` bytes have left.
    fn advance(&mut self, written: usize);
    /// Nothing left to write.
    fn is_drained(&self) -> bool;
}

/// How a client's turn in the sweep ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WriteOutcome {
    /// Everything left.
    Drained,
    /// The kernel took no more (`EAGAIN`): the table is full.
    WouldBlock,
    /// More could have left, but the budget per event is used up.
    Budget,
    /// The connection is over.
    Reset,
}

/// One client's turn in the sweep: in, the bytes and the descriptor; out,
/// how it went.
#[derive(Debug)]
pub struct WriteJob<S> {
    pub fd: Fd,
    pub reply: S,
    /// Its number in the batch, from 0: the loop's own mark.
    pub place: u32,
    /// Whether the 64 KB budget applies.
    pub budget: bool,
    /// Bytes written.
    pub written: u64,
    /// System calls made.
    pub calls: u32,
    pub outcome: WriteOutcome,
    /// When this turn ended; [`Micros::ZERO`] unless the batch was timed.
    pub done_at: Micros,
    /// Who is to carry it, and afterwards who did: 0 is the one thread
    /// itself, 1 and up are helpers.
    pub carried_by: u8,
}

impl<S> WriteJob<S> {
    #[must_use]
    pub fn new(fd: Fd, reply: S) -> WriteJob<S> {
        WriteJob {
            fd,
            reply,
            place: 0,
            budget: true,
            written: 0,
            calls: 0,
            outcome: WriteOutcome::Drained,
            done_at: Micros::ZERO,
            carried_by: 0,
        }
    }
}

/// A step of a batch whose helpers are simulated: they do nothing at the same
/// time as anybody else, but each has a clock of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Share {
    /// Helpers 1 to `helpers` are handed their shares, one after the other;
    /// then the one thread turns to its own.
    Out { helpers: u8 },
    /// The calls that follow are this carrier's, and `now` is its clock.
    Turn { carrier: u8 },
    /// The one thread waits for the slowest.
    In,
}

/// One client's turn: writes until drained, full, over budget or broken.
///
/// Redis: `writeToClient`, *faithful* in its calls and their sizes: one write
/// gathers until there are 64 KB, and the budget is checked after each call, so
/// a single huge block is still offered whole.
pub fn write_to_client<N: Net + ?Sized, S: Outgoing>(net: &mut N, job: &mut WriteJob<S>) {
    write_with(job, |fd, pieces| net.write(fd, pieces));
}

/// [`write_to_client`] with the system call as a function.
pub(super) fn write_with<S: Outgoing>(
    job: &mut WriteJob<S>,
    mut write: impl FnMut(Fd, &[IoSlice<'_>]) -> Result<usize, NetError>,
) {
    job.outcome = loop {
        if let Some(outcome) = write_some(job, &mut write) {
            break outcome;
        }
    };
}

/// At most one system call of a turn; `None` if the turn goes on.
fn write_some<S: Outgoing>(
    job: &mut WriteJob<S>,
    write: impl FnOnce(Fd, &[IoSlice<'_>]) -> Result<usize, NetError>,
) -> Option<WriteOutcome> {
    if job.reply.is_drained() {
        return Some(WriteOutcome::Drained);
    }
    let result = match job.reply.one_piece() {
        Some(piece) => write(job.fd, &[IoSlice::new(piece)]),
        None => {
            let mut slices = [IoSlice::new(&[]); MAX_SLICES];
            let filled = job.reply.gather(&mut slices);
            write(job.fd, &slices[..filled])
        }
    };
    match result {
        Ok(0) | Err(NetError::WouldBlock) => return Some(WriteOutcome::WouldBlock),
        Ok(n) => {
            job.calls += 1;
            job.written += n as u64;
            job.reply.advance(n);
        }
        Err(_) => return Some(WriteOutcome::Reset),
    }
    if job.reply.is_drained() {
        return Some(WriteOutcome::Drained);
    }
    (job.budget && job.written > WRITE_BUDGET_BYTES as u64).then_some(WriteOutcome::Budget)
}

/// The batch of a network without real helpers.
pub(super) fn write_batch<N: Net + ?Sized, S: Outgoing>(
    net: &mut N,
    jobs: &mut [WriteJob<S>],
    timed: bool,
) {
    let helpers = jobs.iter().map(|job| job.carried_by).max().unwrap_or(0);
    if helpers > 0 && net.share(Share::Out { helpers }) {
        take_turns(net, jobs, helpers);
        net.share(Share::In);
        return;
    }
    write_one_by_one(net, jobs, timed);
}

/// The one thread takes all turns by itself, one after the other.
pub fn write_one_by_one<N: Net + ?Sized, S: Outgoing>(
    net: &mut N,
    jobs: &mut [WriteJob<S>],
    timed: bool,
) {
    for job in jobs {
        job.carried_by = 0;
        write_to_client(net, job);
        if timed {
            job.done_at = net.now();
        }
    }
}

/// Plays carriers who work at the same time: the next call is made by
/// whoever's clock is behind, of equals by the lowest number. So the calls
/// reach the network in order of time, and what one of them changes is never
/// seen by an earlier one.
fn take_turns<N: Net + ?Sized, S: Outgoing>(net: &mut N, jobs: &mut [WriteJob<S>], helpers: u8) {
    /// A carrier: when it is free, and the job in its hands.
    struct Carrier {
        free_at: Micros,
        job: Option<usize>,
    }
    let next_of = |jobs: &[WriteJob<S>], carrier: u8, from: usize| {
        (from..jobs.len()).find(|&index| jobs[index].carried_by == carrier)
    };
    let mut carriers: Vec<Carrier> = (0..=helpers)
        .map(|carrier| {
            net.share(Share::Turn { carrier });
            Carrier { free_at: net.now(), job: next_of(jobs, carrier, 0) }
        })
        .collect();
    loop {
        let busy = (0..=helpers).filter(|&c| carriers[usize::from(c)].job.is_some());
        let Some(number) = busy.min_by_key(|&c| carriers[usize::from(c)].free_at) else { break };
        let carrier = &mut carriers[usize::from(number)];
        let Some(index) = carrier.job else { break };
        net.share(Share::Turn { carrier: number });
        let job = &mut jobs[index];
        let outcome = write_some(job, |fd, pieces| net.write(fd, pieces));
        carrier.free_at = net.now();
        if let Some(outcome) = outcome {
            job.outcome = outcome;
            job.done_at = carrier.free_at;
            carrier.job = next_of(jobs, number, index + 1);
        }
    }
}
