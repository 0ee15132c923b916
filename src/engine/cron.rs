//! What the clock asks for (`serverCron`, `clientsCron`, `activeExpireCycle`).

use super::Engine;
use super::client::{ClientFlags, Slot};
use super::limits::close_if_over_output_limit;
use super::multi::Touch;
use crate::event::{ARG_CAP, CloseReason, Event, KeyChange, Preview};
use crate::net::{Net, Work};
use crate::store::expire::{Pace, expire_cycle};
use crate::time::Micros;

/// `CLIENTS_CRON_MIN_ITERATIONS`.
const MIN_VISITS: usize = 5;
/// `MAX_CLIENTS_PER_CLOCK_TICK` and `CONFIG_MAX_HZ`, for `dynamic-hz`.
const CLIENTS_PER_TICK: u64 = 200;
const MAX_HZ: u32 = 500;
/// `STATS_METRIC_SAMPLES` are this far apart.
const METRIC_PERIOD: Micros = Micros::from_millis(100);
/// A query buffer idle for longer gives back its free space.
const IDLE_BUFFER: Micros = Micros::from_secs(2);
/// Clients that a queue keeps room for.
const QUEUE_ROOM: usize = 64;
/// Free space worth giving back.
const WORTH_SHRINKING_BYTES: usize = 4 * 1024;

impl Engine {
    /// The one permanent timer. Returns how long until the next run.
    ///
    /// Redis: `serverCron`, *simplified* to the steps that apply: hz, metrics,
    /// clients, the end of a pause, databases, helpers.
    pub(super) fn server_cron<N: Net>(&mut self, net: &mut N) -> Micros {
        let began = net.now();
        self.server.now = began;
        let hz = self.current_hz();
        if self.server.debug.pause_cron {
            return Micros(1_000_000 / u64::from(hz));
        }
        self.sample_metrics(began);
        self.clients_cron(net, hz);
        self.update_paused_actions(net.now());
        let pace = Pace::slow(self.server.config.active_expire_effort, hz);
        self.expire_cycle(net, pace, false);
        self.server.store.shrink_tables();
        self.give_back_memory();
        self.stop_threaded_io_if_needed();
        self.cron_loops += 1;
        let spent = net.now().saturating_sub(began);
        let stats = &mut self.server.stats;
        stats.eventloop_duration_cron_sum = stats.eventloop_duration_cron_sum.saturating_add(spent);
        Micros(1_000_000 / u64::from(hz))
    }

    /// What a busy moment took and the usual one does not need.
    fn give_back_memory(&mut self) {
        self.server.reply_pool.give_back();
        if let Some(shared) = &mut self.shared_query {
            shared.give_back();
        }
        self.jobs.shrink_to(QUEUE_ROOM);
        self.job_slots.shrink_to(QUEUE_ROOM);
        self.server.pending_write.shrink_to(QUEUE_ROOM);
        self.server.to_close.shrink_to(QUEUE_ROOM);
    }

    /// `hz`, doubled while too many clients would fall on one tick.
    fn current_hz(&self) -> u32 {
        let mut hz = self.server.config.hz.clamp(1, MAX_HZ);
        if self.server.config.dynamic_hz {
            let clients = self.server.clients.len() as u64;
            while clients / u64::from(hz) > CLIENTS_PER_TICK && hz < MAX_HZ {
                hz = (hz * 2).min(MAX_HZ);
            }
        }
        hz
    }

    fn sample_metrics(&mut self, now: Micros) {
        /// Of a counter that is measured against microseconds.
        const PER_SECOND: u64 = 1_000_000;
        if now.saturating_sub(self.cron_metrics_at) < METRIC_PERIOD {
            return;
        }
        self.cron_metrics_at = now;
        let stats = &mut self.server.stats;
        let (commands, cycles) = (stats.total_commands_processed, stats.eventloop_cycles);
        let (input, output) = (stats.total_net_input_bytes, stats.total_net_output_bytes);
        let busy = stats.eventloop_duration_sum.0;
        let rings = &mut stats.instantaneous;
        rings.ops_per_sec.sample(commands, now.0, PER_SECOND);
        rings.input_bytes_per_sec.sample(input, now.0, PER_SECOND);
        rings.output_bytes_per_sec.sample(output, now.0, PER_SECOND);
        rings.eventloop_cycles_per_sec.sample(cycles, now.0, PER_SECOND);
        rings.eventloop_duration_usec.sample(busy, cycles, 1);
    }

