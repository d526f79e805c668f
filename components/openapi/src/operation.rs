//! One operation of the document, and what operations share.

use portent_event::{Method, ROUTES, Route};
use portent_model::Model;
use serde_json::{Map, Value, json};

use crate::limits;

/// One method of one path: what it takes and every answer that can come.
#[derive(Clone, Debug)]
pub(crate) struct Operation {
    pub(crate) route: Route,
    /// Template of the path; a route with a version has two.
    pub(crate) path: String,
    value: Map<String, Value>,
}

impl Operation {
    /// An operation on a route by its method. `id` is unique in the document.
    pub(crate) fn new(route: Route, id: &str, tag: &str, summary: &str) -> Self {
        let path = route.as_str().to_owned();
        let value = json!({ "operationId": id, "tags": [tag], "summary": summary, "responses": {} });
        let mut operation = Self { route, path, value: into_map(value) };
        if operation.path.contains("{model}") {
            operation = operation.with_parameter(parameter_reference("model"));
        }
        operation
    }

    /// The same operation on a model with its version in the path.
    pub(crate) fn at_version(mut self) -> Self {
        self.path = self.path.replacen("{model}", "{model}/versions/{version}", 1);
        if let Some(Value::String(id)) = self.value.get_mut("operationId") {
            id.push_str("OfVersion");
        }
        self.with_parameter(parameter_reference("version"))
    }

    /// Text below the summary, in CommonMark.
    pub(crate) fn described(mut self, text: impl Into<String>) -> Self {
        self.value.insert("description".into(), text.into().into());
        self
    }

    pub(crate) fn with_parameter(mut self, parameter: Value) -> Self {
        let parameters = self.value.entry("parameters").or_insert_with(|| json!([]));
        if let Value::Array(parameters) = parameters {
            parameters.push(parameter);
        }
        self
    }

    /// Takes the parameter `explain`, if the model can.
    pub(crate) fn explaining(self, model: &Model<'_>) -> Self {
        match model.explanation_scale() {
            Some(_) => self.with_parameter(parameter_reference("explain")),
            None => self,
        }
    }

    /// Takes the parameters of V1 and MLflow.
    pub(crate) fn asking(self, model: &Model<'_>) -> Self {
        self.with_parameter(parameter_reference("probabilities")).explaining(model)
    }

    /// A body of one content type.
    pub(crate) fn accepting(self, content_type: &str, schema: Value, examples: Value) -> Self {
        self.accepting_if(true, content_type, schema, examples)
    }

    /// A body that may be left out.
    pub(crate) fn accepting_optional(self, content_type: &str, schema: Value) -> Self {
        self.accepting_if(false, content_type, schema, Value::Null)
    }

    fn accepting_if(mut self, required: bool, content_type: &str, schema: Value, examples: Value) -> Self {
        let body = self.value.entry("requestBody").or_insert_with(|| json!({ "content": {} }));
        body["required"] = required.into();
        let media = &mut body["content"][content_type];
        media["schema"] = schema;
        if !examples.is_null() {
            media["examples"] = examples;
        }
        self
    }

    /// A JSON answer with this status.
    pub(crate) fn answering(self, status: u16, description: &str, schema: Value) -> Self {
        self.answering_as("application/json", status, description, schema)
    }

    /// An answer of any content type.
    pub(crate) fn answering_as(
        mut self,
        content_type: &str,
        status: u16,
        description: &str,
        schema: Value,
    ) -> Self {
        self.value["responses"][status.to_string()] = json!({
            "description": description,
            "headers": { "x-request-id": { "$ref": "#/components/headers/RequestId" } },
            "content": {},
        });
        self.or_as(content_type, status, schema)
    }

    /// An answer without a body.
    pub(crate) fn answering_empty(mut self, status: u16, description: &str) -> Self {
        self.value["responses"][status.to_string()] = json!({
            "description": description,
            "headers": { "x-request-id": { "$ref": "#/components/headers/RequestId" } },
        });
        self
    }

    /// Another content type of an answer.
    pub(crate) fn or_as(mut self, content_type: &str, status: u16, schema: Value) -> Self {
        self.value["responses"][status.to_string()]["content"][content_type]["schema"] = schema;
        self
    }

    /// Answers that are described once for all operations of a dialect.
    pub(crate) fn answering_also(mut self, statuses: &[u16], dialect: &str) -> Self {
        for status in statuses {
            let reference = format!("#/components/responses/{dialect}{status}");
            self.value["responses"][status.to_string()] = json!({ "$ref": reference });
        }
        self
    }

    /// The method, as a key of a path item.
    pub(crate) fn method(&self) -> &'static str {
        match ROUTES.iter().find(|info| info.route == self.route).map(|info| info.method) {
            Some(Method::Post) => "post",
            _ => "get",
        }
    }

    pub(crate) fn into_value(self) -> Value {
        self.value.into()
    }
}

/// A reference to a schema of the document.
pub(crate) fn schema_reference(name: &str) -> Value {
    json!({ "$ref": format!("#/components/schemas/{name}") })
}

/// An object whose listed properties are always there.
pub(crate) fn object(properties: Value) -> Value {
    let names: Vec<_> = properties.as_object().into_iter().flat_map(Map::keys).cloned().collect();
    let mut schema = json!({ "type": "object", "required": names });
    schema["properties"] = properties;
    schema
}

/// A number as JSON: without a fraction where it has none, nothing where it is not finite.
pub(crate) fn number(value: f64) -> Value {
    #[expect(
        clippy::cast_possible_truncation,
        reason = "it is looked at only where it is whole and below 2^53"
    )]
    let whole = value as i64;
    if value.fract() == 0.0 && value.abs() <= limits::WHOLE_NUMBER { whole.into() } else { value.into() }
}

fn parameter_reference(name: &str) -> Value {
    json!({ "$ref": format!("#/components/parameters/{name}") })
}

fn into_map(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(map) => map,
        _ => Map::new(),
    }
}
