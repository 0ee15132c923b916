//! What is shown, as pure values: from a [`World`](crate::trace::World) and a
//! playhead to trees of nodes. Tested natively; the page only paints.

pub mod announce;
pub mod beat;
pub mod compare;
pub mod control;
pub mod designs;
mod fault;
pub mod frame;
pub mod lanes;
pub mod lesson;
pub mod link;
pub mod lint;
pub mod live;
pub mod marks;
pub mod narration;
pub mod origin;
pub mod panels;
pub mod phase;
pub mod pictures;
pub mod plain;
pub mod player;
pub mod requests;
pub mod rest;
pub mod share;
pub mod stage;
pub mod text;
pub mod transcript;
pub mod tree;
pub mod why;

pub use fault::fault;
pub use frame::{Frame, Motion, Terms, Viewport};
pub use narration::{Narration, narrate};
pub use phase::StagePhase;
pub use player::Player;
pub use rest::Grain;
pub use tree::Node;
