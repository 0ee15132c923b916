//! The two directions of the protocol agree, though they share no code: what
//! the encoder writes, the strict reader reads, in both dialects.

use onechef::resp::{Encoder, Protocol, ReplyParser, Value};
use proptest::prelude::*;

/// Writes `value` as the server would.
fn write(encoder: &mut Encoder<&mut Vec<u8>>, value: &Value) {
    match value {
        Value::Simple(text) => encoder.simple(text),
        Value::Error(text) => encoder.error(text),
        Value::Integer(value) => encoder.integer(*value),
        Value::Bulk(bytes) => encoder.bulk(bytes),
        Value::Null => encoder.null(),
        Value::NullArray => encoder.null_array(),
        Value::Double(value) => encoder.double(*value),
        Value::Boolean(value) => encoder.boolean(*value),
        Value::Verbatim { text, .. } => encoder.verbatim(*b"txt", text),
        Value::BigNumber(_) => unreachable!("the server never sends one"),
        Value::Array(items) | Value::Set(items) | Value::Push(items) => {
            match value {
                Value::Set(_) => encoder.set(items.len()),
                Value::Push(_) => encoder.push(items.len()),
                _ => encoder.array(items.len()),
            }
            items.iter().for_each(|item| write(encoder, item));
        }
        Value::Map(pairs) => {
            encoder.map(pairs.len());
            for (key, value) in pairs {
                write(encoder, key);
                write(encoder, value);
            }
        }
    }
}

/// What is left of `value` for a client that speaks RESP2.
fn in_resp2(value: &Value) -> Value {
    let all = |items: &[Value]| items.iter().map(in_resp2).collect();
    match value {
        Value::Double(value) => {
            let mut bytes = Vec::new();
            Encoder::new(&mut bytes, Protocol::Resp3).double(*value);
            Value::Bulk(bytes[1..bytes.len() - 2].to_vec())
        }
        Value::Boolean(value) => Value::Integer(i64::from(*value)),
        Value::Verbatim { text, .. } => Value::Bulk(text.clone()),
        Value::Array(items) | Value::Set(items) | Value::Push(items) => Value::Array(all(items)),
        Value::Map(pairs) => Value::Array(
            pairs.iter().flat_map(|(key, value)| [in_resp2(key), in_resp2(value)]).collect(),
        ),
        other => other.clone(),
    }
}

fn value() -> impl Strategy<Value = Value> {
    let line = "[ -~é]{0,300}";
    let bytes = || prop::collection::vec(any::<u8>(), 0..300);
    let leaf = prop_oneof![
        line.prop_map(Value::Simple),
        line.prop_map(Value::Error),
        any::<i64>().prop_map(Value::Integer),
        bytes().prop_map(Value::Bulk),
        Just(Value::Null),
        any::<f64>().prop_filter("equal to itself", |v| !v.is_nan()).prop_map(Value::Double),
        (-100_000..100_000_i64).prop_map(|v| Value::Double(v as f64 / 64.0)),
        any::<bool>().prop_map(Value::Boolean),
        bytes().prop_map(|text| Value::Verbatim { format: "txt".into(), text }),
    ];
    leaf.prop_recursive(3, 24, 4, |inner| {
        let items = || prop::collection::vec(inner.clone(), 0..4);
        prop_oneof![
            items().prop_map(Value::Array),
            items().prop_map(Value::Set),
            items().prop_map(Value::Push),
            prop::collection::vec((inner.clone(), inner.clone()), 0..3).prop_map(Value::Map),
        ]
    })
}

fn read(stream: &[u8], packet: usize, protocol: Protocol) -> Vec<Value> {
    let mut parser = ReplyParser::new(protocol);
    let mut values = Vec::new();
    for packet in stream.chunks(packet) {
        parser.feed(packet);
        while let Some(value) = parser.next_reply().expect("what the encoder writes is RESP") {
            values.push(value);
        }
    }
    assert!(parser.is_between_replies(), "nothing is left over");
    values
}

proptest! {
    #[test]
    fn what_is_written_is_read(
        values in prop::collection::vec(value(), 1..4),
        packet in 1..100_usize,
    ) {
        for protocol in [Protocol::Resp2, Protocol::Resp3] {
            let mut stream = Vec::new();
            let mut encoder = Encoder::new(&mut stream, protocol);
            values.iter().for_each(|value| write(&mut encoder, value));
            let want: Vec<Value> = match protocol {
                Protocol::Resp2 => values.iter().map(in_resp2).collect(),
                Protocol::Resp3 => values.clone(),
            };
            prop_assert_eq!(read(&stream, packet, protocol), want);
        }
    }

    #[test]
    fn no_bytes_make_the_reader_panic(
        stream in prop::collection::vec(
            prop_oneof![
                prop::sample::select(b"+-:$*_,#(!=%~>|0123456789\r\ntf".to_vec()),
                any::<u8>(),
            ],
            0..60,
        ),
    ) {
        let mut parser = ReplyParser::new(Protocol::Resp3);
        parser.feed(&stream);
        while let Ok(Some(value)) = parser.next_reply() {
            let _ = value.to_string();
        }
    }
}
