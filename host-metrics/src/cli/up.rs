//! Options of `up`.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use super::AggregatorArgs;

/// Options of the embedded host, beside those of the aggregator.
#[derive(Args, Clone, Debug)]
pub struct UpArgs {
    /// Options of the aggregator.
    #[command(flatten)]
    pub aggregator: AggregatorArgs,
    /// Address that the application answers on; port 0 takes any free one.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:3000")]
    pub listen: SocketAddr,
    /// Manifest of the application.
    #[arg(short = 'f', long, value_name = "FILE", default_value = "spin.toml")]
    pub from: PathBuf,
    /// Value of an application variable; repeatable, and stronger than SPIN_VARIABLE_*.
    #[arg(long, value_name = "NAME=VALUE", value_parser = name_and_value)]
    pub variable: Vec<(String, String)>,
    /// Requests that one instance serves; 1 is a fresh sandbox for each.
    #[arg(long, value_name = "NUMBER", default_value_t = 128, value_parser = clap::value_parser!(u32).range(1..))]
    pub max_instance_reuse_count: u32,
    /// Requests that one instance of a WASI 0.3 component serves at once; one of WASI 0.2 serves one.
    #[arg(long, value_name = "NUMBER", default_value_t = 16, value_parser = clap::value_parser!(u32).range(1..))]
    pub max_instance_concurrent_reuse_count: u32,
    /// How long an instance is kept without a request, such as 500ms or 5m.
    #[arg(long, value_name = "DURATION", default_value = "1s", value_parser = duration)]
    pub idle_instance_timeout: Duration,
    /// Requests that run at once.
    #[arg(long, value_name = "NUMBER", default_value_t = 64, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub max_concurrency: u32,
    /// Requests that wait for their turn; more are answered 503.
    #[arg(long, value_name = "NUMBER", default_value_t = 512, value_parser = clap::value_parser!(u32).range(0..=1_000_000))]
    pub queue: u32,
    /// Time for a request, from its head to the end of its answer, in seconds.
    #[arg(long, value_name = "SECONDS", default_value_t = 30, value_parser = clap::value_parser!(u64).range(1..=3600))]
    pub request_timeout: u64,
    /// Memory of one instance, in MiB; a batch of 100,000 rows takes about 60.
    #[arg(long, value_name = "MIB", default_value_t = 256, value_parser = clap::value_parser!(u32).range(64..=4096))]
    pub max_memory: u32,
    /// Directory of the compiled-code cache; by default the user's cache directory.
    #[arg(long, value_name = "DIR")]
    pub cache_dir: Option<PathBuf>,
}

/// Longest time that an option takes; timers need an end.
const LONGEST: Duration = Duration::from_secs(24 * 60 * 60);

fn duration(text: &str) -> Result<Duration, &'static str> {
    let duration = humantime::parse_duration(text).map_err(|_| "not a duration such as 500ms, 1s or 5m")?;
    if duration <= LONGEST { Ok(duration) } else { Err("longer than a day") }
}

fn name_and_value(text: &str) -> Result<(String, String), &'static str> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err("not NAME=VALUE"),
    }
}
