//! The painter: a [`Node`] tree onto the document, touching only what changed.
//!
//! A [`Painter`] owns everything inside one element and remembers what it put
//! there, so painting never reads the document, and painting the same tree
//! twice writes nothing. Children are matched by key, the keyless ones by
//! their order among the keyless; a match of another tag is a new element.
//! An element that is matched is never rebuilt: focus, scroll position and
//! the text caret survive.
//!
//! Text goes in as text nodes and attribute values. There is no `innerHTML`
//! anywhere, so nothing that a client sent can become markup.

use crate::view::tree::{Children, Node, Parts};
use std::borrow::Cow;
use wasm_bindgen::JsCast;
use web_sys::{Document, Element, HtmlElement, HtmlInputElement};

const SVG: &str = "http://www.w3.org/2000/svg";

/// Paints trees into one element of the document.
#[derive(Debug)]
pub struct Painter {
    root: Element,
    brush: Brush,
    shown: Vec<Shown>,
    /// A painting was begun and has not come to its end: a check in it failed.
    unfinished: bool,
}

/// A node that is in the document, and its element there.
#[derive(Debug)]
struct Shown {
    tag: &'static str,
    key: Option<Cow<'static, str>>,
    attrs: Vec<(&'static str, Cow<'static, str>)>,
    content: Content,
    element: Element,
}

