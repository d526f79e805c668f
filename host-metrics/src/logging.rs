//! The log on stderr.

use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{Layer as _, fmt, registry};

use crate::cli::{LogArgs, LogFormat};

/// The log level is not a level or list of directives.
#[derive(Debug, thiserror::Error)]
#[error("--log-level: {0}")]
pub struct InvalidLevel(tracing_subscriber::filter::ParseError);

/// Starts logging. The first call of a process decides.
///
/// # Errors
/// [`InvalidLevel`] if the level cannot be read.
pub fn init(args: &LogArgs) -> Result<(), InvalidLevel> {
    let targets: Targets = args.log_level.parse().map_err(InvalidLevel)?;
    let log = fmt::layer().with_writer(std::io::stderr);
    let log = match args.log_format {
        LogFormat::Text => log.with_ansi(false).boxed(),
        LogFormat::Json => log.json().flatten_event(true).boxed(),
    };
    // Fails only if a log is already running, as in tests.
    registry().with(log.with_filter(targets)).try_init().ok();
    Ok(())
}
