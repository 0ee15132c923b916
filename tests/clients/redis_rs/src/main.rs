//! redis-rs with its default options.
#![forbid(unsafe_code)]

use redis::{Commands, RedisResult};
use std::thread;

fn main() -> RedisResult<()> {
    println!("client redis-rs 1.8.1");
    let port = std::env::args().nth(1).expect("the port is the argument");
    let client = redis::Client::open(format!("redis://127.0.0.1:{port}/"))?;
    let mut connection = client.get_connection()?;
    assert_eq!(redis::cmd("PING").query::<String>(&mut connection)?, "PONG");
    println!("ok connect");

    assert_eq!(connection.set::<_, _, String>("rs:key", "value")?, "OK");
    println!("ok set");

    assert_eq!(connection.get::<_, String>("rs:key")?, "value");
    assert_eq!(connection.get::<_, Option<String>>("rs:nothing")?, None);
    println!("ok get");

    let mut pipeline = redis::pipe();
    for number in 0..100 {
        pipeline.set(format!("rs:{number}"), number).ignore();
    }
    for number in 0..100 {
        pipeline.get(format!("rs:{number}"));
    }
    let numbers: Vec<u32> = pipeline.query(&mut connection)?;
    assert_eq!(numbers, (0..100).collect::<Vec<u32>>());
    let both: (u32, u32) =
        redis::pipe().atomic().incr("rs:count", 1).get("rs:count").query(&mut connection)?;
    assert_eq!(both, (1, 1));
    println!("ok pipeline");

    let mut second = client.get_connection()?;
    let mut listener = second.as_pubsub();
    listener.subscribe("rs:news")?;
    assert_eq!(connection.publish::<_, _, u32>("rs:news", "hello")?, 1);
    let message = listener.get_message()?;
    assert_eq!(message.get_channel_name(), "rs:news");
    assert_eq!(message.get_payload::<String>()?, "hello");
    listener.unsubscribe("rs:news")?;
    drop(listener);
    println!("ok subscribe");

    // Whether it waits already when the element comes does not matter.
    let mut third = client.get_connection()?;
    let waiting = thread::spawn(move || third.blpop::<_, Option<[String; 2]>>("rs:list", 10.0));
    connection.rpush::<_, _, u32>("rs:list", "element")?;
    let answer = waiting.join().expect("the thread that waits does not panic")?;
    assert_eq!(answer, Some(["rs:list".to_owned(), "element".to_owned()]));
    assert_eq!(connection.blpop::<_, Option<[String; 2]>>("rs:list", 0.05)?, None);
    println!("ok block");
    Ok(())
}
