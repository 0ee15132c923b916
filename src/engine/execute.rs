//! A command's life: looked up, admitted, run, its reply accounted for
//! (`processCommand`, `call`).

use super::Engine;
use super::client::{Client, ClientFlags, Slot};
use super::multi::QueuedCommand;
use super::server::{Pushed, Server};
use crate::commands::context::reply_to;
use crate::commands::{self, Command, Context, Flags, Unfit};
use crate::event::{ARG_CAP, CloseReason, Event, Preview, ReplyInto, TransactionEnd};
use crate::net::{Net, Work};
use crate::resp::Args;
use crate::time::Micros;
use std::borrow::Cow;

impl Engine {
    /// Everything between a complete request and its reply on the rack.
    ///
    /// Redis: `processCommand`, *faithful* in the order of its checks, as far
    /// as what they check exists here.
    pub(super) fn process_command<N: Net>(&mut self, net: &mut N, slot: Slot, args: Args<'_>) {
        let command = match commands::resolve(args) {
            Ok(command) => command,
            Err(unfit) => return self.turn_away(net, slot, args, &unfit),
        };
        if self.is_unhindered(slot) || self.admits(net, slot, command, args) {
            self.call(net, slot, command, args);
        }
        self.after_command(net, slot);
        self.handle_clients_blocked_on_keys(net);
    }

    /// Whether there is nothing at all that [`Engine::admits`] would have to
    /// look at.
    #[inline]
    fn is_unhindered(&self, slot: Slot) -> bool {
        const USUAL: u32 = ClientFlags::AUTHENTICATED;
        const LOOKED_AT: u32 = USUAL | ClientFlags::MULTI | ClientFlags::PUBSUB;
        debug_assert_eq!(self.server.concerns, self.server.concerns_now());
        self.server.concerns.is_none()
            && self.server.clients[slot].flags.has_exactly(USUAL, LOOKED_AT)
    }

    /// Whether the command is to run now. If not, it was refused, put off or
    /// queued, or its client is gone.
    #[inline(never)]
    fn admits<N: Net>(
        &mut self,
        net: &mut N,
        slot: Slot,
        command: &'static Command,
        args: Args<'_>,
    ) -> bool {
        // Noted before anything can refuse it.
        self.server.clients[slot].last_command = Some(command);
        let mut refusal = self.refusal_at_once(slot, command);
        if refusal.is_none() {
            self.evict_clients(net);
            if self.server.clients.get(slot).is_none() {
                // It was the largest itself.
                return false;
            }
            refusal = self.refusal(slot, command);
        }
        if let Some(error) = refusal {
            self.server.command_stats.of(command).rejected_calls += 1;
            self.reject(net, slot, args, command.name, &error);
        } else if self.server.is_held_up(slot, command) {
            self.server.postpone(slot, args);
        } else if self.is_to_be_queued(slot, command) {
            self.server.queue_command(slot, command, args);
            self.answer(net, slot, |server| reply_to(server, slot).shared(b"+QUEUED\r\n"));
        } else {
            return true;
        }
        false
    }

    /// There is no such command, or not with so many arguments.
    #[cold]
    fn turn_away<N: Net>(&mut self, net: &mut N, slot: Slot, args: Args<'_>, unfit: &Unfit) {
        let name = args.get(0);
        // A browser was made to talk to us: not a word.
        if name.eq_ignore_ascii_case(b"post") || name.eq_ignore_ascii_case(b"host:") {
            self.server.free_client_async(slot, CloseReason::CrossProtocol);
            return;
        }
        let command = match unfit {
            Unfit::Arity(command) => Some(*command),
            _ => None,
        };
        // That there was no such command is noted, too.
        self.server.clients[slot].last_command = command;
        if let Some(command) = command {
            self.server.command_stats.of(command).rejected_calls += 1;
        }
        let name = String::from_utf8_lossy(name).to_ascii_lowercase();
        self.reject(net, slot, args, &name, &unfit.text());
        self.after_command(net, slot);
    }

