//! Passwords on their way in, replaced before anything is written down.
//!
//! A rerun must come to the same result as the run, so a password is replaced
//! by as many letters of a keyed hash: the same one looks the same within a
//! run, and nobody can try some out. That needs the whole of it. One that comes
//! in pieces is replaced by as many `x`, since what stands for a part of it
//! would tell whether the part was guessed.
//!
//! Replaced are what AUTH is told, what HELLO is told behind AUTH, and the
//! values that CONFIG SET gives to directives that are called after a password;
//! and of a typed line with these names, or with quotes in its first word, all
//! that follows. The name of the user `default`, the only one there is, stays.

use crate::net::Fd;
use crate::resp::number::parse_i64;
use std::collections::BTreeMap;
use std::hash::{BuildHasher, RandomState};

/// More of a name is not looked at.
const NAME_CAP: usize = 64;
/// More of a line is not kept; none that means something is longer.
const LINE_CAP: usize = 64 * 1024;

/// See the module documentation.
#[derive(Clone, Debug, Default)]
pub struct Secrets {
    key: RandomState,
    clients: BTreeMap<Fd, Scan>,
}

impl Secrets {
    #[must_use]
    pub fn new() -> Secrets {
        Secrets::default()
    }

    /// What stands for a password.
    #[must_use]
    pub fn pseudonym(&self, secret: &[u8]) -> Vec<u8> {
        pseudonym(&self.key, secret)
    }

    /// What was read from `fd`, as it may be written down.
    pub fn replace(&mut self, fd: Fd, bytes: &[u8]) -> Vec<u8> {
        let mut shown = bytes.to_vec();
        self.clients.entry(fd).or_default().pass(&self.key, &mut shown);
        shown
    }

    /// The number may be somebody else's from now on.
    pub fn forget(&mut self, fd: Fd) {
        self.clients.remove(&fd);
    }
}

fn pseudonym(key: &RandomState, secret: &[u8]) -> Vec<u8> {
    const LETTERS: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";
    let letter = |at: usize| {
        let hash = key.hash_one((at / 12, secret)) >> (5 * (at % 12));
        LETTERS[(hash & 31) as usize]
    };
    (0..secret.len()).map(letter).collect()
}

/// Where a client's stream is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum At {
    /// Before a request.
    #[default]
    Fresh,
    /// In a typed line.
    Inline,
    /// In `*count`.
    Count,
    /// In `$length`.
    Length,
    /// In an argument, so many bytes before its end.
    Argument(usize),
    /// In the end of its line.
    End(usize),
    /// It is no protocol: nothing of it is understood any more.
    Lost,
}

/// What is known of a client's request so far.
#[derive(Clone, Debug, Default)]
struct Scan {
    at: At,
    line: Vec<u8>,
    argc: usize,
    /// The argument that comes, or is there.
    index: usize,
    name: Vec<u8>,
    /// The argument before, or the beginning of this one.
    before: Vec<u8>,
    this: Vec<u8>,
    /// Arguments behind HELLO's AUTH that are still to come.
    behind_auth: usize,
}

impl Scan {
    fn pass(&mut self, key: &RandomState, bytes: &mut [u8]) {
        let mut rest = bytes;
        while !rest.is_empty() {
            let used = self.step(key, rest);
            rest = &mut rest[used..];
        }
    }

    /// Takes some bytes, at least one; how many is returned.
    fn step(&mut self, key: &RandomState, bytes: &mut [u8]) -> usize {
        match self.at {
            At::Fresh => {
                *self = Scan::default();
                self.at = if bytes[0] == b'*' { At::Count } else { At::Inline };
                self.step(key, bytes)
            }
            At::Inline => self.typed(key, bytes),
            At::Count | At::Length => self.number(bytes),
            At::Argument(left) => self.argument(key, bytes, left),
            At::End(left) => {
                let used = left.min(bytes.len());
                self.at = if used < left { At::End(left - used) } else { self.next() };
                used
            }
            At::Lost => {
                bytes.fill(b'x');
                bytes.len()
            }
        }
    }

