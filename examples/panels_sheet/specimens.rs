//! Moments worth looking at, each told by records alone. The sheet draws
//! them; the tests of the panels ask them questions.

use onechef::event::*;
use onechef::net::{Fd, Fired, Mask, Timeout, WriteOutcome};
use onechef::time::Micros;
use onechef::trace::{Record, Timeline};
use std::net::SocketAddr;

/// A run up to some moment, its last record being the one to look at.
pub struct Specimen {
    pub name: &'static str,
    pub timeline: Timeline,
    pub selected: Option<ClientId>,
}

/// Tells a run, record by record.
pub struct Story {
    timeline: Timeline,
    at: Micros,
    seq: u64,
    cycle: u64,
}

pub const GUESTS: [&str; 6] = ["ana", "till-2", "kiosk", "report", "web-5", "worker"];

fn peer(n: u64) -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], 52_103 + n as u16))
}

pub fn fd(n: u64) -> Fd {
    Fd(7 + n as u32)
}

fn preview(bytes: &[u8]) -> Preview {
    Preview::of(bytes, BYTES_CAP)
}

pub fn multibulk(args: &[&str]) -> Vec<u8> {
    let mut out = format!("*{}\r\n", args.len());
    for arg in args {
        out.push_str(&format!("${}\r\n{arg}\r\n", arg.len()));
    }
    out.into_bytes()
}

impl Story {
    pub fn new() -> Story {
        let mut story = Story { timeline: Timeline::new(), at: Micros(0), seq: 0, cycle: 0 };
        for (name, value) in [
            ("maxclients", "10000"),
            ("client-output-buffer-limit", "normal 1048576 524288 10 slave 0 0 0 pubsub 0 0 0"),
            ("client-query-buffer-limit", "1048576"),
        ] {
            story.then(0, Event::Config { name: name.into(), value: value.into() });
        }
        let address = SocketAddr::from(([127, 0, 0, 1], 6379));
        story.then(0, Event::Listen { fd: Fd(6), address, backlog: 511 });
        story.then(0, Event::TimerAdded { timer: TimerKind::ServerCron, due: Micros(100_000) });
        story
    }

    pub fn then(&mut self, after_us: u64, event: Event) -> &mut Story {
        self.at = Micros(self.at.0 + after_us);
        let record = Record { seq: self.seq, at: self.at, event };
        self.seq += 1;
        self.timeline.push(record).expect("a short story");
        self
    }

    pub fn sleep(&mut self) -> &mut Story {
        let cycle = self.cycle;
        self.then(2, Event::CycleEnd { cycle, busy: Micros(60) });
        self.then(0, Event::PollEnter { timeout: Timeout::After(Micros(84_000)) })
    }

    pub fn wake(&mut self, slept_us: u64, fds: &[Fd]) -> &mut Story {
        let fired = fds.iter().map(|fd| Fired { fd: *fd, mask: Mask::READABLE }).collect();
        self.cycle += 1;
        let cycle = self.cycle;
        self.then(slept_us, Event::PollReturn { fired });
        self.then(0, Event::CycleBegin { cycle });
        self.then(0, Event::PhaseEnter { phase: Phase::Files })
    }

    /// One cycle that seats the first `n` guests.
    pub fn seat(&mut self, n: u64) -> &mut Story {
        for i in 1..=n {
            let name = GUESTS[(i as usize - 1) % GUESTS.len()].to_owned();
            self.then(5, Event::Pipe { peer: peer(i), pipe: Pipe::Queued { name } });
        }
        self.sleep().wake(300, &[Fd(6)]);
        self.then(
            2,
            Event::Fire { fd: Fd(6), client: None, handler: Handler::Accept, mask: Mask::READABLE },
        );
        for i in 1..=n {
            let (fd, peer, local) = (fd(i), peer(i), SocketAddr::from(([127, 0, 0, 1], 6379)));
            self.then(4, Event::Accept { fd, peer });
            self.then(3, Event::ClientCreated { client: ClientId(i), fd, peer, local });
            self.then(1, Event::Watch { fd, mask: Mask::READABLE });
        }
        let why = AcceptEnd::Drained;
        self.then(2, Event::AcceptEnd { accepted: n as u32, why }).sleep()
    }

