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

const fn step(says: &'static str, at: Moment, of: Cue) -> Step {
    Step { says, at, of, asks: None }
}

const fn ask(says: &'static str, at: Moment, of: Cue, question: Question) -> Step {
    Step { says, at, of, asks: Some(question) }
}

const ONE_CHEF: Chapter = Chapter {
    slug: "one-chef",
    title: "One chef",
    scenario: "first-guest",
    steps: &[
        ask(
            "You see one chef (one thread); with nothing to do he sleeps, and costs nothing.",
            Moment::FallsAsleep,
            Cue::Chef,
            Question::WakesHim,
        ),
        step(
            "His clock (a timer, serverCron) wakes him to tidy up; then he sleeps again.",
            Moment::TimerRings,
            Cue::Clock,
        ),
        step(
            "You come to the door; he did not watch for you, he waits for a signal.",
            Moment::Knock,
            Cue::Door,
        ),
        step(
            "The signal reaches his board (epoll_wait returns), and only now does he get up.",
            Moment::Woken,
            Cue::Board,
        ),
        step(
            "Later you put an order on your table: again a signal, never a question from him.",
            Moment::Arrived(ANA),
            Cue::Seat(ANA),
        ),
        step(
            "He cooks your PING at once (runs the command); nobody else can cook meanwhile.",
            Moment::Cooking(ANA),
            Cue::Grill,
        ),
        ask(
            "Your plate is done, and he sets it on the heat rack (the reply buffer).",
            Moment::Plated(ANA),
            Cue::Rack(ANA),
            Question::LeavesWhen(ANA),
        ),
        step(
            "He carries it to your table (write) before he sleeps; it took him a few microseconds.",
            Moment::Served(ANA),
            Cue::Seat(ANA),
        ),
    ],
    attempt: Attempt {
        says: "Be ana: send another PING from here, then step on and watch one more round.",
        from: 7,
        offer: Offer::Command { guest: "ana", line: "PING" },
    },
    breaks: "A chef tires and forgets; this one is a processor core that takes a step in microseconds.",
};

const DOOR_BELL: Chapter = Chapter {
    slug: "door-bell",
    title: "The door bell",
    scenario: "two-guests",
    steps: &[
        step(
            "He opens one door (the listening socket), with one bell for everybody.",
            Moment::DoorOpens,
            Cue::Door,
        ),
        step(
            "You knock; the kernel shakes hands with you and puts you in line (the backlog).",
            Moment::Knock,
            Cue::Bell,
        ),
        ask(
            "One bell rings for the whole line (socket readable), however many of you wait.",
            Moment::Woken,
            Cue::Board,
            Question::LetInAtOnce,
        ),
        step(
            "He goes to the door (the accept handler) and lets in up to ten of you.",
            Moment::BellAnswered,
            Cue::Bell,
        ),
        step(
            "You get a table of your own (a new socket) and a notepad (client struct).",
            Moment::Admitted(ANA),
            Cue::Pad(ANA),
        ),
        step(
            "Bob gets his in the same visit; nobody gets a cook (thread) of their own.",
            Moment::Admitted(BOB),
            Cue::Pad(BOB),
        ),
        step(
            "The line is empty (EAGAIN), so he sleeps until one of you signals.",
            Moment::FallsAsleep,
            Cue::Chef,
        ),
    ],
    attempt: Attempt {
        says: "Run it again with room for one guest only (maxclients 1): what does bob hear?",
        from: 0,
        offer: Offer::Directive { name: "maxclients", value: "1" },
    },
    breaks: "Nobody holds the door: the kernel greets you before the chef knows that you exist.",
};

const NOTEPAD: Chapter = Chapter {
    slug: "notepad",
    title: "The notepad",
    scenario: "tour/a-visit",
    steps: &[
        step(
            "You walk in and get a notepad (client struct) with your number on it.",
            Moment::Admitted(ANA),
            Cue::Pad(ANA),
        ),
        step(
            "Everybody has one, so he can put your pad down and take up another.",
            Moment::Admitted(BOB),
            Cue::Pad(BOB),
        ),
        step(
            "You tell him your name (CLIENT SETNAME), and he writes it on your pad.",
            Moment::Named(ANA),
            Cue::Pad(ANA),
        ),
        ask(
            "What bob orders is copied onto his pad first (the query buffer).",
            Moment::Taken(BOB),
            Cue::Pad(BOB),
            Question::PadsLeft,
        ),
        step(
            "Bob is served and his pad stays: a quiet guest costs memory (a struct), no time.",
            Moment::Served(BOB),
            Cue::Pad(BOB),
        ),
        step(
            "You leave; he learns it when your table gives him nothing (read returns 0).",
            Moment::FarewellRead(ANA),
            Cue::Seat(ANA),
        ),
        step(
            "Your pad is thrown away (freeClient), and nobody ever gets your number again.",
            Moment::ShownOut(ANA),
            Cue::Seat(ANA),
        ),
    ],
    attempt: Attempt {
        says: "Be bob and send CLIENT LIST: the chef reads his notepads out to you.",
        from: 4,
        offer: Offer::Command { guest: "bob", line: "CLIENT LIST" },
    },
    breaks: "A pad is a few kilobytes of memory; a million idle guests are a million thin pads.",
};

