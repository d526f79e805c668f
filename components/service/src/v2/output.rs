//! The outputs: what there is, and how it is written.

use portent_model::Model;

use crate::explanation::Explanations;
use crate::json::{push_float, push_string};
use crate::scoring::Scored;

use super::datatype::Datatype;
use super::elements::{BinaryElements, Elements, JsonElements};
use super::requested::Requested;

/// An output tensor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Output {
    /// Index of the predicted class.
    Class,
    /// Probability of each class.
    Probabilities,
    /// Name of the predicted class.
    Label,
    /// What each feature contributed.
    Contributions,
    /// What the contributions add to.
    ContributionsBase,
}

/// Every output with its name.
pub(super) const OUTPUTS: [(Output, &str); 5] = [
    (Output::Class, "predict"),
    (Output::Probabilities, "predict_proba"),
    (Output::Label, "label"),
    (Output::Contributions, "contributions"),
    (Output::ContributionsBase, "contributions_base"),
];

/// What outputs are written from.
#[derive(Clone, Copy, Debug)]
pub(super) struct Results<'r> {
    pub(super) model: &'r Model<'r>,
    pub(super) scored: &'r Scored,
}

impl Output {
    pub(super) fn from_name(name: &str) -> Option<Self> {
        OUTPUTS.iter().find(|(_, known)| *known == name).map(|(output, _)| *output)
    }

    pub(super) fn name(self) -> &'static str {
        OUTPUTS.iter().find(|(output, _)| *output == self).map_or("", |(_, name)| *name)
    }

    /// All names, for an error.
    pub(super) fn names() -> String {
        OUTPUTS.map(|(_, name)| name).join(", ")
    }

    pub(super) fn datatype(self) -> Datatype {
        match self {
            Self::Class => Datatype::Int64,
            Self::Label => Datatype::Bytes,
            Self::Probabilities | Self::Contributions | Self::ContributionsBase => Datatype::Fp64,
        }
    }

    /// Values a row, where there is a dimension of them.
    pub(super) fn columns(self, model: &Model<'_>) -> Option<usize> {
        match self {
            Self::Probabilities => Some(model.classes().len()),
            Self::Contributions => Some(model.feature_count()),
            Self::Class | Self::Label | Self::ContributionsBase => None,
        }
    }

    /// Whether it takes an explanation.
    pub(super) fn is_explanation(self) -> bool {
        matches!(self, Self::Contributions | Self::ContributionsBase)
    }
}

impl Requested {
    /// Appends the tensor to the list of tensors in `json`, its elements there or to `binary`.
    pub(super) fn push(
        self,
        results: Results<'_>,
        is_binary: bool,
        json: &mut Vec<u8>,
        binary: &mut Vec<u8>,
    ) {
        let model = results.model;
        let (columns, datatype) = match self.classes {
            Some(classes) => (Some(classes.min(model.classes().len())), Datatype::Bytes),
            None => (self.output.columns(model), self.output.datatype()),
        };
        json.extend_from_slice(b"{\"name\":");
        push_string(json, self.output.name());
        let columns = columns.map(|columns| format!(",{columns}")).unwrap_or_default();
        let (rows, datatype) = (results.scored.scores.len(), datatype.name());
        json.extend_from_slice(
            format!(",\"shape\":[{rows}{columns}],\"datatype\":\"{datatype}\",").as_bytes(),
        );
        if is_binary {
            let before = binary.len();
            results.write(self, &mut BinaryElements { out: binary });
            let size = binary.len() - before;
            json.extend_from_slice(format!("\"parameters\":{{\"binary_data_size\":{size}}}}}").as_bytes());
            return;
        }
        json.extend_from_slice(b"\"data\":[");
        let before = json.len();
        results.write(self, &mut JsonElements { out: json });
        if json.len() > before {
            json.pop();
        }
        json.extend_from_slice(b"]}");
    }
}

impl Results<'_> {
    fn write(&self, requested: Requested, elements: &mut impl Elements) {
        match (requested.output, requested.classes) {
            (Output::Probabilities, Some(classes)) => self.write_classification(classes, elements),
            (Output::Class, _) => {
                self.each(|row| elements.integer(self.scored.prediction(self.model, row).class))
            }
            (Output::Label, _) => self.each(|row| {
                let class = self.model.class(self.scored.prediction(self.model, row).class);
                elements.text(class.map_or("", |class| class.name));
            }),
            (Output::Probabilities, None) => self.each(|row| {
                for class in 0..self.model.classes().len() {
                    elements.number(self.probability(row, class));
                }
            }),
            (Output::Contributions, _) => self.explained(|of| &of.contributions, elements),
            (Output::ContributionsBase, _) => self.explained(|of| &of.bases, elements),
        }
    }

    /// Triton's classification: `value:index:label`, the most probable class first.
    fn write_classification(&self, classes: usize, elements: &mut impl Elements) {
        let mut text = Vec::new();
        self.each(|row| {
            let mut order: Vec<_> = (0..self.model.classes().len()).collect();
            order.sort_by(|a, b| self.probability(row, *b).total_cmp(&self.probability(row, *a)));
            for class in order.into_iter().take(classes) {
                text.clear();
                push_float(&mut text, self.probability(row, class));
                text.extend_from_slice(format!(":{class}:").as_bytes());
                text.extend_from_slice(self.model.class(class).map_or("", |class| class.name).as_bytes());
                elements.text(std::str::from_utf8(&text).unwrap_or_default());
            }
        });
    }

    fn explained(&self, values: impl Fn(&Explanations) -> &[f64], elements: &mut impl Elements) {
        let values = self.scored.explanations.as_ref().map(values).unwrap_or_default();
        values.iter().for_each(|value| elements.number(*value));
    }

    fn each(&self, row: impl FnMut(usize)) {
        (0..self.scored.scores.len()).for_each(row);
    }

    fn probability(&self, row: usize, class: usize) -> f64 {
        self.scored.probability(self.model, row, class)
    }
}
