//! The rows of `docs/edge-cases.md` that are about parsing, by their numbers,
//! and the law that packet boundaries mean nothing.

use super::*;
use proptest::prelude::*;

const OPEN: Limits = Limits { max_bulk_len: 512 * 1024 * 1024, authenticated: true };
const LOCKED: Limits = Limits { authenticated: false, ..OPEN };

/// What a whole stream came to.
#[derive(Clone, Debug, Default, PartialEq)]
struct Heard {
    requests: Vec<Vec<Vec<u8>>>,
    error: Option<ProtocolError>,
    /// Where the parser stands at the end, if in mid-request.
    waits_for: Option<Need>,
}

/// Plays the query buffer: bytes arrive in `packets`, understood requests
/// leave at the front.
fn hear<'a>(packets: impl IntoIterator<Item = &'a [u8]>, limits: &Limits) -> Heard {
    let (mut heard, mut parser, mut buffer) =
        (Heard::default(), RequestParser::default(), Vec::new());
    for packet in packets {
        buffer.extend_from_slice(packet);
        while !buffer.is_empty() {
            heard.waits_for = None;
            match parser.parse(&buffer, limits) {
                Progress::Complete { consumed } => {
                    assert_eq!(parser.position(), consumed);
                    heard.requests.push(parser.args(&buffer).iter().map(<[u8]>::to_vec).collect());
                    parser.reset();
                    buffer.drain(..consumed);
                }
                Progress::Empty { consumed } => {
                    assert!(parser.is_fresh(), "an empty request leaves no state");
                    buffer.drain(..consumed);
                }
                Progress::Incomplete => {
                    heard.waits_for = Some(parser.need());
                    break;
                }
                Progress::Error { error, at } => {
                    assert!(at < buffer.len(), "the offending byte is in the buffer");
                    heard.error = Some(error);
                    return heard;
                }
            }
        }
    }
    heard
}

fn hear_all(stream: &[u8]) -> Heard {
    hear([stream], &OPEN)
}

#[track_caller]
fn requests(stream: &[u8], want: &[&[&[u8]]]) {
    let heard = hear_all(stream);
    assert_eq!((&heard.error, heard.waits_for), (&None, None), "{}", stream.escape_ascii());
    assert_eq!(heard.requests, want, "{}", stream.escape_ascii());
}

#[track_caller]
fn refused(stream: &[u8], text: &str) {
    let heard = hear_all(stream);
    assert_eq!(heard.error.map(|e| e.to_string()).as_deref(), Some(text), "{heard:?}");
}

#[track_caller]
fn waits(stream: &[u8], need: Need) {
    let heard = hear_all(stream);
    assert_eq!((heard.error, heard.waits_for), (None, Some(need)), "{}", stream.escape_ascii());
}

const PING: &[&[u8]] = &[b"PING"];

#[test]
fn row_1_one_byte_at_a_time() {
    let stream = b"*2\r\n$4\r\nECHO\r\n$2\r\nhi\r\n";
    let heard = hear(stream.chunks(1), &OPEN);
    assert_eq!(heard, hear_all(stream));
    assert_eq!(heard.requests, [[b"ECHO".to_vec(), b"hi".to_vec()]]);
}

#[test]
fn row_2_3_the_byte_after_cr_is_awaited_and_not_read() {
    waits(b"*1\r", Need::MultibulkHeader);
    waits(b"*1\r\n$4\r", Need::BulkHeader);
    requests(b"*1\rX$4\rYPING\r\n", &[PING]);
}

#[test]
fn row_4_the_two_bytes_after_a_payload_are_not_read() {
    waits(b"*1\r\n$4\r\nPINGx", Need::BulkBytes(1));
    requests(b"*1\r\n$4\r\nPINGxx", &[PING]);
}

#[test]
fn row_5_a_header_that_ends_with_lf_alone_never_ends() {
    waits(b"*1\n$4\nPING\n", Need::MultibulkHeader);
}

#[test]
fn row_6_7_empty_requests_say_nothing() {
    for nothing in ["\r\n", "\n", "  \r\n", "*0\r\n", "*-1\r\n", "*-10\r\n"] {
        let stream = format!("{nothing}PING\r\n{nothing}*1\r\n$4\r\nPING\r\n{nothing}");
        requests(stream.as_bytes(), &[PING, PING]);
        assert_eq!(hear(stream.as_bytes().chunks(1), &OPEN), hear_all(stream.as_bytes()));
    }
}

#[test]
fn row_8_10_bad_counts() {
    for count in ["00", "+1", "01", "abc", "", " 1", "-0", "2147483648", "99999999999999999999"] {
        refused(format!("*{count}\r\n").as_bytes(), "invalid multibulk length");
    }
}

