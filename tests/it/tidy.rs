//! House rules that no compiler knows: short files, telling names, nothing
//! left for later, and nothing that differs from run to run in the layers
//! whose output must be the same on every machine.

use crate::source::{self, Source};

const LINES_LIMIT: usize = 600;
const OURS: &[&str] = &["src", "tests", "xtask", "benches", "examples", "fuzz"];

fn assert_none(complaints: Vec<String>) {
    assert!(complaints.is_empty(), "\n{}", complaints.join("\n"));
}

/// All files of ours in a language that people read top to bottom.
fn readable() -> Vec<Source> {
    ["rs", "mjs", "js"].iter().flat_map(|extension| source::files(OURS, extension)).collect()
}

/// Protects: a file is one thing that fits in a head.
#[test]
fn files_are_short() {
    let long = |s: &Source| {
        let lines = s.text.lines().count();
        (lines > LINES_LIMIT).then(|| format!("{}: {lines} lines (at most {LINES_LIMIT})", s.path))
    };
    let files = readable();
    assert!(files.len() > 30, "only {} files were found", files.len());
    assert_none(files.iter().filter_map(long).collect());
}

/// Protects: a name says what is inside, not that something is.
#[test]
fn names_say_what_is_inside() {
    const EMPTY_NAMES: &[&str] =
        &["utils", "util", "common", "helpers", "helper", "core", "types", "misc", "manager"];
    let empty = |s: &Source| {
        let stem = s.path.rsplit_once('.').map_or(s.path.as_str(), |(stem, _)| stem);
        stem.split('/').any(|part| EMPTY_NAMES.contains(&part)).then(|| s.path.clone())
    };
    assert_none(readable().iter().filter_map(empty).collect());
}

/// Protects: what stands is finished; what is not finished is an issue.
#[test]
fn nothing_is_left_for_later() {
    // Built from halves, so that this file does not accuse itself.
    let words: Vec<String> =
        [("TO", "DO"), ("FIX", "ME"), ("XX", "X"), ("HA", "CK"), ("to", "do!("), ("db", "g!(")]
            .iter()
            .map(|(a, b)| format!("{a}{b}"))
            .chain(["unimplemented".to_owned() + "!("])
            .collect();
    let mut complaints = Vec::new();
    for source in readable() {
        for (number, line) in source.text.lines().enumerate() {
            if let Some(word) = words.iter().find(|word| contains_word(line, word)) {
                complaints.push(format!("{}:{}: {word}", source.path, number + 1));
            }
        }
    }
    assert_none(complaints);
}

/// Whether `word` stands in `line` on its own, not inside a longer word.
fn contains_word(line: &str, word: &str) -> bool {
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    line.match_indices(word).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        let after = line[at + word.len()..].chars().next();
        let open_end = word.ends_with(|c: char| !is_word(c));
        !before.is_some_and(is_word) && (open_end || !after.is_some_and(is_word))
    })
}

/// Everything that runs in the simulation or reads its records.
const DETERMINISTIC: &[&str] = &[
    "src/time.rs",
    "src/event",
    "src/net/mod.rs",
    "src/net/virt",
    "src/net/fault",
    "src/resp",
    "src/store",
    "src/commands",
    "src/engine",
    "src/sim",
    "src/trace",
    "src/view",
];

/// What makes two runs differ, and why.
const VARYING: &[(&str, &str)] = &[
    ("Instant", "time comes from net.now()"),
    ("SystemTime", "the wall clock is the loop's clock plus a constant"),
    ("thread", "there is one thread"),
    ("HashMap", "its order differs from run to run"),
    ("HashSet", "its order differs from run to run"),
    ("RandomState", "its hashes differ from run to run"),
    ("getrandom", "dice are seeded"),
    ("env::", "the environment differs from machine to machine"),
    ("fs", "files belong to the drivers"),
    ("println", "facts are events"),
    ("eprintln", "facts are events"),
    ("TcpStream", "sockets belong to net::tcp"),
    ("TcpListener", "sockets belong to net::tcp"),
];

/// Protects: same scenario, same seed, same bytes, on every machine.
#[test]
fn deterministic_layers_ask_nobody() {
    let (mut complaints, mut checked) = (Vec::new(), 0);
    for source in source::files(&["src"], "rs") {
        if !DETERMINISTIC.iter().any(|prefix| source.path.starts_with(prefix)) {
            continue;
        }
        checked += 1;
        for (number, line) in source.code().lines().enumerate() {
            let found = VARYING.iter().find(|(word, _)| contains_word(line, word));
            complaints.extend(found.map(|(word, why)| {
                format!("{}:{}: `{word}` here: {why}", source.path, number + 1)
            }));
        }
    }
    assert!(checked > 20, "only {checked} files were checked");
    assert_none(complaints);
}

/// Protects: memory safety is the compiler's business everywhere.
#[test]
fn unsafe_code_is_forbidden() {
    let roots = ["src/lib.rs", "xtask/src/main.rs"];
    let lacking = source::files(&["src", "xtask"], "rs")
        .into_iter()
        .filter(|s| roots.contains(&s.path.as_str()))
        .filter(|s| !s.text.contains("#![forbid(unsafe_code)]"))
        .map(|s| s.path);
    assert_none(lacking.collect());
}
