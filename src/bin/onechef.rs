//! The native program: words in, exit status out.

#[cfg(not(target_arch = "wasm32"))]
mod native {
    use onechef::native::command_line::{self, Invocation, UsageError};
    use onechef::native::serve;
    use onechef::native::summary::{self, Form};
    use onechef::sim::{self, Progress, Scenario, Sim};
    use onechef::trace::Record;
    use onechef::trace::codec::{self, Writer};
    use onechef::trace::perfetto;
    use std::io::{self, BufWriter, Read, Write};
    use std::path::Path;
    use std::process::ExitCode;

    /// A run that is not over by then says so and ends.
    const CYCLE_LIMIT: u64 = 1_000_000;

    const COULD_NOT_RUN: u8 = 1;
    const COULD_NOT_UNDERSTAND: u8 = 2;

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

    struct Failure(u8, String);

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
                .carry_out(&mut io::stdout())
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
            Invocation::Run { scenario, summary } => run(&scenario, summary),
            Invocation::Check(check) => {
                let scenario = check.scenario.as_deref().map(read_scenario).transpose()?;
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

    /// A file, or the name of a bundled one.
    fn read_scenario(path: &Path) -> Result<Scenario, Failure> {
        let name = path.display().to_string();
        let text = match sim::scenarios().iter().find(|s| Path::new(s.slug) == path) {
            Some(bundled) if !path.exists() => bundled.text.to_owned(),
            _ => std::fs::read_to_string(path).map_err(|e| {
                Failure(COULD_NOT_UNDERSTAND, UsageError::File(path.to_owned(), e).to_string())
            })?,
        };
        Scenario::parse(&name, &text).map_err(|e| Failure(COULD_NOT_UNDERSTAND, e.to_string()))
    }

    fn run(path: &Path, summary: Option<Form>) -> Result<(), Failure> {
        let scenario = read_scenario(path)?;
        let mut sim = Sim::new(&scenario);
        let mut records = Vec::new();
        let progress = sim.run_to_quiet(CYCLE_LIMIT, &mut records);
        let written = if let Some(form) = summary {
            print(&summary::of(&records, form))
        } else {
            quiet_pipe(write_trace(BufWriter::new(io::stdout().lock()), &scenario, &records))
        };
        if progress == Progress::Ran {
            eprintln!("onechef: stopped after {CYCLE_LIMIT} cycles; the scenario is not over");
        }
        written
    }

    fn export(path: &Path) -> Result<(), Failure> {
        let mut bytes = Vec::new();
        let read = match path.to_str() {
            Some("-") => io::stdin().lock().read_to_end(&mut bytes).map(|_| ()),
            _ => std::fs::read(path).map(|read| bytes = read),
        };
        read.map_err(|e| {
            Failure(COULD_NOT_UNDERSTAND, UsageError::File(path.to_owned(), e).to_string())
        })?;
        let trace = codec::read(&bytes)
            .map_err(|e| Failure(COULD_NOT_UNDERSTAND, format!("{}:{e}", path.display())))?;
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
}

#[cfg(not(target_arch = "wasm32"))]
fn main() -> std::process::ExitCode {
    native::main()
}

#[cfg(target_arch = "wasm32")]
fn main() {}
