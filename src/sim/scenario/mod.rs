//! What happens in a simulation, as a text that a teacher reads and writes.
//!
//! # The format, version 1
//!
//! One statement a line; the first line is `onechef scenario 1`. A `#` that
//! begins a word makes the rest of the line a comment. Words are quoted as in
//! redis-cli: `"\x00\r\n"`, `'as it is'`. Times are `250us`, `1.5ms`, `2s`;
//! sizes are `512`, `4kb`, `1mb` (1 kb = 1024 bytes).
//!
//! ```text
//! onechef scenario 1
//! title   Half an order
//! about   One sentence for the page.
//! seed    7
//! set     client-query-buffer-limit 1mb    # any directive of the server
//! net     latency 200us                    # for every client, see below
//! cost    syscall 2us                      # the cost model, see below
//! fault   short-reads 100                  # per thousand calls, see below
//! calm    40ms                             # no more faults from then on
//! client  ana
//! client  bob  latency 1ms  receive-buffer 4kb
//! at 1ms  ana connects
//! at 2ms  ana sends SET price 42           # one request, one packet
//! at 3ms  ana sends SET price 43 split 7 12
//! at 9ms  ana sends 20 x INCR visits       # pipelined, one packet
//! at 10ms ana sends SET essay <900kb>      # so many times the letter x
//! at 11ms ana sends inline "PING"          # a typed line, CR LF added
//! at 12ms ana sends raw "*1\r\n$4\r\nPI"   # these very bytes
//! at 13ms bob stops reading
//! at 14ms bob reads                        # everything, from now on
//! at 15ms bob reads 100                    # so many bytes more
//! at 16ms ana shuts down                   # sends no more, still reads
//! at 17ms ana closes
//! at 18ms bob resets
//! crowd   rush 20  latency 1ms             # guests alike, rush.1 to rush.20
//! at 19ms rush connects                    # each of them
//! at 25ms rush sends 200 x GET dish:<n> closed pipeline 2 think 1ms
//! at 99ms rush.7 closes
//! ```
//!
//! - `split` cuts what is sent into packets at these offsets, or
//!   `split every N`; they leave 1 ms apart, or `apart 5ms` (after the
//!   offsets). Quote the word to send it as an argument. Packets leave when
//!   they are due: if the same client sends something else meanwhile, it
//!   arrives between them.
//! - `net` and `client` know `latency` (one way), `receive-buffer` (the
//!   client's), `send-buffer` and `server-receive-buffer` (the server's, for
//!   this client).
//! - `cost` knows `syscall`, `copy-per-kb`, `poll`, `wakeup`, `accept`,
//!   `command`, `unit` (per element that a command touches), `parse-per-kb`,
//!   `fan-out` and `fan-in` (per helper, see [`Costs`]); here times may be in
//!   `ns`.
//! - `fault` knows `short-reads`, `short-writes`, `read-eagain`,
//!   `write-eagain`, `resets`, `accept-aborted`, `accept-exhausted`,
//!   `shuffled`, `spurious`, `delayed`, `stalls`: rates per thousand, see
//!   [`FaultConfig`].
//! - `tape`, the rest of the line, is what a real server's network gave it (see
//!   [`tape`](crate::net::tape)): the run begins with it, call by call, and
//!   tells of it what a recording would. Several of them are one, cut anywhere;
//!   white space in them means nothing.
//!   The first clients are then those who come in on it, all and in order:
//!   `client eve from 127.0.0.1:50001`. `at` is for what did not happen: at the
//!   first such time the tape ends, its guests stay and do nothing of their
//!   own any more.
//! - `crowd` is so many clients, with one link. What the crowd does, each of
//!   them does; what it sends, followed by `closed` or `open`, is a load, which
//!   they share: so many requests in all. Each begins its share when it is
//!   connected. A statement counts for each of them, and all crowds together
//!   may do 100,000 things.
//!   - `closed`: what a guest sends next waits for what it sent. It sends as
//!     many requests at once as `pipeline` says (1), and again, `think` (0us)
//!     after it has read the last of their replies.
//!   - `open every 1ms`: the requests leave that far apart, one guest after the
//!     other, whatever is answered. With `random` after the time they come as
//!     people do, not knowing of each other: it is only the mean.
//!   - `until 40ms`, at the end: nobody begins another request from then on.
//!     The number of requests may be left out then.
//!   - In an unquoted word, `<n>` is the request's number, from 1, and `<1-9>`
//!     any number from 1 to 9.
//! - A client connects once, and first. Statements `at` the same time happen in
//!   the order in which they are written.

mod condition;
mod crowd;
mod error;
mod load;
mod parse;
pub(super) mod settings;
mod text;
mod words;

pub use crowd::crowd;
pub use error::{Problem, ScenarioError};
pub use load::{Load, Pace, Piece, Share, Template};

