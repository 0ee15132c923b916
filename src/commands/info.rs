//! INFO: which sections are asked for, and in which order they come.

use super::info_sections as sections;
use super::{Command, Context, Flags, Outcome};
use crate::engine::eviction::client_memory_bytes;
use crate::engine::server::Server;

/// The release whose behaviour this server follows, as HELLO and INFO say it:
/// clients decide by it what they may send.
pub const REDIS_VERSION: &str = "7.4.1";

pub(super) const COMMANDS: &[Command] =
    &[Command::new("info", -1, Flags::LOADING.with(Flags::STALE).with(Flags::DANGEROUS), info)
        .about("server", "1.0.0", "Answers the server's state and counters.")];

/// One section.
struct Section {
    /// As it is asked for; its heading has a capital.
    name: &'static str,
    heading: &'static str,
    /// Whether INFO without arguments has it, and `INFO all`.
    wanted: Wanted,
    write: fn(&Server, &mut sections::Fields),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wanted {
    ByDefault,
    WithAll,
    ByNameOnly,
}

use Wanted::{ByDefault, ByNameOnly, WithAll};

const fn section(
    name: &'static str,
    heading: &'static str,
    wanted: Wanted,
    write: fn(&Server, &mut sections::Fields),
) -> Section {
    Section { name, heading, wanted, write }
}

/// In Redis's order. Sections for what does not exist here are left out, and
/// latencystats: percentiles would have to time every single call, and a call
/// that is fast takes about as long as looking at the clock.
const SECTIONS: &[Section] = &[
    section("server", "Server", ByDefault, sections::server),
    section("clients", "Clients", ByDefault, sections::clients),
    section("memory", "Memory", ByDefault, sections::memory),
    section("persistence", "Persistence", ByDefault, sections::persistence),
    section("stats", "Stats", ByDefault, sections::stats),
    section("replication", "Replication", ByDefault, sections::replication),
    section("commandstats", "Commandstats", WithAll, sections::commandstats),
    section("errorstats", "Errorstats", ByDefault, sections::errorstats),
    section("cluster", "Cluster", ByDefault, sections::cluster),
    section("keyspace", "Keyspace", ByDefault, sections::keyspace),
    section("debug", "Debug", ByNameOnly, sections::debug),
];

/// Redis: `infoCommand`, *faithful*: sections come in its order, each once,
/// however they were asked for; unknown ones are nothing.
fn info(ctx: &mut Context<'_>) -> Outcome {
    let asked = |word: &str| (1..ctx.argc()).any(|i| ctx.is(i, word));
    let all = asked("all") || asked("everything");
    let default = ctx.argc() == 1 || asked("default");
    let mut text = String::new();
    for section in SECTIONS {
        let unasked = match section.wanted {
            ByDefault => all || default,
            WithAll => all,
            ByNameOnly => false,
        };
        if !unasked && !asked(section.name) {
            continue;
        }
        if !text.is_empty() {
            text.push_str("\r\n");
        }
        let mut fields = sections::Fields::new(section.heading);
        (section.write)(ctx.server, &mut fields);
        text.push_str(&fields.into_text());
    }
    ctx.reply().verbatim(*b"txt", text.as_bytes());
    Ok(())
}

/// Keys, values and clients, estimated alike on every platform.
///
/// Redis asks its allocator (`zmalloc_used_memory`); *simplified*: here is
/// none that could be asked on every platform.
#[must_use]
pub fn used_memory_bytes(server: &Server) -> u64 {
    let clients: u64 = server.clients.iter().map(|(_, c)| client_memory_bytes(c)).sum();
    server.store.used_bytes() + clients
}
