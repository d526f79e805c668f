//! Grafana's dashboards in `deploy/grafana/dashboards`, as values, and what their variables stand for.

use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::deploy;

mod variables;

pub use variables::{Substitution, unknown_variables};

/// A dashboard as its file has it.
#[derive(Clone, Debug)]
pub struct Dashboard {
    /// Name of its file.
    pub file: PathBuf,
    /// The file's text.
    pub text: String,
    /// What the text says.
    pub json: Value,
}

/// A PromQL expression of a dashboard.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expression {
    /// Title of the panel, or name of the variable or annotation.
    pub place: String,
    /// `refId` of the target; `variable` or `annotation` for what no panel shows.
    pub reference: String,
    /// The expression, with its dashboard variables.
    pub text: String,
    /// Whether one moment is asked for, and not a range.
    pub instant: bool,
}

/// Every shipped dashboard, by file name.
///
/// # Panics
/// If there is none, or one is no JSON.
#[must_use]
pub fn shipped() -> Vec<Dashboard> {
    let read = |file: &PathBuf| {
        let text = std::fs::read_to_string(file).map_err(|error| error.to_string());
        let read = text.and_then(|text| Dashboard::read(file, text));
        assert!(read.is_ok(), "{}: {}", file.display(), read.as_ref().err().map_or("", String::as_str));
        read.ok()
    };
    deploy::files("grafana/dashboards", ".json").iter().filter_map(read).collect()
}

impl Dashboard {
    /// A dashboard from the text of its file.
    ///
    /// # Errors
    /// If the text is no JSON.
    pub fn read(file: &Path, text: String) -> Result<Self, String> {
        let json = serde_json::from_str(&text).map_err(|error| error.to_string())?;
        Ok(Self { file: file.to_owned(), text, json })
    }

    /// A text at the top of the dashboard, empty where there is none.
    #[must_use]
    pub fn field(&self, name: &str) -> &str {
        self.json[name].as_str().unwrap_or_default()
    }

    /// Panels and rows, also those inside of folded rows.
    #[must_use]
    pub fn panels_and_rows(&self) -> Vec<&Value> {
        let inside = |panel| [panel].into_iter().chain(items(panel, "/panels"));
        items(&self.json, "/panels").flat_map(inside).collect()
    }

    /// Panels, also those inside of folded rows; rows are none.
    #[must_use]
    pub fn panels(&self) -> Vec<&Value> {
        self.panels_and_rows().into_iter().filter(|panel| panel["type"] != "row").collect()
    }

    /// The variables of the dashboard.
    #[must_use]
    pub fn variables(&self) -> Vec<&Value> {
        items(&self.json, "/templating/list").collect()
    }

    /// Annotations but Grafana's own, which asks no data source.
    #[must_use]
    pub fn annotations(&self) -> Vec<&Value> {
        items(&self.json, "/annotations/list").filter(|annotation| annotation["builtIn"] != 1).collect()
    }

    /// Every expression: of panels, of annotations and of variables.
    #[must_use]
    pub fn expressions(&self) -> Vec<Expression> {
        let mut expressions: Vec<_> = self.panels().into_iter().flat_map(panel_expressions).collect();
        expressions.extend(self.annotations().into_iter().map(|annotation| {
            let text = annotation["expr"].as_str().or(annotation["target"]["expr"].as_str());
            expression(text_of(&annotation["name"]), "annotation", text.unwrap_or_default(), false)
        }));
        expressions.extend(self.variables().into_iter().filter_map(variable_expression));
        expressions
    }
}

/// The expressions of a panel's targets.
#[must_use]
pub fn panel_expressions(panel: &Value) -> Vec<Expression> {
    let targets = items(panel, "/targets");
    let title = text_of(&panel["title"]);
    let read = |target: &Value| {
        let instant = target["instant"] == true && target["range"] != true;
        expression(title, text_of(&target["refId"]), text_of(&target["expr"]), instant)
    };
    targets.map(read).collect()
}

/// The query of a variable, whichever way it is written; empty if it has none.
#[must_use]
pub fn variable_query(variable: &Value) -> &str {
    let query = &variable["query"];
    query.as_str().or(query["query"].as_str()).unwrap_or_default()
}

/// The elements of a list in a value; none where there is no list.
pub fn items<'v>(value: &'v Value, pointer: &str) -> impl Iterator<Item = &'v Value> {
    value.pointer(pointer).and_then(Value::as_array).into_iter().flatten()
}

/// What a variable asks Prometheus for: the selector in `label_values(selector, label)`, or the expression in
/// `query_result(expression)`.
fn variable_expression(variable: &Value) -> Option<Expression> {
    let inner = variable_query(variable).strip_suffix(')')?;
    let text = match inner.split_once('(')? {
        ("label_values", arguments) => arguments.rsplit_once(',')?.0,
        ("query_result", expression) => expression,
        _ => return None,
    };
    Some(expression(text_of(&variable["name"]), "variable", text.trim(), true))
}

fn expression(place: &str, reference: &str, text: &str, instant: bool) -> Expression {
    Expression { place: place.to_owned(), reference: reference.to_owned(), text: text.to_owned(), instant }
}

fn text_of(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

#[cfg(test)]
mod tests;
