//! The command line. `docs/configuration.md` also lists the environment variables.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueEnum};
use portent_exposition::config::{Config, ConfigError};
use portent_server::{AccessFiles, CertificateFiles, ServerLimits};

use crate::ingest::http::DeliveryLimits;
use crate::ingest::tail::TailOptions;

/// Counts the events of prediction components once, and exposes them to Prometheus.
#[derive(Debug, Parser)]
// Without a command the help would be an error of many lines.
#[command(name = "host-metrics", version, arg_required_else_help = false)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
    /// How to log.
    #[command(flatten)]
    pub log: LogArgs,
}

/// What the program does.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run the aggregator: events in by file and HTTP, metrics out.
    Serve(Box<AggregatorArgs>),
    /// `portent up` runs an application together with its aggregator.
    #[command(hide = true)]
    Up {
        /// Options of the former command.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        rest: Vec<String>,
    },
    /// Check a configuration file, without running anything.
    CheckConfig(CheckConfigArgs),
}

/// Log options.
#[derive(Args, Clone, Debug)]
pub struct LogArgs {
    /// Form of the log on stderr.
    #[arg(long, value_enum, default_value = "text", global = true)]
    pub log_format: LogFormat,
    /// Least level, or directives such as `warn,host_metrics::ingest=debug`.
    #[arg(long, default_value = "info", global = true)]
    pub log_level: String,
}

/// Form of the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// Text for people.
    Text,
    /// One JSON object per line.
    Json,
}

/// Options of the aggregator.
#[derive(Args, Clone, Debug)]
pub struct AggregatorArgs {
    /// Address for scrapes and health checks; port 0 takes any free one.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:9464")]
    pub metrics: SocketAddr,
    /// Address for events by HTTP; port 0 takes any free one.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:9465")]
    pub ingest: SocketAddr,
    /// File to follow, or glob pattern of files; repeatable.
    #[arg(long, value_name = "PATH|GLOB")]
    pub tail: Vec<String>,
    /// Model artefact, or glob pattern of artefacts; repeatable.
    #[arg(long, value_name = "PATH|GLOB", default_value = "models/*.portent")]
    pub models: Vec<String>,
    /// Application whose series exist from the start, beside those that the artefacts name; repeatable.
    #[arg(long, value_name = "NAME", value_parser = app_name)]
    pub app: Vec<String>,
    /// Directory that keeps the counts over restarts; without it they are in memory only.
    #[arg(long, value_name = "DIR")]
    pub state: Option<PathBuf>,
    /// Bytes of log in the state directory, in MiB, after which a checkpoint replaces it; the disk holds at most
    /// twice that, and two checkpoints.
    #[arg(long, value_name = "MIB", default_value_t = 64, value_parser = clap::value_parser!(u32).range(1..=65_536))]
    pub state_log: u32,
    /// Configuration file: limits, and names under which families are exposed again.
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Time between two looks at the followed files, in milliseconds.
    #[arg(long, value_name = "MS", default_value_t = 200, value_parser = clap::value_parser!(u64).range(1..=60_000))]
    pub tail_interval_ms: u64,
    /// Largest body of a delivery, in bytes, as it comes and decompressed.
    #[arg(long, value_name = "BYTES", default_value_t = 1 << 20, value_parser = clap::value_parser!(u32).range(1..))]
    pub max_body: u32,
    /// Requests in flight at once, per listener; health checks are always answered, other requests get a 503.
    #[arg(long, value_name = "NUMBER", default_value_t = 512, value_parser = clap::value_parser!(u32).range(1..=65_536))]
    pub max_connections: u32,
    /// Time for a request to arrive, for a TLS handshake, and for a connection to idle, in seconds.
    #[arg(long, value_name = "SECONDS", default_value_t = 30, value_parser = clap::value_parser!(u64).range(1..=3600))]
    pub read_timeout: u64,
    /// Time for requests in flight to finish on the way out, in seconds.
    #[arg(long, value_name = "SECONDS", default_value_t = 10, value_parser = clap::value_parser!(u64).range(0..=3600))]
    pub drain_timeout: u64,
    /// Who may use the listeners.
    #[command(flatten)]
    pub access: AccessArgs,
}

/// Options of tokens and certificates of the two listeners.
#[derive(Args, Clone, Debug, Default)]
pub struct AccessArgs {
    /// File of the tokens that scrapes must show (`Authorization: Bearer …`), one per line; without one,
    /// PORTENT_METRICS_TOKEN.
    #[arg(long, value_name = "FILE")]
    pub metrics_token_file: Option<PathBuf>,
    /// Certificate chain in PEM form: scrapes come by HTTPS. Read again when it changes.
    #[arg(long, value_name = "FILE", requires = "metrics_tls_key")]
    pub metrics_tls_cert: Option<PathBuf>,
    /// Private key of that certificate, in PEM form.
    #[arg(long, value_name = "FILE", requires = "metrics_tls_cert")]
    pub metrics_tls_key: Option<PathBuf>,
    /// File of the tokens that deliveries must show (`Authorization: Bearer …`), one per line; without one,
    /// PORTENT_INGEST_TOKEN.
    #[arg(long, value_name = "FILE")]
    pub ingest_token_file: Option<PathBuf>,
    /// Certificate chain in PEM form: deliveries come by HTTPS. Read again when it changes.
    #[arg(long, value_name = "FILE", requires = "ingest_tls_key")]
    pub ingest_tls_cert: Option<PathBuf>,
    /// Private key of that certificate, in PEM form.
    #[arg(long, value_name = "FILE", requires = "ingest_tls_cert")]
    pub ingest_tls_key: Option<PathBuf>,
    /// Listen also on addresses that other machines reach without asking for a token: whoever reaches --metrics
    /// reads every count, whoever reaches --ingest adds to them. For networks that keep others out.
    #[arg(long)]
    pub allow_unauthenticated: bool,
}

