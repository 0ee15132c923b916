//! What is shown, as pure values: from a [`World`](crate::trace::World) and a
//! playhead to trees of nodes. Tested natively; the page only paints.

pub mod frame;
pub mod tree;

pub use frame::{Frame, Motion, Terms, Viewport};
pub use tree::Node;
