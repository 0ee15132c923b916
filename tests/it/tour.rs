//! The guided tour tells the truth: each step's moment happens, in order, and
//! is to be seen; each prediction's answer is one of its choices; each mission
//! is met by the way that is shown, and by nothing on an ordinary day.

use crate::text::in_every_language;
use onechef::event::{Event, LimitKind};
use onechef::sim::{Bundled, Progress, Scenario, Sim, bundled_as, lessons};
use onechef::trace::{Record, Timeline};
use onechef::view::beat::is_step;
use onechef::view::lesson::{
    Address, Asked, Chapter, Cue, Evening, Here, Mission, Offer, Question, Reply, chapter_page,
    chapters, overview,
};
use onechef::view::tree::Children;
use onechef::view::{Frame, Motion, Node, Terms, Viewport, lesson, stage};
use std::collections::BTreeSet;

/// A chapter's scenario is no longer than a bundled one may be.
const CYCLES_MAX: u64 = 12;
/// Most words of a sentence.
const WORDS_MAX: usize = 20;

fn run(scenario: &Scenario) -> Vec<Record> {
    let mut sim = Sim::new(scenario);
    let mut records = Vec::new();
    let end = sim.run_to_quiet(CYCLES_MAX + 1, &mut records);
    assert_eq!(end, Progress::Quiet, "{} does not end", scenario.title);
    assert!(sim.cycles() <= CYCLES_MAX, "{} is too long", scenario.title);
    records
}

fn bundled(slug: &str) -> &'static Bundled {
    bundled_as(slug).unwrap_or_else(|| panic!("{slug} is not bundled"))
}

fn told(chapter: &Chapter) -> (Vec<Record>, Vec<usize>) {
    let records = run(&bundled(chapter.scenario).scenario());
    let places = chapter.places(&records);
    let places = places.iter().zip(chapter.steps).map(|(place, step)| {
        place.unwrap_or_else(|| panic!("{}: {:?} does not happen", chapter.slug, step.at))
    });
    let places = places.collect();
    (records, places)
}

fn asked(chapter: &Chapter) -> Vec<(Question, Asked)> {
    let (records, places) = told(chapter);
    let evening = Evening::new(&records);
    let questions = chapter.steps.iter().zip(&places);
    questions
        .filter_map(|(step, place)| Some((step.asks?, *place)))
        .map(|(question, place)| {
            let asked = question.ask(&evening, place + 1);
            (question, asked.unwrap_or_else(|| panic!("{}: {question:?}", chapter.slug)))
        })
        .collect()
}

fn ids(node: &Node, into: &mut BTreeSet<String>) {
    into.extend(node.attrs.iter().filter(|(name, _)| *name == "id").map(|(_, id)| id.to_string()));
    if let Children::Nodes(children) = &node.children {
        children.iter().for_each(|child| ids(child, into));
    }
}

#[test]
fn eleven_chapters_each_short_and_whole() {
    assert_eq!(chapters().len(), 11);
    let slugs: BTreeSet<_> = chapters().iter().map(|chapter| chapter.slug).collect();
    assert_eq!(slugs.len(), 11);
    for chapter in chapters() {
        assert!((5..=10).contains(&chapter.steps.len()), "{}", chapter.slug);
        assert!(chapter.steps.iter().any(|step| step.asks.is_some()), "{} asks", chapter.slug);
        assert!(chapter.attempt.from < chapter.steps.len(), "{}", chapter.slug);
    }
}

#[test]
fn every_sentence_is_short_and_names_its_term() {
    in_every_language(|| chapters().iter().for_each(is_told_shortly));
}

fn is_told_shortly(chapter: &Chapter) {
    let steps: Vec<String> = (0..chapter.steps.len()).map(|step| chapter.says(step)).collect();
    for says in steps.iter().chain([&chapter.tries(), &chapter.breaks()]) {
        let words = says.split_whitespace().count();
        assert!(words <= WORDS_MAX, "{words} words: {says}");
        assert!(says.ends_with(['.', '?']), "{says}");
    }
    for says in &steps {
        assert_eq!(says.matches(". ").count(), 0, "one sentence: {says}");
    }
    let terms = steps.iter().filter(|says| says.contains('(')).count();
    assert!(terms * 3 >= chapter.steps.len() * 2, "{}: {terms} terms", chapter.slug);
}

