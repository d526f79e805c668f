//! Prints what a request costs in the service alone, without a host: nanoseconds a request and a row.
//!
//! ```sh
//! cargo run --release -p portent-service --example handle
//! ```
#![expect(clippy::print_stdout, clippy::unwrap_used, reason = "a tool for people")]

use std::hint::black_box;
use std::time::{Duration, Instant};

use portent_model::Model;
use portent_service::{Body, Clock, Config, ModelState, Request, Service};

const ROW: &str = r#"{"age":63,"sex":1,"cp":1,"trestbps":145,"chol":233,"fbs":1,"restecg":2,"thalach":150,"exang":0,"oldpeak":2.3,"slope":3,"ca":0,"thal":6}"#;

const VALUES: [f32; 13] = [63.0, 1.0, 1.0, 145.0, 233.0, 1.0, 2.0, 150.0, 0.0, 2.3, 3.0, 0.0, 6.0];

const INFER: &str = "/v2/models/logistic_regression/infer";

/// Time from the start of the program.
struct SinceStart(Instant);

impl Clock for SinceStart {
    fn now(&self) -> u64 {
        u64::try_from(self.0.elapsed().as_nanos()).unwrap_or(u64::MAX)
    }
}

fn main() {
    let model = Model::open(include_bytes!("../../../models/heart-disease.portent")).unwrap();
    let service = Service::new(Config::default(), ModelState::Loaded(model));
    let batch = |rows: usize| format!("{{\"patients\":[{}]}}", vec![ROW; rows].join(","));
    measure(&service, "/predict", ROW, 1);
    measure(&service, "/predict?explain=true", ROW, 1);
    measure(&service, "/predict", "{}", 1);
    measure(&service, "/predict/batch", &batch(1), 1);
    measure(&service, "/predict/batch", &batch(1_000), 1_000);
    let instances = vec!["[63,1,1,145,233,1,2,150,0,2.3,3,0,6]"; 1_000].join(",");
    measure(
        &service,
        "/v1/models/logistic_regression:predict",
        &format!("{{\"instances\":[{instances}]}}"),
        1_000,
    );
    let data = vec!["63,1,1,145,233,1,2,150,0,2.3,3,0,6"; 1_000].join(",");
    let tensor =
        format!(r#"{{"inputs":[{{"name":"input","shape":[1000,13],"datatype":"FP64","data":[{data}]}}]}}"#);
    measure(&service, INFER, &tensor, 1_000);
    let bytes: Vec<u8> = VALUES.repeat(1_000).iter().flat_map(|value| value.to_le_bytes()).collect();
    let head = format!(
        r#""name":"input","shape":[1000,13],"datatype":"FP32","parameters":{{"binary_data_size":{}}}"#,
        bytes.len()
    );
    let json = format!(r#"{{"inputs":[{{{head}}}],"parameters":{{"binary_data_output":true}}}}"#);
    measure_binary(&service, INFER, &json, &bytes, 1_000);
}

fn measure(service: &Service<'_>, path: &str, body: &str, rows: u32) {
    measure_binary(service, path, body, &[], rows);
}

/// The least of ten measurements of a tenth of a second each: what else the machine does only adds. `binary` follows
/// the JSON, as the Open Inference Protocol has it.
fn measure_binary(service: &Service<'_>, path: &str, json: &str, binary: &[u8], rows: u32) {
    let clock = SinceStart(Instant::now());
    let body = [json.as_bytes(), binary].concat();
    let headers =
        [("content-type", "application/json"), ("inference-header-content-length", &json.len().to_string())];
    let headers = headers.map(|(name, value)| (name.to_owned(), value.as_bytes().to_vec()));
    let request = Request {
        method: "POST",
        path_with_query: path,
        headers: &headers,
        body: Body::from_bytes(&body),
        unique: 7,
    };
    let status = service.handle(&request, &clock).0.status;
    let mut least = f64::INFINITY;
    for _ in 0..10 {
        let (start, mut requests) = (Instant::now(), 0_u32);
        while start.elapsed() < Duration::from_millis(100) {
            black_box(service.handle(black_box(&request), &clock));
            requests += 1;
        }
        least = least.min(start.elapsed().as_secs_f64() * 1e9 / f64::from(requests));
    }
    println!(
        "{status} POST {path}, {} bytes: {least:.0} ns a request, {:.0} ns a row",
        body.len(),
        least / f64::from(rows)
    );
}
