//! The document, held to the service: whatever it says of requests and answers is what the service does.

mod agreement;

use std::collections::BTreeSet;

use portent_event::{Method, ROUTES};
use serde_json::json;

use super::*;

struct Described {
    service: Service<'static>,
    document: Value,
}

impl Described {
    fn heart() -> Self {
        Self::of(service())
    }

    fn battery() -> Self {
        let model = Model::open(include_bytes!("../../../../models/hvs.portent")).unwrap();
        Self::of(Service::new(Config::default(), ModelState::Loaded(model)))
    }

    fn of(service: Service<'static>) -> Self {
        let document = ask(&service, &request("GET", "/openapi.json", b"")).json;
        Self { service, document }
    }

    /// Every operation: path, method in upper case, and what is said of it.
    fn operations(&self) -> Vec<(&str, String, &Value)> {
        let items = self.document["paths"].as_object().unwrap().iter();
        let operations = items.flat_map(|(path, item)| {
            let methods = item.as_object().unwrap().iter();
            methods.map(move |(method, operation)| (path.as_str(), method.to_uppercase(), operation))
        });
        operations.collect()
    }

    fn resolved<'a>(&'a self, mut value: &'a Value) -> &'a Value {
        while let Some(reference) = value["$ref"].as_str() {
            value = self.document.pointer(reference.trim_start_matches('#')).expect(reference);
        }
        value
    }

    /// A path with the names of the served model in it.
    fn filled(&self, path: &str) -> String {
        let parameters = &self.document["components"]["parameters"];
        let example = |name: &str| parameters[name]["example"].as_str().unwrap().to_owned();
        path.replace("{model}", &example("model")).replace("{version}", &example("version"))
    }

    fn validator(&self, schema: &Value) -> jsonschema::Validator {
        let whole = json!({ "components": self.document["components"], "allOf": [schema] });
        jsonschema::options().should_validate_formats(true).build(&whole).unwrap()
    }

    fn is_valid(&self, schema: &Value, value: &Value) -> bool {
        self.validator(schema).is_valid(value)
    }

    fn ask(&self, method: &str, path: &str, body: &str) -> Answer {
        ask(&self.service, &request(method, &self.filled(path), body.as_bytes()))
    }

    /// The answer has a status, a content type and a body that the document names for its operation.
    #[track_caller]
    fn check_answer(&self, path: &str, method: &str, answer: &Answer) {
        let operation = &self.document["paths"][path][method.to_lowercase()];
        let described = self.resolved(&operation["responses"][answer.status.to_string()]);
        assert!(described.is_object(), "{method} {path} answered {}: {}", answer.status, answer.json);
        let header = |name: &str| {
            let mut headers = answer.response.headers.iter();
            headers.find(|(key, _)| *key == name).map(|(_, value)| value.to_string()).unwrap_or_default()
        };
        let schema = &described["content"][&header("content-type")]["schema"];
        assert!(schema.is_object(), "{method} {path} answered with {}", header("content-type"));
        if header("content-type") == "application/json" {
            assert!(self.is_valid(schema, &answer.json), "{method} {path}: {} {schema}", answer.json);
        }
    }

    fn example(&self, path: &str, name: &str) -> Value {
        let content = &self.document["paths"][path]["post"]["requestBody"]["content"];
        content["application/json"]["examples"][name]["value"].clone()
    }

    fn examples<'a>(&'a self, operation: &'a Value) -> impl Iterator<Item = (&'a Value, &'a Value)> {
        let content = operation["requestBody"]["content"].as_object().into_iter().flatten();
        content.flat_map(|(_, media)| {
            let examples = media["examples"].as_object().into_iter().flatten();
            examples.map(move |(_, example)| (&media["schema"], &example["value"]))
        })
    }
}

fn check_both(check: impl Fn(&Described)) {
    check(&Described::heart());
    check(&Described::battery());
}

