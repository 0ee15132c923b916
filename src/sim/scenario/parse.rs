//! From text to [`Scenario`]; every refusal says where and what was expected.

use super::load::{self, times};
use super::text::{COSTS, FAULTS, LINK_SIZES};
use super::words::{
    A_SIZE, A_TIME, Word, Words, read_nanoseconds, read_number, read_size, read_time,
};
use super::{Action, ClientSpec, Input, Packets, Scenario};
use crate::engine::config::Config;
use crate::net::parse_address;
use crate::net::tape::Tape;
use crate::net::virt::Link;
use crate::sorted::SortedMap;
use std::fmt;

/// Most bytes that one statement may send: a mistyped size must not eat the
/// reader's memory.
const SEND_MAX_BYTES: u64 = 64 * 1024 * 1024;
/// Most bytes that all statements together may send: a scenario may come from
/// a stranger, in a link of a hundred letters.
const SEND_ALL_MAX_BYTES: u64 = 128 * 1024 * 1024;
/// Most that the guests of all crowds may do, beyond the first of each: one
/// line is an input, and its packets, for each of them.
const CROWDS_DO_MAX: u64 = 100_000;
/// Most packets that one statement may make.
const PACKETS_MAX: usize = 10_000;

/// Why a text is no scenario; lines and columns count from 1, columns in
/// characters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScenarioError {
    /// The file, as the caller calls it.
    pub name: String,
    pub line: usize,
    pub column: usize,
    pub problem: Problem,
}

/// What is wrong there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Problem {
    /// `found` is what stands there, quoted if it is the file's own words.
    Expected { what: String, found: String },
    /// Well-formed, but it cannot be.
    Refused(String),
}

impl ScenarioError {
    /// `what` was expected where the text says `found`.
    pub(super) fn expected(
        name: &str,
        line: usize,
        column: usize,
        what: &str,
        found: String,
    ) -> ScenarioError {
        const SHOWN_CHARS: usize = 40;
        let cut = found.chars().count() > SHOWN_CHARS;
        let shown: String = found.chars().take(SHOWN_CHARS).collect();
        let found = format!("\"{shown}{}\"", if cut { "…" } else { "" });
        ScenarioError::expected_but(name, line, column, what, &found)
    }

    /// The same where the text has nothing to quote.
    pub(super) fn expected_but(
        name: &str,
        line: usize,
        column: usize,
        what: &str,
        found: &str,
    ) -> ScenarioError {
        let problem = Problem::Expected { what: what.to_owned(), found: found.to_owned() };
        ScenarioError { name: name.to_owned(), line, column, problem }
    }
}

impl fmt::Display for ScenarioError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}: ", self.name, self.line, self.column)?;
        match &self.problem {
            Problem::Expected { what, found } => write!(f, "expected {what}, found {found}"),
            Problem::Refused(why) => f.write_str(why),
        }
    }
}

impl std::error::Error for ScenarioError {}

impl Scenario {
    /// Reads a scenario; `name` is what errors call the file.
    ///
    /// # Errors
    /// The first [`ScenarioError`].
    pub fn parse(name: &str, text: &str) -> Result<Scenario, ScenarioError> {
        let mut lines = text.lines().enumerate().map(|(i, line)| (i + 1, line));
        let (_, first) = lines.next().unwrap_or((1, ""));
        header(Words::split(name, 1, first)?)?;
        let mut reader = Reader { name, ..Reader::default() };
        for (number, line) in lines {
            reader.statement(number, line)?;
        }
        reader.finish()
    }
}

fn header(mut words: Words<'_>) -> Result<(), ScenarioError> {
    const WHAT: &str = "'onechef scenario 1'";
    for want in ["onechef", "scenario"] {
        let word = words.expect(WHAT)?;
        if word.bare() != Some(want) {
            return Err(words.error(WHAT, &word));
        }
    }
    words.value("version 1 of the format", |version| (version == "1").then_some(()))?;
    words.expect_end()
}

/// What has been read so far.
#[derive(Default)]
pub(super) struct Reader<'a> {
    pub name: &'a str,
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
    places: Vec<(Input, usize, usize)>,
    tape: String,
    /// Where the tape, or somebody who comes in on it, was stated last.
    tape_place: (usize, usize),
}

