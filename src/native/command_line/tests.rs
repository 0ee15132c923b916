use super::*;

fn read(line: &str) -> Result<Invocation, UsageError> {
    parse(line.split_whitespace().map(OsString::from))
}

fn config(line: &str) -> Config {
    match read(line) {
        Ok(Invocation::Serve { serve, warnings }) => {
            assert!(warnings.is_empty(), "{line}: {warnings:?}");
            serve.config
        }
        other => panic!("{line}: {other:?}"),
    }
}

/// Protects: lines that redis-server takes are taken here.
#[test]
fn a_directive_s_words_may_begin_with_a_dash() {
    assert_eq!(config("serve --slowlog-log-slower-than -1").slowlog_log_slower_than, -1);
    let both = config("serve --bind 127.0.0.1 -::1 --port 7000");
    assert_eq!((both.bind, both.port), (vec!["127.0.0.1".to_owned(), "-::1".to_owned()], 7000));
    assert_eq!(config("serve --maxclients=5 --hz 20").maxclients, 5);
    let limit = config("serve --client-output-buffer-limit normal 1mb 0 0 --timeout 3");
    assert_eq!(limit.client_output_buffer_limit.normal.hard, 1024 * 1024);
    assert_eq!(limit.timeout, 3);
}

/// Protects: what cannot be understood is said, with what was expected.
#[test]
fn what_is_not_understood_is_refused() {
    for (line, said) in [
        ("serve --port", "--port: expected a value"),
        ("serve --port --hz 10", "--port: expected a value"),
        ("serve --port x", "'x' is no value for port"),
        ("scenarios all", "all"),
        ("nonsense", "'nonsense' is not a command"),
        ("story", "expected a scenario's file, name or link"),
        ("story x --terms x", "--terms x: expected kitchen, both or redis"),
        ("story x --language fr", "--language fr: expected en or de"),
        ("check --seeds x", "--seeds: 'x' is no number"),
        ("check --seeds 5 --scenario slow-reader", "--scenario names one"),
        ("watch --pid x", "--pid: 'x' is no number"),
        ("replay x --check --summary", "one of --summary, --check and --scenario"),
        ("serve --live 127.0.0.1:9999", "--live=127.0.0.1:9999"),
        ("serve --live --step=x", "--step: 'x' is no number of seconds"),
        ("serve --appendonly yes", "persistence is not offered: expected 'no'"),
    ] {
        let error = read(line).map(|_| ()).expect_err(line).to_string();
        assert!(error.contains(said), "{line}: {error}");
    }
}
