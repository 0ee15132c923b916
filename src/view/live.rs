//! Watching a live server: what becomes of its stream, and the line that says
//! how things are.
//!
//! The page keeps what it has seen. While the reader looks at the past, what
//! arrives is kept, too, up to [`AHEAD_LIMIT_RECORDS`]; then the stream is let
//! go, and the way back to now attaches anew, with the gap marked. A server
//! that was started again goes on in the same timeline: its records are
//! numbered on, and its clock is set to the first one's.

use super::Node;
use super::origin::caveat;
use super::text::line;
use crate::event::{Event, Standing};
use crate::part::around;
use crate::time::Micros;
use crate::trace::codec::{Header, ReadError, Reader, Source};
use crate::trace::timeline::CycleSummary;
use crate::trace::{Inputs, Record, Timeline};

/// What is kept of now while the reader looks at the past.
pub const AHEAD_LIMIT_RECORDS: usize = 200_000;

/// How the connection is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Link {
    #[default]
    Looking,
    Open,
    /// It broke; the browser tries again by itself.
    Lost,
    /// The server is there and says no.
    Refused,
    /// Too much has piled up behind the reader's back: let go.
    LetGo,
    /// The timeline holds no more.
    Full,
}

/// See the module documentation.
#[derive(Debug, Default)]
pub struct Live {
    pub link: Link,
    /// The reader is taken along to whatever happens.
    pub follows: bool,
    /// The stream's own name of the place where it is.
    pub last_id: String,
    /// Where the loop is held; empty while it runs. `None`: it cannot be.
    held: Option<String>,
    reader: Reader,
    header: Option<Header>,
    /// From the running server's clock to the first one's.
    shift: Micros,
    gaps: u32,
    ahead: usize,
    /// Records that came too fast for each of their steps to be drawn.
    passed_over: u64,
}

impl Live {
    #[must_use]
    pub fn new() -> Live {
        Live { follows: true, ..Live::default() }
    }

    /// The stream has been opened (again): it begins with its header.
    pub fn opened(&mut self) {
        self.link = Link::Open;
        self.reader = Reader::new();
    }

    /// The stream broke; `for_good` if the browser will not try again.
    pub fn broke(&mut self, for_good: bool) {
        if !matches!(self.link, Link::LetGo | Link::Full) {
            self.link = if for_good { Link::Refused } else { Link::Lost };
        }
    }

    /// What the first server said about itself.
    #[must_use]
    pub fn header(&self) -> Option<&Header> {
        self.header.as_ref()
    }

    /// The reader goes to where things happen, or away from it.
    pub fn follow(&mut self, on: bool) {
        self.follows = on;
        self.ahead = 0;
    }

    /// Takes lines of the stream and puts their records, and what came in,
    /// behind the others.
    ///
    /// # Errors
    /// Lines that are not of a trace.
    pub fn take(
        &mut self,
        lines: &str,
        timeline: &mut Timeline,
        inputs: &mut Inputs,
    ) -> Result<(), ReadError> {
        let mut records = Vec::new();
        self.reader.feed(lines.as_bytes(), &mut records)?;
        self.reader.feed(b"\n", &mut records)?;
        self.set_clock();
        let pieces = self.reader.take_inputs();
        for record in records {
            let piece = pieces.on(record.seq);
            let seq = self.put(record, timeline, inputs);
            if !piece.is_empty() {
                inputs.push(seq, piece.to_owned());
            }
        }
        if self.ahead >= AHEAD_LIMIT_RECORDS {
            self.link = Link::LetGo;
        }
        Ok(())
    }

    fn set_clock(&mut self) {
        let Some(header) = self.reader.header() else { return };
        let began = |header: &Header| match &header.source {
            Source::Native(native) => native.started_unix_us,
            Source::SystemCalls(calls) => calls.started_unix_us,
            Source::Simulation(_) | Source::Unknown => 0,
        };
        match &self.header {
            None => self.header = Some(header.clone()),
            Some(first) => self.shift = Micros(began(header).saturating_sub(began(first))),
        }
    }

