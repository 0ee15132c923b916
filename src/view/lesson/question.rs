//! Predictions: what comes next? The records further on know.

use super::Evening;
use crate::event::{AcceptEnd, ClientId, Event, Handler, Pipe};
use crate::sorted::SortedSet;
use crate::time::Micros;
use crate::view::text::{Phrase, line};

/// Something a reader can predict.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Question {
    /// What ends the sleep?
    WakesHim,
    /// How many are let in at the next ring?
    LetInAtOnce,
    /// Whose flag is dealt with first?
    TakenFirst,
    /// How many notepads are there in the end?
    PadsLeft,
    /// How many reads does this guest's next order need?
    ReadsNeeded(ClientId),
    /// Who eats first?
    EatsFirst,
    /// When does the plate on the rack leave?
    LeavesWhen(ClientId),
    /// How many times is something of it carried to the table?
    TripsNeeded(ClientId),
    /// Who is first in the sweep?
    ServedFirst,
    /// What becomes of this guest?
    Fate(ClientId),
    /// How long from order to answer?
    WaitsFor(ClientId),
    /// Who carries?
    CarriedBy,
    /// How many reads and writes from here to the end?
    CallsNeeded,
    /// How much of all this was he awake?
    AwakeShare,
}

/// A question of one run, with its answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    pub text: String,
    /// Two to four, all different.
    pub choices: Vec<String>,
    /// Index of the right one.
    pub right: usize,
    /// What the records say.
    pub because: String,
    /// Index of the record that decides it.
    pub record: usize,
}

/// The answer: its words or its place among fixed ones, why, and which record.
struct Answer {
    right: usize,
    choices: Vec<String>,
    because: String,
    record: usize,
}

impl Question {
    /// Asks it after the first `from` records of a run that is known further;
    /// `None` if the rest does not decide it.
    #[must_use]
    pub fn ask(self, evening: &Evening<'_>, from: usize) -> Option<Asked> {
        let answer = match self {
            Question::WakesHim => wakes_him(evening, from),
            Question::LetInAtOnce => let_in_at_once(evening, from),
            Question::TakenFirst => taken_first(evening, from),
            Question::PadsLeft => pads_left(evening),
            Question::ReadsNeeded(client) => reads_needed(evening, from, client),
            Question::EatsFirst => eats_first(evening, from),
            Question::LeavesWhen(client) => leaves_when(evening, from, client),
            Question::TripsNeeded(client) => trips_needed(evening, from, client),
            Question::ServedFirst => served_first(evening, from),
            Question::Fate(client) => fate(evening, from, client),
            Question::WaitsFor(client) => waits_for(evening, from, client),
            Question::CarriedBy => carried_by(evening, from),
            Question::CallsNeeded => calls_needed(evening, from),
            Question::AwakeShare => awake_share(evening),
        }?;
        let Answer { right, choices, because, record } = answer;
        Some(Asked { text: self.text(evening), choices, right, because, record })
    }

    fn text(self, evening: &Evening<'_>) -> String {
        match self {
            Question::WakesHim => line!("ask.wakes-him"),
            Question::LetInAtOnce => line!("ask.let-in-at-once"),
            Question::TakenFirst => line!("ask.taken-first"),
            Question::PadsLeft => line!("ask.pads-left"),
            Question::ReadsNeeded(client) => line!("ask.reads-needed", &evening.name(client)),
            Question::EatsFirst => line!("ask.eats-first"),
            Question::LeavesWhen(client) => line!("ask.leaves-when", &evening.name(client)),
            Question::TripsNeeded(client) => line!("ask.trips-needed", &evening.name(client)),
            Question::ServedFirst => line!("ask.served-first"),
            Question::Fate(client) => line!("ask.fate", &evening.name(client)),
            Question::WaitsFor(client) => line!("ask.waits-for", &evening.name(client)),
            Question::CarriedBy => line!("ask.carried-by"),
            Question::CallsNeeded => line!("ask.calls-needed"),
            Question::AwakeShare => line!("ask.awake-share"),
        }
    }
}

/// The choices are the phrases `ask.NAME.1` and so on.
fn fixed(
    name: &str,
    choices: usize,
    right: usize,
    because: String,
    record: usize,
) -> Option<Answer> {
    let choice = |nth: usize| {
        let name = Phrase::named("ask.").and(name).and(".").and(&nth.to_string());
        name.say().into_kitchen()
    };
    Some(Answer { right, choices: (1..=choices).map(choice).collect(), because, record })
}

/// The right number among others, in order, four in all at most.
fn number(right: u64, others: [u64; 3], because: String, record: usize) -> Option<Answer> {
    let mut numbers = SortedSet::from_iter(others);
    numbers.insert(right);
    let place = numbers.iter().position(|number| *number == right)?;
    let choices = numbers.iter().map(u64::to_string).collect();
    Some(Answer { right: place, choices, because, record })
}

