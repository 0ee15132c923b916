//! One body of tests for every network: each test is a law of `onechef::net`,
//! and runs over the virtual network, over real sockets, and over both with
//! faults.
//!
//! [`Ground`] is what differs between virtual and real: how a far end is made
//! to do something. [`Guise`] is what differs between a network as it is and
//! one behind `Fault`.

mod ground;
mod world;

use ground::{End, Ground, Helped, Real, Virtual};
use onechef::net::fault::Abort;
use onechef::net::{MAX_SLICES, Mask, Net, NetError, Outgoing, Timeout, WriteJob, WriteOutcome};
use onechef::time::Micros;
use std::io::IoSlice;
use world::{Faulty, Guise, PATIENCE, Plain, World};

/// Bytes in which a loss, a repetition or a swap shows.
fn pattern(len: usize) -> Vec<u8> {
    (0..len as u64).map(|i| (i.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 56) as u8).collect()
}

fn law_1_readable_is_reported_until_everything_is_read<G: Ground, F: Guise>(seed: u64) {
    let mut world = World::<G, F>::open(seed);
    let (peer, fd) = world.seat();
    world.expect_silence(fd, Mask::BOTH);
    world.send(peer, b"ab");
    for _ in 0..3 {
        world.wait_for(fd, Mask::READABLE);
    }
    assert_eq!(world.read(fd, 1).unwrap(), b"a");
    for _ in 0..3 {
        world.wait_for(fd, Mask::READABLE);
    }
    assert_eq!(world.read(fd, 1).unwrap(), b"b");
    assert_eq!(world.net.read(fd, &mut [0; 8]), Err(NetError::WouldBlock));
    world.expect_silence(fd, Mask::BOTH);
}

fn law_1_a_refused_read_changes_nothing<G: Ground, F: Guise>(seed: u64) {
    let mut world = World::<G, F>::open(seed);
    let (peer, fd) = world.seat();
    assert_eq!(world.net.read(fd, &mut [0; 8]), Err(NetError::WouldBlock));
    for word in [b"one", b"two"] {
        world.send(peer, word);
        assert_eq!(world.read_exact(fd, 3), word);
        assert_eq!(world.net.read(fd, &mut [0; 8]), Err(NetError::WouldBlock));
    }
}

fn law_1_a_door_is_readable_until_nobody_waits<G: Ground, F: Guise>(seed: u64) {
    let mut world = World::<G, F>::open(seed);
    let addresses = [world.connect().1, world.connect().1, world.connect().1];
    let accepted = [world.accept(), world.accept(), world.accept()];
    assert_eq!(accepted.map(|a| a.peer), addresses, "in order of arrival");
    let nobody = world.net.accept(world.listener).map(|a| a.peer);
    assert!(matches!(nobody, Err(NetError::WouldBlock | NetError::Exhausted)), "{nobody:?}");
    world.expect_silence(world.listener, Mask::READABLE);
}

fn law_1_what_was_ready_before_it_was_watched_is_reported<G: Ground, F: Guise>(seed: u64) {
    let mut world = World::<G, F>::open(seed);
    let (peer, fd) = world.seat();
    world.watch(fd, Mask::NONE);
    world.send(peer, b"x");
    world.expect_silence(fd, Mask::BOTH);
    world.watch(fd, Mask::READABLE);
    world.wait_for(fd, Mask::READABLE);
    world.watch(fd, Mask::NONE);
    world.watch(fd, Mask::BOTH);
    world.wait_for(fd, Mask::BOTH);
}

fn law_1_the_end_is_reported_although_a_short_read_came_first<G: Ground, F: Guise>(seed: u64) {
    let mut world = World::<G, F>::open(seed);
    let (peer, fd) = world.seat();
    world.send(peer, b"bye");
    world.play(|ground, net| ground.half_close(net, peer));
    let mut bytes = Vec::new();
    while bytes.len() < 3 {
        bytes.extend(world.read(fd, 64).unwrap());
    }
    assert_eq!(world.read(fd, 64), Ok(vec![]), "the end came with the bytes, and alone");
}

