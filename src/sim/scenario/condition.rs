//! One condition of a run: a directive, a price, what a network or a guest's
//! line is like. Read and changed in the scenario's own words, so that what a
//! condition is called and what it may be stand in one place, the parser.

use super::{Scenario, ScenarioError};
use crate::part::around;

/// Where a condition stands in the text: the words its line begins with, and
/// its own name: `set hz`, `cost syscall`, `client ana latency`.
fn place(at: &str) -> Option<(&str, &str)> {
    at.rsplit_once(' ')
}

/// The rest of a line that begins with the words of `head`.
fn after<'a>(line: &'a str, head: &str) -> Option<&'a str> {
    let mut rest = line;
    for word in head.split(' ') {
        rest = rest.trim_start().strip_prefix(word)?;
        if !rest.is_empty() && !rest.starts_with(' ') {
            return None;
        }
    }
    Some(rest.trim())
}

/// A directive has its line to itself, with all words after its name; other
/// lines hold pairs of a name and a word.
fn found<'a>(line: &'a str, head: &str, name: &str) -> Option<&'a str> {
    if head == "set" {
        return after(line, head).and_then(|rest| after(rest, name));
    }
    let mut words = after(line, head)?.split_whitespace();
    words.find(|word| *word == name)?;
    words.next()
}

impl Scenario {
    /// What stands there in the text, if anything does.
    #[must_use]
    pub fn condition(&self, at: &str) -> Option<String> {
        let (head, name) = place(at)?;
        self.to_text().lines().find_map(|line| found(line, head, name)).map(str::to_owned)
    }

    /// The same run under another condition; without a `value`, under the
    /// usual one.
    ///
    /// # Errors
    /// Where `value` is none that can stand there.
    pub fn with_condition(&self, at: &str, value: &str) -> Result<Scenario, ScenarioError> {
        let (head, name) = place(at).unwrap_or((at, ""));
        let text = self.to_text();
        let mut lines: Vec<String> =
            text.lines().filter_map(|line| without(line, head, name)).collect();
        let own = lines.iter().position(|line| head != "set" && after(line, head).is_some());
        match own {
            _ if value.is_empty() => {}
            Some(own) => lines[own] += &format!(" {name} {value}"),
            None => {
                // What lies on the way to a guest is said before the guests.
                let is_guest =
                    |line: &String| ["client ", "crowd "].iter().any(|k| line.starts_with(k));
                let first = lines.iter().position(is_guest);
                let place = first.unwrap_or(lines.len());
                lines.insert(place, format!("{head} {name} {value}"));
            }
        }
        Scenario::parse("run", &lines.join("\n"))
    }
}

/// The line without what it says of `name`; `None` if nothing is left to say.
fn without(line: &str, head: &str, name: &str) -> Option<String> {
    let Some(value) = found(line, head, name) else { return Some(line.to_owned()) };
    if head == "set" {
        return None;
    }
    let rest = after(line, head)?;
    let (before, behind) = around(rest, &format!("{name} {value}")).unwrap_or((rest, ""));
    let rest = [before, behind].concat();
    let is_bare = rest.trim().is_empty() && !head.starts_with("client ");
    (!is_bare).then(|| format!("{head} {}", rest.trim()).trim_end().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run() -> Scenario {
        let text = "onechef scenario 1\ntitle two\nset hz 100\nset timeout 5\n\
                    net latency 1ms send-buffer 8kb\nclient ana latency 3ms\nclient bob\n\
                    at 1ms ana connects\nat 1ms bob connects\n";
        Scenario::parse("two", text).expect("a scenario")
    }

    #[test]
    fn a_condition_is_read_where_the_text_says_it() {
        let run = run();
        let read = |at| run.condition(at).unwrap_or_default();
        assert_eq!(read("set hz"), "100");
        assert_eq!(read("set maxclients"), "");
        assert_eq!(read("net send-buffer"), "8kb");
        assert_eq!(read("client ana latency"), "3ms");
        assert_eq!(read("client bob latency"), "", "as the network's");
        assert_eq!(read("cost syscall"), "");
    }

    #[test]
    fn a_changed_condition_is_the_only_change() {
        for (at, value) in [
            ("set hz", "10"),
            ("set maxclients", "1"),
            ("set client-output-buffer-limit", "normal 64kb 32kb 1"),
            ("net send-buffer", "16kb"),
            ("net latency", "2ms"),
            ("client ana latency", "9ms"),
            ("client bob receive-buffer", "1kb"),
            ("cost syscall", "20us"),
            ("fault short-reads", "300"),
        ] {
            let run = run();
            let changed = run.with_condition(at, value).expect(at);
            assert_eq!(changed.condition(at).as_deref(), Some(value), "{at}");
            assert_ne!(changed, run, "{at}");
            let before = run.condition(at).unwrap_or_default();
            let back = changed.with_condition(at, &before).expect(at).to_text();
            let lines = |text: &str| {
                let mut lines: Vec<_> = text.lines().map(str::to_owned).collect();
                lines.sort();
                lines
            };
            assert_eq!(lines(&back), lines(&run.to_text()), "{at} and back");
        }
    }

    #[test]
    fn without_a_value_the_usual_condition_holds() {
        let run = run();
        let usual = run.with_condition("net latency", "").expect("less");
        assert_eq!(usual.condition("net latency"), None);
        assert_eq!(usual.condition("net send-buffer").as_deref(), Some("8kb"));
        assert_eq!(run.with_condition("set hz", "").expect("less").config.len(), 1);
    }

    /// Protects: a crowd has one line, which all its guests share.
    #[test]
    fn a_crowds_line_is_a_condition_too() {
        let text = "onechef scenario 1\ncrowd rush 3\nat 1ms rush connects\n";
        let run = Scenario::parse("rush", text).expect("a scenario");
        let far = run.with_condition("crowd rush latency", "3ms").expect("a crowd's");
        assert_eq!(far.condition("crowd rush latency").as_deref(), Some("3ms"));
        assert!(far.clients.iter().all(|client| client.link.latency.0 == 3_000));
        assert_eq!(far.with_condition("crowd rush latency", ""), Ok(run.clone()));
        let net = run.with_condition("net latency", "2ms").expect("before the crowd");
        assert!(net.clients.iter().all(|client| client.link.latency.0 == 2_000));
    }

    #[test]
    fn what_cannot_be_is_refused_with_the_reason() {
        let refused = |at, value| run().with_condition(at, value).unwrap_err().to_string();
        assert!(refused("client ana latency", "soon").contains("soon"));
        assert!(refused("cost syscall", "-1us").contains("-1us"));
    }
}
