//! A tape being played.

use super::{Birth, ERRORS, OUTCOMES};
use crate::net::{
    Accepted, Fd, Fired, Listening, Mask, NetError, Outgoing, WriteJob, parse_address,
};
use crate::part::part;
use crate::time::Micros;
use std::cell::Cell;
use std::net::SocketAddr;
use std::sync::Arc;

/// Later than anything was recorded, some 146,000 years on. What is later
/// still, no server could add anything to.
const TIME_MOST: u64 = u64::MAX / 4;

/// A tape and the place where it is.
///
/// Each method plays one call. `None` says that something else stands there,
/// or nothing any more; the tape then stays where it is for good.
#[derive(Clone, Debug)]
pub struct Tape {
    text: Arc<str>,
    place: Cell<usize>,
    /// Readings like the last one that are still to come.
    same: Cell<u64>,
    clock: Cell<Micros>,
    off: Cell<bool>,
}

impl Tape {
    #[must_use]
    pub fn new(text: Arc<str>) -> Tape {
        Tape {
            text,
            place: Cell::new(0),
            same: Cell::new(0),
            clock: Cell::new(Micros::ZERO),
            off: Cell::new(false),
        }
    }

    /// How much of the text was played, in bytes.
    #[must_use]
    pub fn place(&self) -> usize {
        self.place.get()
    }

    /// The last reading.
    #[must_use]
    pub fn clock(&self) -> Micros {
        self.clock.get()
    }

