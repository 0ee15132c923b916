//! The word that lets a watcher in.

use std::fmt::Write as _;
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::Path;

/// 256 bits from the operating system, as 64 hexadecimal digits.
#[derive(Clone)]
pub struct Token(String);

/// A token never prints itself.
impl std::fmt::Debug for Token {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Token")
    }
}

impl Token {
    /// # Errors
    /// If the system has no randomness to give.
    pub fn random() -> io::Result<Token> {
        Ok(Token(random_hex(32)?))
    }

    /// The token that a file holds, so that it outlives a restart; the file is
    /// made, readable by its owner only, if there is none.
    ///
    /// # Errors
    /// What the file system says, or that the file holds something else.
    pub fn kept_in(path: &Path) -> io::Result<Token> {
        match std::fs::read_to_string(path) {
            Ok(text) => {
                let text = text.trim_ascii();
                let fits = text.len() >= 32 && text.bytes().all(|b| b.is_ascii_hexdigit());
                if !fits {
                    let problem = "expected a token: at least 32 hexadecimal digits";
                    return Err(io::Error::new(io::ErrorKind::InvalidData, problem));
                }
                Ok(Token(text.to_owned()))
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let token = Token::random()?;
                let mut options = OpenOptions::new();
                options.write(true).create_new(true);
                #[cfg(unix)]
                std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
                writeln!(options.open(path)?, "{}", token.0)?;
                Ok(token)
            }
            Err(error) => Err(error),
        }
    }

    /// For the one place that tells it to its owner.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// Takes as long for any guess of the right length.
    #[must_use]
    pub fn is(&self, guess: &str) -> bool {
        let (token, guess) = (self.0.as_bytes(), guess.as_bytes());
        let differing = token.iter().zip(guess).fold(0, |sum, (a, b)| sum | (a ^ b));
        token.len() == guess.len() && differing == 0
    }
}

/// So many random bytes in hexadecimal.
///
/// # Errors
/// If the system has no randomness to give.
pub fn random_hex(bytes: usize) -> io::Result<String> {
    let mut random = vec![0; bytes];
    File::open("/dev/urandom")?.read_exact(&mut random)?;
    let mut hex = String::with_capacity(bytes * 2);
    for byte in random {
        // Writing to a string cannot fail.
        let _ = write!(hex, "{byte:02x}");
    }
    Ok(hex)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_whole_token_is_it() {
        let token = Token::random().expect("randomness");
        let text = token.reveal().to_owned();
        assert_eq!(text.len(), 64);
        assert!(token.is(&text));
        for wrong in ["", &text[1..], &text[..63], &format!("{text}0"), &"0".repeat(64)] {
            assert!(!token.is(wrong), "{wrong:?}");
        }
        assert!(!token.is(Token::random().expect("randomness").reveal()), "another one");
        assert_eq!(format!("{token:?}"), "Token");
    }
}
