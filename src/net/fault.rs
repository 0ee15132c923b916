//! Breaks any network by seed, without breaking a law.
//!
//! [`Fault`] stands between the loop and a real or virtual network and does
//! what networks are allowed to do but seldom do when one is watching: short
//! reads and writes, `EAGAIN` in spite of readiness, resets, failing accepts,
//! readiness that is reported late, early or in another order. A loop that
//! keeps its promises over a `Fault` keeps them over anything.
//!
//! Every decision comes from one seeded stream, so that a failure found with
//! a seed is found again with that seed (over a deterministic network).

use super::{
    Accepted, Fd, Fired, Listening, Mask, Net, NetError, Outgoing, Share, Timeout, Wait, Work,
    WriteJob, batch,
};
use crate::sorted::SortedMap;
use crate::time::Micros;
use rand_pcg::Pcg64Mcg;
use rand_pcg::rand_core::{Rng, SeedableRng};
use std::io::IoSlice;
use std::net::SocketAddr;

/// How often each fault strikes, in thousandths of the calls (or of the
/// entries of `fired`) that it can strike. Values above 1000 mean always.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FaultConfig {
    pub seed: u64,
    /// A read gets less than it could, at least one byte.
    pub short_read_per_mille: u16,
    /// A write takes less than it could, at least one byte.
    pub short_write_per_mille: u16,
    /// A read says [`NetError::WouldBlock`] although bytes wait.
    pub read_would_block_per_mille: u16,
    /// A write says [`NetError::WouldBlock`] although there is room.
    pub write_would_block_per_mille: u16,
    /// The connection breaks at a read or a write.
    pub reset_per_mille: u16,
    /// The guest is gone before `accept` is through with it.
    pub accept_aborted_per_mille: u16,
    /// No descriptor is free; the guest keeps its place in the queue.
    pub accept_exhausted_per_mille: u16,
    /// The whole of `fired` comes in another order.
    pub shuffle_per_mille: u16,
    /// A watched condition is reported although it does not hold.
    pub spurious_per_mille: u16,
    /// A condition is kept back until a later wait. Never all of them, since a
    /// wait that may not sleep must not turn into one that spins.
    pub delayed_per_mille: u16,
    /// The thread is not scheduled for up to 30 ms after a wait: the clock
    /// jumps, timers are late, and much has arrived meanwhile. (It never jumps
    /// back: law 8.)
    pub stall_per_mille: u16,
}

impl FaultConfig {
    /// Everything happens, and connections survive often enough to get
    /// somewhere.
    #[must_use]
    pub const fn rough(seed: u64) -> FaultConfig {
        FaultConfig {
            seed,
            short_read_per_mille: 300,
            short_write_per_mille: 300,
            read_would_block_per_mille: 100,
            write_would_block_per_mille: 100,
            reset_per_mille: 5,
            accept_aborted_per_mille: 50,
            accept_exhausted_per_mille: 50,
            shuffle_per_mille: 300,
            spurious_per_mille: 50,
            delayed_per_mille: 200,
            // A real network would really sleep.
            stall_per_mille: 0,
        }
    }

    /// The same without anything that ends a connection.
    #[must_use]
    pub const fn bumpy(seed: u64) -> FaultConfig {
        FaultConfig { reset_per_mille: 0, accept_aborted_per_mille: 0, ..FaultConfig::rough(seed) }
    }
}

/// `SO_LINGER` with zero seconds: what a network must offer so that a
/// connection can be broken from outside.
pub trait Abort {
    /// From now on, closing `fd` resets the connection: the peer sees a reset,
    /// and what has not left never will.
    fn abort_on_close(&mut self, fd: Fd);
}

const STALL_MAX_MICROS: u64 = 30_000;

/// What the wrapper knows of an open descriptor.
#[derive(Clone, Copy, Debug, Default)]
struct Known {
    watched: Mask,
    /// A reset was injected. The descriptor stays open inside, so that its
    /// number is not given away before the loop has closed it.
    broken: bool,
}

