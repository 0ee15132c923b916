//! The virtual kernel's own rules; the laws that it shares with every other
//! network are in `tests/it/conformance.rs`.

use super::*;
use crate::net::Costs;

const DOOR: &str = "127.0.0.1:6379";

/// A free machine with one listener, so that times are those of the wire.
struct Stage {
    net: Virt,
    listener: Fd,
    fired: Vec<Fired>,
    facts: Vec<(Micros, SocketAddr, Fact)>,
}

impl Stage {
    fn new(backlog: u32) -> Stage {
        Stage::with(VirtConfig { costs: Costs::FREE, ..VirtConfig::default() }, backlog)
    }

    fn with(config: VirtConfig, backlog: u32) -> Stage {
        let mut net = Virt::new(config);
        let listener = net.listen(DOOR.parse().unwrap(), backlog).unwrap().fd;
        net.watch(listener, Mask::READABLE);
        Stage { net, listener, fired: Vec::new(), facts: Vec::new() }
    }

    fn at(&mut self, us: u64, conn: u32, action: GuestAction) {
        self.net.schedule(Micros(us), Conn(conn), action);
    }

    fn connect(&mut self, us: u64, conn: u32, link: Link) {
        self.at(us, conn, GuestAction::Connect { name: format!("guest {conn}"), link });
    }

    fn send(&mut self, us: u64, conn: u32, bytes: &[u8]) {
        self.at(us, conn, GuestAction::Send { bytes: bytes.to_vec() });
    }

    fn wait(&mut self, timeout: Timeout) -> &[Fired] {
        self.net.wait(timeout, &mut self.fired);
        &self.fired
    }

    /// Lets `us` pass, whatever is ready.
    fn pass(&mut self, us: u64) {
        self.net.spend(Work::Sleep { micros: Micros(us) });
    }

    fn accept(&mut self) -> Fd {
        let fd = self.net.accept(self.listener).expect("a guest in the queue").fd;
        self.net.watch(fd, Mask::READABLE);
        fd
    }

    /// One guest, seated.
    fn seat(&mut self, conn: u32, link: Link) -> Fd {
        self.connect(self.net.now().0, conn, link);
        self.pass(link.latency.0 * 2);
        self.accept()
    }

    fn read(&mut self, fd: Fd) -> Result<Vec<u8>, NetError> {
        let mut buffer = vec![0; 1 << 20];
        let n = self.net.read(fd, &mut buffer)?;
        buffer.truncate(n);
        Ok(buffer)
    }

    fn write(&mut self, fd: Fd, bytes: &[u8]) -> Result<usize, NetError> {
        self.net.write(fd, &[IoSlice::new(bytes)])
    }

    fn facts_of(&mut self, conn: u32) -> Vec<(u64, Fact)> {
        self.net.take_facts(&mut self.facts);
        let address = Conn(conn).address();
        let of_conn = self.facts.iter().filter(|(_, peer, _)| *peer == address);
        of_conn.map(|(at, _, fact)| (at.0, fact.clone())).collect()
    }
}

fn short(latency_us: u64) -> Link {
    Link { latency: Micros(latency_us), ..Link::default() }
}

fn excerpt(bytes: &[u8]) -> Excerpt {
    Excerpt::of(bytes)
}

fn fired(fd: Fd, mask: Mask) -> Fired {
    Fired { fd, mask }
}

