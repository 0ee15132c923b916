//! Watching a real server: what watchers are told, who may watch, and what
//! the loop notices of it (nothing).

#[cfg(unix)]
mod outside;
mod rerun;
mod server;
#[cfg(unix)]
mod signals;

use onechef::event::{ClientId, Event, Standing};
use onechef::trace::{Record, World};
use server::{Server, Stream};
use std::io::Read;

/// The records up to one that `is_it`.
fn until(stream: &mut Stream, is_it: impl Fn(&Event) -> bool) -> Vec<Record> {
    let mut records = Vec::new();
    while !records.last().is_some_and(|record: &Record| is_it(&record.event)) {
        records.push(stream.record());
    }
    records
}

fn ends(name: &'static str) -> impl Fn(&Event) -> bool {
    move |event| matches!(event, Event::CommandEnd { name: ended, .. } if ended == name)
}

fn commands(records: &[Record]) -> Vec<&str> {
    let mut names = Vec::new();
    for record in records {
        if let Event::CommandEnd { name, .. } = &record.event {
            names.push(name.as_str());
        }
    }
    names
}

/// Protects: a watcher is told how things stand, then what happens, in order.
#[test]
fn a_watcher_is_told_how_things_stand_and_what_happens() {
    let server = Server::start(&[]);
    let mut before = server.client();
    before.ask(&["SET", "a", "1"]);
    let mut stream = server.watch(None);
    assert!(matches!(stream.record().event, Event::Standing { what: Standing::Begun }));
    let mut guest = server.client();
    for words in [&["PING"][..], &["SET", "b", "2"], &["GET", "b"], &["DEL", "b"]] {
        guest.ask(words);
    }
    let records = until(&mut stream, ends("del"));
    assert_eq!(commands(&records), ["ping", "set", "get", "del"]);
    let mut world = World::default();
    records.iter().for_each(|record| world.fold(record));
    assert_eq!(world.clients.len(), 2, "the one from before, too");
    assert_eq!(world.counters.total_commands_processed, 5);
    assert_eq!(world.dropped, 0);
    let mut numbers = records.iter().map(|record| record.seq);
    let first = numbers.next().expect("records");
    assert!(numbers.eq(first + 1..first + records.len() as u64), "without gaps");
}

/// Protects: a connection that breaks costs nothing if its browser comes back
/// in time.
#[test]
fn whoever_comes_back_goes_on_where_it_was() {
    let server = Server::start(&[]);
    let mut guest = server.client();
    let mut stream = server.watch(None);
    guest.ask(&["PING"]);
    let records = until(&mut stream, ends("ping"));
    let rest = stream.finish_piece();
    let last = rest.last().or(records.last()).expect("records").seq;
    let id = stream.last_id().to_owned();
    drop(stream);
    guest.ask(&["ECHO", "while nobody was there"]);
    let mut again = server.watch(Some(&id));
    let records = until(&mut again, ends("echo"));
    assert_eq!(records[0].seq, last + 1, "the very next one");
    assert!(
        !records.iter().any(|r| matches!(r.event, Event::Standing { .. } | Event::Dropped { .. }))
    );
    let mut lost = server.watch(Some("another-process.1.1"));
    assert!(matches!(lost.record().event, Event::Standing { what: Standing::Begun }));
}

/// Protects: told = delivered + missed for a watcher that takes nothing for a
/// while, whether it misses anything or not (which the ring's own tests do for
/// certain); what is kept for it is bounded.
#[test]
fn a_stalled_watcher_accounts_for_everything() {
    let server = Server::start(&[]);
    let mut stalled = server.watch(None);
    stalled.record();
    let mut guest = server.client();
    for _ in 0..40 {
        guest.pipeline(&["GET", "nothing"], 500);
    }
    let ring = server.metric("onechef_live_ring_bytes");
    assert!(ring <= 9 * 1024 * 1024, "{ring} bytes are kept");
    // Until it has caught up: what is said before may be among what it missed.
    let is_echo = ends("echo");
    let mut heard = false;
    while !heard {
        guest.ask(&["ECHO", "done"]);
        heard = (0..500).any(|_| is_echo(&stalled.record().event));
    }
    stalled.finish_piece();
    let delivered = stalled.facts() - stalled.standing();
    assert_eq!(delivered + stalled.missed(), stalled.told(), "delivered and missed");
}

/// Protects: a server that may be watched and is not has the loop's thread
/// alone, since a second one would make each of its system calls dearer.
#[cfg(target_os = "linux")]
#[test]
fn nobody_is_waited_for_by_threads() {
    let server = Server::start(&[]);
    server.client().ask(&["PING"]);
    assert_eq!(server.threads(), 1);
    server.watch(None).record();
    assert!(server.threads() > 1);
}

