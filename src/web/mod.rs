//! The page: paints what the views say and turns what the reader does into
//! messages. It holds no rule of its own that a native test could not reach
//! better in `view`.

pub mod paint;
