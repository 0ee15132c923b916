//! An evening in the restaurant, told fact by fact: worlds for tests that look
//! at what is drawn. Everything goes through the fold, so a picture can show
//! nothing that a recording could not.

use onechef::event::{BlockedOn, ClientId};
use onechef::event::{
    CloseReason, Event, Handler, KeyChange, LimitKind, Need, Phase, Pipe, Preview, ReadOutcome,
    ReplyInto, TimerKind,
};
use onechef::net::{Fd, Fired, Mask, Timeout, WriteOutcome};
use onechef::time::Micros;
use onechef::trace::{Record, World};
use std::net::SocketAddr;

pub const LISTENER: Fd = Fd(6);

pub const NAMES: [&str; 6] = ["ana", "till-2", "kiosk", "report", "web-5", "worker"];

/// The world so far, and the last fact.
#[derive(Clone, Debug)]
pub struct Evening {
    pub world: World,
    pub last: Record,
    /// Every fact so far.
    pub history: Vec<Record>,
    at: u64,
}

pub fn peer(n: u64) -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], 52_000 + u16::try_from(n).unwrap()))
}

pub fn fd(n: u64) -> Fd {
    Fd(7 + u32::try_from(n).unwrap())
}

pub fn argv(words: &str) -> Vec<Preview> {
    words.split(' ').map(|word| Preview::of(word.as_bytes(), 64)).collect()
}

pub fn preview(text: &str) -> Preview {
    Preview::of(text.as_bytes(), 64)
}

impl Evening {
    /// The door is open and the clock is wound up; nobody is here.
    pub fn opening() -> Evening {
        let first = Event::Listen {
            fd: LISTENER,
            address: "127.0.0.1:6379".parse().unwrap(),
            backlog: 511,
        };
        let last = Record { seq: 0, at: Micros::ZERO, event: first };
        let mut evening =
            Evening { world: World::default(), history: vec![last.clone()], last, at: 0 };
        evening.world.fold(&evening.last);
        evening.tell(Event::TimerAdded {
            timer: TimerKind::ServerCron,
            due: Micros::from_millis(100),
        });
        evening
    }

    /// `guests` are seated, and the chef is asleep.
    pub fn with(guests: u64) -> Evening {
        let mut evening = Evening::opening();
        for n in 1..=guests {
            evening.seat(n);
        }
        evening.sleep(84);
        evening
    }

    pub fn tell(&mut self, event: Event) -> &mut Evening {
        self.at += 1;
        self.last = Record { seq: self.last.seq + 1, at: Micros(self.at), event };
        self.world.fold(&self.last);
        self.history.push(self.last.clone());
        self
    }

    pub fn pass_time(&mut self, micros: u64) -> &mut Evening {
        self.at += micros;
        self
    }

    /// Somebody new comes in and sits down.
    pub fn seat(&mut self, n: u64) -> &mut Evening {
        let name = NAMES[(n as usize - 1) % NAMES.len()].to_owned();
        self.tell(Event::Pipe { peer: peer(n), pipe: Pipe::Queued { name } });
        self.tell(Event::Accept { fd: fd(n), peer: peer(n) });
        self.tell(Event::ClientCreated {
            client: ClientId(n),
            fd: fd(n),
            peer: peer(n),
            local: "127.0.0.1:6379".parse().unwrap(),
        });
        self.tell(Event::Watch { fd: fd(n), mask: Mask::READABLE })
    }

    /// To sleep, `ms` before the clock rings.
    pub fn sleep(&mut self, ms: u64) -> &mut Evening {
        let due = Micros(self.at + 1).saturating_add(Micros::from_millis(100));
        self.tell(Event::TimerRearmed { timer: TimerKind::ServerCron, due });
        self.pass_time((1_000 * (100 - ms)).saturating_sub(1));
        self.tell(Event::PollEnter { timeout: Timeout::After(Micros::from_millis(ms)) })
    }

    pub fn wake(&mut self, fired: &[u64]) -> &mut Evening {
        let fired = fired
            .iter()
            .map(|n| Fired { fd: if *n == 0 { LISTENER } else { fd(*n) }, mask: Mask::READABLE })
            .collect();
        self.tell(Event::PollReturn { fired });
        self.tell(Event::CycleBegin { cycle: self.world.cycle + 1 });
        self.tell(Event::PhaseEnter { phase: Phase::AfterSleep });
        self.tell(Event::PhaseLeave { phase: Phase::AfterSleep });
        self.tell(Event::PhaseEnter { phase: Phase::Files })
    }

    pub fn arrive(&mut self, n: u64, text: &str) -> &mut Evening {
        self.tell(Event::Pipe { peer: peer(n), pipe: Pipe::Arrived { bytes: preview(text) } })
    }

