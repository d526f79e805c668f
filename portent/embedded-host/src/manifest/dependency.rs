//! `[component.ID.dependencies]`: the components that a component is composed with, as Spin writes them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use portent_compose::{Capability, DependencyName};
use serde::Deserialize;

use super::ManifestError;

/// A component that satisfies imports of another one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct DependencySpec {
    /// The imports that it is for, a [`DependencyName`].
    pub(crate) name: String,
    pub(crate) path: PathBuf,
    pub(crate) export: Option<String>,
    pub(crate) inherits: Vec<Capability>,
}

#[derive(Deserialize)]
pub(super) struct RawDependency {
    path: PathBuf,
    export: Option<String>,
    inherit_configuration: Option<Inherited>,
}

/// All, nothing, or what is listed.
#[derive(Deserialize)]
#[serde(untagged, expecting = "inherit_configuration is true, false or a list of keys")]
enum Inherited {
    All(bool),
    Some(Vec<String>),
}

/// The dependencies of the component at `path` in the manifest; `inherits_all` is what it says of all of them.
pub(super) fn checked(
    dependencies: BTreeMap<String, RawDependency>,
    inherits_all: Option<bool>,
    path: &str,
    root: &Path,
) -> Result<Vec<DependencySpec>, ManifestError> {
    let check = |(name, raw): (String, RawDependency)| {
        let key = format!("{path}.dependencies.\"{name}\"");
        if DependencyName::parse(&name).is_none() {
            let rule = "a name is package:name, package:name/interface or either with @version";
            return Err(ManifestError::invalid(key, rule));
        }
        let inherits = match (raw.inherit_configuration, inherits_all) {
            (Some(_), Some(_)) => {
                let rule = "inherit_configuration and dependencies_inherit_configuration exclude each other";
                return Err(ManifestError::invalid(key, rule));
            }
            (Some(Inherited::Some(keys)), None) => capabilities(&keys, &key)?,
            (Some(Inherited::All(true)), None) | (None, Some(true)) => Capability::ALL.to_vec(),
            (Some(Inherited::All(false)), None) | (None, _) => Vec::new(),
        };
        Ok(DependencySpec { name, path: root.join(raw.path), export: raw.export, inherits })
    };
    dependencies.into_iter().map(check).collect()
}

fn capabilities(keys: &[String], path: &str) -> Result<Vec<Capability>, ManifestError> {
    let unknown =
        |key: &String| ManifestError::Unsupported(format!("{path}.inherit_configuration of {key:?}"));
    keys.iter().map(|key| Capability::from_key(key).ok_or_else(|| unknown(key))).collect()
}