    pub fn arrive(&mut self, n: u64, bytes: &[u8]) -> &mut Story {
        let bytes = preview(bytes);
        self.then(40, Event::Pipe { peer: peer(n), pipe: Pipe::Arrived { bytes } })
    }

    pub fn read(&mut self, n: u64, bytes: &[u8]) -> &mut Story {
        let (client, fd, outcome) = (ClientId(n), fd(n), ReadOutcome::Bytes);
        let handler = Handler::ReadQuery;
        self.then(2, Event::Fire { fd, client: Some(client), handler, mask: Mask::READABLE });
        self.then(7, Event::Read { client, fd, outcome, bytes: preview(bytes) })
    }

    pub fn parsed(&mut self, n: u64, args: &[&str]) -> &mut Story {
        let parsed_to = multibulk(args).len() as u64;
        let argv = args.iter().map(|arg| Preview::of(arg.as_bytes(), ARG_CAP)).collect();
        let argc = args.len() as u32;
        self.then(4, Event::Parsed { client: ClientId(n), argc, argv, parsed_to })
    }

    pub fn begin(&mut self, n: u64, name: &str) -> &mut Story {
        self.then(2, Event::CommandBegin { client: ClientId(n), name: name.into() })
    }

    pub fn end(&mut self, n: u64, name: &str, took_us: u64, reply: &[u8]) -> &mut Story {
        let client = ClientId(n);
        let took = Micros(took_us);
        let name = name.to_owned();
        self.then(took_us, Event::CommandEnd { client, name, took, error: false });
        let (bytes, buffered) = (preview(reply), reply.len() as u64);
        let into = ReplyInto::Buffer;
        self.then(1, Event::PendingWriteQueued { client });
        self.then(1, Event::ReplyQueued { client, bytes, into, buffered, listed: 0, blocks: 0 })
    }

    pub fn trimmed(&mut self, n: u64, bytes: u64, left: u64) -> &mut Story {
        self.then(1, Event::QueryTrimmed { client: ClientId(n), bytes, left })
    }

    pub fn sweep(&mut self, order: &[u64]) -> &mut Story {
        let clients = order.len() as u32;
        self.then(1, Event::PhaseEnter { phase: Phase::BeforeSleep });
        self.then(1, Event::SweepBegin { clients });
        for n in order {
            let client = ClientId(*n);
            let bytes = self.timeline.head().clients[&client].reply.waiting();
            self.then(1, Event::PendingWriteTaken { client });
            let (fd, outcome) = (fd(*n), WriteOutcome::Drained);
            self.then(
                9,
                Event::Write { client, fd, outcome, bytes, calls: 1, left: 0, blocks: 0, by: 0 },
            );
        }
        self.then(1, Event::SweepEnd { clients })
    }

    /// A whole cycle: one guest, one order, one plate.
    pub fn order(&mut self, n: u64, args: &[&str], reply: &[u8]) -> &mut Story {
        let (bytes, name) = (multibulk(args), args[0].to_lowercase());
        self.arrive(n, &bytes).wake(120, &[fd(n)]).read(n, &bytes).parsed(n, args);
        self.begin(n, &name);
        self.end(n, &name, 3 + args.len() as u64 * 2, reply).trimmed(n, bytes.len() as u64, 0);
        self.sweep(&[n]).sleep()
    }

    pub fn done(self, name: &'static str, selected: Option<u64>) -> Specimen {
        Specimen { name, timeline: self.timeline, selected: selected.map(ClientId) }
    }
}

