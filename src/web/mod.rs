//! The page: paints what the views say and turns what the reader does into
//! messages. It holds no rule of its own that a native test could not reach
//! better in `view`.

pub mod boundary;
pub mod document;
pub mod paint;
pub mod settings;

/// Opens the page.
pub fn start() {
    boundary::install();
    let link =
        crate::view::link::Link::parse(&document::window().location().search().unwrap_or_default());
    let _ = settings::Settings::read(&link);
}
