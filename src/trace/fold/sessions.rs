//! Commands, transactions, waiting: what goes on between a client's requests
//! and its replies.

use super::add;
use crate::event::{BlockedOn, ClientId, PauseScope, TransactionStep, UnblockReason};
use crate::time::Micros;
use crate::trace::world::{
    Doing, Executing, PauseView, QUEUED_CAP, QueuedView, TransactionView, World,
};

impl World {
    /// A command that begins while one of the same client runs is one of its
    /// transaction.
    pub(super) fn command_begin(&mut self, id: ClientId, name: &str) {
        let since = self.at;
        let within = self.executing.take().filter(|running| running.client == id).map(Box::new);
        let nested = within.is_some();
        let mut argv = Vec::new();
        self.with(id, |c| {
            c.doing = Doing::Executing;
            match c.transaction.as_mut().filter(|_| nested) {
                Some(transaction) => {
                    if let Some(queued) = transaction.queued.get(transaction.begun) {
                        argv.clone_from(&queued.argv);
                    }
                    transaction.begun = transaction.begun.saturating_add(1);
                }
                None => {
                    c.last_command = name.to_owned();
                    argv.clone_from(&c.argv);
                }
            }
        });
        self.executing =
            Some(Executing { client: id, name: name.to_owned(), argv, since, key: None, within });
    }

    pub(super) fn command_end(&mut self, id: ClientId, took: Micros, error: bool) {
        let ended = self.executing.take();
        self.executing = ended.and_then(|running| running.within).map(|outer| *outer);
        let nested = self.executing.is_some();
        self.counters.total_error_replies += u64::from(error);
        if !nested {
            let sum = &mut self.counters.eventloop_duration_cmd_sum;
            *sum = sum.saturating_add(took);
        }
        // It counts when it is done.
        let waits = self.clients.get(&id).is_some_and(|c| c.blocked.is_some());
        if !waits {
            self.command_done(id);
        }
        self.with(id, |c| {
            c.argv_old = !nested;
            // The reply may have been stated already; without one
            // (`CLIENT REPLY OFF`) nothing is left to tell.
            if c.doing == Doing::Executing && !nested {
                c.doing = Doing::Idle;
            }
        });
    }

    fn command_done(&mut self, id: ClientId) {
        self.counters.total_commands_processed += 1;
        self.with(id, |c| add(&mut c.commands, 1));
    }

    pub(super) fn blocked(&mut self, id: ClientId, on: &BlockedOn) {
        self.with(id, |c| {
            c.doing = Doing::Blocked(on.clone());
            c.blocked = Some(on.clone());
        });
        self.count_clients();
    }

    pub(super) fn unblocked(&mut self, id: ClientId, why: UnblockReason) {
        self.with(id, |c| {
            c.doing = Doing::Idle;
            c.blocked = None;
        });
        match why {
            UnblockReason::KeyReady | UnblockReason::Resumed => {}
            UnblockReason::Timeout => self.command_done(id),
            UnblockReason::Error => {
                self.counters.total_error_replies += 1;
                self.command_done(id);
            }
        }
        self.count_clients();
    }

    pub(super) fn pause(&mut self, scope: Option<PauseScope>, until: Micros) {
        self.paused = scope.map(|scope| PauseView { scope, until });
    }

    pub(super) fn transaction(&mut self, id: ClientId, step: &TransactionStep) {
        self.with(id, |c| match step {
            TransactionStep::Watching { keys } => {
                c.watched_keys = *keys;
                if *keys == 0 {
                    c.watch_broken = false;
                }
            }
            TransactionStep::KeyTouched { .. } => {
                c.watched_keys = 0;
                c.watch_broken = true;
            }
            TransactionStep::Begun => c.transaction = Some(TransactionView::default()),
            TransactionStep::Queued { name, commands } => {
                let argv = c.argv.clone();
                c.argv_old = true;
                let transaction = c.transaction.get_or_insert_default();
                if transaction.commands < *commands && transaction.queued.len() < QUEUED_CAP {
                    transaction.queued.push(QueuedView { name: name.clone(), argv });
                }
                transaction.commands = *commands;
            }
            TransactionStep::Flawed => c.transaction.get_or_insert_default().flawed = true,
            TransactionStep::Executing { commands } => {
                let transaction = c.transaction.get_or_insert_default();
                transaction.commands = *commands;
                transaction.begun = 0;
            }
            TransactionStep::Ended { .. } => {
                c.transaction = None;
                c.watched_keys = 0;
                c.watch_broken = false;
            }
        });
    }
}
