//! From text to [`Scenario`]; every refusal says where and what was expected.

mod load;
mod sending;

use super::crowd::{self, GUESTS_MAX};
use super::error::{Refusal, ScenarioError, Spot};
use super::settings::{COSTS, FAULTS, LINK_SIZES};
use super::words::{
    A_SIZE, A_TIME, Word, Words, either, read_nanoseconds, read_number, read_size, read_time,
};
use super::{Action, ClientSpec, Input, Scenario};
use crate::engine::config::Config;
use crate::net::parse_address;
use crate::net::tape::Tape;
use crate::net::virt::Link;
use crate::sorted::SortedMap;

/// Most that the guests of all crowds may do, beyond the first of each: one
/// line is an input, and its packets, for each of them.
const CROWDS_DO_MAX: u64 = 100_000;

impl Scenario {
    /// Reads a scenario; `name` is what errors call the file.
    ///
    /// # Errors
    /// The first [`ScenarioError`].
    pub fn parse(name: &str, text: &str) -> Result<Scenario, ScenarioError> {
        let mut lines = text.lines().enumerate().map(|(i, line)| (i + 1, line));
        let (_, first) = lines.next().unwrap_or((1, ""));
        let read = || {
            header(Words::split(name, 1, first)?)?;
            let mut reader = Reader { name, ..Reader::default() };
            for (number, line) in lines {
                reader.statement(number, line)?;
            }
            reader.finish()
        };
        read().map_err(|refusal: Refusal| *refusal)
    }
}

fn header(mut words: Words<'_>) -> Result<(), Refusal> {
    for want in ["onechef", "scenario"] {
        words.value("'onechef scenario 1'", |word| (word == want).then_some(()))?;
    }
    words.value("version 1 of the format", |version| (version == "1").then_some(()))?;
    words.expect_end()
}

/// What has been read so far.
#[derive(Default)]
struct Reader<'a> {
    name: &'a str,
    scenario: Scenario,
    /// For directives, which only the server can judge.
    trial: Config,
    /// By all statements so far.
    sent_bytes: u64,
    /// See [`CROWDS_DO_MAX`].
    crowds_do: u64,
    /// Statements that may stand once, and have.
    stated: Vec<&'static str>,
    /// Where each input stands in the text.
    places: Vec<(Input, Spot)>,
    tape: String,
    /// Where the tape, or somebody who comes in on it, was stated last.
    tape_place: Spot,
}

impl<'a> Reader<'a> {
    fn statement(&mut self, line: usize, text: &'a str) -> Result<(), Refusal> {
        // These are prose: quotes and hashes mean nothing in them.
        let trimmed = text.trim();
        let (keyword, prose) = trimmed.split_once(char::is_whitespace).unwrap_or((trimmed, ""));
        let column = text.chars().take_while(|c| c.is_whitespace()).count() + 1;
        let spot = Spot { line, column };
        let end = Spot { line, column: text.chars().count() + 1 };
        match keyword {
            "title" => {
                self.once("title", spot)?;
                self.scenario.title = self.prose(prose, end)?.to_owned();
                return Ok(());
            }
            "about" => {
                self.once("about", spot)?;
                self.scenario.about = self.prose(prose, end)?.to_owned();
                return Ok(());
            }
            "tape" => {
                self.tape.extend(self.prose(prose, end)?.split_whitespace());
                self.tape_place = spot;
                return Ok(());
            }
            _ => {}
        }
        let mut words = Words::split(self.name, line, text)?;
        let Some(keyword) = words.next() else { return Ok(()) };
        match keyword.bare() {
            Some("seed") => {
                self.once("seed", spot)?;
                self.scenario.seed = words.value("a whole number", read_number)?;
                words.expect_end()
            }
            Some("set") => self.directive(words),
            Some("net") if !self.scenario.clients.is_empty() => {
                Err(self.refused(spot, "'net' must come before the first client"))
            }
            Some("net") => link_settings(&mut words, &mut self.scenario.link),
            Some("cost") => self.costs(words),
            Some("fault") => self.faults(words),
            Some("calm") => {
                self.once("calm", spot)?;
                self.scenario.calm = Some(words.value(A_TIME, read_time)?);
                words.expect_end()
            }
            Some("client") => self.client(words),
            Some("crowd") => self.crowd(words),
            Some("at") => self.input(words),
            _ => {
                let what = "one of title, about, seed, set, net, cost, fault, calm, tape, client, crowd, at";
                Err(words.error(what, Some(keyword)))
            }
        }
    }

