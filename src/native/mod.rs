//! The native server: real sockets, a real clock, signals, files. Nothing
//! here exists in the page.

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
