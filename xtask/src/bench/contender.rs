//! A server that is measured.

use crate::failure::Failure;
use crate::ports;
use crate::process::Companion;
use std::fs;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// The core of the servers; the load generator has the other one.
const SERVER_CORE: &str = "0";
const START_LIMIT: Duration = Duration::from_secs(10);
/// How often, and how many times, one looks whether a server rests.
const REST_LOOK: Duration = Duration::from_micros(50);
const REST_LOOKS: u32 = 40_000;

pub struct Contender {
    pub name: &'static str,
    pub port: u16,
    companion: Companion,
}

impl Contender {
    /// Starts it on its core and waits until it answers.
    pub fn start(
        name: &'static str,
        port: u16,
        arguments: impl FnOnce(&mut Command, &str),
    ) -> Result<Contender, Failure> {
        // taskset replaces itself by the server, so the child's id is the server's.
        let mut command = Command::new("taskset");
        command.args(["-c", SERVER_CORE]).stdout(Stdio::null());
        arguments(&mut command, &port.to_string());
        let companion = Companion::start(name, &mut command)?;
        let mut contender = Contender { name, port, companion };
        let deadline = Instant::now() + START_LIMIT;
        while !ports::answers(port, "*1\r\n$4\r\nPING\r\n", "+PONG") {
            if let Some(status) = contender.companion.ended() {
                return Err(Failure::Exit { program: name.into(), status: status.to_string() });
            }
            if Instant::now() > deadline {
                return Err(Failure::Check(format!("{name} does not answer on port {port}")));
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        Ok(contender)
    }

    /// Nanoseconds on the CPU since the start, all threads together.
    pub fn cpu_ns(&self) -> Result<u64, Failure> {
        let folder = format!("/proc/{}/task", self.companion.id());
        let failed = |source| Failure::File { path: folder.clone(), source };
        let mut total = 0;
        for task in fs::read_dir(&folder).map_err(failed)? {
            let path = task.map_err(failed)?.path().join("schedstat");
            let text = fs::read_to_string(path).map_err(failed)?;
            total += first_number(&text);
        }
        Ok(total)
    }

    /// The same once it waits for something to do: while a thread runs, the
    /// kernel brings its account up to date only every few milliseconds.
    pub fn cpu_ns_at_rest(&self) -> Result<u64, Failure> {
        let id = self.companion.id();
        let path = format!("/proc/{id}/task/{id}/stat");
        for _ in 0..REST_LOOKS {
            let text = fs::read_to_string(&path)
                .map_err(|source| Failure::File { path: path.clone(), source })?;
            // The name before it may hold anything, brackets too.
            if text.rsplit(") ").next().is_some_and(|rest| rest.starts_with('S')) {
                return self.cpu_ns();
            }
            std::thread::sleep(REST_LOOK);
        }
        Err(Failure::Check(format!("{} never rests", self.name)))
    }

    /// The same of its first thread, which is the loop's.
    pub fn loop_ns(&self) -> Result<u64, Failure> {
        let id = self.companion.id();
        let path = format!("/proc/{id}/task/{id}/schedstat");
        let text = fs::read_to_string(&path).map_err(|source| Failure::File { path, source })?;
        Ok(first_number(&text))
    }

    /// Lets it end in its own way.
    pub fn finish(mut self) {
        self.companion.end();
    }

    /// Resident memory.
    pub fn resident_bytes(&self) -> Result<u64, Failure> {
        let path = format!("/proc/{}/status", self.companion.id());
        let text = fs::read_to_string(&path).map_err(|source| Failure::File { path, source })?;
        let line = text.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        Ok(line.map_or(0, first_number) * 1024)
    }

    /// One command, whose reply must begin with `expected`.
    pub fn ask(&self, command: &[&str], expected: &str) -> Result<(), Failure> {
        let failed = |source| Failure::Start { program: self.name.into(), source };
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).map_err(failed)?;
        stream.set_read_timeout(Some(Duration::from_secs(30))).map_err(failed)?;
        let mut request = format!("*{}\r\n", command.len());
        for word in command {
            request.push_str(&format!("${}\r\n{word}\r\n", word.len()));
        }
        stream.write_all(request.as_bytes()).map_err(failed)?;
        let mut got = vec![0; expected.len()];
        stream.read_exact(&mut got).map_err(failed)?;
        if got == expected.as_bytes() {
            Ok(())
        } else {
            let got = String::from_utf8_lossy(&got).into_owned();
            Err(Failure::Check(format!("{}: {command:?} answered {got:?}", self.name)))
        }
    }
}

fn first_number(text: &str) -> u64 {
    text.split_whitespace().next().and_then(|word| word.parse().ok()).unwrap_or(0)
}