impl<'a> Reader<'a> {
    fn statement(&mut self, line: usize, text: &str) -> Result<(), ScenarioError> {
        // These are prose: quotes and hashes mean nothing in them.
        let trimmed = text.trim();
        let (keyword, prose) = trimmed.split_once(char::is_whitespace).unwrap_or((trimmed, ""));
        let column = text.chars().take_while(|c| c.is_whitespace()).count() + 1;
        match keyword {
            "title" => {
                self.once("title", line, column)?;
                self.scenario.title = self.prose(line, text, prose)?;
                return Ok(());
            }
            "about" => {
                self.once("about", line, column)?;
                self.scenario.about = self.prose(line, text, prose)?;
                return Ok(());
            }
            "tape" => {
                self.tape.extend(self.prose(line, text, prose)?.split_whitespace());
                self.tape_place = (line, column);
                return Ok(());
            }
            _ => {}
        }
        let mut words = Words::split(self.name, line, text)?;
        let Some(keyword) = words.next() else { return Ok(()) };
        match keyword.bare() {
            Some("seed") => {
                self.once("seed", line, column)?;
                self.scenario.seed = words.value("a whole number", read_number)?;
                words.expect_end()
            }
            Some("set") => self.directive(words),
            Some("net") if !self.scenario.clients.is_empty() => {
                Err(self.refused(line, column, "'net' must come before the first client"))
            }
            Some("net") => link_settings(&mut words, &mut self.scenario.link),
            Some("cost") => self.costs(words),
            Some("fault") => self.faults(words),
            Some("calm") => {
                self.once("calm", line, column)?;
                self.scenario.calm = Some(words.value(A_TIME, read_time)?);
                words.expect_end()
            }
            Some("client") => self.client(words),
            Some("crowd") => self.crowd(words),
            Some("at") => self.input(words),
            _ => {
                let what = "one of title, about, seed, set, net, cost, fault, calm, tape, client, crowd, at";
                Err(words.error(what, &keyword))
            }
        }
    }

    fn finish(mut self) -> Result<Scenario, ScenarioError> {
        let in_time: SortedMap<_, _> = std::mem::take(&mut self.places)
            .into_iter()
            .enumerate()
            .map(|(nth, place)| ((place.0.at, nth), place))
            .collect();
        self.places = in_time.into_iter().map(|(_, place)| place).collect();
        self.check_tape()?;
        let came_in = |client: &ClientSpec| client.from.is_some();
        let mut connected: Vec<bool> = self.scenario.clients.iter().map(came_in).collect();
        for (input, line, column) in &self.places {
            let client = &self.scenario.clients[input.client].name;
            let connects = input.action == Action::Connect;
            if connects && connected[input.client] {
                let why = format!("'{client}' connects twice");
                return Err(self.refused(*line, *column, &why));
            }
            if !connects && !connected[input.client] {
                let why = format!("'{client}' has not connected by then");
                return Err(self.refused(*line, *column, &why));
            }
            connected[input.client] = true;
        }
        self.scenario.inputs = self.places.into_iter().map(|(input, ..)| input).collect();
        Ok(self.scenario)
    }

    /// Whoever comes in on the tape is declared first, in that order.
    fn check_tape(&mut self) -> Result<(), ScenarioError> {
        let clients = &self.scenario.clients;
        let guests = Tape::guests(&self.tape);
        let declared = clients.iter().map_while(|client| client.from);
        let strays = clients.iter().skip(guests.len()).any(|client| client.from.is_some());
        if strays || !declared.eq(guests.iter().copied()) {
            let why = "the clients declared with 'from' are not those who come in on the tape";
            let (line, column) = self.tape_place;
            return Err(self.refused(line, column, why));
        }
        if !self.tape.is_empty() {
            self.scenario.tape = Some(std::mem::take(&mut self.tape).into());
        }
        Ok(())
    }

    fn refused(&self, line: usize, column: usize, why: &str) -> ScenarioError {
        let problem = Problem::Refused(why.to_owned());
        ScenarioError { name: self.name.to_owned(), line, column, problem }
    }

    fn once(
        &mut self,
        keyword: &'static str,
        line: usize,
        column: usize,
    ) -> Result<(), ScenarioError> {
        if self.stated.contains(&keyword) {
            return Err(self.refused(line, column, &format!("a second '{keyword}'")));
        }
        self.stated.push(keyword);
        Ok(())
    }

    fn prose(&self, line: usize, text: &str, prose: &str) -> Result<String, ScenarioError> {
        match prose.trim() {
            "" => {
                let (column, found) = (text.chars().count() + 1, "the end of the line");
                Err(ScenarioError::expected_but(self.name, line, column, "a text", found))
            }
            prose => Ok(prose.to_owned()),
        }
    }

