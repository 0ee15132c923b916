//! Every sentence is in the catalogues and nowhere else, and every catalogue
//! says all of it.

use crate::source::{self, Source, root};
use onechef::sim::{Scenario, bundled_as, lessons, scenarios};
use onechef::time::Micros;
use onechef::trace::codec;
use onechef::view::fault;
use onechef::view::text::{self, Catalogue, speak};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;

fn file(language: &str) -> String {
    let path = root().join(format!("www/text/{language}.txt"));
    fs::read_to_string(&path).unwrap_or_else(|why| panic!("{}: {why}", path.display()))
}

fn english() -> Catalogue {
    Catalogue::parse(&file("en")).unwrap_or_else(|why| panic!("en.txt, {why}"))
}

/// Every language by its short name, the first one first.
pub fn languages() -> [(&'static str, Catalogue); 2] {
    [("en", english()), ("de", german())]
}

fn german() -> Catalogue {
    english().translated(&file("de")).unwrap_or_else(|why| panic!("de.txt, {why}"))
}

/// Each language is spoken on a thread of its own, since what a thread speaks
/// it goes on speaking.
pub fn in_every_language(tell: fn()) {
    for (language, catalogue) in languages() {
        let told = std::thread::spawn(move || {
            speak(catalogue);
            tell();
        });
        assert!(told.join().is_ok(), "in {language}");
    }
}

/// Name to the number of values.
fn phrases(catalogue: &Catalogue) -> BTreeMap<String, usize> {
    catalogue
        .all()
        .map(|(name, values, _)| (name.to_owned(), values.split_whitespace().count()))
        .collect()
}

/// What speaks: the views and the page, without their tests.
fn speakers() -> Vec<Source> {
    let mut sources = source::files(&["src/view", "src/web"], "rs");
    sources.retain(|s| !s.path.ends_with("tests.rs") && !s.path.contains("/text/"));
    for source in &mut sources {
        if let Some(tests) = source.text.find("#[cfg(test)]\nmod tests") {
            source.text.truncate(tests);
        }
    }
    sources
}

/// The string after each place where `before` stands, and where it ends.
fn literals<'a>(text: &'a str, before: &'a str) -> impl Iterator<Item = (&'a str, usize)> {
    text.match_indices(before).filter_map(move |(at, _)| {
        let rest = &text[at + before.len()..];
        let open = rest.len() - rest.trim_start().len();
        let inner = rest[open..].strip_prefix('"')?;
        let end = inner.find('"')?;
        Some((&inner[..end], at + before.len() + open + end + 2))
    })
}

/// Values given in a call whose name ended at `from`: commas of its own level.
fn given(text: &str, from: usize) -> usize {
    let end = {
        let mut depth = 1_i32;
        let close = text[from..].char_indices().find(|(_, c)| {
            depth +=
                i32::from(matches!(c, '(' | '[' | '{')) - i32::from(matches!(c, ')' | ']' | '}'));
            depth == 0
        });
        from + close.expect("the call is closed").0
    };
    let (mut depth, mut values, mut filled) = (0_i32, 0, true);
    for c in text[from..end].chars() {
        match c {
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => depth -= 1,
            ',' if depth == 0 => {
                filled = false;
                continue;
            }
            _ => {}
        }
        if !filled && !c.is_whitespace() {
            values += 1;
            filled = true;
        }
    }
    values
}

/// Protects: nothing is said that no catalogue knows, and each phrase is given
/// the values that its head names.
#[test]
fn what_the_program_says_is_in_the_catalogue() {
    let known = phrases(&english());
    let (mut complaints, mut calls) = (Vec::new(), 0);
    for Source { path, text } in &speakers() {
        for (name, end) in literals(text, "say!(").chain(literals(text, "line!(")) {
            calls += 1;
            let values = given(text, end);
            match known.get(name) {
                None => complaints.push(format!("{path}: no phrase {name}")),
                Some(wanted) if *wanted != values => {
                    complaints.push(format!("{path}: {name} has {wanted} values, given {values}"));
                }
                Some(_) => {}
            }
        }
    }
    assert!(calls > 100, "only {calls} calls were found");
    assert!(complaints.is_empty(), "\n{}", complaints.join("\n"));
}

