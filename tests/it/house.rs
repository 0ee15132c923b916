//! A server on the virtual network, driven by hand: what most engine tests
//! stand on.

use onechef::engine::Engine;
use onechef::engine::config::Config;
use onechef::engine::server::Birth;
use onechef::event::{Event, Stamped};
use onechef::net::virt::{Conn, GuestAction, GuestEnd, Link, Virt, VirtConfig};
use onechef::net::{Net, Timeout, Untold, Wait};
use onechef::time::Micros;
use std::collections::BTreeMap;

pub struct House {
    pub engine: Engine,
    pub net: Virt,
    pub facts: Vec<Stamped>,
    /// How much of what each guest read was asked for already.
    listened: BTreeMap<u32, usize>,
    fired: Vec<onechef::net::Fired>,
}

/// Unix time zero of every simulated server: 1 January 2026.
pub const EPOCH_US: u64 = 1_767_225_600_000_000;

impl House {
    pub fn new(directives: &[(&str, &str)]) -> House {
        let mut config = Config::default();
        for (name, value) in directives {
            config.set(name, value).expect("a directive of the test");
        }
        let mut net = Virt::new(VirtConfig::default());
        let birth = Birth {
            unix_epoch_us: EPOCH_US,
            seed: 1,
            hash_seed: 1,
            process_id: 1,
            multiplexing_api: "virtual",
        };
        let mut engine = Engine::new(config, birth);
        engine.watch_events(&net, true);
        engine.listen(&mut net, "127.0.0.1:6379".parse().unwrap()).expect("the only server");
        House { engine, net, facts: Vec::new(), listened: BTreeMap::new(), fired: Vec::new() }
    }

    /// From now on nobody is told anything.
    pub fn tell_nobody(&mut self) {
        self.engine.watch_events(&self.net, false);
        self.take_facts();
    }

    /// A guest with this number connects now.
    pub fn connect(&mut self, guest: u32) {
        self.connect_by(guest, Link::default());
    }

    pub fn connect_by(&mut self, guest: u32, link: Link) {
        let name = format!("guest-{guest}");
        self.act(guest, GuestAction::Connect { name, link });
    }

    pub fn send(&mut self, guest: u32, bytes: impl Into<Vec<u8>>) {
        self.act(guest, GuestAction::Send { bytes: bytes.into() });
    }

    pub fn act(&mut self, guest: u32, action: GuestAction) {
        self.net.schedule(self.net.now(), Conn(guest), action);
    }

    /// One whole cycle, the wait in front.
    pub fn cycle(&mut self) {
        let timeout = self.before_poll();
        self.net.wait(timeout, &mut self.fired);
        self.after_poll();
        self.engine.take_events(&mut self.facts);
    }

    /// Each half as the native server's driver calls it.
    fn before_poll(&mut self) -> Timeout {
        if self.engine.server().tap.is_on() {
            self.engine.before_poll(&mut self.net)
        } else {
            self.engine.before_poll(&mut Untold(&mut self.net))
        }
    }

    fn after_poll(&mut self) {
        if self.engine.server().tap.is_on() {
            self.engine.after_poll(&mut self.net, &self.fired);
        } else {
            self.engine.after_poll(&mut Untold(&mut self.net), &self.fired);
        }
    }

    /// Cycles until nothing but the clock would wake the loop.
    pub fn settle(&mut self) {
        for _ in 0..10_000 {
            let timeout = self.before_poll();
            self.engine.take_events(&mut self.facts);
            self.net.wait(Timeout::Now, &mut self.fired);
            let idle = self.fired.is_empty() && self.net.next_scheduled().is_none();
            if idle && !self.net.in_flight() {
                return;
            }
            if self.fired.is_empty() {
                self.net.wait(timeout, &mut self.fired);
            }
            self.after_poll();
            self.engine.take_events(&mut self.facts);
        }
        panic!("the loop does not come to rest");
    }

    /// Lets this much time pass, cycling as the timers ask.
    pub fn pass(&mut self, time: Micros) {
        let until = self.net.now().saturating_add(time);
        while self.net.now() < until {
            self.cycle();
        }
    }

    /// What a guest has read so far, as text.
    pub fn heard(&self, guest: u32) -> String {
        String::from_utf8_lossy(self.net.received(Conn(guest))).into_owned()
    }

    /// What a guest has read since the last call.
    pub fn news(&mut self, guest: u32) -> String {
        let all = self.net.received(Conn(guest));
        let from = self.listened.insert(guest, all.len()).unwrap_or(0);
        String::from_utf8_lossy(&all[from..]).into_owned()
    }

    /// One request, words separated by spaces, and all that comes of it for
    /// the guest that sent it.
    pub fn ask(&mut self, guest: u32, words: &str) -> String {
        let words: Vec<&str> = words.split_whitespace().collect();
        self.send(guest, request(&words));
        self.settle();
        self.news(guest)
    }

    /// Guests 1 to `guests`, seated.
    pub fn with_guests(directives: &[(&str, &str)], guests: u32) -> House {
        let mut house = House::new(directives);
        (1..=guests).for_each(|guest| house.connect(guest));
        house.settle();
        house.take_facts();
        house
    }

    /// One of the client's fields in CLIENT LIST, asked by another guest.
    pub fn client_field(&mut self, asker: u32, id: u64, field: &str) -> String {
        let list = self.ask(asker, &format!("CLIENT LIST ID {id}"));
        let of = |name: &str| format!("{name}=");
        let word = list.split_whitespace().find(|word| word.starts_with(&of(field)));
        word.expect("a field of CLIENT LIST")[field.len() + 1..].to_owned()
    }

    pub fn end(&self, guest: u32) -> Option<GuestEnd> {
        self.net.guest_end(Conn(guest))
    }

    pub fn net_now(&self) -> Micros {
        self.net.now()
    }

    /// The facts since the last call.
    pub fn take_facts(&mut self) -> Vec<Event> {
        self.engine.take_events(&mut self.facts);
        self.facts.drain(..).map(|stamped| stamped.event).collect()
    }
}

/// A request as clients send it.
pub fn request(words: &[&str]) -> Vec<u8> {
    let mut out = format!("*{}\r\n", words.len()).into_bytes();
    for word in words {
        out.extend_from_slice(format!("${}\r\n{word}\r\n", word.len()).as_bytes());
    }
    out
}
