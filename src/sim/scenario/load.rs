//! Loads: what a crowd sends, how much of it, and when.

use super::parse::{Reader, ScenarioError};
use super::text::{time, word};
use super::words::{A_TIME, Word, Words, read_number, read_time};
use super::{Action, ClientSpec, Input, Packets, Scenario};
use crate::net::virt::Link;
use crate::time::Micros;
use std::fmt::Write;
use std::ops::Range;
use std::sync::Arc;

/// Most guests of all crowds together.
pub(super) const GUESTS_MAX: usize = 1_000;
/// Most requests of one load.
const REQUESTS_MAX: u64 = 100_000;
/// Most requests that a guest has under way at once.
const PIPELINE_MAX: u64 = 1_000;
/// A number's digits at most.
const DIGITS_MAX: usize = 20;

/// What a crowd sends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Load {
    pub command: Vec<Template>,
    /// By all its guests together.
    pub requests: u64,
    pub pace: Pace,
    /// From then on nobody begins another.
    pub until: Option<Micros>,
    /// How many share in it.
    pub guests: usize,
}

/// What decides when a request is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pace {
    /// The replies: a guest sends `pipeline` at once, and as many again,
    /// after a pause, when all of them are answered.
    Closed { pipeline: u64, think: Micros },
    /// The clock alone: one every so often, by whoever's turn it is; at
    /// `random`, that is only the mean.
    Open { every: Micros, random: bool },
}

/// One guest's part in a load.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Share {
    pub load: Arc<Load>,
    /// Which guest of its crowd it is, from 0.
    pub nth: usize,
}

/// An argument that differs from request to request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Template(pub Vec<Piece>);

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece {
    Bytes(Vec<u8>),
    /// Which request of the load it is, from 1.
    Number,
    /// Any number from the first to the last.
    Random(u64, u64),
}

impl Load {
    /// How many of its requests the `nth` guest sends.
    #[must_use]
    pub fn share(&self, nth: usize) -> u64 {
        let (nth, guests) = (nth as u64, self.guests as u64);
        self.requests.saturating_sub(nth).div_ceil(guests.max(1))
    }

    /// The `number`th request; `random` draws a number below its argument.
    #[must_use]
    pub fn request(&self, number: u64, mut random: impl FnMut(u64) -> u64) -> Vec<u8> {
        let fill = |template: &Template| -> Vec<u8> {
            let pieces = template.0.iter().map(|piece| match piece {
                Piece::Bytes(bytes) => bytes.clone(),
                Piece::Number => number.to_string().into_bytes(),
                Piece::Random(from, to) => {
                    let drawn = random((to - from).saturating_add(1));
                    (from + drawn).to_string().into_bytes()
                }
            });
            pieces.collect::<Vec<_>>().concat()
        };
        let argv: Vec<Vec<u8>> = self.command.iter().map(fill).collect();
        Packets::command(&argv).bytes
    }

    /// No request of it is longer.
    fn request_max_bytes(&self) -> u64 {
        let pieces = self.command.iter().flat_map(|template| &template.0);
        let bytes = pieces.map(|piece| match piece {
            Piece::Bytes(bytes) => bytes.len(),
            _ => DIGITS_MAX,
        });
        let frames = (self.command.len() + 1) * (DIGITS_MAX + 5);
        (bytes.sum::<usize>() + frames) as u64
    }

    /// What stands after `sends`.
    pub(super) fn to_text(&self) -> String {
        let mut out = String::new();
        if self.requests != REQUESTS_MAX || self.until.is_none() {
            let _ = write!(out, "{} x ", self.requests);
        }
        for template in &self.command {
            out.push_str(&template.to_text());
            out.push(' ');
        }
        match self.pace {
            Pace::Closed { pipeline, think } => {
                out.push_str("closed");
                if pipeline != 1 {
                    let _ = write!(out, " pipeline {pipeline}");
                }
                if think != Micros::ZERO {
                    let _ = write!(out, " think {}", time(think));
                }
            }
            Pace::Open { every, random } => {
                let _ = write!(out, "open every {}", time(every));
                out.push_str(if random { " random" } else { "" });
            }
        }
        if let Some(until) = self.until {
            let _ = write!(out, " until {}", time(until));
        }
        out
    }
}

impl Template {
    fn to_text(&self) -> String {
        if let [Piece::Bytes(bytes)] = self.0.as_slice() {
            return word(bytes);
        }
        // What stands beside a placeholder was not quoted, and need not be.
        let pieces = self.0.iter().map(|piece| match piece {
            Piece::Bytes(bytes) => String::from_utf8_lossy(bytes).into_owned(),
            Piece::Number => "<n>".to_owned(),
            Piece::Random(from, to) => format!("<{from}-{to}>"),
        });
        pieces.collect()
    }
}

/// Where the words after a command say that it is a load.
pub(super) fn clause(words: &[Word]) -> Option<usize> {
    words.iter().position(|word| matches!(word.bare(), Some("closed" | "open")))
}