    /// Nothing more can be played: it is over, or was left.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.off.get() || (self.same.get() == 0 && self.rest().is_empty())
    }

    /// Whether the loop asked for something else than what stands there.
    #[must_use]
    pub fn was_left(&self) -> bool {
        self.off.get() && !self.rest().is_empty()
    }

    /// Nothing more is played.
    pub fn stop(&self) {
        self.off.set(true);
    }

    /// The birth, with which it begins.
    #[must_use]
    pub fn birth(&self) -> Option<Birth> {
        self.play(|words| {
            words.mark(b'b')?;
            let birth = Birth {
                unix_epoch_us: words.number().filter(|us| *us <= TIME_MOST)?,
                seed: words.number()?,
                process_id: u32::try_from(words.number()?).ok()?,
                multiplexing_api: words.word()?.to_owned(),
                has_config_file: words.number()? == 1,
                clients_limit: words.number().map_or(Some(u32::MAX), |n| n.try_into().ok())?,
            };
            words.mark(b';')?;
            Some(birth)
        })
    }

    /// So much after the last reading.
    fn after(&self, us: u64) -> Option<Micros> {
        Some(self.clock.get().saturating_add(Micros(us))).filter(|time| time.0 <= TIME_MOST)
    }

    /// `now`.
    #[must_use]
    pub fn now(&self) -> Option<Micros> {
        if self.same.get() == 0 {
            self.play(|words| {
                if words.mark(b'=').is_some() {
                    self.same.set(words.number().filter(|same| *same > 0)?);
                    return Some(());
                }
                words.mark(b'+')?;
                self.clock.set(self.after(words.number()?)?);
                self.same.set(1);
                Some(())
            })?;
        }
        self.same.set(self.same.get() - 1);
        Some(self.clock.get())
    }

    /// `o` (true) or `f` (false), if one of them comes next.
    #[must_use]
    pub fn facts(&self) -> Option<bool> {
        match self.next()? {
            b'o' => self.play(|words| words.mark(b'o')).map(|()| true),
            b'f' => self.play(|words| words.mark(b'f')).map(|()| false),
            _ => None,
        }
    }

    /// `x`, if it comes next.
    #[must_use]
    pub fn ends_here(&self) -> bool {
        self.next() == Some(b'x') && self.play(|words| words.mark(b'x')).is_some()
    }

    /// The address that is asked for, if `listen` comes next.
    #[must_use]
    pub fn listens(&self) -> Option<SocketAddr> {
        let mut words = self.words();
        (self.same.get() == 0).then(|| words.mark(b'l')).flatten()?;
        words.address()
    }

    /// `listen`.
    #[must_use]
    pub fn listen(&self) -> Option<Result<Listening, NetError>> {
        self.play(|words| {
            words.mark(b'l')?;
            words.word()?;
            words.result(|words| {
                let listening = Listening { fd: words.fd()?, address: words.address()? };
                words.mark(b';').map(|()| listening)
            })
        })
    }

    /// `accept`.
    #[must_use]
    pub fn accept(&self) -> Option<Result<Accepted, NetError>> {
        self.play(|words| {
            words.mark(b'a')?;
            words.result(|words| {
                let (fd, peer, local) = (words.fd()?, words.address()?, words.address()?);
                words.mark(b';').map(|()| Accepted { fd, peer, local })
            })
        })
    }

    /// `read`.
    #[must_use]
    pub fn read(&self, into: &mut [u8]) -> Option<Result<usize, NetError>> {
        self.play(|words| {
            words.mark(b'r')?;
            words.result(|words| words.quoted(into))
        })
    }

    /// `write`.
    #[must_use]
    pub fn write(&self) -> Option<Result<usize, NetError>> {
        self.play(|words| {
            words.mark(b'w')?;
            words.result(|words| {
                let taken = words.number()? as usize;
                words.mark(b';').map(|()| taken)
            })
        })
    }

    /// Whether a turn that others carried comes next.
    #[must_use]
    pub fn has_turn(&self) -> bool {
        self.next() == Some(b'j')
    }

    /// Such a turn: what became of the job.
    #[must_use]
    pub fn turn<S: Outgoing>(&self, job: &mut WriteJob<S>) -> Option<()> {
        let after = self.play(|words| {
            words.mark(b'j')?;
            job.written = words.number()?;
            job.calls = u32::try_from(words.number()?).ok()?;
            job.outcome = *OUTCOMES.get(usize::from(words.small()?))?;
            job.carried_by = words.small()?;
            let after = words.word()?;
            words.mark(b';')?;
            Some(after.parse::<u64>().ok())
        })?;
        job.done_at = after.and_then(|us| self.after(us)).unwrap_or_default();
        // Not more than there is, whatever a hand-made tape says.
        let mut left = usize::try_from(job.written).unwrap_or(usize::MAX);
        while left > 0 && !job.reply.is_drained() {
            let mut slices = [std::io::IoSlice::new(&[]); crate::net::MAX_SLICES];
            let filled = job.reply.gather(&mut slices);
            let offered: usize = slices[..filled].iter().map(|slice| slice.len()).sum();
            let part = left.min(offered);
            job.reply.advance(part);
            left -= part;
        }
        (left == 0).then_some(())
    }

    /// When the poll returns, if that comes next.
    #[must_use]
    pub fn wakes_at(&self) -> Option<Micros> {
        let mut words = self.words();
        (self.same.get() == 0).then(|| words.mark(b'p')).flatten()?;
        self.after(words.number()?)
    }

    /// The poll returns.
    #[must_use]
    pub fn wait(&self, fired: &mut Vec<Fired>) -> Option<()> {
        fired.clear();
        self.play(|words| {
            words.mark(b'p')?;
            let after = words.number()?;
            while words.mark(b':').is_some() {
                let fd = words.fd()?;
                fired.push(Fired { fd, mask: Mask(words.small()?).and(Mask::BOTH) });
            }
            words.mark(b';')?;
            self.clock.set(self.after(after)?);
            Some(())
        })
    }

    /// Where those come from who come in, in order.
    #[must_use]
    pub fn guests(text: &str) -> Vec<SocketAddr> {
        let mut words = Words { text, place: 0 };
        let mut guests = Vec::new();
        while let Some(&call) = words.rest().first() {
            words.place += 1;
            let end = match call {
                b'=' | b'+' => words.rest().iter().position(|b| !b.is_ascii_digit()),
                b'o' | b'f' | b'x' => Some(0),
                b'r' if words.mark(b'\'').is_some() => {
                    memchr::memchr(b'\'', words.rest()).map(|at| at + 1)
                }
                b'a' if words.rest().first() != Some(&b'!') => {
                    let _fd = words.word();
                    guests.extend(words.address());
                    memchr::memchr(b';', words.rest()).map(|at| at + 1)
                }
                _ => memchr::memchr(b';', words.rest()).map(|at| at + 1),
            };
            words.place += end.unwrap_or(words.rest().len());
        }
        guests
    }

    fn rest(&self) -> &str {
        part(&self.text, self.place.get()..)
    }

    fn words(&self) -> Words<'_> {
        Words { text: &self.text, place: self.place.get() }
    }

    fn next(&self) -> Option<u8> {
        let more = !self.off.get() && self.same.get() == 0;
        self.rest().bytes().next().filter(|_| more)
    }

    /// One call; if it is another one, the tape is left.
    fn play<T>(&self, call: impl FnOnce(&mut Words<'_>) -> Option<T>) -> Option<T> {
        let mut words = self.words();
        let whole = !self.off.get() && self.same.get() == 0;
        let played = whole.then(|| call(&mut words)).flatten();
        match played {
            Some(_) => self.place.set(words.place),
            None => self.off.set(true),
        }
        played
    }
}

