//! A trace in the form that Chrome's and Perfetto's viewers open: the Trace
//! Event Format, as JSON. Written only; the trace itself is NDJSON
//! ([`super::codec`]).
//!
//! - Process 1 is the one thread: a lane of cycles, under it one of phases with
//!   the commands, reads and writes inside them.
//! - Process 2 is the clients, four lanes each: connected; orders waiting in
//!   the socket (arrived, not read); commands and what stops them; replies
//!   waiting in the server (queued, not written).
//!
//! Times are whole microseconds, and on the simulated network so are durations:
//! what took less than one is drawn with none.

use super::Record;
use super::codec::{text, write_text};
use crate::event::{ClientId, Event, Phase, Pipe};
use crate::net::Fd;
use crate::sorted::SortedMap;
use crate::time::Micros;
use std::net::SocketAddr;

const THREAD: u64 = 1;
const CLIENTS: u64 = 2;
const CYCLES_LANE: u64 = 1;
const PHASES_LANE: u64 = 2;

/// A client's lanes, in the order in which they stand.
#[derive(Clone, Copy)]
enum Lane {
    Connected,
    Socket,
    Commands,
    Rack,
}

const LANES: [(Lane, &str); 4] = [
    (Lane::Connected, "connected"),
    (Lane::Socket, "in the socket"),
    (Lane::Commands, "commands"),
    (Lane::Rack, "reply waits"),
];

impl Lane {
    fn of(self, client: ClientId) -> u64 {
        client.0.saturating_mul(LANES.len() as u64).saturating_add(self as u64)
    }
}

/// The whole trace as one JSON object.
#[must_use]
pub fn to_text(records: &[Record]) -> String {
    let mut writer = Writer { out: Vec::from("{\"traceEvents\":["), ..Writer::default() };
    for (process, name) in [(THREAD, "one thread"), (CLIENTS, "clients")] {
        writer.named("process_name", process, 0, name);
    }
    for (lane, name) in [(CYCLES_LANE, "cycles"), (PHASES_LANE, "the loop")] {
        writer.named("thread_name", THREAD, lane, name);
    }
    for record in records {
        writer.at = record.at;
        writer.record(&record.event);
    }
    writer.end();
    text(writer.out)
}

/// Since when something has been going on, for each client.
type Since = SortedMap<ClientId, Micros>;

#[derive(Default)]
struct Writer {
    out: Vec<u8>,
    at: Micros,
    cycle: Option<Micros>,
    phase: Option<(Phase, Micros)>,
    command: Option<Micros>,
    peers: SortedMap<SocketAddr, ClientId>,
    since: [Since; LANES.len()],
}

impl Writer {
    fn record(&mut self, event: &Event) {
        match event {
            Event::CycleBegin { .. } => self.cycle = Some(self.at),
            Event::CycleEnd { cycle, .. } => {
                if let Some(from) = self.cycle.take() {
                    self.slice(THREAD, CYCLES_LANE, from, &format!("cycle {cycle}"));
                }
            }
            Event::PhaseEnter { phase } => self.phase = Some((*phase, self.at)),
            Event::PhaseLeave { phase } => {
                if let Some((_, from)) = self.phase.take() {
                    self.slice(THREAD, PHASES_LANE, from, phase_name(*phase));
                }
            }
            Event::ClientCreated { client, peer, fd, .. } => self.client(*client, *peer, *fd),
            Event::ClientFreed { client, .. } => {
                for (lane, name) in LANES {
                    self.over(lane, *client, name);
                }
            }
            Event::CommandBegin { .. } => self.command = Some(self.at),
            Event::CommandEnd { client, name, .. } => {
                let from = self.command.take().unwrap_or(self.at);
                self.slice(THREAD, PHASES_LANE, from, name);
                self.slice(CLIENTS, Lane::Commands.of(*client), from, name);
            }
            Event::CommandRejected { client, name } => {
                self.instant(Lane::Commands, *client, &format!("{name}, refused"));
            }
            Event::ProtocolError { client, .. } => {
                self.instant(Lane::Commands, *client, "protocol error");
            }
            Event::Blocked { client, .. } => self.begin(Lane::Commands, *client),
            Event::Unblocked { client, .. } => self.over(Lane::Commands, *client, "blocked"),
            Event::Pipe { peer, pipe: Pipe::Arrived { .. } } => {
                if let Some(client) = self.peers.get(peer).copied() {
                    self.begin(Lane::Socket, client);
                }
            }
            Event::Read { client, bytes, .. } => {
                let name = format!("{} bytes", bytes.len);
                self.over(Lane::Socket, *client, &name);
            }
            Event::PendingWriteQueued { client } => self.begin(Lane::Rack, *client),
            Event::Write { client, left: 0, bytes, .. } => {
                let name = format!("{bytes} bytes");
                self.over(Lane::Rack, *client, &name);
            }
            _ => {}
        }
    }

