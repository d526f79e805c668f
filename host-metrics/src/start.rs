//! Starting the aggregator, and ending it.

mod error;

pub use error::StartError;

use std::env;
use std::io::{self, Write};
use std::net::SocketAddr;
use std::sync::Arc;

use portent_server::{ServerLimits, serve, watch_certificates};
use tokio::net::TcpListener;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::Aggregator;
use crate::access::ListenerAccess;
use crate::cli::AggregatorArgs;
use crate::clock;
use crate::config::Config;
use crate::ingest::{http, tail};
use crate::models::ModelLibrary;
use crate::readiness::Readiness;
use crate::reload::{Reload, Reloaded};
use crate::scrape::{self, HEALTH_PATHS, Scrape};

/// An aggregator with its listeners and followed files, until the shutdown it was started with.
#[derive(Debug)]
pub struct RunningAggregator {
    /// Who may use the listeners; can be read again.
    pub access: Arc<ListenerAccess>,
    /// The counts.
    pub aggregator: Aggregator,
    /// Where scrapes are answered.
    pub metrics_addr: SocketAddr,
    /// Where events are received.
    pub ingest_addr: SocketAddr,
    tasks: TaskTracker,
}

/// Runs the aggregator until SIGTERM or Ctrl-C.
///
/// # Errors
/// [`StartError`] if it cannot start.
pub async fn run(args: &AggregatorArgs) -> Result<(), StartError> {
    let shutdown = shutdown_on_signal()?;
    let running = start_aggregator(args, shutdown).await?;
    running.announce(&mut io::stdout());
    running.finished().await
}

/// A token that SIGTERM or Ctrl-C cancels.
///
/// # Errors
/// [`StartError::Signals`] if the system does not allow to wait for them.
pub fn shutdown_on_signal() -> Result<CancellationToken, StartError> {
    let mut terminate = signal(SignalKind::terminate()).map_err(StartError::Signals)?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(StartError::Signals)?;
    let shutdown = CancellationToken::new();
    let token = shutdown.clone();
    tokio::spawn(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        tracing::info!("shutting down");
        token.cancel();
    });
    Ok(shutdown)
}

/// Reads the models, opens the listeners and begins to follow files. All of that ends some time after
/// `shutdown`: see [`RunningAggregator::finished`].
///
/// # Errors
/// [`StartError`] for the first thing that does not work; then nothing runs.
pub async fn start_aggregator(
    args: &AggregatorArgs,
    shutdown: CancellationToken,
) -> Result<RunningAggregator, StartError> {
    for pattern in &args.tail {
        glob::Pattern::new(pattern)
            .map_err(|error| StartError::Usage(format!("--tail {pattern}: {}", error.msg)))?;
    }
    // From here on the signal no longer ends the process, however long the state directory takes to read.
    let hangups = signal(SignalKind::hangup()).map_err(StartError::Signals)?;
    let access = Arc::new(ListenerAccess::open(args, |name| env::var_os(name))?);
    let config = args.config.as_deref().map(Config::load).transpose()?.unwrap_or_default();
    let (metrics, metrics_addr) = listen(args.metrics, "--metrics").await?;
    let (ingest, ingest_addr) = listen(args.ingest, "--ingest").await?;
    let reload = Reload::new(args.config.clone(), Arc::clone(&access));
    let scrape = Arc::new(Scrape::new(Readiness::new(shutdown.clone()), Arc::clone(&access), reload));
    let tasks = TaskTracker::new();
    // Probes are answered while the state directory is read. If that fails, they end with everything else.
    let on_failure = shutdown.clone().drop_guard();
    let limits = listener_limits(args);
    let (guard, shown) = (Arc::clone(&access.metrics), Arc::clone(&scrape));
    tasks.spawn(serve(metrics, guard, limits, shutdown.clone(), move |request| {
        scrape::handle(Arc::clone(&shown), request)
    }));
    let aggregator = open(args, config).await?;
    if args.config.is_some() {
        aggregator.set_reloaded(Reloaded { is_ok: true, time: clock::now() });
    }
    on_failure.disarm();
    scrape.aggregator.set(aggregator.clone()).ok();
    let running = RunningAggregator { access, aggregator, metrics_addr, ingest_addr, tasks };
    running.spawn(args, ingest, &scrape, hangups, shutdown);
    Ok(running)
}