#[test]
fn a_request_and_its_reply_take_four_journeys_and_each_is_a_fact() {
    let mut stage = Stage::new(16);
    stage.connect(1_000, 0, short(200));
    stage.send(1_000, 0, b"PING\r\n");

    assert_eq!(stage.wait(Timeout::Forever), [fired(Fd(6), Mask::READABLE)]);
    assert_eq!(stage.net.now(), Micros(1_200));
    let fd = stage.accept();
    assert_eq!(fd, Fd(8));
    assert_eq!(stage.wait(Timeout::Forever), [fired(fd, Mask::READABLE)]);
    assert_eq!(stage.net.now(), Micros(1_600));
    assert_eq!(stage.read(fd).unwrap(), b"PING\r\n");
    stage.write(fd, b"+PONG\r\n").unwrap();
    assert_eq!(stage.net.received(Conn(0)), b"");
    assert_eq!(stage.wait(Timeout::Forever), []);

    assert_eq!(stage.net.received(Conn(0)), b"+PONG\r\n");
    let (ping, pong) = (excerpt(b"PING\r\n"), excerpt(b"+PONG\r\n"));
    assert_eq!(
        stage.facts_of(0),
        [
            (1_200, Fact::Queued { name: "guest 0".into() }),
            (1_400, Fact::Sent { bytes: ping.clone(), arrives: Micros(1_600) }),
            (1_600, Fact::Arrived { bytes: ping }),
            (1_800, Fact::Delivered { bytes: 7 }),
            (1_800, Fact::Consumed { bytes: pong }),
        ]
    );
}

#[test]
fn a_full_backlog_sends_guests_away_and_they_knock_again() {
    let mut stage = Stage::new(2);
    for conn in 0..3 {
        stage.connect(0, conn, short(100));
    }
    stage.pass(1_000);
    let (first, third) = (stage.facts_of(0), stage.facts_of(2));
    assert_eq!(first, [(100, Fact::Queued { name: "guest 0".into() })]);
    assert_eq!(third, [(100, Fact::BacklogFull { name: "guest 2".into() })]);

    stage.accept();
    stage.pass(1_000_000);
    let expected = (1_000_100, Fact::Queued { name: "guest 2".into() });
    assert_eq!(stage.facts_of(2).last(), Some(&expected));
}

#[test]
fn a_guest_whom_nobody_lets_in_gives_up() {
    let mut stage = Stage::new(1);
    stage.connect(0, 0, short(100));
    stage.connect(0, 1, short(100));
    assert_eq!(stage.wait(Timeout::Forever).len(), 1);
    stage.pass(200_000_000);
    assert_eq!(stage.net.guest_end(Conn(1)), Some(GuestEnd::Reset));
    let knocks = stage.facts_of(1);
    let refused = knocks.iter().filter(|(_, f)| matches!(f, Fact::BacklogFull { .. }));
    let times: Vec<u64> = refused.map(|(at, _)| at / 1_000_000).collect();
    assert_eq!(times, [0, 1, 3, 7, 15, 31, 63]);
    assert!(!stage.net.in_flight());
}

#[test]
fn without_a_listener_a_guest_is_refused() {
    let mut stage = Stage::new(1);
    stage.connect(0, 0, short(100));
    stage.pass(150);
    stage.net.close(stage.listener);
    stage.connect(200, 1, short(100));
    stage.pass(1_000);
    // One stood in the queue when the door was closed, one came afterwards.
    assert_eq!(stage.net.guest_end(Conn(0)), Some(GuestEnd::Reset));
    assert_eq!(stage.net.guest_end(Conn(1)), Some(GuestEnd::Reset));
}

#[test]
fn what_does_not_fit_the_receive_buffer_waits_at_the_sender() {
    let mut stage = Stage::new(1);
    let link = Link { server_receive_bytes: 10, ..short(100) };
    let fd = stage.seat(0, link);
    stage.send(0, 0, b"0123456789abcdefghijklmno");
    stage.pass(10_000);
    assert_eq!(stage.read(fd).unwrap(), b"0123456789");
    assert_eq!(stage.read(fd), Err(NetError::WouldBlock));
    // The news that there is room, and then the bytes, each need a journey.
    stage.pass(199);
    assert_eq!(stage.read(fd), Err(NetError::WouldBlock));
    stage.pass(1);
    assert_eq!(stage.read(fd).unwrap(), b"abcdefghij");
    stage.pass(200);
    assert_eq!(stage.read(fd).unwrap(), b"klmno");
}

