//! The head of an HTTP request: all that this server ever reads.
//!
//! One request a connection, no body, 8 KiB and ten seconds at most. Whatever
//! could be understood in two ways (a length, an encoding, two hosts) is
//! refused rather than interpreted.

use super::moment;
use std::io::{self, Read};
use std::net::TcpStream;
use std::time::{Duration, Instant};

/// A head is no longer.
pub const HEAD_LIMIT_BYTES: usize = 8 * 1024;
/// And has arrived by then.
const HEAD_PATIENCE: Duration = Duration::from_secs(10);
const HEADERS_LIMIT: usize = 64;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    Get,
    Post,
}

/// A request that is answered with this status and nothing else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// 400: cannot be understood, or not in one way only.
    Malformed,
    /// 401: the token is missing or wrong.
    NoToken,
    /// 403: a page or a host that has no business here.
    Foreign,
    /// 404.
    NotFound,
    /// 405.
    Method,
    /// 408: took too long to say what it wants.
    TooSlow,
    /// 413: has a body.
    Body,
    /// 431: says too much.
    TooLong,
    /// 503: enough others are being served.
    Busy,
}

impl Refusal {
    #[must_use]
    pub fn status(self) -> &'static str {
        match self {
            Refusal::Malformed => "400 Bad Request",
            Refusal::NoToken => "401 Unauthorized",
            Refusal::Foreign => "403 Forbidden",
            Refusal::NotFound => "404 Not Found",
            Refusal::Method => "405 Method Not Allowed",
            Refusal::TooSlow => "408 Request Timeout",
            Refusal::Body => "413 Content Too Large",
            Refusal::TooLong => "431 Request Header Fields Too Large",
            Refusal::Busy => "503 Service Unavailable",
        }
    }
}

/// What a request says, as far as anybody here asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    pub method: Method,
    /// Without the query.
    pub path: String,
    /// Without its `?`.
    pub query: String,
    pub host: String,
    pub origin: Option<String>,
    pub fetch_site: Option<String>,
    pub cookie: Option<String>,
    pub authorization: Option<String>,
    pub last_event_id: Option<String>,
}

impl Request {
    /// The value of a part of the query, as it stands.
    #[must_use]
    pub fn asked(&self, name: &str) -> Option<&str> {
        let parts = self.query.split('&').filter_map(|part| part.split_once('='));
        parts.into_iter().find(|(key, _)| *key == name).map(|(_, value)| value)
    }

    /// The value of a cookie.
    #[must_use]
    pub fn cookie(&self, name: &str) -> Option<&str> {
        let cookies = self.cookie.as_deref()?.split(';');
        let mut pairs = cookies.filter_map(|pair| pair.trim_ascii().split_once('='));
        pairs.find(|(key, _)| *key == name).map(|(_, value)| value)
    }
}

/// Understands a head; `None` while it is not whole.
///
/// # Errors
/// How a request that cannot be served is refused.
pub fn parse(head: &[u8]) -> Result<Option<Request>, Refusal> {
    let mut headers = [httparse::EMPTY_HEADER; HEADERS_LIMIT];
    let mut parsed = httparse::Request::new(&mut headers);
    match parsed.parse(head) {
        Ok(httparse::Status::Complete(_)) => {}
        Ok(httparse::Status::Partial) => return Ok(None),
        Err(httparse::Error::TooManyHeaders) => return Err(Refusal::TooLong),
        Err(_) => return Err(Refusal::Malformed),
    }
    let mut seen = Seen::default();
    for header in parsed.headers.iter() {
        seen.take(header.name, header.value)?;
    }
    let method = match parsed.method {
        Some("GET") => Method::Get,
        Some("POST") => Method::Post,
        _ => return Err(Refusal::Method),
    };
    let target = parsed.path.filter(|path| path.starts_with('/')).ok_or(Refusal::Malformed)?;
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    Ok(Some(Request {
        method,
        path: path.to_owned(),
        query: query.to_owned(),
        host: seen.host.ok_or(Refusal::Malformed)?,
        origin: seen.origin,
        fetch_site: seen.fetch_site,
        cookie: seen.cookie,
        authorization: seen.authorization,
        last_event_id: seen.last_event_id,
    }))
}

#[derive(Default)]
struct Seen {
    host: Option<String>,
    origin: Option<String>,
    fetch_site: Option<String>,
    cookie: Option<String>,
    authorization: Option<String>,
    last_event_id: Option<String>,
}

impl Seen {
    /// A header that counts may come once.
    fn take(&mut self, name: &str, value: &[u8]) -> Result<(), Refusal> {
        let value = std::str::from_utf8(value).map_err(|_| Refusal::Malformed)?.trim_ascii();
        let place = match name.to_ascii_lowercase().as_str() {
            "host" => &mut self.host,
            "origin" => &mut self.origin,
            "sec-fetch-site" => &mut self.fetch_site,
            "cookie" => &mut self.cookie,
            "authorization" => &mut self.authorization,
            "last-event-id" => &mut self.last_event_id,
            "transfer-encoding" => return Err(Refusal::Malformed),
            "content-length" if value != "0" => return Err(Refusal::Body),
            "upgrade" => return Err(Refusal::Malformed),
            _ => return Ok(()),
        };
        match place.replace(value.to_owned()) {
            None => Ok(()),
            Some(_) => Err(Refusal::Malformed),
        }
    }
}

