//! Rows that work: one from the artefact's self-check for each class that the model predicts.

use portent_model::{Encoding, Model, Recoded, SelfCheckRow};
use serde_json::{Map, Value, json};

use crate::contract::ENCODING;
use crate::schema::number;

/// A row to show.
#[derive(Debug)]
pub(crate) struct Example {
    /// Name of the predicted class.
    class: String,
    row: SelfCheckRow,
}

/// The row of each class whose score is farthest from the threshold. Rows well inside the plausible ranges are
/// preferred.
pub(crate) fn examples(model: &Model<'_>) -> Vec<Example> {
    let distance = |row: &SelfCheckRow| (row.score - model.threshold()).abs();
    let is_plausible = |row: &SelfCheckRow| {
        model.features().zip(&row.row).all(|(feature, value)| {
            let (low, high) = feature.plausible_range();
            let is_code = feature.categories().next().is_some();
            feature.is_plausible(*value) && (is_code || low == *value || (low < *value && *value < high))
        })
    };
    let mut rows: Vec<_> = model.self_check_rows().filter(is_plausible).collect();
    if rows.is_empty() {
        rows = model.self_check_rows().collect();
    }
    let mut examples: Vec<Example> = Vec::new();
    for row in rows {
        let class = model.class(model.predict(row.score)).map_or("", |class| class.name);
        match examples.iter_mut().find(|example| example.class == class) {
            Some(example) if distance(&row) > distance(&example.row) => example.row = row,
            Some(_) => {}
            None => examples.push(Example { class: class.to_owned(), row }),
        }
    }
    examples
}

impl Example {
    /// The row as an object with the fields of the chosen features. A missing value has no field.
    pub(crate) fn fields(&self, model: &Model<'_>, is_chosen: impl Fn(usize) -> bool) -> Value {
        let features = model.features().zip(&self.row.row).enumerate();
        features
            .filter(|(index, (_, value))| is_chosen(*index) && value.is_finite())
            .map(|(_, (feature, value))| (feature.name().to_owned(), number(*value)))
            .collect::<Map<_, _>>()
            .into()
    }

    /// The row in another coding; `None` if that has no code for one of its values.
    pub(crate) fn recoded(&self, model: &Model<'_>, encoding: &Encoding<'_>) -> Option<Value> {
        let mut fields = self.fields(model, |_| true);
        for (index, (feature, value)) in model.features().zip(&self.row.row).enumerate() {
            let mut mappings = encoding.mappings().filter(|mapping| mapping.feature == index).peekable();
            if mappings.peek().is_some() {
                let code = mappings.find(|mapping| mapping.to == Some(*value))?;
                fields[feature.name()] = number(code.from);
            } else if encoding.recode(index, *value) != Recoded::Same {
                return None;
            }
        }
        fields[ENCODING] = encoding.name().into();
        Some(fields)
    }

    /// The values in model order, `null` for a missing one.
    pub(crate) fn values(&self) -> Value {
        self.row.row.iter().map(|value| number(*value)).collect()
    }
}

/// Examples under the names of their classes, each with the same form.
pub(crate) fn named(examples: &[Example], form: impl Fn(&Example) -> Value) -> Value {
    let named = examples.iter().map(|example| {
        let value = json!({ "summary": format!("predicted {}", example.class), "value": form(example) });
        (example.class.clone(), value)
    });
    named.collect::<Map<_, _>>().into()
}
