//! What the words after `onechef` mean.

use super::check::Check;
use super::config_file::{self, ConfigError, ConfigFile, Place};
use super::import::Import;
use super::import::process::Follow;
use super::live::{self, LiveOptions};
use super::redact::Disclosure;
use super::replay::{How, Replay};
use super::serve::{Recording, Serve, Watch};
use super::summary::Form;
use crate::engine::config::Config;
use crate::engine::config::directive::parse_memory;
use std::ffi::OsString;
use std::fmt;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

/// One invocation.
/// What is printed of a run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Print {
    #[default]
    Trace,
    Summary(Form),
    /// How its orders fared, and how other designs would have served them.
    Designs,
}

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
        print: Print,
    },
    /// A run in sentences.
    Story {
        what: PathBuf,
        language: Language,
        wording: Wording,
    },
    Check(Check),
    Replay(Replay),
    /// A recorded trace, for other viewers; `-` is the standard input.
    Export(PathBuf),
    /// What another tracer wrote, as a trace.
    Import(Import),
    /// A running server that is not ours.
    Follow(Box<Follow>),
    Scenarios,
}

/// Which of the page's languages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Language {
    #[default]
    English,
    German,
}

/// The kitchen's words, these with Redis's calls, or Redis's alone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Wording {
    Kitchen,
    #[default]
    Both,
    Redis,
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

  onechef serve [CONFIG_FILE] [--port N] [--bind A] [--NAME VALUE …]
      Serves RESP on a real port (127.0.0.1 and ::1, 6379, unless told otherwise).
      --NAME VALUE is any of Redis's directives that apply: --maxclients 100,
      --timeout 30, --hz 50, --io-threads 4, --client-output-buffer-limit 'normal 1mb 512kb 10'…
      The same names work in CONFIG_FILE, one a line, as in redis.conf; the
      command line wins. Stops cleanly on SIGINT, SIGTERM and SHUTDOWN.

      --live[=ADDRESS]    Lets a browser watch the loop: prints an address with a
                          token, which is the way in (127.0.0.1:8079). Metrics
                          for Prometheus are at /metrics of the same server.
      --step[=SECONDS]    Lets whoever watches hold the loop and let it go, phase
                          by phase; everybody else waits meanwhile. A silent
                          watcher loses the loop after so many seconds (10).
      --page FOLDER       The built page, if it is not in the program, in dist/
                          beside it, or in dist/ here.
      --live-token FILE   Keeps the token in a file, so that watchers find their
                          way back after a restart.
      --live-host NAME    A name that the server goes by for others; needed with
                          an ADDRESS that is not the loopback.
      --record FILE       Writes the trace of the loop (NDJSON).
      --record-limit SIZE Keeps about the last so much of it, in FILE and FILE.1.
      --reveal            Traces show keys and values too. Without it: names of
                          commands, counts, lengths, and keys as keyed hashes.
                          Passwords are never shown.
      --rerun[=SIZE]      With --live and --reveal: keeps what came in since the
                          start, up to so much (16mb), so that what a watcher
                          saves can be run again. (A --record --reveal always can.)

  onechef watch --pid PID [--live=ADDRESS] [--record FILE] [--reveal] …
      Lets a browser watch a redis-server or valkey-server that knows nothing of
      it, through strace, which must be there and allowed to. What a server keeps
      to itself is not shown. The server is slower meanwhile, and goes on when
      this ends. The options are those of serve; there is no --step.

  onechef run SCENARIO [--summary[=json] | --designs]
      Plays a scenario on the simulated network and prints the trace (NDJSON),
      or a table of its cycles and one of how its crowds fared, or the same as
      JSON: an object of cycles and crowds, times in microseconds. SCENARIO is a
      file, the name of a bundled one, or a link that the page made.
      With --designs, compares how its requests fared with how threads would have
      served them.

  onechef story SCENARIO|RECORDING [--language en|de] [--terms kitchen|both|redis]
      Tells a run as plain text, a line a step, in the page's sentences; marks
      the moment that a link points to. (- for the standard input.)

  onechef replay RECORDING [--summary[=json] | --check | --scenario]
      Serves the page on a recording (- for the standard input), as --live does
      and with the same flags. With --summary, prints what run prints.
      A recording made with --reveal holds what came in, too: --check runs it
      again in the simulation and compares, to the byte; --scenario prints the
      scenario that does so, to be changed.

  onechef check [--seeds N] [--from S] [--scenario FILE]
      Runs simulations drawn from N seeds (1000), or one scenario, and checks
      after every half-cycle what must hold. A failure names its seed and is
      made small: the scenario it prints plays with 'onechef run' and in the
      page.

  onechef export TRACE
      Prints a recorded trace (NDJSON; - for the standard input) as JSON that
      Perfetto (ui.perfetto.dev) and chrome://tracing open.

  onechef import strace FILE [-o TRACE] [--reveal]
      Turns what strace wrote about a redis-server or valkey-server (- for the
      standard input) into a trace (NDJSON) that the page plays. Have it written by
        strace -f -ttt -T -yy -s 65536 -o FILE -e trace=CALLS -p PID
      with the CALLS epoll_wait,accept4,read,write,writev,close,epoll_ctl,listen,bind,exit_group.
      What was not written down is not known, and is not made up.

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
            "story" => parse_story(parser),
            "check" => parse_check(parser),
            "replay" => parse_replay(parser),
            "export" => parse_export(parser),
            "import" => parse_import(parser),
            "watch" => parse_watch(parser),
            "scenarios" => match parser.next()? {
                None => Ok(Invocation::Scenarios),
                Some(Short('h') | Long("help")) => Ok(Invocation::Help),
                Some(other) => Err(other.unexpected().into()),
            },
            other => Err(UsageError::Words(format!(
                "'{other}' is not a command: expected serve, watch, run, story, check, replay, export, import or scenarios"
            ))),
        },
        other => Err(other.unexpected().into()),
    }
}

