//! The connections: one thread each, few of them, none for long but the
//! watchers'.

use super::access::{Door, Shown};
use super::gate::{Gate, Order, Position};
use super::metrics::{self, Watching};
use super::outlet::{Batch, Outlet, Wishes};
use super::page::Page;
use super::recording::Recording;
use super::request::{self, Method, Refusal, Request};
use super::ring::{Next, Place, mark};
use super::teller::{self, Teller, Told};
use super::token::{Token, random_hex};
use super::{LiveOptions, moment};
use crate::native::log::{self, Level};
use crate::trace::codec::{Header, header_line};
use std::fmt;
use std::io::{self, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::mpsc::Receiver;
use std::time::Duration;

/// Most watchers of the stream.
pub const WATCHERS_LIMIT: usize = 8;
/// Most connections at once; one more is closed without a word.
pub const CONNECTIONS_LIMIT: u32 = 32;
/// A watcher that takes nothing for so long is dropped.
const WRITE_PATIENCE: Duration = Duration::from_secs(30);
/// A silent stream says so, which finds out who has gone.
const PING_AFTER: Duration = Duration::from_secs(5);
/// How long a program that ends waits for its watchers to take the rest.
const FAREWELL: Duration = Duration::from_secs(2);
/// How long nobody is received when there was no descriptor for the last one.
const RESPITE: Duration = Duration::from_millis(100);
/// How long a request waits for the loop to come by.
const LOOP_PATIENCE: Duration = Duration::from_secs(3);

/// Why watching could not be offered.
#[derive(Debug)]
pub enum LiveError {
    Listen(SocketAddr, io::Error),
    Page(io::Error),
    Token(PathBuf, io::Error),
    Random(io::Error),
    /// Others than this machine could connect, and no name was given that
    /// they may ask for.
    Nameless(SocketAddr),
    /// Others than this machine could hold the loop.
    StepForAll(SocketAddr),
    Thread(io::Error),
}

impl fmt::Display for LiveError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            LiveError::Listen(address, error) => {
                write!(f, "--live cannot listen on {address}: {error}")
            }
            LiveError::Page(error) => write!(f, "--page: {error}"),
            LiveError::Token(path, error) => write!(f, "--live-token {}: {error}", path.display()),
            LiveError::Random(error) => {
                write!(f, "--live: the system has no randomness for a token: {error}")
            }
            LiveError::Nameless(address) => write!(
                f,
                "--live={address} is not the loopback: everybody who can reach it could try; \
                 name the host that watchers may ask for with --live-host NAME to allow it"
            ),
            LiveError::StepForAll(address) => {
                write!(
                    f,
                    "--step holds the loop for everybody, so --live={address} must be the loopback"
                )
            }
            LiveError::Thread(error) => write!(f, "--live cannot start a thread: {error}"),
        }
    }
}

impl std::error::Error for LiveError {}

/// What the loop keeps of it, and where it is.
#[derive(Debug)]
pub struct Live {
    pub outlet: Outlet,
    pub gate: Option<Arc<Gate>>,
    /// What to open; without the token if that is kept in a file.
    pub address: String,
    told: Arc<Told>,
}

impl Live {
    /// Nothing more will come: what there is reaches those who watch, unless
    /// they take too long.
    pub fn finish(self) {
        self.outlet.finish();
        self.told.wait_for_the_end(FAREWELL);
    }

    /// Something else than records is new.
    pub fn wake_watchers(&self) {
        self.told.wake();
    }
}

/// What all connections share.
struct House {
    door: Door,
    page: Page,
    header: String,
    /// Tells this process's marks from another's.
    run: String,
    told: Arc<Told>,
    wishes: Arc<Wishes>,
    gate: Option<Arc<Gate>>,
    /// Instead of a loop.
    recording: Option<Recording>,
    connections: AtomicU32,
    slow: AtomicU64,
    refused: AtomicU64,
}

/// The threads that serve watchers, before they are started. Watchers who come
/// meanwhile wait at the door.
pub struct Reception {
    listener: TcpListener,
    house: Arc<House>,
    batches: Receiver<Batch>,
    teller: Teller,
}

