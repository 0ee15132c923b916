//! The orders of a run, had another design served them.
//!
//! The event loop is not the only way to serve a crowd: a server may as well
//! give each connection a thread that sleeps in `read`. What that would have
//! meant for the same orders is worked out here, with the same prices: a model
//! beside a run of the engine, and called one. What it takes for granted:
//!
//! * An order is ready when its last byte has arrived; one that its guest sent
//!   after reading the answer before it comes as long after that answer as it
//!   did in the run.
//! * Letting guests in and out costs every design the same and is left out.
//!   So are orders that waited for a key, and orders whose guest was slow to
//!   read: there, the design is not what one waits for.
//! * Cores are alike, caches are not modelled, and a thread that is given a
//!   core has it for [`SLICE_NS`] if others want it.
//! * Data that all threads share has one lock, or none at all. Locks for parts
//!   of it, as other servers have them, lie between the two.

mod threads;

use super::lanes::Percentiles;
use super::requests::{Request, Requests, at};
use crate::event::{ClientId, Event};
use crate::net::{Costs, Work};
use crate::sorted::{SortedMap, sort_by_key};
use crate::time::Micros;
use crate::trace::Timeline;

pub use threads::SLICE_NS;

/// A way to serve a crowd.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Design {
    /// The engine's own, with so many threads that write (`io-threads`), the
    /// one thread among them; and how often another was handed a share.
    EventLoop { io_threads: usize, shares: u64 },
    /// A thread for each of the guests that ordered.
    ThreadPerClient { threads: usize, cores: usize, locked: bool },
}

/// How the orders fared in one design.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fared {
    pub design: Design,
    /// From the last byte's arrival until the answer had left.
    pub took: Percentiles,
    /// How often a thread was woken.
    pub wakeups: u64,
    /// Processor time for these orders, of all threads together.
    pub busy: Micros,
}

/// When an order is there to be read, in nanoseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ready {
    At(u64),
    /// So long after the answer before it had left.
    After(u64),
}

/// An order as every design has to serve it.
#[derive(Clone, Copy, Debug)]
struct Order {
    ready: Ready,
    size: u64,
    /// Of its command alone.
    cooked_ns: u64,
    reply: u64,
}

/// Orders that can be compared, by the guest they are of; how many there are,
/// and how many are left out.
#[derive(Debug, Default)]
struct Orders<'a> {
    of: SortedMap<ClientId, Vec<Order>>,
    kept: Vec<&'a Request>,
    left_out: usize,
}

/// The rows of a comparison, and the number of orders that are not in it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Comparison {
    pub rows: Vec<Fared>,
    pub left_out: usize,
}

/// Cores of the larger machine that threads are compared on.
const CORES: usize = 4;

/// The setting that a run is run again with, to compare it: as many threads as
/// the larger machine has cores.
pub const HELPED: (&str, &str) = ("io-threads", "4");

/// How the orders of a run fared; how they fared in the same run with
/// [`HELPED`], if it is given; and how they would have fared with a thread for
/// each guest: on one core, on several, and on several with nothing to share.
/// No row at all if nothing can be compared.
#[must_use]
pub fn compare(
    (timeline, requests): (&Timeline, &Requests),
    helped: Option<(&Timeline, &Requests)>,
    prices: &Costs,
) -> Comparison {
    let orders = Orders::of(timeline, requests);
    let mut rows: Vec<Fared> = orders.in_the_loop(timeline, prices).into_iter().collect();
    rows.extend(helped.and_then(|(timeline, requests)| {
        Orders::of(timeline, requests).in_the_loop(timeline, prices)
    }));
    let guests: Vec<&[Order]> = orders.of.values().map(Vec::as_slice).collect();
    let threads = guests.len();
    for (cores, locked) in [(1, true), (CORES, true), (CORES, false)] {
        let design = Design::ThreadPerClient { threads, cores, locked };
        let Some(served) = threads::serve(&guests, cores, locked, prices) else { continue };
        let Some(took) = Percentiles::among(served.took) else { continue };
        let busy = Micros(served.busy_ns / 1_000);
        rows.push(Fared { design, took, wakeups: served.wakeups, busy });
    }
    Comparison { rows, left_out: orders.left_out }
}