    /// Why this client may not ask for this command at all; the checks that
    /// come before anybody is turned out for the memory that clients take.
    fn refusal_at_once(&self, slot: Slot, command: &Command) -> Option<Cow<'static, [u8]>> {
        if self.server.must_authenticate(slot) && !command.flags.has(Flags::NO_AUTH) {
            return Some(Cow::Borrowed(b"NOAUTH Authentication required."));
        }
        let in_multi = self.server.clients[slot].flags.has(ClientFlags::MULTI);
        if in_multi && command.flags.has(Flags::NO_MULTI) {
            return Some(Cow::Borrowed(b"ERR Command not allowed inside a transaction"));
        }
        None
    }

    /// Why this client may not run this command now.
    fn refusal(&self, slot: Slot, command: &Command) -> Option<Cow<'static, [u8]>> {
        let client = &self.server.clients[slot];
        let flags = flags_of(client, command);
        if self.server.is_out_of_memory() && flags.has(Flags::DENYOOM) {
            return Some(Cow::Borrowed(b"OOM command not allowed when used memory > 'maxmemory'."));
        }
        let listens = client.flags.has(ClientFlags::PUBSUB) && client.resp == 2;
        if listens && !is_allowed_while_subscribed(command) {
            let error = format!(
                "ERR Can't execute '{}': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / \
                 RESET are allowed in this context",
                command.name
            );
            return Some(Cow::Owned(error.into_bytes()));
        }
        // A monitor is a kind of replica to Redis.
        const TOUCH: Flags = Flags::READONLY.with(Flags::WRITE).with(Flags::MAY_REPLICATE);
        if client.flags.has(ClientFlags::MONITOR) && flags.has(TOUCH) {
            return Some(Cow::Borrowed(b"ERR Replica can't interact with the keyspace"));
        }
        None
    }

    /// Inside a transaction everything waits for EXEC, except what ends it or
    /// must be refused at once.
    fn is_to_be_queued(&self, slot: Slot, command: &Command) -> bool {
        self.server.clients[slot].flags.has(ClientFlags::MULTI)
            && !matches!(command.name, "exec" | "discard" | "multi" | "watch" | "quit" | "reset")
    }

    /// `rejectCommand`: an error instead of a run; the connection stays. An
    /// EXEC that is refused takes its transaction with it, and monitors hear of
    /// it since they have heard of MULTI (`execCommandAbort`).
    fn reject<N: Net>(
        &mut self,
        net: &mut N,
        slot: Slot,
        args: Args<'_>,
        name: &str,
        error: &[u8],
    ) {
        let client = self.server.id_of(slot);
        self.state(net, || Event::CommandRejected {
            client,
            name: crate::event::escape(&name.as_bytes()[..name.len().min(ARG_CAP)]),
        });
        self.server.flag_transaction(slot);
        if name == "exec" {
            self.server.discard_transaction(slot, TransactionEnd::Aborted);
            let why = error.strip_prefix(b"ERR ").unwrap_or(error);
            let error = [b"EXECABORT Transaction discarded because of: ", why].concat();
            return self.answer(net, slot, |server| {
                reply_to(server, slot).error(error);
                if let Some(exec) = commands::lookup(b"exec") {
                    server.feed_monitors(slot, exec, args);
                }
            });
        }
        self.answer(net, slot, |server| reply_to(server, slot).error(error));
    }

    /// `call`, *faithful* but for the clock: a command flagged fast is timed
    /// with its batch and not alone, unless somebody watches.
    fn call<N: Net>(&mut self, net: &mut N, slot: Slot, command: &'static Command, args: Args<'_>) {
        let watched = self.is_told::<N>();
        let mut errors = self.server.stats.total_error_replies;
        let to_others = self.server.errors_to_others;
        let client = &mut self.server.clients[slot];
        let nested = client.flags.has(ClientFlags::EXECUTING);
        if !nested {
            client.flags.set(ClientFlags::EXECUTING);
            client.last_command = Some(command);
        }
        let mut began = self.server.now;
        let timed = !command.flags.has(Flags::FAST)
            || (!self.server.concerns.is_none() && self.server.times_every_command());
        if watched || timed {
            began = net.now();
        }
        // Only what is timed anyway: a watcher must not change what is seen.
        if timed {
            self.server.now = began;
        }
        if watched {
            let client = self.server.id_of(slot);
            self.state(net, || Event::CommandBegin { client, name: command.name.to_owned() });
        }

        let mut queued = self.mark_replies::<N>(slot);
        let mut context = Context::new(&mut self.server, slot, args);
        command.run(&mut context);
        let (units, sleep) = (context.units, context.sleep);
        let runs_transaction = context.runs_transaction;
        net.spend(Work::Command { units });
        if sleep > Micros::ZERO {
            net.spend(Work::Sleep { micros: sleep });
            self.server.now = net.now();
        }
        if runs_transaction {
            self.state_replies(net, slot, queued);
            self.run_transaction(net, slot);
            // What the queue answered was stated with each of its commands.
            queued = self.mark_replies::<N>(slot);
            errors = self.server.stats.total_error_replies;
        }
        let took = if watched || timed { net.now().saturating_sub(began) } else { Micros::ZERO };
        let failed = self.server.stats.total_error_replies > errors;
        // A watcher times every command, and must not change what INFO tells.
        let counted = if timed { took } else { Micros::ZERO };
        self.server.count(slot, command, counted, failed);
        if took >= super::slowlog::MAY_BE_SLOW || !self.server.concerns.is_none() {
            // A monitor hears of its own commands, too: while it executes, that
            // waits until its reply has been stated.
            self.server.tell_of(slot, command, args, timed.then_some(took));
        }
        if !nested {
            self.server.clients[slot].flags.clear(ClientFlags::EXECUTING);
        }

        if watched {
            let client = self.server.id_of(slot);
            let name = command.name.to_owned();
            // Redis counts the error that ends another's wait as a failure of
            // CLIENT UNBLOCK; what this client was answered is no error.
            let error = failed && self.server.errors_to_others == to_others;
            self.state(net, || Event::CommandEnd { client, name, took, error });
            self.state_replies(net, slot, queued);
        }
        if !nested && !self.server.pending_pushes.is_empty() {
            let pushes = std::mem::take(&mut self.server.pending_pushes);
            let queued = self.server.pending_write.len();
            self.server.push(slot, &pushes);
            self.state_pushes(net, queued);
        }
    }

    /// The second half of `execCommand`, *faithful*: all commands run, whatever
    /// becomes of one of them, and none of them waits.
    fn run_transaction<N: Net>(&mut self, net: &mut N, slot: Slot) {
        let client = &mut self.server.clients[slot];
        client.flags.set(ClientFlags::DENY_BLOCKING);
        let transaction = client.rare().transaction.as_mut();
        let queue = transaction.map(|transaction| std::mem::take(&mut transaction.queue));
        for QueuedCommand { command, args } in queue.unwrap_or_default() {
            self.call(net, slot, command, args.args());
        }
        self.server.clients[slot].flags.clear(ClientFlags::DENY_BLOCKING);
        self.server.discard_transaction(slot, TransactionEnd::Executed);
    }

    /// `processCommandAndResetClient`: what the command asked the loop to do,
    /// and what there is to settle whether it ran, waits or was refused.
    #[inline]
    fn after_command<N: Net>(&mut self, net: &mut N, slot: Slot) {
        if !self.server.killed.is_empty() {
            self.free_killed_clients(net);
        }
        // One that waits is not done with its command.
        if let Some(client) = self.server.clients.get_mut(slot)
            && !client.flags.has(ClientFlags::BLOCKED)
        {
            client.reset();
        }
        if !self.server.concerns.is_none() {
            self.server.update_client_memory(slot);
        }
    }

    #[cold]
    fn free_killed_clients<N: Net>(&mut self, net: &mut N) {
        while let Some(victim) = self.server.killed.pop() {
            self.free_client(net, victim, CloseReason::Killed);
        }
    }

    /// Lets `write` add to one client's reply and states what came of it.
    pub(super) fn answer<N: Net>(
        &mut self,
        net: &mut N,
        slot: Slot,
        write: impl FnOnce(&mut Server),
    ) {
        let queued = self.mark_replies::<N>(slot);
        write(&mut self.server);
        self.state_replies(net, slot, queued);
    }

    /// A client is about to be answered; gives the length of the pending-write
    /// queue, for [`Engine::state_replies`].
    #[inline]
    fn mark_replies<N: Net>(&mut self, slot: Slot) -> usize {
        if N::TOLD {
            self.server.mark_reply(slot);
        }
        self.server.pending_write.len()
    }

    /// The bytes that were added since, and who joined the pending-write queue.
    #[inline]
    fn state_replies<N: Net>(&mut self, net: &N, slot: Slot, queued: usize) {
        if self.is_told::<N>() {
            self.server.tap.at(net.now());
            self.server.state_reply_so_far(slot);
            self.server.marks.pop();
            self.server.state_queued_since(queued);
        }
    }

    /// The same when only others were written to; `queued` was the length of
    /// the pending-write queue before.
    #[inline]
    pub(super) fn state_pushes<N: Net>(&mut self, net: &N, queued: usize) {
        if self.is_told::<N>() {
            self.server.tap.at(net.now());
            self.server.state_pushed();
            self.server.state_queued_since(queued);
        }
    }
}

