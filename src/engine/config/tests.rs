use super::*;

fn reason(name: &str, value: &str) -> String {
    let mut config = Config::default();
    let before = config.clone();
    let why = config.set_at_runtime(name.as_bytes(), value.as_bytes()).unwrap_err().to_string();
    assert_eq!(config, before, "a refused value changed something");
    why
}

fn round_trip(name: &str, value: &str) -> String {
    let mut config = Config::default();
    config.set(name, value).unwrap();
    config.get(name)[0].1.clone()
}

#[test]
fn refusals_are_worded_as_in_redis() {
    let table = [
        ("maxclients", "0", "argument must be between 1 and 4294967295 inclusive"),
        ("maxclients", "99999999999", "argument must be between 1 and 4294967295 inclusive"),
        ("timeout", "abc", "argument couldn't be parsed into an integer"),
        ("timeout", "-1", "argument must be between 0 and 2147483647 inclusive"),
        ("timeout", "9999999999999999999999", "argument couldn't be parsed into an integer"),
        ("maxmemory", "12q", "argument must be a memory value"),
        ("maxmemory", "-1", "argument must be a memory value"),
        ("maxmemory-clients", "500%", "percentage argument must be less or equal to 100"),
        ("maxmemory-clients", "x", "argument must be a memory or percent value"),
        ("tcp-backlog", "5", "can't set immutable config"),
        ("dynamic-hz", "maybe", "argument must be 'yes' or 'no'"),
        ("active-expire-effort", "11", "argument must be between 1 and 10 inclusive"),
        (
            "client-query-buffer-limit",
            "1",
            "argument must be between 1048576 and 9223372036854775807 inclusive",
        ),
        (
            "client-output-buffer-limit",
            "normal 1",
            "Wrong number of arguments in buffer limit configuration.",
        ),
        (
            "client-output-buffer-limit",
            "normal  1 2 3",
            "Wrong number of arguments in buffer limit configuration.",
        ),
        (
            "client-output-buffer-limit",
            "normal 1 2 3 guest 1 2 3",
            "Invalid client class specified in buffer limit configuration.",
        ),
        (
            "client-output-buffer-limit",
            "normal x 2 3",
            "Error in hard, soft or soft_seconds setting in buffer limit configuration.",
        ),
        ("maxmemory-policy", "foo", "argument(s) must be one of the following: noeviction"),
    ];
    for (name, value, why) in table {
        assert_eq!(reason(name, value), why, "{name} {value}");
    }
}

#[test]
fn memory_units_are_powers_of_1024_with_a_b_and_of_1000_without() {
    for (text, bytes) in [
        ("1048577", 1_048_577),
        ("5B", 5),
        ("1k", 1_000),
        ("1KB", 1_024),
        ("2m", 2_000_000),
        ("2Mb", 2 << 20),
        ("3g", 3_000_000_000),
        ("3gb", 3 << 30),
        ("18446744073709551615", u64::MAX),
        ("18446744073709551616", u64::MAX),
        // No digits are none at all.
        ("", 0),
        ("b", 0),
    ] {
        assert_eq!(directive::parse_memory(text.as_bytes()), Some(bytes), "{text}");
    }
    for text in ["1 mb", "+1", "-1", "1.5gb", "1tb", "17179869184gb"] {
        assert_eq!(directive::parse_memory(text.as_bytes()), None, "{text}");
    }
}

#[test]
fn values_come_back_in_the_form_that_config_get_shows() {
    assert_eq!(round_trip("maxmemory", "1gb"), "1073741824");
    assert_eq!(round_trip("maxmemory-clients", "5%"), "5%");
    assert_eq!(round_trip("maxmemory-clients", "1mb"), "1048576");
    assert_eq!(round_trip("DYNAMIC-HZ", "No"), "no");
    assert_eq!(round_trip("hz", "0"), "1");
    assert_eq!(round_trip("hz", "5000"), "500");
    assert_eq!(round_trip("lua-time-limit", "7"), "7");
    assert_eq!(round_trip("save", ""), "");
    assert_eq!(
        round_trip("client-output-buffer-limit", "normal 1mb 2 3 replica 0 0 0"),
        "normal 1048576 2 3 slave 0 0 0 pubsub 33554432 8388608 60"
    );
}

#[test]
fn a_server_is_bound_to_what_it_was_told_and_to_sixteen_addresses_at_most() {
    let many = |count: usize| vec!["127.0.0.1"; count].join(" ");
    assert_eq!(round_trip("bind", "10.0.0.1  -::1"), "10.0.0.1 -::1");
    assert_eq!(round_trip("bind", &many(16)), many(16));
    let why = Config::default().set("bind", many(17)).unwrap_err().to_string();
    assert!(why.contains("Too many bind addresses specified."), "{why}");
}

#[test]
fn every_default_is_a_value_that_could_have_been_set() {
    for d in directive::DIRECTIVES {
        let mut config = Config::default();
        d.set(&mut config, d.get(&Config::default()).as_bytes()).unwrap();
        assert_eq!(config, Config::default(), "{}", d.name);
    }
}

#[test]
fn an_alias_is_found_under_its_own_name() {
    let names = |pattern: &str| {
        Config::default().get(pattern).into_iter().map(|(name, _)| name).collect::<Vec<_>>()
    };
    assert_eq!(names("lua-*"), ["lua-time-limit"]);
    assert_eq!(names("*HZ"), ["hz", "dynamic-hz"]);
    assert_eq!(names("nothing"), [""; 0]);
}
