//! JSON as a trace uses it: values that know their place in the line.
//!
//! serde_json reads the text, one level at a time; a nested value stays text
//! until somebody asks for it. So whatever is wrong with a value can name its
//! column, and reading an event costs a call a field instead of a copy of the
//! parser a type.

use crate::sorted::SortedMap;
use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::cell::RefCell;
use std::fmt;

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

    /// An error of serde_json in text that begins `before` bytes into the line.
    fn of(error: &serde_json::Error, before: usize) -> Fault {
        let mut problem = error.to_string();
        // Its own position is one within that text.
        if let Some(position) = problem.rfind(" at line ") {
            problem.truncate(position);
        }
        Fault { column: before + error.column(), problem, cut: error.is_eof() }
    }
}

/// The first thing that was wrong, if anything was.
///
/// Whoever reads a value that is not what it should be notes it here and goes
/// on with a blank, so that reading a type of many fields has one way out
/// instead of one for each field.
#[derive(Default)]
pub(super) struct Faults(RefCell<Option<Fault>>);

impl Faults {
    #[cold]
    #[inline(never)]
    fn note(&self, fault: Fault) {
        self.0.borrow_mut().get_or_insert(fault);
    }

    /// What was read, if nothing was wrong with it.
    pub fn settle<T>(self, read: T) -> Result<T, Fault> {
        match self.0.into_inner() {
            None => Ok(read),
            Some(fault) => Err(fault),
        }
    }
}

/// One value, still text.
#[derive(Clone, Copy)]
pub(super) struct Raw<'a> {
    text: &'a str,
    /// Bytes of the line before it.
    before: usize,
    faults: &'a Faults,
}

impl<'a> Raw<'a> {
    /// A line as one value; what is wrong with it shows when it is read.
    pub fn line(text: &'a str, faults: &'a Faults) -> Raw<'a> {
        Raw { text, before: 0, faults }
    }

    fn inside(self, value: &'a RawValue) -> Raw<'a> {
        let text = value.get();
        // Both are slices of the same line.
        let offset = text.as_ptr() as usize - self.text.as_ptr() as usize;
        Raw { text, before: self.before + offset, ..self }
    }

    /// Notes that the value is something else than was expected.
    #[cold]
    #[inline(never)]
    pub fn unexpected(self, expected: &str) {
        const SHOWN: usize = 40;
        let mut shown: String = self.text.chars().take(SHOWN).collect();
        if shown.len() < self.text.len() {
            shown.push('…');
        }
        let problem = format!("expected {expected}, found {shown}");
        self.faults.note(Fault::at(self.before + 1, problem));
    }

    #[cold]
    #[inline(never)]
    fn broken(self, error: &serde_json::Error) {
        self.faults.note(Fault::of(error, self.before));
    }

    pub fn is_null(self) -> bool {
        self.text == "null"
    }

    /// An integer from 0 to `most`.
    #[inline(never)]
    pub fn number(self, most: u64) -> u64 {
        match self.text.parse() {
            Ok(number) if number <= most => number,
            _ => {
                self.unexpected(&format!("a whole number from 0 to {most}"));
                0
            }
        }
    }

    pub fn truth(self) -> bool {
        if !matches!(self.text, "true" | "false") {
            self.unexpected("true or false");
        }
        self.text == "true"
    }

    #[inline(never)]
    pub fn string(self) -> Cow<'a, str> {
        let Some(inner) = self.text.strip_prefix('"') else {
            self.unexpected("a string");
            return Cow::Borrowed("");
        };
        match inner.strip_suffix('"') {
            Some(plain) if !plain.contains('\\') => Cow::Borrowed(plain),
            _ => serde_json::from_str::<String>(self.text)
                .map(Cow::Owned)
                .inspect_err(|error| self.broken(error))
                .unwrap_or_default(),
        }
    }

    #[inline(never)]
    pub fn list(self) -> Vec<Raw<'a>> {
        if !self.text.starts_with('[') {
            self.unexpected("a list");
            return Vec::new();
        }
        let values = serde_json::from_str::<Vec<&RawValue>>(self.text)
            .inspect_err(|error| self.broken(error))
            .unwrap_or_default();
        values.into_iter().map(|value| self.inside(value)).collect()
    }

    #[inline(never)]
    pub fn object(self) -> Object<'a> {
        let members = match serde_json::from_str::<Members<'a>>(self.text) {
            Ok(Members(members)) => members,
            Err(error) => {
                // Text that is no JSON has an error of its own; other JSON is
                // told as what it is.
                if error.is_data() {
                    self.unexpected("an object")
                } else {
                    self.broken(&error)
                }
                Vec::new()
            }
        };
        Object { members, whole: self }
    }

    /// One of several kinds: a bare name, or an object whose one key is the
    /// name.
    #[inline(never)]
    pub fn kind(self) -> (Cow<'a, str>, Option<Raw<'a>>) {
        if self.text.starts_with('"') {
            return (self.string(), None);
        }
        let object = self.object();
        match &object.members[..] {
            [(name, body)] => (Cow::Owned(name.clone()), Some(self.inside(body))),
            _ => {
                self.unexpected("one name");
                (Cow::Borrowed(""), None)
            }
        }
    }
}

/// An object's members; those that nobody asks for mean nothing.
pub(super) struct Object<'a> {
    members: Vec<(String, &'a RawValue)>,
    whole: Raw<'a>,
}

impl<'a> Object<'a> {
    /// The member of this name, if there is one. Of several nobody can say
    /// which is meant: that is noted.
    #[inline(never)]
    pub fn find(&self, name: &str) -> Option<Raw<'a>> {
        let mut found = self.members.iter().filter(|(key, _)| key == name);
        let first = found.next()?;
        if let Some((_, again)) = found.next() {
            let column = self.whole.inside(again).before + 1;
            self.whole.faults.note(Fault::at(column, format!("duplicate field `{name}`")));
        }
        Some(self.whole.inside(first.1))
    }

    /// Notes that a member is not there.
    #[cold]
    #[inline(never)]
    pub fn lacks(&self, name: &str) {
        let column = self.whole.before + self.whole.text.len();
        self.whole.faults.note(Fault::at(column, format!("missing field `{name}`")));
    }

    /// All members as strings.
    pub fn strings(&self) -> SortedMap<String, String> {
        let string = |value: &&'a RawValue| self.whole.inside(value).string().into_owned();
        self.members.iter().map(|(key, value)| (key.clone(), string(value))).collect()
    }
}

struct Members<'a>(Vec<(String, &'a RawValue)>);

impl<'de> Deserialize<'de> for Members<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Members<'de>, D::Error> {
        struct Gather;
        impl<'de> Visitor<'de> for Gather {
            type Value = Members<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(Gather)
    }
}
