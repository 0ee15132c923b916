use super::*;
use crate::net::{Accepted, Fd, Fired, Listening, Mask};
use crate::time::Micros;
use std::net::SocketAddr;

fn birth() -> Birth {
    Birth {
        unix_epoch_us: 1_735_689_600_000_000,
        seed: 7,
        process_id: 41,
        multiplexing_api: "epoll".into(),
        has_config_file: true,
        clients_limit: 992,
    }
}

fn address(port: u16) -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], port))
}

/// Protects: what was written is what is played, and every byte survives.
#[test]
fn every_call_is_played_as_it_was_written() {
    let all: Vec<u8> = (0..=255).collect();
    let door = Listening { fd: Fd(6), address: address(6379) };
    let guest = Accepted { fd: Fd(9), peer: "[::1]:5001".parse().unwrap(), local: address(6379) };
    let fired = [Fired { fd: Fd(6), mask: Mask::READABLE }, Fired { fd: Fd(9), mask: Mask::BOTH }];
    let mut ink = Ink::new(&birth());
    [0, 0, 5, 5, 5, 9].into_iter().for_each(|us| ink.now(Micros(us)));
    ink.facts(true);
    ink.listen(address(0), Ok(door));
    ink.now(Micros(9));
    ink.wait(Micros(40), &fired);
    ink.wait(Micros(41), &[]);
    ink.accept(Ok(guest));
    ink.accept(Err(NetError::WouldBlock));
    ink.read(Ok(&all));
    ink.read(Ok(b""));
    ink.read(Err(NetError::Reset));
    ink.write(Ok(120));
    ink.write(Err(NetError::WouldBlock));
    ink.facts(false);
    ink.end();
    let text = ink.take();
    assert!(text.bytes().all(|b| b.is_ascii_graphic() && b != b'"' && b != b'\\'), "{text}");
    assert_eq!(Tape::guests(&text), [guest.peer]);

    let tape = Tape::new(text.into());
    assert_eq!(tape.birth(), Some(birth()));
    for us in [0, 0, 5, 5, 5, 9] {
        assert_eq!(tape.facts(), None, "readings come first");
        assert_eq!(tape.now(), Some(Micros(us)));
    }
    assert_eq!(tape.facts(), Some(true));
    assert_eq!(tape.listens(), Some(address(0)));
    assert_eq!(tape.listen(), Some(Ok(door)));
    assert_eq!(tape.now(), Some(Micros(9)));
    assert_eq!(tape.wakes_at(), Some(Micros(40)));
    let mut seen = Vec::new();
    assert_eq!(tape.wait(&mut seen), Some(()));
    assert_eq!((seen.as_slice(), tape.clock()), (&fired[..], Micros(40)));
    assert_eq!(tape.wait(&mut seen), Some(()));
    assert_eq!(seen, []);
    assert_eq!(tape.accept(), Some(Ok(guest)));
    assert_eq!(tape.accept(), Some(Err(NetError::WouldBlock)));
    let mut buffer = [0; 300];
    assert_eq!(tape.read(&mut buffer), Some(Ok(256)));
    assert_eq!(buffer[..256], all[..]);
    assert_eq!(tape.read(&mut buffer), Some(Ok(0)));
    assert_eq!(tape.read(&mut buffer), Some(Err(NetError::Reset)));
    assert_eq!(tape.write(), Some(Ok(120)));
    assert_eq!(tape.write(), Some(Err(NetError::WouldBlock)));
    assert_eq!(tape.facts(), Some(false));
    assert!(!tape.is_over());
    assert!(tape.ends_here() && tape.is_over() && !tape.was_left());
}

/// Protects: tapes from before the limit of clients was on them are played.
#[test]
fn a_birth_without_a_limit_of_clients_has_none() {
    let tape = Tape::new("b1735689600000000,7,41,epoll,1;=1".into());
    assert_eq!(tape.birth(), Some(Birth { clients_limit: u32::MAX, ..birth() }));
    assert_eq!(tape.now(), Some(Micros::ZERO));
}

/// Protects: a loop that asks for something else is told so, and the tape does
/// not go on as if nothing had happened.
#[test]
fn another_call_leaves_the_tape_for_good() {
    let tape = Tape::new("=1w5;".into());
    assert_eq!(tape.now(), Some(Micros::ZERO));
    assert_eq!(tape.read(&mut [0; 8]), None);
    assert!(tape.is_over() && tape.was_left());
    assert_eq!(tape.write(), None);
}

/// Protects: a tape may come from anybody.
#[test]
fn nonsense_is_not_played() {
    // The last three are of a time that no sum with it could hold.
    for text in [
        "",
        "=0",
        "=",
        "+",
        "r'ab",
        "r'a%zz'",
        "r'abcdefghi'",
        "a9,x,y;",
        "p;",
        "l;",
        "é",
        "+18446744073709551615",
        "p18446744073709551615;",
        "b18446744073709551615,1,1,epoll,0,1;",
    ] {
        let tape = Tape::new(text.into());
        let mut buffer = [0; 8];
        assert_eq!(tape.clone().now(), None, "{text}");
        assert_eq!(tape.clone().read(&mut buffer), None, "{text}");
        assert_eq!(tape.clone().accept(), None, "{text}");
        assert_eq!(tape.clone().wait(&mut Vec::new()), None, "{text}");
        assert_eq!(tape.clone().listens(), None, "{text}");
        assert_eq!(tape.birth(), None, "{text}");
        let _ = Tape::guests(text);
    }
}