fn law_2_whoever_became_ready_first_is_reported_first<G: Ground, F: Guise>(seed: u64) {
    let mut world = World::<G, F>::open(seed);
    let seats = [world.seat(), world.seat(), world.seat()];
    let order = [seats[2], seats[0], seats[1]];
    for (peer, _) in order {
        world.send(peer, b"x");
    }
    let mut seen = Vec::new();
    for _ in 0..PATIENCE {
        if seen.len() == order.len() {
            break;
        }
        for entry in world.wait(Timeout::After(Micros::from_millis(1))) {
            if !seen.contains(&entry.fd) && entry.fd != world.listener {
                seen.push(entry.fd);
            }
        }
    }
    if !F::INVENTS {
        assert_eq!(seen, order.map(|(_, fd)| fd));
    }
    seen.sort();
    let mut all = order.map(|(_, fd)| fd);
    all.sort();
    assert_eq!(seen, all, "nobody is forgotten");
}

fn law_3_a_half_close_is_the_end_of_reading_only<G: Ground, F: Guise>(seed: u64) {
    let mut world = World::<G, F>::open(seed);
    let (peer, fd) = world.seat();
    world.send(peer, b"last words");
    world.play(|ground, net| ground.half_close(net, peer));
    assert_eq!(world.read_exact(fd, 10), b"last words");
    for _ in 0..3 {
        assert_eq!(world.read(fd, 8), Ok(vec![]), "again and again");
    }
    world.write_all(fd, b"the answer");
    assert_eq!(world.play(|ground, net| ground.read(net, peer, 10)), b"the answer");
    world.close(fd);
    assert_eq!(world.play(|ground, net| ground.end(net, peer)), (vec![], End::Closed));
}

fn law_3_a_reset_reports_every_watched_direction<G: Ground, F: Guise>(seed: u64) {
    let mut world = World::<G, F>::open(seed);
    let (peer, fd) = world.seat();
    world.play(|ground, net| ground.reset(net, peer));
    world.watch(fd, Mask::WRITABLE);
    world.wait_for(fd, Mask::WRITABLE);
    world.watch(fd, Mask::BOTH);
    for _ in 0..3 {
        world.wait_for(fd, Mask::BOTH);
    }
    world.watch(fd, Mask::READABLE);
    assert_eq!(world.read(fd, 8), Err(NetError::Reset));
    world.wait_for(fd, Mask::READABLE);
    for _ in 0..PATIENCE {
        match world.net.write(fd, &[IoSlice::new(b"x")]) {
            Err(NetError::WouldBlock) => {}
            other => return assert_eq!(other, Err(NetError::Reset)),
        }
    }
    panic!("a write to a broken connection never says so");
}

fn law_4_only_what_is_watched_is_reported<G: Ground, F: Guise>(seed: u64) {
    let mut world = World::<G, F>::open(seed);
    let (peer, fd) = world.seat();
    world.send(peer, b"x");
    // That nothing else is reported is checked in every wait.
    for mask in [Mask::WRITABLE, Mask::BOTH, Mask::READABLE] {
        world.watch(fd, mask);
        world.wait_for(fd, mask);
    }
    world.watch(fd, Mask::NONE);
    world.expect_silence(fd, Mask::BOTH);
    world.play(|ground, net| ground.close(net, peer));
    world.expect_silence(fd, Mask::BOTH);
}

fn law_5_a_full_peer_refuses_and_is_not_writable_until_it_reads<G: Ground, F: Guise>(seed: u64) {
    let mut world = World::<G, F>::open(seed);
    let (peer, fd) = world.seat();
    let sent = pattern(32 << 20);
    let first = world.write_until_full(fd, &sent);
    assert!(0 < first && first < sent.len(), "{first} bytes fit nowhere");
    world.watch(fd, Mask::BOTH);
    let mut received = world.play(|ground, net| ground.read(net, peer, first));
    world.wait_for(fd, Mask::WRITABLE);
    let second = world.write_until_full(fd, &sent[first..]);
    assert!(second > 0);
    world.close(fd);
    let (rest, end) = world.play(|ground, net| ground.end(net, peer));
    received.extend(rest);
    assert!(received == sent[..first + second], "law 6: in order, once");
    assert_eq!(end, End::Closed);
}

fn law_5_a_full_peer_is_silent<G: Ground, F: Guise>(seed: u64) {
    let mut world = World::<G, F>::open(seed);
    let (_peer, fd) = world.seat();
    let sent = pattern(32 << 20);
    // What the peer's own buffer takes leaves room again: until nothing moves.
    loop {
        world.watch(fd, Mask::BOTH);
        world.wait(Timeout::After(Micros::from_millis(20)));
        if world.write_until_full(fd, &sent) == 0 {
            break;
        }
    }
    world.expect_silence(fd, Mask::BOTH);
}

