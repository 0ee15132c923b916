//! A whole run as the part of an address after `#`, where no server sees it.
//!
//! # The format, version 1
//!
//! `#run/1/118/eJwr...`: the version, the playhead (records folded), and the
//! text of the scenario ([`crate::sim`] documents it; every gesture of the
//! reader is a line of it), packed as zlib (RFC 1950) and written in the
//! letters of base64url without padding (RFC 4648, section 5). zlib carries a
//! checksum, so a link that lost or changed a letter is refused and never
//! opens as something else. A link of version 1 opens for ever.
//!
//! Packing and unpacking are the caller's: the browser has both built in.

use super::text::line;
use std::fmt;

/// Longest packed part, in characters: what address bars and chats carry.
pub const CODE_LIMIT_CHARS: usize = 32_000;
/// Longest scenario text that a link may unpack to. One that asks for more is
/// refused before it is held in memory.
pub const TEXT_LIMIT_BYTES: u32 = 1_000_000;

const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// What a link of this form holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shared {
    /// Records folded: the playhead.
    pub at: usize,
    /// The scenario's text, packed.
    pub packed: Vec<u8>,
}

/// Why such a link cannot be opened; to be shown as text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BrokenLink {
    /// Made by a later page, or not by one.
    Version,
    Playhead,
    /// Nothing, or not as many letters as bytes make: it was cut.
    Cut,
    /// More than [`CODE_LIMIT_CHARS`].
    Long {
        chars: usize,
    },
    /// `column` counts from 1 within the packed part.
    Letter {
        column: usize,
        found: char,
    },
}

impl fmt::Display for BrokenLink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&match self {
            BrokenLink::Version => line!("link.version"),
            BrokenLink::Playhead => line!("link.playhead"),
            BrokenLink::Cut => line!("link.cut"),
            BrokenLink::Long { chars } => line!("link.long", *chars, CODE_LIMIT_CHARS),
            BrokenLink::Letter { column, found } => {
                line!("link.letter", *column, &found.to_string())
            }
        })
    }
}

impl Shared {
    /// Reads what follows the page's address, with or without its `#`. `None`
    /// if it is not of this form.
    ///
    /// # Errors
    /// If it is, but cannot be read.
    #[must_use]
    pub fn parse(hash: &str) -> Option<Result<Shared, BrokenLink>> {
        let rest = hash.trim_start_matches('#').strip_prefix("run/")?;
        let mut parts = rest.splitn(3, '/');
        let (version, at) = (parts.next()?, parts.next());
        Some(if version == "1" {
            Shared::version_1(at, parts.next().unwrap_or_default())
        } else {
            Err(BrokenLink::Version)
        })
    }

    fn version_1(at: Option<&str>, code: &str) -> Result<Shared, BrokenLink> {
        let at: u32 = at.and_then(|at| at.parse().ok()).ok_or(BrokenLink::Playhead)?;
        Ok(Shared { at: at as usize, packed: decode(code)? })
    }
}

impl fmt::Display for Shared {
    /// With its `#`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#run/1/{}/{}", self.at, encode(&self.packed))
    }
}

fn encode(bytes: &[u8]) -> String {
    let mut code = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for three in bytes.chunks(3) {
        let held = three.iter().fold(0_u32, |held, byte| held << 8 | u32::from(*byte))
            << (8 * (3 - three.len()));
        for letter in 0..=three.len() {
            let six = (held >> (18 - 6 * letter)) & 63;
            code.push(char::from(LETTERS[six as usize]));
        }
    }
    code
}

fn decode(code: &str) -> Result<Vec<u8>, BrokenLink> {
    if code.len() > CODE_LIMIT_CHARS {
        return Err(BrokenLink::Long { chars: code.chars().count() });
    }
    let mut bytes = Vec::with_capacity(code.len() / 4 * 3 + 2);
    let (mut held, mut bits) = (0_u32, 0);
    for (index, found) in code.chars().enumerate() {
        let six = LETTERS.iter().position(|letter| char::from(*letter) == found);
        let six = six.ok_or(BrokenLink::Letter { column: index + 1, found })?;
        (held, bits) = (held << 6 | six as u32, bits + 6);
        if bits >= 8 {
            bits -= 8;
            bytes.push((held >> bits) as u8);
            held &= (1 << bits) - 1;
        }
    }
    // One letter alone holds no byte, and what is left over holds nothing.
    if bytes.is_empty() || bits >= 6 || held != 0 {
        return Err(BrokenLink::Cut);
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_letters_are_those_of_the_standard() {
        // RFC 4648, section 10, without the padding.
        for (bytes, code) in [
            ("f", "Zg"),
            ("fo", "Zm8"),
            ("foo", "Zm9v"),
            ("foob", "Zm9vYg"),
            ("fooba", "Zm9vYmE"),
            ("foobar", "Zm9vYmFy"),
        ] {
            assert_eq!(encode(bytes.as_bytes()), code);
            assert_eq!(decode(code).as_deref(), Ok(bytes.as_bytes()));
        }
        assert_eq!(encode(&[0xfb, 0xff]), "-_8");
    }

    #[test]
    fn a_link_reads_back_as_itself() {
        let packed: Vec<u8> = (0..=255).collect();
        let shared = Shared { at: 118, packed };
        assert_eq!(Shared::parse(&shared.to_string()), Some(Ok(shared)));
    }

    #[test]
    fn a_broken_link_says_where_and_others_are_not_ours() {
        let why = |hash: &str| Shared::parse(hash).expect("of this form").expect_err("broken");
        assert_eq!(why("#run/2/5/Zg"), BrokenLink::Version);
        assert_eq!(why("#run/"), BrokenLink::Version);
        for playhead in ["#run/1", "#run/1/", "#run/1/-1/Zg", "#run/1/99999999999/Zg"] {
            assert_eq!(why(playhead), BrokenLink::Playhead);
        }
        for cut in ["#run/1/5", "#run/1/5/", "#run/1/5/Z", "#run/1/5/Zm9vY", "#run/1/5/Zh"] {
            assert_eq!(why(cut), BrokenLink::Cut, "{cut}");
        }
        let evil = why("#run/1/5/Zm<img src=x>");
        assert_eq!(evil, BrokenLink::Letter { column: 3, found: '<' });
        assert_eq!(evil.to_string(), "The link is broken at character 3 of its run: “<”.");
        let long = "A".repeat(CODE_LIMIT_CHARS + 1);
        assert_eq!(why(&format!("#run/1/5/{long}")), BrokenLink::Long { chars: 32_001 });
        assert_eq!((Shared::parse("#tour/run/1"), Shared::parse("#player")), (None, None));
    }
}