const ORDER_FLAG: Chapter = Chapter {
    slug: "order-flag",
    title: "The order flag",
    scenario: "two-guests",
    steps: &[
        step(
            "You lay an order on your table and your flag goes up (the socket is readable).",
            Moment::Arrived(ANA),
            Cue::Seat(ANA),
        ),
        step(
            "Bob’s flag goes up at the same moment; the chef (asleep) has to look at neither.",
            Moment::Arrived(BOB),
            Cue::Seat(BOB),
        ),
        ask(
            "One glance at the board (epoll_wait) shows him all raised flags at once.",
            Moment::Woken,
            Cue::Board,
            Question::TakenFirst,
        ),
        step(
            "He goes through the flags in the board’s order (file events): your table first.",
            Moment::FlagSeen(ANA),
            Cue::Seat(ANA),
        ),
        step(
            "He takes what lies there (one read); your table is empty and your flag falls.",
            Moment::Taken(ANA),
            Cue::Seat(ANA),
        ),
        step(
            "Then bob’s flag; from one flag (file event) to the next he never sleeps.",
            Moment::FlagSeen(BOB),
            Cue::Seat(BOB),
        ),
    ],
    attempt: Attempt {
        says: "Give bob a second order right here: does he get a second flag, or a fuller table?",
        from: 1,
        offer: Offer::Command { guest: "bob", line: "PING" },
    },
    breaks: "Raising a flag costs you nothing, and it stays up until your socket is empty (level-triggered).",
};

const READING: Chapter = Chapter {
    slug: "reading",
    title: "Reading and parsing",
    scenario: "half-an-order",
    steps: &[
        ask(
            "Only a part of your order arrives: the network may cut it anywhere (packets).",
            Moment::Arrived(ANA),
            Cue::Seat(ANA),
            Question::ReadsNeeded(ANA),
        ),
        step(
            "He copies that part onto your pad (the query buffer) and does not wait for more.",
            Moment::Taken(ANA),
            Cue::Pad(ANA),
        ),
        ask(
            "He understands what he can (parsing) and marks the place; the rest is missing.",
            Moment::Partial(ANA),
            Cue::Pad(ANA),
            Question::EatsFirst,
        ),
        step(
            "The second part comes; he goes on at the mark (qb_pos), not from the start.",
            Moment::Taken(ANA),
            Cue::Pad(ANA),
        ),
        step(
            "Bob’s whole order is cooked meanwhile: your half order (partial read) holds nobody up.",
            Moment::Cooking(BOB),
            Cue::Grill,
        ),
        step(
            "The last part completes your order: three words (argv), each understood once.",
            Moment::Understood(ANA),
            Cue::Pad(ANA),
        ),
        step(
            "Only now is it cooked (the command runs): half an order never reaches the grill.",
            Moment::Cooking(ANA),
            Cue::Grill,
        ),
    ],
    attempt: Attempt {
        says: "Be bob: send the first half of this order, step on, then send the rest.",
        from: 6,
        offer: Offer::Command { guest: "bob", line: "SET fish 7" },
    },
    breaks: "A waiter would ask for the rest; here nobody asks, and only a limit or a timeout ends it.",
};

const HEAT_RACK: Chapter = Chapter {
    slug: "heat-rack",
    title: "The heat rack",
    scenario: "slow-reader",
    steps: &[
        step(
            "Bob stops eating (stops reading); the chef cannot see that.",
            Moment::StopsReading(BOB),
            Cue::Seat(BOB),
        ),
        ask(
            "Bob’s long answer is done at once and waits on his rack (the reply buffer).",
            Moment::Plated(BOB),
            Cue::Rack(BOB),
            Question::TripsNeeded(BOB),
        ),
        step(
            "His table takes a part and is full; the chef does not wait for him (EAGAIN).",
            Moment::TableFull(BOB),
            Cue::Seat(BOB),
        ),
        step(
            "He asks to be told when there is room (a write handler) and turns away.",
            Moment::RoomAwaited(BOB),
            Cue::Rack(BOB),
        ),
        step(
            "You order a PING meanwhile and get it (write): one slow eater delays nobody else.",
            Moment::Served(ANA),
            Cue::Seat(ANA),
        ),
        step(
            "Bob eats again, and room on his table is a signal like any other (writable).",
            Moment::RoomFound(BOB),
            Cue::Seat(BOB),
        ),
        step(
            "His last bytes leave (write), and nothing of him waits on the rack.",
            Moment::Served(BOB),
            Cue::Seat(BOB),
        ),
    ],
    attempt: Attempt {
        says: "Be bob and order it again while your table is full: where does the second answer wait?",
        from: 3,
        offer: Offer::Command { guest: "bob", line: "GET essay" },
    },
    breaks: "A plate is bytes: it never gets cold, but it piles up in memory until a limit.",
};

