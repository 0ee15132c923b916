//! What is shown, as a tree of plain values.
//!
//! Every view function returns a [`Node`]; the page paints it by diffing, an
//! export or a test renders it with [`Node::to_markup`]. Text is only ever a
//! value of [`Children::Text`] or of an attribute, so nothing that a client
//! sent can become markup.

use std::borrow::Cow;
use std::fmt::Write;

/// An element. `key` is its stable identity among its siblings: a painter
/// moves and updates the element of that key instead of making a new one.
/// Elements that a reader may ask for (stage objects, rows) carry it as their
/// `id` attribute too.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    pub tag: &'static str,
    pub key: Option<Cow<'static, str>>,
    pub attrs: Vec<(&'static str, Cow<'static, str>)>,
    pub children: Children,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Children {
    Nodes(Vec<Node>),
    Text(Cow<'static, str>),
}

impl Node {
    #[must_use]
    pub fn new(tag: &'static str) -> Node {
        Node { tag, key: None, attrs: Vec::new(), children: Children::Nodes(Vec::new()) }
    }

    #[must_use]
    pub fn key(mut self, key: impl Into<Cow<'static, str>>) -> Node {
        self.key = Some(key.into());
        self
    }

    #[must_use]
    pub fn attr(mut self, name: &'static str, value: impl Into<Cow<'static, str>>) -> Node {
        self.attrs.push((name, value.into()));
        self
    }

    #[must_use]
    pub fn class(self, value: impl Into<Cow<'static, str>>) -> Node {
        self.attr("class", value)
    }

    /// A number, as short as its two decimals allow.
    #[must_use]
    pub fn num(self, name: &'static str, value: f64) -> Node {
        self.attr(name, short(value))
    }

    #[must_use]
    pub fn text(mut self, text: impl Into<Cow<'static, str>>) -> Node {
        self.children = Children::Text(text.into());
        self
    }

    #[must_use]
    pub fn child(mut self, child: Node) -> Node {
        self.push(child);
        self
    }

    #[must_use]
    pub fn children(mut self, children: impl IntoIterator<Item = Node>) -> Node {
        for child in children {
            self.push(child);
        }
        self
    }

    /// # Panics
    /// If the node already holds text.
    pub fn push(&mut self, child: Node) {
        match &mut self.children {
            Children::Nodes(nodes) => nodes.push(child),
            Children::Text(_) => panic!("<{}> holds text", self.tag),
        }
    }

    /// HTML or SVG source, escaped.
    #[must_use]
    pub fn to_markup(&self) -> String {
        let mut out = String::new();
        self.write_markup(&mut out);
        out
    }

    fn write_markup(&self, out: &mut String) {
        let _ = write!(out, "<{}", self.tag);
        for (name, value) in &self.attrs {
            let _ = write!(out, " {name}=\"");
            escape_into(out, value);
            out.push('"');
        }
        out.push('>');
        match &self.children {
            Children::Text(text) => escape_into(out, text),
            Children::Nodes(nodes) => nodes.iter().for_each(|n| n.write_markup(out)),
        }
        let void = matches!(self.tag, "br" | "hr" | "img" | "input" | "wbr");
        if !void {
            let _ = write!(out, "</{}>", self.tag);
        }
    }
}

/// At most two decimals, no trailing zeros, no negative zero.
#[must_use]
pub fn short(value: f64) -> String {
    let text = format!("{value:.2}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    if text == "-0" { "0".into() } else { text.into() }
}

fn escape_into(out: &mut String, text: &str) {
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            _ => out.push(c),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_never_markup() {
        let evil = "<img src=x onerror=\"alert(1)\">&";
        let node = Node::new("p").attr("title", evil).text(evil);
        let safe = "&lt;img src=x onerror=&quot;alert(1)&quot;&gt;&amp;";
        assert_eq!(node.to_markup(), format!("<p title=\"{safe}\">{safe}</p>"));
    }

    #[test]
    fn numbers_are_short() {
        assert_eq!(
            [short(1.0), short(-0.001), short(12.345), short(0.5)],
            ["1", "0", "12.35", "0.5"]
        );
    }
}
