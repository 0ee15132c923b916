//! What goes into the page: nothing that needs an operating system.

use crate::source::root;
use std::process::Command;

/// Crates that stand on system calls, threads or files.
const NATIVE: &[&str] = &[
    "libc",
    "mio",
    "socket2",
    "rustix",
    "nix",
    "signal-hook",
    "signal-hook-registry",
    "lexopt",
    "tokio",
    "getrandom",
];

/// Protects: the engine is pure, and what shows it is the resolved graph.
#[test]
fn the_wasm_build_has_no_native_dependency() {
    let tree = Command::new(env!("CARGO"))
        .args(["tree", "--package", "onechef", "--target", "wasm32-unknown-unknown"])
        .args(["--edges", "normal", "--prefix", "none", "--format", "{p}", "--locked"])
        .current_dir(root())
        .output()
        .expect("cargo runs");
    let text = String::from_utf8_lossy(&tree.stdout);
    assert!(tree.status.success(), "{}", String::from_utf8_lossy(&tree.stderr));
    let names: Vec<&str> = text.lines().filter_map(|line| line.split(' ').next()).collect();
    assert!(names.contains(&"wasm-bindgen"), "this is not the tree of the page:\n{text}");
    let found: Vec<_> = names.iter().filter(|name| NATIVE.contains(name)).collect();
    assert!(found.is_empty(), "native crates in the page: {found:?}");
}
