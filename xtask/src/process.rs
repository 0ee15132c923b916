//! Running other programs: to their end, watched, or until told to stop.

use crate::failure::Failure;
use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

/// Announces what follows. On stderr with everything else that is not a result.
pub fn say(text: &str) {
    eprintln!("\n▸ {text}");
}

fn name_of(command: &Command) -> String {
    command.get_program().to_string_lossy().into_owned()
}

fn check(program: String, status: ExitStatus) -> Result<(), Failure> {
    if status.success() {
        Ok(())
    } else {
        Err(Failure::Exit { program, status: status.to_string() })
    }
}

/// Runs to the end; its output goes where ours goes.
pub fn run(command: &mut Command) -> Result<(), Failure> {
    let program = name_of(command);
    let status = command
        .stdin(Stdio::null())
        .status()
        .map_err(|source| Failure::Start { program: program.clone(), source })?;
    check(program, status)
}

/// Runs to the end and returns what it wrote to stdout.
pub fn output_of(command: &mut Command) -> Result<Vec<u8>, Failure> {
    let program = name_of(command);
    let child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn();
    let output = child
        .and_then(Child::wait_with_output)
        .map_err(|source| Failure::Start { program: program.clone(), source })?;
    check(program, output.status)?;
    Ok(output.stdout)
}

/// Runs to the end, shows its stdout line by line, and gives each line to
/// `on_line` too. The result of the run is separate from what was read, since
/// a failed test run still has counts worth reporting.
pub fn run_watched(
    command: &mut Command,
    mut on_line: impl FnMut(&str),
) -> Result<Result<(), Failure>, Failure> {
    let program = name_of(command);
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|source| Failure::Start { program: program.clone(), source })?;
    let stdout = child.stdout.take().expect("stdout was asked for");
    for line in lossy_lines(stdout) {
        println!("{line}");
        on_line(&line);
    }
    let status =
        child.wait().map_err(|source| Failure::Start { program: program.clone(), source })?;
    Ok(check(program, status))
}

fn lossy_lines(source: impl Read) -> impl Iterator<Item = String> {
    BufReader::new(source).split(b'\n').map_while(Result::ok).map(|line| {
        let text = String::from_utf8_lossy(&line);
        text.trim_end_matches('\r').to_owned()
    })
}

/// Whether `program` can be started and says `wanted` when asked for its version.
pub fn version_says(program: &std::path::Path, wanted: &str) -> bool {
    Command::new(program)
        .arg("--version")
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .output()
        .is_ok_and(|o| String::from_utf8_lossy(&o.stdout).split_whitespace().any(|w| w == wanted))
}

/// A child that runs beside us and is ended by its own id, never by its name.
/// Dropping it ends it, so an early return leaves nothing behind.
pub struct Companion {
    pub name: &'static str,
    child: Child,
}

impl Companion {
    pub fn start(name: &'static str, command: &mut Command) -> Result<Companion, Failure> {
        let child = command
            .stdin(Stdio::null())
            .spawn()
            .map_err(|source| Failure::Start { program: name.into(), source })?;
        Ok(Companion { name, child })
    }

    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// How it ended, if it has.
    pub fn ended(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().ok().flatten()
    }

    /// Waits up to `grace` for it to end by itself.
    pub fn ends_within(&mut self, grace: Duration) -> bool {
        let deadline = Instant::now() + grace;
        while self.ended().is_none() {
            if Instant::now() >= deadline {
                return false;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        true
    }

    /// Asks it to end (SIGTERM), and ends it (SIGKILL) if it will not.
    pub fn end(&mut self) {
        if self.ended().is_some() {
            return;
        }
        let _ = Command::new("kill").arg("-TERM").arg(self.child.id().to_string()).status();
        if !self.ends_within(Duration::from_secs(5)) {
            eprintln!("{} does not end; killing it (pid {})", self.name, self.child.id());
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }
}

impl Drop for Companion {
    fn drop(&mut self) {
        self.end();
    }
}
