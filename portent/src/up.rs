//! `portent up`: the embedded host and the aggregator in one process.

use std::env;
use std::io::{self, Write};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use anyhow::Context as _;
use clap::Args;
use host_metrics::Aggregator;
use host_metrics::cli::AggregatorArgs;
use host_metrics::start::{StartError, listen, shutdown_on_signal, start_aggregator};
use portent_counts::{ModelMetadata, Way, clock};
use portent_embedded_host::{EventSink, Failure, Host, HostError, Options};
use portent_event::{DropReason, DropReport, Durations, Event};
use portent_server::{Access, ServerLimits, serve};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::examples;

/// Stands for the request id in events of the host itself, which has none.
const REQUEST_ID: &str = "host";

/// Longest time that an option takes; timers need an end.
const LONGEST: Duration = Duration::from_secs(24 * 60 * 60);

/// Options of the embedded host, beside those of the aggregator.
#[derive(Args, Clone, Debug)]
pub(crate) struct UpArgs {
    /// Options of the aggregator.
    #[command(flatten)]
    aggregator: AggregatorArgs,
    /// Address that the application answers on; port 0 takes any free one.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:3000")]
    listen: SocketAddr,
    /// Manifest of the application.
    #[arg(short = 'f', long, value_name = "FILE", default_value = "spin.toml")]
    from: PathBuf,
    /// Value of an application variable; repeatable, and stronger than SPIN_VARIABLE_*.
    #[arg(long, value_name = "NAME=VALUE", value_parser = name_and_value)]
    variable: Vec<(String, String)>,
    /// Requests that one instance serves; 1 is a fresh sandbox for each.
    #[arg(long, value_name = "NUMBER", default_value_t = 128, value_parser = clap::value_parser!(u32).range(1..))]
    max_instance_reuse_count: u32,
    /// Requests that one instance of a WASI 0.3 component serves at once; one of WASI 0.2 serves one.
    #[arg(long, value_name = "NUMBER", default_value_t = 16, value_parser = clap::value_parser!(u32).range(1..))]
    max_instance_concurrent_reuse_count: u32,
    /// How long an instance is kept without a request, such as 500ms or 5m.
    #[arg(long, value_name = "DURATION", default_value = "1s", value_parser = duration)]
    idle_instance_timeout: Duration,
    /// Requests that run at once.
    #[arg(long, value_name = "NUMBER", default_value_t = 64, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    max_concurrency: u32,
    /// Requests that wait for their turn; more are answered 503.
    #[arg(long, value_name = "NUMBER", default_value_t = 512, value_parser = clap::value_parser!(u32).range(0..=1_000_000))]
    queue: u32,
    /// Time for a request, from its head to the end of its answer, in seconds.
    #[arg(long, value_name = "SECONDS", default_value_t = 30, value_parser = clap::value_parser!(u64).range(1..=3600))]
    request_timeout: u64,
    /// Memory of one instance, in MiB; a batch of 100,000 rows takes about 60.
    #[arg(long, value_name = "MIB", default_value_t = 256, value_parser = clap::value_parser!(u32).range(64..=4096))]
    max_memory: u32,
    /// Directory of the compiled-code cache; by default the user's cache directory.
    #[arg(long, value_name = "DIR")]
    cache_dir: Option<PathBuf>,
}

/// Serves the application and counts its events until SIGTERM or Ctrl-C.
///
/// # Errors
/// [`StartError`] if the options or the manifest cannot be meant or an address is taken.
pub(crate) async fn run(args: UpArgs) -> anyhow::Result<()> {
    let shutdown = shutdown_on_signal()?;
    let (listener, address) = listen(args.listen, "--listen").await?;
    // The aggregator goes last: it counts what the components still have to say.
    let aggregator_shutdown = CancellationToken::new();
    let running = start_aggregator(&args.aggregator, aggregator_shutdown.clone()).await?;
    let host = load(&args, &running.aggregator).await?;
    learn(&host, &running.aggregator).await;
    announce(address, &mut io::stdout());
    running.announce(&mut io::stdout());
    let lines = examples::try_lines(address, &host.applications(), &args.aggregator.models);
    // Nobody may be reading: the host serves all the same.
    io::stdout().write_all(lines.as_bytes()).ok();
    let counting = tokio::spawn({
        let aggregator = running.aggregator.clone();
        async move { aggregator.keep_counting().await }
    });
    let access = Arc::clone(running.access.application.get_or_init(Arc::default));
    serve_host(&host, listener, access, args.aggregator.server_limits(), shutdown).await;
    counting.abort();
    aggregator_shutdown.cancel();
    Ok(running.finished().await?)
}

