//! The loop: cycles, phases, the poll, the clock.

use super::words::{client, clip, directions, many, table};
use super::{Scene, Told, told};
use crate::event::{ClientId, Event, Handler, Phase, TimerKind};
use crate::net::{Fd, Fired, Mask, Timeout};
use crate::time::Micros;

pub(super) fn tell(event: &Event, scene: &Scene<'_>) -> Told {
    match event {
        Event::Listen { fd, address, backlog } => told(
            format!("The door opens at {address}; the bell will ring for every guest."),
            format!("The server listens at {address} with a backlog of {backlog}."),
            format!("anetListen → listen({fd}, {backlog})"),
        ),
        Event::Config { name, value } => {
            let (name, value) = (clip(name), clip(value));
            told(
                format!("A house rule: {name} is \"{value}\"."),
                format!("Directive {name} is \"{value}\"."),
                format!("config · {name} \"{value}\""),
            )
        }
        Event::CycleBegin { cycle } => told(
            format!("Round {cycle} begins."),
            format!("Cycle {cycle} begins, as eventloop_cycles counts them."),
            format!("afterSleep · cycle {cycle}"),
        ),
        Event::CycleEnd { cycle, busy } => told(
            format!("Round {cycle} is over; it was {busy} of work."),
            format!("Cycle {cycle} ends after {busy}, time asleep not counted."),
            format!("beforeSleep · eventloop_duration_sum += {busy}"),
        ),
        Event::PhaseEnter { phase } => phase_enter(*phase),
        Event::PhaseLeave { phase } => phase_leave(*phase),
        Event::PollEnter { timeout } => poll_enter(*timeout, scene),
        Event::PollReturn { fired } => poll_return(fired, scene),
        Event::Fire { fd, client, handler, .. } => fire(*fd, *client, *handler, scene),
        Event::FireSkipped { fd, .. } => told(
            "That signal no longer counts: an earlier one of this round settled it.",
            format!("Descriptor {fd} is no longer watched for this; its event is skipped."),
            format!("aeProcessEvents · fd {fd} skipped"),
        ),
        Event::TimerAdded { timer, due } | Event::TimerRearmed { timer, due } => {
            let left = due.saturating_sub(scene.after.at);
            let name = timer_name(*timer);
            told(
                format!("The clock is set: it rings in {left}."),
                format!("{name} is due in {left}."),
                format!("{name} · due in {left}"),
            )
        }
        Event::TimerFired { timer } => {
            let name = timer_name(*timer);
            told(
                "The clock rings: time for the regular chores.",
                format!("{name} is due, so it runs."),
                format!("processTimeEvents → {name}"),
            )
        }
        Event::ClientsCron { visited } => {
            let (tables, clients) =
                (many(u64::from(*visited), "table"), many(u64::from(*visited), "client"));
            told(
                format!("The chef looks after {tables}: who is idle, whose pile is too high?"),
                format!("clientsCron visits {clients}: idle timeouts, buffers, output limits."),
                format!("serverCron → clientsCron · {clients}"),
            )
        }
        Event::Dropped { count } => told(
            format!("Here {} went by unseen.", many(*count, "moment")),
            format!("{} are missing: the recorder could not keep up.", many(*count, "record")),
            format!("dropped · {}", many(*count, "record")),
        ),
        Event::Standing { .. } => told(
            "Somebody looks in: this is how things stand.",
            "The state as a watcher finds it; what led to it was not seen.",
            "standing",
        ),
        _ => told("The house was told to close.", "The server was told to stop.", "shutdown"),
    }
}

fn timer_name(timer: TimerKind) -> &'static str {
    match timer {
        TimerKind::ServerCron => "serverCron",
    }
}

fn phase_enter(phase: Phase) -> Told {
    match phase {
        Phase::BeforeSleep => told(
            "Before resting, the chef clears the rack and shows out who must go.",
            "beforeSleep runs: pending writes first, then scheduled closes.",
            "beforeSleep",
        ),
        Phase::Poll => told("The chef turns to the signal board.", "The poll begins.", "aeApiPoll"),
        Phase::AfterSleep => told(
            "Awake again, the chef first looks at the time.",
            "afterSleep refreshes the cached clock.",
            "afterSleep → updateCachedTime",
        ),
        Phase::Files => told(
            "The chef takes the signals, one after another.",
            "File events are handled in the order in which the poll returned them.",
            "aeProcessEvents · file events",
        ),
        Phase::Timers => told(
            "All signals are handled; the chef looks at his clock.",
            "Time events run if they are due.",
            "processTimeEvents",
        ),
    }
}

