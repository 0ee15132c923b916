//! Every sentence the page says, in the reader's language.
//!
//! The program holds no prose: it holds [`Phrase`]s, the numbers of what can
//! be said, and hands each one the few values it speaks of. The sentences are
//! in one plain file per language (`www/text/en.txt`, `www/text/de.txt`),
//! which a translator can edit and which [`Catalogue`] reads; its
//! documentation is the description of that file.
//!
//! What clients send is only ever a value ([`Arg::Text`]). It is put into a
//! sentence as it is and never read as a template.

mod catalogue;
mod fill;

pub use catalogue::{Broken, Catalogue, Expected};
pub use fill::{bytes, clock, grouped, lasting, size, time};

use crate::event::ClientId;
use crate::net::Fd;
use crate::part::part;
use crate::time::Micros;
use std::cell::RefCell;

/// What can be said, as a number: the program needs no names, and a catalogue
/// finds its sentence by the same number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Phrase(u32);

impl Phrase {
    /// The phrase of that name in the catalogues: the low bits of an FNV-1a
    /// hash, as many as WebAssembly writes in three bytes. It begins with a
    /// number that gives no two names the same, which a test holds.
    #[must_use]
    pub const fn named(name: &str) -> Phrase {
        Phrase(2).and(name)
    }

    /// The phrase whose name goes on so: `named("a").and("b")` is `named("ab")`.
    #[must_use]
    #[inline(never)]
    pub const fn and(self, more: &str) -> Phrase {
        let (mut hash, bytes, mut at) = (self.0, more.as_bytes(), 0);
        while at < bytes.len() {
            hash = (hash ^ bytes[at] as u32).wrapping_mul(0x0100_0193);
            at += 1;
        }
        Phrase(hash & 0x000f_ffff)
    }

    /// Said without values.
    #[must_use]
    pub fn say(self) -> Words {
        fill_in(self, &[])
    }
}

/// A value that a sentence speaks of.
#[derive(Clone, Copy, Debug)]
pub enum Arg<'a> {
    Number(u64),
    /// Names, keys, addresses, calls: the same in every language.
    Text(&'a str),
    /// Another phrase: its kitchen's words among the kitchen's, and so on.
    Words(&'a Words),
}

macro_rules! numbers {
    ($($what:ty => $number:expr),* $(,)?) => {
        $(impl From<$what> for Arg<'_> {
            fn from(value: $what) -> Self {
                let number: fn($what) -> u64 = $number;
                Arg::Number(number(value))
            }
        })*
    };
}

// Client ids begin with 1, so that 0 is nobody.
numbers! {
    u64 => |n| n,
    u32 => u64::from,
    u8 => u64::from,
    bool => u64::from,
    usize => |n| n as u64,
    ClientId => |id| id.0,
    Option<ClientId> => |id| id.map_or(0, |id| id.0),
    Fd => |fd| fd.0.into(),
    Micros => |time| time.0,
}

impl<'a> From<&'a str> for Arg<'a> {
    fn from(text: &'a str) -> Arg<'a> {
        Arg::Text(text)
    }
}

impl<'a> From<&'a String> for Arg<'a> {
    fn from(text: &'a String) -> Arg<'a> {
        Arg::Text(text)
    }
}

impl<'a> From<&'a Words> for Arg<'a> {
    fn from(words: &'a Words) -> Arg<'a> {
        Arg::Words(words)
    }
}

/// Says the phrase of that name with these values, in the order of its head
/// in the catalogue: `say!("accept", who, fd)`.
macro_rules! say {
    ($name:literal $(, $value:expr)* $(,)?) => {
        $crate::view::text::fill_in(
            const { $crate::view::text::Phrase::named($name) },
            &[$($crate::view::text::Arg::from($value)),*],
        )
    };
}
pub(crate) use say;

/// [`say!`], for where there is one wording only.
macro_rules! line {
    ($name:literal $(, $value:expr)* $(,)?) => {
        $crate::view::text::fill_in_line(
            const { $crate::view::text::Phrase::named($name) },
            &[$($crate::view::text::Arg::from($value)),*],
        )
    };
}
pub(crate) use line;

/// Something said: in the kitchen's words, in Redis's, and as the call and its
/// result where there is one. One pointer wide, so that moving it costs little.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Words(Box<Said>);

/// The wordings one after the other. With one wording, Redis's begin where the
/// kitchen's do.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Said {
    text: String,
    kitchen_end: usize,
    redis: usize,
    term: usize,
}

impl Words {
    /// One wording for both readers: numbers, names, bytes.
    #[must_use]
    pub fn plain(text: impl Into<String>) -> Words {
        Words::one(text.into())
    }

    #[inline(never)]
    fn one(text: String) -> Words {
        let end = text.len();
        Words(Box::new(Said { text, kitchen_end: end, redis: 0, term: end }))
    }

    /// Two wordings that come from elsewhere.
    #[must_use]
    #[inline(never)]
    pub fn pair(kitchen: &str, redis: &str) -> Words {
        let text = [kitchen, redis].concat();
        let (kitchen_end, term) = (kitchen.len(), text.len());
        Words(Box::new(Said { text, kitchen_end, redis: kitchen_end, term }))
    }

    #[must_use]
    #[inline(never)]
    pub fn kitchen(&self) -> &str {
        part(&self.0.text, ..self.0.kitchen_end)
    }

    #[must_use]
    #[inline(never)]
    pub fn redis(&self) -> &str {
        part(&self.0.text, self.0.redis..self.0.term)
    }

    /// The call and its result; empty where none is told.
    #[must_use]
    #[inline(never)]
    pub fn term(&self) -> &str {
        part(&self.0.text, self.0.term..)
    }

    /// The kitchen's wording alone.
    #[must_use]
    #[inline(never)]
    pub fn into_kitchen(mut self) -> String {
        self.0.text.truncate(self.0.kitchen_end);
        self.0.text
    }
}

thread_local! {
    static SPOKEN: RefCell<Catalogue> = RefCell::new(Catalogue::at_first());
}

/// From now on everything is said out of this catalogue.
pub fn speak(catalogue: Catalogue) {
    SPOKEN.with(|spoken| *spoken.borrow_mut() = catalogue);
}

/// What `say!` calls. A phrase that the catalogue does not hold is three
/// dots: only a page and a catalogue of different days could disagree.
#[must_use]
#[inline(never)]
pub fn fill_in(phrase: Phrase, values: &[Arg<'_>]) -> Words {
    SPOKEN.with(|spoken| fill::fill(&spoken.borrow(), phrase, values))
}

/// What `line!` calls.
#[must_use]
#[inline(never)]
pub fn fill_in_line(phrase: Phrase, values: &[Arg<'_>]) -> String {
    fill_in(phrase, values).into_kitchen()
}

/// The same for what not every language holds.
#[must_use]
pub fn known(phrase: Phrase, values: &[Arg<'_>]) -> Option<String> {
    SPOKEN.with(|spoken| {
        let spoken = spoken.borrow();
        spoken.find(phrase).map(|_| fill::fill(&spoken, phrase, values).into_kitchen())
    })
}

#[cfg(test)]
mod tests;
