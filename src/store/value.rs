//! What a key holds.

use super::List;
use super::integer::parse_integer;
use super::short::Short;

/// What a key holds (`robj`).
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    String(StringValue),
    List(Box<List>),
}

impl Value {
    /// As TYPE says it.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Value::String(_) => "string",
            Value::List(_) => "list",
        }
    }

    /// Bytes of a string, elements of a list.
    #[must_use]
    pub fn size(&self) -> u64 {
        match self {
            Value::String(string) => string.len() as u64,
            Value::List(list) => list.len() as u64,
        }
    }

    #[must_use]
    pub fn encoding(&self) -> Encoding {
        match self {
            Value::String(string) => string.encoding(),
            Value::List(list) => list.encoding(),
        }
    }

    /// Bytes of a string that lie outside the entry.
    #[inline]
    pub(super) fn outside(&self) -> &[u8] {
        match self {
            Value::String(StringValue(Repr::Fixed(bytes))) => bytes,
            Value::String(StringValue(Repr::Growing(bytes))) => bytes,
            _ => &[],
        }
    }

    /// Memory outside the entry itself, estimated alike on every platform.
    #[inline]
    pub(super) fn heap_bytes(&self) -> u64 {
        match self {
            Value::String(string) => string.heap_bytes(),
            Value::List(list) => list.heap_bytes(),
        }
    }
}

/// How a value is kept, as OBJECT ENCODING names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    Int,
    Embstr,
    Raw,
    Listpack,
    Quicklist,
}

impl Encoding {
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Encoding::Int => "int",
            Encoding::Embstr => "embstr",
            Encoding::Raw => "raw",
            Encoding::Listpack => "listpack",
            Encoding::Quicklist => "quicklist",
        }
    }
}

/// A string, in the smallest form that gives the same bytes back.
#[derive(Clone, Debug)]
pub struct StringValue(Repr);

/// 24 bytes in all: the integer, the short text and the box hide in the space
/// that `Vec` leaves.
#[derive(Clone, Debug)]
enum Repr {
    Int(i64),
    Short(Short<15>),
    Fixed(Box<[u8]>),
    /// Was changed in place, and probably will be again.
    Growing(Vec<u8>),
}

/// `OBJ_ENCODING_EMBSTR_SIZE_LIMIT`: longer strings are `raw`.
const EMBSTR_MAX: usize = 44;

impl StringValue {
    /// Text that is an integer's own spelling is kept as that integer.
    ///
    /// Redis: `tryObjectEncoding`, *faithful* as far as OBJECT ENCODING shows.
    #[inline]
    #[must_use]
    pub fn new(bytes: &[u8]) -> StringValue {
        match parse_integer(bytes) {
            Some(integer) => StringValue::from(integer),
            None => StringValue::text(bytes),
        }
    }

    /// Kept as text even if it spells an integer, as INCRBYFLOAT leaves it.
    #[inline]
    #[must_use]
    pub fn text(bytes: &[u8]) -> StringValue {
        let short = Short::new(bytes).map(Repr::Short);
        StringValue(short.unwrap_or_else(|| Repr::Fixed(bytes.into())))
    }

    /// The bytes; `digits` holds them if they have to be written first.
    #[inline]
    #[must_use]
    pub fn bytes<'a>(&'a self, digits: &'a mut itoa::Buffer) -> &'a [u8] {
        match &self.0 {
            Repr::Int(integer) => digits.format(*integer).as_bytes(),
            Repr::Short(short) => short.bytes(),
            Repr::Fixed(bytes) => bytes,
            Repr::Growing(bytes) => bytes,
        }
    }

    #[must_use]
    pub fn len(&self) -> usize {
        self.bytes(&mut itoa::Buffer::new()).len()
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Its integer value, if it spells one (`getLongLongFromObject`).
    #[inline]
    #[must_use]
    pub fn integer(&self) -> Option<i64> {
        match &self.0 {
            Repr::Int(integer) => Some(*integer),
            _ => parse_integer(self.bytes(&mut itoa::Buffer::new())),
        }
    }

    /// The bytes, to be changed in place; `raw` from now on
    /// (`dbUnshareStringValue`).
    pub fn growing(&mut self) -> &mut Vec<u8> {
        if !matches!(self.0, Repr::Growing(_)) {
            self.0 = Repr::Growing(self.bytes(&mut itoa::Buffer::new()).to_vec());
        }
        match &mut self.0 {
            Repr::Growing(bytes) => bytes,
            _ => unreachable!("just made so"),
        }
    }

    #[must_use]
    pub fn encoding(&self) -> Encoding {
        match &self.0 {
            Repr::Int(_) => Encoding::Int,
            Repr::Growing(_) => Encoding::Raw,
            Repr::Fixed(bytes) if bytes.len() > EMBSTR_MAX => Encoding::Raw,
            Repr::Fixed(_) | Repr::Short(_) => Encoding::Embstr,
        }
    }

    #[inline]
    pub(super) fn heap_bytes(&self) -> u64 {
        match &self.0 {
            Repr::Int(_) | Repr::Short(_) => 0,
            Repr::Fixed(bytes) => bytes.len() as u64,
            Repr::Growing(bytes) => bytes.len() as u64,
        }
    }
}

impl From<i64> for StringValue {
    #[inline]
    fn from(integer: i64) -> StringValue {
        StringValue(Repr::Int(integer))
    }
}

impl PartialEq for StringValue {
    /// The same bytes, however they are kept.
    fn eq(&self, other: &StringValue) -> bool {
        self.bytes(&mut itoa::Buffer::new()) == other.bytes(&mut itoa::Buffer::new())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// A key's whole entry is meant to be one cache line.
    #[cfg(target_pointer_width = "64")]
    #[test]
    fn a_value_is_24_bytes() {
        assert_eq!(size_of::<Value>(), 24);
    }

    #[test]
    fn encodings_are_named_as_in_redis() {
        let name = |text: &[u8]| StringValue::new(text).encoding().name();
        assert_eq!(name(b"123"), "int");
        assert_eq!(name(b"0123"), "embstr");
        assert_eq!(name(b""), "embstr");
        assert_eq!(name(&[b'x'; 44]), "embstr");
        assert_eq!(name(&[b'x'; 45]), "raw");
        let mut changed = StringValue::new(b"12");
        changed.growing().push(b'3');
        assert_eq!(changed.encoding(), Encoding::Raw);
        assert_eq!(changed.integer(), Some(123));
    }

    proptest! {
        #[test]
        fn bytes_come_back_unchanged(bytes: Vec<u8>) {
            let mut value = StringValue::new(&bytes);
            prop_assert_eq!(value.bytes(&mut itoa::Buffer::new()).to_vec(), bytes.clone());
            prop_assert_eq!(value.len(), bytes.len());
            prop_assert_eq!(value.growing().clone(), bytes);
        }

        #[test]
        fn numbers_come_back_unchanged(n: i64) {
            let text = n.to_string();
            let value = StringValue::new(text.as_bytes());
            prop_assert_eq!(value.encoding(), Encoding::Int);
            prop_assert_eq!(value.bytes(&mut itoa::Buffer::new()).to_vec(), text.into_bytes());
        }
    }
}
