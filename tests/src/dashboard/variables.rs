//! Variables of dashboards (`$job`, `${job:regex}`, `$__range`) and what they become.

/// What stands in the place of variables.
#[derive(Clone, Debug)]
pub struct Substitution {
    values: Vec<(String, String)>,
}

impl Substitution {
    /// All series, and the ranges of a view of one hour: what `promtool` can read.
    #[must_use]
    pub fn everything() -> Self {
        let every = ["job", "instance", "app", "model"].map(|name| (name, ".+"));
        let ranges =
            [("__rate_interval", "5m"), ("__interval", "1m"), ("__interval_ms", "60000"), ("__range", "1h")];
        let others = [("__range_s", "3600"), ("datasource", "portent-prometheus")];
        let values = every.iter().chain(&ranges).chain(&others);
        Self { values: values.map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect() }
    }

    /// The same, but with another value for one of them.
    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.values.retain(|(known, _)| known != name);
        self.values.push((name.to_owned(), value.to_owned()));
        self
    }

    /// The text with the values of all variables that are known; others stay.
    #[must_use]
    pub fn apply(&self, text: &str) -> String {
        let mut applied = String::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('$') {
            applied.push_str(before);
            let (name, length) = variable(after);
            match self.values.iter().find(|(known, _)| known == name) {
                Some((_, value)) => applied.push_str(value),
                None => applied.extend(["$", after.get(..length).unwrap_or_default()]),
            }
            rest = after.get(length..).unwrap_or_default();
        }
        applied + rest
    }
}

/// Variables in a text in which all that are known have been replaced. `$1` is none: it belongs to
/// `label_replace`.
#[must_use]
pub fn unknown_variables(text: &str) -> Vec<&str> {
    let names = text.split('$').skip(1).map(|after| variable(after).0);
    names.filter(|name| name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')).collect()
}

/// The name that follows a `$`, and how many bytes belong to it; its format (`${name:regex}`) does.
fn variable(after: &str) -> (&str, usize) {
    if let Some((inner, _)) = after.strip_prefix('{').and_then(|inner| inner.split_once('}')) {
        return (inner.split(':').next().unwrap_or_default(), inner.len() + 2);
    }
    let end = after.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(after.len());
    (after.get(..end).unwrap_or_default(), end)
}
