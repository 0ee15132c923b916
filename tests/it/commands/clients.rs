//! Clients among themselves: names, lists, kills, silence, passwords.

use super::caller::Caller;
use onechef::engine::client::ClientFlags;
use onechef::engine::config::{Config, EnableDebug};
use onechef::engine::server::ShutdownRequest;
use onechef::event::CloseReason;
use onechef::time::Micros;

#[test]
fn a_line_of_client_list_has_every_field_of_redis_7_4_in_order() {
    let mut caller = Caller::new();
    caller.wait_ms(2_500);
    caller.say("CLIENT SETNAME waiter");
    caller.say("CLIENT SETINFO lib-name one");
    let reply = caller.say("CLIENT INFO");
    let line = reply.split("\r\n").nth(1).unwrap();
    assert_eq!(
        line,
        "id=1 addr=127.0.0.1:50001 laddr=127.0.0.1:6379 fd=8 name=waiter age=2 idle=2 flags=N \
         db=0 sub=0 psub=0 ssub=0 multi=-1 watch=0 qbuf=0 qbuf-free=16384 argv-mem=10 \
         multi-mem=0 rbs=0 rbp=0 obl=0 oll=0 omem=0 tot-mem=522 events=r cmd=client|info \
         user=default redir=-1 resp=2 lib-name=one lib-ver=\n"
    );
}

#[test]
fn client_list_is_a_line_each_and_verbatim_in_resp3() {
    let mut caller = Caller::new();
    caller.connect();
    caller.say("HELLO 3");
    let reply = caller.say("CLIENT LIST");
    let body = reply.split_once("\r\n").unwrap().1;
    assert!(reply.starts_with('=') && body.starts_with("txt:id=1 "), "{reply}");
    assert_eq!(body.trim_end_matches("\r\n").lines().count(), 2);
    assert!(body.contains("\nid=2 addr=127.0.0.1:50002 "));
    let some = caller.say("CLIENT LIST ID 2 99 2");
    assert_eq!(some.matches("id=2 addr").count(), 2, "asked twice, told twice");
}

#[test]
fn flags_are_letters() {
    let mut caller = Caller::new();
    caller.say("CLIENT NO-EVICT on");
    caller.say("CLIENT NO-TOUCH on");
    assert!(caller.say("CLIENT INFO").contains(" flags=eT "));
    caller.say("RESET");
    assert!(caller.say("CLIENT INFO").contains(" flags=N "));
}

/// Only the loop may free a client, and the caller still gets its answer.
#[test]
fn killing_others_is_left_to_the_loop_and_oneself_waits_for_the_reply() {
    let mut caller = Caller::new();
    let other = caller.connect();
    assert_eq!(caller.say("CLIENT KILL SKIPME no TYPE normal"), ":2\r\n");
    assert_eq!(caller.server.killed, [other]);
    assert!(caller.client().flags.has(ClientFlags::CLOSE_AFTER_REPLY));
    assert_eq!(caller.client().close_reason, Some(CloseReason::Killed));
    assert_eq!(caller.say("PING"), "", "nothing new after the last answer");
}

#[test]
fn kill_filters_must_all_fit() {
    let mut caller = Caller::new();
    let other = caller.connect();
    assert_eq!(caller.say("CLIENT KILL ID 2 ADDR 127.0.0.1:50001"), ":0\r\n");
    assert_eq!(caller.say("CLIENT KILL ID 2 TYPE pubsub"), ":0\r\n");
    assert_eq!(caller.say("CLIENT KILL ID 2 MAXAGE 5"), ":0\r\n");
    caller.wait_ms(5_000);
    assert_eq!(caller.say("CLIENT KILL ID 2 MAXAGE 5 USER default LADDR 127.0.0.1:6379"), ":1\r\n");
    assert_eq!(caller.server.killed, [other]);
}

#[test]
fn the_old_form_of_kill_takes_an_address_and_may_mean_oneself() {
    let mut caller = Caller::new();
    assert_eq!(caller.say("CLIENT KILL 127.0.0.1:50001"), "+OK\r\n");
    assert!(caller.client().flags.has(ClientFlags::CLOSE_AFTER_REPLY));
}

#[test]
fn quit_answers_and_then_nothing() {
    let mut caller = Caller::new();
    assert_eq!(caller.say("QUIT"), "+OK\r\n");
    assert_eq!(caller.client().close_reason, Some(CloseReason::Quit));
    assert_eq!(caller.say("PING"), "");
}

