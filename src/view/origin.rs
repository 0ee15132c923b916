//! What must be said of where records come from.

use super::text::line;
use crate::trace::codec::{Header, Source};

/// What is real in what is watched, and whether it comes out the same again.
#[must_use]
pub fn truth(header: &Header) -> String {
    match &header.source {
        Source::Simulation(simulation) => line!("origin.simulated", simulation.seed),
        Source::Native(native) => line!("origin.server", &native.version, native.pid),
        Source::SystemCalls(_) => line!("live.system-calls"),
        Source::Unknown => String::new(),
    }
}

/// What a watcher from outside cannot show. `None` where nothing is missing
/// that a reader would look for.
#[must_use]
pub fn caveat(header: &Header) -> Option<String> {
    match header.source {
        Source::SystemCalls(_) => Some(line!("live.system-calls")),
        Source::Simulation(_) | Source::Native(_) | Source::Unknown => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trace::codec::{Native, Simulation};

    #[test]
    fn a_simulation_names_its_seed_and_a_recording_its_server() {
        let told = |source| truth(&Header::new(source, Default::default()));
        let simulation = Simulation { scenario: String::new(), seed: 4_711 };
        assert!(told(Source::Simulation(simulation)).contains("seed 4711"));
        let native = Native { version: "1.2.3".into(), pid: 99, started_unix_us: 0 };
        let said = told(Source::Native(native));
        assert!(said.contains("1.2.3") && said.contains("99"), "{said}");
    }
}
