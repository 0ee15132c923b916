//! The connection itself: greeting, identity, database, farewell.

use super::{Command, Context, Flags, Outcome, Refusal};
use crate::engine::client::ClientFlags;
use crate::event::{ARG_CAP, ClientChange, CloseReason, Event, Preview, TransactionEnd};
use crate::store::parse_integer;

const PLAIN: Flags = Flags::FAST.with(Flags::CONNECTION);
const ANY_TIME: Flags = PLAIN.with(Flags::LOADING).with(Flags::STALE);
/// Before authentication, too.
const OPEN: Flags = ANY_TIME.with(Flags::NOSCRIPT).with(Flags::NO_AUTH).with(Flags::ALLOW_BUSY);

pub(super) const COMMANDS: &[Command] = &[
    Command::new("ping", -1, PLAIN, ping).about(
        "connection",
        "1.0.0",
        "Answers PONG, or the argument: is anybody there?",
    ),
    Command::new("echo", 2, ANY_TIME, echo).about("connection", "1.0.0", "Answers its argument."),
    Command::new("quit", -1, OPEN, quit).about(
        "connection",
        "1.0.0",
        "Closes the connection once everything is answered.",
    ),
    Command::new("hello", -1, OPEN, hello).about(
        "connection",
        "6.0.0",
        "Chooses the protocol, perhaps authenticates, and answers who is speaking.",
    ),
    Command::new("auth", -2, OPEN, auth).about("connection", "1.0.0", "Authenticates the client."),
    Command::new("select", 2, ANY_TIME, select).about(
        "connection",
        "1.0.0",
        "Changes the client's database.",
    ),
    Command::new("reset", 1, OPEN, reset).about(
        "connection",
        "6.2.0",
        "Makes the connection as good as new.",
    ),
];

fn ping(ctx: &mut Context<'_>) -> Outcome {
    // A subscriber in RESP2 tells it from messages by its form.
    let client = ctx.client();
    let listens = client.flags.has(ClientFlags::PUBSUB) && client.resp == 2;
    match ctx.argc() {
        1 | 2 if listens => {
            let text = if ctx.argc() == 2 { ctx.arg(1) } else { b"" };
            let mut reply = ctx.reply();
            reply.array(2);
            reply.bulk(b"pong");
            reply.bulk(text);
        }
        1 => ctx.reply().shared(b"+PONG\r\n"),
        2 => {
            let text = ctx.arg(1);
            ctx.reply().bulk(text);
        }
        _ => return Err(Refusal::WrongArity("ping")),
    }
    Ok(())
}

fn echo(ctx: &mut Context<'_>) -> Outcome {
    let text = ctx.arg(1);
    ctx.reply().bulk(text);
    Ok(())
}

fn quit(ctx: &mut Context<'_>) -> Outcome {
    ctx.reply().ok();
    ctx.server.close_after_reply(ctx.caller, CloseReason::Quit);
    Ok(())
}

fn select(ctx: &mut Context<'_>) -> Outcome {
    let index = ctx.integer(1)?;
    // Redis reads a C `int` here, and says so.
    let index = i32::try_from(index).map_err(|_| {
        Refusal::fixed("ERR value is out of range, value must between -2147483648 and 2147483647")
    })?;
    match u16::try_from(index) {
        Ok(db) if usize::from(db) < ctx.server.store.databases() => set_db(ctx, db),
        _ => return Err(Refusal::IndexOutOfRange),
    }
    ctx.reply().ok();
    Ok(())
}

fn set_db(ctx: &mut Context<'_>, db: u16) {
    ctx.client_mut().db = db;
    state(ctx, || ClientChange::Db(u32::from(db)));
}

fn set_protocol(ctx: &mut Context<'_>, resp: u8) {
    ctx.client_mut().resp = resp;
    state(ctx, || ClientChange::Resp(resp));
}

/// An empty name is no name (`clientSetName`).
///
/// # Errors
/// [`Refusal::SpecialCharacters`].
pub(super) fn set_name(ctx: &mut Context<'_>, name: &[u8]) -> Outcome {
    check_printable(name, "Client names")?;
    let client = ctx.client_mut();
    if !name.is_empty() || client.rare.is_some() {
        client.rare().names.name = name.to_vec();
    }
    state(ctx, || ClientChange::Name(Preview::of(name, ARG_CAP)));
    Ok(())
}

/// # Errors
/// [`Refusal::SpecialCharacters`] if CLIENT LIST could not show it as one
/// word.
pub(super) fn check_printable(text: &[u8], what: &'static str) -> Outcome {
    if text.iter().all(u8::is_ascii_graphic) {
        Ok(())
    } else {
        Err(Refusal::SpecialCharacters(what))
    }
}

fn state(ctx: &mut Context<'_>, change: impl FnOnce() -> ClientChange) {
    let client = ctx.client().id;
    ctx.emit(|| Event::ClientChanged { client, change: change() });
}

fn is_authenticated(ctx: &Context<'_>) -> bool {
    ctx.server.config.requirepass.is_empty() || ctx.client().flags.has(ClientFlags::AUTHENTICATED)
}

/// Redis: `ACLAuthenticateUser`, *simplified* to the one user there is. Every
/// byte is compared, whatever the first difference.
fn authenticate(ctx: &mut Context<'_>, user: &[u8], password: &[u8]) -> Outcome {
    let wanted = &ctx.server.config.requirepass;
    let known = wanted.is_empty() || same_bytes(wanted, password);
    if user != b"default" || !known {
        return Err(Refusal::WrongPassword);
    }
    ctx.client_mut().flags.set(ClientFlags::AUTHENTICATED);
    state(ctx, || ClientChange::Authenticated);
    Ok(())
}

