//! A situation, played: a server, its guests, and what is expected of both
//! beside what was seen.

use super::far_end::{Act, End, FarEnds};
use super::stage::Stage;
use super::tape::Tape;
use crate::house::request;
use onechef::engine::Engine;
use onechef::engine::config::Config;
use onechef::engine::server::{Birth, Server};
use onechef::event::{Event, Stamped};
use onechef::net::{Fired, Net, Timeout, Wait};
use onechef::time::Micros;
use std::net::SocketAddr;

/// The engine on some network, driven step by step.
pub trait Room {
    fn connect(&mut self);
    fn address(&self, guest: usize) -> SocketAddr;
    fn send(&mut self, guest: usize, bytes: &[u8]);
    fn act(&mut self, guest: usize, act: Act);
    /// Cycles until nothing but the clock would wake the loop.
    fn settle(&mut self);
    /// One more look, for a kernel that takes its time. Whether that can help.
    fn look_again(&mut self) -> bool;
    /// So much time passes; timers ring.
    fn pass(&mut self, time: Micros);
    fn heard(&self, guest: usize) -> &[u8];
    fn end(&self, guest: usize) -> Option<End>;
    fn server(&self) -> &Server;
    fn facts(&self) -> &[Stamped];
    fn lie(&mut self, foreign: bool, exhausted: bool);
    /// The facts that another engine states when the network says the same.
    fn replay(&mut self) -> Vec<Stamped>;
}

pub struct Kitchen<F: FarEnds> {
    engine: Engine,
    directives: &'static [(&'static str, &'static str)],
    net: Tape<Stage<F::Net>>,
    far_ends: F,
    door: SocketAddr,
    facts: Vec<Stamped>,
    fired: Vec<Fired>,
    stopped: bool,
}

/// A bound for loops that must come to an end.
const PATIENCE: usize = 200_000;
/// Less than any timer that matters here.
const A_MOMENT: Micros = Micros(100);
/// What is enough to see that a loop does not come to rest.
pub const BUSY_CYCLES: usize = 20;

impl<F: FarEnds> Kitchen<F> {
    pub fn open(directives: &'static [(&'static str, &'static str)]) -> Kitchen<F> {
        let (net, far_ends) = F::open();
        let mut net = Tape::new(Stage::new(net));
        let mut engine = engine(directives);
        engine.watch_events(&net, true);
        let anywhere = SocketAddr::from(([127, 0, 0, 1], 0));
        engine.listen(&mut net, anywhere).expect("a free port");
        let door = engine.server().listeners[0].address;
        let (facts, fired) = (Vec::new(), Vec::new());
        Kitchen { directives, engine, net, far_ends, door, facts, fired, stopped: false }
    }

    /// One cycle that does not sleep longer than `timeout`. Whether anything
    /// happened.
    fn cycle(&mut self, longest: Timeout) -> bool {
        let on_the_way = self.far_ends.is_on_the_way(&self.net.inner.inner);
        // What is on the way arrives while the loop looks out for it.
        let longest = if on_the_way { Timeout::After(A_MOMENT) } else { longest };
        if self.stopped {
            self.net.inner.wait(longest, &mut self.fired);
            return self.far_ends.pump() || on_the_way;
        }
        let due = self.engine.before_poll(&mut self.net);
        self.engine.take_events(&mut self.facts);
        if self.engine.is_stopping() {
            self.engine.shut_down(&mut self.net);
            self.engine.take_events(&mut self.facts);
            self.stopped = true;
        } else {
            let timeout = if due == Timeout::Now { due } else { longest };
            self.net.wait(timeout, &mut self.fired);
            let happened = on_the_way || !self.fired.is_empty();
            self.engine.after_poll(&mut self.net, &self.fired);
            self.engine.take_events(&mut self.facts);
            return self.far_ends.pump() || happened;
        }
        self.far_ends.pump();
        true
    }
}

impl<F: FarEnds> Room for Kitchen<F> {
    fn connect(&mut self) {
        self.far_ends.connect(&mut self.net.inner.inner, self.door);
    }

    fn address(&self, guest: usize) -> SocketAddr {
        self.far_ends.address(guest)
    }

    fn send(&mut self, guest: usize, bytes: &[u8]) {
        self.far_ends.send(&mut self.net.inner.inner, guest, bytes);
    }

    fn act(&mut self, guest: usize, act: Act) {
        self.far_ends.act(&mut self.net.inner.inner, guest, act);
    }

    fn settle(&mut self) {
        let mut quiet = 0;
        for cycle in 1..PATIENCE {
            quiet = if self.cycle(Timeout::Now) { 0 } else { quiet + 1 };
            // A door without descriptors to give is ready for ever.
            if quiet == 3 || (self.net.inner.exhausted && cycle == BUSY_CYCLES) {
                return;
            }
        }
        panic!("the loop does not come to rest");
    }

