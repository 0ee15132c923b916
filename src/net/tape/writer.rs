//! A tape being made.

use super::{Birth, ERRORS, OUTCOMES, is_plain};
use crate::net::{Accepted, Fired, Listening, NetError, WriteJob};
use crate::time::Micros;
use std::fmt::Write;
use std::net::SocketAddr;

/// Writes calls down. See the module documentation for the text.
#[derive(Debug, Default)]
pub struct Ink {
    text: String,
    clock: Micros,
    /// Readings like the last one that are not written yet.
    same: u64,
}

impl Ink {
    /// A tape that begins with this birth.
    #[must_use]
    pub fn new(birth: &Birth) -> Ink {
        let Birth { unix_epoch_us, seed, process_id, multiplexing_api: api, .. } = birth;
        let (file, limit) = (u8::from(birth.has_config_file), birth.clients_limit);
        let text = format!("b{unix_epoch_us},{seed},{process_id},{api},{file},{limit};");
        Ink { text, ..Ink::default() }
    }

    /// What was written since the last time.
    pub fn take(&mut self) -> String {
        self.settle();
        std::mem::take(&mut self.text)
    }

    /// How much there is to take, in bytes.
    #[must_use]
    pub fn len(&self) -> usize {
        self.text.len()
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.text.is_empty() && self.same == 0
    }

    /// `now` gave this.
    #[inline]
    pub fn now(&mut self, now: Micros) {
        if now == self.clock {
            self.same += 1;
            return;
        }
        let after = self.after(now);
        self.clock = now;
        self.put(format_args!("+{after}"));
    }

    /// Facts are stated from here on, or no more.
    pub fn facts(&mut self, on: bool) {
        self.put(format_args!("{}", if on { 'o' } else { 'f' }));
    }

    /// The driver ended the loop.
    pub fn end(&mut self) {
        self.put(format_args!("x"));
    }

    pub fn listen(&mut self, asked: SocketAddr, result: Result<Listening, NetError>) {
        match result {
            Ok(Listening { fd, address }) => self.put(format_args!("l{asked},{fd},{address};")),
            Err(error) => self.put(format_args!("l{asked}!{};", code(error))),
        }
    }

    pub fn accept(&mut self, result: Result<Accepted, NetError>) {
        match result {
            Ok(Accepted { fd, peer, local }) => self.put(format_args!("a{fd},{peer},{local};")),
            Err(error) => self.put(format_args!("a!{};", code(error))),
        }
    }

    pub fn read(&mut self, result: Result<&[u8], NetError>) {
        match result {
            Ok(bytes) => {
                self.put(format_args!("r'"));
                for &byte in bytes {
                    if is_plain(byte) {
                        self.text.push(char::from(byte));
                    } else {
                        const HEX: &[u8; 16] = b"0123456789abcdef";
                        self.text.push('%');
                        self.text.push(char::from(HEX[usize::from(byte >> 4)]));
                        self.text.push(char::from(HEX[usize::from(byte & 15)]));
                    }
                }
                self.text.push('\'');
            }
            Err(error) => self.put(format_args!("r!{};", code(error))),
        }
    }

    pub fn write(&mut self, result: Result<usize, NetError>) {
        match result {
            Ok(taken) => self.put(format_args!("w{taken};")),
            Err(error) => self.put(format_args!("w!{};", code(error))),
        }
    }

    /// What became of a job that others carried.
    pub fn turn<S>(&mut self, job: &WriteJob<S>, timed: bool) {
        let WriteJob { written, calls, carried_by, done_at, .. } = job;
        let outcome = OUTCOMES.iter().position(|outcome| *outcome == job.outcome).unwrap_or(0);
        self.put(format_args!("j{written},{calls},{outcome},{carried_by},"));
        if timed {
            let after = self.after(*done_at);
            self.put(format_args!("{after};"));
        } else {
            self.put(format_args!("-;"));
        }
    }

    /// The poll returned at `now`.
    pub fn wait(&mut self, now: Micros, fired: &[Fired]) {
        let after = self.after(now);
        self.clock = self.clock.max(now);
        self.put(format_args!("p{after}"));
        for Fired { fd, mask } in fired {
            self.put(format_args!(":{fd},{}", mask.0));
        }
        self.put(format_args!(";"));
    }

    fn after(&mut self, now: Micros) -> u64 {
        // Readings of before are of before.
        self.settle();
        now.saturating_sub(self.clock).0
    }

    fn settle(&mut self) {
        let same = std::mem::take(&mut self.same);
        if same > 0 {
            self.put(format_args!("={same}"));
        }
    }

    fn put(&mut self, text: std::fmt::Arguments<'_>) {
        if self.same > 0 {
            self.settle();
        }
        // A string takes everything.
        let _ = self.text.write_fmt(text);
    }
}

fn code(error: NetError) -> char {
    let known = ERRORS.iter().find(|(_, known)| *known == error);
    known.map_or('u', |(code, _)| char::from(*code))
}