    /// A line of digits.
    fn number(&mut self, bytes: &[u8]) -> usize {
        let end = memchr::memchr(b'\n', bytes);
        let used = end.map_or(bytes.len(), |end| end + 1);
        self.line.extend_from_slice(&bytes[..used.min(LINE_CAP)]);
        if end.is_none() {
            self.at = if self.line.len() > LINE_CAP { At::Lost } else { self.at };
            return used;
        }
        let line = std::mem::take(&mut self.line);
        let digits = line.get(1..line.len().saturating_sub(2)).and_then(parse_i64);
        let digits = digits.and_then(|digits| usize::try_from(digits).ok());
        self.at = match (self.at, digits) {
            (At::Count, Some(0) | None) => At::Fresh,
            (At::Count, Some(argc)) => {
                self.argc = argc;
                At::Length
            }
            (_, Some(length)) if line[0] == b'$' => {
                self.this.clear();
                if length > 0 { At::Argument(length) } else { At::End(2) }
            }
            _ => At::Lost,
        };
        used
    }

    fn argument(&mut self, key: &RandomState, bytes: &mut [u8], left: usize) -> usize {
        let used = left.min(bytes.len());
        let part = &mut bytes[..used];
        let begins = self.this.is_empty();
        let cap = NAME_CAP.saturating_sub(self.this.len()).min(used);
        self.this.extend_from_slice(&part[..cap]);
        if self.is_secret() {
            if begins && used == left {
                part.copy_from_slice(&pseudonym(key, part));
            } else {
                part.fill(b'x');
            }
        }
        self.at = if used < left { At::Argument(left - used) } else { At::End(2) };
        used
    }

    /// An argument is over.
    fn next(&mut self) -> At {
        let this = std::mem::take(&mut self.this).to_ascii_lowercase();
        self.behind_auth = self.behind_auth.saturating_sub(1);
        if self.index == 0 {
            self.name.clone_from(&this);
        } else if self.name == b"hello" && self.index > 1 && this == b"auth" {
            self.behind_auth = 2;
        }
        self.before = this;
        self.index += 1;
        if self.index == self.argc { At::Fresh } else { At::Length }
    }

    /// Whether the argument that is there is a password, or the name of a user
    /// that there is none of.
    fn is_secret(&self) -> bool {
        let is_user = self.this == b"default";
        match self.name.as_slice() {
            _ if self.index == 0 => false,
            b"auth" => !(is_user && self.index == 1 && self.argc == 3),
            b"hello" => self.behind_auth == 1 || self.behind_auth == 2 && !is_user,
            b"config" => self.index >= 3 && is_of_a_password(&self.before),
            _ => false,
        }
    }

    /// A typed line.
    fn typed(&mut self, key: &RandomState, bytes: &mut [u8]) -> usize {
        let end = memchr::memchr(b'\n', bytes);
        let used = end.map_or(bytes.len(), |end| end + 1);
        let (seen, part) = (self.line.len(), &mut bytes[..used]);
        self.line.extend_from_slice(part);
        let line = std::mem::take(&mut self.line);
        let begin = line.iter().position(|b| !b.is_ascii_whitespace()).unwrap_or(line.len());
        let ends = |b: &u8| b.is_ascii_whitespace();
        let name_end = line[begin..].iter().position(ends).map_or(line.len(), |end| begin + end);
        let name = line[begin..name_end].to_ascii_lowercase();
        let is_quoted = |bytes: &[u8]| bytes.iter().any(|b| matches!(b, b'"' | b'\'' | b'\\'));
        let confides = matches!(name.as_slice(), b"auth" | b"hello" | b"config");
        if seen == 0 && end.is_some() && confides && !is_quoted(&line) {
            typed_words(key, part);
        } else if confides || is_quoted(&name) {
            let after = part.iter_mut().skip(name_end.saturating_sub(seen));
            after.filter(|b| !b.is_ascii_whitespace()).for_each(|b| *b = b'x');
        }
        match end {
            Some(_) => self.at = At::Fresh,
            None if line.len() > LINE_CAP => self.at = At::Lost,
            None => self.line = line,
        }
        used
    }
}

/// The words of a whole line, judged as arguments.
fn typed_words(key: &RandomState, line: &mut [u8]) {
    let words = line.split_mut(u8::is_ascii_whitespace).filter(|word| !word.is_empty());
    let mut words: Vec<&mut [u8]> = words.collect();
    let mut scan = Scan { argc: words.len(), ..Scan::default() };
    for word in &mut words {
        scan.argument(key, word, word.len());
        scan.next();
    }
}

