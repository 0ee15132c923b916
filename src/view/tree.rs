//! What is shown, as a tree of plain values.
//!
//! Every view function returns a [`Node`]; the page paints it by diffing, an
//! export or a test renders it with [`Node::to_markup`]. Text is only ever a
//! value of [`Children::Text`] or of an attribute, so nothing that a client
//! sent can become markup.

use std::borrow::Cow;
use std::ops::{Deref, DerefMut};

/// An element, made by naming its parts one after the other.
///
/// It is one pointer wide and its makers are not inlined, since the page is
/// made of thousands of these chains: each link then costs a call and nothing
/// else, and the page's weight is mostly this.
#[derive(Clone, Debug, PartialEq)]
pub struct Node(Box<Parts>);

/// What a node is made of. `key` is its stable identity among its siblings: a
/// painter moves and updates the element of that key instead of making a new
/// one. Elements that a reader may ask for (stage objects, rows) carry it as
/// their `id` attribute too.
#[derive(Clone, Debug, PartialEq)]
pub struct Parts {
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

impl Deref for Node {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0
    }
}

impl DerefMut for Node {
    fn deref_mut(&mut self) -> &mut Parts {
        &mut self.0
    }
}

/// What a text can be: known at compile time, made for one frame, or either.
pub trait Text {
    fn put_attr(self, node: Node, name: &'static str) -> Node;
    fn put_text(self, node: Node) -> Node;
}

impl Text for &'static str {
    #[inline(never)]
    fn put_attr(self, mut node: Node, name: &'static str) -> Node {
        node.0.attrs.push((name, Cow::Borrowed(self)));
        node
    }

    #[inline(never)]
    fn put_text(self, mut node: Node) -> Node {
        node.0.children = Children::Text(Cow::Borrowed(self));
        node
    }
}

impl Text for String {
    #[inline(never)]
    fn put_attr(self, node: Node, name: &'static str) -> Node {
        Cow::Owned::<str>(self).put_attr(node, name)
    }

    #[inline(never)]
    fn put_text(self, node: Node) -> Node {
        Cow::Owned::<str>(self).put_text(node)
    }
}

impl Text for Cow<'static, str> {
    #[inline(never)]
    fn put_attr(self, mut node: Node, name: &'static str) -> Node {
        node.0.attrs.push((name, self));
        node
    }

    #[inline(never)]
    fn put_text(self, mut node: Node) -> Node {
        node.0.children = Children::Text(self);
        node
    }
}

impl Node {
    #[must_use]
    #[inline(never)]
    pub fn new(tag: &'static str) -> Node {
        let children = Children::Nodes(Vec::new());
        Node(Box::new(Parts { tag, key: None, attrs: Vec::new(), children }))
    }

    #[must_use]
    pub fn key(self, key: impl Into<Cow<'static, str>>) -> Node {
        self.keyed(key.into())
    }

    #[inline(never)]
    fn keyed(mut self, key: Cow<'static, str>) -> Node {
        self.0.key = Some(key);
        self
    }

    #[must_use]
    pub fn attr(self, name: &'static str, value: impl Text) -> Node {
        value.put_attr(self, name)
    }

    #[must_use]
    pub fn class(self, value: impl Text) -> Node {
        self.attr("class", value)
    }

    /// A number, as short as its two decimals allow.
    #[must_use]
    #[inline(never)]
    pub fn num(self, name: &'static str, value: f64) -> Node {
        self.attr(name, short(value))
    }

    #[must_use]
    pub fn text(self, text: impl Text) -> Node {
        text.put_text(self)
    }

    #[must_use]
    #[inline(never)]
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
    #[inline(never)]
    pub fn push(&mut self, child: Node) {
        match &mut self.0.children {
            Children::Nodes(nodes) => nodes.push(child),
            Children::Text(_) => panic!("<{}> holds text", self.0.tag),
        }
    }

    /// The node taken apart.
    #[must_use]
    pub fn into_parts(self) -> Parts {
        *self.0
    }

    /// HTML or SVG source, escaped.
    #[must_use]
    pub fn to_markup(&self) -> String {
        let mut out = String::new();
        self.write_markup(&mut out);
        out
    }

    fn write_markup(&self, out: &mut String) {
        out.push('<');
        out.push_str(self.tag);
        for (name, value) in &self.attrs {
            out.push(' ');
            out.push_str(name);
            out.push_str("=\"");
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
            out.push_str("</");
            out.push_str(self.tag);
            out.push('>');
        }
    }
}

/// At most two decimals, no trailing zeros, no negative zero.
///
/// Counts in hundredths: the standard formatting of floats would bring the
/// tables of every float there is.
#[must_use]
pub fn short(value: f64) -> String {
    let hundredths = (value * 100.0).round() as i64;
    let mut text = String::new();
    if hundredths < 0 {
        text.push('-');
    }
    let (whole, rest) = (hundredths.unsigned_abs() / 100, hundredths.unsigned_abs() % 100);
    text.push_str(itoa::Buffer::new().format(whole));
    if rest > 0 {
        text.push('.');
        text.push(char::from(b'0' + (rest / 10) as u8));
        if rest % 10 > 0 {
            text.push(char::from(b'0' + (rest % 10) as u8));
        }
    }
    text
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
