//! Protects: guests who say a byte a second, ten thousand of them, harm
//! nobody: whoever asks properly hardly waits longer, and they get their own
//! answers in the end.

use crate::house::House;
use onechef::net::Net;
use onechef::net::virt::{Conn, Fact, GuestAction, Link};
use onechef::time::Micros;

const DRIPPERS: u32 = 10_000;
/// The one who asks properly.
const REGULAR: u32 = 0;
const PING: &[u8] = b"*1\r\n$4\r\nPING\r\n";
const PONG: &[u8] = b"+PONG\r\n";
const SECOND: Micros = Micros::from_secs(1);

/// A house where so many guests drip, evenly spread over each second, each
/// from the third second on.
fn house_with(drippers: u32) -> House {
    let mut house = House::new(&[("maxclients", "20000")]);
    house.engine.watch_events(&house.net, false);
    let mut at = |time, guest, action| house.net.schedule(time, Conn(guest), action);
    let connect = |guest| GuestAction::Connect { name: format!("g{guest}"), link: Link::default() };
    at(Micros::ZERO, REGULAR, connect(REGULAR));
    for dripper in 1..=drippers {
        let offset = Micros(u64::from(dripper) * SECOND.0 / u64::from(DRIPPERS));
        at(offset, dripper, connect(dripper));
        for (second, byte) in (3..).zip(PING) {
            let time = offset.saturating_add(Micros::from_secs(second));
            at(time, dripper, GuestAction::Send { bytes: vec![*byte] });
        }
    }
    house
}

/// The longest that the regular waits for an answer while the others drip.
fn longest_wait(house: &mut House) -> Micros {
    house.pass(Micros::from_secs(3));
    let mut longest = Micros::ZERO;
    for _ in 0..100 {
        let asked_at = house.net_now();
        house.send(REGULAR, PING);
        let answered_at = loop {
            house.cycle();
            if let Some(time) = regular_read_at(house) {
                break time;
            }
        };
        longest = longest.max(answered_at.saturating_sub(asked_at));
        // Asks at every part of a second.
        house.pass(Micros::from_millis(137));
        regular_read_at(house);
    }
    longest
}

/// When the regular last read something, of what happened since the last call.
fn regular_read_at(house: &mut House) -> Option<Micros> {
    let mut facts = Vec::new();
    house.net.take_facts(&mut facts);
    let read = |fact: &Fact| matches!(fact, Fact::Consumed { .. });
    let mut of_regular = facts.iter().filter(|(_, who, _)| *who == Conn(REGULAR).address());
    of_regular.rfind(|(_, _, fact)| read(fact)).map(|(time, ..)| *time)
}

#[test]
fn ten_thousand_slow_speakers_harm_nobody() {
    let alone = longest_wait(&mut house_with(0));
    let mut house = house_with(DRIPPERS);
    let among_them = longest_wait(&mut house);
    println!("the longest wait: {alone:?} alone, {among_them:?} among them");
    assert_eq!(house.engine.server().clients.len(), DRIPPERS as usize + 1);
    assert!(among_them <= alone.saturating_add(Micros::from_millis(1)), "{among_them:?}");

    // After their last byte they are answered like anybody.
    let done = Micros::from_secs(3 + PING.len() as u64 + 1);
    house.pass(done.saturating_sub(house.net.now()));
    for dripper in 1..=DRIPPERS {
        assert_eq!(house.net.received(Conn(dripper)), PONG, "guest {dripper}");
    }
    assert!(house.engine.server().clients.iter().all(|(_, client)| client.query.is_none()));
}
