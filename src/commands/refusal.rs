//! Why a command did not do what was asked.

use std::borrow::Cow;

/// What a command's function returns: it has replied, or this is the reply.
pub type Outcome = Result<(), Refusal>;

/// An error reply by its cause; [`Refusal::text`] is Redis's wording.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    WrongType,
    Syntax,
    NotAnInteger,
    NotAFloat,
    NotPositive,
    NoSuchKey,
    IndexOutOfRange,
    OffsetOutOfRange,
    /// `proto-max-bulk-len`.
    StringTooLong,
    IncrementOverflow,
    DecrementOverflow,
    NotFinite,
    InvalidCursor,
    /// The command's name.
    InvalidExpireTime(&'static str),
    /// The command's name: a count of arguments that arity cannot express.
    WrongArity(&'static str),
    WrongPassword,
    /// What must not contain them.
    SpecialCharacters(&'static str),
    /// Anything else, whole, with its code.
    Other(Cow<'static, [u8]>),
}

impl Refusal {
    #[must_use]
    pub const fn fixed(text: &'static str) -> Refusal {
        Refusal::Other(Cow::Borrowed(text.as_bytes()))
    }

    /// `before`, what the client sent up to a NUL, as C's `%s` has it, `after`.
    /// Line breaks in it do no harm: the encoder replaces them.
    #[must_use]
    pub fn quoting(before: &str, sent: &[u8], after: &str) -> Refusal {
        let sent = super::table::cut(sent, usize::MAX);
        Refusal::Other(Cow::Owned([before.as_bytes(), sent, after.as_bytes()].concat()))
    }

    /// `addReplySubcommandSyntaxError`.
    #[must_use]
    pub fn unknown_subcommand(command: &str, word: &[u8]) -> Refusal {
        let before = "ERR unknown subcommand or wrong number of arguments for '";
        Refusal::quoting(before, word, &format!("'. Try {command} HELP."))
    }

    /// The error with its code, without its `-`.
    #[must_use]
    pub fn text(&self) -> Cow<'_, [u8]> {
        let fixed = match self {
            Refusal::WrongType => {
                "WRONGTYPE Operation against a key holding the wrong kind of value"
            }
            Refusal::Syntax => "ERR syntax error",
            Refusal::NotAnInteger => "ERR value is not an integer or out of range",
            Refusal::NotAFloat => "ERR value is not a valid float",
            Refusal::NotPositive => "ERR value is out of range, must be positive",
            Refusal::NoSuchKey => "ERR no such key",
            Refusal::IndexOutOfRange => "ERR DB index is out of range",
            Refusal::OffsetOutOfRange => "ERR offset is out of range",
            Refusal::StringTooLong => {
                "ERR string exceeds maximum allowed size (proto-max-bulk-len)"
            }
            Refusal::IncrementOverflow => "ERR increment or decrement would overflow",
            Refusal::DecrementOverflow => "ERR decrement would overflow",
            Refusal::NotFinite => "ERR increment would produce NaN or Infinity",
            Refusal::InvalidCursor => "ERR invalid cursor",
            Refusal::WrongPassword => {
                "WRONGPASS invalid username-password pair or user is disabled."
            }
            Refusal::InvalidExpireTime(name) => {
                return Cow::Owned(
                    format!("ERR invalid expire time in '{name}' command").into_bytes(),
                );
            }
            Refusal::WrongArity(name) => {
                return Cow::Owned(
                    format!("ERR wrong number of arguments for '{name}' command").into_bytes(),
                );
            }
            Refusal::SpecialCharacters(what) => {
                return Cow::Owned(
                    format!("ERR {what} cannot contain spaces, newlines or special characters.")
                        .into_bytes(),
                );
            }
            Refusal::Other(text) => return Cow::Borrowed(text),
        };
        Cow::Borrowed(fixed.as_bytes())
    }
}
