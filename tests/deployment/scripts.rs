//! The scripts: strict, clean, and called as they say.

use std::collections::BTreeSet;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use portent_tests::{deploy, external};

use crate::names::text;

/// Everything in `deploy/` and `.ci/` that bash reads: what says so in its first line.
fn scripts() -> Vec<PathBuf> {
    let mut files = deploy::files("", "");
    files.extend(deploy::files("../.ci", ""));
    files.retain(|file| {
        let bytes = std::fs::read(file).unwrap();
        bytes.starts_with(b"#!/usr/bin/env bash\n") || bytes.starts_with(b"# shellcheck shell=bash\n")
    });
    files
}

/// The scripts that people call: those that can be run, but for CI's.
fn programs() -> Vec<PathBuf> {
    let runs = |file: &PathBuf| text(file).starts_with("#!") && !file.ends_with(".ci/run");
    let programs: Vec<_> = scripts().into_iter().filter(runs).collect();
    assert!(programs.len() >= 5, "{programs:?}");
    programs
}

/// Runs a script from a folder that has nothing to do with it.
fn run(script: &Path, arguments: &[&str]) -> Output {
    let script = script.canonicalize().unwrap();
    Command::new(script).args(arguments).current_dir("/").output().unwrap()
}

/// The options that a script reads: the patterns of its `case`.
fn options(script: &Path) -> BTreeSet<String> {
    let text = text(script);
    let arms = text.lines().filter_map(|line| line.trim_start().split_once(')'));
    let names = arms.flat_map(|(patterns, _)| patterns.split(" | "));
    names.filter(|name| is_option(name)).map(str::to_owned).collect()
}

fn is_option(word: &str) -> bool {
    let name = word.strip_prefix("--");
    name.is_some_and(|name| !name.is_empty() && name.chars().all(|c| c.is_ascii_lowercase() || c == '-'))
}

/// The options that a help text explains: the first words of its lines.
fn explained(help: &str) -> BTreeSet<String> {
    let first = help.lines().filter_map(|line| line.split_whitespace().next());
    first.filter(|word| is_option(word)).map(str::to_owned).collect()
}

#[test]
fn shellcheck_has_nothing_to_say() {
    let Some(shellcheck) = external::program("shellcheck") else { return };
    let scripts = scripts();
    assert!(scripts.len() >= 8, "{scripts:?}");
    let output = Command::new(shellcheck).args(scripts).current_dir(external::workspace()).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
}

#[test]
fn scripts_are_strict_and_what_is_sourced_is_not_executable() {
    for file in scripts() {
        let text = text(&file);
        let program = text.starts_with("#!");
        let executable = file.metadata().unwrap().permissions().mode() & 0o111 != 0;
        assert_eq!(program, executable, "{}", file.display());
        assert_eq!(program, text.lines().any(|line| line == "set -euo pipefail"), "{}", file.display());
    }
}

#[test]
fn help_explains_exactly_the_options_that_there_are() {
    for script in programs() {
        let output = run(&script, &["--help"]);
        assert_eq!(output.status.code(), Some(0), "{}", script.display());
        let help = String::from_utf8(output.stdout).unwrap();
        assert!(help.starts_with("usage: ") && output.stderr.is_empty(), "{help}");
        assert!(options(&script).contains("--help"), "{}", script.display());
        assert_eq!(explained(&help), options(&script), "{}", script.display());
        assert!(help.lines().all(|line| line.len() <= 120), "{help}");
    }
}

#[track_caller]
fn check_misuse(script: &Path, arguments: &[&str], expected: &str) {
    let output = run(script, arguments);
    let complaint = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(64), "{} {arguments:?}: {complaint}", script.display());
    assert!(complaint.contains(expected), "{} {arguments:?}: {complaint}", script.display());
    assert_eq!(complaint.lines().count(), 2, "what is wrong, and where help is: {complaint}");
}

#[test]
fn misuse_is_named_and_ends_with_64() {
    for script in programs() {
        check_misuse(&script, &["--unknown"], "unknown option '--unknown'");
        check_misuse(&script, &["word"], "unknown option 'word'");
        for option in options(&script) {
            let takes_value = text(&script).contains(&format!(" {option}) text"))
                || text(&script).contains(&format!(" {option}) address"))
                || text(&script).contains(&format!(" {option}) whole"));
            if takes_value {
                check_misuse(&script, &[&option], &format!("{option} needs a value"));
            }
        }
    }
}

#[test]
fn wrong_values_are_named() {
    let script = |name: &str| deploy::path(&format!("scripts/{name}"));
    for value in ["-1", "1.5", "ten", "", "1e3", "010", "100001", "99999999999999999999"] {
        let argument = format!("--requests={value}");
        check_misuse(
            &script("test-metrics.sh"),
            &[&argument],
            "--requests takes a whole number from 0 to 100000",
        );
    }
    for value in ["127.0.0.1:3000", "http://", "http://a/path", "ftp://a", "http://a b", "http://a?x"] {
        for option in ["--url", "--hvs-url", "--metrics-url"] {
            check_misuse(&script("smoke.sh"), &[option, value], &format!("{option} takes http://HOST:PORT"));
        }
    }
    check_misuse(
        &deploy::path("local/run"),
        &["--port", "70000"],
        "--port takes a whole number from 1 to 65535",
    );
    check_misuse(&deploy::path("local/run"), &["--port", "0"], "--port takes");
}

/// The options that a line of documentation gives to a script that it names.
fn options_given(line: &str, script: &str) -> BTreeSet<String> {
    let uses = line.split(script).skip(1);
    let words = uses.flat_map(|rest| {
        let call = rest.split(['`', '|', ';', '&', ')']).next().unwrap_or_default();
        call.split_whitespace().take_while(|word| *word != "--")
    });
    let names = words.map(|word| word.split(['=', ']', ',', '.']).next().unwrap_or_default());
    names.map(|name| name.trim_start_matches('[')).filter(|name| is_option(name)).map(str::to_owned).collect()
}

#[test]
fn documentation_gives_options_that_exist() {
    let mut pages = deploy::files("../docs", ".md");
    pages.extend(deploy::files("", ".md"));
    pages.push(deploy::path("../README.md"));
    let mut uses = 0;
    for script in programs() {
        let known = options(&script);
        let name = script.file_name().unwrap().to_string_lossy().into_owned();
        let name = if name == "run" { "deploy/local/run".to_owned() } else { name };
        for page in &pages {
            // A line that ends in a backslash goes on.
            for line in text(page).replace("\\\n", " ").lines() {
                let given = options_given(line, &name);
                uses += given.len();
                let unknown: Vec<_> = given.difference(&known).collect();
                assert!(unknown.is_empty(), "{}: {name} has no {unknown:?}", page.display());
            }
        }
    }
    assert!(uses > 0, "the documentation shows how the scripts are called");
}

#[test]
fn options_in_documentation_are_found() {
    let line = "run `a/smoke.sh --url=http://x [--wait 3] -- --not-this` or smoke.sh --namespace portent | grep --no";
    let expected = ["--url", "--wait", "--namespace"].map(str::to_owned);
    assert_eq!(options_given(line, "smoke.sh"), BTreeSet::from(expected));
}
