//! The driver of the native server: three lines of loop, and what surrounds
//! a process.

use super::config_file::ConfigFile;
use super::live::outlet::After;
use super::live::teller::Teller;
use super::live::{self, LiveError, LiveOptions, Reception};
use super::log::{self, Level};
use super::open_files::{OpenFiles, adjust_open_files_limit, clients_limit};
use super::recorder::Recorder;
use super::redact::{Disclosure, Redactor};
use super::taping::secrets::Secrets;
use super::taping::{Drivable, Taped};
use super::watching::{RecordError, Watching};
use crate::engine::Engine;
use crate::engine::config::Config;
use crate::engine::server::Birth;
use crate::net::tape;
use crate::net::tcp::{Tcp, TcpConfig};
use crate::net::{Net, Untold};
use crate::trace::codec::{Header, Native, Source};
use std::fmt;
use std::io::{self, Write};
use std::net::{IpAddr, SocketAddr, ToSocketAddrs};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

/// What `onechef serve` was asked to do.
#[derive(Clone, Debug, Default)]
pub struct Serve {
    pub config: Config,
    /// The file it came from, for CONFIG REWRITE.
    pub config_file: Option<ConfigFile>,
    pub watch: Watch,
}

/// Who is told what the loop does.
#[derive(Clone, Debug, Default)]
pub struct Watch {
    pub record: Option<Recording>,
    pub live: Option<LiveOptions>,
    pub disclosure: Disclosure,
    /// How much of what comes in is kept for watchers, who can then run it
    /// again; 0 for nothing.
    pub rerun_bytes: usize,
}

/// `--record`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recording {
    pub path: PathBuf,
    /// Only the last so many bytes are kept, in two files.
    pub limit_bytes: Option<u64>,
}

/// Why the server could not start or go on.
#[derive(Debug)]
pub enum ServeError {
    /// The address that cannot be had, and why.
    Listen(SocketAddr, io::Error),
    /// None of the names in `bind` is an address.
    NoAddress(String),
    Record(PathBuf, io::Error),
    Live(LiveError),
    Start(io::Error),
}

impl fmt::Display for ServeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ServeError::Listen(address, error) if error.kind() == io::ErrorKind::AddrInUse => {
                write!(
                    f,
                    "{address} is taken by another process; choose another port with --port N"
                )
            }
            ServeError::Listen(address, error) => write!(f, "cannot listen on {address}: {error}"),
            ServeError::NoAddress(bind) => write!(f, "bind: '{bind}' is not an address"),
            ServeError::Record(path, error) => {
                write!(f, "cannot write the recording {}: {error}", path.display())
            }
            ServeError::Live(error) => error.fmt(f),
            ServeError::Start(error) => write!(f, "cannot start: {error}"),
        }
    }
}

impl std::error::Error for ServeError {}

impl From<LiveError> for ServeError {
    fn from(error: LiveError) -> ServeError {
        ServeError::Live(error)
    }
}

impl From<RecordError> for ServeError {
    fn from(RecordError(path, error): RecordError) -> ServeError {
        ServeError::Record(path, error)
    }
}

impl ServeError {
    fn listen(address: SocketAddr, net: &mut impl Drivable) -> ServeError {
        let error = net.listen_error().unwrap_or_else(|| io::ErrorKind::AddrNotAvailable.into());
        ServeError::Listen(address, error)
    }
}

/// Runs until told to stop.
///
/// # Errors
/// If no door can be opened, or the recording cannot be written.
pub fn serve(mut options: Serve) -> Result<(), ServeError> {
    let watchers = options.watch.descriptors();
    let open_files = adjust_open_files_limit(&mut options.config.maxclients, watchers);
    match open_files.map_err(ServeError::Start)? {
        OpenFiles::Enough => {}
        told @ (OpenFiles::Raised { .. } | OpenFiles::Short { .. }) => eprintln!("onechef: {told}"),
    }
    let stop = heed_signals().map_err(ServeError::Start)?;
    let mut net = Tcp::new(TcpConfig {
        tcp_keepalive_secs: options.config.tcp_keepalive,
        max_events: options.config.maxclients.saturating_add(EVENT_SLACK),
        io_threads: options.config.io_threads,
    })
    .map_err(ServeError::Start)?;
    net.sleep_until(Arc::clone(&stop));
    let birth = birth(&net);
    let clients_limit = clients_limit(watchers).map_err(ServeError::Start)?;
    if !options.watch.keeps_inputs() {
        return drive(options, birth, clients_limit, net, &stop, None);
    }
    let tape_birth = tape::Birth {
        unix_epoch_us: birth.unix_epoch_us,
        seed: birth.seed,
        process_id: birth.process_id,
        multiplexing_api: birth.multiplexing_api.to_owned(),
        has_config_file: options.config_file.is_some(),
        clients_limit,
    };
    let secrets = Secrets::new();
    let password = secrets.pseudonym(&options.config.requirepass);
    let limit = options.watch.rerun_bytes.max(INPUTS_SLACK_BYTES);
    let taped = Taped::new(net, &tape_birth, secrets, limit);
    drive(options, birth, clients_limit, taped, &stop, Some(password))
}