#[derive(Debug)]
enum Content {
    Text(Cow<'static, str>),
    Nodes(Vec<Shown>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Space {
    Html,
    Svg,
}

impl Space {
    /// The namespace of an element, given its parent's inner one.
    fn of(self, tag: &str) -> Space {
        if tag == "svg" { Space::Svg } else { self }
    }

    /// The namespace of an element's children.
    fn inside(self, tag: &str) -> Space {
        if tag == "foreignObject" { Space::Html } else { self.of(tag) }
    }
}

impl Painter {
    /// Takes `root` over: what was in it goes with the first painting.
    ///
    /// # Panics
    /// If `root` belongs to no document.
    #[must_use]
    pub fn new(root: Element) -> Painter {
        let document = root.owner_document().expect("an element of a document");
        root.set_text_content(None);
        let space = match root.namespace_uri().as_deref() {
            Some(SVG) => Space::Svg,
            _ => Space::Html,
        };
        Painter {
            root,
            brush: Brush { document, space, writes: 0, disturbed: false },
            shown: Vec::new(),
            unfinished: false,
        }
    }

    /// Makes the inside of the root be `nodes`.
    pub fn paint(&mut self, nodes: Vec<Node>) {
        let focused = self.brush.document.active_element();
        if std::mem::replace(&mut self.unfinished, true) {
            self.root.set_text_content(None);
        }
        let space = self.brush.space;
        let shown = std::mem::take(&mut self.shown);
        self.shown = self.brush.children(&self.root, shown, nodes, space);
        self.unfinished = false;
        if std::mem::take(&mut self.brush.disturbed) {
            self.restore_focus(focused);
        }
    }

    /// Changes made to the document so far: what a repaint costs.
    #[must_use]
    pub fn writes(&self) -> u32 {
        self.brush.writes
    }

    /// Moving an element takes the focus from it, and removing one drops the
    /// focus on the body, where no shortcut of the player would be heard.
    fn restore_focus(&self, before: Option<Element>) {
        let Some(before) = before else { return };
        if self.brush.document.active_element().as_ref() == Some(&before) {
            return;
        }
        let home = if before.is_connected() {
            Some(before)
        } else {
            self.root.closest("[tabindex]").ok().flatten()
        };
        if let Some(Ok(home)) = home.map(JsCast::dyn_into::<HtmlElement>) {
            let _ = home.focus();
        }
    }
}

#[derive(Debug)]
struct Brush {
    document: Document,
    space: Space,
    writes: u32,
    /// Something was moved or removed since the focus was looked at.
    disturbed: bool,
}

impl Brush {
    fn children(
        &mut self,
        parent: &Element,
        old: Vec<Shown>,
        new: Vec<Node>,
        space: Space,
    ) -> Vec<Shown> {
        let matches = match_up(&old, &new);
        let mut kept: Vec<Option<Shown>> = old.into_iter().map(Some).collect();
        let mut wanted = vec![false; kept.len()];
        matches.iter().flatten().for_each(|&i| wanted[i] = true);
        for (slot, wanted) in kept.iter_mut().zip(wanted) {
            if !wanted && let Some(gone) = slot.take() {
                gone.element.remove();
                self.writes += 1;
                self.disturbed = true;
            }
        }
        // `next` walks the old siblings that have not been placed yet: an
        // element that is found there stays where it is, any other is put
        // before it. The order is known, so the document is never asked.
        let mut next = 0;
        let mut shown = Vec::with_capacity(new.len());
        for (node, matched) in new.into_iter().zip(matches) {
            while next < kept.len() && kept[next].is_none() {
                next += 1;
            }
            let child = match matched.and_then(|i| kept[i].take()) {
                Some(child) => {
                    if matched != Some(next) {
                        self.place(parent, &child.element, kept.get(next));
                        self.disturbed = true;
                    }
                    self.update(child, node, space)
                }
                None => {
                    let child = self.create(node, space);
                    self.place(parent, &child.element, kept.get(next));
                    child
                }
            };
            shown.push(child);
        }
        shown
    }

    fn place(&mut self, parent: &Element, element: &Element, before: Option<&Option<Shown>>) {
        let before = before.and_then(Option::as_ref).map(|shown| shown.element.as_ref());
        let _ = parent.insert_before(element, before);
        self.writes += 1;
    }

    fn create(&mut self, node: Node, space: Space) -> Shown {
        let Parts { tag, key, attrs, children } = node.into_parts();
        let made = match space.of(tag) {
            Space::Svg => self.document.create_element_ns(Some(SVG), tag),
            Space::Html => self.document.create_element(tag),
        };
        let Ok(element) = made else { panic!("<{tag}> is a constant of the views") };
        for (name, value) in &attrs {
            self.set(&element, tag, name, value);
        }
        let content = match children {
            Children::Text(text) => {
                element.set_text_content(Some(&text));
                Content::Text(text)
            }
            Children::Nodes(nodes) => {
                Content::Nodes(self.children(&element, Vec::new(), nodes, space.inside(tag)))
            }
        };
        Shown { tag, key, attrs, content, element }
    }

    fn update(&mut self, shown: Shown, node: Node, space: Space) -> Shown {
        let Shown { tag, key, attrs, content, element } = shown;
        let node = node.into_parts();
        self.attributes(&element, tag, &attrs, &node.attrs);
        let content = match (content, node.children) {
            (Content::Text(old), Children::Text(new)) => {
                if old != new {
                    element.set_text_content(Some(&new));
                    self.writes += 1;
                }
                Content::Text(new)
            }
            (Content::Nodes(old), Children::Nodes(new)) => {
                Content::Nodes(self.children(&element, old, new, space.inside(tag)))
            }
            (Content::Nodes(_), Children::Text(new)) => {
                element.set_text_content(Some(&new));
                self.writes += 1;
                self.disturbed = true;
                Content::Text(new)
            }
            (Content::Text(_), Children::Nodes(new)) => {
                element.set_text_content(None);
                self.writes += 1;
                Content::Nodes(self.children(&element, Vec::new(), new, space.inside(tag)))
            }
        };
        Shown { tag, key, attrs: node.attrs, content, element }
    }

    fn attributes(
        &mut self,
        element: &Element,
        tag: &str,
        old: &[(&'static str, Cow<'static, str>)],
        new: &[(&'static str, Cow<'static, str>)],
    ) {
        // A view nearly always states the same attributes in the same order.
        let aligned = old.len() == new.len() && old.iter().zip(new).all(|(o, n)| o.0 == n.0);
        if aligned {
            for ((_, before), (name, value)) in old.iter().zip(new) {
                if before != value {
                    self.set(element, tag, name, value);
                }
            }
            return;
        }
        for (name, value) in new {
            if old.iter().find(|o| o.0 == *name).is_none_or(|o| o.1 != *value) {
                self.set(element, tag, name, value);
            }
        }
        for (name, _) in old {
            if !new.iter().any(|n| n.0 == *name) {
                let _ = element.remove_attribute(name);
                if let ("input", "checked", Some(input)) = (tag, *name, element.dyn_ref()) {
                    HtmlInputElement::set_checked(input, false);
                }
                self.writes += 1;
            }
        }
    }

    fn set(&mut self, element: &Element, tag: &str, name: &str, value: &str) {
        let _ = element.set_attribute(name, value);
        // Once a reader has used a field, its attributes are only defaults.
        if let ("input", Some(input)) = (tag, element.dyn_ref::<HtmlInputElement>()) {
            match name {
                "checked" => input.set_checked(true),
                "value" => input.set_value(value),
                _ => {}
            }
        }
        self.writes += 1;
    }
}

/// For each new node the old one that becomes it.
fn match_up(old: &[Shown], new: &[Node]) -> Vec<Option<usize>> {
    let mut keyless = old.iter().enumerate().filter(|(_, shown)| shown.key.is_none());
    let mut taken = vec![false; old.len()];
    let mut matches = Vec::with_capacity(new.len());
    for (i, node) in new.iter().enumerate() {
        let found = match &node.key {
            None => keyless.next().map(|(at, _)| at),
            Some(_) => {
                let same = |at: &usize| old[*at].key == node.key && !taken[*at];
                // Usually nothing moved.
                Some(i)
                    .filter(|at| *at < old.len())
                    .filter(same)
                    .or_else(|| (0..old.len()).find(same))
            }
        };
        let found = found.filter(|&at| old[at].tag == node.tag);
        if let Some(at) = found {
            taken[at] = true;
        }
        matches.push(found);
    }
    matches
}
