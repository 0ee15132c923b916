//! Pieces of sentences, each of few words.

use crate::event::{ClientId, CloseReason, Preview};
use crate::net::{Mask, NetError};

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
    if text.trim().is_empty() { "an order without words".to_owned() } else { text }
}

/// `1 byte`, `16,384 bytes`.
pub fn bytes(n: u64) -> String {
    many(n, "byte")
}

/// A number and its noun.
pub fn many(n: u64, noun: &str) -> String {
    if n == 1 { format!("1 {noun}") } else { format!("{} {noun}s", grouped(n)) }
}

/// With commas between the thousands.
pub fn grouped(n: u64) -> String {
    let digits = n.to_string();
    let mut out = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// `table 2`, or `a table`.
pub fn table(client: Option<ClientId>) -> String {
    client.map_or_else(|| "a table".to_owned(), |id| format!("table {id}"))
}

/// `client 2`, or `a client`.
pub fn client(client: Option<ClientId>) -> String {
    client.map_or_else(|| "a client".to_owned(), |id| format!("client {id}"))
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

/// With a capital.
pub fn sentence(text: &str) -> String {
    let mut text = text.to_owned();
    if let Some(first) = text.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    text
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

/// Why somebody leaves, in the kitchen's words.
pub fn why_kitchen(why: CloseReason) -> &'static str {
    match why {
        CloseReason::PeerClosed => "the guest hung up",
        CloseReason::ReadError => "the line broke",
        CloseReason::WriteError => "the line broke",
        CloseReason::ProtocolError => "an unreadable order",
        CloseReason::QueryBufferLimit => "an order without end",
        CloseReason::OutputBufferHard => "too many plates waiting",
        CloseReason::OutputBufferSoft => "plates waited too long",
        CloseReason::IdleTimeout => "idle for too long",
        CloseReason::Quit => "the guest said goodbye",
        CloseReason::Killed => "a CLIENT KILL order",
        CloseReason::CrossProtocol => "a web browser's order",
        CloseReason::ProtectedMode => "a stranger, no password set",
        CloseReason::Evicted => "the house ran out of room",
        CloseReason::Shutdown => "closing time",
    }
}

/// Why somebody leaves, in Redis's words.
pub fn why_redis(why: CloseReason) -> &'static str {
    match why {
        CloseReason::PeerClosed => "the peer closed",
        CloseReason::ReadError => "a read error",
        CloseReason::WriteError => "a write error",
        CloseReason::ProtocolError => "a protocol error",
        CloseReason::QueryBufferLimit => "client-query-buffer-limit",
        CloseReason::OutputBufferHard => "the hard output limit",
        CloseReason::OutputBufferSoft => "the soft output limit",
        CloseReason::IdleTimeout => "the idle timeout",
        CloseReason::Quit => "QUIT",
        CloseReason::Killed => "CLIENT KILL",
        CloseReason::CrossProtocol => "an HTTP request",
        CloseReason::ProtectedMode => "protected mode",
        CloseReason::Evicted => "maxmemory-clients",
        CloseReason::Shutdown => "shutdown",
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

    #[test]
    fn numbers_are_grouped() {
        assert_eq!(bytes(1), "1 byte");
        assert_eq!(bytes(16_384), "16,384 bytes");
        assert_eq!(grouped(1_000_000), "1,000,000");
        assert_eq!(grouped(0), "0");
    }
}