#[test]
fn reply_off_is_silence_until_on() {
    let mut caller = Caller::new();
    assert_eq!(caller.say("CLIENT REPLY off"), "");
    assert_eq!(caller.say("PING"), "");
    assert_eq!(caller.say("nonsense"), "", "errors, too");
    assert_eq!(caller.say("CLIENT REPLY skip"), "");
    assert!(!caller.client().flags.has(ClientFlags::REPLY_SKIP_NEXT), "OFF outweighs SKIP");
    assert_eq!(caller.say("CLIENT REPLY on"), "+OK\r\n");
    assert_eq!(caller.say("CLIENT REPLY skip"), "");
    assert!(caller.client().flags.has(ClientFlags::REPLY_SKIP_NEXT));
}

#[test]
fn a_password_is_asked_for_and_compared_whole() {
    let mut config = Config::default();
    config.set("requirepass", "secret").unwrap();
    let mut caller = Caller::with(config);
    assert!(!caller.client().flags.has(ClientFlags::AUTHENTICATED));
    let wrong = "-WRONGPASS invalid username-password pair or user is disabled.\r\n";
    for password in ["secre", "secrets", "Secret", "secretsecret"] {
        assert_eq!(caller.say(&format!("AUTH {password}")), wrong);
    }
    assert_eq!(caller.call(&[b"AUTH", b""]), wrong.as_bytes());
    assert!(caller.say("HELLO 3").starts_with("-NOAUTH HELLO must be called with the client"));
    assert_eq!(caller.client().resp, 2, "a refused HELLO changes nothing");
    assert!(caller.say("HELLO 3 AUTH default secret").starts_with("%7\r\n"));
    assert!(caller.client().flags.has(ClientFlags::AUTHENTICATED));
    assert_eq!(caller.say("RESET"), "+RESET\r\n");
    assert!(!caller.client().flags.has(ClientFlags::AUTHENTICATED));
    assert_eq!(caller.say("AUTH secret"), "+OK\r\n");
}

#[test]
fn debug_can_be_forbidden() {
    let mut caller =
        Caller::with(Config { enable_debug_command: EnableDebug::No, ..Config::default() });
    assert!(caller.say("DEBUG SLEEP 1").starts_with("-ERR DEBUG command not allowed. If the"));
    let mut caller = Caller::new();
    caller.server.clients[caller.slot].peer = "192.0.2.1:5".parse().unwrap();
    assert!(caller.say("DEBUG SLEEP 1").starts_with("-ERR DEBUG command not allowed."));
}

#[test]
fn debug_sleep_asks_the_loop_to_sleep() {
    let mut caller = Caller::new();
    assert_eq!(caller.say("DEBUG SLEEP 0.5"), "+OK\r\n");
    assert_eq!(caller.sleep, Micros(500_000));
    for no_time in ["-1", "x", "nan"] {
        assert_eq!(caller.say(&format!("DEBUG SLEEP {no_time}")), "+OK\r\n");
        assert_eq!(caller.sleep, Micros::ZERO, "{no_time}");
    }
}

#[derive(Debug)]
struct Disk(Result<(), String>);

impl onechef::engine::server::ConfigFile for Disk {
    fn rewrite(&self, config: &Config) -> Result<(), String> {
        assert_eq!(config.timeout, 7, "what the server does now, not what it was started with");
        self.0.clone()
    }
}

#[test]
fn the_configuration_is_written_where_it_came_from() {
    let mut caller = Caller::new();
    caller.say("CONFIG SET timeout 7");
    caller.server.config_file = Some(Box::new(Disk(Ok(()))));
    assert_eq!(caller.say("CONFIG REWRITE"), "+OK\r\n");
    caller.server.config_file = Some(Box::new(Disk(Err("No space left on device".into()))));
    let failed = "-ERR Rewriting config file: No space left on device\r\n";
    assert_eq!(caller.say("CONFIG REWRITE"), failed);
}

#[test]
fn shutdown_says_nothing_and_tells_the_loop() {
    let mut caller = Caller::new();
    assert_eq!(caller.say("SHUTDOWN NOSAVE NOW"), "");
    assert_eq!(caller.server.shutdown, Some(ShutdownRequest));
}

/// Protects: nobody is promised more clients than there are descriptors for.
#[test]
fn more_clients_than_the_system_has_descriptors_for_are_refused() {
    let mut caller = Caller::new();
    caller.server.clients_limit = 20_000;
    assert_eq!(
        caller.say("CONFIG SET timeout 7 maxclients 20001"),
        "-ERR CONFIG SET failed (possibly related to argument 'maxclients') - The operating \
         system is not able to handle the specified number of clients, try with 20000\r\n"
    );
    let config = &caller.server.config;
    assert_eq!((config.timeout, config.maxclients), (0, 10_000), "all or nothing");
    assert_eq!(caller.say("CONFIG SET maxclients 20000"), "+OK\r\n");
}
