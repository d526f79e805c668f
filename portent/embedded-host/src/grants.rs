//! What the manifest grants a component: each of its instances gets the same.

use std::collections::BTreeMap;
use std::sync::Arc;

use portent_event::Line;
use wasmtime_wasi::{FsPerms, WasiCtx};

use super::files::Files;
use super::instance::Grants;
use super::lines::{LineConsumer, Lines};
use super::manifest::{ComponentSpec, ManifestError};
use super::outbound::{AllowedHosts, Client, Outbound};
use super::spin_variables::ComponentVariables;
use super::variables::Variables;
use super::{EventSink, HostError};

/// What the instances of one component are made with.
pub(crate) struct Granted {
    environment: Vec<(String, String)>,
    files: Option<Files>,
    variables: ComponentVariables,
    outbound: Outbound,
    output: [LineConsumer; 2],
    memory: usize,
    has_scorer: bool,
}

/// What the grants of all components are made of.
pub(crate) struct Means<'a> {
    pub(crate) root: &'a std::path::Path,
    pub(crate) client: &'a Client,
    pub(crate) variables: &'a Variables,
    pub(crate) sink: &'a Arc<dyn EventSink>,
    pub(crate) memory: usize,
}

impl Granted {
    /// Prepares what a component is granted: stages its files, expands its variables, reads its allowed hosts.
    pub(crate) fn new(
        id: &str,
        spec: &ComponentSpec,
        means: &Means<'_>,
        has_scorer: bool,
    ) -> Result<Self, HostError> {
        let files = Files::stage(means.root, &spec.files, &spec.exclude_files)
            .map_err(|error| HostError::component(id, format!("files: {error}")))?;
        Ok(Self {
            environment: spec.environment.clone().into_iter().collect(),
            files,
            variables: Arc::new(expand_variables(id, spec, means.variables)?),
            outbound: Outbound {
                component: Arc::from(id),
                allowed: Arc::new(allowed_hosts(id, spec, means.variables)?),
                client: means.client.clone(),
            },
            output: [stdout(id, means.sink), stderr(id)],
            memory: means.memory,
            has_scorer,
        })
    }

    /// The grants of one instance.
    pub(crate) fn grants(&self) -> wasmtime::Result<Grants> {
        let output = self.output.each_ref().map(|consumer| Lines::new(Arc::clone(consumer)));
        Ok(Grants {
            wasi: self.wasi(&output)?,
            outbound: self.outbound.clone(),
            variables: Arc::clone(&self.variables),
            output,
            memory: self.memory,
            has_scorer: self.has_scorer,
        })
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