    fn look_again(&mut self) -> bool {
        if !F::EXACT {
            self.cycle(Timeout::After(Micros::from_millis(1)));
        }
        !F::EXACT
    }

    fn pass(&mut self, time: Micros) {
        let until = self.net.inner.now().saturating_add(time);
        while self.net.inner.now() < until && !self.stopped {
            let due = self.engine.before_poll(&mut self.net);
            let left = until.saturating_sub(self.net.inner.now());
            let step = match due {
                Timeout::Now => Micros::ZERO,
                Timeout::After(due) => due.min(left),
                Timeout::Forever => left,
            };
            self.net.inner.ahead = self.net.inner.ahead.saturating_add(step);
            self.net.wait(Timeout::Now, &mut self.fired);
            self.engine.after_poll(&mut self.net, &self.fired);
            self.engine.take_events(&mut self.facts);
        }
        self.settle();
    }

    fn heard(&self, guest: usize) -> &[u8] {
        self.far_ends.heard(&self.net.inner.inner, guest)
    }

    fn end(&self, guest: usize) -> Option<End> {
        self.far_ends.end(&self.net.inner.inner, guest)
    }

    fn server(&self) -> &Server {
        self.engine.server()
    }

    fn facts(&self) -> &[Stamped] {
        &self.facts
    }

    fn lie(&mut self, foreign: bool, exhausted: bool) {
        self.net.inner.foreign = foreign;
        self.net.inner.exhausted = exhausted;
    }

    fn replay(&mut self) -> Vec<Stamped> {
        self.net.replay(engine(self.directives), self.door)
    }
}

fn engine(directives: &[(&str, &str)]) -> Engine {
    let mut config = Config::default();
    for (name, value) in directives {
        config.set(name, value).expect("a directive of the test");
    }
    let birth = Birth {
        unix_epoch_us: crate::house::EPOCH_US,
        seed: 1,
        hash_seed: 1,
        process_id: 1,
        multiplexing_api: "any",
    };
    Engine::new(config, birth)
}

/// One thing to compare.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    pub expected: String,
    pub seen: String,
}

pub struct Play {
    room: Box<dyn Room>,
    /// How much of what each guest heard was compared already.
    compared: Vec<usize>,
    facts_from: usize,
    pub checks: Vec<Check>,
}

/// How often a kernel is given a millisecond more.
const LOOKS: usize = 2_000;

impl Play {
    /// A server with one guest seated, number 0.
    pub fn new(room: Box<dyn Room>) -> Play {
        let mut play = Play { room, compared: Vec::new(), facts_from: 0, checks: Vec::new() };
        play.connect();
        play
    }

    /// One guest more, seated if there is a seat.
    pub fn connect(&mut self) -> usize {
        let guest = self.knock();
        self.room.settle();
        guest
    }

    /// The same, but the loop does not run yet.
    pub fn knock(&mut self) -> usize {
        self.room.connect();
        self.compared.push(0);
        self.compared.len() - 1
    }

    /// Arrives now; the loop runs when it is let.
    pub fn queue(&mut self, guest: usize, bytes: impl AsRef<[u8]>) {
        self.room.send(guest, bytes.as_ref());
    }

    pub fn settle(&mut self) {
        self.room.settle();
    }

    pub fn send(&mut self, guest: usize, bytes: impl AsRef<[u8]>) {
        self.queue(guest, bytes);
        self.room.settle();
    }

    pub fn bytewise(&mut self, guest: usize, bytes: impl AsRef<[u8]>) {
        bytes.as_ref().iter().for_each(|byte| self.send(guest, [*byte]));
    }

    /// A request of words without spaces.
    pub fn say(&mut self, guest: usize, words: &str) {
        self.send(guest, words_of(words));
    }

    pub fn act(&mut self, guest: usize, act: Act) {
        self.room.act(guest, act);
        self.room.settle();
    }

    /// The same, but the loop does not run yet.
    pub fn intend(&mut self, guest: usize, act: Act) {
        self.room.act(guest, act);
    }

    pub fn pass_ms(&mut self, ms: u64) {
        self.room.pass(Micros::from_millis(ms));
    }

    pub fn address(&self, guest: usize) -> String {
        self.room.address(guest).to_string()
    }

    pub fn foreign(&mut self) {
        self.room.lie(true, false);
    }

    pub fn exhausted(&mut self, on: bool) {
        self.room.lie(false, on);
    }

    /// Puts something expected beside something seen, once it is so or will
    /// not become so.
    fn compare(&mut self, expected: String, see: impl Fn(&dyn Room) -> String) {
        let mut seen = see(&*self.room);
        for _ in 0..LOOKS {
            if seen == expected || !self.room.look_again() {
                break;
            }
            seen = see(&*self.room);
        }
        self.checks.push(Check { expected, seen });
    }

