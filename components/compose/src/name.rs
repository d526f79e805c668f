//! The name of a dependency, as a manifest has it: `package:name`, with `/interface` and `@version` or without, or a plain
//! name.

use std::fmt;

/// Which imports a dependency is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DependencyName {
    text: String,
    /// `package:name`, or a plain name.
    package: String,
    interface: Option<String>,
    version: Option<String>,
}

impl DependencyName {
    /// Reads a name; none if it has not the form of one.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (name, version) = split(text, '@');
        let (package, interface) = split(name, '/');
        let parts = [Some(package), interface, version];
        let is_plain = !package.contains(':');
        let is_refused = parts.into_iter().flatten().any(|part| !is_written_well(part))
            || is_plain && (interface.is_some() || version.is_some());
        let owned = |part: Option<&str>| part.map(str::to_owned);
        (!is_refused).then(|| Self {
            text: text.to_owned(),
            package: package.to_owned(),
            interface: owned(interface),
            version: owned(version),
        })
    }

    /// Whether an import is one that the dependency is for. What the name leaves open may be anything.
    #[must_use]
    pub fn is_for(&self, import: &str) -> bool {
        let (name, version) = split(import, '@');
        let (package, interface) = split(name, '/');
        let agrees = |asked: &Option<String>, found: Option<&str>| {
            asked.as_deref().is_none_or(|asked| Some(asked) == found)
        };
        package == self.package && agrees(&self.interface, interface) && agrees(&self.version, version)
    }

    /// Whether an import or export is of the same package.
    #[must_use]
    pub fn is_of_package(&self, name: &str) -> bool {
        split(split(name, '@').0, '/').0 == self.package
    }
}

impl fmt::Display for DependencyName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

fn split(text: &str, at: char) -> (&str, Option<&str>) {
    text.split_once(at).map_or((text, None), |(before, after)| (before, Some(after)))
}

fn is_written_well(part: &str) -> bool {
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '+' | ':');
    !part.is_empty() && part.chars().all(allowed) && !part.starts_with(':') && !part.ends_with(':')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_for_the_imports_that_it_leaves_open() {
        let cases = [
            ("a:b/c@0.1.0", "a:b/c@0.1.0", true),
            ("a:b/c@0.1.0", "a:b/c@0.1.1", false),
            ("a:b/c@0.1.0", "a:b/c", false),
            ("a:b/c", "a:b/c@0.1.0", true),
            ("a:b/c", "a:b/d", false),
            ("a:b", "a:b/c@0.1.0", true),
            ("a:b@0.1.0", "a:b/c@0.1.0", true),
            ("a:b@0.1.0", "a:b/c", false),
            ("a:b", "a:bc/c", false),
            ("a-b", "a-b", true),
            ("a-b", "a:b/c", false),
        ];
        for (name, import, expect) in cases {
            assert_eq!(DependencyName::parse(name).unwrap().is_for(import), expect, "{name} {import}");
        }
    }

    #[test]
    fn what_is_no_name_is_refused() {
        for text in ["", "a:b/", "a:b@", "a b", "a:b/c/d", "a/b", "a@1", ":b", "a:", "a:b/c@1@2"] {
            assert_eq!(DependencyName::parse(text), None, "{text:?}");
        }
    }
}