impl Server {
    /// The statistics of `call`. A command that waits counts when it is done.
    #[inline]
    fn count(&mut self, slot: Slot, command: &Command, took: Micros, failed: bool) {
        let done = !self.clients[slot].flags.has(ClientFlags::BLOCKED);
        self.stats.total_commands_processed += u64::from(done);
        let counts = self.command_stats.of(command);
        counts.calls += u64::from(done);
        counts.took = counts.took.saturating_add(took);
        counts.failed_calls += u64::from(failed);
    }

    /// The rest of `call`: SLOWLOG, LATENCY, MONITOR. A command that waits is
    /// told of at once, its time when it is done.
    fn tell_of(
        &mut self,
        slot: Slot,
        command: &'static Command,
        args: Args<'_>,
        took: Option<Micros>,
    ) {
        let flags = self.clients[slot].flags;
        if let Some(took) = took
            && !flags.has(ClientFlags::BLOCKED)
        {
            self.note_if_slow(slot, command, args, took);
            let fast = command.flags.has(Flags::FAST);
            self.note_latency(if fast { "fast-command" } else { "command" }, took);
        }
        if !self.monitors.is_empty() && !flags.has(ClientFlags::REEXECUTING) {
            self.feed_monitors(slot, command, args);
        }
    }

    /// States all that was put on racks and not stated yet, that of `slot`
    /// last. Called whenever a fact may follow from it, as that a limit is
    /// reached: a cause is stated before its effect.
    #[cold]
    pub(super) fn state_reply_so_far(&mut self, slot: Slot) {
        self.state_pushed();
        if let Some(mark) = self.marks.iter_mut().find(|mark| mark.slot == slot) {
            let to = self.clients[slot].reply.appended();
            let from = std::mem::replace(&mut mark.from, to);
            self.state_reply(slot, from, to);
        }
    }

