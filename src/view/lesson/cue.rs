//! What on the stage a step speaks of.

use crate::event::ClientId;

/// An object of the stage. The page marks it with ink brackets: a mark that is
/// no colour, beside the one hot thing, which stays what the chef is at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cue {
    Chef,
    /// Only where a helper writes.
    Waiter,
    Clock,
    Board,
    Door,
    Bell,
    Grill,
    Seat(ClientId),
    Pad(ClientId),
    Rack(ClientId),
}

impl Cue {
    /// The id of the element in the drawing.
    #[must_use]
    pub fn id(self) -> String {
        match self {
            Cue::Chef => "obj:chef".into(),
            Cue::Waiter => "obj:helper".into(),
            Cue::Clock => "obj:clock".into(),
            Cue::Board => "obj:board".into(),
            Cue::Door => "obj:door".into(),
            Cue::Bell => "obj:bell".into(),
            Cue::Grill => "obj:grill".into(),
            Cue::Seat(client) => format!("seat:{client}"),
            Cue::Pad(client) => format!("pad:{client}"),
            Cue::Rack(client) => format!("rack:{client}"),
        }
    }

    /// The same for those who do not look at the drawing.
    #[must_use]
    pub fn words(self) -> String {
        match self {
            Cue::Chef => "the chef (the one thread)".into(),
            Cue::Waiter => "the waiter (an I/O thread)".into(),
            Cue::Clock => "the kitchen clock (timers)".into(),
            Cue::Board => "the board of signals (what the poll returned)".into(),
            Cue::Door => "the door (listening socket)".into(),
            Cue::Bell => "the door bell (listening socket)".into(),
            Cue::Grill => "the grill (the command being run)".into(),
            Cue::Seat(client) => format!("table {client} (its socket)"),
            Cue::Pad(client) => format!("notepad {client} (its client struct)"),
            Cue::Rack(client) => format!("rack place {client} (its reply buffer)"),
        }
    }
}
