//! The scenarios that come with the program: each at most twelve cycles, each
//! showing one thing.

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
        Scenario::parse(&name, self.text).expect("a bundled scenario is well-formed")
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
        "too-big-an-order",
        "combined-order",
        "one-message",
        "blocked-guests",
    ]
}
