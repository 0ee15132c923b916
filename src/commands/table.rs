//! Finding a command by name: on the path of every request.

use super::{Command, absent, client, command, config, connection, debug, expiry, info, keys};
use super::{
    latency, list_moves, lists, numbers, pubsub, refusal, scan, server, set, slowlog, strings,
    transactions,
};
use crate::resp::Args;
use refusal::Refusal;
use std::fmt;

const FAMILIES: [&[Command]; 20] = [
    connection::COMMANDS,
    client::COMMANDS,
    config::COMMANDS,
    command::COMMANDS,
    info::COMMANDS,
    server::COMMANDS,
    debug::COMMANDS,
    set::COMMANDS,
    strings::COMMANDS,
    numbers::COMMANDS,
    keys::COMMANDS,
    expiry::COMMANDS,
    scan::COMMANDS,
    lists::COMMANDS,
    list_moves::COMMANDS,
    transactions::COMMANDS,
    pubsub::COMMANDS,
    slowlog::COMMANDS,
    latency::COMMANDS,
    absent::COMMANDS,
];

const COUNT: usize = count(false);
const SUBCOMMAND_COUNT: usize = count(true);

/// How many commands, or how many subcommands, the families have.
const fn count(subcommands: bool) -> usize {
    let mut count = 0;
    let mut family = 0;
    while family < FAMILIES.len() {
        let rows = FAMILIES[family];
        let mut row = 0;
        while row < rows.len() {
            count += if subcommands { rows[row].subcommands.len() } else { 1 };
            row += 1;
        }
        family += 1;
    }
    count
}

/// The families' rows one after the other, numbered, with their subcommands
/// in [`SUBCOMMANDS`].
static TABLE: [Command; COUNT] = {
    let mut table = [FAMILIES[0][0]; COUNT];
    let (mut at, mut sub_at, mut family) = (0, 0, 0);
    while family < FAMILIES.len() {
        let rows = FAMILIES[family];
        let mut row = 0;
        while row < rows.len() {
            let (own, _) = SUBCOMMANDS.split_at(sub_at).1.split_at(rows[row].subcommands.len());
            table[at] = Command { number: at as u16, subcommands: own, ..rows[row] };
            sub_at += own.len();
            at += 1;
            row += 1;
        }
        family += 1;
    }
    table
};

/// All subcommands, in the order of their commands, numbered after these.
static SUBCOMMANDS: [Command; SUBCOMMAND_COUNT] = {
    let mut table = [FAMILIES[0][0]; SUBCOMMAND_COUNT];
    let (mut at, mut family, mut row, mut sub) = (0, 0, 0, 0);
    while at < SUBCOMMAND_COUNT {
        if row == FAMILIES[family].len() {
            (family, row) = (family + 1, 0);
        } else if sub == FAMILIES[family][row].subcommands.len() {
            (row, sub) = (row + 1, 0);
        } else {
            let number = (COUNT + at) as u16;
            table[at] = Command { number, ..FAMILIES[family][row].subcommands[sub] };
            (at, sub) = (at + 1, sub + 1);
        }
    }
    table
};

/// A power of two, about ten times the number of commands: large enough that
/// a multiplier without collisions is found while compiling.
const SLOTS: usize = 1024;
const EMPTY: u8 = u8::MAX;

/// A perfect hash of the names: one probe, one comparison.
struct Index {
    multiplier: u64,
    /// Positions in the table.
    slots: [u8; SLOTS],
    /// What each row's name folds to.
    folded: [u64; COUNT],
}

static INDEX: Index = find_perfect_hash();

