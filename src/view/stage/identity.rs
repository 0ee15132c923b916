//! A client's face: one of six hues, one of six shapes, and always its number.

use super::draw::{Placed, d, g, symbol};
use crate::event::ClientId;
use crate::view::tree::Node;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    Circle,
    Square,
    Diamond,
    Hexagon,
    Shield,
    Triangle,
}

const SHAPES: [Shape; 6] =
    [Shape::Circle, Shape::Square, Shape::Diamond, Shape::Hexagon, Shape::Shield, Shape::Triangle];

impl Shape {
    const fn href(self) -> &'static str {
        match self {
            Shape::Circle => "#b-circle",
            Shape::Square => "#b-square",
            Shape::Diamond => "#b-diamond",
            Shape::Hexagon => "#b-hexagon",
            Shape::Shield => "#b-shield",
            Shape::Triangle => "#b-triangle",
        }
    }

    /// How far the number sits below the middle, at 24 px.
    const fn number_dy(self) -> f64 {
        match self {
            Shape::Triangle => 3.2,
            Shape::Shield => -0.6,
            _ => 0.0,
        }
    }
}

/// The shape moves on by one every six clients, so that 36 pairs of hue and
/// shape pass before one comes back.
#[must_use]
pub fn shape(client: ClientId) -> Shape {
    let n = client.0.saturating_sub(1);
    SHAPES[((n % 6 + n / 6 % 6) % 6) as usize]
}

/// The custom properties that carry a client's hue into everything drawn
/// inside, symbols included.
#[must_use]
pub fn hue_style(client: ClientId) -> &'static str {
    match client.0.saturating_sub(1) % 6 {
        0 => "--c:var(--c1);--ct:var(--c1t)",
        1 => "--c:var(--c2);--ct:var(--c2t)",
        2 => "--c:var(--c3);--ct:var(--c3t)",
        3 => "--c:var(--c4);--ct:var(--c4t)",
        4 => "--c:var(--c5);--ct:var(--c5t)",
        _ => "--c:var(--c6);--ct:var(--c6t)",
    }
}

/// The shape alone, as the dense map draws a seat; `k` 1 is 24 px.
pub(super) fn pip(client: ClientId, k: f64) -> Node {
    symbol(shape(client).href(), 0.0, 0.0).attr("transform", d!("scale({})", k))
}

/// Shape and number, `size` px wide.
pub(super) fn badge(client: ClientId, x: f64, y: f64, size: f64) -> Node {
    let form = shape(client);
    let k = size / 24.0;
    let crowd = match client.0 {
        0..10 => 1.0,
        10..100 => 0.86,
        100..1_000 => 0.68,
        1_000..10_000 => 0.54,
        _ => 0.42,
    };
    let font = if form == Shape::Triangle { 10.5 } else { 12.5 } * k * crowd;
    let number = Node::new("text")
        .class("bn")
        .num("x", 0.0)
        .num("y", form.number_dy() * k + font * 0.36)
        .num("font-size", font)
        .middle()
        .text(client.to_string());
    g().class("badge")
        .attr("style", hue_style(client))
        .moved(x, y)
        .child(pip(client, k))
        .child(number)
}

/// A badge as a picture of its own, for lists and panels in HTML; `size` is
/// its width and height in CSS pixels. It is decoration: the number must also
/// be said in words beside it.
#[must_use]
pub fn badge_picture(client: ClientId, size: u32) -> Node {
    Node::new("svg")
        .class("hb")
        .attr("width", size.to_string())
        .attr("height", size.to_string())
        .attr("viewBox", "-14 -14 28 28")
        .attr("aria-hidden", "true")
        .child(badge(client, 0.0, 0.0, 24.0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn thirty_six_clients_look_different() {
        let faces: BTreeSet<_> = (1..=36)
            .map(|n| (hue_style(ClientId(n)), format!("{:?}", shape(ClientId(n)))))
            .collect();
        assert_eq!(faces.len(), 36);
        assert_eq!((shape(ClientId(7)), shape(ClientId(12))), (Shape::Square, Shape::Circle));
        assert_eq!(shape(ClientId(37)), shape(ClientId(1)));
    }
}
