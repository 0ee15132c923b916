//! The program itself, on ports of its own, and who talks to it.

use onechef::trace::Record;
use onechef::trace::codec::Reader;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// Long enough for any machine; a test that waits so long has failed.
const PATIENCE: Duration = Duration::from_secs(60);

/// A process that is ended with the test, by its own id.
pub struct Server {
    child: Child,
    pub resp: SocketAddr,
    /// `127.0.0.1:PORT`.
    pub live: String,
    pub token: String,
}

fn serve(arguments: &[&str]) -> Child {
    let serve = ["serve", "--bind", "127.0.0.1", "--port", "0"];
    program(&[&serve, arguments].concat(), None)
}

/// The program, which finds others by `path` if that is given.
pub fn program(arguments: &[&str], path: Option<&str>) -> Child {
    let mut command = Command::new(env!("CARGO_BIN_EXE_onechef"));
    command.args(arguments).envs(path.map(|path| ("PATH", path)));
    command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts")
}

impl Server {
    pub fn start(arguments: &[&str]) -> Server {
        let server = Server::of(serve(&[&["--live=127.0.0.1:0"], arguments].concat()));
        assert_ne!(server.resp.port(), 0, "no address to talk to");
        server
    }

    /// A program that has been started, once it says where to watch.
    pub fn of(mut child: Child) -> Server {
        let mut lines = BufReader::new(child.stdout.as_mut().expect("piped"));
        let mut line = || {
            let mut line = String::new();
            lines.read_line(&mut line).expect("a line");
            line
        };
        let (ready, watch) = (line(), line());
        let resp = ready.split_whitespace().nth(3).and_then(|a| a.parse().ok());
        let address = watch.trim().rsplit("http://").next().expect("an address").to_owned();
        let (live, token) = address.split_once("/?token=").expect("a token");
        Server {
            resp: resp.unwrap_or(SocketAddr::from(([127, 0, 0, 1], 0))),
            live: live.to_owned(),
            token: token.to_owned(),
            child,
        }
    }

    #[cfg(target_os = "linux")]
    pub fn threads(&self) -> usize {
        let tasks = std::fs::read_dir(format!("/proc/{}/task", self.child.id()));
        tasks.expect("it runs").count()
    }

    /// What it says instead of starting.
    pub fn refused(arguments: &[&str]) -> String {
        let output = serve(arguments).wait_with_output().expect("it ends");
        assert_eq!(output.status.code(), Some(1));
        String::from_utf8_lossy(&output.stderr).into_owned()
    }

    pub fn signal(&self, name: &str) {
        let told = Command::new("kill").args(["-s", name, &self.child.id().to_string()]).status();
        assert!(told.expect("kill runs").success());
    }

    /// Tells it to end; what it has logged.
    pub fn stop(mut self) -> String {
        self.signal("TERM");
        let mut log = String::new();
        self.child.stderr.take().expect("piped").read_to_string(&mut log).expect("its log");
        assert!(self.child.wait().expect("it ends").success());
        log
    }

    pub fn has_ended(&mut self) -> bool {
        self.child.try_wait().expect("it was started").is_some()
    }

    /// Waits until it ends; none if a signal ended it.
    pub fn exit_code(&mut self) -> Option<i32> {
        self.child.wait().expect("it ends").code()
    }

    /// Waits until it ends by itself; what it has said meanwhile.
    pub fn ended(mut self) -> String {
        let mut said = String::new();
        self.child.stdout.take().expect("piped").read_to_string(&mut said).expect("its words");
        assert!(self.child.wait().expect("it ends").success());
        said
    }

    pub fn client(&self) -> Client {
        let stream = TcpStream::connect(self.resp).expect("a connection");
        stream.set_read_timeout(Some(PATIENCE)).expect("a socket");
        Client { lines: BufReader::new(stream) }
    }

    fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(&self.live).expect("a connection");
        stream.set_read_timeout(Some(PATIENCE)).expect("a socket");
        stream
    }

    /// Sends a whole request as it stands.
    pub fn raw(&self, request: &str) -> Answer {
        let mut stream = self.connect();
        // Refused before it has all been read, perhaps.
        let _ = stream.write_all(request.as_bytes());
        let mut bytes = Vec::new();
        let _ = stream.read_to_end(&mut bytes);
        Answer::read(&String::from_utf8_lossy(&bytes))
    }

    fn head(&self, line: &str, headers: &[&str]) -> String {
        let headers: String = headers.iter().map(|header| format!("{header}\r\n")).collect();
        let (live, token) = (&self.live, &self.token);
        format!("{line} HTTP/1.1\r\nHost: {live}\r\nAuthorization: Bearer {token}\r\n{headers}\r\n")
    }

    pub fn get(&self, path: &str, headers: &[&str]) -> Answer {
        self.raw(&self.head(&format!("GET {path}"), headers))
    }

    pub fn post(&self, path: &str) -> Answer {
        self.raw(&self.head(&format!("POST {path}"), &[]))
    }

    /// Attaches; what is asked of the server from now on is told.
    pub fn watch(&self, last_event_id: Option<&str>) -> Stream {
        let mut stream = self.connect();
        // So that a watcher that stalls stalls soon.
        socket2::SockRef::from(&stream).set_recv_buffer_size(65_536).expect("a socket");
        let id = last_event_id.map(|id| format!("Last-Event-ID: {id}"));
        let head = self.head("GET /events", &id.iter().map(String::as_str).collect::<Vec<_>>());
        stream.write_all(head.as_bytes()).expect("sent");
        let mut stream = Stream::read(stream);
        while stream.ready.is_empty() {
            stream.piece();
        }
        stream
    }

    pub fn metric(&self, name: &str) -> u64 {
        let text = self.get("/metrics", &[]).body;
        let line = text.lines().find(|line| line.split(' ').next() == Some(name));
        let value = line.and_then(|line| line.split(' ').nth(1)).and_then(|n| n.parse().ok());
        value.unwrap_or_else(|| panic!("no {name} in {text}"))
    }

    /// Asks until the loop is held, there if a place is given.
    pub fn wait_until_held(&self, place: Option<&str>) {
        let wanted =
            place.map_or("\"held\":\"".to_owned(), |place| format!("\"held\":\"{place}\""));
        while !self.get("/step", &[]).body.contains(&wanted) {}
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub struct Answer {
    pub status: u16,
    headers: Vec<(String, String)>,
    pub body: String,
}

impl Answer {
    fn read(text: &str) -> Answer {
        let (head, body) =
            text.split_once("\r\n\r\n").unwrap_or_else(|| panic!("no head: {text:?}"));
        let mut lines = head.split("\r\n");
        let status = lines.next().and_then(|line| line.split(' ').nth(1)?.parse().ok());
        let headers = lines.filter_map(|line| line.split_once(": "));
        Answer {
            status: status.expect("a status"),
            headers: headers.map(|(n, v)| (n.to_ascii_lowercase(), v.to_owned())).collect(),
            body: body.to_owned(),
        }
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str())
    }
}

/// The stream of events, as a browser reads it.
pub struct Stream {
    lines: BufReader<TcpStream>,
    reader: Reader,
    ready: std::collections::VecDeque<Record>,
    text: String,
    id: String,
    first_ordinal: Option<u64>,
    facts: u64,
    missed: u64,
    standing: u64,
}

impl Stream {
    fn read(stream: TcpStream) -> Stream {
        let mut lines = BufReader::new(stream);
        let mut line = String::new();
        while line != "\r\n" {
            line.clear();
            lines.read_line(&mut line).expect("a header");
        }
        Stream {
            lines,
            reader: Reader::new(),
            ready: std::collections::VecDeque::new(),
            text: String::new(),
            id: String::new(),
            first_ordinal: None,
            facts: 0,
            missed: 0,
            standing: 0,
        }
    }