/// One client among those in question; nothing to ask if there is no other.
fn one_of(
    evening: &Evening<'_>,
    clients: SortedSet<ClientId>,
    right: ClientId,
    because: String,
    record: usize,
) -> Option<Answer> {
    let place = clients.iter().position(|client| *client == right)?;
    let choices: Vec<String> = clients.iter().map(|client| evening.name(*client)).collect();
    (choices.len() > 1).then_some(Answer { right: place, choices, because, record })
}

fn wakes_him(evening: &Evening<'_>, from: usize) -> Option<Answer> {
    let record = evening.find(from, |event| matches!(event, Event::PollReturn { .. }))?;
    let Event::PollReturn { fired } = &evening.records[record].event else { return None };
    let door = evening.find(0, |event| matches!(event, Event::Listen { .. }))?;
    let Event::Listen { fd: door, .. } = &evening.records[door].event else { return None };
    let (right, because) = match fired.first() {
        Some(first) if first.fd == *door => (0, line!("ask.wakes-him.door")),
        Some(_) => (1, line!("ask.wakes-him.guest")),
        None => (2, line!("ask.wakes-him.clock")),
    };
    fixed("wakes-him", 3, right, because, record)
}

fn let_in_at_once(evening: &Evening<'_>, from: usize) -> Option<Answer> {
    let record = evening.find(from, |event| matches!(event, Event::AcceptEnd { .. }))?;
    let Event::AcceptEnd { accepted, why } = &evening.records[record].event else { return None };
    let because = match why {
        AcceptEnd::Drained => line!("ask.let-in.drained", *accepted),
        AcceptEnd::CycleLimit => line!("ask.let-in.limit", *accepted),
        AcceptEnd::Failed(_) => line!("ask.let-in.failed", *accepted),
    };
    number(u64::from(*accepted), [1, 2, 10], because, record)
}

fn taken_first(evening: &Evening<'_>, from: usize) -> Option<Answer> {
    let reads = |event: &Event| match event {
        Event::Fire { client, handler: Handler::ReadQuery, .. } => *client,
        _ => None,
    };
    let record = evening.find(from, |event| reads(event).is_some())?;
    let right = reads(&evening.records[record].event)?;
    let sleeps = evening.find(record, |event| matches!(event, Event::PollEnter { .. }))?;
    let all = evening.records[record..sleeps].iter().filter_map(|r| reads(&r.event)).collect();
    let because = line!("ask.ran-first", &evening.name(right));
    one_of(evening, all, right, because, record)
}

fn pads_left(evening: &Evening<'_>) -> Option<Answer> {
    let (mut made, mut freed, mut last) = (0_u64, 0_u64, None);
    for (index, record) in evening.records.iter().enumerate() {
        match record.event {
            Event::ClientCreated { .. } => made += 1,
            Event::ClientFreed { .. } => freed += 1,
            _ => continue,
        }
        last = Some(index);
    }
    let because = line!("ask.pads", made, freed);
    number(made.checked_sub(freed)?, [0, 1, 2], because, last?)
}

fn reads_needed(evening: &Evening<'_>, from: usize, client: ClientId) -> Option<Answer> {
    let record = evening
        .find(from, |event| matches!(event, Event::Parsed { client: of, .. } if *of == client))?;
    let read = |event: &Event| matches!(event, Event::Read { client: of, .. } if *of == client);
    let reads = evening.records[from..record].iter().filter(|r| read(&r.event)).count() as u64;
    number(reads, [1, 2, 4], line!("ask.reads", reads), record)
}

fn eats_first(evening: &Evening<'_>, from: usize) -> Option<Answer> {
    let eats = |event: &Event| match event {
        Event::Pipe { peer, pipe: Pipe::Consumed { .. } } => {
            evening.clients().find(|client| evening.is_from(*client, *peer))
        }
        _ => None,
    };
    let record = evening.find(from, |event| eats(event).is_some())?;
    let right = eats(&evening.records[record].event)?;
    let because = line!("ask.ate-first", &evening.name(right));
    one_of(evening, evening.clients().collect(), right, because, record)
}

fn leaves_when(evening: &Evening<'_>, from: usize, client: ClientId) -> Option<Answer> {
    let record = evening
        .find(from, |event| matches!(event, Event::Write { client: of, .. } if *of == client))?;
    let between = &evening.records[from..record];
    let has = |want: fn(&Event) -> bool| between.iter().any(|r| want(&r.event));
    let right = if has(|event| matches!(event, Event::PollReturn { .. })) {
        2
    } else {
        usize::from(has(|event| matches!(event, Event::SweepBegin { .. })))
    };
    let because = match right {
        0 => line!("ask.written.at-once"),
        1 => line!("ask.written.in-the-sweep"),
        _ => line!("ask.written.later"),
    };
    fixed("leaves-when", 3, right, because, record)
}

