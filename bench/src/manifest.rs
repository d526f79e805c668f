//! Manifests of the measured components. They are written into the directory of the run.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

use super::kind::Wasi;
use crate::paths;

/// A copy of the shipped manifest with the paths of this build.
pub(crate) fn shipped(directory: &Path, wasi: Wasi) -> Result<PathBuf> {
    let name = match wasi {
        Wasi::P2 => "spin.toml",
        Wasi::P3 => "spin.p3.toml",
    };
    let text = fs::read_to_string(paths::workspace().join(name)).with_context(|| format!("no {name}"))?;
    write(directory, name, &with_places(&text, &paths::target_directory()))
}

/// The component that does nothing.
pub(crate) fn do_nothing(directory: &Path, wasi: Wasi) -> Result<PathBuf> {
    let name = match wasi {
        Wasi::P2 => "portent_do_nothing",
        Wasi::P3 => "portent_do_nothing_p3",
    };
    let component = component("nothing", &paths::component(name), "");
    write(directory, &format!("{name}.toml"), &component)
}

/// The prediction component with a scorer: the same model that it otherwise has built in.
pub(crate) fn composed(directory: &Path, wasi: Wasi) -> Result<PathBuf> {
    let name = match wasi {
        Wasi::P2 => "predict_scorer",
        Wasi::P3 => "predict_p3_scorer",
    };
    let rest = format!(
        "[component.composed.dependencies]\n\"portent:serve/scorer@0.1.0\" = {{ path = \"{}\" }}\n\
         [component.composed.variables]\nevents = \"off\"\n",
        paths::component("portent_scorer_linear").display()
    );
    write(directory, &format!("{name}.toml"), &component("composed", &paths::component(name), &rest))
}

/// The prediction component with a mounted model.
pub(crate) fn with_model(directory: &Path, name: &str, model: &Path) -> Result<PathBuf> {
    let file = model.file_name().context("no file name")?.to_string_lossy();
    let folder = model.parent().context("no folder")?.display();
    let rest = format!(
        "environment = {{ PORTENT_MODEL = \"/models/{file}\" }}\n\
         files = [{{ source = \"{folder}\", destination = \"/models\" }}]\n\
         [variables]\nevents = {{ default = \"off\" }}\nmetrics_url = {{ default = \"\" }}\n\
         [component.model.variables]\nevents = \"{{{{ events }}}}\"\n\
         metrics_url = \"{{{{ metrics_url }}}}\"\n"
    );
    write(directory, &format!("{name}.toml"), &component("model", &paths::component("predict"), &rest))
}

fn with_places(manifest: &str, target: &Path) -> String {
    manifest.replace("source = \"target/", &format!("source = \"{}/", target.display()))
}

fn component(name: &str, source: &Path, rest: &str) -> String {
    format!(
        "spin_manifest_version = 2\n[application]\nname = \"{name}\"\nversion = \"0.1.0\"\n\
         [[trigger.http]]\nroute = \"/...\"\ncomponent = \"{name}\"\n\
         [component.{name}]\nsource = \"{}\"\n{rest}",
        source.display()
    )
}

fn write(directory: &Path, name: &str, text: &str) -> Result<PathBuf> {
    let path = directory.join(name);
    fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))?;
    Ok(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn manifests_are_toml_and_name_what_was_built() {
        let directory = tempfile::tempdir().unwrap();
        let model = with_model(directory.path(), "trees", Path::new("/here/trees.portent")).unwrap();
        let paths = [
            shipped(directory.path(), Wasi::P2).unwrap(),
            do_nothing(directory.path(), Wasi::P2).unwrap(),
            do_nothing(directory.path(), Wasi::P3).unwrap(),
            composed(directory.path(), Wasi::P2).unwrap(),
            composed(directory.path(), Wasi::P3).unwrap(),
            model,
        ];
        for path in paths {
            let manifest: toml::Table = toml::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
            for (name, component) in manifest["component"].as_table().unwrap() {
                let source = component["source"].as_str().unwrap();
                let built = paths::target_directory().join("wasm32-wasip2/wasm");
                assert!(source.starts_with(&*built.to_string_lossy()), "{name}: {source}");
            }
        }
    }
}
