//! Loads: what a crowd sends, how much of it, and when.

use super::Packets;
use crate::time::Micros;
use std::sync::Arc;

/// Most requests of one load.
pub(super) const REQUESTS_MAX: u64 = 100_000;
/// Most requests that a guest has under way at once.
pub(super) const PIPELINE_MAX: u64 = 1_000;
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
    pub(super) fn request_max_bytes(&self) -> u64 {
        let pieces = self.command.iter().flat_map(|template| &template.0);
        let bytes = pieces.map(|piece| match piece {
            Piece::Bytes(bytes) => bytes.len(),
            _ => DIGITS_MAX,
        });
        let frames = (self.command.len() + 1) * (DIGITS_MAX + 5);
        (bytes.sum::<usize>() + frames) as u64
    }
}