/// See the module documentation.
#[derive(Clone, Debug)]
pub struct Fault<N> {
    inner: N,
    config: FaultConfig,
    dice: Pcg64Mcg,
    known: SortedMap<Fd, Known>,
    broken: u32,
}

impl<N> Fault<N> {
    #[must_use]
    pub fn new(inner: N, config: FaultConfig) -> Fault<N> {
        let dice = Pcg64Mcg::seed_from_u64(config.seed);
        Fault { inner, config, dice, known: SortedMap::new(), broken: 0 }
    }

    /// The network inside, for what the wrapper does not concern: the guests'
    /// actions, the facts.
    #[must_use]
    pub fn inner(&self) -> &N {
        &self.inner
    }

    pub fn inner_mut(&mut self) -> &mut N {
        &mut self.inner
    }

    /// From now on nothing new breaks; what is broken stays broken.
    pub fn heal(&mut self) {
        self.config = FaultConfig { seed: self.config.seed, ..FaultConfig::default() };
    }

    /// A fault that is switched off throws no dice, so that it does not
    /// change when the others strike.
    fn strikes(&mut self, per_mille: u16) -> bool {
        per_mille > 0 && self.below(1_000) < u64::from(per_mille)
    }

    /// Evenly enough for dice: from 0 to `bound` − 1.
    fn below(&mut self, bound: u64) -> u64 {
        self.dice.next_u64() % bound
    }

    /// A length from 1 to `len`.
    fn part_of(&mut self, len: usize) -> usize {
        if len == 0 { 0 } else { 1 + self.below(len as u64) as usize }
    }

    fn is_broken(&self, fd: Fd) -> bool {
        self.broken > 0 && self.known.get(&fd).is_some_and(|known| known.broken)
    }
}

impl<N: Net + Abort> Fault<N> {
    /// Whether the connection breaks now or has been broken before.
    fn breaks(&mut self, fd: Fd) -> bool {
        if self.is_broken(fd) {
            return true;
        }
        let breaks = self.strikes(self.config.reset_per_mille);
        if breaks {
            self.inner.abort_on_close(fd);
            self.known.or_default(fd).broken = true;
            self.broken += 1;
        }
        breaks
    }
}

impl<N: Net + Abort> Net for Fault<N> {
    fn now(&self) -> Micros {
        self.inner.now()
    }

    fn listen(&mut self, address: SocketAddr, backlog: u32) -> Result<Listening, NetError> {
        self.inner.listen(address, backlog)
    }

    fn accept(&mut self, listener: Fd) -> Result<Accepted, NetError> {
        if self.strikes(self.config.accept_exhausted_per_mille) {
            return Err(NetError::Exhausted);
        }
        let accepted = self.inner.accept(listener)?;
        if self.strikes(self.config.accept_aborted_per_mille) {
            self.inner.abort_on_close(accepted.fd);
            self.inner.close(accepted.fd);
            return Err(NetError::Aborted);
        }
        Ok(accepted)
    }

    fn read(&mut self, fd: Fd, into: &mut [u8]) -> Result<usize, NetError> {
        if self.breaks(fd) {
            return Err(NetError::Reset);
        }
        if self.strikes(self.config.read_would_block_per_mille) {
            return Err(NetError::WouldBlock);
        }
        let len = if self.strikes(self.config.short_read_per_mille) {
            self.part_of(into.len())
        } else {
            into.len()
        };
        self.inner.read(fd, &mut into[..len])
    }

