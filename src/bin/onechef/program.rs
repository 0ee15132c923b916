//! Does what was asked for.

use crate::source::{self, Named, Source};
use onechef::native::command_line::{self, Invocation, Language, Print, Wording};
use onechef::native::serve;
use onechef::native::summary::{self, Crowd, Form};
use onechef::sim::{self, Progress, Scenario, Sim};
use onechef::trace::Record;
use onechef::trace::codec::Writer;
use onechef::trace::{Timeline, perfetto};
use onechef::view::lanes::Load;
use onechef::view::requests::Requests;
use onechef::view::text::{self, Catalogue};
use onechef::view::{Terms, designs, plain};
use std::io::{self, BufWriter, Write};
use std::path::Path;
use std::process::ExitCode;

/// A run that is not over by then says so and ends.
const CYCLE_LIMIT: u64 = 1_000_000;

const COULD_NOT_RUN: u8 = 1;
pub const COULD_NOT_UNDERSTAND: u8 = 2;

pub fn main() -> ExitCode {
    match command_line::parse(std::env::args_os().skip(1)) {
        Ok(invocation) => match carry_out(invocation) {
            Ok(()) => ExitCode::SUCCESS,
            Err(Failure(status, message)) => {
                eprintln!("onechef: {message}");
                ExitCode::from(status)
            }
        },
        Err(error) => {
            eprintln!("onechef: {error}");
            ExitCode::from(COULD_NOT_UNDERSTAND)
        }
    }
}

/// Of a scenario that begins with a tape.
const RECORDED: &str = "a recorded run cannot be checked: its clock and its network are a \
    real machine's, and the checker knows the simulation's; 'onechef replay RECORDING \
    --check' runs it again and compares";

/// The same.
const WITHOUT_PRICES: &str = "a recorded run cannot be compared with other designs: they are \
    worked out with the simulation's prices, which a real machine does not state";

/// The exit status, and why.
pub struct Failure(pub u8, pub String);

fn carry_out(invocation: Invocation) -> Result<(), Failure> {
    match invocation {
        Invocation::Help => print(command_line::HELP),
        Invocation::Version => print(&format!("onechef {}\n", env!("CARGO_PKG_VERSION"))),
        Invocation::Scenarios => {
            let names: String = sim::scenarios()
                .iter()
                .map(|s| format!("{:<18} {}\n", s.slug, s.scenario().title))
                .collect();
            print(&names)
        }
        Invocation::Serve { serve, warnings } => {
            for warning in warnings {
                eprintln!("onechef: warning: {warning}");
            }
            serve::serve(*serve).map_err(|e| Failure(COULD_NOT_RUN, e.to_string()))
        }
        Invocation::Export(trace) => export(&trace),
        Invocation::Replay(replay) => replay
            .carry_out(sum_up, &mut io::stdout())
            .map_err(|error| Failure(error.status(), error.to_string())),
        Invocation::Import(import) => {
            let (status, done) = match import.carry_out() {
                Ok(done) => (None, done.to_string()),
                Err(error) => (Some(error.status()), error.to_string()),
            };
            match status {
                None => eprintln!("onechef: {done}"),
                Some(status) => return Err(Failure(status, done)),
            }
            Ok(())
        }
        Invocation::Follow(follow) => {
            follow.carry_out().map_err(|e| Failure(COULD_NOT_RUN, e.to_string()))
        }
        Invocation::Story { what, language, wording } => story(&what, language, wording),
        Invocation::Run { scenario, print } => run(&scenario, print),
        Invocation::Check(check) => {
            let named = check.scenario.as_deref().map(source::scenario).transpose()?;
            let scenario = named.map(|named| named.scenario);
            if scenario.as_ref().is_some_and(|scenario| scenario.tape.is_some()) {
                return Err(Failure(COULD_NOT_UNDERSTAND, RECORDED.to_owned()));
            }
            let (passed, report) = check.carry_out(scenario);
            print(&report)?;
            let failed = || Failure(COULD_NOT_RUN, "an invariant does not hold".to_owned());
            passed.then_some(()).ok_or_else(failed)
        }
    }
}

