//! The crates of one build and their dependencies.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context as _, Result, ensure};

use super::Subject;
use crate::build::{cargo, shown};

/// A crate by name and version.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Node {
    pub(super) name: String,
    pub(super) version: String,
}

/// The crates of a build.
#[derive(Debug)]
pub(super) struct Graph {
    pub(super) root: Node,
    /// Every crate with those that it needs, to be built or to run.
    pub(super) edges: BTreeMap<Node, BTreeSet<Node>>,
    /// The crates that are in the program; the others only build it.
    pub(super) linked: BTreeSet<Node>,
}

impl Graph {
    /// Asks cargo for the crates of a build.
    pub(super) fn read(subject: &Subject) -> Result<Self> {
        let whole = lines(&tree(subject, "normal,build")?)?;
        let linked = lines(&tree(subject, "normal,no-proc-macro")?)?;
        let (_, root) = whole.first().cloned().context("cargo tree has no root")?;
        Ok(Self { root, edges: edges(whole), linked: linked.into_iter().map(|(_, node)| node).collect() })
    }
}

fn tree(subject: &Subject, kinds: &str) -> Result<String> {
    let mut command = cargo();
    command.args(["tree", "--locked", "--package", subject.package, "--target", subject.target]);
    command.args(["--edges", kinds, "--prefix", "depth", "--format", "{p}", "--charset", "ascii"]);
    let output = command.output().with_context(|| format!("cannot run {}", shown(&command)))?;
    let error = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{} failed: {}", shown(&command), error.trim());
    Ok(String::from_utf8(output.stdout)?)
}

/// Lines such as `2serde_derive v1.0.229 (proc-macro) (*)`, as depth and crate.
pub(super) fn lines(text: &str) -> Result<Vec<(usize, Node)>> {
    let line = |line: &str| {
        let start = line.find(|c: char| !c.is_ascii_digit())?;
        let (depth, rest) = line.split_at_checked(start)?;
        let mut words = rest.split_whitespace();
        let (name, version) = (words.next()?, words.next()?.strip_prefix('v')?);
        Some((depth.parse().ok()?, Node { name: name.to_owned(), version: version.to_owned() }))
    };
    let filled = text.lines().filter(|text| !text.is_empty());
    filled.map(|text| line(text).with_context(|| format!("cargo tree says {text:?}"))).collect()
}

/// The dependencies of a crate are the lines one level deeper below it. A repeated crate is listed without them.
pub(super) fn edges(lines: Vec<(usize, Node)>) -> BTreeMap<Node, BTreeSet<Node>> {
    let mut edges = BTreeMap::<Node, BTreeSet<Node>>::new();
    let mut above: Vec<Node> = Vec::new();
    for (depth, node) in lines {
        above.truncate(depth);
        if let Some(parent) = above.last() {
            edges.entry(parent.clone()).or_default().insert(node.clone());
        }
        edges.entry(node.clone()).or_default();
        above.push(node);
    }
    edges
}
