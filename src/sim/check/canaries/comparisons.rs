//! That what is compared at rest, or between two runs, is seen to differ.

use crate::net::virt::{Conn, GuestAction};
use crate::sim::check::trial::{self, Trial, examine};
use crate::sim::check::{Invariant, Violation, swarm};
use crate::sim::{Progress, Scenario, Simulated};
use crate::time::Micros;

fn two_guests() -> Scenario {
    let text = "onechef scenario 1\nclient ana\nclient bob\nat 1ms ana connects\n\
        at 1ms bob connects\nat 3ms ana sends SET key value\nat 4ms bob sends GET key";
    Scenario::parse("two guests", text).expect("a well-formed scenario")
}

#[test]
fn what_is_owed_at_rest_and_who_remains_are_noticed() {
    let mut trial = Trial::new(&two_guests());
    // Behind the checker's back: the scenario says that bob reads.
    let deaf = GuestAction::StopReading;
    trial.sim.net.faults_mut().inner_mut().schedule(Micros(2_000), Conn(1), deaf);
    loop {
        let step = trial.advance();
        if trial.observe(step).expect("nothing is wrong yet") == Progress::Quiet {
            break;
        }
    }
    let owed = trial.held(|trial| trial.check_rest()).expect_err("bob is owed a reply");
    assert_eq!(owed.invariant, Invariant::Liveness);
    let remains = trial.held(|trial| trial.check_baseline()).expect_err("both are still there");
    assert_eq!(remains.invariant, Invariant::BackToBaseline);
}

#[test]
fn runs_that_differ_are_told_apart() {
    let scenario = two_guests();
    let report = examine(&scenario).expect("nothing is wrong");
    let mut other = report.clone();
    other.hash ^= 1;
    other.received[1].push(b'x');
    let told = |result: Result<(), Violation>| result.expect_err("they differ").invariant;
    assert_eq!(told(trial::same_again(&report, &other)), Invariant::SameAgain);
    assert_eq!(told(swarm::compare(&report, &other)), Invariant::ChunkingInvariance);
    other = report.clone();
    other.keys.clear();
    assert_eq!(told(swarm::compare(&report, &other)), Invariant::ChunkingInvariance);
    let watched = trial::calls(&scenario, true);
    let mut alone = trial::calls(&scenario, false);
    assert_eq!(trial::same_calls(&report, &watched, &alone), Ok(()));
    alone.pop();
    let observed = told(trial::same_calls(&report, &watched, &alone));
    assert_eq!(observed, Invariant::ObserverEffectZero);
}

#[test]
fn what_arrives_and_was_not_sent_is_noticed() {
    let mut trial = Trial::new(&two_guests());
    // Behind the checker's back: the scenario says that ana sends a SET.
    let other = GuestAction::Send { bytes: b"PING\r\n".to_vec() };
    trial.sim.net.faults_mut().inner_mut().schedule(Micros(2_000), Conn(0), other);
    let seen = loop {
        let step = trial.advance();
        if let Err(violation) = trial.observe(step) {
            break violation;
        }
    };
    assert_eq!(seen.invariant, Invariant::InputInOrder);
}

/// Protects: runs are compared by what happened in them, to the last record.
#[test]
fn the_hash_of_a_run_depends_on_each_record() {
    let scenario = two_guests();
    let report = examine(&scenario).expect("nothing is wrong");
    let mut later = scenario.clone();
    later.inputs.last_mut().expect("bob's order").at = Micros(4_001);
    let other = examine(&later).expect("nothing is wrong");
    assert_eq!(other.received, report.received, "the same is said, a microsecond later");
    assert_ne!(other.hash, report.hash);
}
