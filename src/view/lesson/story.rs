//! The chapters: from one chef to what it all costs.

use super::{Attempt, Chapter, Cue, Moment, Offer, Question, Step};
use crate::event::ClientId;

/// The guests of the tour's scenarios come in this order.
const ANA: ClientId = ClientId(1);
const BOB: ClientId = ClientId(2);
const EVE: ClientId = ClientId(3);
const DAN: ClientId = ClientId(4);

/// In the order in which they are told.
#[must_use]
pub fn chapters() -> &'static [Chapter] {
    &[
        ONE_CHEF,
        DOOR_BELL,
        NOTEPAD,
        ORDER_FLAG,
        READING,
        HEAT_RACK,
        FINAL_SWEEP,
        GOES_WRONG,
        SLOW_DISH,
        WAITERS,
        COST,
    ]
}

const fn step(at: Moment, of: Cue) -> Step {
    Step { at, of, asks: None }
}

const fn ask(at: Moment, of: Cue, question: Question) -> Step {
    Step { at, of, asks: Some(question) }
}

const ONE_CHEF: Chapter = Chapter {
    slug: "one-chef",
    scenario: "first-guest",
    steps: &[
        ask(Moment::FallsAsleep, Cue::Chef, Question::WakesHim),
        step(Moment::TimerRings, Cue::Clock),
        step(Moment::Knock, Cue::Door),
        step(Moment::Woken, Cue::Board),
        step(Moment::Arrived(ANA), Cue::Seat(ANA)),
        step(Moment::Cooking(ANA), Cue::Grill),
        ask(Moment::Plated(ANA), Cue::Rack(ANA), Question::LeavesWhen(ANA)),
        step(Moment::Served(ANA), Cue::Seat(ANA)),
    ],
    attempt: Attempt { from: 7, offer: Offer::Command { guest: "ana", line: "PING" } },
    contrasts: false,
};

const DOOR_BELL: Chapter = Chapter {
    slug: "door-bell",
    scenario: "two-guests",
    steps: &[
        step(Moment::DoorOpens, Cue::Door),
        step(Moment::Knock, Cue::Bell),
        ask(Moment::Woken, Cue::Board, Question::LetInAtOnce),
        step(Moment::BellAnswered, Cue::Bell),
        step(Moment::Admitted(ANA), Cue::Pad(ANA)),
        step(Moment::Admitted(BOB), Cue::Pad(BOB)),
        step(Moment::FallsAsleep, Cue::Chef),
    ],
    attempt: Attempt { from: 0, offer: Offer::Directive { name: "maxclients", value: "1" } },
    contrasts: false,
};

const NOTEPAD: Chapter = Chapter {
    slug: "notepad",
    scenario: "tour/a-visit",
    steps: &[
        step(Moment::Admitted(ANA), Cue::Pad(ANA)),
        step(Moment::Admitted(BOB), Cue::Pad(BOB)),
        step(Moment::Named(ANA), Cue::Pad(ANA)),
        ask(Moment::Taken(BOB), Cue::Pad(BOB), Question::PadsLeft),
        step(Moment::Served(BOB), Cue::Pad(BOB)),
        step(Moment::FarewellRead(ANA), Cue::Seat(ANA)),
        step(Moment::ShownOut(ANA), Cue::Pad(ANA)),
    ],
    attempt: Attempt { from: 4, offer: Offer::Command { guest: "bob", line: "CLIENT LIST" } },
    contrasts: false,
};

const ORDER_FLAG: Chapter = Chapter {
    slug: "order-flag",
    scenario: "two-guests",
    steps: &[
        step(Moment::Arrived(ANA), Cue::Seat(ANA)),
        step(Moment::Arrived(BOB), Cue::Seat(BOB)),
        ask(Moment::Woken, Cue::Board, Question::TakenFirst),
        step(Moment::FlagSeen(ANA), Cue::Seat(ANA)),
        step(Moment::Taken(ANA), Cue::Seat(ANA)),
        step(Moment::FlagSeen(BOB), Cue::Seat(BOB)),
    ],
    attempt: Attempt { from: 1, offer: Offer::Command { guest: "bob", line: "PING" } },
    contrasts: false,
};

const READING: Chapter = Chapter {
    slug: "reading",
    scenario: "half-an-order",
    steps: &[
        ask(Moment::Arrived(ANA), Cue::Seat(ANA), Question::ReadsNeeded(ANA)),
        step(Moment::Taken(ANA), Cue::Pad(ANA)),
        ask(Moment::Partial(ANA), Cue::Pad(ANA), Question::EatsFirst),
        step(Moment::Taken(ANA), Cue::Pad(ANA)),
        step(Moment::Cooking(BOB), Cue::Grill),
        step(Moment::Understood(ANA), Cue::Pad(ANA)),
        step(Moment::Cooking(ANA), Cue::Grill),
    ],
    attempt: Attempt { from: 6, offer: Offer::Command { guest: "bob", line: "SET fish 7" } },
    contrasts: false,
};

