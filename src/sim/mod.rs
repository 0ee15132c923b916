//! The deterministic driver.

pub mod scenario;

pub use scenario::{Action, ClientSpec, Input, Packets, Scenario, ScenarioError};