impl Reception {
    /// Where they wait.
    ///
    /// # Errors
    /// If the kernel gives no second descriptor for it.
    pub fn door(&self) -> io::Result<TcpListener> {
        self.listener.try_clone()
    }

    /// Serves watchers from now on.
    ///
    /// # Errors
    /// [`LiveError::Thread`].
    pub fn open(self) -> Result<(), LiveError> {
        let Reception { listener, house, batches, teller } = self;
        let (told, wishes) = (Arc::clone(&house.told), Arc::clone(&house.wishes));
        told.begin();
        spawn("teller", move || teller::tell(&batches, &wishes, &told, teller))?;
        spawn("live", move || welcome(&listener, &house))
    }
}

/// The door for watchers, and who is to open it. Nothing is told before
/// somebody attaches.
///
/// # Errors
/// See [`LiveError`].
pub fn prepare(
    options: &LiveOptions,
    header: &Header,
    teller: Teller,
) -> Result<(Live, Reception), LiveError> {
    let (outlet, batches, wishes) = Outlet::new();
    let gate = options.step.map(|lease| Arc::new(Gate::new(lease)));
    let (house, listener, address) =
        open(options, header_line(header), &wishes, gate.clone(), None)?;
    let told = Arc::clone(&house.told);
    Ok((Live { outlet, gate, address, told }, Reception { listener, house, batches, teller }))
}

/// A recording behind the same door.
pub struct Replaying {
    /// What to open.
    pub address: String,
    house: Arc<House>,
    listener: TcpListener,
}

impl Replaying {
    /// Serves until the process ends.
    pub fn run(self) {
        welcome(&self.listener, &self.house);
    }
}

/// Opens the door for readers of a recording.
///
/// # Errors
/// See [`LiveError`].
pub fn replay(options: &LiveOptions, name: &str, bytes: Vec<u8>) -> Result<Replaying, LiveError> {
    let recording = Some(Recording::new(name, bytes));
    // There is no loop: its end of the queue is let go.
    let (_, _, wishes) = Outlet::new();
    let (house, listener, address) = open(options, String::new(), &wishes, None, recording)?;
    Ok(Replaying { address, house, listener })
}

/// The house, its door, and its address.
fn open(
    options: &LiveOptions,
    header: String,
    wishes: &Arc<Wishes>,
    gate: Option<Arc<Gate>>,
    recording: Option<Recording>,
) -> Result<(Arc<House>, TcpListener, String), LiveError> {
    let address = options.address;
    if !address.ip().is_loopback() {
        if options.hosts.is_empty() {
            return Err(LiveError::Nameless(address));
        }
        if options.step.is_some() {
            return Err(LiveError::StepForAll(address));
        }
    }
    let token = match &options.token {
        Some(path) => {
            Token::kept_in(path).map_err(|error| LiveError::Token(path.clone(), error))?
        }
        None => Token::random().map_err(LiveError::Random)?,
    };
    let page = Page::find(options.page.as_deref()).map_err(LiveError::Page)?;
    let listener = TcpListener::bind(address).map_err(|error| LiveError::Listen(address, error))?;
    let bound = listener.local_addr().map_err(|error| LiveError::Listen(address, error))?;
    let house = Arc::new(House {
        door: Door::new(bound, &options.hosts, token),
        page,
        header,
        run: random_hex(4).map_err(LiveError::Random)?,
        told: Arc::new(Told::default()),
        wishes: Arc::clone(wishes),
        gate,
        recording,
        connections: AtomicU32::new(0),
        slow: AtomicU64::new(0),
        refused: AtomicU64::new(0),
    });
    let prefix = house.door.address(bound);
    let address = match &options.token {
        Some(path) => format!("{prefix}(the token in {})", path.display()),
        None => prefix + house.door.token().reveal(),
    };
    Ok((house, listener, address))
}

fn spawn(name: &str, run: impl FnOnce() + Send + 'static) -> Result<(), LiveError> {
    let thread = std::thread::Builder::new().name(name.to_owned());
    thread.spawn(run).map(drop).map_err(LiveError::Thread)
}