fn trips_needed(evening: &Evening<'_>, from: usize, client: ClientId) -> Option<Answer> {
    let mut trips = 0;
    let record = evening.find(from, |event| match event {
        Event::Write { client: of, left, .. } if *of == client => {
            trips += 1;
            *left == 0
        }
        _ => false,
    })?;
    number(trips, [1, 2, 9], line!("ask.trips", trips), record)
}

fn served_first(evening: &Evening<'_>, from: usize) -> Option<Answer> {
    let served = |event: &Event| match event {
        Event::Write { client, .. } => Some(*client),
        _ => None,
    };
    let begins = evening.find(from, |event| matches!(event, Event::SweepBegin { clients: 2.. }))?;
    let ends = evening.find(begins, |event| matches!(event, Event::SweepEnd { .. }))?;
    let record = evening.find(begins, |event| served(event).is_some())?;
    let right = served(&evening.records[record].event)?;
    let all = evening.records[begins..ends].iter().filter_map(|r| served(&r.event)).collect();
    let because = line!("ask.first-write", &evening.name(right));
    one_of(evening, all, right, because, record)
}

fn fate(evening: &Evening<'_>, from: usize, client: ClientId) -> Option<Answer> {
    let is_write = |event: &Event| matches!(event, Event::Write { client: of, bytes: 1.., .. } if *of == client);
    let freed = evening.find(
        from,
        |event| matches!(event, Event::ClientFreed { client: of, .. } if *of == client),
    );
    let written = evening.find(from, is_write);
    match (written, freed) {
        (Some(write), Some(freed)) if write < freed => {
            fixed("fate", 3, 1, line!("ask.fate.then-freed"), freed)
        }
        (_, Some(freed)) => fixed("fate", 3, 2, line!("ask.fate.freed"), freed),
        (Some(write), None) => fixed("fate", 3, 0, line!("ask.fate.stays"), write),
        (None, None) => None,
    }
}

fn waits_for(evening: &Evening<'_>, from: usize, client: ClientId) -> Option<Answer> {
    let pipe = |event: &Event, want: fn(&Pipe) -> bool| match event {
        Event::Pipe { peer, pipe } => evening.is_from(client, *peer) && want(pipe),
        _ => false,
    };
    let sent = evening.records[..from]
        .iter()
        .rposition(|r| pipe(&r.event, |pipe| matches!(pipe, Pipe::Sent { .. })))?;
    let record =
        evening.find(from, |event| pipe(event, |pipe| matches!(pipe, Pipe::Consumed { .. })))?;
    let waited = evening.records[record].at.saturating_sub(evening.records[sent].at);
    let right = match waited {
        Micros(..1_000) => 0,
        Micros(1_000..10_000) => 1,
        _ => 2,
    };
    fixed("waits-for", 3, right, line!("ask.waited", waited), record)
}

fn carried_by(evening: &Evening<'_>, from: usize) -> Option<Answer> {
    let record = evening.find(from, |event| matches!(event, Event::Write { .. }))?;
    let ends = evening
        .find(record, |event| matches!(event, Event::SweepEnd { .. }))
        .unwrap_or(evening.records.len());
    let helped = evening.records[record..ends]
        .iter()
        .any(|r| matches!(r.event, Event::Write { by: 1.., .. }));
    let because = if helped { line!("ask.carried.helped") } else { line!("ask.carried.alone") };
    fixed("carried-by", 2, usize::from(helped), because, record)
}

fn calls_needed(evening: &Evening<'_>, from: usize) -> Option<Answer> {
    let is_call = |event: &Event| matches!(event, Event::Read { .. } | Event::Write { .. });
    let calls = || evening.records[from..].iter().filter(|r| is_call(&r.event));
    let record = evening.records.iter().rposition(|r| is_call(&r.event))?;
    let orders = evening.records[from..]
        .iter()
        .filter(|r| matches!(r.event, Event::CommandEnd { .. }))
        .count() as u64;
    let made = calls().count() as u64;
    let because = line!("ask.calls", orders, made);
    number(made, [2, orders, 2 * orders], because, record)
}

fn awake_share(evening: &Evening<'_>) -> Option<Answer> {
    let mut awake = Micros::ZERO;
    for record in evening.records {
        if let Event::CycleEnd { busy, .. } = record.event {
            awake = awake.saturating_add(busy);
        }
    }
    let last = evening.records.last()?.at;
    let right = match awake.0.saturating_mul(100) {
        part if part < last.0 => 0,
        part if part < last.0.saturating_mul(10) => 1,
        _ => 2,
    };
    fixed("awake-share", 3, right, line!("ask.awake", awake, last), evening.records.len() - 1)
}
