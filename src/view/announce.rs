//! What a screen reader is told, and how often.
//!
//! One polite live region speaks for the page. A step that the reader took is
//! told at once. While it plays, a sentence is told only when the loop enters
//! another phase, and never within a second of the last: listening must not
//! become work (WCAG 4.1.3). What playing skipped is told when it pauses.

use super::phase::StagePhase;

/// At least this long between two sentences while playing.
pub const MIN_GAP_MS: f64 = 1_000.0;

/// Decides which sentences are spoken.
#[derive(Clone, Debug, Default)]
pub struct Announcer {
    spoken: String,
    spoken_at_ms: f64,
    spoken_phase: Option<StagePhase>,
}

impl Announcer {
    /// The reader moved by hand, or playing came to a stop.
    pub fn rest(&mut self, now_ms: f64, phase: StagePhase, sentence: &str) -> Option<String> {
        self.speak(now_ms, phase, sentence)
    }

    /// The playhead moved by itself.
    pub fn playing(&mut self, now_ms: f64, phase: StagePhase, sentence: &str) -> Option<String> {
        let early = now_ms - self.spoken_at_ms < MIN_GAP_MS;
        if early || self.spoken_phase == Some(phase) {
            return None;
        }
        self.speak(now_ms, phase, sentence)
    }

    fn speak(&mut self, now_ms: f64, phase: StagePhase, sentence: &str) -> Option<String> {
        self.spoken_at_ms = now_ms;
        self.spoken_phase = Some(phase);
        if self.spoken == sentence {
            return None;
        }
        sentence.clone_into(&mut self.spoken);
        Some(self.spoken.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const READ: StagePhase = StagePhase::Read;

    #[test]
    fn steps_are_told_at_once_and_never_twice() {
        let mut announcer = Announcer::default();
        assert_eq!(announcer.rest(0.0, READ, "a").as_deref(), Some("a"));
        assert_eq!(announcer.rest(1.0, READ, "b").as_deref(), Some("b"));
        assert_eq!(announcer.rest(2.0, READ, "b"), None);
    }

    #[test]
    fn playing_speaks_at_most_once_a_second_and_only_of_a_new_phase() {
        let mut announcer = Announcer::default();
        announcer.rest(0.0, READ, "start");
        let mut spoken_at = Vec::new();
        for frame in 1..=600_u32 {
            let now_ms = f64::from(frame) * 16.0;
            let phase = StagePhase::ALL[frame as usize / 20 % 7];
            if announcer.playing(now_ms, phase, &format!("sentence {frame}")).is_some() {
                spoken_at.push(now_ms);
            }
        }
        assert!(spoken_at.len() > 5);
        assert!(spoken_at.windows(2).all(|pair| pair[1] - pair[0] >= MIN_GAP_MS), "{spoken_at:?}");
        assert_eq!(announcer.playing(1e9, announcer.spoken_phase.unwrap(), "same phase"), None);
    }
}
