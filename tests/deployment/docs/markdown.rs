//! As much of Markdown as following links takes.

use std::collections::{BTreeMap, BTreeSet};

/// Relative targets of links and pictures.
pub(super) fn links(text: &str) -> Vec<String> {
    let prose: Vec<_> = prose(text).map(without_code).collect();
    let prose = prose.join("\n");
    let inline = prose.split("](").skip(1).filter_map(|rest| Some(rest.split_once(')')?.0));
    let quoted =
        |attribute: &'static str| prose.split(attribute).skip(1).filter_map(|rest| rest.split('"').next());
    let targets = inline.chain(quoted("src=\"")).chain(quoted("srcset=\""));
    targets
        .filter(|target| !target.contains("://") && !target.starts_with("mailto:"))
        .map(str::to_owned)
        .collect()
}

/// Headings, with their marks.
pub(super) fn headings(text: &str) -> impl Iterator<Item = &str> {
    prose(text).filter(|line| line.trim_start_matches('#').starts_with(' ') && line.starts_with('#'))
}

/// What can stand behind `#` in a link to this text, as GitHub makes it of headings.
pub(super) fn anchors(text: &str) -> BTreeSet<String> {
    let mut times = BTreeMap::new();
    let mut anchor = |heading: &str| {
        let title = heading.trim_start_matches('#').trim().to_lowercase();
        let kept = title.chars().filter(|sign| sign.is_alphanumeric() || " -_".contains(*sign));
        let anchor: String = kept.map(|sign| if sign == ' ' { '-' } else { sign }).collect();
        let time = times.entry(anchor.clone()).and_modify(|time| *time += 1).or_insert(0);
        if *time == 0 { anchor } else { format!("{anchor}-{time}") }
    };
    headings(text).map(&mut anchor).collect()
}

/// Lines outside fenced code.
fn prose(text: &str) -> impl Iterator<Item = &str> {
    let mut fenced = false;
    text.lines().filter(move |line| {
        let fence = line.trim_start().starts_with("```");
        fenced ^= fence;
        !fenced && !fence
    })
}

/// A line without what stands between backquotes.
fn without_code(line: &str) -> String {
    line.split('`').step_by(2).collect::<Vec<_>>().join("")
}

#[test]
fn links_and_anchors_are_those_of_the_prose() {
    let text = "# A `b`, c_d\n[x](one.md) ![y](two.png#z) `[no](no.md)` [web](https://a.b)\n```\n# no\n[no](no.md)\n```\n\
        <img src=\"three.png\"> [`code`](four.md)\n## Twice\n#no heading\n## Twice\n";
    assert_eq!(links(text), ["one.md", "two.png#z", "four.md", "three.png"]);
    assert!(headings(text).eq(["# A `b`, c_d", "## Twice", "## Twice"]));
    assert_eq!(anchors(text), BTreeSet::from(["a-b-c_d", "twice", "twice-1"].map(str::to_owned)));
}
