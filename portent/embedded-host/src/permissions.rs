//! The permissions that the manifest grants a component. Each of its instances gets the same.

use std::sync::Arc;

use portent_event::Line;
use tempfile::TempDir;
use wasmtime::{Engine, Store};
use wasmtime_wasi::{FsPerms, WasiCtx};
use wasmtime_wasi_http::WasiHttpCtx;

use crate::files;
use crate::load_context::LoadContext;
use crate::manifest::ComponentSpec;
use crate::options::{EventSink, HostError};
use crate::outbound::{AllowedHosts, Outbound};
use crate::scorer::Scoring;
use crate::state::{MemoryLimit, State};
use crate::stdio::{LineConsumer, LineOutput};
use crate::variables::{ComponentVariables, Variables};

/// The permissions of one component.
pub(crate) struct Permissions {
    environment: Vec<(String, String)>,
    files: Option<TempDir>,
    variables: ComponentVariables,
    outbound: Outbound,
    output: [LineConsumer; 2],
    memory: usize,
    has_scorer: bool,
}

impl Permissions {
    /// Copies a component's files, expands its variables and reads its allowed hosts.
    pub(crate) fn new(
        id: &str,
        spec: &ComponentSpec,
        load: &LoadContext<'_>,
        has_scorer: bool,
    ) -> Result<Self, HostError> {
        let key = format!("component.{id}");
        let files = files::stage(&load.manifest.root, &spec.files, &spec.exclude_files);
        let expand = |(name, template): (&String, &String)| {
            let value = load.variables.expand(&format!("{key}.variables.{name}"), template)?;
            Ok((name.clone(), value))
        };
        let variables = spec.variables.iter().map(expand).collect::<Result<_, HostError>>()?;
        Ok(Self {
            environment: spec.environment.clone().into_iter().collect(),
            files: files.map_err(|error| HostError::invalid(&key, format!("files: {error}")))?,
            variables: Arc::new(variables),
            outbound: Outbound {
                component: Arc::from(id),
                allowed: Arc::new(allowed_hosts(&key, spec, load.variables)?),
                client: load.client.clone(),
            },
            output: [stdout(id, &load.context.sink), stderr(id)],
            memory: load.context.options.instance_memory,
            has_scorer,
        })
    }

    /// A store for one instance.
    pub(crate) fn store(&self, engine: &Engine) -> wasmtime::Result<Store<State>> {
        let output = self.output.each_ref().map(|consumer| LineOutput::new(Arc::clone(consumer)));
        let state = State {
            wasi: self.wasi(&output)?,
            http: WasiHttpCtx::new(),
            outbound: self.outbound.clone(),
            table: Default::default(),
            memory: MemoryLimit { used: Arc::default(), limit: self.memory },
            variables: Arc::clone(&self.variables),
            output,
            scoring: self.has_scorer.then(Scoring::default),
        };
        Ok(state.into_store(engine))
    }

    /// No network, no arguments, its own output, its files read-only.
    fn wasi(&self, [stdout, stderr]: &[LineOutput; 2]) -> wasmtime::Result<WasiCtx> {
        let mut wasi = WasiCtx::builder();
        wasi.stdout(stdout.clone()).stderr(stderr.clone()).envs(&self.environment);
        wasi.allow_tcp(false).allow_udp(false).allow_ip_name_lookup(false);
        // Its files are few, small and local: reading one takes less time than passing it to another thread.
        wasi.allow_blocking_current_thread(true);
        if let Some(files) = &self.files {
            wasi.preopened_dir(files.path(), "/", FsPerms::ReadOnly)?;
        }
        Ok(wasi.build())
    }
}

fn allowed_hosts(key: &str, spec: &ComponentSpec, variables: &Variables) -> Result<AllowedHosts, HostError> {
    let key = format!("{key}.allowed_outbound_hosts");
    let mut hosts = AllowedHosts::default();
    for entry in &spec.allowed_outbound_hosts {
        let entry = variables.expand(&key, entry)?;
        hosts.add(&entry).map_err(|rule| HostError::invalid(&key, format!("{entry:?} {rule}")))?;
    }
    Ok(hosts)
}

/// Events go to the sink, other lines to the log.
fn stdout(id: &str, sink: &Arc<dyn EventSink>) -> LineConsumer {
    let (id, sink) = (id.to_owned(), Arc::clone(sink));
    Arc::new(move |line| {
        if Line::is_ours(line) {
            sink.line(line);
        } else if !line.is_empty() {
            tracing::info!(target: "component", component = id, "{}", String::from_utf8_lossy(line));
        }
    })
}

fn stderr(id: &str) -> LineConsumer {
    let id = id.to_owned();
    Arc::new(move |line| {
        if !line.is_empty() {
            tracing::warn!(target: "component", component = id, "{}", String::from_utf8_lossy(line));
        }
    })
}
