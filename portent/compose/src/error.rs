//! Why components cannot be composed.

/// What is at fault, and the rule.
#[derive(Debug, thiserror::Error)]
pub enum ComposeError {
    /// The bytes of the component itself are none.
    #[error("not a component: {0}")]
    NotAComponent(String),
    /// The bytes of a dependency are no component.
    #[error("dependency \"{dependency}\" is not a component: {problem}")]
    DependencyNotAComponent {
        /// Name of the dependency.
        dependency: String,
        /// What is wrong with the bytes.
        problem: String,
    },
    /// No import has the name of the dependency.
    #[error(
        "dependency \"{dependency}\" is for no import of the component{}",
        hint("which imports", .similar)
    )]
    NotImported {
        /// Name of the dependency.
        dependency: String,
        /// Imports of the same package, of other versions or interfaces.
        similar: Vec<String>,
    },
    /// Two dependencies are for one import.
    #[error("import {import} is satisfied by two dependencies, the second is \"{dependency}\"")]
    Ambiguous {
        /// Name of the second dependency.
        dependency: String,
        /// The import.
        import: String,
    },
    /// The dependency does not export what is imported.
    #[error("dependency \"{dependency}\" does not export {export}{}", hint("it exports", .similar))]
    NotExported {
        /// Name of the dependency.
        dependency: String,
        /// The export that is missing.
        export: String,
        /// What it exports instead of the same package.
        similar: Vec<String>,
    },
    /// An export has other types than the import.
    #[error("dependency \"{dependency}\" exports {export} with other types than {import} has: {problem}")]
    OtherTypes {
        /// Name of the dependency.
        dependency: String,
        /// The export.
        export: String,
        /// The import.
        import: String,
        /// The first difference.
        problem: String,
    },
    /// A dependency imports what no dependency gets.
    #[error("dependency \"{dependency}\" imports {import}, which a dependency is not given")]
    NotGiven {
        /// Name of the dependency.
        dependency: String,
        /// The import.
        import: String,
    },
    /// The parts do not make a whole.
    #[error("cannot compose: {0}")]
    Encoding(String),
}

/// What there is instead, if anything.
fn hint(intro: &str, names: &[String]) -> String {
    if names.is_empty() { String::new() } else { format!(", {intro} {}", names.join(", ")) }
}
