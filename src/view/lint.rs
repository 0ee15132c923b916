//! What is worth noticing in a run: sentences with their numbers, each a place
//! to jump to.
//!
//! | kind | is said when | counted how |
//! |---|---|---|
//! | [`Waited`](LintKind::Waited) | an order lay complete in the socket for [`WAIT_MIN`] while another guest's command ran | from its last byte's arrival (or, where a source does not tell it, the poll that told of it) to the begin of its command; the command named is the one that took most of that time |
//! | [`SlowCommand`](LintKind::SlowCommand) | a command took [`SLOW_MIN`] | `took`, execution alone, as SLOWLOG measures it |
//! | [`Pipeline`](LintKind::Pipeline) | one read brought [`PIPELINE_MIN`] orders or more that took [`PIPELINE_SHARE_PERCENT`] of the cycle | from the read to the last command's end, of the time awake |
//! | [`Pieces`](LintKind::Pieces) | an order came in [`PIECES_MIN`] reads or more | reads that took some of its bytes |
//! | [`SlowToLeave`](LintKind::SlowToLeave) | a reply left in its [`CYCLES_MIN`]rd cycle or later | cycles from the reply's queuing to its last byte's write, both included |
//! | [`NearOutputLimit`](LintKind::NearOutputLimit), [`NearQueryLimit`](LintKind::NearQueryLimit) | a buffer is at [`NEAR_PERCENT`] of its hard limit | once per climb, at its highest |
//! | [`PastLimit`](LintKind::PastLimit) | a limit that closes the client was passed | as the record says |
//! | [`Dropped`](LintKind::Dropped) | a client was freed with replies unsent | as the record says |

use super::narration::words::clip;
use super::panels::{output_limit, output_usage_bytes, query_limit_bytes};
use super::requests::{Request, Requests, at};
use super::text::{Words, say};
use crate::event::{ClientId, Event, LimitKind};
use crate::sorted::SortedMap;
use crate::time::Micros;
use crate::trace::{Timeline, World};

/// A person notices a tenth of a second; a server's neighbours notice this.
pub const WAIT_MIN: Micros = Micros::from_millis(1);
/// `slowlog-log-slower-than`, as it is unless configured.
pub const SLOW_MIN: Micros = Micros::from_millis(10);
pub const PIPELINE_MIN: usize = 5;
pub const PIPELINE_SHARE_PERCENT: u64 = 25;
pub const PIECES_MIN: u32 = 3;
pub const CYCLES_MIN: usize = 3;
pub const NEAR_PERCENT: u64 = 75;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LintKind {
    Waited,
    SlowCommand,
    Pipeline,
    Pieces,
    SlowToLeave,
    NearOutputLimit,
    NearQueryLimit,
    PastLimit,
    Dropped,
}

/// One thing worth noticing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lint {
    pub kind: LintKind,
    /// Index of the record at which it was so.
    pub record: usize,
    /// Whom it happened to.
    pub client: ClientId,
    /// Of [`LintKind::Waited`]: where the command ended that was waited for.
    pub blamed: Option<usize>,
    pub words: Words,
}

/// Everything worth noticing in `timeline`, by record. `requests` are those
/// of the same records.
#[must_use]
pub fn lints(timeline: &Timeline, requests: &Requests) -> Vec<Lint> {
    let mut found = Vec::new();
    let runs = Runs::of(timeline);
    for request in requests.all() {
        found.extend(waited(timeline, requests, &runs, request));
        found.extend(pieces(timeline, request));
        found.extend(slow_to_leave(timeline, request));
    }
    for client in requests.clients() {
        found.extend(requests.unfinished(client).and_then(|request| pieces(timeline, &request)));
    }
    pipelines(timeline, requests, &mut found);
    stated(timeline, requests, &mut found);
    Near::watch(timeline, &mut found);
    let in_order: SortedMap<_, Lint> = found
        .into_iter()
        .enumerate()
        .map(|(nth, lint)| ((lint.record, lint.kind, lint.client, nth), lint))
        .collect();
    in_order.into_iter().map(|(_, lint)| lint).collect()
}

/// Marks in the timeline the commands that others waited for.
pub fn mark_waits(timeline: &mut Timeline, found: &[Lint]) {
    for ended in found.iter().filter_map(|lint| lint.blamed) {
        timeline.mark_wait(ended);
    }
}

/// Every command that ran to its end: begin, end, their records, whose. In
/// order and never overlapping, since there is one thread; a transaction
/// counts by the commands in it.
struct Runs(Vec<(Micros, Micros, usize, usize, ClientId)>);

impl Runs {
    fn of(timeline: &Timeline) -> Runs {
        let mut runs = Vec::new();
        let mut begun: Option<(usize, ClientId)> = None;
        for (index, record) in timeline.records().iter().enumerate() {
            match &record.event {
                Event::CommandBegin { client, .. } => begun = Some((index, *client)),
                Event::CommandEnd { client, .. } => {
                    if let Some((begin, _)) = begun.take().filter(|(_, who)| who == client) {
                        runs.push((at(timeline, begin), record.at, begin, index, *client));
                    }
                }
                _ => {}
            }
        }
        Runs(runs)
    }