#[test]
fn a_guest_that_does_not_read_fills_both_buffers_and_then_the_server_waits() {
    let mut stage = Stage::new(1);
    let link = Link { server_send_bytes: 30, guest_receive_bytes: 20, ..short(100) };
    let fd = stage.seat(0, link);
    stage.at(0, 0, GuestAction::StopReading);
    stage.pass(100);

    assert_eq!(stage.write(fd, &[1; 100]), Ok(30), "the send buffer");
    assert_eq!(stage.write(fd, &[2; 70]), Err(NetError::WouldBlock));
    stage.pass(10_000);
    assert_eq!(stage.write(fd, &[2; 70]), Ok(20), "what the guest's socket took");
    stage.pass(10_000);
    assert_eq!(stage.write(fd, &[3; 50]), Err(NetError::WouldBlock));
    stage.net.watch(fd, Mask::BOTH);
    assert_eq!(stage.wait(Timeout::Now), [], "a full table is not writable");

    // Less than a third of the send buffer becomes free: not worth a call.
    stage.at(0, 0, GuestAction::ReadOnly { bytes: 9 });
    assert_eq!(stage.wait(Timeout::After(Micros::from_millis(5))), []);
    stage.at(0, 0, GuestAction::Read);
    assert_eq!(stage.wait(Timeout::Forever), [fired(fd, Mask::WRITABLE)]);
    assert_eq!(stage.write(fd, &[3; 50]), Ok(29), "all but one byte, still under way");
    stage.pass(10_000);
    let mut expected = vec![1; 30];
    expected.extend([2; 20]);
    expected.extend([3; 29]);
    assert_eq!(stage.net.received(Conn(0)), expected);
}

#[test]
fn reading_only_some_stops_by_itself() {
    let mut stage = Stage::new(1);
    let fd = stage.seat(0, short(100));
    stage.at(0, 0, GuestAction::ReadOnly { bytes: 3 });
    stage.pass(1);
    stage.write(fd, b"abcde").unwrap();
    stage.pass(1_000);
    assert_eq!(stage.net.received(Conn(0)), b"abc");
    let facts = stage.facts_of(0);
    assert_eq!(facts.last(), Some(&(301, Fact::Reading { on: false })));
    stage.at(0, 0, GuestAction::Read);
    stage.pass(1);
    assert_eq!(stage.net.received(Conn(0)), b"abcde");
}

#[test]
fn a_half_close_is_readable_for_good_and_replies_still_arrive() {
    let mut stage = Stage::new(1);
    let fd = stage.seat(0, short(100));
    stage.send(0, 0, b"last");
    stage.at(0, 0, GuestAction::HalfClose);
    stage.pass(1_000);
    assert_eq!(stage.read(fd).unwrap(), b"last");
    assert_eq!(stage.read(fd).unwrap(), b"");
    assert_eq!(stage.wait(Timeout::Now), [fired(fd, Mask::READABLE)]);
    stage.write(fd, b"reply").unwrap();
    stage.net.close(fd);
    stage.pass(1_000);
    assert_eq!(stage.net.received(Conn(0)), b"reply");
    assert_eq!(stage.net.guest_end(Conn(0)), Some(GuestEnd::Closed));
}

#[test]
fn closing_with_unread_input_resets_and_what_is_unsent_is_lost() {
    let mut stage = Stage::new(1);
    let link = Link { guest_receive_bytes: 4, ..short(100) };
    let fd = stage.seat(0, link);
    stage.send(0, 0, b"never read");
    stage.at(0, 0, GuestAction::StopReading);
    stage.pass(1_000);
    stage.write(fd, b"12345678").unwrap();
    stage.pass(1_000);
    stage.net.close(fd);
    stage.pass(1_000);
    assert_eq!(stage.net.guest_end(Conn(0)), None, "it does not look");
    stage.at(0, 0, GuestAction::Read);
    stage.pass(1_000);
    assert_eq!(stage.net.received(Conn(0)), b"1234", "what had arrived can still be read");
    assert_eq!(stage.net.guest_end(Conn(0)), Some(GuestEnd::Reset));
}