#[test]
fn every_step_rests_at_its_moment_and_its_object_is_drawn() {
    for chapter in chapters() {
        let (records, places) = told(chapter);
        assert!(places.is_sorted_by(|a, b| a < b), "{}: {places:?}", chapter.slug);
        let mut timeline = Timeline::new();
        for record in &records {
            timeline.push(record.clone()).expect("room");
        }
        for (step, place) in chapter.steps.iter().zip(places) {
            let event = &records[place].event;
            assert!(is_step(event), "{}: nobody rests at {event:?}", chapter.slug);
            let world = timeline.world_at(place + 1);
            for viewport in [Viewport::Desktop, Viewport::Phone] {
                let frame = Frame {
                    world: &world,
                    now: timeline.now(place + 1),
                    progress: 1.0,
                    terms: Terms::Both,
                    motion: Motion::Reduced,
                    viewport,
                    selected: None,
                    you: None,
                };
                let mut drawn = BTreeSet::new();
                ids(&stage::stage(&frame), &mut drawn);
                let id = step.of.id();
                assert!(drawn.contains(&id), "{}: {id} at {:?}", chapter.slug, step.at);
            }
        }
    }
}

#[test]
fn every_prediction_has_its_answer_among_few_different_choices() {
    let mut kinds = BTreeSet::new();
    for chapter in chapters() {
        for (question, asked) in asked(chapter) {
            let different: BTreeSet<_> = asked.choices.iter().collect();
            assert!((2..=4).contains(&asked.choices.len()), "{asked:?}");
            assert_eq!(different.len(), asked.choices.len(), "{asked:?}");
            assert!(asked.right < asked.choices.len(), "{asked:?}");
            kinds.insert(format!("{question:?}").split('(').next().unwrap_or_default().to_owned());
        }
    }
    assert!(kinds.len() > 10, "{kinds:?}");
}

/// What a person finds who follows the records by hand.
#[test]
fn the_answers_are_what_the_engine_does() {
    let answers: Vec<(&str, String)> = chapters()
        .iter()
        .flat_map(|chapter| {
            asked(chapter).into_iter().map(|(_, a)| (chapter.slug, a.choices[a.right].clone()))
        })
        .collect();
    let answers: Vec<(&str, &str)> = answers.iter().map(|(slug, a)| (*slug, a.as_str())).collect();
    assert_eq!(
        answers,
        [
            ("one-chef", "only his clock"),
            ("one-chef", "in the final sweep, before he sleeps"),
            ("door-bell", "2"),
            ("notepad", "1"),
            ("order-flag", "guest 1 (ana)"),
            ("reading", "3"),
            ("reading", "guest 2 (bob)"),
            ("heat-rack", "4"),
            ("final-sweep", "in the final sweep, before he sleeps"),
            ("final-sweep", "guest 3 (eve)"),
            ("goes-wrong", "gets an answer, then is shown out"),
            ("goes-wrong", "is shown out unanswered"),
            ("slow-dish", "10 ms or more"),
            ("waiters", "the chef himself"),
            ("waiters", "waiters, too"),
            ("cost", "4"),
            ("cost", "less than a hundredth"),
        ]
    );
}

/// An answer is not carried over from the story: in another run it is another.
#[test]
fn the_answers_follow_the_run() {
    let text =
        bundled("tour/three-plates").text.replace("at 5ms  eve sends", "at 5.3ms  eve sends");
    let records = run(&Scenario::parse("changed", &text).expect("well-formed"));
    let asked = Question::ServedFirst.ask(&Evening::new(&records), 0).expect("two are served");
    assert_eq!(asked.choices[asked.right], "guest 2 (bob)");
    let slow = bundled("slow-dish").text.replace("0.03", "0.004");
    let records = run(&Scenario::parse("changed", &slow).expect("well-formed"));
    let evening = Evening::new(&records);
    let bob = evening.clients().nth(1).expect("bob");
    let sent = lesson::Moment::Arrived(bob).find(&evening, 0).expect("he orders");
    let asked = Question::WaitsFor(bob).ask(&evening, sent + 1).expect("he is served");
    assert_eq!(asked.choices[asked.right], "1 to 10 ms");
}

