//! What reaches the program from the page: one closed list.

use super::console::Gesture;
use super::language::Heard;
use crate::event::ClientId;
use crate::sim::check::Verdict;
use crate::trace::timeline::MarkKind;
use crate::view::control::Control;
use crate::view::lesson::{Address, Broken, Mission};
use crate::view::share::{BrokenLink, Shared};
use crate::view::why::Question;
use crate::view::{Terms, Viewport};

/// Something the reader did, or something the browser reports.
#[derive(Clone, Debug, PartialEq)]
pub enum Message {
    Control(Control),
    /// The same once more, since its key is held down.
    Held(Control),
    /// To that many records: the scrubber, a cycle, a row of the events.
    Seek(usize),
    /// Pins a client, or with `None` follows the chef again.
    Select(Option<ClientId>),
    /// Asks, or with `None` puts the answer away.
    Why(Option<Question>),
    /// Shows or hides the lanes under the timeline.
    SwitchLanes,
    /// Unfolds or folds away what was said.
    SwitchSaid,
    /// Shows or hides how other designs would have fared.
    SwitchDesigns,
    /// The n-th scenario of the list.
    Scenario(usize),
    Terms(Terms),
    SwitchTheme,
    SwitchMotion,
    /// The window crossed the phone's width.
    Viewport(Viewport),
    Resized,
    /// Log2.
    Speed(i8),
    StopAt(MarkKind, bool),
    Tab(Tab),
    /// The first step, from the card.
    Begin,
    /// The browser draws: milliseconds on its clock.
    Frame(f64),
    Guest(usize),
    /// The command line changed.
    Typed,
    /// Where the first part of it ends.
    Cut(usize),
    Gesture(Gesture),
    /// Opens the present run's text.
    Rewrite,
    /// The fields of the conditions are opened.
    Conditions,
    /// Another value in a condition's place.
    Condition {
        at: String,
        value: String,
    },
    /// Lets in the crowd that its form tells of.
    Crowd,
    /// Runs that text.
    RunText,
    /// Asks the checker about the present run.
    Check,
    /// What it says of the run with that text; nothing if there is none.
    Checked {
        scenario: String,
        verdict: Option<Verdict>,
    },
    BackToOriginal,
    /// Shows the original beside the reader's own run, or no more.
    SwitchBeside,
    /// A place in the tour, or one that is none.
    Tour(Result<Address, Broken>),
    /// Scrolls to the prediction.
    ToQuestion,
    /// A choice of it.
    Guess(usize),
    Reveal,
    /// What the chapter offers to try.
    Prepare,
    /// One way through a mission.
    ShowWay(Mission),
    /// A file, or why it could not be read.
    Opened {
        name: String,
        text: Result<String, String>,
    },
    Save(Form),
    CopyLink,
    /// A run that came in a link, or a link that is broken.
    Shared(Result<Shared, BrokenLink>),
    /// Its scenario's text, or why there is none.
    Unpacked {
        at: usize,
        text: Result<Vec<u8>, String>,
    },
    /// The present run for a link, or why it cannot be.
    Packed {
        at: usize,
        packed: Result<Vec<u8>, String>,
    },
    /// Whether the clipboard took the link.
    Copied(bool),
    SwitchMenu,
    SwitchActs,
    DismissFault,
    /// The short name of the language to speak from now on.
    Language(String),
    /// It is spoken, or why not.
    Heard(Heard),
    /// Something to tell that stops nothing.
    Remark(String),
    /// Runs a recording again, as a simulation.
    Rerun,
    /// Nothing but the clock is left: one more round of it.
    LetTick,
    /// Throws the failed run away and runs its scenario anew.
    StartOver,
    /// Watches the server that the page came from.
    Attach,
    /// That server's stream has something to say.
    Live(News),
    /// To where things happen, and along with them.
    ToNow,
    /// Tells the server's loop to stop or to go on.
    Order(&'static str),
}

/// What a stream says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum News {
    Opened,
    /// Lines of a trace, and the stream's name of the place after them.
    Lines {
        lines: String,
        id: String,
    },
    /// Where the loop is held.
    Gate(String),
    Broke {
        for_good: bool,
    },
    /// It was a recording of this name, and that was all of it.
    Ended(String),
}

/// What the part of the address after `#` asks for.
#[must_use]
pub fn addressed(hash: &str) -> Option<Message> {
    let shared = || Shared::parse(hash).map(Message::Shared);
    Address::parse(hash).map(Message::Tour).or_else(shared)
}

/// What a run is saved as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// What has happened: NDJSON.
    Trace,
    /// What made it happen.
    Scenario,
    /// For Chrome's and Perfetto's viewers.
    Perfetto,
}

/// How much of the typed command is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Portion {
    Whole,
    First,
    Rest,
}

/// A page of the inspector.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tab {
    Card,
    Tour,
    Notepad,
    Events,
    Counters,
    Tables,
}

impl Tab {
    /// In the order of the tab list.
    pub const ALL: [Tab; 6] =
        [Tab::Card, Tab::Tour, Tab::Notepad, Tab::Events, Tab::Counters, Tab::Tables];

    /// The id of its page in the document.
    #[must_use]
    pub fn id(self) -> &'static str {
        match self {
            Tab::Card => "card",
            Tab::Tour => "tour",
            Tab::Notepad => "notepad",
            Tab::Events => "events",
            Tab::Counters => "counters",
            Tab::Tables => "tables",
        }
    }

    #[must_use]
    pub fn named(id: &str) -> Option<Tab> {
        Tab::ALL.into_iter().find(|tab| tab.id() == id)
    }
}
