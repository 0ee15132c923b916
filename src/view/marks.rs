//! Moments that a reader marked, to come back to or to hand on in a link.

use super::control::Direction;

/// More are refused: a talk has no more stops, and a link must stay short.
pub const MARKS_LIMIT: usize = 32;

/// Places of the playhead, in the run's order, each once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Marks(Vec<usize>);

impl Marks {
    /// Reads them from a link: `12.45.88`. What is no place is ignored, and
    /// so is what goes beyond [`MARKS_LIMIT`].
    #[must_use]
    pub fn parse(word: &str) -> Marks {
        let mut marks = Marks::default();
        for at in word.split('.').filter_map(|at| at.parse::<u32>().ok()) {
            if !marks.0.contains(&(at as usize)) {
                marks.switch(at as usize);
            }
        }
        marks
    }

    /// As a link says them; empty if there are none.
    #[must_use]
    pub fn word(&self) -> String {
        self.0.iter().map(usize::to_string).collect::<Vec<_>>().join(".")
    }

    #[must_use]
    pub fn places(&self) -> &[usize] {
        &self.0
    }

    /// Marks this place, or no more.
    pub fn switch(&mut self, at: usize) {
        match self.0.binary_search(&at) {
            Ok(index) => drop(self.0.remove(index)),
            Err(index) if self.0.len() < MARKS_LIMIT => self.0.insert(index, at),
            Err(_) => {}
        }
    }

    /// The next one from here in that direction.
    #[must_use]
    pub fn next(&self, at: usize, direction: Direction) -> Option<usize> {
        match direction {
            Direction::Forward => self.0.iter().find(|place| **place > at),
            Direction::Back => self.0.iter().rfind(|place| **place < at),
        }
        .copied()
    }

    /// Forgets those after `last`: what was there is another moment now.
    pub fn keep_until(&mut self, last: usize) {
        self.0.retain(|place| *place <= last);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_are_in_order_and_each_is_there_once() {
        let mut marks = Marks::parse("45.x.12.45.-1.99999999999.88");
        assert_eq!(marks.places(), [12, 45, 88]);
        assert_eq!(marks.word(), "12.45.88");
        marks.switch(45);
        marks.switch(3);
        assert_eq!(marks.places(), [3, 12, 88]);
        marks.keep_until(12);
        assert_eq!(marks.places(), [3, 12]);
        assert_eq!(Marks::parse("").word(), "");
    }

    #[test]
    fn one_walks_from_mark_to_mark_from_wherever_one_is() {
        let marks = Marks::parse("12.45");
        for (at, back, forward) in [
            (0, None, Some(12)),
            (12, None, Some(45)),
            (20, Some(12), Some(45)),
            (45, Some(12), None),
            (99, Some(45), None),
        ] {
            assert_eq!(marks.next(at, Direction::Back), back, "back from {at}");
            assert_eq!(marks.next(at, Direction::Forward), forward, "forward from {at}");
        }
    }

    #[test]
    fn a_link_cannot_ask_for_too_many() {
        let word: Vec<String> = (0..1000).map(|at: u32| at.to_string()).collect();
        let mut marks = Marks::parse(&word.join("."));
        assert_eq!(marks.places().len(), MARKS_LIMIT);
        marks.switch(5000);
        assert_eq!(marks.places().len(), MARKS_LIMIT);
        marks.switch(0);
        marks.switch(5000);
        assert_eq!(marks.places().last(), Some(&5000));
    }
}
