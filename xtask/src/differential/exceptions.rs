//! Where an older Redis and our reference, 7.4, differ by design, and where
//! we differ from both on purpose. Each with its reason; nothing else is let
//! pass.

use super::compare::Setting;
use super::reply::Frame;
use super::script::Order;

/// Major and minor.
pub type Version = (u32, u32);

/// No Redis ever agrees.
const NEVER: Version = (u32::MAX, 0);

struct Exception {
    /// The Redis from which on the two agree.
    agree_from: Version,
    applies: fn(orders: &[Order], ours: &Frame, theirs: &Frame) -> bool,
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
        applies: |orders, ours, theirs| {
            ours.text == b"ERR invalid cursor"
                && theirs.items.len() == 2
                && orders.iter().any(|order| order.is("scan"))
        },
    },
    // The menu is shorter here, and knows no tips and key specifications.
    Exception { agree_from: NEVER, applies: |_, ours, theirs| is_menu(ours) && is_menu(theirs) },
    // A row of the menu without its tips, key specifications and the
    // subcommands that are not here.
    Exception {
        agree_from: NEVER,
        applies: |_, ours, theirs| {
            is_row(ours) && is_row(theirs) && sorted(&ours.items[..7]) == sorted(&theirs.items[..7])
        },
    },
    // Raw bytes can ask for anything, also for what INFO answers.
    Exception { agree_from: NEVER, applies: |_, ours, theirs| is_info(ours) && is_info(theirs) },
];

/// Pushes of a command to its own caller came before its reply, in its midst
/// if that was long. Since 7.2 they come after it.
pub const PUSHES_AFTER_REPLY: Version = (7, 2);

/// What of a list of answers is compared where this Redis has lost some.
///
/// From 7.2 on a failed AUTH is answered by nothing at all if an earlier
/// command's reply is still waiting to be sent: whoever pipelines is then out
/// of step for ever. We answer.
pub fn kept(version: Version, frame: &Frame) -> bool {
    version < (7, 2) || !frame.text.starts_with(b"WRONGPASS")
}

fn is_menu(frame: &Frame) -> bool {
    frame.items.len() > 50 && frame.items.iter().all(is_row)
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
        setting.version < exception.agree_from && (exception.applies)(setting.orders, ours, theirs)
    })
}
