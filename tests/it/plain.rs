//! A run as plain text, in the terminal too.

use crate::facts::{noise, timeline_of};
use crate::source;
use onechef::time::Micros;
use onechef::trace::Timeline;
use onechef::view::beat::is_step;
use onechef::view::{Terms, plain};
use std::process::Command;

fn timelines() -> impl Iterator<Item = Timeline> {
    let noises = (0..40).map(|seed| noise(&[seed, seed + 1_000, seed + 2_000]));
    crate::runs::scenarios().into_iter().chain(noises).map(|records| timeline_of(&records))
}

/// Protects: the text leaves out no step and makes up none, and its marked
/// line is the step that the page shows at that playhead.
#[test]
fn every_step_is_a_line_and_the_moment_s_is_marked() {
    for timeline in timelines() {
        let steps: Vec<usize> = (0..timeline.len())
            .filter(|index| is_step(&timeline.records()[*index].event))
            .collect();
        for at in (0..=timeline.len()).step_by(7) {
            let told = plain::tell(&timeline, Some(at), Terms::Both);
            let lines: Vec<&str> =
                told.lines().filter(|line| line.starts_with([' ', '>'])).collect();
            assert_eq!(lines.len(), steps.len());
            let marked = lines.iter().position(|line| line.starts_with("> "));
            assert_eq!(marked, steps.iter().rposition(|step| *step < at), "at {at}");
            assert_eq!(
                lines.iter().filter(|line| line.starts_with('>')).count(),
                marked.iter().len()
            );
        }
    }
}

/// Protects: what clients send cannot move a terminal's cursor or forge a line.
#[test]
fn no_line_holds_a_control_character() {
    for timeline in timelines() {
        for terms in [Terms::Kitchen, Terms::Both, Terms::Redis] {
            let told = plain::tell(&timeline, None, terms);
            let hidden =
                |c: char| c.is_control() && c != '\n' || ('\u{2028}'..='\u{202e}').contains(&c);
            assert!(!told.contains(hidden), "{told:?}");
        }
    }
}

fn story(words: &[&str]) -> (Option<i32>, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_onechef"))
        .current_dir(source::root())
        .arg("story")
        .args(words)
        .output()
        .expect("the program starts");
    let said = [output.stdout, output.stderr].concat();
    (output.status.code(), String::from_utf8(said).expect("text"))
}

/// Protects: all that names a run names the same run, and a link its moment.
#[test]
fn a_run_is_named_by_file_name_link_and_recording() {
    let (status, named) = story(&["half-an-order"]);
    assert_eq!(status, Some(0), "{named}");
    assert!(named.starts_with("Half an order\n") && !named.contains("\n> "), "{named}");
    assert_eq!(story(&["scenarios/half-an-order.scenario"]).1, named);
    let (_, linked) = story(&["https://example.org/chef/?scenario=half-an-order&at=26&terms=both"]);
    assert_eq!(linked.replace("\n> ", "\n  "), named);
    assert_eq!(linked.matches("\n> ").count(), 1, "{linked}");

    let quiet = std::fs::read_to_string(source::root().join("tests/links/quiet-evening.link"));
    let quiet = quiet.expect("a link that was given away");
    let (_, shared) = story(&[&format!("https://example.org/{}", quiet.trim())]);
    let (_, kept) = story(&["tests/links/quiet-evening.scenario"]);
    assert_eq!(shared.replace("\n> ", "\n  "), kept);

    let trace = std::env::temp_dir().join(format!("onechef-story-{}.ndjson", std::process::id()));
    let run = Command::new(env!("CARGO_BIN_EXE_onechef")).args(["run", "half-an-order"]).output();
    std::fs::write(&trace, run.expect("it runs").stdout).expect("a file");
    let (_, recorded) = story(&[&trace.display().to_string()]);
    std::fs::remove_file(&trace).expect("the file of before");
    let happens = |told: &str| told.split_once("\n\n").expect("a title").1.to_owned();
    assert_eq!(happens(&recorded), happens(&named));

    let (_, german) = story(&["half-an-order", "--language", "de", "--terms", "kitchen"]);
    assert!(german.contains("Der Koch") && !german.contains("aeApiPoll"), "{german}");
    let (_, redis) = story(&["half-an-order", "--terms", "redis"]);
    assert!(redis.contains("aeApiPoll") && !happens(&redis).contains("chef"), "{redis}");
}

/// Protects: what names no run is refused with what was expected.
#[test]
fn what_names_no_run_is_refused() {
    for (word, why) in [
        ("what?", "no link to a run"),
        ("x/?scenario=none", "there is no scenario named 'none'"),
        ("x/#tour", "expected a run, found the list of chapters"),
        ("x/#tour/nowhere", "nowhere"),
        ("x/#run/9/3/eJwr", "another version than 1"),
        ("x/#run/1/3/eJwr", "it was changed, or cut"),
        ("x/#run/1/3/e!wr", "2"),
        ("no-such-file", "no-such-file"),
    ] {
        let (status, said) = story(&[word]);
        assert_eq!(status, Some(2), "{word}: {said}");
        assert!(said.starts_with("onechef: ") && said.contains(why), "{word}: {said}");
    }
}

/// Protects: a program is told of a run's crowds what a person is told, and of
/// a recording's the same as of the run's.
#[test]
fn crowds_are_summed_up_for_a_program_as_for_a_person() {
    let program = |words: &[&str]| {
        let output = Command::new(env!("CARGO_BIN_EXE_onechef")).args(words).output();
        String::from_utf8(output.expect("it runs").stdout).expect("text")
    };
    let summed = program(&["run", "the-rush", "--summary=json"]);
    let run: serde_json::Value = serde_json::from_str(&summed).expect("JSON");
    assert!(run["cycles"].as_array().is_some_and(|cycles| cycles.len() > 20), "{summed}");
    let table = program(&["run", "the-rush", "--summary"]);
    let crowds = run["crowds"].as_array().expect("crowds");
    assert_eq!(crowds.len(), 2, "{summed}");
    for (crowd, name) in crowds.iter().zip(["regular", "walkin"]) {
        let number = |field: &str| crowd[field].as_u64().unwrap_or_else(|| panic!("{crowd}"));
        let counts = ["sent", "answered", "per_second"].map(|field| number(field).to_string());
        let times =
            ["p50_us", "p90_us", "p99_us", "max_us"].map(|field| Micros(number(field)).to_string());
        let cells: Vec<String> =
            std::iter::once(name.to_owned()).chain(counts).chain(times).collect();
        let cells = cells.join(" ");
        let alike = |line: &str| line.split_whitespace().eq(cells.split_whitespace());
        assert_eq!(crowd["crowd"], name);
        assert!(table.lines().any(alike), "{cells:?}\n{table}");
    }
    let quiet: serde_json::Value =
        serde_json::from_str(&program(&["run", "two-guests", "--summary=json"])).expect("JSON");
    assert_eq!(quiet["crowds"].as_array().map(Vec::len), Some(0));

    let trace = std::env::temp_dir().join(format!("onechef-crowd-{}.ndjson", std::process::id()));
    std::fs::write(&trace, program(&["run", "the-rush"])).expect("a file");
    let file = trace.display().to_string();
    let again = ["--summary=json", "--summary"].map(|form| program(&["replay", &file, form]));
    std::fs::remove_file(&trace).expect("the file of before");
    assert_eq!(again, [summed, table]);
}
