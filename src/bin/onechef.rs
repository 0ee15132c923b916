//! The native program: words in, exit status out.

#[cfg(not(target_arch = "wasm32"))]
mod native {
    use onechef::native::command_line::{self, Invocation};
    use onechef::native::serve;
    use std::io::{self, Write};
    use std::process::ExitCode;

    const COULD_NOT_RUN: u8 = 1;
    const COULD_NOT_UNDERSTAND: u8 = 2;

    pub fn main() -> ExitCode {
        match command_line::parse(std::env::args_os().skip(1)) {
            Ok(invocation) => match carry_out(invocation) {
                Ok(()) => ExitCode::SUCCESS,
                Err(Failure(status, message)) => {
                    eprintln!("onechef: {message}");
                    ExitCode::from(status)
                }
            },
            Err(error) => {
                eprintln!("onechef: {error}");
                ExitCode::from(COULD_NOT_UNDERSTAND)
            }
        }
    }

    struct Failure(u8, String);

    fn carry_out(invocation: Invocation) -> Result<(), Failure> {
        match invocation {
            Invocation::Help => print(command_line::HELP),
            Invocation::Version => print(&format!("onechef {}\n", env!("CARGO_PKG_VERSION"))),
            Invocation::Serve { serve, warnings } => {
                for warning in warnings {
                    eprintln!("onechef: warning: {warning}");
                }
                serve::serve(*serve).map_err(|e| Failure(COULD_NOT_RUN, e.to_string()))
            }
            Invocation::Run { .. } | Invocation::Scenarios => {
                Err(Failure(COULD_NOT_RUN, "the simulation is not built in yet".to_owned()))
            }
        }
    }

    fn print(text: &str) -> Result<(), Failure> {
        quiet_pipe(io::stdout().write_all(text.as_bytes()))
    }

    /// `onechef run … | head` is not a failure.
    fn quiet_pipe(result: io::Result<()>) -> Result<(), Failure> {
        match result {
            Err(e) if e.kind() != io::ErrorKind::BrokenPipe => {
                Err(Failure(COULD_NOT_RUN, e.to_string()))
            }
            _ => Ok(()),
        }
    }
}

#[cfg(not(target_arch = "wasm32"))]
fn main() -> std::process::ExitCode {
    native::main()
}

#[cfg(target_arch = "wasm32")]
fn main() {}
