//! Crowds: guests alike, who are told apart by a number behind one name.

use super::{Action, ClientSpec, Input, Scenario};
use crate::net::virt::Link;
use std::ops::Range;

/// Most guests of all crowds together.
pub(super) const GUESTS_MAX: usize = 1_000;

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
