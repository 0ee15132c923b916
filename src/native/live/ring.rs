//! What has been told, for as long as there is room: every watcher reads from
//! here at its own pace, so that a slow one costs nothing but its own place.

use crate::time::Micros;
use std::collections::VecDeque;
use std::sync::Arc;

/// So much is kept, the newest piece whatever its size.
pub const RING_LIMIT_BYTES: usize = 8 * 1024 * 1024;

/// The records of a half-cycle, as they are sent.
#[derive(Clone, Debug)]
pub struct Piece {
    /// The number of its first record, and the one after its last.
    pub first: u64,
    pub end: u64,
    /// It states anew how things stand: a newcomer may begin with it.
    pub opening: bool,
    /// Those who have followed so far get it, too.
    pub for_all: bool,
    /// How many facts there were for all before it.
    pub ordinal: u64,
    pub facts: u64,
    /// When its first record was.
    pub at: Micros,
    /// NDJSON, each line behind `data: `.
    pub lines: Arc<[u8]>,
}

/// See the module documentation.
#[derive(Debug)]
pub struct Ring {
    pieces: VecDeque<Piece>,
    /// The number of the first piece that is kept.
    start: u64,
    bytes: usize,
    limit: usize,
    told: u64,
}

/// Where a watcher is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// The number of the next piece.
    piece: u64,
    /// Facts for all up to here.
    ordinal: u64,
    state: State,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// Knows all that came before.
    Following,
    /// Knows nothing yet.
    New,
    /// Knew all up to `ordinal`, then missed something.
    Behind,
}

/// What comes next for a watcher.
#[derive(Clone, Debug)]
pub enum Next {
    /// Nothing yet.
    Wait,
    /// Nothing before how things stand is stated anew: ask for that.
    AskAnew,
    /// After `missed` facts that are gone, this.
    Piece { piece: Piece, missed: u64 },
}

/// A watcher's place in words: `record.ordinal`.
#[must_use]
pub fn mark(end: u64, ordinal: u64) -> String {
    format!("{end}.{ordinal}")
}

impl Ring {
    #[must_use]
    pub fn new(limit: usize) -> Ring {
        Ring { pieces: VecDeque::new(), start: 0, bytes: 0, limit, told: 0 }
    }

    /// Adds a piece; the oldest go.
    pub fn push(&mut self, mut piece: Piece) {
        piece.ordinal = self.told;
        if piece.for_all {
            self.told += piece.facts;
        }
        self.bytes += piece.lines.len();
        self.pieces.push_back(piece);
        while self.bytes > self.limit && self.pieces.len() > 1 {
            let gone = self.pieces.pop_front().map_or(0, |piece| piece.lines.len());
            self.bytes -= gone;
            self.start += 1;
        }
    }

    /// Nothing is told for a while: whoever comes back has missed something.
    pub fn interrupt(&mut self) {
        self.start = self.end();
        self.pieces.clear();
        self.bytes = 0;
    }

    #[must_use]
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    fn end(&self) -> u64 {
        self.start + self.pieces.len() as u64
    }

    /// For somebody who knows nothing yet: the next opening that is told.
    #[must_use]
    pub fn enter(&self) -> Place {
        Place { piece: self.end(), ordinal: self.told, state: State::New }
    }

    /// For somebody who was here before, by its mark; as new, but for what is
    /// said to be missed, if what came next is gone.
    #[must_use]
    pub fn resume(&self, mark: &str) -> Option<Place> {
        let (end, ordinal) = mark.split_once('.')?;
        let (end, ordinal) = (end.parse::<u64>().ok()?, ordinal.parse::<u64>().ok()?);
        if ordinal > self.told {
            return None;
        }
        let newest = self.pieces.back().map(|piece| piece.end);
        let next = self.pieces.iter().position(|piece| piece.first >= end && piece.for_all);
        let place = match next {
            // Whatever lies between was an opening for others.
            Some(at) if self.pieces[at].ordinal == ordinal => Some(self.start + at as u64),
            None if newest.is_some() && ordinal == self.told => Some(self.end()),
            _ => None,
        };
        Some(match place {
            Some(piece) => Place { piece, ordinal, state: State::Following },
            None => Place { piece: self.end(), ordinal, state: State::Behind },
        })
    }

    /// What comes next at `place`, which moves past it.
    pub fn next(&self, place: &mut Place) -> Next {
        if place.piece < self.start {
            // What came next is gone.
            *place = Place { piece: self.start, state: lost(place.state), ..*place };
        }
        loop {
            let index = usize::try_from(place.piece - self.start).unwrap_or(usize::MAX);
            let Some(piece) = self.pieces.get(index) else {
                let follows = place.state == State::Following;
                return if follows { Next::Wait } else { Next::AskAnew };
            };
            place.piece += 1;
            let wanted = match place.state {
                State::Following => piece.for_all,
                State::New | State::Behind => piece.opening,
            };
            if !wanted {
                continue;
            }
            let missed = match place.state {
                State::Behind => piece.ordinal.saturating_sub(place.ordinal),
                State::Following | State::New => 0,
            };
            place.state = State::Following;
            place.ordinal = piece.ordinal + if piece.for_all { piece.facts } else { 0 };
            return Next::Piece { piece: piece.clone(), missed };
        }
    }
}