    pub fn fire(&mut self, n: u64) -> &mut Evening {
        self.tell(Event::Fire {
            fd: fd(n),
            client: Some(ClientId(n)),
            handler: Handler::ReadQuery,
            mask: Mask::READABLE,
        })
    }

    pub fn read(&mut self, n: u64, text: &str) -> &mut Evening {
        self.tell(Event::Read {
            client: ClientId(n),
            fd: fd(n),
            outcome: ReadOutcome::Bytes,
            bytes: preview(text),
        })
    }

    pub fn parsed(&mut self, n: u64, words: &str, parsed_to: u64) -> &mut Evening {
        let argv = argv(words);
        let argc = u32::try_from(argv.len()).unwrap();
        self.tell(Event::Parsed { client: ClientId(n), argc, argv, parsed_to })
    }

    pub fn begin(&mut self, n: u64) -> &mut Evening {
        let name = self.world.clients[&ClientId(n)].argv[0].head.to_lowercase();
        self.tell(Event::CommandBegin { client: ClientId(n), name })
    }

    pub fn key(&mut self, n: u64, key: &str, kind: &str, size: u64, value: &str) -> &mut Evening {
        self.tell(Event::Key {
            client: Some(ClientId(n)),
            db: 0,
            key: preview(key),
            change: KeyChange::Written {
                kind: kind.into(),
                size,
                value: preview(value),
                created: !self.world.pantry.jars.iter().any(|jar| jar.key == key.as_bytes()),
            },
        })
    }

    pub fn end(&mut self, n: u64) -> &mut Evening {
        let name = self.world.clients[&ClientId(n)].last_command.clone();
        self.tell(Event::CommandEnd { client: ClientId(n), name, took: Micros(3), error: false })
    }

    /// The reply, and the place in the sweep's queue.
    pub fn reply(&mut self, n: u64, text: &str, more: u64) -> &mut Evening {
        let mut bytes = preview(text);
        bytes.len += more;
        let listed = bytes.len.saturating_sub(16_384);
        let buffered = bytes.len - listed;
        let into = if listed > 0 { ReplyInto::List } else { ReplyInto::Buffer };
        let blocks = u32::try_from(listed.div_ceil(16_384)).unwrap();
        let client = ClientId(n);
        self.tell(Event::PendingWriteQueued { client });
        self.tell(Event::ReplyQueued { client, bytes, into, buffered, listed, blocks })
    }

    /// A whole request of a client whose flag is up, as far as the rack.
    pub fn serve(&mut self, n: u64, words: &str, reply: &str, more: u64) -> &mut Evening {
        let wire = format!("{words}\r\n");
        let len = wire.len() as u64;
        self.fire(n).read(n, &wire).parsed(n, words, len).begin(n).end(n).reply(n, reply, more);
        self.tell(Event::QueryTrimmed { client: ClientId(n), bytes: len, left: 0 })
    }

    pub fn begin_sweep(&mut self) -> &mut Evening {
        self.tell(Event::PhaseLeave { phase: Phase::Files });
        self.tell(Event::PhaseEnter { phase: Phase::Timers });
        self.tell(Event::PhaseLeave { phase: Phase::Timers });
        self.tell(Event::PhaseEnter { phase: Phase::BeforeSleep });
        let clients = u32::try_from(self.world.pending_write.len()).unwrap();
        self.tell(Event::SweepBegin { clients })
    }

    /// Somebody who does not eat what lies on the table.
    pub fn stop_eating(&mut self, n: u64) -> &mut Evening {
        self.tell(Event::Pipe { peer: peer(n), pipe: Pipe::Reading { on: false } });
        self.tell(Event::Pipe { peer: peer(n), pipe: Pipe::Delivered { bytes: 4_096 } })
    }

    pub fn write(&mut self, n: u64, outcome: WriteOutcome, bytes: u64, by: u8) -> &mut Evening {
        let client = ClientId(n);
        let left = self.world.clients[&client].reply.waiting() - bytes;
        self.tell(Event::PendingWriteTaken { client });
        let blocks = u32::try_from(left.div_ceil(16_384)).unwrap();
        let write = Event::Write { client, fd: fd(n), outcome, bytes, calls: 1, left, blocks, by };
        self.tell(write);
        if outcome == WriteOutcome::WouldBlock {
            self.tell(Event::Watch { fd: fd(n), mask: Mask::BOTH });
        }
        self
    }

    pub fn close(&mut self, n: u64, why: CloseReason) -> &mut Evening {
        self.tell(Event::CloseAsap { client: ClientId(n), why })
    }

    pub fn free(&mut self, n: u64, why: CloseReason) -> &mut Evening {
        self.tell(Event::ClientFreed { client: ClientId(n), fd: fd(n), why, dropped: 0 })
    }

