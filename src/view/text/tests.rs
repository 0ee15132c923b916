use super::*;
use crate::sorted::SortedMap;

fn spoken(text: &str) -> Catalogue {
    Catalogue::parse(text).expect("a catalogue")
}

/// The only phrase of a catalogue, said with these values.
fn said(head: &str, wording: &str, values: &[Arg<'_>]) -> String {
    let catalogue = spoken(&format!("[bytes n] {{n|# byte|# bytes}}\n[p{head}] {wording}\n"));
    fill::fill(&catalogue, Phrase::named("p"), values).into_kitchen()
}

#[test]
fn values_are_put_where_their_names_stand() {
    assert_eq!(said(" who fd", "{fd}: {who}", &["ana".into(), Fd(7).into()]), "7: ana");
    assert_eq!(said(" who", "{Who} eats, {who} sleeps", &["ana".into()]), "Ana eats, ana sleeps");
}

#[test]
fn forms_follow_the_number_and_may_hold_placeholders() {
    let guests = "{n|# guest|# guests} at {where?table {where}|the door}{n?!}";
    let say = |n: u64, at: u64| said(" n where", guests, &[n.into(), at.into()]);
    assert_eq!(say(1, 2), "1 guest at table 2!");
    assert_eq!(say(16_384, 0), "16,384 guests at the door!");
    assert_eq!(say(0, 0), "0 guests at the door");
}

#[test]
fn amounts_are_read_by_people() {
    let show = |format: &str, n: u64| said(" n", &format!("{{n:{format}}}"), &[n.into()]);
    assert_eq!([show("number", 0), show("number", 1_000_000)], ["0", "1,000,000"]);
    assert_eq!([show("bytes", 1), show("bytes", 16_384)], ["1 byte", "16,384 bytes"]);
    let sizes = [8, 1_023, 1_536, 36 * 1_024 + 700, 712 * 1_024, 1_258_292, 1 << 20];
    let sizes = sizes.map(|n| show("size", n));
    assert_eq!(sizes, ["8 B", "1023 B", "1.5 KB", "36 KB", "712 KB", "1.2 MB", "1 MB"]);
    assert_eq!(show("size", u64::MAX), "17179869183 GB");
    let times = [7, 1_500, 1_050, 100_000, 13_266_000, 2_000_000].map(|n| show("time", n));
    assert_eq!(times, ["7 µs", "1.5 ms", "1.05 ms", "100 ms", "13.266 s", "2 s"]);
    let lasted = [7, 84_999, 12_500_000, 200_000_000].map(|n| show("lasting", n));
    assert_eq!(lasted, ["7 µs", "84 ms", "12 s", "3 min"]);
    assert_eq!([show("clock", 13_266_999), show("clock", 7)], ["13.266 s", "0.000 s"]);
}

/// Protects: times read the same in a sentence as in a trace.
#[test]
fn exact_times_are_those_of_the_clock() {
    for us in (0..2_000).chain((0..3_000_000).step_by(977)).chain([59_999_999, u64::MAX]) {
        let shown = said(" t", "{t:time}", &[us.into()]);
        assert_eq!(shown, Micros(us).to_string());
    }
}

#[test]
fn another_language_stands_on_top_of_the_first() {
    let first = "[number.group] ,\n[a n]\nkitchen = {n:number} in\nterm = call({n})\n[b] B\n";
    let other = "# remark\n\n[number.group] .\n[a n]\nkitchen = {n:number} drin\n";
    let catalogue = spoken(first).translated(other).expect("a translation");
    let said = fill::fill(&catalogue, Phrase::named("a"), &[Arg::Number(1_500)]);
    assert_eq!(
        (said.kitchen(), said.redis(), said.term()),
        ("1.500 drin", "1.500 drin", "call(1500)")
    );
    let rest = fill::fill(&catalogue, Phrase::named("b"), &[]);
    assert_eq!(rest.kitchen(), "B", "what a language leaves out stays");
    let more = spoken(first).translated("[0] more\n[z] more\n[b] C").expect("a translation");
    for (name, said) in [("0", "more"), ("z", "more"), ("b", "C")] {
        let word = fill::fill(&more, Phrase::named(name), &[]);
        assert_eq!(word.kitchen(), said, "what it adds is found");
    }
}

#[test]
fn what_is_wrong_is_told_with_its_line() {
    let wrong = |text: &str| Catalogue::parse(text).map(|_| ()).expect_err(text);
    let at = |line, expected| Broken { line, expected };
    assert_eq!(wrong("\nhello"), at(2, Expected::HeadOrWording));
    assert_eq!(wrong("kitchen = x"), at(1, Expected::Head));
    assert_eq!(wrong("[a"), at(1, Expected::NameInBrackets));
    assert_eq!(wrong("[] x"), at(1, Expected::NameInBrackets));
    assert_eq!(wrong("[a] x\n[b] x\n[a] y"), at(3, Expected::NewName));
    assert_eq!(wrong("[a n] {m}"), at(1, Expected::Value));
    assert_eq!(wrong("[a n] {n:feet}"), at(1, Expected::Format));
    assert_eq!(wrong("[a n] {n|one {n|two}"), at(1, Expected::Brace));
    assert_eq!(wrong("[a n] n}"), at(1, Expected::Brace));
    let other = |text: &str| spoken("[a n] x").translated(text).map(|_| ()).expect_err(text);
    assert_eq!(other("# a\n[a m] y"), at(2, Expected::SameValues));
    assert!(wrong("[a n] {m}").to_string().starts_with("line 1: expected the name of"));
}

/// Protects: what a client sends is text, never a template.
#[test]
fn values_are_never_read_as_templates() {
    let evil = "{n:number}#{Who|a|b} [x] kitchen = y";
    assert_eq!(said(" who n", "{n|#|{who}}", &[evil.into(), 2_u64.into()]), evil);
}

#[test]
fn no_two_phrases_of_any_language_have_the_same_number() {
    let mut known = SortedMap::new();
    for file in [include_str!("../../../www/text/en.txt"), include_str!("../../../www/text/de.txt")]
    {
        for head in file.lines().filter_map(|line| line.strip_prefix('[')) {
            let name = head.split([' ', ']']).next().unwrap_or_default();
            let other = known.insert(Phrase::named(name), name);
            assert!(other.is_none_or(|other| other == name), "{name} and {other:?}");
        }
    }
    assert!(known.len() > 1_000);
}
