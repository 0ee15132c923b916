//! INFO's sections: fields under Redis's names, those that apply.

use super::info::{REDIS_VERSION, used_memory_bytes};
use crate::engine::eviction::client_memory_bytes;
use crate::engine::server::Server;
use crate::event::SubscriptionKind;
use rand_pcg::Pcg64Mcg;
use rand_pcg::rand_core::{Rng, SeedableRng};
use std::fmt::{Display, Write};

/// A section's text so far.
pub(super) struct Fields {
    text: String,
}

impl Fields {
    pub(super) fn new(heading: &str) -> Fields {
        Fields { text: format!("# {heading}\r\n") }
    }

    fn add(&mut self, name: &str, value: impl Display) {
        // Writing to a string cannot fail.
        let _ = write!(self.text, "{name}:{value}\r\n");
    }

    pub(super) fn into_text(self) -> String {
        self.text
    }
}

pub(super) fn server(server: &Server, f: &mut Fields) {
    let uptime_s = server.now.as_secs();
    f.add("redis_version", REDIS_VERSION);
    f.add("onechef_version", env!("CARGO_PKG_VERSION"));
    f.add("redis_mode", "standalone");
    // Every number of the protocol and the keyspace has 64 bits, on 32-bit
    // machines, too.
    f.add("arch_bits", 64);
    f.add("multiplexing_api", server.birth.multiplexing_api);
    f.add("process_id", server.birth.process_id);
    f.add("run_id", run_id(server.birth.seed));
    f.add("tcp_port", server.config.port);
    f.add("server_time_usec", server.unix_us());
    f.add("uptime_in_seconds", uptime_s);
    f.add("uptime_in_days", uptime_s / 86_400);
    f.add("hz", server.config.hz);
    f.add("configured_hz", server.config.hz);
    f.add("io_threads_active", u8::from(server.io_threads_active));
}

/// 40 hexadecimal digits that are this server's alone, if its seed is.
fn run_id(seed: u64) -> String {
    let mut rng = Pcg64Mcg::seed_from_u64(seed ^ 0x7275_6e5f_6964);
    let mut id = format!("{:016x}{:016x}{:016x}", rng.next_u64(), rng.next_u64(), rng.next_u64());
    id.truncate(40);
    id
}

pub(super) fn clients(server: &Server, f: &mut Fields) {
    let watching = server.clients.iter().filter(|(_, c)| !c.watched_keys().is_empty()).count();
    f.add("connected_clients", server.clients.len());
    let (input, output) = server.recent_peaks.max();
    f.add("cluster_connections", 0);
    f.add("maxclients", server.config.maxclients);
    f.add("client_recent_max_input_buffer", input);
    f.add("client_recent_max_output_buffer", output);
    f.add("blocked_clients", server.blocking.clients());
    f.add("tracking_clients", 0);
    f.add("pubsub_clients", server.pubsub.clients());
    f.add("watching_clients", watching);
    f.add("clients_in_timeout_table", server.blocking.timeouts());
    f.add("total_watched_keys", server.watched_keys.len());
    f.add("total_blocking_keys", server.blocking.keys());
    f.add("total_blocking_keys_on_nokey", 0);
}

pub(super) fn memory(server: &Server, f: &mut Fields) {
    let used = used_memory_bytes(server);
    let clients: u64 = server.clients.iter().map(|(_, c)| client_memory_bytes(c)).sum();
    f.add("used_memory", used);
    f.add("used_memory_human", human(used));
    f.add("used_memory_dataset", server.store.used_bytes());
    f.add("maxmemory", server.config.maxmemory);
    f.add("maxmemory_human", human(server.config.maxmemory));
    f.add("maxmemory_policy", "noeviction");
    f.add("mem_clients_slaves", 0);
    f.add("mem_clients_normal", clients);
}

/// `bytesToHuman`: two decimals of the largest unit below.
fn human(bytes: u64) -> String {
    const UNITS: [(u64, &str); 5] =
        [(1 << 50, "P"), (1 << 40, "T"), (1 << 30, "G"), (1 << 20, "M"), (1 << 10, "K")];
    match UNITS.into_iter().find(|(unit, _)| bytes >= *unit) {
        Some((unit, letter)) => format!("{}{letter}", hundredths(bytes, unit)),
        None => format!("{bytes}B"),
    }
}

pub(super) fn persistence(_: &Server, f: &mut Fields) {
    f.add("loading", 0);
    f.add("aof_enabled", 0);
}

