//! The file of a language.
//!
//! ```text
//! # A line that begins so is for translators only.
//!
//! [write.drained client fd sent by]
//! kitchen = {by?Waiter {by}|The chef} carries {sent:bytes} to table {client}.
//! redis = write() hands {sent:bytes} to client {client}'s socket.
//! term = writeToClient → write({fd}) = {sent}
//!
//! [close] Close
//! ```
//!
//! A head in brackets names a phrase and the values it is given, in the order
//! in which the program gives them. Below it stand up to three wordings:
//! `kitchen` for the restaurant, `redis` for who reads Redis's source (without
//! it, the kitchen's words serve both), `term` for the call and its result. A
//! phrase of one wording stands on the line of its head.
//!
//! | in a wording | becomes |
//! |---|---|
//! | `{who}` | the value: a name, a number in plain digits, another phrase |
//! | `{Who}` | the same with a capital, for where a sentence begins |
//! | `{n:number}` | grouped digits: 16,384 |
//! | `{n:bytes}`, `{n:size}` | 16,384 bytes; 16 KB |
//! | `{t:time}`, `{t:lasting}`, `{t:clock}` | exactly: 1.5 ms; to the unit that matters: 2 ms; 13.266 s |
//! | `{n\|# guest\|# guests}` | the first form for one, the second otherwise; `#` is the number, grouped |
//! | `{who?table {who}\|a table}` | the first form if there is a value (no zero, no empty text), else the second, if any |
//!
//! Forms may hold placeholders. A language after the first is read on top of
//! it: what it leaves out (calls, for the most part) stays as it was.

use super::Phrase;
use crate::part::part;
use crate::sorted::sort_by_key;
use std::fmt;
use std::ops::Range;

/// The sentences of a language.
#[derive(Clone, Debug, Default)]
pub struct Catalogue {
    /// The files, as they came; everything else points into them.
    source: String,
    /// By phrase.
    entries: Vec<Entry>,
}

/// Places in the source, so that a catalogue of a thousand phrases is two
/// allocations.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    phrase: Phrase,
    name: Range<usize>,
    values: Range<usize>,
    wordings: [Range<usize>; WORDINGS],
}

const WORDINGS: usize = 3;
const WORDING_NAMES: [&str; WORDINGS] = ["kitchen", "redis", "term"];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expected {
    /// A line is no head, no wording and no remark.
    HeadOrWording,
    /// A wording before any head.
    Head,
    /// A head that is not closed, or holds no name.
    NameInBrackets,
    /// The values that the phrase has in the first language.
    SameValues,
    /// A brace without its partner.
    Brace,
    /// The name of one of the phrase's values.
    Value,
    /// `number`, `bytes`, `size`, `time`, `lasting` or `clock`.
    Format,
    /// A name that no other phrase has.
    NewName,
}

/// Why a file is no catalogue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Broken {
    /// From 1.
    pub line: usize,
    pub expected: Expected,
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let expected = match self.expected {
            Expected::HeadOrWording => {
                "“[name values] words” or “kitchen = …”, “redis = …”, “term = …”"
            }
            Expected::Head => "a head in brackets before the first wording",
            Expected::NameInBrackets => "a name between [ and ]",
            Expected::SameValues => "the values that the phrase has in the first language",
            Expected::Brace => "a } for every {",
            Expected::Value => "the name of one of the phrase's values",
            Expected::Format => "number, bytes, size, time, lasting or clock",
            Expected::NewName => "a name that no other phrase has",
        };
        write!(f, "line {}: expected {expected}", self.line)
    }
}

impl std::error::Error for Broken {}

/// Puts an entry among the others, or finds the one that is meant.
type Place<'a> = dyn FnMut(&mut Vec<Entry>, Entry) -> Result<usize, Expected> + 'a;

impl Catalogue {
    /// Reads the first language's file.
    ///
    /// # Errors
    /// If it is none.
    pub fn parse(text: &str) -> Result<Catalogue, Broken> {
        let mut catalogue = Catalogue::default();
        catalogue.read(text, &mut |entries, entry| {
            let known = entries.iter().any(|other| other.phrase == entry.phrase);
            entries.push(entry);
            if known { Err(Expected::NewName) } else { Ok(entries.len() - 1) }
        })?;
        sort_by_key(&mut catalogue.entries, |entry| entry.phrase);
        Ok(catalogue)
    }