    /// The one of another guest that took most of the time between.
    fn longest(
        &self,
        from: Micros,
        to: Micros,
        but: ClientId,
    ) -> Option<&(Micros, Micros, usize, usize, ClientId)> {
        let first = self.0.partition_point(|(_, end, ..)| *end <= from);
        let shared = |begin: Micros, end: Micros| end.min(to).saturating_sub(begin.max(from));
        self.0[first..]
            .iter()
            .take_while(|(begin, ..)| *begin < to)
            .filter(|(begin, end, .., who)| *who != but && shared(*begin, *end) > Micros::ZERO)
            .max_by_key(|(begin, end, index, ..)| (shared(*begin, *end), std::cmp::Reverse(*index)))
    }
}

fn waited(
    timeline: &Timeline,
    requests: &Requests,
    runs: &Runs,
    request: &Request,
) -> Option<Lint> {
    let (from, began) = (request.arrived.or(request.signalled)?, request.began?);
    let (since, until) = (at(timeline, from), at(timeline, began));
    let wait = until.saturating_sub(since);
    if wait < WAIT_MIN {
        return None;
    }
    let &(_, _, other, ended, who) = runs.longest(since, until, request.client)?;
    let behind = order_begun_at(requests, other).unwrap_or_else(|| name_at(timeline, other));
    let (order, guest) = (&request.order, request.client);
    // Without the arrival, the wait before the poll is not known.
    let least = request.arrived.is_none();
    Some(Lint {
        kind: LintKind::Waited,
        record: began,
        client: guest,
        blamed: Some(ended),
        words: say!("lint.waited", order, guest, least, wait, &behind, who),
    })
}

/// What the guest had typed whose command began at that record.
fn order_begun_at(requests: &Requests, record: usize) -> Option<String> {
    let all = requests.all();
    // Orders are understood, and hence begun, one after the other.
    let after = all.partition_point(|request| request.parsed.is_some_and(|p| p <= record));
    let found = all[..after].iter().rev().find(|request| request.began == Some(record));
    found.map(|request| request.order.clone())
}

fn name_at(timeline: &Timeline, record: usize) -> String {
    match timeline.record(record).map(|record| &record.event) {
        Some(Event::CommandBegin { name, .. }) => clip(&name.to_ascii_uppercase()),
        _ => String::new(),
    }
}

fn pieces(timeline: &Timeline, request: &Request) -> Option<Lint> {
    if request.reads < PIECES_MIN {
        return None;
    }
    let (first, last) = (request.first_read?, request.read?);
    let guest = request.client;
    let over = at(timeline, last).saturating_sub(at(timeline, first));
    let unfinished = request.parsed.is_none();
    Some(Lint {
        kind: LintKind::Pieces,
        record: last,
        client: guest,
        blamed: None,
        words: say!("lint.pieces", guest, unfinished, request.reads, over),
    })
}

fn slow_to_leave(timeline: &Timeline, request: &Request) -> Option<Lint> {
    let (queued, written) = (request.queued?, request.written?);
    let cycles = timeline.cycle_of(written)?.checked_sub(timeline.cycle_of(queued)?)? + 1;
    if cycles < CYCLES_MIN {
        return None;
    }
    let (order, guest) = (&request.order, request.client);
    let took = at(timeline, written).saturating_sub(at(timeline, queued));
    Some(Lint {
        kind: LintKind::SlowToLeave,
        record: written,
        client: guest,
        blamed: None,
        words: say!("lint.slow-to-leave", order, guest, cycles, took),
    })
}

/// Orders that one read brought: each names the one before it.
fn pipelines(timeline: &Timeline, requests: &Requests, found: &mut Vec<Lint>) {
    let all = requests.all();
    let mut first = 0;
    while first < all.len() {
        let mut last = first;
        while all.get(last + 1).is_some_and(|next| next.behind == Some(last)) {
            last += 1;
        }
        found.extend(pipeline(timeline, &all[first..=last]));
        first = last + 1;
    }
}

fn pipeline(timeline: &Timeline, orders: &[Request]) -> Option<Lint> {
    let (first, last) = (orders.first()?, orders.last()?);
    let (read, ended) = (first.read?, last.ended?);
    if orders.len() < PIPELINE_MIN {
        return None;
    }
    let cycle = &timeline.cycles()[timeline.cycle_of(ended)?];
    let awake = cycle.ended.saturating_sub(cycle.began).0;
    let from = at(timeline, read).max(cycle.began);
    let took = at(timeline, ended).saturating_sub(from);
    let percent = took.0.saturating_mul(100).checked_div(awake)?.min(100);
    if percent < PIPELINE_SHARE_PERCENT {
        return None;
    }
    let guest = first.client;
    let part = if percent < 95 { percent } else { 0 };
    Some(Lint {
        kind: LintKind::Pipeline,
        record: ended,
        client: guest,
        blamed: None,
        words: say!("lint.pipeline", guest, orders.len(), part, took),
    })
}

