//! What stands after `sends` of a crowd: what it sends, and at which pace.

use super::{Reader, Refusal};
use crate::sim::scenario::Action;
use crate::sim::scenario::load::{Load, PIPELINE_MAX, Pace, Piece, REQUESTS_MAX, Share, Template};
use crate::sim::scenario::words::{A_TIME, Word, Words, read_number, read_time};
use crate::time::Micros;
use std::sync::Arc;

/// Where the words after a command say that it is a load.
pub(super) fn clause(words: &[Word<'_>]) -> Option<usize> {
    words.iter().position(|word| matches!(word.bare(), Some("closed" | "open")))
}

/// `closed pipeline 4 think 1ms until 2s`, `open every 1ms random until 2s`;
/// the latter part may be missing, but with `requests` unsaid, `until` may not.
fn read_pace(
    words: &mut Words<'_>,
    requests: Option<u64>,
) -> Result<(Pace, Option<Micros>), Refusal> {
    let pace = if words.take_keyword("closed") {
        let mut pipeline = 1;
        if words.take_keyword("pipeline") {
            let what = format!("a number from 1 to {PIPELINE_MAX}");
            let fits = |n: &u64| (1..=PIPELINE_MAX).contains(n);
            pipeline = words.value(&what, |text| read_number(text).filter(fits))?;
        }
        let mut think = Micros::ZERO;
        if words.take_keyword("think") {
            think = words.value(A_TIME, read_time)?;
        }
        Pace::Closed { pipeline, think }
    } else {
        words.expect_keyword("open")?;
        words.expect_keyword("every")?;
        let some = |every: &Micros| *every > Micros::ZERO;
        let every = words.value(A_TIME, |text| read_time(text).filter(some))?;
        Pace::Open { every, random: words.take_keyword("random") }
    };
    let until = if requests.is_none() || !words.is_empty() {
        words.expect_keyword("until")?;
        Some(words.value(A_TIME, read_time)?)
    } else {
        None
    };
    words.expect_end()?;
    Ok((pace, until))
}

/// An argument with its placeholders; `None` if something else stands in
/// angle brackets.
fn read_template(text: &str) -> Option<Template> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('<') {
        let (inside, after) = after.split_once('>')?;
        if !before.is_empty() {
            pieces.push(Piece::Bytes(before.into()));
        }
        pieces.push(match inside.split_once('-') {
            None if inside == "n" => Piece::Number,
            None => return None,
            Some((from, to)) => {
                let (from, to): (u64, u64) = (read_number(from)?, read_number(to)?);
                (from <= to).then_some(Piece::Random(from, to))?
            }
        });
        rest = after;
    }
    if !rest.is_empty() {
        pieces.push(Piece::Bytes(rest.into()));
    }
    Some(Template(pieces))
}

impl Reader<'_> {
    /// A crowd's: the words of its command, and what `clause` says of its pace.
    pub(super) fn load(
        &mut self,
        guests: usize,
        first: Word<'_>,
        rest: &[Word<'_>],
        mut clause: Words<'_>,
    ) -> Result<Action, Refusal> {
        let requests = times(first, rest);
        if requests.is_some_and(|requests| !(1..=REQUESTS_MAX).contains(&requests)) {
            let what = format!("a number of requests from 1 to {}", REQUESTS_MAX);
            return Err(self.expected(&what, first));
        }
        let words = match rest {
            [x, words @ ..] if requests.is_some() => {
                if words.is_empty() {
                    self.argv(*x, words)?;
                }
                words.to_vec()
            }
            words => [&[first], words].concat(),
        };
        let command: Result<Vec<Template>, Refusal> =
            words.into_iter().map(|word| self.template(word)).collect();
        let command = command?;
        let (pace, until) = read_pace(&mut clause, requests)?;
        let requests = requests.unwrap_or(REQUESTS_MAX);
        let load = Load { command, requests, pace, until, guests };
        let bytes = load.request_max_bytes().saturating_mul(requests);
        self.count_bytes(bytes, first.spot)?;
        Ok(Action::Load(Share { load: Arc::new(load), nth: 0 }))
    }

    /// An argument of a load; what is quoted means only itself.
    fn template(&self, word: Word<'_>) -> Result<Template, Refusal> {
        let Some(bare) = word.bare() else {
            return Ok(Template(vec![Piece::Bytes(word.bytes())]));
        };
        if let Some(template) = read_template(bare) {
            return Ok(template);
        }
        if bare.starts_with('<') {
            return Ok(Template(vec![Piece::Bytes(self.payload(word)?)]));
        }
        Err(self.expected("<n> or a range such as <1-9> in angle brackets", word))
    }
}

/// `20 x`, before a command.
pub(super) fn times(first: Word<'_>, rest: &[Word<'_>]) -> Option<u64> {
    let times = rest.first().filter(|word| word.bare() == Some("x"));
    times.and_then(|_| first.bare().and_then(read_number))
}
