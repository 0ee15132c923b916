//! When two answers count as equal.

use super::exceptions::{self, PUSHES_AFTER_REPLY, Version};
use super::reply::Frame;
use super::script::{Identity, Mask, Order};

/// Fields of CLIENT LIST that say the same of the same client everywhere.
/// The others are numbers of the server's own, ages, or sizes of its memory.
const CLIENT_FIELDS: [&str; 12] = [
    "name", "flags", "db", "sub", "psub", "ssub", "multi", "events", "cmd", "user", "redir", "resp",
];

/// Numbers that count time pass while both servers are asked in turn. Nothing
/// else is drawn in these ranges: first, last, and by how much two may differ.
const CLOCKS: [(i64, i64, i64); 4] = [
    (150, 10_000, 5),
    (150_000, 10_000_000, 5_000),
    (1_700_000_000, 2_400_000_000, 5),
    (1_700_000_000_000, 2_400_000_000_000, 5_000),
];

/// What has to be known to judge answers.
pub struct Setting<'a> {
    /// The other server's.
    pub version: Version,
    pub mask: Mask,
    /// What was asked on this connection.
    pub orders: &'a [Order],
    /// Some of it may have been no request at all.
    pub garbled: bool,
    /// Of every guest: who it is to us, and to the other server.
    pub identities: &'a [(Identity, Identity)],
}

/// Whether these answers are the same but for what may differ.
pub fn same(ours: &[Frame], theirs: &[Frame], setting: &Setting<'_>) -> bool {
    let kept = |frames: &[Frame]| -> Vec<Frame> {
        let kept = frames.iter().filter(|frame| exceptions::kept(setting.version, frame));
        let mut kept: Vec<Frame> = kept.cloned().map(without_time_and_place).collect();
        exceptions::in_order_of_patterns(&mut kept);
        kept
    };
    let (ours, theirs) = (&kept(ours), &kept(theirs));
    if ours.len() != theirs.len() {
        return false;
    }
    if all_same(ours, theirs, setting) {
        return true;
    }
    if setting.version < PUSHES_AFTER_REPLY
        && all_same(&pushes_last(ours), &pushes_last(theirs), setting)
    {
        return true;
    }
    let mut pairs = ours.iter().zip(theirs);
    match setting.mask {
        Mask::Exact => false,
        Mask::Shape => pairs.all(|(a, b)| same_shape(a, b)),
        Mask::Unordered => {
            let (mut a, mut b) = (ours.to_vec(), theirs.to_vec());
            sort(&mut a);
            sort(&mut b);
            leaves(&a) == leaves(&b) || all_same(&a, &b, setting)
        }
    }
}

fn all_same(ours: &[Frame], theirs: &[Frame], setting: &Setting<'_>) -> bool {
    ours.len() == theirs.len() && ours.iter().zip(theirs).all(|(a, b)| same_frame(a, b, setting))
}

fn pushes_last(frames: &[Frame]) -> Vec<Frame> {
    let mut frames = frames.to_vec();
    frames.sort_by_key(Frame::is_push);
    frames
}

fn same_frame(ours: &Frame, theirs: &Frame, setting: &Setting<'_>) -> bool {
    ours == theirs
        || same_but_for_time(ours, theirs, setting)
        || exceptions::allow(setting, ours, theirs)
}

/// The same, or of the same build with parts that are the same.
fn same_but_for_time(ours: &Frame, theirs: &Frame, setting: &Setting<'_>) -> bool {
    let build = ours.kind == theirs.kind
        && ours.null == theirs.null
        && ours.items.len() == theirs.items.len();
    if !build {
        return false;
    }
    if is_greeting(ours) && is_greeting(theirs) {
        return same_greeting(ours, theirs);
    }
    let text = ours.text == theirs.text
        || same_clients(ours, theirs)
        || (ours.kind == b':' && same_clock(&ours.text, &theirs.text))
        || (matches!(ours.kind, b'-' | b'+' | b':')
            && same_identities(&ours.text, &theirs.text, setting));
    text && ours.items.iter().zip(&theirs.items).all(|(a, b)| same_frame(a, b, setting))
}

