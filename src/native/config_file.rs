//! Configuration in Redis's own format: one directive a line, quoting as in
//! redis-cli, `#` comments.

use crate::engine::config::{Config, SetError};
use crate::resp::inline::split_args;
use std::fmt;

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
