//! What is shown, as pure values: from a [`World`](crate::trace::World) and a
//! playhead to trees of nodes. Tested natively; the page only paints.
//!
//! # Reading order
//!
//! 1. [`tree`] and [`text`]: what all of it is made of, nodes and sentences.
//! 2. [`frame`]: one moment, as every view function receives it. [`player`]
//!    moves through the moments; [`rest`] says where it may stop, [`beat`] how
//!    long each motion lasts, [`pictures`] how often the picture may change,
//!    [`control`] which key asks for what.
//! 3. [`stage`]: the drawing, with [`phase`] for the loop's ring. [`panels`]:
//!    everything around it. [`narration`]: a fact in words; [`announce`], which
//!    of them a screen reader is told; [`plain`], a whole run of them.
//! 4. What is worked out from a run: [`requests`], every order from its first
//!    byte to its answer's last, on which [`lanes`], [`lint`], [`designs`],
//!    [`transcript`] and [`why`] stand; [`compare`], two runs side by side.
//! 5. [`lesson`]: the guided tour.
//! 6. Where runs come from and go to: [`live`], [`origin`], [`link`],
//!    [`share`], [`marks`], and what is said of input that cannot be read,
//!    [`fault()`].

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