/// What says that the process is to end.
///
/// Redis: `setupSignalHandlers`, *faithful*: whoever interrupts twice is in a
/// hurry, and a hang-up is ignored.
fn heed_signals() -> io::Result<Arc<AtomicBool>> {
    use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
    use signal_hook::flag;
    let stop = Arc::new(AtomicBool::new(false));
    flag::register_conditional_shutdown(SIGINT, 1, Arc::clone(&stop))?;
    for signal in [SIGINT, SIGTERM] {
        flag::register(signal, Arc::clone(&stop))?;
    }
    flag::register(SIGHUP, Arc::default())?;
    Ok(stop)
}

/// What may come in between two half-cycles when all of it goes into a file.
const INPUTS_SLACK_BYTES: usize = 1024 * 1024 * 1024;

impl Watch {
    /// Whether what comes in is wanted, so that the run can be run again. It
    /// is told to those only who are told everything.
    #[must_use]
    pub fn keeps_inputs(&self) -> bool {
        let wanted = self.record.is_some() || (self.live.is_some() && self.rerun_bytes > 0);
        wanted && self.disclosure == Disclosure::All
    }

    /// Most descriptors that its connections take.
    fn descriptors(&self) -> u32 {
        self.live.as_ref().map_or(0, |_| live::CONNECTIONS_LIMIT)
    }
}

/// `password` stands for the real one in what is told, if anything does.
fn drive<N: Drivable>(
    options: Serve,
    birth: Birth,
    clients_limit: u32,
    mut net: N,
    stop: &Arc<AtomicBool>,
    password: Option<Vec<u8>>,
) -> Result<(), ServeError> {
    let addresses = addresses(&options.config)?;
    let mut obeyed = (options.config.tcp_keepalive, options.config.maxclients);
    let watchers = options.watch.descriptors();
    let mut engine = Engine::new(options.config, birth);
    engine.limit_clients(clients_limit);
    if let Some(file) = options.config_file {
        engine.set_config_file(Box::new(file));
    }
    let mut watching = watching(options.watch, &mut engine, &mut net, stop, password)?;
    open_doors(&mut engine, &mut net, &addresses)?;
    announce(&engine, &watching);

    let mut fired = Vec::with_capacity(1024);
    loop {
        let timeout = if engine.server().tap.is_on() {
            engine.before_poll(&mut net)
        } else {
            engine.before_poll(&mut Untold(&mut net))
        };
        watching.half_cycle(&mut engine, &mut net, After::BeforePoll(timeout))?;
        if engine.is_stopping() || stop.load(Ordering::Relaxed) {
            break;
        }
        net.wait(timeout, &mut fired);
        watching.woken(&engine, &fired);
        if engine.server().tap.is_on() {
            engine.after_poll(&mut net, &fired);
        } else {
            engine.after_poll(&mut Untold(&mut net), &fired);
        }
        obey(&engine.server().config, &mut obeyed, watchers, &mut net);
        watching.half_cycle(&mut engine, &mut net, After::AfterPoll)?;
    }
    net.note_end();
    engine.shut_down(&mut net);
    watching.finish(&mut engine, &mut net)?;
    println!("onechef: stopped");
    Ok(())
}

/// What CONFIG SET changed that is the process's to do: `tcp-keepalive` and
/// `maxclients`.
#[inline]
fn obey(config: &Config, obeyed: &mut (u32, u32), watchers: u32, net: &mut impl Drivable) {
    let wanted = (config.tcp_keepalive, config.maxclients);
    if wanted == *obeyed {
        return;
    }
    *obeyed = wanted;
    let (keepalive, mut maxclients) = wanted;
    net.set_keepalive(keepalive);
    // CONFIG SET refuses more than were found possible when the server started.
    _ = adjust_open_files_limit(&mut maxclients, watchers);
}