/// The text from a place on.
struct Words<'a> {
    text: &'a str,
    place: usize,
}

impl<'a> Words<'a> {
    fn rest(&self) -> &'a [u8] {
        &self.text.as_bytes()[self.place..]
    }

    fn mark(&mut self, mark: u8) -> Option<()> {
        (self.rest().first() == Some(&mark)).then(|| self.place += 1)
    }

    /// Up to what ends it: a comma goes as well, everything else stays.
    fn word(&mut self) -> Option<&'a str> {
        let ends = |b: &u8| matches!(b, b',' | b';' | b'!');
        self.until(ends)
    }

    fn until(&mut self, ends: impl Fn(&u8) -> bool) -> Option<&'a str> {
        let end = self.rest().iter().position(ends).unwrap_or(self.rest().len());
        let word = self.text.get(self.place..self.place + end)?;
        self.place += end;
        let _ = self.mark(b',');
        Some(word)
    }

    fn number(&mut self) -> Option<u64> {
        self.until(|b| !b.is_ascii_digit())?.parse().ok()
    }

    fn small(&mut self) -> Option<u8> {
        u8::try_from(self.number()?).ok()
    }

    fn fd(&mut self) -> Option<Fd> {
        u32::try_from(self.number()?).ok().map(Fd)
    }

    fn address(&mut self) -> Option<SocketAddr> {
        parse_address(self.word()?)
    }

    fn result<T>(
        &mut self,
        read: impl FnOnce(&mut Self) -> Option<T>,
    ) -> Option<Result<T, NetError>> {
        if self.mark(b'!').is_none() {
            return read(self).map(Ok);
        }
        let code = *self.rest().first()?;
        self.place += 1;
        self.mark(b';')?;
        ERRORS.iter().find(|(known, _)| *known == code).map(|(_, error)| Err(*error))
    }

    /// Bytes between quotes; `None` also if they do not fit.
    fn quoted(&mut self, into: &mut [u8]) -> Option<usize> {
        self.mark(b'\'')?;
        let mut count = 0;
        loop {
            let byte = match self.rest() {
                [b'\'', ..] => {
                    self.place += 1;
                    return Some(count);
                }
                [b'%', high, low, ..] => {
                    let digit = |b: &u8| char::from(*b).to_digit(16);
                    self.place += 3;
                    (digit(high)? * 16 + digit(low)?) as u8
                }
                [byte, ..] => {
                    self.place += 1;
                    *byte
                }
                [] => return None,
            };
            *into.get_mut(count)? = byte;
            count += 1;
        }
    }
}
