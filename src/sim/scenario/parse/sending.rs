//! What stands after `sends`: bytes, and how they are cut into packets.

use super::load::{self, times};
use super::{Reader, Refusal, Spot};
use crate::sim::scenario::words::{A_TIME, Word, Words, read_number, read_size, read_time};
use crate::sim::scenario::{Action, Packets};

/// Most bytes that one statement may send: a mistyped size must not eat the
/// reader's memory.
const SEND_MAX_BYTES: u64 = 64 * 1024 * 1024;
/// Most bytes that all statements together may send: a scenario may come from
/// a stranger, in a link of a hundred letters.
const SEND_ALL_MAX_BYTES: u64 = 128 * 1024 * 1024;
/// Most packets that one statement may make.
const PACKETS_MAX: usize = 10_000;

impl Reader<'_> {
    /// Everything after `sends`.
    pub(super) fn sending(
        &mut self,
        mut words: Words<'_>,
        crowd: Option<usize>,
    ) -> Result<Action, Refusal> {
        let what = "a command, 'inline', 'raw', or a number and 'x'";
        let first = words.expect(what)?;
        let mut rest = words.rest();
        if let (Some(guests), Some(at)) = (crowd, load::clause(&rest)) {
            let clause = Words::of(self.name, rest.split_off(at));
            return self.load(guests, first, &rest, clause);
        }
        let clause = rest.iter().position(|word| word.bare() == Some("split"));
        let clause: Vec<Word<'_>> = clause.map(|at| rest.split_off(at)).unwrap_or_default();

        let bytes = match (first.bare(), times(first, &rest)) {
            (Some("inline"), _) => self.typed(first, &rest)?,
            (Some("raw"), _) => self.concatenated(first, &rest)?,
            (_, Some(times)) => {
                let argv = self.argv(rest[0], &rest[1..])?;
                let one = Packets::command(&argv).bytes;
                if (one.len() as u64).saturating_mul(times) > SEND_MAX_BYTES || times == 0 {
                    let why = "between 1 request and 64mb in one statement";
                    return Err(self.expected(why, first));
                }
                one.repeat(times as usize)
            }
            _ => {
                rest.insert(0, first);
                Packets::command(&self.argv(first, &rest)?).bytes
            }
        };
        self.count_bytes(bytes.len() as u64, first.spot)?;
        let mut packets = Packets::whole(bytes);
        if !clause.is_empty() {
            splits(Words::of(self.name, clause), &mut packets)?;
        }
        Ok(Action::Send(packets))
    }

    pub(super) fn count_bytes(&mut self, bytes: u64, spot: Spot) -> Result<(), Refusal> {
        self.sent_bytes = self.sent_bytes.saturating_add(bytes);
        if self.sent_bytes > SEND_ALL_MAX_BYTES {
            return Err(self.refused(spot, "more than 128mb are sent in all"));
        }
        Ok(())
    }

    pub(super) fn argv(
        &self,
        before: Word<'_>,
        words: &[Word<'_>],
    ) -> Result<Vec<Vec<u8>>, Refusal> {
        if words.is_empty() {
            return Err(self.expected("a command after 'x'", before));
        }
        words.iter().map(|word| self.payload(*word)).collect()
    }

    /// A word's bytes; `<4kb>` stands for that many letters x.
    pub(super) fn payload(&self, word: Word<'_>) -> Result<Vec<u8>, Refusal> {
        let fill = word.bare().and_then(|bare| bare.strip_prefix('<')?.strip_suffix('>'));
        let Some(size) = fill else { return Ok(word.bytes()) };
        match read_size(size) {
            Some(bytes) if bytes <= SEND_MAX_BYTES => Ok(vec![b'x'; bytes as usize]),
            _ => {
                let what = "a size up to 64mb in angle brackets, such as <4kb>";
                Err(self.expected(what, word))
            }
        }
    }

    fn concatenated(&self, before: Word<'_>, words: &[Word<'_>]) -> Result<Vec<u8>, Refusal> {
        let mut bytes = Vec::new();
        for word in words {
            bytes.extend_from_slice(&self.payload(*word)?);
        }
        if bytes.is_empty() {
            let what = format!("bytes after '{}'", before.source);
            return Err(self.expected(&what, before));
        }
        Ok(bytes)
    }

    /// A line that a person types. What is wrong with its quotes is the
    /// server's to say, but it must be one line.
    fn typed(&self, before: Word<'_>, words: &[Word<'_>]) -> Result<Vec<u8>, Refusal> {
        let mut bytes = self.concatenated(before, words)?;
        if bytes.contains(&b'\n') {
            return Err(self.refused(words[0].spot, "an inline request is one line"));
        }
        bytes.extend_from_slice(b"\r\n");
        Ok(bytes)
    }
}

/// `split 7 12`, `split every 2`, both with `apart 5ms` after.
fn splits(mut words: Words<'_>, packets: &mut Packets) -> Result<(), Refusal> {
    words.expect_keyword("split")?;
    let len = packets.bytes.len();
    if words.take_keyword("every") {
        let what = format!("a number of bytes that makes at most {PACKETS_MAX} packets");
        let step = words.value(&what, |step| {
            read_number::<usize>(step).filter(|step| *step > 0 && len / step < PACKETS_MAX)
        })?;
        packets.splits = (step..len).step_by(step).collect();
    } else {
        let mut last = 0;
        loop {
            let what = format!("an offset from {} to {}", last + 1, len - 1);
            let inside = |offset: &usize| *offset > last && *offset < len;
            let offset = words.value(&what, |text| read_number(text).filter(inside))?;
            packets.splits.push(offset);
            last = offset;
            if words.peek().is_none_or(|word| word == "apart") {
                break;
            }
        }
    }
    if !words.is_empty() {
        words.expect_keyword("apart")?;
        packets.apart = words.value(A_TIME, read_time)?;
    }
    words.expect_end()
}
