//! Pieces of sentences, each of few words.

use crate::event::{CloseReason, Preview};
use crate::net::{Mask, NetError};
use crate::view::text::{Phrase, Words, line};

/// Longest piece of foreign text in a sentence: this many characters, and at
/// most three words.
const CLIP_CHARS: usize = 28;
const CLIP_WORDS: usize = 3;

/// Foreign text, made short and harmless: what cannot be seen is escaped, and
/// what is left out is shown as `…`.
pub fn clip(text: &str) -> String {
    let mut out = String::new();
    let (mut chars, mut words) = (0, 1);
    for c in text.chars() {
        words += usize::from(c == ' ');
        if chars >= CLIP_CHARS || words > CLIP_WORDS {
            out.push('…');
            break;
        }
        // The invisible and the misleading among the rest (what turns or joins
        // text) lie in a few ranges; everything else that is not ASCII can be seen.
        if c.is_ascii_graphic() || c == ' ' || is_visible(c) {
            out.push(c);
            chars += 1;
        } else {
            let escaped = c.escape_unicode().to_string();
            chars += escaped.len();
            out.push_str(&escaped);
        }
    }
    out
}

/// A key, a name or a value; `""` if it is empty.
pub fn shown(preview: &Preview) -> String {
    let text = clip(&preview.head);
    if text.trim().is_empty() { format!("\"{text}\"") } else { text }
}

/// A request as somebody would type it.
pub fn order(argv: &[Preview]) -> String {
    let words: Vec<String> = argv.iter().take(CLIP_WORDS + 1).map(|a| a.head.clone()).collect();
    let text = clip(&words.join(" "));
    if text.trim().is_empty() { line!("order.empty") } else { text }
}

/// Whether a character beyond ASCII shows itself and leaves its neighbours
/// alone: no control, space, mark that joins or turns text, or private use.
fn is_visible(c: char) -> bool {
    !c.is_ascii()
        && !c.is_control()
        && !c.is_whitespace()
        && !matches!(c,
            '\u{ad}' | '\u{300}'..='\u{36f}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{206f}'
            | '\u{20d0}'..='\u{20ff}' | '\u{e000}'..='\u{f8ff}' | '\u{fe00}'..='\u{fe0f}'
            | '\u{fe20}'..='\u{fe2f}' | '\u{feff}' | '\u{fff0}'..='\u{ffff}' | '\u{e0000}'..)
}

/// `r`, `w`, `rw`: what is ready or watched.
pub fn directions(mask: Mask) -> &'static str {
    match (mask.has(Mask::READABLE), mask.has(Mask::WRITABLE)) {
        (true, true) => "rw",
        (true, false) => "r",
        (false, true) => "w",
        (false, false) => "-",
    }
}

pub fn errno(error: NetError) -> &'static str {
    match error {
        NetError::WouldBlock => "EAGAIN",
        NetError::Reset => "ECONNRESET",
        NetError::Aborted => "ECONNABORTED",
        NetError::Exhausted => "EMFILE",
        NetError::Unavailable => "EADDRINUSE",
    }
}

/// Why somebody leaves, to end a sentence with.
pub fn why(why: CloseReason) -> Words {
    Phrase::named("close.").and(reason(why)).say()
}

/// The end of the names of phrases about a reason.
pub fn reason(why: CloseReason) -> &'static str {
    match why {
        CloseReason::PeerClosed => "peer",
        CloseReason::ReadError => "read",
        CloseReason::WriteError => "write",
        CloseReason::ProtocolError => "protocol",
        CloseReason::QueryBufferLimit => "query-limit",
        CloseReason::OutputBufferHard => "output-hard",
        CloseReason::OutputBufferSoft => "output-soft",
        CloseReason::IdleTimeout => "idle",
        CloseReason::Quit => "quit",
        CloseReason::Killed => "killed",
        CloseReason::CrossProtocol => "cross-protocol",
        CloseReason::ProtectedMode => "protected",
        CloseReason::Evicted => "evicted",
        CloseReason::Shutdown => "shutdown",
        CloseReason::Unseen => "unseen",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn foreign_text_is_short_and_harmless() {
        assert_eq!(clip("SET price 42"), "SET price 42");
        assert_eq!(clip("one two three four"), "one two three…");
        assert_eq!(clip("a\u{0}\u{202e}b"), "a\\u{0}\\u{202e}b");
        assert_eq!(clip(&"x".repeat(40)).chars().count(), CLIP_CHARS + 1);
        assert_eq!(shown(&Preview::default()), "\"\"");
    }
}
