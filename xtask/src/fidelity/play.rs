//! One server under strace, and the guests of one script.

use super::script::{Script, Step};
use crate::failure::Failure;
use crate::ports;
use crate::process::Companion;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

/// What is compared, and what tells whose it is.
const CALLS: &str = "epoll_wait,epoll_pwait,accept4,read,recvfrom,write,sendto,writev,close,\
     epoll_ctl,setsockopt,getpeername,getsockname,shutdown";

const START_LIMIT: Duration = Duration::from_secs(20);
const PATIENCE: Duration = Duration::from_secs(20);
const REST: Duration = Duration::from_millis(40);
/// How long a held server is busy, and when it surely is.
const HOLD: &[u8] = b"DEBUG SLEEP 0.3\r\n";
const HELD: Duration = Duration::from_millis(120);

/// What begins and ends the part of a trace that counts, and whom no rule is
/// about.
pub const BEGIN: &str = "ECHO the-script-begins";
pub const END: &str = "ECHO the-script-ends";

pub struct Contender {
    name: &'static str,
    program: PathBuf,
    arguments: &'static [&'static str],
}

impl Contender {
    pub fn ours(program: PathBuf) -> Contender {
        let arguments = &["serve", "--bind", "127.0.0.1", "--enable-debug-command", "local"];
        Contender { name: "onechef", program, arguments }
    }

    pub fn redis() -> Contender {
        let arguments = &[
            "--bind",
            "127.0.0.1",
            "--save",
            "",
            "--appendonly",
            "no",
            "--loglevel",
            "warning",
            "--enable-debug-command",
            "local",
        ];
        Contender { name: "redis-server", program: "redis-server".into(), arguments }
    }

    /// Where strace wrote what the server did.
    pub fn play(&self, script: &Script) -> Result<PathBuf, Failure> {
        let file = std::env::temp_dir().join(format!("fidelity-{}-{}", self.name, script.name));
        let port = ports::free_port(7901, self.name)?;
        let mut command = Command::new("strace");
        command
            .args(["-f", "-q", "-yy", "-s", "256", "-e", "signal=none", "-e"])
            .arg(format!("trace={CALLS}"))
            .arg("-o")
            .arg(&file)
            .arg(&self.program)
            .args(self.arguments)
            .args(["--port", &port.to_string()])
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let mut strace = Companion::start("strace", &mut command)?;
        let deadline = Instant::now() + START_LIMIT;
        while !ports::answers(port, "*1\r\n$4\r\nPING\r\n", "+PONG") {
            if let Some(status) = strace.ended() {
                return Err(Failure::Exit {
                    program: self.name.into(),
                    status: status.to_string(),
                });
            }
            if Instant::now() > deadline {
                return Err(Failure::Check(format!("{} does not answer", self.name)));
            }
            sleep(REST);
        }
        let failed = |source| Failure::Start { program: self.name.into(), source };
        let played = Guests::new(port).and_then(|mut guests| guests.play(script));
        if played.is_err() {
            // strace does not take the server along.
            let goodbye = |mut host: TcpStream| host.write_all(b"SHUTDOWN NOSAVE\r\n");
            let _ = connect(port, None).and_then(goodbye);
            strace.ends_within(PATIENCE);
        }
        played.map_err(failed)?;
        if !strace.ends_within(PATIENCE) {
            return Err(Failure::Check(format!("{} does not stop", self.name)));
        }
        Ok(file)
    }
}

struct Guests {
    port: u16,
    host: TcpStream,
    guests: Vec<Option<TcpStream>>,
}

impl Guests {
    fn new(port: u16) -> std::io::Result<Guests> {
        Ok(Guests { port, host: connect(port, None)?, guests: Vec::new() })
    }

    fn play(&mut self, script: &Script) -> std::io::Result<()> {
        sleep(REST);
        self.mark(BEGIN)?;
        for step in script.steps {
            self.step(*step)?;
        }
        self.mark(END)?;
        self.host.write_all(b"SHUTDOWN NOSAVE\r\n")
    }

    fn mark(&mut self, mark: &str) -> std::io::Result<()> {
        sleep(REST);
        self.host.write_all(format!("{mark}\r\n").as_bytes())?;
        let mut reply = vec![0; mark.len()];
        self.host.read_exact(&mut reply)?;
        sleep(REST);
        Ok(())
    }

    fn step(&mut self, step: Step) -> std::io::Result<()> {
        match step {
            Step::Come => self.guests.push(Some(connect(self.port, None)?)),
            Step::ComeSlow => self.guests.push(Some(connect(self.port, Some(4_096))?)),
            Step::Say(who, bytes) => self.guest(who)?.write_all(bytes)?,
            Step::SayTimes(who, bytes, times) => {
                self.guest(who)?.write_all(&bytes.repeat(times))?;
            }
            Step::Hear(who, count) => {
                let stream = self.guest(who)?;
                let heard = std::io::copy(&mut stream.take(count as u64), &mut std::io::sink())?;
                if heard < count as u64 {
                    return Err(std::io::ErrorKind::UnexpectedEof.into());
                }
            }
            Step::Go(who) => self.guests[who - 1] = None,
            Step::Hold => {
                self.host.write_all(HOLD)?;
                sleep(HELD);
            }
            Step::Release => self.host.read_exact(&mut [0; b"+OK\r\n".len()])?,
            Step::Rest => sleep(REST),
        }
        Ok(())
    }

    fn guest(&mut self, who: usize) -> std::io::Result<&mut TcpStream> {
        let guest = self.guests.get_mut(who - 1).and_then(Option::as_mut);
        guest.ok_or_else(|| std::io::ErrorKind::NotConnected.into())
    }
}

/// `receives`: how much the guest's socket takes.
fn connect(port: u16, receives: Option<usize>) -> std::io::Result<TcpStream> {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let socket = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None)?;
    if let Some(bytes) = receives {
        socket.set_recv_buffer_size(bytes)?;
    }
    socket.connect(&address.into())?;
    let stream = TcpStream::from(socket);
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    Ok(stream)
}
