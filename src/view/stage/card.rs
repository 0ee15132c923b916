//! What a notepad says: the order as far as it is known, the bar of bytes, and
//! one line about the client's state.

use super::scene::{Scene, Sitter};
use super::whereabouts::Place;
use super::words::{MONO_PX, fit_mono};
use crate::event::{BlockedOn, CloseReason, Event, LimitKind, Need, ReadOutcome};
use crate::net::WriteOutcome;
use crate::trace::world::{ClientView, Doing, QueryView};
use crate::view::narration::words::reason;
use crate::view::phase::StagePhase;
use crate::view::text::{Phrase, Words, say};
use std::fmt::Write as _;

#[derive(Debug, PartialEq)]
pub enum Order {
    /// Nothing of it is understood yet.
    Blank,
    Text {
        text: String,
        /// Belongs to a request that is over.
        old: bool,
    },
    /// The known arguments, and a dashed box, so many px wide, for each that
    /// is still owed. Never a guess of its text.
    Partial { text: String, owed: Vec<f64> },
    /// The raw bytes around one that cannot be; `at` is its place in `text`.
    Unreadable { text: String, at: usize, offender: String },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    Plain,
    /// This is what happens now.
    Hot,
    /// Something is wrong.
    Reversed,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Glyph {
    Warning,
    Hourglass,
}

/// Shares of the query buffer's bar: filled, and of that understood.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Bar {
    pub filled: f64,
    pub understood: f64,
}

/// What the client has still to send before its request can be complete, at
/// the very least: an empty argument takes six bytes on the wire.
fn owed_bytes(client: &ClientView) -> u64 {
    let Doing::Partial { need } = &client.doing else { return 0 };
    let missing = u64::from(client.argc).saturating_sub(client.argv.len() as u64);
    match need {
        Need::InlineEnd => 1,
        Need::MultibulkHeader => 2,
        Need::BulkHeader => missing.max(1).saturating_mul(6),
        Need::BulkBytes(n) => n.saturating_add(missing.saturating_sub(1).saturating_mul(6)),
    }
}

pub fn bar(client: &ClientView) -> Bar {
    let QueryView { len, parsed_to, .. } = client.query;
    if len == 0 {
        return Bar::default();
    }
    let whole = len.saturating_add(owed_bytes(client)) as f64;
    let understood = match client.doing {
        // Everything before the offending byte made sense.
        Doing::Unreadable { at, .. } => parsed_to.max(at),
        _ => parsed_to,
    };
    Bar { filled: len as f64 / whole, understood: understood.min(len) as f64 / whole }
}

fn argv_text(client: &ClientView) -> String {
    let mut text = String::new();
    for (i, arg) in client.argv.iter().enumerate() {
        let _ = write!(text, "{}{arg}", if i == 0 { "" } else { " " });
        if text.len() > 64 {
            break;
        }
    }
    text
}

/// The order in `width` px of the monospaced face.
pub fn order(client: &ClientView, width: f64) -> Order {
    match &client.doing {
        Doing::Read { .. } => Order::Blank,
        Doing::Unreadable { at, .. } => unreadable(&client.query, *at, width),
        Doing::Partial { need } => partial(client, *need, width),
        _ if client.argv.is_empty() => Order::Blank,
        doing => Order::Text {
            text: fit_mono(&argv_text(client), width).into_owned(),
            old: client.argv_old && matches!(doing, Doing::Idle),
        },
    }
}

fn partial(client: &ClientView, need: Need, width: f64) -> Order {
    const GAP: f64 = 4.0;
    const UNKNOWN: f64 = 15.0;
    let missing = (client.argc as usize).saturating_sub(client.argv.len()).clamp(1, 4);
    let first = match need {
        // Its CRLF is among the bytes that are missing, but not shown.
        Need::BulkBytes(n) => (n.saturating_sub(2).min(9) as f64 * MONO_PX).clamp(UNKNOWN, 42.0),
        Need::BulkHeader => 28.0,
        Need::MultibulkHeader | Need::InlineEnd => UNKNOWN,
    };
    let text = fit_mono(&argv_text(client), width - first - GAP).into_owned();
    let mut left = width - text.chars().count() as f64 * MONO_PX - GAP;
    let mut owed = Vec::new();
    for i in 0..missing {
        let wide = if i == 0 { first } else { UNKNOWN };
        if left < wide && i > 0 {
            break;
        }
        owed.push(wide);
        left -= wide + GAP;
    }
    Order::Partial { text, owed }
}

