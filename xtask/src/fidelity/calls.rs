//! strace's lines as cycles of calls on connections.

use super::play::{BEGIN, END};
use std::collections::BTreeMap;
use std::fmt;

/// From one return of the poll to the next.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cycle(pub Vec<Call>);

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    pub name: String,
    /// The guest: 0 is the host of the script, the door is nobody.
    pub who: Option<usize>,
    /// Arguments that mean something, as strace prints them.
    pub what: String,
    /// What a read asked for, or a write offered.
    pub size: u64,
    /// What it returned.
    pub result: String,
}

impl fmt::Display for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)?;
        match self.who {
            Some(who) => write!(f, " #{who}")?,
            None => f.write_str(" door")?,
        }
        if !self.what.is_empty() {
            write!(f, " {}", self.what)?;
        }
        if self.size > 0 {
            write!(f, " of {}", self.size)?;
        }
        if !self.result.is_empty() && self.result != "0" {
            write!(f, " = {}", self.result)?;
        }
        Ok(())
    }
}

impl fmt::Display for Cycle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let calls: Vec<String> = self.0.iter().map(Call::to_string).collect();
        f.write_str(&calls.join(" | "))
    }
}

/// Most characters of what was read or written that are compared.
const SHOWN: usize = 80;

/// The cycles between the marks of the script, those of the marks left out.
pub fn cycles(text: &str) -> Vec<Cycle> {
    let mut reader = Reader::default();
    let mut torn: BTreeMap<&str, String> = BTreeMap::new();
    for line in text.lines() {
        let Some((thread, rest)) = line.split_once(' ') else { continue };
        let rest = rest.trim_start();
        if let Some(beginning) = rest.strip_suffix("<unfinished ...>") {
            torn.insert(thread, beginning.trim_end().to_owned());
        } else if let Some((_, ending)) = rest.strip_prefix("<... ").and_then(|r| r.split_once('>'))
        {
            if let Some(beginning) = torn.remove(thread) {
                reader.line(&format!("{beginning}{ending}"));
            }
        } else {
            reader.line(rest);
        }
    }
    reader.cycles
}

#[derive(Default)]
struct Reader {
    /// Guests by descriptor, while they are there.
    guests: BTreeMap<u64, usize>,
    next: usize,
    begun: bool,
    ended: bool,
    cycle: Cycle,
    cycles: Vec<Cycle>,
}

impl Reader {
    fn line(&mut self, line: &str) {
        let Some((name, arguments)) = line.split_once('(') else { return };
        let Some((arguments, result)) = arguments.rsplit_once(") ") else { return };
        let result = result.trim_start().trim_start_matches("= ");
        if name.starts_with("epoll_wait") || name.starts_with("epoll_pwait") {
            self.turn();
            return self.woken(arguments);
        }
        // What is registered stands behind the poll and what is done.
        let on =
            if name == "epoll_ctl" { arguments.splitn(3, ", ").nth(2) } else { Some(arguments) };
        let Some(on) = on else { return };
        if !on.split([',', ' ']).next().is_some_and(|first| first.contains("<TCP")) {
            return;
        }
        let fd = number(on);
        let who = self.guests.get(&fd).copied();
        let mut call = Call {
            name: name.to_owned(),
            who,
            what: String::new(),
            size: 0,
            result: result.split([' ', '<']).next().unwrap_or_default().to_owned(),
        };
        if let Some(error) = result.strip_prefix("-1 ") {
            call.result = error.split(' ').next().unwrap_or_default().to_owned();
        }
        match name {
            "accept4" => {
                if let Ok(fd) = call.result.parse() {
                    self.next += usize::from(self.begun);
                    self.guests.insert(fd, self.next);
                    call.result = format!("#{}", self.next);
                }
            }
            "close" => {
                self.guests.remove(&fd);
            }
            "epoll_ctl" => call.what = arguments.split(", ").nth(1).unwrap_or_default().into(),
            "setsockopt" => call.what = on.split_once(", ").map_or("", |(_, rest)| rest).into(),
            "read" | "recvfrom" => {
                call.what = quoted(on);
                call.size = trailing_size(on, &call.name);
            }
            "write" | "sendto" => call.what = quoted(on),
            "writev" => call.what = quoted(on),
            _ => {}
        }
        self.cycle.0.push(call);
    }

