use onechef::view::Node;
use onechef::web::boundary::{contain, install};
use onechef::web::paint::Painter;
use rand_pcg::Pcg64Mcg;
use rand_pcg::rand_core::{Rng as _, SeedableRng as _};
use wasm_bindgen::JsCast;
use wasm_bindgen_test::wasm_bindgen_test;
use web_sys::{Element, HtmlElement};

fn fresh_root() -> Element {
    let document = web_sys::window().unwrap().document().unwrap();
    let root = document.create_element("div").unwrap();
    document.body().unwrap().append_child(&root).unwrap();
    root
}

fn list(keys: &[&'static str]) -> Vec<Node> {
    keys.iter().map(|&key| Node::new("li").key(key).text(key)).collect()
}

#[wasm_bindgen_test]
fn the_same_tree_twice_writes_nothing() {
    let mut painter = Painter::new(fresh_root());
    let tree = || {
        let dot = Node::new("circle").num("r", 8.0);
        vec![Node::new("svg").class("stg").child(Node::new("g").key("lamp:2").child(dot))]
    };
    painter.paint(tree());
    let once = painter.writes();
    painter.paint(tree());
    assert_eq!(painter.writes(), once);
}

#[wasm_bindgen_test]
fn one_changed_attribute_is_one_write() {
    let mut painter = Painter::new(fresh_root());
    let tree = |x: f64| vec![Node::new("svg").child(Node::new("rect").num("x", x).num("y", 4.0))];
    painter.paint(tree(1.0));
    let before = painter.writes();
    painter.paint(tree(2.0));
    assert_eq!(painter.writes(), before + 1);
}

#[wasm_bindgen_test]
fn a_key_keeps_its_element_wherever_it_moves() {
    let root = fresh_root();
    let mut painter = Painter::new(root.clone());
    painter.paint(list(&["a", "b", "c"]));
    let c = root.last_element_child().unwrap();
    painter.paint(list(&["c", "x", "a"]));
    assert_eq!(root.first_element_child().unwrap(), c);
    assert_eq!(root.text_content().unwrap(), "cxa");
}

#[wasm_bindgen_test]
fn drawings_are_svg_and_what_is_inside_a_foreign_object_is_html() {
    let root = fresh_root();
    let note = Node::new("foreignObject").child(Node::new("p").text("hello"));
    Painter::new(root.clone()).paint(vec![Node::new("svg").child(Node::new("g").child(note))]);
    let space = |selector| root.query_selector(selector).unwrap().unwrap().namespace_uri().unwrap();
    assert_eq!(space("g"), "http://www.w3.org/2000/svg");
    assert_eq!(space("foreignObject"), "http://www.w3.org/2000/svg");
    assert_eq!(space("p"), "http://www.w3.org/1999/xhtml");
}

#[wasm_bindgen_test]
fn what_a_client_sent_stays_text() {
    let root = fresh_root();
    let evil = "<img src=x onerror=alert(1)></p><script>boom()</script>&amp;";
    let mut painter = Painter::new(root.clone());
    painter.paint(vec![Node::new("p").attr("title", evil).text("before")]);
    painter.paint(vec![Node::new("p").attr("title", evil).text(evil)]);
    assert_eq!(root.text_content().unwrap(), evil);
    assert_eq!(root.child_element_count(), 1);
    assert_eq!(root.first_element_child().unwrap().child_element_count(), 0);
}

#[wasm_bindgen_test]
fn a_painting_that_failed_is_painted_over() {
    install();
    let root = fresh_root();
    let mut painter = Painter::new(root.clone());
    painter.paint(list(&["a", "b"]));
    let impossible = vec![Node::new("li").key("b"), Node::new("no such tag")];
    assert!(contain(&mut || painter.paint(impossible.clone())).is_err());
    painter.paint(list(&["c"]));
    assert_eq!(root.text_content().unwrap(), "c");
}

#[wasm_bindgen_test]
fn focus_survives_a_move_and_falls_back_when_its_element_goes() {
    let root = fresh_root();
    root.set_attribute("tabindex", "0").unwrap();
    let buttons = |keys: &[&'static str]| -> Vec<Node> {
        keys.iter().map(|&key| Node::new("button").key(key).text(key)).collect()
    };
    let active = || web_sys::window().unwrap().document().unwrap().active_element().unwrap();
    let mut painter = Painter::new(root.clone());
    painter.paint(buttons(&["a", "b", "c"]));
    let c: HtmlElement = root.last_element_child().unwrap().dyn_into().unwrap();
    c.focus().unwrap();
    painter.paint(buttons(&["c", "b"]));
    assert_eq!(active(), *AsRef::<Element>::as_ref(&c));
    painter.paint(buttons(&["b"]));
    assert_eq!(active(), root);
}

/// Whatever came before, the document ends up as if painted afresh.
#[wasm_bindgen_test]
fn a_diff_gives_the_document_of_a_fresh_painting() {
    let mut rng = Pcg64Mcg::seed_from_u64(11);
    let root = fresh_root();
    let mut painter = Painter::new(root.clone());
    for round in 0..400 {
        let forest = random_forest(&mut rng, 3);
        painter.paint(forest.clone());
        let again = fresh_root();
        Painter::new(again.clone()).paint(forest);
        assert!(root.is_equal_node_inside(&again), "round {round}: {}", root.inner_html());
        again.remove();
    }
}

trait EqualInside {
    fn is_equal_node_inside(&self, other: &Element) -> bool;
}

impl EqualInside for Element {
    /// Like `isEqualNode`, and attributes compare whatever order they were set in.
    fn is_equal_node_inside(&self, other: &Element) -> bool {
        let (mine, theirs) = (self.child_nodes(), other.child_nodes());
        mine.length() == theirs.length()
            && (0..mine.length())
                .all(|i| mine.item(i).unwrap().is_equal_node(theirs.item(i).as_ref()))
    }
}

/// Up to six siblings; their keys are unique and come in any rotation.
fn random_forest(rng: &mut Pcg64Mcg, depth: u32) -> Vec<Node> {
    const KEYS: [&str; 8] = ["a", "f", "c", "h", "e", "b", "g", "d"];
    let rotation = rng.next_u32();
    (0..rng.next_u32() % 6)
        .map(|place| random_tree(rng, depth, KEYS[(place.wrapping_add(rotation) % 8) as usize]))
        .collect()
}

fn random_tree(rng: &mut Pcg64Mcg, depth: u32, key: &'static str) -> Node {
    const TAGS: [&str; 4] = ["div", "p", "svg", "section"];
    let mut node = Node::new(TAGS[rng.next_u32() as usize % TAGS.len()]);
    if rng.next_u32().is_multiple_of(2) {
        node = node.key(key);
    }
    for name in ["class", "title", "data-x"] {
        if rng.next_u32().is_multiple_of(2) {
            node = node.attr(name, (rng.next_u32() % 3).to_string());
        }
    }
    if depth == 0 || rng.next_u32().is_multiple_of(4) {
        return node.text(["", "x", "<b>"][rng.next_u32() as usize % 3]);
    }
    node.children(random_forest(rng, depth - 1))
}
