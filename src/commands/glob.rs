//! Patterns with `*`, `?`, `[…]` and `\`, as KEYS and CONFIG GET take them.

/// Whether `text` matches `pattern`.
///
/// Redis: `stringmatchlen`, *faithful* in what matches, quirks included: an
/// unclosed `[` ends with the pattern, a range may be written backwards, and
/// nothing but the empty pattern matches the empty text. Other than Redis it
/// never recurses: it remembers only the last `*`, since an earlier one can
/// gain nothing by taking more. So the time is bounded by the product of the
/// lengths, whatever the pattern; that Redis gives up after 1,000 stars is
/// left out.
#[must_use]
pub fn matches(pattern: &[u8], text: &[u8]) -> bool {
    match_with(pattern, text, |byte| byte)
}

/// [`matches()`] with letters of either case alike.
#[must_use]
pub fn matches_nocase(pattern: &[u8], text: &[u8]) -> bool {
    match_with(pattern, text, |byte| byte.to_ascii_lowercase())
}

fn match_with(pattern: &[u8], text: &[u8], fold: impl Fn(u8) -> u8 + Copy) -> bool {
    if text.is_empty() {
        return pattern.is_empty();
    }
    let (mut p, mut t) = (0, 0);
    // Where to resume when the last star has to take one byte more.
    let mut retry: Option<(usize, usize)> = None;
    while t < text.len() {
        if pattern.get(p) == Some(&b'*') {
            p += 1;
            retry = Some((p, t));
            continue;
        }
        match match_one(&pattern[p..], text[t], fold) {
            Some(used) => {
                p += used;
                t += 1;
            }
            None => {
                let Some((after_star, from)) = retry else { return false };
                p = after_star;
                t = from + 1;
                retry = Some((after_star, t));
            }
        }
    }
    pattern[p..].iter().all(|b| *b == b'*')
}

/// The length of the pattern's first element if it matches `byte`.
fn match_one(pattern: &[u8], byte: u8, fold: impl Fn(u8) -> u8 + Copy) -> Option<usize> {
    let (matched, used) = match pattern {
        [] => (false, 0),
        [b'?', ..] => (true, 1),
        [b'[', class @ ..] => {
            let (matched, used) = match_class(class, byte, fold);
            (matched, used + 1)
        }
        [b'\\', escaped, ..] => (fold(*escaped) == fold(byte), 2),
        [plain, ..] => (fold(*plain) == fold(byte), 1),
    };
    matched.then_some(used)
}

/// A class after its `[`: whether it has `byte`, and its length with the `]`.
fn match_class(class: &[u8], byte: u8, fold: impl Fn(u8) -> u8) -> (bool, usize) {
    let negated = class.first() == Some(&b'^');
    let mut at = usize::from(negated);
    let mut found = false;
    loop {
        match &class[at..] {
            [] => break,
            // Compared as it stands even when case does not matter.
            [b'\\', escaped, ..] => {
                found |= *escaped == byte;
                at += 2;
            }
            [b']', ..] => {
                at += 1;
                break;
            }
            [start, b'-', end, ..] => {
                let (start, end) = (fold(*start.min(end)), fold(*start.max(end)));
                found |= (start..=end).contains(&fold(byte));
                at += 3;
            }
            [one, ..] => {
                found |= fold(*one) == fold(byte);
                at += 1;
            }
        }
    }
    (found != negated, at)
}

#[cfg(test)]
mod tests {
    use super::{matches, matches_nocase};

    #[test]
    fn elements_match_as_in_redis() {
        let yes = [
            ("h?llo", "hello"),
            ("h*llo", "heeeello"),
            ("h*llo", "hllo"),
            ("*", "x"),
            ("**", "x"),
            ("a*", "a"),
            ("*b*", "abc"),
            ("h[ae]llo", "hallo"),
            ("h[^e]llo", "hbllo"),
            ("h[a-b]llo", "hbllo"),
            ("h[b-a]llo", "hallo"),
            ("h[\\]]llo", "h]llo"),
            ("\\*", "*"),
            ("a\\", "a\\"),
            ("[ab", "a"),
            ("[^", "z"),
            ("a[-]b", "a-b"),
            ("", ""),
            ("*a*a*b", "aaaaab"),
        ];
        for (pattern, text) in yes {
            assert!(matches(pattern.as_bytes(), text.as_bytes()), "{pattern} {text}");
        }
        let no = [
            ("h?llo", "hllo"),
            ("h[^e]llo", "hello"),
            ("*", ""),
            ("", "x"),
            ("a", "ab"),
            ("\\*", "x"),
            ("[", "["),
            ("[]", "]"),
            ("*a", "ab"),
            ("a*c", "ab"),
        ];
        for (pattern, text) in no {
            assert!(!matches(pattern.as_bytes(), text.as_bytes()), "{pattern} {text}");
        }
    }

    #[test]
    fn case_can_be_ignored_except_after_a_backslash_in_a_class() {
        assert!(matches_nocase(b"MAX*", b"maxmemory"));
        assert!(matches_nocase(b"[A-C]", b"b"));
        assert!(!matches(b"MAX*", b"maxmemory"));
        assert!(!matches_nocase(b"[\\A]", b"a"));
    }

    /// The classic denial of service: many stars that all fail at the end.
    #[test]
    fn a_thousand_stars_take_linear_time() {
        let pattern = [b"*a".repeat(1_000), b"b".to_vec()].concat();
        assert!(!matches(&pattern, &b"a".repeat(10_000)));
    }
}