const HEAT_RACK: Chapter = Chapter {
    slug: "heat-rack",
    scenario: "slow-reader",
    steps: &[
        step(Moment::StopsReading(BOB), Cue::Seat(BOB)),
        ask(Moment::Plated(BOB), Cue::Rack(BOB), Question::TripsNeeded(BOB)),
        step(Moment::TableFull(BOB), Cue::Seat(BOB)),
        step(Moment::RoomAwaited(BOB), Cue::Rack(BOB)),
        step(Moment::Served(ANA), Cue::Seat(ANA)),
        step(Moment::RoomFound(BOB), Cue::Seat(BOB)),
        step(Moment::Served(BOB), Cue::Seat(BOB)),
    ],
    attempt: Attempt { from: 3, offer: Offer::Command { guest: "bob", line: "GET essay" } },
    contrasts: false,
};

const FINAL_SWEEP: Chapter = Chapter {
    slug: "final-sweep",
    scenario: "tour/three-plates",
    steps: &[
        ask(Moment::Plated(ANA), Cue::Rack(ANA), Question::LeavesWhen(ANA)),
        ask(Moment::Plated(EVE), Cue::Rack(EVE), Question::ServedFirst),
        step(Moment::Sweep, Cue::Chef),
        step(Moment::Served(EVE), Cue::Seat(EVE)),
        step(Moment::Served(ANA), Cue::Seat(ANA)),
        step(Moment::FallsAsleep, Cue::Chef),
    ],
    attempt: Attempt { from: 0, offer: Offer::Command { guest: "ana", line: "GET soup" } },
    contrasts: false,
};

const GOES_WRONG: Chapter = Chapter {
    slug: "goes-wrong",
    scenario: "tour/a-bad-evening",
    steps: &[
        ask(Moment::Taken(ANA), Cue::Pad(ANA), Question::Fate(ANA)),
        step(Moment::Scribble(ANA), Cue::Pad(ANA)),
        step(Moment::Served(ANA), Cue::Seat(ANA)),
        step(Moment::ShownOut(ANA), Cue::Seat(ANA)),
        step(Moment::TableFull(EVE), Cue::Rack(EVE)),
        step(Moment::HangsUp(EVE), Cue::Seat(EVE)),
        step(Moment::ShownOut(EVE), Cue::Seat(EVE)),
        ask(Moment::Taken(BOB), Cue::Pad(BOB), Question::Fate(BOB)),
        step(Moment::LimitReached(BOB), Cue::Rack(BOB)),
        step(Moment::ShownOut(BOB), Cue::Seat(BOB)),
    ],
    attempt: Attempt {
        from: 7,
        offer: Offer::Directive { name: "client-output-buffer-limit", value: "normal 0 0 0" },
    },
    contrasts: false,
};

const SLOW_DISH: Chapter = Chapter {
    slug: "slow-dish",
    scenario: "slow-dish",
    steps: &[
        step(Moment::Cooking(ANA), Cue::Grill),
        ask(Moment::Arrived(BOB), Cue::Seat(BOB), Question::WaitsFor(BOB)),
        step(Moment::Arrived(EVE), Cue::Seat(EVE)),
        step(Moment::Cooked(ANA), Cue::Grill),
        step(Moment::Served(ANA), Cue::Seat(ANA)),
        step(Moment::Woken, Cue::Board),
        step(Moment::Served(BOB), Cue::Seat(BOB)),
    ],
    attempt: Attempt { from: 1, offer: Offer::Command { guest: "bob", line: "PING" } },
    contrasts: true,
};

const WAITERS: Chapter = Chapter {
    slug: "waiters",
    scenario: "tour/heavy-trays",
    steps: &[
        step(Moment::Arrived(EVE), Cue::Seat(EVE)),
        ask(Moment::Plated(EVE), Cue::Rack(EVE), Question::CarriedBy),
        step(Moment::Served(ANA), Cue::Seat(ANA)),
        ask(Moment::Plated(DAN), Cue::Rack(DAN), Question::CarriedBy),
        step(Moment::Sweep, Cue::Chef),
        step(Moment::Served(EVE), Cue::Waiter),
        step(Moment::FallsAsleep, Cue::Chef),
    ],
    attempt: Attempt { from: 6, offer: Offer::Command { guest: "bob", line: "GET essay" } },
    contrasts: true,
};

const COST: Chapter = Chapter {
    slug: "cost",
    scenario: "pipelining",
    steps: &[
        ask(Moment::Arrived(BOB), Cue::Seat(ANA), Question::CallsNeeded),
        step(Moment::Taken(ANA), Cue::Pad(ANA)),
        step(Moment::Plated(ANA), Cue::Rack(ANA)),
        step(Moment::Served(BOB), Cue::Seat(BOB)),
        step(Moment::Served(ANA), Cue::Seat(ANA)),
        ask(Moment::FallsAsleep, Cue::Chef, Question::AwakeShare),
    ],
    attempt: Attempt { from: 0, offer: Offer::Command { guest: "bob", line: "INCR visits" } },
    contrasts: true,
};
