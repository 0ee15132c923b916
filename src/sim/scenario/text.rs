//! From [`Scenario`] to text.

use super::crowd::crowd;
use super::load::{Load, Pace, Piece, REQUESTS_MAX, Template};
use super::settings::{COSTS, FAULTS, Field, LINK_SIZES};
use super::{Action, ClientSpec, Input, Packets, Scenario};
use crate::event::escape;
use crate::net::fault::FaultConfig;
use crate::net::virt::Link;
use crate::net::{Costs, address_text};
use crate::part::part;
use crate::resp::{Limits, Progress, RequestParser};
use crate::time::Micros;
use std::fmt::Write;
use std::ops::Range;

impl Scenario {
    /// The scenario as text; [`Scenario::parse`] gives the same one back.
    #[must_use]
    pub fn to_text(&self) -> String {
        let mut out = String::from("onechef scenario 1\n");
        for (keyword, prose) in [("title", &self.title), ("about", &self.about)] {
            if !prose.is_empty() {
                line(&mut out, &format!("{keyword:<7} {prose}"));
            }
        }
        if self.seed != 0 {
            line(&mut out, &format!("seed    {}", self.seed));
        }
        for (name, value) in &self.config {
            let value: Vec<String> = value.split(' ').map(|v| word(v.as_bytes())).collect();
            line(&mut out, &format!("set     {name} {}", value.join(" ")));
        }
        changed(&mut out, "net    ", &link_changes(&self.link, &Link::default()));
        changed(&mut out, "cost   ", &changes(&self.costs, &Costs::default(), &COSTS, nanoseconds));
        let rates =
            changes(&self.faults, &FaultConfig::default(), &FAULTS, |rate: u16| rate.to_string());
        changed(&mut out, "fault  ", &rates);
        if let Some(from) = self.calm {
            line(&mut out, &format!("calm    {}", time(from)));
        }
        if let Some(tape) = &self.tape {
            tape_lines(&mut out, tape);
        }
        let mut client = 0;
        while client < self.clients.len() {
            let alike = self.companions(client);
            self.write_clients(&mut out, alike.clone());
            client = alike.end;
        }
        let mut first = 0;
        while first < self.inputs.len() {
            let statement = self.statement(first);
            let alike = self.companions(self.inputs[first].client);
            self.write_input(&mut out, &self.inputs[first], statement.len() == alike.len());
            first = statement.end;
        }
        out
    }

    fn write_clients(&self, out: &mut String, alike: Range<usize>) {
        let ClientSpec { name, link, from } = &self.clients[alike.start];
        let mut head = format!("client  {name}");
        if let Some(crowd) = crowd(name) {
            head = format!("crowd   {crowd} {}", alike.len());
        }
        if let Some(from) = from {
            let _ = write!(head, " from {}", address_text(*from));
        }
        settings(out, &head, &link_changes(link, &self.link));
    }

    fn write_input(&self, out: &mut String, input: &Input, all: bool) {
        let what = match &input.action {
            Action::Connect => "connects".to_owned(),
            Action::Send(packets) => format!("sends {}", sending(packets)),
            Action::StopReading => "stops reading".to_owned(),
            Action::Read => "reads".to_owned(),
            Action::ReadOnly { bytes } => format!("reads {}", size(*bytes)),
            Action::HalfClose => "shuts down".to_owned(),
            Action::Close => "closes".to_owned(),
            Action::Reset => "resets".to_owned(),
            Action::Load(share) => format!("sends {}", load(&share.load)),
        };
        let name = &self.clients[input.client].name;
        let who = crowd(name).filter(|_| all).unwrap_or(name);
        line(out, &format!("at {:<7} {who} {what}", time(input.at)));
    }
}

fn line(out: &mut String, text: &str) {
    out.push_str(text);
    out.push('\n');
}

/// Where it is cut means nothing.
fn tape_lines(out: &mut String, tape: &str) {
    const WIDTH: usize = 100;
    let mut rest = tape;
    while !rest.is_empty() {
        // It is ASCII, but may have been made by hand.
        let end = (WIDTH..rest.len()).find(|&at| rest.is_char_boundary(at));
        let end = end.unwrap_or(rest.len());
        line(out, &format!("tape    {}", part(rest, ..end)));
        rest = part(rest, end..);
    }
}

/// What `head` sets.
fn settings(out: &mut String, head: &str, settings: &str) {
    let gap = if settings.is_empty() { "" } else { " " };
    line(out, &format!("{head}{gap}{settings}"));
}

fn changed(out: &mut String, head: &str, changes: &str) {
    if !changes.is_empty() {
        settings(out, head, changes);
    }
}

/// The fields in which `now` differs from `usual`, as the text names them.
fn changes<T: Clone, V: Copy + PartialEq>(
    now: &T,
    usual: &T,
    fields: &[Field<T, V>],
    show: impl Fn(V) -> String,
) -> String {
    let (mut now, mut usual) = (now.clone(), usual.clone());
    let changed = fields.iter().filter_map(|(name, field)| {
        let value = *field(&mut now);
        (value != *field(&mut usual)).then(|| format!("{name} {}", show(value)))
    });
    changed.collect::<Vec<_>>().join(" ")
}

fn link_changes(link: &Link, usual: &Link) -> String {
    let mut out = changes(link, usual, &LINK_SIZES, size);
    if link.latency != usual.latency {
        let rest = if out.is_empty() { String::new() } else { format!(" {out}") };
        out = format!("latency {}{rest}", time(link.latency));
    }
    out
}

