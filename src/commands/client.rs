//! CLIENT: connections about themselves and each other.

use super::absent::{client_caching, client_getredir, client_tracking, client_trackinginfo};
use super::connection::{check_printable, set_name};
use super::waiting::{client_pause, client_unblock, client_unpause};
use super::{Command, Context, Flags, Outcome, Refusal, keyword};
use crate::engine::client::{Client, ClientFlags, Slot};
use crate::engine::eviction::{client_memory_bytes, reply_buffer_bytes};
use crate::engine::server::Server;
use crate::event::{ClientId, CloseReason, SubscriptionKind};
use crate::net::address_text;
use crate::resp::Args;
use crate::store::parse_integer;
use std::fmt::Write;

const PLAIN: Flags =
    Flags::NOSCRIPT.with(Flags::LOADING).with(Flags::STALE).with(Flags::CONNECTION);
const ADMIN: Flags = PLAIN.with(Flags::ADMIN);

pub(super) const COMMANDS: &[Command] = &[Command::container("client", SUBCOMMANDS).about(
    "connection",
    "2.4.0",
    "Shows and changes connections.",
)];

const PER_CLIENT: &str = "O(N) with N clients";

const SUBCOMMANDS: &[Command] = &[
    Command::new("client|id", 2, PLAIN, id).about(
        "connection",
        "5.0.0",
        "Answers the connection's number.",
    ),
    Command::new("client|getname", 2, PLAIN, getname).about(
        "connection",
        "2.6.9",
        "Answers the connection's name.",
    ),
    Command::new("client|setname", 3, PLAIN, setname).about(
        "connection",
        "2.6.9",
        "Names the connection.",
    ),
    Command::new("client|setinfo", 4, PLAIN, setinfo).about(
        "connection",
        "7.2.0",
        "Tells which library is behind the connection.",
    ),
    Command::new("client|info", 2, PLAIN, info).about(
        "connection",
        "6.2.0",
        "Answers everything known of this connection.",
    ),
    Command::new("client|list", -2, ADMIN, list)
        .about("connection", "2.4.0", "Answers everything known of all connections, or some.")
        .complexity(PER_CLIENT),
    Command::new("client|kill", -3, ADMIN, kill)
        .about("connection", "2.4.0", "Closes connections.")
        .complexity(PER_CLIENT),
    Command::new("client|reply", 3, PLAIN, reply).about(
        "connection",
        "3.2.0",
        "Chooses whether commands are answered.",
    ),
    Command::new("client|no-evict", 3, ADMIN, |ctx| switch(ctx, ClientFlags::NO_EVICT)).about(
        "connection",
        "7.0.0",
        "Keeps the connection when memory for clients runs out.",
    ),
    Command::new("client|no-touch", 3, PLAIN, |ctx| switch(ctx, ClientFlags::NO_TOUCH)).about(
        "connection",
        "7.2.0",
        "Says that what the connection reads shall not count as used.",
    ),
    Command::new("client|unblock", -3, ADMIN, client_unblock)
        .about("connection", "5.0.0", "Answers a waiting connection in place of what it waits for.")
        .complexity("O(log N) with N connections"),
    Command::new("client|pause", -3, ADMIN, client_pause).about(
        "connection",
        "3.0.0",
        "Puts off what connections ask for, all of it or what writes.",
    ),
    Command::new("client|unpause", 2, ADMIN, client_unpause)
        .about("connection", "6.2.0", "Goes on with what was put off.")
        .complexity("O(N) with N connections put off"),
    Command::new("client|tracking", -3, PLAIN, client_tracking).about(
        "connection",
        "6.0.0",
        "Switches client-side caching; it is not offered.",
    ),
    Command::new("client|trackinginfo", 2, PLAIN, client_trackinginfo).about(
        "connection",
        "6.2.0",
        "Answers how client-side caching is set up.",
    ),
    Command::new("client|getredir", 2, PLAIN, client_getredir).about(
        "connection",
        "6.0.0",
        "Answers where invalidations go.",
    ),
    Command::new("client|caching", 3, PLAIN, client_caching).about(
        "connection",
        "6.0.0",
        "Says whether the next keys are to be tracked.",
    ),
    Command::new("client|help", 2, Flags::LOADING.with(Flags::STALE).with(Flags::CONNECTION), help)
        .about("connection", "5.0.0", "Lists the subcommands."),
];

fn id(ctx: &mut Context<'_>) -> Outcome {
    let id = ctx.client().id.0.cast_signed();
    ctx.reply().integer(id);
    Ok(())
}

fn getname(ctx: &mut Context<'_>) -> Outcome {
    let name = ctx.client().name().to_vec();
    match name.as_slice() {
        [] => ctx.reply().null(),
        name => ctx.reply().bulk(name),
    }
    Ok(())
}

