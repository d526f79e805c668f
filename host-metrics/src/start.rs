//! Starting the aggregator, and ending it.

use std::env;
use std::io::{self, Write};
use std::net::SocketAddr;
use std::sync::Arc;

use portent_counts::clock;
use portent_counts::models::{ModelStore, ModelStoreError};
use portent_exposition::config::{Config, ConfigError};
use portent_exposition::snapshot::Reloaded;
use portent_journal::{JournalError, StorageFailed};
use portent_server::{AccessError, ServerLimits, serve, watch_certificates};
use tokio::net::TcpListener;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::oneshot;
use tokio::task::JoinError;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::access::ListenerAccess;
use crate::admin::{self, Admin, HEALTH_PATHS};
use crate::aggregator::Aggregator;
use crate::cli::AggregatorArgs;
use crate::ingest::{http, tail};

/// An aggregator with its listeners and followed files, until the shutdown it was started with.
#[derive(Debug)]
pub struct RunningAggregator {
    /// Who may use the listeners; can be read again.
    pub access: Arc<ListenerAccess>,
    /// The counts.
    pub aggregator: Aggregator,
    /// Address for scrapes.
    pub metrics_addr: SocketAddr,
    /// Address for events.
    pub ingest_addr: SocketAddr,
    tasks: TaskTracker,
}

/// Why the aggregator does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// Options that cannot be meant.
    #[error("{0}")]
    Usage(String),
    /// The artefacts cannot be read.
    #[error(transparent)]
    Models(ModelStoreError),
    /// Tokens or certificates cannot be used.
    #[error(transparent)]
    Access(AccessError),
    /// An address cannot be listened on.
    #[error("cannot listen on {address} ({option}): {}", reason(error))]
    Listen {
        /// The address.
        address: SocketAddr,
        /// The option that names it.
        option: &'static str,
        /// Why.
        error: io::Error,
    },
    /// The configuration file is wrong.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The state directory cannot be used.
    #[error(transparent)]
    State(#[from] JournalError),
    /// The last counts are not durable.
    #[error("the last counts are not kept: {0}")]
    NotKept(StorageFailed),
    /// A thread panicked.
    #[error("a thread ended early: {0}")]
    Panicked(JoinError),
    /// The signals that end the program cannot be waited for.
    #[error("cannot wait for signals: {0}")]
    Signals(io::Error),
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
    let admin = Arc::new(Admin::new(Arc::clone(&access), args.config.clone(), shutdown.clone()));
    let tasks = TaskTracker::new();
    // Probes are answered while the state directory is read. If that fails, they end with everything else.
    let on_failure = shutdown.clone().drop_guard();
    let limits = listener_limits(args);
    let (guard, shown) = (Arc::clone(&access.metrics), Arc::clone(&admin));
    tasks.spawn(serve(metrics, guard, limits, shutdown.clone(), move |request| {
        admin::handle(Arc::clone(&shown), request)
    }));
    let aggregator = open(args, config).await?;
    if args.config.is_some() {
        aggregator.set_reloaded(Reloaded { is_ok: true, time: clock::now() });
    }
    on_failure.disarm();
    admin.show(&aggregator);
    let running = RunningAggregator { access, aggregator, metrics_addr, ingest_addr, tasks };
    running.spawn(args, ingest, &admin, hangups, shutdown);
    Ok(running)
}

/// Reads the models and the state directory on a thread of its own.
async fn open(args: &AggregatorArgs, config: Config) -> Result<Aggregator, StartError> {
    let args = args.clone();
    let opening = tokio::task::spawn_blocking(move || {
        let store = ModelStore::open(args.models.clone()).map_err(StartError::Models)?;
        match &args.state {
            Some(directory) => {
                let opened = Aggregator::open(store, &args.app, config, directory, args.state_options())?;
                tracing::info!(directory = %directory.display(), "counts are kept");
                Ok(opened)
            }
            None => {
                tracing::info!("counts are kept in memory only (no --state): a restart begins at zero");
                Ok(Aggregator::new(store, &args.app, config))
            }
        }
    });
    opening.await.unwrap_or_else(|panic| Err(StartError::Panicked(panic)))
}

impl RunningAggregator {
    /// Writes the URLs of the aggregator, one line per listener.
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

    /// After a shutdown, waits until requests in flight are answered, the followed files are read to their end and all
    /// counts are durable.
    ///
    /// # Errors
    /// [`StartError::NotKept`] if some counts are not durable.
    pub async fn finished(self) -> Result<(), StartError> {
        self.tasks.wait().await;
        let closing = tokio::task::spawn_blocking(move || self.aggregator.close());
        closing.await.map_err(StartError::Panicked)?.map_err(StartError::NotKept)
    }

    fn spawn(
        &self,
        args: &AggregatorArgs,
        ingest: TcpListener,
        admin: &Arc<Admin>,
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
        let checkpoints = async move { aggregator.keep_checkpoints().await };
        self.tasks.spawn(shutdown.clone().run_until_cancelled_owned(checkpoints));
        let reloads = reload_on_signal(hangups, Arc::clone(admin));
        self.tasks.spawn(shutdown.clone().run_until_cancelled_owned(reloads));
        let Some(options) = args.tail_options() else {
            admin.set_caught_up();
            self.tasks.close();
            return;
        };
        let (caught_up, is_caught_up) = oneshot::channel();
        let following = tail::follow(options, self.aggregator.clone(), caught_up, shutdown.clone());
        self.tasks.spawn(async move {
            if let Err(panic) = following.await {
                tracing::error!(%panic, "files are not followed any more: shutting down");
                shutdown.cancel();
            }
        });
        let admin = Arc::clone(admin);
        self.tasks.spawn(async move {
            if is_caught_up.await.is_ok() {
                admin.set_caught_up();
            }
        });
        self.tasks.close();
    }
}

/// Limits of the metrics and the ingest listener.
fn listener_limits(args: &AggregatorArgs) -> ServerLimits {
    let is_health = |path: &str| HEALTH_PATHS.contains(&path);
    ServerLimits { half_close: true, is_health, ..args.server_limits() }
}

/// Reads the configuration again at every SIGHUP.
async fn reload_on_signal(mut hangups: Signal, admin: Arc<Admin>) {
    while hangups.recv().await.is_some() {
        let admin = Arc::clone(&admin);
        // Errors are logged and counted there.
        tokio::task::spawn_blocking(move || admin.reload().ok()).await.ok();
    }
}

/// Opens a listener; its address says which port was taken for port 0.
///
/// # Errors
/// [`StartError::Listen`] if the address cannot be listened on.
pub async fn listen(
    address: SocketAddr,
    option: &'static str,
) -> Result<(TcpListener, SocketAddr), StartError> {
    let failed = |error| StartError::Listen { address, option, error };
    let listener = TcpListener::bind(address).await.map_err(failed)?;
    let bound = listener.local_addr().map_err(failed)?;
    Ok((listener, bound))
}

impl StartError {
    /// Whether the options are at fault, and not the machine or the files.
    #[must_use]
    pub fn is_usage(&self) -> bool {
        matches!(self, Self::Usage(_) | Self::Config(_) | Self::Models(ModelStoreError::Pattern { .. }))
    }
}

impl From<AccessError> for StartError {
    fn from(error: AccessError) -> Self {
        if error.is_usage() { Self::Usage(error.to_string()) } else { Self::Access(error) }
    }
}

/// The reason in words, without the number that the system has for it.
fn reason(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::AddrInUse => "the port is in use".to_owned(),
        _ => error.to_string(),
    }
}