#[test]
fn row_9_11_huge_counts_are_accepted_and_cost_nothing() {
    for count in [1_048_577, i32::MAX] {
        let stream = format!("*{count}\r\n");
        waits(stream.as_bytes(), Need::BulkHeader);
        let mut parser = RequestParser::default();
        parser.parse(stream.as_bytes(), &OPEN);
        assert_eq!(parser.argc_expected(), i64::from(count));
        assert_eq!(parser.ranges.capacity(), 0);
    }
}

#[test]
fn row_12_13_14_bad_lengths() {
    for len in ["-1", "04", "+4", "abc", "", "536870913", "9223372036854775808"] {
        refused(format!("*1\r\n${len}\r\n").as_bytes(), "invalid bulk length");
    }
    waits(b"*1\r\n$536870912\r\n", Need::BulkBytes(536_870_914));
}

#[test]
fn row_15_16_empty_arguments_are_arguments() {
    requests(b"*1\r\n$0\r\n\r\n", &[&[b""]]);
    requests(b"\"\"\r\n", &[&[b""]]);
    requests(b"ECHO \"\"\n", &[&[b"ECHO", b""]]);
}

#[test]
fn row_17_wrong_marker() {
    refused(b"*2\r\n+3\r\n", "expected '$', got '+'");
    refused(b"*1\r\n\r\n", "expected '$', got '\r'");
    // The line must have ended before its first byte is looked at.
    waits(b"*2\r\n+3", Need::BulkHeader);
}

#[test]
fn row_18_nul_hides_the_line_end() {
    waits(b"*1\r\n\0$4\r\nPING\r\n", Need::BulkHeader);
    waits(b"*\x001\r\n$4\r\nPING\r\n", Need::MultibulkHeader);
}

#[test]
fn row_19_endless_header_lines() {
    let mut line = b"*".to_vec();
    line.resize(65_536, b'1');
    waits(&line, Need::MultibulkHeader);
    line.push(b'1');
    refused(&line, "too big mbulk count string");

    let mut line = b"*1\r\n$".to_vec();
    line.resize(4 + 65_536, b'1');
    waits(&line, Need::BulkHeader);
    line.push(b'1');
    refused(&line, "too big bulk count string");
}

#[test]
fn row_20_21_22_endless_inline_lines() {
    let line = vec![b'a'; 65_536];
    waits(&line, Need::InlineEnd);
    refused(&[&line[..], b"a"].concat(), "too big inline request");
    // A long line whose end is there is fine: the limit is about waiting.
    requests(&[&line[..], b"aa\n"].concat(), &[&[&[&line[..], b"aa"].concat()]]);
    let nul = [b"PING\0\r\n", &line[..65_529]].concat();
    waits(&nul, Need::InlineEnd);
    refused(&[&nul[..], b"a"].concat(), "too big inline request");
}

#[test]
fn row_23_24_quotes() {
    refused(b"set a \"b\r\n", "unbalanced quotes in request");
    refused(b"\"a\"b\r\n", "unbalanced quotes in request");
}

#[test]
fn row_25_26_27_typed_and_framed_requests_mix() {
    requests(
        b"set k \"\\x41\\n\"\n*1\r\n$4\r\nPING\r\nPING\r\n",
        &[&[b"set", b"k", b"A\n"], PING, PING],
    );
}

#[test]
fn row_28_nothing_after_an_error() {
    let heard = hear_all(b"PING\r\n*1\r\n+\r\nPING\r\n");
    assert_eq!(heard.requests, [[b"PING".to_vec()]]);
    assert_eq!(heard.error, Some(ProtocolError::ExpectedDollar(b'+')));
}

#[test]
fn row_29_payloads_are_counted_not_searched() {
    requests(b"*2\r\n$6\r\na\r\n$9\0\r\n$2\r\n\r\n\r\n", &[&[b"a\r\n$9\0", b"\r\n"]]);
}

#[test]
fn row_30_31_the_rest_of_a_big_argument_is_known_exactly() {
    let mut parser = RequestParser::default();
    let mut announce = |len: u64, sent: usize| {
        parser.reset();
        let mut buffer = format!("*2\r\n$3\r\nSET\r\n${len}\r\n").into_bytes();
        buffer.resize(buffer.len() + sent, b'x');
        parser.parse(&buffer, &OPEN);
        parser.pending_bulk()
    };
    assert_eq!(announce(32_767, 3), None);
    assert_eq!(announce(32_768, 3), Some(32_767));
    assert_eq!(announce(400_000_000, 3), Some(399_999_999));
    assert_eq!(announce(32_768, 32_769), Some(1));
}

