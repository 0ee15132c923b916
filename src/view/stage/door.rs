//! The door: the listening socket's bell, the accept queue outside, and the
//! way in and out.

use super::draw::{
    Anchor, Placed, circle, d, g, in_one_place, label, line, one, path, rect, sine, symbol, text,
};
use super::motion::ease_out;
use super::scene::{Lamp, Scene};
use super::whereabouts::{Place, Pose};
use crate::event::{Event, Pipe};
use crate::view::text::say;
use crate::view::tree::Node;

/// Figures that are drawn; the rest is a number.
const QUEUE: usize = 3;

/// Whether the bell rings: somebody waits and the poll has said so, or is
/// being let in.
fn rings(scene: &Scene<'_>) -> bool {
    matches!(scene.bell, Lamp::Lit | Lamp::Now)
        || matches!(scene.event(), Some(Event::Pipe { pipe: Pipe::Queued { .. }, .. }))
}

/// Three swings of twelve degrees, dying away.
fn swing(scene: &Scene<'_>) -> f64 {
    let struck = matches!(
        scene.event(),
        Some(Event::Pipe { pipe: Pipe::Queued { .. }, .. } | Event::PollReturn { .. })
    );
    if !struck || !rings(scene) || scene.t >= 1.0 {
        return 0.0;
    }
    12.0 * (1.0 - scene.t) * sine(1_080.0 * scene.t)
}

/// Open while somebody goes through.
fn is_open(scene: &Scene<'_>) -> bool {
    let leaving = matches!(
        scene.chef,
        super::whereabouts::Whereabouts::Awake { pose: Pose::Stop | Pose::Farewell, .. }
    ) && matches!(scene.event(), Some(Event::ClientFreed { .. }));
    let entering = scene.is_at(Place::Door)
        && !matches!(scene.event(), Some(Event::Fire { .. } | Event::AcceptEnd { .. }));
    leaving || entering
}

pub fn door(scene: &Scene<'_>) -> Node {
    let out = g().key("door").attr("id", "obj:door");
    if scene.layout.is_phone() { phone(scene, out) } else { desktop(scene, out) }
}

/// The door itself, without who stands before it and what it is called.
fn entrance() -> Node {
    g().key("entrance").attr("id", "obj:entrance")
}

fn bell(scene: &Scene<'_>, x: f64, y: f64, k: f64) -> Node {
    let ringing = rings(scene);
    let mut out = g().key("bell").attr("id", "obj:bell");
    let at = d!("translate({} {}) scale({}) rotate({})", x, y, k, swing(scene));
    let body = g().attr("transform", at).child(symbol("#bell", 0.0, 0.0));
    out.push(if ringing { body.class("ringing") } else { body });
    if ringing {
        let data = d!(
            "M{} {}C{} {} {} {} {} {}M{} {}C{} {} {} {} {} {}",
            x - 16.0 * k,
            y - 6.0 * k,
            x - 19.0 * k,
            y - 2.0 * k,
            x - 19.0 * k,
            y + 3.0 * k,
            x - 16.0 * k,
            y + 7.0 * k,
            x + 16.0 * k,
            y - 6.0 * k,
            x + 19.0 * k,
            y - 2.0 * k,
            x + 19.0 * k,
            y + 3.0 * k,
            x + 16.0 * k,
            y + 7.0 * k,
        );
        out.push(path("ray", data));
    }
    out
}