/// What stands after `sends`.
fn sending(packets: &Packets) -> String {
    let mut out = requests(&packets.bytes)
        .or_else(|| typed(&packets.bytes))
        .unwrap_or_else(|| format!("raw \"{}\"", escape(&packets.bytes)));
    if !packets.splits.is_empty() {
        out.push_str(" split");
        for offset in &packets.splits {
            let _ = write!(out, " {offset}");
        }
        if packets.apart != Packets::APART {
            let _ = write!(out, " apart {}", time(packets.apart));
        }
    }
    out
}

/// What stands after `sends` of a load.
fn load(load: &Load) -> String {
    let mut out = String::new();
    if load.requests != REQUESTS_MAX || load.until.is_none() {
        let _ = write!(out, "{} x ", load.requests);
    }
    for argument in &load.command {
        out.push_str(&template(argument));
        out.push(' ');
    }
    match load.pace {
        Pace::Closed { pipeline, think } => {
            out.push_str("closed");
            if pipeline != 1 {
                let _ = write!(out, " pipeline {pipeline}");
            }
            if think != Micros::ZERO {
                let _ = write!(out, " think {}", time(think));
            }
        }
        Pace::Open { every, random } => {
            let _ = write!(out, "open every {}", time(every));
            out.push_str(if random { " random" } else { "" });
        }
    }
    if let Some(until) = load.until {
        let _ = write!(out, " until {}", time(until));
    }
    out
}

fn template(Template(pieces): &Template) -> String {
    if let [Piece::Bytes(bytes)] = pieces.as_slice() {
        return word(bytes);
    }
    // What stands beside a placeholder was not quoted, and need not be.
    let pieces = pieces.iter().map(|piece| match piece {
        Piece::Bytes(bytes) => String::from_utf8_lossy(bytes).into_owned(),
        Piece::Number => "<n>".to_owned(),
        Piece::Random(from, to) => format!("<{from}-{to}>"),
    });
    pieces.collect()
}

/// The words of the command, if the bytes are nothing but that command, once
/// or several times, as this side encodes it.
fn requests(bytes: &[u8]) -> Option<String> {
    let limits = Limits { max_bulk_len: i64::MAX, authenticated: true };
    let mut parser = RequestParser::default();
    let Progress::Complete { consumed } = parser.parse(bytes, &limits) else { return None };
    let argv: Vec<&[u8]> = parser.args(bytes).iter().collect();
    if Packets::command(&argv).bytes != bytes[..consumed] {
        return None;
    }
    let (one, times) = (&bytes[..consumed], bytes.len() / consumed);
    if !bytes.chunks(consumed).all(|chunk| chunk == one) {
        return None;
    }
    let words: Vec<String> = argv.into_iter().map(word).collect();
    let repeated = if times > 1 { format!("{times} x ") } else { String::new() };
    Some(format!("{repeated}{}", words.join(" ")))
}

/// A typed line.
fn typed(bytes: &[u8]) -> Option<String> {
    let text = bytes.strip_suffix(b"\r\n")?;
    let one_line = !text.is_empty() && !text.contains(&b'\n') && text[0] != b'*';
    one_line.then(|| format!("inline \"{}\"", escape(text)))
}

/// Bytes as one word that means nothing but itself.
fn word(bytes: &[u8]) -> String {
    const FILL_MIN_BYTES: usize = 64;
    if bytes.len() >= FILL_MIN_BYTES && bytes.iter().all(|b| *b == b'x') {
        return format!("<{}>", size(bytes.len() as u64));
    }
    let keyword = matches!(bytes, b"" | b"split" | b"inline" | b"raw" | b"x" | b"closed" | b"open");
    let plain = bytes.iter().all(|b| b.is_ascii_graphic() && !matches!(b, b'"' | b'\'' | b'\\'));
    if plain && !keyword && !bytes.starts_with(b"#") && !bytes.contains(&b'<') {
        bytes.iter().map(|b| char::from(*b)).collect()
    } else {
        format!("\"{}\"", escape(bytes))
    }
}

/// The shortest exact form: `250us`, `1.5ms`, `2s`.
fn time(at: Micros) -> String {
    nanoseconds(at.0.saturating_mul(1_000))
}

fn nanoseconds(ns: u64) -> String {
    let (unit, name) = match ns {
        0 => return "0us".to_owned(),
        1..1_000 => (1, "ns"),
        1_000..1_000_000 => (1_000, "us"),
        1_000_000..1_000_000_000 => (1_000_000, "ms"),
        _ => (1_000_000_000, "s"),
    };
    let (whole, rest) = (ns / unit, ns % unit);
    let digits = unit.ilog10() as usize;
    let fraction = if rest == 0 { String::new() } else { format!(".{rest:0digits$}") };
    format!("{whole}{}{name}", fraction.trim_end_matches('0'))
}

fn size(bytes: u64) -> String {
    const UNITS: [(u64, &str); 3] = [(1 << 30, "gb"), (1 << 20, "mb"), (1 << 10, "kb")];
    let unit = UNITS.iter().find(|(unit, _)| bytes > 0 && bytes.is_multiple_of(*unit));
    match unit {
        Some((unit, name)) => format!("{}{name}", bytes / unit),
        None => bytes.to_string(),
    }
}
