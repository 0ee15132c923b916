//! Bytes that need no memory of their own while they are few.

/// Up to `MAX` bytes, in place.
#[derive(Clone, Copy, Debug)]
pub(super) struct Short<const MAX: usize> {
    len: u8,
    bytes: [u8; MAX],
}

impl<const MAX: usize> Short<MAX> {
    /// `None` if they are more.
    #[inline]
    pub(super) fn new(bytes: &[u8]) -> Option<Short<MAX>> {
        let mut short = Short { len: bytes.len() as u8, bytes: [0; MAX] };
        short.bytes.get_mut(..bytes.len())?.copy_from_slice(bytes);
        Some(short)
    }

    #[inline]
    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes[..usize::from(self.len)]
    }
}

/// A key's name. Most are so short that they lie where their value does, and
/// finding one out costs no second look into memory.
#[derive(Debug)]
pub struct Key(Repr);

#[derive(Debug)]
enum Repr {
    Short(Short<22>),
    Long(Box<[u8]>),
}

impl Key {
    #[inline]
    pub(super) fn new(bytes: &[u8]) -> Key {
        Key(Short::new(bytes).map_or_else(|| Repr::Long(bytes.into()), Repr::Short))
    }
}

impl std::ops::Deref for Key {
    type Target = [u8];

    #[inline]
    fn deref(&self) -> &[u8] {
        match &self.0 {
            Repr::Short(short) => short.bytes(),
            Repr::Long(bytes) => bytes,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_of_every_length_come_back() {
        for len in 0..70 {
            let bytes: Vec<u8> = (1..=len).collect();
            let key = Key::new(&bytes);
            assert_eq!(&key[..], &bytes[..]);
            assert_eq!(matches!(key.0, Repr::Short(_)), len <= 22);
        }
    }
}
