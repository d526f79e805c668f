//! A component and the components that it depends on, composed into one: as Spin does with the `dependencies` of a
//! manifest, and before anything runs.
//!
//! Read in this order: [`compose`], [`name`] (which import a dependency is for), [`sandbox`] (what a dependency
//! may use), [`error`].

pub mod error;
pub mod name;
pub mod sandbox;

mod graph;

pub use error::ComposeError;
pub use name::DependencyName;
pub use sandbox::Capability;

/// A component that satisfies imports of another one.
#[derive(Clone, Debug)]
pub struct Dependency<'a> {
    /// The imports that it is for.
    pub name: DependencyName,
    /// The component's bytes.
    pub wasm: &'a [u8],
    /// The export that is taken, if it is not called as the import is.
    pub export: Option<&'a str>,
    /// What it may use of what the component may use; usually nothing.
    pub inherits: &'a [Capability],
}

/// Composes a component with its dependencies. What comes out imports and exports what the component does, without
/// the imports that the dependencies satisfy.
///
/// # Errors
/// [`ComposeError`] names the dependency and the rule that is broken.
pub fn compose(wasm: &[u8], dependencies: &[Dependency<'_>]) -> Result<Vec<u8>, ComposeError> {
    if dependencies.is_empty() {
        return Ok(wasm.to_vec());
    }
    let mut graph = graph::Graph::new(wasm)?;
    for dependency in dependencies {
        graph.add(dependency)?;
    }
    graph.encode()
}

/// The names of what a component imports, in its order.
///
/// # Errors
/// [`ComposeError::NotAComponent`].
pub fn imports(wasm: &[u8]) -> Result<Vec<String>, ComposeError> {
    graph::Graph::new(wasm).map(|graph| graph.imports())
}