fn welcome(listener: &TcpListener, house: &Arc<House>) {
    receive(listener.incoming(), house, || std::thread::park_timeout(RESPITE));
}

/// `pause`: what was refused by the kernel would be refused at once again.
fn receive(
    guests: impl Iterator<Item = io::Result<TcpStream>>,
    house: &Arc<House>,
    pause: impl Fn(),
) {
    for stream in guests {
        let Ok(stream) = stream else {
            pause();
            continue;
        };
        if house.connections.fetch_add(1, Ordering::Relaxed) >= CONNECTIONS_LIMIT {
            house.connections.fetch_sub(1, Ordering::Relaxed);
            continue;
        }
        let inside = Arc::clone(house);
        let served = spawn("watcher", move || {
            inside.serve(stream);
            inside.connections.fetch_sub(1, Ordering::Relaxed);
        });
        if served.is_err() {
            house.connections.fetch_sub(1, Ordering::Relaxed);
        }
    }
}

impl House {
    /// One request, one answer.
    fn serve(&self, mut stream: TcpStream) {
        let _ = stream.set_nodelay(true);
        let _ = stream.set_write_timeout(Some(WRITE_PATIENCE));
        let answered = match request::read(&mut stream) {
            Ok(request) => match self.answer(&request, &mut stream) {
                Ok(written) => written,
                Err(refusal) => self.refuse(refusal, &mut stream),
            },
            Err(Some(refusal)) => self.refuse(refusal, &mut stream),
            Err(None) => return,
        };
        // Whoever left early has said so by leaving.
        let _ = answered;
        let _ = stream.shutdown(Shutdown::Both);
    }

    fn refuse(&self, refusal: Refusal, stream: &mut TcpStream) -> io::Result<()> {
        self.refused.fetch_add(1, Ordering::Relaxed);
        let body = match refusal {
            Refusal::NoToken => "Open the address that the server printed: it has the token.\n",
            Refusal::Busy => "Enough others are watching.\n",
            Refusal::Foreign => "",
            _ => "This is not understood here.\n",
        };
        let allowed = if refusal == Refusal::Method { "Allow: GET, POST\r\n" } else { "" };
        respond(stream, refusal.status(), allowed, "text/plain; charset=utf-8", body.as_bytes())
    }

    /// # Errors
    /// How the request is refused; what came of writing is inside.
    fn answer(&self, request: &Request, stream: &mut TcpStream) -> Result<io::Result<()>, Refusal> {
        let shown = self.door.admit(request)?;
        if request.method == Method::Post {
            let word = request.path.strip_prefix("/step/").ok_or(Refusal::Method)?;
            return self.step(word, stream);
        }
        Ok(match request.path.as_str() {
            "/events" => self.watch(request, stream)?,
            "/metrics" if self.recording.is_none() => self.metrics(stream),
            "/step" => {
                let gate = self.gate.as_ref().ok_or(Refusal::NotFound)?;
                respond(stream, "200 OK", "", JSON, position(gate).as_bytes())
            }
            // With the cookie, and without the token in the address line.
            "/" if shown == Shown::Address => {
                let headers = format!("{}Location: ./?live\r\n", self.door.set_cookie());
                respond(stream, "303 See Other", &headers, "text/plain", b"")
            }
            path => self.page(path, stream)?,
        })
    }

    fn page(&self, path: &str, stream: &mut TcpStream) -> Result<io::Result<()>, Refusal> {
        if path == "/" && !self.page.is_there() {
            return Ok(document(stream, Page::MISSING.as_bytes()));
        }
        let asset = self.page.asset(path).ok_or(Refusal::NotFound)?;
        Ok(if asset.kind.starts_with("text/html") {
            document(stream, &asset.bytes)
        } else {
            respond(stream, "200 OK", "", asset.kind, &asset.bytes)
        })
    }

    fn step(&self, word: &str, stream: &mut TcpStream) -> Result<io::Result<()>, Refusal> {
        let gate = self.gate.as_ref().ok_or(Refusal::NotFound)?;
        let order = Order::parse(word).ok_or(Refusal::Malformed)?;
        gate.order(order);
        if order != Order::Renew {
            log::event(Level::Info, "step", &[("order", &word)]);
        }
        Ok(respond(stream, "200 OK", "", JSON, position(gate).as_bytes()))
    }

