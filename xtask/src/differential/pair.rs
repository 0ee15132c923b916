//! Two servers side by side, and an episode played to both.
//!
//! After every step both are asked something on a connection of our own,
//! twice. A server with one thread that has answered has also read and
//! answered what was sent to it before; so no step waits for time to pass,
//! and how fast a server is does not matter. Only when the two differ is
//! either given more time, in case the kernel was late.

use super::compare::{self, Setting};
use super::exceptions::{self, Version};
use super::reply::{Frame, take_frames};
use super::script::{Episode, Guest, Identity, Mask, Order, Payload, Step, shortened};
use super::server::{Server, Silence};
use super::values::{DATABASES, DIRECTIVES, KEYS};
use crate::failure::Failure;
use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::time::{Duration, Instant};

/// Answers that differ may still be on their way for so long.
pub const GRACE: Duration = Duration::from_millis(1_500);
/// Enough where a difference was seen before.
pub const SHORT_GRACE: Duration = Duration::from_millis(150);
/// Longer than anything short-lived in an episode; both servers also look for
/// timeouts ten times a second only.
const LAPSE: Duration = Duration::from_millis(30);

pub struct Pair {
    ours: Server,
    theirs: Server,
    /// Theirs.
    version: Version,
    pub grace: Duration,
}

/// A guest's connection to one of the servers.
struct Wire {
    stream: TcpStream,
    identity: Identity,
    unread: Vec<u8>,
    closed: bool,
}

/// A guest: the same on both sides.
struct Seat {
    ours: Wire,
    theirs: Wire,
    /// How the answers to what was sent last are compared.
    mask: Mask,
    /// All that was ordered: who waits gets answers to older ones, too.
    orders: Vec<Order>,
    /// Sent bytes that need not be requests.
    garbled: bool,
}

/// Where the two went different ways.
pub struct Difference {
    /// The step after which it was seen.
    pub step: usize,
    pub what: String,
}

/// How an episode went.
pub struct Outcome {
    pub commands: u64,
    pub difference: Option<Difference>,
}

impl Pair {
    pub fn new(ours: Server, mut theirs: Server) -> Result<Pair, Failure> {
        let version = theirs.version()?;
        Ok(Pair { ours, theirs, version, grace: GRACE })
    }

    /// Plays it from a state in which nothing was ever said.
    pub fn play(&mut self, episode: &Episode) -> Result<Outcome, Failure> {
        self.prepare(episode)?;
        let mut seats: Vec<Option<Seat>> = Vec::new();
        let mut commands = 0;
        for (at, step) in episode.steps.iter().enumerate() {
            let said = self.take(step, &mut seats)?;
            let what = match said {
                Ok(said) => {
                    commands += said;
                    self.settle(&mut seats)?
                }
                Err(what) => Some(what),
            };
            if let Some(what) = what {
                drop(seats);
                self.revive()?;
                return Ok(Outcome { commands, difference: Some(Difference { step: at, what }) });
            }
        }
        Ok(Outcome { commands, difference: None })
    }

    fn prepare(&mut self, episode: &Episode) -> Result<(), Failure> {
        let changes = |step: &Step| match step {
            Step::Send { payload: Payload::Orders(orders), .. } => {
                orders.iter().any(|order| order.is("config set"))
            }
            _ => false,
        };
        let reconfigure = episode.steps.iter().any(changes);
        for server in [&mut self.ours, &mut self.theirs] {
            server.ask(&["CLIENT", "UNPAUSE"])?;
            server.ask(&["FLUSHALL"])?;
            server.lock(episode.password)?;
            server.ask(&["SLOWLOG", "RESET"])?;
            if reconfigure || server.reconfigured {
                for (name, value) in DIRECTIVES {
                    server.ask(&["CONFIG", "SET", name, value])?;
                }
            }
            server.reconfigured = reconfigure;
            server.breathe()?;
        }
        Ok(())
    }

    /// Starts anew whichever server no longer answers.
    fn revive(&mut self) -> Result<(), Failure> {
        self.ours.revive()?;
        self.theirs.revive()
    }