fn watching(
    options: Watch,
    engine: &mut Engine,
    net: &mut impl Drivable,
    stop: &Arc<AtomicBool>,
    password: Option<Vec<u8>>,
) -> Result<Watching, ServeError> {
    let redactor = || Redactor::new(options.disclosure);
    let mut header = header(engine);
    redactor().directives(&mut header);
    if let Some(password) = password.filter(|password| !password.is_empty()) {
        let password = String::from_utf8_lossy(&password).into_owned();
        header.config.insert("requirepass".to_owned(), password);
    }
    let recorder = match options.record {
        None => None,
        Some(Recording { path, limit_bytes }) => {
            net.note_facts(true);
            engine.watch_events(net, true);
            let recorder = Recorder::create(&path, &header, redactor(), limit_bytes)
                .map_err(|error| ServeError::Record(path.clone(), error))?;
            Some((recorder, path))
        }
    };
    let kept = if options.disclosure == Disclosure::All { options.rerun_bytes } else { 0 };
    let teller = || Teller::new(redactor(), kept);
    let live = match options.live {
        None => None,
        Some(options) => {
            let (live, reception) = live::prepare(&options, &header, teller())?;
            receive_watchers(net, reception).map_err(ServeError::Start)?;
            Some(live)
        }
    };
    Ok(Watching::new(recorder, live, Arc::clone(stop)))
}

/// Has watchers received from the first one on.
fn receive_watchers(net: &mut impl Drivable, reception: Reception) -> io::Result<()> {
    let door = reception.door()?;
    net.on_first_visit(door, move || {
        if let Err(error) = reception.open() {
            log::event(Level::Warn, "watching_failed", &[("error", &error)]);
        }
    })
}

/// `CONFIG_FDSET_INCR`: descriptors beyond the clients' own.
const EVENT_SLACK: u32 = 128;

fn header(engine: &Engine) -> Header {
    let server = engine.server();
    let native = Native {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        pid: server.birth.process_id,
        started_unix_us: server.birth.unix_epoch_us,
    };
    let config = server.config.changed_from_default();
    let config = config.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    Header::new(Source::Native(native), config)
}

/// What only a process can know.
#[expect(clippy::disallowed_methods, reason = "the one look at the wall clock, at birth")]
fn birth(net: &Tcp) -> Birth {
    let unix = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |d| d.as_micros() as u64);
    // Entropy without a dependency: the standard hasher's keys are random
    // per process.
    let random = || {
        use std::hash::{BuildHasher, Hasher};
        std::collections::hash_map::RandomState::new().build_hasher().finish()
    };
    Birth {
        unix_epoch_us: unix.saturating_sub(net.now().0),
        seed: random(),
        hash_seed: random(),
        process_id: std::process::id(),
        multiplexing_api: if cfg!(target_os = "linux") { "epoll" } else { "kqueue" },
    }
}

/// An address of `bind`, and whether the server can do without it (`-::1`).
type Door = (SocketAddr, bool);

fn addresses(config: &Config) -> Result<Vec<Door>, ServeError> {
    let mut doors = Vec::new();
    for name in &config.bind {
        let (name, optional) = match name.strip_prefix('-') {
            Some(rest) => (rest, true),
            None => (name.as_str(), false),
        };
        let name = if name == "*" { "0.0.0.0" } else { name };
        let ip = match name.parse::<IpAddr>() {
            Ok(ip) => ip,
            Err(_) => (name, config.port)
                .to_socket_addrs()
                .ok()
                .and_then(|mut found| found.next())
                .map(|address| address.ip())
                .ok_or_else(|| ServeError::NoAddress(name.to_owned()))?,
        };
        doors.push((SocketAddr::new(ip, config.port), optional));
    }
    Ok(doors)
}

fn open_doors(
    engine: &mut Engine,
    net: &mut impl Drivable,
    doors: &[Door],
) -> Result<(), ServeError> {
    let mut opened = 0;
    for (index, (address, optional)) in doors.iter().enumerate() {
        // Port 0 means any: the other addresses then use the same one.
        let mut address = *address;
        if address.port() == 0
            && index > 0
            && let Some(first) = engine.server().listeners.first()
        {
            address.set_port(first.address.port());
        }
        match engine.listen(net, address) {
            Ok(()) => opened += 1,
            Err(_) if *optional => {}
            Err(_) => return Err(ServeError::listen(address, net)),
        }
    }
    if opened == 0 {
        let address = doors.first().map_or(SocketAddr::from(([127, 0, 0, 1], 0)), |d| d.0);
        return Err(ServeError::listen(address, net));
    }
    Ok(())
}

fn announce(engine: &Engine, watching: &Watching) {
    let doors: Vec<String> =
        engine.server().listeners.iter().map(|l| l.address.to_string()).collect();
    println!("onechef: ready on {} (pid {})", doors.join(" and "), std::process::id());
    if let Some(address) = watching.address() {
        println!("onechef: watch at {address}");
    }
    // A reader of a pipe waits for these lines.
    let _ = io::stdout().flush();
}