fn is_of_a_password(directive: &[u8]) -> bool {
    let has = |part: &[u8]| directive.windows(part.len()).any(|window| window == part);
    has(b"pass") || has(b"auth")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whole, byte by byte, and cut once at every place.
    fn shown(pieces: &[&[u8]]) -> String {
        let mut secrets = Secrets::new();
        let shown: Vec<u8> = pieces.iter().flat_map(|p| secrets.replace(Fd(9), p)).collect();
        String::from_utf8_lossy(&shown).into_owned()
    }

    fn request(words: &[&str]) -> String {
        let word = |word: &&str| format!("${}\r\n{word}\r\n", word.len());
        format!("*{}\r\n{}", words.len(), words.iter().map(word).collect::<String>())
    }

    const CONFIDING: [&[&str]; 6] = [
        &["AUTH", "Pa55word"],
        &["auth", "default", "Pa55word"],
        &["HELLO", "3", "AUTH", "default", "Pa55word", "SETNAME", "ana"],
        &["hello", "2", "setname", "ana", "auth", "somebody", "Pa55word"],
        &["CONFIG", "SET", "maxmemory", "1mb", "requirepass", "Pa55word", "hz", "50"],
        &["CONFIG", "SET", "masterauth", "Pa55word"],
    ];

    /// Protects: whoever reads a tape learns no password, however it came.
    #[test]
    fn no_password_is_written_down() {
        for words in CONFIDING {
            for text in [request(words), format!("{}\r\n", words.join(" "))] {
                let bytes = text.as_bytes();
                let drip: Vec<&[u8]> = bytes.chunks(1).collect();
                let mut ways = vec![vec![bytes], drip];
                ways.extend((1..bytes.len()).map(|at| vec![&bytes[..at], &bytes[at..]]));
                for way in ways {
                    let shown = shown(&way);
                    assert_eq!(shown.len(), text.len(), "{text:?}");
                    let found = ["Pa55", "a55w", "55wo", "5wor", "word", "somebody"];
                    assert!(!found.iter().any(|part| shown.contains(part)), "{shown:?}");
                }
            }
        }
        for line in
            ["\"AUTH\" Pa55word\r\n", "'\\x41UTH' 'Pa55 word'\r\n", "AUTH \"Pa55\\x20word\"\r\n"]
        {
            assert!(!shown(&[line.as_bytes()]).contains("55"), "{line}");
        }
    }

    /// Protects: a rerun lets in whom the run let in, and runs what it ran.
    #[test]
    fn the_same_password_looks_the_same_and_all_else_stays() {
        let mut secrets = Secrets::new();
        let mut show = |words: &[&str]| {
            let shown = secrets.replace(Fd(1), request(words).as_bytes());
            String::from_utf8(shown).expect("letters")
        };
        let known = show(&["AUTH", "Pa55word"]);
        let password = known.lines().nth(4).expect("the password").to_owned();
        assert_eq!(
            show(&["AUTH", "default", "Pa55word"]),
            request(&["AUTH", "default", &password])
        );
        assert_ne!(show(&["AUTH", "Pa55worD"]), known);
        let set = ["CONFIG", "SET", "maxmemory", "1mb", "requirepass", "Pa55word", "hz", "50"];
        let mut expected = set;
        expected[5] = &password;
        assert_eq!(show(&set), request(&expected));
        for open in
            [&["SET", "auth", "Pa55word"][..], &["ECHO", ""], &["CONFIG", "GET", "requirepass"]]
        {
            assert_eq!(show(open), request(open));
        }
        assert_eq!(secrets.pseudonym(b"Pa55word"), password.as_bytes());
    }

    /// Protects: what one client says is not taken for another's, nor a new
    /// guest's for that of whoever had its number.
    #[test]
    fn every_client_is_understood_by_itself() {
        let mut secrets = Secrets::new();
        secrets.replace(Fd(1), b"*2\r\n$4\r\nAUTH\r\n$8\r\nPa55");
        assert_eq!(secrets.replace(Fd(2), b"PING\r\n"), b"PING\r\n");
        secrets.forget(Fd(1));
        assert_eq!(secrets.replace(Fd(1), b"*1\r\n$4\r\nPING\r\n"), b"*1\r\n$4\r\nPING\r\n");
    }

    /// Protects: the scan survives whatever comes.
    #[test]
    fn nonsense_is_passed_over() {
        for text in [
            "*nonsense\r\n\u{fffd}",
            "*1\r\n!3\r\nabc\r\n",
            "*-1\r\n*0\r\nPING\r\n",
            "\r\n\r\n",
            "*2\r\n$-1\r\n",
            "*1\r\n$99999999999999999999\r\n",
            "\n",
        ] {
            assert_eq!(shown(&[text.as_bytes()]).len(), text.len(), "{text:?}");
        }
    }
}
