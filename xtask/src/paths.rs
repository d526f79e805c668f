//! Reproducible builds: the same bytes on every machine.
//!
//! Panic messages name source files. Without the options below, a program would contain the paths of this machine's
//! registry, repository and target directory.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::build;

/// Options that keep the paths of this machine out of a build for a target.
///
/// They are options of the command because a configuration file cannot contain its own path. A
/// `RUSTFLAGS` in the environment takes their place.
pub(crate) fn remapped(target: &str) -> Result<[String; 2]> {
    let home = cargo_home().context("neither CARGO_HOME nor HOME is set")?;
    let flags = flags(&places(&home, build::workspace(), &build::target_directory()));
    Ok(["--config".to_owned(), format!("target.{target}.rustflags={}", serde_json::to_string(&flags)?)])
}

/// Folders and the names that replace them. If two match a path, the compiler takes the last.
fn places(cargo_home: &Path, workspace: &Path, target: &Path) -> Vec<(PathBuf, &'static str)> {
    let sources = cargo_home.join("registry/src");
    let mut places = vec![(workspace.to_owned(), "/portent"), (target.to_owned(), "/target")];
    // One folder per registry. Its name has a digest of the registry's address, which a mirror changes.
    for registry in std::fs::read_dir(&sources).into_iter().flatten().flatten() {
        places.push((registry.path(), "/registry"));
    }
    places
}

fn flags(places: &[(PathBuf, &str)]) -> Vec<String> {
    places.iter().map(|(place, name)| format!("--remap-path-prefix={}={name}", place.display())).collect()
}

fn cargo_home() -> Option<PathBuf> {
    let home = || std::env::home_dir().map(|home| home.join(".cargo"));
    std::env::var_os("CARGO_HOME").map(PathBuf::from).or_else(home)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_registry_has_the_same_name() -> Result<()> {
        let home = tempfile::tempdir()?;
        let registry = home.path().join("registry/src/mirror-0123456789abcdef");
        std::fs::create_dir_all(&registry)?;
        let flags = flags(&places(home.path(), Path::new("/a b/portent"), Path::new("/a b/portent/target")));
        let expected = [
            "--remap-path-prefix=/a b/portent=/portent".to_owned(),
            "--remap-path-prefix=/a b/portent/target=/target".to_owned(),
            format!("--remap-path-prefix={}=/registry", registry.display()),
        ];
        assert_eq!(flags, expected);
        Ok(())
    }
}
