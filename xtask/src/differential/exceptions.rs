//! Where an older Redis and our reference, 7.4, differ by design, and where
//! we differ from both on purpose. Each with its reason; nothing else is let
//! pass.

use super::compare::Setting;
use super::reply::Frame;

/// Major and minor.
pub type Version = (u32, u32);

/// No Redis ever agrees.
const NEVER: Version = (u32::MAX, 0);

struct Exception {
    /// The Redis from which on the two agree.
    agree_from: Version,
    applies: fn(setting: &Setting<'_>, ours: &Frame, theirs: &Frame) -> bool,
}

const EXCEPTIONS: &[Exception] = &[
    // A timeout that is no number of milliseconds was read as a negative one.
    Exception {
        agree_from: (7, 2),
        applies: |_, ours, theirs| {
            ours.text == b"ERR timeout is out of range" && theirs.text == b"ERR timeout is negative"
        },
    },
    // `-1` was the highest cursor, since `strtoul` takes a sign.
    Exception {
        agree_from: (7, 4),
        applies: |setting, ours, theirs| {
            ours.text == b"ERR invalid cursor"
                && (theirs.items.len() == 2 || theirs.kind == b'-')
                && ordered(setting, "scan")
        },
    },
    // HSCAN had no NOVALUES.
    Exception {
        agree_from: (7, 4),
        applies: |_, ours, theirs| {
            ours.text.starts_with(b"ERR NOVALUES option") && theirs.text == b"ERR syntax error"
        },
    },
    // The advice did not say that HELLO needs a version before AUTH.
    Exception {
        agree_from: (7, 2),
        applies: |_, ours, theirs| {
            let text =
                String::from_utf8_lossy(&ours.text).replace("HELLO <proto> AUTH", "HELLO AUTH");
            text.starts_with("NOAUTH HELLO") && text.as_bytes() == theirs.text
        },
    },
    // Scripts could not call what may wait.
    Exception {
        agree_from: (7, 2),
        applies: |_, ours, theirs| {
            let noscript = |frame: &Frame| frame.text == b"noscript";
            let mut without = theirs.clone();
            if is_row(ours) && is_row(theirs) && !ours.items[2].items.iter().any(noscript) {
                without.items[2].items.retain(|flag| !noscript(flag));
            }
            is_row(ours) && sorted(&ours.items[..7]) == sorted(&without.items[..7])
        },
    },
    // Short lists had no encoding of their own.
    Exception {
        agree_from: (7, 2),
        applies: |_, ours, theirs| ours.text == b"listpack" && theirs.text == b"quicklist",
    },
    // The menu is shorter here, and knows no tips and key specifications.
    Exception { agree_from: NEVER, applies: |_, ours, theirs| is_menu(ours) && is_menu(theirs) },
    Exception {
        agree_from: NEVER,
        applies: |setting, _, theirs| ordered(setting, "command count") && theirs.kind == b':',
    },
    // A row of the menu without its tips, key specifications and the
    // subcommands that are not here.
    Exception {
        agree_from: NEVER,
        applies: |_, ours, theirs| {
            is_row(ours) && is_row(theirs) && sorted(&ours.items[..7]) == sorted(&theirs.items[..7])
        },
    },
    // MONITOR hides passwords there only once the rest was understood.
    Exception {
        agree_from: NEVER,
        applies: |_, ours, theirs| {
            let name = |frame: &Frame| frame.text.split(|b| *b == b'"').nth(1).map(<[u8]>::to_vec);
            ours.text.ends_with(b"\"(redacted)\"") && name(ours) == name(theirs)
        },
    },
    // Who waited for several keys was served by the one that came, and not
    // asked again whether one before it holds something else by now.
    Exception {
        agree_from: (7, 2),
        applies: |setting, ours, theirs| {
            let waited = ["blpop", "brpop", "blmpop"].iter().any(|name| ordered(setting, name));
            waited && ours.text.starts_with(b"WRONGTYPE") && !theirs.items.is_empty()
        },
    },
    // Raw bytes can name commands that are not on our menu.
    Exception {
        agree_from: NEVER,
        applies: |setting, ours, _| {
            setting.garbled && ours.text.starts_with(b"ERR unknown command")
        },
    },
    // Raw bytes can ask for anything, also for what INFO answers.
    Exception { agree_from: NEVER, applies: |_, ours, theirs| is_info(ours) && is_info(theirs) },
];

/// Pushes of a command to its own caller came before its reply, in its midst
/// if that was long. Since 7.2 they come after it.
pub const PUSHES_AFTER_REPLY: Version = (7, 2);

/// Our own connection is told of, too, and how often it asks within a turn is
/// not for the servers to say.
fn is_our_own_ping(frame: &Frame) -> bool {
    frame.kind == b'+' && frame.text.ends_with(b"] \"PING\"")
}

/// What of a list of answers is compared where this Redis has lost some.
///
/// From 7.2 on a failed AUTH is answered by nothing at all if an earlier
/// command's reply is still waiting to be sent: whoever pipelines is then out
/// of step for ever. We answer.
pub fn kept(version: Version, frame: &Frame) -> bool {
    !is_our_own_ping(frame) && (version < (7, 2) || !frame.text.starts_with(b"WRONGPASS"))
}

/// Patterns are kept in a hash table: who listens by several gets a message
/// once for each, in no particular order. Sorts what came of one message.
pub fn in_order_of_patterns(frames: &mut [Frame]) {
    let message = |frame: &Frame| match frame.items.as_slice() {
        [kind, _, channel, payload] if kind.text == b"pmessage" => {
            Some((channel.clone(), payload.clone()))
        }
        _ => None,
    };
    for run in frames.chunk_by_mut(|a, b| message(a).is_some() && message(a) == message(b)) {
        run.sort();
    }
}

/// Who is shown out at once still gets what one turn may write, which is 64 KB
/// and the rest of a block; how large blocks are is the allocator's business.
pub fn equally_cut_off(ours: &[u8], theirs: &[u8]) -> bool {
    const TURN_BYTES: usize = 64 * 1024;
    let (short, long) = if ours.len() < theirs.len() { (ours, theirs) } else { (theirs, ours) };
    short.len() > TURN_BYTES && long.starts_with(short)
}

fn is_menu(frame: &Frame) -> bool {
    frame.items.len() > 50 && frame.items.iter().all(is_row)
}

fn ordered(setting: &Setting<'_>, words: &str) -> bool {
    setting.orders.iter().any(|order| order.is(words))
}

/// What COMMAND INFO says of one command.
fn is_row(row: &Frame) -> bool {
    row.items.len() == 10 && row.items[1].kind == b':'
}

/// Flags and categories are sets.
fn sorted(fields: &[Frame]) -> Vec<Frame> {
    let mut fields = fields.to_vec();
    fields.iter_mut().for_each(|field| field.items.sort());
    fields
}

fn is_info(frame: &Frame) -> bool {
    frame.text.windows(14).any(|w| w == b"redis_version:")
}

/// Whether the two may stand for each other.
pub fn allow(setting: &Setting<'_>, ours: &Frame, theirs: &Frame) -> bool {
    EXCEPTIONS.iter().any(|exception| {
        setting.version < exception.agree_from && (exception.applies)(setting, ours, theirs)
    })
}
