//! The chef: one thread, one loop.
//!
//! # The cycle
//!
//! ```text
//!        ┌────────────────────────── driver ──────────────────────────┐
//!        ▼                                                            │
//!  before_poll                    wait                         after_poll
//!  beforeSleep:                   aeApiPoll                    afterSleep: clocks
//!    who waited long enough       (the only place              file events, in fired order,
//!    fast expiry                   that may sleep)               read before write
//!    the final sweep                                           time events
//!    free closed clients
//!    evict clients
//! ```
//!
//! The engine is called in half-cycles and never waits. It owns no clock,
//! socket, thread or file; the network is lent to each call.
//!
//! # Reading order
//!
//! This file is the cycle; [`ae`] what is registered; [`networking`] the way
//! of bytes in (accept, read, parse); [`execute`] a command's life; [`sweep`]
//! the way of bytes out; [`cron`] what the clock asks for; [`client`],
//! [`query`] and [`reply`] the structures; [`server`] what commands see, and
//! [`config`] what it was told. Then what clients do with each other:
//! [`multi`], [`pubsub`], [`blocked`] (with [`key_table`]); what is held against
//! them: [`limits`], [`eviction`]; and what all commands must heed meanwhile:
//! [`concerns`]. What people are told: [`stats`], [`command_stats`],
//! [`slowlog`], [`latency`], `monitor`. What traces are told: [`tap`],
//! `standing` (what holds already when a watcher comes), [`discretion`] (no
//! passwords).

pub mod ae;
pub mod blocked;
pub mod client;
pub mod command_stats;
pub mod concerns;
pub mod config;
pub mod cron;
pub mod discretion;
pub mod eviction;
pub mod execute;
pub mod key_table;
pub mod latency;
pub mod limits;
mod monitor;
pub mod multi;
pub mod networking;
pub mod pubsub;
pub mod query;
pub mod reply;
pub mod server;
pub mod slowlog;
mod standing;
pub mod stats;
pub mod sweep;
pub mod tap;

use crate::event::{Event, Handler, Phase, SkipReason, Stamped, TimerKind};
use crate::net::{Fired, Listening, Mask, Net, NetError, Timeout, WriteJob};
use crate::time::Micros;
use ae::{EventLoop, Owner};
use client::{ClientFlags, Slot};
use config::Config;
use query::Query;
use reply::Reply;
use server::{Birth, Listener, Server};
use std::net::SocketAddr;

pub(crate) use standing::KEYS_CAP;

/// The loop and everything it owns. See the module documentation.
#[derive(Debug)]
pub struct Engine {
    server: Server,
    ae: EventLoop,
    /// The one query buffer that every client without half a request shares
    /// (`thread_reusable_qb` of Redis 8.0). Absent only while it is in use.
    shared_query: Option<Box<Query>>,
    /// The sweep's jobs and whose they are; kept for their allocation.
    jobs: Vec<WriteJob<Reply>>,
    job_slots: Vec<Slot>,
    /// When the current cycle began; `None` before the first poll returned.
    cycle_began: Option<Micros>,
    commands_at_cycle_begin: u64,
    cron_clients_after: crate::event::ClientId,
    cron_loops: u64,
    cron_metrics_at: Micros,
}

impl Engine {
    /// An engine with an empty keyspace and no door yet.
    ///
    /// Redis: `initServer`, *simplified*: `serverCron` is first due 1 ms after
    /// the start, as there.
    #[must_use]
    pub fn new(config: Config, birth: Birth) -> Engine {
        let mut engine = Engine {
            server: Server::new(config, birth),
            ae: EventLoop::default(),
            shared_query: Some(Box::default()),
            jobs: Vec::new(),
            job_slots: Vec::new(),
            cycle_began: None,
            commands_at_cycle_begin: 0,
            cron_clients_after: crate::event::ClientId(0),
            cron_loops: 0,
            cron_metrics_at: Micros::ZERO,
        };
        engine.ae.add_timer(TimerKind::ServerCron, Micros::from_millis(1));
        engine
    }

    /// Starts (or stops) collecting facts. Starting states what a reader of
    /// the log must know first: directives that differ from their defaults
    /// and the timers.
    pub fn watch_events<N: Net>(&mut self, net: &N, on: bool) {
        self.server.tap.turn(on);
        self.server.tap.at(net.now());
        if !on {
            return;
        }
        for (name, value) in self.server.config.changed_from_default() {
            self.server.tap.emit(|| Event::Config { name: name.to_owned(), value });
        }
        for timer in self.ae.timers() {
            let (kind, due) = (timer.kind, timer.due);
            self.server.tap.emit(|| Event::TimerAdded { timer: kind, due });
        }
    }