    /// What stands on the shelves of the reference pictures.
    pub fn stock(&mut self) -> &mut Evening {
        self.key(1, "price", "string", 2, "41").key(1, "stock", "string", 2, "17");
        self.key(1, "visits", "string", 4, "1023").key(1, "menu", "list", 4, "");
        self.key(1, "feed", "list", 64, "").key(1, "till", "hash", 3, "");
        self.key(1, "vips", "set", 5, "").key(1, "top", "zset", 10, "")
    }
}

/// The chef asleep, three guests seated, no flag up.
pub fn poll() -> Evening {
    let mut e = Evening::with(3);
    e.stock();
    e.arrive(1, "GET stock\r\n")
        .arrive(2, "SET price 41\r\n")
        .arrive(3, "LPUSH menu soup fish\r\n");
    e.wake(&[1, 2, 3]);
    e.serve(1, "GET stock", "$2\r\n17\r\n", 0);
    e.pass_time(4_000_000).serve(2, "SET price 41", "+OK\r\n", 0);
    e.pass_time(5_000_000).serve(3, "LPUSH menu soup fish", ":4\r\n", 0);
    e.begin_sweep();
    e.write(3, WriteOutcome::Drained, 4, 0).write(2, WriteOutcome::Drained, 5, 0);
    e.write(1, WriteOutcome::Drained, 8, 0).tell(Event::SweepEnd { clients: 3 });
    e.sleep(100).wake(&[]).pass_time(3_000_000).sleep(84).clone()
}

const INCRBY: &str = "*3\r\n$6\r\nINCRBY\r\n$6";

fn five() -> Evening {
    let mut e = Evening::with(5);
    e.stock();
    e.arrive(4, "BLPOP orders 0\r\n").arrive(5, INCRBY).wake(&[4, 5]);
    e.fire(4).read(4, "BLPOP orders 0\r\n").parsed(4, "BLPOP orders 0", 16).begin(4).end(4);
    let on = BlockedOn::Keys { keys: vec![preview("orders")], until: None };
    e.tell(Event::Blocked { client: ClientId(4), on });
    e.tell(Event::QueryTrimmed { client: ClientId(4), bytes: 16, left: 0 });
    e.fire(5).read(5, INCRBY);
    e.tell(Event::Incomplete {
        client: ClientId(5),
        argc: 3,
        argv: argv("INCRBY"),
        parsed_to: 16,
        need: Need::BulkHeader,
    });
    e.begin_sweep().tell(Event::SweepEnd { clients: 0 });
    e.sleep(84).arrive(3, "LPUSH menu soup fish\r\n").arrive(1, "GET stock\r\n");
    e.arrive(2, "*3\r\n$3\r\nSET\r\n$5\r\nprice\r\n$2\r\n42\r\n")
        .arrive(5, "\r\nvisits\r\n$2\r\n10\r\n");
    e.wake(&[3, 1, 2, 5]);
    e.serve(3, "LPUSH menu soup fish", ":4\r\n", 0).serve(1, "GET stock", "$2\r\n17\r\n", 0);
    e
}

/// 32 bytes are being read from client 2, the third of four signals.
pub fn read() -> Evening {
    five().fire(2).read(2, "*3\r\n$3\r\nSET\r\n$5\r\nprice\r\n$2\r\n42\r\n").clone()
}

/// They are on the grill.
pub fn execute() -> Evening {
    let mut e = read();
    e.parsed(2, "SET price 42", 32).begin(2).key(2, "price", "string", 2, "42").clone()
}

/// The final sweep: two served, one stuck, a helper, one being served.
pub fn sweep() -> Evening {
    let mut e = Evening::with(6);
    e.stock().stop_eating(4);
    for n in 1..=6 {
        e.arrive(n, "PING\r\n");
    }
    e.wake(&[1, 2, 3, 4, 5, 6]);
    e.serve(1, "GET stock", "$2\r\n17\r\n", 0).serve(2, "SET price 42", "+OK\r\n", 0);
    e.serve(3, "LRANGE feed 0 -1", "*64\r\n", 49_000).serve(4, "LRANGE log 0 -1", "*9\r\n", 65_000);
    e.serve(5, "INCRBY visits 10", ":1033\r\n", 0).serve(6, "PING", "+PONG\r\n", 0);
    e.begin_sweep().write(6, WriteOutcome::Drained, 7, 0).write(5, WriteOutcome::Drained, 7, 0);
    e.write(4, WriteOutcome::WouldBlock, 28_672, 0).write(3, WriteOutcome::Drained, 49_005, 1);
    e.write(2, WriteOutcome::Drained, 5, 0).clone()
}

