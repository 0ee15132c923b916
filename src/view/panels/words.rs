//! What is said, as nodes.

use crate::view::text::Words;
use crate::view::{Node, Terms};

impl Words {
    /// One place, one wording: the kitchen's, or Redis's when only Redis's
    /// words are wanted.
    #[must_use]
    #[inline(never)]
    pub fn either(&self) -> Vec<Node> {
        let span = |text: &str| Node::new("span").text(text.to_owned());
        if self.kitchen() == self.redis() {
            return vec![span(self.kitchen())];
        }
        vec![span(self.kitchen()).class("k1"), span(self.redis()).class("r1")]
    }

    /// Word and term side by side; a switch hides one of them.
    #[must_use]
    #[inline(never)]
    pub fn both(&self) -> Vec<Node> {
        vec![
            Node::new("span").class("k").text(self.kitchen().to_owned()),
            // Keeps the two apart for whoever hears or copies them.
            Node::new("span").class("sp").text(" "),
            Node::new("span").class("r").text(self.redis().to_owned()),
        ]
    }

    /// For attributes, which hold one wording only.
    #[must_use]
    pub fn pick(&self, terms: Terms) -> &str {
        match terms {
            Terms::Kitchen | Terms::Both => self.kitchen(),
            Terms::Redis => self.redis(),
        }
    }
}

/// `<tag class>` around [`Words::either`].
#[inline(never)]
pub(super) fn either(tag: &'static str, class: &'static str, words: Words) -> Node {
    let node = Node::new(tag);
    let node = if class.is_empty() { node } else { node.class(class) };
    node.children(words.either())
}

/// A section's heading: the kitchen's words, the term in small type beside
/// them, and what is worth knowing at a glance at the right.
pub(super) fn heading(title: Words, glance: Words) -> Node {
    let term = Node::new("code").class("bothc").text(title.redis().to_owned());
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
            markup(Words::pair("guest", "id").either()),
            "<span class=\"k1\">guest</span><span class=\"r1\">id</span>"
        );
        assert_eq!(markup(Words::plain("7").either()), "<span>7</span>");
    }

    #[test]
    fn an_attribute_speaks_the_readers_words() {
        let words = Words::pair("asleep", "in poll");
        assert_eq!(words.pick(Terms::Both), "asleep");
        assert_eq!(words.pick(Terms::Redis), "in poll");
    }
}
