//! What loading the components of an application shares: the engines with their imports, and compiled code.

use std::cell::{OnceCell, RefCell};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use portent_compose::{Dependency, DependencyName};
use wasmtime::Engine;
use wasmtime::component::{Component, Linker};
use wasmtime_wasi_http::handler::ProxyPre;
use wasmtime_wasi_http::{p2, p3};

use crate::engine::{self, WasiVersion};
use crate::exchange::Context;
use crate::manifest::{ComponentSpec, DependencySpec, Manifest};
use crate::options::HostError;
use crate::outbound::{self, Client};
use crate::scorer::has_scorer;
use crate::spin_variables;
use crate::state::State;
use crate::variables::Variables;

/// What all components are loaded with.
pub(crate) struct LoadContext<'a> {
    pub(crate) manifest: &'a Manifest,
    pub(crate) variables: &'a Variables,
    pub(crate) context: &'a Arc<Context>,
    pub(crate) client: Client,
    /// One per version of WASI, with its engine. Made when the first component of the version is.
    linkers: [OnceCell<Linker<State>>; 2],
    /// Components of the same files differ in their permissions, not in code.
    compiled: RefCell<BTreeMap<Sources, Arc<Compiled>>>,
}

/// The files that a component is composed of.
type Sources = (PathBuf, Vec<DependencySpec>);

/// A compiled component with its imports.
pub(crate) struct Compiled {
    pub(crate) template: ProxyPre<State>,
    pub(crate) has_scorer: bool,
}

impl<'a> LoadContext<'a> {
    pub(crate) fn new(manifest: &'a Manifest, variables: &'a Variables, context: &'a Arc<Context>) -> Self {
        let (client, linkers) = (outbound::client(), Default::default());
        Self { manifest, variables, context, client, linkers, compiled: RefCell::default() }
    }

    /// Compiles a component, unless another one of the same files was.
    pub(crate) fn compiled(&self, id: &str, spec: &ComponentSpec) -> Result<Arc<Compiled>, HostError> {
        let key = (spec.file.clone(), spec.dependencies.clone());
        if let Some(compiled) = self.compiled.borrow().get(&key) {
            return Ok(Arc::clone(compiled));
        }
        let wasm = composed(id, spec)?;
        let version = WasiVersion::of(&wasm);
        let linker = self.linker(version)?;
        let compile = || {
            let imports = linker.instantiate_pre(&Component::from_binary(linker.engine(), &wasm)?)?;
            wasmtime::Result::Ok(match version {
                WasiVersion::P2 => ProxyPre::P2(p2::bindings::ProxyPre::new(imports)?),
                WasiVersion::P3 => ProxyPre::P3(p3::bindings::ServicePre::new(imports)?),
            })
        };
        let problem =
            |error: wasmtime::Error| HostError::invalid(format!("component.{id}"), format!("{error:#}"));
        let template = compile().map_err(problem)?;
        let compiled = Arc::new(Compiled { template, has_scorer: has_scorer(&wasm) });
        self.compiled.borrow_mut().insert(key, Arc::clone(&compiled));
        Ok(compiled)
    }

    fn linker(&self, version: WasiVersion) -> Result<&Linker<State>, HostError> {
        let cell = &self.linkers[version as usize];
        if let Some(linker) = cell.get() {
            return Ok(linker);
        }
        let engine = engine::build(&self.context.options, self.manifest.components.len(), version);
        let linker = engine.and_then(|engine| linker(&engine, version));
        let linker = linker.map_err(|error| HostError::Engine(format!("{error:#}")))?;
        Ok(cell.get_or_init(|| linker))
    }
}

/// Everything that a component may import. Components of WASI 0.3 may also import the interfaces of 0.2, as Rust's
/// standard library does.
fn linker(engine: &Engine, version: WasiVersion) -> wasmtime::Result<Linker<State>> {
    let mut linker = Linker::new(engine);
    wasmtime_wasi::p2::add_to_linker_async(&mut linker)?;
    p2::add_only_http_to_linker_async(&mut linker)?;
    spin_variables::add_to_linker(&mut linker)?;
    if version == WasiVersion::P3 {
        wasmtime_wasi::p3::add_to_linker(&mut linker)?;
        p3::add_to_linker(&mut linker)?;
        spin_variables::add_p3_to_linker(&mut linker)?;
    }
    Ok(linker)
}

/// The bytes of a component, composed with its dependencies.
fn composed(id: &str, spec: &ComponentSpec) -> Result<Vec<u8>, HostError> {
    let key = format!("component.{id}");
    let read = |path: &Path| {
        fs::read(path).map_err(|error| HostError::invalid(&key, format!("{}: {error}", path.display())))
    };
    let wasm = read(&spec.file)?;
    let files = spec.dependencies.iter().map(|spec| read(&spec.path)).collect::<Result<Vec<_>, _>>()?;
    let mut dependencies = Vec::new();
    for (DependencySpec { name, export, inherits, .. }, wasm) in spec.dependencies.iter().zip(&files) {
        // The manifest has been checked: each name parses.
        let name = DependencyName::parse(name);
        dependencies.extend(name.map(|name| Dependency { name, wasm, export: export.as_deref(), inherits }));
    }
    portent_compose::compose(&wasm, &dependencies).map_err(|error| HostError::invalid(&key, error))
}
