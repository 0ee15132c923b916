//! Being a guest: what is typed and what is done with it.

use super::conditions;
use super::document::{element, flag, input, select, set};
use super::message::Portion;
use super::paint::Painter;
use super::run::{self, Run};
use crate::sim::{Action, Input, Packets, Scenario};
use crate::sorted::SortedMap;
use crate::time::Micros;
use crate::trace::World;
use crate::trace::world::Guest;
use crate::view::panels::{self, wire};
use crate::view::text::line;
use crate::view::{Frame, Node};
use std::borrow::Cow;

/// The console at the foot of the page.
#[derive(Debug)]
pub struct Console {
    /// Index of the guest one is.
    pub guest: usize,
    /// Where the first part of what is typed ends, if the reader said so.
    pub cut: Option<usize>,
    /// What "Send rest" would send.
    unsent: SortedMap<usize, Vec<u8>>,
    options: Painter,
    badge: Painter,
    wire: Painter,
    answer: Painter,
    /// What became of the last gesture; goes with the next step.
    pub outcome: Option<Outcome>,
}

/// What became of a gesture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    Done(String),
    Refused(String),
}

/// Something a guest does, as far as it can be said without the run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gesture {
    Send(Portion),
    SwitchReading,
    /// Sends no more, still reads.
    HalfClose,
    Reset,
    /// Bytes that are no request in any dialect.
    Garbage,
    Disconnect,
    Add,
}

/// Begins like a request of many parts, and then does not say how many.
const GARBAGE: &[u8] = b"*nonsense\r\n\xff\x00";

impl Console {
    #[must_use]
    pub fn new() -> Console {
        Console {
            guest: 0,
            cut: None,
            unsent: SortedMap::new(),
            options: Painter::new(element("console-guest")),
            badge: Painter::new(element("console-badge")),
            wire: Painter::new(element("wire")),
            answer: Painter::new(element("answer")),
            outcome: None,
        }
    }

    /// Another run is watched.
    pub fn reset(&mut self) {
        self.guest = 0;
        self.unsent.clear();
        self.outcome = None;
    }

    /// The scenario with the gesture in it, and what to say about it.
    ///
    /// # Errors
    /// Why it cannot be done here and now.
    pub fn act(
        &mut self,
        gesture: &Gesture,
        run: &Run,
        world: &World,
    ) -> Result<(Scenario, String), String> {
        let Some(scenario) = run.scenario() else {
            return Err(run.refusal());
        };
        let mut scenario = scenario.clone();
        // After everything that has happened, before anything else does.
        let at = world.at.saturating_add(Micros(1));
        let (client, action, said) = match gesture {
            Gesture::Add => {
                let client = scenario.add_client(&line!("console.name"));
                let name = scenario.clients[client].name.clone();
                self.guest = client;
                (client, Action::Connect, line!("console.coming", &name))
            }
            Gesture::Send(portion) => {
                let (name, _) = self.present(&scenario, world)?;
                let bytes = self.portion(*portion)?;
                let said = line!("console.sends", &name, bytes.len());
                (self.guest, Action::Send(Packets::whole(bytes)), said)
            }
            Gesture::SwitchReading => match self.present(&scenario, world)? {
                (name, guest) if guest.reading => {
                    (self.guest, Action::StopReading, line!("console.stops-reading", &name))
                }
                (name, _) => (self.guest, Action::Read, line!("console.reads", &name)),
            },
            Gesture::Garbage => {
                let (name, _) = self.present(&scenario, world)?;
                let packets = Packets::whole(GARBAGE.to_vec());
                (self.guest, Action::Send(packets), line!("console.garbage", &name))
            }
            Gesture::HalfClose => {
                let (name, _) = self.present(&scenario, world)?;
                (self.guest, Action::HalfClose, line!("console.half-close", &name))
            }
            Gesture::Disconnect | Gesture::Reset => {
                let (name, _) = self.present(&scenario, world)?;
                self.unsent.remove(&self.guest);
                if *gesture == Gesture::Reset {
                    (self.guest, Action::Reset, line!("console.reset", &name))
                } else {
                    (self.guest, Action::Close, line!("console.leaves", &name))
                }
            }
        };
        scenario.insert(Input { at, client, action });
        Ok((scenario, said))
    }