fn parse_serve(mut parser: lexopt::Parser) -> Result<Invocation, UsageError> {
    use lexopt::prelude::*;
    let mut file: Option<PathBuf> = None;
    let mut flags = WatchFlags::default();
    let mut directives: Vec<(String, Vec<u8>)> = Vec::new();
    while let Some(argument) = parser.next()? {
        match argument {
            Short('h') | Long("help") => return Ok(Invocation::Help),
            Long(name) => {
                let name = name.to_owned();
                if flags.take(&name, &mut parser)? {
                    continue;
                }
                let value = directive_value(&name, &mut parser)?;
                directives.push((name, value));
            }
            Value(path) if file.is_none() => file = Some(PathBuf::from(path)),
            other => return Err(other.unexpected().into()),
        }
    }
    let mut config = Config::default();
    let mut warnings = Vec::new();
    if let Some(path) = &file {
        if flags.live.is_some() && !path.exists() && live_address(&path.to_string_lossy()).is_ok() {
            let address = path.display();
            return Err(words(format!("--live takes its address like this: --live={address}")));
        }
        warnings = apply_file(&mut config, path)?;
    }
    for (name, value) in directives {
        let place = Place { source: format!("--{name}"), line: 0, column: 0 };
        let warning = config_file::apply_one(&mut config, place, name.as_bytes(), &value)
            .map_err(UsageError::Config)?;
        warnings.extend(warning);
    }
    let config_file = file.map(|path| ConfigFile { path });
    let watch = flags.finish()?;
    Ok(Invocation::Serve { serve: Box::new(Serve { config, config_file, watch }), warnings })
}

/// A directive's words: all up to the next `--`, as redis-server has it, since
/// a value may be several words (`--save 3600 1`) and begin with a dash
/// (`--bind 127.0.0.1 -::1`, `--slowlog-log-slower-than -1`).
fn directive_value(name: &str, parser: &mut lexopt::Parser) -> Result<Vec<u8>, UsageError> {
    if let Some(value) = parser.optional_value() {
        return Ok(value.into_encoded_bytes());
    }
    let mut rest = parser.raw_args()?;
    let mut words = Vec::new();
    while let Some(word) = rest.next_if(|word| !word.as_encoded_bytes().starts_with(b"--")) {
        words.push(word.into_encoded_bytes());
    }
    if words.is_empty() {
        return Err(self::words(format!("--{name}: expected a value")));
    }
    Ok(words.join(&b' '))
}

