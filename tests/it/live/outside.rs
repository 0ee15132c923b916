//! Watching a process through strace. The strace here is a script that plays
//! lines given to it, so that the tests need neither ptrace nor a redis-server.

use super::server::{Server, Stream, program};
use onechef::event::{Event, Standing};
use std::fs::{self, File, Permissions};
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output};

/// A folder with a `strace` in it that runs `script`; goes with the test.
struct Tracer(PathBuf);

impl Tracer {
    fn new(name: &str, script: &str) -> Tracer {
        let folder = std::env::temp_dir().join(format!("onechef-{}-{name}", std::process::id()));
        fs::create_dir_all(&folder).expect("a folder for the test");
        let path = folder.join("strace");
        fs::write(&path, format!("#!/bin/sh\n{script}\n")).expect("a script");
        fs::set_permissions(&path, Permissions::from_mode(0o700)).expect("a script");
        Tracer(folder)
    }

    /// One that plays what is written into `lines`, and notes its own number.
    fn of_lines(name: &str) -> Tracer {
        let tracer = Tracer::new(name, "cd \"${0%/*}\" && echo $$ > pid && exec cat lines");
        let made = Command::new("mkfifo").arg(tracer.0.join("lines")).status();
        assert!(made.expect("mkfifo runs").success());
        tracer
    }

    fn path(&self) -> String {
        let others = std::env::var("PATH").unwrap_or_default();
        format!("{}:{others}", self.0.display())
    }

    /// Where to write lines to; waits for the script.
    fn lines(&self) -> File {
        File::options().write(true).open(self.0.join("lines")).expect("the script reads")
    }
}

impl Drop for Tracer {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn watch(path: &str) -> Child {
    program(&["watch", "--pid", "4242", "--live=127.0.0.1:0"], Some(path))
}

fn refused(path: &str) -> Output {
    watch(path).wait_with_output().expect("it ends")
}

const IDLE: &str = "4242 1795537102.284973 epoll_wait(5, [], 10128, 100) = 0 <0.000100>\n";

/// Writes idle cycles until somebody who watches has been told how things
/// stand; no faster than the server answers, so that none waits in a queue that
/// then has no room for what follows.
fn attach(server: &Server, lines: &mut File) -> Stream {
    std::thread::scope(|scope| {
        let stream = scope.spawn(|| server.watch(None));
        while !stream.is_finished() {
            lines.write_all(IDLE.as_bytes()).expect("it reads");
            assert_eq!(server.get("/metrics", &[]).status, 200);
        }
        stream.join().expect("a stream")
    })
}

/// Protects: a stock server's clients appear as they come, values hidden, and
/// the end of the process is the end of it all.
#[test]
fn what_strace_says_is_told_as_it_comes() {
    let tracer = Tracer::of_lines("told");
    let server = Server::of(watch(&tracer.path()));
    let mut lines = tracer.lines();
    let mut stream = attach(&server, &mut lines);
    assert!(matches!(stream.record().event, Event::Standing { what: Standing::Begun }));
    let fixture = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/strace/ten-clients.strace");
    let text = fs::read_to_string(fixture).expect("the fixture");
    // The recorded process is another; its lines are of later.
    lines.write_all(text.replace("\n429 ", "\n4242 ").as_bytes()).expect("it reads");
    drop(lines);
    let (mut told, mut asked) = (String::new(), Vec::new());
    loop {
        let record = stream.record();
        told.push_str(&format!("{record:?}\n"));
        match record.event {
            Event::Parsed { argv, .. } => asked.push(argv[0].head.to_ascii_lowercase()),
            Event::Shutdown => break,
            _ => {}
        }
    }
    assert_eq!(asked.iter().filter(|name| *name == "set").count(), 10, "{asked:?}");
    assert!(asked.contains(&"publish".to_owned()) && asked.contains(&"blpop".to_owned()));
    for hidden in ["table:", "dish", "soup", "kitchen is open"] {
        assert!(!told.contains(hidden), "{hidden} is told");
    }
    let said = server.ended();
    assert!(said.contains("has ended"), "{said}");
}

/// Protects: only the child is ended, and it is.
#[test]
fn whoever_stops_watching_ends_strace_and_nothing_else() {
    let tracer = Tracer::of_lines("stopped");
    let server = Server::of(watch(&tracer.path()));
    let lines = tracer.lines();
    let pid = fs::read_to_string(tracer.0.join("pid")).expect("it has begun");
    let process = PathBuf::from(format!("/proc/{}", pid.trim()));
    assert!(!cfg!(target_os = "linux") || process.exists());
    server.stop();
    drop(lines);
    assert!(!process.exists(), "strace is still there");
}

/// Protects: whoever may not watch is told what to do.
#[test]
fn what_strace_refuses_is_said_with_the_way_out() {
    let cases = [
        ("Operation not permitted", "kernel.yama.ptrace_scope"),
        ("No such process", "there is no process 4242"),
        ("something else", "strace: something else"),
    ];
    for (said, expected) in cases {
        let script = format!("echo 'strace: {said}' >&2; exit 1");
        let tracer = Tracer::new(&said.replace(' ', "-"), &script);
        let output = refused(&tracer.path());
        let message = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{message}");
        assert!(message.contains(expected), "{message}");
        assert!(output.stdout.is_empty(), "nothing is promised before it is so");
    }
    let nowhere = refused("/nonexistent");
    assert!(String::from_utf8_lossy(&nowhere.stderr).contains("install it"));
}

/// Protects: the metrics of a server without an engine come at once.
#[test]
fn metrics_do_not_wait_for_an_engine() {
    let tracer = Tracer::of_lines("metrics");
    let server = Server::of(watch(&tracer.path()));
    assert_eq!(server.metric("onechef_up"), 0);
    server.stop();
}
