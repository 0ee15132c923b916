//! The way out: the final sweep and the write handler (`writeToClient`).

use super::Engine;
use super::ae::Owner;
use super::client::{ClientFlags, Slot};
use crate::event::{CloseReason, Event, LimitKind};
use crate::net::{Mask, Net, WRITE_BUDGET_BYTES, WriteJob, WriteOutcome, write_to_client};
use crate::sorted::sort_by_key;

impl Engine {
    /// The final sweep: every client with something on the rack gets one
    /// turn, newest first. What the kernel does not take stays, and a write
    /// handler waits for room. The budget of a turn does not bind who
    /// monitors, nor anybody while memory is short: sending frees it.
    ///
    /// Redis: `handleClientsWithPendingWritesUsingThreads` and
    /// `handleClientsWithPendingWrites`, *faithful* in order, in what is
    /// written and in who writes it; without helpers, too, the handlers are
    /// installed after the whole batch instead of between its writes, because
    /// the batch is the network's to share out.
    pub(super) fn handle_clients_with_pending_writes<N: Net>(&mut self, net: &mut N) {
        let clients = self.server.pending_write.len() as u32;
        if clients == 0 {
            return;
        }
        let carriers = self.carriers();
        self.state(net, || Event::SweepBegin { clients });
        let mut jobs = std::mem::take(&mut self.jobs);
        let mut slots = std::mem::take(&mut self.job_slots);
        let unbounded = self.server.is_out_of_memory();
        // Redis links new members at the head and walks from there.
        while let Some(slot) = self.server.pending_write.pop() {
            let client = &mut self.server.clients[slot];
            client.flags.clear(ClientFlags::PENDING_WRITE);
            if client.flags.has(ClientFlags::CLOSE_ASAP) {
                let client = client.id;
                self.state(net, || Event::PendingWriteTaken { client });
                continue;
            }
            let place = jobs.len() as u32;
            let mut job = WriteJob::new(client.fd, std::mem::take(&mut client.reply));
            job.budget = !unbounded && !client.flags.has(ClientFlags::MONITOR);
            job.place = place;
            job.carried_by = (place % carriers) as u8;
            jobs.push(job);
            slots.push(slot);
        }
        net.write_batch(&mut jobs, self.is_told::<N>());
        if carriers > 1 {
            self.server.stats.io_threaded_writes_processed += u64::from(clients);
            // As they were done; untimed, this is the order they are in.
            sort_by_key(&mut jobs, |job| (job.done_at, job.place));
        }
        let mut all_left = true;
        for job in jobs.drain(..) {
            all_left &= job.outcome == WriteOutcome::Drained;
            let slot = slots[job.place as usize];
            if self.is_told::<N>() {
                let client = self.server.id_of(slot);
                self.server.tap.at(job.done_at);
                self.server.tap.emit(|| Event::PendingWriteTaken { client });
            }
            self.after_write::<N>(slot, job);
        }
        if !all_left {
            for &slot in &slots {
                self.settle_write_handler(net, slot);
            }
        }
        slots.clear();
        self.jobs = jobs;
        self.job_slots = slots;
        self.state(net, || Event::SweepEnd { clients });
    }

    /// How many threads carry this sweep, the one thread included. Helpers
    /// are worth their hand-over from two clients for each thread on.
    ///
    /// Redis: `startThreadedIO` and `stopThreadedIOIfNeeded`, *faithful* in
    /// the rule. There the helpers spin while they are active; here they are
    /// parked between any two sweeps, and being active is only a figure of
    /// INFO.
    fn carriers(&mut self) -> u32 {
        if self.stop_threaded_io_if_needed() {
            return 1;
        }
        self.server.io_threads_active = true;
        self.server.config.io_threads
    }

    /// `stopThreadedIOIfNeeded`: whether the one thread does it alone.
    pub(super) fn stop_threaded_io_if_needed(&mut self) -> bool {
        let threads = u64::from(self.server.config.io_threads);
        let alone = threads == 1 || (self.server.pending_write.len() as u64) < threads * 2;
        if alone {
            self.server.io_threads_active = false;
        }
        alone
    }

    /// `sendReplyToClient`: the kernel has room again.
    pub(super) fn send_reply_to_client<N: Net>(&mut self, net: &mut N, slot: Slot) {
        let unbounded = self.server.is_out_of_memory();
        let client = &mut self.server.clients[slot];
        let mut job = WriteJob::new(client.fd, std::mem::take(&mut client.reply));
        job.budget = !unbounded && !client.flags.has(ClientFlags::MONITOR);
        write_to_client(net, &mut job);
        if self.is_told::<N>() {
            job.done_at = net.now();
        }
        self.after_write::<N>(slot, job);
        self.settle_write_handler(net, slot);
    }

    /// The second half of `writeToClient`: accounts, and decides about the
    /// end of the connection.
    fn after_write<N: Net>(&mut self, slot: Slot, job: WriteJob<super::Reply>) {
        let told = self.is_told::<N>();
        let now = self.server.now;
        let server = &mut self.server;
        server.stats.total_writes_processed += 1;
        server.stats.total_net_output_bytes += job.written;
        let client = &mut server.clients[slot];
        client.reply = job.reply;
        if job.written > 0 {
            client.last_interaction = now;
        }
        let (id, fd, left) = (client.id, client.fd, client.reply.len());
        let blocks = client.reply.blocks();
        let (outcome, bytes, calls, by) = (job.outcome, job.written, job.calls, job.carried_by);
        if told {
            server.tap.at(job.done_at);
            server.tap.emit(|| Event::Write {
                client: id,
                fd,
                outcome,
                bytes,
                calls,
                left,
                blocks,
                by,
            });
            if outcome == WriteOutcome::Budget {
                let (kind, limit) = (LimitKind::WriteBudget, WRITE_BUDGET_BYTES as u64);
                server.tap.emit(|| Event::Limit { client: Some(id), kind, at: bytes, limit });
            }
        }
        match outcome {
            WriteOutcome::Drained => {
                let closing = client.flags.has(ClientFlags::CLOSE_AFTER_REPLY);
                let why = client.close_reason.unwrap_or(CloseReason::Quit);
                client.reply.release(&mut server.reply_pool);
                if closing {
                    self.server.free_client_async(slot, why);
                }
            }
            WriteOutcome::WouldBlock | WriteOutcome::Budget => {
                client.reply.recycle(&mut server.reply_pool);
            }
            WriteOutcome::Reset => {
                self.server.free_client_async(slot, CloseReason::WriteError);
            }
        }
        self.server.update_client_memory(slot);
    }

    /// A write handler while something is left, and only then; none for
    /// whoever is about to be closed.
    fn settle_write_handler<N: Net>(&mut self, net: &mut N, slot: Slot) {
        let client = &self.server.clients[slot];
        let left = !client.reply.is_empty();
        let doomed = client.flags.has(ClientFlags::CLOSE_ASAP);
        if left != client.flags.has(ClientFlags::WRITE_HANDLER) && !(left && doomed) {
            self.set_write_handler(net, slot, left);
        }
    }

    /// `installClientWriteHandler`, and its opposite.
    fn set_write_handler<N: Net>(&mut self, net: &mut N, slot: Slot, on: bool) {
        let client = &mut self.server.clients[slot];
        let mask = if on {
            client.flags.set(ClientFlags::WRITE_HANDLER);
            Mask::BOTH
        } else {
            client.flags.clear(ClientFlags::WRITE_HANDLER);
            Mask::READABLE
        };
        let fd = client.fd;
        let watch = self.ae.watch(net, fd, Owner::Client(slot), mask);
        self.state(net, || watch);
    }
}