    /// Reads another language's file on top. It may hold more: what is said in
    /// the first language elsewhere (see `view::fault`).
    ///
    /// # Errors
    /// If it is none, or gives a phrase other values.
    pub fn translated(mut self, text: &str) -> Result<Catalogue, Broken> {
        self.read(text, &mut |entries, entry| {
            let found = entries.binary_search_by_key(&entry.phrase, |entry| entry.phrase);
            Ok(found.unwrap_or_else(|at| {
                entries.insert(at, entry);
                at
            }))
        })?;
        Ok(self)
    }

    /// What is spoken before anything was chosen.
    pub(super) fn at_first() -> Catalogue {
        #[cfg(target_arch = "wasm32")]
        return Catalogue::default();
        #[cfg(not(target_arch = "wasm32"))]
        Catalogue::parse(include_str!("../../../www/text/en.txt")).expect("tested")
    }

    /// The program's German, where it is not fetched.
    #[cfg(not(target_arch = "wasm32"))]
    #[must_use]
    pub fn german() -> Catalogue {
        let german = include_str!("../../../www/text/de.txt");
        Catalogue::at_first().translated(german).expect("tested")
    }

    fn read(&mut self, text: &str, place: &mut Place<'_>) -> Result<(), Broken> {
        let mut at = self.source.len();
        self.source.push_str(text);
        let mut open: Option<usize> = None;
        for (index, line) in text.split('\n').enumerate() {
            let broken = |expected| Broken { line: index + 1, expected };
            let start = at;
            at += line.len() + 1;
            let line = line.trim_end();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let (wording, value) = if let Some(head) = line.strip_prefix('[') {
                let close = head.find(']').ok_or_else(|| broken(Expected::NameInBrackets))?;
                let name = part(head, ..close).find(' ').unwrap_or(close);
                if name == 0 {
                    return Err(broken(Expected::NameInBrackets));
                }
                let from = start + 1;
                let entry = Entry {
                    phrase: Phrase::named(part(head, ..name)),
                    name: from..from + name,
                    values: from + name..from + close,
                    wordings: [0..0, 0..0, 0..0],
                };
                let values = part(head, name..close);
                let found = place(&mut self.entries, entry).map_err(broken)?;
                if self.values(&self.entries[found]) != values {
                    return Err(broken(Expected::SameValues));
                }
                open = Some(found);
                (0, close + 2)
            } else {
                let equals = line.find('=').ok_or_else(|| broken(Expected::HeadOrWording))?;
                let name = part(line, ..equals).trim_end();
                let wording = WORDING_NAMES.iter().position(|known| *known == name);
                (wording.ok_or_else(|| broken(Expected::HeadOrWording))?, equals + 1)
            };
            let Some(open) = open else { return Err(broken(Expected::Head)) };
            let words = line.get(value..).unwrap_or_default().trim_start();
            if words.is_empty() {
                continue;
            }
            let end = start + line.len();
            self.entries[open].wordings[wording] = end - words.len()..end;
            let names = self.values(&self.entries[open]);
            super::fill::check(words, names).map_err(broken)?;
        }
        Ok(())
    }

    /// The template of a phrase's wording, and the names of its values.
    pub(super) fn find(&self, phrase: Phrase) -> Option<&Entry> {
        let found = self.entries.binary_search_by_key(&phrase, |entry| entry.phrase);
        self.entries.get(found.ok()?)
    }

    pub(super) fn values(&self, entry: &Entry) -> &str {
        part(&self.source, entry.values.clone())
    }

    /// Empty where there is none.
    pub(super) fn wording(&self, entry: &Entry, wording: usize) -> &str {
        part(&self.source, entry.wordings[wording].clone())
    }

    /// Every phrase with its name, its values and its three wordings, by
    /// number: for tests and tools.
    pub fn all(&self) -> impl Iterator<Item = (&str, &str, [&str; WORDINGS])> {
        self.entries.iter().map(|entry| {
            let wordings = [0, 1, 2].map(|wording| self.wording(entry, wording));
            (part(&self.source, entry.name.clone()), self.values(entry).trim(), wordings)
        })
    }
}
