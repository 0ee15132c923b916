//! Publishing: one message, many plates, one sweep.

use crate::house::{House, request};
use onechef::event::{CloseReason, Event};
use onechef::net::virt::{GuestAction, Link};
use onechef::time::Micros;

fn push3(kind: &str, name: &str, count: u32) -> String {
    format!("*3\r\n${}\r\n{kind}\r\n${}\r\n{name}\r\n:{count}\r\n", kind.len(), name.len())
}

fn message(channel: &str, text: &str) -> String {
    format!(
        "*3\r\n$7\r\nmessage\r\n${}\r\n{channel}\r\n${}\r\n{text}\r\n",
        channel.len(),
        text.len()
    )
}

#[test]
fn each_name_is_confirmed_with_the_count_so_far() {
    let mut house = House::with_guests(&[], 1);
    let both = push3("subscribe", "news", 1) + &push3("subscribe", "sport", 2);
    assert_eq!(house.ask(1, "SUBSCRIBE news sport"), both);
    assert_eq!(house.ask(1, "SUBSCRIBE news"), push3("subscribe", "news", 2));
    assert_eq!(house.ask(1, "PSUBSCRIBE n*"), push3("psubscribe", "n*", 3));
    assert_eq!(house.ask(1, "SSUBSCRIBE s"), push3("ssubscribe", "s", 1));
    assert_eq!(house.ask(1, "UNSUBSCRIBE other"), push3("unsubscribe", "other", 3));
    let all = push3("unsubscribe", "news", 2) + &push3("unsubscribe", "sport", 1);
    assert_eq!(house.ask(1, "UNSUBSCRIBE"), all);
    assert_eq!(house.ask(1, "UNSUBSCRIBE"), "*3\r\n$11\r\nunsubscribe\r\n$-1\r\n:1\r\n");
    assert_eq!(house.ask(1, "PUNSUBSCRIBE"), push3("punsubscribe", "n*", 0));
    assert_eq!(house.ask(1, "SUNSUBSCRIBE"), push3("sunsubscribe", "s", 0));
    assert_eq!(house.ask(1, "PING"), "+PONG\r\n");
}

#[test]
fn a_message_reaches_channel_and_pattern_subscribers() {
    let mut house = House::with_guests(&[], 4);
    house.ask(1, "SUBSCRIBE news");
    house.ask(2, "PSUBSCRIBE n?ws *s");
    house.ask(3, "SSUBSCRIBE news");
    assert_eq!(house.ask(4, "PUBLISH news hello"), ":3\r\n");
    assert_eq!(house.news(1), message("news", "hello"));
    let matched = |pattern: &str| {
        let len = pattern.len();
        format!("*4\r\n$8\r\npmessage\r\n${len}\r\n{pattern}\r\n$4\r\nnews\r\n$5\r\nhello\r\n")
    };
    assert_eq!(house.news(2), matched("*s") + &matched("n?ws"));
    assert_eq!(house.ask(4, "SPUBLISH news shard"), ":1\r\n");
    assert!(house.news(3).ends_with("*3\r\n$8\r\nsmessage\r\n$4\r\nnews\r\n$5\r\nshard\r\n"));
    assert_eq!(house.ask(4, "PUBLISH nobody hears"), ":0\r\n");
    assert_eq!(house.ask(4, "PUBSUB CHANNELS"), "*1\r\n$4\r\nnews\r\n");
    assert_eq!(house.ask(4, "PUBSUB CHANNELS x*"), "*0\r\n");
    assert_eq!(house.ask(4, "PUBSUB NUMSUB news x"), "*4\r\n$4\r\nnews\r\n:1\r\n$1\r\nx\r\n:0\r\n");
    assert_eq!(house.ask(4, "PUBSUB NUMPAT"), ":2\r\n");
    assert_eq!(house.ask(4, "PUBSUB SHARDCHANNELS"), "*1\r\n$4\r\nnews\r\n");
    assert_eq!(house.ask(4, "PUBSUB SHARDNUMSUB news"), "*2\r\n$4\r\nnews\r\n:1\r\n");
    assert_eq!(house.client_field(4, 2, "flags"), "P");
    assert_eq!(house.client_field(4, 2, "psub"), "2");
    assert_eq!(house.ask(4, "CLIENT LIST TYPE pubsub").matches("id=").count(), 3);
}

#[test]
fn a_subscriber_in_resp2_may_ask_little() {
    let mut house = House::with_guests(&[], 1);
    house.ask(1, "SUBSCRIBE news");
    assert_eq!(
        house.ask(1, "GET k"),
        "-ERR Can't execute 'get': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / RESET \
         are allowed in this context\r\n"
    );
    assert!(house.ask(1, "CLIENT LIST").starts_with("-ERR Can't execute 'client|list': only "));
    assert_eq!(house.ask(1, "PING"), "*2\r\n$4\r\npong\r\n$0\r\n\r\n");
    assert_eq!(house.ask(1, "PING hi"), "*2\r\n$4\r\npong\r\n$2\r\nhi\r\n");
    assert_eq!(house.ask(1, "RESET"), "+RESET\r\n");
    assert_eq!(house.ask(1, "GET k"), "$-1\r\n");
    assert_eq!(house.engine.server().pubsub.clients(), 0);
}

