//! What is being watched: a simulation that goes on, or a recording.

use crate::event::ClientId;
use crate::sim::rerun::{self, NoRerun};
use crate::sim::{Bundled, ClientSpec, Progress, Scenario, Sim};
use crate::sorted::SortedMap;
use crate::trace::codec::{self, Ending, Header};
use crate::trace::world::Guest;
use crate::trace::{Inputs, Record, Timeline, World};
use crate::view::designs::{self, Comparison};
use crate::view::fault;
use crate::view::lint::{Lint, lints, mark_waits};
use crate::view::origin;
use crate::view::requests::Requests;
use crate::view::text::{Phrase, known, line};
use crate::view::transcript::Transcripts;
use std::borrow::Cow;
use std::cell::{Ref, RefCell};

/// A simulation is run ahead until it is quiet, but not further than this:
/// a scenario may well keep its kitchen busy for ever.
const AHEAD_LIMIT_RECORDS: usize = 20_000;

/// What a bundled scenario is called, and what it is about, in the reader's
/// language: in English as its file says it, so that no catalogue repeats it.
#[must_use]
pub fn called(bundled: &Bundled) -> [String; 2] {
    let name = Phrase::named("scenario.").and(bundled.slug);
    let own = bundled.scenario();
    [(name, own.title), (name.and(".about"), own.about)]
        .map(|(phrase, own)| known(phrase, &[]).unwrap_or(own))
}

/// One run and all its records.
#[derive(Debug)]
pub struct Run {
    pub title: String,
    pub about: String,
    pub timeline: Timeline,
    /// Of a recording, or of a server: what came in, as far as it is known.
    pub inputs: Inputs,
    header: Header,
    source: Source,
    findings: RefCell<Findings>,
    /// The bundled scenario that it tells.
    bundled: Option<&'static Bundled>,
}

/// What was made of the records so far, kept because every painting asks for
/// it and only a growing run changes it.
#[derive(Debug, Default)]
struct Findings {
    requests: Requests,
    transcripts: Transcripts,
    /// Of the first so many records.
    lints: (usize, Vec<Lint>),
    designs: (usize, Option<Comparison>),
}

#[derive(Debug)]
enum Source {
    Simulation(Box<Simulation>),
    /// What was odd about the file, if anything.
    Recording(Option<String>),
    /// A server, whose records come as they happen.
    Live,
}

#[derive(Debug)]
struct Simulation {
    scenario: Scenario,
    /// `None` once a step of it has failed: what is known stays watchable.
    sim: Option<Sim>,
    /// Nothing but timers would wake the thread again.
    quiet: bool,
}

impl Run {
    /// Runs `scenario` until it is quiet.
    #[must_use]
    pub fn simulate(scenario: Scenario) -> Run {
        let header = Header::new(
            codec::Source::Simulation(codec::Simulation {
                scenario: scenario.to_text(),
                seed: scenario.seed,
            }),
            scenario.config.iter().cloned().collect(),
        );
        let sim = Some(Sim::new(&scenario));
        let mut run = Run {
            title: scenario.title.clone(),
            about: scenario.about.clone(),
            timeline: Timeline::new(),
            inputs: Inputs::default(),
            header,
            source: Source::Simulation(Box::new(Simulation { scenario, sim, quiet: false })),
            findings: RefCell::default(),
            bundled: None,
        };
        while !run.is_spent() && run.timeline.len() < AHEAD_LIMIT_RECORDS && run.more() {}
        run
    }

    /// Runs a bundled scenario, called by its name in the reader's language.
    #[must_use]
    pub fn bundled(bundled: &'static Bundled) -> Run {
        let mut run = Run::simulate(bundled.scenario());
        run.bundled = Some(bundled);
        run.retell();
        run
    }

    /// Runs what was changed of this run; while it is called the same in its
    /// own text, it is called the same here.
    #[must_use]
    pub fn changed(&self, scenario: Scenario) -> Run {
        let same = self.scenario().filter(|mine| mine.title == scenario.title);
        let bundled = same.filter(|mine| mine.about == scenario.about).and(self.bundled);
        let mut run = Run::simulate(scenario);
        run.bundled = bundled;
        run.timeline.play_as(self.timeline.you());
        run.retell();
        run
    }