/// Protects: a translator's work is all used.
#[test]
fn every_phrase_is_said_somewhere() {
    let page = fs::read_to_string(root().join("index.html")).expect("the page");
    let mut used: BTreeSet<String> = BTreeSet::new();
    let mut families: BTreeSet<String> = BTreeSet::new();
    for Source { text, .. } in &speakers() {
        let named = literals(text, "named(");
        let said = literals(text, "say!(").chain(literals(text, "line!("));
        for (name, _) in named.chain(said) {
            if name.ends_with('.') {
                families.insert(name.to_owned());
            }
            used.insert(name.to_owned());
        }
    }
    for mark in ["data-t=", "data-t-label=", "data-t-title=", "data-t-hint=", "data-t-group="] {
        used.extend(literals(&page, mark).map(|(name, _)| name.to_owned()));
    }
    // What numbers are written with.
    used.extend(["number.group", "number.point", "bytes"].map(str::to_owned));
    let catalogue = english();
    let unused: Vec<&str> = catalogue
        .all()
        .map(|(name, ..)| name)
        .filter(|name| !used.contains(*name) && !families.iter().any(|f| name.starts_with(f)))
        .collect();
    assert!(unused.is_empty(), "never said: {unused:?}");
}

/// What is said in English elsewhere: by the readers of files (`view/fault.rs`)
/// and in the bundled scenarios.
fn is_said_elsewhere(name: &str) -> bool {
    name.starts_with("fault") || name.starts_with("scenario.")
}

/// Protects: the second language is complete.
#[test]
fn german_says_all_of_it() {
    let theirs = Catalogue::parse(&file("de")).unwrap_or_else(|why| panic!("de.txt, {why}"));
    let first = english();
    let names = |catalogue: &Catalogue| -> BTreeSet<String> {
        catalogue.all().map(|(name, ..)| name.to_owned()).collect()
    };
    let (ours, others) = (names(&first), names(&theirs));
    let missing: Vec<_> = ours.difference(&others).collect();
    assert!(missing.is_empty(), "left in English: {missing:?}");
    let unknown: Vec<_> =
        others.difference(&ours).filter(|name| !is_said_elsewhere(name)).collect();
    assert!(unknown.is_empty(), "never said: {unknown:?}");
    let theirs = theirs.all().filter(|(name, ..)| ours.contains(*name));
    for ((name, _, first), (_, _, other)) in first.all().zip(theirs) {
        for wording in 0..2 {
            let says = [first[wording], other[wording]].map(|words| !words.is_empty());
            assert_eq!(says[0], says[1], "{name}: a wording is missing or too many");
        }
    }
}

#[test]
fn numbers_are_written_as_the_language_does() {
    let told = std::thread::spawn(|| {
        speak(german());
        german_numbers();
    });
    assert!(told.join().is_ok());
}

fn german_numbers() {
    assert_eq!([text::grouped(16_384), text::bytes(1)], ["16.384", "1 Byte"]);
    assert_eq!([text::time(Micros(1_500)), text::size(1_536)], ["1,5 ms", "1,5 KB"]);
    assert_eq!(text::clock(Micros(13_266_000)), "13,266 s");
}

