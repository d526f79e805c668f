//! One operation of the document, and the refusals that operations share.

use portent_event::{Method, ROUTES, Route};
use portent_model::Model;
use serde_json::{Value, json};

use crate::contract::EXPLAIN;
use crate::schema::schema_reference;

// Groups of operations.
pub(crate) const PREDICT: &str = "Predictions";
pub(crate) const MODEL: &str = "Model";
pub(crate) const HEALTH: &str = "Health";
pub(crate) const DOCUMENTS: &str = "Documents";
pub(crate) const V1: &str = "V1";
pub(crate) const MLFLOW: &str = "MLflow";
pub(crate) const V2: &str = "Open Inference Protocol";

/// Refusals of an application that takes records, in FastAPI's form.
pub(crate) const DETAIL: &str = "Detail";
/// Refusals of an application that takes readings.
pub(crate) const DETAILS: &str = "Details";
/// Refusals of V1 and V2.
pub(crate) const MESSAGE: &str = "Message";
/// Refusals of MLflow.
pub(crate) const CODE: &str = "Code";

/// Statuses of a refused request to predict, in the protocols that answer a broken rule with 400.
pub(crate) const REFUSED: &[u16] = &[400, 413, 415, 503];

/// One method of one path: its request, and every answer that can come.
#[derive(Clone, Debug)]
pub(crate) struct Operation {
    route: Route,
    /// Template of the path. A route with a version has two.
    pub(crate) path: String,
    pub(crate) value: Value,
}

impl Operation {
    /// An operation on a route. `id` is unique in the document.
    pub(crate) fn new(route: Route, id: &str, tag: &str, summary: &str) -> Self {
        let path = route.as_str().to_owned();
        let value = json!({ "operationId": id, "tags": [tag], "summary": summary });
        let has_model = path.contains("{model}");
        let operation = Self { route, path, value };
        if has_model { operation.with_parameter("model") } else { operation }
    }

    /// The same operation on a model with its version in the path.
    pub(crate) fn at_version(mut self) -> Self {
        self.path = self.path.replacen("{model}", "{model}/versions/{version}", 1);
        if let Value::String(id) = &mut self.value["operationId"] {
            id.push_str("OfVersion");
        }
        self.with_parameter("version")
    }

    /// Any member of the operation, such as a longer `description`.
    pub(crate) fn with(mut self, member: &str, value: impl Into<Value>) -> Self {
        self.value[member] = value.into();
        self
    }

    /// Takes these parameters in the query; `explain` only if the model has explanations.
    pub(crate) fn asking(self, model: &Model<'_>, parameters: &[&str]) -> Self {
        let has = |name: &&&str| **name != EXPLAIN || model.explanation_scale().is_some();
        parameters.iter().filter(has).fold(self, |operation, name| operation.with_parameter(name))
    }

    fn with_parameter(mut self, name: &str) -> Self {
        let parameter = json!({ "$ref": format!("#/components/parameters/{name}") });
        match self.value["parameters"].as_array_mut() {
            Some(parameters) => parameters.push(parameter),
            None => self.value["parameters"] = json!([parameter]),
        }
        self
    }

    /// Takes a body.
    pub(crate) fn accepting(mut self, schema: Value, examples: Value) -> Self {
        let body = &mut self.value["requestBody"];
        body["required"] = true.into();
        body["content"]["application/json"]["schema"] = schema;
        body["content"]["application/json"]["examples"] = examples;
        self
    }

    /// A JSON answer.
    pub(crate) fn answering(self, status: u16, description: &str, schema: Value) -> Self {
        let mut content = json!({});
        content["application/json"]["schema"] = schema;
        self.answering_as(status, description, content)
    }

    /// An answer with schemas by content type, or without a body if there are none.
    pub(crate) fn answering_as(mut self, status: u16, description: &str, content: Value) -> Self {
        self.value["responses"][status.to_string()] = response(description, content);
        self
    }

    /// Refusals of one form, which are described once for all operations.
    pub(crate) fn refusing(mut self, statuses: &[u16], form: &str) -> Self {
        for status in statuses {
            let reference = format!("#/components/responses/{form}{status}");
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
}

/// The groups in the order of reading.
pub(crate) fn tags() -> Value {
    json!([
        { "name": PREDICT, "description": "The application's own routes" },
        { "name": MODEL, "description": "What is served" },
        { "name": HEALTH, "description": "Whether it is served" },
        { "name": DOCUMENTS, "description": "This document, and a page to try it" },
        { "name": V2, "description": "Tensors in, tensors out: the V2 protocol of KServe, Triton and others" },
        { "name": V1, "description": "The V1 protocol of KServe and TensorFlow Serving" },
        { "name": MLFLOW, "description": "The scoring protocol of MLflow" },
    ])
}

/// Refusals by form and status.
pub(crate) fn refusals() -> Value {
    let statuses = [
        (400, "The body cannot be read, or breaks a rule"),
        (404, "There is no such model, or no such version of it"),
        (409, "The model is built in and stays"),
        (413, "The body, or the list in it, is longer than the limit"),
        (415, "The content type or the content encoding is not one that is read"),
        (422, "Every field that breaks a rule, with its place"),
        (503, "The model is not loaded"),
    ];
    let mut refusals = json!({});
    for form in [DETAIL, DETAILS, MESSAGE, CODE] {
        for (status, description) in statuses {
            let schema = match (form, status) {
                (DETAIL, 422) => "RefusedRows",
                (DETAILS, _) => "RefusedReadings",
                _ => form,
            };
            let content = json!({ "application/json": { "schema": schema_reference(schema) } });
            refusals[format!("{form}{status}")] = response(description, content);
        }
    }
    refusals
}

fn response(description: &str, content: Value) -> Value {
    let request_id = json!({ "$ref": "#/components/headers/RequestId" });
    let mut response = json!({ "description": description, "headers": { "x-request-id": request_id } });
    if !content.is_null() {
        response["content"] = content;
    }
    response
}
