//! Where an order's time went: its way from the guest's hand and back, as
//! stretches of waiting and of work that add up.

use super::requests::{Request, Requests, at};
use crate::event::ClientId;
use crate::sorted::{SortedMap, sort_by_key};
use crate::time::Micros;
use crate::trace::Timeline;

/// A stretch of an order's way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Stage {
    /// From its first byte sent until its last one arrived.
    Way,
    /// Complete in the server's socket, and not read.
    Socket,
    /// Read, while orders before it on the same slip are served.
    Behind,
    /// Being parsed, until its command begins.
    Taken,
    Cooked,
    /// Its reply waits in the output buffers, or for room in the socket.
    Rack,
    /// Left, until the guest has read its last byte.
    Home,
}

impl Stage {
    pub const ALL: [Stage; 7] = [
        Stage::Way,
        Stage::Socket,
        Stage::Behind,
        Stage::Taken,
        Stage::Cooked,
        Stage::Rack,
        Stage::Home,
    ];
}

/// A stage and how long it took.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stretch {
    pub stage: Stage,
    pub from: Micros,
    pub to: Micros,
}

impl Stretch {
    #[must_use]
    pub fn lasted(&self) -> Micros {
        self.to.saturating_sub(self.from)
    }
}

/// One order's way, as far as it is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Way {
    pub client: ClientId,
    pub order: String,
    /// One after the other, without gaps.
    pub stretches: Vec<Stretch>,
    /// Index of the record to jump to: the begin of its command, else its
    /// newest stage.
    pub record: usize,
    /// The guest has read the whole answer, or it has left and nobody tells.
    pub is_over: bool,
}

impl Way {
    /// The way of `request`, one of `requests`. `None` if no record speaks of
    /// it.
    #[must_use]
    pub fn of(timeline: &Timeline, requests: &Requests, request: &Request) -> Option<Way> {
        let before = request.behind.and_then(|index| requests.all().get(index));
        let served = before.and_then(|before| before.ended.or(before.parsed));
        let ends = [
            (Stage::Way, request.arrived),
            (Stage::Socket, request.read),
            (Stage::Behind, served),
            (Stage::Taken, request.began.or(request.parsed)),
            (Stage::Cooked, request.ended),
            (Stage::Rack, request.written),
            (Stage::Home, request.consumed),
        ];
        let mut from = at(timeline, request.oldest()?);
        let mut stretches = Vec::new();
        for (stage, end) in ends {
            let Some(end) = end else { continue };
            let to = at(timeline, end).max(from);
            stretches.push(Stretch { stage, from, to });
            from = to;
        }
        Some(Way {
            client: request.client,
            order: request.order.clone(),
            stretches,
            record: request.began.or(request.newest())?,
            is_over: request.consumed.is_some()
                || (request.written.is_some() && request.sent.is_none()),
        })
    }

    #[must_use]
    pub fn from(&self) -> Option<Micros> {
        self.stretches.first().map(|stretch| stretch.from)
    }

    #[must_use]
    pub fn to(&self) -> Option<Micros> {
        self.stretches.last().map(|stretch| stretch.to)
    }

    #[must_use]
    pub fn lasted(&self) -> Micros {
        match (self.from(), self.to()) {
            (Some(from), Some(to)) => to.saturating_sub(from),
            _ => Micros::ZERO,
        }
    }

    /// The time in one stage.
    #[must_use]
    pub fn in_stage(&self, stage: Stage) -> Micros {
        self.stretches
            .iter()
            .filter(|stretch| stretch.stage == stage)
            .fold(Micros::ZERO, |sum, stretch| sum.saturating_add(stretch.lasted()))
    }
}

/// How long orders took.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Percentiles {
    pub orders: usize,
    /// By nearest rank: at least so many of a hundred took no longer.
    pub p50: Micros,
    pub p90: Micros,
    pub p99: Micros,
    pub max: Micros,
}

impl Percentiles {
    /// Of the orders that were answered within the first `playhead` records,
    /// from the last byte's arrival until the answer had left: what the server
    /// is answerable for. `None` if there is none.
    #[must_use]
    pub fn of(timeline: &Timeline, requests: &Requests, playhead: usize) -> Option<Percentiles> {
        let answered = requests
            .all()
            .iter()
            .filter(|request| request.written.is_some_and(|written| written < playhead));
        Percentiles::among(answered.filter_map(|request| request.latency(timeline)).collect())
    }

