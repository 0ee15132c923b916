//! How a value stands in a trace, both ways, from one line about each type.

use super::json::{Fault, Object, Raw};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::net::SocketAddr;

/// A value that a trace can hold.
pub(super) trait Wire: Sized {
    fn write(&self, out: &mut Vec<u8>);

    /// # Errors
    /// The first thing about the value that is not as the format says.
    fn read(value: Raw<'_>) -> Result<Self, Fault>;

    /// What it is when its field is not there; `None` = it must be there.
    fn absent() -> Option<Self> {
        None
    }
}

/// Writes an object's member; the first is behind the brace.
#[inline(never)]
pub(super) fn begin_member(out: &mut Vec<u8>, name: &str) {
    if out.last() != Some(&b'{') {
        out.push(b',');
    }
    out.push(b'"');
    out.extend_from_slice(name.as_bytes());
    out.extend_from_slice(b"\":");
}

pub(super) fn member(out: &mut Vec<u8>, name: &str, value: &impl Wire) {
    begin_member(out, name);
    value.write(out);
}

pub(super) fn field<T: Wire>(object: &Object<'_>, name: &str) -> Result<T, Fault> {
    match object.find(name)? {
        Some(value) => T::read(value),
        None => T::absent().ok_or_else(|| object.lacks(name)),
    }
}

/// A kind's body: an object where it has fields.
pub(super) fn body<'a>(whole: Raw<'a>, body: Option<Raw<'a>>) -> Result<Raw<'a>, Fault> {
    body.ok_or_else(|| whole.unexpected("an object of this name"))
}

#[inline(never)]
pub(super) fn write_name(out: &mut Vec<u8>, name: &str) {
    out.push(b'"');
    out.extend_from_slice(name.as_bytes());
    out.push(b'"');
}

#[inline(never)]
pub(super) fn open_kind(out: &mut Vec<u8>, name: &str) {
    out.push(b'{');
    begin_member(out, name);
}

#[inline(never)]
pub(super) fn write_number(out: &mut Vec<u8>, number: u64) {
    out.extend_from_slice(itoa::Buffer::new().format(number).as_bytes());
}

#[inline(never)]
pub(super) fn write_text(out: &mut Vec<u8>, text: &str) {
    serde_json::to_writer(out, text).expect("memory takes all");
}

/// Which of `names` a value is.
#[inline(never)]
pub(super) fn which(value: Raw<'_>, names: &[&str]) -> Result<usize, Fault> {
    let name = value.string()?;
    let found = names.iter().position(|known| *known == name);
    found.ok_or_else(|| value.unexpected(&names.join(" or ")))
}

macro_rules! numbers {
    ($($type:ty),*) => { $(
        impl Wire for $type {
            fn write(&self, out: &mut Vec<u8>) {
                write_number(out, u64::from(*self));
            }
            fn read(value: Raw<'_>) -> Result<$type, Fault> {
                let number = value.number(u64::from(<$type>::MAX))?;
                Ok(<$type>::try_from(number).expect("within its range"))
            }
        }
    )* };
}
numbers!(u8, u32, u64);

impl Wire for bool {
    fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(if *self { b"true" } else { b"false" });
    }
    fn read(value: Raw<'_>) -> Result<bool, Fault> {
        value.truth()
    }
}

impl Wire for String {
    fn write(&self, out: &mut Vec<u8>) {
        write_text(out, self);
    }
    fn read(value: Raw<'_>) -> Result<String, Fault> {
        value.string().map(Cow::into_owned)
    }
}

impl Wire for SocketAddr {
    fn write(&self, out: &mut Vec<u8>) {
        write_text(out, &self.to_string());
    }
    fn read(value: Raw<'_>) -> Result<SocketAddr, Fault> {
        let address = value.string()?.parse();
        address.map_err(|_| value.unexpected("an address such as \"127.0.0.1:6379\""))
    }
}

impl<T: Wire> Wire for Option<T> {
    fn write(&self, out: &mut Vec<u8>) {
        match self {
            Some(value) => value.write(out),
            None => out.extend_from_slice(b"null"),
        }
    }
    fn read(value: Raw<'_>) -> Result<Option<T>, Fault> {
        if value.is_null() { Ok(None) } else { T::read(value).map(Some) }
    }
    fn absent() -> Option<Option<T>> {
        Some(None)
    }
}

impl<T: Wire> Wire for Vec<T> {
    fn write(&self, out: &mut Vec<u8>) {
        out.push(b'[');
        for (nth, value) in self.iter().enumerate() {
            if nth > 0 {
                out.push(b',');
            }
            value.write(out);
        }
        out.push(b']');
    }
    fn read(value: Raw<'_>) -> Result<Vec<T>, Fault> {
        value.list()?.into_iter().map(T::read).collect()
    }
}