#[test]
fn every_reference_leads_somewhere() {
    fn walk(described: &Described, value: &Value) -> usize {
        let below = match value {
            Value::Object(fields) => fields.values().map(|value| walk(described, value)).sum(),
            Value::Array(items) => items.iter().map(|value| walk(described, value)).sum(),
            _ => 0,
        };
        described.resolved(value);
        below + usize::from(value["$ref"].is_string())
    }
    check_both(|described| assert!(walk(described, &described.document) > 20));
}

#[test]
fn what_is_described_is_answered_and_the_reverse() {
    check_both(|described| {
        for (path, method, _) in described.operations() {
            let answer = described.ask(&method, path, "");
            assert!(![404, 405].contains(&answer.status), "{method} {path} answered {}", answer.status);
            described.check_answer(path, &method, &answer);
        }
        for info in ROUTES {
            let path = info.route.as_str();
            let answered = described.ask(info.method.as_str(), path, "").status != 404;
            let method = if info.method == Method::Post { "post" } else { "get" };
            let is_described = described.document["paths"][path][method].is_object();
            assert_eq!(is_described, answered, "{method} {path}");
        }
    });
}

#[test]
fn operations_are_told_apart() {
    check_both(|described| {
        let operations = described.operations();
        let ids: BTreeSet<_> =
            operations.iter().map(|(.., operation)| operation["operationId"].as_str()).collect();
        assert_eq!(ids.len(), operations.len());
    });
}

#[test]
fn examples_keep_their_schema_and_work() {
    check_both(|described| {
        let mut count = 0;
        for (path, method, operation) in described.operations() {
            for (schema, example) in described.examples(operation) {
                assert!(described.is_valid(schema, example), "{path}: {example}");
                let answer = described.ask(&method, path, &example.to_string());
                assert_eq!(answer.status, 200, "{path}: {example}: {}", answer.json);
                described.check_answer(path, &method, &answer);
                count += 1;
            }
        }
        assert!(count > 2);
    });
}

#[test]
fn explained_and_implausible_answers_keep_their_schema() {
    let heart = Described::heart();
    let body = row_with("chol", "0");
    let answer = ask(&heart.service, &request("POST", "/predict?explain=true", body.as_bytes()));
    assert!(answer.json["explanation"].is_object() && answer.json["warnings"].is_array(), "{}", answer.json);
    heart.check_answer("/predict", "POST", &answer);
}

#[test]
fn a_row_in_another_coding_is_the_same_row() {
    let heart = Described::heart();
    let score = |name: &str| {
        let answer = heart.ask("POST", "/predict", &heart.example("/predict", name).to_string()).json;
        (answer["prediction"].clone(), answer["confidence"].clone())
    };
    let own = [score("disease"), score("no_disease")];
    assert!(own.contains(&score("kaggle")), "{own:?}");
    assert_ne!(own[0].0, own[1].0);
}

#[test]
fn the_server_is_where_the_component_is_mounted() {
    let headers = [("spin-component-route".to_owned(), b"/hvs".to_vec())];
    let answer = ask(&service(), &Request { headers: &headers, ..request("GET", "/hvs/openapi.json", b"") });
    assert_eq!(answer.json["servers"], json!([{ "url": "/hvs" }]));
    assert_eq!(Described::heart().document["servers"], json!([{ "url": "/" }]));
}

#[test]
fn names_units_and_codes_are_the_models_own() {
    let document = Described::heart().document;
    let rows = &document["components"]["schemas"];
    assert_eq!(rows["Row"]["properties"]["trestbps"]["x-unit"], "mm Hg");
    assert_eq!(rows["Row"]["properties"]["sex"]["anyOf"][0], json!({ "enum": [0, 1] }));
    assert_eq!(rows["Row"]["properties"]["cp"]["x-codes"][3], json!({ "value": 4, "label": "asymptomatic" }));
    let kaggle = &rows["Row_kaggle"]["properties"]["cp"];
    assert!(kaggle["x-codes"].as_array().unwrap().contains(&json!({ "value": 0, "label": "asymptomatic" })));
    assert_eq!(rows["Row"]["required"].as_array().unwrap().len(), 13);
}
