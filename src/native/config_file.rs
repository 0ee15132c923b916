//! Configuration in Redis's own format: one directive a line, quoting as in
//! redis-cli, `#` comments.

use crate::engine::config::{Config, SetError, find};
use crate::engine::server;
use crate::resp::inline::split_args;
use std::collections::BTreeSet;
use std::fmt::{self, Write};
use std::path::PathBuf;

/// Where a directive came from, for messages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// A file's name, or `command line`.
    pub source: String,
    /// From 1; 0 on the command line.
    pub line: usize,
    pub column: usize,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.line == 0 {
            f.write_str(&self.source)
        } else {
            write!(f, "{}:{}:{}", self.source, self.line, self.column)
        }
    }
}

/// A directive that cannot be used, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigError {
    pub place: Place,
    pub reason: String,
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.reason)
    }
}

impl std::error::Error for ConfigError {}

/// Applies a whole file. Returns warnings about directives that are unknown
/// here; a file written for Redis should start, and say what it does not do.
///
/// # Errors
/// The first line that cannot be read or whose value is refused.
pub fn apply(config: &mut Config, source: &str, text: &str) -> Result<Vec<String>, ConfigError> {
    let mut warnings = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let trimmed = line.trim_start();
        if trimmed.is_empty() || trimmed.starts_with('#') {
            continue;
        }
        let indent = line.len() - trimmed.len();
        let place = |column| Place { source: source.to_owned(), line: index + 1, column };
        let (mut ranges, mut unquoted) = (Vec::new(), Vec::new());
        split_args(trimmed.as_bytes(), &mut ranges, &mut unquoted).map_err(|unbalanced| {
            ConfigError {
                place: place(indent + unbalanced.at + 1),
                reason: "unbalanced quotes: expected a closing quote, then a space or the end"
                    .to_owned(),
            }
        })?;
        let words: Vec<&[u8]> = ranges.into_iter().map(|range| &unquoted[range]).collect();
        let Some((name, values)) = words.split_first() else { continue };
        let value_column = indent + 1 + trimmed.find(char::is_whitespace).map_or(0, |i| i + 1);
        let at = place(if values.is_empty() { indent + 1 } else { value_column });
        if let Some(warning) = apply_one(config, at, name, &values.join(&b' '))? {
            warnings.push(warning);
        }
    }
    Ok(warnings)
}

/// Applies one directive; `Some` is a warning.
///
/// # Errors
/// If the value is refused.
pub fn apply_one(
    config: &mut Config,
    place: Place,
    name: &[u8],
    value: &[u8],
) -> Result<Option<String>, ConfigError> {
    let shown = String::from_utf8_lossy(name);
    match config.set(name, value) {
        Ok(()) => Ok(None),
        Err(SetError::Unknown) => {
            Ok(Some(format!("{place}: directive '{shown}' is not known here and is ignored")))
        }
        Err(error) => Err(ConfigError {
            place,
            reason: format!(
                "'{}' is no value for {shown}: {error}",
                String::from_utf8_lossy(value)
            ),
        }),
    }
}

/// The file that the server was started with, for CONFIG REWRITE.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigFile {
    pub path: PathBuf,
}

impl server::ConfigFile for ConfigFile {
    /// All or nothing: a new file takes the old one's place when it is whole.
    fn rewrite(&self, config: &Config) -> Result<(), String> {
        let say = |error: std::io::Error| error.to_string();
        let old = std::fs::read_to_string(&self.path).map_err(say)?;
        let mut beside = self.path.clone().into_os_string();
        beside.push(".new");
        std::fs::write(&beside, rewritten(&old, config)).map_err(say)?;
        std::fs::rename(&beside, &self.path).map_err(say)
    }
}

/// The text of a file with every directive at its present value: in its place
/// if it has one, else at the end unless it is at its default. Comments and
/// what is not known here stay.
///
/// Redis: `rewriteConfig`, *faithful*.
fn rewritten(old: &str, config: &Config) -> String {
    let (mut text, mut written) = (String::new(), BTreeSet::new());
    for line in old.lines() {
        let directive = line.split_whitespace().next().and_then(|name| find(name.as_bytes()));
        match directive {
            Some(directive) if written.insert(directive.name) => {
                put(&mut text, directive.name, &directive.get(config));
            }
            // Said twice: the first place has the value.
            Some(_) => {}
            None => text = text + line + "\n",
        }
    }
    let mut changed = config.changed_from_default();
    changed.retain(|(name, _)| {
        find(name.as_bytes()).is_some_and(|d| d.name == *name && !written.contains(d.name))
    });
    if !changed.is_empty() {
        text.push_str("# Written by CONFIG REWRITE\n");
    }
    for (name, value) in changed {
        put(&mut text, name, &value);
    }
    text
}

/// One line. Most values are words; a password may be anything.
fn put(text: &mut String, name: &str, value: &str) {
    let words = value.split(' ').all(|word| !word.is_empty());
    let plain =
        value.bytes().all(|b| b == b' ' || (b.is_ascii_graphic() && !b"\"'\\#".contains(&b)));
    // Writing to a string cannot fail.
    _ = if words && plain && name != "requirepass" {
        writeln!(text, "{name} {value}")
    } else {
        writeln!(text, "{name} \"{}\"", value.as_bytes().escape_ascii())
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Protects: what people wrote stays, and the file says what the server
    /// does, read back by the same reader.
    #[test]
    fn a_rewritten_file_says_the_same_and_keeps_what_it_does_not_know() {
        let old = "# ours\ntimeout 5\nrdbcompression yes\nTIMEOUT 6\n\nhz 10\n";
        let mut config = Config::default();
        apply(&mut config, "old", old).expect("a file that can be read");
        for (name, value) in [
            ("timeout", "7"),
            ("hz", "10"),
            ("requirepass", "pass \"word\" #1"),
            ("client-output-buffer-limit", "pubsub 1mb 512kb 3"),
            ("bind", "127.0.0.1 -::1 10.0.0.1"),
        ] {
            config.set(name, value).expect("a value that fits");
        }
        let text = rewritten(old, &config);
        assert!(text.starts_with("# ours\ntimeout 7\nrdbcompression yes\n\nhz 10\n"), "{text}");
        let mut again = Config::default();
        apply(&mut again, "new", &text).unwrap_or_else(|error| panic!("{error}\n{text}"));
        assert_eq!(again, config, "{text}");
        assert_eq!(rewritten(&text, &config), text, "nothing changes the second time");
    }
}
