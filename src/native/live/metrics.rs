//! `/metrics`: INFO's numbers about the loop, for Prometheus.

use crate::engine::Engine;
use crate::engine::stats::Stats;
use std::fmt::Write;

/// The engine's numbers at one moment.
#[derive(Clone, Debug)]
pub struct Snapshot {
    stats: Stats,
    connected_clients: u64,
    blocked_clients: u64,
    uptime_seconds: u64,
    keys: u64,
    query_buffer_bytes: u64,
    reply_buffer_bytes: u64,
}

impl Snapshot {
    /// Takes time in proportion to the clients.
    #[must_use]
    pub fn of(engine: &Engine) -> Snapshot {
        let server = engine.server();
        let clients = || server.clients.iter().map(|(_, client)| client);
        let keys = (0..server.store.databases()).map(|index| server.store.db(index).len() as u64);
        Snapshot {
            stats: server.stats.clone(),
            connected_clients: server.clients.len() as u64,
            blocked_clients: server.blocking.clients(),
            uptime_seconds: server.now.as_secs(),
            keys: keys.sum(),
            query_buffer_bytes: clients()
                .map(|c| c.query.as_ref().map_or(0, |query| query.buffer.len() as u64))
                .sum(),
            reply_buffer_bytes: clients().map(|c| c.reply.len()).sum(),
        }
    }
}

/// How the watching itself goes.
#[derive(Clone, Copy, Debug, Default)]
pub struct Watching {
    pub watchers: u64,
    pub slow_watchers: u64,
    pub refused_requests: u64,
    pub dropped_facts: u64,
    pub queued_facts: u64,
    pub ring_bytes: u64,
    pub released_by_lease: u64,
}

/// The text format of Prometheus.
#[must_use]
pub fn text(snapshot: Option<&Snapshot>, watching: &Watching) -> String {
    let mut out = Exposition::default();
    if let Some(snapshot) = snapshot {
        engine_metrics(snapshot, &mut out);
    }
    let w = watching;
    out.gauge("onechef_up", "Whether the loop answered.", u64::from(snapshot.is_some()));
    out.gauge("onechef_live_watchers", "Watchers of the stream.", w.watchers);
    out.counter(
        "onechef_live_slow_watchers_total",
        "Watchers dropped because they took nothing.",
        w.slow_watchers,
    );
    out.counter(
        "onechef_live_refused_requests_total",
        "Requests that were refused.",
        w.refused_requests,
    );
    out.counter(
        "onechef_live_dropped_facts_total",
        "Facts that found no room on the way out of the loop.",
        w.dropped_facts,
    );
    out.gauge("onechef_live_queued_facts", "Facts on the way out of the loop.", w.queued_facts);
    out.gauge("onechef_live_ring_bytes", "Bytes kept for watchers.", w.ring_bytes);
    out.counter(
        "onechef_live_step_leases_lost_total",
        "Times a held loop went on because its watcher was lost.",
        w.released_by_lease,
    );
    out.text
}

fn engine_metrics(snapshot: &Snapshot, out: &mut Exposition) {
    let s = &snapshot.stats;
    out.gauge("onechef_uptime_seconds", "Seconds since the start.", snapshot.uptime_seconds);
    out.gauge("onechef_connected_clients", "Clients.", snapshot.connected_clients);
    out.gauge(
        "onechef_blocked_clients",
        "Clients that wait for a key or a pause.",
        snapshot.blocked_clients,
    );
    out.gauge("onechef_keys", "Keys in all databases.", snapshot.keys);
    out.gauge(
        "onechef_query_buffer_bytes",
        "Bytes of query buffers in use.",
        snapshot.query_buffer_bytes,
    );
    out.gauge(
        "onechef_reply_buffer_bytes",
        "Reply bytes that have not left.",
        snapshot.reply_buffer_bytes,
    );
    out.counter(
        "onechef_connections_received_total",
        "Connections accepted.",
        s.total_connections_received,
    );
    out.counter(
        "onechef_rejected_connections_total",
        "Connections turned away.",
        s.rejected_connections,
    );
    out.counter("onechef_commands_processed_total", "Commands run.", s.total_commands_processed);
    out.counter("onechef_error_replies_total", "Error replies.", s.total_error_replies);
    out.counter("onechef_reads_processed_total", "Reads.", s.total_reads_processed);
    out.counter("onechef_writes_processed_total", "Writes.", s.total_writes_processed);
    out.counter("onechef_net_input_bytes_total", "Bytes read.", s.total_net_input_bytes);
    out.counter("onechef_net_output_bytes_total", "Bytes written.", s.total_net_output_bytes);
    out.counter(
        "onechef_query_buffer_limit_disconnections_total",
        "Clients closed for asking too much at once.",
        s.client_query_buffer_limit_disconnections,
    );
    out.counter(
        "onechef_output_buffer_limit_disconnections_total",
        "Clients closed for not taking their replies.",
        s.client_output_buffer_limit_disconnections,
    );
    out.counter(
        "onechef_evicted_clients_total",
        "Clients closed to save memory.",
        s.evicted_clients,
    );
    out.counter("onechef_expired_keys_total", "Keys whose time was up.", s.expired_keys);
    out.counter("onechef_keyspace_hits_total", "Lookups that found a key.", s.keyspace_hits);
    out.counter("onechef_keyspace_misses_total", "Lookups that found none.", s.keyspace_misses);
    out.counter("onechef_eventloop_cycles_total", "Rounds of the loop.", s.eventloop_cycles);
    out.seconds(
        "onechef_eventloop_duration_seconds_total",
        "counter",
        "Time awake.",
        s.eventloop_duration_sum.0,
    );
    out.seconds(
        "onechef_eventloop_duration_cmd_seconds_total",
        "counter",
        "Time awake for commands.",
        s.eventloop_duration_cmd_sum.0,
    );
    out.seconds(
        "onechef_eventloop_duration_cron_seconds_total",
        "counter",
        "Time awake for the clock.",
        s.eventloop_duration_cron_sum.0,
    );
    out.seconds(
        "onechef_eventloop_duration_max_seconds",
        "gauge",
        "The longest round.",
        s.eventloop_duration_max.0,
    );
    out.gauge(
        "onechef_eventloop_cmd_per_cycle_max",
        "Most commands in one round.",
        s.eventloop_cmd_per_cycle_max,
    );
}

#[derive(Default)]
struct Exposition {
    text: String,
}

impl Exposition {
    fn put(&mut self, name: &str, kind: &str, help: &str, value: impl std::fmt::Display) {
        // Writing to a string cannot fail.
        let _ = write!(self.text, "# HELP {name} {help}\n# TYPE {name} {kind}\n{name} {value}\n");
    }

    fn gauge(&mut self, name: &str, help: &str, value: u64) {
        self.put(name, "gauge", help, value);
    }

    fn counter(&mut self, name: &str, help: &str, value: u64) {
        self.put(name, "counter", help, value);
    }

    fn seconds(&mut self, name: &str, kind: &str, help: &str, micros: u64) {
        let value = format_args!("{}.{:06}", micros / 1_000_000, micros % 1_000_000).to_string();
        self.put(name, kind, help, value);
    }
}