#[test]
fn an_orderly_close_still_delivers_what_the_send_buffer_holds() {
    let mut stage = Stage::new(1);
    let link = Link { guest_receive_bytes: 4, ..short(100) };
    let fd = stage.seat(0, link);
    stage.write(fd, b"more than one window").unwrap();
    stage.net.close(fd);
    stage.pass(10_000);
    assert_eq!(stage.net.received(Conn(0)), b"more than one window");
    assert_eq!(stage.net.guest_end(Conn(0)), Some(GuestEnd::Closed));
}

#[test]
fn a_reset_reports_both_directions_after_the_bytes_before_it() {
    let mut stage = Stage::new(1);
    let fd = stage.seat(0, short(100));
    stage.send(0, 0, b"bye");
    stage.at(0, 0, GuestAction::Reset);
    stage.pass(1_000);
    assert_eq!(stage.wait(Timeout::Now), [fired(fd, Mask::READABLE)]);
    stage.net.watch(fd, Mask::BOTH);
    assert_eq!(stage.wait(Timeout::Now), [fired(fd, Mask::BOTH)]);
    assert_eq!(stage.read(fd).unwrap(), b"bye");
    assert_eq!(stage.read(fd), Err(NetError::Reset));
    assert_eq!(stage.write(fd, b"x"), Err(NetError::Reset));
    assert_eq!(stage.wait(Timeout::Now), [fired(fd, Mask::BOTH)]);
}

#[test]
fn writing_to_a_guest_that_left_comes_back_as_a_reset() {
    let mut stage = Stage::new(1);
    let fd = stage.seat(0, short(100));
    stage.at(0, 0, GuestAction::Close);
    stage.pass(1_000);
    assert_eq!(stage.read(fd).unwrap(), b"");
    assert_eq!(stage.write(fd, b"anybody there?"), Ok(14));
    stage.pass(200);
    assert_eq!(stage.write(fd, b"hello?"), Err(NetError::Reset));
    let kinds: Vec<Fact> = stage.facts_of(0).into_iter().map(|(_, fact)| fact).collect();
    assert_eq!(kinds[1..], [Fact::Left, Fact::FinArrived, Fact::ResetArrived]);
}

#[test]
fn what_a_guest_does_before_it_is_connected_waits_in_order() {
    let mut stage = Stage::new(1);
    stage.connect(0, 0, short(100));
    stage.send(0, 0, b"a");
    stage.send(0, 0, b"b");
    stage.at(0, 0, GuestAction::Close);
    stage.pass(1_000);
    let fd = stage.accept();
    assert_eq!(stage.read(fd).unwrap(), b"ab");
    assert_eq!(stage.read(fd).unwrap(), b"");
}

#[test]
fn an_action_that_makes_no_sense_is_not_done() {
    let mut stage = Stage::new(1);
    stage.send(0, 7, b"nobody");
    let fd = stage.seat(0, short(100));
    stage.at(0, 0, GuestAction::HalfClose);
    stage.send(0, 0, b"after the end");
    stage.connect(0, 0, short(100));
    stage.at(0, 0, GuestAction::Close);
    stage.at(0, 0, GuestAction::Read);
    stage.pass(1_000);
    assert_eq!(stage.read(fd).unwrap(), b"");
    assert_eq!(stage.net.accept(stage.listener), Err(NetError::WouldBlock));
}

