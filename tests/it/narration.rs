//! Every fact has its words: short, plain, harmless, and true to the drawing.

use crate::facts::{Dice, EVENT_KINDS, noise};
use crate::runs::{run, scenarios};
use crate::text::in_every_language;
use onechef::event::Event;
use onechef::trace::{Record, World};
use onechef::view::narration::{WORDS_MAX, alt};
use onechef::view::{Frame, Motion, Narration, Terms, Viewport, narrate};
use std::net::SocketAddr;

fn said(world: &mut World, record: &Record) -> Narration {
    said_to(None, world, record)
}

fn said_to(you: Option<SocketAddr>, world: &mut World, record: &Record) -> Narration {
    let before = world.clone();
    world.fold(record);
    narrate(record, &before, world, you)
}

fn frame(world: &World) -> Frame<'_> {
    Frame {
        world,
        now: None,
        progress: 1.0,
        terms: Terms::Both,
        motion: Motion::Full,
        viewport: Viewport::Desktop,
        selected: None,
        you: None,
    }
}

/// What a person is shown must be visible, and stay on its line.
fn assert_harmless(text: &str, whose: &Event) {
    assert!(!text.trim().is_empty(), "nothing to say of {whose:?}");
    let hidden = |c: char| c.is_control() || ('\u{2028}'..='\u{202e}').contains(&c);
    assert!(!text.contains(hidden), "{text:?} of {whose:?}");
}

fn assert_sentence(text: &str, whose: &Event) {
    assert_harmless(text, whose);
    let words = text.split_whitespace().count();
    assert!(words <= WORDS_MAX, "{words} words: {text:?} of {whose:?}");
    assert!(text.ends_with('.') || text.ends_with('?'), "{text:?} of {whose:?}");
    assert!(!text.starts_with("Something happened"), "no words for {whose:?}");
}

#[test]
fn every_event_has_words_whatever_the_world_and_the_bytes() {
    in_every_language(tell_noise);
}

fn tell_noise() {
    for seed in 0..300 {
        let mut dice = Dice::new(seed);
        let seeds: Vec<u64> = (0..dice.below(60)).map(|_| dice.number()).collect();
        let mut world = World::default();
        noise(&seeds).iter().for_each(|record| world.fold(record));
        for kind in 0..EVENT_KINDS {
            let event = dice.event_of_kind(kind);
            let record = Record { seq: world.records, at: world.at, event };
            let told = said(&mut world, &record);
            assert_sentence(told.words.kitchen(), &record.event);
            assert_sentence(told.words.redis(), &record.event);
            let term = told.words.term();
            assert_harmless(term, &record.event);
            assert!(term.chars().count() <= 160, "{term:?}");
            assert_harmless(&alt(&frame(&world)), &record.event);
        }
    }
}

#[test]
fn the_bundled_scenarios_are_told_from_end_to_end() {
    in_every_language(tell_the_scenarios);
}

fn tell_the_scenarios() {
    for records in scenarios() {
        let mut world = World::default();
        for record in &records {
            let Narration { words, badge } = said(&mut world, record);
            assert_sentence(words.kitchen(), &record.event);
            assert_sentence(words.redis(), &record.event);
            assert_harmless(words.term(), &record.event);
            let known = |id| {
                world.clients.contains_key(&id) || world.departed.iter().any(|d| d.client.id == id)
            };
            assert!(badge.is_none_or(known), "a badge of nobody: {record:?}");
        }
    }
}

/// Protects: whoever plays a guest is spoken to as "you", in the verb's form, by
/// every sentence about what that guest does; all others hear of a guest.
#[test]
fn who_plays_a_guest_is_spoken_to() {
    in_every_language(speak_to_a_guest);
}

fn speak_to_a_guest() {
    let (mut spoken, mut others) = (0, 0);
    for records in scenarios() {
        let doings = |record: &Record| match record.event {
            Event::Pipe { peer, .. } => Some(peer),
            _ => None,
        };
        let Some(you) = records.iter().find_map(doings) else { continue };
        let (mut world, mut to_you) = (World::default(), World::default());
        for record in &records {
            let neutral = said(&mut world, record);
            let told = said_to(Some(you), &mut to_you, record);
            assert_sentence(told.words.kitchen(), &record.event);
            assert_sentence(told.words.redis(), &record.event);
            if doings(record) != Some(you) {
                others += u32::from(told == neutral);
                continue;
            }
            spoken += 1;
            let kitchen = told.words.kitchen();
            assert_ne!(kitchen, neutral.words.kitchen());
            let verb = kitchen.split([' ', ':']).nth(1).unwrap_or_default();
            match kitchen.split(' ').next() {
                Some("You") => assert!(!verb.ends_with('s'), "{kitchen}"),
                Some("Du") => assert!(verb.ends_with("st"), "{kitchen}"),
                _ => assert!(
                    ["Your ", "Dein ", " you.", " dich."].iter().any(|w| kitchen.contains(w)),
                    "{kitchen}"
                ),
            }
        }
    }
    assert!(spoken > 50 && others > 500, "{spoken} and {others}");
}

/// What is said of the `nth` record of the first kind that `is` names, in a run.
fn first(is: fn(&Event) -> bool) -> Narration {
    let mut world = World::default();
    for record in run(5, 30) {
        let told = said(&mut world, &record);
        if is(&record.event) {
            return told;
        }
    }
    panic!("no such event in the run");
}

#[test]
fn sentences_say_what_happened() {
    let read = first(|e| matches!(e, Event::Read { bytes, .. } if bytes.len == 14));
    let table = read.badge.expect("a client");
    assert_eq!(
        read.words.kitchen(),
        format!("The chef copies 14 bytes from table {table}'s slip onto notepad {table}.")
    );
    assert!(read.words.term().ends_with("querybuf, …) = 14"), "{}", read.words.term());

    let run = first(|e| matches!(e, Event::CommandBegin { .. }));
    assert_eq!(
        run.words.kitchen(),
        "On the grill: PING. Until it is done, no other order can run."
    );

    let full = first(|e| matches!(e, Event::Write { left: 36_864, .. }));
    assert!(
        full.words.kitchen().ends_with("takes 7 bytes and is full; 36,864 bytes stay on the rack.")
    );

    let asleep = first(|e| matches!(e, Event::PollEnter { .. }));
    assert_eq!(asleep.words.term(), "aeApiPoll(timeout = 1 ms) · thread blocked");
}

#[test]
fn the_label_tells_the_whole_stage() {
    let mut world = World::default();
    for record in run(5, 30) {
        world.fold(&record);
        let label = alt(&frame(&world));
        let tables = world.clients.len();
        match tables {
            0 => assert!(label.contains("No table is taken"), "{label}"),
            1 => assert!(label.contains("1 table taken"), "{label}"),
            n => assert!(label.contains(&format!("{n} tables taken")), "{label}"),
        }
        let asleep = world.asleep.is_some() && !world.signal_is_up();
        assert_eq!(label.contains("asleep"), asleep, "{label}");
        let plates = world.clients.values().any(|c| c.reply.waiting() > 0);
        assert_eq!(label.contains("On the rack: "), plates, "{label}");
    }
}