    /// From now on the reader plays that guest of the scenario, or the next to
    /// come into it.
    pub fn play_as(&mut self, client: usize) {
        let spec = self.scenario().and_then(|scenario| scenario.clients.get(client));
        let taped = spec.and_then(|spec| spec.from);
        self.timeline.play_as(Some(taped.unwrap_or_else(|| Sim::peer(client))));
    }

    /// Says again what was said, in the language of now.
    pub fn retell(&mut self) {
        self.findings.get_mut().lints.1.clear();
        self.findings.get_mut().lints.0 = 0;
        if let Some(bundled) = self.bundled {
            [self.title, self.about] = called(bundled);
        }
    }

    /// Reads a recorded trace.
    ///
    /// # Errors
    /// Where the text is no trace: the line, the column, what was expected.
    pub fn recorded(name: &str, text: &str) -> Result<Run, String> {
        let trace =
            codec::read(text.as_bytes()).map_err(|error| fault(&format!("{name}:{error}")))?;
        let header = trace.header.ok_or_else(|| line!("run.empty", name))?;
        let mut timeline = Timeline::new();
        let mut remarks = Vec::new();
        remarks.extend(origin::caveat(&header));
        if let Ending::CutMidLine { line } = trace.ending {
            remarks.push(line!("run.cut", line));
        }
        if trace.skipped > 0 {
            remarks.push(line!("run.skipped", trace.skipped));
        }
        for record in trace.records {
            if let Err(full) = timeline.push(record) {
                remarks.push(line!("run.not-whole", &full.to_string()));
                break;
            }
        }
        timeline.finish();
        Ok(Run {
            title: name.to_owned(),
            about: line!("run.recording"),
            timeline,
            inputs: trace.inputs,
            header,
            source: Source::Recording((!remarks.is_empty()).then(|| remarks.join(" "))),
            findings: RefCell::default(),
            bundled: None,
        })
    }

    /// A server's run, of which nothing is known yet.
    #[must_use]
    pub fn live() -> Run {
        Run {
            title: line!("run.live"),
            about: line!("run.live.about"),
            timeline: Timeline::new(),
            inputs: Inputs::default(),
            header: Header::new(codec::Source::Unknown, SortedMap::default()),
            source: Source::Live,
            findings: RefCell::default(),
            bundled: None,
        }
    }

    /// What came as from a server was a recording, and is complete.
    pub fn end_as_recording(&mut self, name: String) {
        self.timeline.finish();
        self.title = name;
        self.about = line!("run.recording");
        self.source = Source::Recording(None);
    }

    /// What the server says of itself.
    pub fn set_header(&mut self, header: &Header) {
        if self.header != *header {
            self.header = header.clone();
        }
    }

    /// Why nothing can be changed from here.
    #[must_use]
    pub fn refusal(&self) -> String {
        match self.source {
            Source::Live => line!("run.live.refusal"),
            _ => line!("run.recording.refusal"),
        }
    }

    /// Lets the simulation go on by one half-cycle. `false` if it cannot.
    pub fn more(&mut self) -> bool {
        let Source::Simulation(simulation) = &mut self.source else { return false };
        // While it runs it is not here: if a check in it fails, what is left
        // behind is a run without a simulation, never one that is half moved.
        let Some(mut sim) = simulation.sim.take() else { return false };
        let mut records: Vec<Record> = Vec::new();
        let progress = sim.advance(&mut records);
        simulation.quiet = progress != Progress::Ran;
        let full = records.into_iter().any(|record| self.timeline.push(record).is_err());
        if full || progress == Progress::Ended {
            self.timeline.finish();
            return false;
        }
        simulation.sim = Some(sim);
        true
    }

