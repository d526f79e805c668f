//! The API as a client sees it, over the shipped heart-disease model.

mod bad_input;
mod codings;
mod config;
mod events;
mod fuzz_support;
mod heart;
mod identity;
mod large;
mod limits;
mod mlflow;
mod observe;
mod openapi;
mod plain;
mod properties;
mod protocols;
mod readings;
mod replay;
mod routing;
mod scorer;
mod timestamp;
mod v1;
mod v2;

use portent_event::Event;
use portent_model::Model;
use serde_json::Value;

use crate::fuzz_support::TickingClock;
use crate::{Body, Config, ModelState, Request, Response, Service};

/// The first row of the UCI data.
const FIRST_ROW: &str = r#"{"age":63,"sex":1,"cp":1,"trestbps":145,"chol":233,"fbs":1,"restecg":2,"thalach":150,"exang":0,"oldpeak":2.3,"slope":3,"ca":0,"thal":6}"#;

/// Answers and looks at the answer as JSON.
struct Answer {
    status: u16,
    json: Value,
    response: Response,
    event: Event<'static>,
}

fn heart() -> Model<'static> {
    Model::open(include_bytes!("../../../models/heart-disease.portent")).unwrap()
}

fn service() -> Service<'static> {
    Service::new(Config::default(), ModelState::Loaded(heart()))
}

fn ask(service: &Service<'_>, request: &Request<'_>) -> Answer {
    let (response, mut events) = service.handle(request, &TickingClock::default());
    assert_eq!(events.len(), 1, "every answer is one event");
    let json = serde_json::from_slice(&response.body).unwrap_or(Value::Null);
    Answer { status: response.status, json, response, event: events.remove(0) }
}

fn request<'a>(method: &'a str, path: &'a str, body: &'a [u8]) -> Request<'a> {
    Request { method, path_with_query: path, headers: &[], body: Body::from_bytes(body), unique: 7 }
}

fn get(path: &str) -> Answer {
    ask(&service(), &request("GET", path, b""))
}

fn post(path: &str, body: impl AsRef<[u8]>) -> Answer {
    ask(&service(), &request("POST", path, body.as_ref()))
}

/// The first row with one field changed, or removed where `value` is empty.
fn row_with(field: &str, value: &str) -> String {
    let mut row: serde_json::Map<String, Value> = serde_json::from_str(FIRST_ROW).unwrap();
    row.remove(field);
    let rest = serde_json::to_string(&row).unwrap();
    let rest = rest.strip_prefix('{').unwrap();
    if value.is_empty() { format!("{{{rest}") } else { format!("{{\"{field}\":{value},{rest}") }
}

/// Types of the violations in a 422 answer, with their places joined by dots.
fn violations(answer: &Answer) -> Vec<(String, String)> {
    assert_eq!(answer.status, 422, "{}", answer.json);
    let place = |loc: &Value| {
        let parts = loc.as_array().unwrap().iter();
        parts.map(|part| part.to_string().trim_matches('"').to_owned()).collect::<Vec<_>>().join(".")
    };
    let detail = answer.json["detail"].as_array().unwrap();
    detail.iter().map(|v| (v["type"].as_str().unwrap().to_owned(), place(&v["loc"]))).collect()
}

#[track_caller]
fn check_violation(answer: &Answer, kind: &str, place: &str) {
    assert_eq!(violations(answer), [(kind.to_owned(), place.to_owned())]);
}