    fn directive(&mut self, mut words: Words<'_>) -> Result<(), ScenarioError> {
        let name = words.expect("a directive")?;
        let values = words.rest();
        let value: Vec<String> =
            values.iter().map(|w| String::from_utf8_lossy(&w.bytes).into_owned()).collect();
        let value = value.join(" ");
        let directive = String::from_utf8_lossy(&name.bytes).into_owned();
        self.trial.set(&directive, &value).map_err(|why| {
            // An unknown name is wrong at the name, anything else at the value.
            let known = crate::engine::config::find(directive.as_bytes()).is_some();
            let at = values.first().filter(|_| known).unwrap_or(&name);
            self.refused(words.line, at.column, &format!("{directive}: {why}"))
        })?;
        self.scenario.config.push((directive, value));
        Ok(())
    }

    fn costs(&mut self, mut words: Words<'_>) -> Result<(), ScenarioError> {
        while !words.is_empty() {
            let what = names(COSTS.iter().map(|(name, _)| *name));
            let cost = words.value(&what, |name| COSTS.iter().find(|(n, _)| *n == name))?;
            *(cost.1)(&mut self.scenario.costs) =
                words.value("a time such as 1.5us", read_nanoseconds)?;
        }
        Ok(())
    }

    fn faults(&mut self, mut words: Words<'_>) -> Result<(), ScenarioError> {
        while !words.is_empty() {
            let what = names(FAULTS.iter().map(|(name, _)| *name));
            let fault = words.value(&what, |name| FAULTS.iter().find(|(n, _)| *n == name))?;
            *(fault.1)(&mut self.scenario.faults) = words
                .value("a rate from 0 to 1000, per thousand", |rate| {
                    read_number(rate).filter(|rate| *rate <= 1_000)
                })?;
        }
        Ok(())
    }

    fn client(&mut self, mut words: Words<'_>) -> Result<(), ScenarioError> {
        let (name, column) = self.new_name(&mut words)?;
        let mut link = self.scenario.link;
        let mut from = None;
        if words.peek().and_then(Word::bare) == Some("from") {
            words.expect_keyword("from")?;
            from = Some(words.value("an address such as 127.0.0.1:50001", parse_address)?);
            self.tape_place = (words.line, column);
        }
        link_settings(&mut words, &mut link)?;
        self.scenario.clients.push(ClientSpec { name, link, from });
        Ok(())
    }

    fn crowd(&mut self, mut words: Words<'_>) -> Result<(), ScenarioError> {
        let (crowd, _) = self.new_name(&mut words)?;
        let clients = &self.scenario.clients;
        let free =
            load::GUESTS_MAX - clients.iter().filter(|c| load::crowd(&c.name).is_some()).count();
        let what = format!("from 1 to {} guests in all crowds together", load::GUESTS_MAX);
        let fits = |guests: &usize| (1..=free).contains(guests);
        let guests = words.value(&what, |text| read_number(text).filter(fits))?;
        let mut link = self.scenario.link;
        link_settings(&mut words, &mut link)?;
        self.scenario.add_crowd(&crowd, guests, link);
        Ok(())
    }

    /// A name that nobody has, and its column.
    fn new_name(&self, words: &mut Words<'_>) -> Result<(String, usize), ScenarioError> {
        let name = words.expect("a client's name")?;
        // A letter of any script, without the tables that know which those are.
        let letter = |c: char| c.is_ascii_alphanumeric() || !(c.is_ascii() || c.is_whitespace());
        let allowed = |c: char| letter(c) && !c.is_control() || c == '-' || c == '_';
        let bare = name.bare().filter(|name| name.chars().all(allowed));
        let Some(bare) = bare else {
            return Err(words.error("a client's name of letters, digits, '-', '_'", &name));
        };
        if !self.scenario.named(bare).is_empty() {
            let why = format!("a second client named '{bare}'");
            return Err(self.refused(words.line, name.column, &why));
        }
        Ok((bare.to_owned(), name.column))
    }

