//! An echo server over any `Net`, random guests, random faults: every guest's
//! bytes come back in order, once, or its connection was broken.
//!
//! Thirty lines of server, no engine: what fails here is a network's fault.

use onechef::net::fault::{Fault, FaultConfig};
use onechef::net::virt::{Conn, Fact, GuestAction, GuestEnd, Link, Virt, VirtConfig};
use onechef::net::{Fd, Mask, Net, NetError, Timeout, Wait};
use onechef::time::Micros;
use proptest::collection::vec;
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::io::IoSlice;
use std::net::SocketAddr;

/// What has been read from a guest and not written back.
#[derive(Debug, Default)]
struct Table {
    echo: Vec<u8>,
    at_end: bool,
}

/// More than this is not read before some of it has left.
const ECHO_LIMIT: usize = 4_096;

struct Echo<N> {
    net: N,
    listener: Fd,
    tables: BTreeMap<Fd, Table>,
}

impl<N: Net + Wait> Echo<N> {
    fn open(mut net: N, backlog: u32) -> Echo<N> {
        let listener = net.listen("127.0.0.1:7".parse().unwrap(), backlog).unwrap().fd;
        net.watch(listener, Mask::READABLE);
        Echo { net, listener, tables: BTreeMap::new() }
    }

    /// Serves until nothing will ever happen again.
    fn run(&mut self) {
        let mut fired = Vec::new();
        for _ in 0..1_000_000 {
            self.net.wait(Timeout::Forever, &mut fired);
            if fired.is_empty() {
                return;
            }
            for entry in &fired {
                if entry.fd == self.listener {
                    self.accept();
                } else if self.tables.contains_key(&entry.fd) {
                    self.serve(entry.fd, entry.mask);
                }
            }
        }
        panic!("the guests are never done: {:?}", self.tables);
    }

    fn accept(&mut self) {
        if let Ok(accepted) = self.net.accept(self.listener) {
            self.tables.insert(accepted.fd, Table::default());
            self.net.watch(accepted.fd, Mask::READABLE);
        }
    }

    fn serve(&mut self, fd: Fd, mask: Mask) {
        let table = self.tables.get_mut(&fd).expect("seated");
        let mut result = Ok(());
        if mask.has(Mask::READABLE) {
            result = table.take(&mut self.net, fd);
        }
        if mask.has(Mask::WRITABLE) && result != Err(NetError::Reset) {
            result = table.give(&mut self.net, fd);
        }
        let done = table.at_end && table.echo.is_empty();
        if done || result == Err(NetError::Reset) {
            self.net.close(fd);
            self.tables.remove(&fd);
            return;
        }
        let mut watched = Mask::NONE;
        if !table.at_end && table.echo.len() < ECHO_LIMIT {
            watched = watched.with(Mask::READABLE);
        }
        if !table.echo.is_empty() {
            watched = watched.with(Mask::WRITABLE);
        }
        self.net.watch(fd, watched);
    }
}

impl Table {
    fn take(&mut self, net: &mut impl Net, fd: Fd) -> Result<(), NetError> {
        let mut buffer = [0; 1_000];
        let n = net.read(fd, &mut buffer)?;
        self.at_end |= n == 0;
        self.echo.extend(&buffer[..n]);
        Ok(())
    }

    fn give(&mut self, net: &mut impl Net, fd: Fd) -> Result<(), NetError> {
        let (front, back) = self.echo.split_at(self.echo.len() / 3);
        let n = net.write(fd, &[IoSlice::new(front), IoSlice::new(back)])?;
        self.echo.drain(..n);
        Ok(())
    }
}

/// A guest's life: when it comes, how it is connected, what it does and how
/// long it waits before each.
#[derive(Clone, Debug)]
struct Life {
    comes: u64,
    link: Link,
    acts: Vec<(u64, Act)>,
    leaves: Leaving,
}

