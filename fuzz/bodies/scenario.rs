//! Scenarios: what can be read can be written, and reads as the same again.

use onechef::sim::Scenario;

/// # Panics
/// If a scenario that was read does not survive being written.
pub fn hold(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let Ok(scenario) = Scenario::parse("fuzz", text) else { return };
    let written = scenario.to_text();
    match Scenario::parse("fuzz", &written) {
        Ok(again) => assert_eq!(again, scenario, "{written}"),
        Err(error) => panic!("{error}\n{written}"),
    }
}