    /// The chosen guest, if it is connected at this moment.
    fn present<'a>(
        &self,
        scenario: &Scenario,
        world: &'a World,
    ) -> Result<(String, Cow<'a, Guest>), String> {
        let spec = scenario.clients.get(self.guest);
        let spec = spec.ok_or_else(|| line!("console.nobody"))?;
        let name = spec.name.clone();
        match run::guest(world, spec) {
            Some(guest) if guest.gone => Err(line!("console.has-left", &name)),
            Some(guest) => Ok((name, guest)),
            None => Err(line!("console.not-in", &name)),
        }
    }

    fn portion(&mut self, portion: Portion) -> Result<Vec<u8>, String> {
        if portion == Portion::Rest {
            return self.unsent.remove(&self.guest).ok_or_else(|| line!("console.no-rest"));
        }
        if self.unsent.contains_key(&self.guest) {
            return Err(line!("console.begun"));
        }
        let view =
            wire::wire(&input("command").value(), self.cut).map_err(|fault| fault.to_string())?;
        if portion == Portion::Whole {
            return Ok(view.bytes);
        }
        let (first, rest) = view.bytes.split_at(view.cut);
        self.unsent.insert(self.guest, rest.to_vec());
        Ok(first.to_vec())
    }

    pub fn paint(&mut self, run: &Run, frame: &Frame) {
        let guests = run.guests(frame.world);
        self.guest = self.guest.min(guests.len().saturating_sub(1));
        let here = guests.get(self.guest);
        let options = guests.iter().enumerate().map(|(index, (name, client))| {
            let text = match client {
                Some(id) if name.is_empty() => id.to_string(),
                Some(id) => format!("{id} · {name}"),
                None => name.clone(),
            };
            Node::new("option").attr("value", index.to_string()).text(text)
        });
        self.options.paint(options.collect());
        select("console-guest").set_value(&self.guest.to_string());
        let client = here.and_then(|(_, client)| *client);
        self.badge.paint(client.map(|id| panels::badge(id, 26)).into_iter().collect());

        let spec = run.scenario().and_then(|scenario| scenario.clients.get(self.guest));
        let guest = spec.and_then(|spec| run::guest(frame.world, spec));
        let guest = guest.as_deref();
        let deaf = guest.is_some_and(|guest| !guest.reading && !guest.gone);
        let reading = element("reading");
        set(&reading, "aria-pressed", if deaf { "true" } else { "false" });
        let recorded = run.scenario().is_none();
        let absent = recorded || guest.is_none_or(|guest| guest.gone);
        let begun = self.unsent.contains_key(&self.guest);
        for (id, off) in [
            ("send", absent || begun),
            ("send-first", absent || begun),
            ("send-rest", absent || !begun),
            ("reading", absent),
            ("disconnect", absent),
            ("half-close", absent),
            ("reset", absent),
            ("garbage", absent),
            ("rewrite", recorded),
            ("add-guest", recorded),
        ] {
            set(&element(id), "aria-disabled", if off { "true" } else { "false" });
        }
        flag(&element("console"), "data-recorded", recorded);
        if let Some(scenario) = run.scenario() {
            conditions::paint(scenario, self.guest);
        }
        self.paint_lines(run, guest, begun);
    }

    fn paint_lines(&mut self, run: &Run, guest: Option<&Guest>, begun: bool) {
        let typed = input("command").value();
        let line = if run.scenario().is_none() {
            watched_only(run)
        } else if begun {
            let rest = self.unsent.get(&self.guest).map_or(0, Vec::len);
            vec![Node::new("span").text(line!("console.rest", rest))]
        } else {
            match wire::wire(&typed, self.cut) {
                Ok(view) => {
                    let (cut, len) = (view.cut.to_string(), view.bytes.len());
                    let field = Node::new("input")
                        .attr("id", "cut")
                        .attr("type", "number")
                        .attr("min", "1")
                        .attr("max", (len - 1).to_string())
                        .attr("value", cut);
                    let field = Node::new("label")
                        .child(Node::new("span").text(line!("console.cut") + " "))
                        .child(field)
                        .child(
                            Node::new("span").text([" ", &line!("console.cut.of", len)].concat()),
                        );
                    vec![view.node, field]
                }
                Err(fault) => vec![Node::new("span").text(fault.to_string())],
            }
        };
        let wrong = !typed.is_empty() && wire::wire(&typed, None).is_err();
        let command = input("command");
        set(&command, "aria-invalid", if wrong { "true" } else { "false" });
        // The bytes are no description: one would be read aloud at each letter.
        let described = typed.is_empty() || wrong;
        set(&command, "aria-describedby", if described { "wire" } else { "" });
        self.wire.paint(line);

        let (refused, text) = match &self.outcome {
            Some(Outcome::Refused(why)) => (true, why.clone()),
            Some(Outcome::Done(what)) => (false, what.clone()),
            None => {
                let eaten = guest.filter(|guest| guest.eaten > 0);
                (
                    false,
                    eaten.map_or(String::new(), |g| {
                        line!("console.last-answer", &g.last_eaten.to_string())
                    }),
                )
            }
        };
        let _ = element("console").class_list().toggle_with_force("refused", refused);
        self.answer.paint(vec![Node::new("span").text(text)]);
    }
}

/// Instead of a console, where there is no simulation.
fn watched_only(run: &Run) -> Vec<Node> {
    let mut nodes = vec![Node::new("span").key("text").text(run.refusal())];
    if !run.inputs.is_empty() {
        let again = Node::new("button").key("rerun").attr("type", "button").attr("class", "btn");
        nodes.push(again.attr("data-act", "rerun").text(line!("console.rerun")));
    }
    nodes
}

impl Default for Console {
    fn default() -> Console {
        Console::new()
    }
}