impl Place {
    /// How many facts for all this watcher has been told of, or told to have
    /// missed.
    #[must_use]
    pub fn ordinal(&self) -> u64 {
        self.ordinal
    }
}

fn lost(state: State) -> State {
    match state {
        State::Following => State::Behind,
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What has happened, for those who follow.
    fn news(first: u64, facts: u64) -> Piece {
        let lines = vec![b'x'; 100].into();
        let at = Micros(first);
        let end = first + facts;
        Piece { first, end, opening: false, for_all: true, ordinal: 0, facts, at, lines }
    }

    /// How things stand, for whoever comes in.
    fn standing(first: u64, facts: u64) -> Piece {
        Piece { opening: true, for_all: false, ..news(first, facts) }
    }

    /// How things stand, for everybody.
    fn beginning(first: u64, facts: u64) -> Piece {
        Piece { opening: true, ..news(first, facts) }
    }

    /// Follows to the end; what was told, and what was said to be missed.
    fn follow(ring: &Ring, place: &mut Place) -> (u64, u64) {
        let (mut told, mut missed) = (0, 0);
        while let Next::Piece { piece, missed: more } = ring.next(place) {
            told += if piece.for_all { piece.facts } else { 0 };
            missed += more;
        }
        (told, missed)
    }

    #[test]
    fn a_newcomer_begins_with_how_things_stand() {
        let mut ring = Ring::new(10_000);
        ring.push(news(0, 5));
        let mut place = ring.enter();
        assert!(matches!(ring.next(&mut place), Next::AskAnew));
        ring.push(news(5, 5));
        ring.push(standing(10, 7));
        ring.push(news(17, 3));
        assert_eq!(follow(&ring, &mut place), (3, 0), "nothing from before the opening");
    }

    #[test]
    fn those_who_follow_are_not_told_how_things_stand() {
        let mut ring = Ring::new(10_000);
        ring.push(standing(0, 7));
        let mut place = Place { piece: 0, ordinal: 0, state: State::Following };
        ring.push(news(7, 3));
        assert_eq!(follow(&ring, &mut place), (3, 0));
    }

    /// Protects: told = delivered + missed, exactly.
    #[test]
    fn whoever_falls_behind_is_told_how_much_was_missed() {
        let mut ring = Ring::new(1_000);
        ring.push(beginning(0, 4));
        let mut place = Place { piece: 0, ordinal: 0, state: State::Following };
        assert_eq!(follow(&ring, &mut place), (4, 0));
        for n in 0..50 {
            ring.push(news(4 + n * 3, 3));
        }
        assert!(ring.bytes() <= 1_000);
        assert_eq!(follow(&ring, &mut place), (0, 0), "an opening has to come first");
        assert!(matches!(ring.next(&mut place), Next::AskAnew));
        ring.push(standing(154, 9));
        ring.push(news(163, 2));
        assert_eq!(follow(&ring, &mut place), (2, 150));
    }

    #[test]
    fn whoever_comes_back_goes_on_where_the_mark_says() {
        let mut ring = Ring::new(1_000);
        ring.push(beginning(0, 4));
        ring.push(news(4, 3));
        ring.push(standing(7, 9));
        ring.push(news(16, 2));
        let mut place = ring.resume(&mark(7, 7)).expect("a mark");
        assert_eq!(follow(&ring, &mut place), (2, 0));
        assert_eq!(place.ordinal(), 9);
        let mut at_end = ring.resume(&mark(18, 9)).expect("a mark");
        assert!(matches!(ring.next(&mut at_end), Next::Wait));
        for bad in ["", "x.y", "1", "1.99", "7.-1"] {
            assert_eq!(ring.resume(bad), None, "{bad}");
        }
    }

    #[test]
    fn nobody_goes_on_across_an_interruption() {
        let mut ring = Ring::new(1_000);
        ring.push(news(0, 4));
        ring.interrupt();
        let mut place = ring.resume(&mark(4, 4)).expect("a mark");
        ring.push(news(5, 3));
        ring.push(standing(8, 6));
        ring.push(news(14, 1));
        assert_eq!(follow(&ring, &mut place), (1, 3));
    }

    #[test]
    fn a_mark_of_what_is_gone_says_what_was_missed() {
        let mut ring = Ring::new(1_000);
        for n in 0..50 {
            ring.push(news(n * 3, 3));
        }
        let mut place = ring.resume(&mark(3, 3)).expect("a mark");
        assert!(matches!(ring.next(&mut place), Next::AskAnew));
        ring.push(standing(150, 9));
        assert_eq!(follow(&ring, &mut place), (0, 147));
    }
}
