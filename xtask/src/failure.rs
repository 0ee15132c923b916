//! Why a chore stopped.

use std::fmt;
use std::io;
use std::process::ExitCode;

#[derive(Debug)]
pub enum Failure {
    /// The command line makes no sense; exit 2.
    Usage(String),
    /// Something is not installed and cannot be installed from here.
    Missing { what: String, how_to_get_it: String },
    /// A program could not be started.
    Start { program: String, source: io::Error },
    /// A program ran and was not content; it has said why itself.
    Exit { program: String, status: String },
    /// A file could not be read or written.
    File { path: String, source: io::Error },
    /// A check of our own did not hold.
    Check(String),
}

impl Failure {
    pub fn exit_code(&self) -> ExitCode {
        match self {
            Failure::Usage(_) => ExitCode::from(2),
            _ => ExitCode::FAILURE,
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Failure::Usage(text) | Failure::Check(text) => f.write_str(text),
            Failure::Missing { what, how_to_get_it } => {
                write!(f, "{what} is missing. {how_to_get_it}")
            }
            Failure::Start { program, source } => write!(f, "cannot start {program}: {source}"),
            Failure::Exit { program, status } => write!(f, "{program} ended with {status}"),
            Failure::File { path, source } => write!(f, "{path}: {source}"),
        }
    }
}
