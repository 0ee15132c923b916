//! `onechef watch --pid`: a running server that knows nothing of us, watched
//! through strace as it goes.
//!
//! strace is a child of ours and the only process that is ever ended: by its
//! id, by asking (SIGTERM, on which it lets the server go), and by force only
//! if it does not answer. The server itself goes on whatever happens here,
//! only slower while it is watched.

use super::Importer;
use crate::event::{Event, Phase, Stamped};
use crate::native::live::teller::Teller;
use crate::native::live::{self, Live, LiveError};
use crate::native::recorder::Recorder;
use crate::native::redact::{Disclosure, Redactor};
use crate::native::serve::{Recording, Watch};
use crate::trace::codec::ReadError;
use std::fmt;
use std::io::{self, Read, Write};
use std::path::PathBuf;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// What an event loop is known by; `exit_group` tells its end.
pub const CALLS: &str = "epoll_wait,epoll_pwait,accept,accept4,read,recvfrom,write,sendto,writev,close,epoll_ctl,\
     listen,exit_group";

/// What `onechef watch` was asked to do.
#[derive(Clone, Debug)]
pub struct Follow {
    pub pid: u32,
    pub watch: Watch,
}

/// Why a process could not be watched, or not any longer.
#[derive(Debug)]
pub enum FollowError {
    /// There is no strace.
    NoTracer(io::Error),
    NoSuchProcess(u32),
    NotAllowed(u32),
    /// Another tracer has it.
    Taken(u32, u32),
    /// What strace said at its end.
    Tracer(String),
    Live(LiveError),
    Record(PathBuf, io::Error),
    Start(io::Error),
    /// Not a line of the strace that we know.
    Malformed(ReadError),
}

impl fmt::Display for FollowError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            FollowError::NoTracer(error) if error.kind() == io::ErrorKind::NotFound => f.write_str(
                "there is no strace here, which does the watching: install it with the \
                     system's package manager (Debian: apt-get install strace)",
            ),
            FollowError::NoTracer(error) => write!(f, "strace cannot be started: {error}"),
            FollowError::NoSuchProcess(pid) => write!(f, "there is no process {pid}"),
            FollowError::NotAllowed(pid) => write!(
                f,
                "the system does not allow to watch process {pid}. Be root, or the user whose \
                 process it is, with kernel.yama.ptrace_scope at 0 (sysctl); in a container, give \
                 it SYS_PTRACE (docker run --cap-add SYS_PTRACE). Or have somebody who may write \
                 a file with strace, and read it with 'onechef import strace FILE'"
            ),
            FollowError::Taken(pid, by) => {
                write!(f, "process {pid} is watched already, by process {by}: only one can")
            }
            FollowError::Tracer(said) => write!(f, "strace: {said}"),
            FollowError::Live(error) => error.fmt(f),
            FollowError::Record(path, error) => {
                write!(f, "cannot write the recording {}: {error}", path.display())
            }
            FollowError::Start(error) => write!(f, "cannot start: {error}"),
            FollowError::Malformed(error) => {
                write!(f, "strace's output is not understood: line {error}")
            }
        }
    }
}

impl std::error::Error for FollowError {}

/// How often it is looked whether to stop.
const GLANCE: Duration = Duration::from_millis(200);
/// How long strace may take to let go when asked.
const PATIENCE: Duration = Duration::from_secs(3);
const CHUNK_BYTES: usize = 64 * 1024;
/// Chunks on their way; strace waits when there are more, and the server with
/// it.
const CHUNKS: usize = 64;

impl Follow {
    /// Watches until the process ends, or SIGINT or SIGTERM comes.
    ///
    /// # Errors
    /// See [`FollowError`].
    pub fn carry_out(self) -> Result<(), FollowError> {
        let stop = Arc::new(AtomicBool::new(false));
        for signal in [signal_hook::consts::SIGINT, signal_hook::consts::SIGTERM] {
            let registered = signal_hook::flag::register(signal, Arc::clone(&stop));
            registered.map_err(FollowError::Start)?;
        }
        let mut tracer = Tracer::attach(self.pid)?;
        let importer = Importer::of(self.pid, now_unix_us());
        let mut told = Told::begin(self.watch, importer)?;
        let ended = told.follow(self.pid, &tracer.lines, &stop);
        let said = tracer.end();
        ended?;
        told.finish()?;
        if stop.load(Ordering::Relaxed) {
            println!("onechef: stopped; process {} goes on", self.pid);
            return Ok(());
        }
        if !told.attached {
            return Err(refused(self.pid, &said));
        }
        println!("onechef: process {} has ended", self.pid);
        Ok(())
    }
}

