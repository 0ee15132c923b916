//! The way out: the final sweep and the write handler (`writeToClient`).

use super::Engine;
use super::ae::Owner;
use super::client::{ClientFlags, Slot};
use crate::event::{CloseReason, Event, LimitKind};
use crate::net::{Mask, Net, WRITE_BUDGET_BYTES, WriteJob, WriteOutcome, write_to_client};

impl Engine {
    /// The final sweep: every client with something on the rack gets one
    /// turn, newest first. What the kernel does not take stays, and a write
    /// handler waits for room. The budget of a turn does not bind who
    /// monitors, nor anybody while memory is short: sending frees it.
    ///
    /// Redis: `handleClientsWithPendingWrites`, *faithful* in order and in
    /// what is written; the handlers are installed after the whole batch
    /// instead of between its writes, as its threaded form does, because the
    /// batch is the network's to share out.
    pub(super) fn handle_clients_with_pending_writes<N: Net>(&mut self, net: &mut N) {
        if self.server.pending_write.is_empty() {
            return;
        }
        let clients = self.server.pending_write.len() as u32;
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
            let mut job = WriteJob::new(client.fd, std::mem::take(&mut client.reply));
            job.budget = !unbounded && !client.flags.has(ClientFlags::MONITOR);
            jobs.push(job);
            slots.push(slot);
        }
        net.write_batch(&mut jobs, self.server.tap.is_on());
        for (job, slot) in jobs.drain(..).zip(slots.drain(..)) {
            if self.server.tap.is_on() {
                let client = self.server.id_of(slot);
                self.server.tap.at(job.done_at);
                self.server.tap.emit(|| Event::PendingWriteTaken { client });
            }
            self.after_write(net, slot, job);
        }
        self.jobs = jobs;
        self.job_slots = slots;
        self.state(net, || Event::SweepEnd { clients });
    }

    /// `sendReplyToClient`: the kernel has room again.
    pub(super) fn send_reply_to_client<N: Net>(&mut self, net: &mut N, slot: Slot) {
        let unbounded = self.server.is_out_of_memory();
        let client = &mut self.server.clients[slot];
        let mut job = WriteJob::new(client.fd, std::mem::take(&mut client.reply));
        job.budget = !unbounded && !client.flags.has(ClientFlags::MONITOR);
        write_to_client(net, &mut job);
        if self.server.tap.is_on() {
            job.done_at = net.now();
        }
        self.after_write(net, slot, job);
    }

    /// The second half of `writeToClient`: accounts, and decides about the
    /// write handler and the end of the connection.
    fn after_write<N: Net>(&mut self, net: &mut N, slot: Slot, job: WriteJob<super::Reply>) {
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
        if server.tap.is_on() {
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
        let handler = client.flags.has(ClientFlags::WRITE_HANDLER);
        match outcome {
            WriteOutcome::Drained => {
                let closing = client.flags.has(ClientFlags::CLOSE_AFTER_REPLY);
                let why = client.close_reason.unwrap_or(CloseReason::Quit);
                client.reply.release(&mut server.reply_pool);
                if handler {
                    self.set_write_handler(net, slot, false);
                }
                if closing {
                    self.server.free_client_async(slot, why);
                }
            }
            WriteOutcome::WouldBlock | WriteOutcome::Budget => {
                if !handler {
                    self.set_write_handler(net, slot, true);
                }
            }
            WriteOutcome::Reset => {
                self.server.free_client_async(slot, CloseReason::WriteError);
            }
        }
        self.server.update_client_memory(slot);
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