fn setname(ctx: &mut Context<'_>) -> Outcome {
    set_name(ctx, ctx.arg(2))?;
    ctx.reply().ok();
    Ok(())
}

fn setinfo(ctx: &mut Context<'_>) -> Outcome {
    let value = ctx.arg(3);
    if ctx.is(2, "lib-name") {
        check_printable(value, "lib-name")?;
        ctx.client_mut().rare().names.lib_name = value.to_vec();
    } else if ctx.is(2, "lib-ver") {
        check_printable(value, "lib-ver")?;
        ctx.client_mut().rare().names.lib_ver = value.to_vec();
    } else {
        return Err(Refusal::quoting("ERR Unrecognized option '", ctx.arg(2), "'"));
    }
    ctx.reply().ok();
    Ok(())
}

fn info(ctx: &mut Context<'_>) -> Outcome {
    let line = line(ctx, ctx.caller);
    ctx.reply().verbatim(*b"txt", line.as_bytes());
    Ok(())
}

/// `TYPE`: what kind of client (`getClientType`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Normal,
    PubSub,
    /// Replicas and masters: there are none.
    Nobody,
}

impl Kind {
    fn parse(word: &[u8]) -> Result<Kind, Refusal> {
        match &*keyword(word) {
            "normal" => Ok(Kind::Normal),
            "pubsub" => Ok(Kind::PubSub),
            "master" | "replica" | "slave" => Ok(Kind::Nobody),
            _ => Err(Refusal::quoting("ERR Unknown client type '", word, "'")),
        }
    }

    fn of(client: &Client) -> Kind {
        if client.flags.has(ClientFlags::PUBSUB) { Kind::PubSub } else { Kind::Normal }
    }
}

/// Redis: the LIST part of `clientCommand`, *faithful*.
fn list(ctx: &mut Context<'_>) -> Outcome {
    let everybody = || ctx.server.clients.iter().map(|(slot, _)| slot).collect::<Vec<_>>();
    let slots = match ctx.argc() {
        2 => everybody(),
        4 if ctx.is(2, "type") => {
            let kind = Kind::parse(ctx.arg(3))?;
            let clients = ctx.server.clients.iter();
            clients.filter(|(_, client)| Kind::of(client) == kind).map(|(slot, _)| slot).collect()
        }
        argc if argc > 3 && ctx.is(2, "id") => {
            let mut slots = Vec::new();
            for i in 3..argc {
                let id =
                    parse_integer(ctx.arg(i)).ok_or(Refusal::fixed("ERR Invalid client ID"))?;
                slots.extend(ctx.server.clients.find(ClientId(id.cast_unsigned())));
            }
            slots
        }
        _ => return Err(Refusal::Syntax),
    };
    ctx.work(slots.len() as u64);
    let mut text = String::new();
    for slot in slots {
        text.push_str(&line(ctx, slot));
    }
    ctx.reply().verbatim(*b"txt", text.as_bytes());
    Ok(())
}

/// What a read is offered at once (`PROTO_IOBUF_LEN`).
const READ_CHUNK_BYTES: u64 = 16 * 1024;

