//! How the program ends when it is told to, and when it does not.

use super::server::{Client, Folder, Server};
use super::until;
use onechef::event::{Event, Standing};
use std::fs::File;
use std::io::Read;
use std::process::Command;

/// Protects: a held server can be stopped.
#[test]
fn a_held_loop_still_ends_when_told_to() {
    let server = Server::start(&["--step=600"]);
    server.post("/step/hold");
    server.wait_until_held(None);
    assert!(server.stop().contains("event=step"));
}

/// Protects: nor does DEBUG SLEEP keep a server from being stopped; as with
/// Redis, whose sleep a signal ends.
#[test]
fn a_sleeping_loop_still_ends_when_told_to() {
    let server = Server::start(&["--enable-debug-command", "yes"]);
    let mut guest = server.client();
    assert_eq!(guest.ask(&["PING"]), "+PONG");
    guest.send(&["DEBUG", "SLEEP", "600"]);
    server.stop();
}

/// Protects: a terminal that is closed, or a daemon's manager that means
/// "read your configuration", does not end the server. Redis ignores it, too.
#[test]
fn a_hang_up_of_the_terminal_is_ignored() {
    let server = Server::start(&[]);
    server.signal("HUP");
    assert_eq!(server.client().ask(&["PING"]), "+PONG");
    server.stop();
}

/// Protects: one interrupt is a request like another, and whoever has been
/// served by then has got everything.
#[test]
fn an_interrupt_ends_the_server_in_order() {
    let mut server = Server::start(&[]);
    assert_eq!(server.client().ask(&["PING"]), "+PONG");
    server.signal("INT");
    assert_eq!(server.exit_code(), Some(0));
}

/// Protects: whoever watches is told how it ends, even if the server is told
/// to end before it has said anything.
#[test]
fn watchers_are_told_to_the_end() {
    let server = Server::start(&[]);
    let mut stream = server.watch(None);
    server.signal("TERM");
    let records = until(&mut stream, |event| matches!(event, Event::Shutdown));
    assert!(matches!(records[0].event, Event::Standing { what: Standing::Begun }));
}

/// A server that is in the midst of a half-cycle, and stays there until its
/// recording is read: like on a disk that does not answer.
struct Stuck {
    server: Server,
    _guest: Client,
    /// Holds the pipe open, for reading and writing.
    pipe: File,
    path: String,
    /// What was read of it.
    recording: Vec<u8>,
    _folder: Folder,
}

impl Stuck {
    fn new(name: &str) -> Stuck {
        let folder = Folder::new(name);
        let path = folder.path("pipe");
        let made = Command::new("mkfifo").arg(&path).status();
        assert!(made.expect("mkfifo runs").success());
        let mut pipe = File::options().read(true).write(true).open(&path).expect("a pipe");
        let server = Server::start(&["--record", &path]);
        let mut guest = server.client();
        guest.types(&"PING\r\n".repeat(REQUESTS));
        // All are carried out in one half-cycle, and what is told about them
        // is far more than a pipe holds.
        let mut recording = Vec::new();
        let mut some = [0; 1024];
        while !String::from_utf8_lossy(&recording).contains("\"name\":\"ping\"") {
            let count = pipe.read(&mut some).expect("the recording");
            recording.extend_from_slice(&some[..count]);
        }
        Stuck { server, _guest: guest, pipe, path, recording, _folder: folder }
    }
}

/// Fewer than fit into one read.
const REQUESTS: usize = 2_500;

/// Protects: whoever interrupts once more while the server is about to end
/// is not made to wait. Redis: `sigShutdownHandler` ("You insist...").
#[test]
fn a_second_interrupt_ends_the_server_at_once() {
    let mut stuck = Stuck::new("insisting");
    // Two that come too soon after each other are one, so there are many.
    let insists = |_: &u32| {
        stuck.server.signal("INT");
        stuck.server.has_ended()
    };
    assert!((0..1_000).find(insists).is_some(), "it does not heed them");
    assert_eq!(stuck.server.exit_code(), Some(1), "this was no orderly end");
}

/// Protects: to a daemon's manager, which says it again, the same applies as
/// in Redis: the server takes the time that it needs.
#[test]
fn asked_twice_to_terminate_the_server_still_ends_in_order() {
    let mut stuck = Stuck::new("patience");
    stuck.server.signal("TERM");
    stuck.server.signal("TERM");
    let mut reader = File::open(&stuck.path).expect("the pipe");
    drop(stuck.pipe);
    reader.read_to_end(&mut stuck.recording).expect("the recording");
    assert_eq!(stuck.server.exit_code(), Some(0));
    let trace = onechef::trace::codec::read(&stuck.recording).expect("a whole trace");
    assert!(trace.records.len() > REQUESTS);
}
