//! The log on stderr.

use tracing_subscriber::EnvFilter;

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
    let filter = EnvFilter::builder().parse(&args.log_level).map_err(InvalidLevel)?;
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    // Fails only where a log is already running, as in tests.
    match args.log_format {
        LogFormat::Text => log.with_ansi(false).try_init(),
        LogFormat::Json => log.json().flatten_event(true).try_init(),
    }
    .ok();
    Ok(())
}
