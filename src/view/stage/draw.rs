//! The pencil: shapes as nodes, with the classes of `www/stage.css`.
//!
//! Colour, font and stroke live in the style sheet; a shape says only what it
//! is and where. Numbers are written as short as two decimals allow.

use crate::event::ClientId;
use crate::view::text::Words;
use crate::view::tree::{Node, Text, short};

/// `format!` for path data and transforms: every argument is a coordinate, and
/// each `{}` is one. What takes numbers alone need not be told, at each of its
/// many calls, how to write them.
macro_rules! d {
    ($template:literal $(, $value:expr)* $(,)?) => {{
        const VALUES: usize = [$(stringify!($value)),*].len();
        const { assert!($crate::view::stage::draw::holes($template) == VALUES) };
        $crate::view::stage::draw::filled($template, &[$(f64::from($value)),*])
    }};
}
pub(super) use d;

pub const fn holes(template: &str) -> usize {
    let (mut at, mut holes) = (0, 0);
    while at < template.len() {
        holes += (template.as_bytes()[at] == b'{') as usize;
        at += 1;
    }
    holes
}

#[inline(never)]
pub fn filled(template: &str, values: &[f64]) -> String {
    let mut text = String::new();
    let mut values = values.iter();
    for piece in template.split('}') {
        let before = piece.strip_suffix('{');
        text.push_str(before.unwrap_or(piece));
        if let (Some(_), Some(value)) = (before, values.next()) {
            text.push_str(&short(*value));
        }
    }
    text
}

pub fn g() -> Node {
    Node::new("g")
}

/// What of a client's it is, as the key and the id of its group: `pad:2`.
#[inline(never)]
pub fn of_client(what: &str, id: ClientId) -> Node {
    let name = [what, ":", &id.to_string()].concat();
    g().key(name.clone()).attr("id", name)
}

pub fn rect(class: &'static str, x: f64, y: f64, width: f64, height: f64) -> Node {
    Node::new("rect")
        .class(class)
        .num("x", x)
        .num("y", y)
        .num("width", width.max(0.0))
        .num("height", height.max(0.0))
}

pub fn circle(class: &'static str, x: f64, y: f64, r: f64) -> Node {
    Node::new("circle").class(class).num("cx", x).num("cy", y).num("r", r)
}

pub fn line(class: &'static str, x1: f64, y1: f64, x2: f64, y2: f64) -> Node {
    Node::new("line").class(class).num("x1", x1).num("y1", y1).num("x2", x2).num("y2", y2)
}

pub fn path(class: &'static str, data: impl Text) -> Node {
    Node::new("path").class(class).attr("d", data)
}

/// A symbol of `www/symbols.svg`; `href` begins with `#`.
pub fn symbol(href: &'static str, x: f64, y: f64) -> Node {
    let node = Node::new("use").attr("href", href);
    let node = if x == 0.0 { node } else { node.num("x", x) };
    if y == 0.0 { node } else { node.num("y", y) }
}

pub fn text(class: &'static str, x: f64, y: f64, words: impl Text) -> Node {
    Node::new("text").class(class).num("x", x).num("y", y).text(words)
}

