//! A server with one client and no network: requests in, reply bytes out.

use onechef::commands::{Context, resolve};
use onechef::engine::client::{Client, ClientFlags, Slot};
use onechef::engine::config::Config;
use onechef::engine::server::{Birth, Server};
use onechef::engine::tap::Tap;
use onechef::event::{Event, Stamped};
use onechef::net::Fd;
use onechef::resp::Args;
use onechef::time::Micros;
use std::net::SocketAddr;

/// The first client of a fresh server, and what it can do to it.
pub struct Caller {
    pub server: Server,
    pub slot: Slot,
    /// What the last command asked the loop to do.
    pub sleep: Micros,
    pub units: u64,
}

impl Caller {
    pub fn new() -> Caller {
        Caller::with(Config::default())
    }

    pub fn with(config: Config) -> Caller {
        let birth = Birth {
            unix_epoch_us: 1_700_000_000_000_000,
            seed: 1,
            hash_seed: 2,
            process_id: 4242,
            multiplexing_api: "virtual",
        };
        let mut server = Server::new(config, birth);
        let slot = connect(&mut server);
        Caller { server, slot, sleep: Micros::ZERO, units: 0 }
    }

    /// Another client of the same server.
    pub fn connect(&mut self) -> Slot {
        connect(&mut self.server)
    }

    pub fn client(&self) -> &Client {
        &self.server.clients[self.slot]
    }

    pub fn wait_ms(&mut self, ms: u64) {
        self.server.now = self.server.now.saturating_add(Micros::from_millis(ms));
    }

    /// The reply to one request, as bytes.
    pub fn call(&mut self, words: &[&[u8]]) -> Vec<u8> {
        let mut bytes = Vec::new();
        let mut ranges = Vec::new();
        for word in words {
            let start = bytes.len();
            bytes.extend_from_slice(word);
            ranges.push(start..bytes.len());
        }
        let args = Args::new(&bytes, &ranges);
        match resolve(args) {
            Ok(command) => {
                self.server.clients[self.slot].last_command = Some(command);
                let mut context = Context::new(&mut self.server, self.slot, args);
                command.run(&mut context);
                (self.sleep, self.units) = (context.sleep, context.units);
            }
            Err(unfit) => {
                onechef::commands::context::reply_to(&mut self.server, self.slot)
                    .error(unfit.text());
            }
        }
        self.take_reply()
    }

    /// [`Caller::call`] of words separated by spaces, as text.
    pub fn say(&mut self, words: &str) -> String {
        let words: Vec<&[u8]> = words.split_whitespace().map(str::as_bytes).collect();
        String::from_utf8(self.call(&words)).expect("text")
    }

    fn take_reply(&mut self) -> Vec<u8> {
        let client = &mut self.server.clients[self.slot];
        let bytes = client.reply.tail_from(0, usize::MAX);
        client.reply.release(&mut self.server.reply_pool);
        client.flags.clear(ClientFlags::PENDING_WRITE);
        self.server.pending_write.clear();
        bytes
    }

    /// From now on facts are kept for [`Caller::facts`].
    pub fn watch(&mut self) {
        self.server.tap = Tap::new(true);
    }

    pub fn facts(&mut self) -> Vec<Event> {
        let mut facts: Vec<Stamped> = Vec::new();
        self.server.tap.take(&mut facts);
        facts.into_iter().map(|stamped| stamped.event).collect()
    }
}

fn connect(server: &mut Server) -> Slot {
    let id = server.clients.next_id();
    let port = 50_000 + u16::try_from(id.0).expect("a small number of clients");
    let peer = SocketAddr::from(([127, 0, 0, 1], port));
    let local = SocketAddr::from(([127, 0, 0, 1], 6379));
    let fd = Fd(7 + u32::from(port - 50_000));
    let local = server.clients.number_local_address(local);
    let mut client = Client::new(id, fd, peer, local, server.now);
    if server.config.requirepass.is_empty() {
        client.flags.set(ClientFlags::AUTHENTICATED);
    }
    server.clients.insert(client)
}