/// One line of CLIENT LIST, with its line feed.
///
/// Redis: `catClientInfoString`, *simplified*: all fields of 7.4 in their order,
/// those of what does not exist here as they are there for a client without it
/// (`user=default`, `redir=-1`). `rbp`, the peak of the reply buffer, is what is
/// in it now: an idle client has no buffer whose size a peak could decide.
fn line(ctx: &Context<'_>, slot: Slot) -> String {
    let server: &Server = ctx.server;
    let client = &server.clients[slot];
    let own = slot == ctx.caller;
    let age = server.seconds_since(client.created_at);
    let idle = server.seconds_since(client.last_interaction);
    let (mut qbuf, mut qbuf_free, mut argv_mem) = (u64::from(client.query_len), 0, 0);
    let bytes = |args: Args<'_>| (0..args.len()).map(|i| args.get(i).len() as u64).sum();
    let mut memory = client_memory_bytes(client);
    if let Some(query) = &client.query {
        qbuf_free = (query.size as u64).saturating_sub(qbuf);
        // Redis has moved the arguments that are complete out of the buffer.
        qbuf -= query.parser.position() as u64;
        argv_mem = bytes(query.parser.args(&query.buffer[..query.filled]));
    } else if own {
        // Its requests lie in the server's buffer while they run.
        qbuf_free = READ_CHUNK_BYTES.saturating_sub(qbuf);
        argv_mem = bytes(ctx.args);
        memory += argv_mem;
    }
    let writing = client.flags.has(ClientFlags::WRITE_HANDLER);
    let names = client.rare.as_deref().map(|rare| &rare.names);
    let transaction = client.transaction();
    let text =
        |bytes: Option<&Vec<u8>>| String::from_utf8_lossy(bytes.map_or(&[], |b| b)).into_owned();
    let mut line = String::new();
    let mut add = |name: &str, value: &dyn std::fmt::Display| {
        let gap = if line.is_empty() { "" } else { " " };
        // Writing to a string cannot fail.
        let _ = write!(line, "{gap}{name}={value}");
    };
    add("id", &client.id);
    add("addr", &address_text(client.peer));
    add("laddr", &address_text(server.clients.local_address(client.local)));
    add("fd", &client.fd);
    add("name", &text(names.map(|n| &n.name)));
    add("age", &age);
    add("idle", &idle);
    add("flags", &flag_letters(client));
    add("db", &client.db);
    add("sub", &client.subscriptions(SubscriptionKind::Channel));
    add("psub", &client.subscriptions(SubscriptionKind::Pattern));
    add("ssub", &client.subscriptions(SubscriptionKind::Shard));
    add("multi", &transaction.map_or(-1, |transaction| i64::from(transaction.commands)));
    add("watch", &client.watched_keys().len());
    add("qbuf", &qbuf);
    add("qbuf-free", &qbuf_free);
    add("argv-mem", &argv_mem);
    add("multi-mem", &transaction.map_or(0, |transaction| transaction.queued_bytes));
    add("rbs", &reply_buffer_bytes(client));
    add("rbp", &client.reply.buffered());
    add("obl", &client.reply.buffered());
    add("oll", &client.reply.blocks());
    add("omem", &client.reply.limit_usage_bytes());
    add("tot-mem", &memory);
    add("events", &if writing { "rw" } else { "r" });
    add("cmd", &client.last_command.map_or("NULL", |command| command.name));
    add("user", &"default");
    add("redir", &-1);
    add("resp", &client.resp);
    add("lib-name", &text(names.map(|n| &n.lib_name)));
    add("lib-ver", &text(names.map(|n| &n.lib_ver)));
    line.push('\n');
    line
}

fn flag_letters(client: &Client) -> String {
    let letters: String = [
        (ClientFlags::MONITOR, 'O'),
        (ClientFlags::PUBSUB, 'P'),
        (ClientFlags::MULTI, 'x'),
        (ClientFlags::BLOCKED, 'b'),
        (ClientFlags::DIRTY_CAS, 'd'),
        (ClientFlags::CLOSE_AFTER_REPLY, 'c'),
        (ClientFlags::UNBLOCKED, 'u'),
        (ClientFlags::CLOSE_ASAP, 'A'),
        (ClientFlags::NO_EVICT, 'e'),
        (ClientFlags::NO_TOUCH, 'T'),
    ]
    .into_iter()
    .filter(|(flag, _)| client.flags.has(*flag))
    .map(|(_, letter)| letter)
    .collect();
    if letters.is_empty() { "N".into() } else { letters }
}

/// Whom CLIENT KILL means; all that is given must fit.
#[derive(Default)]
struct Victims {
    id: Option<ClientId>,
    addr: Option<String>,
    laddr: Option<String>,
    max_age_s: Option<u64>,
    kind: Option<Kind>,
    spare_caller: bool,
}

impl Victims {
    fn parse(ctx: &Context<'_>) -> Result<Victims, Refusal> {
        let mut victims = Victims { spare_caller: true, ..Victims::default() };
        let text = |i: usize| Some(String::from_utf8_lossy(ctx.arg(i)).into_owned());
        for i in (2..ctx.argc()).step_by(2) {
            let value = i + 1;
            if value == ctx.argc() {
                return Err(Refusal::Syntax);
            }
            match &*keyword(ctx.arg(i)) {
                "id" => {
                    let id = parse_integer(ctx.arg(value)).filter(|id| *id > 0);
                    let id = id.ok_or(Refusal::fixed("ERR client-id should be greater than 0"))?;
                    victims.id = Some(ClientId(id.cast_unsigned()));
                }
                "addr" => victims.addr = text(value),
                "laddr" => victims.laddr = text(value),
                "type" => victims.kind = Some(Kind::parse(ctx.arg(value))?),
                "user" if ctx.arg(value) == b"default" => {}
                "user" => {
                    return Err(Refusal::quoting("ERR No such user '", ctx.arg(value), "'"));
                }
                "maxage" => {
                    let age = parse_integer(ctx.arg(value))
                        .ok_or(Refusal::fixed("ERR maxage is not an integer or out of range"))?;
                    if age <= 0 {
                        return Err(Refusal::fixed("ERR maxage should be greater than 0"));
                    }
                    victims.max_age_s = Some(age.cast_unsigned());
                }
                "skipme" if ctx.is(value, "yes") => victims.spare_caller = true,
                "skipme" if ctx.is(value, "no") => victims.spare_caller = false,
                _ => return Err(Refusal::Syntax),
            }
        }
        Ok(victims)
    }