fn run(path: &Path, what: Print) -> Result<(), Failure> {
    let scenario = source::scenario(path)?.scenario;
    let (records, progress) = records_of(&scenario);
    let written = match what {
        Print::Trace => {
            quiet_pipe(write_trace(BufWriter::new(io::stdout().lock()), &scenario, &records))
        }
        Print::Summary(form) => print(&sum_up(records, form)),
        Print::Designs if scenario.tape.is_some() => {
            return Err(Failure(COULD_NOT_UNDERSTAND, WITHOUT_PRICES.to_owned()));
        }
        Print::Designs => {
            let (helped, _) = records_of(&scenario.with(designs::HELPED));
            let [was, helped] = [records, helped].map(requests);
            let (was, helped) = ((&was.0, &was.1), (&helped.0, &helped.1));
            print(&plain::designs(&designs::compare(was, Some(helped), &scenario.costs)))
        }
    };
    if progress == Progress::Ran {
        eprintln!("onechef: stopped after {CYCLE_LIMIT} cycles; the scenario is not over");
    }
    written
}

fn records_of(scenario: &Scenario) -> (Vec<Record>, Progress) {
    let mut records = Vec::new();
    let progress = Sim::new(scenario).run_to_quiet(CYCLE_LIMIT, &mut records);
    (records, progress)
}

/// A run's cycles, and how its crowds fared.
fn sum_up(records: Vec<Record>, form: Form) -> String {
    match form {
        Form::Table => sim::summary::table(&records) + &plain::loads(&loads(records)),
        Form::Json => {
            let cycles = sim::summary::rows(&records);
            let crowds: Vec<Crowd> = loads(records).into_iter().map(crowd).collect();
            summary::json(&cycles, &crowds)
        }
    }
}

fn loads(records: Vec<Record>) -> Vec<Load> {
    let (timeline, requests) = requests(records);
    Load::all(&timeline, &requests, timeline.len())
}

fn requests(records: Vec<Record>) -> (Timeline, Requests) {
    let mut timeline = Timeline::new();
    if let Err(full) = records.into_iter().try_for_each(|record| timeline.push(record)) {
        eprintln!("onechef: warning: {full}: what comes after them is not counted");
    }
    let requests = Requests::of(timeline.records());
    (timeline, requests)
}

fn crowd(Load { crowd, sent, took, per_second }: Load) -> Crowd {
    let [p50_us, p90_us, p99_us, max_us] = [took.p50, took.p90, took.p99, took.max].map(|t| t.0);
    Crowd { crowd, sent, answered: took.orders, per_second, p50_us, p90_us, p99_us, max_us }
}

/// As plain text: its title, what it is about, and what happens.
fn story(what: &Path, language: Language, wording: Wording) -> Result<(), Failure> {
    if language == Language::German {
        text::speak(Catalogue::german());
    }
    let terms = match wording {
        Wording::Kitchen => Terms::Kitchen,
        Wording::Both => Terms::Both,
        Wording::Redis => Terms::Redis,
    };
    let mut timeline = Timeline::new();
    let mut records = Vec::new();
    let (title, about, at) = match source::open(what)? {
        Source::Scenario(Named { scenario, at }) => {
            Sim::new(&scenario).run_to_quiet(CYCLE_LIMIT, &mut records);
            (scenario.title, scenario.about, at)
        }
        Source::Recording(name, trace) => {
            records = trace.records;
            (name, String::new(), None)
        }
    };
    let whole = records.into_iter().try_for_each(|record| timeline.push(record));
    timeline.finish();
    // What the file says of itself is no more to be trusted than what
    // clients send.
    let mut told: String = [title, about]
        .iter()
        .filter(|line| !line.is_empty())
        .map(|line| line.replace(char::is_control, "?") + "\n")
        .collect();
    told.push('\n');
    told.push_str(&plain::tell(&timeline, at, terms));
    print(&told)?;
    if whole.is_err() {
        eprintln!("onechef: stopped after {} records", Timeline::RECORD_LIMIT);
    }
    Ok(())
}

fn export(path: &Path) -> Result<(), Failure> {
    let trace = source::recording(&path.display().to_string(), &source::read(path)?)?;
    print(&perfetto::to_text(&trace.records))
}

fn write_trace(out: impl Write, scenario: &Scenario, records: &[Record]) -> io::Result<()> {
    let mut writer = Writer::new(out, &scenario.header())?;
    records.iter().try_for_each(|record| writer.record(record))?;
    writer.flush()
}

fn print(text: &str) -> Result<(), Failure> {
    quiet_pipe(io::stdout().write_all(text.as_bytes()))
}

/// `onechef run … | head` is not a failure.
fn quiet_pipe(result: io::Result<()>) -> Result<(), Failure> {
    match result {
        Err(e) if e.kind() != io::ErrorKind::BrokenPipe => {
            Err(Failure(COULD_NOT_RUN, e.to_string()))
        }
        _ => Ok(()),
    }
}