    /// Where CONFIG REWRITE writes to.
    pub fn set_config_file(&mut self, file: Box<dyn server::ConfigFile>) {
        self.server.config_file = Some(file);
    }

    /// CONFIG SET refuses a higher `maxclients`.
    pub fn limit_clients(&mut self, limit: u32) {
        self.server.clients_limit = limit;
    }

    /// Opens a door.
    ///
    /// # Errors
    /// [`NetError::Unavailable`] if the address cannot be had.
    pub fn listen<N: Net>(&mut self, net: &mut N, address: SocketAddr) -> Result<(), NetError> {
        let backlog = self.server.config.tcp_backlog;
        let Listening { fd, address } = net.listen(address, backlog)?;
        self.server.listeners.push(Listener { fd, address });
        self.state(net, || Event::Listen { fd, address, backlog });
        let watch = self.ae.watch(net, fd, Owner::Listener, Mask::READABLE);
        self.state(net, || watch);
        Ok(())
    }

    /// First half: `beforeSleep`, and how long the driver may wait.
    ///
    /// The order is Redis's: replies leave before clients are freed, so that
    /// a client closing after its last reply gets it; the timeout is computed
    /// last because everything before may change it.
    pub fn before_poll<N: Net>(&mut self, net: &mut N) -> Timeout {
        debug_assert!(N::TOLD || !self.server.tap.is_on(), "told of a network that is untold");
        self.state(net, || Event::PhaseEnter { phase: Phase::BeforeSleep });
        self.blocked_before_sleep(net);
        self.fast_expire_cycle(net);
        self.handle_clients_with_pending_writes(net);
        self.free_clients_in_async_free_queue(net);
        self.evict_clients(net);
        self.state(net, || Event::PhaseLeave { phase: Phase::BeforeSleep });

        let now = net.now();
        self.end_cycle::<N>(now);
        // Nothing may be left that the next poll would not wake for.
        debug_assert!(self.server.pending_write.is_empty() && self.server.to_close.is_empty());
        debug_assert!(self.server.blocking.is_settled());
        let timeout = self.ae.timeout(now);
        self.state(net, || Event::PhaseEnter { phase: Phase::Poll });
        self.state(net, || Event::PollEnter { timeout });
        timeout
    }

    /// Second half: `afterSleep`, file events in fired order, time events.
    pub fn after_poll<N: Net>(&mut self, net: &mut N, fired: &[Fired]) {
        debug_assert!(N::TOLD || !self.server.tap.is_on(), "told of a network that is untold");
        self.state(net, || Event::PollReturn { fired: fired.to_vec() });
        self.state(net, || Event::PhaseLeave { phase: Phase::Poll });
        self.begin_cycle(net);

        self.state(net, || Event::PhaseEnter { phase: Phase::Files });
        for fired in fired {
            self.process_file_event(net, *fired);
        }
        self.state(net, || Event::PhaseLeave { phase: Phase::Files });

        self.state(net, || Event::PhaseEnter { phase: Phase::Timers });
        self.process_time_events(net);
        self.state(net, || Event::PhaseLeave { phase: Phase::Timers });
    }

    /// Moves the facts since the last call to the end of `out`, oldest first.
    pub fn take_events(&mut self, out: &mut Vec<Stamped>) {
        self.server.tap.take(out);
    }

    /// Whether `SHUTDOWN` was asked for; the driver then calls
    /// [`Engine::shut_down`] instead of waiting.
    #[must_use]
    pub fn is_stopping(&self) -> bool {
        self.server.shutdown.is_some()
    }

    /// Lets what can leave leave, closes every client and every door.
    pub fn shut_down<N: Net>(&mut self, net: &mut N) {
        self.state(net, || Event::Shutdown);
        self.handle_clients_with_pending_writes(net);
        let slots: Vec<Slot> = self.server.clients.iter().map(|(slot, _)| slot).collect();
        for slot in slots {
            self.free_client(net, slot, crate::event::CloseReason::Shutdown);
        }
        for listener in std::mem::take(&mut self.server.listeners) {
            self.ae.forget(listener.fd);
            net.close(listener.fd);
        }
    }

