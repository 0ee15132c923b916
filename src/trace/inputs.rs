//! What came in while records were made: the pieces of a tape that stand on a
//! trace's lines, beside the records.

use super::Record;
use crate::event::{Event, Standing};

/// The pieces of a tape, each with the number of the record that it stands on.
///
/// How things stand (`begun`) begins a trace anew, and its tape as well: what
/// stands on those lines is all that came in up to then.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Inputs {
    pieces: Vec<(u64, String)>,
}

impl Inputs {
    /// The piece of the record that was read last.
    pub fn push(&mut self, seq: u64, piece: String) {
        self.pieces.push((seq, piece));
    }

    /// A record was read, before its piece if it has one.
    pub fn note(&mut self, record: &Record) {
        if let Event::Standing { what: Standing::Begun } = record.event {
            self.pieces.clear();
        }
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.pieces.is_empty()
    }

    /// All of it.
    #[must_use]
    pub fn text(&self) -> String {
        self.pieces.iter().map(|(_, piece)| piece.as_str()).collect()
    }

    /// How long it is up to what stands on the record of this number.
    #[must_use]
    pub fn len_up_to(&self, seq: u64) -> usize {
        let known = self.pieces.iter().take_while(|(at, _)| *at <= seq);
        known.map(|(_, piece)| piece.len()).sum()
    }

    /// The piece on the record of this number.
    #[must_use]
    pub fn on(&self, seq: u64) -> &str {
        let found = self.pieces.binary_search_by_key(&seq, |(at, _)| *at);
        found.map_or("", |index| self.pieces[index].1.as_str())
    }

    /// The index of the first record that it explains.
    #[must_use]
    pub fn first_record(&self, records: &[Record]) -> usize {
        let first = self.pieces.first().map_or(0, |(seq, _)| *seq);
        records.partition_point(|record| record.seq < first)
    }
}
