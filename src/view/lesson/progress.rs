//! How far the reader has come, as the page remembers it.

use super::{Mission, chapter_named, chapters};
use crate::sorted::{SortedMap, SortedSet};

/// Survives a broken or foreign memory: what makes no sense is not read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// Chapter index to the number of steps reached.
    reached: SortedMap<usize, usize>,
    missions: SortedSet<Mission>,
}

impl Progress {
    /// Steps of the chapter that have been reached.
    #[must_use]
    pub fn reached(&self, chapter: usize) -> usize {
        self.reached.get(&chapter).copied().unwrap_or(0)
    }

    #[must_use]
    pub fn is_told(&self, chapter: usize) -> bool {
        self.reached(chapter) == chapters()[chapter].steps.len()
    }

    /// `step` is an index.
    pub fn reach(&mut self, chapter: usize, step: usize) {
        let reached = self.reached.or_default(chapter);
        *reached = (*reached).max(step + 1);
    }

    #[must_use]
    pub fn has(&self, mission: Mission) -> bool {
        self.missions.contains(&mission)
    }

    /// `false` if it was done before.
    pub fn accomplish(&mut self, mission: Mission) -> bool {
        self.missions.insert(mission)
    }

    /// Reads what [`Progress::to_text`] wrote.
    #[must_use]
    pub fn parse(text: &str) -> Progress {
        let mut progress = Progress::default();
        for word in text.split_whitespace() {
            let mission = Mission::ALL.into_iter().find(|mission| mission.slug() == word);
            progress.missions.extend(mission);
            let Some((slug, count)) = word.split_once('=') else { continue };
            let (found, count) = (chapter_named(slug), count.parse::<usize>());
            if let (Some((index, chapter)), Ok(count)) = (found, count)
                && (1..=chapter.steps.len()).contains(&count)
            {
                progress.reached.insert(index, count);
            }
        }
        progress
    }

    /// `one-chef=8 door-bell=2 full-house`.
    #[must_use]
    pub fn to_text(&self) -> String {
        let chapters = self
            .reached
            .iter()
            .map(|(chapter, count)| format!("{}={count}", chapters()[*chapter].slug));
        let missions = self.missions.iter().map(|mission| mission.slug().to_owned());
        chapters.chain(missions).collect::<Vec<_>>().join(" ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn progress_reads_back_and_nonsense_is_not_read() {
        let mut progress = Progress::default();
        progress.reach(0, 7);
        progress.reach(0, 2);
        progress.reach(1, 1);
        assert!(
            progress.accomplish(Mission::TurnedAway) && !progress.accomplish(Mission::TurnedAway)
        );
        assert!(progress.is_told(0) && !progress.is_told(1));
        assert_eq!(Progress::parse(&progress.to_text()), progress);
        let nonsense = "one-chef=99 one-chef=x =3 nobody=1 <script> one-chef=0";
        assert_eq!(Progress::parse(nonsense), Progress::default());
    }
}