    /// Every order so far, with its stages.
    #[must_use]
    pub fn requests(&self) -> Ref<'_, Requests> {
        self.findings.borrow_mut().requests.catch_up(self.timeline.records());
        Ref::map(self.findings.borrow(), |findings| &findings.requests)
    }

    /// What everybody said and was told so far.
    #[must_use]
    pub fn transcripts(&self) -> Ref<'_, Transcripts> {
        self.findings.borrow_mut().transcripts.catch_up(self.timeline.records());
        Ref::map(self.findings.borrow(), |findings| &findings.transcripts)
    }

    /// How its orders would have fared in other designs; `None` unless it is a
    /// simulation, whose prices are known.
    #[must_use]
    pub fn designs(&self) -> Option<Ref<'_, Comparison>> {
        let scenario = self.scenario().filter(|scenario| scenario.tape.is_none())?;
        if self.findings.borrow().designs.0 != self.timeline.len() {
            let mut helped = Run::simulate(scenario.with(designs::HELPED));
            // As far as this one was let run.
            while helped.timeline.len() < self.timeline.len() && helped.more() {}
            let compared = designs::compare(
                (&self.timeline, &self.requests()),
                Some((&helped.timeline, &helped.requests())),
                &scenario.costs,
            );
            self.findings.borrow_mut().designs = (self.timeline.len(), Some(compared));
        }
        Ref::filter_map(self.findings.borrow(), |findings| findings.designs.1.as_ref()).ok()
    }

    /// What is worth noticing in it, as far as it was gone through.
    #[must_use]
    pub fn lints(&self) -> Ref<'_, [Lint]> {
        Ref::map(self.findings.borrow(), |findings| findings.lints.1.as_slice())
    }

    /// Goes through what is new, and marks what others waited for.
    pub fn notice(&mut self) {
        let known = self.findings.get_mut().lints.0;
        // A live run grows all the time: by a tenth before it is gone through
        // again.
        let worth_it =
            !matches!(self.source, Source::Live) || known + known / 10 < self.timeline.len();
        if known != self.timeline.len() && worth_it {
            let found = lints(&self.timeline, &self.requests());
            mark_waits(&mut self.timeline, &found);
            self.findings.get_mut().lints = (self.timeline.len(), found);
        }
    }

    /// Nothing more will happen by itself.
    #[must_use]
    pub fn is_spent(&self) -> bool {
        match &self.source {
            Source::Simulation(simulation) => simulation.quiet || simulation.sim.is_none(),
            Source::Recording(_) | Source::Live => true,
        }
    }

    /// The scenario, if gestures can change it.
    #[must_use]
    pub fn scenario(&self) -> Option<&Scenario> {
        match &self.source {
            Source::Simulation(simulation) => Some(&simulation.scenario),
            Source::Recording(_) | Source::Live => None,
        }
    }

    /// The scenario that runs it again, if it is no simulation.
    ///
    /// # Errors
    /// If what is needed was not recorded.
    pub fn rerun(&self) -> Result<Scenario, NoRerun> {
        rerun::scenario(&format!("{}, run again", self.title), &self.header, &self.inputs)
    }

    /// What was odd about the file.
    #[must_use]
    pub fn remark(&self) -> Option<&str> {
        match &self.source {
            Source::Simulation(_) | Source::Live => None,
            Source::Recording(remark) => remark.as_deref(),
        }
    }

    /// The whole run as a trace file.
    #[must_use]
    pub fn to_ndjson(&self) -> String {
        codec::to_text_with(&self.header, self.timeline.records(), &self.inputs)
    }

    /// What is real in it.
    #[must_use]
    pub fn truth(&self) -> String {
        origin::truth(&self.header)
    }

    /// What decides the run, for a report about it.
    #[must_use]
    pub fn seed(&self) -> Option<u64> {
        self.scenario().map(|scenario| scenario.seed)
    }

    /// Who can be chosen in the console: a name, and the client behind it at
    /// this moment.
    #[must_use]
    pub fn guests(&self, world: &World) -> Vec<(String, Option<ClientId>)> {
        match self.scenario() {
            Some(scenario) => {
                scenario.clients.iter().map(|spec| (spec.name.clone(), seat(world, spec))).collect()
            }
            None => world.clients.values().map(|c| (c.name.clone(), Some(c.id))).collect(),
        }
    }
}

fn seat(world: &World, spec: &ClientSpec) -> Option<ClientId> {
    match spec.from {
        Some(from) => world.clients.values().find(|c| c.peer == from).map(|c| c.id),
        None => world.guests.values().find(|guest| guest.name == spec.name)?.client,
    }
}

/// What is known of a scenario's guest. One who came in on a tape is known by
/// its address, and until the tape ends nothing is known but that it is there.
#[must_use]
pub fn guest<'a>(world: &'a World, spec: &ClientSpec) -> Option<Cow<'a, Guest>> {
    let Some(from) = spec.from else {
        return world.guests.values().find(|guest| guest.name == spec.name).map(Cow::Borrowed);
    };
    let known = world.guests.get(&from).map(Cow::Borrowed);
    known.or_else(|| {
        let client = Some(seat(world, spec)?);
        Some(Cow::Owned(Guest { client, reading: true, ..Guest::default() }))
    })
}