fn desktop(scene: &Scene<'_>, mut out: Node) -> Node {
    let floor = 578.0;
    let x = 92.0;
    out.push(bell(scene, 113.0, floor - 101.0, 1.0));
    let hot = scene.is_at(Place::Door);
    let frame = if hot { "frame2 hotb" } else { "frame2" };
    let mut entrance = entrance();
    entrance.push(rect(frame, x, floor - 84.0, 42.0, 84.0).round(2.0).key("frame"));
    let mut leaf = g().key("leaf");
    if is_open(scene) {
        leaf.push(rect("leaf open", x + 4.0, floor - 80.0, 34.0, 80.0));
        leaf.push(path("leafo", "M96 498L83 504V583L96 578Z"));
    } else {
        leaf.push(rect("leaf", x + 4.0, floor - 80.0, 34.0, 80.0));
        leaf.push(rect("paneline", x + 9.0, floor - 73.0, 24.0, 26.0).round(1.0));
        leaf.push(rect("paneline", x + 9.0, floor - 40.0, 24.0, 32.0).round(1.0));
        leaf.push(circle("inkf", x + 34.0, floor - 43.0, 1.8));
    }
    out.push(entrance.child(leaf));
    out.push(line("floor", 8.0, floor, 146.0, floor));
    let waiting = scene.world.backlog.len();
    for i in 0..waiting.min(QUEUE) {
        let place = 72.0 - i as f64 * 24.0;
        let place = if i + 1 == waiting { coming(scene, place) } else { place };
        out.push(symbol("#queue", place, floor).key(format!("queue:{i}")));
    }
    if waiting > QUEUE {
        out.push(text("nm", 6.0, floor - 62.0, format!("+{}", waiting - QUEUE)).key("more"));
    }
    out.push(names(scene, waiting, hot));
    out
}

/// The newest in the queue walks up from outside.
fn coming(scene: &Scene<'_>, place: f64) -> f64 {
    match scene.event() {
        Some(Event::Pipe { pipe: Pipe::Queued { .. }, .. }) => {
            -24.0 + (place + 24.0) * ease_out(scene.t)
        }
        _ => place,
    }
}

fn names(scene: &Scene<'_>, waiting: usize, hot: bool) -> Node {
    let listener = scene.world.listeners.first();
    let bell = say!("stage.door.bell", listener.map_or(0, |(fd, _)| fd.0));
    let mut out = g().key("names");
    out.push(label("lab obj", 8.0, scene.layout.boundary + 33.0, bell, Anchor::Start, 13.5));
    let words = say!("stage.door.queue", waiting);
    let y = scene.layout.height - 7.0;
    out.push(g().children(one!("nm", 8.0, y, words, Anchor::Start)));
    let words = say!("stage.door.door", listener.map_or(0_u32, |(_, at)| at.port().into()));
    out.push(if hot {
        g().children(one!("nm hot", 113.0, y, words, Anchor::Middle))
    } else {
        g().children(one!("nm", 113.0, y, words, Anchor::Middle))
    });
    out
}

fn phone(scene: &Scene<'_>, mut out: Node) -> Node {
    out.push(bell(scene, 23.0, 426.0, 0.9));
    let frame = if scene.is_at(Place::Door) { "frame2 hotb" } else { "frame2" };
    let mut entrance = entrance();
    entrance.push(rect(frame, 8.0, 444.0, 30.0, 59.0).round(2.0).key("frame"));
    let mut leaf = g().key("leaf");
    if is_open(scene) {
        leaf.push(rect("leaf open", 11.0, 447.0, 24.0, 56.0));
        leaf.push(path("leafo", "M11 447L19 451V507L11 503Z"));
    } else {
        leaf.push(rect("leaf", 11.0, 447.0, 24.0, 56.0));
        leaf.push(rect("paneline", 15.0, 452.0, 16.0, 18.0));
        leaf.push(rect("paneline", 15.0, 475.0, 16.0, 22.0));
    }
    out.push(entrance.child(leaf));
    let waiting = scene.world.backlog.len();
    let y = scene.layout.caption;
    let port = scene.world.listeners.first().map_or(0_u32, |(_, at)| at.port().into());
    let names = g().key("names");
    out.push(if waiting == 0 {
        names.children(in_one_place(
            ["nm k0", "nm b0"],
            23.0,
            y,
            &say!("stage.door.door", port),
            Anchor::Middle,
        ))
    } else {
        names.children(one!("nm", 23.0, y, say!("stage.door.wait", waiting), Anchor::Middle))
    });
    out
}
