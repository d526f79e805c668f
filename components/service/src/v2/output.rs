//! The output tensors of an answer, in the two forms of the protocol.

use portent_model::Model;
use portent_openapi::contract::{EXPLANATION_OUTPUTS, OUTPUTS};

use crate::explanation::Explanations;
use crate::json::{push_float, push_integer, push_string};
use crate::scoring::Scored;

use super::datatype::Datatype;

/// An output tensor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Output {
    /// Index of the predicted class.
    Class,
    /// Probability of each class.
    Probabilities,
    /// Name of the predicted class.
    Label,
    /// Contribution of each feature.
    Contributions,
    /// The value that the contributions are added to.
    ContributionsBase,
}

/// An output that a request asks for.
#[derive(Clone, Copy, Debug)]
pub(super) struct RequestedOutput {
    pub(super) output: Output,
    /// Whether it is to be binary, if the request says so for this output.
    pub(super) binary: Option<bool>,
    /// The most probable classes as texts, this many at most.
    pub(super) classes: Option<usize>,
}

/// The results that outputs are written from.
#[derive(Clone, Copy, Debug)]
pub(super) struct Results<'r> {
    pub(super) model: &'r Model<'r>,
    pub(super) scored: &'r Scored,
}

impl Output {
    pub(super) const ALL: [Self; 5] =
        [Self::Class, Self::Probabilities, Self::Label, Self::Contributions, Self::ContributionsBase];

    pub(super) fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|output| output.name() == name)
    }

    pub(super) fn name(self) -> &'static str {
        let ([class, probabilities, label], [contributions, base]) = (OUTPUTS, EXPLANATION_OUTPUTS);
        match self {
            Self::Class => class,
            Self::Probabilities => probabilities,
            Self::Label => label,
            Self::Contributions => contributions,
            Self::ContributionsBase => base,
        }
    }

    /// All names, for an error.
    pub(super) fn names() -> String {
        Self::ALL.map(Self::name).join(", ")
    }

    pub(super) fn datatype(self) -> Datatype {
        match self {
            Self::Class => Datatype::Int64,
            Self::Label => Datatype::Bytes,
            Self::Probabilities | Self::Contributions | Self::ContributionsBase => Datatype::Fp64,
        }
    }

    /// Values per row, if there is a dimension of them.
    pub(super) fn columns(self, model: &Model<'_>) -> Option<usize> {
        match self {
            Self::Probabilities => Some(model.classes().len()),
            Self::Contributions => Some(model.feature_count()),
            Self::Class | Self::Label | Self::ContributionsBase => None,
        }
    }

    /// Whether it needs an explanation.
    pub(super) fn is_explanation(self) -> bool {
        matches!(self, Self::Contributions | Self::ContributionsBase)
    }
}

impl RequestedOutput {
    pub(super) fn plain(output: Output) -> Self {
        Self { output, binary: None, classes: None }
    }

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
            results.write(self, &mut Elements { out: binary, is_binary });
            let size = binary.len() - before;
            json.extend_from_slice(format!("\"parameters\":{{\"binary_data_size\":{size}}}}}").as_bytes());
            return;
        }
        json.extend_from_slice(b"\"data\":[");
        let before = json.len();
        results.write(self, &mut Elements { out: json, is_binary });
        if json.len() > before {
            json.pop();
        }
        json.extend_from_slice(b"]}");
    }
}

impl Results<'_> {
    fn write(&self, requested: RequestedOutput, elements: &mut Elements<'_>) {
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
    fn write_classification(&self, classes: usize, elements: &mut Elements<'_>) {
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

    fn explained(&self, values: impl Fn(&Explanations) -> &[f64], elements: &mut Elements<'_>) {
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

/// Writes elements: as little-endian bytes, texts behind their lengths; or as items of a JSON list, each with a comma
/// behind it.
#[derive(Debug)]
struct Elements<'o> {
    out: &'o mut Vec<u8>,
    is_binary: bool,
}

impl Elements<'_> {
    fn integer(&mut self, value: usize) {
        if self.is_binary {
            return self.out.extend_from_slice(&(value as u64).to_le_bytes());
        }
        push_integer(self.out, value);
        self.out.push(b',');
    }

    fn number(&mut self, value: f64) {
        if self.is_binary {
            return self.out.extend_from_slice(&value.to_le_bytes());
        }
        push_float(self.out, value);
        self.out.push(b',');
    }

    fn text(&mut self, value: &str) {
        if self.is_binary {
            let length = u32::try_from(value.len()).unwrap_or(u32::MAX);
            self.out.extend_from_slice(&length.to_le_bytes());
            return self.out.extend_from_slice(value.as_bytes());
        }
        push_string(self.out, value);
        self.out.push(b',');
    }
}
