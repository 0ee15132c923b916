//! What a cause has to do with the question.

use crate::view::text::{Words, say};

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
        match self {
            Role::Sent => say!("role.sent"),
            Role::OnTheWay => say!("role.on-the-way"),
            Role::Arrived => say!("role.arrived"),
            Role::HungUp => say!("role.hung-up"),
            Role::LineBroke => say!("role.line-broke"),
            Role::Told => say!("role.told"),
            Role::Taken => say!("role.taken"),
            Role::PartTaken => say!("role.part-taken"),
            Role::HalfOrder => say!("role.half-order"),
            Role::Understood => say!("role.understood"),
            Role::Unreadable => say!("role.unreadable"),
            Role::Begun => say!("role.begun"),
            Role::Cooked => say!("role.cooked"),
            Role::Busy => say!("role.busy"),
            Role::Blocked => say!("role.blocked"),
            Role::Plated => say!("role.plated"),
            Role::Noted => say!("role.noted"),
            Role::FirstTry => say!("role.first-try"),
            Role::NoRoom => say!("role.no-room"),
            Role::ShareSpent => say!("role.share-spent"),
            Role::WaitsForRoom => say!("role.waits-for-room"),
            Role::StoppedEating => say!("role.stopped-eating"),
            Role::EatsAgain => say!("role.eats-again"),
            Role::Carried => say!("role.carried"),
            Role::LimitPassed => say!("role.limit-passed"),
            Role::Rule => say!("role.rule"),
            Role::HeardLast => say!("role.heard-last"),
            Role::LastPlate => say!("role.last-plate"),
            Role::ShownOut => say!("role.shown-out"),
            Role::Gone => say!("role.gone"),
            Role::TurnedAway => say!("role.turned-away"),
            Role::ClosingTime => say!("role.closing-time"),
            Role::Asleep => say!("role.asleep"),
            Role::AllCarried => say!("role.all-carried"),
            Role::Alarm => say!("role.alarm"),
            Role::Woken => say!("role.woken"),
            Role::AtTheDoor => say!("role.at-the-door"),
            Role::TableCleared => say!("role.table-cleared"),
        }
    }
}
