//! Codings: the same patient in other numbers.
//!
//! A popular copy of the heart data numbers its categories differently ("Kaggle" coding). The model has one coding of
//! its own, which the artefact lists without translations, and translations of the others. A row states its coding, or
//! its values prove it, or it is read in the model's own.

use portent_model::{Encoding, Feature, FeatureKind, Model, Recoded};
use portent_openapi::contract::ENCODING;

use crate::violation::{InputRule, Place, Violations};

/// Codings that a model accepts.
#[derive(Debug)]
pub(crate) struct Codings<'m> {
    own: Option<&'m str>,
    others: Vec<Encoding<'m>>,
}

/// The coding of one row: the model's own, or an index into the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Coding {
    Own,
    Other(usize),
}

/// The names of the features whose values prove a coding.
struct Evidence<'m> {
    own: Vec<&'m str>,
    other: Vec<(usize, &'m str)>,
}

impl<'m> Codings<'m> {
    pub(crate) fn new(model: &Model<'m>) -> Self {
        let is_own = |encoding: &Encoding<'_>| encoding.mappings().next().is_none();
        let own = model.encodings().find(is_own).map(|encoding| encoding.name());
        Self { own, others: model.encodings().filter(|encoding| !is_own(encoding)).collect() }
    }

    /// Whether requests may name a coding.
    pub(crate) fn are_offered(&self) -> bool {
        !self.others.is_empty()
    }

    /// Name of a coding that is not the model's own.
    pub(crate) fn name(&self, coding: Coding) -> Option<&'m str> {
        match coding {
            Coding::Own => None,
            Coding::Other(index) => self.others.get(index).map(Encoding::name),
        }
    }

    /// Name of a coding, also of the model's own; empty if it has no name.
    pub(crate) fn any_name(&self, coding: Coding) -> &'m str {
        self.name(coding).or(self.own).unwrap_or_default()
    }

    /// The coding that a request names.
    pub(crate) fn by_name(&self, name: &str) -> Result<Coding, InputRule> {
        if self.own == Some(name) {
            return Ok(Coding::Own);
        }
        let other = self.others.iter().position(|encoding| encoding.name() == name);
        other.map(Coding::Other).ok_or_else(|| {
            let names: Vec<_> = self.names().map(|name| format!("'{name}'")).collect();
            InputRule::own("literal_error", format!("Input should be {}", names.join(" or ")))
        })
    }

    /// The coding that the values prove; the model's own if they prove none, or two at once, which is a violation.
    /// Absent and unreadable values are NaN and prove nothing.
    pub(crate) fn recognise<'a>(
        &self,
        features: &[Feature<'_>],
        values: &[f64],
        place: Place<'a>,
        violations: &mut Violations<'a>,
    ) -> Coding {
        // Only a value that is no code of the model's own proves another coding.
        if Self::coded(features, values).all(|(_, feature, value)| is_own(feature, value)) {
            return Coding::Own;
        }
        let Evidence { own, other } = self.evidence(features, values);
        let Some((first, _)) = other.first() else { return Coding::Own };
        let fields: Vec<_> =
            other.iter().filter(|(index, _)| index == first).map(|(_, name)| *name).collect();
        if own.is_empty() && fields.len() == other.len() {
            return Coding::Other(*first);
        }
        let names: Vec<_> = self.names().map(|name| format!("\"{name}\"")).collect();
        let message = format!(
            "The values prove two codings at once: {} cannot be {}, {} cannot be {}; state \"encoding\": {}",
            fields.join(", "),
            self.own.unwrap_or_default(),
            own.join(", "),
            self.name(Coding::Other(*first)).unwrap_or_default(),
            names.join(" or "),
        );
        violations.add(InputRule::own("encoding_conflict", message), place.field(ENCODING), None);
        Coding::Own
    }

    /// Translates a row of another coding into the model's own, in place. `inputs` are the values' texts.
    pub(crate) fn recode<'a>(
        &self,
        coding: Coding,
        features: &[Feature<'a>],
        values: &mut [f64],
        inputs: &[Option<&'a str>],
        place: Place<'a>,
        violations: &mut Violations<'a>,
    ) {
        let Coding::Other(index) = coding else { return };
        let Some(encoding) = self.others.get(index) else { return };
        for (feature, value) in values.iter_mut().enumerate().filter(|(_, value)| value.is_finite()) {
            let rule = match encoding.recode(feature, *value) {
                Recoded::Same => continue,
                Recoded::To(own) => {
                    *value = own;
                    continue;
                }
                Recoded::Missing => InputRule::own(
                    "missing_value",
                    format!("This means 'missing' in the {} coding", encoding.name()),
                ),
                Recoded::Unknown => InputRule::own(
                    "encoding_value",
                    format!("Input should be a code of the {} coding", encoding.name()),
                ),
            };
            *value = f64::NAN;
            let field = features.get(feature).map(Feature::name);
            violations.add(rule, Place { field, ..place }, inputs.get(feature).copied().flatten());
        }
    }

    fn evidence<'f>(&self, features: &[Feature<'f>], values: &[f64]) -> Evidence<'f> {
        let mut evidence = Evidence { own: Vec::new(), other: Vec::new() };
        for (index, feature, value) in Self::coded(features, values) {
            let is_own = is_own(feature, value);
            for (number, encoding) in self.others.iter().enumerate() {
                match encoding.recode(index, value) {
                    Recoded::To(_) | Recoded::Missing if !is_own => {
                        evidence.other.push((number, feature.name()));
                    }
                    Recoded::Unknown if is_own => evidence.own.push(feature.name()),
                    _ => {}
                }
            }
        }
        evidence
    }

    /// The categories of a row that have a value, with their indexes.
    fn coded<'f, 'v>(
        features: &'v [Feature<'f>],
        values: &'v [f64],
    ) -> impl Iterator<Item = (usize, &'v Feature<'f>, f64)> {
        let coded = features.iter().zip(values).enumerate();
        coded
            .filter(|(_, (feature, value))| value.is_finite() && feature.kind() == FeatureKind::Category)
            .map(|(index, (feature, value))| (index, feature, *value))
    }

    fn names(&self) -> impl Iterator<Item = &'m str> {
        self.own.into_iter().chain(self.others.iter().map(Encoding::name))
    }
}

/// Whether a value is within the codes of the model's own coding.
fn is_own(feature: &Feature<'_>, value: f64) -> bool {
    (feature.lower()..=feature.upper()).contains(&value)
}
