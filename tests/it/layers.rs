//! Who may import whom: the table of the architecture, held by reading every
//! `crate::` and `super::` path of the program (tests may reach further).

use crate::source::{self, Source, closing_brace};

/// What a layer may see of another.
#[derive(Clone, Copy)]
enum See {
    /// All of it.
    Whole(&'static str),
    /// Only what its root module defines, none of the modules inside: the
    /// network's contract, but none of the networks.
    Contract(&'static str),
}
use See::{Contract, Whole};

struct Layer {
    name: &'static str,
    sees: &'static [See],
}

const LAYERS: &[Layer] = &[
    Layer { name: "time", sees: &[] },
    Layer { name: "sorted", sees: &[] },
    Layer { name: "part", sees: &[] },
    Layer { name: "net", sees: &[Whole("time"), Whole("sorted"), Whole("part")] },
    Layer { name: "event", sees: &[Whole("time"), Contract("net")] },
    Layer { name: "resp", sees: &[] },
    Layer { name: "store", sees: &[Whole("time")] },
    Layer {
        name: "commands",
        sees: &[
            Whole("resp"),
            Whole("store"),
            Whole("engine"),
            Whole("event"),
            Whole("time"),
            Contract("net"),
        ],
    },
    Layer {
        name: "engine",
        sees: &[
            Whole("time"),
            Whole("sorted"),
            Whole("event"),
            Contract("net"),
            Whole("resp"),
            Whole("store"),
            Whole("commands"),
        ],
    },
    Layer {
        name: "sim",
        sees: &[
            Whole("engine"),
            Whole("net"),
            Whole("event"),
            Whole("trace"),
            Whole("resp"),
            Whole("time"),
            Whole("sorted"),
            Whole("part"),
        ],
    },
    Layer {
        name: "trace",
        sees: &[Whole("time"), Whole("sorted"), Whole("part"), Whole("event"), Contract("net")],
    },
    Layer {
        name: "view",
        // The protocol for the console alone, which splits a typed line by
        // the same rules as an inline request.
        sees: &[
            Whole("time"),
            Whole("sorted"),
            Whole("part"),
            Whole("event"),
            Contract("net"),
            Whole("resp"),
            Whole("trace"),
        ],
    },
    Layer {
        name: "native",
        sees: &[
            Whole("time"),
            Whole("sorted"),
            Whole("event"),
            Whole("net"),
            Whole("resp"),
            Whole("store"),
            Whole("commands"),
            Whole("engine"),
            Whole("sim"),
            Whole("trace"),
        ],
    },
    Layer {
        name: "web",
        sees: &[
            Whole("time"),
            Whole("sorted"),
            Whole("part"),
            Whole("event"),
            Whole("net"),
            Whole("resp"),
            Whole("store"),
            Whole("commands"),
            Whole("engine"),
            Whole("sim"),
            Whole("trace"),
            Whole("view"),
        ],
    },
];

/// The layer of a file below `src/`; the root and the programs have none.
fn layer_of(path: &str) -> Option<&str> {
    let inside = path.strip_prefix("src/")?;
    let first = inside.split('/').next()?;
    let name = first.strip_suffix(".rs").unwrap_or(first);
    (!matches!(name, "lib" | "bin")).then_some(name)
}

/// The module that a file is: `src/net/virt.rs` is `[net, virt]`.
fn module_of(path: &str) -> Vec<String> {
    let inside = path.trim_start_matches("src/").trim_end_matches(".rs");
    let inside = inside.trim_end_matches("/mod");
    inside.split('/').map(str::to_owned).collect()
}

/// Every path from the crate's root that the code of a file names.
fn paths(source: &Source) -> Vec<Vec<String>> {
    let mut found = Vec::new();
    scan(&source.code(), &module_of(&source.path), &mut found);
    found
}

/// Walks `code`, which lies in `module`; inner modules are walked as what they are.
fn scan(code: &str, module: &[String], found: &mut Vec<Vec<String>>) {
    let mut at = 0;
    while at < code.len() {
        let Some(step) = code[at..].find(|c: char| c.is_alphabetic() || c == '_') else { return };
        at += step;
        let word: String = code[at..].chars().take_while(|c| is_word(*c)).collect();
        let after = at + word.len();
        match word.as_str() {
            "crate" if code[after..].starts_with("::") => {
                expand(&code[after + 2..], &[], found);
                at = after;
            }
            "super" if code[after..].starts_with("::") => {
                let (mut up, mut rest) = (1, &code[after + 2..]);
                while let Some(further) = rest.strip_prefix("super::") {
                    (up, rest) = (up + 1, further);
                }
                let base = &module[..module.len().saturating_sub(up)];
                expand(rest, base, found);
                at = code.len() - rest.len();
            }
            "mod" => {
                let rest = code[after..].trim_start();
                let name: String = rest.chars().take_while(|c| is_word(*c)).collect();
                let body = rest[name.len()..].trim_start();
                if body.starts_with('{') {
                    let open = code.len() - body.len();
                    let end = closing_brace(code, open);
                    let inner: Vec<String> = module.iter().cloned().chain([name]).collect();
                    scan(&code[open + 1..end], &inner, found);
                    at = end;
                } else {
                    at = after;
                }
            }
            _ => at = after,
        }
    }
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// Expands `a::{b, c::d}` behind `base` into its paths.
fn expand(tree: &str, base: &[String], found: &mut Vec<Vec<String>>) {
    if tree.starts_with('{') {
        let end = closing_brace(tree, 0);
        for branch in branches(&tree[1..end - 1]) {
            expand(branch, base, found);
        }
        return;
    }
    let name: String = tree.chars().take_while(|c| is_word(*c)).collect();
    let path: Vec<String> = base.iter().cloned().chain([name.clone()]).collect();
    match tree[name.len()..].strip_prefix("::") {
        Some(rest) => expand(rest, &path, found),
        None => found.push(path),
    }
}

/// The parts of a group, separated by commas outside inner groups.
fn branches(group: &str) -> Vec<&str> {
    let (mut depth, mut from, mut parts) = (0, 0, Vec::new());
    for (at, c) in group.char_indices() {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 0 => {
                parts.push(group[from..at].trim());
                from = at + 1;
            }
            _ => {}
        }
    }
    parts.push(group[from..].trim());
    parts.retain(|part| !part.is_empty());
    parts
}

/// Whether a module of that name lies inside the layer's folder.
fn is_inner_module(layer: &str, name: &str) -> bool {
    let folder = source::root().join("src").join(layer);
    folder.join(name).is_dir() || folder.join(format!("{name}.rs")).is_file()
}

/// What is wrong with `layer` naming `path`, if anything is.
fn complaint(layer: &Layer, path: &[String]) -> Option<String> {
    let target = path.first()?;
    let names_a_layer = LAYERS.iter().any(|l| l.name == target);
    if !names_a_layer || target == layer.name {
        return None;
    }
    let shown = path.join("::");
    let sees = layer.sees.iter().find(|see| matches!(see, Whole(n) | Contract(n) if n == target));
    match sees {
        None => Some(format!("{} may not import {target} (crate::{shown})", layer.name)),
        Some(Contract(_)) if path.get(1).is_some_and(|inner| is_inner_module(target, inner)) => {
            Some(format!("{} sees only the contract of {target}, not crate::{shown}", layer.name))
        }
        Some(_) => None,
    }
}

/// Protects: data travels one way, and no layer learns of what lies above it.
#[test]
fn imports_follow_the_table() {
    let (mut complaints, mut checked) = (Vec::new(), 0);
    for source in source::files(&["src"], "rs") {
        let Some(name) = layer_of(&source.path) else { continue };
        let layer = LAYERS
            .iter()
            .find(|layer| layer.name == name)
            .unwrap_or_else(|| panic!("{}: no layer of that name in the table", source.path));
        for path in paths(&source) {
            checked += 1;
            complaints
                .extend(complaint(layer, &path).map(|text| format!("{}: {text}", source.path)));
        }
    }
    assert!(checked > 50, "only {checked} imports were found: the reader of paths is broken");
    assert!(complaints.is_empty(), "\n{}", complaints.join("\n"));
}

/// Protects the test above from seeing nothing.
#[test]
fn forbidden_imports_are_seen_however_they_are_written() {
    let engine = LAYERS.iter().find(|l| l.name == "engine").expect("in the table");
    let complaints = |text: &str| {
        let source = Source { path: "src/engine/client.rs".into(), text: text.into() };
        paths(&source).iter().filter_map(|p| complaint(engine, p)).count()
    };
    for bad in [
        "use crate::view::Scene;",
        "use crate::{time::Micros, trace::{Record, World}, net::Fd};",
        "fn f() { crate::sim::run() }",
        "use super::super::view::Frame;",
        "use crate::net::virt::VirtualNet;",
        "mod inner { use super::super::super::web; }",
    ] {
        assert!(complaints(bad) > 0, "not seen: {bad}");
    }
    for good in [
        "use crate::net::{Fd, Net};",
        "use super::reply::Reply;",
        "use crate::net::write_to_client;",
        "// crate::view",
        "mod inner { use super::super::server::Server; }",
    ] {
        assert_eq!(complaints(good), 0, "wrongly refused: {good}");
    }
}
