//! A command's life: looked up, admitted, run, its reply accounted for
//! (`processCommand`, `call`).

use super::Engine;
use super::client::{ClientFlags, Slot};
use super::server::Server;
use crate::commands::context::reply_to;
use crate::commands::{self, Command, Context, Flags};
use crate::event::{ARG_CAP, CloseReason, Event, Preview, ReplyInto};
use crate::net::{Net, Work};
use crate::resp::Args;
use crate::time::Micros;

impl Engine {
    /// Everything between a complete request and its reply on the rack.
    ///
    /// Redis: `processCommand`, *faithful* in the order of its checks, as far
    /// as what they check exists here.
    pub(super) fn process_command<N: Net>(&mut self, net: &mut N, slot: Slot, args: Args<'_>) {
        // A browser was made to talk to us: not a word.
        let name = args.get(0);
        if name.eq_ignore_ascii_case(b"post") || name.eq_ignore_ascii_case(b"host:") {
            self.server.free_client_async(slot, CloseReason::CrossProtocol);
            return;
        }
        match commands::resolve(args) {
            Ok(command) if self.must_authenticate(slot, command) => {
                self.reject(net, slot, command.name, b"NOAUTH Authentication required.");
            }
            Ok(command) if command.flags.has(Flags::DENYOOM) && self.server.is_out_of_memory() => {
                let error = b"OOM command not allowed when used memory > 'maxmemory'.";
                self.reject(net, slot, command.name, error);
            }
            Ok(command) => self.call(net, slot, command, args),
            Err(unfit) => {
                let name = String::from_utf8_lossy(args.get(0)).to_lowercase();
                self.reject(net, slot, &name, &unfit.text());
            }
        }
        self.after_command(net, slot);
    }

    fn must_authenticate(&self, slot: Slot, command: &Command) -> bool {
        self.server.must_authenticate(slot) && !command.flags.has(Flags::NO_AUTH)
    }

    /// `rejectCommand`: an error instead of a run; the connection stays.
    fn reject<N: Net>(&mut self, net: &mut N, slot: Slot, name: &str, error: &[u8]) {
        let client = self.server.id_of(slot);
        self.state(net, || Event::CommandRejected {
            client,
            name: crate::event::escape(&name.as_bytes()[..name.len().min(ARG_CAP)]),
        });
        self.answer(net, slot, |server| reply_to(server, slot).error(error));
    }

    /// `call`, *faithful* but for the clock: a command flagged fast is timed
    /// with its batch and not alone, unless somebody watches.
    fn call<N: Net>(&mut self, net: &mut N, slot: Slot, command: &'static Command, args: Args<'_>) {
        let watched = self.server.tap.is_on();
        let errors = self.server.stats.total_error_replies;
        let client = &mut self.server.clients[slot];
        client.last_command = Some(command);
        client.flags.set(ClientFlags::EXECUTING);
        let mut began = self.server.now;
        if watched || !command.flags.has(Flags::FAST) {
            began = net.now();
            self.server.now = began;
        }
        if watched {
            let client = self.server.id_of(slot);
            self.state(net, || Event::CommandBegin { client, name: command.name.to_owned() });
        }

        // Measuring a long reply list costs; only a watcher pays.
        let before = if watched { self.server.clients[slot].reply.appended() } else { 0 };
        let queued = self.server.pending_write.len();
        let mut context = Context::new(&mut self.server, slot, args);
        command.run(&mut context);
        let (units, sleep) = (context.units, context.sleep);
        net.spend(Work::Command { units });
        if sleep > Micros::ZERO {
            net.spend(Work::Sleep { micros: sleep });
        }
        self.server.stats.total_commands_processed += 1;
        self.server.clients[slot].flags.clear(ClientFlags::EXECUTING);
        if sleep > Micros::ZERO {
            self.server.now = net.now();
        }

        if watched {
            let took = net.now().saturating_sub(began);
            let client = self.server.id_of(slot);
            let error = self.server.stats.total_error_replies > errors;
            let name = command.name.to_owned();
            self.state(net, || Event::CommandEnd { client, name, took, error });
            self.state_replies(net, slot, before, queued);
        }
    }

    /// `resetClient` and what the command asked the loop to do.
    fn after_command<N: Net>(&mut self, net: &mut N, slot: Slot) {
        while let Some(victim) = self.server.killed.pop() {
            self.free_client(net, victim, CloseReason::Killed);
        }
        let Some(client) = self.server.clients.get_mut(slot) else { return };
        let skip_next = client.flags.has(ClientFlags::REPLY_SKIP_NEXT);
        client.flags.clear(ClientFlags::REPLY_SKIP | ClientFlags::REPLY_SKIP_NEXT);
        if skip_next {
            client.flags.set(ClientFlags::REPLY_SKIP);
        }
    }

    /// Lets `write` add to one client's reply and states what came of it.
    pub(super) fn answer<N: Net>(
        &mut self,
        net: &mut N,
        slot: Slot,
        write: impl FnOnce(&mut Server),
    ) {
        if !self.server.tap.is_on() {
            write(&mut self.server);
        } else {
            let before = self.server.clients[slot].reply.appended();
            let queued = self.server.pending_write.len();
            write(&mut self.server);
            self.state_replies(net, slot, before, queued);
        }
    }

    /// The bytes that were added, and who joined the pending-write queue.
    #[cold]
    fn state_replies<N: Net>(&mut self, net: &N, slot: Slot, before: u64, queued: usize) {
        let client = &self.server.clients[slot];
        let id = client.id;
        let added = client.reply.appended() - before;
        if added > 0 {
            let head = client.reply.tail_from(before, ARG_CAP);
            let bytes = Preview { len: added, ..Preview::of(&head, ARG_CAP) };
            let blocks = client.reply.blocks();
            let into = if blocks > 0 { ReplyInto::List } else { ReplyInto::Buffer };
            let (buffered, listed) = client.reply.waiting_split();
            self.state(net, || Event::ReplyQueued {
                client: id,
                bytes,
                into,
                buffered,
                listed,
                blocks,
            });
        }
        for i in queued..self.server.pending_write.len() {
            let client = self.server.id_of(self.server.pending_write[i]);
            self.state(net, || Event::PendingWriteQueued { client });
        }
    }
}
