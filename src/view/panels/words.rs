//! Text in two wordings.

use crate::view::{Node, Terms};
use std::borrow::Cow;

/// The same thing said in the kitchen's words and in Redis's.
///
/// All prose of the panels passes through here, gathered at the head of each
/// panel's file, so that another language is another set of these.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Words {
    pub kitchen: Cow<'static, str>,
    pub redis: Cow<'static, str>,
}

impl Words {
    #[must_use]
    pub const fn new(kitchen: &'static str, redis: &'static str) -> Words {
        Words { kitchen: Cow::Borrowed(kitchen), redis: Cow::Borrowed(redis) }
    }

    #[must_use]
    pub fn said(
        kitchen: impl Into<Cow<'static, str>>,
        redis: impl Into<Cow<'static, str>>,
    ) -> Words {
        Words { kitchen: kitchen.into(), redis: redis.into() }
    }

    /// One wording for both readers: numbers, names, bytes.
    #[must_use]
    pub fn plain(text: impl Into<Cow<'static, str>>) -> Words {
        let text = text.into();
        Words { kitchen: text.clone(), redis: text }
    }

    /// One place, one wording: the kitchen's, or Redis's when only Redis's
    /// words are wanted.
    #[must_use]
    pub fn either(self) -> Vec<Node> {
        if self.kitchen == self.redis {
            return vec![Node::new("span").text(self.kitchen)];
        }
        vec![
            Node::new("span").class("k1").text(self.kitchen),
            Node::new("span").class("r1").text(self.redis),
        ]
    }

    /// Word and term side by side; a switch hides one of them.
    #[must_use]
    pub fn both(self) -> Vec<Node> {
        vec![
            Node::new("span").class("k").text(self.kitchen),
            // Keeps the two apart for whoever hears or copies them.
            Node::new("span").class("sp").text(" "),
            Node::new("span").class("r").text(self.redis),
        ]
    }

    /// For attributes, which hold one wording only.
    #[must_use]
    pub fn pick(self, terms: Terms) -> Cow<'static, str> {
        match terms {
            Terms::Kitchen | Terms::Both => self.kitchen,
            Terms::Redis => self.redis,
        }
    }
}

/// `<tag class>` around [`Words::either`].
pub(super) fn either(tag: &'static str, class: &'static str, words: Words) -> Node {
    let node = Node::new(tag);
    let node = if class.is_empty() { node } else { node.class(class) };
    node.children(words.either())
}

/// A section's heading: the kitchen's words, the term in small type beside
/// them, and what is worth knowing at a glance at the right.
pub(super) fn heading(title: Words, glance: Words) -> Node {
    let term = Node::new("code").class("bothc").text(title.redis.clone());
    Node::new("div")
        .class("h3")
        .child(either("h3", "", title))
        .child(term)
        .child(either("span", "rt", glance))
}

/// A remark under a section.
pub(super) fn note(words: Words) -> Node {
    either("p", "note1", words)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_wordings_are_in_the_tree_and_equal_ones_once() {
        let markup = |nodes: Vec<Node>| nodes.iter().map(Node::to_markup).collect::<String>();
        assert_eq!(
            markup(Words::new("guest", "id").either()),
            "<span class=\"k1\">guest</span><span class=\"r1\">id</span>"
        );
        assert_eq!(markup(Words::plain("7").either()), "<span>7</span>");
    }

    #[test]
    fn an_attribute_speaks_the_readers_words() {
        let words = || Words::new("asleep", "in poll");
        assert_eq!(words().pick(Terms::Both), "asleep");
        assert_eq!(words().pick(Terms::Redis), "in poll");
    }
}
