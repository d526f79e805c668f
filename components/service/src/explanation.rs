//! Additions to predictions: explanations on request, and warnings of implausible values.
//!
//! Warnings never refuse a row. They are counted per feature, and the application's own protocols show them.

use portent_model::{ExplainError, ExplanationScale, FeatureKind, Model};

use crate::json::{push_float, push_number, push_string};
use crate::limits;
use crate::refusal::Refusal;
use crate::rows::Rows;

/// Explanations of rows.
#[derive(Debug)]
pub(crate) struct Explanations {
    pub(crate) scale: ExplanationScale,
    /// The value that the contributions are added to, one per row.
    pub(crate) bases: Vec<f64>,
    /// One per feature, row after row.
    pub(crate) contributions: Vec<f64>,
}

/// Whether so many rows can be explained.
pub(crate) fn check<'a>(model: &Model<'_>, rows: &Rows) -> Result<(), Refusal<'a>> {
    if model.explanation_scale().is_none() {
        return Err(Refusal::bad("The model has no explanations"));
    }
    if rows.values.len() / model.feature_count() > limits::EXPLAINED_ROWS {
        let text = format!("Explanations are given for at most {} rows", limits::EXPLAINED_ROWS);
        return Err(Refusal::too_large(text));
    }
    Ok(())
}

impl Explanations {
    /// Explains rows that have been scored with an artefact.
    pub(crate) fn of(model: &Model<'_>, rows: &Rows) -> Result<Self, ExplainError> {
        let width = model.feature_count();
        let scale = model.explanation_scale().ok_or(ExplainError::Unsupported)?;
        let mut contributions = vec![0.0; rows.values.len()];
        let pairs = rows.values.chunks_exact(width).zip(contributions.chunks_exact_mut(width));
        let bases = pairs.map(|(row, contributions)| model.explain(row, contributions));
        let bases = bases.collect::<Result<_, _>>()?;
        Ok(Self { scale, bases, contributions })
    }

    /// Appends the explanation of a row: the features by the size of their contributions, greatest first.
    pub(crate) fn push(&self, out: &mut Vec<u8>, model: &Model<'_>, rows: &Rows, row: usize) {
        let width = model.feature_count();
        let of_row =
            |values: &[f64]| values.iter().skip(row * width).take(width).copied().collect::<Vec<_>>();
        let (values, contributions) = (of_row(&rows.values), of_row(&self.contributions));
        let base = self.bases.get(row).copied().unwrap_or_default();
        let mut order: Vec<usize> = (0..contributions.len()).collect();
        order.sort_by(|one, other| contributions[*other].abs().total_cmp(&contributions[*one].abs()));
        out.extend_from_slice(b"{\"scale\":");
        push_string(out, self.scale_name());
        out.extend_from_slice(b",\"base\":");
        push_float(out, base);
        out.extend_from_slice(b",\"sum\":");
        push_float(out, contributions.iter().fold(base, |sum, contribution| sum + contribution));
        out.extend_from_slice(b",\"contributions\":[");
        let features: Vec<_> = model.features().collect();
        for (place, index) in order.into_iter().enumerate() {
            out.extend_from_slice(if place > 0 { b",{\"feature\":" } else { b"{\"feature\":" });
            push_string(out, features[index].name());
            out.extend_from_slice(b",\"value\":");
            if values[index].is_nan() {
                out.extend_from_slice(b"null");
            } else {
                push_number(out, values[index]);
            }
            out.extend_from_slice(b",\"unit\":");
            push_string(out, features[index].unit());
            out.extend_from_slice(b",\"contribution\":");
            push_float(out, contributions[index]);
            out.push(b'}');
        }
        out.extend_from_slice(b"]}");
    }

    /// Name of the scale, as in answers.
    pub(crate) fn scale_name(&self) -> &'static str {
        match self.scale {
            ExplanationScale::LogOdds => "log-odds",
            ExplanationScale::Probability => "probability",
        }
    }
}

/// Appends the warnings of a row as a field of its answer, if it has any.
pub(crate) fn push_warnings(out: &mut Vec<u8>, model: &Model<'_>, rows: &Rows, row: usize) {
    let values = rows.values.iter().skip(row * model.feature_count());
    let implausible = model
        .features()
        .zip(values)
        .filter(|(feature, value)| !value.is_nan() && !feature.is_plausible(**value));
    let mut count = 0;
    for (feature, _) in implausible {
        out.extend_from_slice(if count == 0 { b",\"warnings\":[{\"field\":" } else { b",{\"field\":" });
        push_string(out, feature.name());
        out.extend_from_slice(b",\"msg\":");
        let (low, high) = feature.plausible_range();
        match feature.kind() {
            FeatureKind::Category => push_string(out, "Not a code that the model was trained with"),
            _ => push_string(out, &format!("Outside the plausible range {low} to {high}")),
        }
        out.push(b'}');
        count += 1;
    }
    if count > 0 {
        out.push(b']');
    }
}