/// Reads the models and the state directory on a thread of its own.
async fn open(args: &AggregatorArgs, config: Config) -> Result<Aggregator, StartError> {
    let args = args.clone();
    let opening = tokio::task::spawn_blocking(move || {
        let library = ModelLibrary::open(args.models.clone()).map_err(StartError::Models)?;
        match &args.state {
            Some(directory) => {
                let opened = Aggregator::open(library, &args.app, config, directory, args.state_options())?;
                tracing::info!(directory = %directory.display(), "counts are kept");
                Ok(opened)
            }
            None => {
                tracing::info!("counts are kept in memory only (no --state): a restart begins at zero");
                Ok(Aggregator::new(library, &args.app, config))
            }
        }
    });
    opening.await.unwrap_or_else(|panic| Err(StartError::Panicked(panic)))
}

impl RunningAggregator {
    /// Writes where to find the aggregator, a line for each listener.
    pub fn announce(&self, out: &mut dyn Write) {
        let lines = format!(
            "metrics {}://{}/metrics\ningest {}://{}/v1/events\n",
            self.access.metrics.scheme(),
            self.metrics_addr,
            self.access.ingest.scheme(),
            self.ingest_addr
        );
        // Nobody may be reading: the aggregator counts all the same.
        out.write_all(lines.as_bytes()).and_then(|()| out.flush()).ok();
    }

    /// Waits until requests in flight are answered, the followed files are read to their end and everything
    /// counted is kept, which begins with the shutdown.
    ///
    /// # Errors
    /// [`StartError::NotKept`] if something that was counted is not kept.
    pub async fn finished(self) -> Result<(), StartError> {
        self.tasks.wait().await;
        let closing = tokio::task::spawn_blocking(move || self.aggregator.close());
        closing.await.map_err(StartError::Panicked)?.map_err(StartError::NotKept)
    }

    fn spawn(
        &self,
        args: &AggregatorArgs,
        ingest: TcpListener,
        scrape: &Arc<Scrape>,
        hangups: Signal,
        shutdown: CancellationToken,
    ) {
        let (limits, delivery_limits) = (listener_limits(args), args.delivery_limits());
        let (aggregator, access) = (self.aggregator.clone(), Arc::clone(&self.access.ingest));
        self.tasks.spawn(serve(ingest, Arc::clone(&access), limits, shutdown.clone(), move |request| {
            let (aggregator, access) = (aggregator.clone(), Arc::clone(&access));
            async move { http::handle(aggregator, &access, delivery_limits, request).await }
        }));
        let listeners = vec![Arc::clone(&self.access.metrics), Arc::clone(&self.access.ingest)];
        self.tasks.spawn(watch_certificates(listeners, shutdown.clone()));
        let aggregator = self.aggregator.clone();
        let snapshots =
            shutdown.clone().run_until_cancelled_owned(async move { aggregator.keep_snapshots().await });
        self.tasks.spawn(snapshots);
        let (reloading, aggregator) = (Arc::clone(scrape), self.aggregator.clone());
        let reloads = reload_on_signal(hangups, reloading, aggregator);
        self.tasks.spawn(shutdown.clone().run_until_cancelled_owned(reloads));
        let readiness = scrape.readiness.clone();
        if let Some(options) = args.tail_options() {
            let following = tail::follow(options, self.aggregator.clone(), readiness, shutdown.clone());
            self.tasks.spawn(async move {
                if let Err(panic) = following.await {
                    tracing::error!(%panic, "files are not followed any more: shutting down");
                    shutdown.cancel();
                }
            });
        } else {
            readiness.set_started();
        }
        self.tasks.close();
    }
}

/// Limits of the metrics and the ingest listener.
fn listener_limits(args: &AggregatorArgs) -> ServerLimits {
    let is_health = |path: &str| HEALTH_PATHS.contains(&path);
    ServerLimits { half_close: true, is_health, ..args.server_limits() }
}

/// Reads the configuration again at every SIGHUP.
async fn reload_on_signal(mut hangups: Signal, scrape: Arc<Scrape>, aggregator: Aggregator) {
    while hangups.recv().await.is_some() {
        let (scrape, aggregator) = (Arc::clone(&scrape), aggregator.clone());
        // What is wrong is logged and counted there.
        tokio::task::spawn_blocking(move || scrape.reload.reload(&aggregator).ok()).await.ok();
    }
}

/// Opens a listener; its address says which port was taken for port 0.
pub(crate) async fn listen(
    address: SocketAddr,
    option: &'static str,
) -> Result<(TcpListener, SocketAddr), StartError> {
    let failed = |error| StartError::Listen { address, option, error };
    let listener = TcpListener::bind(address).await.map_err(failed)?;
    let bound = listener.local_addr().map_err(failed)?;
    Ok((listener, bound))
}
