//! A component of the application: compiled once, instantiated as often as needed.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use portent_event::Line;
use wasmtime::component::{self, Linker};
use wasmtime::{Engine, PoolConcurrencyLimitError};
use wasmtime_wasi::{FsPerms, WasiCtx};
use wasmtime_wasi_http::p2::bindings::ProxyPre;

use super::files::Files;
use super::instance::{Grants, Instance, State};
use super::lines::{LineConsumer, Lines};
use super::manifest::{ComponentSpec, ManifestError};
use super::outbound::{self, AllowedHosts, Client, Outbound};
use super::pool::Pool;
use super::spin_variables::{self, ComponentVariables};
use super::variables::Variables;
use super::{EventSink, HostError, Options};
use crate::InFlight;

/// The environment variable that names the application to the component names it to the host too; without it
/// the host's own reports carry the component's id.
const APP_VARIABLE: &str = "PORTENT_APP";

/// A component that is ready to serve.
pub(crate) struct Component {
    /// The `app` label of what the host reports.
    pub(crate) app: Arc<str>,
    /// Requests that have not got their answer yet.
    pub(crate) in_flight: InFlight,
    /// Instances between requests.
    pub(crate) pool: Pool,
    template: ProxyPre<State>,
    environment: Vec<(String, String)>,
    files: Option<Files>,
    variables: ComponentVariables,
    outbound: Outbound,
    output: [LineConsumer; 2],
    memory: usize,
}

/// What all components share.
pub(crate) struct Ground<'a> {
    pub(crate) root: &'a Path,
    pub(crate) engine: &'a Engine,
    pub(crate) linker: &'a Linker<State>,
    pub(crate) client: &'a Client,
    pub(crate) variables: &'a Variables,
    pub(crate) options: &'a Options,
    pub(crate) sink: &'a Arc<dyn EventSink>,
    /// What has been compiled: components of one source differ in what they are granted, not in code.
    pub(crate) templates: RefCell<BTreeMap<PathBuf, ProxyPre<State>>>,
}

/// Everything that a component may import.
pub(crate) fn linker(engine: &Engine) -> wasmtime::Result<Linker<State>> {
    let mut linker = Linker::new(engine);
    wasmtime_wasi::p2::add_to_linker_async(&mut linker)?;
    wasmtime_wasi_http::p2::add_only_http_to_linker_async(&mut linker)?;
    outbound::add_to_linker(&mut linker, State::outgoing)?;
    spin_variables::add_to_linker(&mut linker)?;
    Ok(linker)
}

impl Ground<'_> {
    fn template(&self, source: &Path) -> wasmtime::Result<ProxyPre<State>> {
        if let Some(template) = self.templates.borrow().get(source) {
            return Ok(template.clone());
        }
        let compiled = component::Component::from_file(self.engine, source)?;
        let template = self.linker.instantiate_pre(&compiled).and_then(ProxyPre::new)?;
        self.templates.borrow_mut().insert(source.to_owned(), template.clone());
        Ok(template)
    }
}

impl Component {
    /// Compiles a component, unless another one of the same source was, and prepares what it is granted.
    pub(crate) fn load(id: &str, spec: &ComponentSpec, ground: &Ground<'_>) -> Result<Self, HostError> {
        let template = ground.template(&spec.source);
        let template = template.map_err(|error| HostError::component(id, format!("{error:#}")))?;
        let files = Files::stage(ground.root, &spec.files, &spec.exclude_files)
            .map_err(|error| HostError::component(id, format!("files: {error}")))?;
        let variables = expand_variables(id, spec, ground.variables)?;
        let app = spec.environment.get(APP_VARIABLE).map_or(id, String::as_str);
        if !portent_event::is_name(app) {
            let rule =
                "PORTENT_APP or the component id is not 1 to 64 characters a-z, A-Z, 0-9, '.', '_', '-'";
            return Err(HostError::component(id, rule));
        }
        Ok(Self {
            in_flight: ground.sink.in_flight(app),
            pool: Pool::new(ground.options),
            template,
            environment: spec.environment.clone().into_iter().collect(),
            files,
            outbound: Outbound {
                component: Arc::from(id),
                allowed: Arc::new(allowed_hosts(id, spec, ground.variables)?),
                client: ground.client.clone(),
            },
            output: [stdout(id, ground.sink), stderr(id)],
            memory: ground.options.instance_memory,
            app: Arc::from(app),
            variables: Arc::new(variables),
        })
    }

    /// An instance for one request: one that is idle, or a new one.
    pub(crate) async fn instance(&self) -> wasmtime::Result<Instance> {
        match self.pool.take() {
            Some(instance) => Ok(instance),
            None => self.instantiate().await,
        }
    }

    async fn instantiate(&self) -> wasmtime::Result<Instance> {
        let output = self.output.each_ref().map(|consumer| Lines::new(Arc::clone(consumer)));
        let grants = Grants {
            wasi: self.wasi(&output)?,
            outbound: self.outbound.clone(),
            variables: Arc::clone(&self.variables),
            output,
            memory: self.memory,
        };
        let mut store = State::store(self.template.engine(), grants);
        let proxy = self.template.instantiate_async(&mut store).await?;
        Ok(Instance::new(store, proxy))
    }

    /// No network, no arguments, its own output, its files read-only.
    fn wasi(&self, [stdout, stderr]: &[Lines; 2]) -> wasmtime::Result<WasiCtx> {
        let mut wasi = WasiCtx::builder();
        wasi.stdout(stdout.clone()).stderr(stderr.clone()).envs(&self.environment);
        wasi.allow_tcp(false).allow_udp(false).allow_ip_name_lookup(false);
        // Its files are few, small and local: reading one takes less than handing it to another thread.
        wasi.allow_blocking_current_thread(true);
        if let Some(files) = &self.files {
            wasi.preopened_dir(files.path(), "/", FsPerms::ReadOnly)?;
        }
        Ok(wasi.build())
    }
}

/// Whether instantiation failed for want of room rather than by the component's fault.
pub(crate) fn is_exhausted(error: &wasmtime::Error) -> bool {
    error.is::<PoolConcurrencyLimitError>()
}

fn expand_variables(
    id: &str,
    spec: &ComponentSpec,
    variables: &Variables,
) -> Result<BTreeMap<String, String>, HostError> {
    let expand = |(name, template): (&String, &String)| {
        let key = format!("component.{id}.variables.{name}");
        Ok((name.clone(), variables.expand(&key, template)?))
    };
    spec.variables.iter().map(expand).collect()
}

fn allowed_hosts(id: &str, spec: &ComponentSpec, variables: &Variables) -> Result<AllowedHosts, HostError> {
    let key = format!("component.{id}.allowed_outbound_hosts");
    let expand = |entry: &String| variables.expand(&key, entry);
    let entries = spec.allowed_outbound_hosts.iter().map(expand).collect::<Result<Vec<_>, _>>()?;
    for entry in &entries {
        AllowedHosts::parse([entry.as_str()])
            .map_err(|error| ManifestError::invalid(&key, format!("{entry:?} {error}")))?;
    }
    let invalid = |error| HostError::from(ManifestError::invalid(&key, format!("{error}")));
    AllowedHosts::parse(entries.iter().map(String::as_str)).map_err(invalid)
}

/// Events go to the aggregator, other lines to the log.
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
