//! Warnings: values that are accepted, but that the training data make implausible. They are counted per feature,
//! and told in the application's own dialects; they never refuse a row.

use portent_model::{Feature, FeatureKind, Model};

use crate::json::push_string;
use crate::rows::Rows;

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
        push_string(out, &message(&feature));
        out.push(b'}');
        count += 1;
    }
    if count > 0 {
        out.push(b']');
    }
}

fn message(feature: &Feature<'_>) -> String {
    let (low, high) = feature.plausible_range();
    if feature.kind() == FeatureKind::Category {
        "Not a code that the model was trained with".to_owned()
    } else {
        format!("Outside the plausible range {low} to {high}")
    }
}