/// Options of `check-config`.
#[derive(Args, Clone, Debug)]
pub struct CheckConfigArgs {
    /// The configuration file.
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
}

/// How long a file is read on after it was renamed away or removed.
const LINGER: Duration = Duration::from_secs(300);

impl AggregatorArgs {
    /// Limits of either listener.
    #[must_use]
    pub fn server_limits(&self) -> ServerLimits {
        ServerLimits {
            connections: self.max_connections as usize,
            header_timeout: Duration::from_secs(self.read_timeout),
            drain: Duration::from_secs(self.drain_timeout),
            ..ServerLimits::default()
        }
    }

    /// Limits of a delivery.
    #[must_use]
    pub fn delivery_limits(&self) -> DeliveryLimits {
        DeliveryLimits {
            body_bytes: self.max_body as usize,
            body_timeout: Duration::from_secs(self.read_timeout),
        }
    }

    /// Options of the state directory.
    #[must_use]
    pub fn state_options(&self) -> portent_journal::Options {
        portent_journal::Options { log_bytes: u64::from(self.state_log) << 20 }
    }

    /// Files to follow; `None` if there are none.
    #[must_use]
    pub fn tail_options(&self) -> Option<TailOptions> {
        (!self.tail.is_empty()).then(|| TailOptions {
            patterns: self.tail.clone(),
            interval: Duration::from_millis(self.tail_interval_ms),
            linger: LINGER,
        })
    }
}

impl AccessArgs {
    /// Files of the metrics listener.
    #[must_use]
    pub fn metrics(&self) -> AccessFiles {
        files(&self.metrics_token_file, &self.metrics_tls_cert, &self.metrics_tls_key)
    }

    /// Files of the ingest listener.
    #[must_use]
    pub fn ingest(&self) -> AccessFiles {
        files(&self.ingest_token_file, &self.ingest_tls_cert, &self.ingest_tls_key)
    }
}

fn files(tokens: &Option<PathBuf>, chain: &Option<PathBuf>, key: &Option<PathBuf>) -> AccessFiles {
    let pair = chain.clone().zip(key.clone());
    AccessFiles {
        tokens: tokens.clone(),
        certificate: pair.map(|(chain, key)| CertificateFiles { chain, key }),
    }
}

impl CheckConfigArgs {
    /// Checks the file and summarises it in one line.
    ///
    /// # Errors
    /// [`ConfigError`] says why the file would be refused.
    pub fn check(&self) -> Result<String, ConfigError> {
        let config = Config::load(&self.file)?;
        let aliases: usize = config.aliases.iter().map(|family| family.members.len()).sum();
        let limits = config.limits;
        Ok(format!(
            "{}: ok: {aliases} aliases, at most {} applications, {} series, \
             gauges expire after {}",
            self.file.display(),
            limits.apps,
            limits.series,
            humantime::format_duration(config.gauge_expiry),
        ))
    }
}

fn app_name(text: &str) -> Result<String, &'static str> {
    if portent_event::is_name(text) {
        Ok(text.to_owned())
    } else {
        Err("not a name of 1 to 64 characters a-z, A-Z, 0-9, '.', '_', '-'")
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;
    use crate::exit::one_line;
    use crate::tests::aggregator_args;

    fn refused(arguments: &[&str]) -> String {
        let arguments = ["host-metrics"].iter().chain(arguments);
        one_line(&Cli::try_parse_from(arguments).unwrap_err())
    }

    #[test]
    fn the_declarations_are_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn errors_are_one_line_and_name_the_option() {
        let line = refused(&["serve", "--metrics", "nowhere"]);
        assert_eq!(line, "invalid value 'nowhere' for '--metrics <ADDRESS>': invalid socket address syntax");
        assert!(refused(&["serve", "--app", "a b"]).contains("--app <NAME>"));
        assert!(refused(&["serve", "--max-body", "0"]).contains("--max-body <BYTES>"));
        assert!(refused(&["serve", "--what"]).contains("--what"));
        assert!(refused(&[]).contains("requires a subcommand"));
        assert!(refused(&["serve", "--tail"]).contains("--tail <PATH|GLOB>"));
    }

    #[test]
    fn defaults_are_those_of_the_design() {
        let args = aggregator_args(&[]);
        assert_eq!(
            (args.metrics.to_string(), args.ingest.to_string()),
            ("127.0.0.1:9464".into(), "127.0.0.1:9465".into())
        );
        assert_eq!(args.models, ["models/*.portent"]);
        assert!(args.tail_options().is_none());
        let cli = Cli::try_parse_from(["host-metrics", "serve", "--log-format", "json"]).unwrap();
        assert_eq!((cli.log.log_format, cli.log.log_level.as_str()), (LogFormat::Json, "info"));
    }
}