    fn input(&mut self, mut words: Words<'_>) -> Result<(), ScenarioError> {
        let at = words.value(A_TIME, read_time)?;
        let what = match self.scenario.clients.as_slice() {
            [] => "a client, and none is declared above".to_owned(),
            clients => {
                let mut known: Vec<&str> =
                    clients.iter().map(|c| load::crowd(&c.name).unwrap_or(&c.name)).collect();
                known.dedup();
                names(known.into_iter())
            }
        };
        let word = words.expect(&what)?;
        let who = word.bare().map_or(0..0, |name| self.scenario.named(name));
        if who.is_empty() {
            return Err(words.error(&what, &word));
        }
        let (line, before) = (words.line, self.sent_bytes);
        let is_crowd = self.scenario.clients[who.start].name != word.source;
        let action = self.action(words, is_crowd.then_some(who.len()))?;
        let others = who.len() as u64 - 1;
        let (packets, again) = match &action {
            Action::Send(sending) => (sending.splits.len() as u64 + 1, others),
            // It counts for all who share in it.
            Action::Load(_) => (1, 0),
            _ => (1, others),
        };
        self.count_bytes((self.sent_bytes - before).saturating_mul(again), line, word.column)?;
        self.crowds_do += packets * others;
        if self.crowds_do > CROWDS_DO_MAX {
            let why = format!("all crowds together do more than {CROWDS_DO_MAX} things");
            return Err(self.refused(line, word.column, &why));
        }
        for (nth, client) in who.enumerate() {
            let mut action = action.clone();
            if let Action::Load(share) = &mut action {
                let is_other = |(i, ..): &(Input, _, _)| {
                    i.client == client && matches!(i.action, Action::Load(_))
                };
                if self.places.iter().any(is_other) {
                    let why = format!("a second load of '{}'", word.source);
                    return Err(self.refused(line, word.column, &why));
                }
                share.nth = nth;
            }
            self.places.push((Input { at, client, action }, line, word.column));
        }
        Ok(())
    }

    /// What one guest does, or each of a crowd of so many.
    fn action(
        &mut self,
        mut words: Words<'_>,
        crowd: Option<usize>,
    ) -> Result<Action, ScenarioError> {
        let what = "one of connects, sends, stops reading, reads, shuts down, closes, resets";
        let verb = words.expect(what)?;
        let action = match verb.bare() {
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
            _ => return Err(words.error(what, &verb)),
        };
        words.expect_end()?;
        Ok(action)
    }

    /// Everything after `sends`.
    fn sending(
        &mut self,
        mut words: Words<'_>,
        crowd: Option<usize>,
    ) -> Result<Action, ScenarioError> {
        let what = "a command, 'inline', 'raw', or a number and 'x'";
        let first = words.expect(what)?;
        let (line, column) = (words.line, first.column);
        let mut rest = words.rest();
        if let (Some(guests), Some(at)) = (crowd, load::clause(&rest)) {
            let clause = Words::of(self.name, line, rest.split_off(at));
            return self.load(guests, &first, &rest, clause);
        }
        let clause = rest.iter().position(|word| word.bare() == Some("split"));
        let clause: Vec<Word> = clause.map(|at| rest.split_off(at)).unwrap_or_default();

        let bytes = match (first.bare(), times(&first, &rest)) {
            (Some("inline"), _) => self.typed(line, &first, &rest)?,
            (Some("raw"), _) => self.concatenated(line, &first, &rest)?,
            (_, Some(times)) => {
                let argv = self.argv(line, &rest[0], &rest[1..])?;
                let one = Packets::command(&argv).bytes;
                if (one.len() as u64).saturating_mul(times) > SEND_MAX_BYTES || times == 0 {
                    let why = "between 1 request and 64mb in one statement";
                    return Err(words.error(why, &first));
                }
                one.repeat(times as usize)
            }
            _ => {
                let argv: Vec<Word> = std::iter::once(first).chain(rest).collect();
                Packets::command(&self.argv(line, &argv[0], &argv)?).bytes
            }
        };
        self.count_bytes(bytes.len() as u64, line, column)?;
        let mut packets = Packets::whole(bytes);
        if !clause.is_empty() {
            splits(Words::of(self.name, line, clause), &mut packets)?;
        }
        Ok(Action::Send(packets))
    }

    pub fn count_bytes(
        &mut self,
        bytes: u64,
        line: usize,
        column: usize,
    ) -> Result<(), ScenarioError> {
        self.sent_bytes = self.sent_bytes.saturating_add(bytes);
        if self.sent_bytes > SEND_ALL_MAX_BYTES {
            return Err(self.refused(line, column, "more than 128mb are sent in all"));
        }
        Ok(())
    }

