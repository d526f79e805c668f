//! Composes a component with the components that it depends on, as Spin does with the `dependencies` of a manifest, before
//! anything runs.
//!
//! [`compose`] connects exports to imports. `dependency` says which import a dependency is for and what it inherits,
//! `sandbox` what else it may use, and `deny` is the component in the place of the rest.

mod deny;
mod dependency;
mod error;
mod sandbox;

use wac_graph::types::{Package, WorldId};
use wac_graph::{CompositionGraph, EncodeOptions, InstantiationArgumentError, NodeId};

pub use dependency::{Capability, Dependency, DependencyName};
pub use error::ComposeError;

/// A component in the graph.
#[derive(Clone, Copy)]
struct Part {
    world: WorldId,
    instance: NodeId,
}

/// Composes a component with its dependencies. The result imports and exports what the component does, without the
/// imports that the dependencies satisfy.
///
/// # Errors
/// [`ComposeError`] names the dependency and the rule that is broken.
pub fn compose(wasm: &[u8], dependencies: &[Dependency<'_>]) -> Result<Vec<u8>, ComposeError> {
    if dependencies.is_empty() {
        return Ok(wasm.to_vec());
    }
    let mut graph = CompositionGraph::new();
    let component = add(&mut graph, "component", wasm).map_err(ComposeError::NotAComponent)?;
    for (number, dependency) in dependencies.iter().enumerate() {
        satisfy(&mut graph, component, number, dependency)?;
    }
    let encoding = |error: &dyn std::error::Error| ComposeError::Encoding(chain(error));
    let exports: Vec<_> = graph.types()[component.world].exports.keys().cloned().collect();
    for name in exports {
        let export =
            graph.alias_instance_export(component.instance, &name).map_err(|error| encoding(&error))?;
        graph.export(export, name).map_err(|error| encoding(&error))?;
    }
    graph.encode(EncodeOptions::default()).map_err(|error| encoding(&error))
}

/// The names of a component's imports, in its order.
///
/// # Errors
/// [`ComposeError::NotAComponent`].
pub fn imports(wasm: &[u8]) -> Result<Vec<String>, ComposeError> {
    let mut graph = CompositionGraph::new();
    let component = add(&mut graph, "component", wasm).map_err(ComposeError::NotAComponent)?;
    Ok(graph.types()[component.world].imports.keys().cloned().collect())
}

/// Adds a dependency, with its adapter, and satisfies imports of the component with it.
fn satisfy(
    graph: &mut CompositionGraph,
    component: Part,
    number: usize,
    dependency: &Dependency<'_>,
) -> Result<(), ComposeError> {
    let name = || dependency.name.to_string();
    let imports: Vec<_> = graph.types()[component.world].imports.keys().cloned().collect();
    let (imports, others): (Vec<_>, Vec<_>) =
        imports.into_iter().partition(|import| dependency.name.is_for(import));
    if imports.is_empty() {
        let similar = others.into_iter().filter(|import| dependency.name.is_of_package(import)).collect();
        return Err(ComposeError::NotImported { dependency: name(), similar });
    }
    let adapter = sandbox::adapter(dependency)?;
    let part = add(graph, &format!("dependency:d{number}"), dependency.wasm)
        .map_err(|problem| ComposeError::DependencyNotAComponent { dependency: name(), problem })?;
    let encoding = |problem| ComposeError::Encoding(format!("dependency \"{}\": {problem}", name()));
    if let Some(adapter) = adapter {
        let instance = add(graph, &format!("adapter:d{number}"), &adapter.wasm).map_err(encoding)?.instance;
        for import in adapter.imports {
            let export = graph.alias_instance_export(instance, &import);
            let export = export.map_err(|error| encoding(error.to_string()))?;
            let set = graph.set_instantiation_argument(part.instance, &import, export);
            set.map_err(|error| encoding(chain(&error)))?;
        }
    }
    for import in imports {
        let export = dependency.export.unwrap_or(&import);
        let Ok(node) = graph.alias_instance_export(part.instance, export) else {
            let same = |export: &&String| dependency.name.is_of_package(export);
            let similar = graph.types()[part.world].exports.keys().filter(same).cloned().collect();
            return Err(ComposeError::NotExported { dependency: name(), export: export.to_owned(), similar });
        };
        graph.set_instantiation_argument(component.instance, &import, node).map_err(|error| match error {
            InstantiationArgumentError::ArgumentTypeMismatch { source, .. } => ComposeError::OtherTypes {
                dependency: name(),
                export: export.to_owned(),
                import: import.clone(),
                problem: format!("{source:#}"),
            },
            InstantiationArgumentError::ArgumentAlreadyPassed { .. } => {
                ComposeError::Ambiguous { dependency: name(), import: import.clone() }
            }
            error => encoding(error.to_string()),
        })?;
    }
    Ok(())
}

/// Adds a component to the graph, under a name that no other has.
fn add(graph: &mut CompositionGraph, name: &str, wasm: &[u8]) -> Result<Part, String> {
    let package = Package::from_bytes(name, None, wasm, graph.types_mut());
    let package = package.map_err(|error| format!("{error:#}"))?;
    let world = package.ty();
    let id = graph.register_package(package).map_err(|error| error.to_string())?;
    Ok(Part { world, instance: graph.instantiate(id) })
}

/// An error with its causes, in one line.
fn chain(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(Some(error), |error| error.source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}