    /// Everybody is seen about once a second, in turn.
    ///
    /// Redis: `clientsCron`, *faithful* in its numbers; the turn goes by id
    /// instead of by rotating a list.
    fn clients_cron<N: Net>(&mut self, net: &mut N, hz: u32) {
        let clients = self.server.clients.len();
        let second = self.server.unix_us() / 1_000_000;
        self.server.recent_peaks.forget_oldest(second);
        let visits = (clients / hz as usize).max(clients.min(MIN_VISITS));
        for _ in 0..visits {
            let next = self
                .server
                .clients
                .next_after(self.cron_clients_after)
                .or_else(|| self.server.clients.next_after(crate::event::ClientId(0)));
            let Some(slot) = next else { break };
            self.cron_clients_after = self.server.id_of(slot);
            self.visit_client(net, slot);
        }
        if visits > 0 {
            let visited = visits as u32;
            self.state(net, || Event::ClientsCron { visited });
        }
    }

    fn visit_client<N: Net>(&mut self, net: &mut N, slot: Slot) {
        let now = self.server.now;
        let timeout = self.server.config.timeout;
        let idle_s = self.server.seconds_since(self.server.clients[slot].last_interaction);
        let client = &mut self.server.clients[slot];
        let idle = now.saturating_sub(client.last_interaction);
        const EXEMPT: u32 = ClientFlags::BLOCKED | ClientFlags::PUBSUB | ClientFlags::MONITOR;
        let exempt = client.flags.has(EXEMPT);
        if timeout > 0 && !exempt && idle_s > u64::from(timeout) {
            self.free_client(net, slot, CloseReason::IdleTimeout);
            return;
        }
        let input = client.query.as_ref().map_or(0, |query| query.size as u64);
        let output = client.reply.limit_usage_bytes();
        let second = (self.server.birth.unix_epoch_us + now.0) / 1_000_000;
        self.server.recent_peaks.note(second, input, output);
        if let Some(query) = &mut client.query
            && idle > IDLE_BUFFER
            && query.size - query.filled > WORTH_SHRINKING_BYTES
        {
            query.shrink();
            self.server.update_client_memory(slot);
        }
        if let Some(why) = close_if_over_output_limit(&mut self.server, slot) {
            self.free_client(net, slot, why);
        }
    }

    /// The fast expire cycle of `beforeSleep`: only when the last one could
    /// not finish, or too much is known to be stale.
    pub(super) fn fast_expire_cycle<N: Net>(&mut self, net: &mut N) {
        let pace = Pace::fast(self.server.config.active_expire_effort);
        if self.server.store.wants_fast_cycle(pace) {
            self.expire_cycle(net, pace, true);
        }
    }

    /// Nothing ends during a pause: it would be a write.
    fn expire_cycle<N: Net>(&mut self, net: &mut N, pace: Pace, fast: bool) {
        if self.server.pause.is_some() || self.server.debug.no_active_expire {
            return;
        }
        let now_ms = (self.server.birth.unix_epoch_us + net.now().0) / 1_000;
        let began = net.now();
        let done = expire_cycle(&mut self.server.store, now_ms.cast_signed(), pace);
        if done.units > 0 {
            net.spend(Work::Command { units: done.units });
            self.server.note_latency("expire-cycle", net.now().saturating_sub(began));
        }
        if done.count == 0 {
            return;
        }
        self.server.stats.expired_keys += done.count;
        if !self.server.watched_keys.is_empty() {
            for (db, key) in &done.keys {
                self.server.touch_watched_key(*db as u16, key, Touch::Expired);
            }
        }
        if self.server.tap.is_on() {
            for (db, key) in &done.keys {
                let (client, db, key) = (None, *db, Preview::of(key, ARG_CAP));
                self.state(net, || Event::Key { client, db, key, change: KeyChange::Expired });
            }
            self.state(net, || Event::ExpireCycle { fast, expired: done.count });
        }
    }
}
