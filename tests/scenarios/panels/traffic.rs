//! Requests of every kind to both applications.

use serde_json::{Value, json};

use crate::battery::{raw_readings, readings};
use crate::fixture::{FIRST_ROW, KAGGLE_ROW, Running, agent, get};

/// The first row of the UCI data in the order of the model.
const ROW: &str = "[63,1,1,145,233,1,2,150,0,2.3,3,0,6]";

/// One request of each kind, each answered with the status that it deserves.
pub(crate) fn round(host: &Running) {
    let rows = |name: &str| format!("{{\"{name}\":[{ROW},{ROW}]}}");
    let v2 = format!(r#"{{"inputs":[{{"name":"input","shape":[1,13],"datatype":"FP64","data":{ROW}}}]}}"#);
    let batch = format!("{{\"patients\":[{FIRST_ROW},{KAGGLE_ROW}]}}");
    let model = "logistic_regression";
    let posts = [
        ("/predict".to_owned(), FIRST_ROW.to_owned(), 200),
        ("/predict".to_owned(), KAGGLE_ROW.to_owned(), 200),
        ("/predict?explain=true".to_owned(), FIRST_ROW.to_owned(), 200),
        ("/predict".to_owned(), FIRST_ROW.replace("63", "630"), 422),
        ("/predict".to_owned(), "{".to_owned(), 422),
        ("/predict/batch".to_owned(), batch, 200),
        (format!("/v2/models/{model}/infer"), v2, 200),
        (format!("/v1/models/{model}:predict"), rows("instances"), 200),
        ("/invocations".to_owned(), rows("instances"), 200),
        ("/nothing".to_owned(), "{}".to_owned(), 404),
        ("/hvs/predict".to_owned(), json!({ "readings": readings() }).to_string(), 200),
        ("/hvs/predict".to_owned(), json!({ "readings": raw_readings(60) }).to_string(), 200),
        ("/hvs/predict".to_owned(), FIRST_ROW.to_owned(), 400),
        ("/hvs/invocations".to_owned(), frame(), 200),
    ];
    for (path, body, expected) in posts {
        let (status, answer) = host.post(&path, &body);
        assert_eq!(status, expected, "{path} {body}: {answer}");
    }
    let base = host.base("serving");
    for path in ["/health", "/health/ready", "/hvs/health/live", "/model/info", "/v2/health/ready"] {
        assert_eq!(get(&format!("{base}{path}")).0, 200, "{path}");
    }
    let wrong_method = agent().delete(format!("{base}/predict")).call().unwrap();
    assert_eq!(wrong_method.status().as_u16(), 405);
}

/// Readings of a battery as a data frame; the module's name is no feature.
fn frame() -> String {
    let rows: Vec<Value> = readings()
        .into_iter()
        .map(|mut row| {
            row.as_object_mut().unwrap().remove("Module_ID");
            row
        })
        .collect();
    json!({ "dataframe_records": rows }).to_string()
}

/// A moment of traffic: patients that differ, more and fewer of them, and now and then everything else; when a certain
/// `share` of the whole time is over, a spell of hazards, and later one of failures. Takes about a fifth of a second.
pub(crate) fn varied(host: &Running, seconds: f64, share: f64) {
    let wave = 1.0 + (share * 20.0).sin();
    let count = 2 + (wave * 5.0).round() as u64;
    for index in 0..count {
        let (status, answer) = host.post("/predict", &patient(seconds, index).to_string());
        assert_eq!(status, 200, "{answer}");
    }
    if seconds % 3.0 < 0.25 {
        round(host);
    }
    let [normal, hazardous] = readings();
    let in_spell = (0.4..0.55).contains(&share);
    let readings = if in_spell { vec![normal, hazardous] } else { vec![normal; 12] };
    assert_eq!(host.post("/hvs/predict", &json!({ "readings": readings }).to_string()).0, 200);
    if (0.65..0.7).contains(&share) {
        deliver_failure(host, seconds);
    }
    std::thread::sleep(std::time::Duration::from_millis(200));
}

/// A patient somewhere between the healthy and the ill ones.
fn patient(seconds: f64, index: u64) -> Value {
    let noise = |salt: u64, bound: u64| {
        let mixed = (seconds.to_bits() ^ index << 7 ^ salt << 13).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        (mixed >> 33) % bound
    };
    json!({
        "age": 35 + noise(1, 40), "sex": noise(2, 2), "cp": 1 + noise(3, 4), "trestbps": 100 + noise(4, 80),
        "chol": 160 + noise(5, 160), "fbs": noise(6, 2), "restecg": noise(7, 3), "thalach": 90 + noise(8, 100),
        "exang": noise(9, 2), "oldpeak": noise(10, 35) as f64 / 10.0, "slope": 1 + noise(11, 3),
        "ca": noise(12, 4), "thal": ([3, 6, 7][noise(13, 3) as usize]),
    })
}

/// A request that failed, as no request of ours should: it is delivered as an event.
fn deliver_failure(host: &Running, seconds: f64) {
    let event = r#"{"portent":1,"time":"2026-01-02T03:04:05Z","app":"heart-disease","request_id":"f","method":"POST","route":"/predict","status":500,"error":"InternalError","ns":{"total":42000000}}"#;
    let request = agent().post(format!("{}/v1/events", host.base("ingest")));
    let request = request.header("portent-source", "failing");
    let sequence = ((seconds * 1000.0) as u64).to_string();
    request.header("portent-sequence", sequence).send(event).unwrap();
}
