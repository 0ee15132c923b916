//! What no trace of a real server tells, whatever it was asked for: passwords.
//!
//! Masked is what AUTH, HELLO and CONFIG are told and answer, and whatever was
//! read that may be a part of it. A rerun of what was recorded masks its facts
//! in the same way, so that both say the same.

use crate::commands::{self, Command};
use crate::event::{ClientId, Event, Preview, Stamped};
use crate::net::{Fd, WriteOutcome};

/// Masks facts on their way out; knows who is confiding something.
#[derive(Clone, Debug, Default)]
pub struct Discretion {
    /// Clients whose request of the moment is about a secret, so that its reply
    /// is one, too.
    confiding: Vec<ClientId>,
    /// Clients that hear what others say.
    monitors: Vec<ClientId>,
    /// Descriptors that were just accepted.
    arrived: Vec<Fd>,
    /// Replies are stated when they leave, those of several requests as one,
    /// and nothing is said of what goes on inside.
    from_outside: bool,
}

/// Replies that say nothing about what is stored.
const BARE_REPLIES: [&str; 8] = [
    "+OK\\r\\n",
    "+PONG\\r\\n",
    "+QUEUED\\r\\n",
    "+RESET\\r\\n",
    "$-1\\r\\n",
    "*-1\\r\\n",
    "_\\r\\n",
    "*0\\r\\n",
];

/// Directives whose values are passwords, and what is shown instead.
const SECRET_DIRECTIVES: [&str; 1] = ["requirepass"];
const HIDDEN: &str = "(hidden)";

impl Discretion {
    /// For facts that system calls have told.
    #[must_use]
    pub fn of_system_calls() -> Discretion {
        Discretion { from_outside: true, ..Discretion::default() }
    }

    /// Masks facts in place. `facts` are all of at least one half-cycle: what
    /// was read is judged by what it turned out to be.
    pub fn mask(&mut self, facts: &mut [Stamped]) {
        for index in 0..facts.len() {
            let (before, after) = facts.split_at_mut(index + 1);
            if let Some(Stamped { event, .. }) = before.last_mut() {
                self.mask_one(event, after);
            }
        }
    }

    fn mask_one(&mut self, event: &mut Event, after: &[Stamped]) {
        match event {
            Event::Config { name, value } => mask_directive(name, value),
            Event::Read { client, bytes, .. } if !is_innocent(*client, after) => blank(bytes),
            Event::Parsed { client, argv, .. } | Event::Incomplete { client, argv, .. } => {
                if !self.from_outside {
                    self.confiding.retain(|other| other != client);
                } else if argv.first().is_some_and(|name| is_named(&name.bytes(), "monitor")) {
                    self.monitors.push(*client);
                }
                if confides(argv) {
                    self.confide(*client);
                    blank_arguments(argv);
                }
            }
            Event::Unrecorded { client, .. } => self.confide(*client),
            Event::Accept { fd, .. } if self.from_outside => self.arrived.push(*fd),
            // Whoever was there before may be hearing what others say.
            Event::ClientCreated { client, fd, .. } if self.from_outside => {
                let arrived = self.arrived.len();
                self.arrived.retain(|other| other != fd);
                if self.arrived.len() == arrived {
                    self.monitors.push(*client);
                }
            }
            Event::AcceptRefused { fd, .. } => self.arrived.retain(|other| other != fd),
            Event::Write { client, outcome: WriteOutcome::Drained, .. } if self.from_outside => {
                self.confiding.retain(|other| other != client);
            }
            Event::CommandBegin { client, name } if is_confidential(name.as_bytes()) => {
                self.confide(*client);
            }
            Event::ReplyQueued { client, bytes, .. }
                if self.confiding.contains(client) || self.monitors.contains(client) =>
            {
                blank_reply(bytes);
            }
            Event::Monitoring { client, on } => {
                self.monitors.retain(|other| other != client);
                if *on {
                    self.monitors.push(*client);
                }
            }
            Event::ClientFreed { client, .. } => {
                self.confiding.retain(|other| other != client);
                self.monitors.retain(|other| other != client);
            }
            _ => {}
        }
    }

