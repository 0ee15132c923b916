//! What a command is given, and the only way it acts.

use super::Refusal;
use crate::engine::client::{Client, ClientFlags, Slot};
use crate::engine::server::Server;
use crate::event::Event;
use crate::resp::{Args, Encoder, Sink};
use crate::store::{Db, parse_integer};
use crate::time::Micros;

/// One running command: the server, its caller, its arguments.
pub struct Context<'a> {
    pub server: &'a mut Server,
    /// The caller; alive for as long as the command runs.
    pub caller: Slot,
    pub args: Args<'a>,
    /// Elements touched, for the cost model; starts at 1.
    pub units: u64,
    /// `DEBUG SLEEP`: the loop lets the thread sleep this long when the
    /// function returns, before anything else happens.
    pub sleep: Micros,
    /// `EXEC`: the loop runs the caller's queue when the function returns.
    pub runs_transaction: bool,
    /// Of the keys only what ends is stated: their number will say the rest.
    pub is_brief: bool,
}

impl<'a> Context<'a> {
    #[must_use]
    pub fn new(server: &'a mut Server, caller: Slot, args: Args<'a>) -> Context<'a> {
        let sleep = Micros::ZERO;
        let (runs_transaction, is_brief) = (false, false);
        Context { server, caller, args, units: 1, sleep, runs_transaction, is_brief }
    }

    /// Number of arguments, the command's name included.
    #[inline]
    #[must_use]
    pub fn argc(&self) -> usize {
        self.args.len()
    }

    /// # Panics
    /// If `i` is not below [`Context::argc`]; arity is checked before.
    #[inline]
    #[must_use]
    pub fn arg(&self, i: usize) -> &'a [u8] {
        self.args.get(i)
    }

    /// Whether argument `i` is this word, whatever its case; false if there is
    /// no such argument.
    #[inline]
    #[must_use]
    pub fn is(&self, i: usize, word: &str) -> bool {
        i < self.argc() && self.arg(i).eq_ignore_ascii_case(word.as_bytes())
    }

    /// Argument `i` as an integer (`getLongLongFromObjectOrReply`).
    ///
    /// # Errors
    /// [`Refusal::NotAnInteger`].
    #[inline]
    pub fn integer(&self, i: usize) -> Result<i64, Refusal> {
        parse_integer(self.arg(i)).ok_or(Refusal::NotAnInteger)
    }

    #[must_use]
    pub fn client(&self) -> &Client {
        &self.server.clients[self.caller]
    }

    pub fn client_mut(&mut self) -> &mut Client {
        &mut self.server.clients[self.caller]
    }

    /// The caller's selected database.
    #[inline]
    pub fn db(&mut self) -> &mut Db {
        let index = usize::from(self.server.clients[self.caller].db);
        self.server.store.db_mut(index)
    }

    /// Wall clock in milliseconds, the same for the whole command
    /// (`commandTimeSnapshot`).
    #[inline]
    #[must_use]
    pub fn unix_ms(&self) -> u64 {
        self.server.unix_ms()
    }

    /// Adds to the work that the cost model charges.
    #[inline]
    pub fn work(&mut self, units: u64) {
        self.units = self.units.saturating_add(units);
    }

    /// States a fact while somebody watches.
    #[inline]
    pub fn emit(&mut self, fact: impl FnOnce() -> Event) {
        self.server.tap.emit(fact);
    }

    /// The reply of a HELP subcommand: a heading and these lines.
    pub fn help(&mut self, command: &str, lines: &[&str]) {
        let mut reply = self.reply();
        reply.array(lines.len() + 3);
        reply.simple(format!("{command} <subcommand> [<arg> ...], with one of these:"));
        for line in lines {
            reply.simple(line);
        }
        reply.simple("HELP");
        reply.simple("    This list.");
    }

    /// The caller's reply, in its protocol. Joins the pending-write queue with
    /// the first byte (`prepareClientToWrite`); swallows everything if the
    /// caller takes no replies.
    #[inline]
    pub fn reply(&mut self) -> Encoder<ReplySink<'_>> {
        reply_to(self.server, self.caller)
    }

    /// The same for replies that are pushes: they pass through CLIENT REPLY
    /// OFF.
    pub fn push_reply(&mut self) -> Encoder<ReplySink<'_>> {
        let client = self.client();
        let (protocol, deaf) = (client.protocol(), !client.accepts_pushes());
        Encoder::new(ReplySink { server: self.server, slot: self.caller, deaf }, protocol)
    }

    /// Lets the caller wait for one of these keys, until a point of the loop's
    /// time or for ever. Its command runs again when one of them is there.
    pub fn block_for_keys(&mut self, keys: &[&[u8]], until: Option<Micros>) {
        self.server.block_for_keys(self.caller, keys, until, self.args);
    }

    /// Whether the caller must be answered now, come what may.
    #[must_use]
    pub fn denies_blocking(&self) -> bool {
        self.client().flags.has(ClientFlags::DENY_BLOCKING)
    }
}

/// [`Context::reply`], for the loop's own errors.
#[inline]
pub fn reply_to(server: &mut Server, slot: Slot) -> Encoder<ReplySink<'_>> {
    let client = &server.clients[slot];
    let (protocol, deaf) = (client.protocol(), !client.accepts_replies());
    Encoder::new(ReplySink { server, slot, deaf }, protocol)
}

/// Appends to one client's reply.
pub struct ReplySink<'a> {
    server: &'a mut Server,
    slot: Slot,
    deaf: bool,
}

impl Sink for ReplySink<'_> {
    #[inline]
    fn put(&mut self, bytes: &[u8]) {
        // A client over its limit is doomed: what follows is not kept.
        if !self.deaf && self.server.append_reply(self.slot, bytes) {
            self.deaf = self.server.clients[self.slot].flags.has(ClientFlags::CLOSE_ASAP);
        }
    }

    #[inline]
    fn room(&mut self, bytes: usize) -> Option<&mut Vec<u8>> {
        if self.deaf { None } else { self.server.reply_room(self.slot, bytes) }
    }

    fn note_error(&mut self, text: &[u8]) {
        self.server.stats.total_error_replies += 1;
        self.server.error_stats.count(text);
    }
}