/// What a record says by itself.
fn stated(timeline: &Timeline, requests: &Requests, found: &mut Vec<Lint>) {
    let mut begun = None;
    for (index, record) in timeline.records().iter().enumerate() {
        match &record.event {
            Event::CommandBegin { .. } => begun = Some(index),
            Event::CommandEnd { client, took, .. } if *took >= SLOW_MIN => {
                let order = begun.and_then(|begin| order_begun_at(requests, begin));
                let order = order.or_else(|| begun.map(|begin| name_at(timeline, begin)));
                let order = order.unwrap_or_default();
                found.push(Lint {
                    kind: LintKind::SlowCommand,
                    record: index,
                    client: *client,
                    blamed: None,
                    words: say!("lint.slow", &order, *client, *took),
                });
            }
            Event::Limit { client: Some(client), kind, at, limit } => {
                found.extend(past(index, *client, *kind, *at, *limit));
            }
            Event::ClientFreed { client, dropped, .. } if *dropped > 0 => {
                found.push(Lint {
                    kind: LintKind::Dropped,
                    record: index,
                    client: *client,
                    blamed: None,
                    words: say!("lint.dropped", *client, *dropped),
                });
            }
            _ => {}
        }
    }
}

fn past(record: usize, client: ClientId, kind: LimitKind, at: u64, limit: u64) -> Option<Lint> {
    let words = match kind {
        LimitKind::QueryBuffer => say!("lint.past.query", client, at, limit),
        LimitKind::OutputHard => say!("lint.past.hard", client, at, limit),
        LimitKind::OutputSoftExpired => say!("lint.past.soft", client, at, limit),
        LimitKind::OutputSoftStarted
        | LimitKind::OutputSoftCleared
        | LimitKind::MaxClients
        | LimitKind::WriteBudget => return None,
    };
    Some(Lint { kind: LintKind::PastLimit, record, client, blamed: None, words })
}

/// A buffer's climb towards its limit: remembered at its highest until it
/// falls below the mark, or the client is gone.
#[derive(Default)]
struct Near {
    climbs: SortedMap<(ClientId, LintKind), Climb>,
}

#[derive(Clone, Copy)]
struct Climb {
    record: usize,
    at_bytes: u64,
    limit_bytes: u64,
}

impl Near {
    /// Only runs that set a limit are folded for it: without one there is
    /// nothing to be near to.
    fn watch(timeline: &Timeline, found: &mut Vec<Lint>) {
        let limited =
            |name: &str| matches!(name, "client-output-buffer-limit" | "client-query-buffer-limit");
        let first = timeline.records().iter().position(
            |record| matches!(&record.event, Event::Config { name, .. } if limited(name)),
        );
        let Some(first) = first else { return };
        let mut world = World::clone(&timeline.world_at(first));
        let mut near = Near::default();
        for (index, record) in timeline.records().iter().enumerate().skip(first) {
            world.fold(record);
            let client = match &record.event {
                Event::Read { client, .. }
                | Event::QueryTrimmed { client, .. }
                | Event::ReplyQueued { client, .. }
                | Event::Write { client, .. }
                | Event::ClientFreed { client, .. } => *client,
                _ => continue,
            };
            near.look(index, client, &world, found);
        }
        for ((client, kind), climb) in near.climbs {
            found.push(near_lint(client, kind, climb));
        }
    }

    fn look(&mut self, record: usize, client: ClientId, world: &World, found: &mut Vec<Lint>) {
        let view = world.clients.get(&client);
        let query = query_limit_bytes(world).zip(view.map(|c| c.query.len));
        self.step(record, (client, LintKind::NearQueryLimit), query, found);
        let hard = output_limit(world).map(|limit| limit.hard_bytes).filter(|hard| *hard > 0);
        let output = hard.zip(view.map(|c| output_usage_bytes(&c.reply)));
        self.step(record, (client, LintKind::NearOutputLimit), output, found);
    }

    fn step(
        &mut self,
        record: usize,
        key: (ClientId, LintKind),
        limit_and_usage: Option<(u64, u64)>,
        found: &mut Vec<Lint>,
    ) {
        let near = limit_and_usage
            .filter(|(limit, usage)| usage.saturating_mul(100) / limit >= NEAR_PERCENT);
        match near {
            Some((limit_bytes, at_bytes)) => {
                let here = Climb { record, at_bytes, limit_bytes };
                let climb = self.climbs.or_insert_with(key, || here);
                if at_bytes > climb.at_bytes {
                    *climb = here;
                }
            }
            None => {
                if let Some(climb) = self.climbs.remove(&key) {
                    found.push(near_lint(key.0, key.1, climb));
                }
            }
        }
    }
}

fn near_lint(client: ClientId, kind: LintKind, climb: Climb) -> Lint {
    let percent = climb.at_bytes.saturating_mul(100) / climb.limit_bytes.max(1);
    let (at, limit) = (climb.at_bytes, climb.limit_bytes);
    let words = if kind == LintKind::NearOutputLimit {
        say!("lint.near.output", client, percent, at, limit)
    } else {
        say!("lint.near.query", client, percent, at, limit)
    };
    Lint { kind, record: climb.record, client, blamed: None, words }
}
