//! The loop: cycles, phases, the poll, the clock.

use super::Scene;
use super::words::{clip, directions};
use crate::event::{ClientId, Event, Handler, Phase, Standing, TimerKind};
use crate::net::{Fd, Fired, Mask, Timeout, address_text};
use crate::time::Micros;
use crate::view::text::{Words, say};

pub(super) fn tell(event: &Event, scene: &Scene<'_>) -> Words {
    match event {
        Event::Listen { fd, address, backlog } => {
            say!("listen", *fd, &address_text(*address), *backlog)
        }
        Event::Config { name, value } => say!("config", &clip(name), &clip(value)),
        Event::CycleBegin { cycle } => say!("cycle.begin", *cycle),
        Event::CycleEnd { cycle, busy } => say!("cycle.end", *cycle, *busy),
        Event::PhaseEnter { phase } => match phase {
            Phase::BeforeSleep => say!("phase.before-sleep"),
            Phase::Poll => say!("phase.poll"),
            Phase::AfterSleep => say!("phase.after-sleep"),
            Phase::Files => say!("phase.files"),
            Phase::Timers => say!("phase.timers"),
        },
        Event::PhaseLeave { phase } => match phase {
            Phase::BeforeSleep => say!("phase.before-sleep.done"),
            Phase::Poll => say!("phase.poll.done"),
            Phase::AfterSleep => say!("phase.after-sleep.done"),
            Phase::Files => say!("phase.files.done"),
            Phase::Timers => say!("phase.timers.done"),
        },
        Event::PollEnter { timeout } => poll_enter(*timeout, scene),
        Event::PollReturn { fired } => poll_return(fired, scene),
        Event::Fire { fd, client, handler, .. } => fire(*fd, *client, *handler, scene),
        Event::FireSkipped { fd, .. } => say!("fire.skipped", *fd),
        Event::TimerAdded { timer, due } | Event::TimerRearmed { timer, due } => {
            say!("timer.set", name(*timer), due.saturating_sub(scene.after.at))
        }
        Event::TimerFired { timer } => say!("timer.fired", name(*timer)),
        Event::ClientsCron { visited } => say!("clients-cron", *visited),
        Event::Dropped { count } => say!("dropped", *count),
        Event::Standing { what: Standing::FromOutside } => say!("standing.from-outside"),
        Event::Standing { .. } => say!("standing"),
        _ => say!("shutdown"),
    }
}

fn name(timer: TimerKind) -> &'static str {
    match timer {
        TimerKind::ServerCron => "serverCron",
    }
}

fn poll_enter(timeout: Timeout, scene: &Scene<'_>) -> Words {
    match timeout {
        Timeout::After(_) | Timeout::Forever if scene.after.signal_is_up() => say!("poll.ready"),
        Timeout::Now => say!("poll.glance"),
        // The kernel's timeouts are whole milliseconds, rounded up.
        Timeout::After(most) => say!("poll.sleep", most, most.0.div_ceil(1_000)),
        Timeout::Forever => say!("poll.sleep.forever"),
    }
}

fn poll_return(fired: &[Fired], scene: &Scene<'_>) -> Words {
    let before = scene.before;
    let at_once = before.signal_is_up() && before.at == before.slept_since;
    let glance = before.asleep == Some(Timeout::Now) || at_once;
    let slept = match before.asleep {
        Some(Timeout::Now) | None => Micros::ZERO,
        Some(_) => scene.after.at.saturating_sub(before.slept_since),
    };
    if fired.is_empty() {
        return say!("poll.nothing", glance, slept);
    }
    let is_bell = |f: &&Fired| scene.after.listeners.iter().any(|(fd, _)| *fd == f.fd);
    let count = |is: &dyn Fn(&&Fired) -> bool| fired.iter().filter(is).count();
    let bells = count(&is_bell);
    let flags = count(&|f| !is_bell(f) && f.mask.has(Mask::READABLE));
    let rooms = fired.len() - bells - flags;
    let mut list = String::new();
    for f in fired.iter().take(8) {
        list.push_str(itoa::Buffer::new().format(f.fd.0));
        list.push_str(directions(f.mask));
        list.push(' ');
    }
    list.push_str(if fired.len() > 8 { "…" } else { "" });
    say!("poll.return", glance, slept, fired.len(), bells, flags, rooms, list.trim_end())
}

fn fire(fd: Fd, who: Option<ClientId>, handler: Handler, scene: &Scene<'_>) -> Words {
    let world = scene.after;
    let known = world.fired.iter().any(|f| f.fd == fd);
    let (nth, of) = (world.fired_begun, if known { world.fired.len() } else { 0 });
    match handler {
        Handler::Accept => say!("fire.accept", fd, nth, of),
        Handler::ReadQuery => say!("fire.read", fd, nth, of, who),
        Handler::SendReply => say!("fire.write", fd, nth, of, who),
    }
}