    /// What commands see; for tests, checks and INFO.
    #[must_use]
    pub fn server(&self) -> &Server {
        &self.server
    }

    /// For tests that corrupt it on purpose.
    #[cfg(test)]
    pub(crate) fn server_mut(&mut self) -> &mut Server {
        &mut self.server
    }

    /// What is registered; for tests and checks.
    #[must_use]
    pub fn event_loop(&self) -> &EventLoop {
        &self.ae
    }

    /// States a fact, stamped with the network's time.
    #[inline]
    fn state<N: Net>(&mut self, net: &N, fact: impl FnOnce() -> Event) {
        if self.is_told::<N>() {
            self.server.tap.at(net.now());
            self.server.tap.emit(fact);
        }
    }

    /// Whether facts are collected. Known to the compiler where nothing is told
    /// of the network.
    #[inline]
    fn is_told<N: Net>(&self) -> bool {
        N::TOLD && self.server.tap.is_on()
    }

    /// `afterSleep`: a cycle begins when the poll returns. It counts in
    /// `eventloop_cycles` when it ends, as in Redis.
    fn begin_cycle<N: Net>(&mut self, net: &mut N) {
        let now = net.now();
        self.cycle_began = Some(now);
        self.commands_at_cycle_begin = self.server.stats.total_commands_processed;
        self.server.now = now;
        let cycle = self.server.stats.eventloop_cycles + 1;
        self.state(net, || Event::CycleBegin { cycle });
        self.state(net, || Event::PhaseEnter { phase: Phase::AfterSleep });
        self.state(net, || Event::PhaseLeave { phase: Phase::AfterSleep });
    }

    /// The duration samples at the end of `beforeSleep`.
    fn end_cycle<N: Net>(&mut self, now: Micros) {
        let Some(began) = self.cycle_began.take() else { return };
        let busy = now.saturating_sub(began);
        let stats = &mut self.server.stats;
        stats.eventloop_cycles += 1;
        stats.eventloop_duration_sum = stats.eventloop_duration_sum.saturating_add(busy);
        stats.eventloop_duration_max = stats.eventloop_duration_max.max(busy);
        let commands = stats.total_commands_processed - self.commands_at_cycle_begin;
        stats.eventloop_cmd_per_cycle_max = stats.eventloop_cmd_per_cycle_max.max(commands);
        let cycle = stats.eventloop_cycles;
        if self.is_told::<N>() {
            self.server.tap.at(now);
            self.server.tap.emit(|| Event::CycleEnd { cycle, busy });
        }
    }

    /// One fired descriptor: readable first, so that a reply produced by the
    /// read can be tried in the same event; with the barrier bit, writable
    /// first. What is registered is looked up anew before each call, since an
    /// earlier handler may have closed the descriptor or changed the mask.
    ///
    /// Redis: the loop of `aeProcessEvents` and `connSocketEventHandler`,
    /// *faithful*.
    fn process_file_event<N: Net>(&mut self, net: &mut N, fired: Fired) {
        let barrier = self.ae.file(fired.fd).mask.has(Mask::BARRIER);
        let order = if barrier {
            [Mask::WRITABLE, Mask::READABLE]
        } else {
            [Mask::READABLE, Mask::WRITABLE]
        };
        let mut called = false;
        for condition in order {
            let registered = self.ae.file(fired.fd);
            if !registered.mask.and(fired.mask).has(condition) {
                continue;
            }
            called |= self.dispatch(net, fired, registered.owner, condition);
        }
        if !called {
            let (fd, why) = (fired.fd, SkipReason::NoLongerWatched);
            self.state(net, || Event::FireSkipped { fd, why });
        }
    }

    fn dispatch<N: Net>(
        &mut self,
        net: &mut N,
        fired: Fired,
        owner: Owner,
        condition: Mask,
    ) -> bool {
        let Fired { fd, mask } = fired;
        match owner {
            Owner::Nobody => false,
            Owner::Listener => {
                self.state(net, || Event::Fire {
                    fd,
                    client: None,
                    handler: Handler::Accept,
                    mask,
                });
                self.accept_handler(net, fd);
                true
            }
            Owner::Client(slot) => {
                let Some(client) = self.server.clients.get(slot) else { return false };
                // Doomed: it is freed in this cycle's beforeSleep, and neither
                // read from nor written to before that.
                if client.flags.has(ClientFlags::CLOSE_ASAP) {
                    return false;
                }
                let id = Some(client.id);
                if condition == Mask::READABLE {
                    let handler = Handler::ReadQuery;
                    self.state(net, || Event::Fire { fd, client: id, handler, mask });
                    self.read_query_from_client(net, slot);
                } else {
                    let handler = Handler::SendReply;
                    self.state(net, || Event::Fire { fd, client: id, handler, mask });
                    self.send_reply_to_client(net, slot);
                }
                true
            }
        }
    }

