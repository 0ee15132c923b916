//! Facts to test with: any at all, and runs as the engine tells them.

use onechef::event::{
    AcceptEnd, BlockedOn, ClientChange, ClientId, CloseReason, Event, Handler, KeyChange,
    LimitKind, Need, PauseScope, Phase, Pipe, Preview, ReadOutcome, RefuseReason, ReplyInto,
    SkipReason, Standing, SubscriptionKind, TimerKind, TransactionEnd, TransactionStep,
    UnblockReason,
};
use onechef::net::{Fd, Fired, Mask, NetError, Timeout, WriteOutcome};
use onechef::time::Micros;
use onechef::trace::{Record, Timeline};
use std::net::SocketAddr;

/// A small generator of our own, so that a test's input is one number.
pub struct Dice(u64);

impl Dice {
    pub fn new(seed: u64) -> Dice {
        Dice(seed)
    }

    /// SplitMix64.
    pub fn number(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub fn below(&mut self, n: u64) -> u64 {
        self.number() % n
    }

    pub fn chance(&mut self, one_in: u64) -> bool {
        self.below(one_in) == 0
    }

    pub fn pick<T: Clone>(&mut self, from: &[T]) -> T {
        from[usize::try_from(self.below(from.len() as u64)).expect("small")].clone()
    }

    /// Mostly small, sometimes as large as can be.
    fn size(&mut self) -> u64 {
        match self.below(8) {
            0 => 0,
            1 => u64::MAX - self.below(3),
            2 => self.number(),
            _ => self.below(70_000),
        }
    }

    fn size32(&mut self) -> u32 {
        u32::try_from(self.size() & 0xffff_ffff).expect("masked")
    }

    fn time(&mut self) -> Micros {
        Micros(self.size())
    }

    fn fd(&mut self) -> Fd {
        Fd(u32::try_from(6 + self.below(6)).expect("small"))
    }

    fn client(&mut self) -> ClientId {
        ClientId(1 + self.below(5))
    }

    fn maybe_client(&mut self) -> Option<ClientId> {
        if self.chance(2) { Some(self.client()) } else { None }
    }

    fn mask(&mut self) -> Mask {
        Mask(u8::try_from(self.below(8)).expect("small"))
    }

    pub fn peer(&mut self) -> SocketAddr {
        let port = 50_000 + self.below(6);
        format!("10.0.0.1:{port}").parse().expect("an address")
    }

    pub fn bytes(&mut self) -> Preview {
        let len = self.below(40);
        let bytes: Vec<u8> = (0..len).map(|_| self.below(256).to_le_bytes()[0]).collect();
        let mut preview = Preview::of(&bytes, 20);
        if self.chance(10) {
            preview.len = self.size();
        }
        if self.chance(10) {
            preview.head = self.text();
        }
        preview
    }

    /// Text as a hand-edited trace may have it.
    fn text(&mut self) -> String {
        let evil = [
            "",
            "set",
            "client|list",
            "\u{0}\u{1b}[31m\r\n",
            "<script>alert(1)</script>",
            "Zoë \u{202e}evil",
            "one two three four five six seven eight nine ten eleven twelve thirteen fourteen \
             fifteen sixteen seventeen eighteen nineteen twenty twenty-one",
            "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
            "\\x",
        ];
        self.pick(&evil).to_owned()
    }

    fn argv(&mut self) -> Vec<Preview> {
        (0..self.below(5)).map(|_| self.bytes()).collect()
    }

    fn close(&mut self) -> CloseReason {
        use CloseReason as C;
        self.pick(&[
            C::PeerClosed,
            C::ReadError,
            C::WriteError,
            C::ProtocolError,
            C::QueryBufferLimit,
            C::OutputBufferHard,
            C::OutputBufferSoft,
            C::IdleTimeout,
            C::Quit,
            C::Killed,
            C::CrossProtocol,
            C::ProtectedMode,
            C::Evicted,
            C::Shutdown,
        ])
    }

    fn net_error(&mut self) -> NetError {
        use NetError as N;
        self.pick(&[N::WouldBlock, N::Reset, N::Aborted, N::Exhausted, N::Unavailable])
    }

    fn pipe(&mut self) -> Pipe {
        match self.below(11) {
            0 => Pipe::Queued { name: self.text() },
            1 => Pipe::BacklogFull { name: self.text() },
            2 => Pipe::Sent { bytes: self.bytes(), arrives: self.time() },
            3 => Pipe::Arrived { bytes: self.bytes() },
            4 => Pipe::FinArrived,
            5 => Pipe::ResetArrived,
            6 => Pipe::Delivered { bytes: self.size() },
            7 => Pipe::Consumed { bytes: self.bytes() },
            8 => Pipe::Reading { on: self.chance(2) },
            9 => Pipe::SawClose { reset: self.chance(2) },
            _ => Pipe::Left,
        }
    }

    fn need(&mut self) -> Need {
        let more = self.size();
        self.pick(&[
            Need::InlineEnd,
            Need::MultibulkHeader,
            Need::BulkHeader,
            Need::BulkBytes(more),
        ])
    }

    fn key_change(&mut self) -> KeyChange {
        match self.below(5) {
            0 => KeyChange::Read { found: self.chance(2) },
            1 => KeyChange::Written {
                kind: self.pick(&["string", "list", "hash"]).to_owned(),
                size: self.size(),
                value: self.bytes(),
                created: self.chance(2),
            },
            2 => KeyChange::Deleted,
            3 => KeyChange::Expired,
            _ => KeyChange::Ttl { ms: if self.chance(2) { Some(self.size()) } else { None } },
        }
    }

    fn limit(&mut self) -> LimitKind {
        use LimitKind as L;
        self.pick(&[
            L::QueryBuffer,
            L::OutputHard,
            L::OutputSoftStarted,
            L::OutputSoftCleared,
            L::OutputSoftExpired,
            L::MaxClients,
            L::WriteBudget,
        ])
    }

    /// Any event, however little sense it makes.
    pub fn event(&mut self) -> Event {
        let kind = self.below(EVENT_KINDS);
        self.event_of_kind(kind)
    }

    /// `kind` counts through all events, [`EVENT_KINDS`] of them.
    pub fn event_of_kind(&mut self, kind: u64) -> Event {
        match kind {
            0..=11 => self.event_of_the_loop(kind),
            12..=19 => self.event_of_the_door(kind),
            20..=31 => self.event_of_a_request(kind),
            32..=45 => self.event_of_the_way_out(kind),
            _ => self.event_of_a_session(kind),
        }
    }

    fn event_of_the_loop(&mut self, kind: u64) -> Event {
        use Phase as P;
        let phase = self.pick(&[P::BeforeSleep, P::Poll, P::AfterSleep, P::Files, P::Timers]);
        match kind {
            0 => Event::Listen { fd: self.fd(), address: self.peer(), backlog: self.size32() },
            1 => Event::Config { name: self.text(), value: self.text() },
            2 => Event::CycleBegin { cycle: self.size() },
            3 => Event::CycleEnd { cycle: self.size(), busy: self.time() },
            4 => Event::PhaseEnter { phase },
            5 => Event::PhaseLeave { phase },
            6 => {
                let most = self.time();
                let timeout = [Timeout::Now, Timeout::After(most), Timeout::Forever];
                Event::PollEnter { timeout: self.pick(&timeout) }
            }
            7 => {
                let fired = |dice: &mut Dice| Fired { fd: dice.fd(), mask: dice.mask() };
                Event::PollReturn { fired: (0..self.below(4)).map(|_| fired(self)).collect() }
            }
            8 => {
                let handler = [Handler::Accept, Handler::ReadQuery, Handler::SendReply];
                Event::Fire {
                    fd: self.fd(),
                    client: self.maybe_client(),
                    handler: self.pick(&handler),
                    mask: self.mask(),
                }
            }
            9 => Event::FireSkipped { fd: self.fd(), why: SkipReason::NoLongerWatched },
            10 => Event::Shutdown,
            _ => Event::Dropped { count: self.size() },
        }
    }

    fn event_of_the_door(&mut self, kind: u64) -> Event {
        match kind {
            12 => Event::Accept { fd: self.fd(), peer: self.peer() },
            13 => {
                let why = self.pick(&[RefuseReason::MaxClients, RefuseReason::ProtectedMode]);
                Event::AcceptRefused { fd: self.fd(), peer: self.peer(), why }
            }
            14 => {
                let failed = AcceptEnd::Failed(self.net_error());
                let why = self.pick(&[AcceptEnd::Drained, AcceptEnd::CycleLimit, failed]);
                Event::AcceptEnd { accepted: self.size32(), why }
            }
            15 => Event::ClientCreated {
                client: self.client(),
                fd: self.fd(),
                peer: self.peer(),
                local: self.peer(),
            },
            16 => {
                let change = match self.below(4) {
                    0 => ClientChange::Name(self.bytes()),
                    1 => ClientChange::Db(self.size32()),
                    2 => ClientChange::Resp(self.pick(&[2, 3])),
                    _ => ClientChange::Authenticated,
                };
                Event::ClientChanged { client: self.client(), change }
            }
            17 => Event::CloseAfterReply { client: self.client(), why: self.close() },
            18 => Event::CloseAsap { client: self.client(), why: self.close() },
            _ => Event::ClientFreed {
                client: self.client(),
                fd: self.fd(),
                why: self.close(),
                dropped: self.size(),
            },
        }
    }

    fn event_of_a_request(&mut self, kind: u64) -> Event {
        use ReadOutcome as R;
        let (client, argc, parsed_to) = (self.client(), self.size32(), self.size());
        match kind {
            20 => Event::Read {
                client,
                fd: self.fd(),
                outcome: self.pick(&[R::Bytes, R::Eof, R::WouldBlock, R::Reset]),
                bytes: self.bytes(),
            },
            21 => Event::Parsed { client, argc, argv: self.argv(), parsed_to },
            22 => {
                Event::Incomplete { client, argc, argv: self.argv(), parsed_to, need: self.need() }
            }
            23 => Event::ProtocolError { client, text: self.text(), at: self.size() },
            24 => Event::QueryTrimmed { client, bytes: self.size(), left: self.size() },
            25 => Event::CommandBegin { client, name: self.text() },
            26 => Event::CommandEnd {
                client,
                name: self.text(),
                took: self.time(),
                error: self.chance(2),
            },
            27 => Event::CommandRejected { client, name: self.text() },
            28 => Event::Key {
                client: self.maybe_client(),
                db: self.size32(),
                key: self.bytes(),
                change: self.key_change(),
            },
            29 => Event::Flushed { db: if self.chance(2) { Some(self.size32()) } else { None } },
            30 => Event::ExpireCycle { fast: self.chance(2), expired: self.size() },
            _ => Event::ReplyQueued {
                client,
                bytes: self.bytes(),
                into: self.pick(&[ReplyInto::Buffer, ReplyInto::List]),
                buffered: self.size(),
                listed: self.size(),
                blocks: self.size32(),
            },
        }
    }

    fn event_of_the_way_out(&mut self, kind: u64) -> Event {
        use WriteOutcome as W;
        let client = self.client();
        match kind {
            32 => Event::PendingWriteQueued { client },
            33 => Event::PendingWriteTaken { client },
            34 => Event::SweepBegin { clients: self.size32() },
            35 => Event::SweepEnd { clients: self.size32() },
            36 => Event::Write {
                client,
                fd: self.fd(),
                outcome: self.pick(&[W::Drained, W::WouldBlock, W::Budget, W::Reset]),
                bytes: self.size(),
                calls: self.size32(),
                left: self.size(),
                blocks: self.size32(),
                by: self.pick(&[0, 1, 3]),
            },
            37 => Event::Watch { fd: self.fd(), mask: self.mask() },
            38 => Event::TimerAdded { timer: TimerKind::ServerCron, due: self.time() },
            39 => Event::TimerFired { timer: TimerKind::ServerCron },
            40 => Event::TimerRearmed { timer: TimerKind::ServerCron, due: self.time() },
            41 => Event::ClientsCron { visited: self.size32() },
            42 => {
                let keys = self.argv();
                let until = if self.chance(2) { Some(self.time()) } else { None };
                let on = [BlockedOn::Keys { keys, until }, BlockedOn::Pause];
                Event::Blocked { client, on: self.pick(&on) }
            }
            43 => {
                use UnblockReason as U;
                let why = self.pick(&[U::KeyReady, U::Timeout, U::Error, U::Resumed]);
                Event::Unblocked { client, why }
            }
            44 => Event::Limit {
                client: self.maybe_client(),
                kind: self.limit(),
                at: self.size(),
                limit: self.size(),
            },
            _ => Event::Pipe { peer: self.peer(), pipe: self.pipe() },
        }
    }

    fn event_of_a_session(&mut self, kind: u64) -> Event {
        use PauseScope as P;
        use SubscriptionKind as S;
        let client = self.client();
        match kind {
            46 => Event::Transaction { client, step: self.transaction_step() },
            47 => Event::Subscription {
                client,
                kind: self.pick(&[S::Channel, S::Pattern, S::Shard]),
                name: self.bytes(),
                on: self.chance(2),
                subscribed: self.size32(),
            },
            48 => Event::Published { client, channel: self.bytes(), receivers: self.size() },
            49 => {
                let scope = self.pick(&[None, Some(P::Write), Some(P::All)]);
                Event::Paused { scope, until: self.time() }
            }
            50 => Event::Monitoring { client, on: self.chance(2) },
            51 => Event::ClientMemory { used: self.size(), limit: self.size() },
            52 => Event::Unrecorded { client, bytes: self.size() },
            _ => Event::Standing { what: self.standing() },
        }
    }

    fn standing(&mut self) -> Standing {
        match self.below(5) {
            0 => Standing::Begun,
            4 => Standing::FromOutside,
            1 => Standing::Counter { name: self.text(), value: self.size() },
            2 => Standing::Keys { db: self.size32(), keys: self.size() },
            _ => Standing::Client {
                client: self.client(),
                created: self.time(),
                active: self.time(),
                last_command: self.text(),
            },
        }
    }

    fn transaction_step(&mut self) -> TransactionStep {
        use TransactionEnd as E;
        use TransactionStep as T;
        match self.below(7) {
            0 => T::Watching { keys: self.size32() },
            1 => T::KeyTouched { db: self.size32(), key: self.bytes() },
            2 => T::Begun,
            3 => T::Queued { name: self.text(), commands: self.size32() },
            4 => T::Flawed,
            5 => T::Executing { commands: self.size32() },
            _ => {
                let how = self.pick(&[E::Executed, E::Discarded, E::Aborted, E::KeyChanged]);
                T::Ended { how }
            }
        }
    }
}

/// How many events there are.
pub const EVENT_KINDS: u64 = 54;

/// Records of any events: numbered, and time does not go back.
pub fn noise(seeds: &[u64]) -> Vec<Record> {
    let mut at = 0;
    seeds
        .iter()
        .zip(0..)
        .map(|(seed, seq)| {
            let mut dice = Dice::new(*seed);
            at += dice.below(50);
            Record { seq, at: Micros(at), event: dice.event() }
        })
        .collect()
}

pub fn timeline_of(records: &[Record]) -> Timeline {
    let mut timeline = Timeline::new();
    for record in records {
        timeline.push(record.clone()).expect("few records");
    }
    timeline
}
