//! A component of the application: compiled once, instantiated as often as needed.

use std::cell::{OnceCell, RefCell};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use portent_compose::{Dependency, DependencyName};
use wasmtime::component::{self, Linker};
use wasmtime::{Engine, PoolConcurrencyLimitError};
use wasmtime_wasi_http::p2::bindings::ProxyPre;
use wasmtime_wasi_http::p3::bindings::ServicePre;

use super::engine;
use super::grants::{Granted, Means};
use super::instance::{Instance, State};
use super::kind::{Kind, has_scorer};
use super::manifest::{ComponentSpec, DependencySpec};
use super::outbound;
use super::p3::{self, Handler};
use super::pool::Pool;
use super::spin_variables;
use super::{AfterAnswer, HostError, Options};
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
    /// It is composed with one that scores.
    pub(crate) has_scorer: bool,
    pub(crate) code: Code,
}

/// What makes instances of a component and gives them requests.
pub(crate) enum Code {
    P2(Box<P2>),
    P3(Handler),
}

/// A WASI 0.2 component: an instance has one request at a time, and is idle between requests.
pub(crate) struct P2 {
    pub(crate) pool: Pool,
    template: ProxyPre<State>,
    granted: Granted,
}

/// A compiled component with its imports.
#[derive(Clone)]
enum Template {
    P2(ProxyPre<State>),
    P3(ServicePre<State>),
}

/// What all components share.
pub(crate) struct Ground<'a> {
    pub(crate) means: Means<'a>,
    pub(crate) options: &'a Options,
    pub(crate) after: &'a Arc<AfterAnswer>,
    /// Number of components that the manifest names.
    pub(crate) components: usize,
    /// Each kind has an engine of its own, with its imports, made when the first component of the kind is.
    pub(crate) linkers: [OnceCell<Linker<State>>; 2],
    /// What has been compiled: components of one source differ in what they are granted, not in code.
    pub(crate) templates: RefCell<BTreeMap<Sources, Compiled>>,
}

/// The files that a component is composed of.
pub(crate) type Sources = (PathBuf, Vec<DependencySpec>);

/// A template that others of the same source may use.
#[derive(Clone)]
pub(crate) struct Compiled {
    template: Template,
    has_scorer: bool,
}

/// Everything that a component may import. Those of WASI 0.3 may import what those of 0.2 may: Rust's standard
/// library does.
fn linker(engine: &Engine, kind: Kind) -> wasmtime::Result<Linker<State>> {
    let mut linker = Linker::new(engine);
    wasmtime_wasi::p2::add_to_linker_async(&mut linker)?;
    wasmtime_wasi_http::p2::add_only_http_to_linker_async(&mut linker)?;
    outbound::add_to_linker(&mut linker, State::outgoing)?;
    spin_variables::add_to_linker(&mut linker)?;
    if kind == Kind::P3 {
        wasmtime_wasi::p3::add_to_linker(&mut linker)?;
        wasmtime_wasi_http::p3::add_to_linker(&mut linker)?;
        p3::variables::add_to_linker(&mut linker)?;
    }
    Ok(linker)
}

impl Ground<'_> {
    fn linker(&self, kind: Kind) -> Result<&Linker<State>, HostError> {
        let cell = &self.linkers[kind as usize];
        if let Some(linker) = cell.get() {
            return Ok(linker);
        }
        let engine = engine::build(self.options, self.components, kind);
        let linker = engine.and_then(|engine| linker(&engine, kind));
        let linker = linker.map_err(|error| HostError::Engine(format!("{error:#}")))?;
        Ok(cell.get_or_init(|| linker))
    }

    fn compiled(&self, id: &str, spec: &ComponentSpec) -> Result<Compiled, HostError> {
        let key = (spec.source.clone(), spec.dependencies.clone());
        if let Some(compiled) = self.templates.borrow().get(&key) {
            return Ok(compiled.clone());
        }
        let problem = |error: wasmtime::Error| HostError::component(id, format!("{error:#}"));
        let wasm = composed(id, spec)?;
        let kind = Kind::of(&wasm);
        let linker = self.linker(kind)?;
        let compiled = component::Component::from_binary(linker.engine(), &wasm);
        let imports = compiled.and_then(|compiled| linker.instantiate_pre(&compiled));
        let template = imports.and_then(|imports| match kind {
            Kind::P2 => ProxyPre::new(imports).map(Template::P2),
            Kind::P3 => ServicePre::new(imports).map(Template::P3),
        });
        let compiled = Compiled { template: template.map_err(problem)?, has_scorer: has_scorer(&wasm) };
        self.templates.borrow_mut().insert(key, compiled.clone());
        Ok(compiled)
    }
}

