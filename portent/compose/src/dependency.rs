//! What a manifest says of a dependency.

use std::fmt;

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

/// What a dependency can inherit from its component.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Capability {
    /// Environment variables.
    Environment,
    /// Mounted files.
    Files,
    /// Requests and sockets to the hosts that are allowed.
    AllowedOutboundHosts,
    /// Variables of the application.
    Variables,
}

impl Capability {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Environment, Self::Files, Self::AllowedOutboundHosts, Self::Variables];

    /// The capability that a manifest has this key for.
    #[must_use]
    pub fn from_key(key: &str) -> Option<Self> {
        match key {
            "environment" => Some(Self::Environment),
            "files" => Some(Self::Files),
            "allowed_outbound_hosts" => Some(Self::AllowedOutboundHosts),
            "variables" => Some(Self::Variables),
            _ => None,
        }
    }
}

/// The name of a dependency: `package:name`, with `/interface` and `@version` or without, or a plain name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DependencyName(String);

impl DependencyName {
    /// Reads a name; none if it has not the form of one.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (package, interface, version) = parts(text);
        let is_plain = !package.contains(':');
        let is_refused = !is_part(package)
            || interface.into_iter().chain(version).any(|part| !is_part(part))
            || is_plain && (interface.is_some() || version.is_some());
        (!is_refused).then(|| Self(text.to_owned()))
    }

    /// Whether the dependency is for this import. An interface or version that the name leaves out may be any.
    #[must_use]
    pub fn is_for(&self, import: &str) -> bool {
        let ((package, interface, version), found) = (parts(&self.0), parts(import));
        let agrees = |asked: Option<&str>, found| asked.is_none() || asked == found;
        package == found.0 && agrees(interface, found.1) && agrees(version, found.2)
    }

    /// Whether an import or export is of the same package.
    #[must_use]
    pub fn is_of_package(&self, name: &str) -> bool {
        parts(&self.0).0 == parts(name).0
    }
}

impl fmt::Display for DependencyName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Package, interface and version.
fn parts(name: &str) -> (&str, Option<&str>, Option<&str>) {
    let split =
        |text, at| str::split_once(text, at).map_or((text, None), |(before, after)| (before, Some(after)));
    let (name, version) = split(name, '@');
    let (package, interface) = split(name, '/');
    (package, interface, version)
}

fn is_part(part: &str) -> bool {
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '+' | ':');
    !part.is_empty() && part.chars().all(allowed) && !part.starts_with(':') && !part.ends_with(':')
}