fn unreadable(query: &QueryView, at: u64, width: f64) -> Order {
    let raw = if at < query.known.len() as u64 { &query.known } else { &query.memory };
    let places = (width / MONO_PX) as usize;
    let mut shown: Vec<String> = Vec::new();
    let mut offender = 0;
    let mut i = 0;
    while i < raw.len() && shown.len() <= offender + 3 {
        if i as u64 <= at {
            offender = shown.len();
        }
        shown.push(match raw[i] {
            b'\r' if raw.get(i + 1) == Some(&b'\n') && i as u64 != at => {
                i += 1;
                "\u{a0}".to_owned()
            }
            b' ' => "\u{a0}".to_owned(),
            byte @ 0x21..=0x7e => char::from(byte).to_string(),
            _ => "·".to_owned(),
        });
        i += 1;
    }
    if shown.is_empty() {
        return Order::Blank;
    }
    let end = (offender + 4).min(shown.len());
    let start = end.saturating_sub(places).min(offender);
    Order::Unreadable {
        at: offender - start,
        offender: shown[offender].clone(),
        text: shown[start..end].concat(),
    }
}

/// Why a pad is torn.
pub fn close_words(why: CloseReason) -> Words {
    Phrase::named("stage.pad.close.").and(reason(why)).say()
}

/// Whether the client leaves of its own accord: no fault to print.
pub fn leaves_in_peace(why: CloseReason) -> bool {
    matches!(why, CloseReason::PeerClosed | CloseReason::Quit | CloseReason::Shutdown)
}

pub fn glyph(client: &ClientView) -> Option<Glyph> {
    match client.doing {
        Doing::Blocked(_) => Some(Glyph::Hourglass),
        _ if client.write_handler || client.soft_limit_since.is_some() => Some(Glyph::Warning),
        _ => None,
    }
}

/// The pad's last line.
pub fn state_line(scene: &Scene<'_>, sitter: &Sitter<'_>) -> (Words, Tone) {
    let client = sitter.client;
    let hot = scene.is_hot(client.id);
    if let Some(why) = client.close_after_reply {
        let words = match &client.doing {
            Doing::Unreadable { .. } => unreadable_words(&client.query, &client.doing),
            _ => close_words(why),
        };
        let tone = if leaves_in_peace(why) { Tone::Plain } else { Tone::Reversed };
        return (words, tone);
    }
    if let Doing::Unreadable { .. } = client.doing {
        return (unreadable_words(&client.query, &client.doing), Tone::Reversed);
    }
    if hot {
        return (hot_words(scene, client), Tone::Hot);
    }
    if let Some(words) = soft_limit_words(scene, client) {
        return (words, Tone::Reversed);
    }
    if let Some(Event::Write { client: id, by, .. }) = scene.event()
        && *id == client.id
        && *by > 0
    {
        return (say!("stage.pad.waiter", *by), Tone::Hot);
    }
    (calm_words(scene, sitter), Tone::Plain)
}

fn hot_words(scene: &Scene<'_>, client: &ClientView) -> Words {
    match (scene.chef.place(), scene.event()) {
        (_, Some(Event::Read { outcome, bytes, .. })) => match outcome {
            ReadOutcome::Bytes if bytes.len < 1_000 => say!("stage.pad.taking", bytes.len),
            ReadOutcome::Bytes => say!("stage.pad.taking-much", bytes.len),
            ReadOutcome::Eof => say!("stage.pad.slip-says-goodbye"),
            ReadOutcome::WouldBlock => say!("stage.pad.no-slip-after-all"),
            ReadOutcome::Reset => say!("stage.pad.line-went-dead"),
        },
        (_, Some(Event::Write { outcome: WriteOutcome::Reset, .. })) => {
            say!("stage.pad.line-went-dead-2")
        }
        (
            Some(Place::Table(_)),
            Some(Event::Write { outcome: WriteOutcome::Drained, bytes: n, .. }),
        ) => say!("stage.pad.serving", client.fd, *n),
        (Some(Place::Table(_)), Some(Event::Write { .. })) => doing_words(client),
        (Some(Place::Table(_)), Some(Event::Watch { .. })) => {
            say!("stage.pad.asks", client.fd)
        }
        (Some(Place::Table(_)), _) => say!("stage.pad.being-served"),
        (Some(Place::Grill(_)), Some(Event::CommandEnd { took, .. })) => {
            say!("stage.pad.done", *took)
        }
        (Some(Place::Grill(_)), _) => say!("stage.pad.on-the-grill"),
        (Some(Place::Pad(_)), Some(Event::Fire { .. })) => say!("stage.pad.turn-begins"),
        (Some(Place::Pad(_)), Some(Event::Limit { kind: LimitKind::QueryBuffer, .. })) => {
            say!("stage.pad.past-the-limit")
        }
        (Some(Place::Pad(_)), Some(Event::CommandRejected { .. })) => {
            say!("stage.pad.not-on-the-menu")
        }
        (Some(Place::Pad(_)), _) if scene.chef.segment() == Some(StagePhase::Read) => {
            say!("stage.pad.taking-the-slip")
        }
        _ => doing_words(client),
    }
}