/// Takes as long for a wrong first byte as for a wrong last one.
fn same_bytes(secret: &[u8], given: &[u8]) -> bool {
    let mut difference = u8::from(secret.len() != given.len());
    for (i, byte) in given.iter().enumerate() {
        difference |= byte ^ secret[i % secret.len()];
    }
    difference == 0
}

fn auth(ctx: &mut Context<'_>) -> Outcome {
    let (user, password) = match ctx.argc() {
        2 if ctx.server.config.requirepass.is_empty() => {
            return Err(Refusal::fixed(
                "ERR AUTH <password> called without any password configured for the default \
                 user. Are you sure your configuration is correct?",
            ));
        }
        2 => (&b"default"[..], ctx.arg(1)),
        3 => (ctx.arg(1), ctx.arg(2)),
        _ => return Err(Refusal::Syntax),
    };
    authenticate(ctx, user, password)?;
    ctx.reply().ok();
    Ok(())
}

/// Redis: `helloCommand`, *faithful*: nothing is changed unless all options are
/// understood and the password, if there is one, is right.
fn hello(ctx: &mut Context<'_>) -> Outcome {
    let protocol = match ctx.argc() {
        1 => None,
        _ => Some(parse_protocol(ctx.arg(1))?),
    };
    let mut name = None;
    let mut credentials = None;
    let mut i = 2;
    while i < ctx.argc() {
        let left = ctx.argc() - i - 1;
        if ctx.is(i, "auth") && left >= 2 {
            credentials = Some((ctx.arg(i + 1), ctx.arg(i + 2)));
            i += 3;
        } else if ctx.is(i, "setname") && left >= 1 {
            check_printable(ctx.arg(i + 1), "Client names")?;
            name = Some(ctx.arg(i + 1));
            i += 2;
        } else {
            return Err(Refusal::quoting("ERR Syntax error in HELLO option '", ctx.arg(i), "'"));
        }
    }
    if let Some((user, password)) = credentials {
        authenticate(ctx, user, password)?;
    }
    if !is_authenticated(ctx) {
        return Err(Refusal::fixed(
            "NOAUTH HELLO must be called with the client already authenticated, otherwise the \
             HELLO <proto> AUTH <user> <pass> option can be used to authenticate the client and \
             select the RESP protocol version at the same time",
        ));
    }
    if let Some(name) = name {
        set_name(ctx, name)?;
    }
    if let Some(protocol) = protocol {
        set_protocol(ctx, protocol);
    }
    reply_hello(ctx);
    Ok(())
}

fn parse_protocol(text: &[u8]) -> Result<u8, Refusal> {
    match parse_integer(text) {
        Some(2) => Ok(2),
        Some(3) => Ok(3),
        Some(_) => Err(Refusal::fixed("NOPROTO unsupported protocol version")),
        None => Err(Refusal::fixed("ERR Protocol version is not an integer or out of range")),
    }
}

fn reply_hello(ctx: &mut Context<'_>) {
    let client = ctx.client();
    let (id, resp) = (client.id.0.cast_signed(), i64::from(client.resp));
    let mut reply = ctx.reply();
    reply.map(7);
    reply.bulk(b"server");
    reply.bulk(b"redis");
    reply.bulk(b"version");
    reply.bulk(super::info::REDIS_VERSION.as_bytes());
    reply.bulk(b"proto");
    reply.integer(resp);
    reply.bulk(b"id");
    reply.integer(id);
    reply.bulk(b"mode");
    reply.bulk(b"standalone");
    reply.bulk(b"role");
    reply.bulk(b"master");
    reply.bulk(b"modules");
    reply.array(0);
}

/// Redis: `resetCommand`, *faithful* for the state that exists here. The
/// library's name stays: it still describes who is behind the connection.
fn reset(ctx: &mut Context<'_>) -> Outcome {
    let open = ctx.server.config.requirepass.is_empty();
    let client = ctx.client_mut();
    client.flags.clear(
        ClientFlags::REPLY_OFF
            | ClientFlags::REPLY_SKIP_NEXT
            | ClientFlags::NO_EVICT
            | ClientFlags::NO_TOUCH,
    );
    if !open {
        client.flags.clear(ClientFlags::AUTHENTICATED);
    }
    if let Some(rare) = client.rare.as_deref_mut() {
        rare.names.name.clear();
    }
    ctx.server.unwatch_all_keys(ctx.caller);
    ctx.server.discard_transaction(ctx.caller, TransactionEnd::Discarded);
    ctx.server.unsubscribe_from_all(ctx.caller);
    stop_monitoring(ctx);
    set_db(ctx, 0);
    set_protocol(ctx, 2);
    state(ctx, || ClientChange::Name(Preview::default()));
    ctx.reply().simple("RESET");
    Ok(())
}

fn stop_monitoring(ctx: &mut Context<'_>) {
    let caller = ctx.caller;
    let client = ctx.client_mut();
    let id = client.id;
    if client.flags.has(ClientFlags::MONITOR) {
        client.flags.clear(ClientFlags::MONITOR);
        ctx.server.monitors.retain(|slot| *slot != caller);
        ctx.server.review_concerns();
        ctx.emit(|| Event::Monitoring { client: id, on: false });
    }
}