/// Half an order, as the reference picture has it: 18 of 36 bytes.
pub fn half_an_order() -> Specimen {
    let mut story = Story::new();
    let all = multibulk(&["INCRBY", "visits", "10"]);
    story.seat(5);
    story.order(1, &["GET", "stock"], b"$2\r\n17\r\n");
    story.arrive(5, &all[..18]).arrive(2, b"*1\r\n$4\r\nPING\r\n").wake(90, &[fd(5), fd(2)]);
    story.read(5, &all[..18]);
    let argv = vec![Preview::of(b"INCRBY", ARG_CAP)];
    let need = Need::BulkHeader;
    story.then(3, Event::Incomplete { client: ClientId(5), argc: 3, argv, parsed_to: 16, need });
    story.arrive(5, &all[18..]);
    story.done("half an order", Some(5))
}

/// A value whose length is known and which is not all here.
pub fn half_a_value() -> Specimen {
    let mut story = Story::new();
    let all = multibulk(&["SET", "price", "forty-two and some"]);
    story.seat(2).arrive(2, &all[..40]).wake(90, &[fd(2)]).read(2, &all[..40]);
    let argv = [&b"SET"[..], b"price"].map(|arg| Preview::of(arg, ARG_CAP)).to_vec();
    let need = Need::BulkBytes(all.len() as u64 - 40);
    story.then(3, Event::Incomplete { client: ClientId(2), argc: 3, argv, parsed_to: 29, need });
    story.done("half a value", None)
}

pub fn on_the_grill() -> Specimen {
    let mut story = Story::new();
    let args = ["SET", "price", "42"];
    story.seat(5);
    story.order(3, &["LPUSH", "menu", "soup"], b":4\r\n");
    story.order(1, &["GET", "stock"], b"$2\r\n17\r\n");
    story.arrive(2, &multibulk(&args)).wake(800, &[fd(2)]).read(2, &multibulk(&args));
    story.parsed(2, &args).begin(2, "set");
    let value = Preview::of(b"42", ARG_CAP);
    let change = KeyChange::Written { kind: "string".into(), size: 2, value, created: true };
    let key = Preview::of(b"price", ARG_CAP);
    story.then(4, Event::Key { client: Some(ClientId(2)), db: 0, key, change });
    story.done("on the grill", None)
}

/// In the middle of the sweep: six plates, two of them carried out.
pub fn sweep() -> Specimen {
    let mut story = Story::new();
    story.seat(6);
    for n in 1..=6 {
        story.arrive(n, &multibulk(&["PING"]));
    }
    story.wake(50, &[1, 2, 3, 4, 5, 6].map(fd));
    for n in 1..=6 {
        story.read(n, &multibulk(&["PING"])).parsed(n, &["PING"]).begin(n, "ping");
        story.end(n, "ping", 2, b"+PONG\r\n").trimmed(n, 14, 0);
    }
    story.then(1, Event::PhaseEnter { phase: Phase::BeforeSleep });
    story.then(1, Event::SweepBegin { clients: 6 });
    for n in [6, 5] {
        let client = ClientId(n);
        story.then(1, Event::PendingWriteTaken { client });
        let (fd, outcome) = (fd(n), WriteOutcome::Drained);
        let event =
            Event::Write { client, fd, outcome, bytes: 7, calls: 1, left: 0, blocks: 0, by: 0 };
        story.then(9, event);
    }
    story.done("the final sweep", None)
}