#[test]
fn nine_watchers_are_too_many() {
    let server = Server::start(&[]);
    let mut watchers: Vec<Stream> = (0..8).map(|_| server.watch(None)).collect();
    watchers.iter_mut().for_each(|stream| drop(stream.record()));
    assert_eq!(server.get("/events", &[]).status, 503);
    drop(watchers.pop());
    // The place is free as soon as it is noticed: with the next record at the
    // latest, since nothing takes it.
    while server.metric("onechef_live_watchers") > 7 {}
    server.watch(None).record();
}

/// Protects: the rules of who may ask, on the real port.
#[test]
fn who_may_ask_and_what_comes_back() {
    let server = Server::start(&[]);
    let page = server.get("/", &[]);
    assert_eq!(page.status, 200);
    let policy = page.header("content-security-policy").expect("a policy");
    for part in
        ["default-src 'self'", "frame-ancestors 'none'", "connect-src 'self'", "object-src 'none'"]
    {
        assert!(policy.contains(part), "{part} in {policy}");
    }
    assert!(!policy.contains("'unsafe-eval'") && !policy.contains("script-src 'unsafe-inline'"));
    for path in ["/", "/metrics", "/nothing"] {
        let answer = server.get(path, &["Origin: http://127.0.0.1:1"]);
        assert_eq!((answer.status, answer.body.as_str()), (403, ""), "{path}");
        let answer = server.get(path, &[]);
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"), "{path}");
        // With `no-referrer` a browser hides the origin of a POST from us, too
        // (Fetch, "append a request `Origin` header"; Firefox does): the page
        // could not hold the loop.
        assert_eq!(answer.header("referrer-policy"), Some("same-origin"), "{path}");
        assert!(answer.header("access-control-allow-origin").is_none(), "{path}");
    }
    assert_eq!(server.raw("GET / HTTP/1.1\r\nHost: evil.test\r\n\r\n").status, 403);
    assert_eq!(server.raw("GET / HTTP/1.1\r\n\r\n").status, 400);
    let own = format!("Host: {}", server.live);
    assert_eq!(server.raw(&format!("GET /events HTTP/1.1\r\n{own}\r\n\r\n")).status, 401);
    let put = server.raw(&format!("PUT / HTTP/1.1\r\n{own}\r\n\r\n"));
    assert_eq!((put.status, put.header("allow")), (405, Some("GET, POST")));
    assert_eq!(
        server.raw(&format!("GET / HTTP/1.1\r\n{own}\r\nUpgrade: websocket\r\n\r\n")).status,
        400
    );
    let long = format!("GET / HTTP/1.1\r\n{own}\r\nX: {}\r\n\r\n", "x".repeat(9_000));
    assert_eq!(server.raw(&long).status, 431);
    assert_eq!(server.post("/step/hold").status, 404, "not without --step");
    assert_eq!(server.post("/events").status, 405);
}

/// Protects: the first address gives the cookie, and leaves no token behind in
/// the address line; a token in the log would be one for everybody.
#[test]
fn the_token_becomes_a_cookie_and_is_logged_nowhere() {
    let server = Server::start(&[]);
    let own = format!("Host: {}", server.live);
    let line = format!("GET /?token={} HTTP/1.1\r\n{own}\r\n\r\n", server.token);
    let answer = server.raw(&line);
    assert_eq!((answer.status, answer.header("location")), (303, Some("./?live")));
    let cookie = answer.header("set-cookie").expect("a cookie");
    assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Strict"), "{cookie}");
    let pair = cookie.split(';').next().expect("its value");
    let page = server.raw(&format!("GET / HTTP/1.1\r\n{own}\r\nCookie: {pair}\r\n\r\n"));
    assert_eq!(page.status, 200);
    drop(server.watch(None));
    let token = server.token.clone();
    assert!(!server.stop().contains(&token));
}

/// Protects: nobody offers a loop to the world by mistake.
#[test]
fn others_than_this_machine_must_be_meant() {
    let said = Server::refused(&["--live=0.0.0.0:0"]);
    assert!(said.contains("--live-host"), "{said}");
    let said = Server::refused(&["--live=0.0.0.0:0", "--live-host", "kitchen.test", "--step"]);
    assert!(said.contains("loopback"), "{said}");
}

