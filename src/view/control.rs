//! What the reader asks for, and the one grammar of keys that asks for it.

use super::frame::Terms;
use super::rest::Grain;

/// Which way a step goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    Back,
    Forward,
}

/// What can be asked for by a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Control {
    Step(Direction, Grain),
    ToStart,
    /// To the last known event.
    ToEnd,
    PlayOrPause,
    Terms(Terms),
    /// Why is it as it is? Once more: the next question.
    Why,
    /// Marks the moment, or takes its mark away.
    Mark,
    /// To the next marked moment.
    ToMark(Direction),
    Help,
    /// The stage and its words alone, large; or everything again.
    Present,
}

/// Where the focus is, as far as shortcuts care.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Focus {
    /// In the player, on nothing that uses keys itself.
    Player,
    /// On something of the player that Space and Enter press.
    Button,
    /// On a part of the player that scrolls.
    Scroller,
    /// On something that uses every key itself: text, a list, a slider, tabs.
    Field,
    /// Nowhere: the page was just opened, or a bare place was clicked.
    Page,
    /// Outside the player.
    Elsewhere,
}

/// What a key asks for. `key` is the browser's name of it.
///
/// Characters act only while the focus is in the player (WCAG 2.1.4), nothing
/// acts while somebody types, and a focused button keeps its Space.
#[must_use]
pub fn shortcut(key: &str, shift: bool, focus: Focus) -> Option<Control> {
    use Direction::{Back, Forward};
    match focus {
        Focus::Elsewhere | Focus::Field => return None,
        Focus::Button if matches!(key, " " | "Enter") => return None,
        // A single character may come from somebody dictating.
        Focus::Page if key.len() == 1 && key != " " => return None,
        Focus::Scroller if matches!(key, " " | "Home" | "End" | "ArrowUp" | "ArrowDown") => {
            return None;
        }
        _ => {}
    }
    let grain = if shift { Grain::Cycle } else { Grain::Event };
    Some(match key {
        "Home" => Control::ToStart,
        "End" => Control::ToEnd,
        "ArrowLeft" => Control::Step(Back, grain),
        "ArrowRight" => Control::Step(Forward, grain),
        "ArrowUp" => Control::Step(Back, Grain::Phase),
        "ArrowDown" => Control::Step(Forward, Grain::Phase),
        " " => Control::PlayOrPause,
        "1" => Control::Terms(Terms::Kitchen),
        "2" => Control::Terms(Terms::Both),
        "3" => Control::Terms(Terms::Redis),
        "w" => Control::Why,
        "m" => Control::Mark,
        "," => Control::ToMark(Back),
        "." => Control::ToMark(Forward),
        "?" => Control::Help,
        "p" => Control::Present,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEYS: [&str; 16] = [
        "Home",
        "End",
        "ArrowLeft",
        "ArrowRight",
        "ArrowUp",
        "ArrowDown",
        " ",
        "1",
        "2",
        "3",
        "w",
        "m",
        ",",
        ".",
        "?",
        "p",
    ];

    #[test]
    fn no_key_acts_while_typing_or_outside_the_player() {
        for key in KEYS {
            for shift in [false, true] {
                assert_eq!(shortcut(key, shift, Focus::Field), None, "{key:?}");
                assert_eq!(shortcut(key, shift, Focus::Elsewhere), None, "{key:?}");
            }
        }
    }

    #[test]
    fn a_focused_button_keeps_its_own_keys() {
        assert_eq!(shortcut(" ", false, Focus::Button), None);
        assert_eq!(shortcut("Enter", false, Focus::Button), None);
        assert_eq!(
            shortcut("ArrowRight", false, Focus::Button),
            Some(Control::Step(Direction::Forward, Grain::Event))
        );
    }

    #[test]
    fn without_a_focus_only_keys_that_are_no_character_act() {
        for key in KEYS {
            let acts = shortcut(key, false, Focus::Page).is_some();
            assert_eq!(acts, key.len() > 1 || key == " ", "{key:?}");
        }
    }

    #[test]
    fn a_scroller_scrolls() {
        for key in [" ", "Home", "End", "ArrowUp", "ArrowDown"] {
            assert_eq!(shortcut(key, false, Focus::Scroller), None);
        }
    }

    #[test]
    fn every_shortcut_of_the_player_is_distinct() {
        let mut seen = Vec::new();
        for key in KEYS {
            let control = shortcut(key, false, Focus::Player).expect(key);
            assert!(!seen.contains(&control), "{key:?}");
            seen.push(control);
        }
        assert_eq!(
            shortcut("ArrowLeft", true, Focus::Player),
            Some(Control::Step(Direction::Back, Grain::Cycle))
        );
    }
}
