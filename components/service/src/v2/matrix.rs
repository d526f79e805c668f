//! Input tensors to rows: one tensor of all features, or one tensor per feature.

use portent_model::{Feature, MissingPolicy, Model};

use crate::coding::{Coding, Codings};
use crate::limits;
use crate::refusal::Refusal;
use crate::rows::Rows;
use crate::values::{self, Bounds};
use crate::violation::{InputRule, Place, Violations};

use super::members::bad;
use super::request::InferRequest;
use super::tensor::{Cells, InputTensor, Matrix};

/// The cells of the elements of each input.
struct Arrangement {
    rows: usize,
    cells: Vec<Cells>,
}

/// Place of a row in an error.
pub(super) fn place<'a>(row: usize) -> Place<'a> {
    Place::row("rows", row)
}

/// Reads the inputs into rows in model order. Each value is checked against its datatype, but not against its feature.
pub(super) fn read<'m>(model: &Model<'m>, request: &InferRequest<'_>) -> Result<Rows, Refusal<'m>> {
    let features: Vec<_> = model.features().collect();
    let arrangement = Arrangement::of(&features, &request.inputs)?;
    for (index, input) in request.inputs.iter().enumerate() {
        input.check_length(index)?;
    }
    if arrangement.rows > limits::BATCH_ROWS {
        return Err(Refusal::too_large(format!("A batch has at most {} rows", limits::BATCH_ROWS)));
    }
    let coding = coding(model, request)?;
    let mut matrix = Matrix {
        values: vec![f64::NAN; arrangement.rows * features.len()],
        features: &features,
        labels: coding.is_none(),
        violations: Violations::default(),
    };
    for (index, (input, cells)) in request.inputs.iter().zip(arrangement.cells).enumerate() {
        input.read(index, cells, &mut matrix)?;
    }
    let Matrix { mut values, mut violations, .. } = matrix;
    if let Some((codings, coding)) = coding {
        for (row, values) in values.chunks_exact_mut(features.len()).enumerate() {
            codings.recode(coding, &features, values, &[], place(row), &mut violations);
        }
    }
    if violations.is_empty() { Ok(Rows { values, ..Rows::default() }) } else { Err(violations.into()) }
}

/// Checks the rows against the rules of the features.
pub(super) fn check<'m>(model: &Model<'m>, rows: &Rows) -> Result<(), Refusal<'m>> {
    let features: Vec<_> = model.features().collect();
    let bounds: Vec<_> = features.iter().map(Bounds::of).collect();
    let mut violations = Violations::default();
    for (row, values) in rows.values.chunks_exact(features.len().max(1)).enumerate() {
        for (index, (value, bounds)) in values.iter().zip(&bounds).enumerate() {
            if !bounds.contain(*value)
                && let Some(feature) = features.get(index)
                && let Some(rule) = broken(feature, *value)
            {
                violations.add(rule, place(row).field(feature.name()), None);
            }
        }
    }
    if violations.is_empty() { Ok(()) } else { Err(violations.into()) }
}

impl Arrangement {
    fn of<'m>(features: &[Feature<'m>], inputs: &[InputTensor<'_>]) -> Result<Self, Refusal<'m>> {
        match inputs {
            [] => Err(bad(format_args!("inputs"), "is empty")),
            [input] if position(features, &input.name).is_none() => Self::whole(features, input),
            _ => Self::by_feature(features, inputs),
        }
    }

    /// One tensor, row after row in model order; its name does not matter.
    fn whole<'m>(features: &[Feature<'m>], input: &InputTensor<'_>) -> Result<Self, Refusal<'m>> {
        let width = features.len();
        if input.shape.columns != Some(width) {
            let rule = format!("should be [n,{width}]: {width} features a row");
            return Err(bad(format_args!("inputs[0].shape"), rule));
        }
        Ok(Self { rows: input.shape.rows, cells: vec![Cells { first: 0, step: 1 }] })
    }

    /// One tensor per feature, by name, in any order.
    fn by_feature<'m>(features: &[Feature<'m>], inputs: &[InputTensor<'_>]) -> Result<Self, Refusal<'m>> {
        let rows = inputs.first().map_or(0, |input| input.shape.rows);
        let (mut cells, mut seen) = (Vec::with_capacity(inputs.len()), vec![false; features.len()]);
        for (index, input) in inputs.iter().enumerate() {
            let Some(feature) = position(features, &input.name) else {
                let name = Some(input.name.as_ref()).filter(|name| portent_event::is_name(name));
                let name = name.map(|name| format!(": '{name}'")).unwrap_or_default();
                return Err(bad(format_args!("inputs[{index}].name"), format!("is not a feature{name}")));
            };
            if !matches!(input.shape.columns, None | Some(1)) {
                let rule = "should be [n] or [n,1]: a tensor a feature";
                return Err(bad(format_args!("inputs[{index}].shape"), rule));
            }
            if input.shape.rows != rows {
                let rule = format!("should have as many rows as the first input, {rows}");
                return Err(bad(format_args!("inputs[{index}].shape"), rule));
            }
            if std::mem::replace(&mut seen[feature], true) {
                return Err(bad(format_args!("inputs[{index}].name"), "is given twice"));
            }
            cells.push(Cells { first: feature, step: features.len() });
        }
        let mut violations = Violations::default();
        for (feature, _) in features.iter().zip(seen).filter(|(_, seen)| !seen) {
            if feature.missing() == MissingPolicy::Reject {
                violations.add(InputRule::Missing, Place::list("inputs").field(feature.name()), None);
            }
        }
        if violations.is_empty() { Ok(Self { rows, cells }) } else { Err(violations.into()) }
    }
}

/// The rule that a value breaks.
#[cold]
fn broken(feature: &Feature<'_>, value: f64) -> Option<InputRule> {
    if value.is_nan() {
        return (feature.missing() == MissingPolicy::Reject).then_some(InputRule::Missing);
    }
    values::check(feature, value).err()
}

/// The coding that the request states, if it is not the model's own.
fn coding<'m>(
    model: &Model<'m>,
    request: &InferRequest<'_>,
) -> Result<Option<(Codings<'m>, Coding)>, Refusal<'m>> {
    let Some(name) = &request.encoding else { return Ok(None) };
    let codings = Codings::new(model);
    if !codings.are_offered() {
        let rule = "The model has one coding, and no name for it";
        return Err(bad(format_args!("parameters.encoding"), rule));
    }
    match codings.by_name(name) {
        Ok(Coding::Own) => Ok(None),
        Ok(coding) => Ok(Some((codings, coding))),
        Err(rule) => Err(Violations::one(rule, Place::default().field("parameters.encoding"), None).into()),
    }
}

fn position(features: &[Feature<'_>], name: &str) -> Option<usize> {
    features.iter().position(|feature| feature.name() == name)
}
