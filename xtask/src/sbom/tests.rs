use std::collections::{BTreeMap, BTreeSet};
use std::io::Write as _;
use std::process::{Command, Stdio};

use portent_tests::external;

use super::graph::{Node, edges, lines};
use super::*;

fn bills() -> Result<Vec<(&'static Subject, Value)>> {
    let catalogue = Catalogue::read()?;
    SUBJECTS.iter().map(|subject| Ok((subject, bill(subject, &catalogue)?))).collect()
}

/// The components of a bill, its subject among them.
fn components(bill: &Value) -> impl Iterator<Item = &Value> {
    let others = bill["components"].as_array().into_iter().flatten();
    std::iter::once(&bill["metadata"]["component"]).chain(others)
}

fn text<'v>(value: &'v Value, field: &str) -> &'v str {
    value[field].as_str().unwrap_or_default()
}

/// Crates of a build as cargo lists them without depth and without leaving anything out.
fn listed(subject: &Subject, kinds: &str) -> Result<BTreeSet<String>> {
    let mut command = build::cargo();
    command.args(["tree", "--package", subject.package, "--target", subject.target, "--edges", kinds]);
    command.args(["--prefix", "none", "--no-dedupe"]);
    let output = String::from_utf8(command.output()?.stdout)?;
    let words = |line: &str| line.split(' ').take(2).collect::<Vec<_>>().join(" ");
    Ok(output.lines().filter(|line| !line.is_empty()).map(words).collect())
}

#[test]
fn every_crate_of_the_build_is_named_and_no_other() -> Result<()> {
    for (subject, bill) in bills()? {
        let crates = |kept: &dyn Fn(&Value) -> bool| -> BTreeSet<String> {
            let crates = components(&bill).filter(|found| text(found, "purl").starts_with("pkg:cargo/"));
            let name = |found: &Value| format!("{} v{}", text(found, "name"), text(found, "version"));
            crates.filter(|found| kept(found)).map(name).collect()
        };
        let all = listed(subject, "normal,build")?;
        assert!(all.len() > 50, "{}: {}", subject.package, all.len());
        assert_eq!(crates(&|_| true), all, "{}", subject.package);
        let linked = crates(&|found| found["scope"] != "excluded");
        assert_eq!(linked, listed(subject, "normal,no-proc-macro")?, "{}", subject.package);
        assert!(linked.len() < all.len());
        assert!(linked.iter().any(|name| name.starts_with("serde v")), "{}", subject.package);
        assert!(!linked.iter().any(|name| name.starts_with("wasmtime ")), "{}", subject.package);
    }
    Ok(())
}

#[test]
fn components_say_what_they_are_and_not_where_they_were() -> Result<()> {
    let lock: toml::Table = toml::from_str(&std::fs::read_to_string(build::workspace().join("Cargo.lock"))?)?;
    let locked = lock["package"].as_array().cloned().unwrap_or_default();
    let checksums: BTreeMap<_, _> = locked
        .iter()
        .filter_map(|entry| {
            let field = |name: &str| entry.get(name).and_then(|value| value.as_str());
            Some(((field("name")?.to_owned(), field("version")?.to_owned()), field("checksum")?.to_owned()))
        })
        .collect();
    for (subject, bill) in bills()? {
        for found in components(&bill) {
            let (name, version) = (text(found, "name"), text(found, "version"));
            assert!(!text(&found["licenses"][0], "expression").is_empty(), "{name}");
            let checksum = checksums.get(&(name.to_owned(), version.to_owned()));
            match (text(found, "purl"), checksum) {
                (purl, Some(checksum)) => {
                    assert!(!purl.contains('?'), "{purl}");
                    assert_eq!(text(&found["hashes"][0], "content"), checksum, "{name}");
                }
                (purl, None) if purl.starts_with("pkg:cargo/") => {
                    assert!(
                        purl.ends_with("?vcs_url=git%2Bhttps://github.com/portent-serve/portent"),
                        "{purl}"
                    );
                }
                _ => assert!(name == "rust-std" || found["type"] == "machine-learning-model", "{name}"),
            }
        }
        let all = bill.to_string();
        let machine =
            [build::workspace().to_string_lossy(), "file://".into(), "/home/".into(), "/root/".into()];
        for place in machine {
            assert!(!all.contains(&*place), "{}: {place}", subject.package);
        }
        assert_eq!(all.matches("\"machine-learning-model\"").count(), 2, "{}", subject.package);
    }
    Ok(())
}

#[test]
fn dependencies_lead_from_the_program_to_everything() -> Result<()> {
    for (_, bill) in bills()? {
        let named: BTreeSet<&str> = components(&bill).map(|found| text(found, "bom-ref")).collect();
        let mut needs = BTreeMap::new();
        for entry in bill["dependencies"].as_array().into_iter().flatten() {
            let list = entry["dependsOn"].as_array().into_iter().flatten().filter_map(Value::as_str);
            assert!(needs.insert(text(entry, "ref"), list.collect::<Vec<_>>()).is_none());
        }
        assert_eq!(needs.keys().copied().collect::<BTreeSet<_>>(), named);
        let mut reached = BTreeSet::new();
        let mut next = vec![text(&bill["metadata"]["component"], "bom-ref")];
        while let Some(reference) = next.pop() {
            if reached.insert(reference) {
                next.extend(&needs[reference]);
            }
        }
        assert_eq!(reached, named);
    }
    Ok(())
}

#[test]
fn the_external_checker_finds_nothing() -> Result<()> {
    let python = external::program("python3").filter(|python| {
        let import = Command::new(python).args(["-c", "import cyclonedx, jsonschema, packageurl"]).output();
        import.is_ok_and(|output| output.status.success())
    });
    let Some(python) = external::found(python, "python3 with cyclonedx-python-lib") else { return Ok(()) };
    let script = build::workspace().join("tests/external_checkers/sbom.py");
    for (subject, bill) in bills()? {
        let mut checker = Command::new(&python);
        let mut process = checker.arg(&script).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        process.stdin.take().context("it has an input")?.write_all(bill.to_string().as_bytes())?;
        let output = process.wait_with_output()?;
        assert!(output.status.success(), "{}: {}", subject.package, String::from_utf8_lossy(&output.stdout));
    }
    Ok(())
}

#[test]
fn licences_of_old_manifests_become_expressions() {
    for (stated, expected) in [
        ("MIT/Apache-2.0", "MIT OR Apache-2.0"),
        ("Apache-2.0 / MIT", "Apache-2.0 OR MIT"),
        ("MPL-2.0+", "MPL-2.0"),
        ("(Apache-2.0 OR MIT) AND BSD-3-Clause", "(Apache-2.0 OR MIT) AND BSD-3-Clause"),
    ] {
        assert_eq!(catalogue::expression(stated), expected);
    }
}

#[test]
fn a_tree_is_read_with_what_it_leaves_out() -> Result<()> {
    let node = |name: &str| Node { name: name.to_owned(), version: "1.0.0".to_owned() };
    let text = "0a v1.0.0 (/somewhere/a)\n1b v1.0.0\n2c v1.0.0 (proc-macro)\n1c v1.0.0 (proc-macro) (*)\n\n";
    let expected = [("a", &["b", "c"][..]), ("b", &["c"]), ("c", &[])];
    let expected = expected.map(|(name, needs)| (node(name), needs.iter().map(|need| node(need)).collect()));
    assert_eq!(edges(lines(text)?), BTreeMap::from(expected));
    assert!(lines("0a 1.0.0").is_err() && lines("a").is_err());
    Ok(())
}