    fn client(&mut self, client: ClientId, peer: SocketAddr, fd: Fd) {
        self.peers.insert(peer, client);
        for (lane, what) in LANES {
            let name = format!("client {client} (fd {}): {what}", fd.0);
            self.named("thread_name", CLIENTS, lane.of(client), &name);
        }
        self.begin(Lane::Connected, client);
    }

    /// What is still going on ends with the trace.
    fn end(&mut self) {
        if let Some(from) = self.cycle.take() {
            self.slice(THREAD, CYCLES_LANE, from, "unfinished");
        }
        if let Some((phase, from)) = self.phase.take() {
            self.slice(THREAD, PHASES_LANE, from, phase_name(phase));
        }
        for (lane, name) in LANES {
            for (client, from) in std::mem::take(&mut self.since[lane as usize]).iter() {
                self.slice(CLIENTS, lane.of(*client), *from, name);
            }
        }
        self.out.extend_from_slice(b"\n]}\n");
    }

    fn begin(&mut self, lane: Lane, client: ClientId) {
        let since = &mut self.since[lane as usize];
        if !since.contains_key(&client) {
            since.insert(client, self.at);
        }
    }

    fn over(&mut self, lane: Lane, client: ClientId, name: &str) {
        if let Some(from) = self.since[lane as usize].remove(&client) {
            self.slice(CLIENTS, lane.of(client), from, name);
        }
    }

    fn instant(&mut self, lane: Lane, client: ClientId, name: &str) {
        self.open('i', CLIENTS, lane.of(client), name);
        let at = self.at.0;
        self.put(&format!(",\"s\":\"t\",\"ts\":{at}}}"));
    }

    /// Something that has gone on since `from`.
    fn slice(&mut self, process: u64, lane: u64, from: Micros, name: &str) {
        self.open('X', process, lane, name);
        let (from, took) = (from.0, self.at.saturating_sub(from).0);
        self.put(&format!(",\"ts\":{from},\"dur\":{took}}}"));
    }

    fn named(&mut self, what: &str, process: u64, lane: u64, name: &str) {
        self.open('M', process, lane, what);
        self.put(",\"args\":{\"name\":");
        write_text(&mut self.out, name);
        self.put("}}");
    }

    fn open(&mut self, kind: char, process: u64, lane: u64, name: &str) {
        let before = if self.out.last() == Some(&b'[') { "" } else { "," };
        self.put(&format!(
            "{before}\n{{\"ph\":\"{kind}\",\"pid\":{process},\"tid\":{lane},\"name\":"
        ));
        write_text(&mut self.out, name);
    }

    fn put(&mut self, text: &str) {
        self.out.extend_from_slice(text.as_bytes());
    }
}

fn phase_name(phase: Phase) -> &'static str {
    match phase {
        Phase::BeforeSleep => "beforeSleep",
        Phase::Poll => "poll (asleep)",
        Phase::AfterSleep => "afterSleep",
        Phase::Files => "file events",
        Phase::Timers => "time events",
    }
}
