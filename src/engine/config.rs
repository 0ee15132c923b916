//! Redis's directives that apply, by their own names.

/// `server.*` settings.
#[derive(Clone, Debug)]
pub struct Config {}
