//! INFO and COMMAND: what monitoring and client libraries read.

use super::caller::Caller;
use onechef::commands::all;
use std::collections::BTreeMap;

fn sections(reply: &str) -> Vec<String> {
    reply.lines().filter_map(|line| line.strip_prefix("# ")).map(str::to_owned).collect()
}

fn fields(reply: &str) -> BTreeMap<String, String> {
    let pairs = reply.lines().filter_map(|line| line.split_once(':'));
    pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

#[test]
fn info_has_its_sections_in_redis_s_order() {
    let mut caller = Caller::new();
    let default = [
        "Server",
        "Clients",
        "Memory",
        "Persistence",
        "Stats",
        "Replication",
        "Errorstats",
        "Cluster",
        "Keyspace",
    ];
    assert_eq!(sections(&caller.say("INFO")), default);
    let mut everything = default.to_vec();
    everything.insert(6, "Commandstats");
    assert_eq!(sections(&caller.say("INFO everything")), everything);
    assert_eq!(sections(&caller.say("INFO keyspace SERVER server")), ["Server", "Keyspace"]);
    assert_eq!(sections(&caller.say("INFO debug")), ["Debug"]);
    assert!(caller.say("INFO clients stats").contains("\r\n\r\n# Stats\r\n"));
}

#[test]
fn info_names_what_clients_look_for() {
    let mut caller = Caller::new();
    caller.say("SET k v");
    caller.say("GET k");
    let info = fields(&caller.say("INFO everything"));
    for (name, value) in [
        ("redis_version", "7.4.1"),
        ("redis_mode", "standalone"),
        ("arch_bits", "64"),
        ("process_id", "4242"),
        ("multiplexing_api", "virtual"),
        ("tcp_port", "6379"),
        ("loading", "0"),
        ("role", "master"),
        ("cluster_enabled", "0"),
        ("connected_clients", "1"),
        ("maxclients", "10000"),
        ("keyspace_hits", "1"),
        ("expired_stale_perc", "0.00"),
        ("db0", "keys=1,expires=0,avg_ttl=0,subexpiry=0"),
    ] {
        assert_eq!(info.get(name).map(String::as_str), Some(value), "{name}");
    }
    assert_eq!(info["run_id"].len(), 40);
    assert!(info["used_memory"].parse::<u64>().unwrap() > 0);
}

/// Protects: no field goes that a dashboard may show.
#[test]
fn info_has_the_same_fields_as_ever() {
    let mut caller = Caller::new();
    for (section, names) in INFO_FIELDS {
        let reply = caller.say(&format!("INFO {section}"));
        let told = reply.lines().filter_map(|line| line.split_once(':'));
        let told: Vec<&str> = told.map(|(name, _)| name).collect();
        assert_eq!(told.join(" "), *names, "{section}");
    }
}

const INFO_FIELDS: &[(&str, &str)] = &[
    (
        "clients",
        "connected_clients cluster_connections maxclients client_recent_max_input_buffer \
         client_recent_max_output_buffer blocked_clients tracking_clients pubsub_clients \
         watching_clients clients_in_timeout_table total_watched_keys total_blocking_keys \
         total_blocking_keys_on_nokey",
    ),
    (
        "memory",
        "used_memory used_memory_human used_memory_dataset maxmemory maxmemory_human \
         maxmemory_policy mem_clients_slaves mem_clients_normal",
    ),
    (
        "stats",
        "total_connections_received total_commands_processed instantaneous_ops_per_sec \
         total_net_input_bytes total_net_output_bytes total_net_repl_input_bytes \
         total_net_repl_output_bytes instantaneous_input_kbps instantaneous_output_kbps \
         instantaneous_input_repl_kbps instantaneous_output_repl_kbps rejected_connections \
         expired_keys expired_stale_perc expired_time_cap_reached_count evicted_clients \
         keyspace_hits keyspace_misses pubsub_channels pubsub_patterns pubsubshard_channels \
         total_error_replies unexpected_error_replies dump_payload_sanitizations \
         total_reads_processed total_writes_processed io_threaded_reads_processed \
         io_threaded_writes_processed client_query_buffer_limit_disconnections \
         client_output_buffer_limit_disconnections reply_buffer_shrinks reply_buffer_expands \
         eventloop_cycles eventloop_duration_sum eventloop_duration_cmd_sum \
         instantaneous_eventloop_cycles_per_sec instantaneous_eventloop_duration_usec",
    ),
    (
        "debug",
        "eventloop_duration_aof_sum eventloop_duration_cron_sum eventloop_duration_max \
         eventloop_cmd_per_cycle_max",
    ),
];

#[test]
fn used_memory_follows_the_keyspace() {
    let mut caller = Caller::new();
    let used = |caller: &mut Caller| {
        fields(&caller.say("INFO memory"))["used_memory_dataset"].parse::<u64>().unwrap()
    };
    let empty = used(&mut caller);
    caller.call(&[b"SET", b"k", &[b'x'; 10_000]]);
    assert!(used(&mut caller) >= empty + 10_000);
    caller.say("DEL k");
    assert_eq!(used(&mut caller), empty);
}

#[test]
fn resetstat_starts_counting_again() {
    let mut caller = Caller::new();
    caller.say("GET nothing");
    assert_eq!(fields(&caller.say("INFO stats"))["keyspace_misses"], "1");
    caller.say("CONFIG RESETSTAT");
    assert_eq!(fields(&caller.say("INFO stats"))["keyspace_misses"], "0");
    caller.say("GET nothing");
    assert_eq!(fields(&caller.say("INFO stats"))["keyspace_misses"], "1");
}

#[test]
fn command_info_describes_a_command_in_ten_elements() {
    let mut caller = Caller::new();
    assert_eq!(
        caller.say("COMMAND INFO get"),
        "*1\r\n*10\r\n$3\r\nget\r\n:2\r\n*2\r\n+readonly\r\n+fast\r\n:1\r\n:1\r\n:1\r\n\
         *3\r\n+@read\r\n+@string\r\n+@fast\r\n*0\r\n*0\r\n*0\r\n"
    );
    assert!(caller.say("COMMAND INFO client|list").contains("$11\r\nclient|list\r\n:-2\r\n"));
    caller.say("HELLO 3");
    assert!(caller.say("COMMAND INFO get").contains("~2\r\n+readonly\r\n+fast\r\n"));
}

#[test]
fn command_docs_is_a_map_by_name() {
    let mut caller = Caller::new();
    caller.say("HELLO 3");
    let docs = caller.say("COMMAND DOCS ping client|id");
    assert!(docs.starts_with("%2\r\n$4\r\nping\r\n%4\r\n$7\r\nsummary\r\n"), "{docs}");
    assert!(docs.contains("$9\r\nclient|id\r\n%4\r\n"), "{docs}");
    assert!(caller.say("COMMAND DOCS client").contains("$11\r\nsubcommands\r\n%18\r\n"));
}

#[test]
fn command_count_is_the_length_of_the_list() {
    let mut caller = Caller::new();
    let count = all().count();
    assert_eq!(caller.say("COMMAND COUNT"), format!(":{count}\r\n"));
    assert!(caller.say("COMMAND").starts_with(&format!("*{count}\r\n")));
    // The list, alone of the three, has subcommands as rows of their own.
    let rows = count + all().map(|command| command.subcommands.len()).sum::<usize>();
    let list = caller.say("COMMAND LIST");
    assert!(list.starts_with(&format!("*{rows}\r\n")), "{list}");
    assert!(list.contains("$9\r\nclient|id\r\n"), "{list}");
}

/// Every HELP is an array of as many simple strings as it says.
#[test]
fn every_help_is_well_formed() {
    let mut caller = Caller::new();
    for command in ["CLIENT", "CONFIG", "COMMAND", "OBJECT", "DEBUG"] {
        let help = caller.say(&format!("{command} HELP"));
        let mut lines = help.split_terminator("\r\n");
        let count: usize = lines.next().unwrap()[1..].parse().unwrap();
        let lines: Vec<&str> = lines.collect();
        assert_eq!(lines.len(), count, "{command}");
        assert!(lines.iter().all(|line| line.starts_with('+')), "{command}");
    }
}

/// The flags that differ from what one would guess, as redis-server 7.4 says.
#[test]
fn command_info_shows_the_flags_that_redis_shows() {
    let mut caller = Caller::new();
    let flags = |caller: &mut Caller, name: &str| -> Vec<String> {
        let reply = caller.say(&format!("COMMAND INFO {name}"));
        let lines = reply.lines().skip_while(|line| !line.starts_with('+'));
        lines.map_while(|line| line.strip_prefix('+')).map(str::to_owned).collect()
    };
    // Scripts may call what waits: there it does not.
    assert_eq!(flags(&mut caller, "blpop"), ["write", "blocking"]);
    // That a pause holds it up is nobody's business.
    assert_eq!(flags(&mut caller, "publish"), ["pubsub", "loading", "stale", "fast"]);
    assert_eq!(flags(&mut caller, "pubsub|help"), ["loading", "stale"]);
}