    /// Reads on to the end of an event; its records, if it has any.
    fn piece(&mut self) {
        let (mut data, mut named) = (String::new(), false);
        loop {
            let mut line = String::new();
            assert!(self.lines.read_line(&mut line).expect("a line") > 0, "the stream ended");
            self.text.push_str(&line);
            match line.trim_end().split_once(": ") {
                Some(("data", rest)) => data += &format!("{rest}\n"),
                Some(("id", rest)) => rest.clone_into(&mut self.id),
                Some(("event", _)) => named = true,
                _ if line == "\n" => break,
                _ => {}
            }
        }
        if named {
            return;
        }
        let mut records = Vec::new();
        self.reader.feed(data.as_bytes(), &mut records).expect("a trace");
        self.account(&records);
        self.ready.extend(records);
    }

    fn account(&mut self, records: &[Record]) {
        use onechef::event::{Event, Standing};
        let mut stands = false;
        for record in records {
            match record.event {
                Event::Dropped { count } => self.missed += count,
                Event::Standing { what: Standing::Begun } => stands = true,
                _ => {}
            }
            self.facts += u64::from(!matches!(record.event, Event::Dropped { .. }));
            self.standing += u64::from(stands);
        }
        if self.first_ordinal.is_none() && !records.is_empty() {
            self.first_ordinal = ordinal(&self.id);
        }
    }

    /// Waits for the next record.
    pub fn record(&mut self) -> Record {
        loop {
            if let Some(record) = self.ready.pop_front() {
                return record;
            }
            self.piece();
        }
    }

    /// What is left of the event that was read last.
    pub fn finish_piece(&mut self) -> Vec<Record> {
        self.ready.drain(..).collect()
    }

    pub fn text(&self) -> &str {
        &self.text
    }

    /// The events' data: a trace.
    pub fn as_trace(&self) -> String {
        let data = self.text.lines().filter_map(|line| line.strip_prefix("data: "));
        data.filter(|data| !data.starts_with("{\"held\"")).map(|data| format!("{data}\n")).collect()
    }

    pub fn last_id(&self) -> &str {
        &self.id
    }

    /// Facts delivered, those of how things stand included.
    pub fn facts(&self) -> u64 {
        self.facts
    }

    pub fn missed(&self) -> u64 {
        self.missed
    }

    pub fn standing(&self) -> u64 {
        self.standing
    }

    /// Facts for all since this watcher came, as the ids count them.
    pub fn told(&self) -> u64 {
        ordinal(&self.id).unwrap_or(0) - self.first_ordinal.unwrap_or(0)
    }
}

fn ordinal(id: &str) -> Option<u64> {
    id.rsplit('.').next()?.parse().ok()
}

/// A client of the server.
pub struct Client {
    lines: BufReader<TcpStream>,
}

fn request(words: &[&str]) -> String {
    let words: String = words.iter().map(|w| format!("${}\r\n{w}\r\n", w.len())).collect();
    let count = words.matches("\r\n").count();
    format!("*{}\r\n{words}", count / 2)
}

impl Client {
    pub fn send(&mut self, words: &[&str]) {
        // Turned out already, perhaps.
        let _ = self.lines.get_mut().write_all(request(words).as_bytes());
    }

    /// The first line of a reply; whatever belongs to it is read, too.
    pub fn answer(&mut self) -> String {
        let line = self.line();
        let count = line[1..].parse::<i64>().unwrap_or(0);
        match line.as_bytes()[0] {
            b'$' | b'=' if count >= 0 => {
                let mut text = vec![0; count as usize + 2];
                self.lines.read_exact(&mut text).expect("a reply");
            }
            b'*' => (0..count).for_each(|_| drop(self.answer())),
            b'%' => (0..2 * count).for_each(|_| drop(self.answer())),
            _ => {}
        }
        line
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        self.lines.read_line(&mut line).expect("a reply");
        line.trim_end().to_owned()
    }

    /// Whether INFO says so.
    pub fn info(&mut self, what: &str) -> bool {
        self.send(&["INFO", "clients"]);
        let length = self.line()[1..].parse::<usize>().expect("a length");
        let mut text = vec![0; length + 2];
        self.lines.read_exact(&mut text).expect("a reply");
        String::from_utf8_lossy(&text).contains(what)
    }

    pub fn types(&mut self, text: &str) {
        let _ = self.lines.get_mut().write_all(text.as_bytes());
    }

