//! The values of a feature, as JSON Schema.

use portent_model::{Category, Encoding, Feature, FeatureKind, Mapping, Recoded};
use serde_json::{Value, json};

use crate::contract::WHOLE_NUMBER;
use crate::pattern;
use crate::schema::number;

/// The JSON that a protocol reads as a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Accepted {
    /// Numbers, numbers in texts, `true` and `false`.
    Lenient,
    /// Numbers only.
    Strict,
    /// Whole numbers only.
    Integer,
}

/// The values of a feature in one coding.
#[derive(Debug)]
pub(crate) enum Domain<'m> {
    /// These codes and no others.
    Codes(Vec<Category<'m>>),
    /// Whole numbers, ends included.
    Whole(f64, f64),
    /// Numbers, ends included.
    Real(f64, f64),
}

impl<'m> Domain<'m> {
    /// Values in the model's own coding.
    pub(crate) fn own(feature: &Feature<'m>) -> Self {
        let (least, most) = (feature.lower(), feature.upper());
        if feature.kind() == FeatureKind::Number {
            return Self::Real(least, most);
        }
        let codes: Vec<_> =
            feature.categories().filter(|code| (least..=most).contains(&code.value)).collect();
        let is_complete = feature.kind() == FeatureKind::Category
            && codes.windows(2).all(|pair| pair[1].value - pair[0].value == 1.0)
            && codes.first().is_some_and(|code| code.value - least < 1.0)
            && codes.last().is_some_and(|code| most - code.value < 1.0);
        if is_complete {
            Self::Codes(codes)
        } else {
            Self::Whole(least.max(-WHOLE_NUMBER), most.min(WHOLE_NUMBER))
        }
    }

    /// The same within these magnitudes.
    pub(crate) fn within(self, limit: f64) -> Self {
        match self {
            Self::Codes(codes) => Self::Codes(codes),
            Self::Whole(least, most) => Self::Whole(least.max(-limit), most.min(limit)),
            Self::Real(least, most) => Self::Real(least.max(-limit), most.min(limit)),
        }
    }

    /// Values in another coding; `index` is that of the feature.
    pub(crate) fn of(encoding: &Encoding<'m>, index: usize, feature: &Feature<'m>) -> Self {
        let own = |value: f64| (feature.lower()..=feature.upper()).contains(&value);
        let code = |mapping: Mapping| match encoding.recode(index, mapping.from) {
            Recoded::To(to) if mapping.feature == index && own(to) => {
                let label = feature.categories().find(|category| category.value == to);
                Some(Category { value: mapping.from, label: label.map_or("", |category| category.label) })
            }
            _ => None,
        };
        let codes: Vec<_> = encoding.mappings().filter_map(code).collect();
        if codes.is_empty() { Self::own(feature) } else { Self::Codes(codes) }
    }

    /// The schema of one value, without words.
    pub(crate) fn schema(&self, accepted: Accepted) -> Value {
        match accepted {
            Accepted::Lenient => self.lenient(),
            Accepted::Strict => self.strict(),
            Accepted::Integer => match self {
                Self::Real(least, most) => {
                    Self::Whole(least.ceil().max(-WHOLE_NUMBER), most.floor().min(WHOLE_NUMBER)).strict()
                }
                Self::Codes(_) | Self::Whole(..) => self.strict(),
            },
        }
    }

    fn strict(&self) -> Value {
        let bounded = |kind: &str, least: f64, most: f64| {
            let mut schema = json!({ "type": kind });
            if least.is_finite() {
                schema["minimum"] = number(least);
            }
            if most.is_finite() {
                schema["maximum"] = number(most);
            }
            schema
        };
        match self {
            Self::Codes(codes) => {
                json!({ "enum": codes.iter().map(|code| number(code.value)).collect::<Vec<_>>() })
            }
            Self::Whole(least, most) => bounded("integer", *least, *most),
            Self::Real(least, most) => bounded("number", *least, *most),
        }
    }

    fn lenient(&self) -> Value {
        let text = match self {
            Self::Codes(codes) => pattern::one_of(&codes.iter().map(|code| code.value).collect::<Vec<_>>()),
            Self::Whole(least, most) => {
                let open =
                    |bound: f64| if bound.abs() == WHOLE_NUMBER { bound * f64::INFINITY } else { bound };
                pattern::whole(open(*least), open(*most))
            }
            Self::Real(least, most) => pattern::real(*least, *most),
        };
        let mut forms = vec![self.strict(), json!({ "type": "string", "pattern": text })];
        let is_contained = |truth: &bool| self.contains(f64::from(u8::from(*truth)));
        let truths: Vec<_> = [false, true].into_iter().filter(is_contained).collect();
        if !truths.is_empty() {
            forms.push(json!({ "type": "boolean", "enum": truths }));
        }
        json!({ "anyOf": forms })
    }

    fn contains(&self, value: f64) -> bool {
        match self {
            Self::Codes(codes) => codes.iter().any(|code| code.value == value),
            Self::Whole(least, most) | Self::Real(least, most) => (*least..=*most).contains(&value),
        }
    }
}

/// A value or `null`.
pub(crate) fn or_null(mut schema: Value) -> Value {
    let null = json!({ "type": "null" });
    match schema["anyOf"].as_array_mut() {
        Some(forms) => forms.push(null),
        None => schema = json!({ "anyOf": [schema, null] }),
    }
    schema
}

/// Adds title, description, unit, meaning of codes and plausible range to the schema of a field.
pub(crate) fn annotate(schema: &mut Value, feature: &Feature<'_>, domain: &Domain<'_>) {
    let codes = match domain {
        Domain::Codes(codes) => codes.clone(),
        Domain::Whole(..) | Domain::Real(..) => feature.categories().collect(),
    };
    schema["title"] =
        if feature.description().is_empty() { feature.name() } else { feature.description() }.into();
    schema["description"] = description(feature, &codes).into();
    if !feature.unit().is_empty() {
        schema["x-unit"] = feature.unit().into();
    }
    if codes.is_empty() {
        let (low, high) = feature.plausible_range();
        schema["x-plausible"] = json!([number(low), number(high)]);
    } else {
        let code = |code: &Category<'_>| json!({ "value": number(code.value), "label": code.label });
        schema["x-codes"] = codes.iter().map(code).collect();
    }
}

fn description(feature: &Feature<'_>, codes: &[Category<'_>]) -> String {
    let mut text = feature.description().to_owned();
    if !feature.unit().is_empty() {
        text += &format!(", {}", feature.unit());
    }
    let codes: Vec<_> = codes.iter().map(|code| format!("{} {}", code.value, code.label)).collect();
    if !codes.is_empty() {
        text += &format!(": {}", codes.join(", "));
    }
    text
}