    fn metrics(&self, stream: &mut TcpStream) -> io::Result<()> {
        let snapshot = self.wishes.ask_metrics(LOOP_PATIENCE);
        let watching = Watching {
            watchers: self.told.watchers() as u64,
            slow_watchers: self.slow.load(Ordering::Relaxed),
            refused_requests: self.refused.load(Ordering::Relaxed),
            dropped_facts: self.wishes.dropped(),
            queued_facts: self.wishes.queued(),
            ring_bytes: self.told.ring_bytes() as u64,
            released_by_lease: self.gate.as_ref().map_or(0, |gate| gate.position().lost),
        };
        let text = metrics::text(snapshot.as_ref(), &watching);
        respond(stream, "200 OK", "", "text/plain; version=0.0.4; charset=utf-8", text.as_bytes())
    }

    fn watch(&self, request: &Request, stream: &mut TcpStream) -> Result<io::Result<()>, Refusal> {
        let mark = request.last_event_id.as_deref().or_else(|| request.asked("after"));
        // A mark of another process says nothing here.
        let mark = mark.and_then(|mark| mark.strip_prefix(&self.run)?.strip_prefix('.'));
        let place = self.told.attach(WATCHERS_LIMIT, mark).ok_or(Refusal::Busy)?;
        self.wishes.watch(true);
        log::event(Level::Info, "watcher_attached", &[("watchers", &self.told.watchers())]);
        let ended = match &self.recording {
            None => self.stream(place, stream),
            Some(recording) => self.tell_all(recording, stream),
        };
        self.told.detach();
        let slow = ended.as_ref().is_err_and(|e| {
            matches!(e.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut)
        });
        if slow {
            self.slow.fetch_add(1, Ordering::Relaxed);
            log::event(Level::Warn, "slow_watcher_dropped", &[("watchers", &self.told.watchers())]);
        } else {
            log::event(Level::Info, "watcher_left", &[("watchers", &self.told.watchers())]);
        }
        Ok(ended)
    }

    /// Tells all of a recording, and waits until the watcher leaves, which is
    /// an error.
    fn tell_all(&self, recording: &Recording, stream: &mut TcpStream) -> io::Result<()> {
        let head = head("200 OK", "", "text/event-stream; charset=utf-8", None);
        stream.write_all(head.as_bytes())?;
        recording.tell(stream)?;
        loop {
            self.told.pause(PING_AFTER);
            stream.write_all(b": that was all\n\n")?;
        }
    }

    /// Tells what happens until the watcher leaves, which is an error.
    fn stream(&self, mut place: Place, stream: &mut TcpStream) -> io::Result<()> {
        let head = head("200 OK", "", "text/event-stream; charset=utf-8", None);
        let mut out = head.into_bytes();
        out.extend_from_slice(b"retry: 1000\n\ndata: ");
        out.extend_from_slice(self.header.as_bytes());
        out.extend_from_slice(b"\n");
        let mut gate_news = None;
        let (mut asked, mut patience) = (None, PING_AFTER);
        let mut gate_spoke = moment::now();
        let mut spoke = moment::now();
        loop {
            let calls = self.told.calls();
            if let Some(gate) = &self.gate {
                let Position { held, news, .. } = gate.position();
                // While it is held, said again and again: a page that is still
                // there answers with another lease.
                let again = gate.patience() / 4;
                patience = if held.is_some() { again.min(PING_AFTER) } else { PING_AFTER };
                let due = held.is_some() && moment::now() >= gate_spoke + again;
                if gate_news.replace(news) != Some(news) || due {
                    gate_spoke = moment::now();
                    out.extend_from_slice(
                        format!("event: gate\ndata: {}\n\n", position(gate)).as_bytes(),
                    );
                }
            }
            let over = self.told.is_over();
            match self.told.next(&mut place, patience, calls) {
                Next::Piece { piece, missed } => {
                    asked = None;
                    let id = mark(piece.end, place.ordinal());
                    out.extend_from_slice(format!("id: {}.{id}\n", self.run).as_bytes());
                    if missed > 0 {
                        out.extend_from_slice(&teller::missed_line(&piece, missed));
                    }
                    out.extend_from_slice(&piece.lines);
                    out.extend_from_slice(b"\n");
                }
                Next::Wait | Next::AskAnew if over && out.is_empty() => return Ok(()),
                Next::AskAnew => {
                    if asked.is_none_or(|at| moment::now() >= at + LOOP_PATIENCE) {
                        self.wishes.ask_standing();
                        asked = Some(moment::now());
                    }
                    self.told.pause(Duration::from_millis(50));
                }
                Next::Wait => {}
            }
            if out.is_empty() && moment::now() >= spoke + PING_AFTER {
                out.extend_from_slice(b": nothing new\n\n");
            }
            if !out.is_empty() {
                stream.write_all(&out)?;
                out.clear();
                spoke = moment::now();
            }
        }
    }
}

