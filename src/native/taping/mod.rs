//! A real network whose gifts are put on a tape while the loop takes them.
//!
//! Only where that was asked for (`--reveal` with `--record` or `--rerun`): it
//! costs a look at each byte that comes in, since passwords are replaced before
//! anything is written ([`secrets`]).

pub mod secrets;

use crate::net::tape::{Birth, Ink};
use crate::net::tcp::Tcp;
use crate::net::{
    Accepted, Fd, Fired, Listening, Mask, Net, NetError, Outgoing, Timeout, Wait, Work, WriteJob,
};
use crate::time::Micros;
use secrets::Secrets;
use std::cell::RefCell;
use std::io::{self, IoSlice};
use std::net::{SocketAddr, TcpListener};

/// A network that a server can be driven on.
pub trait Drivable: Net + Wait {
    /// Why the last `listen` failed, in the kernel's words, once.
    fn listen_error(&mut self) -> Option<io::Error>;

    /// Has `open_up` called when somebody first comes to `door`.
    ///
    /// # Errors
    /// If the kernel does not watch it.
    fn on_first_visit(
        &mut self,
        door: TcpListener,
        open_up: impl FnOnce() + Send + 'static,
    ) -> io::Result<()>;

    /// `tcp-keepalive`, for whoever is accepted from now on.
    fn set_keepalive(&mut self, secs: u32);

    /// The driver turns facts on, or off, now.
    fn note_facts(&mut self, _on: bool) {}

    /// The driver ends the loop.
    fn note_end(&mut self) {}

    /// What was put on the tape since the last time; nothing without a tape.
    fn take_inputs(&mut self) -> String {
        String::new()
    }
}

impl Drivable for Tcp {
    fn listen_error(&mut self) -> Option<io::Error> {
        self.take_listen_error()
    }

    fn on_first_visit(
        &mut self,
        door: TcpListener,
        open_up: impl FnOnce() + Send + 'static,
    ) -> io::Result<()> {
        Tcp::on_first_visit(self, door, open_up)
    }

    fn set_keepalive(&mut self, secs: u32) {
        Tcp::set_keepalive(self, secs);
    }
}

/// A tape on its way into a trace, in pieces of what fits on a line.
#[derive(Debug, Default)]
pub struct Inputs(String);

impl Inputs {
    /// A line must hold it, whatever JSON makes of it, beside its record.
    const PIECE_LIMIT_BYTES: usize = 1024 * 1024;

    pub fn push(&mut self, inputs: &str) {
        self.0.push_str(inputs);
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// What stands on the next line; empty if there is nothing.
    pub fn next_piece(&mut self) -> String {
        // It is ASCII.
        let rest = self.0.split_off(self.0.len().min(Inputs::PIECE_LIMIT_BYTES));
        std::mem::replace(&mut self.0, rest)
    }
}

/// See the module documentation.
#[derive(Debug)]
pub struct Taped<N> {
    inner: N,
    /// `now` borrows the network only; [`Net`] has it so.
    ink: RefCell<Ink>,
    secrets: Secrets,
    /// More than this is not kept for whoever may come and take it.
    limit_bytes: usize,
    /// It was more: there is no tape any longer.
    spent: bool,
}

impl<N: Net> Taped<N> {
    #[must_use]
    pub fn new(inner: N, birth: &Birth, secrets: Secrets, limit_bytes: usize) -> Taped<N> {
        let ink = RefCell::new(Ink::new(birth));
        Taped { inner, ink, secrets, limit_bytes, spent: false }
    }

    fn ink(&mut self) -> &mut Ink {
        self.ink.get_mut()
    }
}

impl<N: Net> Net for Taped<N> {
    #[inline]
    fn now(&self) -> Micros {
        let now = self.inner.now();
        self.ink.borrow_mut().now(now);
        now
    }

    fn listen(&mut self, address: SocketAddr, backlog: u32) -> Result<Listening, NetError> {
        let listening = self.inner.listen(address, backlog);
        self.ink().listen(address, listening);
        listening
    }

    fn accept(&mut self, listener: Fd) -> Result<Accepted, NetError> {
        let accepted = self.inner.accept(listener);
        self.ink().accept(accepted);
        accepted
    }

    fn read(&mut self, fd: Fd, into: &mut [u8]) -> Result<usize, NetError> {
        let result = self.inner.read(fd, into);
        let shown = result.map(|count| self.secrets.replace(fd, &into[..count]));
        self.ink.get_mut().read(shown.as_deref().map_err(|error| *error));
        result
    }

    fn write(&mut self, fd: Fd, pieces: &[IoSlice<'_>]) -> Result<usize, NetError> {
        let taken = self.inner.write(fd, pieces);
        self.ink().write(taken);
        taken
    }

    fn write_batch<S: Outgoing>(&mut self, jobs: &mut [WriteJob<S>], timed: bool) {
        if jobs.iter().all(|job| job.carried_by == 0) {
            return crate::net::write_one_by_one(self, jobs, timed);
        }
        self.inner.write_batch(jobs, timed);
        for job in jobs {
            self.ink().turn(job, timed);
        }
    }

    fn watch(&mut self, fd: Fd, mask: Mask) {
        self.inner.watch(fd, mask);
    }

    fn close(&mut self, fd: Fd) {
        self.secrets.forget(fd);
        self.inner.close(fd);
    }

    fn spend(&mut self, work: Work) {
        self.inner.spend(work);
    }
}

impl<N: Net + Wait> Wait for Taped<N> {
    fn wait(&mut self, timeout: Timeout, fired: &mut Vec<Fired>) {
        self.inner.wait(timeout, fired);
        let now = self.inner.now();
        self.ink().wait(now, fired);
        if self.ink().len() > self.limit_bytes {
            self.spent = true;
            self.ink().take();
        }
    }
}

impl<N: Drivable> Drivable for Taped<N> {
    fn listen_error(&mut self) -> Option<io::Error> {
        self.inner.listen_error()
    }

    fn on_first_visit(
        &mut self,
        door: TcpListener,
        open_up: impl FnOnce() + Send + 'static,
    ) -> io::Result<()> {
        self.inner.on_first_visit(door, open_up)
    }

    fn set_keepalive(&mut self, secs: u32) {
        self.inner.set_keepalive(secs);
    }

    fn note_facts(&mut self, on: bool) {
        self.ink().facts(on);
    }

    fn note_end(&mut self) {
        self.ink().end();
    }

    fn take_inputs(&mut self) -> String {
        let taken = self.ink().take();
        if self.spent { String::new() } else { taken }
    }
}
