//! What a cause has to do with the question.

use crate::view::panels::Words;

/// The link between a cause and what it led to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Role {
    Sent,
    OnTheWay,
    Arrived,
    HungUp,
    LineBroke,
    /// The poll told of it.
    Told,
    Taken,
    /// A read took a part and left a part.
    PartTaken,
    HalfOrder,
    Understood,
    Unreadable,
    Begun,
    Cooked,
    /// Another order is on the grill.
    Busy,
    Blocked,
    Plated,
    /// Noted for the final sweep.
    Noted,
    FirstTry,
    NoRoom,
    ShareSpent,
    WaitsForRoom,
    StoppedEating,
    EatsAgain,
    Carried,
    LimitPassed,
    Rule,
    HeardLast,
    LastPlate,
    ShownOut,
    Gone,
    TurnedAway,
    ClosingTime,
    Asleep,
    AllCarried,
    Alarm,
    Woken,
    AtTheDoor,
    TableCleared,
}

impl Role {
    /// A few words, printed before the cause's own sentence.
    #[must_use]
    pub fn words(self) -> Words {
        let (kitchen, redis) = match self {
            Role::Sent => ("Ordered", "Sent by the peer"),
            Role::OnTheWay => ("Still on the way", "Still in flight"),
            Role::Arrived => ("The flag went up", "Became readable"),
            Role::HungUp => ("The guest hung up", "FIN arrived"),
            Role::LineBroke => ("The line broke", "RST arrived"),
            Role::Told => ("The board showed it", "Poll reported it"),
            Role::Taken => ("The slip was taken", "Read"),
            Role::PartTaken => ("Only a part was taken", "Read in part"),
            Role::HalfOrder => ("Half an order so far", "Request incomplete"),
            Role::Understood => ("Understood", "Parsed"),
            Role::Unreadable => ("Unreadable", "Protocol error"),
            Role::Begun => ("Put on the grill", "Execution began"),
            Role::Cooked => ("Cooked", "Executed"),
            Role::Busy => ("The chef is busy", "The thread is busy"),
            Role::Blocked => ("Waits on purpose", "Blocked"),
            Role::Plated => ("Put on the rack", "Reply queued"),
            Role::Noted => ("Noted for the sweep", "Queued for writing"),
            Role::FirstTry => ("Tried first", "First write"),
            Role::NoRoom => ("No room at the table", "The socket is full"),
            Role::ShareSpent => ("Its share was used up", "Write budget used up"),
            Role::WaitsForRoom => ("Told to wait for room", "Write handler installed"),
            Role::StoppedEating => ("The guest stopped eating", "The peer stopped reading"),
            Role::EatsAgain => ("The guest eats again", "The peer reads again"),
            Role::Carried => ("Carried out", "Written"),
            Role::LimitPassed => ("The line was passed", "Limit exceeded"),
            Role::Rule => ("The rule of the house", "Configured"),
            Role::HeardLast => ("Last heard of", "Last active"),
            Role::LastPlate => ("One last plate", "Closes after the reply"),
            Role::ShownOut => ("Shown out", "Close scheduled"),
            Role::Gone => ("Gone", "Freed"),
            Role::TurnedAway => ("Turned away", "Refused"),
            Role::ClosingTime => ("Closing time", "Shutdown"),
            Role::Asleep => ("Fell asleep", "Entered poll"),
            Role::AllCarried => ("Plates were carried out", "Writes were done"),
            Role::Alarm => ("The clock was set", "Timer armed"),
            Role::Woken => ("Woke up", "Poll returned"),
            Role::AtTheDoor => ("Somebody at the door", "A connection queued"),
            Role::TableCleared => ("The table was cleared", "Room in the socket"),
        };
        Words::new(kitchen, redis)
    }
}