impl Wire for BTreeMap<String, String> {
    fn write(&self, out: &mut Vec<u8>) {
        out.push(b'{');
        for (nth, (name, value)) in self.iter().enumerate() {
            if nth > 0 {
                out.push(b',');
            }
            write_text(out, name);
            out.push(b':');
            write_text(out, value);
        }
        out.push(b'}');
    }
    fn read(value: Raw<'_>) -> Result<BTreeMap<String, String>, Fault> {
        value.object()?.strings()
    }
    fn absent() -> Option<BTreeMap<String, String>> {
        Some(BTreeMap::new())
    }
}

/// A newtype stands as what is in it.
macro_rules! transparent {
    ($($type:ident),* $(,)?) => { $(
        impl Wire for $type {
            fn write(&self, out: &mut Vec<u8>) {
                self.0.write(out);
            }
            fn read(value: Raw<'_>) -> Result<$type, Fault> {
                Wire::read(value).map($type)
            }
        }
    )* };
}

/// A struct stands as an object. A field's name is its own, unless said.
macro_rules! object {
    ($type:ident { $($field:ident $(= $name:literal)?),* $(,)? }) => {
        impl Wire for $type {
            fn write(&self, out: &mut Vec<u8>) {
                out.push(b'{');
                $( member(out, object!(@name $field $($name)?), &self.$field); )*
                out.push(b'}');
            }
            fn read(value: Raw<'_>) -> Result<$type, Fault> {
                let object = value.object()?;
                Ok($type { $( $field: field(&object, object!(@name $field $($name)?))? ),* })
            }
        }
    };
    (@name $field:ident) => { stringify!($field) };
    (@name $field:ident $name:literal) => { $name };
}

/// An enum without fields stands as a name; `or` which, where it is not there.
macro_rules! names {
    ($($type:ident $(or $absent:ident)? { $($name:literal = $variant:ident),* $(,)? })*) => { $(
        impl Wire for $type {
            fn write(&self, out: &mut Vec<u8>) {
                write_name(out, match self { $( $type::$variant => $name ),* });
            }
            fn read(value: Raw<'_>) -> Result<$type, Fault> {
                const ALL: &[$type] = &[$($type::$variant),*];
                which(value, &[$($name),*]).map(|at| ALL[at])
            }
            $( fn absent() -> Option<$type> {
                Some($type::$absent)
            } )?
        }
    )* };
}

/// An enum stands as a name, or as an object whose one key is the name: of
/// the variant's fields, or of what is in it.
macro_rules! kinds {
    ($($type:ident { $($name:literal = $variant:ident $({ $($field:ident),* $(,)? })? $(($inner:ident))?),* $(,)? })*) => { $(
        impl $type {
            /// By the names that a trace uses, in the order of the type.
            const NAMES: &'static [&'static str] = &[$($name),*];

            fn wire_name(&self) -> &'static str {
                match self {
                    $( kinds!(@any $type $variant $({ $($field),* })? $(($inner))?) => $name ),*
                }
            }

            fn write_body(&self, out: &mut Vec<u8>) -> bool {
                match self {
                    $( $type::$variant $({ $($field),* })? $(($inner))? => {
                        kinds!(@write out $({ $($field),* })? $(($inner))?)
                    } ),*
                }
            }
        }

        impl Wire for $type {
            fn write(&self, out: &mut Vec<u8>) {
                let start = out.len();
                open_kind(out, self.wire_name());
                if self.write_body(out) {
                    out.push(b'}');
                } else {
                    out.truncate(start);
                    write_name(out, self.wire_name());
                }
            }
            fn read(value: Raw<'_>) -> Result<$type, Fault> {
                let (name, inside) = value.kind()?;
                match &*name {
                    $( $name => kinds!(@read $type $variant value inside
                        $({ $($field),* })? $(($inner))?), )*
                    _ => Err(value.unexpected(&$type::NAMES.join(" or "))),
                }
            }
        }
    )* };
    (@any $type:ident $variant:ident) => { $type::$variant };
    (@any $type:ident $variant:ident { $($field:ident),* }) => { $type::$variant { .. } };
    (@any $type:ident $variant:ident ($inner:ident)) => { $type::$variant(_) };
    (@write $out:ident) => { false };
    (@write $out:ident { $($field:ident),* }) => {{
        $out.push(b'{');
        $( member($out, stringify!($field), $field); )*
        $out.push(b'}');
        true
    }};
    (@write $out:ident ($inner:ident)) => {{
        $inner.write($out);
        true
    }};
    (@read $type:ident $variant:ident $value:ident $inside:ident) => {
        match $inside {
            None => Ok($type::$variant),
            Some(_) => Err($value.unexpected("a bare name")),
        }
    };
    (@read $type:ident $variant:ident $value:ident $inside:ident { $($field:ident),* }) => {{
        let object = body($value, $inside)?.object()?;
        Ok($type::$variant { $($field: field(&object, stringify!($field))?),* })
    }};
    (@read $type:ident $variant:ident $value:ident $inside:ident ($inner:ident)) => {
        Wire::read(body($value, $inside)?).map($type::$variant)
    };
}

pub(super) use {kinds, names, object, transparent};
