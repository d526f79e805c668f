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