/// Answers until the shutdown, then waits for requests in flight and for components still at work.
async fn serve_host(
    host: &Host,
    listener: TcpListener,
    access: Arc<Access>,
    limits: ServerLimits,
    shutdown: CancellationToken,
) {
    let sweeper = tokio::spawn({
        let host = host.clone();
        async move { host.sweep().await }
    });
    let handler = {
        let host = host.clone();
        move |request| {
            let host = host.clone();
            async move { host.handle(request).await }
        }
    };
    let limits = ServerLimits { is_health, ..limits };
    serve(listener, access, limits, shutdown, handler).await;
    host.drain(limits.drain).await;
    sweeper.abort();
}

/// Whether a path is a health check of a component, wherever its route begins, or of the host itself.
fn is_health(path: &str) -> bool {
    ["/health/live", "/health/ready", "/.well-known/spin/health"].iter().any(|health| path.ends_with(health))
}

/// Compiles the components on a thread of its own.
async fn load(args: &UpArgs, aggregator: &Aggregator) -> anyhow::Result<Host> {
    let (from, options) = (args.from.clone(), options(args));
    let sink: Arc<dyn EventSink> = Arc::new(Sink(aggregator.clone()));
    let loading = move || Host::load(&from, options, |name| env::var(name).ok(), sink);
    let host = tokio::task::spawn_blocking(loading).await.context("loading the application")?;
    host.map_err(|error| match error {
        HostError::Engine(_) => anyhow::Error::from(error),
        HostError::Application(text) => anyhow::Error::from(StartError::Usage(text)),
    })
}

/// Tells the aggregator of the models of composed components, which no file describes.
async fn learn(host: &Host, aggregator: &Aggregator) {
    for (app, profile) in host.profiles().await {
        let model = ModelMetadata::of_profile(&profile).map_err(|error| error.to_string());
        let model = model.map(|model| ModelMetadata { app: app.to_string(), ..model });
        let learnt = model.and_then(|model| aggregator.learn(model).map_err(|error| error.to_string()));
        if let Err(error) = learnt {
            tracing::warn!(error, "the model of a scorer is not known by name");
        }
    }
}

fn options(args: &UpArgs) -> Options {
    Options {
        variables: args.variable.clone(),
        cache_dir: args.cache_dir.clone(),
        instance_memory: (args.max_memory as usize) << 20,
        request_timeout: Duration::from_secs(args.request_timeout),
        concurrency: args.max_concurrency as usize,
        queue: args.queue as usize,
        instance_reuse: args.max_instance_reuse_count,
        instance_concurrent_reuse: args.max_instance_concurrent_reuse_count,
        idle_instance_timeout: args.idle_instance_timeout,
        ..Options::default()
    }
}

fn announce(address: SocketAddr, out: &mut dyn Write) {
    // Nobody may be reading: the host serves all the same.
    writeln!(out, "serving http://{address}").and_then(|()| out.flush()).ok();
}

/// Counts what the host reports.
struct Sink(Aggregator);

impl EventSink for Sink {
    fn line(&self, line: &[u8]) {
        self.0.batch_line(line);
    }

    fn failed(&self, failure: &Failure<'_>) {
        if failure.reported {
            return self.0.apply_error(failure.app, failure.route, failure.error);
        }
        let event = Event {
            time: clock::format(clock::now()).into(),
            app: failure.app.into(),
            request_id: REQUEST_ID.into(),
            method: failure.method,
            route: failure.route,
            status: failure.status,
            error: Some(failure.error),
            durations: Durations {
                total: u64::try_from(failure.duration.as_nanos()).unwrap_or(u64::MAX),
                ..Durations::default()
            },
            predictions: Vec::new(),
            truncated: false,
        };
        self.0.apply_event(Way::Host, &event);
    }

    fn dropped(&self, app: &str, reason: DropReason) {
        let mut line = Vec::new();
        DropReport { app: app.into(), count: 1, reason }.encode(&mut line);
        self.0.apply_line(Way::Host, line.trim_ascii_end());
    }

    fn in_flight(&self, app: &str) -> Arc<AtomicU64> {
        self.0.in_flight(app)
    }
}

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

#[cfg(test)]
mod tests;