/// The flags about who is told.
#[derive(Default)]
struct WatchFlags {
    record: Option<PathBuf>,
    record_limit_bytes: Option<u64>,
    live: Option<SocketAddr>,
    hosts: Vec<String>,
    page: Option<PathBuf>,
    token: Option<PathBuf>,
    step: Option<Duration>,
    rerun_bytes: Option<usize>,
    disclosure: Disclosure,
}

impl WatchFlags {
    /// Takes a flag and its value, if it is one of these.
    fn take(&mut self, name: &str, parser: &mut lexopt::Parser) -> Result<bool, UsageError> {
        use lexopt::ValueExt;
        match name {
            "record" => self.record = Some(PathBuf::from(parser.value()?)),
            "record-limit" => {
                let text = parser.value()?.string()?;
                self.record_limit_bytes = Some(size("--record-limit", &text)?);
            }
            "rerun" => {
                self.rerun_bytes = Some(match parser.optional_value() {
                    None => live::DEFAULT_RERUN_BYTES,
                    Some(text) => {
                        let bytes = size("--rerun", &text.string()?)?;
                        usize::try_from(bytes).unwrap_or(usize::MAX)
                    }
                });
            }
            "live" => {
                self.live = Some(match parser.optional_value() {
                    None => live::DEFAULT_ADDRESS,
                    Some(text) => live_address(&text.string()?)?,
                });
            }
            "live-host" => self.hosts.push(parser.value()?.string()?),
            "live-token" => self.token = Some(PathBuf::from(parser.value()?)),
            "page" => self.page = Some(PathBuf::from(parser.value()?)),
            "step" => {
                self.step = Some(match parser.optional_value() {
                    None => live::DEFAULT_STEP_LEASE,
                    Some(text) => {
                        let text = text.string()?;
                        let seconds = text.parse::<u64>().map_err(|_| {
                            words(format!("--step: '{text}' is no number of seconds"))
                        })?;
                        Duration::from_secs(seconds.clamp(1, 3_600))
                    }
                });
            }
            "reveal" => self.disclosure = Disclosure::All,
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn needs_live(&self) -> bool {
        let kept = self.token.is_some() || self.page.is_some() || !self.hosts.is_empty();
        self.step.is_some() || kept
    }

    fn finish(self) -> Result<Watch, UsageError> {
        if self.live.is_none() && self.needs_live() {
            return Err(words("--step, --page, --live-host and --live-token need --live"));
        }
        if self.record.is_none() && self.record_limit_bytes.is_some() {
            return Err(words("--record-limit needs --record"));
        }
        if self.rerun_bytes.is_some() && (self.live.is_none() || self.disclosure != Disclosure::All)
        {
            return Err(words(
                "--rerun needs --live and --reveal: what comes in is told only with all the rest",
            ));
        }
        let WatchFlags { hosts, page, token, step, disclosure, .. } = self;
        let rerun_bytes = self.rerun_bytes.unwrap_or(0);
        let limit_bytes = self.record_limit_bytes;
        Ok(Watch {
            record: self.record.map(|path| Recording { path, limit_bytes }),
            live: self.live.map(|address| LiveOptions { address, hosts, page, token, step }),
            disclosure,
            rerun_bytes,
        })
    }
}

/// The number behind a flag.
fn number<T: FromStr<Err: fmt::Display>>(
    flag: &str,
    parser: &mut lexopt::Parser,
) -> Result<T, UsageError> {
    let text = parser.value()?.to_string_lossy().into_owned();
    text.parse().map_err(|error| words(format!("{flag}: '{text}' is no number that fits: {error}")))
}

fn size(flag: &str, text: &str) -> Result<u64, UsageError> {
    let bytes = parse_memory(text.as_bytes()).filter(|bytes| *bytes > 0);
    bytes.ok_or_else(|| words(format!("{flag}: '{text}' is no size: expected 64mb, say")))
}

fn parse_watch(mut parser: lexopt::Parser) -> Result<Invocation, UsageError> {
    use lexopt::prelude::*;
    let mut pid = None;
    let mut flags = WatchFlags { live: Some(live::DEFAULT_ADDRESS), ..WatchFlags::default() };
    while let Some(argument) = parser.next()? {
        match argument {
            Short('h') | Long("help") => return Ok(Invocation::Help),
            Short('p') | Long("pid") => pid = Some(number("--pid", &mut parser)?),
            Long("step" | "rerun") => {
                return Err(words("watch: only a loop of our own can be held or run again"));
            }
            Long(name) => {
                let name = name.to_owned();
                if !flags.take(&name, &mut parser)? {
                    return Err(words(format!("watch: --{name} is not understood")));
                }
            }
            other => return Err(other.unexpected().into()),
        }
    }
    let pid = pid.filter(|pid: &u32| *pid > 0).ok_or_else(|| words("watch: expected --pid PID"))?;
    Ok(Invocation::Follow(Box::new(Follow { pid, watch: flags.finish()? })))
}

fn words(text: impl Into<String>) -> UsageError {
    UsageError::Words(text.into())
}

/// An address, a port, or an address of the default port.
fn live_address(text: &str) -> Result<SocketAddr, UsageError> {
    let default = live::DEFAULT_ADDRESS;
    let port = |text: &str| text.parse().ok().map(|port| SocketAddr::new(default.ip(), port));
    let ip = |text: &str| text.parse().ok().map(|ip| SocketAddr::new(ip, default.port()));
    text.parse().ok().or_else(|| port(text)).or_else(|| ip(text)).ok_or_else(|| {
        words(format!("--live: '{text}' is no address: expected 127.0.0.1:8079, say, or a port"))
    })
}

fn apply_file(config: &mut Config, path: &Path) -> Result<Vec<String>, UsageError> {
    let text =
        std::fs::read_to_string(path).map_err(|error| UsageError::File(path.to_owned(), error))?;
    config_file::apply(config, &path.display().to_string(), &text).map_err(UsageError::Config)
}

fn parse_form(parser: &mut lexopt::Parser) -> Result<Form, UsageError> {
    match parser.optional_value() {
        None => Ok(Form::Table),
        Some(form) if form == "json" => Ok(Form::Json),
        Some(form) => {
            let form = form.to_string_lossy();
            Err(words(format!("--summary={form}: expected json, or nothing for a table")))
        }
    }
}

fn parse_run(mut parser: lexopt::Parser) -> Result<Invocation, UsageError> {
    use lexopt::prelude::*;
    let mut scenario = None;
    let mut print = Print::default();
    while let Some(argument) = parser.next()? {
        match argument {
            Short('h') | Long("help") => return Ok(Invocation::Help),
            Long("summary" | "designs") if print != Print::Trace => {
                return Err(words("run: one of --summary and --designs at a time"));
            }
            Long("summary") => print = Print::Summary(parse_form(&mut parser)?),
            Long("designs") => print = Print::Designs,
            Value(path) if scenario.is_none() => scenario = Some(PathBuf::from(path)),
            other => return Err(other.unexpected().into()),
        }
    }
    let scenario = scenario.ok_or_else(|| {
        UsageError::Words("run: expected a scenario's file, name or link".to_owned())
    })?;
    Ok(Invocation::Run { scenario, print })
}

fn parse_story(mut parser: lexopt::Parser) -> Result<Invocation, UsageError> {
    use lexopt::prelude::*;
    let (mut what, mut language) = (None, Language::default());
    let mut wording = Wording::default();
    while let Some(argument) = parser.next()? {
        match argument {
            Short('h') | Long("help") => return Ok(Invocation::Help),
            Long("language") => {
                language = match parser.value()?.to_string_lossy().as_ref() {
                    "en" => Language::English,
                    "de" => Language::German,
                    other => {
                        return Err(words(format!("--language {other}: expected en or de")));
                    }
                }
            }
            Long("terms") => {
                wording = match parser.value()?.to_string_lossy().as_ref() {
                    "kitchen" => Wording::Kitchen,
                    "both" => Wording::Both,
                    "redis" => Wording::Redis,
                    other => {
                        return Err(words(format!(
                            "--terms {other}: expected kitchen, both or redis"
                        )));
                    }
                }
            }
            Value(path) if what.is_none() => what = Some(PathBuf::from(path)),
            other => return Err(other.unexpected().into()),
        }
    }
    let what = what.ok_or_else(|| {
        words("story: expected a scenario's file, name or link, a recording, or -")
    })?;
    Ok(Invocation::Story { what, language, wording })
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

fn parse_import(mut parser: lexopt::Parser) -> Result<Invocation, UsageError> {
    use lexopt::prelude::*;
    let (mut kind, mut from, mut to) = (None, None, None);
    let mut disclosure = Disclosure::default();
    while let Some(argument) = parser.next()? {
        match argument {
            Short('h') | Long("help") => return Ok(Invocation::Help),
            Short('o') | Long("output") => to = Some(PathBuf::from(parser.value()?)),
            Long("reveal") => disclosure = Disclosure::All,
            Value(word) if kind.is_none() => kind = Some(word),
            Value(path) if from.is_none() => from = Some(PathBuf::from(path)),
            other => return Err(other.unexpected().into()),
        }
    }
    match (kind, from) {
        (Some(kind), Some(from)) if kind == "strace" => {
            Ok(Invocation::Import(Import { from, to, disclosure }))
        }
        (Some(kind), _) if kind != "strace" => {
            let kind = kind.to_string_lossy();
            Err(words(format!("import: '{kind}' is not understood: expected strace FILE")))
        }
        _ => Err(words("import: expected strace FILE, or - for the standard input")),
    }
}

fn parse_replay(mut parser: lexopt::Parser) -> Result<Invocation, UsageError> {
    use lexopt::prelude::*;
    let mut flags = WatchFlags::default();
    let (mut file, mut how) = (None, None);
    while let Some(argument) = parser.next()? {
        match argument {
            Short('h') | Long("help") => return Ok(Invocation::Help),
            Long("summary" | "check" | "scenario") if how.is_some() => {
                return Err(words("replay: one of --summary, --check and --scenario at a time"));
            }
            Long("summary") => how = Some(How::Summary(parse_form(&mut parser)?)),
            Long("check") => how = Some(How::Check),
            Long("scenario") => how = Some(How::Scenario),
            Long(name @ ("live" | "live-host" | "live-token" | "page")) => {
                let name = name.to_owned();
                flags.take(&name, &mut parser)?;
            }
            Value(path) if file.is_none() => file = Some(PathBuf::from(path)),
            other => return Err(other.unexpected().into()),
        }
    }
    let file = file.ok_or_else(|| words("replay: expected a recording's file, or -"))?;
    let is_flagged = flags.live.is_some() || flags.needs_live();
    let how = match how {
        Some(_) if is_flagged => {
            return Err(words("replay: --summary, --check and --scenario serve no page"));
        }
        Some(how) => how,
        None => {
            flags.live.get_or_insert(live::DEFAULT_ADDRESS);
            How::Serve(flags.finish()?.live.expect("an address was given"))
        }
    };
    Ok(Invocation::Replay(Replay { file, how }))
}

fn parse_check(mut parser: lexopt::Parser) -> Result<Invocation, UsageError> {
    use lexopt::prelude::*;
    let (mut check, mut drawn) = (Check::default(), false);
    while let Some(argument) = parser.next()? {
        match argument {
            Short('h') | Long("help") => return Ok(Invocation::Help),
            Long("seeds") => {
                check.seeds = number("--seeds", &mut parser)?;
                drawn = true;
            }
            Long("from") => {
                check.from = number("--from", &mut parser)?;
                drawn = true;
            }
            Long("scenario") => check.scenario = Some(PathBuf::from(parser.value()?)),
            other => return Err(other.unexpected().into()),
        }
    }
    if drawn && check.scenario.is_some() {
        return Err(words("check: --seeds and --from draw scenarios, --scenario names one"));
    }
    Ok(Invocation::Check(check))
}

#[cfg(test)]
mod tests;
