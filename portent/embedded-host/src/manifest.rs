//! `spin.toml`, manifest version 2: the part of it that a host of HTTP components needs.
//!
//! A key that the host cannot honour is an error that names it. An application must not run with less than
//! its manifest asks for.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use portent_compose::{Capability, DependencyName};
use serde::Deserialize;
use toml::Value;

use crate::options::HostError;

/// A checked manifest.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Manifest {
    /// Directory of the manifest. Its paths are relative to this.
    #[serde(skip)]
    pub(crate) root: PathBuf,
    spin_manifest_version: u32,
    pub(crate) application: Application,
    #[serde(default)]
    pub(crate) variables: BTreeMap<String, Variable>,
    pub(crate) trigger: Triggers,
    #[serde(default, rename = "component")]
    pub(crate) components: BTreeMap<String, ComponentSpec>,
}

/// `[application]`.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Application {
    pub(crate) name: String,
    #[serde(default)]
    pub(crate) version: String,
}

/// One of `[variables]`: with a default, or required.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Variable {
    pub(crate) default: Option<String>,
    #[serde(default)]
    required: bool,
}

/// `[trigger]`.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Triggers {
    #[serde(default)]
    pub(crate) http: Vec<HttpTrigger>,
}

/// One `[[trigger.http]]`.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct HttpTrigger {
    pub(crate) route: TriggerRoute,
    pub(crate) component: String,
}

/// A path, or `{ private = true }` for a component that cannot be reached from outside.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged, deny_unknown_fields, expecting = "a route is a string or { private = true }")]
pub(crate) enum TriggerRoute {
    Path(String),
    Private { private: bool },
}

/// One `[component.ID]`.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct ComponentSpec {
    source: Value,
    /// The file at `source`.
    #[serde(skip)]
    pub(crate) file: PathBuf,
    #[serde(default)]
    pub(crate) allowed_outbound_hosts: Vec<String>,
    #[serde(default)]
    pub(crate) variables: BTreeMap<String, String>,
    #[serde(default)]
    pub(crate) environment: BTreeMap<String, String>,
    #[serde(default)]
    pub(crate) files: Vec<FilesMount>,
    #[serde(default)]
    pub(crate) exclude_files: Vec<String>,
    #[serde(default, rename = "dependencies")]
    dependency_tables: BTreeMap<String, Value>,
    dependencies_inherit_configuration: Option<bool>,
    /// The components that it is composed with.
    #[serde(skip)]
    pub(crate) dependencies: Vec<DependencySpec>,
    /// For `spin build`. Its keys are checked as all others are.
    #[serde(rename = "build")]
    _build: Option<Build>,
}

#[derive(Clone, Debug, Deserialize)]
struct Build {}

/// One entry of `files`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(untagged, deny_unknown_fields)]
pub(crate) enum FilesMount {
    /// A path or glob pattern. Files appear under their path relative to the manifest.
    Pattern(String),
    /// A file or directory and its place in the guest.
    Placement { source: String, destination: String },
}

/// A component that satisfies imports of another one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct DependencySpec {
    /// The imports that it is for, a [`DependencyName`].
    pub(crate) name: String,
    pub(crate) path: PathBuf,
    pub(crate) export: Option<String>,
    pub(crate) inherits: Vec<Capability>,
}

/// A dependency as it stands in the file.
#[derive(Deserialize)]
struct DependencyTable {
    path: PathBuf,
    export: Option<String>,
    inherit_configuration: Option<Inherited>,
}

/// All, nothing, or a list.
#[derive(Deserialize)]
#[serde(untagged, expecting = "inherit_configuration is true, false or a list of keys")]
enum Inherited {
    All(bool),
    Some(Vec<String>),
}

/// Keys that concern other programs, `*` being any name. The host accepts and ignores them.
const IGNORED: [&str; 11] = [
    "application.description",
    "application.authors",
    "application.tool",
    "variables.*.secret",
    "variables.*.description",
    "trigger.*.id",
    "component.*.description",
    "component.*.tool",
    "component.*.build.command",
    "component.*.build.workdir",
    "component.*.build.watch",
];

impl Manifest {
    /// Reads and checks a manifest file.
    pub(crate) fn read(path: &Path) -> Result<Self, HostError> {
        let problem = |error| HostError::Application(format!("cannot read {}: {error}", path.display()));
        let path = fs::canonicalize(path).map_err(problem)?;
        let text = fs::read_to_string(&path).map_err(problem)?;
        Self::parse(&text, &path)
    }

    /// Checks the text of the manifest at `path`.
    pub(crate) fn parse(text: &str, path: &Path) -> Result<Self, HostError> {
        let syntax = |error: toml::de::Error| HostError::invalid(path.display(), message_of(&error, text));
        let mut unsupported = Vec::new();
        let file = toml::Deserializer::parse(text).map_err(syntax)?;
        let manifest = serde_ignored::deserialize(file, |key| {
            let key = names_of(&key);
            if !IGNORED.iter().any(|pattern| matches(pattern, &key)) {
                unsupported.push(key.join("."));
            }
        });
        let mut manifest: Self = manifest.map_err(syntax)?;
        if let Some(key) = unsupported.first() {
            return Err(HostError::unsupported(key));
        }
        manifest.root = path.parent().unwrap_or(Path::new("/")).to_owned();
        manifest.check()?;
        Ok(manifest)
    }

