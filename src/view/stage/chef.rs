//! The loop: a ring of seven segments with the one thread in the middle. He
//! never moves from there; his pose, the ring and the attention line change.

use super::draw::{Anchor, Placed, arc, circle, g, label, one, path, polar, symbol};
use super::kitchen;
use super::scene::Scene;
use super::whereabouts::{Pose, Whereabouts, is_done};
use crate::event::Handler;
use crate::view::phase::StagePhase;
use crate::view::text::{Phrase, Words, say};
use crate::view::tree::Node;

struct Station {
    segment: StagePhase,
    /// Its middle, degrees clockwise from twelve.
    degrees: f64,
    id: &'static str,
}

impl Station {
    /// Somebody who has just been woken does not sleep any more; and a table
    /// that has room again is served what was plated long ago.
    fn words(&self, scene: &Scene<'_>) -> Words {
        let handler = scene.world.firing.as_ref().map(|firing| firing.handler);
        let is_here = scene.chef.segment() == Some(self.segment);
        match self.segment {
            StagePhase::Poll if is_here && !scene.is_asleep() => say!("stage.chef.wakes-up"),
            StagePhase::Plate if is_here && handler == Some(Handler::SendReply) => {
                say!("stage.chef.carry-the-rest")
            }
            segment => Phrase::named("stage.chef.seg.").and(segment.name()).say(),
        }
    }
}

#[rustfmt::skip]
const STATIONS: [Station; 7] = [
    Station { segment: StagePhase::Sweep, degrees: 205.71, id: "seg:sweep" },
    Station { segment: StagePhase::Poll, degrees: 257.14, id: "seg:poll" },
    Station { segment: StagePhase::Read, degrees: 308.57, id: "seg:read" },
    Station { segment: StagePhase::Parse, degrees: 0.0, id: "seg:parse" },
    Station { segment: StagePhase::Execute, degrees: 51.43, id: "seg:execute" },
    Station { segment: StagePhase::Plate, degrees: 102.86, id: "seg:plate" },
    Station { segment: StagePhase::Timers, degrees: 154.29, id: "seg:timers" },
];

/// Half of a seventh of the circle.
const HALF: f64 = 25.714;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Turn {
    ToCome,
    Done,
    Now,
    Sleeping,
}

fn turn(scene: &Scene<'_>, segment: StagePhase) -> Turn {
    match scene.chef.segment() {
        Some(active) if active == segment => {
            if scene.is_asleep() {
                Turn::Sleeping
            } else {
                Turn::Now
            }
        }
        Some(active) if is_done(scene.world, active, segment) => Turn::Done,
        _ => Turn::ToCome,
    }
}

/// Ring, labels, chef, counter and plaque.
pub fn chef(scene: &Scene<'_>) -> Node {
    let ring = scene.layout.ring;
    let phone = scene.layout.is_phone();
    let asleep = scene.is_asleep();
    let well = match scene.chef {
        Whereabouts::Asleep => "well night",
        Whereabouts::Opening | Whereabouts::Closed => "well calm",
        Whereabouts::Awake { .. } => "well",
    };
    let mut out =
        g().key("ring").attr("id", "obj:ring").child(circle(well, ring.x, ring.y, ring.r));
    out.push(g().key("segments").children(STATIONS.iter().map(|s| segment(scene, s))));
    if phone {
        phone_extras(scene, &mut out);
    } else {
        out.push(g().key("labels").children(STATIONS.iter().map(|s| station_label(scene, s))));
    }
    let k = ring.r / 80.0;
    let class = match scene.chef {
        Whereabouts::Asleep => "chef rest asleep",
        Whereabouts::Opening | Whereabouts::Closed => "chef rest",
        Whereabouts::Awake { .. } => "chef",
    };
    let mut figure =
        g().key("chef").attr("id", "obj:chef").class(class).moved_scaled(ring.x, ring.y, k);
    if let Some(href) = pose(scene.chef) {
        figure.push(g().key("body").class("chefb").child(symbol(href, 0.0, 0.0)));
    }
    let counter = "M-49.5 41.3A64.5 64.5 0 0 0 49.5 41.3Z";
    figure.push(path(if asleep { "counter night" } else { "counter" }, counter));
    if asleep {
        let words = say!("stage.chef.nothing-to-do");
        figure.push(g().key("sky").children(one!("zzz", 0.0, -42.0, words, Anchor::Middle)));
    }
    let words = plaque(scene.chef);
    figure.push(g().key("plaque").children(one!("plq", 0.0, 56.0, words, Anchor::Middle)));
    out.push(figure);
    out
}

/// What repeats once per signal stands close together, the rest apart.
fn segment(scene: &Scene<'_>, station: &Station) -> Node {
    let ring = scene.layout.ring;
    let near = 0.7;
    let apart = 3.0;
    let before = match station.segment {
        StagePhase::Parse | StagePhase::Execute | StagePhase::Plate => near,
        _ => apart,
    };
    let after = match station.segment {
        StagePhase::Read | StagePhase::Parse | StagePhase::Execute => near,
        _ => apart,
    };
    let band = ring.r * 0.125;
    let (class, width) = match turn(scene, station.segment) {
        Turn::ToCome => ("seg", band * 0.26),
        Turn::Done => ("seg seg-done", band),
        Turn::Now => ("seg seg-on", band),
        Turn::Sleeping => ("seg seg-sleep", band),
    };
    let (from, to) = (station.degrees - HALF + before, station.degrees + HALF - after);
    path(class, arc(ring.x, ring.y, ring.r - band / 2.0, from, to))
        .num("stroke-width", width)
        .attr("id", station.id)
        .key(station.id)
}

