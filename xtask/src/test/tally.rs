//! Counting tests from what test runners print.

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    pub passed: u64,
    pub failed: u64,
}

impl Tally {
    /// One check.
    pub fn one(ok: bool) -> Tally {
        Tally { passed: u64::from(ok), failed: u64::from(!ok) }
    }

    pub fn add(&mut self, other: Tally) {
        self.passed += other.passed;
        self.failed += other.failed;
    }

    /// Takes the counts out of a runner's summary line: libtest's and
    /// wasm-bindgen's `test result: ok. 3 passed; 0 failed; …`, and the
    /// `ℹ pass 3` and `ℹ fail 0` of Node's.
    pub fn read(&mut self, line: &str) {
        let plain = without_colours(line);
        if plain.starts_with("test result: ") {
            self.passed += number_before(&plain, " passed;");
            self.failed += number_before(&plain, " failed;");
        } else if let Some(count) = plain.strip_prefix("ℹ pass ") {
            self.passed += count.trim().parse::<u64>().unwrap_or(0);
        } else if let Some(count) = plain.strip_prefix("ℹ fail ") {
            self.failed += count.trim().parse::<u64>().unwrap_or(0);
        }
    }
}

fn number_before(line: &str, word: &str) -> u64 {
    line.split_once(word)
        .and_then(|(before, _)| before.rsplit(' ').next())
        .and_then(|number| number.parse().ok())
        .unwrap_or(0)
}

/// The line without `ESC [ … m`.
fn without_colours(line: &str) -> String {
    let mut out = String::with_capacity(line.len());
    let mut rest = line;
    while let Some((before, after)) = rest.split_once("\u{1b}[") {
        out.push_str(before);
        rest = after.split_once('m').map_or("", |(_, rest)| rest);
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::Tally;

    /// The closing line is only as true as what is read here.
    #[test]
    fn counts_every_runner_s_summary() {
        let mut tally = Tally::default();
        for line in [
            "running 3 tests",
            "test result: ok. 3 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out",
            "test result: \u{1b}[31mFAILED\u{1b}[0m. 4 passed; 2 failed; 0 ignored; 0 measured",
            "ℹ pass 5",
            "\u{1b}[34mℹ fail 1\u{1b}[39m",
            "test says: 9 passed; 9 failed;",
        ] {
            tally.read(line);
        }
        assert_eq!(tally, Tally { passed: 12, failed: 3 });
    }
}