use crate::net::Costs;
use crate::net::fault::FaultConfig;
use crate::net::virt::Link;
use crate::time::Micros;
use std::net::SocketAddr;
use std::sync::Arc;

/// See the module documentation.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scenario {
    pub title: String,
    pub about: String,
    /// Decides everything that is left to chance.
    pub seed: u64,
    /// Directives and their values, in order.
    pub config: Vec<(String, String)>,
    /// What lies between the server and a client that says nothing else.
    pub link: Link,
    pub costs: Costs,
    /// Its own seed is not used: [`Scenario::seed`] decides.
    pub faults: FaultConfig,
    /// From then on the network breaks nothing more.
    pub calm: Option<Micros>,
    /// What a real network gave, up to the first input.
    pub tape: Option<Arc<str>>,
    pub clients: Vec<ClientSpec>,
    /// The only way in: in order of time. See [`Scenario::insert`].
    pub inputs: Vec<Input>,
}

/// A guest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientSpec {
    /// A word, unique in the scenario.
    pub name: String,
    pub link: Link,
    /// It comes in on the tape, from there.
    pub from: Option<SocketAddr>,
}

/// What a guest does, and when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Input {
    pub at: Micros,
    /// Index in [`Scenario::clients`].
    pub client: usize,
    pub action: Action,
}

/// What a guest can do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    Connect,
    Send(Packets),
    StopReading,
    /// Everything, from now on: how every guest begins.
    Read,
    /// So many bytes more, then no further.
    ReadOnly {
        bytes: u64,
    },
    /// Sends no more, still reads.
    HalfClose,
    Close,
    Reset,
    /// Its part of what its crowd sends.
    Load(Share),
}

/// Bytes, and the packets that carry them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Packets {
    pub bytes: Vec<u8>,
    /// Where a new packet begins: increasing, within the bytes.
    pub splits: Vec<usize>,
    /// From one packet to the next; without meaning if there is one only.
    pub apart: Micros,
}

impl Packets {
    /// Packets leave this far apart if nothing else is said: long enough for
    /// the loop to go to sleep in between.
    pub const APART: Micros = Micros::from_millis(1);

    /// These bytes in one packet.
    #[must_use]
    pub fn whole(bytes: Vec<u8>) -> Packets {
        Packets { bytes, splits: Vec::new(), apart: Packets::APART }
    }

    /// A request as client libraries send it.
    #[must_use]
    pub fn command<A: AsRef<[u8]>>(argv: &[A]) -> Packets {
        let mut bytes = format!("*{}\r\n", argv.len()).into_bytes();
        for arg in argv.iter().map(AsRef::as_ref) {
            bytes.extend_from_slice(format!("${}\r\n", arg.len()).as_bytes());
            bytes.extend_from_slice(arg);
            bytes.extend_from_slice(b"\r\n");
        }
        Packets::whole(bytes)
    }

    /// The packets and how long after the input's time each leaves.
    pub fn packets(&self) -> impl Iterator<Item = (Micros, &[u8])> {
        let starts = std::iter::once(0).chain(self.splits.iter().copied());
        let ends = self.splits.iter().copied().chain(std::iter::once(self.bytes.len()));
        starts.zip(ends).enumerate().map(|(i, (start, end))| {
            let delay = self.apart.0.saturating_mul(i as u64);
            (Micros(delay), &self.bytes[start..end])
        })
    }
}

impl Scenario {
    /// Adds a guest with the default link; returns its index. The name gets a
    /// number if it is taken.
    pub fn add_client(&mut self, name: &str) -> usize {
        let name = self.free_name(name);
        self.clients.push(ClientSpec { name, link: self.link, from: None });
        self.clients.len() - 1
    }

    /// The same with another setting.
    #[must_use]
    pub fn with(&self, (name, value): (&str, &str)) -> Scenario {
        let mut scenario = self.clone();
        scenario.config.push((name.to_owned(), value.to_owned()));
        scenario
    }

    /// That name, with a number if it is taken.
    #[must_use]
    pub fn free_name(&self, name: &str) -> String {
        let mut free = name.to_owned();
        let mut number = 2;
        while !self.named(&free).is_empty() {
            free = format!("{name}{number}");
            number += 1;
        }
        free
    }

    /// Puts an input in its place: after those of the same time, since it was
    /// decided later.
    ///
    /// # Panics
    /// If there is no such client.
    pub fn insert(&mut self, input: Input) {
        assert!(input.client < self.clients.len(), "an input of a known client");
        let place = self.inputs.partition_point(|earlier| earlier.at <= input.at);
        self.inputs.insert(place, input);
    }

    #[must_use]
    pub fn client_named(&self, name: &str) -> Option<usize> {
        self.clients.iter().position(|client| client.name == name)
    }
}

#[cfg(test)]
mod tests;
