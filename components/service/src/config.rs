//! Configuration of the component, and the only list of its variables.

use portent_event::is_name;

/// Spin variable (of the component): the destination of events: `stdout` (the default), `http` or `off`.
pub const EVENTS: &str = "events";

/// Spin variable (of the component): the aggregator, `http://host:port`; required if events go by `http`.
pub const METRICS_URL: &str = "metrics_url";

/// Spin variable (of the component): bearer token for the aggregator, if it asks for one. A secret.
pub const METRICS_TOKEN: &str = "metrics_token";

/// Environment variable (of the component): the model. Either the name of an artefact that was in `models/` when the
/// component was built, or the path (`/…`) of a mounted file.
pub const MODEL: &str = "PORTENT_MODEL";

/// Environment variable (of the component): the `app` label; default is the model's own application.
pub const APP: &str = "PORTENT_APP";

/// Environment variable (of the component): `debug` writes a line for every request to standard error.
pub const LOG: &str = "PORTENT_LOG";

/// The destination of events.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum EventsTo {
    /// A line on standard output.
    #[default]
    Stdout,
    /// A delivery to the aggregator with this authority (`host:port`).
    Http {
        /// Host and port of the aggregator.
        authority: String,
        /// Token for the aggregator, if it asks for one.
        token: Option<Token>,
    },
    /// Nowhere.
    Off,
}

/// A bearer token. Its debug form does not show it.
#[derive(Clone, PartialEq, Eq)]
pub struct Token(String);

/// Configuration of the service itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Config {
    /// The `app` label, if it is not the model's own.
    pub app: Option<String>,
    /// Whether every request is logged.
    pub log_requests: bool,
}

/// A variable has a value that it cannot have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// [`EVENTS`] is none of its three values.
    #[error("variable {EVENTS} must be stdout, http or off")]
    Events,
    /// [`METRICS_URL`] is not `http://host:port`.
    #[error("variable {METRICS_URL} must be http://host:port, without a path")]
    MetricsUrl,
    /// [`METRICS_TOKEN`] is not visible ASCII.
    #[error("variable {METRICS_TOKEN} must be up to 512 visible ASCII characters")]
    MetricsToken,
    /// [`APP`] is not a name.
    #[error("{APP} must be 1 to 64 characters a-z, A-Z, 0-9, '.', '_', '-'")]
    App,
    /// [`LOG`] is not `debug`.
    #[error("{LOG} must be debug, or not be set")]
    Log,
}

impl EventsTo {
    /// Reads [`EVENTS`] and, if needed, [`METRICS_URL`] from a source of variables.
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
    /// Reads [`APP`] and [`LOG`] from a source of environment variables.
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