fn law_6_bytes_arrive_in_order_once<G: Ground, F: Guise>(seed: u64) {
    let mut world = World::<G, F>::open(seed);
    let (peer, fd) = world.seat();
    let sent = pattern(200_000);
    let mut echoed = Vec::new();
    for chunk in sent.chunks(7_000) {
        world.send(peer, chunk);
        let bytes = world.read_exact(fd, chunk.len());
        world.write_all(fd, &bytes);
        echoed.extend(world.play(|ground, net| ground.read(net, peer, chunk.len())));
    }
    assert!(echoed == sent);
}

fn law_6_pieces_are_written_in_order<G: Ground, F: Guise>(seed: u64) {
    let mut world = World::<G, F>::open(seed);
    let (peer, fd) = world.seat();
    let sent = pattern(3_000);
    let mut written = 0;
    while written < sent.len() {
        let pieces: Vec<IoSlice<'_>> = sent[written..].chunks(100).map(IoSlice::new).collect();
        match world.net.write(fd, &pieces[..pieces.len().min(MAX_SLICES)]) {
            Ok(n) => written += n,
            Err(error) => assert_eq!(error, NetError::WouldBlock),
        }
    }
    assert_eq!(world.play(|ground, net| ground.read(net, peer, sent.len())), sent);
}

fn law_7_a_reused_number_inherits_nothing<G: Ground, F: Guise>(seed: u64) {
    let mut world = World::<G, F>::open(seed);
    // Both kernels give the lowest free number, but the real one may give it
    // to another test of this process first.
    for _ in 0..100 {
        let (peer, fd) = world.seat();
        world.send(peer, b"for the old one");
        world.watch(fd, Mask::BOTH);
        world.wait_for(fd, Mask::BOTH);
        let (second, _) = world.connect();
        world.close(fd);
        let again = world.accept().fd;
        world.watch(again, Mask::READABLE);
        if again == fd {
            world.expect_silence(again, Mask::BOTH);
            assert_eq!(world.net.read(again, &mut [0; 64]), Err(NetError::WouldBlock));
            world.send(second, b"new");
            assert_eq!(world.read_exact(again, 3), b"new");
            return;
        }
    }
    panic!("no number is ever reused");
}

fn law_8_a_wait_for_nothing_lasts_its_timeout<G: Ground, F: Guise>(seed: u64) {
    let mut world = World::<G, F>::open(seed);
    let (_peer, _fd) = world.seat();
    while world.net.accept(world.listener) != Err(NetError::WouldBlock) {}
    let before = world.net.now();
    assert_eq!(world.wait(Timeout::After(Micros(1_500))), []);
    let slept = world.net.now().saturating_sub(before);
    assert!(slept >= Micros(1_500), "{slept}");
}

fn law_9_closing_with_unread_input_resets<G: Ground, F: Guise>(seed: u64) {
    let mut world = World::<G, F>::open(seed);
    let (peer, fd) = world.seat();
    world.send(peer, b"unread");
    world.wait_for(fd, Mask::READABLE);
    world.close(fd);
    assert_eq!(world.play(|ground, net| ground.end(net, peer)), (vec![], End::Reset));
}

fn law_9_an_orderly_close_delivers_everything_first<G: Ground, F: Guise>(seed: u64) {
    let mut world = World::<G, F>::open(seed);
    let (peer, fd) = world.seat();
    world.write_all(fd, b"goodbye");
    world.close(fd);
    let farewell = (b"goodbye".to_vec(), End::Closed);
    assert_eq!(world.play(|ground, net| ground.end(net, peer)), farewell);
}

fn law_9_an_aborted_close_resets<G: Ground, F: Guise>(seed: u64) {
    let mut world = World::<G, F>::open(seed);
    let (peer, fd) = world.seat();
    F::look_under(&mut world.net).abort_on_close(fd);
    world.close(fd);
    assert_eq!(world.play(|ground, net| ground.end(net, peer)), (vec![], End::Reset));
}

