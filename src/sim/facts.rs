//! The network's facts as events: the network knows no events, and the page
//! knows no network.

use crate::event::{Event, Pipe, Preview, escape};
use crate::net::virt::{Excerpt, Fact};
use std::net::SocketAddr;

pub(super) fn event(peer: SocketAddr, fact: Fact) -> Event {
    let pipe = match fact {
        Fact::Queued { name } => Pipe::Queued { name },
        Fact::BacklogFull { name } => Pipe::BacklogFull { name },
        Fact::Sent { bytes, arrives } => Pipe::Sent { bytes: preview(&bytes), arrives },
        Fact::Arrived { bytes } => Pipe::Arrived { bytes: preview(&bytes) },
        Fact::FinArrived => Pipe::FinArrived,
        Fact::ResetArrived => Pipe::ResetArrived,
        Fact::Delivered { bytes } => Pipe::Delivered { bytes },
        Fact::Consumed { bytes } => Pipe::Consumed { bytes: preview(&bytes) },
        Fact::Reading { on } => Pipe::Reading { on },
        Fact::SawClose { reset } => Pipe::SawClose { reset },
        Fact::Left => Pipe::Left,
    };
    Event::Pipe { peer, pipe }
}

fn preview(excerpt: &Excerpt) -> Preview {
    Preview { len: excerpt.len, head: escape(&excerpt.head) }
}