    /// `processTimeEvents`, *faithful*: timers made during the pass are not
    /// run in it; a timer's next time is measured from the end of its
    /// handler, so it drifts by its own cost and never catches up.
    fn process_time_events<N: Net>(&mut self, net: &mut N) {
        let newest = self.ae.last_timer_id();
        let now = net.now();
        let due: Vec<_> =
            self.ae.timers().iter().filter(|t| t.id <= newest && t.due <= now).copied().collect();
        for timer in due {
            self.state(net, || Event::TimerFired { timer: timer.kind });
            let period = match timer.kind {
                TimerKind::ServerCron => self.server_cron(net),
            };
            let next = net.now().saturating_add(period);
            self.ae.rearm(timer.id, next);
            self.state(net, || Event::TimerRearmed { timer: timer.kind, due: next });
        }
    }
}

/// What no client can bring about from outside.
#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::Wait;
    use crate::net::virt::{Conn, GuestAction, Link, Virt, VirtConfig};

    fn cycle(engine: &mut Engine, net: &mut Virt) -> Vec<Event> {
        let (mut fired, mut stamped) = (Vec::new(), Vec::new());
        engine.before_poll(net);
        net.wait(Timeout::After(Micros::from_millis(2)), &mut fired);
        engine.after_poll(net, &fired);
        engine.take_events(&mut stamped);
        stamped.into_iter().map(|stamped| stamped.event).collect()
    }

    /// A guest with a reply left over, a request waiting and room again: all of it
    /// fires at once. Which handlers ran, in order.
    fn handlers(barrier: bool) -> Vec<Handler> {
        let mut net = Virt::new(VirtConfig::default());
        let birth = Birth {
            unix_epoch_us: 0,
            seed: 1,
            hash_seed: 1,
            process_id: 1,
            multiplexing_api: "virtual",
        };
        let mut engine = Engine::new(Config::default(), birth);
        engine.watch_events(&net, true);
        engine
            .listen(&mut net, "127.0.0.1:6379".parse().expect("an address"))
            .expect("a free port");
        let act = |net: &mut Virt, action| net.schedule(net.now(), Conn(0), action);
        let send = |net: &mut Virt, words: &str| {
            let bytes = format!("{words}\r\n").into_bytes();
            act(net, GuestAction::Send { bytes });
        };
        let link = Link { server_send_bytes: 4_096, guest_receive_bytes: 4_096, ..Link::default() };
        act(&mut net, GuestAction::Connect { name: "ana".into(), link });
        act(&mut net, GuestAction::StopReading);
        send(&mut net, "DEBUG POPULATE 1 k 100000");
        send(&mut net, "GET k:0");
        (0..20).for_each(|_| drop(cycle(&mut engine, &mut net)));
        let slot: Slot = engine.server.clients.iter().next().expect("a guest").0;
        let fd = engine.server.clients[slot].fd;
        if barrier {
            let mask = Mask::BOTH.with(Mask::BARRIER);
            engine.ae.watch(&mut net, fd, Owner::Client(slot), mask);
        }
        send(&mut net, "PING");
        act(&mut net, GuestAction::ReadOnly { bytes: 4_096 });
        // The thread sleeps while both arrive.
        net.spend(crate::net::Work::Sleep { micros: Micros::from_millis(5) });
        let facts = cycle(&mut engine, &mut net);
        let of_the_guest = facts.into_iter().filter_map(|event| match event {
            Event::Fire { fd: fired, handler, .. } if fired == fd => Some(handler),
            _ => None,
        });
        of_the_guest.collect()
    }

    /// Protects: `AE_BARRIER` turns the order round for its descriptor.
    #[test]
    fn a_barrier_has_the_reply_leave_before_the_next_request_is_read() {
        assert_eq!(handlers(false), [Handler::ReadQuery, Handler::SendReply]);
        assert_eq!(handlers(true), [Handler::SendReply, Handler::ReadQuery]);
    }
}