fn same_clock(ours: &[u8], theirs: &[u8]) -> bool {
    let number = |text: &[u8]| std::str::from_utf8(text).ok()?.parse::<i64>().ok();
    let (Some(a), Some(b)) = (number(ours), number(theirs)) else { return false };
    CLOCKS.iter().any(|(first, last, apart)| {
        (*first..=*last).contains(&a) && (*first..=*last).contains(&b) && (a - b).abs() <= *apart
    })
}

/// The same text about the same guests, whatever they are called.
fn same_identities(ours: &[u8], theirs: &[u8], setting: &Setting<'_>) -> bool {
    if ours == theirs {
        return true;
    }
    let (mut ours, mut theirs) = (as_text(ours), as_text(theirs));
    for (to_us, to_them) in setting.identities {
        ours = ours.replace(&to_us.port.to_string(), "P").replace(&to_us.id.to_string(), "I");
        theirs =
            theirs.replace(&to_them.port.to_string(), "P").replace(&to_them.id.to_string(), "I");
    }
    ours == theirs
}

fn as_text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// HELLO's answer: a version and a client's number are the server's own.
fn is_greeting(frame: &Frame) -> bool {
    frame.items.first().is_some_and(|item| item.text == b"server") && frame.items.len() == 14
}

fn same_greeting(ours: &Frame, theirs: &Frame) -> bool {
    const OWN: [&[u8]; 2] = [b"version", b"id"];
    ours.items.chunks(2).zip(theirs.items.chunks(2)).all(|(a, b)| {
        a[0] == b[0]
            && (a[1] == b[1] || OWN.contains(&a[0].text.as_slice()) && a[1].kind == b[1].kind)
    })
}

/// A line of MONITOR, `+1700000000.123456 [0 127.0.0.1:50000] "get" "k"`,
/// without when and whence. Other frames as they are.
fn without_time_and_place(mut frame: Frame) -> Frame {
    let rest = |text: &[u8]| -> Option<Vec<u8>> {
        let open = text.iter().position(|b| *b == b'[')?;
        let gap = open + text[open..].iter().position(|b| *b == b' ')?;
        let close = gap + text[gap..].iter().position(|b| *b == b']')?;
        Some([&text[open..gap], &text[close..]].concat())
    };
    if frame.kind == b'+' && frame.text.first().is_some_and(u8::is_ascii_digit) {
        frame.text = rest(&frame.text).unwrap_or(frame.text);
    }
    frame
}

fn same_shape(ours: &Frame, theirs: &Frame) -> bool {
    let errors = ours.kind == b'-' && ours.text != theirs.text;
    ours.kind == theirs.kind && ours.null == theirs.null && !errors
}

/// CLIENT LIST's lines, as far as they describe the client.
fn same_clients(ours: &Frame, theirs: &Frame) -> bool {
    let lines = |frame: &Frame| -> Option<Vec<Vec<String>>> {
        let text = as_text(&frame.text);
        let text = text.strip_prefix("txt:").unwrap_or(&text);
        text.starts_with("id=").then(|| text.lines().map(told).collect())
    };
    lines(ours).is_some_and(|ours| lines(theirs).is_some_and(|theirs| ours == theirs))
}

/// What a line says of its client, field by field.
fn told(line: &str) -> Vec<String> {
    let mut told = Vec::new();
    for field in line.split(' ') {
        let name = field.split('=').next().unwrap_or_default();
        if CLIENT_FIELDS.contains(&name) {
            told.push(field.to_owned());
        }
    }
    told
}

/// Sorts the parts of every aggregate, innermost first.
fn sort(frames: &mut [Frame]) {
    frames.iter_mut().for_each(|frame| sort(&mut frame.items));
    frames.sort();
}

/// All lines and bulks, wherever they stand.
fn leaves(frames: &[Frame]) -> Vec<(u8, Vec<u8>)> {
    fn collect(frames: &[Frame], into: &mut Vec<(u8, Vec<u8>)>) {
        for frame in frames {
            into.push((frame.kind, frame.text.clone()));
            collect(&frame.items, into);
        }
    }
    let mut all = Vec::new();
    collect(frames, &mut all);
    all.sort();
    all
}
