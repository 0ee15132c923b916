//! What a screen reader is told, and how often.
//!
//! One polite live region speaks for the page. A step that the reader took is
//! told at once; where its sentence is the one told last, the place is told, so
//! that no step is silent. While it plays, a sentence is told only when the loop
//! enters another phase, and never within a second of the last, which also holds
//! for who is taken along by a busy server: listening must not become work (WCAG
//! 4.1.3). What playing skipped is told when it pauses.

use super::phase::StagePhase;

/// At least this long between two sentences while it moves by itself.
pub const MIN_GAP_MS: f64 = 1_000.0;

/// What could be said at a moment.
#[derive(Clone, Copy, Debug)]
pub struct Moment<'a> {
    pub now_ms: f64,
    pub phase: StagePhase,
    pub sentence: &'a str,
    pub playhead: usize,
    /// The playhead in words.
    pub place: &'a str,
}

/// Decides which sentences are spoken.
#[derive(Clone, Debug, Default)]
pub struct Announcer {
    spoken: String,
    playhead: usize,
    spoken_at_ms: f64,
    spoken_phase: Option<StagePhase>,
}

impl Announcer {
    /// The reader moved by hand, or playing came to a stop.
    pub fn rest(&mut self, at: &Moment) -> Option<String> {
        self.spoken_at_ms = at.now_ms;
        self.spoken_phase = Some(at.phase);
        let again = self.spoken == at.sentence;
        if again && self.playhead == at.playhead {
            return None;
        }
        at.sentence.clone_into(&mut self.spoken);
        self.playhead = at.playhead;
        Some(if again { at.place } else { at.sentence }.to_owned())
    }

    /// The playhead moved by itself.
    pub fn playing(&mut self, at: &Moment) -> Option<String> {
        if self.spoken_phase == Some(at.phase) { None } else { self.hurried(at) }
    }

    /// Who follows a busy server was taken along, to whatever is now.
    pub fn hurried(&mut self, at: &Moment) -> Option<String> {
        let early = at.now_ms - self.spoken_at_ms < MIN_GAP_MS;
        if early { None } else { self.rest(at) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const READ: StagePhase = StagePhase::Read;

    fn at<'a>(
        now_ms: f64,
        phase: StagePhase,
        sentence: &'a str,
        (playhead, place): (usize, &'a str),
    ) -> Moment<'a> {
        Moment { now_ms, phase, sentence, playhead, place }
    }

    #[test]
    fn steps_are_told_at_once_and_never_twice() {
        let mut announcer = Announcer::default();
        assert_eq!(announcer.rest(&at(0.0, READ, "a", (1, ""))).as_deref(), Some("a"));
        assert_eq!(announcer.rest(&at(1.0, READ, "b", (2, ""))).as_deref(), Some("b"));
        assert_eq!(announcer.rest(&at(2.0, READ, "b", (2, ""))), None);
    }

    /// Protects: no key that led somewhere is answered with silence.
    #[test]
    fn the_same_sentence_at_another_place_tells_the_place() {
        let mut announcer = Announcer::default();
        let mut told = |sentence, place| announcer.rest(&at(0.0, READ, sentence, place));
        assert_eq!(told("he sleeps", (7, "cycle 1 of 4")).as_deref(), Some("he sleeps"));
        assert_eq!(told("he sleeps", (23, "cycle 2 of 4")).as_deref(), Some("cycle 2 of 4"));
        // The run has become longer: nothing was stepped.
        assert_eq!(told("he sleeps", (23, "cycle 2 of 5")), None);
        assert_eq!(told("he wakes", (24, "cycle 3 of 5")).as_deref(), Some("he wakes"));
    }

    #[test]
    fn following_a_busy_server_speaks_at_most_once_a_second() {
        let mut announcer = Announcer::default();
        let rounds = (1..=30_u32).filter(|round| {
            let (now_ms, sentence) = (f64::from(*round) * 333.0, format!("{round} orders"));
            announcer.hurried(&at(now_ms, READ, &sentence, (*round as usize, ""))).is_some()
        });
        // Every fourth picture: 1332 ms apart.
        assert_eq!(rounds.collect::<Vec<_>>(), [4, 8, 12, 16, 20, 24, 28]);
    }

    #[test]
    fn playing_speaks_at_most_once_a_second_and_only_of_a_new_phase() {
        let mut announcer = Announcer::default();
        announcer.rest(&at(0.0, READ, "start", (0, "")));
        let mut spoken_at = Vec::new();
        for frame in 1..=600_u32 {
            let now_ms = f64::from(frame) * 16.0;
            let phase = StagePhase::ALL[frame as usize / 20 % 7];
            if announcer
                .playing(&at(now_ms, phase, &format!("sentence {frame}"), (0, "")))
                .is_some()
            {
                spoken_at.push(now_ms);
            }
        }
        assert!(spoken_at.len() > 5);
        assert!(spoken_at.windows(2).all(|pair| pair[1] - pair[0] >= MIN_GAP_MS), "{spoken_at:?}");
        assert_eq!(
            announcer.playing(&at(1e9, announcer.spoken_phase.unwrap(), "same phase", (0, ""))),
            None
        );
    }
}
