//! The manifest as it stands in the file. Unknown keys were refused before ([`super::keys`]).

use std::collections::BTreeMap;
use std::path::Path;

use serde::Deserialize;

use super::dependency::{self, RawDependency};
use super::{ComponentSpec, Declared, FilesMount, HttpTrigger, Manifest, ManifestError};

#[derive(Deserialize)]
pub(super) struct Raw {
    spin_manifest_version: u32,
    application: RawApplication,
    #[serde(default)]
    variables: BTreeMap<String, RawVariable>,
    trigger: RawTriggers,
    #[serde(default)]
    component: BTreeMap<String, RawComponent>,
}

#[derive(Deserialize)]
struct RawApplication {
    name: String,
    #[serde(default)]
    version: String,
}

#[derive(Deserialize)]
struct RawVariable {
    default: Option<String>,
    #[serde(default)]
    required: bool,
}

#[derive(Deserialize)]
struct RawTriggers {
    #[serde(default)]
    http: Vec<RawTrigger>,
}

#[derive(Deserialize)]
struct RawTrigger {
    route: RawRoute,
    component: String,
}

#[derive(Deserialize)]
#[serde(untagged, expecting = "a route is a string or { private = true }")]
enum RawRoute {
    Path(String),
    Private { private: bool },
}

#[derive(Deserialize)]
struct RawComponent {
    source: String,
    #[serde(default)]
    allowed_outbound_hosts: Vec<String>,
    #[serde(default)]
    variables: BTreeMap<String, String>,
    #[serde(default)]
    environment: BTreeMap<String, String>,
    #[serde(default)]
    files: Vec<FilesMount>,
    #[serde(default)]
    exclude_files: Vec<String>,
    #[serde(default)]
    dependencies: BTreeMap<String, RawDependency>,
    dependencies_inherit_configuration: Option<bool>,
}

impl Raw {
    pub(super) fn into_manifest(self, root: &Path) -> Result<Manifest, ManifestError> {
        if self.spin_manifest_version != 2 {
            return Err(ManifestError::invalid("spin_manifest_version", "only version 2 is supported"));
        }
        let mut variables = BTreeMap::new();
        for (name, variable) in self.variables {
            variables.insert(name.clone(), variable.declared(&name)?);
        }
        let mut triggers = Vec::new();
        for (index, trigger) in self.trigger.http.into_iter().enumerate() {
            if !self.component.contains_key(&trigger.component) {
                let rule = format!("there is no [component.{}]", trigger.component);
                return Err(ManifestError::invalid(format!("trigger.http[{index}].component"), rule));
            }
            triggers.push(trigger.checked(index)?);
        }
        if triggers.is_empty() {
            return Err(ManifestError::invalid("trigger.http", "the application has no HTTP trigger"));
        }
        let spec = |(id, raw): (String, RawComponent)| Ok((id.clone(), raw.into_spec(&id, root)?));
        let components = self.component.into_iter().map(spec).collect::<Result<_, _>>()?;
        Ok(Manifest {
            root: root.to_owned(),
            name: self.application.name,
            version: self.application.version,
            variables,
            triggers,
            components,
        })
    }
}

impl RawVariable {
    fn declared(self, name: &str) -> Result<Declared, ManifestError> {
        let key = || format!("variables.{name}");
        let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
        if !name.starts_with(|c: char| c.is_ascii_lowercase()) || !name.chars().all(allowed) {
            return Err(ManifestError::invalid(
                key(),
                "a name is of a-z, 0-9 and '_', beginning with a letter",
            ));
        }
        match (self.default, self.required) {
            (Some(_), true) => {
                Err(ManifestError::invalid(key(), "either required or with a default, not both"))
            }
            (None, false) => Err(ManifestError::invalid(key(), "needs a default or `required = true`")),
            (default, _) => Ok(Declared { default }),
        }
    }
}

impl RawTrigger {
    fn checked(self, index: usize) -> Result<HttpTrigger, ManifestError> {
        let route = match self.route {
            RawRoute::Path(path) => Some(path),
            RawRoute::Private { private: true } => None,
            RawRoute::Private { private: false } => {
                let key = format!("trigger.http[{index}].route");
                return Err(ManifestError::invalid(key, "a route is a string or { private = true }"));
            }
        };
        Ok(HttpTrigger { route, component: self.component })
    }
}

impl RawComponent {
    fn into_spec(self, id: &str, root: &Path) -> Result<ComponentSpec, ManifestError> {
        let inherits_all = self.dependencies_inherit_configuration;
        let path = format!("component.{id}");
        Ok(ComponentSpec {
            dependencies: dependency::checked(self.dependencies, inherits_all, &path, root)?,
            source: root.join(self.source),
            allowed_outbound_hosts: self.allowed_outbound_hosts,
            variables: self.variables,
            environment: self.environment,
            files: self.files,
            exclude_files: self.exclude_files,
        })
    }
}