    /// Does one step on both sides; how many commands that were, or what was
    /// seen to go wrong.
    fn take(
        &mut self,
        step: &Step,
        seats: &mut Vec<Option<Seat>>,
    ) -> Result<Result<u64, String>, Failure> {
        match step {
            Step::Open(guest) => self.open(*guest, seats)?,
            Step::Close(guest) => {
                if let Some(seat) = seats.get_mut(*guest) {
                    *seat = None;
                }
            }
            Step::HalfClose(guest) => {
                if let Some(Some(seat)) = seats.get_mut(*guest) {
                    let _ = seat.ours.stream.shutdown(Shutdown::Write);
                    let _ = seat.theirs.stream.shutdown(Shutdown::Write);
                }
            }
            Step::Lapse => {
                std::thread::sleep(LAPSE);
                self.touch_everything()?;
            }
            Step::Send { guest, payload, cuts } => {
                return self.send(*guest, payload, cuts, seats);
            }
        }
        Ok(self.breathe()?.map(|()| 0))
    }

    /// Both have read what was written before; else what is wrong.
    fn breathe(&mut self) -> Result<Result<(), String>, Failure> {
        for _ in 0..2 {
            self.ours.send_ping();
            self.theirs.send_ping();
            match (self.ours.expect_pong(), self.theirs.expect_pong()) {
                (Ok(()), Ok(())) => {}
                // One may have answered before it was told to hang up.
                (Err(Silence::HungUp), other) if other.is_err() || self.theirs.hangs_up() => {
                    self.call_again()?;
                }
                (Ok(()), Err(Silence::HungUp)) if self.ours.hangs_up() => self.call_again()?,
                (Err(silence), _) | (_, Err(silence)) => return Ok(Err(silence.to_string())),
            }
        }
        Ok(Ok(()))
    }

    fn call_again(&mut self) -> Result<(), Failure> {
        self.ours.call_again()?;
        self.theirs.call_again()
    }

    /// What has expired is gone when it is touched, and only the servers know
    /// when it would be gone otherwise.
    fn touch_everything(&mut self) -> Result<(), Failure> {
        for server in [&mut self.ours, &mut self.theirs] {
            for db in 0..DATABASES {
                server.ask(&["SELECT", &db.to_string()])?;
                let mut exists = vec!["EXISTS"];
                exists.extend(KEYS);
                server.ask(&exists)?;
            }
            server.ask(&["SELECT", "0"])?;
        }
        Ok(())
    }

    fn open(&mut self, guest: Guest, seats: &mut Vec<Option<Seat>>) -> Result<(), Failure> {
        while seats.len() <= guest {
            seats.push(None);
        }
        seats[guest] = None;
        // A predecessor must have left before its successor is counted.
        let _ = self.breathe()?;
        let wire = |server: &mut Server| -> Result<Wire, Failure> {
            let (stream, identity) = server.connect()?;
            Ok(Wire { stream, identity, unread: Vec::new(), closed: false })
        };
        let (ours, theirs) = (wire(&mut self.ours)?, wire(&mut self.theirs)?);
        seats[guest] =
            Some(Seat { ours, theirs, mask: Mask::Exact, orders: Vec::new(), garbled: false });
        Ok(())
    }

    fn send(
        &mut self,
        guest: Guest,
        payload: &Payload,
        cuts: &[u16],
        seats: &mut Vec<Option<Seat>>,
    ) -> Result<Result<u64, String>, Failure> {
        let gone = |seat: &Seat| seat.ours.closed && seat.theirs.closed;
        if seats.get(guest).is_none_or(|seat| seat.as_ref().is_none_or(gone)) {
            self.open(guest, seats)?;
        }
        let identities = |of: fn(&Seat) -> Identity| -> Vec<Identity> {
            seats.iter().map(|seat| seat.as_ref().map(of).unwrap_or_default()).collect()
        };
        let ours = payload.encode(&identities(|seat| seat.ours.identity));
        let theirs = payload.encode(&identities(|seat| seat.theirs.identity));
        let Some(Some(seat)) = seats.get_mut(guest) else { return Ok(Ok(0)) };
        seat.mask = payload.mask();
        match payload {
            Payload::Orders(orders) => seat.orders.extend_from_slice(orders),
            Payload::Raw(_) => seat.garbled = true,
        }
        let mut written = (0, 0);
        for cut in cuts.iter().copied().chain([1_000]) {
            let until = |bytes: &[u8]| bytes.len() * usize::from(cut) / 1_000;
            let (to_ours, to_theirs) = (until(&ours), until(&theirs));
            seat.ours.write(&ours[written.0..to_ours]);
            seat.theirs.write(&theirs[written.1..to_theirs]);
            written = (to_ours, to_theirs);
            if let Err(what) = self.breathe()? {
                return Ok(Err(what));
            }
        }
        Ok(Ok(payload.commands()))
    }

