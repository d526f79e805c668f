//! Configuration of the component: the one list of its variables.

use portent_event::is_name;

/// Spin variable (of the component): where events go, `stdout`, `http` or `off`. Default `stdout`.
pub const EVENTS: &str = "events";

/// Spin variable (of the component): aggregator, `http://host:port`; needed where events go by `http`.
pub const METRICS_URL: &str = "metrics_url";

/// Spin variable (of the component): bearer token for the aggregator, where it asks for one. A secret.
pub const METRICS_TOKEN: &str = "metrics_token";

/// Environment variable (of the component): the model, by the name of an artefact that was in `models/` when
/// the component was built, or by the path (`/…`) of one among the mounted files.
pub const MODEL: &str = "PORTENT_MODEL";

/// Environment variable (of the component): the `app` label; default is the model's own application.
pub const APP: &str = "PORTENT_APP";

/// Environment variable (of the component): `debug` writes a line for every request to standard error.
pub const LOG: &str = "PORTENT_LOG";

/// Where events go.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum EventsTo {
    /// A line on standard output.
    #[default]
    Stdout,
    /// A delivery to the aggregator with this authority (`host:port`).
    Http {
        /// Host and port of the aggregator.
        authority: String,
        /// What the aggregator asks for, if anything.
        token: Option<Token>,
    },
    /// Nowhere.
    Off,
}

/// A bearer token. Its debug form does not show it.
#[derive(Clone, PartialEq, Eq)]
pub struct Token(String);

/// What the service itself needs to know.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Config {
    /// The `app` label, where it is not the model's own.
    pub app: Option<String>,
    /// Whether every request is logged.
    pub log_requests: bool,
}

/// A variable has a value that it cannot have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConfigError {
    /// [`EVENTS`] is none of its three values.
    Events,
    /// [`METRICS_URL`] is not `http://host:port`.
    MetricsUrl,
    /// [`METRICS_TOKEN`] is not visible ASCII.
    MetricsToken,
    /// [`APP`] is not a name.
    App,
    /// [`LOG`] is something else than `debug`.
    Log,
}

impl std::fmt::Display for ConfigError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Events => write!(f, "variable {EVENTS} must be stdout, http or off"),
            Self::MetricsUrl => write!(f, "variable {METRICS_URL} must be http://host:port, without a path"),
            Self::MetricsToken => {
                write!(f, "variable {METRICS_TOKEN} must be up to 512 visible ASCII characters")
            }
            Self::Log => write!(f, "{LOG} must be debug, or not be set"),
            Self::App => write!(f, "{APP} must be 1 to 64 characters a-z, A-Z, 0-9, '.', '_', '-'"),
        }
    }
}

impl std::error::Error for ConfigError {}

impl EventsTo {
    /// Reads [`EVENTS`] and, where needed, [`METRICS_URL`], from whatever holds variables.
    ///
    /// # Errors
    /// [`ConfigError`] names the variable and the rule.
    pub fn read(variable: impl Fn(&str) -> Option<String>) -> Result<Self, ConfigError> {
        match variable(EVENTS).as_deref() {
            None | Some("" | "stdout") => Ok(Self::Stdout),
            Some("off") => Ok(Self::Off),
            Some("http") => {
                let authority = authority(&variable(METRICS_URL).unwrap_or_default());
                let authority = authority.ok_or(ConfigError::MetricsUrl)?;
                let token = variable(METRICS_TOKEN).filter(|token| !token.is_empty());
                Ok(Self::Http { authority, token: token.map(Token::new).transpose()? })
            }
            Some(_) => Err(ConfigError::Events),
        }
    }
}

impl Token {
    fn new(token: String) -> Result<Self, ConfigError> {
        let is_visible = token.bytes().all(|byte| byte.is_ascii_graphic());
        if is_visible && token.len() <= 512 { Ok(Self(token)) } else { Err(ConfigError::MetricsToken) }
    }

    /// The value of an `authorization` header.
    #[must_use]
    pub fn authorization(&self) -> String {
        format!("Bearer {}", self.0)
    }
}

impl std::fmt::Debug for Token {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Token(..)")
    }
}

impl Config {
    /// Reads [`APP`] and [`LOG`] from whatever holds the environment.
    ///
    /// # Errors
    /// [`ConfigError`] names the variable and the rule.
    pub fn read(variable: impl Fn(&str) -> Option<String>) -> Result<Self, ConfigError> {
        let app = variable(APP).filter(|app| !app.is_empty());
        if app.as_deref().is_some_and(|app| !is_name(app)) {
            return Err(ConfigError::App);
        }
        let log_requests = match variable(LOG).as_deref() {
            None | Some("") => false,
            Some("debug") => true,
            Some(_) => return Err(ConfigError::Log),
        };
        Ok(Self { app, log_requests })
    }
}

fn authority(url: &str) -> Option<String> {
    let authority = url.strip_prefix("http://")?;
    let authority = authority.strip_suffix('/').unwrap_or(authority);
    let (host, port) = authority.rsplit_once(':')?;
    let valid = !host.is_empty()
        && port.parse::<u16>().is_ok_and(|port| port > 0)
        && authority.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-:[]".contains(&byte));
    valid.then(|| authority.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn events(events: &str, url: &str) -> Result<EventsTo, ConfigError> {
        EventsTo::read(|name| match name {
            EVENTS => Some(events.to_owned()),
            METRICS_URL => Some(url.to_owned()),
            _ => None,
        })
    }

    #[test]
    fn events_go_to_stdout_unless_told_otherwise() {
        assert_eq!(EventsTo::read(|_| None), Ok(EventsTo::Stdout));
        assert_eq!(events("off", ""), Ok(EventsTo::Off));
        assert_eq!(events("Stdout", ""), Err(ConfigError::Events));
    }

    #[test]
    fn http_needs_a_url_without_a_path() {
        let authority = "127.0.0.1:9465".to_owned();
        assert_eq!(events("http", "http://127.0.0.1:9465"), Ok(EventsTo::Http { authority, token: None }));
        for url in
            ["", "https://a:1", "http://a", "http://a:0", "http://a:1/path", "http://a b:1", "http://:1"]
        {
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
        let page = include_str!("../../../docs/configuration.md");
        for name in [EVENTS, METRICS_URL, METRICS_TOKEN, MODEL, APP, LOG] {
            assert!(page.contains(&format!("\n| `{name}` |")), "{name} is not in docs/configuration.md");
        }
    }

    #[test]
    fn app_is_a_name_and_the_log_is_on_or_off() {
        let read =
            |wanted: &str, value: &str| Config::read(|name| (name == wanted).then(|| value.to_owned()));
        assert_eq!(read(APP, "heart"), Ok(Config { app: Some("heart".into()), log_requests: false }));
        assert_eq!(read(APP, "a b"), Err(ConfigError::App));
        assert_eq!(read(LOG, "debug"), Ok(Config { app: None, log_requests: true }));
        assert_eq!(read(LOG, "loud"), Err(ConfigError::Log));
        assert_eq!(Config::read(|_| None), Ok(Config::default()));
    }
}
