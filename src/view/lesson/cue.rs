//! What on the stage a step speaks of.

use crate::event::ClientId;
use crate::view::text::line;

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
    /// The id of the element in the drawing: the object without its caption,
    /// which the brackets would cross.
    #[must_use]
    pub fn id(self) -> String {
        match self {
            Cue::Chef => "obj:chef".into(),
            Cue::Waiter => "obj:helper".into(),
            Cue::Clock => "obj:clock".into(),
            Cue::Board => "obj:board".into(),
            Cue::Door => "obj:entrance".into(),
            Cue::Bell => "obj:bell".into(),
            Cue::Grill => "obj:grill".into(),
            Cue::Seat(client) => format!("table:{client}"),
            Cue::Pad(client) => format!("sheet:{client}"),
            Cue::Rack(client) => format!("place:{client}"),
        }
    }

    /// The same for those who do not look at the drawing.
    #[must_use]
    pub fn words(self) -> String {
        match self {
            Cue::Chef => line!("cue.chef"),
            Cue::Waiter => line!("cue.waiter"),
            Cue::Clock => line!("cue.clock"),
            Cue::Board => line!("cue.board"),
            Cue::Door => line!("cue.door"),
            Cue::Bell => line!("cue.bell"),
            Cue::Grill => line!("cue.grill"),
            Cue::Seat(client) => line!("cue.seat", client),
            Cue::Pad(client) => line!("cue.pad", client),
            Cue::Rack(client) => line!("cue.rack", client),
        }
    }
}
