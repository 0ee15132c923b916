//! What a word of the command line names a run by: a scenario's file, the name
//! of a bundled one, a link that the page made, or a recording.

use crate::program::{COULD_NOT_UNDERSTAND, Failure};
use miniz_oxide::inflate::{TINFLStatus, decompress_to_vec_zlib_with_limit};
use onechef::native::command_line::UsageError;
use onechef::sim::{Scenario, bundled_as, scenarios};
use onechef::trace::codec::{self, Ending, Trace};
use onechef::view::lesson;
use onechef::view::link::Link;
use onechef::view::share::{Shared, TEXT_LIMIT_BYTES};
use std::io::{self, Read};
use std::path::Path;

/// A run that can be played, and where a link to it points.
pub struct Named {
    pub scenario: Scenario,
    /// Records folded.
    pub at: Option<usize>,
}

pub enum Source {
    Scenario(Named),
    /// With the name of its file.
    Recording(String, Trace),
}

/// For what only a scenario will do.
pub fn scenario(word: &Path) -> Result<Named, Failure> {
    match open(word)? {
        Source::Scenario(named) => Ok(named),
        Source::Recording(name, _) => Err(refused(format!(
            "{name}: expected a scenario, found a recording; 'onechef replay' takes it"
        ))),
    }
}

/// `-` is the standard input.
pub fn open(word: &Path) -> Result<Source, Failure> {
    if let Some(link) = word.to_str().filter(|text| text.contains(['#', '?']) && !word.exists()) {
        return linked(link).map(Source::Scenario);
    }
    if let Some(bundled) = scenarios().iter().find(|s| Path::new(s.slug) == word)
        && !word.exists()
    {
        return Ok(Source::Scenario(Named { scenario: bundled.scenario(), at: None }));
    }
    let name = word.display().to_string();
    let bytes = read(word)?;
    if bytes.first() == Some(&b'{') {
        return recording(&name, &bytes).map(|trace| Source::Recording(name, trace));
    }
    let text = String::from_utf8(bytes)
        .map_err(|_| refused(format!("{name}: expected a text in UTF-8, or a recording")))?;
    Ok(Source::Scenario(Named { scenario: parse(&name, &text)?, at: None }))
}

pub fn read(file: &Path) -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    let read = match file.to_str() {
        Some("-") => io::stdin().lock().read_to_end(&mut bytes).map(|_| ()),
        _ => std::fs::read(file).map(|read| bytes = read),
    };
    read.map_err(|e| refused(UsageError::File(file.to_owned(), e).to_string()))?;
    Ok(bytes)
}

/// Says what is missing of it, if anything.
pub fn recording(name: &str, bytes: &[u8]) -> Result<Trace, Failure> {
    let trace = codec::read(bytes).map_err(|e| refused(format!("{name}:{e}")))?;
    if let Ending::CutMidLine { line } = trace.ending {
        eprintln!("onechef: {name} is cut in line {line}: up to there");
    }
    Ok(trace)
}

/// What follows the `#` holds a run or names a chapter; what follows the `?`
/// names a bundled scenario.
fn linked(link: &str) -> Result<Named, Failure> {
    let (address, hash) = link.split_once('#').unwrap_or((link, ""));
    if let Some(shared) = Shared::parse(hash) {
        let shared = shared.map_err(|why| refused(why.to_string()))?;
        let text = decompress_to_vec_zlib_with_limit(&shared.packed, TEXT_LIMIT_BYTES as usize)
            .map_err(|error| match error.status {
                TINFLStatus::HasMoreOutput => {
                    refused(format!("link: it unpacks to more than {TEXT_LIMIT_BYTES} bytes"))
                }
                _ => refused("link: it was changed, or cut".to_owned()),
            })?;
        let text = String::from_utf8(text)
            .map_err(|_| refused("link: expected a text in UTF-8".to_owned()))?;
        return Ok(Named { scenario: parse("link", &text)?, at: Some(shared.at) });
    }
    if let Some(address) = lesson::Address::parse(hash) {
        return match address.map_err(|why| refused(why.to_string()))? {
            lesson::Address::Step { chapter, .. } => {
                named(lesson::chapters()[chapter].scenario, None)
            }
            lesson::Address::Overview => {
                Err(refused("link: expected a run, found the list of chapters".to_owned()))
            }
        };
    }
    let query = address.split_once('?').map_or("", |(_, query)| query);
    let Link { scenario, at, .. } = Link::parse(query);
    let slug = scenario.ok_or_else(|| {
        refused(format!("{link}: no such file, and no link to a run (…#run/…, …?scenario=…)"))
    })?;
    named(&slug, at)
}

fn named(slug: &str, at: Option<usize>) -> Result<Named, Failure> {
    let bundled = bundled_as(slug);
    let bundled =
        bundled.ok_or_else(|| refused(format!("link: there is no scenario named '{slug}'")))?;
    Ok(Named { scenario: bundled.scenario(), at })
}

fn parse(name: &str, text: &str) -> Result<Scenario, Failure> {
    Scenario::parse(name, text).map_err(|e| refused(e.to_string()))
}

fn refused(why: String) -> Failure {
    Failure(COULD_NOT_UNDERSTAND, why)
}
