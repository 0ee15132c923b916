//! Writes every panel in every moment worth looking at into one HTML file:
//! `cargo run --example panels_sheet`, then open `target/panels_sheet.html`
//! (`?theme=dark`, `?terms=kitchen` or `redis`, `?only=0` for the first moment).

mod specimens;

use onechef::view::panels;
use onechef::view::{Frame, Motion, Node, Terms, Viewport};
use specimens::Specimen;
use std::error::Error;
use std::fs;
use std::path::Path;

fn main() -> Result<(), Box<dyn Error>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let read = |path: &str| fs::read_to_string(root.join(path));
    let style = [read("www/stage.css")?, read("www/page.css")?, read("www/panels.css")?].concat();
    let sections: String = specimens::all().iter().map(|s| section(s).to_markup()).collect();
    let page = format!(
        "<!doctype html><html lang=en data-terms=both><meta charset=utf-8>\
         <meta name=viewport content='width=device-width'><title>Panels</title>\
         <style>{style}{SHEET}</style><script>{SWITCH}</script>{}<main>{sections}</main></html>",
        read("www/symbols.svg")?
    );
    let out = root.join("target/panels_sheet.html");
    fs::write(&out, page)?;
    println!("{}", out.display());
    Ok(())
}

const SHEET: &str = "main{padding:16px}section{border-top:2px solid var(--ink);padding:10px 0 30px}\
    .all{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,420px),433px));gap:30px}\
    .all>*{min-width:0}.phone{max-width:366px}.wide{grid-column:1/-1;max-width:920px}\
    .ev{max-height:620px;overflow:auto}";

const SWITCH: &str = "const q=new URLSearchParams(location.search);\
    for(const[k,v]of q)document.documentElement.dataset[k]=v;\
    onload=()=>document.querySelectorAll('section').forEach((s,i)=>{\
    s.hidden=q.has('only')&&q.get('only')!=i})";

fn section(specimen: &Specimen) -> Node {
    let Specimen { name, timeline, selected } = specimen;
    let playhead = timeline.len();
    let world = timeline.world_at(playhead);
    let before = timeline.world_at(playhead - 1);
    let frame = Frame {
        world: &world,
        now: timeline.now(playhead),
        progress: 1.0,
        terms: Terms::Both,
        motion: Motion::Full,
        viewport: Viewport::Desktop,
        selected: *selected,
        you: None,
    };
    let wide = |node: Node| Node::new("div").class("wide").child(node);
    let strip = |width| panels::strip(timeline.cycles(), playhead, &frame, width);
    Node::new("section").child(Node::new("h2").text(*name)).child(
        Node::new("div")
            .class("all")
            .child(wide(panels::readout(timeline, playhead, &world)))
            .child(wide(strip(920)).child(panels::legend()))
            .child(Node::new("div").class("phone").child(strip(366)))
            .child(panels::notepad(&frame))
            .child(panels::events(timeline, playhead, None))
            .child(panels::counters(&world, Some(&before)))
            .child(wide(panels::tables(&frame))),
    )
}
