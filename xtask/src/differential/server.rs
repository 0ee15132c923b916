//! One of the two servers, and the connection on which we ask it ourselves.

use super::exceptions::Version;
use super::script::Identity;
use super::values::MADE_UP_MAX;
use crate::failure::Failure;
use crate::ports;
use crate::process::Companion;
use std::fmt;
use std::io::{ErrorKind, Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

const START_LIMIT: Duration = Duration::from_secs(10);
/// A server that is silent for so long is stuck.
const PATIENCE: Duration = Duration::from_secs(20);
const PING: &[u8] = b"*1\r\n$4\r\nPING\r\n";
const PONG: &[u8] = b"+PONG\r\n";

/// Why a server does not say PONG.
pub enum Silence {
    /// It has closed our connection, as guests can ask it to.
    HungUp,
    Stuck(&'static str),
    OutOfStep(&'static str),
}

impl fmt::Display for Silence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Silence::HungUp => f.write_str("one of the servers has closed a connection of ours"),
            Silence::Stuck(name) => write!(f, "{name} does not answer any more"),
            Silence::OutOfStep(name) => write!(f, "{name} answers PING with something else"),
        }
    }
}

pub struct Server {
    name: &'static str,
    program: PathBuf,
    arguments: &'static [&'static str],
    port: u16,
    companion: Companion,
    control: TcpStream,
    /// The number of the connection accepted last.
    last_id: u64,
    /// Which it asks for.
    password: Option<&'static str>,
    /// Whether the last episode may have changed directives.
    pub reconfigured: bool,
}

