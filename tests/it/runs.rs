//! Runs of facts in the order in which the engine states them, by seed: what
//! the engine would say, without the engine, so that a change of the one does
//! not hide a fault of the other.

use crate::facts::Dice;
use onechef::event::{
    AcceptEnd, ClientId, CloseReason, Event, Handler, KeyChange, Need, Phase, Pipe, Preview,
    ReadOutcome, ReplyInto, TimerKind,
};
use onechef::net::{Fd, Fired, Mask, Timeout, WriteOutcome};
use onechef::sim::Sim;
use onechef::time::Micros;
use onechef::trace::Record;
use std::net::SocketAddr;

#[derive(Clone, Copy)]
struct Seated {
    id: ClientId,
    fd: Fd,
    peer: SocketAddr,
    stuck: bool,
}

struct Run {
    dice: Dice,
    at: u64,
    records: Vec<Record>,
    clients: Vec<Seated>,
    next_id: u64,
    cycle: u64,
    began: u64,
    pending: Vec<Seated>,
}

const LISTENER: Fd = Fd(6);

/// What the engine itself says in every bundled scenario.
pub fn scenarios() -> Vec<Vec<Record>> {
    let records = |bundled: &onechef::sim::Bundled| {
        let mut records = Vec::new();
        Sim::new(&bundled.scenario()).run_to_quiet(20, &mut records);
        records
    };
    onechef::sim::scenarios().iter().map(records).collect()
}

/// A run of so many cycles.
pub fn run(seed: u64, cycles: u64) -> Vec<Record> {
    let mut run = Run {
        dice: Dice::new(seed),
        at: 0,
        records: Vec::new(),
        clients: Vec::new(),
        next_id: 0,
        cycle: 0,
        began: 0,
        pending: Vec::new(),
    };
    run.say(Event::Config { name: "hz".into(), value: "10".into() });
    run.say(Event::Listen { fd: LISTENER, address: address(6379), backlog: 511 });
    run.say(Event::Watch { fd: LISTENER, mask: Mask::READABLE });
    run.say(Event::TimerAdded { timer: TimerKind::ServerCron, due: Micros(1_000) });
    run.say(Event::PollEnter { timeout: Timeout::After(Micros(1_000)) });
    for _ in 0..cycles {
        run.cycle();
    }
    run.records
}

fn address(port: u64) -> SocketAddr {
    format!("127.0.0.1:{port}").parse().expect("an address")
}

impl Run {
    /// Says a fact, a little later than the one before.
    fn say(&mut self, event: Event) {
        self.at += self.dice.below(4);
        let seq = self.records.len() as u64;
        self.records.push(Record { seq, at: Micros(self.at), event });
    }

    fn cycle(&mut self) {
        self.at += self.dice.below(5_000);
        let mut fired = Vec::new();
        let knocks = self.dice.chance(3) && self.clients.len() < 9;
        if knocks {
            let peer = address(50_001 + self.next_id);
            self.say(Event::Pipe { peer, pipe: Pipe::Queued { name: "ana".into() } });
            fired.push(Fired { fd: LISTENER, mask: Mask::READABLE });
        }
        let mut served = Vec::new();
        for client in self.clients.clone() {
            if client.stuck && self.dice.chance(2) {
                fired.push(Fired { fd: client.fd, mask: Mask::WRITABLE });
                served.push((client, Handler::SendReply));
            } else if self.dice.chance(3) {
                let bytes = Preview::of(b"*1\r\n$4\r\nPING\r\n", 256);
                self.say(Event::Pipe { peer: client.peer, pipe: Pipe::Arrived { bytes } });
                fired.push(Fired { fd: client.fd, mask: Mask::READABLE });
                served.push((client, Handler::ReadQuery));
            }
        }
        self.say(Event::PollReturn { fired });
        self.cycle += 1;
        self.began = self.at;
        self.say(Event::CycleBegin { cycle: self.cycle });
        self.say(Event::PhaseEnter { phase: Phase::AfterSleep });
        self.say(Event::PhaseLeave { phase: Phase::AfterSleep });
        self.say(Event::PhaseEnter { phase: Phase::Files });
        if knocks {
            self.accept();
        }
        let mut doomed = Vec::new();
        for (client, handler) in served {
            let mask = if handler == Handler::SendReply { Mask::WRITABLE } else { Mask::READABLE };
            let Seated { id, fd, .. } = client;
            self.say(Event::Fire { fd, client: Some(id), handler, mask });
            match handler {
                Handler::SendReply => self.write(client),
                _ if self.dice.chance(6) => {
                    self.hang_up(client);
                    doomed.push(client);
                }
                _ => self.read(client),
            }
        }
        self.say(Event::PhaseLeave { phase: Phase::Files });
        self.timers();
        self.before_sleep(&doomed);
    }

    fn accept(&mut self) {
        let handler = Handler::Accept;
        self.say(Event::Fire { fd: LISTENER, client: None, handler, mask: Mask::READABLE });
        self.next_id += 1;
        let id = ClientId(self.next_id);
        let fd = (8..).map(Fd).find(|fd| self.clients.iter().all(|c| c.fd != *fd));
        let fd = fd.expect("a free number");
        let peer = address(50_000 + self.next_id);
        self.say(Event::Accept { fd, peer });
        self.say(Event::ClientCreated { client: id, fd, peer, local: address(6379) });
        self.say(Event::Watch { fd, mask: Mask::READABLE });
        self.say(Event::AcceptEnd { accepted: 1, why: AcceptEnd::Drained });
        self.clients.push(Seated { id, fd, peer, stuck: false });
    }