    fn check(&mut self) -> Result<(), HostError> {
        if self.spin_manifest_version != 2 {
            return Err(HostError::invalid("spin_manifest_version", "only version 2 is supported"));
        }
        self.variables.iter().try_for_each(|(name, variable)| variable.check(name))?;
        for (index, trigger) in self.trigger.http.iter().enumerate() {
            if !self.components.contains_key(&trigger.component) {
                let rule = format!("there is no [component.{}]", trigger.component);
                return Err(HostError::invalid(format!("trigger.http[{index}].component"), rule));
            }
            if let TriggerRoute::Private { private: false } = trigger.route {
                let rule = "a route is a string or { private = true }";
                return Err(HostError::invalid(format!("trigger.http[{index}].route"), rule));
            }
        }
        if self.trigger.http.is_empty() {
            return Err(HostError::invalid("trigger.http", "the application has no HTTP trigger"));
        }
        self.components
            .iter_mut()
            .try_for_each(|(id, spec)| spec.check(&format!("component.{id}"), &self.root))
    }
}

impl Variable {
    fn check(&self, name: &str) -> Result<(), HostError> {
        let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
        let problem = if !name.starts_with(|c: char| c.is_ascii_lowercase()) || !name.chars().all(allowed) {
            "a name consists of a-z, 0-9 and '_' and begins with a letter"
        } else if self.required && self.default.is_some() {
            "either required or with a default, not both"
        } else if !self.required && self.default.is_none() {
            "needs a default or `required = true`"
        } else {
            return Ok(());
        };
        Err(HostError::invalid(format!("variables.{name}"), problem))
    }
}

impl ComponentSpec {
    /// Checks the component at `key` in the manifest, and resolves its paths.
    fn check(&mut self, key: &str, root: &Path) -> Result<(), HostError> {
        self.file = match &self.source {
            Value::String(path) => root.join(path),
            Value::Table(remote) => {
                let remote = remote.keys().next().map_or("", String::as_str);
                return Err(HostError::unsupported(format!("{key}.source.{remote}")));
            }
            _ => return Err(HostError::invalid(format!("{key}.source"), "a source is the path of a file")),
        };
        for (name, table) in &self.dependency_tables {
            let key = format!("{key}.dependencies.\"{name}\"");
            let inherits_all = self.dependencies_inherit_configuration;
            self.dependencies.push(DependencySpec::checked(name, table, inherits_all, &key, root)?);
        }
        Ok(())
    }
}

impl DependencySpec {
    /// `inherits_all` is the setting for all dependencies of the component.
    fn checked(
        name: &str,
        table: &Value,
        inherits_all: Option<bool>,
        key: &str,
        root: &Path,
    ) -> Result<Self, HostError> {
        // Of the places that Spin takes dependencies from, a file is the one that needs no network.
        let Value::Table(keys) = table else {
            return Err(HostError::unsupported(format!("{key} from a registry")));
        };
        let known = ["path", "export", "inherit_configuration"];
        if let Some(unknown) = keys.keys().find(|name| !known.contains(&name.as_str())) {
            return Err(HostError::unsupported(format!("{key}.{unknown}")));
        }
        if DependencyName::parse(name).is_none() {
            let rule = "a name is package:name, package:name/interface or either with @version";
            return Err(HostError::invalid(key, rule));
        }
        let table: DependencyTable =
            table.clone().try_into().map_err(|error| HostError::invalid(key, one_line(&error)))?;
        let inherits = match (table.inherit_configuration, inherits_all) {
            (Some(_), Some(_)) => {
                let rule = "inherit_configuration and dependencies_inherit_configuration exclude each other";
                return Err(HostError::invalid(key, rule));
            }
            (Some(Inherited::Some(names)), None) => capabilities(&names, key)?,
            (Some(Inherited::All(true)), None) | (None, Some(true)) => Capability::ALL.to_vec(),
            (Some(Inherited::All(false)), None) | (None, _) => Vec::new(),
        };
        Ok(Self { name: name.to_owned(), path: root.join(table.path), export: table.export, inherits })
    }
}

fn capabilities(names: &[String], key: &str) -> Result<Vec<Capability>, HostError> {
    let unknown = |name| HostError::unsupported(format!("{key}.inherit_configuration of {name:?}"));
    names.iter().map(|name| Capability::from_key(name).ok_or_else(|| unknown(name))).collect()
}

/// The names of the tables above a key, and its own. An index stays with the name of its array.
fn names_of(path: &serde_ignored::Path<'_>) -> Vec<String> {
    use serde_ignored::Path;
    match path {
        Path::Root => Vec::new(),
        Path::Map { parent, key } => [names_of(parent), vec![key.clone()]].concat(),
        Path::Seq { parent, index } => {
            let mut names = names_of(parent);
            names.iter_mut().last().into_iter().for_each(|name| name.push_str(&format!("[{index}]")));
            names
        }
        Path::Some { parent } | Path::NewtypeStruct { parent } | Path::NewtypeVariant { parent } => {
            names_of(parent)
        }
    }
}

fn matches(pattern: &str, names: &[String]) -> bool {
    let pattern: Vec<&str> = pattern.split('.').collect();
    pattern.len() == names.len() && pattern.iter().zip(names).all(|(part, name)| *part == "*" || part == name)
}

/// The message in one line, with its place in the file.
fn message_of(error: &toml::de::Error, text: &str) -> String {
    let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
    format!("line {}: {}", before.split('\n').count(), one_line(error))
}

fn one_line(error: &toml::de::Error) -> String {
    error.message().replace('\n', ", ")
}

#[cfg(test)]
mod tests;
