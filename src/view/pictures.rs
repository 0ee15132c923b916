//! How often the picture changes by itself.
//!
//! At a reader's pace each step is drawn with its motion. Where steps go by
//! faster than anybody can tell them apart, drawing each would be a flicker:
//! then a picture is shown no more often than three times a second, at rest,
//! with what the round of the loop adds up to in the place of each step's
//! sentence. Nothing can flash more often (WCAG 2.3.1).

/// At least this long between two pictures that nobody asked for.
pub const GAP_MS: f64 = 334.0;

/// When the last picture was shown, and at which playhead.
#[derive(Clone, Copy, Debug, Default)]
pub struct Pictures {
    shown_at_ms: f64,
    shown: usize,
    /// A key is held down, and what it led to is not shown yet.
    pub held: bool,
}

impl Pictures {
    /// Whether what is now, `now_ms`, shall be shown: always, but `in_haste`
    /// only if the last picture is old enough.
    pub fn are_due(&mut self, now_ms: f64, in_haste: bool) -> bool {
        if in_haste && now_ms - self.shown_at_ms < GAP_MS {
            return false;
        }
        self.shown_at_ms = now_ms;
        true
    }

    /// `playhead` is shown. Returns the playhead of the picture before.
    pub fn show(&mut self, playhead: usize) -> usize {
        std::mem::replace(&mut self.shown, playhead)
    }
}
