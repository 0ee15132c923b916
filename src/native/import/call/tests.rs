//! Lines as strace 6.1 wrote them about redis-server 7.0.15.

use super::*;

fn call(text: &str) -> Call {
    read(text.as_bytes()).unwrap_or_else(|fault| panic!("{text}: {fault:?}"))
}

fn address(text: &str) -> SocketAddr {
    text.parse().expect("an address")
}

/// Found by fuzzing: a line that has begun was taken for a poll, and its end was
/// another call's.
#[test]
fn a_poll_that_has_begun_is_known_by_its_whole_name() {
    for (text, expected) in [
        ("epoll_wait(5", true),
        ("epoll_pwait(5", true),
        ("epoll_pwait2(", true),
        ("epoll_pwait", false),
        ("epoll_pwaitclose(7</proc/1/stat>) = 0", false),
        ("epoll_wait", false),
        ("", false),
    ] {
        assert_eq!(is_poll(text.as_bytes()), expected, "{text}");
    }
}

#[test]
fn a_poll_says_how_long_and_who() {
    let fired = |fd, mask| Fired { fd: Fd(fd), mask };
    let after = |millis| Timeout::After(Micros::from_millis(millis));
    let cases = [
        ("epoll_wait(5<anon_inode:[eventpoll]>, [], 10128, 95) = 0", after(95), vec![]),
        (
            "epoll_wait(5, [{events=EPOLLIN, data={u32=8, u64=8}}, {events=EPOLLIN|EPOLLOUT, \
             data={u32=9, u64=9}}], 10128, -1) = 2",
            Timeout::Forever,
            vec![fired(8, Mask::READABLE), fired(9, Mask::BOTH)],
        ),
        (
            "epoll_pwait(5, [{events=EPOLLERR|EPOLLHUP, data={u32=8, u64=8}}, ...], 10128, 0, \
             NULL, 8) = 40",
            Timeout::Now,
            vec![fired(8, Mask::BOTH)],
        ),
        (
            "epoll_wait(5, [{events=0x5, data={u32=8, u64=8}}], 1, 1) = 1",
            after(1),
            vec![fired(8, Mask::BOTH)],
        ),
        (
            "epoll_wait(5, 0x7f7e4b216630, 10128, 100) = -1 EINTR (Interrupted system call)",
            after(100),
            vec![],
        ),
        (
            "epoll_pwait2(5, [], 9, {tv_sec=0, tv_nsec=1500000}, NULL, 8) = 0",
            Timeout::After(Micros(1_500)),
            vec![],
        ),
    ];
    for (text, timeout, fired) in cases {
        assert_eq!(call(text), Call::Poll { timeout, fired }, "{text}");
    }
}

#[test]
fn an_arrival_is_known_by_its_annotation_or_its_address() {
    let named = "accept4(6<TCP:[0.0.0.0:7811]>, {sa_family=AF_INET, sin_port=htons(44744), \
                 sin_addr=inet_addr(\"127.0.0.1\")}, [128 => 16], SOCK_CLOEXEC|SOCK_NONBLOCK) = \
                 8<TCP:[127.0.0.1:7811->127.0.0.1:44744]>";
    let arrival = |local: &str, peer: &str| {
        Ok(Arrival { fd: Fd(8), local: address(local), peer: address(peer) })
    };
    let door = Socket::Door { local: address("0.0.0.0:7811") };
    let end = arrival("127.0.0.1:7811", "127.0.0.1:44744");
    assert_eq!(call(named), Call::Accept { listener: Fd(6), door, end });
    let bare = "accept4(6, {sa_family=AF_INET6, sin6_port=htons(40000), sin6_flowinfo=htonl(0), \
                inet_pton(AF_INET6, \"::1\", &sin6_addr), sin6_scope_id=0}, [28], 0x80800) = 8";
    let end = arrival("0.0.0.0:0", "[::1]:40000");
    assert_eq!(call(bare), Call::Accept { listener: Fd(6), door: Socket::Perhaps, end });
    let raw = "accept4(6, {sa_family=0x2, sin_port=\"\\x80\\xce\"}, [128 => 16], 0x80800) = 8";
    let end = arrival("0.0.0.0:0", "0.0.0.0:0");
    assert_eq!(call(raw), Call::Accept { listener: Fd(6), door: Socket::Perhaps, end });
    let nobody = "accept4(6, 0x7ffe3a3fe2c0, [128], SOCK_NONBLOCK) = -1 EAGAIN (Resource \
                  temporarily unavailable)";
    let end = Err(NetError::WouldBlock);
    assert_eq!(call(nobody), Call::Accept { listener: Fd(6), door: Socket::Perhaps, end });
}

