//! More bugs: those that a single clause of an invariant is there for, where
//! the others would not see them.

use super::{Canary, damage, forge, in_the_facts, in_the_server, omit, repeat, rewrite, scribble};
use crate::engine::client::ClientFlags;
use crate::engine::server::Server;
use crate::event::{ClientId, CloseReason, Event, Handler, ReadOutcome, UnblockReason};
use crate::sim::check::Invariant;
use crate::trace::Record;

/// States one fact more behind the first for which `what` has one.
fn add(records: &mut Vec<Record>, what: impl Fn(&Event) -> Option<Event>) -> bool {
    let found = records.iter().enumerate().find_map(|(at, r)| Some((at, what(&r.event)?)));
    let Some((at, event)) = found else { return false };
    records.insert(at + 1, Record { event, ..records[at].clone() });
    true
}

/// A request of which nothing is known.
fn parsed(client: ClientId) -> Event {
    Event::Parsed { client, argc: 0, argv: Vec::new(), parsed_to: 0 }
}

/// Keys go of which nobody is told.
fn lose_keys(server: &mut Server) -> bool {
    server.store.flush(Some(0)) > 0
}

pub(super) const CLAUSES: &[Canary] = &[
    in_the_facts(Invariant::FactsAddUp, |records| {
        forge(records, |event| match event {
            Event::Accept { fd, .. } => {
                fd.0 += 100;
                true
            }
            _ => false,
        })
    })
    .saying("is said to be accepted"),
    in_the_facts(Invariant::FactsAddUp, |records| {
        omit(records, |event| matches!(event, Event::Accept { .. }))
    })
    .saying("nobody was accepted"),
    in_the_facts(Invariant::FactsAddUp, |records| {
        forge(records, |event| match event {
            Event::Read { outcome: outcome @ ReadOutcome::Bytes, .. } => {
                *outcome = ReadOutcome::WouldBlock;
                true
            }
            _ => false,
        })
    })
    .saying("a read that gave nothing"),
    in_the_facts(Invariant::FreedIsGone, |records| {
        repeat(records, |event| matches!(event, Event::ClientFreed { .. }))
    })
    .saying("who is not there"),
    in_the_facts(Invariant::OneProtocolError, |records| {
        let refused = records.iter().position(|r| matches!(r.event, Event::ProtocolError { .. }));
        let Some(at) = refused else { return false };
        let mut rest = records.split_off(at);
        let added = add(&mut rest, |event| match event {
            Event::ReplyQueued { client, .. } => Some(parsed(*client)),
            _ => None,
        });
        records.append(&mut rest);
        added
    })
    .saying("behind the bytes"),
    in_the_facts(Invariant::SilentAfterClose, |records| {
        add(records, |event| match event {
            Event::CloseAsap { client, .. } => Some(parsed(*client)),
            _ => None,
        })
    })
    .saying("although the client is leaving"),
    in_the_facts(Invariant::SilentAfterClose, |records| {
        forge(records, |event| match event {
            Event::ClientFreed { why: CloseReason::Quit, dropped, .. } => {
                *dropped += 5;
                true
            }
            _ => false,
        })
    })
    .saying("of its last reply unsent"),
    in_the_facts(Invariant::BlockedWait, |records| {
        add(records, |event| match event {
            Event::Blocked { client, .. } => Some(parsed(*client)),
            _ => None,
        })
    })
    .saying("although the client waits"),
    in_the_facts(Invariant::BlockedWait, |records| {
        add(records, |event| match event {
            Event::Parsed { client, .. } => {
                Some(Event::Unblocked { client: *client, why: UnblockReason::Timeout })
            }
            _ => None,
        })
    })
    .saying("and never did"),
    in_the_facts(Invariant::WholeRequestsOnly, |records| {
        repeat(records, |event| matches!(event, Event::CommandBegin { .. }))
    })
    .saying("that was not asked for"),
    in_the_facts(Invariant::WholeRequestsOnly, |records| {
        forge(records, |event| {
            let Event::Parsed { client, .. } = event else { return false };
            let (client, text) = (*client, String::new());
            *event = Event::ProtocolError { client, text, at: 0 };
            true
        })
    })
    .saying("are refused, but they are"),
    in_the_facts(Invariant::WholeRequestsOnly, |records| {
        // As if the request were still lying there.
        let all = records.len();
        records.retain(|record| {
            let of_it = matches!(
                record.event,
                Event::Parsed { .. }
                    | Event::CommandBegin { .. }
                    | Event::CommandEnd { .. }
                    | Event::ReplyQueued { .. }
            );
            !of_it
        });
        records.len() < all
    })
    .saying("not dealt with"),
    in_the_facts(Invariant::WholeRequestsOnly, |records| {
        repeat(records, |event| matches!(event, Event::CommandEnd { .. }))
    })
    .saying("ends that has not begun"),
    in_the_facts(Invariant::WholeRequestsOnly, |records| {
        add(records, |event| match event {
            Event::CommandEnd { client, .. } => Some(parsed(*client)),
            _ => None,
        })
    })
    .saying("is said to be in bytes"),
    in_the_facts(Invariant::OutputInOrder, |records| {
        forge(records, |event| match event {
            Event::ReplyQueued { bytes, .. } => {
                bytes.len += 1;
                true
            }
            _ => false,
        })
    })
    .saying("have left or wait"),
    in_the_facts(Invariant::HonestDispatch, |records| {
        // Doomed by then, and served all the same.
        let fire = |event: &Event| match event {
            Event::Fire { client, .. } => *client,
            _ => None,
        };
        let found = records.iter().enumerate().find_map(|(at, r)| Some((at, fire(&r.event)?)));
        let Some((at, client)) = found else { return false };
        let event = Event::CloseAsap { client, why: CloseReason::Killed };
        records.insert(at, Record { event, ..records[at].clone() });
        true
    })
    .saying("who is doomed"),
    in_the_facts(Invariant::NoStarvation, |records| {
        omit(records, |event| matches!(event, Event::Fire { handler: Handler::Accept, .. }))
    })
    .saying("nobody went to the door"),
    in_the_server(Invariant::FactsAddUp, lose_keys).saying("keys by the facts"),
    in_the_server(Invariant::BoundedWork, |server| {
        damage(server, |_| true, |client| client.flags.set(ClientFlags::EXECUTING))
    })
    .saying("still executing"),
    in_the_server(Invariant::OneReplyEach, |server| scribble(server, b"+\r\n")).saying("due"),
    in_the_server(Invariant::StrictReplies, |server| scribble(server, b"+")).saying("half a reply"),
    in_the_server(Invariant::OutputInOrder, |server| scribble(server, b"?")).saying("has changed"),
    in_the_server(Invariant::OneProtocolError, |server| {
        rewrite(server, |len| [b"-", "x".repeat(len - 3).as_bytes(), b"\r\n"].concat())
    })
    .saying("is answered by something else"),
];