impl<'a> Orders<'a> {
    fn of(timeline: &Timeline, requests: &'a Requests) -> Orders<'a> {
        let mut orders = Orders::default();
        for request in requests.all() {
            let before = orders.kept.iter().rev().find(|before| before.client == request.client);
            match order(timeline, request, before.copied()) {
                Some(order) => {
                    orders.of.or_default(request.client).push(order);
                    orders.kept.push(request);
                }
                None => orders.left_out += 1,
            }
        }
        orders
    }

    fn in_the_loop(&self, timeline: &Timeline, prices: &Costs) -> Option<Fared> {
        let took = self.kept.iter().filter_map(|request| request.latency(timeline)).collect();
        let took = Percentiles::among(took)?;
        let polls = distinct(&self.kept, |request| request.signalled);
        let reads = distinct(&self.kept, |request| request.read);
        let writes = distinct(&self.kept, |request| request.written);
        let wakeups = polls.iter().filter(|poll| slept(timeline, **poll, prices)).count() as u64;
        let shares = shares(timeline, &writes);
        let io_threads = timeline.world_at(timeline.len()).io_threads();
        let mut busy = Bill::default();
        busy.add(polls.len() as u64, prices.poll_ns);
        busy.add(wakeups, prices.wakeup_ns);
        busy.add((reads.len() + writes.len()) as u64, prices.syscall_ns);
        busy.add(shares, prices.fan_out_ns.saturating_add(prices.fan_in_ns));
        for order in self.of.values().flatten() {
            busy.add(1, prices.copy(order.size));
            busy.add(1, prices.of(Work::Parse { bytes: order.size }));
            busy.add(1, order.cooked_ns);
            busy.add(1, prices.copy(order.reply));
        }
        let design = Design::EventLoop { io_threads, shares };
        Some(Fared { design, took, wakeups: wakeups + shares, busy: Micros(busy.ns / 1_000) })
    }
}

/// Nanoseconds to pay. A scenario may ask any price: what is more than a
/// number holds is as much as it holds.
#[derive(Clone, Copy, Debug, Default)]
struct Bill {
    ns: u64,
}

impl Bill {
    fn add(&mut self, times: u64, ns: u64) {
        self.ns = self.ns.saturating_add(times.saturating_mul(ns));
    }
}

/// `request` as every design has to serve it, after `before` of the same guest;
/// `None` if it cannot be compared.
fn order(timeline: &Timeline, request: &Request, before: Option<&Request>) -> Option<Order> {
    let arrived = at(timeline, request.arrived?);
    let written = request.written?;
    if request.blocked.is_some() || request.first_write != Some(written) {
        return None;
    }
    request.signalled.and(request.read)?;
    let cooked = match timeline.record(request.ended?).map(|record| &record.event) {
        Some(Event::CommandEnd { took, .. }) => *took,
        _ => Micros::ZERO,
    };
    let answered =
        before.filter(|before| before.consumed.is_some() && before.consumed < request.sent);
    let ready = match answered.and_then(|before| before.written) {
        Some(written) => Ready::After(nanos(arrived.saturating_sub(at(timeline, written)))),
        None => Ready::At(nanos(arrived)),
    };
    Some(Order { ready, size: request.size, cooked_ns: nanos(cooked), reply: request.reply })
}

fn nanos(micros: Micros) -> u64 {
    micros.0.saturating_mul(1_000)
}

/// The records that are `stage` of any of the orders.
#[inline(never)]
fn distinct(requests: &[&Request], stage: fn(&Request) -> Option<usize>) -> Vec<usize> {
    let mut records: Vec<usize> = requests.iter().filter_map(|request| stage(request)).collect();
    sort_by_key(&mut records, |record| *record);
    records.dedup();
    records
}

/// Whether the thread slept in this poll: one that finds something takes no
/// longer than its price.
#[inline(never)]
fn slept(timeline: &Timeline, poll: usize, prices: &Costs) -> bool {
    let entered = (0..poll)
        .rev()
        .find(|index| {
            timeline.record(*index).is_some_and(|r| matches!(r.event, Event::PollEnter { .. }))
        })
        .unwrap_or(poll);
    let lasted = at(timeline, poll).saturating_sub(at(timeline, entered));
    nanos(lasted) > prices.poll_ns.saturating_add(999)
}

/// How many shares of a sweep were handed to others to write these.
fn shares(timeline: &Timeline, writes: &[usize]) -> u64 {
    let (mut shares, mut cycle, mut carriers) = (0, None, 0_u128);
    for index in writes {
        let Some(Event::Write { by, .. }) = timeline.record(*index).map(|r| &r.event) else {
            continue;
        };
        let this = timeline.cycle_of(*index);
        if cycle != this {
            (cycle, carriers) = (this, 1);
        }
        let carrier = 1 << (by % 128);
        shares += u64::from(carriers & carrier == 0);
        carriers |= carrier;
    }
    shares
}