/// Protects: the page says the same before and after its words are loaded.
#[test]
fn the_page_stands_in_english_as_the_catalogue_says_it() {
    let page = fs::read_to_string(root().join("index.html")).expect("the page");
    let catalogue = english();
    let said: BTreeMap<&str, &str> =
        catalogue.all().map(|(name, _, [words, ..])| (name, words)).collect();
    let mut checked = 0;
    for (name, end) in literals(&page, "data-t=") {
        let rest = &page[end - 1..];
        let inner = &rest[rest.find('>').expect("a tag") + 1..];
        // What stands in it before its own text: a checkbox, a picture.
        let texts = inner.split('>').map(|part| part.split('<').next().unwrap_or(""));
        let own = std::iter::once(inner.split('<').next().unwrap_or("")).chain(texts.skip(1));
        let own: Vec<String> =
            own.map(|t| t.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
        let first = own.iter().find(|text| !text.is_empty()).expect("a text");
        let first = first.replace("&lt;", "<").replace("&gt;", ">");
        assert_eq!(said[name], first, "{name}");
        checked += 1;
    }
    for mark in ["data-t-label", "data-t-title", "data-t-hint", "data-t-group"] {
        for (at, _) in page.match_indices(&format!(" {mark}=")) {
            let value = page[..at].rsplit('"').nth(1).expect("an attribute before it");
            let marked = format!("{mark}=");
            let name = literals(&page[at..], &marked).next().expect("a name").0;
            assert_eq!(said[name], value, "{name}");
            checked += 1;
        }
    }
    assert!(checked > 150, "only {checked} texts were found");
}

/// Protects: a scenario is called in English what its file says, without a
/// second copy of it; every other language has words of its own for it.
#[test]
fn bundled_scenarios_have_their_names() {
    let (english, german) = (english(), german());
    assert!(english.all().all(|(name, ..)| !name.starts_with("scenario.")));
    let said: BTreeMap<&str, &str> =
        german.all().map(|(name, _, [words, ..])| (name, words)).collect();
    for bundled in scenarios().iter().chain(lessons()) {
        let (scenario, name) = (bundled.scenario(), format!("scenario.{}", bundled.slug));
        let [title, about] = [said[&*name], said[&*format!("{name}.about")]];
        assert!(!title.is_empty() && !about.is_empty(), "{name}");
        assert_ne!(about, scenario.about, "{name}");
    }
    let known = |slug| bundled_as(slug).is_some();
    let slugs = said.keys().filter_map(|name| name.strip_prefix("scenario."));
    for slug in slugs {
        assert!(known(slug.strip_suffix(".about").unwrap_or(slug)), "{slug} is gone");
    }
}

/// Protects: a phrase's number is its name's.
#[test]
fn names_do_not_collide() {
    let catalogue = english();
    assert_eq!(phrases(&catalogue).len(), catalogue.all().count());
}

/// The values that a wording tells, whatever their format and forms.
fn told(wording: &str) -> BTreeSet<String> {
    let slots = wording.split('{').skip(1);
    slots
        .map(|slot| slot.split(['}', ':', '|', '?']).next().unwrap_or(slot).to_lowercase())
        .collect()
}

/// Protects: a translation keeps nothing back that the first language tells.
#[test]
fn a_translation_tells_the_same_values() {
    let (english, german) = (english(), german());
    let own = |name: &str| english.all().all(|(known, ..)| known != name);
    let (added, both): (Vec<_>, Vec<_>) = german.all().partition(|(name, ..)| own(name));
    for (name, values, [words, ..]) in added {
        let values = values.split_whitespace().map(str::to_owned).collect();
        assert_eq!(told(words), values, "{name}: {words}");
    }
    for ((name, _, first), (_, _, other)) in english.all().zip(both) {
        for (first, other) in first.into_iter().zip(other) {
            assert_eq!(told(first), told(other), "{name}: {other}");
        }
    }
}

/// Protects: a broken file is told of in the reader's language, with what
/// stands in it as it is.
#[test]
fn faults_are_told_in_the_reader_s_language() {
    let told = std::thread::spawn(|| {
        let english = faults();
        assert_eq!(english.map(|said| fault(&said)), faults(), "in English as it stands");
        speak(german());
        let german = faults().map(|said| fault(&said));
        assert_eq!(
            german,
            [
                "a:2:8: erwartet: der Name eines Clients aus Buchstaben, Ziffern, '-', '_', gefunden: \"\"eve\"\"",
                "a:3:7: erwartet: eins von ana, gefunden: das Zeilenende",
                "a:3:18: erwartet: zwischen 1 Anfrage und 64mb in einer Anweisung, gefunden: \"0\"",
                "a:3:8: 'ana' ist dann noch nicht verbunden",
                "a:2:5: warp-drive: unbekannte Direktive",
                "1:1: erwartet: der Kopf einer Aufzeichnung wie {\"onechef-trace\":1,…}",
                "a:3:22: erwartet: ein schließendes Anführungszeichen, gefunden: \"\"a\"",
            ]
        );
    });
    assert!(told.join().is_ok());
}

fn faults() -> [String; 7] {
    let scenario = |text: &str| {
        let text = format!("onechef scenario 1\n{text}");
        Scenario::parse("a", &text).expect_err("broken").to_string()
    };
    let trace = |text: &str| codec::read(text.as_bytes()).expect_err("broken").to_string();
    [
        scenario("client \"eve\""),
        scenario("client ana\nat 1ms"),
        scenario("client ana\nat 1ms ana sends 0 x PING"),
        scenario("client ana\nat 1ms ana closes"),
        scenario("set warp-drive on"),
        trace("[]\n"),
        scenario("client ana\nat 1ms ana sends GET \"a"),
    ]
}

#[test]
fn the_search_for_calls_sees_what_it_must() {
    let text = r#"say!("a", f(1, 2), [x, y],) line!( "b" ) say!("c", x)"#;
    let found: Vec<_> = literals(text, "say!(").chain(literals(text, "line!(")).collect();
    let names: Vec<_> = found.iter().map(|(name, end)| (*name, given(text, *end))).collect();
    assert_eq!(names, [("a", 2), ("c", 1), ("b", 0)]);
}