    fn hang_up(&mut self, Seated { id, fd, .. }: Seated) {
        let bytes = Preview::default();
        self.say(Event::Read { client: id, fd, outcome: ReadOutcome::Eof, bytes });
        self.say(Event::CloseAsap { client: id, why: CloseReason::PeerClosed });
    }

    fn read(&mut self, seated: Seated) {
        let Seated { id: client, fd, .. } = seated;
        let commands = self.dice.below(3);
        let partial = commands == 0 || self.dice.chance(4);
        let mut text = b"*1\r\n$4\r\nPING\r\n".repeat(usize::try_from(commands).expect("few"));
        let whole = text.len() as u64;
        if partial {
            text.extend_from_slice(b"*1\r\n$4\r\nPI");
        }
        let bytes = Preview::of(&text, 256);
        self.say(Event::Read { client, fd, outcome: ReadOutcome::Bytes, bytes });
        for nth in 1..=commands {
            let argv = vec![Preview::of(b"PING", 64)];
            self.say(Event::Parsed { client, argc: 1, argv, parsed_to: 14 * nth });
            self.command(seated, nth);
        }
        if partial {
            let need = Need::BulkBytes(4);
            let parsed_to = whole + 8;
            self.say(Event::Incomplete { client, argc: 1, argv: Vec::new(), parsed_to, need });
        }
        if whole > 0 {
            self.say(Event::QueryTrimmed {
                client,
                bytes: whole,
                left: if partial { 10 } else { 0 },
            });
        }
    }

    fn command(&mut self, seated: Seated, nth: u64) {
        let client = seated.id;
        let error = self.dice.chance(5);
        self.say(Event::CommandBegin { client, name: "ping".into() });
        if self.dice.chance(2) {
            let change = KeyChange::Written {
                kind: "string".into(),
                size: 2,
                value: Preview::of(b"42", 64),
                created: self.dice.chance(2),
            };
            let key = Preview::of(b"price", 64);
            self.say(Event::Key { client: Some(client), db: 0, key, change });
        }
        if !seated.stuck && self.pending.iter().all(|c| c.id != client) {
            self.pending.push(seated);
            self.say(Event::PendingWriteQueued { client });
        }
        self.say(Event::ReplyQueued {
            client,
            bytes: Preview::of(b"+PONG\r\n", 64),
            into: ReplyInto::Buffer,
            buffered: 7 * nth,
            listed: 0,
            blocks: 0,
        });
        self.say(Event::CommandEnd { client, name: "ping".into(), took: Micros(1), error });
    }

    fn timers(&mut self) {
        self.say(Event::PhaseEnter { phase: Phase::Timers });
        if self.dice.chance(3) {
            let timer = TimerKind::ServerCron;
            self.say(Event::TimerFired { timer });
            self.say(Event::ClientsCron { visited: 2 });
            self.say(Event::TimerRearmed { timer, due: Micros(self.at + 100_000) });
        }
        self.say(Event::PhaseLeave { phase: Phase::Timers });
    }

    fn before_sleep(&mut self, doomed: &[Seated]) {
        self.say(Event::PhaseEnter { phase: Phase::BeforeSleep });
        let pending = std::mem::take(&mut self.pending);
        let clients = u32::try_from(pending.len()).expect("few");
        self.say(Event::SweepBegin { clients });
        for client in pending.into_iter().rev() {
            self.say(Event::PendingWriteTaken { client: client.id });
            self.write(client);
        }
        self.say(Event::SweepEnd { clients });
        for Seated { id, fd, peer, .. } in doomed {
            let (client, fd, why) = (*id, *fd, CloseReason::PeerClosed);
            self.say(Event::Watch { fd, mask: Mask::NONE });
            self.say(Event::ClientFreed { client, fd, why, dropped: 0 });
            self.clients.retain(|c| c.id != client);
            self.say(Event::Pipe { peer: *peer, pipe: Pipe::SawClose { reset: false } });
        }
        self.say(Event::PhaseLeave { phase: Phase::BeforeSleep });
        let busy = Micros(self.at - self.began);
        self.say(Event::CycleEnd { cycle: self.cycle, busy });
        self.say(Event::PollEnter { timeout: Timeout::After(Micros(100_000)) });
    }

    fn write(&mut self, client: Seated) {
        let stuck = self.dice.chance(4);
        self.say(Event::Write {
            client: client.id,
            fd: client.fd,
            outcome: if stuck { WriteOutcome::WouldBlock } else { WriteOutcome::Drained },
            bytes: 7,
            calls: 1,
            left: if stuck { 36_864 } else { 0 },
            blocks: if stuck { 3 } else { 0 },
            by: 0,
        });
        if stuck != client.stuck {
            let mask = if stuck { Mask::BOTH } else { Mask::READABLE };
            self.say(Event::Watch { fd: client.fd, mask });
        }
        for known in &mut self.clients {
            if known.id == client.id {
                known.stuck = stuck;
            }
        }
    }
}
