//! CONFIG: directives while the server runs.

use super::{Command, Context, Flags, Outcome, Refusal};
use crate::engine::config::{Directive, SetError, find, matching};
use crate::event::Event;

const ADMIN: Flags = Flags::ADMIN.with(Flags::NOSCRIPT).with(Flags::LOADING).with(Flags::STALE);

pub(super) const COMMANDS: &[Command] = &[Command::container("config", SUBCOMMANDS).about(
    "server",
    "2.0.0",
    "Shows and changes directives.",
)];

const SUBCOMMANDS: &[Command] = &[
    Command::new("config|get", -3, ADMIN, get)
        .about("server", "2.0.0", "Answers the directives that match one of the patterns.")
        .complexity("O(N) with N patterns"),
    Command::new("config|set", -4, ADMIN, set)
        .about("server", "2.0.0", "Changes directives, all of them or none.")
        .complexity("O(N) with N directives"),
    Command::new("config|resetstat", 2, ADMIN, resetstat).about(
        "server",
        "2.0.0",
        "Sets the counters of INFO to zero.",
    ),
    Command::new("config|rewrite", 2, ADMIN, rewrite).about(
        "server",
        "2.8.0",
        "Writes the directives to the file that the server was started with.",
    ),
    Command::new("config|help", 2, Flags::LOADING.with(Flags::STALE), help).about(
        "server",
        "5.0.0",
        "Lists the subcommands.",
    ),
];

/// Redis: `configGetCommand`, *faithful*: a name without wildcards is answered
/// as it was written, and no directive twice.
fn get(ctx: &mut Context<'_>) -> Outcome {
    let mut found: Vec<(Vec<u8>, Vec<u8>)> = Vec::new();
    for i in 2..ctx.argc() {
        let pattern = ctx.arg(i);
        let literal = !pattern.iter().any(|b| b"[*?".contains(b));
        let values = match find(pattern).filter(|_| literal) {
            Some(directive) => vec![(pattern.to_vec(), directive.value(&ctx.server.config))],
            None if literal => Vec::new(),
            None => matching(pattern)
                .map(|(name, d)| (name.as_bytes().to_vec(), d.value(&ctx.server.config)))
                .collect(),
        };
        for (name, value) in values {
            if !found.iter().any(|(known, _)| known.eq_ignore_ascii_case(&name)) {
                found.push((name, value));
            }
        }
    }
    let mut reply = ctx.reply();
    reply.map(found.len());
    for (name, value) in found {
        reply.bulk(&name);
        reply.bulk(&value);
    }
    Ok(())
}

/// Redis: `configSetCommand`, *faithful*: all or nothing, tried out on a copy.
fn set(ctx: &mut Context<'_>) -> Outcome {
    if !ctx.argc().is_multiple_of(2) {
        return Err(Refusal::Syntax);
    }
    let names = || (2..ctx.argc()).step_by(2).map(|i| ctx.arg(i));
    let mut directives: Vec<&'static Directive> = Vec::new();
    for (i, name) in names().enumerate() {
        let Some(directive) = find(name) else {
            return Err(Refusal::quoting(
                "ERR Unknown option or number of arguments for CONFIG SET - '",
                name,
                "'",
            ));
        };
        if directive.is_immutable() {
            return Err(failed(name, &SetError::Immutable.to_string()));
        }
        // By what it is called: an older name is a directive of its own.
        if names().take(i).any(|known| known.eq_ignore_ascii_case(name)) {
            return Err(failed(name, "duplicate parameter"));
        }
        directives.push(directive);
    }
    let mut config = ctx.server.config.clone();
    for (name, i) in names().zip((3..).step_by(2)) {
        let refuse = |why: SetError| failed(&name.to_ascii_lowercase(), &why.to_string());
        config.set_at_runtime(name, ctx.arg(i)).map_err(refuse)?;
    }
    let limit = ctx.server.clients_limit;
    if config.maxclients > limit && config.maxclients != ctx.server.config.maxclients {
        return Err(failed(
            b"maxclients",
            &format!(
                "The operating system is not able to handle the specified number of clients, \
                 try with {limit}"
            ),
        ));
    }
    ctx.server.config = config;
    ctx.server.review_concerns();
    ctx.server.remeasure_clients();
    for directive in directives {
        let value = directive.get(&ctx.server.config);
        // A password is nobody's business, least of all a recording's. That
        // there is none any more is.
        let secret = directive.name == "requirepass" && !value.is_empty();
        let value = if secret { "(hidden)".into() } else { value };
        ctx.emit(|| Event::Config { name: directive.name.into(), value });
    }
    ctx.reply().ok();
    Ok(())
}

fn failed(name: &[u8], why: &str) -> Refusal {
    Refusal::quoting(
        "ERR CONFIG SET failed (possibly related to argument '",
        name,
        &format!("') - {why}"),
    )
}

/// Redis: `resetServerStats`, *simplified*: the counters themselves go on, so
/// that the loop and a recording can rely on them; INFO counts from here.
/// The two figures of expiry stay.
fn resetstat(ctx: &mut Context<'_>) -> Outcome {
    let stats = &mut ctx.server.stats;
    stats.eventloop_cmd_per_cycle_max = 0;
    stats.eventloop_duration_max = Default::default();
    stats.instantaneous.reset();
    ctx.server.stats_baseline = stats.clone();
    ctx.server.command_stats.reset();
    ctx.server.error_stats.reset();
    ctx.reply().ok();
    Ok(())
}

/// Redis: `configRewriteCommand`, *faithful*; the file is the driver's.
fn rewrite(ctx: &mut Context<'_>) -> Outcome {
    let Some(file) = &ctx.server.config_file else {
        return Err(Refusal::fixed("ERR The server is running without a config file"));
    };
    file.rewrite(&ctx.server.config)
        .map_err(|why| Refusal::quoting("ERR Rewriting config file: ", why.as_bytes(), ""))?;
    ctx.reply().ok();
    Ok(())
}

fn help(ctx: &mut Context<'_>) -> Outcome {
    ctx.help(
        "CONFIG",
        &[
            "GET <pattern> [<pattern> ...]",
            "    Directives that match, with their values.",
            "SET <directive> <value> [<directive> <value> ...]",
            "    Change directives, all or none.",
            "REWRITE",
            "    Write them to the configuration file.",
            "RESETSTAT",
            "    Set the counters of INFO to zero.",
        ],
    );
    Ok(())
}
