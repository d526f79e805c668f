//! Documents: links lead somewhere, and every alert has a page that says what to do.

mod markdown;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use portent_tests::{deploy, external};

use self::markdown::{anchors, headings, links};
use crate::alerts::{self, alerts};
use crate::names::text;

/// What a page about an alert says, in this order.
const SECTIONS: [&str; 4] = ["## Meaning", "## Impact", "## Diagnosis", "## Mitigation"];

#[test]
fn relative_links_lead_to_files_and_headings() {
    let mut followed = 0;
    for document in documents() {
        for link in links(&text(&document)) {
            followed += 1;
            let (target, anchor) = link.split_once('#').unwrap_or((&link, ""));
            let file =
                if target.is_empty() { document.clone() } else { document.parent().unwrap().join(target) };
            let place = document.display();
            assert!(file.exists(), "{place}: {link} leads to no file");
            if !anchor.is_empty() {
                let found = anchors(&text(&file));
                assert!(found.contains(anchor), "{place}: {link} leads to no heading: {found:?}");
            }
        }
    }
    assert!(followed > 50, "links are found");
}

#[test]
fn every_alert_has_a_runbook_and_every_runbook_an_alert() {
    let pages: BTreeSet<_> = runbooks().into_keys().collect();
    assert_eq!(pages, alerts::names());
}

#[test]
fn runbooks_have_their_sections() {
    for (name, page) in runbooks() {
        assert_eq!(page.lines().next(), Some(format!("# {name}").as_str()));
        let sections: Vec<_> = headings(&page).filter(|heading| heading.starts_with("## ")).collect();
        assert_eq!(sections, SECTIONS, "{name}");
        for (section, next) in SECTIONS.into_iter().zip(SECTIONS.into_iter().skip(1).map(Some).chain([None]))
        {
            let rest = page.split_once(section).unwrap().1;
            let body = next.map_or(rest, |next| rest.split_once(next).unwrap().0);
            assert!(body.split_whitespace().count() > 10, "{name} says nothing under {section:?}");
        }
    }
}

/// The list of pages has each alert under every severity that it has, and under no other.
#[test]
fn the_list_of_runbooks_goes_by_severity() {
    let list = text(&runbook_folder().join("README.md"));
    for severity in ["critical", "warning", "info"] {
        let heading = format!("\n## {severity}\n");
        let (_, rest) = list.split_once(&heading).unwrap();
        let section = rest.split_once("\n## ").map_or(rest, |(section, _)| section);
        let listed: BTreeSet<_> =
            links(section).into_iter().map(|link| link.trim_end_matches(".md").to_owned()).collect();
        let expected = alerts().into_iter().filter(|alert| alert["severity"] == severity);
        let expected: BTreeSet<_> = expected.map(|alert| alert["alertname"].clone()).collect();
        assert_eq!(listed, expected, "{severity}");
    }
}

/// Everything that is read as a document.
fn documents() -> Vec<PathBuf> {
    let root = ["README.md", "ARCHITECTURE.md", "CHANGELOG.md"].map(|name| external::workspace().join(name));
    let below = ["../docs", "../models", ""].into_iter().flat_map(|folder| deploy::files(folder, ".md"));
    root.into_iter().chain(below).collect()
}

/// The pages about alerts, by the alert.
fn runbooks() -> BTreeMap<String, String> {
    let pages = deploy::files("../docs/runbooks", ".md").into_iter();
    let name = |page: &Path| page.file_stem().unwrap().to_str().unwrap().to_owned();
    pages.filter(|page| !page.ends_with("README.md")).map(|page| (name(&page), text(&page))).collect()
}

fn runbook_folder() -> PathBuf {
    external::workspace().join("docs/runbooks")
}