    fn include(&self, ctx: &Context<'_>, slot: Slot, client: &Client) -> bool {
        let age_s = ctx.server.seconds_since(client.created_at);
        let is = |wanted: &Option<String>, address: std::net::SocketAddr| {
            wanted.as_ref().is_none_or(|wanted| *wanted == address_text(address))
        };
        self.kind.is_none_or(|kind| kind == Kind::of(client))
            && self.id.is_none_or(|id| id == client.id)
            && is(&self.addr, client.peer)
            && is(&self.laddr, ctx.server.clients.local_address(client.local))
            && self.max_age_s.is_none_or(|wanted| age_s >= wanted)
            && !(self.spare_caller && slot == ctx.caller)
    }
}

/// Redis: the KILL part of `clientCommand`, *faithful*: one word is an address,
/// answered by OK or an error; more are filters, answered by how many clients
/// they met. The caller itself still gets its answer.
fn kill(ctx: &mut Context<'_>) -> Outcome {
    let by_address = ctx.argc() == 3;
    let victims = if by_address {
        let addr = String::from_utf8_lossy(ctx.arg(2)).into_owned();
        Victims { addr: Some(addr), ..Victims::default() }
    } else {
        Victims::parse(ctx)?
    };
    let clients = ctx.server.clients.iter();
    let slots: Vec<Slot> = clients
        .filter(|(slot, client)| victims.include(ctx, *slot, client))
        .map(|(slot, _)| slot)
        .collect();
    ctx.work(ctx.server.clients.len() as u64);
    if by_address && slots.is_empty() {
        return Err(Refusal::fixed("ERR No such client"));
    }
    if by_address {
        ctx.reply().ok();
    } else {
        ctx.reply().integer(slots.len() as i64);
    }
    for slot in slots {
        if slot == ctx.caller {
            ctx.server.close_after_reply(slot, CloseReason::Killed);
        } else {
            ctx.server.killed.push(slot);
        }
    }
    Ok(())
}

/// Redis: the REPLY part of `clientCommand`, *faithful*: only ON is answered,
/// since it ends the silence before it speaks.
fn reply(ctx: &mut Context<'_>) -> Outcome {
    let word = keyword(ctx.arg(2));
    let flags = &mut ctx.client_mut().flags;
    match &*word {
        "on" => {
            flags.clear(ClientFlags::REPLY_OFF | ClientFlags::REPLY_SKIP);
            ctx.reply().ok();
        }
        "off" => flags.set(ClientFlags::REPLY_OFF),
        "skip" if flags.has(ClientFlags::REPLY_OFF) => {}
        "skip" => flags.set(ClientFlags::REPLY_SKIP_NEXT),
        _ => return Err(Refusal::Syntax),
    }
    Ok(())
}

fn switch(ctx: &mut Context<'_>, flag: u32) -> Outcome {
    if ctx.is(2, "on") {
        ctx.client_mut().flags.set(flag);
    } else if ctx.is(2, "off") {
        ctx.client_mut().flags.clear(flag);
    } else {
        return Err(Refusal::Syntax);
    }
    ctx.server.update_client_memory(ctx.caller);
    ctx.reply().ok();
    Ok(())
}

fn help(ctx: &mut Context<'_>) -> Outcome {
    ctx.help(
        "CLIENT",
        &[
            "GETREDIR, CACHING, TRACKING on|off, TRACKINGINFO",
            "    Client-side caching, which is not offered.",
            "GETNAME",
            "    This connection's name.",
            "ID",
            "    This connection's number.",
            "INFO",
            "    Everything known of this connection.",
            "KILL <ip:port>",
            "    Close the connection from there.",
            "KILL <filter> <value> [<filter> <value> ...]",
            "    Close all that fit: ID, ADDR, LADDR, TYPE, USER, MAXAGE <seconds>,",
            "    SKIPME yes|no (this connection; yes unless said otherwise).",
            "LIST [TYPE normal|master|replica|pubsub] [ID <id> [<id> ...]]",
            "    Everything known of all connections, or of some.",
            "NO-EVICT on|off",
            "    Keep this connection when memory for clients runs out.",
            "NO-TOUCH on|off",
            "    What this connection reads shall not count as used.",
            "PAUSE <milliseconds> [WRITE|ALL]",
            "    Put off what connections ask for.",
            "REPLY on|off|skip",
            "    Answer, do not answer, do not answer the next command.",
            "SETINFO LIB-NAME|LIB-VER <text>",
            "    Which library is behind this connection.",
            "SETNAME <name>",
            "    Name this connection.",
            "UNBLOCK <id> [TIMEOUT|ERROR]",
            "    Answer a waiting connection as if its time were up, or with an error.",
            "UNPAUSE",
            "    Go on with what was put off.",
        ],
    );
    Ok(())
}
