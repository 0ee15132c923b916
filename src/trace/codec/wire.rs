//! How a value stands in a trace, both ways, from one line about each type.

use super::json::Raw;
use crate::net::{address_text, parse_address};
use crate::sorted::SortedMap;
use std::net::SocketAddr;

/// A value that a trace can hold.
pub(super) trait Wire: Sized {
    fn write(&self, out: &mut Vec<u8>);

    /// A blank where the value is not as the format says, which is noted then
    /// (see [`Line`](super::json::Line)).
    fn read(value: Raw<'_>) -> Self;

    /// Stands for a value that is not there or cannot be read.
    fn blank() -> Self;

    /// Whether its field may be left out, meaning the blank.
    const MAY_LACK: bool = false;
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

#[inline(never)]
pub(super) fn field<T: Wire>(object: Raw<'_>, name: &str) -> T {
    match object.find(name) {
        Some(value) => T::read(value),
        None => {
            if !T::MAY_LACK {
                object.lacks(name);
            }
            T::blank()
        }
    }
}

/// A kind's body, for a kind that has one; else the whole, which then is noted
/// for being no object.
pub(super) fn body<'a>(whole: Raw<'a>, body: Option<Raw<'a>>) -> Raw<'a> {
    body.unwrap_or(whole)
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
pub(in crate::trace) fn write_text(out: &mut Vec<u8>, text: &str) {
    out.push(b'"');
    for &byte in text.as_bytes() {
        let escape = match byte {
            b'"' | b'\\' => byte,
            b'\n' => b'n',
            b'\r' => b'r',
            b'\t' => b't',
            0x8 => b'b',
            0xc => b'f',
            0..=0x1f => {
                let hex = |digit: u8| b"0123456789abcdef"[usize::from(digit)];
                out.extend_from_slice(b"\\u00");
                out.extend([hex(byte >> 4), hex(byte & 0xf)]);
                continue;
            }
            _ => {
                out.push(byte);
                continue;
            }
        };
        out.extend([b'\\', escape]);
    }
    out.push(b'"');
}

/// Which of `names` a value is.
#[inline(never)]
pub(super) fn which(value: Raw<'_>, names: &[&str]) -> usize {
    let name = value.string();
    let found = names.iter().position(|known| *known == name);
    found.unwrap_or_else(|| {
        value.unexpected(&names.join(" or "));
        0
    })
}

macro_rules! numbers {
    ($($type:ty),*) => { $(
        impl Wire for $type {
            fn write(&self, out: &mut Vec<u8>) {
                write_number(out, u64::from(*self));
            }
            fn read(value: Raw<'_>) -> $type {
                value.number(u64::from(<$type>::MAX)) as $type
            }
            fn blank() -> $type {
                0
            }
        }
    )* };
}
numbers!(u8, u32, u64);

impl Wire for bool {
    fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(if *self { b"true" } else { b"false" });
    }
    fn read(value: Raw<'_>) -> bool {
        value.truth()
    }
    fn blank() -> bool {
        false
    }
}

impl Wire for String {
    fn write(&self, out: &mut Vec<u8>) {
        write_text(out, self);
    }
    fn read(value: Raw<'_>) -> String {
        value.string().into_owned()
    }
    fn blank() -> String {
        String::new()
    }
}

impl Wire for SocketAddr {
    fn write(&self, out: &mut Vec<u8>) {
        write_text(out, &address_text(*self));
    }
    fn read(value: Raw<'_>) -> SocketAddr {
        parse_address(&value.string()).unwrap_or_else(|| {
            value.unexpected("an address such as \"127.0.0.1:6379\"");
            SocketAddr::blank()
        })
    }
    fn blank() -> SocketAddr {
        SocketAddr::from(([0, 0, 0, 0], 0))
    }
}

impl<T: Wire> Wire for Option<T> {
    fn write(&self, out: &mut Vec<u8>) {
        match self {
            Some(value) => value.write(out),
            None => out.extend_from_slice(b"null"),
        }
    }
    fn read(value: Raw<'_>) -> Option<T> {
        (!value.is_null()).then(|| T::read(value))
    }
    fn blank() -> Option<T> {
        None
    }
    const MAY_LACK: bool = true;
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
    fn read(value: Raw<'_>) -> Vec<T> {
        value.list().into_iter().map(T::read).collect()
    }
    fn blank() -> Vec<T> {
        Vec::new()
    }
}

impl Wire for SortedMap<String, String> {
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
    fn read(value: Raw<'_>) -> SortedMap<String, String> {
        value.strings()
    }
    fn blank() -> SortedMap<String, String> {
        SortedMap::new()
    }
    const MAY_LACK: bool = true;
}

/// A newtype stands as what is in it.
macro_rules! transparent {
    ($($type:ident),* $(,)?) => { $(
        impl Wire for $type {
            fn write(&self, out: &mut Vec<u8>) {
                self.0.write(out);
            }
            fn read(value: Raw<'_>) -> $type {
                $type(Wire::read(value))
            }
            fn blank() -> $type {
                $type(Wire::blank())
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
            fn read(value: Raw<'_>) -> $type {
                $type { $( $field: field(value, object!(@name $field $($name)?)) ),* }
            }
            fn blank() -> $type {
                $type { $( $field: Wire::blank() ),* }
            }
        }
    };
    (@name $field:ident) => { stringify!($field) };
    (@name $field:ident $name:literal) => { $name };
}

/// An enum without fields stands as a name. Where the first may be meant by
/// leaving the field out, it says so.
macro_rules! names {
    ($($type:ident $(($may_lack:ident))? { $($name:literal = $variant:ident),* $(,)? })*) => { $(
        impl $type {
            const ALL: &'static [$type] = &[$($type::$variant),*];
        }

        impl Wire for $type {
            fn write(&self, out: &mut Vec<u8>) {
                write_name(out, match self { $( $type::$variant => $name ),* });
            }
            fn read(value: Raw<'_>) -> $type {
                $type::ALL[which(value, &[$($name),*])]
            }
            fn blank() -> $type {
                $type::ALL[0]
            }
            $( const MAY_LACK: bool = names!(@$may_lack); )?
        }
    )* };
    (@may_lack) => { true };
}

/// An enum stands as a name, or as an object whose one key is the name: of
/// the variant's fields, or of what is in it. `or` says which variant is the
/// blank.
macro_rules! kinds {
    ($($type:ident or $bare:ident { $($name:literal = $variant:ident $({ $($field:ident),* $(,)? })? $(($inner:ident))?),* $(,)? })*) => { $(
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
            #[inline(never)]
            fn read(value: Raw<'_>) -> $type {
                let (name, inside) = value.kind();
                match &*name {
                    $( $name => kinds!(@read $type $variant value inside
                        $({ $($field),* })? $(($inner))?), )*
                    _ => {
                        value.unexpected(&$type::NAMES.join(" or "));
                        $type::blank()
                    }
                }
            }
            fn blank() -> $type {
                $type::$bare
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
        {
            if $inside.is_some() {
                $value.unexpected("a bare name");
            }
            $type::$variant
        }
    };
    (@read $type:ident $variant:ident $value:ident $inside:ident { $($field:ident),* }) => {{
        let object = body($value, $inside);
        $type::$variant { $($field: field(object, stringify!($field))),* }
    }};
    (@read $type:ident $variant:ident $value:ident $inside:ident ($inner:ident)) => {
        $type::$variant(Wire::read(body($value, $inside)))
    };
}

pub(super) use {kinds, names, object, transparent};
