//! What only real sockets have; the laws that all networks share are in
//! `tests/it/conformance.rs`.

use super::*;
use std::net::TcpStream as Peer;

fn open() -> (Tcp, Listening) {
    let mut net = Tcp::new(TcpConfig::default()).unwrap();
    let listener = net.listen("127.0.0.1:0".parse().unwrap(), 16).unwrap();
    net.watch(listener.fd, Mask::READABLE);
    (net, listener)
}

/// Waits until something is fired; bounded by the harness's own timeout.
fn wait(net: &mut Tcp) -> Vec<Fired> {
    let mut fired = Vec::new();
    while fired.is_empty() {
        net.wait(Timeout::Forever, &mut fired);
    }
    fired
}

pub(super) fn seat(net: &mut Tcp, listener: Listening) -> (Peer, Fd) {
    let peer = Peer::connect(listener.address).unwrap();
    assert_eq!(wait(net), [Fired { fd: listener.fd, mask: Mask::READABLE }]);
    let accepted = net.accept(listener.fd).unwrap();
    assert_eq!(net.accept(listener.fd), Err(NetError::WouldBlock));
    assert_eq!(accepted.peer, peer.local_addr().unwrap());
    assert_eq!(accepted.local, peer.peer_addr().unwrap());
    net.watch(accepted.fd, Mask::READABLE);
    (peer, accepted.fd)
}

#[test]
fn accepted_sockets_are_set_up_as_redis_does() {
    let (mut net, listener) = open();
    let (_peer, fd) = seat(&mut net, listener);
    let (stream, _) = net.stream(fd);
    assert_eq!(fd.0 as RawFd, stream.as_raw_fd(), "the number that strace shows");
    let socket = SockRef::from(stream);
    assert!(socket.tcp_nodelay().unwrap());
    assert!(socket.keepalive().unwrap());
    assert_eq!(socket.tcp_keepalive_time().unwrap(), Duration::from_secs(300));
    assert_eq!(socket.tcp_keepalive_interval().unwrap(), Duration::from_secs(100));
    assert_eq!(socket.tcp_keepalive_retries().unwrap(), 3);
}

/// Protects: CONFIG SET tcp-keepalive is obeyed, as Redis does, for newcomers.
#[test]
fn another_keepalive_is_for_whoever_comes_then() {
    let (mut net, listener) = open();
    let (_first_peer, first) = seat(&mut net, listener);
    net.set_keepalive(60);
    let (_peer, second) = seat(&mut net, listener);
    net.set_keepalive(0);
    let (_last_peer, last) = seat(&mut net, listener);
    let time = |net: &mut Tcp, fd| {
        let socket = SockRef::from(net.stream(fd).0);
        socket.keepalive().unwrap().then(|| socket.tcp_keepalive_time().unwrap().as_secs())
    };
    assert_eq!([first, second, last].map(|fd| time(&mut net, fd)), [Some(300), Some(60), None]);
}

#[test]
fn a_read_that_fills_its_buffer_leaves_the_rest_announced_without_an_edge() {
    let (mut net, listener) = open();
    let (mut peer, fd) = seat(&mut net, listener);
    peer.write_all(b"abcdef").unwrap();
    let ready = [Fired { fd, mask: Mask::READABLE }];
    assert_eq!(wait(&mut net), ready);
    // Until all six are there, so that no further edge can come.
    while net.stream(fd).0.peek(&mut [0; 8]).unwrap() < 6 {}
    assert_eq!(net.read(fd, &mut [0; 3]), Ok(3));
    assert_eq!(wait(&mut net), ready);
    assert_eq!(net.read(fd, &mut [0; 8]), Ok(3));
    assert_eq!(net.places[fd.0 as usize].level.ready, Mask::NONE, "a short read is the end");
}

/// Protects: what is behind urgent data is announced, too, although the read in
/// front of it was short and no edge follows.
#[test]
#[cfg(target_os = "linux")]
fn urgent_data_hides_nothing_behind_it() {
    let (mut net, listener) = open();
    let (peer, fd) = seat(&mut net, listener);
    let peer = SockRef::from(&peer);
    peer.send(b"front").unwrap();
    peer.send_out_of_band(b"!").unwrap();
    peer.send(b"back").unwrap();
    let mut heard = Vec::new();
    while heard.len() < b"frontback".len() {
        let mut fired = Vec::new();
        net.wait(Timeout::After(Micros::from_millis(100)), &mut fired);
        assert_eq!(fired, [Fired { fd, mask: Mask::READABLE }]);
        let mut buffer = [0; 64];
        if let Ok(n) = net.read(fd, &mut buffer) {
            heard.extend_from_slice(&buffer[..n]);
        }
    }
    assert_eq!(heard, b"frontback");
    assert_eq!(net.read(fd, &mut [0; 64]), Err(NetError::WouldBlock));
    let mut fired = Vec::new();
    net.wait(Timeout::Now, &mut fired);
    assert_eq!(fired, [], "everything was read");
}

#[test]
fn arming_a_write_handler_again_registers_nothing_new() {
    let (mut net, listener) = open();
    let (_peer, fd) = seat(&mut net, listener);
    let registered = |net: &Tcp| net.places[fd.0 as usize].level.registered;
    assert_eq!(registered(&net), Mask::READABLE);
    net.watch(fd, Mask::BOTH);
    assert_eq!(registered(&net), Mask::BOTH);
    let writable = [Fired { fd, mask: Mask::WRITABLE }];
    assert_eq!(wait(&mut net), writable);
    net.watch(fd, Mask::READABLE);
    assert_eq!(registered(&net), Mask::BOTH);
    let mut fired = Vec::new();
    net.wait(Timeout::Now, &mut fired);
    assert_eq!(fired, []);
    net.watch(fd, Mask::BOTH);
    assert_eq!(wait(&mut net), writable);
}

/// Protects: the threads behind another door start once, when somebody comes,
/// and the loop is not woken by whoever comes after.
#[test]
fn the_first_visitor_of_another_door_opens_it() {
    let (mut net, _) = open();
    let door = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = door.local_addr().unwrap();
    let (opened, times) = std::sync::mpsc::channel();
    net.on_first_visit(door.try_clone().unwrap(), move || opened.send(()).unwrap()).unwrap();
    let mut fired = Vec::new();
    net.wait(Timeout::Now, &mut fired);
    assert!(times.try_recv().is_err(), "nobody has come");
    let _first = Peer::connect(address).unwrap();
    net.wait(Timeout::Forever, &mut fired);
    assert_eq!(fired, [], "nothing of the loop's own");
    assert_eq!(times.try_recv(), Ok(()));
    let _second = Peer::connect(address).unwrap();
    net.wait(Timeout::After(Micros::from_millis(1)), &mut fired);
    assert!(times.try_recv().is_err(), "it is open already");
    assert!(net.first_visit.is_none());
}

#[test]
fn an_address_that_is_taken_is_unavailable() {
    let (mut net, listener) = open();
    assert_eq!(net.listen(listener.address, 1), Err(NetError::Unavailable));
    assert_eq!(net.take_listen_error().unwrap().kind(), ErrorKind::AddrInUse);
    net.close(listener.fd);
    let again = net.listen(listener.address, 1).unwrap();
    assert_eq!(again.address, listener.address);
}