    fn confide(&mut self, client: ClientId) {
        if !self.confiding.contains(&client) {
            self.confiding.push(client);
        }
    }
}

/// Masks the value of a directive that is a password.
pub fn mask_directive(name: &str, value: &mut String) {
    if is_secret_directive(name) && !value.is_empty() {
        HIDDEN.clone_into(value);
    }
}

/// Whether the value of a directive is a password.
#[must_use]
pub fn is_secret_directive(name: &str) -> bool {
    SECRET_DIRECTIVES.contains(&name)
}

/// Nothing of it is told but how long it is.
pub fn blank(bytes: &mut Preview) {
    bytes.head.clear();
}

/// The same, unless it is a reply that says nothing.
pub fn blank_reply(bytes: &mut Preview) {
    if !BARE_REPLIES.contains(&bytes.head.as_str()) {
        blank(bytes);
    }
}

/// The command's own name, and that of a subcommand, stay.
pub fn blank_arguments(argv: &mut [Preview]) {
    let Some((name, arguments)) = argv.split_first_mut() else { return };
    let Some(command) = commands::lookup(&name.bytes()) else {
        blank(name);
        return arguments.iter_mut().for_each(blank);
    };
    let mut rest = arguments.iter_mut();
    if !command.subcommands.is_empty()
        && let Some(word) = rest.next()
    {
        let given = word.bytes();
        let is_it = |c: &Command| c.own_name().as_bytes().eq_ignore_ascii_case(&given);
        if !command.subcommands.iter().any(is_it) {
            blank(word);
        }
    }
    rest.for_each(blank);
}

/// Whether what a command is told or answers may be a password.
fn is_confidential(name: &[u8]) -> bool {
    let own = name.split(|b| *b == b'|').next().unwrap_or(name);
    ["auth", "hello", "config"].iter().any(|secret| is_named(own, secret))
}

fn is_named(name: &[u8], command: &str) -> bool {
    name.eq_ignore_ascii_case(command.as_bytes())
}

/// A request whose name is not known yet may become anything.
fn confides(argv: &[Preview]) -> bool {
    argv.first().is_none_or(|name| name.is_cut() || is_confidential(&name.bytes()))
}

/// Whether all of what was just read from `client` is known to be requests
/// without a secret: nothing of it is left that nobody has understood yet.
fn is_innocent(client: ClientId, after: &[Stamped]) -> bool {
    let mut understood = false;
    let its = after.iter().map(|fact| &fact.event).filter(|event| event.client() == Some(client));
    for event in its {
        match event {
            Event::Read { .. } => break,
            Event::ProtocolError { .. } => return false,
            Event::Parsed { argv, .. } | Event::Incomplete { argv, .. } if confides(argv) => {
                return false;
            }
            Event::Incomplete { .. } => understood = true,
            Event::QueryTrimmed { left, .. } => understood |= *left == 0,
            _ => {}
        }
    }
    understood
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{CloseReason, ReplyInto};
    use crate::net::Fd;
    use crate::time::Micros;

    /// Protects: what one client is told in confidence stays that when another
    /// one leaves.
    #[test]
    fn nobody_takes_the_secrecy_of_others_along() {
        let (one, two) = (ClientId(1), ClientId(2));
        let gone =
            Event::ClientFreed { client: two, fd: Fd(8), why: CloseReason::Quit, dropped: 0 };
        let secret = || Event::ReplyQueued {
            client: one,
            into: ReplyInto::Buffer,
            bytes: Preview::of(b"+hush\r\n", 64),
            buffered: 7,
            listed: 0,
            blocks: 0,
        };
        let argv = vec![Preview::of(b"config", 64)];
        let told = [
            Event::Parsed { client: one, argc: 3, argv, parsed_to: 9 },
            Event::Monitoring { client: one, on: true },
        ];
        for told in told {
            let events = [told, gone.clone(), secret()];
            let mut facts = events.map(|event| Stamped { at: Micros::ZERO, event });
            Discretion::default().mask(&mut facts);
            let Event::ReplyQueued { bytes, .. } = &facts[2].event else { panic!("a reply") };
            assert_eq!((bytes.head.as_str(), bytes.len), ("", 7));
        }
    }
}
