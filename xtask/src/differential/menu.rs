//! What can be ordered: every command we implement, in the language of
//! [`grammar`](super::grammar), family by family.
//!
//! Not on it, and why:
//! - SHUTDOWN, DEBUG SLEEP: they end or stop a server for all that follows.
//! - HELLO with several options: 7.0 obeys the first before it has read the
//!   second, and what it then knows of the client differs.
//! - CLIENT SETINFO, CLIENT NO-TOUCH, CLIENT KILL MAXAGE and LIST's fields
//!   `watch`, `lib-name`, `lib-ver`, `rbs`, `rbp`: younger than Debian's 7.0.
//! - CLIENT UNBLOCK of whom a CLIENT PAUSE holds up: that ends a real Redis.
//! - COMMAND GETKEYS and other commands that are not on our own menu.
//! - `… HELP` and COMMAND DOCS: their sentences are Redis's own, and ours ours.

use super::script::Mask;
use Mask::{Exact, Shape, Unordered};

/// A way to order a command.
pub struct Offer {
    pub pattern: &'static str,
    pub mask: Mask,
    /// Its arguments may be damaged. Not where a number picked from the air
    /// would put both servers to sleep, or use up the machine's memory.
    pub damageable: bool,
}

/// The commands of one subject, which are on or off together.
pub type Family = [Offer];

const fn exact(pattern: &'static str) -> Offer {
    Offer { pattern, mask: Exact, damageable: true }
}

const fn masked(mask: Mask, pattern: &'static str) -> Offer {
    Offer { pattern, mask, damageable: true }
}

/// As it is, or not at all.
const fn fragile(mask: Mask, pattern: &'static str) -> Offer {
    Offer { pattern, mask, damageable: false }
}

pub const FAMILIES: &[&Family] = &[
    STRINGS,
    NUMBERS,
    KEYS,
    EXPIRY,
    LISTS,
    MOVES,
    BLOCKING,
    TRANSACTIONS,
    PUBSUB,
    CONNECTION,
    CLIENTS,
    SERVER,
    CONFIG,
    NONSENSE,
];

const STRINGS: &[Offer] = &[
    exact("SET @key @value"),
    exact("SET @key @value *{NX|XX|GET|KEEPTTL|EX @seconds|PX @milliseconds|EXAT @at|PXAT @atms}"),
    exact("GET @key"),
    exact("GETSET @key @value"),
    exact("GETDEL @key"),
    exact("GETEX @key *{PERSIST|EX @seconds|PX @milliseconds|EXAT @at|PXAT @atms}"),
    exact("SETNX @key @value"),
    exact("SETEX @key @seconds @value"),
    exact("PSETEX @key @milliseconds @value"),
    exact("MGET +{@key}"),
    exact("MSET +{@key @value}"),
    exact("MSETNX +{@key @value}"),
    exact("APPEND @key @value"),
    exact("STRLEN @key"),
    exact("{GETRANGE|SUBSTR} @key @index @index"),
    exact("SETRANGE @key @offset @value"),
];

const NUMBERS: &[Offer] = &[
    exact("SET @key {@integer|@float|@small}"),
    exact("INCR @key"),
    exact("DECR @key"),
    exact("INCRBY @key {@integer|@small}"),
    exact("DECRBY @key {@integer|@small}"),
    exact("INCRBYFLOAT @key {@float|@decimal}"),
    exact("INCRBYFLOAT @key @decimal"),
    exact("GET @key"),
];

const KEYS: &[Offer] = &[
    exact("DEL +{@key}"),
    exact("UNLINK +{@key}"),
    exact("EXISTS +{@key}"),
    exact("TYPE @key"),
    masked(Unordered, "KEYS @pattern"),
    masked(Shape, "RANDOMKEY"),
    exact("RENAME @key @key"),
    exact("RENAMENX @key @key"),
    exact("DBSIZE"),
    exact("FLUSHDB ?{ASYNC|SYNC|@junk}"),
    exact("FLUSHALL ?{ASYNC|SYNC|@junk}"),
    exact("OBJECT ENCODING @key"),
    fragile(Unordered, "SCAN 0 COUNT 1000 *{MATCH @pattern|TYPE {string|list|hash|nothing}}"),
    masked(
        Unordered,
        "SCAN {x|-1|1x|18446744073709551616} *{MATCH @pattern|COUNT {0|-1|x|10}|TYPE string}",
    ),
    masked(Unordered, "SCAN 0 {COUNT|MATCH|TYPE|COUNT 0|COUNT -1|COUNT x|NOVALUES|@junk @junk}"),
    exact("SELECT @database"),
];

