//! Both shells give the same answers, byte for byte.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use portent_event::ROUTES;
use serde_json::json;

use crate::battery::{raw_readings, readings};
use crate::fixture::{FIRST_ROW, KAGGLE_ROW, Running};

const METHODS: [&str; 6] = ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS"];

/// A request as it goes over the wire, and its first line for messages.
struct Sent {
    line: String,
    bytes: Vec<u8>,
}

/// Every route of both applications with every method, and every body where bodies are read.
#[test]
fn both_shells_give_the_same_answers() {
    let shells = ["spin.toml", "spin.p3.toml"].map(|manifest| Running::up_from(manifest, &[]));
    let corpus = corpus();
    assert!(corpus.len() > 500, "{} requests", corpus.len());
    for sent in &corpus {
        let [p2, p3] = shells.each_ref().map(|shell| exchange(&shell.authority("serving"), &sent.bytes));
        assert!(!p2.is_empty(), "an answer to {}", sent.line);
        assert_eq!(p2, p3, "{} {}", sent.line, String::from_utf8_lossy(&sent.bytes));
    }
}

fn corpus() -> Vec<Sent> {
    let mut corpus = Vec::new();
    for (prefix, model) in [("", "logistic_regression"), ("/hvs", "hvs_random_forest")] {
        let templates = ROUTES.iter().map(|info| info.route.as_str());
        for template in templates.chain(["/nothing", "/predict?explain=true"]) {
            let path = template.replace("{model}", model).replace("{version}", "1");
            for method in METHODS {
                let target = format!("{method} {prefix}{path}");
                corpus.push(sent(&target, "", b""));
                if method == "POST" {
                    corpus.extend(bodies().iter().map(|(kind, body)| sent(&target, kind, body.as_bytes())));
                }
            }
        }
    }
    corpus
}

/// Good and bad ones, in the forms of every dialect.
fn bodies() -> Vec<(&'static str, String)> {
    let bad = FIRST_ROW.replace("\"slope\":3", "\"slope\":9");
    let row: Vec<_> = (0..13).map(f64::from).collect();
    let tensor = json!({ "name": "input", "shape": [1, 13], "datatype": "FP64", "data": row });
    let json = [
        FIRST_ROW.to_owned(),
        KAGGLE_ROW.to_owned(),
        bad.clone(),
        FIRST_ROW.replace("2.3", "1e400"),
        format!("{{\"patients\":[{FIRST_ROW},{KAGGLE_ROW}]}}"),
        format!("{{\"patients\":[{FIRST_ROW},{bad}]}}"),
        format!("{{\"patients\":[{}]}}", vec![FIRST_ROW; 2_000].join(",")),
        format!("{{\"instances\":[{FIRST_ROW}]}}"),
        format!("{{\"dataframe_records\":[{FIRST_ROW}]}}"),
        json!({ "readings": readings() }).to_string(),
        json!({ "readings": raw_readings(30) }).to_string(),
        json!({ "inputs": [tensor] }).to_string(),
        "{bad".to_owned(),
        "[]".to_owned(),
        String::new(),
    ];
    let mut bodies: Vec<_> = json.into_iter().map(|body| ("application/json", body)).collect();
    bodies.push(("text/csv", "age,sex\n63,1\n".to_owned()));
    bodies.push(("text/plain", FIRST_ROW.to_owned()));
    bodies
}

fn sent(target: &str, kind: &str, body: &[u8]) -> Sent {
    let length = body.len();
    let content = if kind.is_empty() { String::new() } else { format!("content-type: {kind}\r\n") };
    let head = format!(
        "{target} HTTP/1.1\r\nhost: portent.example\r\nconnection: close\r\nx-request-id: the-same\r\n\
         {content}content-length: {length}\r\n\r\n"
    );
    Sent { line: target.to_owned(), bytes: [head.as_bytes(), body].concat() }
}

/// The answer as it came, but for the time.
fn exchange(authority: &str, request: &[u8]) -> String {
    let mut stream = TcpStream::connect(authority).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    stream.write_all(request).unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    let answer = String::from_utf8_lossy(&answer).into_owned();
    let is_time = |line: &&str| line.to_ascii_lowercase().starts_with("date: ");
    let date = answer.split("\r\n").find(is_time).unwrap_or_default().to_owned();
    answer.replacen(&date, "date: then", usize::from(!date.is_empty()))
}
