//! `cargo xtask demo`: the page and the native server until Ctrl-C.

use crate::failure::Failure;
use crate::process::{Companion, run, say};
use crate::{install, page, ports};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

const PAGE_PORT: u16 = 8080;
const SERVER_PORT: u16 = 6379;
/// Between two looks at the children.
const PULSE: Duration = Duration::from_millis(100);

pub fn run_demo(root: &Path) -> Result<(), Failure> {
    install::page_tools()?;
    say("Building the native server (half a minute the first time)");
    run(Command::new("cargo").args(["build", "--bin", "onechef"]).current_dir(root))?;

    // From here on there are children to end, so Ctrl-C must not end us first.
    let stop = Arc::new(AtomicBool::new(false));
    for signal in [SIGINT, SIGTERM, SIGHUP] {
        signal_hook::flag::register(signal, Arc::clone(&stop))
            .map_err(|source| Failure::Start { program: "the signal handler".into(), source })?;
    }

    let page_port = ports::free_port(PAGE_PORT, "the page")?;
    let server_port = ports::free_port(SERVER_PORT, "the server")?;

    say("Building the page and serving it (about a minute the first time)");
    let mut page = Companion::start(
        "trunk serve",
        page::trunk(root)?
            .args(["serve", "--address", "127.0.0.1", "--port"])
            .arg(page_port.to_string()),
    )?;
    let mut server = Companion::start(
        "onechef serve",
        Command::new(root.join("target/debug/onechef"))
            .args(["serve", "--port"])
            .arg(server_port.to_string())
            .current_dir(root),
    )?;

    let question = format!("GET / HTTP/1.1\r\nHost: 127.0.0.1:{page_port}\r\n\r\n");
    let server_answers = || ports::answers(server_port, "PING\r\n", "+PONG");
    let page_answers = || ports::answers(page_port, &question, "HTTP/1.1 200");
    let both = |page: &mut Companion, server: &mut Companion| {
        wait_until(&server_answers, &stop, page, server)?;
        wait_until(&page_answers, &stop, page, server)
    };
    if both(&mut page, &mut server)? {
        println!();
        println!("  The page:    http://127.0.0.1:{page_port}/");
        println!("  The server:  redis-cli -p {server_port}");
        println!();
        println!("  Ctrl-C ends both.");
        wait_until(&|| false, &stop, &mut page, &mut server)?;
    }

    println!("\nEnding.");
    // Ctrl-C in a terminal reaches the children too, and they may be flushing:
    // they get a moment before they are asked once more.
    for companion in [&mut server, &mut page] {
        if !companion.ends_within(Duration::from_millis(500)) {
            companion.end();
        }
    }
    Ok(())
}

/// Waits for `ready`. `false` when the reader wants to stop first; an error
/// when one of the two has ended by itself, which is never meant.
fn wait_until(
    ready: &dyn Fn() -> bool,
    stop: &AtomicBool,
    page: &mut Companion,
    server: &mut Companion,
) -> Result<bool, Failure> {
    loop {
        if stop.load(Ordering::Relaxed) {
            return Ok(false);
        }
        if ready() {
            return Ok(true);
        }
        for companion in [&mut *page, &mut *server] {
            if let Some(status) = companion.ended() {
                // A child that ended on the same Ctrl-C, an instant before
                // our own handler ran, has done nothing wrong.
                std::thread::sleep(PULSE);
                if stop.load(Ordering::Relaxed) {
                    return Ok(false);
                }
                return Err(Failure::Exit {
                    program: companion.name.into(),
                    status: status.to_string(),
                });
            }
        }
        std::thread::sleep(PULSE);
    }
}
