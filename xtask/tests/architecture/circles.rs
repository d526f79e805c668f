//! No module circle: if a module uses another, neither that one nor its children use the first.
//!
//! A module may use its children and re-export them. A child that uses an item of its parent makes a circle: what both
//! need belongs into a module below them.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use crate::crate_source::{Arrow, CrateSource, Place};
use crate::workspace;

/// Folders of the checked crates.
const FOLDERS: [&str; 3] = ["components", "host-metrics", "portent"];

/// Circles that stay: a crate's folder, a module, and why.
const ALLOWED: [(&str, &str, &str); 0] = [];

/// The circles among modules, each with its modules and the lines that make it.
fn circles(arrows: &BTreeSet<Arrow>) -> Vec<(BTreeSet<&str>, String)> {
    let mut next = BTreeMap::<&str, BTreeSet<&str>>::new();
    for arrow in arrows {
        next.entry(&arrow.from).or_default().insert(&arrow.to);
    }
    let reached: BTreeMap<&str, BTreeSet<&str>> =
        next.keys().map(|&module| (module, reached_from(module, &next))).collect();
    let reaches = |from: &str, to: &str| reached.get(from).is_some_and(|reached| reached.contains(to));
    let mut circles = Vec::<(BTreeSet<&str>, String)>::new();
    for &module in next.keys() {
        if circles.iter().any(|(circle, _)| circle.contains(module)) || !reaches(module, module) {
            continue;
        }
        let circle: BTreeSet<&str> =
            next.keys().copied().filter(|&other| reaches(module, other) && reaches(other, module)).collect();
        let mut lines = String::new();
        let mut before = ("", "");
        for Arrow { from, to, place } in arrows {
            let is_inside = circle.contains(&**from) && circle.contains(&**to);
            // That a module uses its children is no fault; of several uses the first line is enough.
            let is_fault = from != "crate" && !to.starts_with(&format!("{from}::")) && before != (from, to);
            if let Some(place) = place.as_ref().filter(|_| is_inside && is_fault) {
                let Place { file, line } = place;
                lines += &format!("\n    {}:{line}: {from} uses {to}", file.display());
                before = (from, to);
            }
        }
        circles.push((circle, lines));
    }
    circles
}

/// The modules that a module uses, directly or not.
fn reached_from<'a>(module: &'a str, next: &BTreeMap<&'a str, BTreeSet<&'a str>>) -> BTreeSet<&'a str> {
    let mut reached = BTreeSet::new();
    let mut open = vec![module];
    while let Some(module) = open.pop() {
        for &to in next.get(module).into_iter().flatten() {
            if reached.insert(to) {
                open.push(to);
            }
        }
    }
    reached
}

/// The folders below these that hold the sources of a crate.
fn sources(folder: &Path) -> Vec<PathBuf> {
    let src = folder.join("src");
    if src.is_dir() {
        let children = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        let crates = children.filter(|child| child.join("Cargo.toml").is_file() && !child.ends_with("fuzz"));
        return crates.flat_map(|child| sources(&child)).chain([src]).collect();
    }
    let children = std::fs::read_dir(folder).into_iter().flatten().map(|entry| entry.unwrap().path());
    children.filter(|child| child.join("Cargo.toml").is_file()).flat_map(|child| sources(&child)).collect()
}

#[test]
fn no_modules_use_each_other_in_a_circle() {
    let mut found = String::new();
    for src in FOLDERS.iter().flat_map(|folder| sources(&workspace().join(folder))) {
        let name = src.parent().unwrap().strip_prefix(workspace()).unwrap().display().to_string();
        for (circle, lines) in circles(&CrateSource::read(&src).arrows()) {
            let is_allowed =
                ALLOWED.iter().any(|(folder, module, _)| *folder == name && circle.contains(module));
            if !is_allowed {
                let modules: Vec<_> = circle.into_iter().collect();
                found += &format!("\n{name}: {}{lines}", modules.join(", "));
            }
        }
    }
    let found = found.replace(&format!("{}/", workspace().display()), "");
    assert!(found.is_empty(), "modules use each other:{found}");
}

/// The circles of a crate of texts, each as its modules in one text.
fn circles_of(modules: &[(&str, &str)]) -> Vec<String> {
    let arrows = CrateSource::of(modules).arrows();
    circles(&arrows).into_iter().map(|(circle, _)| circle.into_iter().collect::<Vec<_>>().join(" ")).collect()
}

#[test]
fn modules_in_layers_make_no_circle() {
    let none: [String; 0] = [];
    let layers = [
        ("", "mod a; mod b; pub use a::A;"),
        ("a", "use crate::b::B; pub struct A(B);"),
        ("b", "pub struct B;"),
    ];
    assert_eq!(circles_of(&layers), none);
    // A parent uses and re-exports its children; these use each other, by their parent's names too.
    let parent = [
        ("", "mod a;"),
        ("a", "mod b; mod c; pub use self::b::B; use c::*; struct A(B, C);"),
        ("a::b", "pub struct B;"),
        ("a::c", "use super::B; use crate::a::b; pub struct C(B, b::B);"),
    ];
    assert_eq!(circles_of(&parent), none);
    // What tests, comments and texts name does not count; nor does another crate's module of the same name.
    let others = [
        ("", "mod a; mod b;"),
        ("a", "use crate::b::B; #[cfg(test)] mod tests { use super::*; }"),
        (
            "b",
            "// crate::a::A\npub struct B; use other::a::A; const T: &str = \"crate::a::A\"; #[cfg(test)] use crate::a::A;",
        ),
    ];
    assert_eq!(circles_of(&others), none);
}

#[test]
fn a_circle_is_found_with_its_lines() {
    let both = [
        ("", "mod a; mod b;"),
        ("a", "use crate::b::B;\npub struct A;"),
        ("b", "pub struct B;\nfn f(_: super::a::A) {}"),
    ];
    assert_eq!(circles_of(&both), ["a b"]);
    let arrows = CrateSource::of(&both).arrows();
    let lines = &circles(&arrows)[0].1;
    assert_eq!(lines, "\n    a.rs:1: a uses b\n    b.rs:2: b uses a");
    // A child that uses its parent.
    let child = [("", "mod a;"), ("a", "mod b; pub struct A;"), ("a::b", "use super::A;")];
    assert_eq!(circles_of(&child), ["a a::b"]);
    // One that uses the root of the crate.
    assert_eq!(circles_of(&[("", "mod a; pub struct Root;"), ("a", "use crate::Root;")]), ["a crate"]);
    // Through a child, in a tree of imports, under another name, and in a module in braces.
    let through = [
        ("", "mod a; mod b;"),
        ("a", "mod c;"),
        ("a::c", "use crate::{b::{self as other, B}}; fn f() { other::g() }"),
        ("b", "mod inner { use super::super::a; fn f(_: a::A) {} }"),
    ];
    assert_eq!(circles_of(&through), ["a a::c b b::inner"]);
}