    /// Says this, and stays until the server has closed.
    pub fn type_and_leave(mut self, text: &str) {
        self.types(text);
        self.say_and_leave::<Vec<String>>(&[]);
    }

    pub fn ask(&mut self, words: &[&str]) -> String {
        self.send(words);
        self.answer()
    }

    pub fn pipeline(&mut self, words: &[&str], times: usize) {
        let requests = request(words).repeat(times);
        self.lines.get_mut().write_all(requests.as_bytes()).expect("sent");
        (0..times).for_each(|_| drop(self.answer()));
    }

    /// A request in pieces, which may arrive one by one.
    pub fn pieces(&mut self, pieces: &[&[u8]]) {
        for piece in pieces {
            self.lines.get_mut().write_all(piece).expect("sent");
        }
        self.answer();
    }

    /// Says all of this, and stays until the server has closed.
    pub fn say_and_leave<W: AsRef<[String]>>(mut self, requests: &[W]) {
        for words in requests {
            let words: Vec<&str> = words.as_ref().iter().map(String::as_str).collect();
            self.send(&words);
        }
        let _ = self.lines.get_mut().shutdown(Shutdown::Write);
        // An end is an end, however it comes.
        let _ = self.lines.read_to_end(&mut Vec::new());
    }

    /// Nothing has come back so far.
    pub fn has_no_answer(&mut self) -> bool {
        let stream = self.lines.get_ref();
        stream.set_nonblocking(true).expect("a socket");
        let came = stream.peek(&mut [0]);
        stream.set_nonblocking(false).expect("a socket");
        came.is_err_and(|error| error.kind() == std::io::ErrorKind::WouldBlock)
    }
}

/// Every command with the secret in every place that takes words.
pub fn with_secret(secret: &str) -> Vec<Vec<String>> {
    const HELD_BACK: [&str; 4] = ["shutdown", "monitor", "client|pause", "client|reply"];
    let mut requests = Vec::new();
    let all = onechef::commands::all();
    for command in all.flat_map(|c| std::iter::once(c).chain(c.subcommands)) {
        if HELD_BACK.contains(&command.name) {
            continue;
        }
        let words = command.name.split('|').map(str::to_owned);
        let least = command.arity.unsigned_abs() as usize;
        for extra in 0..3 {
            let own = words.clone().count();
            let rest = (own..(least + extra).max(own)).map(|_| secret.to_owned());
            requests.push(words.clone().chain(rest).collect());
        }
    }
    requests
}

/// What one client says with it, one after the other.
pub fn sessions_with_secret(secret: &str) -> Vec<Vec<String>> {
    let requests = [
        &["SET", "$", "$"][..],
        &["GET", "$"],
        &["RPUSH", "list-$", "$", "$"],
        &["LRANGE", "list-$", "0", "-1"],
        &["CLIENT", "SETNAME", "$"],
        &["CLIENT", "LIST"],
        &["SUBSCRIBE", "$"],
        &["PUBLISH", "$", "$"],
        &["UNSUBSCRIBE"],
        &["HELLO", "3", "AUTH", "$", "$", "SETNAME", "$"],
        &["WATCH", "$"],
        &["SET", "$", "again-$"],
        &["MULTI"],
        &["SET", "$", "$"],
        &["EXEC"],
        &["EVAL", "return '$'", "1", "$", "$"],
        &["$", "$"],
        &["GET-$"],
        &["CLIENT", "$"],
        &["BLPOP", "$-empty", "0.01"],
        &["ECHO", "$"],
        &["CONFIG", "SET", "requirepass", "$"],
        &["AUTH", "$"],
        &["CONFIG", "SET", "requirepass", ""],
    ];
    let own = |words: &&[&str]| words.iter().map(|word| word.replace('$', secret)).collect();
    requests.iter().map(own).collect()
}

/// A folder of its own for a test's files.
pub struct Folder(PathBuf);

impl Folder {
    pub fn new(name: &str) -> Folder {
        let name = format!("onechef-{name}-{}", std::process::id());
        let path = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&path).expect("a folder");
        Folder(path)
    }

    pub fn path(&self, name: &str) -> String {
        self.0.join(name).display().to_string()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
