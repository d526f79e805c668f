//! Figures as Markdown tables and as JSON.

use std::path::Path;

use anyhow::{Context as _, Result};
use serde_json::{Map, Value, json};

use super::machine::{Machine, without_places};

/// The tables of a run.
#[derive(Debug, Default)]
pub(crate) struct Report {
    tables: Vec<Table>,
    /// The part of the run that goes on.
    part: &'static str,
    missing: Vec<Missing>,
}

/// What was not measured, with its reason, in a part of the run.
#[derive(Debug, PartialEq)]
struct Missing {
    part: &'static str,
    line: String,
}

/// A table; its columns are also the keys of its rows in JSON.
#[derive(Debug)]
pub(crate) struct Table {
    name: &'static str,
    columns: &'static [&'static str],
    rows: Vec<Vec<Value>>,
}

impl Report {
    /// Prints a table, unless nothing could be measured for it.
    pub(crate) fn add(&mut self, table: Table) {
        if !table.rows.is_empty() {
            println!("\n{}", table.to_markdown());
            self.tables.push(table);
        }
    }

    /// Begins a part of the run.
    pub(crate) fn begin(&mut self, part: &'static str) {
        self.part = part;
    }

    /// Says that something was not measured, and why.
    pub(crate) fn miss(&mut self, what: &str, error: &anyhow::Error) {
        let line = without_places(&format!("{what} ({error:#})"));
        let missing = Missing { part: self.part, line };
        if !self.missing.contains(&missing) {
            println!("skipped: {}", missing.line);
            self.missing.push(missing);
        }
    }

    /// What was not measured in a part of the run, each with its reason.
    pub(crate) fn missing(&self, part: &str) -> Vec<&str> {
        self.missing.iter().filter(|one| one.part == part).map(|one| one.line.as_str()).collect()
    }

    /// A table that was added.
    pub(crate) fn table(&self, name: &str) -> Option<&Table> {
        self.tables.iter().find(|table| table.name == name)
    }

    /// Writes everything as JSON: an object of tables, each a list of rows, with where they were measured.
    pub(crate) fn write(&self, path: &Path, machine: &Machine) -> Result<()> {
        let mut members: Map<String, Value> =
            self.tables.iter().map(|table| (table.name.to_owned(), table.to_json())).collect();
        let skipped: Vec<_> = self.missing.iter().map(|one| &one.line).collect();
        members.insert("machine".to_owned(), machine.to_json());
        members.insert("skipped".to_owned(), json!(skipped));
        let text = format!("{:#}\n", Value::Object(members));
        std::fs::write(path, text).with_context(|| format!("cannot write {}", path.display()))
    }
}

impl Table {
    pub(crate) fn new(name: &'static str, columns: &'static [&'static str]) -> Self {
        Self { name, columns, rows: Vec::new() }
    }

    /// Adds a row, a value a column.
    pub(crate) fn row(&mut self, values: &[Value]) {
        self.rows.push(values.to_vec());
    }

    fn to_markdown(&self) -> String {
        format!("### {}\n\n{}", self.name, self.lines())
    }

    /// The table in Markdown, without its name.
    pub(crate) fn lines(&self) -> String {
        let mut text = format!("| {} |\n|", self.columns.join(" | "));
        self.columns.iter().for_each(|_| text.push_str("---|"));
        for row in &self.rows {
            let cells: Vec<_> = row.iter().map(cell).collect();
            text.push_str(&format!("\n| {} |", cells.join(" | ")));
        }
        text
    }

    /// The values of a column.
    pub(crate) fn column(&self, name: &str) -> Vec<&Value> {
        let at = self.columns.iter().position(|column| *column == name);
        at.map_or_else(Vec::new, |at| self.rows.iter().filter_map(|cells| cells.get(at)).collect())
    }

    /// The value of a column in the first row whose first column holds this.
    pub(crate) fn number(&self, row: &str, column: &str) -> Option<f64> {
        let at = self.columns.iter().position(|name| *name == column)?;
        self.rows.iter().find(|cells| cells.first().is_some_and(|cell| cell == row))?.get(at)?.as_f64()
    }

    fn to_json(&self) -> Value {
        let row = |row: &Vec<Value>| {
            self.columns.iter().map(|key| (*key).to_owned()).zip(row.iter().cloned()).collect::<Map<_, _>>()
        };
        json!(self.rows.iter().map(row).collect::<Vec<_>>())
    }
}

/// A value as one reads it: fractions with about three digits that mean something.
fn cell(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => "-".to_owned(),
        Value::Number(number) if number.is_f64() => {
            let number = number.as_f64().unwrap_or_default();
            let decimals = match number.abs() {
                size if size >= 100.0 => 0,
                size if size >= 10.0 => 1,
                _ => 2,
            };
            format!("{number:.decimals$}")
        }
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_belongs_to_its_part_and_is_told_once() {
        let mut report = Report::default();
        for part in ["requests", "requests", "latency"] {
            report.begin(part);
            report.miss("a peer", &anyhow::anyhow!("/opt/bin/python3: no module"));
        }
        assert_eq!(report.missing("requests"), ["a peer (python3: no module)"]);
        assert_eq!((report.missing("latency").len(), report.missing("start").len()), (1, 0));
    }

    #[test]
    fn a_table_is_markdown_and_json() {
        let mut table = Table::new("ingest", &["contender", "ns", "events"]);
        table.row(&[json!("memory"), json!(1234.56), json!(7)]);
        table.row(&[json!("peer"), json!(0.125), Value::Null]);
        let expected = "### ingest\n\n| contender | ns | events |\n|---|---|---|\n\
                        | memory | 1235 | 7 |\n| peer | 0.12 | - |";
        assert_eq!(table.to_markdown(), expected);
        assert_eq!(table.number("memory", "ns"), Some(1234.56));
        assert_eq!(table.column("contender"), [&json!("memory"), &json!("peer")]);
        assert_eq!((table.number("peer", "events"), table.number("peer", "none")), (None, None));
        assert_eq!(table.to_json()[0], json!({ "contender": "memory", "ns": 1234.56, "events": 7 }));
    }
}