#[test]
fn what_a_chapter_offers_to_change_changes_something() {
    for chapter in chapters() {
        let mut scenario = bundled(chapter.scenario).scenario();
        match chapter.attempt.offer {
            Offer::Command { guest, line } => {
                assert!(scenario.client_named(guest).is_some(), "{}", chapter.slug);
                assert!(onechef::view::panels::wire::wire(line, None).is_ok(), "{}", chapter.slug);
            }
            Offer::Directive { name, value } => {
                let before = run(&scenario);
                scenario.config.push((name.to_owned(), value.to_owned()));
                let after = run(&Scenario::parse("changed", &scenario.to_text()).expect("valid"));
                let limits = |records: &[Record]| -> Vec<LimitKind> {
                    let kind = |r: &Record| match r.event {
                        Event::Limit { kind, .. } => Some(kind),
                        _ => None,
                    };
                    records.iter().filter_map(kind).collect()
                };
                assert_ne!(limits(&before), limits(&after), "{}", chapter.slug);
            }
        }
    }
}

#[test]
fn each_mission_is_met_by_the_way_that_is_shown() {
    for mission in Mission::ALL {
        let slug = format!("missions/{}", mission.slug());
        let records = run(&bundled(&slug).scenario());
        assert!(mission.met(&Evening::new(&records)).is_some(), "{slug}");
    }
    assert_eq!(lessons().iter().filter(|l| l.slug.starts_with("missions/")).count(), 8);
}

#[test]
fn the_first_scenario_meets_no_mission_and_each_way_at_most_one_more() {
    let records = run(&bundled("first-guest").scenario());
    let met = |records: &[Record]| {
        let evening = Evening::new(records);
        Mission::ALL.into_iter().filter(|mission| mission.met(&evening).is_some()).count()
    };
    assert_eq!(met(&records), 0);
    for mission in Mission::ALL {
        let records = run(&bundled(&format!("missions/{}", mission.slug())).scenario());
        assert!(met(&records) <= 2, "{mission:?} says little if it comes with everything");
    }
}