/// Tries multipliers until no two names share a slot. Fails to compile, rather
/// than to run, should there ever be none.
const fn find_perfect_hash() -> Index {
    assert!(COUNT < EMPTY as usize);
    let mut folded = [0; COUNT];
    let mut row = 0;
    while row < COUNT {
        folded[row] = fold(TABLE[row].name.as_bytes());
        row += 1;
    }
    let mut multiplier: u64 = 0x9e37_79b9_7f4a_7c15;
    loop {
        let mut slots = [EMPTY; SLOTS];
        let mut row = 0;
        while row < COUNT {
            let slot = slot_of(folded[row], TABLE[row].name.len(), multiplier);
            if slots[slot] != EMPTY {
                break;
            }
            slots[slot] = row as u8;
            row += 1;
        }
        if row == COUNT {
            return Index { multiplier, slots, folded };
        }
        multiplier = multiplier.wrapping_mul(0xd134_2543_de82_ef95).wrapping_add(2);
    }
}

/// The first and the last four bytes, whatever the case: all of a name of up
/// to [`FOLDED_BYTES`], if its length is known. No two commands agree in
/// length and in these. Setting the bit that tells the cases of a letter apart
/// makes nothing else a lower case letter, of which alone names consist.
#[inline]
const fn fold(name: &[u8]) -> u64 {
    const LOWER_CASE: u64 = 0x2020_2020_2020_2020;
    let n = name.len();
    let (first, last) = if n >= 4 {
        (
            u32::from_le_bytes([name[0], name[1], name[2], name[3]]),
            u32::from_le_bytes([name[n - 4], name[n - 3], name[n - 2], name[n - 1]]),
        )
    } else if n > 0 {
        (u32::from_le_bytes([name[0], name[n / 2], name[n - 1], 0]), 0)
    } else {
        (0, 0)
    };
    (first as u64 | (last as u64) << 32) | LOWER_CASE
}

const FOLDED_BYTES: usize = 8;

#[inline]
const fn slot_of(folded: u64, len: usize, multiplier: u64) -> usize {
    (folded.wrapping_add(len as u64).wrapping_mul(multiplier) >> (64 - SLOTS.ilog2())) as usize
}

/// The command of that name, whatever its case.
#[inline]
#[must_use]
pub fn lookup(name: &[u8]) -> Option<&'static Command> {
    let folded = fold(name);
    let row = usize::from(INDEX.slots[slot_of(folded, name.len(), INDEX.multiplier)]);
    let command = TABLE.get(row)?;
    let same = INDEX.folded[row] == folded
        && command.name.len() == name.len()
        && (name.len() <= FOLDED_BYTES || command.name.as_bytes().eq_ignore_ascii_case(name));
    same.then_some(command)
}

/// All commands, family by family.
pub fn all() -> impl ExactSizeIterator<Item = &'static Command> {
    TABLE.iter()
}

/// How many numbers the table has handed out ([`Command::number`]).
pub const NUMBERS: usize = COUNT + SUBCOMMAND_COUNT;

/// The command or subcommand of a number below [`NUMBERS`].
#[must_use]
pub fn numbered(number: usize) -> &'static Command {
    TABLE.get(number).unwrap_or_else(|| &SUBCOMMANDS[number - COUNT])
}

/// A subcommand by the word that follows the command's name.
pub(super) fn subcommand(parent: &'static Command, word: &[u8]) -> Option<&'static Command> {
    parent.subcommands.iter().find(|c| c.own_name().as_bytes().eq_ignore_ascii_case(word))
}

/// Why a request cannot be run.
#[derive(Clone, Debug)]
pub enum Unfit {
    /// No such command; the name and some arguments, as far as they are quoted.
    UnknownCommand {
        name: Vec<u8>,
        args: Vec<u8>,
    },
    UnknownSubcommand {
        command: &'static str,
        word: Vec<u8>,
    },
    /// Too few or too many arguments for this command.
    Arity(&'static Command),
}

/// Client text is quoted up to this many bytes.
const QUOTED_BYTES: usize = 128;

impl Unfit {
    #[cold]
    fn unknown(args: Args<'_>) -> Unfit {
        let mut quoted = Vec::new();
        for i in 1..args.len() {
            if quoted.len() >= QUOTED_BYTES {
                break;
            }
            let room = QUOTED_BYTES - quoted.len();
            let arg = cut(args.get(i), room);
            quoted.extend_from_slice(b"'");
            quoted.extend_from_slice(arg);
            quoted.extend_from_slice(b"' ");
        }
        Unfit::UnknownCommand { name: cut(args.get(0), QUOTED_BYTES).to_vec(), args: quoted }
    }

    /// The error with its code, without its `-`.
    #[must_use]
    pub fn text(&self) -> Vec<u8> {
        match self {
            Unfit::UnknownCommand { name, args } => {
                [b"ERR unknown command '", &name[..], b"', with args beginning with: ", &args[..]]
                    .concat()
            }
            Unfit::UnknownSubcommand { command, word } => {
                let help = format!("'. Try {} HELP.", command.to_ascii_uppercase());
                [b"ERR unknown subcommand '", &word[..], help.as_bytes()].concat()
            }
            Unfit::Arity(command) => Refusal::WrongArity(command.name).text().into_owned(),
        }
    }
}

impl fmt::Display for Unfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&String::from_utf8_lossy(&self.text()))
    }
}

