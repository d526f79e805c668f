//! Writes the tables into `docs/performance.md`: each part of a run between its two comments.

use std::path::Path;

use anyhow::{Context as _, Result, ensure};

use super::machine::Machine;
use super::report::Report;
use super::{budgets, latency, pictures, requests, scaling, starting};

/// A place of the page: its name, its tables, and the chart that follows each.
type Place = (&'static str, &'static [(&'static str, Option<(&'static str, &'static str)>)]);

const PLACES: [Place; 5] = [
    (
        "requests",
        &[
            (requests::PREDICT, Some((pictures::REQUESTS, "CPU time of one prediction, by contender"))),
            (requests::OTHERS, None),
        ],
    ),
    ("latency", &[(latency::TABLE, None)]),
    ("budgets", &[(budgets::TABLE, None)]),
    (
        "scaling",
        &[
            (scaling::ROWS, Some((pictures::ROWS, "CPU time of a request, by its rows"))),
            (scaling::CONNECTIONS, Some((pictures::CONNECTIONS, "CPU time of a prediction, by connections"))),
            (scaling::TREES, Some((pictures::TREES, "CPU time of a request, by the trees of its model"))),
        ],
    ),
    ("start", &[(starting::PROCESSES, None), (starting::INSTANCES, None)]),
];

/// Writes what was measured into the page.
pub(crate) fn write(path: &Path, report: &Report, machine: &Machine) -> Result<()> {
    let mut page =
        std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    for (name, tables) in PLACES {
        if let Some(text) = place(name, tables, report, machine) {
            page = filled(&page, name, &text)?;
        }
    }
    std::fs::write(path, page).with_context(|| format!("cannot write {}", path.display()))
}

/// What stands in a place; `None` if no table of it was measured.
fn place(
    part: &str,
    tables: &[(&str, Option<(&str, &str)>)],
    report: &Report,
    machine: &Machine,
) -> Option<String> {
    let mut text = String::new();
    for (name, chart) in tables {
        let Some(table) = report.table(name) else { continue };
        text.push_str(&format!("\n{}\n", table.lines()));
        if let Some((file, description)) = chart {
            text.push_str(&format!("\n![{description}]({file})\n"));
        }
    }
    let missing = match &*report.missing(part) {
        [] => String::new(),
        missing => format!("\nNot measured:\n\n- {}\n", missing.join("\n- ")),
    };
    (!text.is_empty()).then(|| format!("{}\n{text}{missing}", machine.sentence()))
}

/// The page with this text between the marks of a place.
fn filled(page: &str, name: &str, text: &str) -> Result<String> {
    let (begin, end) = (format!("<!-- bench: {name} -->\n"), format!("<!-- end of {name} -->\n"));
    let (before, rest) =
        page.split_once(&begin).with_context(|| format!("the page has no mark {begin:?}"))?;
    let (_, after) = rest.split_once(&end).with_context(|| format!("the page has no mark {end:?}"))?;
    ensure!(!after.contains(&begin), "the page has the mark {begin:?} twice");
    Ok(format!("{before}{begin}{text}{end}{after}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_filled_and_filled_again() {
        let page = "a\n<!-- bench: x -->\nold\n<!-- end of x -->\nb\n";
        let new = filled(page, "x", "new\n").unwrap();
        assert_eq!(new, "a\n<!-- bench: x -->\nnew\n<!-- end of x -->\nb\n");
        assert_eq!(filled(&new, "x", "new\n").unwrap(), new);
        assert!(filled(page, "y", "").is_err());
    }

    #[test]
    fn the_page_has_every_place() {
        let page = crate::paths::workspace().join("docs/performance.md");
        let page = std::fs::read_to_string(page).unwrap();
        for (name, _) in PLACES {
            filled(&page, name, "").unwrap();
        }
    }
}