    /// The number that the record got is returned.
    fn put(&mut self, record: Record, timeline: &mut Timeline, inputs: &mut Inputs) -> u64 {
        let begun = matches!(record.event, Event::Standing { what: Standing::Begun });
        self.gaps += u32::from(begun && !timeline.is_empty());
        let before = timeline.records().last();
        let at = record.at.saturating_add(self.shift);
        let at = before.map_or(at, |before| at.max(before.at));
        let seq = before.map_or(0, |before| before.seq + 1);
        let record = Record { seq, at, event: record.event };
        inputs.note(&record);
        if timeline.push(record).is_err() {
            self.link = Link::Full;
        }
        self.ahead += usize::from(!self.follows);
        seq
    }

    /// Takes what the stream says of the loop's gate:
    /// `{"held":"woken","count":2,…}`.
    pub fn take_gate(&mut self, text: &str) {
        let held = around(text, "\"held\":\"").map(|(_, rest)| rest);
        let word = held.and_then(|rest| rest.split('"').next());
        self.held = Some(word.unwrap_or_default().to_owned());
    }

    #[must_use]
    pub fn is_held(&self) -> bool {
        self.held.as_ref().is_some_and(|held| !held.is_empty())
    }

    /// So many records went by undrawn.
    pub fn pass_over(&mut self, records: usize) {
        self.passed_over += records as u64;
    }

    /// The line and its buttons; `house` is the state of now.
    #[must_use]
    pub fn bar(&self, house: &Timeline) -> Vec<Node> {
        let said = line!("live.said", &self.said(), self.gaps, self.passed_over);
        let mut nodes = vec![Node::new("p").key("text").text(said)];
        if let Some(caveat) = self.header.as_ref().and_then(caveat) {
            nodes.push(Node::new("p").key("caveat").text(caveat));
        }
        if !house.head().clients.is_empty() {
            nodes.push(Node::new("p").key("house").attr("class", "house").text(in_all(house)));
        }
        if !self.follows {
            nodes.push(button("now", line!("live.jump")));
        }
        if let Some(held) = &self.held
            && self.link == Link::Open
        {
            let where_ = match held.as_str() {
                "before_sleep" => line!("live.held.sweep"),
                "about_to_sleep" => line!("live.held.end"),
                "woken" => line!("live.held.woken"),
                _ => line!("live.runs"),
            };
            nodes.push(Node::new("p").key("gate").attr("class", "gate").text(where_));
            if held.is_empty() {
                nodes.push(button("gate-hold", line!("live.hold")));
                nodes.push(button("gate-sweep", line!("live.hold-sweep")));
            } else {
                nodes.push(button("gate-phase", line!("live.one-phase")));
                nodes.push(button("gate-cycle", line!("live.one-cycle")));
                nodes.push(button("gate-release", line!("live.let-go")));
            }
        }
        nodes
    }

    fn said(&self) -> String {
        match self.link {
            Link::Looking => line!("live.looking"),
            Link::Open if self.follows => line!("live.now"),
            Link::Open => line!("live.past", self.ahead),
            Link::Lost => line!("live.lost"),
            Link::Refused => line!("live.refused"),
            Link::LetGo => line!("live.let-go.said", self.ahead),
            Link::Full => line!("live.full"),
        }
    }
}

/// What there is to know before anybody is looked at: how many are there, who
/// is ready, how full the racks are, how long a cycle takes.
fn in_all(house: &Timeline) -> String {
    let world = house.head();
    let mut held = (0, 0);
    let mut blocked = 0;
    for client in world.clients.values() {
        let bytes = client.reply.waiting();
        held = (held.0 + u64::from(bytes > 0), held.1 + bytes);
        blocked += u64::from(client.blocked.is_some());
    }
    // The last one may not be over yet.
    let over = house.cycles().iter().rev().skip(1).take(CYCLES_AVERAGED);
    let awake = |cycle: &CycleSummary| cycle.ended.saturating_sub(cycle.began).0;
    let (cycles, sum) = over.map(awake).fold((0, 0), |(n, sum), us| (n + 1, sum + us));
    let mean = u64::checked_div(sum, cycles).unwrap_or(0);
    let (guests, ready) = (world.clients.len(), world.fired.len());
    line!("live.in-all", guests, ready, blocked, held.1, held.0, mean, cycles)
}

