//! Variables are read by their rules.

use crate::config::*;

fn events(events: &str, url: &str) -> Result<EventsTo, ConfigError> {
    EventsTo::read(|name| match name {
        EVENTS => Some(events.to_owned()),
        METRICS_URL => Some(url.to_owned()),
        _ => None,
    })
}

#[test]
fn events_go_to_stdout_by_default() {
    assert_eq!(EventsTo::read(|_| None), Ok(EventsTo::Stdout));
    assert_eq!(events("off", ""), Ok(EventsTo::Off));
    assert_eq!(events("Stdout", ""), Err(ConfigError::Events));
}

#[test]
fn http_needs_a_url_without_a_path() {
    let authority = "127.0.0.1:9465".to_owned();
    assert_eq!(events("http", "http://127.0.0.1:9465"), Ok(EventsTo::Http { authority, token: None }));
    for url in ["", "https://a:1", "http://a", "http://a:0", "http://a:1/path", "http://a b:1", "http://:1"] {
        assert_eq!(events("http", url), Err(ConfigError::MetricsUrl), "{url}");
    }
}

#[test]
fn a_token_is_sent_and_never_shown() {
    let read = |token: &str| {
        EventsTo::read(|name| match name {
            EVENTS => Some("http".to_owned()),
            METRICS_URL => Some("http://a:1".to_owned()),
            _ => Some(token.to_owned()),
        })
    };
    let Ok(EventsTo::Http { token: Some(token), .. }) = read("secret-1") else { panic!("a token") };
    assert_eq!(token.authorization(), "Bearer secret-1");
    assert_eq!(format!("{:?}", read("secret-1")).matches("secret").count(), 0);
    assert!(matches!(read(""), Ok(EventsTo::Http { token: None, .. })));
    for bad in ["two words", "line\nbreak", "é"] {
        assert_eq!(read(bad), Err(ConfigError::MetricsToken));
    }
}

#[test]
fn the_page_lists_every_variable() {
    let page = include_str!("../../../../docs/configuration.md");
    for name in [EVENTS, METRICS_URL, METRICS_TOKEN, MODEL, APP, LOG] {
        assert!(page.contains(&format!("\n| `{name}` |")), "{name} is not in docs/configuration.md");
    }
}

#[test]
fn app_is_a_name_and_the_log_is_on_or_off() {
    let read = |wanted: &str, value: &str| Config::read(|name| (name == wanted).then(|| value.to_owned()));
    assert_eq!(read(APP, "heart"), Ok(Config { app: Some("heart".into()), log_requests: false }));
    assert_eq!(read(APP, "a b"), Err(ConfigError::App));
    assert_eq!(read(LOG, "debug"), Ok(Config { app: None, log_requests: true }));
    assert_eq!(read(LOG, "loud"), Err(ConfigError::Log));
    assert_eq!(Config::read(|_| None), Ok(Config::default()));
}
