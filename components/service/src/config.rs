//! Configuration of the component: the one list of its variables.

use portent_event::is_name;

/// Spin variable (of the component): where events go, `stdout`, `http` or `off`. Default `stdout`.
pub const EVENTS: &str = "events";

/// Spin variable (of the component): aggregator, `http://host:port`; needed where events go by `http`.
pub const METRICS_URL: &str = "metrics_url";

/// Environment variable (of the component): the model, by the name of an artefact that was in `models/` when
/// the component was built, or by the path (`/…`) of one among the mounted files.
pub const MODEL: &str = "PORTENT_MODEL";

/// Environment variable (of the component): the `app` label; default is the model's own application.
pub const APP: &str = "PORTENT_APP";

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
    },
    /// Nowhere.
    Off,
}

/// What the service itself needs to know.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Config {
    /// The `app` label, where it is not the model's own.
    pub app: Option<String>,
}

/// A variable has a value that it cannot have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConfigError {
    /// [`EVENTS`] is none of its three values.
    Events,
    /// [`METRICS_URL`] is not `http://host:port`.
    MetricsUrl,
    /// [`APP`] is not a name.
    App,
}

impl std::fmt::Display for ConfigError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Events => write!(f, "variable {EVENTS} must be stdout, http or off"),
            Self::MetricsUrl => write!(f, "variable {METRICS_URL} must be http://host:port, without a path"),
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
            Some("http") => authority(&variable(METRICS_URL).unwrap_or_default())
                .map(|authority| Self::Http { authority })
                .ok_or(ConfigError::MetricsUrl),
            Some(_) => Err(ConfigError::Events),
        }
    }
}

impl Config {
    /// Reads [`APP`] from whatever holds the environment.
    ///
    /// # Errors
    /// [`ConfigError::App`] if it is not a name.
    pub fn read(variable: impl Fn(&str) -> Option<String>) -> Result<Self, ConfigError> {
        let app = variable(APP).filter(|app| !app.is_empty());
        if app.as_deref().is_some_and(|app| !is_name(app)) {
            return Err(ConfigError::App);
        }
        Ok(Self { app })
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
        EventsTo::read(|name| Some(if name == EVENTS { events } else { url }.to_owned()))
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
        assert_eq!(events("http", "http://127.0.0.1:9465"), Ok(EventsTo::Http { authority }));
        for url in
            ["", "https://a:1", "http://a", "http://a:0", "http://a:1/path", "http://a b:1", "http://:1"]
        {
            assert_eq!(events("http", url), Err(ConfigError::MetricsUrl), "{url}");
        }
    }

    #[test]
    fn app_is_a_name() {
        assert_eq!(Config::read(|_| Some("heart".into())), Ok(Config { app: Some("heart".into()) }));
        assert_eq!(Config::read(|_| Some("a b".into())), Err(ConfigError::App));
        assert_eq!(Config::read(|_| None), Ok(Config::default()));
    }
}
