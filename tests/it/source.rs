//! Reading our own source, for the tests that hold the house rules.

use std::fs;
use std::path::{Path, PathBuf};

/// One source file, its path relative to the root with `/` between the parts.
pub struct Source {
    pub path: String,
    pub text: String,
}

impl Source {
    /// The text with comments and the insides of string literals blanked and
    /// test modules removed: what the compiler builds into the program.
    pub fn code(&self) -> String {
        without_test_modules(&without_comments_and_strings(&self.text))
    }
}

pub fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// All files below `folders` whose names end in `.{extension}`, in order of path.
pub fn files(folders: &[&str], extension: &str) -> Vec<Source> {
    let mut paths = Vec::new();
    for folder in folders {
        collect(&root().join(folder), extension, &mut paths);
    }
    paths.sort();
    paths
        .into_iter()
        .map(|path| Source {
            text: fs::read_to_string(&path).expect("source files are UTF-8"),
            path: relative(&path),
        })
        .collect()
}

fn relative(path: &Path) -> String {
    let inside = path.strip_prefix(root()).expect("below the root");
    inside.iter().map(|part| part.to_string_lossy()).collect::<Vec<_>>().join("/")
}

fn collect(folder: &Path, extension: &str, into: &mut Vec<PathBuf>) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries {
        let path = entry.expect("readable folder").path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if path.is_dir() {
            if !matches!(&*name, "node_modules" | "target" | "dist" | "results") {
                collect(&path, extension, into);
            }
        } else if path.extension().is_some_and(|e| e == extension) {
            into.push(path);
        }
    }
}

/// Blanks comments and the contents of string and character literals, keeping
/// every line break, so that what remains is code and its line numbers hold.
fn without_comments_and_strings(text: &str) -> String {
    let src: Vec<char> = text.chars().collect();
    let mut out = String::with_capacity(text.len());
    let mut i = 0;
    while i < src.len() {
        let end = match (src[i], src.get(i + 1)) {
            ('/', Some('/')) => line_end(&src, i),
            ('/', Some('*')) => block_comment_end(&src, i),
            ('r', Some('"' | '#')) if !is_word(src.get(i.wrapping_sub(1))) => {
                raw_string_end(&src, i).unwrap_or(i)
            }
            ('"', _) => string_end(&src, i),
            ('\'', _) => char_end(&src, i).unwrap_or(i),
            _ => i,
        };
        if end == i {
            out.push(src[i]);
            i += 1;
        } else {
            out.extend(src[i..end].iter().map(|c| if *c == '\n' { '\n' } else { ' ' }));
            i = end;
        }
    }
    out
}

fn is_word(c: Option<&char>) -> bool {
    c.is_some_and(|c| c.is_alphanumeric() || *c == '_')
}

fn line_end(src: &[char], from: usize) -> usize {
    (from..src.len()).find(|i| src[*i] == '\n').unwrap_or(src.len())
}

fn block_comment_end(src: &[char], from: usize) -> usize {
    let mut depth = 0;
    let mut i = from;
    while i + 1 < src.len() {
        match (src[i], src[i + 1]) {
            ('/', '*') => (depth, i) = (depth + 1, i + 2),
            ('*', '/') => (depth, i) = (depth - 1, i + 2),
            _ => i += 1,
        }
        if depth == 0 {
            return i;
        }
    }
    src.len()
}

fn string_end(src: &[char], from: usize) -> usize {
    let mut i = from + 1;
    while i < src.len() && src[i] != '"' {
        i += if src[i] == '\\' { 2 } else { 1 };
    }
    (i + 1).min(src.len())
}

fn raw_string_end(src: &[char], from: usize) -> Option<usize> {
    let hashes = src[from + 1..].iter().take_while(|c| **c == '#').count();
    let open = from + 1 + hashes;
    if src.get(open) != Some(&'"') {
        return None;
    }
    let closes = |i: usize| {
        src[i] == '"' && src[i + 1..].iter().take(hashes).filter(|c| **c == '#').count() == hashes
    };
    Some((open + 1..src.len()).find(|i| closes(*i)).map_or(src.len(), |i| i + 1 + hashes))
}

/// A quote begins a character only if another one closes it nearby; otherwise
/// it is a lifetime.
fn char_end(src: &[char], from: usize) -> Option<usize> {
    match src.get(from + 1)? {
        '\\' => (from + 3..src.len().min(from + 12)).find(|i| src[*i] == '\'').map(|i| i + 1),
        _ => (src.get(from + 2) == Some(&'\'')).then_some(from + 3),
    }
}

/// Blanks `#[cfg(test)] mod name { … }`: tests may reach across layers.
fn without_test_modules(code: &str) -> String {
    const MARK: &str = "#[cfg(test)]";
    let mut out = String::with_capacity(code.len());
    let mut rest = code;
    while let Some((before, after)) = rest.split_once(MARK) {
        out.push_str(before);
        let item = after.trim_start();
        if !item.starts_with("mod ") {
            rest = after;
            continue;
        }
        let end = match (after.find('{'), after.find(';')) {
            (Some(open), semicolon) if semicolon.is_none_or(|s| open < s) => {
                closing_brace(after, open)
            }
            (_, Some(semicolon)) => semicolon + 1,
            _ => after.len(),
        };
        out.extend(after[..end].chars().filter(|c| *c == '\n'));
        rest = &after[end..];
    }
    out.push_str(rest);
    out
}

/// One past the brace that closes the one at `open`.
pub fn closing_brace(code: &str, open: usize) -> usize {
    let mut depth = 0_usize;
    for (at, c) in code[open..].char_indices() {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return open + at + 1;
        }
    }
    code.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The rules are only as good as what they see.
    #[test]
    fn code_is_what_remains_without_comments_strings_and_tests() {
        let source = Source {
            path: "x.rs".into(),
            text: r####"use crate::a; // crate::b
/* crate::c /* nested */ crate::d */
const S: &str = "crate::e \" crate::f";
const R: &str = r#"crate::g"#;
const C: char = '"'; fn f<'a>(x: &'a str) { crate::h(x) }
#[cfg(test)]
mod tests { use crate::i; fn f() { { } } }
use crate::j;
"####
                .into(),
        };
        let code = source.code();
        let seen: Vec<char> = code
            .match_indices("crate::")
            .map(|(at, word)| code[at + word.len()..].chars().next().expect("a name"))
            .collect();
        assert_eq!(seen, ['a', 'h', 'j']);
        assert_eq!(code.lines().count(), source.text.lines().count(), "line numbers hold");
    }
}