impl Server {
    /// Starts it on a free port and waits until it answers.
    pub fn start(
        name: &'static str,
        program: PathBuf,
        arguments: &'static [&'static str],
        wished_port: u16,
    ) -> Result<Server, Failure> {
        let port = ports::free_port(wished_port, name)?;
        let companion = launch(name, &program, arguments, port)?;
        let control = connect(name, port)?;
        let mut server = Server {
            name,
            program,
            arguments,
            port,
            companion,
            control,
            last_id: 0,
            password: None,
            reconfigured: false,
        };
        server.greet()?;
        Ok(server)
    }

    /// A new connection of our own, to a new server if the old one is gone.
    pub fn revive(&mut self) -> Result<(), Failure> {
        if !ports::answers(self.port, "*1\r\n$7\r\nNOTHING\r\n", "-") {
            self.companion.end();
            self.companion = launch(self.name, &self.program, self.arguments, self.port)?;
            self.password = None;
        }
        self.call_again()
    }

    /// A new connection of our own: a guest may have had the last one closed.
    pub fn call_again(&mut self) -> Result<(), Failure> {
        self.control = connect(self.name, self.port)?;
        if let Some(password) = self.password {
            self.ask(&["AUTH", password])?;
        }
        self.greet()
    }

    /// From here on every connection's number is known in advance, and is none
    /// that guests make up: Redis numbers clients without a connection, too, so
    /// the same number would be somebody else there.
    fn greet(&mut self) -> Result<(), Failure> {
        loop {
            self.last_id = self.own_id()?;
            if self.last_id > MADE_UP_MAX {
                return Ok(());
            }
            self.control = connect(self.name, self.port)?;
        }
    }

    fn own_id(&mut self) -> Result<u64, Failure> {
        let reply = self.ask(&["CLIENT", "ID"])?;
        let id = reply.strip_prefix(':').and_then(|number| number.trim_end().parse().ok());
        id.ok_or_else(|| Failure::Check(format!("{}: CLIENT ID answered {reply:?}", self.name)))
    }

    /// What INFO says; major and minor.
    pub fn version(&mut self) -> Result<Version, Failure> {
        let reply = self.ask(&["INFO", "server"])?;
        let len: usize = reply.trim_start_matches('$').trim_end().parse().unwrap_or(0);
        let mut body = vec![0; len + 2];
        let failed = |source| Failure::Start { program: self.name.into(), source };
        self.control.read_exact(&mut body).map_err(failed)?;
        let body = String::from_utf8_lossy(&body).into_owned();
        let version = body.lines().find_map(|line| line.strip_prefix("redis_version:"));
        let mut numbers = version.unwrap_or_default().split('.').map_while(|n| n.parse().ok());
        match (numbers.next(), numbers.next()) {
            (Some(major), Some(minor)) => Ok((major, minor)),
            _ => Err(Failure::Check(format!("{} does not say its version", self.name))),
        }
    }

    /// A new connection that does not block, and who it is to the server.
    pub fn connect(&mut self) -> Result<(TcpStream, Identity), Failure> {
        let stream = connect(self.name, self.port)?;
        let failed = |source| Failure::Start { program: self.name.into(), source };
        stream.set_nonblocking(true).map_err(failed)?;
        let port = stream.local_addr().map_err(failed)?.port();
        self.last_id += 1;
        Ok((stream, Identity { id: self.last_id, port }))
    }

    /// One command on our own connection, and the first line of its answer.
    pub fn ask(&mut self, words: &[&str]) -> Result<String, Failure> {
        let mut request = format!("*{}\r\n", words.len());
        for word in words {
            request.push_str(&format!("${}\r\n{word}\r\n", word.len()));
        }
        let failed = |source| Failure::Start { program: self.name.into(), source };
        self.control.write_all(request.as_bytes()).map_err(failed)?;
        let mut line = Vec::new();
        while !line.ends_with(b"\r\n") {
            let mut byte = [0];
            self.control.read_exact(&mut byte).map_err(failed)?;
            line.push(byte[0]);
        }
        let line = String::from_utf8_lossy(&line).into_owned();
        if line.starts_with('-') {
            return Err(Failure::Check(format!("{}: {words:?} answered {line:?}", self.name)));
        }
        Ok(line)
    }

    /// The password that it asks newcomers for.
    pub fn lock(&mut self, password: Option<&'static str>) -> Result<(), Failure> {
        self.ask(&["CONFIG", "SET", "requirepass", password.unwrap_or_default()])?;
        self.password = password;
        Ok(())
    }

    pub fn breathe(&mut self) -> Result<(), Failure> {
        self.send_ping();
        self.expect_pong().map_err(|silence| Failure::Check(silence.to_string()))
    }

    /// Its failure shows when the answer is missing.
    pub fn send_ping(&mut self) {
        let _ = self.control.write_all(PING);
    }

    /// Whether it closes our connection within some questions.
    pub fn hangs_up(&mut self) -> bool {
        (0..20).any(|_| {
            std::thread::sleep(Duration::from_millis(5));
            self.send_ping();
            matches!(self.expect_pong(), Err(Silence::HungUp))
        })
    }

    pub fn expect_pong(&mut self) -> Result<(), Silence> {
        let mut pong = [0; PONG.len()];
        match self.control.read_exact(&mut pong) {
            Ok(()) if pong == PONG => Ok(()),
            Ok(()) => Err(Silence::OutOfStep(self.name)),
            Err(error) if error.kind() == ErrorKind::WouldBlock => Err(Silence::Stuck(self.name)),
            Err(_) => Err(Silence::HungUp),
        }
    }
}

fn launch(
    name: &'static str,
    program: &PathBuf,
    arguments: &[&str],
    port: u16,
) -> Result<Companion, Failure> {
    let mut command = Command::new(program);
    command.args(arguments).args(["--port", &port.to_string()]).stdout(Stdio::null());
    let mut companion = Companion::start(name, &mut command)?;
    let deadline = Instant::now() + START_LIMIT;
    while !ports::answers(port, "*1\r\n$4\r\nPING\r\n", "+PONG") {
        if let Some(status) = companion.ended() {
            return Err(Failure::Exit { program: name.into(), status: status.to_string() });
        }
        if Instant::now() > deadline {
            return Err(Failure::Check(format!("{name} does not answer on port {port}")));
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    Ok(companion)
}

fn connect(name: &'static str, port: u16) -> Result<TcpStream, Failure> {
    let failed = |source| Failure::Start { program: name.into(), source };
    let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).map_err(failed)?;
    stream.set_nodelay(true).map_err(failed)?;
    stream.set_read_timeout(Some(PATIENCE)).map_err(failed)?;
    Ok(stream)
}