    /// A poll begins: the cycle is over.
    fn turn(&mut self) {
        let cycle = std::mem::take(&mut self.cycle);
        let marks = |mark: &str| cycle.0.iter().any(|call| call.what.contains(mark));
        if marks(END) {
            self.ended = true;
        }
        if self.begun && !self.ended {
            self.cycles.push(cycle.clone());
        }
        if marks(BEGIN) {
            self.begun = true;
            // Whoever has begun it is 0, and nobody else is there.
            let host = cycle.0.iter().find(|call| call.what.contains(BEGIN)).and_then(|c| c.who);
            self.guests.retain(|_, who| Some(*who) == host);
        }
    }

    fn woken(&mut self, arguments: &str) {
        let named: Vec<String> = arguments
            .split("u32=")
            .skip(1)
            .map(|rest| match self.guests.get(&number(rest)) {
                Some(who) => format!("#{who}"),
                None => "door".to_owned(),
            })
            .collect();
        if !named.is_empty() {
            let what = named.join(" ");
            let name = "woken".to_owned();
            self.cycle.0.push(Call { name, who: None, what, size: 0, result: String::new() });
        }
    }
}

fn number(text: &str) -> u64 {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    text[..end].parse().unwrap_or(u64::MAX)
}

/// How the bytes begin.
fn quoted(arguments: &str) -> String {
    let Some(open) = arguments.find('"') else { return String::new() };
    let mut shown = String::from("\"");
    let mut escaped = false;
    for c in arguments[open + 1..].chars().take(SHOWN) {
        shown.push(c);
        if c == '"' && !escaped {
            break;
        }
        escaped = c == '\\' && !escaped;
    }
    shown
}

/// `…, 16384` or `…, 16384, 0, NULL, NULL`.
fn trailing_size(arguments: &str, name: &str) -> u64 {
    let behind = if name == "recvfrom" { 3 } else { 0 };
    arguments.rsplit(", ").nth(behind).map_or(0, number)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Protects: guests instead of descriptors, and only what lies between the
    /// marks.
    #[test]
    fn cycles_are_told_by_guests() {
        let text = r#"7 accept4(6<TCP:[1]>, NULL, NULL, 0) = 8<TCP:[1->2]>
7 epoll_wait(5, [{events=EPOLLIN, data={u32=8, u64=8}}], 10, 10) = 1
7 read(8<TCP:[1->2]>, "ECHO the-script-begins\r\n", 16384) = 24
7 epoll_wait(5, [{events=EPOLLIN, data={u32=6, u64=6}}], 10, 10) = 1
7 accept4(6<TCP:[1]>, NULL, NULL, 0) = 9<TCP:[1->3]>
7 epoll_ctl(5<anon_inode:[eventpoll]>, EPOLL_CTL_ADD, 9<TCP:[1->3]>, {events=EPOLLIN, data={u32=9, u64=9}}) = 0
7 accept4(6<TCP:[1]>, NULL, NULL, 0) = -1 EAGAIN (Resource temporarily unavailable)
7 read(3</etc/hosts>, "x", 1) = 1
7 epoll_wait(5, [{events=EPOLLIN, data={u32=9, u64=9}}], 10, 10 <unfinished ...>
8 write(1<pipe:[3]>, "x", 1) = 1
7 <... epoll_wait resumed>) = 1
7 recvfrom(9<TCP:[1->3]>, "PING\r\n", 16384, 0, NULL, NULL) = 6
7 epoll_wait(5, [], 10, 10) = 0
7 read(8<TCP:[1->2]>, "ECHO the-script-ends\r\n", 16384) = 22
7 epoll_wait(5, [], 10, 10) = 0
"#;
        let told: Vec<String> = cycles(text).iter().map(Cycle::to_string).collect();
        assert_eq!(
            told,
            [
                "woken door door | accept4 door = #1 | epoll_ctl #1 EPOLL_CTL_ADD | \
                 accept4 door = EAGAIN",
                "woken door #1 | recvfrom #1 \"PING\\r\\n\" of 16384 = 6",
            ]
        );
    }
}
