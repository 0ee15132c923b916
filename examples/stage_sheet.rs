//! Writes the stage in many moments into one page, to be looked at:
//! `cargo run --example stage_sheet -- OUT.html [desktop|phone] [MOMENT…]`.

use onechef::event::ClientId;
use onechef::view::stage::{SYMBOLS, stage};
use onechef::view::{Frame, Motion, Terms, Viewport};

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

fn main() -> std::io::Result<()> {
    let mut args = std::env::args().skip(1);
    let out = args.next().unwrap_or_else(|| "target/stage.html".into());
    let viewport = match args.next().as_deref() {
        Some("phone") => Viewport::Phone,
        _ => Viewport::Desktop,
    };
    let wanted: Vec<String> = args.collect();
    let width = if viewport == Viewport::Phone { 390 } else { 920 };
    let theme = std::env::var("THEME").unwrap_or_else(|_| "light".into());
    let terms = std::env::var("TERMS").unwrap_or_else(|_| "both".into());
    let mut page = format!(
        "<!doctype html><html lang=en data-theme={theme} data-terms={terms}><meta charset=utf-8>\
         <title>The stage</title><style>{}body{{margin:10px;background:var(--paper);\
         color:var(--ink);display:flex;flex-wrap:wrap;gap:14px}}\
         figure{{margin:0;width:{width}px}}</style>{SYMBOLS}",
        include_str!("../www/stage.css"),
    );
    for (name, moment, progress, selected) in MOMENTS {
        if !wanted.is_empty() && !wanted.iter().any(|w| w == name) {
            continue;
        }
        let evening = moment();
        let frame = Frame {
            world: &evening.world,
            now: Some(&evening.last),
            progress,
            terms: Terms::Both,
            motion: Motion::Full,
            viewport,
            selected: selected.map(ClientId),
        };
        page.push_str("<figure>");
        page.push_str(&stage(&frame).to_markup());
        page.push_str("</figure>");
    }
    std::fs::write(&out, page)
}
