//! What is said to both servers: episodes of steps, as data, so that they can
//! be drawn, played, made smaller and printed.

use std::fmt::{self, Write};

/// A connection of an episode, by its position.
pub type Guest = usize;

/// One argument.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Word {
    Bytes(Vec<u8>),
    /// What CLIENT ID answers to a guest; each server numbers for itself.
    IdOf(Guest),
    /// Where a guest comes from; each connection has a port of its own.
    AddressOf(Guest),
}

/// What a server knows a guest by.
#[derive(Clone, Copy, Debug, Default)]
pub struct Identity {
    pub id: u64,
    pub port: u16,
}

/// How closely the answers to an order are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Mask {
    /// Byte for byte.
    Exact,
    /// The order of what is listed depends on hash seeds.
    Unordered,
    /// The kind of reply only: its contents are the server's own.
    Shape,
}

/// A command with its arguments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Order {
    pub words: Vec<Word>,
    pub mask: Mask,
    /// Sent as a line instead of an array.
    pub inline: bool,
}

/// What is written at once, as far as the sender is concerned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Payload {
    Orders(Vec<Order>),
    /// Bytes that need not be requests at all.
    Raw(Vec<u8>),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    Open(Guest),
    /// Written in pieces that end at these thousandths of the whole.
    Send {
        guest: Guest,
        payload: Payload,
        cuts: Vec<u16>,
    },
    /// No more is written, but everything is read.
    HalfClose(Guest),
    Close(Guest),
    /// Long enough for what was given a few milliseconds to be over.
    Lapse,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Episode {
    /// The password, if guests need one.
    pub password: Option<&'static str>,
    pub steps: Vec<Step>,
}

impl Word {
    fn resolve(&self, identities: &[Identity]) -> Vec<u8> {
        let of = |guest: &Guest| identities.get(*guest).copied().unwrap_or_default();
        match self {
            Word::Bytes(bytes) => bytes.clone(),
            Word::IdOf(guest) => of(guest).id.to_string().into_bytes(),
            Word::AddressOf(guest) => format!("127.0.0.1:{}", of(guest).port).into_bytes(),
        }
    }
}

impl Order {
    /// Whether its first words are these, whatever the case.
    pub fn is(&self, words: &str) -> bool {
        let mut own = self.words.iter();
        words.split(' ').all(|wanted| match own.next() {
            Some(Word::Bytes(bytes)) => bytes.eq_ignore_ascii_case(wanted.as_bytes()),
            _ => false,
        })
    }

    fn encode(&self, identities: &[Identity], into: &mut Vec<u8>) {
        if self.inline {
            for (i, word) in self.words.iter().enumerate() {
                into.extend_from_slice(if i == 0 { b"" } else { b" " });
                into.extend_from_slice(quoted(&word.resolve(identities)).as_bytes());
            }
            into.extend_from_slice(b"\r\n");
            return;
        }
        into.extend_from_slice(format!("*{}\r\n", self.words.len()).as_bytes());
        for word in &self.words {
            let bytes = word.resolve(identities);
            into.extend_from_slice(format!("${}\r\n", bytes.len()).as_bytes());
            into.extend_from_slice(&bytes);
            into.extend_from_slice(b"\r\n");
        }
    }
}

impl Payload {
    /// The bytes for the server that knows the guests by `identities`.
    pub fn encode(&self, identities: &[Identity]) -> Vec<u8> {
        match self {
            Payload::Raw(bytes) => bytes.clone(),
            Payload::Orders(orders) => {
                let mut bytes = Vec::new();
                orders.iter().for_each(|order| order.encode(identities, &mut bytes));
                bytes
            }
        }
    }

    /// Raw bytes count as one command: they are one attempt at it.
    pub fn commands(&self) -> u64 {
        match self {
            Payload::Raw(_) => 1,
            Payload::Orders(orders) => orders.len() as u64,
        }
    }

    /// The loosest of its orders; answers are told apart by connection only.
    pub fn mask(&self) -> Mask {
        match self {
            Payload::Raw(_) => Mask::Exact,
            Payload::Orders(orders) => {
                orders.iter().map(|order| order.mask).max().unwrap_or(Mask::Exact)
            }
        }
    }
}

/// As redis-cli would take it, and an inline request too.
fn quoted(bytes: &[u8]) -> String {
    let plain = |b: &u8| b.is_ascii_graphic() && !matches!(b, b'"' | b'\'' | b'\\');
    if !bytes.is_empty() && bytes.iter().all(plain) {
        return String::from_utf8_lossy(bytes).into_owned();
    }
    escaped(bytes)
}

/// In double quotes, with whatever is not printable escaped.
pub fn escaped(bytes: &[u8]) -> String {
    let mut text = String::from("\"");
    for byte in bytes {
        match byte {
            b'"' | b'\\' => text.extend(['\\', char::from(*byte)]),
            b'\r' => text.push_str("\\r"),
            b'\n' => text.push_str("\\n"),
            0x20..=0x7e => text.push(char::from(*byte)),
            _ => {
                let _ = write!(text, "\\x{byte:02x}");
            }
        }
    }
    text + "\""
}

/// Long bytes with their middle left out.
pub fn shortened(bytes: &[u8]) -> String {
    const SHOWN: usize = 600;
    if bytes.len() <= SHOWN {
        return escaped(bytes);
    }
    let (head, tail) = (&bytes[..SHOWN / 2], &bytes[bytes.len() - SHOWN / 2..]);
    format!("{} … {} ({} bytes)", escaped(head), escaped(tail), bytes.len())
}

impl fmt::Display for Order {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, word) in self.words.iter().enumerate() {
            f.write_str(if i == 0 { "" } else { " " })?;
            match word {
                Word::Bytes(bytes) if bytes.len() > 600 => f.write_str(&shortened(bytes))?,
                Word::Bytes(bytes) => f.write_str(&quoted(bytes))?,
                Word::IdOf(guest) => write!(f, "<id of {guest}>")?,
                Word::AddressOf(guest) => write!(f, "<address of {guest}>")?,
            }
        }
        Ok(())
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Step::Open(guest) => write!(f, "{guest} connects"),
            Step::HalfClose(guest) => write!(f, "{guest} stops writing"),
            Step::Close(guest) => write!(f, "{guest} hangs up"),
            Step::Lapse => write!(f, "time passes"),
            Step::Send { guest, payload, cuts } => {
                match payload {
                    Payload::Raw(bytes) => write!(f, "{guest} raw {}", shortened(bytes))?,
                    Payload::Orders(orders) => {
                        for (i, order) in orders.iter().enumerate() {
                            let gap = if i == 0 { "" } else { "\n      " };
                            let line = if order.inline { " (inline)" } else { "" };
                            write!(f, "{gap}{guest} > {order}{line}")?;
                        }
                    }
                }
                if cuts.is_empty() { Ok(()) } else { write!(f, "  cut at {cuts:?}‰") }
            }
        }
    }
}

impl fmt::Display for Episode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(password) = self.password {
            writeln!(f, "      requirepass {password}")?;
        }
        for step in &self.steps {
            writeln!(f, "      {step}")?;
        }
        Ok(())
    }
}
