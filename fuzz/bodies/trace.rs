//! Traces: what can be read can be written, and reads as the same again.

use onechef::trace::codec;

/// # Panics
/// If a trace that was read does not survive being written.
pub fn hold(data: &[u8]) {
    let Ok(trace) = codec::read(data) else { return };
    let Some(header) = trace.header else { return };
    let text = codec::to_text_with(&header, &trace.records, &trace.inputs);
    let again = codec::read(text.as_bytes()).expect("our own writing");
    assert_eq!(again.header, Some(header));
    assert_eq!(again.records, trace.records);
    assert_eq!(again.skipped, 0);
}
