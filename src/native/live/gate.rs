//! Holding the real loop: it stops where it is told to, everybody who talks to
//! it waits, and it goes on when told so, or when whoever held it is lost.
//!
//! ```text
//!  before_poll ─► AboutToSleep ─► wait ─► Woken ─► after_poll ─► BeforeSleep ─► before_poll
//! ```

use super::moment;
use crate::engine::Engine;
use crate::event::ClientId;
use crate::net::Fired;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Between half-cycles, where the loop can be held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    /// The sweep comes next, for so many clients.
    BeforeSleep { pending_writes: usize },
    /// The cycle is over; the poll comes next.
    AboutToSleep,
    /// The poll has returned this many descriptors.
    Woken { fired: usize },
}

impl Stop {
    /// The word for it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Stop::BeforeSleep { .. } => "before_sleep",
            Stop::AboutToSleep => "about_to_sleep",
            Stop::Woken { .. } => "woken",
        }
    }
}

/// What is asked of the loop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// To go on, and not to stop.
    Release,
    /// To stop at the next place.
    Phase,
    /// To stop when this cycle is over.
    Cycle,
    /// To stop before the next sweep that has somebody to write to.
    Sweep,
    /// To stop when this client is readable.
    Readable(ClientId),
    /// Whatever was asked for last, for another lease.
    Renew,
}

impl Order {
    /// `hold`, `phase`, `cycle`, `sweep`, `readable-7`, `renew`, `release`.
    #[must_use]
    pub fn parse(word: &str) -> Option<Order> {
        Some(match word {
            "release" => Order::Release,
            "hold" | "phase" => Order::Phase,
            "cycle" => Order::Cycle,
            "sweep" => Order::Sweep,
            "renew" => Order::Renew,
            _ => Order::Readable(ClientId(word.strip_prefix("readable-")?.parse().ok()?)),
        })
    }
}

#[derive(Debug)]
struct State {
    order: Order,
    held: Option<Stop>,
    /// The loop is held no longer than until then.
    lease: Instant,
    /// Grows with every change that watchers should hear of.
    news: u64,
    lost: u64,
}

/// See the module documentation.
#[derive(Debug)]
pub struct Gate {
    /// Whether the loop has to look at all.
    armed: AtomicBool,
    state: Mutex<State>,
    changed: Condvar,
    /// How long a watcher may be silent.
    patience: Duration,
}

/// How the gate is, for watchers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Position {
    pub held: Option<Stop>,
    pub news: u64,
    pub lost: u64,
}

/// How often a held loop looks whether it must stop for good.
const GLANCE: Duration = Duration::from_millis(100);

impl Gate {
    #[must_use]
    pub fn new(patience: Duration) -> Gate {
        let state =
            State { order: Order::Release, held: None, lease: moment::now(), news: 0, lost: 0 };
        Gate {
            armed: AtomicBool::new(false),
            state: Mutex::new(state),
            changed: Condvar::new(),
            patience,
        }
    }

    #[must_use]
    pub fn patience(&self) -> Duration {
        self.patience
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes an order. It counts for one lease.
    pub fn order(&self, order: Order) {
        let mut state = self.lock();
        state.lease = moment::now() + self.patience;
        if order != Order::Renew {
            state.order = order;
            state.held = None;
            state.news += 1;
            self.armed.store(order != Order::Release, Ordering::Relaxed);
        }
        self.changed.notify_all();
    }

    #[must_use]
    pub fn position(&self) -> Position {
        let state = self.lock();
        Position { held: state.held, news: state.news, lost: state.lost }
    }

    /// Whether the loop may have to stop somewhere.
    #[inline]
    #[must_use]
    pub fn is_armed(&self) -> bool {
        self.armed.load(Ordering::Relaxed)
    }

    /// The loop comes by: it stays here for as long as it is held. `heard` is
    /// called when it is, so that watchers hear of it; `over` says whether the
    /// process must end.
    #[cold]
    pub fn pass(
        &self,
        engine: &Engine,
        stop: Stop,
        fired: &[Fired],
        heard: impl Fn(),
        over: impl Fn() -> bool,
    ) {
        let mut state = self.lock();
        if !holds(state.order, engine, stop, fired) {
            return;
        }
        state.held = Some(stop);
        state.news += 1;
        let this = state.news;
        heard();
        loop {
            let left = state.lease.saturating_duration_since(moment::now());
            if left.is_zero() {
                state.lost += 1;
                state.order = Order::Release;
                self.armed.store(false, Ordering::Relaxed);
            }
            // A new order is news.
            if left.is_zero() || state.news != this || over() {
                break;
            }
            let waited = self.changed.wait_timeout(state, left.min(GLANCE));
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        state.held = None;
        state.news += 1;
        heard();
    }
}

fn holds(order: Order, engine: &Engine, stop: Stop, fired: &[Fired]) -> bool {
    match (order, stop) {
        (Order::Phase, _) | (Order::Cycle, Stop::AboutToSleep) => true,
        (Order::Sweep, Stop::BeforeSleep { pending_writes }) => pending_writes > 0,
        (Order::Readable(client), Stop::Woken { .. }) => {
            let server = engine.server();
            let fd = server.clients.find(client).map(|slot| server.clients[slot].fd);
            fd.is_some_and(|fd| fired.iter().any(|fired| fired.fd == fd))
        }
        _ => false,
    }
}
