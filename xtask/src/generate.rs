//! `cargo xtask generate`: writes the files that are generated from others. A test checks that they are up to date.

mod metrics;

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail, ensure};

use crate::build::workspace;

/// Makes the text of a file.
type Maker = fn() -> Result<String>;

/// Every generated file, by its path.
const FILES: [(&str, Maker); 2] = [
    ("deploy/spinkube/components/monitoring/prometheusrule.yaml", prometheus_rule),
    (metrics::PAGE, metrics::page),
];

/// The folder of the rule files that Prometheus reads.
const RULES: &str = "deploy/prometheus/rules";

/// The text before the groups of all rule files.
const PROMETHEUS_RULE: &str = "\
# The rules of deploy/prometheus/rules for prometheus-operator, made by `cargo xtask generate`: change them there.
apiVersion: monitoring.coreos.com/v1
kind: PrometheusRule
metadata:
  name: portent
  namespace: portent
  labels:
    app.kubernetes.io/name: host-metrics
    app.kubernetes.io/component: rules
    app.kubernetes.io/part-of: portent
spec:
  groups:
";

/// Options of `cargo xtask generate`.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Write nothing, and fail if a file is out of date.
    #[arg(long)]
    check: bool,
}

/// Writes every generated file, or checks it.
pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    for (path, make) in FILES {
        let text = make().with_context(|| format!("cannot make {path}"))?;
        let file = workspace().join(path);
        if std::fs::read_to_string(&file).is_ok_and(|current| current == text) {
            continue;
        }
        ensure!(!arguments.check, "{path} is out of date: cargo xtask generate writes it");
        let folder = file.parent().context("a file has a folder")?;
        std::fs::create_dir_all(folder).with_context(|| format!("cannot create {}", folder.display()))?;
        std::fs::write(&file, text).with_context(|| format!("cannot write {path}"))?;
        println!("wrote {path}");
    }
    Ok(())
}

/// The groups of all rule files in one object, with their comments.
fn prometheus_rule() -> Result<String> {
    let mut text = PROMETHEUS_RULE.to_owned();
    for (number, file) in yaml_files(&workspace().join(RULES))?.iter().enumerate() {
        let rules = std::fs::read_to_string(file)?;
        let groups = groups(&rules).with_context(|| format!("cannot take over {}", file.display()))?;
        text += if number > 0 { "\n" } else { "" };
        text += &groups;
    }
    Ok(text)
}

/// The comment and the groups of a rule file, indented for a list at column four. Block scalars with an explicit
/// indentation (`|2`) can be moved, because it is relative to their key.
fn groups(rules: &str) -> Result<String> {
    let Some((comment, groups)) = rules.split_once("\ngroups:\n") else { bail!("it has no line `groups:`") };
    ensure!(comment.lines().all(|line| line.starts_with('#')), "above `groups:` stand comments only");
    let comment = comment.lines().map(|line| format!("    {line}\n"));
    let groups = groups.lines().map(|line| match line {
        "" => "\n".to_owned(),
        line => format!("  {line}\n"),
    });
    Ok(comment.chain(groups).collect())
}

/// The files of a folder that end in `.yaml`, by name.
fn yaml_files(folder: &Path) -> Result<Vec<PathBuf>> {
    let entries = std::fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))?;
    let mut files = entries.map(|entry| Ok(entry?.path())).collect::<Result<Vec<_>>>()?;
    files.retain(|file| file.extension().is_some_and(|ending| ending == "yaml"));
    files.sort();
    ensure!(!files.is_empty(), "{} has no rules", folder.display());
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_generated_file_is_as_it_would_be_written() {
        run(&Arguments { check: true }).unwrap();
    }

    #[test]
    fn groups_keep_their_comments_and_move_to_their_place() {
        let rules = "# About.\n#\n# More.\ngroups:\n  - name: a\n\n    # Why.\n    rules:\n      - expr: |2\n            b\n";
        let expected = "    # About.\n    #\n    # More.\n    - name: a\n\n      # Why.\n      rules:\n        - expr: |2\n              b\n";
        assert_eq!(groups(rules).unwrap(), expected);
        assert!(groups("groups:\n").is_err(), "a file says what it is about");
        assert!(groups("# About.\nother: 1\ngroups:\n").is_err());
    }
}