/// At most `limit` bytes, and none from the first NUL on, since Redis quotes
/// with C's `%s`.
pub(super) fn cut(bytes: &[u8], limit: usize) -> &[u8] {
    let bytes = &bytes[..bytes.len().min(limit)];
    &bytes[..memchr::memchr(0, bytes).unwrap_or(bytes.len())]
}

/// The command, or subcommand, that a request asks for.
///
/// Redis: `lookupCommand`, `commandCheckExistence` and `commandCheckArity`,
/// *faithful*.
///
/// # Errors
/// See [`Unfit`].
///
/// # Panics
/// If there is not even a name.
#[inline]
pub fn resolve(args: Args<'_>) -> Result<&'static Command, Unfit> {
    let Some(mut command) = lookup(args.get(0)) else { return Err(Unfit::unknown(args)) };
    if !command.subcommands.is_empty() && args.len() > 1 {
        let word = args.get(1);
        command = subcommand(command, word).ok_or_else(|| Unfit::UnknownSubcommand {
            command: command.name,
            word: cut(word, QUOTED_BYTES).to_vec(),
        })?;
    }
    if command.takes(args.len()) { Ok(command) } else { Err(Unfit::Arity(command)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_command_is_found_by_its_name_in_any_case() {
        for command in all() {
            let found = lookup(command.name.to_uppercase().as_bytes()).expect(command.name);
            assert_eq!(found.name, command.name);
        }
    }

    #[test]
    fn nothing_else_is_found() {
        for name in ["", "ge", "gett", "set\0", "GEX", "client|list", "@et", "unlinkk"] {
            assert!(lookup(name.as_bytes()).is_none(), "{name}");
        }
    }

    /// Folding is exact for lower case letters only.
    #[test]
    fn names_consist_of_lower_case_letters() {
        for command in all() {
            assert!(command.name.bytes().all(|b| b.is_ascii_lowercase()), "{}", command.name);
        }
    }

    #[test]
    fn every_row_has_its_number() {
        let rows = all().flat_map(|command| std::iter::once(command).chain(command.subcommands));
        let mut rows: Vec<&Command> = rows.collect();
        rows.sort_unstable_by_key(|row| row.number);
        assert_eq!(rows.len(), NUMBERS);
        for (number, row) in rows.into_iter().enumerate() {
            assert_eq!(usize::from(row.number), number, "{}", row.name);
            assert_eq!(numbered(number).name, row.name);
        }
    }

    #[test]
    fn rows_are_complete_and_subcommands_named_after_their_parent() {
        for command in all() {
            for row in std::iter::once(command).chain(command.subcommands) {
                assert!(!row.summary.is_empty() && !row.since.is_empty(), "{}", row.name);
                assert!(row.arity != 0 && !row.group.is_empty(), "{}", row.name);
            }
            for sub in command.subcommands {
                assert_eq!(sub.name, format!("{}|{}", command.name, sub.own_name()));
            }
        }
    }
}