/// Never reads: 44 blocks, above the soft limit for seven seconds.
pub fn slow_reader() -> Specimen {
    let mut story = Story::new();
    let args = ["LRANGE", "log", "0", "-1"];
    let client = ClientId(4);
    story.seat(4).arrive(4, &multibulk(&args)).wake(90, &[fd(4)]);
    story.read(4, &multibulk(&args)).parsed(4, &args).begin(4, "lrange");
    story.end(4, "lrange", 400, b"*5000\r\n$9\r\n");
    let (bytes, into) = (preview(b"$9\r\n"), ReplyInto::List);
    let (buffered, listed, blocks) = (16_384, 44 * 16_384, 44);
    story.then(300, Event::ReplyQueued { client, bytes, into, buffered, listed, blocks });
    let kind = LimitKind::OutputSoftStarted;
    story.then(1, Event::Limit { client: Some(client), kind, at: 730_000, limit: 524_288 });
    story.trimmed(4, multibulk(&args).len() as u64, 0);
    let (fd, outcome) = (fd(4), WriteOutcome::WouldBlock);
    story.then(
        9,
        Event::Write {
            client,
            fd,
            outcome,
            bytes: 0,
            calls: 1,
            left: 45 * 16_384,
            blocks: 44,
            by: 0,
        },
    );
    story.then(1, Event::Watch { fd, mask: Mask::BOTH });
    story.sleep().wake(7_000_000, &[]).sleep();
    story.done("the slow reader", Some(4))
}

pub fn unreadable() -> Specimen {
    let mut story = Story::new();
    let bytes = b"*3\r\n$3\r\nSET\r\n+5\r\nprice\r\n";
    story.seat(3).arrive(3, bytes).wake(90, &[fd(3)]).read(3, bytes);
    let client = ClientId(3);
    story.then(3, Event::ProtocolError { client, text: "expected '$', got '+'".into(), at: 13 });
    let why = CloseReason::ProtocolError;
    story.then(1, Event::CloseAfterReply { client, why });
    story.done("unreadable", None)
}

/// More than the query buffer may hold; only its first bytes are known.
pub fn too_big() -> Specimen {
    let mut story = Story::new();
    let client = ClientId(1);
    let mut head = b"*3\r\n$3\r\nSET\r\n$4\r\nbook\r\n$2000000\r\n".to_vec();
    let parsed_to = head.len() as u64;
    head.resize(256, b'a');
    let bytes = Preview { len: 1_060_000, head: escape(&head) };
    story.seat(1).wake(90, &[fd(1)]);
    let (fd, outcome) = (fd(1), ReadOutcome::Bytes);
    let (handler, mask) = (Handler::ReadQuery, Mask::READABLE);
    story.then(1, Event::Fire { fd, client: Some(client), handler, mask });
    story.then(300, Event::Read { client, fd, outcome, bytes });
    let argv = [&b"SET"[..], b"book"].map(|arg| Preview::of(arg, ARG_CAP)).to_vec();
    let need = Need::BulkBytes(2_000_002 - (1_060_000 - parsed_to));
    story.then(1, Event::Incomplete { client, argc: 3, argv, parsed_to, need });
    let kind = LimitKind::QueryBuffer;
    story.then(1, Event::Limit { client: Some(client), kind, at: 1_060_000, limit: 1_048_576 });
    story.then(1, Event::CloseAsap { client, why: CloseReason::QueryBufferLimit });
    story.done("too big an order", None)
}

pub fn asleep() -> Specimen {
    let mut story = Story::new();
    story.seat(3);
    for (n, pause) in [(1, 0), (3, 500), (2, 40_000), (1, 900_000), (3, 0), (2, 7_000)] {
        story.then(pause, Event::Pipe { peer: peer(n), pipe: Pipe::Reading { on: true } });
        story.order(n, &["GET", "stock"], b"$2\r\n17\r\n");
    }
    let key = Preview::of(b"stock", ARG_CAP);
    story.then(
        8_000,
        Event::Key { client: None, db: 0, key, change: KeyChange::Read { found: true } },
    );
    story.done("asleep", None)
}

pub fn nobody() -> Specimen {
    Story::new().done("nobody is seated", None)
}

pub fn all() -> Vec<Specimen> {
    vec![
        half_an_order(),
        half_a_value(),
        on_the_grill(),
        sweep(),
        slow_reader(),
        unreadable(),
        too_big(),
        asleep(),
        nobody(),
    ]
}