    fn finish(mut self) -> Result<Scenario, Refusal> {
        let in_time: SortedMap<_, _> = std::mem::take(&mut self.places)
            .into_iter()
            .enumerate()
            .map(|(nth, place)| ((place.0.at, nth), place))
            .collect();
        self.places = in_time.into_iter().map(|(_, place)| place).collect();
        self.check_tape()?;
        let came_in = |client: &ClientSpec| client.from.is_some();
        let mut connected: Vec<bool> = self.scenario.clients.iter().map(came_in).collect();
        for (input, spot) in &self.places {
            let client = &self.scenario.clients[input.client].name;
            let connects = input.action == Action::Connect;
            if connects && connected[input.client] {
                let why = format!("'{client}' connects twice");
                return Err(self.refused(*spot, &why));
            }
            if !connects && !connected[input.client] {
                let why = format!("'{client}' has not connected by then");
                return Err(self.refused(*spot, &why));
            }
            connected[input.client] = true;
        }
        self.scenario.inputs = self.places.into_iter().map(|(input, ..)| input).collect();
        Ok(self.scenario)
    }

    /// Whoever comes in on the tape is declared first, in that order.
    fn check_tape(&mut self) -> Result<(), Refusal> {
        let clients = &self.scenario.clients;
        let guests = Tape::guests(&self.tape);
        let declared = clients.iter().map_while(|client| client.from);
        let strays = clients.iter().skip(guests.len()).any(|client| client.from.is_some());
        if strays || !declared.eq(guests.iter().copied()) {
            let why = "the clients declared with 'from' are not those who come in on the tape";
            return Err(self.refused(self.tape_place, why));
        }
        if !self.tape.is_empty() {
            self.scenario.tape = Some(std::mem::take(&mut self.tape).into());
        }
        Ok(())
    }

    fn refused(&self, spot: Spot, why: &str) -> Refusal {
        ScenarioError::refused(self.name, spot, why)
    }

    fn expected(&self, what: &str, found: Word<'_>) -> Refusal {
        ScenarioError::expected(self.name, found.spot, what, Some(found.source))
    }

    fn once(&mut self, keyword: &'static str, spot: Spot) -> Result<(), Refusal> {
        if self.stated.contains(&keyword) {
            return Err(self.refused(spot, &format!("a second '{keyword}'")));
        }
        self.stated.push(keyword);
        Ok(())
    }

