//! Who is let in.
//!
//! A browser will send requests to this address for any page that asks it to,
//! and any name can be made to resolve to the loopback. So, of every request:
//!
//! 1. the host it was meant for must be one that this server goes by (a page
//!    of another name that resolves here is somebody else's);
//! 2. where the browser says which page it comes from (`Origin`,
//!    `Sec-Fetch-Site`), it must be our own, or the address line;
//! 3. it must know the token: in the address it opens first, which answers
//!    with a cookie that no other site's request carries and no script reads;
//!    or in an `Authorization: Bearer` header;
//! 4. whatever changes something is a POST, with our own `Origin` or, from
//!    outside a browser, with that header.
//!
//! Nothing is ever allowed to other origins: there is no CORS here.

use super::request::{Method, Refusal, Request};
use super::token::Token;
use std::net::SocketAddr;

/// What a request must fulfil.
#[derive(Debug)]
pub struct Door {
    /// `127.0.0.1:8079`…
    hosts: Vec<String>,
    token: Token,
    cookie: String,
}

/// How a request that is let in has shown the token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shown {
    /// In the address: it is to be answered with the cookie.
    Address,
    Cookie,
    Header,
}

impl Door {
    /// `names`: what the server goes by besides the loopback's names.
    #[must_use]
    pub fn new(address: SocketAddr, names: &[String], token: Token) -> Door {
        let port = address.port();
        let own = if address.ip().is_unspecified() { None } else { Some(address.to_string()) };
        let loopback = ["127.0.0.1", "localhost", "[::1]"].map(|name| format!("{name}:{port}"));
        let names = names.iter().map(|name| format!("{}:{port}", name.to_ascii_lowercase()));
        let hosts = loopback.into_iter().chain(own).chain(names).collect();
        // Cookies know no port: two servers on one machine must not share one.
        Door { hosts, token, cookie: format!("onechef_live_{port}") }
    }

    /// Judges a request.
    ///
    /// # Errors
    /// How it is refused.
    pub fn admit(&self, request: &Request) -> Result<Shown, Refusal> {
        if !self.hosts.contains(&request.host.to_ascii_lowercase()) {
            return Err(Refusal::Foreign);
        }
        let own_origin = match &request.origin {
            None => false,
            Some(origin) if self.is_ours(origin, &request.host) => true,
            Some(_) => return Err(Refusal::Foreign),
        };
        match request.fetch_site.as_deref() {
            None | Some("same-origin" | "none") => {}
            Some(_) => return Err(Refusal::Foreign),
        }
        let shown = self.shown(request).ok_or(Refusal::NoToken)?;
        if request.method == Method::Post && !own_origin && shown != Shown::Header {
            return Err(Refusal::Foreign);
        }
        Ok(shown)
    }

    /// An origin names the very host that was asked.
    fn is_ours(&self, origin: &str, host: &str) -> bool {
        origin.strip_prefix("http://").is_some_and(|of| of.eq_ignore_ascii_case(host))
    }

    fn shown(&self, request: &Request) -> Option<Shown> {
        let bearer = request.authorization.as_deref().and_then(|a| a.strip_prefix("Bearer "));
        if bearer.is_some_and(|guess| self.token.is(guess)) {
            return Some(Shown::Header);
        }
        if request.cookie(&self.cookie).is_some_and(|guess| self.token.is(guess)) {
            return Some(Shown::Cookie);
        }
        let asked = request.asked("token").filter(|_| request.method == Method::Get)?;
        self.token.is(asked).then_some(Shown::Address)
    }

    /// The header that lets a browser in from now on.
    #[must_use]
    pub fn set_cookie(&self) -> String {
        let (name, token) = (&self.cookie, self.token.reveal());
        format!("Set-Cookie: {name}={token}; HttpOnly; SameSite=Strict; Path=/\r\n")
    }

    /// What comes before the token in the address to open first.
    #[must_use]
    pub fn address(&self, bound: SocketAddr) -> String {
        let host = if bound.ip().is_unspecified() {
            self.hosts.last().cloned().unwrap_or_default()
        } else {
            bound.to_string()
        };
        format!("http://{host}/?token=")
    }

    #[must_use]
    pub fn token(&self) -> &Token {
        &self.token
    }
}

#[cfg(test)]
mod tests {
    use super::super::request::parse;
    use super::*;

    fn door() -> Door {
        let address = "127.0.0.1:8079".parse().expect("an address");
        Door::new(address, &[], Token::random().expect("randomness"))
    }