#[test]
fn fired_keeps_the_order_in_which_descriptors_became_ready() {
    let mut stage = Stage::new(4);
    let fds: Vec<Fd> = (0..3).map(|conn| stage.seat(conn, short(100))).collect();
    stage.pass(1_000);
    for (us, conn) in [(0, 2), (1, 0), (2, 1)] {
        stage.send(stage.net.now().0 + us, conn, b"x");
    }
    stage.pass(1_000);
    let order = |fds: &[Fd]| fds.iter().map(|fd| fired(*fd, Mask::READABLE)).collect::<Vec<_>>();
    assert_eq!(stage.wait(Timeout::Now), order(&[fds[2], fds[0], fds[1]]));
    // Unread ones keep their place before newcomers.
    stage.read(fds[2]).unwrap();
    stage.send(0, 2, b"y");
    stage.wait(Timeout::Now);
    stage.pass(1_000);
    assert_eq!(stage.wait(Timeout::Now), order(&[fds[0], fds[1], fds[2]]));
}

#[test]
fn the_lowest_free_number_is_reused_and_inherits_nothing() {
    let mut stage = Stage::new(4);
    let fds: Vec<Fd> = (0..3).map(|conn| stage.seat(conn, short(100))).collect();
    assert_eq!(fds, [Fd(8), Fd(9), Fd(10)]);
    stage.send(0, 1, b"for the old one");
    stage.pass(1_000);
    assert_eq!(stage.wait(Timeout::Now), [fired(Fd(9), Mask::READABLE)]);
    stage.net.close(Fd(9));
    stage.net.close(Fd(8));
    stage.connect(0, 3, short(100));
    stage.pass(1_000);
    assert_eq!(stage.accept(), Fd(8));
    stage.connect(0, 4, short(100));
    stage.pass(1_000);
    assert_eq!(stage.accept(), Fd(9));
    assert_eq!(stage.wait(Timeout::Now), []);
    assert_eq!(stage.read(Fd(9)), Err(NetError::WouldBlock));
}

#[test]
fn without_a_free_number_the_guest_keeps_its_place() {
    let config = VirtConfig { costs: Costs::FREE, descriptor_limit: 9, ..VirtConfig::default() };
    let mut stage = Stage::with(config, 4);
    let fd = stage.seat(0, short(100));
    stage.connect(0, 1, short(100));
    stage.pass(1_000);
    assert_eq!(stage.net.accept(stage.listener), Err(NetError::Exhausted));
    stage.net.close(fd);
    let accepted = stage.net.accept(stage.listener).unwrap();
    assert_eq!((accepted.fd, accepted.peer), (fd, Conn(1).address()));
}

#[test]
fn a_timeout_is_rounded_up_to_a_millisecond() {
    let mut stage = Stage::new(1);
    let times = [(0, 0), (1, 1_000), (1_000, 1_000), (1_001, 2_000)];
    for (timeout_us, slept_us) in times {
        let before = stage.net.now();
        stage.wait(Timeout::After(Micros(timeout_us)));
        assert_eq!(stage.net.now().saturating_sub(before), Micros(slept_us));
    }
}

#[test]
fn a_quiet_machine_sleeps_without_time() {
    let mut net = Virt::new(VirtConfig::default());
    let before = net.now();
    let mut fired = vec![Fired { fd: Fd(1), mask: Mask::BOTH }];
    net.wait(Timeout::Forever, &mut fired);
    assert_eq!((fired.len(), net.now()), (0, before));
}