    fn write(&mut self, fd: Fd, pieces: &[IoSlice<'_>]) -> Result<usize, NetError> {
        if self.breaks(fd) {
            return Err(NetError::Reset);
        }
        if self.strikes(self.config.write_would_block_per_mille) {
            return Err(NetError::WouldBlock);
        }
        if !self.strikes(self.config.short_write_per_mille) {
            return self.inner.write(fd, pieces);
        }
        let mut left = self.part_of(pieces.iter().map(|piece| piece.len()).sum());
        let mut front = Vec::with_capacity(pieces.len());
        for piece in pieces {
            let part = left.min(piece.len());
            front.push(IoSlice::new(&piece[..part]));
            left -= part;
        }
        self.inner.write(fd, &front)
    }

    fn write_batch<S: Outgoing>(&mut self, jobs: &mut [WriteJob<S>], timed: bool) {
        let calm = FaultConfig { seed: self.config.seed, ..FaultConfig::default() };
        if self.config == calm && self.broken == 0 {
            // However the network inside does it.
            self.inner.write_batch(jobs, timed);
        } else {
            batch::write_batch(self, jobs, timed);
        }
    }

    fn share(&mut self, step: Share) -> bool {
        self.inner.share(step)
    }

    fn watch(&mut self, fd: Fd, mask: Mask) {
        self.known.or_default(fd).watched = mask.and(Mask::BOTH);
        self.inner.watch(fd, mask);
    }

    fn close(&mut self, fd: Fd) {
        if self.known.remove(&fd).is_some_and(|known| known.broken) {
            self.broken -= 1;
        }
        self.inner.close(fd);
    }

    fn spend(&mut self, work: Work) {
        self.inner.spend(work);
    }
}

impl<N: Net + Wait> Wait for Fault<N> {
    fn wait(&mut self, timeout: Timeout, fired: &mut Vec<Fired>) {
        let hangs_up = |known: &Known| known.broken && !known.watched.is_none();
        let hung_up = self.broken > 0 && self.known.values().any(hangs_up);
        self.inner.wait(if hung_up { Timeout::Now } else { timeout }, fired);
        if self.strikes(self.config.stall_per_mille) {
            let micros = Micros(1 + self.below(STALL_MAX_MICROS));
            self.inner.spend(Work::Sleep { micros });
        }
        self.delay(fired);
        self.invent(fired);
        if hung_up {
            // As after a real reset: both directions, until it is closed.
            fired.retain(|entry| !self.is_broken(entry.fd));
            let hung_up = self.known.iter().filter(|(_, known)| hangs_up(known));
            fired.extend(hung_up.map(|(&fd, known)| Fired { fd, mask: known.watched }));
        }
        if self.strikes(self.config.shuffle_per_mille) {
            self.shuffle(fired);
        }
    }
}

impl<N> Fault<N> {
    fn delay(&mut self, fired: &mut Vec<Fired>) {
        if self.config.delayed_per_mille == 0 || fired.len() < 2 {
            return;
        }
        let kept = self.below(fired.len() as u64) as usize;
        let mut index = 0;
        fired.retain(|_| {
            let stays = index == kept || !self.strikes(self.config.delayed_per_mille);
            index += 1;
            stays
        });
    }

    /// Adds conditions that are watched but do not hold. Only to a wait that
    /// has something to report: a wait that slept for nothing stays one, which
    /// is how a simulation knows that everything is quiet.
    fn invent(&mut self, fired: &mut Vec<Fired>) {
        if self.config.spurious_per_mille == 0 || fired.is_empty() {
            return;
        }
        let watched: Vec<Fired> = self
            .known
            .iter()
            .filter(|(_, known)| !known.watched.is_none())
            .map(|(&fd, known)| Fired { fd, mask: known.watched })
            .collect();
        for candidate in watched {
            if !self.strikes(self.config.spurious_per_mille) {
                continue;
            }
            match fired.iter_mut().find(|entry| entry.fd == candidate.fd) {
                Some(entry) => entry.mask = candidate.mask,
                None => fired.push(candidate),
            }
        }
    }