    /// The rest of a line that ends there.
    fn prose(&self, prose: &'a str, end: Spot) -> Result<&'a str, Refusal> {
        match prose.trim() {
            "" => Err(ScenarioError::expected(self.name, end, "a text", None)),
            prose => Ok(prose),
        }
    }

    fn directive(&mut self, mut words: Words<'_>) -> Result<(), Refusal> {
        let name = words.expect("a directive")?;
        let values = words.rest();
        let text = |word: &Word<'_>| String::from_utf8_lossy(&word.bytes()).into_owned();
        let value = values.iter().map(text).collect::<Vec<_>>().join(" ");
        let directive = text(&name);
        self.trial.set(&directive, &value).map_err(|why| {
            // An unknown name is wrong at the name, anything else at the value.
            let known = crate::engine::config::find(directive.as_bytes()).is_some();
            let at = values.first().filter(|_| known).unwrap_or(&name);
            self.refused(at.spot, &format!("{directive}: {why}"))
        })?;
        self.scenario.config.push((directive, value));
        Ok(())
    }

    fn costs(&mut self, mut words: Words<'_>) -> Result<(), Refusal> {
        while !words.is_empty() {
            let cost = words.one_of(&[], &COSTS)?;
            *cost(&mut self.scenario.costs) =
                words.value("a time such as 1.5us", read_nanoseconds)?;
        }
        Ok(())
    }

    fn faults(&mut self, mut words: Words<'_>) -> Result<(), Refusal> {
        while !words.is_empty() {
            let fault = words.one_of(&[], &FAULTS)?;
            let rate = words.value("a rate from 0 to 1000, per thousand", |rate| {
                read_number(rate).filter(|rate| *rate <= 1_000)
            })?;
            *fault(&mut self.scenario.faults) = rate;
        }
        Ok(())
    }

    fn client(&mut self, mut words: Words<'_>) -> Result<(), Refusal> {
        let name = self.new_name(&mut words)?;
        let mut link = self.scenario.link;
        let mut from = None;
        if words.take_keyword("from") {
            from = Some(words.value("an address such as 127.0.0.1:50001", parse_address)?);
            self.tape_place = name.spot;
        }
        link_settings(&mut words, &mut link)?;
        self.scenario.clients.push(ClientSpec { name: name.source.to_owned(), link, from });
        Ok(())
    }

    fn crowd(&mut self, mut words: Words<'_>) -> Result<(), Refusal> {
        let name = self.new_name(&mut words)?;
        let clients = &self.scenario.clients;
        let members = clients.iter().filter(|c| crowd::crowd(&c.name).is_some()).count();
        let free = GUESTS_MAX - members;
        let what = format!("from 1 to {GUESTS_MAX} guests in all crowds together");
        let fits = |guests: &usize| (1..=free).contains(guests);
        let guests = words.value(&what, |text| read_number(text).filter(fits))?;
        let mut link = self.scenario.link;
        link_settings(&mut words, &mut link)?;
        self.scenario.add_crowd(name.source, guests, link);
        Ok(())
    }

    /// A name that nobody has.
    fn new_name<'w>(&self, words: &mut Words<'w>) -> Result<Word<'w>, Refusal> {
        let name = words.expect("a client's name")?;
        // A letter of any script, without the tables that know which those are.
        let letter = |c: char| c.is_ascii_alphanumeric() || !(c.is_ascii() || c.is_whitespace());
        let allowed = |c: char| letter(c) && !c.is_control() || c == '-' || c == '_';
        let bare = name.bare().filter(|name| name.chars().all(allowed));
        let Some(bare) = bare else {
            return Err(self.expected("a client's name of letters, digits, '-', '_'", name));
        };
        if !self.scenario.named(bare).is_empty() {
            let why = format!("a second client named '{bare}'");
            return Err(self.refused(name.spot, &why));
        }
        Ok(name)
    }

    /// Who may do something.
    fn known(&self) -> String {
        let clients = self.scenario.clients.iter();
        let mut known: Vec<&str> =
            clients.map(|c| crowd::crowd(&c.name).unwrap_or(&c.name)).collect();
        known.dedup();
        if known.is_empty() {
            return "a client, and none is declared above".to_owned();
        }
        either(&known)
    }

    fn input(&mut self, mut words: Words<'_>) -> Result<(), Refusal> {
        let at = words.value(A_TIME, read_time)?;
        let found = words.next();
        let named = found.and_then(Word::bare).map(|name| self.scenario.named(name));
        let named = named.filter(|who| !who.is_empty());
        let (Some(word), Some(who)) = (found, named) else {
            return Err(words.error(&self.known(), found));
        };
        let before = self.sent_bytes;
        let is_crowd = self.scenario.clients[who.start].name != word.source;
        let action = self.action(words, is_crowd.then_some(who.len()))?;
        let others = who.len() as u64 - 1;
        let (packets, again) = match &action {
            Action::Send(sending) => (sending.splits.len() as u64 + 1, others),
            // It counts for all who share in it.
            Action::Load(_) => (1, 0),
            _ => (1, others),
        };
        self.count_bytes((self.sent_bytes - before).saturating_mul(again), word.spot)?;
        self.crowds_do += packets * others;
        if self.crowds_do > CROWDS_DO_MAX {
            let why = format!("all crowds together do more than {CROWDS_DO_MAX} things");
            return Err(self.refused(word.spot, &why));
        }
        for (nth, client) in who.enumerate() {
            let mut action = action.clone();
            if let Action::Load(share) = &mut action {
                let is_other =
                    |(i, _): &(Input, _)| i.client == client && matches!(i.action, Action::Load(_));
                if self.places.iter().any(is_other) {
                    let why = format!("a second load of '{}'", word.source);
                    return Err(self.refused(word.spot, &why));
                }
                share.nth = nth;
            }
            self.places.push((Input { at, client, action }, word.spot));
        }
        Ok(())
    }

    /// What one guest does, or each of a crowd of so many.
    fn action(&mut self, mut words: Words<'_>, crowd: Option<usize>) -> Result<Action, Refusal> {
        let what = "one of connects, sends, stops reading, reads, shuts down, closes, resets";
        let verb = words.next();
        let action = match verb.and_then(Word::bare) {
            Some("sends") => return self.sending(words, crowd),
            Some("connects") => Action::Connect,
            Some("closes") => Action::Close,
            Some("resets") => Action::Reset,
            Some("stops") => words.expect_keyword("reading").map(|_| Action::StopReading)?,
            Some("shuts") => words.expect_keyword("down").map(|_| Action::HalfClose)?,
            Some("reads") if words.is_empty() => Action::Read,
            Some("reads") => {
                let bytes = words.value("a size from 1 such as 4kb, or nothing", |size| {
                    read_size(size).filter(|bytes| *bytes > 0)
                })?;
                Action::ReadOnly { bytes }
            }
            _ => return Err(words.error(what, verb)),
        };
        words.expect_end()?;
        Ok(action)
    }
}

/// `latency 1ms receive-buffer 4kb`…
fn link_settings(words: &mut Words<'_>, link: &mut Link) -> Result<(), Refusal> {
    while !words.is_empty() {
        if words.take_keyword("latency") {
            link.latency = words.value(A_TIME, read_time)?;
            continue;
        }
        let size = words.one_of(&["latency"], &LINK_SIZES)?;
        *size(link) = words.value(A_SIZE, |text| read_size(text).filter(|bytes| *bytes > 0))?;
    }
    Ok(())
}