    /// Compares what everybody has got; what differs, if anything stays so.
    fn settle(&mut self, seats: &mut [Option<Seat>]) -> Result<Option<String>, Failure> {
        let identities: Vec<(Identity, Identity)> =
            seats.iter().flatten().map(|seat| (seat.ours.identity, seat.theirs.identity)).collect();
        for (guest, seat) in seats.iter_mut().enumerate() {
            let Some(seat) = seat else { continue };
            let began = Instant::now();
            loop {
                seat.ours.drain();
                seat.theirs.drain();
                if seat.agree(self.version, &identities) {
                    break;
                }
                if began.elapsed() > self.grace {
                    return Ok(Some(seat.describe(guest)));
                }
                std::thread::sleep(Duration::from_millis(5));
            }
        }
        Ok(None)
    }
}

impl Seat {
    /// Whether both have got the same, which is then forgotten.
    fn agree(&mut self, version: Version, identities: &[(Identity, Identity)]) -> bool {
        if self.ours.closed != self.theirs.closed {
            return false;
        }
        let cut_off =
            self.ours.closed && exceptions::equally_cut_off(&self.ours.unread, &self.theirs.unread);
        if self.ours.unread == self.theirs.unread || cut_off {
            self.forget();
            return true;
        }
        let frames = |bytes: &[u8]| -> Option<Vec<Frame>> {
            let mut bytes = bytes.to_vec();
            let frames = take_frames(&mut bytes).ok()?;
            bytes.is_empty().then_some(frames)
        };
        let (Some(ours), Some(theirs)) = (frames(&self.ours.unread), frames(&self.theirs.unread))
        else {
            return false;
        };
        let same = {
            let setting = Setting {
                version,
                mask: self.mask,
                orders: &self.orders,
                garbled: self.garbled,
                identities,
            };
            compare::same(&ours, &theirs, &setting)
        };
        if same {
            self.forget();
        }
        same
    }

    fn forget(&mut self) {
        self.ours.unread.clear();
        self.theirs.unread.clear();
    }

    fn describe(&self, guest: Guest) -> String {
        let side = |wire: &Wire| {
            let end = if wire.closed { " and closed" } else { "" };
            format!("{}{end}", shortened(&wire.unread))
        };
        format!(
            "guest {guest}\n      redis   {}\n      onechef {}",
            side(&self.theirs),
            side(&self.ours)
        )
    }
}

impl Wire {
    /// A connection that the server has closed is noticed when reading.
    fn write(&mut self, mut bytes: &[u8]) {
        let patience = Instant::now();
        while !bytes.is_empty() && patience.elapsed() < GRACE {
            match self.stream.write(bytes) {
                Ok(written) => bytes = &bytes[written..],
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    self.drain();
                    std::thread::sleep(Duration::from_millis(1));
                }
                Err(_) => return,
            }
        }
    }

    fn drain(&mut self) {
        let mut buffer = [0; 16 * 1024];
        while !self.closed {
            match self.stream.read(&mut buffer) {
                Ok(0) => self.closed = true,
                Ok(len) => self.unread.extend_from_slice(&buffer[..len]),
                Err(error) if error.kind() == ErrorKind::WouldBlock => return,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(_) => self.closed = true,
            }
        }
    }
}