const EXPIRY: &[Offer] = &[
    exact("SET @key @value {EX @seconds|PX @milliseconds|EXAT @at|PXAT @atms}"),
    exact("EXPIRE @key @seconds *{NX|XX|GT|LT}"),
    exact("PEXPIRE @key @milliseconds *{NX|XX|GT|LT}"),
    exact("EXPIREAT @key @at *{NX|XX|GT|LT}"),
    exact("PEXPIREAT @key @atms *{NX|XX|GT|LT}"),
    exact("TTL @key"),
    exact("PTTL @key"),
    exact("EXPIRETIME @key"),
    exact("PEXPIRETIME @key"),
    exact("PERSIST @key"),
    exact("GETEX @key {PERSIST|EX @seconds|PXAT @atms}"),
    exact("RENAME @key @key"),
    exact("SET @key @value ?{KEEPTTL}"),
];

const LISTS: &[Offer] = &[
    exact("{LPUSH|RPUSH} @key +{@value}"),
    exact("{LPUSHX|RPUSHX} @key +{@value}"),
    exact("{LPOP|RPOP} @key ?{@count|@integer}"),
    exact("LLEN @key"),
    exact("LRANGE @key @index @index"),
    exact("LINDEX @key @index"),
];

const MOVES: &[Offer] = &[
    exact("RPUSH @key +{@value}"),
    exact("RPOPLPUSH @key @key"),
    exact("LMOVE @key @key {LEFT|RIGHT} {LEFT|RIGHT}"),
    exact("LMPOP {1 @key|2 @key @key|@integer @key} {LEFT|RIGHT} ?{COUNT {@count|@integer}}"),
    exact("LRANGE @key 0 -1"),
];

const BLOCKING: &[Offer] = &[
    exact("{LPUSH|RPUSH} @key +{@value}"),
    exact("{BLPOP|BRPOP} +{@key} @timeout"),
    exact("BRPOPLPUSH @key @key @timeout"),
    exact("BLMOVE @key @key {LEFT|RIGHT} {LEFT|RIGHT} @timeout"),
    exact("BLMPOP @timeout {1 @key|2 @key @key} {LEFT|RIGHT} ?{COUNT @count}"),
    exact("CLIENT UNBLOCK @id ?{TIMEOUT|ERROR|@junk}"),
    exact("DEL @key"),
    exact("SET @key @value"),
];

const TRANSACTIONS: &[Offer] = &[
    exact("MULTI"),
    exact("EXEC"),
    exact("EXEC"),
    exact("DISCARD"),
    exact("WATCH +{@key}"),
    exact("UNWATCH"),
    exact("SET @key @value"),
    exact("INCR @key"),
    exact("GET @key"),
];

const PUBSUB: &[Offer] = &[
    exact("SUBSCRIBE +{@channel}"),
    masked(Unordered, "UNSUBSCRIBE *{@channel}"),
    exact("PSUBSCRIBE +{@pattern}"),
    masked(Unordered, "PUNSUBSCRIBE *{@pattern}"),
    exact("SSUBSCRIBE +{@channel}"),
    masked(Unordered, "SUNSUBSCRIBE *{@channel}"),
    exact("PUBLISH @channel @value"),
    exact("PUBLISH @channel @value"),
    exact("SPUBLISH @channel @value"),
    masked(Unordered, "PUBSUB {CHANNELS|SHARDCHANNELS} ?{@pattern}"),
    exact("PUBSUB {NUMSUB|SHARDNUMSUB} *{@channel}"),
    exact("PUBSUB NUMPAT"),
    exact("PING ?{@value}"),
];

const CONNECTION: &[Offer] = &[
    exact("PING ?{@value}"),
    exact("ECHO @value"),
    exact("SELECT @database"),
    fragile(
        Exact,
        "HELLO ?{{2|3|3|1|4|x|@integer} \
         ?{AUTH default @password|AUTH {nobody|default} @junk|SETNAME {guest|@value}|AUTH x|SETNAME}}",
    ),
    exact("AUTH {@password|@junk}"),
    exact("AUTH {default|nobody} {@password|@junk}"),
    exact("RESET"),
    exact("QUIT ?{@junk}"),
    exact("CLIENT SETNAME {guest|other|@value}"),
    exact("CLIENT GETNAME"),
];

