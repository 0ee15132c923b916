//! Letting a crowd in: the fields of its form, as statements of a scenario.

use super::document::{element, focus, input, set};
use super::run::Run;
use crate::sim::scenario::Problem;
use crate::sim::{Scenario, ScenarioError};
use crate::time::Micros;
use crate::view::fault;
use crate::view::text::line;

const FIELDS: [&str; 4] = ["crowd-guests", "crowd-requests", "crowd-command", "crowd-time"];

/// From when its guests knock until they order: all are in by then.
const BEGINS_AFTER: Micros = Micros::from_millis(1);

/// The run with the crowd in it from `now` on, and what to say about it.
///
/// # Errors
/// The field that is wrong, and what is wrong with it.
pub fn scenario(run: &Run, now: Micros) -> Result<(Scenario, String), (&'static str, String)> {
    let scenario = run.scenario().ok_or_else(|| (FIELDS[0], run.refusal()))?;
    let [guests, requests, command, time] = FIELDS.map(|id| input(id).value().trim().to_owned());
    // What is no number would be taken for a command.
    let requests = requests.parse::<u64>().unwrap_or(0);
    let name = scenario.free_name(&line!("crowd.name"));
    let (now, begin) = (now.0 + 1, now.saturating_add(BEGINS_AFTER).0);
    let pace = if input("crowd-open").checked() { "open every" } else { "closed think" };
    let sends = format!("at {begin}us {name} sends {requests} x ");
    let mut text = scenario.to_text();
    let before = text.lines().count();
    for part in [
        &format!("crowd {name} {guests}\nat {now}us {name} connects\n"),
        &sends,
        &command,
        " ",
        pace,
        " ",
        &time,
    ] {
        text.push_str(part);
    }
    let wrong = |why: ScenarioError| {
        let columns = sends.chars().count();
        let field = match why.line - before {
            1 => 0,
            _ if why.column + 1 < columns => 1,
            _ if why.column <= columns + command.chars().count() => 2,
            _ => 3,
        };
        // What was found stands in the field.
        let problem = match why.problem {
            Problem::Expected { what, .. } => ["expected ", &what].concat(),
            Problem::Refused(why) => why,
        };
        let said = fault(&["x: ", &problem].concat());
        (FIELDS[field], said.strip_prefix("x: ").unwrap_or(&said).to_owned())
    };
    let crowded = Scenario::parse("line", &text).map_err(wrong)?;
    Ok((crowded, line!("crowd.coming", guests.parse::<usize>().unwrap_or_default(), &name)))
}

/// Says at the field what is wrong with it, or that nothing is any more.
pub fn show(wrong: Option<(&str, String)>) {
    for id in FIELDS {
        let is_wrong = wrong.as_ref().is_some_and(|(field, _)| *field == id);
        set(&input(id), "aria-invalid", if is_wrong { "true" } else { "false" });
        set(&input(id), "aria-describedby", if is_wrong { "crowd-fault" } else { "" });
    }
    let said = wrong.as_ref().map(|(_, said)| said.as_str());
    element("crowd-fault").set_text_content(said);
    if let Some((field, _)) = wrong {
        focus(&input(field));
    }
}