pub(super) fn stats(server: &Server, f: &mut Fields) {
    let s = server.stats.since(&server.stats_baseline);
    let rates = &s.instantaneous;
    f.add("total_connections_received", s.total_connections_received);
    f.add("total_commands_processed", s.total_commands_processed);
    f.add("instantaneous_ops_per_sec", rates.ops_per_sec.mean());
    f.add("total_net_input_bytes", s.total_net_input_bytes);
    f.add("total_net_output_bytes", s.total_net_output_bytes);
    f.add("total_net_repl_input_bytes", 0);
    f.add("total_net_repl_output_bytes", 0);
    f.add("instantaneous_input_kbps", kilobytes(rates.input_bytes_per_sec.mean()));
    f.add("instantaneous_output_kbps", kilobytes(rates.output_bytes_per_sec.mean()));
    f.add("instantaneous_input_repl_kbps", "0.00");
    f.add("instantaneous_output_repl_kbps", "0.00");
    f.add("rejected_connections", s.rejected_connections);
    f.add("expired_keys", s.expired_keys);
    f.add("expired_stale_perc", hundredths(server.store.stale_ppm(), 10_000));
    f.add("expired_time_cap_reached_count", server.store.expire_budget_exhausted());
    f.add("evicted_clients", s.evicted_clients);
    f.add("keyspace_hits", s.keyspace_hits);
    f.add("keyspace_misses", s.keyspace_misses);
    f.add("pubsub_channels", server.pubsub.names_len(SubscriptionKind::Channel));
    f.add("pubsub_patterns", server.pubsub.names_len(SubscriptionKind::Pattern));
    f.add("pubsubshard_channels", server.pubsub.names_len(SubscriptionKind::Shard));
    f.add("total_error_replies", s.total_error_replies);
    f.add("unexpected_error_replies", 0);
    f.add("dump_payload_sanitizations", 0);
    f.add("total_reads_processed", s.total_reads_processed);
    f.add("total_writes_processed", s.total_writes_processed);
    f.add("io_threaded_reads_processed", 0);
    f.add("io_threaded_writes_processed", s.io_threaded_writes_processed);
    f.add("client_query_buffer_limit_disconnections", s.client_query_buffer_limit_disconnections);
    f.add("client_output_buffer_limit_disconnections", s.client_output_buffer_limit_disconnections);
    // A reply buffer exists only while something is in it.
    f.add("reply_buffer_shrinks", 0);
    f.add("reply_buffer_expands", 0);
    f.add("eventloop_cycles", s.eventloop_cycles);
    f.add("eventloop_duration_sum", s.eventloop_duration_sum.0);
    f.add("eventloop_duration_cmd_sum", s.eventloop_duration_cmd_sum.0);
    f.add("instantaneous_eventloop_cycles_per_sec", rates.eventloop_cycles_per_sec.mean());
    f.add("instantaneous_eventloop_duration_usec", rates.eventloop_duration_usec.mean());
}

fn kilobytes(bytes: u64) -> String {
    hundredths(bytes, 1024)
}

/// `sum / of`, to two decimals.
fn hundredths(sum: u64, of: u64) -> String {
    let rounded = (u128::from(sum) * 100 + u128::from(of / 2)) / u128::from(of);
    format!("{}.{:02}", (rounded / 100) as u64, (rounded % 100) as u64)
}

pub(super) fn replication(_: &Server, f: &mut Fields) {
    f.add("role", "master");
    f.add("connected_slaves", 0);
}

pub(super) fn commandstats(server: &Server, f: &mut Fields) {
    for (name, counts) in server.command_stats.sorted() {
        let per_call = match counts.calls {
            0 => "0.00".to_owned(),
            calls => hundredths(counts.took.0, calls),
        };
        f.add(
            &format!("cmdstat_{name}"),
            format_args!(
                "calls={},usec={},usec_per_call={per_call},rejected_calls={},failed_calls={}",
                counts.calls, counts.took.0, counts.rejected_calls, counts.failed_calls
            ),
        );
    }
}

pub(super) fn errorstats(server: &Server, f: &mut Fields) {
    for (code, count) in server.error_stats.iter() {
        let code = String::from_utf8_lossy(code);
        f.add(&format!("errorstat_{code}"), format_args!("count={count}"));
    }
}

pub(super) fn cluster(_: &Server, f: &mut Fields) {
    f.add("cluster_enabled", 0);
}

pub(super) fn keyspace(server: &Server, f: &mut Fields) {
    let now_ms = server.unix_ms().cast_signed();
    for index in 0..server.store.databases() {
        let db = server.store.db(index);
        if !db.is_empty() {
            let (keys, expires) = (db.len(), db.volatile_len());
            let avg_ttl = db.average_ttl_ms(now_ms);
            f.add(
                &format!("db{index}"),
                format_args!("keys={keys},expires={expires},avg_ttl={avg_ttl},subexpiry=0"),
            );
        }
    }
}

pub(super) fn debug(server: &Server, f: &mut Fields) {
    let s = server.stats.since(&server.stats_baseline);
    f.add("eventloop_duration_aof_sum", 0);
    f.add("eventloop_duration_cron_sum", s.eventloop_duration_cron_sum.0);
    f.add("eventloop_duration_max", s.eventloop_duration_max.0);
    f.add("eventloop_cmd_per_cycle_max", s.eventloop_cmd_per_cycle_max);
}

#[cfg(test)]
mod tests {
    use super::human;

    #[test]
    fn sizes_for_people_have_two_decimals() {
        assert_eq!(human(0), "0B");
        assert_eq!(human(1_023), "1023B");
        assert_eq!(human(1_536), "1.50K");
        assert_eq!(human(512 << 20), "512.00M");
        assert_eq!(human(3 << 30), "3.00G");
    }
}
