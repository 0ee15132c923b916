//! The native server: real sockets, a real clock, signals, files. Nothing
//! here exists in the page.

pub mod config_file;