/// `closed pipeline 4 think 1ms until 2s`, `open every 1ms random until 2s`;
/// the latter part may be missing, but with `requests` unsaid, `until` may not.
fn read_pace(
    words: &mut Words<'_>,
    requests: Option<u64>,
) -> Result<(Pace, Option<Micros>), ScenarioError> {
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
    pub fn load(
        &mut self,
        guests: usize,
        first: &Word,
        rest: &[Word],
        mut clause: Words<'_>,
    ) -> Result<Action, ScenarioError> {
        let line = clause.line;
        let requests = times(first, rest);
        if requests.is_some_and(|requests| !(1..=REQUESTS_MAX).contains(&requests)) {
            let what = format!("a number of requests from 1 to {}", REQUESTS_MAX);
            return Err(clause.error(&what, first));
        }
        let words = match rest {
            [x, words @ ..] if requests.is_some() => {
                if words.is_empty() {
                    self.argv(line, x, words)?;
                }
                words.to_vec()
            }
            words => std::iter::once(first).chain(words).cloned().collect::<Vec<_>>(),
        };
        let command: Result<Vec<Template>, ScenarioError> =
            words.iter().map(|word| self.template(line, word)).collect();
        let command = command?;
        let (pace, until) = read_pace(&mut clause, requests)?;
        let requests = requests.unwrap_or(REQUESTS_MAX);
        let load = Load { command, requests, pace, until, guests };
        let bytes = load.request_max_bytes().saturating_mul(requests);
        self.count_bytes(bytes, line, first.column)?;
        Ok(Action::Load(Share { load: Arc::new(load), nth: 0 }))
    }

    /// An argument of a load; what is quoted means only itself.
    fn template(&self, line: usize, word: &Word) -> Result<Template, ScenarioError> {
        let Some(bare) = word.bare() else {
            return Ok(Template(vec![Piece::Bytes(word.bytes.clone())]));
        };
        if let Some(template) = read_template(bare) {
            return Ok(template);
        }
        if bare.starts_with('<') {
            return Ok(Template(vec![Piece::Bytes(self.payload(line, word)?)]));
        }
        let (column, found) = (word.column, word.source.clone());
        let what = "<n> or a range such as <1-9> in angle brackets";
        Err(ScenarioError::expected(self.name, line, column, what, found))
    }
}

/// `20 x`, before a command.
pub(super) fn times(first: &Word, rest: &[Word]) -> Option<u64> {
    let times = rest.first().filter(|word| word.bare() == Some("x"));
    times.and_then(|_| first.bare().and_then(read_number))
}

/// What guests of a crowd are called: `rush.1`, `rush.2`… No other name has a
/// point in it.
const POINT: char = '.';

pub(super) fn member(crowd: &str, nth: usize) -> String {
    format!("{crowd}{POINT}{}", nth + 1)
}

/// The crowd of a guest of that name, if it is of one.
#[must_use]
pub fn crowd(name: &str) -> Option<&str> {
    name.split_once(POINT).map(|(crowd, _)| crowd)
}

impl Scenario {
    /// The client of that name, or all of the crowd.
    pub(super) fn named(&self, name: &str) -> Range<usize> {
        let own = |spec: &ClientSpec| spec.name == name || crowd(&spec.name) == Some(name);
        match self.clients.iter().position(own) {
            Some(client) if self.clients[client].name == name => client..client + 1,
            Some(first) => self.companions(first),
            None => 0..0,
        }
    }

    /// Adds so many guests as one crowd; returns their indices.
    pub fn add_crowd(&mut self, name: &str, guests: usize, link: Link) -> Range<usize> {
        let first = self.clients.len();
        let member = |nth| ClientSpec { name: member(name, nth), link, from: None };
        self.clients.extend((0..guests).map(member));
        first..self.clients.len()
    }

    /// The guests of the crowd that this guest is of; itself, if of none.
    #[must_use]
    pub fn companions(&self, client: usize) -> Range<usize> {
        let of = |client: usize| self.clients.get(client).and_then(|spec| crowd(&spec.name));
        let Some(mine) = of(client) else { return client..client + 1 };
        let first = (0..client).rev().take_while(|other| of(*other) == Some(mine)).last();
        let end = (client..self.clients.len()).find(|other| of(*other) != Some(mine));
        first.unwrap_or(client)..end.unwrap_or(self.clients.len())
    }

    /// The inputs from `first` on that are one statement: what a whole crowd
    /// does, or one input.
    #[must_use]
    pub fn statement(&self, first: usize) -> Range<usize> {
        let alone = first..first + 1;
        let Some(input) = self.inputs.get(first) else { return alone };
        let crowd = self.companions(input.client);
        let all = first..first + crowd.len();
        let Some(inputs) = self.inputs.get(all.clone()) else { return alone };
        let same = |(client, other): (usize, &Input)| {
            let alike = match (&input.action, &other.action) {
                (Action::Load(mine), Action::Load(other)) => mine.load == other.load,
                (mine, other) => mine == other,
            };
            other.client == client && other.at == input.at && alike
        };
        if crowd.zip(inputs).all(same) { all } else { alone }
    }
}
