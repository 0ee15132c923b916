//! The scenarios that come with the program: each at most twelve cycles (where
//! a crowd comes, the cycles around what happens to it), each showing one
//! thing.

use super::Scenario;

/// A scenario of the program's own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bundled {
    /// For addresses: `half-an-order`.
    pub slug: &'static str,
    pub text: &'static str,
}

impl Bundled {
    /// # Panics
    /// Never: a test reads them all.
    #[must_use]
    pub fn scenario(&self) -> Scenario {
        let name = format!("{}.scenario", self.slug);
        Scenario::parse(&name, self.text).unwrap_or_else(|error| panic!("{error}"))
    }
}

macro_rules! bundled {
    ($($slug:literal),* $(,)?) => {
        &[$(Bundled {
            slug: $slug,
            text: include_str!(concat!("../../scenarios/", $slug, ".scenario")),
        }),*]
    };
}

/// In teaching order.
#[must_use]
pub fn scenarios() -> &'static [Bundled] {
    bundled![
        "first-guest",
        "two-guests",
        "pipelining",
        "half-an-order",
        "slow-reader",
        "slow-dish",
        "the-rush",
        "past-its-date",
        "too-big-an-order",
        "combined-order",
        "one-message",
        "blocked-guests",
        "client-eviction",
        "the-password",
        "gone-in-mid-meal",
    ]
}

/// What the tour runs beside the list, and one way through each mission. They
/// are not in the list: outside their lesson they would explain nothing.
#[must_use]
pub fn lessons() -> &'static [Bundled] {
    bundled![
        "tour/a-visit",
        "tour/three-plates",
        "tour/a-bad-evening",
        "tour/heavy-trays",
        "missions/wait-for-it",
        "missions/twenty-at-once",
        "missions/three-slips",
        "missions/three-sweeps",
        "missions/shown-out",
        "missions/last-plate",
        "missions/full-house",
        "missions/unseen",
    ]
}

/// The one of that slug, listed or not.
#[must_use]
pub fn bundled_as(slug: &str) -> Option<&'static Bundled> {
    scenarios().iter().chain(lessons()).find(|bundled| bundled.slug == slug)
}
