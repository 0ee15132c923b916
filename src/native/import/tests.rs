use super::*;
use crate::event::Event;

fn import(text: &[u8]) -> (Vec<Stamped>, Result<Ending, ReadError>) {
    let (mut importer, mut facts) = (Importer::new(), Vec::new());
    let fed = importer.feed(text, &mut facts);
    let ending = fed.and_then(|()| importer.finish(&mut facts));
    (facts, ending)
}

#[test]
fn an_error_says_line_column_and_what_was_expected() {
    let (facts, ending) = import(b"close(8) = 0\nread(8, 5\nclose(8) = 0\n");
    let error = ending.expect_err("a line that is none");
    assert_eq!(error.to_string(), "2:10: expected the end of the arguments");
    assert!(facts.is_empty());
    let torn = b"1 read(8, <unfinished ...>\n1 <... read resumed>nothing, 16) = x\n";
    let error = import(torn).1.expect_err("a line that is none");
    assert_eq!((error.line, error.column), (2, 36), "{error}");
}

/// Protects: a file that was cut plays up to there.
#[test]
fn a_cut_line_ends_it_and_is_said() {
    let whole = b"1 epoll_wait(5, [], 10, 100) = 0\n1 epoll_wait(5, [], 10, 100) = 0\n";
    for cut in 34..whole.len() - 1 {
        let (facts, ending) = import(&whole[..cut]);
        assert_eq!(ending, Ok(Ending::CutMidLine { line: 2 }), "cut at {cut}");
        assert!(!facts.is_empty());
    }
    for cut in [33, whole.len() - 1, whole.len()] {
        assert_eq!(import(&whole[..cut]).1, Ok(Ending::Complete), "cut at {cut}");
    }
}

#[test]
fn a_line_without_end_is_refused_before_it_fills_the_memory() {
    let (mut importer, mut facts) = (Importer::new(), Vec::new());
    let piece = vec![b'x'; 1024 * 1024];
    let error = (0..8).find_map(|_| importer.feed(&piece, &mut facts).err());
    assert!(error.is_some_and(|error| error.problem.contains("within")));
    assert!(importer.rest.is_empty());
}

#[test]
fn every_clock_begins_at_zero_and_never_goes_back() {
    let read = |stamps: &[Stamp]| {
        let mut clock = Clock::default();
        stamps.iter().map(|stamp| clock.read(*stamp).0).collect::<Vec<_>>()
    };
    let midnight = DAY - 5;
    assert_eq!(read(&[Stamp::Unix(1_000), Stamp::Unix(1_007), Stamp::Unix(1_003)]), [0, 7, 7]);
    assert_eq!(read(&[Stamp::Day(midnight), Stamp::Day(2), Stamp::Day(1)]), [0, 7, 7]);
    assert_eq!(read(&[Stamp::Since(9), Stamp::Since(4)]), [9, 13]);
    assert_eq!(read(&[Stamp::None, Stamp::None]), [0, 0]);
}

/// Protects: the live view, which sees the chef go to sleep when he does.
#[test]
fn a_line_that_has_only_begun_tells_that_the_thread_sleeps() {
    let line = b"7 1795537102.000000 epoll_wait(5, [], 10, 100) = 0 <0.100000>\n";
    let told = |pieces: &[&[u8]]| {
        let (mut importer, mut facts) = (Importer::of(7, 0), Vec::new());
        for piece in pieces {
            importer.feed(piece, &mut facts).expect("strace's lines");
            importer.glance(&mut facts);
        }
        facts
    };
    let (begin, end) = line.split_at(34);
    let early = told(&[begin]);
    assert!(matches!(early.last(), Some(Stamped { event: Event::PhaseEnter { .. }, .. })));
    assert_eq!(told(&[begin, end]), told(&[line]));
}

#[test]
fn remarks_signals_and_other_calls_are_passed_over() {
    let (facts, ending) = import(
        b"strace: Process 7 attached\n7 --- SIGTERM {si_signo=SIGTERM} ---\n\n\
          7 futex(0x7f, FUTEX_WAKE, 1) = 0\n7 +++ exited with 0 +++\n",
    );
    assert_eq!((facts, ending), (Vec::new(), Ok(Ending::Complete)));
}
