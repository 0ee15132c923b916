//! Scenarios in which a bug can strike that hardly ever can in those that are
//! drawn.

use crate::sim::Scenario;
use crate::sim::check::swarm;

/// The `number`th occasion; after these, what that seed draws.
pub fn occasion(number: u64) -> Scenario {
    let text = match number {
        0 => LARGE_PLATE,
        1 => WAITERS,
        2 => QUEUE,
        3 => REFUSED_STRANGER,
        4 => STRANGER_IN_A_PAUSE,
        5 => IDLER,
        6 => EXEMPT,
        7 => CROWD,
        8 => HEAVY_TRAYS,
        9 => OPEN_STRANGER,
        seed => return swarm::scenario(seed),
    };
    Scenario::parse("occasion", &format!("onechef scenario 1\n{text}"))
        .expect("a well-formed scenario")
}

/// One reply that meets the write budget, which small ones never do.
const LARGE_PLATE: &str = "net send-buffer 1mb receive-buffer 1mb\nclient ana\n\
    at 1ms ana connects\nat 2ms ana sends SET key <300kb>\nat 99ms ana sends GET key";

/// Two wait for the same key and get it in one cycle; one waits in vain.
const WAITERS: &str = "client ana\nclient bob\nclient cy\n\
    at 1ms ana connects\nat 1ms bob connects\nat 1ms cy connects\n\
    at 12ms ana sends BLPOP queue 0\nat 13ms bob sends BLPOP queue 0\n\
    at 19ms cy sends RPUSH queue a b\nat 29ms cy sends BLPOP queue 0.01";

/// A queue that takes memory while there is a limit for it.
const QUEUE: &str = "set maxmemory-clients 1mb\nclient ana\n\
    at 1ms ana connects\nat 2ms ana sends MULTI\nat 3ms ana sends 5 x SET k v\n\
    at 4ms ana sends GET k\nat 99ms ana sends EXEC";

/// Who has not given the password, and reads no refusal.
const REFUSED_STRANGER: &str = "set requirepass secret\n\
    client ana send-buffer 1kb receive-buffer 1kb\n\
    at 1ms ana connects\nat 2ms ana stops reading\nat 3s ana sends 500 x AUTH nope";

/// Who has not given the password, and whose attempt a pause holds up.
const STRANGER_IN_A_PAUSE: &str = "set requirepass secret\nclient ana\nclient bob\n\
    at 1ms ana connects\nat 1ms bob connects\nat 2ms bob sends AUTH secret\n\
    at 3ms bob sends CLIENT PAUSE 60000\nat 3s ana sends AUTH nope\n\
    at 4s ana sends 90000 x PING";

/// Who has not given the password, and asks for something.
const OPEN_STRANGER: &str = "set requirepass secret\nclient ana\n\
    at 1ms ana connects\nat 2s ana sends PING";

/// Two who are idle for longer than they may be; somebody comes afterwards.
const IDLER: &str = "set timeout 1\nclient ana\nclient bob\nclient cy\n\
    at 1ms ana connects\nat 2ms bob connects\nat 9s cy connects";

/// Who is not to be evicted, and leaves.
const EXEMPT: &str = "client ana\nat 1ms ana connects\nat 2ms ana sends CLIENT NO-EVICT on\n\
    at 3s ana closes";

/// More come at once than are let in at once.
const CROWD: &str = "set max-new-connections-per-cycle 2\nclient ana\nclient bob\nclient cy\n\
    client dan\nat 3s ana connects\nat 3s bob connects\nat 3s cy connects\nat 3s dan connects";

/// Four wait for their plates at the end of one cycle, and there is a helper.
const HEAVY_TRAYS: &str = "set io-threads 2\nclient ana\nclient bob\nclient cy\nclient dan\n\
    at 1ms ana connects\nat 1ms bob connects\nat 1ms cy connects\nat 1ms dan connects\n\
    at 29ms ana sends PING\nat 29ms bob sends PING\nat 29ms cy sends PING\nat 29ms dan sends PING";
