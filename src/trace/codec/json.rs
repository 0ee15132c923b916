//! JSON as a trace uses it: values that know their place in the line.
//!
//! A line is gone through once, to see that it is JSON and where its values
//! are; what a value says is read when somebody asks for it. So whatever is
//! wrong with a value can name its column, and reading an event costs a call
//! a field.

use super::scan::{Value, Wrong, scan, unescaped};
use crate::part::part;
use crate::sorted::SortedMap;
use std::borrow::Cow;
use std::cell::RefCell;

/// A line's own account of what is wrong with it.
#[derive(Debug)]
pub(super) struct Fault {
    /// From 1, in bytes.
    pub column: usize,
    pub problem: String,
    /// It only ends too early.
    pub cut: bool,
}

impl Fault {
    pub fn at(column: usize, problem: String) -> Fault {
        Fault { column, problem, cut: false }
    }
}

/// One line, all of whose values are found.
pub(super) struct Line<'a> {
    text: &'a str,
    values: Vec<Value>,
    /// The first thing that was wrong, if anything was.
    ///
    /// Whoever reads a value that is not what it should be notes it here and
    /// goes on with a blank, so that reading a type of many fields has one way
    /// out instead of one for each field.
    fault: RefCell<Option<Fault>>,
}

impl<'a> Line<'a> {
    /// # Errors
    /// If it is no JSON.
    pub fn new(text: &'a str) -> Result<Line<'a>, Fault> {
        match scan(text) {
            Ok(values) => Ok(Line { text, values, fault: RefCell::default() }),
            Err(Wrong { at, expected }) => {
                let found = part(text, at..).chars().next();
                let found = found.map_or("the end".to_owned(), |found| found.to_string());
                let cut = at == text.len();
                let column = if cut { at } else { at + 1 };
                Err(Fault { column, problem: format!("expected {expected}, found {found}"), cut })
            }
        }
    }

    /// The line as one value.
    pub fn whole(&self) -> Raw<'_> {
        Raw { line: self, index: 0 }
    }

    #[cold]
    #[inline(never)]
    fn note(&self, column: usize, problem: String) {
        self.fault.borrow_mut().get_or_insert(Fault::at(column, problem));
    }

    /// What was read, if nothing was wrong with it.
    ///
    /// # Errors
    /// The first thing that was.
    pub fn settle<T>(self, read: T) -> Result<T, Fault> {
        match self.fault.into_inner() {
            None => Ok(read),
            Some(fault) => Err(fault),
        }
    }
}

/// One value, still text.
#[derive(Clone, Copy)]
pub(super) struct Raw<'a> {
    line: &'a Line<'a>,
    index: usize,
}

impl<'a> Raw<'a> {
    fn value(self) -> Value {
        self.line.values[self.index]
    }

    #[inline(never)]
    fn text(self) -> &'a str {
        let Value { from, to, .. } = self.value();
        part(self.line.text, from..to)
    }

    /// The values in it that follow each other, those of an object with their
    /// names between; none if it does not begin so.
    fn inside(self, opening: char) -> impl Iterator<Item = Raw<'a>> {
        let Raw { line, index } = self;
        let after = if self.text().starts_with(opening) { self.value().after } else { 0 };
        let mut next = index + 1;
        std::iter::from_fn(move || {
            let index = next;
            (index < after).then(|| {
                next = line.values[index].after;
                Raw { line, index }
            })
        })
    }

    /// Notes that the value is something else than was expected.
    #[cold]
    #[inline(never)]
    pub fn unexpected(self, expected: &str) {
        const SHOWN: usize = 40;
        let text = self.text();
        let mut shown: String = text.chars().take(SHOWN).collect();
        if shown.len() < text.len() {
            shown.push('…');
        }
        let problem = format!("expected {expected}, found {shown}");
        self.line.note(self.value().from + 1, problem);
    }

    pub fn is_null(self) -> bool {
        self.text() == "null"
    }

    /// An integer from 0 to `most`.
    #[inline(never)]
    pub fn number(self, most: u64) -> u64 {
        match self.text().parse() {
            Ok(number) if number <= most => number,
            _ => {
                self.unexpected(&format!("a whole number from 0 to {most}"));
                0
            }
        }
    }

    #[inline(never)]
    pub fn truth(self) -> bool {
        let text = self.text();
        if !matches!(text, "true" | "false") {
            self.unexpected("true or false");
        }
        text == "true"
    }

    #[inline(never)]
    pub fn string(self) -> Cow<'a, str> {
        let text = self.text();
        if !text.starts_with('"') {
            self.unexpected("a string");
            return Cow::Borrowed("");
        }
        let inner = part(text, 1..text.len() - 1);
        if inner.contains('\\') { Cow::Owned(unescaped(inner)) } else { Cow::Borrowed(inner) }
    }

    #[inline(never)]
    pub fn list(self) -> Vec<Raw<'a>> {
        if !self.text().starts_with('[') {
            self.unexpected("a list");
        }
        self.inside('[').collect()
    }

    /// The members of an object; it is noted if this is none.
    fn members(self) -> impl Iterator<Item = (Cow<'a, str>, Raw<'a>)> {
        if !self.text().starts_with('{') {
            self.unexpected("an object");
        }
        let mut inside = self.inside('{');
        std::iter::from_fn(move || Some((inside.next()?.string(), inside.next()?)))
    }

    /// The object's member of this name, if there is one. Of several nobody
    /// can say which is meant: that is noted.
    #[inline(never)]
    pub fn find(self, name: &str) -> Option<Raw<'a>> {
        let mut found = None;
        for (key, value) in self.members() {
            if key == name && found.replace(value).is_some() {
                self.line.note(value.value().from + 1, format!("duplicate field `{name}`"));
            }
        }
        found
    }

    /// Notes that a member is not there.
    #[cold]
    #[inline(never)]
    pub fn lacks(self, name: &str) {
        self.line.note(self.value().to, format!("missing field `{name}`"));
    }

    /// All members as strings.
    pub fn strings(self) -> SortedMap<String, String> {
        self.members().map(|(key, value)| (key.into_owned(), value.string().into_owned())).collect()
    }

    /// One of several kinds: a bare name, or an object whose one key is the
    /// name.
    #[inline(never)]
    pub fn kind(self) -> (Cow<'a, str>, Option<Raw<'a>>) {
        if self.text().starts_with('"') {
            return (self.string(), None);
        }
        let mut members = self.members();
        match (members.next(), members.next()) {
            (Some((name, body)), None) => (name, Some(body)),
            _ => {
                self.unexpected("one name");
                (Cow::Borrowed(""), None)
            }
        }
    }
}