const CLIENTS: &[Offer] = &[
    exact("CLIENT SETNAME {guest|other|@value}"),
    exact("CLIENT GETNAME"),
    exact("CLIENT ID"),
    exact("CLIENT INFO"),
    exact("CLIENT LIST ?{TYPE {normal|pubsub|master|replica|slave|@junk}|ID +{@id}|ID @integer}"),
    exact("CLIENT KILL {@address|127.0.0.1:1|@junk}"),
    exact(
        "CLIENT KILL +{ID @id|ID @integer|ADDR @address|TYPE {normal|pubsub|master|@junk}|USER {default|nobody|@junk}|SKIPME {yes|no|@junk}|@junk @junk}",
    ),
    exact("CLIENT REPLY {ON|ON|OFF|SKIP|SKIP|@junk}"),
    exact("CLIENT NO-EVICT {ON|OFF|@junk}"),
    exact("CLIENT UNBLOCK {@id|@integer} ?{TIMEOUT|ERROR|@junk}"),
    fragile(Exact, "CLIENT PAUSE {-1|x} ?{WRITE|ALL|x}"),
    exact("CLIENT UNPAUSE"),
    exact("CLIENT @junk"),
    exact("CLIENT {ID|INFO|GETNAME|UNPAUSE} @junk"),
];

const SERVER: &[Offer] = &[
    masked(Shape, "TIME"),
    masked(Shape, "INFO *{server|clients|stats|nothing|keyspace|everything|all|default|@junk}"),
    masked(Shape, "COMMAND {COUNT|LIST}"),
    masked(
        Unordered,
        "COMMAND INFO +{get|SET|blpop|client|client|kill|nothing|exec|subscribe|hello}",
    ),
    masked(
        Unordered,
        "COMMAND LIST FILTERBY {PATTERN {mget*|nothing|BLM*|ge[t]}|MODULE nothing|@junk x}",
    ),
    exact("COMMAND @junk"),
    exact("OBJECT {ENCODING|@junk} @key"),
    exact("SLOWLOG {RESET|GET 0|GET x|GET -2|@junk|LEN x}"),
    exact("LATENCY {LATEST|HISTORY nothing|RESET|RESET nothing|@junk}"),
    exact("PUBSUB @junk"),
    exact("FLUSHALL"),
    fragile(Exact, "DEBUG POPULATE {0|3|x|-1} ?{k} ?{0|5|x}"),
    fragile(Exact, "DEBUG {nothing|SLEEP|POPULATE}"),
    exact("MONITOR"),
];

const CONFIG: &[Offer] = &[
    masked(
        Unordered,
        "CONFIG GET +{@directive|@directive|nothing|TCP-KEEPALIVE|slowlog-*|proto-max-bulk-le?}",
    ),
    fragile(
        Exact,
        "CONFIG SET +{@directive {x|-1|yes|no}|HZ @small|tcp-keepalive @small|slowlog-max-len @small\
         |proto-max-bulk-len {@memory|@integer}|latency-tracking {yes|no|x}|dynamic-hz {yes|no|YES|x}\
         |active-expire-effort @small|busy-reply-threshold {@small|@integer}|lua-time-limit @small\
         |client-query-buffer-limit @memory|latency-monitor-threshold {0|x|-1}|timeout {0|1000|x|-1}\
         |slowlog-log-slower-than {10000|-1|-2|x}|maxmemory-clients {0|100mb|x|101%|50%}\
         |client-output-buffer-limit {x|@limits|@limits|@limits}}",
    ),
    exact("CONFIG SET {nothing 1|timeout|databases 3|timeout 1000 timeout 2000|hz 10 nothing 1}"),
    exact("CONFIG RESETSTAT"),
    exact("CONFIG @junk"),
];

const NONSENSE: &[Offer] = &[
    exact("@junk *{@junk}"),
    exact("NOTACOMMAND *{@value}"),
    exact(
        "{get|GET|SET|EXPIRE|LPUSH|BLPOP|WATCH|SUBSCRIBE|CLIENT|CONFIG|OBJECT|DEBUG|PUBSUB|SLOWLOG|LATENCY|COMMAND}",
    ),
    exact("{GET|TTL|LLEN|MULTI|EXEC|TYPE|UNWATCH|DBSIZE|RANDOMKEY|TIME|RESET} @key @key"),
    // Alone: with others it is a race whether those are answered.
    masked(Shape, "{HOST:|POST} *{@value}"),
];