const FINAL_SWEEP: Chapter = Chapter {
    slug: "final-sweep",
    title: "The final sweep",
    scenario: "tour/three-plates",
    steps: &[
        ask(
            "Your plate is on the rack (reply buffer), but the chef stays at the grill.",
            Moment::Plated(ANA),
            Cue::Rack(ANA),
            Question::LeavesWhen(ANA),
        ),
        ask(
            "Now three plates wait, and no flag (readable socket) is left.",
            Moment::Plated(EVE),
            Cue::Rack(EVE),
            Question::ServedFirst,
        ),
        step(
            "Now he sweeps (handleClientsWithPendingWrites): the last thing before he may sleep.",
            Moment::Sweep,
            Cue::Chef,
        ),
        step(
            "The newest plate goes first: who waits is put at the list’s head (clients_pending_write).",
            Moment::Served(EVE),
            Cue::Seat(EVE),
        ),
        step(
            "One trip (write) for each of you, and your rack is empty.",
            Moment::Served(ANA),
            Cue::Seat(ANA),
        ),
        step(
            "Only now does he sleep (epoll_wait): nothing that is done ever waits for the next signal.",
            Moment::FallsAsleep,
            Cue::Chef,
        ),
    ],
    attempt: Attempt {
        says: "Be ana and order again right here: will it be part of this sweep, or of the next?",
        from: 0,
        offer: Offer::Command { guest: "ana", line: "GET soup" },
    },
    breaks: "He walks to each table in turn: one system call for each guest, not one for all.",
};

const GOES_WRONG: Chapter = Chapter {
    slug: "goes-wrong",
    title: "What goes wrong",
    scenario: "tour/a-bad-evening",
    steps: &[
        ask(
            "You hand in a good order and a scribble behind it, all in one read.",
            Moment::Taken(ANA),
            Cue::Pad(ANA),
            Question::Fate(ANA),
        ),
        step(
            "He cannot read the scribble (a protocol error), and he does not guess.",
            Moment::Scribble(ANA),
            Cue::Pad(ANA),
        ),
        step(
            "You get your good plate and then the error (-ERR), in this order.",
            Moment::Served(ANA),
            Cue::Seat(ANA),
        ),
        step(
            "Then you are shown out (closed): after a scribble, nobody knows where an order begins.",
            Moment::ShownOut(ANA),
            Cue::Seat(ANA),
        ),
        step(
            "Eve ordered a lot and does not eat; the rest stays on her rack (reply list).",
            Moment::TableFull(EVE),
            Cue::Rack(EVE),
        ),
        step(
            "She is gone in mid-meal (a reset); her flag goes up once more.",
            Moment::HangsUp(EVE),
            Cue::Seat(EVE),
        ),
        step(
            "He notices as he reads (ECONNRESET), clears her plates away and goes on.",
            Moment::ShownOut(EVE),
            Cue::Seat(EVE),
        ),
        ask(
            "Bob orders the long dish three times in one read, and he does not eat either.",
            Moment::Taken(BOB),
            Cue::Pad(BOB),
            Question::Fate(BOB),
        ),
        step(
            "His rack passes its limit (client-output-buffer-limit), and the chef stops right there.",
            Moment::LimitReached(BOB),
            Cue::Rack(BOB),
        ),
        step(
            "Bob is shown out without a word (freed); what was cooked for him is lost.",
            Moment::ShownOut(BOB),
            Cue::Seat(BOB),
        ),
    ],
    attempt: Attempt {
        says: "Take the limit away (0 means none) and watch bob’s plates pile up instead.",
        from: 7,
        offer: Offer::Directive { name: "client-output-buffer-limit", value: "normal 0 0 0" },
    },
    breaks: "A chef would argue; here a broken guest costs a closed socket, and the others nothing.",
};

