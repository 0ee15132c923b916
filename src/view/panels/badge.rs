//! A client's badge: hue, shape and number, the same as on the stage.

use crate::event::ClientId;
use crate::view::Node;
use crate::view::tree::short;

/// The symbols of the stage's sprite, in the order of identity.
const SHAPES: [&str; 6] =
    ["#b-circle", "#b-square", "#b-diamond", "#b-hexagon", "#b-shield", "#b-triangle"];

/// Hue (1 to 6) and shape (index into [`SHAPES`]): 36 pairs before a repeat.
fn identity(client: ClientId) -> (u64, usize) {
    let n = client.0.saturating_sub(1);
    (n % 6 + 1, ((n % 6 + n / 6 % 6) % 6) as usize)
}

/// The badge as a small picture beside text that names the client; hidden
/// from assistive technology for that reason. `size_px` is its width.
#[must_use]
pub fn badge(client: ClientId, size_px: u32) -> Node {
    let (hue, shape) = identity(client);
    let (lift, type_px) = match SHAPES[shape] {
        "#b-triangle" => (3.2, 10.5),
        "#b-shield" => (-0.6, 12.5),
        _ => (0.0, 12.5),
    };
    // A number of four digits still has to fit the shape.
    let type_px = type_px
        * match client.0 {
            0..10 => 1.0,
            10..100 => 0.86,
            100..1_000 => 0.68,
            _ => 0.5,
        };
    let number = Node::new("text")
        .attr("x", "0")
        .num("y", lift + type_px * 0.36)
        .class("bn")
        .attr("text-anchor", "middle")
        .attr("font-size", short(type_px))
        .text(client.to_string());
    let group = Node::new("g")
        .class("badge")
        .attr("style", format!("--c:var(--c{hue});--ct:var(--c{hue}t)"))
        .child(Node::new("use").attr("href", SHAPES[shape]))
        .child(number);
    Node::new("svg")
        .class("hb")
        .attr("width", size_px.to_string())
        .attr("height", size_px.to_string())
        .attr("viewBox", "-14 -14 28 28")
        .attr("aria-hidden", "true")
        .child(group)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn thirty_six_clients_have_thirty_six_identities() {
        let all: BTreeSet<_> = (1..=36).map(|n| identity(ClientId(n))).collect();
        assert_eq!(all.len(), 36);
        assert_eq!(identity(ClientId(1)), (1, 0));
        assert_eq!(identity(ClientId(7)), (1, 1));
        assert_eq!(identity(ClientId(13)), (1, 2));
        assert_eq!(identity(ClientId(37)), identity(ClientId(1)));
    }
}
