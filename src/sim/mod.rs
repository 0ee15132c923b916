//! The deterministic driver.