    /// Fisher and Yates.
    fn shuffle(&mut self, fired: &mut [Fired]) {
        for last in (1..fired.len()).rev() {
            let other = self.below(last as u64 + 1) as usize;
            fired.swap(last, other);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::Costs;
    use crate::net::virt::{Conn, GuestAction, GuestEnd, Link, Virt, VirtConfig};

    const ALWAYS: u16 = 1_000;

    fn seated(config: FaultConfig) -> (Fault<Virt>, Fd, Fd) {
        let machine = VirtConfig { costs: Costs::FREE, ..VirtConfig::default() };
        let mut net = Fault::new(Virt::new(machine), FaultConfig::default());
        let listener = net.listen("127.0.0.1:6379".parse().unwrap(), 16).unwrap().fd;
        net.watch(listener, Mask::READABLE);
        knock(&mut net, 0);
        let fd = net.accept(listener).unwrap().fd;
        net.watch(fd, Mask::READABLE);
        net.config = config;
        net.dice = Pcg64Mcg::seed_from_u64(config.seed);
        (net, listener, fd)
    }

    fn knock(net: &mut Fault<Virt>, conn: u32) {
        let connect = GuestAction::Connect { name: String::new(), link: Link::default() };
        net.inner_mut().schedule(Micros::ZERO, Conn(conn), connect);
        pass(net);
    }

    fn send(net: &mut Fault<Virt>, conn: u32, bytes: &[u8]) {
        let send = GuestAction::Send { bytes: bytes.to_vec() };
        net.inner_mut().schedule(Micros::ZERO, Conn(conn), send);
        pass(net);
    }

    fn pass(net: &mut Fault<Virt>) {
        net.spend(Work::Sleep { micros: Micros::from_secs(1) });
    }

    fn look(net: &mut Fault<Virt>) -> Vec<Fired> {
        let mut fired = Vec::new();
        net.wait(Timeout::Now, &mut fired);
        fired
    }

    #[test]
    fn an_injected_reset_stays_ready_until_closed_and_the_peer_sees_it() {
        let config = FaultConfig { reset_per_mille: ALWAYS, ..FaultConfig::default() };
        let (mut net, _, fd) = seated(config);
        assert_eq!(look(&mut net), []);
        assert_eq!(net.write(fd, &[IoSlice::new(b"x")]), Err(NetError::Reset));
        net.config.reset_per_mille = 0;
        net.watch(fd, Mask::BOTH);
        for _ in 0..2 {
            assert_eq!(look(&mut net), [Fired { fd, mask: Mask::BOTH }]);
            assert_eq!(net.read(fd, &mut [0; 8]), Err(NetError::Reset));
        }
        net.close(fd);
        assert_eq!(look(&mut net), []);
        pass(&mut net);
        assert_eq!(net.inner().guest_end(Conn(0)), Some(GuestEnd::Reset));
        assert_eq!(net.inner().received(Conn(0)), b"");
    }

    #[test]
    fn a_broken_descriptor_keeps_its_number_to_itself() {
        let config = FaultConfig { reset_per_mille: ALWAYS, ..FaultConfig::default() };
        let (mut net, listener, fd) = seated(config);
        assert_eq!(net.read(fd, &mut [0; 8]), Err(NetError::Reset));
        net.config.reset_per_mille = 0;
        knock(&mut net, 1);
        let second = net.accept(listener).unwrap().fd;
        assert_ne!(second, fd);
        net.close(fd);
        knock(&mut net, 2);
        let third = net.accept(listener).unwrap().fd;
        assert_eq!(third, fd);
        assert_eq!(net.read(third, &mut [0; 8]), Err(NetError::WouldBlock));
    }

    #[test]
    fn short_reads_and_writes_lose_nothing() {
        let config = FaultConfig {
            short_read_per_mille: ALWAYS,
            short_write_per_mille: ALWAYS,
            read_would_block_per_mille: 500,
            write_would_block_per_mille: 500,
            ..FaultConfig::default()
        };
        let (mut net, _, fd) = seated(config);
        let request: Vec<u8> = (0..=255).collect();
        send(&mut net, 0, &request);
        let (mut echoed, mut calls) = (Vec::new(), 0);
        while echoed.len() < request.len() {
            calls += 1;
            let mut buffer = [0; 64];
            match net.read(fd, &mut buffer) {
                Ok(n) => echoed.extend(&buffer[..n]),
                Err(error) => assert_eq!(error, NetError::WouldBlock),
            }
        }
        assert!(calls > 4, "as if nothing were broken");
        let mut sent = 0;
        while sent < echoed.len() {
            let (front, back) = echoed[sent..].split_at((echoed.len() - sent) / 2);
            match net.write(fd, &[IoSlice::new(front), IoSlice::new(back)]) {
                Ok(n) => sent += n,
                Err(error) => assert_eq!(error, NetError::WouldBlock),
            }
        }
        pass(&mut net);
        assert_eq!(net.inner().received(Conn(0)), request);
    }

    #[test]
    fn an_aborted_guest_is_gone_and_one_without_a_descriptor_keeps_its_place() {
        let config = FaultConfig { accept_exhausted_per_mille: ALWAYS, ..FaultConfig::default() };
        let (mut net, listener, _) = seated(config);
        knock(&mut net, 1);
        assert_eq!(net.accept(listener), Err(NetError::Exhausted));
        assert_eq!(look(&mut net), [Fired { fd: listener, mask: Mask::READABLE }]);

        net.config = FaultConfig { accept_aborted_per_mille: ALWAYS, ..FaultConfig::default() };
        assert_eq!(net.accept(listener), Err(NetError::Aborted));
        assert_eq!(net.accept(listener), Err(NetError::WouldBlock));
        assert_eq!(look(&mut net), []);
        pass(&mut net);
        assert_eq!(net.inner().guest_end(Conn(1)), Some(GuestEnd::Reset));
    }

    #[test]
    fn readiness_comes_late_but_something_always_comes() {
        let config = FaultConfig { delayed_per_mille: ALWAYS, ..FaultConfig::default() };
        let (mut net, listener, fd) = seated(config);
        send(&mut net, 0, b"x");
        knock(&mut net, 1);
        let mut seen = [0, 0];
        for _ in 0..100 {
            let fired = look(&mut net);
            assert_eq!(fired.len(), 1);
            seen[usize::from(fired[0].fd == listener)] += 1;
        }
        assert!(seen[0] > 0 && seen[1] > 0, "{seen:?}");
        assert_eq!(net.read(fd, &mut [0; 8]), Ok(1));
    }

    #[test]
    fn invented_readiness_is_watched_and_never_wakes_a_quiet_machine() {
        let config = FaultConfig { spurious_per_mille: ALWAYS, ..FaultConfig::default() };
        let (mut net, listener, fd) = seated(config);
        assert_eq!(look(&mut net), []);
        knock(&mut net, 1);
        assert_eq!(
            look(&mut net),
            [Fired { fd: listener, mask: Mask::READABLE }, Fired { fd, mask: Mask::READABLE }]
        );
        net.watch(fd, Mask::NONE);
        assert_eq!(look(&mut net), [Fired { fd: listener, mask: Mask::READABLE }]);
    }

    #[test]
    fn a_stall_moves_the_clock_and_loses_nothing() {
        let config = FaultConfig { stall_per_mille: ALWAYS, ..FaultConfig::default() };
        let (mut net, _, fd) = seated(config);
        send(&mut net, 0, b"x");
        let before = net.now();
        assert_eq!(look(&mut net), [Fired { fd, mask: Mask::READABLE }]);
        let stalled = net.now().saturating_sub(before);
        assert!((Micros(1)..=Micros(STALL_MAX_MICROS)).contains(&stalled), "{stalled}");
        assert_eq!(net.read(fd, &mut [0; 8]), Ok(1));
    }

    #[test]
    fn the_same_seed_breaks_the_same_things() {
        let run = |seed| {
            let (mut net, listener, _) = seated(FaultConfig::rough(seed));
            (1..40)
                .map(|conn| {
                    knock(&mut net, conn);
                    let outcome = (look(&mut net), net.accept(listener));
                    format!("{outcome:?}")
                })
                .collect::<Vec<_>>()
        };
        assert_eq!(run(1), run(1));
        assert_ne!(run(1), run(2));
    }
}
