//! One moment, as every view function receives it.

use crate::event::ClientId;
use crate::trace::{Record, World};
use std::net::SocketAddr;

/// Which words are shown. The layout never moves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Terms {
    Kitchen,
    #[default]
    Both,
    Redis,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Motion {
    #[default]
    Full,
    /// Nothing travels; each record is one redraw.
    Reduced,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Viewport {
    /// `viewBox 0 0 920 602`.
    #[default]
    Desktop,
    /// `viewBox 0 0 390 528`.
    Phone,
}

/// One moment: the state, the fact that led to it, and how far that fact's
/// motion has got.
#[derive(Clone, Copy, Debug)]
pub struct Frame<'a> {
    /// The state *after* `now`.
    pub world: &'a World,
    /// The last record folded; `None` before the first.
    pub now: Option<&'a Record>,
    /// 0 = `now` just happened, 1 = at rest. Always 1 when paused at a record
    /// and with reduced motion.
    pub progress: f64,
    pub terms: Terms,
    pub motion: Motion,
    pub viewport: Viewport,
    /// Pinned by the reader; else the views follow whoever is active.
    pub selected: Option<ClientId>,
    /// From where the reader comes, who plays a guest.
    pub you: Option<SocketAddr>,
}
