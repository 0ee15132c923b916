//! The table of directives: names, rules, and the way in and out of
//! [`Config`].

use super::{
    ClientMemory, Config, EnableDebug, MaxmemoryPolicy, OutputLimit, OutputLimits, SetError,
};
use crate::commands::{glob, keyword};

/// One directive (`standardConfig`).
#[derive(Debug)]
pub struct Directive {
    pub name: &'static str,
    /// An older name that means the same.
    pub alias: Option<&'static str>,
    access: Access,
    kind: Kind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Access {
    Mutable,
    /// Counts at start only (`IMMUTABLE_CONFIG`). `port` and `bind`, which
    /// Redis can change while it runs, are here too: the loop opens its doors
    /// once.
    Immutable,
}

use Access::{Immutable, Mutable};

/// What its value is made of. Numbers are `i128` so that both ends of `u64`
/// and of `i64` have room for an exact refusal.
#[derive(Debug)]
enum Kind {
    YesNo {
        get: fn(&Config) -> bool,
        set: fn(&mut Config, bool),
    },
    Number {
        unit: Unit,
        min: i128,
        max: i128,
        get: fn(&Config) -> i128,
        set: fn(&mut Config, i128),
    },
    /// One of these words; `get` and `set` speak of its position.
    Choice {
        words: &'static [&'static str],
        get: fn(&Config) -> usize,
        set: fn(&mut Config, usize),
    },
    Text {
        get: fn(&Config) -> String,
        set: fn(&mut Config, &[u8]) -> Result<(), String>,
    },
    /// A feature that does not exist here: clients ask, the answer is this,
    /// and no other value is taken.
    Absent(&'static str),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Unit {
    Plain,
    /// `1kb`, `1mb`, `1gb` are powers of 1024, `1k`, `1m`, `1g` of 1000.
    Memory,
    /// The same, or a percentage, which is kept as a negative number.
    MemoryOrPercent,
}

const U32_MAX: i128 = u32::MAX as i128;
const I32_MAX: i128 = i32::MAX as i128;
const I64_MAX: i128 = i64::MAX as i128;
const U64_MAX: i128 = u64::MAX as i128;
const MB: i128 = 1024 * 1024;

macro_rules! yes_no {
    ($field:ident) => {
        Kind::YesNo { get: |c| c.$field, set: |c, v| c.$field = v }
    };
}

/// A number in a field of type `$ty`; `$max` must fit it.
macro_rules! number {
    ($field:ident: $ty:ty, $unit:ident, $min:expr, $max:expr) => {
        Kind::Number {
            unit: Unit::$unit,
            min: $min,
            max: {
                assert!($max <= <$ty>::MAX as i128);
                $max
            },
            get: |c| i128::from(c.$field),
            set: |c, v| c.$field = v as $ty,
        }
    };
}

const fn directive(name: &'static str, access: Access, kind: Kind) -> Directive {
    Directive { name, alias: None, access, kind }
}

const fn aliased(mut d: Directive, alias: &'static str) -> Directive {
    d.alias = Some(alias);
    d
}

/// All directives, in the order CONFIG GET lists them.
pub static DIRECTIVES: &[Directive] = &[
    directive("bind", Immutable, Kind::Text { get: |c| c.bind.join(" "), set: set_bind }),
    directive("port", Immutable, number!(port: u16, Plain, 0, 65_535)),
    directive("tcp-backlog", Immutable, number!(tcp_backlog: u32, Plain, 0, I32_MAX)),
    directive("tcp-keepalive", Mutable, number!(tcp_keepalive: u32, Plain, 0, I32_MAX)),
    directive("protected-mode", Mutable, yes_no!(protected_mode)),
    directive(
        "requirepass",
        Mutable,
        Kind::Text {
            get: |c| String::from_utf8_lossy(&c.requirepass).into_owned(),
            set: |c, v| {
                c.requirepass = v.to_vec();
                Ok(())
            },
        },
    ),
    directive("maxclients", Mutable, number!(maxclients: u32, Plain, 1, U32_MAX)),
    directive(
        "max-new-connections-per-cycle",
        Mutable,
        number!(max_new_connections_per_cycle: u32, Plain, 1, 1_000),
    ),
    directive("timeout", Mutable, number!(timeout: u32, Plain, 0, I32_MAX)),
    directive(
        "client-query-buffer-limit",
        Mutable,
        number!(client_query_buffer_limit: u64, Memory, MB, I64_MAX),
    ),
    directive(
        "client-output-buffer-limit",
        Mutable,
        Kind::Text { get: get_output_limits, set: set_output_limits },
    ),
    directive("proto-max-bulk-len", Mutable, number!(proto_max_bulk_len: u64, Memory, MB, I64_MAX)),
    directive("maxmemory", Mutable, number!(maxmemory: u64, Memory, 0, U64_MAX)),
    directive(
        "maxmemory-policy",
        Mutable,
        Kind::Choice {
            words: &["noeviction"],
            get: |c| match c.maxmemory_policy {
                MaxmemoryPolicy::NoEviction => 0,
            },
            set: |c, _| c.maxmemory_policy = MaxmemoryPolicy::NoEviction,
        },
    ),
    directive(
        "maxmemory-clients",
        Mutable,
        Kind::Number {
            unit: Unit::MemoryOrPercent,
            min: -100,
            max: I64_MAX,
            get: |c| match c.maxmemory_clients {
                ClientMemory::Bytes(bytes) => i128::from(bytes),
                ClientMemory::Percent(percent) => -i128::from(percent),
            },
            set: |c, v| {
                c.maxmemory_clients = match u64::try_from(v) {
                    Ok(bytes) => ClientMemory::Bytes(bytes),
                    Err(_) => ClientMemory::Percent(v.unsigned_abs() as u8),
                }
            },
        },
    ),
    directive("io-threads", Immutable, number!(io_threads: u32, Plain, 1, 128)),
    directive(
        "hz",
        Mutable,
        Kind::Number {
            unit: Unit::Plain,
            min: 0,
            max: I32_MAX,
            get: |c| i128::from(c.hz),
            // Out of range is corrected, not refused (`updateHZ`).
            set: |c, v| c.hz = v.clamp(1, 500) as u32,
        },
    ),
    directive("dynamic-hz", Mutable, yes_no!(dynamic_hz)),
    directive("databases", Immutable, number!(databases: u32, Plain, 1, DATABASES_MAX)),
    directive("active-expire-effort", Mutable, number!(active_expire_effort: u32, Plain, 1, 10)),
    directive(
        "enable-debug-command",
        Immutable,
        Kind::Choice {
            words: &["no", "yes", "local"],
            get: |c| match c.enable_debug_command {
                EnableDebug::No => 0,
                EnableDebug::Yes => 1,
                EnableDebug::Local => 2,
            },
            set: |c, choice| {
                c.enable_debug_command =
                    [EnableDebug::No, EnableDebug::Yes, EnableDebug::Local][choice];
            },
        },
    ),
    directive(
        "slowlog-log-slower-than",
        Mutable,
        number!(slowlog_log_slower_than: i64, Plain, -1, I64_MAX),
    ),
    directive("slowlog-max-len", Mutable, number!(slowlog_max_len: u64, Plain, 0, I64_MAX)),
    directive(
        "latency-monitor-threshold",
        Mutable,
        number!(latency_monitor_threshold: u64, Plain, 0, I64_MAX),
    ),
    directive("latency-tracking", Mutable, yes_no!(latency_tracking)),
    aliased(
        directive(
            "busy-reply-threshold",
            Mutable,
            number!(busy_reply_threshold: u64, Plain, 0, I64_MAX),
        ),
        "lua-time-limit",
    ),
    directive("save", Mutable, Kind::Absent("")),
    directive("appendonly", Mutable, Kind::Absent("no")),
];

/// A client's database is kept in 16 bits.
const DATABASES_MAX: i128 = 65_536;

/// By name or alias, whatever the case.
#[must_use]
pub fn find(name: &[u8]) -> Option<&'static Directive> {
    DIRECTIVES.iter().find(|d| d.names().any(|n| n.as_bytes().eq_ignore_ascii_case(name)))
}

