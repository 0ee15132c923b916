//! What the loop checks between a request and its command.

use crate::house::{House, request};
use onechef::net::virt::Conn;

fn answers(directives: &[(&str, &str)], requests: &[&[&str]]) -> String {
    let mut house = House::new(directives);
    house.connect(0);
    for words in requests {
        house.send(0, request(words));
    }
    house.settle();
    house.heard(0)
}

#[test]
fn above_maxmemory_only_what_may_need_more_is_refused() {
    let big = "x".repeat(2_000);
    let said = answers(
        &[("maxmemory", "1kb")],
        &[
            &["SET", "k", &big],
            &["SET", "j", "v"],
            &["STRLEN", "k"],
            &["DEL", "k"],
            &["SET", "j", "v"],
        ],
    );
    assert_eq!(
        said,
        "+OK\r\n-OOM command not allowed when used memory > 'maxmemory'.\r\n:2000\r\n:1\r\n+OK\r\n"
    );
}

#[test]
fn before_the_password_only_the_door_is_open() {
    let said = answers(
        &[("requirepass", "secret")],
        &[&["GET", "k"], &["nonsense"], &["AUTH", "secret"], &["GET", "k"]],
    );
    assert_eq!(
        said,
        "-NOAUTH Authentication required.\r\n-ERR unknown command 'nonsense', with args \
         beginning with: \r\n+OK\r\n$-1\r\n"
    );
}

#[test]
fn without_a_password_nobody_must_authenticate_whenever_it_was_taken_away() {
    let mut house = House::new(&[("requirepass", "secret")]);
    house.connect(0);
    house.connect(1);
    house.send(0, request(&["AUTH", "secret"]));
    house.send(0, request(&["CONFIG", "SET", "requirepass", ""]));
    house.settle();
    house.send(1, request(&["PING"]));
    house.settle();
    assert_eq!(house.heard(1), "+PONG\r\n");
}

/// An error quotes what was sent, even if it is no text.
#[test]
fn unknown_commands_are_quoted_byte_by_byte() {
    let mut house = House::new(&[]);
    house.connect(0);
    house.send(0, b"*1\r\n$3\r\na\xffb\r\n".to_vec());
    house.settle();
    assert!(house.net.received(Conn(0)).starts_with(b"-ERR unknown command 'a\xffb', with"));
}