/// Reads one head.
///
/// # Errors
/// How the request is refused; `None` if the peer is gone.
pub fn read(stream: &mut TcpStream) -> Result<Request, Option<Refusal>> {
    read_by(stream, moment::now)
}

fn read_by(
    stream: &mut TcpStream,
    mut now: impl FnMut() -> Instant,
) -> Result<Request, Option<Refusal>> {
    let deadline = now() + HEAD_PATIENCE;
    let mut head = Vec::with_capacity(1024);
    let mut piece = [0; 1024];
    loop {
        let left = deadline.saturating_duration_since(now());
        if left.is_zero() {
            return Err(Some(Refusal::TooSlow));
        }
        stream.set_read_timeout(Some(left)).map_err(|_| None)?;
        let count = match stream.read(&mut piece) {
            Ok(0) => return Err(None),
            Ok(count) => count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) if timed_out(&error) => return Err(Some(Refusal::TooSlow)),
            Err(_) => return Err(None),
        };
        head.extend_from_slice(&piece[..count]);
        if head.len() > HEAD_LIMIT_BYTES {
            return Err(Some(Refusal::TooLong));
        }
        if let Some(request) = parse(&head).map_err(Some)? {
            return Ok(request);
        }
    }
}

fn timed_out(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(head: &str) -> Refusal {
        parse(head.as_bytes()).expect_err(head)
    }

    #[test]
    fn a_head_is_understood_once_it_is_whole() {
        let head =
            b"GET /events?after=1.2 HTTP/1.1\r\nHost: localhost:8079\r\nCookie: a=1; b=2\r\n\r\n";
        for cut in 0..head.len() {
            assert_eq!(parse(&head[..cut]), Ok(None), "cut at {cut}");
        }
        let request = parse(head).expect("understood").expect("whole");
        assert_eq!((request.method, request.path.as_str()), (Method::Get, "/events"));
        assert_eq!(
            (request.host.as_str(), request.asked("after")),
            ("localhost:8079", Some("1.2"))
        );
        assert_eq!((request.cookie("b"), request.cookie("c")), (Some("2"), None));
    }

    /// Protects: nothing is interpreted that could mean two things.
    #[test]
    fn what_could_be_understood_in_two_ways_is_refused() {
        let with = |line: &str| format!("GET / HTTP/1.1\r\nHost: a\r\n{line}\r\n\r\n");
        assert_eq!(refused("GET / HTTP/1.1\r\n\r\n"), Refusal::Malformed, "no host");
        assert_eq!(refused(&with("Host: b")), Refusal::Malformed, "two hosts");
        assert_eq!(refused(&with("Origin: a\r\nOrigin: b")), Refusal::Malformed);
        assert_eq!(refused(&with("Transfer-Encoding: chunked")), Refusal::Malformed);
        assert_eq!(refused(&with("Upgrade: websocket")), Refusal::Malformed);
        assert_eq!(refused(&with("Content-Length: 5")), Refusal::Body);
        assert_eq!(refused("PUT / HTTP/1.1\r\nHost: a\r\n\r\n"), Refusal::Method);
        assert_eq!(refused("GET http://a/ HTTP/1.1\r\nHost: a\r\n\r\n"), Refusal::Malformed);
        assert_eq!(refused("*1\r\n$4\r\nPING\r\n"), Refusal::Malformed);
        let many = "X: y\r\n".repeat(HEADERS_LIMIT + 1);
        assert_eq!(refused(&with(many.trim_end())), Refusal::TooLong);
    }

    /// Protects: a place at the door from somebody who says a byte now and
    /// then and never what it wants.
    #[test]
    fn a_head_that_drips_is_given_up() {
        use std::io::Write;
        use std::net::TcpListener;
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let mut dripping = TcpStream::connect(listener.local_addr().unwrap()).expect("the door");
        let (mut stream, _) = listener.accept().expect("a guest");
        let drip = std::thread::spawn(move || {
            let _ = dripping.write_all(b"GET / HTTP/1.1\r\nHost: a\r\nX: ");
            while dripping.write_all(b"x").is_ok() {}
        });
        // Every look at the clock takes three seconds.
        let (began, mut looks) = (moment::now(), 0);
        let clock = || {
            looks += 1;
            began + Duration::from_secs(3 * looks)
        };
        assert_eq!(read_by(&mut stream, clock), Err(Some(Refusal::TooSlow)));
        drop(stream);
        drip.join().expect("it ends with the connection");
    }
}
