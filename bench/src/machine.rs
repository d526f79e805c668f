//! The machine, date, commit and command of a run.

use std::fs;
use std::process::Command;
use std::time::SystemTime;

use anyhow::Result;
use serde_json::{Value, json};

use crate::paths;

/// The machine, the day, the commit and the command of a run.
#[derive(Debug)]
pub(crate) struct Machine {
    processor: String,
    cores: usize,
    /// Mean number of busy or waiting threads over the minute before the run.
    load: String,
    date: String,
    commit: String,
    command: String,
}

impl Machine {
    /// This machine, now.
    pub(crate) fn here() -> Result<Self> {
        let processors = fs::read_to_string("/proc/cpuinfo")?;
        let load = fs::read_to_string("/proc/loadavg")?;
        let date = humantime::format_rfc3339_seconds(SystemTime::now()).to_string();
        Ok(Self {
            processor: processor(&processors).unwrap_or("unknown processor").to_owned(),
            cores: std::thread::available_parallelism()?.get(),
            load: load.split(' ').next().unwrap_or_default().to_owned(),
            date: date.split('T').next().unwrap_or_default().to_owned(),
            commit: commit(),
            command: command(std::env::args().skip(1)),
        })
    }

    /// One sentence.
    pub(crate) fn sentence(&self) -> String {
        let Self { processor, cores, load, date, commit, command } = self;
        format!(
            "`{command}` on {date}, commit `{commit}`, {cores} cores of {processor}, load {load} before it."
        )
    }

    pub(crate) fn to_json(&self) -> Value {
        let Self { processor, cores, load, date, commit, command } = self;
        json!({
            "processor": processor, "cores": cores, "load": load,
            "date": date, "commit": commit, "command": command,
        })
    }
}

fn processor(cpuinfo: &str) -> Option<&str> {
    let line = cpuinfo.lines().find(|line| line.starts_with("model name"))?;
    Some(line.split_once(':')?.1.trim())
}

/// The command as one would type it elsewhere.
fn command(arguments: impl Iterator<Item = String>) -> String {
    let words: Vec<_> = std::iter::once("cargo xtask bench".to_owned()).chain(arguments).collect();
    without_places(&words.join(" "))
}

/// A text that tells nothing of where programs and folders are on this machine: of each absolute path its last part.
pub(super) fn without_places(text: &str) -> String {
    let last = |word: &str| {
        let (before, path) =
            word.split_at(word.find(|sign| !matches!(sign, '(' | '"' | '\'' | '`')).unwrap_or(0));
        let is_path = path.starts_with('/') && path.matches('/').count() > 1;
        let name = if is_path { path.rsplit('/').next().unwrap_or_default() } else { path };
        format!("{before}{name}")
    };
    text.split(' ').map(last).collect::<Vec<_>>().join(" ")
}

fn commit() -> String {
    let git = |arguments: &[&str]| {
        let output = Command::new("git").args(arguments).current_dir(paths::workspace()).output().ok()?;
        let text = String::from_utf8(output.stdout).ok()?;
        output.status.success().then(|| text.trim().to_owned())
    };
    let Some(commit) = git(&["rev-parse", "--short=9", "HEAD"]) else { return "unknown".to_owned() };
    let changed = git(&["status", "--porcelain", "--untracked-files=no"]).is_none_or(|list| !list.is_empty());
    if changed { format!("{commit} with changes") } else { commit }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_processor_is_named() {
        let text = "processor\t: 0\nmodel name\t: Some CPU @ 2 GHz\nflags\t: a\nmodel name\t: other\n";
        assert_eq!(processor(text), Some("Some CPU @ 2 GHz"));
        assert_eq!(processor("processor\t: 0\n"), None);
    }

    #[test]
    fn a_command_tells_nothing_of_where_things_are() {
        let words = ["--python", "/home/me/venv/bin/python3", "--rounds", "3"];
        let shown = command(words.into_iter().map(str::to_owned));
        assert_eq!(shown, "cargo xtask bench --python python3 --rounds 3");
        assert_eq!(
            without_places("at 5 requests/s: /a/b/python3: no /predict"),
            "at 5 requests/s: python3: no /predict"
        );
    }
}
