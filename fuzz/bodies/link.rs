//! Links: any text opens the page, and what it asked for is asked for again.

use onechef::view::link::Link;

/// # Panics
/// If a link that was read does not survive being written.
pub fn hold(data: &[u8]) {
    let link = Link::parse(&String::from_utf8_lossy(data));
    let written = link.to_string();
    assert_eq!(Link::parse(&written), link, "{written}");
}
