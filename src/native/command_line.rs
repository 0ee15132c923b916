//! What the words after `onechef` mean.

use super::check::Check;
use super::config_file::{self, ConfigError, ConfigFile, Place};
use super::serve::Serve;
use crate::engine::config::Config;
use std::ffi::OsString;
use std::fmt;
use std::path::{Path, PathBuf};

/// One invocation.
#[derive(Debug)]
pub enum Invocation {
    Help,
    Version,
    Serve {
        serve: Box<Serve>,
        warnings: Vec<String>,
    },
    Run {
        scenario: PathBuf,
        summary: bool,
    },
    Check(Check),
    /// A recorded trace, for other viewers; `-` is the standard input.
    Export(PathBuf),
    Scenarios,
}

/// A line that cannot be carried out; exit status 2.
#[derive(Debug)]
pub enum UsageError {
    Words(String),
    Config(ConfigError),
    File(PathBuf, std::io::Error),
}

impl fmt::Display for UsageError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            UsageError::Words(text) => write!(f, "{text}\nTry 'onechef --help'."),
            UsageError::Config(error) => error.fmt(f),
            UsageError::File(path, error) => write!(f, "{}: {error}", path.display()),
        }
    }
}

impl std::error::Error for UsageError {}

impl From<lexopt::Error> for UsageError {
    fn from(error: lexopt::Error) -> UsageError {
        UsageError::Words(error.to_string())
    }
}

/// `--help`.
pub const HELP: &str = "\
onechef: Redis's event loop, to look at and to use

  onechef serve [CONFIG_FILE] [--port N] [--bind A] [--record FILE] [--NAME VALUE …]
      Serves RESP on a real port (127.0.0.1 and ::1, 6379, unless told otherwise).
      --NAME VALUE is any of Redis's directives that apply: --maxclients 100,
      --timeout 30, --hz 50, --io-threads 4, --client-output-buffer-limit 'normal 1mb 512kb 10'…
      The same names work in CONFIG_FILE, one a line, as in redis.conf; the
      command line wins. --record writes the trace of the loop (NDJSON).
      Stops cleanly on SIGINT, SIGTERM and SHUTDOWN.

  onechef run SCENARIO [--summary]
      Plays a scenario on the simulated network and prints the trace (NDJSON),
      or a table of its cycles. SCENARIO is a file, or the name of a bundled
      one.

  onechef check [--seeds N] [--from S] [--scenario FILE]
      Runs simulations drawn from N seeds (1000), or one scenario, and checks
      after every half-cycle what must hold. A failure names its seed and is
      made small: the scenario it prints plays with 'onechef run' and in the
      page.

  onechef export TRACE
      Prints a recorded trace (NDJSON; - for the standard input) as JSON that
      Perfetto (ui.perfetto.dev) and chrome://tracing open.

  onechef scenarios
      Names the bundled scenarios.

  onechef --help | --version

Exit status: 0 done, 1 could not run (a port taken, say) or a check failed, 2 could not
understand (the message says file, line and what was expected).
";

/// Reads the words.
///
/// # Errors
/// What could not be understood, and where.
pub fn parse(words: impl IntoIterator<Item = OsString>) -> Result<Invocation, UsageError> {
    use lexopt::prelude::*;
    let mut parser = lexopt::Parser::from_args(words);
    let Some(first) = parser.next()? else { return Ok(Invocation::Help) };
    match first {
        Short('h') | Long("help") => Ok(Invocation::Help),
        Short('V') | Long("version") => Ok(Invocation::Version),
        Value(word) => match word.to_string_lossy().as_ref() {
            "help" => Ok(Invocation::Help),
            "serve" => parse_serve(parser),
            "run" => parse_run(parser),
            "check" => parse_check(parser),
            "export" => parse_export(parser),
            "scenarios" => Ok(Invocation::Scenarios),
            other => Err(UsageError::Words(format!(
                "'{other}' is not a command: expected serve, run, check, export or scenarios"
            ))),
        },
        other => Err(other.unexpected().into()),
    }
}

fn parse_serve(mut parser: lexopt::Parser) -> Result<Invocation, UsageError> {
    use lexopt::prelude::*;
    let mut file: Option<PathBuf> = None;
    let mut record = None;
    let mut directives: Vec<(String, String)> = Vec::new();
    while let Some(argument) = parser.next()? {
        match argument {
            Short('h') | Long("help") => return Ok(Invocation::Help),
            Long("record") => record = Some(PathBuf::from(parser.value()?)),
            Long(name) => {
                let name = name.to_owned();
                // Some directives take several words: --save 3600 1.
                let words: Vec<String> =
                    parser.values()?.map(|word| word.to_string_lossy().into_owned()).collect();
                directives.push((name, words.join(" ")));
            }
            Value(path) if file.is_none() => file = Some(PathBuf::from(path)),
            other => return Err(other.unexpected().into()),
        }
    }
    let mut config = Config::default();
    let mut warnings = Vec::new();
    if let Some(path) = &file {
        warnings = apply_file(&mut config, path)?;
    }
    for (name, value) in directives {
        let place = Place { source: format!("--{name}"), line: 0, column: 0 };
        let warning = config_file::apply_one(&mut config, place, name.as_bytes(), value.as_bytes())
            .map_err(UsageError::Config)?;
        warnings.extend(warning);
    }
    let config_file = file.map(|path| ConfigFile { path });
    Ok(Invocation::Serve { serve: Box::new(Serve { config, config_file, record }), warnings })
}

fn apply_file(config: &mut Config, path: &Path) -> Result<Vec<String>, UsageError> {
    let text =
        std::fs::read_to_string(path).map_err(|error| UsageError::File(path.to_owned(), error))?;
    config_file::apply(config, &path.display().to_string(), &text).map_err(UsageError::Config)
}

fn parse_run(mut parser: lexopt::Parser) -> Result<Invocation, UsageError> {
    use lexopt::prelude::*;
    let mut scenario = None;
    let mut summary = false;
    while let Some(argument) = parser.next()? {
        match argument {
            Short('h') | Long("help") => return Ok(Invocation::Help),
            Long("summary") => summary = true,
            Value(path) if scenario.is_none() => scenario = Some(PathBuf::from(path)),
            other => return Err(other.unexpected().into()),
        }
    }
    let scenario = scenario
        .ok_or_else(|| UsageError::Words("run: expected a scenario's file or name".to_owned()))?;
    Ok(Invocation::Run { scenario, summary })
}

fn parse_export(mut parser: lexopt::Parser) -> Result<Invocation, UsageError> {
    use lexopt::prelude::*;
    let mut trace = None;
    while let Some(argument) = parser.next()? {
        match argument {
            Short('h') | Long("help") => return Ok(Invocation::Help),
            Value(path) if trace.is_none() => trace = Some(PathBuf::from(path)),
            other => return Err(other.unexpected().into()),
        }
    }
    trace
        .map(Invocation::Export)
        .ok_or_else(|| UsageError::Words("export: expected a trace's file, or -".to_owned()))
}

fn parse_check(mut parser: lexopt::Parser) -> Result<Invocation, UsageError> {
    use lexopt::prelude::*;
    let mut check = Check::default();
    while let Some(argument) = parser.next()? {
        match argument {
            Short('h') | Long("help") => return Ok(Invocation::Help),
            Long("seeds") => check.seeds = parser.value()?.parse()?,
            Long("from") => check.from = parser.value()?.parse()?,
            Long("scenario") => check.scenario = Some(PathBuf::from(parser.value()?)),
            other => return Err(other.unexpected().into()),
        }
    }
    Ok(Invocation::Check(check))
}