fn calm_words(scene: &Scene<'_>, sitter: &Sitter<'_>) -> Words {
    let client = sitter.client;
    let seen = matches!(client.doing, Doing::Idle | Doing::Served { .. });
    if seen && scene.flag(sitter) && client.reply.waiting() == 0 {
        return say!("stage.pad.flag-is-up");
    }
    if client.doing == Doing::Idle {
        if client.reply.waiting() > 0 {
            return rack_words(client);
        }
        if client.commands == 0 && client.bytes_in == 0 {
            return say!("stage.pad.just-sat-down");
        }
        let idle = scene.world.at.saturating_sub(client.last_active).as_secs();
        return say!("stage.pad.idle-for", idle);
    }
    doing_words(client)
}

fn rack_words(client: &ClientView) -> Words {
    say!("stage.pad.plate", client.reply.waiting(), client.reply.listed > 0)
}

fn doing_words(client: &ClientView) -> Words {
    match &client.doing {
        Doing::Idle => say!("stage.pad.idle"),
        Doing::Read { bytes } => say!("stage.pad.read", *bytes),
        Doing::Partial { .. } => {
            say!("stage.pad.half", client.argv.len(), client.argc)
        }
        Doing::Parsed => say!("stage.pad.clear", client.argc),
        Doing::Executing => say!("stage.pad.on-the-grill"),
        Doing::Replied { .. } => rack_words(client),
        Doing::Served { bytes: n } => say!("stage.pad.served", *n),
        Doing::TableFull => say!("stage.pad.table-is-full"),
        Doing::BudgetSpent => say!("stage.pad.more-next-round"),
        Doing::Unreadable { .. } => unreadable_words(&client.query, &client.doing),
        Doing::Blocked(BlockedOn::Keys { .. }) => say!("stage.pad.waits-for-a-key"),
        Doing::Blocked(BlockedOn::Pause) => say!("stage.pad.kitchen-pauses"),
    }
}

fn unreadable_words(query: &QueryView, doing: &Doing) -> Words {
    let Doing::Unreadable { at, .. } = doing else {
        return close_words(CloseReason::ProtocolError);
    };
    let byte = usize::try_from(*at)
        .ok()
        .and_then(|at| query.known.get(at).or_else(|| query.memory.get(at)));
    let byte = match byte {
        Some(b @ 0x20..=0x7e) => format!("'{}'", char::from(*b)),
        Some(b) => format!("{b:02x}"),
        None => String::new(),
    };
    say!("stage.pad.unreadable", &byte)
}

/// The output limit of ordinary clients: hard and soft bytes, soft seconds; 0
/// means none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OutputLimit {
    pub hard_bytes: u64,
    pub soft_bytes: u64,
    pub soft_secs: u64,
}

/// `client-output-buffer-limit`, as `CONFIG GET` prints it:
/// `normal 0 0 0 replica …`.
pub fn output_limit(scene: &Scene<'_>) -> Option<OutputLimit> {
    let text = scene.world.config.get("client-output-buffer-limit")?;
    let mut words = text.split_whitespace().skip_while(|word| *word != "normal").skip(1);
    let mut number = || words.next()?.parse().ok();
    Some(OutputLimit { hard_bytes: number()?, soft_bytes: number()?, soft_secs: number()? })
}

fn soft_limit_words(scene: &Scene<'_>, client: &ClientView) -> Option<Words> {
    let since = client.soft_limit_since?;
    let allowed = output_limit(scene).unwrap_or_default().soft_secs;
    let over = scene.world.at.saturating_sub(since).as_secs();
    Some(say!("stage.pad.soft", allowed.saturating_sub(over), over, allowed))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unreadable_byte_is_shown_where_it_stands() {
        let query = QueryView {
            len: 18,
            known: b"*3\r\n$3\r\nSET\r\n+5\r\n".to_vec(),
            ..QueryView::default()
        };
        let Order::Unreadable { text, at, offender } = unreadable(&query, 13, 96.0) else {
            panic!("bytes are there");
        };
        assert_eq!(
            (text.as_str(), at, offender.as_str()),
            ("*3\u{a0}$3\u{a0}SET\u{a0}+5\u{a0}", 10, "+")
        );
    }
}
