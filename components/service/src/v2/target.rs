//! The matrix that input tensors are read into.

use portent_model::Feature;

use crate::values;
use crate::violation::{Place, Rule, Violations};

/// A matrix that tensors are read into.
#[derive(Debug)]
pub(super) struct Target<'t, 'm> {
    /// Row after row, one value a feature; NaN where missing.
    pub(super) values: &'t mut [f64],
    pub(super) features: &'t [Feature<'m>],
    /// Whether labels of categories stand for their codes.
    pub(super) labels: bool,
}

/// The cells of a tensor's elements: every one of the matrix, or one a row.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cells {
    pub(super) first: usize,
    pub(super) step: usize,
}

impl Cells {
    /// Index in the matrix of an element.
    pub(super) fn at(self, element: usize) -> usize {
        self.first + element * self.step
    }
}

impl<'m> Target<'_, 'm> {
    /// Puts a number into a cell; says whether there is that cell.
    pub(super) fn put(&mut self, cell: usize, number: f64) -> bool {
        let value = self.values.get_mut(cell);
        value.map(|value| *value = number).is_some()
    }

    /// Puts the number that a text stands for: the code of a category by its label, or a decimal number.
    pub(super) fn put_text(&mut self, cell: usize, text: &str, violations: &mut Violations<'m>) -> bool {
        let feature = self.features.get(cell % self.features.len());
        let mut labels = feature.filter(|_| self.labels).into_iter().flat_map(Feature::categories);
        let code = labels.find(|category| category.label == text).map(|category| category.value);
        let number = code.or_else(|| values::decimal(text));
        if number.is_none() {
            let rule = "Input should be a decimal number, or the label of a category of the feature";
            violations.add(Rule::own("datatype", rule), self.place(cell), None);
        }
        self.put(cell, number.unwrap_or(f64::NAN))
    }

    /// Row and feature of a cell.
    pub(super) fn place(&self, cell: usize) -> Place<'m> {
        let width = self.features.len();
        let field = self.features.get(cell % width).map(Feature::name);
        Place { field, ..Place::row("rows", cell / width) }
    }
}