    /// `$` stands for the token.
    fn judged(door: &Door, line: &str, headers: &str) -> Result<Shown, Refusal> {
        let head = format!("{line} HTTP/1.1\r\n{headers}\r\n\r\n");
        let head = head.replace('$', door.token.reveal());
        door.admit(&parse(head.as_bytes())?.expect("whole"))
    }

    const OURS: &str = "Host: 127.0.0.1:8079\r\nCookie: onechef_live_8079=$";

    #[test]
    fn whoever_knows_the_token_is_let_in() {
        let door = door();
        assert_eq!(judged(&door, "GET /?token=$", "Host: localhost:8079"), Ok(Shown::Address));
        assert_eq!(judged(&door, "GET /events", OURS), Ok(Shown::Cookie));
        let bearer = "Host: [::1]:8079\r\nAuthorization: Bearer $";
        assert_eq!(judged(&door, "GET /metrics", bearer), Ok(Shown::Header));
    }

    /// Protects: processes of other users, guesses, tokens of another start.
    #[test]
    fn nobody_else_is() {
        let door = door();
        let other = Token::random().expect("randomness").reveal().to_owned();
        for cookie in ["", "Cookie: onechef_live_8079=", "Cookie: onechef_live_8080=$"] {
            let headers = format!("Host: 127.0.0.1:8079\r\n{cookie}");
            assert_eq!(judged(&door, "GET /events", headers.trim_end()), Err(Refusal::NoToken));
        }
        for guess in ["", "0", &other, "$0"] {
            let line = format!("GET /?token={guess}");
            assert_eq!(judged(&door, &line, "Host: 127.0.0.1:8079"), Err(Refusal::NoToken));
        }
    }

    /// Protects: a name that resolves here by somebody's arrangement (DNS
    /// rebinding) is not ours, whatever it knows.
    #[test]
    fn a_request_for_another_host_is_refused() {
        let door = door();
        for host in
            ["evil.test:8079", "evil.test", "127.0.0.1", "127.0.0.1:80", "localhost", "[::1]:8078"]
        {
            let headers = format!("Host: {host}\r\nCookie: onechef_live_8079=$");
            assert_eq!(judged(&door, "GET /events", &headers), Err(Refusal::Foreign), "{host}");
        }
    }

    /// Protects: other pages in the same browser.
    #[test]
    fn a_request_from_another_page_is_refused() {
        let door = door();
        for origin in
            ["https://evil.test", "null", "http://localhost:3000", "http://localhost:8079"]
        {
            let headers = format!("{OURS}\r\nOrigin: {origin}");
            assert_eq!(judged(&door, "GET /events", &headers), Err(Refusal::Foreign), "{origin}");
        }
        for site in ["cross-site", "same-site", "anything"] {
            let headers = format!("{OURS}\r\nSec-Fetch-Site: {site}");
            assert_eq!(judged(&door, "GET /events", &headers), Err(Refusal::Foreign), "{site}");
        }
        for site in ["same-origin", "none"] {
            let headers = format!("{OURS}\r\nSec-Fetch-Site: {site}");
            assert_eq!(judged(&door, "GET /events", &headers), Ok(Shown::Cookie), "{site}");
        }
    }

    /// Protects: nothing changes because somebody follows a link.
    #[test]
    fn a_change_needs_our_own_origin_or_the_header() {
        let door = door();
        assert_eq!(judged(&door, "POST /step/hold", OURS), Err(Refusal::Foreign));
        let from_page = format!("{OURS}\r\nOrigin: http://127.0.0.1:8079");
        assert_eq!(judged(&door, "POST /step/hold", &from_page), Ok(Shown::Cookie));
        let bearer = "Host: 127.0.0.1:8079\r\nAuthorization: Bearer $";
        assert_eq!(judged(&door, "POST /step/hold", bearer), Ok(Shown::Header));
        let address = "Host: 127.0.0.1:8079\r\nOrigin: http://127.0.0.1:8079";
        assert_eq!(judged(&door, "POST /step/hold?token=$", address), Err(Refusal::NoToken));
    }

    #[test]
    fn a_server_for_others_goes_by_the_names_it_was_given() {
        let address = "0.0.0.0:8079".parse().expect("an address");
        let door =
            Door::new(address, &["Kitchen.test".into()], Token::random().expect("randomness"));
        assert_eq!(judged(&door, "GET /?token=$", "Host: kitchen.test:8079"), Ok(Shown::Address));
        assert_eq!(judged(&door, "GET /?token=$", "Host: 0.0.0.0:8079"), Err(Refusal::Foreign));
        assert_eq!(door.address(address), "http://kitchen.test:8079/?token=");
    }
}
