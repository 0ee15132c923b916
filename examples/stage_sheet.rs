//! Writes the stage in many moments into one page, to be looked at:
//! `cargo run --example stage_sheet -- OUT.html [desktop|phone] [MOMENT…]`, or
//! every step of a bundled scenario: `… -- OUT.html desktop slow-reader`.

use onechef::event::ClientId;
use onechef::sim::{Scenario, Sim, scenarios};
use onechef::trace::{Record, World};
use onechef::view::beat::is_step;
use onechef::view::narration::narrate;
use onechef::view::stage::{SYMBOLS, stage};
use onechef::view::{Frame, Motion, Node, Terms, Viewport};

#[path = "../tests/it/evening.rs"]
#[allow(dead_code)]
mod evening;
use evening::Evening;

/// A name, the facts, the progress of the last one, and who is selected.
type Moment = (&'static str, fn() -> Evening, f64, Option<u64>);

const MOMENTS: [Moment; 16] = [
    ("poll", evening::poll, 1.0, None),
    ("read", evening::read, 1.0, Some(5)),
    ("reading", evening::read, 0.5, Some(5)),
    ("execute", evening::execute, 1.0, Some(2)),
    ("sweep", evening::sweep, 0.6, None),
    ("swept", evening::sweep, 1.0, None),
    ("helper", evening::helper, 1.0, None),
    ("faults", evening::faults, 1.0, Some(4)),
    ("accept", evening::accept, 0.4, None),
    ("accepted", evening::accept, 1.0, None),
    ("medium", || evening::crowd(12), 1.0, Some(5)),
    ("small", || evening::crowd(24), 1.0, Some(5)),
    ("map", || evening::crowd(200), 1.0, Some(40)),
    ("hall", || evening::crowd(1_000), 1.0, None),
    ("opening", Evening::opening, 1.0, None),
    ("eight", || evening::crowd(8), 0.5, None),
];

/// Where to write, on which stage, and which moments or which scenario.
struct Wish {
    out: String,
    viewport: Viewport,
    names: Vec<String>,
}

fn main() -> std::io::Result<()> {
    let mut args = std::env::args().skip(1);
    let out = args.next().unwrap_or_else(|| "target/stage.html".into());
    let viewport = match args.next().as_deref() {
        Some("phone") => Viewport::Phone,
        _ => Viewport::Desktop,
    };
    let wish = Wish { out, viewport, names: args.collect() };
    let mut page = head(&wish);
    let scenario = scenarios().iter().find(|bundled| wish.names.iter().any(|n| n == bundled.slug));
    match scenario {
        Some(bundled) => film(&wish, &bundled.scenario(), &mut page),
        None => sheet(&wish, &mut page),
    }
    std::fs::write(&wish.out, page)
}

fn head(wish: &Wish) -> String {
    let width = if wish.viewport == Viewport::Phone { 390 } else { 920 };
    let theme = std::env::var("THEME").unwrap_or_else(|_| "light".into());
    let terms = std::env::var("TERMS").unwrap_or_else(|_| "both".into());
    format!(
        "<!doctype html><html lang=en data-theme={theme} data-terms={terms}><meta charset=utf-8>\
         <title>The stage</title><style>{}body{{margin:10px;background:var(--paper);\
         color:var(--ink);display:flex;flex-wrap:wrap;gap:14px;font:13px var(--sans)}}\
         figure{{margin:0;width:{width}px}}</style>{SYMBOLS}",
        include_str!("../www/stage.css"),
    )
}

/// The chosen moments, or all of them.
fn sheet(wish: &Wish, page: &mut String) {
    for (name, moment, progress, selected) in MOMENTS {
        if !wish.names.is_empty() && !wish.names.iter().any(|wanted| wanted == name) {
            continue;
        }
        let evening = moment();
        let selected = selected.map(ClientId);
        figure(wish, &evening.world, &evening.last, progress, selected, name, page);
    }
}

/// Every step of a scenario, each with what is said about it.
fn film(wish: &Wish, scenario: &Scenario, page: &mut String) {
    let mut records = Vec::new();
    Sim::new(scenario).run_to_quiet(40, &mut records);
    let mut world = World::default();
    for record in &records {
        let before = world.clone();
        world.fold(record);
        if is_step(&record.event) {
            let words = narrate(record, &before, &world, None).words.into_kitchen();
            figure(wish, &world, record, 1.0, None, &format!("{} {words}", record.seq), page);
        }
    }
}

fn figure(
    wish: &Wish,
    world: &World,
    now: &Record,
    progress: f64,
    selected: Option<ClientId>,
    caption: &str,
    page: &mut String,
) {
    let frame = Frame {
        world,
        now: Some(now),
        progress,
        terms: Terms::Both,
        motion: Motion::Full,
        viewport: wish.viewport,
        selected,
        you: None,
    };
    let caption = Node::new("figcaption").text(caption.to_owned());
    let figure = Node::new("figure").child(stage(&frame)).child(caption);
    page.push_str(&figure.to_markup());
}