/// Protects: a mission is not met by what only looks like it; beside each such
/// run stands one that differs in that alone, and meets it.
#[test]
fn nearly_is_not_met() {
    let scribble = r"*1\r\nPING\r\n";
    let good = format!(r"*1\r\n$4\r\nPING\r\n{scribble}");
    let cases = [
        // One guest waits, and the cook's own next order does not count.
        (
            Mission::DelaysTwo,
            "at 5ms ana sends DEBUG SLEEP 0.02\nat 6ms bob sends PING\nat 7ms ana sends PING"
                .into(),
            "at 5ms ana sends DEBUG SLEEP 0.02\nat 6ms bob sends PING\nat 7ms eve sends PING"
                .into(),
        ),
        // Both have sent before it began, or come when it is over.
        (
            Mission::DelaysTwo,
            "at 5ms ana sends DEBUG SLEEP 0.02\nat 6ms bob sends PING\nat 60ms eve sends PING"
                .into(),
            "at 5ms ana sends DEBUG SLEEP 0.02\nat 6ms bob sends PING\nat 6ms eve sends PING"
                .into(),
        ),
        (
            Mission::TwentyInOneRead,
            "at 4ms ana sends 19 x INCR visits".into(),
            "at 4ms ana sends 20 x INCR visits".into(),
        ),
        (
            Mission::TwentyInOneRead,
            "at 4ms ana sends 19 x INCR visits\nat 9ms ana sends INCR visits".into(),
            "at 4ms ana sends 19 x INCR visits\nat 4ms ana sends INCR visits".into(),
        ),
        (
            Mission::ThreeReadsForOne,
            "at 4ms ana sends SET price 42 split 9 apart 2ms\nat 9ms ana sends PING".into(),
            "at 4ms ana sends SET price 42 split 9 20 apart 2ms".into(),
        ),
        // The answer had left before the scribble came.
        (
            Mission::AnsweredThenRefused,
            format!("at 4ms ana sends PING\nat 9ms ana sends raw \"{scribble}\""),
            format!("at 4ms ana sends PING\nat 9ms ana sends raw \"{good}\""),
        ),
        // Another guest's good order.
        (
            Mission::AnsweredThenRefused,
            format!("at 4ms bob sends PING\nat 4ms ana sends raw \"{scribble}\""),
            format!("at 4ms bob sends PING\nat 4ms ana sends raw \"{good}\""),
        ),
        // Somebody asked for it.
        (
            Mission::ExpiredUnseen,
            "at 4ms ana sends SET soup hot PX 20\nat 30ms ana sends GET soup".into(),
            "at 4ms ana sends SET soup hot PX 20\nat 260ms ana sends GET soup".into(),
        ),
        // Two sweeps are enough for it.
        (
            Mission::ThreeCyclesToLeave,
            "at 4ms ana sends SET essay <6kb>\nat 6ms ana sends GET essay".into(),
            "at 4ms ana sends SET essay <16kb>\nat 6ms ana stops reading\n\
             at 6ms ana sends GET essay\nat 8ms ana reads 4096\nat 10ms ana reads"
                .into(),
        ),
    ];
    let head = "onechef scenario 1\nclient ana receive-buffer 4kb send-buffer 4kb\nclient bob\n\
                client eve\nat 2ms ana connects\nat 2ms bob connects\nat 2ms eve connects\n";
    for (mission, nearly, quite) in cases {
        let met = |inputs: &String| {
            let text = format!("{head}{inputs}");
            let scenario = Scenario::parse("nearly", &text).expect("a well-formed scenario");
            mission.met(&Evening::new(&run(&scenario))).is_some()
        };
        assert_eq!((met(&nearly), met(&quite)), (false, true), "{mission:?}: {nearly}");
    }
}

#[test]
fn a_page_never_gives_the_answer_away() {
    let chapter = &chapters()[0];
    let (_, asked) = asked(chapter).swap_remove(0);
    let here =
        |reply| Here { chapter: 0, step: 0, at_the_moment: true, asked: Some(&asked), reply };
    let markup =
        |reply| -> String { chapter_page(here(reply)).iter().map(Node::to_markup).collect() };
    let open = markup(Reply::Guessed(asked.right));
    assert!(!open.contains(&asked.because) && !open.contains("this happens"), "{open}");
    let right = markup(Reply::Revealed(Some(asked.right)));
    assert!(right.contains("Yes: ") && right.contains(&asked.because), "{right}");
    assert!(right.contains(&format!("data-seek=\"{}\"", asked.record + 1)), "{right}");
    let wrong = (asked.right + 1) % asked.choices.len();
    assert!(markup(Reply::Revealed(Some(wrong))).contains("Not this time: "));
    assert!(markup(Reply::Revealed(None)).contains("The answer: "));
}

#[test]
fn the_list_leads_on_and_says_what_is_broken_as_text() {
    let mut progress = lesson::Progress::default();
    progress.reach(0, 3);
    let broken = Address::parse("#tour/<img src=x>").expect("the tour's").expect_err("broken");
    let markup: String = overview(&progress, Some(&broken)).iter().map(Node::to_markup).collect();
    assert!(markup.contains("&lt;img") && !markup.contains("<img"), "{markup}");
    assert!(markup.contains("#tour/one-chef/4") && markup.contains("4 of 8"), "{markup}");
}

#[test]
fn every_object_spoken_of_has_words() {
    for chapter in chapters() {
        let words: Vec<String> = chapter.steps.iter().map(|step| step.of.words()).collect();
        assert!(words.iter().all(|words| words.contains('(')), "{words:?}");
    }
    assert_eq!(Cue::Chef.words(), "the chef (the one thread)");
}