const SLOW_DISH: Chapter = Chapter {
    slug: "slow-dish",
    title: "The slow dish",
    scenario: "slow-dish",
    steps: &[
        step(
            "You order a dish that takes 30 milliseconds (DEBUG SLEEP; a large KEYS is alike).",
            Moment::Cooking(ANA),
            Cue::Grill,
        ),
        ask(
            "Bob’s order arrives; his flag is up (readable) and nobody looks.",
            Moment::Arrived(BOB),
            Cue::Seat(BOB),
            Question::WaitsFor(BOB),
        ),
        step(
            "Eve waits as well: one chef (thread) means one dish at a time.",
            Moment::Arrived(EVE),
            Cue::Seat(EVE),
        ),
        step(
            "Thirty milliseconds later your dish is done (the command returns) and he is back.",
            Moment::Cooked(ANA),
            Cue::Grill,
        ),
        step(
            "You are served first, in the sweep of this cycle (beforeSleep).",
            Moment::Served(ANA),
            Cue::Seat(ANA),
        ),
        step(
            "The next glance (epoll_wait) shows both flags, and one cycle is enough for both.",
            Moment::Woken,
            Cue::Board,
        ),
        step(
            "Bob’s PING took a microsecond to cook and waited for yours (the blocked loop).",
            Moment::Served(BOB),
            Cue::Seat(BOB),
        ),
    ],
    attempt: Attempt {
        says: "Be bob and order once more while your dish is cooking: how long is your second wait?",
        from: 1,
        offer: Offer::Command { guest: "bob", line: "PING" },
    },
    breaks: "A restaurant would hire a second cook; here the dishes are kept short instead.",
};

const WAITERS: Chapter = Chapter {
    slug: "waiters",
    title: "Waiters with heavy trays",
    scenario: "tour/heavy-trays",
    steps: &[
        step(
            "Three of you order the same long answer (GET): cooking it is one look-up each.",
            Moment::Arrived(EVE),
            Cue::Seat(EVE),
        ),
        ask(
            "Three heavy plates wait (reply buffers), and a waiter is at hand (io-threads 2): does he come?",
            Moment::Plated(EVE),
            Cue::Rack(EVE),
            Question::CarriedBy,
        ),
        step(
            "Waiters are called from two plates per thread on (2 × io-threads): three are too few.",
            Moment::Served(ANA),
            Cue::Seat(ANA),
        ),
        ask(
            "Now all four order it at once (GET), and four heavy plates wait: who carries them?",
            Moment::Plated(DAN),
            Cue::Rack(DAN),
            Question::CarriedBy,
        ),
        step(
            "He hands the plates out in turn (fan-out): one for himself, one for the waiter.",
            Moment::Sweep,
            Cue::Chef,
        ),
        step(
            "Both carry at the same time (write), but one chef cooks: your data needs no locks.",
            Moment::Served(EVE),
            Cue::Waiter,
        ),
        step(
            "Then he waits for the slowest (fan-in) and sleeps; the waiter rests until called (parked).",
            Moment::FallsAsleep,
            Cue::Chef,
        ),
    ],
    attempt: Attempt {
        says: "Be bob and order the long answer once more, alone: who carries it is told with each write.",
        from: 6,
        offer: Offer::Command { guest: "bob", line: "GET essay" },
    },
    breaks: "Carrying is a copy into the kernel’s memory; the network has its own way from there.",
};

const COST: Chapter = Chapter {
    slug: "cost",
    title: "What this costs and what it saves",
    scenario: "pipelining",
    steps: &[
        ask(
            "You hand in five orders at once (a pipeline); bob hands in one.",
            Moment::Arrived(BOB),
            Cue::Seat(ANA),
            Question::CallsNeeded,
        ),
        step(
            "One trip (read) takes all five of yours from the table.",
            Moment::Taken(ANA),
            Cue::Pad(ANA),
        ),
        step(
            "Each is cooked in turn, and the plates gather on your rack (reply buffer).",
            Moment::Plated(ANA),
            Cue::Rack(ANA),
        ),
        step(
            "Bob waited for all five of yours: that is the price of one chef (one thread).",
            Moment::Served(BOB),
            Cue::Seat(BOB),
        ),
        step(
            "One trip (write) carries all five of yours: that is what the sweep saves.",
            Moment::Served(ANA),
            Cue::Seat(ANA),
        ),
        ask(
            "No locks, no hand-overs, and sleep (epoll_wait) when nobody calls: that is the trick.",
            Moment::FallsAsleep,
            Cue::Chef,
            Question::AwakeShare,
        ),
    ],
    attempt: Attempt {
        says: "Let bob count visits as well: can he ever see a number twice, or half of one?",
        from: 0,
        offer: Offer::Command { guest: "bob", line: "INCR visits" },
    },
    breaks: "A bigger restaurant hires cooks; Redis opens more kitchens, each with a chef of its own.",
};