/// All names that match, aliases as names of their own (`configGetCommand`).
pub fn matching(pattern: &[u8]) -> impl Iterator<Item = (&'static str, &'static Directive)> {
    DIRECTIVES
        .iter()
        .flat_map(|d| d.names().map(move |name| (name, d)))
        .filter(move |(name, _)| glob::matches_nocase(pattern, name.as_bytes()))
}

impl Directive {
    fn names(&self) -> impl Iterator<Item = &'static str> {
        std::iter::once(self.name).chain(self.alias)
    }

    /// Whether it only counts at start.
    #[must_use]
    pub fn is_immutable(&self) -> bool {
        self.access == Immutable
    }

    /// Its value as CONFIG GET shows it.
    #[must_use]
    pub fn get(&self, config: &Config) -> String {
        match &self.kind {
            Kind::YesNo { get, .. } => if get(config) { "yes" } else { "no" }.into(),
            Kind::Number { unit, get, .. } => match (unit, get(config)) {
                (Unit::MemoryOrPercent, percent @ ..0) => digits(-percent) + "%",
                (_, number) => digits(number),
            },
            Kind::Choice { words, get, .. } => words[get(config)].into(),
            Kind::Text { get, .. } => get(config),
            Kind::Absent(value) => (*value).into(),
        }
    }

    /// The same to the byte: a password may be anything.
    #[must_use]
    pub fn value(&self, config: &Config) -> Vec<u8> {
        match self.name {
            "requirepass" => config.requirepass.clone(),
            _ => self.get(config).into_bytes(),
        }
    }

    /// # Errors
    /// [`SetError::Value`] with Redis's wording.
    pub fn set(&self, config: &mut Config, value: &[u8]) -> Result<(), SetError> {
        match &self.kind {
            Kind::YesNo { set, .. } => set(config, parse_yes_no(value)?),
            Kind::Number { unit, min, max, set, .. } => {
                set(config, parse_number(value, *unit, *min, *max)?);
            }
            Kind::Choice { words, set, .. } => set(config, parse_choice(value, words)?),
            Kind::Text { set, .. } => set(config, value).map_err(SetError::Value)?,
            Kind::Absent(only) => {
                if !value.eq_ignore_ascii_case(only.as_bytes()) {
                    return Err(SetError::Value(format!(
                        "persistence is not offered: expected '{only}'"
                    )));
                }
            }
        }
        Ok(())
    }
}