fn a_peer_that_has_left_is_the_end_and_then_a_reset<G: Ground, F: Guise>(seed: u64) {
    let mut world = World::<G, F>::open(seed);
    let (peer, fd) = world.seat();
    world.send(peer, b"bye");
    world.play(|ground, net| ground.close(net, peer));
    assert_eq!(world.read_exact(fd, 3), b"bye");
    assert_eq!(world.read(fd, 8), Ok(vec![]));
    // The first bytes may still be taken: their answer is the reset.
    world.watch(fd, Mask::WRITABLE);
    for _ in 0..PATIENCE {
        world.wait_for(fd, Mask::WRITABLE);
        match world.net.write(fd, &[IoSlice::new(b"x")]) {
            Ok(_) | Err(NetError::WouldBlock) => {}
            Err(error) => return assert_eq!(error, NetError::Reset),
        }
    }
    panic!("writing to nobody never fails");
}

/// A reply of several blocks.
#[derive(Debug, Default)]
struct Tray {
    bytes: Vec<u8>,
    block_bytes: usize,
}

impl Outgoing for Tray {
    fn gather<'a>(&'a self, slices: &mut [IoSlice<'a>; MAX_SLICES]) -> usize {
        let blocks = self.bytes.chunks(self.block_bytes).zip(slices.iter_mut());
        blocks.map(|(block, slice)| *slice = IoSlice::new(block)).count()
    }
    fn advance(&mut self, written: usize) {
        self.bytes.drain(..written);
    }
    fn is_drained(&self) -> bool {
        self.bytes.is_empty()
    }
}

fn a_batch_is_written_to_each_its_own<G: Ground, F: Guise>(seed: u64) {
    let mut world = World::<G, F>::open(seed);
    let seats = [world.seat(), world.seat(), world.seat()];
    let reply = |i: usize| pattern(5_000)[i * 100..].to_vec();
    let mut jobs: Vec<WriteJob<Tray>> = (0..3)
        .map(|i| WriteJob::new(seats[i].1, Tray { bytes: reply(i), block_bytes: 333 }))
        .collect();
    for (carrier, job) in (0..).zip(&mut jobs) {
        job.carried_by = carrier;
    }
    for _ in 0..PATIENCE {
        if jobs.iter().all(|job| job.outcome == WriteOutcome::Drained && job.calls > 0) {
            break;
        }
        world.net.write_batch(&mut jobs, true);
    }
    assert!(jobs.iter().all(|job| job.done_at <= world.net.now()));
    let carried: Vec<u8> = jobs.iter().map(|job| job.carried_by).collect();
    assert_eq!(carried, if G::HELPERS { [0, 1, 2] } else { [0; 3] });
    for (i, (peer, _)) in seats.into_iter().enumerate() {
        assert_eq!(jobs[i].written, reply(i).len() as u64);
        assert_eq!(world.play(|ground, net| ground.read(net, peer, reply(i).len())), reply(i));
    }
}

/// Every test in every world.
macro_rules! laws {
    ($($name:ident)*) => {
        laws!(@world virtual_network, Virtual, Plain, $($name)*);
        laws!(@world virtual_with_faults, Virtual, Faulty, $($name)*);
        laws!(@world real_sockets, Real, Plain, $($name)*);
        laws!(@world real_sockets_with_faults, Real, Faulty, $($name)*);
        laws!(@world real_sockets_with_helpers, Helped, Plain, $($name)*);
    };
    (@world $world:ident, $ground:ident, $guise:ident, $($name:ident)*) => {
        mod $world {
            use super::Guise;
            $(
                #[test]
                fn $name() {
                    super::$guise::SEEDS.for_each(super::$name::<super::$ground, super::$guise>);
                }
            )*
        }
    };
}

laws! {
    law_1_readable_is_reported_until_everything_is_read
    law_1_a_refused_read_changes_nothing
    law_1_a_door_is_readable_until_nobody_waits
    law_1_what_was_ready_before_it_was_watched_is_reported
    law_1_the_end_is_reported_although_a_short_read_came_first
    law_2_whoever_became_ready_first_is_reported_first
    law_3_a_half_close_is_the_end_of_reading_only
    law_3_a_reset_reports_every_watched_direction
    law_4_only_what_is_watched_is_reported
    law_5_a_full_peer_refuses_and_is_not_writable_until_it_reads
    law_5_a_full_peer_is_silent
    law_6_bytes_arrive_in_order_once
    law_6_pieces_are_written_in_order
    law_7_a_reused_number_inherits_nothing
    law_8_a_wait_for_nothing_lasts_its_timeout
    law_9_closing_with_unread_input_resets
    law_9_an_orderly_close_delivers_everything_first
    law_9_an_aborted_close_resets
    a_peer_that_has_left_is_the_end_and_then_a_reset
    a_batch_is_written_to_each_its_own
}