fn label_class(turn: Turn) -> &'static str {
    match turn {
        Turn::ToCome => "lab ph",
        Turn::Done => "lab ph done",
        Turn::Now => "lab ph on",
        Turn::Sleeping => "lab ph slp",
    }
}

fn station_label(scene: &Scene<'_>, station: &Station) -> Node {
    let ring = scene.layout.ring;
    let turn = turn(scene, station.segment);
    let class = label_class(turn);
    let words = station.words(scene);
    let mut out = g().key(station.id);
    match station.segment {
        StagePhase::Parse => {
            let tspan = |class, words: &str| Node::new("tspan").class(class).text(words.to_owned());
            out.push(
                Node::new("text")
                    .class(class)
                    .num("x", ring.x)
                    .num("y", ring.y - ring.r - 8.0)
                    .middle()
                    .child(tspan("lk", words.kitchen()))
                    .child(tspan("sp", " "))
                    .child(tspan("lr", words.redis()).attr("dx", "4")),
            );
            signal_line(scene, turn, ring.x, ring.y - ring.r + 22.0, Anchor::Middle, &mut out);
        }
        StagePhase::Sweep => {
            let (x, y) = (ring.x - 14.0, ring.y + ring.r + 15.0);
            out.push(label(class, x, y, words, Anchor::End, 12.0));
        }
        StagePhase::Timers => {
            let (x, y) = (ring.x + 14.0, ring.y + ring.r + 15.0);
            out.push(label(class, x, y, words, Anchor::Start, 12.0));
        }
        StagePhase::Poll | StagePhase::Read | StagePhase::Execute | StagePhase::Plate => {
            let (at_x, at_y) = polar(ring.x, ring.y, ring.r + 11.0, station.degrees);
            let (side, anchor) =
                if at_x > ring.x { (1.0, Anchor::Start) } else { (-1.0, Anchor::End) };
            let (x, y) = if at_y < ring.y {
                (ring.x + side * (ring.r + 2.0), ring.y - 57.0)
            } else {
                (ring.x + side * (ring.r + 11.0), ring.y + 25.0)
            };
            out.push(label(class, x, y, words, anchor, 12.0));
            signal_line(scene, turn, x, y + 25.0, anchor, &mut out);
        }
    }
    out
}

/// "signal 3 of 4" under the label of what is being done for it.
fn signal_line(scene: &Scene<'_>, turn: Turn, x: f64, y: f64, anchor: Anchor, out: &mut Node) {
    // Above the ring there is no room for a third line; the board has it too.
    if turn != Turn::Now || scene.world.firing.is_none() || anchor == Anchor::Middle {
        return;
    }
    let (at, of) = (scene.world.fired_begun, scene.world.fired.len());
    let words = if of < 10 {
        say!("stage.chef.signal", at, of)
    } else {
        say!("stage.chef.signal-of-many", at, of)
    };
    out.push(g().key("signal").children(one!("sig", x, y, words, anchor)));
}

/// The phone's ring has no labels: the clock's dial beside it, and the name of
/// the current segment below.
fn phone_extras(scene: &Scene<'_>, out: &mut Node) {
    let ring = scene.layout.ring;
    out.push(kitchen::phone_clock(scene));
    let Some(active) = scene.chef.segment() else { return };
    let Some(station) = STATIONS.iter().find(|s| s.segment == active) else { return };
    let words = station.words(scene);
    let class = if scene.is_asleep() { "lab phm slp" } else { "lab phm on" };
    let line = |class, dy, inner, words| {
        Node::new("text")
            .class(class)
            .num("x", ring.x)
            .num("y", ring.y + ring.r + dy)
            .middle()
            .child(Node::new("tspan").class(inner).text(words))
    };
    out.push(
        g().key("phase").child(line(class, 20.0, "lk", words.kitchen().to_owned())).child(line(
            "lab phm",
            34.0,
            "lr",
            words.redis().to_owned(),
        )),
    );
}

fn pose(at: Whereabouts) -> Option<&'static str> {
    Some(match at {
        Whereabouts::Closed => return None,
        Whereabouts::Opening => "#chef-look",
        Whereabouts::Asleep => "#chef-asleep",
        Whereabouts::Awake { pose, .. } => match pose {
            Pose::Look | Pose::Greet | Pose::Tidy | Pose::Farewell => "#chef-look",
            Pose::Read => "#chef-read",
            Pose::Cook | Pose::Plate => "#chef-cook",
            Pose::Time => "#chef-time",
            Pose::Sweep => "#chef-sweep",
            Pose::Stop => "#chef-stop",
        },
    })
}

/// At most eight letters fit on the counter.
fn plaque(at: Whereabouts) -> Words {
    match at {
        Whereabouts::Opening => say!("stage.chef.plaque.opening-init"),
        Whereabouts::Closed => say!("stage.chef.plaque.closed-exit"),
        Whereabouts::Asleep => say!("stage.chef.plaque.0-cpu-0-cpu"),
        Whereabouts::Awake { pose, segment, .. } => match pose {
            Pose::Look => say!("stage.chef.plaque.awake-fired"),
            Pose::Greet => say!("stage.chef.plaque.greeting-accept"),
            Pose::Read if segment == StagePhase::Parse => say!("stage.chef.plaque.reading-parse"),
            Pose::Read => say!("stage.chef.plaque.reading-read"),
            Pose::Cook => say!("stage.chef.plaque.cooking-call"),
            Pose::Plate => say!("stage.chef.plaque.plating-addreply"),
            Pose::Time => say!("stage.chef.plaque.on-time-timers"),
            Pose::Sweep => say!("stage.chef.plaque.serving-write"),
            Pose::Tidy => say!("stage.chef.plaque.all-done-before"),
            Pose::Stop => say!("stage.chef.plaque.enough-free"),
            Pose::Farewell => say!("stage.chef.plaque.goodbye-free"),
        },
    }
}