#[expect(clippy::disallowed_methods, reason = "time zero of the trace, by the clock of its lines")]
fn now_unix_us() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    since.as_secs() * 1_000_000 + u64::from(since.subsec_micros())
}

/// strace did not get so far as to watch.
fn refused(pid: u32, said: &str) -> FollowError {
    if said.contains("No such process") {
        return FollowError::NoSuchProcess(pid);
    }
    if said.contains("Operation not permitted") {
        return match other_tracer(pid) {
            Some(by) => FollowError::Taken(pid, by),
            None => FollowError::NotAllowed(pid),
        };
    }
    let last = said.lines().next_back().unwrap_or("it ended without a word");
    FollowError::Tracer(last.strip_prefix("strace: ").unwrap_or(last).to_owned())
}

/// Who traces it now.
fn other_tracer(pid: u32) -> Option<u32> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("TracerPid:"))?;
    line.trim().parse().ok().filter(|tracer| *tracer != 0)
}

/// The child.
struct Tracer {
    child: Child,
    lines: Receiver<Vec<u8>>,
    /// What it says beside the trace.
    remarks: Option<std::thread::JoinHandle<String>>,
}

impl Tracer {
    fn attach(pid: u32) -> Result<Tracer, FollowError> {
        let mut child = Command::new("strace")
            .args(["-f", "-q", "-ttt", "-T", "-yy", "-s", "65536", "-e", "signal=none"])
            .args(["-e", &format!("trace={CALLS}")])
            // The trace one way, remarks the other.
            .args(["-o", "/dev/fd/1", "-p", &pid.to_string()])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(FollowError::NoTracer)?;
        let (sender, lines) = sync_channel(CHUNKS);
        let stdout = child.stdout.take();
        let reading = std::thread::Builder::new().name("strace".to_owned()).spawn(move || {
            let Some(mut stdout) = stdout else { return };
            while let Some(chunk) = chunk(&mut stdout) {
                if sender.send(chunk).is_err() {
                    return;
                }
            }
        });
        let stderr = child.stderr.take();
        let remarks = std::thread::Builder::new().name("remarks".to_owned()).spawn(move || {
            let mut said = Vec::new();
            if let Some(stderr) = stderr {
                // Enough to say what is wrong.
                _ = stderr.take(CHUNK_BYTES as u64).read_to_end(&mut said);
            }
            String::from_utf8_lossy(&said).trim().to_owned()
        });
        let mut tracer = Tracer { child, lines, remarks: None };
        match (reading, remarks) {
            (Ok(_), Ok(remarks)) => {
                tracer.remarks = Some(remarks);
                Ok(tracer)
            }
            (Err(error), _) | (_, Err(error)) => {
                tracer.end();
                Err(FollowError::Start(error))
            }
        }
    }

    /// Lets the process go, if that has not happened; what strace said.
    fn end(&mut self) -> String {
        // Whoever is not read from any longer must not wait for it.
        self.lines = sync_channel(0).1;
        let ended = |child: &mut Child| matches!(child.try_wait(), Ok(Some(_)));
        if !ended(&mut self.child) {
            _ = Command::new("kill").arg(self.child.id().to_string()).status();
            let deadline = live::moment::now() + PATIENCE;
            while !ended(&mut self.child) && live::moment::now() < deadline {
                std::thread::park_timeout(Duration::from_millis(20));
            }
            _ = self.child.kill();
        }
        _ = self.child.wait();
        self.remarks.take().and_then(|remarks| remarks.join().ok()).unwrap_or_default()
    }
}

