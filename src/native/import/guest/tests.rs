use super::*;
use proptest::prelude::*;

const ANA: ClientId = ClientId(1);

fn take(query: &mut Query, known: &[u8], total: usize) -> Vec<Event> {
    let mut said = Vec::new();
    query.take(ANA, known, total as u64, &mut |event| said.push(event));
    said
}

/// Requests as `SET k v`, an argument by its length if it is not known whole.
fn requests(said: &[Event]) -> Vec<String> {
    let argument = |argument: &Preview| match argument.is_cut() {
        true => format!("{}…{}", argument.head, argument.len),
        false => argument.head.clone(),
    };
    let request = |event: &Event| match event {
        Event::Parsed { argv, .. } => Some(argv.iter().map(argument).collect::<Vec<_>>().join(" ")),
        _ => None,
    };
    said.iter().filter_map(request).collect()
}

#[test]
fn requests_are_found_wherever_reads_end() {
    let all = b"*1\r\n$4\r\nPING\r\nPING\r\n*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$1\r\nv\r\n";
    for cut in 0..all.len() {
        let mut query = Query::default();
        let (first, second) = all.split_at(cut);
        let mut said = take(&mut query, first, first.len());
        said.extend(take(&mut query, second, second.len()));
        assert_eq!(requests(&said), ["PING", "PING", "SET k v"], "cut at {cut}");
        assert_eq!(query.held(), 0, "cut at {cut}");
    }
}

/// Protects: a value that strace cuts costs its own end, not the requests
/// behind it.
#[test]
fn an_argument_that_is_not_recorded_whole_is_known_by_its_length() {
    let mut query = Query::default();
    let begin = b"*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$100\r\nvalue";
    let said = take(&mut query, begin, begin.len() + 95);
    let Some(Event::Incomplete { argc: 3, argv, parsed_to, need, .. }) = said.first() else {
        panic!("{said:?}")
    };
    assert_eq!((argv.len(), *parsed_to, *need), (2, 26, Need::BulkBytes(2)));
    let said = take(&mut query, b"\r\nPING\r\n", 8);
    assert_eq!(requests(&said), ["SET k value…100", "PING"]);
    let Some(Event::Parsed { parsed_to, .. }) = said.first() else { panic!("{said:?}") };
    assert_eq!(*parsed_to, begin.len() as u64 + 97);
}

#[test]
fn requests_end_behind_an_argument_in_the_middle() {
    let mut query = Query::default();
    take(&mut query, b"*3\r\n$3\r\nSET\r\n$50\r\nlong", 18 + 52);
    let said = take(&mut query, b"$1\r\nv\r\n", 7);
    assert_eq!(requests(&said), ["SET long…50 v"]);
}

/// Protects: nothing is made up when a request's end is not recorded.
#[test]
fn what_is_lost_is_said_to_be_and_found_again_at_whole_requests() {
    let mut query = Query::default();
    let said = take(&mut query, b"GET so", 20);
    assert_eq!(said, [Event::Unrecorded { client: ANA, bytes: 20 }]);
    assert_eq!(take(&mut query, b"PING\r\n", 6), [Event::Unrecorded { client: ANA, bytes: 6 }]);
    let said = take(&mut query, b"*1\r\n$4\r\nPI", 10);
    assert_eq!(said, [Event::Unrecorded { client: ANA, bytes: 10 }]);
    assert_eq!(requests(&take(&mut query, b"*1\r\n$4\r\nPING\r\n", 14)), ["PING"]);
    assert_eq!(requests(&take(&mut query, b"PING\r\n", 6)), ["PING"]);
}

#[test]
fn somebody_who_was_there_before_is_not_guessed_at() {
    let mut query = Query::begun_unseen();
    assert_eq!(take(&mut query, b"k\r\n", 3), [Event::Unrecorded { client: ANA, bytes: 3 }]);
}

#[test]
fn nothing_is_read_behind_what_breaks_the_protocol() {
    let mut query = Query::default();
    let said = take(&mut query, b"*1\r\n$x\r\n", 8);
    assert!(matches!(said[0], Event::ProtocolError { at: 5, .. }), "{said:?}");
    assert_eq!(take(&mut query, b"PING\r\n", 6), []);
}

/// Protects: memory, whatever is announced and sent.
#[test]
fn long_requests_take_little_room() {
    let mut query = Query::default();
    take(&mut query, b"*2\r\n$4\r\nECHO\r\n$500000000\r\n", 26);
    for _ in 0..400 {
        take(&mut query, &[b'x'; 100_000], 1_000_000);
        assert!(query.buffer.capacity() < 4 * KEPT_BYTES);
    }
    let said = take(&mut query, b"", 100_000_002);
    assert_eq!(requests(&said), [format!("ECHO {}…500000000", "x".repeat(ARG_CAP))]);
    let mut query = Query::default();
    take(&mut query, b"*100000\r\n", 9);
    let (mut most, mut said) = (0, Vec::new());
    for _ in 0..1_000 {
        said = take(&mut query, &b"$2\r\nab\r\n".repeat(100), 800);
        most = most.max(query.buffer.capacity());
    }
    assert!(most < 4 * KEPT_BYTES, "{most}");
    assert!(matches!(said[0], Event::Parsed { argc: 100_000, parsed_to: 800_009, .. }), "{said:?}");
}

proptest! {
    /// Protects: whatever is read, and however little of it is known, the
    /// bytes add up and nothing panics.
    #[test]
    fn any_bytes_add_up(
        reads in prop::collection::vec((
            prop_oneof![
                prop::collection::vec(any::<u8>(), 0..40),
                "[*$]?[0-9]{0,3}\r\n(PING)?(\r\n)?".prop_map(String::into_bytes),
            ],
            0_usize..50,
        ), 0..12),
    ) {
        let (mut query, mut read, mut gone) = (Query::default(), 0, 0);
        for (known, unknown) in reads {
            let total = known.len() + unknown;
            read += total as u64;
            for event in take(&mut query, &known, total) {
                match event {
                    Event::QueryTrimmed { bytes, left, .. } => {
                        gone += bytes;
                        prop_assert!(left <= read);
                    }
                    Event::Unrecorded { bytes, .. } => gone += bytes,
                    Event::Parsed { parsed_to, .. } | Event::Incomplete { parsed_to, .. } => {
                        prop_assert!(parsed_to <= read);
                    }
                    _ => {}
                }
            }
            prop_assert_eq!(read, gone + query.held());
        }
    }
}