    #[inline(never)]
    pub(super) fn among(mut took: Vec<Micros>) -> Option<Percentiles> {
        sort_by_key(&mut took, |took| took.0);
        let rank = |percent: usize| {
            let nearest = (took.len() * percent).div_ceil(100).max(1);
            took.get(nearest - 1).copied()
        };
        Some(Percentiles {
            orders: took.len(),
            p50: rank(50)?,
            p90: rank(90)?,
            p99: rank(99)?,
            max: *took.last()?,
        })
    }
}

/// How a crowd fared, as its guests see it: from when each meant to order,
/// which in a simulation is when it did (a guest's hand is never full), until
/// it had read the whole answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Load {
    pub crowd: String,
    /// Orders that were sent.
    pub sent: usize,
    /// Of those that are answered.
    pub took: Percentiles,
    /// Answers in a second, between the first order and the last answer.
    pub per_second: u64,
}

impl Load {
    /// Of each crowd that has had an answer within the first `playhead`
    /// records.
    #[must_use]
    pub fn all(timeline: &Timeline, requests: &Requests, playhead: usize) -> Vec<Load> {
        let mut crowds: SortedMap<&str, (usize, Micros, Micros, Vec<Micros>)> = SortedMap::new();
        for request in requests.all() {
            let sent = request.sent.filter(|sent| *sent < playhead);
            let (Some(sent), Some(crowd)) = (sent, requests.crowd(request.client)) else {
                continue;
            };
            let from = at(timeline, sent);
            let (count, first, last, took) = crowds.or_default(crowd);
            *first = if *count == 0 { from } else { from.min(*first) };
            *count += 1;
            if let Some(read) = request.consumed.filter(|read| *read < playhead) {
                let to = at(timeline, read);
                *last = to.max(*last);
                took.push(to.saturating_sub(from));
            }
        }
        let load =
            |(crowd, (sent, first, last, took)): (&&str, &(usize, Micros, Micros, Vec<Micros>))| {
                let took = Percentiles::among(took.clone())?;
                let lasted = last.saturating_sub(*first).0.max(1);
                let per_second = took.orders as u64 * 1_000_000 / lasted;
                Some(Load { crowd: (*crowd).to_owned(), sent: *sent, took, per_second })
            };
        crowds.iter().filter_map(load).collect()
    }
}

/// The orders that a cycle had to do with: some stage of theirs is a record of
/// it, or they were under way while it ran. In the order in which they were
/// understood; then those that are still incomplete.
#[must_use]
pub fn ways_through(
    timeline: &Timeline,
    requests: &Requests,
    records: &std::ops::Range<usize>,
) -> Vec<Way> {
    let through = |request: &&Request| {
        let (oldest, newest) = (request.oldest(), request.newest());
        oldest.is_some_and(|oldest| oldest < records.end)
            && newest.is_some_and(|newest| newest >= records.start)
    };
    let way = |request: &Request| Way::of(timeline, requests, request);
    let incomplete: Vec<Request> =
        requests.clients().filter_map(|client| requests.unfinished(client)).collect();
    requests
        .all()
        .iter()
        .filter(through)
        .filter_map(way)
        .chain(incomplete.iter().filter(through).filter_map(way))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Event;
    use crate::trace::Record;

    fn timeline(times: &[u64]) -> Timeline {
        let mut timeline = Timeline::new();
        for (seq, at) in (0..).zip(times) {
            let event = Event::CycleBegin { cycle: seq };
            timeline.push(Record { seq, at: Micros(*at), event }).expect("room");
        }
        timeline
    }

    /// Protects: the stretches leave no gap, so that waiting and work add up.
    #[test]
    fn the_stretches_add_up() {
        let timeline = timeline(&[0, 10, 30, 31, 40, 45, 100, 160]);
        let request = Request {
            sent: Some(0),
            arrived: Some(1),
            first_read: Some(2),
            read: Some(2),
            parsed: Some(3),
            began: Some(4),
            ended: Some(5),
            written: Some(6),
            consumed: Some(7),
            ..Request::default()
        };
        let way = Way::of(&timeline, &Requests::default(), &request).expect("known");
        assert_eq!(way.lasted(), Micros(160));
        assert_eq!(
            (way.in_stage(Stage::Socket), way.in_stage(Stage::Rack)),
            (Micros(20), Micros(55))
        );
        assert!(way.is_over);
    }

    /// Protects: half a way is drawn as half a way.
    #[test]
    fn what_is_not_known_is_left_out() {
        let timeline = timeline(&[5, 9]);
        let request = Request { sent: Some(0), ..Request::default() };
        let way = Way::of(&timeline, &Requests::default(), &request).expect("known");
        assert_eq!((way.stretches.len(), way.lasted(), way.is_over), (0, Micros::ZERO, false));
        assert_eq!(Way::of(&timeline, &Requests::default(), &Request::default()), None);
    }
}