/// Protects: what clients keep and say is nobody's business: not in the stream,
/// not in a file, not in a log.
#[test]
fn a_secret_is_found_nowhere() {
    const CANARY: &str = "CANARY-5ecret";
    let folder = server::Folder::new("secret");
    let file = folder.path("trace.ndjson");
    let server = Server::start(&["--record", &file]);
    let mut stream = server.watch(None);
    for words in server::with_secret(CANARY) {
        server.client().say_and_leave(&[&words]);
    }
    server.client().say_and_leave(&server::sessions_with_secret(CANARY));
    let last = server.client().ask(&["CLIENT", "ID"])[1..].parse().map(ClientId);
    let last = last.expect("an id");
    until(
        &mut stream,
        |event| matches!(event, Event::CommandEnd { client, .. } if *client == last),
    );
    let told = stream.text().to_owned();
    assert!(told.contains("\"get\""), "commands are named");
    let log = server.stop();
    let recorded = std::fs::read_to_string(&file).expect("the recording");
    for (what, text) in [("stream", &told), ("log", &log), ("file", &recorded)] {
        assert!(!text.is_empty() && !text.contains(CANARY), "in the {what}");
        assert!(!text.contains("5ecret"), "a part of it is in the {what}");
    }
}

/// Protects: passwords, even from whoever is shown everything else.
#[test]
fn passwords_are_never_shown() {
    let server = Server::start(&["--reveal", "--requirepass", "Pa55word"]);
    let mut stream = server.watch(None);
    let mut guest = server.client();
    guest.ask(&["AUTH", "wr0ng"]);
    guest.ask(&["HELLO", "3", "AUTH", "default", "Pa55word"]);
    guest.ask(&["SET", "open", "for-all-to-see"]);
    guest.ask(&["CONFIG", "SET", "requirepass", "Pa55word-2"]);
    guest.ask(&["CONFIG", "GET", "requirepass"]);
    guest.pieces(&[b"*2\r\n$4\r\nAU", b"TH\r\n$10\r\nPa55", b"word-2\r\n"]);
    guest.ask(&["MULTI"]);
    guest.ask(&["CONFIG", "GET", "requirepass"]);
    guest.ask(&["EXEC"]);
    guest.ask(&["ECHO", "done"]);
    until(&mut stream, ends("echo"));
    let told = stream.text();
    assert!(told.contains("for-all-to-see"), "values are shown");
    for secret in ["Pa55", "word-2", "wr0ng"] {
        assert!(!told.contains(secret), "{secret}: {told}");
    }
}

/// Protects: the loop is held exactly where it was told to stop, a client
/// waits meanwhile, and is answered afterwards.
#[test]
fn a_held_loop_serves_nobody_until_it_is_let_go() {
    let server = Server::start(&["--step=60"]);
    let mut guest = server.client();
    guest.ask(&["PING"]);
    server.post("/step/hold");
    server.wait_until_held(None);
    guest.send(&["PING"]);
    assert!(guest.has_no_answer());
    server.post("/step/sweep");
    server.wait_until_held(Some("before_sleep"));
    assert!(guest.has_no_answer(), "the reply is made, but not carried out");
    server.post("/step/cycle");
    server.wait_until_held(Some("about_to_sleep"));
    assert_eq!(guest.answer(), "+PONG");
    server.post("/step/readable-1");
    guest.send(&["GET", "a"]);
    server.wait_until_held(Some("woken"));
    assert!(guest.has_no_answer());
    server.post("/step/release");
    assert_eq!(guest.answer(), "$-1");
}

/// Protects: a watcher that is lost does not keep the house waiting.
#[test]
fn a_lost_watcher_lets_the_loop_go() {
    let server = Server::start(&["--step=1"]);
    let mut guest = server.client();
    guest.ask(&["PING"]);
    server.post("/step/hold");
    server.wait_until_held(None);
    // Answered when the lease is over, though nobody lets go.
    assert_eq!(guest.ask(&["PING"]), "+PONG");
    assert_eq!(server.metric("onechef_live_step_leases_lost_total"), 1);
}

/// Protects: a recording does not fill the disk, and each of its files can be
/// read on its own.
#[test]
fn a_limited_recording_keeps_the_newest_in_two_files() {
    let folder = server::Folder::new("rotation");
    let file = folder.path("trace.ndjson");
    let server = Server::start(&["--record", &file, "--record-limit", "1mb"]);
    let mut guest = server.client();
    for _ in 0..40 {
        guest.pipeline(&["INCR", "a"], 100);
    }
    server.stop();
    let (mut newest, mut oldest) = (Vec::new(), Vec::new());
    std::fs::File::open(&file).and_then(|mut f| f.read_to_end(&mut newest)).expect("FILE");
    std::fs::File::open(file + ".1").and_then(|mut f| f.read_to_end(&mut oldest)).expect("FILE.1");
    for text in [&newest, &oldest] {
        assert!(text.len() < 1024 * 1024, "{} bytes", text.len());
        let trace = onechef::trace::codec::read(text).expect("a trace");
        let first = &trace.records.first().expect("records").event;
        assert!(matches!(first, Event::Standing { what: Standing::Begun }), "{first:?}");
        let mut world = World::default();
        trace.records.iter().for_each(|record| world.fold(record));
        assert!(world.counters.total_commands_processed > 500);
    }
}