/// Of so many cycles it is said how long one takes.
const CYCLES_AVERAGED: usize = 64;

/// `act` is what the click handler reads.
fn button(act: &'static str, label: String) -> Node {
    let node = Node::new("button").key(act).attr("type", "button").attr("class", "btn");
    node.attr("data-act", act).text(label)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(began: u64) -> String {
        format!(
            "{{\"onechef-trace\":1,\"source\":{{\"native\":{{\"version\":\"1\",\"pid\":1,\
             \"started_unix_us\":{began}}}}},\"config\":{{}}}}"
        )
    }

    const BEGUN: &str = "\"ev\":{\"standing\":{\"what\":\"begun\"}}";

    /// Protects: a server that comes back goes on in what was seen, later, and
    /// the gap is marked.
    #[test]
    fn a_second_server_goes_on_where_the_first_one_ended() {
        let (mut live, mut timeline) = (Live::new(), Timeline::new());
        let mut inputs = Inputs::default();
        for (began, first) in [(1_000, 40), (9_000, 5)] {
            live.opened();
            live.take(&header(began), &mut timeline, &mut inputs).expect("a header");
            let lines = format!(
                "{{\"n\":{first},\"us\":7,{BEGUN}}}\n{{\"n\":{},\"us\":9,\"ev\":\"shutdown\"}}",
                first + 1
            );
            live.take(&lines, &mut timeline, &mut inputs).expect("records");
            live.broke(false);
        }
        let seen: Vec<_> = timeline.records().iter().map(|r| (r.seq, r.at.0)).collect();
        assert_eq!(seen, [(0, 7), (1, 9), (2, 8_007), (3, 8_009)]);
        let bar = format!("{:?}", live.bar(&timeline));
        assert!(bar.contains("1 gap") && bar.contains("does not answer"), "{bar}");
    }

    /// Protects: the memory of a page that is left alone in the past.
    #[test]
    fn what_piles_up_behind_the_readers_back_is_bounded_and_said() {
        let (mut live, mut timeline) = (Live::new(), Timeline::new());
        live.opened();
        live.take(&header(0), &mut timeline, &mut Inputs::default()).expect("a header");
        live.follow(false);
        for n in 0..AHEAD_LIMIT_RECORDS {
            assert_eq!(live.link, Link::Open);
            let line = format!("{{\"n\":{n},\"us\":{n},\"ev\":\"shutdown\"}}");
            live.take(&line, &mut timeline, &mut Inputs::default()).expect("a record");
        }
        assert_eq!(live.link, Link::LetGo);
        assert!(format!("{:?}", live.bar(&timeline)).contains("Jump to now to attach again"));
    }

    /// Protects: what system calls cannot show is not taken for what there is.
    #[test]
    fn a_server_that_is_watched_from_outside_says_so() {
        let (mut live, mut timeline) = (Live::new(), Timeline::new());
        live.opened();
        let header = header(7).replace("\"native\":{\"version\"", "\"system_calls\":{\"tracer\"");
        live.take(&header, &mut timeline, &mut Inputs::default()).expect("a header");
        let bar = format!("{:?}", live.bar(&timeline));
        assert!(bar.contains("what the server kept to itself is not shown"), "{bar}");
    }

    #[test]
    fn the_gate_is_shown_where_there_is_one() {
        let mut live = Live::new();
        live.opened();
        assert!(!format!("{:?}", live.bar(&Timeline::new())).contains("gate-"));
        live.take_gate("{\"held\":null,\"count\":0}");
        assert!(
            !live.is_held() && format!("{:?}", live.bar(&Timeline::new())).contains("gate-hold")
        );
        live.take_gate("{\"held\":\"woken\",\"count\":2}");
        assert!(
            live.is_held() && format!("{:?}", live.bar(&Timeline::new())).contains("gate-release")
        );
    }
}