fn phase_leave(phase: Phase) -> Told {
    match phase {
        Phase::BeforeSleep => {
            told("Everything is in order for a rest.", "beforeSleep is done.", "beforeSleep · done")
        }
        Phase::Poll => {
            told("The chef turns away from the board.", "The poll is over.", "aeApiPoll · done")
        }
        Phase::AfterSleep => {
            told("The chef knows the time.", "afterSleep is done.", "afterSleep · done")
        }
        Phase::Files => told(
            "The last signal of this round is handled.",
            "All fired file events are handled.",
            "aeProcessEvents · file events done",
        ),
        Phase::Timers => told(
            "The clock has nothing more to say.",
            "No further time event is due.",
            "processTimeEvents · done",
        ),
    }
}

fn poll_enter(timeout: Timeout, scene: &Scene<'_>) -> Told {
    match timeout {
        Timeout::After(_) | Timeout::Forever if scene.after.signal_is_up() => told(
            "The chef returns to the board; a signal is up already, so he will not sleep.",
            "The poll begins with a descriptor ready: it returns at once, whatever its timeout.",
            "aeApiPoll · ready at once",
        ),
        Timeout::Now => told(
            "More work is waiting already, so the chef only glances at the board.",
            "Work is pending, so the poll looks at the descriptors and returns at once.",
            "aeApiPoll(timeout = 0)",
        ),
        Timeout::After(most) => told(
            "Nothing is left to do, so the chef sleeps until a flag, bell or clock wakes him.",
            format!(
                "The thread blocks until a descriptor is ready, or for {most}; it uses no CPU."
            ),
            // The kernel's timeouts are whole milliseconds, rounded up.
            format!("aeApiPoll(timeout = {} ms) · thread blocked", most.0.div_ceil(1_000)),
        ),
        Timeout::Forever => told(
            "Nothing is left to do, so the chef sleeps until a flag or the bell wakes him.",
            "No timer is set: the thread blocks until a descriptor is ready.",
            "aeApiPoll(timeout = none) · thread blocked",
        ),
    }
}

fn poll_return(fired: &[Fired], scene: &Scene<'_>) -> Told {
    let before = scene.before;
    let at_once = before.signal_is_up() && before.at == before.slept_since;
    let wakes = match before.asleep {
        Some(Timeout::Now) => "The chef looks up",
        _ if at_once => "The chef looks up",
        _ => "The chef wakes",
    };
    let slept = match before.asleep {
        Some(Timeout::Now) | None => Micros::ZERO,
        Some(_) => scene.after.at.saturating_sub(before.slept_since),
    };
    if fired.is_empty() {
        return told(
            format!("{wakes}: no signal is up, but the clock may want him."),
            format!("The poll returns nothing after {slept}; timers may be due."),
            "aeApiPoll = 0",
        );
    }
    let is_bell = |f: &&Fired| scene.after.listeners.iter().any(|(fd, _)| *fd == f.fd);
    let count = |is: &dyn Fn(&&Fired) -> bool| fired.iter().filter(is).count() as u64;
    let bells = count(&is_bell);
    let flags = count(&|f| !is_bell(f) && f.mask.has(Mask::READABLE));
    let rooms = count(&|f| !is_bell(f) && !f.mask.has(Mask::READABLE));
    let mut seen = Vec::new();
    if bells > 0 {
        seen.push("the bell rings".to_owned());
    }
    if flags > 0 {
        let verb = if flags == 1 { "is" } else { "are" };
        seen.push(format!("{} {verb} up", many(flags, "flag")));
    }
    if rooms > 0 {
        let verb = if rooms == 1 { "has" } else { "have" };
        seen.push(format!("{} {verb} room again", many(rooms, "table")));
    }
    let list: Vec<String> =
        fired.iter().take(8).map(|f| format!("{}{}", f.fd, directions(f.mask))).collect();
    let more = if fired.len() > 8 { " …" } else { "" };
    let ready = many(fired.len() as u64, "ready descriptor");
    told(
        format!("{wakes}: {}.", seen.join(", ")),
        format!("The poll returns {ready} after {slept}, in the order to be handled."),
        format!("aeApiPoll = {} · {}{more}", fired.len(), list.join(" ")),
    )
}

fn fire(fd: Fd, who: Option<ClientId>, handler: Handler, scene: &Scene<'_>) -> Told {
    let world = scene.after;
    let nth = if world.fired.iter().any(|f| f.fd == fd) {
        format!("Signal {} of {}", world.fired_begun, world.fired.len())
    } else {
        "A signal".to_owned()
    };
    match handler {
        Handler::Accept => told(
            format!("{nth}: the bell, so the chef goes to the door."),
            "The listening socket is readable, so its accept handler runs.",
            format!("connSocketAcceptHandler(fd {fd})"),
        ),
        Handler::ReadQuery => told(
            format!("{nth}: the flag of {}, so the chef turns to it.", table(who)),
            format!("Descriptor {fd} is readable, so the read handler of {} runs.", client(who)),
            format!("readQueryFromClient({})", client(who)),
        ),
        Handler::SendReply => told(
            format!("{nth}: {} has room again for plates that wait.", table(who)),
            format!("Descriptor {fd} is writable, so the write handler of {} runs.", client(who)),
            format!("sendReplyToClient({})", client(who)),
        ),
    }
}