/// The digits of what is in reach of `i64` or of `u64`: those of all other
/// numbers would cost the page half a kilobyte.
fn digits(number: i128) -> String {
    if number < 0 { (number as i64).to_string() } else { (number as u64).to_string() }
}

fn refuse<T>(why: impl Into<String>) -> Result<T, SetError> {
    Err(SetError::Value(why.into()))
}

fn parse_yes_no(value: &[u8]) -> Result<bool, SetError> {
    match &*keyword(value) {
        "yes" => Ok(true),
        "no" => Ok(false),
        _ => refuse("argument must be 'yes' or 'no'"),
    }
}

fn parse_choice(value: &[u8], words: &[&str]) -> Result<usize, SetError> {
    match words.iter().position(|w| w.as_bytes().eq_ignore_ascii_case(value)) {
        Some(choice) => Ok(choice),
        None => refuse(format!("argument(s) must be one of the following: {}", words.join(", "))),
    }
}

/// `numericParseString` and `numericBoundaryCheck`, *faithful* but for octal
/// numbers, which only `unixsocketperm` has.
fn parse_number(value: &[u8], unit: Unit, min: i128, max: i128) -> Result<i128, SetError> {
    let number = match (unit, value.strip_suffix(b"%")) {
        (Unit::MemoryOrPercent, Some(digits)) => {
            match parse_integer(digits).filter(|percent| *percent >= 0) {
                Some(percent) => -percent,
                None => return refuse("argument must be a memory or percent value"),
            }
        }
        (Unit::MemoryOrPercent, None) => match parse_memory(value) {
            Some(bytes) => i128::from(bytes),
            None => return refuse("argument must be a memory or percent value"),
        },
        (Unit::Memory, _) => match parse_memory(value) {
            Some(bytes) => i128::from(bytes),
            None => return refuse("argument must be a memory value"),
        },
        (Unit::Plain, _) => match parse_integer(value) {
            Some(number) => number,
            None => return refuse("argument couldn't be parsed into an integer"),
        },
    };
    if number < min && unit == Unit::MemoryOrPercent {
        return refuse("percentage argument must be less or equal to ".to_owned() + &digits(-min));
    }
    if number < min || number > max {
        let (min, max) = (digits(min), digits(max));
        return refuse(format!("argument must be between {min} and {max} inclusive"));
    }
    Ok(number)
}

