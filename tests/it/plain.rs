//! A run as plain text, in the terminal too.

use crate::facts::{noise, timeline_of};
use crate::source;
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
