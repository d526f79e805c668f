//! Which keys the host honours.

use toml::{Table, Value};

use super::ManifestError;

const TOP: &[&str] = &["spin_manifest_version", "application", "variables", "trigger", "component"];
/// `tool` holds other programs' settings, by definition of no concern to a host.
const APPLICATION: &[&str] = &["name", "version", "description", "authors", "tool"];
const VARIABLE: &[&str] = &["default", "required", "secret", "description"];
const TRIGGER: &[&str] = &["id", "route", "component"];
const ROUTE: &[&str] = &["private"];
/// `build` is for `spin build`: what runs is the file at `source`.
const COMPONENT: &[&str] = &[
    "source",
    "description",
    "allowed_outbound_hosts",
    "variables",
    "environment",
    "files",
    "exclude_files",
    "build",
    "tool",
    "dependencies",
    "dependencies_inherit_configuration",
];
/// Of the places that Spin takes dependencies from, a file is the one that needs no network.
const DEPENDENCY: &[&str] = &["path", "export", "inherit_configuration"];
const BUILD: &[&str] = &["command", "workdir", "watch"];

/// Refuses the first key that the host does not know, by its path.
pub(super) fn check(manifest: &Table) -> Result<(), ManifestError> {
    only(manifest, "", TOP)?;
    each_table(manifest, "", "application", |table, path| only(table, path, APPLICATION))?;
    each_named(manifest, "variables", |table, path| only(table, path, VARIABLE))?;
    each_table(manifest, "", "trigger", |table, path| only(table, path, &["http"]))?;
    check_triggers(manifest)?;
    each_named(manifest, "component", |component, path| {
        only(component, path, COMPONENT)?;
        each_table(component, path, "build", |table, path| only(table, path, BUILD))?;
        check_dependencies(component, path)?;
        match component.get("source") {
            Some(Value::Table(source)) => {
                let key = source.keys().next().map_or("", String::as_str);
                Err(ManifestError::Unsupported(format!("{path}.source.{key}")))
            }
            _ => Ok(()),
        }
    })
}

fn check_dependencies(component: &Table, path: &str) -> Result<(), ManifestError> {
    let Some(Value::Table(dependencies)) = component.get("dependencies") else { return Ok(()) };
    for (name, dependency) in dependencies {
        let path = format!("{path}.dependencies.\"{name}\"");
        match dependency {
            Value::Table(dependency) => only(dependency, &path, DEPENDENCY)?,
            _ => return Err(ManifestError::Unsupported(format!("{path} from a registry"))),
        }
    }
    Ok(())
}

fn check_triggers(manifest: &Table) -> Result<(), ManifestError> {
    let triggers = manifest.get("trigger").and_then(|trigger| trigger.get("http"));
    let Some(Value::Array(triggers)) = triggers else { return Ok(()) };
    for (index, trigger) in triggers.iter().enumerate() {
        let Value::Table(trigger) = trigger else { continue };
        let path = format!("trigger.http[{index}]");
        only(trigger, &path, TRIGGER)?;
        each_table(trigger, &path, "route", |table, path| only(table, path, ROUTE))?;
        if trigger.get("component").is_some_and(Value::is_table) {
            return Err(ManifestError::Unsupported(format!("{path}.component written in place")));
        }
    }
    Ok(())
}

/// Runs a check on every table of a table of tables.
fn each_named(
    manifest: &Table,
    key: &str,
    check: impl Fn(&Table, &str) -> Result<(), ManifestError>,
) -> Result<(), ManifestError> {
    let Some(Value::Table(named)) = manifest.get(key) else { return Ok(()) };
    named.keys().try_for_each(|name| each_table(named, key, name, &check))
}

/// Runs a check on the table under `key`, if it is one.
fn each_table(
    parent: &Table,
    path: &str,
    key: &str,
    check: impl Fn(&Table, &str) -> Result<(), ManifestError>,
) -> Result<(), ManifestError> {
    match parent.get(key) {
        Some(Value::Table(table)) => check(table, &join(path, key)),
        _ => Ok(()),
    }
}

fn only(table: &Table, path: &str, known: &[&str]) -> Result<(), ManifestError> {
    match table.keys().find(|key| !known.contains(&key.as_str())) {
        Some(key) => Err(ManifestError::Unsupported(join(path, key))),
        None => Ok(()),
    }
}

fn join(path: &str, key: &str) -> String {
    if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") }
}