fn parse_integer(value: &[u8]) -> Option<i128> {
    crate::store::parse_integer(value).map(i128::from)
}

/// `memtoull`: digits and a unit, whatever the case; no sign, no space. No
/// digits at all are zero, and more than fit 64 bits the largest of these.
///
/// `None` also when the product does not fit 64 bits, where Redis wraps.
#[must_use]
pub fn parse_memory(value: &[u8]) -> Option<u64> {
    let digits = value.iter().take_while(|b| b.is_ascii_digit()).count();
    let factor: u64 = match &*keyword(&value[digits..]) {
        "" | "b" => 1,
        "k" => 1_000,
        "kb" => 1 << 10,
        "m" => 1_000_000,
        "mb" => 1 << 20,
        "g" => 1_000_000_000,
        "gb" => 1 << 30,
        _ => return None,
    };
    let add = |sum: u64, digit: &u8| sum.saturating_mul(10).saturating_add(u64::from(digit - b'0'));
    value[..digits].iter().fold(0, add).checked_mul(factor)
}

fn words(value: &[u8]) -> Vec<&[u8]> {
    value.split(u8::is_ascii_whitespace).filter(|w| !w.is_empty()).collect()
}

fn set_bind(config: &mut Config, value: &[u8]) -> Result<(), String> {
    let mut addresses = Vec::new();
    for word in words(value) {
        addresses.push(String::from_utf8_lossy(word).into_owned());
    }
    if addresses.len() > 16 {
        return Err("Too many bind addresses specified.".into());
    }
    config.bind = addresses;
    Ok(())
}

fn get_output_limits(config: &Config) -> String {
    let OutputLimits { normal, replica, pubsub } = config.client_output_buffer_limit;
    let show =
        |name: &str, l: OutputLimit| format!("{name} {} {} {}", l.hard, l.soft, l.soft_seconds);
    // Redis still answers the older name of the class.
    [show("normal", normal), show("slave", replica), show("pubsub", pubsub)].join(" ")
}

/// Groups of four words: class, hard, soft, seconds; classes not named keep
/// their limits, and one bad group leaves all as they were. As there, words are
/// one space apart.
fn set_output_limits(config: &mut Config, value: &[u8]) -> Result<(), String> {
    let words: Vec<&[u8]> = value.split(|b| *b == b' ').collect();
    let words = if value.is_empty() { &[] } else { &words[..] };
    let mut limits = config.client_output_buffer_limit;
    let (groups, rest) = words.as_chunks::<4>();
    if !rest.is_empty() {
        return Err("Wrong number of arguments in buffer limit configuration.".into());
    }
    for [class, hard, soft, seconds] in groups {
        let limit = match &*keyword(class) {
            "normal" => &mut limits.normal,
            "replica" | "slave" => &mut limits.replica,
            "pubsub" => &mut limits.pubsub,
            _ => return Err("Invalid client class specified in buffer limit configuration.".into()),
        };
        let seconds = parse_integer(seconds).and_then(|s| u64::try_from(s).ok());
        let (Some(hard), Some(soft), Some(soft_seconds)) =
            (parse_memory(hard), parse_memory(soft), seconds)
        else {
            return Err(
                "Error in hard, soft or soft_seconds setting in buffer limit configuration.".into(),
            );
        };
        *limit = OutputLimit { hard, soft, soft_seconds };
    }
    config.client_output_buffer_limit = limits;
    Ok(())
}