    #[cold]
    fn state_pushed(&mut self) {
        for Pushed { slot, from, to } in std::mem::take(&mut self.pushed) {
            self.state_reply(slot, from, to);
        }
    }

    #[cold]
    fn state_queued_since(&mut self, queued: usize) {
        for i in queued..self.pending_write.len() {
            let client = self.id_of(self.pending_write[i]);
            self.tap.emit(|| Event::PendingWriteQueued { client });
        }
    }

    /// States the bytes of a client's reply from one mark to another.
    #[cold]
    fn state_reply(&mut self, slot: Slot, from: u64, to: u64) {
        let client = &self.clients[slot];
        let (id, added) = (client.id, to - from);
        if added == 0 {
            return;
        }
        let cap = usize::try_from(added).unwrap_or(ARG_CAP).min(ARG_CAP);
        let head = client.reply.tail_from(from, cap);
        let bytes = Preview { len: added, ..Preview::of(&head, ARG_CAP) };
        let blocks = client.reply.blocks();
        let into = if blocks > 0 { ReplyInto::List } else { ReplyInto::Buffer };
        let (buffered, listed) = client.reply.waiting_split();
        self.tap.emit(|| Event::ReplyQueued { client: id, bytes, into, buffered, listed, blocks });
    }
}

/// In RESP2 a message looks like a reply, so a subscriber may ask little.
fn is_allowed_while_subscribed(command: &Command) -> bool {
    matches!(
        command.name,
        "ping"
            | "quit"
            | "reset"
            | "subscribe"
            | "unsubscribe"
            | "psubscribe"
            | "punsubscribe"
            | "ssubscribe"
            | "sunsubscribe"
    )
}

/// What a command will do, by its flags; EXEC, all that its queue will.
pub(super) fn flags_of(client: &Client, command: &Command) -> Flags {
    let queued = client.transaction().filter(|_| command.name == "exec");
    queued.map_or(command.flags, |transaction| transaction.flags)
}
