//! Rows as JSON Schema: objects with named fields, and lists of values.

use portent_model::{Encoding, Feature, MissingPolicy, Model};
use serde_json::{Map, Value, json};

use super::operation::schema_reference;
use super::values::{Domain, Taken, annotate, or_null};

/// Name of the field that states the coding of a row or a batch.
pub(crate) const ENCODING: &str = "encoding";

/// Name of the schema of a row in the model's own coding; other codings follow it.
const ROW: &str = "Row";

/// Codings other than the model's own.
pub(crate) fn other_encodings<'m>(model: &Model<'m>) -> impl Iterator<Item = Encoding<'m>> + use<'m> {
    model.encodings().filter(|encoding| encoding.mappings().next().is_some())
}

/// Name of the model's own coding, where a request may choose one.
pub(crate) fn own_encoding<'m>(model: &Model<'m>) -> Option<&'m str> {
    other_encodings(model).next()?;
    model.encodings().find(|encoding| encoding.mappings().next().is_none()).map(|encoding| encoding.name())
}

/// Every coding: the model's own as `None`, then the others.
pub(crate) fn codings<'m>(model: &Model<'m>) -> Vec<Option<Encoding<'m>>> {
    std::iter::once(None).chain(other_encodings(model).map(Some)).collect()
}

/// A row whose numbers are numbers.
pub(crate) fn strict_row<'m>(model: &Model<'m>, encoding: Option<&Encoding<'m>>) -> Value {
    row(model, encoding, Taken::Strictly)
}

/// The schemas of rows, by name.
pub(crate) fn schemas(model: &Model<'_>) -> Map<String, Value> {
    let mut schemas = Map::new();
    schemas.insert(ROW.to_owned(), row(model, None, Taken::Leniently));
    for encoding in other_encodings(model) {
        let name = format!("{ROW}_{}", encoding.name());
        schemas.insert(name, row(model, Some(&encoding), Taken::Leniently));
    }
    schemas
}

/// A row in any of the codings.
pub(crate) fn any_row(model: &Model<'_>) -> Value {
    let own = schema_reference(ROW);
    let others: Vec<_> = other_encodings(model).map(|encoding| row_in(&encoding)).collect();
    if others.is_empty() {
        own
    } else {
        let rows: Vec<_> = std::iter::once(own).chain(others).collect();
        json!({ "anyOf": rows })
    }
}

/// A row in this coding.
pub(crate) fn row_in(encoding: &Encoding<'_>) -> Value {
    match encoding.mappings().next() {
        Some(_) => schema_reference(&format!("{ROW}_{}", encoding.name())),
        None => schema_reference(ROW),
    }
}

/// The values of a row in model order.
pub(crate) fn row_values(model: &Model<'_>, taken: Taken) -> Value {
    let values: Vec<_> = model.features().map(|feature| value(&feature, taken)).collect();
    json!({ "type": "array", "prefixItems": values, "items": false, "minItems": values.len() })
}

/// One value of a feature in the model's own coding.
pub(crate) fn value(feature: &Feature<'_>, taken: Taken) -> Value {
    let mut schema = Domain::own(feature).schema(taken);
    schema["title"] = feature.name().into();
    schema
}

/// A field of an object.
#[derive(Debug)]
pub(crate) struct Field<'m> {
    pub(crate) feature: Feature<'m>,
    pub(crate) domain: Domain<'m>,
    /// Whether it has to be there, and not be `null`.
    pub(crate) is_required: bool,
}

/// An object with these fields.
pub(crate) fn fields<'m>(fields: impl Iterator<Item = Field<'m>>, taken: Taken) -> Value {
    let (mut properties, mut required) = (Map::new(), Vec::new());
    for Field { feature, domain, is_required } in fields {
        let mut schema = domain.schema(taken);
        if is_required {
            required.push(feature.name());
        } else {
            schema = or_null(schema);
        }
        annotate(&mut schema, &feature, &domain);
        properties.insert(feature.name().to_owned(), schema);
    }
    json!({ "type": "object", "required": required, "properties": properties })
}

fn row<'m>(model: &Model<'m>, encoding: Option<&Encoding<'m>>, taken: Taken) -> Value {
    let features = model.features().enumerate().map(|(index, feature)| {
        let domain = match encoding {
            None => Domain::own(&feature),
            Some(encoding) => Domain::of(encoding, index, &feature),
        };
        Field { feature, domain, is_required: feature.missing() == MissingPolicy::Reject }
    });
    let mut schema = fields(features, taken);
    let name = encoding.map(Encoding::name).or_else(|| own_encoding(model));
    if let Some(name) = name {
        schema["title"] = format!("a row in {name} coding").into();
        schema["properties"][ENCODING] = json!({
            "description": "states the coding; values that prove one need no statement",
            "enum": [name],
        });
    }
    schema
}