const JSON: &str = "application/json";

/// `{"held":"woken","count":2,"lease_ms":10000,"lost":0}`
fn position(gate: &Gate) -> String {
    use super::gate::Stop;
    let Position { held, lost, .. } = gate.position();
    let count = match held {
        Some(Stop::BeforeSleep { pending_writes }) => pending_writes,
        Some(Stop::Woken { fired }) => fired,
        Some(Stop::AboutToSleep) | None => 0,
    };
    let held = held.map_or("null".to_owned(), |stop| format!("\"{}\"", stop.word()));
    let lease = gate.patience().as_millis();
    format!("{{\"held\":{held},\"count\":{count},\"lease_ms\":{lease},\"lost\":{lost}}}")
}

/// A document of ours: only its own scripts run, and they talk to us alone.
fn document(stream: &mut TcpStream, bytes: &[u8]) -> io::Result<()> {
    let nonce = random_hex(16)?;
    let policy = format!(
        "Content-Security-Policy: default-src 'self'; script-src 'self' 'nonce-{nonce}' \
         'wasm-unsafe-eval'; style-src 'self'; style-src-attr 'unsafe-inline'; connect-src 'self'; \
         img-src 'self' data: blob:; object-src 'none'; base-uri 'none'; form-action 'none'; \
         frame-ancestors 'none'\r\n"
    );
    let bytes = Page::with_nonce(bytes, &nonce);
    respond(stream, "200 OK", &policy, "text/html; charset=utf-8", &bytes)
}

fn head(status: &str, headers: &str, kind: &str, length: Option<usize>) -> String {
    let length = length.map_or(String::new(), |length| format!("Content-Length: {length}\r\n"));
    format!(
        "HTTP/1.1 {status}\r\nContent-Type: {kind}\r\n{length}{headers}Cache-Control: no-store\r\n\
         X-Content-Type-Options: nosniff\r\nReferrer-Policy: same-origin\r\n\
         Cross-Origin-Resource-Policy: same-origin\r\nConnection: close\r\n\r\n"
    )
}

fn respond(
    stream: &mut TcpStream,
    status: &str,
    headers: &str,
    kind: &str,
    body: &[u8],
) -> io::Result<()> {
    let mut out = head(status, headers, kind, Some(body.len())).into_bytes();
    out.extend_from_slice(body);
    stream.write_all(&out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;

    /// Without a descriptor for whoever is at the door, a thread turned in
    /// circles there: half a processor's time that the loop could have had.
    #[test]
    fn a_door_without_descriptors_is_left_alone_for_a_while() {
        let address = SocketAddr::from(([127, 0, 0, 1], 0));
        let (hosts, page, token, step) = (Vec::new(), None, None, None);
        let options = LiveOptions { address, hosts, page, token, step };
        let (_, _, wishes) = Outlet::new();
        let (house, ..) = open(&options, String::new(), &wishes, None, None).expect("a door");
        let pauses = Cell::new(0);
        let none_left = || Err(io::Error::other("too many open files"));
        receive([none_left(), none_left()].into_iter(), &house, || pauses.set(pauses.get() + 1));
        assert_eq!(pauses.get(), 2);
    }
}
