//! The charts of a run, from its tables.

use std::path::Path;

use anyhow::Result;

use super::chart::{self, Axis, Bar, Chart, Series};
use super::fit::Line;
use super::report::{Report, Table};
use super::{requests, scaling};

/// Files by the part that draws them.
pub(crate) const REQUESTS: &str = "performance-requests.svg";
pub(crate) const ROWS: &str = "performance-rows.svg";
pub(crate) const CONNECTIONS: &str = "performance-connections.svg";
pub(crate) const TREES: &str = "performance-trees.svg";

/// Draws what was measured into a folder.
pub(crate) fn draw(report: &Report, folder: &Path) -> Result<()> {
    if let Some(table) = report.table(requests::PREDICT) {
        let title = "CPU time of one prediction, µs, all processes of the server";
        chart::write(folder, REQUESTS, &chart::bars(title, &bars(table)))?;
    }
    let by_size = |title, x, step| {
        move |table: &Table| {
            chart::lines(&Chart { title, x, y: Axis::Logarithmic, step, series: series(table, "size", true) })
        }
    };
    let rows = by_size("CPU time of a request, µs, by its rows", "rows of the request", 10.0);
    let trees = by_size("CPU time of a request, µs, by the trees of its model", "trees", 10.0);
    let connections = |table: &Table| {
        let (title, x) = ("CPU time of a prediction, µs, by connections at once", "connections");
        let series = series(table, "connections", false);
        chart::lines(&Chart { title, x, y: Axis::Linear, step: 2.0, series })
    };
    let draw = |name, file, picture: &dyn Fn(&Table) -> Option<String>| {
        let svg = report.table(name).and_then(picture);
        svg.map_or(Ok(()), |svg| chart::write(folder, file, &svg))
    };
    draw(scaling::ROWS, ROWS, &rows)?;
    draw(scaling::CONNECTIONS, CONNECTIONS, &connections)?;
    draw(scaling::TREES, TREES, &trees)
}

fn bars(table: &Table) -> Vec<Bar> {
    let rows = table.column("contender").into_iter().zip(table.column("CPU µs"));
    let bar = |(name, value): (&serde_json::Value, &serde_json::Value)| {
        let label = name.as_str()?.to_owned();
        let series = match &label {
            label if label.contains("do-nothing") => 2,
            label if label.contains("WASI 0.3") => 3,
            label if label.contains("WASI 0.2") => 0,
            _ => 1,
        };
        Some(Bar { value: value.as_f64()?, label, series })
    };
    rows.filter_map(bar).collect()
}

/// The points of each contender, and where wanted the straight line through them.
fn series(table: &Table, x: &str, with_line: bool) -> Vec<Series> {
    let mut all: Vec<Series> = Vec::new();
    let points = table.column(x).into_iter().zip(table.column("CPU µs"));
    for (name, (x, y)) in table.column("contender").into_iter().zip(points) {
        let (Some(name), Some(x), Some(y)) = (name.as_str(), x.as_f64(), y.as_f64()) else { continue };
        match all.iter_mut().find(|series| series.name == name) {
            Some(series) => series.points.push((x, y)),
            None => all.push(Series { name: name.to_owned(), points: vec![(x, y)], fit: None }),
        }
    }
    if with_line {
        all.iter_mut().for_each(|series| series.fit = Line::fit(&series.points));
    }
    all
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_was_measured_is_drawn() {
        let mut report = Report::default();
        let mut table = Table::new(scaling::ROWS, &scaling::SIZE_COLUMNS);
        for (size, micros) in [(1, 80.0), (10, 100.0), (100, 300.0)] {
            table.row(&[json!("a"), json!(size), json!(micros), json!(null), json!(null), json!(null)]);
        }
        report.add(table);
        let folder = tempfile::tempdir().unwrap();
        draw(&report, folder.path()).unwrap();
        let drawn: Vec<_> = std::fs::read_dir(folder.path()).unwrap().collect();
        assert_eq!(drawn.len(), 1);
        assert!(std::fs::read_to_string(folder.path().join(ROWS)).unwrap().contains("dashed"));
    }
}