#[test]
fn reads_and_writes_tell_what_is_shown_and_what_there_was() {
    let Call::Read { shown, end, .. } = call(r#"read(8<socket:[1]>, "SET k"..., 20474) = 60"#)
    else {
        panic!("a read")
    };
    assert_eq!((shown.bytes.as_slice(), shown.cut, end), (&b"SET k"[..], true, Ok(60)));
    let gone = call(r"read(8, 0x55, 16384) = -1 ECONNRESET (Connection reset by peer)");
    assert!(matches!(gone, Call::Read { end: Err(NetError::Reset), .. }), "{gone:?}");
    let Call::Write(writing) = call(
        r#"writev(8, [{iov_base="$3\r\n", iov_len=4}, {iov_base="ab"..., iov_len=10}, {iov_base="c", iov_len=1}], 3) = 9"#,
    ) else {
        panic!("a write")
    };
    assert_eq!(writing.head, b"$3\r\nab");
    assert_eq!((writing.offered, writing.vectored, writing.end), (15, true, Ok(9)));
    let sent = call("sendto(8, \"+OK\\r\\n\", 5, MSG_NOSIGNAL, NULL, 0) = 5");
    assert!(matches!(sent, Call::Write(Writing { offered: 5, end: Ok(5), .. })), "{sent:?}");
    let received = call("recvfrom(8, \"PING\\r\\n\", 16384, 0, NULL, NULL) = 6");
    assert!(matches!(received, Call::Read { end: Ok(6), .. }), "{received:?}");
    let own = r#"read(8</proc/27164/stat>, "27164 (redis-server) R"..., 4095) = 319"#;
    assert_eq!(call(own), Call::OwnMemory);
}

#[test]
fn what_a_descriptor_is_decides_whether_it_is_a_guest() {
    let of = |about: &str| socket(Some(about.as_bytes()));
    assert_eq!(of("/var/log/redis.log"), Socket::No);
    assert_eq!(of("pipe:[77]"), Socket::No);
    assert_eq!(of("socket:[77]"), Socket::Perhaps);
    assert_eq!(of("TCPv6:[[::]:6379]"), Socket::Door { local: address("[::]:6379") });
    assert_eq!(of("TCP:[1407428]"), Socket::Perhaps);
}

#[test]
fn calls_that_have_not_returned_say_nothing() {
    for text in
        ["exit_group(0) = ?", "close(8) = ?", "read(8, 0x7f, 16) = ? ERESTARTSYS (To be restarted)"]
    {
        assert!(matches!(call(text), Call::Other | Call::Exit), "{text}");
    }
    assert_eq!(call("close(-1) = -1 EBADF (Bad file descriptor)"), Call::Other);
}

#[test]
fn a_call_that_is_not_as_strace_prints_it_is_said_where() {
    for (text, at) in [
        ("read(x, \"\", 1) = 0", 5),
        ("read(8, \"abc", 12),
        ("close(8) 0", 9),
        ("epoll_wait(5, [{events=EPOLLIN}], 1, 1) = 1", 30),
        ("epoll_ctl(5, WHAT, 8, NULL) = 0", 13),
    ] {
        assert_eq!(read(text.as_bytes()).map_err(|fault| fault.at).err(), Some(at), "{text}");
    }
}
