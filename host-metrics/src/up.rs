//! The aggregator and the embedded host on one process.

use std::env;
use std::io::{self, Write};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use anyhow::Context as _;
use portent_embedded_host::{EventSink, Failure, Host, HostError, Options};
use portent_event::{DropReason, DropReport, Durations, Event};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::cli::UpArgs;
use crate::models::ModelCard;
use crate::server::{ServerLimits, serve};
use crate::start::{StartError, listen, shutdown_on_signal, start_aggregator};
use crate::{Aggregator, Way, clock};

/// Stands for the request id in events of the host itself, which has none.
const REQUEST_ID: &str = "host";

/// Serves the application and counts its events until SIGTERM or Ctrl-C.
///
/// # Errors
/// [`StartError`] if the options or the manifest cannot be meant or an address is taken.
pub async fn run(args: UpArgs) -> anyhow::Result<()> {
    let shutdown = shutdown_on_signal()?;
    let (listener, address) = listen(args.listen, "--listen").await?;
    // The aggregator goes last: it counts what the components still have to say.
    let aggregator_shutdown = CancellationToken::new();
    let running = start_aggregator(&args.aggregator, aggregator_shutdown.clone()).await?;
    let host = load(&args, &running.aggregator).await?;
    learn(&host, &running.aggregator).await;
    announce(address, &mut io::stdout());
    running.announce(&mut io::stdout());
    let counting = tokio::spawn({
        let aggregator = running.aggregator.clone();
        async move { aggregator.keep_counting().await }
    });
    serve_host(&host, listener, args.aggregator.server_limits(), shutdown).await;
    counting.abort();
    aggregator_shutdown.cancel();
    Ok(running.finished().await?)
}

/// Answers until the shutdown, then waits for requests in flight and for components still at work.
async fn serve_host(host: &Host, listener: TcpListener, limits: ServerLimits, shutdown: CancellationToken) {
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
    serve(listener, limits, shutdown, handler).await;
    host.drain(limits.drain).await;
    sweeper.abort();
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
        let card = ModelCard::of_profile(&profile).map_err(|error| error.to_string());
        let card = card.map(|card| ModelCard { app: app.to_string(), ..card });
        let learnt = card.and_then(|card| aggregator.learn(card).map_err(|error| error.to_string()));
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
        self.0.gather_line(line);
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

#[cfg(test)]
mod tests;