/// What a RESP3 client hears while its own command runs comes after the reply.
#[test]
fn in_resp3_messages_are_pushes_and_never_split_a_reply() {
    let mut house = House::with_guests(&[], 1);
    house.ask(1, "HELLO 3");
    assert_eq!(house.ask(1, "SUBSCRIBE c"), ">3\r\n$9\r\nsubscribe\r\n$1\r\nc\r\n:1\r\n");
    let push = ">3\r\n$7\r\nmessage\r\n$1\r\nc\r\n$1\r\nm\r\n";
    assert_eq!(house.ask(1, "PUBLISH c m"), format!(":1\r\n{push}"));
    assert_eq!(house.ask(1, "GET k"), "_\r\n");
    house.ask(1, "MULTI");
    house.ask(1, "PUBLISH c m");
    house.ask(1, "PING");
    assert_eq!(house.ask(1, "EXEC"), format!("*2\r\n:1\r\n+PONG\r\n{push}"));
}

#[test]
fn messages_pass_through_reply_off() {
    let mut house = House::with_guests(&[], 2);
    house.ask(1, "SUBSCRIBE c");
    house.ask(2, "HELLO 3");
    house.ask(2, "CLIENT REPLY OFF");
    assert_eq!(house.ask(2, "GET k"), "");
    assert!(house.ask(2, "SUBSCRIBE c").starts_with(">3\r\n$9\r\nsubscribe"));
    assert_eq!(house.ask(2, "PUBLISH c m"), ">3\r\n$7\r\nmessage\r\n$1\r\nc\r\n$1\r\nm\r\n");
    assert_eq!(house.news(1), message("c", "m"));
}

/// One command, a plate for everybody, one sweep in which all leave.
#[test]
fn a_message_joins_every_receiver_to_the_queue_and_one_sweep_serves_all() {
    let mut house = House::with_guests(&[], 5);
    (1..=4).for_each(|guest| {
        house.ask(guest, "SUBSCRIBE c");
    });
    house.take_facts();
    house.ask(5, "PUBLISH c m");
    let told: Vec<String> = house
        .take_facts()
        .into_iter()
        .filter_map(|fact| match fact {
            Event::ReplyQueued { client, .. } => Some(format!("reply {client}")),
            Event::PendingWriteQueued { client } => Some(format!("queue {client}")),
            Event::Published { receivers, .. } => Some(format!("published {receivers}")),
            Event::SweepBegin { clients } => Some(format!("sweep {clients}")),
            Event::Write { client, .. } => Some(format!("write {client}")),
            _ => None,
        })
        .collect();
    assert_eq!(
        told.join(", "),
        "published 4, reply 1, reply 2, reply 3, reply 4, reply 5, queue 1, queue 2, queue 3, \
         queue 4, queue 5, sweep 5, write 5, write 4, write 3, write 2, write 1"
    );
}

#[test]
fn a_subscriber_that_does_not_read_is_cut_at_its_own_limit() {
    let directives = [("client-output-buffer-limit", "pubsub 200kb 0 0 normal 0 0 0")];
    let mut house = House::new(&directives);
    house.connect_by(
        1,
        Link { guest_receive_bytes: 8_192, server_send_bytes: 8_192, ..Link::default() },
    );
    house.connect(2);
    house.ask(1, "SUBSCRIBE c");
    house.act(1, GuestAction::StopReading);
    let text = "x".repeat(50_000);
    (0..6).for_each(|_| house.send(2, request(&["PUBLISH", "c", &text])));
    house.settle();
    assert!(house.heard(2).ends_with(":0\r\n"), "{}", house.heard(2));
    let gone = |fact: &Event| {
        matches!(fact, Event::ClientFreed { why: CloseReason::OutputBufferHard, .. })
    };
    assert!(house.take_facts().iter().any(gone));
    assert_eq!(house.engine.server().pubsub.clients(), 0);
}

#[test]
fn subscribers_are_not_idle_and_leave_nothing_behind() {
    let mut house = House::new(&[("timeout", "1")]);
    house.connect(1);
    house.ask(1, "SUBSCRIBE c");
    house.ask(1, "PSUBSCRIBE p");
    house.pass(Micros::from_millis(3_000));
    assert_eq!(house.end(1), None);
    house.act(1, GuestAction::Reset);
    house.settle();
    let pubsub = &house.engine.server().pubsub;
    assert_eq!(pubsub.names(onechef::event::SubscriptionKind::Channel).count(), 0);
    assert_eq!(
        (pubsub.names(onechef::event::SubscriptionKind::Pattern).count(), pubsub.clients()),
        (0, 0)
    );
}

/// Redis expects one reply of each queued command; only shard channels insist.
#[test]
fn shard_channels_are_not_subscribed_to_in_a_transaction() {
    let mut house = House::with_guests(&[], 2);
    for words in ["MULTI", "SSUBSCRIBE s", "SUBSCRIBE c"] {
        house.ask(1, words);
    }
    let heard = house.ask(1, "EXEC");
    let refused = "*2\r\n-ERR SSUBSCRIBE isn't allowed for a DENY BLOCKING client\r\n";
    assert!(heard.starts_with(refused) && heard.contains("\r\nsubscribe\r\n"), "{heard}");
    assert_eq!(house.client_field(2, 1, "ssub"), "0");
}

/// Protects: what a name costs does not grow with how many a guest has already.
/// Moving all that sort behind it, one request held everybody up for seconds.
#[test]
fn subscribing_to_very_many_names_holds_nobody_up() {
    const NAMES: usize = 200_000;
    // In no order, as far as their bytes are concerned.
    let names: Vec<String> = (0..NAMES).map(|n| format!("{}", n * 7_919 % NAMES)).collect();
    let mut words = vec!["SUBSCRIBE"];
    words.extend(names.iter().map(String::as_str));
    let mut house = House::with_guests(&[], 1);
    house.tell_nobody();
    house.send(1, request(&words));
    house.settle();
    assert!(house.news(1).ends_with(&format!(":{NAMES}\r\n")));
    assert!(house.ask(1, "UNSUBSCRIBE").ends_with("\r\n:0\r\n"));
    assert_eq!(house.engine.server().pubsub.clients(), 0);
}