/// The bytes of a component with those that it depends on.
fn composed(id: &str, spec: &ComponentSpec) -> Result<Vec<u8>, HostError> {
    let read = |path: &Path| {
        fs::read(path).map_err(|error| HostError::component(id, format!("{}: {error}", path.display())))
    };
    let wasm = read(&spec.source)?;
    let files = spec.dependencies.iter().map(|spec| read(&spec.path)).collect::<Result<Vec<_>, _>>()?;
    let mut dependencies = Vec::new();
    for (DependencySpec { name, export, inherits, .. }, file) in spec.dependencies.iter().zip(&files) {
        // The manifest was checked for names, so that each has one.
        dependencies.extend(DependencyName::parse(name).map(|name| Dependency {
            name,
            wasm: file,
            export: export.as_deref(),
            inherits,
        }));
    }
    portent_compose::compose(&wasm, &dependencies)
        .map_err(|error| HostError::component(id, error.to_string()))
}

impl Component {
    /// Compiles a component, unless another one of the same source was, and prepares what it is granted.
    pub(crate) fn load(id: &str, spec: &ComponentSpec, ground: &Ground<'_>) -> Result<Self, HostError> {
        let Compiled { template, has_scorer } = ground.compiled(id, spec)?;
        let granted = Granted::new(id, spec, &ground.means, has_scorer)?;
        let app = spec.environment.get(APP_VARIABLE).map_or(id, String::as_str);
        if !portent_event::is_name(app) {
            let rule =
                "PORTENT_APP or the component id is not 1 to 64 characters a-z, A-Z, 0-9, '.', '_', '-'";
            return Err(HostError::component(id, rule));
        }
        let app: Arc<str> = Arc::from(app);
        let sink = ground.means.sink;
        let code = match template {
            Template::P2(template) => {
                Code::P2(Box::new(P2 { pool: Pool::new(ground.options), template, granted }))
            }
            Template::P3(template) => {
                let report = p3::Report { app: Arc::clone(&app), sink: Arc::clone(sink) };
                Code::P3(p3::handler(template, granted, report, ground))
            }
        };
        Ok(Self { in_flight: sink.in_flight(&app), app, has_scorer, code })
    }

    /// Keeps an instance of WASI 0.2 for its next request.
    pub(crate) fn keep(&self, instance: Instance) {
        if let Code::P2(component) = &self.code {
            component.pool.put(instance);
        }
    }

    /// Drops instances that have been idle for too long, where nothing else does.
    pub(crate) fn sweep(&self) {
        if let Code::P2(component) = &self.code {
            component.pool.sweep();
        }
    }
}

impl P2 {
    /// An instance for one request: one that is idle, or a new one.
    pub(crate) async fn instance(&self) -> wasmtime::Result<Instance> {
        match self.pool.take() {
            Some(instance) => Ok(instance),
            None => self.instantiate().await,
        }
    }

    async fn instantiate(&self) -> wasmtime::Result<Instance> {
        let mut store = State::store(self.template.engine(), self.granted.grants()?);
        let proxy = self.template.instantiate_async(&mut store).await?;
        Ok(Instance::new(store, proxy))
    }
}

/// Whether instantiation failed for want of room rather than by the component's fault.
pub(crate) fn is_exhausted(error: &wasmtime::Error) -> bool {
    error.is::<PoolConcurrencyLimitError>()
}