/// The same, when the helper lifts the heavy tray.
pub fn helper() -> Evening {
    let mut e = Evening::with(6);
    for n in 1..=6 {
        e.arrive(n, "PING\r\n");
    }
    e.wake(&[1, 2, 3, 4, 5, 6]);
    e.serve(3, "LRANGE feed 0 -1", "*64\r\n", 49_000).serve(6, "PING", "+PONG\r\n", 0);
    e.begin_sweep().write(6, WriteOutcome::Drained, 7, 0);
    e.write(3, WriteOutcome::Drained, 49_005, 1).clone()
}

/// Three limits at work.
pub fn faults() -> Evening {
    let mut e = Evening::with(6);
    e.stock().stop_eating(4);
    e.tell(Event::Config {
        name: "client-output-buffer-limit".into(),
        value: "normal 1048576 524288 10 slave 0 0 0 pubsub 0 0 0".into(),
    });
    e.arrive(2, "SET price 42\r\n").arrive(4, "LRANGE log 0 -1\r\n").arrive(5, "GET stock\r\n");
    e.arrive(6, "PING\r\n").wake(&[2, 4, 5, 6]);
    e.serve(2, "SET price 42", "+OK\r\n", 0).serve(5, "GET stock", "$2\r\n17\r\n", 0);
    e.serve(6, "PING", "+PONG\r\n", 0).serve(4, "LRANGE log 0 -1", "*9\r\n", 729_000);
    e.begin_sweep().write(4, WriteOutcome::WouldBlock, 4_000, 0);
    e.write(6, WriteOutcome::Drained, 7, 0).write(5, WriteOutcome::Drained, 8, 0);
    e.write(2, WriteOutcome::Drained, 5, 0);
    e.tell(Event::Limit {
        client: Some(ClientId(4)),
        kind: LimitKind::OutputSoftStarted,
        at: 729_000,
        limit: 524_288,
    });
    e.tell(Event::SweepEnd { clients: 4 }).sleep(84).pass_time(7_000_000);
    let wrong = "*3\r\n$3\r\nSET\r\n+5\r\nprice\r\n";
    e.arrive(1, "*1\r\n$9999999\r\n").arrive(3, wrong).wake(&[1, 3]);
    e.fire(1).read(1, "*1\r\n$9999999\r\n").close(1, CloseReason::QueryBufferLimit);
    e.fire(3).read(3, wrong);
    let text = "Protocol error: expected '$', got '+'".to_owned();
    e.tell(Event::ProtocolError { client: ClientId(3), text, at: 13 });
    e.tell(Event::CloseAfterReply { client: ClientId(3), why: CloseReason::ProtocolError });
    let client = ClientId(3);
    let bytes = preview("-ERR Protocol error: expected '$', got '+'\r\n");
    e.tell(Event::PendingWriteQueued { client });
    e.tell(Event::ReplyQueued {
        client,
        buffered: bytes.len,
        bytes,
        into: ReplyInto::Buffer,
        listed: 0,
        blocks: 0,
    });
    e.begin_sweep().free(1, CloseReason::QueryBufferLimit).clone()
}

/// The bell has rung and somebody new walks in.
pub fn accept() -> Evening {
    let mut e = Evening::with(3);
    e.stock();
    for n in 4..=6 {
        let name = NAMES[n as usize - 1].to_owned();
        e.tell(Event::Pipe { peer: peer(n), pipe: Pipe::Queued { name } });
    }
    e.wake(&[0, 2]);
    e.arrive(2, "PING\r\n");
    e.tell(Event::Fire {
        fd: LISTENER,
        client: None,
        handler: Handler::Accept,
        mask: Mask::READABLE,
    });
    e.tell(Event::Accept { fd: fd(4), peer: peer(4) });
    e.tell(Event::ClientCreated {
        client: ClientId(4),
        fd: fd(4),
        peer: peer(4),
        local: "127.0.0.1:6379".parse().unwrap(),
    });
    e
}

/// A crowd: `guests` seated, some flags up, some plates waiting, one slow.
pub fn crowd(guests: u64) -> Evening {
    let mut e = Evening::with(guests);
    let flags: Vec<u64> = (1..=guests).filter(|n| n % 13 == 2).collect();
    let waiting: Vec<u64> = (1..=guests).filter(|n| n % 17 == 3).collect();
    for n in flags.iter().chain(&waiting) {
        e.arrive(*n, "GET cart:17\r\n");
    }
    let order: Vec<u64> = waiting.iter().chain(&flags).copied().collect();
    e.wake(&order);
    for n in &waiting {
        e.serve(*n, "GET cart:9", "$8\r\nabcdefgh\r\n", 0);
    }
    e.fire(flags[0]).read(flags[0], "GET cart:17\r\n").clone()
}