#[test]
fn every_call_has_its_price() {
    let costs = Costs {
        syscall_ns: 1_000,
        copy_per_kilobyte_ns: 10_000,
        poll_ns: 20_000,
        wakeup_ns: 50_000,
        accept_ns: 300_000,
        command_ns: 1_000_000,
        command_per_unit_ns: 2_000_000,
        parse_per_kilobyte_ns: 40_000_000,
        fan_out_ns: 0,
        fan_in_ns: 0,
    };
    let mut stage = Stage::with(VirtConfig { costs, ..VirtConfig::default() }, 1);
    assert_eq!(stage.net.now(), Micros(2), "listen and watch");
    stage.connect(0, 0, short(100));
    stage.send(0, 0, &[0; 1_024]);
    stage.wait(Timeout::Forever);
    assert_eq!(stage.net.now(), Micros(2 + 20 + 80 + 50), "poll, sleep, wake");
    let fd = stage.accept();
    assert_eq!(stage.net.now(), Micros(152 + 300 + 1));
    let before = stage.net.now();
    assert_eq!(stage.read(fd).unwrap().len(), 1_024);
    assert_eq!(stage.net.now(), before.saturating_add(Micros(1 + 10)));
    let before = stage.net.now();
    stage.net.watch(fd, Mask::READABLE);
    assert_eq!(stage.net.now(), before, "nothing changes, nothing is called");
    stage.net.spend(Work::Command { units: 3 });
    stage.net.spend(Work::Parse { bytes: 512 });
    assert_eq!(stage.net.now(), before.saturating_add(Micros(7_000 + 20_000)));
}

#[test]
fn the_world_goes_on_while_the_thread_is_busy() {
    let mut stage = Stage::new(1);
    let fd = stage.seat(0, short(100));
    stage.send(1_000, 0, b"a");
    stage.send(2_000, 0, b"b");
    stage.pass(50_000);
    let facts = stage.facts_of(0);
    let times: Vec<u64> = facts[1..].iter().map(|(at, _)| *at).collect();
    assert_eq!(times, [1_000, 1_100, 2_000, 2_100]);
    assert_eq!(stage.read(fd).unwrap(), b"ab");
}

/// A small echo server's life, as facts.
fn script() -> Vec<(Micros, SocketAddr, Fact)> {
    let mut stage = Stage::with(VirtConfig::default(), 2);
    for conn in 0..4 {
        let link = Link { server_send_bytes: 50, guest_receive_bytes: 30, ..Link::default() };
        stage.connect(u64::from(conn) * 70, conn, link);
        stage.send(500, conn, &[conn as u8; 200]);
        stage.at(3_000_000, conn, GuestAction::Close);
    }
    for _ in 0..10_000 {
        stage.net.wait(Timeout::Forever, &mut stage.fired);
        if stage.fired.is_empty() {
            break;
        }
        for Fired { fd, .. } in stage.fired.clone() {
            if fd == stage.listener {
                stage.accept();
            } else {
                match stage.read(fd) {
                    Ok(bytes) if !bytes.is_empty() => _ = stage.write(fd, &bytes),
                    _ => stage.net.close(fd),
                }
            }
        }
    }
    stage.net.take_facts(&mut stage.facts);
    stage.facts
}

#[test]
fn the_same_script_gives_the_same_facts_in_order_of_time() {
    let facts = script();
    assert_eq!(facts, script());
    assert!(facts.is_sorted_by_key(|(at, _, _)| *at));
    let left = facts.iter().filter(|(_, _, fact)| *fact == Fact::Left);
    assert_eq!(left.count(), 4, "{facts:#?}");
}

#[test]
fn addresses_do_not_run_out_of_ports() {
    assert_eq!(Conn(0).address(), "127.0.0.1:50001".parse().unwrap());
    assert_eq!(Conn(15_534).address(), "127.0.0.1:65535".parse().unwrap());
    assert_eq!(Conn(15_535).address(), "127.0.0.2:50001".parse().unwrap());
}

#[test]
fn a_door_needs_an_address_of_its_own() {
    let mut net = Virt::new(VirtConfig::default());
    let any = "127.0.0.1:0".parse().unwrap();
    let first = net.listen(any, 1).unwrap();
    let second = net.listen(any, 1).unwrap();
    assert_eq!((first.fd, second.fd), (Fd(6), Fd(7)));
    assert_ne!(first.address.port(), second.address.port());
    assert_eq!(net.listen(first.address, 1), Err(NetError::Unavailable));
    net.close(first.fd);
    assert_eq!(net.listen(first.address, 1), Ok(first));
}
