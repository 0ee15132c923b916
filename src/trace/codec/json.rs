//! JSON as a trace uses it: values that know their place in the line.
//!
//! serde_json reads the text, one level at a time; a nested value stays text
//! until somebody asks for it. So whatever is wrong with a value can name its
//! column, and reading an event costs a call a field instead of a copy of the
//! parser a type.

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::collections::BTreeMap;
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

/// One value, still text.
#[derive(Clone, Copy)]
pub(super) struct Raw<'a> {
    text: &'a str,
    /// Bytes of the line before it.
    before: usize,
}

impl<'a> Raw<'a> {
    /// A line as one value; what is wrong with it shows when it is read.
    pub fn line(text: &'a str) -> Raw<'a> {
        Raw { text, before: 0 }
    }

    fn inside(self, value: &'a RawValue) -> Raw<'a> {
        let text = value.get();
        // Both are slices of the same line.
        let offset = text.as_ptr() as usize - self.text.as_ptr() as usize;
        Raw { text, before: self.before + offset }
    }

    fn last_column(self) -> usize {
        self.before + self.text.len()
    }

    /// The value is something else than was expected.
    #[cold]
    #[inline(never)]
    pub fn unexpected(self, expected: &str) -> Fault {
        const SHOWN: usize = 40;
        let mut shown: String = self.text.chars().take(SHOWN).collect();
        if shown.len() < self.text.len() {
            shown.push('…');
        }
        Fault::at(self.before + 1, format!("expected {expected}, found {shown}"))
    }

    pub fn is_null(self) -> bool {
        self.text == "null"
    }

    /// An integer from 0 to `most`.
    #[inline(never)]
    pub fn number(self, most: u64) -> Result<u64, Fault> {
        let number = self.text.parse().ok().filter(|number| *number <= most);
        number.ok_or_else(|| self.unexpected(&format!("a whole number from 0 to {most}")))
    }

    pub fn truth(self) -> Result<bool, Fault> {
        match self.text {
            "true" => Ok(true),
            "false" => Ok(false),
            _ => Err(self.unexpected("true or false")),
        }
    }

    #[inline(never)]
    pub fn string(self) -> Result<Cow<'a, str>, Fault> {
        let Some(inner) = self.text.strip_prefix('"') else {
            return Err(self.unexpected("a string"));
        };
        match inner.strip_suffix('"') {
            Some(plain) if !plain.contains('\\') => Ok(Cow::Borrowed(plain)),
            _ => serde_json::from_str::<String>(self.text)
                .map(Cow::Owned)
                .map_err(|error| Fault::of(&error, self.before)),
        }
    }

    #[inline(never)]
    pub fn list(self) -> Result<Vec<Raw<'a>>, Fault> {
        if !self.text.starts_with('[') {
            return Err(self.unexpected("a list"));
        }
        serde_json::from_str::<Vec<&RawValue>>(self.text)
            .map(|values| values.into_iter().map(|value| self.inside(value)).collect())
            .map_err(|error| Fault::of(&error, self.before))
    }

    #[inline(never)]
    pub fn object(self) -> Result<Object<'a>, Fault> {
        match serde_json::from_str::<Members<'a>>(self.text) {
            Ok(Members(members)) => Ok(Object { members, whole: self }),
            // Text that is no JSON has an error of its own; other JSON is told
            // as what it is.
            Err(error) if error.is_data() => Err(self.unexpected("an object")),
            Err(error) => Err(Fault::of(&error, self.before)),
        }
    }

    /// One of several kinds: a bare name, or an object whose one key is the
    /// name.
    #[inline(never)]
    pub fn kind(self) -> Result<(Cow<'a, str>, Option<Raw<'a>>), Fault> {
        if self.text.starts_with('"') {
            return Ok((self.string()?, None));
        }
        let object = self.object()?;
        match &object.members[..] {
            [(name, body)] => Ok((Cow::Owned(name.clone()), Some(self.inside(body)))),
            _ => Err(self.unexpected("one name")),
        }
    }
}

/// An object's members; those that nobody asks for mean nothing.
pub(super) struct Object<'a> {
    members: Vec<(String, &'a RawValue)>,
    whole: Raw<'a>,
}

impl<'a> Object<'a> {
    /// The member of this name, if there is one.
    ///
    /// # Errors
    /// If there are several: which one was meant?
    #[inline(never)]
    pub fn find(&self, name: &str) -> Result<Option<Raw<'a>>, Fault> {
        let mut found = self.members.iter().filter(|(key, _)| key == name);
        let first = found.next().map(|(_, value)| self.whole.inside(value));
        match found.next() {
            None => Ok(first),
            Some((_, again)) => Err(Fault::at(
                self.whole.inside(again).before + 1,
                format!("duplicate field `{name}`"),
            )),
        }
    }

    /// All members as strings.
    pub fn strings(&self) -> Result<BTreeMap<String, String>, Fault> {
        let string = |value: &&'a RawValue| self.whole.inside(value).string().map(Cow::into_owned);
        self.members.iter().map(|(key, value)| Ok((key.clone(), string(value)?))).collect()
    }

    #[cold]
    #[inline(never)]
    pub fn lacks(&self, name: &str) -> Fault {
        Fault::at(self.whole.last_column(), format!("missing field `{name}`"))
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