#[derive(Clone, Debug)]
enum Act {
    Send(usize),
    StopReading,
    Read,
    ReadOnly(u64),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Leaving {
    /// Says that it is done, reads to the end.
    Patiently,
    /// Closes, whatever is still to come.
    Early,
    Slamming,
}

fn link() -> impl Strategy<Value = Link> {
    let bytes = || prop_oneof![1_u64..50, 50_u64..5_000, Just(65_536)];
    (0_u64..3_000, bytes(), bytes(), bytes()).prop_map(|(latency, receive, send, guest)| Link {
        latency: Micros(latency),
        server_receive_bytes: receive,
        server_send_bytes: send,
        guest_receive_bytes: guest,
    })
}

fn life() -> impl Strategy<Value = Life> {
    let act = prop_oneof![
        4 => (1_usize..2_000).prop_map(Act::Send),
        1 => Just(Act::StopReading),
        1 => Just(Act::Read),
        1 => (0_u64..500).prop_map(Act::ReadOnly),
    ];
    let leaves = prop_oneof![4 => Just(Leaving::Patiently), 1 => Just(Leaving::Early), 1 => Just(Leaving::Slamming)];
    (0_u64..20_000, link(), vec((0_u64..10_000, act), 0..8), leaves)
        .prop_map(|(comes, link, acts, leaves)| Life { comes, link, acts, leaves })
}

/// The `n`th byte that guest `conn` sends.
fn byte(conn: u32, n: usize) -> u8 {
    let x = (n as u64 + u64::from(conn) * 1_000_003).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (x >> 56) as u8
}

/// Schedules a life; returns what its guest sends.
fn schedule(net: &mut Virt, conn: u32, life: &Life) -> Vec<u8> {
    let mut sent = Vec::new();
    let mut at = life.comes;
    let connect = GuestAction::Connect { name: format!("guest {conn}"), link: life.link };
    net.schedule(Micros(at), Conn(conn), connect);
    for (delay, act) in &life.acts {
        at += delay;
        let action = match *act {
            Act::Send(len) => {
                let bytes: Vec<u8> =
                    (sent.len()..sent.len() + len).map(|n| byte(conn, n)).collect();
                sent.extend(&bytes);
                GuestAction::Send { bytes }
            }
            Act::StopReading => GuestAction::StopReading,
            Act::Read => GuestAction::Read,
            Act::ReadOnly(bytes) => GuestAction::ReadOnly { bytes },
        };
        net.schedule(Micros(at), Conn(conn), action);
    }
    let last = match life.leaves {
        Leaving::Patiently => vec![GuestAction::Read, GuestAction::HalfClose],
        Leaving::Early => vec![GuestAction::Close],
        Leaving::Slamming => vec![GuestAction::Reset],
    };
    for action in last {
        net.schedule(Micros(at), Conn(conn), action);
    }
    sent
}

struct Outcome {
    /// Per guest: sent, received, the end it saw.
    guests: Vec<(Vec<u8>, Vec<u8>, Option<GuestEnd>)>,
    facts: Vec<(Micros, SocketAddr, Fact)>,
    still_open: usize,
}

fn run(lives: &[Life], backlog: u32, faults: FaultConfig) -> Outcome {
    let mut machine = Virt::new(VirtConfig::default());
    let scheduled = lives.iter().zip(0..);
    let sent: Vec<Vec<u8>> =
        scheduled.map(|(life, conn)| schedule(&mut machine, conn, life)).collect();
    let mut server = Echo::open(Fault::new(machine, faults), backlog);
    server.run();
    let machine = server.net.inner_mut();
    let mut facts = Vec::new();
    machine.take_facts(&mut facts);
    let ends = sent.into_iter().zip(0..).map(|(sent, conn)| {
        let conn = Conn(conn);
        (sent, machine.received(conn).to_vec(), machine.guest_end(conn))
    });
    Outcome { guests: ends.collect(), facts, still_open: server.tables.len() }
}

/// What the facts say of one guest must add up to what it received.
fn check_facts(outcome: &Outcome) {
    assert!(outcome.facts.is_sorted_by_key(|(at, _, _)| *at), "facts in order of time");
    for (conn, (sent, received, _)) in (0..).zip(&outcome.guests) {
        let address = Conn(conn).address();
        let (mut out, mut arrived, mut delivered, mut consumed) = (0, 0, 0, 0);
        for (_, _, fact) in outcome.facts.iter().filter(|(_, peer, _)| *peer == address) {
            match fact {
                Fact::Sent { bytes, .. } => out += bytes.len,
                Fact::Arrived { bytes } => arrived += bytes.len,
                Fact::Delivered { bytes } => delivered += bytes,
                Fact::Consumed { bytes } => consumed += bytes.len,
                _ => {}
            }
            assert!(arrived <= out && consumed <= delivered && delivered <= arrived);
        }
        assert!(out <= sent.len() as u64);
        assert_eq!(consumed, received.len() as u64);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(192))]

    #[test]
    fn bytes_come_back_in_order_once_or_the_connection_broke(
        lives in vec(life(), 1..6),
        backlog in 1_u32..4,
        seed in any::<u64>(),
    ) {
        let outcome = run(&lives, backlog, FaultConfig::rough(seed));
        check_facts(&outcome);
        prop_assert_eq!(outcome.still_open, 0, "nobody is forgotten");
        for (life, (sent, received, end)) in lives.iter().zip(&outcome.guests) {
            prop_assert!(sent.starts_with(received), "in order, once");
            if *end == Some(GuestEnd::Closed) && life.leaves == Leaving::Patiently {
                prop_assert!(received == sent, "all of it");
            }
            prop_assert!(end.is_some() || life.leaves != Leaving::Patiently);
        }
    }

    #[test]
    fn without_resets_a_patient_guest_gets_everything(
        lives in vec(life(), 1..6),
        backlog in 1_u32..4,
        seed in any::<u64>(),
    ) {
        let outcome = run(&lives, backlog, FaultConfig::bumpy(seed));
        check_facts(&outcome);
        let patient = |(life, _): &(&Life, _)| life.leaves == Leaving::Patiently;
        for (_, (sent, received, end)) in lives.iter().zip(&outcome.guests).filter(patient) {
            prop_assert_eq!(*end, Some(GuestEnd::Closed));
            prop_assert!(received == sent);
        }
    }

    #[test]
    fn the_same_seed_gives_the_same_facts(
        lives in vec(life(), 1..4),
        seed in any::<u64>(),
    ) {
        let first = run(&lives, 2, FaultConfig::rough(seed));
        let second = run(&lives, 2, FaultConfig::rough(seed));
        prop_assert_eq!(first.facts, second.facts);
    }
}
