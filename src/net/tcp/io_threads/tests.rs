//! The hand-over, on real sockets; that the sweep is shared out right is in
//! `tests/it/waiters.rs`.

use super::*;
use crate::net::tcp::TcpConfig;
use crate::net::tcp::tests::seat;
use crate::net::{Listening, MAX_SLICES, Mask};
use crate::time::Micros;
use std::io::{IoSlice, Read};
use std::net::TcpStream as Peer;
use std::sync::mpsc::TryRecvError;

/// A reply of one piece; a poisoned one panics when it is looked at.
#[derive(Default)]
struct Tray {
    bytes: Vec<u8>,
    poisoned: bool,
}

impl Outgoing for Tray {
    fn gather<'a>(&'a self, slices: &mut [IoSlice<'a>; MAX_SLICES]) -> usize {
        assert!(!self.poisoned, "a test's own panic");
        slices[0] = IoSlice::new(&self.bytes);
        1
    }
    fn advance(&mut self, written: usize) {
        self.bytes.drain(..written);
    }
    fn is_drained(&self) -> bool {
        self.bytes.is_empty()
    }
}

fn threaded(io_threads: u32) -> (Tcp, Listening) {
    let mut net = Tcp::new(TcpConfig { io_threads, ..TcpConfig::default() }).unwrap();
    let listener = net.listen("127.0.0.1:0".parse().unwrap(), 16).unwrap();
    net.watch(listener.fd, Mask::READABLE);
    (net, listener)
}

/// One tray for each seat, carried in turn by `carriers`.
fn trays(seats: &[(Peer, Fd)], carriers: u8) -> Vec<WriteJob<Tray>> {
    let job = |(index, (_, fd)): (usize, &(Peer, Fd))| {
        let bytes = format!("tray {index}").into_bytes();
        let mut job = WriteJob::new(*fd, Tray { bytes, poisoned: false });
        job.place = index as u32;
        job.carried_by = (index % usize::from(carriers)) as u8;
        job
    };
    seats.iter().enumerate().map(job).collect()
}

fn expect_tray(peer: &mut Peer, index: usize) {
    let mut bytes = [0; 6];
    peer.read_exact(&mut bytes).unwrap();
    assert_eq!(String::from_utf8_lossy(&bytes), format!("tray {index}"));
}

#[test]
fn helpers_carry_their_own_share_and_give_everything_back() {
    let (mut net, listener) = threaded(3);
    let mut seats: Vec<(Peer, Fd)> = (0..7).map(|_| seat(&mut net, listener)).collect();
    for _ in 0..3 {
        let mut jobs = trays(&seats, 3);
        net.write_batch(&mut jobs, true);
        let carried: Vec<u8> = jobs.iter().map(|job| job.carried_by).collect();
        assert_eq!(carried, [0, 1, 2, 0, 1, 2, 0]);
        for (index, (job, (peer, fd))) in jobs.iter().zip(&mut seats).enumerate() {
            assert_eq!((job.place, job.fd, job.written), (index as u32, *fd, 6));
            assert_eq!(job.outcome, WriteOutcome::Drained);
            assert!(job.done_at > Micros::ZERO && job.done_at <= net.now());
            expect_tray(peer, index);
        }
    }
    net.close(seats[1].1);
}

#[test]
fn a_network_without_helpers_says_who_carried() {
    let (mut net, listener) = threaded(2);
    let mut seats: Vec<(Peer, Fd)> = (0..6).map(|_| seat(&mut net, listener)).collect();
    let mut jobs = trays(&seats, 3);
    net.write_batch(&mut jobs, false);
    assert_eq!(jobs.iter().map(|job| job.carried_by).collect::<Vec<_>>(), [0, 1, 0, 0, 1, 0]);
    for (index, (peer, _)) in seats.iter_mut().enumerate() {
        expect_tray(peer, index);
    }
}

#[test]
fn a_turn_that_panics_ends_its_connection_and_no_other() {
    let (mut net, listener) = threaded(2);
    let mut seats: Vec<(Peer, Fd)> = (0..6).map(|_| seat(&mut net, listener)).collect();
    let mut jobs = trays(&seats, 2);
    jobs[1].reply.poisoned = true;
    jobs[3].reply.poisoned = true;
    net.write_batch(&mut jobs, false);
    for (index, (peer, fd)) in seats.iter_mut().enumerate() {
        if index == 1 || index == 3 {
            assert_eq!((jobs[index].outcome, jobs[index].written), (WriteOutcome::Reset, 0));
            assert!(net.places[fd.0 as usize].level.stuck.has(Mask::READABLE));
        } else {
            expect_tray(peer, index);
        }
        net.close(*fd);
    }
}

#[test]
fn a_share_for_a_helper_who_is_gone_stays_with_the_one_thread() {
    let (mut net, listener) = threaded(3);
    let mut seats: Vec<(Peer, Fd)> = (0..6).map(|_| seat(&mut net, listener)).collect();
    // Its thread ends as if it had been told to.
    let (nobody, _) = sync_channel(1);
    net.io_threads.0[0].loads = nobody;
    let mut jobs = trays(&seats, 3);
    net.write_batch(&mut jobs, false);
    assert_eq!(jobs.iter().map(|job| job.carried_by).collect::<Vec<_>>(), [0, 0, 2, 0, 0, 2]);
    for (index, (peer, _)) in seats.iter_mut().enumerate() {
        expect_tray(peer, index);
    }
}

#[test]
fn a_full_socket_is_not_writable_whoever_found_out() {
    let (mut net, listener) = threaded(2);
    let seats: Vec<(Peer, Fd)> = (0..2).map(|_| seat(&mut net, listener)).collect();
    let mut jobs = trays(&seats, 2);
    for job in &mut jobs {
        net.watch(job.fd, Mask::BOTH);
        job.budget = false;
        job.reply.bytes = vec![b'x'; 64 << 20];
    }
    net.write_batch(&mut jobs, false);
    for job in &jobs {
        assert_eq!(job.outcome, WriteOutcome::WouldBlock, "by {}", job.carried_by);
        assert!(!net.places[job.fd.0 as usize].level.ready.has(Mask::WRITABLE));
    }
}

#[test]
fn dropping_the_network_joins_its_helpers() {
    let (mut net, listener) = threaded(4);
    let seats: Vec<(Peer, Fd)> = (0..8).map(|_| seat(&mut net, listener)).collect();
    net.write_batch(&mut trays(&seats, 4), false);
    // The other end is the helper's: it is gone when the helper is.
    let lines = net.io_threads.0.iter_mut().map(|helper| {
        let (_, nobody) = sync_channel(1);
        std::mem::replace(&mut helper.back, nobody)
    });
    let lines: Vec<Receiver<Box<dyn Carry>>> = lines.collect();
    assert!(lines.iter().all(|line| line.try_recv().err() == Some(TryRecvError::Empty)));
    drop(net);
    assert!(lines.iter().all(|line| line.try_recv().err() == Some(TryRecvError::Disconnected)));
}
