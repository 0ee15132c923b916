//! The native program: real sockets, a real clock, signals, files. Nothing
//! here exists in the page.
//!
//! - The server: [`serve`], the loop's driver, with its [`config_file`],
//!   [`open_files`] and [`log`].
//! - Who is told what it does: [`watching`], which feeds a [`recorder`] (a
//!   file) and [`live`] (browsers); [`redact`], what they are told of what
//!   clients say; [`taping`], the inputs for a rerun.
//! - A server that is not ours: [`import`].
//! - The other chores: [`command_line`] names them all; [`check`], [`replay`],
//!   [`summary`].

pub mod check;
pub mod command_line;
pub mod config_file;
pub mod import;
pub mod live;
pub mod log;
pub mod open_files;
pub mod recorder;
pub mod redact;
pub mod replay;
pub mod serve;
pub mod summary;
pub mod taping;
pub mod watching;
