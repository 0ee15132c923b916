//! Configuration in Redis's own format: one directive a line, quoting as in
//! redis-cli, `#` comments.

use crate::engine::config::{Config, SetError, find};
use crate::engine::server;
use crate::resp::inline::split_args;
use std::collections::BTreeSet;
use std::fmt::{self, Write as _};
use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

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
        // Files of older releases have it although nobody thought of it.
        Err(SetError::Value(why)) if name.eq_ignore_ascii_case(b"save") => {
            Ok(Some(format!("{place}: directive 'save' is ignored: {why}")))
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
        replace(&self.path, config).map_err(|error| error.to_string())
    }
}

/// Redis: `rewriteConfigOverwriteFile`, *faithful*, also in that a file that
/// is gone is made anew; but who may read it stays: there may be a password in
/// it.
fn replace(path: &Path, config: &Config) -> io::Result<()> {
    let old = match fs::read_to_string(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
        read => read?,
    };
    let mut beside = path.to_owned().into_os_string();
    beside.push(".new");
    let mut file = fs::File::create(&beside)?;
    if let Ok(metadata) = fs::metadata(path) {
        file.set_permissions(metadata.permissions())?;
    }
    file.write_all(rewritten(&old, config).as_bytes())?;
    file.sync_all()?;
    fs::rename(&beside, path)
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
                put(&mut text, directive.name, &directive.value(config));
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
    for directive in changed.iter().filter_map(|(name, _)| find(name.as_bytes())) {
        put(&mut text, directive.name, &directive.value(config));
    }
    text
}

/// One line. Most values are words; a password may be anything.
fn put(text: &mut String, name: &str, value: &[u8]) {
    let words = value.split(|b| *b == b' ').all(|word| !word.is_empty());
    let plain =
        value.iter().all(|b| *b == b' ' || (b.is_ascii_graphic() && !b"\"'\\#".contains(b)));
    // Writing to a string cannot fail.
    _ = if words && plain && name != "requirepass" {
        writeln!(text, "{name} {}", String::from_utf8_lossy(value))
    } else {
        writeln!(text, "{name} \"{}\"", value.escape_ascii())
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

    /// Protects: a file that an older Redis came with starts this server, too.
    #[test]
    fn what_a_stock_file_has_is_warned_about() {
        let mut config = Config::default();
        let stock = "bind 127.0.0.1 -::1\nsave 900 1\nsave 300 10\nrdbcompression yes\nhz 20\n";
        let warnings = apply(&mut config, "redis.conf", stock).expect("no refusal");
        assert_eq!(warnings.len(), 3, "{warnings:?}");
        assert!(
            warnings[0].contains("redis.conf:2:6: directive 'save' is ignored"),
            "{warnings:?}"
        );
        assert_eq!(config.hz, 20);
        let error = apply(&mut config, "redis.conf", "appendonly yes\n").unwrap_err().to_string();
        assert!(error.contains("persistence is not offered"), "{error}");
    }

    /// Protects: a password comes back to the byte, nobody gets to read it who
    /// could not before, and a file that is gone is made anew.
    #[cfg(unix)]
    #[test]
    fn a_rewritten_file_keeps_its_secret() {
        use std::os::unix::fs::PermissionsExt;
        let folder = std::env::temp_dir().join(format!("onechef-rewrite-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let path = folder.join("onechef.conf");
        fs::write(&path, "port 7000\n").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        let mut config = Config::default();
        config.set("port", "7000").unwrap();
        config.set("requirepass", b"\xff a \"b\" \\ \n\xc3").unwrap();
        let read = || {
            let mut config = Config::default();
            let text = fs::read_to_string(&path).unwrap();
            assert_eq!(apply(&mut config, "new", &text), Ok(Vec::new()), "{text}");
            config
        };
        replace(&path, &config).unwrap();
        assert_eq!(read(), config);
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        fs::remove_file(&path).unwrap();
        replace(&path, &config).unwrap();
        assert_eq!(read(), config);
        fs::remove_dir_all(&folder).unwrap();
    }
}
