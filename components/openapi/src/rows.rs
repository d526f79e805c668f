//! Rows as JSON Schema: objects with named fields, and lists of values.

use portent_model::{Encoding, Feature, MissingPolicy, Model};
use serde_json::{Map, Value, json};

use crate::contract::ENCODING;
use crate::schema::schema_reference;
use crate::values::{Accepted, Domain, annotate, or_null};

/// Name of the schema of a row in the model's own coding. Those of other codings begin with it.
const ROW: &str = "Row";

/// Codings other than the model's own.
pub(crate) fn other_encodings<'m>(model: &Model<'m>) -> impl Iterator<Item = Encoding<'m>> + use<'m> {
    model.encodings().filter(|encoding| encoding.mappings().next().is_some())
}

/// Name of the model's own coding, if a request may choose one.
pub(crate) fn own_encoding<'m>(model: &Model<'m>) -> Option<&'m str> {
    other_encodings(model).next()?;
    model.encodings().find(|encoding| encoding.mappings().next().is_none()).map(|encoding| encoding.name())
}

/// One of the forms that `form` makes of the model's own coding, given as `None`, and of each other coding.
pub(crate) fn in_each_coding<'m>(
    model: &Model<'m>,
    form: impl Fn(&Model<'m>, Option<&Encoding<'m>>) -> Value,
) -> Value {
    let mut forms = vec![form(model, None)];
    forms.extend(other_encodings(model).map(|encoding| form(model, Some(&encoding))));
    json!({ "anyOf": forms })
}

/// The schemas of rows, by name.
pub(crate) fn schemas(model: &Model<'_>) -> Value {
    let mut schemas = json!({ ROW: row(model, None, Accepted::Lenient) });
    for encoding in other_encodings(model) {
        let name = format!("{ROW}_{}", encoding.name());
        schemas[name] = row(model, Some(&encoding), Accepted::Lenient);
    }
    schemas
}

/// A row in any of the codings.
pub(crate) fn any_row(model: &Model<'_>) -> Value {
    match other_encodings(model).next() {
        None => schema_reference(ROW),
        Some(_) => in_each_coding(model, |_, encoding| encoding.map_or(schema_reference(ROW), row_in)),
    }
}

/// A row in this coding.
pub(crate) fn row_in(encoding: &Encoding<'_>) -> Value {
    match encoding.mappings().next() {
        Some(_) => schema_reference(&format!("{ROW}_{}", encoding.name())),
        None => schema_reference(ROW),
    }
}

/// The features with their values in a coding.
pub(crate) fn domains<'m>(
    model: &Model<'m>,
    encoding: Option<&Encoding<'m>>,
) -> impl Iterator<Item = (Feature<'m>, Domain<'m>)> {
    model.features().enumerate().map(move |(index, feature)| match encoding {
        None => (feature, Domain::own(&feature)),
        Some(encoding) => (feature, Domain::of(encoding, index, &feature)),
    })
}

/// Whether a row may leave out the value of a feature.
pub(crate) fn may_be_missing(feature: &Feature<'_>) -> bool {
    feature.missing() != MissingPolicy::Reject
}

/// One value of a feature, titled with its name.
pub(crate) fn value(feature: &Feature<'_>, domain: &Domain<'_>, accepted: Accepted) -> Value {
    let mut schema = domain.schema(accepted);
    schema["title"] = feature.name().into();
    schema
}

/// An object with a field for each feature. A field that `is_required` does not pick may be absent or `null`.
pub(crate) fn fields<'m>(
    features: impl Iterator<Item = (Feature<'m>, Domain<'m>)>,
    is_required: impl Fn(&Feature<'_>) -> bool,
    accepted: Accepted,
) -> Value {
    let (mut properties, mut required) = (Map::new(), Vec::new());
    for (feature, domain) in features {
        let mut schema = domain.schema(accepted);
        if is_required(&feature) {
            required.push(feature.name());
        } else {
            schema = or_null(schema);
        }
        annotate(&mut schema, &feature, &domain);
        properties.insert(feature.name().to_owned(), schema);
    }
    json!({ "type": "object", "required": required, "properties": properties })
}

/// A row as an object.
pub(crate) fn row<'m>(model: &Model<'m>, encoding: Option<&Encoding<'m>>, accepted: Accepted) -> Value {
    let mut schema = fields(domains(model, encoding), |feature| !may_be_missing(feature), accepted);
    if let Some(name) = encoding.map(Encoding::name).or_else(|| own_encoding(model)) {
        schema["title"] = format!("a row in {name} coding").into();
        schema["properties"][ENCODING] = json!({
            "description": "states the coding; values that prove one need no statement",
            "enum": [name],
        });
    }
    schema
}