    /// Exactly these bytes and no more have come since the last time.
    pub fn hears(&mut self, guest: usize, expected: impl AsRef<[u8]>) {
        let from = self.compared[guest];
        self.compare(show(expected.as_ref()), |room| show(&room.heard(guest)[from..]));
        self.compared[guest] = self.room.heard(guest).len();
    }

    /// What came since the last time is of no interest.
    pub fn ignore(&mut self, guest: usize) {
        self.compared[guest] = self.room.heard(guest).len();
    }

    /// Something is true of what the guest has heard since the last time.
    pub fn heard_is(&mut self, guest: usize, what: &str, is: impl Fn(&[u8]) -> bool) {
        let from = self.compared[guest];
        self.compare(what.into(), |room| {
            let heard = &room.heard(guest)[from..];
            if is(heard) { what.into() } else { format!("not so: {}", show(heard)) }
        });
        self.ignore(guest);
    }

    pub fn stays(&mut self, guest: usize) {
        self.compare("open".into(), |room| end(room.end(guest)).into());
    }

    pub fn closed(&mut self, guest: usize) {
        self.compare("closed".into(), |room| end(room.end(guest)).into());
    }

    pub fn reset(&mut self, guest: usize) {
        self.compare("reset".into(), |room| end(room.end(guest)).into());
    }

    /// Over, one way or the other: what a kernel still held decides.
    pub fn gone(&mut self, guest: usize) {
        let gone = "closed or reset";
        self.compare(gone.into(), |room| room.end(guest).map_or("open", |_| gone).into());
    }

    /// What the wire does not show.
    pub fn server(&mut self, what: &str, holds: impl Fn(&Server) -> bool) {
        let what = format!("({what})");
        self.compare(what.clone(), |room| {
            if holds(room.server()) { what.clone() } else { format!("(not so: {what})") }
        });
    }

    /// The same calls, answered in the same way, make another engine state the
    /// same facts at the same times. Where the first difference is.
    pub fn replays(&mut self) -> Result<(), String> {
        let again = self.room.replay();
        let first = self.room.facts();
        match first.iter().zip(&again).position(|(a, b)| a != b) {
            Some(at) => Err(format!("fact {at}: {:?}, again {:?}", first[at], again[at])),
            None if first.len() == again.len() => Ok(()),
            None => Err(format!("{} facts, again {}", first.len(), again.len())),
        }
    }

    /// From here on facts count for [`Play::facts`].
    pub fn mark(&mut self) {
        self.facts_from = self.room.facts().len();
    }

    /// What the facts since the mark say.
    pub fn facts(&mut self, what: &str, holds: impl Fn(&[Event]) -> bool) {
        let (what, from) = (format!("({what})"), self.facts_from);
        self.compare(what.clone(), |room| {
            let events: Vec<Event> =
                room.facts()[from..].iter().map(|stamped| stamped.event.clone()).collect();
            if holds(&events) { what.clone() } else { format!("(not so: {what})") }
        });
    }
}

pub fn words_of(words: &str) -> Vec<u8> {
    request(&words.split_whitespace().collect::<Vec<_>>())
}

fn end(end: Option<End>) -> &'static str {
    match end {
        None => "open",
        Some(End::Closed) => "closed",
        Some(End::Reset) => "reset",
    }
}

/// Bytes for people: lines, repetitions counted, long ones cut.
fn show(bytes: &[u8]) -> String {
    if bytes.is_empty() {
        return "nothing".into();
    }
    let mut lines: Vec<(String, usize)> = Vec::new();
    for line in bytes.split_inclusive(|byte| *byte == b'\n') {
        let text = shown_line(line);
        match lines.last_mut() {
            Some((last, times)) if *last == text => *times += 1,
            _ => lines.push((text, 1)),
        }
    }
    let left_out = lines.len().saturating_sub(LINES_SHOWN);
    let mut shown: Vec<String> = lines
        .into_iter()
        .take(LINES_SHOWN)
        .map(|(text, times)| if times == 1 { text } else { format!("{times} × {text}") })
        .collect();
    if left_out > 0 {
        shown.push(format!("… {left_out} lines more, {} bytes in all", bytes.len()));
    }
    shown.join(" ")
}

const LINES_SHOWN: usize = 12;
const LINE_BYTES_SHOWN: usize = 160;

fn shown_line(line: &[u8]) -> String {
    let text = line.strip_suffix(b"\r\n").unwrap_or(line);
    let cut = &text[..text.len().min(LINE_BYTES_SHOWN)];
    let mut shown = String::from("`");
    for byte in cut {
        match byte {
            b'\'' | b'"' => shown.push(char::from(*byte)),
            byte => shown.extend(byte.escape_ascii().map(char::from)),
        }
    }
    if cut.is_empty() {
        return "(an empty line)".into();
    }
    if text.len() > LINE_BYTES_SHOWN {
        shown = format!("{}… {} bytes", &shown[..20.min(shown.len())], text.len());
    }
    shown + "`"
}