    pub fn argv(
        &self,
        line: usize,
        before: &Word,
        words: &[Word],
    ) -> Result<Vec<Vec<u8>>, ScenarioError> {
        if words.is_empty() {
            let (column, found) = (before.column, before.source.clone());
            let what = "a command after 'x'";
            return Err(ScenarioError::expected(self.name, line, column, what, found));
        }
        words.iter().map(|word| self.payload(line, word)).collect()
    }

    /// A word's bytes; `<4kb>` stands for that many letters x.
    pub fn payload(&self, line: usize, word: &Word) -> Result<Vec<u8>, ScenarioError> {
        let fill = word.bare().and_then(|bare| bare.strip_prefix('<')?.strip_suffix('>'));
        let Some(size) = fill else { return Ok(word.bytes.clone()) };
        match read_size(size) {
            Some(bytes) if bytes <= SEND_MAX_BYTES => Ok(vec![b'x'; bytes as usize]),
            _ => {
                let (column, found) = (word.column, word.source.clone());
                let what = "a size up to 64mb in angle brackets, such as <4kb>";
                Err(ScenarioError::expected(self.name, line, column, what, found))
            }
        }
    }

    fn concatenated(
        &self,
        line: usize,
        before: &Word,
        words: &[Word],
    ) -> Result<Vec<u8>, ScenarioError> {
        let mut bytes = Vec::new();
        for word in words {
            bytes.extend_from_slice(&self.payload(line, word)?);
        }
        if bytes.is_empty() {
            let (column, found) = (before.column, before.source.clone());
            let what = format!("bytes after '{found}'");
            return Err(ScenarioError::expected(self.name, line, column, &what, found));
        }
        Ok(bytes)
    }

    /// A line that a person types. What is wrong with its quotes is the
    /// server's to say, but it must be one line.
    fn typed(&self, line: usize, before: &Word, words: &[Word]) -> Result<Vec<u8>, ScenarioError> {
        let mut bytes = self.concatenated(line, before, words)?;
        if bytes.contains(&b'\n') {
            return Err(self.refused(line, words[0].column, "an inline request is one line"));
        }
        bytes.extend_from_slice(b"\r\n");
        Ok(bytes)
    }
}

/// `split 7 12`, `split every 2`, both with `apart 5ms` after.
fn splits(mut words: Words<'_>, packets: &mut Packets) -> Result<(), ScenarioError> {
    words.expect_keyword("split")?;
    let len = packets.bytes.len();
    if words.peek().and_then(Word::bare) == Some("every") {
        words.expect_keyword("every")?;
        let what = format!("a number of bytes that makes at most {PACKETS_MAX} packets");
        let step = words.value(&what, |step| {
            read_number::<usize>(step).filter(|step| *step > 0 && len / step < PACKETS_MAX)
        })?;
        packets.splits = (step..len).step_by(step).collect();
    } else {
        let mut last = 0;
        loop {
            let what = format!("an offset from {} to {}", last + 1, len - 1);
            let inside = |offset: &usize| *offset > last && *offset < len;
            let offset = words.value(&what, |text| read_number(text).filter(inside))?;
            packets.splits.push(offset);
            last = offset;
            if words.peek().and_then(Word::bare).is_none_or(|word| word == "apart") {
                break;
            }
        }
    }
    if !words.is_empty() {
        words.expect_keyword("apart")?;
        packets.apart = words.value(A_TIME, read_time)?;
    }
    words.expect_end()
}

/// `latency 1ms receive-buffer 4kb`…
fn link_settings(words: &mut Words<'_>, link: &mut Link) -> Result<(), ScenarioError> {
    while !words.is_empty() {
        let known = std::iter::once("latency").chain(LINK_SIZES.iter().map(|(name, _)| *name));
        let what = names(known);
        let setting = words.expect(&what)?;
        if setting.bare() == Some("latency") {
            link.latency = words.value(A_TIME, read_time)?;
            continue;
        }
        let size = LINK_SIZES.iter().find(|(name, _)| Some(*name) == setting.bare());
        let (_, field) = size.ok_or_else(|| words.error(&what, &setting))?;
        *field(link) = words.value(A_SIZE, |text| read_size(text).filter(|bytes| *bytes > 0))?;
    }
    Ok(())
}

fn names<'a>(all: impl Iterator<Item = &'a str>) -> String {
    format!("one of {}", all.collect::<Vec<_>>().join(", "))
}