/// What a shape may be told after it was drawn.
pub trait Placed: Sized {
    fn moved(self, x: f64, y: f64) -> Self;
    fn moved_scaled(self, x: f64, y: f64, k: f64) -> Self;
    fn round(self, rx: f64) -> Self;
    fn middle(self) -> Self;
    fn end(self) -> Self;
    fn anchored(self, anchor: Anchor) -> Self;
    fn fading(self, opacity: f64) -> Self;
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Anchor {
    Start,
    Middle,
    End,
}

impl Placed for Node {
    fn moved(self, x: f64, y: f64) -> Node {
        self.attr("transform", d!("translate({} {})", x, y))
    }
    fn moved_scaled(self, x: f64, y: f64, k: f64) -> Node {
        if k == 1.0 {
            return self.moved(x, y);
        }
        self.attr("transform", d!("translate({} {}) scale({})", x, y, k))
    }
    fn round(self, rx: f64) -> Node {
        self.num("rx", rx)
    }
    fn middle(self) -> Node {
        self.attr("text-anchor", "middle")
    }
    fn end(self) -> Node {
        self.attr("text-anchor", "end")
    }
    fn anchored(self, anchor: Anchor) -> Node {
        match anchor {
            Anchor::Start => self,
            Anchor::Middle => self.middle(),
            Anchor::End => self.end(),
        }
    }
    /// 1 leaves no attribute behind, so that a resting shape is a plain one.
    fn fading(self, opacity: f64) -> Node {
        if opacity >= 1.0 { self } else { self.num("opacity", opacity.max(0.0)) }
    }
}

/// A line in one place, in whichever wording is chosen: both are drawn and the
/// style sheet hides one, so that switching never moves anything else. `classes` are the two
/// class attributes, since the wording's own class comes on top.
macro_rules! one {
    ($class:literal, $x:expr, $y:expr, $words:expr, $anchor:expr) => {
        $crate::view::stage::draw::in_one_place(
            [concat!($class, " k1"), concat!($class, " r1")],
            $x,
            $y,
            &$words,
            $anchor,
        )
    };
}
pub(super) use one;

#[inline(never)]
pub fn in_one_place(
    classes: [&'static str; 2],
    x: f64,
    y: f64,
    words: &Words,
    anchor: Anchor,
) -> [Node; 2] {
    let [kitchen, redis] = classes;
    [
        text(kitchen, x, y, words.kitchen().to_owned()).anchored(anchor),
        text(redis, x, y, words.redis().to_owned()).anchored(anchor),
    ]
}

/// The kitchen's word over Redis's word, `gap` below.
pub fn label(class: &'static str, x: f64, y: f64, words: Words, anchor: Anchor, gap: f64) -> Node {
    Node::new("g")
        .class(class)
        .child(text("lk", x, y, words.kitchen().to_owned()).anchored(anchor))
        .child(text("lr", x, y + gap, words.redis().to_owned()).anchored(anchor))
}

/// `degrees` clockwise from twelve o'clock.
pub fn polar(x: f64, y: f64, r: f64, degrees: f64) -> (f64, f64) {
    (x + r * sine(degrees), y - r * sine(degrees + 90.0))
}

/// Sine of an angle of a drawing: to seven digits, without the tables that an
/// angle of any size would need.
pub fn sine(degrees: f64) -> f64 {
    let half_turns = (degrees / 180.0 + 0.5).floor();
    let x = (degrees - half_turns * 180.0).to_radians();
    let square = x * x;
    let mut term = x;
    let mut sum = x;
    for n in [2.0, 4.0, 6.0, 8.0, 10.0] {
        term *= -square / (n * (n + 1.0));
        sum += term;
    }
    if half_turns % 2.0 == 0.0 { sum } else { -sum }
}

/// A stretch of a circle's rim, clockwise.
pub fn arc(x: f64, y: f64, r: f64, from: f64, to: f64) -> String {
    let ((x0, y0), (x1, y1)) = (polar(x, y, r, from), polar(x, y, r, to));
    let large = if to - from > 180.0 { 1.0 } else { 0.0 };
    d!("M{} {}A{} {} 0 {} 1 {} {}", x0, y0, r, r, large, x1, y1)
}

/// The torn edge of paper: from the right end of `y` back to the left.
pub fn torn_edge(right: f64, y: f64, width: f64, teeth: u32, up: f64, down: f64) -> String {
    let step = width / f64::from(teeth);
    (0..teeth)
        .map(|i| {
            let dy = if i % 2 == 0 { up } else { down };
            d!("L{} {}", right - step * f64::from(i + 1), y + dy)
        })
        .collect()
}

/// The eight rays of a lit lamp of radius `r`.
pub fn rays(x: f64, y: f64, r: f64) -> Node {
    let data: String = (0..8)
        .map(|i| {
            let a = f64::from(i) * 45.0 + 22.5;
            let ((x1, y1), (x2, y2)) = (polar(x, y, r + 2.4, a), polar(x, y, r + 4.6, a));
            d!("M{} {}L{} {}", x1, y1, x2, y2)
        })
        .collect();
    path("ray", data)
}

/// A line of small text in both wordings.
pub fn small(x: f64, y: f64, words: Words, anchor: Anchor) -> Node {
    g().children(one!("sm", x, y, words, anchor))
}

/// The same, bold: the name of an object on the phone.
pub fn small_bold(x: f64, y: f64, words: Words) -> Node {
    g().children(one!("sm b", x, y, words, Anchor::Start))
}

#[cfg(test)]
mod tests {
    use super::sine;

    #[test]
    fn the_sine_is_the_sine() {
        for tenth in -10_800..10_800 {
            let degrees = f64::from(tenth) / 10.0;
            assert!((sine(degrees) - degrees.to_radians().sin()).abs() < 1e-7, "{degrees}");
        }
    }
}
