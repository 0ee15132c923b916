//! Command flags, as COMMAND reports them.

/// A set of flags.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Flags(u32);

impl Flags {
    pub const NONE: Flags = Flags(0);
    pub const WRITE: Flags = Flags(1 << 0);
    pub const READONLY: Flags = Flags(1 << 1);
    /// May use more memory, hence refused above `maxmemory`.
    pub const DENYOOM: Flags = Flags(1 << 2);
    pub const ADMIN: Flags = Flags(1 << 3);
    pub const NOSCRIPT: Flags = Flags(1 << 4);
    pub const LOADING: Flags = Flags(1 << 5);
    pub const STALE: Flags = Flags(1 << 6);
    /// Takes constant or logarithmic time.
    pub const FAST: Flags = Flags(1 << 7);
    /// Needs no authentication.
    pub const NO_AUTH: Flags = Flags(1 << 8);
    pub const NO_MULTI: Flags = Flags(1 << 9);
    pub const ALLOW_BUSY: Flags = Flags(1 << 10);
    /// Publishes, subscribes or tells of it.
    pub const PUBSUB: Flags = Flags(1 << 11);
    /// May let its client wait.
    pub const BLOCKING: Flags = Flags(1 << 12);
    /// Shown by nobody's MONITOR.
    pub const SKIP_MONITOR: Flags = Flags(1 << 13);
    pub const SKIP_SLOWLOG: Flags = Flags(1 << 14);
    /// A pause of writes holds it up although it writes no key. COMMAND does
    /// not show it.
    pub const MAY_REPLICATE: Flags = Flags(1 << 15);
    /// Where its keys are follows from its arguments.
    pub const MOVABLEKEYS: Flags = Flags(1 << 16);

    /// Not a flag of COMMAND: categories that do not follow from the others.
    pub const KEYSPACE: Flags = Flags(1 << 20);
    pub const CONNECTION: Flags = Flags(1 << 21);
    pub const DANGEROUS: Flags = Flags(1 << 22);
    pub const STRING: Flags = Flags(1 << 23);
    pub const LIST: Flags = Flags(1 << 24);
    pub const TRANSACTION: Flags = Flags(1 << 25);

    /// In Redis's order.
    const NAMES: [(Flags, &'static str); 16] = [
        (Flags::WRITE, "write"),
        (Flags::READONLY, "readonly"),
        (Flags::DENYOOM, "denyoom"),
        (Flags::ADMIN, "admin"),
        (Flags::PUBSUB, "pubsub"),
        (Flags::NOSCRIPT, "noscript"),
        (Flags::BLOCKING, "blocking"),
        (Flags::LOADING, "loading"),
        (Flags::STALE, "stale"),
        (Flags::SKIP_MONITOR, "skip_monitor"),
        (Flags::SKIP_SLOWLOG, "skip_slowlog"),
        (Flags::FAST, "fast"),
        (Flags::NO_AUTH, "no_auth"),
        (Flags::NO_MULTI, "no_multi"),
        (Flags::MOVABLEKEYS, "movablekeys"),
        (Flags::ALLOW_BUSY, "allow_busy"),
    ];

    /// Both sets together.
    #[must_use]
    pub const fn with(self, other: Flags) -> Flags {
        Flags(self.0 | other.0)
    }

    /// Whether it has any of `other`.
    #[inline]
    #[must_use]
    pub const fn has(self, other: Flags) -> bool {
        self.0 & other.0 != 0
    }

    /// As COMMAND INFO names them.
    pub fn names(self) -> impl Iterator<Item = &'static str> {
        Flags::NAMES.into_iter().filter(move |(flag, _)| self.has(*flag)).map(|(_, name)| name)
    }

    /// The ACL categories, with their `@`. Every command is either fast or
    /// slow; an administrative one is dangerous.
    pub fn categories(self) -> impl Iterator<Item = &'static str> {
        [
            (self.has(Flags::KEYSPACE), "@keyspace"),
            (self.has(Flags::READONLY), "@read"),
            (self.has(Flags::WRITE), "@write"),
            (self.has(Flags::STRING), "@string"),
            (self.has(Flags::LIST), "@list"),
            (self.has(Flags::PUBSUB), "@pubsub"),
            (self.has(Flags::ADMIN), "@admin"),
            (self.has(Flags::FAST), "@fast"),
            (!self.has(Flags::FAST), "@slow"),
            (self.has(Flags::BLOCKING), "@blocking"),
            (self.has(Flags::ADMIN.with(Flags::DANGEROUS)), "@dangerous"),
            (self.has(Flags::CONNECTION), "@connection"),
            (self.has(Flags::TRANSACTION), "@transaction"),
        ]
        .into_iter()
        .filter(|(has, _)| *has)
        .map(|(_, name)| name)
    }
}