#[test]
fn row_38_39_before_auth() {
    let refused = |stream: &[u8]| hear([stream], &LOCKED).error.map(|e| e.to_string());
    assert_eq!(refused(b"*11\r\n").as_deref(), Some("unauthenticated multibulk length"));
    assert_eq!(refused(b"*10\r\n"), None);
    assert_eq!(refused(b"*1\r\n$16385\r\n").as_deref(), Some("unauthenticated bulk length"));
    assert_eq!(refused(b"*1\r\n$16384\r\n"), None);
}

#[test]
fn the_state_shows_how_far_it_got() {
    let mut parser = RequestParser::default();
    let buffer = b"*3\r\n$3\r\nSET\r\n$5\r\npri";
    assert_eq!(parser.parse(buffer, &OPEN), Progress::Incomplete);
    assert_eq!(parser.args(buffer).iter().collect::<Vec<_>>(), [b"SET"]);
    assert_eq!((parser.argc_expected(), parser.position()), (3, 17));
    assert_eq!(parser.need(), Need::BulkBytes(4));
    assert!(!parser.is_fresh());
    parser.reset();
    assert!(parser.is_fresh());
}

#[test]
fn a_warm_parser_keeps_its_allocation_and_a_swollen_one_does_not() {
    let mut parser = RequestParser::default();
    let request = |argc: usize| [format!("*{argc}\r\n"), "$1\r\na\r\n".repeat(argc)].concat();
    parser.parse(request(20).as_bytes(), &OPEN);
    let warm = parser.ranges.as_ptr();
    for _ in 0..3 {
        parser.reset();
        parser.parse(request(20).as_bytes(), &OPEN);
        assert_eq!(parser.ranges.as_ptr(), warm);
    }
    parser.reset();
    parser.parse(request(100_000).as_bytes(), &OPEN);
    assert_eq!(parser.ranges.len(), 100_000);
    parser.reset();
    assert_eq!(parser.ranges.capacity(), 0);
}

/// Requests and rubbish as they might follow each other on a connection.
fn piece() -> impl Strategy<Value = Vec<u8>> {
    let arg = prop_oneof![
        prop::collection::vec(any::<u8>(), 0..12),
        prop::collection::vec(any::<u8>(), 90..120),
        Just(b"\r\n$3\r\n*1\r\n".to_vec()),
    ];
    let framed = prop::collection::vec(arg, 1..5).prop_map(|args| {
        let mut out = format!("*{}\r\n", args.len()).into_bytes();
        for arg in args {
            out.extend_from_slice(format!("${}\r\n", arg.len()).as_bytes());
            out.extend_from_slice(&arg);
            out.extend_from_slice(b"\r\n");
        }
        out
    });
    let typed = "[a-zA-Z0-9 \t\"'\\\\x]{0,20}\r?\n".prop_map(String::into_bytes);
    let rubbish =
        prop::collection::vec(prop::sample::select(b"*$-+0123456789\r\n \"'\\a\0".to_vec()), 0..16);
    prop_oneof![
        8 => framed,
        3 => typed,
        1 => rubbish,
        1 => Just(b"*0\r\n".to_vec()),
        1 => Just(b"*-1\r\n\r\n".to_vec()),
    ]
}

proptest! {
    /// Same bytes, any packets: same requests, same error, same wait.
    #[test]
    fn packet_boundaries_mean_nothing(
        pieces in prop::collection::vec(piece(), 1..8),
        cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..12),
        locked in any::<bool>(),
    ) {
        let stream = pieces.concat();
        let limits = if locked { LOCKED } else { OPEN };
        let mut at: Vec<usize> = cuts.iter().map(|cut| cut.index(stream.len() + 1)).collect();
        at.extend([0, stream.len()]);
        at.sort_unstable();
        let packets = at.windows(2).map(|pair| &stream[pair[0]..pair[1]]);
        let whole = hear([&stream[..]], &limits);
        prop_assert_eq!(hear(packets, &limits), whole.clone());
        prop_assert_eq!(hear(stream.chunks(1), &limits), whole);
    }

    /// What a client frames is what the server gets.
    #[test]
    fn framed_requests_arrive_as_they_were(
        args in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..300), 1..40),
    ) {
        let mut stream = format!("*{}\r\n", args.len()).into_bytes();
        for arg in &args {
            stream.extend_from_slice(format!("${}\r\n", arg.len()).as_bytes());
            stream.extend_from_slice(arg);
            stream.extend_from_slice(b"\r\n");
        }
        prop_assert_eq!(hear_all(&stream).requests, vec![args]);
    }
}
