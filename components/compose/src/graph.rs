//! The components and what they give each other.

use std::collections::{BTreeMap, HashSet};

use wac_graph::types::{ItemKind, Package, SubtypeChecker, WorldId};
use wac_graph::{CompositionGraph, NodeId};

use crate::{ComposeError, Dependency, sandbox};

/// A component of which some imports are satisfied already.
pub(crate) struct Graph {
    graph: CompositionGraph,
    world: WorldId,
    component: NodeId,
    /// Imports that are satisfied, by name.
    satisfied: BTreeMap<String, NodeId>,
}

/// A component in the graph.
struct Part {
    world: WorldId,
    instance: NodeId,
}

impl Graph {
    pub(crate) fn new(wasm: &[u8]) -> Result<Self, ComposeError> {
        let mut graph = CompositionGraph::new();
        let part = part(&mut graph, "component", wasm).map_err(ComposeError::NotAComponent)?;
        Ok(Self { graph, world: part.world, component: part.instance, satisfied: BTreeMap::new() })
    }

    pub(crate) fn imports(&self) -> Vec<String> {
        self.graph.types()[self.world].imports.keys().cloned().collect()
    }

    /// Satisfies imports with a dependency.
    pub(crate) fn add(&mut self, dependency: &Dependency<'_>) -> Result<(), ComposeError> {
        let name = dependency.name.to_string();
        let imports: Vec<_> =
            self.imports().into_iter().filter(|import| dependency.name.is_for(import)).collect();
        if imports.is_empty() {
            let same = |import: &String| dependency.name.is_of_package(import);
            let similar = self.imports().into_iter().filter(same).collect();
            return Err(ComposeError::NotImported { dependency: name, similar });
        }
        let confined = sandbox::confine(dependency)?;
        let part = part(&mut self.graph, &format!("dependency:d{}", self.satisfied.len()), &confined);
        let part = part
            .map_err(|problem| ComposeError::DependencyNotAComponent { dependency: name.clone(), problem })?;
        for import in imports {
            let node = self.satisfy(dependency, &part, &import)?;
            if self.satisfied.insert(import.clone(), node).is_some() {
                return Err(ComposeError::Ambiguous { dependency: name, import });
            }
        }
        Ok(())
    }

    pub(crate) fn encode(mut self) -> Result<Vec<u8>, ComposeError> {
        for (import, node) in &self.satisfied {
            let set = self.graph.set_instantiation_argument(self.component, import, *node);
            set.map_err(|error| ComposeError::Encoding(error.to_string()))?;
        }
        export_all(&mut self.graph, self.world, self.component).map_err(ComposeError::Encoding)?;
        let encoded = self.graph.encode(wac_graph::EncodeOptions::default());
        encoded.map_err(|error| ComposeError::Encoding(chain(&error)))
    }

    fn satisfy(
        &mut self,
        dependency: &Dependency<'_>,
        part: &Part,
        import: &str,
    ) -> Result<NodeId, ComposeError> {
        let name = || dependency.name.to_string();
        let export = dependency.export.unwrap_or(import);
        let types = self.graph.types();
        let (Some(given), Some(asked)) =
            (types[part.world].exports.get(export), item(types, self.world, import))
        else {
            let same = |export: &&String| dependency.name.is_of_package(export);
            let similar = types[part.world].exports.keys().filter(same).cloned().collect();
            return Err(ComposeError::NotExported { dependency: name(), export: export.to_owned(), similar });
        };
        let mut cache = HashSet::new();
        let compared = SubtypeChecker::new(&mut cache).is_subtype(*given, types, asked, types);
        compared.map_err(|problem| ComposeError::OtherTypes {
            dependency: name(),
            export: export.to_owned(),
            import: import.to_owned(),
            problem: format!("{problem:#}"),
        })?;
        let aliased = self.graph.alias_instance_export(part.instance, export);
        aliased.map_err(|error| ComposeError::Encoding(error.to_string()))
    }
}

/// Puts some exports of a component in the place of another one's imports of the same names, and gives the result the
/// exports of the latter.
pub(crate) fn plug(adapter: &[u8], component: &[u8], names: &[String]) -> Result<Vec<u8>, String> {
    let mut graph = CompositionGraph::new();
    let plug = part(&mut graph, "portent:adapter", adapter)?;
    let socket = part(&mut graph, "portent:confined", component)?;
    for name in names {
        let node = graph.alias_instance_export(plug.instance, name).map_err(|error| error.to_string())?;
        let set = graph.set_instantiation_argument(socket.instance, name, node);
        set.map_err(|error| error.to_string())?;
    }
    export_all(&mut graph, socket.world, socket.instance)?;
    graph.encode(wac_graph::EncodeOptions::default()).map_err(|error| chain(&error))
}

fn part(graph: &mut CompositionGraph, name: &str, wasm: &[u8]) -> Result<Part, String> {
    let package = Package::from_bytes(name, None, wasm.to_vec(), graph.types_mut());
    let package = package.map_err(|error| format!("{error:#}"))?;
    let world = package.ty();
    let id = graph.register_package(package).map_err(|error| error.to_string())?;
    Ok(Part { world, instance: graph.instantiate(id) })
}

fn item(types: &wac_graph::types::Types, world: WorldId, import: &str) -> Option<ItemKind> {
    types[world].imports.get(import).copied()
}

fn export_all(graph: &mut CompositionGraph, world: WorldId, instance: NodeId) -> Result<(), String> {
    let names: Vec<String> = graph.types()[world].exports.keys().cloned().collect();
    for name in names {
        let node = graph.alias_instance_export(instance, &name).map_err(|error| error.to_string())?;
        graph.export(node, &name).map_err(|error| error.to_string())?;
    }
    Ok(())
}

/// An error with its causes, in one line.
fn chain(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(Some(error), |error| error.source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}