fn chunk(stdout: &mut ChildStdout) -> Option<Vec<u8>> {
    let mut chunk = vec![0; CHUNK_BYTES];
    loop {
        match stdout.read(&mut chunk) {
            Ok(0) => return None,
            Ok(count) => {
                chunk.truncate(count);
                return Some(chunk);
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(_) => return None,
        }
    }
}

/// Who is told.
struct Told {
    importer: Importer,
    /// Before anybody else: it must see everything, to know whose replies are
    /// secrets.
    redactor: Redactor,
    disclosure: Disclosure,
    live: Option<Live>,
    recorder: Option<(Recorder, PathBuf)>,
    facts: Vec<Stamped>,
    attached: bool,
}

impl Told {
    fn begin(watch: Watch, importer: Importer) -> Result<Told, FollowError> {
        let header = importer.header();
        // What comes to them is masked already.
        let through = || Redactor::new(Disclosure::All);
        let recorder = match watch.record {
            None => None,
            Some(Recording { path, limit_bytes }) => {
                let recorder = Recorder::create(&path, &header, through(), limit_bytes);
                Some((recorder.map_err(|e| FollowError::Record(path.clone(), e))?, path))
            }
        };
        let prepare = |options| live::prepare(&options, &header, Teller::new(through(), 0));
        let live = match watch.live.map(prepare).transpose().map_err(FollowError::Live)? {
            None => None,
            Some((mut live, reception)) => {
                live.outlet.has_no_engine();
                reception.open().map_err(FollowError::Live)?;
                Some(live)
            }
        };
        let redactor = Redactor::of_system_calls(watch.disclosure);
        let disclosure = watch.disclosure;
        Ok(Told {
            importer,
            redactor,
            disclosure,
            live,
            recorder,
            facts: Vec::new(),
            attached: false,
        })
    }

    fn announce(&self, pid: u32) {
        let name = std::fs::read_to_string(format!("/proc/{pid}/comm")).unwrap_or_default();
        println!("onechef: watching process {pid} ({}) through strace", name.trim());
        if let Some(live) = &self.live {
            println!("onechef: watch at {}", live.address);
        }
        _ = io::stdout().flush();
    }

    fn follow(
        &mut self,
        pid: u32,
        lines: &Receiver<Vec<u8>>,
        stop: &AtomicBool,
    ) -> Result<(), FollowError> {
        while !stop.load(Ordering::Relaxed) {
            let chunk = match lines.recv_timeout(GLANCE) {
                Ok(chunk) => chunk,
                Err(RecvTimeoutError::Timeout) => Vec::new(),
                Err(RecvTimeoutError::Disconnected) => break,
            };
            // strace that may not attach says so at once, and ends.
            if !std::mem::replace(&mut self.attached, true) {
                self.announce(pid);
            }
            self.take(&chunk)?;
        }
        Ok(())
    }

    fn take(&mut self, chunk: &[u8]) -> Result<(), FollowError> {
        for line in chunk.split_inclusive(|byte| *byte == b'\n') {
            let read = self.importer.feed(line, &mut self.facts);
            // Between two cycles is when it can be said how things stand.
            let sleeps = |fact: &Stamped| matches!(fact.event, Event::PollEnter { .. });
            if let Some(at) = self.facts.iter().rposition(sleeps) {
                let rest = self.facts.split_off(at + 1);
                self.tell(true)?;
                self.facts = rest;
            }
            read.map_err(FollowError::Malformed)?;
        }
        self.importer.glance(&mut self.facts);
        self.tell(false)
    }

    fn tell(&mut self, asleep: bool) -> Result<(), FollowError> {
        self.redactor.redact(&mut self.facts);
        let last = self.facts.last().cloned().filter(|_| asleep);
        let (importer, disclosure) = (&self.importer, self.disclosure);
        let standing = last.map(|sleep| {
            move || {
                let phase = Event::PhaseEnter { phase: Phase::Poll };
                let at = sleep.at;
                let asleep = [Stamped { at, event: phase }, sleep];
                let mut facts = importer.standing(at);
                facts.extend(asleep);
                Redactor::new(disclosure).redact(&mut facts);
                facts
            }
        });
        if let Some((recorder, path)) = &mut self.recorder {
            let written = recorder.write(&self.facts, "").and_then(|()| match &standing {
                Some(standing) if recorder.is_full() => {
                    recorder.rotate()?;
                    recorder.write(&standing.clone()(), "")
                }
                _ => Ok(()),
            });
            written.map_err(|error| FollowError::Record(path.clone(), error))?;
        }
        if let Some(live) = &mut self.live {
            live.outlet.pass(&mut self.facts, standing);
        }
        self.facts.clear();
        Ok(())
    }

    fn finish(&mut self) -> Result<(), FollowError> {
        // strace may have been ended in mid-line.
        _ = self.importer.finish(&mut self.facts);
        self.tell(false)?;
        let written = match self.recorder.take() {
            None => Ok(()),
            Some((recorder, path)) => {
                recorder.finish().map_err(|error| FollowError::Record(path, error))
            }
        };
        if let Some(live) = self.live.take() {
            live.finish();
        }
        written
    }
}
